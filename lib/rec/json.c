/*
 * The record scanner: checks one object from left to right.
 *
 * The text is RFC 8259:
 *	object	{ string : value , ... }	array	[ value , ... ]
 *	value	object, array, string, number, true, false, null
 *	number	-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
 *	string	" ... ", no byte below 0x20, escapes \" \\ \/ \b \f \n \r \t \uXXXX
 *
 * scan() and what it calls are written once and compiled twice, with vectors
 * (the argument wide; the strings then have been looked at in json_map()) and
 * without.  Only functions that look at many bytes at a time have two bodies,
 * and faults are told by one of them, so that both give the same answers.
 *
 * Nothing is compared with the end of the input byte by byte: the scanner may
 * run on into the padding by a known distance, and whatever it finds wrong at
 * or behind the end is told as input that ends too early (fail()).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "rec/json.h"
#include "rec/json_work.h"

#ifdef __SSE2__
#include <emmintrin.h>
#define WIDE 1
#else
#define WIDE 0
#endif

#define INLINE static inline __attribute__((always_inline))
#define COLD __attribute__((noinline, cold))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A record is offsets of 32 bits in struct json_seen. */
#define INPUT_MAX ((size_t)1 << 30)

/* An open array or object. */
struct level {
	struct json_known *under;	/* the name that it is under */
	struct json_known **guess;	/* object: two that the next name may be */
	uint32_t *stamp;		/* object: by id, the object at this depth that had it last */
	uint32_t number;		/* of the object */
	uint8_t object;
	uint8_t depth;
};

static COLD const char *
fail(struct json *j, const char *at, const char *code, const char *fault)
{
	const struct json_work *w = j->work;

	if (at >= w->end) {
		at = w->end;
		code = "json";
		fault = "ends too early";
	}
	j->at = (size_t)(at - w->begin);
	j->code = code;
	j->fault = fault;
	return NULL;
}

/* Behind white space; at most end. */
INLINE const char *
blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

INLINE int
digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* The value of a hexadecimal digit, -1 for all other bytes. */
INLINE int
hex(char c)
{
	if (digit(c))
		return c - '0';
	return (unsigned char)((c | 32) - 'a') < 6 ? (c | 32) - 'a' + 10 : -1;
}

/* Four hexadecimal digits at p; -1 with the place of the first byte that is none. */
INLINE int
hex4(const char *p, const char **bad)
{
	int a = hex(p[0]), b = hex(p[1]), c = hex(p[2]), d = hex(p[3]);

	if (likely((a | b | c | d) >= 0))
		return a << 12 | b << 8 | c << 4 | d;
	*bad = p + (a < 0 ? 0 : b < 0 ? 1 : c < 0 ? 2 : 3);
	return -1;
}

/*
 * Behind the escape whose backslash is p.  A fault is told at the backslash,
 * but only if the byte that makes it a fault is within the input.
 */
static __attribute__((noinline)) const char *
escape(struct json *j, const char *p)
{
	const char *end = j->work->end, *bad = p + 1;
	int c;

	if (p + 1 >= end)
		return fail(j, end, "", "");
	switch (p[1]) {
	case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
		return p + 2;
	case 'u':
		break;
	default:
		return fail(j, p, "json", "unknown escape in a string");
	}
	c = hex4(p + 2, &bad);
	if (c == -1 || p + 6 > end)
		return fail(j, c == -1 && bad < end ? p : end, "json", "\\u without four digits");
	if (c == 0)
		return fail(j, p, "utf8", "U+0000 in a string");
	if (c < 0xd800 || c > 0xdfff)
		return p + 6;
	if (c > 0xdbff)
		return fail(j, p, "utf8", "lone surrogate in a string");
	if (p + 6 >= end || p[6] != '\\')
		return fail(j, p + 6 >= end ? end : p, "utf8", "lone surrogate in a string");
	if (p + 7 >= end || p[7] != 'u')
		return fail(j, p + 7 >= end ? end : p, "utf8", "lone surrogate in a string");
	c = hex4(p + 8, &bad);
	if (c == -1 || p + 12 > end)
		return fail(j, c == -1 && bad < end ? p + 6 : end, "json", "\\u without four digits");
	if (c < 0xdc00 || c > 0xdfff)
		return fail(j, p, "utf8", "lone surrogate in a string");
	return p + 12;
}

