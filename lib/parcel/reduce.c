/*
 * From the events of a shipment to its state.
 *
 *	order		event time, states before pseudo values, rank, receipt, id
 *	retraction	named events are void, then those that "previous" means
 *	walk		state by state; absorbed behind a delivery or a return
 *	counters	milestones and attempts, over what is neither void nor absorbed
 */
#include "parcel/reduce.h"

#include <stdlib.h>

#include "base/mem.h"

#define ATTEMPT_APART (12 * 3600 * 1000)	/* ms from which a failure is an attempt of its own */
#define ATTEMPTS_MAX 255
#define FEW 32		/* events that are sorted and searched without ado */

const char *const mark_name[4] = { "", "void", "absorbed", "ignored" };

void
reducer_init(struct reducer *r, const struct taxonomy *t)
{
	*r = (struct reducer){ .taxonomy = t };
	r->label = taxonomy_reason(t, SLICE("detail.label"));
	r->manifest = taxonomy_reason(t, SLICE("detail.manifest"));
	r->damage = taxonomy_reason(t, SLICE("carrier.damage"));
	r->damaged = taxonomy_reason(t, SLICE("detail.damaged"));
	r->partial = taxonomy_reason(t, SLICE("detail.partial"));
	r->pickup_point = taxonomy_reason(t, SLICE("detail.pickup_point"));
	r->locker = taxonomy_reason(t, SLICE("detail.locker"));
	r->electronic = taxonomy_reason(t, SLICE("detail.electronic"));
}

void
reducer_fini(struct reducer *r)
{
	free(r->by_id);
	*r = (struct reducer){ 0 };
}

static int
pseudo(const struct reducer *r, const struct reduce_event *e)
{
	return r->taxonomy->status[e->status].pseudo;
}

/* Order: < 0 when a comes before b.  Never 0: ids are distinct. */
static int
order(const struct reducer *r, const struct reduce_event *a, const struct reduce_event *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (pseudo(r, a) != pseudo(r, b))
		return pseudo(r, a) - pseudo(r, b);
	if (r->taxonomy->status[a->status].rank != r->taxonomy->status[b->status].rank)
		return r->taxonomy->status[a->status].rank - r->taxonomy->status[b->status].rank;
	if (a->received != b->received)
		return a->received < b->received ? -1 : 1;
	return slice_cmp(a->id, b->id);
}

static void
insertion_sort(const struct reducer *r, struct reduce_event **e, size_t n)
{
	struct reduce_event *x;
	size_t i, k;

	for (i = 1; i < n; i++) {
		x = e[i];
		for (k = i; k > 0 && order(r, x, e[k - 1]) < 0; k--)
			e[k] = e[k - 1];
		e[k] = x;
	}
}

/* A merge sort: qsort(3) gives its comparison no reducer. */
static void
sort(const struct reducer *r, struct reduce_event **e, size_t n, struct reduce_event **half)
{
	size_t m = n / 2, i = 0, k = m, at = 0;

	if (n <= FEW) {
		insertion_sort(r, e, n);
		return;
	}
	sort(r, e, m, half);
	sort(r, e + m, n - m, half);
	memcpy(half, e, m * sizeof *e);
	while (i < m)
		e[at++] = k < n && order(r, e[k], half[i]) < 0 ? e[k++] : half[i++];
}

static int
by_id(const void *a, const void *b)
{
	const struct reduce_event *const *x = a, *const *y = b;

	return slice_cmp((*x)->id, (*y)->id);
}

/* The event of that id, or NULL; of many events by_id[] holds them sorted. */
static struct reduce_event *
named(const struct reducer *r, struct reduce_event **e, size_t n, struct slice id)
{
	struct reduce_event key = { .id = id }, *k = &key, **found;
	size_t i;

	if (n > FEW) {
		found = bsearch(&k, r->by_id, n, sizeof *r->by_id, by_id);
		return found ? *found : NULL;
	}
	for (i = 0; i < n; i++)
		if (slice_eq(e[i]->id, id))
			return e[i];
	return NULL;
}

