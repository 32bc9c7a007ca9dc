#!/bin/sh
# wb-hourly on both engines: the pipeline of the stream in a plain shell, then verdicts and marts as time goes on.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
unset XDG_RUNTIME_DIR WB_CONF; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
q() { wb-sql --format tsv -q "$1"; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 4)"; fi; }

wb-sample --seed 9 --shipments 500 --out p >/dev/null 2>&1
wb-normalize --quiet --carriers p/carriers.ndjson --shipments p/shipments.ndjson p/tracking.events.ndjson >events 2>/dev/null
jq -c '{client_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, name, segment, tier, home_region, is_active, row_hash: 1, version: 1}' p/clients.ndjson >p/dim_client
jq -c '{carrier_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, code, name, kind, tz: (.tz // ""), daily_capacity: (.daily_capacity // 0), is_active, row_hash: 1, version: 1}' p/carriers.ndjson >p/dim_carrier

# hourly ENGINE
hourly() {
	ok "$1: schema" wb-schema
	for t in dim_client:dim_client dim_carrier:dim_carrier regions.ndjson:dim_region shipments.ndjson:stg_shipment support_contacts.ndjson:stg_contact; do
		wb-ch-load -t "${t#*:}" "p/${t%:*}" || fail "$1: ${t#*:}"
	done
	wb-ch-load --tee -t fct_event events | wb-fold --history --now 2026-03-20T12:00:00Z | wb-enrich | wb-sla-tag | wb-ch-load -t fct_shipment
	is "$(q 'SELECT count(), sum(events_n) FROM v_shipment')" "$(jq -r '"\(.shipment_id) \(.event_id)"' events | sort -u | awk '{n++; s[$1]} END{for (i in s) c++; print c "\t" n}')" "$1: a plain pipeline stores each shipment with all its events"
	due=$(q "SELECT count() FROM v_shipment WHERE is_open AND judge_at <= '2026-04-01 00:00:00'")
	ok "$1: some are to be judged again ($due)" test "$due" -gt 0
	WB_NOW=2026-04-01T00:00:00Z status 0 "$1: wb-hourly" wb-hourly
	is "$(cat out err)" '' "$1: says nothing when all is well"
	is "$(q "SELECT count() FROM v_shipment WHERE is_open AND judge_at <= '2026-04-01 00:00:00'")" 0 "$1: then none is left"
	# shipments that it did not touch have been stored within the minute too, so that all marts are there
	for m in delivery sla; do
		wb-sql -q "SELECT * FROM v_${m}_day_from_facts" | jq -Sc . | sort >by_sql
		wb-sql -q "SELECT * FROM mart_${m}_day" | jq -Sc 'del(.computed_at, .batch_id)' | sort >by_lane
		same by_sql by_lane "$1: mart_${m}_day"
		ok "$1: has rows" test -s by_lane
	done
	WB_NOW=2026-04-01T00:00:00Z status 0 "$1: wb-hourly again" wb-hourly -v
	like "$(cat err)" 'wb-run: exit 0: wb-sql --ask judge' "$1: says what it does when asked"
	q 'DROP TABLE mart_sla_day' >/dev/null
	WB_NOW=2026-04-02T00:00:00Z WB_TRIES=1 status 78 "$1: a mart that is not there" wb-hourly
}

if start_chdb; then WB_STORE=$chdb_url; export WB_STORE; hourly wb-chdb; kill_server "$chdb_pid" TERM; else skip 'wb-chdb' 'no libchdb'; fi
if start_clickhouse_18; then WB_STORE=$ch18_url; export WB_STORE; hourly 18.16; else skip '18.16' 'no clickhouse-server'; fi
done_testing
