#ifndef NET_CHSCHEMA_H_
#define NET_CHSCHEMA_H_

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/clickhouse.h"

/*
 * The schema that ships with Waybill (scripts/sql/clickhouse.sql, clickhouse_views.sql)
 * on servers of any version.  It is written for current ones, with one column,
 * constraint, index or clause a line.
 */

/*
 * Appends text, for a server of that version.  Below CH_LEGACY: LowCardinality(String)
 * is String, DateTime64(3, 'UTC') DateTime('UTC'), Bool UInt8; codecs, constraints,
 * indexes and table comments are left out; a view is dropped and made again.
 */
void chschema_adapt(struct slice text, unsigned version, struct buf *out);

/* The statement of text that makes the table: 1, or 0 when there is none. */
int chschema_table(struct slice text, const char *table, struct slice *one);

/*
 * Brings the store to the schema of an (adapted) text: each statement is run, and
 * for a table that was there before its missing columns are added.  say is told each
 * statement that changes something; dry: nothing is run but questions.  Run again it
 * changes nothing.  0, or -1 with f.
 */
int chschema_apply(struct ch *c, struct slice text, int dry, void (*say)(void *arg, struct slice statement), void *arg,
    struct ch_fault *f);

#endif
