#!/bin/sh
# wb-marts on both engines: only days that have changed are computed, whatever dies or comes between; checks; healing.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
unset XDG_RUNTIME_DIR WB_CONF WB_MARTS WB_LOAD; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
all='mart_delivery_day mart_sla_day mart_courier_day mart_support_day mart_integration_hour'
q() { wb-sql --format tsv -q "$1"; }

wb-sample --seed 11 --shipments 150 --out p >/dev/null 2>&1
{ cat p/tracking.events.ndjson; echo '{"_src":["tracking.events",0,999999,1772436168393,0],"shipment_id":"S","carrier_code":"nobody"}'; } |
	wb-normalize --quiet --rejects - --carriers p/carriers.ndjson --shipments p/shipments.ndjson >events 2>/dev/null
jq -c '{client_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, name, segment, tier, home_region, is_active, row_hash: 1, version: 1}' p/clients.ndjson >p/dim_client
jq -c '{carrier_id: .id, valid_from: .updated_at, valid_to: "2105-12-31T00:00:00.000Z", is_current: true, code, name, kind, tz: (.tz // ""), daily_capacity: (.daily_capacity // 0), is_active, row_hash: 1, version: 1}' p/carriers.ndjson >p/dim_carrier

# A loader that does something at a table: what stands in the file "at TABLE before|after", once.
cat >loader <<'END_LOADER'
#!/bin/sh
q() (unset WB_LANE WB_ACK_IN WB_ACK_OUT WB_ONCE WB_STATUS; wb-sql --format tsv -q "$1")
last=
for arg; do case $last in -t) table=$arg ;; esac; last=$arg; done
if mv "$HOOKS/$table.before" "$HOOKS/now" 2>/dev/null; then . "$HOOKS/now"; fi
wb-ch-load "$@" || exit
if mv "$HOOKS/$table.after" "$HOOKS/now" 2>/dev/null; then . "$HOOKS/now"; fi
END_LOADER
chmod +x loader; HOOKS=$tmp; export HOOKS
# hook TABLE before|after COMMANDS
hook() { printf '%s\n' "$3" >"$1.$2.new"; mv "$1.$2.new" "$1.$2"; }

view() { case $1 in mart_support_day|mart_integration_hour) echo "v_${1#mart_}_from_staging" ;; *) echo "v_${1#mart_}_from_facts" ;; esac; }
rows() { wb-sql -q "SELECT * FROM $1" | jq -Sc 'del(.computed_at, .batch_id)' | sort; }
# right NAME: all marts are what the views say
right() {
	for m in $marts; do
		rows "$(view "$m")" >want; rows "$m" >got
		if [ -s want ] && cmp -s want got; then pass "$1: $m"; else fail "$1: $m" "$(wc -l want got; diff want got | cut -c1-400 | head -n 4)"; fi
	done
}
# alter TABLE WHAT: a mutation, done when this returns
alter() {
	q "ALTER TABLE $1 $2" >/dev/null && until_true 120 sh -c "[ \"\$(wb-sql --format tsv -q 'SELECT count() FROM system.mutations WHERE is_done = 0')\" = 0 ]"
}
# age: everything that is stored was stored two hours ago
age() {
	for t in fct_shipment fct_event stg_contact stg_call; do alter $t 'UPDATE loaded_at = loaded_at - 7200 WHERE 1' || return; done
	# there it is the version, which no mutation may touch
	columns=$(q "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'wb_reject' AND name != 'loaded_at'" | paste -sd,)
	q "CREATE TABLE aged AS wb_reject; INSERT INTO aged SELECT * FROM wb_reject FINAL; TRUNCATE TABLE wb_reject;
		INSERT INTO wb_reject ($columns, loaded_at) SELECT $columns, loaded_at - 7200 FROM aged; DROP TABLE aged" >/dev/null
}
state() { q "SELECT argMax(value, version) FROM wb_state WHERE name = 'refresh:$1'"; }
clock() { q 'SELECT toUnixTimestamp(now())'; }
stages() { q "SELECT count() FROM system.tables WHERE position(name, '_stage_') > 0"; }

