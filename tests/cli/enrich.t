#!/bin/sh
# wb-enrich: attributes, zones, local days, delivery time, steps, contacts.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/cli
cd "$tmp" || exit 1

cat >shipments <<'X'
{"_src":["shipments",0,1,0,0],"id":1,"shipment_id":"S-1","client_id":17,"carrier_id":null,"order_ref":"x","tracking_number":"10248457","service_code":"EXPRESS","delivery_mode":"door","origin_region":"RU-KGD","dest_region":"RU-PRI","status":"created","promised_at":"2024-06-05T12:00:00.000Z","promised_on":null,"promised_first_at":null,"promised_first_on":"2024-06-05","cancelled_at":null,"price":346.50,"cod_amount":0.00,"weight_g":5065,"pieces":2,"created_at":"2024-06-02T21:59:59.900Z","updated_at":"2024-06-03T00:00:00.000Z"}
{"_src":["shipments",0,2,0,0],"id":2,"shipment_id":"S-2","client_id":18,"carrier_id":9,"tracking_number":"1Z \"9\"","service_code":"","delivery_mode":"locker","origin_region":"","dest_region":"XX-1","promised_on":"2024-06-07","price":12345678901234.10,"weight_g":0,"pieces":1,"created_at":"2024-06-01T10:00:00.000Z","updated_at":"2024-06-03T00:00:00.000Z"}
X
cat >clients <<'X'
{"_src":["clients",0,1,0,0],"id":17,"name":"A","segment":"b2c","tier":"standard","home_region":"RU-MOW","is_active":true,"created_at":"2020-01-01T00:00:00.000Z","updated_at":"2024-06-02T12:00:00.000Z"}
{"_src":["clients",0,1,0,0],"id":18,"name":"B","segment":"b2b","tier":"gold","home_region":"","is_active":true,"created_at":"2020-01-01T00:00:00.000Z","updated_at":"2025-01-01T00:00:00.000Z"}
X
cat >carriers <<'X'
{"id":7,"code":"cdek","name":"CDEK","kind":"external","tz":"Europe/Moscow","updated_at":"2024-01-01T00:00:00.000Z"}
{"id":9,"code":"old","name":"UPS","kind":"external","tz":"UTC","updated_at":"2024-01-01T00:00:00.000Z"}
{"id":9,"code":"ups","name":"UPS","kind":"external","tz":"UTC","updated_at":"2024-02-01T00:00:00.000Z"}
{"id":9,"code":"older","name":"UPS","kind":"external","tz":"UTC","updated_at":"2023-02-01T00:00:00.000Z"}
X
cat >regions <<'X'
{"region_code":"RU-KGD","name":"Kaliningrad","tz":"Europe/Kaliningrad","is_remote":false,"version":1}
{"region_code":"RU-PRI","name":"Primorye","tz":"Asia/Vladivostok","is_remote":true,"version":1}
X
cat >contacts <<'X'
{"id":1,"client_id":17,"shipment_id":"S-1","channel":"phone","topic":"wismo","opened_at":"2024-06-04T10:00:00.000Z","updated_at":"2024-06-04T10:00:00.000Z"}
{"id":2,"client_id":17,"shipment_id":"S-1","channel":"phone","topic":"cod","opened_at":"2024-06-03T10:00:00.000Z","updated_at":"2024-06-03T10:00:00.000Z"}
{"id":3,"client_id":17,"shipment_id":"S-2","channel":"chat","topic":"wismo","opened_at":"2024-06-06T10:00:00.000Z","updated_at":"2024-06-06T10:00:00.000Z"}
{"id":3,"client_id":17,"shipment_id":"S-1","channel":"chat","topic":"wismo","opened_at":"2024-06-06T10:00:00.000Z","updated_at":"2024-06-06T11:00:00.000Z"}
{"id":3,"client_id":17,"shipment_id":"S-2","channel":"chat","topic":"lost","opened_at":"2024-06-06T10:00:00.000Z","updated_at":"2024-06-06T10:30:00.000Z"}
{"id":4,"client_id":17,"shipment_id":null,"channel":"chat","topic":"lost","opened_at":"2024-06-07T10:00:00.000Z","updated_at":"2024-06-07T10:00:00.000Z"}
X
all="--shipments shipments --clients clients --carriers carriers --regions regions --contacts contacts"

