/*
 * The daily marts of shipments: how a shipment counts, and on which day.
 *
 * A row is found by its key, the bytes
 *
 *	day:4 client_id:4 carrier_id:4 (big endian, the sign of the day turned)
 *	text NUL text NUL ...
 *
 * whose order is the order of the rows.  What it counts is an array of 64-bit
 * numbers, a histogram taking as many of them as it has buckets.
 */
#include "parcel/mart.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/dec.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "parcel/ladder.h"
#include "parcel/sla.h"
#include "parcel/taxonomy.h"
#include "rec/field.h"

#define TEXT_MAX 1024		/* bytes of a text in a key */
#define MONEY_MAX INT64_C(100000000000000)	/* Decimal(14, 2): below 10^12 */
#define UNKNOWN_DAY INT32_MIN

enum column_type { KEY_DAY, KEY_INT, KEY_TEXT, COUNT, SUM, HIST, MONEY };

struct column {
	const char *name;
	enum column_type type;
};

/* X(name, type): the columns of the tables, in their order; lineage follows. */
#define KEY_COLUMNS(X) \
	X(day, KEY_DAY) X(client_id, KEY_INT) X(carrier_id, KEY_INT) X(service_code, KEY_TEXT) X(dest_region, KEY_TEXT)
#define DELIVERY_COLUMNS(X) \
	KEY_COLUMNS(X) \
	X(created, COUNT) X(accepted, COUNT) X(out_for_delivery, COUNT) X(attempts, COUNT) X(first_attempts, COUNT) \
	X(first_attempt_ok, COUNT) X(delivered, COUNT) X(delivered_late, COUNT) X(ready_for_pickup, COUNT) \
	X(return_started, COUNT) X(returned, COUNT) X(lost, COUNT) X(damaged, COUNT) X(cancelled, COUNT) \
	X(exceptions, COUNT) X(first_exceptions, COUNT) \
	X(lead_sec_sum, SUM) X(lead_n, COUNT) X(lead_hist, HIST) \
	X(transit_sec_sum, SUM) X(transit_n, COUNT) X(transit_hist, HIST) \
	X(handover_sec_sum, SUM) X(handover_n, COUNT) X(last_mile_sec_sum, SUM) X(last_mile_n, COUNT) \
	X(pickup_wait_sec_sum, SUM) X(pickup_wait_n, COUNT) X(revenue, MONEY)
#define SLA_COLUMNS(X) \
	KEY_COLUMNS(X) X(sla_rule_id, KEY_TEXT) X(promise_source, KEY_TEXT) \
	X(due, COUNT) X(met, COUNT) X(met_in_full, COUNT) X(missed, COUNT) X(missed_open, COUNT) X(pending, COUNT) \
	X(at_risk, COUNT) X(paused, COUNT) X(late_1d, COUNT) X(late_2d, COUNT) X(late_3d, COUNT) X(late_more, COUNT) \
	X(early_1d, COUNT) X(late_sec_sum, SUM) X(late_hist, HIST) X(abs_err_sec_sum, SUM) X(abs_err_n, COUNT) \
	X(repromised, COUNT) X(miss_carrier, COUNT) X(miss_shipper, COUNT) X(miss_recipient, COUNT) \
	X(miss_customs, COUNT) X(miss_force, COUNT) X(miss_platform, COUNT) X(miss_unknown, COUNT)

enum delivery_column {
#define X(n, t) D_##n,
	DELIVERY_COLUMNS(X)
#undef X
	D_N
};
enum sla_column {
#define X(n, t) S_##n,
	SLA_COLUMNS(X)
#undef X
	S_N
};

static const struct column delivery_column[] = {
#define X(n, t) { #n, t },
	DELIVERY_COLUMNS(X)
#undef X
};
static const struct column sla_column[] = {
#define X(n, t) { #n, t },
	SLA_COLUMNS(X)
#undef X
};

