/* The calendar, instants as text and back, durations, and the two clocks. */
#include "base/utc.h"

#include <time.h>

#include "base/num.h"

#define DAY_MS 86400000
#define CYCLE_DAYS 146097		/* 400 years */
#define EPOCH 719468			/* 0000-03-01 to 1970-01-01 */
#define FIRST_MS INT64_C(-62135596800000)	/* 0001-01-01 */
#define END_MS INT64_C(253402300800000)		/* 10000-01-01 */
#define DURATION_MAX (INT64_C(10000) * 366 * 86400)

/*
 * Years are counted from March, so that a leap day is the last of its year, and
 * shifted by whole cycles so that all of int32_t is positive.
 */
#define SHIFT_CYCLES 15000u

struct civil {
	uint32_t year;		/* the shift still in it */
	uint32_t month, mday;
};

/*
 * After Neri and Schneider, "Euclidean affine functions and their application to
 * calendar algorithms" (2022): multiplications where divisions were.
 */
static inline struct civil
civil(uint64_t n)
{
	uint64_t n1 = 4 * n + 3;
	uint32_t century = (uint32_t)(n1 / CYCLE_DAYS);
	uint32_t n2 = (uint32_t)(n1 % CYCLE_DAYS) | 3;
	uint64_t p2 = UINT64_C(2939745) * n2;
	uint32_t yday = (uint32_t)p2 / 2939745 / 4;
	uint32_t n3 = 2141 * yday + 197913;
	uint32_t jan = yday >= 306;

	return (struct civil){
		100 * century + (uint32_t)(p2 >> 32) + jan,
		(n3 >> 16) - (jan ? 12 : 0),
		(n3 & 0xffff) / 2141 + 1,
	};
}

int32_t
utc_day(int year, int month, int mday)
{
	uint64_t y = (uint64_t)((int64_t)year - (month <= 2) + 400 * SHIFT_CYCLES);
	uint32_t m = (uint32_t)(month <= 2 ? month + 9 : month - 3);

	return (int32_t)((int64_t)(y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5)
	    + mday - 1 - EPOCH - (int64_t)SHIFT_CYCLES * CYCLE_DAYS);
}

void
utc_date(int32_t day, int *year, int *month, int *mday)
{
	struct civil c = civil((uint64_t)(day + EPOCH + (int64_t)SHIFT_CYCLES * CYCLE_DAYS));

	*year = (int)c.year - (int)(400 * SHIFT_CYCLES);
	*month = (int)c.month;
	*mday = (int)c.mday;
}

int
utc_weekday(int32_t day)
{
	/* 1970-01-01 was a Thursday */
	return (int)(((int64_t)day + 3 + INT64_C(7) * 400000000) % 7);
}

static inline int
month_days(int year, int month)
{
	if (month == 2)
		return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
	return 30 + ((month + (month >> 3)) & 1);
}

int
utc_valid(int year, int month, int mday)
{
	return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && mday >= 1
	    && mday <= month_days(year, month);
}

static inline int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
utc_sec(int64_t ms)
{
	return floor_div(ms, 1000);
}

int32_t
utc_day_of(int64_t ms)
{
	return (int32_t)floor_div(ms, DAY_MS);
}

static inline void
two(char *dst, uint32_t v)
{
	dst[0] = (char)('0' + v / 10);
	dst[1] = (char)('0' + v % 10);
}

char *
utc_put_day(char *dst, int32_t day)
{
	struct civil c = civil((uint64_t)(day + EPOCH + (int64_t)SHIFT_CYCLES * CYCLE_DAYS));
	uint32_t year = (c.year - 400 * SHIFT_CYCLES) % 10000;

	two(dst, year / 100);
	two(dst + 2, year % 100);
	dst[4] = '-';
	two(dst + 5, c.month);
	dst[7] = '-';
	two(dst + 8, c.mday);
	return dst + UTC_DAY_LEN;
}

char *
utc_put(char *dst, int64_t ms)
{
	int32_t day = utc_day_of(ms);
	uint32_t r = (uint32_t)(ms - (int64_t)day * DAY_MS);
	uint32_t s = r / 1000, m = s / 60, h = m / 60, f = r % 1000;

	utc_put_day(dst, day);
	dst[10] = 'T';
	two(dst + 11, h);
	dst[13] = ':';
	two(dst + 14, m % 60);
	dst[16] = ':';
	two(dst + 17, s % 60);
	dst[19] = '.';
	dst[20] = (char)('0' + f / 100);
	two(dst + 21, f % 100);
	dst[23] = 'Z';
	return dst + UTC_LEN;
}

/* Value of a digit; anything above 9 when it is none. */
static inline uint32_t
digit(char c)
{
	return (uint32_t)(unsigned char)c - '0';
}

/* Two digits as a number; *bad becomes true when one is no digit. */
static inline uint32_t
get2(const char *p, uint32_t *bad)
{
	uint32_t a = digit(p[0]), b = digit(p[1]);

	*bad |= (a > 9) | (b > 9);
	return a * 10 + b;
}

/* YYYY-MM-DD at p, checked. */
static inline int
get_date(const char *p, int32_t *day)
{
	uint32_t bad = (p[4] != '-') | (p[7] != '-');
	int year = (int)(get2(p, &bad) * 100 + get2(p + 2, &bad));
	int month = (int)get2(p + 5, &bad);
	int mday = (int)get2(p + 8, &bad);

	if (bad || !utc_valid(year, month, mday))
		return -1;
	*day = utc_day(year, month, mday);
	return 0;
}

/* HH:MM at p as seconds, checked. */
static inline int
get_minute(const char *p, int32_t *sec)
{
	uint32_t bad = p[2] != ':';
	uint32_t h = get2(p, &bad), m = get2(p + 3, &bad);

	if (bad | (h > 23) | (m > 59))
		return -1;
	*sec = (int32_t)(h * 3600 + m * 60);
	return 0;
}

