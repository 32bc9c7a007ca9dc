/*
 * A document and reference rows to the members that wb-enrich owns:
 *
 *	the events once: steps, and the carrier that the newest one names
 *	attributes and what hangs on them: client, carrier, zones
 *	local days and differences of the milestones, contacts
 */
#include "parcel/enrich.h"

#include "base/num.h"
#include "base/utc.h"
#include "parcel/event.h"
#include "rec/field.h"

#define FIXED 8192		/* bytes of the members that are no steps */
#define NEVER INT64_MIN

enum { AT, DAY, STATUS, STATE, REASON, ATTEMPT, COURIER, REGION };	/* of step[] */

void
enrich_init(struct enrich *x, const struct refs *refs, int bare)
{
	*x = (struct enrich){ .refs = refs, .bare = bare };
	doc_init(&x->doc);
	(void)buf_room(&x->fixed, FIXED);
}

void
enrich_fini(struct enrich *x)
{
	int i;

	doc_fini(&x->doc);
	buf_fini(&x->fixed);
	buf_fini(&x->text);
	for (i = 0; i < ENRICH_STEPS; i++)
		buf_fini(&x->step[i]);
	*x = (struct enrich){ 0 };
}

/* ---- writing a member: its text lies in x->fixed */

static void
own(struct enrich *x, enum doc_member i, char *end)
{
	char *begin = x->fixed.p + x->fixed.n;

	x->doc.own[i] = (struct slice){ begin, (size_t)(end - begin) };
	x->fixed.n += (size_t)(end - begin);
}

static char *
room(struct enrich *x)
{
	return x->fixed.p + x->fixed.n;
}

static void
own_text(struct enrich *x, enum doc_member i, struct slice s)
{
	own(x, i, json_quote(room(x), s));
}

static void
own_int(struct enrich *x, enum doc_member i, int64_t v)
{
	own(x, i, room(x) + num_put_i64(room(x), v));
}

static void
own_bool(struct enrich *x, enum doc_member i, int v)
{
	x->doc.own[i] = v ? SLICE("true") : SLICE("false");
}

static void
own_null(struct enrich *x, enum doc_member i)
{
	x->doc.own[i] = SLICE("null");
}

static void
own_time(struct enrich *x, enum doc_member i, int64_t ms)
{
	if (ms == NEVER)
		own_null(x, i);
	else
		own(x, i, utc_quote(room(x), ms));
}

static void
own_day(struct enrich *x, enum doc_member i, const struct zone *z, int64_t ms)
{
	if (ms == NEVER)
		own_null(x, i);
	else
		own(x, i, utc_quote_day(room(x), zone_day(z, ms)));
}

/* Whole seconds from a to b, each cut to the second, within 32 bits. */
static void
own_seconds(struct enrich *x, enum doc_member i, int64_t a, int64_t b)
{
	int64_t sec;

	if (a == NEVER || b == NEVER) {
		own_null(x, i);
		return;
	}
	sec = utc_sec(b) - utc_sec(a);
	own_int(x, i, sec > INT32_MAX ? INT32_MAX : sec < INT32_MIN ? INT32_MIN : sec);
}

static void
own_promise(struct enrich *x, enum doc_member i, enum promise kind, int64_t v)
{
	if (kind == PROMISE_NONE)
		own_text(x, i, SLICE(""));
	else if (kind == PROMISE_DAY)
		own(x, i, utc_quote_day(room(x), (int32_t)v));
	else
		own(x, i, utc_quote(room(x), v));
}

/* ---- the events */

/* Members of an event that matter here. */
enum { E_TIME, E_CARRIER, E_CARRIER_ID, E_STATUS, E_REASON, E_COURIER, E_REGION, E_STATE, E_MARK, E_ATTEMPT, E_N };

static const struct {
	struct slice name;
	int i;
} event_member[] = {
	{ { "event_time", 10 }, E_TIME }, { { "carrier", 7 }, E_CARRIER }, { { "carrier_id", 10 }, E_CARRIER_ID },
	{ { "status", 6 }, E_STATUS }, { { "reason", 6 }, E_REASON }, { { "courier_id", 10 }, E_COURIER },
	{ { "region_code", 11 }, E_REGION }, { { "state", 5 }, E_STATE }, { { "mark", 4 }, E_MARK },
	{ { "attempt", 7 }, E_ATTEMPT },
};

struct event {
	struct json_member member[E_N];
	const struct json_member *slot[E_N];	/* or NULL */
};

