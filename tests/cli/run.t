#!/bin/sh
# wb-run: a bounded lane lives and dies as one.
. "$(dirname "$0")/../lib.sh"
pass=$BIN/../bench/pass
unset XDG_RUNTIME_DIR; WB_LOCKS=$tmp; export WB_LOCKS pass
cat >"$tmp/head" <<'EOT'
#!/bin/sh
# a source of three records
printf '{"@hello":{"v":1,"run":"r1","lane":"%s"}}\n' "$WB_LANE"
printf '{"a":1}\n{"a":2}\n{"a":3}\n{"@ckpt":{"run":"r1","n":1,"rows":3}}\n{"@end":{"run":"r1","n":1}}\n'
EOT
chmod +x "$tmp/head"

status 0 'stages of the command line' wb-run --once -- "$tmp/head" "$pass" "$pass -s -v"
like "$(cat "$tmp/err")" 'pass: 3 in, 3 loaded, 0 rejected' 'all records arrive'
cat >"$tmp/day.lane" <<EOT
# a comment
$tmp/head

$pass \\
  -f
$pass -b
EOT
status 0 'a lane file' wb-run --once "$tmp/day.lane"
like "$(cat "$tmp/out")" '"lane":"day"' 'is named by its file'
is "$(grep -c '"a"' "$tmp/out")" 3 'records come out at its end'
is "$(env WB_LANE=x sh -c "$(grep -v '^#' "$tmp/day.lane" | sed -e :a -e '/\\$/N; s/\\\n//; ta' | grep . | paste -sd'|')" 2>/dev/null | grep -c '"a"')" 3 'paste makes the same pipeline of it'

printf '# a comment \\\n%s\n  # another\n%s -s -v' "$tmp/head" "$pass" >"$tmp/c.lane"
status 0 'a comment takes no stage with it' wb-run --once "$tmp/c.lane"
like "$(cat "$tmp/err")" 'pass: 3 in, 3 loaded' 'and the last line may lack its LF'
status 0 'a stage of several lines' wb-run --once -- "$tmp/head" "sh -c 'cat
'"
status 64 'an empty stage' wb-run --once -- "$tmp/head" '' "$pass -s"
like "$(cat "$tmp/err")" '^wb-run: stage 2 is empty' 'is told'
printf '%s\n\000\n' "$tmp/head" >"$tmp/nul.lane"
status 78 'a lane file that is no text' wb-run --once "$tmp/nul.lane"
long=$(head -c 128 /dev/zero | tr '\0' n)
for name in "$(printf 'a\tb')" "$(printf 'a\377')" a/b 'a"b' 'a\b' '' "$long"; do
	status 64 "no name for a lane: $(printf %.9s "$name" | tr -c 'a-z/' '?')" wb-run -n "$name" --once -- "$tmp/head" "$pass -s"
done
status 0 'a name of any letters' wb-run -n "день ${long%??????????}" --once -- 'wb-csv-extract /dev/null' "$pass -s"
status 64 'options of the stages' wb-run --rejects "$tmp/rej" --once -- "$tmp/head" "$pass -s"

