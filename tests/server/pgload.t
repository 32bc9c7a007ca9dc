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
cat >types.sql <<'SQL'
CREATE TYPE mood AS ENUM ('sad', 'so "so"');
CREATE TABLE types (id bigint PRIMARY KEY, n smallint, big bigint, num numeric, f4 real, f8 double precision, ok boolean, t text, c char(4), tz timestamptz,
	ts timestamp, d date, tm time, iv interval, u uuid, by bytea, j json, jb jsonb, ai integer[], at text[], an numeric[], az timestamptz[], ab boolean[], aj jsonb[],
	e mood, r int4range, ip inet, bx box[], "odd ""name" text, v varchar(10));
INSERT INTO types (id) VALUES (1);
INSERT INTO types VALUES (2, -32768, 9223372036854775807, 12345678901234567890.123456789012345678901234567890, 1e30, 0.1, true, E'tab\there \\ back "quote" \n line \r \b \f \v \u00e9\u0436\U0001F600 \x01 \\N {}', 'ab',
	'2024-06-03 10:00:00.123456+03', '2024-06-03 10:00:00.5', '2024-02-29', '23:59:59.999999', '1 year 2 days 03:04:05.6', '00000000-0000-0000-0000-00000000000a', '\x00ff5c', '{"a":[1, 2.50],"b":"x\ny\\"}', '{"b": {"c": null}, "a": 1e2}',
	'{{1,2},{NULL,-4}}', E'{"a b","c,d","e\\"f",NULL,"NULL","","g\\\\h",i,"tab\t","{}"}', '{1.10,NaN}', '{"2024-06-03 07:00:00.000001+00",infinity}', '{t,f,NULL}', ARRAY['{"x": [1, "y\\"]}', NULL, '[1]']::jsonb[], 'so "so"', '[1,5)', '10.0.0.1/8',
	'{(1,2),(0,0);(3,4),(1,1)}', 'x', 'y');
INSERT INTO types (id, num, f8, f4, tz, t, ai, at, d) VALUES (3, 'NaN', '-Infinity', 'NaN', 'infinity', '', '{}', '[2:3]={a,b}', '0044-03-15 BC');
INSERT INTO types (id, num, f8, tz, t, big) VALUES (4, 100.00, 1e-7, '12024-01-01 00:00+00', E'\\N', -9223372036854775808);
CREATE TABLE again (LIKE types INCLUDING ALL);
SQL
psql -qX -v ON_ERROR_STOP=1 -f types.sql >log 2>&1 || fail 'types' "$(cat log)"
wb-pg-extract --micros -t types >types.ndjson
for gp in '' --greenplum; do
	sql 'TRUNCATE again'
	status 0 "a table of every type, out and in again $gp" wb-pg-load $gp -t again types.ndjson
	is "$(sql 'SELECT r.*::text FROM again r ORDER BY id')" "$(sql 'SELECT r.*::text FROM types r ORDER BY id')" 'is the same, bit by bit'
done
is "$(sql 'SELECT count(*) FROM again')" 4 'every row of it'

# ---- what is refused
cat >goods.sql <<'SQL'
CREATE TABLE goods (id int PRIMARY KEY, n smallint NOT NULL, p numeric(6,2), d date, s text NOT NULL DEFAULT 'none', k text CHECK (k IN ('a', 'b')), u uuid UNIQUE, version bigint NOT NULL);
SQL
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
	is "$(sql 'SELECT value FROM wb_state')" x "disorder: the old row does not win${gp:+ ($gp)}"
	printf '{"name":"a","value":"z","version":2}\n' | wb-pg-load $gp -t wb_state
	is "$(sql 'SELECT value FROM wb_state')" z "of equal versions the one loaded last, as in ClickHouse $gp"
	sql 'CREATE TABLE IF NOT EXISTS aged (id int PRIMARY KEY, n int, updated_at timestamptz); TRUNCATE aged'
	printf '{"id":1,"n":1,"updated_at":"2026-01-02T00:00:00Z"}\n{"id":1,"n":2}\n{"id":2,"n":3}\n' | wb-pg-load $gp -t aged
	is "$(sql 'SELECT id, n FROM aged ORDER BY id' | paste -sd' ')" '1|1 2|3' 'a row without a version is the oldest'
	printf '{"id":1,"n":4}\n{"id":1,"n":5,"updated_at":"2026-01-03T00:00:00Z"}\n{"id":1,"n":6}\n' | wb-pg-load $gp -t aged
	is "$(sql 'SELECT n FROM aged WHERE id = 1')" 5 'and hides no newer one'
	printf '{"id":1,"n":7}\n' | wb-pg-load $gp -t aged
	is "$(sql 'SELECT n FROM aged WHERE id = 1')" 5 'nor replaces one'
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

