#!/bin/sh
# Every type that schemas use, with the values that are apt to go wrong: out of PostgreSQL by wb-pg-extract, in again by
# wb-pg-load, and equal to the last bit, as record_send() has them.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
unset XDG_RUNTIME_DIR WB_SOURCE WB_STORE; WB_LOCKS=$tmp; export WB_LOCKS
cd "$tmp" || exit 1
if ! start_postgres; then
	skip 'types' 'no PostgreSQL (scripts/need check)'
	done_testing
fi
sql() { psql -qXAt -v ON_ERROR_STOP=1 -c "$1"; }
cat >made.sql <<'SQL'
CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE mood AS ENUM ('sad', 'so "so"', 'a,b', 'back\slash', '{}', 'NULL', 'жук');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0); CREATE DOMAIN more AS positive CHECK (VALUE > 1); CREATE DOMAIN list AS text[];
CREATE TYPE pair AS (a integer, b text); CREATE TYPE nest AS (p pair, q pair[], r timestamptz, f float8);
CREATE TYPE span AS RANGE (subtype = float8);
SQL
psql -qX -v ON_ERROR_STOP=1 -f made.sql >log 2>&1 || fail 'types of our own' "$(cat log)"

# type | value | value ...: what SQL has as a literal of it, or, with =, an expression
cat >values <<'END'
smallint|-32768|32767|0
integer|-2147483648|2147483647|-1
bigint|-9223372036854775808|9223372036854775807|9007199254740993|0
numeric|0|0.00|-0.000|100.00|NaN|Infinity|-Infinity|12345678901234567890.123456789012345678901234567890|1e-16383|-1e131071|0.1000000000000000055511151231257827|=repeat('9', 131072)::numeric|=('0.' \|\| repeat('7', 16383))::numeric
numeric(12,2)|0|-9999999999.99|0.01|NaN
real|0|-0|1e-45|-3.4028235e38|1.1754944e-38|NaN|Infinity|-Infinity|0.1|16777217|3.1415927
double precision|0|-0|5e-324|-1.7976931348623157e308|2.2250738585072014e-308|NaN|Infinity|-Infinity|0.1|1e22|9007199254740993|123456789.12345679|=0.1::float8 + 0.2::float8
boolean|true|false
money|0|-92233720368547758.08|92233720368547758.07|1234567.89|-0.01
text||NULL|null|\N|\.|"|'|=E'\\'|=E'\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f'|=E'\u0080\u0085\u00a0\u00ad\u07ff\u0800\u2028\u2029\u202e\ufeff\ufffd\ufffe\uffff\ufdd0\ud7ff\ue000'|=E'\U00010000\U0001F600\U000FFFFF\U0010FFFF'|=E'e\u0301\u00e9 \u0436\u4e2d\u05d0\u0627\u1f468\u200d\U0001F469'|=E'\r\n'|=E'\n'|=E'a\tb'|=E'tail\\'|=E'\\\\n\\t\\x41\\101'|{}|{"@end":{}}|{"_src":["x",0,1,0,0]}|=repeat(E'\\', 1000)|=repeat('"', 1000)|=repeat(E'\x01', 100000)|=repeat('ж', 400000)| | lead and trail |true|1e5|-0|</script>
varchar(10)||0123456789|=repeat('ж', 10)|   |null
char(4)||ab| a|\N
name|a|="repeat"('n', 63)|"odd"
"char"|a||"|\
bytea||\x|\x00|\x5c785c|=decode(string_agg(lpad(to_hex(i), 2, '0'), '' ORDER BY i), 'hex') FROM generate_series(0, 255) i
uuid|00000000-0000-0000-0000-000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff
date|infinity|-infinity|4713-01-01 BC|5874897-12-31|0001-01-01|0001-12-31 BC|2024-02-29|1900-03-01|12024-06-03
time|00:00:00|24:00:00|23:59:59.999999|00:00:00.000001
timetz|00:00:00+15:59:59|24:00:00-15:59:59|12:34:56.789012+03|23:59:59.999999+05:45
timestamp|infinity|-infinity|4713-01-01 00:00:00 BC|294276-12-31 23:59:59.999999|2024-06-03 10:00:00.5|1969-12-31 23:59:59.999999|10000-01-01 00:00:00|0001-01-01 00:00:00|2024-06-03 10:00:00.100000
timestamptz|infinity|-infinity|4713-01-01 00:00:00+00 BC|294276-12-31 23:59:59.999999+00|2024-06-03 10:00:00.123456+03|1969-12-31 23:59:59.999999+00|1970-01-01 00:00:00+00|10000-01-01 00:00:00.000001+00|9999-12-31 23:59:59.999999+00|0001-01-01 00:00:00+00|0001-12-31 23:59:59.999999+00 BC|1883-11-18 12:00:00-04:56:02|2024-06-03 10:00:00.000001+00|2024-06-03 10:00:00.1+00
timestamptz(0)|2024-06-03 10:00:00+00
interval|0|178000000 years|-178000000 years|1 year -2 days +03:04:05.6|-1 mon +1 day -00:00:00.000001|2562047788:00:54.775807|-2562047788:00:54.775807|00:00:01|-00:00:01|1 day|P1Y2M3DT4H5M6.7S
inet|10.0.0.1/8|0.0.0.0/0|255.255.255.255|::|::ffff:1.2.3.4|fe80::1/64|2001:db8::/32
cidr|10.0.0.0/8|0.0.0.0/0|::/0|2001:db8::/32|1.2.3.4/32
macaddr|08:00:2b:01:02:03|ff:ff:ff:ff:ff:ff
macaddr8|08:00:2b:01:02:03:04:05
bit(3)|000|101
bit varying||1|=repeat('10', 500)::bit varying
json|{}|[]|0|-0|"x"|true|{"a":1,"b":[1, 2.50, 1e400, -0, 0.10],"c":{"":""}}|"\u00e9\u0436\ud83d\ude00\/\b"|{ "spaces" :  1 }|12345678901234567890.12345678901234567890|"\\\"\\n"|"null"|{"a":null}|[null,[],{}]|{"@end":{}}|{"_src":[1]}
jsonb|{}|[]|0|-0|"x"|true|{"b":{"c":null},"a":1e2}|"\u00e9\u0436\ud83d\ude00\n\t\u0001\u007f\u2028"|1e400|0.10|-1.50e-5|"null"|{"":{"":[]}}|"\\N"|=jsonb_build_object('k', E'\ufeff\uffff')|=to_jsonb(repeat('x', 200000))
xml|<a/>|text|<a b="c&amp;d">ж&#x1F600;</a>|<?xml version="1.0"?><a>\N</a>|=E'<a>\n\t</a>'|<![CDATA[ "x" ]]>
tsvector||a:1A,2B b|'it''s':3 'a b' '\\':7
tsquery|'fat' & ( 'rat':*A \| !'cat' )
point|(1,2)|(-0,1e-300)|(NaN,Infinity)|(0.1,0.30000000000000004)
line|{1,2,3}
lseg|[(1,2),(3,4)]
box|(3,4),(1,2)
path|((1,2),(3,4))|[(1,2),(3,4)]
polygon|((0,0),(1,0),(0,1))
circle|<(1,2),3>
int4range|empty|(,)|[1,5)|[1,)|(,5)
int8range|[-9223372036854775808,9223372036854775807)
numrange|[1.10,2.200)|(NaN,)|empty
tstzrange|["2024-06-03 07:00:00.000001+00",infinity]|[2024-01-01,)
tsrange|["2024-01-01 00:00:00.5",)
daterange|[2024-01-01,2024-02-01)|empty|[-infinity,infinity]
span|[-0,1e-300)
nummultirange|{}|{[1.0,2.00),(5,)}
oid|0|4294967295
xid|4294967295
pg_lsn|FFFFFFFF/FFFFFFFF
mood|sad|so "so"|a,b|back\slash|{}|NULL|жук
positive|1|2147483647
more|2
list|{}|{a,NULL,"NULL","",b}|{{a,b},{c,"d\"e\\f"}}
pair|(,)|(1,)|(,"")|(-1,"x,""y\\z(")|(2,NULL)|(3," a ")|=ROW(4, E'new\nline\ttab')::pair
nest|=ROW(ROW(1, 'a,b')::pair, ARRAY[ROW(2, E'c"\\)')::pair, NULL], '2024-06-03 07:00:00.000001+00', -0::float8)::nest|(,,,)
hstore||a=>1|"a b"=>"c\"d", "n"=>NULL, "N"=>"NULL", ""=>"", "x\\"=>"ж"
citext|ЖуК|NULL
integer[]|{}|{NULL}|{1,NULL,-2147483648}|{{1,2},{NULL,-4}}|{{{{{{1}}}}}}|[2:3]={7,8}|[0:0][-1:0]={{1,2}}|=array_agg(i) FROM generate_series(1, 20000) i
int2vector|1 2 3|
bigint[]|{9223372036854775807,-9223372036854775808}
numeric[]|{NaN,Infinity,1.10,0.00,NULL,-1e-20}
real[]|{-0,NaN,Infinity,1e-45}
double precision[]|{-0,5e-324,NaN,-Infinity,NULL}
boolean[]|{t,f,NULL}
text[]|{}|{""}|{NULL,"NULL",null,"null",Null}|{"a b","c,d","e\"f","g\\h",i,"{}","{","}"," x ","tab	",";"}|{"\\N","\\.","'"}|{{a,b},{"",NULL}}|=ARRAY[E'\n', E'\r', E'\x01', E'\u2028', E'\U0001F600', repeat('"', 100), repeat(E'\\', 100)]|[5:6]={a,"b\"c"}
varchar(5)[]|{abc,"a,b"}
char(3)[]|{a,"b c"}
bytea[]|{"\\x","\\x00ff","\\x5c",NULL}
uuid[]|{00000000-0000-0000-0000-00000000000a}
date[]|{infinity,2024-02-29,"0044-03-15 BC"}
timestamptz[]|{"2024-06-03 07:00:00.000001+00",infinity,-infinity,NULL,"0044-03-15 00:00:00+00 BC","10000-01-01 00:00:00+00"}
timestamp[]|{"2024-06-03 07:00:00.000001",infinity}
interval[]|{"1 year 2 days 03:04:05.6","-00:00:01"}
json[]|=ARRAY['{"x": [1, "y\\\""]}', '"null"', '[1,null]', '"a,b{}"', '[]']::json[]
jsonb[]|=ARRAY['{"x": [1, "y\\\""]}', '"null"', '[1,null]', '"a,b{}"', '[]', NULL]::jsonb[]|={}
inet[]|{10.0.0.1/8,::1}
mood[]|{sad,"so \"so\"","a,b","NULL",NULL,"{}"}
positive[]|{1,NULL,2}
pair[]|{"(1,\"x,\"\"y\")",NULL,"(,)"}
box[]|{(1,2),(0,0);(3,4),(1,1)}|{NULL;(1,1),(0,0)}
point[]|{"(1,2)","(-0,NaN)"}
int4range[]|{"[1,5)",empty,NULL}
money[]|{"$1,234.56",-$0.01}
hstore[]|{"\"a\"=>\"1\", \"b c\"=>NULL"}
bit(2)[]|{01,10}
END
# the table: a row for each value, whose other columns are null
cat >table.pl <<'END'
use strict;
use utf8;
use open qw(:std :utf8);
my (@type, @row);
while (<STDIN>) {
	chomp;
	s/\\\|/\x{e000}/g;	# the bar itself
	my ($type, @v) = split /\|/, $_, -1;
	@v = map { s/\x{e000}/|/gr } @v;
	push @type, $type;
	push @row, [scalar @type, /^=([^{].*)/s ? $1 : do { s/^=\{/{/; s/'/''/g; "'$_'" }] for @v;
}
my @c = map { "c$_ $type[$_ - 1]" } 1 .. @type;
print "CREATE TABLE types (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ", join(", ", @c), ");\n";
for (@row) {
	my ($c, $v) = @$_;
	my $t = $type[$c - 1];
	# what a literal of a type is comes from its own input function
	my $from = $v =~ s/( FROM generate_series.*)$// ? $1 : "";
	$v = "$v\::$t" if $v =~ /^'/;
	print "INSERT INTO types (c$c) SELECT $v$from;\n";
}
print "INSERT INTO types DEFAULT VALUES;\n";
print "CREATE TABLE again (LIKE types INCLUDING ALL);\n";
END
perl table.pl <values >types.sql
if psql -qX -v ON_ERROR_STOP=1 -f types.sql >log 2>&1; then pass "$(wc -l <values) types, $(sql 'SELECT count(*) FROM types') values"; else fail 'the table' "$(cat log)"; done_testing; fi
# bits NAME: what the record of one is and that of the other is not
bits() {
	is "$(sql "SELECT count(*) FROM again")" "$(sql 'SELECT count(*) FROM types')" "$1: every row"
	sql "SELECT r.id, j.key, left(j.value, 200), (SELECT left(v, 200) FROM again a, json_each_text(to_json(a)) x (k, v) WHERE a.id = r.id AND k = j.key)
		FROM (SELECT t.id, t FROM types t WHERE record_send(t) NOT IN (SELECT record_send(a) FROM again a)) r, json_each_text(to_json(r.t)) j WHERE j.value IS NOT NULL AND j.key <> 'id'" >differ
	is "$(sql "SELECT count(*) FROM ((SELECT record_send(t) FROM types t EXCEPT ALL SELECT record_send(a) FROM again a)
		UNION ALL (SELECT record_send(a) FROM again a EXCEPT ALL SELECT record_send(t) FROM types t)) x")" 0 "$1: every value is the same, bit by bit" || true
	[ ! -s differ ] || head -n 20 differ | sed 's/^/# /'
}
status 0 'out' wb-pg-extract --micros --cursor id --rejects rejects -t types
mv out types.ndjson
is "$(wc -l <types.ndjson) $(wc -l <rejects)" "$(sql 'SELECT count(*) FROM types') 0" 'every row is a record'
ok 'which jq reads' jq -e . types.ndjson
for gp in '' --greenplum; do
	sql 'TRUNCATE again'
	status 0 "in again $gp" wb-pg-load $gp --rejects rejects -t again types.ndjson
	is "$(wc -l <rejects)" 0 'nothing is refused'
	bits "in again${gp:+ with $gp}"
done
wb-pg-load -t again types.ndjson; bits 'in once more'

# with a server, and roles, that have everything otherwise
lc=$(locale -a 2>/dev/null | grep -v -e '^C' -e POSIX | head -n 1)
odd="-c datestyle=German -c timezone=Asia/Tokyo -c bytea_output=escape -c extra_float_digits=-3 -c intervalstyle=iso_8601 -c xmloption=document -c array_nulls=off -c standard_conforming_strings=off -c escape_string_warning=off -c lc_monetary=${lc:-C}"
sql 'TRUNCATE again'
PGOPTIONS=$odd wb-pg-extract --micros --cursor id -t types >other
ok 'settings of the session change nothing that is read' cmp other types.ndjson
PGOPTIONS=$odd wb-pg-load -t again types.ndjson
bits 'whatever the session is set to'

# what is told to be otherwise: JSON's own null, blanks around JSON and line ends within, milliseconds
sql "CREATE TABLE loose (id int PRIMARY KEY, j json, jb jsonb, n jsonb NOT NULL, aj jsonb[], at timestamptz); CREATE TABLE loosely (LIKE loose INCLUDING ALL)
	; INSERT INTO loose VALUES (1, E' \n{\"a\":\n1}\t', 'null', 'null', ARRAY['null']::jsonb[], '2024-06-03 07:00:00.123999+00'), (2, 'null', NULL, '\"null\"', ARRAY[NULL]::jsonb[], '1969-12-31 23:59:59.999999+00')"
wb-pg-extract --cursor id -t loose >loose
for gp in '' --greenplum; do
	sql 'TRUNCATE loosely'
	status 0 "JSON's null $gp" wb-pg-load $gp -t loosely loose
	is "$(sql "SELECT id, j, coalesce(jb::text, '-'), n, aj, at FROM loosely ORDER BY id" | paste -sd' ')" '1|{"a": 1}|-|null|{NULL}|2024-06-03 07:00:00.123+00 2||-|"null"|{NULL}|1969-12-31 23:59:59.999+00' "is a null, but where the column takes none"
done
status 0 'a column that takes no null of JSON in an array either' sh -c "echo '{\"id\":3,\"n\":{},\"aj\":null,\"j\":null}' | wb-pg-load -t loosely"

# identities: the record says what they are, the key or not; a version that is null
sql "CREATE TABLE given (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, k text UNIQUE NOT NULL, v int, twice int GENERATED ALWAYS AS (v * 2) STORED NOT NULL, updated_at timestamptz)"
g() { sql 'SELECT id, k, v, twice FROM given ORDER BY id' | paste -sd' '; }
for gp in '' --greenplum; do
	for key in id k; do
		sql 'TRUNCATE given'
		printf '{"id":7,"k":"a","v":1,"updated_at":"2024-01-01T00:00:00.000Z"}\n{"id":8,"k":"b","v":1}\n' >in
		status 0 "an identity, by $key $gp" wb-pg-load $gp -k $key -t given in
		is "$(g)" '7|a|1|2 8|b|1|2' 'is as sent'
		printf '{"id":7,"k":"a","v":2,"updated_at":null}\n{"id":7,"k":"a","v":3,"updated_at":"2024-01-01T00:00:00.000Z"}\n{"id":7,"k":"a","v":4}\n{"id":8,"k":"b","v":5}\n' >in
		status 0 'rows without a time' wb-pg-load $gp -k $key -t given in
		is "$(g)" '7|a|3|6 8|b|5|10' 'win over none that has one'
		printf '{"id":8,"k":"b","v":6,"updated_at":"2024-01-01T00:00:00.000Z"}\n' >in
		wb-pg-load $gp -k $key -t given in; is "$(g)" '7|a|3|6 8|b|6|12' 'and lose'
	done
done
done_testing
