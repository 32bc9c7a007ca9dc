/* Two sides of a table, compared by buckets, then by keys. */
#include "run/reconcile.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "io/retry.h"
#include "net/pg.h"
#include "net/pgtable.h"
#include "run/db.h"

#define SEC 1000000000LL
#define ODD_TRIES 10			/* of an error of which nothing is known */
#define PAGES_MIN 1024			/* of a range of a table */
#define BATCH_ROWS 1000000		/* of both sides, in the hashes of one statement */
#define BATCH_BUCKETS 10000
#define LOOK_KEYS 10000			/* of one statement */
#define SUSPECT_BYTES (1024u * 1024 * 1024)

struct bucket {
	int64_t number;
	uint64_t rows, sum;
};

struct sums {
	struct bucket *p;
	size_t n, cap;
};

/* A statement, or a pair of them, of a step. */
struct task {
	int side;			/* that is asked: 0 the source, 1 the store, -1 both */
	int taken;
	struct buf sql;			/* of sums */
	size_t from, to;		/* of the buckets that differ, of the suspects in order */
};

struct reconcile_work {
	struct reconcile *r;
	pthread_mutex_t lock;
	struct err err;			/* the first one */
	int stop;
	struct pair_sql source, store;
	struct task *task;
	size_t tasks, cap;
	struct sums sums[2];		/* of the source, of the store */
	int64_t *differs;		/* buckets, in order */
	uint64_t *rows;			/* of each, of both sides */
	size_t n;
};

struct worker;
typedef int step(struct worker *w, const struct task *t, struct err *e);

struct worker {
	struct reconcile_work *work;
	step *step;
	int asks;			/* tasks of this side, 0 or 1, or -1: both */
	struct db *db[2];
	pthread_t thread;
	/* what the rows of a statement go into */
	struct sums sums;
	struct map seen;		/* hashes: key, and hash in 8 bytes */
	uint8_t *open;			/* of each: the store has not had it */
	size_t open_cap;
	struct map only_store;
	int fault;			/* a row that is none */
	struct look *look;
	const struct task *task;
	struct buf key, sql, text;
};

/* What a look found of one suspect. */
struct look {
	uint64_t hash[2];
	uint8_t has[2], inside, torn;	/* torn: two rows of the store, which are not the same */
};

static void
fault_of(struct reconcile_work *k, const struct err *e)
{
	(void)pthread_mutex_lock(&k->lock);
	if (k->err.status == 0)
		k->err = *e;
	k->stop = 1;
	(void)pthread_mutex_unlock(&k->lock);
}

static int
stopped(struct reconcile_work *k)
{
	int stop;

	(void)pthread_mutex_lock(&k->lock);
	stop = k->stop;
	(void)pthread_mutex_unlock(&k->lock);
	return stop;
}

/* ---- asking */

#define CELLS 4
typedef void row_of(struct worker *w, const struct slice *cell);

static const char *
table(const struct worker *w, int side)
{
	return side == 0 ? w->work->r->pair->source : w->work->r->pair->store;
}

/* The rows of a statement; 0, or -1 with f. */
static int
rows_of(struct worker *w, struct db *d, size_t cols, row_of *row, struct db_fault *f)
{
	int rc = db_ask(d, buf_as_slice(&w->sql), NULL, 0, f), null = 0;
	struct slice cell[CELLS];
	size_t i;
	char *p;

	while (rc == 0 && (rc = db_next(d, f)) > 0) {
		if (db_columns(d) != cols) {
			w->fault = 1;
			break;
		}
		buf_clear(&w->text);
		p = buf_room(&w->text, db_size(d));
		/* none of what is asked for is NULL */
		for (i = 0; i < cols; i++) {
			cell[i].p = p;
			p = db_cell(d, i, p, &null);
			cell[i].n = (size_t)(p - cell[i].p);
		}
		row(w, cell);
		rc = 0;
	}
	db_done(d);
	return rc == -1 ? -1 : 0;
}

static struct db *
open_side(struct worker *w, int side, struct err *e)
{
	const struct reconcile *r = w->work->r;
	const char *url = side == 0 ? r->source : r->store;

	if (w->db[side] == NULL)
		w->db[side] = db_open(url, r->tool, e);
	return w->db[side];
}

