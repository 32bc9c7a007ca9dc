/* wb-csv-extract: CSV and TSV of any dialect, and files of NDJSON, to records. */
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "io/line.h"
#include "rec/csv.h"
#include "rec/json.h"
#include "rec/reject.h"
#include "rec/src.h"
#include "run/stage.h"
#include "run/tool.h"

#define NAME_MAX_BYTES 256	/* of a column, or of a file in _src */
#define COLUMNS_MAX 4096

#define STR_(x) #x
#define STR(x) STR_(x)

enum { DELIMITER = TOOL_OWN, QUOTE, HEADER, NO_HEADER, SKIP, RECORDS };

static struct tool tool = {
	.name = "wb-csv-extract",
	.usage = "wb-csv-extract [-v] [--delimiter C] [--quote C] [--header NAMES | --no-header] [--skip N] [-t NAME] [--records] [FILE ...]",
	.letters = "t:",
	.longs = (const struct option[]){
		{ "delimiter", required_argument, NULL, DELIMITER },
		{ "quote", required_argument, NULL, QUOTE },
		{ "header", required_argument, NULL, HEADER },
		{ "no-header", no_argument, NULL, NO_HEADER },
		{ "skip", required_argument, NULL, SKIP },
		{ "records", no_argument, NULL, RECORDS },
		{ 0 },
	},
	.libs = "libcsv " STR(CSV_MAJOR) "." STR(CSV_MINOR) "." STR(CSV_RELEASE),
};

static struct {
	int delimiter;		/* -1: by the name of the file */
	char quote;		/* 0: none */
	const char *header;	/* NULL: the first row */
	int no_header;
	uint64_t skip;
	const char *name;	/* NULL: the name of the file */
	int records;		/* NDJSON that has its _src */
} opt = { .delimiter = -1, .quote = '"' };

/* One file on its way. */
struct extract {
	struct stage *st;
	struct csv_reader csv;
	struct json json;
	struct buf topic;	/* the file's name in _src, escaped */
	struct buf names;	/* of the columns, as ,"name": one behind the other */
	size_t *end;		/* where each of them ends */
	size_t columns, cap;
};

static char
one_byte(const char *what, const char *arg)
{
	if (strcmp(arg, "\\t") == 0)
		return '\t';
	if (arg[0] == '\0' || arg[1] != '\0' || (unsigned char)arg[0] >= 0x80 || arg[0] == '\n' || arg[0] == '\r')
		tool_usage(&tool, "%s: \"%s\" is not one ASCII character", what, arg);
	return arg[0];
}

static void
options(int argc, char **argv)
{
	int c;

	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 't':
			opt.name = optarg;
			break;
		case DELIMITER:
			opt.delimiter = one_byte("--delimiter", optarg);
			break;
		case QUOTE:
			opt.quote = *optarg != '\0' ? one_byte("--quote", optarg) : '\0';
			break;
		case HEADER:
			opt.header = optarg;
			break;
		case NO_HEADER:
			opt.no_header = 1;
			break;
		case RECORDS:
			opt.records = 1;
			break;
		case SKIP:
			opt.skip = tool_num(&tool, "--skip", optarg, 0, UINT32_MAX);
			break;
		}
	if (opt.header != NULL && opt.no_header)
		tool_usage(&tool, "--header and --no-header exclude each other");
	if (opt.quote != '\0' && opt.delimiter == opt.quote)
		tool_usage(&tool, "--delimiter and --quote are the same");
}

static int
ends_with(struct slice s, const char *tail)
{
	size_t n = strlen(tail);

	return s.n > n && strncasecmp(s.p + s.n - n, tail, n) == 0;
}

static char
delimiter(const char *path)
{
	struct slice s = slice_of(path);

	if (opt.delimiter != -1)
		return (char)opt.delimiter;
	if (ends_with(s, ".gz"))
		s.n -= 3;
	else if (ends_with(s, ".zst"))
		s.n -= 4;
	return ends_with(s, ".tsv") || ends_with(s, ".tab") ? '\t' : ',';
}

