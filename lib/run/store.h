#ifndef RUN_STORE_H_
#define RUN_STORE_H_

#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"
#include "rec/json.h"
#include "run/db.h"
#include "run/tool.h"

/*
 * A store as filters read it: rows of a table by key, one JSON object a row, whatever
 * kind of store it is.  One that is away is waited for, and said so.
 */
struct store;

/* url: what -d or WB_STORE says (db.h), NULL or "" when nothing does.  Connects to nothing yet.  NULL with EX_USAGE or EX_CONFIG. */
struct store *store_open(const char *url, const struct tool *t, struct err *e);
void store_close(struct store *s);

/* For --version. */
static inline const char *
store_libraries(void)
{
	return db_libraries();
}

/*
 * What is read.  Rows come in no order, and of rows that replace each other all that are
 * still there: the greatest version is the reader's to find.  When the store breaks off,
 * rows come again.
 */
struct store_query {
	const char *table;
	const char *columns;		/* names, ", " between */
	const char *key;		/* the column that keys are looked for in; NULL: every row of the table */
	int numeric;			/* the keys are whole numbers; else texts without U+0000, as JSON has none here */
	const char *where;		/* with key NULL: a condition that every kind of store understands, or NULL */
	/* told each row, which lives until it returns.  0; 1: enough, no more rows; -1 with e */
	int (*row)(void *arg, const struct json *row, struct err *e);
	void *arg;
};

/* 0; 1 when row() had enough; -1: e of row(), EX_CONFIG (no table, column, access), EX_DATAERR, EX_TEMPFAIL. */
int store_rows(struct store *s, const struct store_query *q, const struct slice *key, size_t keys, struct err *e);

/*
 * For a program that asks a store in its own words: after a fault of a query on a table, the tries before it not counted,
 * says so, pauses and returns 1: try again; 0: that is no use.
 */
int store_again(const struct tool *t, const char *table, const struct db_fault *f, unsigned tries);

#endif
