/*
 * Answers of the HTTP server: texts, errors, and data, whole or piece by piece as the
 * engine makes them, with gzip where it is asked for.
 */
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "net/chhttpd_work.h"
#include "net/chreply.h"

#define ANSWER_PIECE (256 * 1024)

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

enum MHD_Result
chhttpd_answer_text(struct request *r, unsigned status, const char *text)
{
	struct MHD_Response *m = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
	    MHD_RESPMEM_MUST_COPY);

	if (m != NULL)
		header(m, "Content-Type", "text/plain; charset=UTF-8");
	return queue(r, status, m);
}

enum MHD_Result
chhttpd_answer_error(struct request *r)
{
	struct buf out = { 0 };
	char number[16];
	int code = chreply_code(buf_str(&r->error));
	struct MHD_Response *m = NULL;
	enum MHD_Result rc = MHD_NO;

	chhttpd_release(r);
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
			chhttpd_release(r);
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

enum MHD_Result
chhttpd_answer_data(struct request *r, struct slice format, int has_result)
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
