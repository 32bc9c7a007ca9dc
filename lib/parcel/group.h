#ifndef PARCEL_GROUP_H_
#define PARCEL_GROUP_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "rec/json.h"
#include "rec/reject.h"

/* A group-by of any records (wb-aggregate.1 "EXPRESSIONS"). */
struct group;

#define GROUP_FIELDS 16
#define GROUP_EXPRS 64

/*
 * fields is FIELD[,FIELD...] or NULL: one group of all; list the arguments of -a,
 * each [NAME=]EXPR[,[NAME=]EXPR...].  NULL with EX_USAGE when one is wrong.
 */
struct group *group_new(const char *fields, const char *const *list, size_t n, struct err *e);
void group_free(struct group *g);

/*
 * Counts one record.  0, or -1: with fault->code set the record is to be rejected
 * and was counted nowhere, else e is EX_DATAERR, a sum that grew too large.
 */
int group_add(struct group *g, const struct json *j, struct fault *fault, struct err *e);

/* Memory that the groups take. */
size_t group_bytes(const struct group *g);

/* Number of groups; sorts them: null, false, true, numbers by value, texts byte by byte, the rest. */
size_t group_rows(struct group *g);

/* Group i (as sorted) as a JSON object at dst, which has room for group_row_max() bytes; its end. */
size_t group_row_max(const struct group *g, size_t i);
char *group_put(const struct group *g, size_t i, char *dst);

#endif
