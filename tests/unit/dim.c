/* Dimensions: versions, their order, stores that lag behind, days. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utc.h"
#include "parcel/dim.h"
#include "tap.h"

#define OPEN_TEXT "2105-12-31T00:00:00.000Z"

static struct json json;

/* Reads a line; it stays readable behind its end. */
static const struct json *
scan(const char *line)
{
	static char text[4096 + JSON_PAD];
	size_t n = strlen(line);

	memcpy(text, line, n);
	if (json_scan(&json, (struct slice){ text, n }) == -1)
		printf("# no JSON: %s\n", line);
	return &json;
}

static int
row(struct dim *d, const char *line, struct fault *f)
{
	const struct json *j = scan(line);
	const struct json_member *src = json_get(j, SLICE("_src"));

	*f = (struct fault){ 0 };
	return dim_row(d, j, src ? &src->v : NULL, f);
}

/* A row of clients: its name is its attributes. */
static void
client(struct dim *d, int id, const char *name, int64_t updated)
{
	struct fault f;
	char line[512], at[UTC_LEN + 1] = "";

	(void)utc_put(at, updated);
	(void)snprintf(line, sizeof line, "{\"id\":%d,\"name\":\"%s\",\"segment\":\"b2c\",\"tier\":\"gold\",\"home_region\":\"\","
	    "\"is_active\":true,\"updated_at\":\"%s\"}", id, name, at);
	if (row(d, line, &f) == -1)
		ok(0, "row: %s: %s", f.field, f.msg);
}

/* The rows to be written, a line each, in buf. */
static const char *
changes(struct dim *d, struct buf *b)
{
	size_t i, n = dim_compare(d);

	buf_clear(b);
	for (i = 0; i < n; i++) {
		b->n = (size_t)(dim_put(d, i, buf_room(b, dim_size(d, i))) - b->p);
		buf_putc(b, '\n');
	}
	return buf_str(b);
}

/* ---- a store: of the rows of a key and valid_from the greatest version stands, of equal ones the last */

#define STORE 4096
struct stored {
	int id;
	int64_t from, to, version;
	char name[16], line[512];
};
struct store {
	struct stored row[STORE];
	size_t n;
};

static int64_t
time_of(const struct json *j, const char *name)
{
	const struct json_member *m = json_get(j, slice_of(name));
	int64_t ms = -1;

	(void)utc_get((struct slice){ m->v.raw.p + 1, m->v.raw.n - 2 }, &ms);
	return ms / 1000;
}

static void
load(struct store *s, const char *line, size_t n)
{
	struct stored r = { 0 };
	const struct json *j;
	int64_t id = 0;
	size_t i;

	(void)snprintf(r.line, sizeof r.line, "%.*s", (int)n, line);
	j = scan(r.line);
	(void)json_i64(&json_get(j, SLICE("client_id"))->v, &id);
	(void)json_i64(&json_get(j, SLICE("version"))->v, &r.version);
	(void)snprintf(r.name, sizeof r.name, "%.*s", (int)json_get(j, SLICE("name"))->v.raw.n, json_get(j, SLICE("name"))->v.raw.p);
	r.id = (int)id;
	r.from = time_of(j, "valid_from");
	r.to = time_of(j, "valid_to");
	for (i = 0; i < s->n && (s->row[i].id != r.id || s->row[i].from != r.from); i++)
		;
	if (i == s->n)
		s->row[s->n++] = r;
	else if (r.version >= s->row[i].version)
		s->row[i] = r;
}

static void
load_all(struct store *s, const char *text)
{
	const char *lf;

	for (; (lf = strchr(text, '\n')) != NULL; text = lf + 1)
		load(s, text, (size_t)(lf - text));
}

/* What the store has of the keys that are asked for. */
static void
answer(const struct store *s, struct dim *d)
{
	struct slice value;
	struct fault f;
	int64_t id;
	size_t i, k, n = dim_keys(d);

	for (k = 0; k < n; k++)
		if (dim_asks(d, k, &value)) {
			id = strtoll(value.p, NULL, 10);
			for (i = 0; i < s->n; i++)
				if (s->row[i].id == id && dim_current(d, scan(s->row[i].line), &f) == -1)
					ok(0, "current: %s: %s", f.field, f.msg);
		}
}

