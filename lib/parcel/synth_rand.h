#ifndef PARCEL_SYNTH_RAND_H_
#define PARCEL_SYNTH_RAND_H_

#include <stddef.h>
#include <stdint.h>

/*
 * Reproducible random numbers: splitmix64 (Steele, Lea, Flood, "Fast splittable
 * pseudorandom number generators", OOPSLA 2014; constants of the public domain
 * version by Sebastiano Vigna).  Integers only, so that every machine draws the
 * same.  A generator is made for a (seed, stream, number); nothing that is drawn
 * for one shipment depends on what was drawn for another.
 */
struct synth_rand {
	uint64_t s;
};

static inline uint64_t
synth_rand_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t
synth_rand_next(struct synth_rand *r)
{
	return synth_rand_mix(r->s += UINT64_C(0x9e3779b97f4a7c15));
}

static inline struct synth_rand
synth_rand_of(uint64_t seed, uint32_t stream, uint64_t number)
{
	return (struct synth_rand){ synth_rand_mix(synth_rand_mix(seed + stream *
	    UINT64_C(0xd1342543de82ef95)) ^ synth_rand_mix(number + UINT64_C(0x632be59bd9b4e019))) };
}

/* 0 .. n - 1, n > 0 (multiply and shift; the bias of at most n / 2^32 does not matter here). */
static inline uint32_t
synth_rand_below(struct synth_rand *r, uint32_t n)
{
	return (uint32_t)(((synth_rand_next(r) >> 32) * n) >> 32);
}

/* lo .. hi, both included. */
static inline int64_t
synth_rand_range(struct synth_rand *r, int64_t lo, int64_t hi)
{
	return lo + (int64_t)synth_rand_below(r, (uint32_t)(hi - lo + 1));
}

/* True in ppm of a million cases. */
static inline int
synth_rand_chance(struct synth_rand *r, uint32_t ppm)
{
	return synth_rand_below(r, 1000000) < ppm;
}

/*
 * A draw from a distribution given by n >= 2 equally spaced quantiles, q[0] the
 * least and q[n - 1] the greatest value, straight lines between them.
 */
static inline int64_t
synth_rand_quantile(struct synth_rand *r, const int32_t *q, size_t n)
{
	uint64_t x = (synth_rand_next(r) >> 32) * (n - 1);
	size_t i = x >> 32;
	int64_t f = (int64_t)((x & UINT32_MAX) >> 12);	/* 20 bits */

	return q[i] + (((int64_t)q[i + 1] - q[i]) * f >> 20);
}

#define SYNTH_RAND_OF(r, q) synth_rand_quantile((r), (q), sizeof(q) / sizeof(q)[0])

/* Index of a weighted choice; w[] adds up to sum > 0. */
static inline size_t
synth_rand_pick(struct synth_rand *r, const uint16_t *w, uint32_t sum)
{
	uint32_t x = synth_rand_below(r, sum);
	size_t i = 0;

	while (x >= w[i])
		x -= w[i++];
	return i;
}

#endif
