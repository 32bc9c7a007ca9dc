/* wb-sql: runs statements on a store and prints their rows. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "io/file.h"
#include "run/db.h"
#include "run/share.h"
#include "run/stage.h"

#define SQL_MAX (16u << 20)
#define TABLE_MAX (64u << 20)	/* bytes of cells that --format table lays out */
#define SETS_MAX 256

enum { SET = TOOL_OWN, FORMAT, ASK };
static const struct option longs[] = {
	{ "set", required_argument, NULL, SET },
	{ "format", required_argument, NULL, FORMAT },
	{ "ask", required_argument, NULL, ASK },
	{ 0 }
};
static struct tool tool = {
	.name = "wb-sql",
	.usage = "wb-sql [-v] [-d URL] [--set NAME=VALUE ...] [--format ndjson|tsv|csv|table] {-q SQL | -f FILE | --ask NAME}",
	.letters = "d:q:f:",
	.longs = longs,
};

enum format { NDJSON, TSV, CSV, TABLE };
static const char *const format_name[] = { "ndjson", "tsv", "csv", "table" };

/* Cells of a result that is laid out once its widths are known. */
struct table {
	struct buf text;
	size_t *end, n, cap;	/* of each cell */
	size_t cols;
	size_t *width;
};

/* A row is a line of at most LINE_MAX_BYTES. */
static int
put_ndjson(struct stage *st, struct db *d)
{
	struct err e = ERR_NONE;
	char *p = stage_room(st, db_size(d)), *end;

	end = db_json(d, p);
	if (end - p > LINE_MAX_BYTES) {
		err_set(&e, EX_DATAERR, "a row of more than %d bytes", LINE_MAX_BYTES);
		return stage_fail(st, &e);
	}
	stage_put(st, end);
	return 0;
}

/* TabSeparated as ClickHouse and COPY have it: \ TAB LF CR escaped, \N for NULL. */
static char *
tsv_cell(char *dst, struct slice s, int null)
{
	size_t i;

	if (null) {
		memcpy(dst, "\\N", 2);
		return dst + 2;
	}
	for (i = 0; i < s.n; i++) {
		char c = s.p[i], e = c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\\' ? '\\' : 0;

		if (e != 0)
			*dst++ = '\\';
		*dst++ = e ? e : c;
	}
	return dst;
}

/* RFC 4180; NULL is empty, an empty text is "". */
static char *
csv_cell(char *dst, struct slice s, int null)
{
	int quote = s.n == 0 && !null;
	size_t i;

	for (i = 0; i < s.n && !quote; i++)
		quote = s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r';
	if (quote)
		*dst++ = '"';
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			*dst++ = '"';
		*dst++ = s.p[i];
	}
	if (quote)
		*dst++ = '"';
	return dst;
}

static int
put_delimited(struct stage *st, struct db *d, enum format format, struct buf *cell)
{
	size_t i, n = db_columns(d), size = db_size(d);
	char *p = stage_room(st, 2 * size + 4 * n), *c = buf_room(cell, size + 1), *end;
	int null = 0;

	for (i = 0; i < n; i++) {
		if (i > 0)
			*p++ = format == TSV ? '\t' : ',';
		end = db_cell(d, i, c, &null);
		p = (format == TSV ? tsv_cell : csv_cell)(p, (struct slice){ c, (size_t)(end - c) }, null);
	}
	stage_put(st, p);
	return 0;
}

static void
put_header(struct stage *st, struct db *d)
{
	size_t i, n = db_columns(d), size = 0;
	char *p;

	for (i = 0; i < n; i++)
		size += 2 * db_name(d, i).n + 3;
	p = out_room(&st->out, size + 1);
	for (i = 0; i < n; i++) {
		if (i > 0)
			*p++ = ',';
		p = csv_cell(p, db_name(d, i), 0);
	}
	*p++ = '\n';
	out_used(&st->out, p);
}

