/* Field maps: sources, conversions, each, what is left, maps that are wrong. */
#include "parcel/fieldmap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tap.h"

static char text[16384];

static void __attribute__((format(printf, 2, 3)))
say(size_t *n, const char *fmt, ...)
{
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	*n += (size_t)vsnprintf(text + *n, sizeof text - *n, fmt, ap);
	__builtin_va_end(ap);
}

/*
 * "field=value ..." of the fields with a value, elements divided by " | "; then what is
 * left; or the fault.
 */
static const char *
eval(const char *map, const char *record)
{
	struct fieldmap fm;
	struct json j = { 0 };
	struct fault f = { 0 };
	struct err e = ERR_NONE;
	char *pad = calloc(1, strlen(record) + JSON_PAD), left[2048], *end;
	size_t n = 0, i;
	int64_t no = 0;
	int rc;

	memcpy(pad, record, strlen(record));
	text[0] = '\0';
	if (fieldmap_load(&fm, slice_of(map), "m", &e) == -1) {
		say(&n, "%d %s", e.status, e.msg);
		goto out;
	}
	if (json_scan(&j, (struct slice){ pad, strlen(record) }) == -1) {
		say(&n, "bad test: %s", j.fault);
		goto out;
	}
	if (fieldmap_open(&fm, &j, &f) == -1) {
		say(&n, "%s %s", f.code, f.field);
		goto out;
	}
	while ((rc = fieldmap_next(&fm, &no, &f)) != 0) {
		say(&n, "%s", n > 0 ? " | " : "");
		if (rc == -1) {
			say(&n, "%s %s", f.code, f.field);
			continue;
		}
		for (i = 0; i < FIELD_N; i++) {
			const struct json_value *v = fm.value[i];

			if (v == NULL)
				continue;
			if (fm.epoch[i].kind == EPOCH_MS)
				say(&n, "%s=%" PRId64 " ", field_name[i], fm.epoch[i].ms);
			else if (fm.epoch[i].kind == EPOCH_BAD)
				say(&n, "%s=bad ", field_name[i]);
			else
				say(&n, "%s=%.*s ", field_name[i], (int)v->raw.n, v->raw.p);
		}
		end = fieldmap_rest(&fm, left);
		say(&n, "%.*s", (int)(end - left), left);
	}
out:
	json_fini(&j);
	fieldmap_fini(&fm);
	free(pad);
	return text;
}

static void
sources(void)
{
	is_str(eval("", "{\"shipment_id\":\"S\",\"carrier_code\":\"ups\",\"x\":1}"),
	    "shipment_id=\"S\" carrier_code=\"ups\" {\"x\":1}", "the default map");
	is_str(eval("", "{\"_src\":[\"t\",0,5,1717398000000,0],\"_key\":\"K\",\"_hdr\":{\"a\":\"b\"}}"),
	    "shipment_id=\"K\" received_at=1717398000000 ", "the key and the time stamp stand in; ours are not left over");
	is_str(eval("", "{\"_src\":[\"t\",0,5,0,0],\"shipment_id\":\"\",\"_key\":null}"), "", "no time stamp, no key: no values");
	is_str(eval("shipment_id /a /b\n", "{\"a\":\"\",\"b\":\"2\"}"), "shipment_id=\"2\" ", "the first that is not empty");
	is_str(eval("shipment_id /a /b\n", "{\"a\":null,\"b\":\"2\"}"), "shipment_id=\"2\" ", "nor null");
	is_str(eval("shipment_id /a /b\n", "{\"a\":\"1\",\"b\":\"2\"}"), "shipment_id=\"1\" ", "wins");
	is_str(eval("shipment_id /a/0/b~1c/d~0\n", "{\"a\":[{\"b/c\":{\"d~\":\"x\"}}]}"), "shipment_id=\"x\" ", "a pointer goes inside");
	is_str(eval("shipment_id /a/b\n", "{\"a\":\"x\"}"), "{\"a\":\"x\"}", "but not into a text");
	is_str(eval("shipment_id /a\\ b/#c # blanks\n", "{\"a b\":{\"#c\":\"x\"}}"), "shipment_id=\"x\" ", "blanks and # in names");
	is_str(eval("shipment_id /\xc3\xa9\n", "{\"\\u00e9\":\"x\"}"), "shipment_id=\"x\" ", "names are compared unescaped");
	is_str(eval("integration \"a \\\"b\"\npieces 12\ndamaged true\nlat -1.5e1\n", "{}"),
	    "integration=\"a \\\"b\" lat=-1.5e1 pieces=12 damaged=true ", "constants");
	is_str(eval("integration /i \"x\"\n", "{\"i\":\"y\"}"), "integration=\"y\" ", "a constant behind a pointer");
	is_str(eval("integration /i \"x\"\n", "{}"), "integration=\"x\" ", "stands in");
	is_str(eval("\xef\xbb\xbfstatus /a\n", "{\"a\":\"x\"}"), "status=\"x\" ", "a byte order mark");
	is_str(eval("carrier_code /a\r\n\r\n# x\r\n  # y\n\treason  /b \t# z\r\n", "{\"a\":\"1\",\"b\":\"2\"}"),
	    "carrier_code=\"1\" reason=\"2\" ", "CRLF, blanks, comments");
	is_str(eval("carrier_code /a", "{\"a\":\"1\"}"), "carrier_code=\"1\" ", "no last line end");
	is_str(eval("shipment_id ^/a\n", "{\"a\":\"1\"}"), "shipment_id=\"1\" ", "^ without each");
	is_str(eval("integration /_src/0\nraw_code /_hdr/code\n", "{\"_src\":[\"t\",0,5,0,0],\"_hdr\":{\"code\":\"7\"}}"),
	    "integration=\"t\" raw_code=\"7\" ", "pointers into what is ours");
}

