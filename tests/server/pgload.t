#!/bin/sh
# wb-pg-load on a real PostgreSQL: by key and version, exactly as sent; what is refused is found; nothing is lost or double.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
unset XDG_RUNTIME_DIR WB_SOURCE WB_STORE; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
if ! start_postgres; then
	skip 'wb-pg-load' 'no PostgreSQL (scripts/need check)'
	done_testing
fi
sql() { psql -qXAt -v ON_ERROR_STOP=1 -c "$1"; }
psql -qX -v ON_ERROR_STOP=1 -f "$top/scripts/sql/postgres.sql" >log 2>&1 || fail 'postgres.sql' "$(cat log)"
PGOPTIONS='-c search_path=mart,public -c timezone=UTC -c client_min_messages=warning'; export PGOPTIONS
now=2026-04-01T00:00:00.000Z

# ---- out and in again
cat >types.sql <<'END'
CREATE TYPE mood AS ENUM ('sad', 'so "so"');
CREATE TABLE types (id bigint PRIMARY KEY, n smallint, big bigint, num numeric, f4 real, f8 double precision, ok boolean, t text, c char(4), tz timestamptz,
	ts timestamp, d date, tm time, iv interval, u uuid, by bytea, j json, jb jsonb, ai integer[], at text[], an numeric[], az timestamptz[], ab boolean[], aj jsonb[],
	e mood, r int4range, ip inet, bx box[], "odd ""name" text, v varchar(10));
INSERT INTO types (id) VALUES (1);
INSERT INTO types VALUES (2, -32768, 9223372036854775807, 12345678901234567890.123456789012345678901234567890, 1e30, 0.1, true, E'tab\there \\ back "quote" \n line \r \b \f \v \u00e9\u0436\U0001F600 \x01 \\N {}', 'ab',
	'2024-06-03 10:00:00.123456+03', '2024-06-03 10:00:00.5', '2024-02-29', '23:59:59.999999', '1 year 2 days 03:04:05.6', '00000000-0000-0000-0000-00000000000a', '\x00ff5c', '{"a":[1, 2.50],"b":"x\ny\\"}', '{"b": {"c": null}, "a": 1e2}',
	'{{1,2},{NULL,-4}}', E'{"a b","c,d","e\\"f",NULL,"NULL","","g\\\\h",i,"tab\t","{}"}', '{1.10,NaN}', '{"2024-06-03 07:00:00.000001+00",infinity}', '{t,f,NULL}', ARRAY['{"x": [1, "y\\"]}', 'null', '[1]']::jsonb[], 'so "so"', '[1,5)', '10.0.0.1/8',
	'{(1,2),(0,0);(3,4),(1,1)}', 'x', 'y');
INSERT INTO types (id, num, f8, f4, tz, t, ai, at, d) VALUES (3, 'NaN', '-Infinity', 'NaN', 'infinity', '', '{}', '[2:3]={a,b}', '0044-03-15 BC');
INSERT INTO types (id, num, f8, tz, t, big) VALUES (4, 100.00, 1e-7, '12024-01-01 00:00+00', E'\\N', -9223372036854775808);
CREATE TABLE again (LIKE types INCLUDING ALL);
END
psql -qX -v ON_ERROR_STOP=1 -f types.sql >log 2>&1 || fail 'types' "$(cat log)"
wb-pg-extract --micros -t types >types.ndjson
for gp in '' --greenplum; do
	sql 'TRUNCATE again'
	status 0 "a table of every type, out and in again $gp" wb-pg-load $gp -t again types.ndjson
	is "$(sql 'SELECT t::text FROM types t ORDER BY id' | md5sum)" "$(sql 'SELECT t::text FROM again t ORDER BY id' | md5sum)" 'is the same, bit by bit'
done
is "$(sql 'SELECT count(*) FROM again')" 4 'every row of it'

