/*
 * Group-by: any members, counts, exact sums, extremes, means, histograms.
 *
 * A group's key is, for each field, the type of its value (JSON_NULL when there is
 * none; 1 byte), the length of its text (4 bytes) and its text: of a string what it
 * means, of anything else how it is written, without white space.
 */
#include "parcel/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/dec.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "parcel/ladder.h"

#define MEAN_SCALE 6u
#define BOUNDS_MAX 256

enum expr_kind { COUNT, SUM, MIN, MAX, MEAN, HIST };

static const char *const kind_name[] = { "count", "sum", "min", "max", "mean", "hist" };

/* Where a value is found: a slot of json_pick(), or a pointer. */
struct field {
	struct slice quoted;		/* its name in the output, of the heap */
	struct json_pointer *pointer;	/* or NULL */
	size_t slot;
};

struct expr {
	struct slice quoted;
	enum expr_kind kind;
	struct field field;
	struct dec *bound;		/* HIST */
	size_t bounds;
	int whole;			/* all bounds are whole numbers */
	uint64_t *hist;			/* bounds + 1 a group */
	size_t hist_cap;
};

/* What an expression has of a group. */
struct acc {
	uint64_t n;
	struct dec sum;			/* SUM, MEAN; MIN, MAX: the number */
	char *text;			/* MIN, MAX: the number as written, or the string's text */
	size_t text_n, text_cap;
	uint8_t type;			/* of text; 0: none */
};

struct group {
	struct field field[GROUP_FIELDS];
	size_t fields;
	struct expr expr[GROUP_EXPRS];
	size_t exprs;
	char *name[GROUP_FIELDS + GROUP_EXPRS];
	size_t names_n;
	struct json_names *names;
	const struct json_member *slot[GROUP_FIELDS + GROUP_EXPRS];
	struct map keys;
	struct acc *acc;		/* exprs a group */
	size_t acc_cap;
	size_t texts;			/* bytes of their texts */
	uint32_t *order;
	struct buf key;
	char *scratch;
	size_t scratch_cap;
	struct json_value value[GROUP_EXPRS];	/* of the record being added; p NULL: none */
	struct dec number[GROUP_EXPRS];
};

static struct slice
quote(struct slice s)
{
	char *q = mem_alloc(6 * s.n + 2);

	return (struct slice){ q, (size_t)(json_quote(q, s) - q) };
}

/* The field that a text names: a JSON Pointer when it begins with a slash, else a member. */
static int
field_new(struct group *g, struct slice s, struct field *f, struct err *e)
{
	char shown[128];

	if (s.n == 0)
		return err_set(e, EX_USAGE, "a field without a name");
	if (s.p[0] == '/') {
		f->pointer = json_pointer_new(s);
		return f->pointer != NULL ? 0 :
		    err_set(e, EX_USAGE, "\"%s\" is no JSON Pointer", err_show(shown, sizeof shown, s.p, s.n));
	}
	if (s.n > 256)
		return err_set(e, EX_USAGE, "a field's name of more than 256 bytes");
	for (f->slot = 0; f->slot < g->names_n && !slice_eq(s, slice_of(g->name[f->slot])); f->slot++)
		;
	if (f->slot == g->names_n)
		g->name[g->names_n++] = mem_dup(s.p, s.n);
	return 0;
}

static struct slice
cut(struct slice *s, char c)
{
	const char *p = s->n > 0 ? memchr(s->p, c, s->n) : NULL;
	struct slice head = { s->p, p != NULL ? (size_t)(p - s->p) : s->n };

	*s = p != NULL ? (struct slice){ p + 1, s->n - head.n - 1 } : (struct slice){ s->p + s->n, 0 };
	return head;
}

