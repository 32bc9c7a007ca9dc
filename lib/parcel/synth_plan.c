/* The lives of the shipments of the synthetic platform. */
#include <stdlib.h>
#include <string.h>

#include "base/dec.h"
#include "base/mem.h"
#include "base/utc.h"
#include "parcel/synth_plan.h"
#include "parcel/synth_rand.h"

#define MINUTE INT64_C(60000)
#define HOUR INT64_C(3600000)
#define DAY INT64_C(86400000)
#define STREAM_LIFE 1
#define STREAM_CREATED 2

/* Orders by weekday, Monday first, and by hour of UTC (Moscow is three hours ahead). */
static const uint16_t weekday_load[7] = { 110, 116, 112, 106, 100, 78, 82 };
static const uint16_t hour_load[24] = { 14, 10, 12, 18, 28, 38, 46, 52, 56, 60, 62, 60, 58, 58, 60, 64, 68, 72, 70,
    62, 48, 34, 24, 18 };

/* Quantiles. */
static const int32_t handover_min[] = { 25, 45, 60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 840, 960, 1140,
    1440, 2700 };
static const int32_t transit_permille[] = { 620, 700, 760, 800, 830, 860, 890, 910, 930, 950, 980, 1010, 1050, 1110,
    1200, 1400, 2300 };
static const int32_t pickup_min[] = { 20, 60, 120, 190, 270, 370, 480, 600, 760, 980, 1250, 1500, 1900, 2700, 3700,
    5200, 8600 };
static const int32_t lag_ms[] = { 800, 1200, 1500, 1900, 2300, 2800, 3600, 5000, 8000, 15000, 60000 };

static const uint16_t service_permille[] = {
	[SYNTH_STANDARD] = 1000, [SYNTH_EXPRESS] = 640, [SYNTH_ECONOMY] = 1300, [SYNTH_1CLASS] = 850,
	[SYNTH_PARCEL] = 1050,
};

void
synth_plan_begin(struct synth_world *w)
{
	uint32_t sum = 0;
	size_t i = 0;

	synth_code_index(&w->codes);
	w->load = mem_alloc(((size_t)w->days + 1) * sizeof w->load[0]);
	for (i = 0; i < (size_t)w->days; i++)	/* the shop grows by a tenth of a percent a day */
		w->load[i + 1] = w->load[i] +
		    weekday_load[utc_weekday(w->from + (int32_t)i)] * (UINT64_C(1000) + i);
	for (i = 0; i < synth_ref_clients; i++)
		sum += synth_ref_client[i].weight;
	w->clients_sum = (uint16_t)sum;
	for (sum = 0, i = 0; i < synth_ref_regions; i++)
		if (synth_ref_region[i].customs == SYNTH_EAEU)
			sum += synth_ref_region[i].weight;
	w->dest_sum = (uint16_t)sum;
}

void
synth_plan_end(struct synth_world *w)
{
	free(w->load);
	w->load = NULL;
}

/*
 * Shipment i of n stands at the i-th n-th of all orders, so created_at rises
 * with i.  Positions are counted in 2^-24 of a unit of load.
 */
static int64_t
created_at(const struct synth_world *w, uint64_t i)
{
	struct synth_rand r = synth_rand_of(w->seed, STREAM_CREATED, i);
	dec_int all = (dec_int)w->load[w->days] << 24;
	dec_int at = all * (dec_int)((i << 20) + synth_rand_below(&r, 1 << 20)) / (dec_int)(w->shipments << 20);
	uint64_t unit = (uint64_t)(at >> 24);
	size_t lo = 0, hi = (size_t)w->days;
	uint64_t frac = 0, hours = 0, x = 0;
	int64_t ms = 0, end = (w->from + (int64_t)w->days) * DAY - 20 * MINUTE;
	unsigned h = 0;

	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;

		if (w->load[mid] <= unit)
			lo = mid;
		else
			hi = mid;
	}
	/* of the day, 24 bits */
	frac = (uint64_t)(at - ((dec_int)w->load[lo] << 24)) / (w->load[lo + 1] - w->load[lo]);
	for (h = 0; h < 24; h++)
		hours += hour_load[h];
	for (h = 0, x = frac * hours; h < 23 && x >= (uint64_t)hour_load[h] << 24; h++)
		x -= (uint64_t)hour_load[h] << 24;
	ms = (w->from + (int64_t)lo) * DAY + h * HOUR + (int64_t)((x / hour_load[h] * (uint64_t)HOUR) >> 24);
	return ms < end ? ms : end;
}

