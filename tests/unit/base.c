/* base: errors, numbers, buffers, maps, UTF-8. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/num.h"
#include "base/utf8.h"
#include "tap.h"

static void
test_num(void)
{
	static const struct {
		const char *text;
		int rc;
		int64_t v;
	} t[] = {
		{ "0", 0, 0 }, { "-0", 0, 0 }, { "007", 0, 7 }, { "-12", 0, -12 },
		{ "9223372036854775807", 0, INT64_MAX }, { "9223372036854775808", -1, 0 },
		{ "-9223372036854775808", 0, INT64_MIN }, { "-9223372036854775809", -1, 0 },
		{ "", -1, 0 }, { "-", -1, 0 }, { "+1", -1, 0 }, { "1 ", -1, 0 }, { "1.0", -1, 0 }, { "--1", -1, 0 },
	};
	char dst[NUM_MAX + 1];
	uint64_t u = 0;
	size_t i, n;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		int64_t v = 0;

		is_int(num_i64(slice_of(t[i].text), &v), t[i].rc, t[i].text);
		if (t[i].rc == 0)
			is_int(v, t[i].v, t[i].text);
	}
	is_int(num_u64(SLICE("18446744073709551615"), &u), 0, "greatest of 64 bits");
	ok(u == UINT64_MAX, "its value");
	is_int(num_u64(SLICE("18446744073709551616"), &u), -1, "one more");
	is_int(num_size(SLICE("64k"), &u), 0, "64k");
	is_int(u, 65536, "k is 1024");
	is_int(num_size(SLICE("2G"), &u), 0, "2G");
	ok(u == 2147483648, "G");
	is_int(num_size(SLICE("k"), &u), -1, "a suffix alone");
	is_int(num_size(SLICE("18446744073709551615k"), &u), -1, "a size that does not fit");
	n = num_put_i64(dst, INT64_MIN);
	dst[n] = '\0';
	is_str(dst, "-9223372036854775808", "least of 64 bits");
	for (i = 0, u = 1; i < 20; i++, u *= 10) {	/* every length, both sides of it */
		char want[32];

		(void)snprintf(want, sizeof want, "%llu", (unsigned long long)u);
		dst[num_put_u64(dst, u)] = '\0';
		is_str(dst, want, "power of ten");
		(void)snprintf(want, sizeof want, "%llu", (unsigned long long)(u - 1));
		dst[num_put_u64(dst, u - 1)] = '\0';
		is_str(dst, want, "one less");
	}
}

static void
test_map(void)
{
	struct map m = { 0 };
	char key[32];
	int i, bad = 0;

	is_int(map_find(&m, SLICE("a")), MAP_NONE, "an empty map finds nothing");
	for (i = 0; i < 100000; i++) {
		int n = snprintf(key, sizeof key, "%d", i * 7919);

		bad += map_add(&m, (struct slice){ key, (size_t)n }) != (uint32_t)i;
	}
	is_int(bad, 0, "keys are numbered as they come");
	for (i = 0; i < 100000; i++) {
		int n = snprintf(key, sizeof key, "%d", i * 7919);
		struct slice s = { key, (size_t)n };

		bad += map_find(&m, s) != (uint32_t)i || map_add(&m, s) != (uint32_t)i || !slice_eq(map_key(&m, (uint32_t)i), s);
	}
	is_int(bad, 0, "and found again");
	is_int(m.n, 100000, "once each");
	is_int(map_find(&m, SLICE("1")), MAP_NONE, "what was never added");
	is_int(map_add(&m, (struct slice){ NULL, 0 }), 100000, "the empty key");
	is_int(map_find(&m, SLICE("")), 100000, "is found");
	map_fini(&m);
}

static void
test_utf8(void)
{
	static const struct {
		const char *p;
		size_t n, want;
	} t[] = {
		{ "a", 1, 1 }, { "\xc3\xa9", 2, 2 }, { "\xe2\x82\xac", 3, 3 }, { "\xf0\x9f\x93\xa6", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 }, { "\xf4\x90\x80\x80", 4, 0 }, { "\xc0\x80", 2, 0 }, { "\xc1\xbf", 2, 0 },
		{ "\xe0\x9f\xbf", 3, 0 }, { "\xed\xa0\x80", 3, 0 }, { "\xf0\x8f\xbf\xbf", 4, 0 }, { "\x80", 1, 0 },
		{ "\xe2\x82", 2, 0 }, { "\xc3", 1, 0 }, { "\xff", 1, 0 }, { "\xe2\x28\xa1", 3, 0 }, { "", 0, 0 },
	};
	char show[64];
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		is_int(utf8_len(t[i].p, t[i].n), (long long)t[i].want, "utf8_len");
	is_int(utf8_cut("a\xe2\x82\xac", 4, 3), 1, "cut between characters");
	is_int(utf8_cut("a\xe2\x82\xac", 4, 4), 4, "what fits is not cut");
	is_int(utf8_span("0123456789\xe2\x82\xac" "0123456789", 23), 23, "all of it is UTF-8");
	is_int(utf8_span("0123456789\xe2\x82" "0123456789", 22), 10, "up to the first byte that is not");
	is_int(utf8_span("01234567\xff", 9), 8, "behind eight of ASCII");
	is_str(err_show(show, sizeof show, "a\x1b[31m\xff\xc3\xa9", 9), "a?[31m?\xc3\xa9", "data in messages lose control bytes");
	is_str(err_show(show, sizeof show, "\xc2\x9b" "2J\xc2\xa0\xc3\x80", 8), "?2J\xc2\xa0\xc3\x80", "and those of two bytes");
	is_str(err_show(show, 10, "abcdefghijklmnop", 16), "abcde", "and are cut");
}

int
main(void)
{
	struct err e = ERR_NONE;
	struct buf b = { 0 };

	test_num();
	test_map();
	test_utf8();
	is_int(err_set(&e, EX_CONFIG, "unknown %s", "zone"), -1, "err_set");
	err_at(&e, "%s:%d", "rules.ndjson", 17);
	is_str(e.msg, "rules.ndjson:17: unknown zone", "place before fault");
	is_int(e.status, EX_CONFIG, "status stays");
	buf_puts(&b, "x");
	buf_int(&b, -5);
	buf_printf(&b, "%s", "");
	buf_printf(&b, "|%05d|", 42);
	buf_put(&b, NULL, 0);
	is_str(buf_str(&b), "x-5|00042|", "buf");
	buf_fini(&b);
	return done_testing();
}
