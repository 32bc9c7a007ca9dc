-- Waybill BI views, ClickHouse dialect. BI tools read v_* only.
-- One JOIN in a SELECT and no window functions: wb-schema makes it run on 18.16 too.
-- A rate over nothing is NULL. Quantiles are linear inside a bucket, the open bucket answers its lower bound.

CREATE OR REPLACE VIEW v_shipment AS
SELECT * FROM fct_shipment FINAL;

CREATE OR REPLACE VIEW v_event AS
SELECT * FROM fct_event FINAL;

CREATE OR REPLACE VIEW v_contact AS
SELECT * FROM stg_contact FINAL;

CREATE OR REPLACE VIEW v_call AS
SELECT * FROM stg_call FINAL;

CREATE OR REPLACE VIEW v_client AS
SELECT client_id, argMax(name, valid_from) AS client_name, argMax(segment, valid_from) AS segment, argMax(tier, valid_from) AS tier
FROM dim_client FINAL GROUP BY client_id;

CREATE OR REPLACE VIEW v_carrier AS
SELECT carrier_id, argMax(code, valid_from) AS carrier_code, argMax(name, valid_from) AS carrier_name,
    argMax(daily_capacity, valid_from) AS daily_capacity
FROM dim_carrier FINAL GROUP BY carrier_id;

CREATE OR REPLACE VIEW v_region AS
SELECT region_code, name AS region_name, macro_region, country, tz, is_remote FROM dim_region FINAL;

CREATE OR REPLACE VIEW v_delivery_daily AS
SELECT day, carrier_id, carrier_name, client_id, client_name, dest_region, service_code,
    created, accepted, out_for_delivery, attempts, first_attempts, first_attempt_ok, delivered, delivered_late, ready_for_pickup,
    return_started, returned, lost, damaged, cancelled, exceptions, first_exceptions,
    lead_sec_sum, lead_n, transit_sec_sum, transit_n, handover_sec_sum, handover_n, last_mile_sec_sum, last_mile_n,
    pickup_wait_sec_sum, pickup_wait_n, revenue
FROM (SELECT * FROM mart_delivery_day AS d ANY LEFT JOIN v_carrier AS a USING carrier_id) AS m ANY LEFT JOIN v_client AS c USING client_id;

CREATE OR REPLACE VIEW v_sla_daily AS
SELECT day, carrier_id, carrier_name, client_id, client_name, dest_region, service_code, sla_rule_id, promise_source,
    due, met, met_in_full, missed, missed_open, pending, at_risk, paused, late_1d, late_2d, late_3d, late_more, early_1d,
    late_sec_sum, abs_err_sec_sum, abs_err_n, repromised,
    miss_carrier, miss_shipper, miss_recipient, miss_customs, miss_force, miss_platform, miss_unknown,
    met / nullIf(met + missed, 0) AS sla_rate
FROM (SELECT * FROM mart_sla_day AS d ANY LEFT JOIN v_carrier AS a USING carrier_id) AS m ANY LEFT JOIN v_client AS c USING client_id;

CREATE OR REPLACE VIEW v_sla_variance AS
SELECT day, carrier_id, sum(met) / sum(met + missed) AS on_time, sum(met + late_1d) / sum(met + missed) AS within_1d,
    sum(met + late_1d + late_2d) / sum(met + missed) AS within_2d, sum(met + late_1d + late_2d + late_3d) / sum(met + missed) AS within_3d
FROM mart_sla_day WHERE met + missed > 0 GROUP BY day, carrier_id;

