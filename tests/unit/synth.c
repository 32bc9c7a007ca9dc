/* The synthetic platform against the carrier maps, the taxonomy and the system's time zones. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/utc.h"
#include "base/zone.h"
#include "io/file.h"
#include "parcel/synth_plan.h"
#include "parcel/synth_rand.h"
#include "parcel/synth_send.h"
#include "rec/json.h"
#include "tap.h"

static struct buf
load(const char *name)
{
	struct buf path = { 0 }, b = { 0 };
	struct err e = ERR_NONE;

	buf_printf(&path, "%s/%s", WB_TREE, name);
	if (file_read(buf_str(&path), 1 << 20, &b, &e) == -1)
		ok(0, "%s", e.msg);
	buf_fini(&path);
	return b;
}

/* 1 when a line of the CSV begins so; the columns asked for hold no quotes. */
static int
has_line(struct buf *csv, const char *head)
{
	const char *p = buf_str(csv);
	size_t n = strlen(head);

	for (; p != NULL && *p != '\0'; p = strchr(p, '\n'), p += p != NULL)
		if (strncmp(p, head, n) == 0)
			return 1;
	return 0;
}

static void
codes(void)
{
	struct buf status = load("taxonomy/status.csv"), reason = load("taxonomy/reason.csv");
	struct buf want = { 0 }, name = { 0 };
	struct synth_codes c;
	size_t i = 0, own = 0, wrong = 0;
	unsigned k = 0;

	for (k = 0; k < SYNTH_CARRIERS; k++) {
		struct buf map;

		buf_clear(&name);
		buf_printf(&name, "maps/%s.csv", synth_ref_carrier[k].code);
		map = load(buf_str(&name));
		for (i = 0; i < synth_code_rows; i++) {
			const struct synth_code *r = &synth_code_row[i];

			if (r->carrier != k)
				continue;
			own++;
			buf_clear(&want);
			buf_printf(&want, "%s,%s,%s,%s,%s,", synth_ref_carrier[k].code, r->code, r->subcode, r->status, r->reason);
			if (!has_line(&map, buf_str(&want))) {
				wrong++;
				ok(0, "the map says: %s", buf_str(&want));
			}
		}
		buf_clear(&want);
		buf_printf(&want, "%s,%s,", synth_ref_carrier[k].code, synth_code_unmapped[k]);
		ok(!has_line(&map, buf_str(&want)), "%s is in no map", synth_code_unmapped[k]);
		buf_fini(&map);
	}
	ok(own > 180 && wrong == 0, "the maps know all %zu codes, with their meaning", own);

	for (i = wrong = 0; i < synth_code_rows; i++) {
		const struct synth_code *r = &synth_code_row[i];

		buf_clear(&want);
		buf_printf(&want, "%s,", r->status);
		wrong += !has_line(&status, buf_str(&want));
		buf_clear(&want);
		buf_printf(&want, "%s,", r->reason);
		wrong += r->reason[0] != '\0' && !has_line(&reason, buf_str(&want));
		wrong += (r->carrier == SYNTH_CARRIERS) != (r->code[0] == '\0');
		wrong += i > 0 && (r[-1].carrier > r->carrier || (r[-1].carrier == r->carrier && r[-1].step > r->step));
		wrong += r->step >= SYNTH_BACK_UNCLAIMED && r->step <= SYNTH_BACK_FAILED && strcmp(r->status, "returning") != 0;
		wrong += r->step >= SYNTH_FAIL_ABSENT && r->step <= SYNTH_FAIL_CARRIER && strcmp(r->status, "attempt_failed") != 0;
	}
	is_int(wrong, 0, "statuses, reasons and order of the table");
	synth_code_index(&c);
	for (k = 0, wrong = 0; k < SYNTH_CARRIERS; k++)
		for (i = 0; i < SYNTH_STEPS; i++) {
			unsigned j = 0;

			for (j = 0; j < c.n[k][i]; j++)
				wrong += synth_code_row[c.first[k][i] + j].step != i || (c.n[k][i] > 1 && synth_code_row[c.first[k][i] + j].carrier != k);
			wrong += c.n[k][i] == 0;
		}
	is_int(wrong, 0, "index of the table");
	is_int(synth_code_row[c.first[SYNTH_5POST][SYNTH_DELAY]].carrier, SYNTH_CARRIERS, "a step without a code of its own");
	buf_fini(&status);
	buf_fini(&reason);
	buf_fini(&want);
	buf_fini(&name);
}

