/* Errors as data: a status and one line that names place and fault. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

int
err_vset(struct err *e, int status, const char *fmt, va_list ap)
{
	if (e == NULL)
		return -1;
	e->status = status;
	(void)vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	return -1;
}

int
err_set(struct err *e, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(e, status, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_at(struct err *e, const char *fmt, ...)
{
	char place[512], was[sizeof e->msg];
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(place, sizeof place, fmt, ap);
	va_end(ap);
	memcpy(was, e->msg, sizeof was);
	if ((size_t)snprintf(e->msg, sizeof e->msg, "%s: %s", place, was) >= sizeof e->msg)
		memcpy(e->msg + sizeof e->msg - 4, "...", 4);
	return -1;
}

char *
err_show(char *dst, size_t cap, const char *p, size_t n)
{
	size_t i = 0, o = 0;

	while (i < n && o + 5 < cap) {
		size_t w = utf8_len(p + i, n - i);

		/* U+0080 to U+009F are control characters too, of which terminals take some for an escape */
		if (w == 0 || (w == 1 && ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)) ||
		    (w == 2 && p[i] == '\xc2' && (unsigned char)p[i + 1] < 0xa0)) {
			dst[o++] = '?';
			i += w ? w : 1;
		} else {
			memcpy(dst + o, p + i, w);
			o += w;
			i += w;
		}
	}
	dst[o] = '\0';
	return dst;
}
