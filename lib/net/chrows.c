/*
 * Results in Native format (native.c has the form of a block).  A value of a type
 * made of others lies so: Nullable: the null bytes, then the values; Array and Map:
 * the ends, then the elements (a map's keys, then its values); Tuple: element
 * by element; LowCardinality: numbers of keys, its version standing before all else
 * of the column.  The columns of a block are kept as they came, with an index where
 * the width varies.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "net/chrows.h"
#include "rec/json.h"

#define COLUMNS_MAX 4096
#define ROWS_MAX (64u << 20)
#define STRING_MAX (256u << 20)

/* One node of a column's type in the present block.  Places are offsets into the block, so that it can grow. */
struct node {
	const struct chtype *type;
	uint64_t n;		/* values */
	size_t at;		/* fixed width, ends, null bytes, numbers of keys: where they lie */
	size_t *start;		/* strings: n + 1 places of the texts' lengths... see load_strings() */
	size_t start_cap;
	unsigned width;		/* of a number of a key */
	struct node *arg;	/* as type->arg; of a LowCardinality the keys */
	char *quoted;		/* LowCardinality of String: the keys as JSON strings, one after the other */
	size_t quoted_cap;
	size_t *quoted_at;	/* keys + 1 places in it */
	size_t quoted_at_cap;
};

struct column {
	char *name, *text;
	size_t name_len, text_len;
	struct chtype type;
	struct node node;
	char *key;		/* ,"name": */
	size_t key_len;
};

struct chrows {
	struct ch *c;
	struct buf in;		/* the block, and what came behind it */
	size_t p;		/* of in: read so far */
	int ended;
	struct column *col;
	size_t cols;
	uint64_t rows, row;	/* of the block; row: the present one + 1 */
	size_t fixed;		/* bytes of a row's JSON that do not depend on its strings */
	struct ch_fault fault;
};

/* At least n more bytes: 0, or -1 when the answer ends before (or failed: fault is set). */
static int
need(struct chrows *r, size_t n)
{
	int rc;

	if (r->in.n - r->p >= n)
		return 0;
	if (r->ended)
		return -1;
	rc = ch_pull(r->c, &r->in, r->p + n, &r->fault);
	if (rc != 1)
		r->ended = 1;
	return rc == 1 ? 0 : -1;
}

static int
varuint(struct chrows *r, uint64_t max, uint64_t *v)
{
	unsigned shift = 0;
	unsigned char c;

	*v = 0;
	do {
		if (shift > 63 || need(r, 1) == -1)
			return -1;
		c = (unsigned char)r->in.p[r->p++];
		*v |= (uint64_t)(c & 0x7f) << shift;
		shift += 7;
	} while (c & 0x80);
	return *v <= max ? 0 : -1;
}

static int
u64(struct chrows *r, uint64_t *v)
{
	if (need(r, 8) == -1)
		return -1;
	memcpy(v, r->in.p + r->p, 8);
	r->p += 8;
	return 0;
}

/* width bytes for each of n values */
static int
fixed(struct chrows *r, struct node *d, size_t width)
{
	if (need(r, d->n * width) == -1)
		return -1;
	d->at = r->p;
	r->p += d->n * width;
	return 0;
}

/* start[i] is where the i-th length stands, start[n] the end. */
static int
strings(struct chrows *r, struct node *d)
{
	uint64_t i, n = 0;

	d->start = mem_grow(d->start, &d->start_cap, d->n + 1, sizeof *d->start);
	for (i = 0; i < d->n; i++) {
		d->start[i] = r->p;
		/* most lengths are one byte */
		if (r->in.n - r->p > 0 && (unsigned char)r->in.p[r->p] < 0x80)
			n = (unsigned char)r->in.p[r->p++];
		else if (varuint(r, STRING_MAX, &n) == -1)
			return -1;
		if (need(r, n) == -1)
			return -1;
		r->p += n;
	}
	d->start[d->n] = r->p;
	return 0;
}

static struct slice
string_at(const struct chrows *r, const struct node *d, uint64_t i)
{
	const unsigned char *p;

	if (d->type->kind == CHTYPE_FIXED) {
		struct slice s = { r->in.p + d->at + i * d->type->size, d->type->size };

		while (s.n > 0 && s.p[s.n - 1] == '\0')
			s.n--;
		return s;
	}
	p = (const unsigned char *)r->in.p + d->start[i];
	while (*p++ & 0x80)
		;
	return (struct slice){ (const char *)p, (size_t)(r->in.p + d->start[i + 1] - (const char *)p) };
}

