#ifndef RUN_PGREJECT_H_
#define RUN_PGREJECT_H_

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/pg.h"
#include "net/pgload.h"
#include "rec/json.h"

/*
 * The rejects of a lane as rows of wb_reject, of a PostgreSQL store, as chreject.h has them of ClickHouse.  All zero but
 * what is set; the table is asked for with the first reject.
 */
struct pgreject {
	const struct pg_options *options;
	int delete_insert;				/* as pgload_config has it */
	void (*say)(void *arg, const char *line);

	struct pgload *load;
	struct json row_json, own;
	struct buf row;
	struct err err;		/* what failed; nothing is taken any more */
	size_t held;		/* bytes taken since the last pgreject_flush() */
};

#define PGREJECT_HELD (8u << 20)	/* who holds more stores the records, and then these */

void pgreject_add(struct pgreject *k, const struct json *reject);
void pgreject_keep(void *pgreject, struct slice line);
int pgreject_flush(struct pgreject *k, struct err *e);
void pgreject_fini(struct pgreject *k);

#endif
