#!/bin/sh
# One topic, three ways: the live lane, an interval in a plain shell, the same by wb-backfill.  The documents and events are the
# same, and those of the files in one go; also where the interval cuts shipments in the middle.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
. "$top/tests/kafka.sh"
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
now=2026-04-01T00:00:00.000Z
WB_BROKERS=$kafka_brokers WB_STORE=$chdb_url WB_NOW=$now WB_GROUP=live WB_MAX_REJECTS=100000,100 WB_CKPT=1s,2000 WB_KAFKA_CONF=$tmp/kafka.conf WB_QUIET=1
export WB_BROKERS WB_STORE WB_NOW WB_GROUP WB_MAX_REJECTS WB_CKPT WB_KAFKA_CONF WB_QUIET
printf 'session.timeout.ms=6000\nheartbeat.interval.ms=200\n' >kafka.conf; chmod 600 kafka.conf

q() { wb-sql --format tsv -q "$1"; }
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-600 | head -n 4)"; fi; }
empty() { for t in fct_shipment fct_event wb_reject; do q "TRUNCATE TABLE $t" >/dev/null; done; }

# ---- the platform in three pieces that cut shipments
wb-sample --seed 7 --shipments "${SHIPMENTS:-1500}" --out p >/dev/null 2>&1
lines=$(wc -l <p/tracking.events.ndjson)
one=$((lines / 3)) two=$((lines * 2 / 3))
# by_files FROM TO FILE: the documents of these lines, by files in one go
by_files() {
	sed -n "$1,$2p" p/tracking.events.ndjson >lines
	wb-normalize --quiet --rejects rejects --carriers p/carriers.ndjson --shipments p/shipments.ndjson lines >"$3.events"
	wb-fold --now $now "$3.events" | wb-enrich --shipments p/shipments.ndjson --clients p/clients.ndjson --carriers p/carriers.ndjson \
		--regions p/regions.ndjson --contacts p/support_contacts.ndjson | wb-sla-tag >"$3"
}
by_files 1 "$lines" all
by_files 1 $one first
by_files 1 $two both
by_files $((one + 1)) $two middle
distinct=$(jq -r '"\(.shipment_id) \(.event_id)"' all.events | sort -u | wc -l)
for f in first middle; do jq -r .shipment_id $f | sort >$f.ids; done
cut=$(comm -12 first.ids middle.ids | wc -l)
ok "the first cut goes through shipments ($cut)" test "$cut" -gt 100

wb-schema
for d in clients:client carriers:carrier regions:region; do
	wb-dim --now $now -t "dim_${d#*:}" "p/${d%:*}.ndjson" | wb-ch-load -t "dim_${d#*:}" || fail "dim_${d#*:}"
done
wb-ch-load -t stg_shipment p/shipments.ndjson || fail 'stg_shipment'
wb-ch-load -t stg_contact p/support_contacts.ndjson || fail 'stg_contact'
kafka_topic tracking.events 4
# moment: a time that no message has, later than all that are there, earlier than all that come
moment() {
	ms=$(($(date +%s%3N) + 1))
	until [ "$(date +%s%3N)" -gt $ms ]; do :; done
	date -u -d "@${ms%???}.${ms#"${ms%???}"}" +%Y-%m-%dT%H:%M:%S.%3NZ
}
publish() { sed -n "$1,$2p" p/tracking.events.ndjson | sed 's/^{"_src":\[[^]]*\],/{/' | kcat -b "$WB_BROKERS" -t tracking.events -P -l -X sticky.partitioning.linger.ms=0 /dev/stdin; }
t0=$(moment)
publish 1 $one; t1=$(moment)
publish $((one + 1)) $two; t2=$(moment)
publish $((two + 1)) "$lines"; t3=$(moment)

# documents FILE NAME: the store's are those of the file
documents() {
	wb-sql -q 'SELECT * FROM v_shipment ORDER BY shipment_id' | jq -Sc 'del(.loaded_at, .version, .days)' >got
	jq -Sc --slurpfile got got '. as $d | $got[0] | with_entries(.value = $d[.key])' "$1" | jq -sc 'sort_by(.shipment_id)[]' | jq -Sc . >want
	same want got "$2: documents"
	ok "$2: there are some" test "$(wc -l <want)" -gt 100
}
# events NAME: the store's are those that the live lane left, with their lineage
events() {
	wb-sql -q 'SELECT * EXCEPT (loaded_at) FROM v_event ORDER BY shipment_id, event_id' >got
	[ -f live.events ] || cp got live.events
	same live.events got "$1: events"
}

# ---- the live lane over everything
# live: until all is acknowledged, then drained
live() {
	wb-run -n "$1" "$top/scripts/lanes/stream.lane" 2>"$1.err" & lane=$!
	acknowledged() { ended $lane || { wb-run --status "$live_name" | grep -q '"lag":0}' && [ "$(q 'SELECT count() FROM v_event')" -ge "$distinct" ]; }; }
	live_name=$1
	until_true 120 acknowledged
	kill -TERM $lane; wait $lane
	is $? 0 "$1: the lane drains" || tail "$1.err"
}
live live
is "$(kafka_committed live tracking.events | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" "$lines" 'live: all is committed when the lag was 0'
is "$(q 'SELECT count() FROM v_event')" "$distinct" 'live: all events are there'
documents all 'live'
events 'live'

# ---- a plain shell into an empty store, then once more upon it
shell() {
	wb-kafka-extract -t tracking.events -o "@$1" -O "@$2" -e | wb-normalize --quiet --rejects rejects | wb-ch-load --tee -t fct_event |
		wb-fold --history --now $now | wb-enrich | wb-sla-tag | wb-ch-load -t fct_shipment
}
empty
status 0 'shell' shell "$t0" "$t3"
documents all 'shell'
events 'shell'
status 0 'the middle again' shell "$t1" "$t2"
documents all 'the middle again'
events 'the middle again'

# ---- the lane's file in a plain shell
empty
sed -e '/^#/d' -e '/\\$/!s/$/ |/' -e '$s/ |$//' "$top/scripts/lanes/replay.lane" >replay.sh
WB_FROM=$t0 WB_TO=$t3 status 0 'the file of the lane in a shell' sh -eu replay.sh
documents all 'the file of the lane in a shell'
events 'the file of the lane in a shell'

# ---- wb-backfill, likewise
empty
status 0 'wb-backfill' wb-backfill "$t0" "$t3"
documents all 'wb-backfill'
events 'wb-backfill'
status 0 'wb-backfill of the middle' wb-backfill "$t1" "$t2"
documents all 'wb-backfill of the middle'
events 'wb-backfill of the middle'

# ---- piece by piece, each another way: what the interval does not have is in the store
empty
status 0 'the first piece by a shell' shell "$t0" "$t1"
documents first 'the first piece by a shell'
status 0 'the second by wb-backfill' wb-backfill "$t1" "$t2"
documents both 'the second by wb-backfill'
WB_GROUP=goes_on WB_START=@$t2 live goes_on
documents all 'the third by the live lane'
events 'the third by the live lane'

# ---- and a piece without what was before
empty
status 0 'the second piece alone' wb-backfill "$t1" "$t2"
documents middle 'the second piece alone'
done_testing
