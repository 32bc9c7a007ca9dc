/* Codes that no map knows. */
#include "parcel/unmapped.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "parcel/carriermap.h"

#define NAME_BYTES 64
#define KEY_MAX (2 + NAME_BYTES + MAP_CODE_MAX + MAP_SUBCODE_MAX)

void
unmapped_fini(struct unmapped *u)
{
	map_fini(&u->keys);
	free(u->n);
	*u = (struct unmapped){ 0 };
}

/* Lengths of map and code, then all three. */
static struct slice
key(char buf[KEY_MAX], struct slice map, struct slice code, struct slice sub)
{
	char *p = buf + 2;
	struct slice part[] = { map, code, sub };
	size_t i;

	buf[0] = (char)map.n;
	buf[1] = (char)code.n;
	for (i = 0; i < 3; i++) {
		if (part[i].n > 0)
			memcpy(p, part[i].p, part[i].n);
		p += part[i].n;
	}
	return (struct slice){ buf, (size_t)(p - buf) };
}

static void
split(struct slice k, struct slice part[3])
{
	part[0] = (struct slice){ k.p + 2, (unsigned char)k.p[0] };
	part[1] = (struct slice){ part[0].p + part[0].n, (unsigned char)k.p[1] };
	part[2] = (struct slice){ part[1].p + part[1].n, k.n - 2 - part[0].n - part[1].n };
}

void
unmapped_add(struct unmapped *u, struct slice map, struct slice code, struct slice subcode)
{
	char buf[KEY_MAX];
	struct slice k;
	uint32_t i;

	if (map.n > NAME_BYTES || code.n > MAP_CODE_MAX || subcode.n > MAP_SUBCODE_MAX) {
		u->beyond++;
		return;
	}
	k = key(buf, map, code, subcode);
	i = map_find(&u->keys, k);
	if (i == MAP_NONE) {
		if (u->keys.n == UNMAPPED_MAX) {
			u->beyond++;
			return;
		}
		i = map_add(&u->keys, k);
		u->n = mem_grow(u->n, &u->cap, u->keys.n, sizeof *u->n);
		u->n[i] = 0;
	}
	u->n[i]++;
}

/* A control character at p: its number, else 0. */
static unsigned
is_control(const char *p, size_t n)
{
	unsigned char c = (unsigned char)p[0];

	if (c < 0x20 || c == 0x7f)
		return c ? c : 1;
	return n > 1 && c == 0xc2 && (unsigned char)p[1] < 0xa0 ? (unsigned char)p[1] : 0;
}

static void
put_word(struct buf *b, struct slice s)
{
	size_t i, n;
	unsigned c;
	int plain = s.n > 0;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == ' ' || s.p[i] == '"' || s.p[i] == '\\' || is_control(s.p + i, s.n - i) ||
		    (s.n - i > 1 && memcmp(s.p + i, "\xc2\xa0", 2) == 0))
			plain = 0;
	buf_putc(b, ' ');
	if (plain) {
		buf_slice(b, s);
		return;
	}
	buf_putc(b, '"');
	for (i = 0; i < s.n; i += n) {
		n = utf8_len(s.p + i, s.n - i);
		if (n == 0)
			n = 1;
		if ((c = is_control(s.p + i, s.n - i)) != 0) {
			buf_printf(b, "\\u%04x", c);
		} else {
			if (s.p[i] == '"' || s.p[i] == '\\')
				buf_putc(b, '\\');
			buf_put(b, s.p + i, n);
		}
	}
	buf_putc(b, '"');
}

struct line {
	uint64_t n;
	struct slice part[3];
};

static int
most_first(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int i, c = 0;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	for (i = 0; i < 3 && c == 0; i++)
		c = slice_cmp(x->part[i], y->part[i]);
	return c;
}

void
unmapped_report(const struct unmapped *u, struct buf *b)
{
	struct line *line = mem_alloc((u->keys.n + 1) * sizeof *line);
	uint32_t i;
	int k;

	for (i = 0; i < u->keys.n; i++) {
		line[i].n = u->n[i];
		split(map_key(&u->keys, i), line[i].part);
	}
	qsort(line, u->keys.n, sizeof *line, most_first);
	for (i = 0; i < u->keys.n; i++) {
		buf_puts(b, "unmapped");
		for (k = 0; k < 3; k++)
			put_word(b, line[i].part[k]);
		buf_printf(b, " %" PRIu64 "\n", line[i].n);
	}
	free(line);
}
