#ifndef RUN_REFSTORE_H_
#define RUN_REFSTORE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "parcel/refs.h"
#include "rec/reject.h"
#include "run/store.h"

/*
 * Reference rows from a store: dimensions whole, read again when they are old; attributes
 * and contacts of the shipments of a batch.  All zero but what is set by the program.
 */
enum {
	REFSTORE_CLIENTS = 1,		/* dim_client */
	REFSTORE_CARRIERS = 2,		/* dim_carrier */
	REFSTORE_REGIONS = 4,		/* dim_region */
	REFSTORE_SHIPMENTS = 8,		/* stg_shipment */
	REFSTORE_CONTACTS = 16,		/* stg_contact */
};

struct refstore {
	/* set by the program, borrowed */
	struct store *store;
	struct refs *refs;
	unsigned parts;			/* what comes from the store; the program fills in the rest */

	/* for the program: rows of contacts that do not read, which count for nothing, and why the last one does not */
	uint64_t unread;
	struct err unread_why;

	/* inner */
	int64_t read;			/* when the dimensions were read, utc_mono(); 0: never */
	struct map ids;			/* shipments of the batch */
	struct map bad;			/* those whose row does not read */
	char (*why)[256];		/* of each of them */
	size_t why_cap;
	struct buf number;		/* contacts of the batch: ids, as text */
	size_t *number_at, numbers, number_cap;
	struct slice *key;
	size_t key_cap;
};

void refstore_fini(struct refstore *x);

/* A document of the next batch is of this shipment. */
void refstore_want(struct refstore *x, struct slice shipment_id);

/*
 * Reads what the batch needs into refs, in place of what the one before did.  Dimensions
 * are read again when they are older than a minute, and when a shipment names a client,
 * carrier or region that is not among them (once a second at most).  0, or -1 with e.
 */
int refstore_read(struct refstore *x, struct err *e);

/* Whether the shipment's row in the store does not read: 1 with the fault, or 0. */
int refstore_bad(const struct refstore *x, struct slice shipment_id, struct fault *f);

#endif
