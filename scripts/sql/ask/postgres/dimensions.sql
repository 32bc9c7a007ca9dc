-- What documents take from the dimensions.
SELECT 'client' AS kind, client_id::text AS key, to_char(valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since, tier || ' ' || segment AS what FROM dim_client
UNION ALL SELECT 'carrier', carrier_id::text, '', code FROM dim_carrier WHERE is_current
UNION ALL SELECT 'region', region_code, '', tz || ' ' || calendar_id || ' ' || is_remote::text FROM dim_region