static int
by_id_and_from(const void *a, const void *b)
{
	const struct stored *x = a, *y = b;

	return x->id != y->id ? x->id - y->id : x->from < y->from ? -1 : x->from > y->from;
}

static int
same_store(struct store *a, struct store *b)
{
	size_t i;

	qsort(a->row, a->n, sizeof *a->row, by_id_and_from);
	qsort(b->row, b->n, sizeof *b->row, by_id_and_from);
	if (a->n != b->n)
		return 0;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->row[i].line, b->row[i].line) != 0)
			return 0;
	return 1;
}

/* ---- rows by chance, in the order of time, of one instant by name */

#define ROWS 200
struct chance {
	int id;
	char name[16];
	int64_t at;
};

static uint32_t seed = 1;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static int
by_time(const void *a, const void *b)
{
	const struct chance *x = a, *y = b;

	return x->at != y->at ? (x->at < y->at ? -1 : 1) : strcmp(x->name, y->name);
}

static void
make(struct chance *c, int n)
{
	int64_t at = 1700000000000;
	int i;

	for (i = 0; i < n; i++) {
		at += rnd(4) == 0 ? 0 : rnd(3) == 0 ? 1 + rnd(400) : rnd(5) == 0 ? 100000 : 1000 + rnd(3000);
		c[i].id = 1 + (int)rnd(4);
		c[i].at = at;
		(void)snprintf(c[i].name, sizeof c[i].name, "%c", 'a' + (char)rnd(3));
	}
	qsort(c, (size_t)n, sizeof *c, by_time);
}

/* The name that a key has at a second, from the rows alone. */
static const char *
name_at(const struct chance *c, int n, int id, int64_t sec)
{
	const char *name = NULL;
	int i;

	for (i = 0; i < n; i++)
		if (c[i].id == id && (c[i].at / 1000 <= sec || name == NULL))
			name = c[i].name;
	return name;
}

/* The store says of every second what the rows say; versions join; the last one is open. */
static int
is_history(struct store *s, const struct chance *c, int n)
{
	const struct stored *r;
	const char *want;
	size_t i;
	int k, good = 1;

	qsort(s->row, s->n, sizeof *s->row, by_id_and_from);
	for (i = 0; i < s->n; i++) {
		r = &s->row[i];
		if (i + 1 < s->n && s->row[i + 1].id == r->id)
			good &= r->to == s->row[i + 1].from && strstr(r->line, "\"is_current\":false") != NULL;
		else
			good &= strstr(r->line, "\"valid_to\":\"" OPEN_TEXT "\",\"is_current\":true") != NULL;
	}
	for (k = 0; k < n; k++) {
		want = name_at(c, n, c[k].id, c[k].at / 1000);
		for (i = 0; i < s->n; i++)
			if (s->row[i].id == c[k].id && s->row[i].from <= c[k].at / 1000 && c[k].at / 1000 < s->row[i].to)
				break;
		good &= i < s->n && s->row[i].name[1] == want[0];
	}
	return good;
}

