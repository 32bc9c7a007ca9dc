#!/bin/sh
# wb-sla-tag: the program around the judge.
. "$(dirname "$0")/../lib.sh"
cd "$tmp" || exit 1
golden=$top/tests/data/sla_golden.ndjson
keys='sla_rule_id promise_source promised_precision promised_at promised_now_at due_at due_day sla_stop sla_stop_at sla_state sla_party sla_late_sec paused_sec is_paused promise_err_sec'

# every worked vector of kind case, through the program
grep '"kind":"calendar"' "$golden" >calendars
grep '"kind":"case"' "$golden" >cases
n=0 same=0
while read -r v; do
	n=$((n + 1))
	{ cat calendars; printf '%s\n' "$v" | jq -c '.rules[]'; } >rules
	printf '%s\n' "$v" | jq -c .doc | wb-sla-tag -r rules --now "$(printf '%s\n' "$v" | jq -r .now)" |
		jq -c --arg k "$keys" '. as $d | [$k | split(" ")[] | {(.): $d[.]}] | add' >got
	printf '%s\n' "$v" | jq -c .expect >want
	if cmp -s got want; then same=$((same + 1)); else diff got want; fi
done <cases
is "$same of $n" '32 of 32' 'wb-rules.5 JUDGING: the worked cases'

# rewriting
doc='{"shipment_id":"S-1","version":1717545600000,"client_id":9007199254740993,"due_at":"1999-01-01T00:00:00.000Z","price":310.50,"created_at":"2024-06-02T15:00:00.000Z","created_day":"2024-06-02","promise_first":"2024-06-05","days":["2024-06-01"],"events":[],"extra":{"a" : 1}}'
is "$(printf '%s\n' "$doc" | sed 's/9007199254740993/17/' | wb-sla-tag)" '{"shipment_id":"S-1","version":1717545600000,"client_id":17,"price":310.50,"promise_first":"2024-06-05","created_at":"2024-06-02T15:00:00.000Z","created_day":"2024-06-02","promise_source":"explicit","promised_precision":"date","promised_at":"2024-06-05T23:59:59.000Z","promised_now_at":"2024-06-05T23:59:59.000Z","due_at":"2024-06-05T23:59:59.000Z","due_day":"2024-06-05","sla_rule_id":"","sla_stop":"none","sla_stop_at":null,"sla_state":"at_risk","sla_party":"none","sla_late_sec":-86399,"promise_err_sec":null,"paused_sec":0,"is_paused":false,"judge_at":"2024-06-06T00:00:00.000Z","days":["2024-06-01","2024-06-02","2024-06-05"],"events":[],"extra":{"a" : 1}}' 'its own members are set, the rest is copied, now is the version of the document'
is "$(printf '%s\n' "$doc" | sed 's/9007199254740993/17/' | wb-sla-tag --now 2024-06-06T00:00:00.999Z | jq -c '[.version, .sla_state, .sla_late_sec]')" '[1717632000999,"missed",1]' '--now stands for the version'
is "$(printf '%s\n' "$doc" | sed 's/9007199254740993/17/' | wb-sla-tag | wb-sla-tag)" "$(printf '%s\n' "$doc" | sed 's/9007199254740993/17/' | wb-sla-tag)" 'what it wrote gives the same again'
status 0 'a wrong member is a reject' sh -c "printf '%s\n' '$doc' | wb-sla-tag --quiet --rejects rej"
is "$(jq -r '.["@reject"] | .stage, .code, .field' rej | tr '\n' ' ')" 'wb-sla-tag range client_id ' 'that names stage, code and field'

