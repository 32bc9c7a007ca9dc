-- Row of wb_state: the first load MARK has ended AT, seconds since 1970.
SELECT 'first' AS name, :mark::text AS value, :at::bigint * 1000 AS version
