#!/bin/sh
# One topic, three ways: the live lane, an interval in a plain shell, the same by wb-backfill.  The documents and events are the
# same, and those of the files in one go; also where the interval cuts shipments in the middle.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
. "$top/tests/kafka.sh"
. "$top/tests/stream.sh"
unset XDG_RUNTIME_DIR WB_CONF; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
if ! start_kafka; then
	skip 'replays' 'no Kafka (scripts/need kafka, scripts/fetch-kafka)'
	done_testing
fi
if ! start_chdb; then
	skip 'replays' 'no libchdb'
	done_testing
fi
WB_BROKERS=$kafka_brokers WB_STORE=$chdb_url WB_NOW=$now WB_GROUP=live WB_MAX_REJECTS=100000,100 WB_CKPT=1s,2000 WB_QUIET=1
export WB_BROKERS WB_STORE WB_NOW WB_GROUP WB_MAX_REJECTS WB_CKPT WB_QUIET
empty() { for t in fct_shipment fct_event wb_reject; do q "TRUNCATE TABLE $t" >/dev/null; done; }

# ---- the platform in three pieces that cut shipments
stream_platform "${SHIPMENTS:-800}"
one=$((produced / 3)) two=$((produced * 2 / 3))
# by_files FROM TO FILE: the documents of these lines, by files in one go
by_files() {
	sed -n "$1,$2p" p/tracking.events.ndjson >lines
	wb-normalize --quiet --rejects rejects --carriers p/carriers.ndjson --shipments p/shipments.ndjson lines >events
	stream_verdicts $now events "$3"
}
by_files 1 $one first
by_files 1 $two both
by_files $((one + 1)) $two middle
for f in first middle; do jq -r .shipment_id $f | sort >$f.ids; done
cut=$(comm -12 first.ids middle.ids | wc -l)
ok "the first cut goes through shipments ($cut)" test "$cut" -gt 20
stream_store
stream_topic

# moment: a time that no message has, later than all that are there, earlier than all that come
moment() {
	ms=$(($(date +%s%3N) + 1))
	until [ "$(date +%s%3N)" -gt $ms ]; do :; done
	date -u -d "@${ms%???}.${ms#"${ms%???}"}" +%Y-%m-%dT%H:%M:%S.%3NZ
}
publish() { sed -n "$1,$2p" messages >lines; stream_send lines; }
t0=$(moment)
publish 1 $one; t1=$(moment)
publish $((one + 1)) $two; t2=$(moment)
publish $((two + 1)) "$produced"; t3=$(moment)

# events NAME: the store's are those that the live lane left, with their lineage
events() {
	wb-sql -q 'SELECT * EXCEPT (loaded_at) FROM v_event ORDER BY shipment_id, event_id' >got
	[ -f live.events ] || cp got live.events
	same live.events got "$1: events"
}

# ---- the live lane over everything
# live NAME: until all is acknowledged, then drained
live() {
	wb-run -n "$1" "$top/scripts/lanes/stream.lane" 2>"$1.err" & lane=$!
	acknowledged() { ended $lane || { wb-run --status "$live_name" | grep -q '"lag":0}' && stream_stored "$distinct"; }; }
	live_name=$1
	until_true 120 acknowledged
	kill -TERM $lane; wait $lane
	is $? 0 "$1: the lane drains" || tail "$1.err"
	lane=
}
WB_METRICS=$tmp live live
like "$(cat waybill-live.prom)" '^waybill_kafka_lag_records\{topic="tracking.events",partition="3"\} 0$' 'live: the lag is in the metrics'
like "$(cat waybill-live.prom)" '^waybill_kafka_acknowledged_timestamp_seconds\{topic="tracking.events",partition="3"\} [0-9]{10}\.[0-9]{3}$' 'live: and when the last acknowledgement came'
ok 'live: all is committed when the lag was 0' stream_committed
stream_exact
events 'live'

# ---- a plain shell into an empty store, then once more upon it
cat >shell.sh <<EOF
wb-kafka-extract -t tracking.events -o "@\$1" -O "@\$2" -e | wb-normalize --quiet --rejects rejects | wb-ch-load --tee -t fct_event |
	wb-fold --history --now $now | wb-enrich | wb-sla-tag | wb-ch-load -t fct_shipment
EOF
# again COMMAND ...: once more as long as it fails, as who sits at a shell does; a broker may be away for a while
again() { again_n=0; until "$@"; do again_n=$((again_n + 1)); [ $again_n -lt 20 ] || return 1; done; }
shell() { again bash -o pipefail shell.sh "$1" "$2"; }
empty
status 0 'shell' shell "$t0" "$t3"
stream_documents 'shell: documents'
events 'shell'
status 0 'the middle again' shell "$t1" "$t2"
stream_documents 'the middle again: documents'
events 'the middle again'

# ---- the lane's file in a plain shell
empty
sed -e '/^#/d' -e '/\\$/!s/$/ |/' -e '$s/ |$//' "$top/scripts/lanes/replay.lane" >replay.sh
WB_FROM=$t0 WB_TO=$t3 status 0 'the file of the lane in a shell' again bash -o pipefail replay.sh
stream_documents 'the file of the lane in a shell: documents'
events 'the file of the lane in a shell'

# ---- wb-backfill, likewise
empty
status 0 'wb-backfill' wb-backfill "$t0" "$t3"
stream_documents 'wb-backfill: documents'
events 'wb-backfill'
status 0 'wb-backfill of the middle' wb-backfill "$t1" "$t2"
stream_documents 'wb-backfill of the middle: documents'
events 'wb-backfill of the middle'

# ---- piece by piece, each another way: what the interval does not have is in the store
empty
status 0 'the first piece by a shell' shell "$t0" "$t1"
stream_documents 'the first piece by a shell: documents' first
status 0 'the second by wb-backfill' wb-backfill "$t1" "$t2"
stream_documents 'the second by wb-backfill: documents' both
WB_GROUP=goes_on WB_START=@$t2 live goes_on
stream_documents 'the third by the live lane: documents'
events 'the third by the live lane'

# ---- and a piece without what was before
empty
status 0 'the second piece alone' wb-backfill "$t1" "$t2"
stream_documents 'the second piece alone: documents' middle
done_testing
