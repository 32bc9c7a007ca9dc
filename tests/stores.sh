# One platform, three stores, for tests in sh: an OLTP database that changes and a topic that grows are brought into each store by
# the stream, first load, synchronisation and backfill, in an order of its own that is drawn; sourced behind tests/servers.sh and
# tests/kafka.sh, in a folder of its own.
#   $seed $shipments $rounds           what is drawn, how large, in how many rounds the platform changes
#   $stores                            of 18.16 chdb postgres; those that cannot be had are told and left out
#   $rules                             1: rules of SLA, of which wb-sample knows nothing: the verdicts are compared, not their truth
#   $exact                             1: times as they come, to the millisecond: without 18.16
#   $drop                              a store that never has the last changes of the OLTP: the comparison must fail
# Every round the OLTP has a batch of changes (new rows, changed ones, ones that are changed back later) and the topic a piece;
# then each store does what its plan says, all stores at a time.  The first round is the first load.  WB_NOW goes forward.
# Times of events and rows are whole seconds, since one engine has no finer ones; they would decide what came first.  One message
# in thirty names its shipment by tracking number alone: where the OLTP's row has not come yet, it is refused, and fed again later.
# shellcheck shell=sh disable=SC2034,SC2154

# ---- the platform

stores_seconds() { if [ -n "${exact:-}" ]; then cat; else stores_cut; fi; }
stores_cut() { sed -E 's/(T[0-9]{2}:[0-9]{2}:[0-9]{2})\.[0-9]{3}Z"/\1.000Z"/g'; }
stores_messages() {
	perl -pe 's/(":"[0-9-]{10}[T ]\d\d:\d\d:\d\d)\.\d+/$1/g if "'"${exact:-}"'" eq "";
		/"event_id":"([^"]*)"/ && unpack("%32C*", $1) % 30 == 0 && /"tracking_number":"[^"]/ && s/"shipment_id":"[^"]*",//'
}
oltp() { PGOPTIONS='-c client_min_messages=warning' psql -qXAt -v ON_ERROR_STOP=1 -d oltp "$@"; }

# the platform as it is known at the beginning (early) and at the end (late), and the OLTP with the rows of the first
stores_platform() {
	early=2026-03-16T00:00:00Z late=2026-03-26T00:00:00Z
	set -- --seed "$seed" --shipments "$shipments" --days 14
	wb-sample "$@" --now $early --out early >/dev/null 2>&1 && wb-sample "$@" --now $late --out late --truth truth.json >/dev/null 2>&1 || return 1
	psql -qXAt -c 'CREATE DATABASE oltp' || return 1
	oltp -f "$top/scripts/sql/oltp.sql" || return 1
	for t in clients carriers shipments shipment_events integrations_log support_contacts; do
		for p in early late; do
			oltp -c "CREATE SCHEMA IF NOT EXISTS $p" -c "CREATE TABLE $p.$t (LIKE public.$t INCLUDING DEFAULTS INCLUDING INDEXES)" 2>/dev/null || return 1
			stores_seconds <$p/$t.ndjson | wb-pg-load --quiet -d dbname=oltp -t $p.$t || return 1
		done
	done
	# what changes when: round 0 is the first load; one shipment in eight is not known before a later round
	oltp -v rounds="$rounds" -v seed="$seed" -v early="$early" -v late="$late" -f - <<-'SQL' || return 1
	CREATE FUNCTION late.draw(what text, n int) RETURNS int LANGUAGE sql STABLE AS $$
		SELECT (('x' || substr(md5(what || current_setting('stores.seed')), 1, 7))::bit(28)::int % n) $$;
	SELECT set_config('stores.seed', :'seed', false) \gset
	-- the round in which the platform knows of a moment
	CREATE FUNCTION late.round_of(at timestamptz, rounds int, early timestamptz, late timestamptz) RETURNS int LANGUAGE sql STABLE AS $$
		SELECT greatest(0, least(rounds, ceil(extract(epoch FROM at - early) / extract(epoch FROM late - early) * rounds)::int)) $$;
	CREATE TABLE late.unknown AS SELECT shipment_id, 1 + late.draw(shipment_id || 'r', :rounds) AS round FROM late.shipments WHERE late.draw(shipment_id, 8) = 0;
	CREATE UNIQUE INDEX ON late.unknown (shipment_id);
	CREATE TABLE late.new AS
		SELECT 'shipments' AS t, l.id, round FROM late.shipments l JOIN late.unknown USING (shipment_id)
		UNION ALL SELECT 'shipment_events', l.id, greatest(coalesce(u.round, 0), late.round_of(l.received_at, :rounds, :'early', :'late')) FROM late.shipment_events l LEFT JOIN late.unknown u USING (shipment_id)
		UNION ALL SELECT 'integrations_log', l.id, greatest(coalesce(u.round, 0), late.round_of(l.ts, :rounds, :'early', :'late')) FROM late.integrations_log l LEFT JOIN late.unknown u USING (shipment_id)
		UNION ALL SELECT 'support_contacts', l.id, greatest(coalesce(u.round, 0), late.round_of(l.opened_at, :rounds, :'early', :'late')) FROM late.support_contacts l LEFT JOIN late.unknown u USING (shipment_id);
	CREATE UNIQUE INDEX ON late.new (t, id);
	-- the generator may draw another topic once more of the shipment is known: no application does
	UPDATE early.support_contacts e SET topic = l.topic, channel = l.channel, opened_at = l.opened_at, client_id = l.client_id, shipment_id = l.shipment_id FROM late.support_contacts l WHERE l.id = e.id;
	INSERT INTO clients SELECT * FROM early.clients;
	INSERT INTO carriers SELECT * FROM early.carriers;
	INSERT INTO shipments SELECT e.* FROM early.shipments e WHERE NOT EXISTS (SELECT FROM late.unknown u WHERE u.shipment_id = e.shipment_id);
	INSERT INTO shipment_events SELECT e.* FROM late.shipment_events e JOIN late.new n ON n.t = 'shipment_events' AND n.id = e.id AND n.round = 0;
	INSERT INTO integrations_log SELECT e.* FROM late.integrations_log e JOIN late.new n ON n.t = 'integrations_log' AND n.id = e.id AND n.round = 0;
	INSERT INTO support_contacts SELECT e.* FROM early.support_contacts e JOIN late.new n ON n.t = 'support_contacts' AND n.id = e.id AND n.round = 0;
	UPDATE late.new SET round = 1 WHERE t = 'support_contacts' AND round = 0 AND id NOT IN (SELECT id FROM early.support_contacts);
	CREATE SEQUENCE late.ids START 1000000000;
	SQL
	oltp -c "SELECT t, count(*) FILTER (WHERE round > 0) FROM late.new GROUP BY t ORDER BY t" | sed 's/^/# new later: /'
}

# stores_change ROUND: what the applications do in it; a row that is new has a new id, and one that changes an updated_at of now.
# A fifth of what is new is committed by a transaction that stays open until the next round.
stores_change() {
	stores_commit
	cat >change.sql <<-'SQL'
	SELECT set_config('stores.seed', :'seed', false) \gset
	INSERT INTO shipments SELECT r.* FROM late.shipments l JOIN late.new n ON n.t = 'shipments' AND n.id = l.id AND n.round = :round AND (late.draw(l.id || 'held', 5) = 0) = :held,
		LATERAL jsonb_populate_record(null::public.shipments, to_jsonb(l) || jsonb_build_object('id', nextval('late.ids'), 'updated_at', clock_timestamp())) r;
	INSERT INTO shipment_events SELECT r.* FROM late.shipment_events l JOIN late.new n ON n.t = 'shipment_events' AND n.id = l.id AND n.round = :round AND (late.draw(l.id || 'held', 5) = 0) = :held,
		LATERAL jsonb_populate_record(null::public.shipment_events, to_jsonb(l) || jsonb_build_object('id', nextval('late.ids'))) r;
	INSERT INTO integrations_log SELECT r.* FROM late.integrations_log l JOIN late.new n ON n.t = 'integrations_log' AND n.id = l.id AND n.round = :round AND (late.draw(l.id || 'held', 5) = 0) = :held,
		LATERAL jsonb_populate_record(null::public.integrations_log, to_jsonb(l) || jsonb_build_object('id', nextval('late.ids'))) r;
	INSERT INTO support_contacts SELECT r.* FROM late.support_contacts l JOIN late.new n ON n.t = 'support_contacts' AND n.id = l.id AND n.round = :round AND (late.draw(l.id || 'held', 5) = 0) = :held,
		LATERAL jsonb_populate_record(null::public.support_contacts, to_jsonb(l) || jsonb_build_object('id', nextval('late.ids'), 'updated_at', clock_timestamp())) r;
	UPDATE shipments s SET status = l.status, promised_at = l.promised_at, promised_on = l.promised_on, cancelled_at = l.cancelled_at FROM late.shipments l
		WHERE l.shipment_id = s.shipment_id AND (late.draw(l.id || 'held', 5) = 0) = :held AND (:round = :rounds OR late.round_of(l.updated_at, :rounds, :'early', :'late') <= :round)
		AND (s.status, s.promised_at, s.promised_on, s.cancelled_at) IS DISTINCT FROM (l.status, l.promised_at, l.promised_on, l.cancelled_at);
	UPDATE support_contacts s SET first_reply_at = l.first_reply_at, resolved_at = l.resolved_at, reopened = l.reopened, csat = l.csat FROM late.support_contacts l
		WHERE l.id = s.id AND (late.draw(l.id || 'held', 5) = 0) = :held AND (:round = :rounds OR late.round_of(l.updated_at, :rounds, :'early', :'late') <= :round)
		AND (s.first_reply_at, s.resolved_at, s.reopened, s.csat) IS DISTINCT FROM (l.first_reply_at, l.resolved_at, l.reopened, l.csat);
	SQL
	# mistakes, which are put right one round later: a store that lags never sees them
	cat >mistake.sql <<-'SQL'
	SELECT set_config('stores.seed', :'seed', false) \gset
	CREATE TABLE IF NOT EXISTS late.right_shipments (LIKE public.shipments);
	CREATE TABLE IF NOT EXISTS late.right_contacts (LIKE public.support_contacts);
	UPDATE shipments s SET price = r.price, weight_g = r.weight_g, dest_region = r.dest_region, client_id = r.client_id, carrier_id = r.carrier_id FROM late.right_shipments r WHERE r.id = s.id;
	UPDATE support_contacts s SET shipment_id = r.shipment_id, client_id = r.client_id, topic = r.topic FROM late.right_contacts r WHERE r.id = s.id;
	TRUNCATE late.right_shipments, late.right_contacts;
	INSERT INTO late.right_shipments SELECT * FROM shipments WHERE :round < :rounds AND late.draw(id || 'wrong' || :round, 25) = 0;
	INSERT INTO late.right_contacts SELECT * FROM support_contacts WHERE :round < :rounds AND late.draw(id || 'wrong' || :round, 6) = 0;
	UPDATE shipments s SET price = s.price + 100, weight_g = s.weight_g + 1, dest_region = (ARRAY['RU-KGD', 'RU-MOW', 'RU-PRI'])[1 + s.id % 3],
		client_id = s.client_id % 40 + 1, carrier_id = CASE WHEN s.id % 3 = 0 THEN NULL ELSE s.carrier_id END FROM late.right_shipments r WHERE r.id = s.id;
	UPDATE support_contacts s SET shipment_id = (SELECT min(shipment_id) FROM shipments WHERE shipment_id > s.shipment_id), client_id = s.client_id % 40 + 1,
		topic = CASE s.topic WHEN 'wismo' THEN 'other' ELSE 'wismo' END FROM late.right_contacts r WHERE r.id = s.id;
	-- touched, and not changed
	UPDATE shipments SET status = status WHERE late.draw(id || 'touch' || :round, 30) = 0;
	UPDATE clients SET tier = CASE tier WHEN 'gold' THEN 'standard' ELSE 'gold' END, name = name || ' ' || :round, home_region = 'RU-KGD' WHERE late.draw(id || 'client' || :round, 20) = 0;
	UPDATE carriers SET name = name || ' ' || :round WHERE late.draw(id || 'carrier' || :round, 5) = 0;
	SQL
	set -- -v round="$1" -v rounds="$rounds" -v seed="$seed" -v early="$early" -v late="$late"
	oltp "$@" -v held=false -f change.sql || return 1
	oltp "$@" -f mistake.sql || return 1
	rm -f hold held; mkfifo hold
	oltp "$@" -v held=true -f - <hold >held 2>&1 & holder=$!
	exec 5>hold
	{ echo 'BEGIN;'; cat change.sql; echo 'SELECT 1;'; } >&5
	until_true 60 grep -q '^1$' held || { cat held; return 1; }
}
# stores_commit: the transaction of the round before ends
stores_commit() {
	[ -n "${holder:-}" ] || return 0
	echo 'COMMIT;' >&5; exec 5>&-
	wait "$holder" || return 1
	holder=
}

# ---- the topic

# the pieces piece.0 to piece.ROUNDS of its messages, by the time that the platform received them
stores_topic() {
	printf 'session.timeout.ms=6000\nheartbeat.interval.ms=200\n' >kafka.conf; chmod 600 kafka.conf
	WB_KAFKA_CONF=$PWD/kafka.conf WB_BROKERS=$kafka_brokers; export WB_KAFKA_CONF WB_BROKERS
	stores_messages <late/tracking.events.ndjson | perl -ne 'BEGIN { ($n, $early, $late) = splice @ARGV, 0, 3; open $f[$_], ">", "piece.$_" for 0 .. $n }
		/^\{"_src":\["[^"]*",\d+,\d+,(\d+),/ or die; my $r = ($1 / 1000 - $early) / ($late - $early) * $n; $r = $r <= 0 ? 0 : $r > $n ? $n : int($r) + ($r > int $r);
		s/^\{"_src":\[[^]]*\],/{/; print { $f[$r] } $_' "$rounds" "$(date -d $early +%s)" "$(date -d $late +%s)" || return 1
	: >sent
	kafka_topic tracking.events 4
}

stores_send() {
	date -u +%Y-%m-%dT%H:%M:%S.%3NZ >>sent
	kcat -b "$WB_BROKERS" -t tracking.events -P -l -X sticky.partitioning.linger.ms=0 "piece.$1"
}

# ---- the stores

stores_start() {
	[ -z "${rules:-}" ] || cat >rules <<-'END'
	{"kind":"calendar","id":"ru5","tz":"Europe/Moscow","week":[1,1,1,1,1,0,0],"hours":["09:00","18:00"],"holidays":["2026-03-09"]}
	{"kind":"window","id":"p","party":"platform","from":"2026-03-06T08:00:00Z","to":"2026-03-06T20:00:00Z"}
	{"kind":"rule","id":"gold","match":{"tier":["gold"]},"promise":["rule"],"target":{"n":2,"unit":"bday"},"calendar":"ru5","cutoff":"15:00","stop":["delivered","first_attempt"],"pause":["customs","hold","reschedule","pickup"],"at_risk":"PT4H","handover_by":"PT24H"}
	{"kind":"rule","id":"silver","match":{"tier":["silver"]},"promise":["carrier_edd","rule"],"target":{"n":30,"unit":"bhour"},"calendar":"ru5","pause":["hold"],"exclude":["cancelled","returning","recipient.*"]}
	END
	stores_wanted=$stores stores=
	for s in $stores_wanted; do
		case $s in
		18.16) start_clickhouse_18 && url=$ch18_url load=wb-ch-load ;;
		chdb) start_chdb && url=$chdb_url load=wb-ch-load ;;
		postgres) psql -qX -c 'CREATE DATABASE store' && url="postgresql:///store?host=$PGHOST&user=$PGUSER" load=wb-pg-load ;;
		esac || { skip "$s" 'cannot be had'; continue; }
		mkdir -p "$s/state"
		cat >"$s/conf" <<-END
		WB_STORE='$url'
		WB_LOAD=$load
		WB_LOCKS=$tmp/$s
		WB_STATE=$tmp/$s/state
		WB_GROUP=$s
		WB_SOURCE=dbname=oltp
		WB_REGIONS=$tmp/late/regions.ndjson
		WB_SETTLE=0s
		${rules:+WB_RULES=$tmp/rules}
		END
		stores="$stores $s"
	done
}

