#ifndef NET_CLICKHOUSE_H_
#define NET_CLICKHOUSE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/sql_param.h"

/*
 * A ClickHouse store over HTTP: a server of any version from 18.16, or wb-chdb.
 * One handle runs one statement at a time and belongs to one thread at a time.  It
 * asks the server once for its version and for the settings that it knows; only
 * those are sent.
 */
struct ch;

/*
 * What a failed statement means for whoever sent it.
 */
enum ch_class {
	CH_OK,
	CH_AMBIGUOUS,	/* it may have been carried out: repeat the same */
	CH_TRANSIENT,	/* it was not; later it may be: repeat the same */
	CH_CONFIG,	/* no such table or column, no access, no such server: a person must act */
	CH_DATA,	/* a row of the data is to blame */
	CH_OTHER,	/* a code of the server that is none of these */
};

struct ch_fault {
	enum ch_class class;
	int code;		/* the server's, 0: none */
	char msg[768];		/* one line */
};

/* The class of a server's error code, CH_OTHER for one that is not listed. */
enum ch_class ch_class_of(int code);

/* Sets e from f by its class: EX_CONFIG; EX_DATAERR (of CH_OTHER too); EX_TEMPFAIL.  Returns -1. */
int ch_err(const struct ch_fault *f, struct err *e);

/* url as http.h has it.  Connects to nothing yet.  NULL with EX_USAGE or EX_CONFIG. */
struct ch *ch_open(const char *url, struct err *e);
struct ch *ch_again(const struct ch *c, struct err *e);	/* a second handle on the same store */
void ch_close(struct ch *c);
const char *ch_db(const struct ch *c);
const char *ch_place(const struct ch *c);

/* Year * 100 + month of the server's version (2607, 1816); asks it if need be.  0, or -1 with f. */
int ch_version(struct ch *c, unsigned *version, struct ch_fault *f);
#define CH_LEGACY 1817		/* versions below: no Bool, LowCardinality, DateTime64, bound parameters */

/*
 * Runs one statement and gives its result as text (FORMAT TabSeparated; empty when
 * it has none), at most max bytes.  0, or -1 with f.
 */
int ch_text(struct ch *c, struct slice sql, const struct sql_param *p, size_t np, size_t max, struct buf *text, struct ch_fault *f);

/* The same without a result.  no_db: outside of the address's database (CREATE DATABASE). */
int ch_run(struct ch *c, struct slice sql, struct ch_fault *f);
int ch_run_outside(struct ch *c, struct slice sql, struct ch_fault *f);

/*
 * Sends parts as the data of "INSERT INTO ... FORMAT Native": one block of so many
 * rows.  0: the server has confirmed all of it.  -1 with f.
 */
#define CH_INSERT_ROWS 500000
#define CH_INSERT_BYTES (64u << 20)
int ch_insert(struct ch *c, struct slice sql, const struct slice *part, size_t parts, uint64_t rows, struct ch_fault *f);

/*
 * For chrows.c: begins a statement whose result comes in Native format, and pulls
 * it.  ch_pull(): 1: at least n bytes are in *in; 0: the answer ended before (all of
 * it is in *in); -1 with f.  ch_unreadable(): the result does not read as Native,
 * text is what could not be read, cut: it ends too early; f is set from the error
 * that stands in it.
 */
int ch_select(struct ch *c, struct slice sql, const struct sql_param *p, size_t np, struct ch_fault *f);
int ch_pull(struct ch *c, struct buf *in, size_t n, struct ch_fault *f);
void ch_unreadable(struct ch *c, struct slice text, int cut, struct ch_fault *f);
void ch_stop(struct ch *c);

/* Says each request on standard error through this (-vv); NULL: nothing. */
void ch_trace(struct ch *c, void (*say)(void *arg, const char *line), void *arg);

#endif
