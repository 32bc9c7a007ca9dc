# A real Apache Kafka for tests in sh; sourced behind tests/lib.sh and tests/servers.sh.
#   start_kafka                  one node in $tmp/kafka on free ports of the loopback; sets
#                                kafka_brokers kafka_pid.  0, or 1 when it cannot be had (say
#                                so with skip).  It is stopped, by pid, at the end of the test.
#                                Called again after kill_server "$kafka_pid", or after
#                                stop_kafka, it starts on the kept data and the same ports.
#   stop_kafka                   in good order
#                                kafka_extra holds more lines of its server.properties, for which
#                                kafka_port and kafka_controller may be set before.
#   kafka_topic NAME PARTITIONS [TopicCommand options ...]
#   kafka_admin CLASS ...        a command of Kafka's: kafka_admin org.apache.kafka.tools.TopicCommand --list
#   kafka_java CLASS ...         the same without the brokers
#   kafka_committed GROUP TOPIC  the group's offsets, "0:12 1:7", in the order of the partitions
# shellcheck shell=sh
# shellcheck disable=SC2154

kafka_java() { "$top/scripts/kafka" --admin "$@"; }

start_kafka() {
	command -v java >/dev/null && command -v kcat >/dev/null && "$top/scripts/fetch-kafka" >/dev/null 2>&1 || return 1
	[ -n "${kafka_port:-}" ] || kafka_port=$(free_port) kafka_controller=$(free_port)
	kafka_brokers=127.0.0.1:$kafka_port
	"$top/scripts/kafka" "$tmp/kafka" "$kafka_port" "$kafka_controller" ${kafka_extra:+"$kafka_extra"} </dev/null >"$tmp/.kafka" 2>&1 &
	kafka_pid=$!
	servers_pids="$servers_pids $kafka_pid"
	# a kcat on a dead port takes all its time, so process and port are looked at first
	until_true 60 sh -c "! kill -0 $kafka_pid || { perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => shift)' $kafka_brokers && timeout 30 kcat -b $kafka_brokers -L -m 20; }" &&
		kill -0 "$kafka_pid" 2>/dev/null
}

stop_kafka() { kill_server "$kafka_pid" TERM; }

kafka_admin() {
	kafka_class=$1; shift
	kafka_java "$kafka_class" --bootstrap-server "$kafka_brokers" "$@"
}

kafka_topic() {
	kafka_name=$1 kafka_parts=$2; shift 2
	# a broker that is busy may have made it, and not said so in time
	for kafka_try in 1 2 3; do
		kafka_admin org.apache.kafka.tools.TopicCommand --create --topic "$kafka_name" --partitions "$kafka_parts" --replication-factor 1 "$@" >"$tmp/kafka/topic.log" 2>&1 && return
		[ "$kafka_try" -eq 1 ] || ! grep -q 'already exists' "$tmp/kafka/topic.log" || return 0
		grep -q -i 'timeout\|timed out' "$tmp/kafka/topic.log" || return 1
	done
	return 1
}

kafka_committed() {
	for kafka_try in 1 2 3; do
		kafka_admin org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --describe --group "$1" --offsets >"$tmp/kafka/offsets.$1" 2>&1
		grep -q -i 'timeout\|timed out' "$tmp/kafka/offsets.$1" || break		# of a busy broker
	done
	awk -v t="$2" '$2 == t && $4 != "-" { print $3 ":" $4 }' "$tmp/kafka/offsets.$1" | sort -n | paste -sd' '
}
