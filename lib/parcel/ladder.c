/* The ladders of the histograms in the marts. */
#include "parcel/ladder.h"

#define H(n) (n) * INT64_C(3600)

static const int64_t h31[] = {
	H(1), H(2), H(4), H(6), H(8), H(12), H(18), H(24), H(30), H(36), H(42), H(48), H(60), H(72), H(84), H(96),
	H(120), H(144), H(168), H(192), H(216), H(240), H(288), H(336), H(408), H(480), H(600), H(720), H(960), H(1440),
};
static const int64_t s19[] = {
	1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 432000,
};
static const int64_t m18[] = {
	5, 10, 25, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10000, 30000, 60000,
};

const struct ladder ladder_h31 = { "h31", h31, sizeof h31 / sizeof *h31 };
const struct ladder ladder_s19 = { "s19", s19, sizeof s19 / sizeof *s19 };
const struct ladder ladder_m18 = { "m18", m18, sizeof m18 / sizeof *m18 };

const struct ladder *
ladder_get(struct slice name)
{
	static const struct ladder *const all[] = { &ladder_h31, &ladder_s19, &ladder_m18 };
	size_t i;

	for (i = 0; i < sizeof all / sizeof *all; i++)
		if (slice_eq(name, slice_of(all[i]->name)))
			return all[i];
	return NULL;
}

size_t
ladder_slot(const struct ladder *l, int64_t v)
{
	size_t i = 0;

	while (i < l->n && l->bound[i] < v)
		i++;
	return i;
}
