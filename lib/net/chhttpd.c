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
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <microhttpd.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "net/chbody.h"
#include "net/chhttpd.h"
#include "net/chlisten.h"
#include "net/chreply.h"
#include "net/chsql.h"

#define TEXT_MAX (64u << 20)		/* bytes of one statement without its data */
#define MEMORY_LIMIT (1u << 20)		/* of a connection: its URL and headers must fit */
#define CONNECTION_MAX 512
#define ANSWER_PIECE (256 * 1024)
#define RESULT_MAX "1073741824"		/* bytes of a result that is held whole, unless the client says otherwise */
#define SESSION_TIMEOUT 60
#define SESSION_TIMEOUT_MAX 3600

struct chhttpd {
	struct chpool *pool;
	struct MHD_Daemon *mhd;
	int is_unix;
};

struct request {
	struct chhttpd *h;
	struct MHD_Connection *c;
	int64_t began;			/* ns */
	struct chpool_want want;
	struct chpool_setting setting[CHPOOL_SETTING_MAX];
	struct chdb_param param[CHDB_PARAM_MAX];
	size_t params;
	struct slice query, default_format;
	char query_id[64];
	int reads;			/* GET, HEAD */
	int has_query, wait_end, gzip, whole;
	const char *fixed_answer;	/* of /ping and the like */

	struct chbody *body;
	struct buf text;
	size_t fixed;			/* bytes of text that came with the URL */
	struct chsql sql;

	struct chpool_lease *lease;
	struct chdb_writer *writer;
	struct chdb_reader *reader;
	struct chdb_answer answer;	/* whole, or the piece being sent */
	size_t sent;			/* of it */
	struct buf error;		/* text of an exception; empty: none yet */
	int status;			/* HTTP status of an error that is not the engine's, or 0 */

	struct buf tail;		/* bytes at the end of a stream that failed */
	z_stream z;
	int z_open, z_done, ended;
	char tag[17];
};

/* ---- errors --------------------------------------------------------------------- */

static void
refuse(struct request *r, int code, const char *name, const char *text)
{
	if (r->error.n == 0)
		chpool_error(&r->error, code, name, "%s", text);
}

/*
 * Gives the connection back before the client has the last of its answer, or its
 * next request could find the session or the query id still in use.
 */
static void
release(struct request *r)
{
	chdb_reader_close(r->reader);
	chdb_writer_close(r->writer);	/* still open: the body did not come to its end, nothing is stored */
	chpool_give(r->lease);
	r->reader = NULL;
	r->writer = NULL;
	r->lease = NULL;
}

/* ---- responses -------------------------------------------------------------------- */

static void
header(struct MHD_Response *m, const char *name, const char *value)
{
	(void)MHD_add_response_header(m, name, value);
}

static enum MHD_Result
queue(struct request *r, unsigned status, struct MHD_Response *m)
{
	char text[512];
	enum MHD_Result rc = MHD_NO;
	const struct chdb_answer *a = &r->answer;

	if (m == NULL)
		return MHD_NO;
	snprintf(text, sizeof(text), "{\"read_rows\":\"%llu\",\"read_bytes\":\"%llu\",\"written_rows\":\"%llu\","
	    "\"written_bytes\":\"%llu\",\"total_rows_to_read\":\"0\",\"result_rows\":\"%llu\",\"result_bytes\":\"%llu\","
	    "\"elapsed_ns\":\"%lld\"}", (unsigned long long)a->read_rows, (unsigned long long)a->read_bytes,
	    (unsigned long long)a->written_rows, (unsigned long long)a->written_bytes, (unsigned long long)a->rows,
	    (unsigned long long)a->bytes, (long long)(utc_mono() - r->began));
	header(m, "X-ClickHouse-Summary", text);
	header(m, "X-ClickHouse-Query-Id", r->query_id);
	header(m, "X-ClickHouse-Server-Display-Name", "wb-chdb");
	header(m, "X-ClickHouse-Timezone", chpool_timezone(r->h->pool));
	rc = MHD_queue_response(r->c, status, m);
	MHD_destroy_response(m);
	return rc;
}

static enum MHD_Result
answer_text(struct request *r, unsigned status, const char *text)
{
	struct MHD_Response *m = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
	    MHD_RESPMEM_MUST_COPY);

	if (m != NULL)
		header(m, "Content-Type", "text/plain; charset=UTF-8");
	return queue(r, status, m);
}

