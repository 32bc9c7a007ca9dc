/* Local times of the synthetic platform. */
#include "base/utc.h"
#include "parcel/synth_clock.h"

#define DAY_MS INT64_C(86400000)

/* First Sunday on or after a day. */
static int32_t
sunday(int32_t day)
{
	return day + 6 - utc_weekday(day);
}

static int
is_summer(const struct synth_zone *z, int64_t ms)
{
	int64_t begin, end;
	int y = 0, m = 0, d = 0;

	utc_date(utc_day_of(ms), &y, &m, &d);
	if (z->summer == SYNTH_SUMMER_EU) {
		begin = sunday(utc_day(y, 3, 25)) * DAY_MS + 3600000;
		end = sunday(utc_day(y, 10, 25)) * DAY_MS + 3600000;
	} else {
		begin = sunday(utc_day(y, 3, 8)) * DAY_MS + (7200 - z->std) * INT64_C(1000);
		end = sunday(utc_day(y, 11, 1)) * DAY_MS + (3600 - z->std) * INT64_C(1000);
	}
	return begin <= ms && ms < end;
}

int32_t
synth_clock_offset(const struct synth_zone *z, int64_t ms)
{
	if (z->summer == SYNTH_SUMMER_NONE)
		return z->std;
	return z->std + (is_summer(z, ms) ? 3600 : 0);
}

int32_t
synth_clock_day(const struct synth_zone *z, int64_t ms)
{
	return utc_day_of(ms + synth_clock_offset(z, ms) * INT64_C(1000));
}

int32_t
synth_clock_second(const struct synth_zone *z, int64_t ms)
{
	int64_t local = ms + synth_clock_offset(z, ms) * INT64_C(1000);

	return (int32_t)(utc_sec(local) - utc_day_of(local) * INT64_C(86400));
}

int64_t
synth_clock_instant(const struct synth_zone *z, int32_t day, int32_t sec)
{
	int64_t local = day * DAY_MS + sec * INT64_C(1000);
	int64_t t = local - z->std * INT64_C(1000);

	/* near enough to know the offset: changes are at night */
	return local - synth_clock_offset(z, t) * INT64_C(1000);
}

int
synth_clock_unsure(const struct synth_zone *z, int64_t ms)
{
	return z->summer != SYNTH_SUMMER_NONE &&
	    synth_clock_offset(z, ms - 3600000) != synth_clock_offset(z, ms + 3600000);
}
