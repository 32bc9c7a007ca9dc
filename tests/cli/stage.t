#!/bin/sh
# The pump: what every stage does with lines, control lines, rejects and its account.
. "$(dirname "$0")/../lib.sh"
pass=$BIN/../bench/pass
hello='{"@hello":{"v":1,"run":"r1","lane":"t"}}'
ckpt() { printf '{"@ckpt":{"run":"r1","n":%s,"rows":%s}}\n' "$1" "$2"; }
end() { printf '{"@end":{"run":"r1","n":%s}}\n' "$1"; }

# plain pipeline
is "$(printf '{"a":1}\n{"b":2}' | $pass)" '{"a":1}
{"b":2}' 'records pass, the last one without its LF too'
is "$(: | $pass | wc -c)" 0 'empty input'
status 0 'a bad record does not stop a pipeline' sh -c "printf '{\"a\":1}\n{\"a\":}\n{\"b\":2}\n' | $pass"
is "$(cat "$tmp/out")" '{"a":1}
{"b":2}' 'only good records come out'
like "$(cat "$tmp/err")" '^pass: standard input:2: .*\(json\)' 'it is told with its place and code'
status 0 'rejects are kept' sh -c "printf '{\"_src\":[\"t\",1,2,3,0],\"a\":}\n' | $pass --quiet --rejects $tmp/rej"
is "$(cat "$tmp/err")" '' 'and not told with --quiet'
is "$(cat "$tmp/rej")" '{"@reject":{"src":["t",1,2,3,0],"stage":"pass","code":"json","field":"","msg":"'"$(sed -n 's/.*"msg":"\([^"]*\)".*/\1/p' "$tmp/rej")"'","raw":"'"$(printf '{"_src":["t",1,2,3,0],"a":}' | base64 -w0)"'"}}' 'with src, stage, code and bytes'
is "$(printf '{"x":1}\n{"a":1}\n' | $pass --rejects - -r x | cut -c1-11)" '{"@reject":
{"a":1}' '--rejects - puts them into the stream'
is "$(printf '{"@reject":{"src":null,"stage":"s","code":"c","field":"","msg":"","raw":""}}\n' | $pass | wc -l)" 1 'rejects of earlier stages are forwarded'
is "$(printf '{"@news":{"v":1}}\n{"a":1}\n' | $pass)" '{"@news":{"v":1}}
{"a":1}' 'unknown control lines are forwarded'

{ printf '{"a":"'; head -c 1100000 /dev/zero | tr '\0' x; printf '"}\n{"b":1}\n'; } >"$tmp/long"
status 0 'an over-long line' $pass "$tmp/long"
is "$(cat "$tmp/out")" '{"b":1}' 'is skipped up to its LF'
like "$(cat "$tmp/err")" 'line of more than 1048576 bytes \(too_long\)' 'and told'
{ printf '{"a":"'; head -c 1048568 /dev/zero | tr '\0' x; printf '"}\n'; } >"$tmp/fits"
is "$($pass "$tmp/fits" | wc -c)" 1048577 'a line of exactly 1 MiB is taken'
gzip -c "$tmp/fits" >"$tmp/fits.gz"; zstd -q "$tmp/fits" -o "$tmp/fits.zst"
is "$($pass "$tmp/fits.gz" "$tmp/fits.zst" | wc -c)" 2097154 'gzip and zstd files are read as they are'
is "$({ head -c 1 "$tmp/fits.gz"; sleep 0.05; tail -c +2 "$tmp/fits.gz"; } | $pass | wc -c)" 1048577 'a byte at a time too'
head -c 500 "$tmp/fits.gz" >"$tmp/cut.gz"
status 65 'a cut gzip file' $pass "$tmp/cut.gz"
is "$(cat "$tmp/fits.gz" "$tmp/fits.gz" | $pass | wc -c)" 2097154 'two gzip members are both read'
is "$(cat "$tmp/fits.zst" "$tmp/fits.zst" | $pass | wc -c)" 2097154 'two zstd frames too'
for z in gz zst; do
	{ cat "$tmp/fits.$z"; echo more; } >"$tmp/tail.$z"
	status 65 "bytes behind $z data" $pass "$tmp/tail.$z"
	is "$(wc -c <"$tmp/out")" 1048577 'what stood before them has come out'
	like "$(cat "$tmp/err")" "tail.$z: .*, behind data that ended" 'they are told'
done

# what looks like a control line, where there is no lane
status 0 'a message that begins with @' sh -c "printf '{\"@context\":\"x\",\"a\":1}\n{\"a\":1}\n' | $pass"
is "$(cat "$tmp/out")" '{"a":1}' 'does not stop a pipeline'
like "$(cat "$tmp/err")" '^pass: standard input:1: .*\(reserved\)$' 'it is a reject'
{ echo "$hello"; echo '{"a":1}'; ckpt 1 1; end 1; } >"$tmp/lane"
is "$(cat "$tmp/lane" "$tmp/lane" | $pass -v 2>"$tmp/err")" "$(cat "$tmp/lane" "$tmp/lane")" 'what is left of a lane passes'
like "$(cat "$tmp/err")" '^pass: 2 in, 2 out, 0 rejected' 'and is no record'

# lineage that cannot be trusted
src() { printf '%b\n' "$1" | $pass --rejects - -r a | tr -d '\000' | sed 's/.*"src":\(.*\),"stage".*/\1/'; }
is "$(src '{"_src":["t",1,2,3,0],"a":1}')" '["t",1,2,3,0]' 'a reject has its _src'
is "$(src '{"_src":["t",{"x":"\0377"}],"a":')" null 'but not when that is broken'
is "$(src '{"_src":["\0377",1,2,3,0],"a":')" null 'or not UTF-8'
is "$(src '{"_src":{"evil":[1]},"a":1}')" null 'or of another form'
is "$(src '{"_src":["'"$(head -c 5000 /dev/zero | tr '\0' x)"'",1,2,3,0],"a":1}')" null 'or endless'

# ends
status 64 'an unknown option' $pass --nonsense
like "$(cat "$tmp/err")" '^pass: unknown option --nonsense \(see --help\)$' 'is told in one line'
status 64 'a file that is not there' $pass "$tmp/none"
status 74 '/dev/full' sh -c "printf '{\"a\":1}\n' | $pass >/dev/full"
status 75 'a dead reader' sh -c "( yes '{\"a\":1}' | head -n 500000 | $pass; echo \$? >$tmp/rc ) | head -n 1 >/dev/null; exit \$(cat $tmp/rc)"
status 65 'more than --max-rejects' sh -c "yes '{' | head -n 50 | $pass --quiet --max-rejects 10"
status 65 'more than the share of rejects' sh -c "{ yes '{' | head -n 120; yes '{\"a\":1}' | head -n 1000; } | $pass --quiet"
status 0 'fewer than MIN rejects, whatever their share' sh -c "yes '{' | head -n 99 | $pass --quiet"
like "$(printf '{"x":1}\n{}\n{"a":1}\n{\n' | $pass -v -f -r x 2>&1 >/dev/null | tail -n 1)" '^pass: 4 in, 1 out, 2 rejected, 1 filtered, enum 1, json 1, [0-9.]+ s$' 'the account adds up'
status 64 'an option that takes no argument' $pass --quiet=3
like "$(cat "$tmp/err")" '^pass: option --quiet=3: no argument is taken' 'is told so'
status 64 'an unknown option behind an operand' $pass "$tmp/fits" --nonsense
like "$(cat "$tmp/err")" '^pass: unknown option --nonsense' 'is told'
status 64 'an option without its argument' $pass --rejects
like "$(cat "$tmp/err")" '^pass: option --rejects needs an argument' 'is told'
status 64 'an argument that is long' $pass --max-rejects "$(head -c 100000 /dev/zero | tr '\0' 9)x"
like "$(cat "$tmp/err")" '^pass: --max-rejects: "9{200}" is not N' 'is cut, its fault not'
status 64 'more than 100 %' $pass --max-rejects 1,101%
is "$(printf '{"a":1}\n' >"$tmp/-x"; cd "$tmp" && $pass -- -x)" '{"a":1}' '-- ends the options'
is "$($pass "$tmp/fits" -v "$tmp/fits" --quiet | wc -c)" 2097154 'options may stand behind operands'
status 0 'no input at all' $pass /dev/null
status 74 'a folder' $pass "$tmp"
printf '{' >"$tmp/$(printf 'a\033[2J\nb')"
like "$($pass "$tmp"/a*b 2>&1)" '^pass: [^[:cntrl:]]*/a\?\[2J b:1: .*\(json\)$' 'bytes of a name do not reach the terminal'

# standard descriptors that are closed
printf '{"a":1}\n{"x":1}\n' >"$tmp/two"
status 74 'standard output is closed' sh -c "$pass -r x --quiet --rejects $tmp/rej $tmp/two >&-"
is "$(grep -vc @reject "$tmp/rej")" 0 'no record goes where it does not belong'
status 0 'standard error is closed' sh -c "$pass -r x -v --rejects $tmp/rej $tmp/two 2>&-"
is "$(grep -vc @reject "$tmp/rej")" 0 'and no message'
status 74 'standard input is closed' sh -c "$pass <&-"
status 0 'and not needed' sh -c "$pass $tmp/two <&-"
status 74 '/dev/full for rejects' $pass -r x --quiet --rejects /dev/full "$tmp/two"
status 74 'a file for rejects that cannot be made' $pass --rejects "$tmp/no/such" "$tmp/two"

# progress
mkfifo "$tmp/in" "$tmp/slow"
# sleeps PID WHERE: waits until the process sleeps in the kernel there; not every kernel tells
sleeps() {
	sleeps_n=200
	until grep -q "$2" "/proc/$1/wchan"; do sleeps_n=$((sleeps_n - 1)); [ $sleeps_n -gt 0 ] || return 1; sleep 0.02; done
}
wb-normalize --carriers "$tmp/slow" /dev/null &
pid=$!
ok 'a program that still reads its rules ignores SIGUSR1' until_true 20 sigmask $pid SigIgn
exec 3<>"$tmp/slow" 3>&-; kill $pid; wait $pid
$pass "$tmp/in" >"$tmp/out" 2>"$tmp/err" &
pid=$!
until_true 20 sigmask $pid SigCgt; sleeps $pid partner; kill -USR1 $pid	# while it waits for a writer
told() { ! sigmask $pid ShdPnd; }
until_true 2 told
exec 3<>"$tmp/in"; printf '{"a":1}\n{"a":' >&3
until_true 10 test -s "$tmp/out"; : >"$tmp/err"; kill -USR1 $pid
ok 'SIGUSR1 prints the line of progress at once' until_true 5 grep -q '^pass: 1 records, 0.0 MB, .* 0 rejects$' "$tmp/err"
printf '2}\n' >&3; exec 3>&-; wait $pid
is $? 0 'and disturbs nothing'
is "$(cat "$tmp/out")" '{"a":1}
{"a":2}' 'no record is lost'
yes '{"a":1}' | $pass >"$tmp/slow" 2>"$tmp/err" &
pid=$!
exec 3<>"$tmp/slow"
sleeps $pid pipe_write || sleep 3
kill -USR1 $pid
ok 'even while the reader does not read' until_true 5 grep -q 'records, .* MB/s' "$tmp/err"
exec 3<&-; wait $pid
# on_terminal COMMAND OPTION ...: what a terminal sees until COMMAND ends
on_terminal() {
	on_wait=$1; shift
	script -qefc "sh -c '(yes {\\\"a\\\":1} | head -n 300000; $on_wait) | $pass $* >/dev/null'" "$tmp/terminal" </dev/null >/dev/null
	grep -v '^Script ' "$tmp/terminal" | tr '\r' '\n' | grep .
}
printf 'n=600; until grep -q 300000 %s || [ $n -eq 0 ]; do n=$((n - 1)); sleep 0.1; done\n' "$tmp/terminal" >"$tmp/told"
like "$(on_terminal "sh $tmp/told")" 'pass: 300000 records, 2.4 MB, .* 0 rejects$' 'on a terminal it comes by itself'
is "$(on_terminal 'sleep 1.3' --quiet)" '' 'but not with --quiet'

is "$(printf '{"a":1}\n{"a":2}\n' | $pass -b 2>&1 >/dev/null)" 'pass: barrier behind 2 records' 'one barrier at the end of a plain pipeline'
status 70 'a record that goes nowhere' sh -c "printf '{\"a\":1}\n{}\n' | $pass -l"
like "$(cat "$tmp/err")" '^pass: the account does not add up: 2 in \+ 0 more, 1 out ' 'is missed'
like "$($pass --help)" '^usage: pass ' '--help'
like "$($pass --version)" '^pass [0-9.]+ \(zlib ' '--version'

# metrics
printf '{"a":1}\n{\n' | $pass --quiet --metrics "$tmp/m.prom" --job nightly >/dev/null
is "$(grep -E 'kind="(read|written|rejected|json)"' "$tmp/m.prom" | tr '\n' ' ')" 'waybill_job_last_run_records{wb_job="nightly",kind="read"} 2 waybill_job_last_run_records{wb_job="nightly",kind="written"} 1 waybill_job_last_run_records{wb_job="nightly",kind="rejected"} 1 waybill_job_last_run_records{wb_job="nightly",kind="json"} 1 ' '--metrics counts'
was=$(grep '^waybill_job_last_success' "$tmp/m.prom")
yes '{' | head -n 50 | $pass --quiet --max-rejects 1 --metrics "$tmp/m.prom" --job nightly 2>/dev/null
is "$(grep '^waybill_job_last_success' "$tmp/m.prom")" "$was" 'a failed run keeps the time of the last success'
is "$(grep '^waybill_job_last_exit_code' "$tmp/m.prom")" 'waybill_job_last_exit_code{wb_job="nightly"} 65' 'and tells its exit status'
printf '{"a":1}\n' | $pass --metrics "$tmp/l.prom" --job 'a"b\c
d' >/dev/null
is "$(grep -c '{wb_job="a\\"b\\\\c\\nd"' "$tmp/l.prom") $(grep -vc '^#' "$tmp/l.prom")" '9 9' 'any name of a job, in every series'
if command -v promtool >/dev/null; then
	ok 'as Prometheus reads it' sh -c "promtool check metrics <$tmp/l.prom"
else
	skip 'as Prometheus reads it' 'no promtool'
fi
was=$(grep '^waybill_job_last_success' "$tmp/l.prom")
status 74 'a run that does not begin' $pass --rejects "$tmp/no/such" --metrics "$tmp/l.prom" --job 'a"b\c
d'
is "$(grep '^waybill_job_last_success' "$tmp/l.prom"; sed -n 's/^waybill_job_last_exit_code.* //p' "$tmp/l.prom")" "$was
74" 'is told in the metrics too'
mkfifo "$tmp/p.prom"
status 74 'metrics into what is no file' $pass --metrics "$tmp/p.prom" /dev/null
ok 'which stays what it is' test -p "$tmp/p.prom"
is "$(cd "$tmp" && echo *.prom*)" 'l.prom m.prom p.prom' 'no temporary file is left'

# a lane
WB_LANE=t WB_ONCE=1; export WB_LANE WB_ONCE
lane() { { echo "$hello"; cat; } | $pass "$@"; }
is "$({ echo '{"a":1}'; echo '{'; ckpt 1 2; end 1; } | lane 2>&1 | sed 's/"raw".*/…/')" "$hello"'
{"a":1}
{"@reject":{"src":null,"stage":"pass","code":"json","field":"","msg":"'"$(printf '{\n' | env -u WB_LANE $pass --rejects - | sed -n 's/.*"msg":"\([^"]*\)".*/\1/p')"'",…
{"@ckpt":{"run":"r1","n":1,"rows":2}}
{"@end":{"run":"r1","n":1}}' 'rejects go into the stream and count as rows (R2)'
is "$({ echo '{"a":1}'; echo '{}'; ckpt 1 2; end 1; } | lane -f | tail -n 2 | head -n 1)" '{"@ckpt":{"run":"r1","n":1,"rows":1}}' 'a checkpoint counts what was sent on'
status 70 'a checkpoint that counts other lines' sh -c "{ echo '$hello'; echo '{\"a\":1}'; echo '$(ckpt 1 2)'; echo '$(end 1)'; } | $pass"
{ echo "$hello"; echo '{"a":1}'; } >"$tmp/cut"	# a file: what comes through a pipe may go on before the end is seen
status 75 'the end of the input without @end (R5)' $pass "$tmp/cut"
is "$(cat "$tmp/out")" '' 'forwards nothing more'
status 75 'a last line without LF (R5)' sh -c "{ echo '$hello'; printf '{\"a\":1}'; } | $pass"
{ echo "$hello"; ckpt 1 0; printf %s "$(end 1)"; } >"$tmp/cut"
status 75 'a last line without LF is none, be it @end itself (R5)' $pass "$tmp/cut"
status 64 'a program that prints at the end, in an endless lane' env -u WB_ONCE wb-fold /dev/null
status 70 'no @hello' sh -c "{ echo '{\"a\":1}'; } | $pass"
status 78 'another version of the protocol' sh -c "echo '{\"@hello\":{\"v\":2,\"run\":\"r\",\"lane\":\"t\"}}' | $pass"
status 70 'lines behind the last checkpoint' sh -c "{ echo '$hello'; echo '$(ckpt 1 0)'; echo '{\"a\":1}'; echo '$(end 1)'; } | $pass"
status 70 'lines behind @end' sh -c "{ echo '$hello'; echo '$(ckpt 1 0)'; echo '$(end 1)'; echo '{\"a\":1}'; } | $pass"
status 64 'a filter as the first stage' env WB_ACK_IN=3 $pass /dev/null
many() { yes "$2" | head -n "$1"; }
checkpoints() { { echo "$hello"; many 20 '{"a":1}'; many 2 '{"x":1}'; ckpt 1 22; many "$1" '{"x":1}'; many 8 '{"a":1}'; ckpt 2 $(($1 + 8)); end 2; } >"$tmp/in2"; }
checkpoints 2
status 0 '--max-rejects N is of a checkpoint' $pass -r x --max-rejects 2,100% "$tmp/in2"
checkpoints 3
status 65 'more in one stop it' $pass -r x --max-rejects 2,100% "$tmp/in2"
is "$(grep -c @ckpt "$tmp/out")" 1 'before it passes on'
status 65 'so is the share' $pass -r x --max-rejects 1000,20%,3 "$tmp/in2"
status 0 'from MIN on' $pass -r x --max-rejects 1000,20%,4 "$tmp/in2"
status 0 'archived history is no cause to stop' $pass -h -r x --max-rejects 0,0%,0 "$tmp/in2"
is "$({ echo '{"a":1}'; ckpt 1 1; echo '{"a":2}'; echo '{"a":3}'; ckpt 2 2; end 2; } | lane -b 2>&1 >/dev/null)" 'pass: barrier behind 1 records
pass: barrier behind 3 records' 'barriers at each checkpoint'
{ echo "$hello"; echo '{"a":1}'; ckpt 1 1; ckpt 2 0; end 2; } | WB_ACK_OUT=5 $pass --quiet -s 5>"$tmp/ack" >"$tmp/out"
{ echo "$hello"; echo '{}'; ckpt 1 1; end 1; } | WB_ACK_OUT=5 $pass --quiet -s -l 5>"$tmp/lost" 2>/dev/null
is "$? $(wc -c <"$tmp/lost")" '70 0' 'but not what has gone nowhere'
is "$(cat "$tmp/ack")" '{"@ack":{"run":"r1","n":1}}
{"@ack":{"run":"r1","n":2}}' 'a sink acknowledges'
is "$(wc -c <"$tmp/out")" 0 'and writes nothing'
exec 3<>"$tmp/in"; echo "$hello" >&3
$pass "$tmp/in" >"$tmp/out" 2>&1 &
pid=$!
until_true 10 test -s "$tmp/out"; kill $pid; echo '{"a":1}' >&3
ok 'a stage ignores the first SIGTERM' until_true 5 grep -q '"a"' "$tmp/out"
kill $pid; wait $pid
is $? 75 'and ends at the second'
exec 3>&-
{ echo "$hello"; echo '{"@reject":{"src":null,"stage":"s"}}'; echo '{'; ckpt 1 2; end 1; } | WB_ACK_OUT=1 $pass --quiet -s >"$tmp/out"
is "$(cut -c1-9 "$tmp/out" | tr '\n' ' ')" '{"@reject {"@reject {"@ack":{ ' 'but rejects that it does not keep, before it acknowledges'
echo keep >"$tmp/rej"
{ echo "$hello"; ckpt 1 0; end 1; } | $pass --rejects "$tmp/rej" >/dev/null
is "$(cat "$tmp/rej")" keep 'a file for rejects is not touched: they are in the stream'
done_testing
