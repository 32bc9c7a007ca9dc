#!/bin/sh
# Filters that read the store by key: wb-fold --history, wb-enrich -d, wb-normalize -d and --redo, on both engines:
# what comes from the store equals what comes of files in one go.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
cd "$tmp" || exit 1
WB_LOCKS=$tmp; export WB_LOCKS
now=2026-04-01T00:00:00.000Z

wb-sample --seed 11 --shipments 400 --out p >/dev/null 2>&1
jq -c '{client_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, name, segment, tier, home_region, is_active, row_hash: 1, version: 1}' p/clients.ndjson >p/dim_client
jq -c '{carrier_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, code, name, kind, tz: (.tz // ""), daily_capacity: (.daily_capacity // 0), is_active, row_hash: 1, version: 1}' p/carriers.ndjson >p/dim_carrier
files="--shipments p/shipments --clients p/clients.ndjson --carriers p/carriers.ndjson --regions p/regions.ndjson --contacts p/contacts"

# What the store keeps of a number is its value, not its zeros; 18.16 keeps seconds.
stored() { sed -E -e 's/("l(at|on)":-?[0-9]+\.[0-9]*[1-9])0+,/\1,/g; s/("l(at|on)":-?[0-9]+)\.0+,/\1,/g' -e "$fraction"; }
bare() { sed -E 's/^\{"_src":\[[^]]*\],/{/'; }
docs() { bare | sort; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 4)"; fi; }
lines() { grep -n '^{"@' out | sed 's/:{"//; s/".*//' | tr '\n' ' '; }
q() { wb-sql --format tsv -q "$1"; }

# prepare ENGINE: the platform into the store; events and documents of files
prepare() {
	stored <p/shipments.ndjson >p/shipments
	stored <p/support_contacts.ndjson >p/contacts
	wb-normalize --quiet --carriers p/carriers.ndjson --shipments p/shipments p/tracking.events.ndjson 2>/dev/null | stored >events
	wb-fold --now $now events >want
	# shellcheck disable=SC2086
	wb-enrich $files want >want.enriched
	ok "$1: schema" wb-schema
	for t in dim_client dim_carrier; do ok "$1: $t" wb-ch-load -t $t p/$t; done
	ok "$1: dim_region" wb-ch-load -t dim_region p/regions.ndjson
	ok "$1: stg_shipment" wb-ch-load -t stg_shipment p/shipments
	ok "$1: stg_contact" wb-ch-load -t stg_contact p/contacts
	# in two parts, and some events twice: copies that lie in parts of their own
	head -n 1500 events >part; ok "$1: fct_event" wb-ch-load -t fct_event part
	tail -n +1001 events >part; ok "$1: fct_event, the rest and copies" wb-ch-load -t fct_event part
}