/* Members that the marts are made of.  X(enumerator, name) */
#define KEY_MEMBERS(X) \
	X(CLIENT_ID, "client_id") X(CARRIER_ID, "carrier_id") X(SERVICE_CODE, "service_code") X(DEST_REGION, "dest_region")
#define DELIVERY_MEMBERS(X) \
	KEY_MEMBERS(X) \
	X(CREATED_DAY, "created_day") X(ACCEPTED_DAY, "accepted_day") X(FIRST_ATTEMPT_DAY, "first_attempt_day") \
	X(READY_DAY, "ready_day") X(DELIVERED_DAY, "delivered_day") X(RETURN_STARTED_DAY, "return_started_day") \
	X(RETURNED_DAY, "returned_day") X(LOST_DAY, "lost_day") X(CANCELLED_DAY, "cancelled_day") \
	X(DAMAGED_DAY, "damaged_day") X(FIRST_EXCEPTION_DAY, "first_exception_day") \
	X(CREATED_AT, "created_at") X(ACCEPTED_AT, "accepted_at") X(FIRST_OFD_AT, "first_ofd_at") \
	X(READY_AT, "ready_at") X(DELIVERED_AT, "delivered_at") X(PROMISED_AT, "promised_at") \
	X(FIRST_ATTEMPT_OK, "first_attempt_ok") X(PRICE, "price") \
	X(STEP_DAY, "step_day") X(STEP_STATUS, "step_status") X(STEP_STATE, "step_state") \
	X(STEP_REASON, "step_reason") X(STEP_ATTEMPT, "step_attempt")
#define SLA_MEMBERS(X) \
	KEY_MEMBERS(X) \
	X(DUE_DAY, "due_day") X(SLA_RULE_ID, "sla_rule_id") X(PROMISE_SOURCE, "promise_source") \
	X(SLA_STATE, "sla_state") X(SLA_PARTY, "sla_party") X(SLA_LATE_SEC, "sla_late_sec") \
	X(PROMISE_ERR_SEC, "promise_err_sec") X(PAUSED_SEC, "paused_sec") X(IS_OPEN, "is_open") \
	X(IS_PARTIAL, "is_partial") X(S_DELIVERED_AT, "delivered_at") X(S_PROMISED_AT, "promised_at") \
	X(PROMISED_NOW_AT, "promised_now_at")

enum delivery_member {
#define X(e, n) MD_##e,
	DELIVERY_MEMBERS(X)
#undef X
	MD_N
};
enum sla_member {
#define X(e, n) MS_##e,
	SLA_MEMBERS(X)
#undef X
	MS_N
};

static const char *const delivery_member[] = {
#define X(e, n) n,
	DELIVERY_MEMBERS(X)
#undef X
};
static const char *const sla_member[] = {
#define X(e, n) n,
	SLA_MEMBERS(X)
#undef X
};

#define MEMBERS_MAX 64
#define COLUMNS_MAX 48

struct mart {
	const struct mart_kind *kind;
	struct json_names *names;
	const struct json_member *slot[MEMBERS_MAX];
	size_t off[COLUMNS_MAX];	/* where a column begins in a cell */
	size_t width;			/* numbers in a cell */
	struct map keys;
	uint64_t *cell;			/* by number of the key */
	size_t cap;
	uint32_t *order;		/* rows as sorted */
	uint64_t counter_max, sum_max;
	struct buf key;
	char *scratch;
	size_t scratch_cap;
	const struct days *days;	/* of the record being added */
	int outside;			/* days of it that are not wanted */
	int counted;
	struct err *e;
};

struct mart_kind {
	const char *name;
	const struct column *column;
	size_t columns;
	const char *const *member;
	size_t members;
	int (*add)(struct mart *m, struct fault *f);
};

