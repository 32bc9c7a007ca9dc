/* Times as text: the calendar, the canonical forms, what feeds write, durations. */
#include "base/utc.h"

#include <stdlib.h>
#include <time.h>

#include "tap.h"

#define DAY_MS INT64_C(86400000)

/* The system's own calendar, as the oracle. */
static void
calendar(void)
{
	int32_t day, first = utc_day(1900, 1, 1), end = utc_day(2101, 1, 1);
	int bad = 0, y, m, d;

	is_int(utc_day(1970, 1, 1), 0, "1970-01-01 is day 0");
	is_int(utc_day(2024, 2, 29), 19782, "2024-02-29");
	is_int(utc_day(1, 1, 1), -719162, "0001-01-01");
	is_int(utc_day(9999, 12, 31), 2932896, "9999-12-31");
	is_int(utc_weekday(0), 3, "1970-01-01 was a Thursday");
	is_int(utc_weekday(-1), 2, "the day before a Wednesday");
	for (day = first; day < end; day++) {
		time_t t = (time_t)day * 86400;
		struct tm tm;

		(void)gmtime_r(&t, &tm);
		utc_date(day, &y, &m, &d);
		bad += y != tm.tm_year + 1900 || m != tm.tm_mon + 1 || d != tm.tm_mday;
		bad += utc_weekday(day) != (tm.tm_wday + 6) % 7;
		bad += utc_day(y, m, d) != day || !utc_valid(y, m, d);
	}
	is_int(bad, 0, "every day of 1900 to 2100 as gmtime has it, and back");
	for (bad = 0, day = -2000000000; day < 2000000000; day += 777777) {
		utc_date(day, &y, &m, &d);
		bad += utc_day(y, m, d) != day || m < 1 || m > 12 || d < 1 || d > 31;
	}
	is_int(bad, 0, "days far away go round");
	ok(!utc_valid(2023, 2, 29) && utc_valid(2024, 2, 29), "29 February");
	ok(!utc_valid(1900, 2, 29) && utc_valid(2000, 2, 29), "of the centuries");
	ok(!utc_valid(2024, 4, 31) && utc_valid(2024, 8, 31) && !utc_valid(2024, 13, 1)
	    && !utc_valid(2024, 0, 1) && !utc_valid(2024, 1, 0) && !utc_valid(0, 1, 1), "other dates that do not exist");
	is_int(utc_sec(-1), -1, "-1 ms lies in second -1");
	is_int(utc_sec(-1000), -1, "-1000 ms too");
	is_int(utc_sec(1999), 1, "1999 ms in second 1");
	is_int(utc_day_of(-1), -1, "-1 ms lies in day -1");
	is_int(utc_day_of(DAY_MS), 1, "the midnight begins its day");
}

static void
canonical(void)
{
	char text[UTC_LEN + 1] = "", want[64];
	int64_t ms, v, first = utc_day(1900, 1, 1) * DAY_MS, end = utc_day(2101, 1, 1) * DAY_MS;
	int32_t day;
	int bad = 0, i, c, same = 0;

	is_int(utc_put(text, 1717398000000) - text, UTC_LEN, "length");
	is_str(text, "2024-06-03T07:00:00.000Z", "as text");
	(void)utc_put(text, -1);
	is_str(text, "1969-12-31T23:59:59.999Z", "before 1970");
	for (ms = first; ms < end; ms += 86399 * INT64_C(1013)) {
		time_t t = (time_t)utc_sec(ms);
		struct tm tm;
		size_t n;

		(void)gmtime_r(&t, &tm);
		n = strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S", &tm);
		(void)snprintf(want + n, sizeof want - n, ".%03dZ", (int)(ms - utc_sec(ms) * 1000));
		(void)utc_put(text, ms);
		bad += strcmp(text, want) != 0;
		bad += utc_get((struct slice){ text, UTC_LEN }, &v) == -1 || v != ms;
		(void)utc_put_day(text, utc_day_of(ms));
		bad += memcmp(text, want, UTC_DAY_LEN) != 0;
		bad += utc_get_day((struct slice){ text, UTC_DAY_LEN }, &day) == -1 || day != utc_day_of(ms);
	}
	is_int(bad, 0, "instants of 1900 to 2100 as strftime writes them, and back");

	/* a canonical text in which one byte is another one */
	for (i = 0, bad = 0; i < UTC_LEN; i++)
		for (c = 0; c < 256; c++) {
			static const char good[] = "2024-06-13T11:11:11.111Z";
			int digit = good[i] >= '0' && good[i] <= '9' && c >= '0' && c <= '9';

			memcpy(text, good, UTC_LEN);
			text[i] = (char)c;
			if (utc_get((struct slice){ text, UTC_LEN }, &v) == 0) {
				char back[UTC_LEN];

				(void)utc_put(back, v);
				bad += memcmp(back, text, UTC_LEN) != 0;
				same++;
			} else
				bad += digit && i != 5 && i != 6 && i != 8 && i != 11 && i != 14 && i != 17;
		}
	is_int(bad, 0, "what is taken is what would be written");
	ok(same > UTC_LEN, "and something is taken");
	ok(utc_get(SLICE("2024-06-03T07:00:00.000"), &v) == -1, "23 bytes are no canonical time");
	ok(utc_get(SLICE("2024-06-03T07:00:00.0000Z"), &v) == -1, "nor are 25");
	ok(utc_get(SLICE("2024-06-03T07:00:00+00:0"), &v) == -1, "nor an offset");
	ok(utc_get_day(SLICE("2024-02-30"), &day) == -1, "30 February is no day");
}

