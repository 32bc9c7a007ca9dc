#ifndef RUN_PGREAD_H_
#define RUN_PGREAD_H_

#include <stddef.h>

#include "net/pg.h"
#include "net/pgtable.h"
#include "run/stage.h"

/*
 * COPY statements whose rows become the records of a source, by several connections side by side that see one
 * snapshot.  Each takes the next statement when it has done one, so the order of records is defined for one only.
 */
struct pgread {
	/* set by the program */
	struct stage *st;
	const struct pg_options *options;	/* of the further connections */
	char *snapshot;				/* that they see; freed by pgread_fini() */
	unsigned workers;			/* 1: only the first connection */

	/* inner */
	struct pgread_task {
		const struct pgtable *table;
		char *sql;
	} *task;
	size_t n, cap, next;
	struct pgread_lock *lock;
};

/* One more statement; sql is taken over. */
void pgread_add(struct pgread *r, const struct pgtable *t, struct buf *sql);

/* Begins a transaction that sees the snapshot (NULL: its own), and nothing else.  0 or -1. */
int pgread_begin(struct pg *p, const char *snapshot, struct err *e);

/* Runs them all; what goes wrong is the stage's.  first has begun. */
void pgread_run(struct pgread *r, struct pg *first);
void pgread_fini(struct pgread *r);

#endif