static int values(struct chrows *r, struct node *d, uint64_t n);

static void
make_args(struct node *d)
{
	size_t i;

	if (d->arg == NULL && d->type->n > 0) {
		d->arg = mem_alloc(d->type->n * sizeof *d->arg);
		for (i = 0; i < d->type->n; i++)
			d->arg[i].type = &d->type->arg[i];
	}
}

/* The version of a LowCardinality anywhere in the type stands in front. */
static int
prefix(struct chrows *r, struct node *d)
{
	uint64_t version = 0;
	size_t i;

	make_args(d);
	if (d->type->kind == CHTYPE_LOWCARD)
		return u64(r, &version) == 0 && version == 1 ? 0 : -1;
	for (i = 0; i < d->type->n; i++)
		if (prefix(r, &d->arg[i]) == -1)
			return -1;
	return 0;
}

/* ends -> the number of elements */
static int
ends(struct chrows *r, struct node *d, uint64_t *n)
{
	uint64_t i, v = 0, before = 0;

	if (fixed(r, d, 8) == -1)
		return -1;
	for (i = 0; i < d->n; i++) {
		memcpy(&v, r->in.p + d->at + 8 * i, 8);
		if (v < before || v > ROWS_MAX)
			return -1;
		before = v;
	}
	*n = before;
	return 0;
}

static char *quote(char *dst, struct slice s);

/* Keys as JSON, made once a block: they are printed many times. */
static void
quote_keys(struct chrows *r, struct node *d)
{
	struct node *keys = d->arg;
	struct slice s;
	size_t at = 0;
	uint64_t i;

	d->quoted_at = mem_grow(d->quoted_at, &d->quoted_at_cap, keys->n + 1, sizeof *d->quoted_at);
	for (i = 0; i < keys->n; i++) {
		s = string_at(r, keys, i);
		d->quoted = mem_grow(d->quoted, &d->quoted_cap, at + 6 * s.n + 2, 1);
		d->quoted_at[i] = at;
		at = (size_t)(quote(d->quoted + at, s) - d->quoted);
	}
	d->quoted_at[keys->n] = at;
}

static int
low(struct chrows *r, struct node *d)
{
	uint64_t flags = 0, keys = 0, n = 0, i, v;
	const struct chtype *t = d->type->arg;
	struct node *k = d->arg;

	if (u64(r, &flags) == -1 || (flags & 0xff) > 3 || (flags >> 9 & 1) == 0 || u64(r, &keys) == -1 || keys > ROWS_MAX)
		return -1;
	/* keys of a LowCardinality(Nullable(T)) are of T, the first one standing for null */
	if (t->kind == CHTYPE_NULLABLE)
		k->type = t->arg;
	if (values(r, k, keys) == -1 || u64(r, &n) == -1 || n != d->n)
		return -1;
	d->width = 1u << (flags & 3);
	if (fixed(r, d, d->width) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		v = 0;
		memcpy(&v, r->in.p + d->at + i * d->width, d->width);
		if (v >= keys)
			return -1;
	}
	if (k->type->kind == CHTYPE_STRING)
		quote_keys(r, d);
	return 0;
}

static int
values(struct chrows *r, struct node *d, uint64_t n)
{
	uint64_t inner = 0;
	size_t i;

	d->n = n;
	if (n == 0 && d->type->kind == CHTYPE_LOWCARD)
		return 0;
	switch (d->type->kind) {
	case CHTYPE_STRING:
		return strings(r, d);
	case CHTYPE_NULLABLE:
		return fixed(r, d, 1) == -1 ? -1 : values(r, d->arg, n);
	case CHTYPE_LOWCARD:
		return low(r, d);
	case CHTYPE_ARRAY:
		return ends(r, d, &inner) == -1 ? -1 : values(r, d->arg, inner);
	case CHTYPE_MAP:
		return ends(r, d, &inner) == -1 || values(r, &d->arg[0], inner) == -1 ? -1 : values(r, &d->arg[1], inner);
	case CHTYPE_TUPLE:
		for (i = 0; i < d->type->n; i++)
			if (values(r, &d->arg[i], n) == -1)
				return -1;
		return 0;
	default:
		return fixed(r, d, d->type->size);
	}
}

