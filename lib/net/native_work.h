#ifndef NET_NATIVE_WORK_H_
#define NET_NATIVE_WORK_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "net/native.h"

/*
 * The inside of a column: native_value.c reads JSON values into it, native_dict.c numbers
 * the texts of a LowCardinality and hashes rows, native.c does the rest and makes blocks of columns.
 */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "values are copied into the block as they lie in memory, which must be little-endian"
#endif

struct native_key {
	uint32_t at, len;	/* of the bytes in keys */
	uint64_t hash;
};

/* Bytes of a value in data; 0: it varies. */
static inline size_t
native_width(const struct native_col *c)
{
	return c->low ? 4 : c->type->size;
}

/* Of at most 10 bytes. */
static inline char *
native_put_varuint(char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (char)(v | 0x80);
	*p++ = (char)v;
	return p;
}

static inline void
native_put(struct buf *b, const void *p, size_t n)
{
	char *q = buf_room(b, n);

	memcpy(q, p, n);
	b->n += n;
}

/* native_dict.c: a row of a LowCardinality. */
void native_put_low(struct native_col *c, struct slice s);

/* The end of an array. */
static inline void
native_put_end(struct native_col *c)
{
	native_put(&c->offsets, &c->values, 8);
}

#endif
