/*
 * Batches.  A batch has columns (what is sent), the lines of its records (what a
 * reject keeps) and a note a row.  A key is found again by 128 bits of hash
 * under a random seed.
 *
 * One thread beside the caller's sends: the caller fills a batch while it does.  Its way:
 *
 *	open (by month) --> handed over --> delivered, or failed --> collected by the caller --> spare
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utc.h"
#include "io/retry.h"
#include "net/chload.h"
#include "net/chtext.h"

#define MEMORY (128u << 20)
#define CHECK_EVERY (64u << 10)	/* bytes of lines after which the size of a batch is looked at */
#define OTHER_TRIES 10		/* of a code that is in no class */
#define BATCHES_MAX 512

struct row {
	size_t at;		/* of its line */
	uint32_t len;
	uint32_t dead;		/* replaced */
	uint64_t version;
};

struct refusal {
	size_t row;
	struct fault fault;
};

struct batch {
	uint32_t month, left;	/* what it collects: chtable_place() */
	uint32_t serial;	/* new each time it is opened */
	struct native_col *col;
	struct buf lines;
	struct row *row;
	size_t rows, rows_cap, dead;
	size_t checked;		/* lines.n when the size was last looked at */
	size_t bytes;		/* held then */
	/* what came of sending it */
	uint64_t confirmed;
	struct refusal *refusal;
	size_t refusals, refusals_cap;
	struct err err;
};

struct slot {
	uint64_t hash[2];
	uint32_t serial, row;	/* serial 0: empty */
};

struct months {
	uint32_t month;
	uint64_t rows;
};

struct chload {
	struct chload_config config;
	struct ch *c;
	struct chtable *table;
	struct chload_count count;
	struct batch **open;
	size_t opens, opens_cap;
	struct batch *spare;
	uint32_t serial;
	uint64_t seed[2];
	struct slot *slot;
	size_t slots, used;
	struct months *month;
	size_t months, months_cap;

	/* of the sender */
	struct native_col *scratch;
	struct buf head, sql;
	struct slice *part;
	unsigned char *keep;
	size_t keep_cap;

	pthread_t thread;
	int started;
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct batch *sending, *sent;
	int stop;
};

static struct batch *
batch_new(const struct chtable *t)
{
	struct batch *b = mem_alloc(sizeof *b);

	b->col = mem_alloc((t->cols + 1) * sizeof *b->col);
	chtable_columns(t, b->col);
	return b;
}

static void
batch_free(struct batch *b, size_t cols)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < cols; i++)
		native_col_fini(&b->col[i]);
	free(b->col);
	buf_fini(&b->lines);
	free(b->row);
	free(b->refusal);
	free(b);
}

static void
batch_clear(struct batch *b, size_t cols)
{
	size_t i;

	for (i = 0; i < cols; i++)
		native_col_clear(&b->col[i]);
	buf_clear(&b->lines);
	b->rows = b->dead = b->checked = b->bytes = b->refusals = 0;
	b->confirmed = 0;
	b->err = ERR_NONE;
}

/* ---- the sender's side ---- */

static void
say(struct chload *l, const char *msg, unsigned n)
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
		say(l, f->msg, tries);
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

static void *
sender(void *arg)
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

/* ---- the caller's side ---- */

static void
count_month(struct chload *l, uint32_t month, uint64_t rows)
{
	size_t i;

	for (i = 0; i < l->months && l->month[i].month != month; i++)
		;
	if (i == l->months) {
		l->month = mem_grow(l->month, &l->months_cap, i + 1, sizeof *l->month);
		l->month[l->months++] = (struct months){ .month = month };
	}
	l->month[i].rows += rows;
}

/* A batch that is done with.  One is kept for its memory, unless others are being filled. */
static void
put_away(struct chload *l, struct batch *b)
{
	batch_free(l->spare, l->table->cols);
	l->spare = NULL;
	if (l->opens > 1) {
		batch_free(b, l->table->cols);
		return;
	}
	batch_clear(b, l->table->cols);
	l->spare = b;
}

