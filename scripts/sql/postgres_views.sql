-- Waybill BI views, PostgreSQL 15: the same names and columns as clickhouse_views.sql.
SET search_path TO mart;

CREATE OR REPLACE VIEW v_shipment AS SELECT * FROM fct_shipment;
CREATE OR REPLACE VIEW v_event AS SELECT * FROM fct_event;
CREATE OR REPLACE VIEW v_contact AS SELECT * FROM stg_contact;
CREATE OR REPLACE VIEW v_call AS SELECT * FROM stg_call;
CREATE OR REPLACE VIEW v_client AS
SELECT DISTINCT ON (client_id) client_id, name AS client_name, segment, tier FROM dim_client ORDER BY client_id, valid_from DESC;
CREATE OR REPLACE VIEW v_carrier AS
SELECT DISTINCT ON (carrier_id) carrier_id, code AS carrier_code, name AS carrier_name, daily_capacity FROM dim_carrier ORDER BY carrier_id, valid_from DESC;
CREATE OR REPLACE VIEW v_region AS SELECT region_code, name AS region_name, macro_region, country, tz, is_remote FROM dim_region;

CREATE OR REPLACE VIEW v_delivery_daily AS
SELECT m.day, m.carrier_id, coalesce(a.carrier_name, '') AS carrier_name, m.client_id, coalesce(c.client_name, '') AS client_name, m.dest_region, m.service_code,
    m.created, m.accepted, m.out_for_delivery, m.attempts, m.first_attempts, m.first_attempt_ok, m.delivered, m.delivered_late, m.ready_for_pickup,
    m.return_started, m.returned, m.lost, m.damaged, m.cancelled, m.exceptions, m.first_exceptions,
    m.lead_sec_sum, m.lead_n, m.transit_sec_sum, m.transit_n, m.handover_sec_sum, m.handover_n, m.last_mile_sec_sum, m.last_mile_n,
    m.pickup_wait_sec_sum, m.pickup_wait_n, m.revenue
FROM mart_delivery_day m LEFT JOIN v_carrier a USING (carrier_id) LEFT JOIN v_client c USING (client_id);

CREATE OR REPLACE VIEW v_sla_daily AS
SELECT s.day, s.carrier_id, coalesce(a.carrier_name, '') AS carrier_name, s.client_id, coalesce(c.client_name, '') AS client_name, s.dest_region, s.service_code, s.sla_rule_id, s.promise_source,
    s.due, s.met, s.met_in_full, s.missed, s.missed_open, s.pending, s.at_risk, s.paused, s.late_1d, s.late_2d, s.late_3d, s.late_more, s.early_1d,
    s.late_sec_sum, s.abs_err_sec_sum, s.abs_err_n, s.repromised,
    s.miss_carrier, s.miss_shipper, s.miss_recipient, s.miss_customs, s.miss_force, s.miss_platform, s.miss_unknown,
    s.met::float8 / nullif(s.met + s.missed, 0) AS sla_rate
FROM mart_sla_day s LEFT JOIN v_carrier a USING (carrier_id) LEFT JOIN v_client c USING (client_id);

CREATE OR REPLACE VIEW v_sla_variance AS
SELECT day, carrier_id, sum(met)::float8 / sum(met + missed) AS on_time, sum(met + late_1d)::float8 / sum(met + missed) AS within_1d,
    sum(met + late_1d + late_2d)::float8 / sum(met + missed) AS within_2d, sum(met + late_1d + late_2d + late_3d)::float8 / sum(met + missed) AS within_3d
FROM mart_sla_day WHERE met + missed > 0 GROUP BY day, carrier_id;

-- Wilson 95 % lower bound of the miss rate over the newest 28 due days, regions with 30 judged shipments or more
CREATE OR REPLACE VIEW v_region_problem_28d AS
WITH w AS (SELECT dest_region, sum(met + missed)::float8 AS n, sum(missed)::float8 AS m FROM mart_sla_day
           WHERE day > (SELECT max(day) - 28 FROM mart_sla_day) GROUP BY dest_region),
     t AS (SELECT sum(m) / nullif(sum(n), 0) AS net FROM w)