static int
bounds(struct expr *x, struct slice s, struct err *e)
{
	const struct ladder *l = ladder_get(s);
	char shown[128];
	size_t i;

	x->bound = mem_alloc(BOUNDS_MAX * sizeof *x->bound);
	x->whole = 1;
	for (i = 0; l != NULL && i < l->n; i++)
		x->bound[x->bounds++] = (struct dec){ .v = l->bound[i] };
	while (l == NULL) {
		struct slice b = cut(&s, ',');

		if (x->bounds == BOUNDS_MAX || dec_parse(b, &x->bound[x->bounds]) == -1)
			return err_set(e, EX_USAGE, "hist: \"%s\" is neither h31, s19, m18 nor a list of at most %d numbers",
			    err_show(shown, sizeof shown, b.p, b.n), BOUNDS_MAX);
		x->whole &= x->bound[x->bounds].scale == 0;
		if (x->bounds > 0 && dec_cmp(x->bound[x->bounds - 1], x->bound[x->bounds]) >= 0)
			return err_set(e, EX_USAGE, "hist: bounds that do not ascend");
		x->bounds++;
		if (s.n == 0)
			break;
	}
	return 0;
}

/* [NAME=]count, [NAME=]KIND:FIELD, [NAME=]hist:FIELD:LADDER */
static int
expr_new(struct group *g, struct slice s, struct err *e)
{
	struct expr *x;
	struct slice all = s, word, name = { 0 };
	const char *eq = s.n > 0 ? memchr(s.p, '=', s.n) : NULL, *colon;
	char shown[128];
	size_t i;
	int k;

	if (g->exprs == GROUP_EXPRS)
		return err_set(e, EX_USAGE, "more than %d expressions", GROUP_EXPRS);
	x = &g->expr[g->exprs++];
	if (eq != NULL && memchr(s.p, ':', (size_t)(eq - s.p)) == NULL) {
		name = cut(&s, '=');
		if (name.n == 0)
			return err_set(e, EX_USAGE, "\"%s\": no name before the =", err_show(shown, sizeof shown, all.p, all.n));
	}
	word = cut(&s, ':');
	for (k = COUNT; k <= HIST && !slice_eq(word, slice_of(kind_name[k])); k++)
		;
	if (k > HIST || (k == COUNT) != (s.n == 0))
		return err_set(e, EX_USAGE, "\"%s\" is none of count, sum:F, min:F, max:F, mean:F, hist:F:LADDER",
		    err_show(shown, sizeof shown, all.p, all.n));
	x->kind = (enum expr_kind)k;
	if (k == HIST) {
		/* the ladder stands behind the last colon */
		for (colon = s.p + s.n; colon > s.p && colon[-1] != ':';)
			colon--;
		if (colon == s.p)
			return err_set(e, EX_USAGE, "hist: no ladder (hist:F:h31)");
		if (bounds(x, (struct slice){ colon, (size_t)(s.p + s.n - colon) }, e) == -1)
			return -1;
		s.n = (size_t)(colon - 1 - s.p);
	}
	if (k != COUNT && field_new(g, s, &x->field, e) == -1)
		return -1;
	if (name.n > 0)
		x->quoted = quote(name);
	else {
		struct buf b = { 0 };

		buf_puts(&b, kind_name[k]);
		if (k != COUNT) {
			buf_putc(&b, '_');
			buf_slice(&b, s);
		}
		x->quoted = quote(buf_as_slice(&b));
		buf_fini(&b);
	}
	for (i = 0; i < g->fields; i++)
		if (slice_eq(g->field[i].quoted, x->quoted))
			break;
	for (k = 0; i == g->fields && (size_t)k + 1 < g->exprs; k++)
		if (slice_eq(g->expr[k].quoted, x->quoted))
			break;
	if (i < g->fields || (size_t)k + 1 < g->exprs)
		return err_set(e, EX_USAGE, "two members of the output would be named %.*s (NAME=EXPR gives a name)",
		    (int)x->quoted.n, x->quoted.p);
	return 0;
}

