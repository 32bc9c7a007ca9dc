#!/bin/sh
# wb-ch-load, wb-sql, wb-schema on both engines: what is stored is what was sent, or it is a reject.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
cd "$tmp" || exit 1
WB_LOCKS=$tmp; export WB_LOCKS; unset XDG_RUNTIME_DIR

q() { wb-sql --format tsv -q "$1"; }
run() { q "$1" >/dev/null; }
db_n=0
# new_db: WB_STORE becomes a database of its own
new_db() {
	db_n=$((db_n + 1))
	WB_STORE=$base/default; export WB_STORE
	run "CREATE DATABASE t$db_n"
	WB_STORE=$base/t$db_n
}
# event SHIPMENT EVENT VERSION TIME [MORE]: one canonical event
event() {
	printf '{"_src":["t",0,%d,1717398005000,0],"shipment_id":"%s","event_id":"%s","version":%s,"event_time":"%s","received_at":"2024-06-03T07:00:05.000Z","lag_sec":5,"carrier":"cdek","integration":"x","status":"accepted","map_hit":"exact"%s}\n' "${src:-0}" "$1" "$2" "$3" "$4" "${5:-}"
}
# cut_time: as the engine keeps times and booleans
if_legacy() { if [ "$legacy" = yes ]; then sed -E 's/(T[0-9]{2}:[0-9]{2}:[0-9]{2})\.[0-9]{3}Z/\1.000Z/g'; else cat; fi; }

# restart: the engine again, after it was killed
restart() { "start_$engine" && base=${base%:*}:$port; }
pid() { if [ "$engine" = chdb ]; then echo "$chdb_pid"; else echo "$ch18_pid"; fi; }

schema() {
	WB_STORE=$base/fresh; export WB_STORE
	status 0 "$engine: wb-schema makes database, tables, views" wb-schema
	is "$(q "SELECT count() FROM system.tables WHERE database = 'fresh' AND name NOT LIKE 'v\_%' AND name NOT LIKE '.%'")" 20 "$engine: 20 tables"
	before=$(q "SELECT count(), sum(cityHash64(concat(table, name, type))) FROM system.columns WHERE database = 'fresh'")
	status 0 "$engine: wb-schema again" wb-schema
	is "$(q "SELECT count(), sum(cityHash64(concat(table, name, type))) FROM system.columns WHERE database = 'fresh'")" "$before" "$engine: which changes nothing"
	is "$(wb-schema -n | grep -cE '^(CREATE TABLE|ALTER)')" 0 "$engine: and finds no table to make"
	run 'ALTER TABLE fct_shipment DROP COLUMN wismo_n'
	status 0 "$engine: a column that is missing" wb-schema
	is "$(q "SELECT count(), sum(cityHash64(concat(table, name, type))) FROM system.columns WHERE database = 'fresh'")" "$before" "$engine: is added"
	run 'DROP TABLE stg_call'
	status 0 "$engine: --create" wb-ch-load --create -t stg_call /dev/null
	is "$(q "SELECT count() FROM system.tables WHERE database = 'fresh' AND name = 'stg_call'")" 1 "$engine: makes the table"
	status 78 "$engine: --create of a table that does not ship" wb-ch-load --create -t nonesuch /dev/null
	for v in $(q "SELECT name FROM system.tables WHERE database = 'fresh' AND name LIKE 'v\_%'"); do
		q "SELECT * FROM $v LIMIT 1" >/dev/null 2>"$tmp/err" || fail "$engine: view $v" "$(cat "$tmp/err")"
	done
	pass "$engine: all views answer"
}