static void
retract(struct reducer *r, struct reduce_event **e, size_t n)
{
	static const struct slice previous = { "previous", 8 };
	struct reduce_event *target;
	size_t i, k, names = 0, previouses = 0;

	for (i = 0; i < n; i++) {
		if (slice_eq(e[i]->supersedes, previous))
			previouses++;
		else if (e[i]->supersedes.n > 0)
			names++;
	}
	if (names > 0 && n > FEW) {
		memcpy(r->by_id, e, n * sizeof *e);
		qsort(r->by_id, n, sizeof *r->by_id, by_id);
	}
	for (i = 0; i < n && names > 0; i++) {
		if (e[i]->supersedes.n == 0 || slice_eq(e[i]->supersedes, previous))
			continue;
		names--;
		target = named(r, e, n, e[i]->supersedes);
		if (target != NULL && target != e[i])
			target->mark = MARK_VOID;
	}
	for (i = 0; i < n && previouses > 0; i++) {
		if (!slice_eq(e[i]->supersedes, previous))
			continue;
		previouses--;
		if (e[i]->mark == MARK_VOID)
			continue;
		for (k = i; k > 0; k--) {
			target = e[k - 1];
			if (target->mark != MARK_VOID && !pseudo(r, target) && slice_eq(target->carrier, e[i]->carrier)) {
				target->mark = MARK_VOID;
				break;
			}
		}
	}
}

/* What the walk knows between two events. */
struct walk {
	uint8_t state, rank;		/* rank of the last state that was not terminal */
	int latch;			/* a return is under way */
	int closed;			/* a hard terminal has been reached */
	/* of attempts */
	int64_t failed_at;		/* last attempt_failed, or REDUCE_NEVER */
	int ofd_since;			/* out_for_delivery after it */
	int ready_since;		/* ready_for_pickup after the last out_for_delivery */
};

static int
soft(uint8_t state)
{
	return state == STATUS_LOST || state == STATUS_CANCELLED;
}

/*
 * The state that event e, not void, brings about; or -1 with its mark when it
 * leaves the state alone.
 */
static int
next_state(const struct reducer *r, struct walk *w, struct reduce_event *e)
{
	const uint8_t accepted = r->taxonomy->status[STATUS_ACCEPTED].rank;
	const uint8_t created = r->taxonomy->status[STATUS_CREATED].rank;
	int state = e->status;

	if (w->closed) {
		e->mark = MARK_ABSORBED;
		return -1;
	}
	if (pseudo(r, e))
		return -1;
	if ((state == STATUS_CREATED && (w->rank > created || soft(w->state))) ||
	    (state == STATUS_CANCELLED && w->latch) ||
	    (state == STATUS_ON_HOLD && soft(w->state))) {
		e->mark = MARK_IGNORED;
		return -1;
	}
	if (w->latch && e->to_recipient)
		w->latch = 0;
	if (w->latch) {
		if (state == STATUS_DELIVERED || state == STATUS_RETURNED)
			state = STATUS_RETURNED;
		else if (state != STATUS_LOST)
			state = STATUS_RETURNING;
	}
	if (state == STATUS_ACCEPTED && w->rank > accepted)
		state = STATUS_IN_TRANSIT;
	return state;
}

/* Step 7: the state is set. */
static void
enter(const struct reducer *r, struct walk *w, int state, int64_t time, struct reduced *s)
{
	if (soft(w->state) && !soft((uint8_t)state)) {
		s->is_reopened = 1;
		s->lost_at = s->cancelled_at = REDUCE_NEVER;
	}
	if (state != w->state)
		s->status_since = time;
	switch (state) {
	case STATUS_RETURNING:
		w->latch = 1;
		if (s->return_started_at == REDUCE_NEVER)
			s->return_started_at = time;
		break;
	case STATUS_DELIVERED:
		s->delivered_at = time;
		break;
	case STATUS_RETURNED:
		s->returned_at = time;
		break;
	case STATUS_LOST:
		if (s->lost_at == REDUCE_NEVER)
			s->lost_at = time;
		break;
	case STATUS_CANCELLED:
		if (s->cancelled_at == REDUCE_NEVER)
			s->cancelled_at = time;
		break;
	}
	w->state = (uint8_t)state;
	if (r->taxonomy->status[state].terminal == TERMINAL_NO)
		w->rank = r->taxonomy->status[state].rank;
	w->closed = r->taxonomy->status[state].terminal == TERMINAL_HARD;
}

static void
first(int64_t *at, int64_t time)
{
	if (*at == REDUCE_NEVER)
		*at = time;
}

/* Whether e, which went to the recipient and not back, is a new attempt. */
static int
new_attempt(const struct reducer *r, struct walk *w, const struct reduce_event *e)
{
	int is_new;

	if (e->status == STATUS_ATTEMPT_FAILED) {
		is_new = w->failed_at == REDUCE_NEVER || w->ofd_since || e->time - w->failed_at >= ATTEMPT_APART;
		w->failed_at = e->time;
		w->ofd_since = 0;
		return is_new;
	}
	return e->status == STATUS_DELIVERED && !w->ready_since && e->reason != r->pickup_point &&
	    e->reason != r->locker && e->reason != r->electronic;
}

