/* From planned events to records on the topic, faults included. */
#include <string.h>

#include "base/dec.h"
#include "parcel/synth_rand.h"
#include "parcel/synth_send.h"

#define MINUTE INT64_C(60000)
#define HOUR INT64_C(3600000)
#define STREAM_FAULT 16		/* and the next ones, one a fault */
#define STREAM_PRODUCE 9

const char *const synth_send_fault[SYNTH_FAULTS] = { "duplicates", "disorder", "late", "unmapped", "malformed" };
static const uint32_t usual_ppm[SYNTH_FAULTS] = { 20000, 50000, 8000, 3000, 200 };

const char *const synth_send_code[SYNTH_SEND_KINDS] = {
	NULL, NULL, NULL, "json", "utf8", "schema", "missing", "carrier", "time", "time_range", "range", "enum",
};

static int64_t
seconds(struct synth_rand *r, int64_t lo, int64_t hi)
{
	return synth_rand_range(r, lo / 1000, hi / 1000) * 1000 + synth_rand_below(r, 1000);
}

/* Puts one more in its place by at; what is received after now has not come. */
static size_t
insert(const struct synth_world *w, struct synth_send *send, size_t n, struct synth_send s,
    struct synth_rand *produce)
{
	size_t i = n;

	if (n == SYNTH_SENDS)
		return n;
	/* a producer is quick but for one in a hundred */
	s.at = s.received + 1 + synth_rand_below(produce, 60);
	if (synth_rand_chance(produce, 10000))
		s.at += synth_rand_below(produce, 20000);
	if (s.at > w->now)
		s.at = w->now;
	while (i > 0 && send[i - 1].at > s.at) {
		send[i] = send[i - 1];
		i--;
	}
	send[i] = s;
	return n + 1;
}

size_t
synth_send_make(const struct synth_world *w, const struct synth_plan *p, struct synth_send send[SYNTH_SENDS])
{
	struct synth_rand r[SYNTH_FAULTS], produce = synth_rand_of(w->seed, STREAM_PRODUCE, p->number);
	size_t n = 0;
	unsigned i = 0;

	for (i = 0; i < SYNTH_FAULTS; i++)
		r[i] = synth_rand_of(w->seed, STREAM_FAULT + i, p->number);
	for (i = 0; i < p->visible; i++) {
		const struct synth_event *e = &p->event[i];
		struct synth_send s = { .received = e->at + e->lag, .event = (uint8_t)i };
		int64_t t = s.received;

		if (e->edd == 0 && synth_rand_chance(&r[SYNTH_LATE], w->ppm[SYNTH_LATE])) {
			t += seconds(&r[SYNTH_LATE], 25 * HOUR, 140 * HOUR);
			s.is_late = t <= w->now;
		} else if (e->edd == 0 && synth_rand_chance(&r[SYNTH_DISORDER], w->ppm[SYNTH_DISORDER])) {
			t += seconds(&r[SYNTH_DISORDER], 10 * MINUTE, 9 * HOUR);
			s.is_disorder = t <= w->now;
		}
		if (t <= w->now)
			s.received = t;
		n = insert(w, send, n, s, &produce);
		if (synth_rand_chance(&r[SYNTH_DUPLICATES], w->ppm[SYNTH_DUPLICATES])) {
			struct synth_send copy = { .event = s.event, .kind = SYNTH_SEND_COPY };

			copy.received = s.received + (synth_rand_chance(&r[SYNTH_DUPLICATES], 700000) ?
			    seconds(&r[SYNTH_DUPLICATES], 1000, 120000) :
			    seconds(&r[SYNTH_DUPLICATES], HOUR, 40 * HOUR));
			if (copy.received <= w->now)
				n = insert(w, send, n, copy, &produce);
		}
		if (synth_rand_chance(&r[SYNTH_UNMAPPED], w->ppm[SYNTH_UNMAPPED])) {
			struct synth_send more = { .event = s.event, .kind = SYNTH_SEND_UNMAPPED };

			more.received = e->at + e->lag + 45000;
			if (more.received <= w->now)
				n = insert(w, send, n, more, &produce);
		}
		if (synth_rand_chance(&r[SYNTH_MALFORMED], w->ppm[SYNTH_MALFORMED])) {
			struct synth_send bad = { .event = s.event };

			bad.kind = (uint8_t)(SYNTH_SEND_BAD +
			    synth_rand_below(&r[SYNTH_MALFORMED], SYNTH_SEND_KINDS - SYNTH_SEND_BAD));
			bad.received = e->at + e->lag + 5000;
			if (bad.received <= w->now)
				n = insert(w, send, n, bad, &produce);
		}
	}
	return n;
}

static int
share(struct slice s, uint32_t *ppm)
{
	struct dec d = { 0 };
	int64_t v = 0;
	unsigned scale = 6;

	if (s.n > 0 && s.p[s.n - 1] == '%') {
		s.n--;
		scale = 4;
	}
	if (dec_parse(s, &d) == -1 || dec_scaled(d, scale, &v) == -1 || v < 0 || v > 1000000)
		return -1;
	*ppm = (uint32_t)v;
	return 0;
}

int
synth_send_faults(struct slice list, uint32_t ppm[SYNTH_FAULTS], struct err *e)
{
	memset(ppm, 0, SYNTH_FAULTS * sizeof ppm[0]);
	if (slice_eq(list, SLICE("none")))
		return 0;
	for (;;) {
		const char *comma = list.n ? memchr(list.p, ',', list.n) : NULL;
		struct slice item = { list.p, comma ? (size_t)(comma - list.p) : list.n };
		const char *eq = item.n ? memchr(item.p, '=', item.n) : NULL;
		struct slice name = { item.p, eq ? (size_t)(eq - item.p) : item.n };
		char shown[64];
		unsigned i = 0;

		if (slice_eq(item, SLICE("all"))) {
			memcpy(ppm, usual_ppm, sizeof usual_ppm);
		} else {
			while (i < SYNTH_FAULTS && !slice_eq(name, slice_of(synth_send_fault[i])))
				i++;
			if (i == SYNTH_FAULTS)
				return err_set(e, EX_USAGE, "--faults: no such fault: \"%s\"",
				    err_show(shown, sizeof shown, name.p, name.n));
			ppm[i] = usual_ppm[i];
			if (eq != NULL && share((struct slice){ eq + 1, item.n - name.n - 1 }, &ppm[i]) == -1)
				return err_set(e, EX_USAGE, "--faults: not a share: \"%s\" (0.02, 2%%)",
				    err_show(shown, sizeof shown, item.p, item.n));
		}
		if (comma == NULL)
			return 0;
		list.n -= item.n + 1;
		list.p = comma + 1;
	}
}
