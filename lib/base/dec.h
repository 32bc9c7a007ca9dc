#ifndef BASE_DEC_H_
#define BASE_DEC_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Exact decimal numbers: v / 10^scale.  Nothing here goes through a float.
 */
__extension__ typedef __int128 dec_int;	/* the one typedef: C has no shorter name for it */

struct dec {
	dec_int v;
	unsigned scale;		/* 0..18 */
};

#define DEC_MAX 48		/* bytes of text that a dec needs at most */

/*
 * Reads a JSON number (RFC 8259 section 6, exponent too).  -1 when s is none,
 * has more than 18 digits after the point once written out (trailing zeros are
 * kept: 1.50 has scale 2), or more than 18 before it.
 */
int dec_parse(struct slice s, struct dec *d);

/* a += b, at the greater scale.  -1 on overflow, a unchanged. */
int dec_add(struct dec *a, struct dec b);
int dec_cmp(struct dec a, struct dec b);	/* by value: -1, 0, 1 */

/* d at exactly this scale as an integer of 64 bits; -1 when digits would be lost or it does not fit. */
int dec_scaled(struct dec d, unsigned scale, int64_t *v);

/* Plain text (no exponent), DEC_MAX bytes at dst; returns the length. */
size_t dec_put(char *dst, struct dec d);

#endif
