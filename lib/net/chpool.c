/*
 * Connections of the embedded engine, shared by many clients.
 *
 * The engine knows no query id and no call that stops a statement run in one go.
 * So every statement carries log_comment = "wb-SERIAL QUERY_ID ...", and a thread
 * that watches the clients' sockets kills by that mark, from a connection of its
 * own, again until the statement has ended: one that has only begun is not listed.
 */
#include <sys/eventfd.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utc.h"
#include "net/chpool.h"

#define SESSION_MAX 100		/* the one unused for longest makes room */
#define KILL_EVERY_MS 100

struct chpool_session {
	char *name;
	struct chdb_conn *conn;
	int busy;
	int64_t until;		/* ns of utc_mono() at which it ends when unused */
	unsigned timeout;
	struct chpool_session *next;
};

struct chpool_running {
	uint64_t serial;
	char *query_id;
	int fd;			/* watched, or -1 */
	int gone;		/* to be killed */
	int works;		/* the engine is at it */
	struct chpool_running *next;
};

struct chpool {
	struct chdb *d;
	struct chdb_conn *killer;
	pthread_mutex_t mutex;
	pthread_cond_t idle;	/* a statement ended */
	pthread_t watcher;
	int wake;		/* eventfd: the watcher has something new to look at */
	int stopping, ended, has_watcher;
	unsigned working, sessions;
	uint64_t serial;
	struct chpool_running *running;
	struct chpool_session *session;
	char version[64], timezone[64];
};

void
chpool_error(struct buf *b, int code, const char *name, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(b, "Code: %d. DB::Exception: %s. (%s)", code, text, name);
}

const char *
chpool_version(const struct chpool *p)
{
	return p->version;
}

const char *
chpool_timezone(const struct chpool *p)
{
	return p->timezone;
}

/* ---- small statements ------------------------------------------------------------ */

/* 's' as a literal or `s` as a name. */
static void
put_quoted(struct buf *b, char quote, struct slice s)
{
	size_t i = 0;

	buf_putc(b, quote);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == quote || s.p[i] == '\\')
			buf_putc(b, '\\');
		buf_putc(b, s.p[i]);
	}
	buf_putc(b, quote);
}

/* 0, or -1 with the error's text appended to why (NULL: not wanted). */
static int
small(struct chdb_conn *c, struct slice sql, struct buf *out, struct buf *why)
{
	struct chdb_answer a = { 0 };
	int rc = 0;

	chdb_run(c, sql, SLICE("TabSeparated"), NULL, 0, &a);
	if (a.error != NULL) {
		if (why != NULL)
			buf_puts(why, a.error);
		rc = -1;
	} else if (out != NULL)
		buf_slice(out, a.data);
	chdb_answer_fini(&a);
	return rc;
}

/* ---- watcher ---------------------------------------------------------------------- */

static void
poke(struct chpool *p)
{
	uint64_t one = 1;
	ssize_t n = write(p->wake, &one, sizeof(one));

	(void)n;	/* full: it is awake anyway */
}

/* Called with the mutex held, which it gives up meanwhile. */
static void
kill_gone(struct chpool *p)
{
	struct chpool_running *r = NULL;
	struct buf sql = { 0 };

	buf_puts(&sql, "KILL QUERY WHERE 0");
	for (r = p->running; r != NULL; r = r->next)
		if (r->gone)
			buf_printf(&sql, " OR startsWith(Settings['log_comment'], 'wb-%llu ')",
			    (unsigned long long)r->serial);
	buf_puts(&sql, " ASYNC");
	pthread_mutex_unlock(&p->mutex);
	(void)small(p->killer, buf_as_slice(&sql), NULL, NULL);
	buf_fini(&sql);
	pthread_mutex_lock(&p->mutex);
}

static void
drop_session(struct chpool *p, struct chpool_session **at)
{
	struct chpool_session *s = *at;

	*at = s->next;
	p->sessions--;
	chdb_conn_close(s->conn);
	free(s->name);
	free(s);
}

static void
expire_sessions(struct chpool *p, int64_t now)
{
	struct chpool_session **at = &p->session;

	while (*at != NULL)
		if (!(*at)->busy && (*at)->until <= now)
			drop_session(p, at);
		else
			at = &(*at)->next;
}

