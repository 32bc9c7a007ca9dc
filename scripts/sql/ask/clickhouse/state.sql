-- What wb_state keeps under NAME.
SELECT argMax(value, version) AS value FROM wb_state WHERE name = {name:String}
