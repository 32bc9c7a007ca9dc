#ifndef RUN_DB_WORK_H_
#define RUN_DB_WORK_H_

#include "run/db.h"

/* The kinds of stores, for db.c: what db.h says, of the one kind.  s is what open() gave. */
struct db_ops {
	const char *name;
	void *(*open)(const char *url, const struct tool *t, struct err *e);
	void (*close)(void *s);
	int (*statement)(struct slice *text, struct slice *one);
	int (*ask)(void *s, struct slice sql, const struct sql_param *p, size_t n, struct db_fault *f);
	int (*ask_rows)(void *s, const struct db_select *q, const struct slice *key, size_t n, struct db_fault *f);
	int (*next)(void *s, struct db_fault *f);
	size_t (*size)(const void *s);
	char *(*json)(void *s, char *dst);
	char *(*cell)(void *s, size_t col, char *dst, int *null);
	size_t (*columns)(const void *s);
	struct slice (*column)(const void *s, size_t col);
	void (*done)(void *s);
};

extern const struct db_ops db_clickhouse, db_postgres;

#endif
