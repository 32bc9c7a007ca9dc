/* SLA rules in memory: their defaults, what they match, which of them hides another. */
#include "parcel/rules.h"

#include <stdlib.h>
#include <string.h>

void
rule_defaults(struct rule *u)
{
	*u = (struct rule){
		.match = { .remote = -1 }, .valid_from = INT32_MIN, .valid_to = INT32_MAX,
		.promise = { PROMISE_EXPLICIT, PROMISE_RULE }, .stops = 1 << STOP_DELIVERED, .cutoff = -1,
		.deadline = 86399, .exclude_cancelled = 1, .at_risk = 86400, .stale_after = -1, .handover_by = -1,
	};
}

void
rules_init(struct rules *r)
{
	*r = (struct rules){ 0 };
	calendar_always(&r->always);
	rule_defaults(&r->implicit);
	r->implicit.promise[1] = PROMISE_NONE;
	r->implicit.calendar = &r->always;
	r->implicit.quoted = SLICE("\"\"");
}

static int
by_int(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void
int_list_sort(struct int_list *l)
{
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, by_int);
}

int
pattern_match(const struct pattern_list *l, struct slice s)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		const struct pattern *p = &l->v[i];

		if ((p->prefix ? s.n >= p->n : s.n == p->n) && (p->n == 0 || (*s.p == *p->p && memcmp(s.p, p->p, p->n) == 0)))
			return 1;
	}
	return l->n == 0;
}

int
int_match(const struct int_list *l, int64_t v)
{
	return l->n == 0 || bsearch(&v, l->v, l->n, sizeof *l->v, by_int) != NULL;
}

/* Everything that b lets through, a lets through as well. */
static int
wider_ints(const struct int_list *a, const struct int_list *b)
{
	size_t i;

	if (a->n > 0 && b->n == 0)
		return 0;
	for (i = 0; i < b->n; i++)
		if (!int_match(a, b->v[i]))
			return 0;
	return 1;
}

static int
wider_texts(const struct pattern_list *a, const struct pattern_list *b)
{
	size_t i, k;

	if (a->n == 0)
		return 1;
	for (i = 0; i < b->n; i++) {
		for (k = 0; k < a->n; k++) {
			const struct pattern *p = &a->v[k], *q = &b->v[i];

			if ((p->prefix ? q->n >= p->n : !q->prefix && q->n == p->n) && memcmp(p->p, q->p, p->n) == 0)
				break;
		}
		if (k == a->n)
			return 0;
	}
	return b->n > 0;
}

int
rule_covers(const struct rule *a, const struct rule *b)
{
	int always = a->valid_from == INT32_MIN && a->valid_to == INT32_MAX, i;
	int same_clock = a->start == b->start && a->clock_tz == b->clock_tz && a->zone == b->zone &&
	    a->calendar->zone == b->calendar->zone;

	if (!always && !(same_clock && a->valid_from <= b->valid_from && a->valid_to >= b->valid_to))
		return 0;
	if (a->match.remote != -1 && a->match.remote != b->match.remote)
		return 0;
	for (i = 0; i < MATCH_TEXTS; i++)
		if (!wider_texts(&a->match.text[i], &b->match.text[i]))
			return 0;
	return wider_ints(&a->match.client, &b->match.client) && wider_ints(&a->match.carrier, &b->match.carrier);
}

static void
patterns_free(struct pattern_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].p);
	free(l->v);
}

void
rules_fini(struct rules *r)
{
	size_t i, k;

	for (i = 0; i < r->calendars; i++) {
		calendar_fini(r->calendar[i]);
		free(r->calendar[i]);
	}
	for (i = 0; i < r->windows; i++) {
		free(r->window[i].id);
		patterns_free(&r->window[i].region);
		free(r->window[i].carrier.v);
	}
	for (i = 0; i < r->rules_n; i++) {
		struct rule *u = &r->rule[i];

		for (k = 0; k < MATCH_TEXTS; k++)
			patterns_free(&u->match.text[k]);
		free(u->match.client.v);
		free(u->match.carrier.v);
		free(u->season);
		free(u->exclude_reason);
		free(u->id);
		free((char *)(uintptr_t)u->quoted.p);
	}
	for (i = 0; i < r->warnings; i++)
		free(r->warning[i]);
	free(r->calendar);
	free(r->window);
	free(r->rule);
	free(r->warning);
	rule_index_fini(&r->index);
	calendar_fini(&r->always);
	*r = (struct rules){ 0 };
}