static void *
watch(void *arg)
{
	struct chpool *p = arg;
	struct chpool_running *r = NULL;
	struct pollfd *fd = NULL;
	uint64_t *serial = NULL, count = 0;
	size_t cap = 0, cap_serial = 0, n = 0, i = 0;
	int gone = 0;

	pthread_mutex_lock(&p->mutex);
	while (!p->ended) {
		n = 1;
		gone = 0;
		for (r = p->running; r != NULL; r = r->next)
			n++;
		fd = mem_grow(fd, &cap, n, sizeof(*fd));
		serial = mem_grow(serial, &cap_serial, n, sizeof(*serial));
		fd[0] = (struct pollfd){ .fd = p->wake, .events = POLLIN };
		for (n = 1, r = p->running; r != NULL; r = r->next) {
			gone |= r->gone;
			if (r->fd != -1 && !r->gone) {
				serial[n] = r->serial;
				fd[n++] = (struct pollfd){ .fd = r->fd, .events = POLLRDHUP };
			}
		}
		pthread_mutex_unlock(&p->mutex);
		if (poll(fd, n, gone ? KILL_EVERY_MS : p->sessions > 0 ? 1000 : -1) == -1)
			fd[0].revents = 0;
		if (fd[0].revents != 0 && read(p->wake, &count, sizeof(count)) == -1)
			count = 0;
		pthread_mutex_lock(&p->mutex);
		for (i = 1; i < n; i++)
			if (fd[i].revents & (POLLRDHUP | POLLHUP | POLLERR))
				for (r = p->running; r != NULL; r = r->next)
					if (r->serial == serial[i] && r->fd == fd[i].fd)
						gone = r->gone = 1;
		expire_sessions(p, utc_mono());
		if (gone)
			kill_gone(p);
	}
	pthread_mutex_unlock(&p->mutex);
	free(fd);
	free(serial);
	return NULL;
}

/* ---- pool -------------------------------------------------------------------------- */

struct chpool *
chpool_new(struct chdb *d, struct err *e)
{
	struct chpool *p = mem_alloc(sizeof(*p));
	struct buf out = { 0 };
	char *tab = NULL;

	p->d = d;
	p->wake = -1;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->idle, NULL);
	if ((p->killer = chdb_conn_open(d, e)) == NULL)
		goto fail;
	if (small(p->killer, SLICE("SELECT version(), timezone()"), &out, NULL) == -1 ||
	    (tab = strchr(buf_str(&out), '\t')) == NULL) {
		err_set(e, EX_SOFTWARE, "the engine does not tell its version");
		goto fail;
	}
	snprintf(p->version, sizeof(p->version), "%.*s", (int)(tab - out.p), out.p);
	snprintf(p->timezone, sizeof(p->timezone), "%.*s", (int)strcspn(tab + 1, "\n"), tab + 1);
	if ((p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1 ||
	    pthread_create(&p->watcher, NULL, watch, p) != 0) {
		err_set(e, EX_TEMPFAIL, "no thread: %s", strerror(errno));
		goto fail;
	}
	p->has_watcher = 1;
	buf_fini(&out);
	return p;
fail:
	buf_fini(&out);
	chpool_free(p);
	return NULL;
}

void
chpool_free(struct chpool *p)
{
	if (p == NULL)
		return;
	if (p->has_watcher) {
		pthread_mutex_lock(&p->mutex);
		p->ended = 1;
		poke(p);
		pthread_mutex_unlock(&p->mutex);
		pthread_join(p->watcher, NULL);
	}
	while (p->session != NULL)
		drop_session(p, &p->session);
	chdb_conn_close(p->killer);
	if (p->wake != -1)
		close(p->wake);
	pthread_cond_destroy(&p->idle);
	pthread_mutex_destroy(&p->mutex);
	free(p);
}

unsigned
chpool_stop(struct chpool *p, unsigned ms)
{
	struct timespec until = { 0 };
	struct chpool_running *r = NULL;
	unsigned left = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&p->mutex);
	p->stopping = 1;
	for (r = p->running; r != NULL; r = r->next)
		r->gone = 1;
	poke(p);
	while (p->working > 0 && pthread_cond_timedwait(&p->idle, &p->mutex, &until) == 0)
		continue;
	left = p->working;
	pthread_mutex_unlock(&p->mutex);
	return left;
}

/* ---- leases -------------------------------------------------------------------------- */

static struct chpool_session *
find_session(struct chpool *p, struct slice name)
{
	struct chpool_session *s = p->session;

	while (s != NULL && !slice_eq(slice_of(s->name), name))
		s = s->next;
	return s;
}

