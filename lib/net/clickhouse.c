/* The conversation with a ClickHouse store: statements, inserts, what an error means. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "net/chtext.h"
#include "net/clickhouse.h"
#include "net/http.h"

#define ANSWER_MAX (64u << 10)	/* bytes of an error's text that are read */

/* Settings that are sent when the server knows them. */
enum { FOR_INSERT = 1, FOR_SELECT = 2 };
static const struct setting {
	const char *name, *value;
	unsigned use;
} setting[] = {
	{ "async_insert", "0", FOR_INSERT },
	{ "insert_deduplicate", "0", FOR_INSERT },
	{ "deduplicate_insert", "disable", FOR_INSERT },
	{ "input_format_skip_unknown_fields", "0", FOR_INSERT },
	{ "input_format_null_as_default", "0", FOR_INSERT },
	{ "input_format_parallel_parsing", "0", FOR_INSERT },
	{ "input_format_connection_handling", "0", FOR_INSERT },
	{ "input_format_native_allow_types_conversion", "0", FOR_INSERT },
	{ "max_insert_block_size", "1048576", FOR_INSERT },
	{ "max_insert_block_size_bytes", "1073741824", FOR_INSERT },
	{ "min_insert_block_size_rows", "1048576", FOR_INSERT },
	{ "min_insert_block_size_bytes", "1073741824", FOR_INSERT },
	{ "input_format_max_block_size_bytes", "1073741824", FOR_INSERT },
	{ "send_progress_in_http_headers", "0", FOR_INSERT | FOR_SELECT },
	{ "http_headers_progress_interval_ms", "3600000", FOR_INSERT | FOR_SELECT },
	{ "http_write_exception_in_output_format", "0", FOR_SELECT },
	{ "cancel_http_readonly_queries_on_client_close", "1", FOR_SELECT },
	{ "max_query_size", "67108864", FOR_SELECT },
	{ "max_ast_elements", "1000000", FOR_SELECT },
	{ "max_expanded_ast_elements", "1000000", FOR_SELECT },
};
#define SETTINGS (sizeof setting / sizeof *setting)

struct ch {
	struct http *http;
	char *url;
	unsigned version;		/* 0: not asked yet */
	char known[SETTINGS];
	struct buf args, sql, body;
	struct slice part[1];		/* of a statement */
	void (*say)(void *, const char *);
	void *say_arg;
};

/* wb-ch-load.1 "Faults of the server" lists the same. */
static const short ambiguous[] = { 3, 159, 209, 210, 216, 236, 286, 319, 394, 999, 1000, 1001, 1002 };
static const short transient[] = { 74, 75, 76, 201, 202, 203, 225, 241, 242, 243, 252, 285, 425, 439, 499 };
static const short config[] = { 16, 36, 42, 43, 46, 47, 48, 50, 57, 60, 62, 63, 73, 81, 82, 115, 164, 192, 193, 194, 291, 390, 456, 457, 497, 516 };
static const short data[] = { 6, 25, 26, 27, 33, 38, 41, 49, 53, 69, 70, 72, 117, 131, 321, 349, 376, 407, 441, 469, 675, 691 };

static int
listed(const short *list, size_t n, int code)
{
	while (n > 0 && *list != code)
		list++, n--;
	return n > 0;
}
#define LISTED(list, code) listed(list, sizeof list / sizeof *list, code)

enum ch_class
ch_class_of(int code)
{
	return LISTED(ambiguous, code) ? CH_AMBIGUOUS : LISTED(transient, code) ? CH_TRANSIENT
	    : LISTED(config, code) ? CH_CONFIG : LISTED(data, code) ? CH_DATA : CH_OTHER;
}

int
ch_err(const struct ch_fault *f, struct err *e)
{
	return err_set(e, f->class == CH_CONFIG ? EX_CONFIG : f->class == CH_DATA || f->class == CH_OTHER ? EX_DATAERR : EX_TEMPFAIL,
	    "%s", f->msg);
}

static int
fault(struct ch *c, struct ch_fault *f, enum ch_class class, int code, const char *msg, size_t n)
{
	char shown[640];
	size_t i;

	err_show(shown, sizeof shown, msg, n);
	for (i = 0; shown[i] != '\0'; i++)
		if (shown[i] == '\n')
			shown[i] = ' ';
	while (i > 0 && (shown[i - 1] == ' ' || shown[i - 1] == '?'))
		shown[--i] = '\0';
	f->class = class;
	f->code = code;
	(void)snprintf(f->msg, sizeof f->msg, "%s: %s", http_place(c->http), shown);
	return -1;
}

