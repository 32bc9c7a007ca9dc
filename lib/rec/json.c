/*
 * The record scanner: one object, checked in one pass from left to right.
 *
 * The text is RFC 8259:
 *	object	{ string : value , ... }	array	[ value , ... ]
 *	value	object, array, string, number, true, false, null
 *	number	-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
 *	string	" ... ", no byte below 0x20, escapes \" \\ \/ \b \f \n \r \t \uXXXX
 *
 * scan() and what it calls are written once and compiled twice, with and
 * without vectors (the argument wide); only the functions that look at many
 * bytes at a time have two bodies.  What is rare in them (a fault, an
 * escape near the end) the wide ones leave to the portable ones, so that
 * faults are told in one place.
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
	uint32_t number;	/* of the object */
	uint8_t object;
	uint8_t id;		/* of the name that it is under */
	uint8_t *guess;		/* object: two ids that the next name may have */
};

static const char *
COLD fail(struct json *j, const char *at, const char *code, const char *fault)
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

/* Four hexadecimal digits at p; -1 with the place of the first byte that is none. */
static int
hex4(const char *p, const char **bad)
{
	int v = 0, i, c;

	for (i = 0; i < 4; i++) {
		c = (unsigned char)p[i];
		if (digit((char)c)) {
			v = v << 4 | (c - '0');
		} else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
			v = v << 4 | ((c | 32) - 'a' + 10);
		} else {
			*bad = p + i;
			return -1;
		}
	}
	return v;
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

/* Bytes that end a run of plain text: quote, backslash, control, and those with the top bit. */
INLINE unsigned
special(__m128i b)
{
	/* bytes are signed here; ^ 2 puts the quote right behind the controls */
	__m128i low = _mm_cmplt_epi8(_mm_xor_si128(b, _mm_set1_epi8(2)), _mm_set1_epi8(0x21));

	return mask(_mm_or_si128(low, _mm_cmpeq_epi8(b, _mm_set1_epi8('\\'))));
}

/*
 * The bytes of a block that are wrong as UTF-8 by themselves or as the second
 * of a sequence (table 3-7 of the Unicode standard); *need gets the bytes that
 * must be continuations, some maybe in the next block.
 */
INLINE unsigned
utf8_wrong(__m128i b, unsigned lead, unsigned *need)
{
	unsigned three = mask(_mm_cmpgt_epi8(b, _mm_set1_epi8((char)0xdf))) & lead;
	unsigned wrong = mask(_mm_cmplt_epi8(b, _mm_set1_epi8((char)0xc2))) & lead;
	unsigned four, below_a0, below_90;

	*need |= lead << 1;
	if (three == 0)
		return wrong;
	four = mask(_mm_cmpgt_epi8(b, _mm_set1_epi8((char)0xef))) & three;
	*need |= three << 2 | four << 3;
	below_a0 = mask(_mm_cmplt_epi8(b, _mm_set1_epi8((char)0xa0)));
	below_90 = mask(_mm_cmplt_epi8(b, _mm_set1_epi8((char)0x90)));
	wrong |= mask(_mm_cmpgt_epi8(b, _mm_set1_epi8((char)0xf4))) & four;
	wrong |= mask(_mm_cmpeq_epi8(b, _mm_set1_epi8((char)0xe0))) << 1 & below_a0;
	wrong |= mask(_mm_cmpeq_epi8(b, _mm_set1_epi8((char)0xed))) << 1 & ~below_a0;
	wrong |= mask(_mm_cmpeq_epi8(b, _mm_set1_epi8((char)0xf0))) << 1 & below_90;
	wrong |= mask(_mm_cmpeq_epi8(b, _mm_set1_epi8((char)0xf4))) << 1 & ~below_90;
	return wrong;
}

/* As string_bytes(), for strings that are long or hold more than plain text. */
static __attribute__((noinline)) const char *
string_text(struct json *j, const char *p, uint8_t *escaped)
{
	const char *end = j->work->end, *begin = p;
	unsigned carry = 0;	/* bytes of the next block that must be continuations */
	unsigned high, stop, until, lead, need, wrong;
	__m128i b;

	while (p < end) {
		b = load(p);
		high = mask(b);
		stop = special(b) & ~high;
		if (high | carry) {
			until = stop ^ (stop - 1);	/* the bytes up to the first stop with it */
			lead = mask(_mm_cmpgt_epi8(b, _mm_set1_epi8((char)0xbf))) & high;
			need = carry;
			wrong = utf8_wrong(b, lead, &need);
			wrong |= (need ^ (high & ~lead)) & 0xffff;
			if (wrong & until)
				return string_bytes(j, begin, escaped);
			carry = need >> 16;
			if (carry != 0 && stop == 0 && (unsigned char)p[15] >= 0xe0) {
				/* what may follow the last byte is known here only */
				p += 15;
				carry = 0;
				continue;
			}
		}
		if (stop == 0) {
			p += 16;
			continue;
		}
		p += __builtin_ctz(stop);
		if (*p == '"')
			return p;
		if (*p != '\\')
			return string_bytes(j, p, escaped);
		*escaped = 1;
		p = escape(j, p);
		if (p == NULL)
			return NULL;
		begin = p;
		carry = 0;
	}
	return fail(j, end, "", "");
}

