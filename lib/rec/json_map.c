/*
 * The map of a record: the part of the scan that is the same for all bytes, 64
 * of them at a time.
 *
 * A bit a byte is set at quotes and backslashes, wherever they stand, and from
 * the end of the object on.  The end of a string is then the next bit that is
 * set.  On the way the whole record is checked for control bytes and for
 * UTF-8; a record with a fault in these, or with white space other than blanks
 * between its tokens, has no map and is scanned byte by byte, which finds
 * the first fault.
 */
#include "base/mem.h"
#include "rec/json_work.h"

#ifdef __SSE2__

#include <emmintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

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

/* 64 bytes, and a bit for each of them. */
struct block {
	__m128i v[4];
};

INLINE uint64_t
bits(__m128i a, __m128i b, __m128i c, __m128i d)
{
	return (uint64_t)(mask(a) | mask(b) << 16) | (uint64_t)(mask(c) | mask(d) << 16) << 32;
}

INLINE uint64_t
below(const struct block *b, int c)	/* signed */
{
	const __m128i x = _mm_set1_epi8((char)c);

	return bits(_mm_cmpgt_epi8(x, b->v[0]), _mm_cmpgt_epi8(x, b->v[1]),
	    _mm_cmpgt_epi8(x, b->v[2]), _mm_cmpgt_epi8(x, b->v[3]));
}

INLINE uint64_t
equal(const struct block *b, int c)
{
	const __m128i x = _mm_set1_epi8((char)c);

	return bits(_mm_cmpeq_epi8(x, b->v[0]), _mm_cmpeq_epi8(x, b->v[1]),
	    _mm_cmpeq_epi8(x, b->v[2]), _mm_cmpeq_epi8(x, b->v[3]));
}

/*
 * 1 when the block at p has no control byte, and is well-formed UTF-8 (table
 * 3-7 of the Unicode standard).  Only the bytes in valid count.  *carry are the
 * bytes at its beginning that must continue a sequence, and then the same of
 * the next block.
 */
static __attribute__((noinline)) int
plain_text(const char *p, uint64_t valid, uint64_t *carry)
{
	const struct block b = { { load(p), load(p + 16), load(p + 32), load(p + 48) } };
	uint64_t high = bits(b.v[0], b.v[1], b.v[2], b.v[3]) & valid;
	uint64_t follow = below(&b, 0xc0) & high, lead = high & ~follow;
	uint64_t need = lead << 1 | *carry, wrong, three, four, below_a0, below_90;

	wrong = (below(&b, 0x20) & ~high) | (below(&b, 0xc2) & lead);
	three = lead & ~below(&b, 0xe0);
	if (three != 0 || *carry != 0) {
		four = lead & ~below(&b, 0xf0);
		below_a0 = below(&b, 0xa0);
		below_90 = below(&b, 0x90);
		need |= three << 2 | four << 3;
		wrong |= lead & ~below(&b, 0xf5);
		wrong |= equal(&b, 0xe0) << 1 & below_a0;
		wrong |= equal(&b, 0xed) << 1 & ~below_a0;
		wrong |= equal(&b, 0xf0) << 1 & below_90;
		wrong |= equal(&b, 0xf4) << 1 & ~below_90;
		if (*carry & 1) {
			/* the lead is the last byte of the block before */
			wrong |= (unsigned char)p[-1] == 0xe0 && below_a0 & 1;
			wrong |= (unsigned char)p[-1] == 0xed && ~below_a0 & 1;
			wrong |= (unsigned char)p[-1] == 0xf0 && below_90 & 1;
			wrong |= (unsigned char)p[-1] == 0xf4 && ~below_90 & 1;
		}
		*carry = lead >> 63 | three >> 62 | four >> 61;
	} else {
		*carry = lead >> 63;
	}
	/* nothing can be cut at the end of the record, where a brace stands */
	wrong |= need ^ follow;
	return (wrong & valid) == 0;
}

/*
 * The bytes of the block at p, not the first of the record, that are not plain
 * text of characters of one or two bytes, as nearly all in these records is.
 */
INLINE uint64_t
no_pairs(const char *p)
{
	const __m128i lead = _mm_set1_epi8((char)0xc0);
	__m128i v, before, wrong[4];
	int i;

#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		v = load(p + 16 * i);
		before = load(p + 16 * i - 1);
		/* a byte follows a lead where it must, and nowhere else */
		before = _mm_cmpeq_epi8(_mm_max_epu8(before, lead), before);
		wrong[i] = _mm_xor_si128(_mm_cmpgt_epi8(lead, v), before);
		/* no control, no lead C0 or C1, or of more bytes */
		wrong[i] = _mm_or_si128(wrong[i], _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
		wrong[i] = _mm_or_si128(wrong[i],
		    _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8((char)0xfe)), lead));
		wrong[i] = _mm_or_si128(wrong[i],
		    _mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8((char)0xe0)), v));
	}
	return bits(wrong[0], wrong[1], wrong[2], wrong[3]);
}

/*
 * Maps the block at p, of which the bytes in valid are of the record.  0 when
 * its text is not plain.
 */
INLINE int
map_block(const char *p, int first, uint64_t valid, uint64_t *carry, unsigned char *out)
{
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	const __m128i blank = _mm_set1_epi8(' ');
	__m128i v, stop[4], odd[4];
	uint64_t x;
	int i;

#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		v = load(p + 16 * i);
		odd[i] = _mm_cmpgt_epi8(blank, v);
		stop[i] = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
	}
	x = bits(stop[0], stop[1], stop[2], stop[3]) | ~valid;
	memcpy(out, &x, 8);
	if (valid == ~(uint64_t)0) {
		odd[0] = _mm_or_si128(_mm_or_si128(odd[0], odd[1]), _mm_or_si128(odd[2], odd[3]));
		x = mask(odd[0]);
	} else {
		x = bits(odd[0], odd[1], odd[2], odd[3]) & valid;
	}
	if (x == 0 && *carry == 0)
		return 1;
	/* no_pairs() knows of the block before only its last byte */
	if (first || *carry != ((unsigned char)p[-1] >= 0xc0) || (no_pairs(p) & valid) != 0)
		return plain_text(p, valid, carry);
	*carry = (unsigned char)p[63] >= 0xc0;
	return 1;
}

int
json_map(struct json_work *w, struct slice s)
{
	const char *p = s.p, *end = s.p + s.n;
	unsigned char *out = NULL;
	uint64_t carry = 0;
	size_t need;

	/* white space behind the object, be it a carriage return, is no matter */
	while (end > p && (unsigned char)end[-1] <= ' ')
		end--;
	if (unlikely(end == p || end[-1] != '}'))
		return 0;
	need = ((size_t)(end - p) / 64 + 3) * 8;
	if (unlikely(need > w->map_cap))
		w->map = mem_grow(w->map, &w->map_cap, need, 1);
	for (out = w->map; end - p >= 64; p += 64, out += 8)
		if (unlikely(!map_block(p, p == s.p, ~(uint64_t)0, &carry, out)))
			return 0;
	if (unlikely(!map_block(p, p == s.p, ((uint64_t)1 << (end - p)) - 1, &carry, out)))
		return 0;
	memset(out + 8, 0xff, 16);
	return 1;
}

#endif
