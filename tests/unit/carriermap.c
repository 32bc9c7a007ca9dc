/* Carrier maps: look-up, traps, the maps that ship, maps that are wrong. */
#include "parcel/carriermap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "parcel/unmapped.h"
#include "rec/csv.h"
#include "run/maps.h"
#include "run/share.h"
#include "tap.h"

static struct taxonomy tax;
static struct carriermap maps;

/* "HIT status reason effect" of a code in a map. */
static const char *
look(const struct carriermap *m, const char *carrier, const char *code, const char *sub)
{
	static const char *const effect[] = { "", " void_previous", " to_recipient" };
	static char text[128];
	struct map_row row;
	enum map_hit hit = carriermap_lookup(m, carriermap_find(m, slice_of(carrier)), slice_of(code), slice_of(sub), &row);
	struct slice reason = taxonomy_reason_name(&tax, row.reason);

	(void)snprintf(text, sizeof text, "%s %s%s%.*s%s", map_hit_name[hit], status_name[row.status],
	    reason.n ? " " : "", (int)reason.n, reason.p, effect[row.effect]);
	return text;
}

/* What the map of that text says of a code; or why it is none. */
static const char *
of_text(const char *csv, const char *code, const char *sub)
{
	static char said[1200];
	struct carriermap m = { 0 };
	struct err e = ERR_NONE;

	if (carriermap_add(&m, &tax, SLICE("c"), "c.csv", slice_of(csv), &e) == -1)
		(void)snprintf(said, sizeof said, "%d %s", e.status, e.msg);
	else
		(void)snprintf(said, sizeof said, "%s", look(&m, "c", code, sub));
	carriermap_fini(&m);
	return said;
}

static void
lookup(void)
{
	is_str(look(&maps, "canada_post", "174", ""), look(&maps, "canada_post", "0174", ""), "0174 is found as 174");
	is_str(look(&maps, "canada_post", "0174", ""), "exact out_for_delivery", "and it is");
	is_str(look(&maps, "usps", "3", ""), "exact accepted", "03 is found as 3");
	is_str(look(&maps, "inpost", " READY_TO_PICKUP ", ""), look(&maps, "inpost", "ready_to_pickup", ""), "folded");
	is_str(look(&maps, "inpost", "ready_to_pickup", ""), "exact ready_for_pickup detail.locker", "and it is");
	is_str(look(&maps, "russian_post", "8", "999"), "code in_transit", "by the code alone");
	is_str(look(&maps, "russian_post", "999", "1"), "none unknown", "neither");
	is_str(look(&maps, "cdek", "NOT_DELIVERED", "99"), "code returning other.unspecified", "a subcode that nobody knows");
	is_str(look(&maps, "no_such", "1", ""), "none unknown", "a carrier without a map");
	is_str(look(&maps, "cdek", "", ""), "none unknown", "an empty code");
	is_str(look(&maps, "cdek", "NOT_DELIVERED", " \t\xc2\xa0"), "exact returning other.unspecified", "a blank subcode is the empty one");
	is_str(look(&maps, "cdek", "not_delivered", " 01 "), "exact returning recipient.address", "code and subcode in different forms");
	is_str(look(&maps, "ups", "37", ""), look(&maps, "ups", "037", ""), "a number without its zeros");

#define HEAD "carrier,code,subcode,status,reason\n"
	is_str(of_text(HEAD "c,\xd0\x92\xd1\x80\xd1\x83\xd1\x87\xd0\xb5\xd0\xbd\xd0\xbe,,delivered,\n",
	    "\xd0\x92\xd0\xa0\xd0\xa3\xd0\xa7\xd0\x95\xd0\x9d\xd0\x9e", ""), "exact delivered", "Cyrillic capitals");
	is_str(of_text(HEAD "c,\xd0\x81\xd0\x96,,lost,\n", "\xd1\x91\xd0\xb6", ""), "exact lost", "and the one outside of the alphabet's row");
	is_str(of_text(HEAD "c,\xc3\x84,,lost,\n", "\xc3\xa4", ""), "none unknown", "no other letters are folded");
	is_str(of_text(HEAD "c,a b,,lost,\n", "\xc2\xa0 A B\n", ""), "exact lost", "blanks are cut at the ends only");
	is_str(of_text(HEAD "c,a b,,lost,\n", "ab", ""), "none unknown", "and stay between");
	is_str(of_text(HEAD "c,000,,lost,\n", "0", ""), "exact lost", "a zero stays");
	is_str(of_text(HEAD "c,7,,lost,\n", "7", "00"), "code lost", "so a subcode of zeros is not the empty one");
	is_str(of_text(HEAD "c,00a,,lost,\n", "a", ""), "none unknown", "what is no number keeps its zeros");
	is_str(of_text(HEAD "c,007,,lost,\nc,7,,info,\n", "7", ""), "exact info", "a row that is spelled so goes first");
	is_str(of_text(HEAD "c,007,,lost,\nc,7,,info,\n", "007", ""), "exact lost", "each");
	is_str(of_text(HEAD "c,007,,lost,\nc,7,,info,\n", "0007", ""), "exact info", "the row without zeros for what is spelled like neither");
	is_str(of_text(HEAD "c,7,007,lost,\n", "007", "7"), "exact lost", "subcodes alike");
	is_str(of_text(HEAD "c,7,1,lost,\n", "7", ""), "none unknown", "a subcode that is missing finds no row that has one");
	is_str(of_text(HEAD "c,1,23,lost,\nc,12,3,info,\n", "12", "3"), "exact info", "code and subcode are kept apart");
}

