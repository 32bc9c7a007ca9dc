-- What wb_state keeps under NAME.
SELECT value FROM wb_state WHERE name = :name
