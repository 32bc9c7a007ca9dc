#ifndef NET_CHTEXT_H_
#define NET_CHTEXT_H_

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/clickhouse.h"

/* ClickHouse's SQL as text: where a statement ends, what may be written into one. */

/*
 * Cuts the next statement off *sql: 1 and *one (without its semicolon, without what
 * is blank or comment before it), or 0 when only blanks and comments are left.
 * Semicolons in quotes and comments end nothing.
 */
int chtext_next(struct slice *sql, struct slice *one);

/*
 * Appends sql with every {name:Type} replaced by its value as a literal of that
 * type, for servers that do not bind.  0, or -1 with EX_USAGE: no such value, or
 * one that its type does not allow.  Types: String, FixedString, UUID, Enum; Date,
 * DateTime, DateTime64; whole numbers, Float, Decimal; Bool; Identifier;
 * Nullable(T), LowCardinality(T), Array(T) of these; Identifiers as below.
 */
int chtext_bind(struct slice sql, const struct sql_param *p, size_t n, struct buf *out, struct err *e);

/*
 * Appends sql with every {name:Identifiers} replaced by the names in its value, "a, b", each a name
 * (chtext_is_name()) and quoted; no server binds these.  0, or -1 with EX_USAGE.
 */
int chtext_lists(struct slice sql, const struct sql_param *p, size_t n, struct buf *out, struct err *e);

void chtext_escape(struct buf *b, const char *value);	/* as param_name wants a text: \ TAB LF escaped */
void chtext_string(struct buf *b, struct slice s);	/* 'quoted', any bytes */
void chtext_name(struct buf *b, struct slice s);	/* `quoted` */

/* A name that needs no quotes: a letter or _, then letters, digits, _; at most 127 bytes. */
int chtext_is_name(struct slice s);

#endif
