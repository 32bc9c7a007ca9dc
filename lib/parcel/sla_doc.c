/* What the SLA engine reads of a document, and what it writes into it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "parcel/event.h"
#include "parcel/sla.h"
#include "rec/field.h"

#define VERSION_MAX INT64_C(4102444799999)	/* 2099-12-31T23:59:59.999Z */
#define DAY_FIRST (-719162)			/* 0001-01-01, and 9999-12-31: what can be written */
#define DAY_LAST 2932896

static int64_t
clamp(int64_t v, int64_t min, int64_t max)
{
	return v < min ? min : v > max ? max : v;
}

static int
get_moment(const struct json_member *m, const char *name, struct moment *v, struct fault *f)
{
	struct slice s;
	int64_t ms;

	*v = (struct moment){ 0 };
	if (m == NULL || m->v.type == JSON_NULL)
		return 0;
	if (m->v.type != JSON_STRING)
		return fault_set(f, "type", name, "not a string");
	s = (struct slice){ m->v.raw.p + 1, m->v.raw.n - 2 };
	if (s.n == 0)
		return 0;
	if (utc_get_day(s, &v->day) == 0)
		v->kind = MOMENT_DATE;
	else if (utc_get(s, &ms) == 0) {
		v->kind = MOMENT_TIME;
		v->at = utc_sec(ms);
	} else
		return fault_set(f, "time", name, "neither a date nor a time of the form 2024-06-03T07:00:00.000Z");
	return 0;
}

static int
get_time(const struct doc *d, enum doc_member i, int64_t *sec, struct fault *f)
{
	int64_t ms;
	int rc = field_time(d->slot[i], doc_name[i], &ms, f);

	*sec = rc == 1 ? utc_sec(ms) : SLA_NONE;
	return rc == -1 ? -1 : 0;
}

static int
get_int(const struct doc *d, enum doc_member i, int64_t max, int64_t *v, struct fault *f)
{
	*v = 0;
	return field_int(d->slot[i], doc_name[i], 0, max, v, f) == -1 ? -1 : 0;
}

static int
get_zone(const struct doc *d, enum doc_member i, const struct zone **z, struct fault *f)
{
	char name[64];
	struct slice s;
	struct err e = ERR_NONE;

	*z = NULL;
	if (d->slot[i] != NULL && d->slot[i]->v.raw.n > sizeof name)
		return fault_set(f, "length", doc_name[i], "not the name of a time zone");
	switch (field_text(d->slot[i], doc_name[i], sizeof name, name, &s, f)) {
	case 0:
		return 0;
	case 1:
		*z = zone_get(s, &e);
		return *z != NULL ? 0 : fault_set(f, "enum", doc_name[i], "%s", e.msg);
	default:
		return -1;
	}
}

/* Members of an event that the judge looks at. */
enum { E_ID, E_TIME, E_RECEIVED, E_STATUS, E_REASON, E_EDD, E_MARK, E_ATTEMPT, E_N };

static const char *const event_field[E_N] = {
	"event_id", "event_time", "received_at", "status", "reason", "edd", "mark", "attempt",
};

static int
event_slot(struct slice name)
{
	/* lengths that the compiler knows */
#define IS(s, i) (memcmp(name.p, s, sizeof s - 1) == 0 ? i : -1)
	switch (name.n) {
	case 3:
		return IS("edd", E_EDD);
	case 4:
		return IS("mark", E_MARK);
	case 6:
		return name.p[0] == 's' ? IS("status", E_STATUS) : IS("reason", E_REASON);
	case 7:
		return IS("attempt", E_ATTEMPT);
	case 8:
		return IS("event_id", E_ID);
	case 10:
		return IS("event_time", E_TIME);
	case 11:
		return IS("received_at", E_RECEIVED);
	default:
		return -1;
	}
#undef IS
}

/* Name of an event's field for a reject. */
static int
event_fault(struct fault *f, size_t n)
{
	char field[sizeof f->field];

	(void)snprintf(field, sizeof field, "events/%zu/%.32s", n, f->field);
	memcpy(f->field, field, sizeof field);
	return -1;
}

