#!/bin/sh
# Messages to verdicts on a synthetic platform: the documents add up to what its maker says, whatever the order.
. "$(dirname "$0")/../lib.sh"
cd "$tmp" || exit 1
wb-sample --seed 11 --shipments 600 --out . --truth truth.json || exit 1
now=$(jq -r .now truth.json)

documents() {
	wb-fold --quiet --now "$now" "$@" |
	wb-enrich --quiet --shipments shipments.ndjson --clients clients.ndjson --carriers carriers.ndjson --regions regions.ndjson --contacts support_contacts.ndjson |
	wb-sla-tag --quiet --now "$now"
}
wb-normalize --quiet --carriers carriers.ndjson --shipments shipments.ndjson tracking.events.ndjson shipments.ndjson >events 2>/dev/null
documents events >docs

# total NAME JQ [PLUS]: jq's number over all documents is that of the truth
total() { is "$(jq -s "$2" docs)" "$(jq ".totals.$1 + ${3:-0}" truth.json)" "$1"; }
n() { echo "map(select($1)) | length"; }
total created length
total accepted "$(n .accepted_at)"
total ready_for_pickup "$(n .ready_at)"
total delivered "$(n .delivered_at)"
total return_started "$(n .return_started_at)"
total returned "$(n .returned_at)"
total lost "$(n .lost_at)"
total cancelled "$(n .cancelled_at)"
total open "$(n .is_open)"
total out_for_delivery '[.[] | range(.step_status | length) as $i | select(.step_status[$i] == "out_for_delivery" and .step_state[$i] == "out_for_delivery")] | length'
total attempts 'map(.attempts) | add'
total first_attempts "$(n .first_attempt_at)"
total first_attempt_ok "$(n .first_attempt_ok)"
total exceptions 'map(.exceptions) | add' "$(jq .tables.cancelled truth.json)"
total lead.sec_sum 'map(.lead_sec // 0) | add'
for state in met missed pending at_risk not_applicable; do
	total sla.$state "$(n ".sla_state == \"$state\"")"
done
is "$(jq -s 'map(.contacts_n) | add' docs)" "$(jq '.support.contacts - .support.no_shipment' truth.json)" 'support contacts'
for day in created delivered; do
	is "$(jq -r ".${day}_day // empty" docs | sort | uniq -c | awk '{ print $2, $1 }')" \
		"$(jq -r ".days[] | select(.$day > 0) | \"\\(.day) \\(.$day)\"" truth.json)" "$day, by local day"
done

bare() { sed 's/"_src":\[[^]]*\],//' "$1" | sort; }
bare docs >want
sort -r events >turned
documents turned events >docs2
bare docs2 >got
ok 'turned around and twice: the same documents' cmp got want
jq -c '[.shipment_id, .]' events | sort | cut -d, -f2- | sed 's/]$//' >sorted	# jq keeps the order of members
wb-fold --quiet --sorted --now "$now" sorted >docs3
is "$(jq -c '[.shipment_id, .status, .events_n, .attempts]' docs3 | sort)" "$(jq -c '[.shipment_id, .status, .events_n, .attempts]' docs | sort)" 'sorted, one shipment at a time: the same'
done_testing
