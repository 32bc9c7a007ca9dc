#!/bin/sh
. "${0%/*}/../lib.sh"
here=$top/tests/cli
jq() { command jq -c "$@"; }

# One seed, one platform, the same bytes on every machine.
n="--seed 7 --shipments 1200 --days 24"
ok "writes all of it" wb-sample $n --out "$tmp/p" --truth "$tmp/truth.json"
( cd "$tmp/p" && cp ../truth.json . && sha256sum ./* ) >"$tmp/out"
golden "$here/sample.sum" "the bytes of a small platform"
for what in tracking.events clients carriers regions shipments shipment_events integrations_log support_contacts; do
	wb-sample $n -t $what >"$tmp/one"
	ok "-t $what is the file of --out" cmp "$tmp/one" "$tmp/p/$what.ndjson"
done
wb-sample --seed 8 --shipments 1200 --days 24 -t shipments >"$tmp/one"
status 1 "another seed, another platform" cmp -s "$tmp/one" "$tmp/p/shipments.ndjson"

# The good messages, apart from the malformed ones, which must be as many as told.
cd "$tmp/p" || exit 1
wb-sample $n -t tracking.events --faults all,malformed=1% --truth "$tmp/bad.json" >"$tmp/bad"
LC_ALL=C grep -av -e '"shipment_id":"S[0-9]*$' "$tmp/bad" | LC_ALL=C grep -av "$(printf '\377')" >"$tmp/whole"
jq -n --slurpfile t "$tmp/bad.json" '$t[0].messages.rejects' >"$tmp/want"
jq -n --argjson json "$(grep -ac '"shipment_id":"S[0-9]*$' "$tmp/bad")" --argjson utf8 "$(LC_ALL=C grep -ac "$(printf '\377')" "$tmp/bad")" '
	reduce (inputs | if .schema != null and .schema != "tracking.event/1" then "schema" elif .shipment_id == null then "missing"
		elif .carrier_code == "pigeon_post" then "carrier" elif .event_time[0:10] == "2026-02-30" then "time"
		elif .event_time[0:4] == "1999" then "time_range" elif (.lat // 0) > 90 then "range" elif .status == "teleported" then "enum" else empty end) as $k
	({json: $json, utf8: $utf8, schema: 0, missing: 0, carrier: 0, time: 0, time_range: 0, range: 0, enum: 0}; .[$k] += 1)' "$tmp/whole" >"$tmp/out"
is "$(cat "$tmp/out")" "$(cat "$tmp/want")" "malformed records, by reject code"
is "$(wc -l <"$tmp/bad" | tr -d ' ')" "$(jq .messages.written "$tmp/bad.json")" "messages.written"
is "$(jq 'keys' "$tmp/want" | tr -d '\n')" '["carrier","enum","json","missing","range","schema","time","time_range","utf8"]' "nine kinds"
like "$(jq '[.messages.rejects[]] | min' "$tmp/bad.json")" '^[1-9]' "at least one of each"

# Nothing malformed from here on.
wb-sample $n -t tracking.events --faults all,malformed=0 >"$tmp/events"
wb-sample $n --faults all,malformed=0 --truth "$tmp/truth.json"
is "$(jq -n '[inputs | ._src | [.[0], .[1], .[2]]] | group_by(.[1]) | all(.[]; map(.[2]) == [range(length)])' "$tmp/events")" true "offsets are dense in each partition"
is "$(jq -n '[inputs._src[3]] | . == sort' "$tmp/events")" true "the topic goes forward in time"
is "$(jq -n '[inputs | {s: .shipment_id, p: ._src[1]}] | group_by(.s) | all(.[]; map(.p) | unique | length == 1)' "$tmp/events")" true "a shipment stays in its partition"
is "$(jq -r .event_id "$tmp/events" | sort -u | wc -l | tr -d ' ')" "$(jq .messages.events "$tmp/truth.json")" "messages.events: distinct"
is "$(wc -l <"$tmp/events" | tr -d ' ')" "$(jq '.messages | .events + .duplicates' "$tmp/truth.json")" "written = distinct + duplicates"
is "$(jq -n --slurpfile s shipments.ndjson '($s | map({key: .shipment_id, value: 1}) | from_entries) as $known | [inputs | select($known[.shipment_id] == null)] | length' "$tmp/events")" 0 "every event is of a shipment"
is "$(jq -n --slurpfile s shipments.ndjson '($s | map({key: .shipment_id, value: .}) | from_entries) as $k | all(inputs; $k[.shipment_id].tracking_number == .tracking_number)' "$tmp/events")" true "the tracking numbers agree"
is "$(jq -n --slurpfile s shipments.ndjson '($s | map({key: .shipment_id, value: 1}) | from_entries) as $k | [inputs.shipment_id | select(. != null and $k[.] == null)] | length' support_contacts.ndjson integrations_log.ndjson shipment_events.ndjson)" 0 "so is every row"
is "$(jq -n 'all(inputs; .received_at <= "2026-03-26T00:00:00.000Z" and ._src[3] <= 1774483200000)' "$tmp/events")" true "nor is anything received after now"
is "$(wb-sample --shipments 60000 -t tracking.events | grep -F '"raw_code":"26","raw_subcode":"2"' | grep -c '"status"')" 0 "what retracts leaves its meaning to the map"
is "$(jq -s 'map(.updated_at) | max < "2026-03-26T00:00:00.000Z"' shipments.ndjson)" true "nothing is known that came after now"

# Shares of faults.
share() { wb-sample --seed 3 --shipments 6000 --faults "$1" --truth - | jq ".messages | ($2) / (.events - .unmapped) * 1000 | round"; }
is "$(share none .duplicates+.unmapped+.late+.disorder+.rejected)" 0 "--faults none"
is "$(share duplicates=0.1 .duplicates)" "$(share duplicates=10% .duplicates)" "a share is a number or a percentage"
like "$(share duplicates=10% .duplicates)" '^(9[4-9]|10[0-2])$' "duplicates=10%"
like "$(share unmapped=5% .unmapped)" '^(4[7-9]|5[0-3])$' "unmapped=5%"
like "$(share late=10% .late)" '^(6[0-9]|7[0-9]|8[0-9])$' "late=10%, where it is not too late for now"
like "$(share disorder=20% .disorder)" '^1[6-9][0-9]$' "disorder=20%"
is "$(wb-sample --shipments 300 --faults all --truth - | jq 'del(.faults, .messages)')" "$(wb-sample --shipments 300 --faults none --truth - | jq 'del(.faults, .messages)')" "faults do not change what is true"

# The totals, worked out once more: times by date(1), codes by the carrier maps, the rest by sample.jq.
carrier_zone() { jq -r --arg c "$1" 'select(.code == $c).tz' carriers.ndjson; }
for c in $(jq -r .code carriers.ndjson); do
	grep "\"carrier_code\":\"$c\"" "$tmp/events" >"$tmp/of"
	jq -r .event_time "$tmp/of" | TZ=$(carrier_zone "$c") date -f - +%s.%3N >"$tmp/times"
	paste "$tmp/times" "$tmp/of"
	awk -F, -v OFS=, 'NR > 1 { gsub(/\r/, ""); print $1 "|" $2 "|" $3, $4, $5, (NF > 6 ? $NF : "") }' "$top/scripts/maps/$c.csv" >>"$tmp/map"
done >"$tmp/timed"
jq -R 'split(",") | {(.[0]): .[1:]}' "$tmp/map" | jq -s add >"$tmp/map.json"
jq -R --slurpfile map "$tmp/map.json" 'split("\t") | .[0] as $t | .[1] | fromjson | .t = ($t | tonumber)
	| ($map[0][.carrier_code + "|" + (.raw_code // "") + "|" + (.raw_subcode // "")]) as $m
	| if .status != null then .reason = (.reason // "")
	  elif $m == null then .status = "unknown" | .reason = ""
	  else .status = $m[0] | .reason = $m[1] | if $m[2] == "void_previous" then .supersedes = "previous" else . end end' "$tmp/timed" >"$tmp/canonical"
day=2026-02-20
while [ "$day" != 2026-06-01 ]; do echo "$day"; day=$(date -u -d "$day + 1 day" +%F); done >"$tmp/days"
for z in $(jq -r .tz regions.ndjson | sort -u); do
	sed 's/$/ 23:59:59/' "$tmp/days" | TZ=$z date -f - +%s | paste "$tmp/days" - | jq -R 'split("\t") | {(.[0]): (.[1] | tonumber)}' | jq -s --arg z "$z" '{($z): add}'
done | jq -s add >"$tmp/ends.json"
jq -s --slurpfile shipments shipments.ndjson --slurpfile regions regions.ndjson --slurpfile e "$tmp/ends.json" --argjson now "$(date -d 2026-03-26T00:00:00Z +%s)" \
	'$e[0] as $ends | '"$(cat "$here/sample.jq")" "$tmp/canonical" >"$tmp/docs"
ok "worked out once more" test -s "$tmp/docs"
cells='def n(f): map(select(f)) | length; def total(f): map(f) | add // 0;
	{created: length, accepted: n(.accepted), ready_for_pickup: n(.ready), out_for_delivery: total(.ofd), delivered: n(.delivered),
	 delivered_late: n(.delivered and .due and (.delivered | floor) > .due), return_started: n(.return_started), returned: n(.returned), lost: n(.lost), cancelled: n(.cancelled),
	 open: n((.delivered or .returned or .lost or .cancelled) | not), attempts: total(.attempts), first_attempts: n(.attempts > 0), first_attempt_ok: n(.first_ok),
	 exceptions: total(.exceptions), first_exceptions: n(.exceptions > 0), revenue: (total(.price) * 100 | round),
	 met: n(.sla == "met"), missed: n(.sla == "missed"), pending: n(.sla == "pending"), at_risk: n(.sla == "at_risk"), not_applicable: n(.sla == "not_applicable"),
	 lead: total(.lead // 0)}'
told='def told: {created, accepted, ready_for_pickup, out_for_delivery, delivered, delivered_late, return_started, returned, lost, cancelled, open, attempts, first_attempts, first_attempt_ok,
	exceptions, first_exceptions, revenue: (.revenue * 100 | round), met: .sla.met, missed: .sla.missed, pending: .sla.pending, at_risk: .sla.at_risk, not_applicable: .sla.not_applicable, lead: .lead.sec_sum};'
is "$(jq "$cells" "$tmp/docs")" "$(jq "$told .totals | told" "$tmp/truth.json")" "totals"
jq "group_by(.carrier_id)[] | [.[0].carrier_id, ($cells)]" "$tmp/docs" >"$tmp/out"
is "$(cat "$tmp/out")" "$(jq "$told .carriers[] | select(.created > 0) | [.carrier_id, told]" "$tmp/truth.json")" "totals of every carrier"
jq "group_by(.client_id)[] | [.[0].client_id, ($cells)]" "$tmp/docs" >"$tmp/out"
is "$(cat "$tmp/out")" "$(jq "$told .clients[] | select(.created > 0) | [.client_id, told]" "$tmp/truth.json")" "totals of every client"
jq "group_by(.region)[] | [.[0].region, ($cells)]" "$tmp/docs" >"$tmp/out"
is "$(cat "$tmp/out")" "$(jq "$told .regions | sort_by(.region)[] | select(.created > 0) | [.region, told]" "$tmp/truth.json")" "totals of every region"

# Derived figures.
is "$(jq -n --slurpfile t "$tmp/truth.json" '$t[0].regions | map(select(.sla.met + .sla.missed >= 30) | (.sla.met + .sla.missed) as $n | (.sla.missed / $n) as $p | 1.96 as $z
	| [(($p + $z*$z/2/$n - $z * ($p*(1-$p)/$n + $z*$z/4/$n/$n | sqrt)) / (1 + $z*$z/$n)), .region]) | max | [(.[0] * 10000 | round), .[1]]')" \
	"$(jq '.worst_region | [(.wilson_lower * 10000 | round), .region]' "$tmp/truth.json")" "the region that is surely the worst"
is "$(jq '.clients | max_by(.revenue) | .client_id' "$tmp/truth.json")" "$(jq .top_client.client_id "$tmp/truth.json")" "the client that pays most"
is "$(jq '[.days[].created] | add' "$tmp/truth.json") $(jq '[.days[].delivered] | add' "$tmp/truth.json")" "$(jq -r '.totals | "\(.created) \(.delivered)"' "$tmp/truth.json")" "days add up"
is "$(jq -n '[1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440] as $b
	| [inputs[] | .lead | select(. != null)] as $l | [range(31)] | map(. as $i | [$l[] | select(($i == 30 or . <= $b[$i] * 3600) and ($i == 0 or . > $b[$i - 1] * 3600))] | length)' "$tmp/docs")" \
	"$(jq .totals.lead.hist "$tmp/truth.json")" "histogram of the lead time"
is "$(jq '[1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440] as $b | .totals.lead.hist as $h
	| def q($q): ($q * ($h | add)) as $w | first(range(31) | select(($h[0:. + 1] | add) >= $w)) as $i | (if $i > 0 then $b[$i - 1] else 0 end) as $lo
	  | $lo + ($b[$i] - $lo) * ($w - ($h[0:$i] | add // 0)) / $h[$i] | . * 1000 | round; [q(0.5), q(0.9)]' "$tmp/truth.json")" \
	"$(jq '.totals.lead | [.p50_hours, .p90_hours] | map(. * 1000 | round)' "$tmp/truth.json")" "p50 and p90 of it"
is "$(jq -n '[inputs] | group_by([.carrier_id, .integration, .operation, .request_id]) | map(max_by([.attempt, .id]).outcome) as $o | {attempts: (map(length) | add), calls: length, ok: ($o | map(select(. == "ok")) | length), retries: (map(length - 1) | add)}' integrations_log.ndjson)" \
	"$(jq .integrations "$tmp/truth.json")" "calls"
is "$(jq -n '[inputs] | {contacts: length, wismo: map(select(.topic == "wismo")) | length, no_shipment: map(select(.shipment_id == null)) | length}' support_contacts.ndjson)" \
	"$(jq '.support | {contacts, wismo, no_shipment}' "$tmp/truth.json")" "contacts"
is "$(jq -n --slurpfile d "$tmp/docs" '($d[0] | map({key: .shipment_id, value: .}) | from_entries) as $k | [inputs | select(.shipment_id != null) | $k[.shipment_id] as $s | (.opened_at[0:19] + "Z" | fromdateiso8601) as $t
	| select($s.due and $s.due < $t and ($s.delivered == null or ($s.delivered | floor) > $t) and $s.sla != "not_applicable")] | length' support_contacts.ndjson)" "$(jq .support.on_late "$tmp/truth.json")" "contacts about late shipments"
is "$(cat ./*.ndjson | LC_ALL=C grep -c '^{"_src":\["[a-z_.]*",[0-9]*,[0-9]*,[0-9]*,0\],"')" "$(cat ./*.ndjson | wc -l | tr -d ' ')" "every line begins with its source"
is "$(for t in shipments shipment_events integrations_log support_contacts; do wc -l <$t.ndjson; done | tr -d ' ' | tr '\n' ' ')" \
	"$(jq -r '.tables | "\(.shipments) \(.shipment_events) \(.integrations_log) \(.support_contacts) "' "$tmp/truth.json")" "rows of the tables"

# Later, everything has come to an end or is overdue.
is "$(wb-sample $n --now 2026-09-01 --truth - | jq '.totals.sla | [.pending, .at_risk]')" "[0,0]" "--now"

# Usage and output.
status 64 "nothing to write" wb-sample
status 64 "unknown WHAT" wb-sample -t parcels
like "$(cat "$tmp/err")" '^wb-sample: -t: nothing is called "parcels"' "says which"
status 64 "-t and --out" wb-sample -t clients --out "$tmp/x"
status 64 "an operand" wb-sample -t clients x
status 64 "no shipments" wb-sample --shipments 0 -t clients
status 64 "a day that does not exist" wb-sample --from 2026-02-30 -t clients
status 64 "now within the period" wb-sample --now 2026-03-05 -t clients
status 64 "an unknown fault" wb-sample --faults lost -t clients
like "$(cat "$tmp/err")" 'no such fault: "lost"' "says which"
for f in late= late=-1 late=101% late=x late=1.2 ","; do status 64 "--faults $f" wb-sample --faults "$f" -t clients; done
status 74 "a full disk" sh -c 'wb-sample -t shipments >/dev/full'
status 74 "a full disk, few lines" sh -c 'wb-sample -t clients >/dev/full'
status 74 "no such folder" wb-sample --out "$tmp/no/such" --truth "$tmp/t"
status 74 "truth nowhere" wb-sample --truth "$tmp/no/such"
status 75 "a dead reader" sh -c '{ wb-sample -t shipments; echo $? >"$0"; } | head -n 1; exit "$(cat "$0")"' "$tmp/rc"
is "$(wb-sample --help | head -n 1)" "usage: wb-sample [--seed N] [--shipments N] [--from DAY] [--days N] [--now TIME]" "--help"
done_testing
