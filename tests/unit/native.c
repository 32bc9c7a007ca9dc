/* The Native format: bytes as ClickHouse's format has them, and what a column must not take. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "net/chtype.h"
#include "net/native.h"
#include "tap.h"

/* Text of a JSON value, scanned as the one member of an object. */
static struct json scanned;
static char text[4096];

static const struct json_value *
value(const char *json)
{
	(void)snprintf(text, sizeof text - JSON_PAD, "{\"v\":%s}", json);
	if (json_scan(&scanned, slice_of(text)) == -1) {
		printf("# %s: %s\n", json, scanned.fault);
		exit(1);
	}
	return &scanned.member[0].v;
}

static void
hex(char *dst, size_t cap, const struct slice *part, size_t n)
{
	size_t i, k, at = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < part[i].n && at + 3 < cap; k++)
			at += (size_t)snprintf(dst + at, cap - at, "%02x", (unsigned char)part[i].p[k]);
	dst[at] = '\0';
}

/* The data of a column of this type with these values, in hexadecimal, behind its head; "refused: FIELD" when one does not fit. */
static const char *
encoded(const char *type, ...)
{
	static char out[4096];
	struct chtype t;
	struct native_col c;
	struct buf head = { 0 };
	struct slice part[NATIVE_PARTS(1)];
	struct err e = ERR_NONE;
	struct fault f = { 0 };
	const char *json;
	uint64_t rows = 0;
	size_t n, skip;
	va_list ap;

	if (chtype_parse(&t, slice_of(type), &e) == -1 || native_col_init(&c, &t, &e) == -1) {
		(void)snprintf(out, sizeof out, "%.1000s", e.msg);
		chtype_fini(&t);
		return out;
	}
	c.name = SLICE("v");
	c.text = slice_of(type);
	out[0] = '\0';
	va_start(ap, type);
	while ((json = va_arg(ap, const char *)) != NULL) {
		if (native_add(&c, value(json), &f) == -1) {
			(void)snprintf(out, sizeof out, "refused: %s", f.code);
			break;
		}
		rows++;
	}
	va_end(ap);
	if (json == NULL) {
		n = native_block(&c, 1, rows, &head, part);
		hex(out, sizeof out, part, n);
		/* 01 columns, rows, 01 v, length of the type, type */
		skip = 2 * (2 + 2 + 1 + strlen(type));
		memmove(out, out + skip, strlen(out + skip) + 1);
	}
	native_col_fini(&c);
	chtype_fini(&t);
	buf_fini(&head);
	return out;
}

static int
stored(const char *type, const char *json)
{
	return strncmp(encoded(type, json, NULL), "refused", 7) != 0;
}