/* A short text of the block's head; its place, or -1. */
static int
head_text(struct chrows *r, struct slice *s)
{
	uint64_t n = 0;

	if (varuint(r, 1 << 20, &n) == -1 || need(r, n) == -1)
		return -1;
	*s = (struct slice){ r->in.p + r->p, n };
	r->p += n;
	return 0;
}

/* Longest JSON text of a value of this type, its strings and elements left out. */
static size_t
width(const struct chtype *t)
{
	size_t n = 4, i;

	switch (t->kind) {
	case CHTYPE_UINT:
	case CHTYPE_INT:
	case CHTYPE_DECIMAL:
		return t->size * 3 + 8 + t->scale;
	case CHTYPE_FLOAT:
		return 32;
	case CHTYPE_FIXED:
		return 6 * t->size + 2;
	case CHTYPE_ENUM:
		for (i = 0; i < t->items; i++)
			if (6 * t->item[i].len + 2 > n)
				n = 6 * t->item[i].len + 2;
		return n;
	case CHTYPE_UUID:
	case CHTYPE_IPV4:
	case CHTYPE_IPV6:
		return 64;
	case CHTYPE_NULLABLE:
		return 8 + width(t->arg);
	case CHTYPE_TUPLE:
		for (i = 0; i < t->n; i++)
			n += width(&t->arg[i]) + 4 + (t->name ? 6 * strlen(t->name[i]) : 0);
		return n;
	case CHTYPE_STRING:
	case CHTYPE_LOWCARD:
	case CHTYPE_ARRAY:
	case CHTYPE_MAP:
		return 8;	/* size() counts the rest */
	default:
		return 32;
	}
}

static int
new_columns(struct chrows *r, size_t n)
{
	r->col = mem_alloc((n + 1) * sizeof *r->col);
	r->cols = n;
	return 0;
}

static int
set_column(struct column *k, struct slice name, struct slice text, struct err *e)
{
	if (chtype_parse(&k->type, text, e) == -1) {
		err_at(e, "column %.*s", (int)(name.n < 128 ? name.n : 128), name.p);
		return -1;
	}
	k->name = mem_dup(name.p, name.n);
	k->name_len = name.n;
	k->text = mem_dup(text.p, text.n);
	k->text_len = text.n;
	k->node.type = &k->type;
	k->key = mem_alloc(6 * name.n + 4);
	k->key[0] = ',';
	k->key_len = (size_t)(quote(k->key + 1, name) - k->key);
	k->key[k->key_len++] = ':';
	return 0;
}

static int
set_fault(struct chrows *r, const struct err *e)
{
	r->fault.class = CH_CONFIG;
	r->fault.code = 0;
	(void)snprintf(r->fault.msg, sizeof r->fault.msg, "%.256s: %.400s (toString() of it in the query?)", ch_place(r->c), e->msg);
	ch_stop(r->c);
	r->ended = 1;
	return -1;
}

/* Reads the next block.  1, 0 at the end, -1 with fault. */
static int
block(struct chrows *r)
{
	struct err e = ERR_NONE;
	struct slice name = { 0 }, text = { 0 };
	uint64_t cols = 0, rows = 0;
	size_t from, i;

	/* keep what came behind the last block, and nothing else */
	if (r->p > 0) {
		memmove(r->in.p, r->in.p + r->p, r->in.n - r->p);
		r->in.n -= r->p;
		r->p = 0;
	}
	r->rows = r->row = 0;
	if (need(r, 1) == -1)
		return r->fault.class != CH_OK || r->in.n > 0 ? -1 : 0;
	from = r->p;
	if (varuint(r, COLUMNS_MAX, &cols) == -1 || varuint(r, ROWS_MAX, &rows) == -1)
		goto broken;
	if (r->col == NULL)
		(void)new_columns(r, cols);
	if (cols != r->cols)
		goto broken;
	r->fixed = 2;
	for (i = 0; i < cols; i++) {
		struct column *k = &r->col[i];
		size_t name_at, text_at;

		if (head_text(r, &name) == -1)
			goto broken;
		name_at = (size_t)(name.p - r->in.p);
		if (head_text(r, &text) == -1)
			goto broken;
		text_at = (size_t)(text.p - r->in.p);
		name.p = r->in.p + name_at;
		if (k->name == NULL && set_column(k, name, text, &e) == -1) {
			/* words of an error are no type: then it is the error that counts */
			if (r->in.n >= 6 && memmem(r->in.p, r->in.n, "Code: ", 6) != NULL)
				goto broken;
			return set_fault(r, &e);
		}
		if (!slice_eq(name, (struct slice){ k->name, k->name_len }) ||
		    !slice_eq((struct slice){ r->in.p + text_at, text.n }, (struct slice){ k->text, k->text_len }))
			goto broken;
		if (rows > 0 && (prefix(r, &k->node) == -1 || values(r, &k->node, rows) == -1))
			goto broken;
		r->fixed += k->key_len + width(&k->type);
	}
	r->rows = rows;
	return 1;
broken:
	if (r->fault.class == CH_OK) {
		/* the rest of the answer tells why */
		(void)need(r, r->in.n - r->p + (64u << 10));
		if (r->fault.class == CH_OK)
			ch_unreadable(r->c, (struct slice){ r->in.p + from, r->in.n - from }, r->ended, &r->fault);
	}
	r->ended = 1;
	return -1;
}

