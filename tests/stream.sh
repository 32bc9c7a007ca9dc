# The stream for tests in sh: a platform, what is to come of its messages by files, stages that are killed while they come, and
# the store compared with that; sourced behind tests/servers.sh and tests/kafka.sh.  Everything lies in the current folder.
# $engine is chdb (default) or 18.16, of which a time has only seconds; $seed is for draw.
#   stream_platform SHIPMENTS [SEED [MESSAGES [OPTION ...]]]
#                              makes p/ (wb-sample with OPTIONs, seed 5) and messages, the first MESSAGES or all; by files,
#                              at $now: p/distinct (keys of events), p/rejects, p/docs.  Sets produced distinct rejected
#                              stream_filtered; two tests.
#   stream_store               tables and reference data in WB_STORE
#   stream_topic               the topic, of four partitions; sets WB_KAFKA_CONF to a file that makes the group quick
#   stream_send FILE ...       their lines, as messages
#   stream_start               wb-run of stream.lane in the background, $lane, as soon as none runs; what it says: lane.err
#   draw N                     drawn: 0 to N - 1; follows from $seed and the draws before
#   stream_kills PARTS KILLS MIN MAX
#                              starts the lane; sends messages in PARTS, the next one when the lane has got on, and kills a
#                              stage MIN to MAX ms after all are there, or, more often, after the lane has got on, until all
#                              is sent and KILLS (a line in the file kills) are done; one test.
#                              Calls stream_aside before each kill with their number, for what else is to die; it tells so
#                              by a status of 0.
#   stream_stored N            true: at least N events are visible
#   stream_settled SECONDS     waits until all events and rejects are stored and all messages committed; three tests
#   stream_exact               nothing lost, nothing double, each reject once, documents as by files; nine tests
#   stream_verdicts NOW [EVENTS DOCS]  the documents that come of events by files; of p/events, into p/docs
#   stream_documents NAME [DOCS]  the documents of the store are those of p/docs; there are some
#   q SQL                      what the store answers, as TSV
# shellcheck shell=sh disable=SC2034,SC2154
now=2026-04-01T00:00:00.000Z
engine=${engine:-chdb}
lane='' stream_watcher=''
stream_end() { for stream_p in $lane $stream_watcher; do kill -9 "$stream_p" 2>/dev/null; done; stop_servers; }
tap_end=stream_end

q() { wb-sql --format tsv -q "$1"; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 4)"; fi; }

# ---- what is to come

stream_times() { if [ "$engine" = 18.16 ]; then sed -E 's/(T[0-9:]{8})\.[0-9]{3}Z"/\1.000Z"/g'; else cat; fi; }

stream_verdicts() {
	wb-fold --now "$1" "${2:-p/events}" | wb-enrich --shipments p/shipments.ndjson --clients p/clients.ndjson --carriers p/carriers.ndjson \
		--regions p/regions.ndjson --contacts p/support_contacts.ndjson | wb-sla-tag >"${3:-p/docs}"
}

