#!/bin/sh
# wb-schema on PostgreSQL: everything made, nothing done twice, what is missing or has been changed mended; who may read; Greenplum's text.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
cd "$tmp" || exit 1
if ! start_postgres; then skip 'wb-schema on PostgreSQL' 'not installed'; done_testing; fi
WB_STORE=postgresql:///postgres; export WB_STORE
p() { psql -qXAt -v ON_ERROR_STOP=1 -c 'SET search_path TO mart, public' "$@"; }
count() { p -c "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mart' AND relkind = '$1'"; }

status 0 '-n on an empty database' wb-schema -n
cp out first
is "$(p -c "SELECT count(*) FROM pg_namespace WHERE nspname = 'mart'")" 0 '-n makes nothing'
like "$(head -n 1 first)" '^CREATE SCHEMA IF NOT EXISTS mart;' 'what it prints begins with the schema'
status 0 'the first run' wb-schema -v
like "$(cat err)" '^wb-schema: [0-9]+ statements run$' 'tells what it has done when asked'
is "$(count p) $(count v)" "1 $(grep -c '^CREATE OR REPLACE VIEW' "$top/scripts/sql/postgres_views.sql")" 'tables and views are there'
is "$(count r)" "$(grep -c '^CREATE TABLE' "$top/scripts/sql/postgres.sql" | awk '{ print $1 - 1 }')" 'as many tables as the file has'
like "$(p -c "SELECT value FROM wb_state WHERE name = 'schema'")" '^[0-9]+$' 'its version is kept'
psql -qX -c 'CREATE DATABASE other' && PGDATABASE=other psql -qX -v ON_ERROR_STOP=1 -f first >log 2>&1
is "$? $(PGDATABASE=other psql -qXAt -c "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'mart'")" \
	"0 $(p -c "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'mart'")" 'what -n prints makes the same by psql'
state() { p -c "SELECT c.oid, c.relname, c.xmin FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mart' ORDER BY 1" -c 'SELECT xmin, * FROM wb_state' -c "SELECT xmin, proname FROM pg_proc ORDER BY 2"; }
state >before
status 0 'run again' wb-schema -v
is "$(cat err)" 'wb-schema: 0 statements run' 'run again it does nothing'
state | cmp -s - before
is $? 0 'and changes nothing'

# an older schema, and hands
p -c 'ALTER TABLE mart_sla_day DROP COLUMN repromised CASCADE' -c 'DROP INDEX stg_call_ts' -c "COMMENT ON COLUMN wb_state.name IS 'other'" -c 'DROP TABLE wb_outbox' \
	-c "CREATE OR REPLACE FUNCTION hist_slot(x double precision, bounds double precision[]) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'" \
	-c 'DROP VIEW v_check' -c 'CREATE VIEW v_check AS SELECT 1 AS one' -c "UPDATE wb_state SET value = '0'" -c 'CREATE ROLE bi' -c 'GRANT SELECT ON v_call TO bi WITH GRANT OPTION' >/dev/null 2>&1
wb-schema -n >out
is "$(grep -c "^ALTER TABLE mart_sla_day ADD COLUMN repromised " out) $(grep -c '^CREATE INDEX IF NOT EXISTS stg_call_ts' out) $(grep -c '^CREATE TABLE IF NOT EXISTS wb_outbox' out) $(grep -c '^CREATE OR REPLACE FUNCTION' out)" '1 1 1 1' 'what is missing or has changed would be mended'
status 0 'an upgrade' wb-schema
is "$(cat out err)" '' 'says nothing'
is "$(wb-schema -n)" '' 'then nothing is left to do'
is "$(p -c "SELECT hist_slot(7, ladder_h31())")" 5 'a function is as it should be'
is "$(p -c "SELECT has_table_privilege('bi', 'v_call', 'SELECT WITH GRANT OPTION')")" t 'a view that had to be dropped has the rights that it had'
p -c 'CREATE VIEW public.mine AS SELECT * FROM v_check' -c 'ALTER VIEW v_check RENAME COLUMN check_name TO x'
state >before
status 78 'a view that stands on one that would have to be dropped' wb-schema
like "$(cat err)" 'cannot drop.*2BP01' 'is told'
state | cmp -s - before
is $? 0 'and nothing has changed'
p -c 'DROP VIEW public.mine' && wb-schema

