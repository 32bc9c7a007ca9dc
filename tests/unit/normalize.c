/* Messages to canonical events: each field, each fault, the check values of wb-records.5. */
#include "parcel/normalize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "run/maps.h"
#include "run/share.h"
#include "tap.h"

static struct taxonomy tax;
static struct carriermap maps;
static struct map vocabularies;
static struct carrierref carriers;
static struct shiptable shiptable;
static struct shipref shipments;
static int64_t map_rev;
static int strict;

static struct slice
padded(struct buf *b, const char *s)
{
	buf_clear(b);
	buf_puts(b, s);
	memset(buf_room(b, JSON_PAD), 0, JSON_PAD);
	return buf_as_slice(b);
}

/* The events of a message, or their faults ("code field"), divided by LF. */
static const char *
norm(const char *map, const char *message)
{
	static struct buf out;
	struct buf b = { 0 }, room = { 0 };
	struct fieldmap fm;
	struct json j = { 0 };
	struct fault f = { 0 };
	struct err e = ERR_NONE;
	struct normalize n = { .taxonomy = &tax, .maps = &maps, .carriers = &carriers, .fields = &fm,
	    .shipments = &shipments, .map_rev = map_rev, .strict = strict };
	const struct json_member *src;
	enum normalize_what what;
	char *p, *end = NULL;

	buf_clear(&out);
	if (fieldmap_load(&fm, slice_of(map), "m", &e) == -1)
		return e.msg[0] ? "bad test: the map" : "";
	if (json_scan(&j, padded(&b, message)) == -1)
		return "bad test: the message";
	normalize_init(&n);
	src = json_get(&j, SLICE("_src"));
	normalize_open(&n, &j, src ? &src->v : NULL);
	for (;;) {
		buf_clear(&room);
		p = buf_room(&room, normalize_room(&n));
		what = normalize_next(&n, p, &end, &f, &e);
		if (what == NORMALIZE_END || what == NORMALIZE_FAIL)
			break;
		if (out.n > 0)
			buf_putc(&out, '\n');
		if (what == NORMALIZE_EVENT)
			buf_put(&out, p, (size_t)(end - p));
		else
			buf_printf(&out, "%s %s", f.code, f.field);
	}
	normalize_fini(&n);
	fieldmap_fini(&fm);
	json_fini(&j);
	buf_fini(&b);
	buf_fini(&room);
	return buf_str(&out);
}

/* A message with everything that must be, and more members. */
static const char *
with(const char *more)
{
	static char text[16384];

	(void)snprintf(text, sizeof text, "{\"_src\":[\"tracking.events\",1,2,1717398000000,0],\"event_id\":\"E\","
	    "\"shipment_id\":\"S\",\"carrier_code\":\"cdek\",\"event_time\":\"2024-06-03T07:00:00Z\",\"status\":\"info\"%s%s}",
	    more[0] ? "," : "", more);
	return norm("", text);
}

/* The members of the event of with() that differ from those of with(""). */
static const char *
gives(const char *more)
{
	static const char head[] = "{\"_src\":[\"tracking.events\",1,2,1717398000000,0],\"shipment_id\":\"S\",\"event_id\":\"E\","
	    "\"version\":15579186333312,\"event_time\":\"2024-06-03T07:00:00.000Z\",\"received_at\":\"2024-06-03T07:00:00.000Z\","
	    "\"lag_sec\":0,\"is_date_only\":false,\"carrier\":\"cdek\",\"carrier_id\":3,";
	const char *got = with(more);

	return strncmp(got, head, sizeof head - 1) == 0 ? got + sizeof head - 1 : got;
}

static const char *
member(const char *event, const char *name)
{
	static char value[4096];
	static struct buf b;
	static struct json j;
	const struct json_member *m;

	if (json_scan(&j, padded(&b, event)) == -1)
		return event;
	m = json_get(&j, slice_of(name));
	(void)snprintf(value, sizeof value, "%.*s", m ? (int)m->v.raw.n : 6, m ? m->v.raw.p : "absent");
	return value;
}

/* The value of a member of the event of a message. */
static const char *
get(const char *map, const char *message, const char *name)
{
	static char event[16384];

	(void)snprintf(event, sizeof event, "%s", norm(map, message));
	return member(event, name);
}

static const char *
with_get(const char *more, const char *name)
{
	static char event[16384];

	(void)snprintf(event, sizeof event, "%s", with(more));
	return member(event, name);
}

