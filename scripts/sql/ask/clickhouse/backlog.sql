-- COLUMNS of the open shipments.
SELECT {columns:Identifiers} FROM v_shipment WHERE is_open
