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
# the stores: of two kinds, which end up with the same rows
engines=pg
if start_chdb; then engines='chdb pg'; else skip 'ClickHouse as the store' 'no libchdb'; fi
# an old one, which gets all changes at once
old=
if start_clickhouse_18; then old=18.16; else skip 'ClickHouse 18.16 as the store' 'no clickhouse-server'; fi
export WB_STORE WB_SOURCE WB_STATE WB_REGIONS WB_LAG
# without an overlap nothing is read that must not be: a gap would show
WB_SOURCE=dbname=oltp WB_REGIONS=$tmp/p/regions.ndjson WB_LAG=0s
seed=${SEED:-3}
WB_RULES=$tmp/rules.ndjson; export WB_RULES
echo '{"kind":"calendar","id":"ru5","tz":"Europe/Moscow","week":[1,1,1,1,1,0,0],"holidays":["2022-03-08"]}' >rules.ndjson
sql() { psql -qXAt -v ON_ERROR_STOP=1 -d oltp "$@"; }
q() { wb-sql --format tsv -q "$1"; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 4)"; fi; }

# ---- the OLTP: a platform of wb-sample
# years ago: no verdict changes by time any more
wb-sample --seed "$seed" --shipments "${SHIPMENTS:-400}" --from 2022-03-07 --out p >/dev/null 2>&1
psql -qX -c 'CREATE DATABASE oltp' && sql -f "$top/scripts/sql/oltp.sql" >log 2>&1 || fail 'oltp.sql' "$(cat log)"
sql -c 'ALTER TABLE shipments DISABLE TRIGGER shipments_promise' -c 'CREATE TABLE lines (line text)'
# fill TABLE: rows as wb-sample has them
fill() {
	sql -c 'TRUNCATE lines' -c "\\copy lines FROM '$tmp/p/$1.ndjson' WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')" \
		-c "INSERT INTO $1 SELECT r.* FROM lines, json_populate_record(NULL::$1, line::json) r"
}
for t in clients carriers shipments shipment_events integrations_log support_contacts; do fill $t || fail "OLTP: $t"; done
sql -c 'ALTER TABLE shipments ENABLE TRIGGER shipments_promise'

# store ENGINE NAME: a database of that kind, and a folder of states
store() {
	engine=$1
	case $1 in
	chdb) WB_STORE=${chdb_url%/*}/$2 ;;
	18.16) WB_STORE=${ch18_url%/*}/$2 ;;
	pg) WB_STORE=postgresql:///$2; psql -qXAt -c "SELECT 1 FROM pg_database WHERE datname = '$2'" | grep -q 1 || psql -qX -c "CREATE DATABASE $2" ;;
	esac
	WB_STATE=$tmp/$1.$2.state WB_LOCKS=$tmp/$1.$2.locks
	mkdir -p "$WB_LOCKS"
}
# change_rows TABLE SET WHERE, lose TABLE WHERE: behind the back of the programs; done when it returns
mutated() { [ "$(q 'SELECT count() FROM system.mutations WHERE is_done = 0')" = 0 ]; }
change_rows() {
	case $engine in
	chdb|18.16) q "ALTER TABLE $1 UPDATE $2 WHERE $3" >/dev/null && until_true 120 mutated ;;
	pg) psql -qX -d "${WB_STORE##*/}" -c "UPDATE mart.$1 SET $2 WHERE $3" ;;
	esac
}
lose() {
	case $engine in
	chdb|18.16) q "ALTER TABLE $1 DELETE WHERE $2" >/dev/null && until_true 120 mutated ;;
	pg) psql -qX -d "${WB_STORE##*/}" -c "DELETE FROM mart.$1 WHERE $2" ;;
	esac
}
load() { case $engine in pg) wb-pg-load "$@" ;; *) wb-ch-load "$@" ;; esac; }
# documents FILE, marts FILE: what the store has of them; how late the open ones are grows
documents() { wb-sql -q 'SELECT * FROM v_shipment' | jq -Sc 'del(.loaded_at, .version, .days) | if .is_open == true or .is_open == 1 then del(.sla_late_sec) else . end' | LC_ALL=C sort >"$1"; }
marts() {
	for m in mart_delivery_day mart_sla_day mart_courier_day mart_support_day mart_integration_hour; do
		wb-sql -q "SELECT * FROM $m" | jq -Sc "del(.computed_at, .batch_id) | if (.missed_open // 0) > 0 then del(.late_sec_sum) else . end | .mart = \"$m\"" | LC_ALL=C sort
	done >"$1"
}

