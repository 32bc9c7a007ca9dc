#ifndef NET_NATIVE_H_
#define NET_NATIVE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/chtype.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Columns in ClickHouse's Native format, filled from JSON values.  What the column
 * cannot hold exactly is refused here, never bent: range, type, null, dates, enum.
 *
 * Types: UInt8..64, Int8..64, Float32, Float64, Bool, String, FixedString, Date, Date32,
 * DateTime, DateTime64, Decimal up to 18 digits, Enum8, Enum16, LowCardinality(String),
 * Nullable of these but LowCardinality, Array of these but Nullable.
 */
struct native_dict {
	struct buf keys;	/* as they are sent: length, bytes */
	struct native_key *key;
	size_t n, cap;
	uint32_t *slot;		/* number + 1, or 0 */
	size_t slots;
	uint32_t recent;	/* the key asked for last */
};

struct native_col {
	const struct chtype *type;	/* of one value: what Nullable, LowCardinality, Array hold */
	unsigned array : 1, nullable : 1, low : 1;
	unsigned bool8 : 1;		/* a UInt8 that stands for Bool on servers without it */
	unsigned object : 1;		/* a String that takes an object as text, {} as "" */
	struct slice name, text;	/* as sent in the block; of the caller */
	struct buf data;		/* values; of a LowCardinality numbers of keys, 4 bytes each */
	struct buf nulls;		/* a byte a value */
	struct buf offsets;		/* of an array: ends, 8 bytes each */
	struct native_dict dict;
	struct buf narrow;		/* the numbers of keys as they are sent */
	uint64_t values;		/* in data: rows, or elements of all arrays */
	size_t prev;			/* of data.n before the last row, where it cannot be computed */
	int64_t last;			/* the last value: integers, Bool; dates and times in ms since 1970, before cutting */
	int last_null;
};

/* 0, or -1 with EX_CONFIG: a type that is not listed above.  type lives as long as c. */
int native_col_init(struct native_col *c, const struct chtype *type, struct err *e);
void native_col_fini(struct native_col *c);
void native_col_clear(struct native_col *c);	/* keeps the memory */

/*
 * Adds a row.  0, or -1 with code "column", and nothing added.  native_undo() takes
 * the last row off again, once.
 */
int native_add(struct native_col *c, const struct json_value *v, struct fault *f);
int native_add_i64(struct native_col *c, int64_t v, struct fault *f);
void native_add_empty(struct native_col *c);	/* null, 0, "", [], false; 1970; an enum's first item */
void native_undo(struct native_col *c);

/* The number of milliseconds in a time value, as native_add() reads it for a Date or DateTime column.  0 or -1. */
int native_time(const struct json_value *v, int64_t *ms);

/* Mixes the value of the row added last, and not undone, into a 128-bit hash. */
void native_hash_last(const struct native_col *c, uint64_t hash[2]);

/* Appends the rows [from, to) of src whose keep byte (NULL: all) is set, to dst of the same type. */
void native_copy(struct native_col *dst, const struct native_col *src, uint64_t from, uint64_t to, const unsigned char *keep);

/*
 * The block of these columns: parts[] is set to slices of head (which is cleared
 * first) and of the columns, valid until one of them changes; at most
 * NATIVE_PARTS(n).  Returns their number.
 */
#define NATIVE_PARTS(n) (6 * (n) + 1)
size_t native_block(struct native_col *c, size_t n, uint64_t rows, struct buf *head, struct slice *part);

/* Bytes held by the column's rows. */
size_t native_bytes(const struct native_col *c);

#endif
