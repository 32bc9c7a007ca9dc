/* Events to documents: the same set gives the same bytes, whatever its order, copies and shape. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utc.h"
#include "parcel/fold.h"
#include "run/share.h"
#include "tap.h"

#define CASES 10000
#define LINES 64

static struct taxonomy taxonomy;
static struct json json;
static char *text;		/* the line being read, with room behind it */
static size_t text_cap;

/* One line into f; the result of fold_event(). */
static int
feed(struct fold *f, const char *line, struct fault *fault)
{
	const struct json_member *src;
	size_t n = strlen(line);

	text = mem_grow(text, &text_cap, n + JSON_PAD, 1);
	memcpy(text, line, n);
	if (json_scan(&json, (struct slice){ text, n }) == -1) {
		printf("# %s: %s\n", json.fault, line);
		exit(1);
	}
	src = json_get(&json, SLICE("_src"));
	return fold_event(f, &json, src ? &src->v : NULL, fault);
}

/* The document of shipment i as a string in b, without its lineage; NULL with the fault. */
static const char *
document(struct fold *f, size_t i, struct buf *b, struct fault *fault)
{
	size_t n = fold_shipment(f, i, fault);
	char *p, *end;

	if (n == 0)
		return NULL;
	buf_clear(b);
	p = buf_room(b, n);
	end = fold_put(f, 1717398000000, p);
	b->n = (size_t)(end - p);
	p = strstr(buf_str(b), "\"shipment_id\"");
	return p;
}

/* Also that the shipment has ended: it comes again. */
static void
forget(struct fold *f)
{
	fold_clear(f);
	if (f->adjacent)
		memset(f->seen, 0, 65536 * sizeof *f->seen);
}

/* ---- random sets */

struct line {
	char id[16];
	int64_t version;
	char members[512];	/* behind shipment_id */
	char text[800];
};

static unsigned
upto(unsigned n)
{
	return (unsigned)rand() % n;
}

static void
random_line(struct line *l, unsigned ids, unsigned versions)
{
	static const char *const reason[] = { "", "", "", "recipient.absent", "carrier.damage", "detail.partial", "detail.locker",
	    "detail.label", "customs.hold", "other.unspecified", "recipient.reschedule", "detail.damaged" };
	static const char *const carrier[] = { "cdek", "dpd" };
	char time[UTC_LEN + 1] = "", received[UTC_LEN + 1] = "", *p = l->members;
	size_t cap = sizeof l->members;
	int64_t ms = ((int64_t)utc_day(2024, 6, 1) * 24 + upto(48)) * 3600000;
	int date_only = upto(5) == 0;

	if (date_only)
		ms = (int64_t)utc_day_of(ms) * 86400000;
	utc_put(time, ms);
	utc_put(received, ms + (int64_t)upto(3) * 1000);
	(void)snprintf(l->id, sizeof l->id, "e%u", upto(ids));
	l->version = upto(versions);
#define ADD(...) (p += snprintf(p, cap - (size_t)(p - l->members), __VA_ARGS__))
	ADD("\"event_id\":\"%s\"", l->id);
	if (l->version > 0)
		ADD(",\"version\":%lld", (long long)l->version);
	else	/* 0 is a version: it stays */
		ADD(",\"version\":%d", 0);
	ADD(",\"event_time\":\"%s\",\"received_at\":\"%s\"", time, received);
	if (date_only)
		ADD(",\"is_date_only\":true");
	ADD(",\"carrier\":\"%s\",\"carrier_id\":%u,\"integration\":\"x\",\"status\":\"%s\"", carrier[upto(8) == 0], upto(9) + 1,
	    status_name[upto(STATUS_N)]);
	if (upto(2))
		ADD("%s%s%s", ",\"reason\":\"", reason[3 + upto(9)], "\"");
	if (upto(6) == 0)
		ADD(",\"attempt_no\":%u", upto(3) + 1);
	if (upto(4) == 0)
		ADD(",\"courier_id\":\"c%u\"", upto(3));
	if (upto(4) == 0) {
		if (upto(2))
			ADD(",\"supersedes\":\"previous\"");
		else
			ADD(",\"supersedes\":\"e%u\"", upto(ids + 1));
	}
	if (upto(6) == 0)
		ADD(",\"to_recipient\":true");
	if (upto(6) == 0)
		ADD(",\"pieces\":%u,\"pieces_delivered\":%u", upto(3) + 1, upto(3) + 1);
	if (upto(12) == 0)
		ADD(",\"damaged\":true");
#undef ADD
	(void)snprintf(l->text, sizeof l->text, "{\"_src\":[\"t\",0,%u,0,0],\"shipment_id\":\"S\",%s}", upto(100000), l->members);
}

