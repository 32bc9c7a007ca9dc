#!/bin/sh
# PostgreSQL as the store, beside ClickHouse: the same lanes and scripts, told apart by WB_STORE alone, and the same rows in the end,
# after the first load, a change, spoilt rows and the passing of time.
#   SHIPMENTS=3000 ENGINE=18.16 tests/run tests/server/pgmarts.t
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
unset XDG_RUNTIME_DIR WB_CONF WB_MARTS WB_LOAD WB_RULES
cd "$tmp" || exit 1
now=2026-03-20T12:00:00Z
tables='fct_event fct_shipment mart_delivery_day mart_sla_day mart_courier_day mart_support_day mart_integration_hour mart_backlog_hour wb_check wb_reject'
if ! start_postgres; then skip 'PostgreSQL as the store' 'not installed'; done_testing; fi
pg=postgresql:///postgres
engine=wb-chdb
if [ "${ENGINE:-}" != 18.16 ] && start_chdb; then ch=$chdb_url; elif start_clickhouse_18; then ch=$ch18_url engine=18.16; else skip 'PostgreSQL as the store' 'nothing to compare with'; done_testing; fi

cat >rules <<'END'
{"kind":"calendar","id":"ru5","tz":"Europe/Moscow","week":[1,1,1,1,1,0,0],"hours":["09:00","18:00"],"holidays":["2026-03-09"]}
{"kind":"window","id":"p","party":"platform","from":"2026-03-06T08:00:00Z","to":"2026-03-06T20:00:00Z"}
{"kind":"rule","id":"gold","match":{"tier":["gold"]},"promise":["rule"],"target":{"n":2,"unit":"bday"},"calendar":"ru5","cutoff":"15:00","stop":["delivered","first_attempt"],"pause":["customs","hold","reschedule","pickup"],"at_risk":"PT4H","handover_by":"PT24H"}
{"kind":"rule","id":"silver","match":{"tier":["silver"]},"promise":["carrier_edd","rule"],"target":{"n":30,"unit":"bhour"},"calendar":"ru5","pause":["hold"],"exclude":["cancelled","returning","recipient.*"]}
END
WB_RULES=$tmp/rules; export WB_RULES
# every fault switched on
wb-sample --seed 17 --shipments "${SHIPMENTS:-1000}" --days 18 --now $now --out p >/dev/null 2>&1
# what 18.16 cannot keep
[ $engine = wb-chdb ] || for f in p/*.ndjson; do sed -E 's/([T ][0-9:]{8})\.[0-9]+/\1/g' "$f" >p.cut && mv p.cut "$f"; done
ok 'there is a platform' test -s p/tracking.events.ndjson

# on NAME COMMAND ...: with that store
on() { case $1 in pg) WB_STORE=$pg ;; *) WB_STORE=$ch ;; esac; WB_LOCKS=$tmp/locks.$1; mkdir -p "$WB_LOCKS"; export WB_STORE WB_LOCKS; shift; "$@"; }
load() { wb-run --once -n load -- "wb-csv-extract --records $2" "\"\$WB_LOAD\" -t $1"; }
q() { on "$1" wb-sql --format tsv -q "$2"; }

# rows STORE TABLE: without lineage, in one way of writing
columns() { psql -qXAt -c "SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'mart' AND table_name = '$1'
	AND column_name NOT IN ('loaded_at', 'computed_at', 'batch_id', 'checked_at', 'stage')"; }
rows() {
	case $1-$2 in
	pg-*|*-mart_*) from=$2 ;;
	*-fct_event) from=v_event ;;
	*-fct_shipment) from=v_shipment ;;
	*) from="$2 FINAL" ;;
	esac
	# booleans are numbers on 18.16; the days of a document are a set
	on "$1" wb-sql -q "SELECT $(columns "$2") FROM $from" | jq -Sc 'if .days then .days |= sort else . end |
		with_entries(.value |= if . == true then 1 elif . == false then 0 elif type == "string" then sub("\\.[0-9]{3}Z$"; ".000Z") else . end)' | LC_ALL=C sort
}
# equal NAME [TABLE ...]
equal() {
	equal_name=$1; shift
	[ $# -gt 0 ] || set -- $tables
	for t do
		rows pg "$t" >pg.rows; rows ch "$t" >ch.rows
		if [ -s pg.rows ] && cmp -s pg.rows ch.rows; then pass "$equal_name: $t: $(wc -l <pg.rows) rows are equal"
		else fail "$equal_name: $t" "$(wc -l pg.rows ch.rows; diff pg.rows ch.rows | cut -c1-700 | head -n 6)"; fi
	done
}
# seen NAME: what people see is the same; rates and quantiles to nine digits behind the point
seen() {
	for v in $views; do
		for s in pg ch; do
			on $s wb-sql -q "SELECT * FROM $v" | jq -Sc 'with_entries(.value |= if . == true then 1 elif . == false then 0 elif type == "number" then . * 1e9 | round / 1e9
				elif type == "string" then sub("\\.[0-9]{3}Z$"; ".000Z") else . end)' | LC_ALL=C sort >$s.rows
		done
		if [ -s pg.rows ] && cmp -s pg.rows ch.rows; then pass "$1: $v: $(wc -l <pg.rows) rows are equal"
		else fail "$1: $v" "$(wc -l pg.rows ch.rows; diff pg.rows ch.rows | cut -c1-700 | head -n 6)"; fi
	done
}
views='v_client v_carrier v_region v_delivery_daily v_sla_daily v_sla_variance v_region_problem_28d v_delivery_speed_daily v_courier_load v_backlog_now v_integration_daily v_wismo_daily v_quality_day v_quality'
both() { both_want=$1 both_name=$2; shift 2; for s in pg ch; do status "$both_want" "$s: $both_name" on $s "$@"; done; }

# ---- the first load
for s in pg ch; do
	ok "$s: schema" on $s wb-schema
	for t in clients:dim_client carriers:dim_carrier regions:dim_region; do
		ok "$s: ${t#*:}" on $s wb-run --once -n dim -- "wb-csv-extract --records p/${t%:*}.ndjson" "wb-dim -t ${t#*:}" "\"\$WB_LOAD\" -t ${t#*:}"
	done
	for t in shipments:stg_shipment support_contacts:stg_contact integrations_log:stg_call; do ok "$s: ${t#*:}" on $s load "${t#*:}" "p/${t%:*}.ndjson"; done
	ok "$s: the lane of the stream, from a file" on $s wb-run --once -n stream -- 'wb-csv-extract --records p/tracking.events.ndjson' \
		'wb-normalize --quiet --max-rejects 1000000,100%,1' '"$WB_LOAD" --tee -t fct_event' "wb-fold --history --now $now" wb-enrich "wb-sla-tag -r rules" '"$WB_LOAD" -t fct_shipment'
	WB_NOW=$now status 0 "$s: wb-marts" on $s wb-marts
	is "$(cat out err)" '' "$s: says nothing when all is well"
	WB_NOW=$now status 0 "$s: the backlog" on $s wb-marts -t mart_backlog_hour
done
equal 'first load'
seen 'first load'
ok 'there is something of everything' test "$(q pg 'SELECT count(*) FROM fct_shipment')" -gt $((${SHIPMENTS:-1000} * 8 / 10))
like "$(q pg "SELECT value FROM wb_state WHERE name = 'refresh:mart_sla_day'")" '^20..-..-..T..:..:..\.000Z$' 'the time of the run is kept'

# ---- what has changed alone is computed: all is two hours old, then a due day moves
psql -qX -c 'SET search_path TO mart' -c "UPDATE fct_shipment SET loaded_at = loaded_at - interval '2 hours'" -c "UPDATE fct_event SET loaded_at = loaded_at - interval '2 hours'" \
	-c "UPDATE stg_contact SET loaded_at = loaded_at - interval '2 hours'" -c "UPDATE stg_call SET loaded_at = loaded_at - interval '2 hours'" \
	-c "UPDATE wb_reject SET loaded_at = loaded_at - interval '2 hours'"
status 0 'without a change' on pg wb-marts -v
is "$(grep -Ec 'mart_[a-z_]+: 2' err)" 0 'nothing is computed'
ship=$(q pg "SELECT min(shipment_id) FROM fct_shipment JOIN stg_shipment s USING (shipment_id) WHERE s.promised_first_at IS NOT NULL AND s.cancelled_at IS NULL AND promise_source = 'explicit' AND sla_state <> 'not_applicable'")
old=$(q pg "SELECT due_day FROM fct_shipment WHERE shipment_id = '$ship'")
clean=$(q pg "SELECT max(day) FROM mart_sla_day WHERE day NOT IN (SELECT unnest(days) FROM fct_shipment WHERE shipment_id = '$ship')")
psql -qX -c "UPDATE mart.mart_sla_day SET late_sec_sum = 77777 WHERE day IN ('$old', '$clean')"
jq -c --arg s "$ship" 'select(.shipment_id == $s) | .price = 1234 | .updated_at = "2026-04-01T00:00:00Z" | .promised_first_at = ((.promised_first_at[:19] + "Z" | fromdate) + 86400 * 2 | todate)' p/shipments.ndjson >moved
echo "{\"_src\":[\"named\",0,1,0,0],\"shipment_id\":\"$ship\"}" >named
for s in pg ch; do
	ok "$s: a shipment changes" on $s load stg_shipment moved
	ok "$s: a promise is another" on $s wb-run --once -n again -- 'wb-csv-extract --records named' 'wb-fold --history --now 2026-03-21T00:00:00Z' wb-enrich 'wb-sla-tag -r rules' '"$WB_LOAD" -t fct_shipment'
	WB_NOW=2026-03-21T00:00:00Z status 0 "$s: a due day has moved" on $s wb-marts -v
done
is "$(q pg "SELECT count(*) FROM mart_sla_day WHERE day = '$clean' AND late_sec_sum <> 77777") $(q pg "SELECT count(*) FROM mart_sla_day WHERE day = '$old' AND late_sec_sum = 77777")" '0 0' 'PostgreSQL: the old day is computed, one that has not changed is not'
ok 'it is another day' test "$(q pg "SELECT due_day FROM fct_shipment WHERE shipment_id = '$ship'")" != "$old"

# ---- death: the script, what runs the lane, and the loader, before and behind the swap and the checks; a swap is one transaction
cat >loader <<'END'
#!/bin/sh
for arg; do case ${last-} in -t) table=$arg ;; esac; last=$arg; done
die() { if mv "die.$table.$1" gone 2>/dev/null; then kill -9 $(cat pid) $PPID $$; fi; }
die before
wb-pg-load "$@" || exit
die after
END
chmod +x loader
n=0
for at in mart_delivery_day.before mart_sla_day.after wb_check.after wb_state.before; do
	n=$((n + 1))
	psql -qX -c "UPDATE mart.stg_shipment SET price = price + 1, updated_at = updated_at + interval '1 second' WHERE shipment_id = '$ship'"
	on pg wb-run --once -n again -- 'wb-csv-extract --records named' "wb-fold --history --now 2026-03-21T01:0$n:00Z" wb-enrich 'wb-sla-tag -r rules' '"$WB_LOAD" -t fct_shipment'
	before=$(q pg "SELECT value FROM wb_state WHERE name = 'refresh:mart_sla_day'")
	: >"die.$at"
	WB_LOAD=$tmp/loader on pg sh -c 'echo $$ >pid; exec "$@"' - wb-marts >out 2>err
	is "$? $(q pg "SELECT value FROM wb_state WHERE name = 'refresh:mart_sla_day'")" "137 $before" "PostgreSQL: killed at $at, the time is the old one"
	WB_NOW=2026-03-21T02:00:00Z status 0 'PostgreSQL: run again' on pg wb-marts
	is "$(q pg "SELECT count(*) FROM v_delivery_day_differs")$(q pg "SELECT count(*) FROM v_sla_day_differs WHERE day <> '$clean'")" 00 "PostgreSQL: killed at $at, in the end the marts are right"
done
on pg wb-sql -q "SELECT * FROM stg_shipment WHERE shipment_id = '$ship'" | jq -c '{_src: ["shipments", 0, 1, 0, 0]} + . | .updated_at = "2026-04-02T00:00:00Z"' >moved
for s in pg ch; do
	ok "$s: the shipment as it is" on $s load stg_shipment moved
	ok "$s: its document" on $s wb-run --once -n again -- 'wb-csv-extract --records named' 'wb-fold --history --now 2026-03-21T03:00:00Z' wb-enrich 'wb-sla-tag -r rules' '"$WB_LOAD" -t fct_shipment'
done

# ---- healing: rows spoilt by hand, a document, a contact and an event that the others know nothing of
gone=$(q pg "SELECT min(shipment_id) FROM fct_shipment WHERE events_n > 2 AND shipment_id <> '$ship'")
late=$(q pg "SELECT max(shipment_id) FROM fct_shipment WHERE events_n > 2 AND shipment_id <> '$ship'")
psql -qX -v ON_ERROR_STOP=1 -c 'SET search_path TO mart' -c "DELETE FROM mart_delivery_day WHERE day = '$clean'" -c "INSERT INTO mart_sla_day (day, client_id, carrier_id, service_code, dest_region, promise_source, due, met, computed_at)
	VALUES ('2031-05-05', 1, 1, '', '', 'none', 1, 1, now())" -c "UPDATE mart_support_day SET reopened = reopened + 1 WHERE day = '$clean'" -c "DELETE FROM mart_integration_hour WHERE day = '$clean'" \
	-c "UPDATE mart_courier_day SET active_sec = active_sec + 1 WHERE day = '$clean'" -c "DELETE FROM fct_shipment WHERE shipment_id = '$gone'"
jq -nc --arg s "$late" '{_src: ["contacts", 0, 900001, 0, 0], id: 900001, client_id: 1, shipment_id: $s, channel: "phone", topic: "wismo", opened_at: "2026-03-10T08:00:00.000Z", first_reply_at: null, resolved_at: null, reopened: 0, csat: null, created_at: "2026-03-10T08:00:00.000Z", updated_at: "2026-03-10T08:00:00.000Z"}' >contact
on pg wb-sql -q "SELECT * FROM fct_event WHERE shipment_id = '$late' LIMIT 1" | jq -c '{_src: ["late", 0, 1, 0, 0]} + del(.loaded_at, .src_topic, .src_partition, .src_offset) | .event_id = "late" | .status = "info" | .reason = "" | .supersedes = "" | .attempt_no = 0' >event
for s in pg ch; do
	ok "$s: a contact comes" on $s load stg_contact contact
	ok "$s: an event comes" on $s load fct_event event
	WB_NOW=2026-03-22T00:00:00Z status 0 "$s: wb-marts --heal" on $s wb-marts --heal
	is "$(cat out err)" '' "$s: says nothing"
done
is "$(q pg "SELECT count(*) FROM fct_shipment WHERE shipment_id = '$gone'") $(q pg "SELECT contacts_n > 0 AND events_n > 0 FROM fct_shipment WHERE shipment_id = '$late'")" '1 true' 'PostgreSQL: documents are made again'
is "$(q pg "SELECT count(*) FROM v_quality WHERE severity = 'error' AND bad_rows > 0")" 0 'PostgreSQL: no check finds an error'
is "$(q pg 'SELECT count(*) FROM v_delivery_day_differs')$(q pg 'SELECT count(*) FROM v_sla_day_differs')$(q pg 'SELECT count(*) FROM v_courier_day_differs')$(q pg 'SELECT count(*) FROM v_support_day_differs')$(q pg 'SELECT count(*) FROM v_integration_hour_differs')" 00000 'PostgreSQL: no mart differs from what SQL makes of the store'
# the version of a document that only one of them had to make again is its own
equal 'healed' mart_delivery_day mart_sla_day mart_courier_day mart_support_day mart_integration_hour wb_check fct_event
psql -qX -c "DELETE FROM mart.fct_event WHERE shipment_id = '$late' AND event_id = 'late'"
status 1 'PostgreSQL: an event that is gone' on pg wb-marts --heal
like "$(cat err)" "no archive has them .*: $late\$" 'is told with its shipment'
psql -qX -c "INSERT INTO mart.wb_state (name, value, version) VALUES ('retain:fct_event', '2026-12', 1)"
status 0 'PostgreSQL: one that has been archived is not' on pg wb-marts --heal
on pg load fct_event event

# ---- what breaks an invariant
psql -qX -v ON_ERROR_STOP=1 -c 'SET search_path TO mart' -c 'ALTER TABLE mart_sla_day DROP CONSTRAINT mart_sla_day_due_sum' -c "UPDATE mart_sla_day SET due = due + 1 WHERE (day, client_id) IN (SELECT day, client_id FROM mart_sla_day WHERE day = '$clean' LIMIT 1)" \
	-c "INSERT INTO wb_check VALUES ('sla_due_sum', 'error', 1, '2026-01-01') ON CONFLICT (check_name) DO UPDATE SET bad_rows = 1, checked_at = '2026-01-01'" \
	-c "UPDATE fct_shipment SET loaded_at = now() WHERE shipment_id = '$ship'"
status 1 'PostgreSQL: a check that is broken on a day that is not computed' on pg wb-marts -t mart_courier_day
like "$(cat err)" '^wb-marts: broken: sla_due_sum \([1-9]' 'is told'
psql -qX -c "DELETE FROM mart.wb_state WHERE name = 'refresh:mart_sla_day'"
status 0 'PostgreSQL: without a time everything is computed' on pg wb-marts
status 64 'PostgreSQL: a mart that is none' on pg wb-marts -t mart_x

# ---- the horizon
psql -qX -c "INSERT INTO mart.wb_horizon VALUES ('shipment', '$clean', 1)" -c "DELETE FROM mart.wb_state WHERE name = 'refresh:mart_sla_day'"
status 0 'PostgreSQL: days before the horizon' on pg wb-marts -v -t mart_sla_day
is "$(grep -Eo 'mart_sla_day: 2.*' err | tr ', ' '\n\n' | grep '^20' | sort | awk -v c="$clean" '$0 < c' | wc -l)" 0 'are left as they are'
psql -qX -c 'DELETE FROM mart.wb_horizon'

# ---- time
both 0 'wb-hourly' env WB_NOW=2026-04-05T00:10:00Z wb-hourly
is "$(cat out err)" '' 'says nothing when all is well'
is "$(q pg "SELECT count(*) FROM fct_shipment WHERE is_open AND judge_at <= '2026-04-05 00:10:00Z'")" 0 'PostgreSQL: none is left to be judged'
ok 'there were some' test "$(q pg "SELECT count(*) FROM fct_shipment WHERE version = 1775347800000")" -gt 10
equal 'judged again' mart_delivery_day mart_sla_day mart_courier_day mart_support_day mart_integration_hour mart_backlog_hour
psql -qX -c 'DROP TABLE mart.mart_sla_day CASCADE' 2>/dev/null
WB_NOW=2026-04-06T00:00:00Z WB_TRIES=1 status 78 'PostgreSQL: a mart that is not there' on pg wb-hourly
done_testing
