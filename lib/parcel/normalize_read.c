/*
 * Reads and checks the fields of an event.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "base/utf8.h"
#include "parcel/normalize_work.h"

#define DAY_MS INT64_C(86400000)
#define NUMBER_MAX 64		/* bytes of a coordinate */

static int
type_fault(const char *name, const char *want, struct fault *f)
{
	return fault_set(f, "type", name, "not %s", want);
}

static int
length_fault(const char *name, size_t max, struct fault *f)
{
	return fault_set(f, "length", name, "more than %zu bytes", max);
}

/* A text of at most max bytes: 1, 0 when v is NULL, or -1. */
static inline int
get_text(struct normalize_work *w, const struct json_value *v, const char *name, size_t max, struct text *t,
    struct fault *f)
{
	if (v == NULL)
		return 0;
	if (v->type != JSON_STRING)
		return type_fault(name, "a string", f);
	if (v->raw.n > 6 * max + 2)
		return length_fault(name, max, f);
	if (!v->escaped) {
		t->quoted = v->raw;
		t->text = (struct slice){ v->raw.p + 1, v->raw.n - 2 };
	} else {
		t->text = json_text(v, w->scratch + w->used);
		w->used += v->raw.n;
	}
	return t->text.n > max ? length_fault(name, max, f) : 1;
}

static int
text_of(struct normalize *n, enum field field, size_t max, struct text *t, struct fault *f)
{
	return get_text(n->work, n->fields->value[field], field_name[field], max, t, f);
}

/* The beginning of a text that may be longer. */
static int
get_raw_text(struct normalize *n, struct text *t, struct fault *f)
{
	const struct json_value *v = n->fields->value[FIELD_RAW_TEXT];

	if (v == NULL)
		return 0;
	if (v->type != JSON_STRING)
		return type_fault("raw_text", "a string", f);
	if (v->escaped) {
		buf_clear(&n->work->raw_text);
		t->text = json_text(v, buf_room(&n->work->raw_text, v->raw.n + JSON_PAD));
	} else {
		t->quoted = v->raw;
		t->text = (struct slice){ v->raw.p + 1, v->raw.n - 2 };
	}
	if (t->text.n > RAW_TEXT_MAX) {
		t->text.n = utf8_cut(t->text.p, t->text.n, RAW_TEXT_MAX);
		t->quoted.n = 0;
	}
	return 1;
}

static int
get_int(const struct json_value *v, const char *name, int64_t min, int64_t max, int64_t *i, struct fault *f)
{
	if (v == NULL)
		return 0;
	if (v->type != JSON_NUMBER || json_i64(v, i) == -1)
		return type_fault(name, "a whole number of 64 bits", f);
	if (*i < min || *i > max)
		return fault_set(f, "range", name, "%" PRId64 " is not within %" PRId64 " and %" PRId64, *i, min, max);
	return 1;
}

static int
get_bool(const struct json_value *v, const char *name, uint8_t *b, struct fault *f)
{
	if (v == NULL)
		return 0;
	if (v->type != JSON_TRUE && v->type != JSON_FALSE)
		return type_fault(name, "true or false", f);
	*b = v->type == JSON_TRUE;
	return 1;
}

/* A number of degrees within -max and max, as it stands. */
static int
get_degrees(const struct json_value *v, const char *name, int max, struct slice *s, struct fault *f)
{
	char text[NUMBER_MAX + 1];
	size_t i, whole = 0;
	double d;

	if (v == NULL)
		return 0;
	if (v->type != JSON_NUMBER)
		return type_fault(name, "a number", f);
	*s = v->raw;
	for (i = v->raw.p[0] == '-'; i < v->raw.n && whole < 1000 && (unsigned char)(v->raw.p[i] - '0') <= 9; i++)
		whole = 10 * whole + (size_t)(v->raw.p[i] - '0');
	if (whole < (size_t)max && v->raw.n <= NUMBER_MAX && memchr(v->raw.p, 'e', v->raw.n) == NULL &&
	    memchr(v->raw.p, 'E', v->raw.n) == NULL)
		return 1;
	if (v->raw.n > NUMBER_MAX)
		return length_fault(name, NUMBER_MAX, f);
	memcpy(text, v->raw.p, v->raw.n);
	text[v->raw.n] = '\0';
	d = strtod(text, NULL);
	if (!(d >= -max && d <= max))
		return fault_set(f, "range", name, "%s is not within -%d and %d", text, max, max);
	return 1;
}