static void
conversions(void)
{
	is_str(eval("event_time s:/t\n", "{\"t\":1717398000}"), "event_time=1717398000000 ", "seconds");
	is_str(eval("event_time s:/t\n", "{\"t\":\"1717398000.1239\"}"), "event_time=1717398000123 ", "as text, cut to milliseconds");
	is_str(eval("event_time s:/t\n", "{\"t\":1.717398e9}"), "event_time=1717398000000 ", "with an exponent");
	is_str(eval("event_time ms:/t\n", "{\"t\":1717398000123}"), "event_time=1717398000123 ", "milliseconds");
	is_str(eval("event_time s:/t /u\n", "{\"t\":0,\"u\":\"x\"}"), "event_time=\"x\" ", "0 is no value");
	is_str(eval("event_time s:/t\n", "{\"t\":\"soon\"}"), "event_time=bad ", "no number");
	is_str(eval("event_time s:/t\n", "{\"t\":true}"), "event_time=bad ", "not even a text");
	is_str(eval("event_time s:/t\n", "{\"t\":1e17}"), "event_time=bad ", "too far");
	is_str(eval("event_time s:1717398000\n", "{}"), "event_time=1717398000000 ", "of a constant");
	is_str(eval("carrier_code lower:/c\n", "{\"c\":\"UPS-\\u0041\\n\xc3\x84\"}"), "carrier_code=\"ups-a\\n\xc3\x84\" ", "lower case, ASCII only");
	is_str(eval("each /e\ncarrier_code lower:^/c\n", "{\"c\":\"UPS\",\"e\":[{}]}"), "carrier_code=\"ups\" ", "of the whole record");
	is_str(eval("pieces json:/p\nlat json:/l\ndamaged json:/d\n", "{\"p\":\"12\",\"l\":\"-1.5\",\"d\":\"true\"}"),
	    "lat=-1.5 pieces=12 damaged=true ", "numbers and truth in texts");
	is_str(eval("pieces json:/p\n", "{\"p\":\"012\"}"), "pieces=\"012\" ", "what is none stays a text");
	is_str(eval("pieces json:/p\n", "{\"p\":7}"), "pieces=7 ", "what is one already too");
	is_str(eval("raw_subcode /r?\"return\" /s\n", "{\"r\":true,\"s\":\"x\"}"), "raw_subcode=\"return\" ", "a condition that holds");
	is_str(eval("raw_subcode /r?\"a return\" /s\n", "{\"r\":\"true\",\"s\":\"x\"}"), "raw_subcode=\"a return\" ", "also in a text");
	is_str(eval("raw_subcode /r?\"return\" /s\n", "{\"r\":false,\"s\":\"x\"}"), "raw_subcode=\"x\" ", "one that does not");
	is_str(eval("raw_subcode /a/r?\"return\"\n", "{\"a\":{\"r\":1}}"), "", "nor does a number");
	is_str(eval("raw_subcode /r?\"return\"\n", "{}"), "", "nor nothing");
	is_str(eval("raw_subcode lower:/r?\"return\"\n", "{}"), "78 m:1: a condition cannot be converted: \"lower:/r?\"return\"\"", "no conversion");
	is_str(eval("pieces /r?\"1\"\n", "{}"), "78 m:1: a constant of the wrong type: \"\"1\"\"", "of the field's type");
	is_str(eval("event_time ms:/_src/3\n", "{\"_src\":[\"t\",0,5,1717398000000,0]}"),
	    "event_time=1717398000000 received_at=1717398000000 ", "a feed without event times");
}

