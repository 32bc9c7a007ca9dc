/* Values as fields of COPY: what a column cannot hold, what is escaped, arrays, and that no value leaves its field. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "net/pgcol.h"
#include "tap.h"

enum { BOOL = 16, INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25, OID = 26, JSON = 114, FLOAT8 = 701, DATE = 1082, NUMERIC = 1700 };

static struct json json;

/* The field of a value, or "code". */
static void
put(struct pgcol *c, const char *value, const char *want)
{
	struct buf in = { 0 }, out = { 0 }, scratch = { 0 };
	struct fault f = { 0 };

	buf_printf(&in, "{\"x\":%s}", value);
	(void)buf_room(&in, JSON_PAD);
	if (json_scan(&json, buf_as_slice(&in)) == -1)
		is_str(json.fault, "", value);
	else if (pgcol_put(c, &json.member[0].v, &out, &scratch, &f) == -1)
		is_str(f.code, want, value);
	else
		is_str(buf_str(&out), want, value);
	buf_fini(&in);
	buf_fini(&out);
	buf_fini(&scratch);
}

static void
scalar(unsigned oid, const char *value, const char *want)
{
	struct pgcol c = { .name = (char[]){ "x" } };

	pgcol_type(&c, oid);
	put(&c, value, want);
}

static void
array(unsigned oid, const char *value, const char *want)
{
	struct pgcol c = { .name = (char[]){ "x" }, .array = ',' };

	pgcol_type(&c, oid);
	put(&c, value, want);
}

int
main(void)
{
	struct pgcol null = { .name = (char[]){ "x" }, .nullable = 1 }, absent = { .name = (char[]){ "x" }, .absent = (char[]){ "0" }, .null_is_default = 1 };

	scalar(INT2, "-32768", "-32768");
	scalar(INT2, "-32769", "column");
	scalar(INT4, "2147483648", "column");
	scalar(INT8, "9223372036854775807", "9223372036854775807");
	scalar(INT8, "9223372036854775808", "column");
	scalar(OID, "-1", "column");
	scalar(INT4, "\"12\"", "12");
	scalar(INT4, "\"12\\t1\"", "column");
	scalar(INT4, "\"\"", "column");
	scalar(INT4, "\" 1\"", "column");
	scalar(INT4, "1.0", "column");
	scalar(INT4, "true", "column");
	scalar(INT4, "[1]", "column");
	scalar(INT4, "null", "column");
	scalar(NUMERIC, "1.50", "1.50");
	scalar(NUMERIC, "\"NaN\"", "NaN");
	scalar(NUMERIC, "\"1\\n2\"", "1\\n2");
	scalar(BOOL, "true", "true");
	scalar(BOOL, "\"t\\tx\\\\\"", "t\\tx\\\\");
	scalar(BOOL, "2", "column");
	scalar(TEXT, "\"a\\tb\\nc\\rd\\\\N\\u0001\"", "a\\tb\\nc\\rd\\\\N\x01");
	scalar(TEXT, "\"\\\\N\"", "\\\\N");
	scalar(TEXT, "\"\\\\.\"", "\\\\.");
	scalar(TEXT, "7", "column");
	scalar(TEXT, "{\"a\":1}", "column");
	scalar(DATE, "\"2024-02-29\"", "2024-02-29");
	scalar(DATE, "20240229", "column");
	scalar(JSON, "{\"a\":\"\\n\"}", "{\"a\":\"\\\\n\"}");
	scalar(JSON, "\"x\"", "\"x\"");
	array(INT4, "[1,null,-3]", "{1,NULL,-3}");
	array(INT4, "[[1],[2]]", "{{1},{2}}");
	array(INT4, "[\"1\\t2\"]", "column");
	array(INT4, "[]", "{}");
	array(INT4, "1", "column");
	array(TEXT, "[\"a\\\"b\\\\c\\n{},\",\"\"]", "{\"a\\\\\"b\\\\\\\\c\\n{},\",\"\"}");
	array(TEXT, "\"[2:3]={a,b}\"", "[2:3]={a,b}");
	array(BOOL, "[true,0,\"f\"]", "{\"true\",\"0\",\"f\"}");
	/* a text that is no truth value stays one: neither the next field nor the next row */
	array(BOOL, "[\"t\\tx\\n8\\t\"]", "{\"t\\tx\\n8\\t\"}");
	array(BOOL, "[\"t},{\\\"\"]", "{\"t},{\\\\\"\"}");
	array(DATE, "[\"2024-02-29\"]", "{\"2024-02-29\"}");
	array(JSON, "[{\"a\":[1]},null]", "{\"{\\\\\"a\\\\\":[1]}\",NULL}");
	pgcol_type(&null, TEXT);
	put(&null, "null", "\\N");
	pgcol_type(&absent, INT4);
	put(&absent, "null", "0");
	json_fini(&json);
	return done_testing();
}
