#!/bin/sh
# wb-kafka-extract against a real Kafka: what it reads, what it rejects, what it commits and when.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
. "$top/tests/kafka.sh"
pass=$BIN/../bench/pass
unset XDG_RUNTIME_DIR; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1

kafka_port=$(free_port) kafka_controller=$(free_port) sasl_port=$(free_port)
kafka_extra="listeners=PLAINTEXT://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$kafka_controller,SASL://127.0.0.1:$sasl_port
advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_port,SASL://127.0.0.1:$sasl_port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_waybill=\"marker-of-a-password\";"
if ! start_kafka; then
	skip 'wb-kafka-extract against a real Kafka' 'no Kafka (scripts/need kafka, scripts/fetch-kafka)'
	done_testing
fi
WB_BROKERS=$kafka_brokers; export WB_BROKERS
quick='-X session.timeout.ms=6000 -X heartbeat.interval.ms=200'	# of groups

# produce TOPIC [kcat options ...]: a message a line of the standard input
produce() { produce_t=$1; shift; kcat -b "$WB_BROKERS" -t "$produce_t" -P -l -X sticky.partitioning.linger.ms=0 "$@" /dev/stdin; }
# numbers FROM TO: messages
numbers() { seq "$1" "$2" | sed 's/.*/{"n":&}/'; }
# have FILE ...: the numbers that have come, in order
have() { cat "$@" | sed -n 's/.*"n":\([0-9]*\)}$/\1/p' | sort -n; }
count() { have "$@" | wc -l; }
reaches() { [ "$(count "$1")" -ge "$2" ]; }
# free_lock LANE: no process of it is left
free_lock() { wb-run --status "$1" | grep -q '	stopped	'; }

# ---- bounded reads
kafka_topic plain 4; kafka_topic one 1
numbers 1 1000 | produce plain
wb-kafka-extract -t plain -e >out
is "$(have out)" "$(seq 1000)" 'all partitions up to the end'
like "$(head -n 1 out)" '^\{"_src":\["plain",[0-3],0,17[0-9]{11},0\],"n":[0-9]+\}$' 'the record is the message behind its _src'
is "$(jq -r '._src | "\(.[1]) \(.[2])"' out | sort -s -k1,1n | sort -c -k1,1n -k2,2n 2>&1)" '' 'offsets ascend in a partition'
is "$(wb-kafka-extract -t plain:1 -t plain:3 -e | jq '._src[1]' | sort -u | paste -sd' ')" '1 3' 'partitions that are named'
is "$(wb-kafka-extract -t plain:1,3 -e | jq '._src[1]' | sort -u | paste -sd' ')" '1 3' 'in one list'
is "$(wb-kafka-extract -t plain -t one -e | wc -l)" 1000 'several topics, one of them empty'
is "$(wb-kafka-extract -t plain -c 7 | wc -l)" 7 '-c'
is "$(wb-kafka-extract -t plain:2 -o 5 -O 8 | jq -c '._src[2]' | paste -sd' ')" '5 6 7' '-o N -O N'
last=$(wb-kafka-extract -t plain:2 -e | tail -n 1 | jq '._src[2]')
is "$(wb-kafka-extract -t plain:2 -o -3 -e | jq '._src[2]' | paste -sd' ')" "$((last - 2)) $((last - 1)) $last" '-o -N'
is "$(wb-kafka-extract -t plain:2 -O -3 | jq '._src[2]' | tail -n 1)" $((last - 3)) '-O -N'
is "$(wb-kafka-extract -t plain -o end -e | wc -l)" 0 '-o end'
ms=$(jq '._src[3]' out | sort -n | tail -n 1)
until [ "$(date +%s%3N)" -gt $((ms + 1000)) ]; do sleep 0.05; done
numbers 1001 1100 | produce plain
at=$(date -u -d "@$(((ms + 1000) / 1000))" +%Y-%m-%dT%H:%M:%SZ)
is "$(wb-kafka-extract -t plain -o s@$((ms + 1)) -e >new; have new)" "$(seq 1001 1100)" '-o s@MS'
is "$(wb-kafka-extract -t plain -o "@$at" -e >new; have new)" "$(seq 1001 1100)" '-o @TIME'
is "$(wb-kafka-extract -t plain -O "@$at" >old; have old)" "$(seq 1000)" '-O @TIME'
is "$(wb-kafka-extract -t plain -O "@$at" -e >old; have old)" "$(seq 1000)" '-O @TIME -e'
is "$(timeout 200 wb-kafka-extract -t plain -e -O 99999 >old; have old)" "$(seq 1100)" '-O N -e: whichever comes first'
is "$(wb-kafka-extract -t plain -o @-1h -O e@$((ms + 1)) >old; have old)" "$(seq 1000)" '-o @-1h -O e@MS'
is "$(wb-kafka-extract -t plain -o @2099-01-01 -e | wc -l)" 0 'a time behind all messages is the end'
is "$(wb-kafka-extract -t plain -e -v 2>&1 >/dev/null | sed 's/,[^,]* s$//')" 'wb-kafka-extract: 1100 in, 1100 out, 0 rejected, 0 filtered' 'the account'
wb-kafka-extract -t plain -e -c 100 --metrics m.prom >/dev/null
is "$(sed -n 's/^waybill_kafka_lag_records{topic="plain",partition="[0-3]"} //p' m.prom | paste -sd+ | bc)" 1000 'the lag is in the metrics'

