/*
 * Which rules a shipment can match at all: each rule stands in the chains of the values
 * of one of its fields, the one whose values the fewest rules ask for.  Values of one
 * hash share a chain; whether a rule matches is for the caller to see.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "parcel/rules.h"

static uint32_t
hash_int(unsigned field, int64_t v)
{
	uint64_t h = ((uint64_t)v * RULE_FIELDS + field) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(h >> 32);
}

static uint32_t
hash_text(unsigned field, struct slice s)
{
	uint32_t h = 2166136261u ^ field;
	size_t i;

	for (i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619u;
	return h ^ h >> 15;
}

/* How many values the rule lists for a field; 0 when it takes others too. */
static size_t
values(const struct rule *u, unsigned field)
{
	const struct pattern_list *l = NULL;
	size_t i;

	if (field == RULE_CLIENT)
		return u->match.client.n;
	if (field == RULE_CARRIER)
		return u->match.carrier.n;
	l = &u->match.text[field - RULE_TEXT];
	for (i = 0; i < l->n; i++)
		if (l->v[i].prefix)
			return 0;
	return l->n;
}

static uint32_t
hash_of(const struct rule *u, unsigned field, size_t i)
{
	const struct pattern *p = NULL;

	if (field < RULE_TEXT)
		return hash_int(field, field == RULE_CLIENT ? u->match.client.v[i] : u->match.carrier.v[i]);
	p = &u->match.text[field - RULE_TEXT].v[i];
	return hash_text(field, (struct slice){ p->p, p->n });
}

static void
add(struct rule_index *x, uint32_t *head, size_t rule)
{
	x->link[x->links] = (struct rule_link){ .rule = (uint32_t)rule, .next = *head };
	*head = (uint32_t)++x->links;
}

/* The field to find a rule by; RULE_FIELDS when none of its fields lists its values. */
static unsigned
best_field(const struct rule *u, const uint32_t *asked, uint32_t mask)
{
	unsigned field, best = RULE_FIELDS;
	uint64_t least = UINT64_MAX, sum;
	size_t i, n;

	for (field = 0; field < RULE_FIELDS; field++) {
		n = values(u, field);
		for (i = 0, sum = 0; i < n; i++)
			sum += asked[hash_of(u, field, i) & mask];
		if (n > 0 && sum < least) {
			least = sum;
			best = field;
		}
	}
	return best;
}

void
rule_index_build(struct rule_index *x, const struct rule *rule, size_t n)
{
	size_t all = n, i, k, size = 64;
	uint32_t *asked = NULL;
	unsigned field;

	for (i = 0; i < n; i++)
		for (field = 0; field < RULE_FIELDS; field++)
			all += values(&rule[i], field);
	while (size < 2 * all)
		size *= 2;
	*x = (struct rule_index){ .mask = (uint32_t)(size - 1) };
	x->head = mem_alloc(size * sizeof *x->head);
	x->link = mem_alloc(all * sizeof *x->link);
	asked = mem_alloc(size * sizeof *asked);
	for (i = 0; i < n; i++)
		for (field = 0; field < RULE_FIELDS; field++)
			for (k = values(&rule[i], field); k-- > 0;)
				asked[hash_of(&rule[i], field, k) & x->mask]++;
	/* from the last one, so that each chain begins with its first rule */
	for (i = n; i-- > 0;) {
		field = best_field(&rule[i], asked, x->mask);
		if (field == RULE_FIELDS)
			add(x, &x->any, i);
		else {
			x->by[field] = 1;
			for (k = values(&rule[i], field); k-- > 0;)
				add(x, &x->head[hash_of(&rule[i], field, k) & x->mask], i);
		}
	}
	free(asked);
}

uint32_t
rule_index_int(const struct rule_index *x, enum rule_field field, int64_t v)
{
	return x->by[field] ? x->head[hash_int(field, v) & x->mask] : 0;
}

uint32_t
rule_index_text(const struct rule_index *x, enum rule_field field, struct slice v)
{
	return x->by[field] ? x->head[hash_text(field, v) & x->mask] : 0;
}

void
rule_index_fini(struct rule_index *x)
{
	free(x->head);
	free(x->link);
	*x = (struct rule_index){ 0 };
}
