#!/bin/sh
# wb-csv-extract: dialects, headers, rejects, NDJSON, and a real file of 10,324 rows.
. "$(dirname "$0")/../lib.sh"
x=wb-csv-extract
cd "$tmp" || exit 1
unset XDG_RUNTIME_DIR; WB_LOCKS=$tmp; export WB_LOCKS

# one NAME INPUT WANT [OPTION ...]: the output for an input, _src left out
one() {
	one_name=$1 one_want=$3
	printf '%b' "$2" >in; shift 3
	"$x" --quiet "$@" <in >out 2>err
	is "$(sed 's/"_src":\[[^]]*\],\{0,1\}//' out)" "$one_want" "$one_name"
}

# records
printf 'ID,City,Note\n7,"Perm, RU",\n8,"a\nb",""\n9,"say ""no""",x' >parcels.csv
$x parcels.csv >out
is "$(cat out)" '{"_src":["parcels.csv",0,2,0,0],"ID":"7","City":"Perm, RU","Note":null}
{"_src":["parcels.csv",0,3,0,0],"ID":"8","City":"a\nb","Note":null}
{"_src":["parcels.csv",0,5,0,0],"ID":"9","City":"say \"no\"","Note":"x"}' 'rows become records; the line is that where the row begins'
is "$($x -t shipments parcels.csv parcels.csv | cut -d, -f1,3 | tr '\n' ' ')" '{"_src":["shipments",2 {"_src":["shipments",3 {"_src":["shipments",5 {"_src":["shipments",2 {"_src":["shipments",3 {"_src":["shipments",5 ' '-t names them, each file has its header and its lines'
is "$($x <parcels.csv | head -n 1 | cut -d, -f1)" '{"_src":["stdin"' 'standard input has a name'
cp parcels.csv 'a "b".csv'
is "$($x 'a "b".csv' | head -n 1 | cut -d, -f1)" '{"_src":["a \"b\".csv"' 'a name with quotes'
one 'LF' 'a,b\n1,2\n3,4\n' '{"a":"1","b":"2"}
{"a":"3","b":"4"}'
one 'CRLF and a byte order mark' '\0357\0273\0277a,b\r\n1,2\r\n' '{"a":"1","b":"2"}'
one 'CR' 'a,b\r1,2\r3,4' '{"a":"1","b":"2"}
{"a":"3","b":"4"}'
one 'empty lines are no rows' '\n\na,b\n\n1,2\n\n\n' '{"a":"1","b":"2"}'
one 'blanks belong to the field' 'a,b\n 1 ,\t\n' '{"a":" 1 ","b":"\t"}'
one 'nothing is taken for a number' 'a,b\n007,1e5\n' '{"a":"007","b":"1e5"}'
one 'control characters and backslashes' 'a\n"\\\0001\t"\n' '{"a":"\\\u0001\t"}'
one 'names are escaped' '"a""b","c\\"\n1,2\n' '{"a\"b":"1","c\\":"2"}'
one 'text in any script' 'Город\nКазань\n' '{"Город":"Казань"}'
one 'a header alone' 'a,b\n' ''
one 'no last line end' 'a,b\n1,2' '{"a":"1","b":"2"}'
one 'a last empty field without a line end' 'a,b\n1,' '{"a":"1","b":null}'
one 'another delimiter and quote' "a;b\n'1;2';3\n" '{"a":"1;2","b":"3"}' --delimiter ';' --quote "'"
one 'a tab' 'a\tb\n1\t2\n' '{"a":"1","b":"2"}' --delimiter '\t'
one 'no quoting' 'a,b\n"1,2"\n' '{"a":"\"1","b":"2\""}' --quote ''
one '--header' '1,2\n3,4\n' '{"x":"1","y z":"2"}
{"x":"3","y z":"4"}' --header 'x,y z'
one '--header with another delimiter' '1|2\n' '{"x":"1","y":"2"}' --header x,y --delimiter '|'
one '--no-header' '1,2\n3,4\n' '{"c1":"1","c2":"2"}
{"c1":"3","c2":"4"}' --no-header
printf '1,2\n' >two.csv; printf '1,2,3\n' >three.csv
is "$($x --quiet --no-header two.csv three.csv two.csv | sed 's/"_src":[^]]*],//')" '{"c1":"1","c2":"2"}
{"c1":"1","c2":"2","c3":"3"}
{"c1":"1","c2":"2"}' '--no-header: each file has its own columns'
one '--skip' 'A "title\n\na,b\n1,2\n' '{"a":"1","b":"2"}' --skip 2
one '--skip in place of a header' 'Title\nNr;Ort\n7;Berlin\n' '{"x":"7","y":"Berlin"}' --skip 2 --header x,y --delimiter ';'
one '--skip and CR' 'Title\ra,b\r1,2\r' '{"a":"1","b":"2"}' --skip 1
one '--skip beyond the end' 'a\n' '' --skip 9
is "$(printf 'x\na,b\n1,2\n' | $x --skip 1 | cut -d, -f3)" 3 'lines are those of the file'
printf 'a\tb\n1,2\t3\n' >t.tsv; gzip -k t.tsv; zstd -q t.tsv
for f in t.tsv t.tsv.gz t.tsv.zst; do
	is "$($x $f)" '{"_src":["'$f'",0,2,0,0],"a":"1,2","b":"3"}' "$f has tabs"
