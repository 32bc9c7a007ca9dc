-- Rows of wb_state: the MARTS (separated by blanks) are as the facts were AT, seconds since 1970.
-- The version grows even when the store's clock has been set back.
SELECT m.name, to_char(to_timestamp(:at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"') AS value,
    greatest(:at::bigint * 1000, coalesce(s.version, 0) + 1) AS version
FROM (SELECT 'refresh:' || unnest(string_to_array(:marts, ' ')) AS name) m LEFT JOIN wb_state s ON s.name = m.name
