/*
 * A table of PostgreSQL for a loader: its columns, and the statements.
 */
#include "net/pgtarget.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rec/src.h"

#define ORDER "wb_order"	/* column of wb_stage: which line it was */

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

/*
 * Whether a default is the same for every row: it calls nothing and asks for no time or user.  What follows :: is a type, whose
 * length may stand in brackets.
 */
static int
is_constant(struct slice s)
{
	const char *p = s.p, *end = s.p + s.n, *word;
	int cast = 0;

	while (p < end) {
		if (*p == '\'') {
			for (p++; p < end && *p != '\''; p++)
				;
			p += p < end;
			cast = 0;
		} else if (*p == ':') {
			cast = 1;
			p++;
		} else if ((*p | 32) >= 'a' && (*p | 32) <= 'z') {
			for (word = p; p < end && (((*p | 32) >= 'a' && (*p | 32) <= 'z') || (*p >= '0' && *p <= '9') || *p == '_'); p++)
				;
			if (!cast && ((p < end && *p == '(') || (!slice_eq((struct slice){ word, (size_t)(p - word) }, SLICE("true")) &&
			    !slice_eq((struct slice){ word, (size_t)(p - word) }, SLICE("false")) && !slice_eq((struct slice){ word, (size_t)(p - word) }, SLICE("NULL")) &&
			    !slice_eq((struct slice){ word, (size_t)(p - word) }, SLICE("ARRAY")))))
				return 0;
		} else {
			if (*p != ' ' && *p != '.' && *p != '"')
				cast = 0;
			p++;
		}
	}
	return 1;
}

/* The field of a default: the server says what it stands for. */
static int
set_default(struct pg *p, struct pgcol *c, struct slice expression, struct err *e)
{
	struct buf sql = { 0 }, text = { 0 };
	struct pg_result *r;
	struct slice v;

	buf_printf(&sql, "SELECT (%.*s)::text", (int)expression.n, expression.p);
	r = pg_query(p, buf_str(&sql), NULL, 0, e);
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
column(struct pgtarget *t, struct pg *p, const struct pg_result *r, int row, struct err *e)
{
	static const char *const src[] = { "src_topic", "src_partition", "src_offset", "src_i" };
	const struct table_rules *rules = t->rules;
	struct slice name = pg_cell(r, row, 0), def = pg_cell(r, row, 4);
	struct pgcol *c = &t->col[t->cols];
	long long oid = 0;
	size_t i;

	if (rules->left != NULL && slice_eq(name, slice_of(rules->left))) {
		t->has_left = 1;
		return 0;	/* the server's clock fills it */
	}
	*c = (struct pgcol){ .name = mem_dup(name.p, name.n), .sql = mem_dup(pg_cell(r, row, 1).p, pg_cell(r, row, 1).n) };
	t->cols++;
	(void)pg_int(r, row, 2, &oid);
	pgcol_type(c, (unsigned)oid);
	c->array = pg_cell(r, row, 5).n > 0 ? *pg_cell(r, row, 5).p : 0;
	c->nullable = !pg_true(r, row, 3);
	c->always = pg_true(r, row, 6);
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
			t->uses_src = 1;
		}
	if (def.p != NULL && !is_constant(def))
		return 0;	/* no one value stands for it: the record has it, or is refused */
	if (def.p != NULL && set_default(p, c, def, e) == -1)
		return -1;
	if (c->absent == NULL && c->nullable)
		c->absent = mem_dup("\\N", 2);
	c->null_is_default = c->absent != NULL && !c->nullable && strncmp(rules->name, "stg_", 4) == 0;
	return 0;
}

/* The members of a record that a column takes, and those that may be passed over. */
static void
set_names(struct pgtarget *t)
{
	const char **column = mem_alloc((t->cols + 1) * sizeof *column);
	size_t n = 0, i;

	for (i = 0; i < t->cols; i++)
		column[i] = t->col[i].name;
	t->names = table_rules_names(t->rules, column, t->cols, &n);
	t->slot = mem_alloc(n * sizeof *t->slot);
	free(column);
}

static const struct pgcol *
find(const struct pgtarget *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->cols; i++)
		if (strcmp(t->col[i].name, name) == 0)
			return &t->col[i];
	return NULL;
}

/* "t.k1 = s.k1 AND ..." */
static void
same_key(struct buf *b, const struct pgtarget *t, const char *key)
{
	const char *and = "";
	size_t i;

	for (i = 0; i < t->cols; i++)
		if (has_name(key, slice_of(t->col[i].name))) {
			buf_printf(b, "%st.%s = s.%s", and, t->col[i].sql, t->col[i].sql);
			and = " AND ";
		}
}

