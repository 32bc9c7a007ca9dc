/*
 * Reference rows in memory, small: texts that recur are numbers of words, and a
 * shipment is a struct and two short texts.
 */
#include "parcel/refs.h"

#include <stdlib.h>

#include "base/dec.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"

#define TEXT_MAX 128		/* bytes of a reference text */
#define ID_MAX 64		/* of a shipment that there is */

struct ref_contact {
	int64_t opened, updated;
	uint32_t shipment;	/* in contacted, or MAP_NONE */
	uint8_t wismo;
};

enum {
	S_SHIPMENT_ID, S_CLIENT_ID, S_CARRIER_ID, S_TRACKING_NUMBER, S_SERVICE_CODE, S_DELIVERY_MODE, S_ORIGIN_REGION,
	S_DEST_REGION, S_PROMISED_AT, S_PROMISED_ON, S_PROMISED_FIRST_AT, S_PROMISED_FIRST_ON, S_PRICE, S_WEIGHT_G,
	S_PIECES, S_CREATED_AT, S_UPDATED_AT, S_N
};
static const char *const shipment_name[S_N] = {
	"shipment_id", "client_id", "carrier_id", "tracking_number", "service_code", "delivery_mode", "origin_region",
	"dest_region", "promised_at", "promised_on", "promised_first_at", "promised_first_on", "price", "weight_g",
	"pieces", "created_at", "updated_at",
};

void
refs_init(struct refs *r)
{
	*r = (struct refs){ 0 };
	(void)map_add(&r->words, SLICE(""));
	(void)map_add(&r->shipment_words, SLICE(""));
	r->shipment_names = json_names_new(shipment_name, S_N);
}

void
refs_fini(struct refs *r)
{
	map_fini(&r->words);
	map_fini(&r->shipments);
	map_fini(&r->shipment_words);
	map_fini(&r->clients);
	map_fini(&r->carriers);
	map_fini(&r->regions);
	map_fini(&r->contact_ids);
	map_fini(&r->contacted);
	free(r->shipment);
	free(r->newest);
	free(r->version);
	free(r->carrier);
	free(r->region);
	free(r->contact);
	free(r->contacts);
	arena_fini(&r->arena);
	json_names_free(r->shipment_names);
	*r = (struct refs){ 0 };
}

/*
 * Values of a row.  Each returns 1 and the value, 0 for none (absent, null or empty), or
 * -1 with e.  m may be NULL.
 */
static int
bad(struct err *e, const char *name, const char *fault)
{
	return err_set(e, EX_CONFIG, "%s: %s", name, fault);
}

/* Text of at most max bytes, 6 * TEXT_MAX with its escapes, in the row or in buf (6 * TEXT_MAX bytes). */
static int
get_text(const struct json_member *m, const char *name, size_t max, char *buf, struct slice *s, struct err *e)
{
	*s = (struct slice){ "", 0 };
	if (m == NULL || m->v.type == JSON_NULL)
		return 0;
	if (m->v.type != JSON_STRING)
		return bad(e, name, "not a string");
	if (m->v.raw.n - 2 > 6 * TEXT_MAX)
		return bad(e, name, "too long");
	*s = json_text(&m->v, buf);
	if (s->n > max)
		return bad(e, name, "too long");
	return s->n > 0;
}

/* A number's text, bare or in a string. */
static int
get_number(const struct json_member *m, const char *name, struct slice *s, struct err *e)
{
	*s = (struct slice){ "", 0 };
	if (m == NULL || m->v.type == JSON_NULL)
		return 0;
	if (m->v.type == JSON_NUMBER)
		*s = m->v.raw;
	else if (m->v.type == JSON_STRING)
		*s = (struct slice){ m->v.raw.p + 1, m->v.raw.n - 2 };
	else
		return bad(e, name, "not a number");
	return s->n > 0;
}

static int
get_int(const struct json_member *m, const char *name, int64_t min, int64_t max, int64_t *v, struct err *e)
{
	struct slice s;
	int rc = get_number(m, name, &s, e);

	*v = 0;
	if (rc == 1 && (num_i64(s, v) == -1 || *v < min || *v > max))
		return bad(e, name, "not a whole number within its range");
	return rc;
}

