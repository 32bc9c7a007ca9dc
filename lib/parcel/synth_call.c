/* The integration log: which calls a shipment causes, and how they fare. */
#include "base/utc.h"
#include "parcel/synth_call.h"
#include "parcel/synth_rand.h"

#define STREAM_CALL 4
#define ATTEMPTS 4

const char *const synth_call_operation[4] = { "create_label", "cancel", "track", "webhook" };
const char *const synth_call_outcome[7] = { "ok", "client_error", "server_error", "timeout", "auth_error",
    "rate_limited", "schema_error" };

static const int32_t duration_ms[] = { 12, 28, 45, 60, 78, 95, 120, 150, 190, 240, 330, 520, 900, 1900, 6800 };
static const uint16_t fault[7] = { 0, 18, 34, 26, 4, 12, 6 };		/* by outcome, in 100 */
static const uint16_t http[7] = { 200, 422, 503, 0, 401, 429, 200 };

/* A bad morning: every ninth day the interface of one carrier after the other is down. */
static int
is_incident(const struct synth_plan *p, int64_t ts)
{
	int32_t day = utc_day_of(ts), minute = (int32_t)((utc_sec(ts) - day * INT64_C(86400)) / 60);

	return day % 9 == p->carrier && minute >= 7 * 60 && minute < 9 * 60 + 30;
}

/* One call with its retries, from row n on; a call that is not over by now is not logged. */
static size_t
call(const struct synth_world *w, const struct synth_plan *p, struct synth_rand *r, struct synth_call *c,
    size_t n, enum synth_operation op, int64_t ts)
{
	unsigned request = n ? c[n - 1].request + 1u : 0, attempt = 1;
	size_t first = n;

	for (attempt = 1; n < SYNTH_CALLS; attempt++) {
		uint32_t bad = is_incident(p, ts) ? 600000 : 14000;
		struct synth_call *x = &c[n];

		*x = (struct synth_call){
			.ts = ts, .request = (uint8_t)request, .attempt = (uint8_t)attempt, .operation = (uint8_t)op,
		};
		x->duration = (uint32_t)SYNTH_RAND_OF(r, duration_ms);
		if (synth_rand_chance(r, bad))
			x->outcome = (uint8_t)synth_rand_pick(r, fault, 100);
		x->http = http[x->outcome];
		if (x->outcome == SYNTH_TIMEOUT)
			x->duration = 30000;
		if (ts + x->duration > w->now)
			return first;
		n++;
		if (op == SYNTH_WEBHOOK || attempt == ATTEMPTS ||
		    !(x->outcome == SYNTH_SERVER_ERROR || x->outcome == SYNTH_TIMEOUT || x->outcome == SYNTH_RATE_LIMITED))
			break;
		ts += x->duration + (INT64_C(15000) << attempt) + synth_rand_below(r, 2000);
	}
	c[n - 1].is_last = 1;
	return n;
}

size_t
synth_call_make(const struct synth_world *w, const struct synth_plan *p, struct synth_call c[SYNTH_CALLS])
{
	struct synth_rand r = synth_rand_of(w->seed, STREAM_CALL, p->number);
	int polled = p->carrier == SYNTH_RUSSIAN_POST || p->carrier == SYNTH_BOXBERRY || p->carrier == SYNTH_DPD_RU;
	size_t n = 0;
	unsigned i = 0;

	n = call(w, p, &r, c, n, SYNTH_CREATE_LABEL, p->created_at + synth_rand_below(&r, 900));
	for (i = 1; i < p->visible && n + ATTEMPTS <= SYNTH_CALLS; i++) {
		const struct synth_event *e = &p->event[i];

		if (synth_plan_step(e) == SYNTH_CANCEL)
			n = call(w, p, &r, c, n, SYNTH_CANCEL_LABEL, e->at - 1500);
		else if (synth_rand_chance(&r, 400000))
			n = call(w, p, &r, c, n, polled ? SYNTH_TRACK : SYNTH_WEBHOOK, e->at + e->lag - 200);
	}
	return n;
}
