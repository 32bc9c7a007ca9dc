#ifndef PARCEL_SYNTH_CONTACT_H_
#define PARCEL_SYNTH_CONTACT_H_

#include <stddef.h>
#include <stdint.h>

#include "parcel/synth_plan.h"

/* Support contacts about a shipment: more when it is late. */
enum { SYNTH_WISMO };	/* the first of synth_contact_topic */

extern const char *const synth_contact_topic[10], *const synth_contact_channel[6];

struct synth_contact {
	int64_t opened, reply, resolved;	/* ms; 0 = not yet */
	uint8_t channel, topic;
	uint8_t csat;				/* 0 = none */
	uint8_t reopened;
	uint8_t names_shipment;
	uint8_t on_late;			/* opened while the shipment was overdue */
};

#define SYNTH_CONTACTS 4

/* Fills c[] in the order of opening; returns how many. */
size_t synth_contact_make(const struct synth_world *w, const struct synth_plan *p, const struct synth_fate *f,
    struct synth_contact c[SYNTH_CONTACTS]);

#endif
