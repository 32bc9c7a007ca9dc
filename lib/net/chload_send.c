/*
 * Sends the batches of a load, until the server has said what became of every row.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/retry.h"
#include "net/chload_work.h"
#include "net/chtext.h"

void
chload_say(struct chload *l, const char *msg, unsigned n)
{
	char line[1024];

	/* the first time, and then every minute or so */
	if (l->config.say == NULL || n % 8 != 0)
		return;
	(void)snprintf(line, sizeof line, "%s; trying again", msg);
	l->config.say(l->config.arg, line);
}

/* INSERT INTO table (the columns that are sent) FORMAT Native */
static void
make_sql(struct chload *l, uint32_t left)
{
	const struct chtable *t = l->table;
	size_t i, n = 0;

	buf_clear(&l->sql);
	buf_puts(&l->sql, "INSERT INTO ");
	chtext_name(&l->sql, slice_of(l->config.table));
	for (i = 0; i < t->cols; i++) {
		if (t->col[i].bit > 0 && left >> (t->col[i].bit - 1) & 1)
			continue;
		buf_puts(&l->sql, n++ ? ", " : " (");
		chtext_name(&l->sql, slice_of(t->col[i].name));
	}
	buf_puts(&l->sql, ") FORMAT Native");
}

/* Is it the table that is wrong?  Asked when an insert broke off, since a server may then not have come to say so. */
static int
probe(struct chload *l, struct ch_fault *f)
{
	struct ch_fault g = { 0 };
	struct buf sql = { 0 }, text = { 0 };

	buf_puts(&sql, "DESCRIBE TABLE ");
	chtext_name(&sql, slice_of(l->config.table));
	if (ch_text(l->c, buf_as_slice(&sql), NULL, 0, 1 << 20, &text, &g) == -1 && g.class == CH_CONFIG)
		*f = g;
	buf_fini(&sql);
	buf_fini(&text);
	return f->class == CH_CONFIG ? -1 : 0;
}

/*
 * Sends columns of so many rows until it is known what became of them.  0, or -1
 * with f of class CH_CONFIG, CH_DATA or CH_OTHER.
 */
static int
insert(struct chload *l, const struct batch *b, struct native_col *col, uint64_t rows, struct ch_fault *f)
{
	const struct chtable *t = l->table;
	struct native_col *sent = mem_alloc((t->cols + 1) * sizeof *sent);
	size_t i, n = 0, parts;
	unsigned tries = 0;
	int rc;

	/* a shallow copy of the columns that are sent; what narrowing made is kept with the original */
	for (i = 0; i < t->cols; i++)
		if (t->col[i].bit == 0 || !(b->left >> (t->col[i].bit - 1) & 1))
			sent[n++] = col[i];
	make_sql(l, b->left);
	parts = native_block(sent, n, rows, &l->head, l->part);
	for (;; tries++) {
		rc = ch_insert(l->c, buf_as_slice(&l->sql), l->part, parts, rows, f);
		if (rc == 0 || f->class == CH_DATA || f->class == CH_CONFIG || (f->class == CH_OTHER && tries >= OTHER_TRIES))
			break;
		chload_say(l, f->msg, tries);
		retry_pause(tries);
		if (f->class == CH_AMBIGUOUS && f->code == 0 && probe(l, f) == -1)
			break;
	}
	if (rc == 0 && tries > 0 && l->config.say != NULL)
		l->config.say(l->config.arg, "the server stores again");
	for (i = n = 0; i < t->cols; i++)
		if (t->col[i].bit == 0 || !(b->left >> (t->col[i].bit - 1) & 1))
			col[i].narrow = sent[n++].narrow;
	free(sent);
	return rc;
}

/* The name of the column that an error speaks of: "column NAME" or `NAME`. */
static void
blame(const struct chtable *t, const char *msg, char *name, size_t cap)
{
	const char *p = strstr(msg, "olumn ");
	size_t i, n;

	name[0] = '\0';
	if (p == NULL)
		return;
	p += 6;
	if (*p == '`' || *p == '\'' || *p == '"')
		p++;
	for (i = 0; i < t->cols; i++) {
		n = strlen(t->col[i].name);
		if (strncmp(p, t->col[i].name, n) == 0 && n < cap && strchr("` '\",.:)", p[n]) != NULL) {
			memcpy(name, t->col[i].name, n + 1);
			return;
		}
	}
}

