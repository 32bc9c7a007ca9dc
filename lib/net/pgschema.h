#ifndef NET_PGSCHEMA_H_
#define NET_PGSCHEMA_H_

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/pg.h"

/*
 * The schema that ships with Waybill (scripts/sql/postgres.sql, postgres_views.sql), and a database brought up to it, in one
 * transaction.  In its text a column, or a constraint, is a line, and what differs on Greenplum is marked (see its head).
 */
struct pgschema_options {
	int dry;		/* nothing is changed, and statements are only told */
	int greenplum;		/* the text is for Greenplum, whatever the server says that it is */
	const char *only;	/* one table, with its indexes and comments, if it is missing; NULL: all of it */
	const char *grant;	/* a role that may read marts, views and checks; NULL: none */
	const char *version;	/* is kept as "schema" in wb_state, of the version now; NULL: not */
	long long now;
	void (*say)(void *arg, struct slice statement);	/* each statement that changes something */
	void *arg;
};

/* Appends the text as it is for that server: version as pg_version() has it. */
void pgschema_adapt(struct slice text, int greenplum, int version, struct buf *out);

/* The next statement of such a text, without its semicolon.  0 at the end. */
int pgschema_next(struct slice *text, struct slice *one);

/*
 * Tables and columns that are missing are made, functions, comments and views that are not as they should be made anew, and
 * nothing is done to what is as it should be.  A view whose columns have changed is dropped with all those of the text, and made
 * again with the rights that it had.  0, or -1: nothing has changed; EX_CONFIG also for an "only" that the text has not.
 */
int pgschema_apply(struct pg *p, struct slice tables, struct slice views, const struct pgschema_options *o, struct err *e);

#endif
