/*
 * ClickHouse statements, as far as HTTP has to understand them.
 *
 * Tokens: blanks; comments (-- and # to the end of the line, slash-star);
 * 'text' with \ and '' as escapes; `name` and "name" alike; heredocs $tag$...$tag$;
 * words; every other byte for itself.  An INSERT is
 *
 *   INSERT [INTO] [TABLE] name|FUNCTION name(...) [(columns)] [SETTINGS list]
 *     FORMAT name [SETTINGS list] data | VALUES data | SELECT ... | FROM INFILE ...
 *
 * where the data begins behind the rest of FORMAT's line, if that is blank.
 */
#include <string.h>
#include <strings.h>

#include "net/chsql.h"

enum type { T_END, T_CUT, T_WORD, T_NAME, T_TEXT, T_OTHER };	/* T_CUT: not whole in what is known */

struct token {
	enum type type;
	const char *p;
	size_t n;
};

struct lexer {
	const char *p, *stop;
	int end;		/* nothing comes after stop */
};

static int
is_word(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

static int
is_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Behind the closing quote, or NULL. */
static const char *
quoted(const char *p, const char *stop, char quote)
{
	for (; p < stop; p++) {
		if (*p == '\\')
			p++;
		else if (*p == quote) {
			if (p + 1 < stop && p[1] == quote)
				p++;
			else
				return p + 1;
		}
	}
	return NULL;
}

/* Behind a text, or NULL. */
static const char *
behind(const char *p, const char *stop, const char *text, size_t n)
{
	const char *q = memmem(p, (size_t)(stop - p), text, n);

	return q == NULL ? NULL : q + n;
}

static const char *
skip_blank(struct lexer *l)
{
	const char *p = l->p;

	for (;;) {
		while (p < l->stop && is_blank((unsigned char)*p))
			p++;
		if (l->stop - p >= 2 && p[0] == '-' && p[1] == '-')
			p = behind(p, l->stop, "\n", 1);
		else if (l->stop - p >= 2 && p[0] == '#' && (p[1] == ' ' || p[1] == '!'))
			p = behind(p, l->stop, "\n", 1);
		else if (l->stop - p >= 2 && p[0] == '/' && p[1] == '*')
			p = behind(p + 2, l->stop, "*/", 2);
		else
			return p;
		if (p == NULL)
			return NULL;
	}
}

static struct token
next(struct lexer *l)
{
	struct token t = { T_END, l->stop, 0 };
	const char *p = skip_blank(l), *q = NULL;

	if (p == NULL || p == l->stop) {
		t.type = l->end ? T_END : T_CUT;
		l->p = l->stop;
		return t;
	}
	t.p = p;
	t.type = T_OTHER;
	q = p + 1;
	if (*p == '\'' || *p == '`' || *p == '"') {
		t.type = *p == '\'' ? T_TEXT : T_NAME;
		q = quoted(p + 1, l->stop, *p);
	} else if (l->stop - p >= 3 && memcmp(p, "\342\200\230", 3) == 0) {
		t.type = T_TEXT;	/* typographic quotes are quotes to the engine */
		q = behind(p + 3, l->stop, "\342\200\231", 3);
	} else if (l->stop - p >= 3 && memcmp(p, "\342\200\234", 3) == 0) {
		t.type = T_NAME;
		q = behind(p + 3, l->stop, "\342\200\235", 3);
	} else if (is_word((unsigned char)*p)) {
		t.type = T_WORD;
		while (q < l->stop && is_word((unsigned char)*q))
			q++;
		if (*p == '$' && (q[-1] == '$') && q - p >= 2) {
			t.type = T_TEXT;
			q = behind(q, l->stop, p, (size_t)(q - p));
		} else if (q == l->stop && !l->end)
			q = NULL;	/* the word may go on */
	}
	if (q == NULL) {
		t.type = l->end ? T_OTHER : T_CUT;
		q = l->stop;
	}
	t.n = (size_t)(q - p);
	l->p = q;
	return t;
}

static int
is(const struct token *t, const char *word)
{
	return t->type == T_WORD && t->n == strlen(word) && strncasecmp(t->p, word, t->n) == 0;
}

static int
is_byte(const struct token *t, char c)
{
	return t->type == T_OTHER && t->n == 1 && *t->p == c;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Is this word or quoted name, escapes undone, the given one?  Escapes other than \xHH stand for their byte. */
static int
names(const struct token *t, const char *name)
{
	const char *p = t->p, *stop = NULL;
	size_t quote = 0;

	if (t->type != T_WORD && t->type != T_NAME)
		return 0;
	stop = p + t->n;
	if (t->type == T_NAME) {
		quote = (unsigned char)*p == 0342 ? 3 : 1;
		p += quote;
		stop -= quote;
	}
	for (; *name != '\0'; name++) {
		char c = 0;

		if (p >= stop)
			return 0;
		c = *p++;
		if (quote == 1 && c == '\\' && p < stop) {
			c = *p++;
			if ((c == 'x' || c == 'X') && stop - p >= 2 && hex(p[0]) >= 0 && hex(p[1]) >= 0) {
				c = (char)(hex(p[0]) * 16 + hex(p[1]));
				p += 2;
			}
		}
		if (c != *name)
			return 0;
	}
	return p == stop;
}

/* Is this token one that makes of the name before it what no grant covers? */
static void
note(struct chsql *q, const struct token *before, const struct token *prev, const struct token *t)
{
	if (is(prev, "INTO") && is(t, "OUTFILE"))
		q->outfile = 1;
	if (is(prev, "FROM") && is(t, "INFILE"))
		q->infile = 1;
	if (is_byte(t, '(') && (names(prev, "file") || names(prev, "disk")))
		q->outside = 1;
	if (names(t, "file") && (is(prev, "APPLY") || (is_byte(prev, '(') && is(before, "APPLY"))))
		q->outside = 1;
	if (is_byte(t, '(') && names(prev, "input"))
		q->input_function = 1;
	if (is(t, "TOTALS") || is(t, "extremes") || is(t, "output_format_json_array_of_rows"))
		q->whole = 1;
}

/* The whole text, from the lexer's place on: its marks, and a FORMAT clause at its end. */
static void
rest(struct lexer *l, struct chsql *q)
{
	struct token before = { T_END, NULL, 0 }, prev = before, t = before;
	struct slice format = { 0 };
	int depth = 0;

	for (t = next(l); t.type != T_END && t.type != T_CUT; before = prev, prev = t, t = next(l)) {
		note(q, &before, &prev, &t);
		if (is_byte(&t, '(') || is_byte(&t, '[') || is_byte(&t, '{'))
			depth++;
		else if (is_byte(&t, ')') || is_byte(&t, ']') || is_byte(&t, '}'))
			depth--;
		if (depth != 0)
			continue;
		if (is(&prev, "FORMAT") && t.type == T_WORD)
			format = (struct slice){ t.p, t.n };
		else if (format.p != NULL && prev.p == format.p && !is_byte(&t, ';') &&
		    !is(&t, "SETTINGS") && !is(&t, "INTO"))
			format = (struct slice){ 0 };	/* it was a name: SELECT format FROM ... */
	}
	q->format = format;
}

/* Behind the blanks of a line and its end. */
static const char *
line_rest(const char *p, const char *stop)
{
	while (p < stop && (*p == ' ' || *p == '\t' || *p == '\f'))
		p++;
	if (p < stop && *p == '\r')
		p++;
	if (p < stop && *p == '\n')
		p++;
	return p;
}

/* Over "name = value, ..." behind SETTINGS.  NULL: cut.  Else behind the last value; p when it is no such list. */
static const char *
settings_list(struct lexer l, const char *p)
{
	const char *last = p;
	struct token t = { 0 };

	l.p = p;
	for (;;) {
		t = next(&l);
		if (t.type == T_CUT)
			return NULL;
		if (t.type != T_WORD)
			return last;
		t = next(&l);
		if (t.type == T_CUT)
			return NULL;
		if (!is_byte(&t, '='))
			return last;
		t = next(&l);
		if (is_byte(&t, '-') || is_byte(&t, '+'))
			t = next(&l);
		if (t.type == T_CUT)
			return NULL;
		/* 1.5 and 1e-3 are several tokens here: take what sticks to the number */
		while (l.p < l.stop && (*l.p == '.' || is_word((unsigned char)*l.p) ||
		    ((*l.p == '-' || *l.p == '+') && (l.p[-1] == 'e' || l.p[-1] == 'E'))))
			l.p++;
		last = l.p;
		t = next(&l);
		if (t.type == T_CUT)
			return NULL;
		if (!is_byte(&t, ','))
			return last;
	}
}

/* FORMAT name [SETTINGS ...] data: l stands behind FORMAT.  0: cut, 1: filled, -1: this FORMAT is none. */
static int
format_data(struct lexer l, const char *text, size_t fixed, struct chsql *q)
{
	struct token name = next(&l), t = { 0 };
	const char *p = NULL, *stop = NULL;

	if (name.type == T_CUT)
		return 0;
	if (name.type != T_WORD)
		return -1;
	q->format = (struct slice){ name.p, name.n };
	p = l.p;
	stop = l.stop;
	/* an end, too, may come in the next piece: the data is known to begin once a byte is there */
	if (p == stop && !l.end)
		return 0;
	t = next(&l);
	if (t.type == T_CUT && strncasecmp(t.p, "SETTINGS", t.n < 8 ? t.n : 8) == 0)
		return 0;	/* t.n is 0 while there are only blanks */
	if (is(&t, "SETTINGS")) {
		const char *from = t.p, *to = settings_list(l, l.p);

		if (to == NULL)
			return 0;
		if (to != l.p) {
			q->settings = (struct slice){ from, (size_t)(to - from) };
			p = to;
			l.p = p;
			t = next(&l);
		}
	}
	if (fixed > 0 && stop == text + fixed) {
		while (is_byte(&t, ';'))
			t = next(&l);
		if (t.type == T_END) {
			q->data = fixed;	/* nothing but the body */
			return 1;
		}
	}
	q->data = (size_t)(line_rest(p, stop) - text);
	return 1;
}

static int
insert(struct lexer l, const char *text, size_t n, size_t fixed, struct chsql *q)
{
	struct token t = next(&l), prev = { 0 }, before = { 0 };
	int depth = 0, rc = 0;

	if (is(&t, "INTO"))
		t = next(&l);
	if (is(&t, "TABLE"))
		t = next(&l);
	if (is(&t, "FUNCTION"))
		t = next(&l);
	/* t is the name's first part: format, values, select are names here */
	for (prev = t, t = next(&l); t.type != T_END && t.type != T_CUT; before = prev, prev = t, t = next(&l)) {
		note(q, &before, &prev, &t);
		if (is_byte(&prev, '.'))
			continue;
		if (is_byte(&t, '('))
			depth++;
		else if (is_byte(&t, ')'))
			depth--;
		else if (depth == 0 && is(&t, "VALUES")) {
			q->kind = CHSQL_INSERT_DATA;
			q->format = SLICE("Values");
			q->head = (size_t)(t.p - text);
			q->data = (size_t)(l.p - text);
			return 1;
		} else if (depth == 0 && is(&t, "FORMAT")) {
			q->kind = CHSQL_INSERT_DATA;
			q->head = (size_t)(t.p - text);
			if ((rc = format_data(l, text, fixed, q)) != -1)
				return rc;
		} else if (is(&t, "SELECT") || (depth == 0 && (is(&t, "WITH") || is(&t, "WATCH")))) {
			q->kind = CHSQL_INSERT_SELECT;
			if (!l.end)
				return 0;
			rest(&l, q);
			return 1;
		}
	}
	if (!l.end)
		return 0;
	/* no FORMAT: the format comes from elsewhere, the data is the body */
	q->kind = q->infile ? CHSQL_OTHER : CHSQL_INSERT_DATA;
	q->head = q->data = fixed > 0 ? fixed : n;
	return 1;
}

/* "INSERT INTO t" alone in the URL: does the body go on with the statement?  -1: not yet known. */
static int
goes_on(struct lexer l)
{
	struct token t = next(&l);

	if (t.type == T_CUT)
		return -1;
	return is(&t, "FORMAT") || is(&t, "VALUES") || is(&t, "SELECT") || is(&t, "WITH") || is(&t, "FROM") ||
	    is(&t, "SETTINGS") || is_byte(&t, '(');
}

static int
insert_in_two(struct lexer l, const char *text, size_t n, size_t fixed, struct chsql *q)
{
	struct lexer head = { l.p, text + fixed, 1 };
	int more = 0;

	insert(head, text, fixed, fixed, q);
	if (q->kind == CHSQL_INSERT_DATA && q->format.n > 0)
		return 1;
	if (q->kind == CHSQL_INSERT_DATA) {
		more = goes_on((struct lexer){ text + fixed, text + n, l.end });
		if (more < 1)
			return more + 1;
	}
	*q = (struct chsql){ 0 };
	return insert(l, text, n, 0, q);
}

int
chsql_parse(const char *text, size_t n, size_t fixed, int end, struct chsql *q)
{
	struct lexer l = { 0 };
	struct token t = { 0 };

	if (text == NULL)
		text = "";
	l = (struct lexer){ text, text + n, end };
	t = next(&l);
	*q = (struct chsql){ 0 };
	while (is_byte(&t, ';'))
		t = next(&l);
	q->empty = t.type == T_END;
	if (is(&t, "INSERT"))
		return fixed > 0 ? insert_in_two(l, text, n, fixed, q) : insert(l, text, n, 0, q);
	if (!end)
		return 0;
	if (is(&t, "SELECT") || is(&t, "WITH") || is(&t, "FROM") || is_byte(&t, '('))
		q->kind = CHSQL_SELECT;
	l.p = text;
	rest(&l, q);
	return 1;
}
