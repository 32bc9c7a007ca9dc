#!/bin/sh
# The stream as a lane: a real Kafka, the embedded engine, stages that are killed.  Nothing is lost, nothing is double, and the
# documents are those of the files in one go.  Then an interval again, and time that goes on.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
. "$top/tests/kafka.sh"
. "$top/tests/stream.sh"
unset XDG_RUNTIME_DIR WB_CONF; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
seed=${SEED:-$$}; echo "# SEED=$seed"
if ! start_kafka; then
	skip 'the stream' 'no Kafka (scripts/need kafka, scripts/fetch-kafka)'
	done_testing
fi
if ! start_chdb; then
	skip 'the stream' 'no libchdb'
	done_testing
fi
WB_BROKERS=$kafka_brokers WB_STORE=$chdb_url WB_NOW=$now WB_GROUP=stream WB_MAX_REJECTS=100000,100 WB_CKPT=1s,100
export WB_BROKERS WB_STORE WB_NOW WB_GROUP WB_MAX_REJECTS WB_CKPT
stream_platform 3000
stream_store

# ---- stages are killed while the messages come
stream_topic
stream_kills 15 8 0 600
stream_settled 120; [ $tap_failed -eq 0 ] || tail -n 20 lane.err
like "$(wb-run --status stream)" '^stream	runs	[0-9.]+ s ago	\{"run":"' 'wb-run knows how far it is'
kill -TERM $lane; wait $lane
is $? 0 'SIGTERM drains the lane' || tail lane.err

stream_exact

# ---- an interval again
marts() { for m in delivery sla; do
	key='day, client_id, carrier_id, service_code, dest_region'
	[ $m = delivery ] || key="$key, sla_rule_id, promise_source"
	wb-sql -q "SELECT * FROM v_${m}_day_from_facts ORDER BY $key" >by_sql
	wb-sql -q "SELECT * EXCEPT (computed_at, batch_id) FROM mart_${m}_day ORDER BY $key" >by_lane
	same by_sql by_lane "$1: mart_${m}_day"
	ok "$1: has rows" test -s by_lane
done; }
q 'TRUNCATE TABLE fct_shipment' >/dev/null
q 'TRUNCATE TABLE fct_event' >/dev/null
status 0 'wb-backfill' wb-backfill -2h "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)"
is "$(cat out err)" '' 'says nothing when all is well'
is "$(q 'SELECT count() FROM v_event')" "$distinct" 'brings all events back'
stream_documents 'and the documents'
marts 'wb-backfill'
status 0 'of an interval without messages' wb-backfill 2020-01-01 2020-01-02
is "$(q 'SELECT count(), uniqExact(shipment_id, event_id) FROM v_event')" "$(printf '%d\t%d' "$distinct" "$distinct")" 'changes nothing'
status 64 'without an interval' wb-backfill 2020-01-01
status 64 'of what is no time' wb-backfill yesterday today
unset WB_STORE
status 78 'without a store' wb-backfill 2020-01-01 2020-01-02
printf 'WB_STORE=%s\n' "$chdb_url" >conf
WB_CONF=$tmp/conf status 0 'which the configuration names' wb-backfill 2020-01-01 2020-01-02
WB_CONF=$tmp/none status 78 'a configuration that is not there' wb-hourly
WB_STORE=$chdb_url; export WB_STORE

# ---- time goes on
later=2026-04-20T00:00:00.000Z
due=$(q "SELECT count() FROM v_shipment WHERE is_open AND judge_at <= '2026-04-20 00:00:00'")
ok "some are to be judged again ($due)" test "$due" -gt 0
WB_NOW=$later status 0 'wb-hourly' wb-hourly
is "$(cat out err)" '' 'says nothing when all is well'
is "$(q "SELECT count() FROM v_shipment WHERE is_open AND judge_at <= '2026-04-20 00:00:00'")" 0 'then none is left'
stream_verdicts $later
stream_documents 'and all verdicts are those of the later time'
marts 'wb-hourly'
status 64 'an operand' wb-hourly now
done_testing
