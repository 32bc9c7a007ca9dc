/*
 * Acknowledgements: {"@ack":{"run":R,"n":N}} and LF each, from the last stage of a lane to
 * its source.  They only select among the checkpoints that the source remembers.
 */
#include "run/ack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "rec/control.h"

#define STATUS_NS 1000000000LL	/* wb-run is told at most so often */

void
ack_option(struct ack *a, const struct tool *t, const char *arg)
{
	char *text = mem_dup(arg, strlen(arg)), *lines = strchr(text, ','), *size = NULL;

	if (lines != NULL)
		*lines++ = '\0';
	if (lines != NULL && (size = strchr(lines, ',')) != NULL)
		*size++ = '\0';
	a->every_ns = tool_duration(t, "--ckpt", text) * 1000000000LL;
	if (lines != NULL)
		a->lines = tool_num(t, "--ckpt", lines, 1, UINT32_MAX);
	if (size != NULL)
		a->bytes = tool_size(t, "--ckpt", size);
	free(text);
}

int
ack_open(struct ack *a, struct stage *st, struct err *e)
{
	const char *fd = env_get("WB_ACK_IN");
	uint64_t n = 0;

	a->st = st;
	a->fd = -1;
	a->last_ns = utc_mono();
	if (fd == NULL || num_u64(slice_of(fd), &n) == -1 || n > INT_MAX || fcntl((int)n, F_GETFD) == -1)
		return err_set(e, EX_USAGE, "a lane without acknowledgements (WB_ACK_IN): wb-run starts lanes");
	a->fd = (int)n;
	return 0;
}

void
ack_close(struct ack *a)
{
	json_fini(&a->json);
}

static int
want(const struct ack *a, int64_t now)
{
	uint64_t lines = stage_owed(a->st);

	if (a->st->once)
		return 0;	/* its only checkpoint is the last one */
	if (lines == 0)
		return now - a->last_ns >= a->idle_ns;
	return now - a->last_ns >= a->every_ns || lines >= a->lines ||
	    a->st->out.bytes + a->st->out.n - a->from >= a->bytes;
}

int
ack_due(const struct ack *a, int64_t now)
{
	return a->sent - a->acked < ACK_OPEN && want(a, now);
}

int
ack_full(const struct ack *a, int64_t now)
{
	return a->sent - a->acked >= ACK_OPEN && want(a, now);
}

static uint64_t
sent(struct ack *a, uint64_t n, uint64_t lines, int64_t now)
{
	if (n == 0)
		return 0;
	a->sent = n;
	a->open[n % (ACK_OPEN + 2)].at_ns = now;
	a->open[n % (ACK_OPEN + 2)].lines = lines;
	a->last_ns = now;
	a->from = a->st->out.bytes + a->st->out.n;
	return n;
}

uint64_t
ack_checkpoint(struct ack *a, int64_t now)
{
	uint64_t lines = stage_owed(a->st);

	return sent(a, stage_checkpoint(a->st), lines, now);
}

uint64_t
ack_end(struct ack *a, int64_t now)
{
	uint64_t lines = stage_owed(a->st);

	return sent(a, stage_end(a->st), lines, now);
}

/* One line of the pipe, which may move a->acked. */
static int
take(struct ack *a, struct slice line, struct err *e)
{
	struct control c;
	char show[128];

	if (!control_is(line) || control_get(line, &a->json, &c, NULL) == -1 || c.kind != CONTROL_ACK)
		return err_set(e, EX_SOFTWARE, "no acknowledgement: %s", err_show(show, sizeof show, line.p, line.n));
	if (strcmp(c.run, stage_run(a->st)) != 0)
		return 0;
	if (c.n > a->sent)
		return err_set(e, EX_SOFTWARE, "checkpoint %" PRIu64 " is acknowledged, but %" PRIu64 " is the last one", c.n, a->sent);
	for (; a->acked < c.n; a->acked++)
		a->total += a->open[(a->acked + 1) % (ACK_OPEN + 2)].lines;
	return 0;
}

int
ack_read(struct ack *a, int64_t now, uint64_t *n, struct err *e)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };
	uint64_t before = a->acked;
	size_t at = 0;
	char *lf;
	ssize_t r;

	while (poll(&p, 1, 0) == 1) {
		r = read(a->fd, a->buf + a->n, sizeof a->buf - JSON_PAD - a->n);
		if (r == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (r == -1)
			return err_set(e, EX_IOERR, "acknowledgement pipe: %s", strerror(errno));
		if (r == 0) {
			if (a->acked != before)
				break;	/* the next call tells */
			return err_set(e, EX_TEMPFAIL, "the last stage of the lane is gone");
		}
		a->n += (size_t)r;
		for (at = 0; (lf = memchr(a->buf + at, '\n', a->n - at)) != NULL; at = (size_t)(lf - a->buf) + 1)
			if (take(a, (struct slice){ a->buf + at, (size_t)(lf - a->buf) - at }, e) == -1)
				return -1;
		a->n -= at;
		memmove(a->buf, a->buf + at, a->n);
		if (a->n == sizeof a->buf - JSON_PAD)
			return err_set(e, EX_SOFTWARE, "no acknowledgement: a line of more than %zu bytes", a->n);
	}
	if (a->acked != before) {
		*n = a->acked;
		return 1;
	}
	if (a->acked != a->sent && now - a->open[(a->acked + 1) % (ACK_OPEN + 2)].at_ns > a->timeout_ns)
		return err_set(e, EX_TEMPFAIL, "checkpoint %" PRIu64 " has no acknowledgement after %" PRId64
		    " s: does the last stage acknowledge? (--ack-timeout)", a->acked + 1, a->timeout_ns / 1000000000);
	return 0;
}

/* Nothing depends on it, so that a fault is none. */
void
ack_tell(struct ack *a, int64_t now, int64_t behind)
{
	const char *path = env_get("WB_STATUS");
	uint64_t held = stage_owed(a->st), i;
	char tmp[PATH_MAX], lag[40] = "";
	int fd, ok;

	if (path == NULL || (a->told_ns != 0 && now - a->told_ns < STATUS_NS && a->acked != a->sent))
		return;
	if ((size_t)snprintf(tmp, sizeof tmp, "%s.tmp", path) >= sizeof tmp)
		return;
	for (i = a->acked + 1; i <= a->sent; i++)
		held += a->open[i % (ACK_OPEN + 2)].lines;
	if (behind >= 0)
		(void)snprintf(lag, sizeof lag, ",\"lag\":%" PRIu64, (uint64_t)behind + held);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1)
		return;
	ok = dprintf(fd, "{\"run\":\"%s\",\"n\":%" PRIu64 ",\"lines\":%" PRIu64 "%s}\n",
	    stage_run(a->st), a->acked, a->total, lag) > 0;
	(void)close(fd);
	if (ok && rename(tmp, path) == 0)
		a->told_ns = now;
}