static void
chances(void)
{
	static struct store whole, parts, late, again;
	static struct chance c[ROWS], mixed[ROWS];
	static char *out[ROWS];
	struct buf b = { 0 };
	struct dim d, e;
	int round, i, j, k, n, held, bad_history = 0, bad_mix = 0, bad_parts = 0, bad_order = 0, bad_again = 0;

	for (round = 0; round < 300; round++) {
		n = 1 + (int)rnd(60);
		make(c, n);
		/* all at once */
		whole.n = parts.n = late.n = again.n = 0;
		dim_init(&d, DIM_CLIENT, 0);
		for (i = 0; i < n; i++)
			client(&d, c[i].id, c[i].name, c[i].at);
		load_all(&whole, changes(&d, &b));
		dim_fini(&d);
		bad_history += !is_history(&whole, c, n);
		/* in disorder, with doubles */
		memcpy(mixed, c, sizeof c);
		for (i = n - 1; i > 0; i--) {
			struct chance t = mixed[i];

			j = (int)rnd((uint32_t)i + 1);
			mixed[i] = mixed[j];
			mixed[j] = t;
		}
		dim_init(&d, DIM_CLIENT, 0);
		for (i = 0; i < n; i++)
			for (k = 0; k <= (int)rnd(2); k++)
				client(&d, mixed[i].id, mixed[i].name, mixed[i].at);
		load_all(&again, changes(&d, &b));
		dim_fini(&d);
		bad_mix += !same_store(&again, &whole);
		/* checkpoint by checkpoint, the store up to three of them behind */
		dim_init(&d, DIM_CLIENT, 0);
		held = k = 0;
		for (i = 0; i < n; i++) {
			client(&d, c[i].id, c[i].name, c[i].at);
			if (i + 1 < n && (rnd(3) != 0 || c[i + 1].at == c[i].at))
				continue;
			while (held < k && (k - held > 3 || rnd(2)))
				load_all(&parts, out[held++]);
			answer(&parts, &d);
			(void)changes(&d, &b);
			out[k++] = strdup(buf_str(&b));
			dim_next(&d);
		}
		while (held < k)
			load_all(&parts, out[held++]);
		dim_fini(&d);
		bad_parts += !same_store(&parts, &whole);
		/* what was printed, loaded in disorder and twice */
		for (i = 2 * k; i > 0; i--)
			load_all(&late, out[(uint32_t)(i * 7 + (int)rnd(5)) % (uint32_t)k]);
		for (i = k - 1; i >= 0; i--)
			load_all(&late, out[i]);
		bad_order += !same_store(&late, &whole);
		/* the rows once more, from any of them on, against the store as it is */
		for (j = 0; j < 3; j++) {
			dim_init(&e, DIM_CLIENT, 0);
			for (i = (int)rnd((uint32_t)n); i < n; i++)
				client(&e, c[i].id, c[i].name, c[i].at);
			answer(&whole, &e);
			bad_again += changes(&e, &b)[0] != '\0';
			dim_fini(&e);
		}
		for (i = 0; i < k; i++)
			free(out[i]);
	}
	is_int(bad_history, 0, "300 histories say of every second what their rows say");
	is_int(bad_mix, 0, "the order of the rows of one comparison, and doubles, change nothing");
	is_int(bad_parts, 0, "nor do checkpoints, though the store lags behind them");
	is_int(bad_order, 0, "rows that are loaded in disorder and twice give the same dimension");
	is_int(bad_again, 0, "rows that come again change nothing");
	buf_fini(&b);
}

/* A comparison of rows with what stands: each "ID NAME MS"; what stands as lines of the dimension. */
static const char *
compare(const char *stands, const struct chance *c, int n, struct buf *b)
{
	struct dim d;
	struct store s = { .n = 0 };
	int i;

	load_all(&s, stands);
	dim_init(&d, DIM_CLIENT, 0);
	for (i = 0; i < n; i++)
		client(&d, c[i].id, c[i].name, c[i].at);
	answer(&s, &d);
	(void)changes(&d, b);
	dim_fini(&d);
	return buf_str(b);
}

#define V(from, to, current, name, hash, version) "{\"client_id\":1,\"valid_from\":\"" from "\",\"valid_to\":\"" to "\",\"is_current\":" current \
	",\"name\":\"" name "\",\"segment\":\"b2c\",\"tier\":\"gold\",\"home_region\":\"\",\"is_active\":true,\"row_hash\":" hash ",\"version\":" version "}\n"
#define T0 "2023-11-14T22:13:20.000Z"	/* 1700000000 */
#define T5 "2023-11-14T22:13:25.000Z"
#define HASH_A "5303781809289724689"
#define HASH_B "3434530462368213770"

