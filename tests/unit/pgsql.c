/* PostgreSQL's SQL as text: statements, what they begin with; cells of its rows. */
#include <stdio.h>

#include "net/pgsql.h"
#include "net/pgtext.h"
#include "tap.h"

static void
statements(const char *sql, const char *want)
{
	struct slice rest = slice_of(sql), one;
	struct buf got = { 0 };

	while (pgsql_next(&rest, &one)) {
		buf_puts(&got, "<");
		buf_slice(&got, one);
		buf_puts(&got, ">");
	}
	is_str(buf_str(&got), want, sql);
	buf_fini(&got);
}

/* A row of one column as an object and as a cell; "code: ..." for one that is refused. */
static void
cell(unsigned oid, unsigned elem, const char *text, const char *object, const char *plain)
{
	struct pgtext_type type = { .name = "_src", .oid = oid, .elem = elem, .delim = elem != 0 ? ',' : 0 };
	struct pgtext t = { 0 };
	struct err e = ERR_NONE;
	struct fault f = { 0 };
	struct buf a = { 0 }, b = { 0 };
	int null = 0;
	char *p;

	is_int(pgtext_init(&t, &type, 1, (struct slice){ NULL, 0 }, NULL, NULL, &e), 0, "any name");
	if (pgtext_take(&t, slice_of(text), &f) == -1) {
		is_str(f.code, object, text);
	} else {
		p = buf_room(&a, pgtext_size(&t));
		a.n = (size_t)(pgtext_object(&t, p) - p);
		is_str(buf_str(&a), object, text);
		p = buf_room(&b, pgtext_size(&t));
		b.n = (size_t)(pgtext_cell(&t, 0, p, &null) - p);
		is_str(null ? "NULL" : buf_str(&b), plain, text);
	}
	buf_fini(&a);
	buf_fini(&b);
	pgtext_fini(&t);
}

int
main(void)
{
	statements("SELECT 1", "<SELECT 1>");
	statements(" ;; SELECT 1 ;\n-- a; b\n/* ; /* ; */ ; */ SELECT ';' ; ", "<SELECT 1><SELECT ';'>");
	statements("SELECT 'a\\'; SELECT E'a\\'; '; SELECT 'it''s;'", "<SELECT 'a\\'><SELECT E'a\\'; '><SELECT 'it''s;'>");
	statements("SELECT \"a;\"\"b;\", $$;$$, $a$;$$;$a$; SELECT $1; SELECT a$b$;", "<SELECT \"a;\"\"b;\", $$;$$, $a$;$$;$a$><SELECT $1><SELECT a$b$>");
	statements("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3", "<CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)><SELECT 3>");
	statements("CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; BEGIN; END",
	    "<CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END><BEGIN><END>");
	statements("create table begin (a int); select 1 -- end", "<create table begin (a int)><select 1>");
	statements("SELECT 'never ends; ", "<SELECT 'never ends; >");
	statements("SELECT $x$ never; $y$", "<SELECT $x$ never; $y$>");
	statements("/* never ; ", "");
	statements("-- nothing", "");

	is_int(pgsql_kind(SLICE("select")), PGSQL_QUERY, "select");
	is_int(pgsql_kind(SLICE("(VALUES (1))")), PGSQL_QUERY, "a parenthesis");
	is_int(pgsql_kind(SLICE("With x AS (SELECT 1) SELECT")), PGSQL_QUERY, "with");
	is_int(pgsql_kind(SLICE("DELETE FROM x")), PGSQL_CHANGE, "delete");
	is_int(pgsql_kind(SLICE("selects")), PGSQL_OTHER, "another word");
	is_int(pgsql_kind(SLICE("")), PGSQL_OTHER, "nothing");

	cell(25, 0, "a\\tb\\\\\"", "{\"_src\":\"a\\tb\\\\\\\"\"}", "a\tb\\\"");
	cell(25, 0, "\\N", "{\"_src\":null}", "NULL");
	cell(25, 0, "", "{\"_src\":\"\"}", "");
	cell(25, 0, "\xc3", "utf8", "");
	cell(25, 0, "a\tb", "fields", "");
	cell(16, 0, "f", "{\"_src\":false}", "false");
	cell(701, 0, "NaN", "{\"_src\":\"NaN\"}", "NaN");
	cell(1700, 0, "-0.10", "{\"_src\":-0.10}", "-0.10");
	cell(1184, 0, "2024-06-03 07:00:00.5+00", "{\"_src\":\"2024-06-03T07:00:00.500Z\"}", "2024-06-03T07:00:00.500Z");
	cell(1184, 0, "infinity", "{\"_src\":\"infinity\"}", "infinity");
	cell(114, 0, "{\"a\":\\n\"b\"}", "{\"_src\":{\"a\": \"b\"}}", "{\"a\": \"b\"}");
	cell(3802, 0, "\"b\"", "{\"_src\":\"b\"}", "\"b\"");
	cell(114, 0, "{\"a\":1,\"a\":2}", "json", "");
	cell(1, 25, "{a,NULL,\"b c\"}", "{\"_src\":[\"a\",null,\"b c\"]}", "[\"a\",null,\"b c\"]");
	cell(1, 25, "[2:3]={a,b}", "{\"_src\":\"[2:3]={a,b}\"}", "[2:3]={a,b}");
	return done_testing();
}
