-- The days of all calls, events and rejects, without those before the horizon.
SELECT DISTINCT day FROM (
    SELECT (ts AT TIME ZONE 'UTC')::date AS day FROM stg_call
    UNION ALL SELECT (received_at AT TIME ZONE 'UTC')::date FROM fct_event
    UNION ALL SELECT (ts AT TIME ZONE 'UTC')::date FROM wb_reject WHERE ts >= to_timestamp(1)) u
WHERE day >= horizon('integration')
