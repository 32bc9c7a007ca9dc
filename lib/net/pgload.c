/* Loading of PostgreSQL: COPY into a stage, from there by key. */
#include "net/pgload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/retry.h"
#include "net/pgcol.h"
#include "rec/src.h"

#define MEMORY (64u << 20)
#define CHUNK (64 * 1024)	/* bytes that are sent at a time */

struct row {
	size_t field, line;	/* where its fields and its record begin */
};

struct pgload {
	const struct pg_options *options;
	struct pgload_config c;
	struct pg *pg;
	char *table, *list;	/* quoted: name, columns that are loaded */
	struct pgcol *col;
	size_t cols;
	int uses_src, has_left;	/* has columns that "_src" fills; that the server's clock does */
	struct json_names *names;
	const struct json_member **slot;
	struct buf stage_sql, store_sql;	/* of every session; of every transaction behind COPY */
	char *begin_sql, *copy_sql;

	/* the rows of the transaction at hand */
	struct buf fields, lines;
	struct row *row;
	size_t n, cap;
	size_t sent;		/* bytes of fields */
	int open;		/* the transaction, COPY in it */
	int broken;		/* it was, and failed: pgload_flush() does it again */

	struct buf scratch;
	uint64_t loaded, refused;
};

/* ---- the table */

static int
has_name(const char *list, struct slice name)
{
	const char *p = list, *end;

	for (; *p != '\0'; p = *end == ',' ? end + 1 : end) {
		end = p + strcspn(p, ",");
		if (slice_eq((struct slice){ p, (size_t)(end - p) }, name))
			return 1;
	}
	return 0;
}

/* The field of a default: the server says what it stands for. */
static int
set_default(struct pgload *l, struct pgcol *c, struct slice expression, struct err *e)
{
	struct buf sql = { 0 }, text = { 0 };
	struct pg_result *r;
	struct slice v;

	buf_printf(&sql, "SELECT (%.*s)::text", (int)expression.n, expression.p);
	r = pg_query(l->pg, buf_str(&sql), NULL, 0, e);
	buf_fini(&sql);
	if (r == NULL)
		return -1;
	v = pg_cell(r, 0, 0);
	if (v.p != NULL)
		pgcol_text(&text, v);
	else
		buf_puts(&text, "\\N");
	c->absent = mem_dup(buf_str(&text), text.n);
	buf_fini(&text);
	pg_free(r);
	return 0;
}

static int
column(struct pgload *l, const struct pg_result *r, int row, struct err *e)
{
	static const char *const src[] = { "src_topic", "src_partition", "src_offset", "src_i" };
	const struct chtable_rules *rules = l->c.rules;
	struct slice name = pg_cell(r, row, 0), def = pg_cell(r, row, 4);
	struct pgcol *c = &l->col[l->cols];
	long long oid = 0;
	size_t i;

	if (rules->left != NULL && slice_eq(name, slice_of(rules->left))) {
		l->has_left = 1;
		return 0;	/* the server's clock fills it */
	}
	*c = (struct pgcol){ .name = mem_dup(name.p, name.n), .sql = mem_dup(pg_cell(r, row, 1).p, pg_cell(r, row, 1).n) };
	l->cols++;
	(void)pg_int(r, row, 2, &oid);
	pgcol_type(c, (unsigned)oid);
	c->array = pg_cell(r, row, 5).n > 0 ? *pg_cell(r, row, 5).p : 0;
	c->nullable = !pg_true(r, row, 3);
	c->object = rules->is_object != NULL && rules->is_object(c->name);
	for (i = 0; i < rules->fills; i++)
		if (strcmp(rules->fill[i].column, c->name) == 0) {
			struct slice s = slice_of(rules->fill[i].json);

			c->absent = mem_dup(s.p + 1, s.n - 2);	/* a plain string in quotes */
			return 0;
		}
	for (i = 0; i < 4; i++)
		if (strcmp(c->name, src[i]) == 0) {
			c->src = (int)i + 1;
			l->uses_src = 1;
		}
	if (def.p != NULL && set_default(l, c, def, e) == -1)
		return -1;
	if (c->absent == NULL && c->nullable)
		c->absent = mem_dup("\\N", 2);
	c->null_is_default = c->absent != NULL && !c->nullable && strncmp(rules->name, "stg_", 4) == 0;
	return 0;
}