/* 1 when the n < 4 bytes at p may be the beginning of a UTF-8 sequence. */
static int
utf8_begun(const char *p, size_t n)
{
	char lo[4] = { '\x80', '\x80', '\x80', '\x80' }, hi[4] = { '\xbf', '\xbf', '\xbf', '\xbf' };

	if (n >= 4)
		return 0;
	memcpy(lo, p, n);
	memcpy(hi, p, n);
	return utf8_len(lo, 4) != 0 || utf8_len(hi, 4) != 0;
}

/* From p inside a string, at a character: its closing quote, or NULL. */
static const char *
string_bytes(struct json *j, const char *p, uint8_t *escaped)
{
	static const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	const char *end = j->work->end;
	uint64_t x, y;
	size_t w;

	while (p < end) {
		/* eight plain bytes: none with the top bit, a control, a quote, or a backslash */
		memcpy(&x, p, 8);
		y = x | (x - ones * 0x20) | ((x ^ ones * '"') - ones) | ((x ^ ones * '\\') - ones);
		if ((y & tops) == 0) {
			p += 8;
			continue;
		}
		while (p < end && (unsigned char)(*p - 0x20) < 0x60 && *p != '"' && *p != '\\')
			p++;
		if (p >= end)
			break;
		if (*p == '"')
			return p;
		if (*p == '\\') {
			*escaped = 1;
			p = escape(j, p);
			if (p == NULL)
				return NULL;
		} else if ((unsigned char)*p < 0x20) {
			return fail(j, p, "json", "control byte in a string");
		} else {
			w = utf8_len(p, (size_t)(end - p));
			if (w == 0)
				return fail(j, utf8_begun(p, (size_t)(end - p)) ? end : p, "utf8",
				    "ill-formed UTF-8");
			p += w;
		}
	}
	return fail(j, end, "", "");
}

static const char *
number_bytes(struct json *j, const char *p)
{
	const char *end = j->work->end;

	if (*p == '-')
		p++;
	if (!digit(*p))
		return fail(j, p, "json", "number without digits");
	if (*p == '0' && digit(p[1]))
		return fail(j, p + 1, "json", "number with a leading zero");
	while (p < end && digit(*p))
		p++;
	if (*p == '.') {
		p++;
		if (!digit(*p))
			return fail(j, p, "json", "number without digits behind the point");
		while (p < end && digit(*p))
			p++;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '+' || *p == '-')
			p++;
		if (!digit(*p))
			return fail(j, p, "json", "number without digits in the exponent");
		while (p < end && digit(*p))
			p++;
	}
	return p;
}

#if WIDE

INLINE __m128i
load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

INLINE unsigned
mask(__m128i b)
{
	return (unsigned)_mm_movemask_epi8(b);
}

static COLD const char *
stop_far(const unsigned char *bytes, const char *p)
{
	uint64_t x = 0;

	for (; x == 0; bytes += 8, p += 64)
		memcpy(&x, bytes, 8);
	return p - 64 + (unsigned)__builtin_ctzll(x);
}

/* The first set bit of the map from p on. */
INLINE const char *
stop(const struct json_work *w, const char *p)
{
	size_t at = (size_t)(p - w->begin);
	uint64_t x;

	/* a word that begins with any byte: 57 bits at least */
	memcpy(&x, w->map + at / 8, 8);
	x >>= at % 8;
	if (likely(x != 0))
		return p + (unsigned)__builtin_ctzll(x);
	return stop_far(w->map + at / 8 + 8, p + 64 - at % 8);
}

/* The end of a string, of which a stop at p that is no quote has been found. */
static __attribute__((noinline)) const char *
string_escaped(struct json *j, const char *p, uint8_t *escaped)
{
	const char *end = j->work->end;

	while (p < end) {
		if (*p == '"')
			return p;
		if (*p != '\\')
			return string_bytes(j, p, escaped);
		*escaped = 1;
		p = escape(j, p);
		if (p == NULL)
			return NULL;
		p = stop(j->work, p);
	}
	return fail(j, end, "", "");
}

#endif

