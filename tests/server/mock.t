#!/bin/sh
# wb-kafka-extract and wb-kafka-publish against librdkafka's mock cluster: errors, moves and delays that a real broker cannot be made to do.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
pass=$BIN/../bench/pass
unset XDG_RUNTIME_DIR; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
if [ -n "${SAN:-}" ] && [ -z "${LONG:-}" ]; then
	skip 'Kafka clients on a mock cluster' 'minutes of waiting; LONG=1 runs them with sanitizers too'
	done_testing
fi
${CC:-cc} -D_GNU_SOURCE -o mockd "$top/tests/server/mockd.c" -lrdkafka || exit 1

mkfifo commands
./mockd 3 <commands >answers & servers_pids=$!
exec 9>commands
asked=1
answered() { [ "$(wc -l <answers)" -ge $asked ]; }
# mock COMMAND ...: the cluster's answer; not in a subshell, since it counts
mock() { asked=$((asked + 1)); echo "$*" >&9; until_true 30 answered; tail -n 1 answers; }
until_true 30 answered; WB_BROKERS=$(head -n 1 answers); export WB_BROKERS

# soon COMMAND ...: waits for a condition that takes its time to look at
soon() { soon_end=$(($(date +%s) + 120)); until "$@"; do [ "$(date +%s)" -lt $soon_end ] || return 1; sleep 0.1; done; }
numbers() { seq "$1" "$2" | sed 's/.*/{"k":"&","n":&}/'; }
have() { cat "$@" | sed -n 's/.*"n":\([0-9]*\)}$/\1/p' | sort -n; }
ours() { timeout 90 "$@"; }
quick='-X session.timeout.ms=6000 -X heartbeat.interval.ms=200'	# a mock's group takes no less

produce=0 fetch=1 list_offsets=2 metadata=3 offset_commit=8 offset_fetch=9 find_coordinator=10 join=11 heartbeat=12 sync=14 init_producer=22

# ---- wb-kafka-publish: what is tried again
mock topic out 4 3 >got; is "$(cat got)" ok 'a mock cluster'
i=0
# go_on WHAT: 2,000 records more arrive once, in order, whatever was ordered before
go_on() {
	numbers $((i + 1)) $((i + 2000)) >in; i=$((i + 2000))
	status 0 "publish: $1: goes on" ours wb-kafka-publish -t out -k k in
	ours wb-kafka-extract -t out -e >back
	is "$(have back | wc -l) $(have back | uniq | wc -l)" "$i $i" "publish: $1: nothing lost, nothing doubled"
}
for code in NOT_LEADER_FOR_PARTITION LEADER_NOT_AVAILABLE REQUEST_TIMED_OUT NOT_ENOUGH_REPLICAS NOT_ENOUGH_REPLICAS_AFTER_APPEND \
	BROKER_NOT_AVAILABLE REPLICA_NOT_AVAILABLE KAFKA_STORAGE_ERROR; do
	mock push $produce $code $code $code >/dev/null
	go_on "Produce $code"
	mock clear $produce >/dev/null
done
for code in COORDINATOR_NOT_AVAILABLE COORDINATOR_LOAD_IN_PROGRESS REQUEST_TIMED_OUT _TRANSPORT; do
	mock push $init_producer $code $code >/dev/null
	go_on "InitProducerId $code"
	mock clear $init_producer >/dev/null
done
mock push $metadata _TRANSPORT REQUEST_TIMED_OUT LEADER_NOT_AVAILABLE >/dev/null
go_on 'Metadata'
mock clear $metadata >/dev/null

# a connection that is cut: the mock cluster, other than Kafka, does not know a batch that is sent again by its number
mock topic cut 4 3 >/dev/null
mock push $produce _TRANSPORT _TRANSPORT _TRANSPORT >/dev/null
numbers 1 2000 >in
status 0 'publish: Produce _TRANSPORT: goes on' ours wb-kafka-publish -t cut -k k in
mock clear $produce >/dev/null
ours wb-kafka-extract -t cut -e >back
is "$(have back | uniq | wc -l)" 2000 'publish: Produce _TRANSPORT: nothing lost'

# and what is not: it ends with its status, in time, and says what the matter is
# ends STATUS API CODE
ends() {
	mock push "$2" "$3" "$3" "$3" "$3" "$3" "$3" "$3" "$3" >/dev/null
	numbers 1 10 >in
	status "$1" "publish: $3: ends" ours wb-kafka-publish -t refused -k k in
	like "$(cat "$tmp/err")" '^wb-kafka-publish: refused: .' "publish: $3: is told"
	mock clear "$2" >/dev/null
}
mock topic refused 1 3 >/dev/null
ends 78 $produce TOPIC_AUTHORIZATION_FAILED
ends 78 $produce MSG_SIZE_TOO_LARGE
ends 75 $produce INVALID_RECORD
ends 75 $produce INVALID_TIMESTAMP
ends 75 $produce INVALID_REQUIRED_ACKS
ends 75 $produce UNSUPPORTED_FOR_MESSAGE_FORMAT
ends 75 $produce POLICY_VIOLATION
ends 78 $init_producer CLUSTER_AUTHORIZATION_FAILED
# what has gone wrong once may be in order at the next start
for code in NETWORK_EXCEPTION OUT_OF_ORDER_SEQUENCE_NUMBER UNKNOWN_PRODUCER_ID INVALID_PRODUCER_EPOCH; do
	mock push $produce $code >/dev/null
	ours wb-kafka-publish -t refused -k k in 2>err; rc=$?
	ok "publish: $code: goes on, or is to be started again ($rc)" test $rc -eq 0 -o $rc -eq 75
	mock clear $produce >/dev/null
