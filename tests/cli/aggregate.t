#!/bin/sh
# wb-aggregate: marts and group-by, against what jq makes of the same documents.
. "$(dirname "$0")/../lib.sh"
cd "$tmp" || exit 1

# documents of all kinds; times are hours of June, days those of the times in UTC
jq -nc '
def t(h): 1717200000 + h * 3600 + h % 60 | todate | .[:19] + ".000Z";
def d: if . == null then null else .[:10] end;
range(1500) | . as $i | ($i * 7919 % 400) as $h | ($i % 5) as $s | {
	shipment_id: "S\($i)", client_id: ($i % 7), carrier_id: ($i % 4), service_code: ["STD", "EXPRESS", "Ünï\"q", ""][$i % 4],
	dest_region: ["RU-MOW", "RU-KDA", ""][$i % 3], price: ($i * 37 % 100000 / 100), created_at: t($h),
	accepted_at: (if $i % 9 == 0 then null else t($h + $i % 30 - 1) end), first_ofd_at: (if $i % 4 == 0 then null else t($h + 40) end),
	ready_at: (if $i % 6 == 0 then t($h + 50) else null end), delivered_at: (if $s < 3 then t($h + 60 + $i % 700) else null end),
	promised_at: (if $i % 10 == 0 then null else t($h + 72) end), promised_now_at: (if $i % 10 == 0 then null else t($h + 72 + $i % 3) end),
	first_attempt_ok: ($i % 3 == 0), is_open: ($s == 4), is_partial: ($i % 11 == 0), paused_sec: ($i % 13 * 60 % 240),
	sla_rule_id: ["", "gold"][$i % 2], promise_source: ["explicit", "rule"][$i % 2],
	sla_state: ["met", "missed", "not_applicable", "pending", "at_risk"][$s],
	sla_party: (if $s == 1 then ["carrier", "shipper", "recipient", "customs", "force", "platform", "unknown"][$i % 7] else "none" end),
	sla_late_sec: (if $s == 1 then $i * 977 % 6000000 + 1 else -($i * 977 % 200000) end), promise_err_sec: (if $s < 2 then $i * 31 % 9000 - 4000 else null end),
	returned_at: (if $i % 17 == 0 then t($h + 90) else null end), lost_day: null, cancelled_day: null, damaged_day: null,
	step_day: [t($h + 40) | d, d], step_status: ["out_for_delivery", "attempt_failed"], step_state: ["out_for_delivery", (if $i % 8 == 0 then "returning" else "attempt_failed" end)],
	step_reason: ["", ["recipient.absent", "detail.courier", ""][$i % 3]], step_attempt: [0, $i % 2]}
| .created_day = (.created_at | d) | .accepted_day = (.accepted_at | d) | .delivered_day = (.delivered_at | d) | .ready_day = (.ready_at | d)
| .first_attempt_day = (.first_ofd_at | d) | .returned_day = (.returned_at | d) | .return_started_day = .returned_day
| .first_exception_day = (if .step_reason[1] == "recipient.absent" then .step_day[1] else null end)
| .due_day = (if .sla_state == "not_applicable" then null else .created_day end)' >docs

cat >mart.jq <<'END'
def h31: [1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440];
def slot: . as $x | [h31[] | select(. * 3600 < $x)] | length;
def hist(f): reduce (.[] | f | select(. != null and . >= 0) | slot) as $s ([range(31) | 0]; .[$s] += 1);
def span(a; b): if a == null or b == null then null else ((b | .[:19] + "Z" | fromdate) - (a | .[:19] + "Z" | fromdate)) end;
def good: select(. != null and . >= 0);
def n(f): [.[] | select(f)] | length;
def total(f): [.[] | f | good] | add // 0;
def many(f): [.[] | f | good] | length;
def key: {client_id, carrier_id, service_code, dest_region};
END
cat mart.jq - >delivery.jq <<'END'
[.[] | . as $d | ({day: .created_day, k: "created"}, {day: .accepted_day, k: "accepted"}, {day: .first_attempt_day, k: "first"},
	{day: .delivered_day, k: "delivered"}, {day: .ready_day, k: "ready"}, {day: .return_started_day, k: "return"}, {day: .returned_day, k: "returned"},
	{day: .first_exception_day, k: "exception"},
	(range(.step_day | length) as $i | {day: $d.step_day[$i]} + (
		(if $d.step_status[$i] == "out_for_delivery" and $d.step_state[$i] == "out_for_delivery" then {k: "ofd"} else empty end),
		(if $d.step_attempt[$i] > 0 then {k: "attempt"} else empty end),
		(if $d.step_reason[$i] | . != "" and (startswith("detail.") | not) then {k: "fault"} else empty end))))
	| select(.day != null) + {d: $d}]