# fold LINE: the document of the shipment that the line names, made again
turn=0
fold() {
	turn=$((turn + 1))
	printf '%s\n' "$1" | wb-fold --history --now "2026-03-21T$(printf '%02d:%02d' $((turn / 60)) $((turn % 60))):00Z" | wb-enrich | wb-sla-tag | wb-ch-load -t fct_shipment
}
# change: another price and promise of the next shipment that was promised for a time; $ship
change() {
	turn=$((turn + 1))
	ship=$(sed -n "$((turn % $(wc -l <promised) + 1))p" promised)
	jq -c --arg s "$ship" --argjson n $turn 'select(.shipment_id == $s) | .price = 1000 + $n | .updated_at = "2026-04-01T00:00:\($n + 100 | tostring | .[1:])Z" |
		.promised_first_at = ((.promised_first_at[:19] + "Z" | fromdate) + 86400 * $n | todate) | .promised_first_on = null' p/shipments.ndjson | wb-ch-load -t stg_shipment
	fold "{\"shipment_id\":\"$ship\"}"
}
jq -r 'select(.promised_first_at != null and .cancelled_at == null) | .shipment_id' p/shipments.ndjson >promised

# refreshed ENGINE
refreshed() {
	turn=0 marts=$all
	ok "$1: schema" wb-schema
	for t in dim_client:dim_client dim_carrier:dim_carrier regions.ndjson:dim_region shipments.ndjson:stg_shipment support_contacts.ndjson:stg_contact integrations_log.ndjson:stg_call; do
		wb-ch-load -t "${t#*:}" "p/${t%:*}" || fail "$1: ${t#*:}"
	done
	ok "$1: events and rejects" wb-ch-load --rejects - -t fct_event events
	grep -v '^{"@' events | wb-fold --history --now 2026-03-20T12:00:00Z | wb-enrich | wb-sla-tag | wb-ch-load -t fct_shipment

	status 0 "$1: the first run" wb-marts
	is "$(cat out err)" '' "$1: says nothing when all is well"
	right "$1: a first run computes everything"
	like "$(state mart_sla_day)" '^20..-..-..T..:..:..\.000Z$' "$1: the time of the run is kept"
	is "$(q "SELECT count() >= 6 AND count() = (SELECT uniqExact(check_name) FROM v_quality_day), sum(bad_rows) FROM v_check" | tr '\t' ' ')" '1 0' "$1: the checks are kept"

	ok "$1: rows grow older" age
	before=$(state mart_sla_day)
	until_true 60 sh -c "[ \$(wb-sql --format tsv -q 'SELECT toUnixTimestamp(now())') -gt $(date -u -d "$before" +%s) ]"
	checked=$(q 'SELECT max(checked_at) FROM v_check')
	status 0 "$1: without a change" wb-marts -v
	is "$(grep -Ec 'mart_[a-z_]+: 2' err)" 0 "$1: nothing is computed"
	is "$(q 'SELECT max(checked_at) FROM v_check')" "$checked" "$1: nothing is checked"
	ok "$1: but the time is kept" test "$(state mart_sla_day)" '>' "$before"

	# a shipment whose due day moves; a row that is wrong on each of its days, and one on a day that is none of them
	ship=$(sed -n 2p promised)
	old=$(q "SELECT due_day FROM v_shipment WHERE shipment_id = '$ship'")
	n=$(q "SELECT sum(due) FROM mart_sla_day WHERE day = '$old'")
	clean=$(q "SELECT max(day) FROM mart_sla_day WHERE day NOT IN (SELECT arrayJoin(days) FROM fct_shipment WHERE shipment_id = '$ship') AND day < '2026-03-20'")
	ok "$1: rows are spoilt" alter mart_sla_day "UPDATE late_sec_sum = 77777 WHERE day IN ('$old', '$clean')"
	change
	status 0 "$1: a due day that has moved" wb-marts
	is "$(q "SELECT groupUniqArray(late_sec_sum = 77777) FROM mart_sla_day WHERE day = '$clean'")" '[1]' "$1: a day that has not changed is not computed"
	is "$(q "SELECT countIf(late_sec_sum = 77777), sum(due) FROM mart_sla_day WHERE day = '$old'" | tr '\t' ' ')" "0 $((n - 1))" "$1: the old day is, without the shipment"
	is "$(q "SELECT sum(abs(a)) FROM (SELECT day, sum(n) AS a FROM (SELECT day, toInt64(due) AS n FROM mart_sla_day UNION ALL SELECT day, -toInt64(due) AS n FROM v_sla_day_from_facts) GROUP BY day)")" 0 "$1: so is the new one"

	is "$(q "SELECT count() > 0 FROM mart_integration_hour WHERE events_rejected > 0")" 1 "$1: rejects are counted"

	# healing finds a row that is wrong, one that is gone, and one of a day on which nothing stands
	age
	alter mart_delivery_day "DELETE WHERE day = '$clean'"
	q "INSERT INTO mart_sla_day (day, due, met, promise_source, sla_rule_id) VALUES ('2031-05-05', 1, 1, 'none', '')" >/dev/null
	status 0 "$1: healing" wb-marts --heal
	is "$(cat out err)" '' "$1: says nothing when all is well then"
	right "$1: heals the marts"
	is "$(q "SELECT count() > 15, sum(severity = 'error' AND bad_rows > 0) FROM v_check" | tr '\t' ' ')" '1 0' "$1: keeps all checks"

	# death at each step: the script, what runs the lane and the loader
	marts='mart_delivery_day mart_sla_day' WB_MARTS='mart_delivery_day mart_sla_day'; export WB_MARTS
	for at in mart_delivery_day.after mart_sla_day.during mart_sla_day.after wb_check.after wb_state.before; do
		change
		case $at in
		# a loader that has made its stage and waits for the rows
		*.during) hook "${at%.*}" before 'mkfifo f; wb-ch-load "$@" <f & exec 4>f
			for i in $(seq 600); do [ "$(q "SELECT count() FROM system.tables WHERE position(name, '"'_stage_'"') > 0")" != 1 ] || break; sleep 0.1; done
			rm f; kill -9 $! $(cat pid) $PPID $$' ;;
		*) hook "${at%.*}" "${at#*.}" 'kill -9 $(cat pid) $PPID $$' ;;
		esac
		before=$(state mart_sla_day)
		WB_LOAD=$tmp/loader sh -c 'echo $$ >pid; exec "$@"' - wb-marts >out 2>err
		is "$? $(state mart_sla_day)" "137 $before" "$1: killed at $at, the time is the old one"
		case $at in *.during) is "$(stages)" 1 "$1: a stage is left" ;; esac
		status 0 "$1: run again" wb-marts
		right "$1: killed at $at"
		is "$(stages)" 0 "$1: no stage is left"
	done

	# two at once
	change
	hook mart_sla_day before 'touch held; for i in $(seq 1200); do [ ! -e go ] || break; sleep 0.1; done'
	rm -f held go
	WB_LOAD=$tmp/loader wb-marts >one 2>&1 &
	one=$!
	until_true 120 test -e held
	WB_TRIES=1 status 75 "$1: a second one at the same time" wb-marts
	like "$(cat err)" '^wb-marts: another run is at work' "$1: says why"
	wb-marts >two 2>&1 &
	two=$!
	touch go
	wait $one; rc=$?
	wait $two
	is "$rc $? $(cat one two)" '0 0 ' "$1: one that may wait does its work behind the first"
	right "$1: two at once"

	# a shipment that changes while the marts are computed; the run ends at a later second of the store's clock
	change
	hook mart_sla_day after 'at=$(q "SELECT toUnixTimestamp(now())"); echo "$at" >changed_at
		(unset WB_LANE WB_ACK_IN WB_ACK_OUT WB_ONCE WB_STATUS; printf "%s\n" "{\"shipment_id\":\"$(sed -n 1p promised)\"}" | wb-fold --history --now 2026-03-25T00:00:00Z | wb-enrich | wb-sla-tag | wb-ch-load -t fct_shipment)
		for i in $(seq 600); do [ "$(q "SELECT toUnixTimestamp(now())")" -le "$at" ] || break; sleep 0.1; done'
	WB_LOAD=$tmp/loader status 0 "$1: a change while it runs" wb-marts
	ok "$1: the time that is kept is that of the beginning" test "$(date -u -d "$(state mart_sla_day)" +%s)" -le "$(cat changed_at)"
	status 0 "$1: the next run" wb-marts
	right "$1: has the change"

	# rows that break an invariant: put there behind the swap, and found by the check
	change
	day=$(q "SELECT due_day FROM v_shipment WHERE shipment_id = '$ship'")
	hook mart_sla_day after "case \"\$*\" in
		*$day*) q \"ALTER TABLE mart_sla_day UPDATE late_hist = emptyArrayUInt32() WHERE day = '$day'\" >/dev/null
			for i in \$(seq 600); do [ \"\$(q 'SELECT count() FROM system.mutations WHERE is_done = 0')\" != 0 ] || break; sleep 0.1; done ;;
		*) mv now mart_sla_day.after ;;
		esac"
	WB_LOAD=$tmp/loader status 1 "$1: rows that break an invariant" wb-marts
	like "$(cat err)" '^wb-marts: broken: sla_hist_length \([1-9]' "$1: are told"
	is "$(q "SELECT severity, bad_rows > 0 FROM v_check WHERE check_name = 'sla_hist_length'" | tr '\t' ' ')" 'error 1' "$1: the check is kept"
	ok "$1: rows grow older" age
	other=$(q "SELECT shipment_id FROM v_shipment WHERE NOT has(days, toDate('$day')) ORDER BY shipment_id LIMIT 1")
	fold "{\"shipment_id\":\"$other\"}"
	status 1 "$1: while they stand on another day" wb-marts -t mart_sla_day
	like "$(cat err)" '^wb-marts: broken: sla_hist_length \([1-9]' "$1: the check stays broken"
	alter wb_state "DELETE WHERE name = 'refresh:mart_sla_day'"
	status 0 "$1: without a time everything is computed" wb-marts -t mart_sla_day
	is "$(q "SELECT bad_rows FROM v_check WHERE check_name = 'sla_hist_length'")" 0 "$1: and the check is well"
	right "$1: everything again"

	marts=$all; unset WB_MARTS
	status 0 "$1: all marts" wb-marts
	# documents behind the store: a contact, an event and a document that are missing, long ago
	a=$(sed -n 3p promised) b=$(sed -n 4p promised) c=$(sed -n 5p promised)
	jq -nc --arg s "$a" '{id: 900001, client_id: 1, shipment_id: $s, channel: "phone", topic: "wismo", opened_at: "2026-03-10T08:00:00.000Z", first_reply_at: null, resolved_at: null, reopened: 0, csat: null, created_at: "2026-03-10T08:00:00.000Z", updated_at: "2026-03-10T08:00:00.000Z"}' | wb-ch-load -t stg_contact
	grep -F "\"shipment_id\":\"$b\"" events | head -n 1 | jq -c '.event_id = "late" | .status = "info" | .reason = "" | .supersedes = ""' | wb-ch-load -t fct_event
	alter fct_shipment "DELETE WHERE shipment_id = '$c'"
	age
	n=$(q "SELECT contacts_n FROM v_shipment WHERE shipment_id = '$a'") m=$(q "SELECT events_n FROM v_shipment WHERE shipment_id = '$b'")
	status 0 "$1: healing documents" wb-marts --heal
	is "$(cat err)" '' "$1: says nothing when all is well then"
	is "$(q "SELECT contacts_n FROM v_shipment WHERE shipment_id = '$a'")" $((n + 1)) "$1: a contact is counted"
	is "$(q "SELECT events_n FROM v_shipment WHERE shipment_id = '$b'")" $((m + 1)) "$1: an event is folded in"
	is "$(q "SELECT count() FROM v_shipment WHERE shipment_id = '$c'")" 1 "$1: a document is made"
	right "$1: healed"
	version=$(q "SELECT max(version) FROM v_shipment")
	status 0 "$1: healing what is well" wb-marts --heal
	is "$(q "SELECT max(version) FROM v_shipment")" "$version" "$1: folds nothing"

	# an event that is gone
	alter fct_event "DELETE WHERE shipment_id = '$b' AND event_id = 'late'"
	status 1 "$1: an event that is gone" wb-marts --heal
	like "$(cat err)" "no archive has them .*: $b\$" "$1: is told with its shipment"
	q "INSERT INTO wb_state (name, value, version) VALUES ('retain:fct_event', '2026-03', 1)" >/dev/null
	status 0 "$1: one that has been archived is not" wb-marts --heal

	# the backlog
	WB_NOW=2026-03-25T10:20:30Z status 0 "$1: the backlog" wb-marts -t mart_backlog_hour
	is "$(q "SELECT toString(max(as_of), 'UTC'), sum(open_n) FROM mart_backlog_hour" | tr '\t' ' ')" "2026-03-25 10:00:00 $(q "SELECT count() FROM v_shipment WHERE is_open AND created_at < '2026-03-25 10:00:01'")" "$1: is that of the full hour"
	WB_NOW=2026-03-25T10:50:00Z status 0 "$1: the backlog again" wb-marts -t mart_backlog_hour
	is "$(q 'SELECT count() = uniqExact(carrier_id, dest_region, stage), uniqExact(as_of) FROM mart_backlog_hour' | tr '\t' ' ')" '1 1' "$1: replaces it"
	status 64 "$1: a mart that is none" wb-marts -t mart_x
}

if start_chdb; then WB_STORE=$chdb_url; export WB_STORE; refreshed wb-chdb; kill_server "$chdb_pid" TERM; else skip 'wb-chdb' 'no libchdb'; fi
if start_clickhouse_18; then WB_STORE=$ch18_url; export WB_STORE; refreshed 18.16; else skip '18.16' 'no clickhouse-server'; fi
done_testing