types() {
	new_db
	run "CREATE TABLE every (k UInt32, u8 UInt8, u16 UInt16, u64 UInt64, i8 Int8, i16 Int16, i32 Int32, i64 Int64, f Float64, s String, fs FixedString(4),
		d Date, dt DateTime('UTC'), dec Decimal(12, 2), dec9 Decimal(9, 3), e8 Enum8('a' = 1, 'b\\'c' = -1), e16 Enum16('x' = 1000), nu Nullable(UInt32), ns Nullable(String), nd Nullable(Date),
		a Array(UInt32), ast Array(String), ad Array(Date)) ENGINE = MergeTree ORDER BY k"
	cat >every.ndjson <<-'END'
	{"k":0,"u8":0,"u16":0,"u64":0,"i8":-128,"i16":-32768,"i32":-2147483648,"i64":-9223372036854775808,"f":-0.1,"s":"","fs":"","d":"1970-01-01","dt":"1970-01-01T00:00:00.000Z","dec":-9999999999.99,"dec9":-999999.999,"e8":"a","e16":"x","nu":null,"ns":null,"nd":null,"a":[],"ast":[],"ad":[]}
	{"k":1,"u8":255,"u16":65535,"u64":18446744073709551615,"i8":127,"i16":32767,"i32":2147483647,"i64":9223372036854775807,"f":1.7976931348623157e+308,"s":"tab\t quote\" back\\ lf\n Москва \u0001","fs":"abcd","d":"2105-12-31","dt":"2106-02-07T06:28:15.000Z","dec":9999999999.99,"dec9":0.001,"e8":"b'c","e16":"x","nu":4294967295,"ns":"","nd":"2024-02-29","a":[0,4294967295],"ast":["","é"],"ad":["2024-02-29"]}
	{"k":2,"u8":1,"u16":1,"u64":9007199254740993,"i8":0,"i16":0,"i32":0,"i64":0,"f":37.617298,"s":"x","fs":"ab","d":"2024-06-03","dt":"2024-06-03T07:00:00.000Z","dec":0.00,"dec9":12.500,"e8":"a","e16":"x","nu":0,"ns":"n","nd":null,"a":[1],"ast":["a"],"ad":[]}
	END
	status 0 "$engine: a row of every type" wb-ch-load -t every every.ndjson
	wb-sql -q 'SELECT * FROM every ORDER BY k' >"$tmp/out"
	golden every.ndjson "$engine: comes back to the byte"
}

damage() {
	new_db
	run "CREATE TABLE d (k String, u UInt32 DEFAULT 7, n UInt32, i Int32, dt DateTime('UTC'), d Date, s String, e Enum8('a' = 1)) ENGINE = MergeTree ORDER BY k"
	good='"u":1,"n":1,"i":1,"dt":"2024-06-03T07:00:00.000Z","d":"2024-06-03","s":"s","e":"a"'
	: >damage.ndjson
	n=0
	while read -r member value; do
		n=$((n + 1))
		printf '{"k":"%s %s",%s}\n' "$member" "$(echo "$value" | tr -d '"')" "$(echo "$good" | sed "s|\"$member\":[^,]*|\"$member\":$value|")" >>damage.ndjson
	done <<-'END'
	n 4294967296
	n null
	n -1
	n 1.5
	n true
	n "1"
	i 2147483648
	i 1.5
	i true
	dt 1700000000123
	dt "1700000000123"
	dt "2024-02-31 00:00:00"
	dt "1960-01-01T00:00:00.000Z"
	dt "2200-01-01T00:00:00.000Z"
	d "2024-02-31"
	d "2200-01-01"
	s 5
	s {"a":1}
	s null
	e "z"
	e 1
	END
	bad=$n
	printf '{"k":"dup",%s,"n":2}\n{"k":"surrogate",%s}\n{"k":"inf",%s}\n[1]\n{"k":"misspelt",%s,"u32":1}\n{"k":"short","n":1}\n' \
	    "$good" "$(echo "$good" | sed 's/"s":"s"/"s":"\\ud800"/')" "$(echo "$good" | sed 's/"i":1/"i":1e400/')" "$good" >>damage.ndjson
	bad=$((bad + 6))
	printf '{"k":"default","n":1,"i":1,"dt":"2024-06-03T07:00:00.000Z","d":"2024-06-03","s":"s","e":"a"}\n{"k":"offset",%s}\n' \
	    "$(echo "$good" | sed 's/07:00:00.000Z/09:00:00.123+02:00/')" >>damage.ndjson
	status 0 "$engine: what servers bend in silence" wb-ch-load -v --max-rejects 1000,100 --rejects rejects.ndjson -t d damage.ndjson
	is "$(q 'SELECT k, u, dt FROM d ORDER BY k')" "$(printf 'default\t7\t2024-06-03T07:00:00.000Z\noffset\t1\t2024-06-03T07:00:00.000Z')" "$engine: is stored exactly or not at all"
	is "$(grep -c '"@reject"' rejects.ndjson)" $bad "$engine: and each is a reject"
	like "$(cat "$tmp/err")" "$((bad + 2)) in, 2 loaded, $bad rejected" "$engine: the account"
	like "$(head -n 1 rejects.ndjson)" '"stage":"wb-ch-load:d","code":"column","field":"n","msg":"4294967296 does not fit' "$engine: that names column and value"
}

