#!/bin/sh
# wb-pg-extract against a real PostgreSQL: values to the bit, one snapshot, nothing missed of what is committed late.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
pass=$BIN/../bench/pass
unset XDG_RUNTIME_DIR WB_SOURCE; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
if ! start_postgres; then
	skip 'wb-pg-extract' 'no PostgreSQL (scripts/need check)'
	done_testing
fi
sql() { psql -qXAt -v ON_ERROR_STOP=1 -c "$1"; }
psql -qX -f "$top/scripts/sql/oltp.sql" >log 2>&1 || fail 'oltp.sql' "$(cat log)"

# ---- values
cat >types.sql <<'END'
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TYPE mood AS ENUM ('sad', 'so "so"');
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE types (id bigint, n smallint, big bigint, num numeric, f4 real, f8 double precision, ok boolean, t text, c char(4), tz timestamptz,
	ts timestamp, d date, tm time, iv interval, u uuid, by bytea, j json, jb jsonb, ai integer[], at text[], an numeric[], az timestamptz[], ab boolean[], aj jsonb[],
	dom positive, e mood, p pair, r int4range, ip inet, bx box[], "odd ""name" text);
INSERT INTO types (id) VALUES (1);
INSERT INTO types VALUES (2, -32768, 9223372036854775807, 12345678901234567890.123456789012345678901234567890, 1e30, 0.1, true, E'tab\there \\ back "quote" \n line \r \b \f \v \u00e9\u0436\U0001F600 \x01', 'ab',
	'2024-06-03 10:00:00.123456+03', '2024-06-03 10:00:00.5', '2024-02-29', '23:59:59.999999', '1 year 2 days 03:04:05.6', '00000000-0000-0000-0000-00000000000a', '\x00ff5c', E'{"a":\n\t[1, 2.50],"b":"x\\ny"}', '{"b": {"c": null}, "a": 1e2}',
	'{{1,2},{NULL,-4}}', E'{"a b","c,d","e\\"f",NULL,"NULL","","g\\\\h",i}', '{1.10,NaN}', '{"2024-06-03 07:00:00+00",infinity}', '{t,f,NULL}', ARRAY['{"x": [1, "y"]}', 'null']::jsonb[], 7, 'so "so"', ROW(1, 'x,"y'), '[1,5)', '10.0.0.1/8',
	'{(1,2),(0,0);(3,4),(1,1)}', 'x');
