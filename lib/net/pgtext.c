/*
 * COPY text to NDJSON.
 *
 * A row is a line: fields separated by TAB; \N for null; \b \f \n \r \t \v \\ and nothing else escaped
 * (octal and hexadecimal forms are for input only).  An array is {e,e,...}, dimensions nested; an element is
 * bare, NULL, or quoted with \ before what is to be taken as it is; [l:u]= before it when a bound is not 1.
 */
#include "net/pgtext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "io/line.h"

#define DIMENSIONS 6	/* of an array, at most */

/* OIDs of pg_type that are fixed for ever */
enum { BOOL = 16, INT8 = 20, INT2 = 21, INT4 = 23, OID = 26, JSON = 114, FLOAT4 = 700, FLOAT8 = 701, TIMESTAMPTZ = 1184, NUMERIC = 1700, JSONB = 3802 };

static enum pgtext_kind
kind_of(unsigned oid)
{
	switch (oid) {
	case BOOL:
		return PGTEXT_BOOL;
	case INT2: case INT4: case INT8: case OID: case FLOAT4: case FLOAT8: case NUMERIC:
		return PGTEXT_NUMBER;
	case JSON: case JSONB:
		return PGTEXT_JSON;
	case TIMESTAMPTZ:
		return PGTEXT_TIME;
	default:
		return PGTEXT_TEXT;
	}
}

/* What the columns are: a domain, or a domain of domains, is read as what it is made of, an array by its elements. */
static int
types(struct pgtext_type *type, size_t n, struct pg *p, struct err *e)
{
	static const char sql[] = "SELECT t.oid, e.oid, e.typdelim, e.typbasetype FROM pg_type t JOIN pg_type e ON e.oid = t.typelem "
	    "WHERE t.typcategory = 'A' AND t.typlen = -1 AND t.oid = ANY ($1::oid[])";
	static const char domain[] = "SELECT typbasetype FROM pg_type WHERE oid = $1::oid AND typtype = 'd'";
	struct buf list = { 0 }, base = { 0 };
	const char *param[1];
	struct pg_result *r = NULL, *d = NULL;
	long long oid, elem, of;
	size_t i;
	int row, rc = -1;

	buf_putc(&list, '{');
	for (i = 0; i < n; i++)
		buf_printf(&list, "%s%u", i > 0 ? "," : "", type[i].oid);
	buf_putc(&list, '}');
	param[0] = buf_str(&list);
	if ((r = pg_query(p, sql, param, 1, e)) == NULL)
		goto out;
	for (row = 0; row < pg_rows(r); row++) {
		if (pg_int(r, row, 0, &oid) == -1 || pg_int(r, row, 1, &elem) == -1 || pg_int(r, row, 3, &of) == -1)
			continue;
		while (of != 0) {
			elem = of;
			buf_clear(&base);
			buf_int(&base, elem);
			param[0] = buf_str(&base);
			if ((d = pg_query(p, domain, param, 1, e)) == NULL)
				goto out;
			if (pg_rows(d) == 0 || pg_int(d, 0, 0, &of) == -1)
				of = 0;
			pg_free(d);
		}
		for (i = 0; i < n; i++)
			if ((unsigned)oid == type[i].oid) {
				type[i].delim = *pg_cell(r, row, 2).p;
				type[i].elem = (unsigned)elem;
			}
	}
	rc = 0;
out:
	pg_free(r);
	buf_fini(&list);
	buf_fini(&base);
	return rc;
}

int
pgtext_open(struct pgtext *t, struct pg *p, const struct pg_result *columns, struct slice topic, const char *id, const char *cursor,
    struct err *e)
{
	size_t i, n = (size_t)pg_columns(columns);
	struct pgtext_type *type = mem_alloc((n + 1) * sizeof *type);
	int rc;

	for (i = 0; i < n; i++) {
		struct pg_column c = pg_column(columns, (int)i);

		type[i] = (struct pgtext_type){ .name = c.name, .oid = c.type };
	}
	rc = n > 0 ? types(type, n, p, e) : 0;
	if (rc == 0)
		rc = pgtext_init(t, type, n, topic, id, cursor, e);
	free(type);
	return rc;
}

