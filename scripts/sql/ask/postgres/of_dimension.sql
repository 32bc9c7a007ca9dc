-- The shipments of the clients, carriers or regions (KIND: client, carrier, region) KEYS, separated by commas.
SELECT shipment_id FROM fct_shipment WHERE :kind = 'client' AND client_id::text = ANY (string_to_array(:keys, ','))
	OR :kind = 'carrier' AND carrier_id::text = ANY (string_to_array(:keys, ','))
	OR :kind = 'region' AND (origin_region = ANY (string_to_array(:keys, ',')) OR dest_region = ANY (string_to_array(:keys, ',')))
