#ifndef RUN_TEE_H_
#define RUN_TEE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "run/stage.h"

/*
 * What a loader passes on: lines are held, in order, until they are stored.  All zero at first.
 */
struct tee {
	struct buf text;		/* lines, LF each */
	struct tee_line *line;
	size_t n, cap;
	size_t dropped;
	int64_t since;			/* when the first one was held, utc_mono() */
};

/* A loader stores everything and passes on when more than this is held, or for so long in a plain pipeline. */
#define TEE_HELD (32u << 20)
#define TEE_WAIT_MS 1000

/* One line (no LF), which is copied. */
void tee_hold(struct tee *t, struct slice line);

/* A line that is held was refused: it is not passed on.  Of lines that are alike it is the last one. */
void tee_drop(struct tee *t, struct slice line);

static inline int
tee_full(const struct tee *t)
{
	return t->text.n > TEE_HELD;
}

/* Lines are held for TEE_WAIT_MS. */
int tee_due(const struct tee *t);

/* All that is held was stored: it goes out. */
void tee_pass(struct tee *t, struct stage *st);

void tee_fini(struct tee *t);

#endif