/* The work on one plan. */
struct planner {
	const struct synth_world *w;
	struct synth_plan *p;
	struct synth_rand r;
	int64_t t;		/* when the next event happens */
	uint8_t flags;		/* of the events to come */
	uint8_t attempts, courier;
};

static const struct synth_zone *
dest_zone(const struct planner *l)
{
	return synth_ref_region[l->p->dest].zone;
}

/* Event of a step at l->t, at least a minute after the one before. */
static struct synth_event *
add(struct planner *l, enum synth_step step, unsigned region)
{
	const struct synth_codes *c = &l->w->codes;
	const struct synth_carrier *carrier = &synth_ref_carrier[l->p->carrier];
	struct synth_event *e = &l->p->event[l->p->n];
	unsigned pick = synth_rand_below(&l->r, c->n[l->p->carrier][step]);
	int polled = l->p->carrier == SYNTH_RUSSIAN_POST || l->p->carrier == SYNTH_BOXBERRY;

	if (l->p->n > 0 && l->t < e[-1].at + MINUTE)
		l->t = e[-1].at + MINUTE;
	*e = (struct synth_event){
		.at = l->t, .code = (uint16_t)(c->first[l->p->carrier][step] + pick),
		.region = (uint8_t)region, .flags = l->flags,
		.lag = (uint32_t)SYNTH_RAND_OF(&l->r, lag_ms),
	};
	if (polled)
		e->lag *= 9;
	if (carrier->form != SYNTH_FORM_UTC && carrier->form != SYNTH_FORM_MILLI &&
	    carrier->form != SYNTH_FORM_MICRO)
		e->at -= e->at % 1000;
	if (l->p->n < SYNTH_EVENTS - 1)
		l->p->n++;
	return e;
}

static void
later(struct planner *l, int64_t lo, int64_t hi)
{
	l->t += synth_rand_range(&l->r, lo / 1000, hi / 1000) * 1000 + synth_rand_below(&l->r, 1000);
}

/* l->t moves to a local time between two seconds of the day, days after the present one. */
static void
next_at(struct planner *l, int days, int32_t lo, int32_t hi)
{
	int32_t day = synth_clock_day(dest_zone(l), l->t) + days;
	int64_t t = synth_clock_instant(dest_zone(l), day, (int32_t)synth_rand_range(&l->r, lo, hi));

	l->t = t + synth_rand_below(&l->r, 1000);
}

static void
choose_parties(struct planner *l)
{
	struct synth_plan *p = l->p;
	uint32_t x = synth_rand_below(&l->r, l->w->clients_sum);
	unsigned home = 0, abroad = 0;

	for (p->client = 0; x >= synth_ref_client[p->client].weight; p->client++)
		x -= synth_ref_client[p->client].weight;
	home = synth_ref_client[p->client].home;
	p->origin = (uint8_t)home;
	if (synth_ref_region[home].customs == SYNTH_EAEU) {
		if (synth_rand_chance(&l->r, 120000))
			p->origin = 5;		/* a second warehouse in Moscow */
		abroad = synth_rand_chance(&l->r, 25000);
		x = synth_rand_below(&l->r, l->w->dest_sum);
		for (p->dest = 0; x >= synth_ref_region[p->dest].weight; p->dest++)
			x -= synth_ref_region[p->dest].weight;
		if (abroad)
			p->dest = (uint8_t)synth_rand_range(&l->r, (int64_t)synth_ref_regions - 4, (int64_t)synth_ref_regions - 1);
	} else {
		/* their own region mostly */
		p->dest = (uint8_t)(synth_rand_chance(&l->r, 720000) ? home :
		    (unsigned)synth_rand_range(&l->r, (int64_t)synth_ref_regions - 4, (int64_t)synth_ref_regions - 2));
	}
}

