/* Sets of days: read, and looked into. */
#include "parcel/days.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utc.h"

static int
by_day(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static int
blank(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int
days_read(struct days *d, struct slice text, const char *name, struct err *e)
{
	const char *p = text.p, *end = text.p + text.n, *word;
	size_t cap = 0, i, n = 0;
	unsigned line = 1;
	char shown[64];

	for (; p < end; p++) {
		if (blank(*p)) {
			line += *p == '\n';
			continue;
		}
		for (word = p; p < end && !blank(*p); p++)
			;
		d->day = mem_grow(d->day, &cap, d->n + 1, sizeof *d->day);
		if (utc_get_day((struct slice){ word, (size_t)(p - word) }, &d->day[d->n]) == -1) {
			(void)err_set(e, name != NULL ? EX_CONFIG : EX_USAGE, "\"%s\" is not a day (2024-06-03)",
			    err_show(shown, sizeof shown, word, (size_t)(p - word)));
			return name != NULL ? err_at(e, "%s:%u", name, line) : -1;
		}
		d->n++;
		p--;
	}
	if (d->n > 0)
		qsort(d->day, d->n, sizeof *d->day, by_day);
	for (i = 0; i < d->n; i++)
		if (n == 0 || d->day[i] != d->day[n - 1])
			d->day[n++] = d->day[i];
	d->n = n;
	return 0;
}

void
days_fini(struct days *d)
{
	free(d->day);
	*d = (struct days){ 0 };
}

int
days_have(const struct days *d, int32_t day)
{
	return d->n > 0 && bsearch(&day, d->day, d->n, sizeof *d->day, by_day) != NULL;
}
