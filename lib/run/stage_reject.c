/* Refused records: into the stream, a file, or before a person; and when they are too many. */
#include "run/stage_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rec/src.h"

#define SRC_KEPT 4096	/* bytes of "_src" in a reject */

int
stage_in_stream(const struct stage *st)
{
	return st->lane || (st->tool->rejects != NULL && strcmp(st->tool->rejects, "-") == 0);
}

/* The share of rejects is judged at the end of a checkpoint, their number at once. */
int
stage_check_share(struct stage *st)
{
	struct account *a = &st->acct;
	uint64_t bad = a->rejected - a->stray - a->rejected_mark, in = a->in + a->extra - a->in_mark;

	if (bad < st->tool->reject_min || bad == 0 || bad * 100 <= st->tool->reject_percent * in)
		return 0;
	return err_set(&st->err, EX_DATAERR, "%" PRIu64 " of %" PRIu64 " records rejected, more than %" PRIu64
	    " %%: a change of the feed? (--max-rejects)", bad, in, st->tool->reject_percent);
}

/* One of the first rejects, for a person. */
static void
tell_reject(struct stage *st, const char *place, struct slice src, const struct fault *f)
{
	char where[160] = "";

	if (src.n > 0)
		(void)err_show(where, sizeof where, src.p, src.n);
	tool_warn(st->tool, "%s%s%s%s (%s)%s%s", place, f->field, f->field[0] ? ": " : "", f->msg, f->code,
	    where[0] ? " " : "", where);
}

/* place: where the record was read ("FILE:LINE: "), or empty when that is no longer known. */
static void
reject(struct stage *st, const char *place, struct slice src, struct slice raw, const struct fault *f)
{
	struct tool *t = st->tool;

	if (src.n > SRC_KEPT)
		src = (struct slice){ 0 };
	st->acct.rejected++;
	if (strcmp(f->code, "history") == 0)
		st->acct.stray++;
	stage_count(st, f->code, 1);
	buf_clear(&st->line);
	if (st->lane || t->rejects != NULL)
		reject_put(&st->line, src, st->as, f, raw);
	if (stage_in_stream(st) && st->keep != NULL) {
		(void)buf_room(&st->line, JSON_PAD);
		st->keep(st->keep_arg, (struct slice){ st->line.p, st->line.n - 1 });
	} else if (stage_in_stream(st)) {
		out_slice(&st->out, buf_as_slice(&st->line));
		st->acct.lines_out++;
	} else {
		if (st->rejects.cap > 0)
			out_slice(&st->rejects, buf_as_slice(&st->line));
		if (st->told++ < STAGE_TOLD && !t->quiet)
			tell_reject(st, place, src, f);
	}
	if (st->acct.rejected - st->acct.stray - st->acct.rejected_mark > t->reject_max && st->err.status == 0)
		err_set(&st->err, EX_DATAERR, "%smore than %" PRIu64 " records rejected: a change of the feed? (--max-rejects)",
		    place, t->reject_max);
}

void
stage_reject_raw(struct stage *st, struct slice src, struct slice raw, const struct fault *f)
{
	char place[1024];

	(void)snprintf(place, sizeof place, "%.1000s:%" PRIu64 ": ", st->name, st->number);
	reject(st, place, src, raw, f);
}

void
stage_reject_late(struct stage *st, struct slice src, struct slice raw, const struct fault *f)
{
	reject(st, "", src, raw, f);
}

void
stage_reject(struct stage *st, const struct record *r, const struct fault *f)
{
	struct src s;

	stage_reject_raw(st, r->src != NULL && src_get(r->src, &s) == 0 ? r->src->raw : (struct slice){ 0 }, r->line, f);
}

void
stage_pass_reject(struct stage *st, struct slice line)
{
	out_slice(&st->out, line);
	out_put(&st->out, "\n", 1);
	st->acct.lines_out++;
}