# in_store STORE COMMAND ...: with its environment
in_store() (
	set -a; . "./$1/conf"; set +a
	WB_CONF=$tmp/$1/conf; export WB_CONF
	shift
	"$@"
)

# plan: "STORE ROUND STEP U V": what each store does in each round, in its order, and two numbers from 0 to 1
stores_plan() {
	for s in $stores; do echo "$s"; done | awk -v seed="$seed" -v rounds="$rounds" -v steps="$stores_steps" 'BEGIN { srand(seed); rand(); n = split(steps, step, " ") }
		{ print $1, 0, 0, "first", 0, 0
		for (i = 1; i <= n; i++) print $1, step[i] ~ /sync/ ? 1 + int(rand() * rounds) : int(rand() * (rounds + 1)), 0.001 + rand(), step[i], rand(), rand() }' |
		sort -k1,1 -k2,2n -k3,3n | awk '{ print $1, $2, $4, $5, $6 }' >plan
	for s in $stores; do
		awk -v s="$s" '$1 == s { if ($2 != r) line = line " |"; r = $2; line = line " " $3 } END { print "# " s ":" line }' plan
	done
}

# stores_do STORE ROUND: what the plan says, the platform being known at a moment of that round
stores_do() {
	stores_name=$1
	awk -v s="$1" -v r="$2" '$1 == s && $2 == r { print ++n, $3, $4, $5 }' plan >"$1/todo"
	while read -r stores_n stores_step u v <&3; do
		from=$(date -d $early +%s) to=$(date -d $late +%s)
		stores_at=$((from + (to - from) * ($2 * 20 + stores_n) / (rounds * 20 + 20)))
		[ "$stores_step" != first ] || stores_at=$from
		[ "$2" -le "$rounds" ] || stores_at=$((to - 3600 + stores_n * 60))
		WB_NOW=$(date -u -d "@$stores_at" +%Y-%m-%dT%H:%M:%S.000Z)
		[ "$stores_step" != end ] || WB_NOW=$late
		export WB_NOW
		echo "== round $2: $stores_step at $WB_NOW"
		"stores_$stores_step" "$u" "$v" || echo "round $2: $stores_step: exit $?" >>"failed"
	done 3<"$1/todo"
} >>"$1/log" 2>&1