INSERT INTO types (id, num, f8, f4, tz, t, ai, at, d) VALUES (3, 'NaN', '-Infinity', 'NaN', 'infinity', '', '{}', '[2:3]={a,b}', '0044-03-15 BC');
INSERT INTO types (id, num, f8, tz, t, ad) SELECT 4, -0.00, -0.0, '12024-01-01 00:00+00', E'\\N', NULL FROM (SELECT NULL) x WHERE false;
INSERT INTO types (id, num, f8, tz, t, big) VALUES (4, 100.00, 1e-7, '12024-01-01 00:00+00', E'\\N', -9223372036854775808);
END
sed -i '/WHERE false/d' types.sql
psql -qX -v ON_ERROR_STOP=1 -f types.sql >log 2>&1 || fail 'types' "$(cat log)"
status 0 'a table of every type' wb-pg-extract --cursor id -t types
cp out types.out
is "$(wc -l <types.out) $(jq -c ._src types.out | paste -sd' ')" '4 ["types",0,1,0,0] ["types",0,2,0,0] ["types",0,3,0,0] ["types",0,4,0,0]' 'a record a row, named by its id'
is "$(jq -c 'select(.id == 1) | del(._src, .id) | to_entries | map(.value) | unique' types.out)" '[null]' 'null is null'
value() { grep "^{\"_src\":\[\"types\",0,$1," types.out | grep -oF "\"$2\":$3" | head -n 1 | cut -d: -f2-; }
v() { is "$(value "$1" "$2" "$3")" "$3" "$4"; }
v 2 n -32768 'smallint'
v 2 big 9223372036854775807 'bigint, to the last digit'
v 4 big -9223372036854775808 'the least bigint'
v 2 num 12345678901234567890.123456789012345678901234567890 'numeric, as written'
v 4 num 100.00 'with its zeros'
v 3 num '"NaN"' 'NaN is a string'
v 3 f8 '"-Infinity"' 'and so is an infinity'
v 2 f4 1e+30 'real'
v 2 f8 0.1 'double precision, the shortest that is exact'
v 4 f8 1e-07 'a small one'
v 2 ok true 'boolean'
v 2 tz '"2024-06-03T07:00:00.123Z"' 'timestamptz: UTC, milliseconds, cut'
v 3 tz '"infinity"' 'infinity is a string'
v 4 tz '"12024-01-01 00:00:00+00"' 'a year of five digits'
v 2 ts '"2024-06-03 10:00:00.5"' 'timestamp as it is'
v 3 d '"0044-03-15 BC"' 'a date before Christ'
v 2 by '"\\x00ff5c"' 'bytea'
v 2 jb '{"a": 100, "b": {"c": null}}' 'jsonb'
v 2 c '"ab  "' 'char(4), padded'
v 2 ai '[[1,2],[null,-4]]' 'an array of two dimensions'
v 3 ai '[]' 'an empty one'
v 3 at '"[2:3]={a,b}"' 'bounds that do not begin at 1'
v 2 at '["a b","c,d","e\"f",null,"NULL","","g\\h","i"]' 'texts in an array'
v 2 an '[1.10,"NaN"]' 'numeric'
v 2 az '["2024-06-03T07:00:00.000Z","infinity"]' 'times'
v 2 ab '[true,false,null]' 'booleans'
v 2 aj '[{"x": [1, "y"]},null]' 'JSON'
v 2 bx '["(1,2),(0,0)","(3,4),(1,1)"]' 'boxes, which a semicolon separates'
v 2 dom 7 'a domain'
v 2 j '{"a":  [1, 2.50],"b":"x\ny"}' 'json: line ends between tokens are blanks'
is "$(jq -r 'select(.id == 2) | ."odd \"name"' types.out)" x 'a name with a quote'
is "$(jq -r 'select(.id == 4) | .t' types.out)" '\N' 'the text \N is no null'
for col in t e p r u iv tm ip; do
	is "$(jq -r "select(.id == 2) | .$col" types.out | md5sum | cut -c1-32)" "$(psql -qXAt -c "SELECT $col::text || E'\n' FROM types WHERE id = 2" | sed '$d' | md5sum | cut -c1-32)" "$col, byte by byte"
done
is "$(wb-pg-extract --micros -t types | grep -o '2024-06-03T07:00:00.123456Z')" 2024-06-03T07:00:00.123456Z '--micros'
PGOPTIONS='-c datestyle=German -c timezone=Asia/Tokyo -c bytea_output=escape -c extra_float_digits=-3 -c intervalstyle=iso_8601' wb-pg-extract --cursor id -t types >other
ok 'settings of the session change nothing' cmp other types.out
sql "CREATE TABLE bad (id bigint, j json); INSERT INTO bad VALUES (1, '{\"a\":1}'), (2, '{\"a\":1,\"a\":2}'), (3, '\"\\u0000\"')"
sql "CREATE TABLE big (id bigint, t text); INSERT INTO big VALUES (1, repeat('x', 1100000)), (2, 'y')"
status 0 'rows that no record can hold' wb-pg-extract --rejects rejects --cursor id -t bad -t big
is "$(jq -c ._src out | paste -sd' ')" '["bad",0,1,0,0] ["big",0,2,0,0]' 'the others come'
is "$(jq -c '."@reject" | [.src, .stage, .code, .field]' rejects | paste -sd' ')" \
	'[["bad",0,2,0,0],"wb-pg-extract","json","j"] [["bad",0,3,0,0],"wb-pg-extract","utf8","j"] [["big",0,1,0,0],"wb-pg-extract","too_long","t"]' 'these are rejects, named by table, key and column'
sql 'CREATE TABLE own ("_src" int); CREATE TABLE empty ()'
status 78 'a column whose name is ours' wb-pg-extract -t own
like "$(cat err)" 'own: column "_src" has a name that belongs to Waybill' 'is told'
status 0 'a table without columns' wb-pg-extract -t empty

