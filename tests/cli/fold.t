#!/bin/sh
# wb-fold: events to documents.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/cli
now='--now 2024-06-10T00:00:00Z'
bare() { sed 's/"_src":\[[^]]*\],//' "$@"; }

# shellcheck disable=SC2086
status 0 'events become documents' wb-fold -v $now "$here/fold.in.ndjson"
golden "$here/fold.out.ndjson" 'as they should be'
like "$(cat "$tmp/err")" 'fold.in.ndjson:6: event_time: .* \(time\)' 'a bad event is told'
like "$(cat "$tmp/err")" '10 in, 9 folded into 2 documents, 1 rejected, 0 filtered, time 1, duplicate 1,' 'the account adds up'

# shellcheck disable=SC2086
bare "$tmp/out" | sort >"$tmp/want"
sort -r "$here/fold.in.ndjson" | wb-fold --quiet $now | bare | sort >"$tmp/got"
is "$(cat "$tmp/got")" "$(cat "$tmp/want")" 'another order gives the same documents'
cat "$here/fold.in.ndjson" "$here/fold.in.ndjson" | wb-fold --quiet $now | bare | sort >"$tmp/got"
is "$(cat "$tmp/got")" "$(cat "$tmp/want")" 'so do copies'
is "$(wb-fold --quiet $now "$here/fold.in.ndjson" "$here/fold.in.ndjson" | bare | sort)" "$(cat "$tmp/want")" 'and two files'
{ grep '"S-2"' "$here/fold.in.ndjson"; grep '"S-1"' "$here/fold.in.ndjson"; } >"$tmp/sorted"
is "$(wb-fold --quiet --sorted $now "$tmp/sorted" | bare | sort)" "$(cat "$tmp/want")" '--sorted gives the same documents'
is "$(wb-fold --quiet --sorted $now "$tmp/sorted" | sed 's/.*"shipment_id":"\(S-.\)","version.*/\1/' | tr '\n' ' ')" 'S-2 S-1 ' 'in the order of its input'
is "$(wb-fold --quiet $now "$here/fold.in.ndjson" | sed 's/.*"shipment_id":"\(S-.\)","version.*/\1/' | tr '\n' ' ')" 'S-1 S-2 ' 'without, by first appearance'

# rows of the table fct_event: all columns are there, extra is text, times and numbers as the store prints them
jq -c '{carrier_id: 0, tracking_number: "", reason: "", raw_code: "", raw_subcode: "", raw_text: "", attempt_no: 0,
	courier_id: "", facility_id: "", region_code: "", city: "", lat: null, lon: null, edd: "", supersedes: "", pieces: 0,
	pieces_delivered: 0, extra: {}} + . | .extra |= tojson | del(._src) + {src_topic: "t", src_offset: 1, loaded_at: "x"}' \
	"$here/fold.in.ndjson" | sed 's/9007199254740992/9007199254740993/; s/55\.75,/55.750,/; s/37\.62,/37.620,/; s/"weight\\":1\.5,/"weight\\":1.50,/' >"$tmp/rows"
is "$(wb-fold --quiet $now "$tmp/rows" | bare | sort)" "$(cat "$tmp/want")" 'rows of the table give the same documents'

status 65 'records of a shipment that are not adjacent' wb-fold --sorted $now "$here/fold.in.ndjson"
like "$(cat "$tmp/err")" 'fold.in.ndjson:3: a shipment comes again' 'are told'

status 65 'memory is limited' wb-fold -S 2k "$here/fold.in.ndjson"
like "$(cat "$tmp/err")" 'let the store sort: .*ORDER BY shipment_id. \| wb-fold --sorted' 'with a hint'
is "$(cat "$tmp/out")" '' 'and no document'

