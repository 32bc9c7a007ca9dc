#ifndef RUN_HELD_H_
#define RUN_HELD_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "run/stage.h"

/*
 * Lines held back, in their order, until what their records need has been read from a
 * store.  All zero is empty.
 *
 *	case STAGE_RECORD: held_add(&h, st, r.line, STAGE_RECORD);
 *	...
 *	for (i = 0; i < h.n; i++)
 *		if (held_get(&h, st, i, &r) == STAGE_RECORD) ...
 *	held_clear(&h, st);
 */
struct held {
	size_t n;			/* lines */

	/* inner */
	struct held_line {
		size_t at, n;
		uint64_t number;	/* place of the line */
		const char *name;
		int event;
	} *line;
	size_t cap;
	struct buf text;
	struct json json;
	int64_t since;			/* of the first one, utc_mono() */
	uint64_t number;		/* the stage's place, while another one stands there */
	const char *name;
	int moved;
};

void held_fini(struct held *h);

/* event: STAGE_RECORD or STAGE_REJECTED. */
void held_add(struct held *h, const struct stage *st, struct slice line, int event);

/* Bytes held; that the first line has been held for so long. */
size_t held_bytes(const struct held *h);
int held_due(const struct held *h, int ms);

/*
 * The i-th line again: its event, and of a STAGE_RECORD *r, which lives until the next
 * call.  Messages of the stage name the place of that line from now on.
 */
int held_get(struct held *h, struct stage *st, size_t i, struct record *r);

/* Forgets all; messages name the present place again. */
void held_clear(struct held *h, struct stage *st);

#endif
