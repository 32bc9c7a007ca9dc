-- COLUMNS of the contacts that may stand on the days FROM to TO, seconds since 1970 of their beginnings.
-- A local day begins 14 hours before that of UTC at the earliest and ends 12 hours behind it.
SELECT :"columns" FROM v_support_contact
WHERE opened_at >= to_timestamp(:from::float8 - 86400) AND opened_at < to_timestamp(:to::float8 + 172800)
