#!/bin/sh
# What every filter does with what every filter meets.
. "$(dirname "$0")/../lib.sh"
cd "$tmp" || exit 1
now=2026-04-01T00:00:00.000Z
refs='--clients p/clients.ndjson --carriers p/carriers.ndjson --regions p/regions.ndjson --shipments p/shipments.ndjson --contacts p/support_contacts.ndjson'
wb-sample --shipments 300 --faults duplicates,disorder --out p
cp p/tracking.events.ndjson messages
wb-normalize --quiet --carriers p/carriers.ndjson messages >events
wb-fold --quiet --now $now events >documents
# shellcheck disable=SC2086
wb-enrich --quiet $refs documents >enriched
wb-sla-tag --quiet --now $now enriched >judged
sed 's/"_src":\[[^]]*\],//' messages >raw
{ printf '{"a":"'; head -c 1100000 /dev/zero | tr '\0' x; printf '"}\n'; } >long

# every NAME INPUT COMMAND: six things
every() {
	name=$1 in=$2 run=$3
	status 64 "$name: an unknown option" sh -c "$run --nonsense <$in"
	status 0 "$name: good input" sh -c "$run <$in"
	cp out good
	status 0 "$name: no input" sh -c "$run </dev/null"
	head -c -1 "$in" >short
	status 0 "$name: the last line without its LF" sh -c "$run <short"
	ok "$name: gives the same" cmp out good
	{ cat long; cat "$in"; printf '{"a":\n'; } >mixed
	status 0 "$name: a line that is too long, and a broken one" sh -c "$run <mixed"
	# the records of a file are numbered by their lines
	sed 's/^{"_src":\["t",0,[0-9]*/{"_src":["t",0,N/' good >want
	ok "$name: give the same" sh -c "sed 's/^{\"_src\":\[\"t\",0,[0-9]*/{\"_src\":[\"t\",0,N/' out | cmp - want"
	like "$(cat err)" '1: .*too_long' "$name: the long line is told"
	like "$(cat err)" ': .*\((json|fields)\)' "$name: and the broken one"
	status 74 "$name: no room for the output" sh -c "$run <$in >/dev/full"
	rm -f rc closed
	{ until [ -e closed ]; do :; done; sh -c "$run <$in" 2>/dev/null; echo $? >rc; } | { exec <&-; : >closed; until_true 20 test -s rc; }
	is "$(cat rc)" 75 "$name: a dead reader"
}

every wb-csv-extract raw 'wb-csv-extract -t t'
every wb-normalize messages 'wb-normalize --carriers p/carriers.ndjson'
every wb-fold events "wb-fold --now $now"
sort -t'"' -k8,8 -s events >sorted
every 'wb-fold --sorted' sorted "wb-fold --sorted --now $now"
every wb-enrich documents "wb-enrich $refs"
every wb-sla-tag enriched "wb-sla-tag --now $now"
every 'wb-aggregate -t' judged "wb-aggregate -t mart_sla_day --now $now"
every 'wb-aggregate -g' judged 'wb-aggregate -g status -a count -a sum:price'
sed 's/"_src":\[[^]]*\],//' p/clients.ndjson >clients
every wb-dim clients "wb-dim -t dim_client --now $now"
done_testing
