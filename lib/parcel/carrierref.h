#ifndef PARCEL_CARRIERREF_H_
#define PARCEL_CARRIERREF_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "base/zone.h"
#include "parcel/carriermap.h"
#include "rec/json.h"

/* The carriers that are known: their numbers, their zones, their maps. */
struct carrier {
	int64_t id;			/* 0: not known */
	const struct zone *zone;	/* of times without an offset */
	uint32_t map;			/* in the carriermap, or MAP_NONE */
	uint8_t quoted_n;
	char quoted[64];		/* the code as JSON has it, with quotes */
};

/* All zero knows none; carrierref_fini() frees it. */
struct carrierref {
	struct map codes;		/* carrier i is that of key i */
	struct map ids;			/* ids that are not 0 */
	uint32_t *by_id;		/* carrier, by the number of its id */
	struct carrier *carrier;
	struct carrier_version *version;	/* of rows of dim_carrier */
	size_t cap, by_id_cap, versions, version_cap;
};

/* Every carrier of the maps, with id 0 and zone UTC; names of maps in but (n of them) are none of carriers. */
void carrierref_of_maps(struct carrierref *r, const struct carriermap *m, const struct map *but);

/*
 * A row of the table carriers: id, code, tz ("" and null are UTC); a code that is there
 * already gets the new values.  Or a row of dim_carrier, which counts with carrierref_done():
 * carrier_id, valid_from, version, code, tz.  0, or -1 with EX_CONFIG.
 */
int carrierref_row(struct carrierref *r, const struct carriermap *m, const struct json *row, struct err *e);

/*
 * All rows are there.  Of the versions of a carrier in dim_carrier the newest counts, of its
 * copies the greatest version; of two carriers with one code the one that got it last.
 */
void carrierref_done(struct carrierref *r, const struct carriermap *m);
void carrierref_fini(struct carrierref *r);

/* Or NULL.  A pointer lives until the next carrier is added. */
const struct carrier *carrierref_code(const struct carrierref *r, struct slice code);
const struct carrier *carrierref_id(const struct carrierref *r, int64_t id);

/* The code, without quotes. */
static inline struct slice
carrier_code(const struct carrier *c)
{
	return (struct slice){ c->quoted + 1, c->quoted_n - 2u };
}

#endif