/* Feeds the lines in a random order, some twice, other shipments between them when not adjacent. */
static const char *
shuffled(struct fold *f, const struct line *l, size_t n, struct buf *b, struct fault *fault)
{
	const struct line *order[2 * LINES], *x;
	char other[900];
	size_t i, k, m = 0;

	for (i = 0; i < n; i++) {
		order[m++] = &l[i];
		if (upto(4) == 0)
			order[m++] = &l[i];
	}
	for (i = m; i > 1; i--) {
		k = upto((unsigned)i);
		x = order[k];
		order[k] = order[i - 1];
		order[i - 1] = x;
	}
	if (!f->adjacent && upto(2)) {
		(void)snprintf(other, sizeof other, "{\"shipment_id\":\"T\",%s}", l[0].members);
		if (feed(f, other, fault) == -1)
			return NULL;
	}
	for (i = 0; i < m; i++) {
		if (feed(f, order[i]->text, fault) != FOLD_TAKEN)
			return NULL;
		if (!f->adjacent && upto(3) == 0) {
			(void)snprintf(other, sizeof other, "{\"shipment_id\":\"T%u\",%s}", upto(3), l[0].members);
			if (feed(f, other, fault) == -1)
				return NULL;
		}
	}
	for (i = 0; i < f->n && !slice_eq(fold_id(f, i), SLICE("S")); i++)
		;
	return document(f, i, b, fault);
}

static int
wins(const struct line *a, const struct line *b)
{
	return a->version != b->version ? a->version > b->version : strcmp(a->members, b->members) < 0;
}

static void
property(void)
{
	static struct line l[LINES], winner[LINES];
	struct fold memory, adjacent, *f;
	struct buf one = { 0 }, other = { 0 };
	struct fault fault = { 0 };
	const char *want, *got;
	size_t c, n, w, i, k, bad = 0, marks = 0, conflicts = 0;
	int round;

	fold_init(&memory, &taxonomy, 0);
	fold_init(&adjacent, &taxonomy, 1);
	for (c = 0; c < CASES && bad < 3; c++) {
		n = 1 + upto(c % 50 == 0 ? LINES : 14);
		for (i = 0; i < n; i++)
			random_line(&l[i], (unsigned)n, 3);
		/* what is left when the losing copies are taken out by hand */
		for (w = i = 0; i < n; i++) {
			for (k = 0; k < w && strcmp(winner[k].id, l[i].id) != 0; k++)
				;
			if (k == w)
				winner[w++] = l[i];
			else if (wins(&l[i], &winner[k]))
				winner[k] = l[i];
		}
		for (i = 0; i < w; i++)
			(void)feed(&memory, winner[i].text, &fault);
		want = document(&memory, 0, &one, &fault);
		fold_clear(&memory);
		marks += want != NULL && strstr(want, "\"mark\":\"void\"") != NULL;
		for (round = 0; round < 4; round++) {
			f = round % 2 ? &adjacent : &memory;
			got = shuffled(f, l, n, &other, &fault);
			forget(f);
			if (want == NULL || got == NULL || strcmp(want, got) != 0) {
				printf("# case %zu\n# want %s\n#  got %s\n", c, want ? want : fault.msg, got ? got : fault.msg);
				bad++;
				break;
			}
		}
	}
	conflicts = memory.conflicts;
	ok(bad == 0, "%d random sets of events give the same document in every order, with copies, in memory and adjacent", CASES);
	ok(marks > CASES / 20, "among them retractions (%zu)", marks);
	ok(conflicts > CASES / 20, "and equal versions that differ (%zu)", conflicts);
	buf_fini(&one);
	buf_fini(&other);
	fold_fini(&memory);
	fold_fini(&adjacent);
}

