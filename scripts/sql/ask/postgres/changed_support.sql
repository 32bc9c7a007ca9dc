-- The days of the contacts that changed, or whose shipment did, after AT, seconds since 1970, without those before the horizon.
-- Where the client was at home then decides on the day; a contact that was moved to another client stood on one of these too.
WITH c AS (
    SELECT opened_at FROM stg_contact WHERE loaded_at > to_timestamp(:at)
    UNION ALL SELECT opened_at FROM stg_contact WHERE shipment_id <> '' AND shipment_id IN (
        SELECT shipment_id FROM stg_contact WHERE loaded_at > to_timestamp(:at)
        UNION SELECT shipment_id FROM fct_shipment WHERE loaded_at > to_timestamp(:at)))
SELECT DISTINCT day FROM (SELECT ((opened_at + off) AT TIME ZONE 'UTC')::date AS day FROM c,
    (VALUES (interval '-12 hours'), (interval '0'), (interval '14 hours')) o (off)) d
WHERE day >= horizon('support')
