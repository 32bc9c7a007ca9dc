#ifndef PARCEL_DIM_H_
#define PARCEL_DIM_H_

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "parcel/calendar.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * Rows of dimensions (wb-dim.1): what the store has of some keys, compared with rows
 * of the source, gives the rows that must be written.
 *
 *	dim_init(&d, DIM_CLIENT, now);
 *	rows come:		dim_row(&d, row, src, &f)
 *	they are complete:	for each key that dim_asks():  the store's rows of it, dim_current(&d, row, &f)
 *				n = dim_compare(&d);  dim_put(&d, i, dst) for each i < n
 *				dim_next(&d)
 *
 * The clients and carriers have a history: versions that begin at valid_from.  For them the
 * rows of one comparison are taken in the order of updated_at, of equal ones by their
 * attributes, whatever order they came in.  Regions and days have the newest attributes
 * only; of rows of one version the last counts.
 *
 * A row that was printed may not be in the store yet when the next comparison is made: it
 * is remembered until the store has shown it (or a newer one) and dim_asks() for its key.
 */
enum dim_table { DIM_CLIENT, DIM_CARRIER, DIM_REGION, DIM_DATE, DIM_TABLES };

extern const char *const dim_table_name[DIM_TABLES];

/* What a key has at some time: its attributes, and what stands beside them in the row. */
struct dim_version {
	int64_t from, to;	/* seconds; of a dimension with a history */
	int64_t version;	/* ms */
	uint64_t hash;		/* of the attributes */
	struct slice text;	/* the attributes as JSON members: "name":"Client 1","segment":"b2c" */
};

struct dim {
	enum dim_table table;
	uint64_t changed, same, older;	/* of the rows so far: they made a difference; none; were too old to */

	/* inner */
	int64_t now;		/* version of a region that says nothing of it */
	struct map keys;	/* by the members of the key as JSON */
	struct dim_key {
		struct dim_version newest;
		uint8_t has;	/* newest is set */
		uint8_t asked;	/* a row came */
		uint8_t fresh;	/* newest was printed and not seen in the store yet */
	} *key;
	size_t key_cap, key_n;
	struct dim_input *input;
	size_t inputs, input_cap;
	struct dim_change *change;
	size_t changes, change_cap;
	struct arena arena;	/* texts */
	struct buf text, key_text, plain, scratch;
	void *sha;
};

void dim_init(struct dim *d, enum dim_table table, int64_t now);
void dim_fini(struct dim *d);

/* Memory in use, roughly, in bytes. */
size_t dim_bytes(const struct dim *d);

/* Appends the columns that dim_current() needs, separated by commas; the column of the key. */
void dim_columns(enum dim_table table, struct buf *b);

/*
 * One row of the source: of clients or carriers as the database has it (id, updated_at,
 * the attributes), of regions as dim_region has it.  src is the value of "_src" or NULL.
 * 0, or -1 with the fault of the row.
 */
int dim_row(struct dim *d, const struct json *row, const struct json_value *src, struct fault *f);

/* The row of dim_date for a day, version in ms. */
void dim_day(struct dim *d, const struct calendar *c, int32_t day, int64_t version);

/*
 * Keys in the order in which they came: 1 when the store's rows of key i are needed, and
 * the value of its first member as JSON (a number, or a string in quotes).  i < dim_keys().
 */
size_t dim_keys(const struct dim *d);
int dim_asks(const struct dim *d, size_t i, struct slice *value);

/* One row of the dimension as it stands; of several of a key the newest counts.  0, or -1 with the fault. */
int dim_current(struct dim *d, const struct json *row, struct fault *f);

/* Number of rows to be written, in the order in which a reader may see them one by one. */
size_t dim_compare(struct dim *d);

/* The i-th of them at dst (dim_size() bytes, at most LINE_MAX_BYTES); returns its end, no LF. */
size_t dim_size(const struct dim *d, size_t i);
char *dim_put(const struct dim *d, size_t i, char *dst);

/* Forgets everything but what was printed and has not been seen in the store. */
void dim_next(struct dim *d);

#endif
