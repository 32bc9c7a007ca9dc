/* A hash table of byte strings: open addressing, linear probing, load at most 1/2. */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/map.h"
#include "base/mem.h"

#define BLOCK (64 * 1024)

struct map_key {
	struct slice s;
	uint64_t h;
};

struct map_block {
	struct map_block *next;
	size_t used, cap;
	char p[];
};

void
map_fini(struct map *m)
{
	struct map_block *b, *next;

	for (b = m->block; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(m->slot);
	free(m->key);
	*m = (struct map){ 0 };
}

static uint32_t *
probe(const struct map *m, struct slice key, uint64_t h)
{
	size_t i = h & (m->slots - 1);

	for (; m->slot[i] != 0; i = (i + 1) & (m->slots - 1)) {
		const struct map_key *k = &m->key[m->slot[i] - 1];

		if (k->h == h && slice_eq(k->s, key))
			break;
	}
	return &m->slot[i];
}

static void
rehash(struct map *m)
{
	size_t i, j;

	m->slots = m->slots ? m->slots * 2 : 64;
	free(m->slot);
	m->slot = mem_alloc(m->slots * sizeof *m->slot);
	for (i = 0; i < m->n; i++) {
		for (j = m->key[i].h & (m->slots - 1); m->slot[j] != 0;)
			j = (j + 1) & (m->slots - 1);
		m->slot[j] = (uint32_t)i + 1;
	}
}

uint32_t
map_find(const struct map *m, struct slice key)
{
	if (m->n == 0)
		return MAP_NONE;
	return *probe(m, key, XXH3_64bits(key.p, key.n)) - 1;	/* 0 - 1 is MAP_NONE */
}

static const char *
keep(struct map *m, struct slice key)
{
	struct map_block *b = m->block;
	char *p;

	if (b == NULL || b->cap - b->used < key.n) {
		size_t cap = key.n > BLOCK ? key.n : BLOCK;

		b = mem_resize(NULL, sizeof *b + cap);
		*b = (struct map_block){ .next = m->block, .cap = cap };
		m->block = b;
		m->bytes += sizeof *b + cap;
	}
	p = b->p + b->used;
	if (key.n > 0)
		memcpy(p, key.p, key.n);
	b->used += key.n;
	return p;
}

uint32_t
map_add(struct map *m, struct slice key)
{
	uint64_t h = XXH3_64bits(key.p, key.n);
	uint32_t *slot;

	if (m->n * 2 >= m->slots)
		rehash(m);
	slot = probe(m, key, h);
	if (*slot == 0) {
		m->key = mem_grow(m->key, &m->cap, m->n + 1, sizeof *m->key);
		m->key[m->n++] = (struct map_key){ { keep(m, key), key.n }, h };
		*slot = (uint32_t)m->n;
	}
	return *slot - 1;
}

struct slice
map_key(const struct map *m, uint32_t i)
{
	return m->key[i].s;
}

size_t
map_bytes(const struct map *m)
{
	return m->bytes + m->slots * sizeof *m->slot + m->cap * sizeof *m->key;
}