/* The name that _src has for the file, escaped. */
static int
set_topic(struct extract *x, const char *path, struct err *e)
{
	char *copy = mem_dup(path, strlen(path)), *end;
	const char *name = opt.name != NULL ? opt.name : strcmp(path, "-") == 0 ? "stdin" : basename(copy);
	size_t n = strlen(name);
	int rc = -1;

	buf_clear(&x->topic);
	if (n == 0 || n > NAME_MAX_BYTES || utf8_span(name, n) != n)
		err_set(e, EX_USAGE, "%s: no name for records: -t NAME gives one (UTF-8, at most %d bytes)", path, NAME_MAX_BYTES);
	else {
		end = json_quote(buf_room(&x->topic, 6 * n + 2), (struct slice){ name, n });
		/* without its quotes */
		x->topic.n = (size_t)(end - x->topic.p) - 2;
		memmove(x->topic.p, x->topic.p + 1, x->topic.n);
		rc = 0;
	}
	free(copy);
	return rc;
}

/* Where the record of line n comes from. */
static struct src
source(const struct extract *x, uint64_t n)
{
	return (struct src){ .topic = buf_as_slice(&x->topic), .offset = (int64_t)n };
}

static void
reject(struct extract *x, const struct fault *f)
{
	char src[SRC_MAX(6 * NAME_MAX_BYTES)];
	struct src s = source(x, x->csv.line);
	char *end = src_put(src, &s);

	stage_reject_raw(x->st, (struct slice){ src, (size_t)(end - src) }, x->csv.raw, f);
}

/* The columns are named by the row that r holds; where says so in messages. */
static int
set_columns(struct extract *x, const struct csv_reader *r, const char *where, struct err *e)
{
	struct map seen = { 0 };
	char shown[160], own[32] = "";
	size_t i;
	int rc = -1;

	buf_clear(&x->names);
	x->columns = 0;
	if (r->n > COLUMNS_MAX) {
		err_set(e, EX_DATAERR, "%s: %zu columns, the limit is %d", where, r->n, COLUMNS_MAX);
		goto out;
	}
	x->end = mem_grow(x->end, &x->cap, r->n, sizeof *x->end);
	for (i = 0; i < r->n; i++) {
		struct slice name = r->field[i];

		if (opt.no_header)
			name = (struct slice){ own, (size_t)snprintf(own, sizeof own, "c%zu", i + 1) };
		(void)err_show(shown, sizeof shown, name.p != NULL ? name.p : "", name.n);
		if (name.n == 0)
			err_set(e, EX_DATAERR, "%s: column %zu has no name (--header names the columns, --no-header numbers them)",
			    where, i + 1);
		else if (name.n > NAME_MAX_BYTES)
			err_set(e, EX_DATAERR, "%s: name of column %zu is longer than %d bytes", where, i + 1, NAME_MAX_BYTES);
		else if (utf8_span(name.p, name.n) != name.n || memchr(name.p, '\0', name.n) != NULL)
			err_set(e, EX_DATAERR, "%s: name of column %zu is not UTF-8: \"%s\" (iconv converts files)", where, i + 1, shown);
		else if (src_reserved(name))
			err_set(e, EX_DATAERR, "%s: column %zu has a reserved name: \"%s\"", where, i + 1, shown);
		else if (map_find(&seen, name) != MAP_NONE)
			err_set(e, EX_DATAERR, "%s: two columns have the name \"%s\"", where, shown);
		else {
			(void)map_add(&seen, name);
			buf_putc(&x->names, ',');
			x->names.n = (size_t)(json_quote(buf_room(&x->names, 6 * name.n + 2), name) - x->names.p);
			buf_putc(&x->names, ':');
			x->end[i] = x->names.n;
			continue;
		}
		goto out;
	}
	x->columns = r->n;
	rc = 0;
out:
	map_fini(&seen);
	return rc;
}

/* The names given by --header: a row with commas, whatever the file has. */
static int
given_columns(struct extract *x, struct err *e)
{
	static const struct csv_dialect d = { .delim = ',', .quote = '"' };
	struct csv_reader r = { 0 };
	int rc = -1;

	csv_open_bytes(&r, slice_of(opt.header), "--header", &d);
	if (csv_next(&r, e) == CSV_ROW)
		rc = set_columns(x, &r, "--header", e);
	else
		err_set(e, EX_DATAERR, "--header names no column");
	csv_close(&r);
	if (rc == -1)
		e->status = EX_USAGE;
	return rc;
}

