/*
 * ClickHouse's HTTP interface over the embedded engine.
 *
 * A request passes through these states, each call of MHD's handler moves it on:
 *
 *   opened    URL and headers read; what is refused here keeps its error to the end
 *   text      the query's text is collected: the URL's query, then the body
 *   data      an INSERT was recognised: the rest of the body goes into it
 *   answered  the body is complete: the INSERT is stored, any other statement run
 *
 * An error met before the end of the body is answered at its end: MHD takes no
 * response in between.  A body that never ends reaches no "answered", so that
 * nothing of it is stored.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/chhttpd_work.h"
#include "net/chreply.h"

#define TEXT_MAX (64u << 20)		/* bytes of one statement without its data */
#define MEMORY_LIMIT (1u << 20)		/* of a connection: its URL and headers must fit */
#define CONNECTION_MAX 512
#define RESULT_MAX "1073741824"		/* bytes of a result that is held whole, unless the client says otherwise */

void
chhttpd_refuse(struct request *r, int code, const char *name, const char *text)
{
	if (r->error.n == 0)
		chpool_error(&r->error, code, name, "%s", text);
}

void
chhttpd_release(struct request *r)
{
	chdb_reader_close(r->reader);
	chdb_writer_close(r->writer);	/* still open: the body did not come to its end, nothing is stored */
	chpool_give(r->lease);
	r->reader = NULL;
	r->writer = NULL;
	r->lease = NULL;
}

static void
watch(struct request *r, int on)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(r->c, MHD_CONNECTION_INFO_CONNECTION_FD);

	chpool_watch(r->lease, on && i != NULL ? i->connect_fd : -1);
}

/* What the engine would do and nobody may ask for over HTTP.  0, or -1 with the error set. */
static int
allowed(struct request *r)
{
	if (r->sql.outfile)
		chhttpd_refuse(r, 497, "ACCESS_DENIED", "INTO OUTFILE is not allowed here");
	else if (r->sql.infile)
		chhttpd_refuse(r, 497, "ACCESS_DENIED", "FROM INFILE is not allowed here");
	else if (r->sql.outside)
		chhttpd_refuse(r, 497, "ACCESS_DENIED", "file() and disk() are not allowed here");
	else if (r->sql.input_function && r->sql.kind == CHSQL_INSERT_SELECT)
		/* the engine would answer success and store nothing */
		chhttpd_refuse(r, 48, "NOT_IMPLEMENTED", "INSERT ... SELECT ... FROM input() is not supported");
	return r->error.n > 0 ? -1 : 0;
}

static int
has_setting(const struct request *r, const char *name)
{
	size_t i = 0;

	for (i = 0; i < r->want.settings; i++)
		if (slice_eq(r->setting[i].name, slice_of(name)))
			return 1;
	return 0;
}

static void
begin_insert(struct request *r)
{
	struct buf sql = { 0 };
	struct slice format = r->sql.format.n > 0 ? r->sql.format :
	    r->default_format.n > 0 ? r->default_format : SLICE("Values");
	enum chdb_class class = CHDB_UNKNOWN;
	unsigned count = 0;

	if (allowed(r) == -1)
		return;
	if (r->want.readonly) {
		chhttpd_refuse(r, 164, "READONLY", "Cannot execute query in readonly mode. For queries over HTTP, method GET "
		    "implies readonly. You should use method POST for modifying queries");
		return;
	}
	if ((r->lease = chpool_take(r->h->pool, &r->want, &r->error)) == NULL)
		return;
	buf_put(&sql, r->text.p, r->sql.head);
	buf_putc(&sql, ' ');
	buf_slice(&sql, r->sql.settings);
	chdb_classify(r->lease->conn, buf_as_slice(&sql), &class, &count);
	if (count > 1)
		chhttpd_refuse(r, 62, "SYNTAX_ERROR", "Multi-statements are not allowed");
	else if ((r->writer = chdb_writer_open(r->lease->conn, buf_as_slice(&sql), format, r->param, r->params,
	    &r->answer)) == NULL)
		buf_puts(&r->error, r->answer.error);
	else if (chdb_writer_put(r->writer, r->text.p + r->sql.data, r->text.n - r->sql.data) == 0)
		buf_clear(&r->text);
	buf_fini(&sql);
}

/* Bytes of the decoded body.  -1: enough, there is an error. */
static int
take_bytes(void *arg, const char *p, size_t n)
{
	struct request *r = arg;

	if (r->writer != NULL) {
		/* -1 here is an error of the data; done() will tell it */
		(void)chdb_writer_put(r->writer, p, n);
		return 0;
	}
	if (r->text.n + n > TEXT_MAX) {
		chhttpd_refuse(r, 223, "QUERY_IS_TOO_LARGE", "Query is too large");
		return -1;
	}
	buf_put(&r->text, p, n);
	if (chsql_parse(r->text.p, r->text.n, r->fixed, 0, &r->sql) && r->sql.kind == CHSQL_INSERT_DATA)
		begin_insert(r);
	return r->error.n > 0 ? -1 : 0;
}

static void
body_bytes(struct request *r, const char *p, size_t n)
{
	if (r->error.n == 0 && r->fixed_answer == NULL)
		(void)chbody_put(r->body, p, n, take_bytes, r, &r->error);
}

static enum MHD_Result
finish_insert(struct request *r)
{
	chpool_work(r->lease, 1);
	chdb_writer_done(r->writer, &r->answer);
	chpool_work(r->lease, 0);
	chhttpd_release(r);
	if (r->answer.error != NULL) {
		buf_puts(&r->error, r->answer.error);
		return chhttpd_answer_error(r);
	}
	return chhttpd_answer_data(r, SLICE(""), 0);
}