/* [NAME=]hist:...: its bounds may follow. */
static int
is_hist(struct slice s)
{
	const char *eq = s.n > 0 ? memchr(s.p, '=', s.n) : NULL;

	if (eq != NULL && memchr(s.p, ':', (size_t)(eq - s.p)) == NULL)
		(void)cut(&s, '=');
	return slice_eq(cut(&s, ':'), SLICE("hist"));
}

/* An argument of -a: a comma ends an expression, but for those between the bounds of a ladder. */
static int
exprs_new(struct group *g, struct slice s, struct err *e)
{
	size_t i, from = 0;

	for (i = 0; i <= s.n; i++)
		if (i == s.n || (s.p[i] == ',' && !(i + 1 < s.n && strchr("-0123456789", s.p[i + 1]) != NULL &&
		    is_hist((struct slice){ s.p + from, i - from })))) {
			if (expr_new(g, (struct slice){ s.p + from, i - from }, e) == -1)
				return -1;
			from = i + 1;
		}
	return 0;
}

struct group *
group_new(const char *fields, const char *const *list, size_t n, struct err *e)
{
	struct group *g = mem_alloc(sizeof *g);
	struct slice rest, s;
	size_t i;

	for (rest = slice_of(fields != NULL ? fields : ""); fields != NULL;) {
		s = cut(&rest, ',');
		if (g->fields == GROUP_FIELDS) {
			(void)err_set(e, EX_USAGE, "more than %d fields", GROUP_FIELDS);
			goto bad;
		}
		if (field_new(g, s, &g->field[g->fields], e) == -1)
			goto bad;
		g->field[g->fields].quoted = quote(s);
		for (i = 0; i < g->fields; i++)
			if (slice_eq(g->field[i].quoted, g->field[g->fields].quoted)) {
				(void)err_set(e, EX_USAGE, "the field %s twice", fields);
				g->fields++;
				goto bad;
			}
		g->fields++;
		if (rest.n == 0 && (rest.p == NULL || rest.p[-1] != ','))
			break;
	}
	for (i = 0; i < n; i++)
		if (exprs_new(g, slice_of(list[i]), e) == -1)
			goto bad;
	g->names = json_names_new((const char *const *)g->name, g->names_n);
	if (g->fields == 0)
		(void)map_add(&g->keys, SLICE(""));
	return g;
bad:
	group_free(g);
	return NULL;
}

void
group_free(struct group *g)
{
	size_t i;

	if (g == NULL)
		return;
	for (i = 0; i < g->keys.n * g->exprs && g->acc != NULL; i++)
		free(g->acc[i].text);
	for (i = 0; i < GROUP_FIELDS; i++) {
		free((char *)(uintptr_t)g->field[i].quoted.p);
		json_pointer_free(g->field[i].pointer);
	}
	for (i = 0; i < GROUP_EXPRS; i++) {
		free((char *)(uintptr_t)g->expr[i].quoted.p);
		json_pointer_free(g->expr[i].field.pointer);
		free(g->expr[i].bound);
		free(g->expr[i].hist);
	}
	for (i = 0; i < g->names_n; i++)
		free(g->name[i]);
	json_names_free(g->names);
	map_fini(&g->keys);
	free(g->acc);
	free(g->order);
	buf_fini(&g->key);
	free(g->scratch);
	free(g);
}

/* The field's value; 0 when there is none, or null. */
static int
find(struct group *g, const struct field *f, const struct json *j, struct json_value *v)
{
	if (f->pointer != NULL)
		return json_find(f->pointer, j, v) && v->type != JSON_NULL;
	if (g->slot[f->slot] == NULL || g->slot[f->slot]->v.type == JSON_NULL)
		return 0;
	*v = g->slot[f->slot]->v;
	return 1;
}