static void
choose_carrier(struct planner *l)
{
	static const uint16_t russia[SYNTH_CARRIERS] = { 30, 23, 10, 9, 12, 15, 1, 0, 0 };
	struct synth_plan *p = l->p;
	const struct synth_carrier *c = NULL;
	uint32_t x = synth_rand_below(&l->r, 100);

	if (synth_ref_region[p->origin].customs == SYNTH_EAEU && synth_ref_region[p->dest].customs == SYNTH_EAEU)
		p->carrier = (uint8_t)synth_rand_pick(&l->r, russia, 100);
	else if (p->origin == p->dest && synth_ref_region[p->dest].zone->summer == SYNTH_SUMMER_EU && x < 74 &&
	    strcmp(synth_ref_region[p->dest].country, "PL") == 0)
		p->carrier = SYNTH_INPOST;
	else
		p->carrier = x % 2 ? SYNTH_DHL : SYNTH_UPS;
	c = &synth_ref_carrier[p->carrier];
	x = synth_rand_below(&l->r, 100);
	p->mode = x < c->locker ? SYNTH_LOCKER : x < (unsigned)c->locker + c->point ? SYNTH_POINT : SYNTH_DOOR;
	x = synth_rand_below(&l->r, 100);
	if (p->carrier == SYNTH_DHL)
		p->service = SYNTH_EXPRESS;
	else if (p->carrier == SYNTH_RUSSIAN_POST)
		p->service = x < 28 ? SYNTH_1CLASS : SYNTH_PARCEL;
	else
		p->service = x < 70 ? SYNTH_STANDARD : x < 88 ? SYNTH_EXPRESS : SYNTH_ECONOMY;
}

static int
has_customs(const struct synth_plan *p)
{
	return synth_ref_region[p->origin].customs != synth_ref_region[p->dest].customs;
}

/* Minutes from acceptance to the destination when all goes well. */
static int64_t
usual_transit(const struct synth_plan *p)
{
	const struct synth_region *o = &synth_ref_region[p->origin], *d = &synth_ref_region[p->dest];
	int64_t km = o->km > d->km ? o->km - d->km : d->km - o->km;
	int64_t min = 600 + km * 60 / 48;

	if (has_customs(p) || o->customs != SYNTH_EAEU)
		min = p->origin == p->dest ? 900 : has_customs(p) ? 3900 : 2100;	/* by air */
	return min * service_permille[p->service] / 1000;
}

static void
promise(struct planner *l)
{
	struct synth_plan *p = l->p;
	int64_t min = 660 + usual_transit(p) * 113 / 100 + (has_customs(p) ? 2400 : 0) +
	    (p->mode == SYNTH_DOOR ? 1330 : 2450);

	if (synth_rand_chance(&l->r, 20000))
		return;
	p->promise_day = synth_clock_day(dest_zone(l), p->created_at) + (int32_t)((min + 1439) / 1440);
	p->promise_sec = -1;
	if (p->service == SYNTH_EXPRESS && p->mode == SYNTH_DOOR)
		p->promise_sec = synth_rand_chance(&l->r, 500000) ? 18 * 3600 : 21 * 3600;
	p->due = synth_clock_instant(dest_zone(l), p->promise_day, p->promise_sec < 0 ? 86399 : p->promise_sec);
}

/* The depot on the way that is nearest to part/parts of the road. */
static unsigned
hub(const struct synth_plan *p, int part, int parts)
{
	int64_t a = synth_ref_region[p->origin].km, b = synth_ref_region[p->dest].km;
	int64_t km = a + (b - a) * part / parts, best = INT64_MAX;
	unsigned i = 0, at = p->origin;

	for (i = 0; i < synth_ref_regions; i++) {
		int64_t d = km - synth_ref_region[i].km;

		d = d < 0 ? -d : d;
		if (synth_ref_region[i].is_hub && d < best) {
			best = d;
			at = i;
		}
	}
	return at;
}

