#ifndef NET_CHREPLY_H_
#define NET_CHREPLY_H_

#include "base/buf.h"
#include "base/slice.h"

/* What an answer of ClickHouse's HTTP interface says of errors and formats. */

/* The code of an exception's text "Code: N. ..."; 1001 (STD_EXCEPTION) without one. */
int chreply_code(const char *text);

/* The HTTP status that a server gives to an exception. */
unsigned chreply_status(int code);

/*
 * The text of an exception as clients look for it, a line appended to out: the
 * engine nests an exception in itself at times, and leaves "(version ...)" out
 * at others.  engine: the version.
 */
void chreply_text(const char *text, const char *engine, struct buf *out);

const char *chreply_content_type(struct slice format);

/* Formats whose pieces, put behind each other, are the whole: no header, no footer, nothing between. */
int chreply_streams(struct slice format);

#endif