# the end is pinned: what comes while the reader waits is not read
kafka_topic busy 2
seq 1 100000 | sed 's/.*/{"pad":"0123456789012345678901234567890123456789012345678901234567890123456789","n":&}/' | produce busy
mkfifo go
wb-kafka-extract -t busy -e | { read -r first; : >begun; cat go >/dev/null; echo "$first"; cat; } >out &
reader=$!
until_true 20 test -e begun
numbers 100001 100500 | produce busy
: >go; wait $reader
is "$(count out)" 100000 'the end is that of the start'

# ---- what a message may be
kafka_topic odd 1 --config max.message.bytes=4194304
put() { produce odd -X message.max.bytes=4000000 "$@"; }
printf 'k1\t{"a":1}\n' | put -K "$(printf '\t')" -H x=1 -H y=a\"b -H x=2
printf '{"a":2}\n' | put
printf '{ "b" : [ 1 , {"c": " x "} ],\n\t"d":1.50e3 ,\r\n "e" : {} }\n' >pretty.json
kcat -b "$WB_BROKERS" -t odd -P pretty.json
printf '{}\n' | put
printf '  {"z":"\\u00e9\\/"}  \n' | put
printf 'gone\t\n' | put -K "$(printf '\t')" -Z
is "$(wb-kafka-extract -v --key --headers -t odd -e 2>err | sed 's/,17[0-9]*,0\]/,T,0]/')" '{"_src":["odd",0,0,T,0],"_key":"k1","_hdr":{"y":"a\"b","x":"2"},"a":1}
{"_src":["odd",0,1,T,0],"_key":null,"_hdr":{},"a":2}
{"_src":["odd",0,2,T,0],"_key":null,"_hdr":{},"b":[1,{"c":" x "}],"d":1.50e3,"e":{}}
{"_src":["odd",0,3,T,0],"_key":null,"_hdr":{}}
{"_src":["odd",0,4,T,0],"_key":null,"_hdr":{},"z":"\u00e9\/"}' 'keys, headers, white space'
like "$(cat err)" '6 in, 5 out, 0 rejected, 1 filtered, header_repeated 1' 'a tombstone is filtered, a repeated header counted'
is "$(wb-kafka-extract -t odd -o 1 -c 1 -e | sed 's/.*\]//')" ',"a":2}' 'neither without being asked'

