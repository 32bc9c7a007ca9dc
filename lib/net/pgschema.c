/* The shipped schema, made to fit PostgreSQL or Greenplum, and a database, brought up to it. */
#include "net/pgschema.h"

#include <string.h>

#include "base/map.h"

#define CREATE_TABLE "CREATE TABLE IF NOT EXISTS "
#define CREATE_VIEW "CREATE OR REPLACE VIEW "
#define CREATE_FUNCTION "CREATE OR REPLACE FUNCTION "
#define PATH "SET search_path TO mart"

static int
begins(struct slice s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static struct slice
behind(struct slice s, size_t n)
{
	return (struct slice){ s.p + n, s.n - n };
}

static int
blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t';
}

static struct slice
trim(struct slice s)
{
	while (s.n > 0 && blank(*s.p))
		s = behind(s, 1);
	while (s.n > 0 && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The first word of s: up to a blank or a parenthesis. */
static struct slice
word(struct slice s)
{
	struct slice w = { s.p, 0 };

	while (w.n < s.n && !blank(s.p[w.n]) && s.p[w.n] != '(')
		w.n++;
	return w;
}

/* Where needle begins in s, or s.n. */
static size_t
find(struct slice s, const char *needle)
{
	size_t n = strlen(needle), i;

	for (i = 0; i + n <= s.n; i++)
		if (memcmp(s.p + i, needle, n) == 0)
			return i;
	return s.n;
}

static int
next_line(struct slice *text, struct slice *line)
{
	const char *lf;

	if (text->n == 0)
		return 0;
	lf = memchr(text->p, '\n', text->n);
	*line = (struct slice){ text->p, lf ? (size_t)(lf - text->p) : text->n };
	*text = behind(*text, lf ? line->n + 1 : line->n);
	return 1;
}

void
pgschema_adapt(struct slice text, int greenplum, int version, struct buf *out)
{
	static const char any[] = "-- GP: ", six[] = "-- GP 6: ";
	struct slice line, mark;
	size_t at, semicolon;
	int applies;

	while (next_line(&text, &line)) {
		at = find(line, any);
		applies = greenplum;
		mark = behind(line, at < line.n ? at + sizeof any - 1 : at);
		if (at == line.n && (at = find(line, six)) < line.n) {
			applies = greenplum && version < 90500;
			mark = behind(line, at + sizeof six - 1);
		}
		mark = trim(mark);
		if (at == line.n || !applies) {
			buf_put(out, line.p, at);
			buf_putc(out, '\n');
		} else if (!slice_eq(mark, SLICE("leave out"))) {
			semicolon = find(line, ";");
			buf_put(out, line.p, semicolon);
			buf_printf(out, " %.*s;\n", (int)mark.n, mark.p);
		}
	}
}

int
pgschema_next(struct slice *text, struct slice *one)
{
	struct slice s = *text, from;

	/* blanks and comments before it */
	for (;;) {
		while (s.n > 0 && (blank(*s.p) || *s.p == ';'))
			s = behind(s, 1);
		if (!begins(s, "--"))
			break;
		s = behind(s, find(s, "\n"));
	}
	from = s;
	while (s.n > 0 && *s.p != ';') {
		if (begins(s, "--"))
			s = behind(s, find(s, "\n"));
		else if (begins(s, "$$")) {
			s = behind(s, 2);
			s = behind(s, find(s, "$$"));
			s = behind(s, s.n < 2 ? s.n : 2);
		} else if (*s.p == '\'') {
			s = behind(s, 1);
			s = behind(s, find(s, "'"));
			s = behind(s, s.n < 1 ? s.n : 1);
		} else
			s = behind(s, 1);
	}
	*one = trim((struct slice){ from.p, (size_t)(s.p - from.p) });
	*text = s;
	return one->n > 0;
}

struct job {
	struct pg *p;
	const struct pgschema_options *o;
	struct map there;	/* what the database has: "r name", "c table.column", "f name", comments as statements */
	int told;		/* the search path */
	int found;		/* the table that is wanted alone */
};

static int
run(struct job *j, struct slice statement, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	buf_slice(&b, statement);
	rc = pg_exec(j->p, buf_str(&b), e);
	buf_fini(&b);
	return rc;
}

static int
change(struct job *j, struct slice statement, struct err *e)
{
	if (!j->told && !begins(statement, "CREATE SCHEMA ")) {
		j->told = 1;
		j->o->say(j->o->arg, SLICE(PATH));
	}
	j->o->say(j->o->arg, statement);
	return j->o->dry ? 0 : run(j, statement, e);
}

/* What the database has.  One question: there are hundreds of comments. */
static int
look(struct job *j, struct err *e)
{
	static const char sql[] =
	    "WITH s AS (SELECT oid FROM pg_namespace WHERE nspname = 'mart'), "
	    "r AS (SELECT c.oid, c.relname, c.relkind FROM pg_class c JOIN s ON s.oid = c.relnamespace) "
	    "SELECT 'r ' || relname FROM r UNION ALL SELECT 's mart' FROM s "
	    "UNION ALL SELECT 'c ' || r.relname || '.' || a.attname FROM r JOIN pg_attribute a ON a.attrelid = r.oid WHERE a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p') "
	    "UNION ALL SELECT 'f ' || p.proname FROM pg_proc p JOIN s ON s.oid = p.pronamespace "
	    "UNION ALL SELECT 'COMMENT ON ' || CASE WHEN d.objsubid = 0 THEN 'TABLE ' || r.relname ELSE 'COLUMN ' || r.relname || '.' || a.attname END || ' IS ' || quote_literal(d.description) "
	    "FROM r JOIN pg_description d ON d.objoid = r.oid AND d.classoid = 'pg_class'::regclass LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.objsubid WHERE r.relkind IN ('r', 'p')";
	struct pg_result *r = pg_query(j->p, sql, NULL, 0, e);
	int i;

	if (r == NULL)
		return -1;
	for (i = 0; i < pg_rows(r); i++)
		(void)map_add(&j->there, pg_cell(r, i, 0));
	pg_free(r);
	return 0;
}

static int
has(const struct job *j, const char *kind, struct slice name)
{
	struct buf b = { 0 };
	uint32_t n;

	buf_printf(&b, "%s%.*s", kind, (int)name.n, name.p);
	n = map_find(&j->there, buf_as_slice(&b));
	buf_fini(&b);
	return n != MAP_NONE;
}

/* A function or view that the statement would make, its name replaced, made for a moment: 1 when what is there is the same. */
static int
same(struct job *j, struct slice one, const char *create, const char *as, const char *compare, const char *name)
{
	struct err none = ERR_NONE;
	struct buf b = { 0 };
	struct slice rest = behind(one, strlen(create));
	const char *param[1] = { name };
	struct pg_result *r = NULL;
	int yes = 0;

	buf_printf(&b, "SAVEPOINT wb_probe; %s%.*s", as, (int)(rest.n - word(rest).n), rest.p + word(rest).n);
	if (pg_exec(j->p, buf_str(&b), &none) == 0 && (r = pg_query(j->p, compare, param, 1, &none)) != NULL)
		yes = pg_rows(r) == 1 && pg_true(r, 0, 0);
	pg_free(r);
	none = (struct err)ERR_NONE;
	(void)pg_exec(j->p, "ROLLBACK TO wb_probe; RELEASE wb_probe", &none);
	buf_fini(&b);
	return yes;
}

static int
same_view(struct job *j, struct slice one)
{
	static const char compare[] = "SELECT pg_get_viewdef('wb_probe'::regclass) = pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
	    "WHERE n.nspname = 'mart' AND c.relname = $1 AND c.relkind = 'v'";
	struct slice name = word(behind(one, sizeof CREATE_VIEW - 1));
	struct buf b = { 0 };
	int yes;

	buf_slice(&b, name);
	yes = has(j, "r ", name) && same(j, one, CREATE_VIEW, "CREATE TEMP VIEW wb_probe", compare, buf_str(&b));
	buf_fini(&b);
	return yes;
}

static int
same_function(struct job *j, struct slice one)
{
	static const char compare[] = "SELECT count(DISTINCT regexp_replace(pg_get_functiondef(p.oid), '^[^(]*', '')) = 1 AND count(*) = 2 "
	    "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
	    "WHERE (p.proname = $1 AND n.nspname = 'mart') OR (p.proname = 'wb_probe' AND p.pronamespace = pg_my_temp_schema())";
	struct slice name = word(behind(one, sizeof CREATE_FUNCTION - 1));
	struct buf b = { 0 };
	int yes;

	buf_slice(&b, name);
	yes = has(j, "f ", name) && same(j, one, CREATE_FUNCTION, "CREATE FUNCTION pg_temp.wb_probe", compare, buf_str(&b));
	buf_fini(&b);
	return yes;
}

/* Adds to a table the columns of the statement that it lacks. */
static int
add_columns(struct job *j, struct slice one, struct slice table, struct err *e)
{
	struct slice line, def, name;
	struct buf b = { 0 };
	int rc = 0;

	while (rc == 0 && next_line(&one, &line) && !begins(line, ")")) {
		def = trim(line);
		if (*line.p != ' ' || begins(def, "CONSTRAINT ") || begins(def, "PRIMARY KEY ") || begins(def, "--"))
			continue;
		if (def.n > 0 && def.p[def.n - 1] == ',')
			def.n--;
		name = word(def);
		buf_clear(&b);
		buf_printf(&b, "%.*s.%.*s", (int)table.n, table.p, (int)name.n, name.p);
		if (has(j, "c ", buf_as_slice(&b)))
			continue;
		buf_clear(&b);
		buf_printf(&b, "ALTER TABLE %.*s ADD COLUMN %.*s", (int)table.n, table.p, (int)def.n, def.p);
		rc = change(j, buf_as_slice(&b), e);
	}
	buf_fini(&b);
	return rc;
}

/* The table that a statement is about, empty for none. */
static struct slice
about(struct slice one)
{
	struct slice name = { 0 };
	size_t at;

	if (begins(one, CREATE_TABLE)) {
		at = find(one, " PARTITION OF ");
		return word(behind(one, at < one.n ? at + 14 : sizeof CREATE_TABLE - 1));
	}
	if (begins(one, "CREATE INDEX ") || begins(one, "CREATE UNIQUE INDEX "))
		return word(behind(one, find(one, " ON ") + 4));
	if (begins(one, "COMMENT ON TABLE "))
		return word(behind(one, 17));
	if (begins(one, "COMMENT ON COLUMN ")) {
		name = word(behind(one, 18));
		name.n = find(name, ".");
	}
	if (begins(one, CREATE_FUNCTION "ensure_event_month("))
		return SLICE("fct_event");
	return name;
}

static int
statement(struct job *j, struct slice one, struct err *e)
{
	struct slice name, table = about(one);
	size_t at;

	if (begins(one, "SET "))
		return 0;
	if (begins(one, "CREATE SCHEMA "))
		return has(j, "s ", SLICE("mart")) ? 0 : change(j, one, e);
	if (j->o->only != NULL && !slice_eq(table, slice_of(j->o->only)))
		return 0;
	j->found = 1;
	if (begins(one, CREATE_TABLE)) {
		name = word(behind(one, sizeof CREATE_TABLE - 1));
		if (!has(j, "r ", name))
			return change(j, one, e);
		return slice_eq(name, table) ? add_columns(j, one, table, e) : 0;
	}
	if ((at = find(one, "INDEX IF NOT EXISTS ")) < find(one, " ON "))
		return has(j, "r ", word(behind(one, at + 20))) ? 0 : change(j, one, e);
	if (begins(one, "COMMENT ON "))
		return map_find(&j->there, one) != MAP_NONE ? 0 : change(j, one, e);
	if (begins(one, "CREATE AGGREGATE "))
		return has(j, "f ", word(behind(one, 17))) ? 0 : change(j, one, e);
	if (begins(one, CREATE_FUNCTION) && same_function(j, one))
		return 0;
	return change(j, one, e);
}

/* Drops the views of the text, which fails when others than these stand on one. */
static int
drop_views(struct job *j, struct slice views, struct err *e)
{
	struct slice one, name;
	struct buf b = { 0 }, all = { 0 };
	int rc;

	while (pgschema_next(&views, &one))
		if (begins(one, CREATE_VIEW)) {
			name = word(behind(one, sizeof CREATE_VIEW - 1));
			buf_clear(&b);
			buf_printf(&b, "%s%.*s", all.n > 0 ? ", " : "DROP VIEW IF EXISTS ", (int)name.n, name.p);
			buf_slice(&all, buf_as_slice(&b));
		}
	/* one statement, since they stand on each other */
	rc = change(j, buf_as_slice(&all), e);
	buf_fini(&b);
	buf_fini(&all);
	return rc;
}

static int
make_views(struct job *j, struct slice views, struct err *e)
{
	struct slice one;

	while (pgschema_next(&views, &one))
		if (begins(one, CREATE_VIEW) && !same_view(j, one) && change(j, one, e) == -1)
			return -1;
	return 0;
}

/*
 * A view can get columns at its end but change no other: then all are made again, since some stand on others, and get the rights back
 * that they had.
 */
static int
apply_views(struct job *j, struct slice views, struct err *e)
{
	static const char save[] = "CREATE TEMP TABLE wb_rights ON COMMIT DROP AS SELECT c.relname, a.privilege_type AS what, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS who, "
	    "a.is_grantable FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a WHERE n.nspname = 'mart' AND c.relkind = 'v'";
	static const char restore[] = "DO $wb$ DECLARE r record; BEGIN FOR r IN SELECT w.* FROM wb_rights w JOIN pg_class c ON c.relname = w.relname JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mart' LOOP "
	    "EXECUTE format('GRANT %s ON mart.%I TO %s', r.what, r.relname, r.who) || CASE WHEN r.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END; END LOOP; END $wb$";
	struct err first = ERR_NONE;
	int rc;

	if (j->o->dry)
		return make_views(j, views, e);
	if (pg_exec(j->p, "SAVEPOINT wb_views", e) == -1)
		return -1;
	if (make_views(j, views, &first) == 0)
		return 0;
	if (first.status != EX_CONFIG) {
		*e = first;
		return -1;
	}
	rc = pg_exec(j->p, "ROLLBACK TO wb_views", e) == -1 || pg_exec(j->p, save, e) == -1 || drop_views(j, views, e) == -1 ||
	    make_views(j, views, e) == -1 || pg_exec(j->p, restore, e) == -1;
	return rc ? -1 : 0;
}

/* What a reader of the marts needs, now and of views that are made again. */
static int
grant(struct job *j, struct err *e)
{
	static const char lacking[] = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'mart' AND c.relkind IN ('r', 'p', 'v') "
	    "AND (c.relkind = 'v' OR c.relname LIKE 'mart\\_%' OR c.relname = 'wb_check') AND NOT has_table_privilege($1, c.oid, 'SELECT') ORDER BY 1";
	static const char usage[] = "SELECT 1 FROM pg_namespace WHERE nspname = 'mart' AND has_schema_privilege($1, oid, 'USAGE')";
	const char *param[1] = { j->o->grant };
	struct pg_result *u = NULL, *r = NULL;
	struct buf b = { 0 }, role = { 0 };
	int rc = -1, i;

	pg_name(j->p, &role, slice_of(j->o->grant));
	if ((u = pg_query(j->p, usage, param, 1, e)) == NULL || (r = pg_query(j->p, lacking, param, 1, e)) == NULL)
		goto out;
	if (pg_rows(u) == 0) {
		buf_printf(&b, "GRANT USAGE ON SCHEMA mart TO %s", buf_str(&role));
		if (change(j, buf_as_slice(&b), e) == -1)
			goto out;
	}
	for (i = 0; i < pg_rows(r); i++) {
		buf_clear(&b);
		buf_puts(&b, "GRANT SELECT ON ");
		pg_name(j->p, &b, pg_cell(r, i, 0));
		buf_printf(&b, " TO %s", buf_str(&role));
		if (change(j, buf_as_slice(&b), e) == -1)
			goto out;
	}
	rc = 0;
out:
	pg_free(u);
	pg_free(r);
	buf_fini(&b);
	buf_fini(&role);
	return rc;
}

static int
remember(struct job *j, struct err *e)
{
	const char *param[1] = { j->o->version };
	struct pg_result *r = NULL;
	struct buf b = { 0 };
	int rc = 0;

	if (has(j, "r ", SLICE("wb_state")) || !j->o->dry) {
		if ((r = pg_query(j->p, "SELECT 1 FROM wb_state WHERE name = 'schema' AND value = $1", param, 1, e)) == NULL)
			return -1;
		if (pg_rows(r) == 1)
			goto out;
		if ((rc = change(j, SLICE("DELETE FROM wb_state WHERE name = 'schema'"), e)) == -1)
			goto out;
	}
	buf_printf(&b, "INSERT INTO wb_state (name, value, version) VALUES ('schema', '%s', %lld)", j->o->version, j->o->now);
	rc = change(j, buf_as_slice(&b), e);
out:
	pg_free(r);
	buf_fini(&b);
	return rc;
}

int
pgschema_apply(struct pg *p, struct slice tables, struct slice views, const struct pgschema_options *o, struct err *e)
{
	struct job j = { .p = p, .o = o };
	struct buf own = { 0 };
	struct err none = ERR_NONE;
	struct slice text, one;
	int greenplum = o->greenplum || pg_is_greenplum(p), rc = -1;

	/* one at a time: two of them would both find a table missing */
	if (pg_exec(p, "BEGIN; SET LOCAL search_path TO mart; SET LOCAL check_function_bodies = on; SELECT pg_advisory_xact_lock(hashtext('waybill schema'))", e) == -1 ||
	    look(&j, e) == -1)
		goto out;
	j.found = o->only != NULL && has(&j, "r ", slice_of(o->only));
	if (j.found)
		tables.n = 0;
	pgschema_adapt(tables, greenplum, pg_is_greenplum(p) ? pg_version(p) : 120000, &own);
	text = buf_as_slice(&own);
	while (pgschema_next(&text, &one))
		if (statement(&j, one, e) == -1)
			goto out;
	if (o->only != NULL && !j.found) {
		err_set(e, EX_CONFIG, "the schema that ships with Waybill has no table %s", o->only);
		goto out;
	}
	if (o->only == NULL && (apply_views(&j, views, e) == -1 || (o->version != NULL && remember(&j, e) == -1)))
		goto out;
	if (o->grant != NULL && grant(&j, e) == -1)
		goto out;
	rc = pg_exec(p, o->dry ? "ROLLBACK" : "COMMIT", e);
out:
	if (rc == -1)
		(void)pg_exec(p, "ROLLBACK", &none);
	map_fini(&j.there);
	buf_fini(&own);
	return rc;
}