/* One event, its walk read to the end: 1, 0 when it is void or absorbed, -1 with the fault. */
static int
get_event(struct sla_event *e, struct json_walk *w, const struct taxonomy *t, char **scratch, struct fault *f)
{
	struct json_member m, slot[E_N];
	const struct json_member *at[E_N] = { NULL };
	struct slice s;
	char name[64], word[64];
	int64_t ms, n = 0;
	int i;

	while (json_next(w, &m)) {
		if (m.name_escaped && m.name.n <= sizeof name)
			m.name = json_name(&m, name);
		i = event_slot(m.name);
		if (i >= 0) {
			slot[i] = m;
			at[i] = &slot[i];
		}
	}
#define WORD(i, s) (at[i] != NULL && at[i]->v.raw.n > sizeof word ? \
	fault_set(f, "length", event_field[i], "too long") : field_text(at[i], event_field[i], sizeof word, word, s, f))
	if (WORD(E_MARK, &s) == -1)
		return -1;
	if (slice_eq(s, SLICE("void")) || slice_eq(s, SLICE("absorbed")))
		return 0;
	*e = (struct sla_event){ .ignored = slice_eq(s, SLICE("ignored")) };
	switch (field_time(at[E_TIME], event_field[E_TIME], &ms, f)) {
	case 1:
		e->at = utc_sec(ms);
		break;
	case 0:
		return field_missing(event_field[E_TIME], f);
	default:
		return -1;
	}
	switch (field_time(at[E_RECEIVED], event_field[E_RECEIVED], &ms, f)) {
	case 1:
		e->received = utc_sec(ms);
		break;
	case 0:
		return field_missing(event_field[E_RECEIVED], f);
	default:
		return -1;
	}
	if ((i = WORD(E_STATUS, &s)) != 1)
		return i == 0 ? field_missing(event_field[E_STATUS], f) : -1;
	if ((i = status_by_name(s)) == -1)
		return fault_set(f, "enum", event_field[E_STATUS], "unknown status");
	e->status = (uint8_t)i;
	if (WORD(E_REASON, &s) == -1)
		return -1;
	if (s.n > 0) {
		if ((i = taxonomy_reason(t, s)) == -1)
			return fault_set(f, "enum", event_field[E_REASON], "unknown reason");
		e->reason = (uint16_t)i;
	}
	if (field_int(at[E_ATTEMPT], event_field[E_ATTEMPT], 0, 255, &n, f) == -1)
		return -1;
	e->attempt = (uint8_t)n;
	if (get_moment(at[E_EDD], event_field[E_EDD], &e->edd, f) == -1)
		return -1;
	if (e->edd.kind != MOMENT_NONE) {
		if ((i = field_text(at[E_ID], event_field[E_ID], 256, *scratch, &e->id, f)) != 1)
			return i == 0 ? field_missing(event_field[E_ID], f) : -1;
		if (e->id.p == *scratch)
			*scratch += e->id.n;
	}
#undef WORD
	return 1;
}

static int
get_events(struct sla_facts *f, const struct doc *d, const struct taxonomy *t, char *scratch, struct fault *fault)
{
	const struct json_member *m = d->slot[DOC_EVENTS_];
	struct json_walk w, inner;
	int64_t events_n = 0;
	size_t n = 0;
	int rc;

	f->events = 0;
	if (m == NULL || m->v.type == JSON_NULL) {
		if (get_int(d, DOC_EVENTS_N_, INT64_MAX, &events_n, fault) == -1)
			return -1;
		if (events_n > 0)
			return fault_set(fault, "missing", "events", "a document without its events cannot be judged");
		return 0;
	}
	if (m->v.type != JSON_ARRAY)
		return fault_set(fault, "type", "events", "not an array");
	json_enter(&w, &m->v);
	for (; (rc = json_step_in(&w, &inner)) != 0; json_step_out(&w, &inner), n++) {
		if (n == EVENTS_MAX)
			return fault_set(fault, "events", "events", "more than %d events", EVENTS_MAX);
		f->event = mem_grow(f->event, &f->cap, f->events + 1, sizeof *f->event);
		if (rc == -1 || !inner.object)
			rc = fault_set(fault, "type", "", "not an object");
		else
			rc = get_event(&f->event[f->events], &inner, t, &scratch, fault);
		if (rc == -1)
			return event_fault(fault, n);
		f->events += (size_t)rc;
	}
	return 0;
}

