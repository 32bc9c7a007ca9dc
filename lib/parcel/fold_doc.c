/*
 * Writes documents.
 */
#include <string.h>

#include "base/num.h"
#include "base/utc.h"
#include "parcel/doc.h"
#include "parcel/fold_work.h"

#define SRC_STUB 1024			/* in a stub at most */

static char *
put(char *dst, struct slice s)
{
	memcpy(dst, s.p, s.n);
	return dst + s.n;
}
#define PUT(dst, lit) put(dst, SLICE(lit))

static char *
put_name(char *dst, enum doc_member i)
{
	if (dst[-1] != '{')
		*dst++ = ',';
	*dst++ = '"';
	dst = put(dst, slice_of(doc_name[i]));
	return PUT(dst, "\":");
}

static char *
put_text_of(char *dst, enum doc_member i, struct slice s)
{
	return json_quote(put_name(dst, i), s);
}

static char *
put_time(char *dst, enum doc_member i, int64_t ms)
{
	dst = put_name(dst, i);
	if (ms == REDUCE_NEVER)
		return PUT(dst, "null");
	dst = utc_quote(dst, ms);
	return dst;
}

static char *
put_bool(char *dst, enum doc_member i, int v)
{
	return put(put_name(dst, i), v ? SLICE("true") : SLICE("false"));
}

static char *
put_int(char *dst, enum doc_member i, int64_t v)
{
	dst = put_name(dst, i);
	return dst + num_put_i64(dst, v);
}

static char *
put_event(char *dst, const struct node *e)
{
	*dst++ = '{';
	dst = put(dst, e->text);
	dst = PUT(dst, ",\"state\":\"");
	dst = put(dst, slice_of(status_name[e->r.state]));
	dst = PUT(dst, "\",\"mark\":\"");
	dst = put(dst, slice_of(mark_name[e->r.mark]));
	dst = PUT(dst, "\",\"attempt\":");
	dst += num_put_u64(dst, e->r.attempt);
	*dst++ = '}';
	return dst;
}

char *
fold_put(struct fold *f, int64_t now, char *dst)
{
	const struct reduced *r = &f->reduced;
	size_t i;

	*dst++ = '{';
	if (f->shipment[f->at].src_n > 0)
		dst = put(put_name(dst, DOC_SRC_), fold_src(f, f->at));
	dst = put_text_of(dst, DOC_SHIPMENT_ID_, fold_id(f, f->at));
	dst = put_int(dst, DOC_VERSION_, now);
	dst = put_text_of(dst, DOC_STATUS_, slice_of(status_name[r->status]));
	dst = put_time(dst, DOC_STATUS_SINCE_, r->status_since);
	dst = put_text_of(dst, DOC_REASON_, taxonomy_reason_name(f->reducer.taxonomy, r->reason));
	dst = put_bool(dst, DOC_IS_OPEN_, r->is_open);
	dst = put_time(dst, DOC_LABEL_AT_, r->label_at);
	dst = put_time(dst, DOC_ACCEPTED_AT_, r->accepted_at);
	dst = put_time(dst, DOC_FIRST_OFD_AT_, r->first_ofd_at);
	dst = put_time(dst, DOC_FIRST_ATTEMPT_AT_, r->first_attempt_at);
	dst = put_time(dst, DOC_READY_AT_, r->ready_at);
	dst = put_time(dst, DOC_DELIVERED_AT_, r->delivered_at);
	dst = put_time(dst, DOC_RETURN_STARTED_AT_, r->return_started_at);
	dst = put_time(dst, DOC_RETURNED_AT_, r->returned_at);
	dst = put_time(dst, DOC_LOST_AT_, r->lost_at);
	dst = put_time(dst, DOC_CANCELLED_AT_, r->cancelled_at);
	dst = put_time(dst, DOC_CLOSED_AT_, r->closed_at);
	dst = put_time(dst, DOC_FIRST_EXCEPTION_AT_, r->first_exception_at);
	dst = put_time(dst, DOC_DAMAGED_AT_, r->damaged_at);
	dst = put_time(dst, DOC_LAST_EVENT_AT_, r->last_event_at);
	dst = put_time(dst, DOC_LAST_RECEIVED_AT_, r->last_received_at);
	dst = put_int(dst, DOC_EVENTS_N_, (int64_t)f->events);
	dst = put_int(dst, DOC_ATTEMPTS_, r->attempts);
	dst = put_bool(dst, DOC_FIRST_ATTEMPT_OK_, r->first_attempt_ok);
	dst = put_int(dst, DOC_EXCEPTIONS_, r->exceptions);
	dst = put_int(dst, DOC_POST_TERMINAL_, r->post_terminal);
	dst = put_bool(dst, DOC_IS_REOPENED_, r->is_reopened);
	dst = put_bool(dst, DOC_IS_PARTIAL_, r->is_partial);
	dst = put_text_of(dst, DOC_COURIER_ID_, r->courier);
	dst = PUT(put_name(dst, DOC_DAYS_), "[");
	for (i = 0; i < f->days; i++) {
		if (i > 0)
			*dst++ = ',';
		dst = utc_quote_day(dst, f->day[i]);
	}
	*dst++ = ']';
	dst = PUT(put_name(dst, DOC_EVENTS_), "[");
	for (i = 0; i < f->events; i++) {
		if (i > 0)
			*dst++ = ',';
		dst = put_event(dst, (const struct node *)(const void *)f->event[i]);
	}
	return PUT(dst, "]}");
}

char *
fold_stub(const struct fold *f, size_t i, char *dst)
{
	struct slice src = fold_src(f, i);

	*dst++ = '{';
	if (src.n > 0 && src.n <= SRC_STUB)
		dst = put(put_name(dst, DOC_SRC_), src);
	dst = put_text_of(dst, DOC_SHIPMENT_ID_, fold_id(f, i));
	*dst++ = '}';
	return dst;
}
