#!/bin/sh
# Marts: the rows of wb-aggregate equal the views that compute them from facts and staging, column for column, on every engine.
#   SHIPMENTS=200000 tests/run tests/server/marts.t
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
# shellcheck source=tests/marts.sh
. "$top/tests/marts.sh"
cd "$tmp" || exit 1
WB_LOCKS=$tmp; export WB_LOCKS; unset XDG_RUNTIME_DIR
shipments=${SHIPMENTS:-20000}
now=2026-03-20T12:00:00Z
marts_at 1774008000
cat >rules <<'END'
{"kind":"calendar","id":"ru5","tz":"Europe/Moscow","week":[1,1,1,1,1,0,0],"hours":["09:00","18:00"],"holidays":["2026-03-09"]}
{"kind":"window","id":"p","party":"platform","from":"2026-03-06T08:00:00Z","to":"2026-03-06T20:00:00Z"}
{"kind":"rule","id":"gold","match":{"tier":["gold"]},"promise":["rule"],"target":{"n":2,"unit":"bday"},"calendar":"ru5","cutoff":"15:00","stop":["delivered","first_attempt"],"pause":["customs","hold","reschedule","pickup"],"at_risk":"PT4H","handover_by":"PT24H"}
{"kind":"rule","id":"silver","match":{"tier":["silver"]},"promise":["carrier_edd","rule"],"target":{"n":30,"unit":"bhour"},"calendar":"ru5","pause":["hold"],"exclude":["cancelled","returning","recipient.*"]}
END

# a platform with every fault switched on
wb-sample --seed 7 --shipments "$shipments" --days 18 --now $now --out p >/dev/null 2>&1
wb-normalize --quiet --rejects - --carriers p/carriers.ndjson --shipments p/shipments.ndjson p/tracking.events.ndjson >events 2>/dev/null
grep -v '^{"@' events | wb-fold --quiet --now $now | wb-enrich --quiet --shipments p/shipments.ndjson --clients p/clients.ndjson \
	--carriers p/carriers.ndjson --regions p/regions.ndjson --contacts p/support_contacts.ndjson | wb-sla-tag --quiet --now $now -r rules >docs
ok 'there are records of all kinds, rejects too' sh -c "[ \$(wc -l <docs) -gt $((shipments * 9 / 10)) ] && grep -q '^{.@reject' events && [ \$(wc -l <p/support_contacts.ndjson) -gt 100 ]"
# columns_of MART: without lineage
columns_of() { wb-sql --format tsv -q "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '$1' AND name NOT IN ('computed_at', 'batch_id')" | paste -sd,; }

# stored NAME: facts, staging and dimensions
stored() {
	ok "$1: schema" wb-schema
	ok "$1: events and rejects" sh -c 'wb-ch-load --rejects - -t fct_event events'
	ok "$1: documents" wb-ch-load -t fct_shipment docs
	ok "$1: contacts" wb-ch-load -t stg_contact p/support_contacts.ndjson
	ok "$1: calls" wb-ch-load -t stg_call p/integrations_log.ndjson
	wb-dim -t dim_client p/clients.ndjson >clients 2>err
	ok "$1: clients" wb-ch-load -t dim_client clients
	ok "$1: regions" wb-ch-load -t dim_region p/regions.ndjson
}

# compare NAME: pipe against SQL
compare() {
	for m in $marts; do
		records_of "$m" | wb-aggregate -t "$m" --now $now --batch b >rows
		cp rows "$m.rows"
		ok "$1: rows of $m" wb-ch-load -t "$m" rows
		columns=$(columns_of "$m")
		awk "/^CREATE TABLE IF NOT EXISTS $m\$/ { on = 1 } on; /^COMMENT/ { on = 0 }" "$top/scripts/sql/clickhouse.sql" >constraints.$m
		wb-sql --format tsv -q "SELECT $columns FROM $m" | sort >got
		wb-sql --format tsv -q "SELECT $columns FROM $(sql_of "$m") AS v" | sort >want
		cmp -s got want && [ -s got ]
		is "$? $(wc -l <got)" "0 $(wc -l <want)" "$1: $m equals what SQL makes of the store"
		diff got want | head -n 2 | cut -c1-900
	done
}