# shellcheck disable=SC2086
status 0 'documents are enriched' wb-enrich -v $all "$here/fold.out.ndjson"
golden "$here/enrich.out.ndjson" 'as they should be'
cp out full
like "$(cat err)" '2 in, 2 out, 0 rejected, 0 filtered, unknown_region 1,' 'the account adds up, an unknown region is counted'
# shellcheck disable=SC2086
is "$(wb-enrich $all full)" "$(cat full)" 'and done twice changes nothing'
is "$(jq -c 'keys_unsorted | map(select(. != "events"))' full | sort -u | wc -l)" 1 'all have the same members in one order'
is "$(wb-sla-tag --now 2024-06-10 full | jq -c 'keys_unsorted == ["_src","shipment_id","version","client_id","client_tier","client_segment","carrier_id","carrier","tracking_number","service_code","delivery_mode","origin_region","dest_region","origin_tz","dest_tz","dest_remote","price","weight_g","pieces","promise_first","promise_now","status","status_since","reason","is_open","created_at","created_day","label_at","accepted_at","first_ofd_at","first_attempt_at","ready_at","delivered_at","return_started_at","returned_at","lost_at","cancelled_at","closed_at","first_exception_at","damaged_at","accepted_day","first_attempt_day","ready_day","delivered_day","return_started_day","returned_day","lost_day","cancelled_day","first_exception_day","damaged_day","last_event_at","last_received_at","lead_sec","transit_sec","events_n","attempts","first_attempt_ok","exceptions","post_terminal","is_reopened","is_partial","courier_id","contacts_n","wismo_n","last_contact_at","promise_source","promised_precision","promised_at","promised_now_at","due_at","due_day","sla_rule_id","sla_stop","sla_stop_at","sla_state","sla_party","sla_late_sec","promise_err_sec","paused_sec","is_paused","judge_at","step_at","step_day","step_status","step_state","step_reason","step_attempt","step_courier","step_region","days","events"]' | sort -u)" true 'with wb-sla-tag the members are those of wb-records.5, in their order'

