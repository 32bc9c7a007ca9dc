/* The ClickHouse engine of libchdb: its C interface, declared by hand and loaded by dlopen. */
#include <sys/file.h>
#include <sys/stat.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/confine.h"
#include "net/chdb.h"

/* Versioned by its first member, which the caller sets to the size it knows. */
struct analysis {
	uint32_t struct_size, statement_count, flags, query_class;
};

/* The library's functions: X(result, name, arguments).  Every handle is opaque. */
#define API(X) \
	X(const char *, version, (void)) \
	X(void, set_signal_handlers_enabled, (int)) \
	X(void **, connect, (int, char **)) \
	X(void, close_conn, (void **)) \
	X(int, shutdown, (void)) \
	X(int, classify_query_n, (void *, const char *, size_t, const char *, size_t, struct analysis *)) \
	X(void *, query_with_params_n, (void *, const char *, size_t, const char *, size_t, \
	    const char *const *, const size_t *, const char *const *, const size_t *, size_t)) \
	X(void *, stream_query_with_params_n, (void *, const char *, size_t, const char *, size_t, \
	    const char *const *, const size_t *, const char *const *, const size_t *, size_t)) \
	X(void *, stream_fetch_result, (void *, void *)) \
	X(void, stream_cancel_query, (void *, void *)) \
	X(void, destroy_query_result, (void *)) \
	X(void *, stream_insert_with_params_n, (void *, const char *, size_t, const char *, size_t, \
	    const char *const *, const size_t *, const char *const *, const size_t *, size_t)) \
	X(int, stream_append, (void *, const void *, size_t)) \
	X(void *, stream_done, (void *)) \
	X(void, stream_cancel_insert, (void *)) \
	X(const char *, stream_insert_error, (void *)) \
	X(void, destroy_insert_stream, (void *)) \
	X(const char *, result_error, (void *)) \
	X(char *, result_buffer, (void *)) \
	X(size_t, result_length, (void *)) \
	X(uint64_t, result_rows_read, (void *)) \
	X(uint64_t, result_bytes_read, (void *)) \
	X(uint64_t, result_storage_rows_read, (void *)) \
	X(uint64_t, result_storage_bytes_read, (void *)) \
	X(uint64_t, result_rows_written, (void *)) \
	X(uint64_t, result_bytes_written, (void *))

struct chdb {
#define MEMBER(type, name, args) type (*name) args;
	API(MEMBER)
#undef MEMBER
	void *lib;
	int lock;
	int confined;
	char *path_arg, *config_arg;	/* must be the same bytes for every connection */
	struct chdb_conn *keeper;	/* the engine ends with its last connection */
};

struct chdb_conn {
	struct chdb *d;
	void **handle;
};

struct chdb_reader {
	struct chdb_conn *c;
	void *handle;
	int ended;
};

struct chdb_writer {
	struct chdb_conn *c;
	void *handle;
	int done;
};

/* ---- start ------------------------------------------------------------------ */

