/* Who calls support, when and why. */
#include "base/utc.h"
#include "parcel/synth_contact.h"
#include "parcel/synth_rand.h"

#define HOUR INT64_C(3600000)
#define STREAM_CONTACT 3

const char *const synth_contact_topic[10] = { "wismo", "address_change", "reschedule", "damage", "lost",
    "not_received", "refund", "cod", "complaint", "other" };
const char *const synth_contact_channel[6] = { "phone", "chat", "email", "form", "social", "other" };

static const uint16_t topic_late[10] = { 64, 2, 5, 2, 5, 4, 7, 1, 9, 1 };
static const uint16_t topic_usual[10] = { 30, 14, 14, 8, 1, 7, 8, 7, 5, 6 };
static const uint16_t channel_weight[6] = { 34, 41, 13, 7, 4, 1 };
static const int32_t reply_sec[] = { 8, 20, 40, 70, 110, 180, 320, 600, 1300, 3600, 10800, 30000, 90000 };
static const int32_t resolve_sec[] = { 90, 240, 500, 900, 1800, 3600, 8000, 16000, 40000, 90000, 260000 };

size_t
synth_contact_make(const struct synth_world *w, const struct synth_plan *p, const struct synth_fate *f,
    struct synth_contact c[SYNTH_CONTACTS])
{
	struct synth_rand r = synth_rand_of(w->seed, STREAM_CONTACT, p->number);
	enum synth_sla sla = synth_plan_sla(w, p, f);
	int64_t stop = f->delivered, t = 0;
	size_t n = 0, i = 0;
	int late = sla == SYNTH_SLA_MISSED && p->due + 2 * HOUR < (stop ? stop : w->now);

	if (!synth_rand_chance(&r, late ? 270000 : 21000))
		return 0;
	t = p->created_at;
	if (late && synth_rand_chance(&r, 800000)) {
		int64_t end = stop && stop < p->due + 96 * HOUR ? stop : p->due + 96 * HOUR;

		t = p->due + synth_rand_range(&r, 600, (end - p->due) / 1000) * 1000;
	} else {
		t += synth_rand_range(&r, 3600, 6 * 86400) * 1000;
	}
	n = synth_rand_chance(&r, 220000) ? (size_t)synth_rand_range(&r, 2, SYNTH_CONTACTS) : 1;
	for (i = 0; i < n; i++) {
		struct synth_contact *x = &c[i];

		*x = (struct synth_contact){ .opened = t + synth_rand_below(&r, 1000), .names_shipment = 1 };
		x->on_late = p->due != 0 && sla != SYNTH_SLA_NONE && utc_sec(p->due) < utc_sec(x->opened) &&
		    (stop == 0 || utc_sec(stop) > utc_sec(x->opened));
		x->topic = (uint8_t)synth_rand_pick(&r, x->on_late ? topic_late : topic_usual, 100);
		x->channel = (uint8_t)synth_rand_pick(&r, channel_weight, 100);
		if (synth_rand_chance(&r, 25000))
			x->names_shipment = x->on_late = 0;
		x->reply = x->opened + SYNTH_RAND_OF(&r, reply_sec) * 1000;
		x->resolved = x->reply + SYNTH_RAND_OF(&r, resolve_sec) * 1000;
		x->reopened = synth_rand_chance(&r, 40000);
		if (synth_rand_chance(&r, 330000))
			x->csat = (uint8_t)(x->on_late ? synth_rand_range(&r, 1, 4) : synth_rand_range(&r, 3, 5));
		if (x->opened > w->now)
			return i;
		if (x->reply > w->now)
			x->reply = 0;
		if (x->resolved > w->now)
			x->resolved = x->csat = 0;
		t += synth_rand_range(&r, 3600, 40 * 3600) * 1000;
	}
	return n;
}
