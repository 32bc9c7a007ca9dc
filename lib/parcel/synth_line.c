/* Messages and rows of the synthetic platform as NDJSON. */
#include <string.h>

#include "base/num.h"
#include "base/utc.h"
#include "parcel/synth_line.h"
#include "parcel/synth_rand.h"

#define STREAM_PLACE 5		/* of an event: depot, coordinates */
#define STREAM_PARTITION 6

#define LIT(d, s) ((char *)memcpy((d), "" s, sizeof(s) - 1) + sizeof(s) - 1)

static char *
text(char *d, const char *s)
{
	size_t n = strlen(s);

	memcpy(d, s, n);
	return d + n;
}

static char *
number(char *d, uint64_t v)
{
	return d + num_put_u64(d, v);
}

static char *
integer(char *d, int64_t v)
{
	return d + num_put_i64(d, v);
}

/* Exactly n digits, more when v needs them. */
static char *
digits(char *d, uint64_t v, unsigned n)
{
	char t[NUM_MAX];
	size_t have = num_put_u64(t, v);

	for (; have < n; n--)
		*d++ = '0';
	memcpy(d, t, have);
	return d + have;
}

/* v / 10^scale */
static char *
decimal(char *d, int64_t v, unsigned scale)
{
	uint64_t u = (uint64_t)(v < 0 ? -v : v), p = 1;
	unsigned i = 0;

	for (i = 0; i < scale; i++)
		p *= 10;
	if (v < 0)
		*d++ = '-';
	d = number(d, u / p);
	*d++ = '.';
	return digits(d, u % p, scale);
}

static char *
instant(char *d, int64_t ms)
{
	d = utc_quote(d, ms);
	return d;
}

/* Time or null. */
static char *
instant0(char *d, int64_t ms)
{
	return ms ? instant(d, ms) : LIT(d, "null");
}

static char *
day0(char *d, int32_t day)
{
	if (day == 0)
		return LIT(d, "null");
	d = utc_quote_day(d, day);
	return d;
}

static char *
shipment_id(char *d, const struct synth_plan *p)
{
	*d++ = 'S';
	return digits(d, p->number + 1, 9);
}

static char *
event_id(char *d, const struct synth_plan *p, unsigned event)
{
	d = text(d, synth_ref_carrier[p->carrier].code);
	*d++ = '-';
	d = digits(d, p->number + 1, 10);
	*d++ = '-';
	return digits(d, event + 1, 2);
}

static char *
tracking_number(char *d, const struct synth_plan *p)
{
	static const char *const prefix[SYNTH_CARRIERS] = { "15", "8008", "RU07", "BBX", "5P0", "YD-", "47",
	    "1Z9A7E0368", "62000075014770" };

	d = text(d, prefix[p->carrier]);
	return digits(d, p->number * 7 + 1013, 10);
}

static char *
src(char *d, const char *topic, unsigned partition, uint64_t offset, int64_t ts)
{
	d = LIT(d, "{\"_src\":[\"");
	d = text(d, topic);
	d = LIT(d, "\",");
	d = number(d, partition);
	*d++ = ',';
	d = number(d, offset);
	*d++ = ',';
	d = integer(d, ts);
	return LIT(d, ",0]");
}

/* Local time with 0, 3 or 6 digits of a second. */
static char *
local_time(char *d, int64_t local, char between, unsigned fraction, unsigned micro)
{
	char t[UTC_LEN];

	(void)utc_put(t, local);
	memcpy(d, t, 19);
	d[10] = between;
	d += 19;
	if (fraction > 0) {
		memcpy(d, t + 19, 4);
		d += 4;
	}
	return fraction > 3 ? digits(d, micro, 3) : d;
}

/* +03:00, with what stands between hours and minutes; no minutes when that is NULL. */
static char *
offset_text(char *d, int32_t sec, const char *colon)
{
	uint32_t min = (uint32_t)(sec < 0 ? -sec : sec) / 60;

	*d++ = sec < 0 ? '-' : '+';
	d = digits(d, min / 60, 2);
	if (colon == NULL)
		return d;
	d = text(d, colon);
	return digits(d, min % 60, 2);
}

