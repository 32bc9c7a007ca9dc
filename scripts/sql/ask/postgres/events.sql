-- The events of the shipments with ids from FROM up to TO (empty: to the last), shipment by shipment.
SELECT * FROM fct_event WHERE shipment_id >= :from AND (:to = '' OR shipment_id < :to) ORDER BY shipment_id
