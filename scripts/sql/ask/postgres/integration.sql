-- CALL, EVENT and REJECT columns of what came FROM to TO, seconds since 1970.  The rows of a call lie within 24 hours.
SELECT :"call" FROM v_call WHERE ts >= to_timestamp(:from::float8 - 86400) AND ts < to_timestamp(:to::float8 + 86400);
SELECT :"event" FROM v_event WHERE received_at >= to_timestamp(:from) AND received_at < to_timestamp(:to);
SELECT :"reject" FROM wb_reject WHERE ts >= to_timestamp(:from) AND ts < to_timestamp(:to)
