-- Row of wb_state: the first load MARK has ended AT, seconds since 1970.
SELECT 'first' AS name, {mark:String} AS value, {at:UInt64} * 1000 AS version