static void
attempt(const struct reducer *r, struct walk *w, struct reduce_event *e, struct reduced *s)
{
	unsigned no;

	if (e->status == STATUS_OUT_FOR_DELIVERY) {
		w->ofd_since = 1;
		w->ready_since = 0;
	} else if (e->status == STATUS_READY_FOR_PICKUP) {
		w->ready_since = 1;
	}
	if (!new_attempt(r, w, e))
		return;
	no = s->attempts + 1 > e->attempt_no ? s->attempts + 1 : e->attempt_no;
	s->attempts = no < ATTEMPTS_MAX ? no : ATTEMPTS_MAX;
	e->attempt = (uint8_t)s->attempts;
	s->courier = e->courier;
	first(&s->first_attempt_at, e->time);
	if (e->status == STATUS_DELIVERED)
		s->first_attempt_ok = e->attempt == 1;
}

/* Milestones and counters of an event that is neither void nor absorbed; back: it went to the sender. */
static void
count(const struct reducer *r, struct walk *w, struct reduce_event *e, int back, struct reduced *s)
{
	if (e->status == STATUS_CREATED && (e->reason == r->label || e->reason == r->manifest))
		first(&s->label_at, e->time);
	if (e->status == STATUS_ACCEPTED || e->status == STATUS_IN_TRANSIT || e->status == STATUS_CUSTOMS ||
	    e->status == STATUS_AT_DESTINATION)
		first(&s->accepted_at, e->time);
	if (e->status == STATUS_OUT_FOR_DELIVERY && !back)
		first(&s->first_ofd_at, e->time);
	if (e->status == STATUS_READY_FOR_PICKUP && !back)
		first(&s->ready_at, e->time);
	if (r->taxonomy->reason[e->reason].fault) {
		s->reason = e->reason;
		s->exceptions++;
		first(&s->first_exception_at, e->time);
	}
	if (e->damaged || e->reason == r->damage || e->reason == r->damaged)
		first(&s->damaged_at, e->time);
	if (e->status == STATUS_DELIVERED && !back && (e->reason == r->partial ||
	    (e->pieces_delivered > 0 && e->pieces_delivered < e->pieces)))
		s->is_partial = 1;
	if (!back)
		attempt(r, w, e, s);
}

void
reduce(struct reducer *r, struct reduce_event **event, size_t n, struct reduced *s)
{
	struct walk w = { .state = STATUS_UNKNOWN, .failed_at = REDUCE_NEVER };
	struct reduce_event *e;
	size_t i;
	int state;

	*s = (struct reduced){
		.status_since = REDUCE_NEVER, .label_at = REDUCE_NEVER, .accepted_at = REDUCE_NEVER,
		.first_ofd_at = REDUCE_NEVER, .first_attempt_at = REDUCE_NEVER, .ready_at = REDUCE_NEVER,
		.delivered_at = REDUCE_NEVER, .return_started_at = REDUCE_NEVER, .returned_at = REDUCE_NEVER,
		.lost_at = REDUCE_NEVER, .cancelled_at = REDUCE_NEVER, .closed_at = REDUCE_NEVER,
		.first_exception_at = REDUCE_NEVER, .damaged_at = REDUCE_NEVER, .last_event_at = REDUCE_NEVER,
		.last_received_at = REDUCE_NEVER, .courier = { "", 0 },
	};
	r->by_id = mem_grow(r->by_id, &r->cap, n, sizeof *r->by_id);
	sort(r, event, n, r->by_id);
	for (i = 0; i < n; i++) {
		event[i]->mark = MARK_NONE;
		event[i]->attempt = 0;
	}
	retract(r, event, n);
	for (i = 0; i < n; i++) {
		e = event[i];
		if (e->received > s->last_received_at)
			s->last_received_at = e->received;
		if (e->mark != MARK_VOID) {
			if (e->time > s->last_event_at)
				s->last_event_at = e->time;
			state = next_state(r, &w, e);
			if (state != -1)
				enter(r, &w, state, e->time, s);
			if (e->mark != MARK_ABSORBED)
				count(r, &w, e, w.latch || w.state == STATUS_RETURNED, s);
			else if (!pseudo(r, e))
				s->post_terminal++;
		}
		e->state = w.state;
	}
	s->status = w.state;
	s->is_open = r->taxonomy->status[w.state].terminal == TERMINAL_NO;
	if (!s->is_open)
		s->closed_at = s->status_since;
	if (s->damaged_at != REDUCE_NEVER)
		s->is_partial = 1;
}
