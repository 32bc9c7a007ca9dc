#ifndef RUN_SINK_H_
#define RUN_SINK_H_

#include <stdint.h>

#include "run/rejects.h"
#include "run/stage.h"
#include "run/tee.h"

/*
 * A stage that stores what it reads: the last one of a pipeline or, with tees, one that passes on what is stored.
 *
 *	struct stage st = { .tool = &tool, .flags = SINK_FLAGS };
 *	struct sink s = { .st = &st, .add = add, .flush = flush, .arg = &x };
 *
 *	sink_init(&s);			before stage_open()
 *	stage_open(&st, argv + optind);
 *	sink_run(&s);
 *	rc = stage_close(&st);
 *	sink_fini(&s);
 *
 * Rows are stored before rejects, and both before the checkpoint goes on or is acknowledged.
 */
#define SINK_FLAGS (STAGE_BARRIERS | STAGE_SINK)

struct sink {
	/* set by the program */
	struct stage *st;
	int tees;
	int (*add)(void *arg, const struct record *r, struct fault *f, struct err *e);	/* 1: taken; 0: f says why not; -1 */
	int (*flush)(void *arg, struct err *e);	/* all that was taken is stored and in the account.  0 or -1 */
	int (*idle)(void *arg, struct err *e);	/* STAGE_IDLE, when it is not to be flush() */
	int (*swap)(void *arg, struct err *e);	/* NULL, or: whole days take the place of others, once the lane has ended well */
	void *arg;
	struct rejects rejects;			/* loader NULL: nobody keeps them here */

	/* inner */
	uint64_t earlier;			/* rejects of earlier stages */
	struct tee tee;
};

void sink_init(struct sink *s);
void sink_run(struct sink *s);		/* what goes wrong is the stage's */
void sink_fini(struct sink *s);

/* A row that was taken, and that the store has refused since. */
void sink_refuse(struct sink *s, struct slice line, const struct fault *f);

#endif
