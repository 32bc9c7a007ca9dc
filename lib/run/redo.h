#ifndef RUN_REDO_H_
#define RUN_REDO_H_

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "rec/json.h"
#include "rec/reject.h"
#include "rec/src.h"

/*
 * Rows of wb_reject (waybill.7 "Rejects") to be fed again.  All zero, then redo_row() for
 * each; redo_fini() frees it.  What a row gave lives until the next one.
 */
enum redo {
	REDO_LEFT,	/* is left as it is: why says it in a word */
	REDO_MESSAGE,	/* json, src: the message that a source or wb-normalize refused */
	REDO_RECORD,	/* line: the finished record that a loader refused */
};

struct redo_row {
	const char *why;		/* a constant string */
	struct slice line;		/* the message or record */
	struct json json;
	const struct json_value *src;	/* or NULL */
	int64_t only;			/* number of the element of "each" that was refused; -1: all of it */
	char code[32];			/* why it was refused, and of what */
	char field[64];

	/* inner */
	struct buf raw, message, out, text;
	char stage[128];
	struct slice part[6];		/* values as the row has them */
	struct src from;
};

enum redo redo_row(struct redo_row *d, const struct json *row);
void redo_fini(struct redo_row *d);

/* The control line (no LF) that the row is resolved; that it is open for another fault. */
struct slice redo_resolved(struct redo_row *d);
struct slice redo_still(struct redo_row *d, const struct fault *f);

#endif