# What breaks each invariant of a row of a mart, and nothing else: check, mart, the change.
cat >plants <<'END'
sla_due_sum mart_sla_day .due += 1
sla_miss_sum mart_sla_day .miss_unknown += 1
sla_late_sum mart_sla_day .late_2d += 1
sla_late_sum mart_sla_day .late_hist[3] += 1
sla_parts mart_sla_day .missed_open = .missed + 1
sla_parts mart_sla_day .met_in_full = .met + 1
sla_hist_length mart_sla_day .late_hist += [0]
lead_hist_sum mart_delivery_day .lead_n += 1
transit_hist_sum mart_delivery_day .transit_hist[30] += 1
delivery_parts mart_delivery_day .first_attempt_ok = .first_attempts + 1
delivery_parts mart_delivery_day .delivered_late = .delivered + 1
delivery_hist_length mart_delivery_day .lead_hist += [0]
delivery_hist_length mart_delivery_day .transit_hist += [0]
courier_parts mart_courier_day .brought_back = .assigned + 1
courier_parts mart_courier_day .first_attempt_ok = .first_attempts + 1
backlog_parts mart_backlog_hour .overdue_n = .open_n - .at_risk_n + 1
backlog_hist_length mart_backlog_hour .age_hist += [0]
support_parts mart_support_day .no_shipment = .contacts + 1
support_parts mart_support_day .csat_pos = .csat_n + 1
frt_hist_sum mart_support_day .frt_n += 1
support_hist_length mart_support_day .frt_hist += [0]
calls_sum mart_integration_hour .retries += 1 | .err_auth += 1
events_parts mart_integration_hour .events_unmapped = .events_in + 1
events_parts mart_integration_hour .lag_negative = .events_in + 1
integration_hist_sum mart_integration_hour .latency_hist += [1]
integration_hist_length mart_integration_hour .latency_hist += [0]
integration_hist_length mart_integration_hour .lag_hist += [0]
END
# planted MART: a row for each, on a day of its own, the first one of 2025; integration_hist_sum lacks a length too
planted() {
	n=0
	while read -r check mart change; do
		n=$((n + 1))
		day=$(date -u -d "2025-01-01 +$n days" +%F)
		[ "$mart" = "$1" ] || continue
		[ "$check" != integration_hist_sum ] || change='.latency_hist = [1] + [range(17) | 0] | .calls = 2 | .ok = 2'
		case $mart in mart_integration_hour) change=".calls = 0 | .ok = 0 | .err_client = 0 | .err_server = 0 | .err_timeout = 0 | .err_auth = 0 | .err_rate = 0 | .err_schema = 0 | .latency_hist = [] | .events_in = 0 |
			.events_late = 0 | .events_unmapped = 0 | .lag_n = 0 | .lag_negative = 0 | .lag_hist = [] | $change" ;; esac
		head -n 1 "$mart.rows" | jq -c "$change | .day = \"$day\" | if .hour then .hour = \"${day}T00:00:00.000Z\" elif .as_of then .as_of = \"${day}T00:00:00.000Z\" else . end"
	done <plants
}
n=0
while read -r check mart change; do n=$((n + 1)); echo "$check $(date -u -d "2025-01-01 +$n days" +%F) 1"; done <plants | sort >plants.want
errors='SELECT check_name, bad_rows FROM v_quality'
# quality NAME: no invariant is broken; each that is broken is seen
quality() {
	is "$(wb-sql --format tsv -q "$errors WHERE severity = 'error' AND bad_rows > 0")" '' "$1: no check of v_quality finds an error"
	is "$(wb-sql --format tsv -q "SELECT check_name FROM v_quality WHERE severity = 'error' AND bad_rows = 0" | wc -l)" 28 "$1: there are 28 of them"
	for m in $marts; do
		sed -n "s/^    CONSTRAINT \([a-z_]*\) .*/\1/p" constraints.$m | while read -r c; do [ "$1" = 18.16 ] || wb-sql -q "ALTER TABLE $m DROP CONSTRAINT $c" >/dev/null; done
		# a column of a row, so that no invariant of the row itself is broken
		case $m in mart_delivery_day) change='.exceptions += 1' ;; mart_sla_day) change='.repromised += 1' ;; mart_courier_day) change='.active_sec += 1' ;;
			mart_support_day) change='.reopened += 1' ;; mart_integration_hour) change='.retries += 1' ;; *) continue ;; esac
		wb-sql -q "TRUNCATE TABLE $m" >/dev/null
		{ head -n 1 "$m.rows" | jq -c "$change"; tail -n +2 "$m.rows"; } | wb-ch-load -t "$m"
	done
	is "$(wb-sql --format tsv -q "$errors WHERE severity = 'error' AND bad_rows > 0" | sort | tr '\n\t' ' =')" \
		'courier_mart_vs_facts=1 delivery_mart_vs_facts=1 integration_mart_vs_staging=1 sla_mart_vs_facts=1 support_mart_vs_staging=1 ' "$1: one column of one row of each mart that differs from the facts is seen"
	for m in $marts; do planted "$m" | wb-ch-load -t "$m"; done
	is "$(wb-sql --format tsv -q 'SELECT check_name, day, bad_rows FROM v_quality_day WHERE bad_rows > 0' | tr '\t' ' ' | sort)" "$(cat plants.want)" "$1: each invariant that a row breaks is seen, on its day"
	head -n 1 docs | jq -c '.version += 1 | .sla_stop = "delivered" | .sla_stop_at = null | .is_open = true | .closed_at = "2026-03-20T00:00:00.000Z" | .sla_state = "missed" | .sla_party = "none"' | wb-ch-load -t fct_shipment
	is "$(wb-sql --format tsv -q "$errors WHERE severity = 'error' AND bad_rows = 0" | sort)" '' "$1: each check can fail"
	is "$(wb-sql --format tsv -q "$errors WHERE check_name IN ('stop_without_time', 'closed_without_time', 'party_without_miss')" | sort | tr '\n\t' ' =')" \
		'closed_without_time=1 party_without_miss=1 stop_without_time=1 ' "$1: what a shipment breaks is counted"
}

