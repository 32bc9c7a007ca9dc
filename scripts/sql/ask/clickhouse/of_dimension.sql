-- The shipments of the clients, carriers or regions (KIND: client, carrier, region) KEYS, separated by commas.
SELECT shipment_id FROM v_shipment WHERE has(splitByChar(',', {keys:String}), toString(client_id)) AND {kind:String} = 'client'
	OR has(splitByChar(',', {keys:String}), toString(carrier_id)) AND {kind:String} = 'carrier'
	OR (has(splitByChar(',', {keys:String}), toString(origin_region)) OR has(splitByChar(',', {keys:String}), toString(dest_region))) AND {kind:String} = 'region'