/* p is behind the opening quote.  Returns the closing one, which may lie in the padding, or NULL. */
INLINE const char *
string(struct json *j, const char *p, uint8_t *escaped, const int wide)
{
#if WIDE
	if (wide) {
		p = stop(j->work, p);
		return likely(*p == '"') ? p : string_escaped(j, p, escaped);
	}
#endif
	(void)wide;
	return string_bytes(j, p, escaped);
}

INLINE const char *
number(struct json *j, const char *p, const int wide)
{
#if WIDE
	unsigned m, i, k;

	if (wide) {
		/* bit i: byte i is no digit, or lies behind the block */
		m = mask(_mm_cmpgt_epi8(_mm_sub_epi8(load(p), _mm_set1_epi8((char)('0' + 128))),
		    _mm_set1_epi8(9 - 128))) | 0xffff0000;
		i = *p == '-';
		k = (unsigned)__builtin_ctz(m >> i);
		if (unlikely(k == 0 || (k > 1 && p[i] == '0')))
			return number_bytes(j, p);
		i += k;
		if (p[i] == '.') {
			i++;
			k = i < 16 ? (unsigned)__builtin_ctz(m >> i) : 0;
			if (unlikely(k == 0))
				return number_bytes(j, p);
			i += k;
		}
		if (unlikely(i >= 16 || (p[i] | 32) == 'e'))
			return number_bytes(j, p);
		return p + i;
	}
#endif
	(void)wide;
	return number_bytes(j, p);
}

/* Behind the word (true, false or null) that must stand at p. */
INLINE const char *
word(struct json *j, const char *p, const char *text, size_t n)
{
	if (likely(memcmp(p, text, n) == 0))
		return p + n;
	while (*p == *text) {
		p++;
		text++;
	}
	return fail(j, p, "json", "value expected");
}

/* 1 when p begins with the name, quotes and colon and all. */
INLINE int
begins(const char *p, const struct json_known *k, const int wide)
{
#if WIDE
	if (wide) {
		unsigned lo = mask(_mm_cmpeq_epi8(load(p), load(k->text)));
		unsigned hi = mask(_mm_cmpeq_epi8(load(p + 16), load(k->text + 16)));

		return ((lo | hi << 16) & k->mask) == k->mask;
	}
#endif
	(void)wide;
	return memcmp(p, k->text, k->len) == 0;
}

/*
 * The name at p, in any spelling, and its colon: returns the place of the
 * value or of white space before it, or NULL.
 */
static __attribute__((noinline)) const char *
name_bytes(struct json *j, const char *p, struct level *l, uint8_t *spaced,
    struct json_member *m, const int wide)
{
	struct json_work *w = j->work;
	const char *q = NULL, *end = w->end;
	int id;

	if (p >= end || *p != '"')
		return fail(j, p, "json", "name expected");
	m->name_escaped = 0;
	q = string(j, p + 1, &m->name_escaped, wide);
	if (q == NULL)
		return NULL;
	if (q >= end)
		return fail(j, end, "", "");
	m->name = (struct slice){ p + 1, (size_t)(q - p - 1) };
	id = json_work_name(w, m->name, m->name_escaped, l->depth, l->number);
	if (id == -1)
		return fail(j, p, "json", "name twice in an object");
	m->id = (uint8_t)id;
	if (l->guess[0] != &w->known[id]) {
		l->guess[1] = l->guess[0];
		l->guess[0] = &w->known[id];
	}
	l->guess = w->known[id].next;
	p = blanks(q + 1, end);
	*spaced |= p != q + 1;
	if (p >= end || *p != ':')
		return fail(j, p, "json", "colon expected");
	return p + 1;
}

/*
 * As name_bytes(), but m has no name yet when it returns NULL: it just looks
 * whether the name is k, and can be.
 */
INLINE const char *
name_known(const char *p, const char *end, struct level *l, struct json_known *k,
    struct json_member *m, const int wide)
{
	if (unlikely(!begins(p, k, wide) || l->stamp[k->id] == l->number || p + k->len >= end))
		return NULL;
	l->stamp[k->id] = l->number;
	l->guess = k->next;
	m->name.p = p + 1;
	m->name.n = (size_t)k->len - 3;
	m->name_escaped = 0;
	m->id = k->id;
	return p + k->len;
}

