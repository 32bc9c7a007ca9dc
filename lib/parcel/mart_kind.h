#ifndef PARCEL_MART_KIND_H_
#define PARCEL_MART_KIND_H_

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utc.h"
#include "parcel/ladder.h"
#include "parcel/mart.h"

/*
 * How a mart is made; for mart.c, mart_read.c, mart_put.c and the marts alone.
 *
 * A mart is one file, mart_NAME.c, and a line in the list of mart.c.  The file has the
 * columns of the table, the members it reads, each with its type, and a function that
 * counts one record whose members have been read and checked.  That function names the
 * key, asks for the cell of a day or hour, and adds to its columns; mart_sla.c is the
 * plainest example.  Nothing may be counted before all is known to be right.
 *
 * A row is found by its key, the bytes
 *
 *	day or hour:4 id:4 ... text NUL text NUL ...	(big endian, the sign of the first turned)
 *
 * whose order is the order of the rows.  What it counts is a cell: an array of 64-bit
 * numbers, one a column, of a histogram as many as it has buckets.
 */
enum mart_column_type {
	/* of the key; a key has its columns in the order of the table, ids before texts */
	KEY_DAY,
	KEY_HOUR,
	DAY_OF_HOUR,	/* the UTC day of KEY_HOUR, not a part of the key */
	KEY_ID,
	KEY_TEXT,
	/* of the cell */
	COUNT,		/* 32 bits */
	GREATEST,	/* 32 bits */
	SUM,		/* 63 bits */
	MONEY,		/* cents, 12 digits before the point */
	FIRST_AT,	/* seconds since 1970; 0 is null */
	LAST_AT,
	H31, S19, M18,	/* a histogram of that ladder */
	MARK,		/* not a column: number of the record that was last seen here */
};
struct mart_column {
	const char *name;
	enum mart_column_type type;
};

/* The type of a member, and what it may lack. */
enum mart_member_type {
	M_ID,		/* 0 .. 2^32 - 1 */
	M_U16,
	M_I32,
	M_I64,
	M_TEXT,
	M_FLAG,		/* true and false, or 1 and 0 */
	M_DAY,
	M_TIME,
	M_MONEY,	/* a decimal of 2 digits behind the point; n is cents */
	M_LIST,		/* an array; list */
	M_TYPE = 15,
	M_OR_NULL = 16,
	M_OR_ABSENT = 32	/* empty when it is not there, as events have it */
};
struct mart_member {
	const char *name;
	unsigned type;
};

/* A member that was read. */
struct mart_value {
	int known;			/* 0: null or absent, and the rest is zero */
	int64_t n;			/* number, flag, day, ms, cents */
	struct slice text;
	const struct json_value *list;
};

/* Tables from lists of X(name, type): columns get enumerators C_name, members V_name. */
#define MART_COLUMN_ENUM(n, t) C_##n,
#define MART_COLUMN_ROW(n, t) { #n, t },
#define MART_MEMBER_ENUM(n, t) V_##n,
#define MART_MEMBER_ROW(n, t) { #n, t },

#define MART_COLUMNS_MAX 48
#define MART_MEMBERS_MAX 40
#define MART_SOURCES_MAX 3

/* A kind of records that a mart is made of. */
struct mart_source {
	const char *view;
	const char *told_by;	/* a member that the other kinds lack; NULL: there is one kind */
	const struct mart_member *member;
	size_t members;
	int (*add)(struct mart *m, const struct mart_value *v, struct fault *f);	/* as mart_add() */
};

struct mart_kind {
	const char *name;
	const struct mart_column *column;
	size_t columns;
	const struct mart_source *source;
	size_t sources;
	/* the rest may be NULL or 0 */
	int (*has)(const struct mart *m, const uint64_t *cell, size_t column);	/* 0: that histogram is [] */
	size_t own;				/* bytes of m->own, all zero at first */
	int (*finish)(struct mart *m);		/* counts what was held back; 0, or -1 with m->e */
	size_t (*own_bytes)(const struct mart *m);
	void (*own_fini)(struct mart *m);
};
extern const struct mart_kind mart_delivery, mart_sla, mart_courier, mart_backlog, mart_support, mart_integration;

