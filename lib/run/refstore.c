/* What wb-enrich needs from a store. */
#include "run/refstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utc.h"

#define OLD_NS INT64_C(60000000000)	/* dimensions older than that are read again */
#define MISSING_NS INT64_C(1000000000)	/* and when something is missing in them */
#define ID_ROOM (6 * 64 + 2)

void
refstore_fini(struct refstore *x)
{
	map_fini(&x->ids);
	map_fini(&x->bad);
	free(x->why);
	buf_fini(&x->number);
	free(x->number_at);
	free(x->key);
	*x = (struct refstore){ 0 };
}

void
refstore_want(struct refstore *x, struct slice shipment_id)
{
	(void)map_add(&x->ids, shipment_id);
}

/* ---- rows */

static int
client_row(void *arg, const struct json *row, struct err *e)
{
	return refs_client(((struct refstore *)arg)->refs, row, e);
}

static int
carrier_row(void *arg, const struct json *row, struct err *e)
{
	return refs_carrier(((struct refstore *)arg)->refs, row, e);
}

static int
region_row(void *arg, const struct json *row, struct err *e)
{
	return refs_region(((struct refstore *)arg)->refs, row, e);
}

/* The shipment that a row of stg_shipment is of; buf has room for ID_ROOM bytes. */
static struct slice
id_of(const struct json *row, char *buf)
{
	const struct json_member *m = json_get(row, SLICE("shipment_id"));

	return m != NULL && m->v.type == JSON_STRING && m->v.raw.n <= ID_ROOM ? json_text(&m->v, buf) : (struct slice){ 0 };
}

/* A row that does not read is the fault of its shipment alone. */
static int
shipment_row(void *arg, const struct json *row, struct err *e)
{
	struct refstore *x = arg;
	char buf[ID_ROOM];
	struct slice id;
	uint32_t i;

	if (refs_shipment(x->refs, row, e) == 0)
		return 0;
	id = id_of(row, buf);
	if (id.n == 0)
		return -1;
	i = map_add(&x->bad, id);
	x->why = mem_grow(x->why, &x->why_cap, x->bad.n, sizeof *x->why);
	(void)snprintf(x->why[i], sizeof x->why[i], "%.255s", e->msg);
	*e = ERR_NONE;
	return 0;
}

/* The contacts that are, or were, of a shipment. */
static int
contact_id_row(void *arg, const struct json *row, struct err *e)
{
	struct refstore *x = arg;
	const struct json_member *m = json_get(row, SLICE("id"));

	if (m == NULL || m->v.type != JSON_NUMBER)
		return err_set(e, EX_CONFIG, "id: not a number");
	x->number_at = mem_grow(x->number_at, &x->number_cap, x->numbers + 2, sizeof *x->number_at);
	x->number_at[x->numbers++] = x->number.n;
	buf_slice(&x->number, m->v.raw);
	x->number_at[x->numbers] = x->number.n;
	return 0;
}

/* A row that does not read is the fault of its contact alone. */
static int
contact_row(void *arg, const struct json *row, struct err *e)
{
	struct refstore *x = arg;

	if (refs_contact(x->refs, row, e) == -1) {
		x->unread++;
		x->unread_why = *e;
		*e = ERR_NONE;
	}
	return 0;
}

/* ---- reading */

static int
read_dimensions(struct refstore *x, struct err *e)
{
	const struct store_query query[] = {
		{ .table = "dim_client", .columns = "client_id, valid_from, segment, tier, version", .row = client_row, .arg = x },
		{ .table = "dim_carrier", .columns = "carrier_id, valid_from, code, version", .row = carrier_row, .arg = x },
		{ .table = "dim_region", .columns = "region_code, tz, is_remote, version", .row = region_row, .arg = x },
	};
	int64_t now = utc_mono();
	size_t i;

	/* rows that are there already are written over: nothing of a dimension is ever taken back */
	for (i = 0; i < sizeof query / sizeof *query; i++)
		if (x->parts & 1u << i && store_rows(x->store, &query[i], NULL, 0, e) == -1)
			return -1;
	x->read = now;
	return 0;
}

