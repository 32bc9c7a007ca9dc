/*
 * Canonical events.  First all fields are read and checked into struct event, then the
 * event is written; strings without escapes go from the message to the event as they stand.
 */
#include "parcel/normalize.h"

#include <inttypes.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "rec/src.h"

#define FIRST_MS INT64_C(946684800000)		/* 2000-01-01 */
#define LAST_MS INT64_C(4102444800000)		/* 2100-01-01, the end of time of the versions */
#define DAY_MS INT64_C(86400000)

#define ID_MAX 64
#define RAW_TEXT_MAX 256
#define NUMBER_MAX 64		/* bytes of a coordinate */
#define TEXTS_MAX 1104		/* bytes of all texts of an event together */
#define FIXED_MAX (6 * TEXTS_MAX + 2048)	/* texts quoted, names, times, numbers */
#define COPY 32			/* bytes that are copied at once: less than JSON_PAD */

struct text {
	struct slice text;	/* n = 0: none */
	struct slice quoted;	/* as JSON; n = 0: still to be made */
};

struct event {
	struct text shipment_id, event_id, tracking, integration, raw_code, raw_subcode, raw_text, courier, facility,
	    region, city, supersedes;
	const struct carrier *carrier;	/* NULL: none */
	int64_t time, received, edd, attempt, pieces, pieces_delivered;
	struct slice lat, lon;
	uint16_t reason;
	uint8_t status, hit, has_edd, edd_is_day, is_date_only, to_recipient, damaged;
	char id[1 + 32];		/* synthesised */
};

struct normalize_work {
	const struct json *record;
	const struct json_value *record_src;
	struct src src;
	int has_src;
	enum { MESSAGE, FIRST_FAULT, SHIPMENT, DONE } state;
	struct fault fault;		/* of the record as a whole */
	int from_events;		/* a row of the table shipment_events */
	struct json_names *shipment_names;
	struct buf src_text;		/* "_src" with another i */
	struct buf raw_text;
	char scratch[16 * (6 * MAP_CODE_MAX + 2 + JSON_PAD)];	/* unescaped texts */
	size_t used;
	EVP_MD_CTX *sha;
};

/* Columns of a row of shipments. */
enum { S_SHIPMENT_ID, S_CARRIER_ID, S_TRACKING_NUMBER, S_CANCELLED_AT, S_N };
static const char *const shipment_column[S_N] = { "shipment_id", "carrier_id", "tracking_number", "cancelled_at" };

void
normalize_init(struct normalize *n)
{
	struct normalize_work *w = mem_alloc(sizeof *w);

	w->shipment_names = json_names_new(shipment_column, S_N);
	w->sha = EVP_MD_CTX_new();
	if (w->sha == NULL || EVP_DigestInit_ex(w->sha, EVP_sha256(), NULL) != 1)
		abort();	/* a libcrypto without SHA-256 */
	n->work = w;
}

void
normalize_fini(struct normalize *n)
{
	struct normalize_work *w = n->work;

	if (w == NULL)
		return;
	json_names_free(w->shipment_names);
	EVP_MD_CTX_free(w->sha);
	buf_fini(&w->src_text);
	buf_fini(&w->raw_text);
	free(w);
	n->work = NULL;
}

/* ---- reading ---- */

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