static void
check_values(void)
{
	is_str(with(""), "{\"_src\":[\"tracking.events\",1,2,1717398000000,0],\"shipment_id\":\"S\",\"event_id\":\"E\","
	    "\"version\":15579186333312,\"event_time\":\"2024-06-03T07:00:00.000Z\",\"received_at\":\"2024-06-03T07:00:00.000Z\","
	    "\"lag_sec\":0,\"is_date_only\":false,\"carrier\":\"cdek\",\"carrier_id\":3,\"integration\":\"cdek\",\"status\":\"info\","
	    "\"map_hit\":\"given\",\"to_recipient\":false,\"damaged\":false}", "the least event; the version's check value");
	is_str(get("", "{\"_src\":[\"t\",0,1,1717398000000,0],\"carrier_code\":\"cdek\",\"tracking_number\":\"10248457\","
	    "\"shipment_id\":\"S\",\"raw_code\":\"RECEIVED_AT_SHIPMENT_WAREHOUSE\",\"event_time\":\"2024-06-03T10:00:00\","
	    "\"facility_id\":\"MSK12\"}", "event_id"), "\"x1aa2b0bf5f22698356e4986d8a881ee1\"", "the synthesised id's check value");
	is_str(get("", "{\"carrier_code\":\"cdek\",\"shipment_id\":\"10248457\","
	    "\"raw_code\":\"RECEIVED_AT_SHIPMENT_WAREHOUSE\",\"event_time\":\"2024-06-03T07:00:00Z\",\"received_at\":\"2024-06-03 09:00Z\","
	    "\"facility_id\":\"MSK12\"}", "event_id"), "\"x1aa2b0bf5f22698356e4986d8a881ee1\"", "of the shipment without a tracking number");
	is_str(get("", "{\"carrier_code\":\"cdek\",\"shipment_id\":\"S\",\"status\":\"info\",\"event_time\":\"2024-06-03T07:00:00Z\","
	    "\"received_at\":\"2024-06-03T07:00:00Z\"}", "event_id"), "\"xfa4d65145b6963d428bd5549b9aedd29\"", "of the status without a code");
	is_str(with_get("\"raw_code\":\"x\"", "map_hit"), "\"given\"", "a status that is given wins");

	map_rev = 262143;
	is_str(with_get("", "version"), "4611684005427676800", "the greatest revision of the maps");
	map_rev = 0;
	is_str(get("", "{\"_src\":[\"shipment_events\",0,1,0,0],\"shipment_id\":\"S\",\"event_id\":\"E\",\"carrier_code\":\"cdek\","
	    "\"status\":\"info\",\"event_time\":\"2024-06-03T07:00:00Z\",\"received_at\":\"2024-06-03T07:00:00Z\"}", "version"),
	    "11181139822208", "a row of shipment_events has less");
	is_str(get("", "{\"_src\":[\"t\",0,1,0,0],\"shipment_id\":\"S\",\"event_id\":\"E\",\"carrier_code\":\"cdek\","
	    "\"raw_code\":\"no such\",\"event_time\":\"2024-06-03T07:00:00Z\",\"received_at\":\"2024-06-03T07:00:00Z\"}", "version"),
	    "6783093311104", "an event that is not mapped has less");
	is_str(with_get("\"received_at\":\"2024-06-03T07:00:00.001Z\"", "version"), "15579186333311", "a later copy has less");
}

static void
fields(void)
{
	is_str(gives("\"tracking_number\":\"10\",\"integration\":\"cdek-webhook\",\"reason\":\"recipient.absent\",\"raw_code\":\"A\","
	    "\"raw_subcode\":\"b\",\"raw_text\":\"t\",\"attempt_no\":2,\"courier_id\":\"c\",\"facility_id\":\"f\",\"region_code\":\"RU-MOW\","
	    "\"city\":\"Moscow\",\"lat\":55.750,\"lon\":-37.6,\"promised_at\":\"2024-06-05\",\"supersedes\":\"D\",\"to_recipient\":true,"
	    "\"pieces\":3,\"pieces_delivered\":2,\"damaged\":true,\"schema\":\"tracking.event/1\",\"other\":[1, 2]"),
	    "\"tracking_number\":\"10\",\"integration\":\"cdek-webhook\",\"status\":\"info\",\"reason\":\"recipient.absent\","
	    "\"map_hit\":\"given\",\"raw_code\":\"A\",\"raw_subcode\":\"b\",\"raw_text\":\"t\",\"attempt_no\":2,\"courier_id\":\"c\","
	    "\"facility_id\":\"f\",\"region_code\":\"RU-MOW\",\"city\":\"Moscow\",\"lat\":55.750,\"lon\":-37.6,\"edd\":\"2024-06-05\","
	    "\"supersedes\":\"D\",\"to_recipient\":true,\"pieces\":3,\"pieces_delivered\":2,\"damaged\":true,\"extra\":{\"other\":[1,2]}}",
	    "every member, in order");
	is_str(with_get("\"city\":\"a\\u0041\\\"\\\\\\u0001\\n\\u00e9\\/\"", "city"), "\"aA\\\"\\\\\\u0001\\n\xc3\xa9/\"", "escapes are written anew");
	is_str(with_get("\"pieces\":0,\"pieces_delivered\":65535", "pieces_delivered"), "65535", "pieces");
	is_str(with_get("\"pieces\":0", "pieces"), "absent", "no pieces are left out");
	is_str(with_get("\"promised_at\":\"2024-06-05T10:00:00+03:00\"", "edd"), "\"2024-06-05T07:00:00.000Z\"", "a promise to the moment");
	is_str(with_get("\"promised_at\":\"2024-06-05 10:00\"", "edd"), "\"2024-06-05T07:00:00.000Z\"", "in the carrier's zone");
	is_str(with_get("\"supersedes\":true", "supersedes"), "\"previous\"", "supersedes true");
	is_str(with_get("\"supersedes\":false", "supersedes"), "absent", "supersedes false");
	is_str(with_get("\"schema\":\"tracking.event/1.2\"", "status"), "\"info\"", "a minor version");
	is_str(with_get("\"lat\":-90,\"lon\":1.8e2", "lon"), "1.8e2", "coordinates stay as they are");
	is_str(with_get("\"lat\":89.99999999999999999999999999", "lat"), "89.99999999999999999999999999", "to the last digit");
	is_str(with_get("\"reason\":null,\"tracking_number\":\"\"", "tracking_number"), "absent", "null and empty are no value");
	is_str(get("", "{\"shipment_id\":\"S\",\"carrier_code\":\"ups\",\"status\":\"info\",\"event_id\":\"E\",\"event_time\":\"2024-06-03\","
	    "\"received_at\":\"2024-06-03\"}", "_src"), "absent", "a record without _src stays without");
	is_str(get("", "{ \"_src\" : [ \"t\" , 0 , 1 , 1717398000000 , 0 ] ,\"shipment_id\":\"S\",\"carrier_code\":\"ups\",\"status\":\"info\","
	    "\"event_time\":\"2024-06-03\"}", "_src"), "[\"t\",0,1,1717398000000,0]", "white space in _src goes");
}

