#ifndef RUN_STAGE_WORK_H_
#define RUN_STAGE_WORK_H_

#include "run/stage.h"

/* The inside of the pump, for stage.c and the files beside it. */

/* stage_reject.c: refused records */
#define STAGE_TOLD 10	/* rejects that are told on standard error */
int stage_in_stream(const struct stage *st);	/* rejects go into the stream, not to a person or a file */
int stage_check_share(struct stage *st);	/* at the end of a checkpoint: 0, or -1: too many of its records were refused */

/* stage_tell.c: what the user is told */
void stage_tell(void *st);			/* progress, when a signal has asked for it */
void stage_tell_account(const struct stage *st, double sec);
void stage_write_metrics(struct stage *st, double sec);

#endif
