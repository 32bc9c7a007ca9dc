#ifndef PARCEL_ENRICH_H_
#define PARCEL_ENRICH_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "parcel/doc.h"
#include "parcel/refs.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * What a document gets from reference data and from its own events (wb-records.5
 * "Shipment document", members A and E): attributes, client, carrier, zones, local days,
 * lead time, steps, support contacts.  Pure: the same document and rows give the same bytes.
 */
enum { ENRICH_STEPS = 8 };

struct enrich {
	const struct refs *refs;
	int bare;			/* documents without attributes pass */
	struct doc doc;			/* after enrich(): its members, for doc_size() and doc_put() */

	/* of documents that passed, what was named in it and is not among rows that are there */
	uint64_t unknown_client, unknown_carrier, unknown_region;

	/* inner */
	struct buf fixed, text;
	struct buf step[ENRICH_STEPS];
};

/* refs must live as long as x. */
void enrich_init(struct enrich *x, const struct refs *refs, int bare);
void enrich_fini(struct enrich *x);

/*
 * Fills in x->doc, which lives until the next call; doc_put() with DOC_A | DOC_E writes
 * it.  ENRICH_DONE; ENRICH_ORPHAN: there are no attributes; or -1 with the fault.
 */
enum { ENRICH_DONE, ENRICH_ORPHAN };
int enrich(struct enrich *x, const struct json *j, struct fault *f);

#endif
