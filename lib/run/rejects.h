#ifndef RUN_REJECTS_H_
#define RUN_REJECTS_H_

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "rec/json.h"
#include "rec/reject.h"

/* Loads the table wb_reject of a store; results as chload.h and pgload.h have them. */
#define REJECTS_TABLE "wb_reject"
struct rejects_loader {
	void *(*open)(void *store, void (*say)(void *arg, const char *line), struct err *e);	/* with the first reject */
	int (*add)(void *load, const struct json *row, struct slice line, struct fault *f, struct err *e);
	int (*flush)(void *load, struct err *e);
	void (*close)(void *load);
};

/* The rejects of a lane as rows of wb_reject.  All zero but what is set. */
struct rejects {
	/* set by the program */
	const struct rejects_loader *loader;
	void *store;				/* of the loader, borrowed */
	void (*say)(void *arg, const char *line);	/* what is tried again, and why */

	/* inner */
	void *load;
	struct json row_json, own;
	struct buf row;
	struct err err;				/* what failed; nothing is taken any more */
	size_t held;				/* bytes taken since the last rejects_flush() */
};

/*
 * A reject that is resolved must not be stored before the record that it was of.  So who
 * holds more than this stores the records, and then these: no part goes off before.
 */
#define REJECTS_HELD (8u << 20)

/* One reject: the object {src, stage, code, ...} of a control line.  A failure stands in err. */
void rejects_add(struct rejects *k, const struct json *reject);

/* The same from the line {"@reject":{...}}; for struct stage's keep. */
void rejects_keep(void *rejects, struct slice line);

/* All of them are stored.  0, or -1 with e. */
int rejects_flush(struct rejects *k, struct err *e);

void rejects_fini(struct rejects *k);

#endif
