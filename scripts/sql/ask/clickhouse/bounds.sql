-- One of a thousand ids of shipments that have events, in order.
SELECT DISTINCT shipment_id FROM fct_event WHERE cityHash64(shipment_id) % 1000 = 0 ORDER BY shipment_id