static void
read_event(struct json_walk *w, struct event *e)
{
	struct json_member m;
	size_t i;

	memset(e->slot, 0, sizeof e->slot);
	while (json_next(w, &m))
		for (i = 0; i < E_N; i++)
			if (m.name_escaped ? json_named(&m, event_member[i].name) : slice_eq(m.name, event_member[i].name)) {
				e->member[event_member[i].i] = m;
				e->slot[event_member[i].i] = &e->member[event_member[i].i];
				break;
			}
}

/* As field_text(), unescaped in x->text: it lives until the next one. */
static int
text(struct enrich *x, const struct json_member *m, const char *name, struct slice *s, struct fault *f)
{
	return field_text(m, name, 128, buf_room(&x->text, m ? m->v.raw.n : 0), s, f);
}

/* The carrier that events name: of the newest one, and of one that has the id that is asked for. */
struct named {
	uint32_t asked;
	uint32_t id;
	struct slice code, code_of_asked;	/* as they stand, with quotes */
};

/* Adds an element to a list of the steps. */
static void
step(struct enrich *x, int i, struct slice s)
{
	buf_putc(&x->step[i], x->step[i].n == 0 ? '[' : ',');
	buf_slice(&x->step[i], s);
}

static void
step_member(struct enrich *x, int i, const struct json_member *m, struct slice none)
{
	step(x, i, m != NULL && m->v.type == JSON_STRING && m->v.raw.n > 2 ? m->v.raw : none);
}

static int
one_event(struct enrich *x, const struct event *e, const struct zone *zone, struct slice dest, struct named *named, struct fault *f)
{
	struct slice mark, status, reason, courier, carrier, ignored;
	int64_t at = 0, attempt = 0, carrier_id = 0;
	char buf[2 + UTC_LEN];
	int rc, fault, absorbed;

	if (text(x, e->slot[E_MARK], "events.mark", &mark, f) == -1)
		return -1;
	if (slice_eq(mark, SLICE("void")))
		return 0;
	absorbed = slice_eq(mark, SLICE("absorbed"));
	if (text(x, e->slot[E_CARRIER], "events.carrier", &carrier, f) == -1 ||
	    field_int(e->slot[E_CARRIER_ID], "events.carrier_id", 0, UINT32_MAX, &carrier_id, f) == -1)
		return -1;
	if (carrier.n > 0 && !slice_eq(carrier, SLICE("none"))) {
		named->id = (uint32_t)carrier_id;
		named->code = e->slot[E_CARRIER]->v.raw;
		if (carrier_id == named->asked)
			named->code_of_asked = named->code;
	}
	if (absorbed)
		return 0;
	if (text(x, e->slot[E_REASON], "events.reason", &reason, f) == -1)
		return -1;
	fault = reason.n > 0 && !(reason.n > 7 && memcmp(reason.p, "detail.", 7) == 0);
	if (field_int(e->slot[E_ATTEMPT], "events.attempt", 0, UINT8_MAX, &attempt, f) == -1 ||
	    text(x, e->slot[E_COURIER], "events.courier_id", &courier, f) == -1)
		return -1;
	if ((rc = text(x, e->slot[E_STATUS], "events.status", &status, f)) <= 0)
		return rc == 0 ? field_missing("events.status", f) : -1;
	if (!slice_eq(status, SLICE("out_for_delivery")) && attempt == 0 && !fault && courier.n == 0)
		return 0;
	if ((rc = field_time(e->slot[E_TIME], "events.event_time", &at, f)) <= 0)
		return rc == 0 ? field_missing("events.event_time", f) : -1;
	if ((rc = text(x, e->slot[E_STATE], "events.state", &ignored, f)) <= 0)
		return rc == 0 ? field_missing("events.state", f) : -1;
	if (text(x, e->slot[E_REGION], "events.region_code", &ignored, f) == -1)
		return -1;
	step(x, AT, (struct slice){ buf, (size_t)(utc_quote(buf, at) - buf) });
	step(x, DAY, (struct slice){ buf, (size_t)(utc_quote_day(buf, zone_day(zone, at)) - buf) });
	step(x, STATUS, e->slot[E_STATUS]->v.raw);
	step(x, STATE, e->slot[E_STATE]->v.raw);
	step_member(x, REASON, e->slot[E_REASON], SLICE("\"\""));
	step(x, ATTEMPT, (struct slice){ buf, num_put_i64(buf, attempt) });
	step_member(x, COURIER, e->slot[E_COURIER], SLICE("\"\""));
	step_member(x, REGION, e->slot[E_REGION], dest);
	return 0;
}

