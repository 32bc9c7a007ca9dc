#ifndef PARCEL_SYNTH_TRUTH_H_
#define PARCEL_SYNTH_TRUTH_H_

#include "base/buf.h"
#include "parcel/synth_plan.h"

/*
 * What a pipeline that makes no mistake finds on the platform, summed up from
 * the plans.  Appends one JSON object, on several lines, to b; wb-sample(1)
 * says what its members mean.  Reads every plan of the world once.
 */
void synth_truth_write(const struct synth_world *w, struct buf *b);

#endif
