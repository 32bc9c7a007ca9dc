/*
 * Reads rows of the source and of a dimension.
 *
 * The row_hash of a version is the first 8 bytes, big-endian, without the top bit, of
 * SHA-256 over the attributes as plain text, joined by the byte 0x1F; booleans are 0 and 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/mem.h"
#include "base/utc.h"
#include "base/zone.h"
#include "parcel/carriermap.h"
#include "parcel/dim_work.h"
#include "rec/cell.h"
#include "rec/field.h"

#define TEXT_MAX 1024			/* bytes of a text */
#define FIRST_MS 946684800000		/* 2000-01-01 */
#define END_MS 4102444800000		/* 2100-01-01, exclusive */
#define REGION_MAX 16
#define ID_MAX 128

const struct table dim_spec[DIM_TABLES] = {
	[DIM_CLIENT] = { "client_id", "id", 1, {
		{ "name", TEXT, TEXT_MAX, 1 }, { "segment", TEXT, 128, 1 }, { "tier", TEXT, 128, 1 },
		{ "home_region", TEXT, REGION_MAX, 0 }, { "is_active", BOOL, 0, 1 },
	} },
	[DIM_CARRIER] = { "carrier_id", "id", 1, {
		{ "code", CODE, 32, 1 }, { "name", TEXT, TEXT_MAX, 1 }, { "kind", KIND, 16, 1 }, { "tz", ZONE, 64, 0 },
		{ "daily_capacity", COUNT, 0, 0 }, { "is_active", BOOL, 0, 1 },
	} },
	[DIM_REGION] = { "region_code", "region_code", 0, {
		{ "name", TEXT, TEXT_MAX, 1 }, { "macro_region", TEXT, 128, 0 }, { "country", TEXT, 128, 0 },
		{ "tz", ZONE, 64, 0 }, { "calendar_id", TEXT, ID_MAX, 0 }, { "is_remote", BOOL, 0, 1 },
		{ "lat", LATITUDE, 0, 0 }, { "lon", LONGITUDE, 0, 0 },
	} },
	[DIM_DATE] = { "calendar_id", NULL, 0, {
		{ "date_key", COUNT, 0, 1 }, { "year", COUNT, 0, 1 }, { "quarter", COUNT, 0, 1 }, { "month", COUNT, 0, 1 },
		{ "month_start", DAY, 0, 1 }, { "iso_year", COUNT, 0, 1 }, { "iso_week", COUNT, 0, 1 },
		{ "week_start", DAY, 0, 1 }, { "dow", COUNT, 0, 1 }, { "is_weekend", BOOL, 0, 1 }, { "is_business", BOOL, 0, 1 },
	} },
};

void
dim_columns(enum dim_table t, struct buf *b)
{
	const struct attr *a;

	buf_printf(b, "%s, %s", dim_spec[t].key, dim_spec[t].history ? "valid_from, valid_to, " : t == DIM_DATE ? "day, " : "");
	for (a = dim_spec[t].attr; a->name != NULL; a++)
		buf_printf(b, "%s, ", a->name);
	buf_puts(b, "version");
}

/* Values go to d->text as JSON and to d->plain as the hash takes them. */

static void
put_name(struct buf *b, const char *name)
{
	buf_printf(b, "%s\"%s\":", b->n > 0 ? "," : "", name);
}

static void
put_quoted(struct buf *b, struct slice s)
{
	b->n = (size_t)(json_quote(buf_room(b, 6 * s.n + 2), s) - b->p);
}

static void
put_text(struct dim *d, struct slice s)
{
	put_quoted(&d->text, s);
	buf_slice(&d->plain, s);
}

static void
put_count(struct dim *d, int64_t v)
{
	buf_int(&d->text, v);
	buf_int(&d->plain, v);
}

static void
put_bool(struct dim *d, int v)
{
	buf_puts(&d->text, v ? "true" : "false");
	buf_putc(&d->plain, v ? '1' : '0');
}

static void
put_day(struct buf *b, int32_t day)
{
	char text[UTC_DAY_LEN];

	buf_putc(b, '"');
	buf_put(b, text, (size_t)(utc_put_day(text, day) - text));
	buf_putc(b, '"');
}

