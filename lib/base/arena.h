#ifndef BASE_ARENA_H_
#define BASE_ARENA_H_

#include <stddef.h>

/*
 * Memory that is given out piece by piece and taken back all at once.  Pieces are
 * aligned to 8 bytes and stay where they are.  All zero is the empty arena.
 */
struct arena {
	struct arena_block *first, *at;
	size_t full;	/* bytes in the blocks before at */
};

#define ARENA_BLOCK (4 * 1024 * 1024)	/* of a block; a larger piece gets one of its own */

void arena_fini(struct arena *a);

/*
 * Room for n bytes, not initialised, and then how many of them are kept: what is
 * behind is given out again.  arena_get() keeps all n.
 */
void *arena_room(struct arena *a, size_t n);
void arena_used(struct arena *a, size_t n);
void *arena_get(struct arena *a, size_t n);

/* Takes everything back; the blocks stay for what comes next. */
void arena_clear(struct arena *a);

/* Bytes given out, and lost at the ends of blocks. */
size_t arena_bytes(const struct arena *a);

#endif
