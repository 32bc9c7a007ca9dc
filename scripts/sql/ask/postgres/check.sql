-- The checks of mart rows on DAYS (separated by commas).
-- 1970-01-01 names the checks that have no rows.  One that was broken is run over all days: others than these may break it.
SELECT check_name, severity, sum(bad_rows)::bigint AS bad_rows, now() AS checked_at FROM (
    SELECT check_name, severity, bad_rows FROM v_quality_day WHERE day = ANY (string_to_array('1970-01-01,' || :days, ',')::date[])
    UNION ALL SELECT check_name, severity, bad_rows FROM v_quality_day
        WHERE EXISTS (SELECT FROM wb_check WHERE bad_rows > 0) AND check_name IN (SELECT check_name FROM wb_check WHERE bad_rows > 0)
            AND day <> ALL (string_to_array('1970-01-01,' || :days, ',')::date[])) q
GROUP BY check_name, severity