/* A server that is away is waited for; before each try reset() forgets what came. */
static int
ask(struct worker *w, int side, size_t cols, row_of *row, void (*reset)(struct worker *), struct err *e)
{
	const struct reconcile *r = w->work->r;
	struct db_fault f;
	int64_t until = 0;
	unsigned tries;

	if (open_side(w, side, e) == NULL)
		return -1;
	for (tries = 0;; tries++) {
		reset(w);
		f = (struct db_fault){ 0 };
		if (rows_of(w, w->db[side], cols, row, &f) == 0)
			break;
		if (until == 0)
			until = utc_mono() + r->wait * SEC;
		if (f.class == DB_NO || (f.class == DB_ODD && tries >= ODD_TRIES) || utc_mono() >= until || stopped(w->work)) {
			*e = f.e;
			return err_at(e, "%s", table(w, side));
		}
		if (tries % 8 == 0)
			tool_warn(r->tool, "%s: %s; trying again", table(w, side), f.e.msg);
		retry_pause(tries);
	}
	if (tries > 0)
		tool_warn(r->tool, "%s: the %s answers again", table(w, side), side == 0 ? "source" : "store");
	return w->fault ? err_set(e, EX_SOFTWARE, "%s: an answer that is none", table(w, side)) : 0;
}

/* A sum modulo 2^64, of any length; PostgreSQL's hashes are signed, ClickHouse's are not, which is the same then. */
static int
modulo(struct slice s, uint64_t *v)
{
	const int minus = s.n > 0 && *s.p == '-';
	uint64_t u = 0;
	size_t i;

	for (i = (size_t)minus; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		u = u * 10 + (uint64_t)(s.p[i] - '0');
	}
	*v = minus ? 0 - u : u;
	return s.n > (size_t)minus ? 0 : -1;
}

/* ---- sums */

static void
sums_reset(struct worker *w)
{
	w->sums.n = 0;
	w->fault = 0;
}

static void
sums_row(struct worker *w, const struct slice *cell)
{
	struct bucket b = { 0 };

	if (num_i64(cell[0], &b.number) == -1 || num_u64(cell[1], &b.rows) == -1 || modulo(cell[2], &b.sum) == -1) {
		w->fault = 1;
		return;
	}
	w->sums.p = mem_grow(w->sums.p, &w->sums.cap, w->sums.n + 1, sizeof *w->sums.p);
	w->sums.p[w->sums.n++] = b;
}

static int
sums_step(struct worker *w, const struct task *t, struct err *e)
{
	struct reconcile_work *k = w->work;
	struct sums *all = &k->sums[t->side];

	buf_clear(&w->sql);
	buf_slice(&w->sql, buf_as_slice(&t->sql));
	if (ask(w, t->side, 3, sums_row, sums_reset, e) == -1)
		return -1;
	(void)pthread_mutex_lock(&k->lock);
	all->p = mem_grow(all->p, &all->cap, all->n + w->sums.n, sizeof *all->p);
	if (w->sums.n > 0)
		memcpy(all->p + all->n, w->sums.p, w->sums.n * sizeof *all->p);
	all->n += w->sums.n;
	(void)pthread_mutex_unlock(&k->lock);
	return 0;
}

