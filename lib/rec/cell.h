#ifndef REC_CELL_H_
#define REC_CELL_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Typed reading of one column of a row, be it of a database, with bare numbers and
 * booleans, or of wb-csv-extract, with strings throughout.  m may be NULL (absent).
 * Each returns 1 and the value, 0 for none (absent, null and, but for texts, the empty
 * string), or -1 with the fault set: code type, length, range or time, and the column's name.
 */

/* Text of at most max bytes, the empty one too; unescaped into scratch, CELL_TEXT(max) bytes, when need be. */
#define CELL_TEXT(max) (6 * (size_t)(max))
int cell_text(const struct json_member *m, const char *name, size_t max, char *scratch, struct slice *s, struct fault *f);

int cell_int(const struct json_member *m, const char *name, int64_t min, int64_t max, int64_t *v, struct fault *f);

/* A finite number. */
int cell_real(const struct json_member *m, const char *name, double min, double max, double *v, struct fault *f);

/* true, false, t, f, 1, 0. */
int cell_bool(const struct json_member *m, const char *name, int *v, struct fault *f);

/* An instant in any form of utc_parse() but a date alone; UTC when it has no offset. */
int cell_time(const struct json_member *m, const char *name, int64_t *ms, struct fault *f);

/* 2024-06-03. */
int cell_day(const struct json_member *m, const char *name, int32_t *day, struct fault *f);

#endif
