/* UTF-8 by RFC 3629, table 3-7 of the Unicode standard. */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t
utf8_len(const char *p, size_t n)
{
	const unsigned char *s = (const unsigned char *)p;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t w, i;

	if (n == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		w = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		w = 3;
		if (s[0] == 0xe0)
			lo = 0xa0;
		if (s[0] == 0xed)
			hi = 0x9f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		w = 4;
		if (s[0] == 0xf0)
			lo = 0x90;
		if (s[0] == 0xf4)
			hi = 0x8f;
	} else {
		return 0;
	}
	if (w > n || s[1] < lo || s[1] > hi)
		return 0;
	for (i = 2; i < w; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return w;
}

size_t
utf8_span(const char *p, size_t n)
{
	size_t i = 0, w;
	uint64_t eight;

	while (i < n) {
		/* most text is ASCII */
		if (n - i >= sizeof eight) {
			memcpy(&eight, p + i, sizeof eight);
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof eight;
				continue;
			}
		}
		w = utf8_len(p + i, n - i);
		if (w == 0)
			break;
		i += w;
	}
	return i;
}

size_t
utf8_cut(const char *p, size_t n, size_t max)
{
	if (n <= max)
		return n;
	n = max;
	while (n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80)
		n--;
	return n;
}