SELECT dest_region, n, m AS missed_n, m / n AS miss_rate, net AS network_rate, m - n * net AS excess_missed,
    (m / n + 1.9208 / n - 1.96 * sqrt((m / n) * (1 - m / n) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n) AS miss_rate_low95
FROM w, t WHERE n >= 30;

CREATE OR REPLACE VIEW v_delivery_speed_daily AS
SELECT day, carrier_id, sum(delivered) AS delivered_n, sum(lead_sec_sum)::float8 / nullif(sum(lead_n), 0) / 3600 AS lead_h_avg,
    hist_quantile(hist_sum(lead_hist), ladder_h31(), 0.5) AS lead_h_p50, hist_quantile(hist_sum(lead_hist), ladder_h31(), 0.9) AS lead_h_p90,
    hist_quantile(hist_sum(lead_hist), ladder_h31(), 0.95) AS lead_h_p95,
    sum(transit_sec_sum)::float8 / nullif(sum(transit_n), 0) / 3600 AS transit_h_avg,
    hist_quantile(hist_sum(transit_hist), ladder_h31(), 0.5) AS transit_h_p50, hist_quantile(hist_sum(transit_hist), ladder_h31(), 0.9) AS transit_h_p90
FROM mart_delivery_day WHERE delivered > 0 GROUP BY day, carrier_id;

CREATE OR REPLACE VIEW v_courier_load AS
SELECT k.day, k.carrier_id, k.region_code, k.courier_id, k.assigned, k.delivered, k.brought_back,
    k.delivered::float8 / nullif(k.assigned, 0) AS completion_rate, k.first_attempt_ok::float8 / nullif(k.first_attempts, 0) AS first_attempt_rate,
    CASE WHEN k.active_sec >= 1800 THEN k.delivered * 3600::float8 / k.active_sec END AS parcels_per_hour, p.peers, p.median_assigned,
    k.assigned / nullif(p.median_assigned::float8, 0) AS load_index
FROM mart_courier_day k JOIN (
    SELECT day, carrier_id, region_code, count(*) AS peers, percentile_disc(0.5) WITHIN GROUP (ORDER BY assigned) AS median_assigned
    FROM mart_courier_day GROUP BY day, carrier_id, region_code) p USING (day, carrier_id, region_code);

CREATE OR REPLACE VIEW v_backlog_now AS
SELECT * FROM mart_backlog_hour WHERE as_of = (SELECT max(as_of) FROM mart_backlog_hour);

CREATE OR REPLACE VIEW v_integration_daily AS
SELECT day, carrier_id, integration, sum(calls) AS calls_n, sum(ok) AS ok_n, sum(ok)::float8 / nullif(sum(calls), 0) AS success_rate,
    sum(events_in) AS events_n, sum(events_unmapped)::float8 / nullif(sum(events_in), 0) AS unmapped_rate,
    sum(lag_sec_sum)::float8 / nullif(sum(lag_n), 0) AS lag_sec_avg, hist_quantile(hist_sum(lag_hist), ladder_s19(), 0.95) AS lag_sec_p95,
    max(last_event_at) AS newest_event_at, max(last_received_at) AS newest_received_at
FROM mart_integration_hour GROUP BY day, carrier_id, integration;

-- UNION ALL, not a join: a join from the support side loses the shipments of cells without contacts and inflates the rate
CREATE OR REPLACE VIEW v_wismo_daily AS
SELECT day, client_id, carrier_id, sum(c) AS contacts_n, sum(w) AS wismo_n, sum(cr) AS created_n, sum(de) AS delivered_n,
    100 * sum(w)::float8 / nullif(sum(cr), 0) AS wismo_per_100, sum(sp)::float8 / nullif(sum(sn), 0) AS csat
FROM (SELECT day, client_id, carrier_id, contacts AS c, CASE WHEN topic = 'wismo' THEN contacts ELSE 0 END AS w, csat_n AS sn, csat_pos AS sp, 0 AS cr, 0 AS de FROM mart_support_day
      UNION ALL SELECT day, client_id, carrier_id, 0, 0, 0, 0, created, delivered FROM mart_delivery_day) u
GROUP BY day, client_id, carrier_id;

-- mart_sla_day as the facts have it: the reference of wb-reconcile
CREATE OR REPLACE VIEW v_sla_day_from_facts AS
SELECT due_day AS day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source,
    count(*) AS due, count(*) FILTER (WHERE sla_state = 'met') AS met,
    count(*) FILTER (WHERE sla_state = 'met' AND delivered_at IS NOT NULL AND NOT is_partial) AS met_in_full,
    count(*) FILTER (WHERE sla_state = 'missed') AS missed, count(*) FILTER (WHERE sla_state = 'missed' AND is_open) AS missed_open,
    count(*) FILTER (WHERE sla_state = 'pending') AS pending, count(*) FILTER (WHERE sla_state = 'at_risk') AS at_risk, count(*) FILTER (WHERE paused_sec > 0) AS paused,
    count(*) FILTER (WHERE sla_state = 'missed' AND sla_late_sec <= 86400) AS late_1d,
    count(*) FILTER (WHERE sla_state = 'missed' AND sla_late_sec > 86400 AND sla_late_sec <= 172800) AS late_2d,
    count(*) FILTER (WHERE sla_state = 'missed' AND sla_late_sec > 172800 AND sla_late_sec <= 259200) AS late_3d,
    count(*) FILTER (WHERE sla_state = 'missed' AND sla_late_sec > 259200) AS late_more,
    count(*) FILTER (WHERE sla_state = 'met' AND sla_late_sec < -86400) AS early_1d,
    coalesce(sum(sla_late_sec) FILTER (WHERE sla_state = 'missed'), 0) AS late_sec_sum,
    hist_of(coalesce(array_agg(hist_slot(sla_late_sec / 3600.0, ladder_h31())) FILTER (WHERE sla_state = 'missed'), '{}'), 31) AS late_hist,
    coalesce(sum(abs(promise_err_sec)), 0) AS abs_err_sec_sum, count(promise_err_sec) AS abs_err_n,
    count(*) FILTER (WHERE promised_now_at <> promised_at) AS repromised,
    count(*) FILTER (WHERE sla_state = 'missed' AND sla_party = 'carrier') AS miss_carrier, count(*) FILTER (WHERE sla_state = 'missed' AND sla_party = 'shipper') AS miss_shipper,
    count(*) FILTER (WHERE sla_state = 'missed' AND sla_party = 'recipient') AS miss_recipient, count(*) FILTER (WHERE sla_state = 'missed' AND sla_party = 'customs') AS miss_customs,
    count(*) FILTER (WHERE sla_state = 'missed' AND sla_party = 'force') AS miss_force, count(*) FILTER (WHERE sla_state = 'missed' AND sla_party = 'platform') AS miss_platform,
    count(*) FILTER (WHERE sla_state = 'missed' AND sla_party = 'unknown') AS miss_unknown
FROM fct_shipment WHERE sla_state <> 'not_applicable' AND due_day IS NOT NULL
GROUP BY due_day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source;

-- mart_delivery_day as the facts have it; k is what happened on the day
CREATE OR REPLACE VIEW v_delivery_day_from_facts AS
WITH s AS (
    SELECT *, floor(extract(epoch FROM delivered_at)) - floor(extract(epoch FROM created_at)) AS lead, floor(extract(epoch FROM delivered_at)) - floor(extract(epoch FROM accepted_at)) AS transit,
        floor(extract(epoch FROM accepted_at)) - floor(extract(epoch FROM created_at)) AS handover, floor(extract(epoch FROM delivered_at)) - floor(extract(epoch FROM first_ofd_at)) AS last_mile,
        floor(extract(epoch FROM delivered_at)) - floor(extract(epoch FROM ready_at)) AS pickup_wait FROM fct_shipment),
e AS (
    SELECT s.*, v.day, v.k FROM s CROSS JOIN LATERAL (VALUES (created_day, 1), (accepted_day, 2), (first_attempt_day, 3), (delivered_day, 4), (ready_day, 5), (return_started_day, 6),
        (returned_day, 7), (lost_day, 8), (damaged_day, 9), (cancelled_day, 10), (first_exception_day, 11)) v(day, k) WHERE v.day IS NOT NULL
    UNION ALL SELECT s.*, t.day, w.k FROM s CROSS JOIN LATERAL unnest(step_day, step_status, step_state, step_reason, step_attempt) t(day, st, sta, re, at)
        CROSS JOIN LATERAL (VALUES (12, st = 'out_for_delivery' AND sta = 'out_for_delivery'), (13, at > 0), (14, re <> '' AND re NOT LIKE 'detail.%')) w(k, yes) WHERE w.yes)
SELECT day, client_id, carrier_id, service_code, dest_region,
    count(*) FILTER (WHERE k = 1) AS created, count(*) FILTER (WHERE k = 2) AS accepted, count(*) FILTER (WHERE k = 12) AS out_for_delivery, count(*) FILTER (WHERE k = 13) AS attempts,
    count(*) FILTER (WHERE k = 3) AS first_attempts, count(*) FILTER (WHERE k = 3 AND first_attempt_ok) AS first_attempt_ok, count(*) FILTER (WHERE k = 4) AS delivered,
    count(*) FILTER (WHERE k = 4 AND floor(extract(epoch FROM delivered_at)) > floor(extract(epoch FROM promised_at))) AS delivered_late, count(*) FILTER (WHERE k = 5) AS ready_for_pickup,
    count(*) FILTER (WHERE k = 6) AS return_started, count(*) FILTER (WHERE k = 7) AS returned, count(*) FILTER (WHERE k = 8) AS lost, count(*) FILTER (WHERE k = 9) AS damaged, count(*) FILTER (WHERE k = 10) AS cancelled,
    count(*) FILTER (WHERE k = 14) AS exceptions, count(*) FILTER (WHERE k = 11) AS first_exceptions,
    coalesce(sum(lead) FILTER (WHERE k = 4 AND lead >= 0), 0) AS lead_sec_sum, count(*) FILTER (WHERE k = 4 AND lead >= 0) AS lead_n,
    hist_of(coalesce(array_agg(hist_slot((lead / 3600)::float8, ladder_h31())) FILTER (WHERE k = 4 AND lead >= 0), '{}'), 31) AS lead_hist,
    coalesce(sum(transit) FILTER (WHERE k = 4 AND transit >= 0), 0) AS transit_sec_sum, count(*) FILTER (WHERE k = 4 AND transit >= 0) AS transit_n,
    hist_of(coalesce(array_agg(hist_slot((transit / 3600)::float8, ladder_h31())) FILTER (WHERE k = 4 AND transit >= 0), '{}'), 31) AS transit_hist,
    coalesce(sum(handover) FILTER (WHERE k = 2 AND handover >= 0), 0) AS handover_sec_sum, count(*) FILTER (WHERE k = 2 AND handover >= 0) AS handover_n,
    coalesce(sum(last_mile) FILTER (WHERE k = 4 AND last_mile >= 0), 0) AS last_mile_sec_sum, count(*) FILTER (WHERE k = 4 AND last_mile >= 0) AS last_mile_n,
    coalesce(sum(pickup_wait) FILTER (WHERE k = 4 AND pickup_wait >= 0), 0) AS pickup_wait_sec_sum, count(*) FILTER (WHERE k = 4 AND pickup_wait >= 0) AS pickup_wait_n,
    coalesce(sum(price) FILTER (WHERE k = 1), 0.00) AS revenue
FROM e GROUP BY day, client_id, carrier_id, service_code, dest_region;

-- mart_courier_day as the facts have it
CREATE OR REPLACE VIEW v_courier_day_from_facts AS
WITH e AS (
    SELECT s.shipment_id, s.carrier_id, s.first_attempt_at, s.first_attempt_ok, t.* FROM fct_shipment s
    CROSS JOIN LATERAL unnest(step_day, step_at, step_status, step_state, step_reason, step_attempt, step_courier, step_region)
        t(day, at, st, sta, re, attempt, courier_id, region_code) WHERE t.courier_id <> ''),
g AS (
    SELECT day, carrier_id, region_code, courier_id, shipment_id, count(*) FILTER (WHERE st = 'out_for_delivery') AS n_out, count(*) FILTER (WHERE attempt > 0) AS n_attempt,
        count(*) FILTER (WHERE st = 'delivered' AND sta = 'delivered') AS n_done, count(*) FILTER (WHERE attempt > 0 AND at = first_attempt_at) AS n_first,
        count(*) FILTER (WHERE attempt > 0 AND at = first_attempt_at AND first_attempt_ok) AS n_first_ok, count(*) FILTER (WHERE attempt > 0 AND st = 'attempt_failed') AS n_failed,
        count(*) FILTER (WHERE attempt > 0 AND st = 'attempt_failed' AND re LIKE 'recipient.%') AS n_recipient,
        count(*) FILTER (WHERE attempt > 0 AND st = 'attempt_failed' AND re LIKE 'carrier.%') AS n_carrier, date_trunc('second', min(at)) AS t_min, date_trunc('second', max(at)) AS t_max
    FROM e GROUP BY day, carrier_id, region_code, courier_id, shipment_id)
SELECT day, carrier_id, region_code, courier_id, count(*) FILTER (WHERE n_out > 0) AS assigned, sum(n_attempt) AS attempts, count(*) FILTER (WHERE n_done > 0) AS delivered,
    sum(n_first) AS first_attempts, sum(n_first_ok) AS first_attempt_ok, sum(n_recipient) AS failed_recipient, sum(n_carrier) AS failed_carrier, sum(n_failed - n_recipient - n_carrier) AS failed_other,
    count(*) FILTER (WHERE n_out > 0 AND n_done = 0) AS brought_back, min(t_min) AS first_scan_at, max(t_max) AS last_scan_at,
    extract(epoch FROM max(t_max) - min(t_min))::bigint AS active_sec
FROM g GROUP BY day, carrier_id, region_code, courier_id;

-- support contacts with what mart_support_day is made of: owner and zone (of the client's home region when the contact was opened), first contact and verdict of the shipment
CREATE OR REPLACE VIEW v_support_contact AS
WITH c AS (
    -- not by a window: those of a few days are asked for
    SELECT t.*, CASE WHEN t.shipment_id = '' THEN t.id ELSE (SELECT n.id FROM stg_contact n WHERE n.shipment_id = t.shipment_id ORDER BY n.opened_at, n.id LIMIT 1) END AS first_id,
        s.shipment_id IS NOT NULL AS found,
        coalesce(nullif(t.client_id, 0), s.client_id, 0) AS owner, coalesce(s.carrier_id, 0) AS carrier_id, coalesce(s.dest_region, '') AS dest_region,
        coalesce(s.sla_state, '') AS sla_state, s.due_at, s.sla_stop_at
    FROM stg_contact t LEFT JOIN fct_shipment s USING (shipment_id))
SELECT c.id, c.first_id, c.found, c.owner AS client_id, c.carrier_id, c.dest_region, c.topic, c.channel, coalesce(nullif(r.tz, ''), 'UTC') AS tz,
    c.opened_at, c.first_reply_at, c.resolved_at, c.reopened, c.csat, c.sla_state, c.due_at, c.sla_stop_at
FROM c
LEFT JOIN LATERAL (SELECT home_region FROM dim_client d WHERE d.client_id = c.owner ORDER BY (d.valid_from > c.opened_at),
    CASE WHEN d.valid_from > c.opened_at THEN d.valid_from END, d.valid_from DESC LIMIT 1) h ON true
LEFT JOIN dim_region r ON r.region_code = h.home_region;

-- mart_support_day from staging and facts: the reference of wb-reconcile
CREATE OR REPLACE VIEW v_support_day_from_staging AS
WITH c AS (
    SELECT t.*, (t.opened_at AT TIME ZONE t.tz)::date AS day, floor(extract(epoch FROM t.opened_at)) AS o,
        floor(extract(epoch FROM t.first_reply_at)) - floor(extract(epoch FROM t.opened_at)) AS frt, floor(extract(epoch FROM t.resolved_at)) - floor(extract(epoch FROM t.opened_at)) AS res
    FROM v_support_contact t)
SELECT day, client_id, carrier_id, dest_region, topic, channel, count(*) AS contacts,
    count(*) FILTER (WHERE found AND id = first_id) AS first_contacts,
    count(*) FILTER (WHERE found AND sla_state <> 'not_applicable' AND floor(extract(epoch FROM due_at)) < o
        AND (sla_stop_at IS NULL OR floor(extract(epoch FROM sla_stop_at)) > o)) AS on_late,
    count(*) FILTER (WHERE NOT found) AS no_shipment, count(*) FILTER (WHERE reopened > 0) AS reopened, count(resolved_at) AS resolved,
    coalesce(sum(frt) FILTER (WHERE frt >= 0), 0) AS frt_sec_sum, count(*) FILTER (WHERE frt >= 0) AS frt_n,
    hist_of(coalesce(array_agg(hist_slot(frt::float8, ladder_s19())) FILTER (WHERE frt >= 0), '{}'), 19) AS frt_hist,
    coalesce(sum(res) FILTER (WHERE res >= 0), 0) AS resolve_sec_sum, count(*) FILTER (WHERE res >= 0) AS resolve_n,
    coalesce(sum(csat), 0) AS csat_sum, count(csat) AS csat_n, count(*) FILTER (WHERE csat >= 4) AS csat_pos
FROM c GROUP BY day, client_id, carrier_id, dest_region, topic, channel;

-- mart_integration_hour from staging and facts; k: 1 call, 2 event, 3 open reject
CREATE OR REPLACE VIEW v_integration_hour_from_staging AS
WITH u AS (
    SELECT date_trunc('hour', min(ts)) AS hour, carrier_id, integration, operation, 1 AS k, (array_agg(outcome ORDER BY attempt DESC, id DESC))[1] AS o, count(*) - 1 AS again,
        sum(duration_ms) AS ms, false AS late, false AS unmapped, false AS timed, 0 AS lag, NULL::timestamptz AS e_at, NULL::timestamptz AS r_at
    FROM stg_call GROUP BY carrier_id, integration, operation, request_id
    UNION ALL SELECT date_trunc('hour', received_at), carrier_id, integration, 'events', 2, '', 0, 0, lag_sec > 86400 AND NOT is_date_only, map_hit = 'none', NOT is_date_only, lag_sec,
        event_time, received_at FROM fct_event
    UNION ALL SELECT date_trunc('hour', ts), 0, src_topic, 'events', 3, '', 0, 0, false, false, false, 0, NULL, NULL FROM wb_reject WHERE state = 'open' AND floor(extract(epoch FROM ts)) > 0)
SELECT hour, (hour AT TIME ZONE 'UTC')::date AS day, carrier_id, integration, operation,
    count(*) FILTER (WHERE k = 1) AS calls, count(*) FILTER (WHERE o = 'ok') AS ok, count(*) FILTER (WHERE o = 'client_error') AS err_client,
    count(*) FILTER (WHERE o = 'server_error') AS err_server, count(*) FILTER (WHERE o = 'timeout') AS err_timeout, count(*) FILTER (WHERE o = 'auth_error') AS err_auth,
    count(*) FILTER (WHERE o = 'rate_limited') AS err_rate, count(*) FILTER (WHERE o = 'schema_error') AS err_schema, sum(again) AS retries, sum(ms) AS latency_ms_sum,
    CASE WHEN bool_or(k = 1) THEN hist_of(array_agg(hist_slot(ms::float8, ladder_m18())) FILTER (WHERE k = 1), 18) ELSE '{}' END AS latency_hist,
    count(*) FILTER (WHERE k = 2) AS events_in, count(*) FILTER (WHERE late) AS events_late, count(*) FILTER (WHERE unmapped) AS events_unmapped, count(*) FILTER (WHERE k = 3) AS events_rejected,
    coalesce(sum(lag) FILTER (WHERE timed AND lag >= 0), 0) AS lag_sec_sum, count(*) FILTER (WHERE timed AND lag >= 0) AS lag_n, count(*) FILTER (WHERE timed AND lag < 0) AS lag_negative,
    CASE WHEN bool_or(k = 2) THEN hist_of(coalesce(array_agg(hist_slot(lag::float8, ladder_s19())) FILTER (WHERE timed AND lag >= 0), '{}'), 19) ELSE '{}' END AS lag_hist,
    date_trunc('second', max(e_at)) AS last_event_at, date_trunc('second', max(r_at)) AS last_received_at
FROM u GROUP BY hour, carrier_id, integration, operation;

-- invariants of mart rows by day, cheap: after a refresh WHERE day IN (the days refreshed)
CREATE OR REPLACE VIEW v_quality_day AS
SELECT 'sla_due_sum'::text AS check_name, 'error'::text AS severity, day, count(*) FILTER (WHERE due <> met + missed + pending + at_risk) AS bad_rows FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'sla_miss_sum', 'error', day, count(*) FILTER (WHERE miss_carrier + miss_shipper + miss_recipient + miss_customs + miss_force + miss_platform + miss_unknown <> missed) FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'sla_late_sum', 'error', day, count(*) FILTER (WHERE late_1d + late_2d + late_3d + late_more <> missed OR (cardinality(late_hist) > 0 AND (SELECT sum(x) FROM unnest(late_hist) x) <> missed)) FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'sla_parts', 'error', day, count(*) FILTER (WHERE missed_open > missed OR met_in_full > met) FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'sla_hist_length', 'error', day, count(*) FILTER (WHERE cardinality(late_hist) <> 31) FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'lead_hist_sum', 'error', day, count(*) FILTER (WHERE cardinality(lead_hist) > 0 AND (SELECT sum(x) FROM unnest(lead_hist) x) <> lead_n) FROM mart_delivery_day GROUP BY day
UNION ALL SELECT 'transit_hist_sum', 'error', day, count(*) FILTER (WHERE cardinality(transit_hist) > 0 AND (SELECT sum(x) FROM unnest(transit_hist) x) <> transit_n) FROM mart_delivery_day GROUP BY day
UNION ALL SELECT 'delivery_parts', 'error', day, count(*) FILTER (WHERE first_attempt_ok > first_attempts OR delivered_late > delivered) FROM mart_delivery_day GROUP BY day
UNION ALL SELECT 'delivery_hist_length', 'error', day, count(*) FILTER (WHERE cardinality(lead_hist) <> 31 OR cardinality(transit_hist) <> 31) FROM mart_delivery_day GROUP BY day
UNION ALL SELECT 'courier_parts', 'error', day, count(*) FILTER (WHERE brought_back > assigned OR first_attempt_ok > first_attempts) FROM mart_courier_day GROUP BY day
UNION ALL SELECT 'backlog_parts', 'error', day, count(*) FILTER (WHERE overdue_n + at_risk_n > open_n) FROM mart_backlog_hour GROUP BY day
UNION ALL SELECT 'backlog_hist_length', 'error', day, count(*) FILTER (WHERE cardinality(age_hist) <> 31) FROM mart_backlog_hour GROUP BY day
UNION ALL SELECT 'support_parts', 'error', day, count(*) FILTER (WHERE no_shipment > contacts OR csat_pos > csat_n) FROM mart_support_day GROUP BY day
UNION ALL SELECT 'frt_hist_sum', 'error', day, count(*) FILTER (WHERE cardinality(frt_hist) > 0 AND (SELECT sum(x) FROM unnest(frt_hist) x) <> frt_n) FROM mart_support_day GROUP BY day
UNION ALL SELECT 'support_hist_length', 'error', day, count(*) FILTER (WHERE cardinality(frt_hist) <> 19) FROM mart_support_day GROUP BY day
UNION ALL SELECT 'calls_sum', 'error', day, count(*) FILTER (WHERE calls <> ok + err_client + err_server + err_timeout + err_auth + err_rate + err_schema) FROM mart_integration_hour GROUP BY day
UNION ALL SELECT 'events_parts', 'error', day, count(*) FILTER (WHERE events_unmapped > events_in OR events_late > events_in OR lag_n + lag_negative > events_in) FROM mart_integration_hour GROUP BY day
UNION ALL SELECT 'integration_hist_sum', 'error', day, count(*) FILTER (WHERE (cardinality(latency_hist) > 0 AND (SELECT sum(x) FROM unnest(latency_hist) x) <> calls) OR (cardinality(lag_hist) > 0 AND (SELECT sum(x) FROM unnest(lag_hist) x) <> lag_n)) FROM mart_integration_hour GROUP BY day
UNION ALL SELECT 'integration_hist_length', 'error', day, count(*) FILTER (WHERE cardinality(latency_hist) <> CASE WHEN calls = 0 THEN 0 ELSE 18 END OR cardinality(lag_hist) <> CASE WHEN events_in = 0 THEN 0 ELSE 19 END) FROM mart_integration_hour GROUP BY day
UNION ALL SELECT unnest('{sla_due_sum,sla_miss_sum,sla_late_sum,sla_parts,sla_hist_length,lead_hist_sum,transit_hist_sum,delivery_parts,delivery_hist_length,courier_parts,backlog_parts,backlog_hist_length,support_parts,frt_hist_sum,support_hist_length,calls_sum,events_parts,integration_hist_sum,integration_hist_length}'::text[]), 'error', date '1970-01-01', 0;

-- days on which the marts are known to be behind, as wb-marts finds them: something was stored since it ran last, or in the ten minutes before
CREATE OR REPLACE VIEW v_day_behind AS
SELECT 'shipment'::text AS scope, unnest(days) AS day FROM fct_shipment WHERE loaded_at > (SELECT min(value::timestamptz) - interval '10 minutes' FROM wb_state WHERE name IN ('refresh:mart_delivery_day', 'refresh:mart_sla_day', 'refresh:mart_courier_day'))
UNION ALL SELECT 'support', ((opened_at + off) AT TIME ZONE 'UTC')::date FROM (
    SELECT opened_at FROM stg_contact WHERE loaded_at > (SELECT min(value::timestamptz) - interval '10 minutes' FROM wb_state WHERE name IN ('refresh:mart_support_day'))
    UNION ALL SELECT opened_at FROM stg_contact WHERE shipment_id <> '' AND shipment_id IN (
        SELECT shipment_id FROM stg_contact WHERE loaded_at > (SELECT min(value::timestamptz) - interval '10 minutes' FROM wb_state WHERE name IN ('refresh:mart_support_day'))
        UNION SELECT shipment_id FROM fct_shipment WHERE loaded_at > (SELECT min(value::timestamptz) - interval '10 minutes' FROM wb_state WHERE name IN ('refresh:mart_support_day')))) c,
    (VALUES (interval '-12 hours'), (interval '0'), (interval '14 hours')) o (off)
UNION ALL SELECT 'integration', (ts AT TIME ZONE 'UTC')::date FROM stg_call
    WHERE (carrier_id, integration, operation, request_id) IN (
        SELECT carrier_id, integration, operation, request_id FROM stg_call WHERE loaded_at > (SELECT min(value::timestamptz) - interval '10 minutes' FROM wb_state WHERE name IN ('refresh:mart_integration_hour')))
UNION ALL SELECT 'integration', (received_at AT TIME ZONE 'UTC')::date FROM fct_event WHERE loaded_at > (SELECT min(value::timestamptz) - interval '10 minutes' FROM wb_state WHERE name IN ('refresh:mart_integration_hour'))
UNION ALL SELECT 'integration', (ts AT TIME ZONE 'UTC')::date FROM wb_reject WHERE loaded_at > (SELECT min(value::timestamptz) - interval '10 minutes' FROM wb_state WHERE name IN ('refresh:mart_integration_hour'));

-- days on which rows of a mart differ from what the facts or staging say, or are missing, or too many: their number
CREATE OR REPLACE VIEW v_delivery_day_differs AS
SELECT day, count(*) AS bad_rows FROM (
    SELECT day FROM (SELECT day, client_id, carrier_id, service_code, dest_region, ROW(created, accepted, out_for_delivery, attempts, first_attempts, first_attempt_ok, delivered, delivered_late, ready_for_pickup, return_started, returned, lost, damaged, cancelled, exceptions, first_exceptions, lead_sec_sum, lead_n, lead_hist, transit_sec_sum, transit_n, transit_hist, handover_sec_sum, handover_n, last_mile_sec_sum, last_mile_n, pickup_wait_sec_sum, pickup_wait_n, revenue)::text AS h FROM mart_delivery_day
        UNION ALL SELECT day, client_id, carrier_id, service_code, dest_region, ROW(created, accepted, out_for_delivery, attempts, first_attempts, first_attempt_ok, delivered, delivered_late, ready_for_pickup, return_started, returned, lost, damaged, cancelled, exceptions, first_exceptions, lead_sec_sum, lead_n, lead_hist, transit_sec_sum, transit_n, transit_hist, handover_sec_sum, handover_n, last_mile_sec_sum, last_mile_n, pickup_wait_sec_sum, pickup_wait_n, revenue)::text FROM v_delivery_day_from_facts) u
    GROUP BY day, client_id, carrier_id, service_code, dest_region HAVING count(*) <> 2 OR min(h) <> max(h)) d
GROUP BY day;

CREATE OR REPLACE VIEW v_sla_day_differs AS
SELECT day, count(*) AS bad_rows FROM (
    SELECT day FROM (SELECT day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source, ROW(due, met, met_in_full, missed, missed_open, pending, at_risk, paused, late_1d, late_2d, late_3d, late_more, early_1d, late_sec_sum, late_hist, abs_err_sec_sum, abs_err_n, repromised, miss_carrier, miss_shipper, miss_recipient, miss_customs, miss_force, miss_platform, miss_unknown)::text AS h FROM mart_sla_day
        UNION ALL SELECT day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source, ROW(due, met, met_in_full, missed, missed_open, pending, at_risk, paused, late_1d, late_2d, late_3d, late_more, early_1d, late_sec_sum, late_hist, abs_err_sec_sum, abs_err_n, repromised, miss_carrier, miss_shipper, miss_recipient, miss_customs, miss_force, miss_platform, miss_unknown)::text FROM v_sla_day_from_facts) u
    GROUP BY day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source HAVING count(*) <> 2 OR min(h) <> max(h)) d
GROUP BY day;

CREATE OR REPLACE VIEW v_courier_day_differs AS
SELECT day, count(*) AS bad_rows FROM (
    SELECT day FROM (SELECT day, carrier_id, region_code, courier_id, ROW(assigned, attempts, delivered, first_attempts, first_attempt_ok, failed_recipient, failed_carrier, failed_other, brought_back, first_scan_at, last_scan_at, active_sec)::text AS h FROM mart_courier_day
        UNION ALL SELECT day, carrier_id, region_code, courier_id, ROW(assigned, attempts, delivered, first_attempts, first_attempt_ok, failed_recipient, failed_carrier, failed_other, brought_back, first_scan_at, last_scan_at, active_sec)::text FROM v_courier_day_from_facts) u
    GROUP BY day, carrier_id, region_code, courier_id HAVING count(*) <> 2 OR min(h) <> max(h)) d
GROUP BY day;

CREATE OR REPLACE VIEW v_support_day_differs AS
SELECT day, count(*) AS bad_rows FROM (
    SELECT day FROM (SELECT day, client_id, carrier_id, dest_region, topic, channel, ROW(contacts, first_contacts, on_late, no_shipment, reopened, resolved, frt_sec_sum, frt_n, frt_hist, resolve_sec_sum, resolve_n, csat_sum, csat_n, csat_pos)::text AS h FROM mart_support_day
        UNION ALL SELECT day, client_id, carrier_id, dest_region, topic, channel, ROW(contacts, first_contacts, on_late, no_shipment, reopened, resolved, frt_sec_sum, frt_n, frt_hist, resolve_sec_sum, resolve_n, csat_sum, csat_n, csat_pos)::text FROM v_support_day_from_staging) u
    GROUP BY day, client_id, carrier_id, dest_region, topic, channel HAVING count(*) <> 2 OR min(h) <> max(h)) d
GROUP BY day;

CREATE OR REPLACE VIEW v_integration_hour_differs AS
SELECT day, count(*) AS bad_rows FROM (
    SELECT day FROM (SELECT hour, day, carrier_id, integration, operation, ROW(calls, ok, err_client, err_server, err_timeout, err_auth, err_rate, err_schema, retries, latency_ms_sum, latency_hist, events_in, events_late, events_unmapped, events_rejected, lag_sec_sum, lag_n, lag_negative, lag_hist, last_event_at, last_received_at)::text AS h FROM mart_integration_hour
        UNION ALL SELECT hour, day, carrier_id, integration, operation, ROW(calls, ok, err_client, err_server, err_timeout, err_auth, err_rate, err_schema, retries, latency_ms_sum, latency_hist, events_in, events_late, events_unmapped, events_rejected, lag_sec_sum, lag_n, lag_negative, lag_hist, last_event_at, last_received_at)::text FROM v_integration_hour_from_staging) u
    GROUP BY hour, day, carrier_id, integration, operation HAVING count(*) <> 2 OR min(h) <> max(h)) d
GROUP BY day;

-- all invariants; a check of severity error with bad_rows > 0 must stop the reports. Marts are compared with the facts on days that are not behind. Scope facts reads the facts whole: run nightly, the results are in wb_check, and nothing else reads this view
CREATE OR REPLACE VIEW v_quality AS
SELECT check_name, severity, 'mart'::text AS scope, sum(bad_rows)::bigint AS bad_rows FROM v_quality_day GROUP BY check_name, severity
UNION ALL SELECT 'stop_without_time', 'error', 'facts', count(*) FROM fct_shipment
    WHERE (sla_stop <> 'none') <> (sla_stop_at IS NOT NULL) OR (sla_state = 'met' AND sla_stop_at IS NULL)
UNION ALL SELECT 'closed_without_time', 'error', 'facts', count(*) FROM fct_shipment WHERE is_open = (closed_at IS NOT NULL)
UNION ALL SELECT 'party_without_miss', 'error', 'facts', count(*) FROM fct_shipment WHERE (sla_state = 'missed') = (sla_party = 'none')
UNION ALL SELECT 'created_total', 'error', 'facts', abs((SELECT coalesce(sum(created), 0) FROM mart_delivery_day WHERE day >= horizon('shipment') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment'))
        - (SELECT count(*) FROM fct_shipment WHERE created_day >= horizon('shipment') AND created_day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment')))
UNION ALL SELECT 'delivery_mart_vs_facts', 'error', 'facts', coalesce(sum(bad_rows), 0)::bigint FROM v_delivery_day_differs
    WHERE day >= horizon('shipment') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment')
UNION ALL SELECT 'sla_mart_vs_facts', 'error', 'facts', coalesce(sum(bad_rows), 0)::bigint FROM v_sla_day_differs
    WHERE day >= horizon('shipment') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment')
UNION ALL SELECT 'courier_mart_vs_facts', 'error', 'facts', coalesce(sum(bad_rows), 0)::bigint FROM v_courier_day_differs
    WHERE day >= horizon('shipment') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment')
UNION ALL SELECT 'support_mart_vs_staging', 'error', 'facts', coalesce(sum(bad_rows), 0)::bigint FROM v_support_day_differs
    WHERE day >= horizon('support') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'support')
UNION ALL SELECT 'integration_mart_vs_staging', 'error', 'facts', coalesce(sum(bad_rows), 0)::bigint FROM v_integration_hour_differs
    WHERE day >= horizon('integration') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'integration')
UNION ALL SELECT 'rejected_records', 'warn', 'facts', count(*) FROM wb_reject WHERE state = 'open'
UNION ALL SELECT 'lead_open_bucket', 'warn', 'facts', CASE WHEN o > 0.01 * n THEN o ELSE 0 END FROM (
    SELECT coalesce(sum(lead_hist[31]), 0) AS o, coalesce(sum(lead_n), 0) AS n FROM mart_delivery_day WHERE cardinality(lead_hist) > 0) t
UNION ALL SELECT 'unmapped_events', 'warn', 'facts', count(*) FROM fct_event WHERE map_hit = 'none'
UNION ALL SELECT 'events_from_the_future', 'warn', 'facts', count(*) FROM fct_event WHERE lag_sec < 0 AND NOT is_date_only
UNION ALL SELECT 'delivered_before_created', 'warn', 'facts', count(*) FROM fct_shipment WHERE delivered_at < created_at
UNION ALL SELECT 'unknown_client_or_carrier', 'warn', 'facts', count(*) FROM fct_shipment WHERE client_id = 0 OR carrier_id = 0;

CREATE OR REPLACE VIEW v_check AS SELECT * FROM wb_check;
