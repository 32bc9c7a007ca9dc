/* The reference of carriers. */
#include "parcel/carrierref.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "rec/field.h"

#define TZ_MAX 64

void
carrierref_fini(struct carrierref *r)
{
	map_fini(&r->codes);
	map_fini(&r->ids);
	free(r->by_id);
	free(r->carrier);
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
	const struct json_member *code_m = json_get(row, SLICE("code")), *tz_m = json_get(row, SLICE("tz"));
	const struct zone *zone;
	struct slice code, tz;
	struct fault f = { 0 };
	int64_t id = 0;
	int rc;

	/* what is longer than its longest spelling is not unescaped */
	if ((code_m != NULL && code_m->v.raw.n > sizeof code_buf) || (tz_m != NULL && tz_m->v.raw.n > sizeof tz_buf))
		return err_set(e, EX_CONFIG, "code or tz too long");
	if ((rc = field_int(json_get(row, SLICE("id")), "id", 1, INT32_MAX, &id, &f)) == 1 &&
	    (rc = field_text(code_m, "code", 32, code_buf, &code, &f)) == 1 &&
	    (rc = field_text(tz_m, "tz", TZ_MAX, tz_buf, &tz, &f)) != -1)
		rc = 1;
	if (rc == -1)
		return err_set(e, EX_CONFIG, "%s: %s", f.field, f.msg);
	if (rc == 0)
		return err_set(e, EX_CONFIG, "a row of carriers needs id and code");
	if (!carrier_code_valid(code))
		return err_set(e, EX_CONFIG, "code: \"%s\" is no carrier code", err_show(shown, sizeof shown, code.p, code.n));
	if ((zone = zone_get(tz, e)) == NULL)
		return -1;
	add(r, m, code, id, zone);
	return 0;
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
