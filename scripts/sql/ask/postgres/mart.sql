-- COLUMNS of the shipments that stand on one of DAYS (separated by commas).
SELECT :"columns" FROM v_shipment WHERE days && string_to_array(:days, ',')::date[]
