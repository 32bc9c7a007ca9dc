#!/bin/sh
# wb-ch-load --tee on both engines: what is passed on is what was stored, in order, and not before it was.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
cd "$tmp" || exit 1
WB_LOCKS=$tmp; export WB_LOCKS; unset XDG_RUNTIME_DIR

q() { wb-sql --format tsv -q "$1"; }
# same FILE FILE NAME
same() { if cmp -s "$1" "$2"; then pass "$3"; else fail "$3" "$(wc -l "$1" "$2"; diff "$1" "$2" | cut -c1-300 | head -n 4)"; fi; }
# event N: canonical, of shipment N; they lie in four months in turn
event() {
	printf '{"_src":["t",0,%d,1717398005000,0],"shipment_id":"S%d","event_id":"e","version":%s,"event_time":"2024-0%d-03T07:00:00.000Z","received_at":"2024-0%d-03T07:00:05.000Z","lag_sec":5,"carrier":"cdek","integration":"x","status":"accepted","map_hit":"exact"}\n' \
		"$1" "$1" "${2:-1}" $(($1 % 4 + 3)) $(($1 % 4 + 3))
}

# watch FILE: passes lines on; for each record it says how many rows are stored
cat >watch <<'END'
#!/bin/sh
unset WB_LANE WB_ONCE
while IFS= read -r line; do
	case $line in
	'{"@ckpt'*) WB_STORE=$store wb-sql --format tsv -q 'SELECT count() FROM v_event' >>"$1.stored"
		WB_STORE=$store wb-sql --format tsv -q 'SELECT count() FROM wb_reject FINAL' >>"$1.rejects" ;;
	esac
	printf '%s\n' "$line" | tee -a "$1"
done
END
chmod +x watch

