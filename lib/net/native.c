/*
 * The Native format.  A block is
 *
 *	number of columns, number of rows (varuints), then for each column
 *	name, type (strings: varuint length, bytes), and if there are rows
 *	[LowCardinality: u64 version 1]
 *	[Array: an end a row, u64, counted from the first row of the block]
 *	[Nullable: a byte a value, 1 = null]
 *	values: little-endian numbers, strings, or if LowCardinality and there are values:
 *		u64 flags (width of a number of a key: 0..3 = 1..8 bytes; 2^9 keys follow; 2^10),
 *		u64 number of keys, keys (strings), u64 number of values, numbers of keys
 */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/dec.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "net/native.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "values are copied into the block as they lie in memory, which must be little-endian"
#endif

#define MS_DAY 86400000LL

struct native_key {
	uint32_t at, len;	/* of the bytes in keys */
	uint64_t hash;
};

static const int64_t pow10[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };

static int
scalar_known(const struct chtype *t)
{
	switch (t->kind) {
	case CHTYPE_UINT:
	case CHTYPE_INT:
	case CHTYPE_DECIMAL:
		return t->size <= 8;
	case CHTYPE_FLOAT:
	case CHTYPE_BOOL:
	case CHTYPE_STRING:
	case CHTYPE_FIXED:
	case CHTYPE_DATE:
	case CHTYPE_DATETIME:
	case CHTYPE_DATETIME64:
	case CHTYPE_ENUM:
		return 1;
	default:
		return 0;
	}
}

int
native_col_init(struct native_col *c, const struct chtype *type, struct err *e)
{
	const struct chtype *t = type;

	*c = (struct native_col){ 0 };
	if (t->kind == CHTYPE_ARRAY) {
		c->array = 1;
		t = t->arg;
	}
	if (t->kind == CHTYPE_LOWCARD && t->arg->kind == CHTYPE_STRING) {
		c->low = 1;
		t = t->arg;
	} else if (t->kind == CHTYPE_NULLABLE && !c->array) {
		c->nullable = 1;
		t = t->arg;
	}
	c->type = t;
	return scalar_known(t) ? 0 : err_set(e, EX_CONFIG, "its type cannot be loaded");
}

void
native_col_fini(struct native_col *c)
{
	buf_fini(&c->data);
	buf_fini(&c->nulls);
	buf_fini(&c->offsets);
	buf_fini(&c->narrow);
	buf_fini(&c->dict.keys);
	free(c->dict.key);
	free(c->dict.slot);
	c->dict = (struct native_dict){ 0 };
}

void
native_col_clear(struct native_col *c)
{
	buf_clear(&c->data);
	buf_clear(&c->nulls);
	buf_clear(&c->offsets);
	buf_clear(&c->dict.keys);
	if (c->dict.n > 0)
		memset(c->dict.slot, 0, c->dict.slots * sizeof *c->dict.slot);
	c->dict.n = 0;
	c->values = 0;
}

size_t
native_bytes(const struct native_col *c)
{
	return c->data.n + c->nulls.n + c->offsets.n + c->dict.keys.n;
}

/* Bytes of a value in data; 0: it varies. */
static size_t
width(const struct native_col *c)
{
	return c->low ? 4 : c->type->size;
}

static char *
put_varuint(char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (char)(v | 0x80);
	*p++ = (char)v;
	return p;
}

static const char *
get_varuint(const char *p, uint64_t *v)
{
	unsigned shift = 0;

	*v = 0;
	do {
		*v |= (uint64_t)(*p & 0x7f) << shift;
		shift += 7;
	} while (*p++ & 0x80);
	return p;
}

static inline void
put(struct buf *b, const void *p, size_t n)
{
	char *q = buf_room(b, n);

	memcpy(q, p, n);
	b->n += n;
}

/* One integer of the column's size. */
static inline void
put_int(struct native_col *c, int64_t v)
{
	size_t n = c->type->size;

	memcpy(buf_room(&c->data, 8), &v, 8);
	c->data.n += n;
	c->values++;
	c->last = v;
}

