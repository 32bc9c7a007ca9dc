/*
 * Carrier maps.  A map is CSV (RFC 4180, LF or CRLF, UTF-8); its columns are found by
 * their names:
 *
 *	carrier, code, subcode, status, reason [, effect]
 *
 * A code is compared as sent, then folded (blanks at both ends cut, A-Z and the Cyrillic
 * capitals in lower case), then without the leading zeros of a number.  Rows that are
 * equal when folded must mean the same; therefore all forms of all rows can lie in one
 * table, those without zeros where no row is spelled so.
 */
#include "parcel/carriermap.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "rec/csv.h"

#define KEY_MAX (3 + MAP_CODE_MAX + MAP_SUBCODE_MAX)
#define MAPS_MAX 4096

const char *const map_hit_name[HIT_N] = { "given", "exact", "code", "none" };

/* A code and a subcode in one of their forms. */
struct form {
	struct slice code, sub;
};

void
carriermap_fini(struct carriermap *m)
{
	map_fini(&m->names);
	map_fini(&m->keys);
	free(m->row_of);
	free(m->row);
	free(m->cover);
	*m = (struct carriermap){ 0 };
}

int
carrier_code_valid(struct slice s)
{
	size_t i;

	if (s.n < 1 || s.n > 32 || memchr("_.-", s.p[0], 3) != NULL)
		return 0;
	for (i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') &&
		    memchr("_.-", s.p[i], 3) == NULL)
			return 0;
	return 1;
}

/* Bytes of the blank at the beginning of s, or at its end: ASCII white space, U+00A0; 0: none. */
static size_t
blank(struct slice s, int at_end)
{
	unsigned char c;

	if (s.n == 0)
		return 0;
	c = (unsigned char)s.p[at_end ? s.n - 1 : 0];
	if (c == ' ' || (c >= '\t' && c <= '\r'))
		return 1;
	return s.n >= 2 && memcmp(s.p + (at_end ? s.n - 2 : 0), "\xc2\xa0", 2) == 0 ? 2 : 0;
}

/* s folded, into dst (s.n bytes at most). */
static struct slice
fold(struct slice s, char *dst)
{
	size_t i, n;

	while ((n = blank(s, 0)) > 0) {
		s.p += n;
		s.n -= n;
	}
	while ((n = blank(s, 1)) > 0)
		s.n -= n;
	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i], d = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;

		if (c >= 'A' && c <= 'Z') {
			dst[i] = (char)(c | 0x20);
		} else if (c == 0xd0 && ((d >= 0x90 && d <= 0xaf) || d == 0x81)) {
			/* U+0410..U+042F lie 0x20 before their small letters, U+0401 0x50 */
			unsigned small = (0x400u | (d & 0x3f)) + (d == 0x81 ? 0x50 : 0x20);

			dst[i] = (char)(0xc0 | small >> 6);
			dst[++i] = (char)(0x80 | (small & 0x3f));
		} else {
			dst[i] = (char)c;
		}
	}
	return (struct slice){ dst, s.n };
}

/* A number without its leading zeros; anything else as it is. */
static struct slice
without_zeros(struct slice s)
{
	size_t i, zeros = 0;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return s;
		if (zeros == i && s.p[i] == '0' && i + 1 < s.n)
			zeros++;
	}
	return (struct slice){ s.p + zeros, s.n - zeros };
}

/* The key of a form in the map of that number: number, length of the code, code, subcode. */
static struct slice
key(char buf[KEY_MAX], uint32_t map, struct form f)
{
	buf[0] = (char)(map >> 8);
	buf[1] = (char)map;
	buf[2] = (char)f.code.n;
	if (f.code.n > 0)
		memcpy(buf + 3, f.code.p, f.code.n);
	if (f.sub.n > 0)
		memcpy(buf + 3 + f.code.n, f.sub.p, f.sub.n);
	return (struct slice){ buf, 3 + f.code.n + f.sub.n };
}

static int
fits(struct form f)
{
	return f.code.n <= MAP_CODE_MAX && f.sub.n <= MAP_SUBCODE_MAX;
}

/* Number of the row, or MAP_NONE. */
static uint32_t
find(const struct carriermap *m, uint32_t map, struct form f)
{
	char buf[KEY_MAX];
	uint32_t i;

	if (!fits(f))
		return MAP_NONE;
	i = map_find(&m->keys, key(buf, map, f));
	return i == MAP_NONE ? MAP_NONE : m->row_of[i];
}