# ---- what is refused
cat >goods.sql <<'END'
CREATE TABLE goods (id int PRIMARY KEY, n smallint NOT NULL, p numeric(6,2), d date, s text NOT NULL DEFAULT 'none', k text CHECK (k IN ('a', 'b')), u uuid UNIQUE, version bigint NOT NULL);
END
psql -qX -f goods.sql
row() { printf '{"_src":["t",0,%s,0,0],"id":%s,%s"version":1}\n' "$1" "$1" "$2"; }
{
	row 1 '"n":1,"p":1.5,"d":"2024-01-31","k":"a",'; row 2 '"n":40000,'; row 3 '"n":3,"p":99999.99,'; row 4 '"n":4,"d":"2024-02-30",'; row 5 '"n":5,"k":"c",'
	row 6 '"n":null,'; row 7 ''; row 8 '"n":8,"u":"x",'; row 9 '"n":9,"s":7,'; row 10 '"n":"10","s":"text","p":"7.25",'; row 11 '"n":11,"nobody":1,'; row 12 '"n":1.5,'
	row 13 '"n":13,"u":"00000000-0000-0000-0000-00000000000a",'; row 14 '"n":14,"u":"00000000-0000-0000-0000-00000000000a",'; row 15 '"n":true,'; row 16 '"n":16,"p":[1],'; row 17 '"n":17,"carrier":"known",'
} >mixed
status 0 'rows that cannot be loaded' wb-pg-load -v --rejects rejects -t goods mixed
like "$(cat err)" 'wb-pg-load: 17 in, 4 loaded, 13 rejected, 0 filtered' 'are counted'
is "$(sql 'SELECT id FROM goods ORDER BY id' | paste -sd' ')" '1 10 13 17' 'the others are stored'
is "$(jq -r '."@reject" | "\(.src[2]) \(.stage) \(.code) \(.field)"' rejects | sort -n | paste -sd,)" \
	'2 wb-pg-load:goods column n,3 wb-pg-load:goods column p,4 wb-pg-load:goods column d,5 wb-pg-load:goods column ,6 wb-pg-load:goods column n,7 wb-pg-load:goods missing n,8 wb-pg-load:goods column u,9 wb-pg-load:goods column s,11 wb-pg-load:goods unknown nobody,12 wb-pg-load:goods column n,14 wb-pg-load:goods column ,15 wb-pg-load:goods column n,16 wb-pg-load:goods column p' 'each says which column'
like "$(jq -r '."@reject" | select(.src[2] == 3) | .msg' rejects)" 'numeric field overflow \(22003\)' 'and why, with the SQLSTATE'
like "$(jq -r '."@reject" | select(.src[2] == 5) | .msg' rejects)" 'check constraint .*goods_k_check.* \(23514\)' 'a check too'
like "$(jq -r '."@reject" | select(.src[2] == 14) | .msg' rejects)" 'duplicate key .*goods_u_key.* \(23505\)' 'and another unique index'
is "$(sql 'SELECT n, p, s FROM goods WHERE id = 10')" '10|7.25|text' 'strings are read as what the column is'
is "$(sql 'SELECT s FROM goods WHERE id = 1')" none 'a default stands for what is absent'
{ row 1 '"n":1,'; seq 2 3000 | sed 's/.*/{"_src":["t",0,&,0,0],"id":&,"n":1,"d":"2024-02-30","version":1}/'; } >all.bad
status 65 'more rows than may be refused' wb-pg-load --max-rejects 100 -t goods all.bad

