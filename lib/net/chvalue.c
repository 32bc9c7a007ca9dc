/*
 * Values of Native format as JSON, little-endian and of fixed width.
 */
#include "net/chvalue.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "rec/json.h"

/* Well-formed UTF-8 without U+0000. */
static int
clean(struct slice s)
{
	size_t i = 0, n;
	uint64_t v;

	while (i < s.n) {
		if (s.n - i >= 8) {
			memcpy(&v, s.p + i, 8);
			if (((v | ((v - 0x0101010101010101u) & ~v)) & 0x8080808080808080u) == 0) {
				i += 8;
				continue;
			}
		}
		n = utf8_len(s.p + i, s.n - i);
		if (n == 0 || s.p[i] == '\0')
			return 0;
		i += n;
	}
	return 1;
}

char *
chvalue_quote(char *dst, struct slice s)
{
	size_t i, n;
	struct buf b = { 0 };

	if (clean(s))
		return json_quote(dst, s);
	for (i = 0; i < s.n; i += n) {
		n = utf8_len(s.p + i, s.n - i);
		if (n > 0 && s.p[i] != '\0')
			buf_put(&b, s.p + i, n);
		else if (s.p[i] != '\0')
			buf_puts(&b, "\xef\xbf\xbd");
		if (n == 0)
			n = 1;
	}
	(void)buf_str(&b);
	dst = json_quote(dst, buf_as_slice(&b));
	buf_fini(&b);
	return dst;
}

/* Decimal text of a little-endian integer of up to 32 bytes. */
static char *
put_wide(char *dst, const char *p, size_t size, int is_signed, unsigned scale)
{
	uint32_t w[8] = { 0 };
	char digits[96];
	size_t n = 0, i;
	int negative = 0, any;
	uint64_t rest, carry = 1;

	memcpy(w, p, size);
	if (is_signed && (p[size - 1] & 0x80)) {
		negative = 1;
		for (i = 0; i < size / 4; i++) {
			carry += (uint32_t)~w[i];
			w[i] = (uint32_t)carry;
			carry >>= 32;
		}
	}
	do {
		rest = 0;
		any = 0;
		for (i = size / 4; i-- > 0; ) {
			rest = rest << 32 | w[i];
			w[i] = (uint32_t)(rest / 10);
			rest %= 10;
			any |= w[i] != 0;
		}
		digits[n++] = (char)('0' + rest);
	} while (any || n <= scale);
	if (negative)
		*dst++ = '-';
	while (n > 0) {
		*dst++ = digits[--n];
		if (n == scale && n > 0)
			*dst++ = '.';
	}
	return dst;
}

static char *
put_integer(char *dst, const struct chtype *t, const char *p)
{
	int64_t v = 0;
	unsigned shift = 64 - 8 * (unsigned)t->size;

	if (t->size > 8)
		return put_wide(dst, p, t->size, t->kind == CHTYPE_INT, 0);
	memcpy(&v, p, t->size);
	if (t->kind == CHTYPE_UINT)
		return dst + num_put_u64(dst, (uint64_t)v);
	v = (int64_t)((uint64_t)v << shift) >> shift;
	return dst + num_put_i64(dst, v);
}

static char *
put_decimal(char *dst, const struct chtype *t, const char *p)
{
	char wide[16];
	int64_t v = 0;
	unsigned shift = 64 - 8 * (unsigned)t->size;

	if (t->size > 8)
		return put_wide(dst, p, t->size, 1, t->scale);
	memcpy(&v, p, t->size);
	v = (int64_t)((uint64_t)v << shift) >> shift;
	memcpy(wide, &v, 8);
	return put_wide(dst, wide, 8, 1, t->scale);
}

static char *
put_text(char *dst, const char *s)
{
	size_t n = strlen(s);

	memcpy(dst, s, n);
	return dst + n;
}

/* Shortest text that reads back as the same number. */
static char *
put_float(char *dst, const struct chtype *t, const char *p)
{
	char text[40];
	double v = 0;
	float f = 0;
	int64_t micro;
	int digits;

	if (t->size == 4) {
		memcpy(&f, p, 4);
		v = (double)f;
	} else {
		memcpy(&v, p, 8);
	}
	if (!isfinite(v))
		return put_text(dst, "null");
	/* most have at most six digits behind the point: r / 10^6 is then the number itself */
	if (t->size == 8 && fabs(v) < 1e9) {
		micro = (int64_t)(v * 1e6 + (v < 0 ? -0.5 : 0.5));
		if ((double)micro / 1e6 == v && (micro != 0 || !signbit(v))) {
			uint64_t u = (uint64_t)(micro < 0 ? -micro : micro), rest = u % 1000000;

			if (micro < 0)
				*dst++ = '-';
			dst += num_put_u64(dst, u / 1000000);
			if (rest == 0)
				return dst;
			*dst++ = '.';
			for (digits = 100000; rest > 0; rest %= (uint64_t)digits, digits /= 10) {
				*dst++ = (char)('0' + rest / (uint64_t)digits);
				if (digits == 1)
					break;
			}
			return dst;
		}
	}
	for (digits = t->size == 4 ? 6 : 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, v);
		if (t->size == 4 ? strtof(text, NULL) == f : strtod(text, NULL) == v)
			break;
	}
	return put_text(dst, text);
}