# ---- what a batch can be
cat >odd.sql <<'SQL'
CREATE TABLE onlykey (id int PRIMARY KEY);
CREATE TABLE longkey (k text PRIMARY KEY);
CREATE TABLE lasting (id int PRIMARY KEY, v int, t text);
CREATE SEQUENCE drawn;
CREATE TABLE defaults (id bigint PRIMARY KEY DEFAULT nextval('drawn'), a varchar(10) NOT NULL DEFAULT 'it''s', b numeric(6,2) NOT NULL DEFAULT 1.5, c int[] NOT NULL DEFAULT '{1,2}',
	d timestamptz(3) NOT NULL DEFAULT '2024-01-01 00:00:00+00', e int NOT NULL DEFAULT -1, f timestamptz DEFAULT now(), g text DEFAULT (NULL)::text);
CREATE DOMAIN numbers AS int[]; CREATE DOMAIN small AS smallint; CREATE DOMAIN smaller AS small;
CREATE TABLE domains (id int PRIMARY KEY, n numbers, s smaller, a smaller[], twice int NOT NULL GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE picky (id int PRIMARY KEY, n int);
CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.n = 7 THEN RAISE EXCEPTION 'not seven'; END IF; RETURN new; END $$;
CREATE TRIGGER picky BEFORE INSERT ON picky FOR EACH ROW EXECUTE FUNCTION picky();
SQL
psql -qX -v ON_ERROR_STOP=1 -f odd.sql >log 2>&1 || fail 'odd tables' "$(cat log)"
for gp in '' --greenplum; do
	printf '{"id":1}\n{"id":2}\n{"id":1}\n' >in
	status 0 "a table that is nothing but its key $gp" wb-pg-load $gp -t onlykey in
	is "$(sql 'SELECT id FROM onlykey ORDER BY id' | paste -sd' ')" '1 2' 'is loaded'
	# wide rows leave room for narrow ones on pages before: where a row lies tells nothing
	awk 'BEGIN { w = sprintf("%3000s", ""); gsub(" ", "x", w); for (i = 1; i <= 6000; i++) printf "{\"id\":%d,\"v\":%d,\"t\":\"%s\"}\n", i % 7, i, i * 7919 % 3 ? substr(w, 1, i * 104729 % 1900) : "" }' >in
	wb-pg-load $gp -t lasting in
	is "$(sql 'SELECT id, v FROM lasting ORDER BY id' | paste -sd' ')" "$(jq -r '"\(.id)|\(.v)"' in | tail -n 7 | sort | paste -sd' ')" "of many rows of a key the last one $gp"
	sql 'TRUNCATE onlykey, lasting, picky, longkey'
	{ echo '{"k":"a"}'; printf '{"k":"%s"}\n' "$(od -An -v -tx1 -N6000 /dev/urandom | tr -d ' \n')"; echo '{"k":"b"}'; } >in
	status 0 "a key that no index holds $gp" wb-pg-load $gp --rejects rejects -t longkey in
	is "$(sql 'SELECT k FROM longkey ORDER BY k' | paste -sd' ') $(jq -r '."@reject".msg' rejects | grep -c '(54000)')" 'a b 1' 'is a reject, the others are stored'
	printf '{"id":1,"n":1}\n{"id":2,"n":7}\n{"id":3,"n":3}\n' >in
	status 0 "what a trigger refuses $gp" wb-pg-load $gp --rejects rejects -t picky in
	is "$(sql 'SELECT id FROM picky ORDER BY id' | paste -sd' ') $(jq -r '."@reject".msg' rejects | grep -c 'not seven (P0001)')" '1 3 1' 'too'
done
printf '{"id":1,"f":null}\n' >in
status 0 'defaults' wb-pg-load -t defaults in
is "$(sql 'SELECT a, b, c, d, e, f, g FROM defaults')" "it's|1.50|{1,2}|2024-01-01 00:00:00+00|-1||" 'that are one value stand for what is absent'
printf '{"f":null}\n{"id":2}\n' >in
status 0 'others' wb-pg-load --rejects rejects -t defaults in
is "$(sql 'SELECT count(*) FROM defaults') $(jq -r '."@reject" | "\(.code) \(.field)"' rejects | paste -sd' ')" '1 missing id missing f' 'do not: no two rows get the same number'
printf '{"id":1,"n":[1,null],"s":"3","a":[4]}\n{"id":2,"s":70000}\n' >in
status 0 'domains, and what the server computes' wb-pg-load --rejects rejects -t domains in
is "$(sql 'SELECT * FROM domains') $(jq -r '."@reject".field' rejects)" '1|{1,NULL}|3|{4}|2 s' 'are what they are made of'
status 78 'a key that is not there' wb-pg-load -k id,nobody -t goods v1
like "$(cat err)" 'there is no column "nobody" for its key' 'is told'
status 78 'a key that may be null' wb-pg-load -k u -t goods v1
sql 'TRUNCATE goods'
seq 1 6000 | sed 's/.*/{"_src":["t",0,&,0,0],"id":&,"n":1,"d":"2024-01-31","version":1}/; 3000s/01-31/02-30/' >in
status 0 'a row that is refused in the middle of a stream' wb-pg-load --tee --quiet --rejects rejects -t goods in
sed 3000d in >want.goods
ok 'the others are passed on, in order' cmp out want.goods
is "$(sql 'SELECT count(*), sum(id) FROM goods') $(jq -c '."@reject".src[2]' rejects)" "5999|$((6000 * 6001 / 2 - 3000)) 3000" 'and stored'
sql 'TRUNCATE goods'
wide=$(head -c 300000 /dev/zero | tr '\0' x)
for i in 1 2 3 4 5 6 7 8; do echo "{\"id\":$i,\"n\":1,\"s\":\"$wide\",\"d\":\"2024-02-$([ $((i % 2)) -eq 1 ] && echo 01 || echo 30)\",\"version\":1}"; done >in
status 0 'rows that are refused where a transaction ends' wb-pg-load --tee --quiet --rejects rejects -S 1M -t goods in
is "$(jq .id out | paste -sd' ') $(wc -l <rejects)" '1 3 5 7 4' 'are not passed on'
sql 'TRUNCATE goods'

# ---- a server that goes away, or asks for another try, at each point: while rows come, when they are stored, at the end
cat >fate.sql <<'SQL'
CREATE SEQUENCE tries;
CREATE FUNCTION fate(upto int, state text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
	IF nextval('tries') <= upto THEN
		IF state = '' THEN PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(600); ELSE RAISE EXCEPTION 'again' USING ERRCODE = state; END IF;
	END IF;
	RETURN true;
END $$;
CREATE FUNCTION fate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM fate(tg_argv[0]::int, tg_argv[1]); RETURN new; END $$;
CREATE TABLE fate_copy (id int PRIMARY KEY, n int CHECK (n <> 5000 OR fate(2, '')));
CREATE TABLE fate_gone (LIKE fate_copy INCLUDING INDEXES); CREATE TRIGGER t BEFORE INSERT ON fate_gone FOR EACH ROW WHEN (new.n = 5000) EXECUTE FUNCTION fate(2, '');
CREATE TABLE fate_serial (LIKE fate_gone INCLUDING INDEXES); CREATE TRIGGER t BEFORE INSERT ON fate_serial FOR EACH ROW WHEN (new.n = 5000) EXECUTE FUNCTION fate(3, '40001');
CREATE TABLE fate_lock (LIKE fate_gone INCLUDING INDEXES); CREATE TRIGGER t BEFORE INSERT ON fate_lock FOR EACH ROW WHEN (new.n = 5000) EXECUTE FUNCTION fate(3, '40P01');
CREATE TABLE fate_commit (LIKE fate_gone INCLUDING INDEXES); CREATE CONSTRAINT TRIGGER t AFTER INSERT ON fate_commit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.n = 5000) EXECUTE FUNCTION fate(2, '');
CREATE TABLE fate_check (LIKE fate_gone INCLUDING INDEXES); CREATE CONSTRAINT TRIGGER t AFTER INSERT ON fate_check DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.n = 5000) EXECUTE FUNCTION fate(999999, '23514');
SQL
psql -qX -v ON_ERROR_STOP=1 -f fate.sql >log 2>&1 || fail 'fate' "$(cat log)"
seq 1 10000 | sed 's/.*/{"id":&,"n":&}/' >in
for t in copy gone serial lock commit; do
	sql "SELECT setval('tries', 1, false)" >/dev/null
	status 0 "tries that fail: $t" wb-pg-load --tee --quiet --rejects rejects -t fate_$t in
	is "$(sql "SELECT count(*), sum(n) FROM fate_$t") $(sql "SELECT nextval('tries') > 3") $(wc -l <rejects)" "10000|50005000 t 0" "are repeated: $t"
	ok 'and all is passed on once' cmp out in
