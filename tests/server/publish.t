#!/bin/sh
# wb-kafka-publish against a real Kafka: what it sends, what it rejects, what it does when brokers or itself die.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
. "$top/tests/kafka.sh"
unset XDG_RUNTIME_DIR; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1

kafka_port=$(free_port) kafka_controller=$(free_port) sasl_port=$(free_port)
kafka_extra="listeners=PLAINTEXT://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$kafka_controller,SASL://127.0.0.1:$sasl_port
advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_port,SASL://127.0.0.1:$sasl_port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_waybill=\"marker-of-a-password\";"
if ! start_kafka; then
	skip 'wb-kafka-publish against a real Kafka' 'no Kafka (scripts/need kafka, scripts/fetch-kafka)'
	done_testing
fi
WB_BROKERS=$kafka_brokers; export WB_BROKERS

# read_back TOPIC [options ...]: its records, the time of the message left out of _src
read_back() { read_t=$1; shift; wb-kafka-extract --quiet -t "$read_t" -e "$@" | sed 's/^\({"_src":\["[^"]*",[0-9]*,[0-9]*\),[0-9]*,0\]/\1]/'; }
# soon COMMAND ...: waits for a condition that takes its time to look at
soon() { soon_end=$(($(date +%s) + 120)); until "$@"; do [ "$(date +%s)" -lt $soon_end ] || return 1; sleep 0.1; done; }
# numbers FROM TO: records
numbers() { seq "$1" "$2" | sed 's/.*/{"_src":["f",0,&,0,0],"k":"&","n":&}/'; }
have() { cat "$@" | sed -n 's/.*"n":\([0-9]*\)}$/\1/p' | sort -n; }

# ---- what is sent
kafka_topic odd 1
cat >in <<'END'
{"_src":["f",0,1,0,0],"a":1,"b":[1, 2]}
{"a":1,"_src":["f",0,1,0,0],"b" : 2}
{"a":1,"_x":{"y":1},"_key":"k","b":2,"_hdr":{"h":"v"}}
{"_src":["f",0,1,0,0]}
{}
{ "spaced" : 1 }
{"\u005fsrc":1,"price":1.10,"id":18446744073709551615,"t":"\u00e9\/","n":null,"@type":"T"}
{"nested":{"_kept":1}}
END
status 0 'records of all kinds' wb-kafka-publish -v -t odd in
like "$(cat "$tmp/err")" '^wb-kafka-publish: 8 in, 8 loaded, 0 rejected, 0 filtered, member_left_out 1, ' 'the account'
is "$(kcat -b "$WB_BROKERS" -t odd -C -e -q -f '%k %h %s\n')" '  {"a":1,"b":[1, 2]}
  {"a":1,"b" : 2}
  {"a":1,"b":2}
  {}
  {}
  { "spaced" : 1 }
  {"price":1.10,"id":18446744073709551615,"t":"\u00e9\/","n":null,"@type":"T"}
  {"nested":{"_kept":1}}' 'go as they stand, without the members that begin with _'

# ---- keys
kafka_topic keyed 8; kafka_topic java 8; kafka_topic byname 8
numbers 1 500 | sed 's/"k":"[0-9]*\([0-9]\)"/"k":"key-\1é"/' >in
status 0 '-k FIELD' wb-kafka-publish -t keyed -k k in
status 0 '-k /POINTER' wb-kafka-publish -t byname -k /k in
wb-kafka-extract -t keyed -e --key | jq -r '"\(._key) \(._src[1]) \(.k)"' | sort -u >keys
is "$(wc -l <keys)" 10 'a key has one partition'
is "$(awk '$1 != $3' keys)" '' 'and is the text of the field'
is "$(wb-kafka-extract -t keyed -e | jq -r '"\(.k) \(.n)"' | sort -s -k1,1 | sort -c -k1,1 -k2,2n 2>&1)" '' 'messages of a key keep their order'
is "$(wb-kafka-extract -t byname -e --key | jq -r '"\(._key) \(._src[1]) \(.k)"' | sort -u)" "$(cat keys)" 'by a pointer alike'
cut -d' ' -f1 keys | sed 's/.*/&,{}/' | kafka_java org.apache.kafka.tools.ConsoleProducer --bootstrap-server "$WB_BROKERS" --topic java \
	--reader-property parse.key=true --reader-property key.separator=, >java.log 2>&1