# ---- what is read
psql -qX <<'END'
INSERT INTO clients (id, name) SELECT i, 'client ' || i FROM generate_series(1, 500) i;
INSERT INTO carriers (id, code, name) SELECT i, 'c' || i, 'C' FROM generate_series(1, 5) i;
CREATE TABLE parted (id bigint, k int, pad text) PARTITION BY RANGE (k);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (50);
CREATE TABLE parted_b PARTITION OF parted FOR VALUES FROM (50) TO (100);
INSERT INTO parted SELECT i, i % 100, repeat('x', 500) FROM generate_series(1, 40000) i;
CREATE VIEW seen AS SELECT id, name FROM clients WHERE id <= 10;
CREATE SCHEMA "Odd"; CREATE TABLE "Odd"."My Table" (id int); INSERT INTO "Odd"."My Table" VALUES (1);
CREATE TABLE generated (id int, twice int GENERATED ALWAYS AS (id * 2) STORED); INSERT INTO generated VALUES (4);
CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent); INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2);
END
ids() { jq .id | sort -n | uniq | wc -l; }
is "$(wb-pg-extract -t clients -t carriers | jq -r '._src[0]' | sort | uniq -c | awk '{print $1, $2}' | paste -sd' ')" '5 carriers 500 clients' 'several tables'
is "$(wb-pg-extract -t parted | ids)" 40000 'a partitioned table'
is "$(wb-pg-extract -j 4 -t parted | ids)" 40000 'in parallel'
is "$(wb-pg-extract -j 4 -t parted -t clients | wc -l)" 40500 'each row once'
is "$(wb-pg-extract -j 3 --where 'id % 2 = 0' -t parted | wc -l)" 20000 'with a condition'
is "$(wb-pg-extract -t seen | wc -l)" 10 'a view'
is "$(wb-pg-extract -j 2 -t parent | jq .id | paste -sd' ')" '1 2' 'a table and what inherits from it'
is "$(wb-pg-extract -t '"Odd"."My Table"')" '{"_src":["My Table",0,1,0,0],"id":1}' 'a name that needs quotes'
is "$(wb-pg-extract -t generated)" '{"_src":["generated",0,1,0,0],"id":4,"twice":8}' 'a generated column'
is "$(wb-pg-extract -q 'SELECT 1 AS a; ' --name q)" '{"_src":["q",0,1,0,0],"a":1}' 'a query'
is "$(wb-pg-extract -q 'SELECT id, name FROM clients -- all' --name q --where 'id = 7' --cursor id)" '{"_src":["q",0,7,0,0],"id":7,"name":"client 7"}' 'with a comment, a condition and an id'
is "$(wb-pg-extract --where 'id = 7 -- seven' -t clients | jq .id)$(wb-pg-extract -j 2 --where 'k = 7 -- seven' -t parted | ids)" 7400 'a comment at the end of a condition'
printf '{"key":3}\n{"table":"clients","key":5,"why":"missing"}\n{"key":"77"}\n{"key":999}\n' >keys
is "$(wb-pg-extract --keys keys -t clients | jq .id | sort -n | paste -sd' ')" '3 5 77' '--keys'
sql "INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) SELECT i, 'e''' || i, 's' || i, 'c1', now() FROM generate_series(1, 3000) i"
seq 2 2500 | sed "s/.*/{\"key\":[\"s&\",\"e'&\"]}/" >keys
is "$(wb-pg-extract --keys keys -t shipment_events | ids)" 2499 'many keys, each the last of an array'
status 78 'keys that are none' sh -c 'echo "{\"k\":1}" | wb-pg-extract --keys - -t clients'
like "$(cat err)" '^wb-pg-extract: -:1: no "key" that is a number or a string$' 'are told by line'
is "$(wb-pg-extract -v -t clients 2>&1 >/dev/null | sed 's/,[^,]* s$//')" 'wb-pg-extract: 500 in, 500 out, 0 rejected, 0 filtered' 'the account'

