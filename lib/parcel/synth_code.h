#ifndef PARCEL_SYNTH_CODE_H_
#define PARCEL_SYNTH_CODE_H_

#include <stddef.h>
#include <stdint.h>

#include "parcel/synth_ref.h"

/*
 * What carriers call the steps of a parcel's life.  The rows were chosen by hand
 * from the carrier maps; tests/unit/synth_code.c proves that the maps say the
 * same.  A row without a code goes out with its canonical status and reason.
 */
enum synth_step {
	SYNTH_LABEL,
	SYNTH_CANCEL,
	SYNTH_ACCEPT,
	SYNTH_DEPART,
	SYNTH_ARRIVE,
	SYNTH_SORT,
	SYNTH_DELAY,
	SYNTH_WEATHER,
	SYNTH_CUSTOMS,
	SYNTH_CUSTOMS_DOCS,
	SYNTH_CLEARED,
	SYNTH_AT_DEST,
	SYNTH_TO_POINT,
	SYNTH_OFD,
	SYNTH_FAIL_ABSENT,
	SYNTH_FAIL_CONTACT,
	SYNTH_FAIL_ADDRESS,
	SYNTH_FAIL_REFUSED,
	SYNTH_FAIL_LATER,	/* another day agreed */
	SYNTH_FAIL_CARRIER,
	SYNTH_READY_POINT,
	SYNTH_READY_LOCKER,
	SYNTH_HANDED_DOOR,
	SYNTH_HANDED_POINT,
	SYNTH_HANDED_LOCKER,
	SYNTH_MISSING,
	SYNTH_LOST,
	SYNTH_BACK_UNCLAIMED,	/* the return begins, and why */
	SYNTH_BACK_REFUSED,
	SYNTH_BACK_FAILED,
	SYNTH_BACK_MOVE,
	SYNTH_RETURNED,
	SYNTH_NOTICE,		/* tells, changes nothing, no fault */
	SYNTH_NOTICE_LATER,	/* tells that the recipient asked for another day */
	SYNTH_RETRACT,		/* the event before was an error */
	SYNTH_STEPS
};

struct synth_code {
	uint8_t carrier;	/* enum synth_carrier_id; SYNTH_CARRIERS: any */
	uint8_t step;
	const char *code, *subcode, *status, *reason;
	const char *text;	/* as it goes between the quotes of a JSON string */
};

extern const struct synth_code synth_code_row[];
extern const size_t synth_code_rows;

/* Codes that no map holds: those are for the fault "unmapped". */
extern const char *const synth_code_unmapped[SYNTH_CARRIERS];

enum synth_status {
	SYNTH_IS_CREATED,
	SYNTH_IS_ACCEPTED,
	SYNTH_IS_IN_TRANSIT,
	SYNTH_IS_CUSTOMS,
	SYNTH_IS_AT_DESTINATION,
	SYNTH_IS_OUT_FOR_DELIVERY,
	SYNTH_IS_ATTEMPT_FAILED,
	SYNTH_IS_READY_FOR_PICKUP,
	SYNTH_IS_ON_HOLD,
	SYNTH_IS_RETURNING,
	SYNTH_IS_DELIVERED,
	SYNTH_IS_RETURNED,
	SYNTH_IS_LOST,
	SYNTH_IS_CANCELLED,
	SYNTH_IS_INFO,
};

/*
 * The rows of a carrier and step: first row and their number (never 0); and of
 * every row its status, and whether its reason is a fault.
 */
#define SYNTH_CODES 384
struct synth_codes {
	uint16_t first[SYNTH_CARRIERS][SYNTH_STEPS];
	uint8_t n[SYNTH_CARRIERS][SYNTH_STEPS];
	uint8_t status[SYNTH_CODES];
	uint8_t is_fault[SYNTH_CODES];
};
void synth_code_index(struct synth_codes *c);

/* 1 when the carrier has a code of its own for the step. */
int synth_code_own(const struct synth_codes *c, unsigned carrier, unsigned step);

#endif