/* The synthesised id, from what makes one event of a carrier another than all others. */
static void
make_id(struct normalize *n, struct event *ev)
{
	static const char hex[] = "0123456789abcdef";
	EVP_MD_CTX *sha = n->work->sha;
	unsigned char md[EVP_MAX_MD_SIZE];
	char time[UTC_LEN];
	struct slice part[] = {
		carrier_code(ev->carrier),
		ev->tracking.text.n ? ev->tracking.text : ev->shipment_id.text,
		ev->raw_code.text.n ? ev->raw_code.text : slice_of(status_name[ev->status]),
		ev->raw_subcode.text,
		{ time, UTC_LEN },
		ev->facility.text,
	};
	char buf[1024], *p = buf;
	unsigned i, len = 0;

	utc_put(time, ev->time);
	for (i = 0; i < sizeof part / sizeof *part; i++) {
		if (i > 0)
			*p++ = 0x1f;
		if (part[i].n > 0)
			memcpy(p, part[i].p, part[i].n);
		p += part[i].n;
	}
	if (EVP_DigestInit_ex(sha, NULL, NULL) != 1 || EVP_DigestUpdate(sha, buf, (size_t)(p - buf)) != 1 ||
	    EVP_DigestFinal_ex(sha, md, &len) != 1)
		abort();
	ev->id[0] = 'x';
	for (i = 0; i < 16; i++) {
		ev->id[1 + 2 * i] = hex[md[i] >> 4];
		ev->id[2 + 2 * i] = hex[md[i] & 15];
	}
	ev->event_id.text = (struct slice){ ev->id, sizeof ev->id };
}

/* All fields of the element, in the order that the header promises. */
static int
read_fields(struct normalize *n, struct event *ev, uint32_t *map, struct fault *f)
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

/* Status, reason and effect of the carrier's code. */
static void
ask_map(struct normalize *n, struct event *ev, uint32_t map)
{
	struct map_row row;

	ev->hit = (uint8_t)carriermap_lookup(n->maps, map, ev->raw_code.text, ev->raw_subcode.text, &row);
	ev->status = row.status;
	if (ev->reason == REASON_NONE)
		ev->reason = row.reason;
	if (row.effect == EFFECT_VOID_PREVIOUS && ev->supersedes.text.n == 0)
		ev->supersedes.text = SLICE("previous");
	else if (row.effect == EFFECT_TO_RECIPIENT)
		ev->to_recipient = 1;
	n->unmapped = ev->hit == HIT_NONE;
	n->code = ev->raw_code.text;
	n->subcode = ev->raw_subcode.text;
}

/* 1 when the shipment is found, 0 with f, -1 with e. */
static int
find_shipment(struct normalize *n, struct event *ev, struct fault *f, struct err *e)
{
	const struct text *t = &ev->tracking;
	char shown[80];
	int rc = 0;

	if (n->shipments != NULL)
		rc = n->shipments->find(n->shipments->arg, t->text, ev->carrier->id, &ev->shipment_id.text, e);
	if (rc == 0)
		(void)fault_set(f, "shipment", "tracking_number", "no shipment has \"%s\"",
		    err_show(shown, sizeof shown, t->text.p, t->text.n));
	return rc;
}

static int
check_left(struct normalize *n, struct fault *f)
{
	static const char *const columns[] = { "id", "created_at" };	/* of shipment_events, beside the fields */
	struct slice name;
	char shown[64];

	if (!n->strict || !fieldmap_left(n->fields, columns, n->work->from_events ? 2 : 0, &name))
		return 0;
	return fault_set(f, "unknown", err_show(shown, sizeof shown, name.p, name.n), "a member that no field takes");
}

/* ---- writing ---- */

#define PUT(p, lit) put_bytes((p), "" lit, sizeof(lit) - 1)

