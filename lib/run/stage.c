/*
 * The pump.  A record's way: line_next() cuts it, json_scan() checks it, the program
 * makes its line in the output buffer.  Control lines never reach the program:
 *
 *	READING --@ckpt--> CKPT (the program is told STAGE_BARRIER) --> passed on, READING
 *	READING --unknown control line--> OTHER (STAGE_BARRIER, for who may hold lines) --> passed on, READING
 *	READING --end of the input--> LAST (STAGE_BARRIER once more) --> ENDED
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/num.h"
#include "base/utc.h"
#include "io/sig.h"
#include "rec/src.h"
#include "run/stage_work.h"

static void
flush_before_wait(void *arg)
{
	struct stage *st = arg;

	if (st->out.n > 0)
		(void)out_flush(&st->out, NULL);
}

/* Writes the control line c behind what is there. */
static void
put_control(struct stage *st, const struct control *c)
{
	buf_clear(&st->line);
	control_put(&st->line, c);
	out_slice(&st->out, buf_as_slice(&st->line));
}

static void
open_lane(struct stage *st)
{
	const char *lane = env_get("WB_LANE"), *fd = env_get("WB_ACK_OUT");
	uint64_t n = 0;

	st->ack_fd = -1;
	if (lane == NULL)
		return;
	st->lane = 1;
	st->once = env_get("WB_ONCE") != NULL;
	if (fd != NULL && num_u64(slice_of(fd), &n) == 0)
		st->ack_fd = (int)n;
	if (!(st->flags & STAGE_SOURCE) && env_get("WB_ACK_IN") != NULL)
		tool_usage(st->tool, "the first stage of a lane must be a source (wb-csv-extract, wb-sql, ...)");
	if ((st->flags & STAGE_ONCE) && !st->once)
		tool_usage(st->tool, "prints at the end of the input only: its lane must be bounded (wb-run --once)");
	if (st->flags & STAGE_SOURCE) {
		st->control = (struct control){ .kind = CONTROL_HELLO, .v = CONTROL_V };
		control_run(st->control.run);
		if (!control_name(lane))
			tool_usage(st->tool, "WB_LANE: \"%.200s\" is no name for a lane", lane);
		(void)snprintf(st->control.lane, sizeof st->control.lane, "%s", lane);
		put_control(st, &st->control);
	}
}

static void
signals(struct stage *st)
{
	sig_pending = 0;
	stage_tell(st);
}

void
stage_open(struct stage *st, char **files)
{
	struct tool *t = st->tool;
	struct err e = ERR_NONE;
	int fd;

	if (st->as == NULL)
		st->as = t->name;
	st->file = files;
	st->name = "standard input";
	st->began_ns = st->progress_ns = utc_mono();
	out_open(&st->out, STDOUT_FILENO, "standard output");
	st->out.interrupted = stage_tell;
	st->out.interrupted_arg = st;
	open_lane(st);
	sig_init(!st->lane ? SIG_PLAIN : st->flags & STAGE_SOURCE ? SIG_SOURCE : SIG_STAGE);
	st->tty = isatty(STDERR_FILENO) && !t->quiet;
	if (st->tty || t->progress)
		sig_tick(st->tty ? 1 : 10);
	if (t->rejects != NULL && !stage_in_stream(st)) {
		fd = open(t->rejects, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd == -1) {
			err_set(&e, EX_IOERR, "--rejects: %s: %s", t->rejects, strerror(errno));
			tool_die(t, &e);
		}
		out_open(&st->rejects, fd, t->rejects);
	}
}

int
stage_fail(struct stage *st, const struct err *e)
{
	if (st->err.status == 0)
		st->err = *e;
	return -1;
}

/* What came is all that went: nothing is passed on or acknowledged otherwise. */
static int
check_account(struct stage *st)
{
	const struct account *a = &st->acct;

	if (a->in + a->extra == a->out + a->rejected + a->filtered + a->folded)
		return 0;
	return err_set(&st->err, EX_SOFTWARE, "the account does not add up: %" PRIu64 " in + %" PRIu64 " more, %" PRIu64
	    " out + %" PRIu64 " rejected + %" PRIu64 " filtered + %" PRIu64 " folded",
	    a->in, a->extra, a->out, a->rejected, a->filtered, a->folded);
}

