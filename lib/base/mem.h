#ifndef BASE_MEM_H_
#define BASE_MEM_H_

#include <stddef.h>

/*
 * Heap memory.  There is no sensible act when it is exhausted: these functions
 * say so on standard error and end the process with EX_TEMPFAIL.
 */
void *mem_alloc(size_t n);			/* n zero bytes */
void *mem_resize(void *p, size_t n);
char *mem_dup(const char *p, size_t n);		/* n bytes and a NUL */

/*
 * Room for at least need elements of size bytes: returns p, or its new place
 * with *cap doubled as often as needed.  Old elements are kept, new ones are
 * not initialised.
 */
void *mem_grow(void *p, size_t *cap, size_t need, size_t size);

#endif