# the stages: their descriptors and signals
ls -l /proc/self/fd | wc -l >"$tmp/own"
for i in 1 2 3; do printf '%s\n' "ls -l /proc/self/fd | wc -l >$tmp/fd$i" >"$tmp/fds$i"; done
wb-run --once -- "sh -c '. $tmp/fds1; $tmp/head'" "sh -c '. $tmp/fds2; cat'" "sh -c '. $tmp/fds3; cat >/dev/null'" 2>/dev/null
is "$(cat "$tmp"/fd1 "$tmp"/fd2 "$tmp"/fd3 | tr '\n' ' ')" "$(($(cat "$tmp/own") + 1)) $(cat "$tmp/own") $(($(cat "$tmp/own") + 1)) " 'have the ends of their own pipes alone'
status 0 'standard descriptors that are closed' sh -c "wb-run --once -- $tmp/head '$pass -s --metrics $tmp/std.prom' <&- >&- 2>&-"
like "$(cat "$tmp/std.prom")" 'kind="written"} 3' 'are no pipes of the lane'
status 0 'SIGCHLD ignored by who started it' timeout 20 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' wb-run --once -- "$tmp/head" "$pass -s"
mkfifo "$tmp/in"
wb-run --once -- "sh -c 'read x <$tmp/in; exec $tmp/head'" "sh -c 'read x <$tmp/in; exec cat'" "$pass -s --progress" 2>"$tmp/err" & first=$!
until_true 20 pgrep -P $first	# before it has stages it would die
usr1() { kill -USR1 $first; grep -q 'pass: 0 records' "$tmp/err"; }
ok 'SIGUSR1 goes to all stages' until_true 10 usr1
exec 3<>"$tmp/in"; echo >&3; echo >&3
wait $first; is $? 0 'and kills none'
exec 3>&-
status 74 'a stage that reads the terminal' timeout 20 script -qec "wb-run --once -- wb-csv-extract '$pass -s'" /dev/null

# metrics
wb-run --once --metrics "$tmp/run.prom" --job day -- "$tmp/head" "$pass -s" 2>/dev/null
is "$(sed -n 's/^waybill_job_last_exit_code//p' "$tmp/run.prom")" '{wb_job="day"} 0' 'metrics of a lane'
wb-run --once --metrics "$tmp/run.prom" --job day -- "$tmp/head" "sh -c 'exit 65'" 2>/dev/null
is "$(grep -c 'last_success.*{' "$tmp/run.prom") $(sed -n 's/^waybill_job_last_exit_code//p' "$tmp/run.prom")" '1 {wb_job="day"} 65' 'that failed'

status 64 'an endless lane without a name' wb-run -- "$tmp/head" "$pass"
status 64 'no lane' wb-run --once
status 78 'a lane file that is not there' wb-run --once "$tmp/none"
status 65 'the status of the stage that failed' wb-run --once -- "$tmp/head" "sh -c 'cat >/dev/null; exit 65'"
status 65 'and not that of those it pulled down' wb-run --once -- "$tmp/head" "sleep 60" "sh -c 'exit 65'"
status 75 'a stage that is killed' wb-run --once -- "$tmp/head" "sh -c 'kill -9 \$\$'" "$pass"
status 75 'a head that dies without @end' wb-run --once -- "sh -c 'head -c 60 $tmp/head >/dev/null; $tmp/head | head -n 3'" "$pass"
is "$(grep -c '@end' "$tmp/out")" 0 'ends nothing'
status 78 'a stage that cannot be found' wb-run --once -- "$tmp/head" "$tmp/nothing" "$pass"
status 78 'a stage that cannot be run' wb-run --once -- "$tmp/head" "$tmp" "$pass"
status 65 'a stage that does not take SIGTERM' timeout 20 wb-run --once -- "sh -c 'until [ -s $tmp/deaf1 ]; do :; done; exit 65'" "sh -c 'trap \"\" TERM; echo >$tmp/deaf1; sleep 300'"

# an endless lane
cat >"$tmp/flaky" <<EOT
#!/bin/sh
# fails twice with a neighbour's status, then ends as a drained source does
n=\$(cat "$tmp/tries" 2>/dev/null || echo 0); n=\$((n + 1)); echo \$n >"$tmp/tries"
[ \$n -gt 2 ] || exit 75
exec "$tmp/head"
EOT
chmod +x "$tmp/flaky"
status 0 'an endless lane starts again after a temporary end' wb-run -n flaky -- "$tmp/flaky" "$pass -s"
is "$(cat "$tmp/tries")" 3 'until it is told to end'
like "$(cat "$tmp/err")" 'lane flaky ended with 75, starts again in 0.2 s' 'says when'
like "$(cat "$tmp/err")" 'lane flaky ended with 75, starts again in 0.4 s' 'and waits longer each time'
for rc in 64 65 69 70 78; do
	rm -f "$tmp/tries"
	status $rc "but not after $rc" timeout 20 wb-run -n flaky -- "sh -c 'echo x >>$tmp/tries; exit $rc'" "$pass -s"
	is "$(wc -l <"$tmp/tries")" 1 "once is enough of $rc"
