#!/bin/sh
# wb-reconcile against the engines: what was planted is found and nothing else, and healed; hostile values; while both sides change.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
unset XDG_RUNTIME_DIR WB_CONF WB_LOAD WB_SOURCE; WB_LOCKS=$tmp; export WB_LOCKS
waiting=
reconcile_end() { rm -f "$tmp/changing"; [ -z "$waiting" ] || kill "$waiting" 2>/dev/null; stop_servers; }
# shellcheck disable=SC2034
tap_end=reconcile_end
cd "$tmp" || exit 1
if ! start_postgres; then
	skip 'wb-reconcile' 'no PostgreSQL (scripts/need check)'
	done_testing
fi
WB_SOURCE=dbname=oltp WB_NOW=2022-06-01T00:00:00.000Z; export WB_SOURCE WB_NOW
sql() { psql -qXAt -v ON_ERROR_STOP=1 -d oltp "$@"; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 8)"; fi; }
tables='shipment_events:fct_event shipments:stg_shipment support_contacts:stg_contact integrations_log:stg_call clients:dim_client carriers:dim_carrier'

# ---- the OLTP: a platform, and values that are hard to compare
wb-sample --seed 3 --shipments "${SHIPMENTS:-2700}" --from 2022-03-07 --faults none --out p >/dev/null 2>&1
psql -qX -c 'CREATE DATABASE oltp' && sql -f "$top/scripts/sql/oltp.sql" >log 2>&1 || fail 'oltp.sql' "$(cat log)"
for t in clients carriers shipments shipment_events integrations_log support_contacts; do
	WB_STORE='' wb-pg-load -d "$WB_SOURCE" -t $t "p/$t.ndjson" || fail "OLTP: $t"
done
cat >hostile.sql <<'E2'
INSERT INTO clients VALUES (9001, E'a\x1fb', 'b2c', 'gold', '', false, '2022-03-01', '2022-03-01 10:00:00.7'), (9002, E'a', 'b2c', E'\x1fb', '', true, '2022-03-01', '2022-03-01 10:00:00.9'),
	(9003, E'tab\there "quoted" \\ back ''single'' \U0001F600', 'b2b', 'standard', 'RU-MOW', true, '2022-03-01', '2022-03-01'), (9004, 'inactive', 'b2b', 'standard', '', false, '2022-03-01', '2022-03-01');
INSERT INTO carriers VALUES (900, 'a.b-c', E'x|1|y\n\U0001F69A', 'own', 'UTC', 0, false, '2022-03-01', '2022-03-01'), (901, 'd', 'D', 'external', 'Europe/Moscow', 5, true, '2022-03-01', '2022-03-01');
INSERT INTO shipments (id, shipment_id, client_id, carrier_id, tracking_number, service_code, origin_region, dest_region, promised_at, promised_on, cancelled_at, price, weight_g, created_at, updated_at) VALUES
	(9000001, 'H-1', 9001, NULL, NULL, 'S', 'A', 'B', NULL, NULL, NULL, 1.10, 0, '2022-03-08 00:00:00.999999', '2022-03-08 23:59:59.999999'),
	(9000002, 'H-2', 9001, 1, '', 'S', E'A\x1f', 'B', '2022-03-09 10:00:00.001', NULL, NULL, 1.1, 0, '2022-03-08 23:59:59.9995', '2022-03-09'),
	(9000003, 'H-3', 9001, 1, 'a|1', 'S', 'A', E'\x1fB', NULL, '2022-02-28', NULL, -0.00, 0, '2022-03-08', '2022-03-09'),
	(9000004, 'H-4', 9001, 1, 'a', E'1|S\t\r\n', 'A', 'B', NULL, NULL, '2022-03-10 00:00:00.5', -1.01, 2147483647, '2022-03-08', '2022-03-09'),
	(9000005, E'H-5 "q" \\n ''s'' \U0001F4E6 \x1f', 9001, 1, E'\U0001F600', '\N', 'N', 'NULL', NULL, NULL, NULL, 9999999999.99, 1, '2022-03-08', '2022-03-09'),
	(9000006, E'H-5', 9001, 1, 'x', 'S', 'A', 'B', NULL, NULL, NULL, 0, 1, '2022-03-08', '2022-03-09');
INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, status, event_time, received_at) VALUES
	(9000001, E'E "q" \\t ''s'' \U0001F4E6 \x1f', 'H-1', 'cdek', 'accepted', '2022-03-08 01:00', '2022-03-08 23:59:59.9996'), (9000002, E'E\x1fH', 'H-1', 'cdek', 'in_transit', '2022-03-08 02:00', '2022-03-09'),
	(9000003, E'H\x1fE', 'H-1', 'cdek', 'in_transit', '2022-03-08 02:00', '2022-03-09'), (9000004, '1|2', 'H-5', 'cdek', 'accepted', '2022-03-08 02:00', '2022-03-09');
INSERT INTO support_contacts VALUES (9000001, NULL, NULL, 'phone', 'other', '2022-03-08 10:00:00.0005', NULL, '2022-03-08 11:00:00.9999', 0, NULL, '2022-03-08', '2022-03-08'),
	(9000002, 9001, '', 'chat', 'wismo', '2022-03-08 10:00', '2022-03-08 10:00', NULL, 3, 5, '2022-03-08', '2022-03-08');
INSERT INTO integrations_log VALUES (9000001, '2022-03-08 10:00:00.0019', 1, E'i\x1f', 'track', 'out', NULL, 'timeout', 0, 1, '', NULL, 0, NULL),
	(9000002, '2022-03-08 10:00', 1, 'i', E'\x1ftrack', 'in', 200, 'ok', 1, 2, E'\t', '', 0, E'"error"\n\U0001F4A5\\'),
	(9000003, '2022-03-08 10:00', 1, 'a|1|b', 'c', 'in', 200, 'ok', 1, 1, 'r', '', 0, NULL);
E2
sql -f hostile.sql >log 2>&1 || fail 'hostile values' "$(cat log)"
for t in $tables; do sql -c "ANALYZE ${t%:*}"; wb-pg-extract -t "${t%:*}" >"${t%:*}.all"; done
events=$(wc -l <shipment_events.all)
ok "there is something to compare ($events events)" test "$events" -ge "${EVENTS:-15000}"
wb-normalize --quiet --carriers p/carriers.ndjson shipment_events.all >events.all
is "$(wc -l <events.all)" "$events" 'all events are such'

# What the store is to lack, and to have otherwise: every 97th row, every 101st; and what it has beyond.  In planted: the lines that are to come.
awk 'NR % 97 == 5' events.all | jq -c '{table: "shipment_events", key: [.shipment_id, .event_id], why: "missing"}' >planted.shipment_events
awk 'NR % 97 != 5' events.all >events.some
# messages too, whose copies win, of which some were received on another day; and events that only the topic had
jq -c 'select(.event_id != null) | ._src[0] = "tracking.events" | .received_at |= (.[0:19] + "Z" | fromdate + 86400 | todate | .[0:19] + ".000Z") | .version += 4398046511104 - 86400000' events.some | awk 'NR % 50 == 0' >events.topic
head -n 3 events.all | jq -c '.event_id = "only-topic-" + .event_id | ._src[0] = "tracking.events" | .version += 4398046511104' >events.extra
jq -c '{table: "shipment_events", key: [.shipment_id, .event_id], why: "extra"}' events.extra >extra.shipment_events
plant() { # plant TABLE KEY FILTER: FILTER changes a row
	jq -c "select((input_line_number - 1) % 97 == 5) | {table: \"$1\", key: .$2, why: \"missing\"}" "$1.all" >"planted.$1"
	jq -c "select((input_line_number - 1) % 97 != 5) | if input_line_number % 101 == 7 then ($3) else . end" "$1.all" >"$1.some"
	jq -c "select((input_line_number - 1) % 97 != 5 and input_line_number % 101 == 7) | {table: \"$1\", key: .$2, why: \"differs\"}" "$1.all" >>"planted.$1"
	: >"extra.$1"
}
plant shipments shipment_id '.updated_at = "2022-03-01T00:00:00.000Z" | if .id % 5 == 0 then .price |= (. * 100 + 1 | round) / 100 elif .id % 5 == 1 then .promised_at = "2022-03-30T00:00:00.000Z" elif .id % 5 == 2 then .tracking_number = "" elif .id % 5 == 3 then .service_code += "\u001f" else . end'
plant support_contacts id 'if .id % 2 == 0 then .csat = (if .csat == 5 then null else 5 end) else .resolved_at = "2022-05-01T00:00:00.000Z" end'
plant integrations_log id 'if .id % 2 == 0 then .error = "other" else .duration_ms += 1 end'
# of the dimensions, what no shipment is of: their documents need no more than their rows
head -n 1 clients.all | jq -c '.id = 8999 | .name = "gone"' >extra.client
jq -c 'select(.id != 9003) | if .id == 9002 then .tier = "" | .name = "a\u001f" | .updated_at = "2022-02-01T00:00:00.000Z" elif .id == 9004 then .is_active = true | .updated_at = "2020-02-01T00:00:00.000Z" else . end' clients.all | cat - extra.client >clients.some
printf '{"table":"clients","key":%s}\n' '9002,"why":"differs"' '9003,"why":"missing"' '9004,"why":"differs"' >planted.clients
echo '{"table":"clients","key":8999,"why":"extra"}' >extra.clients
jq -c 'select(.id != 901) | if .id == 900 then .tz = "Europe/Moscow" | .updated_at = "2022-02-01T00:00:00.000Z" else . end' carriers.all >carriers.some
printf '{"table":"carriers","key":%s}\n' '900,"why":"differs"' '901,"why":"missing"' >planted.carriers
: >extra.carriers
in_order() { jq -c . "$@" | jq -sc 'sort_by(.key | if type == "array" then . else [.] end)[]'; }

