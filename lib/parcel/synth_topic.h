#ifndef PARCEL_SYNTH_TOPIC_H_
#define PARCEL_SYNTH_TOPIC_H_

#include "parcel/synth_line.h"
#include "parcel/synth_plan.h"

/*
 * The topic tracking.events, message by message, in the order in which the
 * gateway put them there.  At most SYNTH_TOPIC_OPEN shipments are under way at
 * once, in memory of about 1 KB each; beyond that (more than some 250,000
 * shipments a month) the oldest are told ahead of their time, so that the stamps
 * go back now and then, as between partitions of a real topic.
 */
#define SYNTH_TOPIC_OPEN 32768

struct synth_topic;

/* w must stay as long as the topic. */
struct synth_topic *synth_topic_new(const struct synth_world *w);
void synth_topic_free(struct synth_topic *t);

/* Writes the next line at d (SYNTH_LINE bytes); its end, or NULL behind the last. */
char *synth_topic_next(struct synth_topic *t, char *d);

#endif
