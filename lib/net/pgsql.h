#ifndef NET_PGSQL_H_
#define NET_PGSQL_H_

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/pg.h"
#include "net/sql_param.h"

/* PostgreSQL's SQL as text: where a statement ends, what may be written into one. */

/*
 * Cuts the next statement off *sql, as psql does: 1 and *one (without its semicolon, without what is blank or comment
 * around it), or 0 when only blanks and comments are left.  Semicolons in quotes, comments, parentheses and in
 * the BEGIN ATOMIC ... END of a function end nothing.
 */
int pgsql_next(struct slice *sql, struct slice *one);

/*
 * Appends sql with every :name and :'name' replaced by its value as a literal (\N: NULL), every :"name" by the names in its
 * value, "a, b", each quoted.  Casts (::), quotes and comments stay as they are, and in [ ] a name without a value.
 * 0, or -1 with EX_USAGE: no such value, or an empty name in a list.
 */
int pgsql_bind(struct pg *p, struct slice sql, const struct sql_param *param, size_t n, struct buf *out, struct err *e);

/* What a statement, as pgsql_next() gives it, begins with. */
enum pgsql_kind {
	PGSQL_QUERY,	/* SELECT, VALUES, TABLE, WITH, ( */
	PGSQL_CHANGE,	/* INSERT, UPDATE, DELETE, MERGE */
	PGSQL_OTHER,
};
enum pgsql_kind pgsql_kind(struct slice one);

/* Appends a literal of an array of texts, or of whole numbers: '{"a","b"}', '{1,2}'. */
void pgsql_array(struct pg *p, struct buf *out, const struct slice *value, size_t n, int numeric);

#endif
