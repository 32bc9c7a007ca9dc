#ifndef NET_PGCOL_H_
#define NET_PGCOL_H_

#include "base/buf.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Values of records as fields of COPY FROM (text format), by the type of their column.  What the
 * column cannot hold exactly is refused here as far as that can be told cheaply; the server refuses the rest.
 */
enum pgcol_kind {
	PGCOL_OTHER,		/* its text is the server's to read: dates, times, uuid, ... */
	PGCOL_TEXT,
	PGCOL_INT,		/* min to max */
	PGCOL_NUMBER,
	PGCOL_BOOL,
	PGCOL_JSON,
};

struct pgcol {
	char *name, *sql;	/* sql: quoted */
	enum pgcol_kind kind;	/* of an array: of its elements */
	char array;		/* what separates its elements, 0: it is none */
	int64_t min, max;
	int nullable;
	int always;		/* an identity that is always generated: no UPDATE may set it */
	int object;		/* a text that takes an object, {} as "" */
	char *absent;		/* field of an absent member, escaped; NULL: it must be there */
	int null_is_default;	/* a null is as if absent */
	int src;		/* 1..4: from "_src": topic, partition, offset, i */
};

/* The kind of a type by its OID. */
void pgcol_type(struct pgcol *c, unsigned oid);

/*
 * Appends the field of a value; scratch is the caller's, to be used again.  0, or -1 with code "column", and what was
 * appended is to be thrown away.
 */
int pgcol_put(const struct pgcol *c, const struct json_value *v, struct buf *b, struct buf *scratch, struct fault *f);

/* Appends text as a field. */
void pgcol_text(struct buf *b, struct slice s);

#endif
