#ifndef NET_CHHTTPD_H_
#define NET_CHHTTPD_H_

#include "base/err.h"
#include "net/chpool.h"

/*
 * ClickHouse's HTTP interface over a pool of connections of the embedded engine.
 * wb-chdb.1 says what of it there is.
 */

struct chhttpd;

/* Begins to listen on fd and to serve, in threads of its own.  is_unix: no look at the Host header. */
struct chhttpd *chhttpd_start(struct chpool *pool, int fd, int is_unix, struct err *e);

/* Takes no more connections. */
void chhttpd_quiet(struct chhttpd *h);

/* Closes all connections; every statement must have ended (chpool_stop). */
void chhttpd_stop(struct chhttpd *h);

#endif
