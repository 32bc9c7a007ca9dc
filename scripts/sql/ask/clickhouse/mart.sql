-- COLUMNS of the shipments that stand on one of DAYS (separated by commas).
SELECT {columns:Identifiers} FROM v_shipment WHERE hasAny(days, arrayMap(d -> toDate(d), splitByChar(',', {days:String})))
