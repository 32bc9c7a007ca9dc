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
head -c 500 "$tmp/fits.gz" >"$tmp/cut.gz"
status 65 'a cut gzip file' $pass "$tmp/cut.gz"
is "$(cat "$tmp/fits.gz" "$tmp/fits.gz" | $pass | wc -c)" 2097154 'two gzip members are both read'

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
is "$(printf '{"a":1}\n{"a":2}\n' | $pass -b 2>&1 >/dev/null)" 'pass: barrier behind 2 records' 'one barrier at the end of a plain pipeline'
like "$($pass --help)" '^usage: pass ' '--help'
like "$($pass --version)" '^pass [0-9.]+ \(zlib ' '--version'

# metrics
printf '{"a":1}\n{\n' | $pass --quiet --metrics "$tmp/m.prom" --job nightly
is "$(grep -E 'kind="(read|written|rejected|json)"' "$tmp/m.prom" | tr '\n' ' ')" 'waybill_job_last_run_records{wb_job="nightly",kind="read"} 2 waybill_job_last_run_records{wb_job="nightly",kind="written"} 1 waybill_job_last_run_records{wb_job="nightly",kind="rejected"} 1 waybill_job_last_run_records{wb_job="nightly",kind="json"} 1 ' '--metrics counts'
was=$(grep '^waybill_job_last_success' "$tmp/m.prom")
yes '{' | head -n 50 | $pass --quiet --max-rejects 1 --metrics "$tmp/m.prom" --job nightly 2>/dev/null
is "$(grep '^waybill_job_last_success' "$tmp/m.prom")" "$was" 'a failed run keeps the time of the last success'
is "$(grep '^waybill_job_last_exit_code' "$tmp/m.prom")" 'waybill_job_last_exit_code{wb_job="nightly"} 65' 'and tells its exit status'

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
status 75 'the end of the input without @end (R5)' sh -c "{ echo '$hello'; echo '{\"a\":1}'; } | $pass"
is "$(cat "$tmp/out")" '' 'forwards nothing more'
status 75 'a last line without LF (R5)' sh -c "{ echo '$hello'; printf '{\"a\":1}'; } | $pass"
status 70 'no @hello' sh -c "{ echo '{\"a\":1}'; } | $pass"
status 78 'another version of the protocol' sh -c "echo '{\"@hello\":{\"v\":2,\"run\":\"r\",\"lane\":\"t\"}}' | $pass"
status 70 'lines behind the last checkpoint' sh -c "{ echo '$hello'; echo '$(ckpt 1 0)'; echo '{\"a\":1}'; echo '$(end 1)'; } | $pass"
status 70 'lines behind @end' sh -c "{ echo '$hello'; echo '$(ckpt 1 0)'; echo '$(end 1)'; echo '{\"a\":1}'; } | $pass"
status 64 'a filter as the first stage' env WB_ACK_IN=3 $pass /dev/null
is "$({ echo '{"a":1}'; ckpt 1 1; echo '{"a":2}'; echo '{"a":3}'; ckpt 2 2; end 2; } | lane -b 2>&1 >/dev/null)" 'pass: barrier behind 1 records
pass: barrier behind 3 records' 'barriers at each checkpoint'
{ echo "$hello"; echo '{"a":1}'; ckpt 1 1; ckpt 2 0; end 2; } | WB_ACK_OUT=5 $pass --quiet -s 5>"$tmp/ack" >"$tmp/out"
is "$(cat "$tmp/ack")" '{"@ack":{"run":"r1","n":1}}
{"@ack":{"run":"r1","n":2}}' 'a sink acknowledges'
is "$(wc -c <"$tmp/out")" 0 'and writes nothing'
done_testing
