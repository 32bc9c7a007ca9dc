#ifndef IO_OUT_H_
#define IO_OUT_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Buffered output to a descriptor.  The first failure sticks: later bytes are
 * thrown away, out_flush() and out_check() tell.
 */
struct out {
	int fd;
	const char *name;	/* for messages; of the caller */
	char *p;
	size_t n, cap;
	uint64_t bytes;		/* written to the descriptor */
	int failed;		/* errno of the first failure */
	int unblocked;		/* out_unblock() */
	void (*interrupted)(void *);	/* called when a signal may have ended a wait; may be NULL */
	void *interrupted_arg;
};

void out_open(struct out *o, int fd, const char *name);
void out_close(struct out *o);		/* frees; flushes nothing, closes nothing */

/* Pointer to n writable bytes; then say how far they were used.  Any n. */
char *out_room(struct out *o, size_t n);
static inline void
out_used(struct out *o, const char *end)
{
	o->n = (size_t)(end - o->p);
}

void out_put(struct out *o, const void *p, size_t n);
void out_puts(struct out *o, const char *s);
static inline void
out_slice(struct out *o, struct slice s)
{
	out_put(o, s.p, s.n);
}

/*
 * 0, or -1 with e: EX_IOERR, or EX_TEMPFAIL when the reader is gone (EPIPE).
 * out_flush() writes everything; out_check() only looks.
 */
int out_flush(struct out *o, struct err *e);
int out_check(const struct out *o, struct err *e);

/*
 * For a program that has other things to do than to wait for its reader.  Where the
 * descriptor is a pipe it is opened anew for this process, non-blocking, so that
 * nobody who shares it is touched; elsewhere nothing changes.  Then out_room() writes
 * what the pipe takes and lets the buffer grow, up to OUT_HELD bytes, before it waits.
 */
#define OUT_HELD (8 * 1024 * 1024)
void out_unblock(struct out *o);

/* Writes what goes without waiting: 1 when that was all, 0 when some is left, -1 with e as out_flush(). */
int out_try(struct out *o, struct err *e);

#endif
