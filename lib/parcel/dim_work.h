#ifndef PARCEL_DIM_WORK_H_
#define PARCEL_DIM_WORK_H_

#include <stddef.h>
#include <stdint.h>

#include "parcel/dim.h"

/*
 * The inside of a dimension: dim_read.c reads rows, of the source and of the dimension,
 * dim.c compares them and writes what changed.
 *
 * A row is read into two texts, the members of its key and those of its attributes, in
 * one spelling, so that equal attributes are equal bytes, wherever they come from.
 */
#define OPEN 4291660800			/* seconds: 2105-12-31, the end of the current version */
#define ATTRS_MAX 11

enum attr_type { TEXT, BOOL, COUNT, DAY, LATITUDE, LONGITUDE, CODE, KIND, ZONE };

struct attr {
	const char *name;
	enum attr_type type;
	size_t max;		/* bytes of a text */
	int must;		/* a row of the source needs it */
};

struct table {
	const char *key;	/* column of the dimension */
	const char *source;	/* that of the source */
	int history;		/* has versions */
	struct attr attr[ATTRS_MAX + 1];
};

extern const struct table dim_spec[DIM_TABLES];	/* dim_read.c */

struct dim_input {
	uint32_t key;
	size_t number;		/* in the order of coming */
	struct dim_version v;
	struct slice src;	/* value of "_src", or empty */
};

struct dim_change {
	uint32_t key;
	struct dim_version v;
	struct slice src;
};

/* dim.c: a copy of s that lives as long as the rows. */
struct slice dim_keep(struct dim *d, struct slice s);

/* The number of the key in d->key_text, new or known. */
uint32_t dim_add_key(struct dim *d);

/* Of two rows of the dimension: < 0 when a is the older one. */
int dim_age(const struct dim_version *a, const struct dim_version *b);

#endif