is "$(wb-kafka-extract -t java -e --key | jq -r '"\(._key) \(._src[1]) \(._key)"' | sort -u)" "$(cat keys)" 'the partition is that of the Java client'
kafka_topic kinds 1
printf '%s\n' '{"k":12345678901234567890,"i":1}' '{"k":true,"i":2}' '{"k":"a\"\u00e9","i":3}' '{"x":{"k":[5,1.50]},"k":"z","i":4}' >in
status 0 'keys of all kinds' wb-kafka-publish -t kinds -k k in
tail -n 1 in | wb-kafka-publish -t kinds -k /x/k/1
is "$(kcat -b "$WB_BROKERS" -t kinds -C -e -q -f '%k|' | cat)" '12345678901234567890|true|a"é|z|1.50|' 'are keys as they stand'
kafka_topic events 1
printf '%s\n' '{"specversion":"1.0","partitionkey":"S-1","i":1}' '{"specversion":"1.0","i":2}' '{"partitionkey":"","i":3}' '{"partitionkey":null,"i":4}' >in
status 0 'CloudEvents' wb-kafka-publish -t events in
is "$(kcat -b "$WB_BROKERS" -t events -C -e -q -f '%K %k %h %s\n' | cut -d'"' -f1)" '3 S-1 content-type=application/cloudevents+json; charset=UTF-8 {
-1  content-type=application/cloudevents+json; charset=UTF-8 {
-1   {
-1   {' 'partitionkey is the key, where there is one; the header of the binding'

# ---- topic to records to topic
kafka_topic copy 1; kafka_topic origin 1
printf 'k1\t{"a":1}\nk2\t{"b":"\\u00e9 \\/"}\n\t{"c":1e3}\n' | kcat -b "$WB_BROKERS" -t origin -P -K "$(printf '\t')" -H x=1 -H 'y=a"b' -H z
printf '{"d":1}\n' | kcat -b "$WB_BROKERS" -t origin -P
printf 'gone\t\n' | kcat -b "$WB_BROKERS" -t origin -P -K "$(printf '\t')" -Z
printf '{"specversion":"1.0"}\n' | kcat -b "$WB_BROKERS" -t origin -P
wb-kafka-extract -t origin -e --key --headers | wb-kafka-publish -t copy -k _key --headers
is "$(read_back copy --key --headers | sed 's/"copy"/"origin"/')" "$(read_back origin --key --headers | sed 's/^\({"_src":\["[^"]*",0,\)5\]/\14]/')" 'a copy is equal in keys, headers and bytes, tombstones aside'
is "$(kcat -b "$WB_BROKERS" -t copy -C -e -q -f '%K ' | cat)" '2 2 0 -1 -1 ' 'an empty key is an empty one, none is none'
printf '{"_hdr":{"b":"2"},"i":1}\n' | wb-kafka-publish -t copy --headers -H a=1 -H c=
is "$(kcat -b "$WB_BROKERS" -t copy -C -o -1 -e -q -f '%h')" 'a=1,c=,b=2' '-H beside them'

# ---- what is rejected
cat >bad.txt <<'END'
missing {"i":1}
missing {"k":null}
missing {"k":""}
type {"k":{}}
type {"k":[1]}
json {"k":
utf8 {"k":"\ud800"}
END
cut -d' ' -f2- bad.txt >in; echo '{"k":"good"}' >>in
kafka_topic bad 1
status 0 'records that cannot be sent' wb-kafka-publish --quiet --rejects rej -t bad -k k in
is "$(jq -r '."@reject".code' rej | paste -sd' ')" "$(cut -d' ' -f1 bad.txt | paste -sd' ')" 'are rejected by code'
is "$(jq -r '."@reject".raw' rej | while read -r b; do echo "$b" | base64 -d; echo; done)" "$(cut -d' ' -f2- bad.txt)" 'with their bytes'
is "$(jq -c '."@reject" | [.stage, .field]' rej | sort -u | paste -sd' ')" '["wb-kafka-publish",""] ["wb-kafka-publish","k"]' 'by whom and for which field'
is "$(read_back bad)" '{"_src":["bad",0,0],"k":"good"}' 'and the rest is sent'
printf '%s\n' '{"_hdr":1}' '{"_hdr":{"a":1}}' '{"_hdr":{"a":{}}}' "{\"_hdr\":{$(seq 257 | sed 's/.*/"&":""/' | paste -sd,)}}" >in
wb-kafka-publish --quiet --rejects rej -t bad --headers in
is "$(jq -r '."@reject" | .code + " " + .field' rej | paste -sd,)" 'type _hdr,type _hdr,type _hdr,length _hdr' 'headers that are none'
printf '{"partitionkey":{}}\n' | wb-kafka-publish --quiet --rejects rej -t bad
is "$(jq -r '."@reject" | .code + " " + .field' rej)" 'type partitionkey' 'a partitionkey that is none'

# large messages: the limit is the topic's
kafka_topic small 1 --config max.message.bytes=20000
numbers 1 20000 >in
status 0 'a topic with a low limit takes many small messages' wb-kafka-publish -t small in
is "$(wb-kafka-extract -t small -e | wc -l)" 20000 'all of them'
pad() { printf '{"p":"'; head -c "$1" /dev/zero | tr '\0' x; printf '"}\n'; }
for n in 19800 19880 19890 19900 19910 19920 19930 19940 19950 20000 40000; do pad $n; done >in
status 0 'and large ones' wb-kafka-publish --quiet --rejects rej -t small in
is "$(jq -r '."@reject".code' rej | sort -u)" too_long 'those that are too large are rejected'
is "$(wb-kafka-extract -t small -o 20000 -e | jq -c '.p | length' | tail -n +2 | sort -n | head -n 1)" 19880 'those that fit are not'
is $(($(wb-kafka-extract -t small -o 20000 -e | wc -l) + $(wc -l <rej))) 11 'each is one or the other'
kafka_topic large 1 --config max.message.bytes=4194304
pad 1048567 >in
status 0 'a record of 1 MiB' wb-kafka-publish -t large in
is "$(kcat -b "$WB_BROKERS" -t large -C -e -q | cmp - in 2>&1)" '' 'goes where it may'
kafka_topic compact 1 --config cleanup.policy=compact
printf '{"k":"a"}\n{"i":1}\n' >in
status 0 'a compacted topic' wb-kafka-publish --quiet --rejects rej -t compact -k k in
status 0 'without -k' wb-kafka-publish --quiet --rejects rej -t compact in
is "$(jq -r '."@reject".code' rej | paste -sd' ')" 'missing missing' 'takes no message without a key'

# ---- faults
status 78 'an unknown topic' wb-kafka-publish -t nowhere in
is "$(cat "$tmp/err")" 'wb-kafka-publish: nowhere: no such topic' 'in one line'
nobody=$(free_port)
status 75 'no broker' timeout 200 wb-kafka-publish -b "127.0.0.1:$nobody" -t odd in
like "$(cat "$tmp/err")" "^wb-kafka-publish: odd: no answer from 127.0.0.1:$nobody: .*Connection refused$" 'says what the matter is'
is "$(wc -l <"$tmp/err")" 1 'in one line'
printf 'security.protocol=sasl_plaintext\nsasl.mechanisms=PLAIN\nsasl.username=waybill\nsasl.password=wrong\n' >access
chmod 600 access
status 78 'a wrong password' timeout 200 wb-kafka-publish -b "127.0.0.1:$sasl_port" -F access -t odd in
like "$(cat "$tmp/err")" 'the brokers refuse the access: .*[Aa]uthentication' 'is told'
is "$(wc -l <"$tmp/err")" 1 'in one line'
is "$(echo '{"n":1}' | KAFKA_SECURITY_PROTOCOL=sasl_plaintext KAFKA_SASL_MECHANISM=PLAIN KAFKA_SASL_USERNAME=waybill \
	KAFKA_SASL_PASSWORD=marker-of-a-password wb-kafka-publish -b "127.0.0.1:$sasl_port" -t odd 2>&1)" '' 'the right one, of the environment'
status 64 'no topic' wb-kafka-publish in
status 64 'a topic that is none' wb-kafka-publish -t 'a b' in
status 64 'no broker named' env -u WB_BROKERS wb-kafka-publish -t odd in
status 64 'an empty key' wb-kafka-publish -t odd -k '' in
status 64 'a pointer that is none' wb-kafka-publish -t odd -k '/a~2' in
status 64 'a header that is none' wb-kafka-publish -t odd -H novalue in
status 64 'an unknown property' wb-kafka-publish -t odd -X no.such.thing=1 in
status 64 'a property that is ours' wb-kafka-publish -t odd -X acks=1 in
status 64 'by its other name' wb-kafka-publish -t odd -X request.required.acks=1 in
status 64 'a secret as an argument' wb-kafka-publish -t odd -X sasl.password=marker in
status 64 'an unknown option' wb-kafka-publish -t odd --nonsense in
status 64 'a file that is not there' wb-kafka-publish -t odd nofile
status 0 'no input' wb-kafka-publish -t odd /dev/null
numbers 1 5 >in
status 74 '--tee and no room' sh -c 'wb-kafka-publish --tee -t odd in >/dev/full'
status 0 '--tee' wb-kafka-publish --tee -t odd in
ok 'passes on what was read' cmp out in
status 75 '--tee and a dead reader' sh -c "{ until [ -e closed ]; do :; done; wb-kafka-publish --quiet --tee -t odd in; echo \$? >rc; } | { exec <&-; : >closed; }; exit \$(cat rc)"
mkfifo live
wb-kafka-publish --tee -t odd <live >tee.out & tee=$!
exec 8>live; cat in >&8
until_true 60 sh -c 'echo "{\"n\":6}" >&8; [ "$(wc -l <tee.out)" -ge 5 ]'; is "$(head -n 5 tee.out)" "$(cat in)" 'on its way already while records come'
exec 8>&-; wait $tee; is $? 0 'and ends well'

# ---- a broker that is killed and comes back, twice, under a producer that goes on; in a lane, which waits as long as it takes
# feed: records of ten keys, in order, until there is the file enough; their number is in made
feed() {
	feed_i=0
	until [ -e enough ]; do
		numbers $((feed_i + 1)) $((feed_i + 100)) | sed 's/"_src":[^k]*"k":"[0-9]*\([0-9]\)"/"k":"\1"/'
		feed_i=$((feed_i + 100)); echo $feed_i >made; sleep 0.05
	done
}
# holds TOPIC: messages in it, once the broker says so
asked() { holds_n=$(kcat -b "$WB_BROKERS" -Q -t "$1:0:-1" -t "$1:1:-1" -t "$1:2:-1" -t "$1:3:-1" 2>/dev/null | sed 's/.*offset //' | paste -sd+ | bc); [ -n "$holds_n" ]; }
holds() { soon asked "$1"; echo "${holds_n:-0}"; }
holds_more() { [ "$(holds "$1")" -gt "$2" ]; }
kafka_topic killed 4; kafka_topic stream 4; kafka_topic mirror 4
mkfifo endless; feed >endless & feeder=$!
wb-run -n killed --once -- 'wb-csv-extract -t f endless' 'wb-kafka-publish -v -t killed -k k' 2>killed.err & publisher=$!
for i in 1 2; do
	before=$(holds killed)
	ok "messages come, $i" soon holds_more killed "$before"
	kill_server "$kafka_pid"
	ok "the broker is away: it is told, $i" until_true 30 grep -q '^wb-kafka-publish: .*127' killed.err
	start_kafka || start_kafka
done
before=$(holds killed)
ok 'messages come again' soon holds_more killed "$before"
: >enough; wait $feeder
wait $publisher; is $? 0 'all is acknowledged' || cat killed.err
like "$(grep ' in, ' killed.err)" "^wb-kafka-publish: $(cat made) in, $(cat made) loaded, 0 rejected" 'the account'
wb-kafka-extract -t killed -e >back
is "$(have back | uniq | wc -l)" "$(cat made)" 'nothing is lost'
is "$(have back | uniq -d | wc -l)" 0 'nothing is there twice'
is "$(jq -r '"\(.k) \(.n)"' back | sort -s -k1,1 | sort -c -k1,1 -k2,2n 2>&1)" '' 'a key keeps its order'

# ---- a lane
lanes() { wb-run -n "$1" -- "wb-kafka-extract -X session.timeout.ms=6000 -X heartbeat.interval.ms=200 -t stream -G lanes --ckpt 1s,500" \
	"wb-kafka-publish -t mirror -k k" 2>>lane.err >lane.out & }
numbers 1 3000 | wb-kafka-publish -t stream -k k
echo '{"_src":' | kcat -b "$WB_BROKERS" -t stream -P
lanes a; lane=$!
mirrored() { [ "$(wb-kafka-extract -t mirror -e | sed -n 's/.*"n":\([0-9]*\)}$/\1/p' | sort -u | wc -l)" -ge "$1" ]; }
ok 'a lane publishes' soon mirrored 3000
i=3000
for kill in 1 2 3 4 5; do
	numbers $((i + 1)) $((i + 2000)) | wb-kafka-publish -t stream -k k; i=$((i + 2000))
	soon mirrored $((i - 1900))
	pid=
	until_true 60 sh -c "pgrep -P $lane -f '^wb-kafka-publish'" && pid=$(pgrep -P $lane -f '^wb-kafka-publish') && kill -9 "$pid" 2>/dev/null
done
ok "the publisher was killed $kill times: nothing is lost" soon mirrored $i
settled() { [ "$(kafka_committed lanes stream | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" -eq $((i + 1)) ]; }
ok 'all is committed' soon settled
kill -TERM $lane; wait $lane; is $? 0 'it drains'
wb-kafka-extract -t mirror -e --key | sed 's/^{"_src":\[[^]]*\],//' >back
is "$(sort -u back | wc -l)" $i 'what is there twice is the same to the byte'
is "$(sort -u back | sed 's/"_key":"\([0-9]*\)",.*"n":\1}$/ok/' | sort -u)" ok 'under its key'
is "$(grep -c '"code":"json"' lane.out)" 1 'the reject of the source is written out'
status 0 'a lane in which it is in the middle' wb-run -n middle --once -- 'wb-kafka-extract -t stream -G middle -e' 'wb-kafka-publish --tee -t copy -k k' "tee middle.out" "wb-kafka-publish -t bad"
is "$(have middle.out)" "$(seq $i)" 'passes on all that came'
is "$(grep -c '"@reject"' middle.out)" 1 'rejects as well'
is "$(kafka_committed middle stream | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" $((i + 1)) 'and the head commits'
status 75 'a source that dies' sh -c "{ sed -n '1,10p' middle.out; } | WB_LANE=dead wb-kafka-publish -t copy -k k"
wb-run -n later --once -- 'wb-kafka-extract -t stream -G later -e' 'wb-kafka-publish -t later' >later.out 2>later.err & lane=$!
ok 'a topic that is not there is told in a lane' until_true 60 grep -q 'wb-kafka-publish: later: no such topic' later.err
is "$(kafka_committed later stream)" '' 'and nothing is committed'
kafka_topic later 4
wait $lane; is $? 0 'it is waited for'
is "$(wb-kafka-extract -t later -e | wc -l)" $i 'until it is'
done_testing