/* Waits for the batch that is being sent, and takes what came of it.  0, or -1 with e. */
static int
collect(struct chload *l, struct err *e)
{
	struct batch *b;
	size_t i;
	int rc = 0;

	(void)pthread_mutex_lock(&l->lock);
	while (l->sending != NULL)
		(void)pthread_cond_wait(&l->change, &l->lock);
	b = l->sent;
	l->sent = NULL;
	(void)pthread_mutex_unlock(&l->lock);
	if (b == NULL)
		return 0;
	l->count.loaded += b->confirmed;
	l->count.refused += b->refusals;
	l->count.batches++;
	if (b->confirmed > 0)
		count_month(l, b->month, b->confirmed);
	if (b->refusals > 0 && l->config.refuse == NULL)
		rc = err_set(e, EX_DATAERR, "%s", b->refusal[0].fault.msg);
	for (i = 0; i < b->refusals && l->config.refuse != NULL; i++) {
		const struct row *r = &b->row[b->refusal[i].row];

		l->config.refuse(l->config.arg, (struct slice){ b->lines.p + r->at, r->len }, &b->refusal[i].fault);
	}
	if (b->err.status != 0) {
		*e = b->err;
		rc = -1;
	}
	put_away(l, b);
	return rc;
}

/* Hands the i-th open batch to the sender. */
static int
hand_over(struct chload *l, size_t i, struct err *e)
{
	struct batch *b = l->open[i];

	if (collect(l, e) == -1)
		return -1;
	l->open[i] = l->open[--l->opens];
	if (l->opens == 0) {		/* nothing is left that a key could be found in */
		if (l->used > 0)
			memset(l->slot, 0, l->slots * sizeof *l->slot);
		l->used = 0;
	}
	(void)pthread_mutex_lock(&l->lock);
	l->sending = b;
	(void)pthread_cond_broadcast(&l->change);
	(void)pthread_mutex_unlock(&l->lock);
	return 0;
}

static struct batch *
find_open(const struct chload *l, uint32_t serial)
{
	size_t i;

	for (i = 0; i < l->opens; i++)
		if (l->open[i]->serial == serial)
			return l->open[i];
	return NULL;
}

/* The open batch for a place, made when there is none. */
static struct batch *
batch_for(struct chload *l, uint32_t month, uint32_t left)
{
	struct batch *b;
	size_t i;

	for (i = l->opens; i-- > 0; )
		if (l->open[i]->month == month && l->open[i]->left == left)
			return l->open[i];
	b = l->spare != NULL ? l->spare : batch_new(l->table);
	l->spare = NULL;
	b->month = month;
	b->left = left;
	b->serial = ++l->serial;
	l->open = mem_grow(l->open, &l->opens_cap, l->opens + 1, sizeof *l->open);
	l->open[l->opens++] = b;
	return b;
}

static void
slots_grow(struct chload *l)
{
	struct slot *old = l->slot;
	size_t n = l->slots, i, k;

	/* those of batches that have gone are left behind */
	for (i = l->used = 0; i < n; i++)
		if (old[i].serial != 0 && find_open(l, old[i].serial) == NULL)
			old[i].serial = 0;
		else
			l->used += old[i].serial != 0;
	l->slots = n == 0 ? 1024 : 4 * l->used > n ? 2 * n : n;
	l->slot = mem_alloc(l->slots * sizeof *l->slot);
	for (i = 0; i < n; i++) {
		if (old[i].serial == 0)
			continue;
		for (k = old[i].hash[0] & (l->slots - 1); l->slot[k].serial != 0; k = (k + 1) & (l->slots - 1))
			;
		l->slot[k] = old[i];
	}
	free(old);
}

/* The slot of a key: the one it is in, else an empty one. */
static struct slot *
slot_of(struct chload *l, const uint64_t hash[2])
{
	size_t k;

	if (2 * (l->used + 1) > l->slots)
		slots_grow(l);
	for (k = hash[0] & (l->slots - 1); l->slot[k].serial != 0; k = (k + 1) & (l->slots - 1))
		if (l->slot[k].hash[0] == hash[0] && l->slot[k].hash[1] == hash[1])
			break;
	return &l->slot[k];
}