int
pgtext_init(struct pgtext *t, const struct pgtext_type *type, size_t n, struct slice topic, const char *id, const char *cursor, struct err *e)
{
	struct map seen = { 0 };
	size_t i, *end = NULL;
	char *q, shown[128];
	int rc = -1;

	t->n = n;
	t->id = t->cursor = -1;
	t->column = mem_alloc((t->n + 1) * sizeof *t->column);
	t->field = mem_alloc((t->n + 1) * sizeof *t->field);
	t->end = mem_alloc((t->n + 1) * sizeof *t->end);
	end = mem_alloc((t->n + 1) * sizeof *end);
	t->bare = topic.p == NULL;
	if (!t->bare) {
		q = json_quote(buf_room(&t->topic, 6 * topic.n + 2), topic);
		t->topic.n = (size_t)(q - t->topic.p) - 2;	/* without its quotes */
		memmove(t->topic.p, t->topic.p + 1, t->topic.n);
	}
	for (i = 0; i < t->n; i++) {
		struct slice name = slice_of(type[i].name);

		(void)err_show(shown, sizeof shown, name.p, name.n);
		if (!t->bare && src_reserved(name)) {
			err_set(e, EX_CONFIG, "%.*s: column \"%s\" has a name that belongs to Waybill", (int)topic.n, topic.p, shown);
			goto out;
		}
		if (!t->bare && map_find(&seen, name) != MAP_NONE) {
			err_set(e, EX_CONFIG, "%.*s: two columns have the name \"%s\"", (int)topic.n, topic.p, shown);
			goto out;
		}
		(void)map_add(&seen, name);
		buf_putc(&t->keys, ',');
		t->keys.n = (size_t)(json_quote(buf_room(&t->keys, 6 * name.n + 3), name) - t->keys.p);
		buf_putc(&t->keys, ':');
		end[i] = t->keys.n;
		t->column[i].kind = kind_of(type[i].delim != 0 ? type[i].elem : type[i].oid);
		t->column[i].delim = type[i].delim;
		t->check |= t->column[i].kind == PGTEXT_JSON;
		if (id != NULL && strcmp(type[i].name, id) == 0)
			t->id = (int)i;
		if (cursor != NULL && strcmp(type[i].name, cursor) == 0)
			t->cursor = (int)i;
	}
	for (i = 0; i < t->n; i++)
		t->column[i].key = (struct slice){ t->keys.p + (i > 0 ? end[i - 1] : 0), end[i] - (i > 0 ? end[i - 1] : 0) };
	if ((id != NULL && t->id == -1) || (cursor != NULL && t->cursor == -1)) {
		err_set(e, EX_CONFIG, "%.*s: there is no column \"%s\"", (int)topic.n, topic.p, id != NULL && t->id == -1 ? id : cursor);
		goto out;
	}
	if (id != NULL)
		t->id_is_whole = type[t->id].oid == INT8 || type[t->id].oid == INT4 || type[t->id].oid == INT2;
	rc = 0;
out:
	map_fini(&seen);
	free(end);
	return rc;
}

void
pgtext_fini(struct pgtext *t)
{
	free(t->column);
	buf_fini(&t->topic);
	buf_fini(&t->keys);
	pgtext_clone_fini(t);
}

void
pgtext_clone(struct pgtext *copy, const struct pgtext *t)
{
	*copy = *t;
	copy->field = mem_alloc((t->n + 1) * sizeof *copy->field);
	copy->end = mem_alloc((t->n + 1) * sizeof *copy->end);
	copy->scratch = copy->object = (struct buf){ 0 };
	copy->json = (struct json){ 0 };
}

void
pgtext_clone_fini(struct pgtext *copy)
{
	free(copy->field);
	free(copy->end);
	buf_fini(&copy->scratch);
	buf_fini(&copy->object);
	json_fini(&copy->json);
	copy->field = NULL;
	copy->end = NULL;
}