done
mock topicerr refused TOPIC_AUTHORIZATION_FAILED >/dev/null
status 78 'publish: no right to the topic' ours wb-kafka-publish -t refused in
is "$(cat "$tmp/err")" 'wb-kafka-publish: refused: Broker: Topic authorization failed' 'in one line'
mock topicerr refused NO_ERROR >/dev/null

# leaders that move, brokers that go and come, long ways, under way
mock topic moving 4 3 >/dev/null
mkfifo slow
feed() { n=0; until [ -e enough ]; do numbers $((n + 1)) $((n + 50)); n=$((n + 50)); echo $n >made; sleep 0.02; done; }
wb-csv-extract -t f /dev/null	# so that the lane's programs are all here
feed >slow & feeder=$!
wb-run -n moving --once -- 'wb-csv-extract -t f slow' 'wb-kafka-publish -t moving -k k' 2>moving.err & lane=$!
arrived() { ours wb-kafka-extract -t moving -e 2>/dev/null | wc -l; }
more() { [ "$(arrived)" -gt "$before" ]; }
# step WHAT COMMAND: something arrives after it
step() {
	what=$1; shift
	mock "$@" >/dev/null
	before=$(arrived)
	ok "publish: $what" soon more
}
step 'leaders move' leader moving 0 2
step 'and again' leader moving 1 3
mock leader moving 2 -1 >/dev/null
step 'a partition has no leader, then one' leader moving 2 1
step 'a long way' rtt 1 500
step 'a short one' rtt 1 0
for b in 1 2 3; do
	mock down $b >/dev/null
	ok "publish: broker $b is away: it is told" until_true 60 grep -q "^wb-kafka-publish: .*:$(echo "$WB_BROKERS" | cut -d, -f$b | cut -d: -f2)/" moving.err
	step "broker $b is back" up $b
done
mock down 0 >/dev/null
ok 'publish: all brokers are away: it is told' until_true 60 grep -q '^wb-kafka-publish: .*127' moving.err
step 'all are back' up 0
: >enough; wait $feeder
wait $lane; is $? 0 'publish: all is acknowledged' || cut -c1-300 moving.err | head
ours wb-kafka-extract -t moving -e >back
is "$(have back | uniq | wc -l)" "$(cat made)" 'publish: nothing is lost'

# ---- wb-kafka-extract: a lane that stays alive
mock topic in 4 3 >/dev/null
lane_of() { # NAME TOPIC
	wb-run -n "$1" -- "wb-kafka-extract $quick -X topic.metadata.refresh.interval.ms=100 -t $2 -G $1 --ckpt 1s,500" "tee -a $1.got" "$pass -s --quiet" 2>>"$1.err" &
	lane=$!
}
all() { [ "$(have "$1.got" | uniq | wc -l)" -eq "$i" ]; }
i=0
comes() { # WHAT
	numbers $((i + 1)) $((i + 200)) | ours wb-kafka-publish -t in -k k; i=$((i + 200))
	ok "extract: $1: goes on" soon all alive
}
lane_of alive in
comes 'at first'
for code in NOT_LEADER_FOR_PARTITION LEADER_NOT_AVAILABLE UNKNOWN_TOPIC_OR_PART REPLICA_NOT_AVAILABLE KAFKA_STORAGE_ERROR UNKNOWN_LEADER_EPOCH \
	OFFSET_NOT_AVAILABLE REQUEST_TIMED_OUT TOPIC_AUTHORIZATION_FAILED UNKNOWN INVALID_MSG _TRANSPORT; do
	mock push $fetch $code $code $code >/dev/null
	comes "Fetch $code"
	mock clear $fetch >/dev/null
done
for code in COORDINATOR_NOT_AVAILABLE COORDINATOR_LOAD_IN_PROGRESS NOT_COORDINATOR REQUEST_TIMED_OUT GROUP_AUTHORIZATION_FAILED \
	INVALID_COMMIT_OFFSET_SIZE OFFSET_METADATA_TOO_LARGE UNKNOWN_TOPIC_OR_PART _TRANSPORT; do
	mock push $offset_commit $code $code >/dev/null
	comes "OffsetCommit $code"
	mock clear $offset_commit >/dev/null