/* The numbers of the row of a day, or NULL when that day is not wanted. */
static uint64_t *
cell(struct mart *m, int32_t day)
{
	uint32_t d = (uint32_t)day ^ UINT32_C(0x80000000), i;
	size_t had = m->keys.n;
	int k;

	if (m->days != NULL && !days_have(m->days, day)) {
		m->outside = 1;
		return NULL;
	}
	for (k = 0; k < 4; k++)
		m->key.p[k] = (char)(d >> (24 - 8 * k));
	i = map_add(&m->keys, buf_as_slice(&m->key));
	m->counted = 1;
	if (i == had) {
		m->cell = mem_grow(m->cell, &m->cap, (had + 1) * m->width, sizeof *m->cell);
		memset(m->cell + i * m->width, 0, m->width * sizeof *m->cell);
	}
	return m->cell + i * m->width;
}

static int
add_sum(struct mart *m, uint64_t *c, size_t column, uint64_t v)
{
	uint64_t *sum = &c[m->off[column]];

	if (v > m->sum_max - *sum)
		return err_set(m->e, EX_DATAERR, "%s: a sum of more than 63 bits", m->kind->column[column].name);
	*sum += v;
	return 0;
}

/* A span that is known and not negative: into sum, n, and (hist not 0) histogram. */
static int
add_span(struct mart *m, uint64_t *c, int64_t from, int64_t to, size_t sum, size_t n, size_t hist)
{
	int64_t span;

	if (from == SLA_NONE || to == SLA_NONE)
		return 0;
	span = utc_sec(to) - utc_sec(from);
	if (span < 0)
		return 0;
	c[m->off[n]]++;
	if (hist != 0)
		c[m->off[hist] + ladder_slot(&ladder_h31, span)]++;
	return add_sum(m, c, sum, (uint64_t)span);
}

static int
get_day(struct mart *m, size_t i, int32_t *day, struct fault *f)
{
	int rc = field_day(m->slot[i], m->kind->member[i], day, f);

	if (rc == 0)
		*day = UNKNOWN_DAY;
	return rc == -1 ? -1 : 0;
}

static int
get_time(struct mart *m, size_t i, int64_t *ms, struct fault *f)
{
	int rc = field_time(m->slot[i], m->kind->member[i], ms, f);

	if (rc == 0)
		*ms = SLA_NONE;
	return rc == -1 ? -1 : 0;
}

/* true and false, and 1 and 0 of servers that have no Bool. */
static int
get_flag(struct mart *m, size_t i, int *v, struct fault *f)
{
	*v = 0;
	return field_bool(m->slot[i], m->kind->member[i], v, f) == -1 ? -1 : 0;
}

static int
get_int(struct mart *m, size_t i, int64_t min, int64_t max, int64_t *v, struct fault *f)
{
	*v = 0;
	return field_int(m->slot[i], m->kind->member[i], min, max, v, f);
}

/* A text of the key; scratch is used up to where it ends. */
static int
get_text(struct mart *m, size_t i, char **scratch, struct slice *s, struct fault *f)
{
	if (field_text(m->slot[i], m->kind->member[i], TEXT_MAX, *scratch, s, f) == -1)
		return -1;
	if (s->p == *scratch)
		*scratch += s->n;
	return 0;
}

/* Begins the key: everything but the day, which cell() puts in. */
static int
begin_key(struct mart *m, struct slice *text, size_t texts, struct fault *f)
{
	int64_t id[2];
	char *p;
	size_t i, need = 1;
	int k;

	/* the texts of a key stand in slots 2, 3, and of mart_sla_day MS_SLA_RULE_ID and its neighbour */
	const size_t at[] = { MD_SERVICE_CODE, MD_DEST_REGION, MS_SLA_RULE_ID, MS_PROMISE_SOURCE };

	if (get_int(m, MD_CLIENT_ID, 0, UINT32_MAX, &id[0], f) == -1 ||
	    get_int(m, MD_CARRIER_ID, 0, UINT32_MAX, &id[1], f) == -1)
		return -1;
	for (i = 0; i < texts; i++)
		need += m->slot[at[i]] != NULL ? m->slot[at[i]]->v.raw.n : 0;
	m->scratch = p = mem_grow(m->scratch, &m->scratch_cap, need, 1);
	for (i = 0; i < texts; i++)
		if (get_text(m, at[i], &p, &text[i], f) == -1)
			return -1;
	buf_clear(&m->key);
	buf_put(&m->key, "\0\0\0\0", 4);
	for (i = 0; i < 2; i++)
		for (k = 24; k >= 0; k -= 8)
			buf_putc(&m->key, (char)(id[i] >> k));
	for (i = 0; i < texts; i++) {
		buf_slice(&m->key, text[i]);
		buf_putc(&m->key, '\0');
	}
	return 0;
}