/* Cuts the row into its fields.  0, or -1 when their number is another one. */
static int
split(struct pgtext *t, struct slice row)
{
	const char *p = row.p, *end = row.p + row.n, *tab;
	size_t i;

	if (t->n == 0)
		return row.n == 0 ? 0 : -1;
	for (i = 0; i + 1 < t->n; i++, p = tab + 1) {
		tab = memchr(p, '\t', (size_t)(end - p));
		if (tab == NULL)
			return -1;
		t->field[i] = (struct slice){ p, (size_t)(tab - p) };
	}
	t->field[i] = (struct slice){ p, (size_t)(end - p) };
	return memchr(p, '\t', (size_t)(end - p)) == NULL ? 0 : -1;
}

static int
is_null(struct slice s)
{
	return s.n == 2 && s.p[0] == '\\' && s.p[1] == 'N';
}

/* The field's text; where it is escaped, in scratch (s.n bytes). */
static struct slice
text(struct slice s, char *scratch)
{
	const char *p = s.p, *end = s.p + s.n, *bs = memchr(p, '\\', s.n);
	char *d = scratch;

	if (bs == NULL)
		return s;
	for (; bs != NULL && bs + 1 < end; bs = memchr(p, '\\', (size_t)(end - p))) {
		memcpy(d, p, (size_t)(bs - p));
		d += bs - p;
		switch (bs[1]) {
		case 'b': *d++ = '\b'; break;
		case 'f': *d++ = '\f'; break;
		case 'n': *d++ = '\n'; break;
		case 'r': *d++ = '\r'; break;
		case 't': *d++ = '\t'; break;
		case 'v': *d++ = '\v'; break;
		default: *d++ = bs[1]; break;
		}
		p = bs + 2;
	}
	memcpy(d, p, (size_t)(end - p));
	d += end - p;
	return (struct slice){ scratch, (size_t)(d - scratch) };
}

/*
 * 2024-06-03 07:00:00[.123456]+00 as 2024-06-03T07:00:00.123Z at dst (30 bytes); its end, or NULL for what has no
 * such form: infinity, a year before Christ or of five digits.
 */
static char *
utc_time(char *dst, struct slice s, int micros)
{
	const char *p = s.p;
	size_t n = s.n, digits;

	if (n < 22 || p[4] != '-' || p[7] != '-' || p[10] != ' ' || p[13] != ':' || p[16] != ':' || memcmp(p + n - 3, "+00", 3) != 0)
		return NULL;
	digits = n - 22;	/* with the point */
	if (digits != 0 && (p[19] != '.' || digits > 7))
		return NULL;
	memcpy(dst, p, 10);
	dst[10] = 'T';
	memcpy(dst + 11, p + 11, 8);
	memcpy(dst + 19, ".000000", 7);
	memcpy(dst + 19, p + 19, digits);
	dst += micros ? 26 : 23;
	*dst++ = 'Z';
	return dst;
}

/* One value that is not null, unescaped. */
static char *
scalar(const struct pgtext *t, enum pgtext_kind kind, struct slice s, char *dst)
{
	char *end;
	size_t i;

	switch (kind) {
	case PGTEXT_NUMBER:
		if (s.n > 0 && ((s.p[0] >= '0' && s.p[0] <= '9') || (s.p[0] == '-' && s.n > 1 && s.p[1] >= '0' && s.p[1] <= '9'))) {
			memcpy(dst, s.p, s.n);
			return dst + s.n;
		}
		break;
	case PGTEXT_BOOL:
		if (s.n == 1) {
			memcpy(dst, *s.p == 't' ? "true" : "false", 5);
			return dst + (*s.p == 't' ? 4 : 5);
		}
		break;
	case PGTEXT_TIME:
		end = utc_time(dst + 1, s, t->micros);
		if (end != NULL) {
			*dst = '"';
			*end = '"';
			return end + 1;
		}
		break;
	case PGTEXT_JSON:
		/* within JSON a raw line end is white space, which a record has none of that kind */
		for (i = 0; i < s.n; i++)
			*dst++ = s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t' ? ' ' : s.p[i];
		return dst;
	case PGTEXT_TEXT:
		break;
	}
	return json_quote(dst, s);
}