done
for code in COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR _TRANSPORT; do
	mock push $heartbeat $code >/dev/null
	comes "Heartbeat $code"
	mock clear $heartbeat >/dev/null
done
for code in COORDINATOR_NOT_AVAILABLE GROUP_AUTHORIZATION_FAILED _TRANSPORT; do
	mock push $find_coordinator $code $code >/dev/null
	mock coordinator alive $((${#code} % 3 + 1)) >/dev/null
	comes "FindCoordinator $code, and the coordinator moves"
	mock clear $find_coordinator >/dev/null
done
for b in 1 2 3; do
	mock down $b >/dev/null; mock up $b >/dev/null; comes "broker $b goes and comes"
	mock rtt $b 500 >/dev/null; comes "a long way to broker $b"; mock rtt $b 0 >/dev/null
done
mock down 0 >/dev/null
ok 'extract: all brokers are away: it is told' until_true 60 grep -q '^wb-kafka-extract: .*127' alive.err
mock up 0 >/dev/null
comes 'all brokers are back'
kill -TERM $lane; wait $lane; is $? 0 'extract: the lane drains'
is "$(have alive.got | uniq -d | wc -l)" 0 'extract: nothing was read twice'
is "$(grep -c 'starts again in' alive.err)" "$(grep -c 'does not come though the broker has it' alive.err)" 'extract: the lane was not started again for any of it'
status 0 'extract: and what it has read is committed' ours wb-run -n alive --once -- "wb-kafka-extract $quick -t in -G alive -e" 'tee rest.got' "$pass -s --quiet"
is "$(have rest.got | wc -l)" 0 'extract: all of it'

# ---- leaders that move under a reader: librdkafka forgets a partition now and then, and the lane starts again for it
mock topic roam 4 3 >/dev/null
i=0
lane_of roam roam
for n in 1 2 3 4 5 6 7 8; do
	mock leader roam $((n % 4)) $((n % 3 + 1)) >/dev/null
	numbers $((i + 1)) $((i + 200)) | ours wb-kafka-publish -t roam -k k; i=$((i + 200))
	ok "extract: leaders move, $n: nothing is lost" soon all roam
done
kill -TERM $lane; wait $lane; is $? 0 'extract: the lane drains'
is "$(grep -c 'starts again in' roam.err)" "$(grep -c 'does not come though the broker has it' roam.err)" 'extract: it was started again for nothing else'

# ---- a start that goes wrong at first: bounded lanes, each a group of its own
mock topic short 2 3 >/dev/null
numbers 1 100 | ours wb-kafka-publish -t short -k k
bounded() { ours wb-run -n "$1" --once -- "wb-kafka-extract $quick -t short -G $1 -e" "tee $1.got" "$pass -s --quiet"; }
reads_all() { is "$(have "$1.got" | uniq | wc -l) $(have "$1.got" | wc -l)" '100 100' "$2"; }
# begins NAME API CODE
begins() {
	mock push "$2" "$3" "$3" >/dev/null
	status 0 "extract: $1 $3: is tried again" bounded "$1-$3"
	mock clear "$2" >/dev/null
	reads_all "$1-$3" "extract: $1 $3: all is read, once"
}
for code in COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR UNKNOWN_MEMBER_ID GROUP_AUTHORIZATION_FAILED _TRANSPORT; do begins JoinGroup $join $code; done
for code in REBALANCE_IN_PROGRESS ILLEGAL_GENERATION _TRANSPORT; do begins SyncGroup $sync $code; done
for code in COORDINATOR_LOAD_IN_PROGRESS NOT_COORDINATOR _TRANSPORT; do begins OffsetFetch $offset_fetch $code; done
for code in NOT_LEADER_FOR_PARTITION LEADER_NOT_AVAILABLE _TRANSPORT; do begins ListOffsets $list_offsets $code; done

# ---- what a lane must die of: 75, and nothing is committed, so that the next one reads all of it
for code in UNKNOWN_MEMBER_ID ILLEGAL_GENERATION FENCED_INSTANCE_ID; do
	mock push $offset_commit $code $code $code $code >/dev/null
	status 75 "extract: OffsetCommit $code: ends" bounded "commit-$code"
	like "$(cat "$tmp/err")" "group commit-$code: (commit refused|.* has the group.instance.id|another member)" "extract: OffsetCommit $code: is told"
	mock clear $offset_commit >/dev/null
	status 0 "extract: OffsetCommit $code: the next run" bounded "commit-$code"
	reads_all "commit-$code" "extract: OffsetCommit $code: reads all again"
done
code=OFFSET_OUT_OF_RANGE
mock push $fetch $code $code $code $code >/dev/null
status 75 "extract: Fetch $code: ends" bounded "fetch-$code"
like "$(cat "$tmp/err")" 'short:[01]: ' "extract: Fetch $code: is told"
mock clear $fetch >/dev/null
status 0 "extract: Fetch $code: the next run" bounded "fetch-$code"
reads_all "fetch-$code" "extract: Fetch $code: reads all again"
done_testing
