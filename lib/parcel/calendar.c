/* Calendars: which days are business days, and arithmetic on them and on their opening hours. */
#include "parcel/calendar.h"

#include <stdlib.h>

#include "base/utc.h"

#define DAY 86400

int64_t
calendar_instant(const struct zone *z, int32_t day, int32_t sec)
{
	return zone_instant(z, ((int64_t)day * DAY + sec) * 1000) / 1000;
}

int32_t
calendar_day(const struct zone *z, int64_t at)
{
	return zone_day(z, at * 1000);
}

void
calendar_always(struct calendar *c)
{
	*c = (struct calendar){ .zone = zone_utc(), .week = { 1, 1, 1, 1, 1, 1, 1 }, .close = DAY };
	(void)calendar_make(c);
}

void
calendar_fini(struct calendar *c)
{
	free(c->id);
	free(c->holiday);
	free(c->workday);
	*c = (struct calendar){ 0 };
}

static int
by_day(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static int
in_list(const int32_t *list, size_t n, int32_t day)
{
	return n > 0 && bsearch(&day, list, n, sizeof *list, by_day) != NULL;
}

static int
is_bday(const struct calendar *c, int32_t day)
{
	if (in_list(c->workday, c->workdays, day))
		return 1;
	return c->week[utc_weekday(day)] && !in_list(c->holiday, c->holidays, day);
}

int
calendar_make(struct calendar *c)
{
	int year, found = 0, last = 2000, bad = 0, month, mday;
	int32_t i;

	if (c->holidays > 0)
		qsort(c->holiday, c->holidays, sizeof *c->holiday, by_day);
	if (c->workdays > 0)
		qsort(c->workday, c->workdays, sizeof *c->workday, by_day);
	for (i = 0; i < CALENDAR_DAYS; i++) {
		utc_date(CALENDAR_FIRST + i, &year, &month, &mday);
		if (year != last) {
			if (!found && bad == 0)
				bad = last;
			last = year;
			found = 0;
		}
		if (is_bday(c, CALENDAR_FIRST + i)) {
			c->bday[i / 64] |= UINT64_C(1) << i % 64;
			found = 1;
		}
	}
	return bad != 0 ? bad : found ? 0 : last;
}

int
calendar_is_bday(const struct calendar *c, int32_t day)
{
	int64_t i = (int64_t)day - CALENDAR_FIRST;

	if (i < 0 || i >= CALENDAR_DAYS)
		return is_bday(c, day);
	return c->bday[i / 64] >> i % 64 & 1;
}

int32_t
calendar_next(const struct calendar *c, int32_t day)
{
	int i;

	/* two years: calendar_make() has seen a business day in each, but outside of 2000 to 2099 there may be none */
	for (i = 0; i < 2 * 366 && !calendar_is_bday(c, day); i++)
		day++;
	return day;
}

int32_t
calendar_add(const struct calendar *c, int32_t day, int32_t n)
{
	while (n-- > 0)
		day = calendar_next(c, day + 1);
	return day;
}

int32_t
calendar_count(const struct calendar *c, int32_t after, int32_t to)
{
	int32_t n = 0, day;

	for (day = after; day < to;)
		n += calendar_is_bday(c, ++day);
	return n;
}

/* The opening hours of a local day; empty when it is no business day, or lies in a gap. */
static int
hours(const struct calendar *c, const struct zone *z, int32_t day, int64_t *open, int64_t *close)
{
	if (!calendar_is_bday(c, day))
		return 0;
	*open = calendar_instant(z, day, c->open);
	*close = calendar_instant(z, day, c->close);
	return *open < *close;
}

int64_t
calendar_add_open(const struct calendar *c, const struct zone *z, int64_t start, int64_t sec)
{
	int64_t open, close, at = start;
	int32_t day = calendar_day(z, start) - 1;	/* where midnight is passed twice, the day before may still be open */
	int closed = 0;

	for (;; day++) {
		if (!hours(c, z, day, &open, &close)) {
			if (++closed > 2 * 366)
				return at + sec;
			continue;
		}
		closed = 0;
		if (close <= start)
			continue;
		at = open > start ? open : start;
		if (close - at >= sec)
			return at + sec;
		sec -= close - at;
		start = close;
	}
}

int64_t
calendar_count_open(const struct calendar *c, const struct zone *z, int64_t from, int64_t to)
{
	int64_t open, close, n = 0;
	int32_t day = calendar_day(z, from) - 1, last = calendar_day(z, to);

	for (; day <= last; day++) {
		if (!hours(c, z, day, &open, &close))
			continue;
		if (open < from)
			open = from;
		if (close > to)
			close = to;
		if (open < close) {
			n += close - open;
			from = close;	/* a day that clocks leave out has the hours of the next one, which are open once */
		}
	}
	return n;
}
