#ifndef PARCEL_EVENT_H_
#define PARCEL_EVENT_H_

/*
 * The canonical event (wb-records.5 "Canonical event"): its members, numbered in the
 * order in which they are written.  X(enumerator, name)
 */
#define EVENT_MEMBERS(X) \
	X(SRC, "_src") \
	X(SHIPMENT_ID, "shipment_id") \
	X(EVENT_ID, "event_id") \
	X(VERSION, "version") \
	X(EVENT_TIME, "event_time") \
	X(RECEIVED_AT, "received_at") \
	X(LAG_SEC, "lag_sec") \
	X(IS_DATE_ONLY, "is_date_only") \
	X(CARRIER, "carrier") \
	X(CARRIER_ID, "carrier_id") \
	X(TRACKING_NUMBER, "tracking_number") \
	X(INTEGRATION, "integration") \
	X(STATUS, "status") \
	X(REASON, "reason") \
	X(MAP_HIT, "map_hit") \
	X(RAW_CODE, "raw_code") \
	X(RAW_SUBCODE, "raw_subcode") \
	X(RAW_TEXT, "raw_text") \
	X(ATTEMPT_NO, "attempt_no") \
	X(COURIER_ID, "courier_id") \
	X(FACILITY_ID, "facility_id") \
	X(REGION_CODE, "region_code") \
	X(CITY, "city") \
	X(LAT, "lat") \
	X(LON, "lon") \
	X(EDD, "edd") \
	X(SUPERSEDES, "supersedes") \
	X(TO_RECIPIENT, "to_recipient") \
	X(PIECES, "pieces") \
	X(PIECES_DELIVERED, "pieces_delivered") \
	X(DAMAGED, "damaged") \
	X(EXTRA, "extra") \
	/* what wb-fold adds in the document */ \
	X(STATE, "state") \
	X(MARK, "mark") \
	X(ATTEMPT, "attempt")

enum event_member {
#define X(e, name) EVENT_##e,
	EVENT_MEMBERS(X)
#undef X
	EVENT_N
};

extern const char *const event_name[EVENT_N];

#define EVENTS_MAX 4096		/* events of one shipment */

#endif
