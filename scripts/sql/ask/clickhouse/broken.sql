-- Checks of severity error that were found broken AT, seconds since 1970, or later.
SELECT concat(check_name, ' (', toString(bad_rows), ')') AS broken FROM v_check
WHERE severity = 'error' AND bad_rows > 0 AND checked_at >= toDateTime({at:UInt32}) ORDER BY check_name
