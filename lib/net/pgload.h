#ifndef NET_PGLOAD_H_
#define NET_PGLOAD_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "net/pg.h"
#include "net/pgtarget.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Loading of one table of PostgreSQL or Greenplum (wb-pg-load.1).  Rows stream by COPY into a temporary table
 * that has the columns, defaults and checks of the table, and go from there into the table by key, in one transaction, at
 * pgload_flush() or when many are held: of several rows of a key, there and here, the greatest version stands.
 *
 * A transaction that may or may not have been committed is done again, which changes nothing; while the server is
 * away it is tried again, for ever.  When a row is to blame it is found and handed to refuse(); the others are stored.
 */
struct pgload;

struct pgload_config {
	struct pgtarget_options target;		/* swap: nothing is stored before pgload_swap() */
	uint64_t memory;			/* bytes of rows in one transaction, 0: 128 MiB */
	uint64_t max_refused;			/* rows of one that the server may refuse before all is given up, 0: any */
	void (*say)(void *arg, const char *line);	/* what is tried again and why */
	void (*refuse)(void *arg, struct slice line, const struct fault *f);	/* NULL: a row that is refused ends it all */
	void *arg;
};

/* It waits for a server that is away.  NULL: EX_CONFIG, EX_USAGE. */
struct pgload *pgload_open(const struct pg_options *o, const struct pgload_config *config, struct err *e);
void pgload_close(struct pgload *l);	/* what was not flushed is thrown away */

/*
 * One record: 1 it is taken; 0: f says why it is refused; -1: loading has failed.  Records that were taken before may be stored,
 * and some of them handed to refuse(), never this one.
 */
int pgload_add(struct pgload *l, const struct json *j, struct slice line, const struct json_value *src, struct fault *f, struct err *e);

/* Everything that was added is stored.  0, or -1: EX_CONFIG, EX_DATAERR (max_refused). */
int pgload_flush(struct pgload *l, struct err *e);

/*
 * The rows take the place of those of the days: a list of days and, with hour (the column), of full hours.  scope: of
 * wb_horizon or NULL.  0, or -1: nothing was replaced; EX_TEMPFAIL: to be done again from the beginning.
 */
int pgload_swap(struct pgload *l, const char *days, const char *hour, const char *scope, struct err *e);

/* Rows that the server has confirmed, since the start. */
uint64_t pgload_loaded(const struct pgload *l);

#endif