INLINE const char *
name(struct json *j, const char *p, const char *end, struct level *l, uint8_t *spaced,
    struct json_member *m, const int wide)
{
	const char *q = name_known(p, end, l, l->guess[0], m, wide);

	if (likely(q != NULL))
		return q;
	if (*p <= ' ') {
		q = blanks(p, end);
		*spaced |= p != q;
		p = q;
		q = name_known(p, end, l, l->guess[0], m, wide);
		if (likely(q != NULL))
			return q;
	}
	q = name_known(p, end, l, l->guess[1], m, wide);
	if (likely(q != NULL))
		return q;
	return name_bytes(j, p, l, spaced, m, wide);
}

/* Opens the object or array at p, which is at that depth and under that name. */
INLINE void
level_open(struct json_work *w, struct level *l, const char *p, unsigned depth,
    struct json_known *under)
{
	l->object = *p == '{';
	l->depth = (uint8_t)depth;
	l->under = under;
	if (!l->object)
		return;
	l->guess = under->first;
	l->number = ++w->object;
	l->stamp = w->stamp[depth];
	l->stamp[0] = l->number;
}

/* A value that is neither string nor number nor array nor object: returns behind it, or NULL. */
INLINE const char *
literal(struct json *j, const char *p, uint8_t *type)
{
	switch (*p) {
	case 't':
		*type = JSON_TRUE;
		return word(j, p, "true", 4);
	case 'f':
		*type = JSON_FALSE;
		return word(j, p, "false", 5);
	case 'n':
		*type = JSON_NULL;
		return word(j, p, "null", 4);
	}
	return fail(j, p, "json", "value expected");
}

INLINE int
begins_number(char c)
{
	return digit(c) || c == '-';
}

/*
 * The array or object at p, which is in the record under that name: returns
 * behind it, or NULL.
 */
INLINE const char *
nested(struct json *j, const char *p, struct json_known *under, uint8_t *spaced, const int wide)
{
	struct json_work *w = j->work;
	const char *const end = w->end, *q = NULL;
	struct level level[JSON_DEPTH + 1], *l = level + 1;
	struct json_member m = { 0 };
	uint8_t unused = 0;

open:
	if (l == level + JSON_DEPTH)
		return fail(j, p, "json", "deeper than 32");
	l++;
	level_open(w, l, p, (unsigned)(l - level), under);
	q = p + 1;
	p = blanks(q, end);
	*spaced |= p != q;
	if (p < end && *p == (l->object ? '}' : ']'))
		goto close;
next:
	under = l->under;
	if (l->object) {
		p = name(j, p, end, l, spaced, &m, wide);
		if (unlikely(p == NULL))
			return NULL;
		under = &w->known[m.id];
	}
value:
	if (unlikely(p >= end))
		return fail(j, end, "", "");
	if (*p == '"') {
		p = string(j, p + 1, &unused, wide);
		if (unlikely(p == NULL))
			return NULL;
		p++;
	} else if (begins_number(*p)) {
		p = number(j, p, wide);
	} else if (*p == '{' || *p == '[') {
		goto open;
	} else if (*p <= ' ' && (q = blanks(p, end)) != p) {
		*spaced = 1;
		p = q;
		goto value;
	} else {
		p = literal(j, p, &unused);
	}
	if (unlikely(p == NULL))
		return NULL;
after:
	if (likely(*p == ',')) {
		p++;
		goto next;
	}
	q = blanks(p, end);
	*spaced |= q != p;
	p = q;
	if (p >= end)
		return fail(j, end, "", "");
	if (*p == ',') {
		p++;
		goto next;
	}
	if (*p != (l->object ? '}' : ']'))
		return fail(j, p, "json", l->object ? "comma or } expected" : "comma or ] expected");
close:
	p++;
	l--;
	if (l == level + 1)
		return p;
	goto after;
}

static __attribute__((noinline)) const char *
nested_bytes(struct json *j, const char *p, struct json_known *under, uint8_t *spaced)
{
	return nested(j, p, under, spaced, 0);
}

#if WIDE
static __attribute__((noinline)) const char *
nested_wide(struct json *j, const char *p, struct json_known *under, uint8_t *spaced)
{
	return nested(j, p, under, spaced, 1);
}
#else
#define nested_wide nested_bytes
#endif

