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
done_testing
