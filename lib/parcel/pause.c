/* Pauses: which stretches of a shipment's life are somebody else's time. */
#include "parcel/pause.h"

#include <stdlib.h>

#include "base/mem.h"
#include "parcel/sla.h"

static struct pause *
add(struct pause_list *l, enum pause_kind kind, int64_t open, int64_t close)
{
	l->p = mem_grow(l->p, &l->cap, l->n + 1, sizeof *l->p);
	l->p[l->n] = (struct pause){ .open = open, .close = close, .kind = (uint8_t)kind };
	return &l->p[l->n++];
}

static int
ends_reschedule(unsigned status)
{
	return status == STATUS_OUT_FOR_DELIVERY || status == STATUS_READY_FOR_PICKUP || status == STATUS_DELIVERED ||
	    status == STATUS_RETURNING || status == STATUS_RETURNED || status == STATUS_LOST || status == STATUS_CANCELLED;
}

/* Where a rescheduling ends by itself: the new date or time, never before it opens. */
static int64_t
new_time(const struct sla_event *e, const struct zone *dest)
{
	int64_t at = PAUSE_OPEN;

	if (e->edd.kind == MOMENT_DATE)
		at = calendar_instant(dest, e->edd.day, 0);
	else if (e->edd.kind == MOMENT_TIME)
		at = e->edd.at;
	return at > e->at ? at : e->at;
}

/* The open pause of each kind that is closed by a later state event: number in the list + 1. */
struct open_pauses {
	size_t customs, hold, pickup;
	size_t reschedule;		/* reschedulings from here on are not closed by an event yet */
	int unpaired_customs, unpaired_hold;	/* in a run that has opened nothing */
};

static void
close_at(struct pause_list *l, size_t *open, int64_t at)
{
	l->p[*open - 1].close = at;
	*open = 0;
}

static void
close_reschedules(struct pause_list *l, struct open_pauses *o, int64_t at)
{
	for (; o->reschedule < l->n; o->reschedule++) {
		struct pause *p = &l->p[o->reschedule];

		if (p->kind == PAUSE_RESCHEDULE && p->close > at)
			p->close = at > p->open ? at : p->open;
	}
}

/* A run of a status that opened no pause is counted when it is over. */
static void
run(int here, int opened, int *unpaired, unsigned *n)
{
	if (here)
		*unpaired = opened ? 2 : *unpaired == 0 ? 1 : *unpaired;
	else {
		*n += *unpaired == 1;
		*unpaired = 0;
	}
}

unsigned
pause_find(struct pause_list *l, const struct sla_facts *f, const struct rules *r, const struct rule *u,
    const struct taxonomy *t, const struct zone *dest)
{
	const unsigned listed = u->pauses;
	const int reschedule = taxonomy_reason(t, SLICE("recipient.reschedule"));
	const int cleared = taxonomy_reason(t, SLICE("detail.cleared"));
	struct open_pauses o = { 0 };
	unsigned unpaired = 0;
	size_t i;

	l->n = 0;
	if (listed == 0)
		return 0;
	for (i = 0; i < f->events; i++) {
		const struct sla_event *e = &f->event[i];
		const struct reason *why = &t->reason[e->reason];

		if (listed >> PAUSE_RESCHEDULE & 1) {
			if (ends_reschedule(e->status) && !e->ignored)
				close_reschedules(l, &o, e->at);
			if (reschedule > 0 && e->reason == reschedule)
				(void)add(l, PAUSE_RESCHEDULE, e->at, new_time(e, dest));
		}
		if (t->status[e->status].pseudo || e->ignored)
			continue;
		if (o.customs && (e->status != STATUS_CUSTOMS || (cleared > 0 && e->reason == cleared)))
			close_at(l, &o.customs, e->at);
		if (o.hold && (e->status != STATUS_ON_HOLD || (why->fault && why->clock != CLOCK_EXCLUDED)))
			close_at(l, &o.hold, e->at);
		if (o.pickup && e->status != STATUS_READY_FOR_PICKUP)
			close_at(l, &o.pickup, e->at);
		if (listed >> PAUSE_CUSTOMS & 1) {
			if (!o.customs && e->status == STATUS_CUSTOMS && why->party == PARTY_CUSTOMS) {
				(void)add(l, PAUSE_CUSTOMS, e->at, PAUSE_OPEN);
				o.customs = l->n;
			}
			run(e->status == STATUS_CUSTOMS, o.customs != 0, &o.unpaired_customs, &unpaired);
		}
		if (listed >> PAUSE_HOLD & 1) {
			if (!o.hold && e->status == STATUS_ON_HOLD && why->fault && why->clock == CLOCK_EXCLUDED) {
				(void)add(l, PAUSE_HOLD, e->at, PAUSE_OPEN);
				o.hold = l->n;
			}
			run(e->status == STATUS_ON_HOLD, o.hold != 0, &o.unpaired_hold, &unpaired);
		}
		if (listed >> PAUSE_PICKUP & 1 && !o.pickup && e->status == STATUS_READY_FOR_PICKUP) {
			(void)add(l, PAUSE_PICKUP, e->at, PAUSE_OPEN);
			o.pickup = l->n;
		}
	}
	run(0, 0, &o.unpaired_customs, &unpaired);
	run(0, 0, &o.unpaired_hold, &unpaired);
	if (listed >> PAUSE_FORCE & 1)
		for (i = 0; i < r->windows; i++)
			if (r->window[i].party == PARTY_FORCE && window_match(&r->window[i], f))
				(void)add(l, PAUSE_FORCE, r->window[i].from, r->window[i].to);
	return unpaired;
}

static int
by_open(const void *a, const void *b)
{
	const struct pause *x = a, *y = b;

	return x->open != y->open ? (x->open > y->open) - (x->open < y->open) : (x->close > y->close) - (x->close < y->close);
}

void
pause_measure(const struct pause_list *l, int64_t begin, int64_t end, int64_t now, int ended,
    struct pause_list *merged)
{
	struct pause *last;
	size_t i, n = 0;

	merged->n = 0;
	for (i = 0; i < l->n; i++) {
		struct pause p = l->p[i];

		p.open_now = !ended && p.open <= now && now < p.close;
		if (p.open < begin)
			p.open = begin;
		if (p.close > end)
			p.close = end;
		if (p.open < p.close || (p.open == now && p.open_now && begin <= now))
			*add(merged, p.kind, p.open, p.close) = p;
	}
	if (merged->n == 0)
		return;
	qsort(merged->p, merged->n, sizeof *merged->p, by_open);
	for (i = 1; i < merged->n; i++) {
		last = &merged->p[n];
		if (merged->p[i].open > last->close) {
			merged->p[++n] = merged->p[i];
			continue;
		}
		if (merged->p[i].close > last->close)
			last->close = merged->p[i].close;
		last->open_now |= merged->p[i].open_now;
	}
	merged->n = n + 1;
}