/* What a time of a message means. */
struct moment {
	int64_t ms;
	int64_t day_ms;		/* date_only: the date's midnight as if in UTC */
	int date_only;
	int marked;		/* its time of day says that it is not known */
};

static int
time_fault(const char *name, struct slice s, struct fault *f)
{
	char shown[64];

	return fault_set(f, "time", name, "\"%s\" is no time", err_show(shown, sizeof shown, s.p, s.n));
}

static int
parse_time(const struct json_value *v, const char *name, const struct zone *zone, const struct fieldmap *fm,
    struct moment *m, struct fault *f)
{
	struct utc_text t;
	char scratch[6 * ID_MAX + 2];
	struct slice s = { v->raw.p + 1, v->raw.n - 2 };

	if (v->type != JSON_STRING)
		return type_fault(name, "a string", f);
	if (v->escaped && v->raw.n <= sizeof scratch)
		s = json_text(v, scratch);
	if (utc_parse(s, &t) == -1)
		return time_fault(name, s, f);
	m->ms = t.has_offset ? t.ms - INT64_C(1000) * t.offset : zone_instant(zone, t.ms);
	m->day_ms = t.ms;
	m->date_only = t.date_only;
	m->marked = fm != NULL && fieldmap_date_only(fm, t.ms);
	return 1;
}

static int
get_time(struct normalize *n, enum field field, const struct zone *zone, struct moment *m, struct fault *f)
{
	const struct json_value *v = n->fields->value[field];
	const struct field_epoch *epoch = &n->fields->epoch[field];

	if (v == NULL)
		return 0;
	if (epoch->kind == EPOCH_NOT)
		return parse_time(v, field_name[field], zone, n->fields, m, f);
	if (epoch->kind == EPOCH_BAD)
		return time_fault(field_name[field], v->raw, f);
	*m = (struct moment){ .ms = epoch->ms };
	return 1;
}

static int
missing(const char *name, struct fault *f)
{
	return fault_set(f, "missing", name, "no value");
}

static int
enum_fault(const char *name, struct slice s, struct fault *f)
{
	char shown[64];

	return fault_set(f, "enum", name, "unknown value \"%s\"", err_show(shown, sizeof shown, s.p, s.n));
}

/* tracking.event/1, and what a later minor version may add to it */
static int
check_schema(struct normalize *n, struct fault *f)
{
	static const struct slice known = { "tracking.event/1", 16 };
	struct text t = { 0 };
	char shown[64];
	int rc = text_of(n, FIELD_SCHEMA, ID_MAX, &t, f);

	if (rc <= 0)
		return rc;
	if (t.text.n >= known.n && memcmp(t.text.p, known.p, known.n) == 0 &&
	    (t.text.n == known.n || t.text.p[known.n] == '.'))
		return 0;
	return fault_set(f, "schema", "schema", "\"%s\" is not tracking.event/1",
	    err_show(shown, sizeof shown, t.text.p, t.text.n));
}

static int
get_carrier(struct normalize *n, struct event *ev, struct fault *f)
{
	const struct json_value *v = n->fields->value[FIELD_CARRIER_CODE];
	struct text t = { 0 };
	char shown[64];

	if (v == NULL)
		return missing("carrier_code", f);
	if (v->type != JSON_STRING)
		return type_fault("carrier_code", "a string", f);
	if (v->raw.n <= 6 * ID_MAX + 2 && get_text(n->work, v, "carrier_code", 6 * ID_MAX, &t, f) == -1)
		return -1;
	if (t.text.n > 0)
		ev->carrier = carrierref_code(n->carriers, t.text);
	if (ev->carrier == NULL)
		return fault_set(f, "carrier", "carrier_code", "unknown carrier \"%s\"",
		    err_show(shown, sizeof shown, v->raw.p + 1, v->raw.n - 2));
	return 0;
}

static int
check_range(const struct event *ev, struct fault *f)
{
	if (ev->received < FIRST_MS || ev->received >= LAST_MS)
		return fault_set(f, "time_range", "received_at", "not within 2000-01-01 and 2099-12-31");
	if (ev->time < FIRST_MS || ev->time >= LAST_MS)
		return fault_set(f, "time_range", "event_time", "not within 2000-01-01 and 2099-12-31");
	if (ev->time > ev->received + DAY_MS)
		return fault_set(f, "time_range", "event_time", "more than 24 h after received_at");
	return 0;
}