int
utc_get(struct slice s, int64_t *ms)
{
	uint32_t bad = 0, sec, f;
	int32_t day, minute;

	if (s.n != UTC_LEN || get_date(s.p, &day) == -1 || get_minute(s.p + 11, &minute) == -1)
		return -1;
	sec = get2(s.p + 17, &bad);
	f = get2(s.p + 20, &bad) * 10 + digit(s.p[22]);
	bad |= digit(s.p[22]) > 9;
	bad |= (s.p[10] != 'T') | (s.p[16] != ':') | (s.p[19] != '.') | (s.p[23] != 'Z');
	if (bad | (sec > 59))
		return -1;
	*ms = (int64_t)day * DAY_MS + (int64_t)(minute + (int32_t)sec) * 1000 + f;
	return 0;
}

int
utc_get_day(struct slice s, int32_t *day)
{
	return s.n == UTC_DAY_LEN ? get_date(s.p, day) : -1;
}

/* Z, +hh:mm, +hhmm, +hh, or nothing: all of [p, end). */
static int
get_offset(const char *p, const char *end, struct utc_text *t)
{
	uint32_t bad = 0, h, m = 0;
	size_t n = (size_t)(end - p);

	if (n == 0)
		return 0;
	t->has_offset = 1;
	if (n == 1 && (*p == 'Z' || *p == 'z'))
		return 0;
	if ((*p != '+' && *p != '-') || (n != 3 && n != 5 && n != 6))
		return -1;
	h = get2(p + 1, &bad);
	if (n == 6)
		bad |= p[3] != ':';
	if (n > 3)
		m = get2(end - 2, &bad);
	if (bad || h > 23 || m > 59)
		return -1;
	t->offset = (int32_t)(h * 3600 + m * 60);
	if (*p == '-')
		t->offset = -t->offset;
	return 0;
}

int
utc_parse(struct slice s, struct utc_text *t)
{
	const char *p = s.p, *end = s.p + s.n;
	int32_t day, sec = 0, f = 0;

	*t = (struct utc_text){ 0 };
	if (utc_get(s, &t->ms) == 0) {
		t->has_offset = 1;
		return 0;
	}
	if (s.n < UTC_DAY_LEN || get_date(p, &day) == -1)
		return -1;
	t->ms = (int64_t)day * DAY_MS;
	if (s.n == UTC_DAY_LEN) {
		t->date_only = 1;
		return 0;
	}
	if (s.n < 16 || (p[10] != 'T' && p[10] != ' ' && p[10] != 't') || get_minute(p + 11, &sec) == -1)
		return -1;
	p += 16;
	if (p < end && *p == ':') {
		uint32_t bad = 0, v;

		if (end - p < 3)
			return -1;
		v = get2(p + 1, &bad);
		if (bad || v > 59)
			return -1;
		sec += (int32_t)v;
		p += 3;
		if (p < end && *p == '.') {
			int n = 0, unit = 100;

			for (p++; p < end && digit(*p) <= 9; p++, n++) {
				f += (int32_t)digit(*p) * unit;	/* unit is 0 from the fourth on */
				unit /= 10;
			}
			if (n < 1 || n > 9)
				return -1;
		}
	}
	t->ms += (int64_t)sec * 1000 + f;
	return get_offset(p, end, t);
}

int
utc_arg(struct slice s, int64_t now, int64_t *ms)
{
	struct utc_text t;
	int64_t v, sec;

	if (s.n > 0 && s.p[0] == '-') {
		if (utc_duration((struct slice){ s.p + 1, s.n - 1 }, &sec) == -1
		    || __builtin_sub_overflow(now, sec * 1000, &v))
			return -1;
	} else {
		if (utc_parse(s, &t) == -1)
			return -1;
		v = t.ms - (int64_t)t.offset * 1000;
	}
	if (v < FIRST_MS || v >= END_MS)
		return -1;
	*ms = v;
	return 0;
}

/* Digits at *p as a number; moves *p behind them.  -1 when there are none or too many. */
static int
get_number(const char **p, const char *end, int64_t *v)
{
	const char *q = *p;

	while (q < end && digit(*q) <= 9)
		q++;
	if (num_i64((struct slice){ *p, (size_t)(q - *p) }, v) == -1 || *v > DURATION_MAX)
		return -1;
	*p = q;
	return 0;
}

int
utc_duration(struct slice s, int64_t *sec)
{
	static const char unit[] = "DHMS", small[] = "dhms";
	static const int64_t size[] = { 86400, 3600, 60, 1 };
	const char *p = s.p, *end = s.p + s.n, *u;
	int64_t v, sum = 0;
	int next = 0, time = 0, parts = 0;

	if (s.n == 0)
		return -1;
	if (*p != 'P') {
		if (get_number(&p, end, &v) == -1 || end - p != 1 || (u = memchr(small, *p, 4)) == NULL)
			return -1;
		sum = v * size[u - small];
		goto out;
	}
	for (p++; p < end; parts++) {
		if (*p == 'T' && !time) {
			time = 1;
			p++;
		}
		if (get_number(&p, end, &v) == -1 || p == end || (u = memchr(unit, *p, 4)) == NULL)
			return -1;
		/* each unit once, in this order, and days alone before the T */
		if (u - unit < next || (u == unit) == time)
			return -1;
		next = (int)(u - unit) + 1;
		sum += v * size[u - unit];
		p++;
	}
	if (parts == 0)
		return -1;
out:
	if (sum > DURATION_MAX)
		return -1;
	*sec = sum;
	return 0;
}

int64_t
utc_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
utc_mono(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}
