/*
 * The SLA engine: which promise a shipment was given, when it was due, whether that
 * was kept, and who answers for it when not.
 *
 * Order of work: rule, start and clock zone, promise, stop, pauses and due,
 * exclusion and state, party, and when to judge again.
 */
#include "parcel/sla.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utc.h"

#define DAY INT64_C(86400)

int
window_match(const struct window *w, const struct sla_facts *f)
{
	return pattern_match(&w->region, f->text[MATCH_DEST]) && int_match(&w->carrier, f->carrier);
}

/* The term of a promise: from where it is counted, and how pauses move it. */
struct term {
	enum { TERM_BDAY, TERM_DAY, TERM_HOUR, TERM_BHOUR, TERM_DATE, TERM_TIME } kind;
	const struct calendar *calendar;
	const struct zone *zone;	/* on whose clock days and hours are read */
	int32_t day;			/* BDAY, DAY, DATE: the day that it is due */
	int32_t deadline;		/* of that day, second of the day */
	int roll;			/* DAY: on to a business day */
	int64_t at;			/* HOUR, TIME: due; BHOUR: start */
	int64_t open_sec;		/* BHOUR: open seconds behind the start */
};

static int64_t
term_due(const struct term *t)
{
	switch (t->kind) {
	case TERM_DAY:
		if (t->roll)
			return calendar_instant(t->zone, calendar_next(t->calendar, t->day), t->deadline);
		/* FALLTHROUGH */
	case TERM_BDAY:
	case TERM_DATE:
		return calendar_instant(t->zone, t->day, t->deadline);
	case TERM_BHOUR:
		return calendar_add_open(t->calendar, t->zone, t->at, t->open_sec);
	case TERM_HOUR:
	case TERM_TIME:
		break;
	}
	return t->at;
}

/* A pause that counts moves the term. */
static void
term_pause(struct term *t, int64_t open, int64_t close)
{
	int32_t from, to;

	switch (t->kind) {
	case TERM_HOUR:
	case TERM_TIME:
		t->at += close - open;
		return;
	case TERM_BHOUR:
		t->open_sec += calendar_count_open(t->calendar, t->zone, open, close);
		return;
	case TERM_BDAY:
	case TERM_DAY:
	case TERM_DATE:
		break;
	}
	from = calendar_day(t->zone, open);
	to = calendar_day(t->zone, close);
	if (t->kind == TERM_BDAY)
		t->day = calendar_add(t->calendar, t->day, calendar_count(t->calendar, from, to));
	else
		t->day += to - from;
}

/* The next second at which an open pause moves the term again, when it lies behind it. */
static int64_t
term_next_move(const struct term *t, int64_t now)
{
	int64_t day = calendar_instant(t->zone, calendar_day(t->zone, now) + 1, 0), open;

	if (t->kind == TERM_BHOUR && (open = calendar_add_open(t->calendar, t->zone, now + 1, 0)) < day)
		return open;
	return day > now ? day : now + 1;
}

static int
season_has(const struct season *s, int day_of_year)
{
	if (s->from <= s->to)
		return s->from <= day_of_year && day_of_year <= s->to;
	return s->from <= day_of_year || day_of_year <= s->to;
}

static struct term
rule_term(const struct rule *u, int64_t start, struct verdict *v)
{
	const struct zone *clock = v->clock;
	struct term t = { .calendar = u->calendar, .zone = clock, .deadline = u->deadline, .roll = u->roll, .at = start };
	int year, month, mday;
	int32_t n;
	size_t i;

	if (u->unit == UNIT_HOUR) {
		t.kind = TERM_HOUR;
		t.at += (int64_t)u->n * 3600;
		return t;
	}
	if (u->unit == UNIT_BHOUR) {
		t.kind = TERM_BHOUR;
		t.open_sec = (int64_t)u->n * 3600;
		return t;
	}
	t.day = calendar_day(clock, start);
	utc_date(t.day, &year, &month, &mday);
	for (i = 0; i < u->seasons; i++)
		if (season_has(&u->season[i], month * 100 + mday))
			v->season_n += u->season[i].add;
	n = u->n + v->season_n;
	/* the time of day on the wall, which is not the time passed since midnight when the clocks changed */
	if (u->cutoff >= 0 && start + zone_offset(clock, start * 1000) - t.day * DAY > u->cutoff) {
		v->after_cutoff = 1;
		t.day++;
	}
	if (u->unit == UNIT_BDAY) {
		t.kind = TERM_BDAY;
		t.day = calendar_add(u->calendar, calendar_next(u->calendar, t.day), n);
	} else {
		t.kind = TERM_DAY;
		t.day += n;
	}
	return t;
}