static inline void
put_string(struct native_col *c, struct slice s)
{
	char *p = buf_room(&c->data, s.n + 10), *q = put_varuint(p, s.n);

	memcpy(q, s.p, s.n);
	c->data.n += (size_t)(q - p) + s.n;
	c->values++;
}

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
	q = put_varuint(p, s.n);
	memcpy(q, s.p, s.n);
	d->key = mem_grow(d->key, &d->cap, d->n + 1, sizeof *d->key);
	d->key[d->n] = (struct native_key){ .at = (uint32_t)(q - d->keys.p), .len = (uint32_t)s.n, .hash = h };
	d->keys.n += (size_t)(q - p) + s.n;
	d->slot[k] = (uint32_t)++d->n;
	return d->recent = (uint32_t)d->n - 1;
}

static void
put_low(struct native_col *c, struct slice s)
{
	uint32_t i = dict_number(&c->dict, s);

	put(&c->data, &i, 4);
	c->values++;
}

static int
refuse(const struct native_col *c, const struct json_value *v, struct fault *f, const char *why)
{
	char name[64], shown[96];

	return fault_set(f, "column", err_show(name, sizeof name, c->name.p, c->name.n), "%s does not fit: %s",
	    err_show(shown, sizeof shown, v->raw.p, v->raw.n), why);
}

/* Whole numbers: the type's own range. */
static int
add_integer(struct native_col *c, const struct json_value *v, struct fault *f)
{
	unsigned bits = (unsigned)c->type->size * 8;
	uint64_t u = 0;
	int64_t i = 0;

	if (c->bool8) {
		if (v->type != JSON_TRUE && v->type != JSON_FALSE)
			return refuse(c, v, f, "neither true nor false");
		put_int(c, v->type == JSON_TRUE);
		return 0;
	}
	if (v->type != JSON_NUMBER)
		return refuse(c, v, f, "not a whole number");
	if (c->type->kind == CHTYPE_UINT) {
		if (json_u64(v, &u) == -1)
			return refuse(c, v, f, "not a whole number of 0 or more");
		if (bits < 64 && u >> bits != 0)
			return refuse(c, v, f, "too large for the column");
		put_int(c, (int64_t)u);
		return 0;
	}
	if (json_i64(v, &i) == -1)
		return refuse(c, v, f, "not a whole number of 64 bits");
	if (bits < 64 && (i >> (bits - 1)) != 0 && (i >> (bits - 1)) != -1)
		return refuse(c, v, f, "too large for the column");
	put_int(c, i);
	return 0;
}

