/* ClickHouse statements over HTTP: where data begins, what is refused. */
#include <stdio.h>

#include "net/chsql.h"
#include "tap.h"

static const char *
shown(const char *url, const char *body, int end)
{
	static char out[512];
	char text[1024];
	struct chsql q = { 0 };
	size_t fixed = 0, n = 0;

	if (url != NULL)
		fixed = (size_t)snprintf(text, sizeof(text), "%s\n", url);
	n = fixed + (size_t)snprintf(text + fixed, sizeof(text) - fixed, "%s", body);
	if (!chsql_parse(text, n, fixed, end, &q))
		return "more";
	switch (q.kind) {
	case CHSQL_INSERT_DATA:
		snprintf(out, sizeof(out), "[%.*s][%.*s][%.*s][%.*s]", (int)q.head, text, (int)q.format.n, q.format.p,
		    (int)q.settings.n, q.settings.p, (int)(n - q.data), text + q.data);
		break;
	case CHSQL_INSERT_SELECT:
		snprintf(out, sizeof(out), "insert-select");
		break;
	case CHSQL_SELECT:
		snprintf(out, sizeof(out), "select[%.*s]", (int)q.format.n, q.format.p);
		break;
	default:
		snprintf(out, sizeof(out), "other[%.*s]", (int)q.format.n, q.format.p);
	}
	if (q.outfile)
		strcat(out, " outfile");
	if (q.infile)
		strcat(out, " infile");
	if (q.outside)
		strcat(out, " outside");
	if (q.input_function)
		strcat(out, " input()");
	if (q.whole)
		strcat(out, " whole");
	return out;
}

