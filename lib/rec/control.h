#ifndef REC_CONTROL_H_
#define REC_CONTROL_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "rec/json.h"

/*
 * Control lines of a lane (wb-records.5 "Control lines"): {"@NAME":{...}}.  A line
 * is one if and only if its first three bytes are {"@.
 */
enum control_kind {
	CONTROL_OTHER,		/* unknown name: forwarded as it is */
	CONTROL_HELLO,		/* v, run, lane */
	CONTROL_CKPT,		/* run, n, rows */
	CONTROL_REJECT,		/* src, stage, code, field, msg, raw */
	CONTROL_END,		/* run, n */
	CONTROL_ACK,		/* run, n; only in the acknowledgement pipe */
};

#define CONTROL_V 1		/* the protocol's version */
#define CONTROL_RUN 24		/* hexadecimal digits of a run's nonce */

struct control {
	enum control_kind kind;
	uint64_t v;
	uint64_t n;			/* number of the checkpoint, from 1 */
	uint64_t rows;			/* data and reject lines since n - 1 */
	char run[CONTROL_RUN + 1];
	char lane[128];
};

static inline int
control_is(struct slice line)
{
	return line.n >= 3 && line.p[0] == '{' && line.p[1] == '"' && line.p[2] == '@';
}

/*
 * Reads a control line; j is scratch.  0, or -1 with EX_SOFTWARE (EX_CONFIG: a
 * hello of another version).  Of a reject only the kind is told.
 */
int control_get(struct slice line, struct json *j, struct control *c, struct err *e);

/* Appends the line, with its LF; not for CONTROL_OTHER and CONTROL_REJECT. */
void control_put(struct buf *b, const struct control *c);

/* 1 when it may be the name of a lane: UTF-8, shorter than lane above, without / " \ and control bytes. */
int control_name(const char *s);

/* A new nonce. */
void control_run(char run[CONTROL_RUN + 1]);

#endif