/* The steps, and who carried; dest is what stands for a step without a region. */
static int
events(struct enrich *x, const struct zone *zone, struct slice dest, struct named *named, struct fault *f)
{
	const struct json_member *m = x->doc.slot[DOC_EVENTS_];
	struct json_walk w, inner;
	struct event event;
	int64_t events_n = 0;
	size_t i;
	int rc;

	for (i = 0; i < ENRICH_STEPS; i++)
		buf_clear(&x->step[i]);
	if (field_int(x->doc.slot[DOC_EVENTS_N_], "events_n", 0, INT64_MAX, &events_n, f) == -1)
		return -1;
	if (m == NULL || m->v.type == JSON_NULL) {
		if (events_n > 0)	/* as a row of fct_shipment: its steps would be lost */
			return fault_set(f, "missing", "events", "a document without its %lld events", (long long)events_n);
	} else if (m->v.type != JSON_ARRAY) {
		return fault_set(f, "type", "events", "not an array");
	} else {
		json_enter(&w, &m->v);
		while ((rc = json_step_in(&w, &inner)) != 0) {
			if (rc == -1 || !inner.object)
				return fault_set(f, "type", "events", "not an array of objects");
			read_event(&inner, &event);
			json_step_out(&w, &inner);
			if (one_event(x, &event, zone, dest, named, f) == -1)
				return -1;
		}
	}
	for (i = 0; i < ENRICH_STEPS; i++) {
		buf_puts(&x->step[i], x->step[i].n == 0 ? "[]" : "]");
		x->doc.own[DOC_STEP_AT_ + i] = buf_as_slice(&x->step[i]);
	}
	return 0;
}

/* ---- the document */

/* The milestones that have a local day, and the day's member. */
static const struct {
	enum doc_member at, day;
	int origin;		/* in the zone of the origin, else of the destination */
} local[] = {
	{ DOC_ACCEPTED_AT_, DOC_ACCEPTED_DAY_, 1 },
	{ DOC_FIRST_ATTEMPT_AT_, DOC_FIRST_ATTEMPT_DAY_, 0 },
	{ DOC_READY_AT_, DOC_READY_DAY_, 0 },
	{ DOC_DELIVERED_AT_, DOC_DELIVERED_DAY_, 0 },
	{ DOC_RETURN_STARTED_AT_, DOC_RETURN_STARTED_DAY_, 0 },
	{ DOC_RETURNED_AT_, DOC_RETURNED_DAY_, 0 },
	{ DOC_LOST_AT_, DOC_LOST_DAY_, 0 },
	{ DOC_CANCELLED_AT_, DOC_CANCELLED_DAY_, 0 },
	{ DOC_FIRST_EXCEPTION_AT_, DOC_FIRST_EXCEPTION_DAY_, 0 },
	{ DOC_DAMAGED_AT_, DOC_DAMAGED_DAY_, 0 },
};

static int
get_time(const struct doc *d, enum doc_member i, int64_t *ms, struct fault *f)
{
	int rc = field_time(d->slot[i], doc_name[i], ms, f);

	if (rc == 0)
		*ms = NEVER;
	return rc;
}

static int
days(struct enrich *x, const struct zone *origin, const struct zone *dest, int64_t created, struct fault *f)
{
	int64_t ms, accepted = NEVER, delivered = NEVER;
	size_t i;

	own_day(x, DOC_CREATED_DAY_, origin, created);
	for (i = 0; i < sizeof local / sizeof *local; i++) {
		if (get_time(&x->doc, local[i].at, &ms, f) == -1)
			return -1;
		own_day(x, local[i].day, local[i].origin ? origin : dest, ms);
		if (local[i].at == DOC_ACCEPTED_AT_)
			accepted = ms;
		else if (local[i].at == DOC_DELIVERED_AT_)
			delivered = ms;
	}
	own_seconds(x, DOC_LEAD_SEC_, created, delivered);
	own_seconds(x, DOC_TRANSIT_SEC_, accepted, delivered);
	return 0;
}

/* The region's row; none counts as unknown when rows are there. */
static const struct ref_region *
region(struct enrich *x, struct slice code)
{
	const struct ref_region *r = code.n > 0 ? refs_find_region(x->refs, code) : NULL;

	x->unknown_region += code.n > 0 && r == NULL && x->refs->regions.n > 0;
	return r;
}

static void
client(struct enrich *x, const struct ref_shipment *s)
{
	const struct ref_version *v = s->client != 0 ? refs_find_client(x->refs, s->client, s->created) : NULL;

	x->unknown_client += s->client != 0 && v == NULL && x->refs->clients.n > 0;
	own_int(x, DOC_CLIENT_ID_, s->client);
	own_text(x, DOC_CLIENT_TIER_, v ? refs_word(x->refs, v->tier) : SLICE(""));
	own_text(x, DOC_CLIENT_SEGMENT_, v ? refs_word(x->refs, v->segment) : SLICE(""));
}