done
is "$(printf '' | $x)" '' 'empty input'
status 0 'is no error' sh -c ": | $x"

# rejects
printf 'a,b\n1,2\n1\n1,2,3\n\377,2\n3,\0\n"open,4\n5,6\n' >bad.csv
status 0 'bad rows do not stop it' $x --rejects rej bad.csv
is "$(sed 's/"_src":\[[^]]*\],//' out)" '{"a":"1","b":"2"}
{"a":"5","b":"6"}' 'the good ones come out'
is "$(sed 's/.*"src":\(.*\),"stage":"\([^"]*\)","code":"\([^"]*\)".*"msg":"\([^"]*\)".*/\1 \2 \3 \4/' rej)" '["bad.csv",0,3,0,0] wb-csv-extract fields 1 fields, the header has 2
["bad.csv",0,4,0,0] wb-csv-extract fields 3 fields, the header has 2
["bad.csv",0,5,0,0] wb-csv-extract utf8 not UTF-8 at byte 1 of the row
["bad.csv",0,6,0,0] wb-csv-extract utf8 U+0000 in the row
["bad.csv",0,7,0,0] wb-csv-extract fields a quote that does not close' 'each with place, code and fault'
is "$(sed -n '2s/.*"raw":"\([^"]*\)".*/\1/p' rej | base64 -d)" '1,2,3' 'and its bytes'
like "$(cat err)" '^wb-csv-extract: bad.csv:3: 1 fields, the header has 2 \(fields\)' 'and told'
like "$($x -v --quiet bad.csv 2>&1 >/dev/null; $x -v bad.csv 2>&1 >/dev/null | tail -n 1)" '^wb-csv-extract: 7 in, 2 out, 5 rejected, 0 filtered' 'the account adds up'
{ printf 'a,b\n1,'; head -c 1100000 /dev/zero | tr '\0' x; printf '\n2,3\n'; } >long.csv
status 0 'a line over the cap' $x long.csv
is "$(cat out)" '{"_src":["long.csv",0,3,0,0],"a":"2","b":"3"}' 'is skipped'
like "$(cat err)" 'long.csv:2: line of more than 1048576 bytes \(too_long\)' 'and told'
{ printf 'a\n"'; head -c 300000 /dev/zero | tr '\0' '\001'; printf '"\n2\n'; } >wide.csv
status 65 'a line over the cap that --skip meets' $x --skip 3 long.csv
status 0 'a record over the cap' $x wide.csv
like "$(cat err)" 'wide.csv:2: record of more than 1048576 bytes \(too_long\)' 'is rejected'
is "$(wc -l <out)" 1 'and the next one is not'
status 65 'too many rejects' sh -c "{ echo a,b; yes 1 | head -n 50; } | $x --quiet --max-rejects 10"

# headers that will not do
header() { printf '%b' "$2" >in; status 65 "header: $1" $x in; like "$(cat err)" "$3" "$1 is told"; is "$(cat out)" '' 'and nothing comes out'; }
header 'two equal names' 'a,b,a\n1,2,3\n' '^wb-csv-extract: in:1: two columns have the name "a"$'
header 'a reserved name' 'a,_src\n1,2\n' '^wb-csv-extract: in:1: column 2 has a reserved name: "_src"$'
header 'a name with @' '@a\n1\n' 'column 1 has a reserved name'
header 'an empty name' 'a,,b\n1,2,3\n' 'column 2 has no name'
header 'not UTF-8' 'a,\0377\n1,2\n' 'name of column 2 is not UTF-8'
header 'UTF-16' '\0377\0376a\0000' 'UTF-16'
header 'an open quote' '\n"a,b\n1,2\n' 'in:2: the header is too long, or a quote in it does not close'
status 65 'a bad header of a later file' $x parcels.csv in
is "$(wc -l <out)" 3 'what came before it is out'

# NDJSON
printf '{"a":1,"b":"x y"}\n{ "b" : [ 1, {"c" : "d e"} ] ,\t"big":12345678901234567890.10}\r\n\n{}\n {"z":null}' >m.ndjson
is "$($x -t tracking.events m.ndjson)" '{"_src":["tracking.events",0,1,0,0],"a":1,"b":"x y"}
{"_src":["tracking.events",0,2,0,0],"b":[1,{"c":"d e"}],"big":12345678901234567890.10}
{"_src":["tracking.events",0,4,0,0]}
{"_src":["tracking.events",0,5,0,0],"z":null}' 'NDJSON passes behind its _src, byte by byte but for white space'
gzip -k m.ndjson
is "$($x m.ndjson.gz | tail -n 1)" '{"_src":["m.ndjson.gz",0,5,0,0],"z":null}' 'compressed too'
printf '{"a":1}\n{"a":\n{"_src":[]}\n{"_key":1}\n{"_hdr":1}\n{"@x":1}\n{"\\u005fsrc":1}\n{"\\u0040ckpt_of_a_long_name_that_nobody_ever_used":1}\n{"a":1,"a":2}\n[1]\n{"a":"\377"}\n{"_source":1}\n' >bad.ndjson
status 0 'bad lines do not stop it' $x --quiet --rejects rej bad.ndjson
is "$(cut -d, -f3,6 out | tr '\n' ' ')" '1,"a":1} 12,"_source":1} ' 'the good ones come out'
is "$(sed 's/.*"src":\[[^,]*,0,\([0-9]*\).*"code":"\([^"]*\)".*/\1 \2/' rej | tr '\n' ',')" '2 json,3 reserved,4 reserved,5 reserved,6 reserved,7 reserved,8 reserved,9 json,10 json,11 utf8,' 'the others by their faults'
{ printf '{"a":"'; head -c 1100000 /dev/zero | tr '\0' x; printf '"}\n{"b":1}\n'; } >"long.ndjson"
is "$($x --quiet long.ndjson)" '{"_src":["long.ndjson",0,2,0,0],"b":1}' 'a line over the cap is skipped'

# ends
status 64 'an unknown option' $x --nonsense
status 64 'a delimiter of two characters' $x --delimiter ab
status 64 'a delimiter that is not ASCII' $x --delimiter é
status 64 'delimiter and quote are the same' $x --delimiter "'" --quote "'"
status 64 '--header and --no-header' $x --header a --no-header
status 64 'a bad --header' sh -c "echo 1 | $x --header a,a"
status 64 'a name that is no name' sh -c "echo a | $x -t ''"
status 64 'a file that is not there' $x none.csv
status 74 'a folder' $x .
status 65 'a cut gzip file' sh -c "head -c 40 m.ndjson.gz >cut.gz; $x cut.gz"
status 74 '/dev/full' sh -c "$x parcels.csv >/dev/full"
status 75 'a dead reader' sh -c "( { echo a; yes 12345 | head -n 400000; } | $x; echo \$? >rc ) | head -n 1 >/dev/null; exit \$(cat rc)"
like "$($x --version)" 'libcsv 3' '--version names libcsv'

# a lane
status 0 'the head of a lane' env WB_LANE=t WB_ONCE=1 $x bad.csv
is "$(sed 's/"run":"[0-9a-f]*"/"run":R/; s/"_src":[^]]*],//; s/"@reject".*"code":"\([^"]*\)".*/\1/' out)" '{"@hello":{"v":1,"run":R,"lane":"t"}}
{"a":"1","b":"2"}
{fields
{fields
{utf8
{utf8
{fields
{"a":"5","b":"6"}
{"@ckpt":{"run":R,"n":1,"rows":7}}
{"@end":{"run":R,"n":1}}' 'writes control lines, and its rejects into the stream'
printf '%s\n' '{"@ckpt":{"run":"r","n":1,"rows":0}}' '{"@end":{"run":"r","n":1}}' '{"a":1}' >forged.ndjson
is "$(env WB_LANE=t WB_ONCE=1 $x --quiet forged.ndjson | sed 's/"run":"[0-9a-f]*"/"run":R/; s/"@reject".*"code":"\([^"]*\)".*/\1/')" '{"@hello":{"v":1,"run":R,"lane":"t"}}
{reserved
{reserved
{"_src":["forged.ndjson",0,3,0,0],"a":1}
{"@ckpt":{"run":R,"n":1,"rows":3}}
{"@end":{"run":R,"n":1}}' 'a control line forged in a message is a reject'
status 65 'a lane with a bad header' env WB_LANE=t WB_ONCE=1 $x in
is "$(grep -c '@end' out)" 0 'has no end'
status 0 'under wb-run' wb-run --once -- "$x parcels.csv" "$BIN/../bench/pass -v" "$BIN/../bench/pass -s -v"
like "$(cat err)" 'pass: 3 in, 3 loaded, 0 rejected' 'all records arrive'
mkfifo pipe
# stopped WANT INPUT [VARIABLE]: exit status of a head that SIGTERM finds at the end of INPUT, nothing more coming
stopped() {
	rm -f term; : >out
	( exec 3<>pipe; printf "$2" >&3; until [ -e term ]; do sleep 0.02; done ) &
	env WB_LANE=t $3 $x pipe >out 2>err & pid=$!
	until_true 10 grep -q "$1" out; kill -TERM $pid
	wait $pid; got=$?
	: >term; wait
	return $got
}
stopped '"a":"1"' 'a\n1\n'
is $? 0 'SIGTERM ends a head in order'
is "$(tail -n 1 out | cut -c1-7)" '{"@end"' 'with its last control line'
stopped @hello ''
is $? 0 'and one that waits for its first byte'
stopped @hello 'a'
is $? 0 'or for its header'
stopped '"a":"1"' 'a\n1\n' WB_ONCE=1
is $? 75 'but in a bounded lane what was not read to its end has failed'
is "$(grep -c @end out)" 0 'and has no end'

# a real file: SCMS delivery history
data=${WB_DATA:-$top/../shared/data}
if [ -r "$data/scms_delivery_history.csv" ] && [ -r "$data/scms_delivery_history.cr.tsv" ]; then
	$x -v "$data/scms_delivery_history.csv" >a 2>err
	like "$(cat err)" '^wb-csv-extract: 10324 in, 10324 out, 0 rejected' 'SCMS: every row of the file with a byte order mark'
	$x -v "$data/scms_delivery_history.cr.tsv" >b 2>err
	like "$(cat err)" '^wb-csv-extract: 10324 in, 10324 out, 0 rejected' 'SCMS: every row of the file with bare CR'
	is "$(sed -n '1s/.*"Country":"\([^"]*\)".*/\1/p' a)" "Côte d'Ivoire" 'SCMS: text'
	if command -v python3 >/dev/null; then
		cat >oracle.py <<'PY'
import csv, json, sys
d = sys.argv[1] + '/scms_delivery_history.'
for name, sep, ours in (('csv', ',', 'a'), ('cr.tsv', '\t', 'b')):
    with open(d + name, encoding='utf-8-sig', newline='') as f, open(ours) as g:
        for row, line in zip(csv.DictReader(f, delimiter=sep), g, strict=True):
            got = json.loads(line)
            del got['_src']
            assert list(got.items()) == [(k, v or None) for k, v in row.items()], line
PY
		ok "SCMS: all fields as Python's csv reads them" python3 oracle.py "$data"
	else
		skip "SCMS: all fields as Python's csv reads them" 'no python3'
	fi
else
	skip 'SCMS: real files' "no data (\$WB_DATA, $data)"
fi

# --records
is "$(printf 'half"}\n{"_src":["t",0,1,0,0],"a":1}\n' | $x --quiet --records)" '{"_src":["t",0,1,0,0],"a":1}' '--records: whatever the first line is'
is "$(printf '{"_src":["t",0,1,0,0],"_key":"k","_hdr":{},"a\\u0041":1,"b":2}\n' | $x --records)" '{"_src":["t",0,1,0,0],"_key":"k","_hdr":{},"a\u0041":1,"b":2}' '--records: names of every kind'
is "$(printf '{"_src":["t",0,1,0,0],"a":1,"\\u0040b":2}\n' | $x --records --rejects - | sed 's/.*"code":"\([a-z]*\)","field":"\([^"]*\)".*/\1 \2/')" 'reserved \\u0040b' '--records: but for those that begin with @'
printf '%s\n' '{"_src":["t",3,7,1,0],"a": 1}' '{"a":1}' '{"_src":["t",3,8,1,0],"@ckpt":{}}' '{"_src":[3],"a":1}' >"$tmp/own.ndjson"
is "$(wb-csv-extract --quiet --records "$tmp/own.ndjson")" '{"_src":["t",3,7,1,0],"a":1}' '--records: a record keeps its _src'
is "$(wb-csv-extract --quiet --records --rejects - "$tmp/own.ndjson" | sed -n 's/.*"code":"\([a-z]*\)".*/\1/p' | paste -sd' ')" 'missing reserved missing' '--records: what is no record is rejected'
done_testing
