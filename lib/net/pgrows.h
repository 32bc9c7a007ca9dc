#ifndef NET_PGROWS_H_
#define NET_PGROWS_H_

#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"
#include "net/pg.h"

/*
 * The rows of a statement on PostgreSQL, one by one, as JSON objects or cell by cell: what chrows.h is for ClickHouse.
 * Values are as pgtext.h has them.  What can be copied (SELECT and the like, what changes rows and returns them) streams;
 * of other statements with rows (EXPLAIN, SHOW, FETCH) the result is held in memory whole.
 *
 *	r = pgrows_open(pg, sql, &e);
 *	while ((rc = pgrows_next(r, &e)) > 0) {
 *		p = stage_room(st, pgrows_size(r));
 *		stage_put(st, pgrows_json(r, p));
 *	}
 *	pgrows_close(r);
 */
struct pgrows;

/* One statement, without a semicolon; one without columns has been carried out then.  NULL with e. */
struct pgrows *pgrows_open(struct pg *p, struct slice sql, struct err *e);
void pgrows_close(struct pgrows *r);	/* NULL: nothing; before the end: breaks the statement off */

/* 1: the next row; 0: the end, all has come; -1 with e: EX_DATAERR for a value that no record can have, else of the server. */
int pgrows_next(struct pgrows *r, struct err *e);

/* Bytes that pgrows_json() needs at most for the row, and the object at dst; returns its end (no LF). */
size_t pgrows_size(const struct pgrows *r);
char *pgrows_json(struct pgrows *r, char *dst);

size_t pgrows_columns(const struct pgrows *r);
struct slice pgrows_name(const struct pgrows *r, size_t col);

/* One cell as plain text at dst (pgrows_size() bytes); returns its end.  *null is set when it is NULL (and nothing is written). */
char *pgrows_cell(struct pgrows *r, size_t col, char *dst, int *null);

#endif