-- Wilson 95 % lower bound of the miss rate over the newest 28 due days, regions with 30 judged shipments or more
CREATE OR REPLACE VIEW v_region_problem_28d AS
SELECT dest_region, n, m AS missed_n, m / n AS miss_rate, net AS network_rate, m - n * net AS excess_missed,
    (m / n + 1.9208 / n - 1.96 * sqrt((m / n) * (1 - m / n) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n) AS miss_rate_low95
FROM (SELECT dest_region, sum(met + missed) AS n, sum(missed) AS m, 1 AS k FROM mart_sla_day
      WHERE day > (SELECT max(day) - 28 FROM mart_sla_day) GROUP BY dest_region HAVING n >= 30) AS r
ANY LEFT JOIN (SELECT 1 AS k, sum(missed) / sum(met + missed) AS net FROM mart_sla_day
      WHERE day > (SELECT max(day) - 28 FROM mart_sla_day)) AS t USING k;

CREATE OR REPLACE VIEW v_delivery_speed_daily AS
SELECT day, carrier_id, delivered_n, lead_s / nullIf(lead_c, 0) / 3600 AS lead_h_avg,
    if(lt = 0, NULL, lo[l50] + (hi[l50] - lo[l50]) * (0.5 * lt - (lc[l50] - lh[l50])) / lh[l50]) AS lead_h_p50,
    if(lt = 0, NULL, lo[l90] + (hi[l90] - lo[l90]) * (0.9 * lt - (lc[l90] - lh[l90])) / lh[l90]) AS lead_h_p90,
    if(lt = 0, NULL, lo[l95] + (hi[l95] - lo[l95]) * (0.95 * lt - (lc[l95] - lh[l95])) / lh[l95]) AS lead_h_p95,
    transit_s / nullIf(transit_c, 0) / 3600 AS transit_h_avg,
    if(tt = 0, NULL, lo[t50] + (hi[t50] - lo[t50]) * (0.5 * tt - (tc[t50] - th[t50])) / th[t50]) AS transit_h_p50,
    if(tt = 0, NULL, lo[t90] + (hi[t90] - lo[t90]) * (0.9 * tt - (tc[t90] - th[t90])) / th[t90]) AS transit_h_p90
FROM (SELECT day, carrier_id, sum(delivered) AS delivered_n, sum(lead_sec_sum) AS lead_s, sum(lead_n) AS lead_c,
        sum(transit_sec_sum) AS transit_s, sum(transit_n) AS transit_c,
        sumForEach(lead_hist) AS lh, arrayCumSum(lh) AS lc, arraySum(lh) AS lt,
        arrayFirstIndex(x -> x >= 0.5 * lt, lc) AS l50, arrayFirstIndex(x -> x >= 0.9 * lt, lc) AS l90,
        arrayFirstIndex(x -> x >= 0.95 * lt, lc) AS l95,
        sumForEach(transit_hist) AS th, arrayCumSum(th) AS tc, arraySum(th) AS tt,
        arrayFirstIndex(x -> x >= 0.5 * tt, tc) AS t50, arrayFirstIndex(x -> x >= 0.9 * tt, tc) AS t90,
        [0, 1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440] AS lo,
        [1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440, 1440] AS hi
      FROM mart_delivery_day WHERE delivered > 0 GROUP BY day, carrier_id);

CREATE OR REPLACE VIEW v_courier_load AS
SELECT day, carrier_id, region_code, courier_id, assigned, delivered, brought_back,
    delivered / nullIf(assigned, 0) AS completion_rate, first_attempt_ok / nullIf(first_attempts, 0) AS first_attempt_rate,
    if(active_sec < 1800, NULL, delivered * 3600 / active_sec) AS parcels_per_hour, peers, median_assigned,
    assigned / nullIf(median_assigned, 0) AS load_index
FROM mart_courier_day AS m ANY LEFT JOIN (
    SELECT day, carrier_id, region_code, count() AS peers, arraySort(groupArray(assigned))[intDiv(peers + 1, 2)] AS median_assigned
    FROM mart_courier_day GROUP BY day, carrier_id, region_code) AS p USING day, carrier_id, region_code;

CREATE OR REPLACE VIEW v_backlog_now AS
SELECT * FROM mart_backlog_hour WHERE as_of = (SELECT max(as_of) FROM mart_backlog_hour);

CREATE OR REPLACE VIEW v_integration_daily AS
SELECT day, carrier_id, integration, calls_n, ok_n, ok_n / nullIf(calls_n, 0) AS success_rate,
    events_n, unmapped_n / nullIf(events_n, 0) AS unmapped_rate, lag_s / nullIf(lag_c, 0) AS lag_sec_avg,
    if(gt = 0, NULL, lo[g95] + (hi[g95] - lo[g95]) * (0.95 * gt - (gc[g95] - gh[g95])) / gh[g95]) AS lag_sec_p95, newest_event_at, newest_received_at
FROM (SELECT day, carrier_id, integration, sum(calls) AS calls_n, sum(ok) AS ok_n, sum(events_in) AS events_n, sum(events_unmapped) AS unmapped_n,
        sum(lag_sec_sum) AS lag_s, sum(lag_n) AS lag_c, sumForEach(lag_hist) AS gh, arrayCumSum(gh) AS gc, arraySum(gh) AS gt,
        arrayFirstIndex(x -> x >= 0.95 * gt, gc) AS g95,
        [0, 1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 432000] AS lo,
        [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 432000, 432000] AS hi,
        max(last_event_at) AS newest_event_at, max(last_received_at) AS newest_received_at
      FROM mart_integration_hour GROUP BY day, carrier_id, integration);

-- UNION ALL, not a join: a join from the support side loses the shipments of cells without contacts and inflates the rate
CREATE OR REPLACE VIEW v_wismo_daily AS
SELECT day, client_id, carrier_id, sum(c) AS contacts_n, sum(w) AS wismo_n, sum(cr) AS created_n, sum(de) AS delivered_n,
    100 * sum(w) / nullIf(sum(cr), 0) AS wismo_per_100, sum(sp) / nullIf(sum(sn), 0) AS csat
FROM (SELECT day, client_id, carrier_id, contacts AS c, if(topic = 'wismo', contacts, toUInt32(0)) AS w, csat_n AS sn, csat_pos AS sp,
        toUInt32(0) AS cr, toUInt32(0) AS de FROM mart_support_day
      UNION ALL SELECT day, client_id, carrier_id, toUInt32(0) AS c, toUInt32(0) AS w, toUInt32(0) AS sn, toUInt32(0) AS sp,
        created AS cr, delivered AS de FROM mart_delivery_day)
GROUP BY day, client_id, carrier_id;

-- mart_sla_day as the facts have it: the reference of wb-reconcile
CREATE OR REPLACE VIEW v_sla_day_from_facts AS
SELECT assumeNotNull(due_day) AS day, client_id, carrier_id, service_code, dest_region, sla_rule_id, toString(promise_source) AS promise_source,
    count() AS due, sum(sla_state = 'met') AS met,
    sum(sla_state = 'met' AND isNotNull(delivered_at) AND NOT is_partial) AS met_in_full,
    sum(sla_state = 'missed') AS missed, sum(sla_state = 'missed' AND is_open) AS missed_open,
    sum(sla_state = 'pending') AS pending, sum(sla_state = 'at_risk') AS at_risk, sum(paused_sec > 0) AS paused,
    sum(sla_state = 'missed' AND sla_late_sec <= 86400) AS late_1d,
    sum(sla_state = 'missed' AND sla_late_sec > 86400 AND sla_late_sec <= 172800) AS late_2d,
    sum(sla_state = 'missed' AND sla_late_sec > 172800 AND sla_late_sec <= 259200) AS late_3d,
    sum(sla_state = 'missed' AND sla_late_sec > 259200) AS late_more,
    sum(sla_state = 'met' AND sla_late_sec < -86400) AS early_1d,
    sum(if(sla_state = 'missed', toInt64(sla_late_sec), toInt64(0))) AS late_sec_sum,
    sumForEach(arrayMap(i -> toUInt32(sla_state = 'missed' AND i = arrayCount(b -> b * 3600 < sla_late_sec,
        [1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440])), range(31))) AS late_hist,
    sum(abs(ifNull(promise_err_sec, toInt32(0)))) AS abs_err_sec_sum, sum(isNotNull(promise_err_sec)) AS abs_err_n,
    sum(ifNull(promised_now_at != promised_at, toUInt8(0))) AS repromised,
    sum(sla_state = 'missed' AND sla_party = 'carrier') AS miss_carrier, sum(sla_state = 'missed' AND sla_party = 'shipper') AS miss_shipper,
    sum(sla_state = 'missed' AND sla_party = 'recipient') AS miss_recipient, sum(sla_state = 'missed' AND sla_party = 'customs') AS miss_customs,
    sum(sla_state = 'missed' AND sla_party = 'force') AS miss_force, sum(sla_state = 'missed' AND sla_party = 'platform') AS miss_platform,
    sum(sla_state = 'missed' AND sla_party = 'unknown') AS miss_unknown
FROM fct_shipment FINAL WHERE sla_state != 'not_applicable' AND isNotNull(due_day)
GROUP BY due_day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source;

-- mart_delivery_day as the facts have it; k is what happened on the day
CREATE OR REPLACE VIEW v_delivery_day_from_facts AS
SELECT day, client_id, carrier_id, service_code, dest_region,
    sum(k = 1) AS created, sum(k = 2) AS accepted, sum(k = 12) AS out_for_delivery, sum(k = 13) AS attempts,
    sum(k = 3) AS first_attempts, sum(k = 3 AND fa_ok) AS first_attempt_ok, sum(k = 4) AS delivered,
    sum(k = 4 AND ifNull(toUnixTimestamp(delivered_at) > toUnixTimestamp(promised_at), 0)) AS delivered_late, sum(k = 5) AS ready_for_pickup,
    sum(k = 6) AS return_started, sum(k = 7) AS returned, sum(k = 8) AS lost, sum(k = 9) AS damaged, sum(k = 10) AS cancelled,
    sum(k = 14) AS exceptions, sum(k = 11) AS first_exceptions,
    sum(if(k = 4 AND lead >= 0, lead, 0)) AS lead_sec_sum, sum(k = 4 AND lead >= 0) AS lead_n,
    sumForEach(arrayMap(i -> toUInt32(k = 4 AND lead >= 0 AND i = arrayCount(b -> b * 3600 < lead, [1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440])), range(31))) AS lead_hist,
    sum(if(k = 4 AND transit >= 0, transit, 0)) AS transit_sec_sum, sum(k = 4 AND transit >= 0) AS transit_n,
    sumForEach(arrayMap(i -> toUInt32(k = 4 AND transit >= 0 AND i = arrayCount(b -> b * 3600 < transit, [1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440])), range(31))) AS transit_hist,
    sum(if(k = 2 AND handover >= 0, handover, 0)) AS handover_sec_sum, sum(k = 2 AND handover >= 0) AS handover_n,
    sum(if(k = 4 AND last_mile >= 0, last_mile, 0)) AS last_mile_sec_sum, sum(k = 4 AND last_mile >= 0) AS last_mile_n,
    sum(if(k = 4 AND pickup_wait >= 0, pickup_wait, 0)) AS pickup_wait_sec_sum, sum(k = 4 AND pickup_wait >= 0) AS pickup_wait_n,
    sum(if(k = 1, price, toDecimal64(0, 2))) AS revenue
FROM (SELECT client_id, carrier_id, service_code, dest_region, first_attempt_ok AS fa_ok, delivered_at, promised_at, price,
        ifNull(toInt64(toUnixTimestamp(delivered_at)) - toInt64(toUnixTimestamp(created_at)), -1) AS lead,
        ifNull(toInt64(toUnixTimestamp(delivered_at)) - toInt64(toUnixTimestamp(accepted_at)), -1) AS transit,
        ifNull(toInt64(toUnixTimestamp(accepted_at)) - toInt64(toUnixTimestamp(created_at)), -1) AS handover,
        ifNull(toInt64(toUnixTimestamp(delivered_at)) - toInt64(toUnixTimestamp(first_ofd_at)), -1) AS last_mile,
        ifNull(toInt64(toUnixTimestamp(delivered_at)) - toInt64(toUnixTimestamp(ready_at)), -1) AS pickup_wait,
        arrayJoin(arrayFilter(x -> x.1 > toDate(0), arrayConcat(
            [(created_day, 1), (ifNull(accepted_day, toDate(0)), 2), (ifNull(first_attempt_day, toDate(0)), 3), (ifNull(delivered_day, toDate(0)), 4),
             (ifNull(ready_day, toDate(0)), 5), (ifNull(return_started_day, toDate(0)), 6), (ifNull(returned_day, toDate(0)), 7), (ifNull(lost_day, toDate(0)), 8),
             (ifNull(damaged_day, toDate(0)), 9), (ifNull(cancelled_day, toDate(0)), 10), (ifNull(first_exception_day, toDate(0)), 11)],
            arrayMap((d, s, t) -> (if(s = 'out_for_delivery' AND t = 'out_for_delivery', d, toDate(0)), 12), step_day, step_status, step_state),
            arrayMap((d, a) -> (if(a > 0, d, toDate(0)), 13), step_day, step_attempt),
            arrayMap((d, r) -> (if(r != '' AND substring(r, 1, 7) != 'detail.', d, toDate(0)), 14), step_day, step_reason)))) AS e,
        e.1 AS day, e.2 AS k
      FROM fct_shipment FINAL)
GROUP BY day, client_id, carrier_id, service_code, dest_region;

-- mart_courier_day as the facts have it
CREATE OR REPLACE VIEW v_courier_day_from_facts AS
SELECT day, carrier_id, region_code, courier_id, sum(n_out > 0) AS assigned, sum(n_attempt) AS attempts, sum(n_done > 0) AS delivered,
    sum(n_first) AS first_attempts, sum(n_first_ok) AS first_attempt_ok,
    sum(n_recipient) AS failed_recipient, sum(n_carrier) AS failed_carrier, sum(n_failed - n_recipient - n_carrier) AS failed_other,
    sum(n_out > 0 AND n_done = 0) AS brought_back, min(t_min) AS first_scan_at, max(t_max) AS last_scan_at,
    toUnixTimestamp(last_scan_at) - toUnixTimestamp(first_scan_at) AS active_sec
FROM (SELECT day, carrier_id, region_code, courier_id, shipment_id,
        sum(status = 'out_for_delivery') AS n_out, sum(attempt > 0) AS n_attempt, sum(status = 'delivered' AND state = 'delivered') AS n_done,
        sum(attempt > 0 AND at = first_attempt_at) AS n_first, sum(attempt > 0 AND at = first_attempt_at AND first_attempt_ok) AS n_first_ok,
        sum(attempt > 0 AND status = 'attempt_failed') AS n_failed,
        sum(attempt > 0 AND status = 'attempt_failed' AND substring(reason, 1, 10) = 'recipient.') AS n_recipient,
        sum(attempt > 0 AND status = 'attempt_failed' AND substring(reason, 1, 8) = 'carrier.') AS n_carrier,
        toDateTime(min(at)) AS t_min, toDateTime(max(at)) AS t_max
      FROM (SELECT shipment_id, carrier_id, first_attempt_at, first_attempt_ok, day, at, status, state, reason, attempt, courier_id, region_code
            FROM (SELECT shipment_id, carrier_id, assumeNotNull(first_attempt_at) AS first_attempt_at, first_attempt_ok,
                    step_day, step_at, step_status, step_state, reason AS last_reason, step_reason, step_attempt, step_courier, step_region
                  FROM fct_shipment FINAL)
            ARRAY JOIN step_day AS day, step_at AS at, step_status AS status, step_state AS state, step_reason AS reason, step_attempt AS attempt,
                step_courier AS courier_id, step_region AS region_code)
      WHERE courier_id != ''
      GROUP BY day, carrier_id, region_code, courier_id, shipment_id)
GROUP BY day, carrier_id, region_code, courier_id;

-- support contacts with what mart_support_day is made of: owner and zone, first contact and verdict of the shipment. found: the shipment is known
CREATE OR REPLACE VIEW v_support_contact AS
SELECT id, first_id, found, client_id, carrier_id, dest_region, topic, channel, if(zone = '', 'UTC', zone) AS tz, opened_at, first_reply_at, resolved_at, reopened, csat,
    sla_state, due_at, sla_stop_at
FROM (SELECT id, first_id, found, client_id, carrier_id, dest_region, topic, channel, opened_at, first_reply_at, resolved_at, reopened, csat, sla_state, due_at, sla_stop_at,
        homes[greatest(1, arrayCount(v -> v <= opened_at, froms))] AS home
      FROM (SELECT id, first_id, found, if(caller > 0, caller, owner) AS client_id, carrier_id, dest_region, topic, channel, opened_at, first_reply_at, resolved_at, reopened, csat,
              sla_state, due_at, sla_stop_at
            FROM (SELECT shipment_id, id, client_id AS caller, toString(topic) AS topic, toString(channel) AS channel, opened_at, first_reply_at, resolved_at, reopened, csat, first_id
                  FROM stg_contact FINAL ANY LEFT JOIN (
                    SELECT shipment_id, tupleElement(arraySort(groupArray((opened_at, id)))[1], 2) AS first_id FROM v_contact GROUP BY shipment_id) AS n USING shipment_id) AS c
            ANY LEFT JOIN (SELECT shipment_id, toUInt8(1) AS found, client_id AS owner, carrier_id, dest_region, due_at, sla_stop_at, toString(sla_state) AS sla_state
                           FROM fct_shipment FINAL) AS s USING shipment_id) AS cs
      ANY LEFT JOIN (SELECT client_id, groupArray(valid_from) AS froms, groupArray(home_region) AS homes
                     FROM (SELECT client_id, valid_from, home_region FROM dim_client FINAL ORDER BY client_id, valid_from) GROUP BY client_id) AS d USING client_id) AS csd
ANY LEFT JOIN (SELECT region_code AS home, tz AS zone FROM dim_region FINAL) AS r USING home;

-- mart_support_day from staging and facts: the reference of wb-reconcile; by the local day where the client was at home when the contact was opened
CREATE OR REPLACE VIEW v_support_day_from_staging AS
SELECT toDate(substring(toString(opened_at, tz), 1, 10)) AS day, client_id, carrier_id, dest_region, topic, channel, count() AS contacts,
    sum(found AND id = first_id) AS first_contacts,
    sum(found AND sla_state != 'not_applicable' AND ifNull(toUnixTimestamp(due_at) < toUnixTimestamp(opened_at), 0)
        AND ifNull(toUnixTimestamp(sla_stop_at) > toUnixTimestamp(opened_at), 1)) AS on_late,
    sum(NOT found) AS no_shipment, sum(again > 0) AS reopened, sum(isNotNull(resolved_at)) AS resolved,
    sum(if(frt >= 0, frt, 0)) AS frt_sec_sum, sum(frt >= 0) AS frt_n,
    sumForEach(arrayMap(i -> toUInt32(frt >= 0 AND i = arrayCount(b -> b < frt, [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 432000])), range(19))) AS frt_hist,
    sum(if(res >= 0, res, 0)) AS resolve_sec_sum, sum(res >= 0) AS resolve_n,
    sum(ifNull(csat, 0)) AS csat_sum, sum(isNotNull(csat)) AS csat_n, sum(ifNull(csat >= 4, 0)) AS csat_pos
FROM (SELECT id, first_id, found, client_id, carrier_id, dest_region, topic, channel, tz, opened_at, resolved_at, reopened AS again, csat, sla_state, due_at, sla_stop_at,
        ifNull(toInt64(toUnixTimestamp(first_reply_at)) - toInt64(toUnixTimestamp(opened_at)), -1) AS frt,
        ifNull(toInt64(toUnixTimestamp(resolved_at)) - toInt64(toUnixTimestamp(opened_at)), -1) AS res
      FROM v_support_contact)
GROUP BY day, client_id, carrier_id, dest_region, topic, channel;

-- mart_integration_hour from staging and facts; k: 1 call, 2 event, 3 open reject
CREATE OR REPLACE VIEW v_integration_hour_from_staging AS
SELECT hour, toDate(hour) AS day, carrier_id, integration, operation,
    sum(k = 1) AS calls, sum(o = 'ok') AS ok, sum(o = 'client_error') AS err_client, sum(o = 'server_error') AS err_server, sum(o = 'timeout') AS err_timeout,
    sum(o = 'auth_error') AS err_auth, sum(o = 'rate_limited') AS err_rate, sum(o = 'schema_error') AS err_schema, sum(again) AS retries, sum(ms) AS latency_ms_sum,
    sumForEach(if(k = 1, arrayMap(i -> toUInt32(i = arrayCount(b -> b < ms, [5, 10, 25, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10000, 30000, 60000])), range(18)), emptyArrayUInt32())) AS latency_hist,
    sum(k = 2) AS events_in, sum(late) AS events_late, sum(unmapped) AS events_unmapped, sum(k = 3) AS events_rejected,
    sum(if(timed AND lag >= 0, lag, 0)) AS lag_sec_sum, sum(timed AND lag >= 0) AS lag_n, sum(timed AND lag < 0) AS lag_negative,
    sumForEach(if(k = 2, arrayMap(i -> toUInt32(timed AND lag >= 0 AND i = arrayCount(b -> b < lag, [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 432000])), range(19)), emptyArrayUInt32())) AS lag_hist,
    nullIf(max(e_at), toDateTime(0, 'UTC')) AS last_event_at, nullIf(max(r_at), toDateTime(0, 'UTC')) AS last_received_at
FROM (SELECT toStartOfHour(min(ts)) AS hour, carrier_id, integration, operation, toUInt8(1) AS k, tupleElement(arraySort(groupArray((attempt, id, toString(outcome))))[-1], 3) AS o,
        toInt64(count()) - 1 AS again, toInt64(sum(duration_ms)) AS ms, toUInt8(0) AS late, toUInt8(0) AS unmapped, toUInt8(0) AS timed, toInt64(0) AS lag,
        toDateTime(0, 'UTC') AS e_at, toDateTime(0, 'UTC') AS r_at
      FROM stg_call FINAL GROUP BY carrier_id, integration, operation, request_id
      UNION ALL SELECT toStartOfHour(received_at) AS hour, carrier_id, integration, 'events' AS operation, toUInt8(2) AS k, '' AS o, toInt64(0) AS again, toInt64(0) AS ms,
        lag_sec > 86400 AND NOT is_date_only AS late, map_hit = 'none' AS unmapped, NOT is_date_only AS timed, toInt64(lag_sec) AS lag,
        toDateTime(event_time) AS e_at, toDateTime(received_at) AS r_at FROM fct_event FINAL
      UNION ALL SELECT toStartOfHour(ts) AS hour, toUInt32(0) AS carrier_id, src_topic AS integration, 'events' AS operation, toUInt8(3) AS k, '' AS o, toInt64(0) AS again, toInt64(0) AS ms,
        toUInt8(0) AS late, toUInt8(0) AS unmapped, toUInt8(0) AS timed, toInt64(0) AS lag, toDateTime(0, 'UTC') AS e_at, toDateTime(0, 'UTC') AS r_at
      FROM wb_reject FINAL WHERE state = 'open' AND toUnixTimestamp(ts) > 0)
GROUP BY hour, carrier_id, integration, operation;

-- invariants of mart rows by day, cheap: after a refresh WHERE day IN (the days refreshed); 1970-01-01 names each, with 0
CREATE OR REPLACE VIEW v_quality_day AS
SELECT 'sla_due_sum' AS check_name, 'error' AS severity, day, toUInt64(sum(due != met + missed + pending + at_risk)) AS bad_rows FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'sla_miss_sum' AS check_name, 'error' AS severity, day, toUInt64(sum(miss_carrier + miss_shipper + miss_recipient + miss_customs + miss_force + miss_platform + miss_unknown != missed)) AS bad_rows FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'sla_late_sum' AS check_name, 'error' AS severity, day, toUInt64(sum(late_1d + late_2d + late_3d + late_more != missed OR (length(late_hist) > 0 AND arraySum(late_hist) != missed))) AS bad_rows FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'sla_parts' AS check_name, 'error' AS severity, day, toUInt64(sum(missed_open > missed OR met_in_full > met)) AS bad_rows FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'sla_hist_length' AS check_name, 'error' AS severity, day, toUInt64(sum(length(late_hist) != 31)) AS bad_rows FROM mart_sla_day GROUP BY day
UNION ALL SELECT 'lead_hist_sum' AS check_name, 'error' AS severity, day, toUInt64(sum(length(lead_hist) > 0 AND arraySum(lead_hist) != lead_n)) AS bad_rows FROM mart_delivery_day GROUP BY day
UNION ALL SELECT 'transit_hist_sum' AS check_name, 'error' AS severity, day, toUInt64(sum(length(transit_hist) > 0 AND arraySum(transit_hist) != transit_n)) AS bad_rows FROM mart_delivery_day GROUP BY day
UNION ALL SELECT 'delivery_parts' AS check_name, 'error' AS severity, day, toUInt64(sum(first_attempt_ok > first_attempts OR delivered_late > delivered)) AS bad_rows FROM mart_delivery_day GROUP BY day
UNION ALL SELECT 'delivery_hist_length' AS check_name, 'error' AS severity, day, toUInt64(sum(length(lead_hist) != 31 OR length(transit_hist) != 31)) AS bad_rows FROM mart_delivery_day GROUP BY day
UNION ALL SELECT 'courier_parts' AS check_name, 'error' AS severity, day, toUInt64(sum(brought_back > assigned OR first_attempt_ok > first_attempts)) AS bad_rows FROM mart_courier_day GROUP BY day
UNION ALL SELECT 'backlog_parts' AS check_name, 'error' AS severity, day, toUInt64(sum(overdue_n + at_risk_n > open_n)) AS bad_rows FROM mart_backlog_hour GROUP BY day
UNION ALL SELECT 'backlog_hist_length' AS check_name, 'error' AS severity, day, toUInt64(sum(length(age_hist) != 31)) AS bad_rows FROM mart_backlog_hour GROUP BY day
UNION ALL SELECT 'support_parts' AS check_name, 'error' AS severity, day, toUInt64(sum(no_shipment > contacts OR csat_pos > csat_n)) AS bad_rows FROM mart_support_day GROUP BY day
UNION ALL SELECT 'frt_hist_sum' AS check_name, 'error' AS severity, day, toUInt64(sum(length(frt_hist) > 0 AND arraySum(frt_hist) != frt_n)) AS bad_rows FROM mart_support_day GROUP BY day
UNION ALL SELECT 'support_hist_length' AS check_name, 'error' AS severity, day, toUInt64(sum(length(frt_hist) != 19)) AS bad_rows FROM mart_support_day GROUP BY day
UNION ALL SELECT 'calls_sum' AS check_name, 'error' AS severity, day, toUInt64(sum(calls != ok + err_client + err_server + err_timeout + err_auth + err_rate + err_schema)) AS bad_rows FROM mart_integration_hour GROUP BY day
UNION ALL SELECT 'events_parts' AS check_name, 'error' AS severity, day, toUInt64(sum(events_unmapped > events_in OR events_late > events_in OR lag_n + lag_negative > events_in)) AS bad_rows FROM mart_integration_hour GROUP BY day
UNION ALL SELECT 'integration_hist_sum' AS check_name, 'error' AS severity, day, toUInt64(sum((length(latency_hist) > 0 AND arraySum(latency_hist) != calls) OR (length(lag_hist) > 0 AND arraySum(lag_hist) != lag_n))) AS bad_rows FROM mart_integration_hour GROUP BY day
UNION ALL SELECT 'integration_hist_length' AS check_name, 'error' AS severity, day, toUInt64(sum(length(latency_hist) != if(calls = 0, 0, 18) OR length(lag_hist) != if(events_in = 0, 0, 19))) AS bad_rows FROM mart_integration_hour GROUP BY day
UNION ALL SELECT arrayJoin(['sla_due_sum', 'sla_miss_sum', 'sla_late_sum', 'sla_parts', 'sla_hist_length', 'lead_hist_sum', 'transit_hist_sum', 'delivery_parts', 'delivery_hist_length', 'courier_parts', 'backlog_parts', 'backlog_hist_length', 'support_parts', 'frt_hist_sum', 'support_hist_length', 'calls_sum', 'events_parts', 'integration_hist_sum', 'integration_hist_length']) AS check_name, 'error' AS severity, toDate(0) AS day, toUInt64(0) AS bad_rows;

-- days on which the marts are known to be behind, as wb-marts finds them: something was stored since it ran last, or in the ten minutes before
CREATE OR REPLACE VIEW v_day_behind AS
SELECT 'shipment' AS scope, arrayJoin(days) AS day FROM fct_shipment WHERE toInt64(toUnixTimestamp(loaded_at)) > (SELECT if(count() = 0, toInt64(4294967295), min(toInt64(toUnixTimestamp(toDateTime(replaceAll(substring(v, 1, 19), 'T', ' '), 'UTC')))) - 600)
        FROM (SELECT name, argMax(value, version) AS v FROM wb_state WHERE name IN ('refresh:mart_delivery_day', 'refresh:mart_sla_day', 'refresh:mart_courier_day') GROUP BY name))
UNION ALL SELECT 'support' AS scope, toDate(toUInt16(intDiv(arrayJoin([toInt64(toUnixTimestamp(opened_at)) - 43200, toInt64(toUnixTimestamp(opened_at)), toInt64(toUnixTimestamp(opened_at)) + 50400]), 86400))) AS day
    FROM (SELECT opened_at, shipment_id, loaded_at, (SELECT if(count() = 0, toInt64(4294967295), min(toInt64(toUnixTimestamp(toDateTime(replaceAll(substring(v, 1, 19), 'T', ' '), 'UTC')))) - 600)
        FROM (SELECT name, argMax(value, version) AS v FROM wb_state WHERE name IN ('refresh:mart_support_day') GROUP BY name)) AS t FROM stg_contact)
    WHERE toInt64(toUnixTimestamp(loaded_at)) > t OR (shipment_id != '' AND (
        shipment_id IN (SELECT shipment_id FROM stg_contact WHERE toInt64(toUnixTimestamp(loaded_at)) > (SELECT if(count() = 0, toInt64(4294967295), min(toInt64(toUnixTimestamp(toDateTime(replaceAll(substring(v, 1, 19), 'T', ' '), 'UTC')))) - 600)
        FROM (SELECT name, argMax(value, version) AS v FROM wb_state WHERE name IN ('refresh:mart_support_day') GROUP BY name)))
        OR shipment_id IN (SELECT shipment_id FROM fct_shipment WHERE toInt64(toUnixTimestamp(loaded_at)) > (SELECT if(count() = 0, toInt64(4294967295), min(toInt64(toUnixTimestamp(toDateTime(replaceAll(substring(v, 1, 19), 'T', ' '), 'UTC')))) - 600)
        FROM (SELECT name, argMax(value, version) AS v FROM wb_state WHERE name IN ('refresh:mart_support_day') GROUP BY name)))))
UNION ALL SELECT 'integration' AS scope, toDate(toUInt16(intDiv(toUnixTimestamp(ts), 86400))) AS day FROM stg_call
    WHERE (carrier_id, integration, operation, request_id) IN (
        SELECT carrier_id, integration, operation, request_id FROM stg_call WHERE toInt64(toUnixTimestamp(loaded_at)) > (SELECT if(count() = 0, toInt64(4294967295), min(toInt64(toUnixTimestamp(toDateTime(replaceAll(substring(v, 1, 19), 'T', ' '), 'UTC')))) - 600)
        FROM (SELECT name, argMax(value, version) AS v FROM wb_state WHERE name IN ('refresh:mart_integration_hour') GROUP BY name)))
UNION ALL SELECT 'integration' AS scope, toDate(toUInt16(intDiv(toUnixTimestamp(received_at), 86400))) AS day FROM fct_event WHERE toInt64(toUnixTimestamp(loaded_at)) > (SELECT if(count() = 0, toInt64(4294967295), min(toInt64(toUnixTimestamp(toDateTime(replaceAll(substring(v, 1, 19), 'T', ' '), 'UTC')))) - 600)
        FROM (SELECT name, argMax(value, version) AS v FROM wb_state WHERE name IN ('refresh:mart_integration_hour') GROUP BY name))
UNION ALL SELECT 'integration' AS scope, toDate(toUInt16(intDiv(toUnixTimestamp(ts), 86400))) AS day FROM wb_reject WHERE toInt64(toUnixTimestamp(loaded_at)) > (SELECT if(count() = 0, toInt64(4294967295), min(toInt64(toUnixTimestamp(toDateTime(replaceAll(substring(v, 1, 19), 'T', ' '), 'UTC')))) - 600)
        FROM (SELECT name, argMax(value, version) AS v FROM wb_state WHERE name IN ('refresh:mart_integration_hour') GROUP BY name));

-- days on which rows of a mart differ from what the facts or staging say, or are missing, or too many: their number
CREATE OR REPLACE VIEW v_delivery_day_differs AS
SELECT day, count() AS bad_rows FROM (
    SELECT day, client_id, carrier_id, service_code, dest_region FROM (
        SELECT day, client_id, carrier_id, service_code, dest_region, cityHash64(toString(created), toString(accepted), toString(out_for_delivery), toString(attempts), toString(first_attempts), toString(first_attempt_ok), toString(delivered), toString(delivered_late), toString(ready_for_pickup), toString(return_started), toString(returned), toString(lost), toString(damaged), toString(cancelled), toString(exceptions), toString(first_exceptions), toString(lead_sec_sum), toString(lead_n), toString(lead_hist), toString(transit_sec_sum), toString(transit_n), toString(transit_hist), toString(handover_sec_sum), toString(handover_n), toString(last_mile_sec_sum), toString(last_mile_n), toString(pickup_wait_sec_sum), toString(pickup_wait_n), toString(revenue)) AS h FROM mart_delivery_day
        UNION ALL SELECT day, client_id, carrier_id, service_code, dest_region, cityHash64(toString(created), toString(accepted), toString(out_for_delivery), toString(attempts), toString(first_attempts), toString(first_attempt_ok), toString(delivered), toString(delivered_late), toString(ready_for_pickup), toString(return_started), toString(returned), toString(lost), toString(damaged), toString(cancelled), toString(exceptions), toString(first_exceptions), toString(lead_sec_sum), toString(lead_n), toString(lead_hist), toString(transit_sec_sum), toString(transit_n), toString(transit_hist), toString(handover_sec_sum), toString(handover_n), toString(last_mile_sec_sum), toString(last_mile_n), toString(pickup_wait_sec_sum), toString(pickup_wait_n), toString(revenue)) AS h FROM v_delivery_day_from_facts)
    GROUP BY day, client_id, carrier_id, service_code, dest_region HAVING count() != 2 OR min(h) != max(h))
GROUP BY day;

CREATE OR REPLACE VIEW v_sla_day_differs AS
SELECT day, count() AS bad_rows FROM (
    SELECT day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source FROM (
        SELECT day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source, cityHash64(toString(due), toString(met), toString(met_in_full), toString(missed), toString(missed_open), toString(pending), toString(at_risk), toString(paused), toString(late_1d), toString(late_2d), toString(late_3d), toString(late_more), toString(early_1d), toString(late_sec_sum), toString(late_hist), toString(abs_err_sec_sum), toString(abs_err_n), toString(repromised), toString(miss_carrier), toString(miss_shipper), toString(miss_recipient), toString(miss_customs), toString(miss_force), toString(miss_platform), toString(miss_unknown)) AS h FROM mart_sla_day
        UNION ALL SELECT day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source, cityHash64(toString(due), toString(met), toString(met_in_full), toString(missed), toString(missed_open), toString(pending), toString(at_risk), toString(paused), toString(late_1d), toString(late_2d), toString(late_3d), toString(late_more), toString(early_1d), toString(late_sec_sum), toString(late_hist), toString(abs_err_sec_sum), toString(abs_err_n), toString(repromised), toString(miss_carrier), toString(miss_shipper), toString(miss_recipient), toString(miss_customs), toString(miss_force), toString(miss_platform), toString(miss_unknown)) AS h FROM v_sla_day_from_facts)
    GROUP BY day, client_id, carrier_id, service_code, dest_region, sla_rule_id, promise_source HAVING count() != 2 OR min(h) != max(h))
GROUP BY day;

CREATE OR REPLACE VIEW v_courier_day_differs AS
SELECT day, count() AS bad_rows FROM (
    SELECT day, carrier_id, region_code, courier_id FROM (
        SELECT day, carrier_id, region_code, courier_id, cityHash64(toString(assigned), toString(attempts), toString(delivered), toString(first_attempts), toString(first_attempt_ok), toString(failed_recipient), toString(failed_carrier), toString(failed_other), toString(brought_back), ifNull(toString(first_scan_at), ''), ifNull(toString(last_scan_at), ''), toString(active_sec)) AS h FROM mart_courier_day
        UNION ALL SELECT day, carrier_id, region_code, courier_id, cityHash64(toString(assigned), toString(attempts), toString(delivered), toString(first_attempts), toString(first_attempt_ok), toString(failed_recipient), toString(failed_carrier), toString(failed_other), toString(brought_back), ifNull(toString(first_scan_at), ''), ifNull(toString(last_scan_at), ''), toString(active_sec)) AS h FROM v_courier_day_from_facts)
    GROUP BY day, carrier_id, region_code, courier_id HAVING count() != 2 OR min(h) != max(h))
GROUP BY day;

CREATE OR REPLACE VIEW v_support_day_differs AS
SELECT day, count() AS bad_rows FROM (
    SELECT day, client_id, carrier_id, dest_region, topic, channel FROM (
        SELECT day, client_id, carrier_id, dest_region, topic, channel, cityHash64(toString(contacts), toString(first_contacts), toString(on_late), toString(no_shipment), toString(reopened), toString(resolved), toString(frt_sec_sum), toString(frt_n), toString(frt_hist), toString(resolve_sec_sum), toString(resolve_n), toString(csat_sum), toString(csat_n), toString(csat_pos)) AS h FROM mart_support_day
        UNION ALL SELECT day, client_id, carrier_id, dest_region, topic, channel, cityHash64(toString(contacts), toString(first_contacts), toString(on_late), toString(no_shipment), toString(reopened), toString(resolved), toString(frt_sec_sum), toString(frt_n), toString(frt_hist), toString(resolve_sec_sum), toString(resolve_n), toString(csat_sum), toString(csat_n), toString(csat_pos)) AS h FROM v_support_day_from_staging)
    GROUP BY day, client_id, carrier_id, dest_region, topic, channel HAVING count() != 2 OR min(h) != max(h))
GROUP BY day;

CREATE OR REPLACE VIEW v_integration_hour_differs AS
SELECT day, count() AS bad_rows FROM (
    SELECT hour, day, carrier_id, integration, operation FROM (
        SELECT hour, day, carrier_id, integration, operation, cityHash64(toString(calls), toString(ok), toString(err_client), toString(err_server), toString(err_timeout), toString(err_auth), toString(err_rate), toString(err_schema), toString(retries), toString(latency_ms_sum), toString(latency_hist), toString(events_in), toString(events_late), toString(events_unmapped), toString(events_rejected), toString(lag_sec_sum), toString(lag_n), toString(lag_negative), toString(lag_hist), ifNull(toString(last_event_at), ''), ifNull(toString(last_received_at), '')) AS h FROM mart_integration_hour
        UNION ALL SELECT hour, day, carrier_id, integration, operation, cityHash64(toString(calls), toString(ok), toString(err_client), toString(err_server), toString(err_timeout), toString(err_auth), toString(err_rate), toString(err_schema), toString(retries), toString(latency_ms_sum), toString(latency_hist), toString(events_in), toString(events_late), toString(events_unmapped), toString(events_rejected), toString(lag_sec_sum), toString(lag_n), toString(lag_negative), toString(lag_hist), ifNull(toString(last_event_at), ''), ifNull(toString(last_received_at), '')) AS h FROM v_integration_hour_from_staging)
    GROUP BY hour, day, carrier_id, integration, operation HAVING count() != 2 OR min(h) != max(h))
GROUP BY day;

-- all invariants; a check of severity error with bad_rows > 0 must stop the reports. Marts are compared with the facts on days that are not behind. Scope facts reads the facts whole: run nightly, the results are in wb_check, and nothing else reads this view
CREATE OR REPLACE VIEW v_quality AS
SELECT check_name, severity, 'mart' AS scope, sum(bad_rows) AS bad_rows FROM v_quality_day GROUP BY check_name, severity
UNION ALL SELECT 'stop_without_time' AS check_name, 'error' AS severity, 'facts' AS scope, toUInt64(count()) AS bad_rows FROM fct_shipment FINAL
    WHERE (sla_stop != 'none') != isNotNull(sla_stop_at) OR (sla_state = 'met' AND isNull(sla_stop_at))
UNION ALL SELECT 'closed_without_time' AS check_name, 'error' AS severity, 'facts' AS scope, toUInt64(count()) AS bad_rows FROM fct_shipment FINAL
    WHERE is_open = isNotNull(closed_at)
UNION ALL SELECT 'party_without_miss' AS check_name, 'error' AS severity, 'facts' AS scope, toUInt64(count()) AS bad_rows FROM fct_shipment FINAL
    WHERE (sla_state = 'missed') = (sla_party = 'none')
UNION ALL SELECT 'created_total' AS check_name, 'error' AS severity, 'facts' AS scope,
    toUInt64(abs((SELECT toInt64(sum(created)) FROM mart_delivery_day WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'shipment') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment'))
        - (SELECT toInt64(count()) FROM v_shipment WHERE created_day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'shipment') AND created_day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment')))) AS bad_rows
UNION ALL SELECT 'delivery_mart_vs_facts' AS check_name, 'error' AS severity, 'facts' AS scope, toUInt64(sum(bad_rows)) AS bad_rows FROM v_delivery_day_differs
    WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'shipment') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment')
UNION ALL SELECT 'sla_mart_vs_facts' AS check_name, 'error' AS severity, 'facts' AS scope, toUInt64(sum(bad_rows)) AS bad_rows FROM v_sla_day_differs
    WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'shipment') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment')
UNION ALL SELECT 'courier_mart_vs_facts' AS check_name, 'error' AS severity, 'facts' AS scope, toUInt64(sum(bad_rows)) AS bad_rows FROM v_courier_day_differs
    WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'shipment') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'shipment')
