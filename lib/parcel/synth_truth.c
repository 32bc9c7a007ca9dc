/* The totals of the synthetic platform, as they were planned. */
#include <stdlib.h>
#include <string.h>

#include "base/dec.h"
#include "base/mem.h"
#include "base/utc.h"
#include "parcel/synth_call.h"
#include "parcel/synth_contact.h"
#include "parcel/synth_send.h"
#include "parcel/synth_truth.h"

/* Upper bounds of the lead time, hours; the last slot is open. */
static const int32_t bound_h[] = { 1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216,
    240, 288, 336, 408, 480, 600, 720, 960, 1440 };
#define BOUNDS (sizeof bound_h / sizeof bound_h[0])

struct cell {
	uint64_t created, revenue;	/* kopecks */
	uint64_t accepted, ready, out_for_delivery, delivered, delivered_late, return_started, returned, lost, cancelled;
	uint64_t attempts, first_attempts, first_attempt_ok, exceptions, first_exceptions, open;
	uint64_t sla[SYNTH_SLA_AT_RISK + 1];
	uint64_t lead_sec, lead[BOUNDS + 1];
};

struct totals {
	struct cell all;
	struct cell *client, *carrier, *region;
	uint64_t *created, *delivered;		/* by local day, from first_day */
	int32_t first_day, last_day;
	uint64_t events, sent, kind[SYNTH_SEND_KINDS], late, disorder;
	uint64_t attempts, calls, calls_ok, calls_retried;
	uint64_t contacts, wismo, on_late, no_shipment;
};

static void
count(struct cell *c, const struct synth_plan *p, const struct synth_fate *f, enum synth_sla sla)
{
	size_t i = 0;

	c->created++;
	c->revenue += p->price;
	c->accepted += f->accepted != 0;
	c->ready += f->ready != 0;
	c->out_for_delivery += f->out_for_delivery;
	c->return_started += f->return_started != 0;
	c->returned += f->returned != 0;
	c->lost += f->lost != 0;
	c->cancelled += f->cancelled != 0;
	c->attempts += f->attempts;
	c->first_attempts += f->attempts > 0;
	c->first_attempt_ok += f->first_attempt_ok;
	c->exceptions += f->exceptions;
	c->first_exceptions += f->exceptions > 0;
	c->open += f->is_open;
	c->sla[sla]++;
	if (f->delivered != 0) {
		int64_t sec = utc_sec(f->delivered) - utc_sec(p->created_at);

		c->delivered++;
		c->delivered_late += p->due != 0 && utc_sec(f->delivered) > utc_sec(p->due);
		c->lead_sec += (uint64_t)sec;
		while (i < BOUNDS && bound_h[i] * INT64_C(3600) < sec)
			i++;
		c->lead[i]++;
	}
}

static void
shipment(const struct synth_world *w, struct totals *t, const struct synth_plan *p)
{
	struct synth_send send[SYNTH_SENDS];
	struct synth_call call[SYNTH_CALLS];
	struct synth_contact contact[SYNTH_CONTACTS];
	struct synth_fate f;
	enum synth_sla sla = SYNTH_SLA_NONE;
	const struct synth_zone *origin = synth_ref_region[p->origin].zone, *dest = synth_ref_region[p->dest].zone;
	size_t n = 0, i = 0;

	synth_plan_fate(w, p, &f);
	sla = synth_plan_sla(w, p, &f);
	count(&t->all, p, &f, sla);
	count(&t->client[p->client], p, &f, sla);
	count(&t->carrier[p->carrier], p, &f, sla);
	count(&t->region[p->dest], p, &f, sla);
	t->created[synth_clock_day(origin, p->created_at) - t->first_day]++;
	if (f.delivered != 0)
		t->delivered[synth_clock_day(dest, f.delivered) - t->first_day]++;

	t->events += p->visible;
	n = synth_send_make(w, p, send);
	t->sent += n;
	for (i = 0; i < n; i++) {
		t->kind[send[i].kind]++;
		t->late += send[i].is_late;
		t->disorder += send[i].is_disorder;
	}
	n = synth_call_make(w, p, call);
	t->attempts += n;
	for (i = 0; i < n; i++) {
		t->calls += call[i].is_last;
		t->calls_ok += call[i].is_last && call[i].outcome == SYNTH_OK;
		t->calls_retried += !call[i].is_last;
	}
	n = synth_contact_make(w, p, &f, contact);
	t->contacts += n;
	for (i = 0; i < n; i++) {
		t->wismo += contact[i].topic == SYNTH_WISMO;
		t->on_late += contact[i].on_late;
		t->no_shipment += !contact[i].names_shipment;
	}
}

