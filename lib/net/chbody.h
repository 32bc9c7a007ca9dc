#ifndef NET_CHBODY_H_
#define NET_CHBODY_H_

#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * The Content-Encoding of a request's body, undone piece by piece: none, gzip
 * (RFC 1952), deflate (RFC 1950), zstd (RFC 8878).  A body is one member or one
 * frame, whole: what ends before its end mark, or goes on behind it, is an
 * error, because rows cut off there would be missing without a trace.
 */
struct chbody;

struct chbody *chbody_new(struct slice encoding);	/* NULL: an encoding that is not known */
void chbody_free(struct chbody *b);			/* NULL: nothing */

/*
 * Decodes n bytes and hands them to sink in pieces.  -1 when the data is broken
 * (the text of a ClickHouse error is appended to why) or when sink returned -1.
 */
int chbody_put(struct chbody *b, const char *p, size_t n,
    int (*sink)(void *arg, const char *p, size_t n), void *arg, struct buf *why);

/* The body has ended: was it whole?  0, or -1 with why. */
int chbody_end(struct chbody *b, struct buf *why);

#endif
