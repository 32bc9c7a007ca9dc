#ifndef REC_CSV_H_
#define REC_CSV_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "io/input.h"

/*
 * Rows of delimited text, by libcsv: RFC 4180 and what is sent in its name.  Lines
 * end by CR, LF or CRLF, mixed as it may be; a byte order mark is skipped; blank
 * lines are no rows; blanks around a field belong to it; a quoted field may hold
 * delimiters, doubled quotes and line ends.  Without strict a quote inside of a
 * field is text.  Fields are bytes: nobody looks at their encoding.
 */
struct csv_dialect {
	char delim;		/* not a quote, CR or LF */
	char quote;		/* 0: no quoting */
	int strict;		/* a misplaced quote is an error */
};

#define CSV_ROW_MAX (1024 * 1024)	/* bytes of a row, as it stands */
#define CSV_PAD 64			/* readable bytes behind a line of csv_line() */

struct csv_reader {
	/* the row, until the next call */
	struct slice *field;	/* p is NULL when the field is empty and not quoted */
	size_t n;
	uint64_t line;		/* number of its first line, from 1 */
	struct slice raw;	/* its bytes, with quotes, without the last line end */

	/* inner */
	struct input *in;	/* NULL: all is in buf */
	const char *name;	/* for messages */
	struct csv_dialect dialect;
	struct csv_parser *parser;
	const char *buf;
	char *own;		/* the same, where it is ours to fill */
	size_t cap, at, end;	/* unread: buf[at..end) */
	size_t row;		/* where the row begins */
	size_t lf;		/* the next LF at or behind at, or end */
	size_t second;		/* where the second line of the row begins, 0 = there is none */
	uint64_t number;	/* lines ended so far */
	int begun, eof, done, skipping;
	size_t cap_field;
	struct buf text;	/* of the fields */
};

enum csv_kind {
	CSV_END,	/* nothing more */
	CSV_ROW,
	CSV_LONG,	/* a line over the cap, told once and skipped; raw is its beginning */
	CSV_OPEN,	/* a quote that does not close within the cap; raw is the row's first line, the next row is the line behind it */
	CSV_INTR,	/* a signal came; call again */
};

/* Reads from in, or the bytes of s, which must stay until csv_close(). */
void csv_open_input(struct csv_reader *r, struct input *in, const struct csv_dialect *d);
void csv_open_bytes(struct csv_reader *r, struct slice s, const char *name, const struct csv_dialect *d);
void csv_close(struct csv_reader *r);	/* in stays open; the zero state is accepted */

/*
 * First byte of the input that is neither a byte order mark nor white space,
 * nothing consumed; -1 when there is none, CSV_FAILED with e, CSV_SIGNAL when a signal
 * came (call again).  Before the first row only.
 */
#define CSV_FAILED (-2)
#define CSV_SIGNAL (-3)
int csv_peek(struct csv_reader *r, struct err *e);

/* enum csv_kind, or -1 with e ("NAME:LINE: fault", EX_DATAERR; or the input's). */
int csv_next(struct csv_reader *r, struct err *e);

/* The same for plain lines, ended by LF, or with cr by CR or CRLF too: the line is raw.  No CSV_OPEN. */
int csv_line(struct csv_reader *r, int cr, struct err *e);

/* Number of the field with that text, or -1. */
int csv_column(const struct csv_reader *r, struct slice name);

#endif
