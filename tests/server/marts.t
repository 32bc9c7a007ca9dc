#!/bin/sh
# Marts of shipments: the rows of wb-aggregate equal the views that compute them from the facts, in both engines.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
cd "$tmp" || exit 1
now=2026-03-20T12:00:00Z
cat >rules <<'END'
{"kind":"calendar","id":"ru5","tz":"Europe/Moscow","week":[1,1,1,1,1,0,0],"hours":["09:00","18:00"],"holidays":["2026-03-09"]}
{"kind":"window","id":"p","party":"platform","from":"2026-03-06T08:00:00Z","to":"2026-03-06T20:00:00Z"}
{"kind":"rule","id":"gold","match":{"tier":["gold"]},"promise":["rule"],"target":{"n":2,"unit":"bday"},"calendar":"ru5","cutoff":"15:00","stop":["delivered","first_attempt"],"pause":["customs","hold","reschedule","pickup"],"at_risk":"PT4H","handover_by":"PT24H"}
{"kind":"rule","id":"silver","match":{"tier":["silver"]},"promise":["carrier_edd","rule"],"target":{"n":30,"unit":"bhour"},"calendar":"ru5","pause":["hold"],"exclude":["cancelled","returning","recipient.*"]}
END
wb-sample --seed 7 --shipments 1500 --out p >/dev/null 2>&1
wb-normalize --quiet --carriers p/carriers.ndjson --shipments p/shipments.ndjson p/tracking.events.ndjson 2>/dev/null |
	wb-fold --quiet --now $now | wb-enrich --quiet --shipments p/shipments.ndjson --clients p/clients.ndjson --carriers p/carriers.ndjson \
	--regions p/regions.ndjson --contacts p/support_contacts.ndjson | wb-sla-tag --quiet --now $now -r rules >docs
for m in delivery sla; do wb-aggregate -t mart_${m}_day --now $now --batch b docs >$m.rows; done
ok 'there is something to compare' sh -c "[ \$(wc -l <docs) -gt 1000 ] && [ \$(wc -l <sla.rows) -gt 500 ]"

# compare ENGINE
compare() {
	ok "$1: schema" wb-schema
	ok "$1: documents" wb-ch-load -t fct_shipment docs
	for m in delivery sla; do
		wb-sql -q "SELECT * FROM v_${m}_day_from_facts" | jq -cS 'if has("revenue") then .revenue |= tonumber else . end' | sort >want
		sed 's/,"computed_at":.*/}/' $m.rows | jq -cS . | sort >got
		cmp -s got want
		is "$? $(wc -l <got)" "0 $(wc -l <want)" "$1: mart_${m}_day equals the view"
		diff got want | head -n 2 | cut -c1-900
		wb-sql -q 'SELECT * FROM v_shipment' | wb-aggregate -t mart_${m}_day --now $now --batch b | cmp -s - $m.rows
		is $? 0 "$1: rows of v_shipment give the same bytes as documents"
	done
}

if start_chdb; then WB_STORE=$chdb_url; export WB_STORE; compare wb-chdb; else skip 'wb-chdb' 'no libchdb'; fi
if start_clickhouse_18; then WB_STORE=$ch18_url; export WB_STORE; compare 18.16; else skip '18.16' 'no clickhouse-server'; fi
done_testing
