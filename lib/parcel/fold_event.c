/*
 * A record of an event as the text of its document, and what the reducer reads of it.
 */
#include <string.h>

#include "parcel/fold_work.h"
#include "rec/field.h"

#define CARRIER_MAX 32
#define REASON_TEXT 64
#define EXTRA_DEPTH (JSON_DEPTH - 3)	/* document, events, event */

static const struct slice member[EVENT_N] = {
#define X(e, name) [EVENT_##e] = { "\"" name "\":", sizeof name + 2 },
	EVENT_MEMBERS(X)
#undef X
};

#define FLAG (1 << JSON_TRUE | 1 << JSON_FALSE | 1 << JSON_NUMBER)

/* The kinds of JSON value that a member may be, besides null. */
static unsigned
kinds(size_t i)
{
	switch (i) {
	case EVENT_VERSION: case EVENT_LAG_SEC: case EVENT_CARRIER_ID: case EVENT_ATTEMPT_NO:
	case EVENT_LAT: case EVENT_LON: case EVENT_PIECES: case EVENT_PIECES_DELIVERED:
		return 1 << JSON_NUMBER;
	case EVENT_IS_DATE_ONLY: case EVENT_TO_RECIPIENT: case EVENT_DAMAGED:
		return FLAG;
	case EVENT_EXTRA:
		return 1 << JSON_OBJECT | 1 << JSON_STRING;
	default:
		return 1 << JSON_STRING;
	}
}

/* Whether a value means "none" (wb-records.5 "Canonical event"). */
static int
empty(size_t i, const struct json_value *v)
{
	switch (i) {
	case EVENT_CARRIER_ID: case EVENT_ATTEMPT_NO: case EVENT_PIECES: case EVENT_PIECES_DELIVERED:
		return v->raw.n == 1 && v->raw.p[0] == '0';
	default:
		return v->type == JSON_STRING && v->raw.n == 2;
	}
}

/* Levels of objects and arrays in checked JSON. */
static int
depth(struct slice s)
{
	int now = 0, most = 0, quoted = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (quoted) {
			if (s.p[i] == '\\')
				i++;
			else if (s.p[i] == '"')
				quoted = 0;
		} else if (s.p[i] == '"') {
			quoted = 1;
		} else if (s.p[i] == '{' || s.p[i] == '[') {
			if (++now > most)
				most = now;
		} else if (s.p[i] == '}' || s.p[i] == ']') {
			now--;
		}
	}
	return most;
}

/*
 * extra: an object, or as tables have it, its text, which is unescaped into scratch.
 * Writes the object at dst, or nothing when it is empty.  NULL with the fault.
 */
static char *
put_extra(struct fold *f, const struct json_value *v, char *dst, char *scratch, struct fault *fault)
{
	struct json_value object = *v;
	struct slice s;
	char *end;

	if (v->type == JSON_STRING) {
		s = json_text(v, scratch);
		if (s.p != scratch)
			memcpy(scratch, s.p, s.n);
		memset(scratch + s.n, 0, JSON_PAD);
		s.p = scratch;
		if (json_scan(&f->extra, s) == -1) {
			fault_set(fault, f->extra.code, "extra", "%s at byte %zu of its text", f->extra.fault, f->extra.at + 1);
			return NULL;
		}
		object = (struct json_value){ .raw = f->extra.raw, .type = JSON_OBJECT, .spaced = f->extra.spaced };
	}
	end = json_compact(dst, &object);
	if (depth((struct slice){ dst, (size_t)(end - dst) }) > EXTRA_DEPTH) {
		fault_set(fault, "json", "extra", "deeper than %d: its document would be deeper than %d", EXTRA_DEPTH, JSON_DEPTH);
		return NULL;
	}
	return end - dst > 2 ? end : dst;
}

/* The text of a node: all members behind shipment_id, at[i] where the value of member i stands.  NULL with the fault. */
static char *
put_text(struct fold *f, char *dst, char *scratch, char **at, struct fault *fault)
{
	const struct json_member *m;
	char *begin;
	int set = 0;
	size_t i;

	for (i = EVENT_EVENT_ID; i < EVENT_STATE; i++) {
		m = f->slot[i];
		if (m == NULL || m->v.type == JSON_NULL)
			continue;
		if (!(kinds(i) & 1u << m->v.type)) {
			fault_set(fault, "type", event_name[i], "a value of another type");
			return NULL;
		}
		if (empty(i, &m->v))
			continue;
		begin = dst;
		if (i != EVENT_EVENT_ID)
			*dst++ = ',';
		memcpy(dst, member[i].p, member[i].n);
		dst += member[i].n;
		at[i] = dst;
		if (i == EVENT_EXTRA) {
			char *end = put_extra(f, &m->v, dst, scratch, fault);

			if (end == NULL)
				return NULL;
			dst = end == dst ? begin : end;
		} else if (kinds(i) == FLAG) {
			if (field_bool(m, event_name[i], &set, fault) == -1)
				return NULL;
			memcpy(dst, set ? "true" : "false", 5);
			dst += set ? 4 : 5;
		} else {
			memcpy(dst, m->v.raw.p, m->v.raw.n);
			dst += m->v.raw.n;
		}
	}
	return dst;
}

