-- The days of the documents that were stored after AT, seconds since 1970, without those before the horizon.
SELECT DISTINCT day FROM (SELECT unnest(days) AS day FROM fct_shipment WHERE loaded_at > to_timestamp(:at)) d WHERE day >= horizon('shipment')
