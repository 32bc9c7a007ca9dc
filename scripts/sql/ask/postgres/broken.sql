-- Checks of severity error that were found broken AT, seconds since 1970, or later.
SELECT check_name || ' (' || bad_rows || ')' AS broken FROM v_check
WHERE severity = 'error' AND bad_rows > 0 AND checked_at >= to_timestamp(:at) ORDER BY check_name