static void
mark(struct stage *st)
{
	st->acct.in_mark = st->acct.in + st->acct.extra;
	st->acct.rejected_mark = st->acct.rejected - st->acct.stray;
	st->acct.lines_in = st->acct.lines_out = 0;
}

void
stage_tee(struct stage *st, struct slice lines, uint64_t n)
{
	out_slice(&st->out, lines);
	st->acct.lines_out += n;
}

void
stage_filter(struct stage *st)
{
	st->acct.filtered++;
}

void
stage_pass(struct stage *st, const struct record *r)
{
	char *p = stage_room(st, r->line.n);

	memcpy(p, r->line.p, r->line.n);
	stage_put(st, p + r->line.n);
}

/* The checkpoint is done here: pass it on, or acknowledge it. */
static int
pass_ckpt(struct stage *st)
{
	ssize_t w;

	if (stage_check_share(st) == -1 || check_account(st) == -1)
		return -1;
	st->control.rows = st->acct.lines_out;
	if (st->flags & STAGE_SINK) {
		if (out_flush(&st->out, &st->err) == -1)	/* rejects that it does not keep */
			return -1;
		st->control.kind = CONTROL_ACK;
		buf_clear(&st->line);
		control_put(&st->line, &st->control);
		if (st->ack_fd != -1) {
			do
				w = write(st->ack_fd, st->line.p, st->line.n);
			while (w == -1 && errno == EINTR);
			if (w == -1 && errno != EPIPE)	/* a bounded source may be gone: it has nothing to commit */
				return err_set(&st->err, EX_IOERR, "acknowledgement pipe: %s", strerror(errno));
		}
	} else {
		put_control(st, &st->control);
		(void)out_flush(&st->out, &st->err);
	}
	mark(st);
	return st->err.status ? -1 : 0;
}

/* A line of one of our control names.  *event is set when the program is to be told. */
static void
control(struct stage *st, struct slice line, struct record *r, int *event)
{
	struct control c;
	struct json_value object;
	struct err e = ERR_NONE;
	struct fault f;

	if (control_get(line, &st->json, &c, &e) == -1) {
		if (st->lane || e.status != EX_SOFTWARE) {
			st->err = e;
			return;
		}
		/* no lane, no protocol: somebody's message, such as JSON-LD with its "@context" */
		st->acct.in++;
		st->acct.lines_in++;
		fault_set(&f, "reserved", "", "begins with a name that belongs to Waybill");
		stage_reject_raw(st, (struct slice){ 0 }, line, &f);
		return;
	}
	if (st->lane && !st->hello && c.kind != CONTROL_HELLO) {
		err_set(&st->err, EX_SOFTWARE, "the lane's first line is not @hello");
		return;
	}
	if (!st->lane && (c.kind == CONTROL_HELLO || c.kind == CONTROL_END))
		c.kind = CONTROL_OTHER;		/* what is left of a lane */
	switch (c.kind) {
	case CONTROL_HELLO:
		if (st->hello++)
			err_set(&st->err, EX_SOFTWARE, "a second @hello");
		break;
	case CONTROL_CKPT:
		if (st->lane && c.rows != st->acct.lines_in) {
			err_set(&st->err, EX_SOFTWARE, "checkpoint %" PRIu64 " counts %" PRIu64 " lines, but %" PRIu64 " came",
			    c.n, c.rows, st->acct.lines_in);
			return;
		}
		st->control = c;
		st->state = STAGE_CKPT;
		*event = STAGE_BARRIER;
		return;
	case CONTROL_END:
		st->end = 1;
		st->control = c;
		if (st->acct.lines_in != 0)
			err_set(&st->err, EX_SOFTWARE, "%" PRIu64 " lines between the last checkpoint and @end", st->acct.lines_in);
		return;
	case CONTROL_REJECT:
		st->acct.lines_in++;
		if (st->flags & STAGE_REJECTS) {
			object = st->json.member[0].v;
			if (object.type != JSON_OBJECT || json_scan(&st->json, object.raw) == -1) {
				err_set(&st->err, EX_SOFTWARE, "broken control line @reject");
				return;
			}
			*r = (struct record){ .line = line, .json = &st->json };
			*event = STAGE_REJECTED;
			return;
		}
		st->acct.lines_out++;
		break;
	case CONTROL_ACK:
	case CONTROL_OTHER:
		/* it overtakes nothing that is held; what is printed at the end of the input has no place before or behind it */
		if ((st->flags & (STAGE_BARRIERS | STAGE_ONCE | STAGE_SINK)) == STAGE_BARRIERS) {
			st->other = line;
			st->state = STAGE_OTHER;
			*event = STAGE_BARRIER;
			return;
		}
		break;
	}
	if (!(st->flags & STAGE_SINK) || c.kind == CONTROL_REJECT) {
		out_slice(&st->out, line);
		out_put(&st->out, "\n", 1);
	}
}

