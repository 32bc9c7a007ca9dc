-- The shipments whose document is behind what is stored: contacts that it lacks, or has and are gone though none of then was archived;
-- events that it lacks, up to 4096, which is as many as one takes; events without a document.
SELECT d.shipment_id FROM fct_shipment d
    LEFT JOIN (SELECT shipment_id, count(*) AS contacts FROM stg_contact WHERE shipment_id <> '' GROUP BY shipment_id) c USING (shipment_id)
    LEFT JOIN (SELECT shipment_id, count(*) AS events FROM fct_event GROUP BY shipment_id) e USING (shipment_id)
WHERE d.contacts_n < least(coalesce(c.contacts, 0), 65535)
    OR (d.contacts_n > coalesce(c.contacts, 0) AND d.created_day >= horizon('support'))
    OR (d.events_n < e.events AND e.events <= 4096)
UNION ALL SELECT s.shipment_id FROM stg_shipment s
    WHERE NOT EXISTS (SELECT FROM fct_shipment d WHERE d.shipment_id = s.shipment_id) AND EXISTS (SELECT FROM fct_event e WHERE e.shipment_id = s.shipment_id)
