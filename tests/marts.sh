# What a mart is by SQL, and the rows of the store that it is made of.
# shellcheck shell=sh disable=SC2034
marts='mart_delivery_day mart_sla_day mart_courier_day mart_backlog_hour mart_support_day mart_integration_hour'
# marts_at SECONDS: the hour of mart_backlog_hour
marts_at() {
	at=$1
	h31='[1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440]'
	# the snapshot has no view, since it stands at an hour
	backlog="(SELECT toDateTime($at, 'UTC') AS as_of, toDate(as_of) AS day, carrier_id, dest_region, status AS stage, count() AS open_n, sum(sla_state = 'at_risk') AS at_risk_n,
		sum(sla_state = 'missed') AS overdue_n, sum(is_paused) AS paused_n, sum(quiet > 259200) AS stale_n, sum(if(age < 0, 0, age)) AS age_sec_sum, max(if(age < 0, 0, age)) AS oldest_sec,
		sumForEach(arrayMap(i -> toUInt32(age >= 0 AND i = arrayCount(b -> b * 3600 < age, $h31)), range(31))) AS age_hist
		FROM (SELECT carrier_id, dest_region, status, sla_state, is_paused, $at - toInt64(toUnixTimestamp(ifNull(accepted_at, created_at))) AS age,
			$at - toInt64(toUnixTimestamp(ifNull(last_event_at, created_at))) AS quiet FROM v_shipment WHERE is_open AND toUnixTimestamp(created_at) <= $at)
		GROUP BY carrier_id, dest_region, status)"
	pg_backlog="(SELECT to_timestamp($at) AS as_of, (to_timestamp($at) AT TIME ZONE 'UTC')::date AS day, carrier_id, dest_region, status AS stage, count(*) AS open_n,
		count(*) FILTER (WHERE sla_state = 'at_risk') AS at_risk_n, count(*) FILTER (WHERE sla_state = 'missed') AS overdue_n, count(*) FILTER (WHERE is_paused) AS paused_n,
		count(*) FILTER (WHERE quiet > 259200) AS stale_n, coalesce(sum(age) FILTER (WHERE age >= 0), 0) AS age_sec_sum, greatest(max(age), 0) AS oldest_sec,
		hist_of(coalesce(array_agg(hist_slot((age / 3600)::float8, ladder_h31())) FILTER (WHERE age >= 0), '{}'), 31) AS age_hist
		FROM (SELECT s.*, $at - floor(extract(epoch FROM coalesce(accepted_at, created_at))) AS age, $at - floor(extract(epoch FROM coalesce(last_event_at, created_at))) AS quiet
			FROM v_shipment s WHERE is_open AND created_at < to_timestamp($at + 1)) s
		GROUP BY carrier_id, dest_region, status)"
}

# sql_of MART: what it is by SQL
sql_of() {
	case $1 in
	mart_backlog_hour) echo "$backlog" ;;
	mart_support_day|mart_integration_hour) echo "v_${1#mart_}_from_staging" ;;
	*) echo "v_${1#mart_}_from_facts" ;;
	esac
}
# question_of MART: what asks the store for the rows that it is made of
question_of() {
	wb-aggregate -t "$1" --columns | case $1 in
	mart_support_day) sed 's/.*/SELECT & FROM v_support_contact/' ;;
	mart_integration_hour) sed '1s/.*/SELECT & FROM v_call;/; 2s/.*/SELECT & FROM v_event;/; 3s/.*/SELECT & FROM wb_reject FINAL/' ;;
	*) sed 's/.*/SELECT & FROM v_shipment/' ;;
	esac
}
records_of() { wb-sql -q "$(question_of "$1")"; }
