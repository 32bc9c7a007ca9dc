#ifndef PARCEL_REFS_H_
#define PARCEL_REFS_H_

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "base/zone.h"
#include "rec/json.h"

/*
 * Reference rows for documents (wb-enrich.1): attributes of shipments, versions of
 * clients, codes of carriers, zones of regions, support contacts.  Rows are as
 * wb-pg-extract writes them, or as wb-csv-extract does: all values strings, null for
 * empty.  Members that are not named below are passed over.
 *
 * Each refs_*() takes one row: 0, or -1 with EX_CONFIG, "field: fault".
 */

/* A promise: none, the day local to the destination, or the instant. */
enum promise { PROMISE_NONE, PROMISE_DAY, PROMISE_TIME };

struct ref_shipment {
	int64_t created, updated;	/* ms */
	int64_t first, now;		/* promises: day or ms */
	const char *text;		/* tracking number, then price */
	uint32_t client, carrier;	/* 0: none */
	uint32_t weight, pieces;
	uint32_t service, mode, origin, dest;	/* numbers in shipment_words */
	uint8_t first_kind, now_kind;	/* enum promise */
	uint8_t tracking_n, price_n;
};

struct ref_version {			/* of a client, from an instant on */
	int64_t from, version;
	uint32_t tier, segment;		/* numbers in words */
	uint32_t older;			/* number + 1 */
};

struct ref_region {
	const struct zone *zone;
	uint32_t tz;			/* its name, in words */
	int remote;
	int64_t version;
};

struct ref_contacts {			/* of a shipment */
	uint32_t n, wismo;
	int64_t last;			/* ms */
};

struct refs {
	struct map words;		/* texts that recur; 0 is the empty one */

	struct map shipments;		/* by shipment_id */
	struct map shipment_words;	/* those of shipments */
	struct arena arena;		/* and their other texts */
	struct ref_shipment *shipment;
	struct map clients;		/* by id, 8 bytes */
	uint32_t *newest;		/* by client: version number + 1 */
	struct ref_version *version;
	struct map carriers;		/* by id, 8 bytes */
	struct ref_carrier {
		uint32_t code;		/* in words */
		int64_t from, version;
	} *carrier;
	struct map regions;		/* by region_code */
	struct ref_region *region;
	struct map contact_ids;		/* by id, 8 bytes */
	struct ref_contact *contact;
	struct map contacted;		/* by shipment_id */
	struct ref_contacts *contacts;

	/* inner */
	size_t shipment_n, client_n, versions, carrier_n, region_n, contact_n;
	size_t shipment_cap, newest_cap, version_cap, carrier_cap, region_cap, contact_cap, contacts_cap;
	struct json_names *shipment_names;
};

void refs_init(struct refs *r);
void refs_fini(struct refs *r);

/*
 * shipment_id, client_id, carrier_id, tracking_number, service_code, delivery_mode,
 * origin_region, dest_region, promised_at, promised_on, promised_first_at,
 * promised_first_on, price, weight_g, pieces, created_at, updated_at.  Of two rows of a
 * shipment the one of the newest updated_at counts, of equal ones the last.
 */
int refs_shipment(struct refs *r, const struct json *row, struct err *e);

/*
 * id, tier, segment, updated_at: a version from updated_at on; or a row of dim_client:
 * client_id, valid_from, tier, segment, version.
 */
int refs_client(struct refs *r, const struct json *row, struct err *e);

/* id, code, updated_at; or a row of dim_carrier: carrier_id, valid_from, code, version.  The newest code counts. */
int refs_carrier(struct refs *r, const struct json *row, struct err *e);

/* region_code, tz, is_remote, version. */
int refs_region(struct refs *r, const struct json *row, struct err *e);

/*
 * id, shipment_id, topic, opened_at, updated_at.  Of two rows of an id the newest updated_at counts; one whose shipment_id is
 * too long for a shipment is of none.
 */
int refs_contact(struct refs *r, const struct json *row, struct err *e);

/* All contacts are there: counts them by shipment. */
void refs_contacts(struct refs *r);

/* Forgets all shipments; all contacts. */
void refs_clear_shipments(struct refs *r);
void refs_clear_contacts(struct refs *r);

/* The row, or NULL; lives until the next row is added. */
const struct ref_shipment *refs_find_shipment(const struct refs *r, struct slice shipment_id);
const struct ref_region *refs_find_region(const struct refs *r, struct slice region_code);
const struct ref_contacts *refs_find_contacts(const struct refs *r, struct slice shipment_id);

/* The client's version that is valid at an instant: the first one for an instant before it. */
const struct ref_version *refs_find_client(const struct refs *r, uint32_t id, int64_t at);

/* The carrier's code, p == NULL when it is not known. */
struct slice refs_find_carrier(const struct refs *r, uint32_t id);

static inline struct slice
refs_word(const struct refs *r, uint32_t i)
{
	return map_key(&r->words, i);
}

static inline struct slice
refs_shipment_word(const struct refs *r, uint32_t i)
{
	return map_key(&r->shipment_words, i);
}

static inline struct slice
ref_tracking(const struct ref_shipment *s)
{
	return (struct slice){ s->text, s->tracking_n };
}

static inline struct slice
ref_price(const struct ref_shipment *s)
{
	return (struct slice){ s->text + s->tracking_n, s->price_n };
}

#endif