/* ---- shapes */

#define HEAD "{" HEAD_REST
#define HEAD_REST "\"shipment_id\":\"S\",\"event_id\":\"1\",\"version\":5,\"event_time\":\"2024-06-03T07:00:00.000Z\"," \
    "\"received_at\":\"2024-06-03T07:00:00.000Z\",\"carrier\":\"cdek\",\"status\":\"accepted\""

static void
same(const char *a, const char *b, const char *name)
{
	struct fold f;
	struct buf one = { 0 }, other = { 0 };
	struct fault fault = { 0 };
	const char *want = NULL, *got = NULL;

	fold_init(&f, &taxonomy, 0);
	if (feed(&f, a, &fault) == FOLD_TAKEN)
		want = document(&f, 0, &one, &fault);
	fold_clear(&f);
	if (want != NULL && feed(&f, b, &fault) == FOLD_TAKEN)
		got = document(&f, 0, &other, &fault);
	is_str(got, want ? want : "a document", name);
	fold_fini(&f);
	buf_fini(&one);
	buf_fini(&other);
}

/* The document of one event holds that text. */
static void
holds(const char *line, const char *part, const char *name)
{
	struct fold f;
	struct buf b = { 0 };
	struct fault fault = { 0 };
	const char *got = NULL;

	fold_init(&f, &taxonomy, 0);
	if (feed(&f, line, &fault) == FOLD_TAKEN)
		got = document(&f, 0, &b, &fault);
	ok(got != NULL && strstr(got, part) != NULL, "%s", name);
	fold_fini(&f);
	buf_fini(&b);
}

static void
refused(const char *line, const char *code, const char *field)
{
	struct fold f;
	struct fault fault = { 0 };

	fold_init(&f, &taxonomy, 0);
	ok(feed(&f, line, &fault) == -1 && strcmp(fault.code, code) == 0 && strcmp(fault.field, field) == 0,
	    "%s of %s: %.60s", code, field, fault.msg);
	ok(f.n == 0, "and leaves no shipment behind");
	fold_fini(&f);
}