load() { "${WB_LOAD:-wb-ch-load}" -t "$@" || fail "load $*"; }
# fill all|some: the store in WB_STORE, which is empty
fill() {
	for t in clients:dim_client carriers:dim_carrier; do WB_STORE='' wb-dim --quiet -t "${t#*:}" "${t%:*}.$1" | load "${t#*:}"; done
	load dim_region regions
	for t in shipments:stg_shipment support_contacts:stg_contact integrations_log:stg_call; do load "${t#*:}" "${t%:*}.$1"; done
	load fct_event "events.$1"
}
WB_STORE='' wb-dim --quiet -t dim_region p/regions.ndjson >regions
documents() { jq -c '{shipment_id}' shipments.all | wb-fold --history --now "$WB_NOW" | wb-enrich | wb-sla-tag | load fct_shipment; }
docs() { wb-sql -q 'SELECT * FROM v_shipment' | jq -Sc 'del(.loaded_at, .version, .days)' | LC_ALL=C sort >"$1"; }

# reconcile ENGINE URL URL: two stores that have tables and no rows: one is to be as the OLTP is, one has what was planted
reconcile() {
	export WB_STORE
	WB_STORE=$2
	fill all
	for t in $tables; do
		status 0 "$1: ${t%:*}: no difference" wb-reconcile -t "${t%:*}" -v -j 2
		is "$(cat out)" '' "$1: ${t%:*}: and no line"
		like "$(cat err)" ' 0 of [0-9]+ buckets differ, 0 keys' "$1: ${t%:*}: it was not looked at keys"
	done
	load fct_event events.topic
	load fct_event events.extra
	status 0 "$1: copies that came on another day, and events of the topic alone" wb-reconcile -t shipment_events
	is "$(cat out)" '' "$1: are no difference"
	WB_STORE=$3
	fill some
	load fct_event events.topic
	load fct_event events.extra
	for t in $tables; do
		t=${t%:*}
		in_order "planted.$t" >want.$t
		status 1 "$1: $t: what was planted" wb-reconcile -t $t
		same out want.$t "$1: $t: is found, and nothing else, in order"
		cp out keys.$t
		in_order "planted.$t" "extra.$t" >want.extra
		status 1 "$1: $t: with --extra" wb-reconcile -t $t --extra -j 3
		same out want.extra "$1: $t: what only the store has"
	done
	wb-reconcile -t shipment_events --from 2022-03-10 --to 2022-03-12T12:00:00Z >out
	jq -c 'select(.received_at >= "2022-03-10" and .received_at < "2022-03-12T12:00") | [.shipment_id, .event_id]' shipment_events.all | LC_ALL=C sort >between
	jq -c .key want.shipment_events | LC_ALL=C sort | LC_ALL=C comm -12 - between >want.between
	jq -c .key out | LC_ALL=C sort >got.between
	ok "$1: there are some between two times" test -s want.between
	same got.between want.between "$1: between two times"
}