/* The line without its lineage, which no comparison looks at. */
static struct slice
without_src(struct slice line)
{
	static const char head[] = "{\"_src\":[";
	const char *p;

	if (line.n < sizeof head || memcmp(line.p, head, sizeof head - 1) != 0 || (p = memchr(line.p, ']', line.n)) == NULL)
		return line;
	return (struct slice){ p, line.n - (size_t)(p - line.p) };
}

/* Whether the row just added stands rather than the older one of the same key. */
static int
stands(struct chload *l, struct slice line, uint64_t version, const struct batch *b, const struct row *old)
{
	struct slice before = { b->lines.p + old->at, old->len };
	int c;

	if (version != old->version)
		return version > old->version;
	if (!l->config.tie_smaller)
		return 1;
	c = slice_cmp(without_src(line), without_src(before));
	if (c != 0)
		l->count.conflicts++;
	return (c != 0 ? c : slice_cmp(line, before)) < 0;
}

static uint64_t
version_of(const struct chload *l, const struct batch *b)
{
	const struct native_col *c;

	if (l->table->version < 0)
		return 0;
	c = &b->col[l->table->version];
	/* times may lie before 1970 */
	return c->type->kind == CHTYPE_UINT ? (uint64_t)c->last : (uint64_t)c->last ^ 1ull << 63;
}

static size_t
batch_bytes(const struct chload *l, struct batch *b)
{
	size_t i, n = 0;

	for (i = 0; i < l->table->cols; i++)
		n += native_bytes(&b->col[i]);
	b->checked = b->lines.n;
	b->bytes = n + b->lines.n + b->rows * sizeof *b->row;
	return n;
}

/* Sends what must go: the batch b when it is full, the largest when all of them hold too much. */
static int
make_room(struct chload *l, struct batch *b, struct err *e)
{
	size_t i, largest = 0, block;
	uint64_t held = 0;

	if (b->rows < CH_INSERT_ROWS && b->lines.n - b->checked < CHECK_EVERY && l->opens <= BATCHES_MAX)
		return 0;
	block = batch_bytes(l, b);
	for (i = 0; i < l->opens; i++) {
		held += l->open[i]->bytes;
		if (l->open[i]->bytes > l->open[largest]->bytes)
			largest = i;
	}
	if (b->rows >= CH_INSERT_ROWS || block >= CH_INSERT_BYTES - (4u << 20)) {
		for (i = 0; l->open[i] != b; i++)
			;
		return hand_over(l, i, e);
	}
	/* the other half is for the batch that is being sent */
	if (held > l->config.memory / 2 || l->opens > BATCHES_MAX)
		return hand_over(l, largest, e);
	return 0;
}

int
chload_add(struct chload *l, const struct json *j, struct slice line, const struct json_value *src, struct fault *f, struct err *e)
{
	struct chtable *t = l->table;
	struct batch *b, *there;
	struct slot *slot = NULL;
	struct row *old;
	uint64_t hash[2], version;
	uint32_t month = 0, left = 0;
	size_t i;

	if (chtable_pick(t, j, src, f) == -1)
		return 0;
	chtable_place(t, &month, &left);
	b = batch_for(l, month, left);
	if (chtable_put(t, b->col, f) == -1)
		return 0;
	version = version_of(l, b);
	if (t->keys > 0) {
		hash[0] = l->seed[0];
		hash[1] = l->seed[1];
		for (i = 0; i < t->keys; i++)
			native_hash_last(&b->col[t->key[i]], hash);
		slot = slot_of(l, hash);
		there = slot->serial != 0 ? find_open(l, slot->serial) : NULL;
		if (there != NULL) {
			old = &there->row[slot->row];
			l->count.replaced++;
			if (!stands(l, line, version, there, old)) {
				for (i = 0; i < t->cols; i++)
					native_undo(&b->col[i]);
				return 1;
			}
			old->dead = 1;
			there->dead++;
		} else if (slot->serial == 0) {
			l->used++;
		}
		*slot = (struct slot){ .hash = { hash[0], hash[1] }, .serial = b->serial, .row = (uint32_t)b->rows };
	}
	b->row = mem_grow(b->row, &b->rows_cap, b->rows + 1, sizeof *b->row);
	b->row[b->rows++] = (struct row){ .at = b->lines.n, .len = (uint32_t)line.n, .version = version };
	memcpy(buf_room(&b->lines, line.n + JSON_PAD), line.p, line.n);
	b->lines.n += line.n;
	return make_room(l, b, e) == -1 ? -1 : 1;
}