static void
rules(void)
{
	static const char *const a = V(T0, OPEN_TEXT, "true", "a", HASH_A, "1700000000100");
	struct buf b = { 0 };

	is_str(compare("", (struct chance[]){ { 1, "a", 1700000000100 } }, 1, &b), a, "the first row opens a version, from its second on");
	is_str(compare(a, (struct chance[]){ { 1, "a", 1700000005000 } }, 1, &b), "", "no change, no row");
	is_str(compare(a, (struct chance[]){ { 1, "b", 1700000005900 } }, 1, &b),
	    V(T0, T5, "false", "a", HASH_A, "1700000005900") V(T5, OPEN_TEXT, "true", "b", HASH_B, "1700000005900"),
	    "a change closes the version that stands and opens the next, in this order");
	is_str(compare(a, (struct chance[]){ { 1, "b", 1700000000099 } }, 1, &b), "", "an older row changes nothing");
	is_str(compare(a, (struct chance[]){ { 1, "b", 1700000000900 } }, 1, &b), V(T0, OPEN_TEXT, "true", "b", HASH_B, "1700000000900"),
	    "of two changes within a second the later one stays");
	is_str(compare("", (struct chance[]){ { 1, "b", 1700000000900 }, { 1, "a", 1700000000100 } }, 2, &b),
	    V(T0, OPEN_TEXT, "true", "b", HASH_B, "1700000000900"), "also within one comparison");
	is_str(compare(a, (struct chance[]){ { 1, "b", 1700000000100 } }, 1, &b), V(T0, OPEN_TEXT, "true", "b", HASH_B, "1700000000100"),
	    "of one instant the greater attributes stay");
	is_str(compare(V(T0, OPEN_TEXT, "true", "b", HASH_B, "1700000000100"), (struct chance[]){ { 1, "a", 1700000000100 } }, 1, &b), "",
	    "whatever came first");
	is_str(compare(V(T0, T5, "false", "a", HASH_A, "1700000005900"), (struct chance[]){ { 1, "b", 1700000005900 } }, 1, &b),
	    V(T5, OPEN_TEXT, "true", "b", HASH_B, "1700000005900"), "a version that was closed and has no successor gets one");
	is_str(compare(V(T0, T5, "false", "a", HASH_A, "1700000005900") V(T0, OPEN_TEXT, "true", "a", HASH_A, "1700000000100")
	    V(T5, OPEN_TEXT, "true", "b", HASH_B, "1700000005900"), (struct chance[]){ { 1, "a", 1700000000100 }, { 1, "b", 1700000006000 } }, 2, &b), "",
	    "of the versions that stand the newest counts");
	buf_fini(&b);
}

/* What is told of a row that is refused: "code field". */
static const char *
refused(enum dim_table t, const char *line)
{
	static char text[128];
	struct dim d;
	struct fault f;

	dim_init(&d, t, 1700000000000);
	if (row(&d, line, &f) == 0)
		(void)snprintf(text, sizeof text, "taken");
	else
		(void)snprintf(text, sizeof text, "%s %s", f.code, f.field);
	dim_fini(&d);
	return text;
}

/* The one row that a row of the source makes. */
static const char *
made(enum dim_table t, const char *line, struct buf *b)
{
	struct dim d;
	struct fault f;

	dim_init(&d, t, 1700000000000);
	if (row(&d, line, &f) == -1)
		ok(0, "%s: %s", f.field, f.msg);
	(void)changes(&d, b);
	dim_fini(&d);
	return buf_str(b);
}

#define AT ",\"updated_at\":\"2024-06-03T07:00:00.000Z\"}"

