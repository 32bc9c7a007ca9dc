#ifndef NET_PGTARGET_H_
#define NET_PGTARGET_H_

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/pg.h"
#include "net/pgcol.h"
#include "net/table_rules.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * A table of PostgreSQL as a loader sees it: how a record becomes a line of COPY, and the statements that bring such lines into
 * a temporary table and from there into the table (wb-pg-load.1 "What goes where", "Which row wins").
 *
 * The temporary table, wb_stage, has the columns, defaults and checks of the table, and the number of each line of its
 * transaction: where nothing else tells them apart, the last one of several rows counts.
 */
struct pgtarget_options {
	const char *table;			/* as SQL has it, found by the search path */
	const struct table_rules *rules;	/* name, known, is_object, left and fill count here */
	const char *key;			/* columns, by commas, NULL: of the primary key */
	int delete_insert;			/* rows of older versions are deleted, what is missing inserted: of itself on Greenplum */
	const char *month;			/* function that makes the partition of a day, and */
	const char *month_column;		/* the column of that day; NULL: none */
	int spread;				/* the table lies on several machines; of itself on Greenplum */
	int swap;				/* whole days are replaced: no key is needed, nothing goes by key */
};

struct pgtarget {
	char *table, *list;	/* quoted: name, columns that are loaded */
	const char *into;	/* behind the list in INSERT: identities are as the record has them */
	struct buf stage_sql;	/* makes the temporary table of a session */
	struct buf copy_sql;	/* into wb_stage */
	struct buf store_sql;	/* from there into the table, behind COPY, in its transaction */

	/* inner */
	const struct table_rules *rules;
	struct pgcol *col;
	size_t cols;
	int uses_src, has_left;	/* has columns that "_src" fills; that the server's clock does */
	struct json_names *names;
	const struct json_member **slot;
	struct buf scratch;
};

/* All zero at first.  0, or -1: EX_CONFIG for a table, key or column that is not there; EX_TEMPFAIL; pgtarget_fini() after both. */
int pgtarget_open(struct pgtarget *t, struct pg *p, const struct pgtarget_options *o, struct err *e);
void pgtarget_fini(struct pgtarget *t);

/* Whether a column of this name is loaded. */
int pgtarget_has(const struct pgtarget *t, const char *name);

/*
 * Appends the line of a record, number n of its transaction; src is its "_src" or NULL.  0, or -1: f says why it is none
 * (unknown, missing, column, type), and nothing is appended.
 */
int pgtarget_put(struct pgtarget *t, const struct json *j, const struct json_value *src, size_t n, struct buf *b, struct fault *f);

#endif
