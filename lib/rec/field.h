#ifndef REC_FIELD_H_
#define REC_FIELD_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Typed reading of one member.  m may be NULL (absent); absent, null and (where it
 * means "no value") the empty string are no value.  Each returns 1 and the value, 0
 * for no value, or -1 with the fault set: code type, length, range, enum or time,
 * and the field's name.
 */

/*
 * Text of at most max bytes, unescaped into scratch when need be (raw.n bytes).
 * Lives as long as the record and scratch.
 */
int field_text(const struct json_member *m, const char *name, size_t max, char *scratch,
    struct slice *s, struct fault *f);

int field_int(const struct json_member *m, const char *name, int64_t min, int64_t max, int64_t *v, struct fault *f);

/* true and false; 1 and 0 as well, as a store without truth values (ClickHouse 18.16) gives them back. */
int field_bool(const struct json_member *m, const char *name, int *v, struct fault *f);

/* The canonical forms: 24 characters; 10 characters. */
int field_time(const struct json_member *m, const char *name, int64_t *ms, struct fault *f);
int field_day(const struct json_member *m, const char *name, int32_t *day, struct fault *f);

/* no value -> missing */
int field_missing(const char *name, struct fault *f);

#endif