static void
rows(void)
{
	struct buf b = { 0 };

	is_str(made(DIM_CLIENT, "{\"_src\":[\"clients\",0,1,0,0],\"id\":1,\"name\":\"Client 1\",\"segment\":\"b2c\",\"tier\":\"gold\","
	    "\"home_region\":\"RU-MOW\",\"is_active\":true" AT, &b),
	    "{\"_src\":[\"clients\",0,1,0,0],\"client_id\":1,\"valid_from\":\"2024-06-03T07:00:00.000Z\",\"valid_to\":\"" OPEN_TEXT "\",\"is_current\":true,"
	    "\"name\":\"Client 1\",\"segment\":\"b2c\",\"tier\":\"gold\",\"home_region\":\"RU-MOW\",\"is_active\":true,"
	    "\"row_hash\":8712697302397551803,\"version\":1717398000000}\n", "wb-dim.1 \"Versions\": the check value of row_hash");
	is_str(made(DIM_CLIENT, "{\"id\":\"1\",\"name\":\"Client 1\",\"segment\":\"b2c\",\"tier\":\"gold\",\"home_region\":\"RU-MOW\",\"is_active\":\"t\","
	    "\"updated_at\":\"2024-06-03 10:00+03\"}", &b),
	    "{\"client_id\":1,\"valid_from\":\"2024-06-03T07:00:00.000Z\",\"valid_to\":\"" OPEN_TEXT "\",\"is_current\":true,"
	    "\"name\":\"Client 1\",\"segment\":\"b2c\",\"tier\":\"gold\",\"home_region\":\"RU-MOW\",\"is_active\":true,"
	    "\"row_hash\":8712697302397551803,\"version\":1717398000000}\n", "a row of CSV gives the same");
	is_str(made(DIM_CARRIER, "{\"id\":7,\"code\":\"cdek\",\"name\":\"\\u0421\\u0414\\u042d\\u041a \\\"x\\\"\",\"kind\":\"own\",\"is_active\":false" AT, &b),
	    "{\"carrier_id\":7,\"valid_from\":\"2024-06-03T07:00:00.000Z\",\"valid_to\":\"" OPEN_TEXT "\",\"is_current\":true,\"code\":\"cdek\","
	    "\"name\":\"\xd0\xa1\xd0\x94\xd0\xad\xd0\x9a \\\"x\\\"\",\"kind\":\"own\",\"tz\":\"\",\"daily_capacity\":0,\"is_active\":false,"
	    "\"row_hash\":1302544358529343381,\"version\":1717398000000}\n", "carrier: zone and capacity may be absent; escapes are undone");
	is_str(made(DIM_REGION, "{\"region_code\":\"RU-MOW\",\"name\":\"M\",\"is_remote\":\"false\",\"lat\":\"55.750\",\"lon\":-0.1}", &b),
	    "{\"region_code\":\"RU-MOW\",\"name\":\"M\",\"macro_region\":\"\",\"country\":\"\",\"tz\":\"\",\"calendar_id\":\"\",\"is_remote\":false,"
	    "\"lat\":55.75,\"lon\":-0.1,\"version\":1700000000000}\n", "region: version is now when the row has none");
	ok(strstr(made(DIM_REGION, "{\"_src\":[\"regions\",0,1,1717398000000,0],\"region_code\":\"X\",\"name\":\"\",\"is_remote\":true}", &b),
	    "\"lat\":null,\"lon\":null,\"version\":1717398000000}") != NULL, "else the time of its source");
	ok(strstr(made(DIM_REGION, "{\"_src\":[\"regions\",0,1,17,0],\"region_code\":\"X\",\"name\":\"\",\"is_remote\":true" AT, &b),
	    "\"version\":1717398000000}") != NULL, "or its updated_at");

	is_str(refused(DIM_CLIENT, "{\"name\":\"x\",\"segment\":\"b\",\"tier\":\"g\",\"is_active\":true" AT), "missing id", "no id");
	is_str(refused(DIM_CLIENT, "{\"id\":0,\"name\":\"x\",\"segment\":\"b\",\"tier\":\"g\",\"is_active\":true" AT), "range id", "0 is the unknown member");
	is_str(refused(DIM_CLIENT, "{\"id\":4294967296,\"name\":\"x\",\"segment\":\"b\",\"tier\":\"g\",\"is_active\":true" AT), "range id", "an id beyond its column");
	is_str(refused(DIM_CLIENT, "{\"id\":1,\"name\":null,\"segment\":\"b\",\"tier\":\"g\",\"is_active\":true" AT), "missing name", "no name");
	is_str(refused(DIM_CLIENT, "{\"id\":1,\"name\":\"\",\"segment\":\"\",\"tier\":\"\",\"is_active\":true" AT), "taken", "an empty text is one");
	is_str(refused(DIM_CLIENT, "{\"id\":1,\"name\":\"x\",\"segment\":\"b\",\"tier\":\"g\"" AT), "missing is_active", "no flag");
	is_str(refused(DIM_CLIENT, "{\"id\":1,\"name\":\"x\",\"segment\":\"b\",\"tier\":\"g\",\"is_active\":\"maybe\"" AT), "type is_active", "a flag that is none");
	is_str(refused(DIM_CLIENT, "{\"id\":1,\"name\":\"x\",\"segment\":\"b\",\"tier\":\"g\",\"is_active\":true}"), "missing updated_at", "no time");
	is_str(refused(DIM_CLIENT, "{\"id\":1,\"name\":\"x\",\"segment\":\"b\",\"tier\":\"g\",\"is_active\":true,\"updated_at\":\"2024-06-03\"}"), "time updated_at", "a day for a time");
	is_str(refused(DIM_CLIENT, "{\"id\":1,\"name\":\"x\",\"segment\":\"b\",\"tier\":\"g\",\"is_active\":true,\"updated_at\":\"1999-12-31T23:59:59Z\"}"), "time_range updated_at", "a time before all");
	is_str(refused(DIM_CLIENT, "{\"id\":1,\"name\":\"x\",\"segment\":\"b\",\"tier\":\"g\",\"home_region\":\"12345678901234567\",\"is_active\":true" AT), "length home_region", "a code that is too long");
	is_str(refused(DIM_CARRIER, "{\"id\":1,\"code\":\"UPS\",\"name\":\"x\",\"kind\":\"own\",\"is_active\":true" AT), "enum code", "no carrier code");
	is_str(refused(DIM_CARRIER, "{\"id\":1,\"code\":\"ups\",\"name\":\"x\",\"kind\":\"hired\",\"is_active\":true" AT), "enum kind", "an unknown kind");
	is_str(refused(DIM_CARRIER, "{\"id\":1,\"code\":\"ups\",\"name\":\"x\",\"kind\":\"own\",\"tz\":\"Mars/Olympus\",\"is_active\":true" AT), "enum tz", "an unknown zone");
	is_str(refused(DIM_CARRIER, "{\"id\":1,\"code\":\"ups\",\"name\":\"x\",\"kind\":\"own\",\"daily_capacity\":-1,\"is_active\":true" AT), "range daily_capacity", "less than nothing");
	is_str(refused(DIM_REGION, "{\"region_code\":\"\",\"name\":\"x\",\"is_remote\":true}"), "missing region_code", "the empty code is the unknown member");
	is_str(refused(DIM_REGION, "{\"region_code\":\"X\",\"name\":\"x\",\"is_remote\":true,\"lat\":90.5}"), "range lat", "a latitude that is none");
	is_str(refused(DIM_REGION, "{\"region_code\":\"X\",\"name\":\"x\",\"is_remote\":true,\"lon\":\"east\"}"), "type lon", "a longitude that is none");
	is_str(refused(DIM_REGION, "{\"region_code\":\"X\",\"name\":[],\"is_remote\":true}"), "type name", "a text that is none");
	buf_fini(&b);
}

