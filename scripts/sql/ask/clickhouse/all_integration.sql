-- The days of all calls, events and rejects, without those before the horizon.
SELECT DISTINCT toString(day) AS d FROM (
    SELECT toDate(toUInt16(intDiv(toUnixTimestamp(ts), 86400))) AS day FROM stg_call
    UNION ALL SELECT toDate(toUInt16(intDiv(toUnixTimestamp(received_at), 86400))) AS day FROM fct_event
    UNION ALL SELECT toDate(toUInt16(intDiv(toUnixTimestamp(ts), 86400))) AS day FROM wb_reject WHERE toUnixTimestamp(ts) > 0)
WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'integration')
