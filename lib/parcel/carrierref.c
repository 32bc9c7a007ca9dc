/* The reference of carriers. */
#include "parcel/carrierref.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "rec/field.h"

#define TZ_MAX 64

struct carrier_version {
	int64_t id, from, version;
	const struct zone *zone;
	uint8_t code_n;
	char code[32];
};

void
carrierref_fini(struct carrierref *r)
{
	map_fini(&r->codes);
	map_fini(&r->ids);
	free(r->by_id);
	free(r->carrier);
	free(r->version);
	*r = (struct carrierref){ 0 };
}

static void
add(struct carrierref *r, const struct carriermap *m, struct slice code, int64_t id, const struct zone *zone)
{
	uint32_t i = map_add(&r->codes, code), k;
	struct carrier *c;

	r->carrier = mem_grow(r->carrier, &r->cap, r->codes.n, sizeof *r->carrier);
	c = &r->carrier[i];
	*c = (struct carrier){ .id = id, .zone = zone, .map = carriermap_find(m, code) };
	c->quoted_n = (uint8_t)snprintf(c->quoted, sizeof c->quoted, "\"%.*s\"", (int)code.n, code.p);
	if (id == 0)
		return;
	k = map_add(&r->ids, (struct slice){ (const char *)&id, sizeof id });
	r->by_id = mem_grow(r->by_id, &r->by_id_cap, r->ids.n, sizeof *r->by_id);
	r->by_id[k] = i;
}

void
carrierref_of_maps(struct carrierref *r, const struct carriermap *m, const struct map *but)
{
	uint32_t i;

	for (i = 0; i < m->names.n; i++)
		if (map_find(but, map_key(&m->names, i)) == MAP_NONE)
			add(r, m, map_key(&m->names, i), 0, zone_utc());
}

int
carrierref_row(struct carrierref *r, const struct carriermap *m, const struct json *row, struct err *e)
{
	char code_buf[6 * 32 + 2], tz_buf[6 * TZ_MAX + 2], shown[64];
	const struct json_member *code_m = json_get(row, SLICE("code")), *tz_m = json_get(row, SLICE("tz")),
	    *dim = json_get(row, SLICE("carrier_id"));
	struct carrier_version v = { 0 };
	struct slice code, tz;
	struct fault f = { 0 };
	int rc;

	/* what is longer than its longest spelling is not unescaped */
	if ((code_m != NULL && code_m->v.raw.n > sizeof code_buf) || (tz_m != NULL && tz_m->v.raw.n > sizeof tz_buf))
		return err_set(e, EX_CONFIG, "code or tz too long");
	if ((rc = field_int(dim != NULL ? dim : json_get(row, SLICE("id")), dim != NULL ? "carrier_id" : "id", 1, INT32_MAX, &v.id, &f)) == 1 &&
	    (rc = dim == NULL ? 1 : field_time(json_get(row, SLICE("valid_from")), "valid_from", &v.from, &f)) == 1 &&
	    (rc = dim == NULL ? 1 : field_int(json_get(row, SLICE("version")), "version", 0, INT64_MAX, &v.version, &f)) == 1 &&
	    (rc = field_text(code_m, "code", 32, code_buf, &code, &f)) == 1 &&
	    (rc = field_text(tz_m, "tz", TZ_MAX, tz_buf, &tz, &f)) != -1)
		rc = 1;
	if (rc == -1)
		return err_set(e, EX_CONFIG, "%s: %s", f.field, f.msg);
	if (rc == 0)
		return err_set(e, EX_CONFIG, dim != NULL ? "a row of dim_carrier needs carrier_id, valid_from, version and code"
		    : "a row of carriers needs id and code");
	if (!carrier_code_valid(code))
		return err_set(e, EX_CONFIG, "code: \"%s\" is no carrier code", err_show(shown, sizeof shown, code.p, code.n));
	if ((v.zone = zone_get(tz, e)) == NULL)
		return -1;
	if (dim == NULL) {
		add(r, m, code, v.id, v.zone);
		return 0;
	}
	memcpy(v.code, code.p, code.n);
	v.code_n = (uint8_t)code.n;
	r->version = mem_grow(r->version, &r->version_cap, r->versions + 1, sizeof *r->version);
	r->version[r->versions++] = v;
	return 0;
}

static int
by_age(const void *a, const void *b)
{
	const struct carrier_version *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->version != y->version)
		return x->version < y->version ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void
carrierref_done(struct carrierref *r, const struct carriermap *m)
{
	const struct carrier_version *v;
	size_t i, k;

	if (r->versions > 0)
		qsort(r->version, r->versions, sizeof *r->version, by_age);
	for (i = 0; i < r->versions; i++) {
		v = &r->version[i];
		for (k = i + 1; k < r->versions && r->version[k].id != v->id; k++)
			;
		if (k == r->versions)
			add(r, m, (struct slice){ v->code, v->code_n }, v->id, v->zone);
	}
	r->versions = 0;
}

const struct carrier *
carrierref_code(const struct carrierref *r, struct slice code)
{
	uint32_t i = map_find(&r->codes, code);

	return i == MAP_NONE ? NULL : &r->carrier[i];
}

const struct carrier *
carrierref_id(const struct carrierref *r, int64_t id)
{
	uint32_t i = map_find(&r->ids, (struct slice){ (const char *)&id, sizeof id });

	return i == MAP_NONE ? NULL : &r->carrier[r->by_id[i]];
}