/* The members of the object at p: returns behind it, or NULL. */
INLINE const char *
members(struct json *j, const char *p, const int wide)
{
	struct json_work *w = j->work;
	const char *const end = w->end, *q = NULL;
	struct json_member *m = j->member, *full = m + w->cap;
	struct level l;
	uint8_t spaced = 0;

	level_open(w, &l, p, 1, &w->known[0]);
	q = p + 1;
	p = blanks(q, end);
	spaced = p != q;
	if (p < end && *p == '}')
		goto close;
next:
	if (unlikely(m == full)) {
		size_t n = w->cap;

		j->member = mem_grow(j->member, &w->cap, n + 1, sizeof *m);
		m = j->member + n;
		full = j->member + w->cap;
	}
	p = name(j, p, end, &l, &spaced, m, wide);
	if (unlikely(p == NULL))
		return NULL;
value:
	m->v.raw.p = p;
	m->v.escaped = 0;
	m->v.spaced = 0;
	if (likely(*p == '"')) {
		m->v.type = JSON_STRING;
		q = string(j, p + 1, &m->v.escaped, wide);
		if (unlikely(q == NULL))
			return NULL;
		if (likely(q[1] == ',')) {
			m->v.raw.n = (size_t)(q - p) + 1;
			m++;
			p = q + 2;
			goto next;
		}
		p = q + 1;
	} else if (begins_number(*p)) {
		m->v.type = JSON_NUMBER;
		p = number(j, p, wide);
	} else if (*p == '{' || *p == '[') {
		m->v.type = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
		p = wide ? nested_wide(j, p, &w->known[m->id], &m->v.spaced) :
		    nested_bytes(j, p, &w->known[m->id], &m->v.spaced);
		spaced |= m->v.spaced;
	} else if (*p <= ' ' && (q = blanks(p, end)) != p) {
		spaced = 1;
		p = q;
		goto value;
	} else {
		p = literal(j, p, &m->v.type);
	}
	if (unlikely(p == NULL))
		return NULL;
	m->v.raw.n = (size_t)(p - m->v.raw.p);
	m++;
	if (likely(*p == ',')) {
		p++;
		goto next;
	}
	q = blanks(p, end);
	spaced |= q != p;
	p = q;
	if (p < end && *p == ',') {
		p++;
		goto next;
	}
	if (p >= end || *p != '}')
		return fail(j, p, "json", "comma or } expected");
close:
	j->n = (size_t)(m - j->member);
	j->spaced = spaced;
	return p + 1;
}

static COLD void
first_scan(struct json *j)
{
	j->work = json_work_new();
	j->member = mem_grow(NULL, &j->work->cap, 1, sizeof *j->member);
}

INLINE int
scan(struct json *j, struct slice s, const int wide)
{
	const char *p = s.p, *end = s.p + s.n, *q = NULL;

	if (unlikely(j->work == NULL))
		first_scan(j);
	j->n = 0;
	j->raw = (struct slice){ s.p, 0 };
	j->spaced = 0;
	j->fault = j->code = NULL;
	j->at = 0;
	json_work_begin(j->work, s);
	if (s.n > INPUT_MAX) {
		fail(j, p, "json", "longer than 1 GiB");
		return -1;
	}
	p = blanks(p, end);
	if (p == end || *p != '{') {
		fail(j, p, "json", "no object");
		return -1;
	}
	q = members(j, p, wide);
	if (q == NULL) {
		j->n = 0;
		j->spaced = 0;
		return -1;
	}
	j->raw = (struct slice){ p, (size_t)(q - p) };
	p = blanks(q, end);
	if (p != end) {
		fail(j, p, "json", "something behind the object");
		j->n = 0;
		j->spaced = 0;
		j->raw = (struct slice){ s.p, 0 };
		return -1;
	}
	return 0;
}

__attribute__((noinline)) int
json_scan_portable(struct json *j, struct slice s)
{
	return scan(j, s, 0);
}

int
json_scan(struct json *j, struct slice s)
{
#if WIDE
	if (unlikely(j->work == NULL))
		first_scan(j);
	if (likely(json_map(j->work, s)))
		return scan(j, s, 1);
#endif
	return json_scan_portable(j, s);
}

void
json_fini(struct json *j)
{
	free(j->member);
	json_work_free(j->work);
	*j = (struct json){ 0 };
}