# ---- what is wrong
status 78 'a table that is not there' wb-pg-extract -t nothing
like "$(cat err)" 'there is no table "nothing"' 'is told'
status 78 'a column that is not there' wb-pg-extract --cursor nope -t parted
like "$(cat err)" 'parted: there is no column "nope"' 'is told'
status 78 'a condition that is none' wb-pg-extract --where 'nope = 1' -t clients
like "$(cat err)" 'column "nope" does not exist \(42703\)' 'is told with its SQLSTATE'
status 65 'a value that the query cannot make' wb-pg-extract -q 'SELECT 1/0' --name q
status 64 'a password as an argument' wb-pg-extract -d 'host=x password=marker' -t clients
is "$(grep -c marker err)" 0 'is not repeated'
status 64 'what is no connection' wb-pg-extract -d 'postgresql://u:marker@[bad' -t clients
is "$(grep -c marker err)" 0 'nor is that'
status 75 'a server that is not there' wb-pg-extract -h "$tmp/nowhere" --wait 0s -t clients
status 78 'a role that is not there' wb-pg-extract -U nobody_of_that_name -t clients
sql 'CREATE ROLE reader LOGIN; GRANT SELECT ON clients, shipments, shipment_events TO reader'
status 78 'a table that the role may not read' wb-pg-extract -U reader -t carriers
like "$(cat err)" 'permission denied for table carriers \(42501\)' 'is told'
sql "ALTER TABLE clients ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON clients USING (id < 10)"
status 78 'rows that are hidden from the role' wb-pg-extract -U reader -t clients
sql 'ALTER TABLE clients DISABLE ROW LEVEL SECURITY'
status 74 'no room' sh -c 'wb-pg-extract -t parted >/dev/full'
rm -f rc closed
{ until [ -e closed ]; do :; done; wb-pg-extract -t parted 2>/dev/null; echo $? >rc; } | { exec <&-; : >closed; until_true 20 test -s rc; }
is "$(cat rc)" 75 'a dead reader'

# ---- one snapshot: between two tables something moves all the time
psql -qX <<'END'
CREATE TABLE a (id int, n bigint); CREATE TABLE b (id int, n bigint);
INSERT INTO a SELECT i, 100 FROM generate_series(1, 20000) i; INSERT INTO b SELECT i, 100 FROM generate_series(1, 20000) i;
END
mkfifo go; sh -c 'while [ ! -e stop ]; do echo "BEGIN; UPDATE a SET n = n - 1 WHERE id = 7; UPDATE b SET n = n + 1 WHERE id = 1; COMMIT; SELECT 1;"; done' | psql -qX >/dev/null 2>&1 & mover=$!
moved() { [ "$(sql 'SELECT n FROM b WHERE id = 1')" -gt "$1" ]; }
until_true 30 moved 110
for j in 1 4; do
	from=$(sql 'SELECT n FROM b WHERE id = 1')
	is "$(wb-pg-extract -j $j -t a -t b | jq .n | paste -sd+ | bc)" 4000000 "tables of one snapshot add up (-j $j)"
	ok 'while they changed' until_true 30 moved "$from"
done
: >stop; wait $mover

# ---- what is new
run() { wb-run --once -n new -- "wb-pg-extract $*" "tee got" "$pass -s --quiet" 2>err; }
got() { grep -v '^{"@' got | jq -r '"\(._src[0]) \(.id)"' | sort -u | paste -sd' '; }
sql 'TRUNCATE shipment_events, shipments, clients'
sql "INSERT INTO clients (id, name, updated_at) VALUES (1, 'a', now() - interval '1 day'), (2, 'b', now() - interval '1 day')"
sql "INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (1, 'x1', 's', 'c', now())"
status 64 '--state without a lane' wb-pg-extract --state state -t clients
run --lag 0s --state state -t clients -t shipment_events; is $? 0 'the first run' || cat err
is "$(got)" 'clients 1 clients 2 shipment_events 1' 'reads everything'
run --lag 0s --state state -t clients -t shipment_events; is "$? $(got)" '0 ' 'the second one nothing'
sql "UPDATE clients SET name = 'c' WHERE id = 2"
sql "INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (2, 'x2', 's', 'c', now())"
run --lag 0s --state state -t clients -t shipment_events; is "$(got)" 'clients 2 shipment_events 2' 'what has changed, what was added'
cp state before
wb-run --once -n new -- 'wb-pg-extract --state state --full -t clients -t shipment_events' "sh -c 'sed /@end/q >/dev/null; exit 78'" 2>/dev/null
ok 'nobody acknowledges: the state stays' cmp state before
run --lag 0s --state state --full -t clients -t shipment_events; is "$(got)" 'clients 1 clients 2 shipment_events 1 shipment_events 2' '--full'

