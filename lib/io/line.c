/* Lines: cut out of large reads in place, moved only when one straddles the end of the buffer. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/line.h"

#define START (256 * 1024)
#define LONG_KEPT (64 * 1024)

int
line_open(struct line_reader *r, const char *path, struct err *e)
{
	*r = (struct line_reader){ .wait_ms = -1 };
	if (input_open(&r->in, path, e) == -1)
		return -1;
	r->cap = START;
	r->buf = mem_alloc(r->cap + LINE_PAD);
	return 0;
}

void
line_close(struct line_reader *r)
{
	input_close(&r->in);
	free(r->buf);
	*r = (struct line_reader){ .in = { .fd = -1 } };
}

/* Reads more behind what is there: enum line_kind LINE_OK, LINE_END, ... or -1. */
static int
fill(struct line_reader *r, struct err *e)
{
	ssize_t n;

	if (r->at > 0 && r->cap - r->end < START / 2) {
		memmove(r->buf, r->buf + r->at, r->end - r->at);
		r->seen -= r->at;
		r->end -= r->at;
		r->at = 0;
	}
	if (r->cap - r->end < START / 4) {
		r->cap *= 2;	/* three times at most: a line over the cap is not kept */
		r->buf = mem_resize(r->buf, r->cap + LINE_PAD);
		memset(r->buf + r->end, 0, r->cap + LINE_PAD - r->end);
	}
	n = input_read(&r->in, r->buf + r->end, r->cap - r->end, r->wait_ms, e);
	if (n == INPUT_INTR)
		return LINE_INTR;
	if (n == INPUT_IDLE)
		return LINE_IDLE;
	if (n <= 0)
		return (int)n;
	r->end += (size_t)n;
	return LINE_OK;
}

int
line_next(struct line_reader *r, struct slice *line, struct err *e)
{
	char *lf;
	int rc;

	for (;;) {
		lf = memchr(r->buf + r->seen, '\n', r->end - r->seen);
		if (lf != NULL) {
			size_t start = r->at;

			r->at = r->seen = (size_t)(lf - r->buf) + 1;
			if (r->skipping) {
				r->skipping = 0;
				continue;
			}
			r->number++;
			*line = (struct slice){ r->buf + start, r->at - 1 - start };
			if (line->n <= LINE_MAX_BYTES)
				return LINE_OK;
			line->n = LONG_KEPT;
			return LINE_LONG;
		}
		r->seen = r->end;
		if (r->skipping) {
			r->at = r->seen = r->end = 0;
		} else if (r->end - r->at > LINE_MAX_BYTES) {
			*line = (struct slice){ r->buf + r->at, LONG_KEPT };
			r->at = r->seen = r->end;
			r->skipping = 1;
			r->number++;
			return LINE_LONG;
		}
		rc = fill(r, e);
		if (rc == LINE_OK)
			continue;
		if (rc != LINE_END)
			return rc;
		if (r->at == r->end)
			return LINE_END;
		*line = (struct slice){ r->buf + r->at, r->end - r->at };
		r->at = r->seen = r->end;
		r->number++;
		return LINE_CUT;
	}
}