static enum MHD_Result
run_statement(struct request *r)
{
	struct slice sql = buf_as_slice(&r->text), format = r->sql.format.n > 0 ? r->sql.format :
	    r->default_format.n > 0 ? r->default_format : SLICE("TabSeparated");
	enum chdb_class class = CHDB_UNKNOWN;
	unsigned count = 0;
	int stream = r->sql.kind == CHSQL_SELECT && chreply_streams(format) && !r->wait_end && !r->sql.whole && !r->whole;

	if (allowed(r) == -1)
		return chhttpd_answer_error(r);
	if (r->sql.kind == CHSQL_SELECT && !stream && !has_setting(r, "max_result_bytes"))
		chhttpd_add_setting(r, SLICE("max_result_bytes"), SLICE(RESULT_MAX));
	if ((r->lease = chpool_take(r->h->pool, &r->want, &r->error)) == NULL)
		return chhttpd_answer_error(r);
	chdb_classify(r->lease->conn, sql, &class, &count);
	if (count > 1)
		chhttpd_refuse(r, 62, "SYNTAX_ERROR", "Multi-statements are not allowed");
	else if (count == 0 && r->sql.empty)
		chhttpd_refuse(r, 62, "SYNTAX_ERROR", "Empty query");
	else if (r->want.readonly && class != CHDB_READ && count > 0)
		chhttpd_refuse(r, 164, "READONLY", "Cannot execute query in readonly mode. For queries over HTTP, method GET "
		    "implies readonly. You should use method POST for modifying queries");
	if (r->error.n > 0)
		return chhttpd_answer_error(r);
	if (class == CHDB_READ || r->sql.kind == CHSQL_INSERT_SELECT)
		watch(r, 1);
	chpool_work(r->lease, 1);
	if (stream && class == CHDB_READ) {
		r->reader = chdb_reader_open(r->lease->conn, sql, format, r->param, r->params, &r->answer);
		if (r->reader != NULL)	/* the first piece decides on the status */
			chdb_reader_next(r->reader, &r->answer);
	} else
		chdb_run(r->lease->conn, sql, format, r->param, r->params, &r->answer);
	chpool_work(r->lease, 0);
	if (r->reader == NULL)
		chhttpd_release(r);
	if (r->answer.error != NULL) {
		buf_puts(&r->error, r->answer.error);
		return chhttpd_answer_error(r);
	}
	return chhttpd_answer_data(r, format, class == CHDB_READ || r->answer.data.n > 0);
}

static enum MHD_Result
finish(struct request *r)
{
	if (r->error.n == 0 && r->fixed_answer == NULL)
		(void)chbody_end(r->body, &r->error);
	if (r->error.n > 0)
		return chhttpd_answer_error(r);
	if (r->fixed_answer != NULL)
		return chhttpd_answer_text(r, MHD_HTTP_OK, r->fixed_answer);
	if (r->writer == NULL) {
		if (!r->has_query && r->text.n == 0 && r->reads)
			return chhttpd_answer_text(r, MHD_HTTP_OK, "Ok.\n");
		(void)chsql_parse(r->text.p, r->text.n, r->fixed, 1, &r->sql);
		if (r->sql.kind != CHSQL_INSERT_DATA)
			return run_statement(r);
		begin_insert(r);
	}
	return r->error.n > 0 ? chhttpd_answer_error(r) : finish_insert(r);
}

static void
close_request(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
	struct request *r = *state;

	(void)arg;
	(void)c;
	(void)why;
	if (r == NULL)
		return;
	chdb_answer_fini(&r->answer);
	chhttpd_release(r);
	chbody_free(r->body);
	if (r->z_open)
		(void)deflateEnd(&r->z);
	buf_fini(&r->text);
	buf_fini(&r->error);
	buf_fini(&r->tail);
	free(r);
	*state = NULL;
}

static enum MHD_Result
handle(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version,
    const char *data, size_t *n, void **state)
{
	struct request *r = *state;

	(void)version;
	if (r == NULL) {
		*state = chhttpd_ask(arg, c, url, method);
		return MHD_YES;
	}
	if (*n > 0) {
		body_bytes(r, data, *n);
		*n = 0;
		return MHD_YES;
	}
	return finish(r);
}

struct chhttpd *
chhttpd_start(struct chpool *pool, int fd, int is_unix, struct err *e)
{
	struct chhttpd *h = mem_alloc(sizeof(*h));

	h->pool = pool;
	h->is_unix = is_unix;
	if (listen(fd, SOMAXCONN) == -1) {
		err_set(e, EX_IOERR, "listen: %s", strerror(errno));
		free(h);
		return NULL;
	}
	h->mhd = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
	    MHD_USE_ITC, 0, NULL, NULL, handle, h,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_LIMIT,
	    MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)65536,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTION_MAX,
	    MHD_OPTION_THREAD_STACK_SIZE, (size_t)(1u << 20),
	    MHD_OPTION_NOTIFY_COMPLETED, close_request, NULL,
	    MHD_OPTION_END);
	if (h->mhd == NULL) {
		err_set(e, EX_IOERR, "the HTTP server did not start: %s", strerror(errno));
		free(h);
		return NULL;
	}
	return h;
}

void
chhttpd_quiet(struct chhttpd *h)
{
	int fd = MHD_quiesce_daemon(h->mhd);

	if (fd != -1)
		close(fd);
}

void
chhttpd_stop(struct chhttpd *h)
{
	if (h == NULL)
		return;
	MHD_stop_daemon(h->mhd);
	free(h);
}