/* The text of a value as it stands in keys: in scratch, or in the record. */
static struct slice
text_of(struct group *g, const struct json_value *v)
{
	if (v->type == JSON_STRING) {
		if (v->escaped)
			g->scratch = mem_grow(g->scratch, &g->scratch_cap, v->raw.n, 1);
		return json_text(v, g->scratch);
	}
	if (v->type < JSON_ARRAY || !v->spaced)
		return v->raw;
	g->scratch = mem_grow(g->scratch, &g->scratch_cap, v->raw.n, 1);
	return (struct slice){ g->scratch, (size_t)(json_compact(g->scratch, v) - g->scratch) };
}

static void
key_put(struct group *g, uint8_t type, struct slice s)
{
	uint32_t n = (uint32_t)s.n;
	char *p = buf_room(&g->key, s.n + 5);

	*p++ = (char)type;
	memcpy(p, &n, 4);
	memcpy(p + 4, s.p, s.n);
	g->key.n += s.n + 5;
}

static int
field_fault(const struct expr *x, const char *code, const char *what, struct fault *f)
{
	char name[sizeof f->field];

	(void)snprintf(name, sizeof name, "%.*s", (int)x->quoted.n - 2, x->quoted.p + 1);
	return fault_set(f, code, name, "%s", what);
}

/* Values of the expressions, checked before anything is counted. */
static int
read_values(struct group *g, const struct json *j, struct fault *f)
{
	size_t i;

	for (i = 0; i < g->exprs; i++) {
		const struct expr *x = &g->expr[i];
		struct json_value *v = &g->value[i];
		struct slice s;

		v->raw.p = NULL;
		if (x->kind == COUNT || !find(g, &x->field, j, v)) {
			v->raw.p = NULL;
			continue;
		}
		if (v->type == JSON_STRING && x->kind != MIN && x->kind != MAX) {
			/* numbers of CSV are strings */
			s = text_of(g, v);
			if (s.n == 0)
				v->raw.p = NULL;
			else if (dec_parse(s, &g->number[i]) == -1)
				return field_fault(x, "type", "a string that is no number", f);
			continue;
		}
		if (v->type == JSON_NUMBER) {
			if (dec_parse(v->raw, &g->number[i]) == -1)
				return field_fault(x, "range", "a number of more than 18 digits before or behind the point", f);
		} else if (v->type != JSON_STRING)
			return field_fault(x, "type", "neither a number nor a string", f);
	}
	return 0;
}

/* Order of two values of the same type: numbers by value, then as written; strings by their bytes. */
static int
value_cmp(uint8_t type, struct slice a, const struct dec *x, struct slice b, const struct dec *y)
{
	int c = type == JSON_NUMBER ? dec_cmp(*x, *y) : 0;

	return c != 0 ? c : slice_cmp(a, b);
}

static void
extreme(struct group *g, const struct expr *x, struct acc *a, size_t i)
{
	const struct json_value *v = &g->value[i];
	struct slice s = text_of(g, v), old = { a->text, a->text_n };
	int c;

	/* numbers come before strings, so that the result does not depend on the order of the records */
	if (a->n++ > 0) {
		c = v->type != a->type ? (v->type > a->type) - (v->type < a->type) :
		    value_cmp(v->type, s, &g->number[i], old, &a->sum);
		if (x->kind == MIN ? c >= 0 : c <= 0)
			return;
	}
	g->texts -= a->text_cap;
	a->text = mem_grow(a->text, &a->text_cap, s.n, 1);
	g->texts += a->text_cap;
	if (s.n > 0)
		memcpy(a->text, s.p, s.n);
	a->text_n = s.n;
	a->type = v->type;
	if (v->type == JSON_NUMBER)
		a->sum = g->number[i];
}

static size_t
slot_of(const struct expr *x, struct dec v)
{
	size_t i = 0;

	if (x->whole && v.scale == 0)
		while (i < x->bounds && x->bound[i].v < v.v)
			i++;
	else
		while (i < x->bounds && dec_cmp(x->bound[i], v) < 0)
			i++;
	return i;
}

