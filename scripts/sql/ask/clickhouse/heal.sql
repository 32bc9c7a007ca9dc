-- The shipments whose document is behind what is stored: contacts that it lacks, or has and are gone though none of then was archived;
-- events that it lacks, up to 4096, which is as many as one takes; events without a document.
SELECT shipment_id FROM (SELECT shipment_id, created_day, contacts_n, events_n, contacts FROM (SELECT shipment_id, created_day, contacts_n, events_n FROM v_shipment) AS d
        ANY LEFT JOIN (SELECT shipment_id, count() AS contacts FROM v_contact WHERE shipment_id != '' GROUP BY shipment_id) AS c USING shipment_id) AS dc
    ANY LEFT JOIN (SELECT shipment_id, count() AS events FROM v_event GROUP BY shipment_id) AS e USING shipment_id
WHERE contacts_n < least(contacts, 65535)
    OR (contacts_n > contacts AND created_day >= (SELECT max(day) FROM wb_horizon WHERE scope = 'support'))
    OR (events_n < events AND events <= 4096)
UNION ALL SELECT DISTINCT shipment_id FROM stg_shipment
    WHERE shipment_id IN (SELECT shipment_id FROM fct_event) AND shipment_id NOT IN (SELECT shipment_id FROM fct_shipment)