/* Texts of 256 bytes, cut between characters. */
static void
raw_text(void)
{
	char more[2048], want[1024];
	int i, n, m;

	(void)snprintf(more, sizeof more, "\"raw_text\":\"%0256d\"", 7);
	(void)snprintf(want, sizeof want, "\"%0256d\"", 7);
	is_str(with_get(more, "raw_text"), want, "256 bytes stay");
	(void)snprintf(more, sizeof more, "\"raw_text\":\"%0257d\"", 7);
	(void)snprintf(want, sizeof want, "\"%0256d\"", 0);
	is_str(with_get(more, "raw_text"), want, "257 are cut");
	(void)snprintf(more, sizeof more, "\"raw_text\":\"%0255d\xd0\x96\"", 7);
	(void)snprintf(want, sizeof want, "\"%0255d\"", 7);
	is_str(with_get(more, "raw_text"), want, "between characters");
	for (i = 0, n = 0, m = 0; i < 200; i++) {
		n += snprintf(more + n, sizeof more - (size_t)n, "%s\\u0436", i ? "" : "\"raw_text\":\"");
		if (i < 128)
			m += snprintf(want + m, sizeof want - (size_t)m, "%s\xd0\xb6", i ? "" : "\"");
	}
	(void)snprintf(more + n, sizeof more - (size_t)n, "\"");
	(void)snprintf(want + m, sizeof want - (size_t)m, "\"");
	is_str(with_get(more, "raw_text"), want, "escapes count as what they stand for");
}

static void
times(void)
{
#define T(time) "{\"shipment_id\":\"S\",\"event_id\":\"E\",\"carrier_code\":\"cdek\",\"status\":\"info\",\"received_at\":\"2026-11-01T20:00:00Z\",\"event_time\":\"" time "\"}"
#define NY(time) "{\"shipment_id\":\"S\",\"event_id\":\"E\",\"carrier_code\":\"usps\",\"status\":\"info\",\"received_at\":\"2026-11-01T20:00:00Z\",\"event_time\":\"" time "\"}"
	is_str(get("", T("2024-06-03T10:00:00+03:00"), "event_time"), "\"2024-06-03T07:00:00.000Z\"", "an offset");
	is_str(get("", T("2024-06-03 10:00:00.1239+0300"), "event_time"), "\"2024-06-03T07:00:00.123Z\"", "blank, short offset, fraction");
	is_str(get("", T("2024-06-03T10:00+03"), "event_time"), "\"2024-06-03T07:00:00.000Z\"", "no seconds");
	is_str(get("", T("2024-06-03T10:00:00"), "event_time"), "\"2024-06-03T07:00:00.000Z\"", "the carrier's zone");
	is_str(get("", T("2024-06-03"), "event_time"), "\"2024-06-02T21:00:00.000Z\"", "a date is its local midnight");
	is_str(get("", T("2024-06-03"), "is_date_only"), "true", "and date only");
	is_str(get("", T("2024-06-03T00:00:00"), "is_date_only"), "false", "midnight is not");
	is_str(get("date_only_times 00:00:00\n", T("2024-06-03T00:00:00"), "is_date_only"), "true", "but where the feed says so");
	is_str(get("date_only_times 00:00:00\n", T("2024-06-03T00:00:00"), "event_time"), "\"2024-06-02T21:00:00.000Z\"", "and stays as sent");
	is_str(get("date_only_times 00:00\n", T("2024-06-03T03:00:00+03:00"), "is_date_only"), "false", "it is the time of day as sent");
	is_str(get("", NY("2026-03-08T02:30:00"), "event_time"), "\"2026-03-08T07:30:00.000Z\"", "in a gap it moves forward");
	is_str(get("", NY("2026-11-01T01:30:00"), "event_time"), "\"2026-11-01T06:30:00.000Z\"", "in an overlap the later one");
	is_str(get("", T("2024-02-30"), "event_time"), "time event_time", "no 30 February");
	is_str(get("", T("2024-06-03T10:00:60Z"), "event_time"), "time event_time", "no second 60");
	is_str(get("", T("1717398000"), "event_time"), "time event_time", "a number is none");
	is_str(get("event_time s:/at\n", "{\"shipment_id\":\"S\",\"carrier_code\":\"cdek\",\"status\":\"info\",\"at\":1717398000,"
	    "\"received_at\":\"2024-06-03T07:00:01.999Z\"}", "event_time"), "\"2024-06-03T07:00:00.000Z\"", "but through s:");
	is_str(get("event_time s:/at\n", "{\"shipment_id\":\"S\",\"carrier_code\":\"cdek\",\"status\":\"info\",\"at\":\"x\"}", "event_time"),
	    "time event_time", "and only if it is one");
	is_str(get("event_time s:/at\n", "{\"shipment_id\":\"S\",\"carrier_code\":\"cdek\",\"status\":\"info\",\"at\":1717398000.9,"
	    "\"received_at\":\"2024-06-03T07:00:01.000Z\"}", "lag_sec"), "1", "the lag is of whole seconds");
	is_str(get("", T("2026-11-02T20:00:00Z"), "lag_sec"), "-86400", "24 h ahead");
	is_str(get("", T("2026-11-02T20:00:00.001Z"), "lag_sec"), "time_range event_time", "and not a moment more");
	is_str(get("", T("2000-01-01T00:00:00Z"), "event_time"), "\"2000-01-01T00:00:00.000Z\"", "the first moment");
	is_str(get("", T("1999-12-31T23:59:59.999Z"), "event_time"), "time_range event_time", "and one before it");
	is_str(with_get("\"received_at\":\"2100-01-01T00:00:00Z\"", "version"), "time_range received_at", "received after the end of time");
	is_str(get("", "{\"shipment_id\":\"S\",\"event_id\":\"E\",\"carrier_code\":\"cdek\",\"status\":\"info\",\"received_at\":"
	    "\"2099-12-31T23:59:59Z\",\"event_time\":\"2000-01-02\"}", "lag_sec"), "2147483647", "the lag is cut to 32 bits");
}