static void
traps(void)
{
	static const struct {
		const char *carrier, *code, *sub, *want;
	} t[] = {
		{ "cdek", "RETURNED_TO_SENDER_CITY_WAREHOUSE", "", "exact in_transit carrier.delay" },
		{ "cdek", "RETURNED_TO_TRANSIT_WAREHOUSE", "", "exact in_transit carrier.delay" },
		{ "cdek", "RETURNED_TO_RECIPIENT_CITY_WAREHOUSE", "", "exact attempt_failed other.unspecified" },
		{ "cdek", "ACCEPTED", "", "exact created detail.label" },
		{ "cdek", "NOT_DELIVERED", "", "exact returning other.unspecified" },
		{ "cdek", "DELIV_PROBLEM", "35", "exact attempt_failed carrier.capacity" },
		{ "russian_post", "2", "1", "exact delivered" },
		{ "russian_post", "2", "2", "exact returned" },
		{ "russian_post", "31", "21", "exact in_transit detail.arrived" },
		{ "russian_post", "4", "1", "exact in_transit recipient.redirect" },
		{ "russian_post", "26", "2", "exact info carrier.error void_previous" },
		{ "russian_post", "26", "1", "exact cancelled shipper.cancelled" },
		{ "5post", "PICKED_UP", "", "exact delivered detail.pickup_point" },
		{ "gls", "DELIVEREDPS", "", "exact ready_for_pickup detail.pickup_point" },
		{ "ups", "037", "", "exact returning detail.loaded" },
		{ "spring", "101", "", "exact in_transit detail.import" },
		{ "sf_express", "50", "", "exact accepted detail.collected" },
		{ "sf_express", "80", "", "exact delivered" },
		{ "aramex", "SH236", "", "exact info detail.pod" },
		{ "aramex", "SH408", "", "exact info detail.pod" },
		{ "fedex", "AR", "", "exact in_transit detail.arrived" },
		{ "fedex", "EA", "", "exact in_transit detail.departed" },
		{ "fedex", "DE", "", "exact attempt_failed other.unspecified" },
		{ "fedex", "DE", "A13", "exact in_transit recipient.redirect" },
		{ "inpost", "returned_to_sender", "", "exact returning other.unspecified" },
		{ "inpost", "stack_parcel_pickup_time_expired", "", "exact at_destination detail.to_pickup_point" },
		{ "inpost", "stack_parcel_in_box_machine_pickup_time_expired", "", "exact at_destination detail.to_pickup_point" },
		{ "poczta_polska", "P_NDZ", "", "exact returning other.unspecified" },
		{ "dpd_ru", "Delivered", "", "exact delivered" },
		{ "dpd_ru", "Delivered", "return", "exact returned" },
		{ "dpd_ru", "OnRoad", "return", "exact returning" },
		{ "yandex_delivery", "DELIVERY_TRACK_RECIEVED", "", "exact created detail.manifest" },
		{ "yandex_delivery", "DELIVERY_TRACK_RECEIVED", "", "exact created detail.manifest" },
		/* no return is taken for granted */
		{ "cdek", "DELIV_PROBLEM", "52", "exact attempt_failed recipient.refused" },
		{ "inpost", "pickup_time_expired", "", "exact on_hold recipient.unclaimed" },
		{ "russian_post", "14", "2", "exact customs customs.rejected" },
		{ "yandex_delivery", "DELIVERY_STORAGE_PERIOD_EXPIRED", "", "exact on_hold recipient.unclaimed" },
	};
	char name[128], sub[8];
	int back = 0, known = 0;
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		(void)snprintf(name, sizeof name, "%s %s %s", t[i].carrier, t[i].code, t[i].sub);
		is_str(look(&maps, t[i].carrier, t[i].code, t[i].sub), t[i].want, name);
	}
	for (i = 0; i < 100; i++) {
		(void)snprintf(sub, sizeof sub, "%zu", i);
		known += strncmp(look(&maps, "russian_post", "2", sub), "exact", 5) == 0;
		back += strcmp(look(&maps, "russian_post", "2", sub), "exact returned") == 0;
	}
	is_int(known, 32, "Russian Post hands over in 32 ways");
	is_int(back, 12, "12 of them to the sender");
}