/*
 * An array's literal, unescaped, as a JSON array: its end, or NULL when it is none (bounds of its own), then it is
 * a text.  scratch takes an element.
 */
static char *
array(const struct pgtext *t, const struct pgtext_column *c, struct slice s, char *dst, char *scratch)
{
	const char *p = s.p, *end = s.p + s.n;
	int depth = 0, behind = 0, quoted;	/* behind a value: what follows is no other one */
	char *d;

	while (p < end) {
		if (behind) {
			if (*p != '}' && *p != c->delim)
				return NULL;
			behind = *p++ == '}';
			*dst++ = behind ? ']' : ',';
			if (behind && --depth == 0)
				return p == end ? dst : NULL;
			continue;
		}
		if (*p == '{') {
			if (depth++ == DIMENSIONS)
				return NULL;
			*dst++ = '[';
			p++;
			behind = p < end && *p == '}';
			continue;
		}
		quoted = *p == '"';
		d = scratch;
		for (p += quoted; p < end && (quoted ? *p != '"' : *p != c->delim && *p != '{' && *p != '}' && *p != '"'); p++) {
			if (*p == '\\' && p + 1 < end)
				p++;
			*d++ = *p;
		}
		if (depth == 0 || p == end || (!quoted && d == scratch))
			return NULL;
		p += quoted;
		behind = 1;
		if (!quoted && d - scratch == 4 && memcmp(scratch, "NULL", 4) == 0) {
			memcpy(dst, "null", 4);
			dst += 4;
		} else
			dst = scalar(t, c->kind, (struct slice){ scratch, (size_t)(d - scratch) }, dst);
	}
	return NULL;
}

/* What _src says: the row's id, and the time of its cursor. */
static size_t
source(struct pgtext *t, int64_t number, char *dst)
{
	struct src s = { .topic = buf_as_slice(&t->topic), .offset = number };
	char time[32];

	if (t->id >= 0)
		(void)num_i64(t->field[t->id], &s.offset);
	if (t->cursor >= 0 && utc_time(time, t->field[t->cursor], 0) != NULL)
		(void)utc_get((struct slice){ time, UTC_LEN }, &s.ts_ms);
	return (size_t)(src_put(dst, &s) - dst);
}

/* ,"name":value of each column, at p. */
static char *
members(struct pgtext *t, char *p)
{
	char *scratch = t->scratch.p, *begin = p, *end;
	size_t i;

	for (i = 0; i < t->n; i++) {
		const struct pgtext_column *c = &t->column[i];
		struct slice s = t->field[i];

		memcpy(p, c->key.p, c->key.n);
		p += c->key.n;
		if (is_null(s)) {
			memcpy(p, "null", 4);
			p += 4;
			t->end[i] = (size_t)(p - begin);
			continue;
		}
		s = text(s, scratch);
		end = c->delim != 0 ? array(t, c, s, p, scratch + t->row_n) : NULL;
		p = end != NULL ? end : scalar(t, c->delim != 0 ? PGTEXT_TEXT : c->kind, s, p);
		t->end[i] = (size_t)(p - begin);
	}
	return p;
}

static int
take(struct pgtext *t, struct slice row, struct fault *f)
{
	if (split(t, row) == -1)
		return fault_set(f, "fields", "", "the row has not the %zu columns that were announced", t->n);
	t->row_n = row.n;
	buf_clear(&t->scratch);
	(void)buf_room(&t->scratch, 2 * row.n + JSON_PAD);
	return 0;
}

/* Name of the column in which byte at of the members lies. */
static const char *
column_at(const struct pgtext *t, size_t at, char *shown, size_t cap)
{
	size_t i;

	for (i = 0; i + 1 < t->n && t->end[i] <= at; i++)
		;
	if (t->n == 0)
		return "";
	/* without ," and ": of its key */
	return err_show(shown, cap, t->column[i].key.p + 2, t->column[i].key.n - 4);
}

/* The one that takes most of them. */
static const char *
column_most(const struct pgtext *t, char *shown, size_t cap)
{
	size_t i, most = 0, at = 0, begin = 0;

	for (i = 0; i < t->n; begin = t->end[i++])
		if (t->end[i] - begin > most) {
			most = t->end[i] - begin;
			at = begin;
		}
	return column_at(t, at, shown, cap);
}