/* The members of a record that a column takes, and those that may be passed over. */
static void
set_names(struct pgload *l)
{
	const struct chtable_rules *rules = l->c.rules;
	const char **name = mem_alloc((l->cols + rules->known_n + 1) * sizeof *name);
	size_t n = 0, i, k;

	for (i = 0; i < l->cols; i++)
		name[n++] = l->col[i].name;
	name[n++] = "_src";
	for (i = 0; i < rules->known_n; i++) {
		for (k = 0; k < n && strcmp(name[k], rules->known[i]) != 0; k++)
			;
		if (k == n)
			name[n++] = rules->known[i];
	}
	l->names = json_names_new(name, n);
	l->slot = mem_alloc(n * sizeof *l->slot);
	free(name);
}

static const struct pgcol *
find(const struct pgload *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->cols; i++)
		if (strcmp(l->col[i].name, name) == 0)
			return &l->col[i];
	return NULL;
}

/* "a.k1 = b.k1 AND ..." */
static void
same_key(struct buf *b, const struct pgload *l, const char *key)
{
	const char *and = "";
	size_t i;

	for (i = 0; i < l->cols; i++)
		if (has_name(key, slice_of(l->col[i].name))) {
			buf_printf(b, "%st.%s = s.%s", and, l->col[i].sql, l->col[i].sql);
			and = " AND ";
		}
}

/*
 * The statements.  What wins is told by the column version, else updated_at, else checked_at, of which equal ones replace;
 * without any the last one loaded does.
 */
static void
statements(struct pgload *l, const char *key, const char *key_sql)
{
	static const struct {
		const char *column, *newer;
	} by[] = { { "version", ">" }, { "updated_at", ">=" }, { "checked_at", ">=" } };
	const char *newer = ">=", *sep = "";
	const struct pgcol *version = NULL;
	struct buf *b = &l->store_sql;
	size_t i;

	for (i = 0; i < sizeof by / sizeof *by && version == NULL; i++)
		if ((version = find(l, by[i].column)) != NULL)
			newer = by[i].newer;
	buf_printf(&l->stage_sql, "CREATE TEMP TABLE wb_stage (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS) ON COMMIT DELETE ROWS;", l->table);
	if (l->c.swap)
		return;
	if (l->c.month != NULL)
		buf_printf(b, "SELECT %s(m) FROM (SELECT DISTINCT date_trunc('month', %s)::date AS m FROM wb_stage) s;", l->c.month, l->c.month_column);
	if (!l->c.delete_insert) {
		buf_printf(b, "INSERT INTO %s AS t (%s) SELECT DISTINCT ON (%s) %s FROM wb_stage s ORDER BY %s, ", l->table, l->list, key_sql, l->list, key_sql);
		if (version != NULL)
			buf_printf(b, "%s DESC, ", version->sql);
		buf_printf(b, "s.ctid DESC ON CONFLICT (%s) DO UPDATE SET ", key_sql);
		for (i = 0; i < l->cols; i++)
			if (!has_name(key, slice_of(l->col[i].name))) {
				buf_printf(b, "%s%s = excluded.%s", sep, l->col[i].sql, l->col[i].sql);
				sep = ", ";
			}
		if (l->has_left)
			buf_printf(b, "%s%s = DEFAULT", sep, l->c.rules->left);
		if (version != NULL)
			buf_printf(b, " WHERE excluded.%s %s t.%s", version->sql, newer, version->sql);
		return;
	}
	/* writers take turns: no index keeps two of them from inserting one key */
	buf_printf(&l->stage_sql, "CREATE TEMP TABLE wb_best (LIKE %s INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;", l->table);
	buf_printf(b, "LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE;INSERT INTO wb_best SELECT DISTINCT ON (%s) * FROM wb_stage s ORDER BY %s", l->table, key_sql, key_sql);
	if (version != NULL)
		buf_printf(b, ", %s DESC", version->sql);
	buf_printf(b, ", s.ctid DESC;ANALYZE wb_best;DELETE FROM %s t USING wb_best s WHERE ", l->table);
	same_key(b, l, key);
	if (version != NULL)
		buf_printf(b, " AND s.%s %s t.%s", version->sql, newer, version->sql);
	buf_printf(b, ";INSERT INTO %s (%s) SELECT %s FROM wb_best s WHERE NOT EXISTS (SELECT 1 FROM %s t WHERE ", l->table, l->list, l->list, l->table);
	same_key(b, l, key);
	buf_puts(b, ")");
}

