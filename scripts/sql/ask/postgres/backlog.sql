-- COLUMNS of the open shipments.
SELECT :"columns" FROM v_shipment WHERE is_open
