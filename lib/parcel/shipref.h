#ifndef PARCEL_SHIPREF_H_
#define PARCEL_SHIPREF_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "rec/json.h"

/*
 * Shipments by tracking number: the newest shipment that has the number and is of that
 * carrier, or of none yet, of two made at one time that of the greater id.  Whoever knows them fills in find: 1 and the shipment's id,
 * which lives until the next call; 0: there is none; -1 with e.
 */
struct shipref {
	int (*find)(void *arg, struct slice tracking, int64_t carrier_id, struct slice *shipment_id, struct err *e);
	void *arg;
};

#define SHIPTABLE_MAX 50000000	/* shipments in memory */

/* The shipments of a file, in memory.  All zero is empty; shiptable_fini() frees it. */
struct shiptable {
	struct map numbers;		/* tracking numbers */
	struct map ids;			/* shipments */
	uint32_t *newest;		/* by tracking number: row + 1, or 0 */
	struct shipnow *now;		/* by shipment; while rows are added */
	struct shiprow *row;
	size_t rows, newest_cap, now_cap, row_cap;
};

/*
 * A row of the table shipments: shipment_id, tracking_number, carrier_id, created_at, updated_at.
 * Of several rows of a shipment the newest updated_at counts, of equal ones the last; if
 * that has no tracking number, none does.  0, or -1 with EX_CONFIG.
 */
int shiptable_row(struct shiptable *t, const struct json *row, struct err *e);
void shiptable_fini(struct shiptable *t);

/* The look-up in it, which is borrowed; once, when all rows are there. */
struct shipref shiptable_ref(struct shiptable *t);

#endif