/* A JSON number as a double, rightly rounded.  0 or -1. */
static int
get_double(struct slice s, double *v)
{
	static const double ten[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	char text[512];
	uint64_t digits = 0;
	size_t i = 0, point = 0, n = 0;

	/* up to 15 digits with a point: one exact division */
	if (s.n > 0 && s.p[0] == '-')
		i++;
	for (; i < s.n && n <= 15; i++) {
		if (s.p[i] == '.') {
			point = n + 1;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			break;
		digits = digits * 10 + (uint64_t)(s.p[i] - '0');
		n++;
	}
	if (i == s.n && n <= 15) {
		*v = (double)digits / ten[point ? n + 1 - point : 0];
		if (s.p[0] == '-')
			*v = -*v;
		return 0;
	}
	if (s.n >= sizeof text)
		return -1;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*v = strtod(text, NULL);
	return isfinite(*v) ? 0 : -1;
}

static int
add_float(struct native_col *c, const struct json_value *v, struct fault *f)
{
	double d = 0;
	float s = 0;

	if (v->type != JSON_NUMBER)
		return refuse(c, v, f, "not a number");
	if (get_double(v->raw, &d) == -1)
		return refuse(c, v, f, "too large or too long for a floating-point number");
	if (c->type->size == 8) {
		put(&c->data, &d, 8);
	} else {
		if (fabs(d) > (double)FLT_MAX)
			return refuse(c, v, f, "too large for the column");
		s = (float)d;
		put(&c->data, &s, 4);
	}
	c->values++;
	return 0;
}

static int
add_decimal(struct native_col *c, const struct json_value *v, struct fault *f)
{
	struct dec d = { 0 };
	int64_t n = 0, limit = 1;
	unsigned i;

	if (v->type != JSON_NUMBER || dec_parse(v->raw, &d) == -1)
		return refuse(c, v, f, "not a decimal number");
	for (i = 0; i < c->type->precision; i++)
		limit *= 10;
	if (dec_scaled(d, c->type->scale, &n) == -1 || n >= limit || n <= -limit)
		return refuse(c, v, f, "more digits than the column has");
	put_int(c, n);
	return 0;
}

int
native_time(const struct json_value *v, int64_t *ms)
{
	struct slice s;
	struct utc_text t;
	int32_t day;

	if (v->type != JSON_STRING)
		return -1;
	s = (struct slice){ v->raw.p + 1, v->raw.n - 2 };
	if (utc_get(s, ms) == 0)
		return 0;
	if (s.n == UTC_DAY_LEN && utc_get_day(s, &day) == 0) {
		*ms = day * MS_DAY;
		return 0;
	}
	if (utc_parse(s, &t) == -1 || !t.has_offset || t.date_only)
		return -1;
	*ms = t.ms - t.offset * 1000LL;
	return 0;
}

static int
add_time(struct native_col *c, const struct json_value *v, struct fault *f)
{
	int64_t ms = 0, n;
	int32_t day = 0;

	if (c->type->kind == CHTYPE_DATE) {
		if (v->type != JSON_STRING || utc_get_day((struct slice){ v->raw.p + 1, v->raw.n - 2 }, &day) == -1)
			return refuse(c, v, f, "not a date of the form 2024-06-03");
		if (c->type->size == 2 ? day < 0 || day > 65535 : day < -25567 || day > 120529)
			return refuse(c, v, f, "a date that the column does not reach");
		put_int(c, day);
		c->last = day * MS_DAY;
		return 0;
	}
	if (native_time(v, &ms) == -1 || v->raw.n == UTC_DAY_LEN + 2)
		return refuse(c, v, f, "not a time with its offset, as 2024-06-03T07:00:00.000Z");
	if (c->type->kind == CHTYPE_DATETIME) {
		n = utc_sec(ms);
		if (n < 0 || n > UINT32_MAX)
			return refuse(c, v, f, "a time that the column does not reach");
	} else {
		/* from 1900 to 2299, where the server's own calendar ends; nanoseconds end in 2262 */
		if (ms < -2208988800000 || ms > 10413791999999 || (c->type->scale == 9 && ms > 9223372036854))
			return refuse(c, v, f, "a time that the column does not reach");
		n = c->type->scale >= 3 ? ms * pow10[c->type->scale - 3]
		    : (ms - (ms % pow10[3 - c->type->scale] + pow10[3 - c->type->scale]) % pow10[3 - c->type->scale]) / pow10[3 - c->type->scale];
	}
	put_int(c, n);
	c->last = ms;
	return 0;
}

static int
add_enum(struct native_col *c, struct slice s, const struct json_value *v, struct fault *f)
{
	const struct chtype_item *i = c->type->item, *end = i + c->type->items;

	for (; i < end; i++)
		if (i->len == s.n && memcmp(i->name, s.p, s.n) == 0) {
			put_int(c, i->value);
			return 0;
		}
	return refuse(c, v, f, "not one of the column's values");
}

/* Text, enum and the like: what a JSON string stands for. */
static int
add_text(struct native_col *c, const struct json_value *v, struct fault *f)
{
	struct slice s;
	char *scratch = NULL, *p;
	size_t n;
	int rc = 0;

	if (c->object && v->type == JSON_OBJECT) {
		scratch = mem_alloc(v->raw.n + 1);
		p = json_compact(scratch, v);
		s = (struct slice){ scratch, (size_t)(p - scratch) };
		if (s.n == 2)
			s.n = 0;
	} else if (v->type != JSON_STRING) {
		return refuse(c, v, f, "not a string");
	} else if (v->escaped) {
		scratch = mem_alloc(v->raw.n);
		s = json_text(v, scratch);
	} else {
		s = (struct slice){ v->raw.p + 1, v->raw.n - 2 };
	}
	if (c->low) {
		put_low(c, s);
	} else if (c->type->kind == CHTYPE_STRING) {
		put_string(c, s);
	} else if (c->type->kind == CHTYPE_ENUM) {
		rc = add_enum(c, s, v, f);
	} else {
		n = c->type->size;
		if (s.n > n) {
			rc = refuse(c, v, f, "longer than the column");
		} else {
			p = buf_room(&c->data, n);
			memcpy(p, s.p, s.n);
			memset(p + s.n, 0, n - s.n);
			c->data.n += n;
			c->values++;
		}
	}
	free(scratch);
	return rc;
}

static int
add_scalar(struct native_col *c, const struct json_value *v, struct fault *f)
{
	switch (c->type->kind) {
	case CHTYPE_STRING:
	case CHTYPE_FIXED:
	case CHTYPE_ENUM:
		return add_text(c, v, f);
	case CHTYPE_UINT:
	case CHTYPE_INT:
		return add_integer(c, v, f);
	case CHTYPE_BOOL:
		if (v->type != JSON_TRUE && v->type != JSON_FALSE)
			return refuse(c, v, f, "neither true nor false");
		put_int(c, v->type == JSON_TRUE);
		return 0;
	case CHTYPE_FLOAT:
		return add_float(c, v, f);
	case CHTYPE_DECIMAL:
		return add_decimal(c, v, f);
	default:
		return add_time(c, v, f);
	}
}

/* A value that stands for none, where there must be one: under a null, for an absent member. */
static void
add_blank(struct native_col *c)
{
	size_t n = width(c);

	if (c->low) {
		put_low(c, SLICE(""));
		return;
	}
	if (n == 0) {
		put_string(c, SLICE(""));
		return;
	}
	if (c->type->kind == CHTYPE_ENUM && !c->nullable) {
		put_int(c, c->type->item[0].value);
		return;
	}
	memset(buf_room(&c->data, n), 0, n);
	c->data.n += n;
	c->values++;
	c->last = 0;
}

static void
put_end(struct native_col *c)
{
	put(&c->offsets, &c->values, 8);
}

static int
add_array(struct native_col *c, const struct json_value *v, struct fault *f)
{
	struct json_walk w;
	struct json_member m;
	size_t n = c->data.n;
	uint64_t values = c->values;

	if (v->type != JSON_ARRAY)
		return refuse(c, v, f, "not an array");
	json_enter(&w, v);
	while (json_next(&w, &m))
		if (m.v.type == JSON_NULL || add_scalar(c, &m.v, f) == -1) {
			if (m.v.type == JSON_NULL)
				(void)refuse(c, v, f, "null in an array");
			c->data.n = n;
			c->values = values;
			return -1;
		}
	c->prev = n;
	put_end(c);
	return 0;
}

int
native_add(struct native_col *c, const struct json_value *v, struct fault *f)
{
	static const char no = 0, yes = 1;
	size_t n = c->data.n;

	if (c->array)
		return add_array(c, v, f);
	c->last_null = 0;
	if (v->type == JSON_NULL) {
		if (!c->nullable)
			return refuse(c, v, f, "the column has no null");
		c->prev = n;
		c->last_null = 1;
		put(&c->nulls, &yes, 1);
		add_blank(c);
		return 0;
	}
	if (add_scalar(c, v, f) == -1)
		return -1;
	c->prev = n;
	if (c->nullable)
		put(&c->nulls, &no, 1);
	return 0;
}

int
native_add_i64(struct native_col *c, int64_t v, struct fault *f)
{
	char text[NUM_MAX];
	struct json_value j = { .raw = { text, num_put_i64(text, v) }, .type = JSON_NUMBER };

	return native_add(c, &j, f);
}

void
native_add_empty(struct native_col *c)
{
	static const char yes = 1;

	c->prev = c->data.n;
	c->last_null = c->nullable;
	if (c->array) {
		put_end(c);
		return;
	}
	if (c->nullable)
		put(&c->nulls, &yes, 1);
	add_blank(c);
}

void
native_undo(struct native_col *c)
{
	uint64_t end = 0, before = 0;

	if (c->array) {
		memcpy(&end, c->offsets.p + c->offsets.n - 8, 8);
		c->offsets.n -= 8;
		if (c->offsets.n > 0)
			memcpy(&before, c->offsets.p + c->offsets.n - 8, 8);
		c->values -= end - before;
	} else {
		c->values--;
	}
	c->data.n = c->prev;
	if (c->nullable)
		c->nulls.n--;
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

/* Behind the value at p. */
static const char *
skip(const struct native_col *c, const char *p)
{
	uint64_t n = width(c);

	if (n == 0)
		p = get_varuint(p, &n);
	return p + n;
}

/* Copies the values [p, q) of src, n of them. */
static void
copy_values(struct native_col *dst, const struct native_col *src, const char *p, const char *q, uint64_t n)
{
	const struct native_key *key;
	uint32_t i = 0;

	if (!src->low) {
		buf_put(&dst->data, p, (size_t)(q - p));
		dst->values += n;
		return;
	}
	for (; p < q; p += 4) {
		memcpy(&i, p, 4);
		key = &src->dict.key[i];
		put_low(dst, (struct slice){ src->dict.keys.p + key->at, key->len });
	}
}

void
native_copy(struct native_col *dst, const struct native_col *src, uint64_t from, uint64_t to, const unsigned char *keep)
{
	const char *p = src->data.p, *q;
	size_t w = width(src);
	uint64_t row, i, n = 1, at = 0, end = 0;

	for (row = 0; row < to; row++) {
		if (src->array) {
			memcpy(&end, src->offsets.p + 8 * row, 8);
			n = end - at;
			at = end;
		}
		if (w > 0)
			q = p + n * w;
		else
			for (q = p, i = 0; i < n; i++)
				q = skip(src, q);
		if (row >= from && (keep == NULL || keep[row])) {
			copy_values(dst, src, p, q, n);
			if (src->nullable)
				buf_put(&dst->nulls, src->nulls.p + row, 1);
			if (src->array)
				put_end(dst);
		}
		p = q;
	}
}

/* The numbers of keys in as few bytes as they need; returns log2 of the width. */
static unsigned
narrow(struct native_col *c)
{
	const uint32_t *from = (const void *)c->data.p;
	unsigned log = c->dict.n <= 256 ? 0 : c->dict.n <= 65536 ? 1 : 2;
	size_t i;
	uint8_t *b;
	uint16_t *s;

	if (log == 2)
		return 2;
	buf_clear(&c->narrow);
	b = (void *)buf_room(&c->narrow, (size_t)c->values << log);
	s = (void *)b;
	if (log == 0)
		for (i = 0; i < c->values; i++)
			b[i] = (uint8_t)from[i];
	else
		for (i = 0; i < c->values; i++)
			s[i] = (uint16_t)from[i];
	c->narrow.n = (size_t)c->values << log;
	return log;
}

struct maker {
	struct buf *head;
	struct slice *part;
	size_t parts, from;	/* head[from..) is not in a part yet */
};

/* What stands in head since the last part becomes a part; its place is set at the end, when head moves no more. */
static void
cut(struct maker *m)
{
	if (m->head->n > m->from)
		m->part[m->parts++] = (struct slice){ NULL, m->head->n - m->from };
	m->from = m->head->n;
}

static void
add_part(struct maker *m, const struct buf *b)
{
	if (b->n == 0)
		return;
	cut(m);
	m->part[m->parts++] = buf_as_slice(b);
}

static void
put_text(struct buf *b, struct slice s)
{
	char *p = buf_room(b, s.n + 10);

	b->n += (size_t)(put_varuint(p, s.n) - p);
	buf_slice(b, s);
}

static void
put_u64(struct buf *b, uint64_t v)
{
	buf_put(b, &v, 8);
}

size_t
native_block(struct native_col *c, size_t n, uint64_t rows, struct buf *head, struct slice *part)
{
	struct maker m = { .head = head, .part = part };
	char *p;
	size_t i, at;
	unsigned log;

	buf_clear(head);
	p = buf_room(head, 20);
	head->n += (size_t)(put_varuint(put_varuint(p, n), rows) - p);
	for (i = 0; i < n; i++) {
		struct native_col *k = &c[i];

		put_text(head, k->name);
		put_text(head, k->text);
		if (rows == 0)
			continue;
		if (k->low)
			put_u64(head, 1);
		add_part(&m, &k->offsets);
		add_part(&m, &k->nulls);
		if (k->low && k->values > 0) {
			log = narrow(k);
			put_u64(head, log | 1u << 9 | 1u << 10);
			put_u64(head, k->dict.n);
			add_part(&m, &k->dict.keys);
			put_u64(head, k->values);
			add_part(&m, log == 2 ? &k->data : &k->narrow);
		} else if (!k->low) {
			add_part(&m, &k->data);
		}
	}
	cut(&m);
	for (i = at = 0; i < m.parts; i++)
		if (part[i].p == NULL) {
			part[i].p = head->p + at;
			at += part[i].n;
		}
	return m.parts;
}