#endif

/* p is behind the opening quote.  Returns the closing one, which may lie in the padding, or NULL. */
INLINE const char *
string(struct json *j, const char *p, uint8_t *escaped, const int wide)
{
#if WIDE
	unsigned m;

	if (wide) {
		m = special(load(p));
		if (m == 0) {
			p += 16;
			m = special(load(p));
			if (unlikely(m == 0))
				return string_text(j, p + 16, escaped);
		}
		p += __builtin_ctz(m);
		return likely(*p == '"') ? p : string_text(j, p, escaped);
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

/* A name and its colon, in any spelling; as name(). */
static __attribute__((noinline)) const char *
name_bytes(struct json *j, const char *p, unsigned depth, struct level *l, uint8_t *spaced,
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
	id = json_work_name(w, m->name, m->name_escaped, depth, l->number);
	if (id == -1)
		return fail(j, p, "json", "name twice in an object");
	m->id = (uint8_t)id;
	l->guess[1] = l->guess[0];
	l->guess[0] = m->id;
	l->guess = w->known[id].next;
	p = blanks(q + 1, end);
	if (p >= end || *p != ':')
		return fail(j, p, "json", "colon expected");
	q = blanks(p + 1, end);
	*spaced |= q - p - 1 != 0 || p - m->name.p - 1 != (ptrdiff_t)m->name.n;
	return q < end ? q : fail(j, end, "", "");
}

/*
 * The name at p and its colon: returns the place of the value, within the
 * input, or NULL.  Most are one of the two that followed the name before.
 */
INLINE const char *
name(struct json *j, const char *p, unsigned depth, struct level *l, uint8_t *spaced,
    struct json_member *m, const int wide)
{
	struct json_work *w = j->work;
	const struct json_known *k = NULL;
	unsigned id, i;

	for (i = 0; i < 2; i++) {
		id = l->guess[i];
		k = &w->known[id];
		/* id 0 has no text and the stamp of every object */
		if (likely(begins(p, k, wide))) {
			if (unlikely(w->stamp[depth][id] == l->number || p + k->len >= w->end))
				break;
			w->stamp[depth][id] = l->number;
			l->guess = w->known[id].next;
			m->name = (struct slice){ p + 1, (size_t)k->len - 3 };
			m->name_escaped = 0;
			m->id = (uint8_t)id;
			p += k->len;
			if (unlikely((unsigned char)*p <= ' ')) {
				const char *q = blanks(p, w->end);

				*spaced |= q != p;
				p = q < w->end ? q : fail(j, q, "", "");
			}
			return p;
		}
	}
	return name_bytes(j, p, depth, l, spaced, m, wide);
}

/* A value that is neither array nor object: returns behind it, or NULL. */
INLINE const char *
scalar(struct json *j, const char *p, uint8_t *type, uint8_t *escaped, const int wide)
{
	if (likely(*p == '"')) {
		*type = JSON_STRING;
		p = string(j, p + 1, escaped, wide);
		return likely(p != NULL) ? p + 1 : NULL;
	}
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
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		*type = JSON_NUMBER;
		return number(j, p, wide);
	}
	return fail(j, p, "json", "value expected");
}

/* Opens the object or array at p, which is under the name of that id. */
INLINE void
open_level(struct json_work *w, const char *p, unsigned depth, struct level *l, uint8_t id)
{
	l->object = *p == '{';
	l->id = id;
	if (!l->object)
		return;
	l->number = ++w->object;
	l->guess = w->known[id].first;
	w->stamp[depth][0] = l->number;
}

/*
 * The array or object at p, which is in the record under the name of that id:
 * returns behind it, or NULL.
 */
INLINE const char *
nested(struct json *j, const char *p, uint8_t id, uint8_t *spaced, const int wide)
{
	struct json_work *w = j->work;
	const char *const end = w->end, *q = NULL;
	struct level level[JSON_DEPTH + 1], *l = NULL;
	struct json_member m = { .id = id };
	unsigned depth = 1;

open:
	if (depth == JSON_DEPTH)
		return fail(j, p, "json", "deeper than 32");
	l = &level[++depth];
	open_level(w, p, depth, l, m.id);
	q = p + 1;
	p = blanks(q, end);
	*spaced |= p != q;
	if (p < end && *p == (l->object ? '}' : ']'))
		goto close;
	if (!l->object)
		goto value;
name:
	p = name(j, p, depth, l, spaced, &m, wide);
	if (p == NULL)
		return NULL;
	goto named;
value:
	if (unlikely(p >= end))
		return fail(j, end, "", "");
	m.id = l->id;
named:
	if (*p == '{' || *p == '[')
		goto open;
	p = scalar(j, p, &m.v.type, &m.v.escaped, wide);
	if (unlikely(p == NULL))
		return NULL;
after:
	if (unlikely((unsigned char)*p <= ' ')) {
		q = blanks(p, end);
		*spaced |= q != p;
		p = q;
	}
	if (*p == ',') {
		p++;
		if (unlikely((unsigned char)*p <= ' ')) {
			q = blanks(p, end);
			*spaced |= q != p;
			p = q;
		}
		if (l->object)
			goto name;
		goto value;
	}
	if (p >= end || *p != (l->object ? '}' : ']'))
		return fail(j, p, "json", l->object ? "comma or } expected" : "comma or ] expected");
close:
	p++;
	if (--depth == 1)
		return p;
	l = &level[depth];
	goto after;
}

#if WIDE
static __attribute__((noinline)) const char *
nested_wide(struct json *j, const char *p, uint8_t id, uint8_t *spaced)
{
	return nested(j, p, id, spaced, 1);
}
#endif

static __attribute__((noinline)) const char *
nested_bytes(struct json *j, const char *p, uint8_t id, uint8_t *spaced)
{
	return nested(j, p, id, spaced, 0);
}

/* The members of the object at p: returns behind it, or NULL. */
INLINE const char *
members(struct json *j, const char *p, const int wide)
{
	struct json_work *w = j->work;
	const char *const end = w->end, *q = NULL;
	struct json_member *m = NULL;
	struct level l;

	open_level(w, p, 1, &l, 0);
	q = p + 1;
	p = blanks(q, end);
	j->spaced |= p != q;
	if (p < end && *p == '}')
		return p + 1;
	for (;;) {
		if (unlikely(j->n == w->cap))
			j->member = mem_grow(j->member, &w->cap, j->n + 1, sizeof *j->member);
		m = &j->member[j->n];
		p = name(j, p, 1, &l, &j->spaced, m, wide);
		if (unlikely(p == NULL))
			return NULL;
		m->v.raw.p = p;
		m->v.escaped = 0;
		m->v.spaced = 0;
		if (*p == '{' || *p == '[') {
			m->v.type = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
#if WIDE
			p = wide ? nested_wide(j, p, m->id, &m->v.spaced) :
			    nested_bytes(j, p, m->id, &m->v.spaced);
#else
			p = nested_bytes(j, p, m->id, &m->v.spaced);
#endif
			j->spaced |= m->v.spaced;
		} else {
			p = scalar(j, p, &m->v.type, &m->v.escaped, wide);
		}
		if (unlikely(p == NULL))
			return NULL;
		m->v.raw.n = (size_t)(p - m->v.raw.p);
		j->n++;
		if (unlikely((unsigned char)*p <= ' ')) {
			q = blanks(p, end);
			j->spaced |= q != p;
			p = q;
		}
		if (likely(*p == ',')) {
			p++;
			if (unlikely((unsigned char)*p <= ' ')) {
				q = blanks(p, end);
				j->spaced |= q != p;
				p = q;
			}
			continue;
		}
		if (p < end && *p == '}')
			return p + 1;
		return fail(j, p, "json", "comma or } expected");
	}
}

INLINE int
scan(struct json *j, struct slice s, const int wide)
{
	const char *p = s.p, *end = s.p + s.n, *q = NULL;

	if (j->work == NULL)
		j->work = json_work_new();
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

int
json_scan(struct json *j, struct slice s)
{
	return scan(j, s, WIDE);
}

int
json_scan_portable(struct json *j, struct slice s)
{
	return scan(j, s, 0);
}

void
json_fini(struct json *j)
{
	free(j->member);
	json_work_free(j->work);
	*j = (struct json){ 0 };
}
