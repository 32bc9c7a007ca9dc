/*
 * Delimited text, a line at a time into libcsv.
 *
 * The lines are found here, so that every row knows the number of its first one
 * and keeps its bytes; what is a field, and whether a line ends the row or lies
 * within quotes, is libcsv's to say.
 */
#include "rec/csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "base/mem.h"

#define READ_SIZE (256 * 1024)
#define SKIPPED_MAX (64 * 1024)		/* bytes kept of a line that is too long */

static int
no_space(unsigned char c)
{
	(void)c;
	return 0;
}

static void
on_field(void *p, size_t n, void *arg)
{
	struct csv_reader *r = arg;
	char *dst = r->text.p + r->text.n;

	/* the text of a row is never longer than the row, for which there is room */
	r->field = mem_grow(r->field, &r->cap_field, r->n + 1, sizeof *r->field);
	r->field[r->n++] = (struct slice){ p != NULL ? dst : NULL, n };
	if (n > 0)
		memcpy(dst, p, n);
	r->text.n += n;
}

static void
on_row(int c, void *arg)
{
	struct csv_reader *r = arg;

	(void)c;
	r->done = 1;
}

static void
start(struct csv_reader *r, const struct csv_dialect *d)
{
	r->dialect = *d;
	r->parser = mem_alloc(sizeof *r->parser);
	(void)csv_init(r->parser, CSV_EMPTY_IS_NULL | (d->strict ? CSV_STRICT : 0));
	csv_set_delim(r->parser, (unsigned char)d->delim);
	/* no quote: a byte that no UTF-8 has */
	csv_set_quote(r->parser, d->quote ? (unsigned char)d->quote : 0xff);
	csv_set_space_func(r->parser, no_space);
	csv_set_blk_size(r->parser, 4096);
	csv_set_realloc_func(r->parser, mem_resize);
	(void)buf_room(&r->text, r->in == NULL && r->end < CSV_ROW_MAX ? r->end + 1 : CSV_ROW_MAX + 2);
}

void
csv_open_input(struct csv_reader *r, struct input *in, const struct csv_dialect *d)
{
	*r = (struct csv_reader){ .in = in, .name = in->name };
	start(r, d);
}

void
csv_open_bytes(struct csv_reader *r, struct slice s, const char *name, const struct csv_dialect *d)
{
	*r = (struct csv_reader){ .buf = s.p, .end = s.n, .eof = 1, .name = name };
	start(r, d);
}

void
csv_close(struct csv_reader *r)
{
	if (r->parser != NULL)
		csv_free(r->parser);
	free(r->parser);
	free(r->own);
	free(r->field);
	buf_fini(&r->text);
	*r = (struct csv_reader){ 0 };
}

/* More bytes behind those that are needed still: 0, or CSV_INTR, or -1. */
static int
fill(struct csv_reader *r, struct err *e)
{
	ssize_t got;

	if (r->row > 0) {
		memmove(r->own, r->own + r->row, r->end - r->row);
		r->at -= r->row;
		r->end -= r->row;
		r->lf -= r->row;
		r->second -= r->second > 0 ? r->row : 0;
		r->row = 0;
	}
	r->own = mem_grow(r->own, &r->cap, r->end + READ_SIZE + CSV_PAD, 1);
	r->buf = r->own;
	got = input_read(r->in, r->own + r->end, READ_SIZE, -1, e);
	if (got == INPUT_INTR)
		return CSV_INTR;
	if (got < 0)
		return -1;
	if (got == 0)
		r->eof = 1;
	r->end += (size_t)got;
	return 0;
}

