#ifndef NET_CHROWS_WORK_H_
#define NET_CHROWS_WORK_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "net/chrows.h"

/*
 * The inside of a result, for chrows.c, which reads a block into it, and chrows_json.c,
 * which writes the rows of that block.
 */

/* One node of a column's type in the present block.  Places are offsets into the block, so that it can grow. */
struct node {
	const struct chtype *type;
	uint64_t n;		/* values */
	size_t at;		/* fixed width, ends, null bytes, numbers of keys: where they lie */
	size_t *start;		/* strings: the places of the texts' lengths, and behind them the end */
	size_t start_cap;
	unsigned width;		/* of a number of a key */
	struct node *arg;	/* as type->arg; of a LowCardinality the keys */
	char *quoted;		/* LowCardinality of String: the keys as JSON strings, one after the other */
	size_t quoted_cap;
	size_t *quoted_at;	/* keys + 1 places in it */
	size_t quoted_at_cap;
};

struct column {
	char *name, *text;
	size_t name_len, text_len;
	struct chtype type;
	struct node node;
	char *key;		/* ,"name": */
	size_t key_len;
};

struct chrows {
	struct ch *c;
	struct buf in;		/* the block, and what came behind it */
	size_t p;		/* of in: read so far */
	int ended;
	struct column *col;
	size_t cols;
	uint64_t rows, row;	/* of the block; row: the present one + 1 */
	size_t fixed;		/* bytes of a row's JSON that do not depend on its strings */
	struct ch_fault fault;
};

/* The i-th text of a String or FixedString; lives as long as the block. */
static inline struct slice
chrows_text(const struct chrows *r, const struct node *d, uint64_t i)
{
	const unsigned char *p;

	if (d->type->kind == CHTYPE_FIXED) {
		struct slice s = { r->in.p + d->at + i * d->type->size, d->type->size };

		while (s.n > 0 && s.p[s.n - 1] == '\0')
			s.n--;
		return s;
	}
	p = (const unsigned char *)r->in.p + d->start[i];
	while (*p++ & 0x80)
		;
	return (struct slice){ (const char *)p, (size_t)(r->in.p + d->start[i + 1] - (const char *)p) };
}

/* Where the elements before the i-th array or map end: i + 1 gives the end of its own. */
static inline uint64_t
chrows_end(const struct chrows *r, const struct node *d, uint64_t i)
{
	uint64_t v = 0;

	if (i > 0)
		memcpy(&v, r->in.p + d->at + 8 * (i - 1), 8);
	return v;
}

/* Number of the key of the i-th value of a LowCardinality. */
static inline uint64_t
chrows_key(const struct chrows *r, const struct node *d, uint64_t i)
{
	uint64_t v = 0;

	memcpy(&v, r->in.p + d->at + i * d->width, d->width);
	return v;
}

#endif