/* ,"name":v, without the comma at the beginning of an object. */
static void
member(struct buf *b, const char *name, uint64_t v)
{
	if (b->p[b->n - 1] != '{')
		buf_putc(b, ',');
	buf_printf(b, "\"%s\":", name);
	buf_uint(b, v);
}

/* v / 10^scale of a quotient, rounded half up; null when there is nothing to divide by. */
static void
quotient(struct buf *b, dec_int num, dec_int den, unsigned scale)
{
	struct dec d = { .scale = scale };
	dec_int p = 1;
	unsigned i = 0;

	if (den == 0) {
		buf_puts(b, "null");
		return;
	}
	for (i = 0; i < scale; i++)
		p *= 10;
	d.v = (2 * num * p + den) / (2 * den);
	b->n += dec_put(buf_room(b, DEC_MAX), d);
}

/* Quantile tenth/10 of the histogram, hours: inside a bucket by a straight line, the open one answers its lower bound. */
static void
lead_quantile(struct buf *b, const struct cell *c, unsigned tenth)
{
	uint64_t before = 0, want = c->delivered * tenth;	/* in tenths */
	size_t i = 0;

	while (i < BOUNDS && 10 * (before + c->lead[i]) < want)
		before += c->lead[i++];
	if (c->delivered == 0) {
		buf_puts(b, "null");
	} else if (i == BOUNDS) {
		buf_int(b, bound_h[BOUNDS - 1]);
	} else {
		int32_t lower = i > 0 ? bound_h[i - 1] : 0;
		dec_int n = (dec_int)c->lead[i] * 10;

		quotient(b, lower * n + (bound_h[i] - lower) * ((dec_int)want - 10 * (dec_int)before), n, 6);
	}
}

/* Greatest r with r * r <= x. */
static dec_int
root(dec_int x)
{
	dec_int r = (dec_int)1 << 62, y = 0;

	if (x <= 0)
		return 0;
	for (;;) {		/* Newton, from above */
		y = (r + x / r) / 2;
		if (y >= r)
			return r;
		r = y;
	}
}

/*
 * Wilson lower bound of missed / n at z = 1.96, in 10^-9:
 * (m + z^2/2 - z sqrt(m (n - m) / n + z^2/4)) / (n + z^2), all in fixed point.
 */
static int64_t
wilson(uint64_t missed, uint64_t n)
{
	dec_int e12 = (dec_int)1000000 * 1000000;
	dec_int under = (dec_int)missed * (dec_int)(n - missed) * e12 / (dec_int)n + (dec_int)960400 * 1000000;
	dec_int sqrt9 = root(under * 1000000);		/* 10^-9 */
	dec_int up = (dec_int)missed * 1000000000 + 1920800000 - sqrt9 * 196 / 100;

	return (int64_t)(up * 10000 / ((dec_int)n * 10000 + 38416));
}