static struct term
moment_term(const struct moment *m, const struct zone *dest)
{
	if (m->kind == MOMENT_DATE)
		return (struct term){ .kind = TERM_DATE, .zone = dest, .day = m->day, .deadline = 86399 };
	return (struct term){ .kind = TERM_TIME, .zone = dest, .at = m->at };
}

static const struct zone *
rule_clock(const struct rule *u, const struct sla_facts *f)
{
	const struct zone *z = u->clock_tz == CLOCK_TZ_DEST ? f->dest : u->clock_tz == CLOCK_TZ_ORIGIN ? f->origin :
	    u->clock_tz == CLOCK_TZ_ZONE ? u->zone : NULL;

	return z != NULL ? z : u->calendar->zone;
}

static int64_t
rule_start(const struct rule *u, const struct sla_facts *f)
{
	return u->start == START_ACCEPTED ? f->accepted : u->start == START_LABEL ? f->label : f->created;
}

static int
rule_matches(const struct rule *u, const struct sla_facts *f)
{
	const struct match *m = &u->match;
	int64_t start;
	int32_t day;
	int i;

	if (m->remote != -1 && m->remote != f->remote)
		return 0;
	if (!int_match(&m->client, f->client) || !int_match(&m->carrier, f->carrier))
		return 0;
	for (i = 0; i < MATCH_TEXTS; i++)
		if (!pattern_match(&m->text[i], f->text[i]))
			return 0;
	if (u->valid_from == INT32_MIN && u->valid_to == INT32_MAX)
		return 1;
	start = rule_start(u, f);
	day = calendar_day(rule_clock(u, f), start != SLA_NONE ? start : f->created);
	return u->valid_from <= day && day < u->valid_to;
}

/* The first rule of a chain that matches, when it comes before best. */
static size_t
first_of(const struct rules *r, uint32_t at, const struct sla_facts *f, size_t best)
{
	const struct rule_link *l = NULL;

	for (; at != 0; at = l->next) {
		l = &r->index.link[at - 1];
		if (l->rule >= best)
			break;
		if (rule_matches(&r->rule[l->rule], f))
			return l->rule;
	}
	return best;
}

/* The first rule of the file that matches. */
static const struct rule *
choose(const struct rules *r, const struct sla_facts *f)
{
	size_t best = r->rules_n;
	unsigned i;

	if (r->rules_n == 0)
		return &r->implicit;
	best = first_of(r, rule_index_int(&r->index, RULE_CLIENT, f->client), f, best);
	best = first_of(r, rule_index_int(&r->index, RULE_CARRIER, f->carrier), f, best);
	for (i = 0; i < MATCH_TEXTS; i++)
		best = first_of(r, rule_index_text(&r->index, RULE_TEXT + i, f->text[i]), f, best);
	best = first_of(r, r->index.any, f, best);
	return best < r->rules_n ? &r->rule[best] : &r->implicit;
}

/* The event with an expected delivery that was received first, or last. */
static const struct sla_event *
edd_event(const struct sla_facts *f, int last)
{
	const struct sla_event *best = NULL;
	size_t i;

	for (i = 0; i < f->events; i++) {
		const struct sla_event *e = &f->event[i];
		int c;

		if (e->edd.kind == MOMENT_NONE)
			continue;
		if (best == NULL) {
			best = e;
			continue;
		}
		c = e->received != best->received ? (e->received > best->received) - (e->received < best->received)
		    : slice_cmp(e->id, best->id);
		if (last ? c > 0 : c < 0)
			best = e;
	}
	return best;
}

