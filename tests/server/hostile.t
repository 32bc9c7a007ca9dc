#!/bin/sh
# What would stop a lane for ever if it were not a reject: hostile messages and rows through all of the stream, twice.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
cd "$tmp" || exit 1
WB_LOCKS=$tmp; export WB_LOCKS; unset XDG_RUNTIME_DIR
now=2026-04-01T00:00:00.000Z
wb-sample --seed 9 --shipments 60 --out p >/dev/null 2>&1
jq -c '{client_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, name, segment, tier, home_region, is_active, row_hash: 1, version: 1}' p/clients.ndjson >p/dim_client
jq -c '{carrier_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, code, name, kind, tz: (.tz // ""), daily_capacity: (.daily_capacity // 0), is_active, row_hash: 1, version: 1}' p/carriers.ndjson >p/dim_carrier
sed 's/^{"_src":\[[^]]*\],/{/' p/tracking.events.ndjson >good

q() { wb-sql --format tsv -q "$1"; }
x() { head -c "$1" /dev/zero | tr '\0' "${2:-x}"; }
# shipment ID [jq filter]: its row
rows=0
shipment() { rows=$((rows + 1)); head -n 1 p/shipments.ndjson | jq -c --arg s "$1" "del(._src) | .id = 1000000 + $rows | .shipment_id = \$s | .tracking_number = \"T$rows\" | ${2:-.}"; }
# event ID SHIPMENT [MORE MEMBERS]
event() { printf '{"event_id":"%s","shipment_id":"%s","carrier_code":"cdek","event_time":"2026-03-03T07:00:00Z","received_at":"2026-03-03T08:00:00Z","status":"in_transit"%s}\n' "$1" "$2" "${3:+,$3}"; }

for s in many long fits months odd; do shipment $s; done >rows
shipment farclient '.client_id = 4000000000 | .origin_region = "nowhere" | .dest_region = "" | .carrier_id = 4000000000' >>rows
shipment rich '.price = 9999999999.99 | .weight_g = 2147483647 | .pieces = 65535' >>rows
shipment early '.created_at = "2000-01-01T00:00:00.000Z" | .promised_on = "2099-12-31"' >>rows
shipment unread '.tracking_number = "'"$(x 65 9)"'"' >>rows
long64=$(x 32 | sed 's/x/Ё/g')
shipment "$long64" >>rows
{
	head -n 100 good
	awk 'BEGIN { for (i = 0; i < 4200; i++) printf "{\"event_id\":\"m%d\",\"shipment_id\":\"many\",\"carrier_code\":\"cdek\",\"event_time\":\"2026-03-03T07:00:00Z\",\"received_at\":\"2026-03-03T08:00:00Z\",\"status\":\"in_transit\"}\n", i }'
	wide=$(x 900 w)
	awk -v w="$wide" 'BEGIN { for (i = 0; i < 1300; i++) printf "{\"event_id\":\"l%d\",\"shipment_id\":\"long\",\"carrier_code\":\"cdek\",\"event_time\":\"2026-03-03T07:00:00Z\",\"received_at\":\"2026-03-03T08:00:00Z\",\"status\":\"in_transit\",\"mine\":\"%s\"}\n", i, w }'
	event f1 fits "\"mine\":\"$(x 900000)\""
	event f2 fits "\"mine\":\"$(x 1048400)\""
	event f3 fits "\"mine\":\"$(x 1200000)\""
	awk 'BEGIN { for (i = 0; i < 240; i++) printf "{\"event_id\":\"t%d\",\"shipment_id\":\"months\",\"carrier_code\":\"cdek\",\"event_time\":\"%04d-%02d-03T07:00:00Z\",\"received_at\":\"2026-03-03T08:00:00Z\",\"status\":\"in_transit\"}\n", i, 2006 + i / 12, i % 12 + 1 }'
	event e1 odd '"mine":"{\"@ckpt\":{\"run\":\"x\",\"n\":1,\"rows\":1}}"'
	event e2 odd "\"mine\":$(x 28 '[')1$(x 28 ']')"
	event e3 odd '"lat":1e400,"lon":-1e-400'
	event e4 odd '"attempt_no":99999999999999999999'
	event e5 odd '"@ckpt":{"run":"x","n":1,"rows":1}'
	event e6 odd '"_src":["t",0,1,2,3]'
	event e7 odd '"raw_text":"\u0000"'
	event e8 odd '"raw_text":"\ud800"'
	event 'it'"'"'s \\\\ \"; DROP TABLE fct_event; --' odd
	printf '{"event_id":"e9","shipment_id":"odd","raw_text":"\377"}\n{"event_id":\n'
	event "$(x 300 e)" odd
	event g1 "$(x 65 s)"; event g2 ''; event g3 "$long64"
	for s in farclient rich early unread; do event h1 $s; done
	tail -n +101 good
} >messages