static int
get_price(struct mart *m, int64_t *cents, struct fault *f)
{
	const struct json_member *p = m->slot[MD_PRICE];
	struct dec d;

	*cents = 0;
	if (p == NULL || p->v.type == JSON_NULL)
		return 0;
	if (p->v.type != JSON_NUMBER || dec_parse(p->v.raw, &d) == -1)
		return fault_set(f, "type", "price", "not a decimal number");
	if (dec_scaled(d, 2, cents) == -1 || *cents >= MONEY_MAX || *cents <= -MONEY_MAX)
		return fault_set(f, "range", "price", "more than 2 digits behind the point, or 12 before it");
	return 0;
}

/* What a shipment counts once, on the day of a milestone.  X(member of the day, column) */
#define MILESTONES(X) \
	X(READY_DAY, ready_for_pickup) X(RETURN_STARTED_DAY, return_started) X(RETURNED_DAY, returned) X(LOST_DAY, lost) \
	X(CANCELLED_DAY, cancelled) X(DAMAGED_DAY, damaged) X(FIRST_EXCEPTION_DAY, first_exceptions)

struct delivery {
	int32_t day[MD_CREATED_AT];	/* by member */
	int64_t created, accepted, first_ofd, ready, delivered, promised;
	int64_t cents;
	int first_attempt_ok;
};

static int
get_delivery(struct mart *m, struct delivery *v, struct fault *f)
{
	size_t i;

	for (i = MD_CREATED_DAY; i < MD_CREATED_AT; i++)
		if (get_day(m, i, &v->day[i], f) == -1)
			return -1;
	if (get_time(m, MD_CREATED_AT, &v->created, f) == -1 || get_time(m, MD_ACCEPTED_AT, &v->accepted, f) == -1 ||
	    get_time(m, MD_FIRST_OFD_AT, &v->first_ofd, f) == -1 || get_time(m, MD_READY_AT, &v->ready, f) == -1 ||
	    get_time(m, MD_DELIVERED_AT, &v->delivered, f) == -1 || get_time(m, MD_PROMISED_AT, &v->promised, f) == -1 ||
	    get_flag(m, MD_FIRST_ATTEMPT_OK, &v->first_attempt_ok, f) == -1)
		return -1;
	return get_price(m, &v->cents, f);
}

/* The columns of the steps walk side by side. */
struct steps {
	struct json_walk walk[5];
	struct json_member now[5];
	int any;
};

static int
open_steps(struct mart *m, struct steps *s, struct fault *f)
{
	static const struct json_value none = { .type = JSON_ARRAY, .raw = { "[]", 2 } };
	size_t i;

	for (i = 0; i < 5; i++) {
		const struct json_member *a = m->slot[MD_STEP_DAY + i];

		if (a != NULL && a->v.type != JSON_ARRAY && a->v.type != JSON_NULL)
			return fault_set(f, "type", m->kind->member[MD_STEP_DAY + i], "not an array");
		json_enter(&s->walk[i], a != NULL && a->v.type == JSON_ARRAY ? &a->v : &none);
	}
	return 0;
}

/* The next step: 1, 0 at the end, -1 with the fault. */
static int
next_step(struct mart *m, struct steps *s, struct fault *f)
{
	int n = 0;
	size_t i;

	for (i = 0; i < 5; i++)
		n += json_next(&s->walk[i], &s->now[i]);
	if (n != 0 && n != 5)
		return fault_set(f, "length", m->kind->member[MD_STEP_DAY], "the arrays of the steps have not one length");
	return n == 5;
}

struct step {
	int32_t day;
	int ofd, fault, attempt;
};