/* Regions: the newest attributes only. */
static void
region_rows(void)
{
	static const char *const stands = "{\"region_code\":\"X\",\"name\":\"a\",\"macro_region\":\"\",\"country\":\"\",\"tz\":\"\",\"calendar_id\":\"\","
	    "\"is_remote\":0,\"lat\":55.75,\"lon\":null,\"version\":5}";
	static const struct { const char *row, *want, *name; } c[] = {
		{ "{\"region_code\":\"X\",\"name\":\"a\",\"is_remote\":false,\"lat\":55.7500,\"version\":9}", "", "region: the same attributes in another spelling" },
		{ "{\"region_code\":\"X\",\"name\":\"b\",\"is_remote\":false,\"version\":4}", "", "region: an older version changes nothing" },
		{ "{\"region_code\":\"X\",\"name\":\"b\",\"is_remote\":false,\"version\":6}", "{\"region_code\":\"X\",\"name\":\"b\",\"macro_region\":\"\",\"country\":\"\","
		  "\"tz\":\"\",\"calendar_id\":\"\",\"is_remote\":false,\"lat\":null,\"lon\":null,\"version\":6}\n", "region: a newer one is written whole" },
	};
	struct buf b = { 0 };
	struct dim d;
	struct fault f;
	size_t i;

	for (i = 0; i < sizeof c / sizeof *c; i++) {
		dim_init(&d, DIM_REGION, 7);
		(void)row(&d, c[i].row, &f);
		is_int(dim_current(&d, scan(stands), &f), 0, "a row of the dimension is taken");
		is_str(changes(&d, &b), c[i].want, c[i].name);
		dim_fini(&d);
	}
	dim_init(&d, DIM_REGION, 7);
	(void)row(&d, "{\"region_code\":\"X\",\"name\":\"b\",\"is_remote\":false}", &f);
	(void)row(&d, "{\"region_code\":\"X\",\"name\":\"c\",\"is_remote\":false}", &f);
	ok(strstr(changes(&d, &b), "\"name\":\"c\"") != NULL && dim_compare(&d) <= 1, "region: of rows of one version the last counts");
	dim_fini(&d);
	buf_fini(&b);
}