# ---- the first load, and the same by hand from the files
for e in $engines $old; do
	store $e by_hand
	wb-schema
	for t in clients:dim_client carriers:dim_carrier regions:dim_region; do wb-dim -t "${t#*:}" "p/${t%:*}.ndjson" 2>/dev/null | load -t "${t#*:}"; done
	for t in shipments:stg_shipment support_contacts:stg_contact integrations_log:stg_call; do load -t "${t#*:}" "p/${t%:*}.ndjson"; done
	wb-normalize --quiet p/shipment_events.ndjson p/shipments.ndjson >events
	load -t fct_event events
	jq -c '{_src, shipment_id}' p/shipments.ndjson | wb-fold --history | wb-enrich | wb-sla-tag -r "$WB_RULES" | load -t fct_shipment
	wb-marts || fail "$e, by hand: marts"
	documents by_hand.docs
	marts by_hand.marts
	is "$(wc -l <by_hand.docs)" "$(wc -l <p/shipments.ndjson)" "$e, by hand: a document a shipment"
	[ $e != chdb ] || cp by_hand.docs chdb.docs
	[ $e != pg ] || [ ! -f chdb.docs ] || same chdb.docs by_hand.docs "$e: the documents of the other store"

	store $e one
	status 78 "$e: wb-sync before the first load" wb-sync
	WB_SLICE=100 status 0 "$e: wb-first" wb-first
	is "$(cat out err)" '' "$e: says nothing when all is well"
	ok "$e: the days of the calendar are there, up to the end of the next year" test "$(q "SELECT count(*) FROM dim_date WHERE calendar_id = 'ru5' AND year = $(($(date -u +%Y) + 1))")" -ge 365
	documents got; same by_hand.docs got "$e: documents as by hand"
	marts got; same by_hand.marts got "$e: marts as by hand"
	status 1 "$e: wb-first once more" wb-first
	like "$(cat err)" 'the store is not empty: rows are there: .*[0-9] of fct_event' "$e: refuses, and says what is there"
	WB_STATE=$tmp/none status 78 "$e: wb-sync with the states of another store" wb-sync
done

# ---- the OLTP goes on: promises, regions, cancellations, new shipments with and without events, contacts that are moved, clients renamed
cat >change.sql <<'END'
SELECT setseed(:seed);
BEGIN;
UPDATE shipments SET promised_at = promised_at + interval '1 day' * (floor(random() * 4) - 1) WHERE promised_at IS NOT NULL AND random() < 0.05;
UPDATE shipments SET promised_on = promised_on + 1 WHERE promised_on IS NOT NULL AND random() < 0.05;
UPDATE shipments SET dest_region = origin_region, price = price + 0.01 WHERE random() < 0.02;
UPDATE shipments SET cancelled_at = created_at + interval '3 hours' WHERE cancelled_at IS NULL AND random() < 0.02;
CREATE TEMP TABLE came AS SELECT * FROM shipments WHERE id < 1000000 AND random() < 0.04;
INSERT INTO shipments SELECT (r).* FROM (SELECT jsonb_populate_record(c, jsonb_build_object('id', c.id + :round * 1000000, 'shipment_id', c.shipment_id || '-' || :round,
	'tracking_number', c.tracking_number || :round, 'updated_at', now())) AS r FROM came c) x;
COMMIT;
BEGIN;
INSERT INTO shipment_events SELECT (r).* FROM (SELECT jsonb_populate_record(e, jsonb_build_object('id', (SELECT max(id) FROM shipment_events) + row_number() OVER (),
	'event_id', e.event_id || '-' || :round, 'shipment_id', e.shipment_id || '-' || :round)) AS r FROM shipment_events e JOIN came c USING (shipment_id) WHERE c.id % 2 = 0) x;
INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, status, event_time, received_at)
	SELECT (SELECT max(id) FROM shipment_events) + row_number() OVER (), 'later-' || shipment_id || '-' || :round, shipment_id, min(carrier_code), 'delivered', max(event_time) + interval '1 hour', max(received_at) + interval '2 hours'
	FROM shipment_events GROUP BY shipment_id HAVING random() < 0.05;
