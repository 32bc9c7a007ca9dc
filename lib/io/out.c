/* Output: whole buffers, one write each, checked to the end. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/out.h"

#define SIZE (128 * 1024)
#define PIPE_SIZE (1024 * 1024)

void
out_open(struct out *o, int fd, const char *name)
{
	*o = (struct out){ .fd = fd, .name = name, .cap = SIZE };
	o->p = mem_alloc(o->cap);
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);	/* fails where it is no pipe */
}

void
out_close(struct out *o)
{
	free(o->p);
	*o = (struct out){ .fd = -1 };
}

/* Writes everything, or, unless it is to wait, what goes at once. */
static void
drain(struct out *o, int wait)
{
	size_t at = 0;

	while (at < o->n && o->failed == 0) {
		ssize_t w = write(o->fd, o->p + at, o->n - at);

		if (w >= 0) {
			at += (size_t)w;
			o->bytes += (uint64_t)w;
		} else if (errno == EAGAIN) {	/* somebody else may have made the pipe so */
			struct pollfd pfd = { .fd = o->fd, .events = POLLOUT };

			if (!wait)
				break;
			(void)poll(&pfd, 1, -1);
		} else if (errno != EINTR) {
			o->failed = errno;
		}
		if (at < o->n && o->interrupted != NULL)
			o->interrupted(o->interrupted_arg);
	}
	if (o->failed != 0)
		at = o->n;
	o->n -= at;
	if (o->n > 0 && at > 0)
		memmove(o->p, o->p + at, o->n);
}

char *
out_room(struct out *o, size_t n)
{
	if (o->cap - o->n < n) {
		drain(o, !o->unblocked || o->n > OUT_HELD);
		if (o->cap - o->n < n)
			o->p = mem_grow(o->p, &o->cap, o->n + n, 1);
	}
	return o->p + o->n;
}

void
out_put(struct out *o, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(out_room(o, n), p, n);
	o->n += n;
}

void
out_puts(struct out *o, const char *s)
{
	out_put(o, s, strlen(s));
}

int
out_check(const struct out *o, struct err *e)
{
	if (o->failed == 0)
		return 0;
	if (o->failed == EPIPE)
		return err_set(e, EX_TEMPFAIL, "%s: the reader is gone", o->name);
	return err_set(e, EX_IOERR, "%s: %s", o->name, strerror(o->failed));
}

int
out_flush(struct out *o, struct err *e)
{
	if (o->n > 0)
		drain(o, 1);
	return out_check(o, e);
}

void
out_unblock(struct out *o)
{
	char path[32];
	struct stat st;
	int fd;

	if (fstat(o->fd, &st) == -1 || !S_ISFIFO(st.st_mode))
		return;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", o->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return;
	if (dup2(fd, o->fd) != -1)
		o->unblocked = 1;
	(void)close(fd);
}

int
out_try(struct out *o, struct err *e)
{
	if (o->n > 0)
		drain(o, 0);
	if (out_check(o, e) == -1)
		return -1;
	return o->n == 0;
}