/* Days, against known ones: date, ISO week, quarter. */
static void
days(void)
{
	static const struct { int y, m, d; const char *want; } c[] = {
		{ 2021, 1, 3, "\"date_key\":20210103,\"year\":2021,\"quarter\":1,\"month\":1,\"month_start\":\"2021-01-01\",\"iso_year\":2020,\"iso_week\":53,"
		  "\"week_start\":\"2020-12-28\",\"dow\":7,\"is_weekend\":true,\"is_business\":true,\"version\":5}" },
		{ 2018, 12, 31, "\"date_key\":20181231,\"year\":2018,\"quarter\":4,\"month\":12,\"month_start\":\"2018-12-01\",\"iso_year\":2019,\"iso_week\":1,"
		  "\"week_start\":\"2018-12-31\",\"dow\":1,\"is_weekend\":false,\"is_business\":true,\"version\":5}" },
		{ 2024, 2, 29, "\"date_key\":20240229,\"year\":2024,\"quarter\":1,\"month\":2,\"month_start\":\"2024-02-01\",\"iso_year\":2024,\"iso_week\":9,"
		  "\"week_start\":\"2024-02-26\",\"dow\":4,\"is_weekend\":false,\"is_business\":true,\"version\":5}" },
		{ 2000, 1, 1, "\"date_key\":20000101,\"year\":2000,\"quarter\":1,\"month\":1,\"month_start\":\"2000-01-01\",\"iso_year\":1999,\"iso_week\":52,"
		  "\"week_start\":\"1999-12-27\",\"dow\":6,\"is_weekend\":true,\"is_business\":true,\"version\":5}" },
		{ 2099, 7, 1, "\"date_key\":20990701,\"year\":2099,\"quarter\":3,\"month\":7,\"month_start\":\"2099-07-01\",\"iso_year\":2099,\"iso_week\":27,"
		  "\"week_start\":\"2099-06-29\",\"dow\":3,\"is_weekend\":false,\"is_business\":true,\"version\":5}" },
	};
	struct calendar always;
	struct buf b = { 0 };
	struct dim d;
	char name[32];
	size_t i;

	calendar_always(&always);
	always.id = mem_dup("all", 3);
	for (i = 0; i < sizeof c / sizeof *c; i++) {
		dim_init(&d, DIM_DATE, 0);
		dim_day(&d, &always, utc_day(c[i].y, c[i].m, c[i].d), 5);
		(void)snprintf(name, sizeof name, "%d-%02d-%02d", c[i].y, c[i].m, c[i].d);
		ok(strstr(changes(&d, &b), c[i].want) != NULL, "day %s", name);
		dim_fini(&d);
	}
	calendar_fini(&always);
	buf_fini(&b);
}

int
main(void)
{
	rows();
	rules();
	chances();
	region_rows();
	days();
	json_fini(&json);
	return done_testing();
}
