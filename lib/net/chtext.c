/*
 * SQL text.  Tokens that matter here: 'text', "name" and `name` with \ and the
 * doubled quote as escapes; -- to the end of the line; slash-star; {name:Type}.
 */
#include <string.h>

#include "base/utc.h"
#include "net/chtext.h"

static int
blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Behind what stands at p: a quoted text, a comment (*comment), or one byte. */
static const char *
step(const char *p, const char *end, int *comment)
{
	const char *q;
	char quote = *p;

	*comment = 0;
	if (quote == '\'' || quote == '"' || quote == '`') {
		for (p++; p < end; p++) {
			if (*p == '\\' && p + 1 < end)
				p++;
			else if (*p == quote) {
				if (p + 1 < end && p[1] == quote)
					p++;
				else
					return p + 1;
			}
		}
		return end;
	}
	if (end - p >= 2 && p[0] == '-' && p[1] == '-') {
		*comment = 1;
		q = memchr(p, '\n', (size_t)(end - p));
		return q ? q + 1 : end;
	}
	if (end - p >= 2 && p[0] == '/' && p[1] == '*') {
		*comment = 1;
		q = memmem(p + 2, (size_t)(end - p - 2), "*/", 2);
		return q ? q + 2 : end;
	}
	return p + 1;
}

int
chtext_next(struct slice *sql, struct slice *one)
{
	const char *p = sql->p, *end = sql->p + sql->n, *from = NULL, *to = NULL, *q;
	int comment = 0;

	for (; p < end; p = q) {
		q = step(p, end, &comment);
		if (comment || (q == p + 1 && blank(*p)))
			continue;
		if (*p == ';' && q == p + 1) {
			if (from == NULL)
				continue;
			p = q;
			break;
		}
		if (from == NULL)
			from = p;
		to = q;
	}
	*sql = (struct slice){ p, (size_t)(end - p) };
	*one = (struct slice){ from, from ? (size_t)(to - from) : 0 };
	return from != NULL;
}

void
chtext_escape(struct buf *b, const char *value)
{
	/* \N, and what stands in an array's quotes, is for the server to read as it stands */
	if (strcmp(value, "\\N") == 0 || *value == '[') {
		buf_puts(b, value);
		return;
	}
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '\t' || *value == '\n')
			buf_putc(b, '\\');
		buf_putc(b, *value == '\t' ? 't' : *value == '\n' ? 'n' : *value);
	}
}

static void
quote(struct buf *b, struct slice s, char with)
{
	size_t i;

	buf_putc(b, with);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == with || s.p[i] == '\\')
			buf_putc(b, '\\');
		if (s.p[i] == '\0')
			buf_puts(b, "\\0");	/* an old server's statement ends there */
		else
			buf_putc(b, s.p[i]);
	}
	buf_putc(b, with);
}

void
chtext_string(struct buf *b, struct slice s)
{
	quote(b, s, '\'');
}

void
chtext_name(struct buf *b, struct slice s)
{
	quote(b, s, '`');
}

int
chtext_is_name(struct slice s)
{
	size_t i;

	if (s.n == 0 || s.n > 127 || !letter(s.p[0]))
		return 0;
	for (i = 1; i < s.n; i++)
		if (!letter(s.p[i]) && !digit(s.p[i]))
			return 0;
	return 1;
}