# one shipment of too many events
awk 'BEGIN { for (i = 0; i < 4097; i++) printf "{\"_src\":[\"t\",0,%d,0,0],\"shipment_id\":\"%s\",\"event_id\":\"%d\",\"version\":1,\"event_time\":\"2024-06-03T07:00:00.000Z\",\"received_at\":\"2024-06-03T07:00:00.000Z\",\"carrier\":\"ups\",\"status\":\"info\"}\n", i, i % 4096 ? "big" : "small", i }' >"$tmp/big"
status 0 '4096 events' wb-fold -v "$tmp/big"
is "$(wc -l <"$tmp/out")" 2 'are a document'
awk 'BEGIN { for (i = 0; i < 4097; i++) printf "{\"_src\":[\"t\",0,%d,0,0],\"shipment_id\":\"big\",\"event_id\":\"%d\",\"version\":1,\"event_time\":\"2024-06-03T07:00:00.000Z\",\"received_at\":\"2024-06-03T07:00:00.000Z\",\"carrier\":\"ups\",\"status\":\"info\"}\n", i, i }' >"$tmp/big"
for how in '' --sorted; do
	# shellcheck disable=SC2086
	status 0 "4097 events $how" wb-fold -v $how --rejects "$tmp/rejects" "$tmp/big"
	is "$(wc -c <"$tmp/out")" 0 'are none'
	is "$(jq -c '."@reject" | [.src, .stage, .code, (.raw | @base64d)]' "$tmp/rejects")" \
		'[["t",0,4096,0,0],"wb-fold","events","{\"_src\":[\"t\",0,4096,0,0],\"shipment_id\":\"big\"}"]' 'but a reject'
	like "$(cat "$tmp/err")" '4097 in \+ 1 more made of them, 4097 folded into 0 documents, .*1 rejected' 'and the account adds up'
done
text=$(head -c 256 /dev/zero | tr '\0' x)
sed "s/\"info\"/\"info\",\"raw_text\":\"$text\"/; 4097d" "$tmp/big" >"$tmp/long"
status 0 'a document longer than a line' wb-fold --rejects "$tmp/rejects" "$tmp/long"
is "$(wc -c <"$tmp/out") $(jq -r '."@reject".code' "$tmp/rejects")" '0 events' 'is a reject too'

# ends
status 0 'no input' wb-fold /dev/null
is "$(wc -c <"$tmp/out")" 0 'gives nothing'
is "$(printf '%s' "$(head -n 1 "$here/fold.in.ndjson")" | wb-fold | wc -l)" 1 'the last line may lack its LF'
status 64 'an unknown option' wb-fold --history-of
status 64 'a size that is none' wb-fold -S many
status 74 'a full disk' sh -c "wb-fold '$here/fold.in.ndjson' >/dev/full"
head -n 4000 "$tmp/big" >"$tmp/much"	# more than a pipe holds
status 75 'a dead reader' sh -c "trap '' PIPE; { wb-fold '$tmp/much'; echo \$? >'$tmp/rc'; } | :; exit \$(cat '$tmp/rc')"

# lanes
status 64 'an endless lane' env WB_LANE=x wb-fold
{ echo '{"@hello":{"v":1,"run":"r1","lane":"t"}}'; cat "$tmp/sorted"; echo '{"@ckpt":{"run":"r1","n":1,"rows":10}}'; echo '{"@end":{"run":"r1","n":1}}'; } >"$tmp/lane"
for how in '' --sorted; do
	# shellcheck disable=SC2086
	status 0 "a bounded lane $how" env WB_LANE=t WB_ONCE=1 wb-fold $how "$tmp/lane"
	is "$(cut -c1-9 "$tmp/out" | tr '\n' ' ')" '{"@hello" {"@reject {"_src":[ {"_src":[ {"@ckpt": {"@end":{ ' 'has its documents before the checkpoint'
	is "$(grep -c '"rows":3}' "$tmp/out")" 1 'which counts them'
done
sed '$d' "$tmp/lane" >"$tmp/cut"
status 75 'a lane that lost its source' env WB_LANE=t WB_ONCE=1 wb-fold "$tmp/cut"

done_testing
