#ifndef NET_CHLISTEN_H_
#define NET_CHLISTEN_H_

#include "base/err.h"
#include "base/slice.h"

/*
 * A bound socket for "HOST:PORT" (HOST a loopback address or localhost, IPv6 in
 * brackets; PORT 0: a free one) or "unix:PATH" (mode 0600; a socket that nobody
 * listens on is replaced).  It does not listen yet.  address gets
 * "http://127.0.0.1:8123" or "unix:PATH".  -1: EX_USAGE for any other address,
 * EX_TEMPFAIL when it is taken.
 */
#define CHLISTEN_ADDRESS_MAX 192
int chlisten_bind(const char *spec, char address[CHLISTEN_ADDRESS_MAX], struct err *e);

/* Does a Host header, "name:port" or "[v6]:port", name this machine? */
int chlisten_is_local(struct slice host);

#endif