static char *
event_time(char *d, const struct synth_plan *p, const struct synth_event *e, int64_t at)
{
	const struct synth_carrier *c = &synth_ref_carrier[p->carrier];
	const struct synth_zone *place = synth_ref_region[e->region].zone;
	int32_t there = synth_clock_offset(place, at), here = synth_clock_offset(c->zone, at);

	if (e->flags & SYNTH_EVENT_DATE_ONLY)
		return utc_put_day(d, synth_clock_day(c->zone, at));
	switch (synth_clock_unsure(c->zone, at) ? SYNTH_FORM_SECOND : (enum synth_form)c->form) {
	case SYNTH_FORM_LOCAL:
		return local_time(d, at + here * INT64_C(1000), 'T', 0, 0);
	case SYNTH_FORM_BLANK:
		return local_time(d, at + here * INT64_C(1000), ' ', 0, 0);
	case SYNTH_FORM_OFFSET:
		return offset_text(local_time(d, at + there * INT64_C(1000), 'T', 0, 0), there, "");
	case SYNTH_FORM_MILLI:
		return offset_text(local_time(d, at + there * INT64_C(1000), 'T', 3, 0), there, ":");
	case SYNTH_FORM_MICRO:
		return offset_text(local_time(d, at + there * INT64_C(1000), 'T', 6,
		    (unsigned)(p->number * 37 % 1000)), there, NULL);
	case SYNTH_FORM_UTC:
		return utc_put(d, at);
	case SYNTH_FORM_SECOND:
	default:
		return offset_text(local_time(d, at + there * INT64_C(1000), 'T', 0, 0), there, ":");
	}
}

unsigned
synth_line_partition(const struct synth_plan *p)
{
	struct synth_rand r = synth_rand_of(0, STREAM_PARTITION, p->number);

	return synth_rand_below(&r, SYNTH_PARTITIONS);
}

static char *
courier_id(char *d, const struct synth_plan *p, const struct synth_event *e)
{
	d = text(d, synth_ref_region[e->region].facility);
	*d++ = '-';
	d = digits(d, p->carrier + 1u, 2);
	return digits(d, e->courier, 3);
}

static int
has_depot(const struct synth_world *w, const struct synth_event *e)
{
	unsigned s = w->codes.status[e->code];

	return s != SYNTH_IS_CREATED && s != SYNTH_IS_CANCELLED && s != SYNTH_IS_INFO && e->courier == 0;
}

static char *
facility_id(char *d, const struct synth_plan *p, const struct synth_event *e, uint32_t x)
{
	d = text(d, synth_ref_region[e->region].facility);
	return digits(d, 1 + (x + p->carrier) % 9, 2);
}

/* An event of its own that the same shipment did not have: the fault kinds. */
static char *
fault_id(char *d, const struct synth_plan *p, const struct synth_send *s)
{
	d = event_id(d, p, s->event);
	return text(d, s->kind == SYNTH_SEND_UNMAPPED ? "-u" : "-x");
}