# rejects, one message each: code, then the message
kafka_topic bad 1 --config max.message.bytes=4194304
deep=$(printf '%033d' 0 | sed 's/0/{"a":/g')1$(printf '%033d' 0 | sed 's/0/}/g')
cat >bad.txt <<EOT
json nonsense
json [1,2]
json {"a":1
json {"a":1}{"b":2}
json {"a":1,"a":2}
json $deep
json {"a":01}
utf8 {"a":"\\ud800"}
utf8 {"a":"\\u0000"}
reserved {"_src":[1]}
reserved {"a":1,"_key":2}
reserved {"_hdr":{}}
reserved {"@ckpt":{"run":"r","n":1,"rows":0}}
reserved {"\\u0040end":{}}
reserved {"\\u005fsrc":1}
EOT
printf 'utf8 {"a":"\377"}\n' >>bad.txt
cut -d' ' -f2- bad.txt | kcat -b "$WB_BROKERS" -t bad -P -l /dev/stdin
{ printf '{"a":"'; head -c 1048569 /dev/zero | tr '\0' x; printf '"}'; } >long	# 1 MiB + 1
head -c 1048560 long >fits; printf '"}' >>fits
for f in long fits; do kcat -b "$WB_BROKERS" -t bad -P -X message.max.bytes=4000000 "$f"; done
wb-kafka-extract --quiet -t bad -e --rejects rej >out
is "$(jq -r '."@reject".code' rej | paste -sd' ')" "$(cut -d' ' -f1 bad.txt | paste -sd' ') too_long too_long" 'each is rejected by its code'
is "$(head -n 16 rej | jq -r '."@reject".raw' | while read -r b; do echo "$b" | base64 -d; echo; done)" "$(cut -d' ' -f2- bad.txt)" 'with its bytes'
is "$(sed -n 3p rej | jq -c '."@reject" | [.src[0:3], .stage, .field]')" '[["bad",0,2],"wb-kafka-extract",""]' 'and its place'
is "$(wc -c <out)" 0 'none gets through, nor one that grows too long behind its _src'
head -c 1048400 long >fits; printf '"}' >>fits
kcat -b "$WB_BROKERS" -t bad -P -X message.max.bytes=4000000 fits
is "$(wb-kafka-extract -t bad -o -1 -e | cut -d, -f6- | wc -c)" $(($(wc -c <fits))) 'one that just fits does'
kafka_topic keys 1
printf 'k\377\t{"a":1}\n' | produce keys -K "$(printf '\t')"
is "$(wb-kafka-extract --quiet --key -t keys -e --rejects -| jq -r '."@reject" | .code, .field' | paste -sd' ')" 'utf8 _key' 'a key that is no text'
is "$(wb-kafka-extract -t keys -e | wc -l)" 1 'matters only when it is asked for'

# ---- faults
status 78 'an unknown topic' wb-kafka-extract -t nowhere -e
is "$(cat "$tmp/err")" 'wb-kafka-extract: nowhere: no such topic' 'in one line'
status 78 'in a group too' wb-kafka-extract -G g -t nowhere -e
status 78 'an unknown partition' wb-kafka-extract -t plain:9 -e
like "$(cat "$tmp/err")" 'plain: no partition 9, it has 4' 'says how many there are'
nobody=$(free_port)
status 75 'no broker' timeout 200 wb-kafka-extract -b "127.0.0.1:$nobody" -t plain -e
like "$(cat "$tmp/err")" "^wb-kafka-extract: .*no answer from 127.0.0.1:$nobody: .*Connection refused$" 'says what the matter is'
is "$(wc -l <"$tmp/err")" 1 'in one line'
status 75 'no broker, in a group' timeout 200 wb-kafka-extract -G g -b "127.0.0.1:$nobody" -t plain -e
status 75 'a dead reader' sh -c "( wb-kafka-extract -t busy -e; echo \$? >rc ) | head -n 1 >/dev/null; exit \$(cat rc)"
status 75 'a dead reader of a group' sh -c "( wb-kafka-extract --quiet -G dead -t busy -e; echo \$? >rc ) | head -n 1 >/dev/null; exit \$(cat rc)"
status 74 '/dev/full' sh -c "wb-kafka-extract -t plain -e >/dev/full"
status 64 'no topic' wb-kafka-extract -e
status 64 'no broker' env -u WB_BROKERS wb-kafka-extract -t plain
status 64 'a position that is none' wb-kafka-extract -t plain -o nowhere
status 64 '-o stored without a group' wb-kafka-extract -t plain -o stored
status 64 'partitions of a group' wb-kafka-extract -G g -t plain:1
status 64 'a group that is to begin elsewhere' wb-kafka-extract -G g -t plain -o beginning
status 64 '--start without a group' wb-kafka-extract -t plain --start latest
status 64 'a checkpoint of nothing' wb-kafka-extract -t plain --ckpt 1s,0
status 64 'a partition twice' wb-kafka-extract -t plain:1 -t plain:1,2 -e
status 64 'an unknown property' wb-kafka-extract -t plain -X no.such.thing=1 -e
status 64 'a property that is ours' wb-kafka-extract -t plain -X enable.auto.commit=true -e
status 64 'a cooperative assignor' wb-kafka-extract -t plain -G g -X partition.assignment.strategy=cooperative-sticky
status 64 'a secret as an argument' wb-kafka-extract -t plain -X sasl.password=marker -e

# passwords
printf '# access\nsecurity.protocol = sasl_plaintext\nsasl.mechanisms=PLAIN\nsasl.username=waybill\nsasl.password=marker-of-a-password\n' >access
chmod 644 access
status 78 'a file with a secret that others may read' wb-kafka-extract -F access -t plain -e
like "$(cat "$tmp/err")" 'access:5: sasl.password in a file that others may read' 'says which line'
chmod 600 access
is "$(wb-kafka-extract -b "127.0.0.1:$sasl_port" -F access -t plain -e | wc -l)" 1100 '-F'
KAFKA_SECURITY_PROTOCOL=sasl_plaintext KAFKA_SASL_MECHANISM=PLAIN KAFKA_SASL_USERNAME=waybill KAFKA_SASL_PASSWORD=wrong
export KAFKA_SECURITY_PROTOCOL KAFKA_SASL_MECHANISM KAFKA_SASL_USERNAME KAFKA_SASL_PASSWORD
status 78 'a wrong password' timeout 200 wb-kafka-extract -b "127.0.0.1:$sasl_port" -t plain -e
like "$(cat "$tmp/err")" 'the brokers refuse the access: .*[Aa]uthentication' 'is told'
is "$(wc -l <"$tmp/err")" 1 'in one line'
KAFKA_SASL_PASSWORD=marker-of-a-password
is "$(wb-kafka-extract -b "127.0.0.1:$sasl_port" -t plain -e | wc -l)" 1100 'the password of the environment'
unset KAFKA_SECURITY_PROTOCOL KAFKA_SASL_MECHANISM KAFKA_SASL_USERNAME KAFKA_SASL_PASSWORD

# ---- a group in a plain pipeline
wb-kafka-extract $quick -G tourist -t plain -e >out 2>err
is "$(count out)" 1100 'a group reads'
is "$(cat err)" 'wb-kafka-extract: not in a lane: nothing is committed for group tourist' 'and says that it commits nothing'
is "$(kafka_committed tourist plain)" '' 'nor does it'
status 69 '--start fail' wb-kafka-extract $quick -G tourist -t plain -e --start fail
is "$(wb-kafka-extract --quiet $quick -G tourist -t plain -e --start "@$at" >out; have out)" "$(seq 1001 1100)" '--start @TIME'
is "$(wb-kafka-extract --quiet $quick -G tourist -t plain -e --start latest | wc -l)" 0 '--start latest'

# ---- bounded lanes
status 0 'a bounded lane' wb-run --once -- "wb-kafka-extract $quick -G once -t plain -e" 'tee first' "$pass -s"
is "$(have first)" "$(seq 1100)" 'reads all'
is "$(grep -c '"@ckpt"' first)" 1 'with one checkpoint'
is "$(kafka_committed once plain | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" 1100 'and commits it'
numbers 1101 1110 | produce plain
status 0 'the next one' wb-run --once -- "wb-kafka-extract $quick -G once -t plain -e" 'tee second' "$pass -s"
is "$(have second)" "$(seq 1101 1110)" 'reads what is new'
status 75 'a sink that dies' wb-run --once -- "wb-kafka-extract $quick -G died -t plain -e" "sh -c 'head -n 500 >/dev/null; kill -9 \$\$'"
is "$(kafka_committed died plain)" '' 'nothing is committed'
status 75 'a last stage that does not acknowledge' wb-run --once -- "wb-kafka-extract $quick -G mute -t plain -e --ack-timeout 1s" "sh -c 'cat >/dev/null; sleep 60'"
is "$(kafka_committed mute plain)" '' 'nothing is committed'
wb-run -n patient --once -- "wb-kafka-extract $quick -G patient -t later -e" 'tee third' "$pass -s" 2>err &
lane=$!
ok 'a topic that is not there is told in a lane' until_true 20 grep -q 'later: no such topic' err
kafka_topic later 1
wait $lane; is $? 0 'and asked for until it is'

wb-run -n nobody -- "wb-kafka-extract $quick -b 127.0.0.1:$nobody -G nobody -t plain" 'tee fourth' "$pass -s" 2>err &
lane=$!
ok 'no broker: a lane tells it' until_true 20 grep -q 'Connection refused' err
kill -TERM $lane; wait $lane; is $? 0 'and can be drained'
is "$(cut -c1-9 fourth | paste -sd' ')" '{"@hello" {"@ckpt": {"@end":{' 'in order'

# ---- acknowledgements one by one: the test is the rest of the lane
# head NAME OPTIONS: starts the head of an endless lane; its output is NAME.out, its acknowledgements go to descriptor 6
head_of() {
	name=$1; shift
	rm -f ack; mkfifo ack
	exec 6<>ack
	# shellcheck disable=SC2086
	WB_LANE=$name WB_ACK_IN=7 wb-kafka-extract $quick -t "${head_topic:-plain}" -G "$name" "$@" >"$name.out" 2>"$name.err" 6<&- 7<ack &
	head=$!
}
run_of() { sed -n 's/^{"@hello":{"v":1,"run":"\([0-9a-f]*\)".*/\1/p' "$1"; }
ack() { echo "{\"@ack\":{\"run\":\"$(run_of "$name.out")\",\"n\":$1}}" >&6; }
end_head() { exec 6>&-; wait "$head"; }
marks() { grep -c '"@ckpt"' "$1"; }
has_marks() { [ "$(marks "$1")" -ge "$2" ]; }

head_of records --ckpt 1h,100
until_true 20 has_marks records.out 3
is "$(grep '"@ckpt"' records.out | jq -c '."@ckpt".rows' | paste -sd' ')" '100 100 100' 'a checkpoint every so many records, three without an answer'
until_true 20 reaches records.out 400
is "$(count records.out)" 400 'then reading stops where the fourth is due'
ack 2
ok 'until an acknowledgement comes' until_true 20 has_marks records.out 5
until_true 20 reaches records.out 600
is "$(count records.out)" 600 'and goes as far again'
want=$(grep -n '"@ckpt".*"n":2,' records.out | cut -d: -f1)
two_hundred() { [ "$(kafka_committed records plain | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" = 200 ]; }
until_true 20 two_hundred
kill -9 $head; end_head 2>/dev/null
is "$(kafka_committed records plain | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" 200 'exactly what was acknowledged is committed'
head -n "$want" records.out >before; mv records.out first.out
head_of records --ckpt 1h,100000
until_true 20 reaches records.out 910
is "$(have before records.out)" "$(seq 1110)" 'the next run reads all that was not, and nothing else'
kill -TERM $head
until_true 10 grep -q '"@end"' records.out
ack 1; wait $head; is $? 0 'SIGTERM: the last checkpoint, its acknowledgement, exit 0'
is "$(tail -n 2 records.out | cut -c1-9 | paste -sd' ')" '{"@ckpt": {"@end":{' 'the stream ends in order'
exec 6>&-
is "$(kafka_committed records plain | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" 1110 'and is committed'

head_of foreign --ckpt 1h,100
until_true 20 has_marks foreign.out 3
echo '{"@ack":{"run":"000000000000000000000000","n":3}}' >&6
echo 'garbage' >&6
end_head; is $? 70 'what is no acknowledgement'
like "$(cat foreign.err)" 'no acknowledgement: garbage' 'is told'
is "$(kafka_committed foreign plain)" '' 'an acknowledgement of another run commits nothing'
head_of future --ckpt 1h,100
until_true 20 has_marks future.out 1
ack 9; end_head; is $? 70 'an acknowledgement of what was not sent'
head_of closed --ckpt 1h,100
until_true 20 has_marks closed.out 1
end_head; is $? 75 'the last stage is gone'
head_of deaf --ckpt 1h,100 --ack-timeout 1s
wait $head; is $? 75 'no acknowledgement in time'
like "$(cat deaf.err)" 'checkpoint 1 has no acknowledgement after 1 s' 'is told'
head_of graceless --ckpt 1h,100 --grace 1s
until_true 20 has_marks graceless.out 1
kill -TERM $head; wait $head; is $? 75 'SIGTERM without an acknowledgement ends after the grace'
exec 6>&-
is "$(kafka_committed graceless plain)" '' 'and commits nothing'
head_of size --ckpt 1h,100000,10k
until_true 20 has_marks size.out 2
bytes=$(sed -n '2,/"@ckpt"/p' size.out | wc -c)
ok "a checkpoint every so many bytes ($bytes)" test "$bytes" -ge 10240 -a "$bytes" -lt 15000
kill -9 $head; end_head 2>/dev/null
head_of time --ckpt 1s,100000
ok 'a checkpoint every so long' until_true 20 has_marks time.out 1
kill -9 $head; end_head 2>/dev/null

# ---- endless lanes
kafka_topic stream 4
lane() { # NAME: starts one, whose records are kept in NAME.got
	wb-run -n "$1" -- "wb-kafka-extract $quick -t stream -G streams --ckpt 1s,500" "tee -a $1.got" "$pass -s --quiet" 2>>"$1.err" &
}
numbers 1 2000 | produce stream
lane a; a=$!
ok 'a lane reads' until_true 30 reaches a.got 2000
kill -TERM $a; wait $a; is $? 0 'SIGTERM drains it'
numbers 2001 3000 | produce stream
lane a; a=$!
ok 'the next one goes on' until_true 30 reaches a.got 3000
is "$(have a.got)" "$(seq 3000)" 'without a row again'
like "$(wb-run --status a)" '^a	runs	[0-9.]+ s ago	\{"run":"[0-9a-f]{24}","n":[0-9]+,"lines":[0-9]+,"lag":[0-9]+\}$' 'wb-run knows its checkpoints'
lane b; b=$!
shares() { [ "$(count b.got)" -gt "$1" ]; }
i=3000
until shares 0 2>/dev/null; do numbers $((i + 1)) $((i + 200)) | produce stream; i=$((i + 200)); [ $i -lt 60000 ] || break; done
ok 'a second lane takes its share' shares 0
for _ in 1 2 3 4 5; do numbers $((i + 1)) $((i + 200)) | produce stream; i=$((i + 200)); done
kill -TERM $a; wait $a; is $? 0 'the first one leaves'
for _ in 1 2 3 4 5; do numbers $((i + 1)) $((i + 200)) | produce stream; i=$((i + 200)); done
all() { [ "$(have a.got b.got | uniq | wc -l)" -eq $i ]; }
ok 'nothing is lost in a rebalance' until_true 60 all || { echo "# $i"; wc -l *.got *.err; cat a.err b.err; }
is "$(have a.got b.got | uniq -d | wc -l)" 0 'and nothing read twice'

# drained in the middle of its work, again and again
drains=0
: >drain.got
records() { grep -vc '^{"@' drain.got; }	# without the control lines
more() { [ "$(records)" -gt "$got" ]; }
while got=$(records); [ "$got" -lt 100500 ] && [ $drains -lt 200 ]; do
	drains=$((drains + 1))
	wb-run -n drain -- "wb-kafka-extract $quick -t busy -G drain --ckpt 1s,2000" 'tee -a drain.got' "$pass -s --quiet" 2>>drain.err & lane=$!
	until_true 30 more || break
	kill -TERM $lane; wait $lane || break
done
ok "drained in the middle of its work, $drains times" test $drains -gt 0
is "$(have drain.got | uniq | wc -l) $(have drain.got | wc -l)" '100500 100500' 'nothing is lost, nothing read twice'
is "$(cat drain.err)" '' 'nor is there anything to tell'

# the broker goes and comes back
kill_server "$kafka_pid"
numbers $((i + 1)) $((i + 10)) >more.txt
start_kafka
produce stream <more.txt; i=$((i + 10))
ok 'a broker that was killed: the lane goes on' until_true 60 all
settled() { [ "$(kafka_committed streams stream | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" -eq $i ]; }
ok 'and commits again' until_true 60 settled
kill -TERM $b; wait $b; is $? 0 'and ends well'
like "$(cat b.err)" 'wb-kafka-extract: .*(refused|Disconnected|timed out)' 'it was told'

# a reader that takes nothing for longer than the group lets a member be silent
mkfifo stall
# shellcheck disable=SC2086
wb-kafka-extract --quiet -X session.timeout.ms=6000 -X max.poll.interval.ms=6000 -X heartbeat.interval.ms=200 -G slow -t busy -e 2>err |
	{ read -r first; cat stall >/dev/null; echo "$first"; cat; } >out &
sleep 9; : >stall; wait $!
is "$(count out)" "$(wb-kafka-extract -t busy -e | wc -l)" 'a reader that stalls: nothing is lost or doubled'
is "$(have out | uniq -d | wc -l)" 0 'by the pause'
is "$(cat err)" '' 'and the group was served all the while'

# ---- who ends for good leaves the group at once; who dies, or has an instance id of its own, is a member until the session runs out, which here is never
kafka_topic leave 2
forever='-X session.timeout.ms=1800000 -X max.poll.interval.ms=1800000 -X heartbeat.interval.ms=200'
members() { kafka_admin org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --describe --group leave --members 2>/dev/null | grep -c '^leave '; }
are_members() { [ "$(members)" -eq "$1" ]; }
member() { # NAME [OPTION ...]
	member=$1; shift
	wb-run -n "$member" -- "wb-kafka-extract $forever -t leave -G leave --ckpt 1s,500 $*" "tee -a $member.got" "$pass -s --quiet" 2>>"$member.err" & member_pid=$!
}
numbers 1 100 | produce leave
member stays; stays=$member_pid
until_true 60 reaches stays.got 100
member goes; goes=$member_pid
ok 'a group of two' until_true 5 are_members 2
kill -TERM $goes; wait $goes; is $? 0 'SIGTERM drains one of them'
is "$(members)" 1 'which has left the group then'
numbers 101 200 | produce leave
ok 'the other one reads its partitions' until_true 60 reaches stays.got 200
member dies; dies=$member_pid
until_true 5 are_members 2
kill -KILL $dies; wait $dies 2>/dev/null
is "$(members)" 2 'one that dies stays a member'
numbers 201 300 | produce leave
until_true 30 free_lock dies
member dies; dies=$member_pid
three_hundred() { [ "$(have stays.got dies.got | uniq | wc -l)" -eq 300 ]; }
ok 'and comes back to its partitions' until_true 60 three_hundred || tail dies.err stays.err
kill -TERM $dies; wait $dies; is $? 0 'drained'
is "$(members)" 1 'it leaves too'
member own -X group.instance.id=mine; own=$member_pid
until_true 5 are_members 2
kill -TERM $own; wait $own; is $? 0 'one with an instance id of its own'
is "$(members)" 2 'stays for its next start'
kill -KILL $stays; wait $stays 2>/dev/null

# ---- offsets that are gone
echo '{"partitions":[{"topic":"plain","partition":2,"offset":150}],"version":1}' >dr.json
kafka_java org.apache.kafka.tools.DeleteRecordsCommand --bootstrap-server "$kafka_brokers" --offset-json-file dr.json >/dev/null 2>&1
status 69 'an offset that is gone' wb-kafka-extract -t plain:2 -o 100 -e
like "$(cat "$tmp/err")" 'plain:2: offset 100 is not there, the broker has 150 to [0-9]+' 'says what is there'
is "$(wb-kafka-extract -t plain:2 -e | head -n 1 | jq '._src[2]')" 150 'the beginning is what is there'
status 69 'an offset beyond the end' timeout 200 wb-kafka-extract -t plain:2 -o 99999
kafka_admin org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --group behind --topic plain:2 --reset-offsets --to-offset 149 --execute >/dev/null 2>&1
echo '{"partitions":[{"topic":"plain","partition":2,"offset":200}],"version":1}' >dr.json
kafka_java org.apache.kafka.tools.DeleteRecordsCommand --bootstrap-server "$kafka_brokers" --offset-json-file dr.json >/dev/null 2>&1
status 69 'a group whose offsets are gone' wb-run -n behind -- "wb-kafka-extract $quick -t plain -G behind" "$pass -s"
like "$(cat "$tmp/err")" 'plain:2: offset (149|150) of group behind is gone, the broker has 200 to [0-9]+: 5[01] messages were deleted unread' 'says so with numbers'
# retention overtakes a lane that waits for its store: it paused, so what it had fetched is fetched again
numbers 1 1000 | produce one
head_topic=one
head_of overtaken --ckpt 1h,100
until_true 20 reaches overtaken.out 400
sleep 4		# it pauses after one second
echo '{"partitions":[{"topic":"one","partition":0,"offset":900}],"version":1}' >dr.json
kafka_java org.apache.kafka.tools.DeleteRecordsCommand --bootstrap-server "$kafka_brokers" --offset-json-file dr.json >/dev/null 2>&1
ack 1; until_true 60 ended $head || kill -9 $head
wait $head; is $? 69 'retention overtakes a lane'
exec 6>&-
like "$(cat overtaken.err)" 'one:0: offset 400 of group overtaken is gone, the broker has 900 to 1000: 500 messages were deleted unread' 'which is told with numbers'
is "$(have overtaken.out)" "$(seq 400)" 'and nothing is passed on from behind the gap'
done_testing
