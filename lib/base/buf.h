#ifndef BASE_BUF_H_
#define BASE_BUF_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* A growing run of bytes.  All zero is the empty buffer; buf_fini() frees it. */
struct buf {
	char *p;
	size_t n;	/* bytes used */
	size_t cap;
};

void buf_fini(struct buf *b);
char *buf_room(struct buf *b, size_t n);	/* pointer to n writable bytes behind the used ones */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_slice(struct buf *b, struct slice s);
void buf_int(struct buf *b, int64_t v);		/* decimal */
void buf_uint(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The bytes as a C string, valid until the next change of b. */
const char *buf_str(struct buf *b);

static inline struct slice
buf_as_slice(const struct buf *b)
{
	return (struct slice){ b->p, b->n };
}

static inline void
buf_clear(struct buf *b)
{
	b->n = 0;
}

#endif