static int
count(struct group *g, uint32_t row, struct err *e)
{
	struct acc *a = g->acc + row * g->exprs;
	size_t i;

	for (i = 0; i < g->exprs; i++, a++) {
		struct expr *x = &g->expr[i];

		if (x->kind == COUNT) {
			a->n++;
			continue;
		}
		if (g->value[i].raw.p == NULL)
			continue;
		switch (x->kind) {
		case MIN:
		case MAX:
			extreme(g, x, a, i);
			break;
		case HIST:
			a->n++;
			x->hist[row * (x->bounds + 1) + slot_of(x, g->number[i])]++;
			break;
		default:
			a->n++;
			if (dec_add(&a->sum, g->number[i]) == -1)
				return err_set(e, EX_DATAERR, "%.*s: the sum grew too large", (int)x->quoted.n, x->quoted.p);
			break;
		}
	}
	return 0;
}

/* Room for the groups that there are. */
static void
grow(struct group *g, size_t had)
{
	size_t i;

	g->acc = mem_grow(g->acc, &g->acc_cap, g->keys.n * g->exprs + 1, sizeof *g->acc);
	memset(g->acc + had * g->exprs, 0, (g->keys.n - had) * g->exprs * sizeof *g->acc);
	for (i = 0; i < g->exprs; i++) {
		struct expr *x = &g->expr[i];

		if (x->kind != HIST)
			continue;
		x->hist = mem_grow(x->hist, &x->hist_cap, g->keys.n * (x->bounds + 1), sizeof *x->hist);
		memset(x->hist + had * (x->bounds + 1), 0, (g->keys.n - had) * (x->bounds + 1) * sizeof *x->hist);
	}
}

int
group_add(struct group *g, const struct json *j, struct fault *fault, struct err *e)
{
	struct json_value v;
	size_t had = g->keys.n, i;
	uint32_t row;

	*fault = (struct fault){ 0 };
	(void)json_pick(g->names, j, g->slot, NULL, 0);
	if (read_values(g, j, fault) == -1)
		return -1;
	buf_clear(&g->key);
	for (i = 0; i < g->fields; i++) {
		if (find(g, &g->field[i], j, &v))
			key_put(g, v.type, text_of(g, &v));
		else
			key_put(g, JSON_NULL, SLICE(""));
	}
	row = map_add(&g->keys, buf_as_slice(&g->key));
	if (g->acc == NULL)
		had = 0;
	if (row >= had)
		grow(g, had);
	return count(g, row, e);
}

size_t
group_bytes(const struct group *g)
{
	size_t n = map_bytes(&g->keys) + g->acc_cap * sizeof *g->acc + g->texts, i;

	for (i = 0; i < g->exprs; i++)
		n += g->expr[i].hist_cap * sizeof *g->expr[i].hist;
	return n;
}

/* The next field of a key. */
static struct slice
key_next(const char **p, uint8_t *type)
{
	uint32_t n;
	struct slice s;

	*type = (uint8_t)*(*p)++;
	memcpy(&n, *p, 4);
	s = (struct slice){ *p + 4, n };
	*p += 4 + n;
	return s;
}

static int
by_key(const void *x, const void *y, void *arg)
{
	const struct group *g = arg;
	const char *p = map_key(&g->keys, *(const uint32_t *)x).p, *q = map_key(&g->keys, *(const uint32_t *)y).p;
	struct slice a, b;
	struct dec da, db;
	uint8_t ta, tb;
	size_t i;
	int c = 0;

	for (i = 0; c == 0 && i < g->fields; i++) {
		a = key_next(&p, &ta);
		b = key_next(&q, &tb);
		if (ta != tb)
			return ta < tb ? -1 : 1;
		if (ta == JSON_NUMBER && dec_parse(a, &da) == 0 && dec_parse(b, &db) == 0)
			c = value_cmp(ta, a, &da, b, &db);
		else
			c = slice_cmp(a, b);
	}
	return c;
}