static int
get_times(struct normalize *n, struct event *ev, struct fault *f)
{
	struct moment m = { 0 };
	int rc;

	if ((rc = get_time(n, FIELD_EVENT_TIME, ev->carrier->zone, &m, f)) != 1)
		return rc == 0 ? missing("event_time", f) : -1;
	ev->time = m.ms;
	ev->is_date_only = m.date_only || m.marked;
	if ((rc = get_time(n, FIELD_RECEIVED_AT, ev->carrier->zone, &m, f)) != 1)
		return rc == 0 ? missing("received_at", f) : -1;
	ev->received = m.ms;
	return check_range(ev, f);
}

static int
get_promise(struct normalize *n, struct event *ev, struct fault *f)
{
	struct moment m = { 0 };
	int rc = get_time(n, FIELD_PROMISED_AT, ev->carrier->zone, &m, f);

	if (rc <= 0)
		return rc;
	ev->has_edd = 1;
	ev->edd_is_day = (uint8_t)m.date_only;
	ev->edd = m.date_only ? m.day_ms : m.ms;
	if (ev->edd < FIRST_MS || ev->edd >= LAST_MS)
		return fault_set(f, "range", "promised_at", "not within 2000-01-01 and 2099-12-31");
	return 1;
}

static int
get_supersedes(struct normalize *n, struct event *ev, struct fault *f)
{
	const struct json_value *v = n->fields->value[FIELD_SUPERSEDES];

	if (v == NULL || v->type == JSON_FALSE)
		return 0;
	if (v->type != JSON_TRUE)
		return text_of(n, FIELD_SUPERSEDES, ID_MAX, &ev->supersedes, f);
	ev->supersedes.text = SLICE("previous");
	return 1;
}

/* The map to be asked: the carrier's, or the one that the feed names. */
static int
get_map(struct normalize *n, const struct event *ev, uint32_t *map, struct fault *f)
{
	struct text t = { 0 };
	int rc = text_of(n, FIELD_VOCABULARY, ID_MAX, &t, f);

	*map = ev->carrier->map;
	n->map = carrier_code(ev->carrier);
	if (rc <= 0)
		return rc;
	*map = carriermap_find(n->maps, t.text);
	n->map = t.text;
	return *map == MAP_NONE ? enum_fault("vocabulary", t.text, f) : 1;
}

