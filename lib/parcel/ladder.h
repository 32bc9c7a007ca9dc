#ifndef PARCEL_LADDER_H_
#define PARCEL_LADDER_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Fixed buckets of a histogram (wb-aggregate.1 "HISTOGRAMS"): upper bounds, which
 * belong to their bucket; the last bucket is open, so there are n + 1.
 */
struct ladder {
	const char *name;
	const int64_t *bound;	/* ascending; of hours in seconds */
	size_t n;
};

#define LADDER_H31 31		/* buckets */
#define LADDER_MAX 31		/* buckets of the longest one */

extern const struct ladder ladder_h31;	/* hours, of seconds */
extern const struct ladder ladder_s19;	/* seconds */
extern const struct ladder ladder_m18;	/* milliseconds */

/* By name ("h31"), or NULL. */
const struct ladder *ladder_get(struct slice name);

/* Number of the bucket of v, from 0: how many bounds are less. */
size_t ladder_slot(const struct ladder *l, int64_t v);

#endif
