/* Time zones: the system's data against another reader's results, and files that are not as they should be. */
#include "base/zone.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utc.h"
#include "tap.h"

static char dir[] = "/tmp/wb-zone.XXXXXX";
static int serial;

/* zone.tsv: results of Python's zoneinfo. */
static void
golden(void)
{
	FILE *f = fopen(WB_TREE "/../tests/unit/zone.tsv", "r");
	char line[256], name[64], kind, last[64] = "";
	long long arg, want;
	const struct zone *z = NULL;
	struct err e = ERR_NONE;
	int bad = 0, rows = 0, all = 0;

	if (!ok(f != NULL, "zone.tsv opens"))
		return;
	while (fgets(line, sizeof line, f) != NULL) {
		int64_t got;

		if (sscanf(line, "%63s %c %lld %lld", name, &kind, &arg, &want) != 4 || *line == '#')
			continue;
		if (strcmp(name, last) != 0) {
			if (rows > 0)
				ok(bad == 0, "%s: %d rows as zoneinfo has them", last, rows);
			bad = rows = 0;
			z = zone_get(slice_of(name), &e);
			if (!ok(z != NULL, "%s loads: %s", name, e.msg))
				break;
			(void)snprintf(last, sizeof last, "%s", name);
		}
		got = kind == 'o' ? zone_offset(z, arg * 1000) : zone_instant(z, arg * 1000) / 1000;
		if (got != want) {
			printf("# %s %c %lld: got %lld, want %lld\n", name, kind, arg, (long long)got, want);
			bad++;
		}
		rows++;
		all++;
	}
	ok(bad == 0 && rows > 0, "%s: %d rows as zoneinfo has them", last, rows);
	ok(all > 300, "%d rows in all", all);
	(void)fclose(f);
}

static int64_t
at(const char *text)
{
	struct utc_text t = { 0 };

	(void)utc_parse(slice_of(text), &t);
	return t.ms - t.offset * INT64_C(1000);
}

static void
by_hand(void)
{
	struct err e = ERR_NONE;
	const struct zone *ny = zone_get(SLICE("America/New_York"), &e), *m = zone_get(SLICE("Europe/Moscow"), &e);
	const struct zone *utc = zone_get(SLICE(""), &e), *lh = zone_get(SLICE("Australia/Lord_Howe"), &e);
	int64_t ms;
	int bad = 0, i;

	if (!ok(ny != NULL && m != NULL && utc != NULL && lh != NULL, "zones load"))
		return;
	ok(zone_get(SLICE("America/New_York"), &e) == ny, "one name, one pointer");
	ok(zone_get(SLICE("UTC"), &e) == utc && zone_utc() == utc, "UTC has two names");
	is_str(zone_name(ny), "America/New_York", "name");
	is_str(zone_name(utc), "UTC", "name of UTC");
	is_int(zone_instant(ny, at("2024-03-10T02:30:00Z")), at("2024-03-10T07:30:00Z"), "a gap moves forward by the gap");
	is_int(zone_instant(ny, at("2024-11-03T01:30:00Z")), at("2024-11-03T06:30:00Z"), "of an overlap the later instant");
	is_int(zone_instant(ny, at("2024-03-10T01:59:59.999Z")), at("2024-03-10T06:59:59.999Z"), "a millisecond before the gap");
	is_int(zone_instant(ny, at("2024-03-10T03:00:00Z")), at("2024-03-10T07:00:00Z"), "and behind it");
	is_int(zone_instant(ny, at("2024-11-03T00:59:59.999Z")), at("2024-11-03T04:59:59.999Z"), "a millisecond before the overlap");
	is_int(zone_instant(ny, at("2024-11-03T01:00:00Z")), at("2024-11-03T06:00:00Z"), "and its first");
	is_int(zone_offset(ny, at("2024-03-10T06:59:59.999Z")), -18000, "a millisecond before the transition");
	is_int(zone_instant(lh, at("2024-10-06T02:15:00Z")), at("2024-10-06T02:45:00+11:00"), "a gap of half an hour");
	is_int(zone_instant(m, at("2024-06-03")), at("2024-06-02T21:00:00Z"), "midnight in Moscow");
	is_int(zone_day(m, at("2024-06-02T20:59:59.999Z")), utc_day(2024, 6, 2), "the last millisecond of a local day");
	is_int(zone_day(m, at("2024-06-02T21:00:00Z")), utc_day(2024, 6, 3), "the first of the next");
	is_int(zone_day(utc, -1), -1, "UTC before 1970");
	is_int(zone_offset(utc, INT64_MAX), 0, "UTC at the end of time");
	is_int(zone_instant(utc, 12345), 12345, "UTC is UTC");
	/* the remembered stretch must not show */
	for (i = 0; i < 20000; i++) {
		ms = at("2024-01-01") + (int64_t)(((uint32_t)i * 2654435761u) % 31536000u) * 1000;
		bad += zone_offset(ny, ms) != (ms >= at("2024-03-10T07:00:00Z") && ms < at("2024-11-03T06:00:00Z")
		    ? -14400 : -18000);
	}
	is_int(bad, 0, "instants in no order");
	is_int(zone_offset(ny, at("2424-07-01")), -14400, "400 years on");
	is_int(zone_offset(ny, at("9999-01-01")), -18000, "at the end of the calendar");
	is_int(zone_offset(ny, at("1800-01-01")), -17762, "local mean time before the first transition");
	ok(zone_offset(zone_get(SLICE("Asia/Almaty"), &e), at("2024-03-02")) == 5 * 3600, "the system's tz data is of 2024 or newer");
}

