#ifndef PARCEL_DAYS_H_
#define PARCEL_DAYS_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* A set of local days, and of full hours (UTC), as --days names them.  All zero is the empty set. */
struct days {
	int32_t *day;		/* since 1970; ascending, distinct */
	size_t n;
	int32_t *hour;		/* since 1970; ascending, distinct */
	size_t hours;
};

/*
 * Reads days (2024-06-03) and full hours (2024-06-03T07:00:00.000Z) separated by commas
 * or white space: a list of the command line, or a file with one a line, of which name is
 * the name (NULL: a list).  0, or -1 with EX_USAGE (EX_CONFIG for a file, "NAME:LINE:
 * fault").  An empty text is an empty set.
 */
int days_read(struct days *d, struct slice text, const char *name, struct err *e);
void days_fini(struct days *d);

int days_have(const struct days *d, int32_t day);

/* The hour, or the UTC day that it lies in. */
int days_have_hour(const struct days *d, int32_t hour);

#endif
