#ifndef PARCEL_PAUSE_H_
#define PARCEL_PAUSE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"
#include "parcel/rules.h"
#include "parcel/taxonomy.h"

/*
 * Stretches in which the clock of a shipment stands (wb-rules.5 "Pauses").  Times are
 * whole seconds; what has not closed closes at PAUSE_OPEN.
 */
#define PAUSE_OPEN INT64_MAX

struct sla_facts;

struct pause {
	int64_t open, close;
	uint8_t kind;		/* enum pause_kind; of a merged one that of the first */
	uint8_t open_now;	/* open <= now < close; of a merged one of any part */
	int64_t due;		/* of one that counts: due after it */
};

struct pause_list {
	struct pause *p;
	size_t n, cap;
};

/*
 * The pauses of the kinds that the rule lists, as they were opened and closed; dest
 * is the destination zone.  Returns the number of runs of customs and on_hold (of
 * the listed kinds) that opened none.
 */
unsigned pause_find(struct pause_list *l, const struct sla_facts *f, const struct rules *r, const struct rule *u,
    const struct taxonomy *t, const struct zone *dest);

/*
 * Clips them to [begin, end], drops empty ones (but not one that opens at this
 * second of now, when the clock has not ended), sorts, and merges those that
 * overlap or touch, into merged.
 */
void pause_measure(const struct pause_list *l, int64_t begin, int64_t end, int64_t now, int ended,
    struct pause_list *merged);

#endif