static int
get_step(struct mart *m, const struct steps *s, struct step *v, struct fault *f)
{
	struct slice text[3];
	int64_t n = 0;
	size_t i;

	if (field_day(&s->now[0], m->kind->member[MD_STEP_DAY], &v->day, f) != 1)
		return f->code == NULL ? field_missing(m->kind->member[MD_STEP_DAY], f) : -1;
	for (i = 0; i < 3; i++) {
		const struct json_value *w = &s->now[1 + i].v;

		if (w->type != JSON_STRING)
			return fault_set(f, "type", m->kind->member[MD_STEP_STATUS + i], "not a list of strings");
		text[i] = (struct slice){ w->raw.p + 1, w->raw.n - 2 };	/* the words looked for need no escapes */
	}
	if (field_int(&s->now[4], m->kind->member[MD_STEP_ATTEMPT], 0, 255, &n, f) == -1)
		return -1;
	v->ofd = slice_eq(text[0], SLICE("out_for_delivery")) && slice_eq(text[1], SLICE("out_for_delivery"));
	v->fault = text[2].n > 0 && !(text[2].n >= 7 && memcmp(text[2].p, "detail.", 7) == 0);
	v->attempt = n > 0;
	return 0;
}

static int
add_revenue(struct mart *m, uint64_t *c, int64_t cents)
{
	int64_t sum = (int64_t)c[m->off[D_revenue]] + cents;

	if (sum >= MONEY_MAX || sum <= -MONEY_MAX)
		return err_set(m->e, EX_DATAERR, "revenue: a sum of more than 12 digits before the point");
	c[m->off[D_revenue]] = (uint64_t)sum;
	return 0;
}

static int
add_delivered(struct mart *m, uint64_t *c, const struct delivery *v)
{
	c[m->off[D_delivered]]++;
	if (v->delivered != SLA_NONE && v->promised != SLA_NONE && utc_sec(v->delivered) > utc_sec(v->promised))
		c[m->off[D_delivered_late]]++;
	if (add_span(m, c, v->created, v->delivered, D_lead_sec_sum, D_lead_n, D_lead_hist) == -1 ||
	    add_span(m, c, v->accepted, v->delivered, D_transit_sec_sum, D_transit_n, D_transit_hist) == -1 ||
	    add_span(m, c, v->first_ofd, v->delivered, D_last_mile_sec_sum, D_last_mile_n, 0) == -1)
		return -1;
	return add_span(m, c, v->ready, v->delivered, D_pickup_wait_sec_sum, D_pickup_wait_n, 0);
}

