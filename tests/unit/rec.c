/* rec: lineage, control lines, rejects, typed fields, documents. */
#include <stdio.h>
#include <stdlib.h>

#include "parcel/doc.h"
#include "rec/control.h"
#include "rec/field.h"
#include "rec/reject.h"
#include "rec/src.h"
#include "tap.h"

static char pad[8192];
static struct json json;

/* Scans text, which is copied to where it may be read past its end. */
static const struct json *
scan(const char *text)
{
	(void)snprintf(pad, sizeof pad - JSON_PAD, "%s", text);
	return json_scan(&json, slice_of(pad)) == 0 ? &json : NULL;
}

static void
test_src(void)
{
	struct src s = { 0 };
	struct slice raw;
	char out[128];

	scan("{\"_src\":[\"tracking.events\",3,9007199254740993,1717398000000,2]}");
	is_int(src_get(&json.member[0].v, &s), 0, "_src");
	ok(slice_eq(s.topic, SLICE("tracking.events")) && s.partition == 3 && s.offset == 9007199254740993 &&
	    s.ts_ms == 1717398000000 && s.i == 2, "its parts");
	*src_put(out, &s) = '\0';
	is_str(out, "[\"tracking.events\",3,9007199254740993,1717398000000,2]", "and back");
	scan("{\"_src\":[\"t\",3,1,0]}");
	is_int(src_get(&json.member[0].v, &s), -1, "four parts");
	scan("{\"_src\":[\"t\",3,1,0,1,1]}");
	is_int(src_get(&json.member[0].v, &s), -1, "six parts");
	scan("{\"_src\":[1,3,1,0,1]}");
	is_int(src_get(&json.member[0].v, &s), -1, "a topic that is no string");
	scan("{\"_src\":\"t\"}");
	is_int(src_get(&json.member[0].v, &s), -1, "a string");
	scan("{\"_src\":[\"t\",3,1234567890123456789012345678901234567890,0,1]}");
	is_int(src_get(&json.member[0].v, &s), -1, "a number of 40 digits");
	scan("{\"_src\":[\"t\",3,-1,9223372036854775807,1]}");
	ok(src_get(&json.member[0].v, &s) == 0 && s.offset == -1 && s.ts_ms == INT64_MAX, "any number of 64 bits");
	is_int((long long)src_peek(SLICE("{\"_src\":[\"t\",1,2,{3,0],\"a\":}")).n, 0, "a broken one is not found");
	is_int((long long)src_peek(SLICE("{\"_src\":[\"\xff\",1,2,3,0],\"a\":}")).n, 0, "nor one that is not UTF-8");
	is_int((long long)src_peek(SLICE("{\"_src\":[\"t\",1,2,3,0,\"x\"],\"a\":}")).n, 0, "nor one of six parts");
	raw = src_peek(SLICE("{\"_src\":[\"t\",1,2,3,0],\"a\":}"));
	ok(slice_eq(raw, SLICE("[\"t\",1,2,3,0]")), "found in front of a broken record");
	is_int((long long)src_peek(SLICE("{\"_src\":[\"t\",1")).n, 0, "but not when it is cut itself");

	ok(src_reserved(SLICE("_src")) && src_reserved(SLICE("_key")) && src_reserved(SLICE("_hdr")) && src_reserved(SLICE("@")),
	    "names of Waybill");
	ok(!src_reserved(SLICE("")) && !src_reserved(SLICE("_srcs")) && !src_reserved(SLICE("src")) && !src_reserved(SLICE("a@")),
	    "and not");
	ok(src_foreign(scan("{\"a\":1,\"\\u0040x\":2}")) == &json.member[1] && src_foreign(scan("{\"\\u005fke\\u0079\":2}")) != NULL,
	    "found under escapes");
	ok(src_foreign(scan("{\"a\":{\"_src\":1}}")) == NULL, "in an inner object they are allowed");
	*src_message(out, scan(" { \"a b\" : [ 1 , \"x y\" ] } ")) = '\0';
	is_str(out, ",\"a b\":[1,\"x y\"]}", "a message goes behind other members");
	*src_message(out, scan("{}")) = '\0';
	is_str(out, "}", "an empty one too");
	(void)scan("{\"a\":1,\"b\":2}");
	*src_message(pad, &json) = '\0';
	is_str(pad, ",\"a\":1,\"b\":2}", "or stands there already");
}