done
status 0 'what is refused when all is committed' wb-pg-load --quiet --rejects rejects -t fate_check in
is "$(sql 'SELECT count(*) FROM fate_check') $(wc -l <rejects)" '9999 1' 'is found'
sql 'ALTER DATABASE postgres SET default_transaction_read_only = on'
wb-pg-load -t goods v1 2>err & loader=$!
ok 'a server that only reads' until_true 60 grep -q '25006.*it is tried again' err
PGOPTIONS='-c default_transaction_read_only=off' sql 'ALTER DATABASE postgres RESET default_transaction_read_only'
wait $loader; is "$? $(sql 'SELECT n FROM goods')" '0 2' 'is waited for'

# ---- one name, with and without its schema; the search path of a role
sql "TRUNCATE fct_event; CREATE ROLE roamer LOGIN SUPERUSER; CREATE SCHEMA far; CREATE TABLE far.away (id int PRIMARY KEY); ALTER ROLE roamer SET search_path = far"
head -n 1 events >one; sed 's/"event_time":"[^"]*"/"event_time":"2026-05-07T00:00:00.000Z"/; s/"version":[0-9]*/"version":9000000000000001/' one >moved
cat one moved | wb-pg-load -S 1M -t mart.fct_event; wb-pg-load -t mart.fct_event one
is "$(sql 'SELECT count(*), max(version) FROM fct_event')" '1|9000000000000001' 'an event of mart.fct_event is one'
echo '{"id":1}' >in
(unset PGOPTIONS; wb-pg-load -U roamer -t away in); is "$? $(sql 'SELECT count(*) FROM far.away')" '0 1' "a table in the role's own search path"
sql 'TRUNCATE fct_event'