struct chrows *
chrows_open(struct ch *c, struct slice sql, const struct ch_param *p, size_t np, struct ch_fault *f)
{
	struct chrows *r;

	if (ch_select(c, sql, p, np, f) == -1)
		return NULL;
	r = mem_alloc(sizeof *r);
	r->c = c;
	return r;
}

static void
free_node(struct node *d)
{
	size_t i;

	for (i = 0; d->arg != NULL && i < d->type->n; i++)
		free_node(&d->arg[i]);
	free(d->arg);
	free(d->start);
	free(d->quoted);
	free(d->quoted_at);
}

void
chrows_close(struct chrows *r)
{
	size_t i;

	if (r == NULL)
		return;
	ch_stop(r->c);
	for (i = 0; i < r->cols; i++) {
		if (r->col[i].node.type != NULL)
			free_node(&r->col[i].node);
		chtype_fini(&r->col[i].type);
		free(r->col[i].name);
		free(r->col[i].text);
		free(r->col[i].key);
	}
	free(r->col);
	buf_fini(&r->in);
	free(r);
}

int
chrows_next(struct chrows *r, struct ch_fault *f)
{
	int rc;

	while (r->row == r->rows) {
		rc = block(r);
		if (rc == -1)
			*f = r->fault;
		if (rc != 1)
			return rc;
	}
	r->row++;
	return 1;
}

size_t
chrows_columns(const struct chrows *r)
{
	return r->cols;
}

struct slice
chrows_name(const struct chrows *r, size_t col)
{
	return (struct slice){ r->col[col].name, r->col[col].name_len };
}

const struct chtype *
chrows_type(const struct chrows *r, size_t col)
{
	return &r->col[col].type;
}

/* Well-formed UTF-8 without U+0000. */
static int
clean(struct slice s)
{
	size_t i = 0, n;
	uint64_t v;

	while (i < s.n) {
		if (s.n - i >= 8) {
			memcpy(&v, s.p + i, 8);
			if (((v | ((v - 0x0101010101010101u) & ~v)) & 0x8080808080808080u) == 0) {
				i += 8;
				continue;
			}
		}
		n = utf8_len(s.p + i, s.n - i);
		if (n == 0 || s.p[i] == '\0')
			return 0;
		i += n;
	}
	return 1;
}

/* A JSON string of any bytes: what is no UTF-8 becomes U+FFFD, NUL is left out. */
static char *
quote(char *dst, struct slice s)
{
	size_t i, n;
	struct buf b = { 0 };

	if (clean(s))
		return json_quote(dst, s);
	for (i = 0; i < s.n; i += n) {
		n = utf8_len(s.p + i, s.n - i);
		if (n > 0 && s.p[i] != '\0')
			buf_put(&b, s.p + i, n);
		else if (s.p[i] != '\0')
			buf_puts(&b, "\xef\xbf\xbd");
		if (n == 0)
			n = 1;
	}
	(void)buf_str(&b);
	dst = json_quote(dst, buf_as_slice(&b));
	buf_fini(&b);
	return dst;
}