stream_platform() {
	stream_shipments=$1 stream_seed=${2:-5} stream_most=${3:-999999999}
	if [ $# -gt 3 ]; then shift 3; else shift $#; fi
	wb-sample --seed "$stream_seed" --shipments "$stream_shipments" "$@" --out p >/dev/null 2>&1
	rm -f p/integrations_log.ndjson p/shipment_events.ndjson
	head -n "$stream_most" p/tracking.events.ndjson >p/topic && mv p/topic p/tracking.events.ndjson
	sed 's/^{"_src":\[[^]]*\],/{/' p/tracking.events.ndjson >messages
	produced=$(wc -l <messages)
	for stream_f in p/shipments.ndjson p/support_contacts.ndjson; do stream_times <$stream_f >p/times && mv p/times $stream_f; done
	wb-normalize -v --max-rejects 10000000,100 --carriers p/carriers.ndjson --shipments p/shipments.ndjson --rejects p/rejects \
		p/tracking.events.ndjson 2>p/err | stream_times >p/events
	stream_verdicts $now
	# as they begin: _src, shipment_id, event_id
	awk -F'"' '$6 == "shipment_id" && $10 == "event_id" { print $8, $12 }' p/events | LC_ALL=C sort >p/keys
	uniq p/keys >p/distinct
	distinct=$(wc -l <p/distinct) rejected=$(wc -l <p/rejects)
	stream_filtered=$(sed -n 's/.* rejected, \([0-9]*\) filtered.*/\1/p' p/err)
	ok 'there are duplicates and rejects' test "$distinct" -gt $((stream_shipments * 3)) -a "$distinct" -lt "$(wc -l <p/keys)" -a "$rejected" -gt 0
	is $(($(wc -l <p/keys) + rejected + stream_filtered)) "$produced" 'events, rejects and what is filtered are the messages'
}

# ---- the way there

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

# the stages of a lane that was killed hold its lock until the last one has ended
stream_stopped() { ! wb-run --status stream 2>/dev/null | grep -q '	runs	'; }
stream_start() {
	until_true 60 stream_stopped || return 1
	wb-run "$top/scripts/lanes/stream.lane" 2>>lane.err & lane=$!
}

# ---- what dies

stream_draws=0
draw() { drawn=$(awk -v s="$seed" -v d="$stream_draws" -v n="$1" 'BEGIN { srand(s * 7919 + d); rand(); print int(rand() * n) }') stream_draws=$((stream_draws + 1)); }

stream_aside() { return 1; }
stream_pids() { pgrep -P "$lane" | sort -n; }
stream_up() { [ "$(stream_pids | wc -l)" -eq 7 ]; }
# the last checkpoint that was acknowledged
stream_acked() { cat "$WB_LOCKS/stream.status" 2>/dev/null; }
stream_moved() { [ "$(stream_acked)" != "$stream_was" ]; }
stream_done() { wc -l <kills; }

# stream_kill MIN MAX
stream_kill() {
	# never two before it has got on, or it starts again later and later
	draw 2; stream_blind=$((drawn * (1 - ${stream_blind:-0})))
	draw $(($2 - $1)); stream_pause=$((drawn + $1))
	draw 7; stream_stage=$((drawn + 1))
	stream_was=$(stream_acked)
	until_true 120 stream_up || return 1
	[ "$stream_blind" -eq 1 ] || until_true 120 stream_moved || return 1
	sleep "$((stream_pause / 1000)).$(printf %03d $((stream_pause % 1000)))"
	stream_pid=$(stream_pids | sed -n "${stream_stage}p")
	{ [ -n "$stream_pid" ] && kill -9 "$stream_pid"; } 2>/dev/null || return 0
	echo "$(date +%s.%N) $(echo wb-kafka-extract wb-normalize fct_event wb-fold wb-enrich wb-sla-tag fct_shipment | cut -d' ' -f$stream_stage)" >>kills
}

# acks: when the first checkpoint of each run of the lane was acknowledged
stream_watch() {
	stream_run=
	while :; do
		stream_now=$(stream_acked | sed 's/.*"run":"\([^"]*\)".*/\1/')
		[ -z "$stream_now" ] || [ "$stream_now" = "$stream_run" ] || date +%s.%N -r "$WB_LOCKS/stream.status" >>acks
		stream_run=$stream_now
		sleep 0.05
	done
}

# what is told of them; the time of those after which nothing else died before the lane had got on
stream_tell() {
	echo "# $(stream_done) kills: $(awk '{ n[$2]++ } END { for (s in n) printf "%s %d, ", s, n[s] }' kills)$(grep -c 'killed by signal 9' lane.err) were seen, SEED=$seed"
	{ sed 's/ .*/ k/' kills; sed 's/$/ a/' asides; cat acks; } | sort -n |
	awk '$2 == "k" { t = $1; next } $2 == "a" { t = 0; next } t { printf "%.3f\n", $1 - t; t = 0 }' | sort -n >recovery
	awk 'function at(q) { i = int(NR * q); return v[i < NR * q ? i + 1 : i] } { v[NR] = $1 }
		END { if (NR) printf "# from a kill to the next acknowledged checkpoint, s: n %d, p50 %.2f, p95 %.2f, max %.2f\n", NR, at(.5), at(.95), v[NR] }' recovery
}

stream_kills() {
	stream_least=$2 stream_min=$3 stream_max=$4 stream_sent=
	rm -f part.*; split -a 4 -n "l/$1" messages part.
	: >kills; : >acks; : >asides; : >lane.err
	stream_watch & stream_watcher=$!
	stream_start
	set -- part.*
	while [ $# -gt 0 ] || [ "$(stream_done)" -lt "$stream_least" ]; do
		if [ $# -gt 0 ] && [ "$(stream_acked)" != "$stream_sent" -o ! -f sent ]; then
			stream_sent=$(stream_acked); : >sent
			stream_send "$1" || fail "sending $1"
			shift
		fi
		stream_from=$(date +%s.%N)
		! stream_aside "$(stream_done)" || { echo "$stream_from"; date +%s.%N; } >>asides
		stream_kill "$stream_min" "$stream_max" || { fail 'the lane gets on' "$(tail -n 30 lane.err)"; break; }
	done
	kill $stream_watcher; wait $stream_watcher 2>/dev/null; stream_watcher=
	rm -f part.* sent
	stream_tell
	ok "stages were killed ($(stream_done))" test "$(stream_done)" -ge "$stream_least"
}

# ---- what has come

stream_stored() { [ "$(q 'SELECT count() FROM v_event')" -ge "$1" ]; }
stream_rejects() { [ "$(q 'SELECT count() FROM wb_reject FINAL')" -ge "$rejected" ]; }
stream_committed() { [ "$(kafka_committed "$WB_GROUP" tracking.events | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" = "$produced" ]; }

stream_settled() {
	ok 'all events come' until_true "$1" stream_stored "$distinct"
	ok 'all rejects come' until_true "$1" stream_rejects
	ok 'all messages are committed' until_true "$1" stream_committed
}

stream_documents() {
	# 18.16 has no Bool
	stream_plain='map_values(if . == true then 1 elif . == false then 0 else . end)'
	wb-sql -q 'SELECT * FROM v_shipment' | jq -Sc "del(.loaded_at, .version, .days${stream_apart:-}) | $stream_plain" | LC_ALL=C sort >got
	[ -s got ] || { fail "$1" 'the store has none'; return; }
	jq -Sc "$(head -n 1 got | jq -r 'keys | "{" + join(",") + "}"') | $stream_plain" "${2:-p/docs}" | LC_ALL=C sort >want
	same want got "$1"
	# what the store has of the first one that differs
	if ! cmp -s want got; then
		stream_id=$(diff want got | sed -n 's/^[<>].*"shipment_id":"\([^"]*\)".*/\1/p' | head -n 1)
		q "SELECT 'document', version, events_n, status, loaded_at FROM fct_shipment WHERE shipment_id = '$stream_id' ORDER BY version" | sed 's/^/# /'
		q "SELECT 'event', event_id, version, status, src_partition, src_offset, loaded_at FROM fct_event WHERE shipment_id = '$stream_id' ORDER BY loaded_at" | sed 's/^/# /'
	fi
}

stream_exact() {
	q 'SELECT shipment_id, event_id FROM v_event' | tr '\t' ' ' | LC_ALL=C sort >got
	is "$(LC_ALL=C comm -23 p/distinct got | wc -l)" 0 'no event is lost'
	is "$(uniq -d got | wc -l)" 0 'none is visible twice'
	is "$(LC_ALL=C comm -13 p/distinct got | wc -l)" 0 'nor is there any that was not sent'
	is "$(q 'SELECT count(), uniqExact(shipment_id, event_id) FROM v_event')" "$(printf '%d\t%d' "$distinct" "$distinct")" 'the store counts as many'
	is "$(q 'SELECT count(), uniqExact(src_partition, src_offset) FROM wb_reject FINAL')" "$(printf '%d\t%d' "$rejected" "$rejected")" 'each reject is kept once'
	is "$(q 'SELECT code, count() FROM wb_reject FINAL GROUP BY code ORDER BY code')" "$(jq -r '."@reject".code' p/rejects | sort | uniq -c | awk '{print $2 "\t" $1}')" 'by the same code'
	is "$(q 'SELECT count(), uniqExact(shipment_id) FROM v_shipment' | tr '\t' ' ')" "$(wc -l <p/docs) $(wc -l <p/docs)" 'each shipment has one document'
	stream_documents 'the documents are those of the files in one go'
	ok 'there are some' test -s want
}