/* Every row of every map that ships is found by its own key, with what it says. */
static void
all_rows(void)
{
	static const struct csv_dialect ours = { .delim = ',', .quote = '"', .strict = 1 };
	char path[4096], rel[128], want[256], code[256], sub[256];
	size_t i, rows = 0, carriers = 0, aggregators = 0, wrong = 0, effects = 0;
	const char *got;

	for (i = 0; i < maps.names.n; i++) {
		struct slice carrier = map_key(&maps.names, (uint32_t)i);
		struct csv_reader r = { 0 };
		struct buf b = { 0 };
		struct err e = ERR_NONE;
		int status, reason, effect, at_code, at_sub, aggregator = 0;

		(void)snprintf(rel, sizeof rel, "maps/%.*s.csv", (int)carrier.n, carrier.p);
		if (share_path(path, sizeof path, rel) == -1 || file_read(path, 1 << 24, &b, &e) == -1) {
			aggregator = 1;
			(void)snprintf(rel, sizeof rel, "maps/aggregators/%.*s.csv", (int)carrier.n, carrier.p);
			if (share_path(path, sizeof path, rel) == -1 || file_read(path, 1 << 24, &b, &e) == -1) {
				ok(0, "%s: %s", rel, e.msg);
				continue;
			}
		}
		csv_open_bytes(&r, buf_as_slice(&b), path, &ours);
		(void)csv_next(&r, &e);
		at_code = csv_column(&r, SLICE("code"));
		at_sub = csv_column(&r, SLICE("subcode"));
		status = csv_column(&r, SLICE("status"));
		reason = csv_column(&r, SLICE("reason"));
		effect = csv_column(&r, SLICE("effect"));
		while (csv_next(&r, &e) == CSV_ROW) {
#define F(c) (int)r.field[c].n, r.field[c].p ? r.field[c].p : ""
			int has_effect = effect != -1 && r.field[effect].n > 0;

			(void)snprintf(code, sizeof code, "%.*s", F(at_code));
			(void)snprintf(sub, sizeof sub, "%.*s", F(at_sub));
			(void)snprintf(want, sizeof want, "exact %.*s%s%.*s%s", F(status), r.field[reason].n ? " " : "", F(reason),
			    has_effect ? " void_previous" : "");
			(void)snprintf(rel, sizeof rel, "%.*s", (int)carrier.n, carrier.p);
			got = look(&maps, rel, code, sub);
			if (strcmp(got, want) != 0 && wrong++ < 10)
				printf("# %s,%s,%s: got %s, want %s\n", rel, code, sub, got, want);
			effects += (size_t)has_effect;
			rows += !aggregator;
		}
		carriers += !aggregator;
		aggregators += (size_t)aggregator;
		csv_close(&r);
		buf_fini(&b);
	}
	is_int(carriers, 37, "37 carriers");
	is_int(aggregators, 7, "7 aggregators");
	is_int(rows, 2276, "2,276 rows of carriers");
	is_int(wrong, 0, "each row is found by its own key");
	is_int(effects, 1, "one row has an effect");
}