done
cat >"$tmp/gets_on" <<EOT
#!/bin/sh
# fails, but each time after an acknowledged checkpoint
n=\$(cat "$tmp/tries"); n=\$((n + 1)); echo \$n >"$tmp/tries"
[ \$n -le 3 ] || exec "$tmp/head"
echo "{\"n\":\$n}" >"\$WB_STATUS"; exit 75
EOT
chmod +x "$tmp/gets_on"; echo 0 >"$tmp/tries"
status 0 'a lane that gets on' wb-run -n getting -- "$tmp/gets_on" "$pass -s"
is "$(grep -c 'starts again in 0.2 s' "$tmp/err")" 3 'does not wait longer each time'
echo '{"run":"r1","n":7}' >"$tmp/flaky.status"
like "$(wb-run --status flaky)" '^flaky	stopped	[0-9.]+ s ago	\{"run":"r1","n":7\}$' '--status'
status 1 '--status of a lane that never was' wb-run --status nothing

# the lock
mkfifo "$tmp/go"
wb-run -n locked --once -- "sh -c 'cat $tmp/go >/dev/null; $tmp/head'" "$pass" >"$tmp/first" 2>&1 &
first=$!
ok 'the lock is there' until_true 10 test -s "$tmp/locked.lock"
status 75 'a second lane of the name' wb-run -n locked --once -- "$tmp/head" "$pass"
like "$(cat "$tmp/err")" "lane locked runs already \(pid $first" 'names the first'
: >"$tmp/go"; wait $first
is $? 0 'the first ends well'
status 0 'then the name is free' wb-run -n locked --once -- "$tmp/head" "$pass"

# its own death
wb-run --once -- "sleep 300" "$pass" 2>/dev/null &
first=$!
stages() { pgrep -f '^sleep 300$' -P "$first"; }
ok 'stages run' until_true 10 stages
child=$(stages)
kill -9 $first; wait $first 2>/dev/null
gone() { ! kill -0 "$child" 2>/dev/null; }
ok 'wb-run killed: its stages end' until_true 10 gone
wb-run --once -- "sleep 300" "$pass" 2>/dev/null &
first=$!
until_true 10 stages
kill "$first"; wait "$first"
is $? 75 'SIGTERM ends the lane'
wb-run --once -- "sh -c 'sleep 301.$$ & wait'" "$pass" "sh -c 'until pgrep -f \"^sleep 301.$$\$\" >$tmp/child; do :; done; exit 65'" 2>/dev/null
is $? 65 'a lane that breaks'
child=$(cat "$tmp/child")
ok 'takes what its stages have started with it' until_true 10 gone
mkfifo "$tmp/data"
wb-run --once -- "wb-csv-extract $tmp/data" "$pass" >"$tmp/out" 2>"$tmp/err" & first=$!
exec 3<>"$tmp/data"; printf 'a\n1\n' >&3
ok 'a record has come through' until_true 10 grep -q '"a":"1"' "$tmp/out"
kill $first; wait $first
is "$? $(grep -c @end "$tmp/out")" '75 0' 'SIGTERM to a bounded lane: half of the input is no success'
wb-run -n drain -- "wb-csv-extract $tmp/data" "$pass" >"$tmp/out" 2>"$tmp/err" & first=$!
printf 'a\n1\n' >&3
ok 'an endless lane runs' until_true 10 grep -q '"a":"1"' "$tmp/out"
kill $first; wait $first
is "$? $(grep -c @end "$tmp/out")" '0 1' 'SIGTERM drains it'
wb-run --once -- "sh -c 'trap \"\" TERM; echo >$tmp/deaf; sleep 300'" "$pass" 2>/dev/null & first=$!
until_true 10 test -s "$tmp/deaf"
twice() { kill $first 2>/dev/null; ! kill -0 $first 2>/dev/null; }
ok 'a second SIGTERM kills what does not drain' until_true 10 twice
exec 3>&-
done_testing
