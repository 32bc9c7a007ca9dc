# The reducer and the verdict of the implicit rule in jq, for tests of wb-sample: nothing of it comes from the pipeline
# or from the generator.  Input: events, each with t (event_time in epoch seconds) and, where the map was asked, code.
# Arguments: $shipments (rows), $ends (zone -> day -> epoch second of 23:59:59), $regions (rows), $now (epoch seconds).
def rank: {created: 10, accepted: 20, in_transit: 30, customs: 40, at_destination: 50, out_for_delivery: 60,
	attempt_failed: 65, ready_for_pickup: 70, on_hold: 75, returning: 80, delivered: 90, returned: 92, lost: 94,
	cancelled: 96, info: 0, unknown: 0}[.];
def is_state: . != "info" and . != "unknown";
def is_fault: . != "" and (startswith("detail.") | not);
def sec: .[0:19] + "Z" | fromdateiso8601;

# One copy of each: a mapped one before an unmapped one, then the first receipt.
def distinct: group_by(.event_id) | map(min_by([.status == "unknown", .received_at]));

def order: sort_by([.t, (.status | is_state | not), (.status | rank), .received_at, .event_id]);

def voided:
	([.[] | .supersedes // empty | select(. != "previous")]) as $named
	| map(.void = (.event_id as $id | any($named[]; . == $id)))
	| reduce range(length) as $i (.;
		if .[$i].supersedes == "previous" and (.[$i].void | not) then
			.[$i].carrier_code as $c
			| ([range($i)] | map(. as $k | $k) | reverse) as $back
			| . as $all
			| ([$back[] | select($all[.].carrier_code == $c and ($all[.].void | not) and ($all[.].status | is_state))] | first) as $k
			| if $k == null then . else .[$k].void = true end
		else . end);

def fold: reduce (.[] | select(.void | not)) as $e (
	{state: "unknown", rank: 0, latch: false, attempts: 0, exceptions: 0, ofd: 0, delivered: null, returned: null, lost: null,
	 cancelled: null, accepted: null, ready: null, return_started: null, first_ok: false, edd: null, edd_at: "",
	 fail_at: null, ofd_since: false, ready_since: false};
	if .state == "delivered" or .state == "returned" then .post += 1
	else
		$e.status as $s
		| if $e.promised_at != null and $e.received_at > .edd_at then .edd = $e.promised_at | .edd_at = $e.received_at else . end
		| if $e.reason | is_fault then .exceptions += 1 else . end
		| if .accepted == null and ($s | IN("accepted", "in_transit", "customs", "at_destination")) then .accepted = $e.t else . end
		| .before = .state
		| if ($s | is_state | not) then .
		  elif $s == "created" and (.rank > 10 or .state == "lost" or .state == "cancelled") then .
		  elif $s == "cancelled" and .latch then .
		  elif $s == "on_hold" and (.state == "lost" or .state == "cancelled") then .
		  else
			(if .latch then (if $s == "delivered" or $s == "returned" then "returned" elif $s == "lost" then "lost" else "returning" end)
			 elif $s == "accepted" and .rank > 20 then "in_transit" else $s end) as $n
			| if (.state == "lost" or .state == "cancelled") and $n != "lost" and $n != "cancelled" then .lost = null | .cancelled = null else . end
			| .state = $n
			| if $n == "returning" then .latch = true else . end
			| if ($n | IN("delivered", "returned", "lost", "cancelled") | not) then .rank = ($n | rank) else . end
			| if $n == "delivered" then .delivered = $e.t
			  elif $n == "returned" then .returned = $e.t
			  elif $n == "lost" and .before != "lost" then .lost = $e.t
			  elif $n == "cancelled" and .before != "cancelled" then .cancelled = $e.t
			  elif $n == "returning" and .return_started == null then .return_started = $e.t
			  else . end
		  end
		| if $s == "out_for_delivery" and (.latch | not) then .ofd += 1 | .ofd_since = true | .ready_since = false
		  elif $s == "ready_for_pickup" and (.latch | not) then .ready = (.ready // $e.t) | .ready_since = true
		  elif $s == "attempt_failed" and (.latch | not) then
			if .fail_at == null or .ofd_since or $e.t - .fail_at >= 43200 then .attempts = ([.attempts + 1, $e.attempt_no // 0] | max) else . end
			| .fail_at = $e.t | .ofd_since = false
		  elif .state == "delivered" and ($e.reason | IN("detail.pickup_point", "detail.locker", "detail.electronic") | not) and (.ready_since | not) then
			.attempts = ([.attempts + 1, $e.attempt_no // 0] | max) | .first_ok = (.attempts == 1)
		  else . end
	end);

def verdict($s; $region):
	($s.promised_first_on // $s.promised_on) as $day
	| (if $day != null then $ends[$region.tz][$day] else ($s.promised_first_at // $s.promised_at | if . == null then null else sec end) end) as $due
	| .due = $due
	| .sla = if $due == null then "not_applicable"
		elif .state == "cancelled" and (.cancelled | floor) <= $due then "not_applicable"
		elif .delivered != null then (if (.delivered | floor) <= $due then "met" else "missed" end)
		elif .returned != null or .lost != null or .cancelled != null or $now > $due then "missed"
		elif $now >= $due - 86400 then "at_risk"
		elif .edd != null and $ends[$region.tz][.edd] > $ends[$region.tz][($due | [$ends[$region.tz] | to_entries[] | select(.value >= $due)][0].key)] then "at_risk"
		else "pending" end;

(reduce $regions[] as $r ({}; .[$r.region_code] = $r)) as $region
| (group_by(.shipment_id) | map({key: .[0].shipment_id, value: .}) | from_entries) as $events
| [$shipments[] | . as $s
	| ($events[.shipment_id] // []) | distinct | order | voided | fold | verdict($s; $region[$s.dest_region])
	| . + {shipment_id: $s.shipment_id, carrier_id: $s.carrier_id, client_id: $s.client_id, region: $s.dest_region, price: $s.price,
		lead: (if .delivered then (.delivered | floor) - ($s.created_at | sec) else null end)}]
