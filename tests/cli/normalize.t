#!/bin/sh
# wb-normalize: a golden run, options, maps and field maps that are wrong, the account, lanes.
. "$(dirname "$0")/../lib.sh"
x=wb-normalize
data=$top/tests/data
cd "$tmp" || exit 1
unset XDG_RUNTIME_DIR WB_SHARE_DIR; WB_LOCKS=$tmp; export WB_LOCKS

cat >carriers.ndjson <<'!'
{"_src":["carriers",0,3,0,0],"id":3,"code":"cdek","name":"CDEK","tz":"Europe/Moscow"}
{"id":4,"code":"russian_post","tz":"Europe/Moscow"}
{"id":5,"code":"ups","tz":""}
{"id":6,"code":"usps","tz":"America/New_York"}
{"id":7,"code":"5post","tz":"Europe/Moscow"}
!
cat >shipments.ndjson <<'!'
{"_src":["shipments",0,5,0,0],"id":5,"shipment_id":"S-5","carrier_id":3,"tracking_number":"TN-5","created_at":"2024-06-01T00:00:00.000Z"}
{"_src":["shipments",0,6,0,0],"id":6,"shipment_id":"S-6","carrier_id":5,"tracking_number":"TN-6","created_at":"2024-06-01T00:00:00.000Z"}
!

# a golden run
status 0 'good and bad records' $x -v --carriers carriers.ndjson --shipments shipments.ndjson "$data/normalize_in.ndjson"
golden "$data/normalize_out.ndjson" 'the events are those of the golden file'
sed "s|$data/||; s/, [0-9.]* s\$//" err >said; cp said out
golden "$data/normalize_err.txt" 'rejects, unmapped codes and the account too'
is "$(tr -d '\n' <said | LC_ALL=C tr -d '\040-\176\200-\377' | wc -c)" 0 'no control character reaches the terminal'
$x --quiet --carriers carriers.ndjson --shipments shipments.ndjson "$data/normalize_in.ndjson" >again 2>err
ok 'the same input, the same bytes' cmp again "$data/normalize_out.ndjson"
is "$(cat err)" '' '--quiet says nothing'
awk '{ l[NR] = $0 } END { for (i = NR; i; i--) print l[i] }' "$data/normalize_in.ndjson" |
	$x --quiet --carriers carriers.ndjson --shipments shipments.ndjson | sort >backwards
ok 'each event is a function of its message alone' sh -c "sort '$data/normalize_out.ndjson' | cmp - backwards"
is "$(jq -c 'keys_unsorted' <again | grep -c '^\["_src","shipment_id","event_id","version",')" "$(grep -c '"_src"' again)" 'jq reads it'

# rejects
$x --quiet --carriers carriers.ndjson --rejects rejects.ndjson "$data/normalize_in.ndjson" >out
is "$(jq -r '.["@reject"] | [.code, .field] | join(" ")' rejects.ndjson | sort | tr '\n' ' ')" \
	'carrier carrier_code enum status json  missing status range lat reserved @end schema schema shipment tracking_number shipment tracking_number time event_time time_range event_time ' 'every reject says its code and field'
is "$(jq -r '.["@reject"] | select(.code == "range") | .raw' rejects.ndjson | base64 -d)" "$(grep E-19 "$data/normalize_in.ndjson")" 'and keeps the record'
is "$(jq -c '.["@reject"] | select(.code == "range") | [.src, .stage]' rejects.ndjson)" '[["tracking.events",3,119,1717398000000,0],"wb-normalize"]' 'with its place'

