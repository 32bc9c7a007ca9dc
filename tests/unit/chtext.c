/* SQL as text: statements, literals; types; the schema as it is for old servers; classes of errors. */
#include <stdio.h>

#include "net/chschema.h"
#include "net/chtext.h"
#include "net/chtype.h"
#include "tap.h"

static void
statements(const char *sql, const char *want)
{
	struct slice rest = slice_of(sql), one;
	struct buf got = { 0 };

	while (chtext_next(&rest, &one)) {
		buf_puts(&got, "<");
		buf_slice(&got, one);
		buf_puts(&got, ">");
	}
	is_str(buf_str(&got), want, sql);
	buf_fini(&got);
}

static void
bound(const char *sql, const char *value, const char *want)
{
	struct sql_param p = { "x", value };
	struct buf got = { 0 };
	struct err e = ERR_NONE;

	if (chtext_bind(slice_of(sql), &p, 1, &got, &e) == -1)
		is_str("refused", want, sql);
	else
		is_str(buf_str(&got), want, sql);
	buf_fini(&got);
}

static void
adapted(const char *line, unsigned version, const char *want)
{
	struct buf got = { 0 };

	chschema_adapt(slice_of(line), version, &got);
	is_str(buf_str(&got), want, line);
	buf_fini(&got);
}

int
main(void)
{
	struct chtype t;
	struct err e = ERR_NONE;
	static const char *const wrong[] = {
		"", "UInt7", "UInt8x", "Array", "Array()", "Array(UInt8", "Nullable(UInt8))", "DateTime64(10)", "Decimal(5)", "Decimal(2, 3)",
		"Enum8()", "Enum8('a')", "Enum8('a' = )", "FixedString(0)", "Tuple()", "Map(String)", "AggregateFunction(sum, UInt8)", "LowCardinality()",
	};
	static const char *const right[] = {
		"UInt256", "Array(Array(Nullable(String)))", "Tuple(a UInt8, `b c` String)", "Tuple(UInt8, String)", "Map(LowCardinality(String), Array(UInt8))",
		"DateTime64(6)", "DateTime('Europe/Moscow')", "SimpleAggregateFunction(sum, UInt64)", "Enum16('it\\'s' = -5, '' = 7)", "Decimal(38, 10)", "LowCardinality(Nullable(String))",
	};
	size_t i;

	statements("SELECT 1", "<SELECT 1>");
	statements(" ;; SELECT 1 ;\n-- a; b\n/* ; */ SELECT ';' ; ", "<SELECT 1><SELECT ';'>");
	statements("SELECT 'it''s; \\'; ' ; SELECT `a;b`, \"c;d\"", "<SELECT 'it''s; \\'; '><SELECT `a;b`, \"c;d\">");
	statements("-- nothing", "");
	statements("SELECT 1 -- end", "<SELECT 1>");

	bound("a = {x:String}", "it's \\", "a = 'it\\'s \\\\'");
	bound("{x:UInt32}", "5", "5");
	bound("{x:UInt32}", "5 OR 1", "refused");
	bound("{x:Int32}", "-5", "-5");
	bound("{x:Float64}", "1.5e3", "1.5e3");
	bound("{x:Float64}", "sleep(1)", "refused");
	bound("{x: Date }", "2024-06-03", "toDate('2024-06-03')");
	bound("{x:Date}", "2024-06-31", "refused");
	bound("{x:DateTime64(3)}", "2024-06-03T10:00:00.500+03:00", "toDateTime('2024-06-03 07:00:00', 'UTC')");
	bound("{x:DateTime}", "1717398000", "toDateTime(1717398000, 'UTC')");
	bound("{x:Bool}", "true", "1");
	bound("{x:Identifier}", "a`b", "`a\\`b`");
	bound("{x:Identifiers}", "a,  b_1", "`a`, `b_1`");
	bound("{x:Identifiers}", "a,,b", "refused");
	bound("{x:Identifiers}", "a, b) FROM x --", "refused");
	bound("{x:Identifiers}", "", "refused");
	bound("{x:Nullable(String)}", "\\N", "NULL");
	bound("{x:Array(String)}", "['a', 'b\\'c']", "['a', 'b\\'c']");
	bound("{x:Array(UInt32)}", "[1,2]", "[1, 2]");
	bound("{x:Array(UInt32)}", "[]", "[]");
	bound("{x:Array(UInt32)}", "[1,2", "refused");
	bound("{x:Array(UInt32)}", "[1,(2)]", "refused");
	bound("{x:Map(String, String)}", "{}", "refused");
	bound("{y:String}", "a", "refused");
	bound("'{x:String}' -- {x:String}", "a", "'{x:String}' -- {x:String}");
	bound("{'a': 1}", "a", "{'a': 1}");

	{
		struct sql_param p = { "x", "a,b" };
		struct buf got = { 0 };

		ok(chtext_lists(SLICE("{y:String} {x: Identifiers } '{x:Identifiers}'"), &p, 1, &got, &e) == 0, "lists of names are written in");
		is_str(buf_str(&got), "{y:String} `a`, `b` '{x:Identifiers}'", "and nothing else");
		buf_fini(&got);
	}

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ok(chtype_parse(&t, slice_of(wrong[i]), &e) == -1, "no type: %s", wrong[i]);
	for (i = 0; i < sizeof right / sizeof *right; i++) {
		ok(chtype_parse(&t, slice_of(right[i]), &e) == 0, "a type: %s", right[i]);
		chtype_fini(&t);
	}

	adapted("    day Date COMMENT 'x' CODEC(Delta, ZSTD(1)),", 1816, "    day Date COMMENT 'x',\n");
	adapted("    at DateTime64(3, 'UTC') COMMENT 'x'", 1816, "    at DateTime('UTC') COMMENT 'x'\n");
	adapted("    a Array(LowCardinality(String)),", 1816, "    a Array(String),\n");
	adapted("    is_open Bool COMMENT 'x', b Bool,", 1816, "    is_open UInt8 COMMENT 'x', b UInt8,\n");
	adapted("    INDEX a b TYPE minmax GRANULARITY 1,", 1816, "");
	adapted("    CONSTRAINT a CHECK b = 1,", 1816, "");
	adapted("COMMENT 'one row';", 1816, ";\n");
	adapted("CREATE OR REPLACE VIEW v_x AS", 1816, "DROP TABLE IF EXISTS v_x;\nCREATE VIEW v_x AS\n");
	adapted("    a LowCardinality(String) CODEC(ZSTD(1)),", 2607, "    a LowCardinality(String) CODEC(ZSTD(1)),");

	is_int(ch_class_of(60), CH_CONFIG, "60, no such table, is for a person");
	is_int(ch_class_of(516), CH_CONFIG, "516, no access, too");
	is_int(ch_class_of(27), CH_DATA, "27 is a row's");
	is_int(ch_class_of(469), CH_DATA, "469, a constraint, too");
	is_int(ch_class_of(252), CH_TRANSIENT, "252, too many parts, passes");
	is_int(ch_class_of(209), CH_AMBIGUOUS, "209, a time-out, may have been stored");
	is_int(ch_class_of(99999), CH_OTHER, "others are none of these");
	return done_testing();
}