/* Decimal text of a little-endian integer of up to 32 bytes. */
static char *
put_wide(char *dst, const char *p, size_t size, int is_signed, unsigned scale)
{
	uint32_t w[8] = { 0 };
	char digits[96];
	size_t n = 0, i;
	int negative = 0, any;
	uint64_t rest, carry = 1;

	memcpy(w, p, size);
	if (is_signed && (p[size - 1] & 0x80)) {
		negative = 1;
		for (i = 0; i < size / 4; i++) {
			carry += (uint32_t)~w[i];
			w[i] = (uint32_t)carry;
			carry >>= 32;
		}
	}
	do {
		rest = 0;
		any = 0;
		for (i = size / 4; i-- > 0; ) {
			rest = rest << 32 | w[i];
			w[i] = (uint32_t)(rest / 10);
			rest %= 10;
			any |= w[i] != 0;
		}
		digits[n++] = (char)('0' + rest);
	} while (any || n <= scale);
	if (negative)
		*dst++ = '-';
	while (n > 0) {
		*dst++ = digits[--n];
		if (n == scale && n > 0)
			*dst++ = '.';
	}
	return dst;
}

static char *
put_integer(char *dst, const struct chtype *t, const char *p)
{
	int64_t v = 0;
	unsigned shift = 64 - 8 * (unsigned)t->size;

	if (t->size > 8)
		return put_wide(dst, p, t->size, t->kind == CHTYPE_INT, 0);
	memcpy(&v, p, t->size);
	if (t->kind == CHTYPE_UINT)
		return dst + num_put_u64(dst, (uint64_t)v);
	v = (int64_t)((uint64_t)v << shift) >> shift;
	return dst + num_put_i64(dst, v);
}

static char *
put_decimal(char *dst, const struct chtype *t, const char *p)
{
	char wide[16];
	int64_t v = 0;
	unsigned shift = 64 - 8 * (unsigned)t->size;

	if (t->size > 8)
		return put_wide(dst, p, t->size, 1, t->scale);
	memcpy(&v, p, t->size);
	v = (int64_t)((uint64_t)v << shift) >> shift;
	memcpy(wide, &v, 8);
	return put_wide(dst, wide, 8, 1, t->scale);
}

static char *
put_text(char *dst, const char *s)
{
	size_t n = strlen(s);

	memcpy(dst, s, n);
	return dst + n;
}

/* Shortest text that reads back as the same number. */
static char *
put_float(char *dst, const struct chtype *t, const char *p)
{
	char text[40];
	double v = 0;
	float f = 0;
	int64_t micro;
	int digits;

	if (t->size == 4) {
		memcpy(&f, p, 4);
		v = (double)f;
	} else {
		memcpy(&v, p, 8);
	}
	if (!isfinite(v))
		return put_text(dst, "null");
	/* most have at most six digits behind the point: r / 10^6 is then the number itself */
	if (t->size == 8 && fabs(v) < 1e9) {
		micro = (int64_t)(v * 1e6 + (v < 0 ? -0.5 : 0.5));
		if ((double)micro / 1e6 == v && (micro != 0 || !signbit(v))) {
			uint64_t u = (uint64_t)(micro < 0 ? -micro : micro), rest = u % 1000000;

			if (micro < 0)
				*dst++ = '-';
			dst += num_put_u64(dst, u / 1000000);
			if (rest == 0)
				return dst;
			*dst++ = '.';
			for (digits = 100000; rest > 0; rest %= (uint64_t)digits, digits /= 10) {
				*dst++ = (char)('0' + rest / (uint64_t)digits);
				if (digits == 1)
					break;
			}
			return dst;
		}
	}
	for (digits = t->size == 4 ? 6 : 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, v);
		if (t->size == 4 ? strtof(text, NULL) == f : strtod(text, NULL) == v)
			break;
	}
	return put_text(dst, text);
}

static char *
put_ms(char *dst, int64_t ms)
{
	*dst++ = '"';
	dst = utc_put(dst, ms);
	*dst++ = '"';
	return dst;
}

static char *
put_time(char *dst, const struct chtype *t, const char *p)
{
	int64_t v = 0, unit = 1;
	uint32_t sec = 0;
	uint16_t day = 0;
	int32_t day32 = 0;
	unsigned i;

	if (t->kind == CHTYPE_DATE) {
		if (t->size == 2) {
			memcpy(&day, p, 2);
			day32 = day;
		} else {
			memcpy(&day32, p, 4);
		}
		*dst++ = '"';
		dst = utc_put_day(dst, day32);
		*dst++ = '"';
		return dst;
	}
	if (t->kind == CHTYPE_DATETIME) {
		memcpy(&sec, p, 4);
		return put_ms(dst, (int64_t)sec * 1000);
	}
	memcpy(&v, p, 8);
	for (i = t->scale; i < 3; i++)
		v *= 10;
	for (i = 3; i < t->scale; i++)
		unit *= 10;
	return put_ms(dst, v >= 0 ? v / unit : -((-v + unit - 1) / unit));
}

