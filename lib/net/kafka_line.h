#ifndef NET_KAFKA_LINE_H_
#define NET_KAFKA_LINE_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "net/kafka_in.h"
#include "rec/json.h"
#include "rec/reject.h"
#include "rec/src.h"

/*
 * A message as a record: its members behind "_src" and, when asked for, "_key" and "_hdr"
 * (wb-records.5), without white space between tokens, and otherwise byte by byte.
 */
struct kafka_line {
	int key, headers;	/* of the caller: write "_key", "_hdr" */
	uint64_t repeated;	/* headers left out, since a later one has the name */

	/* inner */
	struct json json;
	struct buf meta, copy;
};

#define KAFKA_LINE_SRC SRC_MAX(256)	/* bytes of "_src" at most */

void kafka_line_fini(struct kafka_line *l);

/* Where the message came from: ["topic",partition,offset,ts_ms,0] into KAFKA_LINE_SRC bytes.  Returns its end. */
char *kafka_line_src(char *dst, const struct kafka_message *m);

/*
 * The record of the last message of k.  kafka_line_need() gives the bytes that
 * kafka_line_put() wants at dst, which gives the end of the record (no LF).  -1 and NULL
 * with the fault: too_long, json, utf8, reserved, length.  m->value is not null.
 */
ssize_t kafka_line_need(struct kafka_line *l, const struct kafka_in *k, const struct kafka_message *m, struct fault *f);
char *kafka_line_put(struct kafka_line *l, const struct kafka_message *m, char *dst, struct fault *f);

#endif
