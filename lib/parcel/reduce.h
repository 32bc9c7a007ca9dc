#ifndef PARCEL_REDUCE_H_
#define PARCEL_REDUCE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "parcel/taxonomy.h"

/*
 * The reducer (wb-status.5 "The reducer"): the set of a shipment's events, one copy
 * of each, gives its state, milestones and counters.  A pure function of the set:
 * the order in which the events are given plays no part.
 */
enum mark { MARK_NONE, MARK_VOID, MARK_ABSORBED, MARK_IGNORED };

extern const char *const mark_name[4];	/* "", "void", "absorbed", "ignored" */

struct reduce_event {
	/* given; the texts are unescaped and of the caller */
	struct slice id;
	struct slice supersedes;	/* an id, "previous", or empty */
	struct slice carrier;
	struct slice courier;
	int64_t time, received;		/* ms */
	uint8_t status;			/* enum status */
	uint8_t attempt_no;		/* as the carrier counts, 0 unknown */
	uint8_t to_recipient, damaged;
	uint16_t reason;		/* its number in the taxonomy */
	uint16_t pieces, pieces_delivered;

	/* found out */
	uint8_t state;			/* of the shipment after it, enum status */
	uint8_t mark;			/* enum mark */
	uint8_t attempt;		/* number of the new attempt that it is, or 0 */
};

#define REDUCE_NEVER INT64_MIN		/* a time that is null */

/* What the events say of the shipment; times in ms or REDUCE_NEVER. */
struct reduced {
	uint8_t status;			/* enum status; unknown before the first state */
	uint16_t reason;
	int is_open, first_attempt_ok, is_reopened, is_partial;
	int64_t status_since;
	int64_t label_at, accepted_at, first_ofd_at, first_attempt_at, ready_at, delivered_at;
	int64_t return_started_at, returned_at, lost_at, cancelled_at, closed_at;
	int64_t first_exception_at, damaged_at, last_event_at, last_received_at;
	unsigned attempts;		/* 255 at most */
	unsigned exceptions, post_terminal;
	struct slice courier;		/* of the last attempt */
};

struct reducer {
	const struct taxonomy *taxonomy;
	int label, manifest, damage, damaged, partial, pickup_point, locker, electronic;	/* reasons */
	struct reduce_event **by_id;
	size_t cap;
};

/* t must live as long as r. */
void reducer_init(struct reducer *r, const struct taxonomy *t);
void reducer_fini(struct reducer *r);

/*
 * Sorts the n events of a shipment, whose ids are distinct, into their order, fills
 * in what is found out about each, and *s.
 */
void reduce(struct reducer *r, struct reduce_event **event, size_t n, struct reduced *s);

#endif