static void
be(struct buf *b, int64_t v, int bytes)
{
	while (bytes-- > 0)
		buf_putc(b, bytes < 8 ? (char)(v >> 8 * bytes) : 0);
}

/* A file of version 2 with one transition from offset a to b at t, and a footer. */
static void
tzif(struct buf *b, char version, int64_t t, int32_t from, int32_t to, const char *tz)
{
	int pass;

	b->n = 0;
	for (pass = 0; pass < 2; pass++) {
		buf_put(b, "TZif", 4);
		buf_putc(b, version);
		be(b, 0, 15);
		be(b, 0, 4);		/* isutcnt */
		be(b, 0, 4);		/* isstdcnt */
		be(b, 0, 4);		/* leapcnt */
		be(b, pass, 4);		/* timecnt */
		be(b, 2, 4);		/* typecnt */
		be(b, 4, 4);		/* charcnt */
		if (pass) {
			be(b, t, 8);
			be(b, 1, 1);
		}
		be(b, from, 4);
		be(b, 0, 2);
		be(b, to, 4);
		be(b, 0, 2);
		buf_put(b, "ABC", 4);
	}
	buf_putc(b, '\n');
	buf_puts(b, tz);
	buf_putc(b, '\n');
}

/* Offsets of the second block in such a file. */
#define BLOCK2 (44 + 16)
#define DATA2 (BLOCK2 + 44)

/* Load these bytes as a zone of a new name. */
static const struct zone *
load(const struct buf *b, struct err *e)
{
	char path[128], name[32];
	int fd;

	(void)snprintf(name, sizeof name, "T%d", ++serial);
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	if (fd == -1 || write(fd, b->p, b->n) != (ssize_t)b->n)
		printf("Bail out! cannot write %s\n", path);
	(void)close(fd);
	*e = ERR_NONE;
	return zone_get(slice_of(name), e);
}

static void
refused(const struct buf *b, const char *fault, const char *name)
{
	struct err e;
	const struct zone *z = load(b, &e);

	ok(z == NULL && e.status == EX_CONFIG && strstr(e.msg, fault) != NULL, "%s: %s", name, e.msg);
}

