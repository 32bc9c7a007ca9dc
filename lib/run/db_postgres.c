/* A store on PostgreSQL or Greenplum, for db.c. */
#include <stdlib.h>

#include "base/mem.h"
#include "net/pg.h"
#include "net/pgrows.h"
#include "net/pgsql.h"
#include "run/db_work.h"

struct store {
	const struct tool *tool;
	char *conninfo;
	struct pg *pg;		/* NULL: there is no connection now */
	struct pgrows *rows;
	struct buf sql;
};

static void *
open_store(const char *url, const struct tool *t, struct err *e)
{
	struct store *s;

	if (pg_check(url, e) == -1)
		return NULL;
	s = mem_alloc(sizeof *s);
	s->tool = t;
	s->conninfo = mem_dup(url, strlen(url));
	return s;
}

static void
close_store(void *p)
{
	struct store *s = p;

	pg_close(s->pg);
	buf_fini(&s->sql);
	free(s->conninfo);
	free(s);
}

static void
done(void *p)
{
	struct store *s = p;

	pgrows_close(s->rows);
	s->rows = NULL;
}

/* What passes may have taken the connection with it: the next statement makes a new one. */
static int
failed(struct store *s, struct db_fault *f)
{
	f->class = DB_NO;
	if (f->e.status == EX_SOFTWARE) {
		f->class = DB_ODD;
		f->e.status = EX_DATAERR;
	} else if (f->e.status == EX_TEMPFAIL) {
		f->class = DB_AWAY;
		done(s);
		pg_close(s->pg);
		s->pg = NULL;
	}
	return -1;
}

static int
connect_to(struct store *s, struct db_fault *f)
{
	const struct pg_options o = { .conninfo = s->conninfo, .app = s->tool->name };

	if (s->pg != NULL)
		return 0;
	s->pg = pg_open(&o, &f->e);
	if (s->pg == NULL || pg_use_mart(s->pg, &f->e) == -1)
		return failed(s, f);
	return 0;
}

static int
send_sql(struct store *s, struct slice sql, struct db_fault *f)
{
	char line[400];

	if (s->tool->verbose > 1)
		tool_say(s->tool, "%s", err_show(line, sizeof line, sql.p, sql.n));
	s->rows = pgrows_open(s->pg, sql, &f->e);
	return s->rows == NULL ? failed(s, f) : 0;
}

static int
ask(void *p, struct slice sql, const struct sql_param *param, size_t n, struct db_fault *f)
{
	struct store *s = p;

	if (connect_to(s, f) == -1)
		return -1;
	buf_clear(&s->sql);
	if (pgsql_bind(s->pg, sql, param, n, &s->sql, &f->e) == -1) {
		f->e.status = EX_CONFIG;	/* as of a name that is not there */
		return failed(s, f);
	}
	return send_sql(s, buf_as_slice(&s->sql), f);
}

/*
 * The keys go as one literal of an array, which the server looks up in the index or hashes, whichever it finds cheaper.
 * A temporary table is a little faster to fill and to join, but a server that only reads has none (15.x, 10,000 shipments of
 * 20,000: 0.32 s and 0.23 s; 2,000 of them: 0.1 s both).
 */
static int
ask_rows(void *p, const struct db_select *q, const struct slice *key, size_t keys, struct db_fault *f)
{
	struct store *s = p;

	if (connect_to(s, f) == -1)
		return -1;
	buf_clear(&s->sql);
	buf_printf(&s->sql, "SELECT %s FROM %s", q->columns, q->table);
	if (q->key != NULL) {
		buf_printf(&s->sql, " WHERE %s = ANY (", q->key);
		pgsql_array(s->pg, &s->sql, key, keys, q->numeric);
		buf_puts(&s->sql, q->numeric ? "::bigint[])" : "::text[])");
	} else if (q->where != NULL) {
		buf_printf(&s->sql, " WHERE %s", q->where);
	}
	return send_sql(s, buf_as_slice(&s->sql), f);
}

static int
next(void *p, struct db_fault *f)
{
	struct store *s = p;
	int rc = pgrows_next(s->rows, &f->e);

	return rc == -1 ? failed(s, f) : rc;
}

static size_t
size(const void *p)
{
	return pgrows_size(((const struct store *)p)->rows);
}

static char *
json(void *p, char *dst)
{
	return pgrows_json(((struct store *)p)->rows, dst);
}

static char *
cell(void *p, size_t col, char *dst, int *null)
{
	return pgrows_cell(((struct store *)p)->rows, col, dst, null);
}

static size_t
columns(const void *p)
{
	return pgrows_columns(((const struct store *)p)->rows);
}

static struct slice
column(const void *p, size_t col)
{
	return pgrows_name(((const struct store *)p)->rows, col);
}

const struct db_ops db_postgres = {
	"postgres", open_store, close_store, pgsql_next, ask, ask_rows, next, size, json, cell, columns, column, done,
};
