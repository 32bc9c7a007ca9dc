/* Rows of COPY as records: values by their types, arrays, and rows that no server should write. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pgtext.h"
#include "tap.h"

enum { BOOL = 16, INT8 = 20, INT4 = 23, TEXT = 25, JSON = 114, FLOAT8 = 701, DATE = 1082, TIMESTAMPTZ = 1184, NUMERIC = 1700, JSONB = 3802, ARRAY = 1 };

static const struct pgtext_type all[] = {
	{ "id", INT8, 0, 0 }, { "at", TIMESTAMPTZ, 0, 0 }, { "b", BOOL, 0, 0 }, { "n", NUMERIC, 0, 0 }, { "t", TEXT, 0, 0 }, { "j", JSONB, 0, 0 },
	{ "ai", ARRAY, INT4, ',' }, { "at ", ARRAY, TEXT, ',' }, { "ab", ARRAY, BOOL, ',' }, { "az", ARRAY, TIMESTAMPTZ, ',' }, { "aj", ARRAY, JSON, ',' },
	{ "af", ARRAY, FLOAT8, ';' },
};
#define COLUMNS (sizeof all / sizeof *all)

/* The row lies in memory of its own, so that a read beyond it is seen. */
static int
row(struct pgtext *t, const char *p, size_t n, struct buf *out, char *src, struct fault *f)
{
	char *own = malloc(n + 1);
	size_t src_n;
	int rc;

	if (own == NULL)
		abort();
	own = realloc(memcpy(own, p, n), n > 0 ? n : 1);
	rc = pgtext_row(t, (struct slice){ own, n }, 7, out, src, &src_n, f);
	free(own);
	return rc;
}

/* One field of a type, as it stands in the record; or "code: ...". */
static void
field(unsigned oid, unsigned elem, const char *text, const char *want)
{
	struct pgtext_type type = { .name = "x", .oid = oid, .elem = elem, .delim = elem != 0 ? ',' : 0 };
	struct pgtext t = { 0 };
	struct buf out = { 0 };
	struct err e = ERR_NONE;
	struct fault f = { 0 };
	char src[SRC_MAX(1)];

	(void)pgtext_init(&t, &type, 1, SLICE("q"), NULL, NULL, &e);
	if (row(&t, text, strlen(text), &out, src, &f) == -1)
		is_str(f.code, want, text);
	else {
		out.n -= 2;	/* } and LF */
		is_str(buf_str(&out) + strlen("{\"_src\":[\"q\",0,7,0,0],\"x\":"), want, text);
	}
	buf_fini(&out);
	pgtext_fini(&t);
}

static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Rows of what rows are made of, in any order: a record of JSON within its bounds, or a fault. */
static void
hostile(struct pgtext *t)
{
	static const char *const word[] = { "{", "}", ",", ";", "\"", "\\", "\\\\", "\\n", "\\N", "NULL", "t", "f", "1", "-", "NaN", "x", " ", "\x01", "\n",
		"[1:2]=", "{}", "2024-06-03 07:00:00+00", "2024-06-03 07:00:00.123456+00", "[1, \"y\"]", "\xd0\xb6", "\xff", "null" };
	uint64_t seed = 88172645463325252u;
	struct json json = { 0 };
	struct buf in = { 0 }, out = { 0 };
	struct fault f = { 0 };
	char src[SRC_MAX(8)];
	size_t i, k, bound, taken = 0, bad = 0, over = 0, kept = 0;
	int rc;

	for (i = 0; i < 20000; i++) {
		buf_clear(&in);
		buf_clear(&out);
		buf_puts(&out, "before");
		for (k = 0; k < t->n; k++) {
			uint64_t n = next(&seed) % 6;

			if (k > 0)
				buf_putc(&in, '\t');
			while (n-- > 0)
				buf_puts(&in, word[next(&seed) % (sizeof word / sizeof *word)]);
		}
		bound = 6 + SRC_MAX(t->topic.n) + t->keys.n + 7 * in.n + 8 * t->n + 64;
		rc = row(t, in.p, in.n, &out, src, &f);
		if (rc == -1) {
			kept += out.n != 6;
			continue;
		}
		taken++;
		over += out.n > bound;
		(void)buf_room(&out, JSON_PAD);
		/* numbers and truth values are the server's word */
		bad += json_scan(&json, (struct slice){ out.p + 6, out.n - 7 }) == -1 && strcmp(json.code, "json") != 0;
	}
	ok(taken > 100, "%zu of 20000 rows are records", taken);
	is_int(over, 0, "none is longer than what was made room for");
	is_int(bad, 0, "none is what no record may be");
	is_int(kept, 0, "of the others nothing stays behind");
	json_fini(&json);
	buf_fini(&in);
	buf_fini(&out);
}

