/*
 * Rows of the source against rows of a dimension.  A row is read into two texts, the
 * members of its key and those of its attributes, in one spelling, so that equal
 * attributes are equal bytes, wherever they come from.
 *
 * The row_hash of a version is the first 8 bytes, big-endian, without the top bit, of
 * SHA-256 over the attributes as plain text, joined by the byte 0x1F; booleans are 0 and 1.
 */
#include "parcel/dim.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "base/zone.h"
#include "parcel/carriermap.h"
#include "rec/cell.h"
#include "rec/field.h"

#define TEXT_MAX 1024			/* bytes of a text */
#define FIRST_MS 946684800000		/* 2000-01-01 */
#define END_MS 4102444800000		/* 2100-01-01, exclusive */
#define OPEN 4291660800			/* seconds: 2105-12-31, the end of the current version */
#define REGION_MAX 16
#define ID_MAX 128
#define ATTRS_MAX 11

const char *const dim_table_name[DIM_TABLES] = { "dim_client", "dim_carrier", "dim_region", "dim_date" };

enum attr_type { TEXT, BOOL, COUNT, DAY, LATITUDE, LONGITUDE, CODE, KIND, ZONE };

struct attr {
	const char *name;
	enum attr_type type;
	size_t max;		/* bytes of a text */
	int must;		/* a row of the source needs it */
};

static const struct table {
	const char *key;	/* column of the dimension */
	const char *source;	/* that of the source */
	int history;		/* has versions */
	struct attr attr[ATTRS_MAX + 1];
} table[DIM_TABLES] = {
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

void
dim_init(struct dim *d, enum dim_table t, int64_t now)
{
	*d = (struct dim){ .table = t, .now = now };
	d->sha = EVP_MD_CTX_new();
	if (d->sha == NULL || EVP_DigestInit_ex(d->sha, EVP_sha256(), NULL) != 1)
		abort();	/* a libcrypto without SHA-256 */
}

void
dim_fini(struct dim *d)
{
	map_fini(&d->keys);
	free(d->key);
	free(d->input);
	free(d->change);
	arena_fini(&d->arena);
	buf_fini(&d->text);
	buf_fini(&d->key_text);
	buf_fini(&d->plain);
	buf_fini(&d->scratch);
	EVP_MD_CTX_free(d->sha);
	*d = (struct dim){ 0 };
}

size_t
dim_bytes(const struct dim *d)
{
	return arena_bytes(&d->arena) + d->keys.bytes + d->keys.n * (sizeof *d->key + 16) +
	    d->inputs * (sizeof *d->input + sizeof *d->change);
}

void
dim_columns(enum dim_table t, struct buf *b)
{
	const struct attr *a;

	buf_printf(b, "%s, %s", table[t].key, table[t].history ? "valid_from, valid_to, " : t == DIM_DATE ? "day, " : "");
	for (a = table[t].attr; a->name != NULL; a++)
		buf_printf(b, "%s, ", a->name);
	buf_puts(b, "version");
}

static struct slice
keep(struct dim *d, struct slice s)
{
	char *p = arena_get(&d->arena, s.n);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct slice){ p, s.n };
}

/* ---- reading: values go to d->text as JSON and to d->plain as the hash takes them */

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
	for (a = table[d->table].attr; a->name != NULL; a++)
		if (attribute(d, a, row, source, f) == -1)
			return -1;
	v->text = buf_as_slice(&d->text);
	v->hash = table[d->table].history ? hash(d) : 0;
	return 0;
}

/* The number of the key in d->key_text. */
static uint32_t
add_key(struct dim *d)
{
	uint32_t k = map_add(&d->keys, buf_as_slice(&d->key_text));

	d->key = mem_grow(d->key, &d->key_cap, d->keys.n, sizeof *d->key);
	if (d->key_n < d->keys.n)
		d->key[d->key_n++] = (struct dim_key){ 0 };
	return k;
}

