/* HTTP by libcurl: one request at a time, its answer pulled piece by piece. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/env.h"
#include "base/mem.h"
#include "io/file.h"
#include "net/http.h"

#define AHEAD (256u << 10)	/* bytes beyond those asked for that one pull may bring */

/* The headers that somebody looks at. */
static const char *const header_name[] = {
	"x-clickhouse-exception-code", "x-clickhouse-summary", "x-clickhouse-format",
};
#define HEADERS (sizeof header_name / sizeof *header_name)

struct http {
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct buf base, socket, db, place, url;
	struct buf header[HEADERS];
	char why[CURL_ERROR_SIZE];
	const struct slice *part;	/* the body, and where sending is */
	size_t parts, at, off;
	struct buf *in;			/* where the answer goes during a pull */
	size_t want;
	int on, paused;
};

const char *
http_library(void)
{
	return curl_version();
}

void
http_arg(struct buf *b, const char *name, struct slice value)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i;
	char *p;

	buf_putc(b, b->n == 0 ? '?' : '&');
	buf_puts(b, name);
	buf_putc(b, '=');
	p = buf_room(b, 3 * value.n + 1);
	for (i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c != 0 && strchr("-_.~(),", c) != NULL)) {
			*p++ = (char)c;
		} else {
			*p++ = '%';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		}
	}
	b->n = (size_t)(p - b->p);
}

static size_t
give(char *dst, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	size_t room = size * n, used = 0, k;

	while (used < room && h->at < h->parts) {
		k = h->part[h->at].n - h->off;
		if (k > room - used)
			k = room - used;
		if (k > 0)
			memcpy(dst + used, h->part[h->at].p + h->off, k);
		used += k;
		h->off += k;
		if (h->off == h->part[h->at].n) {
			h->at++;
			h->off = 0;
		}
	}
	return used;
}

/* libcurl sends a body again from its start when a kept connection turns out to be dead. */
static int
rewind_body(void *arg, curl_off_t offset, int origin)
{
	struct http *h = arg;

	if (origin != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_CANTSEEK;
	h->at = h->off = 0;
	return CURL_SEEKFUNC_OK;
}

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;

	if (h->in == NULL || h->in->n > h->want + AHEAD) {
		h->paused = 1;
		return CURL_WRITEFUNC_PAUSE;
	}
	buf_put(h->in, p, size * n);
	return size * n;
}

static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	size_t i, k, end = size * n;

	for (i = 0; i < HEADERS; i++) {
		k = strlen(header_name[i]);
		if (end <= k || p[k] != ':' || strncasecmp(p, header_name[i], k) != 0)
			continue;
		for (k++; k < end && p[k] == ' '; k++)
			;
		while (end > k && (p[end - 1] == '\r' || p[end - 1] == '\n' || p[end - 1] == ' '))
			end--;
		buf_clear(&h->header[i]);
		buf_put(&h->header[i], p + k, end - k);
		(void)buf_str(&h->header[i]);
		break;
	}
	return size * n;
}

/* http://HOST:PORT/DB, https://HOST:PORT/DB, unix:SOCKET:DB */
static int
parse(struct http *h, const char *url, struct err *e)
{
	const char *host = NULL, *slash = NULL, *colon = NULL;

	if (strncmp(url, "unix:", 5) == 0) {
		colon = strrchr(url + 5, ':');
		if (colon == NULL)
			colon = url + strlen(url);
		if (colon == url + 5)
			return err_set(e, EX_USAGE, "\"%s\": no socket: unix:SOCKET:DB", url);
		buf_put(&h->socket, url + 5, (size_t)(colon - (url + 5)));
		buf_puts(&h->base, "http://localhost/");
		buf_puts(&h->db, *colon == ':' ? colon + 1 : "");
		buf_printf(&h->place, "unix:%s", buf_str(&h->socket));
	} else {
		host = strncmp(url, "http://", 7) == 0 ? url + 7 : strncmp(url, "https://", 8) == 0 ? url + 8 : NULL;
		if (host == NULL)
			return err_set(e, EX_USAGE, "\"%s\" is no address of a ClickHouse store: http://HOST:PORT/DB, https://HOST:PORT/DB or unix:SOCKET:DB", url);
		if (strpbrk(host, "@?#") != NULL)
			return err_set(e, EX_USAGE, "the store's address holds more than HOST:PORT/DB; user and password come from CLICKHOUSE_USER and CLICKHOUSE_PASSWORD_FILE");
		slash = strchr(host, '/');
		if (slash == NULL)
			slash = host + strlen(host);
		if (slash == host)
			return err_set(e, EX_USAGE, "\"%s\": no host", url);
		buf_put(&h->place, url, (size_t)(slash - url));
		buf_put(&h->base, h->place.p, h->place.n);
		buf_putc(&h->base, '/');
		buf_puts(&h->db, *slash == '/' ? slash + 1 : "");
		if (h->db.n > 0 && h->db.p[h->db.n - 1] == '/')
			h->db.n--;
	}
	if (memchr(buf_str(&h->db), '/', h->db.n) != NULL)
		return err_set(e, EX_USAGE, "\"%s\" is no name of a database", buf_str(&h->db));
	if (h->db.n == 0)
		buf_puts(&h->db, "default");
	(void)buf_str(&h->db);
	(void)buf_str(&h->place);
	return 0;
}