# small inputs
m='{"shipment_id":"S","event_id":"E","carrier_code":"ups","event_time":"2024-06-03T07:00:00Z","received_at":"2024-06-03T07:00:00Z","status":"info"}'
is "$(printf '' | $x)" '' 'empty input'
is "$(printf '%s' "$m" | $x | jq -r .version)" 15579186333312 'no last line end'
is "$(echo "$m" | $x --map-rev 1 | jq -r .version)" 33171372377728 '--map-rev'
is "$(echo "$m" | $x | jq -c '[.carrier, .carrier_id]')" '["ups",null]' 'without a reference carriers have no number'
is "$(echo "$m" | sed 's/"status":"info"/"status":"info","x":1/' | $x --strict 2>&1 | sed 's/^[^:]*: //')" 'standard input:1: x: a member that no field takes (unknown)' '--strict'
is "$(echo "$m" | sed 's/"ups"/"17track"/' | $x 2>&1 | sed 's/^[^:]*: //')" 'standard input:1: carrier_code: unknown carrier "17track" (carrier)' 'an aggregator is no carrier'
status 64 'an unknown option' $x --bogus
status 64 'a bad revision' $x --map-rev 262144
status 64 '--shipments without --carriers' $x --shipments shipments.ndjson
status 64 '--check reads no records' $x --check carriers.ndjson
status 64 'a file that is not there' $x nothere.ndjson
status 74 '/dev/full' sh -c "echo '$m' | $x >/dev/full"
{ printf '{"shipment_id":"'; head -c 1100000 /dev/zero | tr '\0' x; printf '"}\n%s\n' "$m"; } >long.ndjson
is "$($x long.ndjson 2>err | jq -r .event_id)" E 'a line over the cap spoils no other'
like "$(cat err)" 'too_long' 'and is a reject'
{ printf '%s' "${m%\}}"; printf ',"x":"'; head -c 1048300 /dev/zero | tr '\0' x; printf '"}\n'; } >wide.ndjson
is "$($x wide.ndjson 2>err | wc -c)" 0 'nor is an event longer than a line'
like "$(cat err)" 'the event is longer than 1048576 bytes \(too_long\)' 'but a reject'

# each
cat >ups.map <<'!'
# {"parcel":{"ref":"S-1","barcode":"RA1"},"events":[{"uid":"7","code":"I","sub":"DP","at":1717398000}]}
each            /events
event_id        /uid
shipment_id     ^/parcel/ref  ^/_key
tracking_number ^/parcel/barcode
carrier_code    "ups"
integration     "ups-webhook"
raw_code        /code
raw_subcode     /sub
event_time      s:/at
!
cat >ups.ndjson <<'!'
{"_src":["ups",0,1,1717398000000,0],"parcel":{"ref":"S-1","barcode":"RA1"},"events":[{"uid":"7","code":"D","at":1717397000},{"uid":"8","code":"I","at":0},{"uid":"9","code":"I","at":1717390000}]}
{"_src":["ups",0,2,1717398000000,0],"parcel":{"ref":"S-1"},"events":[]}
{"_src":["ups",0,3,1717398000000,0],"parcel":{"ref":"S-1"}}
!
$x -v -f ups.map ups.ndjson >out 2>err
is "$(jq -c '[._src[4], .event_id, .shipment_id, .event_time, .status]' out | tr '\n' ' ')" '[0,"7","S-1","2024-06-03T06:43:20.000Z","delivered"] [2,"9","S-1","2024-06-03T04:46:40.000Z","in_transit"] ' 'one event an element, numbered'
like "$(cat err)" '3 in \+ 2 more made of them, 2 out, 2 rejected, 1 filtered' 'the account adds up'
is "$($x --quiet -f ups.map --rejects - ups.ndjson | jq -c '.["@reject"].src | select(.)')" '["ups",0,1,1717398000000,1]
["ups",0,3,1717398000000,0]' 'a reject has the number of its element'

# a feed of CSV
cat >feed.map <<'!'
carrier_code "ups"
shipment_id /Order\ No
event_time /When
raw_code lower:/Code
pieces json:/Pieces
date_only_times 00:00:00
received_at s:/Got
!
printf 'Order No;When;Code;Pieces;Got\nS-1;2024-06-03 00:00:00;D;2;1717398000\n' >feed.csv
is "$(wb-csv-extract --delimiter ';' feed.csv | $x -f feed.map | jq -c '[.shipment_id, .is_date_only, .status, .raw_code, .pieces]')" '["S-1",true,"delivered","d",2]' 'a file of CSV by a field map'