/* Canonical, or as feeds write it; without an offset it is UTC.  A date alone only where is_day is given. */
static int
get_time(const struct json_member *m, const char *name, int64_t *ms, int *is_day, struct err *e)
{
	char buf[6 * TEXT_MAX];
	struct utc_text t = { 0 };
	struct slice s;
	int rc = get_text(m, name, 40, buf, &s, e);

	*ms = 0;
	if (rc == 1 && utc_get(s, ms) == -1) {
		if (utc_parse(s, &t) == -1 || (t.date_only && is_day == NULL))
			return bad(e, name, "not a time");
		*ms = t.ms - (int64_t)t.offset * 1000;
	}
	if (is_day != NULL)
		*is_day = rc == 1 && t.date_only;
	return rc;
}

static int
get_bool(const struct json_member *m, const char *name, int *v, struct err *e)
{
	static const struct { const char *text; int v; } word[] = {
		{ "true", 1 }, { "false", 0 }, { "t", 1 }, { "f", 0 }, { "1", 1 }, { "0", 0 },
	};
	struct slice s;
	size_t i;

	*v = 0;
	if (m == NULL || m->v.type == JSON_NULL)
		return 0;
	s = m->v.raw;
	if (m->v.type == JSON_STRING)
		s = (struct slice){ s.p + 1, s.n - 2 };
	if (s.n == 0)
		return 0;
	for (i = 0; i < sizeof word / sizeof *word; i++)
		if (slice_eq(s, slice_of(word[i].text))) {
			*v = word[i].v;
			return 1;
		}
	return bad(e, name, "neither true nor false");
}

/* What a row cannot do without. */
static int
needs(int rc, const char *name, struct err *e)
{
	return rc == 0 ? bad(e, name, "no value") : rc;
}

/* Texts that recur. */
static int
get_word(struct map *words, const struct json_member *m, const char *name, size_t max, uint32_t *word, struct err *e)
{
	char buf[6 * TEXT_MAX];
	struct slice s;
	int rc = get_text(m, name, max, buf, &s, e);

	*word = rc == 1 ? map_add(words, s) : 0;
	return rc;
}

static struct slice
key_of(const uint64_t *id)
{
	return (struct slice){ (const char *)id, sizeof *id };
}

/* A day, else a time, else none; both must be right. */
static int
get_promise(const struct json_member *const *slot, int on, int at, int64_t *v, uint8_t *kind, struct err *e)
{
	char buf[6 * TEXT_MAX];
	struct slice s;
	int64_t ms = 0;
	int32_t day = 0;
	int is_day = 0, has_day, has_time;

	*kind = PROMISE_NONE;
	*v = 0;
	if ((has_day = get_text(slot[on], shipment_name[on], 10, buf, &s, e)) == -1)
		return -1;
	if (has_day && utc_get_day(s, &day) == -1)
		return bad(e, shipment_name[on], "not a date");
	if ((has_time = get_time(slot[at], shipment_name[at], &ms, &is_day, e)) == -1)
		return -1;
	if (has_day || is_day) {
		*v = has_day ? day : utc_day_of(ms);
		*kind = PROMISE_DAY;
	} else if (has_time) {
		*v = ms;
		*kind = PROMISE_TIME;
	}
	return 0;
}

static int
get_price(const struct json_member *m, struct slice *s, struct err *e)
{
	struct dec d;
	int rc = get_number(m, "price", s, e);

	if (rc == 1 && (s->n > DEC_MAX || dec_parse(*s, &d) == -1))
		return bad(e, "price", "not a decimal number");
	if (rc == 0)
		*s = SLICE("0");
	return rc;
}