/* Arrays of texts, which every literal fits: a literal that is none is a text. */
static void
literals(void)
{
	static const char piece[] = "{},\"\\aN[ ";
	struct pgtext_type type = { .name = "x", .oid = ARRAY, .elem = TEXT, .delim = ',' };
	struct pgtext t = { 0 };
	struct json json = { 0 };
	struct buf in = { 0 }, out = { 0 };
	struct err e = ERR_NONE;
	struct fault f = { 0 };
	char src[SRC_MAX(1)];
	size_t i, k, n, bad = 0, arrays = 0;

	(void)pgtext_init(&t, &type, 1, SLICE("q"), NULL, NULL, &e);
	for (i = 0; i < 9 * 9 * 9 * 9 * 9; i++) {
		buf_clear(&in);
		buf_clear(&out);
		for (k = i, n = 0; n < 5; n++, k /= 9) {
			if (piece[k % 9] == '\\')
				buf_putc(&in, '\\');
			buf_putc(&in, piece[k % 9]);
		}
		if (row(&t, in.p, in.n, &out, src, &f) == 0) {
			(void)buf_room(&out, JSON_PAD);
			if (json_scan(&json, (struct slice){ out.p, out.n - 1 }) == -1 && bad++ == 0)
				printf("# %s", buf_str(&out));
			else
				arrays += json.n == 2 && json.member[1].v.type == JSON_ARRAY;
		} else
			bad++;
	}
	is_int(bad, 0, "every text of five characters is an array or a string");
	ok(arrays > 10 && arrays < 1000, "%zu of them are arrays", arrays);
	json_fini(&json);
	buf_fini(&in);
	buf_fini(&out);
	pgtext_fini(&t);
}

int
main(void)
{
	struct pgtext t = { 0 }, twice = { 0 };
	struct pgtext_type same[] = { { "a", TEXT, 0, 0 }, { "a", INT4, 0, 0 } }, ours = { "_src", TEXT, 0, 0 };
	struct err e = ERR_NONE;

	field(TEXT, 0, "\\N", "null");
	field(TEXT, 0, "\\\\N", "\"\\\\N\"");
	field(TEXT, 0, "a\\tb\\n\\\\\"", "\"a\\tb\\n\\\\\\\"\"");
	field(TEXT, 0, "", "\"\"");
	field(TEXT, 0, "a\tb", "fields");
	field(TEXT, 0, "\xc3", "utf8");
	field(BOOL, 0, "t", "true");
	field(BOOL, 0, "f", "false");
	field(NUMERIC, 0, "-0.10", "-0.10");
	field(NUMERIC, 0, "-Infinity", "\"-Infinity\"");
	field(NUMERIC, 0, "", "\"\"");
	field(TIMESTAMPTZ, 0, "2024-06-03 07:00:00.5+00", "\"2024-06-03T07:00:00.500Z\"");
	field(TIMESTAMPTZ, 0, "2024-06-03 07:00:00.123999+00", "\"2024-06-03T07:00:00.123Z\"");
	field(TIMESTAMPTZ, 0, "0044-03-15 07:00:00+00 BC", "\"0044-03-15 07:00:00+00 BC\"");
	field(TIMESTAMPTZ, 0, "infinity", "\"infinity\"");
	field(JSON, 0, "{\"a\":\\n1}", "{\"a\": 1}");
	field(JSON, 0, "{\"a\":1,\"a\":2}", "json");
	field(JSON, 0, "", "json");
	field(ARRAY, INT4, "{{1,NULL},{3,-4}}", "[[1,null],[3,-4]]");
	field(ARRAY, TEXT, "{a,\"NULL\",NULL,\"\",\"a\\\\\\\\b\\\\\"\"}", "[\"a\",\"NULL\",null,\"\",\"a\\\\b\\\"\"]");
	field(ARRAY, BOOL, "{t,f}", "[true,false]");
	field(ARRAY, JSON, "{\"{\\\\\"x\\\\\": [1]}\",null}", "[{\"x\": [1]},null]");
	field(ARRAY, JSON, "{\"{\\\\\"x\\\\\":\"}", "json");
	field(ARRAY, INT4, "{}", "[]");
	field(ARRAY, INT4, "[2:3]={1,2}", "\"[2:3]={1,2}\"");
	field(ARRAY, INT4, "{1,,2}", "\"{1,,2}\"");
	field(ARRAY, INT4, "{1,2", "\"{1,2\"");
	field(ARRAY, INT4, "{1}}", "\"{1}}\"");
	field(ARRAY, INT4, "}{", "\"}{\"");
	field(ARRAY, TEXT, "{\"a\"b}", "\"{\\\"a\\\"b}\"");
	field(ARRAY, TEXT, "{\x01}", "[\"\\u0001\"]");
	field(ARRAY, INT4, "{{{{{{1}}}}}}", "[[[[[[1]]]]]]");
	field(ARRAY, INT4, "{{{{{{{1}}}}}}}", "\"{{{{{{{1}}}}}}}\"");
	(void)pgtext_init(&t, all, COLUMNS, SLICE("table\"s"), "id", "at", &e);
	ok(e.status == 0 && t.id == 0 && t.cursor == 1 && t.id_is_whole, "columns, id and cursor");
	hostile(&t);
	pgtext_fini(&t);
	literals();
	is_int(pgtext_init(&twice, same, 2, SLICE("q"), NULL, NULL, &e), -1, "a name that is there twice");
	is_int(e.status, EX_CONFIG, "is a configuration's fault");
	pgtext_fini(&twice);
	twice = (struct pgtext){ 0 };
	is_int(pgtext_init(&twice, &ours, 1, SLICE("q"), NULL, NULL, &e), -1, "a name that is ours");
	pgtext_fini(&twice);
	twice = (struct pgtext){ 0 };
	is_int(pgtext_init(&twice, same, 1, SLICE("q"), "nobody", NULL, &e), -1, "an id that is not there");
	pgtext_fini(&twice);
	return done_testing();
}
