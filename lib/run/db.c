/* Stores of any kind: which one an address means, and the way to what is of that kind. */
#include "run/db.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/http.h"
#include "net/pg.h"
#include "run/db_work.h"

struct db {
	enum db_kind kind;
	const struct db_ops *ops;
	void *s;
};

struct db *
db_open(const char *url, const struct tool *t, struct err *e)
{
	struct db *d = mem_alloc(sizeof *d);

	d->kind = db_kind_of(url);
	d->ops = d->kind == DB_POSTGRES ? &db_postgres : &db_clickhouse;
	d->s = d->ops->open(url, t, e);
	if (d->s != NULL)
		return d;
	free(d);
	return NULL;
}

void
db_close(struct db *d)
{
	if (d == NULL)
		return;
	d->ops->done(d->s);
	d->ops->close(d->s);
	free(d);
}

enum db_kind
db_kind(const struct db *d)
{
	return d->kind;
}

const char *
db_kind_name(const struct db *d)
{
	return d->ops->name;
}

int
db_statement(const struct db *d, struct slice *text, struct slice *one)
{
	return d->ops->statement(text, one);
}

int
db_ask(struct db *d, struct slice sql, const struct sql_param *p, size_t n, struct db_fault *f)
{
	return d->ops->ask(d->s, sql, p, n, f);
}

int
db_ask_rows(struct db *d, const struct db_select *s, const struct slice *key, size_t n, struct db_fault *f)
{
	return d->ops->ask_rows(d->s, s, key, n, f);
}

void
db_done(struct db *d)
{
	d->ops->done(d->s);
}

int
db_next(struct db *d, struct db_fault *f)
{
	return d->ops->next(d->s, f);
}

size_t
db_size(const struct db *d)
{
	return d->ops->size(d->s);
}

char *
db_json(struct db *d, char *dst)
{
	return d->ops->json(d->s, dst);
}

char *
db_cell(struct db *d, size_t col, char *dst, int *null)
{
	return d->ops->cell(d->s, col, dst, null);
}

size_t
db_columns(const struct db *d)
{
	return d->ops->columns(d->s);
}

struct slice
db_name(const struct db *d, size_t col)
{
	return d->ops->column(d->s, col);
}

const char *
db_libraries(void)
{
	static char text[512];	/* the same whoever writes it */

	(void)snprintf(text, sizeof text, "%s %s", http_library(), pg_library());
	return text;
}