# rule files
status 0 'wb-rules.5 FILES: the example proves' wb-sla-tag -r "$top/scripts/rules/example.ndjson" --check
is "$(cat out err)" "$top/scripts/rules/example.ndjson: 3 rules, 1 calendars, 2 windows, 0 warnings" 'wb-rules.5 FILES: and has no warning'
printf '# rules\n\n{"kind":"rule","id":"a"}\n{"kind":"rule","id":"b","calender":"x"}\n' >bad
status 78 'wb-rules.5 DESCRIPTION: a wrong rule file' sh -c 'echo "{}" | wb-sla-tag -r bad'
is "$(cat err)" 'wb-sla-tag: bad:4: unknown key "calender" of a rule' 'wb-rules.5 DESCRIPTION: is told with its line'
status 78 'a rule file that is not there' wb-sla-tag -r none --check
printf '{"kind":"rule","id":"a"}\n{"kind":"rule","id":"b"}\n' >hidden
status 0 'wb-rules.5 DESCRIPTION: a rule that nothing reaches' wb-sla-tag -r hidden --check
is "$(cat err)" 'wb-sla-tag: hidden:2: no shipment reaches rule "b": rule "a" in line 1 takes them all' 'wb-rules.5 DESCRIPTION: is a warning'
status 64 '--check without -r' wb-sla-tag --check
status 64 'an unknown option' wb-sla-tag --nonsense

# --explain
printf '%s\n' "$doc" | sed 's/9007199254740993/17/' >d
{ grep '"id":"ru5"' calendars; grep ': open pause' cases | jq -c '.rules[]'; } >rules
grep ': open pause' cases | jq -c .doc >paused
wb-sla-tag -r rules --explain --now 2024-06-12T12:00:00Z paused d >out
golden "$top/tests/cli/sla-tag.explain" '--explain says why'
cat >rules <<'X'
{"kind":"calendar","id":"c","tz":"Europe/Moscow","week":[1,1,1,1,1,0,0]}
{"kind":"rule","id":"r","start":"created","clock_tz":"calendar","target":{"n":2,"unit":"bday"},"calendar":"c","cutoff":"15:00","extra":[{"from":"06-01","to":"06-30","add":1}]}
X
is "$(echo '{"shipment_id":"S","created_at":"2024-06-03T12:00:01.000Z"}' | wb-sla-tag -r rules --explain --now 2024-06-04 | grep promise)" \
	'  promise     rule, 2 bday and 1 of the season on calendar c, from the next date on as it starts after the cut-off: 2024-06-07 23:59:59 +03:00' 'wb-rules.5 Term: a term with what makes it longer'
is "$(echo '{"shipment_id":"S","created_at":"2024-06-03T12:00:00.000Z"}' | wb-sla-tag -r rules --explain --now 2024-06-04 | grep promise)" \
	'  promise     rule, 2 bday and 1 of the season on calendar c: 2024-06-06 23:59:59 +03:00' 'wb-rules.5 Term: at the cut-off'
is "$(echo '{"shipment_id":"S","dest_tz":"Asia/Vladivostok","created_at":"2024-06-03T12:00:00.000Z","promise_first":"2024-06-05"}' | wb-sla-tag -r rules --explain --now 2024-06-04 | grep -E 'promise|due  ')" \
	'  promise     explicit, a date: 2024-06-05 23:59:59 +10:00
  due         2024-06-05 23:59:59 +10:00' 'wb-rules.5 Promise: a date as the destination has it'

