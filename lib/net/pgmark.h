#ifndef NET_PGMARK_H_
#define NET_PGMARK_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/pg.h"

/*
 * How far a table has been read, so that the next read misses nothing and repeats little
 * (wb-pg-extract.1 "What is new").
 *
 * A transaction that commits late makes rows visible whose cursor lies behind that of rows read
 * long ago.  But its cursor values are not older than its own start (updated_at is set within it, ids are
 * drawn within it), and the server tells when the transactions that run now have begun:
 *
 *   updated_at	the next read begins at the start of the oldest one that ran at the snapshot
 *   id		the next read begins behind the greatest id that was visible at a moment (a sample)
 *		before which nothing began that still runs
 *
 * A prepared transaction tells no start, nor does a session without track_activities: while there is one, nothing moves on; nor
 * when the clock was set back, which is seen by a transaction that is to begin yet.
 */
#define PGMARK_TIME 28		/* 2024-06-03T07:00:00.000000Z and NUL: such texts sort as their times do */
#define PGMARK_SAMPLES 256

struct pgmark {
	char *table;		/* as in the state */
	char *cursor;		/* column */
	int by_id;		/* append-only: the cursor is an id */
	char from[PGMARK_TIME];	/* rows of updated_at >= from are new; "": all are */
	int has_after;
	int64_t after;		/* rows of id > after are new */
	struct pgmark_sample {
		char at[PGMARK_TIME];
		int64_t id;
	} sample[PGMARK_SAMPLES];	/* ascending */
	size_t samples;
	int fresh;		/* of the table that is read now */
};

/* What runs at a moment. */
struct pghorizon {
	char now[PGMARK_TIME];		/* before it was looked at */
	char begin[PGMARK_TIME];	/* now, or the start of the oldest transaction, less the overlap */
	char oldest[PGMARK_TIME];	/* start of the oldest transaction, "" when none runs */
	char who[256];			/* of that one, for people: pid, user, application */
	int64_t age;			/* s */
	int64_t prepared;		/* transactions */
	char gid[256];			/* of the oldest of them */
	int64_t blind;			/* sessions that tell nothing (track_activities is off) */
	int64_t ahead;			/* transactions that began after now: the clock was set back */
};

/*
 * Takes a sample of m's table (sql: its quoted name) and adds it to m; only for by_id.
 * The horizon, after the samples and before the snapshot.  overlap in s.  A transaction older than the samples is
 * waited for, up to a second.  0; of a sample 1: the greatest id lies before what was read, so ids have begun anew, and so does m; or -1: EX_CONFIG when the role does not see others' transactions, or the server is a standby.
 */
int pgmark_sample(struct pgmark *m, struct pg *p, const char *sql, struct err *e);
int pghorizon_take(struct pghorizon *h, struct pg *p, int64_t overlap, struct err *e);

/* 1 when m is of a time that the server's clock has not reached: it was set back, and m begins anew. */
int pgmark_is_ahead(struct pgmark *m, const struct pghorizon *h);

/* The mark that holds once everything behind m, in a snapshot taken after h, has been read. */
void pgmark_advance(struct pgmark *m, const struct pghorizon *h);

/* The state: the marks of all tables, a file. */
struct pgstate {
	struct pgmark *mark;
	size_t n, cap;
};

/* Reads the file; one that is not there is an empty state.  0, or -1 EX_CONFIG. */
int pgstate_read(struct pgstate *s, const char *path, struct err *e);

/*
 * The mark of a table, made when it is new.  One with another cursor is no mark: begins anew.
 * Valid until the next call.
 */
struct pgmark *pgstate_mark(struct pgstate *s, const char *table, const char *cursor, int by_id);
void pgstate_text(const struct pgstate *s, struct buf *b);
void pgstate_fini(struct pgstate *s);

#endif