# ---- two writers of a month that has no partition yet: the second one looks when it is its turn
mkfifo tx.first; psql -qXAt <tx.first >first.out 2>&1 & first=$!
exec 7>tx.first
echo "BEGIN; LOCK TABLE fct_event IN SHARE ROW EXCLUSIVE MODE; SELECT 'has it';" >&7
ok 'a writer at its turn' until_true 60 grep -q 'has it' first.out
wb-pg-load -t fct_event moved 2>err & loader=$!
waits() { [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wb-pg-load' AND wait_event_type = 'Lock'")" = 1 ]; }
ok 'another one that waits' until_true 60 waits
sql 'SELECT 1' >/dev/null
echo "DROP TABLE IF EXISTS fct_event_202605; SELECT ensure_event_month('2026-05-01'); COMMIT;" >&7; exec 7>&-; wait $first
wait $loader; is "$? $(sql 'SELECT count(*) FROM fct_event')" '0 1' 'finds the partition' || cat err
sql 'TRUNCATE fct_event'
echo '{"_src":["shipments",0,7,1773210000000,0],"id":7,"shipment_id":"S-7","carrier_id":null,"cancelled_at":"2026-03-10T04:41:04.000Z","updated_at":"2026-03-10T04:41:04.000Z"}' |
	wb-normalize --quiet --carriers p/carriers.ndjson | wb-pg-load -t fct_event
is "$(sql 'SELECT event_id, carrier, carrier_id FROM fct_event')" 'oltp-cancel|none|0' 'a cancellation of a shipment without a carrier'
sql 'TRUNCATE fct_event'

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
cat >mart.sql <<'SQL'
CREATE TABLE mart_x (day date NOT NULL, k text NOT NULL, n int NOT NULL CHECK (n >= 0), computed_at timestamptz NOT NULL, batch_id text NOT NULL, PRIMARY KEY (day, k));
INSERT INTO mart_x VALUES ('2024-01-01', 'a', 1, now(), 'old'), ('2024-01-02', 'a', 1, now(), 'old'), ('2024-01-02', 'gone', 1, now(), 'old'), ('2024-01-03', 'a', 1, now(), 'old');
SQL
psql -qX -f mart.sql
x() { sql "SELECT day, k, n, batch_id FROM mart_x ORDER BY day, k" | paste -sd' '; }
swap() { wb-run --once -n swap -- "$1" "wb-pg-load -v --swap --batch new --days '$2' -t mart_x" 2>err; }
printf '{"day":"2024-01-02","k":"a","n":7}\n{"day":"2024-01-04","k":"b","n":8}\n' >rows
status 64 '--swap without a lane' wb-pg-load --swap --days 2024-01-02 -t mart_x rows
swap 'wb-csv-extract -t x rows' '2024-01-02,2024-01-04'; is $? 0 'days are replaced' || cat err
is "$(x)" '2024-01-01|a|1|old 2024-01-02|a|7|new 2024-01-03|a|1|old 2024-01-04|b|8|new' 'and no other'
swap "sh -c 'head -c 40 rows | wb-csv-extract -t x - | head -n 2'" '2024-01-02'; is $? 75 'a reader that dies'
is "$(x)" '2024-01-01|a|1|old 2024-01-02|a|7|new 2024-01-03|a|1|old 2024-01-04|b|8|new' 'replaces nothing'
sed 's/"n":./"n":9/' rows >nines
swap "sh -c 'wb-csv-extract -t x nines | grep -v @end'" '2024-01-02,2024-01-04'; is $? 75 'one that dies behind its checkpoint' || cat err
is "$(x)" '2024-01-01|a|1|old 2024-01-02|a|7|new 2024-01-03|a|1|old 2024-01-04|b|8|new' 'neither: a checkpoint is no end'
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

# ---- every table of the schema, by both kinds of statements
wb-aggregate -t mart_sla_day --now $now docs >mart.sla; wb-aggregate -t mart_courier_day --now $now docs >mart.courier
wb-pg-load -t mart_sla_day mart.sla; wb-pg-load -t mart_courier_day mart.courier
printf '{"name":"x","value":"y","version":2}\n' | wb-pg-load -t wb_state
content() { sql "SELECT to_jsonb(t) - 'loaded_at' FROM mart.$1 t ORDER BY 1" | md5sum; }
for t in $(sql "SELECT relname FROM pg_class c WHERE relnamespace = 'mart'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname ~ '^(dim|fct|stg|mart|wb)_' AND relname <> 'mart_x' ORDER BY 1"); do
	wb-pg-extract --quiet -t "mart.$t" | sed 's/,"loaded_at":"[^"]*"//' >rows.$t
	had=$(content "$t")
	for gp in '' --greenplum; do
		sql "TRUNCATE mart.$t"
		status 0 "$t, $(wc -l <rows.$t) rows $gp" wb-pg-load $gp -t "mart.$t" rows.$t || cat err
		wb-pg-load $gp -t "mart.$t" rows.$t
		is "$(content "$t")" "$had" 'out, in and in again'
	done
done

# ---- the current row of a client is one: closed and opened in one batch, in any order
for gp in '' --greenplum; do
	sql 'TRUNCATE dim_client'
	c() { printf '{"client_id":1,"valid_from":"%s","valid_to":"%s","is_current":%s,"name":"%s","row_hash":1,"version":%s}\n' "$@"; }
	c 2024-01-01T00:00:00.000Z 2099-12-31T00:00:00.000Z true old 1 >d1
	{ c 2024-02-01T00:00:00.000Z 2099-12-31T00:00:00.000Z true new 2; c 2024-01-01T00:00:00.000Z 2024-02-01T00:00:00.000Z false old 2; } >d2
	wb-pg-load $gp -t dim_client d1; status 0 "a client's history $gp" wb-pg-load $gp --rejects rejects -t dim_client d2
	is "$(sql 'SELECT name, is_current FROM dim_client ORDER BY valid_from' | paste -sd' ') $(wc -l <rejects)" 'old|f new|t 0' 'goes on'
done

# ---- a table that is changed while it is loaded
for c in 'DROP COLUMN s' 'RENAME s TO z' 'ALTER s TYPE int USING 1' 'ADD w int NOT NULL' 'DROP CONSTRAINT moving_pkey'; do
	sql 'TRUNCATE wb_reject; CREATE TABLE moving (id int PRIMARY KEY, s text NOT NULL)'
	rm -f source; mkfifo source
	wb-run --once -n moving -- 'sh -c "cat source"' 'wb-pg-load -t moving' 2>err & lane=$!
	exec 7>source
	printf '{"@hello":{"v":1,"run":"r","lane":"moving"}}\n{"id":1,"s":"a"}\n{"@ckpt":{"run":"r","n":1,"rows":1}}\n' >&7
	loaded() { [ "$(sql 'SELECT count(*) FROM moving')" = 1 ]; }
	ok "a table is loaded, then $c" until_true 60 loaded
	case $c in ADD*) sql 'ALTER TABLE moving ADD w int NOT NULL DEFAULT 1; ALTER TABLE moving ALTER w DROP DEFAULT' ;; *) sql "ALTER TABLE moving $c" ;; esac
	printf '{"id":2,"s":"b"}\n{"@ckpt":{"run":"r","n":2,"rows":1}}\n{"@end":{"run":"r","n":2}}\n' >&7 2>/dev/null
	exec 7>&-
	wait $lane; is "$? $(sql 'SELECT count(*) FROM moving') $(sql 'SELECT count(*) FROM wb_reject')" '78 1 0' "ends the lane, with no row lost or refused: $c" || cat err
	case $c in ADD*) like "$(cat err)" 'table moving: .*column "w"' 'and says which column' ;; DROP\ CON*) like "$(cat err)" 'table moving: ' 'and says what' ;; *) like "$(cat err)" 'table moving: .*column "s"' 'and says which column' ;; esac
	sql 'DROP TABLE moving'
done

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
cat >lane <<SQL
wb-csv-extract --records p/tracking.events.ndjson
wb-normalize --carriers p/carriers.ndjson --shipments p/shipments.ndjson
wb-pg-load -S 1M --tee -t fct_event
tee -a passed2
$BIN/../bench/pass -s --quiet
SQL
while [ $kills -lt "${KILLS:-9}" ]; do
	: >passed2
	wb-run --once lane 2>err & run=$!
	until_true 20 sh -c "pgrep -P $run -f 'wb-pg-load' >/dev/null || ! kill -0 $run 2>/dev/null"
	if [ $((kills % 3)) -eq 2 ]; then
		kill_server "$pg_pid"; start_postgres || { fail 'PostgreSQL again'; kill $run; }
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
