#ifndef PARCEL_MART_H_
#define PARCEL_MART_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "parcel/days.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Rows of a mart from rows of facts and staging (wb-aggregate.1 "MARTS"): documents, or
 * rows of views, whose members have the same names.  The rows are those of the views
 * v_*_from_facts and v_*_from_staging, their members named and ordered like the columns
 * of the table.  How a mart is made: mart_kind.h.
 */
struct mart;

enum mart_result {
	MART_COUNTED,		/* stands in a row, or will when the rest of its call is there */
	MART_OUTSIDE,		/* all its days or hours are outside of those wanted */
	MART_ORPHAN,		/* a shipment that no row of the OLTP knows: counts nowhere */
	MART_NOT_DUE,		/* mart_sla_day: not_applicable */
	MART_NO_COURIER,	/* mart_courier_day: no step names one */
	MART_CLOSED,		/* mart_backlog_hour: not open at the hour */
	MART_SETTLED,		/* mart_integration_hour: a reject that is resolved, or has no time */
	MART_RESULTS
};

/* What the account calls a record that was left out, by result; NULL for MART_COUNTED. */
extern const char *const mart_left_out[MART_RESULTS];

/* The mart of that table name, or NULL.  now (ms): when the rows are made. */
struct mart *mart_new(const char *name, int64_t now);
void mart_free(struct mart *m);

/* The names of all marts, in a fixed order; NULL behind the last one. */
const char *mart_name(size_t i);

/* 1 when a row stands on an hour, and days may name hours. */
int mart_is_hourly(const struct mart *m);

/*
 * The kinds of records that it is made of, from 0: the view or table they come from
 * (NULL behind the last one), and the members that are read, which live for ever.
 */
const char *mart_reads(const struct mart *m, size_t source, size_t *members);
const char *mart_member(const struct mart *m, size_t source, size_t i);

/*
 * Counts one record.  days is what is wanted, NULL: all.  enum mart_result, or -1:
 * with fault->code set the record is to be rejected and counted nowhere, else e is
 * EX_DATAERR, a sum that does not fit its column.  A member that is not there is a
 * fault, but for those that wb-records.5 lets an event leave out.
 */
int mart_add(struct mart *m, const struct json *j, const struct days *days, struct fault *fault, struct err *e);

/* Memory that the rows take. */
size_t mart_bytes(const struct mart *m);

/*
 * Number of rows; sorts them by key: rows of the same records are the same bytes in any
 * order of input.  SIZE_MAX with e EX_DATAERR: a counter or sum does not fit its column.
 * Calls are counted here: all rows of a call must have been added.
 */
size_t mart_rows(struct mart *m, struct err *e);

/* What a counter and a sum may reach; for tests, as 2^32 - 1 and 2^63 - 1 are far away. */
void mart_limit(struct mart *m, uint64_t counter, uint64_t sum);

/*
 * Row i (as sorted) as a JSON object at dst, which has room for mart_row_max()
 * bytes; its end.  Its lineage are now, cut to the second, and batch (a JSON string, its
 * quotes included).
 */
size_t mart_row_max(const struct mart *m, size_t i, struct slice batch);
char *mart_put(const struct mart *m, size_t i, struct slice batch, char *dst);

#endif
