#ifndef PARCEL_FOLD_H_
#define PARCEL_FOLD_H_

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/slice.h"
#include "parcel/event.h"
#include "parcel/reduce.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Events to documents: groups canonical events by shipment and writes the document
 * of each (wb-records.5 "Shipment document", members F).
 *
 * Shipments are numbered from 0 in the order of their first event.  Of several
 * copies of one event the greatest version counts; with equal versions the one
 * whose canonical text is smaller byte by byte, so that the document depends
 * neither on the order of the records nor on where they came from.
 */
struct fold {
	struct reducer reducer;
	int adjacent;			/* a shipment's records follow each other: holds one at a time */

	/* for the program to read */
	size_t n;			/* shipments held */
	uint64_t duplicates;		/* copies left out */
	uint64_t conflicts;		/* of these, equal versions that differ */

	/* inner */
	struct json_names *names;
	const struct json_member *slot[EVENT_N];
	struct arena arena, spare;
	struct map ids;
	struct fold_shipment *shipment;
	size_t cap;
	struct reduce_event **event;	/* the distinct ones of the shipment worked on */
	size_t event_cap;
	uint32_t *table;		/* number + 1 by hash of the id */
	size_t table_cap;
	struct json extra;		/* scanner for extra as text */
	char id[64];			/* of the one shipment, with adjacent */
	uint64_t *seen;			/* hashes of the last ones before it */
	size_t at, events;		/* shipment worked out, its distinct events */
	struct reduced reduced;
};

void fold_init(struct fold *f, const struct taxonomy *t, int adjacent);
void fold_fini(struct fold *f);

/*
 * Takes one event; src is the value of its "_src" or NULL.  FOLD_TAKEN, -1 with the
 * fault.  With adjacent also FOLD_NEXT: it belongs to another shipment than the one
 * held, whose document is to be made first: fold_clear(), and call again; or FOLD_AGAIN:
 * its shipment has been cleared before (known of most of the last 65,536 shipments).
 */
enum { FOLD_TAKEN, FOLD_NEXT, FOLD_AGAIN };
int fold_event(struct fold *f, const struct json *j, const struct json_value *src, struct fault *fault);

/*
 * Works out shipment i: the size of its document at most, or 0 with the fault: too
 * many events.  fold_put() then writes it (no LF) and returns its end; fold_stub()
 * writes {"_src":...,"shipment_id":...} of at most FOLD_STUB bytes, which stands
 * for the document in a reject.
 */
#define FOLD_STUB 2048
size_t fold_shipment(struct fold *f, size_t i, struct fault *fault);
char *fold_put(struct fold *f, int64_t now, char *dst);
char *fold_stub(const struct fold *f, size_t i, char *dst);
struct slice fold_id(const struct fold *f, size_t i);
struct slice fold_src(const struct fold *f, size_t i);	/* p == NULL: none */

/* Forgets all shipments; their memory is used again. */
void fold_clear(struct fold *f);

/* Memory held, in bytes. */
size_t fold_bytes(const struct fold *f);

#endif