static int
add_header(struct http *h, const char *name, const char *value, size_t n, struct err *e)
{
	struct buf b = { 0 };

	if (memchr(value, '\n', n) != NULL || memchr(value, '\r', n) != NULL || memchr(value, '\0', n) != NULL) {
		return err_set(e, EX_CONFIG, "user name or password of the store holds a control byte");
	}
	buf_printf(&b, "%s: ", name);
	buf_put(&b, value, n);
	h->headers = curl_slist_append(h->headers, buf_str(&b));
	buf_fini(&b);
	return 0;
}

/* The user and password of the environment, as headers. */
static int
credentials(struct http *h, struct err *e)
{
	const char *user = env_get("CLICKHOUSE_USER"), *word = env_get("CLICKHOUSE_PASSWORD"), *file = env_get("CLICKHOUSE_PASSWORD_FILE");
	struct buf b = { 0 };
	struct stat st;
	int rc = 0;

	if (user != NULL && add_header(h, "X-ClickHouse-User", user, strlen(user), e) == -1)
		return -1;
	if (word != NULL)
		return add_header(h, "X-ClickHouse-Key", word, strlen(word), e);
	if (file == NULL)
		return 0;
	if (stat(file, &st) == 0 && (st.st_mode & 077) != 0)
		return err_set(e, EX_CONFIG, "CLICKHOUSE_PASSWORD_FILE: %s may be read by others: chmod 600", file);
	rc = file_read(file, 4096, &b, e);
	while (rc == 0 && b.n > 0 && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == '\r'))
		b.n--;
	if (rc == 0)
		rc = add_header(h, "X-ClickHouse-Key", buf_str(&b), b.n, e);
	if (b.p != NULL)
		explicit_bzero(b.p, b.cap);
	buf_fini(&b);
	return rc;
}