# ---- which row wins
sql 'TRUNCATE goods'
printf '{"id":1,"n":1,"version":5}\n{"id":1,"n":2,"version":7}\n{"id":1,"n":3,"version":6}\n' >v1
printf '{"id":1,"n":4,"version":6}\n{"id":2,"n":5,"version":1}\n{"id":2,"n":6,"version":1}\n' >v2
printf '{"id":1,"n":9,"version":8}\n' >v3
for gp in '' --greenplum; do
	sql 'TRUNCATE goods'
	wb-pg-load $gp -t goods v1; is "$(sql 'SELECT n, version FROM goods')" '2|7' "the greatest version of a batch $gp"
	wb-pg-load $gp -t goods v2; is "$(sql 'SELECT n, version FROM goods ORDER BY id' | paste -sd' ')" '2|7 6|1' 'an older one changes nothing; of equal ones of a batch the last'
	wb-pg-load $gp -t goods v1 v2; is "$(sql 'SELECT n, version FROM goods ORDER BY id' | paste -sd' ')" '2|7 6|1' 'a replay changes nothing'
	wb-pg-load $gp -t goods v3; is "$(sql 'SELECT n, version FROM goods ORDER BY id' | paste -sd' ')" '9|8 6|1' 'a newer one does'
	sql 'TRUNCATE mart.wb_state'
	printf '{"name":"a","value":"x","version":2}\n' | wb-pg-load $gp -t wb_state
	printf '{"name":"a","value":"y","version":1}\n' | wb-pg-load $gp -t wb_state
	is "$(sql 'SELECT value FROM wb_state')" x 'disorder: the old row does not win'
done
wb-sample --seed 3 --shipments 400 --faults duplicates,disorder --out p >/dev/null 2>&1
wb-normalize --quiet --carriers p/carriers.ndjson --shipments p/shipments.ndjson p/tracking.events.ndjson >events
keys=$(jq -r '"\(.shipment_id) \(.event_id)"' events | sort -u | wc -l)
# the greatest version of each event
jq -c '[.shipment_id, .event_id, .version, .status, .event_time]' events | sort -t, -k1,2 -k3,3n | awk -F, '{last[$1 "," $2] = $0} END {for (k in last) print last[k]}' | jq -c . | sort >want
for gp in '' --greenplum; do
	sql 'TRUNCATE fct_event'
	status 0 "events $gp" wb-pg-load $gp -t fct_event events
	tac events >back
	status 0 'and backwards' wb-pg-load $gp -S 1M -t fct_event back
	is "$(sql 'SELECT count(*), count(DISTINCT (shipment_id, event_id)) FROM fct_event')" "$keys|$keys" 'each event once'
	sql "SELECT json_build_array(shipment_id, event_id, version, status, to_char(event_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')) FROM fct_event" | jq -c . | sort >have
	ok 'in its greatest version' cmp have want || diff have want | head -n 4
	head -n 1 events | jq -c '.version = 9e15 + 1 | .event_time = "2026-05-07T00:00:00.000Z"' | sed 's/9000000000000001.0/9000000000000001/' >moved
	status 0 'an event that moves to another month' wb-pg-load $gp -t fct_event moved
	is "$(sql 'SELECT count(*), count(DISTINCT (shipment_id, event_id)) FROM fct_event')" "$keys|$keys" 'is still one'
	is "$(sql "SELECT count(*) FROM fct_event WHERE event_time >= '2026-05-07'")" 1 'there'
