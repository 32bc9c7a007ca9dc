#ifndef PARCEL_SYNTH_SEND_H_
#define PARCEL_SYNTH_SEND_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "parcel/synth_plan.h"

/*
 * The records that a shipment's events become on the topic, with the faults of
 * real feeds.  No fault changes what the events mean: a copy is received later
 * than the event, an unmapped one moves nothing, a malformed one is a record of
 * its own; only events that carry no expected day are received out of order.
 */
enum synth_send_kind {
	SYNTH_SEND_EVENT,
	SYNTH_SEND_COPY,
	SYNTH_SEND_UNMAPPED,
	SYNTH_SEND_BAD,		/* this and all behind it: malformed, by the reject's code */
	SYNTH_SEND_BAD_JSON = SYNTH_SEND_BAD,
	SYNTH_SEND_BAD_UTF8,
	SYNTH_SEND_BAD_SCHEMA,
	SYNTH_SEND_BAD_MISSING,
	SYNTH_SEND_BAD_CARRIER,
	SYNTH_SEND_BAD_TIME,
	SYNTH_SEND_BAD_TIME_RANGE,
	SYNTH_SEND_BAD_RANGE,
	SYNTH_SEND_BAD_ENUM,
	SYNTH_SEND_KINDS
};

/* Reject code of a malformed kind. */
extern const char *const synth_send_code[SYNTH_SEND_KINDS];

struct synth_send {
	int64_t at;		/* when it was put on the topic, ms */
	int64_t received;
	uint8_t event;		/* number of the event it is made of */
	uint8_t kind;
	uint8_t is_late, is_disorder;
};

#define SYNTH_SENDS (SYNTH_EVENTS * 4)

/* Fills send[], ordered by at; returns how many. */
size_t synth_send_make(const struct synth_world *w, const struct synth_plan *p, struct synth_send send[SYNTH_SENDS]);

/*
 * Shares of the faults: "none", "all" (the defaults), or a list of names, each
 * with an optional share ("late=2%", "duplicates=0.015"); what is not named is
 * off.  Later items overrule earlier ones: "all,late=0".  0, or -1 EX_USAGE.
 */
int synth_send_faults(struct slice list, uint32_t ppm[SYNTH_FAULTS], struct err *e);

extern const char *const synth_send_fault[SYNTH_FAULTS];

#endif