static int
load(struct chdb *d, const char *path, struct err *e)
{
	if ((d->lib = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL)
		return err_set(e, EX_CONFIG, "%s", dlerror());
	/* POSIX lets a pointer to data hold a function; ISO C needs the detour over its bytes. */
#define LOAD(type, name, args) { \
		void *f = dlsym(d->lib, "chdb_" #name); \
		if (f == NULL) \
			return err_set(e, EX_CONFIG, "%s: no chdb_" #name ": libchdb 26.7 or newer is needed", path); \
		memcpy(&d->name, &f, sizeof(f)); \
	}
	API(LOAD)
#undef LOAD
	return 0;
}

/*
 * Our own lock, taken before anything in the folder is touched: it names the
 * holder, and two starts at once cannot trip over each other's engine.
 */
static int
take_lock(struct chdb *d, const char *dir, const char *address, struct err *e)
{
	char name[PATH_MAX + 32], text[256] = "";
	ssize_t n = 0;

	snprintf(name, sizeof(name), "%s/wb-chdb.lock", dir);
	if ((d->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1)
		return err_set(e, EX_IOERR, "%s: %s", name, strerror(errno));
	if (flock(d->lock, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK)
			return err_set(e, EX_IOERR, "%s: %s", name, strerror(errno));
		n = pread(d->lock, text, sizeof(text) - 1, 0);
		text[n > 0 ? (size_t)n : 0] = '\0';
		text[strcspn(text, "\n")] = '\0';
		return err_set(e, EX_TEMPFAIL, "%s: in use by process %s", dir, text[0] ? text : "?");
	}
	snprintf(text, sizeof(text), "%ld, %.200s\n", (long)getpid(), address ? address : "");
	if (ftruncate(d->lock, 0) == -1 || pwrite(d->lock, text, strlen(text), 0) == -1)
		return err_set(e, EX_IOERR, "%s: %s", name, strerror(errno));
	return 0;
}

/* Another program with this engine (clickhouse-local, a server) says its pid in DIR/status. */
static void
name_opener(const char *dir, struct err *e)
{
	char name[PATH_MAX + 32], text[256] = "", *pid = NULL;
	ssize_t n = 0;
	int fd = -1;

	snprintf(name, sizeof(name), "%s/status", dir);
	if ((fd = open(name, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	if (flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK &&
	    (n = read(fd, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		if ((pid = strstr(text, "PID: ")) != NULL) {
			pid[strcspn(pid, "\n")] = '\0';
			err_set(e, EX_TEMPFAIL, "%s: in use by process %s", dir, pid + 5);
		}
	}
	close(fd);
}

static void
put_xml(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '&')
			buf_puts(b, "&amp;");
		else if (*s == '<')
			buf_puts(b, "&lt;");
		else
			buf_putc(b, *s);
}

static int
write_file(const char *name, const struct buf *b, struct err *e)
{
	FILE *f = fopen(name, "we");

	if (f == NULL)
		return err_set(e, EX_IOERR, "%s: %s", name, strerror(errno));
	fwrite(b->p, 1, b->n, f);
	if (fflush(f) == EOF || fsync(fileno(f)) == -1) {
		err_set(e, EX_IOERR, "%s: %s", name, strerror(errno));
		fclose(f);
		return -1;
	}
	fclose(f);
	return 0;
}

static const char users_xml[] =
	"<clickhouse>\n"
	/* settings that name files or addresses */
	" <profiles><default><constraints>\n"
	"  <format_schema><readonly/></format_schema>\n"
	"  <format_template_row><readonly/></format_template_row>\n"
	"  <format_template_resultset><readonly/></format_template_resultset>\n"
	"  <format_avro_schema_registry_url><readonly/></format_avro_schema_registry_url>\n"
	"  <allow_experimental_ai_functions><readonly/></allow_experimental_ai_functions>\n"
	" </constraints></default></profiles>\n"
	" <quotas><default/></quotas>\n"
	" <users><default>\n"
	"  <password/>\n"
	"  <networks><ip>::/0</ip></networks>\n"
	"  <profile>default</profile>\n"
	"  <quota>default</quota>\n"
	"  <grants>\n"
	"   <query>GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW,"
	" CREATE TEMPORARY TABLE, DROP, TRUNCATE, OPTIMIZE, KILL QUERY, CHECK, UNDROP TABLE ON *.*</query>\n"
	"   <query>GRANT SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM VIEWS, SYSTEM FLUSH LOGS ON *.*</query>\n"
	"   <query>GRANT TABLE ENGINE ON Memory, TABLE ENGINE ON MergeTree, TABLE ENGINE ON ReplacingMergeTree,"
	" TABLE ENGINE ON SummingMergeTree, TABLE ENGINE ON AggregatingMergeTree,"
	" TABLE ENGINE ON CollapsingMergeTree, TABLE ENGINE ON VersionedCollapsingMergeTree,"
	" TABLE ENGINE ON Null, TABLE ENGINE ON Log, TABLE ENGINE ON TinyLog, TABLE ENGINE ON StripeLog,"
	" TABLE ENGINE ON Merge, TABLE ENGINE ON Buffer, TABLE ENGINE ON Set, TABLE ENGINE ON Join,"
	" TABLE ENGINE ON View, TABLE ENGINE ON MaterializedView</query>\n"
	"  </grants>\n"
	" </default></users>\n"
	"</clickhouse>\n";

/* Without a file of our own the engine reads config.xml of the working directory. */
static int
write_config(struct chdb *d, const char *dir, uint64_t memory, struct err *e)
{
	struct buf b = { 0 };
	char config[PATH_MAX + 32], users[PATH_MAX + 32];
	int rc = -1;

	snprintf(config, sizeof(config), "%s/wb-chdb.xml", dir);
	snprintf(users, sizeof(users), "%s/wb-chdb-users.xml", dir);
	buf_puts(&b, users_xml);
	if (write_file(users, &b, e) == -1)
		goto out;
	buf_clear(&b);
	buf_puts(&b, "<clickhouse>\n <users_config>");
	put_xml(&b, users);
	buf_puts(&b, "</users_config>\n"
	    " <access_control_improvements><table_engines_require_grant>true</table_engines_require_grant>"
	    "</access_control_improvements>\n <display_name>wb-chdb</display_name>\n <user_files_path>");
	put_xml(&b, dir);
	buf_puts(&b, "/user_files/</user_files_path>\n"
	    " <mark_cache_size>268435456</mark_cache_size>\n"
	    " <uncompressed_cache_size>0</uncompressed_cache_size>\n"
	    " <max_thread_pool_free_size>8</max_thread_pool_free_size>\n");
	if (memory > 0)
		buf_printf(&b, " <max_server_memory_usage>%llu</max_server_memory_usage>\n",
		    (unsigned long long)memory);
	buf_puts(&b, "</clickhouse>\n");
	if (write_file(config, &b, e) == -1)
		goto out;
	buf_clear(&b);
	buf_printf(&b, "--path=%s", dir);
	d->path_arg = mem_dup(b.p, b.n);
	buf_clear(&b);
	buf_printf(&b, "--config-file=%s", config);
	d->config_arg = mem_dup(b.p, b.n);
	rc = 0;
out:
	buf_fini(&b);
	return rc;
}

/*
 * The grants let whole classes of functions through (file(path), disks, schema
 * files of formats), so that the kernel has to hold what they miss.
 */
static int
shut_in(struct chdb *d, const char *dir, const struct chdb_config *c, struct err *e)
{
	const struct confine_place place[] = {
		{ dir, CONFINE_WRITE },
		{ "/dev/null", CONFINE_WRITE }, { "/dev/urandom", CONFINE_READ }, { "/dev/random", CONFINE_READ },
		{ "/proc", CONFINE_READ }, { "/sys", CONFINE_READ },
		{ "/usr", CONFINE_READ }, { "/lib", CONFINE_READ }, { "/lib64", CONFINE_READ },
		{ "/etc/localtime", CONFINE_READ }, { "/etc/hosts", CONFINE_READ }, { "/etc/host.conf", CONFINE_READ },
		{ "/etc/nsswitch.conf", CONFINE_READ }, { "/etc/resolv.conf", CONFINE_READ },
		{ "/etc/gai.conf", CONFINE_READ }, { "/etc/ld.so.cache", CONFINE_READ },
		{ c->removes[0] ? c->removes[0] : dir, CONFINE_REMOVE },
		{ c->removes[1] ? c->removes[1] : dir, CONFINE_REMOVE },
	};

	d->confined = confine(place, sizeof(place) / sizeof(place[0]), e);
	return d->confined == -1 ? -1 : 0;
}

struct chdb *
chdb_start(const struct chdb_config *c, struct err *e)
{
	struct chdb *d = mem_alloc(sizeof(*d));
	char dir[PATH_MAX];

	d->lock = -1;
	if (mkdir(c->dir, 0700) == -1 && errno != EEXIST) {
		err_set(e, EX_IOERR, "%s: %s", c->dir, strerror(errno));
		goto fail;
	}
	if (realpath(c->dir, dir) == NULL) {
		err_set(e, EX_IOERR, "%s: %s", c->dir, strerror(errno));
		goto fail;
	}
	if (take_lock(d, dir, c->address, e) == -1 || write_config(d, dir, c->memory, e) == -1 ||
	    load(d, c->library, e) == -1 || shut_in(d, dir, c, e) == -1)
		goto fail;
	/* DateTime without a zone means the same at every start; before any thread runs */
	setenv("TZ", "UTC", 1);
	d->set_signal_handlers_enabled(0);
	if ((d->keeper = chdb_conn_open(d, e)) == NULL) {
		err_set(e, EX_SOFTWARE, "%s: the engine did not start", dir);
		name_opener(dir, e);
		goto fail;
	}
	return d;
fail:
	chdb_stop(d);
	return NULL;
}

void
chdb_stop(struct chdb *d)
{
	if (d == NULL)
		return;
	if (d->keeper != NULL) {
		chdb_conn_close(d->keeper);
		d->shutdown();
	}
	if (d->lock != -1)
		close(d->lock);
	/* the library stays mapped: its threads may still run in it */
	free(d->path_arg);
	free(d->config_arg);
	free(d);
}

int
chdb_confined(const struct chdb *d)
{
	return d->confined;
}

const char *
chdb_library_version(const struct chdb *d)
{
	return d->version();
}

/* ---- connections ---------------------------------------------------------------- */

struct chdb_conn *
chdb_conn_open(struct chdb *d, struct err *e)
{
	char *argv[] = { (char[]){ "wb-chdb" }, d->path_arg, d->config_arg, NULL };
	struct chdb_conn *c = NULL;
	void **h = d->connect(3, argv);

	if (h == NULL || *h == NULL) {
		err_set(e, EX_SOFTWARE, "the engine refused a connection");
		return NULL;
	}
	c = mem_alloc(sizeof(*c));
	c->d = d;
	c->handle = h;
	return c;
}

void
chdb_conn_close(struct chdb_conn *c)
{
	if (c == NULL)
		return;
	c->d->close_conn(c->handle);
	free(c);
}

/* ---- answers -------------------------------------------------------------------- */

static void
take(const struct chdb *d, struct chdb_answer *a, void *handle)
{
	*a = (struct chdb_answer){ .engine = d, .handle = handle };
	if (handle == NULL) {
		a->error = "Code: 1001. DB::Exception: the engine gave no answer (STD_EXCEPTION)";
		return;
	}
	if ((a->error = d->result_error(handle)) != NULL)
		return;
	a->data.p = d->result_buffer(handle);
	a->data.n = a->data.p == NULL ? 0 : d->result_length(handle);
	a->rows = d->result_rows_read(handle);
	a->bytes = d->result_bytes_read(handle);
	a->read_rows = d->result_storage_rows_read(handle);
	a->read_bytes = d->result_storage_bytes_read(handle);
	a->written_rows = d->result_rows_written(handle);
	a->written_bytes = d->result_bytes_written(handle);
}

void
chdb_answer_fini(struct chdb_answer *a)
{
	if (a->handle != NULL)
		a->engine->destroy_query_result(a->handle);
	free(a->own);
	*a = (struct chdb_answer){ 0 };
}

void
chdb_classify(struct chdb_conn *c, struct slice sql, enum chdb_class *class, unsigned *count)
{
	struct analysis a = { .struct_size = sizeof(a) };

	*class = CHDB_UNKNOWN;
	*count = 0;
	if (c->d->classify_query_n(*c->handle, sql.p, sql.n, NULL, 0, &a) != 0)
		return;
	*count = a.statement_count;
	if (a.query_class < CHDB_UNKNOWN)
		*class = (enum chdb_class)a.query_class;
}

/* ---- statements ------------------------------------------------------------------ */

/* The parameters as the four arrays that the library wants. */
struct bound {
	const char *name[CHDB_PARAM_MAX], *value[CHDB_PARAM_MAX];
	size_t name_n[CHDB_PARAM_MAX], value_n[CHDB_PARAM_MAX];
};

typedef void *call_fn(void *, const char *, size_t, const char *, size_t,
    const char *const *, const size_t *, const char *const *, const size_t *, size_t);

static void *
call(call_fn *f, struct chdb_conn *c, struct slice sql, struct slice format,
    const struct chdb_param *p, size_t np)
{
	struct bound *b = NULL;
	void *r = NULL;
	size_t i = 0;

	if (np == 0)
		return f(*c->handle, sql.p, sql.n, format.p, format.n, NULL, NULL, NULL, NULL, 0);
	if (np > CHDB_PARAM_MAX)
		np = CHDB_PARAM_MAX;
	b = mem_alloc(sizeof(*b));
	for (i = 0; i < np; i++) {
		b->name[i] = p[i].name.p;
		b->name_n[i] = p[i].name.n;
		b->value[i] = p[i].value.p;
		b->value_n[i] = p[i].value.n;
	}
	r = f(*c->handle, sql.p, sql.n, format.p, format.n, b->name, b->name_n, b->value, b->value_n, np);
	free(b);
	return r;
}

void
chdb_run(struct chdb_conn *c, struct slice sql, struct slice format,
    const struct chdb_param *p, size_t np, struct chdb_answer *a)
{
	take(c->d, a, call(c->d->query_with_params_n, c, sql, format, p, np));
}

struct chdb_reader *
chdb_reader_open(struct chdb_conn *c, struct slice sql, struct slice format,
    const struct chdb_param *p, size_t np, struct chdb_answer *a)
{
	struct chdb_reader *r = NULL;
	void *h = call(c->d->stream_query_with_params_n, c, sql, format, p, np);

	*a = (struct chdb_answer){ 0 };
	if (h == NULL || c->d->result_error(h) != NULL) {
		take(c->d, a, h);
		return NULL;
	}
	r = mem_alloc(sizeof(*r));
	r->c = c;
	r->handle = h;
	return r;
}

void
chdb_reader_next(struct chdb_reader *r, struct chdb_answer *a)
{
	take(r->c->d, a, r->c->d->stream_fetch_result(*r->c->handle, r->handle));
	if (a->error != NULL || a->data.n == 0)
		r->ended = 1;
}

void
chdb_reader_close(struct chdb_reader *r)
{
	if (r == NULL)
		return;
	if (!r->ended)
		r->c->d->stream_cancel_query(*r->c->handle, r->handle);
	r->c->d->destroy_query_result(r->handle);
	free(r);
}

struct chdb_writer *
chdb_writer_open(struct chdb_conn *c, struct slice sql, struct slice format,
    const struct chdb_param *p, size_t np, struct chdb_answer *a)
{
	struct chdb_writer *w = NULL;
	void *h = call(c->d->stream_insert_with_params_n, c, sql, format, p, np);
	const char *why = h == NULL ? "Code: 1001. DB::Exception: no insert stream (STD_EXCEPTION)" :
	    c->d->stream_insert_error(h);

	*a = (struct chdb_answer){ .engine = c->d };
	if (why != NULL) {
		/* done() of a stream that never began says only that it is invalid: keep this text */
		a->error = a->own = mem_dup(why, strlen(why));
		if (h != NULL)
			c->d->destroy_insert_stream(h);
		return NULL;
	}
	w = mem_alloc(sizeof(*w));
	w->c = c;
	w->handle = h;
	return w;
}

int
chdb_writer_put(struct chdb_writer *w, const char *p, size_t n)
{
	return n == 0 || w->c->d->stream_append(w->handle, p, n) == 0 ? 0 : -1;
}

void
chdb_writer_done(struct chdb_writer *w, struct chdb_answer *a)
{
	w->done = 1;
	take(w->c->d, a, w->c->d->stream_done(w->handle));
}

void
chdb_writer_close(struct chdb_writer *w)
{
	if (w == NULL)
		return;
	if (!w->done)
		w->c->d->stream_cancel_insert(w->handle);
	w->c->d->destroy_insert_stream(w->handle);
	free(w);
}
