/* Growing buffers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

void
buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

char *
buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->n < n || b->p == NULL)
		b->p = mem_grow(b->p, &b->cap, b->n + n + (n == 0), 1);
	return b->p + b->n;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_room(b, n), p, n);
	b->n += n;
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->n++;
}

void
buf_slice(struct buf *b, struct slice s)
{
	buf_put(b, s.p, s.n);
}

void
buf_int(struct buf *b, int64_t v)
{
	b->n += num_put_i64(buf_room(b, NUM_MAX), v);
}

void
buf_uint(struct buf *b, uint64_t v)
{
	b->n += num_put_u64(buf_room(b, NUM_MAX), v);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(buf_room(b, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

const char *
buf_str(struct buf *b)
{
	*buf_room(b, 1) = '\0';
	return b->p;
}
