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
#include <stdlib.h>
#include <string.h>

#include "net/native_work.h"

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

/* Behind the value at p. */
static const char *
skip(const struct native_col *c, const char *p)
{
	uint64_t n = native_width(c);

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
		native_put_low(dst, (struct slice){ src->dict.keys.p + key->at, key->len });
	}
}

void
native_copy(struct native_col *dst, const struct native_col *src, uint64_t from, uint64_t to, const unsigned char *keep)
{
	const char *p = src->data.p, *q;
	size_t w = native_width(src);
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
				native_put_end(dst);
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

	b->n += (size_t)(native_put_varuint(p, s.n) - p);
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
	head->n += (size_t)(native_put_varuint(native_put_varuint(p, n), rows) - p);
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