/* Characters of a text: what its column is wide. */
static size_t
characters(struct slice s)
{
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static void
table_cell(struct table *t, size_t col, struct slice s)
{
	size_t i, w = characters(s);

	/* one line a cell */
	for (i = 0; i < s.n; i++)
		buf_putc(&t->text, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
	t->end = mem_grow(t->end, &t->cap, t->n + 1, sizeof *t->end);
	t->end[t->n++] = t->text.n;
	if (w > t->width[col])
		t->width[col] = w;
}

static int
table_row(struct stage *st, struct table *t, struct db *d, struct buf *cell)
{
	struct err e = ERR_NONE;
	size_t i, n = db_columns(d);
	char *c = buf_room(cell, db_size(d) + 1), *end;
	int null = 0;

	if (t->width == NULL) {
		t->cols = n;
		t->width = mem_alloc((n + 1) * sizeof *t->width);
		for (i = 0; i < n; i++)
			table_cell(t, i, db_name(d, i));
	}
	for (i = 0; i < n; i++) {
		end = db_cell(d, i, c, &null);
		table_cell(t, i, null ? SLICE("NULL") : (struct slice){ c, (size_t)(end - c) });
	}
	st->acct.out++;
	if (t->text.n <= TABLE_MAX)
		return 0;
	err_set(&e, EX_DATAERR, "more than %u MB for --format table", TABLE_MAX >> 20);
	return stage_fail(st, &e);
}

static void
table_print(struct stage *st, struct table *t)
{
	size_t i, col, at = 0, pad;
	struct slice s;
	char *p;

	for (i = 0; i < t->n; i++) {
		col = i % t->cols;
		s = (struct slice){ t->text.p + at, t->end[i] - at };
		at = t->end[i];
		pad = col + 1 < t->cols ? t->width[col] - characters(s) + 2 : 0;
		p = out_room(&st->out, s.n + pad + 1);
		memcpy(p, s.p, s.n);
		memset(p + s.n, ' ', pad);
		p += s.n + pad;
		if (col + 1 == t->cols)
			*p++ = '\n';
		out_used(&st->out, p);
	}
	buf_fini(&t->text);
	free(t->end);
	free(t->width);
	*t = (struct table){ 0 };
}

/* Two members of one name are no record. */
static int
names_differ(struct stage *st, struct db *d)
{
	struct map seen = { 0 };
	struct err e = ERR_NONE;
	size_t i, n = db_columns(d);
	char shown[128];
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		struct slice name = db_name(d, i);

		if (map_add(&seen, name) == i)
			continue;
		err_set(&e, EX_CONFIG, "two columns have the name \"%s\": AS gives one another", err_show(shown, sizeof shown, name.p, name.n));
		rc = stage_fail(st, &e);
	}
	map_fini(&seen);
	return rc;
}

/* What stands before the first row of all, or before the first one of the statement. */
static int
begin(struct stage *st, struct db *d, int first, enum format format)
{
	if (st->acct.in == 0 && format == CSV)
		put_header(st, d);
	return first && format == NDJSON ? names_differ(st, d) : 0;
}

/* Runs one statement and prints its rows; where says which one it is.  0, or -1: the stage has failed. */
static int
statement(struct stage *st, struct db *d, struct slice sql, const struct sql_param *set, size_t sets, enum format format, const char *where)
{
	struct db_fault f = { 0 };
	struct table t = { 0 };
	struct buf cell = { 0 };
	int rc = db_ask(d, sql, set, sets, &f), n = 0, first = 1;

	while (rc == 0 && (n = db_next(d, &f)) > 0) {
		rc = begin(st, d, first, format);
		first = 0;
		if (rc == 0)
			rc = stage_offer(st);
		if (rc == 0)
			rc = format == NDJSON ? put_ndjson(st, d) : format == TABLE ? table_row(st, &t, d, &cell) : put_delimited(st, d, format, &cell);
	}
	if (f.class != DB_OK) {
		(void)err_at(&f.e, "%s", where);
		rc = stage_fail(st, &f.e);
	}
	table_print(st, &t);
	db_done(d);
	buf_fini(&cell);
	return rc;
}

/* All statements of a text, until one fails; the file that it comes from, or NULL. */
static void
run(struct stage *st, struct db *d, struct slice text, const char *file, const struct sql_param *set, size_t sets, enum format format)
{
	struct slice rest = text, one;
	const char *p = text.p;
	char where[PATH_MAX + 32];
	size_t line = 1, number = 0;

	while (db_statement(d, &rest, &one)) {
		for (; p < one.p; p++)
			line += *p == '\n';
		if (file != NULL)
			(void)snprintf(where, sizeof where, "%s:%zu", file, line);
		else
			(void)snprintf(where, sizeof where, "statement %zu", ++number);
		if (statement(st, d, one, set, sets, format, where) == -1)
			break;
	}
}

static enum format
format_arg(const char *arg)
{
	size_t i;

	for (i = 0; i < sizeof format_name / sizeof *format_name; i++)
		if (strcmp(arg, format_name[i]) == 0)
			return (enum format)i;
	tool_usage(&tool, "--format: \"%s\" is none of ndjson, tsv, csv, table", arg);
}

/* The file of a question that ships with Waybill, in the words of the kind of store; PATH_MAX bytes. */
static void
question(const char *name, const char *kind, char *path)
{
	char rel[PATH_MAX];

	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(name) || *name == '\0' ||
	    snprintf(rel, sizeof rel, "sql/ask/%s/%s.sql", kind, name) >= (int)sizeof rel || share_path(path, PATH_MAX, rel) == -1)
		tool_usage(&tool, "--ask: \"%s\" is no name of a question", name);
}

