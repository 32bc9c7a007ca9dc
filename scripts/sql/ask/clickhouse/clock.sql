-- The store's clock, seconds since 1970.
SELECT toUnixTimestamp(now()) AS at