static char *
put_address(char *dst, const struct chtype *t, const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	char text[64];
	int i;

	if (t->kind == CHTYPE_IPV4) {
		(void)snprintf(text, sizeof text, "\"%u.%u.%u.%u\"", b[3], b[2], b[1], b[0]);
	} else if (t->kind == CHTYPE_UUID) {
		(void)snprintf(text, sizeof text, "\"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\"",
		    b[7], b[6], b[5], b[4], b[3], b[2], b[1], b[0], b[15], b[14], b[13], b[12], b[11], b[10], b[9], b[8]);
	} else {
		char *q = text;

		*q++ = '"';
		for (i = 0; i < 16; i += 2)
			q += snprintf(q, 8, "%s%x", i ? ":" : "", (unsigned)b[i] << 8 | b[i + 1]);
		*q++ = '"';
		*q = '\0';
	}
	return put_text(dst, text);
}

static char *
put_enum(char *dst, const struct chtype *t, const char *p)
{
	int v;
	size_t i;

	if (t->size == 1) {
		v = (signed char)*p;
	} else {
		int16_t s = 0;

		memcpy(&s, p, 2);
		v = s;
	}
	for (i = 0; i < t->items; i++)
		if (t->item[i].value == v)
			return quote(dst, (struct slice){ t->item[i].name, t->item[i].len });
	return put_text(dst, "null");
}

static uint64_t
end_of(const struct chrows *r, const struct node *d, uint64_t i)
{
	uint64_t v = 0;

	if (i > 0)
		memcpy(&v, r->in.p + d->at + 8 * (i - 1), 8);
	return v;
}

static uint64_t
key_of(const struct chrows *r, const struct node *d, uint64_t i)
{
	uint64_t v = 0;

	memcpy(&v, r->in.p + d->at + i * d->width, d->width);
	return v;
}

static char *put(const struct chrows *r, const struct node *d, uint64_t i, char *dst);

static char *
put_nested(const struct chrows *r, const struct node *d, uint64_t i, char *dst)
{
	uint64_t k, begin, end;
	char *from;
	size_t j;
	int object = d->type->kind == CHTYPE_MAP || (d->type->kind == CHTYPE_TUPLE && d->type->name != NULL);

	*dst++ = object ? '{' : '[';
	if (d->type->kind == CHTYPE_TUPLE) {
		for (j = 0; j < d->type->n; j++) {
			if (j > 0)
				*dst++ = ',';
			if (object) {
				dst = quote(dst, slice_of(d->type->name[j]));
				*dst++ = ':';
			}
			dst = put(r, &d->arg[j], i, dst);
		}
	} else {
		begin = end_of(r, d, i);
		end = end_of(r, d, i + 1);
		for (k = begin; k < end; k++) {
			if (k > begin)
				*dst++ = ',';
			from = dst;
			dst = put(r, &d->arg[0], k, dst);
			if (!object)
				continue;
			if (*from != '"') {	/* names are strings */
				memmove(from + 1, from, (size_t)(dst - from));
				*from = '"';
				dst[1] = '"';
				dst += 2;
			}
			*dst++ = ':';
			dst = put(r, &d->arg[1], k, dst);
		}
	}
	*dst++ = object ? '}' : ']';
	return dst;
}

