/* Tables of PostgreSQL as an extractor sees them. */
#include "net/pgtable.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The tables of the OLTP (wb-pg-extract.1 "Tables"). */
static const struct known {
	const char *table, *cursor, *id, *key;
} known[] = {
	{ "clients", "updated_at", "id", "id" },
	{ "carriers", "updated_at", "id", "id" },
	{ "shipments", "updated_at", "id", "shipment_id" },
	{ "support_contacts", "updated_at", "id", "id" },
	{ "shipment_events", NULL, "id", "event_id" },
	{ "integrations_log", NULL, "id", "id" },
};

static char *
dup_slice(struct slice s)
{
	return mem_dup(s.p, s.n);
}

static void
set_cursor(struct pgtable *t, const char *cursor)
{
	const char *comma = strchr(cursor, ',');

	if (comma != NULL)
		t->cursor = mem_dup(cursor, (size_t)(comma - cursor));
	t->id = mem_dup(comma != NULL ? comma + 1 : cursor, strlen(comma != NULL ? comma + 1 : cursor));
}

/* Quoted names of the columns; generated ones cannot be named in COPY itself. */
static int
columns(struct pgtable *t, struct pg *p, const char *oid, int *generated, struct err *e)
{
	static const char sql[] = "SELECT quote_ident(attname), %s FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
	struct buf b = { 0 }, list = { 0 };
	struct pg_result *r;
	int i;

	buf_printf(&b, sql, pg_version(p) >= 120000 ? "attgenerated <> ''" : "false");
	r = pg_query(p, buf_str(&b), &oid, 1, e);
	buf_fini(&b);
	if (r == NULL)
		return -1;
	for (i = 0; i < pg_rows(r); i++) {
		if (i > 0)
			buf_puts(&list, ", ");
		buf_slice(&list, pg_cell(r, i, 0));
		*generated |= pg_true(r, i, 1);
	}
	t->list = mem_dup(buf_str(&list), list.n);
	buf_fini(&list);
	pg_free(r);
	return 0;
}

int
pgtable_leaves(struct pgtable *t, struct pg *p, struct err *e)
{
	static const char whole[] = "SELECT c.oid::regclass, pg_relation_size(c.oid) / current_setting('block_size')::int FROM pg_class c "
	    "WHERE c.oid = $1::oid AND c.relkind IN ('r', 'm') AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid)";
	static const char parts[] = "SELECT c.oid::regclass, pg_relation_size(c.oid) / current_setting('block_size')::int FROM pg_partition_tree($1::oid::regclass) l "
	    "JOIN pg_class c ON c.oid = l.relid WHERE l.isleaf";
	static const char foreign[] = "SELECT FROM pg_partition_tree($1::oid::regclass) l JOIN pg_class c ON c.oid = l.relid WHERE l.isleaf AND c.relkind <> 'r'";
	const char *oid = t->oid;
	struct pg_result *r;
	int i, n;

	/* scans by ranges of ctid came with 14; Greenplum's are not of one table */
	if (oid == NULL || pg_version(p) < 140000 || pg_is_greenplum(p))
		return 0;
	if (t->partitioned) {
		if ((r = pg_query(p, foreign, &oid, 1, e)) == NULL)
			return -1;
		n = pg_rows(r);
		pg_free(r);
		if (n > 0)
			return 0;
	}
	if ((r = pg_query(p, t->partitioned ? parts : whole, &oid, 1, e)) == NULL)
		return -1;
	t->leaves = (size_t)pg_rows(r);
	t->leaf = mem_alloc((t->leaves + 1) * sizeof *t->leaf);
	for (i = 0; i < pg_rows(r); i++) {
		t->leaf[i].sql = dup_slice(pg_cell(r, i, 0));
		(void)pg_int(r, i, 1, &t->leaf[i].pages);
	}
	pg_free(r);
	return 0;
}

static int
describe(struct pgtable *t, struct pg *p, const char *sql, struct err *e)
{
	struct pg_result *r = pg_describe(p, sql, e);
	int rc;

	if (r == NULL)
		return -1;
	rc = pgtext_open(&t->text, p, r, slice_of(t->name), t->id, t->cursor, e);
	pg_free(r);
	return rc;
}