upserts() {
	WB_STORE=$base/fresh
	run 'TRUNCATE TABLE fct_event; TRUNCATE TABLE wb_reject'
	{ src=1 event S1 e1 5 2024-06-03T07:00:00.123Z; src=2 event S1 e1 7 2024-07-03T07:00:00.456Z ',"city":"new"'; src=3 event S1 e1 6 2024-06-03T07:00:00.000Z; src=4 event S2 e1 1 2024-06-03T07:00:00.000Z; src=5 event S2 e2 1 2023-06-03T07:00:00.000Z ',"zz":1'; } >up.ndjson
	for i in 1 2 3; do
		[ $i -lt 3 ] || { tail -n +3 up.ndjson; head -n 2 up.ndjson; } >turned.ndjson
		status 0 "$engine: load $i" wb-ch-load -v --rejects - --max-rejects 9,100 -t fct_event "$([ $i -lt 3 ] && echo up.ndjson || echo turned.ndjson)"
		is "$(q 'SELECT shipment_id, version, event_time, city, src_topic, src_offset FROM v_event ORDER BY shipment_id')" \
		    "$(printf 'S1\t7\t2024-07-03T07:00:00.456Z\tnew\tt\t2\nS2\t1\t2024-06-03T07:00:00.000Z\t\tt\t4' | if_legacy)" "$engine: the greatest version stands, load $i"
	done
	is "$(q 'SELECT count() FROM wb_reject FINAL')" 1 "$engine: a reject loaded three times is one row"
	is "$(q 'SELECT code, field, src_topic, src_offset, src_i, stage, state, ts FROM wb_reject FINAL')" \
	    "$(printf 'unknown\tzz\tt\t5\t0\twb-ch-load:fct_event\topen\t2024-06-03T07:00:05.000Z')" "$engine: with where it came from"
	is "$(q 'SELECT raw FROM wb_reject FINAL' | base64 -d)" "$(tail -n 1 up.ndjson)" "$engine: and its bytes"
	# an older version loaded later changes nothing
	event S1 e1 6 2024-06-03T07:00:00.000Z ',"city":"old"' | wb-ch-load -t fct_event
	is "$(q "SELECT version, city FROM v_event WHERE shipment_id = 'S1'")" "$(printf '7\tnew')" "$engine: an older version later loses"
	# equal versions: the smaller line, in either order, lineage left out
	{ src=9 event S3 e1 1 2024-06-03T07:00:00.000Z ',"city":"b"'; src=1 event S3 e1 1 2024-06-03T07:00:00.000Z ',"city":"a"'; src=5 event S3 e1 1 2024-06-03T07:00:00.000Z ',"city":"b"'; } >tie.ndjson
	status 0 "$engine: equal versions" wb-ch-load -v -t fct_event tie.ndjson
	is "$(q "SELECT city, src_offset FROM fct_event WHERE shipment_id = 'S3'")" "$(printf 'a\t1')" "$engine: the smaller line stands"
	like "$(cat "$tmp/err")" '3 in, 1 loaded, 0 rejected, 2 filtered, replaced 2, id_conflict 2' "$engine: and the account says so"
	run "ALTER TABLE fct_event DELETE WHERE shipment_id = 'S3'" 2>/dev/null
	# staging: newest updated_at, of equal ones the last; null stands for the default
	row() { printf '{"_src":["shipments",0,1,0,0],"id":1,"shipment_id":"S1","client_id":1,"carrier_id":null,"order_ref":"o","tracking_number":null,"service_code":"x","delivery_mode":"door","origin_region":"","dest_region":"","status":"created","promised_at":null,"promised_on":"2024-06-09","promised_first_at":null,"promised_first_on":null,"cancelled_at":null,"price":%s,"cod_amount":0.00,"weight_g":1,"pieces":1,"created_at":"2024-06-01T00:00:00.000Z","updated_at":"%s"}\n' "$1" "$2"; }
	run 'TRUNCATE TABLE stg_shipment'
	{ row 1.10 2024-06-03T07:00:00.001Z; row 2.20 2024-06-03T07:00:00.003Z; row 3.30 2024-06-03T07:00:00.003Z; row 4.40 2024-06-03T07:00:00.002Z; } | wb-ch-load -t stg_shipment
	is "$(q 'SELECT price, carrier_id, tracking_number, promised_on FROM stg_shipment FINAL')" "$(printf '3.30\t0\t\t2024-06-09')" "$engine: the newest row of staging, null as the default"
}

