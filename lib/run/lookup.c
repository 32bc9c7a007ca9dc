/* Carriers and tracking numbers, from a store. */
#include "run/lookup.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utc.h"

#define OLD_NS INT64_C(60000000000)	/* carriers older than that are read again */
#define MISSING_NS INT64_C(1000000000)	/* and when one is missing */
#define ID_ROOM (6 * 64 + 2)

void
lookup_fini(struct lookup *l)
{
	lookup_clear(l);
	free(l->key);
	*l = (struct lookup){ 0 };
}

struct reading {
	struct carrierref ref;
	const struct carriermap *maps;
};

static int
carrier_row(void *arg, const struct json *row, struct err *e)
{
	struct reading *r = arg;

	return carrierref_row(&r->ref, r->maps, row, e);
}

int
lookup_carriers(struct lookup *l, struct err *e)
{
	struct reading r = { .maps = l->maps };
	const struct store_query query = { .table = "dim_carrier", .columns = "carrier_id, valid_from, version, code, tz",
	    .row = carrier_row, .arg = &r };

	if (store_rows(l->store, &query, NULL, 0, e) == -1) {
		carrierref_fini(&r.ref);
		return -1;
	}
	carrierref_done(&r.ref, l->maps);
	if (r.ref.codes.n == 0) {
		carrierref_fini(&r.ref);
		return err_set(e, EX_CONFIG, "dim_carrier: no carrier is there (wb-dim -t dim_carrier)");
	}
	carrierref_fini(l->carriers);
	*l->carriers = r.ref;
	l->read = utc_mono();
	return 0;
}

int
lookup_renew(struct lookup *l, int missing, struct err *e)
{
	if (l->carriers == NULL || utc_mono() - l->read < (missing ? MISSING_NS : OLD_NS))
		return 0;
	return lookup_carriers(l, e) == -1 ? -1 : 1;
}

static int
find(void *arg, struct slice tracking, int64_t carrier_id, struct slice *shipment_id, struct err *e)
{
	struct lookup *l = arg;
	uint32_t i = map_add(&l->numbers, tracking);

	if (i < l->answered)
		return l->by_number.find(l->by_number.arg, tracking, carrier_id, shipment_id, e);
	l->waits = 1;
	return 0;
}

struct shipref
lookup_ref(struct lookup *l)
{
	return (struct shipref){ find, l };
}

int
lookup_waits(struct lookup *l)
{
	int waits = l->waits;

	l->waits = 0;
	return waits;
}

static int
id_row(void *arg, const struct json *row, struct err *e)
{
	struct lookup *l = arg;
	const struct json_member *m = json_get(row, SLICE("shipment_id"));
	char buf[ID_ROOM];

	(void)e;
	if (m != NULL && m->v.type == JSON_STRING && m->v.raw.n <= sizeof buf)
		(void)map_add(&l->ids, json_text(&m->v, buf));
	return 0;
}

/* A row that does not read has no number that an event could have. */
static int
shipment_row(void *arg, const struct json *row, struct err *e)
{
	struct lookup *l = arg;

	if (shiptable_row(&l->table, row, e) == -1)
		*e = ERR_NONE;
	return 0;
}

static const struct slice *
keys_of(struct lookup *l, const struct map *m)
{
	uint32_t i;

	l->key = mem_grow(l->key, &l->key_cap, m->n, sizeof *l->key);
	for (i = 0; i < m->n; i++)
		l->key[i] = map_key(m, i);
	return l->key;
}

/* First the shipments that have had such a number, then their rows, of which the newest says which number they have. */
int
lookup_ask(struct lookup *l, struct err *e)
{
	const struct store_query ids = { .table = "stg_shipment", .columns = "shipment_id", .key = "tracking_number", .row = id_row, .arg = l };
	const struct store_query rows = { .table = "stg_shipment", .key = "shipment_id", .row = shipment_row, .arg = l,
	    .columns = "shipment_id, tracking_number, carrier_id, created_at, updated_at" };

	if (store_rows(l->store, &ids, keys_of(l, &l->numbers), l->numbers.n, e) == -1 ||
	    store_rows(l->store, &rows, keys_of(l, &l->ids), l->ids.n, e) == -1)
		return -1;
	l->by_number = shiptable_ref(&l->table);
	l->answered = (uint32_t)l->numbers.n;
	return 0;
}

void
lookup_clear(struct lookup *l)
{
	map_fini(&l->numbers);
	map_fini(&l->ids);
	shiptable_fini(&l->table);
	l->answered = 0;
	l->waits = 0;
}
