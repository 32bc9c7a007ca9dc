#ifndef RUN_HISTORY_H_
#define RUN_HISTORY_H_

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "parcel/fold.h"
#include "run/stage.h"
#include "run/store.h"

/*
 * Shipments that records name, to be folded from their history in a store: collected,
 * then folded part by part.  All zero but what is set by the program.
 */
struct history {
	/* set by the program, borrowed */
	struct store *store;
	struct fold *fold;
	uint64_t limit;			/* bytes of events in memory; parts get smaller as need be, and a shipment that takes more alone is spoilt */
	/* tells the documents of all shipments in fold, whose history was read after the instant now.  0, or -1: stop */
	int (*documents)(void *arg, struct fold *fold, int64_t now);
	int64_t (*now)(void *arg);
	void *arg;

	/* inner */
	struct map ids;			/* named since the last time */
	struct history_src *src;	/* of each */
	size_t src_cap;
	struct arena arena;
	struct history_name *named;	/* sorted */
	size_t named_cap;
	struct slice *key;
	size_t key_cap;
	size_t part;			/* shipments that are read at once */
	size_t idle;			/* bytes of a fold that holds none */
	int64_t since;			/* when the first one was named, utc_mono() */
};

void history_fini(struct history *h);

/* The shipment that a record names (member shipment_id).  1; 0: it names none; -1 with the fault. */
int history_name(struct history *h, const struct record *r, struct fault *f);

/* So many have been named that they should be folded now; so long ago. */
#define HISTORY_IDS 50000
#define HISTORY_WAIT_MS 1000
int history_full(const struct history *h);
int history_due(const struct history *h);

/*
 * Folds all of them in the order of their ids, and forgets them.  For each part now() is asked, then the stored rows
 * are read, then the events: in this order the document that was computed last, of two
 * programs that fold a shipment at a time, has seen all events that the other one has.
 * 0, or -1 with e (status 0: documents() said stop).
 */
int history_fold(struct history *h, struct err *e);

#endif
