-- The open shipments that are to be judged again by AT, seconds since 1970.
SELECT shipment_id FROM v_shipment WHERE is_open AND judge_at <= toDateTime({at:UInt32})
