/* Heap memory, checked once for all. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"

static void
exhausted(void)
{
	static const char msg[] = "waybill: out of memory\n";

	(void)!write(STDERR_FILENO, msg, sizeof msg - 1);
	_exit(EX_TEMPFAIL);
}

void *
mem_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (p == NULL)
		exhausted();
	return p;
}

void *
mem_resize(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (p == NULL)
		exhausted();
	return p;
}

char *
mem_dup(const char *p, size_t n)
{
	char *d;

	if (n == SIZE_MAX)
		exhausted();
	d = mem_resize(NULL, n + 1);
	if (n > 0)
		memcpy(d, p, n);
	d[n] = '\0';
	return d;
}

void *
mem_grow(void *p, size_t *cap, size_t need, size_t size)
{
	size_t c = *cap ? *cap : 16;

	if (need <= *cap)
		return p;
	while (c < need) {
		if (c > SIZE_MAX / 2)
			exhausted();
		c *= 2;
	}
	if (size != 0 && c > SIZE_MAX / size)
		exhausted();
	p = mem_resize(p, c * size);
	*cap = c;
	return p;
}
