#ifndef RUN_RECONCILE_H_
#define RUN_RECONCILE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "run/pair.h"
#include "run/tool.h"

/*
 * A table of the source compared with its pair in the store, in three steps:
 *
 *	sums	counts and sums of hashes by bucket, of both servers at the same time;
 *	hashes	keys and hashes of the buckets that differ: a row that only one side has makes its key suspect;
 *	look	suspects are looked up once more, in the store and then in the source, and only what differs then counts.
 *
 * The last step is what makes the answer true while both sides are being written to.  A row that was in another bucket, or
 * changed between the first two reads, is found alike in it; one that the source changed since the start is younger
 * than what is compared.  So no statement needs the snapshot of another, and one that broke off is simply asked again.
 */
struct reconcile {
	/* set by the program, borrowed */
	const struct tool *tool;
	const char *source, *store;	/* as db_open() has them */
	const struct pair *pair;
	int64_t from, to;		/* s, of the pair's time; INT64_MIN, INT64_MAX: no bound */
	int64_t settle, wait;		/* s: what is younger is left out; how long a server is waited for */
	unsigned workers;
	int extra;			/* find what only the store has too */

	/* what has been seen */
	uint64_t source_rows, store_rows, buckets, differing, suspects;
	uint64_t missing, differs, extras;

	/* inner */
	struct map key;			/* suspects; several columns with '\0' between */
	enum reconcile_why { RECONCILE_SAME, RECONCILE_MISSING, RECONCILE_DIFFERS, RECONCILE_EXTRA } *why;
	uint32_t *order;
	struct reconcile_work *work;
};

#define RECONCILE_WORKERS 64

/* 0, or -1 with e: EX_CONFIG, EX_TEMPFAIL, EX_DATAERR (of too many suspects too).  reconcile_fini() after both. */
int reconcile_run(struct reconcile *r, struct err *e);
void reconcile_fini(struct reconcile *r);

/* The i-th key, in their order, of those that are not the same: 1; 0 behind the last.  It lives as long as r. */
int reconcile_next(struct reconcile *r, size_t *i, struct slice *key, enum reconcile_why *why);

#endif
