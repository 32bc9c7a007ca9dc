#!/bin/sh
# wb-chdb: ClickHouse's HTTP interface over the embedded engine.  Needs libchdb (scripts/fetch-libchdb).
. "$(dirname "$0")/../lib.sh"

lib=${WB_LIBCHDB:-$("$top/scripts/fetch-libchdb" 2>"$tmp/fetch")} || {
	echo "1..0 # SKIP no libchdb: $(tail -n 1 "$tmp/fetch")"
	exit 0
}
case ${SAN:-} in *address*)
	echo "1..0 # SKIP libchdb does not load under AddressSanitizer"
	exit 0 ;;
esac
WB_LIBCHDB=$lib
export WB_LIBCHDB
${CC:-cc} -D_GNU_SOURCE -o "$tmp/cut" "$top/tests/server/cut.c" || exit 1

server=
stop() {
	[ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server"; server=; }
	grep "runtime error" "$tmp/log" >&2
}
export tap_end=stop
# start [OPTION ...]: a server on $tmp/store; $url, $port
start() {
	rm -f "$tmp/port"
	wb-chdb --listen 127.0.0.1:0 --port-file "$tmp/port" "$@" "$tmp/store" 2>>"$tmp/log" &
	server=$!
	until_true 30 test -s "$tmp/port" || { echo "Bail out! wb-chdb does not start: $(cat "$tmp/log")"; exit 1; }
	url=$(cat "$tmp/port") port=${url##*:}
}
# post PARAMETERS [SQL]: the answer's body, or its error
post() { curl -sS "$url/?$1" --data-binary "${2-}"; }
get() { curl -sS -G "$url/" --data-urlencode "query=$1"; }
# code PARAMETERS [SQL]: "HTTP status, exception code"
code() { curl -sS -o "$tmp/body" -D "$tmp/head" -w '%{http_code}' "$url/?$1" --data-binary "${2-}"; exception; }
exception() { tr -d '\r' <"$tmp/head" | sed -n 's/^X-ClickHouse-Exception-Code: / /p' | tr -d '\n'; }
head_of() { tr -d '\r' <"$tmp/head" | sed -n "s/^$1: //p"; }
count() { post '' "SELECT count() FROM $1"; }
insert='query=INSERT+INTO+w.t+FORMAT'
running() { test "$(post "" "SELECT count() FROM system.processes")" = "$1"; }

start
like "$(cat "$tmp/log")" "^wb-chdb: ready at http://127.0.0.1:[0-9]+$" "says when it is ready, and where"

# ---- the interface
is "$(curl -sS "$url/ping") $(curl -sS "$url/replicas_status") $(curl -sS "$url/")" 'Ok. Ok. Ok.' "/ping, /replicas_status, /"
is "$(code '' 'CREATE DATABASE w')" 200 "DDL"
is "$(code 'database=w' 'CREATE TABLE t (a UInt32, b String) ENGINE = MergeTree ORDER BY a')" 200 "database as a parameter"
is "$(curl -sS -H 'X-ClickHouse-Database: w' "$url/" -d 'SELECT currentDatabase()')" w "database as a header"
is "$(code 'database=none' 'SELECT 1')" "404 81" "a database that is missing"
is "$(post 'param_x=7&param_s=a%5Ctb' 'SELECT {x:UInt8} + 1, {s:String}')" "8	a\\tb" "parameters"
is "$(curl -sS -H 'X-ClickHouse-Format: CSV' "$url/" -d "SELECT 1, 'a'")" '1,"a"' "format as a header"
is "$(post 'default_format=CSV' "SELECT 1, 'a'")" '1,"a"' "default_format"
is "$(post 'default_format=CSV' "SELECT 1 FORMAT JSONEachRow")" '{"1":1}' "a FORMAT clause wins"
is "$(post 'query=SELECT+1' '+ 1')" 2 "a query in two halves"
is "$(code 'query_id=q-1' 'SELECT 1 FORMAT JSON') $(head_of X-ClickHouse-Query-Id) $(head_of X-ClickHouse-Format) $(head_of X-ClickHouse-Timezone)" \
	"200 q-1 JSON UTC" "headers of an answer"
is "$(code '' 'SELECT * FROM w.none')" "404 60" "HTTP status and code of an error"
like "$(cat "$tmp/body")" '^Code: 60\. DB::Exception: .*\(UNKNOWN_TABLE\) \(version 26\.[0-9.]+\)$' "text of an error"
is "$(code '' 'SELEC 1')" "400 62" "a syntax error"
is "$(code '' 'SELECT throwIf(1)')" "500 395" "an exception of the query"
is "$(code '' '')" "400 62" "an empty query"
is "$(curl -sS -o "$tmp/body" -w '%{http_code}' "$url/none")" 404 "a page that is none"
is "$(curl -sS -o "$tmp/body" -w '%{http_code}' -X PUT "$url/" -d 'SELECT 1')" 405 "a method that is none"
is "$(curl -sS -o "$tmp/body" -w '%{http_code}' -u bob:x "$url/" -d 'SELECT 1')" 403 "a user that is none"
is "$(curl -sS -u default: "$url/" -d 'SELECT 1')" 1 "the user default"
is "$(code 'wait_end_of_query=1' 'SELECT throwIf(number = 1000000) FROM numbers(2000000) SETTINGS max_block_size = 1000')" \
	"500 395" "wait_end_of_query: an error after a million rows has its status"
curl -sS "$url/" -d 'SELECT throwIf(number = 1000000), number FROM numbers(2000000) SETTINGS max_block_size = 1000' \
	>"$tmp/out" 2>"$tmp/err"
is $? 18 "without it the answer is left unfinished"
like "$(tail -c 400 "$tmp/out")" 'Code: 395\.' "and ends with the error's text"

# ---- settings
is "$(code 'no_such=1' 'SELECT 1')" "404 115" "trap: an unknown setting"
is "$(code 'max_threads=many' 'SELECT 1')" "400 27" "a setting's wrong value"
is "$(post 'max_threads=3' "SELECT getSetting('max_threads')")" 3 "a setting"
is "$(post 'max_block_size=1000' "SELECT getSetting('max_threads') = 3")" 0 "is gone with its request"
is "$(code 'max_result_rows=10' 'SELECT number FROM numbers(100) FORMAT JSON')" "500 396" "max_result_rows"
is "$(code 'max_result_bytes=1000' 'SELECT number FROM numbers(100000) FORMAT JSON')" "500 396" "max_result_bytes"

# ---- GET reads
is "$(get 'SELECT 1')" 1 "GET"
like "$(get 'CREATE TABLE w.no (a UInt8) ENGINE = Memory')" '^Code: 164\.' "GET cannot create"
like "$(get 'INSERT INTO w.t VALUES (1, 2)')" '^Code: 164\.' "GET cannot insert"
like "$(get 'SET max_threads = 1')" '^Code: 164\.' "GET cannot set"
like "$(get 'SELECT 1 SETTINGS readonly = 0')" '^Code: 164\.' "GET cannot leave it"
like "$(post 'readonly=2' 'DROP TABLE w.t')" '^Code: 164\.' "readonly=2 alike"

# ---- INSERT, its formats
printf '{"a":1,"b":"x"}\n\n{"a":2,"b":"y"}\n' >"$tmp/rows"
is "$(curl -sS -D "$tmp/head" "$url/?$insert+JSONEachRow" --data-binary @"$tmp/rows")" '' "trap: data with a blank line"
like "$(head_of X-ClickHouse-Summary)" '"written_rows":"2"' "the summary counts rows"
(printf 'INSERT INTO w.t FORMAT JSONEachRow '; cat "$tmp/rows") | curl -sS "$url/" --data-binary @- >"$tmp/body"
is "$(cat "$tmp/body")$(count w.t)" 4 "statement and data in one body"
is "$(post '' "INSERT INTO w.t VALUES (3, upper('z')), (4, 'a;b')")$(count w.t)" 6 "VALUES, with expressions"
is "$(post '' "INSERT INTO w.t FORMAT CSV SETTINGS format_csv_delimiter = '|' 5|v")$(count w.t)" 7 "FORMAT x SETTINGS"
is "$(curl -sS -H 'X-ClickHouse-Format: TSV' "$url/?query=INSERT+INTO+w.t" --data-binary "6	u")$(count w.t)" 8 "format as a header"
post '' 'SELECT * FROM w.t ORDER BY a, b FORMAT Native' >"$tmp/native"
post '' 'SELECT * FROM w.t ORDER BY a, b FORMAT RowBinary' >"$tmp/rowbinary"
is "$(curl -sS "$url/?$insert+Native" --data-binary @"$tmp/native")$(count w.t)" 16 "Native, length known"
is "$(curl -sS -H 'Transfer-Encoding: chunked' "$url/?$insert+Native" --data-binary @"$tmp/native")$(count w.t)" 24 "Native, chunked"
is "$(curl -sS "$url/?$insert+RowBinary" --data-binary @"$tmp/rowbinary")$(count w.t)" 32 "RowBinary"
printf '\012\000\000\000\002\n\n' | curl -sS "$url/?$insert+RowBinary" --data-binary @- >"$tmp/body"
is "$(cat "$tmp/body")$(post '' 'SELECT count(), max(length(b)) FROM w.t WHERE a = 10')" "1	2" "trap: RowBinary that begins with line ends"
is "$(post '' 'INSERT INTO w.t SELECT number + 100, toString(number) FROM numbers(10)')$(count w.t)" 43 "INSERT SELECT"
is "$(post "$insert+JSONEachRow" '')$(count w.t)" 43 "no data, no rows"
is "$(code "$insert+JSONEachRow" '{"a":1,"b":"x"} {"a":"bad"}')$(count w.t)" "400 2743" "a bad row: nothing is stored"
is "$(code '' "INSERT INTO w.t SELECT * FROM input('a UInt32, b String') FORMAT CSV 1,2")$(count w.t)" "501 4843" \
	"trap: INSERT SELECT FROM input() is refused"
is "$(code '' 'SELECT 1; SELECT 2')" "400 62" "trap: several statements"
is "$(code '' 'INSERT INTO w.t SELECT 1, 2; DROP TABLE w.t')$(count w.t)" "400 6243" "trap: several statements, an INSERT first"
is "$(post '' 'SELECT 1;')" 1 "a semicolon at the end is none"

# ---- compressed bodies
post '' 'TRUNCATE TABLE w.t'
i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); echo "{\"a\":$i,\"b\":\"row $i\"}"; done >"$tmp/rows"
gzip -c "$tmp/rows" >"$tmp/rows.gz"
zstd -q -c "$tmp/rows" >"$tmp/rows.zst"
# packed ENCODING FILE
packed() { curl -sS -H "Content-Encoding: $1" "$url/?$insert+JSONEachRow" --data-binary @"$2"; }
is "$(packed gzip "$tmp/rows.gz")$(count w.t)" 2000 "a gzip body"
is "$(packed zstd "$tmp/rows.zst")$(count w.t)" 4000 "a zstd body"
size=$(wc -c <"$tmp/rows.gz")
head -c $((size - 8)) "$tmp/rows.gz" >"$tmp/cut.gz"
like "$(packed gzip "$tmp/cut.gz")" '^Code: 354\.' "gzip without its trailer is refused"
head -c $((size / 2)) "$tmp/rows.gz" >"$tmp/cut.gz"
like "$(packed gzip "$tmp/cut.gz")" '^Code: 354\.' "half a gzip body is refused"
cat "$tmp/rows.gz" "$tmp/rows.gz" >"$tmp/two.gz"
like "$(packed gzip "$tmp/two.gz")" '^Code: 354\.' "two gzip members are refused"
head -c $(($(wc -c <"$tmp/rows.zst") - 4)) "$tmp/rows.zst" >"$tmp/cut.zst"
like "$(packed zstd "$tmp/cut.zst")" '^Code: 561\.' "a cut zstd frame is refused"
like "$(packed br "$tmp/rows")" '^Code: 89\.' "an unknown encoding is refused"
is "$(count w.t)" 4000 "and none of them stored a row"
curl -sS -D "$tmp/head" -H 'Accept-Encoding: gzip' "$url/?enable_http_compression=1" -d 'SELECT number FROM numbers(100000)' >"$tmp/out.gz"
is "$(head_of Content-Encoding) $(gzip -dc "$tmp/out.gz" | cksum)" "gzip $(i=0; seq 0 99999 | cksum)" "a gzip answer, streamed"
curl -sS -H 'Accept-Encoding: gzip' "$url/?enable_http_compression=1" -d 'SELECT 1 AS a FORMAT JSONCompact' | gzip -dc >"$tmp/out"
like "$(cat "$tmp/out")" '"rows": 1' "a gzip answer, whole"
curl -sS -D "$tmp/head" -H 'Accept-Encoding: gzip' "$url/" -d 'SELECT 1' >"$tmp/out"
is "$(head_of Content-Encoding)$(cat "$tmp/out")" 1 "no gzip unless it is switched on"

# ---- one block is all or nothing, and the client says how large it is
post '' 'CREATE TABLE w.n (a UInt32) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 10'
blocks='max_insert_block_size=10000000&min_insert_block_size_rows=10000000&min_insert_block_size_bytes=10000000000'
{ seq 1500000; echo bad; } >"$tmp/n"
like "$(curl -sS "$url/?$blocks&query=INSERT+INTO+w.n+FORMAT+TSV" --data-binary @"$tmp/n")" '^Code: 27\.' "1.5 M rows, the last is bad"
is "$(count w.n)" 0 "none is stored"
seq 1500000 | curl -sS "$url/?$blocks&query=INSERT+INTO+w.n+FORMAT+TSV" -X POST -T -
is "$(post '' 'SELECT count(), uniqExact(_part) FROM w.n')" "1500000	1" "1.5 M good rows are one part"
post 'insert_deduplication_token=x' 'INSERT INTO w.n VALUES (1)'
post 'insert_deduplication_token=x' 'INSERT INTO w.n VALUES (1)'
is "$(count w.n)" 1500001 "insert_deduplication_token"

# ---- the bytes of answers
for f in TSV CSV JSONEachRow JSONCompactEachRow RowBinary Native; do
	sql="SELECT number AS n, toString(number % 1000) AS s, [number] AS l FROM numbers(300000) FORMAT $f"
	post '' "$sql" | cksum >"$tmp/streamed"
	post 'wait_end_of_query=1' "$sql" | cksum >"$tmp/whole"
	is "$(cat "$tmp/streamed")" "$(cat "$tmp/whole")" "trap: $f in pieces is $f in one"
done
for f in JSON CSVWithNames RowBinaryWithNamesAndTypes; do
	is "$(post '' "SELECT number AS col_name FROM numbers(300000) FORMAT $f" | grep -ac col_name)" \
		"$([ $f = JSON ] && echo 300001 || echo 1)" "trap: $f has one header"
done
is "$(post '' 'SELECT number FROM numbers(1000000)' | cksum)" "$(seq 0 999999 | cksum)" "a million rows"
is "$(post 'output_format_json_array_of_rows=1' 'SELECT number FROM numbers(200000) FORMAT JSONEachRow' | grep -c '^\[')" 1 \
	"an array of rows is one array"

# ---- a failed query leaves nothing behind
for session in '' 'session_id=one'; do
	post "$session" 'SELECT number, throwIf(number = 70000) FROM numbers(100000) SETTINGS max_block_size = 1000 FORMAT CSV' >/dev/null 2>&1
	post "$session&wait_end_of_query=1" 'SELECT number, throwIf(number = 70000) FROM numbers(100000) SETTINGS max_block_size = 1000 FORMAT JSON' >/dev/null 2>&1
	is "$(post "$session" "SELECT 'clean'")" clean "trap: no bytes of a failed query${session:+, in a session}"
	is "$(post "$session" "SELECT 'clean' FORMAT JSONCompactEachRow")" '["clean"]' "nor in the one after${session:+, in a session}"
	post "$session&wait_end_of_query=1" 'SELECT number, throwIf(number = 70000) FROM numbers(100000) SETTINGS max_block_size = 1000 FORMAT CSV' >/dev/null 2>&1
	is "$(post "$session&database=w" 'SELECT 1')$(post "$session" 'SELECT currentDatabase()')" 1default "nor in what brings a session back${session:+, in a session}"
done

# ---- sessions
post 'session_id=s' 'CREATE TEMPORARY TABLE tmp (a UInt8)'
post 'session_id=s' 'INSERT INTO tmp VALUES (1), (2)'
is "$(post 'session_id=s' 'SELECT count() FROM tmp')" 2 "a temporary table lives in its session"
like "$(post 'session_id=other' 'SELECT count() FROM tmp')" '^Code: 60\.' "and in no other"
post 'session_id=s' 'SET max_threads = 5'
is "$(post 'session_id=s&max_threads=7&database=w' "SELECT getSetting('max_threads'), currentDatabase()")" "7	w" "a request's own settings"
is "$(post 'session_id=s' "SELECT getSetting('max_threads'), currentDatabase()")" "5	default" "leave the session as it was"
is "$(code 'session_id=none&session_check=1' 'SELECT 1')" "500 372" "session_check"
# no poll may take the session itself, so the list of processes tells when it is in use
listed() { test "$(post '' "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sleepEachRow(%'")" = 1; }
curl -sS "$url/?session_id=busy&query_id=same" -d 'SELECT sleepEachRow(1) FROM numbers(100) SETTINGS max_block_size = 1' >/dev/null 2>&1 & busy=$!
until_true 5 listed
is "$(code 'session_id=busy' 'SELECT 1')" "500 373" "a session in use is locked"
is "$(code 'query_id=same' 'SELECT 1')" "500 216" "a query id in use is refused"
kill $busy; wait $busy
until_true 60 running 1

# ---- nobody reaches out of the folder
echo secret >"$tmp/secret"
refused() { like "$(post '' "$1")" '^Code: (497|452|164|36)\.' "refused: $1"; }
refused "SELECT * FROM file('$tmp/secret', 'LineAsString')"
refused "SELECT file('$tmp/secret')"
refused "SELECT \`f\\x69le\`('$tmp/secret')"
refused "SELECT * APPLY(file) FROM (SELECT '$tmp/secret')"
refused "SELECT * FROM default.\`$tmp/secret\`"
refused "SELECT * FROM url('http://127.0.0.1:$port/ping', 'LineAsString')"
refused "SELECT * FROM remote('127.0.0.1:1', 'system.one')"
refused "SELECT 1 INTO OUTFILE '$tmp/written'"
refused "INSERT INTO w.t FROM INFILE '$tmp/secret' FORMAT CSV"
refused "INSERT INTO FUNCTION file('$tmp/written', 'CSV', 'a UInt8') VALUES (1)"
refused "CREATE TABLE w.f (a String) ENGINE = File(CSV, '$tmp/written')"
refused "CREATE TABLE w.f (a String) ENGINE = URL('http://127.0.0.1:1/', CSV)"
refused "CREATE DATABASE f ENGINE = Filesystem('$tmp')"
refused "CREATE TABLE w.f (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = '$tmp/')"
refused "SELECT 1 FORMAT Template SETTINGS format_template_row = '$tmp/secret'"
refused "BACKUP TABLE w.t TO File('$tmp/written')"
refused "CREATE DICTIONARY w.d (a UInt64) PRIMARY KEY a SOURCE(FILE(PATH '$tmp/secret' FORMAT CSV)) LAYOUT(FLAT()) LIFETIME(0)"
refused "CREATE USER u"
refused "SYSTEM SHUTDOWN"
is "$(ls "$tmp/written" 2>/dev/null)$(post '' 'SELECT 1')" 1 "nothing was written, and the server lives"
page() { curl -sS -o "$tmp/body" -w '%{http_code}' "$@" "$url/" -d 'SELECT 1'; }
is "$(page -H 'Origin: http://evil.example') $(page -H 'Sec-Fetch-Site: cross-site') $(page -H 'Host: evil.example')" \
	"403 403 403" "a web page is refused"
is "$(page -H 'Host: localhost:1')" 200 "localhost is this machine"

# ---- a body that is cut stores nothing
post '' 'TRUNCATE TABLE w.t'
head -n 500 "$tmp/rows" >"$tmp/body500"
length=$(wc -c <"$tmp/body500")
printf 'POST /?%s+JSONEachRow HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n' "$insert" "$length" >"$tmp/plain"
cat "$tmp/body500" >>"$tmp/plain"
{
	printf 'POST /?%s+JSONEachRow HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n' "$insert"
	split -l 100 "$tmp/body500" "$tmp/chunk."
	for f in "$tmp"/chunk.*; do printf '%x\r\n' "$(wc -c <"$f")"; cat "$f"; printf '\r\n'; done
	printf '0\r\n\r\n'
} >"$tmp/chunked"
for framing in plain chunked; do
	whole=$(wc -c <"$tmp/$framing")
	row=$(head -n 300 "$tmp/$framing" | wc -c)	# the end of a line
	# chunked: also behind a chunk, in front of the last one, and inside it
	for at in 150 "$row" $((row + 7)) $((whole - length / 5)) $((whole - 5)) $((whole - 2)) $((whole - 1)); do
		for how in fin rst half; do
			head -c "$at" "$tmp/$framing" | "$tmp/cut" "$port" "$how" >/dev/null
		done
	done
done
until_true 10 running 1
is "$(count w.t)" 0 "42 bodies cut at row ends and elsewhere, FIN, RST and half-closed, leave no row"
"$tmp/cut" "$port" half <"$tmp/plain" >/dev/null
"$tmp/cut" "$port" half <"$tmp/chunked" >/dev/null
is "$(count w.t)" 1000 "the same bodies whole are stored"

# ---- the client goes
curl -sS -m 0.5 "$url/" -d 'SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))' >/dev/null 2>&1
ok "the query of a client that has gone is killed" until_true 10 running 1
curl -sS "$url/" -d 'SELECT number FROM system.numbers' 2>/dev/null | head -c 100000 >/dev/null
ok "so is an endless answer" until_true 10 running 1

# ---- many at once
post '' 'TRUNCATE TABLE w.t'
clients=
for c in 1 2 3 4 5 6 7 8; do
	(
		for n in 1 2 3 4 5 6 7 8 9 10; do
			post "$insert+CSV" "$c,$n
$c,x" || exit 1
			[ "$(post '' "SELECT count() FROM w.t WHERE a = $c")" = $((n * 2)) ] || exit 1
			[ "$(post '' "SELECT throwIf(1), $c" | head -c 10)" = "Code: 395." ] || exit 1
		done
	) & clients="$clients $!"
done
for c in $clients; do wait "$c" || fail "client $c"; done
is "$(count w.t)" 160 "eight clients at once"

# ---- one process a folder
status 75 "a second process on the folder" wb-chdb --library "$lib" --listen 127.0.0.1:0 "$tmp/store"
like "$(cat "$tmp/err")" "^wb-chdb: .*/store: in use by process $server, $url\$" "names the first and its address"
status 75 "an address in use" wb-chdb --listen "127.0.0.1:$port" "$tmp/store2"

# ---- it dies, it stops
post '' 'TRUNCATE TABLE w.t'
post "$insert+CSV" '1,a'
kill -9 "$server"; wait "$server" 2>/dev/null; server=
start
is "$(count w.t)" 1 "what was confirmed survives kill -9"
mkfifo "$tmp/hold"
(head -c $((whole - 1)) "$tmp/chunked"; cat "$tmp/hold") | "$tmp/cut" "$port" fin &
until_true 5 running 2
curl -sS "$url/" -d 'SELECT sleepEachRow(1) FROM numbers(100) SETTINGS max_block_size = 1' >"$tmp/out" 2>&1 &
client=$!
until_true 5 running 3
began=$(date +%s)
kill -TERM "$server"; wait "$server"; rc=$?; server=
: >"$tmp/hold"
is "$rc $(($(date +%s) - began < 60))" "0 1" "SIGTERM ends it cleanly and soon, with an INSERT and a SELECT open"
wait "$client"
is "$([ -e "$tmp/port" ] && echo there)" '' "the port file is gone"
start --memory 400M
is "$(count w.t)" 1 "the INSERT that SIGTERM met is not stored"
is "$(code '' 'SELECT uniqExact(number) FROM numbers(100000000)')" "500 241" "--memory: a query over the limit"
is "$(post '' 'SELECT 1')" 1 "and the server lives"
stop

# ---- where it listens
for address in 0.0.0.0:0 192.168.1.1:8123 example.com:1 127.0.0.1 '[::]:1' unix: 127.0.0.1:99999; do
	status 64 "--listen $address is refused" wb-chdb --listen "$address" "$tmp/store"
done
status 64 "no folder" wb-chdb
status 78 "no library" env -u WB_LIBCHDB HOME="$tmp" XDG_CACHE_HOME="$tmp" wb-chdb --listen 127.0.0.1:0 "$tmp/store"
like "$(cat "$tmp/err")" 'scripts/fetch-libchdb' "names the script that gets it"
status 78 "a library that is none" wb-chdb --library "$tmp/secret" --listen 127.0.0.1:0 "$tmp/store"
wb-chdb --quiet --listen "unix:$tmp/sock" --port-file "$tmp/port" "$tmp/store" & server=$!
until_true 30 test -s "$tmp/port"
is "$(curl -sS --unix-socket "$tmp/sock" http://x/ -d 'SELECT 1') $(stat -c %a "$tmp/sock")" "1 600" "a unix socket, of mode 0600"
stop
is "$(ls "$tmp/sock" 2>/dev/null)" '' "which is removed at the end"

done_testing
