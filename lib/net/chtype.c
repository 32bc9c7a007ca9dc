/*
 * Types of columns.
 *
 *   type := name [ '(' arg { ',' arg } ')' ]
 *   arg  := type | name type (of a tuple) | number | 'text' | 'text' = number (of an enum)
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "net/chtype.h"

#define DEPTH 16

struct reader {
	const char *p, *end;
};

static const struct simple {
	const char *name;
	enum chtype_kind kind;
	size_t size;
} simple[] = {
	{ "UInt8", CHTYPE_UINT, 1 }, { "UInt16", CHTYPE_UINT, 2 }, { "UInt32", CHTYPE_UINT, 4 }, { "UInt64", CHTYPE_UINT, 8 },
	{ "UInt128", CHTYPE_UINT, 16 }, { "UInt256", CHTYPE_UINT, 32 },
	{ "Int8", CHTYPE_INT, 1 }, { "Int16", CHTYPE_INT, 2 }, { "Int32", CHTYPE_INT, 4 }, { "Int64", CHTYPE_INT, 8 },
	{ "Int128", CHTYPE_INT, 16 }, { "Int256", CHTYPE_INT, 32 },
	{ "Float32", CHTYPE_FLOAT, 4 }, { "Float64", CHTYPE_FLOAT, 8 },
	{ "Bool", CHTYPE_BOOL, 1 }, { "String", CHTYPE_STRING, 0 },
	{ "Date", CHTYPE_DATE, 2 }, { "Date32", CHTYPE_DATE, 4 },
	{ "UUID", CHTYPE_UUID, 16 }, { "IPv4", CHTYPE_IPV4, 4 }, { "IPv6", CHTYPE_IPV6, 16 },
	{ "Nothing", CHTYPE_NOTHING, 1 },
	{ "IntervalSecond", CHTYPE_INT, 8 }, { "IntervalMinute", CHTYPE_INT, 8 }, { "IntervalHour", CHTYPE_INT, 8 },
	{ "IntervalDay", CHTYPE_INT, 8 }, { "IntervalWeek", CHTYPE_INT, 8 }, { "IntervalMonth", CHTYPE_INT, 8 },
	{ "IntervalQuarter", CHTYPE_INT, 8 }, { "IntervalYear", CHTYPE_INT, 8 },
};

static int type(struct reader *r, struct chtype *t, unsigned depth);

static void
blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t'))
		r->p++;
}

static int
byte(struct reader *r, char c)
{
	blanks(r);
	if (r->p == r->end || *r->p != c)
		return 0;
	r->p++;
	return 1;
}

static int
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct slice
word(struct reader *r)
{
	const char *p;

	blanks(r);
	for (p = r->p; r->p < r->end && is_word(*r->p); r->p++)
		;
	return (struct slice){ p, (size_t)(r->p - p) };
}

static int
number(struct reader *r, int64_t min, int64_t max, int64_t *v)
{
	const char *p;

	blanks(r);
	p = r->p;
	if (r->p < r->end && *r->p == '-')
		r->p++;
	(void)word(r);
	return num_i64((struct slice){ p, (size_t)(r->p - p) }, v) == 0 && *v >= min && *v <= max ? 0 : -1;
}

/* Text between quotes, unescaped, in memory of its own; NULL: there is none. */
static char *
quoted(struct reader *r, char quote, size_t *len)
{
	struct buf b = { 0 };

	blanks(r);
	if (r->p == r->end || *r->p != quote)
		return NULL;
	for (r->p++; r->p < r->end; r->p++) {
		char c = *r->p;

		if (c == quote) {
			r->p++;
			*len = b.n;
			(void)buf_str(&b);
			return b.p;
		}
		if (c == '\\' && r->p + 1 < r->end) {
			c = *++r->p;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c == '0' ? '\0' : c;
		}
		buf_putc(&b, c);
	}
	buf_fini(&b);
	return NULL;
}

static struct chtype *
more(struct chtype *t)
{
	t->arg = mem_resize(t->arg, (t->n + 1) * sizeof *t->arg);
	t->arg[t->n] = (struct chtype){ 0 };
	return &t->arg[t->n++];
}

static int
items(struct reader *r, struct chtype *t)
{
	size_t cap = 0;
	int64_t v = 0;

	do {
		struct chtype_item i = { 0 };

		i.name = quoted(r, '\'', &i.len);
		if (i.name == NULL)
			return -1;
		t->item = mem_grow(t->item, &cap, t->items + 1, sizeof *t->item);
		t->item[t->items++] = i;
		if (!byte(r, '=') || number(r, -32768, 32767, &v) == -1)
			return -1;
		t->item[t->items - 1].value = (int)v;
	} while (byte(r, ','));
	return 0;
}

/* Elements of a tuple: all with a name, or none. */
static int
elements(struct reader *r, struct chtype *t, unsigned depth)
{
	struct reader at;
	size_t len = 0, i;
	char *name;

	do {
		name = quoted(r, '`', &len);
		at = *r;
		if (name == NULL) {
			struct slice w = word(r);

			blanks(r);
			if (w.n > 0 && r->p < r->end && is_word(*r->p))
				name = mem_dup(w.p, w.n);
			else
				*r = at;
		}
		if (name != NULL) {
			if (t->name == NULL && t->n > 0) {
				free(name);
				return -1;
			}
			t->name = mem_resize(t->name, (t->n + 1) * sizeof *t->name);
			t->name[t->n] = name;
		} else if (t->name != NULL)
			return -1;
		i = t->n;
		(void)more(t);
		if (type(r, &t->arg[i], depth) == -1)
			return -1;
	} while (byte(r, ','));
	return 0;
}