static void
shapes(void)
{
	struct buf deep = { 0 };
	int i;

	same(HEAD "}", HEAD ",\"reason\":\"\",\"carrier_id\":0,\"attempt_no\":0,\"supersedes\":\"\",\"lat\":null,\"raw_text\":null,"
	    "\"extra\":\"{}\",\"pieces\":0}", "empty members are left out");
	same(HEAD "}", HEAD ",\"src_topic\":\"t\",\"src_offset\":1,\"loaded_at\":\"2024-06-03T07:00:00.000Z\",\"_key\":\"k\",\"state\":\"lost\"}",
	    "as are members that an event does not have");
	same(HEAD ",\"extra\":{\"a\":[1,2],\"b\":\"\\\"\"}}", HEAD ",\"extra\":\"{\\\"a\\\": [1, 2], \\\"b\\\":\\\"\\\\\\\"\\\"}\"}",
	    "extra as text, as tables have it, is the object");
	same(HEAD ",\"extra\":{\"a\":1}}", HEAD ",\"extra\": { \"a\" : 1 } }", "white space is left out");
	same(HEAD ",\"lat\":0,\"lon\":0}", "{\"lon\":0,\"status\":\"accepted\",\"carrier\":\"cdek\",\"received_at\":\"2024-06-03T07:00:00.000Z\","
	    "\"lat\":0,\"event_time\":\"2024-06-03T07:00:00.000Z\",\"version\":5,\"event_id\":\"1\",\"shipment_id\":\"S\"}",
	    "the order of members plays no part, and 0 is a latitude");
	same(HEAD ",\"is_date_only\":true,\"to_recipient\":false,\"damaged\":true}", HEAD ",\"is_date_only\":1,\"to_recipient\":0,\"damaged\":1}",
	    "1 and 0 are truth values, as old stores have them");
	same(HEAD "}", "{\"shipment_id\":\"\\u0053\"" /* S */ ",\"event_id\":\"1\",\"version\":5,\"event_time\":\"2024-06-03T07:00:00.000Z\","
	    "\"received_at\":\"2024-06-03T07:00:00.000Z\",\"carrier\":\"cdek\",\"status\":\"accepted\"}", "ids are compared unescaped");

	holds(HEAD ",\"lag_sec\":0,\"is_date_only\":false,\"lat\":0,\"lon\":0.0,\"to_recipient\":false,\"damaged\":false}",
	    "\"received_at\":\"2024-06-03T07:00:00.000Z\",\"lag_sec\":0,\"is_date_only\":false,\"carrier\":\"cdek\",\"status\":\"accepted\","
	    "\"lat\":0,\"lon\":0.0,\"to_recipient\":false,\"damaged\":false,\"state\":\"accepted\",\"mark\":\"\",\"attempt\":0}]}",
	    "what is never empty stays, in the order of the table");

	refused("{\"event_id\":\"1\"}", "missing", "shipment_id");
	refused("{\"shipment_id\":\"S\",\"event_id\":\"\"}", "missing", "event_id");
	refused("{\"shipment_id\":7}", "type", "shipment_id");
	refused("{\"shipment_id\":\"S\",\"event_id\":\"1\",\"version\":\"5\"}", "type", "version");
	refused("{\"shipment_id\":\"S\",\"event_id\":\"1\",\"version\":5}", "missing", "event_time");
	refused("{\"shipment_id\":\"S\",\"event_id\":\"1\",\"version\":5,\"event_time\":\"3 June\"}", "time", "event_time");
	refused(HEAD ",\"reason\":\"absent\"}", "enum", "reason");
	refused(HEAD ",\"attempt_no\":100}", "range", "attempt_no");
	refused(HEAD ",\"raw_text\":{}}", "type", "raw_text");
	refused(HEAD ",\"damaged\":2}", "type", "damaged");
	refused(HEAD ",\"to_recipient\":\"1\"}", "type", "to_recipient");
	refused(HEAD ",\"extra\":\"{\"}", "json", "extra");
	refused("{\"shipment_id\":\"S\",\"event_id\":\"1\",\"version\":5,\"event_time\":\"2024-06-03T07:00:00.000Z\","
	    "\"received_at\":\"2024-06-03T07:00:00.000Z\",\"carrier\":\"cdek\",\"status\":\"gone\"}", "enum", "status");

	buf_puts(&deep, HEAD ",\"extra\":{\"a\":");
	for (i = 0; i < 29; i++)
		buf_putc(&deep, '[');
	for (i = 0; i < 29; i++)
		buf_putc(&deep, ']');
	buf_puts(&deep, "}}");
	refused(buf_str(&deep), "json", "extra");
	buf_fini(&deep);
}

/* ---- limits */

/* Copy after copy, until most of them must go: what the reducer reads of those that stay is as it was. */
static void
tidied(void)
{
	char line[2048], pad[1001];
	struct fold f;
	struct buf doc[2] = { { 0 }, { 0 } };
	struct fault fault = { 0 };
	const char *got[2] = { NULL, NULL };
	unsigned i, id;
	int adjacent;

	memset(pad, 'x', 1000);
	pad[1000] = '\0';
	for (adjacent = 0; adjacent < 2; adjacent++) {
		fold_init(&f, &taxonomy, adjacent);
		for (i = 0; i < 60000; i++) {
			id = i % 300;
			(void)snprintf(line, sizeof line, "{\"_src\":[\"t\",0,%u,0,0],\"shipment_id\":\"S\\u0031\",\"event_id\":\"\\u0065%u\",\"version\":%u,"
			    "\"event_time\":\"2024-06-%02uT%02u:00:00.000Z\",\"received_at\":\"2024-06-03T07:00:00.000Z\","
			    "\"carrier\":\"\\u0063%u\",\"status\":\"%s\",\"courier_id\":\"\\u006b%u\",\"supersedes\":\"%s\","
			    "\"raw_text\":\"%s\"}", i, id, i < 30000 ? i : 90000 - i, id / 24 + 1, id % 24, id % 3,
			    id % 2 ? "attempt_failed" : "out_for_delivery", id,
			    id % 7 == 0 ? "previ\\u006fus" : id % 11 == 0 ? "\\u006510" : "", pad);
			(void)feed(&f, line, &fault);
		}
		ok(f.duplicates > 50000, "copies were left out early: %llu", (unsigned long long)f.duplicates);
		got[adjacent] = document(&f, 0, &doc[adjacent], &fault);
		fold_fini(&f);
	}
	ok(got[0] != NULL && strstr(got[0], "\"events_n\":300,") != NULL && strstr(got[0], "\"courier_id\":\"k2") != NULL && strstr(got[0], "void") != NULL, "copy after copy: a document");
	is_str(got[1], got[0] ? got[0] : "", "and the same one shipment at a time");
	buf_fini(&doc[0]);
	buf_fini(&doc[1]);
}