/* With a column of JSON: what the server takes for it may have what no record has.  The members begin at from. */
static int
scan(struct pgtext *t, const char *p, size_t n, size_t from, struct fault *f)
{
	char shown[64];

	if (!t->check || json_scan(&t->json, (struct slice){ p, n }) == 0)
		return 0;
	return fault_set(f, t->json.code, column_at(t, t->json.at > from ? t->json.at - from : 0, shown, sizeof shown), "%s at byte %zu of the record",
	    t->json.fault, t->json.at + 1);
}

static int
not_utf8(const char *column, size_t good, struct fault *f)
{
	return fault_set(f, "utf8", column, "not UTF-8 at byte %zu of the record (the database's encoding says nothing)", good + 1);
}

int
pgtext_row(struct pgtext *t, struct slice row, int64_t number, struct buf *out, char *src, size_t *src_n, struct fault *f)
{
	char *begin, *p, shown[64];
	size_t good, from;

	*src_n = 0;
	if (take(t, row, f) == -1)
		return -1;
	*src_n = source(t, number, src);
	begin = p = buf_room(out, *src_n + pgtext_size(t) + JSON_PAD);
	memcpy(p, "{\"_src\":", 8);
	p += 8;
	memcpy(p, src, *src_n);
	from = 8 + *src_n;
	p = members(t, p + *src_n);
	*p++ = '}';
	if ((good = utf8_span(begin, (size_t)(p - begin))) != (size_t)(p - begin))
		return not_utf8(column_at(t, good > from ? good - from : 0, shown, sizeof shown), good, f);
	if (p - begin > LINE_MAX_BYTES)
		return fault_set(f, "too_long", column_most(t, shown, sizeof shown), "record of more than %d bytes", LINE_MAX_BYTES);
	if (scan(t, begin, (size_t)(p - begin), from, f) == -1)
		return -1;
	*p++ = '\n';
	out->n = (size_t)(p - out->p);
	return 0;
}

/* ---- of any statement */

static char *
object(struct pgtext *t, char *dst)
{
	char *end = members(t, dst);

	if (end == dst)
		end++;
	*dst = '{';	/* in place of the first comma */
	*end++ = '}';
	return end;
}

int
pgtext_take(struct pgtext *t, struct slice row, struct fault *f)
{
	size_t good;
	char *p;

	if (take(t, row, f) == -1)
		return -1;
	if ((good = utf8_span(row.p, row.n)) != row.n)
		return not_utf8("", good, f);
	if (!t->check)
		return 0;
	buf_clear(&t->object);
	p = buf_room(&t->object, pgtext_size(t) + JSON_PAD);
	t->object.n = (size_t)(object(t, p) - p);
	return scan(t, p, t->object.n, 0, f);
}

/* A byte becomes at most 6; of a short one, t or NULL or a bare element, no more than 7 with what is around it. */
size_t
pgtext_size(const struct pgtext *t)
{
	return t->keys.n + 7 * t->row_n + 8 * t->n + 64;
}

char *
pgtext_object(struct pgtext *t, char *dst)
{
	if (!t->check)
		return object(t, dst);
	memcpy(dst, t->object.p, t->object.n);
	return dst + t->object.n;
}

char *
pgtext_cell(struct pgtext *t, size_t col, char *dst, int *null)
{
	const struct pgtext_column *c = &t->column[col];
	struct slice s = t->field[col];
	char *end;

	*null = is_null(s);
	if (*null)
		return dst;
	s = text(s, t->scratch.p);
	if (c->delim != 0)
		end = array(t, c, s, dst, t->scratch.p + t->row_n);
	else if (c->kind == PGTEXT_TIME)
		end = utc_time(dst, s, t->micros);
	else
		end = c->kind == PGTEXT_BOOL || c->kind == PGTEXT_JSON ? scalar(t, c->kind, s, dst) : NULL;
	if (end != NULL)
		return end;
	memcpy(dst, s.p, s.n);
	return dst + s.n;
}