/* Sets source, precision, promised, promised_now, begin, and the term.  0 when there is no promise. */
static int
promise(const struct sla_facts *f, struct verdict *v, struct term *term)
{
	const struct rule *u = v->rule;
	const struct sla_event *e;
	struct moment now;
	int64_t start;
	size_t i;

	for (i = 0; i < PROMISE_N && u->promise[i] != PROMISE_NONE; i++) {
		switch (u->promise[i]) {
		case PROMISE_EXPLICIT:
			if (f->first.kind == MOMENT_NONE)
				continue;
			*term = moment_term(&f->first, v->dest);
			v->precision = (uint8_t)f->first.kind;
			now = f->now.kind != MOMENT_NONE ? f->now : f->first;
			v->begin = f->created;
			break;
		case PROMISE_CARRIER_EDD:
			if ((e = edd_event(f, 0)) == NULL)
				continue;
			*term = moment_term(&e->edd, v->dest);
			v->precision = (uint8_t)e->edd.kind;
			now = edd_event(f, 1)->edd;
			v->begin = f->created;
			break;
		default:
			start = rule_start(u, f);
			if (u->unit == UNIT_NONE || start == SLA_NONE)
				continue;
			*term = rule_term(u, start, v);
			v->precision = MOMENT_TIME;
			now = (struct moment){ 0 };
			v->begin = start;
			break;
		}
		v->source = u->promise[i];
		v->promised = term_due(term);
		v->promised_now = v->promised;
		if (now.kind != MOMENT_NONE) {
			struct term t = moment_term(&now, v->dest);

			v->promised_now = term_due(&t);
		}
		return 1;
	}
	return 0;
}

static void
stop(const struct sla_facts *f, const struct taxonomy *t, struct verdict *v)
{
	int64_t attempt = SLA_NONE;
	size_t i;

	if (f->delivered != SLA_NONE) {
		v->stop = STOP_DELIVERED;
		v->stop_at = f->delivered;
	}
	if (v->rule->stops >> STOP_FIRST_ATTEMPT & 1) {
		/* an attempt that failed by the carrier is none */
		for (i = 0; i < f->events && attempt == SLA_NONE; i++) {
			const struct sla_event *e = &f->event[i];
			const struct reason *why = &t->reason[e->reason];

			if (e->attempt > 0 &&
			    !(e->status == STATUS_ATTEMPT_FAILED && why->fault && why->clock == CLOCK_CARRIER))
				attempt = e->at;
		}
		if (attempt != SLA_NONE && (v->stop == STOP_NONE || attempt < v->stop_at)) {
			v->stop = STOP_FIRST_ATTEMPT;
			v->stop_at = attempt;
		}
	}
	if (v->rule->stops >> STOP_READY & 1 && f->ready != SLA_NONE &&
	    (v->stop == STOP_NONE || f->ready < v->stop_at)) {
		v->stop = STOP_READY;
		v->stop_at = f->ready;
	}
}

/* Due moved by the pauses that count; the clock ends at end. */
static void
pause(const struct sla_facts *f, const struct rules *r, const struct taxonomy *t, int64_t end, int ended,
    struct term *term, struct verdict *v)
{
	struct pause_list *l = &v->pauses;
	size_t i;

	v->unpaired = pause_find(&v->found, f, r, v->rule, t, v->dest);
	pause_measure(&v->found, v->begin, end, v->now, ended, l);
	v->due = v->promised;
	for (i = 0; i < l->n && l->p[i].open <= v->due; i++) {
		term_pause(term, l->p[i].open, l->p[i].close);
		l->p[i].due = v->due = term_due(term);
		v->paused += l->p[i].close - l->p[i].open;
	}
	v->counted = i;
	v->is_paused = i > 0 && l->p[i - 1].open_now;
}

static int
excluded(const struct sla_facts *f, int64_t end, struct verdict *v)
{
	const struct rule *u = v->rule;
	int64_t until = v->due < end ? v->due : end;
	int closed = f->closed != SLA_NONE && f->closed <= v->due;
	size_t i;

	if (u->exclude_cancelled && f->status == STATUS_CANCELLED && closed)
		v->why = WHY_CANCELLED;
	else if (u->exclude_lost && f->status == STATUS_LOST && closed)
		v->why = WHY_LOST;
	else if (u->exclude_returning && f->return_started != SLA_NONE && f->return_started <= v->due)
		v->why = WHY_RETURNING;
	else {
		for (i = 0; u->excludes && i < f->events; i++)
			if (f->event[i].at <= until && u->exclude_reason[f->event[i].reason]) {
				v->why = WHY_REASON;
				v->event = &f->event[i];
				return 1;
			}
		return 0;
	}
	return 1;
}

