#ifndef PARCEL_SYNTH_CLOCK_H_
#define PARCEL_SYNTH_CLOCK_H_

#include <stdint.h>

/*
 * The clocks of the synthetic platform, on purpose apart from base/zone.h: no
 * tz data is read.  A zone has one offset, or the summer time of the European
 * Union (since 1996) or of the United States (since 2007).  Right from 2021 on,
 * for the zones of synth_ref.h.
 */
enum synth_summer {
	SYNTH_SUMMER_NONE,
	SYNTH_SUMMER_EU,	/* last Sunday of March 01:00 UTC to last Sunday of October 01:00 UTC */
	SYNTH_SUMMER_US,	/* second Sunday of March to first Sunday of November, 02:00 local */
};

struct synth_zone {
	const char *name;		/* IANA */
	int32_t std;			/* seconds east of UTC in winter */
	enum synth_summer summer;
};

/* Seconds east of UTC at an instant (ms). */
int32_t synth_clock_offset(const struct synth_zone *z, int64_t ms);

/* Local day of an instant (days since 1970-01-01), and seconds since its midnight. */
int32_t synth_clock_day(const struct synth_zone *z, int64_t ms);
int32_t synth_clock_second(const struct synth_zone *z, int64_t ms);

/* Instant (ms) of second sec of a local day; not for the hours of a change of the clocks. */
int64_t synth_clock_instant(const struct synth_zone *z, int32_t day, int32_t sec);

/* 1 when the clocks change within an hour of ms, so that its local time may be ambiguous. */
int synth_clock_unsure(const struct synth_zone *z, int64_t ms);

#endif