static size_t
decimal_size(unsigned precision)
{
	return precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32;
}

static int
arguments(struct reader *r, struct chtype *t, struct slice name, unsigned depth)
{
	static const struct { const char *name; unsigned precision; } decimals[] = {
		{ "Decimal32", 9 }, { "Decimal64", 18 }, { "Decimal128", 38 }, { "Decimal256", 76 },
	};
	int64_t a = 0, b = 0;
	size_t len = 0, i;
	char *s;

	if (slice_eq(name, SLICE("DateTime"))) {
		t->kind = CHTYPE_DATETIME;
		t->size = 4;
		free(s = quoted(r, '\'', &len));
		return s ? 0 : -1;
	}
	if (slice_eq(name, SLICE("DateTime64"))) {
		t->kind = CHTYPE_DATETIME64;
		t->size = 8;
		if (number(r, 0, 9, &a) == -1)
			return -1;
		t->scale = (unsigned)a;
		if (!byte(r, ','))
			return 0;
		free(s = quoted(r, '\'', &len));
		return s ? 0 : -1;
	}
	if (slice_eq(name, SLICE("Decimal"))) {
		t->kind = CHTYPE_DECIMAL;
		if (number(r, 1, 76, &a) == -1 || !byte(r, ',') || number(r, 0, a, &b) == -1)
			return -1;
		t->precision = (unsigned)a;
		t->scale = (unsigned)b;
		t->size = decimal_size(t->precision);
		return 0;
	}
	for (i = 0; i < sizeof decimals / sizeof *decimals; i++)
		if (slice_eq(name, slice_of(decimals[i].name))) {
			t->kind = CHTYPE_DECIMAL;
			t->precision = decimals[i].precision;
			t->size = decimal_size(t->precision);
			if (number(r, 0, t->precision, &a) == -1)
				return -1;
			t->scale = (unsigned)a;
			return 0;
		}
	if (slice_eq(name, SLICE("FixedString"))) {
		t->kind = CHTYPE_FIXED;
		if (number(r, 1, 1 << 20, &a) == -1)
			return -1;
		t->size = (size_t)a;
		return 0;
	}
	if (slice_eq(name, SLICE("Enum8")) || slice_eq(name, SLICE("Enum16"))) {
		t->kind = CHTYPE_ENUM;
		t->size = name.n == 5 ? 1 : 2;
		return items(r, t);
	}
	if (slice_eq(name, SLICE("Tuple"))) {
		t->kind = CHTYPE_TUPLE;
		return elements(r, t, depth);
	}
	if (slice_eq(name, SLICE("Map"))) {
		t->kind = CHTYPE_MAP;
		return type(r, more(t), depth) == -1 || !byte(r, ',') ? -1 : type(r, more(t), depth);
	}
	if (slice_eq(name, SLICE("SimpleAggregateFunction")))
		return word(r).n > 0 && byte(r, ',') ? type(r, t, depth) : -1;
	if (slice_eq(name, SLICE("Nullable")))
		t->kind = CHTYPE_NULLABLE;
	else if (slice_eq(name, SLICE("LowCardinality")))
		t->kind = CHTYPE_LOWCARD;
	else if (slice_eq(name, SLICE("Array")))
		t->kind = CHTYPE_ARRAY;
	else
		return -1;
	return type(r, more(t), depth);
}

static int
type(struct reader *r, struct chtype *t, unsigned depth)
{
	struct slice name = word(r);
	size_t i;

	if (name.n == 0 || depth == 0)
		return -1;
	if (byte(r, '('))
		return arguments(r, t, name, depth - 1) == 0 && byte(r, ')') ? 0 : -1;
	if (slice_eq(name, SLICE("DateTime"))) {
		t->kind = CHTYPE_DATETIME;
		t->size = 4;
		return 0;
	}
	for (i = 0; i < sizeof simple / sizeof *simple; i++)
		if (slice_eq(name, slice_of(simple[i].name))) {
			t->kind = simple[i].kind;
			t->size = simple[i].size;
			return 0;
		}
	return -1;
}

int
chtype_parse(struct chtype *t, struct slice text, struct err *e)
{
	struct reader r = { text.p, text.p + text.n };
	char shown[256];

	*t = (struct chtype){ 0 };
	if (type(&r, t, DEPTH) == 0) {
		blanks(&r);
		if (r.p == r.end)
			return 0;
	}
	chtype_fini(t);
	return err_set(e, EX_CONFIG, "type %s is not supported", err_show(shown, sizeof shown, text.p, text.n));
}

void
chtype_fini(struct chtype *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		chtype_fini(&t->arg[i]);
	for (i = 0; t->name != NULL && i < t->n; i++)
		free(t->name[i]);
	for (i = 0; i < t->items; i++)
		free(t->item[i].name);
	free(t->arg);
	free(t->name);
	free(t->item);
	*t = (struct chtype){ 0 };
}
