/*
 * Results in Native format (native.c has the form of a block).  A value of a type
 * made of others lies so: Nullable: the null bytes, then the values; Array and Map:
 * the ends, then the elements (a map's keys, then its values); Tuple: element
 * by element; LowCardinality: numbers of keys, its version standing before all else
 * of the column.  The columns of a block are kept as they came, with an index where
 * the width varies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/chrows_work.h"
#include "net/chvalue.h"

#define COLUMNS_MAX 4096
#define ROWS_MAX (64u << 20)
#define STRING_MAX (256u << 20)

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
		s = chrows_text(r, keys, i);
		d->quoted = mem_grow(d->quoted, &d->quoted_cap, at + 6 * s.n + 2, 1);
		d->quoted_at[i] = at;
		at = (size_t)(chvalue_quote(d->quoted + at, s) - d->quoted);
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
	k->key_len = (size_t)(chvalue_quote(k->key + 1, name) - k->key);
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
		r->fixed += k->key_len + chvalue_width(&k->type);
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
chrows_open(struct ch *c, struct slice sql, const struct sql_param *p, size_t np, struct ch_fault *f)
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