# columns ENGINE URL: a row for each column of shipments in which it alone is another one
columns() {
	WB_STORE=$2
	head -n 40 shipments.all | jq -c --argjson names '["id", "client_id", "carrier_id", "tracking_number", "service_code", "delivery_mode", "origin_region", "dest_region", "promised_at", "promised_on",
		"promised_first_at", "promised_first_on", "cancelled_at", "price", "weight_g", "pieces", "created_at"]' '$names[input_line_number - 1] as $c | select($c != null) | .[$c] |=
		if $c == "delivery_mode" then (if . == "door" then "locker" else "door" end)
		elif $c == "created_at" then (.[0:19] + "Z" | fromdate + 1 | todate | .[0:19] + ".000Z") elif $c == "promised_on" or $c == "promised_first_on" then (if . == null then "2022-03-20" else null end)
		elif ($c | test("_at$")) then (if . == null then "2022-03-20T00:00:00.000Z" else null end)
		elif $c == "price" then (. * 100 + 1 | round) / 100 elif type == "number" then . + 1 elif type == "string" then . + "x" else (if $c == "carrier_id" then 1 else "x" end) end' >columns
	load stg_shipment columns
	status 1 "$1: columns" wb-reconcile -t shipments
	is "$(jq -r .key out | paste -sd' ')" "$(jq -r .shipment_id columns | LC_ALL=C sort | paste -sd' ')" "$1: each column counts ($(wc -l <columns))"
	# the texts of two columns, one behind the other, are the same
	jq -c 'select(.id == 9000003) | .integration = "a" | .operation = "1|b|c"' integrations_log.all >shifted
	load stg_call shifted
	status 1 "$1: what moved from a column to the next" wb-reconcile -t integrations_log
	is "$(cat out)" '{"table":"integrations_log","key":9000003,"why":"differs"}' "$1: is found"
}

# heal ENGINE URL URL: the second one, and its documents are those of the first
heal() {
	WB_STORE=$2; documents; docs want
	WB_STORE=$3; documents; docs got
	ok "$1: documents differ" sh -c '! cmp -s got want'
	moment=0
	for t in clients carriers shipments support_contacts integrations_log shipment_events; do
		# each a moment later, so that its documents are newer
		moment=$((moment + 1))
		WB_NOW=2022-06-01T00:00:00.00${moment}Z WB_KEYS=$tmp/keys.$t WB_QUIET=1 status 0 "$1: $t: healed" wb-run --quiet --once "$top/scripts/lanes/heal-$t.lane"
		status 0 "$1: $t: then there is no difference" wb-reconcile -t $t
	done
	docs got
	ok "$1: there are documents" test -s want
	same got want "$1: documents are those of a store that was never disturbed"
}

# young ENGINE URL: what is too young; changed, and stored, between the two reads
young() {
	WB_STORE=$2
	sql -c "INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, status, event_time, received_at) VALUES (9100001, 'young', 'H-1', 'cdek', 'in_transit', now(), now() - interval '1 minute')"
	status 0 "$1: a young event" wb-reconcile -t shipment_events --settle 1d
	status 1 "$1: that is not left out" wb-reconcile -t shipment_events --settle 10s
	is "$(cat out)" '{"table":"shipment_events","key":["H-1","young"],"why":"missing"}' "$1: is missing"
	sql -c "DELETE FROM shipment_events WHERE id = 9100001"
	sql -c "UPDATE shipments SET price = price + 1 WHERE shipment_id = 'H-3'"
	status 0 "$1: a row that has changed just now, of which the store has the old one" wb-reconcile -t shipments --settle 1d
	is "$(cat out)" '' "$1: is left out"
	# in whole seconds
	ok "$1: unless nothing is too young" until_true 10 sh -c '! wb-reconcile -t shipments --settle 0s >out'
	is "$(cat out)" '{"table":"shipments","key":"H-3","why":"differs"}' "$1: then it differs"
	wb-pg-extract -t shipments --where "shipment_id = 'H-3'" | load stg_shipment
	# rows change in the OLTP and get into the store as long as it is compared
	: >changing
	( n=0; while [ -f changing ]; do
		n=$((n + 1))
		sql -c "UPDATE shipments SET price = $n WHERE id % 7 = $n % 7"
		wb-pg-extract -t shipments --where "updated_at > now() - interval '1 day'" | "${WB_LOAD:-wb-ch-load}" -t stg_shipment
		echo "$n" >changed
	done ) 2>changing.err &
	changing=$!
	until_true 60 test -s changed
	for t in 1 2 3 4 5 6 7 8; do wb-reconcile -t shipments --settle 1d -j 2 >>out.changing 2>>err.changing || fail "$1: while rows change" "$(tail -n 3 out.changing err.changing)"; done
	rm changing; wait $changing
	is "$(cat out.changing)" '' "$1: nothing differs while rows change"
}

