/* Members of facts as values, by the table of the mart that reads them. */
#include "base/dec.h"
#include "parcel/mart_kind.h"
#include "rec/field.h"

#define TEXT_MAX 1024		/* bytes of a text */
#define MONEY_MAX INT64_C(100000000000000)	/* Decimal(14, 2): below 10^12 */

static int
get_money(const struct json_member *p, const char *name, int64_t *cents, struct fault *f)
{
	struct dec d;

	if (p->v.type != JSON_NUMBER || dec_parse(p->v.raw, &d) == -1)
		return fault_set(f, "type", name, "not a decimal number");
	if (dec_scaled(d, 2, cents) == -1 || *cents >= MONEY_MAX || *cents <= -MONEY_MAX)
		return fault_set(f, "range", name, "more than 2 digits behind the point, or 12 before it");
	return 1;
}

/* One member that is there and not null: 1, 0 for the empty string where that is none, -1. */
static int
get(const struct json_member *p, const struct mart_member *member, struct mart_value *v, char **scratch, struct fault *f)
{
	const char *name = member->name;
	int32_t day = 0;
	int flag = 0, rc;

	switch (member->type & M_TYPE) {
	case M_ID:
		return field_int(p, name, 0, UINT32_MAX, &v->n, f);
	case M_U16:
		return field_int(p, name, 0, UINT16_MAX, &v->n, f);
	case M_I32:
		return field_int(p, name, INT32_MIN, INT32_MAX, &v->n, f);
	case M_I64:
		return field_int(p, name, INT64_MIN, INT64_MAX, &v->n, f);
	case M_TEXT:
		if (field_text(p, name, TEXT_MAX, *scratch, &v->text, f) == -1)
			return -1;
		if (v->text.p == *scratch)
			*scratch += v->text.n;
		return 1;
	case M_FLAG:
		rc = field_bool(p, name, &flag, f);
		v->n = flag;
		return rc;
	case M_DAY:
		rc = field_day(p, name, &day, f);
		v->n = day;
		return rc;
	case M_TIME:
		return field_time(p, name, &v->n, f);
	case M_MONEY:
		return get_money(p, name, &v->n, f);
	default:
		if (p->v.type != JSON_ARRAY)
			return fault_set(f, "type", name, "not an array");
		v->list = &p->v;
		return 1;
	}
}

int
mart_read(struct mart *m, const struct mart_source *source, const struct json *j, struct fault *f)
{
	char *scratch;
	size_t i;
	int rc;

	(void)json_pick(m->names[source - m->kind->source], j, m->slot, NULL, 0);
	m->scratch = scratch = mem_grow(m->scratch, &m->scratch_cap, j->raw.n + 1, 1);
	for (i = 0; i < source->members; i++) {
		const struct json_member *p = m->slot[i];
		const struct mart_member *member = &source->member[i];
		struct mart_value *v = &m->value[i];

		*v = (struct mart_value){ .text = { "", 0 } };
		rc = p == NULL || p->v.type == JSON_NULL ? 0 : get(p, member, v, &scratch, f);
		if (rc == -1)
			return -1;
		if (rc == 0 && !(member->type & (p == NULL ? M_OR_ABSENT : M_OR_NULL | M_OR_ABSENT)))
			return field_missing(member->name, f);
		v->known = rc;
	}
	m->scratch_used = (size_t)(scratch - m->scratch);
	return 0;
}

void
mart_steps(struct mart_steps *s, struct mart *m, const struct mart_value *v, const struct mart_member *member, size_t n)
{
	size_t i;

	*s = (struct mart_steps){ .m = m, .member = member, .n = n };
	for (i = 0; i < n; i++)
		json_enter(&s->walk[i], v[i].list);
}

/* A string among the steps; *scratch NULL: as it stands. */
static int
step_text(const struct mart_steps *s, size_t i, char **scratch, struct slice *text, struct fault *f)
{
	const struct json_value *v = &s->now[i].v;

	if (v->type != JSON_STRING)
		return fault_set(f, "type", s->member[i].name, "not a list of strings");
	if (scratch == NULL) {
		*text = (struct slice){ v->raw.p + 1, v->raw.n - 2 };
		return 0;
	}
	if (field_text(&s->now[i], s->member[i].name, TEXT_MAX, *scratch, text, f) == -1)
		return -1;
	if (text->p == *scratch)
		*scratch += text->n;
	return 0;
}

int
mart_step_next(struct mart_steps *s, struct mart_step *one, struct fault *f)
{
	char *scratch = s->m->scratch + s->m->scratch_used;
	int64_t n = 0;
	size_t i, some = 0;

	for (i = 0; i < s->n; i++)
		some += (size_t)json_next(&s->walk[i], &s->now[i]);
	if (some == 0)
		return 0;
	if (some != s->n)
		return fault_set(f, "length", s->member[STEP_DAY].name, "the arrays of the steps have not one length");
	*one = (struct mart_step){ 0 };
	if (field_day(&s->now[STEP_DAY], s->member[STEP_DAY].name, &one->day, f) != 1)
		return f->code == NULL ? field_missing(s->member[STEP_DAY].name, f) : -1;
	if (step_text(s, STEP_STATUS, NULL, &one->status, f) == -1 || step_text(s, STEP_STATE, NULL, &one->state, f) == -1 ||
	    step_text(s, STEP_REASON, NULL, &one->reason, f) == -1)
		return -1;
	if (field_int(&s->now[STEP_ATTEMPT], s->member[STEP_ATTEMPT].name, 0, 255, &n, f) != 1)
		return f->code == NULL ? field_missing(s->member[STEP_ATTEMPT].name, f) : -1;
	one->attempt = (int)n;
	if (s->n <= STEP_AT)
		return 1;
	if (field_time(&s->now[STEP_AT], s->member[STEP_AT].name, &one->at, f) != 1)
		return f->code == NULL ? field_missing(s->member[STEP_AT].name, f) : -1;
	return step_text(s, STEP_COURIER, &scratch, &one->courier, f) == -1 ||
	    step_text(s, STEP_REGION, &scratch, &one->region, f) == -1 ? -1 : 1;
}