/* With the mutex held.  NULL: why says so. */
static struct chpool_session *
take_session(struct chpool *p, const struct chpool_want *w, struct buf *why)
{
	struct chpool_session *s = find_session(p, w->session), **at = NULL, **oldest = NULL;

	if (s != NULL && s->busy) {
		chpool_error(why, 373, "SESSION_IS_LOCKED", "Session %s is locked by a concurrent client", s->name);
		return NULL;
	}
	if (s == NULL && w->session_check) {
		chpool_error(why, 372, "SESSION_NOT_FOUND", "Session %.*s not found", (int)w->session.n, w->session.p);
		return NULL;
	}
	if (s == NULL) {
		if (p->sessions >= SESSION_MAX) {
			for (at = &p->session; *at != NULL; at = &(*at)->next)
				if (!(*at)->busy && (oldest == NULL || (*at)->until < (*oldest)->until))
					oldest = at;
			if (oldest == NULL) {
				chpool_error(why, 202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many sessions");
				return NULL;
			}
			drop_session(p, oldest);
		}
		s = mem_alloc(sizeof(*s));
		s->name = mem_dup(w->session.p, w->session.n);
		s->next = p->session;
		p->session = s;
		p->sessions++;
	}
	s->busy = 1;
	s->timeout = w->session_timeout;
	return s;
}

static int
admit(struct chpool *p, const struct chpool_want *w, struct chpool_lease *l, struct buf *why)
{
	struct chpool_running *r = NULL;
	int rc = -1;

	pthread_mutex_lock(&p->mutex);
	if (p->stopping) {
		chpool_error(why, 236, "ABORTED", "The store is shutting down");
		goto out;
	}
	for (r = p->running; r != NULL; r = r->next)
		if (slice_eq(slice_of(r->query_id), w->query_id)) {
			chpool_error(why, 216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
			    "Query with id = %s is already running", r->query_id);
			goto out;
		}
	if (w->session.n > 0) {
		if ((l->session = take_session(p, w, why)) == NULL)
			goto out;
		l->conn = l->session->conn;
	}
	r = mem_alloc(sizeof(*r));
	r->serial = ++p->serial;
	r->query_id = mem_dup(w->query_id.p, w->query_id.n);
	r->fd = -1;
	r->next = p->running;
	p->running = l->running = r;
	rc = 0;
out:
	pthread_mutex_unlock(&p->mutex);
	return rc;
}

/* What brings a session's settings and database back after a request that has its own. */
static void
remember(struct chpool_lease *l, const struct chpool_want *w)
{
	struct buf sql = { 0 }, out = { 0 };
	char *line = NULL, *changed = NULL, *value = NULL, *stop = NULL;
	size_t i = 0;

	if (w->database.n > 0 && small(l->conn, SLICE("SELECT currentDatabase()"), &out, NULL) == 0) {
		buf_puts(&l->undo, "USE ");
		put_quoted(&l->undo, '`', (struct slice){ out.p, out.n > 0 ? out.n - 1 : 0 });
		buf_putc(&l->undo, '\0');
	}
	if (w->settings == 0)
		goto out;
	buf_clear(&out);
	buf_puts(&sql, "SELECT name, changed, value FROM system.settings WHERE name IN (''");
	for (i = 0; i < w->settings; i++) {
		buf_putc(&sql, ',');
		put_quoted(&sql, '\'', w->setting[i].name);
	}
	buf_puts(&sql, ")");
	if (small(l->conn, buf_as_slice(&sql), &out, NULL) == -1)
		goto out;
	for (line = (char *)buf_str(&out); *line != '\0'; line = stop + 1) {
		if ((stop = strchr(line, '\n')) == NULL || (changed = strchr(line, '\t')) == NULL ||
		    (value = strchr(changed + 1, '\t')) == NULL)
			break;
		/* the escapes of TSV are those of a literal */
		if (changed[1] == '1')
			buf_printf(&l->undo, "SET %.*s = '%.*s'", (int)(changed - line), line,
			    (int)(stop - value - 1), value + 1);
		else
			buf_printf(&l->undo, "SET %.*s = DEFAULT", (int)(changed - line), line);
		buf_putc(&l->undo, '\0');
	}
out:
	buf_fini(&sql);
	buf_fini(&out);
}

static int
prepare(struct chpool_lease *l, const struct chpool_want *w, struct buf *why)
{
	struct buf sql = { 0 };
	struct slice comment = { 0 };
	size_t i = 0;
	int rc = -1;

	if (w->database.n > 0) {
		buf_puts(&sql, "USE ");
		put_quoted(&sql, '`', w->database);
		if (small(l->conn, buf_as_slice(&sql), NULL, why) == -1)
			goto out;
		buf_clear(&sql);
	}
	for (i = 0; i < w->settings; i++)
		if (slice_eq(w->setting[i].name, SLICE("log_comment")))
			comment = w->setting[i].value;
	buf_printf(&sql, "wb-%llu ", (unsigned long long)l->running->serial);
	buf_slice(&sql, w->query_id);
	if (comment.n > 0) {
		buf_putc(&sql, ' ');
		buf_slice(&sql, comment);
	}
	{
		struct buf mark = sql;

		sql = (struct buf){ 0 };
		buf_puts(&sql, "SET log_comment = ");
		put_quoted(&sql, '\'', buf_as_slice(&mark));
		buf_fini(&mark);
	}
	for (i = 0; i < w->settings; i++) {
		if (slice_eq(w->setting[i].name, SLICE("log_comment")))
			continue;
		buf_puts(&sql, ", ");
		put_quoted(&sql, '`', w->setting[i].name);
		buf_puts(&sql, " = ");
		put_quoted(&sql, '\'', w->setting[i].value);
	}
	/* a session could never leave it: there the caller's look at the statement has to do */
	if (w->readonly && l->session == NULL)
		buf_puts(&sql, ", readonly = 2");
	rc = small(l->conn, buf_as_slice(&sql), NULL, why);
out:
	buf_fini(&sql);
	return rc;
}

struct chpool_lease *
chpool_take(struct chpool *p, const struct chpool_want *w, struct buf *why)
{
	struct chpool_lease *l = mem_alloc(sizeof(*l));
	struct err e = ERR_NONE;

	l->pool = p;
	if (admit(p, w, l, why) == -1) {
		free(l);
		return NULL;
	}
	if (l->conn == NULL && (l->conn = chdb_conn_open(p->d, &e)) == NULL) {
		chpool_error(why, 1001, "STD_EXCEPTION", "%s", e.msg);
		goto fail;
	}
	if (l->session != NULL) {
		l->session->conn = l->conn;
		remember(l, w);
	}
	if (prepare(l, w, why) == -1)
		goto fail;
	return l;
fail:
	chpool_give(l);
	return NULL;
}

void
chpool_give(struct chpool_lease *l)
{
	struct chpool *p = NULL;
	struct chpool_running **at = NULL;
	size_t i = 0;

	if (l == NULL)
		return;
	p = l->pool;
	if (l->session == NULL)
		chdb_conn_close(l->conn);
	else if (l->conn != NULL) {
		/* the first statement also takes what a failed one left behind, instead of the next client's */
		(void)small(l->conn, SLICE("SET log_comment = DEFAULT"), NULL, NULL);
		for (i = 0; i < l->undo.n; i += strlen(l->undo.p + i) + 1)
			(void)small(l->conn, slice_of(l->undo.p + i), NULL, NULL);
	}
	buf_fini(&l->undo);
	chpool_work(l, 0);
	pthread_mutex_lock(&p->mutex);
	for (at = &p->running; *at != l->running; at = &(*at)->next)
		continue;
	*at = l->running->next;
	free(l->running->query_id);
	free(l->running);
	if (l->session != NULL) {
		l->session->busy = 0;
		l->session->until = utc_mono() + (int64_t)l->session->timeout * 1000000000;
		poke(p);
	}
	pthread_mutex_unlock(&p->mutex);
	free(l);
}

void
chpool_watch(struct chpool_lease *l, int fd)
{
	pthread_mutex_lock(&l->pool->mutex);
	l->running->fd = fd;
	if (fd != -1)
		poke(l->pool);
	pthread_mutex_unlock(&l->pool->mutex);
}

void
chpool_work(struct chpool_lease *l, int on)
{
	struct chpool *p = l->pool;

	pthread_mutex_lock(&p->mutex);
	if (l->running->works != on) {
		l->running->works = on;
		p->working = on ? p->working + 1 : p->working - 1;
		pthread_cond_broadcast(&p->idle);
	}
	pthread_mutex_unlock(&p->mutex);
}