int
normalize_read(struct normalize *n, struct event *ev, uint32_t *map, struct fault *f)
{
	const struct json_value **value = n->fields->value;
	struct text t = { 0 };
	int rc, v;

	if (check_schema(n, f) == -1 ||
	    text_of(n, FIELD_EVENT_ID, ID_MAX, &ev->event_id, f) == -1 ||
	    (rc = text_of(n, FIELD_SHIPMENT_ID, ID_MAX, &ev->shipment_id, f)) == -1)
		return -1;
	if (rc == 0 && value[FIELD_TRACKING_NUMBER] == NULL)
		return missing("shipment_id", f);
	if (text_of(n, FIELD_TRACKING_NUMBER, ID_MAX, &ev->tracking, f) == -1 ||
	    get_carrier(n, ev, f) == -1 ||
	    (rc = text_of(n, FIELD_INTEGRATION, ID_MAX, &ev->integration, f)) == -1)
		return -1;
	if (rc == 0)
		ev->integration.text = carrier_code(ev->carrier);
	if (get_times(n, ev, f) == -1)
		return -1;

	if ((rc = text_of(n, FIELD_STATUS, ID_MAX, &t, f)) == -1)
		return -1;
	if (rc == 0 && value[FIELD_RAW_CODE] == NULL)
		return missing("status", f);
	ev->hit = HIT_NONE;
	if (rc == 1) {
		if ((v = status_by_name(t.text)) == -1)
			return enum_fault("status", t.text, f);
		ev->status = (uint8_t)v;
		ev->hit = HIT_GIVEN;
	}
	if ((rc = text_of(n, FIELD_REASON, ID_MAX, &t, f)) == -1)
		return -1;
	if (rc == 1) {
		if ((v = taxonomy_reason(n->taxonomy, t.text)) == -1)
			return enum_fault("reason", t.text, f);
		ev->reason = (uint16_t)v;
	}
	if (text_of(n, FIELD_RAW_CODE, MAP_CODE_MAX, &ev->raw_code, f) == -1 ||
	    text_of(n, FIELD_RAW_SUBCODE, MAP_SUBCODE_MAX, &ev->raw_subcode, f) == -1 ||
	    get_raw_text(n, &ev->raw_text, f) == -1 ||
	    get_int(value[FIELD_ATTEMPT_NO], "attempt_no", 1, 99, &ev->attempt, f) == -1 ||
	    text_of(n, FIELD_COURIER_ID, ID_MAX, &ev->courier, f) == -1 ||
	    text_of(n, FIELD_FACILITY_ID, ID_MAX, &ev->facility, f) == -1 ||
	    text_of(n, FIELD_REGION_CODE, 16, &ev->region, f) == -1 ||
	    text_of(n, FIELD_CITY, 128, &ev->city, f) == -1 ||
	    get_degrees(value[FIELD_LAT], "lat", 90, &ev->lat, f) == -1 ||
	    get_degrees(value[FIELD_LON], "lon", 180, &ev->lon, f) == -1 ||
	    get_promise(n, ev, f) == -1 ||
	    get_supersedes(n, ev, f) == -1 ||
	    get_bool(value[FIELD_TO_RECIPIENT], "to_recipient", &ev->to_recipient, f) == -1 ||
	    get_int(value[FIELD_PIECES], "pieces", 0, UINT16_MAX, &ev->pieces, f) == -1 ||
	    get_int(value[FIELD_PIECES_DELIVERED], "pieces_delivered", 0, UINT16_MAX, &ev->pieces_delivered, f) == -1 ||
	    get_bool(value[FIELD_DAMAGED], "damaged", &ev->damaged, f) == -1)
		return -1;
	return get_map(n, ev, map, f) == -1 ? -1 : 0;
}

int
normalize_read_cancelled(struct normalize *n, struct event *ev, struct fault *f)
{
	struct normalize_work *w = n->work;
	const struct json_member *m[S_N];
	const struct json_value *v[S_N];
	struct moment at = { 0 };
	int64_t carrier_id = 0;
	int i, rc;

	(void)json_pick(w->shipment_names, w->record, m, NULL, 0);
	for (i = 0; i < S_N; i++)
		v[i] = m[i] == NULL || m[i]->v.type == JSON_NULL || (m[i]->v.type == JSON_STRING && m[i]->v.raw.n == 2)
		    ? NULL : &m[i]->v;
	if (v[S_CANCELLED_AT] == NULL)
		return 0;
	if ((rc = get_text(w, v[S_SHIPMENT_ID], "shipment_id", ID_MAX, &ev->shipment_id, f)) != 1)
		return rc == 0 ? missing("shipment_id", f) : -1;
	if (get_text(w, v[S_TRACKING_NUMBER], "tracking_number", ID_MAX, &ev->tracking, f) == -1 ||
	    (rc = get_int(v[S_CARRIER_ID], "carrier_id", 1, INT32_MAX, &carrier_id, f)) == -1)
		return -1;
	if (rc == 1 && (ev->carrier = carrierref_id(n->carriers, carrier_id)) == NULL)
		return fault_set(f, "carrier", "carrier_id", "unknown carrier %" PRId64, carrier_id);
	if (parse_time(v[S_CANCELLED_AT], "cancelled_at", ev->carrier ? ev->carrier->zone : zone_utc(), NULL, &at, f) == -1)
		return -1;
	ev->time = ev->received = at.ms;
	if (ev->time < FIRST_MS || ev->time >= LAST_MS)
		return fault_set(f, "time_range", "cancelled_at", "not within 2000-01-01 and 2099-12-31");
	ev->event_id.text = SLICE("oltp-cancel");
	ev->integration.text = SLICE("oltp");
	ev->status = STATUS_CANCELLED;
	ev->hit = HIT_GIVEN;
	if ((rc = taxonomy_reason(n->taxonomy, SLICE("shipper.cancelled"))) == -1)
		return enum_fault("reason", SLICE("shipper.cancelled"), f);
	ev->reason = (uint16_t)rc;
	return 1;
}
