#!/bin/sh
# A store on PostgreSQL, read: filters give byte by byte what they give from ClickHouse; wb-sql; a server that goes away.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
cd "$tmp" || exit 1
WB_LOCKS=$tmp; export WB_LOCKS
now=2026-04-01T00:00:00.000Z
if ! start_postgres; then
	skip 'a store on PostgreSQL' 'no PostgreSQL (scripts/need check)'
	done_testing
fi
pg=postgresql:///postgres
psql -qX -v ON_ERROR_STOP=1 -f "$top/scripts/sql/postgres.sql" >log 2>&1 || fail 'postgres.sql' "$(cat log)"
sql() { PGOPTIONS='-c search_path=mart,public -c client_min_messages=warning' psql -qXAt -v ON_ERROR_STOP=1 -c "$1"; }
bare() { sed -E 's/^\{"_src":\[[^]]*\],/{/'; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 4)"; fi; }

# ---- filters, from both stores
fraction=
stored() { sed -E -e 's/("l(at|on)":-?[0-9]+\.[0-9]*[1-9])0+,/\1,/g; s/("l(at|on)":-?[0-9]+)\.0+,/\1,/g' -e "$fraction"; }
# load TABLE FILE: into both
load() {
	wb-ch-load -d "$ch" -t "$1" "$2" || fail "load $1"
	wb-pg-load -d "$pg" -t "$1" "$2" || fail "load $1"
}
# both NAME COMMAND ...: prints the same from both, and something; in $tmp/from.pg
both() {
	name=$1; shift
	WB_STORE=$ch "$@" >from.ch 2>from.ch.err; ch_rc=$?
	WB_STORE=$pg "$@" >from.pg 2>from.pg.err; pg_rc=$?
	sed -i 's/, [0-9.]* s$//' from.ch.err from.pg.err
	is "$pg_rc" "$ch_rc" "$name: exits alike"
	same from.ch.err from.pg.err "$name: tells the same"
	same from.ch from.pg "$name: prints the same"
}