static int
read_shipments(struct refstore *x, struct err *e)
{
	const struct store_query query = { .table = "stg_shipment", .key = "shipment_id", .row = shipment_row, .arg = x,
	    .columns = "shipment_id, client_id, carrier_id, tracking_number, service_code, delivery_mode, origin_region, "
	    "dest_region, promised_at, promised_on, promised_first_at, promised_first_on, price, weight_g, pieces, created_at, updated_at" };

	refs_clear_shipments(x->refs);
	map_fini(&x->bad);
	return store_rows(x->store, &query, x->key, x->ids.n, e);
}

/* A contact may have been moved to another shipment: its newest row tells, found by its id. */
static int
read_contacts(struct refstore *x, struct err *e)
{
	const struct store_query ids = { .table = "stg_contact", .columns = "id", .key = "shipment_id", .row = contact_id_row, .arg = x };
	const struct store_query rows = { .table = "stg_contact", .columns = "id, shipment_id, topic, opened_at, updated_at",
	    .key = "id", .numeric = 1, .row = contact_row, .arg = x };
	size_t i;

	refs_clear_contacts(x->refs);
	buf_clear(&x->number);
	x->numbers = 0;
	if (store_rows(x->store, &ids, x->key, x->ids.n, e) == -1)
		return -1;
	x->key = mem_grow(x->key, &x->key_cap, x->numbers, sizeof *x->key);
	for (i = 0; i < x->numbers; i++)
		x->key[i] = (struct slice){ x->number.p + x->number_at[i], x->number_at[i + 1] - x->number_at[i] };
	if (store_rows(x->store, &rows, x->key, x->numbers, e) == -1)
		return -1;
	refs_contacts(x->refs);
	return 0;
}

/* Whether shipments name what the dimensions do not have. */
static int
missing(const struct refstore *x)
{
	const struct refs *r = x->refs;
	const struct ref_shipment *s;
	struct slice origin, dest;
	size_t i;

	for (i = 0; x->parts & REFSTORE_SHIPMENTS && i < r->shipments.n; i++) {
		s = &r->shipment[i];
		origin = refs_shipment_word(r, s->origin);
		dest = refs_shipment_word(r, s->dest);
		if ((x->parts & REFSTORE_CLIENTS && s->client != 0 && refs_find_client(r, s->client, s->created) == NULL) ||
		    (x->parts & REFSTORE_CARRIERS && s->carrier != 0 && refs_find_carrier(r, s->carrier).p == NULL) ||
		    (x->parts & REFSTORE_REGIONS && origin.n > 0 && refs_find_region(r, origin) == NULL) ||
		    (x->parts & REFSTORE_REGIONS && dest.n > 0 && refs_find_region(r, dest) == NULL))
			return 1;
	}
	return 0;
}

int
refstore_read(struct refstore *x, struct err *e)
{
	int rc = 0, fresh;
	uint32_t i;

	if (x->ids.n == 0)
		return 0;
	fresh = x->read != 0 && utc_mono() - x->read < OLD_NS;
	if (!fresh)
		rc = read_dimensions(x, e);
	x->key = mem_grow(x->key, &x->key_cap, x->ids.n, sizeof *x->key);
	for (i = 0; i < x->ids.n; i++)
		x->key[i] = map_key(&x->ids, i);
	if (rc == 0 && x->parts & REFSTORE_SHIPMENTS)
		rc = read_shipments(x, e);
	if (rc == 0 && x->parts & REFSTORE_CONTACTS)
		rc = read_contacts(x, e);
	if (rc == 0 && fresh && utc_mono() - x->read >= MISSING_NS && missing(x))
		rc = read_dimensions(x, e);
	map_fini(&x->ids);
	return rc;
}

int
refstore_bad(const struct refstore *x, struct slice shipment_id, struct fault *f)
{
	uint32_t i = map_find(&x->bad, shipment_id);

	if (i == MAP_NONE)
		return 0;
	(void)fault_set(f, "column", "", "its row in stg_shipment: %s", x->why[i]);
	return 1;
}
