/*
 * What the fields of a map leave of a record.
 */
#include <stdio.h>
#include <string.h>

#include "parcel/fieldmap_plan.h"

/* What takes the member, or NULL.  Elements of arrays go by their number. */
static const struct take *
taker(const struct take *t, const struct json_walk *w, const struct json_member *m, size_t i)
{
	char number[24];
	struct slice name = { number, 0 };
	size_t k;

	if (!w->object)
		name.n = (size_t)snprintf(number, sizeof number, "%zu", i);
	for (k = 0; k < t->children; k++) {
		struct slice child = { t->child[k].name, t->child[k].n };

		if (w->object ? json_named(m, child) : slice_eq(name, child))
			return &t->child[k];
	}
	return NULL;
}

static int
left(const struct take *t, const struct json_value *v)
{
	const struct take *child;
	struct json_walk w;
	struct json_member m;
	size_t i;

	if (t->whole || v->type == JSON_NULL)
		return 0;
	if (v->type < JSON_ARRAY)
		return 1;
	json_enter(&w, v);
	for (i = 0; json_next(&w, &m); i++) {
		child = taker(t, &w, &m, i);
		if (child == NULL || left(child, &m.v))
			return 1;
	}
	return 0;
}

/* Writes "name": of a member. */
static char *
put_name(char *dst, const struct json_member *m)
{
	memcpy(dst, m->name.p - 1, m->name.n + 2);
	dst += m->name.n + 2;
	*dst++ = ':';
	return dst;
}

/* Copies what is left of the value; of an array all, when anything is. */
static char *
copy_left(char *dst, const struct take *t, const struct json_value *v)
{
	const struct take *child;
	struct json_walk w;
	struct json_member m;
	char *begin = dst;

	if (v->type != JSON_OBJECT)
		return json_compact(dst, v);
	*dst++ = '{';
	json_enter(&w, v);
	while (json_next(&w, &m)) {
		child = taker(t, &w, &m, 0);
		if (child != NULL && !left(child, &m.v))
			continue;
		if (dst > begin + 1)
			*dst++ = ',';
		dst = put_name(dst, &m);
		dst = child ? copy_left(dst, child, &m.v) : json_compact(dst, &m.v);
	}
	*dst++ = '}';
	return dst;
}

/* The members of the scope that are left, each behind a comma. */
static char *
put_rest(const struct scope *s, char *dst)
{
	const struct json_member *m;
	size_t i, n;

	for (i = 0; i < s->rest_n; i++) {
		m = &s->json->member[s->rest[i]];
		*dst++ = ',';
		if (m->v.raw.p == m->name.p + m->name.n + 2 && !m->v.spaced) {
			n = m->name.n + 3 + m->v.raw.n;
			memcpy(dst, m->name.p - 1, n);
			dst += n;
		} else {
			dst = json_compact(put_name(dst, m), &m->v);
		}
	}
	for (i = 0; s->parts && i < s->take.children; i++) {
		m = s->slot[i];
		if (m == NULL || !left(&s->take.child[i], &m->v))
			continue;
		*dst++ = ',';
		dst = copy_left(put_name(dst, m), &s->take.child[i], &m->v);
	}
	return dst;
}

char *
fieldmap_rest(const struct fieldmap *fm, char *dst)
{
	const struct fieldplan *p = fm->plan;
	char *begin = dst, *outer;

	dst = put_rest(p->inner, dst);
	if (p->each != NULL && p->i == 1) {
		outer = dst;
		memcpy(dst, ",\"^\":", 5);
		dst = put_rest(&p->record, outer + 5);
		if (dst > outer + 5) {
			outer[5] = '{';
			*dst++ = '}';
		} else {
			dst = outer;
		}
	}
	if (dst == begin)
		return begin;
	*begin = '{';
	*dst++ = '}';
	return dst;
}

int
fieldmap_left(const struct fieldmap *fm, const char *const *but, size_t n, struct slice *name)
{
	const struct fieldplan *p = fm->plan;
	const struct scope *scope[] = { p->inner, &p->record };
	size_t scopes = p->each != NULL && p->i == 1 ? 2 : 1, s, i, k;
	const struct json_member *m;

	for (s = 0; s < scopes; s++) {
		for (i = 0; i < scope[s]->rest_n; i++) {
			m = &scope[s]->json->member[scope[s]->rest[i]];
			for (k = 0; k < n && !json_named(m, slice_of(but[k])); k++)
				;
			if (k < n)
				continue;
			*name = m->name;
			return 1;
		}
		for (i = 0; scope[s]->parts && i < scope[s]->take.children; i++) {
			m = scope[s]->slot[i];
			if (m != NULL && left(&scope[s]->take.child[i], &m->v)) {
				*name = m->name;
				return 1;
			}
		}
	}
	return 0;
}