stores_first() { wb-schema && wb-first; }
stores_sync() { wb-sync; }
stores_hourly() { wb-hourly; }
stores_marts() { wb-marts; }
stores_stopped() { ! wb-run --status stream 2>/dev/null | grep -q '	runs	'; }
stores_acked() { cat "$WB_LOCKS/stream.status" 2>/dev/null; }
stores_moved() { [ "$(stores_acked)" != "$stores_was" ]; }
stores_drained() { stores_moved && stores_acked | grep -q '"lag":0[,}]'; }
# until the first checkpoint, or until nothing is left; then drained
stores_stream() {
	[ "$(cat "$WB_LOCKS/drained" 2>/dev/null)" != "$(wc -l <sent)" ] || return 0
	until_true 60 stores_stopped || return
	stores_was=$(stores_acked)
	WB_CKPT=1s,$((shipments / 2)) wb-run "$top/scripts/lanes/stream.lane" & stores_lane=$!
	case $1 in
	0.[0-3]*) until_true 120 stores_moved ;;
	*) until_true 120 stores_drained ;;
	esac
	stores_rc=$?
	kill -TERM $stores_lane; wait $stores_lane || return
	case $1 in 0.[0-3]*) ;; *) [ $stores_rc -ne 0 ] || wc -l <sent >"$WB_LOCKS/drained" ;; esac
	return $stores_rc
}
# between two moments at which messages were sent, or the future
stores_kafka() {
	{ cat sent; echo 2099-01-01T00:00:00Z; } | awk -v u="$1" -v v="$2" '{ at[NR] = $1 }
		END { a = 1 + int(u * (NR - 1)); print at[a], at[a + 1 + int(v * (NR - a))] }' >"$WB_LOCKS/interval"
	read -r stores_from stores_to <"$WB_LOCKS/interval"
	echo "from $stores_from to $stores_to"
	wb-backfill "$stores_from" "$stores_to"
}
# of what the OLTP received: any days of the platform's time
stores_source() {
	awk -v u="$1" -v v="$2" -v from="$(date -d 2026-03-01 +%s)" -v to="$(date -d $late +%s)" 'BEGIN { a = from + u * (to - from); print int(a), int(a + v * (to - a)) + 86400 }' >"$WB_LOCKS/interval"
	read -r stores_from stores_to <"$WB_LOCKS/interval"
	stores_from=$(date -u -d "@$stores_from" +%FT%TZ) stores_to=$(date -u -d "@$stores_to" +%FT%TZ)
	echo "from $stores_from to $stores_to"
	wb-backfill -s oltp "$stores_from" "$stores_to"
}
stores_events() { wb-sync events; }
# of a store that lags it heals, and says so
stores_daily() { wb-daily || [ $? -eq 1 ]; }
# all messages: a lane that has just begun may not know yet that a partition has more
stores_all() {
	for stores_try in 1 2 3 4 5; do
		stores_stream 1 || return
		[ "$(kafka_committed "$WB_GROUP" tracking.events | tr ' ' '\n' | cut -d: -f2 | paste -sd+ | bc)" != "$(cat piece.* | wc -l)" ] || return 0
		rm -f "$WB_LOCKS/drained"
	done
	echo 'not all messages are committed'
	return 1
}
# what a user's crontab would have done by then; wb-daily finds nothing to heal
stores_end() {
	if [ "$drop" = "$stores_name" ]; then stores_all && wb-hourly && wb-marts --heal; return; fi
	stores_all && wb-sync && wb-hourly && wb-daily
}
# stores_round N: the plans of all stores, at a time
stores_round() {
	stores_pids=
	for s in $stores; do in_store "$s" stores_do "$s" "$1" & stores_pids="$stores_pids $!"; done
	for stores_pid in $stores_pids; do wait "$stores_pid"; done
	for s in $stores; do
		[ ! -s "$s/failed" ] || { fail "$s: all steps end well" "$(cat "$s/failed"; tail -n 30 "$s/log")"; return 1; }
	done
}