static int
describe(struct pgload *l, struct err *e)
{
	static const char find_sql[] = "SELECT c.oid, c.oid::regclass FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p')";
	static const char find_old[] = "SELECT c.oid, c.oid::regclass FROM pg_class c WHERE c.oid = $1::regclass AND c.relkind = 'r'";
	/* element types first: what a domain or an array is made of */
	static const char columns[] = "SELECT a.attname, quote_ident(a.attname), coalesce(nullif(b.typbasetype, 0), b.oid), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), "
	    "CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN b.typdelim END FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = "
	    "CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem ELSE t.oid END LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
	    "WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped%s ORDER BY a.attnum";
	static const char primary[] = "SELECT string_agg(a.attname, ',' ORDER BY k.n), string_agg(quote_ident(a.attname), ', ' ORDER BY k.n) FROM pg_index i, "
	    "unnest(i.indkey::int[]) WITH ORDINALITY k (att, n), pg_attribute a WHERE i.indrelid = $1::oid AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.att";
	const char *param[1] = { l->c.table };
	struct pg_result *r = pg_query(l->pg, pg_version(l->pg) >= 90600 ? find_sql : find_old, param, 1, e), *k = NULL;
	struct buf sql = { 0 }, list = { 0 };
	char *oid = NULL, *key = NULL, *key_sql = NULL;
	int i, rc = -1;

	if (r == NULL)
		return -1;
	if (pg_rows(r) == 0) {
		err_set(e, EX_CONFIG, "%s: there is no table \"%s\" to load (wb-schema makes Waybill's)", pg_place(l->pg), l->c.table);
		goto out;
	}
	oid = mem_dup(pg_cell(r, 0, 0).p, pg_cell(r, 0, 0).n);
	l->table = mem_dup(pg_cell(r, 0, 1).p, pg_cell(r, 0, 1).n);
	pg_free(r);
	param[0] = oid;
	buf_printf(&sql, columns, pg_version(l->pg) >= 120000 ? " AND a.attgenerated = ''" : "");
	if ((r = pg_query(l->pg, buf_str(&sql), param, 1, e)) == NULL || (k = pg_query(l->pg, primary, param, 1, e)) == NULL)
		goto out;
	l->col = mem_alloc(((size_t)pg_rows(r) + 1) * sizeof *l->col);
	for (i = 0; i < pg_rows(r); i++)
		if (column(l, r, i, e) == -1)
			goto out;
	for (i = 0; i < (int)l->cols; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", l->col[i].sql);
	l->list = mem_dup(buf_str(&list), list.n);
	if (pg_rows(k) == 1 && pg_cell(k, 0, 0).p != NULL) {
		key = mem_dup(pg_cell(k, 0, 0).p, pg_cell(k, 0, 0).n);
		key_sql = mem_dup(pg_cell(k, 0, 1).p, pg_cell(k, 0, 1).n);
	}
	if (key == NULL && l->c.key == NULL && !l->c.swap) {
		err_set(e, EX_CONFIG, "%s: table %s has no primary key, without which a repeated load would double its rows", pg_place(l->pg), l->table);
		goto out;
	}
	l->c.delete_insert |= pg_version(l->pg) < 90500 || pg_is_greenplum(l->pg);
	statements(l, l->c.key != NULL ? l->c.key : key, l->c.key != NULL ? l->c.key : key_sql);
	buf_clear(&list);
	buf_printf(&list, "COPY wb_stage (%s) FROM STDIN", l->list);
	l->copy_sql = mem_dup(buf_str(&list), list.n);
	set_names(l);
	rc = 0;
out:
	pg_free(r);
	pg_free(k);
	buf_fini(&sql);
	buf_fini(&list);
	free(oid);
	free(key);
	free(key_sql);
	return rc;
}

/* ---- the session */

/* A session with its stage; a server that is away is waited for.  0, or -1 EX_CONFIG, EX_USAGE. */
static int
session(struct pgload *l, struct err *e)
{
	struct err why = ERR_NONE;
	unsigned tries;

	for (tries = 0; l->pg == NULL; tries++) {
		why = ERR_NONE;
		l->pg = pg_open(l->options, &why);
		if (l->pg != NULL && pg_exec(l->pg, "SET search_path = mart, \"$user\", public", &why) == 0 &&
		    (l->table != NULL ? pg_exec(l->pg, buf_str(&l->stage_sql), &why)
		    : describe(l, &why) == 0 ? pg_exec(l->pg, buf_str(&l->stage_sql), &why) : -1) == 0)
			return 0;
		pg_close(l->pg);
		l->pg = NULL;
		if (why.status != EX_TEMPFAIL) {
			*e = why;
			return -1;
		}
		if (tries == 0 && l->c.say != NULL)
			l->c.say(l->c.arg, why.msg);
		retry_pause(tries);
	}
	return 0;
}

struct pgload *
pgload_open(const struct pg_options *o, const struct pgload_config *config, struct err *e)
{
	struct pgload *l = mem_alloc(sizeof *l);

	l->options = o;
	l->c = *config;
	if (l->c.memory == 0)
		l->c.memory = MEMORY;
	if (session(l, e) == 0)
		return l;
	pgload_close(l);
	return NULL;
}

void
pgload_close(struct pgload *l)
{
	size_t i;

	if (l == NULL)
		return;
	pg_close(l->pg);
	for (i = 0; i < l->cols; i++) {
		free(l->col[i].name);
		free(l->col[i].sql);
		free(l->col[i].absent);
	}
	free(l->col);
	free(l->table);
	free(l->list);
	free(l->copy_sql);
	json_names_free(l->names);
	free(l->slot);
	free(l->row);
	buf_fini(&l->stage_sql);
	buf_fini(&l->store_sql);
	buf_fini(&l->fields);
	buf_fini(&l->lines);
	buf_fini(&l->scratch);
	free(l);
}

/* ---- the rows */

static int
put_src(struct pgload *l, const struct pgcol *c, const struct json_value *src, struct buf *b, struct fault *f)
{
	struct src s;
	struct json_value v;

	if (src_get(src, &s) == -1)
		return fault_set(f, "type", "_src", "not [topic, partition, offset, ts_ms, i]");
	if (c->src > 1) {
		buf_int(b, c->src == 2 ? s.partition : c->src == 3 ? s.offset : s.i);
		return 0;
	}
	v = (struct json_value){ .raw = { s.topic.p - 1, s.topic.n + 2 }, .type = JSON_STRING, .escaped = memchr(s.topic.p, '\\', s.topic.n) != NULL };
	return pgcol_put(c, &v, b, &l->scratch, f);
}

static int
put_fields(struct pgload *l, const struct json_value *src, struct fault *f)
{
	struct buf *b = &l->fields;
	size_t i;

	for (i = 0; i < l->cols; i++) {
		const struct pgcol *c = &l->col[i];
		const struct json_member *m = l->slot[i];

		if (i > 0)
			buf_putc(b, '\t');
		if (m != NULL) {
			if (pgcol_put(c, &m->v, b, &l->scratch, f) == -1)
				return -1;
		} else if (c->src > 0 && src != NULL) {
			if (put_src(l, c, src, b, f) == -1)
				return -1;
		} else if (c->absent != NULL)
			buf_puts(b, c->absent);
		else
			return fault_set(f, "missing", c->name, "no value");
	}
	buf_putc(b, '\n');
	return 0;
}

/* ---- the transaction */

static struct slice
line_of(const struct pgload *l, size_t i)
{
	size_t end = i + 1 < l->n ? l->row[i + 1].line : l->lines.n;

	return (struct slice){ l->lines.p + l->row[i].line, end - l->row[i].line };
}

static int
begin(struct pgload *l, struct err *e)
{
	if (pg_exec(l->pg, "BEGIN", e) == -1 || pg_copy_in(l->pg, l->copy_sql, e) == -1)
		return -1;
	l->open = 1;
	l->sent = 0;
	return 0;
}

/* Sends the fields of the rows up to end.  0, or -1: the connection broke. */
static int
send_rows(struct pgload *l, size_t from, size_t end, struct err *e)
{
	return end > from ? pg_copy_put(l->pg, (struct slice){ l->fields.p + from, end - from }, e) : 0;
}

/* COPY is at its end: into the table, and committed.  0, or -1; *line as pg_copy_done() says. */
static int
store(struct pgload *l, uint64_t *line, struct err *e)
{
	*line = 0;
	l->open = 0;
	if (pg_copy_done(l->pg, line, e) == -1)
		return -1;
	*line = 0;
	if (pg_exec(l->pg, buf_str(&l->store_sql), e) == -1)
		return -1;
	return pg_exec(l->pg, "COMMIT", e);
}

/* The session is as at its beginning again: what was begun is undone, or a new one made. */
static int
recover(struct pgload *l, const struct err *why, unsigned tries, struct err *e)
{
	struct err ignored = ERR_NONE;

	l->open = 0;
	if (why->status != EX_TEMPFAIL && pg_exec(l->pg, "ROLLBACK", &ignored) == 0)
		return 0;
	if (tries == 0 && l->c.say != NULL)
		l->c.say(l->c.arg, why->msg);
	if (pg_exec(l->pg, "ROLLBACK", &ignored) == -1) {
		pg_close(l->pg);
		l->pg = NULL;
	}
	if (tries > 0)
		retry_pause(tries - 1);
	return session(l, e);
}

static int
refuse(struct pgload *l, size_t i, const struct err *why, struct err *e)
{
	struct fault f = { 0 };

	if (l->c.refuse == NULL || (l->c.max_refused > 0 && ++l->refused > l->c.max_refused)) {
		*e = *why;
		return err_at(e, "table %s", l->table);
	}
	(void)fault_set(&f, "column", pg_error_column(l->pg), "%s", why->msg);
	l->c.refuse(l->c.arg, line_of(l, i), &f);
	return 0;
}

/* Stores the rows [from, to), by halves and what is before a row that is known to be wrong.  0 or -1. */
static int
store_rows(struct pgload *l, size_t from, size_t to, struct err *e)
{
	struct err why;
	uint64_t line;
	size_t end;
	unsigned tries = 0;

	while (from < to) {
		why = ERR_NONE;
		line = 0;
		end = to < l->n ? l->row[to].field : l->fields.n;
		if (begin(l, &why) == 0 && send_rows(l, l->row[from].field, end, &why) == 0 && store(l, &line, &why) == 0) {
			l->loaded += to - from;
			return 0;
		}
		if (why.status == EX_CONFIG || why.status == EX_SOFTWARE) {
			*e = why;
			return -1;
		}
		if (why.status == EX_DATAERR && to - from == 1) {
			if (refuse(l, from, &why, e) == -1)
				return -1;
			(void)recover(l, &why, 0, e);
			return 0;
		}
		if (recover(l, &why, tries, e) == -1)
			return -1;
		if (why.status != EX_DATAERR) {
			tries++;
			continue;
		}
		if (line > 0 && line <= to - from) {	/* those before it are good, as far as COPY can tell */
			if ((line > 1 && store_rows(l, from, from + line - 1, e) == -1) || store_rows(l, from + line - 1, from + line, e) == -1)
				return -1;
			from += line;
		} else {
			size_t half = from + (to - from) / 2;

			if (store_rows(l, from, half, e) == -1)
				return -1;
			from = half;
		}
	}
	return 0;
}

static void
clear(struct pgload *l)
{
	buf_clear(&l->fields);
	buf_clear(&l->lines);
	l->n = 0;
	l->sent = 0;
	l->broken = 0;
}

/* Rows go off while others come.  What goes wrong here is found again, and handled, by pgload_flush(). */
static int
stream(struct pgload *l, struct err *e)
{
	struct err why = ERR_NONE;

	if (l->broken)
		return 0;
	if ((l->open || begin(l, &why) == 0) && send_rows(l, l->sent, l->fields.n, &why) == 0) {
		l->sent = l->fields.n;
		return 0;
	}
	if (l->c.swap) {
		*e = why;
		return -1;
	}
	l->broken = 1;
	return recover(l, &why, 0, e);
}

int
pgload_flush(struct pgload *l, struct err *e)
{
	struct err why = ERR_NONE;
	uint64_t line = 0;
	int rc = 0;

	if (l->n == 0)
		return 0;
	if (l->c.swap) {	/* into the stage, for pgload_swap() */
		if (stream(l, e) == -1)
			return -1;
		l->loaded += l->n;
		clear(l);
		return 0;
	}
	/* most of it is there already */
	if (l->open && send_rows(l, l->sent, l->fields.n, &why) == 0 && store(l, &line, &why) == 0) {
		l->loaded += l->n;
	} else {
		if (why.status != 0)
			rc = recover(l, &why, 0, e);
		if (rc == 0)
			rc = store_rows(l, 0, l->n, e);
	}
	clear(l);
	return rc;
}

int
pgload_add(struct pgload *l, const struct json *j, struct slice line, const struct json_value *src, struct fault *f, struct err *e)
{
	uint32_t rest = 0;
	size_t at = l->fields.n;
	char name[64];

	if (json_pick(l->names, j, l->slot, &rest, 1) > 0)
		return fault_set(f, "unknown", err_show(name, sizeof name, j->member[rest].name.p, j->member[rest].name.n),
		    "no column of %s has this name", l->table), 0;
	if (put_fields(l, l->uses_src ? src : NULL, f) == -1) {
		l->fields.n = at;
		return 0;
	}
	l->row = mem_grow(l->row, &l->cap, l->n + 1, sizeof *l->row);
	l->row[l->n++] = (struct row){ .field = at, .line = l->lines.n };
	if (!l->c.swap)
		buf_slice(&l->lines, line);
	if (l->fields.n + l->lines.n > l->c.memory && !l->c.swap)
		return pgload_flush(l, e) == -1 ? -1 : 1;
	if (!l->c.swap && l->fields.n - (l->open ? l->sent : 0) > CHUNK && stream(l, e) == -1)
		return -1;
	if (l->c.swap && l->fields.n > CHUNK && pgload_flush(l, e) == -1)
		return -1;
	return 1;
}

/* ---- whole days */

int
pgload_swap(struct pgload *l, const char *days, const char *hour, const char *scope, struct err *e)
{
	static const char list[] = "(SELECT s FROM regexp_split_to_table(%s, '[,\\s]+') s WHERE s <> '')";
	struct buf b = { 0 }, in = { 0 }, text = { 0 };
	struct pg_result *r = NULL;
	uint64_t line = 0;
	long long n = 0;
	int rc = -1;

	if (pgload_flush(l, e) == -1 || (!l->open && begin(l, e) == -1))
		goto out;
	l->open = 0;
	if (pg_copy_done(l->pg, &line, e) == -1) {
		if (e->status == EX_DATAERR && line > 0)
			(void)err_at(e, "row %llu of the mart", (unsigned long long)line);
		goto out;
	}
	pg_literal(l->pg, &text, slice_of(days));
	buf_printf(&in, list, buf_str(&text));
	/* a day covers its hours */
	if (hour != NULL)
		buf_printf(&b, "CREATE TEMP TABLE wb_days ON COMMIT DROP AS SELECT CASE WHEN length(s) = 10 THEN s::date END AS day, CASE WHEN length(s) > 10 THEN s::timestamptz END AS hour FROM %s d;", buf_str(&in));
	else
		buf_printf(&b, "CREATE TEMP TABLE wb_days ON COMMIT DROP AS SELECT s::date AS day, NULL::timestamptz AS hour FROM %s d;", buf_str(&in));
	buf_printf(&b, "LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", l->table);
	if (pg_exec(l->pg, buf_str(&b), e) == -1)
		goto out;
	if (scope != NULL) {
		buf_clear(&b);
		buf_printf(&b, "SELECT count(*), min(coalesce(day, hour::date)) FROM wb_days WHERE coalesce(day, hour::date) < horizon('%s')", scope);
		if ((r = pg_query(l->pg, buf_str(&b), NULL, 0, e)) == NULL)
			goto out;
		if (pg_int(r, 0, 0, &n) == 0 && n > 0) {
			err_set(e, EX_DATAERR, "%lld days lie before the horizon, where sources have been archived (the first: %.*s)", n, (int)pg_cell(r, 0, 1).n, pg_cell(r, 0, 1).p);
			goto out;
		}
		pg_free(r);
	}
	buf_clear(&b);
	buf_printf(&b, "SELECT count(*) FROM wb_stage s WHERE NOT EXISTS (SELECT 1 FROM wb_days d WHERE s.day = d.day");
	if (hour != NULL)
		buf_printf(&b, " OR s.%s = d.hour", hour);
	buf_puts(&b, ")");
	if ((r = pg_query(l->pg, buf_str(&b), NULL, 0, e)) == NULL)
		goto out;
	if (pg_int(r, 0, 0, &n) == 0 && n > 0) {
		err_set(e, EX_DATAERR, "%lld rows stand on days that are not to be replaced", n);
		goto out;
	}
	buf_clear(&b);
	buf_printf(&b, "DELETE FROM %s t USING wb_days d WHERE t.day = d.day", l->table);
	if (hour != NULL)
		buf_printf(&b, " OR t.%s = d.hour", hour);
	buf_printf(&b, ";INSERT INTO %s (%s) SELECT %s FROM wb_stage;COMMIT", l->table, l->list, l->list);
	if (pg_exec(l->pg, buf_str(&b), e) == -1)
		goto out;
	rc = 0;
out:
	pg_free(r);
	buf_fini(&b);
	buf_fini(&in);
	buf_fini(&text);
	return rc;
}

uint64_t
pgload_loaded(const struct pgload *l)
{
	return l->loaded;
}