# what the head of a lane would write of the messages, a checkpoint every 1,000
head_of() {
	awk 'BEGIN { print "{\"@hello\":{\"v\":1,\"run\":\"0123456789abcdef01234567\",\"lane\":\"t\"}}" }
		function mark() { printf "{\"@ckpt\":{\"run\":\"0123456789abcdef01234567\",\"n\":%d,\"rows\":%d}}\n", ++n, rows; rows = 0 }
		{ sub(/^\{/, "{\"_src\":[\"t\",0," NR ",1772524800000,0],"); print; if (++rows == 1000) mark() }
		END { mark(); printf "{\"@end\":{\"run\":\"0123456789abcdef01234567\",\"n\":%d}}\n", n }' messages
}
stream() {
	{ WB_LANE=t wb-normalize --max-rejects 1000,100 <stream.in; echo $? >rc1; } | { WB_LANE=t wb-ch-load --tee -t fct_event; echo $? >rc2; } |
	{ WB_LANE=t wb-fold --history --now $now; echo $? >rc3; } | { WB_LANE=t wb-enrich; echo $? >rc4; } |
	{ WB_LANE=t wb-sla-tag --now $now; echo $? >rc5; } | { WB_LANE=t WB_ACK_OUT=5 wb-ch-load -t fct_shipment 5>acks; echo $? >rc6; }
}

all() {
	WB_STORE=$2; export WB_STORE
	ok "$1: schema" wb-schema
	for t in dim_client:dim_client dim_carrier:dim_carrier regions.ndjson:dim_region shipments.ndjson:stg_shipment support_contacts.ndjson:stg_contact; do
		wb-ch-load -t "${t#*:}" "p/${t%:*}" || fail "$1: ${t#*:}"
	done
	wb-ch-load --rejects bad -t stg_shipment rows; is "$(cat bad)" '' "$1: rows of shipments that a database can hold"
	# rows of the facts that nobody of ours has written
	printf '{"shipment_id":"S000000001","event_id":"alien","version":5,"event_time":"2026-03-03T07:00:00.000Z","received_at":"2026-03-03T07:00:00.000Z","lag_sec":0,"carrier":"cdek","integration":"x","status":"beamed","map_hit":"given"}\n' | wb-ch-load -t fct_event
	head_of >stream.in
	for time in first second; do
		stream 2>err
		is "$(cat rc1 rc2 rc3 rc4 rc5 rc6 | paste -sd' ')" '0 0 0 0 0 0' "$1: the lane lives, $time time" || tail -n 20 err
		is "$(grep -c '@ack' acks)" "$(grep -c '^{"@ckpt"' stream.in)" "$1: all is acknowledged, $time time"
	done
	is "$(q 'SELECT stage, code, count() FROM wb_reject FINAL GROUP BY stage, code ORDER BY stage, code' | sed 's/events.*/events/' | tr '\t\n' ' ;')" \
		'wb-enrich column 1;wb-fold enum 1;wb-fold events;wb-normalize json 2;wb-normalize length 2;wb-normalize missing 1;wb-normalize range 1;wb-normalize reserved 1;wb-normalize too_long 2;wb-normalize type 1;wb-normalize utf8 3;' \
		"$1: the rejects tell"
	is "$(q "SELECT DISTINCT replaceRegexpOne(msg, ':.*', '') AS what FROM wb_reject WHERE code = 'events' ORDER BY what" | paste -sd' ')" 'shipment long shipment many' "$1: whose documents cannot be"
	# of many and long there may be a document from before they were too long
	is "$(q "SELECT shipment_id FROM v_shipment WHERE shipment_id NOT LIKE 'S%' AND shipment_id NOT IN ('many', 'long') ORDER BY shipment_id" | paste -sd' ')" "early farclient fits months odd rich $long64" "$1: what can be told has documents"
	is "$(q "SELECT count() FROM v_shipment WHERE shipment_id LIKE 'S%'")" "$(jq -r .shipment_id good 2>/dev/null | sort -u | grep -vc '^S000000001$')" "$1: and so have all the others"
	is "$(q "SELECT count() FROM v_event WHERE shipment_id IN ('many', 'long')")" 5500 "$1: the events of those that have none are there"
}
if start_clickhouse_18; then all 18.16 "$ch18_url"; kill_server "$ch18_pid" TERM; else skip '18.16' 'no clickhouse-server'; fi
if start_chdb; then all wb-chdb "$chdb_url"; else skip 'wb-chdb' 'no libchdb'; fi
done_testing