static int
by_number(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* In order, each bucket once. */
static void
sums_fold(struct sums *s, uint64_t *rows)
{
	size_t i, n = 0;

	if (s->n > 0)
		qsort(s->p, s->n, sizeof *s->p, by_number);
	for (i = 0; i < s->n; i++) {
		*rows += s->p[i].rows;
		if (n > 0 && s->p[n - 1].number == s->p[i].number) {
			s->p[n - 1].rows += s->p[i].rows;
			s->p[n - 1].sum += s->p[i].sum;
		} else
			s->p[n++] = s->p[i];
	}
	s->n = n;
}

static void
compare(struct reconcile_work *k)
{
	struct reconcile *r = k->r;
	struct sums *a = &k->sums[0], *b = &k->sums[1];
	size_t i = 0, j = 0;

	sums_fold(a, &r->source_rows);
	sums_fold(b, &r->store_rows);
	k->differs = mem_alloc((a->n + b->n + 1) * sizeof *k->differs);
	k->rows = mem_alloc((a->n + b->n + 1) * sizeof *k->rows);
	for (; i < a->n || j < b->n; r->buckets++) {
		if (j == b->n || (i < a->n && a->p[i].number < b->p[j].number)) {
			k->rows[k->n] = a->p[i].rows;
			k->differs[k->n++] = a->p[i++].number;
		} else if (i == a->n || b->p[j].number < a->p[i].number) {
			/* what the store alone has matters when it is asked for */
			k->rows[k->n] = b->p[j].rows;
			k->differs[k->n] = b->p[j++].number;
			k->n += r->extra ? 1 : 0;
		} else {
			k->rows[k->n] = a->p[i].rows + b->p[j].rows;
			k->differs[k->n] = a->p[i].number;
			k->n += a->p[i].rows != b->p[j].rows || a->p[i].sum != b->p[j].sum;
			i++, j++;
		}
	}
	r->differing = k->n;
}

/* ---- hashes */

/* The key as suspects have it. */
static struct slice
key_of(struct worker *w, const struct slice *cell)
{
	unsigned i;

	buf_clear(&w->key);
	for (i = 0; i < w->work->r->pair->keys; i++) {
		buf_put(&w->key, "", i > 0);
		buf_slice(&w->key, cell[i]);
	}
	return buf_as_slice(&w->key);
}

static void
hashes_reset(struct worker *w)
{
	map_fini(&w->seen);
	w->seen = (struct map){ 0 };
	w->fault = 0;
}

static int
hash_row(struct worker *w, const struct slice *cell)
{
	uint64_t h;

	if (modulo(cell[w->work->r->pair->keys], &h) == -1) {
		w->fault = 1;
		return -1;
	}
	(void)key_of(w, cell);
	buf_put(&w->key, &h, sizeof h);
	return 0;
}

static void
source_hash(struct worker *w, const struct slice *cell)
{
	uint32_t i;

	if (hash_row(w, cell) == -1)
		return;
	i = map_add(&w->seen, buf_as_slice(&w->key));
	w->open = mem_grow(w->open, &w->open_cap, (size_t)i + 1, 1);
	w->open[i] = 1;
}

static void
store_reset(struct worker *w)
{
	if (w->seen.n > 0)
		memset(w->open, 1, w->seen.n);
	map_fini(&w->only_store);
	w->only_store = (struct map){ 0 };
	w->fault = 0;
}

static void
store_hash(struct worker *w, const struct slice *cell)
{
	uint32_t i;

	if (hash_row(w, cell) == -1)
		return;
	i = map_find(&w->seen, buf_as_slice(&w->key));
	if (i != MAP_NONE)
		w->open[i] = 0;
	else if (w->work->r->extra)
		(void)map_add(&w->only_store, (struct slice){ w->key.p, w->key.n - sizeof(uint64_t) });
}

static int
hashes_step(struct worker *w, const struct task *t, struct err *e)
{
	struct reconcile_work *k = w->work;
	struct slice key;
	uint32_t i;
	int rc;

	buf_clear(&w->sql);
	pair_hashes(&k->source, k->differs + t->from, t->to - t->from, &w->sql);
	if (ask(w, 0, k->r->pair->keys + 1, source_hash, hashes_reset, e) == -1)
		return -1;
	buf_clear(&w->sql);
	pair_hashes(&k->store, k->differs + t->from, t->to - t->from, &w->sql);
	if (ask(w, 1, k->r->pair->keys + 1, store_hash, store_reset, e) == -1)
		return -1;
	(void)pthread_mutex_lock(&k->lock);
	for (i = 0; i < w->seen.n; i++)
		if (w->open[i]) {
			key = map_key(&w->seen, i);
			key.n -= sizeof(uint64_t);
			(void)map_add(&k->r->key, key);
		}
	for (i = 0; i < w->only_store.n; i++)
		(void)map_add(&k->r->key, map_key(&w->only_store, i));
	rc = map_bytes(&k->r->key) > SUSPECT_BYTES ? -1 : 0;
	(void)pthread_mutex_unlock(&k->lock);
	hashes_reset(w);
	store_reset(w);
	return rc == 0 ? 0 : err_set(e, EX_DATAERR, "%s: so many rows differ that their keys take more than %u MB: load it again as a whole, or compare parts (--from, --to)",
	    k->r->pair->source, SUSPECT_BYTES >> 20);
}

/* ---- look */

static void
look_reset(struct worker *w)
{
	w->fault = 0;
}

static struct look *
look_of(struct worker *w, const struct slice *cell)
{
	const struct reconcile *r = w->work->r;
	uint32_t i = map_find(&r->key, key_of(w, cell));
	size_t at;

	if (i == MAP_NONE)
		return NULL;
	at = r->order[i];	/* its place */
	return at >= w->task->from && at < w->task->to ? &w->look[at - w->task->from] : NULL;
}

static void
look_row(struct worker *w, int side, const struct slice *cell)
{
	struct look *l = look_of(w, cell);
	const unsigned keys = w->work->r->pair->keys;
	uint64_t h;

	if (modulo(cell[keys], &h) == -1) {
		w->fault = 1;
		return;
	}
	if (l == NULL)
		return;
	if (l->has[side] && l->hash[side] != h)
		l->torn = 1;
	l->has[side] = 1;
	l->hash[side] = h;
	if (side == 0)
		l->inside = cell[keys + 1].n == 1 && *cell[keys + 1].p == '1';
}

static void
look_source(struct worker *w, const struct slice *cell)
{
	look_row(w, 0, cell);
}

static void
look_store(struct worker *w, const struct slice *cell)
{
	look_row(w, 1, cell);
}

static int
look_step(struct worker *w, const struct task *t, struct err *e)
{
	struct reconcile_work *k = w->work;
	struct reconcile *r = k->r;
	const size_t n = t->to - t->from;
	const uint32_t *number = r->order + r->key.n;
	struct slice *key = mem_alloc(n * sizeof *key);
	size_t i;
	int rc = -1;

	w->look = mem_alloc(n * sizeof *w->look);
	w->task = t;
	for (i = 0; i < n; i++)
		key[i] = map_key(&r->key, number[t->from + i]);
	/* the source last: a row that it changed in between is younger than what is compared */
	buf_clear(&w->sql);
	pair_look(&k->store, key, n, &w->sql);
	if (ask(w, 1, r->pair->keys + 2, look_store, look_reset, e) == -1)
		goto out;
	buf_clear(&w->sql);
	pair_look(&k->source, key, n, &w->sql);
	if (ask(w, 0, r->pair->keys + 2, look_source, look_reset, e) == -1)
		goto out;
	for (i = 0; i < n; i++) {
		const struct look *l = &w->look[i];

		r->why[t->from + i] = !l->has[0] ? (l->has[1] ? RECONCILE_EXTRA : RECONCILE_SAME) : !l->inside ? RECONCILE_SAME :
		    !l->has[1] ? RECONCILE_MISSING : l->torn || l->hash[0] != l->hash[1] ? RECONCILE_DIFFERS : RECONCILE_SAME;
	}
	rc = 0;
out:
	free(key);
	free(w->look);
	w->look = NULL;
	return rc;
}

/* ---- workers */

static struct task *
take(struct reconcile_work *k, int asks)
{
	struct task *t = NULL;
	size_t i;

	(void)pthread_mutex_lock(&k->lock);
	for (i = 0; i < k->tasks && !k->stop && t == NULL; i++)
		if (!k->task[i].taken && k->task[i].side == asks) {
			t = &k->task[i];
			t->taken = 1;
		}
	(void)pthread_mutex_unlock(&k->lock);
	return t;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct err e = ERR_NONE;
	const struct task *t;

	while ((t = take(w->work, w->asks)) != NULL)
		if (w->step(w, t, &e) == -1)
			fault_of(w->work, &e);
	return NULL;
}

/* Runs the tasks: sums by so many workers for each side, the other steps by so many that ask both. */
static int
run(struct reconcile_work *k, step *what, int sides, struct err *e)
{
	const unsigned n = k->r->workers * (unsigned)sides;
	struct worker *w = mem_alloc((n + 1) * sizeof *w);
	sigset_t all, old;
	unsigned i, started;

	(void)sigfillset(&all);
	for (i = 0; i < n; i++) {
		w[i].work = k;
		w[i].step = what;
		w[i].asks = sides == 1 ? -1 : (int)(i % 2);
	}
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	for (started = 1; started < n; started++)
		if (pthread_create(&w[started].thread, NULL, work, &w[started]) != 0)
			break;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	/* the others do it, one after the other, when no thread is to be had */
	(void)work(&w[0]);
	for (i = started; i < n; i++)
		(void)work(&w[i]);
	for (i = 1; i < started; i++)
		(void)pthread_join(w[i].thread, NULL);
	for (i = 0; i < n; i++) {
		db_close(w[i].db[0]);
		db_close(w[i].db[1]);
		free(w[i].sums.p);
		free(w[i].open);
		map_fini(&w[i].seen);
		map_fini(&w[i].only_store);
		buf_fini(&w[i].key);
		buf_fini(&w[i].sql);
		buf_fini(&w[i].text);
	}
	free(w);
	for (i = 0; i < k->tasks; i++)
		buf_fini(&k->task[i].sql);
	k->tasks = 0;
	if (k->err.status == 0)
		return 0;
	*e = k->err;
	return -1;
}

static struct task *
add(struct reconcile_work *k, int side)
{
	k->task = mem_grow(k->task, &k->cap, k->tasks + 1, sizeof *k->task);
	k->task[k->tasks] = (struct task){ .side = side };
	return &k->task[k->tasks++];
}

/* ---- what there is to be asked */

static void
cut_row(struct worker *w, const struct slice *cell)
{

	w->fault = num_i64(cell[0], &w->work->source.cut) == -1;
}

static void
any_row(struct worker *w, const struct slice *cell)
{
	(void)w;
	(void)cell;
}

static void
type_row(struct worker *w, const struct slice *cell)
{

	w->work->source.seconds = memmem(cell[0].p, cell[0].n, "DateTime64", 10) == NULL;
}

/* The source's clock, to the whole second; what precision the store's times have. */
static int
begin(struct worker *w, struct err *e)
{
	struct reconcile_work *k = w->work;
	const struct reconcile *r = k->r;

	buf_clear(&w->sql);
	buf_printf(&w->sql, "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint - %" PRId64, r->settle);
	if (open_side(w, 0, e) != NULL && db_kind(w->db[0]) != DB_POSTGRES)
		return err_set(e, EX_USAGE, "--source: not a database of PostgreSQL (postgresql://..., key=value ...)");
	if (ask(w, 0, 1, cut_row, look_reset, e) == -1)
		return -1;
	if (open_side(w, 1, e) == NULL)
		return -1;
	k->store.end = db_kind(w->db[1]) == DB_CLICKHOUSE ? PAIR_CLICKHOUSE : PAIR_POSTGRES;
	if (k->store.end == PAIR_POSTGRES || r->pair->at == NULL) {
		buf_clear(&w->sql);
		buf_puts(&w->sql, "SELECT 1");
		if (ask(w, 1, 1, any_row, look_reset, e) == -1)
			return -1;
	} else {
		buf_clear(&w->sql);
		buf_printf(&w->sql, "SELECT type FROM system.columns WHERE database = currentDatabase() AND table = '%s' AND name = '%s'", r->pair->store, r->pair->at);
		if (ask(w, 1, 1, type_row, look_reset, e) == -1)
			return -1;
	}
	k->store.seconds = k->source.seconds;
	k->store.cut = k->source.cut;
	return 0;
}

/* The sums of a table of PostgreSQL by ranges of its pages; of one that cannot be cut, or of ClickHouse, at once. */
static int
ranges(struct worker *w, int side, struct err *e)
{
	struct reconcile_work *k = w->work;
	const struct pair_sql *q = side == 0 ? &k->source : &k->store;
	const struct pg_options o = { .conninfo = side == 0 ? k->r->source : k->r->store, .app = k->r->tool->name };
	struct pgtable t = { 0 };
	struct buf where = { 0 };
	long long page, pages, by;
	struct task *task;
	struct pg *p = NULL;
	size_t i;
	int rc = 0;

	if (q->end != PAIR_CLICKHOUSE && k->r->workers > 1)
		if ((p = pg_open(&o, e)) == NULL || pg_use_mart(p, e) == -1 || pgtable_open(&t, p, table(w, side), NULL, e) == -1 || pgtable_leaves(&t, p, e) == -1)
			rc = -1;
	for (i = 0; rc == 0 && i < t.leaves; i++) {
		pages = t.leaf[i].pages;
		by = pages / (k->r->workers * 4LL) > PAGES_MIN ? pages / (k->r->workers * 4LL) : PAGES_MIN;
		for (page = 0; page == 0 || page < pages; page += by) {
			buf_clear(&where);
			buf_printf(&where, "ctid >= '(%lld,0)'", page);
			if (page + by < pages)
				buf_printf(&where, " AND ctid < '(%lld,0)'", page + by);
			task = add(k, side);
			pair_sums(q, t.leaf[i].sql, buf_as_slice(&where), &task->sql);
		}
	}
	if (rc == 0 && t.leaves == 0) {
		task = add(k, side);
		pair_sums(q, NULL, (struct slice){ NULL, 0 }, &task->sql);
	}
	pg_close(p);
	pgtable_fini(&t);
	buf_fini(&where);
	return rc;
}

static void
batches(struct reconcile_work *k)
{
	uint64_t rows = 0;
	size_t i, from = 0;
	struct task *t;

	for (i = 0; i < k->n; i++) {
		rows += k->rows[i];
		if (i + 1 < k->n && rows + k->rows[i + 1] <= BATCH_ROWS && i + 1 - from < BATCH_BUCKETS)
			continue;
		t = add(k, -1);
		t->from = from;
		t->to = i + 1;
		from = i + 1;
		rows = 0;
	}
}

/* ---- order of keys */

struct ordered {
	struct slice key;
	int64_t number;
	uint32_t at;
};

static int
by_key(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return slice_cmp(x->key, y->key);
}

/* order: the place of each suspect, and behind that the suspect of each place */
static void
sort(struct reconcile *r)
{
	const size_t n = r->key.n;
	struct ordered *o = mem_alloc((n + 1) * sizeof *o);
	size_t i;

	for (i = 0; i < n; i++) {
		o[i].key = map_key(&r->key, (uint32_t)i);
		o[i].at = (uint32_t)i;
		if (r->pair->numeric)
			(void)num_i64(o[i].key, &o[i].number);
	}
	if (n > 0)
		qsort(o, n, sizeof *o, by_key);
	r->order = mem_alloc((2 * n + 1) * sizeof *r->order);
	r->why = mem_alloc((n + 1) * sizeof *r->why);
	for (i = 0; i < n; i++) {
		r->order[o[i].at] = (uint32_t)i;
		r->order[n + i] = o[i].at;
	}
	free(o);
}

int
reconcile_run(struct reconcile *r, struct err *e)
{
	struct reconcile_work k = { .r = r, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct worker first = { .work = &k };
	struct task *t;
	size_t i;
	int rc = -1;

	k.source = (struct pair_sql){ .pair = r->pair, .end = PAIR_SOURCE, .from = r->from, .to = r->to };
	k.store = k.source;
	if (begin(&first, e) == -1 || ranges(&first, 0, e) == -1 || ranges(&first, 1, e) == -1)
		goto out;
	if (run(&k, sums_step, 2, e) == -1)
		goto out;
	compare(&k);
	batches(&k);
	if (run(&k, hashes_step, 1, e) == -1)
		goto out;
	r->suspects = r->key.n;
	sort(r);
	for (i = 0; i < r->key.n; i += LOOK_KEYS) {
		t = add(&k, -1);
		t->from = i;
		t->to = r->key.n - i < LOOK_KEYS ? r->key.n : i + LOOK_KEYS;
	}
	if (run(&k, look_step, 1, e) == -1)
		goto out;
	for (i = 0; i < r->key.n; i++) {
		r->missing += r->why[i] == RECONCILE_MISSING;
		r->differs += r->why[i] == RECONCILE_DIFFERS;
		r->extras += r->why[i] == RECONCILE_EXTRA;
	}
	rc = 0;
out:
	db_close(first.db[0]);
	db_close(first.db[1]);
	buf_fini(&first.sql);
	buf_fini(&first.text);
	for (i = 0; i < k.tasks; i++)
		buf_fini(&k.task[i].sql);
	free(k.task);
	free(k.sums[0].p);
	free(k.sums[1].p);
	free(k.differs);
	free(k.rows);
	return rc;
}

void
reconcile_fini(struct reconcile *r)
{
	map_fini(&r->key);
	free(r->why);
	free(r->order);
}

int
reconcile_next(struct reconcile *r, size_t *i, struct slice *key, enum reconcile_why *why)
{
	while (*i < r->key.n && r->why[*i] == RECONCILE_SAME)
		++*i;
	if (*i == r->key.n)
		return 0;
	*key = map_key(&r->key, r->order[r->key.n + *i]);
	*why = r->why[(*i)++];
	return 1;
}