# ---- the comparison

# NAME of what is compared, the members that are left out, the query
stores_tables() {
	cat <<-'END'
	mart_delivery_day;.computed_at,.batch_id;SELECT * FROM mart_delivery_day
	mart_sla_day;.computed_at,.batch_id;SELECT * FROM mart_sla_day
	mart_courier_day;.computed_at,.batch_id;SELECT * FROM mart_courier_day
	mart_support_day;.computed_at,.batch_id;SELECT * FROM mart_support_day
	mart_integration_hour;.computed_at,.batch_id;SELECT * FROM mart_integration_hour
	mart_backlog_hour;.computed_at,.batch_id;SELECT * FROM mart_backlog_hour WHERE as_of >= '2026-03-26 00:00:00'
	fct_event;.src_topic,.src_partition,.src_offset,.loaded_at;SELECT * FROM v_event
	fct_shipment;.version,.loaded_at,.days;SELECT * FROM v_shipment
	stg_shipment;.loaded_at;SELECT * FROM stg_shipment FINAL
	stg_contact;.loaded_at;SELECT * FROM stg_contact FINAL
	stg_call;.loaded_at;SELECT * FROM stg_call FINAL
	wb_check;.checked_at;SELECT * FROM v_check
	wb_reject;.loaded_at;SELECT * FROM wb_reject FINAL WHERE state = 'open'
	END
}
# how far an open shipment is from its due time is as of when it was judged; of overdue ones that is each midnight, as $late is (wb-rules(5))
stores_moving='if .is_open == 1 and .sla_state != "missed" then del(.sla_late_sec) else . end'
# stores_dump STORE: STORE/NAME of each, sorted, in whole seconds
stores_dump() {
	stores_tables | while IFS=';' read -r name without sql; do
		[ "$1" != postgres ] || sql=$(echo "$sql" | sed 's/ FINAL//')
		wb-sql -q "$sql" >"$1/rows" || exit
		stores_seconds <"$1/rows" | perl -pe 's/":true\b/":1/g; s/":false\b/":0/g' | jq -Sc "del($without) | $stores_moving" | LC_ALL=C sort >"$1/$name"
	done
}
# stores_differ FILE FILE: the first rows that only one has; where both have as many, the members that differ
stores_differ() {
	LC_ALL=C comm -23 "$1" "$2" | head -n 3 >one; LC_ALL=C comm -13 "$1" "$2" | head -n 3 >two
	paste -d '\n' one two | grep . | jq -sc 'if length % 2 == 1 then .[] else [range(0; length; 2) as $i | [.[$i], .[$i + 1]]][] | . as [$a, $b] | if $a.shipment_id == $b.shipment_id
		then [$a.shipment_id, ($a | with_entries(select(.value != $b[.key]))), ($b | with_entries(select(.value != $a[.key])))] else $a, $b end end' | cut -c1-1500
}
stores_compare() {
	for s in $stores; do in_store "$s" stores_dump "$s" 2>"$s/err" || fail "$s: is read" "$(cat "$s/err")"; done
	# shellcheck disable=SC2086
	set -- $stores
	stores_rows=0
	for name in $(stores_tables | cut -d';' -f1); do
		case $name in
		mart_backlog_hour|wb_reject) ;;		# of a small platform there may be none
		*) ok "$name: there are rows ($(wc -l <"$1/$name"))" test -s "$1/$name" ;;
		esac
		for s; do
			[ "$s" != "$1" ] || continue
			stores_rows=$((stores_rows + $(wc -l <"$s/$name")))
			if cmp -s "$1/$name" "$s/$name"; then pass "$name: $1 and $s are equal, row by row"; else
				fail "$name: $1 and $s are equal, row by row" "$(wc -l "$1/$name" "$s/$name" | head -n 2; LC_ALL=C comm -3 "$1/$name" "$s/$name" | wc -l; stores_differ "$1/$name" "$s/$name")"
			fi
		done
	done
	echo "# $stores_rows pairs of rows compared"
}