int
sla_facts_get(struct sla_facts *f, const struct doc *d, const struct taxonomy *t, struct fault *fault)
{
	static const enum doc_member text[MATCH_TEXTS + 1] = {
		DOC_CLIENT_TIER_, DOC_CLIENT_SEGMENT_, DOC_CARRIER_, DOC_SERVICE_CODE_, DOC_ORIGIN_REGION_,
		DOC_DEST_REGION_, DOC_DELIVERY_MODE_, DOC_SHIPMENT_ID_,
	};
	struct slice *to;
	size_t need = 0, i;
	char *p;

	for (i = 0; i <= MATCH_TEXTS; i++)
		need += d->slot[text[i]] != NULL ? d->slot[text[i]]->v.raw.n : 0;
	need += d->slot[DOC_EVENTS_] != NULL ? d->slot[DOC_EVENTS_]->v.raw.n : 0;
	f->scratch = p = mem_grow(f->scratch, &f->scratch_cap, need, 1);
	for (i = 0; i <= MATCH_TEXTS; i++) {
		to = i < MATCH_TEXTS ? &f->text[i] : &f->shipment;
		if (field_text(d->slot[text[i]], doc_name[text[i]], 1024, p, to, fault) == -1)
			return -1;
		if (to->p == p)
			p += to->n;
	}
	f->remote = 0;
	if (field_bool(d->slot[DOC_DEST_REMOTE_], "dest_remote", &f->remote, fault) == -1)
		return -1;
	if (get_int(d, DOC_CLIENT_ID_, UINT32_MAX, &f->client, fault) == -1 ||
	    get_int(d, DOC_CARRIER_ID_, UINT32_MAX, &f->carrier, fault) == -1 ||
	    get_int(d, DOC_VERSION_, VERSION_MAX, &f->version, fault) == -1 ||
	    get_zone(d, DOC_ORIGIN_TZ_, &f->origin, fault) == -1 || get_zone(d, DOC_DEST_TZ_, &f->dest, fault) == -1 ||
	    get_moment(d->slot[DOC_PROMISE_FIRST_], "promise_first", &f->first, fault) == -1 ||
	    get_moment(d->slot[DOC_PROMISE_NOW_], "promise_now", &f->now, fault) == -1 ||
	    get_time(d, DOC_CREATED_AT_, &f->created, fault) == -1 || get_time(d, DOC_LABEL_AT_, &f->label, fault) == -1 ||
	    get_time(d, DOC_ACCEPTED_AT_, &f->accepted, fault) == -1 || get_time(d, DOC_READY_AT_, &f->ready, fault) == -1 ||
	    get_time(d, DOC_DELIVERED_AT_, &f->delivered, fault) == -1 ||
	    get_time(d, DOC_RETURN_STARTED_AT_, &f->return_started, fault) == -1 ||
	    get_time(d, DOC_CLOSED_AT_, &f->closed, fault) == -1 ||
	    get_time(d, DOC_LAST_EVENT_AT_, &f->last_event, fault) == -1)
		return -1;
	f->status = STATUS_UNKNOWN;
	if (d->slot[DOC_STATUS_] != NULL) {
		struct slice s;

		if (field_text(d->slot[DOC_STATUS_], "status", 32, p, &s, fault) == -1)
			return -1;
		if (s.n > 0 && (f->status = status_by_name(s)) == -1)
			return fault_set(fault, "enum", "status", "unknown status");
	}
	return get_events(f, d, t, p, fault);
}

void
sla_facts_fini(struct sla_facts *f)
{
	free(f->event);
	free(f->scratch);
	*f = (struct sla_facts){ 0 };
}

/* Writer of the members' texts. */
static void
own(struct doc *d, enum doc_member i, const char *from, char *end, char **p)
{
	d->own[i] = (struct slice){ from, (size_t)(end - from) };
	*p = end;
}

static void
put_time(struct doc *d, enum doc_member i, int64_t sec, char **p)
{
	char *q = *p;

	if (sec == SLA_NONE) {
		d->own[i] = SLICE("null");
		return;
	}
	q = utc_quote(q, clamp(sec, -INT64_C(62135596800), INT64_C(253402300799)) * 1000);
	own(d, i, *p, q, p);
}

static void
put_int(struct doc *d, enum doc_member i, int64_t v, char **p)
{
	own(d, i, *p, *p + num_put_i64(*p, v), p);
}

static void
put_word(struct doc *d, enum doc_member i, const char *word, char **p)
{
	char *q = *p;
	size_t n = strlen(word);

	*q++ = '"';
	memcpy(q, word, n);
	q += n;
	*q++ = '"';
	own(d, i, *p, q, p);
}

static int
add_day(struct sla_text *w, size_t *n, const struct json_value *v, const char *name, struct fault *f)
{
	struct slice s = { v->raw.p + 1, v->raw.n - 2 };
	int32_t day;

	if (v->type != JSON_STRING || utc_get_day(s, &day) == -1)
		return fault_set(f, "time", name, "not a date of the form 2024-06-03");
	if (*n > 0 && w->day[*n - 1] == day)
		return 0;
	w->day = mem_grow(w->day, &w->cap, *n + 2, sizeof *w->day);
	w->day[(*n)++] = day;
	return 0;
}

