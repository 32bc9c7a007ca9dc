/*
 * Time zones from compiled tz data.
 *
 * A TZif file (RFC 8536) is a header and a data block with 32-bit times, which
 * version 2 and newer repeat with 64-bit times, and a footer: a TZ string as
 * POSIX has it, which rules from the last transition on.
 *
 *	header	"TZif" version:1 unused:15 isutcnt isstdcnt leapcnt timecnt typecnt charcnt (4 each)
 *	data	timecnt x time, timecnt x type index:1, typecnt x (utoff:4 isdst:1 abbrind:1),
 *		charcnt bytes, leapcnt x (time, 4), isstdcnt, isutcnt
 *	footer	LF TZ LF
 *
 * The footer is unrolled for 400 years, after which the calendar repeats, so that
 * all that is left to do for an instant is to find it in one table.
 */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utc.h"

#define FILE_MAX (256 * 1024)
#define NAME_MAX_ 128
#define TIMES_MAX 20000
#define HEADER 44
#define DAY 86400
#define DAY_MS (INT64_C(1000) * DAY)
#define CYCLE_MS (INT64_C(146097) * DAY_MS)	/* 400 years */
#define FAR_SEC INT64_C(9000000000000000)	/* as far as milliseconds reach */
#define FIRST_SEC INT64_C(-62135596800)		/* 0001-01-01 */
#define LAST_SEC INT64_C(253402300800)		/* 10000-01-01 */

/* The stretch in which the last instant, or the last local time, was found. */
struct hit {
	int64_t from, to;
	int32_t offset;
};

struct zone {
	char *name;
	int64_t *at;		/* where stretch i begins, ms; at[0] is far in the past */
	int64_t *local;		/* the same on the local clock; see local_starts() */
	int32_t *offset;	/* of stretch i, seconds east */
	size_t n, cap, cap_offset;
	int64_t end;		/* from here on the last 400 years repeat, ms */
	struct hit *instant, *clock;
};

static struct hit utc_hit = { INT64_MIN, INT64_MAX, 0 };
static int64_t utc_at = INT64_MIN;
static int32_t utc_offset;
static char utc_name[] = "UTC";
static const struct zone utc = {
	utc_name, &utc_at, &utc_at, &utc_offset, 1, 0, 0, INT64_MAX, &utc_hit, &utc_hit
};

/* The zones that were asked for; zone[i] is that of key i. */
static struct map names;
static struct zone **zones;
static size_t zones_cap;

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t
be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* From sec on the offset is this; of two with one sec the later counts. */
static void
push(struct zone *z, int64_t sec, int32_t offset)
{
	sec = sec < -FAR_SEC ? -FAR_SEC : sec > FAR_SEC ? FAR_SEC : sec;
	if (z->n > 0 && z->at[z->n - 1] == sec * 1000)
		z->n--;
	if (z->n > 0 && z->offset[z->n - 1] == offset)
		return;
	z->at = mem_grow(z->at, &z->cap, z->n + 1, sizeof *z->at);
	z->offset = mem_grow(z->offset, &z->cap_offset, z->n + 1, sizeof *z->offset);
	z->at[z->n] = sec * 1000;
	z->offset[z->n++] = offset;
}

/* A day of the year in a TZ string: Mm.w.d, Jn or n, and the second of it. */
struct rule {
	char kind;		/* M, J, or 0 for n */
	int month, week, wday, yday;
	int32_t sec;
};

