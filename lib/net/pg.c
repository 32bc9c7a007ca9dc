/* PostgreSQL connections, by libpq. */
#include "net/pg.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/mem.h"
#include "base/num.h"

struct pg {
	PGconn *conn;
	char *row;		/* of COPY, of libpq */
	int greenplum;
	char place[256];
	char column[64];	/* of the last error */
	uint64_t line;		/* of COPY, of the last error */
};

/* One line of what libpq or the server said. */
static void
first_line(char *dst, size_t cap, const char *msg)
{
	size_t n = strcspn(msg, "\n");
	static const char *const tag[] = { "ERROR:  ", "FATAL:  " };
	size_t i;

	for (i = 0; i < sizeof tag / sizeof *tag; i++)
		if (strncmp(msg, tag[i], 8) == 0) {
			msg += 8;
			n -= 8;
		}
	(void)err_show(dst, cap, msg, n);
}

/* Exit status of a SQLSTATE; its class is its first two characters. */
static int
status_of(const char *state)
{
	static const struct {
		char class[6];
		int status;
	} known[] = {
		/* whole states before the classes they belong to */
		{ "08P01", EX_SOFTWARE }, { "40003", EX_TEMPFAIL }, { "55P03", EX_TEMPFAIL }, { "55006", EX_TEMPFAIL },
		{ "57014", EX_TEMPFAIL }, { "22P02", EX_DATAERR }, { "3D000", EX_CONFIG }, { "3F000", EX_CONFIG },
		{ "72000", EX_TEMPFAIL }, { "58030", EX_TEMPFAIL },
		/* a server that has not yet taken over from another, or ended an idle transaction */
		{ "25006", EX_TEMPFAIL }, { "25P03", EX_TEMPFAIL }, { "25P04", EX_TEMPFAIL },
		/* what a value, not its column, is too large for (an index, an array), or what a trigger or a view refuses */
		{ "54", EX_DATAERR }, { "P0001", EX_DATAERR }, { "44", EX_DATAERR },
		{ "08", EX_TEMPFAIL }, { "40", EX_TEMPFAIL }, { "53", EX_TEMPFAIL }, { "57", EX_TEMPFAIL },
		{ "22", EX_DATAERR }, { "23", EX_DATAERR },
		{ "28", EX_CONFIG }, { "2B", EX_CONFIG }, { "42", EX_CONFIG }, { "0A", EX_CONFIG }, { "55", EX_CONFIG }, { "25", EX_CONFIG }, { "F0", EX_CONFIG },
	};
	size_t i;

	if (state == NULL)
		return EX_TEMPFAIL;	/* the connection broke */
	for (i = 0; i < sizeof known / sizeof *known; i++)
		if (strncmp(state, known[i].class, strlen(known[i].class)) == 0)
			return known[i].status;
	return EX_SOFTWARE;
}

/* What the error was about: the server names columns of constraints, and in the context of COPY line and column. */
static void
about(struct pg *p, const PGresult *r)
{
	const char *column = PQresultErrorField(r, PG_DIAG_COLUMN_NAME), *context = PQresultErrorField(r, PG_DIAG_CONTEXT), *s;

	*p->column = '\0';
	p->line = 0;
	if (context != NULL && strncmp(context, "COPY ", 5) == 0 && (s = strstr(context, ", line ")) != NULL) {
		p->line = strtoull(s + 7, NULL, 10);
		if (column == NULL && (s = strstr(s, ", column ")) != NULL)
			(void)err_show(p->column, sizeof p->column, s + 9, strcspn(s + 9, ":\n"));
	}
	if (column != NULL)
		(void)err_show(p->column, sizeof p->column, column, strlen(column));
}

