#ifndef REC_REJECT_H_
#define REC_REJECT_H_

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Why a record is refused: code of wb-records.5 "Rejects", the field concerned or "", one sentence. */
struct fault {
	const char *code;	/* a constant string; NULL: none */
	char field[64];
	char msg[256];
};

/* Sets the fault.  Returns -1. */
int fault_set(struct fault *f, const char *code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#define REJECT_RAW (64 * 1024)	/* bytes of the record that are kept */

/*
 * Appends {"@reject":{src, stage, code, field, msg, raw}} and LF.  src is the value
 * of "_src" as it stands, or empty (null is written); raw the record's bytes, which
 * are kept as base64 up to REJECT_RAW.
 */
void reject_put(struct buf *b, struct slice src, const char *stage, const struct fault *f, struct slice raw);

/* The bytes again: b holds what base64 of member "raw" (without quotes) stands for.  0, or -1 when it is none. */
int reject_raw(struct buf *b, struct slice base64);

#endif
