-- All checks there are, over everything.
SELECT check_name, severity, bad_rows, now() AS checked_at FROM v_quality