/* Lets the form stand for the row where nothing has it yet.  Returns the row that has it. */
static uint32_t
claim(struct carriermap *m, uint32_t map, struct form f, uint32_t row)
{
	char buf[KEY_MAX];
	size_t n = m->keys.n;
	uint32_t i = map_add(&m->keys, key(buf, map, f));

	if (m->keys.n > n) {
		m->row_of = mem_grow(m->row_of, &m->row_of_cap, m->keys.n, sizeof *m->row_of);
		m->row_of[i] = row;
	}
	return m->row_of[i];
}

static int
bad(const struct csv_reader *r, const char *what, struct slice value, struct err *e)
{
	char shown[128];

	return err_set(e, EX_CONFIG, "%s:%" PRIu64 ": %s \"%s\"", r->name, r->line, what,
	    err_show(shown, sizeof shown, value.p, value.n));
}

enum { CARRIER, CODE, SUBCODE, STATUS, REASON, EFFECT, COLUMNS };

static int
header(struct csv_reader *r, int col[COLUMNS], struct err *e)
{
	static const char *const name[] = { "carrier", "code", "subcode", "status", "reason", "effect" };
	int i, rc = csv_next(r, e);

	if (rc == -1)
		return -1;
	for (i = 0; i < COLUMNS; i++) {
		col[i] = rc == CSV_ROW ? csv_column(r, slice_of(name[i])) : -1;
		if (col[i] == -1 && i != EFFECT)
			return err_set(e, EX_CONFIG, "%s:1: no column \"%s\"", r->name, name[i]);
	}
	return 0;
}

static int
well_formed(struct slice s)
{
	size_t n;

	for (; s.n > 0; s.p += n, s.n -= n)
		if ((n = utf8_len(s.p, s.n)) == 0)
			return 0;
	return 1;
}

/* What the row says, checked; *f are code and subcode as they stand. */
static int
parse(const struct csv_reader *r, const int col[COLUMNS], const struct taxonomy *t, struct slice carrier,
    struct form *f, struct map_row *row, struct err *e)
{
	struct slice effect = col[EFFECT] == -1 ? SLICE("") : r->field[col[EFFECT]];
	char scratch[MAP_CODE_MAX];
	int v;

	*f = (struct form){ r->field[col[CODE]], r->field[col[SUBCODE]] };
	if (!slice_eq(r->field[col[CARRIER]], carrier))
		return bad(r, "another carrier than the file's name:", r->field[col[CARRIER]], e);
	if (!fits(*f))
		return err_set(e, EX_CONFIG, "%s:%" PRIu64 ": code of more than %d bytes, or subcode of more than %d",
		    r->name, r->line, MAP_CODE_MAX, MAP_SUBCODE_MAX);
	if (!well_formed(f->code) || !well_formed(f->sub))
		return bad(r, "not UTF-8: code", f->code, e);
	if (fold(f->code, scratch).n == 0)
		return err_set(e, EX_CONFIG, "%s:%" PRIu64 ": empty code", r->name, r->line);
	if ((v = status_by_name(r->field[col[STATUS]])) == -1)
		return bad(r, "unknown status", r->field[col[STATUS]], e);
	row->status = (uint8_t)v;
	if ((v = taxonomy_reason(t, r->field[col[REASON]])) == -1)
		return bad(r, "unknown reason", r->field[col[REASON]], e);
	row->reason = (uint16_t)v;
	if (effect.n == 0)
		row->effect = EFFECT_NONE;
	else if (slice_eq(effect, SLICE("void_previous")))
		row->effect = EFFECT_VOID_PREVIOUS;
	else if (slice_eq(effect, SLICE("to_recipient")))
		row->effect = EFFECT_TO_RECIPIENT;
	else
		return bad(r, "unknown effect", effect, e);
	return 0;
}

static struct form
folded(struct form f, char code[MAP_CODE_MAX], char sub[MAP_SUBCODE_MAX])
{
	return (struct form){ fold(f.code, code), fold(f.sub, sub) };
}

static int
load(struct carriermap *m, uint32_t map, const struct taxonomy *t, struct slice carrier,
    struct csv_reader *r, struct err *e)
{
	char code[MAP_CODE_MAX], sub[MAP_SUBCODE_MAX];
	struct map_row row = { 0 }, *same;
	struct form f;
	size_t fields, first = m->keys.n, keys, i;
	uint32_t has;
	int col[COLUMNS], rc;