/*
 * A text member for the reducer: within the node's text, or unescaped at *end.
 * As field_text().
 */
static int
text(const struct fold *f, enum event_member i, size_t max, char *const *at, char **end, struct slice *s, struct fault *fault)
{
	const struct json_member *m = f->slot[i];
	int rc = field_text(m, event_name[i], max, *end, s, fault);

	if (rc == 1 && s->p == *end)
		*end += s->n;
	else if (rc == 1)
		s->p = at[i] + (s->p - m->v.raw.p);
	return rc;
}

/* Fills in what the reducer reads; texts that had to be unescaped lie at *end. */
static int
read_node(const struct fold *f, struct node *e, char *const *at, char **end, struct fault *fault)
{
	const struct taxonomy *t = f->reducer.taxonomy;
	struct slice status, reason, ignored;
	int64_t n[4] = { 0 };
	int to_recipient = 0, damaged = 0, rc[6], i;
	char shown[80];

	e->r = (struct reduce_event){ 0 };
	if ((rc[0] = text(f, EVENT_EVENT_ID, ID_MAX, at, end, &e->r.id, fault)) == -1 ||
	    (rc[1] = field_int(f->slot[EVENT_VERSION], "version", 0, INT64_MAX, &e->version, fault)) == -1 ||
	    (rc[2] = field_time(f->slot[EVENT_EVENT_TIME], "event_time", &e->r.time, fault)) == -1 ||
	    (rc[3] = field_time(f->slot[EVENT_RECEIVED_AT], "received_at", &e->r.received, fault)) == -1 ||
	    (rc[4] = text(f, EVENT_CARRIER, CARRIER_MAX, at, end, &e->r.carrier, fault)) == -1 ||
	    (rc[5] = text(f, EVENT_STATUS, 32, at, end, &status, fault)) == -1)
		return -1;
	for (i = 0; i < 6; i++) {
		static const char *const needed[] = { "event_id", "version", "event_time", "received_at", "carrier", "status" };

		if (rc[i] == 0)
			return field_missing(needed[i], fault);
	}
	i = status_by_name(status);
	if (i == -1)
		return fault_set(fault, "enum", "status", "\"%s\" is no status", err_show(shown, sizeof shown, status.p, status.n));
	e->r.status = (uint8_t)i;
	if (text(f, EVENT_REASON, REASON_TEXT, at, end, &reason, fault) == -1 ||
	    text(f, EVENT_SUPERSEDES, ID_MAX, at, end, &e->r.supersedes, fault) == -1 ||
	    text(f, EVENT_COURIER_ID, ID_MAX, at, end, &e->r.courier, fault) == -1 ||
	    field_text(f->slot[EVENT_REGION_CODE], "region_code", 16, *end, &ignored, fault) == -1 ||
	    field_int(f->slot[EVENT_ATTEMPT_NO], "attempt_no", 0, 99, &n[0], fault) == -1 ||
	    field_int(f->slot[EVENT_PIECES], "pieces", 0, UINT16_MAX, &n[1], fault) == -1 ||
	    field_int(f->slot[EVENT_PIECES_DELIVERED], "pieces_delivered", 0, UINT16_MAX, &n[2], fault) == -1 ||
	    field_int(f->slot[EVENT_CARRIER_ID], "carrier_id", 0, UINT32_MAX, &n[3], fault) == -1 ||
	    field_bool(f->slot[EVENT_TO_RECIPIENT], "to_recipient", &to_recipient, fault) == -1 ||
	    field_bool(f->slot[EVENT_DAMAGED], "damaged", &damaged, fault) == -1)
		return -1;
	i = taxonomy_reason(t, reason);
	if (i == -1)
		return fault_set(fault, "enum", "reason", "\"%s\" is no reason", err_show(shown, sizeof shown, reason.p, reason.n));
	e->r.reason = (uint16_t)i;
	e->r.attempt_no = (uint8_t)n[0];
	e->r.pieces = (uint16_t)n[1];
	e->r.pieces_delivered = (uint16_t)n[2];
	e->r.to_recipient = (uint8_t)to_recipient;
	e->r.damaged = (uint8_t)damaged;
	return 0;
}

int
fold_node(struct fold *f, struct node *e, char *p, size_t half, struct fault *fault)
{
	char *at[EVENT_N] = { NULL }, *end;

	end = put_text(f, p, p + half, at, fault);
	if (end == NULL)
		return -1;
	e->text = (struct slice){ p, (size_t)(end - p) };
	if (read_node(f, e, at, &end, fault) == -1)
		return -1;
	e->size = (size_t)(end - (char *)e);
	return 0;
}