# a transaction that is open for a while
mkfifo tx.late; psql -qXAt <tx.late >tx.late.out 2>&1 & late=$!
exec 7>tx.late
echo "BEGIN; INSERT INTO clients (id, name) VALUES (3, 'late'); INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (3, 'x3', 's', 'c', now()); SELECT 'done';" >&7
ok 'a transaction stays open' until_true 20 grep -q 'done' tx.late.out
sql "INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (4, 'x4', 's', 'c', now())"
sql "INSERT INTO clients (id, name) VALUES (4, 'd')"
run -v --lag 0s --state state -t clients -t shipment_events
is "$(got)" 'clients 4 shipment_events 4' 'what is committed beside it is read'
like "$(cat err)" 'the oldest transaction began [0-9]+ s ago \(pid [0-9]+, wb, psql\)' 'and it is told'
run --lag 0s --state state -t clients -t shipment_events
is "$(got)" 'clients 4 shipment_events 4' 'and read again as long as it is open'
echo 'COMMIT;' >&7; exec 7>&-; wait $late
run --lag 0s --state state -t clients -t shipment_events
is "$(got)" 'clients 3 clients 4 shipment_events 3 shipment_events 4' 'what it commits late is not missed'
run --lag 0s --state state -t clients -t shipment_events; is "$(got)" '' 'then all is old'

sql "ALTER SYSTEM SET max_prepared_transactions = 4"
kill_server "$pg_pid" INT
status 75 'a server that goes away' wb-pg-extract --wait 0s -t clients
start_postgres || fail 'PostgreSQL again'
printf "BEGIN; INSERT INTO clients (id, name) VALUES (5, 'prepared'); INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (5, 'x5', 's', 'c', now()); PREPARE TRANSACTION 'two phases';" | psql -qX
sql "INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (6, 'x6', 's', 'c', now())"
sql "INSERT INTO clients (id, name) VALUES (6, 'd')"
for i in 1 2; do
	run --lag 0s --state state -t clients -t shipment_events
	is "$(got)" 'clients 6 shipment_events 6' "while a transaction is prepared the same is read ($i)"
done
like "$(cat err)" '1 prepared transactions.*two phases, wb' 'and it is told'
sql "COMMIT PREPARED 'two phases'"
run --lag 0s --state state -t clients -t shipment_events
is "$(got)" 'clients 5 clients 6 shipment_events 5 shipment_events 6' 'what it commits is not missed'

