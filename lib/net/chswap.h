#ifndef NET_CHSWAP_H_
#define NET_CHSWAP_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "net/clickhouse.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Replacing whole days of a table that is partitioned by month of its column "day".
 * The new rows are collected in a table of their own, STAGE; then, month by month,
 * the days that stay are copied beside them, everything is counted, and the stage's
 * partition takes the place of the table's in one step.  A day of the list without
 * rows is emptied.  Until then the table is as it was; after a failure all is done again.
 */
struct chswap;

struct chswap_config {
	const char *table;
	const char *batch;		/* makes the stage's name; what is no letter or digit becomes _ */
	const char *days;		/* list, by commas or lines, of days (2024-06-03) and, with hour, full hours (24 characters) */
	const char *hour;		/* column of full hours, NULL: the table stands on days only */
	const char *scope;		/* of wb_horizon, NULL: none */
	int (*lineage)(const char *column);	/* is left out of the checksum */
};

/*
 * Takes the lock of table and store (another run has it: EX_TEMPFAIL), checks the
 * list against the horizon (EX_DATAERR), drops stages that dead runs left, and makes
 * its own.  NULL with e.
 */
struct chswap *chswap_open(struct ch *c, const struct chswap_config *config, struct err *e);
void chswap_close(struct chswap *s);	/* NULL: nothing; drops the stage, if it can */

/* The table to load into. */
const char *chswap_stage(const struct chswap *s);

/* Whether a row stands on a day or hour of the list: 0, or -1 with code "range" or "missing". */
int chswap_check(const struct chswap *s, const struct json *j, struct fault *f);

/*
 * Everything has been loaded into the stage, rows of them in that month: puts it in
 * place.  rows_of(arg, month) tells how many rows were loaded for a month (year * 100 +
 * month).  0, or -1: nothing was swapped for the month at fault, nor for later ones.
 */
int chswap_commit(struct chswap *s, uint64_t (*rows_of)(void *arg, uint32_t month), void *arg, struct err *e);

#endif