static enum MHD_Result
answer_error(struct request *r)
{
	struct buf out = { 0 };
	char number[16];
	int code = chreply_code(buf_str(&r->error));
	struct MHD_Response *m = NULL;
	enum MHD_Result rc = MHD_NO;

	release(r);
	chreply_text(buf_str(&r->error), chpool_version(r->h->pool), &out);
	if ((m = MHD_create_response_from_buffer(out.n, out.p, MHD_RESPMEM_MUST_COPY)) != NULL) {
		snprintf(number, sizeof(number), "%d", code);
		header(m, "Content-Type", "text/plain; charset=UTF-8");
		header(m, "X-ClickHouse-Exception-Code", number);
	}
	chdb_answer_fini(&r->answer);
	rc = queue(r, r->status ? (unsigned)r->status : chreply_status(code), m);
	buf_fini(&out);
	return rc;
}

/* An exception after the first bytes, as servers write it; then the body is left unfinished. */
static void
fail_stream(struct request *r, const char *why)
{
	struct buf text = { 0 };

	chreply_text(why, chpool_version(r->h->pool), &text);
	buf_printf(&r->tail, "\r\n__exception__\r\n%s\r\n", r->tag);
	buf_slice(&r->tail, buf_as_slice(&text));
	buf_printf(&r->tail, "%zu %s\r\n__exception__\r\n", text.n, r->tag);
	buf_fini(&text);
}

/* Makes r->answer hold unsent bytes, if there are any left. */
static void
next_piece(struct request *r)
{
	while (!r->ended && r->sent == r->answer.data.n) {
		if (r->reader == NULL) {
			r->ended = 1;
			return;
		}
		chdb_answer_fini(&r->answer);
		r->sent = 0;
		chpool_work(r->lease, 1);
		chdb_reader_next(r->reader, &r->answer);
		chpool_work(r->lease, 0);
		if (r->answer.error != NULL)
			fail_stream(r, r->answer.error);
		if (r->answer.data.n == 0) {
			r->ended = 1;
			release(r);
		}
	}
}

static ssize_t
send_plain(struct request *r, char *out, size_t max)
{
	size_t n = 0;

	next_piece(r);
	if (!r->ended) {
		n = r->answer.data.n - r->sent;
		n = n < max ? n : max;
		memcpy(out, r->answer.data.p + r->sent, n);
		r->sent += n;
		return (ssize_t)n;
	}
	if (r->tail.n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (r->sent >= r->tail.n)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = r->tail.n - r->sent;
	n = n < max ? n : max;
	memcpy(out, r->tail.p + r->sent, n);
	r->sent += n;
	return (ssize_t)n;
}

static ssize_t
send_gzip(struct request *r, char *out, size_t max)
{
	int rc = Z_OK;

	if (r->z_done)
		return r->tail.n > 0 ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
	r->z.next_out = (Bytef *)out;
	r->z.avail_out = (uInt)max;
	while (r->z.avail_out > 0 && rc != Z_STREAM_END) {
		next_piece(r);
		if (r->ended && r->tail.n > 0)
			break;		/* no end mark: the reader sees a cut stream */
		r->z.avail_in = 0;
		if (!r->ended) {
			size_t n = r->answer.data.n - r->sent;

			r->z.next_in = (z_const Bytef *)(uintptr_t)(r->answer.data.p + r->sent);
			r->z.avail_in = (uInt)(n < 1u << 30 ? n : 1u << 30);
		}
		rc = deflate(&r->z, r->ended ? Z_FINISH : Z_NO_FLUSH);
		if (!r->ended)
			r->sent = (size_t)((const char *)r->z.next_in - r->answer.data.p);
	}
	if (rc == Z_STREAM_END || (r->ended && r->tail.n > 0))
		r->z_done = 1;
	if (max == r->z.avail_out)
		return r->tail.n > 0 ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
	return (ssize_t)(max - r->z.avail_out);
}

static ssize_t
send_piece(void *arg, uint64_t pos, char *out, size_t max)
{
	struct request *r = arg;

	(void)pos;
	return r->z_open ? send_gzip(r, out, max) : send_plain(r, out, max);
}

static enum MHD_Result
answer_data(struct request *r, struct slice format, int has_result)
{
	struct MHD_Response *m = NULL;
	char name[64];

	if (r->gzip && has_result)
		r->z_open = deflateInit2(&r->z, 3, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
	if (r->reader != NULL || r->z_open)
		m = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, ANSWER_PIECE, send_piece, r, NULL);
	else	/* the answer lives until the request is over */
		m = MHD_create_response_from_buffer(r->answer.data.n, (void *)(uintptr_t)r->answer.data.p,
		    MHD_RESPMEM_PERSISTENT);
	if (m == NULL)
		return MHD_NO;
	if (has_result) {
		snprintf(name, sizeof(name), "%.*s", (int)format.n, format.p);
		header(m, "X-ClickHouse-Format", name);
	}
	if (r->reader != NULL)
		header(m, "X-ClickHouse-Exception-Tag", r->tag);
	if (r->z_open)
		header(m, "Content-Encoding", "gzip");
	header(m, "Content-Type", has_result ? chreply_content_type(format) : "text/plain; charset=UTF-8");
	return queue(r, MHD_HTTP_OK, m);
}

/* ---- statements ------------------------------------------------------------------- */

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
		refuse(r, 497, "ACCESS_DENIED", "INTO OUTFILE is not allowed here");
	else if (r->sql.infile)
		refuse(r, 497, "ACCESS_DENIED", "FROM INFILE is not allowed here");
	else if (r->sql.outside)
		refuse(r, 497, "ACCESS_DENIED", "file() and disk() are not allowed here");
	else if (r->sql.input_function && r->sql.kind == CHSQL_INSERT_SELECT)
		/* the engine would answer success and store nothing */
		refuse(r, 48, "NOT_IMPLEMENTED", "INSERT ... SELECT ... FROM input() is not supported");
	return r->error.n > 0 ? -1 : 0;
}