/* A letter or _, then letters, digits, _. */
static int
is_name(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_' || (i > 0 && s[i] >= '0' && s[i] <= '9')))
			return 0;
	return n > 0;
}

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool, .flags = STAGE_SOURCE };
	struct err e = ERR_NONE;
	struct sql_param set[SETS_MAX];
	struct buf text = { 0 };
	const char *url = env_get("WB_STORE"), *query = NULL, *file = NULL, *ask = NULL;
	enum format format = NDJSON;
	struct db *d = NULL;
	size_t sets = 0;
	char *value, path[PATH_MAX];
	int o, rc;

	tool.libs = db_libraries();
	while ((o = tool_opt(&tool, argc, argv)) != -1)
		switch (o) {
		case 'd':
			url = optarg;
			break;
		case 'q':
			query = optarg;
			break;
		case 'f':
			file = optarg;
			break;
		case ASK:
			ask = optarg;
			break;
		case FORMAT:
			format = format_arg(optarg);
			break;
		case SET:
			value = strchr(optarg, '=');
			if (value == NULL || !is_name(optarg, (size_t)(value - optarg)))
				tool_usage(&tool, "--set: \"%s\" is not NAME=VALUE", optarg);
			if (sets == SETS_MAX)
				tool_usage(&tool, "--set: more than %d", SETS_MAX);
			*value = '\0';
			set[sets++] = (struct sql_param){ .name = optarg, .value = value + 1 };
			break;
		}
	if (optind != argc)
		tool_usage(&tool, "no operands are taken: \"%s\"", argv[optind]);
	if ((query != NULL) + (file != NULL) + (ask != NULL) != 1)
		tool_usage(&tool, "-q SQL, -f FILE or --ask NAME is needed, one of them");
	if (url == NULL)
		tool_usage(&tool, "-d URL (or WB_STORE) is needed");
	if ((d = db_open(url, &tool, &e)) == NULL)
		tool_die(&tool, &e);
	if (ask != NULL) {
		question(ask, db_kind_name(d), path);
		file = path;
	}
	if (query != NULL)
		buf_puts(&text, query);
	else if (file_read(file, SQL_MAX, &text, &e) == -1)
		tool_die(&tool, &e);
	stage_open(&st, argv + argc);
	if (st.lane && format != NDJSON)
		tool_usage(&tool, "in a lane --format is ndjson");
	run(&st, d, buf_as_slice(&text), file, set, sets, format);
	rc = stage_close(&st);
	db_close(d);
	buf_fini(&text);
	return rc;
}