# a session that tells nothing, ids that begin anew, a clock that is set back, more samples than are kept
mkfifo tx.blind; psql -qXAt <tx.blind >tx.blind.out 2>&1 & blind=$!
exec 7>tx.blind
echo "SET track_activities = off; BEGIN; INSERT INTO clients (id, name) VALUES (7, 'blind'); INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (7, 'x7', 's', 'c', now()); SELECT 'done';" >&7
ok 'a session without track_activities' until_true 60 grep -q 'done' tx.blind.out
sql "INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (8, 'x8', 's', 'c', now()); INSERT INTO clients (id, name) VALUES (8, 'd')"
run --lag 0s --state state -t clients -t shipment_events
like "$(cat err)" '1 sessions do not tell' 'is told'
echo 'COMMIT;' >&7; exec 7>&-; wait $blind
run --lag 0s --state state -t clients -t shipment_events
is "$(got | tr ' ' '\n' | grep -c '^[78]$')" 4 'what it commits is not missed'
until_true 60 sh -c "[ \"\$(psql -qXAt -c \"SELECT count(*) FROM pg_stat_activity WHERE state = 'disabled'\")\" = 0 ]"
run --lag 0s --state state -t clients -t shipment_events; run --lag 0s --state state -t clients -t shipment_events; is "$(got)" '' 'then all is old'
sql "TRUNCATE shipment_events; INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (2, 'y2', 's', 'c', now())"
run --lag 0s --state state -t clients -t shipment_events
is "$(got)" 'shipment_events 2' 'ids that begin anew are read'
like "$(cat err)" 'shipment_events: .*its ids have begun anew' 'and it is told'
run --lag 0s --state state -t clients -t shipment_events; is "$(got)" '' 'once'
sql 'TRUNCATE shipment_events'
run --lag 0s --state state -t shipment_events; is "$? $(got)" '0 ' 'an empty table'
sql "INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) VALUES (1, 'z1', 's', 'c', now())"
run --lag 0s --state state -t shipment_events; is "$(got)" 'shipment_events 1' 'that gets a row'
sed 's/"from":"[^"]*"/"from":"2099-01-01T00:00:00.000000Z"/' state >set.back
run --lag 0s --state set.back -t clients; is "$(got | wc -w)" 16 'a clock that was set back: all is read'
like "$(cat err)" "clients: the server's clock .* was set back" 'and it is told'
run --lag 0s --state set.back -t clients; is "$(got)" '' 'once'
cp state before
run --lag 0s --state state -t clients -t carriers; is "$(got)" 'carriers 1 carriers 2 carriers 3 carriers 4 carriers 5' 'a table that comes to a state later is read whole'
run --lag 0s --state state -t carriers -t shipment_events; is "$(got)" '' 'and then what is new'
sql "CREATE SCHEMA f; CREATE VIEW f.shipments AS SELECT id, id AS shipment_id, now() AS updated_at, 1 / (id - 3) AS x FROM generate_series(1, 5) id; INSERT INTO clients (id, name) VALUES (9, 'nine')"
cp state before
run --lag 0s --state state -t clients -t f.shipments; is $? 65 'one of two tables fails'
ok 'the state of neither moves on' cmp state before
run --lag 0s --state state -t clients; is "$(got)" 'clients 9' 'nothing of the other one is missed'
mkfifo tx.many; psql -qXAt <tx.many >tx.many.out 2>&1 & many=$!
exec 7>tx.many
echo "BEGIN; INSERT INTO clients (id, name) VALUES (10, 'x'); SELECT 'done';" >&7
ok 'a transaction stays open' until_true 60 grep -q 'done' tx.many.out
sql "INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) SELECT i, 'm' || i, 's', 'c', now() FROM generate_series(2, 400) i"
echo '{"v":1,"tables":{"shipment_events":{"cursor":"id","after":"2","samples":['"$(seq 100 355 | sed "s/.*/[\"2099-01-01T00:00:00.000&Z\",\"&\"]/" | paste -sd,)"']}}}' >many
run --lag 0s --state many -t shipment_events; is "$(got | wc -w)" $((2 * 398)) 'a state of 256 samples'
is "$(jq -c '.tables.shipment_events | [.after, (.samples | length), .samples[0][1], .samples[-1][1]]' many)" '["2",129,"100","400"]' 'keeps every second one, and what was safe'
echo 'COMMIT;' >&7; exec 7>&-; wait $many
run --lag 0s --state many -t shipment_events; run --lag 0s --state many -t shipment_events; is "$(got)" '' 'and moves on when it can'
sql 'CREATE TABLE local (id text, at timestamp, day timestamptz)'
run --state local.state --cursor at,id -t local; is $? 78 'a time without a zone'
like "$(cat err)" 'local: column "at" is no timestamp with time zone' 'tells nothing of what is new'
run --state local.state --cursor id -t local; is $? 78 'nor does a text'
echo '{"v":1,"tables":{"clients":{"cursor":"updated_at","from":"x'"'"' OR true OR name = '"'"'y1234"}}}' >hostile
run --state hostile -t clients; is $? 78 'a state whose time is none' || cat hostile

wb-run --once -n new -- 'wb-pg-extract -U reader --state reader.state -t clients' "$pass -s --quiet" 2>err; is $? 78 'a role that does not see when others began'
like "$(cat err)" 'GRANT pg_read_all_stats TO reader' 'is told what it lacks'
sql 'GRANT pg_read_all_stats TO reader'
wb-run --once -n new -- 'wb-pg-extract -U reader --state reader.state -t clients' "$pass -s --quiet" 2>err; is $? 0 'and can be given it'
echo '{"v":2}' >reader.state
wb-run --once -n new -- 'wb-pg-extract --state reader.state -t clients' "$pass -s --quiet" 2>err; is $? 78 'a state that is none'
wb-run --once -n new -- 'wb-pg-extract --state third -t parted' "$pass -s --quiet" 2>err; is $? 64 'a table that tells nothing of what is new'
like "$(cat err)" 'parted: .*--cursor COLUMN,ID' 'is told'