status 0 'a reader' wb-schema --grant bi
is "$(wb-schema -n --grant bi)" '' 'is granted what it needs'
psql -qXAt -v ON_ERROR_STOP=1 -c 'SET ROLE bi' -c 'SELECT count(*) FROM mart.v_shipment' -c 'SELECT count(*) FROM mart.v_delivery_speed_daily' -c 'SELECT count(*) FROM mart.mart_sla_day' -c 'SELECT count(*) FROM mart.v_check' >out 2>err
is "$? $(paste -sd, out)" '0 0,0,0,0' 'and reads marts, views and checks'
is "$(for t in fct_event fct_shipment stg_shipment wb_reject wb_state; do psql -qXAt -c 'SET ROLE bi' -c "SELECT 1 FROM mart.$t" 2>&1 | grep -c 'permission denied'; done | paste -sd,)" '1,1,1,1,1' 'and no other table'
status 78 'a reader that is none' wb-schema --grant nobody_here
like "$(cat err)" 'role "nobody_here" does not exist' 'is told'

# two at once
p -c 'DROP SCHEMA mart CASCADE' 2>/dev/null
wb-schema >one 2>&1 & one=$!
wb-schema >two 2>&1 & two=$!
wait $one; rc=$?; wait $two
is "$rc $? $(cat one two)" '0 0 ' 'two at once make it once'

p -c 'DROP SCHEMA mart CASCADE' 2>/dev/null
status 0 'Greenplum' wb-schema -n --greenplum
is "$(grep -c '^) DISTRIBUTED REPLICATED;$' out) $(grep -c 'DISTRIBUTED BY (shipment_id);$' out) $(grep -c 'UNIQUE INDEX' out) $(grep -c 'GP' out)" '7 3 0 0' 'has the clauses that its tables need'

# a loader makes its table
for t in fct_event wb_state mart_sla_day; do
	wb-pg-load --create -t $t </dev/null 2>err
	is "$? $(p -c "SELECT count(*) FROM pg_description d WHERE d.objoid = '$t'::regclass AND d.objsubid = 0")" '0 1' "wb-pg-load --create makes $t, with its comment"
done
is "$(p -c "SELECT ensure_event_month('2026-03-05')" -c "SELECT 'fct_event_202603'::regclass")" "$(printf '\nfct_event_202603')" 'and what makes its partitions'
is "$(count r)" 4 'and no other'
p -c 'ALTER TABLE wb_state DROP COLUMN value'
wb-pg-load --create -t wb_state </dev/null 2>err
is "$? $(p -c "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'mart' AND table_name = 'wb_state'")" '0 2' 'one that is there is left as it is'
status 78 'a table that is none of ours' wb-pg-load --create -t nix </dev/null
like "$(cat err)" 'the schema that ships with Waybill has no table nix' 'is told'

# the same views on both kinds of store
p -c 'DROP SCHEMA mart CASCADE' 2>/dev/null
wb-schema
for f in clickhouse postgres; do sed -n 's/^CREATE OR REPLACE VIEW \([a-z_0-9]*\) .*/\1/p' "$top/scripts/sql/${f}_views.sql" | sort >$f; done
is "$(diff clickhouse postgres)" '' 'both kinds of store have the same views'
if start_chdb; then
	p -F ' ' -c "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'mart' AND table_name LIKE 'v\\_%' ORDER BY table_name COLLATE \"C\", ordinal_position" >want
	wb-schema -d "$chdb_url"
	wb-sql -d "$chdb_url" --format tsv -q "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND startsWith(table, 'v_') ORDER BY table, position" | tr '\t' ' ' >got
	is "$(diff got want)" '' 'with the same columns in the same order'
	for t in want got; do grep -c . $t; done >n
	ok 'and there are some' test "$(head -n 1 n)" -gt 300
	# tables too
	p -F ' ' -c "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'mart' AND table_name ~ '^(fct|stg|dim|mart|wb)_' AND table_name <> 'fct_event_default' ORDER BY 1, 2" | LC_ALL=C sort >want
	wb-sql -d "$chdb_url" --format tsv -q "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND match(table, '^(fct|stg|dim|mart|wb)_')" | tr '\t' ' ' | LC_ALL=C sort >got
	is "$(diff got want)" '' 'and the same tables and columns'
	status 0 'ClickHouse: a reader' wb-schema -d "$chdb_url" -n --grant bi
	like "$(tail -n 1 out)" '^GRANT SELECT ON .?default.?\.\* TO .?bi.?;$' 'is granted what there is'
else
	skip 'wb-chdb' 'no libchdb'
fi
if start_clickhouse_18; then
	status 78 '18.16: a reader' wb-schema -d "$ch18_url" -n --grant bi
	like "$(cat err)" 'users\.xml' 'is a matter of its users.xml'
else
	skip '18.16' 'no clickhouse-server'
fi
# the questions too
for k in clickhouse postgres; do (cd "$top/scripts/sql/ask/$k" && ls) >ask.$k; done
is "$(diff ask.clickhouse ask.postgres)" '' 'both kinds of store have the same questions'
done_testing
