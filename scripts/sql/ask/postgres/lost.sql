-- Documents made from events that the store does not have any more, though none of that month has been archived; ten at most.
SELECT d.shipment_id FROM fct_shipment d LEFT JOIN (SELECT shipment_id, count(*) AS events FROM fct_event GROUP BY shipment_id) e USING (shipment_id)
WHERE d.events_n > coalesce(e.events, 0)
    AND to_char(d.created_at AT TIME ZONE 'UTC', 'YYYY-MM') > coalesce((SELECT value FROM wb_state WHERE name = 'retain:fct_event'), '')
ORDER BY d.shipment_id LIMIT 10