static char *
put_time(char *dst, const struct chtype *t, const char *p)
{
	int64_t v = 0, unit = 1;
	uint32_t sec = 0;
	uint16_t day = 0;
	int32_t day32 = 0;
	unsigned i;

	if (t->kind == CHTYPE_DATE) {
		if (t->size == 2) {
			memcpy(&day, p, 2);
			day32 = day;
		} else {
			memcpy(&day32, p, 4);
		}
		return utc_quote_day(dst, day32);
	}
	if (t->kind == CHTYPE_DATETIME) {
		memcpy(&sec, p, 4);
		return utc_quote(dst, (int64_t)sec * 1000);
	}
	memcpy(&v, p, 8);
	for (i = t->scale; i < 3; i++)
		v *= 10;
	for (i = 3; i < t->scale; i++)
		unit *= 10;
	return utc_quote(dst, v >= 0 ? v / unit : -((-v + unit - 1) / unit));
}

static char *
put_address(char *dst, const struct chtype *t, const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	char text[64];
	int i;

	if (t->kind == CHTYPE_IPV4) {
		(void)snprintf(text, sizeof text, "\"%u.%u.%u.%u\"", b[3], b[2], b[1], b[0]);
	} else if (t->kind == CHTYPE_UUID) {
		(void)snprintf(text, sizeof text, "\"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\"",
		    b[7], b[6], b[5], b[4], b[3], b[2], b[1], b[0], b[15], b[14], b[13], b[12], b[11], b[10], b[9], b[8]);
	} else {
		char *q = text;

		*q++ = '"';
		for (i = 0; i < 16; i += 2)
			q += snprintf(q, 8, "%s%x", i ? ":" : "", (unsigned)b[i] << 8 | b[i + 1]);
		*q++ = '"';
		*q = '\0';
	}
	return put_text(dst, text);
}

static char *
put_enum(char *dst, const struct chtype *t, const char *p)
{
	int v;
	size_t i;

	if (t->size == 1) {
		v = (signed char)*p;
	} else {
		int16_t s = 0;

		memcpy(&s, p, 2);
		v = s;
	}
	for (i = 0; i < t->items; i++)
		if (t->item[i].value == v)
			return chvalue_quote(dst, (struct slice){ t->item[i].name, t->item[i].len });
	return put_text(dst, "null");
}

char *
chvalue_put(char *dst, const struct chtype *t, const char *p)
{
	switch (t->kind) {
	case CHTYPE_UINT:
	case CHTYPE_INT:
		return put_integer(dst, t, p);
	case CHTYPE_BOOL:
		return put_text(dst, *p ? "true" : "false");
	case CHTYPE_FLOAT:
		return put_float(dst, t, p);
	case CHTYPE_DATE:
	case CHTYPE_DATETIME:
	case CHTYPE_DATETIME64:
		return put_time(dst, t, p);
	case CHTYPE_DECIMAL:
		return put_decimal(dst, t, p);
	case CHTYPE_ENUM:
		return put_enum(dst, t, p);
	case CHTYPE_UUID:
	case CHTYPE_IPV4:
	case CHTYPE_IPV6:
		return put_address(dst, t, p);
	default:
		return put_text(dst, "null");
	}
}

size_t
chvalue_width(const struct chtype *t)
{
	size_t n = 4, i;

	switch (t->kind) {
	case CHTYPE_UINT:
	case CHTYPE_INT:
	case CHTYPE_DECIMAL:
		return t->size * 3 + 8 + t->scale;
	case CHTYPE_FLOAT:
		return 32;
	case CHTYPE_FIXED:
		return 6 * t->size + 2;
	case CHTYPE_ENUM:
		for (i = 0; i < t->items; i++)
			if (6 * t->item[i].len + 2 > n)
				n = 6 * t->item[i].len + 2;
		return n;
	case CHTYPE_UUID:
	case CHTYPE_IPV4:
	case CHTYPE_IPV6:
		return 64;
	case CHTYPE_NULLABLE:
		return 8 + chvalue_width(t->arg);
	case CHTYPE_TUPLE:
		for (i = 0; i < t->n; i++)
			n += chvalue_width(&t->arg[i]) + 4 + (t->name ? 6 * strlen(t->name[i]) : 0);
		return n;
	case CHTYPE_STRING:
	case CHTYPE_LOWCARD:
	case CHTYPE_ARRAY:
	case CHTYPE_MAP:
		return 8;	/* chrows_size() counts the rest */
	default:
		return 32;
	}
}