static void
codes(void)
{
#define C(carrier, more) "{\"shipment_id\":\"S\",\"event_id\":\"E\",\"carrier_code\":\"" carrier "\",\"event_time\":\"2024-06-03T07:00:00Z\",\"received_at\":\"2024-06-03T07:00:00Z\"," more "}"
	is_str(get("", C("usps", "\"raw_code\":\"3\""), "status"), "\"accepted\"", "a code is mapped");
	is_str(get("", C("cdek", "\"raw_code\":\"NOT_DELIVERED\",\"raw_subcode\":\"1\""), "reason"), "\"recipient.address\"", "with its subcode");
	is_str(get("", C("cdek", "\"raw_code\":\"NOT_DELIVERED\",\"raw_subcode\":\"1\""), "map_hit"), "\"exact\"", "exact");
	is_str(get("", C("cdek", "\"raw_code\":\"NOT_DELIVERED\",\"raw_subcode\":\"99\""), "map_hit"), "\"code\"", "by the code alone");
	is_str(get("", C("cdek", "\"raw_code\":\"nope\""), "map_hit"), "\"none\"", "unmapped");
	is_str(get("", C("cdek", "\"raw_code\":\"nope\""), "status"), "\"unknown\"", "is unknown");
	is_str(get("", C("cdek", "\"raw_code\":\" nope \""), "raw_code"), "\" nope \"", "and keeps its code");
	is_str(get("", C("cdek", "\"raw_code\":\"NOT_DELIVERED\",\"reason\":\"force.weather\""), "reason"), "\"force.weather\"",
	    "a reason that is given wins");
	is_str(get("", C("russian_post", "\"raw_code\":\"26\",\"raw_subcode\":\"2\""), "supersedes"), "\"previous\"", "effect void_previous");
	is_str(get("", C("russian_post", "\"raw_code\":\"26\",\"raw_subcode\":\"2\",\"supersedes\":\"E0\""), "supersedes"), "\"E0\"",
	    "an event that names another voids that");
	is_str(get("", C("russian_post", "\"status\":\"info\",\"raw_code\":\"26\",\"raw_subcode\":\"2\""), "supersedes"), "absent",
	    "no effect where the map is not asked");
	is_str(get("vocabulary \"17track\"\n", C("ups", "\"raw_code\":\"InfoReceived\""), "status"), "\"created\"", "the vocabulary of an aggregator");
	is_str(get("vocabulary /v\n", C("ups", "\"raw_code\":\"InfoReceived\",\"v\":\"x\""), "status"), "enum vocabulary", "one that there is not");
	is_str(get("", C("ups", "\"raw_code\":\"InfoReceived\",\"vocabulary\":\"17track\""), "extra"), "{\"vocabulary\":\"17track\"}",
	    "only where the map names it");
}

