#!/bin/sh
# Real input: the public data set "SCMS Delivery History", 10,324 deliveries of 2006 to 2015, from both dialects of its
# file through all programs into both engines; every figure was computed by somebody else. $WB_DATA names the folder.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
# shellcheck source=tests/marts.sh
. "$top/tests/marts.sh"
data=${WB_DATA:-$top/../shared/data}
if [ ! -f "$data/scms_delivery_history.csv" ]; then
	skip 'SCMS Delivery History' "no data in $data (WB_DATA)"
	done_testing
fi
cd "$tmp" || exit 1
marts_at 1451606400
WB_LOCKS=$tmp; export WB_LOCKS

# prepare FILE DIR
prepare() {
	mkdir "$2"
	wb-csv-extract "$data/$1" >"$2/rows.ndjson" || return 1
	for out in events shipments clients carriers; do
		jq -n -c --arg out $out -f "$top/tests/server/scms.jq" "$2/rows.ndjson" >"$2/$out.ndjson" || return 1
	done
}

# load DIR: events, shipments, marts; twice the same
load() {
	wb-run --once -- "wb-csv-extract $1/events.ndjson" "wb-normalize --carriers $1/carriers.ndjson" 'wb-ch-load -t fct_event' &&
	wb-run --once -- "wb-sql -q 'SELECT * FROM v_event ORDER BY shipment_id'" 'wb-fold --sorted --now 2016-01-01' \
		"wb-enrich --clients $1/clients.ndjson --carriers $1/carriers.ndjson --shipments $1/shipments.ndjson" \
		'wb-sla-tag --now 2016-01-01' 'wb-ch-load -t fct_shipment' &&
	wb-sql --format tsv -q 'SELECT DISTINCT toString(arrayJoin(days)) AS day FROM v_shipment ORDER BY day' >days &&
	for mart in mart_delivery_day mart_sla_day; do
		wb-run --once -- "wb-sql -q 'SELECT $(wb-aggregate -t $mart --columns) FROM v_shipment'" "wb-aggregate -t $mart --now 2016-01-01" \
			"wb-ch-load --swap --days days -t $mart" || return 1
	done
}

q() { wb-sql --format tsv -q "$1" | tr '\t' ' '; }
low='(m / n + 1.9208 / n - 1.96 * sqrt((m / n) * (1 - m / n) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n)'
late='SELECT sumForEach(late_hist) AS h, arrayCumSum(h) AS c, arraySum(h) AS t,
	[0, 1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440] AS lo,
	[1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440, 1440] AS hi,
	arrayFirstIndex(x -> x >= 0.5 * t, c) AS a, arrayFirstIndex(x -> x >= 0.9 * t, c) AS b FROM mart_sla_day'

# figures NAME OPEN: what both engines must say; OPEN is the open bucket of lead_hist
figures() {
	is "$(q 'SELECT sum(due), sum(met), sum(missed), toString(round(sum(met) / sum(met + missed), 5)) FROM mart_sla_day')" '10324 9138 1186 0.88512' "$1: due, met, missed, rate"
	is "$(q 'SELECT count() FROM mart_sla_day')" 4377 "$1: rows of mart_sla_day"
	is "$(q 'SELECT sum(late_1d), sum(late_2d), sum(late_3d), sum(late_more), sum(early_1d) FROM mart_sla_day')" '92 48 49 997 2814' "$1: late by days, early"
	is "$(q 'SELECT carrier_id, toString(round(sum(met) / sum(met + missed), 4)) FROM mart_sla_day GROUP BY carrier_id ORDER BY carrier_id' | tr '\n' ' ')" \
		'1 0.904 2 0.8846 3 0.9889 4 0.8248 5 0.8392 ' "$1: rate of Air, Air Charter, N/A, Ocean, Truck"
	is "$(q 'SELECT toString(round(sum(met + late_1d) / sum(met + missed), 4)), toString(round(sum(met + late_1d + late_2d) / sum(met + missed), 4)), toString(round(sum(met + late_1d + late_2d + late_3d) / sum(met + missed), 4)) FROM mart_sla_day WHERE carrier_id = 1')" \
		'0.9141 0.9187 0.9238' "$1: Air within 1, 2, 3 days"
	is "$(q "SELECT toString(round(lo[a] + (hi[a] - lo[a]) * (0.5 * t - (c[a] - h[a])) / h[a], 2)), toString(round(lo[b] + (hi[b] - lo[b]) * (0.9 * t - (c[b] - h[b])) / h[b], 2)) FROM ($late)")" \
		'276.27 1264.7' "$1: lateness p50, p90 in hours"
	is "$(q "SELECT dest_region, toString(round($low, 4)) AS low FROM (SELECT dest_region, sum(met + missed) AS n, sum(missed) AS m FROM mart_sla_day GROUP BY dest_region HAVING n >= 30) ORDER BY $low DESC LIMIT 5" | tr '\n' ';')" \
		'Burundi 0.2973;Congo, DRC 0.2058;Mozambique 0.1556;Zambia 0.1327;Zimbabwe 0.1161;' "$1: Wilson lower bounds"
	is "$(q "SELECT sum(missed), sum(met + missed) FROM mart_sla_day WHERE dest_region = 'Burundi'")" '38 98' "$1: Burundi"
	is "$(q "SELECT dest_region, toString(round(m - n * 1186 / 10324, 1)) FROM (SELECT dest_region, sum(met + missed) AS n, sum(missed) AS m FROM mart_sla_day GROUP BY dest_region) WHERE dest_region IN ('Burundi', 'Congo, DRC') ORDER BY dest_region" | tr '\n' ';')" \
		'Burundi 26.7;Congo, DRC 44.7;' "$1: excess missed"
	is "$(q 'SELECT sum(delivered_late), sumForEach(lead_hist)[31] FROM mart_delivery_day')" "1186 $2" "$1: delivered late, open bucket of lead_hist"
	is "$(q 'SELECT count() FROM v_shipment')" 10324 "$1: shipments"
	is "$(q "SELECT count() FROM wb_reject")" 0 "$1: no reject"
}

