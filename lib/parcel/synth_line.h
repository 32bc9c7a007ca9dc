#ifndef PARCEL_SYNTH_LINE_H_
#define PARCEL_SYNTH_LINE_H_

#include <stddef.h>
#include <stdint.h>

#include "parcel/synth_call.h"
#include "parcel/synth_contact.h"
#include "parcel/synth_plan.h"
#include "parcel/synth_send.h"

/*
 * NDJSON of the synthetic platform.  Every function writes one line with its
 * newline at d, at most SYNTH_LINE bytes, and returns its end.  A line begins
 * with _src as the extractor of that source writes it.
 */
#define SYNTH_LINE 4096
#define SYNTH_PARTITIONS 6

/* Partition of a shipment's events. */
unsigned synth_line_partition(const struct synth_plan *p);

/* Message of tracking.events; offsets are counted by the caller, per partition. */
char *synth_line_message(char *d, const struct synth_world *w, const struct synth_plan *p,
    const struct synth_send *s, unsigned partition, uint64_t offset);

/* Rows of the tables. */
char *synth_line_region(char *d, const struct synth_world *w, size_t i);
char *synth_line_carrier(char *d, const struct synth_world *w, size_t i);
char *synth_line_client(char *d, const struct synth_world *w, size_t i);
char *synth_line_shipment(char *d, const struct synth_plan *p, const struct synth_fate *f);
char *synth_line_event(char *d, const struct synth_world *w, const struct synth_plan *p, unsigned event);
char *synth_line_call(char *d, const struct synth_plan *p, const struct synth_call *c, unsigned row);
char *synth_line_contact(char *d, const struct synth_plan *p, const struct synth_contact *c, unsigned row);

#endif
