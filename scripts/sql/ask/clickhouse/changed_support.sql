-- The days of the contacts that changed, or whose shipment did, after AT, seconds since 1970, without those before the horizon.
-- Where the client was at home then decides on the day; a contact that was moved to another client stood on one of these too.
SELECT DISTINCT toString(day) AS d FROM (SELECT toDate(toUInt16(intDiv(at, 86400))) AS day FROM (
    SELECT arrayJoin([toInt64(toUnixTimestamp(opened_at)) - 43200, toInt64(toUnixTimestamp(opened_at)), toInt64(toUnixTimestamp(opened_at)) + 50400]) AS at
    FROM stg_contact WHERE loaded_at > toDateTime({at:UInt32}) OR (shipment_id != '' AND (
        shipment_id IN (SELECT shipment_id FROM stg_contact WHERE loaded_at > toDateTime({at:UInt32}))
        OR shipment_id IN (SELECT shipment_id FROM fct_shipment WHERE loaded_at > toDateTime({at:UInt32}))))))
WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'support')