static void
trouble(struct planner *l, unsigned region, int64_t total)
{
	struct synth_event *e = NULL;
	int weather = synth_rand_chance(&l->r, synth_ref_region[l->p->dest].is_remote ? 600000 : 250000);

	later(l, HOUR, 5 * HOUR);
	e = add(l, weather ? SYNTH_WEATHER : SYNTH_DELAY, region);
	later(l, 10 * HOUR, 60 * HOUR);
	if (synth_rand_chance(&l->r, 600000))
		e->edd = synth_clock_day(dest_zone(l), l->t + total * MINUTE / 2) + 2;
}

static void
customs(struct planner *l)
{
	later(l, 2 * HOUR, 10 * HOUR);
	(void)add(l, SYNTH_CUSTOMS, l->p->dest);
	later(l, 3 * HOUR, 30 * HOUR);
	if (synth_rand_chance(&l->r, 220000)) {
		(void)add(l, SYNTH_CUSTOMS_DOCS, l->p->dest);
		later(l, 12 * HOUR, 90 * HOUR);
	}
	(void)add(l, SYNTH_CLEARED, l->p->dest);
}

/* Acceptance to the destination depot.  0: it never gets there. */
static int
transit(struct planner *l)
{
	struct synth_plan *p = l->p;
	const struct synth_region *o = &synth_ref_region[p->origin], *d = &synth_ref_region[p->dest];
	int64_t km = o->km > d->km ? o->km - d->km : d->km - o->km;
	int64_t total = usual_transit(p);
	int hops = has_customs(p) || o->customs != SYNTH_EAEU ? 1 : 1 + (int)(km / 2500), i = 0;
	int lost = synth_rand_chance(&l->r, 4500), stuck = synth_rand_chance(&l->r, 3500);
	int delayed = synth_rand_chance(&l->r, 38000 + (d->slow > 1100 ? 60000 : 0));
	unsigned at = p->origin;

	total = total * SYNTH_RAND_OF(&l->r, transit_permille) / 1000;
	total = total * synth_ref_carrier[p->carrier].slow / 1000 * d->slow / 1000;
	(void)add(l, SYNTH_ACCEPT, p->origin);
	for (i = 0; i < hops; i++) {
		int64_t leg = total * MINUTE / hops;

		later(l, leg / 10, leg / 4);
		if (synth_code_own(&l->w->codes, p->carrier, SYNTH_SORT) && synth_rand_chance(&l->r, 550000)) {
			(void)add(l, SYNTH_SORT, at);
			later(l, leg / 20, leg / 8);
		}
		(void)add(l, SYNTH_DEPART, at);
		if (stuck && i == hops - 1)
			return 0;
		later(l, leg * 3 / 10, leg / 2);
		if (delayed && i == hops / 2)
			trouble(l, at, total);
		if (lost && i == hops - 1) {
			later(l, 3 * DAY, 6 * DAY);
			(void)add(l, SYNTH_MISSING, at);
			later(l, 3 * DAY, 9 * DAY);
			(void)add(l, SYNTH_LOST, at);
			if (!synth_rand_chance(&l->r, 180000))
				return 0;
			later(l, DAY, 4 * DAY);		/* found again */
		}
		if (i < hops - 1) {
			at = hub(p, i + 1, hops);
			(void)add(l, SYNTH_ARRIVE, at);
		}
	}
	if (has_customs(p))
		customs(l);
	later(l, total * MINUTE / 30, total * MINUTE / 12);
	(void)add(l, SYNTH_AT_DEST, p->dest);
	return 1;
}

static void
notice(struct planner *l)
{
	if (!synth_rand_chance(&l->r, 90000))
		return;
	later(l, 5 * MINUTE, 40 * MINUTE);
	if (synth_rand_chance(&l->r, 80000)) {
		struct synth_event *e = add(l, SYNTH_NOTICE_LATER, l->p->dest);

		e->edd = synth_clock_day(dest_zone(l), l->t) + (int32_t)synth_rand_range(&l->r, 1, 4);
		return;
	}
	if (synth_rand_chance(&l->r, 150000))
		l->flags |= SYNTH_EVENT_DATE_ONLY;
	(void)add(l, SYNTH_NOTICE, l->p->dest);
	l->flags &= (uint8_t)~SYNTH_EVENT_DATE_ONLY;
}

