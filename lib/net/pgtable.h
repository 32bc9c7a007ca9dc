#ifndef NET_PGTABLE_H_
#define NET_PGTABLE_H_

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/pg.h"
#include "net/pgtext.h"

/* What is read: a table, or a query.  For a table, how it is found again and how it is cut. */
struct pgtable {
	char *name;		/* in _src: of the table without its schema, or of the query */
	char *sql;		/* quoted name; NULL: a query */
	char *query;
	char *list;		/* quoted columns */
	char *id, *cursor;	/* columns, or NULL; an append-only table has no cursor */
	char *key;		/* column of --keys, or NULL */
	char *oid;
	int plain, partitioned;	/* COPY takes it as it is; it has partitions */
	int is_table;		/* neither a query nor a view: it can be locked */
	struct pgtext text;
	struct {
		char *sql;
		long long pages;
	} *leaf;		/* what can be cut by ctid: itself, or its partitions; leaves = 0: nothing */
	size_t leaves;
};

/*
 * A table by its name as SQL has it (schema.table), found by the search path.  cursor is
 * "COLUMN,ID", "ID", or NULL: as wb-pg-extract.1 "Tables" has it for the OLTP's own, none for others.  A query by its
 * text.  0, or -1: EX_CONFIG for what is not there.
 */
int pgtable_open(struct pgtable *t, struct pg *p, const char *name, const char *cursor, struct err *e);
int pgtable_query(struct pgtable *t, struct pg *p, const char *name, const char *query, const char *cursor, struct err *e);
void pgtable_fini(struct pgtable *t);

/*
 * Keeps n tables as they are to the end of the transaction, which has no snapshot yet: an ALTER TABLE that writes a table anew
 * and a TRUNCATE would leave it empty in an older snapshot.  now: what is locked is not waited for (EX_TEMPFAIL), as by those who
 * wait behind an ALTER that waits for their own first connection.  What is no table is passed over.  0 or -1.
 */
int pgtable_lock(const struct pgtable *t, size_t n, int now, struct pg *p, struct err *e);

/*
 * Looks what of a table can be cut by ctid, in the snapshot in which it is read: a partition that came before it is not
 * overlooked.  0 or -1.
 */
int pgtable_leaves(struct pgtable *t, struct pg *p, struct err *e);

/*
 * Appends the COPY statement: where is a condition or empty.  Of a leaf the pages from to to - 1; to < 0: no end.
 */
void pgtable_copy(const struct pgtable *t, struct buf *b, struct slice where);
void pgtable_copy_pages(const struct pgtable *t, struct buf *b, struct slice where, size_t leaf, long long from, long long to);

#endif