static void
faults(void)
{
	is_str(of_text("", "1", ""), "78 c.csv:1: no column \"carrier\"", "an empty file");
	is_str(of_text("carrier,code,status,reason\n", "1", ""), "78 c.csv:1: no column \"subcode\"", "a column is missing");
	is_str(of_text(HEAD "c,1,,in transit,\n", "1", ""), "78 c.csv:2: unknown status \"in transit\"", "unknown status");
	is_str(of_text(HEAD "c,2,,lost,\nc,1,,lost,carrier.bogus\n", "1", ""), "78 c.csv:3: unknown reason \"carrier.bogus\"", "unknown reason");
	is_str(of_text(HEAD "c,,1,lost,\n", "1", ""), "78 c.csv:2: empty code", "empty code");
	is_str(of_text(HEAD "c,\" \",1,lost,\n", "1", ""), "78 c.csv:2: empty code", "blank code");
	is_str(of_text(HEAD "d,1,,lost,\n", "1", ""), "78 c.csv:2: another carrier than the file's name: \"d\"", "another carrier");
	is_str(of_text(HEAD "c,1,lost,\n", "1", ""), "78 c.csv:2: 4 fields, the header has 5", "a field is missing");
	is_str(of_text(HEAD "c,Ab,,lost,\nc,aB ,,info,\n", "1", ""),
	    "78 c.csv:3: a second row, of another meaning, of code \"aB \"", "equal when folded, other status");
	is_str(of_text(HEAD "c,A,,lost,\nc,a,,lost,carrier.lost\n", "1", ""),
	    "78 c.csv:3: a second row, of another meaning, of code \"a\"", "equal when folded, other reason");
	is_str(of_text(HEAD "c,A,,lost,\nc,a,,lost,\n", "a", ""), "exact lost", "equal when folded, same meaning");
	is_str(of_text("effect," HEAD "void_previous,c,1,,info,\n", "1", ""), "exact info void_previous", "effect void_previous; columns in any order");
	is_str(of_text("effect," HEAD "to_recipient,c,1,,in_transit,\n", "1", ""), "exact in_transit to_recipient", "effect to_recipient");
	is_str(of_text("effect," HEAD "none,c,1,,info,\n", "1", ""), "78 c.csv:2: unknown effect \"none\"", "unknown effect");
	is_str(of_text("effect," HEAD "void_previous,c,1,,info,\n,c,1,,info,\n", "1", ""),
	    "78 c.csv:3: a second row, of another meaning, of code \"1\"", "other effect");
	is_str(of_text(HEAD "c,\xff,,info,\n", "1", ""), "78 c.csv:2: not UTF-8: code \"?\"", "not UTF-8");
	is_str(of_text("carrier,code,subcode,status,reason,note\r\nc,\"a,\"\"b\",,info,,x\r\n", "A,\"B", ""), "exact info", "quotes, CRLF, a column more");
	is_str(of_text("\xef\xbb\xbf" HEAD "c,1,,info,\n", "1", ""), "exact info", "a byte order mark");
	ok(strncmp(of_text(HEAD "c,\"1,,info,\n", "1", ""), "78 c.csv:2: ", 12) == 0, "a quote that does not close: %s",
	    of_text(HEAD "c,\"1,,info,\n", "1", ""));
	ok(carrier_code_valid(SLICE("5post")) && carrier_code_valid(SLICE("a_.-")) && !carrier_code_valid(SLICE("")) &&
	    !carrier_code_valid(SLICE("_a")) && !carrier_code_valid(SLICE("A")) && !carrier_code_valid(SLICE("a b")) &&
	    carrier_code_valid(SLICE("abcdefghijklmnopqrstuvwxyz012345")) &&
	    !carrier_code_valid(SLICE("abcdefghijklmnopqrstuvwxyz0123456")), "forms of carrier codes");
}

