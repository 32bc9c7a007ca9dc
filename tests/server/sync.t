#!/bin/sh
# The scripts that keep a store at its OLTP, a real PostgreSQL: wb-first, wb-sync, wb-daily.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
unset XDG_RUNTIME_DIR WB_CONF WB_MARTS WB_LOAD WB_SOURCE WB_EVENTS; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
if ! start_postgres; then
	skip 'the OLTP' 'no PostgreSQL (scripts/need check)'
	done_testing
fi
if ! start_chdb; then
	skip 'the store' 'no libchdb'
	done_testing
fi
now=2026-04-01T00:00:00.000Z
export WB_STORE WB_SOURCE WB_STATE WB_REGIONS WB_NOW
WB_SOURCE="dbname=oltp" WB_NOW=$now WB_REGIONS=$tmp/p/regions.ndjson
sql() { psql -qXAt -v ON_ERROR_STOP=1 -d oltp "$@"; }
q() { wb-sql --format tsv -q "$1"; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 4)"; fi; }

# ---- the OLTP: a platform of wb-sample
wb-sample --seed 3 --shipments "${SHIPMENTS:-400}" --out p >/dev/null 2>&1
psql -qX -c 'CREATE DATABASE oltp' && sql -f "$top/scripts/sql/oltp.sql" >log 2>&1 || fail 'oltp.sql' "$(cat log)"
sql -c 'ALTER TABLE shipments DISABLE TRIGGER shipments_promise' -c 'CREATE TABLE lines (line text)'
# fill TABLE: rows as wb-sample has them
fill() {
	sql -c 'TRUNCATE lines' -c "\\copy lines FROM '$tmp/p/$1.ndjson' WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')" \
		-c "INSERT INTO $1 SELECT r.* FROM lines, json_populate_record(NULL::$1, line::json) r"
}
for t in clients carriers shipments shipment_events integrations_log support_contacts; do fill $t || fail "OLTP: $t"; done
sql -c 'ALTER TABLE shipments ENABLE TRIGGER shipments_promise'

# store NAME: an empty database of the store, and a folder of states
store() { WB_STORE=${chdb_url%/*}/$1 WB_STATE=$tmp/$1.state; }
# documents FILE, marts FILE: what the store has of them
documents() { wb-sql -q 'SELECT * FROM v_shipment' | jq -Sc 'del(.loaded_at, .version, .days)' | LC_ALL=C sort >"$1"; }
marts() {
	for m in mart_delivery_day mart_sla_day mart_courier_day mart_support_day mart_integration_hour; do
		wb-sql -q "SELECT * FROM $m" | jq -Sc "del(.computed_at, .batch_id) | .mart = \"$m\"" | LC_ALL=C sort
	done >"$1"
}

# ---- by hand from the files
store by_hand
wb-schema
for t in clients:dim_client carriers:dim_carrier regions:dim_region; do wb-dim -t "${t#*:}" "p/${t%:*}.ndjson" 2>/dev/null | wb-ch-load -t "${t#*:}"; done
for t in shipments:stg_shipment support_contacts:stg_contact integrations_log:stg_call; do wb-ch-load -t "${t#*:}" "p/${t%:*}.ndjson"; done
wb-normalize --quiet p/shipment_events.ndjson p/shipments.ndjson >events
wb-ch-load -t fct_event events
wb-fold events p/shipments.ndjson >docs 2>/dev/null
jq -c '{_src, shipment_id}' p/shipments.ndjson | wb-fold --history --now $now | wb-enrich | wb-sla-tag | wb-ch-load -t fct_shipment
wb-marts || fail 'by hand: marts'
documents by_hand.docs
marts by_hand.marts
is "$(wc -l <by_hand.docs)" "$(wc -l <p/shipments.ndjson)" 'by hand: a document a shipment'

# ---- the first load
store one
status 78 'wb-sync before the first load' wb-sync
status 0 'wb-first' wb-first
is "$(cat out err)" '' 'says nothing when all is well'
documents got; same by_hand.docs got 'documents as by hand'
marts got; same by_hand.marts got 'marts as by hand'
done_testing
