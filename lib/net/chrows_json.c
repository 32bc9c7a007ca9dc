/*
 * The rows of a result as JSON, and its cells as text.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "net/chrows_work.h"
#include "net/chvalue.h"
#include "rec/json.h"

static char *
put_null(char *dst)
{
	memcpy(dst, "null", 4);
	return dst + 4;
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
				dst = chvalue_quote(dst, slice_of(d->type->name[j]));
				*dst++ = ':';
			}
			dst = put(r, &d->arg[j], i, dst);
		}
	} else {
		begin = chrows_end(r, d, i);
		end = chrows_end(r, d, i + 1);
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
	uint64_t k;

	switch (t->kind) {
	case CHTYPE_STRING:
	case CHTYPE_FIXED:
		return chvalue_quote(dst, chrows_text(r, d, i));
	case CHTYPE_NULLABLE:
		if (r->in.p[d->at + i])
			return put_null(dst);
		return put(r, d->arg, i, dst);
	case CHTYPE_LOWCARD:
		k = chrows_key(r, d, i);
		if (k == 0 && t->arg->kind == CHTYPE_NULLABLE)
			return put_null(dst);
		if (d->arg->type->kind != CHTYPE_STRING)
			return put(r, d->arg, k, dst);
		memcpy(dst, d->quoted + d->quoted_at[k], d->quoted_at[k + 1] - d->quoted_at[k]);
		return dst + (d->quoted_at[k + 1] - d->quoted_at[k]);
	case CHTYPE_ARRAY:
	case CHTYPE_TUPLE:
	case CHTYPE_MAP:
		return put_nested(r, d, i, dst);
	default:
		return chvalue_put(dst, t, r->in.p + d->at + i * t->size);
	}
}

/* What chvalue_width() leaves out of the i-th value. */
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
		k = chrows_key(r, d, i);
		if (d->arg->type->kind == CHTYPE_STRING)
			return d->quoted_at[k + 1] - d->quoted_at[k];
		return chvalue_width(d->arg->type);
	case CHTYPE_ARRAY:
	case CHTYPE_MAP:
		end = chrows_end(r, d, i + 1);
		for (k = chrows_end(r, d, i); k < end; k++)
			for (j = 0; j < d->type->n; j++)
				n += chvalue_width(d->arg[j].type) + extra(r, &d->arg[j], k) + 2;
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
		i = chrows_key(r, d, i);
		*null = i == 0 && d->type->arg->kind == CHTYPE_NULLABLE;
		d = d->arg;
	} else if (d->type->kind == CHTYPE_NULLABLE) {
		*null = r->in.p[d->at + i] != 0;
		d = d->arg;
	}
	if (*null)
		return dst;
	if (d->type->kind == CHTYPE_STRING || d->type->kind == CHTYPE_FIXED) {
		s = chrows_text(r, d, i);
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