static void
state(const struct sla_facts *f, struct verdict *v)
{
	const struct sla_event *e;
	const int64_t now = v->now, due = v->due;

	v->late = now - due;
	if (v->stop != STOP_NONE) {
		v->late = v->stop_at - due;
		v->state = v->late <= 0 ? SLA_MET : SLA_MISSED;
		v->why = v->late <= 0 ? WHY_IN_TIME : WHY_LATE;
		return;
	}
	if (f->closed != SLA_NONE) {
		v->late = f->closed - due > 1 ? f->closed - due : 1;
		v->state = SLA_MISSED;
		v->why = WHY_CLOSED;
		return;
	}
	v->state = SLA_PENDING;
	if (v->is_paused) {
		v->why = WHY_PAUSED;
		return;
	}
	if (now > due) {
		v->state = SLA_MISSED;
		v->why = WHY_OVERDUE;
		return;
	}
	v->state = SLA_AT_RISK;
	if (now >= due - v->rule->at_risk) {
		v->why = WHY_NEAR;
		return;
	}
	e = edd_event(f, 1);
	if (e != NULL && (e->edd.kind == MOMENT_DATE ? e->edd.day > v->due_day : e->edd.at > due)) {
		v->why = WHY_EDD;
		return;
	}
	if (v->rule->stale_after >= 0 && f->last_event != SLA_NONE && now - f->last_event > v->rule->stale_after) {
		v->why = WHY_STALE;
		return;
	}
	v->state = SLA_PENDING;
	v->why = WHY_ON_WAY;
}

/* The first window of a party that matches and overlaps [from, to]. */
static const struct window *
overlap(const struct rules *r, const struct sla_facts *f, unsigned party, int64_t from, int64_t to)
{
	size_t i;

	for (i = 0; i < r->windows && r->window[i].from <= to; i++)
		if (r->window[i].party == party && r->window[i].to > from && window_match(&r->window[i], f))
			return &r->window[i];
	return NULL;
}

static int
in_pause(const struct verdict *v, int64_t at)
{
	size_t i;

	for (i = 0; i < v->counted; i++)
		if (v->pauses.p[i].open <= at && at < v->pauses.p[i].close)
			return 1;
	return 0;
}

static void
party(const struct sla_facts *f, const struct rules *r, const struct taxonomy *t, int64_t end, struct verdict *v)
{
	const struct rule *u = v->rule;
	int64_t until = v->due < end ? v->due : end;
	size_t i;

	v->blame = BLAME_FORCE;
	v->party = PARTY_FORCE;
	if (!(u->pauses >> PAUSE_FORCE & 1) && (v->window = overlap(r, f, PARTY_FORCE, v->begin, v->due)) != NULL)
		return;
	v->blame = BLAME_PLATFORM;
	v->party = PARTY_PLATFORM;
	if ((v->window = overlap(r, f, PARTY_PLATFORM, f->created, v->due)) != NULL)
		return;
	v->blame = BLAME_HANDOVER;
	v->party = PARTY_SHIPPER;
	if (u->handover_by >= 0 && (f->accepted == SLA_NONE || f->accepted > f->created + u->handover_by))
		return;
	v->blame = BLAME_REASON;
	for (i = f->events; i-- > 0;) {
		const struct sla_event *e = &f->event[i];
		const struct reason *why = &t->reason[e->reason];

		if (why->party != PARTY_NONE && why->clock != CLOCK_REVIEW && v->begin <= e->at && e->at <= until &&
		    !in_pause(v, e->at)) {
			v->party = why->party;
			v->blamed = e;
			return;
		}
	}
	v->blame = BLAME_CARRIER;
	v->party = PARTY_CARRIER;
	if (f->accepted != SLA_NONE && f->accepted <= v->due)
		return;
	v->blame = BLAME_UNKNOWN;
	v->party = PARTY_UNKNOWN;
}

