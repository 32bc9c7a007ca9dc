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
#   kafka_committed GROUP TOPIC  the group's offsets, "0:12 1:7", in the order of the partitions
# shellcheck shell=sh
# shellcheck disable=SC2154

kafka_java() { java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=file:$tmp/kafka/log4j2.xml" -cp "$kafka_jars/*" "$@"; }

start_kafka() {
	command -v java >/dev/null && command -v kcat >/dev/null || return 1
	kafka_jars=$("$top/scripts/fetch-kafka" 2>/dev/null) || return 1
	if [ ! -d "$tmp/kafka" ]; then
		mkdir -p "$tmp/kafka"
		[ -n "${kafka_port:-}" ] || kafka_port=$(free_port) kafka_controller=$(free_port)
		kafka_brokers=127.0.0.1:$kafka_port
		cat >"$tmp/kafka/log4j2.xml" <<-END
		<Configuration status="error"><Appenders><Console name="C" target="SYSTEM_OUT"><PatternLayout pattern="%d{ISO8601} %p %m (%c)%n"/></Console></Appenders>
		<Loggers><Root level="warn"><AppenderRef ref="C"/></Root></Loggers></Configuration>
		END
		# short delays wherever a test would wait: the first rebalance, retention, the registration of a killed broker
		cat >"$tmp/kafka/server.properties" <<-END
		process.roles=broker,controller
		node.id=1
		controller.listener.names=CONTROLLER
		listeners=PLAINTEXT://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$kafka_controller
		advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_port
		listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
		inter.broker.listener.name=PLAINTEXT
		controller.quorum.bootstrap.servers=127.0.0.1:$kafka_controller
		log.dirs=$tmp/kafka/data
		num.partitions=4
		auto.create.topics.enable=false
		offsets.topic.num.partitions=4
		offsets.topic.replication.factor=1
		transaction.state.log.num.partitions=4
		transaction.state.log.replication.factor=1
		transaction.state.log.min.isr=1
		share.coordinator.state.topic.replication.factor=1
		share.coordinator.state.topic.min.isr=1
		group.initial.rebalance.delay.ms=0
		group.min.session.timeout.ms=1000
		log.retention.check.interval.ms=500
		log.initial.task.delay.ms=500
		log.segment.delete.delay.ms=0
		log.cleaner.dedupe.buffer.size=2097152
		message.max.bytes=4194304
		num.network.threads=2
		num.io.threads=2
		num.recovery.threads.per.data.dir=1
		broker.session.timeout.ms=2000
		broker.heartbeat.interval.ms=200
		${kafka_extra:-}
		END
		kafka_java kafka.tools.StorageTool format --standalone -t 4L6g3nShT-eMCtK--X86sw -c "$tmp/kafka/server.properties" >"$tmp/kafka/format.log" 2>&1 || return 1
	fi
	java -Xms128m -Xmx512m -XX:+UseSerialGC "-Dlog4j2.configurationFile=file:$tmp/kafka/log4j2.xml" -cp "$kafka_jars/*" \
		kafka.Kafka "$tmp/kafka/server.properties" >>"$tmp/kafka/log" 2>&1 </dev/null &
	kafka_pid=$!
	servers_pids="$servers_pids $kafka_pid"
	# each kcat on a dead port takes a second, so the process is looked at first
	until_true 60 sh -c "! kill -0 $kafka_pid || timeout 2 kcat -b $kafka_brokers -L -m 1" && kill -0 "$kafka_pid" 2>/dev/null
}

stop_kafka() { kill_server "$kafka_pid" TERM; }

kafka_admin() {
	kafka_class=$1; shift
	kafka_java "$kafka_class" --bootstrap-server "$kafka_brokers" "$@"
}

kafka_topic() {
	kafka_name=$1 kafka_parts=$2; shift 2
	kafka_admin org.apache.kafka.tools.TopicCommand --create --topic "$kafka_name" --partitions "$kafka_parts" --replication-factor 1 "$@" >"$tmp/kafka/topic.log" 2>&1
}

kafka_committed() {
	kafka_admin org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --describe --group "$1" --offsets 2>/dev/null |
	awk -v t="$2" '$2 == t && $4 != "-" { print $3 ":" $4 }' | sort -n | paste -sd' '
}
