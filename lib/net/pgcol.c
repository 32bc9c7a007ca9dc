/*
 * JSON values to COPY text: \N is null; \ LF CR TAB are escaped.  An array is {e,e}, its elements quoted, with \ before " and \,
 * all of that escaped once more.
 */
#include "net/pgcol.h"

#include <string.h>

#include "base/num.h"

/* OIDs of pg_type that are fixed for ever */
enum { BOOL = 16, NAME = 19, INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25, OID = 26, JSON = 114, FLOAT4 = 700, FLOAT8 = 701, BPCHAR = 1042, VARCHAR = 1043,
	NUMERIC = 1700, JSONB = 3802 };

void
pgcol_type(struct pgcol *c, unsigned oid)
{
	switch (oid) {
	case BOOL:
		c->kind = PGCOL_BOOL;
		break;
	case INT2:
		c->kind = PGCOL_INT, c->min = INT16_MIN, c->max = INT16_MAX;
		break;
	case INT4:
		c->kind = PGCOL_INT, c->min = INT32_MIN, c->max = INT32_MAX;
		break;
	case INT8:
		c->kind = PGCOL_INT, c->min = INT64_MIN, c->max = INT64_MAX;
		break;
	case OID:
		c->kind = PGCOL_INT, c->min = 0, c->max = UINT32_MAX;
		break;
	case FLOAT4: case FLOAT8: case NUMERIC:
		c->kind = PGCOL_NUMBER;
		break;
	case TEXT: case VARCHAR: case BPCHAR: case NAME:
		c->kind = PGCOL_TEXT;
		break;
	case JSON: case JSONB:
		c->kind = PGCOL_JSON;
		break;
	default:
		c->kind = PGCOL_OTHER;
		break;
	}
}

void
pgcol_text(struct buf *b, struct slice s)
{
	const char *p = s.p, *end = s.p + s.n;
	char *d = buf_room(b, 2 * s.n), *begin = d;
	size_t run;

	while (p < end) {
		for (run = 0; p + run < end && (unsigned char)p[run] >= 0x0e && p[run] != '\\'; run++)
			;
		memcpy(d, p, run);
		d += run;
		p += run;
		if (p == end)
			break;
		switch (*p) {
		case '\\': *d++ = '\\'; *d++ = '\\'; break;
		case '\n': *d++ = '\\'; *d++ = 'n'; break;
		case '\r': *d++ = '\\'; *d++ = 'r'; break;
		case '\t': *d++ = '\\'; *d++ = 't'; break;
		default: *d++ = *p; break;
		}
		p++;
	}
	b->n += (size_t)(d - begin);
}

/* An element's text within the quotes of an array's literal. */
static void
quoted(struct buf *b, struct slice s)
{
	size_t i, from = 0;

	buf_putc(b, '"');
	for (i = 0; i <= s.n; i++)
		if (i == s.n || s.p[i] == '"' || s.p[i] == '\\') {
			pgcol_text(b, (struct slice){ s.p + from, i - from });
			from = i;
			if (i < s.n)
				buf_puts(b, "\\\\");	/* one backslash, escaped for COPY */
		}
	buf_putc(b, '"');
}

static int
refuse(const struct pgcol *c, const char *what, struct fault *f)
{
	return fault_set(f, "column", c->name, "%s", what);
}

static int
whole(const struct pgcol *c, struct slice s, struct fault *f)
{
	int64_t n = 0;

	if (num_i64(s, &n) == -1)
		return refuse(c, "not a whole number of 64 bits", f);
	if (n < c->min || n > c->max)
		return fault_set(f, "column", c->name, "%.*s is beyond the column's range", (int)s.n, s.p);
	return 0;
}

/*
 * The text that stands for a value that is no array: a slice of it, or of scratch.  0 or -1.
 */
static int
scalar(const struct pgcol *c, const struct json_value *v, struct buf *scratch, struct slice *s, struct fault *f)
{
	int is_text = v->type == JSON_STRING;

	if (c->kind == PGCOL_JSON) {
		*s = v->raw;
		return 0;
	}
	if (v->type == JSON_ARRAY)
		return refuse(c, "an array", f);
	if (v->type == JSON_OBJECT) {
		if (!c->object)
			return refuse(c, "an object", f);
		*s = slice_eq(v->raw, SLICE("{}")) ? SLICE("") : v->raw;
		return 0;
	}
	*s = is_text ? json_text(v, v->escaped ? buf_room(scratch, v->raw.n) : NULL) : v->raw;
	switch (c->kind) {
	case PGCOL_INT:
		return v->type == JSON_TRUE || v->type == JSON_FALSE ? refuse(c, "a truth value for a number", f) : whole(c, *s, f);
	case PGCOL_NUMBER:
		return v->type == JSON_TRUE || v->type == JSON_FALSE ? refuse(c, "a truth value for a number", f) : 0;
	case PGCOL_BOOL:
		if (v->type == JSON_NUMBER && !slice_eq(*s, SLICE("0")) && !slice_eq(*s, SLICE("1")))
			return refuse(c, "neither true nor false", f);
		return 0;
	case PGCOL_TEXT:
	case PGCOL_OTHER:
	case PGCOL_JSON:
		break;
	}
	return is_text ? 0 : refuse(c, "no string", f);
}

static int
array(const struct pgcol *c, const struct json_value *v, struct buf *b, struct buf *scratch, struct fault *f)
{
	struct json_walk w;
	struct json_member m;
	struct slice s;
	int n = 0;

	buf_putc(b, '{');
	for (json_enter(&w, v); json_next(&w, &m) == 1; n++) {
		if (n > 0)
			buf_putc(b, c->array);
		if (m.v.type == JSON_NULL) {
			buf_puts(b, "NULL");
		} else if (m.v.type == JSON_ARRAY && c->kind != PGCOL_JSON) {
			if (array(c, &m.v, b, scratch, f) == -1)
				return -1;
		} else {
			buf_clear(scratch);
			if (scalar(c, &m.v, scratch, &s, f) == -1)
				return -1;
			if (c->kind == PGCOL_INT)	/* digits, as whole() has seen */
				buf_slice(b, s);
			else
				quoted(b, s);
		}
	}
	buf_putc(b, '}');
	return 0;
}

int
pgcol_put(const struct pgcol *c, const struct json_value *v, struct buf *b, struct buf *scratch, struct fault *f)
{
	struct slice s = { 0 };
	int rc = 0;

	buf_clear(scratch);
	if (v->type == JSON_NULL) {
		if (c->null_is_default)
			buf_puts(b, c->absent);
		else if (c->nullable)
			buf_puts(b, "\\N");
		else if (c->kind == PGCOL_JSON && !c->array)
			buf_puts(b, "null");	/* the column takes no other null than that of JSON */
		else
			rc = refuse(c, "null in a column that takes none", f);
		return rc;
	}
	if (c->array && v->type == JSON_ARRAY)
		rc = array(c, v, b, scratch, f);
	else if (c->array && v->type != JSON_STRING)
		rc = refuse(c, "no array", f);
	else if (c->array) {
		/* the literal of an array that has bounds of its own */
		pgcol_text(b, json_text(v, v->escaped ? buf_room(scratch, v->raw.n) : NULL));
	} else if ((rc = scalar(c, v, scratch, &s, f)) == 0) {
		if (v->type == JSON_STRING || v->type == JSON_OBJECT || c->kind == PGCOL_JSON)
			pgcol_text(b, s);
		else
			buf_slice(b, s);
	}
	return rc;
}
