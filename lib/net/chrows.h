#ifndef NET_CHROWS_H_
#define NET_CHROWS_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "net/chtype.h"
#include "net/clickhouse.h"

/*
 * The rows of a query, one by one, as JSON objects or cell by cell.  The result
 * comes block by block (65,536 rows and the like), of which one is in memory.
 *
 *	r = chrows_open(c, sql, NULL, 0, &f);
 *	while ((rc = chrows_next(r, &f)) > 0) {
 *		p = stage_room(st, chrows_size(r));
 *		stage_put(st, chrows_json(r, p));
 *	}
 *	chrows_close(r);
 *
 * JSON: the members are the columns, in their order; times are 24 characters in UTC,
 * dates 10, integers and decimals bare, booleans true and false, NULL and what is no
 * number null, FixedString without the NULs at its end, arrays, tuples (with names:
 * objects) and maps nested.  Bytes that are no UTF-8 become U+FFFD; U+0000 is left out.
 */
struct chrows;

/* NULL with f. */
struct chrows *chrows_open(struct ch *c, struct slice sql, const struct sql_param *p, size_t np, struct ch_fault *f);
void chrows_close(struct chrows *r);	/* NULL: nothing; before the end: breaks the query off */

/* 1: the next row; 0: the end; -1 with f: the result is not whole. */
int chrows_next(struct chrows *r, struct ch_fault *f);

/* Bytes that chrows_json() needs at most for the row, and the object at dst; returns its end (no LF). */
size_t chrows_size(const struct chrows *r);
char *chrows_json(const struct chrows *r, char *dst);

/* Columns; 0 until the first block came (chrows_next()), or when the statement has no result. */
size_t chrows_columns(const struct chrows *r);
struct slice chrows_name(const struct chrows *r, size_t col);
const struct chtype *chrows_type(const struct chrows *r, size_t col);

/*
 * One cell as plain text at dst (chrows_size() bytes): strings as they are, anything
 * else as in JSON; returns its end.  *null is set when it is NULL (and nothing is written).
 */
char *chrows_cell(const struct chrows *r, size_t col, char *dst, int *null);

#endif