static void
bytes(void)
{
	is_str(encoded("UInt8", "0", "255", NULL), "00ff", "UInt8");
	is_str(encoded("UInt16", "258", NULL), "0201", "UInt16, the low byte first");
	is_str(encoded("UInt32", "4294967295", NULL), "ffffffff", "UInt32");
	is_str(encoded("UInt64", "18446744073709551615", NULL), "ffffffffffffffff", "UInt64");
	is_str(encoded("Int8", "-1", "-128", NULL), "ff80", "Int8");
	is_str(encoded("Int64", "-9223372036854775808", NULL), "0000000000000080", "Int64");
	is_str(encoded("Float64", "1.5", "-0.1", "1e3", NULL), "000000000000f83f9a9999999999b9bf0000000000408f40", "Float64");
	is_str(encoded("Float64", "0.1234567890123456789", NULL), "5ff64637dd9abf3f", "Float64 of many digits");
	is_str(encoded("Bool", "true", "false", NULL), "0100", "Bool");
	is_str(encoded("String", "\"ab\"", "\"\"", "\"\\u0416\\n\"", NULL), "02616200" "03d0960a", "String, unescaped");
	is_str(encoded("FixedString(3)", "\"ab\"", NULL), "616200", "FixedString, filled with zeros");
	is_str(encoded("Date", "\"1970-01-02\"", "\"2024-06-03\"", NULL), "0100" "a54d", "Date");
	is_str(encoded("DateTime('UTC')", "\"2024-06-03T07:00:00.999Z\"", NULL), "f0695d66", "DateTime, cut to the second");
	is_str(encoded("DateTime64(3, 'UTC')", "\"2024-06-03T07:00:00.123Z\"", NULL), "fbd1e5dc8f010000", "DateTime64(3)");
	is_str(encoded("DateTime64(0)", "\"1969-12-31T23:59:59.500Z\"", NULL), "ffffffffffffffff", "DateTime64(0), cut downwards");
	is_str(encoded("Decimal(12, 2)", "12.5", "-0.01", NULL), "e204000000000000" "ffffffffffffffff", "Decimal of 64 bits");
	is_str(encoded("Decimal(9, 2)", "1", NULL), "64000000", "Decimal of 32 bits");
	is_str(encoded("Enum8('a' = 1, 'b\\'c' = -2)", "\"a\"", "\"b'c\"", NULL), "01fe", "Enum8");
	is_str(encoded("Enum16('a' = 300)", "\"a\"", NULL), "2c01", "Enum16");
	is_str(encoded("Nullable(UInt16)", "null", "7", NULL), "0100" "0000" "0700", "Nullable: the nulls, then the values");
	is_str(encoded("Nullable(String)", "\"x\"", "null", NULL), "0001" "0178" "00", "Nullable(String)");
	is_str(encoded("Array(UInt32)", "[1,2]", "[]", "[3]", NULL),
	    "0200000000000000" "0200000000000000" "0300000000000000" "01000000" "02000000" "03000000", "Array: the ends, then the elements");
	is_str(encoded("LowCardinality(String)", "\"a\"", "\"b\"", "\"a\"", NULL),
	    "0100000000000000" "0006000000000000" "0200000000000000" "01610162" "0300000000000000" "000100", "LowCardinality: version, flags, keys, numbers");
	is_str(encoded("Array(LowCardinality(String))", "[\"a\",\"a\"]", NULL),
	    "0100000000000000" "0200000000000000" "0006000000000000" "0100000000000000" "0161" "0200000000000000" "0000", "Array(LowCardinality)");
	is_str(encoded("Array(LowCardinality(String))", "[]", NULL), "0100000000000000" "0000000000000000", "Array(LowCardinality) without elements");
	is_str(encoded("UInt8", NULL), "", "no rows");
}