static int
add_delivery(struct mart *m, struct fault *f)
{
	struct delivery v;
	struct steps steps, check;
	struct step s;
	struct slice text[2];
	uint64_t *c;
	int rc;

	if (begin_key(m, text, 2, f) == -1 || get_delivery(m, &v, f) == -1 || open_steps(m, &steps, f) == -1)
		return -1;
	if (v.day[MD_CREATED_DAY] == UNKNOWN_DAY)
		return v.created == SLA_NONE ? MART_ORPHAN : field_missing("created_day", f);
	for (check = steps; (rc = next_step(m, &check, f)) == 1;)	/* all is well before anything is counted */
		if (get_step(m, &check, &s, f) == -1)
			return -1;
	if (rc == -1)
		return -1;

#define ON(member, column) \
	if (v.day[MD_##member] != UNKNOWN_DAY && (c = cell(m, v.day[MD_##member])) != NULL) \
		c[m->off[D_##column]]++;
	MILESTONES(ON)
#undef ON
	if ((c = cell(m, v.day[MD_CREATED_DAY])) != NULL) {
		c[m->off[D_created]]++;
		if (add_revenue(m, c, v.cents) == -1)
			return -1;
	}
	if (v.day[MD_ACCEPTED_DAY] != UNKNOWN_DAY && (c = cell(m, v.day[MD_ACCEPTED_DAY])) != NULL) {
		c[m->off[D_accepted]]++;
		if (add_span(m, c, v.created, v.accepted, D_handover_sec_sum, D_handover_n, 0) == -1)
			return -1;
	}
	if (v.day[MD_FIRST_ATTEMPT_DAY] != UNKNOWN_DAY && (c = cell(m, v.day[MD_FIRST_ATTEMPT_DAY])) != NULL) {
		c[m->off[D_first_attempts]]++;
		c[m->off[D_first_attempt_ok]] += (uint64_t)v.first_attempt_ok;
	}
	if (v.day[MD_DELIVERED_DAY] != UNKNOWN_DAY && (c = cell(m, v.day[MD_DELIVERED_DAY])) != NULL &&
	    add_delivered(m, c, &v) == -1)
		return -1;
	while (next_step(m, &steps, f) == 1) {
		(void)get_step(m, &steps, &s, f);
		if (!(s.ofd || s.attempt || s.fault) || (c = cell(m, s.day)) == NULL)
			continue;
		c[m->off[D_out_for_delivery]] += (uint64_t)s.ofd;
		c[m->off[D_attempts]] += (uint64_t)s.attempt;
		c[m->off[D_exceptions]] += (uint64_t)s.fault;
	}
	return m->counted ? MART_COUNTED : MART_OUTSIDE;
}

static int
get_word(struct mart *m, size_t i, struct slice *s, struct fault *f)
{
	const struct json_member *v = m->slot[i];

	if (v == NULL || v->v.type == JSON_NULL)
		return field_missing(m->kind->member[i], f);
	if (v->v.type != JSON_STRING)
		return fault_set(f, "type", m->kind->member[i], "not a string");
	*s = (struct slice){ v->v.raw.p + 1, v->v.raw.n - 2 };
	return 0;
}

static int
get_state(struct mart *m, int *state, int *party, struct fault *f)
{
	struct slice s;

	if (get_word(m, MS_SLA_STATE, &s, f) == -1)
		return -1;
	for (*state = 0; *state < SLA_STATES && !slice_eq(s, slice_of(sla_state_name[*state])); ++*state)
		;
	if (*state == SLA_STATES)
		return fault_set(f, "enum", "sla_state", "unknown state");
	if (*state != SLA_MISSED)
		return 0;
	if (get_word(m, MS_SLA_PARTY, &s, f) == -1)
		return -1;
	*party = party_by_name(s);
	if (*party <= PARTY_NONE)
		return fault_set(f, "enum", "sla_party", "a miss that no party answers for");
	return 0;
}

static int
add_sla(struct mart *m, struct fault *f)
{
	struct slice text[4];
	int64_t late = 0, err = 0, paused, delivered, promised, promised_now;
	int state, party = PARTY_NONE, is_open, is_partial, has_late, has_err;
	int32_t day;
	uint64_t *c;

	if (get_state(m, &state, &party, f) == -1)
		return -1;
	if (state == SLA_NOT_APPLICABLE)
		return MART_NOT_DUE;
	if (begin_key(m, text, 4, f) == -1 || get_day(m, MS_DUE_DAY, &day, f) == -1 ||
	    (has_late = get_int(m, MS_SLA_LATE_SEC, INT32_MIN, INT32_MAX, &late, f)) == -1 ||
	    (has_err = get_int(m, MS_PROMISE_ERR_SEC, INT32_MIN, INT32_MAX, &err, f)) == -1 ||
	    get_int(m, MS_PAUSED_SEC, 0, UINT32_MAX, &paused, f) == -1 || get_flag(m, MS_IS_OPEN, &is_open, f) == -1 ||
	    get_flag(m, MS_IS_PARTIAL, &is_partial, f) == -1 || get_time(m, MS_S_DELIVERED_AT, &delivered, f) == -1 ||
	    get_time(m, MS_S_PROMISED_AT, &promised, f) == -1 || get_time(m, MS_PROMISED_NOW_AT, &promised_now, f) == -1)
		return -1;
	if (day == UNKNOWN_DAY)
		return field_missing("due_day", f);
	if (!has_late)
		return field_missing("sla_late_sec", f);
	if (state == SLA_MISSED && late < 0)
		return fault_set(f, "range", "sla_late_sec", "a miss that is not late");
	if ((c = cell(m, day)) == NULL)
		return MART_OUTSIDE;

#define ADD(column, yes) (c[m->off[S_##column]] += (uint64_t)((yes) != 0))
	ADD(due, 1);
	ADD(paused, paused > 0);
	ADD(abs_err_n, has_err);
	ADD(repromised, promised != SLA_NONE && promised_now != SLA_NONE && promised != promised_now);
	switch (state) {
	case SLA_PENDING:
		ADD(pending, 1);
		break;
	case SLA_AT_RISK:
		ADD(at_risk, 1);
		break;
	case SLA_MET:
		ADD(met, 1);
		ADD(met_in_full, delivered != SLA_NONE && !is_partial);
		ADD(early_1d, late < -86400);
		break;
	default:
		ADD(missed, 1);
		ADD(missed_open, is_open);
		ADD(late_1d, late <= 86400);
		ADD(late_2d, late > 86400 && late <= 172800);
		ADD(late_3d, late > 172800 && late <= 259200);
		ADD(late_more, late > 259200);
		c[m->off[S_miss_carrier] + (size_t)(party - PARTY_CARRIER)]++;	/* the columns have the parties' order */
		c[m->off[S_late_hist] + ladder_slot(&ladder_h31, late)]++;
		if (add_sum(m, c, S_late_sec_sum, (uint64_t)late) == -1)
			return -1;
		break;
	}
#undef ADD
	return add_sum(m, c, S_abs_err_sec_sum, (uint64_t)(err < 0 ? -err : err)) == -1 ? -1 : MART_COUNTED;
}

static const struct mart_kind kinds[] = {
	{ "mart_delivery_day", delivery_column, D_N, delivery_member, MD_N, add_delivery },
	{ "mart_sla_day", sla_column, S_N, sla_member, MS_N, add_sla },
};

size_t
mart_reads(const struct mart *m, const char *const **name)
{
	*name = m->kind->member;
	return m->kind->members;
}

struct mart *
mart_new(const char *name)
{
	struct mart *m;
	size_t i, k;

	for (k = 0; strcmp(kinds[k].name, name) != 0;)
		if (++k == sizeof kinds / sizeof *kinds)
			return NULL;
	m = mem_alloc(sizeof *m);
	m->kind = &kinds[k];
	mart_limit(m, UINT32_MAX, INT64_MAX);
	m->names = json_names_new(kinds[k].member, kinds[k].members);
	for (i = 0; i < kinds[k].columns; i++) {
		m->off[i] = m->width;
		if (kinds[k].column[i].type >= COUNT)
			m->width += kinds[k].column[i].type == HIST ? LADDER_H31 : 1;
	}
	return m;
}

void
mart_limit(struct mart *m, uint64_t counter, uint64_t sum)
{
	m->counter_max = counter;
	m->sum_max = sum;
}

void
mart_free(struct mart *m)
{
	if (m == NULL)
		return;
	json_names_free(m->names);
	map_fini(&m->keys);
	buf_fini(&m->key);
	free(m->cell);
	free(m->order);
	free(m->scratch);
	free(m);
}

int
mart_add(struct mart *m, const struct json *j, const struct days *days, struct fault *fault, struct err *e)
{
	*fault = (struct fault){ 0 };
	m->days = days;
	m->counted = m->outside = 0;
	m->e = e;
	(void)json_pick(m->names, j, m->slot, NULL, 0);
	return m->kind->add(m, fault);
}

static int
by_key(const void *a, const void *b, void *arg)
{
	const struct map *keys = arg;

	return slice_cmp(map_key(keys, *(const uint32_t *)a), map_key(keys, *(const uint32_t *)b));
}

size_t
mart_bytes(const struct mart *m)
{
	return map_bytes(&m->keys) + m->cap * sizeof *m->cell;
}

/* All counters of a row fit their columns. */
static int
fits(const struct mart *m, const uint64_t *c, struct err *e)
{
	const struct column *col = m->kind->column;
	size_t k, h;

	for (k = 0; k < m->kind->columns; k++)
		for (h = 0; h < (col[k].type == HIST ? LADDER_H31 : col[k].type == COUNT); h++)
			if (c[m->off[k] + h] > m->counter_max)
				return err_set(e, EX_DATAERR, "%s: a counter of more than 32 bits", col[k].name);
	return 0;
}

size_t
mart_rows(struct mart *m, struct err *e)
{
	size_t i;

	for (i = 0; i < m->keys.n; i++)
		if (fits(m, m->cell + i * m->width, e) == -1)
			return SIZE_MAX;

	m->order = mem_resize(m->order, (m->keys.n + 1) * sizeof *m->order);
	for (i = 0; i < m->keys.n; i++)
		m->order[i] = (uint32_t)i;
	if (m->keys.n > 0)
		qsort_r(m->order, m->keys.n, sizeof *m->order, by_key, &m->keys);
	return m->keys.n;
}

size_t
mart_row_max(const struct mart *m, size_t i, struct slice batch)
{
	size_t n = 128 + batch.n + 6 * map_key(&m->keys, m->order[i]).n, k;

	for (k = 0; k < m->kind->columns; k++)
		n += strlen(m->kind->column[k].name) + 8 + (NUM_MAX + 1) * (m->kind->column[k].type == HIST ? LADDER_H31 : 1);
	return n;
}

static uint32_t
key_int(const char **key)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 4; i++)
		v = v << 8 | (unsigned char)*(*key)++;
	return v;
}

/* Cents as a decimal with two digits. */
static char *
put_money(char *p, int64_t cents)
{
	uint64_t v = cents < 0 ? -(uint64_t)cents : (uint64_t)cents;

	if (cents < 0)
		*p++ = '-';
	p += num_put_u64(p, v / 100);
	*p++ = '.';
	*p++ = (char)('0' + v / 10 % 10);
	*p++ = (char)('0' + v % 10);
	return p;
}

char *
mart_put(const struct mart *m, size_t i, int64_t computed_at, struct slice batch, char *p)
{
	const char *key = map_key(&m->keys, m->order[i]).p;
	const uint64_t *c = m->cell + m->order[i] * m->width;
	size_t k, h, n;

	for (k = 0; k < m->kind->columns; k++) {
		const struct column *col = &m->kind->column[k];

		*p++ = k == 0 ? '{' : ',';
		*p++ = '"';
		n = strlen(col->name);
		memcpy(p, col->name, n);
		p += n;
		*p++ = '"';
		*p++ = ':';
		switch (col->type) {
		case KEY_DAY:
			*p++ = '"';
			p = utc_put_day(p, (int32_t)(key_int(&key) ^ UINT32_C(0x80000000)));
			*p++ = '"';
			break;
		case KEY_INT:
			p += num_put_u64(p, key_int(&key));
			break;
		case KEY_TEXT:
			n = strlen(key);
			p = json_quote(p, (struct slice){ key, n });
			key += n + 1;
			break;
		case COUNT:
		case HIST:
			n = col->type == HIST ? LADDER_H31 : 1;
			if (col->type == HIST)
				*p++ = '[';
			for (h = 0; h < n; h++) {
				if (h > 0)
					*p++ = ',';
				p += num_put_u64(p, c[m->off[k] + h]);
			}
			if (col->type == HIST)
				*p++ = ']';
			break;
		case SUM:
			p += num_put_u64(p, c[m->off[k]]);
			break;
		case MONEY:
			p = put_money(p, (int64_t)c[m->off[k]]);
			break;
		}
	}
	memcpy(p, ",\"computed_at\":\"", 16);
	p = utc_put(p + 16, utc_sec(computed_at) * 1000);
	memcpy(p, "\",\"batch_id\":", 13);
	p += 13;
	memcpy(p, batch.p, batch.n);
	p += batch.n;
	*p++ = '}';
	return p;
}