char *
synth_line_message(char *d, const struct synth_world *w, const struct synth_plan *p,
    const struct synth_send *s, unsigned partition, uint64_t offset)
{
	const struct synth_event *e = &p->event[s->event];
	const struct synth_code *c = &synth_code_row[e->code];
	const struct synth_carrier *carrier = &synth_ref_carrier[p->carrier];
	const struct synth_region *region = &synth_ref_region[e->region];
	struct synth_rand r = synth_rand_of(w->seed, STREAM_PLACE, p->number * 64 + s->event);
	uint32_t x = synth_rand_below(&r, 1 << 20);
	unsigned kind = s->kind;
	int more = kind >= SYNTH_SEND_UNMAPPED;		/* a record of its own */
	/* a gateway that knows the status sends it along; what retracts must stay as the carrier said it */
	int given = c->code[0] == '\0' || (x % 23 == 0 && c->step != SYNTH_RETRACT && !more);

	d = src(d, "tracking.events", partition, offset, s->at);
	if (kind == SYNTH_SEND_BAD_SCHEMA)
		d = LIT(d, ",\"schema\":\"tracking.event/2\"");
	else if (p->carrier > SYNTH_YANDEX)	/* feeds of later days say it */
		d = LIT(d, ",\"schema\":\"tracking.event/1\"");
	d = LIT(d, ",\"event_id\":\"");
	d = more ? fault_id(d, p, s) : event_id(d, p, s->event);
	if (kind != SYNTH_SEND_BAD_MISSING) {
		d = LIT(d, "\",\"shipment_id\":\"");
		d = shipment_id(d, p);
		if (kind == SYNTH_SEND_BAD_JSON) {	/* the connection broke */
			*d++ = '\n';
			return d;
		}
		d = LIT(d, "\",\"tracking_number\":\"");
		d = tracking_number(d, p);
	}
	d = LIT(d, "\",\"carrier_code\":\"");
	d = text(d, kind == SYNTH_SEND_BAD_CARRIER ? "pigeon_post" : carrier->code);
	d = LIT(d, "\",\"integration\":\"");
	d = text(d, carrier->integration);
	d = LIT(d, "\",\"event_time\":\"");
	if (kind == SYNTH_SEND_BAD_TIME)
		d = LIT(d, "2026-02-30T12:00:00Z");
	else if (kind == SYNTH_SEND_BAD_TIME_RANGE)
		d = LIT(d, "1999-12-31T23:59:59Z");
	else
		d = event_time(d, p, e, e->at + (more ? 25000 : 0));
	d = LIT(d, "\",\"received_at\":\"");
	d = utc_put(d, s->received);
	*d++ = '"';
	if (kind == SYNTH_SEND_UNMAPPED) {
		d = LIT(d, ",\"raw_code\":\"");
		d = text(d, synth_code_unmapped[p->carrier]);
		d = LIT(d, "\",\"raw_text\":\"Новый статус");
	} else {
		if (kind == SYNTH_SEND_BAD_ENUM) {
			d = LIT(d, ",\"status\":\"teleported\"");
		} else if (given) {
			d = LIT(d, ",\"status\":\"");
			d = text(d, c->status);
			if (c->reason[0] != '\0') {
				d = LIT(d, "\",\"reason\":\"");
				d = text(d, c->reason);
			}
			*d++ = '"';
		}
		if (c->code[0] != '\0') {
			d = LIT(d, ",\"raw_code\":\"");
			d = text(d, c->code);
			if (c->subcode[0] != '\0') {
				d = LIT(d, "\",\"raw_subcode\":\"");
				d = text(d, c->subcode);
			}
			*d++ = '"';
		}
		d = LIT(d, ",\"raw_text\":\"");
		d = text(d, c->text);
	}
	if (c->step == SYNTH_DEPART || c->step == SYNTH_ARRIVE) {
		d = LIT(d, ", ");
		d = text(d, region->city);
	}
	if (kind == SYNTH_SEND_BAD_UTF8)
		d = LIT(d, " \xd0\xff");
	*d++ = '"';
	if (!more && e->attempt > 0) {
		d = LIT(d, ",\"attempt_no\":");
		d = number(d, e->attempt);
	}
	if (!more && e->courier > 0) {
		d = LIT(d, ",\"courier_id\":\"");
		d = courier_id(d, p, e);
		*d++ = '"';
	}
	if (has_depot(w, e)) {
		d = LIT(d, ",\"facility_id\":\"");
		d = facility_id(d, p, e, x);
		*d++ = '"';
	}
	d = LIT(d, ",\"region_code\":\"");
	d = text(d, region->code);
	d = LIT(d, "\",\"city\":\"");
	d = text(d, region->city);
	*d++ = '"';
	if (kind == SYNTH_SEND_BAD_RANGE || (e->courier > 0 || x % 5 == 0)) {
		d = LIT(d, ",\"lat\":");
		d = kind == SYNTH_SEND_BAD_RANGE ? LIT(d, "123.4567") :
		    decimal(d, region->lat + (int32_t)(x & 1023) - 512, 4);
		d = LIT(d, ",\"lon\":");
		d = decimal(d, region->lon + (int32_t)(x >> 10) - 512, 4);
	}
	if (!more && e->edd != 0) {
		d = LIT(d, ",\"promised_at\":");
		d = day0(d, e->edd);
	}
	if (!more && c->step == SYNTH_RETRACT && c->code[0] == '\0') {
		d = LIT(d, ",\"supersedes\":\"");
		d = event_id(d, p, s->event - 1u);
		*d++ = '"';
	}
	if (p->pieces > 1 || x % 7 == 0) {
		d = LIT(d, ",\"pieces\":");
		d = number(d, p->pieces);
	}
	return LIT(d, "}\n");
}

/* Reference tables: made before the period and not changed since. */
static int64_t
before(const struct synth_world *w, int64_t days)
{
	return (w->from - days) * INT64_C(86400000) + 9 * INT64_C(3600000);
}

static char *
made(char *d, int64_t at)
{
	d = LIT(d, ",\"is_active\":true,\"created_at\":");
	d = instant(d, at);
	d = LIT(d, ",\"updated_at\":");
	d = instant(d, at);
	return LIT(d, "}\n");
}