int
refs_shipment(struct refs *r, const struct json *row, struct err *e)
{
	char id_buf[6 * TEXT_MAX], tracking_buf[6 * TEXT_MAX], *text;
	const struct json_member *m[S_N];
	struct slice id, tracking, price, mode;
	struct ref_shipment s = { 0 };
	int64_t client, carrier, weight, pieces;
	uint32_t i;

	(void)json_pick(r->shipment_names, row, m, NULL, 0);
	if (needs(get_text(m[S_SHIPMENT_ID], "shipment_id", 64, id_buf, &id, e), "shipment_id", e) == -1 ||
	    needs(get_time(m[S_CREATED_AT], "created_at", &s.created, NULL, e), "created_at", e) == -1 ||
	    get_time(m[S_UPDATED_AT], "updated_at", &s.updated, NULL, e) == -1 ||
	    get_int(m[S_CLIENT_ID], "client_id", 0, UINT32_MAX, &client, e) == -1 ||
	    get_int(m[S_CARRIER_ID], "carrier_id", 0, UINT32_MAX, &carrier, e) == -1 ||
	    get_int(m[S_WEIGHT_G], "weight_g", 0, UINT32_MAX, &weight, e) == -1 ||
	    get_int(m[S_PIECES], "pieces", 0, UINT16_MAX, &pieces, e) == -1 ||
	    get_text(m[S_TRACKING_NUMBER], "tracking_number", 64, tracking_buf, &tracking, e) == -1 ||
	    get_word(&r->shipment_words, m[S_SERVICE_CODE], "service_code", 64, &s.service, e) == -1 ||
	    get_word(&r->shipment_words, m[S_ORIGIN_REGION], "origin_region", 64, &s.origin, e) == -1 ||
	    get_word(&r->shipment_words, m[S_DEST_REGION], "dest_region", 64, &s.dest, e) == -1 ||
	    get_promise(m, S_PROMISED_FIRST_ON, S_PROMISED_FIRST_AT, &s.first, &s.first_kind, e) == -1 ||
	    get_promise(m, S_PROMISED_ON, S_PROMISED_AT, &s.now, &s.now_kind, e) == -1 ||
	    get_price(m[S_PRICE], &price, e) == -1 ||
	    get_word(&r->shipment_words, m[S_DELIVERY_MODE], "delivery_mode", 16, &s.mode, e) == -1)
		return -1;
	mode = refs_shipment_word(r, s.mode);
	if (mode.n > 0 && !slice_eq(mode, SLICE("door")) && !slice_eq(mode, SLICE("pickup_point")) && !slice_eq(mode, SLICE("locker")))
		return bad(e, "delivery_mode", "not door, pickup_point or locker");
	s.client = (uint32_t)client;
	s.carrier = (uint32_t)carrier;
	s.weight = (uint32_t)weight;
	s.pieces = (uint32_t)pieces;
	i = map_add(&r->shipments, id);
	if (i < r->shipment_n && r->shipment[i].updated > s.updated)
		return 0;
	text = arena_get(&r->arena, tracking.n + price.n);
	memcpy(text, tracking.p, tracking.n);
	memcpy(text + tracking.n, price.p, price.n);
	s.text = text;
	s.tracking_n = (uint8_t)tracking.n;
	s.price_n = (uint8_t)price.n;
	r->shipment = mem_grow(r->shipment, &r->shipment_cap, r->shipments.n, sizeof *r->shipment);
	r->shipment[i] = s;
	r->shipment_n = r->shipments.n;
	return 0;
}

/* The id of a row and from when it holds: id and updated_at, or as the dimension has it. */
static int
get_version(const struct json *row, const char *dim_id, uint64_t *key, int64_t *from, int64_t *version, struct err *e)
{
	const struct json_member *m = json_get(row, slice_of(dim_id));
	const int dim = m != NULL;
	int64_t id;

	if (!dim)
		m = json_get(row, SLICE("id"));
	if (needs(get_int(m, dim ? dim_id : "id", 1, UINT32_MAX, &id, e), dim ? dim_id : "id", e) == -1)
		return -1;
	*key = (uint64_t)id;
	if (dim)
		return needs(get_time(json_get(row, SLICE("valid_from")), "valid_from", from, NULL, e), "valid_from", e) == -1 ? -1 :
		    get_int(json_get(row, SLICE("version")), "version", 0, INT64_MAX, version, e);
	if (get_time(json_get(row, SLICE("updated_at")), "updated_at", version, NULL, e) == -1)
		return -1;
	*from = utc_sec(*version) * 1000;	/* as the dimension has it: of two changes within one second the later counts */
	return 0;
}