UPDATE support_contacts SET shipment_id = (SELECT shipment_id FROM shipments ORDER BY (id * 7919 + support_contacts.id * 31) % 1009, id LIMIT 1) WHERE random() < 0.1;
UPDATE support_contacts SET shipment_id = NULL WHERE random() < 0.05;
UPDATE support_contacts SET topic = 'complaint', resolved_at = opened_at + interval '5 hours' WHERE random() < 0.05;
INSERT INTO support_contacts SELECT (r).* FROM (SELECT jsonb_populate_record(c, jsonb_build_object('id', c.id + :round * 1000000, 'updated_at', now())) AS r FROM support_contacts c WHERE c.id < 1000000 AND random() < 0.05) x;
INSERT INTO integrations_log SELECT (r).* FROM (SELECT jsonb_populate_record(l, jsonb_build_object('id', (SELECT max(id) FROM integrations_log) + row_number() OVER (),
	'attempt', l.attempt + 1, 'ts', l.ts + interval '5 minutes')) AS r FROM integrations_log l WHERE random() < 0.02) x;
UPDATE clients SET name = name || '.' WHERE random() < 0.2;
UPDATE clients SET tier = CASE tier WHEN 'gold' THEN 'standard' ELSE 'gold' END WHERE random() < 0.1;
COMMIT;
END
change() { sql -v round="$1" -v seed=0."$seed$1" -f change.sql >log 2>&1 || fail "changes $1" "$(cat log)"; }

# a transaction that is open: late ROUND opens it, in_time ends it
late() {
	rm -f late; mkfifo late
	sql -f late >log.late 2>&1 & late_pid=$!
	exec 4>late
	cat >&4 <<-END
	BEGIN;
	INSERT INTO shipments (id, shipment_id, client_id, carrier_id, service_code, origin_region, dest_region, promised_at, created_at)
		SELECT 900000000 + $1, 'late-$1', client_id, carrier_id, service_code, origin_region, dest_region, '2022-03-20', '2022-03-15' FROM shipments WHERE carrier_id IS NOT NULL ORDER BY id LIMIT 1;
	INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, status, event_time, received_at)
		SELECT (SELECT max(id) FROM shipment_events) + 1, 'late-$1', 'late-$1', code, 'accepted', '2022-03-16', '2022-03-16 01:00' FROM carriers ORDER BY id LIMIT 1;
	UPDATE clients SET name = 'late $1' WHERE id = $1;
	SELECT pg_advisory_lock(77);
	END
	until_true 60 sh -c "psql -qXAt -d oltp -c \"SELECT 'held' FROM pg_locks WHERE locktype = 'advisory' AND granted\" | grep -q held"
}
in_time() { echo 'COMMIT;' >&4; exec 4>&-; wait "$late_pid" || fail 'the late transaction' "$(cat log.late)"; }

# a loader that kills the run at a table: what stands in the file TABLE.before or TABLE.after, once
cat >loader <<'END'
#!/bin/sh
last=
for arg; do case $last in -t) table=$arg ;; esac; last=$arg; done
! mv "$HOOKS/$table.before" "$HOOKS/now" 2>/dev/null || kill -9 $(cat "$HOOKS/pid") $PPID $$
case $WB_STORE in postgresql:*) wb-pg-load "$@" ;; *) wb-ch-load "$@" ;; esac || exit
! mv "$HOOKS/$table.after" "$HOOKS/now" 2>/dev/null || kill -9 $(cat "$HOOKS/pid") $PPID $$
END
chmod +x loader; HOOKS=$tmp; export HOOKS
# killed AT COMMAND ...: AT is a table, .before or .after its load; what is left running lets go of the locks in time
killed() {
	: >"$1"
	killed_at=$1; shift
	WB_LOAD=$tmp/loader sh -c 'echo $$ >pid; exec "$@"' - "$@" >out 2>err
	is "$? $(ls "$killed_at" 2>/dev/null)" '137 ' "$engine, $1: killed at $killed_at"
}

round=0
for at in 'stg_shipment.after fct_event.before' 'fct_shipment.before stg_contact.after' 'fct_event.after dim_client.before' ''; do
	round=$((round + 1))
	change $round
	late $round
	for e in $engines; do
		store $e one
		if [ -z "$at" ]; then status 0 "$e, round $round: wb-sync" wb-sync; else killed "${at% *}" wb-sync; at="${at#* } ${at% *}"; fi
	done
	in_time
	for e in $engines; do
		store $e one
		status 0 "$e, round $round: wb-sync again" wb-sync
		is "$(cat out err)" '' "$e, round $round: says nothing"
		is "$(q "SELECT count(*) FROM v_shipment WHERE shipment_id = 'late-$round' AND events_n = 1")" 1 "$e, round $round: what was committed late is there"
	done