static int
record(struct stage *st, struct slice line, struct record *r)
{
	struct fault f;
	const struct json_member *m;

	st->acct.in++;
	st->acct.lines_in++;
	if (json_scan(&st->json, line) == -1) {
		fault_set(&f, st->json.code, "", "%s at byte %zu", st->json.fault, st->json.at + 1);
		stage_reject_raw(st, src_peek(line), line, &f);
		return 0;
	}
	*r = (struct record){ .line = line, .json = &st->json };
	m = st->json.n > 0 && slice_eq(st->json.member[0].name, SLICE("_src")) ? &st->json.member[0]
	    : json_get(&st->json, SLICE("_src"));
	if (m != NULL)
		r->src = &m->v;
	return 1;
}

static int
open_file(struct stage *st, const char *path)
{
	if (line_open(&st->in, path, &st->err) == -1)
		return -1;
	st->open = 1;
	st->name = st->in.in.name;
	st->in.in.before_block = flush_before_wait;
	st->in.in.block_arg = st;
	st->in.wait_ms = st->wait_ms > 0 ? st->wait_ms : -1;
	return 0;
}

struct input *
stage_input(struct stage *st, const char *path)
{
	if (st->open) {
		st->bytes_in += st->in.in.bytes;
		line_close(&st->in);
		st->open = 0;
	}
	return st->err.status == 0 && open_file(st, path) == 0 ? &st->in.in : NULL;
}

/* End of a file: the next one, or the end of all. */
static int
next_file(struct stage *st)
{
	if (st->open) {
		st->bytes_in += st->in.in.bytes;
		line_close(&st->in);
		st->open = 0;
		if (*st->file != NULL)
			st->file++;
		if (*st->file == NULL) {
			if (st->lane && !st->end)
				return err_set(&st->err, EX_TEMPFAIL, "the stage before ended without @end");
			st->state = STAGE_LAST;
			return 0;
		}
	}
	return open_file(st, *st->file ? *st->file : "-");
}

int
stage_next(struct stage *st, struct record *r)
{
	struct slice line;
	struct fault f;
	int event = STAGE_END;

	for (;;) {
		if (sig_pending)
			signals(st);
		if (st->out.failed)
			(void)out_check(&st->out, &st->err);
		if (st->err.status != 0)
			return -1;
		if (st->state == STAGE_CKPT) {
			st->state = STAGE_READING;
			if (pass_ckpt(st) == -1)
				return -1;
		}
		if (st->state == STAGE_OTHER) {
			st->state = STAGE_READING;
			out_slice(&st->out, st->other);
			out_put(&st->out, "\n", 1);
		}
		if (st->state == STAGE_LAST) {
			st->state = STAGE_ENDED;
			if ((st->flags & STAGE_BARRIERS) && !st->lane)
				return STAGE_BARRIER;
		}
		if (st->state == STAGE_ENDED)
			return STAGE_END;
		if (!st->open && next_file(st) == -1)
			return -1;
		switch (line_next(&st->in, &line, &st->err)) {
		case LINE_CUT:
			if (st->lane) {
				err_set(&st->err, EX_TEMPFAIL, "the stage before ended in the middle of a line");
				return -1;
			}
			/* FALLTHROUGH */
		case LINE_OK:
			st->number = st->in.number;
			if (st->end) {
				err_set(&st->err, EX_SOFTWARE, "a line behind @end");
				return -1;
			}
			if (control_is(line)) {
				control(st, line, r, &event);
				if (event != STAGE_END && st->err.status == 0 &&
				    (event != STAGE_BARRIER || (st->flags & STAGE_BARRIERS)))
					return event;
				event = STAGE_END;
			} else if (st->lane && !st->hello) {
				err_set(&st->err, EX_SOFTWARE, "the lane's first line is not @hello");
			} else if (record(st, line, r)) {
				return STAGE_RECORD;
			}
			break;
		case LINE_LONG:
			st->number = st->in.number;
			st->acct.in++;
			st->acct.lines_in++;
			fault_set(&f, "too_long", "", "line of more than %d bytes", LINE_MAX_BYTES);
			stage_reject_raw(st, src_peek(line), line, &f);
			break;
		case LINE_END:
			if (next_file(st) == -1)
				return -1;
			break;
		case LINE_IDLE:
			return STAGE_IDLE;
		case LINE_INTR:
			break;
		default:
			return -1;
		}
	}
}

