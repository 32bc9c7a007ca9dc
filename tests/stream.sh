# The stream for tests in sh: a platform, what is to come of its messages by files, and the store compared with that;
# sourced behind tests/servers.sh and tests/kafka.sh.  Everything lies in the current folder.
#   stream_platform SHIPMENTS  makes p/ (wb-sample, seed 5) and messages; by files, at $now: p/distinct (keys of events),
#                              p/rejects, p/docs.  Sets produced distinct rejected; two tests.
#   stream_store               tables and reference data in WB_STORE
#   stream_topic               the topic, of four partitions; sets WB_KAFKA_CONF to a file that makes the group quick
#   stream_send FILE ...       their lines, as messages
#   stream_stored N            true: at least N events are visible
#   stream_settled SECONDS     waits until all events and rejects are stored and all messages committed; three tests
#   stream_exact               nothing lost, nothing double, each reject once, documents as by files; six tests
#   stream_documents NAME      the documents of the store are those of p/docs
#   q SQL                      what the store answers, as TSV
# shellcheck shell=sh disable=SC2034,SC2154
now=2026-04-01T00:00:00.000Z

q() { wb-sql --format tsv -q "$1"; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 4)"; fi; }

# stream_verdicts NOW: p/docs
stream_verdicts() {
	wb-fold --now "$1" p/events | wb-enrich --shipments p/shipments.ndjson --clients p/clients.ndjson --carriers p/carriers.ndjson \
		--regions p/regions.ndjson --contacts p/support_contacts.ndjson | wb-sla-tag >p/docs
}

stream_platform() {
	wb-sample --seed 5 --shipments "$1" --out p >/dev/null 2>&1
	sed 's/^{"_src":\[[^]]*\],/{/' p/tracking.events.ndjson >messages
	produced=$(wc -l <messages)
	wb-normalize -v --carriers p/carriers.ndjson --shipments p/shipments.ndjson --rejects p/rejects p/tracking.events.ndjson >p/events 2>p/err
	stream_verdicts $now
	jq -r '"\(.shipment_id) \(.event_id)"' p/events | sort >p/keys
	sort -u p/keys >p/distinct
	distinct=$(wc -l <p/distinct) rejected=$(wc -l <p/rejects)
	stream_filtered=$(sed -n 's/.* rejected, \([0-9]*\) filtered.*/\1/p' p/err)
	ok 'there are duplicates and rejects' test "$distinct" -gt $(($1 * 3)) -a "$distinct" -lt "$(wc -l <p/keys)" -a "$rejected" -gt 0
	is $(($(wc -l <p/keys) + rejected + stream_filtered)) "$produced" 'events, rejects and what is filtered are the messages'
}

stream_store() {
	jq -c '{client_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, name, segment, tier, home_region, is_active, row_hash: 1, version: 1}' p/clients.ndjson >p/dim_client
	jq -c '{carrier_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, code, name, kind, tz: (.tz // ""), daily_capacity: (.daily_capacity // 0), is_active, row_hash: 1, version: 1}' p/carriers.ndjson >p/dim_carrier
	wb-schema
	for stream_t in dim_client:dim_client dim_carrier:dim_carrier regions.ndjson:dim_region shipments.ndjson:stg_shipment support_contacts.ndjson:stg_contact; do
		wb-ch-load -t "${stream_t#*:}" "p/${stream_t%:*}" || fail "${stream_t#*:}"
	done
}

stream_topic() {
	printf 'session.timeout.ms=6000\nheartbeat.interval.ms=200\n' >kafka.conf; chmod 600 kafka.conf
	WB_KAFKA_CONF=$PWD/kafka.conf; export WB_KAFKA_CONF
	kafka_topic tracking.events 4
}

stream_send() { for stream_f do kcat -b "$WB_BROKERS" -t tracking.events -P -l -X sticky.partitioning.linger.ms=0 "$stream_f"; done; }
stream_stored() { [ "$(q 'SELECT count() FROM v_event')" -ge "$1" ]; }
stream_rejects() { [ "$(q 'SELECT count() FROM wb_reject FINAL')" -ge "$rejected" ]; }
stream_committed() { [ "$(kafka_committed "$WB_GROUP" tracking.events | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" = "$produced" ]; }

stream_settled() {
	ok 'all events come' until_true "$1" stream_stored "$distinct"
	ok 'all rejects come' until_true "$1" stream_rejects
	ok 'all messages are committed' until_true "$1" stream_committed
}

stream_documents() {
	wb-sql -q 'SELECT * FROM v_shipment ORDER BY shipment_id' | jq -Sc 'del(.loaded_at, .version, .days)' >got
	jq -Sc --slurpfile got got '. as $d | $got[0] | with_entries(.value = $d[.key])' p/docs | jq -sc 'sort_by(.shipment_id)[]' | jq -Sc . >want
	same want got "$1"
}

stream_exact() {
	wb-sql -q 'SELECT shipment_id, event_id FROM v_event' | jq -r '"\(.shipment_id) \(.event_id)"' | sort >got
	same p/distinct got 'no event is lost, none is visible twice'
	is "$(q 'SELECT count(), uniqExact(shipment_id, event_id) FROM v_event')" "$(printf '%d\t%d' "$distinct" "$distinct")" 'nor counted twice'
	is "$(q 'SELECT count(), uniqExact(src_partition, src_offset) FROM wb_reject FINAL')" "$(printf '%d\t%d' "$rejected" "$rejected")" 'each reject is kept once'
	is "$(q 'SELECT code, count() FROM wb_reject FINAL GROUP BY code ORDER BY code')" "$(jq -r '."@reject".code' p/rejects | sort | uniq -c | awk '{print $2 "\t" $1}')" 'by the same code'
	stream_documents 'the documents are those of the files in one go'
	ok 'there are some' test -s want
}
