/*
 * What a request says in its URL and headers.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "net/chhttpd_work.h"
#include "net/chlisten.h"

#define SESSION_TIMEOUT 60
#define SESSION_TIMEOUT_MAX 3600

void
chhttpd_add_setting(struct request *r, struct slice name, struct slice value)
{
	if (r->want.settings == CHPOOL_SETTING_MAX) {
		chhttpd_refuse(r, 36, "BAD_ARGUMENTS", "Too many settings");
		return;
	}
	r->setting[r->want.settings++] = (struct chpool_setting){ name, value };
}

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
		chhttpd_refuse(r, 36, "BAD_ARGUMENTS", "A query id has at most 63 bytes");
	for (i = 0; i < v.n && i < sizeof(r->query_id) - 1; i++) {
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 127)
			chhttpd_refuse(r, 36, "BAD_ARGUMENTS", "A query id has no control bytes");
		r->query_id[i] = v.p[i];
	}
	r->query_id[i] = '\0';
}

/* No user but the engine's own, who has no password. */
static void
check_user(struct request *r, struct slice user, struct slice password)
{
	if ((user.n > 0 && !slice_eq(user, SLICE("default"))) || password.n > 0)
		chhttpd_refuse(r, 516, "AUTHENTICATION_FAILED", "Authentication failed: there is only the user default, "
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
				chhttpd_refuse(r, 48, "NOT_IMPLEMENTED", "compress and decompress are not supported: "
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
		chhttpd_refuse(r, 511, "UNKNOWN_ROLE", "There are no roles here");
	else if (key_n > 6 && strncmp(key, "param_", 6) == 0) {
		if (r->params == CHDB_PARAM_MAX)
			chhttpd_refuse(r, 36, "BAD_ARGUMENTS", "Too many parameters");
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
		chhttpd_add_setting(r, k, v);
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
		chhttpd_refuse(r, 497, "ACCESS_DENIED", "Requests of web pages are refused");
	else if (!r->h->is_unix && host.n > 0 && !chlisten_is_local(host))
		chhttpd_refuse(r, 497, "ACCESS_DENIED", "The Host header names another machine");
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
		chhttpd_refuse(r, 48, "NOT_IMPLEMENTED", "External tables are not supported");
	if ((r->body = chbody_new(request_header(r, "Content-Encoding"))) == NULL) {
		chhttpd_refuse(r, 89, "UNKNOWN_COMPRESSION_METHOD", "Unknown Content-Encoding: gzip, deflate and zstd are known");
		r->status = MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
	}
}

struct request *
chhttpd_ask(struct chhttpd *h, struct MHD_Connection *c, const char *url, const char *method)
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
		chhttpd_refuse(r, 48, "NOT_IMPLEMENTED", "Only GET, HEAD and POST are served");
		r->status = MHD_HTTP_METHOD_NOT_ALLOWED;
	} else if (strcmp(url, "/ping") == 0 || strcmp(url, "/replicas_status") == 0)
		r->fixed_answer = "Ok.\n";
	else if (strcmp(url, "/") != 0) {
		chhttpd_refuse(r, 404, "NOT_FOUND", "There is no such page; queries go to /");
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