/* Number of at most three digits at *p, moved behind it. */
static int
tz_number(const char **p, int min, int max, int *v)
{
	int n = 0;

	for (*v = 0; **p >= '0' && **p <= '9' && n < 3; ++*p, n++)
		*v = *v * 10 + (**p - '0');
	return n == 0 || *v < min || *v > max ? -1 : 0;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static int
tz_time(const char **p, int max_hour, int32_t *sec)
{
	int neg = **p == '-', h, m = 0, s = 0;

	if (**p == '-' || **p == '+')
		++*p;
	if (tz_number(p, 0, max_hour, &h) == -1)
		return -1;
	if (**p == ':') {
		++*p;
		if (tz_number(p, 0, 59, &m) == -1)
			return -1;
		if (**p == ':') {
			++*p;
			if (tz_number(p, 0, 59, &s) == -1)
				return -1;
		}
	}
	*sec = h * 3600 + m * 60 + s;
	if (neg)
		*sec = -*sec;
	return 0;
}

static int
tz_name(const char **p)
{
	const char *from = *p;

	if (**p == '<') {
		*p = strchr(*p, '>');
		if (*p == NULL)
			return -1;
		return ++*p - from > 4 ? 0 : -1;
	}
	while ((**p | 32) >= 'a' && (**p | 32) <= 'z')
		++*p;
	return *p - from >= 3 ? 0 : -1;
}

static int
tz_rule(const char **p, struct rule *r)
{
	*r = (struct rule){ .sec = 2 * 3600 };
	if (*(*p)++ != ',')
		return -1;
	if (**p == 'M') {
		r->kind = *(*p)++;
		if (tz_number(p, 1, 12, &r->month) == -1 || *(*p)++ != '.'
		    || tz_number(p, 1, 5, &r->week) == -1 || *(*p)++ != '.'
		    || tz_number(p, 0, 6, &r->wday) == -1)
			return -1;
	} else if (**p == 'J') {
		r->kind = *(*p)++;
		if (tz_number(p, 1, 365, &r->yday) == -1)
			return -1;
	} else if (tz_number(p, 0, 365, &r->yday) == -1)
		return -1;
	if (**p != '/')
		return 0;
	++*p;
	return tz_time(p, 167, &r->sec);
}

/* The instant, in seconds, at which the rule strikes in a year on a clock with that offset. */
static int64_t
strike(const struct rule *r, int year, int32_t offset)
{
	int32_t day = utc_day(year, 1, 1);

	if (r->kind == 'M') {
		int32_t first = utc_day(year, r->month, 1), next = r->month == 12
		    ? utc_day(year + 1, 1, 1) : utc_day(year, r->month + 1, 1);

		/* the rule counts from Sunday, utc_weekday() from Monday */
		day = first + (r->wday + 6 - utc_weekday(first)) % 7 + 7 * (r->week - 1);
		if (day >= next)
			day -= 7;
	} else if (r->kind == 'J') {
		/* 29 February is never counted */
		day += r->yday - 1 + (r->yday > 59 && utc_day(year, 3, 1) - day == 60);
	} else
		day += r->yday;
	return (int64_t)day * DAY + r->sec - offset;
}

/* Unroll the footer behind the transitions of the file, the last of which is at last. */
static int
footer(struct zone *z, const char *tz, int64_t last, int timeless)
{
	struct rule start, stop;
	int32_t std, dst;
	int64_t to, next, stop_at;
	int year, y = 1, m, d;

	if (tz_name(&tz) == -1 || tz_time(&tz, 24, &std) == -1)
		return -1;
	std = -std;
	if (*tz == '\0') {
		if (timeless)
			z->n = 0;
		push(z, timeless ? -FAR_SEC : last + 1, std);
		return 0;
	}
	if (tz_name(&tz) == -1)
		return -1;
	dst = std + 3600;
	if (*tz != ',') {
		if (tz_time(&tz, 24, &dst) == -1)
			return -1;
		dst = -dst;
	}
	if (tz_rule(&tz, &start) == -1 || tz_rule(&tz, &stop) == -1 || *tz != '\0')
		return -1;

	/* without transitions the footer rules always: from the year 1 on will do */
	if (!timeless && last > FIRST_SEC)
		utc_date((int32_t)(last / DAY), &y, &m, &d);
	z->end = (int64_t)utc_day(y + (y == 1 ? 2400 : 401), 1, 1) * DAY_MS;
	/* a year more, since the local times of a transition may lie on the other side of the end */
	stop_at = z->end + 366 * DAY_MS;
	/* summer times that touch (all the year round, as some footers say it) are one */
	push(z, last + 1, std);
	for (year = y - 1, to = INT64_MIN;; year++) {
		next = strike(&start, year, std);
		if (next > to) {
			if (to > last)
				push(z, to, std);
			if (next * 1000 >= stop_at)
				break;
		}
		to = strike(&stop, year, dst);
		if (to <= next)
			to = strike(&stop, year + 1, dst);
		if (to > last)
			push(z, next > last ? next : last + 1, dst);
		if (to * 1000 >= stop_at)
			break;
	}
	return 0;
}

/*
 * Where on the local clock each stretch begins to be the answer.  Just before the
 * local time of its first instant a stretch is wrong: that is a gap, which is to be
 * read with the offset before it, or the end of the earlier stretch; and from it on
 * it is right: of an overlap the later instant is taken.  The minimum from behind
 * makes the list ascend even where two transitions lie close together.
 */
static void
local_starts(struct zone *z)
{
	int64_t least = INT64_MAX;
	size_t i;

	z->local = mem_alloc(z->n * sizeof *z->local);
	for (i = z->n; i-- > 0;) {
		int64_t t = z->at[i] + (int64_t)z->offset[i] * 1000;

		least = t < least ? t : least;
		z->local[i] = least;
	}
}

/* Length of a data block with times of that size. */
static uint64_t
block_size(const unsigned char *h, unsigned time)
{
	uint64_t utcnt = be32(h + 20), stdcnt = be32(h + 24), leap = be32(h + 28), times = be32(h + 32);
	uint64_t types = be32(h + 36), chars = be32(h + 40);

	return times * time + times + types * 6 + chars + leap * (time + 4) + stdcnt + utcnt;
}

/* Fill z from the n bytes of a file, behind which a NUL stands.  NULL, or what is wrong with it. */
static const char *
load(struct zone *z, const unsigned char *p, size_t n)
{
	const unsigned char *end = p + n, *idx, *type;
	uint32_t times, types, chars, i;
	uint64_t size;
	int64_t last = INT64_MIN;
	const char *tz;

	if (n < HEADER || memcmp(p, "TZif", 4) != 0)
		return "no compiled tz data";
	if (p[4] < '2')
		return "tz data of version 1, which has no rules for the future";
	size = block_size(p, 4);
	if (size > n - HEADER || n - HEADER - size < HEADER)
		return "truncated";
	p += HEADER + size;
	if (memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return "bad second header";
	size = block_size(p, 8);
	times = be32(p + 32);
	types = be32(p + 36);
	chars = be32(p + 40);
	if (size > (size_t)(end - p) - HEADER)
		return "truncated";
	if (types == 0 || types > 256 || chars == 0 || times > TIMES_MAX
	    || (be32(p + 20) != 0 && be32(p + 20) != types) || (be32(p + 24) != 0 && be32(p + 24) != types))
		return "counts out of range";
	if (be32(p + 28) != 0)
		return "its times count leap seconds";
	tz = (const char *)p + HEADER + size;
	p += HEADER;
	idx = p + 8 * (size_t)times;
	type = idx + times;
	for (i = 0; i < types; i++) {
		int32_t off = (int32_t)be32(type + 6 * i);

		if (off < -89999 || off > 93599 || type[6 * i + 4] > 1 || type[6 * i + 5] >= chars)
			return "bad local time type";
	}
	push(z, -FAR_SEC, (int32_t)be32(type));
	for (i = 0; i < times; i++) {
		int64_t t = be64(p + 8 * (size_t)i);

		if (idx[i] >= types)
			return "bad local time type";
		if (i > 0 && t <= last)
			return "transitions do not ascend";
		last = t;
		push(z, t, (int32_t)be32(type + 6 * (size_t)idx[i]));
	}
	if ((const unsigned char *)tz == end || *tz++ != '\n')
		return "no footer";
	size = (size_t)((const char *)end - tz);
	if (size == 0 || tz[size - 1] != '\n' || memchr(tz, '\n', size) != tz + size - 1
	    || memchr(tz, '\0', size) != NULL)
		return "bad footer";
	if (size > 1) {
		char text[256];

		if (size > sizeof text)
			return "bad footer";
		memcpy(text, tz, size - 1);
		text[size - 1] = '\0';
		if (times > 0 && last > LAST_SEC)
			return "last transition out of range";
		if (footer(z, text, times > 0 ? last : -FAR_SEC, times == 0) == -1)
			return "bad footer";
	}
	local_starts(z);
	return NULL;
}

/* Only letters, digits and _ + - . in parts that are not empty, . or .. */
static int
name_ok(struct slice s)
{
	size_t i, part = 0;

	if (s.n == 0 || s.n > NAME_MAX_)
		return 0;
	for (i = 0; i <= s.n; i++) {
		char c = i < s.n ? s.p[i] : '/';

		if (c == '/') {
			if (part == i || s.p[part] == '.')
				return 0;
			part = i + 1;
		} else if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9')
		    && c != '_' && c != '+' && c != '-' && c != '.')
			return 0;
	}
	return 1;
}

static int
read_file(const char *path, struct buf *b, struct err *e)
{
	ssize_t r = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), rc = -1;

	if (fd == -1)
		return err_set(e, EX_CONFIG, "no such time zone: %s: %s", path, strerror(errno));
	do {
		r = read(fd, buf_room(b, 8192), 8192);
		if (r > 0)
			b->n += (size_t)r;
	} while ((r > 0 && b->n <= FILE_MAX) || (r == -1 && errno == EINTR));
	if (r == -1)
		(void)err_set(e, EX_CONFIG, "no such time zone: %s: %s", path, strerror(errno));
	else if (r > 0)
		(void)err_set(e, EX_CONFIG, "%s: too large for tz data", path);
	else
		rc = 0;
	(void)close(fd);
	return rc;
}