struct mart {
	const struct mart_kind *kind;
	int64_t now;
	struct json_names *names[MART_SOURCES_MAX], *told_by;
	const struct json_member *slot[MART_MEMBERS_MAX];
	struct mart_value value[MART_MEMBERS_MAX];
	size_t off[MART_COLUMNS_MAX];	/* where a column begins in a cell */
	size_t width;			/* numbers in a cell */
	struct map keys;
	uint64_t *cell;			/* by number of the key */
	size_t cap;
	uint32_t *order;		/* rows as sorted */
	uint64_t counter_max, sum_max;
	struct buf key;
	char *scratch;			/* texts that needed unescaping; as long as the record */
	size_t scratch_cap, scratch_used;
	const struct days *days;	/* wanted; NULL: all */
	uint64_t record;		/* number of the one being added, from 1 */
	int counted;			/* a cell has been asked for, and was wanted */
	struct err *e;
	void *own;
};

/* mart_read.c: reads the members of source into m->value.  0, or -1 with the fault. */
int mart_read(struct mart *m, const struct mart_source *source, const struct json *j, struct fault *f);

/* mart.c: the key, without its day or hour: ids, then texts. */
void mart_key(struct mart *m);
void mart_key_id(struct mart *m, int64_t id);
void mart_key_text(struct mart *m, struct slice text);

/* The cell of that key and a day, or an hour since 1970; NULL when that is not wanted. */
uint64_t *mart_cell(struct mart *m, int32_t at);

/* Adds to a sum, a histogram, an extreme.  mart_sum(): 0, or -1 with m->e when it does not fit. */
int mart_sum(struct mart *m, uint64_t *cell, size_t column, uint64_t v);
void mart_hist(const struct mart *m, uint64_t *cell, size_t column, int64_t v);
void mart_first_last(const struct mart *m, uint64_t *cell, size_t first, size_t last, int64_t ms);

/*
 * Whole seconds between two times: into sum, n, and (hist not 0) histogram, unless one is
 * not known or the span is negative.  As mart_sum().
 */
int mart_span(struct mart *m, uint64_t *cell, const struct mart_value *from, const struct mart_value *to,
    size_t sum, size_t n, size_t hist);

/* What mart_add() answers when cells have been asked for. */
int mart_result(const struct mart *m);

static inline uint64_t *
mart_at(const struct mart *m, uint64_t *cell, size_t column)
{
	return &cell[m->off[column]];
}

static inline void
mart_count(const struct mart *m, uint64_t *cell, size_t column, int yes)
{
	cell[m->off[column]] += (uint64_t)(yes != 0);
}

/* The hour since 1970 that a time lies in. */
static inline int32_t
mart_hour(int64_t ms)
{
	int64_t hour = ms / 3600000;

	return (int32_t)(hour - (ms < hour * 3600000));
}

/*
 * The steps of a shipment: members of type M_LIST, side by side in the order of these
 * enumerators.  A mart reads the first n of them.
 */
enum { STEP_DAY, STEP_STATUS, STEP_STATE, STEP_REASON, STEP_ATTEMPT, STEP_AT, STEP_COURIER, STEP_REGION, STEP_N };

struct mart_steps {
	struct mart *m;
	const struct mart_member *member;
	size_t n;
	struct json_walk walk[STEP_N];
	struct json_member now[STEP_N];
};
struct mart_step {
	int32_t day;
	int64_t at;
	int attempt;
	struct slice status, state, reason;	/* as they stand: words need no escapes */
	struct slice courier, region;		/* until the next step */
};

/* v and member are those of STEP_DAY.  Next: 1, 0 at the end, -1 with the fault. */
void mart_steps(struct mart_steps *s, struct mart *m, const struct mart_value *v, const struct mart_member *member, size_t n);
int mart_step_next(struct mart_steps *s, struct mart_step *one, struct fault *f);

#endif
