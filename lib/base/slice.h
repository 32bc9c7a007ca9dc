#ifndef BASE_SLICE_H_
#define BASE_SLICE_H_

#include <stddef.h>
#include <string.h>

/* Bytes that somebody else owns.  Not terminated by NUL. */
struct slice {
	const char *p;
	size_t n;
};

/* The bytes of a string literal, and of a C string. */
#define SLICE(lit) ((struct slice){ "" lit, sizeof(lit) - 1 })

static inline struct slice
slice_of(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static inline int
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Byte-by-byte order: < 0, 0, > 0; a prefix comes before what it begins. */
static inline int
slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

#endif