# a code that no map knows is an event like any other, and told; one whose row says "unknown" is mapped
mkdir open
printf 'carrier,code,subcode,status,reason\nups,1,,lost,\nups,2,,unknown,\nups,2,a,info,\n' >open/ups.csv
# sent CODE SUBCODE: status, reason, map_hit, the code as it was sent, how many were rejected
sent() {
	echo "$m" | sed "s/\"status\":\"info\"/\"raw_code\":\"$1\",\"raw_subcode\":\"$2\"/" |
		$x -v -m open --rejects no 2>err | jq -c '[.status, .reason // "", .map_hit, .raw_code, .raw_subcode // ""]'
}
p='wb-status.5 Codes that no map knows'
is "$(sent Q9 z)" '["unknown","","none","Q9","z"]' "$p: the event is kept, with its code"
is "$(wc -c <no)" 0 "$p: it is no reject"
like "$(cat err)" '^unmapped ups Q9 z 1$' "$p: it is told at the end"
like "$(cat err)" '1 in, 1 out, 0 rejected, 0 filtered, unmapped 1' "$p: and counted"
is "$(sent 2 '')" '["unknown","","exact","2",""]' "$p: a row that says unknown is exact"
is "$(grep -c unmapped err)" 0 "$p: and not counted"
is "$(sent 2 b)" '["unknown","","code","2","b"]' "$p: or found by the code"
is "$(grep -c unmapped err)" 0 "$p: and not counted either"
is "$(sent 1 '')" '["lost","","exact","1",""]' "$p: one that is known"

# what is wrong with maps, field maps and references
printf 'status /a\nbogus /b\n' >bad.map
status 78 'a bad field map' $x -f bad.map
is "$(cat err)" 'wb-normalize: bad.map:2: unknown target "bogus"' 'is named with its line'
status 78 'and refused by --check' $x -f bad.map --check
for c in 'carrier_code "nobody"=carrier_code: unknown carrier "nobody"' 'vocabulary "no"=vocabulary: no map "no"' 'status "gone"=status: unknown status "gone"' 'reason "x"=reason: unknown reason "x"'; do
	echo "${c%%=*}" >bad.map
	status 78 "a constant that can never be right: ${c%%=*}" $x -f bad.map
	is "$(cat err)" "wb-normalize: bad.map: ${c#*=}" 'is told'
done
status 78 'no such field map' $x -f nothere.map
mkdir maps empty
printf 'carrier,code,subcode,status,reason\nown,1,,lost,\nown,01,,gone,\n' >maps/own.csv
status 78 'a bad map' $x -m maps
is "$(cat err)" 'wb-normalize: maps/own.csv:3: unknown status "gone"' 'is named with its line'
status 78 'a folder without maps' $x -m empty
status 78 'no such folder' $x -m nothere
printf 'carrier,code,subcode,status,reason\nown,1,,lost,\n' >maps/own.csv
is "$(echo "$m" | sed 's/"ups"/"own"/; s/"status":"info"/"raw_code":"01"/' | $x -m maps | jq -r .status)" lost '-m names other maps'
is "$($x -m maps --check | tail -n 1)" '1 maps, 1 of carriers, 1 rows' '--check counts'

# maps of one's own over those that ship
mkdir -p over/aggregators
n=$($x --check | awk '$1 == "cdek" {print $2}')
printf 'carrier,code,subcode,status,reason\ncdek,DELIVERED,,lost,\ncdek,77,,info,\n' >over/cdek.csv
printf 'carrier,code,subcode,status,reason\nshippo,DELIVERED,,returned,\n' >over/aggregators/shippo.csv
cdek=$(echo "$m" | sed 's/"ups"/"cdek"/; s/"status":"info"/"raw_code":"DELIVERED"/')
is "$(echo "$cdek" | $x | jq -r .status)" delivered 'a code of a map that ships'
for p in :over :over/cdek.csv "$top/scripts/maps:over"; do
	is "$(echo "$cdek" | $x -m $p | jq -r .status)" lost "-m $p: one's own map is taken"
	is "$(echo "$cdek" | sed 's/DELIVERED/CREATED/' | $x -m $p 2>/dev/null | jq -r .map_hit)" none 'whole'
	is "$($x -m $p --check | awk '$1 == "cdek" {print $2}') $n" '2 158' '--check counts its rows'