static void
add_setting(struct request *r, struct slice name, struct slice value)
{
	if (r->want.settings == CHPOOL_SETTING_MAX) {
		refuse(r, 36, "BAD_ARGUMENTS", "Too many settings");
		return;
	}
	r->setting[r->want.settings++] = (struct chpool_setting){ name, value };
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
		refuse(r, 164, "READONLY", "Cannot execute query in readonly mode. For queries over HTTP, method GET "
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
		refuse(r, 62, "SYNTAX_ERROR", "Multi-statements are not allowed");
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
		refuse(r, 223, "QUERY_IS_TOO_LARGE", "Query is too large");
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
	release(r);
	if (r->answer.error != NULL) {
		buf_puts(&r->error, r->answer.error);
		return answer_error(r);
	}
	return answer_data(r, SLICE(""), 0);
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
		return answer_error(r);
	if (r->sql.kind == CHSQL_SELECT && !stream && !has_setting(r, "max_result_bytes"))
		add_setting(r, SLICE("max_result_bytes"), SLICE(RESULT_MAX));
	if ((r->lease = chpool_take(r->h->pool, &r->want, &r->error)) == NULL)
		return answer_error(r);
	chdb_classify(r->lease->conn, sql, &class, &count);
	if (count > 1)
		refuse(r, 62, "SYNTAX_ERROR", "Multi-statements are not allowed");
	else if (count == 0 && r->sql.empty)
		refuse(r, 62, "SYNTAX_ERROR", "Empty query");
	else if (r->want.readonly && class != CHDB_READ && count > 0)
		refuse(r, 164, "READONLY", "Cannot execute query in readonly mode. For queries over HTTP, method GET "
		    "implies readonly. You should use method POST for modifying queries");
	if (r->error.n > 0)
		return answer_error(r);
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
		release(r);
	if (r->answer.error != NULL) {
		buf_puts(&r->error, r->answer.error);
		return answer_error(r);
	}
	return answer_data(r, format, class == CHDB_READ || r->answer.data.n > 0);
}

static enum MHD_Result
finish(struct request *r)
{
	if (r->error.n == 0 && r->fixed_answer == NULL)
		(void)chbody_end(r->body, &r->error);
	if (r->error.n > 0)
		return answer_error(r);
	if (r->fixed_answer != NULL)
		return answer_text(r, MHD_HTTP_OK, r->fixed_answer);
	if (r->writer == NULL) {
		if (!r->has_query && r->text.n == 0 && r->reads)
			return answer_text(r, MHD_HTTP_OK, "Ok.\n");
		(void)chsql_parse(r->text.p, r->text.n, r->fixed, 1, &r->sql);
		if (r->sql.kind != CHSQL_INSERT_DATA)
			return run_statement(r);
		begin_insert(r);
	}
	return r->error.n > 0 ? answer_error(r) : finish_insert(r);
}

/* ---- what a request says ------------------------------------------------------------ */

static struct slice
request_header(struct request *r, const char *name)
{
	const char *v = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, name);

	return slice_of(v == NULL ? "" : v);
}