/* The shortest text that reads as the same number. */
static void
put_real(struct dim *d, double v)
{
	char text[32];
	int digits;

	for (digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	buf_puts(&d->text, text);
}

/* Begins the next attribute. */
static void
next(struct dim *d, const char *name)
{
	if (d->text.n > 0)
		buf_putc(&d->plain, 0x1f);
	put_name(&d->text, name);
}

/* What a text of the source must be.  1, or -1. */
static int
check(const struct attr *a, struct slice s, struct fault *f)
{
	char shown[64];

	(void)err_show(shown, sizeof shown, s.p, s.n);
	if (a->type == CODE && !carrier_code_valid(s))
		return fault_set(f, "enum", a->name, "\"%s\" is no carrier code", shown);
	if (a->type == KIND && !slice_eq(s, SLICE("own")) && !slice_eq(s, SLICE("external")))
		return fault_set(f, "enum", a->name, "\"%s\" is neither own nor external", shown);
	if (a->type == ZONE && zone_get(s, NULL) == NULL)
		return fault_set(f, "enum", a->name, "\"%s\" is no time zone", shown);
	return 1;
}

/* One attribute.  What stands in the dimension already is taken as it is. */
static int
attribute(struct dim *d, const struct attr *a, const struct json *row, int source, struct fault *f)
{
	const struct json_member *m = json_get(row, slice_of(a->name));
	const double degrees = a->type == LATITUDE ? 90 : 180;
	struct slice s = { "", 0 };
	int64_t count = 0;
	int32_t day = 0;
	double real = 0;
	int flag = 0, rc = 0;

	next(d, a->name);
	switch (a->type) {
	case BOOL:
		rc = cell_bool(m, a->name, &flag, f);
		put_bool(d, flag);
		break;
	case COUNT:
		rc = cell_int(m, a->name, 0, UINT32_MAX, &count, f);
		put_count(d, count);
		break;
	case DAY:
		rc = cell_day(m, a->name, &day, f);
		put_day(&d->text, day);
		break;
	case LATITUDE:
	case LONGITUDE:
		rc = cell_real(m, a->name, -degrees, degrees, &real, f);
		if (rc == 1)
			put_real(d, real);
		else
			buf_puts(&d->text, "null");
		break;
	default:
		rc = cell_text(m, a->name, a->max, buf_room(&d->scratch, CELL_TEXT(a->max)), &s, f);
		put_text(d, s);
		if (rc == 1 && source)
			rc = check(a, s, f);
		break;
	}
	if (rc == 0 && a->must)
		return field_missing(a->name, f);
	return rc == -1 ? -1 : 0;
}

static uint64_t
hash(struct dim *d)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	uint64_t h = 0;
	int i;

	if (EVP_DigestInit_ex(d->sha, NULL, NULL) != 1 || EVP_DigestUpdate(d->sha, d->plain.p, d->plain.n) != 1 ||
	    EVP_DigestFinal_ex(d->sha, md, &len) != 1 || len < 8)
		abort();
	for (i = 0; i < 8; i++)
		h = h << 8 | md[i];
	return h & INT64_MAX;
}

/* All attributes: v->text, which lies in d->text, and v->hash. */
static int
attributes(struct dim *d, const struct json *row, int source, struct dim_version *v, struct fault *f)
{
	const struct attr *a;

	buf_clear(&d->text);
	buf_clear(&d->plain);
	for (a = dim_spec[d->table].attr; a->name != NULL; a++)
		if (attribute(d, a, row, source, f) == -1)
			return -1;
	v->text = buf_as_slice(&d->text);
	v->hash = dim_spec[d->table].history ? hash(d) : 0;
	return 0;
}

/* The key of a row, whose first member stands in column, into d->key_text. */
static int
read_key(struct dim *d, const struct json *row, const char *column, struct fault *f)
{
	const struct table *t = &dim_spec[d->table];
	const struct json_member *m = json_get(row, slice_of(column));
	char scratch[CELL_TEXT(ID_MAX)];
	struct slice s = { "", 0 };
	int64_t id = 0;
	int32_t day = 0;
	int rc;

	buf_clear(&d->key_text);
	put_name(&d->key_text, t->key);
	if (t->history) {
		rc = cell_int(m, column, 1, UINT32_MAX, &id, f);
		buf_int(&d->key_text, id);
	} else {
		rc = cell_text(m, column, d->table == DIM_REGION ? REGION_MAX : ID_MAX, scratch, &s, f);
		put_quoted(&d->key_text, s);
		if (rc == 1 && s.n == 0)
			rc = 0;
	}
	if (rc == 1 && d->table == DIM_DATE) {
		column = "day";
		rc = cell_day(json_get(row, SLICE("day")), column, &day, f);
		put_name(&d->key_text, column);
		put_day(&d->key_text, day);
	}
	return rc == 0 ? field_missing(column, f) : rc == -1 ? -1 : 0;
}