char *
synth_line_region(char *d, const struct synth_world *w, size_t i)
{
	const struct synth_region *g = &synth_ref_region[i];
	int64_t at = before(w, 400);

	d = src(d, "regions", 0, i + 1, at);
	d = LIT(d, ",\"region_code\":\"");
	d = text(d, g->code);
	d = LIT(d, "\",\"name\":\"");
	d = text(d, g->name);
	d = LIT(d, "\",\"macro_region\":\"");
	d = text(d, g->macro);
	d = LIT(d, "\",\"country\":\"");
	d = text(d, g->country);
	d = LIT(d, "\",\"tz\":\"");
	d = text(d, g->zone->name);
	d = LIT(d, "\",\"calendar_id\":\"");
	d = text(d, g->calendar);
	d = LIT(d, "\",\"is_remote\":");
	d = text(d, g->is_remote ? "true" : "false");
	d = LIT(d, ",\"lat\":");
	d = decimal(d, g->lat, 4);
	d = LIT(d, ",\"lon\":");
	d = decimal(d, g->lon, 4);
	d = LIT(d, ",\"version\":");
	d = integer(d, at);
	return LIT(d, "}\n");
}

char *
synth_line_carrier(char *d, const struct synth_world *w, size_t i)
{
	const struct synth_carrier *c = &synth_ref_carrier[i];
	int64_t at = before(w, 390 - (int64_t)i);

	d = src(d, "carriers", 0, i + 1, at);
	d = LIT(d, ",\"id\":");
	d = number(d, i + 1);
	d = LIT(d, ",\"code\":\"");
	d = text(d, c->code);
	d = LIT(d, "\",\"name\":\"");
	d = text(d, c->name);
	d = LIT(d, "\",\"kind\":\"external\",\"tz\":\"");
	d = text(d, c->zone->name);
	d = LIT(d, "\",\"daily_capacity\":");
	d = integer(d, c->capacity);
	return made(d, at);
}

char *
synth_line_client(char *d, const struct synth_world *w, size_t i)
{
	const struct synth_client *c = &synth_ref_client[i];
	int64_t at = before(w, 380 - 7 * (int64_t)i);

	d = src(d, "clients", 0, i + 1, at);
	d = LIT(d, ",\"id\":");
	d = number(d, i + 1);
	d = LIT(d, ",\"name\":\"");
	d = text(d, c->name);
	d = LIT(d, "\",\"segment\":\"");
	d = text(d, c->segment);
	d = LIT(d, "\",\"tier\":\"");
	d = text(d, c->tier);
	d = LIT(d, "\",\"home_region\":\"");
	d = text(d, synth_ref_region[c->home].code);
	*d++ = '"';
	return made(d, at);
}

