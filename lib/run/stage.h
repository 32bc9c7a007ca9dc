#ifndef RUN_STAGE_H_
#define RUN_STAGE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "io/line.h"
#include "io/out.h"
#include "rec/control.h"
#include "rec/json.h"
#include "rec/reject.h"
#include "run/tool.h"

/*
 * The pump: what makes a program a stage of a pipeline or of a lane.  Below it lie
 * the line cap, broken lines, control lines (rules R1 to R5 of waybill.7 "Lanes"),
 * rejects, the account, progress, metrics and the exit status, once for all programs:
 *
 *	struct stage st = { .tool = &tool };
 *
 *	stage_open(&st, argv + optind);
 *	while (stage_next(&st, &r) > 0) {
 *		p = stage_room(&st, n);
 *		... write the record at p ...
 *		stage_put(&st, p);		or  stage_reject(&st, &r, &fault);  or  stage_filter(&st);
 *	}
 *	return stage_close(&st);
 *
 * A program that keeps something until a checkpoint asks for STAGE_BARRIERS: it is
 * told STAGE_BARRIER, at each checkpoint, before an unknown control line goes on, and
 * once at the end of the input, finishes what it has, and goes on.  A source sets STAGE_SOURCE and calls stage_put() on its
 * own account.  A sink sets STAGE_SINK: it writes nothing (but rejects, when nobody keeps them) and
 * acknowledges.
 */
enum {
	STAGE_BARRIERS = 1,	/* tell STAGE_BARRIER */
	STAGE_REJECTS = 2,	/* tell STAGE_REJECTED instead of forwarding rejects */
	STAGE_SOURCE = 4,	/* reads no records */
	STAGE_SINK = 8,		/* writes no records */
	STAGE_ONCE = 16,	/* prints only at the end of the input: in a lane it needs --once */
};

enum stage_event {
	STAGE_END,
	STAGE_RECORD,
	STAGE_REJECTED,		/* a reject of an earlier stage: r->json is its object {src, stage, ...} */
	STAGE_BARRIER,		/* make everything so far final */
	STAGE_IDLE,		/* nothing came for wait_ms */
};

/* A record lives until the next stage_next(). */
struct record {
	struct slice line;		/* as read, without LF */
	const struct json *json;	/* its members */
	const struct json_value *src;	/* value of "_src", or NULL */
};

/* Left side: in + extra.  Right side: out + rejected + filtered + folded. */
struct account {
	uint64_t in;		/* records read (of a source: offered) */
	uint64_t extra;		/* records beyond one that were made of a message */
	uint64_t out;		/* written, one for one */
	uint64_t rejected;
	uint64_t filtered;
	uint64_t folded;	/* went into something larger */
	uint64_t made;		/* of these: documents, rows, ... written for folded; no part of the sum */
	uint64_t lines_in, lines_out;	/* since the last checkpoint, data and rejects */
	uint64_t in_mark, rejected_mark;	/* in and rejected at the last checkpoint */
	uint64_t stray;		/* rejected without the limit (code history) */
};

#define STAGE_COUNTERS 24	/* codes of rejects, and what the program counts besides */

struct stage {
	/* set by the program before stage_open() */
	struct tool *tool;
	unsigned flags;
	int wait_ms;			/* > 0: STAGE_IDLE after so long without input */
	const char *as;			/* name in rejects, default tool->name ("wb-ch-load:fct_event") */
	const char *made_of;		/* what account.made counts: "documents" */
	/* a sink with a store: takes the rejects that would go into the stream, of this stage too ({"@reject":...}, no LF) */
	void (*keep)(void *arg, struct slice reject);
	void *keep_arg;

	/* for the program to read */
	struct out out;
	struct account acct;
	int lane;			/* runs in a lane */
	int once;			/* a bounded lane */
	const char *name;		/* of the input file being read */
	uint64_t number;		/* line number in it */
	char note[64];			/* of the program: more for the line of progress ("lag 12") */
	struct buf more;		/* of the program: whole families for the metrics, freed by stage_close() */

