#ifndef PARCEL_DOC_H_
#define PARCEL_DOC_H_

#include <stddef.h>

#include "rec/json.h"

/*
 * The shipment document (wb-records.5 "Shipment document"): its members, numbered in
 * the order in which they are written, and who sets them: F wb-fold, A wb-enrich
 * (attributes), E wb-enrich (computed), S wb-sla-tag.  X(enumerator, name, owners)
 */
#define DOC_F 1
#define DOC_A 2
#define DOC_E 4
#define DOC_S 8

#define DOC_MEMBERS(X) \
	X(SRC, "_src", DOC_F) \
	X(SHIPMENT_ID, "shipment_id", DOC_F) \
	X(VERSION, "version", DOC_F | DOC_S) \
	X(CLIENT_ID, "client_id", DOC_A) \
	X(CLIENT_TIER, "client_tier", DOC_E) \
	X(CLIENT_SEGMENT, "client_segment", DOC_E) \
	X(CARRIER_ID, "carrier_id", DOC_A) \
	X(CARRIER, "carrier", DOC_E) \
	X(TRACKING_NUMBER, "tracking_number", DOC_A) \
	X(SERVICE_CODE, "service_code", DOC_A) \
	X(DELIVERY_MODE, "delivery_mode", DOC_A) \
	X(ORIGIN_REGION, "origin_region", DOC_A) \
	X(DEST_REGION, "dest_region", DOC_A) \
	X(ORIGIN_TZ, "origin_tz", DOC_E) \
	X(DEST_TZ, "dest_tz", DOC_E) \
	X(DEST_REMOTE, "dest_remote", DOC_E) \
	X(PRICE, "price", DOC_A) \
	X(WEIGHT_G, "weight_g", DOC_A) \
	X(PIECES, "pieces", DOC_A) \
	X(PROMISE_FIRST, "promise_first", DOC_A) \
	X(PROMISE_NOW, "promise_now", DOC_A) \
	X(STATUS, "status", DOC_F) \
	X(STATUS_SINCE, "status_since", DOC_F) \
	X(REASON, "reason", DOC_F) \
	X(IS_OPEN, "is_open", DOC_F) \
	X(CREATED_AT, "created_at", DOC_A) \
	X(CREATED_DAY, "created_day", DOC_E) \
	X(LABEL_AT, "label_at", DOC_F) \
	X(ACCEPTED_AT, "accepted_at", DOC_F) \
	X(FIRST_OFD_AT, "first_ofd_at", DOC_F) \
	X(FIRST_ATTEMPT_AT, "first_attempt_at", DOC_F) \
	X(READY_AT, "ready_at", DOC_F) \
	X(DELIVERED_AT, "delivered_at", DOC_F) \
	X(RETURN_STARTED_AT, "return_started_at", DOC_F) \
	X(RETURNED_AT, "returned_at", DOC_F) \
	X(LOST_AT, "lost_at", DOC_F) \
	X(CANCELLED_AT, "cancelled_at", DOC_F) \
	X(CLOSED_AT, "closed_at", DOC_F) \
	X(FIRST_EXCEPTION_AT, "first_exception_at", DOC_F) \
	X(DAMAGED_AT, "damaged_at", DOC_F) \
	X(ACCEPTED_DAY, "accepted_day", DOC_E) \
	X(FIRST_ATTEMPT_DAY, "first_attempt_day", DOC_E) \
	X(READY_DAY, "ready_day", DOC_E) \
	X(DELIVERED_DAY, "delivered_day", DOC_E) \
	X(RETURN_STARTED_DAY, "return_started_day", DOC_E) \
	X(RETURNED_DAY, "returned_day", DOC_E) \
	X(LOST_DAY, "lost_day", DOC_E) \
	X(CANCELLED_DAY, "cancelled_day", DOC_E) \
	X(FIRST_EXCEPTION_DAY, "first_exception_day", DOC_E) \
	X(DAMAGED_DAY, "damaged_day", DOC_E) \
	X(LAST_EVENT_AT, "last_event_at", DOC_F) \
	X(LAST_RECEIVED_AT, "last_received_at", DOC_F) \
	X(LEAD_SEC, "lead_sec", DOC_E) \
	X(TRANSIT_SEC, "transit_sec", DOC_E) \
	X(EVENTS_N, "events_n", DOC_F) \
	X(ATTEMPTS, "attempts", DOC_F) \
	X(FIRST_ATTEMPT_OK, "first_attempt_ok", DOC_F) \
	X(EXCEPTIONS, "exceptions", DOC_F) \
	X(POST_TERMINAL, "post_terminal", DOC_F) \
	X(IS_REOPENED, "is_reopened", DOC_F) \
	X(IS_PARTIAL, "is_partial", DOC_F) \
	X(COURIER_ID, "courier_id", DOC_F) \
	X(CONTACTS_N, "contacts_n", DOC_E) \
	X(WISMO_N, "wismo_n", DOC_E) \
	X(LAST_CONTACT_AT, "last_contact_at", DOC_E) \
	X(PROMISE_SOURCE, "promise_source", DOC_S) \
	X(PROMISED_PRECISION, "promised_precision", DOC_S) \
	X(PROMISED_AT, "promised_at", DOC_S) \
	X(PROMISED_NOW_AT, "promised_now_at", DOC_S) \
	X(DUE_AT, "due_at", DOC_S) \
	X(DUE_DAY, "due_day", DOC_S) \
	X(SLA_RULE_ID, "sla_rule_id", DOC_S) \
	X(SLA_STOP, "sla_stop", DOC_S) \
	X(SLA_STOP_AT, "sla_stop_at", DOC_S) \
	X(SLA_STATE, "sla_state", DOC_S) \
	X(SLA_PARTY, "sla_party", DOC_S) \
	X(SLA_LATE_SEC, "sla_late_sec", DOC_S) \
	X(PROMISE_ERR_SEC, "promise_err_sec", DOC_S) \
	X(PAUSED_SEC, "paused_sec", DOC_S) \
	X(IS_PAUSED, "is_paused", DOC_S) \
	X(JUDGE_AT, "judge_at", DOC_S) \
	X(STEP_AT, "step_at", DOC_E) \
	X(STEP_DAY, "step_day", DOC_E) \
	X(STEP_STATUS, "step_status", DOC_E) \
	X(STEP_STATE, "step_state", DOC_E) \
	X(STEP_REASON, "step_reason", DOC_E) \
	X(STEP_ATTEMPT, "step_attempt", DOC_E) \
	X(STEP_COURIER, "step_courier", DOC_E) \
	X(STEP_REGION, "step_region", DOC_E) \
	X(DAYS, "days", DOC_F | DOC_S) \
	X(EVENTS, "events", DOC_F)

enum doc_member {
#define X(e, name, by) DOC_##e##_,
	DOC_MEMBERS(X)
#undef X
	DOC_N
};

extern const char *const doc_name[DOC_N];
extern const unsigned char doc_by[DOC_N];

/*
 * How a stage writes a document: own[i] holds the text of the members that it owns
 * (by), everything else is copied from the record as it stands, in the order of the
 * table; members that the table does not know follow at the end, as they stand.
 *
 *	struct doc_writer: made once; slot[] by json_pick()
 *	doc_put() writes the line at dst (doc_size() bytes) and returns its end.
 */
struct doc {
	struct json_names *names;
	const struct json_member *slot[DOC_N];
	uint32_t rest[64];		/* members that the table does not know */
	size_t rest_n;			/* their number; more than 64 is a reject of the caller ("unknown") */
	struct slice own[DOC_N];	/* p == NULL: not written by this stage */
};
void doc_init(struct doc *d);
void doc_fini(struct doc *d);
void doc_pick(struct doc *d, const struct json *j);	/* also clears own[] */
size_t doc_size(const struct doc *d, const struct json *j, unsigned by);
char *doc_put(const struct doc *d, const struct json *j, unsigned by, char *dst);

#endif
