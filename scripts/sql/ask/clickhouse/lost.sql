-- Documents made from events that the store does not have any more, though none of that month has been archived; ten at most.
SELECT shipment_id FROM (SELECT shipment_id, created_at, events_n FROM v_shipment) AS d
    ANY LEFT JOIN (SELECT shipment_id, count() AS events FROM v_event GROUP BY shipment_id) AS e USING shipment_id
WHERE events_n > events AND toString(toYYYYMM(created_at)) > (SELECT replaceAll(argMax(value, version), '-', '') FROM wb_state WHERE name = 'retain:fct_event')
ORDER BY shipment_id LIMIT 10
