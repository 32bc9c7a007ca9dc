#ifndef RUN_DB_H_
#define RUN_DB_H_

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/sql_param.h"
#include "run/tool.h"

/*
 * A store of any kind, asked in its own SQL, one statement at a time:
 *
 *	d = db_open(url, &tool, &e);
 *	rc = db_ask(d, sql, set, sets, &f);
 *	while (rc == 0 && (more = db_next(d, &f)) > 0)
 *		stage_put(st, db_json(d, stage_room(st, db_size(d))));
 *	db_done(d);
 *
 * Rows are as chrows.h and pgrows.h have them: both write the same JSON.
 */
struct db;

enum db_kind { DB_CLICKHOUSE, DB_POSTGRES };

/* What a failed statement means for whoever sent it. */
enum db_class {
	DB_OK,
	DB_AWAY,	/* the server went away, or has no room now: it may be asked again */
	DB_ODD,		/* an error of which nothing is known: a few times */
	DB_NO,		/* a name that is not there, no access, a value: a person must act */
};

struct db_fault {
	enum db_class class;
	struct err e;
};

/*
 * url: http://, https:// or unix: is ClickHouse or wb-chdb; postgresql://, postgres:// or key=value is PostgreSQL or
 * Greenplum, where names without a schema are looked for in mart first.  Connects to nothing yet.  With -vv statements are told.
 * NULL with EX_USAGE or EX_CONFIG.
 */
struct db *db_open(const char *url, const struct tool *t, struct err *e);
void db_close(struct db *d);

enum db_kind db_kind_of(const char *url);
enum db_kind db_kind(const struct db *d);
const char *db_kind_name(const struct db *d);	/* "clickhouse", "postgres": a folder of sql/ask */

/* Cuts the next statement off a text, as chtext_next() and pgsql_next(). */
int db_statement(const struct db *d, struct slice *text, struct slice *one);

/* Sends a statement.  0: db_next() gives its rows, if it has some; -1 with f.  Either way db_done() ends it. */
int db_ask(struct db *d, struct slice sql, const struct sql_param *p, size_t n, struct db_fault *f);
void db_done(struct db *d);

/* 1: the next row; 0: the end; -1 with f: the result is not whole. */
int db_next(struct db *d, struct db_fault *f);

/* Of the row: bytes that db_json() or db_cell() may need; both return the end.  *null: nothing is written. */
size_t db_size(const struct db *d);
char *db_json(struct db *d, char *dst);
char *db_cell(struct db *d, size_t col, char *dst, int *null);
size_t db_columns(const struct db *d);
struct slice db_name(const struct db *d, size_t col);

/* The rows of a table whose column key is one of the keys (of none: every row), in no order. */
struct db_select {
	const char *table;
	const char *columns;	/* names, ", " between */
	const char *key;	/* or NULL */
	int numeric;		/* keys are whole numbers, else texts */
	const char *where;	/* a condition besides, without keys; or NULL */
};
int db_ask_rows(struct db *d, const struct db_select *s, const struct slice *key, size_t n, struct db_fault *f);

/* For --version. */
const char *db_libraries(void);

#endif