struct http *
http_open(const char *url, struct err *e)
{
	struct http *h = mem_alloc(sizeof *h);

	if (parse(h, url, e) == -1)
		goto fail;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || (h->multi = curl_multi_init()) == NULL || (h->easy = curl_easy_init()) == NULL) {
		err_set(e, EX_TEMPFAIL, "libcurl does not start");
		goto fail;
	}
	h->headers = curl_slist_append(h->headers, "Expect:");
	h->headers = curl_slist_append(h->headers, "Content-Type: application/octet-stream");
	if (credentials(h, e) == -1)
		goto fail;
	(void)curl_easy_setopt(h->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(h->easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(h->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(h->easy, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, h->headers);
	(void)curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, h->why);
	(void)curl_easy_setopt(h->easy, CURLOPT_READFUNCTION, give);
	(void)curl_easy_setopt(h->easy, CURLOPT_READDATA, h);
	(void)curl_easy_setopt(h->easy, CURLOPT_SEEKFUNCTION, rewind_body);
	(void)curl_easy_setopt(h->easy, CURLOPT_SEEKDATA, h);
	(void)curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, h);
	(void)curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(h->easy, CURLOPT_HEADERDATA, h);
	(void)curl_easy_setopt(h->easy, CURLOPT_CONNECTTIMEOUT, (long)HTTP_CONNECT);
	(void)curl_easy_setopt(h->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(h->easy, CURLOPT_LOW_SPEED_TIME, (long)HTTP_SILENCE);
	(void)curl_easy_setopt(h->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(h->easy, CURLOPT_BUFFERSIZE, 256L << 10);
	(void)curl_easy_setopt(h->easy, CURLOPT_UPLOAD_BUFFERSIZE, 1L << 20);
	if (h->socket.n > 0)
		(void)curl_easy_setopt(h->easy, CURLOPT_UNIX_SOCKET_PATH, buf_str(&h->socket));
	return h;
fail:
	http_close(h);
	return NULL;
}

void
http_close(struct http *h)
{
	size_t i;

	if (h == NULL)
		return;
	http_stop(h);
	curl_easy_cleanup(h->easy);
	curl_multi_cleanup(h->multi);
	curl_slist_free_all(h->headers);
	for (i = 0; i < HEADERS; i++)
		buf_fini(&h->header[i]);
	buf_fini(&h->base);
	buf_fini(&h->socket);
	buf_fini(&h->db);
	buf_fini(&h->place);
	buf_fini(&h->url);
	free(h);
}

const char *
http_db(const struct http *h)
{
	return h->db.p;
}

const char *
http_place(const struct http *h)
{
	return h->place.p;
}

void
http_post(struct http *h, const char *args, const struct slice *part, size_t parts)
{
	curl_off_t size = 0;
	size_t i;

	http_stop(h);
	for (i = 0; i < parts; i++)
		size += (curl_off_t)part[i].n;
	h->part = part;
	h->parts = parts;
	h->at = h->off = 0;
	for (i = 0; i < HEADERS; i++)
		buf_clear(&h->header[i]);
	h->why[0] = '\0';
	buf_clear(&h->url);
	buf_put(&h->url, h->base.p, h->base.n);
	buf_puts(&h->url, args);
	(void)curl_easy_setopt(h->easy, CURLOPT_URL, buf_str(&h->url));
	(void)curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
	(void)curl_multi_add_handle(h->multi, h->easy);
	h->on = 1;
	h->paused = 0;
}

void
http_stop(struct http *h)
{
	if (h->on)
		(void)curl_multi_remove_handle(h->multi, h->easy);
	h->on = 0;
}

/* The request is over: what became of it. */
static enum http_end
finish(struct http *h, CURLcode rc, struct err *e)
{
	curl_off_t begun = 0;

	(void)curl_easy_getinfo(h->easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
	http_stop(h);
	if (rc == CURLE_OK)
		return HTTP_DONE;
	err_set(e, rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE ? EX_CONFIG : EX_TEMPFAIL,
	    "%s", h->why[0] ? h->why : curl_easy_strerror(rc));
	return begun > 0 ? HTTP_BROKEN : HTTP_UNSENT;
}

enum http_end
http_pull(struct http *h, struct buf *in, size_t n, struct err *e)
{
	enum http_end end = HTTP_MORE;
	CURLMsg *msg = NULL;
	int running = 0, left = 0;

	if (!h->on)
		return in->n >= n ? HTTP_MORE : HTTP_DONE;
	h->in = in;
	h->want = n;
	while (in->n < n) {
		if (h->paused) {
			h->paused = 0;
			(void)curl_easy_pause(h->easy, CURLPAUSE_CONT);
			continue;
		}
		if (curl_multi_perform(h->multi, &running) != CURLM_OK) {
			http_stop(h);
			err_set(e, EX_TEMPFAIL, "libcurl failed");
			end = HTTP_BROKEN;
			break;
		}
		while ((msg = curl_multi_info_read(h->multi, &left)) != NULL)
			if (msg->msg == CURLMSG_DONE)
				break;
		if (msg != NULL) {
			end = finish(h, msg->data.result, e);
			break;
		}
		if (in->n < n && !h->paused)
			(void)curl_multi_poll(h->multi, NULL, 0, 1000, NULL);
	}
	h->in = NULL;
	if (end == HTTP_DONE && in->n >= n)
		end = HTTP_MORE;
	return end;
}

long
http_status(const struct http *h)
{
	long status = 0;

	(void)curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

const char *
http_header(const struct http *h, const char *name)
{
	size_t i;

	for (i = 0; i < HEADERS; i++)
		if (strcmp(header_name[i], name) == 0 && h->header[i].n > 0)
			return h->header[i].p;
	return "";
}