UNION ALL SELECT 'support_mart_vs_staging' AS check_name, 'error' AS severity, 'facts' AS scope, toUInt64(sum(bad_rows)) AS bad_rows FROM v_support_day_differs
    WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'support') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'support')
UNION ALL SELECT 'integration_mart_vs_staging' AS check_name, 'error' AS severity, 'facts' AS scope, toUInt64(sum(bad_rows)) AS bad_rows FROM v_integration_hour_differs
    WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'integration') AND day NOT IN (SELECT day FROM v_day_behind WHERE scope = 'integration')
UNION ALL SELECT 'rejected_records' AS check_name, 'warn' AS severity, 'facts' AS scope, toUInt64(count()) AS bad_rows FROM wb_reject FINAL WHERE state = 'open'
UNION ALL SELECT 'lead_open_bucket' AS check_name, 'warn' AS severity, 'facts' AS scope, toUInt64(if(o > 0.01 * n, o, 0)) AS bad_rows FROM (
    SELECT sum(arrayElement(lead_hist, -1)) AS o, sum(lead_n) AS n FROM mart_delivery_day WHERE length(lead_hist) > 0)
UNION ALL SELECT 'unmapped_events' AS check_name, 'warn' AS severity, 'facts' AS scope, toUInt64(count()) AS bad_rows FROM fct_event FINAL WHERE map_hit = 'none'
UNION ALL SELECT 'events_from_the_future' AS check_name, 'warn' AS severity, 'facts' AS scope, toUInt64(count()) AS bad_rows FROM fct_event FINAL WHERE lag_sec < 0 AND NOT is_date_only
UNION ALL SELECT 'delivered_before_created' AS check_name, 'warn' AS severity, 'facts' AS scope, toUInt64(count()) AS bad_rows FROM fct_shipment FINAL WHERE ifNull(delivered_at < created_at, 0)
UNION ALL SELECT 'unknown_client_or_carrier' AS check_name, 'warn' AS severity, 'facts' AS scope, toUInt64(count()) AS bad_rows FROM fct_shipment FINAL WHERE client_id = 0 OR carrier_id = 0;

CREATE OR REPLACE VIEW v_check AS
SELECT * FROM wb_check FINAL;
