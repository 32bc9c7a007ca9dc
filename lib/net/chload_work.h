#ifndef NET_CHLOAD_WORK_H_
#define NET_CHLOAD_WORK_H_

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/chload.h"
#include "net/chtable.h"
#include "net/clickhouse.h"
#include "net/native.h"

/*
 * The inside of a load: chload.c collects batches, chload_send.c sends them, in a thread of
 * its own.  A batch is the caller's until it is put into sending, the sender's until it is
 * in sent; both and stop are guarded by lock, and change tells of them.
 */
#define OTHER_TRIES 10		/* of a code that is in no class */

struct row {
	size_t at;		/* of its line */
	uint32_t len;
	uint32_t dead;		/* replaced */
	uint64_t version;
};

struct refusal {
	size_t row;
	struct fault fault;
};

struct batch {
	uint32_t month, left;	/* what it collects: chtable_place() */
	uint32_t serial;	/* new each time it is opened */
	struct native_col *col;
	struct buf lines;
	struct row *row;
	size_t rows, rows_cap, dead;
	size_t checked;		/* lines.n when the size was last looked at */
	size_t bytes;		/* held then */
	/* what came of sending it */
	uint64_t confirmed;
	struct refusal *refusal;
	size_t refusals, refusals_cap;
	struct err err;
};

struct slot {
	uint64_t hash[2];
	uint32_t serial, row;	/* serial 0: empty */
};

struct months {
	uint32_t month;
	uint64_t rows;
};

struct chload {
	struct chload_config config;
	struct ch *c;
	struct chtable *table;
	struct chload_count count;
	struct batch **open;
	size_t opens, opens_cap;
	struct batch *spare;
	uint32_t serial;
	uint64_t seed[2];
	struct slot *slot;
	size_t slots, used;
	struct months *month;
	size_t months, months_cap;

	/* of the sender */
	struct native_col *scratch;
	struct buf head, sql;
	struct slice *part;
	unsigned char *keep;
	size_t keep_cap;

	pthread_t thread;
	int started;
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct batch *sending, *sent;
	int stop;
};

/* chload_send.c: the sender; arg is the struct chload.  Ends when stop is set. */
void *chload_sender(void *arg);

/* Tells msg, for the nth time (from 0) that it is tried again, but not each time. */
void chload_say(struct chload *l, const char *msg, unsigned n);

#endif
