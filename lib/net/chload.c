/*
 * Batches.  A batch has columns (what is sent), the lines of its records (what a
 * reject keeps) and a note a row.  A key is found again by 128 bits of hash
 * under a random seed.
 *
 * One thread beside the caller's sends: the caller fills a batch while it does.  Its way:
 *
 *	open (by month) --> handed over --> delivered, or failed --> collected by the caller --> spare
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utc.h"
#include "io/retry.h"
#include "net/chload_work.h"

#define MEMORY (128u << 20)
#define CHECK_EVERY (64u << 10)	/* bytes of lines after which the size of a batch is looked at */
#define BATCHES_MAX 512

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
		chload_say(l, f.msg, tries);
		retry_pause(tries);
	}
	l->scratch = mem_alloc((l->table->cols + 1) * sizeof *l->scratch);
	chtable_columns(l->table, l->scratch);
	l->part = mem_alloc(NATIVE_PARTS(l->table->cols) * sizeof *l->part);
	if (pthread_create(&l->thread, NULL, chload_sender, l) != 0) {
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
