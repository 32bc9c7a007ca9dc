-- The shipments that have no document yet.
SELECT DISTINCT shipment_id FROM stg_shipment WHERE shipment_id NOT IN (SELECT shipment_id FROM fct_shipment)
