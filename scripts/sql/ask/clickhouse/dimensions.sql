-- What documents take from the dimensions.
SELECT 'client' AS kind, toString(client_id) AS key, toString(valid_from) AS since, concat(toString(tier), ' ', toString(segment)) AS what FROM dim_client FINAL
UNION ALL SELECT 'carrier' AS kind, toString(carrier_id) AS key, '' AS since, toString(code) AS what FROM dim_carrier FINAL WHERE is_current
UNION ALL SELECT 'region' AS kind, toString(region_code) AS key, '' AS since, concat(toString(tz), ' ', toString(calendar_id), ' ', toString(is_remote)) AS what FROM dim_region FINAL