	/* inner */
	struct err err;
	char **file;
	struct line_reader in;
	int open;
	struct json json;
	struct control control;		/* the last one of the stream */
	enum { STAGE_READING, STAGE_CKPT, STAGE_OTHER, STAGE_LAST, STAGE_ENDED } state;
	struct slice other;		/* of STAGE_OTHER, in the reader's buffer */
	int hello, end;			/* seen */
	uint64_t told;			/* rejects told on standard error */
	struct out rejects;
	struct buf line;
	int64_t began_ns, progress_ns;
	uint64_t bytes_in;
	struct {
		const char *kind;
		uint64_t n;
	} counter[STAGE_COUNTERS];
	int ack_fd;
	int tty;
};

/* Opens the stage; files is a list ended by NULL (empty: standard input).  Ends the process on errors. */
void stage_open(struct stage *st, char **files);

/* Next event; STAGE_END is 0; -1: stop, stage_close() says why. */
int stage_next(struct stage *st, struct record *r);

/* Room for a line of n bytes.  A record is at most LINE_MAX_BYTES long: who makes longer ones of shorter ones checks it. */
static inline char *
stage_room(struct stage *st, size_t n)
{
	return out_room(&st->out, n + 1);
}

/*
 * The line that was written at stage_room()'s pointer ends at end (no LF): it goes
 * out, counted as one for one.  stage_made() the same for a line that stands for folded records.
 */
static inline void
stage_put(struct stage *st, char *end)
{
	*end = '\n';
	out_used(&st->out, end + 1);
	st->acct.out++;
	st->acct.lines_out++;
}

static inline void
stage_made(struct stage *st, char *end)
{
	*end = '\n';
	out_used(&st->out, end + 1);
	st->acct.made++;
	st->acct.lines_out++;
}

/* The record as it was read goes out. */
void stage_pass(struct stage *st, const struct record *r);

/* So many lines, LF each, go out that are in the account already: a sink that passes on what it has stored. */
void stage_tee(struct stage *st, struct slice lines, uint64_t n);

void stage_filter(struct stage *st);			/* left out, and counted */

/*
 * Refused, and counted: the record that was read last; what was made of it, or is none; one that was
 * read before, of which name and number tell nothing any more.  src is the value of "_src", or empty.
 */
void stage_reject(struct stage *st, const struct record *r, const struct fault *f);
void stage_reject_raw(struct stage *st, struct slice src, struct slice raw, const struct fault *f);
void stage_reject_late(struct stage *st, struct slice src, struct slice raw, const struct fault *f);

/* A line {"@reject":{...}} (no LF) goes out: of an earlier stage, told STAGE_REJECTED, or made by the program. */
void stage_pass_reject(struct stage *st, struct slice line);

/* Adds n to a named counter of the metrics (a constant string: "unmapped"). */
void stage_count(struct stage *st, const char *kind, uint64_t n);

/*
 * A source that reads files: opens the next one (the one before is closed), so that
 * progress knows how far it is, and output does not wait for input.  NULL, and the
 * stage has failed, or the input, which is the stage's to close.
 */
struct input *stage_input(struct stage *st, const char *path);

/*
 * A source that has not come to its end: 1 when it is to read no more (signal, dead reader, too many
 * rejects).  In a bounded lane a signal is a failure.
 */
int stage_stopped(struct stage *st);

/* A source: one more record was offered, whatever becomes of it.  0, or -1: stop. */
int stage_offer(struct stage *st);

/*
 * A source of a lane: writes the next checkpoint behind what was written and sends off what
 * goes without waiting (out_try()).  Its number, from 1; 0: stop, or not in a lane.
 */
uint64_t stage_checkpoint(struct stage *st);

/*
 * A source that waits for its last acknowledgement before it ends: the last checkpoint and
 * @end, which stage_close() writes otherwise.  Results as stage_checkpoint().
 */
uint64_t stage_end(struct stage *st);

/* Lines sent since the last checkpoint; the nonce of the run. */
static inline uint64_t
stage_owed(const struct stage *st)
{
	return st->acct.lines_out;
}

static inline const char *
stage_run(const struct stage *st)
{
	return st->control.run;
}

/* Writes the metrics of an endless run now, as if it had ended well. */
void stage_metrics(struct stage *st);

/* Ends the stage with an error: returned by the next stage_next(), told by stage_close().  Returns -1. */
int stage_fail(struct stage *st, const struct err *e);

/* Flushes, checks the account, writes metrics; the exit status. */
int stage_close(struct stage *st);

#endif
