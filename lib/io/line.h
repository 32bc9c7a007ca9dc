#ifndef IO_LINE_H_
#define IO_LINE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "io/input.h"

#define LINE_MAX_BYTES (1024 * 1024)	/* MAXLINE, without LF */
#define LINE_PAD 64			/* readable bytes behind every line (JSON_PAD) */

/*
 * Lines of an input.  A line over the cap is told once (LINE_LONG, with its first
 * 64 KiB) and skipped up to its LF.
 */
struct line_reader {
	struct input in;
	char *buf;
	size_t cap;		/* of buf, LINE_PAD left out */
	size_t at, end;		/* unread bytes: buf[at..end) */
	size_t seen;		/* buf[at..seen) holds no LF */
	uint64_t number;	/* of the last line given, from 1 */
	int skipping;
	int wait_ms;		/* LINE_IDLE after so long without input; -1 never */
};

enum line_kind {
	LINE_END,	/* nothing more */
	LINE_OK,
	LINE_CUT,	/* the last one, without its LF */
	LINE_LONG,
	LINE_INTR,	/* a signal came; call again */
	LINE_IDLE,	/* nothing came for wait_ms */
};

int line_open(struct line_reader *r, const char *path, struct err *e);
void line_close(struct line_reader *r);

/* enum line_kind, or -1 with e.  The line (without LF) lives until the next call. */
int line_next(struct line_reader *r, struct slice *line, struct err *e);

#endif