static int
by_day(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* All local days that the document stands on: its members *_day, step_day, and the days it had. */
static int
put_days(const struct verdict *v, struct doc *d, struct sla_text *w, struct fault *f)
{
	static const enum doc_member one[] = {
		DOC_CREATED_DAY_, DOC_ACCEPTED_DAY_, DOC_FIRST_ATTEMPT_DAY_, DOC_READY_DAY_, DOC_DELIVERED_DAY_,
		DOC_RETURN_STARTED_DAY_, DOC_RETURNED_DAY_, DOC_LOST_DAY_, DOC_CANCELLED_DAY_, DOC_FIRST_EXCEPTION_DAY_,
		DOC_DAMAGED_DAY_,
	};
	static const enum doc_member many[] = { DOC_STEP_DAY_, DOC_DAYS_ };
	const struct json_member *m;
	struct json_member e;
	struct json_walk walk;
	size_t n = 0, i, k;
	char *p;

	for (i = 0; i < sizeof one / sizeof *one; i++) {
		m = d->slot[one[i]];
		if (m == NULL || m->v.type == JSON_NULL || m->v.raw.n == 2)
			continue;
		if (add_day(w, &n, &m->v, doc_name[one[i]], f) == -1)
			return -1;
	}
	for (i = 0; i < sizeof many / sizeof *many; i++) {
		m = d->slot[many[i]];
		if (m == NULL || m->v.type == JSON_NULL)
			continue;
		if (m->v.type != JSON_ARRAY)
			return fault_set(f, "type", doc_name[many[i]], "not an array");
		json_enter(&walk, &m->v);
		while (json_next(&walk, &e))
			if (add_day(w, &n, &e.v, doc_name[many[i]], f) == -1)
				return -1;
	}
	w->day = mem_grow(w->day, &w->cap, n + 1, sizeof *w->day);
	if (v->due != SLA_NONE)
		w->day[n++] = (int32_t)clamp(v->due_day, DAY_FIRST, DAY_LAST);
	if (n > 0)
		qsort(w->day, n, sizeof *w->day, by_day);
	w->days = p = mem_grow(w->days, &w->days_cap, n * (UTC_DAY_LEN + 3) + 2, 1);
	*p++ = '[';
	for (i = k = 0; i < n; i++) {
		if (i > 0 && w->day[i] == w->day[i - 1])
			continue;
		if (k++ > 0)
			*p++ = ',';
		p = utc_quote_day(p, w->day[i]);
	}
	*p++ = ']';
	own(d, DOC_DAYS_, w->days, p, &p);
	return 0;
}

int
sla_put(const struct verdict *v, int64_t now_ms, struct doc *d, struct sla_text *w, struct fault *fault)
{
	static const char *const precision[] = { "none", "date", "time" };
	char *p = w->member;

	put_int(d, DOC_VERSION_, now_ms, &p);
	put_word(d, DOC_PROMISE_SOURCE_, promise_name[v->source], &p);
	put_word(d, DOC_PROMISED_PRECISION_, precision[v->precision], &p);
	put_time(d, DOC_PROMISED_AT_, v->promised, &p);
	put_time(d, DOC_PROMISED_NOW_AT_, v->promised_now, &p);
	put_time(d, DOC_DUE_AT_, v->due, &p);
	if (v->due == SLA_NONE)
		d->own[DOC_DUE_DAY_] = SLICE("null");
	else {
		char *q = p;

		q = utc_quote_day(q, (int32_t)clamp(v->due_day, DAY_FIRST, DAY_LAST));
		own(d, DOC_DUE_DAY_, p, q, &p);
	}
	d->own[DOC_SLA_RULE_ID_] = v->rule->quoted;
	put_word(d, DOC_SLA_STOP_, stop_name[v->stop], &p);
	put_time(d, DOC_SLA_STOP_AT_, v->stop_at, &p);
	put_word(d, DOC_SLA_STATE_, sla_state_name[v->state], &p);
	put_word(d, DOC_SLA_PARTY_, party_name[v->party], &p);
	put_int(d, DOC_SLA_LATE_SEC_, clamp(v->late, INT32_MIN, INT32_MAX), &p);
	if (v->promise_err == SLA_NONE)
		d->own[DOC_PROMISE_ERR_SEC_] = SLICE("null");
	else
		put_int(d, DOC_PROMISE_ERR_SEC_, clamp(v->promise_err, INT32_MIN, INT32_MAX), &p);
	put_int(d, DOC_PAUSED_SEC_, clamp(v->paused, 0, UINT32_MAX), &p);
	d->own[DOC_IS_PAUSED_] = v->is_paused ? SLICE("true") : SLICE("false");
	put_time(d, DOC_JUDGE_AT_, v->judge_at, &p);
	return put_days(v, d, w, fault);
}

void
sla_text_fini(struct sla_text *w)
{
	free(w->days);
	free(w->day);
	*w = (struct sla_text){ 0 };
}
