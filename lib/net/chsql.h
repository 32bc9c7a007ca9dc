#ifndef NET_CHSQL_H_
#define NET_CHSQL_H_

#include <stddef.h>

#include "base/slice.h"

/*
 * Just enough of ClickHouse's SQL to serve a statement over HTTP: where the data
 * of an INSERT begins, which format, and what must be refused because the
 * engine's grants do not cover it.  The engine parses for real afterwards.
 */
enum chsql_kind {
	CHSQL_OTHER,
	CHSQL_SELECT,		/* begins as a query that gives rows */
	CHSQL_INSERT_DATA,	/* data follows: in the text behind .data, or in the body */
	CHSQL_INSERT_SELECT	/* brings its rows itself */
};

struct chsql {
	enum chsql_kind kind;
	struct slice format;	/* of the FORMAT clause, "Values", or empty */
	struct slice settings;	/* CHSQL_INSERT_DATA: "SETTINGS a = 1" between format and data, or empty */
	size_t head;		/* CHSQL_INSERT_DATA: length of the statement in front of FORMAT or VALUES */
	size_t data;		/* CHSQL_INSERT_DATA: offset of the data */
	unsigned empty : 1;	/* blanks, comments and semicolons only */
	unsigned outfile : 1;	/* INTO OUTFILE */
	unsigned infile : 1;	/* FROM INFILE */
	unsigned outside : 1;	/* file(path) or disk(type = ...), which no grant stops */
	unsigned input_function : 1;	/* input(...) */
	unsigned whole : 1;	/* result has a part at its end that belongs to all of it (totals, extremes, one array) */
};

/*
 * Looks at the n bytes of text known so far.  The first fixed bytes of it are a
 * statement of their own with the data, if any, behind them (an URL's query and
 * the request's body); 0: text holds both.  end: there is no more.
 * 1: *q is filled, its slices point into text.  0: more bytes are needed.
 */
int chsql_parse(const char *text, size_t n, size_t fixed, int end, struct chsql *q);

#endif