/* The attribute's carrier, else that of the newest event. */
static void
carrier(struct enrich *x, const struct ref_shipment *s, const struct named *named)
{
	uint32_t id = s->carrier != 0 ? s->carrier : named->id;
	struct slice code = refs_find_carrier(x->refs, id);	/* none has id 0 */

	own_int(x, DOC_CARRIER_ID_, id);
	if (code.p != NULL) {
		own_text(x, DOC_CARRIER_, code);
		return;
	}
	code = s->carrier != 0 ? named->code_of_asked : named->code;
	if (code.p == NULL) {
		x->unknown_carrier += id != 0 && x->refs->carriers.n > 0;
		code = id != 0 ? SLICE("\"\"") : SLICE("\"none\"");
	}
	x->doc.own[DOC_CARRIER_] = code;
}

static void
contacts(struct enrich *x, struct slice id)
{
	const struct ref_contacts *c = refs_find_contacts(x->refs, id);

	own_int(x, DOC_CONTACTS_N_, c == NULL ? 0 : c->n < UINT16_MAX ? c->n : UINT16_MAX);
	own_int(x, DOC_WISMO_N_, c == NULL ? 0 : c->wismo < UINT16_MAX ? c->wismo : UINT16_MAX);
	own_time(x, DOC_LAST_CONTACT_AT_, c ? c->last : NEVER);
}

int
enrich(struct enrich *x, const struct json *j, struct fault *f)
{
	static const struct ref_shipment none = { .created = NEVER, .text = "0", .price_n = 1 };
	const struct refs *r = x->refs;
	const struct ref_shipment *s;
	const struct ref_region *from, *to;
	struct named named = { 0 };
	const struct zone *zone;
	struct slice id;
	int rc;

	x->fixed.n = 0;
	doc_pick(&x->doc, j);
	if (x->doc.rest_n > sizeof x->doc.rest / sizeof *x->doc.rest)
		return fault_set(f, "unknown", "", "%zu members that a document does not have", x->doc.rest_n);
	rc = text(x, x->doc.slot[DOC_SHIPMENT_ID_], "shipment_id", &id, f);
	if (rc <= 0)
		return rc == 0 ? field_missing("shipment_id", f) : -1;
	s = refs_find_shipment(r, id);
	if (s == NULL && !x->bare)
		return ENRICH_ORPHAN;
	contacts(x, id);	/* id may lie in x->text */
	if (s == NULL)
		s = &none;

	from = region(x, refs_shipment_word(r, s->origin));
	to = region(x, refs_shipment_word(r, s->dest));
	zone = to ? to->zone : zone_utc();
	own_text(x, DOC_DEST_REGION_, refs_shipment_word(r, s->dest));
	named.asked = s->carrier;
	if (events(x, zone, x->doc.own[DOC_DEST_REGION_], &named, f) == -1 ||
	    days(x, from ? from->zone : zone_utc(), zone, s->created, f) == -1)
		return -1;
	client(x, s);
	carrier(x, s, &named);
	own_text(x, DOC_TRACKING_NUMBER_, ref_tracking(s));
	own_text(x, DOC_SERVICE_CODE_, refs_shipment_word(r, s->service));
	own_text(x, DOC_DELIVERY_MODE_, refs_shipment_word(r, s->mode));
	own_text(x, DOC_ORIGIN_REGION_, refs_shipment_word(r, s->origin));
	own_text(x, DOC_ORIGIN_TZ_, from ? refs_word(r, from->tz) : SLICE(""));
	own_text(x, DOC_DEST_TZ_, to ? refs_word(r, to->tz) : SLICE(""));
	own_bool(x, DOC_DEST_REMOTE_, to != NULL && to->remote);
	x->doc.own[DOC_PRICE_] = ref_price(s);
	own_int(x, DOC_WEIGHT_G_, s->weight);
	own_int(x, DOC_PIECES_, s->pieces);
	own_promise(x, DOC_PROMISE_FIRST_, s->first_kind != PROMISE_NONE ? s->first_kind : s->now_kind,
	    s->first_kind != PROMISE_NONE ? s->first : s->now);
	own_promise(x, DOC_PROMISE_NOW_, s->now_kind, s->now);
	own_time(x, DOC_CREATED_AT_, s->created);
	return ENRICH_DONE;
}