static void
faults(void)
{
	static const char big[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
	static const struct {
		const char *more, *want;
	} t[] = {
		{ "\"schema\":\"tracking.event/2\"", "schema schema" }, { "\"schema\":\"other/1\"", "schema schema" },
		{ "\"schema\":\"tracking.event/10\"", "schema schema" }, { "\"schema\":1", "type schema" },
		{ "\"tracking_number\":12", "type tracking_number" }, { "\"integration\":{}", "type integration" },
		{ "\"received_at\":\"yesterday\"", "time received_at" }, { "\"received_at\":1", "type received_at" },
		{ "\"reason\":\"bad\"", "enum reason" }, { "\"reason\":1", "type reason" },
		{ "\"raw_code\":1", "type raw_code" }, { "\"raw_subcode\":1", "type raw_subcode" }, { "\"raw_text\":1", "type raw_text" },
		{ "\"attempt_no\":0", "range attempt_no" }, { "\"attempt_no\":100", "range attempt_no" },
		{ "\"attempt_no\":\"1\"", "type attempt_no" }, { "\"attempt_no\":1.0", "type attempt_no" },
		{ "\"courier_id\":1", "type courier_id" }, { "\"facility_id\":true", "type facility_id" },
		{ "\"region_code\":\"01234567890123456\"", "length region_code" }, { "\"city\":[]", "type city" },
		{ "\"lat\":90.0000001", "range lat" }, { "\"lat\":-91", "range lat" }, { "\"lat\":\"1\"", "type lat" },
		{ "\"lat\":1e400", "range lat" }, { "\"lon\":180.5", "range lon" }, { "\"lon\":1e3", "range lon" },
		{ "\"promised_at\":\"2024-13-01\"", "time promised_at" }, { "\"promised_at\":\"1999-12-31\"", "range promised_at" },
		{ "\"promised_at\":20240101", "type promised_at" },
		{ "\"supersedes\":1", "type supersedes" }, { "\"to_recipient\":\"yes\"", "type to_recipient" },
		{ "\"to_recipient\":1", "type to_recipient" }, { "\"pieces\":65536", "range pieces" }, { "\"pieces\":-1", "range pieces" },
		{ "\"pieces_delivered\":99999999999999999999", "type pieces_delivered" }, { "\"damaged\":0", "type damaged" },
		{ "\"@x\":1", "reserved @x" },
		/* of several the first in the order of the manual */
		{ "\"damaged\":0,\"schema\":\"x\",\"@x\":1", "reserved @x" }, { "\"damaged\":0,\"schema\":\"x\",\"lat\":\"x\"", "schema schema" },
		{ "\"damaged\":0,\"lat\":\"x\"", "type lat" }, { "\"received_at\":\"2020-01-01T00:00:00Z\",\"reason\":\"x\"", "time_range event_time" },
	};
	static const char *const ids[] = { "tracking_number", "integration", "courier_id", "facility_id", "supersedes", "raw_subcode" };
	char more[512], want[64];
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		is_str(with(t[i].more), t[i].want, t[i].more);
	for (i = 0; i < sizeof ids / sizeof *ids; i++) {
		(void)snprintf(want, sizeof want, "length %s", ids[i]);
		(void)snprintf(more, sizeof more, "\"%s\":\"%.65s\"", ids[i], big);
		is_str(with(more), want, "65 bytes");
		(void)snprintf(more, sizeof more, "\"%s\":\"\\u0436%.63s\"", ids[i], big);
		is_str(with(more), want, "a character of two bytes and 63");
		(void)snprintf(more, sizeof more, "\"%s\":\"\\u0061%.63s\"", ids[i], big);
		ok(strstr(with(more), ids[i]) != NULL && with(more)[0] == '{', "64 bytes of %s", ids[i]);
	}
	(void)snprintf(more, sizeof more, "\"raw_code\":\"%s%.59s\"", big, big);
	is_str(with(more), "length raw_code", "129 bytes of a code");
	(void)snprintf(more, sizeof more, "\"city\":\"%s%.59s\"", big, big);
	is_str(with(more), "length city", "129 bytes of a city");

#define M(s) norm("", "{\"_src\":[\"t\",0,1,0,0],\"event_id\":\"E\"" s "}")
	is_str(M(""), "missing shipment_id", "no shipment");
	is_str(M(",\"shipment_id\":\"\",\"tracking_number\":\"\""), "missing shipment_id", "an empty one");
	is_str(M(",\"shipment_id\":7"), "type shipment_id", "a number");
	is_str(M(",\"shipment_id\":\"S\""), "missing carrier_code", "no carrier");
	is_str(M(",\"shipment_id\":\"S\",\"carrier_code\":3"), "type carrier_code", "a carrier's number");
	is_str(M(",\"shipment_id\":\"S\",\"carrier_code\":\"CDEK\""), "carrier carrier_code", "another carrier");
	is_str(M(",\"shipment_id\":\"S\",\"carrier_code\":\"cdek\""), "missing event_time", "no event time");
	is_str(M(",\"shipment_id\":\"S\",\"carrier_code\":\"cdek\",\"event_time\":\"2024-06-03\""), "missing received_at", "no time of receipt");
	is_str(M(",\"shipment_id\":\"S\",\"carrier_code\":\"cdek\",\"event_time\":\"2024-06-03\",\"received_at\":\"2024-06-03\""),
	    "missing status", "neither status nor code");
	is_str(M(",\"shipment_id\":\"S\",\"carrier_code\":\"cdek\",\"event_time\":\"2024-06-03\",\"received_at\":\"2024-06-03\",\"status\":\"Lost\""),
	    "enum status", "no status");
	is_str(M(",\"shipment_id\":\"S\",\"carrier_code\":\"cdek\",\"event_time\":\"2024-06-03\",\"received_at\":\"2024-06-03\",\"status\":7"),
	    "type status", "a number of a status");
	is_str(norm("", "{\"_src\":[\"t\",0,1,0],\"shipment_id\":\"S\"}"), "reserved _src", "a _src that is none of ours");
	is_str(norm("", "{\"event_id\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}"), "length event_id", "a long id");
}

static void
by_tracking_number(void)
{
#define N(carrier, number) "{\"_src\":[\"t\",0,1,1717398000000,0],\"event_id\":\"E\",\"carrier_code\":\"" carrier "\",\"tracking_number\":\"" number "\",\"event_time\":\"2024-06-03\",\"status\":\"info\"}"
	is_str(get("", N("cdek", "T1"), "shipment_id"), "\"S-new\"", "the newest shipment of the carrier");
	is_str(get("", N("usps", "T1"), "shipment_id"), "\"S-usps\"", "of each carrier its own");
	is_str(get("", N("ups", "T1"), "shipment_id"), "shipment tracking_number", "none of another carrier");
	is_str(get("", N("cdek", "T2"), "shipment_id"), "\"S-none\"", "or of none yet, when that is newer");
	is_str(get("", N("ups", "T2"), "shipment_id"), "\"S-none\"", "for any carrier");
	is_str(get("", N("cdek", "T3"), "shipment_id"), "\"S-moved\"", "the later row of a shipment counts");
	is_str(get("", N("cdek", "T4"), "shipment_id"), "shipment tracking_number", "and not the one before");
	is_str(get("", N("cdek", "T5"), "shipment_id"), "\"S-twin2\"", "of two made at one time the greater id");
	is_str(get("", N("cdek", "T6"), "shipment_id"), "\"S-now\"", "the row of the newest updated_at counts");
	is_str(get("", N("cdek", "T7"), "shipment_id"), "shipment tracking_number", "and no older one behind it");
	is_str(get("", N("cdek", "T8"), "shipment_id"), "shipment tracking_number", "nor one before it, when it has no number");
	is_str(get("", N("cdek", "T9"), "shipment_id"), "shipment tracking_number", "a number that nobody knows");
}

static void
leftovers(void)
{
	strict = 1;
	is_str(with("\"x\":1"), "unknown x", "--strict: a member that nothing takes");
	is_str(with_get("", "status"), "\"info\"", "--strict: all taken");
	is_str(with("\"x\":1,\"lat\":\"x\""), "type lat", "--strict: other faults go first");
	is_str(get("", "{\"_src\":[\"shipment_events\",0,1,0,0],\"id\":1,\"created_at\":\"2024-06-03T07:00:00.000Z\",\"shipment_id\":\"S\","
	    "\"event_id\":\"E\",\"carrier_code\":\"cdek\",\"status\":\"info\",\"event_time\":\"2024-06-03T07:00:00Z\","
	    "\"received_at\":\"2024-06-03T07:00:00Z\"}", "status"), "\"info\"", "--strict: columns of the table are known");
	strict = 0;
	is_str(norm("each /e\nevent_time /t\n", "{\"_src\":[\"t\",0,5,1717398000000,0],\"_key\":\"S\",\"e\":["
	    "{\"carrier_code\":\"ups\",\"t\":\"2024-06-01\",\"status\":\"lost\",\"event_id\":\"1\"},{\"carrier_code\":\"x\"},7,"
	    "{\"carrier_code\":\"ups\",\"t\":\"2024-06-02\",\"status\":\"info\",\"event_id\":\"2\",\"y\":1}],\"z\":2}"),
	    "{\"_src\":[\"t\",0,5,1717398000000,0],\"shipment_id\":\"S\",\"event_id\":\"1\",\"version\":15579186333312,"
	    "\"event_time\":\"2024-06-01T00:00:00.000Z\",\"received_at\":\"2024-06-03T07:00:00.000Z\",\"lag_sec\":198000,"
	    "\"is_date_only\":true,\"carrier\":\"ups\",\"carrier_id\":5,\"integration\":\"ups\",\"status\":\"lost\",\"map_hit\":\"given\","
	    "\"to_recipient\":false,\"damaged\":false,\"extra\":{\"^\":{\"z\":2}}}\n"
	    "carrier carrier_code\n"
	    "type each\n"
	    "{\"_src\":[\"t\",0,5,1717398000000,3],\"shipment_id\":\"S\",\"event_id\":\"2\",\"version\":15579186333312,"
	    "\"event_time\":\"2024-06-02T00:00:00.000Z\",\"received_at\":\"2024-06-03T07:00:00.000Z\",\"lag_sec\":111600,"
	    "\"is_date_only\":true,\"carrier\":\"ups\",\"carrier_id\":5,\"integration\":\"ups\",\"status\":\"info\",\"map_hit\":\"given\","
	    "\"to_recipient\":false,\"damaged\":false,\"extra\":{\"y\":1}}", "each: i counts, faults spoil no other element");
}

static void
cancellations(void)
{
#define S(more) norm("", "{\"_src\":[\"shipments\",0,7,1717398000000,0],\"id\":7,\"shipment_id\":\"S\",\"client_id\":1" more "}")
	is_str(S(",\"carrier_id\":3,\"tracking_number\":\"T\",\"cancelled_at\":\"2024-06-03T07:00:00.000Z\",\"price\":1.50"),
	    "{\"_src\":[\"shipments\",0,7,1717398000000,0],\"shipment_id\":\"S\",\"event_id\":\"oltp-cancel\",\"version\":15579186333312,"
	    "\"event_time\":\"2024-06-03T07:00:00.000Z\",\"received_at\":\"2024-06-03T07:00:00.000Z\",\"lag_sec\":0,\"is_date_only\":false,"
	    "\"carrier\":\"cdek\",\"carrier_id\":3,\"tracking_number\":\"T\",\"integration\":\"oltp\",\"status\":\"cancelled\","
	    "\"reason\":\"shipper.cancelled\",\"map_hit\":\"given\",\"to_recipient\":false,\"damaged\":false}", "a cancelled shipment");
	is_str(member(S(",\"carrier_id\":null,\"cancelled_at\":\"2024-06-03T07:00:00.000Z\""), "carrier"), "\"none\"", "without a carrier");
	is_str(S(",\"carrier_id\":3,\"cancelled_at\":null"), "", "one that is not cancelled gives no event");
	is_str(S(",\"carrier_id\":99,\"cancelled_at\":\"2024-06-03T07:00:00.000Z\""), "carrier carrier_id", "an unknown carrier");
	is_str(S(",\"cancelled_at\":\"never\""), "time cancelled_at", "no time");
	is_str(S(",\"cancelled_at\":\"1970-01-01T00:00:00.000Z\""), "time_range cancelled_at", "long ago");
	is_str(norm("", "{\"_src\":[\"shipments\",0,7,1717398000000,0],\"cancelled_at\":\"2024-06-03T07:00:00.000Z\"}"), "missing shipment_id", "no shipment");
}

static int
rows(int (*row)(const struct json *, struct err *), const char *const *line, size_t n, struct err *e)
{
	struct json j = { 0 };
	struct buf b = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++)
		rc = json_scan(&j, padded(&b, line[i])) == -1 ? err_set(e, 1, "bad test") : row(&j, e);
	json_fini(&j);
	buf_fini(&b);
	return rc;
}