static void
cell(struct buf *b, const struct cell *c)
{
	uint64_t judged = c->sla[SYNTH_SLA_MET] + c->sla[SYNTH_SLA_MISSED];
	const struct { const char *name; uint64_t v; } n[] = {
		{ "created", c->created }, { "accepted", c->accepted }, { "ready_for_pickup", c->ready },
		{ "out_for_delivery", c->out_for_delivery }, { "delivered", c->delivered },
		{ "delivered_late", c->delivered_late }, { "return_started", c->return_started },
		{ "returned", c->returned }, { "lost", c->lost }, { "cancelled", c->cancelled }, { "open", c->open },
		{ "attempts", c->attempts }, { "first_attempts", c->first_attempts },
		{ "first_attempt_ok", c->first_attempt_ok }, { "exceptions", c->exceptions },
		{ "exceptions_oltp", c->exceptions + c->cancelled },
		{ "first_exceptions", c->first_exceptions },
	};
	size_t i = 0;

	for (i = 0; i < sizeof n / sizeof n[0]; i++)
		member(b, n[i].name, n[i].v);
	buf_puts(b, ",\"revenue\":");
	quotient(b, (dec_int)c->revenue, 100, 2);
	buf_puts(b, ",\"sla\":{");
	member(b, "due", c->created - c->sla[SYNTH_SLA_NONE]);
	member(b, "met", c->sla[SYNTH_SLA_MET]);
	member(b, "missed", c->sla[SYNTH_SLA_MISSED]);
	member(b, "pending", c->sla[SYNTH_SLA_PENDING]);
	member(b, "at_risk", c->sla[SYNTH_SLA_AT_RISK]);
	member(b, "not_applicable", c->sla[SYNTH_SLA_NONE]);
	buf_puts(b, ",\"rate\":");
	quotient(b, (dec_int)c->sla[SYNTH_SLA_MET], (dec_int)judged, 6);
	buf_puts(b, "},\"lead\":{");
	member(b, "n", c->delivered);
	member(b, "sec_sum", c->lead_sec);
	buf_puts(b, ",\"mean_hours\":");
	quotient(b, (dec_int)c->lead_sec, (dec_int)c->delivered * 3600, 6);
	buf_puts(b, ",\"p50_hours\":");
	lead_quantile(b, c, 5);
	buf_puts(b, ",\"p90_hours\":");
	lead_quantile(b, c, 9);
	buf_puts(b, ",\"hist\":[");
	for (i = 0; i <= BOUNDS; i++) {
		if (i > 0)
			buf_putc(b, ',');
		buf_uint(b, c->lead[i]);
	}
	buf_puts(b, "]}");
}

static void
days(struct buf *b, const struct totals *t)
{
	char day[UTC_DAY_LEN];
	const char *sep = "";
	int32_t i = 0;

	buf_puts(b, "\"days\":[");
	for (i = 0; i <= t->last_day - t->first_day; i++) {
		if (t->created[i] + t->delivered[i] == 0)
			continue;
		(void)utc_put_day(day, t->first_day + i);
		buf_printf(b, "%s\n{\"day\":\"%.*s\"", sep, UTC_DAY_LEN, day);
		member(b, "created", t->created[i]);
		member(b, "delivered", t->delivered[i]);
		buf_putc(b, '}');
		sep = ",";
	}
	buf_puts(b, "]");
}

/* The region whose miss rate is surely the highest, and the client that pays most. */
static void
extremes(struct buf *b, const struct totals *t)
{
	size_t i = 0, worst = synth_ref_regions, top = 0;
	int64_t least = -1;

	for (i = 0; i < synth_ref_regions; i++) {
		const struct cell *c = &t->region[i];
		uint64_t n = c->sla[SYNTH_SLA_MET] + c->sla[SYNTH_SLA_MISSED];
		int64_t bound = n >= 30 ? wilson(c->sla[SYNTH_SLA_MISSED], n) : -1;

		if (bound > least) {
			least = bound;
			worst = i;
		}
	}
	for (i = 1; i < synth_ref_clients; i++)
		if (t->client[i].revenue > t->client[top].revenue)
			top = i;
	buf_puts(b, "\"worst_region\":");
	if (worst < synth_ref_regions) {
		const struct cell *c = &t->region[worst];

		buf_printf(b, "{\"region\":\"%s\"", synth_ref_region[worst].code);
		member(b, "n", c->sla[SYNTH_SLA_MET] + c->sla[SYNTH_SLA_MISSED]);
		member(b, "missed", c->sla[SYNTH_SLA_MISSED]);
		buf_puts(b, ",\"wilson_lower\":");
		quotient(b, least, 1000000000, 6);
		buf_puts(b, "}");
	} else {
		buf_puts(b, "null");
	}
	buf_printf(b, ",\n\"top_client\":{\"client_id\":%zu,\"name\":\"%s\",\"revenue\":", top + 1,
	    synth_ref_client[top].name);
	quotient(b, (dec_int)t->client[top].revenue, 100, 2);
	buf_puts(b, "}");
}

static void
messages(struct buf *b, const struct synth_world *w, const struct totals *t)
{
	uint64_t bad = 0;
	int k = 0;

	for (k = SYNTH_SEND_BAD; k < SYNTH_SEND_KINDS; k++)
		bad += t->kind[k];
	buf_puts(b, "\"faults\":{");
	for (k = 0; k < SYNTH_FAULTS; k++) {
		buf_printf(b, "%s\"%s\":", k ? "," : "", synth_send_fault[k]);
		quotient(b, w->ppm[k], 1000000, 6);
	}
	buf_puts(b, "},\n\"messages\":{");
	member(b, "written", t->sent);
	member(b, "events", t->events + t->kind[SYNTH_SEND_UNMAPPED]);
	member(b, "duplicates", t->kind[SYNTH_SEND_COPY]);
	member(b, "unmapped", t->kind[SYNTH_SEND_UNMAPPED]);
	member(b, "late", t->late);
	member(b, "disorder", t->disorder);
	member(b, "rejected", bad);
	buf_puts(b, ",\"rejects\":{");
	for (k = SYNTH_SEND_BAD; k < SYNTH_SEND_KINDS; k++)
		member(b, synth_send_code[k], t->kind[k]);
	buf_puts(b, "}}");
}