static void
returning(struct planner *l, enum synth_step why)
{
	int64_t leg = usual_transit(l->p) * MINUTE;

	later(l, 4 * HOUR, 30 * HOUR);
	l->flags |= SYNTH_EVENT_RETURNING;
	(void)add(l, why, l->p->dest);
	later(l, 6 * HOUR, 30 * HOUR);
	(void)add(l, SYNTH_BACK_MOVE, l->p->dest);
	later(l, leg, leg * 2);
	if (synth_rand_chance(&l->r, 600000)) {
		(void)add(l, SYNTH_BACK_MOVE, l->p->origin);
		later(l, 6 * HOUR, 40 * HOUR);
	}
	(void)add(l, SYNTH_RETURNED, l->p->origin);
}

/* Some feeds go on after the end, and some say it twice. */
static void
afterwards(struct planner *l, enum synth_step handed)
{
	l->flags |= SYNTH_EVENT_ABSORBED;
	l->courier = 0;
	if (synth_rand_chance(&l->r, 9000)) {
		later(l, 10 * MINUTE, 5 * HOUR);
		(void)add(l, SYNTH_NOTICE, l->p->dest);
	}
	if (synth_rand_chance(&l->r, 5000)) {
		later(l, 2 * HOUR, 60 * HOUR);
		(void)add(l, synth_rand_chance(&l->r, 500000) ? handed : SYNTH_AT_DEST, l->p->dest);
	}
}

/* A delivery scanned by mistake, and taken back at once. */
static void
mistake(struct planner *l, enum synth_step handed)
{
	if (!synth_rand_chance(&l->r, 2500))
		return;
	later(l, 30 * MINUTE, 4 * HOUR);
	l->flags |= SYNTH_EVENT_VOID;
	(void)add(l, handed, l->p->dest);
	l->flags &= (uint8_t)~SYNTH_EVENT_VOID;
	later(l, 4 * MINUTE, 15 * MINUTE);
	(void)add(l, SYNTH_RETRACT, l->p->dest);
}

static void
collect(struct planner *l, int locker)
{
	enum synth_step handed = locker ? SYNTH_HANDED_LOCKER : SYNTH_HANDED_POINT;
	int32_t sec = 0;

	mistake(l, handed);
	if (synth_code_own(&l->w->codes, l->p->carrier, SYNTH_TO_POINT) && synth_rand_chance(&l->r, 700000)) {
		later(l, 30 * MINUTE, 5 * HOUR);
		(void)add(l, SYNTH_TO_POINT, l->p->dest);
	}
	later(l, HOUR, 3 * HOUR);
	if (synth_clock_second(dest_zone(l), l->t) > 19 * 3600)
		next_at(l, 1, 8 * 3600, 13 * 3600);
	(void)add(l, locker ? SYNTH_READY_LOCKER : SYNTH_READY_POINT, l->p->dest);
	notice(l);
	if (synth_rand_chance(&l->r, 27000)) {
		later(l, 7 * DAY, 8 * DAY);
		returning(l, SYNTH_BACK_UNCLAIMED);
		return;
	}
	l->t += SYNTH_RAND_OF(&l->r, pickup_min) * MINUTE;
	sec = synth_clock_second(dest_zone(l), l->t);
	if (sec > 20 * 3600)
		next_at(l, 1, 10 * 3600, 20 * 3600);
	else if (sec < 9 * 3600)
		next_at(l, 0, 10 * 3600, 20 * 3600);
	(void)add(l, handed, l->p->dest);
	afterwards(l, handed);
}

static void
attempt(struct planner *l, struct synth_event *e)
{
	e->attempt = ++l->attempts;
	e->courier = l->courier;
}

