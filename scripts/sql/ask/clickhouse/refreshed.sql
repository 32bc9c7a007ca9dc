-- Rows of wb_state: the MARTS (separated by blanks) are as the facts were AT, seconds since 1970.
-- The version grows even when the store's clock has been set back.
SELECT name, concat(replaceAll(toString(toDateTime({at:UInt32}), 'UTC'), ' ', 'T'), '.000Z') AS value,
    greatest(toUInt64({at:UInt32}) * 1000, toUInt64(last + 1)) AS version
FROM (SELECT concat('refresh:', arrayJoin(splitByChar(' ', {marts:String}))) AS name) AS m
ANY LEFT JOIN (SELECT name, max(version) AS last FROM wb_state GROUP BY name) AS s USING name
