/* Memory in large blocks, each filled from its beginning. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	_Alignas(8) char p[];
};

void
arena_fini(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->first; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}

void *
arena_room(struct arena *a, size_t n)
{
	struct arena_block *b = a->at, *next;
	size_t cap = n > ARENA_BLOCK ? n : ARENA_BLOCK;

	if (b != NULL && b->cap - b->used >= n)
		return b->p + b->used;
	next = b ? b->next : a->first;
	if (next == NULL || next->cap < n) {
		if (n > SIZE_MAX - sizeof *next)
			cap = SIZE_MAX - sizeof *next;	/* mem_resize() says that there is no such memory */
		next = mem_resize(NULL, sizeof *next + cap);
		next->cap = cap;
		next->next = b ? b->next : a->first;
		if (b != NULL)
			b->next = next;
		else
			a->first = next;
	}
	next->used = 0;
	if (b != NULL)
		a->full += b->cap;
	a->at = next;
	return next->p;
}

void
arena_used(struct arena *a, size_t n)
{
	struct arena_block *b = a->at;

	n = (n + 7) & ~(size_t)7;
	b->used = n < b->cap - b->used ? b->used + n : b->cap;
}

void *
arena_get(struct arena *a, size_t n)
{
	void *p = arena_room(a, n);

	arena_used(a, n);
	return p;
}

void
arena_clear(struct arena *a)
{
	a->at = NULL;
	a->full = 0;
}

size_t
arena_bytes(const struct arena *a)
{
	return a->full + (a->at ? a->at->used : 0);
}