static int
numbered(struct fold *f, unsigned id, unsigned version, const char *pad, struct fault *fault)
{
	char line[2048];

	(void)snprintf(line, sizeof line, "{\"shipment_id\":\"S\",\"event_id\":\"%u\",\"version\":%u,\"event_time\":\"2024-06-03T07:00:00.000Z\","
	    "\"received_at\":\"2024-06-03T07:00:00.000Z\",\"carrier\":\"cdek\",\"status\":\"in_transit\",\"raw_text\":\"%s\"}", id, version, pad);
	return feed(f, line, fault);
}

static void
limits(int adjacent)
{
	const char *how = adjacent ? "adjacent" : "in memory";
	char pad[1001];
	struct fold f;
	struct buf b = { 0 };
	struct fault fault = { 0 };
	size_t most = 0;
	unsigned i;

	memset(pad, 'x', 1000);
	pad[1000] = '\0';
	fold_init(&f, &taxonomy, adjacent);
	for (i = 0; i < EVENTS_MAX; i++)
		(void)numbered(&f, i, 1, "", &fault);
	ok(document(&f, 0, &b, &fault) != NULL, "%d events give a document, %s", EVENTS_MAX, how);
	(void)numbered(&f, 5, 2, "", &fault);
	ok(document(&f, 0, &b, &fault) != NULL && strstr(buf_str(&b), "\"events_n\":4096") != NULL, "a copy more changes nothing, %s", how);
	(void)numbered(&f, i, 1, "", &fault);
	ok(document(&f, 0, &b, &fault) == NULL && strcmp(fault.code, "events") == 0, "one event more is too many, %s", how);
	forget(&f);

	for (i = 0; i < 60000; i++) {
		(void)numbered(&f, i % 300, i, pad, &fault);
		if (fold_bytes(&f) > most)
			most = fold_bytes(&f);
	}
	ok(document(&f, 0, &b, &fault) != NULL, "60000 copies of 300 events are a document, %s", how);
	ok(strstr(buf_str(&b), "\"version\":59999,") != NULL && strstr(buf_str(&b), "\"version\":59000,") == NULL,
	    "of the newest versions, %s", how);
	ok(most < 16 << 20, "and take a bounded room: %zu bytes, %s", most, how);
	forget(&f);

	for (i = 0; i < 3 * EVENTS_MAX; i++)
		(void)numbered(&f, i % EVENTS_MAX, 1, pad, &fault);
	ok(fold_shipment(&f, 0, &fault) > f.least && f.least > EVENTS_MAX * 1000, "a long document is known before room is made for it, %s", how);
	for (i = 0; i < EVENTS_MAX; i++)
		(void)numbered(&f, i, 2, "", &fault);
	ok(document(&f, 0, &b, &fault) != NULL && strstr(buf_str(&b), "\"events_n\":4096") != NULL && strstr(buf_str(&b), "xx") == NULL,
	    "copies are left out of %d events, %s", EVENTS_MAX, how);
	forget(&f);

	for (i = 0; i < 60000; i++)
		(void)numbered(&f, i, 1, pad, &fault);
	ok(fold_shipment(&f, 0, &fault) == 0 && strcmp(fault.code, "events") == 0, "60000 events are too many, %s", how);
	ok(fold_bytes(&f) < 1 << 20, "and are not kept: %zu bytes, %s", fold_bytes(&f), how);
	fold_fini(&f);
	buf_fini(&b);
}

