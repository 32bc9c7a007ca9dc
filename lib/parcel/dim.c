/*
 * Rows of the source against rows of a dimension, and what changed.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "parcel/dim_work.h"

const char *const dim_table_name[DIM_TABLES] = { "dim_client", "dim_carrier", "dim_region", "dim_date" };

void
dim_init(struct dim *d, enum dim_table t, int64_t now)
{
	*d = (struct dim){ .table = t, .now = now };
	d->sha = EVP_MD_CTX_new();
	if (d->sha == NULL || EVP_DigestInit_ex(d->sha, EVP_sha256(), NULL) != 1)
		abort();	/* a libcrypto without SHA-256 */
}

void
dim_fini(struct dim *d)
{
	map_fini(&d->keys);
	free(d->key);
	free(d->input);
	free(d->change);
	arena_fini(&d->arena);
	buf_fini(&d->text);
	buf_fini(&d->key_text);
	buf_fini(&d->plain);
	buf_fini(&d->scratch);
	EVP_MD_CTX_free(d->sha);
	*d = (struct dim){ 0 };
}

size_t
dim_bytes(const struct dim *d)
{
	return arena_bytes(&d->arena) + d->keys.bytes + d->keys.n * (sizeof *d->key + 16) +
	    d->inputs * (sizeof *d->input + sizeof *d->change);
}

struct slice
dim_keep(struct dim *d, struct slice s)
{
	char *p = arena_get(&d->arena, s.n);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct slice){ p, s.n };
}

uint32_t
dim_add_key(struct dim *d)
{
	uint32_t k = map_add(&d->keys, buf_as_slice(&d->key_text));

	d->key = mem_grow(d->key, &d->key_cap, d->keys.n, sizeof *d->key);
	if (d->key_n < d->keys.n)
		d->key[d->key_n++] = (struct dim_key){ 0 };
	return k;
}

size_t
dim_keys(const struct dim *d)
{
	return d->keys.n;
}

int
dim_asks(const struct dim *d, size_t i, struct slice *value)
{
	struct slice key = map_key(&d->keys, (uint32_t)i);
	size_t name = strlen(dim_spec[d->table].key) + 3;	/* with quotes and colon */

	*value = (struct slice){ key.p + name, key.n - name };
	return d->key[i].asked || d->key[i].fresh;
}

static int
order(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

int
dim_age(const struct dim_version *a, const struct dim_version *b)
{
	int c = order(a->from, b->from);

	if (c == 0)
		c = order(a->version, b->version);
	return c ? c : slice_cmp(a->text, b->text);
}

static int
by_key_and_time(const void *a, const void *b)
{
	const struct dim_input *x = a, *y = b;
	int c = order(x->key, y->key);

	if (c == 0)
		c = order(x->v.version, y->v.version);
	return c ? c : order((int64_t)x->number, (int64_t)y->number);
}

/* With a history, rows of one updated_at stand by their attributes, so that their order of coming plays no part. */
static int
by_key_and_text(const void *a, const void *b)
{
	const struct dim_input *x = a, *y = b;
	int c = order(x->key, y->key);

	if (c == 0)
		c = order(x->v.version, y->v.version);
	if (c == 0)
		c = slice_cmp(x->v.text, y->v.text);
	return c ? c : order((int64_t)x->number, (int64_t)y->number);
}

static void
add_change(struct dim *d, uint32_t k, const struct dim_version *v, struct slice src)
{
	d->change = mem_grow(d->change, &d->change_cap, d->changes + 1, sizeof *d->change);
	d->change[d->changes++] = (struct dim_change){ .key = k, .v = *v, .src = src };
}

/*
 * The rows of a key with a history, one by one.  What a later row of the same second replaces
 * is not printed; a version that ends is printed before the one that follows it, so that
 * whoever stops in between has no current version, and not two.
 */
static void
versions(struct dim *d, const struct dim_input *in, size_t n)
{
	struct dim_key *key = &d->key[in->key];
	struct dim_version now = key->newest;
	struct slice src = { "", 0 };
	int has = key->has, made = 0, open;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct dim_version *v = &in[i].v;

		open = has && now.to == OPEN;
		if (has && (v->version < now.version || v->from < now.from)) {
			d->older++;
		} else if (open && slice_eq(v->text, now.text)) {
			d->same++;
		} else if (open && v->version == now.version && slice_cmp(v->text, now.text) < 0) {
			d->older++;
		} else {
			d->changed++;
			if (open && now.from < v->from) {
				now.to = v->from;
				now.version = v->version;
				add_change(d, in->key, &now, in[i].src);
			}
			now = *v;
			src = in[i].src;
			has = made = 1;
		}
	}
	if (made) {
		add_change(d, in->key, &now, src);
		key->newest = now;
		key->has = key->fresh = 1;
	}
}

