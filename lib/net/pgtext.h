#ifndef NET_PGTEXT_H_
#define NET_PGTEXT_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/pg.h"
#include "rec/json.h"
#include "rec/reject.h"
#include "rec/src.h"

/*
 * Rows of COPY TO (text format) as records, by the types of their columns
 * (wb-pg-extract.1 "Values").  No value passes through a binary type: what the server
 * wrote is what the record says.
 */
enum pgtext_kind {
	PGTEXT_TEXT,		/* a JSON string */
	PGTEXT_NUMBER,		/* bare; NaN and infinities are strings */
	PGTEXT_BOOL,
	PGTEXT_TIME,		/* timestamptz in UTC, 24 characters */
	PGTEXT_JSON,		/* as it stands */
};

struct pgtext_column {
	struct slice key;	/* ,"name": */
	enum pgtext_kind kind;	/* of an array: of its elements */
	char delim;		/* of an array, or 0 */
};

struct pgtext {
	struct pgtext_column *column;
	size_t n;
	int id, cursor;		/* columns whose values _src takes, or -1 */
	int id_is_whole;	/* the id is an integer */
	int micros;		/* times have six digits behind the second */
	struct buf topic;	/* for _src, escaped */

	/* inner */
	int bare;		/* without _src */
	size_t row_n;		/* bytes of the row at hand */
	struct buf object;	/* it, where it was to be scanned */
	struct buf keys;
	struct slice *field;
	size_t *end;		/* of the record at hand, where each column ends */
	struct buf scratch;
	struct json json;
	int check;		/* a column of JSON: the record is scanned */
};

/*
 * Takes the columns of a result (pg_describe()).  topic is the name in _src; id and cursor name the
 * columns that give its offset (else rows are numbered) and its time, or are NULL.  0, or -1: EX_CONFIG for
 * a name that is there twice or belongs to Waybill, or an id or cursor that is not there; else of the server.
 * With a topic of NULL rows have no _src, columns any name, and pgtext_take() is for them.
 */
int pgtext_open(struct pgtext *t, struct pg *p, const struct pg_result *columns, struct slice topic,
    const char *id, const char *cursor, struct err *e);

/* The same by columns that are known. */
struct pgtext_type {
	const char *name;
	unsigned oid;		/* of a domain its base type's */
	unsigned elem;		/* of an array: of its elements, and */
	char delim;		/* what stands between them; 0: no array */
};
int pgtext_init(struct pgtext *t, const struct pgtext_type *type, size_t n, struct slice topic, const char *id, const char *cursor, struct err *e);
void pgtext_fini(struct pgtext *t);

/* The same columns once more, for another thread; shares t's. */
void pgtext_clone(struct pgtext *copy, const struct pgtext *t);
void pgtext_clone_fini(struct pgtext *copy);

/*
 * Appends the record of a row, with its LF; number stands in _src where no id does.  0, or -1 with the fault
 * (fields, json, too_long, utf8; its field is the column) and nothing appended, and the value of _src in src, SRC_MAX(topic.n) bytes.
 */
int pgtext_row(struct pgtext *t, struct slice row, int64_t number, struct buf *out, char *src, size_t *src_n, struct fault *f);

/*
 * The row of a statement, which the following are about as long as it lives.  0, or -1 with the fault (columns, json, utf8).
 * pgtext_object(): the JSON object at dst (pgtext_size() bytes), pgtext_cell(): the value of a column as plain text, times and arrays
 * as JSON has them but without quotes; *null: it is null, nothing is written.  Both return the end.
 */
int pgtext_take(struct pgtext *t, struct slice row, struct fault *f);
size_t pgtext_size(const struct pgtext *t);
char *pgtext_object(struct pgtext *t, char *dst);
char *pgtext_cell(struct pgtext *t, size_t col, char *dst, int *null);

#endif