static int
is_true(struct slice v)
{
	return slice_eq(v, SLICE("1")) || (v.n == 4 && strncasecmp(v.p, "true", 4) == 0);
}

static unsigned
session_timeout(struct slice v)
{
	uint64_t n = SESSION_TIMEOUT;

	(void)num_u64(v, &n);
	return n > SESSION_TIMEOUT_MAX ? SESSION_TIMEOUT_MAX : (unsigned)n;
}

static void
set_query_id(struct request *r, struct slice v)
{
	size_t i = 0;

	if (v.n == 0)
		return;
	if (v.n >= sizeof(r->query_id))
		refuse(r, 36, "BAD_ARGUMENTS", "A query id has at most 63 bytes");
	for (i = 0; i < v.n && i < sizeof(r->query_id) - 1; i++) {
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 127)
			refuse(r, 36, "BAD_ARGUMENTS", "A query id has no control bytes");
		r->query_id[i] = v.p[i];
	}
	r->query_id[i] = '\0';
}

/* No user but the engine's own, who has no password. */
static void
check_user(struct request *r, struct slice user, struct slice password)
{
	if ((user.n > 0 && !slice_eq(user, SLICE("default"))) || password.n > 0)
		refuse(r, 516, "AUTHENTICATION_FAILED", "Authentication failed: there is only the user default, "
		    "without a password");
}

static enum MHD_Result
take_parameter(void *arg, enum MHD_ValueKind kind, const char *key, size_t key_n, const char *value, size_t value_n)
{
	/* what HTTP clients of ClickHouse send beside settings and means nothing here */
	static const char *const ignored[] = { "quota_key", "stacktrace", "buffer_size", "client_protocol_version",
	    "close_session", "compress", "decompress" };
	struct request *r = arg;
	struct slice k = { key, key_n }, v = { value, value == NULL ? 0 : value_n };
	size_t i = 0;

	(void)kind;
	if (v.p == NULL)
		v.p = "";
	if (k.n == 0)
		return MHD_YES;	/* "?&a=b" */
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (slice_eq(k, slice_of(ignored[i]))) {
			if (i >= 5 && is_true(v))
				refuse(r, 48, "NOT_IMPLEMENTED", "compress and decompress are not supported: "
				    "use Content-Encoding and Accept-Encoding with gzip");
			return MHD_YES;
		}
	if (slice_eq(k, SLICE("query"))) {
		r->query = v;
		r->has_query = 1;
	} else if (slice_eq(k, SLICE("query_id")))
		set_query_id(r, v);
	else if (slice_eq(k, SLICE("database")))
		r->want.database = v;
	else if (slice_eq(k, SLICE("default_format")))
		r->default_format = v;
	else if (slice_eq(k, SLICE("user")))
		check_user(r, v, SLICE(""));
	else if (slice_eq(k, SLICE("password")))
		check_user(r, SLICE(""), v);
	else if (slice_eq(k, SLICE("session_id")))
		r->want.session = v;
	else if (slice_eq(k, SLICE("session_timeout")))
		r->want.session_timeout = session_timeout(v);
	else if (slice_eq(k, SLICE("session_check")))
		r->want.session_check = is_true(v);
	else if (slice_eq(k, SLICE("wait_end_of_query")))
		r->wait_end = is_true(v);
	else if (slice_eq(k, SLICE("role")))
		refuse(r, 511, "UNKNOWN_ROLE", "There are no roles here");
	else if (key_n > 6 && strncmp(key, "param_", 6) == 0) {
		if (r->params == CHDB_PARAM_MAX)
			refuse(r, 36, "BAD_ARGUMENTS", "Too many parameters");
		else
			r->param[r->params++] = (struct chdb_param){ { key + 6, key_n - 6 }, v };
	} else if (slice_eq(k, SLICE("readonly"))) {
		if (!slice_eq(v, SLICE("0")))
			r->want.readonly = 1;
	} else {
		if (slice_eq(k, SLICE("enable_http_compression")))
			r->gzip = is_true(v);
		if (slice_eq(k, SLICE("extremes")) || slice_eq(k, SLICE("output_format_json_array_of_rows")))
			r->whole |= is_true(v);
		add_setting(r, k, v);
	}
	return MHD_YES;
}