static int
carrier(const struct json *j, struct err *e)
{
	return carrierref_row(&carriers, &maps, j, e);
}

static int
shipment(const struct json *j, struct err *e)
{
	return shiptable_row(&shiptable, j, e);
}

static void
references(void)
{
	static const char *const c[] = {
		"{\"id\":9,\"code\":\"cdek\",\"tz\":\"UTC\"}",
		"{\"_src\":[\"carriers\",0,3,0,0],\"id\":3,\"code\":\"cdek\",\"tz\":\"Europe/Moscow\",\"name\":\"x\"}",
		"{\"id\":4,\"code\":\"usps\",\"tz\":\"America/New_York\"}",
		"{\"id\":5,\"code\":\"ups\",\"tz\":null}",
		"{\"id\":6,\"code\":\"russian_post\",\"tz\":\"\"}",
	};
	static const char *const s[] = {
		"{\"shipment_id\":\"S-moved\",\"tracking_number\":\"T4\",\"carrier_id\":3,\"created_at\":\"2024-01-01T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-new\",\"tracking_number\":\"T1\",\"carrier_id\":3,\"created_at\":\"2024-02-02T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-old\",\"tracking_number\":\"T1\",\"carrier_id\":3,\"created_at\":\"2024-02-01T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-usps\",\"tracking_number\":\"T1\",\"carrier_id\":4,\"created_at\":\"2024-03-01T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-mine\",\"tracking_number\":\"T2\",\"carrier_id\":3,\"created_at\":\"2024-02-01T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-none\",\"tracking_number\":\"T2\",\"carrier_id\":null,\"created_at\":\"2024-02-02T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-moved\",\"tracking_number\":\"T3\",\"carrier_id\":3,\"created_at\":\"2024-01-01T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-twin2\",\"tracking_number\":\"T5\",\"carrier_id\":3,\"created_at\":\"2024-01-01T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-twin3\",\"tracking_number\":\"T5\",\"carrier_id\":4,\"created_at\":\"2024-01-01T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-twin1\",\"tracking_number\":\"T5\",\"carrier_id\":3,\"created_at\":\"2024-01-01T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-now\",\"tracking_number\":\"T6\",\"created_at\":\"2024-01-01T00:00:00.000Z\",\"updated_at\":\"2024-01-03T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-now\",\"tracking_number\":\"T7\",\"created_at\":\"2024-01-01T00:00:00.000Z\",\"updated_at\":\"2024-01-02T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-lost\",\"tracking_number\":\"T8\",\"created_at\":\"2024-01-01T00:00:00.000Z\",\"updated_at\":\"2024-01-02T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-lost\",\"tracking_number\":null,\"created_at\":\"2024-01-01T00:00:00.000Z\",\"updated_at\":\"2024-01-03T00:00:00.000Z\"}",
		"{\"shipment_id\":\"S-bare\",\"tracking_number\":null,\"carrier_id\":3,\"created_at\":\"2024-01-01T00:00:00.000Z\"}",
	};
	static const struct {
		const char *row, *want;
	} bad[] = {
		{ "{\"code\":\"cdek\"}", "a row of carriers needs id and code" }, { "{\"id\":1}", "a row of carriers needs id and code" },
		{ "{\"id\":1,\"code\":\"Cdek\"}", "code: \"Cdek\" is no carrier code" },
		{ "{\"id\":0,\"code\":\"cdek\"}", "id: 0 is not within 1 and 2147483647" },
	}, bad_shipment[] = {
		{ "{\"shipment_id\":\"S\"}", "a row of shipments needs shipment_id and created_at" },
		{ "{\"shipment_id\":\"S\",\"created_at\":\"x\"}", "created_at: not a time of the form 2024-06-03T07:00:00.000Z" },
		{ "{\"shipment_id\":\"S\",\"created_at\":\"2024-01-01T00:00:00.000Z\",\"carrier_id\":\"3\"}", "carrier_id: not a whole number of 64 bits" },
	};
	struct err e = ERR_NONE;
	size_t i;

	is_int(rows(carrier, c, sizeof c / sizeof *c, &e), 0, e.msg);
	is_int(carrierref_code(&carriers, SLICE("cdek"))->id, 3, "a carrier's later row counts");
	ok(carrierref_code(&carriers, SLICE("dpd")) == NULL && carrierref_id(&carriers, 77) == NULL, "no others");
	is_int(rows(shipment, s, sizeof s / sizeof *s, &e), 0, e.msg);
	shipments = shiptable_ref(&shiptable);
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		(void)rows(carrier, &bad[i].row, 1, &e);
		is_str(e.msg, bad[i].want, "a bad row of carriers");
	}
	is_int(rows(carrier, (const char *const[]){ "{\"id\":1,\"code\":\"cdek\",\"tz\":\"Mars/Base\"}" }, 1, &e), -1, "a zone that there is not");
	for (i = 0; i < sizeof bad_shipment / sizeof *bad_shipment; i++) {
		(void)rows(shipment, &bad_shipment[i].row, 1, &e);
		is_str(e.msg, bad_shipment[i].want, "a bad row of shipments");
	}
}