faults_of_data() {
	new_db
	run "CREATE TABLE hard (k UInt32, s String, n UInt32 MATERIALIZED toUInt32(s)) ENGINE = MergeTree ORDER BY k"
	awk 'BEGIN{for (i = 0; i < 2000; i++) printf "{\"k\":%d,\"s\":\"%s\"}\n", i, i == 0 || i == 777 || i == 1999 ? "abc" : i}' >hard.ndjson
	status 0 "$engine: rows that the server refuses" wb-ch-load -v --rejects hard.rej -t hard hard.ndjson
	is "$(q 'SELECT count(), sum(k) FROM hard')" "$(printf '1997\t1996224')" "$engine: the others are stored"
	is "$(sed -E 's/.*"raw":"([^"]*)".*/\1/' hard.rej | while read -r r; do echo "$r" | base64 -d; echo; done | sort | tr '\n' ' ')" \
	    '{"k":0,"s":"abc"} {"k":1999,"s":"abc"} {"k":777,"s":"abc"} ' "$engine: just these are rejects"
	like "$(head -n 1 hard.rej)" '"code":"column".*Code: [0-9]+' "$engine: with the server's code"
	like "$(cat "$tmp/err")" '2000 in, 1997 loaded, 3 rejected' "$engine: the account"
	awk 'BEGIN{for (i = 0; i < 100; i++) printf "{\"k\":%d,\"s\":\"abc\"}\n", i}' >hard.many
	status 65 "$engine: too many of them" wb-ch-load --max-rejects 10 -t hard hard.many

	# configuration: exit 78 and no reject
	for t in fct_event nonesuch; do
		status 78 "$engine: no table $t" wb-ch-load --rejects none.rej -t $t up.ndjson
		is "$(wc -c <none.rej)" 0 "$engine: no reject for it"
	done
	status 78 "$engine: no database" wb-ch-load -d "$base/nonesuch" -t fct_event up.ndjson
	# the table goes while the loader runs
	mkfifo slow
	run 'CREATE TABLE gone (k UInt32) ENGINE = MergeTree ORDER BY k'
	wb-ch-load -vv --rejects gone.rej -t gone <slow 2>gone.err & loader=$!
	exec 3>slow
	until_true 20 grep -q engine_full gone.err
	run 'DROP TABLE gone'
	echo '{"k":1}' >&3
	exec 3>&-
	wait $loader
	is $? 78 "$engine: a table that goes meanwhile"
	is "$(wc -c <gone.rej)" 0 "$engine: no reject for that either"
	rm -f slow
}

lanes() {
	WB_STORE=$base/fresh
	run 'TRUNCATE TABLE fct_event; TRUNCATE TABLE wb_reject'
	{ event L1 e1 1 2024-06-03T07:00:00.000Z; event L2 e1 1 2024-06-03T07:00:00.000Z ',"lag_sec":6'; event L3 e1 -1 2024-06-03T07:00:00.000Z; } | sed 's/"_src":[^]]*\],//' >lane.ndjson
	status 0 "$engine: a lane" wb-run --once -- 'wb-csv-extract lane.ndjson' 'wb-ch-load --max-rejects 9,100 -t fct_event'
	is "$(q 'SELECT shipment_id, src_topic, src_offset FROM v_event')" "$(printf 'L1\tlane.ndjson\t1')" "$engine: rows of a lane"
	is "$(q 'SELECT src_topic, src_offset, code FROM wb_reject FINAL ORDER BY src_offset')" "$(printf 'lane.ndjson\t2\tjson\nlane.ndjson\t3\tcolumn')" "$engine: its rejects, of every stage"
	before=$(q 'SELECT count() FROM fct_event')
	status 75 "$engine: a neighbour that died" wb-run --once -- 'wb-csv-extract lane.ndjson' 'head -n 2' 'wb-ch-load -t fct_event'
	is "$(q 'SELECT count() FROM fct_event')" "$before" "$engine: and nothing is stored"
	# wb-sql is a source
	is "$(WB_LANE=x wb-sql -q 'SELECT 1 AS a' | sed -E 's/"run":"[0-9a-f]*"/"run":""/')" \
	    "$(printf '{"@hello":{"v":1,"run":"","lane":"x"}}\n{"a":1}\n{"@ckpt":{"run":"","n":1,"rows":1}}\n{"@end":{"run":"","n":1}}')" "$engine: wb-sql writes control lines"
	WB_LANE=x wb-sql -q 'SELECT intDiv(1, number - 300000) AS a FROM system.numbers LIMIT 400000' >broken.ndjson 2>err
	is $? 65 "$engine: an error in the middle of a result"
	is "$(grep -c '@end' broken.ndjson)" 0 "$engine: gives no @end"
	like "$(cat err)" 'Code: 153' "$engine: but the server's words"
}

sql() {
	WB_STORE=$base/fresh
	is "$(wb-sql -q "SELECT 1 AS a, toInt64(-9223372036854775807) AS b, toDecimal64(1.5, 2) AS c, toDate('2024-06-03') AS d, toDateTime('2024-06-03 07:00:00', 'UTC') AS e, [1, 2] AS f, CAST(NULL, 'Nullable(String)') AS g, (1, 'x') AS h, 0/0 AS i, 'a\"\n' AS j, toUInt64(18446744073709551615) AS k, [['a'], []] AS l")" \
	    '{"a":1,"b":-9223372036854775807,"c":1.50,"d":"2024-06-03","e":"2024-06-03T07:00:00.000Z","f":[1,2],"g":null,"h":[1,"x"],"i":null,"j":"a\"\n","k":18446744073709551615,"l":[["a"],[]]}' "$engine: values as NDJSON"
	is "$(wb-sql --set 'n=it'"'"'s a\b' --set u=5 --set "a=['a','b\\'c']" --set d=2024-06-03 -q "SELECT {n:String} AS n, {u:UInt32} + 1 AS u, {a:Array(String)} AS a, toString({d:Date}) AS d, '{u:UInt32}' AS q -- {no:String}" 2>&1)" \
	    '{"n":"it'"'"'s a\\b","u":6,"a":["a","b'"'"'c"],"d":"2024-06-03","q":"{u:UInt32}"}' "$engine: parameters"
	printf "SELECT 'a;b' AS x; -- one; two\nSELECT 2 AS x;\n/* ; */ ;" >two.sql
	mkdir -p share/sql/ask/clickhouse
	echo "SELECT {cols:Identifiers} FROM (SELECT 1 AS a, 2 AS b, '{x:Identifiers}' AS c) WHERE a = {n:UInt8}" >share/sql/ask/clickhouse/some.sql
	is "$(WB_SHARE_DIR=share wb-sql --set cols='c, a' --set n=1 --ask some)" '{"c":"{x:Identifiers}","a":1}' "$engine: --ask, with a list of columns"
	status 78 "$engine: a list of columns that is none" env WB_SHARE_DIR=share wb-sql --set cols='1' --set n=1 --ask some
	status 78 "$engine: a question that does not ship" wb-sql --ask nonesuch
	status 64 "$engine: nor is one a path" wb-sql --ask ../some
	status 64 "$engine: --ask and -q" wb-sql --ask some -q 'SELECT 1'
	is "$(wb-sql -f two.sql --format csv)" "$(printf 'x\na;b\n2')" "$engine: several statements, CSV"
	is "$(wb-sql --format table -q "SELECT 'é' AS a, 22 AS bb, CAST(NULL, 'Nullable(UInt8)') AS c")" "$(printf 'a  bb  c\né  22  NULL')" "$engine: a table for people"
	is "$(q "SELECT 'a\tb\\\\', CAST(NULL, 'Nullable(String)')")" "$(printf 'a\\tb\\\\\t\\N')" "$engine: TSV"
	status 78 "$engine: no such table" wb-sql -q 'SELECT * FROM nonesuch'
	status 78 "$engine: syntax" wb-sql -q 'SELECT FROM WHERE'
	status 65 "$engine: an error in the data" wb-sql -q 'SELECT intDiv(1, number) FROM system.numbers LIMIT 3'
	ok "$engine: many rows" sh -c 'test "$(wb-sql -q "SELECT number AS n, toString(number) AS s FROM system.numbers LIMIT 300000" | tail -n 1)" = "{\"n\":299999,\"s\":\"299999\"}"'
	status 74 "$engine: no room for the output" sh -c 'wb-sql -q "SELECT 1" >/dev/full'
	is "$(wb-sql -q 'SELECT 1 AS a FROM system.one WHERE dummy = 1')" '' "$engine: no rows"
}

# documents and rows of a whole platform come back as they were
platform() {
	WB_STORE=$base/fresh
	[ -d pf ] || {
		wb-sample --shipments 60 --out pf 2>/dev/null
		( cd pf && wb-normalize --carriers carriers.ndjson --shipments shipments.ndjson --max-rejects 999,100 tracking.events.ndjson 2>/dev/null >ev.ndjson &&
		wb-fold ev.ndjson | wb-enrich --clients clients.ndjson --carriers carriers.ndjson --regions regions.ndjson --shipments shipments.ndjson --contacts support_contacts.ndjson | wb-sla-tag >docs.ndjson )
	}
	run 'TRUNCATE TABLE fct_event; TRUNCATE TABLE fct_shipment; TRUNCATE TABLE stg_shipment; TRUNCATE TABLE stg_contact; TRUNCATE TABLE stg_call'
	status 0 "$engine: events of a platform" wb-ch-load -v -t fct_event pf/ev.ndjson
	status 0 "$engine: documents" wb-ch-load -v -t fct_shipment pf/docs.ndjson
	like "$(cat "$tmp/err")" ' 0 rejected' "$engine: none rejected"
	status 0 "$engine: shipments" wb-ch-load -t stg_shipment pf/shipments.ndjson
	status 0 "$engine: contacts" wb-ch-load -t stg_contact pf/support_contacts.ndjson
	status 0 "$engine: calls" wb-ch-load -t stg_call pf/integrations_log.ndjson
	# what the store has of each record is what the record says; on 18.16 without milliseconds, booleans as numbers
	wb-sql -q 'SELECT * FROM v_shipment ORDER BY shipment_id' | jq -Sc 'del(.loaded_at)' >got.docs
	jq -Sc --slurpfile got got.docs '. as $d | $got[0] | with_entries(.value = $d[.key])' pf/docs.ndjson | sort_docs | legacy_json >want.docs
	is "$(md5sum <got.docs)" "$(md5sum <want.docs)" "$engine: every document comes back as it was"
	[ -s got.docs ] || fail "$engine: there are documents"
	wb-sql -q 'SELECT * FROM v_call ORDER BY id' | jq -Sc 'del(.loaded_at)' >got.calls
	jq -Sc 'del(._src)' pf/integrations_log.ndjson | jq -Sc 'with_entries(if .value == null and (.key == "error" or .key == "shipment_id") then .value = "" else . end)' | jq -sc 'sort_by(.id)[]' | legacy_json >want.calls
	is "$(md5sum <got.calls)" "$(md5sum <want.calls)" "$engine: every call comes back as it was"
}
sort_docs() { jq -sc 'sort_by(.shipment_id)[]'; }
legacy_json() { if [ "$legacy" = yes ]; then if_legacy | jq -Sc 'map_values(if . == true then 1 elif . == false then 0 else . end)'; else cat; fi; }

# kill -9 of the server while rows go in
killed() {
	new_db
	base_db=$WB_STORE
	run "CREATE TABLE k (k UInt64, s String, v UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY k"
	awk 'BEGIN{for (i = 0; i < 400000; i++) printf "{\"k\":%d,\"s\":\"some text of row %d\",\"v\":1}\n", i, i}' >kill.ndjson
	rm -f go; mkfifo go	# it cannot be done before the server is killed
	{ head -n 300000 kill.ndjson; read -r _ <go; tail -n +300001 kill.ndjson; } | wb-ch-load -S 1M -t k 2>kill.err & loader=$!
	until_true 30 sh -c "test \"\$(wb-sql --format tsv -q 'SELECT count() FROM k')\" -gt 20000"
	kill_server "$(pid)" KILL
	echo >go & gate=$!
	until_true 60 grep -q 'trying again' kill.err
	restart
	wait $gate
	wait $loader
	is $? 0 "$engine: the server killed in mid-load and started again"
	like "$(cat kill.err)" 'trying again' "$engine: the loader says that it tries again"
	WB_STORE=$base_db
	is "$(q 'SELECT count(), uniqExact(k), sum(k) FROM (SELECT k FROM k FINAL)')" "$(printf '400000\t400000\t79999800000')" "$engine: nothing is lost, nothing is double"
}

swaps() {
	WB_STORE=$base/fresh
	m=mart_courier_day
	run "TRUNCATE TABLE $m; TRUNCATE TABLE wb_horizon"
	mrow() { printf '{"day":"%s","carrier_id":%d,"region_code":"R","courier_id":"c","assigned":5,"attempts":%d,"delivered":1,"first_attempts":1,"first_attempt_ok":1,"failed_recipient":0,"failed_carrier":0,"failed_other":0,"brought_back":4,"first_scan_at":null,"last_scan_at":"2024-06-03T07:00:00.000Z","active_sec":1}\n' "$1" "$2" "$3"; }
	state() { q "SELECT day, carrier_id, attempts FROM $m ORDER BY day, carrier_id" | tr '\t\n' ' ;'; }
	lane() { wb-run --once -- "wb-csv-extract $1" "wb-ch-load -t $m --swap --days $2"; }
	{ mrow 2024-06-01 1 1; mrow 2024-06-02 1 2; mrow 2024-07-01 1 3; } >m1.ndjson
	status 0 "$engine: --swap into an empty mart" lane m1.ndjson 2024-06-01,2024-06-02,2024-07-01
	is "$(state)" '2024-06-01 1 1;2024-06-02 1 2;2024-07-01 1 3;' "$engine: its days"
	{ mrow 2024-06-02 1 9; mrow 2024-06-02 2 8; } >m2.ndjson
	echo '2024-06-02
	2024-07-01' >days
	status 0 "$engine: --swap of two days, one of them empty" lane m2.ndjson "$tmp/days"
	is "$(state)" '2024-06-01 1 1;2024-06-02 1 9;2024-06-02 2 8;' "$engine: the others stay, the empty one is emptied"
	status 0 "$engine: again" lane m2.ndjson "$tmp/days"
	is "$(state)" '2024-06-01 1 1;2024-06-02 1 9;2024-06-02 2 8;' "$engine: which changes nothing"
	is "$(q "SELECT count() FROM $m WHERE batch_id = '' OR computed_at < '2024-01-01 00:00:00'")" 0 "$engine: rows without batch_id and computed_at get them"

	good=$(state)
	status 65 "$engine: a row of another day" lane m1.ndjson 2024-06-02
	is "$(state)" "$good" "$engine: replaces nothing"
	{ mrow 2024-06-02 1 9; mrow 2024-06-02 2 -1; } >m3.ndjson
	status 65 "$engine: a row that is rejected" lane m3.ndjson 2024-06-02
	is "$(state)" "$good" "$engine: replaces nothing"
	status 75 "$engine: a reader that died" wb-run --once -- 'wb-csv-extract m2.ndjson' 'head -n 2' "wb-ch-load -t $m --swap --days 2024-06-02"
	is "$(state)" "$good" "$engine: replaces nothing"
	run "INSERT INTO wb_horizon (scope, day, version) VALUES ('shipment', '2024-06-02', 1)"
	status 65 "$engine: a day before the horizon" lane m1.ndjson 2024-06-01,2024-06-02,2024-07-01
	is "$(state)" "$good" "$engine: replaces nothing"
	run 'TRUNCATE TABLE wb_horizon'
	# a row that got into the stage from elsewhere: the count does not hold
	cat >meddle <<-END
	#!/bin/sh
	unset WB_LANE WB_ONCE
	while IFS= read -r line; do
		case \$line in
		*'"@end"'*)
			n=200
			until [ "\$(wb-sql --format tsv -q 'SELECT count() FROM ${m}_stage_mine')" = 2 ] || [ \$n -eq 0 ]; do sleep 0.05; n=\$((n - 1)); done
			wb-sql -q "INSERT INTO ${m}_stage_mine (day, carrier_id) VALUES ('2024-06-02', 77)" >/dev/null ;;
		esac
		printf '%s\\n' "\$line"
	done
	END
	chmod +x meddle
	status 75 "$engine: a stage that holds more than was loaded" wb-run --once -- 'wb-csv-extract m2.ndjson' ./meddle "wb-ch-load -t $m --swap --days 2024-06-02 --batch mine"
	is "$(state)" "$good" "$engine: replaces nothing"
	like "$(cat "$tmp/err")" 'nothing is replaced' "$engine: and says so"
	status 64 "$engine: --swap in a plain pipeline" wb-ch-load -t $m --swap --days 2024-06-02 m2.ndjson
	is "$(state)" "$good" "$engine: replaces nothing"
	status 64 "$engine: --days that are none" lane m2.ndjson 2024-06-31
	lock=$(ls -t "$tmp"/swap-$m-* | head -n 1)
	status 75 "$engine: one run at a time" flock "$lock" wb-run --once -- 'wb-csv-extract m2.ndjson' "wb-ch-load -t $m --swap --days 2024-06-02"
	run "CREATE TABLE ${m}_stage_dead AS $m"
	status 0 "$engine: a stage of a dead run" lane m2.ndjson 2024-06-02
	is "$(q "SELECT count() FROM system.tables WHERE name LIKE '%\\\\_stage\\\\_%'")" 0 "$engine: is dropped, and none is left"

	# readers see the old month or the new one
	awk 'BEGIN{for (i = 0; i < 20000; i++) printf "{\"day\":\"2024-06-%02d\",\"carrier_id\":%d,\"region_code\":\"R\",\"courier_id\":\"c%d\",\"assigned\":5,\"attempts\":1,\"delivered\":1,\"first_attempts\":1,\"first_attempt_ok\":1,\"failed_recipient\":0,\"failed_carrier\":0,\"failed_other\":0,\"brought_back\":4,\"first_scan_at\":null,\"last_scan_at\":null,\"active_sec\":1}\n", i % 20 + 1, i, i}' >m4.ndjson
	sed 's/"attempts":1/"attempts":2/' m4.ndjson >m5.ndjson
	june=$(awk 'BEGIN{for (i = 1; i <= 20; i++) printf "%s2024-06-%02d", (i > 1 ? "," : ""), i}')
	lane m4.ndjson "$june"
	( while [ ! -e stop ]; do q "SELECT count(), sum(attempts) FROM $m" || break; done ) >seen 2>/dev/null & watcher=$!
	lane m5.ndjson "$june"; lane m4.ndjson "$june"; lane m5.ndjson "$june"
	: >stop; wait $watcher; rm -f stop
	is "$(sort -u seen | tr '\t\n' ' ;')" '20000 20000;20000 40000;' "$engine: a reader sees all of the old or all of the new"

	# hours of a mart that has them
	m=mart_backlog_hour
	hrow() { printf '{"as_of":"%s","day":"%s","carrier_id":1,"dest_region":"R","stage":"in_transit","open_n":%d,"at_risk_n":0,"overdue_n":0,"paused_n":0,"stale_n":0,"age_sec_sum":0,"oldest_sec":0,"age_hist":[]}\n' "$1" "${1%T*}" "$2"; }
	{ hrow 2024-06-03T07:00:00.000Z 1; hrow 2024-06-03T08:00:00.000Z 2; } >h1.ndjson
	hrow 2024-06-03T08:00:00.000Z 3 >h2.ndjson
	run "TRUNCATE TABLE $m"
	lane h1.ndjson 2024-06-03
	status 0 "$engine: --swap of an hour" lane h2.ndjson 2024-06-03T08:00:00.000Z
	is "$(q "SELECT as_of, open_n FROM $m ORDER BY as_of" | tr '\t\n' ' ;')" '2024-06-03T07:00:00.000Z 1;2024-06-03T08:00:00.000Z 3;' "$engine: the other hours of the day stay"
}