/* Writes the record of the row; -1 with the fault. */
static int
put_row(struct extract *x, struct fault *f)
{
	const struct csv_reader *r = &x->csv;
	struct src s = source(x, r->line);
	size_t i, from = 0, ok = utf8_span(r->raw.p, r->raw.n);
	char *start, *p;

	if (r->n != x->columns)
		return fault_set(f, "fields", "", "%zu fields, the header has %zu", r->n, x->columns);
	if (ok != r->raw.n)
		return fault_set(f, "utf8", "", "not UTF-8 at byte %zu of the row", ok + 1);
	if (memchr(r->raw.p, '\0', r->raw.n) != NULL)
		return fault_set(f, "utf8", "", "U+0000 in the row");
	start = p = stage_room(x->st, SRC_MAX(x->topic.n) + 8 + x->names.n + 6 * r->raw.n + 4 * r->n + 1);
	memcpy(p, "{\"_src\":", 8);
	p = src_put(p + 8, &s);
	for (i = 0; i < r->n; from = x->end[i++]) {
		memcpy(p, x->names.p + from, x->end[i] - from);
		p += x->end[i] - from;
		if (r->field[i].n > 0)
			p = json_quote(p, r->field[i]);
		else {
			memcpy(p, "null", 4);
			p += 4;
		}
	}
	*p++ = '}';
	if (p - start > LINE_MAX_BYTES)
		return fault_set(f, "too_long", "", "record of more than %d bytes", LINE_MAX_BYTES);
	stage_put(x->st, p);
	return 0;
}

/* Passes on a record of ours, which brings its own _src; -1 with the fault. */
static int
put_own(struct extract *x, struct fault *f)
{
	const struct json_member *m = x->json.member;
	struct json_value all = { .raw = x->json.raw, .type = JSON_OBJECT, .spaced = x->json.spaced };
	struct src s;
	char name[64];
	size_t i;

	if (x->json.n == 0 || !slice_eq(m->name, SLICE("_src")) || src_get(&m->v, &s) == -1)
		return fault_set(f, "missing", "_src", "not the first member");
	for (i = 1; i < x->json.n; i++)
		if (src_own(&m[i]) && !slice_eq(m[i].name, SLICE("_key")) && !slice_eq(m[i].name, SLICE("_hdr")))
			return fault_set(f, "reserved", err_show(name, sizeof name, m[i].name.p, m[i].name.n), "a name that belongs to Waybill");
	stage_put(x->st, json_compact(stage_room(x->st, all.raw.n), &all));
	return 0;
}

/* Writes the record of a line of NDJSON; -1 with the fault. */
static int
put_message(struct extract *x, struct fault *f)
{
	struct src s = source(x, x->csv.line);
	const struct json_member *m;
	char *start, *p, name[64];

	if (json_scan(&x->json, x->csv.raw) == -1)
		return fault_set(f, x->json.code, "", "%s at byte %zu", x->json.fault, x->json.at + 1);
	if (opt.records)
		return put_own(x, f);
	m = src_foreign(&x->json);
	if (m != NULL)
		return fault_set(f, "reserved", err_show(name, sizeof name, m->name.p, m->name.n), "a name that belongs to Waybill");
	start = p = stage_room(x->st, SRC_MAX(x->topic.n) + 8 + x->json.raw.n);
	memcpy(p, "{\"_src\":", 8);
	p = src_message(src_put(p + 8, &s), &x->json);
	if (p - start > LINE_MAX_BYTES)
		return fault_set(f, "too_long", "", "record of more than %d bytes", LINE_MAX_BYTES);
	stage_put(x->st, p);
	return 0;
}