/* The quoted names of a key.  Its columns are there and never null: else a row is not found again. */
static int
quoted_key(const struct pgtarget *t, const char *key, struct buf *b, struct err *e)
{
	const char *p = key, *end;
	const struct pgcol *c;
	char *name, shown[128];

	for (; ; p = end + 1) {
		end = p + strcspn(p, ",");
		name = mem_dup(p, (size_t)(end - p));
		c = find(t, name);
		(void)err_show(shown, sizeof shown, name, strlen(name));
		free(name);
		if (c == NULL || c->nullable)
			return err_set(e, EX_CONFIG, c == NULL ? "table %s: there is no column \"%s\" for its key" : "table %s: column \"%s\" of its key may be null",
			    t->table, shown);
		buf_printf(b, "%s%s", b->n > 0 ? ", " : "", c->sql);
		if (*end == '\0')
			return 0;
	}
}

/* Whether a row of another table beats t's: one that tells no version beats none but its like. */
static void
is_newer(struct buf *b, const struct pgcol *version, const char *other, const char *newer)
{
	if (version->nullable)
		buf_printf(b, "(t.%s IS NULL OR %s.%s %s t.%s)", version->sql, other, version->sql, newer, version->sql);
	else
		buf_printf(b, "%s.%s %s t.%s", other, version->sql, newer, version->sql);
}

/* The best row of each key in the stage, in the order of the keys, so that two writers take them in one order. */
static void
best(struct buf *b, const struct pgtarget *t, const char *key_sql, const struct pgcol *version)
{
	buf_printf(b, "SELECT DISTINCT ON (%s) %s FROM wb_stage ORDER BY %s", key_sql, t->list, key_sql);
	if (version != NULL)
		buf_printf(b, ", %s DESC NULLS LAST", version->sql);
	buf_puts(b, ", " ORDER " DESC");
}

/* Upsert: an index holds the key. */
static void
upsert(struct pgtarget *t, const char *key, const char *key_sql, const struct pgcol *version, const char *newer)
{
	struct buf *b = &t->store_sql;
	const char *sep = " DO UPDATE SET ";
	size_t i;

	buf_printf(b, "INSERT INTO %s AS t (%s)%s ", t->table, t->list, t->into);
	best(b, t, key_sql, version);
	buf_printf(b, " ON CONFLICT (%s)", key_sql);
	for (i = 0; i < t->cols; i++)
		if (!has_name(key, slice_of(t->col[i].name))) {
			buf_printf(b, "%s%s = excluded.%s", sep, t->col[i].sql, t->col[i].sql);
			sep = ", ";
		}
	if (t->has_left) {
		buf_printf(b, "%s%s = DEFAULT", sep, t->rules->left);
		sep = ", ";
	}
	if (strcmp(sep, ", ") != 0)
		buf_puts(b, " DO NOTHING");	/* the key is all that there is */
	else if (version != NULL) {
		buf_puts(b, " WHERE ");
		is_newer(b, version, "excluded", newer);
	}
}

/*
 * Delete and insert, where no index keeps two writers from inserting one key: they take turns, before they look which
 * partitions there are.  A row goes when any of the batch is newer, for then the best one is; what is left is not replaced.
 */
static void
delete_insert(struct pgtarget *t, const struct pgtarget_options *o, const char *key, const char *key_sql, const struct pgcol *version, const char *newer)
{
	struct buf *b = &t->store_sql;

	buf_printf(b, "LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE;", t->table);
	if (o->month != NULL)
		buf_printf(b, "SELECT %s(m) FROM (SELECT DISTINCT date_trunc('month', %s)::date AS m FROM wb_stage) s;", o->month, o->month_column);
	if (o->spread)
		buf_puts(b, "ANALYZE wb_stage;");
	else	/* a batch is small beside the table: its rows are looked up by their index, the table is not read through */
		buf_puts(b, "SET LOCAL enable_hashjoin = off;SET LOCAL enable_mergejoin = off;SET LOCAL enable_seqscan = off;");
	buf_printf(b, "DELETE FROM %s t USING wb_stage s WHERE ", t->table);
	same_key(b, t, key);
	if (version != NULL) {
		buf_puts(b, " AND ");
		is_newer(b, version, "s", newer);
	}
	buf_printf(b, ";INSERT INTO %s (%s)%s SELECT %s FROM (", t->table, t->list, t->into, t->list);
	best(b, t, key_sql, version);
	buf_printf(b, ") s WHERE NOT EXISTS (SELECT 1 FROM %s t WHERE ", t->table);
	same_key(b, t, key);
	buf_puts(b, ")");
}

