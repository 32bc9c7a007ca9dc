-- The checks of mart rows on DAYS (separated by commas).
-- 1970-01-01 names the checks that have no rows.  One that was broken is run over all days: others than these may break it.
SELECT check_name, severity, toUInt64(sum(bad_rows)) AS bad_rows, now() AS checked_at FROM v_quality_day
WHERE has(arrayMap(d -> toDate(d), splitByChar(',', concat('1970-01-01,', {days:String}))), day)
    OR check_name IN (SELECT check_name FROM v_check WHERE bad_rows > 0)
GROUP BY check_name, severity