/* Codes as long as may be, and a byte longer. */
static void
lengths(void)
{
	char csv[400], code[130], sub[66];
	int n;

	memset(code, 'x', sizeof code);
	memset(sub, 'y', sizeof sub);
	for (n = 0; n < 2; n++) {
		(void)snprintf(csv, sizeof csv, HEAD "c,%.*s,%.*s,lost,\n", 128 + n, code, 64, sub);
		code[128] = sub[64] = '\0';
		is_str(of_text(csv, code, sub), n == 0 ? "exact lost" : "78 c.csv:2: code of more than 128 bytes, or subcode of more than 64",
		    n == 0 ? "a code of 128 bytes, a subcode of 64" : "a code of 129");
		code[128] = sub[64] = 'x';
	}
	(void)snprintf(csv, sizeof csv, HEAD "c,1,%.*s,lost,\n", 65, sub);
	is_str(of_text(csv, "1", ""), "78 c.csv:2: code of more than 128 bytes, or subcode of more than 64", "a subcode of 65");
}

static void
unmapped(void)
{
	struct unmapped u = { 0 };
	struct buf b = { 0 };
	char code[16];
	int i;

	unmapped_add(&u, SLICE("ups"), SLICE("Q7"), SLICE(""));
	unmapped_add(&u, SLICE("cdek"), SLICE("B"), SLICE("1"));
	unmapped_add(&u, SLICE("ups"), SLICE("Q"), SLICE("7"));
	unmapped_add(&u, SLICE("cdek"), SLICE("A b\"\\\n\x7f\xc2\x85"), SLICE("\xd0\x96"));
	unmapped_add(&u, SLICE("ups"), SLICE("Q"), SLICE("7"));
	unmapped_report(&u, &b);
	is_str(buf_str(&b), "unmapped ups Q 7 2\nunmapped cdek \"A b\\\"\\\\\\u000a\\u007f\\u0085\" \xd0\x96 1\n"
	    "unmapped cdek B 1 1\nunmapped ups Q7 \"\" 1\n", "unmapped codes, most frequent first");
	for (i = 0; i < UNMAPPED_MAX + 5; i++) {
		(void)snprintf(code, sizeof code, "%d", i);
		unmapped_add(&u, SLICE("ups"), slice_of(code), SLICE(""));
	}
	is_int(u.keys.n, UNMAPPED_MAX, "codes that are told apart are bounded");
	is_int(u.beyond, 9, "the events of others are counted");
	unmapped_fini(&u);
	buf_fini(&b);
}

int
main(void)
{
	struct map vocabularies = { 0 };
	struct err e = ERR_NONE;

	if (share_taxonomy(&tax, &e) == -1 || maps_read(NULL, &tax, &maps, &vocabularies, &e) == -1) {
		printf("Bail out! %s\n", e.msg);
		return 1;
	}
	section("wb-status.5 Lookup");
	lookup();
	section("wb-status.5 Traps");
	traps();
	section("wb-status.5 CARRIER MAPS");
	all_rows();
	faults();
	lengths();
	section("wb-status.5 Codes that no map knows");
	unmapped();
	section("");
	map_fini(&vocabularies);
	carriermap_fini(&maps);
	taxonomy_fini(&tax);
	return done_testing();
}