/* at, when it lies ahead and comes sooner. */
static void
sooner(struct verdict *v, int64_t at)
{
	if (at > v->now && (v->judge_at == SLA_NONE || at < v->judge_at))
		v->judge_at = at;
}

/*
 * When the verdict can change next though nothing happens.  Only an open shipment
 * with a due that is not abandoned can: its clock has no end but now.
 */
static void
judge_at(const struct sla_facts *f, const struct term *term, struct verdict *v)
{
	const struct rule *u = v->rule;
	int64_t last = f->last_event != SLA_NONE ? f->last_event : f->created;
	size_t i;

	if (v->stop != STOP_NONE || f->closed != SLA_NONE || v->now - last >= SLA_ABANDONED)
		return;
	if (v->state == SLA_MISSED) {
		v->judge_at = (utc_day_of(v->now * 1000) + 1) * DAY;
		return;
	}
	/* what lies ahead of now, be it the begin, is seen when its time has come */
	sooner(v, v->begin);
	for (i = 0; i < v->found.n; i++) {
		sooner(v, v->found.p[i].open);
		if (v->found.p[i].close != PAUSE_OPEN)
			sooner(v, v->found.p[i].close);
	}
	if (u->excludes)
		for (i = 0; i < f->events; i++)
			sooner(v, f->event[i].at);
	if (v->is_paused && v->due < v->now)
		sooner(v, term_next_move(term, v->now));
	/* due, moving on, may overtake a return that lies ahead */
	if (v->is_paused && u->exclude_returning && f->return_started != SLA_NONE && f->return_started > v->now)
		sooner(v, v->now + 1);
	if (v->state == SLA_NOT_APPLICABLE)
		return;
	sooner(v, v->due + 1);
	sooner(v, v->due - u->at_risk);
	if (f->last_event != SLA_NONE)
		sooner(v, f->last_event + (u->stale_after >= 0 ? u->stale_after : SLA_STALE) + 1);
}

static void
reset(struct verdict *v, const struct rules *r, int64_t now)
{
	struct pause_list pauses = v->pauses, found = v->found;

	pauses.n = found.n = 0;
	*v = (struct verdict){
		.rule = &r->implicit, .clock = zone_utc(), .dest = zone_utc(), .begin = SLA_NONE, .now = now,
		.promised = SLA_NONE, .promised_now = SLA_NONE, .due = SLA_NONE, .stop_at = SLA_NONE,
		.promise_err = SLA_NONE, .judge_at = SLA_NONE, .pauses = pauses, .found = found,
	};
}

void
sla_judge(const struct sla_facts *f, const struct rules *r, const struct taxonomy *t, int64_t now, struct verdict *v)
{
	struct term term = { 0 };
	int32_t promised_day;
	int64_t end;
	int ended;

	reset(v, r, now);
	if (f->created == SLA_NONE)
		return;
	v->rule = choose(r, f);
	v->clock = rule_clock(v->rule, f);
	v->dest = f->dest != NULL ? f->dest : v->rule->calendar->zone;
	stop(f, t, v);
	v->why = WHY_NO_DUE;
	if (!promise(f, v, &term))
		return;
	promised_day = term.day;	/* the date that was given, which local clocks may leave out */
	ended = v->stop != STOP_NONE || f->closed != SLA_NONE;
	end = v->stop != STOP_NONE ? v->stop_at : f->closed != SLA_NONE ? f->closed : now;
	pause(f, r, t, end, ended, &term, v);
	v->due_day = calendar_day(v->dest, v->due);
	if (v->stop != STOP_NONE) {
		if (v->precision == MOMENT_DATE)
			v->promise_err = (calendar_day(v->dest, v->stop_at) - promised_day) * DAY;
		else
			v->promise_err = v->stop_at - v->promised;
	}
	if (!excluded(f, end, v)) {
		state(f, v);
		if (v->state == SLA_MISSED)
			party(f, r, t, end, v);
	}
	judge_at(f, &term, v);
}

void
verdict_fini(struct verdict *v)
{
	free(v->pauses.p);
	free(v->found.p);
	*v = (struct verdict){ 0 };
}