if start_chdb; then
	a=${chdb_url%/*}/whole b=${chdb_url%/*}/part
	wb-schema -d $a && wb-schema -d $b || fail 'schema'
	reconcile wb-chdb $a $b
	heal wb-chdb $a $b
	columns wb-chdb $a
	healed=$b
else
	skip 'wb-chdb' 'no libchdb'
fi
if start_clickhouse_18; then
	a=${ch18_url%/*}/whole b=${ch18_url%/*}/part
	wb-schema -d $a && wb-schema -d $b || fail 'schema'
	reconcile 18.16 $a $b
	heal 18.16 $a $b
	columns 18.16 $a
else
	skip '18.16' 'no clickhouse-server'
fi
# a database a schema
for d in whole part; do psql -qX -c "CREATE DATABASE $d" && psql -qX -d $d -f "$top/scripts/sql/postgres.sql" >log 2>&1 && psql -qX -d $d -f "$top/scripts/sql/postgres_views.sql" >log 2>&1 || fail 'postgres.sql' "$(cat log)"; done
WB_LOAD=wb-pg-load
export WB_LOAD
reconcile PostgreSQL dbname=whole dbname=part
heal PostgreSQL dbname=whole dbname=part
columns PostgreSQL dbname=whole
unset WB_LOAD
[ -z "${healed:-}" ] || young wb-chdb "$healed"
WB_STORE=dbname=whole

# ---- what is not there
status 64 'no table' wb-reconcile --store "$WB_STORE"
status 64 'a table that is none of the OLTP' wb-reconcile -t fct_event
like "$(cat err)" 'none of shipment_events, shipments' 'says which there are'
status 64 'dimensions have no time' wb-reconcile -t clients --from 2022-01-01
status 64 'a password as an argument' wb-reconcile -t clients --source 'dbname=oltp password=marker'
ok 'is not shown' sh -c "! grep -q marker err"
psql -qX -d whole -c 'ALTER TABLE mart.stg_call RENAME COLUMN request_id TO other' -c 'DROP TABLE mart.stg_contact CASCADE' 2>/dev/null
status 78 'a column that is missing in the store' wb-reconcile -t integrations_log
like "$(cat err)" 'stg_call: .*request_id' 'is named'
status 78 'a table that is missing in the store' wb-reconcile -t support_contacts
like "$(cat err)" 'stg_contact' 'is named'
sql -c 'ALTER TABLE clients RENAME COLUMN tier TO other' -c 'ALTER TABLE carriers RENAME TO other'
status 78 'a column that is missing in the source' wb-reconcile -t clients
like "$(cat err)" 'clients: .*tier' 'is named'
status 78 'a table that is missing in the source' wb-reconcile -t carriers
like "$(cat err)" 'carriers' 'is named'
status 74 'output that fails' sh -c 'wb-reconcile -t shipments --settle 0s >/dev/full'
if [ -n "${healed:-}" ]; then
	status 78 'a column that is missing in ClickHouse' sh -c "wb-sql -d $chdb_url -q 'CREATE TABLE stg_call (id Int64, ts DateTime) ENGINE = ReplacingMergeTree ORDER BY id' >/dev/null && wb-reconcile --store $chdb_url -t integrations_log"
	like "$(cat err)" 'stg_call: .*carrier_id' 'is named'
	status 78 'a table that is missing in ClickHouse' wb-reconcile --store "$chdb_url" -t support_contacts
	like "$(cat err)" 'stg_contact' 'is named'
	# a store that is away
	kill_server "$chdb_pid" TERM
	status 75 'a store that does not come' wb-reconcile --store "${chdb_url%/*}/part" -t shipments --wait 1s
	wb-reconcile --store "${chdb_url%/*}/part" -t shipments --settle 1d --wait 10m >out 2>err & waiting=$!
	ok 'is told' until_true 60 grep -q 'trying again' err
	start_chdb || fail 'wb-chdb again'
	wait $waiting
	is "$? $(cat out)" '0 ' 'and waited for'
	waiting=
fi
done_testing
