/*
 * Takes the fields of a record as a map's plan says.
 */
#include <string.h>

#include "base/dec.h"
#include "base/mem.h"
#include "parcel/fieldmap_plan.h"

#define DAY_MS INT64_C(86400000)

static inline int
nothing(const struct json_value *v)
{
	return v->type == JSON_NULL || (v->type == JSON_STRING && v->raw.n == 2);
}

static void
pick(struct scope *s, const struct json *j)
{
	if (s->rest_cap < j->n)
		s->rest = mem_grow(s->rest, &s->rest_cap, j->n, sizeof *s->rest);
	s->json = j;
	s->rest_n = json_pick(s->names, j, s->slot, s->rest, s->rest_cap);
}

/* 1 when the unescaped name begins with c and, where alone, is nothing else. */
static int
begins(const struct json_member *m, char c, int alone, char *scratch)
{
	struct slice name = m->name_escaped ? json_name(m, scratch) : m->name;

	return name.n > 0 && name.p[0] == c && (!alone || name.n == 1);
}

/* Refuses a member that is not the sender's to use. */
static int
reserved(struct fieldplan *p, const struct scope *s, char c, int alone, struct fault *f)
{
	const struct json_member *m;
	char shown[64];
	size_t i;

	for (i = 0; i < s->rest_n; i++) {
		m = &s->json->member[s->rest[i]];
		p->text.n = 0;
		if ((m->name_escaped || m->name.p[0] == c) &&
		    begins(m, c, alone, m->name_escaped ? buf_room(&p->text, m->name.n + JSON_PAD) : NULL))
			return fault_set(f, "reserved", err_show(shown, sizeof shown, m->name.p, m->name.n),
			    "a member whose name is reserved");
	}
	return 0;
}

int
fieldmap_open(struct fieldmap *fm, const struct json *j, struct fault *f)
{
	struct fieldplan *p = fm->plan;
	struct json_value v;

	pick(&p->record, j);
	p->i = 0;
	if (p->record.rest_n > 0 && reserved(p, &p->record, '@', 0, f) == -1)
		return -1;
	if (p->each == NULL)
		return 0;
	p->walk = (struct json_walk){ 0 };
	if (!json_find(p->each, j, &v) || v.type == JSON_NULL)
		return fault_set(f, "missing", "each", "no array of events");
	if (v.type != JSON_ARRAY)
		return fault_set(f, "type", "each", "not an array");
	json_enter(&p->walk, &v);
	return 0;
}

/* Seconds or milliseconds, a number or its text, as ms. */
static struct field_epoch
epoch(const struct json_value *v, enum reading reading)
{
	struct field_epoch t = { .kind = EPOCH_BAD };
	struct slice s = v->raw;
	struct dec d;

	if (v->type == JSON_STRING && !v->escaped)
		s = (struct slice){ s.p + 1, s.n - 2 };
	else if (v->type != JSON_NUMBER)
		return t;
	if (dec_parse(s, &d) == -1)
		return t;
	if (reading == SECONDS)
		d.v *= 1000;
	while (d.scale > 0) {
		d.v /= 10;	/* cut, as the fraction of a text is */
		d.scale--;
	}
	if (d.v < -INT64_C(1000000000000000) || d.v > INT64_C(1000000000000000))
		return t;
	t.kind = EPOCH_MS;
	t.ms = (int64_t)d.v;
	return t;
}

static struct json_value *
lower(struct fieldplan *p, enum field field, const struct json_value *v)
{
	struct slice text;
	char *dst, *q;
	size_t i;

	p->text.n = p->scratch[field].n = 0;
	text = json_text(v, v->escaped ? buf_room(&p->text, v->raw.n + JSON_PAD) : NULL);
	dst = buf_room(&p->scratch[field], 7 * text.n + 2 + JSON_PAD);
	q = dst + 6 * text.n + 2;	/* the text in lower case, behind where it is quoted */
	for (i = 0; i < text.n; i++)
		q[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] | 0x20 : text.p[i]);
	p->found[field] = *v;
	p->found[field].raw = (struct slice){ dst, (size_t)(json_quote(dst, (struct slice){ q, text.n }) - dst) };
	p->found[field].escaped = memchr(dst, '\\', p->found[field].raw.n) != NULL;
	return &p->found[field];
}