static void
footers(void)
{
	/* made with Python's zoneinfo; days counted as n with GNU date, which zoneinfo 3.11 has wrong by one */
	static const struct {
		const char *tz, *text;	/* the first second of the new offset */
		int32_t before, after;
	} good[] = {
		{ "EST5EDT,M3.2.0,M11.1.0", "2048-03-08T07:00:00Z", -18000, -14400 },
		{ "EST5EDT,M3.2.0,M11.1.0", "2048-11-01T06:00:00Z", -14400, -18000 },
		{ "EST5EDT,M3.2.0,M11.1.0", "2049-03-14T07:00:00Z", -18000, -14400 },
		{ "EST5EDT,M3.2.0,M11.1.0", "2049-11-07T06:00:00Z", -14400, -18000 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2048-03-29T01:00:00Z", -7200, -3600 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2049-10-31T01:00:00Z", -3600, -7200 },
		{ "EET-2EEST,M3.4.4/50,M10.4.4/50", "2048-03-28T00:00:00Z", 7200, 10800 },
		{ "EET-2EEST,M3.4.4/50,M10.4.4/50", "2049-10-29T23:00:00Z", 10800, 7200 },
		{ "XXX3YYY,J60/0,J300", "2048-03-01T03:00:00Z", -10800, -7200 },
		{ "XXX3YYY,J60/0,J300", "2049-03-01T03:00:00Z", -10800, -7200 },
		{ "XXX3YYY,J60/0,J300", "2048-10-27T04:00:00Z", -7200, -10800 },
		{ "XXX3YYY,J60/0,J300", "2049-10-27T04:00:00Z", -7200, -10800 },
		{ "XXX3YYY,59/0,300", "2048-02-29T03:00:00Z", -10800, -7200 },
		{ "XXX3YYY,59/0,300", "2049-03-01T03:00:00Z", -10800, -7200 },
		{ "XXX3YYY,59/0,300", "2048-10-27T04:00:00Z", -7200, -10800 },
		{ "XXX3YYY,59/0,300", "2049-10-28T04:00:00Z", -7200, -10800 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2048-03-29T01:00:00Z", 0, 3600 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2049-10-31T01:00:00Z", 3600, 0 },
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", "2048-04-04T16:00:00Z", 39600, 36000 },
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", "2049-10-02T16:00:00Z", 36000, 39600 },
		{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2048-04-04T15:00:00Z", 39600, 37800 },
		{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2049-10-02T15:30:00Z", 37800, 39600 },
		{ "XXX3EDT4,0/0,J365/23", "2049-01-01T03:00:00Z", -14400, -14400 },
		{ "XXX3EDT4,0/0,J365/23", "2048-07-01T00:00:00Z", -14400, -14400 },
		{ "XXX-3:15:30", "2048-07-01T00:00:00Z", 11730, 11730 },
		{ "", "2048-07-01T00:00:00Z", 3600, 3600 },
	};
	static const char *bad[] = {
		"E5", "EST", "EST25", "EST5EDT", "EST5EDT,", "EST5EDT,M3.2.0", "EST5EDT,M3.2.0,", "EST5EDT,M13.2.0,M11.1.0",
		"EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,M3.2.0,M11.1.0x", "EST5EDT,J0,J300",
		"EST5EDT,J366,J300", "EST5EDT,366,300", "EST5EDT,M3.2.0/168,M11.1.0", "EST5EDT,M3.2.0/2:60,M11.1.0",
		"<EST5", "<>5", "<EST>", "5", ",", "EST5EDT4,M3", "EST5EDT,M3.", "EST99999999999",
	};
	struct buf b = { 0 };
	struct err e;
	size_t i;

	for (i = 0; i < sizeof good / sizeof *good; i++) {
		const struct zone *z;

		tzif(&b, '2', 0, 0, 3600, good[i].tz);
		z = load(&b, &e);
		if (!ok(z != NULL, "\"%s\" loads: %s", good[i].tz, e.msg))
			continue;
		ok(zone_offset(z, at(good[i].text) - 1) == good[i].before
		    && zone_offset(z, at(good[i].text)) == good[i].after, "\"%s\" at %s", good[i].tz, good[i].text);
		ok(zone_offset(z, -1) == 0 && zone_offset(z, 0) == 3600, "the file rules before it");
	}
	/* ten hours on at 00:00Z, and back at 01:00Z: the local starts of the stretches do not ascend */
	tzif(&b, '2', 0, 0, 36000, "AAA-10BBB-1,J1/11,J300");
	{
		const struct zone *z = load(&b, &e);

		ok(z != NULL && zone_instant(z, at("1970-01-01T05:00:00Z")) == at("1970-01-01T04:00:00Z"), "two transitions in an hour");
		ok(z != NULL && zone_instant(z, at("1970-01-01T10:30:00Z")) == at("1970-01-01T09:30:00Z"), "the later of two instants");
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		tzif(&b, '2', 0, 0, 3600, bad[i]);
		refused(&b, "bad footer", bad[i]);
	}
	buf_fini(&b);
}

/* Change the bytes at one place of a good file to a number of 4 bytes. */
static void
poke(struct buf *b, size_t pos, uint32_t v)
{
	int i;

	tzif(b, '2', 0, 0, 3600, "XXX-1");
	for (i = 0; i < 4; i++)
		b->p[pos + (size_t)i] = (char)(v >> 8 * (3 - i));
}

static void
hostile(void)
{
	static const uint32_t huge[] = { 257, 65536, 0x7fffffff, 0x80000000, 0xffffffff };
	struct buf b = { 0 }, cut = { 0 };
	struct err e;
	size_t n, i, k;
	int bad = 0;

	tzif(&b, '2', 0, 0, 3600, "XXX-1");
	ok(load(&b, &e) != NULL, "the file that is spoilt below is good: %s", e.msg);
	for (n = 0; n < b.n; n++) {
		cut.n = 0;
		buf_put(&cut, b.p, n);
		if (load(&cut, &e) != NULL || e.status != EX_CONFIG) {
			printf("# cut at %zu of %zu\n", n, b.n);
			bad++;
		}
	}
	is_int(bad, 0, "cut anywhere it is refused");
	buf_puts(&b, "XXX-1\n");
	refused(&b, "bad footer", "more behind the footer");
	tzif(&b, '\0', 0, 0, 3600, "XXX-1");
	refused(&b, "version 1", "version 1");
	tzif(&b, '4', 0, 0, 3600, "XXX-1");
	ok(load(&b, &e) != NULL, "version 4 is read");
	b.p[0] = 'X';
	refused(&b, "no compiled tz data", "another magic");
	/* each count of each header */
	for (k = 0; k < 2; k++)
		for (i = 0; i < 6; i++)
			for (n = 0; n < sizeof huge / sizeof *huge; n++) {
				poke(&b, (k ? BLOCK2 : 0) + 20 + 4 * i, huge[n]);
				if (load(&b, &e) != NULL || e.status != EX_CONFIG) {
					printf("# count %zu of header %zu is %u\n", i, k, huge[n]);
					bad++;
				}
			}
	is_int(bad, 0, "a huge count is refused");
	poke(&b, BLOCK2 + 36, 0);
	refused(&b, "", "no types");
	poke(&b, BLOCK2 + 28, 0);
	ok(load(&b, &e) != NULL, "poke itself does no harm");
	poke(&b, DATA2 + 9, 93600);
	refused(&b, "bad local time type", "an offset of 26 hours");
	poke(&b, DATA2 + 8, 0x02000000);
	refused(&b, "bad local time type", "a type that is not there");
	poke(&b, DATA2 + 9 + 4, 0x00040000);
	refused(&b, "bad local time type", "an abbreviation that is not there");
	tzif(&b, '2', INT64_MAX, 0, 3600, "XXX-1");
	refused(&b, "out of range", "a transition at the end of time");
	tzif(&b, '2', INT64_MIN, 0, 3600, "EST5EDT,M3.2.0,M11.1.0");
	ok(load(&b, &e) != NULL, "a transition at its beginning is taken");
	/* anything at all must at least be survived */
	for (i = 0; i < 3000; i++) {
		static uint32_t seed = 1;

		tzif(&b, '2', 0, 0, 3600, "EST5EDT,M3.2.0,M11.1.0");
		for (k = 0; k < 3; k++) {
			seed = seed * 1664525 + 1013904223;
			b.p[(seed >> 8) % b.n] = (char)(seed >> 24);
		}
		{
			const struct zone *z = load(&b, &e);

			if (z != NULL)
				(void)zone_instant(z, zone_offset(z, at("2050-01-01")));
			else
				bad += e.status != EX_CONFIG;
		}
	}
	is_int(bad, 0, "3000 files with bytes changed at random");
	buf_fini(&b);
	buf_fini(&cut);
}

static void
refuse(struct slice name)
{
	struct err e = ERR_NONE;
	const struct zone *z = zone_get(name, &e);

	ok(z == NULL && e.status == EX_CONFIG, "refused: %s", e.msg);
}

static void
bad_names(void)
{
	refuse(SLICE("Europe/Nowhere"));
	refuse(SLICE("/etc/passwd"));
	refuse(SLICE("../etc/passwd"));
	refuse(SLICE("Europe/../../etc/passwd"));
	refuse(SLICE("Europe"));
	refuse(SLICE("Europe/"));
	refuse(SLICE("Europe//Moscow"));
	refuse(SLICE("./UTC"));
	refuse(SLICE("Europe/Moscow\0x"));
	refuse(SLICE("Europe/Mos cow"));
	refuse(SLICE("\xd0\x9c"));
	refuse(SLICE("tzdata.zi"));
}

int
main(void)
{
	char cmd[64];

	golden();
	by_hand();
	bad_names();
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)setenv("ZONEINFO", dir, 1);
	footers();
	hostile();
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	ok(system(cmd) == 0, "tidy");
	return done_testing();
}