done

# region FROM TO: the file of regions with another zone of the region $region
region() { sed "/\"region_code\":\"$region\"/s/\"tz\":\"[^\"]*\"/\"tz\":\"Asia\/Vladivostok\"/; /\"region_code\":\"$region\"/s/\"version\":[0-9]*/\"version\":1900000000000/" "$1" >"$2"; }
carrier=$(sql -c "SELECT code FROM carriers WHERE id = 1")
cp p/regions.ndjson regions.old
for e in $engines $old; do
	cp regions.old p/regions.ndjson
	store $e one
	status 0 "$e: wb-sync" wb-sync
	status 0 "$e: wb-marts --heal" wb-marts --heal
	documents one.docs
	marts one.marts
	status 0 "$e: nothing new" wb-sync
	documents got; same one.docs got "$e: nothing new changes nothing"

	store $e two
	killed fct_event.before wb-first
	killed fct_shipment.after wb-first
	status 78 "$e: wb-sync upon a first load that was broken off" wb-sync
	status 0 "$e: wb-first of the OLTP as it is now, broken off twice" wb-first
	documents got; same got one.docs "$e: the same documents by changes"
	marts got; same got one.marts "$e: the same marts"
	is "$(wc -l <got)" "$(wc -l <one.marts)" "$e: as many"
	ok "$e: there is much new" test "$(wc -l <one.docs)" -gt $(($(wc -l <by_hand.docs) * 11 / 10))

	# ---- once more upon what is there
	cp got before.marts
	status 0 "$e: wb-first --force" wb-first --force
	is "$(cat out err)" '' "$e: says nothing"
	documents got; same one.docs got "$e: changes no document"
	marts got; same before.marts got "$e: and no mart"

	# ---- the night
	store $e one
	WB_SETTLE=0s; export WB_SETTLE
	status 0 "$e: wb-daily" wb-daily
	is "$(cat out err)" '' "$e: says nothing when all is well"
	documents got; same one.docs got "$e: and changes nothing"
	status 0 "$e: wb-daily -v" wb-daily -v
	like "$(cat out)" '^wb-daily: 6 tables compared, 0 rows healed, documents of 0 clients, carriers and regions made again$' "$e: a line when asked"

	# rows that were lost, and one that is older
	lose stg_shipment "shipment_id IN ('late-1', 'late-2')"
	lose stg_contact 'id % 5 = 0'
	lose fct_event "event_id LIKE 'later-%'"
	lose stg_call 'id % 7 = 0'
	lose stg_shipment "shipment_id = 'late-3'"
	wb-pg-extract -t shipments --where "shipment_id = 'late-3'" | jq -c '.weight_g = 7 | .updated_at = "2022-03-15T00:00:00.000Z"' | load -t stg_shipment
	change_rows fct_shipment 'weight_g = 7' "shipment_id = 'late-3'"
	status 1 "$e: wb-daily heals" wb-daily
	for t in shipments support_contacts shipment_events integrations_log; do like "$(cat err)" "^wb-daily: $t: healed: [0-9]+ " "$e: tells so: $t"; done
	status 0 "$e: wb-daily again: nothing is left" wb-daily
	is "$(cat out err)" '' "$e: and says so by saying nothing"
	documents got; same one.docs got "$e: documents healed"
	marts got; same one.marts got "$e: marts healed"

	# a value of a dimension that documents take
	region=$(q 'SELECT dest_region FROM v_shipment GROUP BY dest_region ORDER BY count(*) DESC, dest_region LIMIT 1')
	region regions.old p/regions.ndjson
	status 0 "$e: a region moves" wb-daily -v
	like "$(cat out)" 'documents of 1 clients, carriers and regions made again$' "$e: its documents are made again"
	n=$(q "SELECT count(*) FROM v_shipment WHERE dest_region = '$region'")
	ok "$e: it has some" test "$n" -gt 10
	wb-sql -q "SELECT delivered_at, delivered_day FROM v_shipment WHERE dest_region = '$region' AND delivered_at IS NOT NULL" >got
	ok "$e: by its new clock" sh -c "jq -r '\"\(.delivered_at) \(.delivered_day)\"' got | while read -r at day; do [ \"\$(TZ=Asia/Vladivostok date -d \"\$at\" +%F)\" = \"\$day\" ] || exit 1; done"

	# ---- messages that came before their shipments, which they name by tracking number
	store $e one
	for i in 1 2; do
		echo "{\"_src\":[\"tracking.events\",0,$i,1647388800000,0],\"event_id\":\"early-$i\",\"tracking_number\":\"EARLY-$i-$e\",\"carrier_code\":\"$carrier\",\"status\":\"accepted\",\"event_time\":\"2022-03-16T00:00:00Z\",\"received_at\":\"2022-03-16T01:00:00Z\"}"
	done | wb-normalize --quiet --rejects - | load --rejects - -t fct_event
	open() { wb-sql -q "SELECT src_offset, state, loaded_at FROM wb_reject WHERE code = 'shipment'" | jq -rs 'group_by(.src_offset)[] | max_by(.loaded_at, .state) | "\(.src_offset) \(.state)"' | paste -sd' '; }
	is "$(open)" '1 open 2 open' "$e: messages before their shipments are rejects"
	sql -c "INSERT INTO shipments (id, shipment_id, tracking_number, client_id, carrier_id, service_code, origin_region, dest_region, created_at)
		SELECT 800000000 + ascii('$e'), 'early-$e', 'EARLY-1-$e', client_id, 1, service_code, origin_region, dest_region, '2022-03-15' FROM shipments ORDER BY id LIMIT 1"
	status 0 "$e: a shipment comes" wb-sync
	is "$(q "SELECT status, events_n FROM v_shipment WHERE shipment_id = 'early-$e'" | tr '\t' ' ')" 'accepted 1' "$e: its event is there"
	is "$(open)" '1 resolved 2 open' "$e: its reject is resolved, the other is open"
	status 0 "$e: again" wb-sync
	is "$(q "SELECT count(*) FROM v_event WHERE event_id = 'early-1'")" 1 "$e: once"

	# ---- an interval of the OLTP again
	documents was.docs
	n=$(sql -c "SELECT count(*) FROM shipment_events WHERE received_at >= '2022-03-10' AND received_at < '2022-03-20'")
	lose fct_event "received_at >= '2022-03-10 00:00:00' AND received_at < '2022-03-20 00:00:00'"
	status 0 "$e: wb-backfill from the OLTP" wb-backfill -s oltp 2022-03-10 2022-03-20
	is "$(q "SELECT count(*) FROM v_event WHERE received_at >= '2022-03-10 00:00:00' AND received_at < '2022-03-20 00:00:00' AND event_id <> 'oltp-cancel' AND event_id NOT LIKE 'early-%'")" "$n" "$e: all of its events are there"
	is "$(wb-sql -q 'SELECT shipment_id, events_n FROM v_shipment' | jq -r '"\(.shipment_id) \(.events_n)"' | sort | md5sum)" "$(jq -r '"\(.shipment_id) \(.events_n)"' was.docs | sort | md5sum)" "$e: documents have as many as before"
	status 64 "$e: times that are none" wb-backfill -s oltp "2022-03-10' OR '1" 2022-03-20

	# ---- a lane that fails does not keep the others from running
	case $engine in pg) psql -qX -d one -c 'ALTER TABLE mart.stg_contact RENAME TO away' ;; *) q 'RENAME TABLE stg_contact TO away' >/dev/null ;; esac
	sql -c 'UPDATE support_contacts SET reopened = 1 WHERE id = (SELECT min(id) FROM support_contacts)' \
		-c "INSERT INTO integrations_log SELECT (r).* FROM (SELECT jsonb_populate_record(l, jsonb_build_object('id', l.id + 1, 'request_id', 'last-$e')) AS r FROM integrations_log l ORDER BY id DESC LIMIT 1) x"
	WB_TRIES=1 status 78 "$e: a table is away" wb-sync
	is "$(q "SELECT count(*) FROM v_call WHERE request_id = 'last-$e'")" 1 "$e: what comes after it has come"
	case $engine in pg) psql -qX -d one -c 'ALTER TABLE mart.away RENAME TO stg_contact' ;; *) q 'RENAME TABLE away TO stg_contact' >/dev/null ;; esac
	status 0 "$e: it is back" wb-sync
	is "$(q "SELECT count(*) FROM v_contact WHERE reopened = 1 AND id = $(sql -c 'SELECT min(id) FROM support_contacts')")" 1 "$e: nothing of it is missing"
done
done_testing
