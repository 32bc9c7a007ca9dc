-- The days of the documents that were stored after AT, seconds since 1970, without those before the horizon.
SELECT DISTINCT toString(day) AS d FROM (SELECT arrayJoin(days) AS day FROM fct_shipment WHERE loaded_at > toDateTime({at:UInt32}))
WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'shipment')
