#ifndef PARCEL_CALENDAR_H_
#define PARCEL_CALENDAR_H_

#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"

/*
 * Business days and opening hours (wb-rules.5 "calendar").  Instants are whole
 * seconds since 1970, days are days since 1970 (base/utc.h).
 */
#define CALENDAR_FIRST 10957		/* 2000-01-01 */
#define CALENDAR_DAYS 36525		/* to 2099-12-31 */

struct calendar {
	char *id;
	const struct zone *zone;
	uint8_t week[7];		/* Monday first */
	int32_t open, close;		/* seconds of the day, close up to 86400 */
	int32_t *holiday, *workday;	/* workdays beat holidays beat week */
	size_t holidays, workdays;
	uint64_t bday[CALENDAR_DAYS / 64 + 1];	/* of CALENDAR_FIRST on; made by calendar_make() */
};

/* Always open: seven days, 00:00 to 24:00, UTC. */
void calendar_always(struct calendar *c);
void calendar_fini(struct calendar *c);		/* frees id and lists */

/*
 * To be called when the other members are set; sorts the lists.  0, or the first
 * year of 2000 to 2099 that has no business day.
 */
int calendar_make(struct calendar *c);

int calendar_is_bday(const struct calendar *c, int32_t day);
int32_t calendar_next(const struct calendar *c, int32_t day);		/* day, or the next business day */
int32_t calendar_add(const struct calendar *c, int32_t day, int32_t n);	/* n business days behind day */
int32_t calendar_count(const struct calendar *c, int32_t after, int32_t to);	/* business days in (after, to] */

/*
 * The instant at which sec open seconds are used up, counted from the first open
 * second at or after start; opening hours are read on the clock of z.
 */
int64_t calendar_add_open(const struct calendar *c, const struct zone *z, int64_t start, int64_t sec);

/* Open seconds in [from, to). */
int64_t calendar_count_open(const struct calendar *c, const struct zone *z, int64_t from, int64_t to);

/* Instant of a second of a local day (0 to 86400), and the local day of an instant. */
int64_t calendar_instant(const struct zone *z, int32_t day, int32_t sec);
int32_t calendar_day(const struct zone *z, int64_t at);

#endif