size_t
group_rows(struct group *g)
{
	size_t i;

	if (g->acc == NULL)
		grow(g, 0);
	g->order = mem_resize(g->order, (g->keys.n + 1) * sizeof *g->order);
	for (i = 0; i < g->keys.n; i++)
		g->order[i] = (uint32_t)i;
	if (g->keys.n > 1)
		qsort_r(g->order, g->keys.n, sizeof *g->order, by_key, g);
	return g->keys.n;
}

size_t
group_row_max(const struct group *g, size_t i)
{
	const struct acc *a = g->acc + g->order[i] * g->exprs;
	size_t n = 16 + 6 * map_key(&g->keys, g->order[i]).n, k;

	for (k = 0; k < g->fields; k++)
		n += g->field[k].quoted.n + 8;
	for (k = 0; k < g->exprs; k++)
		n += g->expr[k].quoted.n + 8 + DEC_MAX + 6 * a[k].text_n + (g->expr[k].bounds + 1) * (NUM_MAX + 1);
	return n;
}

static char *
put_name(char *p, struct slice quoted, char *first)
{
	*p++ = *first;
	*first = ',';
	memcpy(p, quoted.p, quoted.n);
	p += quoted.n;
	*p++ = ':';
	return p;
}

static char *
put_value(char *p, uint8_t type, struct slice s)
{
	if (type == JSON_STRING)
		return json_quote(p, s);
	if (type == JSON_NULL)
		s = SLICE("null");
	memcpy(p, s.p, s.n);
	return p + s.n;
}

/* sum / n, rounded to MEAN_SCALE digits, halves away from zero, without zeros at the end. */
static char *
put_mean(char *p, struct dec sum, uint64_t n)
{
	dec_int d = n, q, r;
	struct dec m = { .scale = MEAN_SCALE };
	unsigned i;
	int neg = sum.v < 0;

	for (i = 0; i < sum.scale; i++)
		d *= 10;
	if (neg)
		sum.v = -sum.v;
	q = sum.v / d;
	r = sum.v % d;
	for (i = 0; i < MEAN_SCALE; i++) {
		r *= 10;
		q = q * 10 + r / d;
		r %= d;
	}
	q += r >= d - r;
	for (; m.scale > 0 && q % 10 == 0; m.scale--)
		q /= 10;
	m.v = neg ? -q : q;
	return p + dec_put(p, m);
}

static char *
put_expr(char *p, const struct group *g, const struct expr *x, const struct acc *a, size_t row)
{
	size_t i;

	if (x->kind == COUNT)
		return p + num_put_u64(p, a->n);
	if (x->kind == HIST) {
		for (i = 0; i <= x->bounds; i++) {
			*p++ = i == 0 ? '[' : ',';
			p += num_put_u64(p, x->hist[g->order[row] * (x->bounds + 1) + i]);
		}
		*p++ = ']';
		return p;
	}
	if (a->n == 0)
		return put_value(p, JSON_NULL, SLICE(""));
	if (x->kind == MEAN)
		return put_mean(p, a->sum, a->n);
	if (x->kind == SUM)
		return p + dec_put(p, a->sum);
	return put_value(p, a->type, (struct slice){ a->text, a->text_n });
}

char *
group_put(const struct group *g, size_t i, char *p)
{
	const struct acc *a = g->acc + g->order[i] * g->exprs;
	const char *key = map_key(&g->keys, g->order[i]).p;
	char first = '{';
	struct slice s;
	uint8_t type;
	size_t k;

	for (k = 0; k < g->fields; k++) {
		s = key_next(&key, &type);
		p = put_value(put_name(p, g->field[k].quoted, &first), type, s);
	}
	for (k = 0; k < g->exprs; k++)
		p = put_expr(put_name(p, g->expr[k].quoted, &first), g, &g->expr[k], &a[k], i);
	*p++ = '}';
	return p;
}