int
chload_flush(struct chload *l, struct err *e)
{
	while (l->opens > 0) {
		struct batch *b = l->open[l->opens - 1];

		if (b->rows == b->dead) {	/* nothing, or all of it stands in later batches */
			l->opens--;
			put_away(l, b);
			continue;
		}
		if (hand_over(l, l->opens - 1, e) == -1)
			return -1;
	}
	if (l->used > 0)
		memset(l->slot, 0, l->slots * sizeof *l->slot);
	l->used = 0;
	return collect(l, e);
}

struct chload_count
chload_count(const struct chload *l)
{
	return l->count;
}

void
chload_months(const struct chload *l, void (*fn)(void *arg, uint32_t month, uint64_t rows), void *arg)
{
	size_t i;

	for (i = 0; i < l->months; i++)
		fn(arg, l->month[i].month, l->month[i].rows);
}

struct chload *
chload_open(struct ch *c, const struct chload_config *config, struct err *e)
{
	struct chload *l = mem_alloc(sizeof *l);
	struct ch_fault f = { 0 };
	unsigned tries;

	l->config = *config;
	l->c = c;
	if (l->config.memory == 0)
		l->config.memory = MEMORY;
	if (getentropy(l->seed, sizeof l->seed) == -1)
		l->seed[0] = (uint64_t)utc_mono();
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->change, NULL);
	for (tries = 0; (l->table = chtable_open(c, config->table, config->rules, &f)) == NULL; tries++) {
		if (f.class == CH_CONFIG || f.class == CH_DATA || (f.class == CH_OTHER && tries >= OTHER_TRIES)) {
			(void)ch_err(&f, e);
			chload_close(l);
			return NULL;
		}
		say(l, f.msg, tries);
		retry_pause(tries);
	}
	l->scratch = mem_alloc((l->table->cols + 1) * sizeof *l->scratch);
	chtable_columns(l->table, l->scratch);
	l->part = mem_alloc(NATIVE_PARTS(l->table->cols) * sizeof *l->part);
	if (pthread_create(&l->thread, NULL, sender, l) != 0) {
		err_set(e, EX_TEMPFAIL, "no thread can be started");
		chload_close(l);
		return NULL;
	}
	l->started = 1;
	return l;
}

void
chload_close(struct chload *l)
{
	size_t i, cols;

	if (l == NULL)
		return;
	if (l->started) {
		(void)pthread_mutex_lock(&l->lock);
		while (l->sending != NULL)
			(void)pthread_cond_wait(&l->change, &l->lock);
		l->stop = 1;
		(void)pthread_cond_broadcast(&l->change);
		(void)pthread_mutex_unlock(&l->lock);
		(void)pthread_join(l->thread, NULL);
	}
	cols = l->table ? l->table->cols : 0;
	for (i = 0; i < l->opens; i++)
		batch_free(l->open[i], cols);
	batch_free(l->spare, cols);
	batch_free(l->sent, cols);
	for (i = 0; l->scratch != NULL && i < cols; i++)
		native_col_fini(&l->scratch[i]);
	free(l->scratch);
	buf_fini(&l->head);
	buf_fini(&l->sql);
	free(l->part);
	free(l->keep);
	free(l->open);
	free(l->slot);
	free(l->month);
	chtable_close(l->table);
	(void)pthread_cond_destroy(&l->change);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}
