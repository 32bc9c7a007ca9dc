-- The hours of calls, events and rejects that were stored after AT, seconds since 1970, without those before the horizon.
-- A call stands on the hour of its first row, and stood on that of a later one before the first had come.
SELECT DISTINCT concat(replaceAll(toString(toDateTime(at - at % 3600), 'UTC'), ' ', 'T'), '.000Z') AS hour FROM (
    SELECT toUnixTimestamp(ts) AS at FROM stg_call
        WHERE (carrier_id, integration, operation, request_id) IN (SELECT carrier_id, integration, operation, request_id FROM stg_call WHERE loaded_at > toDateTime({at:UInt32}))
    UNION ALL SELECT toUnixTimestamp(received_at) AS at FROM fct_event WHERE loaded_at > toDateTime({at:UInt32})
    UNION ALL SELECT toUnixTimestamp(ts) AS at FROM wb_reject WHERE loaded_at > toDateTime({at:UInt32}) AND toUnixTimestamp(ts) > 0)
WHERE toDate(toUInt16(intDiv(at, 86400))) >= (SELECT max(day) FROM wb_horizon WHERE scope = 'integration')
