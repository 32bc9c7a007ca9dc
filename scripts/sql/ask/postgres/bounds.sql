-- One of EACH ids of shipments that have events, in order.
SELECT DISTINCT shipment_id FROM fct_event WHERE hashtext(shipment_id) % :each::integer = 0 ORDER BY shipment_id
