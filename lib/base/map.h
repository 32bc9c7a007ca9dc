#ifndef BASE_MAP_H_
#define BASE_MAP_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Byte strings numbered in the order in which they were first added: 0, 1, ...
 * The caller keeps what belongs to a key in an array of its own, by that number.
 * All zero is the empty map; the keys are copied.
 */
struct map {
	uint32_t *slot;		/* number + 1, or 0; a power of two of them */
	size_t slots;
	struct map_key *key;
	size_t n, cap;
	struct map_block *block;
	size_t bytes;		/* memory held by the keys */
};

#define MAP_NONE UINT32_MAX

void map_fini(struct map *m);
uint32_t map_find(const struct map *m, struct slice key);	/* or MAP_NONE */
uint32_t map_add(struct map *m, struct slice key);		/* finds or adds */
struct slice map_key(const struct map *m, uint32_t i);		/* lives as long as m */
size_t map_bytes(const struct map *m);				/* memory that it takes */

#endif
