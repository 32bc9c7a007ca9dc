#ifndef RUN_PAIR_H_
#define RUN_PAIR_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * A table of the OLTP and its pair in a store, and the statements that compare them (wb-reconcile.1 "Rows").
 *
 * Both servers make the same text of a row: the columns joined by "|", before each text its length in bytes, so that no
 * text can be taken for the end of another; times as whole numbers since 1970; null as N, or as what the store's column
 * has by default.  The row's hash is the first 8 bytes of the MD5 of that text.  Rows lie in buckets by the UTC day of
 * the pair's time and the last 6 bits of the hash: day * PAIR_PARTS + part; outside of PAIR_DAYS, and without a time,
 * days are the first and the last one.
 */
#define PAIR_PARTS 64
#define PAIR_DAYS 49672		/* from 1970-01-01; the last one is 2105-12-31 */

enum pair_kind { PAIR_TEXT, PAIR_NUMBER, PAIR_MONEY, PAIR_BOOL, PAIR_TIME, PAIR_DAY };

struct pair_column {
	const char *source, *store;	/* names; store NULL: the same */
	enum pair_kind kind;
	const char *fill;		/* what stands for null in the store's column, as SQL has it; NULL: nothing */
};

#define PAIR_COLUMNS 24
struct pair {
	const char *source, *store;	/* tables */
	unsigned keys;			/* how many of the columns, from the first, are the key */
	int numeric;			/* the key is a whole number */
	const char *at;			/* the time of both tables that never changes; NULL: none */
	const char *moved;		/* the source's time of the last change */
	int store_moves;		/* the store has that column too */
	const char *where;		/* which rows of the store count, or NULL */
	int by_key;			/* rows with equal keys are equal: only the key goes into the text */
	struct pair_column column[PAIR_COLUMNS];	/* ended by one without a name */
};

/* By the name of the source's table, or NULL; their names, separated by ", ". */
const struct pair *pair_find(const char *source);
const char *pair_names(void);

/* Whose words a statement is in. */
enum pair_end {
	PAIR_SOURCE,		/* the OLTP */
	PAIR_POSTGRES,		/* a store in PostgreSQL or Greenplum */
	PAIR_CLICKHOUSE,	/* of any version */
};

struct pair_sql {
	const struct pair *pair;
	enum pair_end end;
	int seconds;			/* the store keeps whole seconds, not milliseconds */
	int64_t from, to, cut;		/* s; INT64_MIN, INT64_MAX: no bound */
};

/* Appends a statement of the columns bucket, number of rows, sum of hashes; where: another condition, or empty; of: what is read, NULL: the table. */
void pair_sums(const struct pair_sql *q, const char *of, struct slice where, struct buf *b);

/* ... of the columns of the key, hash, for the rows of n buckets, which are in order. */
void pair_hashes(const struct pair_sql *q, const int64_t *bucket, size_t n, struct buf *b);

/*
 * ... of the columns of the key, hash, 1 when the row lies between the bounds, for rows of these keys; n of them, several columns
 * with '\0' between.  Rows of other keys may come too.
 */
void pair_look(const struct pair_sql *q, const struct slice *key, size_t n, struct buf *b);

#endif