/* Leaves out lines at the top, and reads the header: 1, or 0 when there is none or the stage has stopped, or -1. */
static int
begin(struct extract *x, struct err *e)
{
	char where[1024];
	int rc;

	while (x->csv.number < opt.skip)
		if ((rc = csv_line(&x->csv, 1, e)) == -1 || rc == CSV_END)
			return rc;
		else if (rc == CSV_INTR && stage_stopped(x->st))
			return 0;
		else if (rc == CSV_LONG)
			return err_set(e, EX_DATAERR, "%s:%" PRIu64 ": a line of more than %d bytes to leave out (--skip)",
			    x->csv.name, x->csv.line, CSV_ROW_MAX);
	if (opt.header != NULL)
		return given_columns(x, e) == -1 ? -1 : 1;
	if (opt.no_header)
		return 1;	/* by the first row */
	while ((rc = csv_next(&x->csv, e)) == CSV_INTR)
		if (stage_stopped(x->st))
			return 0;
	if (rc == CSV_END || rc == -1)
		return rc;
	(void)snprintf(where, sizeof where, "%s:%" PRIu64, x->csv.name, x->csv.line);
	if (rc != CSV_ROW)
		return err_set(e, EX_DATAERR, "%s: the header is too long, or a quote in it does not close", where);
	if (x->csv.raw.n >= 2 && (memcmp(x->csv.raw.p, "\xff\xfe", 2) == 0 || memcmp(x->csv.raw.p, "\xfe\xff", 2) == 0))
		return err_set(e, EX_DATAERR, "%s: UTF-16; iconv -f UTF-16 -t UTF-8 converts it", where);
	return set_columns(x, &x->csv, where, e) == -1 ? -1 : 1;
}

static int
extract_rows(struct extract *x, struct err *e)
{
	struct fault f = { 0 };
	int rc = begin(x, e);

	if (rc <= 0)
		return rc;
	while ((rc = csv_next(&x->csv, e)) > 0) {
		if (rc == CSV_INTR) {
			if (stage_stopped(x->st))
				return 0;
			continue;
		}
		x->st->number = x->csv.line;
		if (opt.no_header && x->columns == 0 && rc == CSV_ROW && set_columns(x, &x->csv, x->csv.name, e) == -1)
			return -1;
		if (stage_offer(x->st) == -1)
			return 0;
		if (rc == CSV_LONG)
			(void)fault_set(&f, "too_long", "", "line of more than %d bytes", CSV_ROW_MAX);
		else if (rc == CSV_OPEN)
			(void)fault_set(&f, "fields", "", "a quote that does not close");
		if (rc != CSV_ROW || put_row(x, &f) == -1)
			reject(x, &f);
	}
	return rc;
}

static int
extract_messages(struct extract *x, struct err *e)
{
	struct fault f = { 0 };
	int rc;

	while ((rc = csv_line(&x->csv, 0, e)) > 0) {
		if (rc == CSV_INTR) {
			if (stage_stopped(x->st))
				return 0;
			continue;
		}
		if (rc == CSV_ROW && x->csv.raw.n == 0)
			continue;
		x->st->number = x->csv.line;
		if (stage_offer(x->st) == -1)
			return 0;
		if (rc == CSV_LONG)
			(void)fault_set(&f, "too_long", "", "line of more than %d bytes", LINE_MAX_BYTES);
		if (rc != CSV_ROW || put_message(x, &f) == -1)
			reject(x, &f);
	}
	return rc;
}

static void
extract(struct extract *x, const char *path)
{
	struct csv_dialect d = { .delim = delimiter(path), .quote = opt.quote };
	struct err e = ERR_NONE;
	struct input *in = stage_input(x->st, path);
	int c, rc;

	if (in == NULL)
		return;
	if (d.delim == d.quote)
		d.quote = '\0';
	csv_open_input(&x->csv, in, &d);
	x->columns = 0;
	rc = set_topic(x, path, &e);
	if (rc == 0) {
		while ((c = csv_peek(&x->csv, &e)) == CSV_SIGNAL && !stage_stopped(x->st))
			;
		rc = c == CSV_FAILED ? -1 : c == CSV_SIGNAL ? 0 : c == '{' || opt.records ? extract_messages(x, &e) : extract_rows(x, &e);
	}
	if (rc == -1)
		(void)stage_fail(x->st, &e);
	csv_close(&x->csv);
}

int
main(int argc, char **argv)
{
	char dash[] = "-", *standard_input[] = { dash, NULL };
	struct stage st = { .tool = &tool, .flags = STAGE_SOURCE };
	struct extract x = { .st = &st };
	char **file;

	options(argc, argv);
	file = optind < argc ? argv + optind : standard_input;
	stage_open(&st, file);
	for (; *file != NULL && !stage_stopped(&st); file++)
		extract(&x, *file);
	json_fini(&x.json);
	buf_fini(&x.topic);
	buf_fini(&x.names);
	free(x.end);
	return stage_close(&st);
}
