#ifndef BASE_UTC_H_
#define BASE_UTC_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Instants are int64_t milliseconds since 1970-01-01T00:00:00Z (no leap
 * seconds), seconds where a name ends in _sec; days are int32_t days since
 * 1970-01-01 in the proleptic Gregorian calendar.
 */
#define UTC_LEN 24		/* 2024-06-03T07:00:00.000Z */
#define UTC_DAY_LEN 10		/* 2024-06-03 */

/* Calendar. */
int32_t utc_day(int year, int month, int mday);		/* no check */
void utc_date(int32_t day, int *year, int *month, int *mday);
int utc_weekday(int32_t day);				/* 0 Monday .. 6 Sunday */
int utc_valid(int year, int month, int mday);		/* 1 when such a date exists, year 1..9999 */

/* Floor division of an instant: its whole second, its UTC day. */
int64_t utc_sec(int64_t ms);
int32_t utc_day_of(int64_t ms);

/* Canonical text, exactly UTC_LEN or UTC_DAY_LEN bytes, no NUL; returns dst + length.  Years 0..9999. */
char *utc_put(char *dst, int64_t ms);
char *utc_put_day(char *dst, int32_t day);

/* The same between quotes, as JSON has it; two bytes more. */
static inline char *
utc_quote(char *dst, int64_t ms)
{
	*dst++ = '"';
	dst = utc_put(dst, ms);
	*dst++ = '"';
	return dst;
}

static inline char *
utc_quote_day(char *dst, int32_t day)
{
	*dst++ = '"';
	dst = utc_put_day(dst, day);
	*dst++ = '"';
	return dst;
}

/* Reads just the canonical forms (24 or 10 bytes) quickly: 0, or -1 when s is not one. */
int utc_get(struct slice s, int64_t *ms);
int utc_get_day(struct slice s, int32_t *day);

/*
 * A time as feeds write it (wb-records.5 "Times"): RFC 3339; blank for T;
 * offset Z, +03:00, +0300, +03 or none; seconds left out; a fraction of 1 to 9
 * digits, cut to milliseconds; or a date alone.  What does not exist (month 13,
 * 29 February of a common year, second 60, 24:00) is -1.
 */
struct utc_text {
	int64_t ms;		/* as if the text were in UTC, the offset not yet taken off */
	int32_t offset;		/* seconds east of UTC */
	uint8_t has_offset;
	uint8_t date_only;
};
int utc_parse(struct slice s, struct utc_text *t);

/*
 * A time of the command line: RFC 3339 (no offset: UTC), YYYY-MM-DD (UTC
 * midnight), or -2h, -3d, -90s, -15m before now.  0 or -1.
 */
int utc_arg(struct slice s, int64_t now, int64_t *ms);

/*
 * Duration in seconds: 90s, 15m, 2h, 30d, or ISO 8601 PnDTnHnMnS (at least one
 * part; a day is 86400 s; whole numbers).  0 or -1.
 */
int utc_duration(struct slice s, int64_t *sec);

/* The wall clock, ms.  The only place that reads it; called by lib/run. */
int64_t utc_now(void);

/* The monotonic clock, ns: for intervals, never for records. */
int64_t utc_mono(void);

#endif