passwords() {
	CLICKHOUSE_USER=secret CLICKHOUSE_PASSWORD=marker-of-a-password; export CLICKHOUSE_USER CLICKHOUSE_PASSWORD
	is "$(wb-sql -vv --format tsv -q 'SELECT 1' 2>err)" 1 "$engine: user and password"
	is "$(grep -c marker err)" 0 "$engine: are told nowhere"
	CLICKHOUSE_PASSWORD=wrong
	status 78 "$engine: a wrong password" wb-ch-load -t fct_event /dev/null
	unset CLICKHOUSE_PASSWORD
	printf 'marker-of-a-password\n' >pw; chmod 600 pw
	CLICKHOUSE_PASSWORD_FILE=$tmp/pw; export CLICKHOUSE_PASSWORD_FILE
	is "$(q 'SELECT 1')" 1 "$engine: the password of a file"
	chmod 644 pw
	status 78 "$engine: that others may read" wb-sql -q 'SELECT 1'
	unset CLICKHOUSE_USER CLICKHOUSE_PASSWORD_FILE
}

all() {
	schema
	types
	damage
	upserts
	faults_of_data
	lanes
	sql
	platform
	swaps
	killed
}

engine=chdb legacy=no
if start_chdb; then
	port=$chdb_port base=http://127.0.0.1:$chdb_port
	all
	# dictionaries whose keys have numbers of one, two and four bytes
	new_db
	run 'CREATE TABLE low (k UInt32, s LowCardinality(String), a Array(LowCardinality(String))) ENGINE = MergeTree ORDER BY k'
	awk 'BEGIN{for (i = 0; i < 70000; i++) printf "{\"k\":%d,\"s\":\"s%d\",\"a\":[%s]}\n", i, i % 69000, (i % 3 ? "\"x" i % 300 "\",\"\"" : "")}' | wb-ch-load -t low
	is "$(q "SELECT count(), uniqExact(s), sum(s = concat('s', toString(k % 69000))), sum(length(a)) FROM low")" "$(printf '70000\t69000\t70000\t93332')" "$engine: large dictionaries"
	is "$(q "SELECT uniqExact(arrayJoin(a)), countIf(k % 3 > 0 AND a[1] != concat('x', toString(k % 300))) FROM low")" "$(printf '201\t0')" "$engine: in arrays too"
	kill_server "$chdb_pid" TERM
else
	skip 'the embedded engine' 'no libchdb'
fi

engine=clickhouse_18 legacy=yes
if start_clickhouse_18; then
	port=$ch18_port base=http://127.0.0.1:$ch18_port
	all
	passwords
else
	skip 'ClickHouse 18.16' 'no clickhouse-server'
fi
done_testing