/* The version of a row of the source: its updated_at; of a region also version, or the time of its source. */
static int
read_version(const struct dim *d, const struct json *row, const struct json_value *src, int64_t *v, struct fault *f)
{
	const char *name = "updated_at";
	struct json_walk w;
	struct json_member m = { 0 };
	int rc = 0, i;

	if (d->table == DIM_REGION && (rc = cell_int(json_get(row, SLICE("version")), "version", 1, INT64_MAX, v, f)) != 0)
		return rc == 1 ? 0 : -1;
	rc = cell_time(json_get(row, slice_of(name)), name, v, f);
	if (rc == -1)
		return -1;
	if (rc == 1)
		return *v >= FIRST_MS && *v < END_MS ? 0 : fault_set(f, "time_range", name, "not within 2000 and 2099");
	if (d->table != DIM_REGION)
		return field_missing(name, f);
	*v = 0;
	if (src != NULL && src->type == JSON_ARRAY) {
		json_enter(&w, src);
		for (i = 0; i <= 3 && json_next(&w, &m); i++)
			;
		if (i <= 3 || json_i64(&m.v, v) == -1 || *v < 0)
			*v = 0;
	}
	if (*v == 0)
		*v = d->now;
	return 0;
}

/* A row, whose key is in d->key_text. */
static void
add_input(struct dim *d, const struct dim_version *v, struct slice src)
{
	const uint32_t k = dim_add_key(d);
	struct dim_input *in;

	d->input = mem_grow(d->input, &d->input_cap, d->inputs + 1, sizeof *d->input);
	in = &d->input[d->inputs];
	*in = (struct dim_input){ .key = k, .number = d->inputs, .v = *v };
	in->v.text = dim_keep(d, v->text);
	in->src = dim_keep(d, src);
	d->inputs++;
	d->key[k].asked = 1;
}

int
dim_row(struct dim *d, const struct json *row, const struct json_value *src, struct fault *f)
{
	struct dim_version v = { .to = OPEN };

	if (read_key(d, row, dim_spec[d->table].source, f) == -1 || read_version(d, row, src, &v.version, f) == -1 ||
	    attributes(d, row, 1, &v, f) == -1)
		return -1;
	v.from = utc_sec(v.version);
	add_input(d, &v, src ? src->raw : (struct slice){ "", 0 });
	return 0;
}

void
dim_day(struct dim *d, const struct calendar *c, int32_t day, int64_t version)
{
	struct dim_version v = { .version = version };
	const int dow = utc_weekday(day);
	int year, month, mday, iso_year, m, n;

	utc_date(day, &year, &month, &mday);
	utc_date(day - dow + 3, &iso_year, &m, &n);	/* the year of the week's Thursday */
	buf_clear(&d->key_text);
	put_name(&d->key_text, "calendar_id");
	put_quoted(&d->key_text, slice_of(c->id));
	put_name(&d->key_text, "day");
	put_day(&d->key_text, day);
	buf_clear(&d->text);
	buf_printf(&d->text, "\"date_key\":%d,\"year\":%d,\"quarter\":%d,\"month\":%d,\"month_start\":", year * 10000 + month * 100 + mday,
	    year, (month + 2) / 3, month);
	put_day(&d->text, day - mday + 1);
	buf_printf(&d->text, ",\"iso_year\":%d,\"iso_week\":%d,\"week_start\":", iso_year, (day - dow + 3 - utc_day(iso_year, 1, 1)) / 7 + 1);
	put_day(&d->text, day - dow);
	buf_printf(&d->text, ",\"dow\":%d,\"is_weekend\":%s,\"is_business\":%s", dow + 1, dow >= 5 ? "true" : "false",
	    calendar_is_bday(c, day) ? "true" : "false");
	v.text = buf_as_slice(&d->text);
	add_input(d, &v, (struct slice){ "", 0 });
}

/* From when to when a row of the dimension holds. */
static int
read_validity(const struct json *row, struct dim_version *v, struct fault *f)
{
	int64_t ms = 0;
	int rc = cell_time(json_get(row, SLICE("valid_from")), "valid_from", &ms, f);

	if (rc < 1)
		return rc == -1 ? -1 : field_missing("valid_from", f);
	v->from = utc_sec(ms);
	rc = cell_time(json_get(row, SLICE("valid_to")), "valid_to", &ms, f);
	if (rc == 1 && utc_sec(ms) < OPEN)
		v->to = utc_sec(ms);
	return rc == -1 ? -1 : 0;
}

int
dim_current(struct dim *d, const struct json *row, struct fault *f)
{
	const struct table *t = &dim_spec[d->table];
	struct dim_version v = { .to = OPEN };
	struct dim_key *key;
	uint32_t k;
	int rc;

	if (read_key(d, row, t->key, f) == -1 || (t->history && read_validity(row, &v, f) == -1) ||
	    attributes(d, row, 0, &v, f) == -1)
		return -1;
	rc = cell_int(json_get(row, SLICE("version")), "version", 0, INT64_MAX, &v.version, f);
	if (rc < 1)
		return rc == -1 ? -1 : field_missing("version", f);
	k = dim_add_key(d);
	key = &d->key[k];
	if (!key->has || dim_age(&key->newest, &v) <= 0) {
		v.text = dim_keep(d, v.text);
		key->newest = v;
		key->has = 1;
		key->fresh = 0;
	}
	return 0;
}