void
synth_truth_write(const struct synth_world *w, struct buf *b)
{
	struct totals t = { 0 };
	struct synth_plan p;
	char from[UTC_DAY_LEN], now[UTC_LEN];
	uint64_t n = 0;
	size_t i = 0;

	t.first_day = w->from - 1;
	t.last_day = utc_day_of(w->now) + 1;
	t.client = mem_alloc(synth_ref_clients * sizeof t.client[0]);
	t.carrier = mem_alloc(SYNTH_CARRIERS * sizeof t.carrier[0]);
	t.region = mem_alloc(synth_ref_regions * sizeof t.region[0]);
	t.created = mem_alloc((size_t)(t.last_day - t.first_day + 1) * sizeof t.created[0]);
	t.delivered = mem_alloc((size_t)(t.last_day - t.first_day + 1) * sizeof t.delivered[0]);
	for (n = 0; n < w->shipments; n++) {
		synth_plan_make(w, n, &p);
		shipment(w, &t, &p);
	}

	(void)utc_put_day(from, w->from);
	(void)utc_put(now, w->now);
	buf_printf(b, "{\"seed\":%llu,\"from\":\"%.*s\",\"days_n\":%d,\"now\":\"%.*s\",\n", (unsigned long long)w->seed,
	    UTC_DAY_LEN, from, (int)w->days, UTC_LEN, now);
	messages(b, w, &t);
	buf_puts(b, ",\n\"tables\":{");
	member(b, "clients", synth_ref_clients);
	member(b, "carriers", SYNTH_CARRIERS);
	member(b, "regions", synth_ref_regions);
	member(b, "shipments", w->shipments);
	member(b, "shipment_events", t.events);
	member(b, "integrations_log", t.attempts);
	member(b, "support_contacts", t.contacts);
	member(b, "cancelled", t.all.cancelled);
	buf_puts(b, "},\n");
	buf_puts(b, "\"totals\":{");
	cell(b, &t.all);
	buf_puts(b, "},\n\"carriers\":[");
	for (i = 0; i < SYNTH_CARRIERS; i++) {
		buf_printf(b, "%s\n{\"carrier_id\":%zu,\"carrier\":\"%s\"", i ? "," : "", i + 1,
		    synth_ref_carrier[i].code);
		cell(b, &t.carrier[i]);
		buf_putc(b, '}');
	}
	buf_puts(b, "],\n\"clients\":[");
	for (i = 0; i < synth_ref_clients; i++) {
		buf_printf(b, "%s\n{\"client_id\":%zu,\"name\":\"%s\"", i ? "," : "", i + 1,
		    synth_ref_client[i].name);
		cell(b, &t.client[i]);
		buf_putc(b, '}');
	}
	buf_puts(b, "],\n\"regions\":[");
	for (i = 0; i < synth_ref_regions; i++) {
		buf_printf(b, "%s\n{\"region\":\"%s\"", i ? "," : "", synth_ref_region[i].code);
		cell(b, &t.region[i]);
		buf_putc(b, '}');
	}
	buf_puts(b, "],\n");
	days(b, &t);
	buf_puts(b, ",\n");
	extremes(b, &t);
	buf_puts(b, ",\n\"integrations\":{");
	member(b, "attempts", t.attempts);
	member(b, "calls", t.calls);
	member(b, "ok", t.calls_ok);
	member(b, "retries", t.calls_retried);
	buf_puts(b, "},\n\"support\":{");
	member(b, "contacts", t.contacts);
	member(b, "wismo", t.wismo);
	member(b, "on_late", t.on_late);
	member(b, "no_shipment", t.no_shipment);
	buf_puts(b, "}\n}\n");
	free(t.client);
	free(t.carrier);
	free(t.region);
	free(t.created);
	free(t.delivered);
}
