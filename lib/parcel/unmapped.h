#ifndef PARCEL_UNMAPPED_H_
#define PARCEL_UNMAPPED_H_

#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/slice.h"

#define UNMAPPED_MAX 10000	/* codes that are told apart */

/* Codes that no map knows, counted.  All zero is none; unmapped_fini() frees it. */
struct unmapped {
	struct map keys;	/* map, code, subcode; see key() */
	uint64_t *n;		/* by number of the key */
	size_t cap;
	uint64_t beyond;	/* events of codes that came when there were UNMAPPED_MAX */
};

void unmapped_add(struct unmapped *u, struct slice map, struct slice code, struct slice subcode);

/*
 * Appends a line "unmapped MAP CODE SUBCODE COUNT" for each, most frequent first, equals
 * in the order of their bytes.  What is empty or holds blanks, quotes, backslashes or
 * control characters is written as JSON has it.
 */
void unmapped_report(const struct unmapped *u, struct buf *b);
void unmapped_fini(struct unmapped *u);

#endif
