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
 *
 * Or shipments are named first, and their events and rows come from a store, whole,
 * in any order and with any copies: fold_name() for each, then fold_stored() and fold_event().
 * A shipment that is named has a document though it has no events; its lineage is
 * that which it was named with; an event that is none spoils its document, and no other.
 */
struct fold {
	struct reducer reducer;
	int adjacent;			/* a shipment's records follow each other: holds one at a time */

	/* for the program to read */
	size_t n;			/* shipments held */
	uint64_t duplicates;		/* copies left out */
	uint64_t conflicts;		/* of these, equal versions that differ */
	size_t least;			/* after fold_shipment(): bytes of its document at least */

	/* inner */
	struct json_names *names;
	const struct json_member *slot[EVENT_N];
	struct arena arena;
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
	int32_t *day;			/* and the days of its stored rows */
	size_t days, day_cap;
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

/* Names a shipment, of an id of 1 to 64 bytes, which must not have been named since fold_clear(); src: value of "_src", or n = 0.  Not with adjacent. */
void fold_name(struct fold *f, struct slice id, struct slice src);

/*
 * A row of fct_shipment of a shipment that was named: shipment_id, version, events_n, days.
 * Of several the greatest version says how many events there are at least; the days of all
 * go into the document.  0, or -1 with the fault (the row is of no shipment that was named,
 * or its id is none); what else is wrong with it spoils the document.
 */
int fold_stored(struct fold *f, const struct json *row, struct fault *fault);

/* Shipment i has no document, for this fault, unless it has one already or too many events: what was taken of it is not all. */
void fold_spoil(struct fold *f, size_t i, const struct fault *fault);

/*
 * Works out shipment i: the size of its document at most, or 0 with the fault: too
 * many events (events), fewer than its stored row counts (history), or what spoiled it.  fold_put() then writes it (no LF) and returns its end; fold_stub()
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
