/*
 * Canonical events: the elements of a message one by one, what the carrier's map and the
 * shipments say of each, and its id.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "parcel/normalize_work.h"

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
		ev = (struct event){ 0 };
		if ((rc = normalize_read_cancelled(n, &ev, f)) != 1)
			return rc == 0 ? NORMALIZE_END : NORMALIZE_REJECT;
		*end = normalize_put(n, &ev, 0, dst);
		return NORMALIZE_EVENT;
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
	if (rc == -1 || normalize_read(n, &ev, &map, f) == -1)
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
	*end = normalize_put(n, &ev, 1, dst);
	return NORMALIZE_EVENT;
}