/* "Code: N" of an answer, 0: there is none.  *at: where the error begins. */
static int
code_in(struct slice text, size_t *at)
{
	static const char mark[] = "Code: ";
	const char *p = memmem(text.p, text.n, mark, sizeof mark - 1);
	size_t i;
	int64_t code = 0;

	if (text.n == 0 || p == NULL)
		return 0;
	*at = (size_t)(p - text.p);
	for (i = *at += sizeof mark - 1; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
		;
	if (num_i64((struct slice){ text.p + *at, i - *at }, &code) == -1 || code > 100000)
		return 0;
	*at -= sizeof mark - 1;
	return (int)code;
}

/* Fills f from an answer that is an error: by its code, else by its status. */
static int
refused(struct ch *c, long status, struct slice text, struct ch_fault *f)
{
	size_t at = 0;
	int code = code_in(text, &at);
	int64_t header = 0;
	char line[64];
	enum ch_class class = CH_AMBIGUOUS;

	if (code == 0 && num_i64(slice_of(http_header(c->http, "x-clickhouse-exception-code")), &header) == 0)
		code = (int)header;
	if (code != 0) {
		if (text.n == 0)
			text = slice_of("the server gave an exception code and no text");
		return fault(c, f, ch_class_of(code), code, text.p + at, text.n - at);
	}
	if (status == 401 || status == 403 || status == 404 || status == 413)
		class = CH_CONFIG;
	else if (status == 429 || status == 503)
		class = CH_TRANSIENT;
	if (text.n == 0) {
		(void)snprintf(line, sizeof line, "HTTP status %ld", status);
		text = slice_of(line);
	}
	return fault(c, f, class, 0, text.p, text.n);
}

static int
broken(struct ch *c, enum http_end end, const struct err *e, struct ch_fault *f)
{
	enum ch_class class = e->status == EX_CONFIG ? CH_CONFIG : end == HTTP_UNSENT ? CH_TRANSIENT : CH_AMBIGUOUS;

	return fault(c, f, class, 0, e->msg, strlen(e->msg));
}

struct ch *
ch_open(const char *url, struct err *e)
{
	struct ch *c = mem_alloc(sizeof *c);

	c->http = http_open(url, e);
	if (c->http == NULL) {
		free(c);
		return NULL;
	}
	c->url = mem_dup(url, strlen(url));
	return c;
}

struct ch *
ch_again(const struct ch *c, struct err *e)
{
	struct ch *d = ch_open(c->url, e);

	if (d != NULL) {
		d->version = c->version;
		memcpy(d->known, c->known, sizeof d->known);
		d->say = c->say;
		d->say_arg = c->say_arg;
	}
	return d;
}

void
ch_close(struct ch *c)
{
	if (c == NULL)
		return;
	http_close(c->http);
	buf_fini(&c->args);
	buf_fini(&c->sql);
	buf_fini(&c->body);
	free(c->url);
	free(c);
}

const char *
ch_db(const struct ch *c)
{
	return http_db(c->http);
}

const char *
ch_place(const struct ch *c)
{
	return http_place(c->http);
}

void
ch_trace(struct ch *c, void (*say)(void *arg, const char *line), void *arg)
{
	c->say = say;
	c->say_arg = arg;
}

static void
trace(struct ch *c, struct slice sql)
{
	char line[400];

	if (c->say != NULL)
		c->say(c->say_arg, err_show(line, sizeof line, sql.p, sql.n));
}

/* The query string of a request: database, what the server knows of the settings for this use. */
static void
args(struct ch *c, unsigned use, int database)
{
	size_t i;

	buf_clear(&c->args);
	if (database)
		http_arg(&c->args, "database", slice_of(http_db(c->http)));
	if (use & FOR_INSERT)
		http_arg(&c->args, "wait_end_of_query", SLICE("1"));
	for (i = 0; i < SETTINGS; i++)
		if (c->known[i] && setting[i].use & use)
			http_arg(&c->args, setting[i].name, slice_of(setting[i].value));
}

/* Reads the whole answer, at most max bytes of it.  0, or -1 with f. */
static int
answer(struct ch *c, size_t max, struct buf *text, struct ch_fault *f)
{
	struct err e = ERR_NONE;
	enum http_end end = HTTP_MORE;
	size_t from = text->n, at = 0;
	struct slice got;
	long status;

	end = http_pull(c->http, text, from + max + 1, &e);
	got = text->n > from ? (struct slice){ text->p + from, text->n - from } : SLICE("");
	status = http_status(c->http);
	if (end == HTTP_UNSENT || end == HTTP_BROKEN) {
		/* an error that was told before the exchange broke off is the better news */
		if (end == HTTP_BROKEN && code_in(got, &at) != 0 && status >= 400)
			return refused(c, status, got, f);
		return broken(c, end, &e, f);
	}
	http_stop(c->http);
	if (status != 200)
		return refused(c, status, got, f);
	if (*http_header(c->http, "x-clickhouse-exception-code") != '\0')
		return refused(c, status, got, f);
	if (end == HTTP_MORE && got.n > max)
		return fault(c, f, CH_OTHER, 0, "the result is too long", 22);
	*f = (struct ch_fault){ 0 };
	return 0;
}

/* Asks for the version and the settings, once. */
static int
hello(struct ch *c, struct ch_fault *f)
{
	static const char ask[] = "SELECT toString(toUInt32OrZero(splitByChar('.', version())[1]) * 100 + toUInt32OrZero(splitByChar('.', version())[2]))"
	    " UNION ALL SELECT name FROM system.settings WHERE name IN (";
	struct buf text = { 0 };
	struct slice line;
	const char *p, *lf;
	uint64_t v = 0;
	size_t i;
	int rc = -1;

	if (c->version != 0)
		return 0;
	args(c, 0, 1);
	buf_clear(&c->body);
	buf_puts(&c->body, ask);
	for (i = 0; i < SETTINGS; i++)
		buf_printf(&c->body, "%s'%s'", i ? ", " : "", setting[i].name);
	buf_puts(&c->body, ") FORMAT TabSeparated");
	c->part[0] = buf_as_slice(&c->body);
	trace(c, c->part[0]);
	http_post(c->http, buf_str(&c->args), c->part, 1);
	if (answer(c, ANSWER_MAX, &text, f) == -1)
		goto out;
	for (p = text.p; text.n > 0 && (lf = memchr(p, '\n', text.n - (size_t)(p - text.p))) != NULL; p = lf + 1) {
		line = (struct slice){ p, (size_t)(lf - p) };
		if (num_u64(line, &v) == 0)
			c->version = (unsigned)v;
		for (i = 0; i < SETTINGS; i++)
			if (slice_eq(line, slice_of(setting[i].name)))
				c->known[i] = 1;
		if (p + line.n + 1 == text.p + text.n)
			break;
	}
	if (c->version < 1801) {
		rc = fault(c, f, CH_CONFIG, 0, "this is no ClickHouse server of version 18.16 or later", 54);
		c->version = 0;
		goto out;
	}
	rc = 0;
out:
	buf_fini(&text);
	return rc;
}

int
ch_version(struct ch *c, unsigned *version, struct ch_fault *f)
{
	if (hello(c, f) == -1)
		return -1;
	*version = c->version;
	return 0;
}

/* Posts a statement, its parameters bound by the server, or written into it where it cannot. */
static int
post(struct ch *c, struct slice sql, unsigned use, int database, const struct sql_param *p, size_t np, const char *format, struct ch_fault *f)
{
	struct err e = ERR_NONE;
	struct buf name = { 0 }, value = { 0 };
	size_t i;

	if (database && hello(c, f) == -1)
		return -1;
	args(c, use, database);
	if (format != NULL)
		http_arg(&c->args, "default_format", slice_of(format));
	buf_clear(&c->body);
	if (np > 0 && (c->version < CH_LEGACY ? chtext_bind : chtext_lists)(sql, p, np, &c->body, &e) == -1)
		return fault(c, f, CH_CONFIG, 0, e.msg, strlen(e.msg));
	if (np == 0)
		buf_slice(&c->body, sql);
	if (c->version >= CH_LEGACY)
		for (i = 0; i < np; i++) {
			buf_clear(&name);
			buf_clear(&value);
			buf_printf(&name, "param_%s", p[i].name);
			chtext_escape(&value, p[i].value);
			http_arg(&c->args, buf_str(&name), buf_as_slice(&value));
		}
	c->part[0] = buf_as_slice(&c->body);
	trace(c, c->part[0]);
	http_post(c->http, buf_str(&c->args), c->part, 1);
	buf_fini(&name);
	buf_fini(&value);
	return 0;
}

int
ch_text(struct ch *c, struct slice sql, const struct sql_param *p, size_t np, size_t max, struct buf *text, struct ch_fault *f)
{
	if (post(c, sql, FOR_SELECT, 1, p, np, NULL, f) == -1)
		return -1;
	return answer(c, max, text, f);
}

static int
run(struct ch *c, struct slice sql, int database, struct ch_fault *f)
{
	struct buf text = { 0 };
	int rc;

	rc = post(c, sql, FOR_SELECT, database, NULL, 0, NULL, f);
	if (rc == 0)
		rc = answer(c, ANSWER_MAX, &text, f);
	buf_fini(&text);
	return rc;
}

int
ch_run(struct ch *c, struct slice sql, struct ch_fault *f)
{
	return run(c, sql, 1, f);
}

int
ch_run_outside(struct ch *c, struct slice sql, struct ch_fault *f)
{
	return run(c, sql, 0, f);
}

/* written_rows of the summary; 0 when the server told none. */
static uint64_t
written(const char *summary)
{
	static const char name[] = "\"written_rows\":\"";
	const char *p = strstr(summary, name);
	uint64_t n = 0;
	size_t k;

	if (p == NULL)
		return 0;
	p += sizeof name - 1;
	k = strspn(p, "0123456789");
	return num_u64((struct slice){ p, k }, &n) == 0 ? n : 0;
}

int
ch_insert(struct ch *c, struct slice sql, const struct slice *part, size_t parts, uint64_t rows, struct ch_fault *f)
{
	struct buf text = { 0 };
	const char *summary;
	char line[128];
	int rc = -1;

	if (hello(c, f) == -1)
		return -1;
	args(c, FOR_INSERT, 1);
	http_arg(&c->args, "query", sql);
	trace(c, sql);
	http_post(c->http, buf_str(&c->args), part, parts);
	rc = answer(c, ANSWER_MAX, &text, f);
	if (rc == 0 && text.n > 0)		/* 200, but an insert answers nothing */
		rc = refused(c, 200, buf_as_slice(&text), f);
	if (rc == -1) {
		/* an exception behind 200 came when the insert was under way */
		if (http_status(c->http) == 200 && (f->class == CH_TRANSIENT || f->class == CH_OTHER))
			f->class = CH_AMBIGUOUS;
		goto out;
	}
	rc = -1;
	summary = http_header(c->http, "x-clickhouse-summary");
	if (*summary != '\0' && written(summary) < rows) {
		(void)snprintf(line, sizeof line, "the server confirmed %" PRIu64 " of %" PRIu64 " rows", written(summary), rows);
		rc = fault(c, f, CH_AMBIGUOUS, 0, line, strlen(line));
		goto out;
	}
	rc = 0;
out:
	buf_fini(&text);
	return rc;
}

int
ch_select(struct ch *c, struct slice sql, const struct sql_param *p, size_t np, struct ch_fault *f)
{
	return post(c, sql, FOR_SELECT, 1, p, np, "Native", f);
}

int
ch_pull(struct ch *c, struct buf *in, size_t n, struct ch_fault *f)
{
	struct err e = ERR_NONE;
	enum http_end end;
	const char *format;
	struct slice got;

	end = http_pull(c->http, in, n, &e);
	if (end == HTTP_UNSENT)
		return broken(c, end, &e, f);
	if (http_status(c->http) != 200 || *http_header(c->http, "x-clickhouse-exception-code") != '\0') {
		if (end == HTTP_MORE)
			(void)http_pull(c->http, in, in->n + ANSWER_MAX, &e);
		http_stop(c->http);
		got = buf_as_slice(in);
		return refused(c, http_status(c->http), got, f);
	}
	if (end == HTTP_BROKEN) {
		/* the server's last words may say why */
		size_t at = 0;

		got = in->n > ANSWER_MAX ? (struct slice){ in->p + in->n - ANSWER_MAX, ANSWER_MAX } : buf_as_slice(in);
		if (memmem(got.p, got.n, "__exception__", 13) != NULL && code_in(got, &at) != 0)
			return refused(c, 200, got, f);
		return broken(c, end, &e, f);
	}
	format = http_header(c->http, "x-clickhouse-format");
	if (*format != '\0' && strcmp(format, "Native") != 0) {
		http_stop(c->http);
		return fault(c, f, CH_CONFIG, 0, "the statement has a FORMAT clause: leave it out", 47);
	}
	return end == HTTP_MORE;
}

void
ch_unreadable(struct ch *c, struct slice text, int cut, struct ch_fault *f)
{
	static const char what[] = "the result is cut off, or is not in Native format (a FORMAT clause? leave it out)";

	size_t at = 0;

	http_stop(c->http);
	if (code_in(text, &at) != 0)
		(void)refused(c, 200, text, f);
	else
		(void)fault(c, f, cut ? CH_AMBIGUOUS : CH_CONFIG, 0, what, sizeof what - 1);
}

void
ch_stop(struct ch *c)
{
	http_stop(c->http);
}
