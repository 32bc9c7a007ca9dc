/* What the user is told of a stage: its progress, its account, its metrics. */
#include "run/stage_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utc.h"
#include "io/sig.h"
#include "run/metrics.h"

void
stage_count(struct stage *st, const char *kind, uint64_t n)
{
	size_t i;

	for (i = 0; i < STAGE_COUNTERS && st->counter[i].kind != NULL; i++)
		if (st->counter[i].kind == kind || strcmp(st->counter[i].kind, kind) == 0)
			break;
	if (i == STAGE_COUNTERS)
		return;
	st->counter[i].kind = kind;
	st->counter[i].n += n;
}

static void
progress(struct stage *st, int final)
{
	int64_t now = utc_mono();
	double sec = (double)(now - st->began_ns) / 1e9, mb;
	uint64_t bytes = st->bytes_in + (st->open ? st->in.in.bytes : 0);
	char left[64] = "";

	if (bytes == 0)
		bytes = st->out.bytes;
	mb = (double)bytes / 1e6;
	if (st->open && st->in.in.size >= st->in.in.bytes && st->in.in.bytes > 0)
		(void)snprintf(left, sizeof left, ", %d %%, %.0f s left", (int)(100 * st->in.in.bytes / st->in.in.size),
		    sec / (double)bytes * (double)(st->in.in.size - st->in.in.bytes));
	(void)dprintf(STDERR_FILENO, "%s%s: %" PRIu64 " records, %.1f MB, %.1f MB/s, %" PRIu64 " rejects%s%s%s%s",
	    st->tty ? "\r\033[K" : "", st->tool->name, st->acct.in, mb, sec > 0 ? mb / sec : 0,
	    st->acct.rejected, left, st->note[0] ? ", " : "", st->note, st->tty && !final ? "" : "\n");
	st->progress_ns = now;
}

void
stage_tell(void *arg)
{
	struct stage *st = arg;

	if (sig_usr1_taken())
		progress(st, 1);
	if (sig_tick_taken())
		progress(st, 0);
}

void
stage_tell_account(const struct stage *st, double sec)
{
	const struct account *a = &st->acct;
	struct buf b = { 0 };
	size_t i;

	buf_printf(&b, "%" PRIu64 " in", a->in);
	if (a->extra > 0)
		buf_printf(&b, " + %" PRIu64 " more made of them", a->extra);
	if (a->folded > 0 || a->made > 0)
		buf_printf(&b, ", %" PRIu64 " folded into %" PRIu64 " %s", a->folded, a->made, st->made_of ? st->made_of : "lines");
	if (a->out > 0 || a->folded == 0)
		buf_printf(&b, ", %" PRIu64 " %s", a->out, st->flags & STAGE_SINK || st->keep != NULL ? "loaded" : "out");
	buf_printf(&b, ", %" PRIu64 " rejected, %" PRIu64 " filtered", a->rejected, a->filtered);
	for (i = 0; i < STAGE_COUNTERS && st->counter[i].kind != NULL; i++)
		buf_printf(&b, ", %s %" PRIu64, st->counter[i].kind, st->counter[i].n);
	buf_printf(&b, ", %.1f s", sec);
	tool_say(st->tool, "%s", buf_str(&b));
	buf_fini(&b);
}

void
stage_write_metrics(struct stage *st, double sec)
{
	const struct account *a = &st->acct;
	struct metrics_count c[4 + STAGE_COUNTERS] = {
		{ "read", a->in }, { "written", a->out + a->made }, { "rejected", a->rejected }, { "filtered", a->filtered },
	};
	struct err e = ERR_NONE;
	unsigned n = 4, i;

	for (i = 0; i < STAGE_COUNTERS && st->counter[i].kind != NULL; i++)
		c[n++] = (struct metrics_count){ st->counter[i].kind, st->counter[i].n };
	if (metrics_write(st->tool, st->err.status, sec, c, n, buf_str(&st->more), &e) == -1 && st->err.status == 0)
		st->err = e;
}

void
stage_metrics(struct stage *st)
{
	if (st->tool->metrics != NULL && st->err.status == 0)
		stage_write_metrics(st, (double)(utc_mono() - st->began_ns) / 1e9);
}