static int
fail(struct pg *p, const PGresult *r, struct err *e)
{
	const char *state = r != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	const char *text = r != NULL && state != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : PQerrorMessage(p->conn);
	const char *hint = state != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_HINT) : NULL;
	char msg[512], more[256] = "";

	first_line(msg, sizeof msg, text != NULL ? text : "");
	about(p, r);
	if (hint != NULL)
		first_line(more, sizeof more, hint);
	if (state == NULL)
		return err_set(e, EX_TEMPFAIL, "%s: %s", p->place, *msg != '\0' ? msg : "the connection broke");
	return err_set(e, status_of(state), "%s: %s (%s)%s%s", p->place, msg, state, *more != '\0' ? "; " : "", more);
}

/* Drops the notices of the server, which are for psql. */
static void
quiet(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

int
pg_check(const char *conninfo, struct err *e)
{
	char *why = NULL;
	PQconninfoOption *o = PQconninfoParse(conninfo, &why), *i;
	int rc = 0;

	/* libpq would quote the text, and with it what may be a password */
	if (o == NULL)
		rc = err_set(e, EX_USAGE, "the connection is neither postgresql://... nor key=value ... as libpq reads them");
	for (i = o; i != NULL && i->keyword != NULL && rc == 0; i++)
		if ((strcmp(i->keyword, "password") == 0 || strcmp(i->keyword, "sslpassword") == 0) && i->val != NULL)
			rc = err_set(e, EX_USAGE, "a password in the connection, where others see it: ~/.pgpass, PGPASSFILE or PGPASSWORD hold it");
	PQconninfoFree(o);
	PQfreemem(why);
	return rc;
}

static int
session(struct pg *p, struct err *e)
{
	static const char text[] =
	    "SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; "
	    "SET bytea_output = 'hex'; SET extra_float_digits = 3; SET statement_timeout = 0; SET lock_timeout = 0; "
	    "SET row_security = off; SET standard_conforming_strings = on; SET synchronize_seqscans = off; SET lc_monetary = 'C'; SET array_nulls = on; "
	    "SET xmloption = 'content'";

	if (pg_exec(p, text, e) == -1)
		return -1;
	/* a dump waits for its reader as long as that takes */
	return PQserverVersion(p->conn) >= 90600 ? pg_exec(p, "SET idle_in_transaction_session_timeout = 0", e) : 0;
}

struct pg *
pg_open(const struct pg_options *o, struct err *e)
{
	const char *key[12], *value[12], *host, *db;
	struct pg *p = mem_alloc(sizeof *p);
	struct pg_result *r = NULL;
	size_t n = 0;
	char msg[512];

	if (o->conninfo != NULL && pg_check(o->conninfo, e) == -1)
		goto fail;
	/* the last one of a keyword counts; a server that vanished without a word is missed within minutes, not hours */
	key[n] = "keepalives_idle", value[n++] = "60";
	key[n] = "keepalives_interval", value[n++] = "10";
	key[n] = "keepalives_count", value[n++] = "6";
	key[n] = "connect_timeout", value[n++] = env_get("PGCONNECT_TIMEOUT") != NULL ? NULL : "30";
	key[n] = "dbname", value[n++] = o->conninfo;
	key[n] = "host", value[n++] = o->host;
	key[n] = "port", value[n++] = o->port;
	key[n] = "user", value[n++] = o->user;
	key[n] = "fallback_application_name", value[n++] = o->app;
	key[n] = NULL, value[n] = NULL;
	p->conn = PQconnectdbParams(key, value, 1);
	if (p->conn == NULL) {
		err_set(e, EX_TEMPFAIL, "PostgreSQL: no memory for a connection");
		goto fail;
	}
	host = PQhost(p->conn);
	db = PQdb(p->conn);
	(void)snprintf(p->place, sizeof p->place, "%s on %s", db != NULL ? db : "PostgreSQL", host != NULL && *host != '\0' ? host : "this machine");
	if (PQstatus(p->conn) != CONNECTION_OK) {
		first_line(msg, sizeof msg, PQerrorMessage(p->conn));
		/* libpq keeps no SQLSTATE of a connection that failed */
		err_set(e, PQconnectionNeedsPassword(p->conn) || PQconnectionUsedPassword(p->conn) || strstr(msg, "does not exist") != NULL ||
		    strstr(msg, "authentication failed") != NULL || strstr(msg, "pg_hba.conf") != NULL || strstr(msg, "definition of service") != NULL
		    ? EX_CONFIG : EX_TEMPFAIL, "%s: %s", p->place, msg);
		goto fail;
	}
	(void)PQsetNoticeReceiver(p->conn, quiet, NULL);
	if (session(p, e) == -1 || (r = pg_query(p, "SELECT version()", NULL, 0, e)) == NULL)
		goto fail;
	p->greenplum = strstr(pg_cell(r, 0, 0).p, "Greenplum") != NULL;
	pg_free(r);
	return p;
fail:
	pg_close(p);
	return NULL;
}

void
pg_close(struct pg *p)
{
	if (p == NULL)
		return;
	PQfreemem(p->row);
	PQfinish(p->conn);
	free(p);
}

const char *
pg_place(const struct pg *p)
{
	return p->place;
}

int
pg_version(const struct pg *p)
{
	return PQserverVersion(p->conn);
}

int
pg_is_greenplum(const struct pg *p)
{
	return p->greenplum;
}

const char *
pg_library(void)
{
	static char text[32];	/* the same whoever writes it */
	int v = PQlibVersion();

	(void)snprintf(text, sizeof text, "libpq %d.%d", v / 10000, v % 10000);
	return text;
}

int
pg_use_mart(struct pg *p, struct err *e)
{
	return pg_exec(p, "SELECT set_config('search_path', 'mart' || coalesce(', ' || nullif(current_setting('search_path'), ''), ''), false)", e);
}

int
pg_exec(struct pg *p, const char *sql, struct err *e)
{
	PGresult *r = PQexec(p->conn, sql);
	ExecStatusType s = PQresultStatus(r);
	int rc;

	if (s == PGRES_COPY_IN || s == PGRES_COPY_OUT)	/* the next statement ends it */
		rc = err_set(e, EX_CONFIG, "%s: COPY from or to the client is no statement here", p->place);
	else
		rc = s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_EMPTY_QUERY ? 0 : fail(p, r, e);
	PQclear(r);
	return rc;
}

struct pg_result *
pg_query(struct pg *p, const char *sql, const char *const *param, int n, struct err *e)
{
	PGresult *r = PQexecParams(p->conn, sql, n, NULL, param, NULL, NULL, 0);

	if (PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK)
		return (struct pg_result *)r;
	(void)fail(p, r, e);
	PQclear(r);
	return NULL;
}

int
pg_rows(const struct pg_result *r)
{
	return PQntuples((const PGresult *)r);
}

struct slice
pg_cell(const struct pg_result *r, int row, int col)
{
	const PGresult *p = (const PGresult *)r;

	if (PQgetisnull(p, row, col))
		return (struct slice){ NULL, 0 };
	return (struct slice){ PQgetvalue(p, row, col), (size_t)PQgetlength(p, row, col) };
}

int
pg_int(const struct pg_result *r, int row, int col, long long *v)
{
	struct slice s = pg_cell(r, row, col);
	int64_t n = 0;

	if (s.p == NULL || num_i64(s, &n) == -1)
		return -1;
	*v = n;
	return 0;
}

int
pg_true(const struct pg_result *r, int row, int col)
{
	return slice_eq(pg_cell(r, row, col), SLICE("t"));
}

void
pg_free(struct pg_result *r)
{
	PQclear((PGresult *)r);
}

struct pg_result *
pg_describe(struct pg *p, const char *sql, struct err *e)
{
	PGresult *r = PQprepare(p->conn, "", sql, 0, NULL);

	if (PQresultStatus(r) == PGRES_COMMAND_OK) {
		PQclear(r);
		r = PQdescribePrepared(p->conn, "");
		if (PQresultStatus(r) == PGRES_COMMAND_OK)
			return (struct pg_result *)r;
	}
	(void)fail(p, r, e);
	PQclear(r);
	return NULL;
}

int
pg_columns(const struct pg_result *r)
{
	return PQnfields((const PGresult *)r);
}

struct pg_column
pg_column(const struct pg_result *r, int col)
{
	const PGresult *p = (const PGresult *)r;

	return (struct pg_column){ .name = PQfname(p, col), .type = PQftype(p, col) };
}

int
pg_copy_out(struct pg *p, const char *sql, struct err *e)
{
	PGresult *r = PQexec(p->conn, sql);
	int rc = PQresultStatus(r) == PGRES_COPY_OUT ? 0 : fail(p, r, e);

	PQclear(r);
	return rc;
}

/* What the server says after the last row: every result is to be read, and any may be the error. */
static int
copy_end(struct pg *p, struct err *e)
{
	PGresult *r;
	int rc = 0;

	while ((r = PQgetResult(p->conn)) != NULL) {
		if (PQresultStatus(r) != PGRES_COMMAND_OK && rc == 0)
			rc = fail(p, r, e);
		PQclear(r);
	}
	return rc;
}

int
pg_copy_row(struct pg *p, int ms, struct slice *line, struct err *e)
{
	struct pollfd fd = { .fd = PQsocket(p->conn), .events = POLLIN };
	int n, rc;

	PQfreemem(p->row);
	p->row = NULL;
	while ((n = PQgetCopyData(p->conn, &p->row, 1)) == 0) {
		rc = poll(&fd, 1, ms);
		if (rc == 0 || (rc == -1 && errno == EINTR))
			return 2;
		if (PQconsumeInput(p->conn) == 0)
			return fail(p, NULL, e);
	}
	if (n == -1)
		return copy_end(p, e);
	if (n == -2)
		return fail(p, NULL, e);
	*line = (struct slice){ p->row, (size_t)n - (n > 0 && p->row[n - 1] == '\n') };
	return 1;
}

int
pg_copy_in(struct pg *p, const char *sql, struct err *e)
{
	PGresult *r = PQexec(p->conn, sql);
	int rc = PQresultStatus(r) == PGRES_COPY_IN ? 0 : fail(p, r, e);

	PQclear(r);
	return rc;
}

int
pg_copy_put(struct pg *p, struct slice bytes, struct err *e)
{
	size_t n;

	for (; bytes.n > 0; bytes = (struct slice){ bytes.p + n, bytes.n - n }) {
		n = bytes.n < INT_MAX / 2 ? bytes.n : INT_MAX / 2;
		if (PQputCopyData(p->conn, bytes.p, (int)n) != 1)
			return fail(p, NULL, e);
	}
	return 0;
}

int
pg_copy_done(struct pg *p, uint64_t *line, struct err *e)
{
	int rc = PQputCopyEnd(p->conn, NULL) == 1 ? copy_end(p, e) : fail(p, NULL, e);

	*line = rc == -1 ? p->line : 0;
	return rc;
}

const char *
pg_error_column(const struct pg *p)
{
	return p->column;
}

void
pg_cancel(struct pg *p)
{
	PGcancel *c = PQgetCancel(p->conn);
	char why[256];

	if (c != NULL)
		(void)PQcancel(c, why, sizeof why);
	PQfreeCancel(c);
}

/* libpq wants a valid text; one that is none is quoted by hand, and the server refuses it. */
static void
quoted(struct buf *b, char *q, char mark, struct slice s)
{
	size_t i;

	if (q != NULL) {
		buf_puts(b, q);
		PQfreemem(q);
		return;
	}
	buf_putc(b, mark);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == mark)
			buf_putc(b, mark);
		buf_putc(b, s.p[i] == '\0' ? '?' : s.p[i]);
	}
	buf_putc(b, mark);
}

void
pg_literal(struct pg *p, struct buf *b, struct slice s)
{
	quoted(b, PQescapeLiteral(p->conn, s.p, s.n), '\'', s);
}

void
pg_name(struct pg *p, struct buf *b, struct slice s)
{
	quoted(b, PQescapeIdentifier(p->conn, s.p, s.n), '"', s);
}
