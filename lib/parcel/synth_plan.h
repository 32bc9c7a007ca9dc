#ifndef PARCEL_SYNTH_PLAN_H_
#define PARCEL_SYNTH_PLAN_H_

#include <stddef.h>
#include <stdint.h>

#include "parcel/synth_code.h"
#include "parcel/synth_ref.h"

/*
 * The platform of one seed, and the planned life of each of its shipments.  A
 * plan depends on the world and on the number of the shipment alone, so that
 * every table, topic and total is written from the same lives, in any order
 * and in constant memory.  Nothing here is used by the pipeline, nor does it
 * use the pipeline's rules: what a plan says is what the pipeline must find.
 *
 * Instants are ms since 1970 (UTC); days are days since 1970.
 */
enum synth_fault {
	SYNTH_DUPLICATES,	/* the same event again, received later */
	SYNTH_DISORDER,		/* received after its successors, minutes to hours */
	SYNTH_LATE,		/* received days late */
	SYNTH_UNMAPPED,		/* one event more, with a code that no map holds */
	SYNTH_MALFORMED,	/* one record more, that must be rejected */
	SYNTH_FAULTS
};

struct synth_world {
	uint64_t seed;
	uint64_t shipments;
	int32_t from, days;		/* shipments are created on [from, from + days), UTC */
	int64_t now;			/* nothing is known that was received later */
	uint32_t ppm[SYNTH_FAULTS];	/* share of the events, per million */
	struct synth_codes codes;
	uint64_t *load;			/* days + 1: weight of the days before each; heap */
	uint16_t clients_sum;
	uint16_t dest_sum;
};

/* Completes a world whose first six members are set.  synth_plan_end() frees it. */
void synth_plan_begin(struct synth_world *w);
void synth_plan_end(struct synth_world *w);

enum {
	SYNTH_EVENT_VOID = 1,		/* the next event retracts it */
	SYNTH_EVENT_ABSORBED = 2,	/* after the end: must count nowhere */
	SYNTH_EVENT_DATE_ONLY = 4,	/* sent as a date */
	SYNTH_EVENT_RETURNING = 8,	/* on the way back */
};

struct synth_event {
	int64_t at;
	uint32_t lag;		/* ms until the gateway had it, faults aside */
	int32_t edd;		/* expected day of delivery, 0 = not said */
	uint16_t code;		/* index in synth_code_row */
	uint8_t region;
	uint8_t attempt;	/* number of the attempt, 0 = none */
	uint8_t courier;	/* number among the couriers of its carrier and region, 0 = none */
	uint8_t flags;
};

enum synth_mode { SYNTH_DOOR, SYNTH_POINT, SYNTH_LOCKER };
enum synth_service { SYNTH_STANDARD, SYNTH_EXPRESS, SYNTH_ECONOMY, SYNTH_1CLASS, SYNTH_PARCEL };

#define SYNTH_EVENTS 48

struct synth_plan {
	uint64_t number;	/* 0 .. shipments - 1, in the order of created_at */
	int64_t created_at;
	int64_t due;		/* first promise, the last second in time, ms; 0 = none */
	int32_t promise_day;	/* of the destination; 0 = none */
	int32_t promise_sec;	/* second of that day, or -1: to the day */
	uint32_t price, cod;	/* kopecks */
	uint32_t weight;	/* g */
	uint16_t client;
	uint8_t carrier, origin, dest, mode, service, pieces;
	uint8_t visible;	/* the first so many events are known at now; at least 1 */
	uint8_t n;
	struct synth_event event[SYNTH_EVENTS];
};

void synth_plan_make(const struct synth_world *w, uint64_t number, struct synth_plan *p);

/* The step that an event is of. */
static inline unsigned
synth_plan_step(const struct synth_event *e)
{
	return synth_code_row[e->code].step;
}

/* What became of a shipment by now, from its plan. */
struct synth_fate {
	int64_t accepted, ready, delivered, return_started, returned, lost, cancelled;	/* 0 = never */
	int32_t edd;			/* newest one told, 0 = none */
	uint16_t attempts, exceptions, out_for_delivery;
	uint8_t status;			/* enum synth_status of the newest state */
	uint8_t first_attempt_ok, is_open;
};
void synth_plan_fate(const struct synth_world *w, const struct synth_plan *p, struct synth_fate *f);

/* Verdict on the first promise. */
enum synth_sla { SYNTH_SLA_NONE, SYNTH_SLA_MET, SYNTH_SLA_MISSED, SYNTH_SLA_PENDING, SYNTH_SLA_AT_RISK };
enum synth_sla synth_plan_sla(const struct synth_world *w, const struct synth_plan *p,
    const struct synth_fate *f);

#endif