/* The key of a row, whose first member stands in column, into d->key_text. */
static int
read_key(struct dim *d, const struct json *row, const char *column, struct fault *f)
{
	const struct table *t = &table[d->table];
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
	const uint32_t k = add_key(d);
	struct dim_input *in;

	d->input = mem_grow(d->input, &d->input_cap, d->inputs + 1, sizeof *d->input);
	in = &d->input[d->inputs];
	*in = (struct dim_input){ .key = k, .number = d->inputs, .v = *v };
	in->v.text = keep(d, v->text);
	in->src = keep(d, src);
	d->inputs++;
	d->key[k].asked = 1;
}

int
dim_row(struct dim *d, const struct json *row, const struct json_value *src, struct fault *f)
{
	struct dim_version v = { .to = OPEN };

	if (read_key(d, row, table[d->table].source, f) == -1 || read_version(d, row, src, &v.version, f) == -1 ||
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

size_t
dim_keys(const struct dim *d)
{
	return d->keys.n;
}

int
dim_asks(const struct dim *d, size_t i, struct slice *value)
{
	struct slice key = map_key(&d->keys, (uint32_t)i);
	size_t name = strlen(table[d->table].key) + 3;	/* with quotes and colon */

	*value = (struct slice){ key.p + name, key.n - name };
	return d->key[i].asked || d->key[i].fresh;
}

static int
order(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* Of two rows of the dimension: < 0 when a is the older one. */
static int
age(const struct dim_version *a, const struct dim_version *b)
{
	int c = order(a->from, b->from);

	if (c == 0)
		c = order(a->version, b->version);
	return c ? c : slice_cmp(a->text, b->text);
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
	const struct table *t = &table[d->table];
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
	k = add_key(d);
	key = &d->key[k];
	if (!key->has || age(&key->newest, &v) <= 0) {
		v.text = keep(d, v.text);
		key->newest = v;
		key->has = 1;
		key->fresh = 0;
	}
	return 0;
}

/* ---- comparing */

static int
by_key_and_time(const void *a, const void *b)
{
	const struct dim_input *x = a, *y = b;
	int c = order(x->key, y->key);

	if (c == 0)
		c = order(x->v.version, y->v.version);
	return c ? c : order((int64_t)x->number, (int64_t)y->number);
}

/* With a history, rows of one updated_at stand by their attributes, so that their order of coming plays no part. */
static int
by_key_and_text(const void *a, const void *b)
{
	const struct dim_input *x = a, *y = b;
	int c = order(x->key, y->key);

	if (c == 0)
		c = order(x->v.version, y->v.version);
	if (c == 0)
		c = slice_cmp(x->v.text, y->v.text);
	return c ? c : order((int64_t)x->number, (int64_t)y->number);
}

static void
add_change(struct dim *d, uint32_t k, const struct dim_version *v, struct slice src)
{
	d->change = mem_grow(d->change, &d->change_cap, d->changes + 1, sizeof *d->change);
	d->change[d->changes++] = (struct dim_change){ .key = k, .v = *v, .src = src };
}

/*
 * The rows of a key with a history, one by one.  What a later row of the same second replaces
 * is not printed; a version that ends is printed before the one that follows it, so that
 * whoever stops in between has no current version, and not two.
 */
static void
versions(struct dim *d, const struct dim_input *in, size_t n)
{
	struct dim_key *key = &d->key[in->key];
	struct dim_version now = key->newest;
	struct slice src = { "", 0 };
	int has = key->has, made = 0, open;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct dim_version *v = &in[i].v;

		open = has && now.to == OPEN;
		if (has && (v->version < now.version || v->from < now.from)) {
			d->older++;
		} else if (open && slice_eq(v->text, now.text)) {
			d->same++;
		} else if (open && v->version == now.version && slice_cmp(v->text, now.text) < 0) {
			d->older++;
		} else {
			d->changed++;
			if (open && now.from < v->from) {
				now.to = v->from;
				now.version = v->version;
				add_change(d, in->key, &now, in[i].src);
			}
			now = *v;
			src = in[i].src;
			has = made = 1;
		}
	}
	if (made) {
		add_change(d, in->key, &now, src);
		key->newest = now;
		key->has = key->fresh = 1;
	}
}

/* The rows of a key that has the newest attributes only. */
static void
newest(struct dim *d, const struct dim_input *in, size_t n)
{
	struct dim_key *key = &d->key[in->key];
	const struct dim_input *made = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (key->has && slice_eq(in[i].v.text, key->newest.text)) {
			d->same++;
		} else if (key->has && in[i].v.version < key->newest.version) {
			d->older++;
		} else {
			d->changed++;
			made = &in[i];
			key->newest = made->v;
			key->has = key->fresh = 1;
		}
	}
	if (made != NULL)
		add_change(d, in->key, &made->v, made->src);
}

size_t
dim_compare(struct dim *d)
{
	const int history = table[d->table].history;
	size_t i, end;

	d->changes = 0;
	if (d->inputs > 1)
		qsort(d->input, d->inputs, sizeof *d->input, history ? by_key_and_text : by_key_and_time);
	for (i = 0; i < d->inputs; i = end) {
		for (end = i + 1; end < d->inputs && d->input[end].key == d->input[i].key; end++)
			;
		(history ? versions : newest)(d, &d->input[i], end - i);
	}
	return d->changes;
}

/* ---- writing */

size_t
dim_size(const struct dim *d, size_t i)
{
	const struct dim_change *c = &d->change[i];

	return map_key(&d->keys, c->key).n + c->v.text.n + c->src.n + 256;
}

static char *
put(char *dst, struct slice s)
{
	memcpy(dst, s.p, s.n);
	return dst + s.n;
}

static char *
put_time(char *dst, struct slice name, int64_t sec)
{
	dst = put(dst, name);
	dst = utc_put(dst, sec * 1000);
	*dst++ = '"';
	return dst;
}

char *
dim_put(const struct dim *d, size_t i, char *dst)
{
	const struct dim_change *c = &d->change[i];
	const int history = table[d->table].history;

	*dst++ = '{';
	if (c->src.n > 0) {
		dst = put(dst, SLICE("\"_src\":"));
		dst = put(dst, c->src);
		*dst++ = ',';
	}
	dst = put(dst, map_key(&d->keys, c->key));
	if (history) {
		dst = put_time(dst, SLICE(",\"valid_from\":\""), c->v.from);
		dst = put_time(dst, SLICE(",\"valid_to\":\""), c->v.to);
		dst = put(dst, c->v.to == OPEN ? SLICE(",\"is_current\":true") : SLICE(",\"is_current\":false"));
	}
	*dst++ = ',';
	dst = put(dst, c->v.text);
	if (history) {
		dst = put(dst, SLICE(",\"row_hash\":"));
		dst += num_put_u64(dst, c->v.hash);
	}
	dst = put(dst, SLICE(",\"version\":"));
	dst += num_put_i64(dst, c->v.version);
	*dst++ = '}';
	return dst;
}

void
dim_next(struct dim *d)
{
	struct dim old = *d;
	struct dim_version v;
	size_t i;
	uint32_t k;

	d->keys = (struct map){ 0 };
	d->arena = (struct arena){ 0 };
	d->key = NULL;
	d->key_cap = d->key_n = d->inputs = d->changes = 0;
	for (i = 0; i < old.keys.n; i++) {
		if (!old.key[i].fresh)
			continue;
		v = old.key[i].newest;
		buf_clear(&d->key_text);
		buf_slice(&d->key_text, map_key(&old.keys, (uint32_t)i));
		k = add_key(d);
		v.text = keep(d, v.text);
		d->key[k] = (struct dim_key){ .newest = v, .has = 1, .fresh = 1 };
	}
	map_fini(&old.keys);
	arena_fini(&old.arena);
	free(old.key);
}