fold() {
	docs <want >a
	status 0 "$1: wb-fold --history of the rows of shipments" wb-fold -v --history --now $now p/shipments
	docs <out >b; same a b "$1: gives the documents of the events in one go"
	like "$(cat err)" '^wb-fold: 400 in, 400 folded into 400 documents, 0 rejected, 0 filtered' "$1: the account"
	is "$(head -n 1 out | jq -c ._src)" "$(head -n 1 p/shipments | jq -c ._src)" "$1: _src is that of the record which named the shipment"

	shuf --random-source=/bin/sh events >mixed
	wb-fold --history --now $now mixed >out
	docs <out >b; same a b "$1: the same by events, in any order"
	is "$(jq -r .shipment_id out | cksum)" "$(jq -r .shipment_id out | LC_ALL=C sort | cksum)" "$1: in the order of the ids"
	is "$(jq -r 'select(.shipment_id == "S000000007") | ._src | tostring' mixed | tail -n 1)" "$(jq -r 'select(.shipment_id == "S000000007") | ._src | tostring' out)" \
		"$1: _src is that of the last one"
	is "$(wb-fold -vv --history p/shipments 2>&1 >/dev/null | sed -n 's/.*SELECT shipment_id.* FROM `\([a-z_]*\)`.*/\1/p' | tr '\n' ' ')" 'fct_shipment fct_event ' \
		"$1: the stored documents are read before the events"
	rm -f mixed.*; split -n r/5 mixed mixed.
	for f in mixed.??; do wb-fold --history --now $now "$f"; done | docs | uniq >b
	same a b "$1: in several runs, which name shipments again"
	is "$(wb-fold --history --now $now -S 300k mixed | docs | cmp - a && echo same)" same "$1: in parts that fit into a small memory"
	status 0 "$1: shipments that do not" wb-fold --quiet --history -S 1k --max-rejects 400,100 --rejects bad p/shipments
	is "$(jq -r '.["@reject"] | "\(.code) \(.msg | sub("^shipment S[0-9]+: "; ""))"' bad | sort | uniq -c | sed 's/^ *//')$(wc -c <out)" \
		'400 events its events take more than -S 1024 bytes0' "$1: are rejected, and stop nothing"

	# a lane, by its lines
	{
		echo '{"@hello":{"v":1,"run":"0123456789abcdef01234567","lane":"t"}}'
		head -n 300 mixed; echo '{"@ckpt":{"run":"0123456789abcdef01234567","n":1,"rows":300}}'
		echo '{"@ckpt":{"run":"0123456789abcdef01234567","n":2,"rows":0}}'
		tail -n +301 mixed; echo "{\"@ckpt\":{\"run\":\"0123456789abcdef01234567\",\"n\":3,\"rows\":$(($(wc -l <mixed) - 300))}}"
		echo '{"@end":{"run":"0123456789abcdef01234567","n":3}}'
	} >lane
	first=$(head -n 300 mixed | jq -r .shipment_id | sort -u | wc -l) second=$(tail -n +301 mixed | jq -r .shipment_id | sort -u | wc -l)
	status 0 "$1: in a lane" env WB_LANE=t wb-fold --history --now $now lane
	is "$(grep -n '^{"@' out | sed -E 's/"run":"[^"]*",?//' | tr '\n' ' ')" \
		"1:{\"@hello\":{\"v\":1,\"lane\":\"t\"}} $((first + 2)):{\"@ckpt\":{\"n\":1,\"rows\":$first}} $((first + 3)):{\"@ckpt\":{\"n\":2,\"rows\":0}} $((first + second + 4)):{\"@ckpt\":{\"n\":3,\"rows\":$second}} $((first + second + 5)):{\"@end\":{\"n\":3}} " \
		"$1: the documents stand before each checkpoint"
	grep -v '^{"@' out | docs | uniq >b; same a b "$1: and are the same"
	{
		sed -n '1p' lane; sed -n '2,3p' lane; echo '{"@news":{"a":1}}'; sed -n '4p' lane; echo '{"@news":{"a":2}}'
		echo '{"@ckpt":{"run":"0123456789abcdef01234567","n":1,"rows":3}}'; tail -n 1 lane | sed 's/"n":3/"n":1/'
	} >news
	for c in 'wb-fold --history' 'wb-fold --history | wb-enrich' 'wb-fold --history | wb-enrich | wb-dim -d $WB_STORE -t dim_region'; do
		is "$(WB_LANE=t sh -c "$c" <news 2>/dev/null | sed -E 's/^\{"([^"]*)".*/\1/' | uniq | tr '\n' ' ')" \
			"$(case $c in *dim*) echo '@hello @reject @news @reject @news @ckpt @end ' ;; *) echo '@hello _src @news _src @news @ckpt @end ' ;; esac)" \
			"$1: $c: unknown control lines stay in their place"
	done

	printf '%s\n' '{"id":1,"shipment_id":null}' '{"id":2}' '{"id":3,"shipment_id":""}' '{"id":4,"shipment_id":7}' \
		'{"_src":["c",0,5,0,0],"id":5,"shipment_id":"S000000009"}' '{"shipment_id":"nowhere"}' >named
	wb-fold -v --history --now $now named >out 2>err
	like "$(tail -n 1 err)" '6 in, 2 folded into 2 documents, 1 rejected, 3 filtered' "$1: a record that names no shipment is filtered, one that cannot is rejected"
	is "$(jq -c '[.shipment_id, .status, .events_n, .is_open, .events, .days, ._src]' out | tail -n 1)" '["nowhere","unknown",0,true,[],[],null]' \
		"$1: a shipment without events has a document"
	is "$(head -n 1 out | bare)" "$(grep -F '"S000000009"' a)" "$1: a contact names one"
	is "$(: | wb-fold --history)" '' "$1: no input, no document"

	# ids are data
	jq -nc --arg e '{"event_id":"q","version":5,"event_time":"2026-03-03T07:00:00.000Z","received_at":"2026-03-03T07:00:00.000Z","lag_sec":0,"is_date_only":false,"carrier":"cdek","integration":"x","status":"accepted","map_hit":"given","to_recipient":false,"damaged":false}' \
		'("a'\''b", "x\\", "\\'\'' OR 1=1 -- ", "'\'') OR (1=1", "tab\tnew\nline", "Ёж", "`\"{x:String}", "\u0001") | {shipment_id: .} + ($e | fromjson)' >odd
	ok "$1: events of odd shipments" wb-ch-load -t fct_event odd
	is "$(wb-fold --history --now $now odd | bare | sort | cksum)" "$(wb-fold --now $now odd | sort | cksum)" "$1: odd ids are found, and nothing else"

	# a newer map replaces what was there, merged or not
	sed -E 's/"version":([0-9]+),/"version":9\1,/; s/"status":"in_transit"/"status":"at_destination"/' events >newer
	ok "$1: events of a newer map" wb-ch-load -t fct_event newer
	wb-fold --now $now events newer | docs >b.want
	wb-fold --history --now $now p/shipments | docs >b; same b.want b "$1: the greatest version of an event counts"
	q "ALTER TABLE fct_event DELETE WHERE version > 90000000000000" >/dev/null
	until_true 30 sh -c "[ \$(wb-sql --format tsv -q 'SELECT count() FROM fct_event WHERE version > 90000000000000' | tail -n 1) = 0 ]"
}

# stored documents: days, history, two at a time
documents() {
	wb-fold --history --now $now p/shipments | wb-enrich | wb-sla-tag --now $now >loaded
	ok "$1: documents are loaded" wb-ch-load -t fct_shipment loaded
	jq -c 'select(.shipment_id == "S000000003") | .version = 1 | .days = ["2020-01-02"]' loaded >older
	ok "$1: and an older one, of another day" wb-ch-load -t fct_shipment older
	wb-fold --history --now 2026-04-02 p/shipments >again
	jq -c '[.shipment_id, .days]' loaded | sort >a; jq -c '[.shipment_id, .days - ["2020-01-02"]]' again | sort >b
	same a b "$1: the days of the stored documents are handed on"
	is "$(jq -c 'select(.shipment_id == "S000000003") | .days | index("2020-01-02")' again)" 0 "$1: and those of one that it has replaced"
	is "$(wb-enrich again | wb-sla-tag --now 2026-04-02 | jq -c 'select(.shipment_id == "S000000003") | .days | index("2020-01-02")')" 0 "$1: through all stages"
	jq -c 'select(.shipment_id == "S000000004" or .shipment_id == "S000000005") | .version += 1000 | .events_n = (if .shipment_id == "S000000005" then .events_n else 99 end)' loaded >archived
	ok "$1: a document that counts more events than there are" wb-ch-load -t fct_shipment archived
	status 0 "$1: is folded again" wb-fold -v --history --max-rejects 0 --rejects bad --now 2026-04-03 archived
	is "$(jq -r .shipment_id out)$(jq -r '.["@reject"] | "\(.code) \(.src) \(.raw | @base64d)"' bad)" \
		"S000000005history $(jq -c 'select(.shipment_id == "S000000004") | ._src' loaded) $(jq -c 'select(.shipment_id == "S000000004") | {_src, shipment_id}' loaded)" \
		"$1: it is a reject (history), the other one is not"
	like "$(cat err)" '2 in \+ 0? ?.*2 folded into 1 documents, 1 rejected|2 in \+ 1 more made of them, 2 folded into 1 documents.* 1 rejected' "$1: the account"

	# an event that does not read
	printf '%s\n' '{"shipment_id":"S000000006","event_id":"bad","version":5,"event_time":"2026-03-03T07:00:00.000Z","received_at":"2026-03-03T07:00:00.000Z","lag_sec":0,"carrier":"cdek","integration":"x","status":"beamed","map_hit":"given"}' >bad
	ok "$1: an event that is none" wb-ch-load -t fct_event bad
	wb-fold --quiet --history --rejects bad --now $now p/shipments >out
	is "$(wc -l <out) $(jq -r '.["@reject"] | select(.code != "history") | "\(.code) \(.field) \(.msg)"' bad)" \
		'398 enum status shipment S000000006: "beamed" is no status' "$1: spoils the document of its shipment, and no other"
	q "ALTER TABLE fct_event DELETE WHERE event_id = 'bad'" >/dev/null
	q "ALTER TABLE fct_shipment DELETE WHERE shipment_id = 'S000000004'" >/dev/null
	until_true 30 sh -c "[ \$(wb-sql --format tsv -q \"SELECT (SELECT count() FROM fct_event WHERE event_id = 'bad') + (SELECT count() FROM fct_shipment WHERE shipment_id = 'S000000004')\" | tail -n 1) = 0 ]"

	# two at a time
	one() { wb-fold --history p/shipments | wb-enrich | wb-sla-tag | wb-ch-load -t fct_shipment; }
	one & one1=$!; one & one2=$!
	wait $one1 && wait $one2
	is "$? $(q 'SELECT count(), uniqExact(shipment_id), min(events_n = n) FROM v_shipment ANY LEFT JOIN (SELECT shipment_id, count() AS n FROM v_event GROUP BY shipment_id) AS e USING shipment_id' | tail -n 1 | tr '\t' ' ')" \
		'0 400 400 1' "$1: two that fold the same shipments at a time"
}

enrich() {
	wb-enrich -v want >out 2>err; same want.enriched out "$1: wb-enrich gives what it gives with files"
	like "$(cat err)" '^wb-enrich: 400 in, 400 out, 0 rejected, 0 filtered, [0-9.]+ s$' "$1: the account"
	wb-enrich --shipments p/shipments --clients p/clients.ndjson want >out; same want.enriched out "$1: files and the store together"
	(cat want) | wb-enrich >out; same want.enriched out "$1: from a pipe"
	{
		echo '{"@hello":{"v":1,"run":"0123456789abcdef01234567","lane":"t"}}'
		head -n 10 want; echo '{"@reject":{"src":["t",0,1,0,0],"stage":"x"}}'; sed -n '11,300p' want
		echo '{"@ckpt":{"run":"0123456789abcdef01234567","n":1,"rows":301}}'
		tail -n +301 want; echo '{"@ckpt":{"run":"0123456789abcdef01234567","n":2,"rows":100}}'
		echo '{"@end":{"run":"0123456789abcdef01234567","n":2}}'
	} >lane
	status 0 "$1: in a lane" env WB_LANE=t wb-enrich lane
	is "$(lines)" '1@hello 12@reject 303@ckpt 404@ckpt 405@end ' "$1: all in its order"
	grep -v '^{"@' out >b; same want.enriched b "$1: and the same"
	is "$(echo '{"shipment_id":"nowhere","version":1,"events":[]}' | wb-enrich -v 2>&1 | sed 's/, [0-9.]* s$//')" 'wb-enrich: 1 in, 0 out, 0 rejected, 1 filtered, orphan 1' "$1: an orphan is filtered"
	is "$(echo '{"shipment_id":"nowhere","version":1,"events":[]}' | wb-enrich --bare | jq -c '[.client_id, .created_at]')" '[0,null]' "$1: but with --bare"
	is "$(printf '%s\n' '{"version":1}' '{"shipment_id":7}' | wb-enrich -v 2>&1 | tail -n 1 | sed 's/, [0-9.]* s$//')" \
		'wb-enrich: 2 in, 0 out, 2 rejected, 0 filtered, missing 1, type 1' "$1: what is no document is rejected"

	# newer rows, in parts of their own
	c=$(jq -r 'select(.shipment_id != null and .shipment_id != "S000000001") | .shipment_id' p/contacts | head -n 1)
	n=$(jq -c "select(.shipment_id == \"$c\")" p/contacts | jq -r .id | sort -u | wc -l)
	jq -c "select(.shipment_id == \"$c\") | .shipment_id = \"S000000001\" | .updated_at = \"2026-06-01T00:00:00.000Z\"" p/contacts | head -n 1 >moved
	was=$(jq -r 'select(.shipment_id == "S000000001") | .contacts_n' want.enriched)
	ok "$1: a contact is moved" wb-ch-load -t stg_contact moved
	is "$(wb-enrich want | jq -r "select(.shipment_id == \"$c\" or .shipment_id == \"S000000001\") | .contacts_n" | tr '\n' ' ')" "$((was + 1)) $((n - 1)) " "$1: it counts for its present shipment alone"
	jq -c 'select(.shipment_id == "S000000002") | .service_code = "NEW", .service_code = "OLD" | .updated_at = (if .service_code == "NEW" then "2026-06-01T00:00:00.000Z" else "2020-06-01T00:00:00.000Z" end)' p/shipments >rows
	for row in 1 2; do sed -n ${row}p rows >part; ok "$1: a row of stg_shipment" wb-ch-load -t stg_shipment part; done
	is "$(wb-enrich want | jq -r 'select(.shipment_id == "S000000002") | .service_code')" NEW "$1: the newest row of a shipment counts"
	jq -c 'select(.shipment_id == "S000000008") | .tracking_number = "012345678901234567890123456789012345678901234567890123456789012345" | .updated_at = "2026-06-01T00:00:00.000Z"' p/shipments >part
	ok "$1: a tracking number that no document holds" wb-ch-load -t stg_shipment part
	is "$(wb-enrich --quiet --rejects bad want | wc -l) $(jq -r '.["@reject"] | "\(.code) \(.msg)"' bad)" '399 column its row in stg_shipment: tracking_number: too long' "$1: rejects that document"

	# dimensions that come while it runs
	jq -c 'select(.shipment_id == "S000000010") | .client_id = 4000000 | .updated_at = "2026-06-01T00:00:00.000Z"' p/shipments >part
	ok "$1: a shipment of a client that is not there" wb-ch-load -t stg_shipment part
	head -n 1 p/dim_client | jq -c '.client_id = 4000000 | .tier = "late"' >client
	grep '"S000000010"' want >doc
	mkfifo in; wb-enrich <in >out & pid=$!
	exec 3>in
	cat doc >&3; until_true 20 test -s out
	ok "$1: the client comes" wb-ch-load -t dim_client client
	until_true 20 sh -c "cat doc >&3; sleep 0.2; tail -n 1 out | jq -e '.client_tier == \"late\"'"
	is $? 0 "$1: and is found by what is running"
	exec 3>&-; wait $pid; rm in
	is "$(head -n 1 out | jq -r .client_tier)" '' "$1: which did not know it before"
}

normalize() {
	jq -c 'if ._src[2] % 3 == 0 then del(.shipment_id) else . end' p/tracking.events.ndjson >messages
	wb-normalize --carriers p/carriers.ndjson --shipments p/shipments messages >a 2>a.err
	wb-normalize messages >b 2>b.err; same a b "$1: wb-normalize gives what it gives with files"
	same a.err b.err "$1: and tells the same"
	(cat messages) | wb-normalize --quiet >b 2>/dev/null; same a b "$1: from a pipe"
	wb-normalize --quiet --shipments p/shipments messages >b 2>/dev/null; same a b "$1: with a file of shipments"
	{
		echo '{"@hello":{"v":1,"run":"0123456789abcdef01234567","lane":"t"}}'
		head -n 100 messages; echo '{"@reject":{"src":["t",0,1,0,0],"stage":"x"}}'; tail -n +101 messages
		echo "{\"@ckpt\":{\"run\":\"0123456789abcdef01234567\",\"n\":1,\"rows\":$(($(wc -l <messages) + 1))}}"
		echo '{"@end":{"run":"0123456789abcdef01234567","n":1}}'
	} >lane
	status 0 "$1: in a lane" env WB_LANE=t wb-normalize --quiet lane
	is "$(lines)" "1@hello 102@reject $(($(wc -l <a) + 3))@ckpt $(($(wc -l <a) + 4))@end " "$1: all in its order"
	grep -v '^{"@' out >b; same a b "$1: and the same"
	# a number given to another shipment; one that is none of the carrier's
	tn=$(jq -r 'select(.shipment_id == "S000000020") | .tracking_number' p/shipments) by=$(jq -r 'select(.shipment_id == "S000000020") | .carrier_id' p/shipments)
	jq -c --arg tn "$tn" --argjson by "$by" 'select(.shipment_id == "S000000020" or .shipment_id == "S000000021") | .updated_at = "2026-06-01T00:00:00.000Z" | .tracking_number = (if .shipment_id == "S000000020" then "gone" else $tn end) | .carrier_id = $by' p/shipments >part
	ok "$1: a tracking number is moved" wb-ch-load -t stg_shipment part
	code=$(jq -r "select(.id == $by) | .code" p/carriers.ndjson) other=$(jq -r "select(.id != $by) | .code" p/carriers.ndjson | head -n 1)
	m() { printf '{"event_id":"%s","tracking_number":"%s","carrier_code":"%s","event_time":"2026-03-03T07:00:00Z","received_at":"2026-03-03T07:00:00Z","status":"accepted"}\n' "$1" "$2" "$3"; }
	{ m 1 "$tn" "$code"; m 2 gone "$code"; m 3 "$tn" "$other"; m 4 "it's \\\\n" "$code"; } >part
	is "$(wb-normalize --quiet --rejects bad part | jq -r '"\(.event_id) \(.shipment_id)"' | tr '\n' ' ')$(jq -r '.["@reject"].code' bad | tr '\n' ' ')" \
		'1 S000000021 2 S000000020 shipment shipment ' "$1: the shipment that has the number now"
	status 64 "$1: --shipments alone, without a store" env -u WB_STORE wb-normalize --shipments p/shipments part
	is "$(wb-normalize -d '' --quiet --rejects bad part | wc -l)$(jq -r '.["@reject"].code' bad | sort -u)" 0shipment "$1: -d '' is none"
}

# redo: rejects, their cause mended, fed again
redo() {
	ok "$1: no rejects yet" test "$(q 'SELECT count() FROM wb_reject' | tail -n 1)" = 0
	q "ALTER TABLE fct_event DELETE WHERE 1" >/dev/null
	until_true 30 sh -c "[ \$(wb-sql --format tsv -q 'SELECT count() FROM fct_event' | tail -n 1) = 0 ]"
	printf '%s\n' 'each /events' 'event_id /uid' 'shipment_id /sid' 'tracking_number ^/tn' 'carrier_code ^/by' 'status /st' 'event_time /at' 'received_at /at' >feed
	cat >web <<-'X'
	{"tn":"T-1","by":"cdek","events":[{"uid":"a0","sid":"A","st":"accepted","at":"2026-03-03T07:00:00Z"},{"uid":"a1","st":"in_transit","at":"2026-03-03T08:00:00Z"},{"uid":"a2","sid":"A","st":"beamed","at":"2026-03-03T07:00:00Z"},{"uid":"a3","st":"in_transit","at":"2026-03-03T09:00:00Z"}]}
	{"tn":"T-2","by":"newcomer","events":[{"uid":"b0","sid":"B","st":"accepted","at":"2026-03-03T07:00:00Z"},{"uid":"b1","sid":"B","st":"in_transit","at":"2026-03-03T07:00:00Z"}]}
	{"tn":"T-3","by":"newcomer","events":[{"uid":"c0","st":"accepted","at":"2026-03-03T07:00:00Z"}]}
	{"tn":"T-4","by":"cdek","events":"none"}
	{"tn":"T-5","by":"cdek","events":[{"uid":"e0","sid":"E","st":"accepted","at":"2026-03-03T07:00:00Z"}]
	X
	lane() { wb-run --once -- "$1" "wb-normalize -f feed ${2:-}" 'wb-ch-load -t fct_event' 2>err; }
	open="SELECT * FROM wb_reject FINAL WHERE state = '\\''open'\\''"
	again() { lane "wb-sql -q '$open'" "--redo -v"; }
	rejects() { wb-sql -q "SELECT src_offset, src_i, code, state FROM wb_reject FINAL ORDER BY src_offset, src_i" | jq -r '"\(.src_offset).\(.src_i) \(.code) \(.state)"' | tr '\n' ';'; }
	events() { q "SELECT event_id FROM v_event ORDER BY event_id" | tr '\n' ' '; }
	lane 'wb-csv-extract -t web web' '--max-rejects 1000,100'
	is "$? $(rejects)" '0 1.1 shipment open;1.2 enum open;1.3 shipment open;2.0 carrier open;2.1 carrier open;3.0 carrier open;4.0 type open;5.0 json open;' "$1: rejects of a feed"
	is "$(events)" 'a0 ' "$1: and what passed"
	again
	is "$? $(rejects)$(events)" '0 1.1 shipment open;1.2 enum open;1.3 shipment open;2.0 carrier open;2.1 carrier open;3.0 carrier open;4.0 type open;5.0 json open;a0 ' "$1: fed again with nothing mended they stay as they are"
	like "$(cat err)" 'wb-normalize: 8 in, 0 out, 0 rejected, 8 filtered' "$1: which counts as no reject"

	head -n 1 p/dim_carrier | jq -c '.carrier_id = 4000 | .code = "newcomer"' >part
	ok "$1: the carrier comes" wb-ch-load -t dim_carrier part
	again
	is "$? $(rejects)" '0 1.1 shipment open;1.2 enum open;1.3 shipment open;2.0 carrier resolved;2.1 carrier resolved;3.0 shipment open;4.0 type open;5.0 json open;' "$1: each element alone is resolved, or open for its next fault"
	is "$(events)" 'a0 b0 b1 ' "$1: the events are there"
	head -n 1 p/shipments | jq -c '.id = 90001 | .shipment_id = "A", (.id = 90003 | .shipment_id = "C") | .tracking_number = (if .shipment_id == "A" then "T-1" else "T-3" end) | .carrier_id = (if .shipment_id == "A" then null else 4000 end)' >part
	ok "$1: the shipments come" wb-ch-load -t stg_shipment part
	again
	is "$? $(rejects)" '0 1.1 shipment resolved;1.2 enum open;1.3 shipment resolved;2.0 carrier resolved;2.1 carrier resolved;3.0 shipment resolved;4.0 type open;5.0 json open;' "$1: by tracking number"
	is "$(events)" 'a0 a1 a3 b0 b1 c0 ' "$1: the events are there"
	is "$(wb-sql -q "SELECT src_topic, src_offset FROM v_event WHERE event_id IN ('a3', 'c0') ORDER BY event_id" | jq -c '[.src_topic, .src_offset]' | tr '\n' ' ')" '["web",1] ["web",3] ' "$1: with the _src of their messages"
	wb-sql -q 'SELECT * FROM wb_reject FINAL ORDER BY src_offset, src_i' >rows
	is "$(jq -r 'select(.src_offset == 3) | .raw | @base64d | fromjson | .tn' rows)" T-3 "$1: a resolved one keeps its bytes"
	again
	is "$? $(rejects)$(events)" '0 1.1 shipment resolved;1.2 enum open;1.3 shipment resolved;2.0 carrier resolved;2.1 carrier resolved;3.0 shipment resolved;4.0 type open;5.0 json open;a0 a1 a3 b0 b1 c0 ' "$1: once more changes nothing"
	wb-normalize -f feed -v --redo rows >out 2>err
	is "$(tail -n 1 err | sed 's/, [0-9.]* s$//')" 'wb-normalize: 8 in, 0 out, 0 rejected, 8 filtered, not_open 5, enum 1, type 1, no_json 1' "$1: rows that are not open are left"
	jq -c '.state = "open"' rows >part
	wb-normalize -f feed --quiet --redo part | jq -r .event_id | sort | tr '\n' ' ' >out
	is "$(cat out)" 'a1 a3 b0 b1 c0 ' "$1: in a plain pipeline standard output is data alone"
	is "$(wb-normalize -f feed --quiet --rejects - --redo part | grep '^{"@' | jq -r '.["@reject"].state' | sort | uniq -c | tr -s ' ' | tr '\n' ' ')" ' 5 resolved ' "$1: --rejects - has the lines for a loader"

	# what a loader refused holds a finished record
	head -n 1 events | jq -c '(.shipment_id = "F" | .lag_sec = 99999999999), (.shipment_id = "G" | .attempt_no = 300 | ._src[2] = 900001)' >part
	wb-ch-load --quiet --rejects - -t fct_event part
	is "$(rejects | tr ';' '\n' | grep -c 'column open')" 2 "$1: rejects of a loader"
	wb-sql -q "SELECT * FROM wb_reject FINAL WHERE code = 'column'" >rows
	jq -c '.raw |= (@base64d | sub("99999999999"; "9") | @base64)' rows >part	# the mended row
	lane 'wb-csv-extract -t rows part' --redo
	is "$(wb-sql -q "SELECT field, state FROM wb_reject FINAL WHERE code = 'column' ORDER BY field" | jq -c '[.field, .state]' | tr '\n' ' ')$(q "SELECT shipment_id FROM v_event WHERE shipment_id IN ('F', 'G')")" \
		'["attempt_no","open"] ["lag_sec","resolved"] F' "$1: a finished record passes as it is, and what is refused again stays open"
	jq -c '.stage = "wb-fold"' rows >part
	is "$(wb-normalize -v --redo part 2>&1 | sed 's/, [0-9.]* s$//')" 'wb-normalize: 2 in, 0 out, 0 rejected, 2 filtered, other_stage 2' "$1: rejects of other stages hold no message"
}

faults() {
	status 64 "$1: no store" env -u WB_STORE wb-fold --history p/shipments
	status 64 "$1: --history and --sorted" wb-fold --history --sorted p/shipments
	status 64 "$1: -d without --history" wb-fold -d "$WB_STORE" p/shipments
	q 'CREATE DATABASE empty' >/dev/null
	for c in 'wb-fold --history' wb-enrich wb-normalize; do
		# shellcheck disable=SC2086
		status 78 "$1: $c, no such table" $c -d "${WB_STORE%/*}/empty" want
	done
	(WB_STORE=${WB_STORE%/*}/empty wb-schema) >/dev/null 2>&1
	status 78 "$1: wb-normalize, no carrier" wb-normalize -d "${WB_STORE%/*}/empty" messages
	like "$(cat err)" 'dim_carrier: no carrier is there' "$1: says so"
	status 74 "$1: /dev/full" sh -c "wb-fold --history p/shipments >/dev/full"
}

# the store goes away: it is waited for
away() {
	kill_server "$chdb_pid"
	wb-fold --history p/shipments >out 2>err & pid=$!
	ok 'a store that is away is told' until_true 20 grep -q 'fct_shipment: .*; trying again' err
	asked=$(date +%s%3N)
	start_chdb
	wait $pid
	is "$? $(tail -n 1 err) $(wc -l <out)" '0 wb-fold: fct_shipment: the store answers again 400' 'and waited for'
	is "$(jq -s "map(.version) | min > 1700000000000 and max <= $asked" out)" true 'the version is the time before the store was read'
}

engine() {
	prepare "$1"
	fold "$1"
	documents "$1"
	enrich "$1"
	normalize "$1"
	faults "$1"
	[ "$1" = 18.16 ] || away
	redo "$1"
}

if start_chdb; then
	WB_STORE=$chdb_url; export WB_STORE
	fraction=
	engine 'wb-chdb'
else
	skip 'reading by key from wb-chdb' 'no libchdb'
fi
if start_clickhouse_18; then
	WB_STORE=$ch18_url; export WB_STORE
	fraction='s/(T[0-9:]{8})\.[0-9]{3}Z"/\1.000Z"/g'
	engine '18.16'
else
	skip 'reading by key from ClickHouse 18.16' 'no clickhouse-server'
fi
done_testing
