#ifndef PARCEL_FOLD_WORK_H_
#define PARCEL_FOLD_WORK_H_

#include <stddef.h>
#include <stdint.h>

#include "parcel/fold.h"

/*
 * The inside of a fold: fold.c holds the shipments, fold_event.c makes a node of a record,
 * fold_copies.c leaves one copy of each event, fold_doc.c writes documents.
 *
 * An event is kept as the text that stands in its document,
 *
 *	"event_id":"7","version":1,"event_time":"2024-06-03T07:00:00.000Z",...
 *
 * which is the same whether the event came from a stream or from a table: members in
 * their order, empty ones left out, no white space; before it lies what the reducer reads.
 */
#define ID_MAX 64
#define TIDY (8 * 1024 * 1024)		/* bytes of a shipment from which its copies are looked for early */

struct node {
	struct reduce_event r;		/* first: the reducer's pointers are ours */
	struct node *older;
	int64_t version;
	struct slice text;		/* behind the node, as are the unescaped texts of r */
	size_t size;			/* of all that */
};

struct stored_days {
	struct stored_days *next;
	size_t n;
	int32_t day[];
};

struct fold_shipment {
	struct node *newest;
	struct slice id;
	char *src;
	uint32_t src_n, src_cap;
	uint8_t many;			/* too many distinct events: none is kept */
	uint8_t named;			/* by fold_name() */
	int64_t stored;			/* version of its stored row, -1: none */
	int64_t stored_events;
	struct stored_days *days;	/* of its stored rows */
	struct fault *spoilt;		/* by an event or a row */
	size_t bytes, tidy;		/* of the nodes; at which copies are looked for */
};

/*
 * fold_event.c: fills in e from the record whose members stand in f->slot; it is not yet a
 * shipment's.  At p there is room for twice half, half being the record's bytes and
 * JSON_PAD.  0, or -1 with the fault.
 */
int fold_node(struct fold *f, struct node *e, char *p, size_t half, struct fault *fault);

/*
 * fold_copies.c: leaves one copy of each event of s, in event[]; returns their number.
 * The nodes of the others are forgotten.
 */
size_t fold_distinct(struct fold *f, struct fold_shipment *s);

/* Of a shipment of many records, s->tidy bytes or more, leaves one copy of each event, and sets s->tidy anew. */
void fold_tidy(struct fold *f, struct fold_shipment *s);

#endif