char *
synth_line_shipment(char *d, const struct synth_plan *p, const struct synth_fate *f)
{
	static const char *const mode[] = { "door", "pickup_point", "locker" };
	static const char *const service[] = { "STANDARD", "EXPRESS", "ECONOMY", "1CLASS", "PARCEL" };
	static const char *const status[] = { "created", "accepted", "in_transit", "customs", "at_destination",
	    "out_for_delivery", "attempt_failed", "ready_for_pickup", "on_hold", "returning", "delivered", "returned",
	    "lost", "cancelled" };
	int64_t updated = p->created_at, timed = p->promise_sec >= 0 ? p->due : 0;
	int32_t first = timed ? 0 : p->promise_day, present = first;
	unsigned i = 0;

	for (i = 0; i < p->visible; i++) {
		const struct synth_event *e = &p->event[i];

		if (e->at + e->lag > updated)
			updated = e->at + e->lag;
		/* the shop tells its customer what the carrier told it */
		if (first != 0 && e->edd > present && !(e->flags & (SYNTH_EVENT_VOID | SYNTH_EVENT_ABSORBED)))
			present = e->edd;
	}
	d = src(d, "shipments", 0, p->number + 1, updated);
	d = LIT(d, ",\"id\":");
	d = number(d, p->number + 1);
	d = LIT(d, ",\"shipment_id\":\"");
	d = shipment_id(d, p);
	d = LIT(d, "\",\"client_id\":");
	d = number(d, p->client + 1u);
	d = LIT(d, ",\"carrier_id\":");
	d = number(d, p->carrier + 1u);
	d = LIT(d, ",\"order_ref\":\"A-");
	d = digits(d, p->number * 3 + 100041, 8);
	d = LIT(d, "\",\"tracking_number\":\"");
	d = tracking_number(d, p);
	d = LIT(d, "\",\"service_code\":\"");
	d = text(d, service[p->service]);
	d = LIT(d, "\",\"delivery_mode\":\"");
	d = text(d, mode[p->mode]);
	d = LIT(d, "\",\"origin_region\":\"");
	d = text(d, synth_ref_region[p->origin].code);
	d = LIT(d, "\",\"dest_region\":\"");
	d = text(d, synth_ref_region[p->dest].code);
	d = LIT(d, "\",\"status\":\"");
	d = text(d, status[f->status]);
	d = LIT(d, "\",\"promised_at\":");
	d = instant0(d, timed);
	d = LIT(d, ",\"promised_on\":");
	d = day0(d, present);
	d = LIT(d, ",\"promised_first_at\":");
	d = instant0(d, timed);
	d = LIT(d, ",\"promised_first_on\":");
	d = day0(d, first);
	d = LIT(d, ",\"cancelled_at\":");
	d = instant0(d, f->cancelled);
	d = LIT(d, ",\"price\":");
	d = decimal(d, p->price, 2);
	d = LIT(d, ",\"cod_amount\":");
	d = decimal(d, p->cod, 2);
	d = LIT(d, ",\"weight_g\":");
	d = number(d, p->weight);
	d = LIT(d, ",\"pieces\":");
	d = number(d, p->pieces);
	d = LIT(d, ",\"created_at\":");
	d = instant(d, p->created_at);
	d = LIT(d, ",\"updated_at\":");
	d = instant(d, updated);
	return LIT(d, "}\n");
}

/* "text" or null */
static char *
text0(char *d, const char *s)
{
	if (s[0] == '\0')
		return LIT(d, "null");
	*d++ = '"';
	d = text(d, s);
	*d++ = '"';
	return d;
}

char *
synth_line_event(char *d, const struct synth_world *w, const struct synth_plan *p, unsigned event)
{
	const struct synth_event *e = &p->event[event];
	const struct synth_code *c = &synth_code_row[e->code];
	struct synth_rand r = synth_rand_of(w->seed, STREAM_PLACE, p->number * 64 + event);
	uint32_t x = synth_rand_below(&r, 1 << 20);
	int given = c->code[0] == '\0';
	int64_t received = e->at + e->lag, at = e->at;

	if (e->flags & SYNTH_EVENT_DATE_ONLY) {		/* a timestamptz cannot say so: the midnight */
		const struct synth_zone *z = synth_ref_carrier[p->carrier].zone;

		at = synth_clock_instant(z, synth_clock_day(z, at), 0);
	}
	d = src(d, "shipment_events", 0, p->number * 64 + event + 1, received);
	d = LIT(d, ",\"id\":");
	d = number(d, p->number * 64 + event + 1);
	d = LIT(d, ",\"event_id\":\"");
	d = event_id(d, p, event);
	d = LIT(d, "\",\"shipment_id\":\"");
	d = shipment_id(d, p);
	d = LIT(d, "\",\"carrier_code\":\"");
	d = text(d, synth_ref_carrier[p->carrier].code);
	d = LIT(d, "\",\"integration\":\"");
	d = text(d, synth_ref_carrier[p->carrier].integration);
	d = LIT(d, "\",\"status\":");
	d = text0(d, given ? c->status : "");
	d = LIT(d, ",\"reason\":");
	d = text0(d, given ? c->reason : "");
	d = LIT(d, ",\"raw_code\":");
	d = text0(d, c->code);
	d = LIT(d, ",\"raw_subcode\":");
	d = text0(d, c->subcode);
	d = LIT(d, ",\"raw_text\":");
	d = text0(d, c->text);
	d = LIT(d, ",\"event_time\":");
	d = instant(d, at);
	d = LIT(d, ",\"received_at\":");
	d = instant(d, received);
	d = LIT(d, ",\"attempt_no\":");
	d = e->attempt ? number(d, e->attempt) : LIT(d, "null");
	d = LIT(d, ",\"courier_id\":");
	if (e->courier > 0) {
		*d++ = '"';
		d = courier_id(d, p, e);
		*d++ = '"';
	} else {
		d = LIT(d, "null");
	}
	d = LIT(d, ",\"facility_id\":");
	if (has_depot(w, e)) {
		*d++ = '"';
		d = facility_id(d, p, e, x);
		*d++ = '"';
	} else {
		d = LIT(d, "null");
	}
	d = LIT(d, ",\"region_code\":\"");
	d = text(d, synth_ref_region[e->region].code);
	d = LIT(d, "\",\"promised_at\":");
	d = day0(d, e->edd);
	d = LIT(d, ",\"supersedes\":");
	if (c->step == SYNTH_RETRACT && given) {
		*d++ = '"';
		d = event_id(d, p, event - 1);
		*d++ = '"';
	} else {
		d = LIT(d, "null");
	}
	d = LIT(d, ",\"created_at\":");
	d = instant(d, received);
	return LIT(d, "}\n");
}