# attr SHIPMENT FILTER: of the full documents
attr() { jq -c "select(.shipment_id == \"$1\") | $2" full; }
is "$(attr S-1 '[.client_id, .client_tier, .client_segment, .carrier_id, .carrier]')" '[17,"standard","b2c",7,"cdek"]' 'client, and the carrier of the newest event where the row has none'
is "$(attr S-2 '[.client_id, .client_tier, .carrier_id, .carrier]')" '[18,"gold",9,"ups"]' "else the row's carrier, by its newest code; a time before the first version takes the first"
is "$(attr S-2 '.tracking_number')" '"1Z \"9\""' 'text survives'
is "$(grep -o '"price":[^,]*' full | tr '\n' ' ')" '"price":346.50 "price":12345678901234.10 ' 'prices survive byte by byte'
is "$(attr S-1 '[.promise_first, .promise_now]')" '["2024-06-05","2024-06-05T12:00:00.000Z"]' 'a promise is a day or a time'
is "$(attr S-2 '[.promise_first, .promise_now]')" '["2024-06-07","2024-06-07"]' 'the first promise falls back to the present one'
is "$(attr S-1 '[.origin_tz, .dest_tz, .dest_remote]')" '["Europe/Kaliningrad","Asia/Vladivostok",true]' 'zones'
is "$(attr S-2 '[.origin_tz, .dest_tz, .dest_remote]')" '["","",false]' 'unknown ones'
sed 's/"client_id":1[78]/"client_id":99/; s/"carrier_id":[79]/"carrier_id":77/' shipments >strange
# shellcheck disable=SC2086
wb-enrich ${all#--shipments shipments} --shipments strange -v "$here/fold.out.ndjson" 2>err >strange.out
like "$(cat err)" 'unknown_client 2' 'unknown clients are counted'
is "$(attr S-1 '[.created_day, .accepted_day, .first_attempt_day, .first_exception_day, .delivered_day]')" '["2024-06-02","2024-06-03","2024-06-04","2024-06-04",null]' 'created and accepted on the days of the origin'
is "$(attr S-2 '[.created_day, .accepted_day, .first_attempt_day, .delivered_day]')" '["2024-06-01",null,"2024-06-03","2024-06-03"]' 'UTC where the zone is unknown'
is "$(attr S-2 '[.lead_sec, .transit_sec]')" '[136800,null]' 'delivery time'
is "$(attr S-1 '[.contacts_n, .wismo_n, .last_contact_at]')" '[3,2,"2024-06-06T10:00:00.000Z"]' 'contacts: the newest row of each'
is "$(attr S-2 '[.contacts_n, .wismo_n, .last_contact_at]')" '[0,0,null]' 'none'
is "$(attr S-1 '[.step_at, .step_day, .step_status, .step_state, .step_reason, .step_attempt, .step_courier, .step_region]')" \
	'[["2024-06-04T08:00:00.000Z","2024-06-04T11:00:00.000Z"],["2024-06-04","2024-06-04"],["out_for_delivery","attempt_failed"],["out_for_delivery","attempt_failed"],["","recipient.absent"],[0,1],["k4","k4"],["RU-PRI","RU-PRI"]]' 'steps: not what is void'
is "$(attr S-2 '[.step_status, .step_attempt, .step_courier, .step_region]')" '[["out_for_delivery","delivered"],[0,1],["k\"9",""],["XX-1","XX-1"]]' 'nor what is absorbed'

# doc EVENT ...: a document of S-1 with these events (a JSON array), enriched
doc() { printf '{"shipment_id":"S-1","version":1%s,"events":%s}\n' "${2:-}" "$1" | wb-enrich --shipments shipments --regions regions; }
ev='"event_id":"1","event_time":"2024-06-03T14:30:00.000Z","carrier":"dpd","carrier_id":4'
is "$(doc "[{$ev,\"status\":\"in_transit\",\"reason\":\"detail.eta\",\"state\":\"in_transit\",\"mark\":\"\",\"attempt\":0}]" | jq -c '[.step_at, .step_region, .days]')" '[[],[],null]' 'a neutral detail makes no step'
is "$(doc "[{$ev,\"status\":\"info\",\"reason\":\"carrier.delay\",\"state\":\"in_transit\",\"mark\":\"\",\"attempt\":0,\"region_code\":\"RU-MOW\"}]" | jq -c '[.step_day, .step_reason, .step_region]')" '[["2024-06-04"],["carrier.delay"],["RU-MOW"]]' 'a fault reason does, on the day of the destination'
is "$(doc "[{$ev,\"status\":\"created\",\"courier_id\":\"c\",\"state\":\"accepted\",\"mark\":\"ignored\",\"attempt\":0}]" | jq -c '[.step_courier, .step_state]')" '[["c"],["accepted"]]' 'so does a courier, though the event is ignored'
is "$(doc "[{$ev,\"status\":\"delivered\",\"reason\":\"carrier.damage\",\"courier_id\":\"c\",\"state\":\"lost\",\"mark\":\"void\",\"attempt\":0}]" | jq -c '[.step_at, .carrier]')" '[[],"none"]' 'a void event does nothing, and names no carrier'
is "$(doc "[{$ev,\"status\":\"accepted\",\"state\":\"accepted\",\"mark\":\"\",\"attempt\":0},{\"event_time\":\"2024-06-04T14:30:00.000Z\",\"carrier\":\"none\",\"status\":\"cancelled\",\"state\":\"cancelled\",\"mark\":\"\",\"attempt\":0}]" | jq -c '[.carrier_id, .carrier]')" '[4,"dpd"]' 'a cancellation without a carrier does not hide the one before'
is "$(doc '[]' ',"accepted_at":"2024-06-02T23:30:00.000Z","delivered_at":"2024-06-03T13:59:59.100Z","returned_at":"2024-06-03T14:00:00.000Z"' | jq -c '[.accepted_day, .delivered_day, .returned_day, .lead_sec, .transit_sec, .carrier_id, .carrier]')" \
	'["2024-06-03","2024-06-03","2024-06-04",57600,52199,0,"none"]' 'days turn at local midnight; seconds are cut, not rounded'

late='{"event_id":"2","event_time":"2024-06-05T14:30:00.000Z","carrier":"late","carrier_id":5,"status":"info","state":"delivered","attempt":0,"mark"'
is "$(doc "[{$ev,\"status\":\"delivered\",\"state\":\"delivered\",\"mark\":\"\",\"attempt\":0},$late:\"absorbed\"}]" | jq -c '[.carrier_id, .carrier]')" '[5,"late"]' 'an absorbed event is the newest all the same'
sed 's/"carrier_id":null/"carrier_id":4/' shipments >s4
is "$(printf '{"shipment_id":"S-1","events":[{%s,"status":"accepted","state":"accepted","mark":"","attempt":0},%s:""}]}\n' "$ev" "$late" | wb-enrich --shipments s4 | jq -c '[.carrier_id, .carrier]')" '[4,"dpd"]' 'a carrier that no row knows has the code of the event that has its id'
n=0 at=
for what in accepted first_attempt ready delivered return_started returned lost cancelled first_exception damaged; do
	n=$((n + 1)); at="$at,\"${what}_at\":\"2024-07-$((n + 10))T14:30:00.000Z\""
done
is "$(doc '[]' "$at" | grep -o '"[a-z_]*_day":"2024-07[^,]*' | tr -d '"' | tr '\n' ' ')" \
	'accepted_day:2024-07-11 first_attempt_day:2024-07-13 ready_day:2024-07-14 delivered_day:2024-07-15 return_started_day:2024-07-16 returned_day:2024-07-17 lost_day:2024-07-18 cancelled_day:2024-07-19 first_exception_day:2024-07-20 damaged_day:2024-07-21 ' 'each day is that of its own time; but for accepted_day at the destination'

is "$(doc '[]' ',"accepted_at":"2024-06-03T00:00:00.000Z","delivered_at":"2099-12-31T00:00:00.000Z"' | jq -c '[.lead_sec, .transit_sec]')" '[2147483647,2147483647]' 'seconds are cut to 32 bits'

echo '{"shipment_id":"S-1","created_at":"2024-06-01T00:00:00.000Z","promised_at":"2024-06-05"}' >promised
is "$(printf '{"shipment_id":"S-1"}\n' | wb-enrich --shipments promised | jq -c '[.promise_first, .promise_now]')" '["2024-06-05","2024-06-05"]' 'a day that stands for a promised time is a day'

# versions of clients
cat >dim <<'X'
{"client_id":17,"valid_from":"2024-06-02T21:59:59.000Z","valid_to":"2024-06-03T00:00:00.000Z","is_current":false,"segment":"b2b","tier":"gold","version":5}
{"client_id":17,"valid_from":"2024-06-03T00:00:00.000Z","valid_to":"2105-12-31T00:00:00.000Z","is_current":true,"segment":"b2b","tier":"late","version":9}
{"client_id":17,"valid_from":"2020-01-01T00:00:00.000Z","valid_to":"2024-06-02T21:59:59.000Z","is_current":false,"segment":"b2c","tier":"early","version":1}
{"client_id":17,"valid_from":"2024-06-02T21:59:59.000Z","valid_to":"2105-12-31T00:00:00.000Z","is_current":true,"segment":"b2b","tier":"replayed","version":4}
X
tier() { sed "s/\"created_at\":\"2024-06-02T21:59:59.900Z\"/\"created_at\":\"$1\"/" shipments >s2; head -n 1 "$here/fold.out.ndjson" | wb-enrich --shipments s2 --clients dim | jq -r .client_tier; }
is "$(tier 2024-06-02T21:59:59.900Z)" gold 'the version that is valid when the shipment was made'
is "$(tier 2024-06-02T21:59:58.999Z)" early 'the one before it'
is "$(tier 2024-06-03T00:00:00.000Z)" late 'the one after it'
is "$(tier 2001-01-01T00:00:00.000Z)" early 'before all: the first'

# rows of clients begin at the second, as those of the dimension do
cat >dim <<'X'
{"id":17,"updated_at":"2024-06-02T21:59:59.900Z","segment":"b2b","tier":"second"}
{"id":17,"updated_at":"2024-06-02T21:59:59.100Z","segment":"b2b","tier":"first"}
{"id":17,"updated_at":"2024-06-01T00:00:00.000Z","segment":"b2b","tier":"before"}
X
is "$(tier 2024-06-02T21:59:59.000Z)" second 'a version holds from the second of its change on, of two within one second the later'
is "$(tier 2024-06-02T21:59:58.999Z)" before 'not before it'

# versions of regions and carriers: the greatest, whatever its place
printf '{"region_code":"RU-KGD","tz":"Asia/Tokyo","version":%s}\n' 2 1 | sed '2s/Tokyo/Omsk/' >r2
is "$(head -n 1 "$here/fold.out.ndjson" | wb-enrich --shipments shipments --regions r2 | jq -r .origin_tz)" Asia/Tokyo 'the greatest version of a region'
printf '{"carrier_id":9,"valid_from":"2024-01-0%sT00:00:00.000Z","code":"v%s","version":%s}\n' 1 9 9 2 5 5 2 3 3 1 8 99 >c2
is "$(sed -n 2p "$here/fold.out.ndjson" | wb-enrich --shipments shipments --carriers c2 | jq -r .carrier)" v5 'the newest code of a carrier, of one instant the greatest version'

# CSV: all values are strings, times as people write them
cat >shipments.csv <<'X'
shipment_id,client_id,carrier_id,tracking_number,service_code,delivery_mode,origin_region,dest_region,promised_at,promised_on,promised_first_at,promised_first_on,price,weight_g,pieces,created_at,updated_at
S-1,17,,10248457,EXPRESS,door,RU-KGD,RU-PRI,2024-06-05 15:00:00+03,,,2024-06-05,346.50,5065,2,2024-06-02 23:59:59.9+02,2024-06-03 00:00:00Z
S-2,18,9,"1Z ""9""",,locker,,XX-1,,2024-06-07,,,12345678901234.10,,1,2024-06-01 10:00,2024-06-03T00:00:00Z
X
printf 'region_code;tz;is_remote\nRU-KGD;Europe/Kaliningrad;f\nRU-PRI;Asia/Vladivostok;true\n' | wb-csv-extract --delimiter ';' >regions.csv
wb-csv-extract shipments.csv >shipments.rows
is "$(wb-enrich --shipments shipments.rows --clients clients --carriers carriers --regions regions.csv --contacts contacts "$here/fold.out.ndjson")" "$(cat full)" 'rows of CSV give the same documents'

# rows of one shipment
sed 's/"S-2"/"S-1"/; s/"updated_at":"[^"]*"/"updated_at":"2024-06-02T23:59:59.999Z"/' shipments | tail -n 1 >older
is "$(cat shipments older | wb-enrich --shipments - "$here/fold.out.ndjson" | jq -r .client_id | head -n 1)" 17 'the newest row of a shipment counts'
sed 's/23:59:59.999Z/00:00:00.000Z/; s/06-02T/06-03T/' older >equal
is "$(cat shipments equal | wb-enrich --shipments - "$here/fold.out.ndjson" | jq -r .client_id | head -n 1)" 18 'of equal ones the last'

# orphans
head -n 1 shipments >one
status 0 'a document without a row is an orphan' wb-enrich -v --shipments one "$here/fold.out.ndjson"
is "$(jq -r .shipment_id out)" S-1 'and filtered'
like "$(cat err)" '2 in, 1 out, 0 rejected, 1 filtered, orphan 1,' 'and counted'
status 0 '--bare lets it pass' wb-enrich --bare --shipments one --carriers carriers "$here/fold.out.ndjson"
is "$(jq -c 'select(.shipment_id == "S-2") | [.client_id, .client_tier, .carrier_id, .carrier, .tracking_number, .delivery_mode, .dest_region, .dest_tz, .price, .weight_g, .pieces, .promise_first, .promise_now, .created_at, .created_day, .delivered_day, .lead_sec, .step_region]' out)" \
	'[0,"",0,"ups","","","","",0,0,0,"","",null,null,"2024-06-03",null,["",""]]' 'without attributes'
is "$(jq -r 'select(.shipment_id == "S-1") | .dest_region' out)" RU-PRI 'while others have theirs'
status 64 'rows and documents from one standard input' wb-enrich --shipments -
status 64 'rows twice from it' wb-enrich --shipments - --clients - "$here/fold.out.ndjson"
status 64 'neither rows nor --bare' wb-enrich "$here/fold.out.ndjson"

# what cannot be
bad() { printf '%s\n' "$3" >row; status 78 "$1" wb-enrich --bare "--$2" row; like "$(cat err)" "$4" 'is told with its place'; }
bad 'a row without its key' shipments '{"shipment_id":"S","created_at":null}' '^wb-enrich: row:1: created_at: no value$'
bad 'a number that is none' shipments '{"shipment_id":"S","created_at":"2024-06-01T00:00:00Z","client_id":"x1"}' 'row:1: client_id: '
bad 'a price that is none' shipments '{"shipment_id":"S","created_at":"2024-06-01T00:00:00Z","price":"1,50"}' 'row:1: price: '
bad 'a day for a time' shipments '{"shipment_id":"S","created_at":"2024-06-01"}' 'row:1: created_at: not a time'
bad 'a promise that is none behind a day' shipments '{"shipment_id":"S","created_at":"2024-06-01T00:00:00Z","promised_on":"2024-06-05","promised_at":"soon"}' 'row:1: promised_at: not a time'
bad 'a promised day that is none' shipments '{"shipment_id":"S","created_at":"2024-06-01T00:00:00Z","promised_first_on":"2024-06-31","promised_first_at":"2024-06-05T00:00:00Z"}' 'row:1: promised_first_on: not a date'
bad 'an unknown mode' shipments '{"shipment_id":"S","created_at":"2024-06-01T00:00:00Z","delivery_mode":"drone"}' 'row:1: delivery_mode: '
bad 'an unknown zone' regions '{"region_code":"X","tz":"Mars/Olympus"}' 'row:1: tz: .*Mars'
bad 'a flag that is none' regions '{"region_code":"X","tz":"UTC","is_remote":"maybe"}' 'row:1: is_remote: '
bad 'a carrier without code' carriers '{"id":1}' 'row:1: code: no value'
bad 'a client without id' clients '{"tier":"gold"}' 'row:1: id: no value'
bad 'an unknown topic' contacts '{"id":1,"topic":"weather","opened_at":"2024-06-01T00:00:00Z"}' 'row:1: topic: '
bad 'a line that is no JSON' clients '{"id":' 'row:1: '
status 78 'a file that is not there' wb-enrich --shipments none

printf '{"shipment_id":"S-1","events":{}}\n{"shipment_id":"S-1","events":[1]}\n{"x":1}\n{"shipment_id":"S-1","delivered_at":"soon"}\n{"shipment_id":"S-1","events":[{"status":"out_for_delivery","state":"x"}]}\n{"shipment_id":"S-1","events_n":2}\n{"shipment_id":"S-1","events_n":2,"events":null}\n' >broken
status 0 'documents that are none' wb-enrich --shipments shipments --rejects rejects broken
is "$(jq -r '."@reject" | "\(.code) \(.field)"' rejects | tr '\n' ',')" 'type events,type events,missing shipment_id,time delivered_at,missing events.event_time,missing events,missing events,' 'are rejected'

printf '{"shipment_id":"S-1","reason":"%s"}\n' "$(head -c 1048000 /dev/zero | tr '\0' x)" >broken
status 0 'a document that grows longer than a line' wb-enrich --shipments shipments --rejects rejects broken
is "$(wc -c <out) $(jq -r '."@reject".code' rejects)" '0 events' 'is rejected'

# ends
status 0 'no input' wb-enrich --shipments shipments /dev/null
is "$(wc -c <out)" 0 'gives nothing'
is "$(printf '%s' "$(head -n 1 full)" | wb-enrich --bare | wc -l)" 1 'the last line may lack its LF'
status 64 'an unknown option' wb-enrich --nonsense
status 74 'a full disk' sh -c "wb-enrich --bare '$here/fold.out.ndjson' >/dev/full"

done_testing