/* Whether there is a column that no UPDATE may set, beside the key. */
static int
is_fixed(const struct pgtarget *t, const char *key)
{
	size_t i;

	for (i = 0; i < t->cols; i++)
		if (t->col[i].always && !has_name(key, slice_of(t->col[i].name)))
			return 1;
	return 0;
}

/*
 * The statements.  What wins is told by the column version, else updated_at, else checked_at, of which equal ones replace;
 * without any the last one loaded does.  Events of equal versions do not replace: a replay of them is to write nothing.
 */
static int
statements(struct pgtarget *t, const struct pgtarget_options *o, const char *key, int version_of_server, struct err *e)
{
	static const char *const by[] = { "version", "updated_at", "checked_at" };
	const char *newer = o->month != NULL ? ">" : ">=";
	const struct pgcol *version = NULL;
	struct buf key_sql = { 0 };
	size_t i;
	int rc = 0;

	buf_printf(&t->copy_sql, "COPY wb_stage (%s, " ORDER ") FROM STDIN", t->list);
	buf_printf(&t->stage_sql, "CREATE TEMP TABLE wb_stage (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS%s, " ORDER " bigint) ON COMMIT DELETE ROWS;",
	    t->table, version_of_server >= 120000 ? " INCLUDING GENERATED" : "");
	if (o->swap)
		return 0;
	for (i = 0; i < sizeof by / sizeof *by && version == NULL; i++)
		version = find(t, by[i]);
	if ((rc = quoted_key(t, key, &key_sql, e)) == 0) {
		/* a batch is sorted in memory, by statements that are not worth compiling */
		if (!o->spread)
			buf_puts(&t->store_sql, "SET LOCAL work_mem = '64MB';");
		if (!o->spread && version_of_server >= 110000)
			buf_puts(&t->store_sql, "SET LOCAL jit = off;");
		if (o->delete_insert || version_of_server < 90500 || is_fixed(t, key))
			delete_insert(t, o, key, buf_str(&key_sql), version, newer);
		else
			upsert(t, key, buf_str(&key_sql), version, newer);
	}
	buf_fini(&key_sql);
	return rc;
}