# equal NAME ROWS: every mart by the pipe is what SQL makes of the store, column for column; ROWS are how many each has.
# The data knows no couriers and no contacts, and all of it was delivered: three marts have no row.
equal() {
	: >counts
	for m in $marts; do
		records_of "$m" >records
		wb-aggregate --quiet -t "$m" --now 2016-01-01T00:00:00Z --batch b records >rows
		columns=$(q "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '$m' AND name NOT IN ('computed_at', 'batch_id')" | paste -sd,)
		wb-sql -q "TRUNCATE TABLE $m" >/dev/null
		wb-ch-load --quiet -t "$m" rows
		q "SELECT $columns FROM $m" | sort >got
		q "SELECT $columns FROM $(sql_of "$m") AS v" | sort >want
		ok "$1: $m is what SQL makes of the store" cmp got want
		diff got want | head -n 2 | cut -c1-400 | sed 's/^/# /'
		wc -l <got >>counts
	done
	is "$(tr '\n' ' ' <counts)" "$2" "$1: rows of the marts"
}

# extract FILE: mart_sla_day without lineage
extract() { wb-sql -q 'SELECT * FROM mart_sla_day ORDER BY day, carrier_id, client_id, dest_region, service_code, sla_rule_id, promise_source' | sed 's/,"computed_at":.*/}/' >"$1"; }

# engine NAME URL OUT: a database for each dialect, since a shipment's created_at, which never changes, differs between them
engine() {
	for db in csv tsv; do
		WB_STORE=$2/default wb-sql -q "CREATE DATABASE $db" >/dev/null
		WB_STORE=$2/$db; export WB_STORE
		ok "$1, $db: schema" wb-schema
		ok "$1, $db: load" load $db
		[ $db = csv ] && open=3998 || open=6877
		figures "$1, $db" $open
		ok "$1, $db: the same again" load $db
		figures "$1, $db twice" $open
		extract "$3.$db"
		[ $db = csv ] && rows='5231 4377 0 0 0 3383 ' || rows='5658 4377 0 0 0 3750 '
		equal "$1, $db" "$rows"
	done
}

ok 'the .csv is read' prepare scms_delivery_history.csv csv
ok 'the .cr.tsv is read' prepare scms_delivery_history.cr.tsv tsv
if start_chdb; then
	engine 'embedded engine' "${chdb_url%/*}" chdb
else
	skip 'SCMS on the embedded engine' 'no libchdb'
fi
if start_clickhouse_18; then
	engine 'ClickHouse 18.16' "${ch18_url%/*}" ch18
else
	skip 'SCMS on ClickHouse 18.16' 'no clickhouse-server'
fi
if [ -f chdb.csv ] && [ -f ch18.csv ]; then
	ok 'mart_sla_day of the .csv without lineage is the same bytes from both engines' cmp chdb.csv ch18.csv
	ok 'and of the .cr.tsv' cmp chdb.tsv ch18.tsv
fi
done_testing