int
refs_client(struct refs *r, const struct json *row, struct err *e)
{
	struct ref_version v = { 0 };
	uint32_t client, *link;
	uint64_t id;

	if (get_version(row, "client_id", &id, &v.from, &v.version, e) == -1 ||
	    get_word(&r->words, json_get(row, SLICE("tier")), "tier", TEXT_MAX, &v.tier, e) == -1 ||
	    get_word(&r->words, json_get(row, SLICE("segment")), "segment", TEXT_MAX, &v.segment, e) == -1)
		return -1;
	client = map_add(&r->clients, key_of(&id));
	r->newest = mem_grow(r->newest, &r->newest_cap, r->clients.n, sizeof *r->newest);
	if (client == r->client_n) {
		r->newest[client] = 0;
		r->client_n = r->clients.n;
	}
	r->version = mem_grow(r->version, &r->version_cap, r->versions + 1, sizeof *r->version);
	for (link = &r->newest[client]; *link != 0 && r->version[*link - 1].from > v.from;)
		link = &r->version[*link - 1].older;
	if (*link != 0 && r->version[*link - 1].from == v.from) {
		v.older = r->version[*link - 1].older;
		if (r->version[*link - 1].version <= v.version)
			r->version[*link - 1] = v;
		return 0;
	}
	v.older = *link;
	r->version[r->versions++] = v;
	*link = (uint32_t)r->versions;
	return 0;
}

int
refs_carrier(struct refs *r, const struct json *row, struct err *e)
{
	struct ref_carrier c = { 0 }, *old;
	uint64_t id;
	uint32_t i;

	if (get_version(row, "carrier_id", &id, &c.from, &c.version, e) == -1 ||
	    needs(get_word(&r->words, json_get(row, SLICE("code")), "code", 32, &c.code, e), "code", e) == -1)
		return -1;
	i = map_add(&r->carriers, key_of(&id));
	r->carrier = mem_grow(r->carrier, &r->carrier_cap, r->carriers.n, sizeof *r->carrier);
	old = i < r->carrier_n ? &r->carrier[i] : NULL;
	r->carrier_n = r->carriers.n;
	if (old == NULL || old->from < c.from || (old->from == c.from && old->version <= c.version))
		r->carrier[i] = c;
	return 0;
}

int
refs_region(struct refs *r, const struct json *row, struct err *e)
{
	char code_buf[6 * TEXT_MAX];
	struct ref_region region = { 0 };
	struct slice code;
	uint32_t i;

	if (needs(get_text(json_get(row, SLICE("region_code")), "region_code", 64, code_buf, &code, e), "region_code", e) == -1 ||
	    get_word(&r->words, json_get(row, SLICE("tz")), "tz", 64, &region.tz, e) == -1 ||
	    get_bool(json_get(row, SLICE("is_remote")), "is_remote", &region.remote, e) == -1 ||
	    get_int(json_get(row, SLICE("version")), "version", 0, INT64_MAX, &region.version, e) == -1)
		return -1;
	region.zone = zone_get(refs_word(r, region.tz), e);
	if (region.zone == NULL)
		return err_at(e, "tz");
	i = map_add(&r->regions, code);
	r->region = mem_grow(r->region, &r->region_cap, r->regions.n, sizeof *r->region);
	if (i == r->region_n || r->region[i].version <= region.version)
		r->region[i] = region;
	r->region_n = r->regions.n;
	return 0;
}

/* The shipment of a contact.  A text that is too long for one is of none that there is. */
static int
get_shipment(const struct json_member *m, char *buf, struct slice *s, struct err *e)
{
	*s = (struct slice){ "", 0 };
	if (m != NULL && m->v.type == JSON_STRING && m->v.raw.n - 2 > 6 * ID_MAX)
		return 0;
	if (get_text(m, "shipment_id", 6 * ID_MAX, buf, s, e) == -1)
		return -1;
	if (s->n > ID_MAX)
		s->n = 0;
	return 0;
}