| group_by([.day, (.d | key)])[] | (.[0] | {day} + (.d | key)) + {
	created: n(.k == "created"), accepted: n(.k == "accepted"), out_for_delivery: n(.k == "ofd"), attempts: n(.k == "attempt"),
	first_attempts: n(.k == "first"), first_attempt_ok: n(.k == "first" and .d.first_attempt_ok), delivered: n(.k == "delivered"),
	delivered_late: n(.k == "delivered" and .d.promised_at != null and .d.delivered_at > .d.promised_at), ready_for_pickup: n(.k == "ready"),
	return_started: n(.k == "return"), returned: n(.k == "returned"), lost: 0, damaged: 0, cancelled: 0, exceptions: n(.k == "fault"),
	first_exceptions: n(.k == "exception")} + ([.[] | select(.k == "delivered") | .d] | {
	lead_sec_sum: total(span(.created_at; .delivered_at)), lead_n: many(span(.created_at; .delivered_at)), lead_hist: hist(span(.created_at; .delivered_at)),
	transit_sec_sum: total(span(.accepted_at; .delivered_at)), transit_n: many(span(.accepted_at; .delivered_at)), transit_hist: hist(span(.accepted_at; .delivered_at))})
	+ ([.[] | select(.k == "accepted") | .d] | {handover_sec_sum: total(span(.created_at; .accepted_at)), handover_n: many(span(.created_at; .accepted_at))})
	+ ([.[] | select(.k == "delivered") | .d] | {
	last_mile_sec_sum: total(span(.first_ofd_at; .delivered_at)), last_mile_n: many(span(.first_ofd_at; .delivered_at)),
	pickup_wait_sec_sum: total(span(.ready_at; .delivered_at)), pickup_wait_n: many(span(.ready_at; .delivered_at))})
	+ {revenue: ([.[] | select(.k == "created") | .d.price * 100 | round] | add // 0)}
END
cat mart.jq - >sla.jq <<'END'
[.[] | select(.sla_state != "not_applicable")] | group_by([.due_day, key, .sla_rule_id, .promise_source])[] | (.[0] | {day: .due_day} + key + {sla_rule_id, promise_source}) + {
	due: length, met: n(.sla_state == "met"), met_in_full: n(.sla_state == "met" and .delivered_at != null and (.is_partial | not)), missed: n(.sla_state == "missed"),
	missed_open: n(.sla_state == "missed" and .is_open), pending: n(.sla_state == "pending"), at_risk: n(.sla_state == "at_risk"), paused: n(.paused_sec > 0),
	late_1d: n(.sla_state == "missed" and .sla_late_sec <= 86400), late_2d: n(.sla_state == "missed" and .sla_late_sec > 86400 and .sla_late_sec <= 172800),
	late_3d: n(.sla_state == "missed" and .sla_late_sec > 172800 and .sla_late_sec <= 259200), late_more: n(.sla_state == "missed" and .sla_late_sec > 259200),
	early_1d: n(.sla_state == "met" and .sla_late_sec < -86400), late_sec_sum: ([.[] | select(.sla_state == "missed") | .sla_late_sec] | add // 0),
	late_hist: ([.[] | select(.sla_state == "missed")] | hist(.sla_late_sec)),
	abs_err_sec_sum: ([.[] | .promise_err_sec | select(. != null) | if . < 0 then -. else . end] | add // 0), abs_err_n: n(.promise_err_sec != null),
	repromised: n(.promised_at != .promised_now_at), miss_carrier: n(.sla_party == "carrier"), miss_shipper: n(.sla_party == "shipper"),
	miss_recipient: n(.sla_party == "recipient"), miss_customs: n(.sla_party == "customs"), miss_force: n(.sla_party == "force"),
	miss_platform: n(.sla_party == "platform"), miss_unknown: n(.sla_party == "unknown")}
END

for m in delivery sla; do
	wb-aggregate -t mart_${m}_day --now 2024-07-01T10:20:30.456Z --batch b7 docs >$m.rows
	# jq prints what jq computed: revenue in cents, since its numbers are floats
	jq -c 'del(.computed_at, .batch_id) | if has("revenue") then .revenue |= (. * 100 | round) else . end' $m.rows | sort >got
	jq -sc -f $m.jq docs | sort >want
	cmp -s got want && [ -s want ]
	is "$? $(wc -l <got)" "0 $(wc -l <want)" "mart_${m}_day: the rows are those of jq, the members in their order"
	diff got want | head -n 2 | cut -c1-700
	is "$(tail -n 1 $m.rows | jq -c '[.computed_at, .batch_id]')" '["2024-07-01T10:20:30.000Z","b7"]' "mart_${m}_day: lineage"
	sort -R docs | wb-aggregate -t mart_${m}_day --now 2024-07-01T10:20:30.456Z --batch b7 | cmp -s - $m.rows
	is $? 0 "mart_${m}_day: the same bytes in any order"
	jq -c '.first_attempt_ok |= (if . then 1 else 0 end) | .is_open |= (if . then 1 else 0 end) | .is_partial |= (if . then 1 else 0 end)' docs |
		wb-aggregate -t mart_${m}_day --now 2024-07-01T10:20:30.456Z --batch b7 | cmp -s - $m.rows
	is $? 0 "mart_${m}_day: 0 and 1 for booleans"
done
is "$(jq -r .day delivery.rows | sort -c && echo sorted)" sorted 'rows are sorted by day'
is "$(grep -c '"service_code":"Ünï\\"q"' sla.rows | sed 's/^[1-9].*/some/')" some 'a key with a quote in it'

# days
printf '2024-06-03\n2024-06-05\n' >days
is "$(wb-aggregate -t mart_delivery_day --days days --now 2024-07-01T10:20:30.456Z --batch b7 docs | cksum)" "$(grep -E '"day":"2024-06-0[35]"' delivery.rows | cksum)" '--days FILE'
is "$(wb-aggregate -t mart_sla_day --days 2024-06-05,2024-06-03 --now 2024-07-01T10:20:30.456Z --batch b7 docs | cksum)" "$(grep -E '"day":"2024-06-0[35]"' sla.rows | cksum)" '--days LIST'
like "$(wb-aggregate -v -t mart_sla_day --days days docs 2>&1 >/dev/null)" '^wb-aggregate: 1500 in, [0-9]+ folded into [0-9]+ rows, 0 rejected, [0-9]+ filtered, outside of the days [0-9]+, not_applicable 300, |not_applicable 300, outside of the days' 'the account'
status 0 'an empty file of days' wb-aggregate -t mart_sla_day --days /dev/null docs
is "$(wc -c <out)" 0 'wants none'
status 64 'standard input for days' wb-aggregate -t mart_sla_day --days - docs
status 64 'days that are none' wb-aggregate -t mart_sla_day --days 2024-06-31 docs
printf '2024-06-03\nnever\n' >days
status 78 'a file of days with a word' wb-aggregate -t mart_sla_day --days days docs
is "$(cat err)" 'wb-aggregate: days:2: "never" is not a day (2024-06-03) or a full hour (2024-06-03T07:00:00.000Z)' 'told with its line'
like "$(head -n 1 docs | wb-aggregate -t mart_sla_day --now 2024-07-01T10:20:30.456Z)" '"batch_id":"20240701T102030456Z"}$' 'a batch without a name is named after now'

# what cannot be counted
status 0 'a bad record is a reject' sh -c "{ cat docs; head -n 1 docs | jq -c '.sla_state = \"gone\"'; head -n 1 docs | jq -c 'del(.is_open)'; } | wb-aggregate -t mart_sla_day --now 2024-07-01T10:20:30.456Z --batch b7 --rejects rej --quiet"
is "$(cksum <out) $(jq -r '.["@reject"] | .code, .field' rej | tr '\n' ' ')" "$(cksum <sla.rows) enum sla_state missing is_open " 'and the rest is counted'
status 65 'revenue over 12 digits stops the run' sh -c "yes \"\$(head -n 1 docs | jq -c '.price = 9999999999.99')\" | head -n 101 | wb-aggregate -t mart_delivery_day"
is "$(wc -c <out) $(cat err)" '0 wb-aggregate: revenue: a sum of more than 12 digits before the point' 'and nothing is written'
status 64 'hours for a mart of days' wb-aggregate -t mart_sla_day --days 2024-06-01T10:00:00.000Z docs
status 64 'an unknown mart' wb-aggregate -t mart_lunch_day docs
status 64 'neither mart nor expression' wb-aggregate docs
status 64 'both' wb-aggregate -t mart_sla_day -a count docs
status 64 '--days of a group-by' wb-aggregate -a count --days 2024-06-01 docs

# what is sent twice, late, or taken back leaves no trace in any mart: events through all programs
pipe() {
	wb-normalize --quiet --carriers p/carriers.ndjson --shipments p/shipments.ndjson "$@" | wb-fold --quiet --now 2026-04-02 |
		wb-enrich --quiet --shipments p/shipments.ndjson --clients p/clients.ndjson --carriers p/carriers.ndjson --regions p/regions.ndjson | wb-sla-tag --quiet --now 2026-04-02
}
wb-sample --seed 3 --shipments 400 --faults none --out p >/dev/null 2>&1
wb-sample --seed 3 --shipments 400 --faults duplicates=30%,disorder=30%,late=10% -t tracking.events >again 2>/dev/null
# to each shipment a call at the door that another event takes back
jq -c 'select(.event_time) | {shipment_id, carrier_code, event_time, received_at} | select(.shipment_id)' p/tracking.events.ndjson | sort -u -t: -k2,2 |
	jq -c '., . | .event_id = "ghost" | .status = "attempt_failed" | .reason = "recipient.absent" | .courier_id = "GHOST"' | uniq >ghosts
jq -c '.event_id = "back" | .supersedes = "ghost" | .status = "info" | del(.reason, .courier_id)' ghosts >back
ok 'there are many of each' sh -c "[ \$(wc -l <again) -gt \$(($(wc -l <p/tracking.events.ndjson) * 5 / 4)) ] && [ \$(wc -l <ghosts) -gt 100 ]"
pipe p/tracking.events.ndjson >once 2>err
pipe again >twice 2>>err
pipe p/tracking.events.ndjson back >without 2>>err
pipe p/tracking.events.ndjson back ghosts >with 2>>err
pipe p/tracking.events.ndjson ghosts >seen 2>>err
for m in mart_delivery_day mart_sla_day mart_courier_day mart_backlog_hour; do
	for f in once twice without with seen; do wb-aggregate -t $m --now 2026-04-02T00:00:00Z --batch b $f >$f.rows; done
	cmp -s once.rows twice.rows && [ -s once.rows ]
	is $? 0 "$m: duplicates and disorder change no byte"
	cmp -s without.rows with.rows && [ -s with.rows ]
	is $? 0 "$m: an event that was taken back leaves no trace"
done
is "$(wb-aggregate -t mart_courier_day seen 2>&1 | grep -c GHOST | sed 's/^[1-9].*/some/')" some 'which it does when it is not'

# group-by
wb-aggregate -g carrier_id,sla_state -a count,sum:price,mean:sla_late_sec -a 'first=min:created_at,max:created_at' docs >groups
jq -c '.sum_price |= (. * 100 | round) | .mean_sla_late_sec |= (. * 1000 | round)' groups >got
jq -sc 'group_by([.carrier_id, .sla_state])[] | {carrier_id: .[0].carrier_id, sla_state: .[0].sla_state, count: length, sum_price: ([.[].price * 100 | round] | add),
	mean_sla_late_sec: (([.[].sla_late_sec] | add / length) * 1000 | round), first: ([.[].created_at] | min), max_created_at: ([.[].created_at] | max)}' docs >want
is "$(cat got)" "$(cat want)" 'groups, sums, means, extremes are those of jq'
is "$(sort -R docs | wb-aggregate -g carrier_id,sla_state -a count,sum:price,mean:sla_late_sec -a 'first=min:created_at,max:created_at' | cksum)" "$(cksum <groups)" 'the same bytes in any order'
is "$(echo '{"a":2}' | wb-aggregate -a 'sum:a,2nd=count,h=hist:a:1,2,-0,max:a' 2>&1)" 'wb-aggregate: hist: bounds that do not ascend (see --help)' 'numbers behind a ladder are its bounds'
is "$(echo '{"a":2}' | wb-aggregate -a 'sum:a,2nd=count,h=hist:a:1,2,max:a')" '{"sum_a":2,"2nd":1,"h":[0,1,0],"max_a":2}' 'behind others a name may begin with one'
status 64 'an empty name' wb-aggregate -a =count docs
status 64 'two members of one name' wb-aggregate -g carrier_id -a carrier_id=count docs
status 0 'a record that has no number' sh -c "printf '{\"v\":1}\n{\"v\":\"x\"}\n' | wb-aggregate -a sum:v,count"
is "$(cat out)" '{"sum_v":1,"count":1}' 'is counted nowhere'
like "$(cat err)" 'standard input:2: sum_v: a string that is no number \(type\)' 'and told'
is "$(: | wb-aggregate -g a -a count | wc -c)" 0 'empty input'
is "$(printf '{"a":1}' | wb-aggregate -g a -a count)" '{"a":1,"count":1}' 'no last newline'
status 74 '/dev/full' sh -c 'wb-aggregate -g shipment_id -a count docs >/dev/full'
like "$(wb-aggregate -v -g carrier_id -a count docs 2>&1 >/dev/null)" '^wb-aggregate: 1500 in, 1500 folded into 4 groups, 0 rejected, 0 filtered, ' 'the account'

# memory has a limit, and what is beyond it is not half done
status 65 'more groups than -S allows' wb-aggregate -S 100k -g shipment_id -a count docs
is "$(wc -c <out)" 0 'nothing is written'
like "$(cat err)" '^wb-aggregate: docs:[0-9]+: the groups take more than -S 102400 bytes; group by ' 'the record and the limit are told'
is "$(wb-aggregate -S 1M -g shipment_id -a count docs | wc -l)" 1500 'with more of it they are'
jq -nc '{a: ("x" * 300000)}, {a: "y"}' >long
status 65 'texts of extremes count too' wb-aggregate -S 200k -a max:a long
status 65 'and buckets' wb-aggregate -S 200k -g shipment_id -a hist:price:h31 docs
status 65 'more rows of a mart' wb-aggregate -S 100k -t mart_delivery_day docs
like "$(cat err)" 'docs:[0-9]+: the rows take more than -S 102400 bytes; aggregate fewer days' 'say what helps'
is "$(wc -c <out)" 0 'and nothing is written'
status 64 'a size that is none' wb-aggregate -S much -a count docs

# a lane: only a bounded one, rows before its checkpoint, and nothing whole when the stage before died
WB_LANE=t status 64 'an endless lane' wb-aggregate -t mart_sla_day docs
echo '{"@hello":{"v":1,"run":"r1","lane":"t"}}' >hello
{ cat hello; head -n 2 docs; echo '{"@ckpt":{"run":"r1","n":1,"rows":2}}'; } >lane.cut
{ cat lane.cut; echo '{"@end":{"run":"r1","n":1}}'; } >lane
{ cat lane.cut; head -n 1 docs; } >two
WB_LANE=t WB_ONCE=1; export WB_LANE WB_ONCE
status 0 'a bounded lane' sh -c 'wb-aggregate -t mart_sla_day <lane'
is "$(cut -c1-7 out | tr '\n' ' ')" '{"@hell {"day": {"day": {"@ckpt {"@end" ' 'its rows stand before the checkpoint'
is "$(sed -n '4s/.*"rows":\([0-9]*\).*/\1/p' out)" 2 'which counts them'
status 0 'groups in a lane' sh -c 'wb-aggregate -a count <lane'
is "$(sed -n 2p out)" '{"count":2}' 'likewise'
status 75 'a lane that was cut' sh -c 'wb-aggregate -t mart_sla_day <lane.cut'
status 70 'records behind the checkpoint' sh -c 'wb-aggregate -t mart_sla_day <two'
is "$(wb-aggregate -t mart_sla_day --columns | tr , '\n' | grep -cE '^(due_day|sla_state|promise_err_sec|delivered_at)$')" 4 '--columns names what the mart reads'
status 64 '--columns without a mart' wb-aggregate --columns
done_testing
