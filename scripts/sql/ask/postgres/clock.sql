-- The store's clock, seconds since 1970.
SELECT floor(extract(epoch FROM now()))::bigint AS at
