/*
 * The keys of a LowCardinality column, each text once, by number; and the hash of a
 * row, which must be that of the text and not of its number.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/native_work.h"

static inline uint64_t
mum(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Up to 8 bytes at p as a number, nothing behind them read. */
static inline uint64_t
bytes8(const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n < 8 ? n : 8);
	return v;
}

static uint64_t
hash_bytes(const char *p, size_t n, uint64_t h)
{
	h ^= n * 0x9e3779b97f4a7c15u;
	for (; n > 8; p += 8, n -= 8) {
		uint64_t v;

		memcpy(&v, p, 8);
		h = mum(h ^ v, 0xa0761d6478bd642fu);
	}
	return mum(h ^ bytes8(p, n), 0xe7037ed1a0b428dbu);
}

static void
dict_grow(struct native_dict *d)
{
	size_t i, k;

	d->slots = d->slots ? 2 * d->slots : 64;
	free(d->slot);
	d->slot = mem_alloc(d->slots * sizeof *d->slot);
	for (i = 0; i < d->n; i++) {
		for (k = d->key[i].hash & (d->slots - 1); d->slot[k] != 0; k = (k + 1) & (d->slots - 1))
			;
		d->slot[k] = (uint32_t)i + 1;
	}
}

/* The number of the key s. */
static uint32_t
dict_number(struct native_dict *d, struct slice s)
{
	struct native_key *key;
	uint64_t h;
	size_t k;
	char *p, *q;

	/* most columns of this kind say the same row after row */
	if (d->recent < d->n) {
		key = &d->key[d->recent];
		if (key->len == s.n && memcmp(d->keys.p + key->at, s.p, s.n) == 0)
			return d->recent;
	}
	h = hash_bytes(s.p, s.n, 0x2d358dccaa6c78a5u);
	if (2 * d->n >= d->slots)
		dict_grow(d);
	for (k = h & (d->slots - 1); d->slot[k] != 0; k = (k + 1) & (d->slots - 1)) {
		key = &d->key[d->slot[k] - 1];
		if (key->hash == h && key->len == s.n && memcmp(d->keys.p + key->at, s.p, s.n) == 0)
			return d->recent = d->slot[k] - 1;
	}
	p = buf_room(&d->keys, s.n + 10);
	q = native_put_varuint(p, s.n);
	memcpy(q, s.p, s.n);
	d->key = mem_grow(d->key, &d->cap, d->n + 1, sizeof *d->key);
	d->key[d->n] = (struct native_key){ .at = (uint32_t)(q - d->keys.p), .len = (uint32_t)s.n, .hash = h };
	d->keys.n += (size_t)(q - p) + s.n;
	d->slot[k] = (uint32_t)++d->n;
	return d->recent = (uint32_t)d->n - 1;
}

void
native_put_low(struct native_col *c, struct slice s)
{
	uint32_t i = dict_number(&c->dict, s);

	native_put(&c->data, &i, 4);
	c->values++;
}

void
native_hash_last(const struct native_col *c, uint64_t hash[2])
{
	const char *p = c->data.p + c->prev;
	size_t n = c->data.n - c->prev;
	uint32_t i = 0;

	if (c->low && !c->array) {
		memcpy(&i, p, 4);
		p = c->dict.keys.p + c->dict.key[i].at;
		n = c->dict.key[i].len;
	}
	hash[0] = hash_bytes(p, n, hash[0] + (unsigned)c->last_null);
	hash[1] = hash_bytes(p, n, mum(hash[1] + 1, 0x8ebc6af09c88c6e3u));
}
