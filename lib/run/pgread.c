/* The connections of an extractor, side by side. */
#include "run/pgread.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CHUNK (128 * 1024)	/* bytes of records that a worker hands over at a time */
#define WAIT_MS 200		/* for rows, before it is looked whether to stop */

/* What the workers share: the stage and the list of tasks. */
struct pgread_lock {
	pthread_mutex_t mutex;
	int stop;
};

struct worker {
	struct pgread *r;
	struct pg *pg;
	pthread_t thread;
	int main;		/* the one that hears signals */
	struct buf lines;
	uint64_t n;		/* of them */
};

void
pgread_add(struct pgread *r, const struct pgtable *t, struct buf *sql)
{
	r->task = mem_grow(r->task, &r->cap, r->n + 1, sizeof *r->task);
	r->task[r->n++] = (struct pgread_task){ .table = t, .sql = mem_dup(sql->p, sql->n) };
	buf_clear(sql);
}

int
pgread_begin(struct pg *p, const char *snapshot, struct err *e)
{
	struct buf b = { 0 };
	int rc = pg_exec(p, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", e);

	if (rc == 0 && snapshot != NULL) {
		buf_puts(&b, "SET TRANSACTION SNAPSHOT ");
		pg_literal(p, &b, slice_of(snapshot));
		rc = pg_exec(p, buf_str(&b), e);
		buf_fini(&b);
	}
	return rc;
}

/* Under the lock: 1 when nothing more is to be read. */
static int
stopped(struct worker *w)
{
	/* signals are heard by one thread, the first */
	if (w->main && stage_stopped(w->r->st))
		w->r->lock->stop = 1;
	if (w->r->st->err.status != 0 || w->r->st->out.failed)
		w->r->lock->stop = 1;
	return w->r->lock->stop;
}

/* Hands over the records so far.  1 when nothing more is to be read. */
static int
give(struct worker *w)
{
	struct stage *st = w->r->st;
	int stop;

	(void)pthread_mutex_lock(&w->r->lock->mutex);
	stop = stopped(w);
	if (!stop && w->n > 0) {
		st->acct.in += w->n;
		st->acct.out += w->n;
		stage_tee(st, buf_as_slice(&w->lines), w->n);
	}
	(void)pthread_mutex_unlock(&w->r->lock->mutex);
	buf_clear(&w->lines);
	w->n = 0;
	return stop;
}

static void
refuse(struct worker *w, const struct pgtable *t, struct slice src, struct slice row, const struct fault *f)
{
	struct stage *st = w->r->st;

	if (give(w))
		return;
	(void)pthread_mutex_lock(&w->r->lock->mutex);
	st->acct.in++;
	st->name = t->name;
	stage_reject_raw(st, src, row, f);
	(void)pthread_mutex_unlock(&w->r->lock->mutex);
}

/* One statement.  0; 1 to stop; -1 with e. */
static int
copy(struct worker *w, const struct pgread_task *task, struct err *e)
{
	struct pgtext t;
	struct slice row;
	struct fault f;
	char *src = mem_alloc(SRC_MAX(task->table->text.topic.n));
	size_t src_n = 0;
	int64_t number = 0;
	int rc, stop = 0;

	pgtext_clone(&t, &task->table->text);
	rc = pg_copy_out(w->pg, task->sql, e);
	while (rc == 0 && !stop && (rc = pg_copy_row(w->pg, WAIT_MS, &row, e)) > 0) {
		if (rc == 1 && pgtext_row(&t, row, ++number, &w->lines, src, &src_n, &f) == 0)
			w->n++;
		else if (rc == 1)
			refuse(w, task->table, (struct slice){ src, src_n }, row, &f);
		if (w->lines.n >= CHUNK || rc == 2)
			stop = give(w);
		rc = 0;
	}
	if (stop)
		pg_cancel(w->pg);
	else if (rc == 0)
		stop = give(w);
	pgtext_clone_fini(&t);
	free(src);
	return rc == -1 ? -1 : stop;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct pgread *r = w->r;
	struct err e = ERR_NONE;
	const struct pgread_task *task;
	size_t i;
	int rc = 0;

	if (w->pg == NULL) {
		if ((w->pg = pg_open(r->options, &e)) == NULL || pgread_begin(w->pg, r->snapshot, &e) == -1)
			rc = -1;
		/* tasks of one table follow one another */
		for (i = 0; rc == 0 && i < r->n; i++)
			if (i == 0 || r->task[i].table != r->task[i - 1].table)
				rc = pgtable_lock(r->task[i].table, 1, 1, w->pg, &e);
	}
	while (rc == 0) {
		(void)pthread_mutex_lock(&r->lock->mutex);
		task = !stopped(w) && r->next < r->n ? &r->task[r->next++] : NULL;
		(void)pthread_mutex_unlock(&r->lock->mutex);
		if (task == NULL)
			break;
		rc = copy(w, task, &e);
	}
	if (rc == -1) {
		(void)pthread_mutex_lock(&r->lock->mutex);
		(void)stage_fail(r->st, &e);
		(void)pthread_mutex_unlock(&r->lock->mutex);
	}
	if (!w->main)
		pg_close(w->pg);
	buf_fini(&w->lines);
	return NULL;
}

void
pgread_run(struct pgread *r, struct pg *first)
{
	struct pgread_lock lock = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct worker *w = mem_alloc((r->workers + 1) * sizeof *w);
	sigset_t all, old;
	unsigned i, n = r->workers < r->n ? r->workers : (unsigned)r->n;

	/* cppcheck-suppress autoVariables ; cleared before the end */
	r->lock = &lock;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	for (i = 1; i < n; i++) {
		w[i].r = r;
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			break;	/* the others do it */
	}
	n = i;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	w[0] = (struct worker){ .r = r, .pg = first, .main = 1 };
	(void)work(&w[0]);
	for (i = 1; i < n; i++)
		(void)pthread_join(w[i].thread, NULL);
	free(w);
	r->lock = NULL;
}

void
pgread_fini(struct pgread *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		free(r->task[i].sql);
	free(r->task);
	free(r->snapshot);
}
