/*
 * Writes canonical events.
 */
#include <string.h>

#include "base/num.h"
#include "base/utc.h"
#include "parcel/normalize_work.h"

#define COPY 32			/* bytes that are copied at once: less than JSON_PAD */

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
		return utc_quote(p, ev->edd);
	p = utc_quote_day(p, utc_day_of(ev->edd));
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
	p = utc_quote(p, ev->time);
	p = PUT(p, ",\"received_at\":");
	p = utc_quote(p, ev->received);
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

char *
normalize_put(struct normalize *n, const struct event *ev, int with_extra, char *p)
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