static int
is_number(struct slice s)
{
	size_t i = 0, from;

	i += i < s.n && s.p[i] == '-';
	from = i;
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	if (i == from || (s.p[from] == '0' && i - from > 1))
		return 0;
	if (i < s.n && s.p[i] == '.') {
		for (from = ++i; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			;
		if (i == from)
			return 0;
	}
	if (i < s.n && (s.p[i] | 0x20) == 'e') {
		i++;
		i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
		for (from = i; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			;
		if (i == from)
			return 0;
	}
	return i == s.n;
}

/* The number or truth value that a text holds; v itself when it holds none. */
static const struct json_value *
unquoted(struct fieldplan *p, enum field field, const struct json_value *v)
{
	struct slice s = { v->raw.p + 1, v->raw.n - 2 };
	enum json_type type;

	if (v->escaped)
		return v;
	if (slice_eq(s, SLICE("true")))
		type = JSON_TRUE;
	else if (slice_eq(s, SLICE("false")))
		type = JSON_FALSE;
	else if (is_number(s))
		type = JSON_NUMBER;
	else
		return v;
	p->found[field] = (struct json_value){ .raw = s, .type = (uint8_t)type };
	return &p->found[field];
}

/* The field's value from one source, or NULL. */
static const struct json_value *
take_value(struct fieldmap *fm, enum field field, const struct source *src)
{
	struct fieldplan *p = fm->plan;
	const struct json_value *v = &src->value;
	const struct json_member *m;

	if (!src->constant) {
		m = (src->whole ? &p->record : p->inner)->slot[src->slot];
		if (m == NULL)
			return NULL;
		v = &m->v;
		if (src->rest != NULL) {
			if (!json_find_in(src->rest, v, &p->found[field]))
				return NULL;
			v = &p->found[field];
		}
		if (src->when) {
			if (v->type != JSON_TRUE && !slice_eq(v->raw, SLICE("\"true\"")))
				return NULL;
			v = &src->value;
		}
	}
	if (nothing(v))
		return NULL;
	switch (src->reading) {
	case SECONDS:
	case MILLIS:
		fm->epoch[field] = epoch(v, src->reading);
		if (fm->epoch[field].kind == EPOCH_MS && fm->epoch[field].ms == 0) {
			fm->epoch[field].kind = EPOCH_NOT;
			return NULL;
		}
		break;
	case LOWER:
		if (v->type == JSON_STRING)
			v = lower(p, field, v);
		break;
	case JSON:
		if (v->type == JSON_STRING)
			v = unquoted(p, field, v);
		break;
	default:
		break;
	}
	return v;
}

int
fieldmap_next(struct fieldmap *fm, int64_t *i, struct fault *f)
{
	struct fieldplan *p = fm->plan;
	const struct json_member **slot = p->inner->slot, *found;
	struct json_member m;
	size_t field, k;

	if (p->each == NULL) {
		if (p->i > 0)
			return 0;
		*i = p->i++;
	} else {
		if (!json_next(&p->walk, &m))
			return 0;
		*i = p->i++;
		if (m.v.type != JSON_OBJECT || json_scan(&p->json, m.v.raw) == -1)
			return fault_set(f, "type", "each", "an element that is not an object");
		pick(&p->element, &p->json);
		if (p->element.rest_n > 0 && reserved(p, &p->element, '^', 1, f) == -1)
			return -1;
	}
	for (field = 0; field < FIELD_N; field++) {
		const struct json_value *v = NULL;

		k = 0;
		if (p->plain[field]) {
			found = slot[p->slot[field]];
			if (found != NULL && !nothing(&found->v))
				v = &found->v;
			k = 1;
		}
		fm->epoch[field].kind = EPOCH_NOT;
		for (; v == NULL && k < p->sources[field]; k++)
			v = take_value(fm, (enum field)field, &p->source[field][k]);
		fm->value[field] = v;
	}
	return 1;
}

int
fieldmap_has_each(const struct fieldmap *fm)
{
	return fm->plan->each != NULL;
}

int
fieldmap_date_only(const struct fieldmap *fm, int64_t ms)
{
	const struct fieldplan *p = fm->plan;
	size_t i;

	for (i = 0; i < p->date_onlys; i++)
		if (((ms - p->date_only[i]) % DAY_MS) == 0)
			return 1;
	return 0;
}

struct slice
fieldmap_constant(const struct fieldmap *fm, enum field field)
{
	const struct source *src = &fm->plan->source[field][0];

	if (fm->plan->sources[field] == 0 || !src->constant || src->value.type != JSON_STRING || src->value.escaped)
		return SLICE("");
	return (struct slice){ src->value.raw.p + 1, src->value.raw.n - 2 };
}