static struct carrierref dims;

static int
version(const struct json *j, struct err *e)
{
	return carrierref_row(&dims, &maps, j, e);
}

/* Rows of dim_carrier, in any order and with copies. */
static void
dimension(void)
{
	static const char *const d[] = {
		"{\"carrier_id\":3,\"valid_from\":\"2024-02-01T00:00:00.000Z\",\"version\":5,\"code\":\"cdek\",\"tz\":\"Asia/Omsk\"}",
		"{\"carrier_id\":3,\"valid_from\":\"2024-02-01T00:00:00.000Z\",\"version\":7,\"code\":\"cdek\",\"tz\":\"Europe/Moscow\"}",
		"{\"carrier_id\":3,\"valid_from\":\"2024-02-01T00:00:00.000Z\",\"version\":6,\"code\":\"cdek\",\"tz\":\"Asia/Omsk\"}",
		"{\"carrier_id\":3,\"valid_from\":\"2023-01-01T00:00:00.000Z\",\"version\":9,\"code\":\"old\",\"tz\":\"\"}",
		"{\"carrier_id\":4,\"valid_from\":\"2024-03-01T00:00:00.000Z\",\"version\":1,\"code\":\"old\",\"tz\":\"\"}",
		"{\"carrier_id\":5,\"valid_from\":\"2024-02-15T00:00:00.000Z\",\"version\":1,\"code\":\"old\",\"tz\":\"\"}",
	};
	struct err e = ERR_NONE;

	is_int(rows(version, d, sizeof d / sizeof *d, &e), 0, e.msg);
	ok(carrierref_code(&dims, SLICE("cdek")) == NULL, "rows of dim_carrier count when all are there");
	carrierref_done(&dims, &maps);
	is_int(dims.codes.n, 2, "two codes");
	is_int(carrierref_code(&dims, SLICE("cdek"))->id, 3, "the newest version of a carrier has its code");
	ok(carrierref_code(&dims, SLICE("cdek"))->zone == carrierref_code(&carriers, SLICE("cdek"))->zone, "of its copies the greatest version its zone");
	is_int(carrierref_code(&dims, SLICE("old"))->id, 4, "a code is that of who got it last");
	is_int(rows(version, (const char *const[]){ "{\"carrier_id\":3,\"code\":\"cdek\"}" }, 1, &e), -1, "a row without its time");
	is_str(e.msg, "a row of dim_carrier needs carrier_id, valid_from, version and code", "is told");
	carrierref_fini(&dims);
}

int
main(void)
{
	struct err e = ERR_NONE;

	if (share_taxonomy(&tax, &e) == -1 || maps_read(NULL, &tax, &maps, &vocabularies, &e) == -1) {
		printf("Bail out! %s\n", e.msg);
		return 1;
	}
	references();
	dimension();
	check_values();
	fields();
	raw_text();
	times();
	codes();
	faults();
	by_tracking_number();
	leftovers();
	cancellations();
	shiptable_fini(&shiptable);
	carrierref_fini(&carriers);
	map_fini(&vocabularies);
	carriermap_fini(&maps);
	taxonomy_fini(&tax);
	return done_testing();
}
