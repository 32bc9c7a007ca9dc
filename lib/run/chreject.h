#ifndef RUN_CHREJECT_H_
#define RUN_CHREJECT_H_

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/chload.h"
#include "net/clickhouse.h"
#include "rec/json.h"

/*
 * The rejects of a lane as rows of wb_reject, of a ClickHouse store.  All zero but
 * store and say; the table is asked for with the first reject.
 */
struct chreject {
	struct ch *store;			/* borrowed, for its address */
	void (*say)(void *arg, const char *line);	/* as chload_config has it */

	struct ch *c;
	struct chload *load;
	struct json row_json, own;
	struct buf row;
	struct err err;				/* what failed; nothing is taken any more */
	size_t held;				/* bytes taken since the last chreject_flush() */
};

/*
 * A reject that is resolved must not be stored before the record that it was of.  So who
 * holds more than this stores the records, and then these: no part goes off before.
 */
#define CHREJECT_HELD (8u << 20)

/* One reject: the object {src, stage, code, ...} of a control line.  A failure stands in err. */
void chreject_add(struct chreject *k, const struct json *reject);

/* The same from the line {"@reject":{...}}; for struct stage's keep. */
void chreject_keep(void *chreject, struct slice line);

/* All of them are stored.  0, or -1 with e. */
int chreject_flush(struct chreject *k, struct err *e);

void chreject_fini(struct chreject *k);

#endif
