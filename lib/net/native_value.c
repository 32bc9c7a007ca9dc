/*
 * JSON values as values of columns: what a column cannot hold exactly is refused.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/dec.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "net/native_work.h"

#define MS_DAY 86400000LL

static const int64_t pow10[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };

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
	char *p = buf_room(&c->data, s.n + 10), *q = native_put_varuint(p, s.n);

	memcpy(q, s.p, s.n);
	c->data.n += (size_t)(q - p) + s.n;
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
		native_put(&c->data, &d, 8);
	} else {
		if (fabs(d) > (double)FLT_MAX)
			return refuse(c, v, f, "too large for the column");
		s = (float)d;
		native_put(&c->data, &s, 4);
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
		native_put_low(c, s);
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
	size_t n = native_width(c);

	if (c->low) {
		native_put_low(c, SLICE(""));
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
	native_put_end(c);
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
		native_put(&c->nulls, &yes, 1);
		add_blank(c);
		return 0;
	}
	if (add_scalar(c, v, f) == -1)
		return -1;
	c->prev = n;
	if (c->nullable)
		native_put(&c->nulls, &no, 1);
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
		native_put_end(c);
		return;
	}
	if (c->nullable)
		native_put(&c->nulls, &yes, 1);
	add_blank(c);
}
