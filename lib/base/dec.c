/* Exact decimal numbers: read, add, compare, write. */
#include "base/dec.h"

#define SCALE_MAX 18u

static const int64_t ten[SCALE_MAX + 1] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
	100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
	10000000000000000, 100000000000000000, 1000000000000000000,
};

static inline unsigned
digit(const char *p)
{
	return (unsigned)(unsigned char)*p - '0';
}

int
dec_parse(struct slice s, struct dec *d)
{
	const char *p = s.p, *end = s.p + s.n;
	dec_int v = 0;
	int64_t frac = 0, exp = 0;
	unsigned digits = 0;		/* of v */
	int neg = 0, point = 0;

	if (p < end && *p == '-') {
		neg = 1;
		p++;
	}
	if (p == end || digit(p) > 9 || (*p == '0' && p + 1 < end && digit(p + 1) <= 9))
		return -1;
	for (; p < end; p++) {
		if (*p == '.' && !point && p + 1 < end && digit(p + 1) <= 9) {
			point = 1;
			continue;
		}
		if (digit(p) > 9)
			break;
		frac += point;
		if (digits > 0 || digit(p) > 0)
			digits++;
		if (digits > 2 * SCALE_MAX)
			return -1;
		v = v * 10 + digit(p);
	}
	if (p < end) {
		int eneg = 0;

		if (*p != 'e' && *p != 'E')
			return -1;
		if (++p < end && (*p == '+' || *p == '-'))
			eneg = *p++ == '-';
		if (p == end)
			return -1;
		for (; p < end; p++) {
			if (digit(p) > 9)
				return -1;
			if (exp < INT32_MAX)
				exp = exp * 10 + digit(p);
		}
		frac += eneg ? exp : -exp;
	}
	if (frac > (int64_t)SCALE_MAX)
		return -1;
	if (digits > 0 && (int64_t)digits - frac > (int64_t)SCALE_MAX)
		return -1;
	if (frac < 0) {
		if (digits > 0)
			v *= ten[-frac];
		frac = 0;
	}
	d->v = neg ? -v : v;
	d->scale = (unsigned)frac;
	return 0;
}

int
dec_add(struct dec *a, struct dec b)
{
	dec_int x = a->v, y = b.v;
	unsigned scale = a->scale > b.scale ? a->scale : b.scale;

	if (a->scale < scale && __builtin_mul_overflow(x, (dec_int)ten[scale - a->scale], &x))
		return -1;
	if (b.scale < scale && __builtin_mul_overflow(y, (dec_int)ten[scale - b.scale], &y))
		return -1;
	if (__builtin_add_overflow(x, y, &x))
		return -1;
	a->v = x;
	a->scale = scale;
	return 0;
}

int
dec_cmp(struct dec a, struct dec b)
{
	/* whole parts first: bringing both to one scale could overflow */
	dec_int x = a.v / ten[a.scale], y = b.v / ten[b.scale];

	if (x == y) {
		x = a.v % ten[a.scale] * ten[SCALE_MAX - a.scale];
		y = b.v % ten[b.scale] * ten[SCALE_MAX - b.scale];
	}
	return (x > y) - (x < y);
}

int
dec_scaled(struct dec d, unsigned scale, int64_t *v)
{
	dec_int x = d.v;

	if (scale > SCALE_MAX)
		return -1;
	if (scale >= d.scale) {
		if (__builtin_mul_overflow(x, (dec_int)ten[scale - d.scale], &x))
			return -1;
	} else {
		if (x % ten[d.scale - scale] != 0)
			return -1;
		x /= ten[d.scale - scale];
	}
	if (x < INT64_MIN || x > INT64_MAX)
		return -1;
	*v = (int64_t)x;
	return 0;
}

size_t
dec_put(char *dst, struct dec d)
{
	__extension__ unsigned __int128 x = d.v < 0 ? -(unsigned __int128)d.v : (unsigned __int128)d.v;
	char text[DEC_MAX];
	size_t i = sizeof text, n = 0;
	unsigned digits = 0;

	do {
		if (digits == d.scale && d.scale > 0)
			text[--i] = '.';
		text[--i] = (char)('0' + (unsigned)(x % 10));
		x /= 10;
		digits++;
	} while (x > 0 || digits <= d.scale);
	if (d.v < 0)
		dst[n++] = '-';
	memcpy(dst + n, text + i, sizeof text - i);
	return n + sizeof text - i;
}