int
pgtarget_open(struct pgtarget *t, struct pg *p, const struct pgtarget_options *o, struct err *e)
{
	static const char find_sql[] = "SELECT c.oid, c.oid::regclass FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p')";
	static const char find_old[] = "SELECT c.oid, c.oid::regclass FROM pg_class c WHERE c.oid = $1::regclass AND c.relkind = 'r'";
	/* what a domain, and the element of an array, is made of */
	static const char columns[] = "WITH RECURSIVE base (a, oid) AS (SELECT attnum, atttypid FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped "
	    "UNION ALL SELECT b.a, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END FROM base b JOIN pg_type t ON t.oid = b.oid "
	    "WHERE t.typtype = 'd' OR (t.typelem <> 0 AND t.typlen = -1)), "
	    "leaf (a, oid, delim) AS (SELECT b.a, max(CASE WHEN t.typtype = 'd' OR (t.typelem <> 0 AND t.typlen = -1) THEN 0 ELSE t.oid::bigint END), "
	    "max(CASE WHEN t.typtype <> 'd' AND t.typelem <> 0 AND t.typlen = -1 THEN e.typdelim::text END) "
	    "FROM base b JOIN pg_type t ON t.oid = b.oid LEFT JOIN pg_type e ON e.oid = t.typelem GROUP BY b.a) "
	    "SELECT a.attname, quote_ident(a.attname), l.oid, a.attnotnull, pg_get_expr(d.adbin, d.adrelid), l.delim, %s FROM pg_attribute a JOIN leaf l ON l.a = a.attnum "
	    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = $1::oid%s ORDER BY a.attnum";
	static const char primary[] = "SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM pg_index i, "
	    "unnest(i.indkey::int[]) WITH ORDINALITY k (att, n), pg_attribute a WHERE i.indrelid = $1::oid AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.att";
	const char *param[1] = { o->table };
	struct pg_result *r = pg_query(p, pg_version(p) >= 90600 ? find_sql : find_old, param, 1, e), *k = NULL;
	struct pgtarget_options own = *o;
	struct buf sql = { 0 }, list = { 0 };
	char *oid = NULL, *key = NULL;
	int i, rc = -1;

	t->rules = o->rules;
	t->into = "";
	if (r == NULL)
		return -1;
	if (pg_rows(r) == 0) {
		err_set(e, EX_CONFIG, "%s: there is no table \"%s\" to load (wb-schema makes Waybill's)", pg_place(p), o->table);
		goto out;
	}
	oid = mem_dup(pg_cell(r, 0, 0).p, pg_cell(r, 0, 0).n);
	t->table = mem_dup(pg_cell(r, 0, 1).p, pg_cell(r, 0, 1).n);
	pg_free(r);
	param[0] = oid;
	if (pg_version(p) >= 100000)
		t->into = " OVERRIDING SYSTEM VALUE";
	buf_printf(&sql, columns, pg_version(p) >= 100000 ? "a.attidentity = 'a'" : "false", pg_version(p) >= 120000 ? " AND a.attgenerated = ''" : "");
	if ((r = pg_query(p, buf_str(&sql), param, 1, e)) == NULL || (k = pg_query(p, primary, param, 1, e)) == NULL)
		goto out;
	t->col = mem_alloc(((size_t)pg_rows(r) + 1) * sizeof *t->col);
	for (i = 0; i < pg_rows(r); i++)
		if (column(t, p, r, i, e) == -1)
			goto out;
	for (i = 0; i < (int)t->cols; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", t->col[i].sql);
	t->list = mem_dup(buf_str(&list), list.n);
	if (pg_rows(k) == 1 && pg_cell(k, 0, 0).p != NULL)
		key = mem_dup(pg_cell(k, 0, 0).p, pg_cell(k, 0, 0).n);
	if (key == NULL && o->key == NULL && !o->swap) {
		err_set(e, EX_CONFIG, "%s: table %s has no primary key, without which a repeated load would double its rows", pg_place(p), t->table);
		goto out;
	}
	own.delete_insert |= pg_is_greenplum(p);
	own.spread = pg_is_greenplum(p);
	if (statements(t, &own, o->key != NULL ? o->key : key, pg_version(p), e) == -1)
		goto out;
	set_names(t);
	rc = 0;
out:
	pg_free(r);
	pg_free(k);
	buf_fini(&sql);
	buf_fini(&list);
	free(oid);
	free(key);
	return rc;
}

int
pgtarget_has(const struct pgtarget *t, const char *name)
{
	return find(t, name) != NULL;
}

void
pgtarget_fini(struct pgtarget *t)
{
	size_t i;

	for (i = 0; i < t->cols; i++) {
		free(t->col[i].name);
		free(t->col[i].sql);
		free(t->col[i].absent);
	}
	free(t->col);
	free(t->table);
	free(t->list);
	json_names_free(t->names);
	free(t->slot);
	buf_fini(&t->stage_sql);
	buf_fini(&t->copy_sql);
	buf_fini(&t->store_sql);
	buf_fini(&t->scratch);
	*t = (struct pgtarget){ 0 };
}

/* ---- a record */

static int
put_src(struct pgtarget *t, const struct pgcol *c, const struct json_value *src, struct buf *b, struct fault *f)
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
	return pgcol_put(c, &v, b, &t->scratch, f);
}

static int
put_fields(struct pgtarget *t, const struct json_value *src, struct buf *b, struct fault *f)
{
	size_t i;

	for (i = 0; i < t->cols; i++) {
		const struct pgcol *c = &t->col[i];
		const struct json_member *m = t->slot[i];

		if (m != NULL) {
			if (pgcol_put(c, &m->v, b, &t->scratch, f) == -1)
				return -1;
		} else if (c->src > 0 && src != NULL) {
			if (put_src(t, c, src, b, f) == -1)
				return -1;
		} else if (c->absent != NULL)
			buf_puts(b, c->absent);
		else
			return fault_set(f, "missing", c->name, "no value");
		buf_putc(b, '\t');
	}
	return 0;
}

int
pgtarget_put(struct pgtarget *t, const struct json *j, const struct json_value *src, size_t n, struct buf *b, struct fault *f)
{
	uint32_t rest = 0;
	size_t at = b->n;
	char name[64];

	if (json_pick(t->names, j, t->slot, &rest, 1) > 0)
		return fault_set(f, "unknown", err_show(name, sizeof name, j->member[rest].name.p, j->member[rest].name.n),
		    "no column of %s has this name", t->table);
	if (put_fields(t, t->uses_src ? src : NULL, b, f) == -1) {
		b->n = at;
		return -1;
	}
	buf_uint(b, n);
	buf_putc(b, '\n');
	return 0;
}
