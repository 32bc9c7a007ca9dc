#!/bin/sh
# The stream as a lane: a real Kafka, the embedded engine, stages that are killed.  Nothing is lost, nothing is double, and the
# documents are those of the files in one go.  Then an interval again, and time that goes on.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
. "$top/tests/kafka.sh"
unset XDG_RUNTIME_DIR WB_CONF; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
seed=${SEED:-$$}; echo "# SEED=$seed"
now=2026-04-01T00:00:00.000Z
if ! start_kafka; then
	skip 'the stream' 'no Kafka (scripts/need kafka, scripts/fetch-kafka)'
	done_testing
fi
if ! start_chdb; then
	skip 'the stream' 'no libchdb'
	done_testing
fi
WB_BROKERS=$kafka_brokers WB_STORE=$chdb_url WB_NOW=$now WB_GROUP=stream WB_MAX_REJECTS=100000,100 WB_CKPT=1s,100 WB_KAFKA_CONF=$tmp/kafka.conf
export WB_BROKERS WB_STORE WB_NOW WB_GROUP WB_MAX_REJECTS WB_CKPT WB_KAFKA_CONF
printf 'session.timeout.ms=6000\nheartbeat.interval.ms=200\n' >kafka.conf; chmod 600 kafka.conf

q() { wb-sql --format tsv -q "$1"; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 4)"; fi; }
reaches() { [ "$(q 'SELECT count() FROM v_event')" -ge "$1" ]; }

# ---- the platform, and what is to come of it, by files
wb-sample --seed 5 --shipments 3000 --out p >/dev/null 2>&1
sed 's/^{"_src":\[[^]]*\],/{/' p/tracking.events.ndjson >messages
produced=$(wc -l <messages)
wb-normalize -v --carriers p/carriers.ndjson --shipments p/shipments.ndjson --rejects p/rejects p/tracking.events.ndjson >p/events 2>p/err
wb-fold --now $now p/events | wb-enrich --shipments p/shipments.ndjson --clients p/clients.ndjson --carriers p/carriers.ndjson \
	--regions p/regions.ndjson --contacts p/support_contacts.ndjson | wb-sla-tag >p/docs
jq -r '"\(.shipment_id) \(.event_id)"' p/events | sort >p/keys
sort -u p/keys >p/distinct
distinct=$(wc -l <p/distinct) rejected=$(wc -l <p/rejects)
filtered=$(sed -n 's/.* rejected, \([0-9]*\) filtered.*/\1/p' p/err)
ok 'there are duplicates and rejects' test "$distinct" -gt 10000 -a "$distinct" -lt "$(wc -l <p/keys)" -a "$rejected" -gt 0
is $(($(wc -l <p/keys) + rejected + filtered)) "$produced" 'events, rejects and what is filtered are the messages'
jq -c '{client_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, name, segment, tier, home_region, is_active, row_hash: 1, version: 1}' p/clients.ndjson >p/dim_client
jq -c '{carrier_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, code, name, kind, tz: (.tz // ""), daily_capacity: (.daily_capacity // 0), is_active, row_hash: 1, version: 1}' p/carriers.ndjson >p/dim_carrier

wb-schema
for t in dim_client:dim_client dim_carrier:dim_carrier regions.ndjson:dim_region shipments.ndjson:stg_shipment support_contacts.ndjson:stg_contact; do
	wb-ch-load -t "${t#*:}" "p/${t%:*}" || fail "${t#*:}"
done

# ---- stages are killed while the messages come
kafka_topic tracking.events 4
split -n l/15 messages part.
wb-run "$top/scripts/lanes/stream.lane" 2>lane.err & lane=$!
kills=0 stored=0
random() { awk -v s="$seed$kills" -v n="$1" 'BEGIN{srand(s); rand(); print int(rand() * n)}'; }
for f in part.*; do
	kcat -b "$WB_BROKERS" -t tracking.events -P -l -X sticky.partitioning.linger.ms=0 "$f"
	until_true 60 reaches $((stored + 1)) || { fail "the lane stands at $stored" "$(tail -n 30 lane.err)"; break; }
	sleep "0.$(printf %03d "$(random 600)")"
	victim=$(pgrep -P $lane | awk -v n="$(random 7)" 'NR == n + 1')
	[ -z "$victim" ] || { kill -9 "$victim" && kills=$((kills + 1)); } 2>/dev/null
	stored=$(q 'SELECT count() FROM v_event')
done
ok "stages were killed ($kills)" test $kills -ge 8
echo "# $(grep -c 'killed by signal 9' lane.err) deaths were seen: $(sed -n 's/.*killed by signal 9: //p' lane.err | awk '{print $1, $2 == "--tee" || $2 == "-t" ? $NF : ""}' | sort | uniq -c | tr -s '\n ' ' ')"
ok 'all events come' until_true 120 reaches "$distinct" || tail -n 20 lane.err
all_rejects() { [ "$(q 'SELECT count() FROM wb_reject FINAL')" -ge "$rejected" ]; }
ok 'all rejects come' until_true 60 all_rejects
committed() { [ "$(kafka_committed stream tracking.events | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" = "$produced" ]; }
ok 'all messages are committed' until_true 60 committed
like "$(wb-run --status stream)" '^stream	runs	[0-9.]+ s ago	\{"run":"' 'wb-run knows how far it is'
kill -TERM $lane; wait $lane
is $? 0 'SIGTERM drains the lane' || tail lane.err

wb-sql -q 'SELECT shipment_id, event_id FROM v_event' | jq -r '"\(.shipment_id) \(.event_id)"' | sort >got
same p/distinct got 'no event is lost, none is visible twice'
is "$(q 'SELECT count(), uniqExact(shipment_id, event_id) FROM v_event')" "$(printf '%d\t%d' "$distinct" "$distinct")" 'nor counted twice'
is "$(q 'SELECT count(), uniqExact(src_partition, src_offset) FROM wb_reject FINAL')" "$(printf '%d\t%d' "$rejected" "$rejected")" 'each reject is kept once'
is "$(q 'SELECT code, count() FROM wb_reject FINAL GROUP BY code ORDER BY code')" "$(jq -r '."@reject".code' p/rejects | sort | uniq -c | awk '{print $2 "\t" $1}')" 'by the same code'
# documents NAME: those of the store are those of the files
documents() {
	wb-sql -q 'SELECT * FROM v_shipment ORDER BY shipment_id' | jq -Sc 'del(.loaded_at, .version, .days)' >got
	jq -Sc --slurpfile got got '. as $d | $got[0] | with_entries(.value = $d[.key])' p/docs | jq -sc 'sort_by(.shipment_id)[]' | jq -Sc . >want
	same want got "$1"
}
documents 'the documents are those of the files in one go'
ok 'there are some' test "$(wc -l <want)" -gt 2500

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
documents 'and the documents'
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
wb-fold --now $later p/events | wb-enrich --shipments p/shipments.ndjson --clients p/clients.ndjson --carriers p/carriers.ndjson \
	--regions p/regions.ndjson --contacts p/support_contacts.ndjson | wb-sla-tag >p/docs
documents 'and all verdicts are those of the later time'
marts 'wb-hourly'
status 64 'an operand' wb-hourly now
done_testing
