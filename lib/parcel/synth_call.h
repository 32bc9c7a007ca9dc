#ifndef PARCEL_SYNTH_CALL_H_
#define PARCEL_SYNTH_CALL_H_

#include <stddef.h>
#include <stdint.h>

#include "parcel/synth_plan.h"

/* Calls between the platform and the carriers, one row an attempt. */
enum synth_operation { SYNTH_CREATE_LABEL, SYNTH_CANCEL_LABEL, SYNTH_TRACK, SYNTH_WEBHOOK };
enum synth_outcome {
	SYNTH_OK,
	SYNTH_CLIENT_ERROR,
	SYNTH_SERVER_ERROR,
	SYNTH_TIMEOUT,
	SYNTH_AUTH_ERROR,
	SYNTH_RATE_LIMITED,
	SYNTH_SCHEMA_ERROR,
};

extern const char *const synth_call_operation[4], *const synth_call_outcome[7];

struct synth_call {
	int64_t ts;
	uint32_t duration;	/* ms */
	uint16_t http;		/* 0 = no answer */
	uint8_t request;	/* number of the call among those of the shipment */
	uint8_t attempt;	/* from 1 */
	uint8_t operation, outcome;
	uint8_t is_last;	/* the last attempt of its call */
};

#define SYNTH_CALLS 64

/* Fills c[] in the order of the calls; returns how many rows. */
size_t synth_call_make(const struct synth_world *w, const struct synth_plan *p, struct synth_call c[SYNTH_CALLS]);

#endif