static void
door(struct planner *l)
{
	static const uint16_t why[] = { 44, 20, 10, 8, 12, 6 };	/* in the order of the steps FAIL_* */
	uint32_t fail = 72000 + (synth_ref_region[l->p->dest].is_remote ? 40000 : 0);
	unsigned dest = l->p->dest, f = 0;
	struct synth_event *e = NULL;
	int wait = synth_clock_second(dest_zone(l), l->t) < 7 * 3600 ? 0 : 1;

	mistake(l, SYNTH_HANDED_DOOR);
	notice(l);
	for (;;) {
		int32_t begin = 0;

		if (wait > 0 || synth_clock_second(dest_zone(l), l->t) > 10 * 3600)
			next_at(l, wait > 0 ? wait : 1, 8 * 3600, 10 * 3600 + 1800);
		else
			next_at(l, 0, 10 * 3600, 11 * 3600);
		l->courier = (uint8_t)(1 + synth_rand_below(&l->r, 2 + synth_ref_region[dest].weight / 9));
		e = add(l, SYNTH_OFD, dest);
		e->courier = l->courier;
		begin = synth_clock_second(dest_zone(l), l->t) + 2400;
		next_at(l, 0, begin, 21 * 3600 + 1800);
		if (!synth_rand_chance(&l->r, l->attempts == 0 ? fail : 230000)) {
			attempt(l, add(l, SYNTH_HANDED_DOOR, dest));
			afterwards(l, SYNTH_HANDED_DOOR);
			return;
		}
		f = (unsigned)synth_rand_pick(&l->r, why, 100);
		e = add(l, (enum synth_step)(SYNTH_FAIL_ABSENT + f), dest);
		attempt(l, e);
		if (synth_rand_chance(&l->r, 50000)) {		/* told twice, still one attempt */
			later(l, MINUTE, 4 * MINUTE);
			(void)add(l, (enum synth_step)(SYNTH_FAIL_ABSENT + f), dest);
		}
		wait = 1;
		if (SYNTH_FAIL_ABSENT + f == SYNTH_FAIL_REFUSED) {
			returning(l, SYNTH_BACK_REFUSED);
			return;
		}
		if (SYNTH_FAIL_ABSENT + f == SYNTH_FAIL_LATER) {
			wait = (int)synth_rand_range(&l->r, 1, 4);
			e->edd = synth_clock_day(dest_zone(l), l->t) + wait;
		}
		if (l->attempts == 3) {
			returning(l, SYNTH_BACK_FAILED);
			return;
		}
		if (l->attempts == 2 && synth_ref_carrier[l->p->carrier].point > 20 && synth_rand_chance(&l->r, 400000)) {
			later(l, HOUR, 4 * HOUR);
			l->courier = 0;
			collect(l, 0);
			return;
		}
	}
}

static void
live(struct planner *l)
{
	struct synth_plan *p = l->p;
	struct synth_event *e = NULL;

	l->t = p->created_at;
	later(l, 1000, 20000);
	e = add(l, SYNTH_LABEL, p->origin);
	if (p->promise_day != 0 && synth_rand_chance(&l->r, 550000))
		e->edd = p->promise_day - (int32_t)synth_rand_below(&l->r, 2);
	if (synth_rand_chance(&l->r, 24000)) {
		later(l, 10 * MINUTE, 16 * HOUR);
		(void)add(l, SYNTH_CANCEL, p->origin);
		return;
	}
	if (synth_rand_chance(&l->r, 4000))
		return;		/* never handed over */
	l->t += SYNTH_RAND_OF(&l->r, handover_min) * MINUTE + synth_rand_below(&l->r, 60000);
	if (!transit(l))
		return;
	if (p->mode == SYNTH_DOOR)
		door(l);
	else
		collect(l, p->mode == SYNTH_LOCKER);
}

static void
price(struct planner *l)
{
	static const int32_t gram[] = { 90, 180, 300, 450, 600, 800, 1050, 1400, 1900, 2600, 3600, 5200, 8000,
	    14000, 29000 };
	struct synth_plan *p = l->p;
	int64_t k = synth_ref_client[p->client].basket * 100;

	p->weight = (uint32_t)SYNTH_RAND_OF(&l->r, gram);
	p->pieces = (uint8_t)(synth_rand_chance(&l->r, 90000) ? synth_rand_range(&l->r, 2, 4) : 1);
	k = k * (700 + synth_rand_below(&l->r, 601)) / 1000;
	k += usual_transit(p) * 2 + p->weight / 5 * 4;
	if (p->service == SYNTH_EXPRESS)
		k = k * 165 / 100;
	p->price = (uint32_t)k;
	if (synth_rand_chance(&l->r, 140000))
		p->cod = (uint32_t)(k * synth_rand_range(&l->r, 2, 14) / 100) * 100;
}

