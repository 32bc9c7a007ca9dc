-- CALL, EVENT and REJECT columns of what came FROM to TO, seconds since 1970.  The rows of a call lie within 24 hours.
SELECT {call:Identifiers} FROM v_call WHERE ts >= toDateTime({from:UInt32} - 86400) AND ts < toDateTime({to:UInt32} + 86400);
SELECT {event:Identifiers} FROM v_event WHERE received_at >= toDateTime({from:UInt32}) AND received_at < toDateTime({to:UInt32});
SELECT {reject:Identifiers} FROM wb_reject FINAL WHERE ts >= toDateTime({from:UInt32}) AND ts < toDateTime({to:UInt32})