# the totals that wb-sample had planned
stores_truth() {
	for s in $stores; do
		is "$(jq -sr '[map(.created) , map(.accepted), map(.delivered), map(.return_started), map(.returned), map(.lost), map(.cancelled), map(.attempts), map(.first_attempts), map(.first_attempt_ok),
			map(.exceptions), map(.ready_for_pickup), map(.out_for_delivery), map(.lead_sec_sum), map(.lead_n), (map(.revenue) | map(. * 100 | round))] | map(add | tostring) | join(" ")' "$s/mart_delivery_day")" \
		"$(jq -r '.totals | [.created, .accepted, .delivered, .return_started, .returned, .lost, .cancelled, .attempts, .first_attempts, .first_attempt_ok, .exceptions_oltp, .ready_for_pickup, .out_for_delivery,
			.lead.sec_sum, .lead.n, (.revenue * 100 | round)] | map(tostring) | join(" ")' truth.json)" "$s: deliveries are as planned"
		[ -n "${rules:-}" ] || is "$(jq -sr '[map(.due), map(.met), map(.missed), map(.pending), map(.at_risk)] | map(add | tostring) | join(" ")' "$s/mart_sla_day") $(jq -s 'map(.delivered_late) | add' "$s/mart_delivery_day")" \
			"$(jq -r '.totals | [.sla.due, .sla.met, .sla.missed, .sla.pending, .sla.at_risk, .delivered_late] | map(tostring) | join(" ")' truth.json)" "$s: verdicts are as planned"
		is "$(jq -sr '[map(.contacts), map(select(.topic == "wismo") | .contacts), map(.no_shipment)] | map(add | tostring) | join(" ")' "$s/mart_support_day")" \
			"$(jq -r '.support | [.contacts, .wismo, .no_shipment] | map(tostring) | join(" ")' truth.json)" "$s: contacts are as planned"
		is "$(jq -sr '[map(.calls), map(.ok), map(.retries), map(.events_in), map(.events_rejected)] | map(add | tostring) | join(" ")' "$s/mart_integration_hour")" \
			"$(jq -r '[.integrations.calls, .integrations.ok, .integrations.retries, .messages.events + .tables.cancelled, .messages.rejected] | map(tostring) | join(" ")' truth.json)" "$s: calls and events are as planned"
		is "$(jq -sr 'map(.open_n) | add // 0' "$s/mart_backlog_hour")" "$(jq -r .totals.open truth.json)" "$s: the backlog is as planned"
	done
}

