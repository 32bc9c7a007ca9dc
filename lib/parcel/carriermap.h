#ifndef PARCEL_CARRIERMAP_H_
#define PARCEL_CARRIERMAP_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "parcel/taxonomy.h"

/*
 * What the codes of the carriers mean (wb-status.5 "Carrier maps"): one map a carrier,
 * read from CSV, looked up by code and subcode as they were sent.
 */
enum map_effect { EFFECT_NONE, EFFECT_VOID_PREVIOUS, EFFECT_TO_RECIPIENT };

enum map_hit {
	HIT_GIVEN,	/* the event said its status, the map was not asked */
	HIT_EXACT,	/* by code and subcode */
	HIT_CODE,	/* by the code alone */
	HIT_NONE,	/* not mapped */
	HIT_N
};

extern const char *const map_hit_name[HIT_N];

#define MAP_CODE_MAX 128	/* bytes of a code, of a subcode */
#define MAP_SUBCODE_MAX 64

struct map_row {
	uint16_t reason;	/* of the taxonomy */
	uint8_t status;		/* enum status */
	uint8_t effect;		/* enum map_effect */
};

/* All zero holds no map; carriermap_fini() frees it. */
struct carriermap {
	struct map names;		/* of the maps: map i is that of key i */
	struct map keys;		/* carrier, code and subcode in all their forms; see key() */
	uint32_t *row_of;		/* by number of the key */
	size_t row_of_cap;
	struct map_row *row;
	size_t rows, row_cap;
	struct map_cover {		/* of map i, for people */
		uint32_t rows;
		uint32_t status[STATUS_N];	/* rows of that status */
	} *cover;
	size_t cover_cap;
};

/*
 * Adds the map of one carrier from the bytes of its file; file is its name for
 * messages.  0, or -1 with EX_CONFIG, "FILE:LINE: fault"; m is then of no use but for
 * carriermap_fini().
 */
int carriermap_add(struct carriermap *m, const struct taxonomy *t, struct slice carrier,
    const char *file, struct slice csv, struct err *e);
void carriermap_fini(struct carriermap *m);

/* 1 when s has the form of a carrier code: [a-z0-9][a-z0-9_.-]{0,31}. */
int carrier_code_valid(struct slice s);

/* The number of a carrier's map, or MAP_NONE. */
static inline uint32_t
carriermap_find(const struct carriermap *m, struct slice carrier)
{
	return map_find(&m->names, carrier);
}

/*
 * What the code means: HIT_EXACT, HIT_CODE or HIT_NONE, and *row (HIT_NONE: status
 * unknown, no reason, no effect).  map may be MAP_NONE.
 */
enum map_hit carriermap_lookup(const struct carriermap *m, uint32_t map, struct slice code,
    struct slice subcode, struct map_row *row);

#endif