# ---- a table that is changed while it is its turn to come: it is read as it was, not as the empty one that an older snapshot would see
sql "CREATE TABLE first (id int, pad text); INSERT INTO first SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i; CREATE TABLE second (id int, v int); INSERT INTO second SELECT i, i FROM generate_series(1, 1000) i"
changes() { sql "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'ALTER%' AND wait_event_type = 'Lock'" | grep -qx 1 || ! kill -0 $alter; }
for j in 1 2; do
	rm -f slow; mkfifo slow
	wb-pg-extract -j $j --quiet -t first -t second >slow 2>err & reader=$!
	exec 7<slow
	until_true 60 sh -c 'psql -qXAt -c "SELECT count(*) FROM pg_stat_activity WHERE wait_event = '"'ClientWrite'"'" | grep -q "[1-9]"' || fail 'it reads' "$(cat err)"
	psql -qX -c 'ALTER TABLE second ALTER v TYPE text USING chr(96 + id % 26)' 2>/dev/null & alter=$!
	ok "a table is changed while another one is read (-j $j)" until_true 60 changes
	cat <&7 >out; exec 7<&-
	wait $reader; is "$? $(grep -c '"second"' out) $(jq -c 'select(._src[0] == "second" and .id == 7) | .v' out)" '0 1000 7' "it waits for its reader (-j $j)" || cat err
	wait $alter; is "$(sql 'SELECT v FROM second WHERE id = 2')" b 'and then comes'
	sql 'ALTER TABLE second ALTER v TYPE int USING id'
done
for c in 'DROP COLUMN v' 'RENAME id TO ident'; do
	sql "CREATE TABLE lost AS SELECT * FROM second; SELECT 1" >/dev/null
	wb-run --once -n new -- 'wb-pg-extract --lag 0s --state lost.state --cursor id -t lost' "$pass -s --quiet" 2>err
	sql "ALTER TABLE lost $c"
	wb-run --once -n new -- 'wb-pg-extract --lag 0s --state lost.state --cursor id -t lost' "tee got" "$pass -s --quiet" 2>err; echo $? >rc
	case $c in
	DROP*) is "$(cat rc)" 0 'a column that is gone is not read' ;;
	*) is "$(cat rc)" 78 'one by which what is new is told'; like "$(cat err)" 'lost: there is no column "id"' 'is missed by its name' ;;
	esac
	sql 'DROP TABLE lost'
done
# ---- a server that goes away while it is read
rm -f slow; mkfifo slow
wb-pg-extract --quiet -t first >slow 2>err & reader=$!
exec 7<slow
until_true 60 sh -c 'psql -qXAt -c "SELECT count(*) FROM pg_stat_activity WHERE wait_event = '"'ClientWrite'"'" | grep -q "[1-9]"' || fail 'it reads' "$(cat err)"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'ClientWrite'" >/dev/null
cat <&7 >out; exec 7<&-
wait $reader; is $? 75 'a session that ends in the middle of a table' || cat err
like "$(cat err)" '^wb-pg-extract: postgres on [^ ]*: ' 'is told'

# ---- a password is nowhere to be seen
secret=marker-of-a-$$-password; echo "$secret" >secret
sql "CREATE ROLE secretive LOGIN PASSWORD '$secret'; GRANT SELECT ON first TO secretive"
sed -i '1i local all secretive scram-sha-256' pg/data/pg_hba.conf; sql 'SELECT pg_reload_conf()' >/dev/null
asked() { ! psql -qXAtw -U secretive -c 'SELECT 1'; }
ok 'a server that asks for a password' until_true 60 asked
rm -f slow; mkfifo slow
PGPASSWORD=$secret wb-pg-extract -v -U secretive -t first >slow 2>err & reader=$!
exec 7<slow; head -c 1000 <&7 >out
is "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -cF -f secret)" 0 'no command line has it'
cat <&7 >>out; exec 7<&-; wait $reader; is "$? $(grep -c marker err)" '0 0' 'nor what is told'
status 78 'a wrong one' env PGPASSWORD=marker-of-another wb-pg-extract -U secretive -t first
is "$(grep -c marker-of err)" 0 'is not repeated'
like "$(cat err)" 'password authentication failed' 'but told'
(unset PGPASSWORD; HOME=$tmp wb-pg-extract -U secretive -t first >out 2>err </dev/null); is $? 78 'none' || cat err