static const char feed[] =
    "{\"parcel\":{\"ref\":\"S-1\",\"barcode\":\"RA1\"},\"events\":[{\"uid\":\"7\",\"code\":\"I\",\"sub\":\"DP\",\"at\":1717398000}]}";
static const char ups[] =
    "each            /events\n"
    "event_id        /uid\n"
    "shipment_id     ^/parcel/ref  ^/_key\n"
    "tracking_number ^/parcel/barcode\n"
    "carrier_code    \"ups\"\n"
    "integration     \"ups-webhook\"\n"
    "raw_code        /code\n"
    "raw_subcode     /sub\n"
    "event_time      s:/at\n";

static void
each(void)
{
	is_str(eval(ups, feed), "event_id=\"7\" shipment_id=\"S-1\" tracking_number=\"RA1\" carrier_code=\"ups\" "
	    "integration=\"ups-webhook\" event_time=1717398000000 raw_code=\"I\" raw_subcode=\"DP\" ", "the example of the manual");
	is_str(eval("each /e\n", "{\"_src\":[\"t\",0,5,9,0],\"_key\":\"K\",\"e\":[{\"status\":\"lost\"},{\"shipment_id\":\"S\"}]}"),
	    "shipment_id=\"K\" received_at=9 status=\"lost\"  | shipment_id=\"S\" received_at=9 ",
	    "under each the default lines look into the element, those of ours into the record");
	is_str(eval("each /e\n", "{\"e\":[]}"), "", "an empty array has no elements");
	is_str(eval("each /e\n", "{}"), "missing each", "no array");
	is_str(eval("each /e\n", "{\"e\":null}"), "missing each", "null");
	is_str(eval("each /e\n", "{\"e\":{}}"), "type each", "an object");
	is_str(eval("each /e\n", "{\"e\":[1,{\"status\":\"lost\"},[]]}"), "type each | status=\"lost\"  | type each",
	    "an element that is no object spoils no other");
	is_str(eval("each /a/b\nstatus /s\n", "{\"a\":{\"b\":[{\"s\":\"x\",\"y\":1},{\"z\":2}],\"c\":3},\"d\":4}"),
	    "status=\"x\" {\"y\":1,\"^\":{\"d\":4,\"a\":{\"c\":3}}} | {\"z\":2}", "what is left of the whole record goes to the first element");
	is_str(eval("each /e\n", "{\"e\":[{\"^\":1}]}"), "reserved ^", "so an element has no such member");
	is_str(eval("", "{\"^\":1}"), "{\"^\":1}", "without each it may");
}

static void
left(void)
{
	is_str(eval("", "{ \"b\" : [ 1 , \"x y\" ], \"a\":{\"c\":1.50}, \"status\":\"lost\" , \"\\u0061b\" : \"\\u00e9\" }"),
	    "status=\"lost\" {\"b\":[1,\"x y\"],\"a\":{\"c\":1.50},\"\\u0061b\":\"\\u00e9\"}", "as sent, without white space between tokens");
	is_str(eval("lat /geo/lat\nlon /geo/lon\n", "{\"geo\":{\"lat\":1,\"acc\":{\"m\": 5},\"lon\":2},\"x\":1}"),
	    "lat=1 lon=2 {\"x\":1,\"geo\":{\"acc\":{\"m\":5}}}", "of an object what is not taken");
	is_str(eval("lat /geo/lat\nlon /geo/lon\n", "{\"geo\":{\"lat\":1}}"), "lat=1 ", "nothing, when all is taken");
	is_str(eval("lat /geo/lat\n", "{\"geo\":null}"), "", "nor of null");
	is_str(eval("lat /geo/0\nlon /geo/1\n", "{\"geo\":[1,2]}"), "lat=1 lon=2 ", "an array that is taken whole");
	is_str(eval("lat /geo/0\nlon /geo/1\n", "{\"geo\":[1,2,3]}"), "lat=1 lon=2 {\"geo\":[1,2,3]}", "or stays whole");
	is_str(eval("lat /geo/lat\nraw_text /geo\n", "{\"geo\":{\"lat\":1,\"x\":2}}"), "raw_text={\"lat\":1,\"x\":2} lat=1 ", "taken as a whole by another");
	is_str(eval("", "{\"@x\":1}"), "reserved @x", "a reserved name");
	is_str(eval("", "{\"\\u0040x\":1}"), "reserved \\u0040x", "in disguise");
	is_str(eval("", "{\"a\":{\"@x\":1}}"), "{\"a\":{\"@x\":1}}", "not inside");
}

