#ifndef NET_HTTP_H_
#define NET_HTTP_H_

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * Requests to one server over HTTP, by libcurl; no proxy, no redirects, TLS
 * certificates checked.  One handle runs one request at a time and belongs to one
 * thread at a time.
 *
 * The address is http://HOST:PORT/DB, https://HOST:PORT/DB or unix:SOCKET:DB.  It
 * holds no password: that comes from CLICKHOUSE_USER and CLICKHOUSE_PASSWORD or
 * CLICKHOUSE_PASSWORD_FILE (mode 0600) and travels in headers.
 */
struct http;

/* NULL with EX_USAGE (no such address) or EX_CONFIG (password file). */
struct http *http_open(const char *url, struct err *e);
void http_close(struct http *h);		/* NULL: nothing */
const char *http_db(const struct http *h);	/* the address's database, "default" when it names none */
const char *http_place(const struct http *h);	/* the address without it, for messages */

/* libcurl's version, for --version. */
const char *http_library(void);

/* Appends name=value of a query string, with & or ? before it, encoded. */
void http_arg(struct buf *b, const char *name, struct slice value);

enum http_end {
	HTTP_MORE,	/* the answer goes on */
	HTTP_DONE,	/* the whole answer was read */
	HTTP_UNSENT,	/* the server was not reached; the request has not been made */
	HTTP_BROKEN,	/* the exchange broke off; the request may have been carried out */
};

/*
 * Begins a POST of the concatenated parts to the path and query of args ("?query=...").
 * The parts must live until the answer has ended.  Then http_pull() until it does.
 */
void http_post(struct http *h, const char *args, const struct slice *part, size_t parts);

/*
 * Waits until at least n bytes of the answer's body are in *in (appended), or the
 * end.  HTTP_MORE: they are.  On HTTP_UNSENT and HTTP_BROKEN e (EX_TEMPFAIL) says why.
 */
enum http_end http_pull(struct http *h, struct buf *in, size_t n, struct err *e);

/* Breaks the exchange off, if it is still on. */
void http_stop(struct http *h);

/* Of the answer so far: status (0: none yet), and a header's value or "" (names in lower case, see http.c). */
long http_status(const struct http *h);
const char *http_header(const struct http *h, const char *name);

/* Seconds without a byte in either direction after which the exchange is broken off. */
#define HTTP_SILENCE 900
#define HTTP_CONNECT 10

#endif