/* Its own rules of summer time against the tz data. */
static void
clocks(void)
{
	size_t i = 0;

	for (i = 0; i < synth_ref_regions; i++) {
		const struct synth_zone *z = synth_ref_region[i].zone;
		struct err e = ERR_NONE;
		const struct zone *sys = zone_get(slice_of(z->name), &e);
		int64_t t = utc_day(2021, 1, 1) * INT64_C(86400000), end = utc_day(2040, 1, 1) * INT64_C(86400000);
		size_t wrong = 0;

		for (; sys != NULL && t < end; t += 1800000) {
			wrong += synth_clock_offset(z, t) != zone_offset(sys, t) || synth_clock_day(z, t) != zone_day(sys, t);
			if (t % 86400000 == 0) {
				int32_t day = zone_day(sys, t);

				wrong += synth_clock_instant(z, day, 86399) != zone_instant(sys, day * INT64_C(86400000) + 86399000);
				wrong += synth_clock_instant(z, day, 8 * 3600) != zone_instant(sys, day * INT64_C(86400000) + 8 * INT64_C(3600000));
			}
		}
		ok(sys != NULL && wrong == 0, "%s: offsets, days and instants of 19 years", z->name);
	}
	ok(synth_clock_unsure(synth_ref_carrier[SYNTH_INPOST].zone, INT64_C(1774746000000)), "2026-03-29T01:00Z is unsure in Warsaw");
	ok(!synth_clock_unsure(synth_ref_carrier[SYNTH_INPOST].zone, INT64_C(1774756800000)), "2026-03-29T04:00Z is not");
}

static void
numbers(void)
{
	static const int32_t q[] = { 10, 20, 40 };
	struct synth_rand r = { 0 };
	int64_t lo = INT64_MAX, hi = INT64_MIN, sum = 0;
	int i = 0;

	ok(synth_rand_next(&r) == UINT64_C(0xe220a8397b1dcdaf), "splitmix64 of seed 0: first");
	ok(synth_rand_next(&r) == UINT64_C(0x6e789e6aa1b965f4), "splitmix64 of seed 0: second");
	for (i = 0; i < 100000; i++) {
		int64_t v = synth_rand_quantile(&r, q, 3);

		lo = v < lo ? v : lo;
		hi = v > hi ? v : hi;
		sum += v;
	}
	ok(lo == 10 && hi == 39, "quantiles: least and greatest");
	ok(sum / 1000 > 2170 && sum / 1000 < 2230, "quantiles: mean");
	for (i = 0, sum = 0; i < 100000; i++)
		sum += synth_rand_chance(&r, 250000);
	ok(sum > 24600 && sum < 25400, "a quarter");
	lo = hi = 0;
	for (i = 0; i < 10000; i++) {
		int64_t v = synth_rand_range(&r, -3, 3);

		lo += v == -3;
		hi += v == 3;
		if (v < -3 || v > 3)
			break;
	}
	ok(i == 10000 && lo > 1200 && hi > 1200, "a range includes both ends");
}

/* Homes are numbers in the source: the places that their clients name. */
static void
homes(void)
{
	static const struct { size_t client; const char *code; } t[] = {
		{ 0, "RU-MOW" }, { 1, "RU-SPE" }, { 2, "RU-MOS" }, { 4, "RU-SVE" }, { 5, "RU-KDA" }, { 7, "RU-TA" },
		{ 8, "RU-NIZ" }, { 11, "RU-SAM" }, { 12, "RU-NVS" }, { 14, "RU-ROS" }, { 15, "RU-CHE" }, { 17, "RU-KGD" },
		{ 20, "RU-PRI" }, { 36, "PL-14" }, { 38, "DE-BE" }, { 39, "US-NY" },
	};
	size_t i = 0;

	for (i = 0; i < sizeof t / sizeof t[0]; i++)
		is_str(synth_ref_region[synth_ref_client[t[i].client].home].code, t[i].code, synth_ref_client[t[i].client].name);
}