int
refs_contact(struct refs *r, const struct json *row, struct err *e)
{
	static const char *const topic[] = { "wismo", "address_change", "reschedule", "damage", "lost", "not_received",
	    "refund", "cod", "complaint", "other" };
	char id_buf[6 * TEXT_MAX], topic_buf[6 * TEXT_MAX];
	struct ref_contact c = { .shipment = MAP_NONE };
	struct slice shipment, said;
	int64_t id;
	uint64_t key;
	uint32_t i;
	size_t t;

	if (needs(get_int(json_get(row, SLICE("id")), "id", INT64_MIN, INT64_MAX, &id, e), "id", e) == -1 ||
	    needs(get_time(json_get(row, SLICE("opened_at")), "opened_at", &c.opened, NULL, e), "opened_at", e) == -1 ||
	    get_time(json_get(row, SLICE("updated_at")), "updated_at", &c.updated, NULL, e) == -1 ||
	    needs(get_text(json_get(row, SLICE("topic")), "topic", TEXT_MAX, topic_buf, &said, e), "topic", e) == -1 ||
	    get_shipment(json_get(row, SLICE("shipment_id")), id_buf, &shipment, e) == -1)
		return -1;
	for (t = 0; t < sizeof topic / sizeof *topic && !slice_eq(said, slice_of(topic[t])); t++)
		;
	if (t == sizeof topic / sizeof *topic)
		return bad(e, "topic", "no topic of support_contacts");
	c.wismo = t == 0;
	if (shipment.n > 0)
		c.shipment = map_add(&r->contacted, shipment);
	key = (uint64_t)id;
	i = map_add(&r->contact_ids, key_of(&key));
	r->contact = mem_grow(r->contact, &r->contact_cap, r->contact_ids.n, sizeof *r->contact);
	if (i == r->contact_n || r->contact[i].updated <= c.updated)
		r->contact[i] = c;
	r->contact_n = r->contact_ids.n;
	return 0;
}

void
refs_contacts(struct refs *r)
{
	struct ref_contacts *s;
	size_t i;

	r->contacts = mem_grow(r->contacts, &r->contacts_cap, r->contacted.n, sizeof *r->contacts);
	for (i = 0; i < r->contacted.n; i++)
		r->contacts[i] = (struct ref_contacts){ .last = INT64_MIN };
	for (i = 0; i < r->contact_n; i++) {
		if (r->contact[i].shipment == MAP_NONE)
			continue;
		s = &r->contacts[r->contact[i].shipment];
		s->n++;
		s->wismo += r->contact[i].wismo;
		if (r->contact[i].opened > s->last)
			s->last = r->contact[i].opened;
	}
}

void
refs_clear_shipments(struct refs *r)
{
	map_fini(&r->shipments);
	map_fini(&r->shipment_words);
	(void)map_add(&r->shipment_words, SLICE(""));
	arena_clear(&r->arena);
	r->shipment_n = 0;
}

void
refs_clear_contacts(struct refs *r)
{
	map_fini(&r->contact_ids);
	map_fini(&r->contacted);
	r->contact_n = 0;
}

const struct ref_shipment *
refs_find_shipment(const struct refs *r, struct slice shipment_id)
{
	uint32_t i = map_find(&r->shipments, shipment_id);

	return i == MAP_NONE ? NULL : &r->shipment[i];
}

const struct ref_region *
refs_find_region(const struct refs *r, struct slice region_code)
{
	uint32_t i = map_find(&r->regions, region_code);

	return i == MAP_NONE ? NULL : &r->region[i];
}

const struct ref_contacts *
refs_find_contacts(const struct refs *r, struct slice shipment_id)
{
	uint32_t i = map_find(&r->contacted, shipment_id);

	return i == MAP_NONE || r->contacts[i].n == 0 ? NULL : &r->contacts[i];
}

const struct ref_version *
refs_find_client(const struct refs *r, uint32_t id, int64_t at)
{
	uint64_t key = id;
	uint32_t i = map_find(&r->clients, key_of(&key));
	const struct ref_version *v;

	if (i == MAP_NONE)
		return NULL;
	v = &r->version[r->newest[i] - 1];
	while (v->from > at && v->older != 0)
		v = &r->version[v->older - 1];
	return v;
}

struct slice
refs_find_carrier(const struct refs *r, uint32_t id)
{
	uint64_t key = id;
	uint32_t i = map_find(&r->carriers, key_of(&key));

	if (i == MAP_NONE)
		return (struct slice){ 0 };
	return refs_word(r, r->carrier[i].code);
}
