#ifndef PARCEL_MART_H_
#define PARCEL_MART_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "parcel/days.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Rows of a mart from rows of facts (wb-aggregate.1 "MARTS"): documents, or rows of
 * v_shipment, whose members have the same names.  The rows are those of the views
 * v_*_from_facts, their members named and ordered like the columns of the table.
 */
struct mart;

enum mart_result {
	MART_COUNTED,		/* stands in a row at least */
	MART_OUTSIDE,		/* all its days are outside of the days wanted */
	MART_ORPHAN,		/* a shipment that no client or carrier row knows: counts nowhere */
	MART_NOT_DUE,		/* mart_sla_day: not_applicable */
};

/* The mart of that table name, or NULL. */
struct mart *mart_new(const char *name);
void mart_free(struct mart *m);

/* The members that it reads: their number and names, which live for ever. */
size_t mart_reads(const struct mart *m, const char *const **name);

/*
 * Counts one record.  days is what is wanted, NULL: all.  enum mart_result, or -1:
 * with fault->code set the record is to be rejected and counted nowhere, else e is
 * EX_DATAERR, a sum that does not fit its column.
 */
int mart_add(struct mart *m, const struct json *j, const struct days *days, struct fault *fault, struct err *e);

/* Memory that the rows take. */
size_t mart_bytes(const struct mart *m);

/*
 * Number of rows; sorts them by key: rows of the same records are the same bytes in any
 * order of input.  SIZE_MAX with e EX_DATAERR: a counter does not fit its column.
 */
size_t mart_rows(struct mart *m, struct err *e);

/* What a counter and a sum may reach; for tests, as 2^32 - 1 and 2^63 - 1 are far away. */
void mart_limit(struct mart *m, uint64_t counter, uint64_t sum);

/*
 * Row i (as sorted) as a JSON object at dst, which has room for mart_row_max()
 * bytes; its end.  computed_at (ms, written to the second) and batch (a JSON string, its
 * quotes included) are its lineage.
 */
size_t mart_row_max(const struct mart *m, size_t i, struct slice batch);
char *mart_put(const struct mart *m, size_t i, int64_t computed_at, struct slice batch, char *dst);

#endif