int
pgtable_open(struct pgtable *t, struct pg *p, const char *name, const char *cursor, struct err *e)
{
	static const char find[] = "SELECT c.oid, c.oid::regclass, c.relname, c.relkind IN ('r', 'p', 'm', 'v', 'f'), c.relkind = 'p', "
	    "c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid), c.relkind IN ('r', 'p') FROM pg_class c WHERE c.oid = to_regclass($1)";
	struct pg_result *r = pg_query(p, find, &name, 1, e);
	struct buf sql = { 0 };
	int generated = 0, rc = -1;
	size_t i;

	if (r == NULL)
		return -1;
	if (pg_rows(r) == 0 || !pg_true(r, 0, 3)) {
		err_set(e, EX_CONFIG, "%s: there is no table \"%s\" to be seen", pg_place(p), name);
		goto out;
	}
	t->oid = dup_slice(pg_cell(r, 0, 0));
	t->sql = dup_slice(pg_cell(r, 0, 1));
	t->name = dup_slice(pg_cell(r, 0, 2));
	t->partitioned = pg_true(r, 0, 4);
	t->is_table = pg_true(r, 0, 6);
	for (i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(t->name, known[i].table) == 0) {
			t->key = mem_dup(known[i].key, strlen(known[i].key));
			if (cursor == NULL) {
				t->id = mem_dup(known[i].id, strlen(known[i].id));
				t->cursor = known[i].cursor != NULL ? mem_dup(known[i].cursor, strlen(known[i].cursor)) : NULL;
			}
		}
	if (cursor != NULL)
		set_cursor(t, cursor);
	if (t->key == NULL && t->id != NULL)
		t->key = mem_dup(t->id, strlen(t->id));
	if (columns(t, p, t->oid, &generated, e) == -1)
		goto out;
	t->plain = pg_true(r, 0, 5) && !generated;
	buf_printf(&sql, "SELECT %s FROM %s", t->list, t->sql);
	rc = describe(t, p, buf_str(&sql), e);
out:
	buf_fini(&sql);
	pg_free(r);
	return rc;
}

int
pgtable_query(struct pgtable *t, struct pg *p, const char *name, const char *query, const char *cursor, struct err *e)
{
	size_t n = strlen(query);

	/* it stands within brackets */
	while (n > 0 && strchr("; \t\r\n", query[n - 1]) != NULL)
		n--;
	t->name = mem_dup(name, strlen(name));
	t->query = mem_dup(query, n);
	if (cursor != NULL)
		set_cursor(t, cursor);
	return describe(t, p, t->query, e);
}

int
pgtable_lock(const struct pgtable *t, size_t n, int now, struct pg *p, struct err *e)
{
	struct buf sql = { 0 };
	size_t i;
	int rc;

	for (i = 0; i < n; i++)
		if (t[i].is_table)
			buf_printf(&sql, "%s%s", sql.n > 0 ? ", " : "LOCK TABLE ", t[i].sql);
	if (sql.n == 0)
		return 0;
	buf_printf(&sql, " IN ACCESS SHARE MODE%s", now ? " NOWAIT" : "");
	rc = pg_exec(p, buf_str(&sql), e);
	buf_fini(&sql);
	return rc;
}

void
pgtable_fini(struct pgtable *t)
{
	size_t i;

	for (i = 0; i < t->leaves; i++)
		free(t->leaf[i].sql);
	free(t->leaf);
	free(t->name);
	free(t->sql);
	free(t->query);
	free(t->list);
	free(t->oid);
	free(t->id);
	free(t->cursor);
	free(t->key);
	pgtext_fini(&t->text);
	memset(t, 0, sizeof *t);
}

void
pgtable_copy(const struct pgtable *t, struct buf *b, struct slice where)
{
	if (t->query != NULL && where.n == 0)
		/* a comment at its end, or at that of a condition, hides no bracket */
		buf_printf(b, "COPY (%s\n) TO STDOUT", t->query);
	else if (t->query != NULL)
		buf_printf(b, "COPY (SELECT * FROM (%s\n) q WHERE %.*s\n) TO STDOUT", t->query, (int)where.n, where.p);
	else if (t->plain && where.n == 0 && *t->list != '\0')
		buf_printf(b, "COPY %s (%s) TO STDOUT", t->sql, t->list);
	else
		buf_printf(b, "COPY (SELECT %s FROM %s%s%.*s\n) TO STDOUT", t->list, t->sql, where.n > 0 ? " WHERE " : "", (int)where.n, where.p);
}

void
pgtable_copy_pages(const struct pgtable *t, struct buf *b, struct slice where, size_t leaf, long long from, long long to)
{
	buf_printf(b, "COPY (SELECT %s FROM ONLY %s WHERE ctid >= '(%lld,0)'", t->list, t->leaf[leaf].sql, from);
	if (to >= 0)
		buf_printf(b, " AND ctid < '(%lld,0)'", to);
	if (where.n > 0)
		buf_printf(b, " AND (%.*s\n)", (int)where.n, where.p);
	buf_puts(b, ") TO STDOUT");
}