filters() {
	WB_STORE=$ch wb-schema >/dev/null 2>&1 || fail 'wb-schema'
	wb-sample --seed 11 --shipments 200 --out p >/dev/null 2>&1
	stored <p/shipments.ndjson >p/shipments
	stored <p/support_contacts.ndjson >p/contacts
	wb-normalize --quiet --carriers p/carriers.ndjson --shipments p/shipments p/tracking.events.ndjson 2>/dev/null | stored >events
	wb-fold --now $now events >want
	wb-enrich --shipments p/shipments --clients p/clients.ndjson --carriers p/carriers.ndjson --regions p/regions.ndjson --contacts p/contacts want >want.enriched

	# wb-dim, in two steps
	for d in client carrier region; do
		both "dim_$d" wb-dim -t dim_$d "p/${d}s.ndjson"
		ok "dim_$d: rows" test -s from.pg
		cp from.pg rows; load dim_$d rows
		both "dim_$d, once more" wb-dim -v -t dim_$d --metrics m "p/${d}s.ndjson"
		is "$(wc -l <from.pg)" 0 "dim_$d: nothing is new"
		jq -c 'select((.id // 1) % 3 == 1) | .name += "!" | (if .updated_at then .updated_at = "2026-05-01T10:00:00.000Z" else . end)' "p/${d}s.ndjson" >changed
		both "dim_$d: changes" wb-dim -t dim_$d changed
		ok "dim_$d: are found" test "$(wc -l <from.pg)" -ge "$(wc -l <changed)"
	done
	echo '{"kind":"calendar","id":"x'\''s","tz":"UTC","week":[1,1,1,1,1,0,0]}' >rules
	both 'dim_date' wb-dim -t dim_date -r rules --now $now --from 2024-06-01 --to 2024-07-31
	cp from.pg rows; load dim_date rows
	sed 's/1,1,1,1,1,0,0/1,1,1,1,1,1,0/' rules >rules2
	both 'dim_date: Saturdays become workdays' wb-dim -t dim_date -r rules2 --now 2026-05-01 --from 2024-06-01 --to 2024-06-30
	is "$(jq -r .day from.pg | tr '\n' ' ')" '2024-06-01 2024-06-08 2024-06-15 2024-06-22 2024-06-29 ' 'dim_date: which are these'

	load stg_shipment p/shipments; load stg_contact p/contacts
	head -n 700 events >part; load fct_event part
	tail -n +501 events >part; load fct_event part

	# wb-fold
	both 'wb-fold --history' wb-fold --history --now $now p/shipments
	bare <want | sort >a; bare <from.pg | sort >b; same a b 'wb-fold --history: the documents of the events in one go'
	shuf --random-source=/bin/sh events >mixed
	both 'wb-fold --history, by events' wb-fold --history --now $now mixed
	both 'wb-fold --history, in parts' wb-fold --history --now $now -S 300k mixed
	both 'wb-fold --history: shipments that do not fit' wb-fold --quiet --history -S 1k --max-rejects 200,100 p/shipments
	jq -nc --arg e '{"event_id":"q","version":5,"event_time":"2026-03-03T07:00:00.000Z","received_at":"2026-03-03T07:00:00.000Z","lag_sec":-7,"is_date_only":true,"carrier":"cdek","carrier_id":1,"integration":"x","status":"accepted","map_hit":"given","to_recipient":false,"damaged":true,"lat":-0.0000001,"lon":179.123456789,"extra":"{\"a\":[1,\"\\\\ \\\"\"]}"}' \
		'("a'\''b", "x\\", "\\'\'' OR 1=1 -- ", "'\'') OR (1=1", "tab\tnew\nline", "Ёж", "`\"{x:String}", "\u0001", "NULL", "null", "{}", "{a,b}", "\\N", ",", " ", ":x", "$1") | {shipment_id: .} + ($e | fromjson)' >odd
	load fct_event odd
	both 'wb-fold --history: odd ids' wb-fold --history --now $now odd
	wb-fold --now $now odd | sort >a; bare <from.pg | sort >b; same a b 'wb-fold --history: odd ids are found, and nothing else'
	sed -E 's/"version":([0-9]+),/"version":9\1,/; s/"status":"in_transit"/"status":"at_destination"/' events >newer
	head -n 400 newer >part; load fct_event part
	both 'wb-fold --history: a newer map' wb-fold --history --now $now p/shipments

	# stored documents
	WB_STORE=$pg wb-enrich from.pg | wb-sla-tag --now $now >docs
	load fct_shipment docs
	jq -c 'select(.shipment_id == "S000000003") | .version += 1 | .days += ["2020-01-02"]' docs >older; load fct_shipment older
	both 'wb-fold --history: stored days' wb-fold --history --now 2026-04-02 p/shipments
	is "$(jq -c 'select(.shipment_id == "S000000003") | .days | index("2020-01-02")' from.pg)" 0 'wb-fold --history: are handed on'
	jq -c 'select(.shipment_id == "S000000004") | .version += 1000 | .events_n = 99' docs >archived; load fct_shipment archived
	both 'wb-fold --history: more events than there are' wb-fold --history --max-rejects 0 --rejects - --now 2026-04-03 archived
	is "$(jq -r '.["@reject"].code' from.pg)" history 'wb-fold --history: is a reject'

	# wb-enrich
	both 'wb-enrich' wb-enrich want
	same want.enriched from.pg 'wb-enrich: what it gives with files'
	c=$(jq -r 'select(.shipment_id != null and .shipment_id != "S000000001") | .shipment_id' p/contacts | head -n 1)
	n=$(jq -c "select(.shipment_id == \"$c\")" p/contacts | jq -r .id | sort -u | wc -l)
	long=$(printf '%065d' 7)
	jq -c "select(.shipment_id == \"$c\") | .shipment_id = \"$long\" | .updated_at = \"2026-06-01T00:00:00.000Z\"" p/contacts | head -n 1 >moved
	load stg_contact moved
	both 'wb-enrich: a contact of a shipment whose id is too long' wb-enrich want
	is "$pg_rc $(jq -r "select(.shipment_id == \"$c\") | .contacts_n" from.pg)" "0 $((n - 1))" 'wb-enrich: it counts for none'
	cat p/contacts moved >contacts
	wb-enrich --contacts contacts -d "$pg" want >out; same out from.pg 'wb-enrich: by files the same'
	sql "ALTER TABLE stg_contact DROP CONSTRAINT stg_contact_topic_check; UPDATE stg_contact SET topic = 'beamed' WHERE id = (SELECT min(id) FROM stg_contact WHERE shipment_id <> '$long' AND shipment_id <> '')"
	status 0 'wb-enrich: a contact that does not read' wb-enrich -d "$pg" --metrics m want
	like "$(cat err)" 'stg_contact: a row does not read.*topic' 'wb-enrich: says so'
	ok 'wb-enrich: and counts it' grep -q 'kind="unread_contact".* 1$' m
	is "$(wc -l <out) $(jq -s 'map(.contacts_n) | add' out)" "200 $(($(jq -s 'map(.contacts_n) | add' from.pg) - 1))" 'wb-enrich: nothing else is missing'
	# wb-normalize
	jq -c 'if ._src[2] % 3 == 0 then del(.shipment_id) else . end' p/tracking.events.ndjson >messages
	both 'wb-normalize' wb-normalize messages
	wb-normalize --carriers p/carriers.ndjson --shipments p/shipments messages >a 2>/dev/null; same a from.pg 'wb-normalize: what it gives with files'
	tn=$(jq -r 'select(.shipment_id == "S000000020") | .tracking_number' p/shipments) by=$(jq -r 'select(.shipment_id == "S000000020") | .carrier_id' p/shipments)
	jq -c --arg tn "$tn" --argjson by "$by" 'select(.shipment_id == "S000000020" or .shipment_id == "S000000021") | .updated_at = "2026-06-01T00:00:00.000Z" | .tracking_number = (if .shipment_id == "S000000020" then "gone" else $tn end) | .carrier_id = $by' p/shipments >part
	load stg_shipment part
	code=$(jq -r "select(.id == $by) | .code" p/carriers.ndjson)
	m() { printf '{"event_id":"%s","tracking_number":"%s","carrier_code":"%s","event_time":"2026-03-03T07:00:00Z","received_at":"2026-03-03T07:00:00Z","status":"accepted"}\n' "$1" "$2" "$3"; }
	{ m 1 "$tn" "$code"; m 2 gone "$code"; m 4 "it's \\\\n" "$code"; } >part
	both 'wb-normalize: numbers that moved' wb-normalize --quiet --rejects - part
	is "$(jq -r '.shipment_id // .["@reject"].code' from.pg | tr '\n' ' ')" 'S000000021 S000000020 shipment ' 'wb-normalize: to whom they belong now'

	# rejects, out of both stores
	jq -c 'if ._src[2] % 50 == 0 then .status = "beamed" | del(.raw_code) elif ._src[2] % 70 == 0 then .carrier_code = "newcomer" else . end' messages >refused
	for s in ch pg; do
		store=$pg; [ $s = pg ] || store=$ch
		ok "a lane with rejects, $s" env WB_STORE="$store" wb-run --once -- 'wb-csv-extract --records refused' 'wb-normalize --max-rejects 9999,100' "wb-$s-load -t fct_event"
	done
	of='SELECT src_topic, src_partition, src_offset, src_i, stage, ts, code, field, msg, raw, state FROM wb_reject'
	wb-sql -d "$ch" -q "$of FINAL ORDER BY src_topic, src_partition, src_offset, src_i, stage" >from.ch
	wb-sql -d "$pg" -q "$of ORDER BY src_topic, src_partition, src_offset, src_i, stage" | sed -E "$fraction" >from.pg
	same from.ch from.pg 'wb_reject: the same rows'
	ok 'wb_reject: there are some' test "$(wc -l <from.pg)" -gt 10
	cp from.pg rows
	both 'wb-normalize --redo' wb-normalize -v --redo rows
	head -n 1 p/carriers.ndjson | jq -c '.id = 4000 | .code = "newcomer"' | wb-dim -t dim_carrier >carrier; load dim_carrier carrier
	both 'wb-normalize --redo: the carrier came' wb-normalize --rejects - --redo rows
	ok 'wb-normalize --redo: its events come out' grep -q '"carrier":"newcomer"' from.pg
	is "$(WB_STORE=$pg wb-run --once -- "wb-sql -q 'SELECT * FROM wb_reject WHERE state = :open' --set open=open" 'wb-normalize --redo' 'wb-pg-load -t fct_event' >/dev/null 2>&1; echo $?)" 0 'wb-normalize --redo: a lane from the store into it'
	is "$(sql "SELECT count(*) FROM wb_reject WHERE state = 'resolved'")" "$(grep -c '"state":"resolved"' from.pg)" 'wb-normalize --redo: resolves them'

	# a row that no document can have
	jq -c 'select(.shipment_id == "S000000008") | .tracking_number = "012345678901234567890123456789012345678901234567890123456789012345" | .updated_at = "2026-06-01T00:00:00.000Z"' p/shipments >part
	load stg_shipment part
	both 'wb-enrich: a shipment that does not read' wb-enrich -d "$pg" --quiet --rejects - want
	is "$(jq -r '.["@reject"].code // empty' from.pg)" column 'wb-enrich: rejects its document'
}

# ---- wb-sql
ask() {
	WB_STORE=$pg; export WB_STORE
	cat >values.sql <<'SQL'
SELECT 1 AS a, -9223372036854775807::bigint AS b, 1.50::numeric(6,2) AS c, '2024-06-03'::date AS d, '2024-06-03 10:00:00.5+03'::timestamptz(3) AS e, ARRAY[1,NULL] AS f,
	NULL::text AS g, true AS h, 'NaN'::float8 AS i, E'a"\n\t\\' AS j, '{"x": [1.50]}'::jsonb AS k, ARRAY[['a'],['b,c']] AS l, '2024-06-03 10:00+03'::timestamptz(0) AS m, '{}'::date[] AS n, '' AS o
SQL
	is "$(wb-sql -f values.sql)" '{"a":1,"b":-9223372036854775807,"c":1.50,"d":"2024-06-03","e":"2024-06-03T07:00:00.500Z","f":[1,null],"g":null,"h":true,"i":"NaN","j":"a\"\n\t\\","k":{"x": [1.50]},"l":[["a"],["b,c"]],"m":"2024-06-03T07:00:00.000Z","n":[],"o":""}' 'values as NDJSON'
	is "$(wb-sql --format tsv -f values.sql)" "$(printf '1\t-9223372036854775807\t1.50\t2024-06-03\t2024-06-03T07:00:00.500Z\t[1,null]\t\\N\ttrue\tNaN\ta"\\n\\t\\\\\t{"x": [1.50]}\t[["a"],["b,c"]]\t2024-06-03T07:00:00.000Z\t[]\t')" 'as TSV'
	is "$(wb-sql --format csv -q "SELECT 1 AS a, 'b,\"c' AS b, NULL AS c, '' AS d")" "$(printf 'a,b,c,d\n1,"b,""c",,""')" 'as CSV'
	is "$(wb-sql --format table -q "SELECT 'é' AS a, 22 AS bb, NULL::int AS c")" "$(printf 'a  bb  c\né  22  NULL')" 'as a table for people'
	is "$(wb-sql -q 'SELECT 1 AS a WHERE false')" '' 'no rows'
	cat >several.sql <<'SQL'
-- a; b
CREATE TEMP TABLE t (id int PRIMARY KEY, s text);;
/* ; /* ; */ ; */
INSERT INTO t VALUES (1, 'a;b'), (2, E'it\'s; ''') RETURNING id, s;
CREATE FUNCTION pg_temp.f(int) RETURNS text LANGUAGE plpgsql AS $f$ BEGIN RETURN 'x;' || $1 || $$;$$; END $f$;
CREATE FUNCTION pg_temp.g(int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN $1 > 0 THEN 3 END; END;
SELECT pg_temp.f(1) AS f, pg_temp.g(2) AS g, "s;" FROM (SELECT 'q' AS "s;") x -- the end; of it
;
BEGIN; UPDATE t SET s = 'no'; ROLLBACK;
WITH gone AS (DELETE FROM t WHERE id = 1 RETURNING id) SELECT * FROM gone;
(TABLE t);
SHOW timezone;
EXPLAIN (COSTS OFF) SELECT 1;
DECLARE c CURSOR WITH HOLD FOR SELECT id, ARRAY[s, E'a\tb\\'] AS "as" FROM t; FETCH ALL FROM c;
DROP TABLE t
SQL
	is "$(wb-sql -f several.sql)" '{"id":1,"s":"a;b"}
{"id":2,"s":"it'"'"'s; '"'"'"}
{"f":"x;1;","g":3,"s;":"q"}
{"id":1}
{"id":2,"s":"it'"'"'s; '"'"'"}
{"TimeZone":"UTC"}
{"QUERY PLAN":"Result"}
{"id":2,"as":["it'"'"'s; '"'"'","a\tb\\"]}' 'several statements'
	is "$(wb-sql -q 'CREATE TABLE kept (id int); BEGIN; INSERT INTO kept VALUES (1); COMMIT; INSERT INTO kept VALUES (2)')$(sql 'SELECT count(*) FROM kept')" 2 'what changes the store does'
	is "$(sql "SELECT schemaname FROM pg_tables WHERE tablename = 'kept'")" mart 'in the schema of Waybill'

	is "$(wb-sql --set 'n=it'"'"'s a\b' --set day=2024-06-03 --set 'ids={1,2}' --set cols=b,a --set x='a";--' --set none='\N' --set k=1 \
		-q "SELECT :\"cols\", :n AS n, :'n' AS m, :day::date + 1 AS day, 2 = ANY(:ids::int[]) AS is, '12:00 :n' AS q, \$\$:n\$\$ AS r, (ARRAY[5,6])[a:b] AS s, :none::int AS none, :\"x\" FROM (SELECT 1 AS a, 2 AS b, 3 AS \"a\"\";--\") t -- :nobody
		WHERE a = :k")" '{"b":2,"a":1,"n":"it'"'"'s a\\b","m":"it'"'"'s a\\b","day":"2024-06-04","is":true,"q":"12:00 :n","r":":n","s":[5,6],"none":null,"a\";--":3}' 'parameters'
	status 78 'a parameter that has no value' wb-sql -q 'SELECT 1; SELECT :nobody'
	like "$(cat err)" 'statement 2: no value for :nobody' 'is told'
	mkdir -p share/sql/ask/postgres
	printf '\nSELECT :"cols" FROM (SELECT 1 AS a, 2 AS b) t WHERE a = :n;\nSELECT nonesuch' >share/sql/ask/postgres/some.sql
	is "$(WB_SHARE_DIR=share wb-sql --set cols='b, a' --set n=1 --ask some 2>err)" '{"b":2,"a":1}' '--ask, in the words of PostgreSQL'
	like "$(cat err)" 'share/sql/ask/postgres/some.sql:3: .*"nonesuch" does not exist \(42703\)' 'an error says file and line, and SQLSTATE'
	status 78 'syntax' wb-sql -q 'SELECT FROM WHERE'
	status 78 'no such table' wb-sql -q 'SELECT * FROM nonesuch'
	like "$(cat err)" 'statement 1: postgres on .*\(42P01\)' 'is told'
	status 78 'two columns of one name' wb-sql -q 'SELECT 1 AS a, 2 AS a'
	is "$(wb-sql --format tsv -q 'SELECT 1 AS a, 2 AS a')" "$(printf '1\t2')" 'are cells of TSV'
	status 78 'COPY with the client' wb-sql -q 'COPY kept FROM STDIN'
	status 78 'the other way' wb-sql -q 'COPY kept TO STDOUT'
	status 65 'an error in the data' wb-sql -q 'SELECT 1/(3 - n) FROM generate_series(1, 3) n'
	like "$(cat err)" '\(22012\)' 'by its SQLSTATE'
	status 65 'an error of no class' wb-sql -q 'SELECT (SELECT n FROM generate_series(1, 2) n)'
	status 65 'JSON that no record has' wb-sql -q "SELECT '{\"a\":1,\"a\":2}'::json AS j"
	status 74 'no room for the output' sh -c 'wb-sql -q "SELECT 1 AS a" >/dev/full'
	status 65 'a row that no record can be' wb-sql -q "SELECT repeat('x', 1 << 20) AS x"
	is "$(wb-sql --format tsv -q "SELECT repeat('x', 3000000) AS x" | wc -c)" 3000001 'but a line of TSV can'
	is "$(wb-sql -q "SELECT n, n::text AS s FROM generate_series(1, 300000) n" | tail -n 1)" '{"n":300000,"s":"300000"}' 'many rows'
	ok 'a reader that goes' sh -c 'wb-sql -q "SELECT n FROM generate_series(1, 1000000000) n" 2>/dev/null | head -n 1'
	ok 'ends the statement' until_true 60 sh -c "test \"\$(psql -qXAt -c \"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wb-sql'\")\" = 0"
	is "$(WB_LANE=x wb-sql -q 'SELECT 1 AS a' | sed -E 's/"run":"[0-9a-f]*"/"run":""/')" \
	    "$(printf '{"@hello":{"v":1,"run":"","lane":"x"}}\n{"a":1}\n{"@ckpt":{"run":"","n":1,"rows":1}}\n{"@end":{"run":"","n":1}}')" 'control lines'
	WB_LANE=x wb-sql -q 'SELECT 1/(300000 - n) AS a FROM generate_series(1, 400000) n' >broken 2>err
	is "$? $(grep -c '^{"@end"' broken)" '65 0' 'a result that breaks off has no end'
}

# ---- faults
faults() {
	WB_STORE=$pg; export WB_STORE
	status 64 'a password in the address' wb-fold --history -d 'postgresql://wb:hush@/postgres' want
	is "$(grep -c hush err)" 0 'is not repeated'
	status 64 'an address that is none' wb-fold --history -d 'dbname=x host' want
	status 78 'a database that is not there' wb-fold --history -d 'dbname=nobody' want
	sql 'CREATE DATABASE empty'
	for c in 'wb-fold --history' wb-enrich wb-normalize; do
		# shellcheck disable=SC2086
		status 78 "$c, no such table" $c -d dbname=empty want
	done
	sql "CREATE ROLE reader LOGIN CONNECTION LIMIT 0; GRANT USAGE ON SCHEMA mart TO reader"
	echo '{"shipment_id":"S000000001"}' >one
	wb-fold --history -d 'dbname=postgres user=reader' one >out 2>err & pid=$!
	ok 'a server that has no room is told' until_true 60 grep -q 'fct_shipment: .*too many connections.*; trying again' err
	sql 'GRANT SELECT ON ALL TABLES IN SCHEMA mart TO reader; ALTER ROLE reader CONNECTION LIMIT 5'
	wait $pid
	is "$? $(wc -l <out)" '0 1' 'and waited for'
	sql 'REVOKE SELECT ON fct_event FROM reader'
	status 78 'no access' wb-fold --history -d 'dbname=postgres user=reader' one

	[ -n "${ch:-}" ] || { head -n 3 p/carriers.ndjson | wb-dim -t dim_carrier | wb-pg-load -t dim_carrier; }
	# a connection that the server ends
	mkfifo in; wb-normalize <in >out 2>err & pid=$!
	exec 3>in
	{ m 1 "$tn" "$code"; } >&3
	ok 'the first message' until_true 60 test -s out
	ok 'the server ends the connection' until_true 60 sh -c "test \"\$(psql -qXAt -c \"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'wb-normalize'\")\" = 1"
	m 2 gone "$code" >&3
	exec 3>&-; wait $pid
	is "$? $(jq -r .event_id out | tr '\n' ' ')" '0 1 2 ' 'which is made again'
	like "$(cat err)" 'stg_shipment: .*; trying again' 'and told'
	rm in

	kill_server "$pg_pid"
	wb-fold --history one >out 2>err & pid=$!
	ok 'a server that is away is told' until_true 60 grep -q 'fct_shipment: .*; trying again' err
	start_postgres
	wait $pid
	is "$? $(tail -n 1 err) $(wc -l <out)" '0 wb-fold: fct_shipment: the store answers again 1' 'and waited for'
	kill_server "$pg_pid"
	status 75 'wb-sql does not wait' wb-sql -q 'SELECT 1'
}

tn=x code=cdek
echo '{"shipment_id":"S000000001"}' >want
if start_chdb; then
	ch=$chdb_url
	filters
elif start_clickhouse_18; then
	ch=$ch18_url fraction='s/(T[0-9:]{8})\.[0-9]{3}Z"/\1.000Z"/g'
	filters
else
	skip 'what filters give' 'no ClickHouse to compare with'
fi
ask
faults
done_testing