static const struct {
	const char *text, *want;	/* NULL: refused */
	int offset, has_offset, date_only;
} parse_case[] = {
	{ "2024-06-03T07:00:00Z", "2024-06-03T07:00:00.000Z", 0, 1, 0 },
	{ "2024-06-03T07:00:00.000Z", "2024-06-03T07:00:00.000Z", 0, 1, 0 },
	{ "2024-06-03t07:00:00z", "2024-06-03T07:00:00.000Z", 0, 1, 0 },
	{ "2024-06-03T07:00:00+03:00", "2024-06-03T07:00:00.000Z", 10800, 1, 0 },
	{ "2024-06-03T07:00:00+0300", "2024-06-03T07:00:00.000Z", 10800, 1, 0 },
	{ "2024-06-03T07:00:00+03", "2024-06-03T07:00:00.000Z", 10800, 1, 0 },
	{ "2024-06-03T07:00:00-09:30", "2024-06-03T07:00:00.000Z", -34200, 1, 0 },
	{ "2024-06-03T07:00:00-00:00", "2024-06-03T07:00:00.000Z", 0, 1, 0 },
	{ "2024-06-03 07:00:00+03:00", "2024-06-03T07:00:00.000Z", 10800, 1, 0 },
	{ "2024-06-03 07:00:00", "2024-06-03T07:00:00.000Z", 0, 0, 0 },
	{ "2024-06-03T07:00", "2024-06-03T07:00:00.000Z", 0, 0, 0 },
	{ "2024-06-03T07:00+0530", "2024-06-03T07:00:00.000Z", 19800, 1, 0 },
	{ "2024-06-03T07:00Z", "2024-06-03T07:00:00.000Z", 0, 1, 0 },
	{ "2024-06-03T07:00:00.1Z", "2024-06-03T07:00:00.100Z", 0, 1, 0 },
	{ "2024-06-03T07:00:00.12", "2024-06-03T07:00:00.120Z", 0, 0, 0 },
	{ "2024-06-03T07:00:00.1239Z", "2024-06-03T07:00:00.123Z", 0, 1, 0 },
	{ "2024-06-03T07:00:00.999999999+01:00", "2024-06-03T07:00:00.999Z", 3600, 1, 0 },
	{ "2024-06-03", "2024-06-03T00:00:00.000Z", 0, 0, 1 },
	{ "2024-02-29", "2024-02-29T00:00:00.000Z", 0, 0, 1 },
	{ "2024-12-31T23:59:59.999Z", "2024-12-31T23:59:59.999Z", 0, 1, 0 },
	{ "2024-06-03T07:00:00.Z", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00.1234567890Z", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00,5Z", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00.5Z", NULL, 0, 0, 0 },
	{ "2024-13-03", NULL, 0, 0, 0 },
	{ "2024-00-03", NULL, 0, 0, 0 },
	{ "2023-02-29", NULL, 0, 0, 0 },
	{ "2023-02-29T00:00:00.000Z", NULL, 0, 0, 0 },
	{ "2024-06-31T07:00:00Z", NULL, 0, 0, 0 },
	{ "0000-06-30", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:60Z", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:60.000Z", NULL, 0, 0, 0 },
	{ "2024-06-03T07:60:00Z", NULL, 0, 0, 0 },
	{ "2024-06-03T24:00:00Z", NULL, 0, 0, 0 },
	{ "2024-06-03T24:00:00.000Z", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00+24:00", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00+03:60", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00+3", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00+03:0", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00+03.00", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00 +03:00", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00ZZ", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:00 ", NULL, 0, 0, 0 },
	{ " 2024-06-03", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:", NULL, 0, 0, 0 },
	{ "2024-06-03T07:00:0", NULL, 0, 0, 0 },
	{ "2024-06-03T07", NULL, 0, 0, 0 },
	{ "2024-06-03T7:00:00Z", NULL, 0, 0, 0 },
	{ "2024-06-03T", NULL, 0, 0, 0 },
	{ "2024-06-03Z", NULL, 0, 0, 0 },
	{ "2024-6-3", NULL, 0, 0, 0 },
	{ "20240603", NULL, 0, 0, 0 },
	{ "20240603T070000Z", NULL, 0, 0, 0 },
	{ "03.06.2024", NULL, 0, 0, 0 },
	{ "1717398000", NULL, 0, 0, 0 },
	{ "+2024-06-03", NULL, 0, 0, 0 },
	{ "", NULL, 0, 0, 0 },
};

static void
parse(void)
{
	size_t i, k;
	int bad = 0;

	for (i = 0; i < sizeof parse_case / sizeof *parse_case; i++) {
		struct utc_text t = { 0 };
		size_t n = strlen(parse_case[i].text);
		char *exact = malloc(n + 1), text[UTC_LEN + 1] = "";	/* its end is watched by ASan */
		int rc;

		memcpy(exact, parse_case[i].text, n);
		exact = realloc(exact, n ? n : 1);
		rc = utc_parse((struct slice){ exact, n }, &t);
		if (parse_case[i].want == NULL)
			is_int(rc, -1, parse_case[i].text);
		else {
			(void)utc_put(text, t.ms);
			is_str(rc == 0 ? text : NULL, parse_case[i].want, parse_case[i].text);
			ok(t.offset == parse_case[i].offset && t.has_offset == parse_case[i].has_offset
			    && t.date_only == parse_case[i].date_only, "%s: offset and kind", parse_case[i].text);
		}
		/* cut anywhere it may be a time or none, but is never read beyond */
		for (k = 0; k < n; k++) {
			char *cut = malloc(k ? k : 1);

			memcpy(cut, exact, k);
			bad += utc_parse((struct slice){ cut, k }, &t) == 0 && k < UTC_DAY_LEN;
			free(cut);
		}
		free(exact);
	}
	is_int(bad, 0, "nothing shorter than a date is a time");
}

static void
arguments(void)
{
	static const struct {
		const char *text;
		int64_t sec;		/* -1: refused */
	} dur[] = {
		{ "90s", 90 }, { "15m", 900 }, { "2h", 7200 }, { "30d", 2592000 }, { "0s", 0 },
		{ "P1D", 86400 }, { "PT4H", 14400 }, { "P1DT2H3M4S", 93784 }, { "PT90M", 5400 }, { "PT0S", 0 },
		{ "P2DT1S", 172801 },
		{ "", -1 }, { "s", -1 }, { "90", -1 }, { "-90s", -1 }, { "1.5h", -1 }, { "2H", -1 }, { "90ss", -1 },
		{ "P", -1 }, { "PT", -1 }, { "P1DT", -1 }, { "P1H", -1 }, { "PT1D", -1 }, { "PT1M1H", -1 },
		{ "PT1H1H", -1 }, { "P1W", -1 }, { "P1Y", -1 }, { "PTT1S", -1 }, { "PT1.5S", -1 }, { "p1d", -1 },
		{ "99999999999999999999d", -1 }, { "9223372036854775807d", -1 }, { "P9223372036854775807D", -1 },
	};
	static const struct {
		const char *text, *want;
	} arg[] = {
		{ "2024-06-03", "2024-06-03T00:00:00.000Z" },
		{ "2024-06-03T07:00:00", "2024-06-03T07:00:00.000Z" },
		{ "2024-06-03T07:00:00+03:00", "2024-06-03T04:00:00.000Z" },
		{ "-2h", "2024-06-03T05:00:00.000Z" },
		{ "-3d", "2024-05-31T07:00:00.000Z" },
		{ "-90s", "2024-06-03T06:58:30.000Z" },
		{ "-15m", "2024-06-03T06:45:00.000Z" },
		{ "2h", NULL }, { "-", NULL }, { "--2h", NULL }, { "now", NULL }, { "", NULL }, { "-4000000d", NULL },
		{ "0001-01-01T00:00:00+01:00", NULL }, { "9999-12-31T23:59:59-01:00", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof dur / sizeof *dur; i++) {
		int64_t sec = -1;

		if (utc_duration(slice_of(dur[i].text), &sec) == -1)
			sec = -1;
		is_int(sec, dur[i].sec, dur[i].text);
	}
	for (i = 0; i < sizeof arg / sizeof *arg; i++) {
		char text[UTC_LEN + 1] = "";
		int64_t ms = 0;
		int rc = utc_arg(slice_of(arg[i].text), 1717398000000, &ms);

		if (arg[i].want == NULL) {
			is_int(rc, -1, arg[i].text);
			continue;
		}
		(void)utc_put(text, ms);
		is_str(rc == 0 ? text : NULL, arg[i].want, arg[i].text);
	}
	ok(utc_now() / 1000 - (int64_t)time(NULL) <= 1, "the wall clock");
	i = (size_t)utc_mono();
	ok((size_t)utc_mono() >= i, "the monotonic clock");
}

int
main(void)
{
	calendar();
	canonical();
	parse();
	arguments();
	return done_testing();
}