static void
zone_free(struct zone *z)
{
	free(z->name);
	free(z->at);
	free(z->local);
	free(z->offset);
	free(z->instant);
	free(z->clock);
	free(z);
}

const struct zone *
zone_get(struct slice name, struct err *e)
{
	const char *dir = env_get("ZONEINFO"), *fault;
	struct buf path = { 0 }, data = { 0 };
	struct zone *z = NULL;
	char shown[NAME_MAX_];
	uint32_t i;

	if (name.n == 0 || slice_eq(name, SLICE("UTC")))
		return &utc;
	i = map_find(&names, name);
	if (i != MAP_NONE)
		return zones[i];
	if (!name_ok(name)) {
		(void)err_set(e, EX_CONFIG, "bad name of a time zone: \"%s\"",
		    err_show(shown, sizeof shown, name.p, name.n));
		return NULL;
	}
	buf_puts(&path, dir != NULL ? dir : "/usr/share/zoneinfo");
	buf_putc(&path, '/');
	buf_slice(&path, name);
	if (read_file(buf_str(&path), &data, e) == -1)
		goto out;
	z = mem_alloc(sizeof *z);
	z->name = mem_dup(name.p, name.n);
	z->end = INT64_MAX;
	fault = load(z, (const unsigned char *)buf_str(&data), data.n);
	if (fault != NULL) {
		(void)err_set(e, EX_CONFIG, "%s: %s", buf_str(&path), fault);
		zone_free(z);
		z = NULL;
		goto out;
	}
	/* the empty stretch: the first look-up fills it */
	z->instant = mem_alloc(sizeof *z->instant);
	z->clock = mem_alloc(sizeof *z->clock);
	i = map_add(&names, name);
	zones = mem_grow(zones, &zones_cap, (size_t)i + 1, sizeof *zones);
	zones[i] = z;
out:
	buf_fini(&path);
	buf_fini(&data);
	return z;
}

