#ifndef NET_CHPOOL_H_
#define NET_CHPOOL_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/chdb.h"

/*
 * Connections of the embedded engine for many clients at once: settings, the
 * current database, sessions that outlive a request, and the end of a statement
 * whose client has gone.  All functions may be called from any thread.
 */
struct chpool;

struct chpool *chpool_new(struct chdb *d, struct err *e);
void chpool_free(struct chpool *p);		/* every lease given back */

const char *chpool_version(const struct chpool *p);	/* of the engine, "26.7.2.1" */
const char *chpool_timezone(const struct chpool *p);

/* "Code: CODE. DB::Exception: text. (NAME)" appended to b. */
void chpool_error(struct buf *b, int code, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

struct chpool_setting {
	struct slice name, value;
};
#define CHPOOL_SETTING_MAX 256

struct chpool_want {
	struct slice query_id;		/* not empty; no two running statements share one */
	struct slice database;		/* or empty */
	const struct chpool_setting *setting;
	size_t settings;
	int readonly;			/* like GET: settings may change, nothing else */
	struct slice session;		/* its name, or empty: a connection of its own */
	unsigned session_timeout;	/* seconds it is kept unused */
	int session_check;		/* it must exist */
};

struct chpool_lease {
	struct chpool *pool;
	struct chdb_conn *conn;
	struct chpool_running *running;
	struct chpool_session *session;
	struct buf undo;		/* statements that bring a session back, NUL between */
};

/*
 * A connection that is ready for one statement.  NULL: the text of the error is
 * appended to why.  Between take and give the statement can be killed.
 */
struct chpool_lease *chpool_take(struct chpool *p, const struct chpool_want *w, struct buf *why);
void chpool_give(struct chpool_lease *l);	/* NULL: nothing */

/* From now on (fd >= 0) the statement is killed when the peer of the socket fd has gone; fd -1: no more. */
void chpool_watch(struct chpool_lease *l, int fd);

/* Says when the engine begins (on) and ends to work for a lease; in between it is not waiting for the client. */
void chpool_work(struct chpool_lease *l, int on);

/* No more leases; kills every running statement.  Waits at most ms until the engine works for none; number that are left. */
unsigned chpool_stop(struct chpool *p, unsigned ms);

#endif