done
for t in shipments:stg_shipment support_contacts:stg_contact integrations_log:stg_call; do
	status 0 "${t#*:}" wb-pg-load -t "${t#*:}" "p/${t%:*}.ndjson"
	is "$(sql "SELECT count(*) FROM ${t#*:}")" "$(jq -r "$([ "${t#*:}" = stg_shipment ] && echo .shipment_id || echo .id)" "p/${t%:*}.ndjson" | sort -u | wc -l)" 'is there'
done
for d in client carrier region; do
	wb-dim -t dim_$d "p/${d}s.ndjson" >d.$d
	status 0 "dim_$d" wb-pg-load -t dim_$d d.$d
	is "$(sql "SELECT count(*) FROM dim_$d")" "$(wc -l <d.$d)" 'is there'
done
wb-fold --now $now events | wb-enrich --shipments p/shipments.ndjson --clients p/clients.ndjson --carriers p/carriers.ndjson \
	--regions p/regions.ndjson --contacts p/support_contacts.ndjson | wb-sla-tag >docs
status 0 'documents' wb-pg-load -t fct_shipment docs
is "$(sql 'SELECT count(*), sum(events_n), sum(attempts), count(due_at) FROM fct_shipment')" "$(jq -s -r '[length, (map(.events_n) | add), (map(.attempts) | add), (map(select(.due_at != null)) | length)] | join("|")' docs)" 'are there'

# ---- a lane: rows and rejects, passed on when they are stored
sql 'TRUNCATE fct_event; TRUNCATE wb_reject; TRUNCATE goods'
wb-run --once -n load -- "wb-csv-extract --records p/tracking.events.ndjson" "wb-normalize --carriers p/carriers.ndjson --shipments p/shipments.ndjson" \
	'wb-pg-load --tee -t fct_event' "tee passed" "$BIN/../bench/pass -s --quiet" 2>err; is $? 0 'a lane' || cat err
is "$(sql 'SELECT count(*) FROM fct_event')" "$keys" 'its events are stored'
is "$(grep -vc '^{"@' passed)" "$(wc -l <events)" 'and passed on'
wb-run --once -n load -- "wb-csv-extract --records mixed" 'wb-pg-load -t goods' 2>err; is $? 0 'a lane with rejects' || cat err
is "$(sql "SELECT count(*), count(DISTINCT code) FROM wb_reject WHERE state = 'open' AND stage = 'wb-pg-load:goods'")" '13|3' 'which are kept'
is "$(sql "SELECT convert_from(decode(raw, 'base64'), 'UTF8')::json->>'nobody' FROM wb_reject WHERE code = 'unknown'")" 1 'with their bytes'
wb-run --once -n load -- "wb-csv-extract --records mixed" 'wb-pg-load -t goods' 2>err
is "$(sql 'SELECT count(*) FROM wb_reject')" 13 'once, however often they come'

# ---- whole days
cat >mart.sql <<'END'
CREATE TABLE mart_x (day date NOT NULL, k text NOT NULL, n int NOT NULL CHECK (n >= 0), computed_at timestamptz NOT NULL, batch_id text NOT NULL, PRIMARY KEY (day, k));
INSERT INTO mart_x VALUES ('2024-01-01', 'a', 1, now(), 'old'), ('2024-01-02', 'a', 1, now(), 'old'), ('2024-01-02', 'gone', 1, now(), 'old'), ('2024-01-03', 'a', 1, now(), 'old');
END
psql -qX -f mart.sql
x() { sql "SELECT day, k, n, batch_id FROM mart_x ORDER BY day, k" | paste -sd' '; }
swap() { wb-run --once -n swap -- "$1" "wb-pg-load -v --swap --batch new --days '$2' -t mart_x" 2>err; }
printf '{"day":"2024-01-02","k":"a","n":7}\n{"day":"2024-01-04","k":"b","n":8}\n' >rows
status 64 '--swap without a lane' wb-pg-load --swap --days 2024-01-02 -t mart_x rows
swap 'wb-csv-extract -t x rows' '2024-01-02,2024-01-04'; is $? 0 'days are replaced' || cat err
is "$(x)" '2024-01-01|a|1|old 2024-01-02|a|7|new 2024-01-03|a|1|old 2024-01-04|b|8|new' 'and no other'
swap "sh -c 'head -c 40 rows | wb-csv-extract -t x - | head -n 2'" '2024-01-02'; is $? 75 'a reader that dies'
is "$(x)" '2024-01-01|a|1|old 2024-01-02|a|7|new 2024-01-03|a|1|old 2024-01-04|b|8|new' 'replaces nothing'
swap 'wb-csv-extract -t x rows' '2024-01-02'; is $? 65 'a row on another day'
like "$(cat err)" '1 rows stand on days that are not to be replaced' 'is told'
printf '{"day":"2024-01-02","k":"a","n":-7}\n' >bad; swap 'wb-csv-extract -t x bad' '2024-01-02'; is $? 65 'a row that is refused by a check' || cat err
printf '{"day":"2024-01-02","k":"a","n":"x"}\n' >bad; swap 'wb-csv-extract -t x bad' '2024-01-02'; is $? 65 'a row that is rejected'
is "$(x)" '2024-01-01|a|1|old 2024-01-02|a|7|new 2024-01-03|a|1|old 2024-01-04|b|8|new' 'still nothing'
swap 'wb-csv-extract -t x /dev/null' '2024-01-02,2024-01-03'; is "$(x)" '2024-01-01|a|1|old 2024-01-04|b|8|new' 'a day without rows is emptied'
sql "INSERT INTO wb_horizon VALUES ('shipment', '2026-12-01', 1)"
wb-aggregate -t mart_delivery_day --now $now docs >mart
jq -r .day mart | sort -u >days
wb-run --once -n swap -- 'wb-csv-extract -t m mart' 'wb-pg-load --swap --days days -t mart_delivery_day' 2>err; is $? 65 'days before the horizon'
like "$(cat err)" 'days lie before the horizon' 'are refused'
sql 'DELETE FROM wb_horizon'
wb-run --once -n swap -- 'wb-csv-extract -t m mart' 'wb-pg-load --swap --days days -t mart_delivery_day' 2>err; is $? 0 'a mart' || cat err
is "$(sql 'SELECT sum(created), sum(delivered), sum(revenue) FROM mart_delivery_day')" "$(jq -s -r '[(map(.created) | add), (map(.delivered) | add)] | join("|")' mart)|$(jq -r .revenue mart | paste -sd+ | bc)" 'is there to the last figure'

# ---- what is wrong
status 78 'a table that is not there' wb-pg-load -t nothing events
sql 'CREATE TABLE nokey (id int)'
status 78 'a table without a key' wb-pg-load -t nokey v1
like "$(cat err)" 'no primary key, without which a repeated load would double its rows' 'is told'
sql "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA mart TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA mart TO reader; GRANT SELECT ON goods TO reader"
sql 'TRUNCATE goods, wb_reject'
status 78 'a role that may not write' wb-pg-load -U reader -t goods v1
like "$(cat err)" 'permission denied for table goods \(42501\)' 'is told'
status 64 'a password as an argument' wb-pg-load -d 'postgresql://u:marker@h/d' -t goods v1
is "$(grep -c marker err)" 0 'is not repeated'

# ---- two writers of the same rows, a server that is killed, loaders that are
seq 1 20000 | sed 's/.*/{"id":&,"n":1,"version":1}/' >up; tac up >down
wb-pg-load -S 1M -t goods up & one=$!
wb-pg-load -S 1M -t goods down; is $? 0 'two writers of the same rows'
wait $one; is $? 0 'end both'
is "$(sql 'SELECT count(*) FROM goods')" 20000 'each row once'
sql 'TRUNCATE fct_event, wb_reject'
kills=0
cat >lane <<END
wb-csv-extract --records p/tracking.events.ndjson
wb-normalize --carriers p/carriers.ndjson --shipments p/shipments.ndjson
wb-pg-load -S 1M --tee -t fct_event
tee -a passed2
$BIN/../bench/pass -s --quiet
END
while [ $kills -lt "${KILLS:-9}" ]; do
	: >passed2
	wb-run --once lane 2>err & run=$!
	until_true 20 sh -c "pgrep -P $run -f 'wb-pg-load' >/dev/null || ! kill -0 $run 2>/dev/null"
	if [ $((kills % 3)) -eq 2 ]; then
		kill_server "$pg_pid"; start_postgres || fail 'PostgreSQL again'
	else
		pkill -9 -P $run -f wb-pg-load 2>/dev/null
	fi
	wait $run 2>/dev/null
	kills=$((kills + 1))
done
wb-run --once lane 2>err; is $? 0 "the lane after $kills deaths of loader and server" || cat err
is "$(sql 'SELECT count(*), count(DISTINCT (shipment_id, event_id)) FROM fct_event')" "$keys|$keys" 'nothing lost, nothing double'
sql "SELECT json_build_array(shipment_id, event_id, version, status, to_char(event_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')) FROM fct_event" | jq -c . | sort >have
ok 'every event as it was sent' cmp have want
done_testing