/* A browser lets any page send requests to this machine, and any name resolve to it. */
static void
check_origin(struct request *r)
{
	struct slice origin = request_header(r, "Origin"), site = request_header(r, "Sec-Fetch-Site"),
	    host = request_header(r, "Host");

	if (origin.n > 0 || (site.n > 0 && !slice_eq(site, SLICE("none"))))
		refuse(r, 497, "ACCESS_DENIED", "Requests of web pages are refused");
	else if (!r->h->is_unix && host.n > 0 && !chlisten_is_local(host))
		refuse(r, 497, "ACCESS_DENIED", "The Host header names another machine");
	if (r->error.n > 0)
		r->status = MHD_HTTP_FORBIDDEN;
}

static void
random_names(struct request *r)
{
	unsigned char b[24] = { 0 };
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	size_t i = 0;

	if (fd == -1 || read(fd, b, sizeof(b)) != (ssize_t)sizeof(b)) {
		uint64_t t = (uint64_t)utc_mono() ^ (uint64_t)(uintptr_t)r;

		memcpy(b, &t, sizeof(t));
	}
	if (fd != -1)
		close(fd);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);	/* UUID version 4 */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(r->query_id, sizeof(r->query_id), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	for (i = 0; i < 16; i++)
		r->tag[i] = (char)('a' + (b[16 + i / 2] >> (i % 2 * 4)) % 16);
	r->tag[16] = '\0';
}

static void
read_headers(struct request *r)
{
	struct slice v = { 0 };
	char *user = NULL, *password = NULL;

	if ((v = request_header(r, "X-ClickHouse-Database")).n > 0)
		r->want.database = v;
	if ((v = request_header(r, "X-ClickHouse-Format")).n > 0)
		r->default_format = v;
	set_query_id(r, request_header(r, "X-ClickHouse-Query-Id"));
	check_user(r, request_header(r, "X-ClickHouse-User"), request_header(r, "X-ClickHouse-Key"));
	user = MHD_basic_auth_get_username_password(r->c, &password);
	if (user != NULL)
		check_user(r, slice_of(user), slice_of(password ? password : ""));
	MHD_free(user);
	MHD_free(password);
	if (strncasecmp(request_header(r, "Content-Type").p, "multipart/", 10) == 0)
		refuse(r, 48, "NOT_IMPLEMENTED", "External tables are not supported");
	if ((r->body = chbody_new(request_header(r, "Content-Encoding"))) == NULL) {
		refuse(r, 89, "UNKNOWN_COMPRESSION_METHOD", "Unknown Content-Encoding: gzip, deflate and zstd are known");
		r->status = MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
	}
}

static struct request *
open_request(struct chhttpd *h, struct MHD_Connection *c, const char *url, const char *method)
{
	struct request *r = mem_alloc(sizeof(*r));
	struct slice accept = { 0 };

	r->h = h;
	r->c = c;
	r->began = utc_mono();
	r->want.setting = r->setting;
	r->want.session_timeout = SESSION_TIMEOUT;
	random_names(r);
	r->reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	r->want.readonly = r->reads;
	check_origin(r);
	if (!r->reads && strcmp(method, "POST") != 0) {
		refuse(r, 48, "NOT_IMPLEMENTED", "Only GET, HEAD and POST are served");
		r->status = MHD_HTTP_METHOD_NOT_ALLOWED;
	} else if (strcmp(url, "/ping") == 0 || strcmp(url, "/replicas_status") == 0)
		r->fixed_answer = "Ok.\n";
	else if (strcmp(url, "/") != 0) {
		refuse(r, 404, "NOT_FOUND", "There is no such page; queries go to /");
		r->status = MHD_HTTP_NOT_FOUND;
	}
	read_headers(r);
	(void)MHD_get_connection_values_n(c, MHD_GET_ARGUMENT_KIND, take_parameter, r);
	accept = request_header(r, "Accept-Encoding");
	r->gzip = r->gzip && accept.n > 0 && strstr(accept.p, "gzip") != NULL;
	r->want.query_id = slice_of(r->query_id);
	if (r->has_query) {
		buf_slice(&r->text, r->query);
		buf_putc(&r->text, '\n');
		r->fixed = r->text.n;
	}
	return r;
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
	release(r);
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
		*state = open_request(arg, c, url, method);
		return MHD_YES;
	}
	if (*n > 0) {
		body_bytes(r, data, *n);
		*n = 0;
		return MHD_YES;
	}
	return finish(r);
}

/* ---- server ------------------------------------------------------------------------ */

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