/* The i-th value of d as JSON. */
static char *
put(const struct chrows *r, const struct node *d, uint64_t i, char *dst)
{
	const struct chtype *t = d->type;
	const char *p = r->in.p + d->at + i * t->size;
	uint64_t k;

	switch (t->kind) {
	case CHTYPE_STRING:
	case CHTYPE_FIXED:
		return quote(dst, string_at(r, d, i));
	case CHTYPE_UINT:
	case CHTYPE_INT:
		return put_integer(dst, t, p);
	case CHTYPE_BOOL:
		return put_text(dst, *p ? "true" : "false");
	case CHTYPE_FLOAT:
		return put_float(dst, t, p);
	case CHTYPE_DATE:
	case CHTYPE_DATETIME:
	case CHTYPE_DATETIME64:
		return put_time(dst, t, p);
	case CHTYPE_DECIMAL:
		return put_decimal(dst, t, p);
	case CHTYPE_ENUM:
		return put_enum(dst, t, p);
	case CHTYPE_UUID:
	case CHTYPE_IPV4:
	case CHTYPE_IPV6:
		return put_address(dst, t, p);
	case CHTYPE_NULLABLE:
		if (r->in.p[d->at + i])
			return put_text(dst, "null");
		return put(r, d->arg, i, dst);
	case CHTYPE_LOWCARD:
		k = key_of(r, d, i);
		if (k == 0 && t->arg->kind == CHTYPE_NULLABLE)
			return put_text(dst, "null");
		if (d->arg->type->kind != CHTYPE_STRING)
			return put(r, d->arg, k, dst);
		memcpy(dst, d->quoted + d->quoted_at[k], d->quoted_at[k + 1] - d->quoted_at[k]);
		return dst + (d->quoted_at[k + 1] - d->quoted_at[k]);
	case CHTYPE_ARRAY:
	case CHTYPE_TUPLE:
	case CHTYPE_MAP:
		return put_nested(r, d, i, dst);
	default:
		return put_text(dst, "null");
	}
}

/* What width() leaves out of the i-th value. */
static size_t
extra(const struct chrows *r, const struct node *d, uint64_t i)
{
	uint64_t k, end;
	size_t n = 0, j;

	switch (d->type->kind) {
	case CHTYPE_STRING:
		return 6 * (d->start[i + 1] - d->start[i]);
	case CHTYPE_NULLABLE:
		return extra(r, d->arg, i);
	case CHTYPE_LOWCARD:
		k = key_of(r, d, i);
		if (d->arg->type->kind == CHTYPE_STRING)
			return d->quoted_at[k + 1] - d->quoted_at[k];
		return width(d->arg->type);
	case CHTYPE_ARRAY:
	case CHTYPE_MAP:
		end = end_of(r, d, i + 1);
		for (k = end_of(r, d, i); k < end; k++)
			for (j = 0; j < d->type->n; j++)
				n += width(d->arg[j].type) + extra(r, &d->arg[j], k) + 2;
		return n;
	case CHTYPE_TUPLE:
		for (j = 0; j < d->type->n; j++)
			n += extra(r, &d->arg[j], i);
		return n;
	default:
		return 0;
	}
}

size_t
chrows_size(const struct chrows *r)
{
	size_t n = r->fixed, i;

	for (i = 0; i < r->cols; i++)
		n += extra(r, &r->col[i].node, r->row - 1);
	return n;
}

char *
chrows_json(const struct chrows *r, char *dst)
{
	char *from = dst;
	size_t i;

	for (i = 0; i < r->cols; i++) {
		memcpy(dst, r->col[i].key, r->col[i].key_len);
		dst = put(r, &r->col[i].node, r->row - 1, dst + r->col[i].key_len);
	}
	if (dst == from)
		*dst++ = '{';
	*from = '{';
	*dst++ = '}';
	return dst;
}

char *
chrows_cell(const struct chrows *r, size_t col, char *dst, int *null)
{
	const struct node *d = &r->col[col].node;
	uint64_t i = r->row - 1;
	struct slice s;
	char *end;

	*null = 0;
	if (d->type->kind == CHTYPE_LOWCARD) {
		i = key_of(r, d, i);
		*null = i == 0 && d->type->arg->kind == CHTYPE_NULLABLE;
		d = d->arg;
	} else if (d->type->kind == CHTYPE_NULLABLE) {
		*null = r->in.p[d->at + i] != 0;
		d = d->arg;
	}
	if (*null)
		return dst;
	if (d->type->kind == CHTYPE_STRING || d->type->kind == CHTYPE_FIXED) {
		s = string_at(r, d, i);
		memcpy(dst, s.p, s.n);
		return dst + s.n;
	}
	end = put(r, d, i, dst);
	if (*dst != '"')
		return end;
	/* times, enums and the like: no quotes and no escapes in plain text */
	if (memchr(dst, '\\', (size_t)(end - dst)) != NULL) {
		struct json_value v = { .raw = { dst, (size_t)(end - dst) }, .type = JSON_STRING, .escaped = 1 };
		char *scratch = mem_alloc(v.raw.n);

		s = json_text(&v, scratch);
		memcpy(dst, s.p, s.n);
		end = dst + s.n;
		free(scratch);
		return end;
	}
	memmove(dst, dst + 1, (size_t)(end - dst) - 2);
	return end - 2;
}
