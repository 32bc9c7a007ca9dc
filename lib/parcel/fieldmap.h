#ifndef PARCEL_FIELDMAP_H_
#define PARCEL_FIELDMAP_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Where the fields of an event stand in the messages of a feed (wb-records.5 "Field
 * map"), compiled into a plan: which members to pick, and which of them, or what inside
 * of them, a field is taken from.
 */
#define FIELDS(X) \
	X(SCHEMA, "schema") \
	X(EVENT_ID, "event_id") \
	X(SHIPMENT_ID, "shipment_id") \
	X(TRACKING_NUMBER, "tracking_number") \
	X(CARRIER_CODE, "carrier_code") \
	X(INTEGRATION, "integration") \
	X(EVENT_TIME, "event_time") \
	X(RECEIVED_AT, "received_at") \
	X(STATUS, "status") \
	X(REASON, "reason") \
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
	X(PROMISED_AT, "promised_at") \
	X(SUPERSEDES, "supersedes") \
	X(TO_RECIPIENT, "to_recipient") \
	X(PIECES, "pieces") \
	X(PIECES_DELIVERED, "pieces_delivered") \
	X(DAMAGED, "damaged") \
	/* no default source: the name of the map to ask, where it is not the carrier's */ \
	X(VOCABULARY, "vocabulary")

enum field {
#define X(e, name) FIELD_##e,
	FIELDS(X)
#undef X
	FIELD_N
};

extern const char *const field_name[FIELD_N];

#define FIELDMAP_SOURCES 16	/* of one field */
#define FIELDMAP_TIMES 16	/* of date_only_times */

struct fieldmap {
	/*
	 * Of the present element, by enum field: the first value among the field's
	 * sources that is neither null nor "" (for s: and ms: nor 0); NULL: no value.
	 * Readable JSON_PAD bytes past its end; lives until the next fieldmap_next().
	 */
	const struct json_value *value[FIELD_N];
	/* for values that were read by s: or ms: what they mean; EPOCH_BAD: no number */
	struct field_epoch {
		enum { EPOCH_NOT, EPOCH_MS, EPOCH_BAD } kind;
		int64_t ms;
	} epoch[FIELD_N];

	struct fieldplan *plan;
};

/*
 * The map of that text; file is its name for messages.  Empty text is the default
 * map.  0, or -1 with EX_CONFIG, "FILE:LINE: fault", fm in the zero state.
 */
int fieldmap_load(struct fieldmap *fm, struct slice text, const char *file, struct err *e);
void fieldmap_fini(struct fieldmap *fm);

/*
 * Evaluation.  fieldmap_open() takes a record, fieldmap_next() its next element:
 * 1 with *i counted from 0, 0 when there is none; without "each" the record is the one
 * element.  Faults are -1: in fieldmap_open() the record has members of a reserved
 * name, or "each" finds no array (missing, type); in fieldmap_next() the element is no
 * object (type) or has a member "^" (reserved), and the next call goes on.
 * The record must stay as it is until the last call; all records of a fieldmap are
 * scanned by one struct json.
 */
int fieldmap_open(struct fieldmap *fm, const struct json *j, struct fault *f);
int fieldmap_next(struct fieldmap *fm, int64_t *i, struct fault *f);

int fieldmap_has_each(const struct fieldmap *fm);

/* 1 when the time of day of ms is one by which the feed marks an unknown time. */
int fieldmap_date_only(const struct fieldmap *fm, int64_t ms);

/*
 * What no field takes of the present element (under "each" of its first one also what
 * the whole record has left, as the member "^"), as an object at dst, without white
 * space between tokens; returns its end, or dst when nothing is left.  Needs
 * FIELDMAP_REST_MAX bytes for a record of n bytes.
 */
#define FIELDMAP_REST_MAX(n) (2 * (n) + 64)
char *fieldmap_rest(const struct fieldmap *fm, char *dst);

/* 1 when something other than the named members is left, with the first one's name as it stands; else 0. */
int fieldmap_left(const struct fieldmap *fm, const char *const *but, size_t n, struct slice *name);

/* The text of a field's source when it is a string constant without escapes, else n = 0. */
struct slice fieldmap_constant(const struct fieldmap *fm, enum field field);

#endif
