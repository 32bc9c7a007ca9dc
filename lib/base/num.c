/* Integers as text and back, without locale and without errno. */
#include "base/num.h"

int
num_u64(struct slice s, uint64_t *v)
{
	uint64_t x = 0;
	size_t i;

	if (s.n == 0)
		return -1;
	for (i = 0; i < s.n; i++) {
		unsigned d = (unsigned char)s.p[i] - '0';

		if (d > 9 || x > (UINT64_MAX - d) / 10)
			return -1;
		x = x * 10 + d;
	}
	*v = x;
	return 0;
}

int
num_i64(struct slice s, int64_t *v)
{
	int neg = s.n > 0 && s.p[0] == '-';
	uint64_t x = 0;

	if (s.n == 0 || num_u64((struct slice){ s.p + neg, s.n - (size_t)neg }, &x) == -1)
		return -1;
	if (x > (uint64_t)INT64_MAX + (uint64_t)neg)
		return -1;
	*v = neg ? (int64_t)(0 - x) : (int64_t)x;
	return 0;
}

int
num_size(struct slice s, uint64_t *bytes)
{
	unsigned shift = 0;

	if (s.n > 1)
		switch (s.p[s.n - 1]) {
		case 'k': case 'K': shift = 10; break;
		case 'm': case 'M': shift = 20; break;
		case 'g': case 'G': shift = 30; break;
		}
	if (shift)
		s.n--;
	if (num_u64(s, bytes) == -1 || *bytes > UINT64_MAX >> shift)
		return -1;
	*bytes <<= shift;
	return 0;
}

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

size_t
num_put_u64(char *dst, uint64_t v)
{
	char tmp[NUM_MAX];
	size_t i = sizeof tmp;

	while (v >= 100) {
		i -= 2;
		memcpy(tmp + i, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		i -= 2;
		memcpy(tmp + i, pairs + v * 2, 2);
	} else {
		tmp[--i] = (char)('0' + v);
	}
	memcpy(dst, tmp + i, sizeof tmp - i);
	return sizeof tmp - i;
}

size_t
num_put_i64(char *dst, int64_t v)
{
	if (v >= 0)
		return num_put_u64(dst, (uint64_t)v);
	*dst = '-';
	return 1 + num_put_u64(dst + 1, 0 - (uint64_t)v);
}