static void
date_only(void)
{
	struct fieldmap fm;
	struct err e = ERR_NONE;

	is_int(fieldmap_load(&fm, SLICE("date_only_times 00:00:00 12:00\n"), "m", &e), 0, "date_only_times");
	ok(fieldmap_date_only(&fm, 0) && fieldmap_date_only(&fm, 86400000) && fieldmap_date_only(&fm, 43200000) &&
	    fieldmap_date_only(&fm, -43200000), "midnight and noon of any day");
	ok(!fieldmap_date_only(&fm, 1) && !fieldmap_date_only(&fm, 43201000), "and no other time");
	fieldmap_fini(&fm);
}

static void
faults(void)
{
	is_str(eval("# x\nstats /a\n", "{}"), "78 m:2: unknown target \"stats\"", "unknown target");
	is_str(eval("status /a\n\nstatus /b\n", "{}"), "78 m:3: a second line of target \"status\"", "a target twice");
	is_str(eval("status\n", "{}"), "78 m:1: no source of target \"status\"", "no source");
	is_str(eval("status a\n", "{}"), "78 m:1: neither a pointer nor a constant: \"a\"", "a bare word");
	is_str(eval("status /a~2\n", "{}"), "78 m:1: no JSON Pointer: \"/a~2\"", "a bad pointer");
	is_str(eval("status ^a\n", "{}"), "78 m:1: no JSON Pointer: \"a\"", "a bad one into the whole record");
	is_str(eval("each events\n", "{}"), "78 m:1: no JSON Pointer: \"events\"", "each without a pointer");
	is_str(eval("each\n", "{}"), "78 m:1: no pointer behind \"each\"", "nor anything");
	is_str(eval("each /a\neach /b\n", "{}"), "78 m:2: a second \"each\"", "a second each");
	is_str(eval("each /a /b\n", "{}"), "78 m:1: something behind the pointer: \"/b\"", "two pointers");
	is_str(eval("status \"a\n", "{}"), "78 m:1: a quote that does not close in \"\"a\"", "an open quote");
	is_str(eval("status \"a\"b\n", "{}"), "78 m:1: neither a pointer nor a constant: \"\"a\"b\"", "something behind a quote");
	is_str(eval("status null\n", "{}"), "78 m:1: neither a pointer nor a constant: \"null\"", "null");
	is_str(eval("status {}\n", "{}"), "78 m:1: neither a pointer nor a constant: \"{}\"", "an object");
	is_str(eval("status 1,\"x\":2\n", "{}"), "78 m:1: neither a pointer nor a constant: \"1,\"x\":2\"", "two values");
	is_str(eval("status 12\n", "{}"), "78 m:1: a constant of the wrong type: \"12\"", "a number for a text");
	is_str(eval("pieces \"12\"\n", "{}"), "78 m:1: a constant of the wrong type: \"\"12\"\"", "a text for a number");
	is_str(eval("status s:/a\n", "{}"), "78 m:1: this field cannot be read by \"s:/a\"", "s: of what is no time");
	is_str(eval("event_time lower:/a\n", "{}"), "78 m:1: this field cannot be read by \"lower:/a\"", "lower: of what is no text");
	is_str(eval("status json:/a\n", "{}"), "78 m:1: this field cannot be read by \"json:/a\"", "json: of a text");
	is_str(eval("event_time s:ms:/a\n", "{}"), "78 m:1: neither a pointer nor a constant: \"ms:/a\"", "two conversions");
	is_str(eval("status /@x\n", "{}"), "78 m:1: a reserved name in \"/@x\"", "a reserved name");
	is_str(eval("date_only_times 25:00\n", "{}"), "78 m:1: no time of day: \"25:00\"", "a bad time of day");
	is_str(eval("date_only_times 00:00Z\n", "{}"), "78 m:1: no time of day: \"00:00Z\"", "with an offset");
	is_str(eval("status /1 /2 /3 /4 /5 /6 /7 /8 /9 /a /b /c /d /e /f /g /h\n", "{}"), "78 m:1: too many sources at \"/h\"", "too many sources");
}

int
main(void)
{
	sources();
	conversions();
	each();
	left();
	date_only();
	faults();
	return done_testing();
}
