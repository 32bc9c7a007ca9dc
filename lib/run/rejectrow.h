#ifndef RUN_REJECTROW_H_
#define RUN_REJECTROW_H_

#include "base/buf.h"
#include "rec/json.h"

/* The row of wb_reject, JSON, of a reject: the object {src, stage, code, ...} of a control line.  b is cleared; JSON_PAD bytes behind it are readable. */
void rejectrow(struct buf *b, const struct json *reject);

#endif