all() {
	rm -f lane* hard* up*
	WB_STORE=$base/default; export WB_STORE
	store=$WB_STORE; export store
	ok "$1: schema" wb-schema
	i=0; while [ $i -lt 400 ]; do event $i; i=$((i + 1)); done >in
	status 0 "$1: a plain pipeline" wb-ch-load -v --tee -t fct_event in
	same in out "$1: all lines, unchanged and in order, though months are stored apart"
	like "$(cat err)" '400 in, 400 loaded, 0 rejected, 0 filtered' "$1: the account"
	is "$(q 'SELECT count() FROM v_event')" 400 "$1: all stored"

	# what the server refuses, what the loader refuses
	q 'CREATE TABLE hard (k UInt32, s String, n UInt32 MATERIALIZED toUInt32(s)) ENGINE = MergeTree ORDER BY k' >/dev/null
	awk 'BEGIN{for (i = 0; i < 2000; i++) printf "{\"k\":%s,\"s\":\"%s\"}\n", i % 500 == 3 ? -i : i, i == 0 || i == 777 || i == 1999 ? "abc" : i}' >hard.ndjson
	status 0 "$1: rows that are refused" wb-ch-load --tee --rejects hard.rej -t hard hard.ndjson
	grep -Ev 'abc|:-' hard.ndjson >hard.want
	same hard.want out "$1: are not passed on, the others are"
	is "$(wc -l <hard.rej)" 7 "$1: but rejects"

	# two versions of one key within a block
	{ event 1000 1; event 1001 1; event 1000 2; } >up.ndjson
	status 0 "$1: a version that replaces another" wb-ch-load -v --tee -t fct_event up.ndjson
	same up.ndjson out "$1: both are passed on"
	like "$(cat err)" '3 in, 2 loaded, 0 rejected, 1 filtered, replaced 1' "$1: the account has one of them"

	# an endless plain pipeline does not wait for more
	mkfifo slow
	wb-ch-load --tee -t fct_event <slow >idle & loader=$!
	exec 3>slow
	event 2000 >&3; event 2001 >&3
	ok "$1: lines come while the input is idle" until_true 20 sh -c 'test "$(wc -l <idle)" = 2'
	is "$(q "SELECT count() FROM v_event WHERE shipment_id IN ('S2000', 'S2001')")" 2 "$1: and are stored"
	exec 3>&-
	wait $loader
	is $? 0 "$1: its end"
	rm -f slow

	# a lane: control lines, rejects, order; the account of the next stage is checked by the lane
	q 'TRUNCATE TABLE fct_event' >/dev/null; q 'TRUNCATE TABLE wb_reject' >/dev/null
	{ head -n 100 in | sed 's/"_src":[^]]*\],//'; echo '{"a":'; event 3000 -1 | sed 's/"_src":[^]]*\],//'; tail -n +101 in | sed 's/"_src":[^]]*\],//'; } >lane.in
	status 0 "$1: a lane" wb-run --once -- 'wb-csv-extract lane.in' 'wb-ch-load --tee -t fct_event' './watch lane.out' 'wb-ch-load -t fct_event'
	is "$(cat lane.out.stored lane.out.rejects | paste -sd' ')" '400 2' "$1: rows and rejects are stored before the checkpoint goes on"
	sed 's/"_src":[^]]*\],//' lane.out | grep -v '^{"@' >lane.got
	grep -v '^{"a"' lane.in | grep -v S3000 >lane.want
	same lane.want lane.got "$1: the lines of a lane, in order"
	is "$(grep '^{"@' lane.out | sed -E 's/"run":"[0-9a-f]*"/"run":""/; s/"lane":"[^"]*"/"lane":""/' | paste -sd' ')" \
	    '{"@hello":{"v":1,"run":"","lane":""}} {"@ckpt":{"run":"","n":1,"rows":400}} {"@end":{"run":"","n":1}}' "$1: control lines go on, rejects end here"
	status 75 "$1: a stage before that died" wb-run --once -- 'wb-csv-extract lane.in' 'head -n 50' 'wb-ch-load --tee -t fct_event' 'wb-ch-load -t fct_event'

	# lines for others keep their place
	{
		echo '{"@hello":{"v":1,"run":"0123456789abcdef01234567","lane":"t"}}'
		event 1; event 2; echo '{"@news":{"a":1}}'; event 3; echo '{"@news":{"a":2}}'
		echo '{"@ckpt":{"run":"0123456789abcdef01234567","n":1,"rows":3}}'; echo '{"@end":{"run":"0123456789abcdef01234567","n":1}}'
	} >news
	status 0 "$1: unknown control lines" env WB_LANE=t wb-ch-load --tee -t fct_event news
	same news out "$1: stay behind what is held"

	# more than is held at once
	q 'CREATE TABLE big (k UInt32, s String) ENGINE = ReplacingMergeTree ORDER BY k' >/dev/null
	awk 'BEGIN{s = sprintf("%2000s", ""); gsub(/ /, "x", s); for (i = 0; i < 40000; i++) printf "{\"k\":%d,\"s\":\"%s\"}\n", i, s}' >big
	wb-ch-load --tee -t big big | cmp -s - big
	is $? 0 "$1: 80 MB go through"
	is "$(q 'SELECT count(), uniqExact(k) FROM big')" "$(printf '40000\t40000')" "$1: and are stored"
	rm -f big

	status 64 "$1: --swap" wb-ch-load --tee --swap --days 2024-06-01 -t mart_sla_day in
	status 74 "$1: no room" sh -c 'wb-ch-load --tee -t fct_event in >/dev/full'
	status 0 "$1: no input" wb-ch-load --tee -t fct_event /dev/null
	is "$(wc -c <out)" 0 "$1: no output"
}

if start_chdb; then base=http://127.0.0.1:$chdb_port; all wb-chdb; kill_server "$chdb_pid" TERM; else skip 'wb-chdb' 'no libchdb'; fi
if start_clickhouse_18; then base=http://127.0.0.1:$ch18_port; all 18.16; else skip '18.16' 'no clickhouse-server'; fi
done_testing
