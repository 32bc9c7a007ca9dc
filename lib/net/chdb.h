#ifndef NET_CHDB_H_
#define NET_CHDB_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * The ClickHouse engine as a shared library (libchdb, version 26.7 or newer),
 * loaded at run time.  One engine a process, one folder an engine, any number
 * of connections; a connection runs one statement at a time and belongs to one
 * thread at a time.
 *
 * A connection on which a statement failed keeps half-written output, which the
 * next statement on it would return in front of its own: close it, or run one
 * statement more and throw its answer away.
 */
struct chdb;
struct chdb_conn;

struct chdb_config {
	const char *library;	/* path of libchdb.so */
	const char *dir;	/* the store's folder, made when missing */
	uint64_t memory;	/* bytes the engine may use, 0: nine tenths of the machine's */
	const char *address;	/* shown to whoever tries to open the folder too */
	const char *removes[2];	/* folders in which the process will want to unlink files, or NULL */
};

/*
 * Takes the folder's lock, writes the engine's configuration into it (wb-chdb.xml,
 * wb-chdb-users.xml) and starts the engine.  NULL with EX_CONFIG (library missing,
 * too old), EX_TEMPFAIL (folder in use, with the pid), EX_IOERR or EX_SOFTWARE.
 * The engine runs in UTC, installs no signal handler, and its one user may use
 * tables in the folder and nothing else: no file, URL, remote server, command.
 * Where the kernel can (io/confine.h), this thread and all later ones lose what
 * lies outside the folder, system libraries and /proc aside, and TCP connections.
 */
struct chdb *chdb_start(const struct chdb_config *c, struct err *e);

/* All connections must be closed.  Threads of the engine may be left: _exit() soon. */
void chdb_stop(struct chdb *d);

/* Did the kernel take everything outside the folder from the process? */
int chdb_confined(const struct chdb *d);

/* The library's own version, "26.7.3". */
const char *chdb_library_version(const struct chdb *d);

struct chdb_conn *chdb_conn_open(struct chdb *d, struct err *e);
void chdb_conn_close(struct chdb_conn *c);	/* NULL: nothing */

/* What a statement gave. */
struct chdb_answer {
	const struct chdb *engine;
	void *handle;
	char *own;
	const char *error;	/* NULL: it worked; else "Code: N. DB::Exception: ..." */
	struct slice data;
	uint64_t rows, bytes;			/* of the result */
	uint64_t read_rows, read_bytes;		/* from storage */
	uint64_t written_rows, written_bytes;	/* by an INSERT, views included */
};
void chdb_answer_fini(struct chdb_answer *a);	/* its pointers die; all zero afterwards */

/* A value bound to {name:Type}: TSV-escaped text, as HTTP's param_name has it. */
struct chdb_param {
	struct slice name, value;
};
#define CHDB_PARAM_MAX 1024

/*
 * What the engine's parser makes of a text: how many statements, and what they
 * would change.  Runs nothing.  count is 0 when it does not parse.
 */
enum chdb_class { CHDB_READ, CHDB_WRITE, CHDB_WRITE_GLOBAL, CHDB_CONTROL, CHDB_UNKNOWN };
void chdb_classify(struct chdb_conn *c, struct slice sql, enum chdb_class *class, unsigned *count);

/* Runs one statement; a FORMAT clause wins over format.  Fills *a, which the caller ends. */
void chdb_run(struct chdb_conn *c, struct slice sql, struct slice format,
    const struct chdb_param *p, size_t np, struct chdb_answer *a);

/*
 * A SELECT whose result comes in pieces.  Each piece is a document of its own, so
 * that only formats without header and footer give the bytes of chdb_run().
 * NULL: a->error says why.
 */
struct chdb_reader;
struct chdb_reader *chdb_reader_open(struct chdb_conn *c, struct slice sql, struct slice format,
    const struct chdb_param *p, size_t np, struct chdb_answer *a);
void chdb_reader_next(struct chdb_reader *r, struct chdb_answer *a);	/* no data, no error: the end */
void chdb_reader_close(struct chdb_reader *r);				/* before the end: cancels */

/*
 * An INSERT whose data comes in pieces; sql has neither FORMAT nor data.  Nothing
 * is stored before chdb_writer_done() as long as the data fits one block
 * (max_insert_block_size, min_insert_block_size_rows, _bytes).
 * NULL: *a holds the error.
 */
struct chdb_writer;
struct chdb_writer *chdb_writer_open(struct chdb_conn *c, struct slice sql, struct slice format,
    const struct chdb_param *p, size_t np, struct chdb_answer *a);
int chdb_writer_put(struct chdb_writer *w, const char *p, size_t n);	/* -1: failed, done() says why */
void chdb_writer_done(struct chdb_writer *w, struct chdb_answer *a);	/* the end of the data: store */
void chdb_writer_close(struct chdb_writer *w);				/* without done: cancels */

#endif
