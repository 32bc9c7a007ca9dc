#ifndef NET_CHTABLE_H_
#define NET_CHTABLE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "net/clickhouse.h"
#include "net/native.h"
#include "net/table_rules.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * A table as a loader sees it: its columns, as the store describes them, and how the
 * members of a record fill them.
 */

enum chtable_absent {
	CHTABLE_MISSING,	/* a reject */
	CHTABLE_EMPTY,		/* the type's empty value, null where it may be */
	CHTABLE_LITERAL,	/* json */
	CHTABLE_SERVER,		/* the column is left out of the block */
};

struct chtable_column {
	char *name, *text;		/* name, type */
	struct chtype type;
	enum chtable_absent absent;
	char *json;			/* of CHTABLE_LITERAL, readable JSON_PAD bytes behind its end */
	struct json_value value;	/* the same */
	int null_is_default;
	int src;			/* 1..4: from "_src": topic, partition, offset, i */
	unsigned bit;			/* of CHTABLE_SERVER: its number + 1 */
	int bool8, object;
};

struct chtable {
	char *name;
	struct chtable_column *col;
	size_t cols;
	int month;		/* column of PARTITION BY toYYYYMM(column), or -1 */
	int version;		/* column of ReplacingMergeTree(column), or -1 */
	size_t key[16], keys;	/* columns of the key of a table that replaces; keys = 0: none */
	struct json_names *names;
	int uses_src;		/* has columns that "_src" fills */

	/* of the record picked last */
	const struct json_member **slot;
	struct json_value src[4];
	char src_text[3][24];
	int has_src;
};

#define CHTABLE_SERVER_MAX 32

/* Asks the store.  NULL with f: CH_CONFIG when there is no such table, or a column cannot be loaded. */
struct chtable *chtable_open(struct ch *c, const char *table, const struct table_rules *rules, struct ch_fault *f);
void chtable_close(struct chtable *t);

/* Makes the columns of a block. */
void chtable_columns(const struct chtable *t, struct native_col *col);

/*
 * Looks the record's members up, src being the value of "_src" or NULL.  0, or -1: it
 * has a member that belongs nowhere ("unknown"), or a broken "_src".  Valid while the record is.
 */
int chtable_pick(struct chtable *t, const struct json *j, const struct json_value *src, struct fault *f);

/*
 * Of the record picked: the month (year * 100 + month) of its partition, 0 when the
 * table has none or the value is no time (chtable_put() will say so), and a bit
 * for each column that is left to the server.
 */
void chtable_place(const struct chtable *t, uint32_t *month, uint32_t *left);

/* Adds the record picked as a row.  0, or -1: nothing was added ("column", "missing"). */
int chtable_put(const struct chtable *t, struct native_col *col, struct fault *f);

#endif