const struct zone *
zone_utc(void)
{
	return &utc;
}

const char *
zone_name(const struct zone *z)
{
	return z->name;
}

/* Find t in the ascending starts, and remember the stretch. */
static int32_t
search(const struct zone *z, const int64_t *start, struct hit *hit, int64_t t)
{
	size_t lo = 0, hi = z->n;
	int past = t >= z->end;

	if (past)
		t -= ((t - z->end) / CYCLE_MS + 1) * CYCLE_MS;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (start[mid] <= t)
			lo = mid;
		else
			hi = mid;
	}
	if (!past) {
		hit->from = lo == 0 ? INT64_MIN : start[lo];
		hit->to = lo + 1 < z->n ? start[lo + 1] : z->end;
		hit->offset = z->offset[lo];
	}
	return z->offset[lo];
}

int32_t
zone_offset(const struct zone *z, int64_t ms)
{
	const struct hit *h = z->instant;

	return ms >= h->from && ms < h->to ? h->offset : search(z, z->at, z->instant, ms);
}

int32_t
zone_day(const struct zone *z, int64_t ms)
{
	return utc_day_of(ms + (int64_t)zone_offset(z, ms) * 1000);
}

int64_t
zone_instant(const struct zone *z, int64_t local_ms)
{
	const struct hit *h = z->clock;
	int32_t offset = local_ms >= h->from && local_ms < h->to
	    ? h->offset : search(z, z->local, z->clock, local_ms);

	return local_ms - (int64_t)offset * 1000;
}
