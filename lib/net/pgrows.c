/* Rows of statements of PostgreSQL: by COPY, or out of a result that is there. */
#include "net/pgrows.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/pgsql.h"
#include "net/pgtext.h"

#define WAIT_MS 60000

struct pgrows {
	struct pg *pg;
	struct pg_result *shape;	/* the columns, or NULL: there are none */
	struct pg_result *whole;	/* of what cannot be copied */
	struct pgtext text;
	struct buf line;		/* a row of whole, as COPY writes it */
	int at;				/* of whole: the next one */
	int copying;
	uint64_t number;
};

/* Statements that give columns but are not for COPY. */
static int
ask(struct pgrows *r, const char *sql, struct err *e)
{
	r->whole = pg_query(r->pg, sql, NULL, 0, e);
	return r->whole == NULL ? -1 : 0;
}

static int
copy(struct pgrows *r, struct slice sql, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	buf_puts(&b, "COPY (");
	buf_slice(&b, sql);
	buf_puts(&b, "\n) TO STDOUT");
	rc = pg_copy_out(r->pg, buf_str(&b), e);
	r->copying = rc == 0;
	buf_fini(&b);
	return rc;
}

struct pgrows *
pgrows_open(struct pg *p, struct slice sql, struct err *e)
{
	struct pgrows *r = mem_alloc(sizeof *r);
	const enum pgsql_kind kind = pgsql_kind(sql);
	struct buf text = { 0 };
	int rc = -1;

	r->pg = p;
	buf_slice(&text, sql);
	if (memchr(sql.p, '\0', sql.n) != NULL) {
		err_set(e, EX_CONFIG, "%s: a statement with a byte 0", pg_place(p));
	} else if ((r->shape = pg_describe(p, buf_str(&text), e)) != NULL) {
		if (pg_columns(r->shape) == 0)
			rc = pg_exec(p, buf_str(&text), e);
		else if (pgtext_open(&r->text, p, r->shape, (struct slice){ NULL, 0 }, NULL, NULL, e) == 0)
			rc = kind == PGSQL_QUERY || (kind == PGSQL_CHANGE && pg_version(p) >= 90600) ? copy(r, sql, e) : ask(r, buf_str(&text), e);
	}
	buf_fini(&text);
	if (rc == 0)
		return r;
	pgrows_close(r);
	return NULL;
}

void
pgrows_close(struct pgrows *r)
{
	struct err ignored = ERR_NONE;
	struct slice row;

	if (r == NULL)
		return;
	if (r->copying) {
		pg_cancel(r->pg);
		while (pg_copy_row(r->pg, WAIT_MS, &row, &ignored) > 0)
			;
	}
	pg_free(r->shape);
	pg_free(r->whole);
	pgtext_fini(&r->text);
	buf_fini(&r->line);
	free(r);
}

/* The next row of a result as COPY would have written it. */
static struct slice
as_copied(struct pgrows *r)
{
	int i, n = pg_columns(r->whole);
	struct slice s;
	size_t k;

	buf_clear(&r->line);
	for (i = 0; i < n; i++) {
		s = pg_cell(r->whole, r->at, i);
		if (i > 0)
			buf_putc(&r->line, '\t');
		if (s.p == NULL)
			buf_puts(&r->line, "\\N");
		for (k = 0; s.p != NULL && k < s.n; k++) {
			const char c = s.p[k], as = c == '\t' ? 't' : c == '\n' ? 'n' : c == '\\' ? '\\' : 0;

			if (as != 0)
				buf_putc(&r->line, '\\');
			buf_putc(&r->line, as != 0 ? as : c);
		}
	}
	r->at++;
	return buf_as_slice(&r->line);
}

int
pgrows_next(struct pgrows *r, struct err *e)
{
	struct slice row = { 0 };
	struct fault f = { 0 };
	int rc;

	if (r->whole != NULL) {
		rc = r->at < pg_rows(r->whole);
		if (rc)
			row = as_copied(r);
	} else {
		rc = r->copying;
		while (rc != 0 && (rc = pg_copy_row(r->pg, WAIT_MS, &row, e)) == 2)
			;
		r->copying = rc == 1;
	}
	if (rc != 1)
		return rc;
	r->number++;
	if (pgtext_take(&r->text, row, &f) == -1)
		return err_set(e, EX_DATAERR, "%s: row %llu: %s", pg_place(r->pg), (unsigned long long)r->number, f.msg);
	return 1;
}

size_t
pgrows_size(const struct pgrows *r)
{
	return pgtext_size(&r->text);
}

char *
pgrows_json(struct pgrows *r, char *dst)
{
	return pgtext_object(&r->text, dst);
}

size_t
pgrows_columns(const struct pgrows *r)
{
	return r->shape != NULL ? (size_t)pg_columns(r->shape) : 0;
}

struct slice
pgrows_name(const struct pgrows *r, size_t col)
{
	return slice_of(pg_column(r->shape, (int)col).name);
}

char *
pgrows_cell(struct pgrows *r, size_t col, char *dst, int *null)
{
	return pgtext_cell(&r->text, col, dst, null);
}