char *
synth_line_call(char *d, const struct synth_plan *p, const struct synth_call *c, unsigned row)
{
	static const char *const error[7] = { "", "422 address not recognised", "503 service unavailable",
	    "no answer within 30 s", "401 token expired", "429 too many requests", "unexpected field in the answer" };
	uint64_t id = p->number * 64 + row + 1;
	int in = c->operation == SYNTH_WEBHOOK;

	d = src(d, "integrations_log", 0, id, c->ts);
	d = LIT(d, ",\"id\":");
	d = number(d, id);
	d = LIT(d, ",\"ts\":");
	d = instant(d, c->ts);
	d = LIT(d, ",\"carrier_id\":");
	d = number(d, p->carrier + 1u);
	d = LIT(d, ",\"integration\":\"");
	d = text(d, synth_ref_carrier[p->carrier].integration);
	d = LIT(d, "\",\"operation\":\"");
	d = text(d, synth_call_operation[c->operation]);
	d = LIT(d, "\",\"direction\":\"");
	d = text(d, in ? "in" : "out");
	d = LIT(d, "\",\"http_status\":");
	d = c->http ? number(d, c->http) : LIT(d, "null");
	d = LIT(d, ",\"outcome\":\"");
	d = text(d, synth_call_outcome[c->outcome]);
	d = LIT(d, "\",\"duration_ms\":");
	d = number(d, c->duration);
	d = LIT(d, ",\"attempt\":");
	d = number(d, c->attempt);
	d = LIT(d, ",\"request_id\":\"r");
	d = digits(d, p->number + 1, 9);
	*d++ = '-';
	d = digits(d, c->request, 2);
	d = LIT(d, "\",\"shipment_id\":\"");
	d = shipment_id(d, p);
	d = LIT(d, "\",\"records\":");
	d = number(d, c->outcome == SYNTH_OK && c->operation >= SYNTH_TRACK);
	d = LIT(d, ",\"error\":");
	d = text0(d, error[c->outcome]);
	return LIT(d, "}\n");
}

char *
synth_line_contact(char *d, const struct synth_plan *p, const struct synth_contact *c, unsigned row)
{
	uint64_t id = p->number * SYNTH_CONTACTS + row + 1;
	int64_t updated = c->resolved ? c->resolved : c->reply ? c->reply : c->opened;

	d = src(d, "support_contacts", 0, id, updated);
	d = LIT(d, ",\"id\":");
	d = number(d, id);
	d = LIT(d, ",\"client_id\":");
	d = number(d, p->client + 1u);
	d = LIT(d, ",\"shipment_id\":");
	if (c->names_shipment) {
		*d++ = '"';
		d = shipment_id(d, p);
		*d++ = '"';
	} else {
		d = LIT(d, "null");
	}
	d = LIT(d, ",\"channel\":\"");
	d = text(d, synth_contact_channel[c->channel]);
	d = LIT(d, "\",\"topic\":\"");
	d = text(d, synth_contact_topic[c->topic]);
	d = LIT(d, "\",\"opened_at\":");
	d = instant(d, c->opened);
	d = LIT(d, ",\"first_reply_at\":");
	d = instant0(d, c->reply);
	d = LIT(d, ",\"resolved_at\":");
	d = instant0(d, c->resolved);
	d = LIT(d, ",\"reopened\":");
	d = number(d, c->reopened);
	d = LIT(d, ",\"csat\":");
	d = c->csat ? number(d, c->csat) : LIT(d, "null");
	d = LIT(d, ",\"created_at\":");
	d = instant(d, c->opened);
	d = LIT(d, ",\"updated_at\":");
	d = instant(d, updated);
	return LIT(d, "}\n");
}