# to_pg TABLE <NDJSON
to_pg() {
	psql -qX -v ON_ERROR_STOP=1 -c 'CREATE TEMP TABLE j (j jsonb)' -c "COPY j FROM STDIN WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')" \
		-c "INSERT INTO mart.$1 SELECT r.* FROM j, LATERAL jsonb_populate_record(null::mart.$1, j.j) r"
}

# compare_pg: the rows of the pipe against PostgreSQL's views over the same facts, which the store gives
compare_pg() {
	PGOPTIONS='-c search_path=mart -c work_mem=64MB'; export PGOPTIONS
	for f in postgres postgres_views; do ok "PostgreSQL: $f.sql" psql -qX -v ON_ERROR_STOP=1 -f "$top/scripts/sql/$f.sql"; done
	for t in fct_event fct_shipment stg_contact stg_call dim_client dim_region wb_reject; do
		wb-sql -q "SELECT * FROM $t FINAL" >facts
		ok "PostgreSQL: $t" sh -c "[ -s facts ]"
		to_pg $t <facts || fail "PostgreSQL: $t"
	done
	psql -qX -c ANALYZE
	for m in $marts; do
		to_pg "$m" <"$m.rows" || fail "PostgreSQL: $m"
		sql=$(sql_of "$m")
		[ "$m" != mart_backlog_hour ] || sql=$pg_backlog
		columns=$(psql -qXAt -c "SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns
			WHERE table_schema = 'mart' AND table_name = '$m' AND column_name NOT IN ('computed_at', 'batch_id')")
		psql -qXAt -c "CREATE TEMP TABLE want AS SELECT $columns FROM $sql v" -c "SELECT $columns FROM $m EXCEPT ALL SELECT $columns FROM want" \
			-c "SELECT $columns FROM want EXCEPT ALL SELECT $columns FROM $m" -c "SELECT count(*) > 0 FROM $m" >"$tmp/diff" 2>&1
		is "$(tail -n 1 "$tmp/diff" | cut -c1-900) $(wc -l <"$tmp/diff")" 't 1' "PostgreSQL: $m equals what SQL makes of the facts"
	done
	is "$(psql -qXAt -c "$errors WHERE severity = 'error' AND bad_rows > 0")" '' 'PostgreSQL: no check of v_quality finds an error'
	psql -qXAt -c "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I;', conrelid::regclass, conname) FROM pg_constraint WHERE contype = 'c' AND conrelid::regclass::text LIKE 'mart\_%'" | psql -qX
	for m in $marts; do planted "$m" | to_pg "$m"; done
	is "$(psql -qXAt -F ' ' -c 'SELECT check_name, day, bad_rows FROM v_quality_day WHERE bad_rows > 0' | sort)" "$(cat plants.want)" 'PostgreSQL: each invariant that a row breaks is seen, on its day'
}

if start_chdb; then
	WB_STORE=$chdb_url; export WB_STORE
	stored wb-chdb
	compare wb-chdb
	for m in delivery sla courier backlog; do
		t=mart_${m}_day
		[ $m != backlog ] || t=mart_backlog_hour
		wb-aggregate -t $t --now $now --batch b docs | cmp -s - $t.rows
		is $? 0 "$t: documents give the same bytes as rows of the store"
	done
	if start_postgres; then compare_pg; else skip PostgreSQL 'not installed'; fi
	quality wb-chdb
else
	skip 'wb-chdb' 'no libchdb'
fi
if start_clickhouse_18; then WB_STORE=$ch18_url; export WB_STORE; stored 18.16; compare 18.16; quality 18.16; else skip '18.16' 'no clickhouse-server'; fi
done_testing
