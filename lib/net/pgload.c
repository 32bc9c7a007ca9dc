/* Loading of PostgreSQL: COPY into a stage, from there by key; what is refused is found. */
#include "net/pgload.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/retry.h"
#include "net/pgswap.h"

#define MEMORY (128u << 20)
#define CHUNK (64 * 1024)	/* bytes that are sent at a time */

struct row {
	size_t field, line;	/* where its fields and its record begin */
};

struct pgload {
	const struct pg_options *options;
	struct pgload_config c;
	struct pg *pg;
	struct pgtarget t;

	/* the rows of the transaction at hand */
	struct buf fields, lines;
	struct row *row;
	size_t n, cap;
	size_t sent;		/* bytes of fields */
	int open;		/* the transaction, COPY in it */
	int broken;		/* it was, and failed: pgload_flush() does it again */

	uint64_t loaded, refused;	/* refused: of this transaction */
};

/* ---- the session */

static int
find_table(struct pgload *l, struct err *e)
{
	if (l->t.table != NULL || pgtarget_open(&l->t, l->pg, &l->c.target, e) == 0)
		return 0;
	/* half of it is no table: a server that went away in between is asked again from the beginning */
	pgtarget_fini(&l->t);
	return -1;
}

/* A session with its stage; a server that is away is waited for.  0, or -1 EX_CONFIG, EX_USAGE. */
static int
session(struct pgload *l, struct err *e)
{
	struct err why = ERR_NONE;
	unsigned tries;

	for (tries = 0; l->pg == NULL; tries++) {
		why = ERR_NONE;
		l->pg = pg_open(l->options, &why);
		if (l->pg != NULL && pg_use_mart(l->pg, &why) == 0 && find_table(l, &why) == 0 && pg_exec(l->pg, buf_str(&l->t.stage_sql), &why) == 0)
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
	if (l == NULL)
		return;
	pg_close(l->pg);
	pgtarget_fini(&l->t);
	free(l->row);
	buf_fini(&l->fields);
	buf_fini(&l->lines);
	free(l);
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
	if (pg_exec(l->pg, "BEGIN", e) == -1 || pg_copy_in(l->pg, buf_str(&l->t.copy_sql), e) == -1)
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
	if (pg_exec(l->pg, buf_str(&l->t.store_sql), e) == -1)
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
		return err_at(e, "table %s", l->t.table);
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
		/* what COPY has taken has every column that there was: one that came later is no fault of the rows */
		if (why.status == EX_DATAERR && line == 0 && *pg_error_column(l->pg) != '\0' && !pgtarget_has(&l->t, pg_error_column(l->pg)))
			why.status = EX_CONFIG;
		if (why.status == EX_CONFIG || why.status == EX_SOFTWARE) {
			*e = why;
			return err_at(e, "table %s", l->t.table);
		}
		if (why.status == EX_DATAERR && to - from == 1) {
			if (refuse(l, from, &why, e) == -1)
				return -1;
			return recover(l, &why, 0, e);
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
	l->refused = 0;
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
	if (l->c.target.swap) {
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
	if (l->c.target.swap) {	/* into the stage, for pgload_swap() */
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
	size_t at;

	if (!l->c.target.swap && l->fields.n + l->lines.n > l->c.memory && pgload_flush(l, e) == -1)
		return -1;
	at = l->fields.n;
	if (pgtarget_put(&l->t, j, src, l->n, &l->fields, f) == -1)
		return 0;
	l->row = mem_grow(l->row, &l->cap, l->n + 1, sizeof *l->row);
	l->row[l->n++] = (struct row){ .field = at, .line = l->lines.n };
	if (!l->c.target.swap)
		buf_slice(&l->lines, line);
	if (!l->c.target.swap && l->fields.n - (l->open ? l->sent : 0) > CHUNK && stream(l, e) == -1)
		return -1;
	if (l->c.target.swap && l->fields.n > CHUNK && pgload_flush(l, e) == -1)
		return -1;
	return 1;
}

int
pgload_swap(struct pgload *l, const char *days, const char *hour, const char *scope, struct err *e)
{
	uint64_t line = 0;

	if (pgload_flush(l, e) == -1 || (!l->open && begin(l, e) == -1))
		return -1;
	l->open = 0;
	if (pg_copy_done(l->pg, &line, e) == -1) {
		if (e->status == EX_DATAERR && line > 0)
			(void)err_at(e, "row %llu of the mart", (unsigned long long)line);
		return -1;
	}
	return pgswap(l->pg, &l->t, days, hour, scope, e);
}

uint64_t
pgload_loaded(const struct pgload *l)
{
	return l->loaded;
}
