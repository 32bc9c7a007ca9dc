/* The names of the scanner: which it knows, and which an object has had already. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "rec/json_work.h"

/* Misses after which the ids are given out anew: they may have gone to names of the past. */
#define MISSED_MAX 4096

static void
forget(struct json_work *w)
{
	struct json_known *none = &w->known[0];

	memset(w->slot, 0, sizeof w->slot);
	none->first[0] = none->first[1] = none->next[0] = none->next[1] = none;
	w->known_n = 1;
	w->missed = 0;
	w->serial++;
}

struct json_work *
json_work_new(void)
{
	struct json_work *w = mem_alloc(sizeof *w);
	uint64_t r[2] = { 0, 0 };

	/* without entropy the seed is only easier to guess; the serial must differ in any case */
	(void)!getrandom(r, sizeof r, GRND_NONBLOCK);
	w->seed = r[0] ^ (uintptr_t)w;
	w->serial = r[1];
	forget(w);
	return w;
}

void
json_work_free(struct json_work *w)
{
	if (w == NULL)
		return;
	free(w->map);
	free(w->seen);
	free(w->scratch);
	free(w);
}

void
json_work_begin(struct json_work *w, struct slice s)
{
	w->begin = s.p;
	w->end = s.p + s.n;
	if (w->missed > MISSED_MAX)
		forget(w);
	if (w->object > UINT32_MAX / 2) {
		w->object = 0;
		memset(w->stamp, 0, sizeof w->stamp);
		if (w->seen != NULL)
			memset(w->seen, 0, w->seen_cap * sizeof *w->seen);
	}
	w->since = w->object + 1;
	w->seen_n = 0;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t
hash(struct slice s, uint64_t seed)
{
	uint64_t h = mix(seed ^ s.n, 0x9e3779b97f4a7c15), x;

	for (; s.n >= 8; s.p += 8, s.n -= 8) {
		memcpy(&x, s.p, 8);
		h = mix(h ^ x, 0xa0761d6478bd642f);
	}
	x = 0;
	memcpy(&x, s.p, s.n);
	return mix(h ^ x, 0xe7037ed1a0b428db ^ seed);
}

static unsigned
hex4(const char *p)
{
	unsigned v = 0;
	int i;

	for (i = 0; i < 4; i++)
		v = v << 4 | ((unsigned)(p[i] & 15) + (p[i] > '9' ? 9 : 0));
	return v;
}

size_t
json_unescape(const char **p, char *dst)
{
	const char *s = *p;
	uint32_t c;

	if (*s != '\\') {
		*dst = *s;
		*p = s + 1;
		return 1;
	}
	*p = s + 2;
	switch (s[1]) {
	case 'b': *dst = '\b'; return 1;
	case 'f': *dst = '\f'; return 1;
	case 'n': *dst = '\n'; return 1;
	case 'r': *dst = '\r'; return 1;
	case 't': *dst = '\t'; return 1;
	case 'u': break;
	default: *dst = s[1]; return 1;
	}
	c = hex4(s + 2);
	*p = s + 6;
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = (char)(0xc0 | c >> 6);
		dst[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0xd800 || c > 0xdbff) {
		dst[0] = (char)(0xe0 | c >> 12);
		dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	c = 0x10000 + ((c & 0x3ff) << 10 | (hex4(s + 8) & 0x3ff));
	*p = s + 12;
	dst[0] = (char)(0xf0 | c >> 18);
	dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The unescaped name in w->scratch. */
static struct slice
unescaped(struct json_work *w, struct slice name)
{
	const char *p = name.p, *end = name.p + name.n;
	char *d = NULL;

	w->scratch = mem_grow(w->scratch, &w->scratch_cap, name.n, 1);
	for (d = w->scratch; p < end; )
		d += json_unescape(&p, d);
	return (struct slice){ w->scratch, (size_t)(d - w->scratch) };
}

static int
can_be_known(struct slice name)
{
	size_t i;

	if (name.n > JSON_NAME_MAX)
		return 0;
	for (i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20 || name.p[i] == '"' || name.p[i] == '\\')
			return 0;
	return 1;
}

/* The id of a name, given now if need be and possible. */
static unsigned
known(struct json_work *w, struct slice name, uint32_t h)
{
	struct json_known *k = NULL;
	size_t i = h & (2 * JSON_NAMES - 1);

	for (; w->slot[i] != 0; i = (i + 1) & (2 * JSON_NAMES - 1)) {
		k = &w->known[w->slot[i]];
		if (k->hash == h && k->len == name.n + 3 && memcmp(k->text + 1, name.p, name.n) == 0)
			return w->slot[i];
	}
	if (w->known_n == JSON_NAMES) {
		w->missed++;
		return 0;
	}
	w->slot[i] = (uint16_t)w->known_n;
	k = &w->known[w->known_n];
	memset(k, 0, sizeof *k);
	k->first[0] = k->first[1] = k->next[0] = k->next[1] = &w->known[0];
	k->id = (uint8_t)w->known_n;
	k->hash = h;
	k->len = (uint8_t)(name.n + 3);
	k->mask = (uint32_t)(((uint64_t)1 << k->len) - 1);
	k->text[0] = '"';
	memcpy(k->text + 1, name.p, name.n);
	k->text[name.n + 1] = '"';
	k->text[name.n + 2] = ':';
	return w->known_n++;
}

static void
seen_grow(struct json_work *w)
{
	struct json_seen *old = w->seen, *e = NULL;
	size_t old_cap = w->seen_cap, cap = old_cap ? old_cap * 2 : 256, i, k;

	w->seen = mem_alloc(cap * sizeof *w->seen);
	w->seen_cap = cap;
	for (k = 0; k < old_cap; k++) {
		e = &old[k];
		if (e->object < w->since)
			continue;
		for (i = e->hash & (cap - 1); w->seen[i].object != 0; )
			i = (i + 1) & (cap - 1);
		w->seen[i] = *e;
	}
	free(old);
}

/* Text as it stands, read as the bytes that it means. */
struct reader {
	const char *p, *end;
	int escaped;
	char c[4];
	size_t n, i;
};

static int
next_byte(struct reader *r)
{
	if (r->i == r->n) {
		if (r->p == r->end)
			return -1;
		if (!r->escaped)
			return (unsigned char)*r->p++;
		r->n = json_unescape(&r->p, r->c);
		r->i = 0;
	}
	return (unsigned char)r->c[r->i++];
}

int
json_same_text(struct slice a, int a_escaped, struct slice b, int b_escaped)
{
	struct reader x = { .p = a.p, .end = a.p + a.n, .escaped = a_escaped };
	struct reader y = { .p = b.p, .end = b.p + b.n, .escaped = b_escaped };
	int c;

	if (!a_escaped && !b_escaped)
		return slice_eq(a, b);
	do {
		c = next_byte(&x);
		if (c != next_byte(&y))
			return 0;
	} while (c != -1);
	return 1;
}

/* 1 when the object has that name already, else notes it. */
static int
seen(struct json_work *w, struct slice name, int escaped, uint32_t h, uint32_t object)
{
	struct json_seen *e = NULL;
	struct slice other;
	size_t i;

	if (w->seen_n >= w->seen_cap / 4 * 3)
		seen_grow(w);
	h ^= object * 0x9e3779b1u;
	for (i = h & (w->seen_cap - 1); w->seen[i].object >= w->since;
	    i = (i + 1) & (w->seen_cap - 1)) {
		e = &w->seen[i];
		if (e->object != object || e->hash != h)
			continue;
		other = (struct slice){ w->begin + e->at, e->n };
		if (json_same_text(name, escaped, other, memchr(other.p, '\\', other.n) != NULL))
			return 1;
	}
	w->seen[i] = (struct json_seen){ object, h, (uint32_t)(name.p - w->begin),
	    (uint32_t)name.n };
	w->seen_n++;
	return 0;
}

int
json_work_name(struct json_work *w, struct slice name, int escaped, unsigned depth,
    uint32_t object)
{
	struct slice text = escaped ? unescaped(w, name) : name;
	uint64_t h = hash(text, w->seed);
	uint32_t *stamp = NULL;
	unsigned id;

	id = can_be_known(text) ? known(w, text, (uint32_t)h) : 0;
	if (id == 0)
		return seen(w, name, escaped, (uint32_t)h, object) ? -1 : 0;
	stamp = &w->stamp[depth][id];
	if (*stamp == object)
		return -1;
	*stamp = object;
	return (int)id;
}
