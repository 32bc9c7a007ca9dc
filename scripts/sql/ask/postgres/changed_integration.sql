-- The hours of calls, events and rejects that were stored after AT, seconds since 1970, without those before the horizon.
-- A call stands on the hour of its first row, and stood on that of a later one before the first had come.
SELECT DISTINCT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24":00:00.000Z"') AS hour FROM (
    SELECT ts AS at FROM stg_call
        WHERE (carrier_id, integration, operation, request_id) IN (SELECT carrier_id, integration, operation, request_id FROM stg_call WHERE loaded_at > to_timestamp(:at))
    UNION ALL SELECT received_at FROM fct_event WHERE loaded_at > to_timestamp(:at)
    UNION ALL SELECT ts FROM wb_reject WHERE loaded_at > to_timestamp(:at) AND ts >= to_timestamp(1)) u
WHERE (at AT TIME ZONE 'UTC')::date >= horizon('integration')
