/* wb-sql: runs statements on a store and prints their rows. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "io/file.h"
#include "net/chrows.h"
#include "net/chtext.h"
#include "net/http.h"
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

static void
trace(void *arg, const char *line)
{
	(void)arg;
	tool_say(&tool, "%s", line);
}

/* A row is a line of at most LINE_MAX_BYTES. */
static int
put_ndjson(struct stage *st, struct chrows *r)
{
	struct err e = ERR_NONE;
	char *p = stage_room(st, chrows_size(r)), *end;

	end = chrows_json(r, p);
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
put_delimited(struct stage *st, struct chrows *r, enum format format, struct buf *cell)
{
	size_t i, n = chrows_columns(r), size = chrows_size(r);
	char *p = stage_room(st, 2 * size + 4 * n), *c = buf_room(cell, size + 1), *end;
	int null = 0;

	for (i = 0; i < n; i++) {
		if (i > 0)
			*p++ = format == TSV ? '\t' : ',';
		end = chrows_cell(r, i, c, &null);
		p = (format == TSV ? tsv_cell : csv_cell)(p, (struct slice){ c, (size_t)(end - c) }, null);
	}
	stage_put(st, p);
	return 0;
}

static void
put_header(struct stage *st, struct chrows *r)
{
	size_t i, n = chrows_columns(r), size = 0;
	char *p;

	for (i = 0; i < n; i++)
		size += 2 * chrows_name(r, i).n + 3;
	p = out_room(&st->out, size + 1);
	for (i = 0; i < n; i++) {
		if (i > 0)
			*p++ = ',';
		p = csv_cell(p, chrows_name(r, i), 0);
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
table_row(struct stage *st, struct table *t, struct chrows *r, struct buf *cell)
{
	struct err e = ERR_NONE;
	size_t i, n = chrows_columns(r);
	char *c = buf_room(cell, chrows_size(r) + 1), *end;
	int null = 0;

	if (t->width == NULL) {
		t->cols = n;
		t->width = mem_alloc((n + 1) * sizeof *t->width);
		for (i = 0; i < n; i++)
			table_cell(t, i, chrows_name(r, i));
	}
	for (i = 0; i < n; i++) {
		end = chrows_cell(r, i, c, &null);
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

/* Runs one statement and prints its rows.  0, or -1: the stage has failed. */
static int
statement(struct stage *st, struct ch *c, struct slice sql, const struct ch_param *set, size_t sets, enum format format)
{
	struct ch_fault f = { 0 };
	struct err e = ERR_NONE;
	struct chrows *r = chrows_open(c, sql, set, sets, &f);
	struct table t = { 0 };
	struct buf cell = { 0 };
	int rc = r == NULL ? -1 : 0, n = 0;

	while (rc == 0 && (n = chrows_next(r, &f)) > 0) {
		if (st->acct.in == 0 && format == CSV)
			put_header(st, r);
		rc = stage_offer(st);
		if (rc == 0)
			rc = format == NDJSON ? put_ndjson(st, r) : format == TABLE ? table_row(st, &t, r, &cell) : put_delimited(st, r, format, &cell);
	}
	if (f.class != CH_OK) {
		(void)ch_err(&f, &e);
		rc = stage_fail(st, &e);
	}
	table_print(st, &t);
	chrows_close(r);
	buf_fini(&cell);
	return rc;
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

/* A question that ships with Waybill, in the words of the kind of store. */
static void
question(const char *name, struct buf *text)
{
	struct err e = ERR_NONE;
	char rel[PATH_MAX], path[PATH_MAX];

	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(name) || *name == '\0' ||
	    snprintf(rel, sizeof rel, "sql/ask/clickhouse/%s.sql", name) >= (int)sizeof rel || share_path(path, sizeof path, rel) == -1)
		tool_usage(&tool, "--ask: \"%s\" is no name of a question", name);
	if (file_read(path, SQL_MAX, text, &e) == -1)
		tool_die(&tool, &e);
}

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool, .flags = STAGE_SOURCE };
	struct err e = ERR_NONE;
	struct ch_param set[SETS_MAX];
	struct buf text = { 0 };
	struct slice sql, one;
	const char *url = env_get("WB_STORE"), *query = NULL, *file = NULL, *ask = NULL;
	enum format format = NDJSON;
	struct ch *c = NULL;
	size_t sets = 0;
	char *value;
	int o, rc;

	tool.libs = http_library();
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
			if (value == NULL || !chtext_is_name((struct slice){ optarg, (size_t)(value - optarg) }))
				tool_usage(&tool, "--set: \"%s\" is not NAME=VALUE", optarg);
			if (sets == SETS_MAX)
				tool_usage(&tool, "--set: more than %d", SETS_MAX);
			*value = '\0';
			set[sets++] = (struct ch_param){ .name = optarg, .value = value + 1 };
			break;
		}
	if (optind != argc)
		tool_usage(&tool, "no operands are taken: \"%s\"", argv[optind]);
	if ((query != NULL) + (file != NULL) + (ask != NULL) != 1)
		tool_usage(&tool, "-q SQL, -f FILE or --ask NAME is needed, one of them");
	if (url == NULL)
		tool_usage(&tool, "-d URL (or WB_STORE) is needed");
	if (query != NULL)
		buf_puts(&text, query);
	else if (ask != NULL)
		question(ask, &text);
	else if (file_read(file, SQL_MAX, &text, &e) == -1)
		tool_die(&tool, &e);
	if ((c = ch_open(url, &e)) == NULL)
		tool_die(&tool, &e);
	if (tool.verbose > 1)
		ch_trace(c, trace, NULL);
	stage_open(&st, argv + argc);
	if (st.lane && format != NDJSON)
		tool_usage(&tool, "in a lane --format is ndjson");
	sql = buf_as_slice(&text);
	while (chtext_next(&sql, &one))
		if (statement(&st, c, one, set, sets, format) == -1)
			break;
	rc = stage_close(&st);
	ch_close(c);
	buf_fini(&text);
	return rc;
}
