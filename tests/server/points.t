#!/bin/sh
# kill -9 at the points of the protocol that blind kills rarely meet: a loader between the bytes of an insert and between its
# confirmation and its acknowledgement, the head of a lane between an acknowledgement and its commit.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
. "$top/tests/kafka.sh"
cd "$tmp" || exit 1
WB_LOCKS=$tmp; export WB_LOCKS; unset XDG_RUNTIME_DIR
${CC:-cc} -D_GNU_SOURCE -o gate "$top/tests/server/gate.c" || exit 1

q() { wb-sql --format tsv -q "$1" | tr '\t' ' '; }
# events FROM TO [VERSION]
events() {
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++) printf "{\"_src\":[\"t\",0,%d,1717398005000,0],\"shipment_id\":\"S%d\",\"event_id\":\"e%d\",\"version\":1,\"event_time\":\"2024-06-03T07:00:00.000Z\",\"received_at\":\"2024-06-03T07:00:05.000Z\",\"lag_sec\":%d,\"carrier\":\"cdek\",\"integration\":\"x\",\"status\":\"accepted\",\"map_hit\":\"exact\"}\n", i, i % 50, i, i }'
}
{
	echo '{"@hello":{"v":1,"run":"0123456789abcdef01234567","lane":"t"}}'
	events 1 300; printf '{"_src":["t",0,301,0,0],"a":\n{"_src":["t",0,302,0,0],"b":\n'
	echo '{"@ckpt":{"run":"0123456789abcdef01234567","n":1,"rows":302}}'; echo '{"@end":{"run":"0123456789abcdef01234567","n":1}}'
} >lane
all='300 300 45150 2'
stored() { q 'SELECT count(), uniqExact(shipment_id, event_id), sum(toInt64(lag_sec)), (SELECT count() FROM wb_reject FINAL) FROM v_event'; }

# loader NAME WORD POINT...: the loader dies when its insert is at that point.  What is stored then: $was
loader() {
	name=$1 port=${WB_STORE##*:}; port=${port%%/*}; shift
	for how in last tee; do
		tee=; [ $how = last ] || tee=1
		q 'TRUNCATE TABLE fct_event' >/dev/null; q 'TRUNCATE TABLE wb_reject' >/dev/null
		: >ack; : >gate.out
		./gate "$port" "$@" >gate.out & gate=$!
		until_true 20 test -s gate.out
		WB_LANE=t WB_ACK_OUT=5 wb-ch-load -d "http://127.0.0.1:$(head -n 1 gate.out)/default" ${tee:+--tee} -t fct_event lane >out 2>err 5>ack & pid=$!
		ok "$name, $how: the insert is there" until_true 60 grep -q there gate.out
		kill -9 $pid; wait $pid 2>/dev/null
		is "$(wc -l <ack) $(grep -vc @hello out)" '0 0' "$name, $how: nothing is acknowledged, nothing passed on"
		was=$(stored)
		kill $gate; wait $gate 2>/dev/null
		status 0 "$name, $how: it comes again" env WB_LANE=t WB_ACK_OUT=5 wb-ch-load ${tee:+--tee} -t fct_event lane 5>ack
		is "$(stored)" "$all" "$name, $how: nothing is lost, nothing is there twice ($was after the kill)"
		if [ $how = tee ]; then is "$(grep -c event_id out) $(grep -c @ckpt out)" '300 1' "$name, $how: all goes on"
		else is "$(cat ack)" '{"@ack":{"run":"0123456789abcdef01234567","n":1}}' "$name, $how: it is acknowledged"; fi
	done
}

loaders() {
	ok "$1: schema" wb-schema
	loader "$1: before the insert" fct_event head; is "$was" '0 0 0 0' "$1: nothing was stored"
	loader "$1: in the middle of its bytes" fct_event body 9000
	loader "$1: before its answer" fct_event reply; is "$was" '300 300 45150 0' "$1: the rows were stored"
	loader "$1: in the middle of its answer" fct_event half; is "$was" '300 300 45150 0' "$1: the rows were stored"
	loader "$1: between rows and rejects" wb_reject head; is "$was" '300 300 45150 0' "$1: the rows were stored"
	loader "$1: before the answer for the rejects" wb_reject reply; is "$was" "$all" "$1: all was stored"
}

if start_clickhouse_18; then WB_STORE=$ch18_url; export WB_STORE; loaders 18.16; kill_server "$ch18_pid" TERM; else skip '18.16' 'no clickhouse-server'; fi
if start_chdb; then WB_STORE=$chdb_url; export WB_STORE; loaders wb-chdb; kill_server "$chdb_pid" TERM; else skip 'wb-chdb' 'no libchdb'; fi

# ---- the head: the test is the rest of the lane
if ! start_kafka; then skip 'the head of a lane' 'no Kafka'; done_testing; fi
WB_BROKERS=$kafka_brokers; export WB_BROKERS
kafka_topic points 1
seq 1000 | sed 's/.*/{"n":&}/' | kcat -b "$WB_BROKERS" -t points -P -l /dev/stdin
head_of() {
	rm -f ack; mkfifo ack
	exec 6<>ack
	WB_LANE=points WB_ACK_IN=7 wb-kafka-extract -t points -G points --start earliest \
		--ckpt 1h,100 >out 2>err 6<&- 7<ack & head=$!
}
ack() { echo "{\"@ack\":{\"run\":\"$(sed -n 's/^{"@hello":{"v":1,"run":"\([0-9a-f]*\)".*/\1/p' out)\",\"n\":$1}}" >&6; }
marks() { [ "$(grep -c '"@ckpt"' out)" -ge "$1" ]; }
at() { kafka_committed points points | sed 's/0://'; }
first() { grep -v '^{"@' out | head -n 1 | jq .n; }
begun() { [ -n "$(first)" ]; }
gone() { kill -9 $head; wait $head 2>/dev/null; exec 6>&-; }

head_of; ok 'three checkpoints' until_true 60 marks 3
ack 2; committed() { [ "$(at)" = 200 ]; }
ok 'the second is acknowledged, and committed' until_true 60 committed
until_true 60 marks 5
kill -STOP $head; ack 4; gone
is "$(at)" 200 'an acknowledgement that is not read commits nothing'
head_of; ok 'it starts again' until_true 60 begun
is "$(first)" 201 'behind what was committed'
until_true 60 marks 3
# the broker takes no commit: the head has read the acknowledgement when it has gone on to the next checkpoints
kill -STOP "$kafka_pid"; ack 2
ok 'an acknowledgement is read, its commit is on its way' until_true 60 marks 5
gone; kill -CONT "$kafka_pid"
ok 'the broker goes on' until_true 60 kcat -b "$WB_BROKERS" -L -m 2
now_at=$(at); like "$now_at" '^(200|400)$' 'which came there or not'
head_of; ok 'it starts again' until_true 60 begun
like "$(first) $now_at" '^(201 (200|400)|401 (200|400))$' 'behind what was committed'
is "$(grep -v '^{"@' out | jq .n | head -n 1)" $(($(at) + 1)) 'nothing is left out'
gone
done_testing