	if (header(r, col, e) == -1)
		return -1;
	fields = r->n;
	while ((rc = csv_next(r, e)) > 0) {
		if (rc != CSV_ROW)
			return err_set(e, EX_CONFIG, "%s:%" PRIu64 ": line too long, or a quote that does not close", r->name, r->line);
		if (r->n != fields)
			return err_set(e, EX_CONFIG, "%s:%" PRIu64 ": %zu fields, the header has %zu", r->name, r->line, r->n, fields);
		if (parse(r, col, t, carrier, &f, &row, e) == -1)
			return -1;
		has = claim(m, map, folded(f, code, sub), (uint32_t)m->rows);
		if (has != m->rows) {
			same = &m->row[has];
			if (same->status != row.status || same->reason != row.reason || same->effect != row.effect)
				return bad(r, "a second row, of another meaning, of code", f.code, e);
		} else {
			m->row = mem_grow(m->row, &m->row_cap, m->rows + 1, sizeof *m->row);
			m->row[m->rows++] = row;
		}
		(void)claim(m, map, f, has);
		m->cover[map].rows++;
		m->cover[map].status[row.status]++;
	}
	/* without zeros last, so that a row that is spelled so goes before */
	keys = m->keys.n;
	for (i = first; rc == CSV_END && i < keys; i++) {
		struct slice k = map_key(&m->keys, (uint32_t)i);
		size_t n = (unsigned char)k.p[2];

		f.code = without_zeros(fold((struct slice){ k.p + 3, n }, code));
		f.sub = without_zeros(fold((struct slice){ k.p + 3 + n, k.n - 3 - n }, sub));
		(void)claim(m, map, f, m->row_of[i]);
	}
	return rc;
}

int
carriermap_add(struct carriermap *m, const struct taxonomy *t, struct slice carrier, const char *file,
    struct slice csv, struct err *e)
{
	static const struct csv_dialect ours = { .delim = ',', .quote = '"', .strict = 1 };
	struct csv_reader r = { 0 };
	size_t n = m->names.n;
	uint32_t map;
	int rc;

	if (!carrier_code_valid(carrier))
		return err_set(e, EX_CONFIG, "%s: the file's name is not a carrier code", file);
	if (n == MAPS_MAX)
		return err_set(e, EX_CONFIG, "%s: more than %d maps", file, MAPS_MAX);
	map = map_add(&m->names, carrier);
	if (m->names.n == n)
		return err_set(e, EX_CONFIG, "%s: a second map of this carrier", file);
	m->cover = mem_grow(m->cover, &m->cover_cap, n + 1, sizeof *m->cover);
	m->cover[map] = (struct map_cover){ 0 };
	csv_open_bytes(&r, csv, file, &ours);
	rc = load(m, map, t, carrier, &r, e);
	csv_close(&r);
	if (rc == -1 && e != NULL)
		e->status = EX_CONFIG;	/* also what the reader calls bad data */
	return rc;
}

enum map_hit
carriermap_lookup(const struct carriermap *m, uint32_t map, struct slice code, struct slice subcode,
    struct map_row *row)
{
	char code_buf[4 * MAP_CODE_MAX], sub_buf[4 * MAP_SUBCODE_MAX];
	struct form sent = { code, subcode }, fold_, bare;
	uint32_t i = MAP_NONE;
	enum map_hit hit = HIT_EXACT;

	*row = (struct map_row){ .status = STATUS_UNKNOWN };
	if (map == MAP_NONE)
		return HIT_NONE;
	if ((i = find(m, map, sent)) != MAP_NONE)
		goto out;
	if (code.n > sizeof code_buf || subcode.n > sizeof sub_buf)
		return HIT_NONE;
	fold_ = (struct form){ fold(code, code_buf), fold(subcode, sub_buf) };
	bare = (struct form){ without_zeros(fold_.code), without_zeros(fold_.sub) };
	if ((i = find(m, map, fold_)) != MAP_NONE || (i = find(m, map, bare)) != MAP_NONE)
		goto out;
	if (fold_.sub.n == 0)
		return HIT_NONE;
	hit = HIT_CODE;
	sent.sub = fold_.sub = bare.sub = SLICE("");
	if ((i = find(m, map, sent)) == MAP_NONE && (i = find(m, map, fold_)) == MAP_NONE &&
	    (i = find(m, map, bare)) == MAP_NONE)
		return HIT_NONE;
out:
	*row = m->row[i];
	return hit;
}
