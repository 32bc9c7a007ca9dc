/*
 * SQL text.  Tokens that matter here: 'text' with '' for a quote, E'text' with \ too; "name" with "";
 * $tag$text$tag$; -- to the end of the line; slash-star, nested; words; :: and := ; anything else is one byte.
 */
#include <string.h>
#include <strings.h>

#include "net/pgsql.h"

enum token { BLANK, WORD, QUOTED, MARK };

static int
blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static int
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Behind the quote that ends what begins at p. */
static const char *
quoted(const char *p, const char *end, int backslash)
{
	const char quote = *p++;

	for (; p < end; p++) {
		if (backslash && *p == '\\' && p + 1 < end)
			p++;
		else if (*p == quote && !(p + 1 < end && p[1] == quote))
			return p + 1;
		else if (*p == quote)
			p++;
	}
	return end;
}

/* Behind $tag$...$tag$; NULL: none begins at p. */
static const char *
dollars(const char *p, const char *end)
{
	const char *q = p + 1, *close;

	while (q < end && (letter(*q) || (q > p + 1 && digit(*q))))
		q++;
	if (q == end || *q != '$')
		return NULL;
	q++;
	close = memmem(q, (size_t)(end - q), p, (size_t)(q - p));
	return close != NULL ? close + (q - p) : end;
}

static const char *
comment(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		if (end - p >= 2 && p[0] == '/' && p[1] == '*') {
			depth++;
			p++;
		} else if (end - p >= 2 && p[0] == '*' && p[1] == '/') {
			p++;
			if (--depth == 0)
				return p + 1;
		}
	}
	return end;
}

/* Behind the token at p. */
static const char *
step(const char *p, const char *end, enum token *kind)
{
	const char *q = p + 1;

	*kind = MARK;
	if (blank(*p)) {
		*kind = BLANK;
		return q;
	}
	if (end - p >= 2 && p[0] == '-' && p[1] == '-') {
		*kind = BLANK;
		q = memchr(p, '\n', (size_t)(end - p));
		return q != NULL ? q + 1 : end;
	}
	if (end - p >= 2 && p[0] == '/' && p[1] == '*') {
		*kind = BLANK;
		return comment(p, end);
	}
	if (*p == '\'' || *p == '"') {
		*kind = QUOTED;
		return quoted(p, end, 0);
	}
	if ((*p == 'e' || *p == 'E') && q < end && *q == '\'') {
		*kind = QUOTED;
		return quoted(q, end, 1);
	}
	if (*p == '$' && (q = dollars(p, end)) != NULL) {
		*kind = QUOTED;
		return q;
	}
	q = p + 1;
	if (letter(*p)) {
		*kind = WORD;
		while (q < end && (letter(*q) || digit(*q) || *q == '$'))
			q++;
		return q;
	}
	if (digit(*p)) {	/* 1e5, 0x1f: no words */
		while (q < end && (letter(*q) || digit(*q)))
			q++;
		return q;
	}
	return *p == ':' && q < end && (*q == ':' || *q == '=') ? q + 1 : q;
}

static int
word_is(struct slice w, const char *s)
{
	return w.n == strlen(s) && strncasecmp(w.p, s, w.n) == 0;
}

/* How far a statement is: its first words say whether BEGIN ... END can be in it. */
struct body {
	char first[4];
	unsigned words, depth;
};

static void
see_word(struct body *b, struct slice w, int parens)
{
	static const char *const known[] = { "create", "or", "replace", "function", "procedure" };
	size_t i;

	for (i = 0; i < sizeof known / sizeof *known && b->words < sizeof b->first; i++)
		if (word_is(w, known[i]))
			b->first[b->words] = *known[i];
	b->words++;
	if (parens > 0 || b->first[0] != 'c' || (b->first[1] != 'f' && b->first[1] != 'p' &&
	    (b->first[1] != 'o' || b->first[2] != 'r' || (b->first[3] != 'f' && b->first[3] != 'p'))))
		return;
	if (word_is(w, "begin") || (b->depth > 0 && word_is(w, "case")))
		b->depth++;
	else if (b->depth > 0 && word_is(w, "end"))
		b->depth--;
}