static void
test_control(void)
{
	struct control c, d;
	struct err e = ERR_NONE;
	struct buf b = { 0 };

	c = (struct control){ .kind = CONTROL_CKPT, .n = 7, .rows = 50000, .run = "0123" };
	control_put(&b, &c);
	is_str(buf_str(&b), "{\"@ckpt\":{\"run\":\"0123\",\"n\":7,\"rows\":50000}}\n", "a checkpoint's line");
	scan(b.p);
	is_int(control_get((struct slice){ pad, b.n - 1 }, &json, &d, &e), 0, "is read");
	ok(d.kind == CONTROL_CKPT && d.n == 7 && d.rows == 50000 && strcmp(d.run, "0123") == 0, "as it was");
	(void)snprintf(pad, sizeof pad, "{\"@hello\":{\"v\":2,\"run\":\"1\",\"lane\":\"x\"}}");
	is_int(control_get(slice_of(pad), &json, &d, &e), -1, "another version");
	is_int(e.status, EX_CONFIG, "is EX_CONFIG");
	(void)snprintf(pad, sizeof pad, "{\"@ckpt\":{\"run\":\"1\",\"n\":\"7\",\"rows\":1}}");
	is_int(control_get(slice_of(pad), &json, &d, &e), -1, "a number that is none");
	(void)snprintf(pad, sizeof pad, "{\"@ckpt\":{\"run\":1}}");
	is_int(control_get(slice_of(pad), &json, &d, &e), -1, "a broken one");
	is_int(e.status, EX_SOFTWARE, "is EX_SOFTWARE");
	(void)snprintf(pad, sizeof pad, "{\"@news\":{}}");
	is_int(control_get(slice_of(pad), &json, &d, &e), 0, "an unknown one is none of ours");
	is_int(d.kind, CONTROL_OTHER, "and forwarded");
	is_int(control_is(SLICE("{\"@x\":1}")), 1, "first three bytes");
	is_int(control_is(SLICE("{ \"@x\":1}")), 0, "nothing else makes a control line");
	buf_fini(&b);
}

static void
test_reject(void)
{
	static char large[REJECT_RAW + 1000];
	struct fault f;
	struct buf b = { 0 };

	is_int(fault_set(&f, "range", "lat", "%d is not a \"latitude\"", 91), -1, "a fault");
	reject_put(&b, SLICE("[\"t\",0,1,2,0]"), "wb-normalize", &f, SLICE("{\"lat\":91}\xff"));
	is_str(buf_str(&b), "{\"@reject\":{\"src\":[\"t\",0,1,2,0],\"stage\":\"wb-normalize\",\"code\":\"range\",\"field\":\"lat\","
	    "\"msg\":\"91 is not a \\\"latitude\\\"\",\"raw\":\"eyJsYXQiOjkxff8=\"}}\n", "its line");
	buf_clear(&b);
	reject_put(&b, (struct slice){ 0 }, "s", &f, (struct slice){ large, sizeof large });
	is_int((long long)b.n - 108, 87384, "of a large one 64 KiB are kept, as base64");
	buf_clear(&b);
	memset(pad, 'x', sizeof pad);
	fault_set(&f, "json", "", "x\ny\x1b");
	reject_put(&b, (struct slice){ 0 }, "s", &f, (struct slice){ pad, 0 });
	is_str(buf_str(&b), "{\"@reject\":{\"src\":null,\"stage\":\"s\",\"code\":\"json\",\"field\":\"\",\"msg\":\"x?y?\",\"raw\":\"\"}}\n",
	    "control bytes of a message are shown as ?");
	buf_fini(&b);
}