static inline char *
put_bytes(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

/* s is readable COPY bytes past its end, and so is p writable */
static inline char *
put_padded(char *p, struct slice s)
{
	if (s.n <= COPY)
		memcpy(p, s.p, COPY);
	else
		memcpy(p, s.p, s.n);
	return p + s.n;
}

static inline char *
put_text(char *p, const struct text *t)
{
	return t->quoted.n > 0 ? put_padded(p, t->quoted) : json_quote(p, t->text);
}

static inline char *
put_time(char *p, int64_t ms)
{
	*p++ = '"';
	p = utc_put(p, ms);
	*p++ = '"';
	return p;
}

static inline char *
put_bool(char *p, int b)
{
	return b ? PUT(p, "true") : PUT(p, "false");
}

static inline char *
put_name(char *p, const char *name)
{
	size_t n = strlen(name);

	*p++ = '"';
	p = put_bytes(p, name, n);
	*p++ = '"';
	return p;
}

static int64_t
version(const struct normalize *n, const struct event *ev)
{
	return (int64_t)((uint64_t)n->map_rev << 44) + ((int64_t)(ev->hit != HIT_NONE) << 43) +
	    ((int64_t)!n->work->from_events << 42) + (LAST_MS - ev->received);
}

static int64_t
lag(const struct event *ev)
{
	int64_t sec = utc_sec(ev->received) - utc_sec(ev->time);

	return sec < INT32_MIN ? INT32_MIN : sec > INT32_MAX ? INT32_MAX : sec;
}

static char *
put_edd(char *p, const struct event *ev)
{
	if (!ev->edd_is_day)
		return put_time(p, ev->edd);
	*p++ = '"';
	p = utc_put_day(p, utc_day_of(ev->edd));
	*p++ = '"';
	return p;
}

/* The members that are never empty, and what lies between them. */
static char *
put_head(const struct normalize *n, const struct event *ev, char *p)
{
	if (n->src.n > 0) {
		p = PUT(p, "{\"_src\":");
		p = put_bytes(p, n->src.p, n->src.n);
		p = PUT(p, ",\"shipment_id\":");
	} else {
		p = PUT(p, "{\"shipment_id\":");
	}
	p = put_text(p, &ev->shipment_id);
	p = PUT(p, ",\"event_id\":");
	p = put_text(p, &ev->event_id);
	p = PUT(p, ",\"version\":");
	p += num_put_i64(p, version(n, ev));
	p = PUT(p, ",\"event_time\":");
	p = put_time(p, ev->time);
	p = PUT(p, ",\"received_at\":");
	p = put_time(p, ev->received);
	p = PUT(p, ",\"lag_sec\":");
	p += num_put_i64(p, lag(ev));
	p = PUT(p, ",\"is_date_only\":");
	p = put_bool(p, ev->is_date_only);
	p = PUT(p, ",\"carrier\":");
	if (ev->carrier != NULL) {
		p = put_padded(p, (struct slice){ ev->carrier->quoted, ev->carrier->quoted_n });
		if (ev->carrier->id != 0) {
			p = PUT(p, ",\"carrier_id\":");
			p += num_put_i64(p, ev->carrier->id);
		}
	} else {
		p = PUT(p, "\"none\"");
	}
	if (ev->tracking.text.n > 0)
		p = put_text(PUT(p, ",\"tracking_number\":"), &ev->tracking);
	p = PUT(p, ",\"integration\":");
	p = put_text(p, &ev->integration);
	p = PUT(p, ",\"status\":");
	p = put_name(p, status_name[ev->status]);
	if (ev->reason != REASON_NONE) {
		struct slice reason = taxonomy_reason_name(n->taxonomy, ev->reason);

		p = PUT(p, ",\"reason\":\"");
		p = put_bytes(p, reason.p, reason.n);
		*p++ = '"';
	}
	p = PUT(p, ",\"map_hit\":");
	return put_name(p, map_hit_name[ev->hit]);
}

/* The members behind map_hit, but for extra. */
static char *
put_tail(const struct event *ev, char *p)
{
	if (ev->raw_code.text.n > 0)
		p = put_text(PUT(p, ",\"raw_code\":"), &ev->raw_code);
	if (ev->raw_subcode.text.n > 0)
		p = put_text(PUT(p, ",\"raw_subcode\":"), &ev->raw_subcode);
	if (ev->raw_text.text.n > 0)
		p = put_text(PUT(p, ",\"raw_text\":"), &ev->raw_text);
	if (ev->attempt > 0) {
		p = PUT(p, ",\"attempt_no\":");
		p += num_put_i64(p, ev->attempt);
	}
	if (ev->courier.text.n > 0)
		p = put_text(PUT(p, ",\"courier_id\":"), &ev->courier);
	if (ev->facility.text.n > 0)
		p = put_text(PUT(p, ",\"facility_id\":"), &ev->facility);
	if (ev->region.text.n > 0)
		p = put_text(PUT(p, ",\"region_code\":"), &ev->region);
	if (ev->city.text.n > 0)
		p = put_text(PUT(p, ",\"city\":"), &ev->city);
	if (ev->lat.n > 0)
		p = put_padded(PUT(p, ",\"lat\":"), ev->lat);
	if (ev->lon.n > 0)
		p = put_padded(PUT(p, ",\"lon\":"), ev->lon);
	if (ev->has_edd)
		p = put_edd(PUT(p, ",\"edd\":"), ev);
	if (ev->supersedes.text.n > 0)
		p = put_text(PUT(p, ",\"supersedes\":"), &ev->supersedes);
	p = PUT(p, ",\"to_recipient\":");
	p = put_bool(p, ev->to_recipient);
	if (ev->pieces > 0) {
		p = PUT(p, ",\"pieces\":");
		p += num_put_i64(p, ev->pieces);
	}
	if (ev->pieces_delivered > 0) {
		p = PUT(p, ",\"pieces_delivered\":");
		p += num_put_i64(p, ev->pieces_delivered);
	}
	p = PUT(p, ",\"damaged\":");
	return put_bool(p, ev->damaged);
}

static char *
put_event(struct normalize *n, const struct event *ev, int with_extra, char *p)
{
	char *extra, *end;

	p = put_tail(ev, put_head(n, ev, p));
	if (with_extra) {
		extra = PUT(p, ",\"extra\":");
		end = fieldmap_rest(n->fields, extra);
		n->has_extra = end > extra;
		if (n->has_extra)
			p = end;
	}
	*p++ = '}';
	return p;
}

/* ---- messages, rows ---- */

void
normalize_open(struct normalize *n, const struct json *record, const struct json_value *src)
{
	struct normalize_work *w = n->work;

	w->record = record;
	w->record_src = src;
	w->has_src = src != NULL;
	w->state = MESSAGE;
	w->from_events = 0;
	n->src = src ? src->raw : SLICE("");
	if (src != NULL) {
		if (src_get(src, &w->src) == -1) {
			(void)fault_set(&w->fault, "reserved", "_src", "not [topic, partition, offset, ts_ms, i]");
			w->state = FIRST_FAULT;
			n->src = SLICE("");
			return;
		}
		if (src->spaced) {
			buf_clear(&w->src_text);
			w->src_text.n = (size_t)(json_compact(buf_room(&w->src_text, src->raw.n), src) - w->src_text.p);
			n->src = buf_as_slice(&w->src_text);
		}
		w->from_events = slice_eq(w->src.topic, SLICE("shipment_events"));
		if (slice_eq(w->src.topic, SLICE("shipments"))) {
			w->state = SHIPMENT;
			return;
		}
	}
	if (fieldmap_open(n->fields, record, &w->fault) == -1)
		w->state = FIRST_FAULT;
}

size_t
normalize_room(const struct normalize *n)
{
	const struct normalize_work *w = n->work;

	return FIXED_MAX + (w->record_src ? w->record_src->raw.n + NUM_MAX : 0) + FIELDMAP_REST_MAX(w->record->raw.n);
}

/* The row of a cancelled shipment: 1 and *end, 0 when it is not cancelled, -1 with f. */
static int
cancellation(struct normalize *n, char *dst, char **end, struct fault *f)
{
	struct normalize_work *w = n->work;
	const struct json_member *m[S_N];
	const struct json_value *v[S_N];
	struct event ev = { 0 };
	struct moment at = { 0 };
	int64_t carrier_id = 0;
	int i, rc;

	(void)json_pick(w->shipment_names, w->record, m, NULL, 0);
	for (i = 0; i < S_N; i++)
		v[i] = m[i] == NULL || m[i]->v.type == JSON_NULL || (m[i]->v.type == JSON_STRING && m[i]->v.raw.n == 2)
		    ? NULL : &m[i]->v;
	if (v[S_CANCELLED_AT] == NULL)
		return 0;
	if ((rc = get_text(w, v[S_SHIPMENT_ID], "shipment_id", ID_MAX, &ev.shipment_id, f)) != 1)
		return rc == 0 ? missing("shipment_id", f) : -1;
	if (get_text(w, v[S_TRACKING_NUMBER], "tracking_number", ID_MAX, &ev.tracking, f) == -1 ||
	    (rc = get_int(v[S_CARRIER_ID], "carrier_id", 1, INT32_MAX, &carrier_id, f)) == -1)
		return -1;
	if (rc == 1 && (ev.carrier = carrierref_id(n->carriers, carrier_id)) == NULL)
		return fault_set(f, "carrier", "carrier_id", "unknown carrier %" PRId64, carrier_id);
	if (parse_time(v[S_CANCELLED_AT], "cancelled_at", ev.carrier ? ev.carrier->zone : zone_utc(), NULL, &at, f) == -1)
		return -1;
	ev.time = ev.received = at.ms;
	if (ev.time < FIRST_MS || ev.time >= LAST_MS)
		return fault_set(f, "time_range", "cancelled_at", "not within 2000-01-01 and 2099-12-31");
	ev.event_id.text = SLICE("oltp-cancel");
	ev.integration.text = SLICE("oltp");
	ev.status = STATUS_CANCELLED;
	ev.hit = HIT_GIVEN;
	if ((rc = taxonomy_reason(n->taxonomy, SLICE("shipper.cancelled"))) == -1)
		return enum_fault("reason", SLICE("shipper.cancelled"), f);
	ev.reason = (uint16_t)rc;
	*end = put_event(n, &ev, 0, dst);
	return 1;
}

enum normalize_what
normalize_next(struct normalize *n, char *dst, char **end, struct fault *f, struct err *e)
{
	struct normalize_work *w = n->work;
	struct event ev;
	struct src src;
	uint32_t map = MAP_NONE;
	int64_t i = 0;
	int rc;

	n->has_extra = n->unmapped = 0;
	w->used = 0;
	switch (w->state) {
	case FIRST_FAULT:
		w->state = DONE;
		*f = w->fault;
		return NORMALIZE_REJECT;
	case SHIPMENT:
		w->state = DONE;
		rc = cancellation(n, dst, end, f);
		return rc == 1 ? NORMALIZE_EVENT : rc == 0 ? NORMALIZE_END : NORMALIZE_REJECT;
	case MESSAGE:
		break;
	default:
		return NORMALIZE_END;
	}
	if ((rc = fieldmap_next(n->fields, &i, f)) == 0)
		return NORMALIZE_END;
	if (w->has_src && fieldmap_has_each(n->fields)) {
		src = w->src;
		src.i = i;
		buf_clear(&w->src_text);
		w->src_text.n = (size_t)(src_put(buf_room(&w->src_text, SRC_MAX(src.topic.n)), &src) - w->src_text.p);
		n->src = buf_as_slice(&w->src_text);
	}
	ev = (struct event){ 0 };
	if (rc == -1 || read_fields(n, &ev, &map, f) == -1)
		return NORMALIZE_REJECT;
	if (ev.hit != HIT_GIVEN)
		ask_map(n, &ev, map);
	if (ev.shipment_id.text.n == 0 && (rc = find_shipment(n, &ev, f, e)) != 1) {
		n->unmapped = 0;
		return rc == 0 ? NORMALIZE_REJECT : NORMALIZE_FAIL;
	}
	if (check_left(n, f) == -1) {
		n->unmapped = 0;
		return NORMALIZE_REJECT;
	}
	if (ev.event_id.text.n == 0)
		make_id(n, &ev);
	*end = put_event(n, &ev, 1, dst);
	return NORMALIZE_EVENT;
}
