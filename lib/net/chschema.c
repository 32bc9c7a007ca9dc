/* The shipped schema, made to fit a server's version, and a store, brought up to it. */
#include <string.h>

#include "net/chschema.h"
#include "net/chtext.h"

#define COLUMNS_MAX (1u << 20)	/* bytes of the answer to DESCRIBE */

/*
 * toString() with a zone that varies: 18.16 wants a constant, so that each of these is
 * computed and one chosen.  A zone that is missing here is an error of the view there.
 */
static const char *const zone[] = {
	"UTC", "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk",
	"Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Sakhalin",
	"Asia/Kamchatka", "Asia/Almaty", "Europe/Minsk", "Europe/Warsaw", "Europe/Berlin", "Europe/Paris", "Europe/London",
	"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "Asia/Dubai", "Asia/Shanghai",
	"Australia/Sydney",
};
#define ZONES (sizeof zone / sizeof *zone)

static const struct {
	const char *from, *to;
} replaced[] = {
	{ "LowCardinality(String)", "String" },
	{ "DateTime64(3, 'UTC')", "DateTime('UTC')" },
	{ " Bool ", " UInt8 " }, { " Bool,", " UInt8," }, { "(Bool)", "(UInt8)" },
};

static int
begins(struct slice s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static struct slice
behind(struct slice s, size_t n)
{
	return (struct slice){ s.p + n, s.n - n };
}

static struct slice
trim(struct slice s)
{
	while (s.n > 0 && (*s.p == ' ' || *s.p == '\n'))
		s = behind(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\n'))
		s.n--;
	return s;
}

/* The next line of *text, without its LF.  0 at the end. */
static int
next_line(struct slice *text, struct slice *line)
{
	const char *lf;

	if (text->n == 0)
		return 0;
	lf = memchr(text->p, '\n', text->n);
	*line = (struct slice){ text->p, lf ? (size_t)(lf - text->p) : text->n };
	*text = behind(*text, lf ? line->n + 1 : line->n);
	return 1;
}

/* Length of " CODEC(...)", with parentheses inside it. */
static size_t
codec(struct slice s)
{
	size_t i, depth = 0;

	for (i = 6; i < s.n; i++) {
		if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

static void
zones(struct buf *out)
{
	size_t i;

	for (i = 0; i < ZONES; i++)
		buf_printf(out, "%stoString(opened_at, '%s')", i ? ", " : "[", zone[i]);
	for (i = 0; i < ZONES; i++)
		buf_printf(out, "%s'%s'", i ? ", " : "][indexOf([", zone[i]);
	buf_puts(out, "], tz)]");
}

static void
legacy_line(struct slice line, struct buf *out)
{
	static const char view[] = "CREATE OR REPLACE VIEW ";
	struct slice name;
	size_t i, n;

	if (begins(line, "COMMENT '")) {
		buf_puts(out, ";\n");
		return;
	}
	name = trim(line);
	if (line.n > 0 && *line.p == ' ' && (begins(name, "CONSTRAINT ") || begins(name, "INDEX ")))
		return;
	if (begins(line, view)) {
		line = behind(line, sizeof view - 1);
		for (n = 0; n < line.n && line.p[n] != ' '; n++)
			;
		buf_printf(out, "DROP TABLE IF EXISTS %.*s;\nCREATE VIEW ", (int)n, line.p);
	}
	while (line.n > 0) {
		if (begins(line, " CODEC(") && (n = codec(line)) > 0) {
			line = behind(line, n);
			continue;
		}
		if (begins(line, "toString(opened_at, tz)")) {
			zones(out);
			line = behind(line, 23);
			continue;
		}
		for (i = 0; i < sizeof replaced / sizeof *replaced && !begins(line, replaced[i].from); i++)
			;
		if (i < sizeof replaced / sizeof *replaced) {
			/* the byte behind a replaced name may begin the next one */
			n = strlen(replaced[i].from) - (i == 2 || i == 3);
			buf_put(out, replaced[i].to, strlen(replaced[i].to) - (i == 2 || i == 3));
			line = behind(line, n);
		} else {
			buf_putc(out, *line.p);
			line = behind(line, 1);
		}
	}
	buf_putc(out, '\n');
}

void
chschema_adapt(struct slice text, unsigned version, struct buf *out)
{
	struct slice line;

	if (version >= CH_LEGACY) {
		buf_slice(out, text);
		return;
	}
	while (next_line(&text, &line))
		legacy_line(line, out);
}

/* The table or view that a statement makes; empty when it makes none. */
static struct slice
made(struct slice one, const char *with)
{
	struct slice name = { 0 };

	if (!begins(one, with))
		return name;
	name = behind(one, strlen(with));
	for (one = name, name.n = 0; name.n < one.n && one.p[name.n] != ' ' && one.p[name.n] != '\n'; name.n++)
		;
	return name;
}

#define CREATE_TABLE "CREATE TABLE IF NOT EXISTS "

int
chschema_table(struct slice text, const char *table, struct slice *one)
{
	while (chtext_next(&text, one))
		if (slice_eq(made(*one, CREATE_TABLE), slice_of(table)))
			return 1;
	return 0;
}

/* Whether a column of that name is in the answer to DESCRIBE. */
static int
described(struct slice text, struct slice name)
{
	struct slice line;

	while (next_line(&text, &line))
		if (line.n > name.n && memcmp(line.p, name.p, name.n) == 0 && line.p[name.n] == '\t')
			return 1;
	return 0;
}

struct applier {
	struct ch *c;
	int dry;
	void (*say)(void *, struct slice);
	void *arg;
};

static int
change(struct applier *a, struct slice statement, struct ch_fault *f)
{
	a->say(a->arg, statement);
	return a->dry ? 0 : ch_run(a->c, statement, f);
}

/* Adds to the table the columns of the statement that it lacks: a line a column, the first word its name. */
static int
add_columns(struct applier *a, struct slice one, struct slice table, struct slice there, struct ch_fault *f)
{
	struct slice line, def, name, before = { 0 };
	struct buf sql = { 0 };
	int rc = 0;

	while (rc == 0 && next_line(&one, &line) && !begins(line, ")")) {
		def = trim(line);
		if (*line.p != ' ' || begins(def, "INDEX ") || begins(def, "CONSTRAINT ") || begins(def, "--"))
			continue;
		if (def.n > 0 && def.p[def.n - 1] == ',')
			def.n--;
		for (name = def, name.n = 0; name.n < def.n && def.p[name.n] != ' '; name.n++)
			;
		if (!described(there, name)) {
			buf_clear(&sql);
			buf_printf(&sql, "ALTER TABLE %.*s ADD COLUMN %.*s", (int)table.n, table.p, (int)def.n, def.p);
			if (before.n > 0)
				buf_printf(&sql, " AFTER %.*s", (int)before.n, before.p);
			rc = change(a, buf_as_slice(&sql), f);
		}
		before = name;
	}
	buf_fini(&sql);
	return rc;
}

/* A view is made again unless the server's own text of it is the same as after the last time: that is not to be had, so always. */
static int
statement(struct applier *a, struct slice one, struct ch_fault *f)
{
	struct slice table = made(one, CREATE_TABLE);
	struct buf sql = { 0 }, text = { 0 };
	int rc = -1;

	if (table.n == 0)
		return change(a, one, f);
	buf_printf(&sql, "DESCRIBE TABLE %.*s FORMAT TabSeparated", (int)table.n, table.p);
	rc = ch_text(a->c, buf_as_slice(&sql), NULL, 0, COLUMNS_MAX, &text, f);
	if (rc == 0)
		rc = add_columns(a, one, table, buf_as_slice(&text), f);
	else if (f->code == 60 || (a->dry && f->code == 81))	/* no such table, no such database */
		rc = change(a, one, f);
	buf_fini(&sql);
	buf_fini(&text);
	return rc;
}

int
chschema_apply(struct ch *c, struct slice text, int dry, void (*say)(void *arg, struct slice statement), void *arg, struct ch_fault *f)
{
	struct applier a = { .c = c, .dry = dry, .say = say, .arg = arg };
	struct slice one;

	while (chtext_next(&text, &one))
		if (statement(&a, one, f) == -1)
			return -1;
	return 0;
}