static void
refuse_row(struct chload *l, struct batch *b, size_t row, const struct ch_fault *f)
{
	char name[64];
	struct refusal *r;

	b->refusal = mem_grow(b->refusal, &b->refusals_cap, b->refusals + 1, sizeof *b->refusal);
	r = &b->refusal[b->refusals++];
	r->row = row;
	blame(l->table, f->msg, name, sizeof name);
	fault_set(&r->fault, "column", name, "the server refuses it: %s", f->msg);
}

/* Stores the rows [from, to) of which live ones are still to be stored, by halves when a row is to blame. */
static int
halve(struct chload *l, struct batch *b, size_t from, size_t to, struct ch_fault *f)
{
	size_t mid = from + (to - from) / 2, i, live, part, lo, hi;

	for (part = 0; part < 2; part++) {
		lo = part == 0 ? from : mid;
		hi = part == 0 ? mid : to;
		for (i = lo, live = 0; i < hi; i++)
			live += l->keep[i];
		if (live == 0)
			continue;
		if (l->config.max_refused > 0 && b->refusals > l->config.max_refused) {
			f->class = CH_DATA;
			return -1;
		}
		for (i = 0; i < l->table->cols; i++) {
			native_col_clear(&l->scratch[i]);
			native_copy(&l->scratch[i], &b->col[i], lo, hi, l->keep);
		}
		if (insert(l, b, l->scratch, live, f) == 0) {
			b->confirmed += live;
		} else if (f->class != CH_DATA) {
			return -1;
		} else if (live == 1) {
			for (i = lo; !l->keep[i]; i++)
				;
			refuse_row(l, b, i, f);
		} else if (halve(l, b, lo, hi, f) == -1) {
			return -1;
		}
	}
	return 0;
}

static void
deliver(struct chload *l, struct batch *b)
{
	struct ch_fault f = { 0 };
	uint64_t live = b->rows - b->dead;
	size_t i;
	int rc;

	if (live == 0)
		return;
	l->keep = mem_grow(l->keep, &l->keep_cap, b->rows + 1, 1);
	for (i = 0; i < b->rows; i++)
		l->keep[i] = !b->row[i].dead;
	if (b->dead == 0) {
		rc = insert(l, b, b->col, live, &f);
	} else {
		for (i = 0; i < l->table->cols; i++) {
			native_col_clear(&l->scratch[i]);
			native_copy(&l->scratch[i], &b->col[i], 0, b->rows, l->keep);
		}
		rc = insert(l, b, l->scratch, live, &f);
	}
	if (rc == 0) {
		b->confirmed = live;
	} else if (f.class == CH_DATA) {
		if (live == 1) {
			for (i = 0; !l->keep[i]; i++)
				;
			refuse_row(l, b, i, &f);
			rc = 0;
		} else {
			rc = halve(l, b, 0, b->rows, &f);
		}
	}
	if (rc == -1 && f.class == CH_DATA)
		err_set(&b->err, EX_DATAERR, "the server refused more than %" PRIu64 " rows, the last one: %s", l->config.max_refused, f.msg);
	else if (rc == -1)
		(void)ch_err(&f, &b->err);
	if (rc == -1 && f.class == CH_OTHER)
		b->err.status = EX_TEMPFAIL;
}

void *
chload_sender(void *arg)
{
	struct chload *l = arg;
	struct batch *b;

	(void)pthread_mutex_lock(&l->lock);
	for (;;) {
		while (l->sending == NULL && !l->stop)
			(void)pthread_cond_wait(&l->change, &l->lock);
		if (l->stop)
			break;
		b = l->sending;
		(void)pthread_mutex_unlock(&l->lock);
		deliver(l, b);
		(void)pthread_mutex_lock(&l->lock);
		l->sending = NULL;
		l->sent = b;
		(void)pthread_cond_broadcast(&l->change);
	}
	(void)pthread_mutex_unlock(&l->lock);
	return NULL;
}