int
pgsql_next(struct slice *sql, struct slice *one)
{
	const char *p = sql->p, *end = sql->p + sql->n, *from = NULL, *to = NULL, *q;
	struct body b = { .words = 0 };
	enum token kind = MARK;
	int parens = 0;

	for (; p < end; p = q) {
		q = step(p, end, &kind);
		if (kind == BLANK)
			continue;
		if (kind == WORD)
			see_word(&b, (struct slice){ p, (size_t)(q - p) }, parens);
		parens += *p == '(' && kind == MARK;
		parens -= *p == ')' && kind == MARK && parens > 0;
		if (*p == ';' && kind == MARK && parens == 0 && b.depth == 0) {
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

static struct slice
trim(const char *p, const char *end)
{
	while (p < end && blank(*p))
		p++;
	while (p < end && blank(end[-1]))
		end--;
	return (struct slice){ p, (size_t)(end - p) };
}

/* a, b */
static int
names(struct pg *p, struct buf *out, const char *value)
{
	const char *comma;
	struct slice one;

	for (;; value = comma + 1) {
		comma = strchr(value, ',');
		one = trim(value, comma != NULL ? comma : value + strlen(value));
		if (one.n == 0)
			return -1;
		pg_name(p, out, one);
		if (comma == NULL)
			return 0;
		buf_puts(out, ", ");
	}
}

/* The name behind the colon at p, and behind it; quote: how it stands there, or 0.  NULL: there is none. */
static const char *
parameter(const char *p, const char *end, struct slice *name, char *quote)
{
	const char *q = ++p;

	*quote = 0;
	if (p < end && (*p == '"' || *p == '\''))
		*quote = *q++;
	*name = (struct slice){ q, 0 };
	while (q < end && ((letter(*q) && (unsigned char)*q < 0x80) || (q > name->p && digit(*q))))
		q++;
	name->n = (size_t)(q - name->p);
	if (name->n == 0 || (*quote != 0 && (q == end || *q != *quote)))
		return NULL;
	return q + (*quote != 0);
}

int
pgsql_bind(struct pg *p, struct slice sql, const struct sql_param *param, size_t n, struct buf *out, struct err *e)
{
	const char *at = sql.p, *end = sql.p + sql.n, *q, *behind;
	enum token kind = MARK;
	struct slice name;
	int brackets = 0;
	size_t i;
	char quote;

	for (; at < end; at = q) {
		q = step(at, end, &kind);
		brackets += kind == MARK && *at == '[';
		brackets -= kind == MARK && *at == ']';
		behind = kind == MARK && *at == ':' && q == at + 1 ? parameter(at, end, &name, &quote) : NULL;
		for (i = 0; behind != NULL && i < n && !slice_eq(name, slice_of(param[i].name)); i++)
			;
		if (behind == NULL || (i == n && brackets > 0)) {
			buf_put(out, at, (size_t)(q - at));
			continue;
		}
		q = behind;
		if (i == n)
			return err_set(e, EX_USAGE, "no value for %.*s", (int)(q - at), at);
		if (quote == '"') {
			if (names(p, out, param[i].value) == -1)
				return err_set(e, EX_USAGE, "the value of %s is no list of names", param[i].name);
		} else if (strcmp(param[i].value, "\\N") == 0) {
			buf_puts(out, "NULL");
		} else {
			pg_literal(p, out, slice_of(param[i].value));
		}
	}
	return 0;
}

enum pgsql_kind
pgsql_kind(struct slice one)
{
	static const char *const query[] = { "select", "values", "table", "with" };
	static const char *const change[] = { "insert", "update", "delete", "merge" };
	struct slice w = { one.p, 0 };
	size_t i;

	if (one.n > 0 && *one.p == '(')
		return PGSQL_QUERY;
	while (w.n < one.n && letter(w.p[w.n]))
		w.n++;
	for (i = 0; i < sizeof query / sizeof *query; i++)
		if (word_is(w, query[i]))
			return PGSQL_QUERY;
	for (i = 0; i < sizeof change / sizeof *change; i++)
		if (word_is(w, change[i]))
			return PGSQL_CHANGE;
	return PGSQL_OTHER;
}

void
pgsql_array(struct pg *p, struct buf *out, const struct slice *value, size_t n, int numeric)
{
	struct buf b = { 0 };
	size_t i, k;

	buf_putc(&b, '{');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		if (numeric) {
			buf_slice(&b, value[i]);
			continue;
		}
		buf_putc(&b, '"');
		for (k = 0; k < value[i].n; k++) {
			if (value[i].p[k] == '"' || value[i].p[k] == '\\')
				buf_putc(&b, '\\');
			buf_putc(&b, value[i].p[k]);
		}
		buf_putc(&b, '"');
	}
	buf_putc(&b, '}');
	pg_literal(p, out, buf_as_slice(&b));
	buf_fini(&b);
}