int
main(void)
{
	static const struct {
		const char *url, *body;
		int end;
		const char *want;
	} t[] = {
		/* text and data in one */
		{ NULL, "INSERT INTO t FORMAT CSV\n1,2", 0, "[INSERT INTO t ][CSV][][1,2]" },
		{ NULL, "insert into t (a, b) format CSV 1,2", 0, "[insert into t (a, b) ][CSV][][1,2]" },
		{ NULL, "INSERT INTO t FORMAT JSONEachRow {\"a\":1}\n\n{\"a\":2}", 0,
		    "[INSERT INTO t ][JSONEachRow][][{\"a\":1}\n\n{\"a\":2}]" },
		{ NULL, "INSERT INTO t VALUES (1), (2); x", 1, "[INSERT INTO t ][Values][][ (1), (2); x]" },
		{ NULL, "INSERT INTO t FORMAT CSV \n\n1", 0, "[INSERT INTO t ][CSV][][\n1]" },
		{ NULL, "INSERT INTO t FORMAT CSV\r\n1", 0, "[INSERT INTO t ][CSV][][1]" },
		{ NULL, "INSERT INTO t FORMAT CS", 0, "more" },
		{ NULL, "INSERT INTO t FORMAT", 0, "more" },
		{ NULL, "INSERT INTO t", 0, "more" },
		{ NULL, "INSERT INTO t", 1, "[INSERT INTO t][][][]" },
		{ NULL, "INSERT INTO t FORMAT CSV", 1, "[INSERT INTO t ][CSV][][]" },
		{ NULL, "INSERT INTO t SETTINGS a = 1 FORMAT CSV 1", 1, "[INSERT INTO t SETTINGS a = 1 ][CSV][][1]" },
		{ NULL, "INSERT INTO t FORMAT CSV SETTINGS a = 1, b='x' 1,2", 1,
		    "[INSERT INTO t ][CSV][SETTINGS a = 1, b='x'][1,2]" },
		{ NULL, "INSERT INTO t FORMAT CSV SETTINGS a = -1.5e-3\n1,2", 1,
		    "[INSERT INTO t ][CSV][SETTINGS a = -1.5e-3][1,2]" },
		{ NULL, "INSERT INTO t FORMAT CSV SETTINGS a = 1,", 0, "more" },
		{ NULL, "INSERT INTO t FORMAT CSV SETTI", 0, "more" },
		{ NULL, "INSERT INTO t FORMAT CSV settings\n", 1, "[INSERT INTO t ][CSV][][settings\n]" },
		/* names that are words of the language */
		{ NULL, "INSERT INTO values FORMAT CSV 1", 1, "[INSERT INTO values ][CSV][][1]" },
		{ NULL, "INSERT INTO d.format FORMAT CSV 1", 1, "[INSERT INTO d.format ][CSV][][1]" },
		{ NULL, "INSERT INTO `a VALUES b` (format, `VALUES`) FORMAT CSV 1", 1,
		    "[INSERT INTO `a VALUES b` (format, `VALUES`) ][CSV][][1]" },
		{ NULL, "/* VALUES */ INSERT -- FORMAT TSV\nINTO t FORMAT CSV 1", 1,
		    "[/* VALUES */ INSERT -- FORMAT TSV\nINTO t ][CSV][][1]" },
		/* statement in the URL, data in the body, to the byte */
		{ "INSERT INTO t FORMAT RowBinary", "\n\nx", 0, "[INSERT INTO t ][RowBinary][][\n\nx]" },
		{ "INSERT INTO t FORMAT RowBinary ;\n", "\n;x", 0, "[INSERT INTO t ][RowBinary][][\n;x]" },
		{ "INSERT INTO t FORMAT CSV SETTINGS a=1", "SETTINGS b=1", 0,
		    "[INSERT INTO t ][CSV][SETTINGS a=1][SETTINGS b=1]" },
		{ "INSERT INTO t FORMAT CSV 1,2", "3,4", 0, "[INSERT INTO t ][CSV][][1,2\n3,4]" },
		{ "INSERT INTO t", "{\"a\":1}", 0, "[INSERT INTO t\n][][][{\"a\":1}]" },
		{ "INSERT INTO t", "", 0, "more" },
		{ "INSERT INTO t", "FORMAT CSV\n1", 0, "[INSERT INTO t\n][CSV][][1]" },
		{ "INSERT INTO t", "SELECT 1", 1, "insert-select" },
		{ "INSERT INTO t SELECT", "1", 1, "insert-select" },
		/* inserts that bring their rows */
		{ NULL, "INSERT INTO t SELECT * FROM u FORMAT CSV", 1, "insert-select" },
		{ NULL, "INSERT INTO t (a) WITH 1 AS x SELECT x", 1, "insert-select" },
		{ NULL, "INSERT INTO t (SELECT 1)", 1, "insert-select" },
		{ NULL, "INSERT INTO t SELECT a FROM input('a UInt8') FORMAT CSV 1", 1, "insert-select input()" },
		{ NULL, "INSERT INTO t FROM INFILE '/x' FORMAT CSV", 1, "[INSERT INTO t FROM INFILE '/x' ][CSV][][] infile" },
		{ NULL, "INSERT INTO FUNCTION file('/x') FORMAT CSV 1", 1,
		    "[INSERT INTO FUNCTION file('/x') ][CSV][][1] outside" },
		/* queries */
		{ NULL, "SELECT 1", 0, "more" },
		{ NULL, "SELECT 1 FORMAT JSON", 1, "select[JSON]" },
		{ NULL, "SELECT 1 FORMAT JSON;", 1, "select[JSON]" },
		{ NULL, "SELECT 1 FORMAT JSON SETTINGS a = 1", 1, "select[JSON]" },
		{ NULL, "SELECT format FROM t", 1, "select[]" },
		{ NULL, "SELECT format('FORMAT JSON') -- FORMAT CSV", 1, "select[]" },
		{ NULL, "(SELECT 1) UNION ALL (SELECT 2) FORMAT CSV", 1, "select[CSV]" },
		{ NULL, "WITH 1 AS x SELECT x", 1, "select[]" },
		{ NULL, "SELECT a FROM t GROUP BY a WITH TOTALS FORMAT CSV", 1, "select[CSV] whole" },
		{ NULL, "SHOW TABLES FORMAT CSV", 1, "other[CSV]" },
		{ "SELECT", "1", 1, "select[]" },
		/* what must be refused */
		{ NULL, "SELECT 1 INTO OUTFILE '/x' FORMAT CSV", 1, "select[CSV] outfile" },
		{ NULL, "SELECT 1 INTO/**/outfile '/x'", 1, "select[] outfile" },
		{ NULL, "SELECT file('/x')", 1, "select[] outside" },
		{ NULL, "SELECT `file` ('/x')", 1, "select[] outside" },
		{ NULL, "SELECT \"f\\x69le\"('/x')", 1, "select[] outside" },
		{ NULL, "SELECT \342\200\234file\342\200\235('/x')", 1, "select[] outside" },
		{ NULL, "SELECT * APPLY(file) FROM t", 1, "select[] outside" },
		{ NULL, "SELECT * APPLY file FROM t", 1, "select[] outside" },
		{ NULL, "CREATE TABLE t (a Int8) SETTINGS disk = disk(type = s3)", 1, "other[] outside" },
		{ NULL, "SELECT 1 SETTINGS disk = 'x'", 1, "select[]" },
		{ NULL, "SELECT 'it''s file(1)', file FROM t", 1, "select[]" },
		{ NULL, "SELECT 'a\\' file(' FROM t", 1, "select[]" },
		{ NULL, "SELECT $x$ file(1) $x$", 1, "select[]" },
	};
	size_t i = 0;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		is_str(shown(t[i].url, t[i].body, t[i].end), t[i].want, t[i].body);
	/* cut anywhere, the answer comes later, never another one */
	{
		static const char text[] = "INSERT INTO d.t (a, `b c`) FORMAT JSONEachRow SETTINGS x = 'FORMAT', y = 1\n{\"a\":1}";
		struct chsql q = { 0 }, whole = { 0 };
		size_t n = 0, wrong = 0;

		chsql_parse(text, sizeof(text) - 1, 0, 1, &whole);
		for (n = 0; n < sizeof(text) - 1; n++)
			if (chsql_parse(text, n, 0, 0, &q) && (q.data != whole.data || q.head != whole.head))
				wrong++;
		is_int(wrong, 0, "a cut statement waits");
	}
	return done_testing();
}