static int
begins(struct slice s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

/* The inside of NAME(inside). */
static struct slice
inside(struct slice type, const char *name)
{
	size_t n = strlen(name);

	return (struct slice){ type.p + n, type.n - n - 1 };
}

/* a, b */
static int
names(struct buf *out, struct slice v)
{
	const char *p = v.p, *end = v.p + v.n, *comma;
	struct slice one;

	for (;; p = comma + 1) {
		comma = memchr(p, ',', (size_t)(end - p));
		one = (struct slice){ p, (size_t)((comma != NULL ? comma : end) - p) };
		while (one.n > 0 && blank(*one.p))
			one = (struct slice){ one.p + 1, one.n - 1 };
		while (one.n > 0 && blank(one.p[one.n - 1]))
			one.n--;
		if (!chtext_is_name(one))
			return -1;
		chtext_name(out, one);
		if (comma == NULL)
			return 0;
		buf_puts(out, ", ");
	}
}

static int literal(struct buf *out, struct slice type, struct slice v, unsigned depth);

/* [1, 2] or ['a', 'b'] */
static int
array(struct buf *out, struct slice type, struct slice v, unsigned depth)
{
	struct buf text = { 0 };
	const char *p = v.p + 1, *end = v.p + v.n, *from;
	int rc = -1, n = 0;

	if (v.n < 2 || *v.p != '[' || end[-1] != ']')
		return -1;
	end--;
	buf_puts(out, "[");
	for (;;) {
		while (p < end && blank(*p))
			p++;
		if (p == end && n == 0)
			break;
		buf_clear(&text);
		if (p < end && *p == '\'') {
			for (p++; p < end && *p != '\''; p++) {
				if (*p == '\\' && p + 1 < end)
					p++;
				buf_putc(&text, *p);
			}
			if (p++ >= end)
				goto out;
		} else {
			for (from = p; p < end && *p != ',' && !blank(*p); p++)
				;
			buf_put(&text, from, (size_t)(p - from));
		}
		(void)buf_str(&text);
		if (n++ > 0)
			buf_puts(out, ", ");
		if (literal(out, type, buf_as_slice(&text), depth) == -1)
			goto out;
		while (p < end && blank(*p))
			p++;
		if (p == end)
			break;
		if (*p++ != ',')
			goto out;
	}
	buf_puts(out, "]");
	rc = 0;
out:
	buf_fini(&text);
	return rc;
}

static int
time_literal(struct buf *out, struct slice v)
{
	struct utc_text t;
	char text[UTC_LEN + 1];
	size_t i;

	for (i = 0; i < v.n && digit(v.p[i]); i++)
		;
	if (i == v.n && i > 0 && i < 11) {	/* epoch seconds */
		buf_puts(out, "toDateTime(");
		buf_slice(out, v);
		buf_puts(out, ", 'UTC')");
		return 0;
	}
	if (utc_parse(v, &t) == -1)
		return -1;
	(void)utc_put(text, t.ms - t.offset * 1000LL);
	text[10] = ' ';
	buf_puts(out, "toDateTime('");
	buf_put(out, text, 19);
	buf_puts(out, "', 'UTC')");
	return 0;
}

/* Appends v as a literal of the type. */
static int
literal(struct buf *out, struct slice type, struct slice v, unsigned depth)
{
	static const char *const text[] = { "String", "FixedString(", "UUID", "Enum8(", "Enum16(" };
	static const char *const number[] = { "UInt", "Int", "Float", "Decimal" };
	int32_t day = 0;
	size_t i, k;

	if (depth == 0)
		return -1;
	if (begins(type, "Nullable(")) {
		if (!slice_eq(v, SLICE("\\N")))
			return literal(out, inside(type, "Nullable("), v, depth - 1);
		buf_puts(out, "NULL");
		return 0;
	}
	if (begins(type, "LowCardinality("))
		return literal(out, inside(type, "LowCardinality("), v, depth - 1);
	if (begins(type, "Array("))
		return array(out, inside(type, "Array("), v, depth - 1);
	for (i = 0; i < sizeof text / sizeof *text; i++)
		if (begins(type, text[i])) {
			chtext_string(out, v);
			return 0;
		}
	if (begins(type, "DateTime"))
		return time_literal(out, v);
	if (begins(type, "Date")) {
		if (utc_get_day(v, &day) == -1)
			return -1;
		buf_puts(out, "toDate('");
		buf_slice(out, v);
		buf_puts(out, "')");
		return 0;
	}
	if (slice_eq(type, SLICE("Bool"))) {
		int yes = slice_eq(v, SLICE("true")) || slice_eq(v, SLICE("1"));

		if (!yes && !slice_eq(v, SLICE("false")) && !slice_eq(v, SLICE("0")))
			return -1;
		buf_putc(out, yes ? '1' : '0');
		return 0;
	}
	if (slice_eq(type, SLICE("Identifier"))) {
		chtext_name(out, v);
		return 0;
	}
	if (slice_eq(type, SLICE("Identifiers")))
		return names(out, v);
	for (i = 0; i < sizeof number / sizeof *number; i++)
		if (begins(type, number[i])) {
			for (k = v.n > 0 && v.p[0] == '-'; k < v.n; k++)
				if (!digit(v.p[k]) && (i < 2 || memchr(".eE+-", v.p[k], 5) == NULL))
					return -1;
			if (v.n == 0 || !digit(v.p[v.n - 1]))
				return -1;
			buf_slice(out, v);
			return 0;
		}
	return -1;
}

/* Replaces the parameters of one type, or with NULL of any. */
static int
bind(struct slice sql, const char *only, const struct sql_param *p, size_t n, struct buf *out, struct err *e)
{
	const char *at = sql.p, *end = sql.p + sql.n, *q, *close;
	struct slice name, type;
	int comment = 0;
	size_t i;

	for (; at < end; at = q) {
		q = step(at, end, &comment);
		close = *at == '{' ? memchr(at, '}', (size_t)(end - at)) : NULL;
		name = (struct slice){ at + 1, 0 };
		while (close != NULL && name.p + name.n < close && name.p[name.n] != ':')
			name.n++;
		if (close == NULL || name.p + name.n == close || !chtext_is_name(name)) {
			buf_put(out, at, (size_t)(q - at));
			continue;
		}
		type = (struct slice){ name.p + name.n + 1, (size_t)(close - (name.p + name.n + 1)) };
		while (type.n > 0 && blank(*type.p))
			type = (struct slice){ type.p + 1, type.n - 1 };
		while (type.n > 0 && blank(type.p[type.n - 1]))
			type.n--;
		if (only != NULL && !slice_eq(type, slice_of(only))) {
			buf_put(out, at, (size_t)(q - at));
			continue;
		}
		for (i = 0; i < n && !slice_eq(name, slice_of(p[i].name)); i++)
			;
		if (i == n)
			return err_set(e, EX_USAGE, "no value for {%.*s:%.*s}", (int)name.n, name.p, (int)type.n, type.p);
		if (literal(out, type, slice_of(p[i].value), 8) == -1)
			return err_set(e, EX_USAGE, "the value of %s is no %.*s", p[i].name, (int)type.n, type.p);
		q = close + 1;
	}
	return 0;
}

int
chtext_bind(struct slice sql, const struct sql_param *p, size_t n, struct buf *out, struct err *e)
{
	return bind(sql, NULL, p, n, out, e);
}

int
chtext_lists(struct slice sql, const struct sql_param *p, size_t n, struct buf *out, struct err *e)
{
	return bind(sql, "Identifiers", p, n, out, e);
}
