/* Sets of days and hours: read, and looked into. */
#include "parcel/days.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utc.h"

#define HOUR_MS INT64_C(3600000)

static int
ascending(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static int
blank(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Sorts them, each once. */
static void
settle(int32_t *v, size_t *n)
{
	size_t i, kept = 0;

	if (*n > 0)
		qsort(v, *n, sizeof *v, ascending);
	for (i = 0; i < *n; i++)
		if (kept == 0 || v[i] != v[kept - 1])
			v[kept++] = v[i];
	*n = kept;
}

int
days_read(struct days *d, struct slice text, const char *name, struct err *e)
{
	const char *p = text.p, *end = text.p + text.n;
	size_t cap = 0, hour_cap = 0;
	unsigned line = 1;
	char shown[64];
	int64_t ms;

	for (; p < end; p++) {
		struct slice word = { p, 0 };

		if (blank(*p)) {
			line += *p == '\n';
			continue;
		}
		for (; p < end && !blank(*p); p++)
			word.n++;
		p--;
		d->day = mem_grow(d->day, &cap, d->n + 1, sizeof *d->day);
		d->hour = mem_grow(d->hour, &hour_cap, d->hours + 1, sizeof *d->hour);
		if (utc_get_day(word, &d->day[d->n]) == 0) {
			d->n++;
			continue;
		}
		if (utc_get(word, &ms) == 0 && ms >= 0 && ms % HOUR_MS == 0) {
			d->hour[d->hours++] = (int32_t)(ms / HOUR_MS);
			continue;
		}
		(void)err_set(e, name != NULL ? EX_CONFIG : EX_USAGE, "\"%s\" is not a day (2024-06-03) or a full hour (2024-06-03T07:00:00.000Z)",
		    err_show(shown, sizeof shown, word.p, word.n));
		return name != NULL ? err_at(e, "%s:%u", name, line) : -1;
	}
	settle(d->day, &d->n);
	settle(d->hour, &d->hours);
	return 0;
}

void
days_fini(struct days *d)
{
	free(d->day);
	free(d->hour);
	*d = (struct days){ 0 };
}

int
days_have(const struct days *d, int32_t day)
{
	return d->n > 0 && bsearch(&day, d->day, d->n, sizeof *d->day, ascending) != NULL;
}

int
days_have_hour(const struct days *d, int32_t hour)
{
	return (d->hours > 0 && bsearch(&hour, d->hour, d->hours, sizeof *d->hour, ascending) != NULL) ||
	    days_have(d, utc_day_of(hour * HOUR_MS));
}
