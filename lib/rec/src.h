#ifndef REC_SRC_H_
#define REC_SRC_H_

#include <stdint.h>

#include "base/slice.h"
#include "rec/json.h"

/*
 * Where a record came from: its member "_src", [topic, partition, offset, ts_ms, i].
 * Table and file sources use their own name for topic, partition 0, offset cursor
 * id or line number, ts_ms 0 when there is no time.
 */
struct src {
	struct slice topic;	/* as in the JSON text, without quotes */
	int64_t partition, offset;
	int64_t ts_ms;		/* milliseconds since 1970, 0 = none */
	int64_t i;		/* number of the record made from one message, from 0 */
};

/* Reads the value of a member "_src".  0, or -1 when it is not of that form. */
int src_get(const struct json_value *v, struct src *s);

/*
 * The value of "_src" at the beginning of a line that may be broken anywhere, when it is as
 * src_put() writes it and UTF-8; n = 0 when there is none.
 */
struct slice src_peek(struct slice line);

/* Bytes that src_put() needs at most for a topic of n bytes (already escaped). */
#define SRC_MAX(n) ((n) + 100)

/* Writes ["topic",partition,offset,ts_ms,i] at dst; returns its end.  topic is escaped already. */
char *src_put(char *dst, const struct src *s);

/*
 * Names that belong to Waybill, which no message may have: _src, _key, _hdr and all
 * that begin with @.  src_own() tells it of a member (its name compared unescaped);
 * src_foreign() finds the first one of that kind, or NULL.
 */
int src_reserved(struct slice name);
int src_own(const struct json_member *m);
const struct json_member *src_foreign(const struct json *j);

/*
 * Puts the members of a message behind those of an object that is open before dst
 * ({"_src":[...]), without white space between tokens, and closes it.  Needs
 * j->raw.n bytes; returns the end.  dst may be where the message stands, j->raw.p,
 * unless it is spaced; its members are gone then.
 */
char *src_message(char *dst, const struct json *j);

#endif