/* What servers bend in silence: each is refused. */
static void
checks(void)
{
	static const struct { const char *type, *json; } bad[] = {
		{ "UInt32", "4294967296" }, { "UInt8", "256" }, { "UInt64", "18446744073709551616" }, { "UInt8", "-1" },
		{ "Int8", "128" }, { "Int8", "-129" }, { "Int16", "-32769" }, { "Int32", "2147483648" }, { "Int64", "9223372036854775808" },
		{ "UInt32", "1.5" }, { "UInt32", "1.0" }, { "UInt32", "1e2" }, { "UInt32", "\"1\"" }, { "UInt32", "true" }, { "UInt32", "null" },
		{ "UInt32", "[]" }, { "Int32", "-0.5" },
		{ "Float64", "1e400" }, { "Float64", "\"1\"" }, { "Float64", "null" }, { "Float32", "1e39" },
		{ "Bool", "1" }, { "Bool", "\"true\"" }, { "Bool", "null" },
		{ "String", "1" }, { "String", "null" }, { "String", "{}" }, { "String", "[\"a\"]" }, { "LowCardinality(String)", "null" },
		{ "LowCardinality(String)", "5" }, { "FixedString(2)", "\"abc\"" },
		{ "Date", "\"2024-02-31\"" }, { "Date", "\"1969-12-31\"" }, { "Date", "\"2149-06-07\"" }, { "Date", "\"2024-06-03T00:00:00.000Z\"" },
		{ "Date", "19000" }, { "Date", "\"2024-6-3\"" }, { "Date", "\"\"" }, { "Date32", "\"1899-12-31\"" },
		{ "DateTime", "1700000000123" }, { "DateTime", "1700000000" }, { "DateTime", "\"2024-02-31T00:00:00.000Z\"" },
		{ "DateTime", "\"1960-01-01T00:00:00.000Z\"" }, { "DateTime", "\"2106-02-07T06:28:16.000Z\"" }, { "DateTime", "\"2024-06-03\"" },
		{ "DateTime", "\"2024-06-03T07:00:00\"" }, { "DateTime", "\"\"" }, { "DateTime", "null" }, { "DateTime64(3)", "\"2300-01-01T00:00:00.000Z\"" },
		{ "DateTime64(3)", "\"1899-12-31T23:59:59.999Z\"" }, { "DateTime64(9)", "\"2263-01-01T00:00:00.000Z\"" }, { "DateTime64(3)", "\"2024-06-03\"" },
		{ "Decimal(12, 2)", "1.005" }, { "Decimal(12, 2)", "10000000000" }, { "Decimal(12, 2)", "\"1\"" }, { "Decimal(9, 2)", "-10000000" },
		{ "Enum8('a' = 1)", "\"b\"" }, { "Enum8('a' = 1)", "1" }, { "Enum8('a' = 1)", "\"A\"" }, { "Enum8('a' = 1)", "null" },
		{ "Array(UInt8)", "[256]" }, { "Array(UInt8)", "[null]" }, { "Array(UInt8)", "1" }, { "Array(UInt8)", "null" }, { "Array(UInt8)", "[[1]]" },
	};
	static const struct { const char *type, *json; } good[] = {
		{ "UInt32", "4294967295" }, { "Int8", "-128" }, { "UInt64", "9223372036854775808" }, { "Float64", "-1.7976931348623157e308" },
		{ "Float64", "5" }, { "Date", "\"2149-06-06\"" }, { "DateTime", "\"2106-02-07T06:28:15.999Z\"" }, { "DateTime", "\"1970-01-01T00:00:00.000Z\"" },
		{ "DateTime", "\"2024-06-03T10:00:00+03:00\"" }, { "DateTime64(3)", "\"2299-12-31T23:59:59.999Z\"" }, { "DateTime64(3)", "\"1900-01-01T00:00:00.000Z\"" },
		{ "Decimal(12, 2)", "9999999999.99" }, { "Decimal(12, 2)", "1.50" }, { "Decimal(12, 2)", "1e2" }, { "Nullable(Date)", "null" },
	};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		is_str(encoded(bad[i].type, bad[i].json, NULL), "refused: column", bad[i].type);
	for (i = 0; i < sizeof good / sizeof *good; i++)
		ok(stored(good[i].type, good[i].json), "%s takes %s", good[i].type, good[i].json);
	is_str(encoded("DateTime", "\"2024-06-03T10:00:00+03:00\"", NULL), "f0695d66", "an offset is taken off");
	ok(strstr(encoded("Map(String, String)", "{}", NULL), "cannot be loaded") != NULL, "a map is no type to load");
	ok(strstr(encoded("Nonsense(3", "1", NULL), "not supported") != NULL, "a text that is no type");
	ok(strstr(encoded("Array(Array(UInt8))", "[]", NULL), "cannot be loaded") != NULL, "arrays of arrays neither");
}

static int
same(struct native_col *a, struct native_col *b, uint64_t rows)
{
	static char x[4096], y[4096];
	struct buf head = { 0 };
	struct slice part[NATIVE_PARTS(1)];

	hex(x, sizeof x, part, native_block(a, 1, rows, &head, part));
	hex(y, sizeof y, part, native_block(b, 1, rows, &head, part));
	buf_fini(&head);
	if (strcmp(x, y) != 0)
		printf("# %s\n# %s\n", x, y);
	return strcmp(x, y) == 0;
}