# the source and each store hold the same
stores_reconcile() {
	for s in $stores; do
		for t in clients carriers shipments shipment_events support_contacts integrations_log; do
			status 0 "$s: wb-reconcile of $t finds nothing" in_store "$s" wb-reconcile -t $t --settle 0s
			[ ! -s out ] || head -n 3 out | sed 's/^/# /'
		done
	done
}

# ---- all of it

stores_run() {
	if ! start_postgres; then skip 'three stores' 'no PostgreSQL'; done_testing; fi
	if ! start_kafka; then skip 'three stores' 'no Kafka (scripts/need kafka, scripts/fetch-kafka)'; done_testing; fi
	stores_platform || { fail 'the platform'; done_testing; }
	stores_topic || { fail 'the topic'; done_testing; }
	stores_start
	stores_plan
	stores_round=0
	while [ "$stores_round" -le "$rounds" ]; do
		{ [ "$stores_round" -eq 0 ] || stores_change "$stores_round"; } && stores_send "$stores_round" || { fail "the platform changes, round $stores_round"; done_testing; }
		stores_round "$stores_round" || done_testing
		echo "# round $stores_round: $(oltp -c "SELECT string_agg(n::text || ' ' || t, ', ') FROM (SELECT count(*) AS n, 'shipments' AS t FROM shipments UNION ALL SELECT count(*), 'events' FROM shipment_events
			UNION ALL SELECT count(*), 'calls' FROM integrations_log UNION ALL SELECT count(*), 'contacts' FROM support_contacts) c"); $(($(date +%s) - stores_began)) s"
		stores_round=$((stores_round + 1))
	done
	stores_commit || fail 'the last transaction commits'
	for s in $stores; do echo "$s $stores_round end 1 1"; done >>plan
	stores_round "$stores_round" || done_testing
	stores_compare
	stores_truth
	stores_reconcile
	# shellcheck disable=SC2086
	[ -z "${KEEP:-}" ] || cp -r plan sent $stores "$KEEP"
}
stores_steps=${stores_steps:-stream stream stream sync sync kafka source events hourly marts daily}
stores_began=$(date +%s)
holder=
