-- The tables that hold rows, with their numbers.
SELECT name, n FROM (
	SELECT 'dim_client' AS name, count(*) AS n FROM dim_client UNION ALL SELECT 'dim_carrier' AS name, count(*) AS n FROM dim_carrier
	UNION ALL SELECT 'stg_shipment' AS name, count(*) AS n FROM stg_shipment UNION ALL SELECT 'stg_contact' AS name, count(*) AS n FROM stg_contact
	UNION ALL SELECT 'stg_call' AS name, count(*) AS n FROM stg_call
	UNION ALL SELECT 'fct_event' AS name, count(*) AS n FROM fct_event UNION ALL SELECT 'fct_shipment' AS name, count(*) AS n FROM fct_shipment
) AS f WHERE n > 0 ORDER BY name
