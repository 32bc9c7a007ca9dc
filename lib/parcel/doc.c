/* Shipment documents: one table of members, one way to rewrite a few of them. */
#include "parcel/doc.h"

const char *const doc_name[DOC_N] = {
#define X(e, name, by) [DOC_##e##_] = name,
	DOC_MEMBERS(X)
#undef X
};

static const struct slice text[DOC_N] = {
#define X(e, name, by) [DOC_##e##_] = { name, sizeof name - 1 },
	DOC_MEMBERS(X)
#undef X
};

const unsigned char doc_by[DOC_N] = {
#define X(e, name, by) [DOC_##e##_] = by,
	DOC_MEMBERS(X)
#undef X
};

#define REST (sizeof ((struct doc *)0)->rest / sizeof *((struct doc *)0)->rest)

void
doc_init(struct doc *d)
{
	*d = (struct doc){ .names = json_names_new(doc_name, DOC_N) };
}

void
doc_fini(struct doc *d)
{
	json_names_free(d->names);
	*d = (struct doc){ 0 };
}

void
doc_pick(struct doc *d, const struct json *j)
{
	size_t i;

	d->rest_n = json_pick(d->names, j, d->slot, d->rest, REST);
	for (i = 0; i < DOC_N; i++)
		d->own[i] = (struct slice){ 0 };
}

/* What is written for member i: the stage's own text, or the record's. */
static struct slice
value(const struct doc *d, unsigned by, size_t i)
{
	if (doc_by[i] & by && d->own[i].p != NULL)
		return d->own[i];
	return d->slot[i] ? d->slot[i]->v.raw : (struct slice){ 0 };
}

size_t
doc_size(const struct doc *d, const struct json *j, unsigned by)
{
	size_t n = 2, i;

	for (i = 0; i < DOC_N; i++)
		n += text[i].n + 4 + value(d, by, i).n;
	for (i = 0; i < d->rest_n && i < REST; i++)
		n += j->member[d->rest[i]].name.n + 4 + j->member[d->rest[i]].v.raw.n;
	return n;
}

static char *
put(char *dst, struct slice name, struct slice v)
{
	*dst++ = '"';
	memcpy(dst, name.p, name.n);
	dst += name.n;
	*dst++ = '"';
	*dst++ = ':';
	memcpy(dst, v.p, v.n);
	dst += v.n;
	*dst++ = ',';
	return dst;
}

char *
doc_put(const struct doc *d, const struct json *j, unsigned by, char *dst)
{
	struct slice v;
	size_t i;

	*dst++ = '{';
	for (i = 0; i < DOC_N; i++) {
		v = value(d, by, i);
		if (v.p != NULL)
			dst = put(dst, text[i], v);
	}
	for (i = 0; i < d->rest_n && i < REST; i++)
		dst = put(dst, j->member[d->rest[i]].name, j->member[d->rest[i]].v.raw);
	if (dst[-1] == ',')
		dst--;
	*dst++ = '}';
	return dst;
}
