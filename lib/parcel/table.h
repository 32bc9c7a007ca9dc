#ifndef PARCEL_TABLE_H_
#define PARCEL_TABLE_H_

#include <stddef.h>

/*
 * What the loaders know of tables and members beyond what the store tells
 * (wb-records.5 "Loading").
 */

/*
 * Names of members that records, documents and rows of the OLTP tables may have: a
 * loader passes over those that its table lacks; any other is "unknown".
 */
extern const char *const table_known[];
extern const size_t table_known_n;

/* The member may be absent, and then stands for the empty value of its type. */
int table_may_lack(const char *table, const char *column);

/* A column of 0 and 1 in stores without a type for booleans. */
int table_is_bool(const char *column);

/* A text column that takes an object, as text; {} is "". */
int table_is_object(const char *column);

/* A column that says how a row came to be, not what it says. */
int table_is_lineage(const char *column);

/* Left to the store's own clock. */
#define TABLE_LOADED_AT "loaded_at"

/* Of equal versions of a key the smaller line stands (else the last one). */
int table_tie_smaller(const char *table);

/* wb_horizon's scope of a mart, NULL: it has none.  Its column of full hours, NULL: it stands on days. */
const char *table_scope(const char *mart);
const char *table_hour(const char *mart);

#endif