int
csv_peek(struct csv_reader *r, struct err *e)
{
	size_t i;
	int rc;

	for (;;) {
		i = r->end >= 3 && memcmp(r->buf, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		while (i < r->end && memchr(" \t\r\n", r->buf[i], 4) != NULL)
			i++;
		if ((i < r->end && r->end >= 3) || r->eof || r->end > CSV_ROW_MAX)
			return i < r->end ? (unsigned char)r->buf[i] : -1;
		rc = fill(r, e);
		if (rc != 0)
			return rc == CSV_INTR ? CSV_SIGNAL : CSV_FAILED;
	}
}

/*
 * The next line, from r->at up to *next, its end included; it ends at LF, and with
 * cr at CR or CRLF too.  CSV_ROW, CSV_END, CSV_INTR, CSV_LONG, -1.
 */
static int
next_line(struct csv_reader *r, int cr, size_t *next, struct err *e)
{
	const char *p;
	size_t seen = r->at;
	int rc;

	if (r->number == 0 && r->at == 0) {
		while (r->end < 3 && !r->eof)
			if ((rc = fill(r, e)) != 0)
				return rc;
		if (r->end >= 3 && memcmp(r->buf, "\xef\xbb\xbf", 3) == 0)
			r->at = r->row = seen = r->lf = 3;
	}
	for (;;) {
		/* in a file without LF each byte is looked at once, not once a line */
		if (r->lf < r->at)
			r->lf = r->at;
		if (r->lf == r->end || r->buf[r->lf] != '\n') {
			p = r->lf < r->end ? memchr(r->buf + r->lf, '\n', r->end - r->lf) : NULL;
			r->lf = p != NULL ? (size_t)(p - r->buf) : r->end;
		}
		p = cr && r->lf > seen ? memchr(r->buf + seen, '\r', r->lf - seen) : NULL;
		if (p != NULL && (p + 1 < r->buf + r->end || r->eof)) {
			*next = (size_t)(p + 1 - r->buf);
			if (*next < r->end && r->buf[*next] == '\n')
				++*next;
			break;
		}
		if (p == NULL && r->lf < r->end) {
			*next = r->lf + 1;
			break;
		}
		if (r->eof) {
			*next = r->end;
			if (r->at == r->end)
				return CSV_END;
			break;
		}
		seen = p != NULL ? (size_t)(p - r->buf) : r->end;
		if (seen - r->at > CSV_ROW_MAX)
			return CSV_LONG;
		seen -= r->row;
		rc = fill(r, e);
		seen += r->row;
		if (rc != 0)
			return rc;
	}
	return *next - r->at > CSV_ROW_MAX + 2 ? CSV_LONG : CSV_ROW;
}

/* The bytes [from, to) without the line end. */
static struct slice
bare(const struct csv_reader *r, size_t from, size_t to)
{
	if (to > from && r->buf[to - 1] == '\n')
		to--;
	if (to > from && r->buf[to - 1] == '\r')
		to--;
	return (struct slice){ r->buf + from, to - from };
}

/* libcsv as it is before a row. */
static void
forget(struct csv_reader *r)
{
	(void)csv_set_opts(r->parser, CSV_EMPTY_IS_NULL);
	(void)csv_fini(r->parser, NULL, NULL, NULL);
	r->begun = 0;
}

/* A line over the cap: its beginning now, the rest of it is skipped by the next call. */
static int
too_long(struct csv_reader *r)
{
	size_t n = r->end - r->at;

	r->line = r->number + 1;
	r->raw = (struct slice){ r->buf + r->at, n < SKIPPED_MAX ? n : SKIPPED_MAX };
	r->skipping = 1;
	return CSV_LONG;
}

/* Past the end of a line that is too long: 0, CSV_INTR, -1. */
static int
skip(struct csv_reader *r, int cr, struct err *e)
{
	const char *lf, *p;
	int rc;

	for (;;) {
		size_t n = r->end - r->at;

		lf = n > 0 ? memchr(r->buf + r->at, '\n', n) : NULL;
		p = cr && n > 0 ? memchr(r->buf + r->at, '\r', lf != NULL ? (size_t)(lf - r->buf) - r->at : n) : NULL;
		if (p != NULL && p + 1 == r->buf + r->end && !r->eof)
			r->at = r->end - 1;	/* an LF may follow */
		else if (p != NULL || lf != NULL) {
			r->at = (size_t)((p != NULL ? p : lf) - r->buf) + 1;
			if (p != NULL && r->at < r->end && r->buf[r->at] == '\n')
				r->at++;
			break;
		} else
			r->at = r->end;
		r->row = r->lf = r->at;
		if (r->eof)
			break;
		if ((rc = fill(r, e)) != 0)
			return rc;
	}
	r->number++;
	r->skipping = 0;
	return 0;
}

/* The row's quote does not close: its first line is given up, the next row begins behind it. */
static int
open_quote(struct csv_reader *r, struct err *e)
{
	if (r->dialect.strict)
		return err_set(e, EX_DATAERR, "%s:%" PRIu64 ": a quote that does not close", r->name, r->line);
	r->raw = bare(r, r->row, r->second);
	forget(r);
	r->at = r->lf = r->second;
	r->number = r->line;
	return CSV_OPEN;
}

static int
whole_row(struct csv_reader *r)
{
	r->begun = 0;
	r->raw = bare(r, r->row, r->at);
	return CSV_ROW;
}

int
csv_next(struct csv_reader *r, struct err *e)
{
	size_t next = 0, n;
	int rc;

	for (;;) {
		if (r->skipping && (rc = skip(r, 1, e)) != 0)
			return rc;
		if (!r->begun) {
			r->row = r->at;
			r->line = r->number + 1;
			r->second = r->n = r->text.n = 0;
			r->done = 0;
		}
		rc = next_line(r, 1, &next, e);
		if (rc == CSV_LONG && !r->begun)
			return too_long(r);
		if (rc == CSV_LONG || (rc == CSV_ROW && r->begun && next - r->row > CSV_ROW_MAX))
			return open_quote(r, e);
		if (rc == CSV_END && r->begun) {
			/* the last line may lack its end, but not its quote */
			(void)csv_set_opts(r->parser, CSV_EMPTY_IS_NULL | CSV_STRICT | CSV_STRICT_FINI);
			return csv_fini(r->parser, on_field, on_row, r) == -1 ? open_quote(r, e) : whole_row(r);
		}
		if (rc != CSV_ROW)
			return rc;
		n = next - r->at;
		if (csv_parse(r->parser, r->buf + r->at, n, on_field, on_row, r) != n)
			return err_set(e, EX_DATAERR, "%s:%" PRIu64 ": a quote in the middle of a field", r->name,
			    r->number + 1);
		r->number++;
		if (!r->begun)
			r->second = next;
		n = bare(r, r->at, next).n;
		r->at = next;
		if (r->done)
			return whole_row(r);
		if (n > 0)
			r->begun = 1;
	}
}

int
csv_line(struct csv_reader *r, int cr, struct err *e)
{
	size_t next = 0;
	int rc;

	if (r->skipping && (rc = skip(r, cr, e)) != 0)
		return rc;
	r->row = r->at;
	r->line = r->number + 1;
	rc = next_line(r, cr, &next, e);
	if (rc == CSV_LONG)
		return too_long(r);
	if (rc != CSV_ROW)
		return rc;
	r->raw = bare(r, r->at, next);
	r->number++;
	r->at = next;
	return CSV_ROW;
}

int
csv_column(const struct csv_reader *r, struct slice name)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (slice_eq(r->field[i], name))
			return (int)i;
	return -1;
}
