#ifndef RUN_LOOKUP_H_
#define RUN_LOOKUP_H_

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "parcel/carriermap.h"
#include "parcel/carrierref.h"
#include "parcel/shipref.h"
#include "run/store.h"

/*
 * What wb-normalize looks up in a store: the carriers, kept until they are old, and
 * shipments by tracking number, asked for many at a time.  All zero but what is set by
 * the program.
 *
 * A number that has not been asked for yet is noted, and none is found: lookup_waits()
 * says so, and its record is to be converted again after lookup_ask().
 */
struct lookup {
	/* set by the program, borrowed */
	struct store *store;
	struct carrierref *carriers;	/* NULL: not from the store */
	const struct carriermap *maps;

	/* inner */
	int64_t read;			/* when the carriers were read, utc_mono() */
	struct map numbers;		/* asked for since lookup_clear() */
	uint32_t answered;		/* the first of them, which the table answers */
	int waits;
	struct map ids;			/* shipments that have, or had, one of the numbers */
	struct shiptable table;
	struct shipref by_number;
	struct slice *key;
	size_t key_cap;
};

void lookup_fini(struct lookup *l);

/* Reads the carriers (dim_carrier).  0, or -1 with e: EX_CONFIG when there is none. */
int lookup_carriers(struct lookup *l, struct err *e);

/*
 * Reads them again when they were read before the last minute, or with missing, when one
 * is not known, the last second.  1: there may be others now; 0: they are as they were; -1 with e.
 */
int lookup_renew(struct lookup *l, int missing, struct err *e);

/* The look-up of tracking numbers; l is borrowed. */
struct shipref lookup_ref(struct lookup *l);

/* Whether a number was noted since the last call. */
int lookup_waits(struct lookup *l);

/* Numbers that were noted and are to be asked for. */
static inline size_t
lookup_numbers(const struct lookup *l)
{
	return l->numbers.n - l->answered;
}

/* Asks the store for all of them, once before lookup_clear().  0, or -1 with e. */
int lookup_ask(struct lookup *l, struct err *e);

/* Forgets numbers and answers. */
void lookup_clear(struct lookup *l);

#endif