# ---- writers at the same time, each with a delay before it commits; beside it readers that go on from the greatest value.
# WRITE=60: they write for that many seconds and more
writers=20 rows=$((${WRITE:-3} * 200))
sql 'TRUNCATE shipment_events, shipments, clients; CREATE SEQUENCE ids'
rm -f state all naive.*; : >all; : >naive.id; : >naive.at
# one that commits behind the others, or a slow machine may have none that does
mkfifo tx.behind; psql -qXAt <tx.behind >tx.behind.out 2>&1 & behind=$!
exec 7>tx.behind
echo "BEGIN; INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) SELECT n, 'x' || n, 's', 'c', now() FROM nextval('ids') n; INSERT INTO clients (id, name) SELECT 1000 + currval('ids'), 'new'; SELECT 'done';" >&7
ok 'a transaction stays open' until_true 60 grep -q 'done' tx.behind.out
w=0
while [ $w -lt $writers ]; do
	i=0
	# none of them keeps the other transaction open
	{ exec 7>&-; while [ $i -lt $((rows / writers)) ]; do
		echo "BEGIN; INSERT INTO shipment_events (id, event_id, shipment_id, carrier_code, event_time) SELECT n, 'x' || n, 's', 'c', now() FROM nextval('ids') n;"
		echo "INSERT INTO clients (id, name) VALUES (1 + (random() * 50)::int, 'w') ON CONFLICT (id) DO UPDATE SET name = excluded.name || random();"
		echo "INSERT INTO clients (id, name) SELECT 1000 + currval('ids'), 'new';"
		echo 'SELECT pg_sleep(random() * 0.2); COMMIT;'
		i=$((i + 1))
	done; } | psql -qX >/dev/null 2>writer.$w 7>&- & eval "writer_$w=\$!"
	w=$((w + 1))
done
great=0 newest=-infinity runs=0
drain() {
	# a transaction is seen a moment after it began: on a busy machine that is what --lag is for
	run --micros --lag 2s --state state -t shipment_events -t clients || return 1
	grep -v '^{"@' got >>all
	sql "SELECT id FROM shipment_events WHERE id > $great" >>naive.id
	great=$(sort -n naive.id | tail -n 1); great=${great:-0}
	sql "SELECT updated_at, id FROM clients WHERE updated_at > '$newest'" >>naive.at
	at=$(LC_ALL=C sort naive.at | tail -n 1 | cut -d'|' -f1); newest=${at:-$newest} runs=$((runs + 1))
}
busy() { jobs -l >/dev/null; w=0; while [ $w -lt $writers ]; do eval "kill -0 \$writer_$w 2>/dev/null" && return 0; w=$((w + 1)); done; return 1; }
committed() { [ "$(sql 'SELECT count(*) FROM shipment_events')" -gt 0 ]; }
ok 'others commit before it' until_true 60 committed
drain || fail 'a run beside the writers' "$(cat err)"
echo 'COMMIT;' >&7; exec 7>&-; wait $behind
while busy; do drain || { fail 'a run beside the writers' "$(cat err)"; break; }; done
w=0; while [ $w -lt $writers ]; do eval "wait \$writer_$w"; w=$((w + 1)); done
drain; drain
is "$(cat writer.*)" '' "$writers writers end well"
missed() { LC_ALL=C comm -13 have want | wc -l; }
jq -r 'select(._src[0] == "shipment_events") | .id' all | LC_ALL=C sort -u >have
sql 'SELECT id FROM shipment_events' | LC_ALL=C sort >want
is "$(missed) $(wc -l <have)" "0 $((rows + 1))" "no row is missed beside $writers writers, in $runs runs that read $(wc -l <all) records"
LC_ALL=C sort -u naive.id >have
ok "a reader that goes on from the greatest id misses some ($(missed) of $(wc -l <want))" test "$(missed)" -gt 0
jq -c 'select(._src[0] == "clients") | [.id, .updated_at, .name]' all | LC_ALL=C sort -t, -k1,1 -k2,2 | awk -F, '{last[$1] = $0} END {for (k in last) print last[k]}' | LC_ALL=C sort >have
sql "SELECT json_build_array(id, to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), name) FROM clients" | jq -c . | LC_ALL=C sort >want
is "$(missed)" 0 'the last version of every changed row is there'
cut -d'|' -f2 naive.at | LC_ALL=C sort -u >have
sql 'SELECT id FROM clients' | LC_ALL=C sort >want
ok "a reader that goes on from the greatest updated_at misses some ($(missed) of $(wc -l <want))" test "$(missed)" -gt 0
done_testing