done
is "$(echo "$cdek" | $x -m over: | jq -r .status)" delivered 'the later place wins'
is "$($x -m :over --check | tail -n 1 | cut -d, -f1,2)" '44 maps, 37 of carriers' 'no map is there twice'
is "$($x -m :over --check | grep '^shippo ' | tr -s ' ')" "shippo 1 1/14 0 $($x -m over --check | grep '^shippo ' | tr -s ' ' | cut -d' ' -f5-)" 'a vocabulary stays one'
status 78 'a place that is not there' $x -m :nothere --check
like "$(cat err)" '^wb-normalize: nothere: ' 'is named'
status 78 'a file that is no map' $x -m :rows.ndjson --check
printf 'carrier,code,subcode,status,reason\ncdek,DELIVERED,,gone,\n' >over/cdek.csv
status 78 'a bad map of the later place' $x -m :over
is "$(cat err)" 'wb-normalize: over/cdek.csv:2: unknown status "gone"' 'is named with its line'
is "$($x --check | tail -n 1)" '44 maps, 37 of carriers, 2467 rows' 'the maps that ship are right'
like "$($x --check | grep '^cdek ')" '^cdek +158 +13/14 +1  returned$' 'and say what they cover'
like "$($x --check --carriers carriers.ndjson | grep '^dpd ')" '\(no such carrier\)$' 'a map of a carrier that nobody knows'
echo '{"id":1,"code":"Bad"}' >bad.ndjson
status 78 'a bad row of carriers' $x --carriers bad.ndjson
is "$(cat err)" 'wb-normalize: bad.ndjson:1: code: "Bad" is no carrier code' 'is named with its line'
echo '{"id":1,' >bad.ndjson
status 78 'a broken one' $x --carriers bad.ndjson

# lanes
sed 's/"_src":\[[^]]*\],//; /"S-4"/d; /"client_id"/d' "$data/normalize_in.ndjson" >plain.ndjson
status 0 'a lane' wb-run --once -- "wb-csv-extract --quiet -t tracking.events $tmp/plain.ndjson" \
	"$x --quiet --carriers $tmp/carriers.ndjson --shipments $tmp/shipments.ndjson" "$BIN/../bench/pass -s -v"
{
	echo '{"@hello":{"v":1,"run":"r1","lane":"t"}}'
	sed -n 1,4p "$data/normalize_in.ndjson"
	echo '{"@ckpt":{"run":"r1","n":1,"rows":4}}'
	grep -E 'nobody|E-19' "$data/normalize_in.ndjson"
	echo '{"@ckpt":{"run":"r1","n":2,"rows":2}}'
	echo '{"@end":{"run":"r1","n":2}}'
} >stream
ok 'checkpoints' sh -c "WB_LANE=t $x --quiet --carriers carriers.ndjson stream >out"
is "$(cut -c1-11 out | tr '\n' ' ')" '{"@hello":{ {"_src":["t {"_src":["t {"_src":["t {"_src":["t {"@ckpt":{" {"@reject": {"@reject": {"@ckpt":{" {"@end":{"r ' 'events and rejects stay between them'
is "$(jq -c '.["@ckpt"].rows | select(.)' out | tr '\n' ' ')" '4 2 ' 'each counts its lines'
{
	echo '{"@hello":{"v":1,"run":"r1","lane":"t"}}'
	cat ups.ndjson
	echo '{"@ckpt":{"run":"r1","n":1,"rows":3}}'
	echo '{"@end":{"run":"r1","n":1}}'
} >stream
is "$(WB_LANE=t $x --quiet -f ups.map stream | jq -c '.["@ckpt"].rows | select(.)')" 4 'under each: two events, two rejects'
done_testing
