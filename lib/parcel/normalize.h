#ifndef PARCEL_NORMALIZE_H_
#define PARCEL_NORMALIZE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "parcel/carriermap.h"
#include "parcel/carrierref.h"
#include "parcel/fieldmap.h"
#include "parcel/shipref.h"
#include "parcel/taxonomy.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * From a message to its canonical events (wb-records.5 "Canonical event").  Pure: the
 * same message, maps and references give the same bytes.
 *
 * Of several faults of a message one is told, the first in this order: reserved names;
 * "each"; the fields in the order of FIELDS(), event_time's and received_at's own
 * faults before time_range; the shipment of a tracking number; members that nothing
 * takes; the length of the line.
 */
#define NORMALIZE_REV_MAX (INT64_C(1) << 18)

/* What is set by the program is borrowed. */
struct normalize {
	const struct taxonomy *taxonomy;
	const struct carriermap *maps;
	const struct carrierref *carriers;
	struct fieldmap *fields;
	const struct shipref *shipments;	/* NULL: none is known */
	int64_t map_rev;			/* 0 to NORMALIZE_REV_MAX - 1 */
	int strict;				/* refuse members that no field takes */

	/* of the last event */
	struct slice src;		/* value of its "_src", also of a rejected one; n = 0: none */
	int has_extra;			/* members were left that no field takes */
	int unmapped;			/* its code was looked for and not found, in the map of: */
	struct slice map, code, subcode;	/* until the next call */

	struct normalize_work *work;
};

void normalize_init(struct normalize *n);	/* after the program's part is set */
void normalize_fini(struct normalize *n);

/*
 * Takes a record, which must stay until the last normalize_next(); src is the value of
 * its "_src", or NULL.  A row of the table shipments is told by that.
 */
void normalize_open(struct normalize *n, const struct json *record, const struct json_value *src);

/* Bytes that one event of the record needs at most. */
size_t normalize_room(const struct normalize *n);

enum normalize_what {
	NORMALIZE_END,		/* no more events */
	NORMALIZE_EVENT,	/* written at dst, up to *end */
	NORMALIZE_REJECT,	/* f says why there is no event */
	NORMALIZE_FAIL,		/* e: shipments could not be asked */
};

/* The next event of the record. */
enum normalize_what normalize_next(struct normalize *n, char *dst, char **end, struct fault *f, struct err *e);

#endif