# zones with odd offsets and days: a term ends at 02:15 of the next date, a date promise at the end of its day
printf '%s\n' '{"kind":"rule","id":"r","start":"created","promise":["rule"],"target":{"n":1,"unit":"day"},"deadline_time":"02:15:00"}' >rules
# zone ZONE CREATED [PROMISE]: due
zone() { with='-r rules'; [ $# -eq 2 ] || with=; echo '{"shipment_id":"S","dest_tz":"'"$1"'","created_at":"'"$2"'","promise_first":"'"${3:-}"'"}' | wb-sla-tag $with --now 2030-01-01 | jq -r '"\(.due_at) \(.due_day)"'; }
is "$(zone Australia/Lord_Howe 2024-10-05T00:00:00.000Z)" '2024-10-05T15:45:00.000Z 2024-10-06' 'wb-rules.5 Zones: Lord Howe, a gap of half an hour: 02:15 is 02:45'
is "$(zone Australia/Lord_Howe 2024-04-06T00:00:00.000Z | cut -c1-24)" 2024-04-06T15:45:00.000Z 'wb-rules.5 Zones: Lord Howe, behind the overlap of half an hour'
is "$(sed -i 's/02:15:00/01:45:00/' rules; zone Australia/Lord_Howe 2024-04-06T00:00:00.000Z)" '2024-04-06T15:15:00.000Z 2024-04-07' 'wb-rules.5 Zones: Lord Howe, 01:45 is there twice: the later one'
is "$(sed -i 's/01:45:00/03:00:00/' rules; zone Pacific/Chatham 2024-09-28T00:00:00.000Z)" '2024-09-28T14:15:00.000Z 2024-09-29' 'wb-rules.5 Zones: Chatham, a gap at 02:45: 03:00 is 04:00'
is "$(sed -i 's/03:00:00/02:30:00/' rules; zone Africa/Casablanca 2024-04-13T12:00:00.000Z)" '2024-04-14T02:30:00.000Z 2024-04-14' 'wb-rules.5 Zones: Casablanca, a gap behind Ramadan: 02:30 is 03:30'
is "$(zone Africa/Casablanca 2024-03-09T12:00:00.000Z)" '2024-03-10T02:30:00.000Z 2024-03-10' 'wb-rules.5 Zones: Casablanca, an overlap before it: the later 02:30'
is "$(sed -i 's/02:30:00/12:00:00/' rules; zone Pacific/Apia 2011-12-29T12:00:00.000Z)" '2011-12-30T22:00:00.000Z 2011-12-31' 'wb-rules.5 Zones: Apia has no 30 December 2011: noon of it is noon of the next'
is "$(zone Asia/Kathmandu 2024-06-03T00:00:00.000Z 2024-06-05)" '2024-06-05T18:14:59.000Z 2024-06-05' 'wb-rules.5 Zones: Kathmandu, a date'
is "$(zone Pacific/Chatham 2024-06-03T00:00:00.000Z 2024-06-05)" '2024-06-05T11:14:59.000Z 2024-06-05' 'wb-rules.5 Zones: Chatham, a date'
is "$(zone Pacific/Apia 2011-12-28T00:00:00.000Z 2011-12-29)" '2011-12-30T09:59:59.000Z 2011-12-29' 'wb-rules.5 Zones: Apia, the day before the lost one'

# what a document marks as ignored opens and closes no pause by its status
printf '%s\n' '{"kind":"rule","id":"r","promise":["explicit"],"pause":["customs","hold","reschedule"]}' >rules
# ignored STATUS REASON MARK: is_paused and paused_sec after customs at 08:00 and that event at 10:00, at 12:00
ignored() {
	echo '{"shipment_id":"S","created_at":"2024-06-01T00:00:00.000Z","promise_first":"2024-06-09T00:00:00.000Z","is_open":true,"events":[{"event_id":"1","event_time":"2024-06-03T08:00:00.000Z","received_at":"2024-06-03T08:00:00.000Z","status":"customs","reason":"customs.hold"},{"event_id":"2","event_time":"2024-06-03T10:00:00.000Z","received_at":"2024-06-03T10:00:00.000Z","status":"'"$1"'","reason":"'"$2"'","mark":"'"$3"'"}]}' |
		wb-sla-tag -r rules --now 2024-06-03T12:00:00Z | jq -c '[.is_paused, .paused_sec]'
}
is "$(ignored created '' ignored)" '[true,14400]' 'wb-rules.5 Pauses: label data between two scans does not end the wait at customs'
is "$(ignored created '' '')" '[false,7200]' 'wb-rules.5 Pauses: a state event does'
is "$(ignored info '' '')" '[true,14400]' 'wb-rules.5 Pauses: a notice does not'
is "$(ignored on_hold recipient.absent ignored) $(ignored on_hold recipient.absent '')" '[true,14400] [true,14400]' 'wb-rules.5 Pauses: an ignored hold does not either; one that is none ends it and begins another'

# rules that change while a lane runs
rule() { echo '{"kind":"rule","id":"'"$1"'"}' >rules.new; mv rules.new live; }
rule one
mkfifo lane.in
WB_LANE=t wb-sla-tag -r live <lane.in >lane.out 2>lane.err &
lane=$!
exec 5>lane.in
n=0
echo '{"@hello":{"v":1,"run":"r","lane":"t"}}' >&5
# ckpt ROWS, then judged: the rule of the next document
ckpt() { n=$((n + 1)); echo '{"@ckpt":{"run":"r","n":'$n',"rows":'"$1"'}}' >&5; until_true 60 grep -q '"n":'$n',' lane.out; }
judged() { printf '%s\n' '{"_src":["t",0,1,0,0],"shipment_id":"S","created_at":"2024-06-02T15:00:00.000Z","events":[]}' >&5; ckpt 1; grep -v '^{"@' lane.out | tail -n 1 | jq -r .sla_rule_id; }
is "$(judged)" one 'the rule file as it is at the start'
n=1
rule two
ckpt 0; ckpt 0
is "$(judged)" two 'a new one judges when it was the same at two checkpoints'; n=$((n + 1))
like "$(cat lane.err)" '^wb-sla-tag: live has changed: 1 rules judge from here on$' 'says so'
echo '{"kind":"rule","id":"three","calender":"x"}' >live
ckpt 0; ckpt 0; ckpt 0
is "$(judged)" two 'a wrong one judges nothing'; n=$((n + 1))
is "$(grep -c 'unknown key' lane.err)" 1 'is told once'
like "$(cat lane.err)" '^wb-sla-tag: live:1: unknown key "calender" of a rule; the rules stay as they were$' 'with its line'
rm live
ckpt 0; ckpt 0
is "$(judged)" two 'nor does one that is gone'; n=$((n + 1))
rule four
ckpt 0; ckpt 0
is "$(judged)" four 'a right one does again'; n=$((n + 1))
echo '{"@end":{"run":"r","n":'$n'}}' >&5
exec 5>&-
wait $lane
is $? 0 'the lane ends well'

# the pump
is "$(: | wb-sla-tag | wc -c)" 0 'empty input'
is "$(printf '{}' | wb-sla-tag --now 2024-06-12 | jq -r .sla_state)" not_applicable 'no last newline, nothing known: an orphan'
status 74 '/dev/full' sh -c 'wb-sla-tag d >/dev/full'
head -c 1100000 /dev/zero | tr '\0' x >long
status 0 'a line over the cap' sh -c '{ cat long; echo; cat d; } | wb-sla-tag --quiet | wc -l'
is "$(cat out)" 1 'is a reject'
jq -c '.events = [range(4097) | {event_id: "e\(.)", event_time: "2024-06-02T15:00:00.000Z", received_at: "2024-06-02T15:00:00.000Z", status: "info"}]' d >many
is "$(wb-sla-tag --quiet --rejects - many | jq -r '.["@reject"].code')" events 'more than 4096 events'
status 0 'as many as there may be' sh -c "jq -c '.events |= .[1:]' many | wb-sla-tag | jq '.events | length'"
is "$(cat out)" 4096 'are kept'
jq -c '.x = ("y" * 1048200)' d >full
is "$(wb-sla-tag --quiet --rejects - full | jq -r '.["@reject"].code')" events 'a document that would grow over the cap'
like "$(wb-sla-tag -v d 2>&1 >/dev/null)" '^wb-sla-tag: 1 in, 1 out, 0 rejected, 0 filtered, ' 'the account'
WB_LANE=t WB_ONCE=1 status 64 '--explain in a lane' wb-sla-tag --explain d
done_testing
