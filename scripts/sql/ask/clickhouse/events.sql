-- The events of the shipments with ids from FROM up to TO (empty: to the last), shipment by shipment.
SELECT * FROM fct_event FINAL WHERE shipment_id >= {from:String} AND ({to:String} = '' OR shipment_id < {to:String}) ORDER BY shipment_id
