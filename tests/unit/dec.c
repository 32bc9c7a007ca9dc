/* Exact decimals: reading, sums, order, text. */
#include "base/dec.h"

#include <stdlib.h>

#include "tap.h"

static const char *
text(struct dec d)
{
	static char out[DEC_MAX + 1];

	out[dec_put(out, d)] = '\0';
	return out;
}

static struct dec
dec(const char *s)
{
	struct dec d = { 0, 0 };

	if (dec_parse(slice_of(s), &d) == -1)
		printf("# %s was not read\n", s);
	return d;
}

static void
parse(void)
{
	static const struct {
		const char *in, *out;		/* NULL: refused */
	} c[] = {
		{ "0", "0" }, { "-0", "0" }, { "-0.00", "0.00" }, { "1.50", "1.50" }, { "-12.5", "-12.5" }, { "0.001", "0.001" },
		{ "1e3", "1000" }, { "1E+3", "1000" }, { "1.5e3", "1500" }, { "1.2345e2", "123.45" }, { "12e-1", "1.2" },
		{ "1e-3", "0.001" }, { "-1.50e1", "-15.0" }, { "0e5", "0" }, { "0e99999999999999999999", "0" }, { "0.0e1", "0" },
		{ "0.00000e3", "0.00" }, { "0.001e3", "1" }, { "100e-2", "1.00" },
		{ "999999999999999999", "999999999999999999" }, { "1000000000000000000", NULL },
		{ "999999999999999999.999999999999999999", "999999999999999999.999999999999999999" },
		{ "0.123456789012345678", "0.123456789012345678" }, { "0.1234567890123456789", NULL },
		{ "1e17", "100000000000000000" }, { "1e18", NULL }, { "1e-18", "0.000000000000000001" }, { "1e-19", NULL },
		{ "1.0e-18", NULL }, { "0e-19", NULL }, { "1e999999999999999999999", NULL }, { "1e-999999999999999999999", NULL },
		{ "12345678901234567890123456789012345678901234567890", NULL },
		{ "1000000000000000000000e-10", "100000000000.0000000000" },
		{ "", NULL }, { "-", NULL }, { "+1", NULL }, { "01", NULL }, { "-01", NULL }, { "1.", NULL }, { ".5", NULL },
		{ "1.e3", NULL }, { "1e", NULL }, { "1e+", NULL }, { "1e1.5", NULL }, { "1.2.3", NULL }, { "1 ", NULL },
		{ " 1", NULL }, { "0x10", NULL }, { "NaN", NULL }, { "1,5", NULL }, { "--1", NULL }, { "00", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof c / sizeof *c; i++) {
		size_t n = strlen(c[i].in);
		char *exact = malloc(n ? n : 1);	/* its end is watched by ASan */
		struct dec d = { 0, 0 };
		int rc;

		memcpy(exact, c[i].in, n);
		rc = dec_parse((struct slice){ exact, n }, &d);
		if (c[i].out == NULL)
			is_int(rc, -1, c[i].in);
		else
			is_str(rc == 0 ? text(d) : NULL, c[i].out, c[i].in);
		free(exact);
	}
}

static void
order(void)
{
	/* ascending; what stands beside = is equal */
	static const char *up[] = {
		"-999999999999999999.999999999999999999", "-10", "-1.5", "-1", "-0.5", "-0.000000000000000001", "0",
		"0.000000000000000001", "0.1", "0.11", "0.5", "1", "1.000000000000000001", "2", "10", "999999999999999999",
		"999999999999999999.999999999999999999",
	};
	size_t i, k, n = sizeof up / sizeof *up;
	int bad = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++)
			bad += dec_cmp(dec(up[i]), dec(up[k])) != (i > k) - (i < k);
	is_int(bad, 0, "order by value");
	is_int(dec_cmp(dec("1.50"), dec("1.5")), 0, "1.50 is 1.5");
	is_int(dec_cmp(dec("-0.0"), dec("0")), 0, "-0.0 is 0");
}

static void
scaled(void)
{
	int64_t v = 0;

	ok(dec_scaled(dec("12.5"), 2, &v) == 0 && v == 1250, "12.5 at scale 2");
	ok(dec_scaled(dec("12.500"), 1, &v) == 0 && v == 125, "zeros may go");
	ok(dec_scaled(dec("12.345"), 2, &v) == -1, "digits may not");
	ok(dec_scaled(dec("-0.01"), 2, &v) == 0 && v == -1, "-0.01");
	ok(dec_scaled(dec("92233720368547758.07"), 2, &v) == 0 && v == INT64_MAX, "the greatest");
	ok(dec_scaled(dec("92233720368547758.08"), 2, &v) == -1, "one more does not fit");
	ok(dec_scaled(dec("-92233720368547758.08"), 2, &v) == 0 && v == INT64_MIN, "the least");
	ok(dec_scaled(dec("1"), 19, &v) == -1, "scale 19 is none");
}

/* 0.1 three million times, and a column of prices, by another way: whole hundredths. */
static void
sums(void)
{
	struct dec s = { 0, 0 }, p = { 0, 0 }, keep = { 0, 0 }, top;
	int64_t cents = 0, v = 0;
	uint32_t seed = 7;
	char t[64];
	int i;

	for (i = 0; i < 3000000; i++)
		if (dec_add(&s, dec("0.1")) == -1)
			break;
	is_str(text(s), "300000.0", "0.1 three million times");
	for (i = 0; i < 100000; i++) {
		int n;

		seed = seed * 1664525 + 1013904223;
		n = (int)(seed >> 8) - (1 << 23);
		cents += n;
		(void)snprintf(t, sizeof t, "%s%d.%02d", n < 0 ? "-" : "", abs(n) / 100, abs(n) % 100);
		if (dec_add(&p, dec(t)) == -1)
			break;
	}
	ok(dec_scaled(p, 2, &v) == 0 && v == cents, "100,000 prices: %s is %lld hundredths", text(p), (long long)cents);
	/* bc: 999999999999999999.99 + 0.005 - 12345678901234567.8901 */
	s = dec("999999999999999999.99");
	(void)dec_add(&s, dec("0.005"));
	(void)dec_add(&s, dec("-12345678901234567.8901"));
	is_str(text(s), "987654321098765432.1049", "scales mix");
	/* 1.7e38 is the end: at scale 18 about 1.7e20 */
	top = dec("999999999999999999.999999999999999999");
	s = dec("0");
	for (i = 0; dec_add(&s, top) == 0; i++)
		keep = s;
	is_int(i, 170, "the sum overflows where 128 bits end");
	ok(s.v == keep.v && s.scale == keep.scale, "and is left as it was");
	is_str(text(s), "169999999999999999999.999999999999999830", "to the last digit");
	s.v = -s.v;
	is_str(text(s), "-169999999999999999999.999999999999999830", "negative");
}

int
main(void)
{
	parse();
	order();
	scaled();
	sums();
	return done_testing();
}
