#ifndef NET_CHLOAD_H_
#define NET_CHLOAD_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "net/chtable.h"
#include "net/clickhouse.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Loading of one table.  Records are collected in batches, one for each month of
 * the table's partitions; a batch is sent, as one block, when it is large, when memory is
 * short, and by chload_flush().  Within a batch a key stands once.  While the server
 * works on a batch the next one is filled.
 *
 * A batch that may or may not have been stored is sent again; while the server is
 * away it is tried again, for ever.  When a row is to blame, it is found by halving
 * the batch, and handed to refuse(); the others are stored.
 */
struct chload;

struct chload_config {
	const char *table;		/* to insert into */
	const struct table_rules *rules;
	int tie_smaller;		/* of equal versions the smaller line stands, else the last */
	uint64_t memory;		/* bytes of rows held at most, 0: 128 MiB */
	uint64_t max_refused;		/* rows that the server may refuse before all is given up, 0: any */
	/* told what is tried again and why; from another thread */
	void (*say)(void *arg, const char *line);
	/* a row that the server refused: the record as it was added, and why; NULL: such a row is an error */
	void (*refuse)(void *arg, struct slice line, const struct fault *f);
	void *arg;
};

/* c is used by the loader alone from now on, until chload_close(); it waits for a server that is away.  NULL: EX_CONFIG. */
struct chload *chload_open(struct ch *c, const struct chload_config *config, struct err *e);
void chload_close(struct chload *l);	/* what was not flushed is thrown away */

/*
 * One record: its members, its bytes, the value of its "_src" or NULL.  All of it is
 * copied.  1: it is in a batch (or was replaced by a later version there); 0: f says
 * why it is refused; -1: loading has failed.
 */
int chload_add(struct chload *l, const struct json *j, struct slice line, const struct json_value *src,
    struct fault *f, struct err *e);

/* Everything that was added is stored.  0, or -1: EX_CONFIG, EX_TEMPFAIL, EX_DATAERR (max_refused). */
int chload_flush(struct chload *l, struct err *e);

/* Counts since the start. */
struct chload_count {
	uint64_t loaded;	/* rows confirmed by the server */
	uint64_t replaced;	/* left out: another version of the key stood in the batch */
	uint64_t refused;	/* by the server, handed to refuse() */
	uint64_t conflicts;	/* of replaced: the same version, another line */
	uint64_t batches;
};
struct chload_count chload_count(const struct chload *l);

/* Calls fn with each month that rows were stored for, and their number. */
void chload_months(const struct chload *l, void (*fn)(void *arg, uint32_t month, uint64_t rows), void *arg);

#endif
