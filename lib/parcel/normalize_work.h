#ifndef PARCEL_NORMALIZE_WORK_H_
#define PARCEL_NORMALIZE_WORK_H_

#include <stdint.h>

#include <openssl/evp.h>

#include "parcel/normalize.h"
#include "rec/src.h"

/*
 * The inside of normalize.c: normalize_read.c reads and checks all fields into a struct
 * event, normalize_put.c writes it.  Strings without escapes go from the message to the
 * event as they stand.
 */
#define FIRST_MS INT64_C(946684800000)		/* 2000-01-01 */
#define LAST_MS INT64_C(4102444800000)		/* 2100-01-01, the end of time of the versions */

#define ID_MAX 64
#define RAW_TEXT_MAX 256
#define TEXTS_MAX 1104		/* bytes of all texts of an event together */
#define FIXED_MAX (6 * TEXTS_MAX + 2048)	/* texts quoted, names, times, numbers */

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

/* Columns of a row of shipments: their numbers in shipment_names. */
enum { S_SHIPMENT_ID, S_CARRIER_ID, S_TRACKING_NUMBER, S_CANCELLED_AT, S_N };

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

/*
 * normalize_read.c: both fill in ev, which is zero, or return -1 with f.  ev's texts live
 * as long as the record and the work.
 */

/* All fields of the present element, in the order that normalize.h promises, and the number of the map to be asked.  0 or -1. */
int normalize_read(struct normalize *n, struct event *ev, uint32_t *map, struct fault *f);

/* The row of a shipment: 1, 0 when it is not cancelled, or -1. */
int normalize_read_cancelled(struct normalize *n, struct event *ev, struct fault *f);

/*
 * normalize_put.c: the event at p (normalize_room() bytes), with_extra with what no field
 * takes, which sets has_extra; returns its end.
 */
char *normalize_put(struct normalize *n, const struct event *ev, int with_extra, char *p);

#endif