/* The rows of a key that has the newest attributes only. */
static void
newest(struct dim *d, const struct dim_input *in, size_t n)
{
	struct dim_key *key = &d->key[in->key];
	const struct dim_input *made = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (key->has && slice_eq(in[i].v.text, key->newest.text)) {
			d->same++;
		} else if (key->has && in[i].v.version < key->newest.version) {
			d->older++;
		} else {
			d->changed++;
			made = &in[i];
			key->newest = made->v;
			key->has = key->fresh = 1;
		}
	}
	if (made != NULL)
		add_change(d, in->key, &made->v, made->src);
}

size_t
dim_compare(struct dim *d)
{
	const int history = dim_spec[d->table].history;
	size_t i, end;

	d->changes = 0;
	if (d->inputs > 1)
		qsort(d->input, d->inputs, sizeof *d->input, history ? by_key_and_text : by_key_and_time);
	for (i = 0; i < d->inputs; i = end) {
		for (end = i + 1; end < d->inputs && d->input[end].key == d->input[i].key; end++)
			;
		(history ? versions : newest)(d, &d->input[i], end - i);
	}
	return d->changes;
}

size_t
dim_size(const struct dim *d, size_t i)
{
	const struct dim_change *c = &d->change[i];

	return map_key(&d->keys, c->key).n + c->v.text.n + c->src.n + 256;
}

static char *
put(char *dst, struct slice s)
{
	memcpy(dst, s.p, s.n);
	return dst + s.n;
}

static char *
put_time(char *dst, struct slice name, int64_t sec)
{
	dst = put(dst, name);
	dst = utc_put(dst, sec * 1000);
	*dst++ = '"';
	return dst;
}

char *
dim_put(const struct dim *d, size_t i, char *dst)
{
	const struct dim_change *c = &d->change[i];
	const int history = dim_spec[d->table].history;

	*dst++ = '{';
	if (c->src.n > 0) {
		dst = put(dst, SLICE("\"_src\":"));
		dst = put(dst, c->src);
		*dst++ = ',';
	}
	dst = put(dst, map_key(&d->keys, c->key));
	if (history) {
		dst = put_time(dst, SLICE(",\"valid_from\":\""), c->v.from);
		dst = put_time(dst, SLICE(",\"valid_to\":\""), c->v.to);
		dst = put(dst, c->v.to == OPEN ? SLICE(",\"is_current\":true") : SLICE(",\"is_current\":false"));
	}
	*dst++ = ',';
	dst = put(dst, c->v.text);
	if (history) {
		dst = put(dst, SLICE(",\"row_hash\":"));
		dst += num_put_u64(dst, c->v.hash);
	}
	dst = put(dst, SLICE(",\"version\":"));
	dst += num_put_i64(dst, c->v.version);
	*dst++ = '}';
	return dst;
}

void
dim_next(struct dim *d)
{
	struct dim old = *d;
	struct dim_version v;
	size_t i;
	uint32_t k;

	d->keys = (struct map){ 0 };
	d->arena = (struct arena){ 0 };
	d->key = NULL;
	d->key_cap = d->key_n = d->inputs = d->changes = 0;
	for (i = 0; i < old.keys.n; i++) {
		if (!old.key[i].fresh)
			continue;
		v = old.key[i].newest;
		buf_clear(&d->key_text);
		buf_slice(&d->key_text, map_key(&old.keys, (uint32_t)i));
		k = dim_add_key(d);
		v.text = dim_keep(d, v.text);
		d->key[k] = (struct dim_key){ .newest = v, .has = 1, .fresh = 1 };
	}
	map_fini(&old.keys);
	arena_fini(&old.arena);
	free(old.key);
}