void
synth_plan_make(const struct synth_world *w, uint64_t number, struct synth_plan *p)
{
	struct planner l = { .w = w, .p = p, .r = synth_rand_of(w->seed, STREAM_LIFE, number) };
	unsigned i = 0;

	memset(p, 0, offsetof(struct synth_plan, event));
	p->number = number;
	p->created_at = created_at(w, number);
	choose_parties(&l);
	choose_carrier(&l);
	price(&l);
	promise(&l);
	live(&l);
	/* A platform at now knows what had come by then; what a retraction takes back goes with it. */
	for (i = 0; i < p->n && p->event[i].at + p->event[i].lag <= w->now; i++)
		;
	if (i > 0 && (p->event[i - 1].flags & SYNTH_EVENT_VOID))
		i--;
	p->visible = (uint8_t)i;
}

void
synth_plan_fate(const struct synth_world *w, const struct synth_plan *p, struct synth_fate *f)
{
	unsigned i = 0;

	*f = (struct synth_fate){ .is_open = 1 };
	for (i = 0; i < p->visible; i++) {
		const struct synth_event *e = &p->event[i];
		unsigned status = w->codes.status[e->code];

		if (e->flags & (SYNTH_EVENT_VOID | SYNTH_EVENT_ABSORBED))
			continue;
		if (e->edd != 0)
			f->edd = e->edd;
		f->exceptions += w->codes.is_fault[e->code];
		if (e->attempt > 0)
			f->attempts = e->attempt;
		if (status == SYNTH_IS_INFO)
			continue;
		if (status != SYNTH_IS_LOST && f->lost != 0)
			f->lost = 0;		/* found again */
		f->is_open = 1;
		if ((e->flags & SYNTH_EVENT_RETURNING) && status != SYNTH_IS_RETURNED)
			status = SYNTH_IS_RETURNING;
		f->status = (uint8_t)status;
		switch (status) {
		case SYNTH_IS_ACCEPTED:
			f->accepted = e->at;
			break;
		case SYNTH_IS_OUT_FOR_DELIVERY:
			f->out_for_delivery++;
			break;
		case SYNTH_IS_READY_FOR_PICKUP:
			if (f->ready == 0)
				f->ready = e->at;
			break;
		case SYNTH_IS_RETURNING:
			if (f->return_started == 0)
				f->return_started = e->at;
			break;
		case SYNTH_IS_DELIVERED:
			f->delivered = e->at;
			f->first_attempt_ok = e->attempt == 1;
			f->is_open = 0;
			break;
		case SYNTH_IS_RETURNED:
			f->returned = e->at;
			f->is_open = 0;
			break;
		case SYNTH_IS_LOST:
			f->lost = e->at;
			f->is_open = 0;
			break;
		case SYNTH_IS_CANCELLED:
			f->cancelled = e->at;
			f->is_open = 0;
			break;
		default:
			break;
		}
	}
}

enum synth_sla
synth_plan_sla(const struct synth_world *w, const struct synth_plan *p, const struct synth_fate *f)
{
	int64_t due = utc_sec(p->due), now = utc_sec(w->now);

	if (p->due == 0 || (f->cancelled != 0 && utc_sec(f->cancelled) <= due))
		return SYNTH_SLA_NONE;
	if (f->delivered != 0)
		return utc_sec(f->delivered) <= due ? SYNTH_SLA_MET : SYNTH_SLA_MISSED;
	if (!f->is_open || now > due)
		return SYNTH_SLA_MISSED;
	if (now >= due - 86400 || f->edd > p->promise_day)
		return SYNTH_SLA_AT_RISK;
	return SYNTH_SLA_PENDING;
}
