#ifndef NET_PG_H_
#define NET_PG_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * A connection to PostgreSQL or Greenplum, by libpq.
 *
 * Errors are told with the server's SQLSTATE, their status is by its class: EX_TEMPFAIL for
 * what passes (the server goes away, has no room, only reads, serialization, deadlock), EX_DATAERR for
 * values (22, 23, 44, 54, what a trigger raises), EX_CONFIG for what only somebody's change can mend (names, rights,
 * passwords), EX_SOFTWARE for the rest.  No message holds a password.
 */
struct pg;

struct pg_options {
	const char *conninfo;	/* URI or "key=value ..."; NULL: libpq's environment (PGHOST, PGSERVICE, ...) */
	const char *host, *port, *user;	/* each before conninfo's, or NULL */
	const char *app;	/* application_name */
};

/*
 * Connects.  The session's texts are exact and independent of the server's settings: UTF-8, UTC,
 * ISO dates, shortest exact floats; no timeout of statements; no row is hidden by row security.
 * NULL with e: EX_USAGE when conninfo is none or holds a password.
 */
struct pg *pg_open(const struct pg_options *o, struct err *e);

/* What pg_open() says of a conninfo before it connects: 0, or -1 with EX_USAGE. */
int pg_check(const char *conninfo, struct err *e);
void pg_close(struct pg *p);

/* Where it is, for messages: "db on /run/postgresql", valid until pg_close(). */
const char *pg_place(const struct pg *p);
int pg_version(const struct pg *p);	/* 150004 */
int pg_is_greenplum(const struct pg *p);

/* libpq's version, for --version. */
const char *pg_library(void);

/* Names without a schema are looked for in Waybill's, then in those of the role.  0, or -1. */
int pg_use_mart(struct pg *p, struct err *e);

/* A statement without rows.  0, or -1. */
int pg_exec(struct pg *p, const char *sql, struct err *e);

/*
 * A statement with rows, whole in memory; n parameters as text, $1 to $n (NULL is null).
 * The result is freed by pg_free(); cells are text, p == NULL is null.
 */
struct pg_result;
struct pg_result *pg_query(struct pg *p, const char *sql, const char *const *param, int n, struct err *e);
int pg_rows(const struct pg_result *r);
struct slice pg_cell(const struct pg_result *r, int row, int col);
int pg_int(const struct pg_result *r, int row, int col, long long *v);	/* 0; -1 for null or none */
int pg_true(const struct pg_result *r, int row, int col);
void pg_free(struct pg_result *r);

/* Columns that a statement without parameters would give. */
struct pg_column {
	const char *name;	/* of the result */
	unsigned type;		/* OID; of a domain its base type's */
};
struct pg_result *pg_describe(struct pg *p, const char *sql, struct err *e);
int pg_columns(const struct pg_result *r);
struct pg_column pg_column(const struct pg_result *r, int col);

/*
 * COPY ... TO STDOUT: pg_copy_out() begins it.  pg_copy_row() is 1 and one line without its LF,
 * valid until the next call; 0 at the end, when all is known to have come; 2 when nothing came
 * for ms; or -1.
 */
int pg_copy_out(struct pg *p, const char *sql, struct err *e);
int pg_copy_row(struct pg *p, int ms, struct slice *line, struct err *e);

/*
 * COPY ... FROM STDIN: pg_copy_in() begins it, pg_copy_put() sends bytes of it, whole lines or not, pg_copy_done()
 * ends it.  0, or -1; then *line is the line that the server names as being at fault, from 1, 0: none.
 */
int pg_copy_in(struct pg *p, const char *sql, struct err *e);
int pg_copy_put(struct pg *p, struct slice bytes, struct err *e);
int pg_copy_done(struct pg *p, uint64_t *line, struct err *e);

/* The column that the last error was about, "" when the server did not say. */
const char *pg_error_column(const struct pg *p);

/* Asks the server to end what it does for this connection. */
void pg_cancel(struct pg *p);

/* Appends s as a literal or a name of SQL. */
struct buf;
void pg_literal(struct pg *p, struct buf *b, struct slice s);
void pg_name(struct pg *p, struct buf *b, struct slice s);

#endif