static void
test_field(void)
{
	struct fault f = { 0 };
	char scratch[256];
	struct slice s;
	int64_t v = 0;
	int flag = 0;

	scan("{\"t\":\"a\\u0041\",\"n\":null,\"e\":\"\",\"i\":12,\"d\":1.5,\"b\":true,\"at\":\"2024-06-03T07:00:00.000Z\",\"day\":\"2024-02-30\"}");
	is_int(field_text(json_get(&json, SLICE("t")), "t", 2, scratch, &s, &f), 1, "text");
	ok(slice_eq(s, SLICE("aA")), "unescaped");
	is_int(field_text(json_get(&json, SLICE("t")), "t", 1, scratch, &s, &f), -1, "longer than allowed");
	is_str(f.code, "length", "is length");
	is_int(field_text(json_get(&json, SLICE("n")), "n", 9, scratch, &s, &f), 0, "null is no value");
	is_int(field_text(json_get(&json, SLICE("e")), "e", 9, scratch, &s, &f), 0, "nor is the empty string");
	is_int(field_text(json_get(&json, SLICE("i")), "i", 9, scratch, &s, &f), -1, "a number is no text");
	is_int(field_int(json_get(&json, SLICE("i")), "i", 0, 12, &v, &f), 1, "a number");
	is_int(v, 12, "its value");
	is_int(field_int(json_get(&json, SLICE("i")), "i", 0, 11, &v, &f), -1, "out of range");
	is_str(f.code, "range", "is range");
	is_int(field_int(json_get(&json, SLICE("d")), "d", 0, 11, &v, &f), -1, "a fraction is no whole number");
	is_int(field_bool(json_get(&json, SLICE("b")), "b", &flag, &f), 1, "true");
	is_int(field_bool(json_get(&json, SLICE("i")), "i", &flag, &f), -1, "12 is no truth value");
	scan("{\"one\":1,\"zero\":0,\"t\":\"a\\u0041\",\"at\":\"2024-06-03T07:00:00.000Z\",\"day\":\"2024-02-30\"}");
	is_int(field_bool(json_get(&json, SLICE("one")), "one", &flag, &f) == 1 && flag, 1, "1 is true");
	is_int(field_bool(json_get(&json, SLICE("zero")), "zero", &flag, &f) == 1 && !flag, 1, "0 is false");
	is_int(field_time(json_get(&json, SLICE("at")), "at", &v, &f), 1, "a time");
	is_int(v, 1717398000000, "its instant");
	is_int(field_time(json_get(&json, SLICE("t")), "t", &v, &f), -1, "no time");
	is_str(f.code, "time", "is time");
	is_int(field_day(json_get(&json, SLICE("day")), "day", &(int32_t){ 0 }, &f), -1, "30 February");
	is_str(f.field, "day", "names the field");
}

static void
test_doc(void)
{
	struct doc d;
	char out[512];

	doc_init(&d);
	scan("{\"status\":\"lost\",\"shipment_id\":\"S-1\",\"mine\":[1],\"price\":1.10,\"_src\":[\"t\",0,1,2,0],\"client_id\":9}");
	doc_pick(&d, &json);
	d.own[DOC_CLIENT_ID_] = SLICE("17");
	d.own[DOC_STATUS_] = SLICE("\"delivered\"");	/* not of this stage: not written */
	d.own[DOC_CLIENT_TIER_] = SLICE("\"gold\"");
	*doc_put(&d, &json, DOC_A | DOC_E, out) = '\0';
	is_str(out, "{\"_src\":[\"t\",0,1,2,0],\"shipment_id\":\"S-1\",\"client_id\":17,\"client_tier\":\"gold\",\"price\":1.10,"
	    "\"status\":\"lost\",\"mine\":[1]}", "owned members are set, the others copied, in the table's order");
	ok(doc_size(&d, &json, DOC_A | DOC_E) >= strlen(out), "doc_size is enough");
	doc_fini(&d);
}

int
main(void)
{
	test_src();
	test_control();
	test_reject();
	test_field();
	test_doc();
	json_fini(&json);
	return done_testing();
}