int
stage_stopped(struct stage *st)
{
	if (sig_pending)
		signals(st);
	if (st->out.failed)
		(void)out_check(&st->out, &st->err);
	/* a bounded lane is whole or nothing: what would replace a day is not to do it with half of one */
	if (sig_stop() && st->once && st->err.status == 0)
		err_set(&st->err, EX_TEMPFAIL, "stopped by a signal before the end of the input");
	return st->err.status != 0 || sig_stop();
}

int
stage_offer(struct stage *st)
{
	if (stage_stopped(st))
		return -1;
	st->acct.in++;
	return 0;
}

uint64_t
stage_checkpoint(struct stage *st)
{
	if (!st->lane || st->err.status != 0 || stage_check_share(st) == -1 || check_account(st) == -1)
		return 0;
	st->control.kind = CONTROL_CKPT;
	st->control.n++;
	st->control.rows = st->acct.lines_out;
	put_control(st, &st->control);
	mark(st);
	return out_try(&st->out, &st->err) == -1 ? 0 : st->control.n;
}

uint64_t
stage_end(struct stage *st)
{
	uint64_t n;

	if (!st->lane || st->err.status != 0 || (n = stage_checkpoint(st)) == 0)
		return 0;
	st->control.kind = CONTROL_END;
	put_control(st, &st->control);
	st->end = 1;
	return out_try(&st->out, &st->err) == -1 ? 0 : n;
}

/* What a source, or the end of a lane, says last. */
static void
end_lane(struct stage *st)
{
	if (st->flags & STAGE_SOURCE) {
		if (!st->end)
			(void)stage_end(st);
	} else if (!(st->flags & STAGE_SINK)) {
		put_control(st, &st->control);
	}
}

int
stage_close(struct stage *st)
{
	double sec;

	if (st->err.status == 0 && st->out.failed)
		(void)out_check(&st->out, &st->err);
	if (st->err.status == 0 && !st->lane)
		(void)stage_check_share(st);
	if (st->err.status == 0)
		(void)check_account(st);
	if (st->err.status == 0 && st->lane)
		end_lane(st);
	if (st->err.status == 0)
		(void)out_flush(&st->out, &st->err);
	else if (!st->lane)
		(void)out_flush(&st->out, NULL);	/* what was whole before the fault */
	if (st->rejects.cap > 0) {
		(void)out_flush(&st->rejects, st->err.status == 0 ? &st->err : NULL);
		if (close(st->rejects.fd) == -1 && st->err.status == 0)
			err_set(&st->err, EX_IOERR, "%s: %s", st->rejects.name, strerror(errno));
	}
	if (st->err.status == 0 && st->out.bytes > 0 && close(st->out.fd) == -1)
		err_set(&st->err, EX_IOERR, "%s: %s", st->out.name, strerror(errno));
	sec = (double)(utc_mono() - st->began_ns) / 1e9;
	if (st->tty && st->progress_ns != st->began_ns)
		(void)dprintf(STDERR_FILENO, "\r\033[K");
	if (st->tool->metrics != NULL)
		stage_write_metrics(st, sec);
	if (st->err.status != 0)
		tool_warn(st->tool, "%s", st->err.msg);
	if (st->told > STAGE_TOLD)
		tool_say(st->tool, "%" PRIu64 " records rejected%s", st->acct.rejected, st->rejects.cap ? "" : " (--rejects FILE keeps them)");
	if (st->tool->verbose > 0)
		stage_tell_account(st, sec);
	if (st->open)
		line_close(&st->in);
	json_fini(&st->json);
	buf_fini(&st->line);
	buf_fini(&st->more);
	out_close(&st->rejects);
	out_close(&st->out);
	return st->err.status;
}
