-- One of EACH ids of shipments that have events, in order.
SELECT DISTINCT shipment_id FROM fct_event WHERE cityHash64(shipment_id) % {each:UInt32} = 0 ORDER BY shipment_id