static void
adjacency(void)
{
	struct fold f;
	struct buf b = { 0 };
	struct fault fault = { 0 };

	fold_init(&f, &taxonomy, 1);
	is_int(feed(&f, HEAD "}", &fault), FOLD_TAKEN, "the first shipment is taken");
	is_int(feed(&f, HEAD "}", &fault), FOLD_TAKEN, "and what belongs to it");
	is_int(feed(&f, "{\"shipment_id\":\"T\"}", &fault), FOLD_NEXT, "another one is told");
	ok(document(&f, 0, &b, &fault) != NULL, "the first has its document");
	fold_clear(&f);
	is_int(feed(&f, HEAD "}", &fault), FOLD_AGAIN, "and must not come again");
	fold_fini(&f);
	buf_fini(&b);
}

/* ---- shipments that are named first */

static int
stored(struct fold *f, const char *row, struct fault *fault)
{
	size_t n = strlen(row);

	text = mem_grow(text, &text_cap, n + JSON_PAD, 1);
	memcpy(text, row, n);
	if (json_scan(&json, (struct slice){ text, n }) == -1) {
		printf("# %s: %s\n", json.fault, row);
		exit(1);
	}
	return fold_stored(f, &json, fault);
}

static void
history(void)
{
	struct fold f;
	struct buf b = { 0 }, alone = { 0 };
	struct fault fault = { 0 };
	const char *d;
	char src[64];
	char pad[1001] = "";
	unsigned i;

	fold_init(&f, &taxonomy, 0);
	(void)feed(&f, HEAD ",\"damaged\":true,\"to_recipient\":false}", &fault);
	(void)document(&f, 0, &alone, &fault);
	fold_clear(&f);
	fold_name(&f, SLICE("S"), SLICE("[\"t\",0,7,0,0]"));
	fold_name(&f, SLICE("N"), (struct slice){ 0 });
	is_int(f.n, 2, "two shipments are named");
	is_int(feed(&f, HEAD ",\"damaged\":1,\"to_recipient\":0}", &fault), FOLD_TAKEN, "an event of one, flags as 0 and 1");
	is_int(feed(&f, "{\"_src\":[\"u\",0,1,0,0]," HEAD_REST ",\"damaged\":true,\"to_recipient\":false}", &fault), FOLD_TAKEN, "and a copy of it, with a lineage");
	d = document(&f, 0, &b, &fault);
	is_str(d, strstr(buf_str(&alone), "\"shipment_id\""), "the document is the same");
	(void)snprintf(src, sizeof src, "%.23s", buf_str(&b));
	is_str(src, "{\"_src\":[\"t\",0,7,0,0],\"", "but for the lineage, which is that of the name");
	d = document(&f, 1, &b, &fault);
	ok(d != NULL && strstr(d, "\"status\":\"unknown\"") && strstr(d, "\"events_n\":0") && strstr(d, "\"days\":[],\"events\":[]") &&
	    strstr(d, "\"is_open\":true"), "a shipment without events has a document");
	ok(strncmp(buf_str(&b), "{\"shipment_id\":\"N\"", 18) == 0, "without a lineage");

	is_int(stored(&f, "{\"shipment_id\":\"S\",\"version\":5,\"events_n\":9,\"days\":[\"2024-06-04\",\"2024-06-01\"]}", &fault), 0, "an older stored row");
	ok(document(&f, 0, &b, &fault) == NULL && strcmp(fault.code, "history") == 0, "of nine events: there are too few");
	is_int(stored(&f, "{\"shipment_id\":\"S\",\"version\":6,\"events_n\":1,\"days\":[\"2024-06-03\",\"2024-06-04\"]}", &fault), 0, "the newer one");
	is_int(stored(&f, "{\"shipment_id\":\"S\",\"version\":4,\"events_n\":9,\"days\":[]}", &fault), 0, "one older than both");
	d = document(&f, 0, &b, &fault);
	ok(d != NULL && strstr(d, "\"days\":[\"2024-06-01\",\"2024-06-03\",\"2024-06-04\"]"), "of one event: the days of all rows are handed on");
	is_int(stored(&f, "{\"shipment_id\":\"X\",\"version\":6,\"events_n\":1,\"days\":[]}", &fault), -1, "a row that nobody asked for");

	is_int(feed(&f, "{\"shipment_id\":\"N\",\"event_id\":\"1\",\"version\":5,\"event_time\":\"3 June\"}", &fault), FOLD_TAKEN,
	    "an event that is none");
	ok(document(&f, 1, &b, &fault) == NULL && strcmp(fault.code, "time") == 0 && strcmp(fault.field, "event_time") == 0, "spoils its document");
	ok(document(&f, 0, &b, &fault) != NULL, "and no other");
	fold_clear(&f);
	fold_name(&f, SLICE("N"), (struct slice){ 0 });
	ok(document(&f, 0, &b, &fault) != NULL, "all of which is forgotten");
	is_int(stored(&f, "{\"shipment_id\":\"N\",\"version\":6,\"events_n\":0,\"days\":[\"June\"]}", &fault), 0, "a stored row that does not read");
	ok(document(&f, 0, &b, &fault) == NULL && strcmp(fault.field, "days") == 0, "spoils it too");
	fold_clear(&f);

	/* copies that fill the memory are thrown away, what came before them is not */
	memset(pad, 'x', sizeof pad - 1);
	fold_name(&f, SLICE("S"), SLICE("[\"t\",0,7,0,0]"));
	(void)stored(&f, "{\"shipment_id\":\"S\",\"version\":5,\"events_n\":2,\"days\":[\"2024-06-04\",\"2024-06-01\"]}", &fault);
	(void)stored(&f, "{\"shipment_id\":\"S\",\"version\":6,\"events_n\":1,\"days\":[\"2024-06-03\"]}", &fault);
	for (i = 0; i < 60000; i++)
		(void)numbered(&f, i % 300, i, pad, &fault);
	ok(fold_bytes(&f) < 16 << 20, "60000 copies of the events of one that is named: %zu bytes", fold_bytes(&f));
	d = document(&f, 0, &b, &fault);
	ok(d != NULL && strstr(d, "\"events_n\":300,") != NULL && strstr(d, "\"days\":[\"2024-06-01\",\"2024-06-03\",\"2024-06-04\"]") != NULL &&
	    strncmp(buf_str(&b), src, 23) == 0, "its days and its lineage are still there");
	(void)feed(&f, "{\"shipment_id\":\"S\",\"event_id\":\"1\",\"version\":5,\"event_time\":\"3 June\"}", &fault);
	for (i = 0; i < 60000; i++)
		(void)numbered(&f, i % 300, i, pad, &fault);
	ok(document(&f, 0, &b, &fault) == NULL && strcmp(fault.code, "time") == 0, "and so is its fault");
	fold_clear(&f);
	fold_name(&f, SLICE("S"), (struct slice){ 0 });
	(void)numbered(&f, 1, 1, "", &fault);
	(void)fault_set(&fault, "events", "", "not all");
	fold_spoil(&f, 0, &fault);
	ok(document(&f, 0, &b, &fault) == NULL && strcmp(fault.msg, "not all") == 0, "one whose events were not all read has no document");
	fold_clear(&f);
	fold_name(&f, SLICE("S"), (struct slice){ 0 });
	for (i = 0; i < 60000; i++)
		(void)numbered(&f, i, 1, pad, &fault);
	(void)fault_set(&fault, "events", "", "not all");
	fold_spoil(&f, 0, &fault);
	ok(document(&f, 0, &b, &fault) == NULL && strncmp(fault.msg, "more than", 9) == 0, "too many events are told as such");
	fold_fini(&f);
	buf_fini(&b);
	buf_fini(&alone);
}

int
main(void)
{
	struct err err = ERR_NONE;

	if (share_taxonomy(&taxonomy, &err) == -1) {
		printf("Bail out! %s\n", err.msg);
		return 1;
	}
	srand(7);
	property();
	shapes();
	limits(0);
	limits(1);
	tidied();
	adjacency();
	history();
	taxonomy_fini(&taxonomy);
	json_fini(&json);
	free(text);
	return done_testing();
}