/* A refused or taken-back row leaves nothing; a copy of some rows is what adding just these gives. */
static void
rows(void)
{
	static const struct { const char *type, *v[4]; const char *bad; } t[] = {
		{ "UInt16", { "1", "2", "3", "4" }, "-1" },
		{ "String", { "\"a\"", "\"\"", "\"ccc\"", "\"dd\"" }, "1" },
		{ "LowCardinality(String)", { "\"a\"", "\"b\"", "\"a\"", "\"c\"" }, "1" },
		{ "Nullable(String)", { "null", "\"b\"", "\"cc\"", "null" }, "1" },
		{ "Nullable(DateTime64(3))", { "null", "\"2024-06-03T07:00:00.123Z\"", "null", "\"2024-06-03T07:00:00.124Z\"" }, "1" },
		{ "Array(UInt8)", { "[1]", "[]", "[2,3]", "[4]" }, "[1,2,256]" },
		{ "Array(String)", { "[\"x\",\"yy\"]", "[]", "[\"\"]", "[\"z\"]" }, "[\"a\",1]" },
		{ "Array(LowCardinality(String))", { "[\"x\",\"yy\"]", "[]", "[\"x\"]", "[\"z\"]" }, "[\"x\",1]" },
		{ "FixedString(2)", { "\"a\"", "\"bb\"", "\"\"", "\"d\"" }, "\"ddd\"" },
		{ "Enum8('a' = 1, 'b' = 2)", { "\"a\"", "\"b\"", "\"a\"", "\"a\"" }, "\"c\"" },
	};
	static const unsigned char keep[] = { 1, 0, 1, 1 };
	struct err e = ERR_NONE;
	struct fault f;
	size_t i, k;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		struct chtype type;
		struct native_col a, b, c, d;
		uint64_t ha[2] = { 1, 2 }, hb[2] = { 1, 2 };

		(void)chtype_parse(&type, slice_of(t[i].type), &e);
		(void)native_col_init(&a, &type, &e);
		(void)native_col_init(&b, &type, &e);
		(void)native_col_init(&c, &type, &e);
		(void)native_col_init(&d, &type, &e);
		a.name = b.name = c.name = d.name = SLICE("v");
		a.text = b.text = c.text = d.text = slice_of(t[i].type);
		for (k = 0; k < 4; k++) {
			(void)native_add(&a, value(t[i].v[k]), &f);
			ok(native_add(&a, value(t[i].bad), &f) == -1, "%s refuses %s", t[i].type, t[i].bad);
			/* a row taken back, one the keys of which are known already */
			if (k > 0) {
				(void)native_add(&a, value(t[i].v[0]), &f);
				native_undo(&a);
			}
			(void)native_add(&b, value(t[i].v[k]), &f);
			if (keep[k])
				(void)native_add(&c, value(t[i].v[k]), &f);
		}
		ok(same(&a, &b, 4), "%s: refused and undone rows leave nothing", t[i].type);
		native_copy(&d, &a, 0, 4, keep);
		ok(same(&d, &c, 3), "%s: a copy of some rows", t[i].type);
		native_col_clear(&d);
		native_copy(&d, &a, 2, 3, NULL);
		native_col_clear(&c);
		(void)native_add(&c, value(t[i].v[2]), &f);
		ok(same(&d, &c, 1), "%s: a copy of one row, after clear", t[i].type);
		if (!a.array) {
			(void)native_add(&c, value(t[i].v[3]), &f);
			native_hash_last(&c, ha);
			native_hash_last(&b, hb);
			ok(ha[0] == hb[0] && ha[1] == hb[1], "%s: one hash for one value", t[i].type);
		}
		native_col_fini(&a);
		native_col_fini(&b);
		native_col_fini(&c);
		native_col_fini(&d);
		chtype_fini(&type);
	}
}

/* Numbers of keys of one, two and four bytes. */
static void
wide(void)
{
	static const struct { unsigned keys; const char *flags; } t[] = {
		{ 256, "0006000000000000" }, { 257, "0106000000000000" }, { 65536, "0106000000000000" }, { 65537, "0206000000000000" },
	};
	struct chtype type;
	struct native_col c;
	struct err e = ERR_NONE;
	struct fault f;
	struct buf head = { 0 };
	struct slice part[NATIVE_PARTS(1)];
	char json[32], got[20];
	unsigned i, k;
	size_t n;

	(void)chtype_parse(&type, SLICE("LowCardinality(String)"), &e);
	(void)native_col_init(&c, &type, &e);
	c.name = SLICE("v");
	c.text = SLICE("LowCardinality(String)");
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		native_col_clear(&c);
		for (k = 0; k < t[i].keys; k++) {
			(void)snprintf(json, sizeof json, "\"%u\"", k);
			(void)native_add(&c, value(json), &f);
		}
		n = native_block(&c, 1, t[i].keys, &head, part);
		/* the first part ends in flags and number of keys */
		hex(got, sizeof got, &(struct slice){ part[0].p + part[0].n - 16, 8 }, 1);
		is_str(got, t[i].flags, "width of a key's number");
		is_int((int)(part[n - 1].n / t[i].keys), i == 0 ? 1 : i == 3 ? 4 : 2, "its bytes");
	}
	native_col_fini(&c);
	chtype_fini(&type);
	buf_fini(&head);
}

int
main(void)
{
	bytes();
	checks();
	rows();
	wide();
	json_fini(&scanned);
	return done_testing();
}