/* What plans promise to those that read them. */
static void
plans(void)
{
	struct synth_world w = { .seed = 11, .shipments = 60000, .from = 20500, .days = 40 };
	struct synth_plan p, q;
	uint64_t i = 0, back = 0, order = 0, hidden = 0, full = 0, pairs = 0, found = 0, twice = 0, early = 0, named = 0, dated = 0, after = 0;
	int64_t before = 0;
	unsigned k = 0;

	w.now = (w.from + w.days) * INT64_C(86400000);
	synth_plan_begin(&w);
	for (i = 0; i < w.shipments; i++) {
		int lost = 0;

		synth_plan_make(&w, i, &p);
		back += p.created_at < before || p.created_at < w.from * INT64_C(86400000) || p.created_at >= w.now;
		before = p.created_at;
		hidden += p.visible == 0 || p.visible > p.n;
		full += p.n >= SYNTH_EVENTS - 1;
		early += p.event[0].at < p.created_at;
		pairs += p.visible > 0 && (p.event[p.visible - 1].flags & SYNTH_EVENT_VOID);
		for (k = 0; k < p.visible; k++) {
			const struct synth_event *e = &p.event[k];
			unsigned step = synth_plan_step(e);

			order += k > 0 && e->at / 1000 - e[-1].at / 1000 < 59;
			order += e->at + e->lag > w.now;
			named += step == SYNTH_RETRACT && (e[-1].flags & SYNTH_EVENT_VOID);
			found += lost && step == SYNTH_AT_DEST;
			lost = step == SYNTH_LOST;
			twice += k > 0 && step >= SYNTH_FAIL_ABSENT && step <= SYNTH_FAIL_CARRIER && synth_plan_step(&e[-1]) == step;
			dated += (e->flags & SYNTH_EVENT_DATE_ONLY) != 0;
			after += (e->flags & SYNTH_EVENT_ABSORBED) != 0;
		}
	}
	is_int(back, 0, "created in the period, one after the other");
	is_int(early, 0, "no event before its shipment");
	is_int(hidden, 0, "every shipment shows an event");
	is_int(full, 0, "no plan is cut");
	is_int(order, 0, "events lie apart, and have come by now");
	is_int(pairs, 0, "no false delivery without its retraction");
	ok(named > 20 && found > 5 && twice > 20 && dated > 50 && after > 100,
	    "the traps are there: %d retracted, %d found, %d told twice, %d dates, %d after the end",
	    (int)named, (int)found, (int)twice, (int)dated, (int)after);
	synth_plan_make(&w, 777, &p);
	synth_plan_make(&w, 778, &q);
	synth_plan_make(&w, 777, &q);
	ok(p.n == q.n && memcmp(p.event, q.event, p.n * sizeof p.event[0]) == 0 && p.price == q.price, "a plan depends on its number alone");
	synth_plan_end(&w);
}

static void
faults(void)
{
	static const struct { const char *list; int rc; uint32_t late, copies; } t[] = {
		{ "none", 0, 0, 0 }, { "all", 0, 8000, 20000 }, { "late", 0, 8000, 0 }, { "late=1.5%", 0, 15000, 0 },
		{ "all,late=0", 0, 0, 20000 }, { "duplicates=0.25,late=1", 0, 1000000, 250000 }, { "late=100%", 0, 1000000, 0 },
		{ "", -1, 0, 0 }, { "late,", -1, 0, 0 }, { "late=100.1%", -1, 0, 0 }, { "lost", -1, 0, 0 }, { "late=0.0000001", -1, 0, 0 },
	};
	uint32_t ppm[SYNTH_FAULTS];
	size_t i = 0;

	for (i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct err e = ERR_NONE;
		int rc = synth_send_faults(slice_of(t[i].list), ppm, &e);

		ok(rc == t[i].rc && (rc == -1 ? e.status == EX_USAGE : ppm[SYNTH_LATE] == t[i].late && ppm[SYNTH_DUPLICATES] == t[i].copies),
		    "faults \"%s\"", t[i].list);
	}
}

/* Text of the tables goes between quotes as it is. */
static void
texts(void)
{
	struct buf b = { 0 };
	struct json j = { 0 };
	size_t i = 0, bad = 0;

	for (i = 0; i < synth_code_rows + synth_ref_regions + synth_ref_clients + SYNTH_CARRIERS; i++) {
		size_t k = i;
		const char *s = NULL;

		if (k < synth_code_rows)
			s = synth_code_row[k].text;
		else if ((k -= synth_code_rows) < synth_ref_regions)
			s = synth_ref_region[k].name;
		else if ((k -= synth_ref_regions) < synth_ref_clients)
			s = synth_ref_client[k].name;
		else
			s = synth_ref_carrier[k - synth_ref_clients].name;
		buf_clear(&b);
		buf_printf(&b, "{\"t\":\"%s\"}", s);
		memset(buf_room(&b, JSON_PAD), 0, JSON_PAD);
		if (json_scan(&j, buf_as_slice(&b)) == -1 || strlen(s) > 200 || j.member[0].v.raw.n < 3) {
			bad++;
			ok(0, "text: %s", s);
		}
	}
	is_int(bad, 0, "texts are JSON");
	json_fini(&j);
	buf_fini(&b);
}

int
main(void)
{
	numbers();
	clocks();
	codes();
	homes();
	plans();
	faults();
	texts();
	return done_testing();
}
