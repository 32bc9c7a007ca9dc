#ifndef RUN_ACK_H_
#define RUN_ACK_H_

#include <stdint.h>

#include "base/err.h"
#include "rec/json.h"
#include "run/stage.h"

/*
 * The acknowledgements of a lane as its source sees them (waybill.7 "Lanes"): when a
 * checkpoint is due, which ones the last stage has answered, and how long it may take.
 * The times are of utc_mono(), in ns.
 *
 *	ack_open(&a, &st);
 *	while records come
 *		if (ack_due(&a, now))
 *			n = ack_checkpoint(&a, now), remember the position as n
 *		else if (ack_full(&a, now))
 *			wait for ack_fd(), or another time
 *		if (ack_read(&a, now, &n, &e) == 1)
 *			commit the position of n, ack_tell()
 */
#define ACK_OPEN 3	/* checkpoints that may be without an answer */

struct ack {
	/* set by the program before ack_open() */
	int64_t every_ns;	/* a checkpoint so long after the last one, */
	int64_t idle_ns;	/* or so long when there is nothing new, */
	uint64_t lines;		/* or after so many lines, */
	uint64_t bytes;		/* or bytes */
	int64_t timeout_ns;	/* an answer may take so long */

	/* inner */
	struct stage *st;
	struct json json;
	int fd;
	char buf[4096 + JSON_PAD];
	size_t n;
	uint64_t sent, acked;	/* numbers of checkpoints */
	uint64_t total;		/* lines of the acknowledged checkpoints */
	uint64_t from;		/* bytes of output at the last checkpoint */
	int64_t last_ns, told_ns;
	struct {
		int64_t at_ns;
		uint64_t lines;
	} open[ACK_OPEN + 2];
};

/* TIME[,RECORDS[,SIZE]] of --ckpt, into every_ns, lines and bytes; a usage error otherwise. */
void ack_option(struct ack *a, const struct tool *t, const char *arg);

/* The stage is open and in a lane.  0, or -1 EX_USAGE when nobody acknowledges (WB_ACK_IN). */
int ack_open(struct ack *a, struct stage *st, struct err *e);
void ack_close(struct ack *a);

/* 1 when a checkpoint is to be written now; ack_full() 1 when one would be but for too many without an answer. */
int ack_due(const struct ack *a, int64_t now);
int ack_full(const struct ack *a, int64_t now);

/* Writes a checkpoint (stage_checkpoint()), or the last one with @end (stage_end()).  Its number, or 0. */
uint64_t ack_checkpoint(struct ack *a, int64_t now);
uint64_t ack_end(struct ack *a, int64_t now);

/* 1 when the last checkpoint has been answered, or there was none. */
static inline int
ack_all(const struct ack *a)
{
	return a->acked == a->sent;
}

/* Descriptor that can be read when an answer has come. */
static inline int
ack_fd(const struct ack *a)
{
	return a->fd;
}

/*
 * Reads what has come, without waiting: 1 when checkpoints up to *n are acknowledged
 * since the last call, 0 when none is; -1 with EX_TEMPFAIL when the last stage is gone,
 * or has not answered in time, EX_SOFTWARE for what is no acknowledgement.  Answers to
 * another run are nothing.
 */
int ack_read(struct ack *a, int64_t now, uint64_t *n, struct err *e);

/*
 * Tells wb-run (WB_STATUS) how far the lane is, once a second or when all is answered.
 * behind is how many records of the source were not read yet, -1 when that is not known; the
 * lag is of these and of those that were read but are not acknowledged.
 */
void ack_tell(struct ack *a, int64_t now, int64_t behind);

#endif
