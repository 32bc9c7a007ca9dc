#ifndef NET_CHHTTPD_H_
#define NET_CHHTTPD_H_

#include "base/err.h"
#include "net/chpool.h"

/*
 * ClickHouse's HTTP interface over a pool of connections of the embedded engine.
 * wb-chdb.1 says what of it there is.
 */

/*
 * A bound socket for "HOST:PORT" (HOST a loopback address or localhost, IPv6 in
 * brackets; PORT 0: a free one) or "unix:PATH" (mode 0600; a socket that nobody
 * listens on is replaced).  It does not listen yet.  address gets
 * "http://127.0.0.1:8123" or "unix:PATH".  -1: EX_USAGE for any other address,
 * EX_TEMPFAIL when it is taken.
 */
#define CHHTTPD_ADDRESS_MAX 192
int chhttpd_bind(const char *spec, char address[CHHTTPD_ADDRESS_MAX], struct err *e);

struct chhttpd;

/* Begins to listen on fd and to serve, in threads of its own.  is_unix: no look at the Host header. */
struct chhttpd *chhttpd_start(struct chpool *pool, int fd, int is_unix, struct err *e);

/* Takes no more connections. */
void chhttpd_quiet(struct chhttpd *h);

/* Closes all connections; every statement must have ended (chpool_stop). */
void chhttpd_stop(struct chhttpd *h);

#endif
