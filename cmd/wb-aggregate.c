/* wb-aggregate: groups facts into the rows of a mart, or any records by anything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utc.h"
#include "io/file.h"
#include "parcel/days.h"
#include "parcel/group.h"
#include "parcel/mart.h"
#include "run/stage.h"

#define DAYS_MAX (1024 * 1024)	/* bytes of a file of days */
#define BATCH_MAX 128
#define MEMORY (UINT64_C(1024) << 20)	/* of groups or rows, if -S does not say */

enum { DAYS = TOOL_OWN, BATCH, COLUMNS };

static struct tool tool = {
	.name = "wb-aggregate",
	.usage = "wb-aggregate -t MART [-v] [-S SIZE] [--days LIST | FILE] [--batch ID] [FILE ...]\n"
	    "       wb-aggregate -t MART --columns\n"
	    "       wb-aggregate [-v] [-S SIZE] [-g FIELD[,...]] -a EXPR[,...] ... [FILE ...]",
	.letters = "t:g:a:S:",
	.longs = (const struct option[]){
		{ "days", required_argument, NULL, DAYS },
		{ "batch", required_argument, NULL, BATCH },
		{ "columns", no_argument, NULL, COLUMNS },
		{ 0 },
	},
};

/* A list of days or hours, else the name of a file with one a line. */
static void
read_days(struct days *d, const char *arg)
{
	struct buf text = { 0 };
	struct err e = ERR_NONE;

	if (*arg >= '0' && *arg <= '9' && days_read(d, slice_of(arg), NULL, &e) == 0)
		return;
	days_fini(d);
	if (strcmp(arg, "-") == 0)
		tool_usage(&tool, "--days: a list or a file, not standard input");
	if (file_read(arg, DAYS_MAX, &text, &e) == -1)
		tool_usage(&tool, "--days: neither a list of days nor a file: %s", e.msg);
	if (days_read(d, buf_as_slice(&text), arg, &e) == -1)
		tool_die(&tool, &e);
	buf_fini(&text);
}

/* The batch's id as a JSON string: the one given, else now in digits. */
static struct slice
batch_id(const char *given, char *dst)
{
	char text[UTC_LEN], id[UTC_LEN];
	size_t i, n = 0;

	if (given != NULL) {
		if (*given == '\0' || strlen(given) > BATCH_MAX)
			tool_usage(&tool, "--batch: not a text of 1 to %d bytes", BATCH_MAX);
		return (struct slice){ dst, (size_t)(json_quote(dst, slice_of(given)) - dst) };
	}
	(void)utc_put(text, tool.now);
	for (i = 0; i < UTC_LEN; i++)
		if (strchr("-:.", text[i]) == NULL)
			id[n++] = text[i];
	return (struct slice){ dst, (size_t)(json_quote(dst, (struct slice){ id, n }) - dst) };
}

/* Rows are written at the one checkpoint of a bounded lane, or at the end of the input. */
static int
behind(struct stage *st, int written)
{
	struct err e = ERR_NONE;

	if (!written)
		return 0;
	(void)err_set(&e, EX_SOFTWARE, "records behind the checkpoint of a bounded lane, which has one");
	return stage_fail(st, &e);
}

static void
put_mart(struct stage *st, struct mart *m, struct slice batch)
{
	struct err e = ERR_NONE;
	size_t n = mart_rows(m, &e), i;

	if (n == SIZE_MAX)
		(void)stage_fail(st, &e);
	else
		for (i = 0; i < n; i++)
			stage_made(st, mart_put(m, i, batch, stage_room(st, mart_row_max(m, i, batch))));
}

/* Stops when what is counted takes more memory than it may. */
static void
within(struct stage *st, size_t bytes, uint64_t limit, const char *what, const char *hint)
{
	struct err e = ERR_NONE;

	if (bytes <= limit)
		return;
	(void)err_set(&e, EX_DATAERR, "%s:%llu: the %s take more than -S %llu bytes; %s", st->name,
	    (unsigned long long)st->number, what, (unsigned long long)limit, hint);
	(void)stage_fail(st, &e);
}

static struct mart *
find_mart(const char *name)
{
	struct mart *m = mart_new(name, tool.now);
	char all[400];
	size_t i, n = 0;

	if (m != NULL)
		return m;
	for (i = 0; mart_name(i) != NULL; i++)
		n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i > 0 ? ", " : "", mart_name(i));
	tool_usage(&tool, "-t: \"%s\" is none of the marts %s", name, all);
}

/* --columns: what a query must name for the mart, separated by commas; a line for each view or table it is made of. */
static int
print_columns(const char *name)
{
	struct mart *m = find_mart(name);
	size_t s, i, n;

	for (s = 0; mart_reads(m, s, &n) != NULL; s++) {
		for (i = 0; i < n; i++)
			printf("%s%s", i > 0 ? "," : "", mart_member(m, s, i));
		(void)putchar('\n');
	}
	mart_free(m);
	return ferror(stdout) || fflush(stdout) != 0 ? EX_IOERR : 0;
}

static int
aggregate_mart(const char *name, const char *days_arg, const char *batch_arg, uint64_t limit, char **files)
{
	struct stage st = { .tool = &tool, .flags = STAGE_ONCE | STAGE_BARRIERS, .made_of = "rows" };
	struct mart *m = find_mart(name);
	struct days days = { 0 };
	struct err e = ERR_NONE;
	struct record rec;
	struct fault fault;
	char batch[6 * BATCH_MAX + 2];
	struct slice id;
	int event, written = 0, rc;

	if (days_arg != NULL)
		read_days(&days, days_arg);
	if (days.hours > 0 && !mart_is_hourly(m))
		tool_usage(&tool, "--days: %s has days, not hours", name);
	id = batch_id(batch_arg, batch);
	stage_open(&st, files);
	while ((event = stage_next(&st, &rec)) > 0) {
		if (event == STAGE_BARRIER) {
			if (written++ == 0)
				put_mart(&st, m, id);
			continue;
		}
		if (behind(&st, written) == -1)
			continue;
		rc = mart_add(m, rec.json, days_arg != NULL ? &days : NULL, &fault, &e);
		if (rc == MART_COUNTED) {
			st.acct.folded++;
			within(&st, mart_bytes(m), limit, "rows", "aggregate fewer days at a time (--days)");
		} else if (rc >= 0) {
			stage_count(&st, mart_left_out[rc], 1);
			stage_filter(&st);
		} else if (fault.code != NULL)
			stage_reject(&st, &rec, &fault);
		else
			(void)stage_fail(&st, &e);
	}
	mart_free(m);
	days_fini(&days);
	return stage_close(&st);
}

static int
aggregate_groups(const char *fields, const char *const *expr, size_t exprs, uint64_t limit, char **files)
{
	struct stage st = { .tool = &tool, .flags = STAGE_ONCE | STAGE_BARRIERS, .made_of = "groups" };
	struct err e = ERR_NONE;
	struct group *g = group_new(fields, expr, exprs, &e);
	struct record rec;
	struct fault fault;
	int event, written = 0;
	size_t i, n;

	if (g == NULL)
		tool_usage(&tool, "%s", e.msg);
	stage_open(&st, files);
	while ((event = stage_next(&st, &rec)) > 0) {
		if (event == STAGE_BARRIER) {
			for (i = 0, n = written++ == 0 ? group_rows(g) : 0; i < n; i++)
				stage_made(&st, group_put(g, i, stage_room(&st, group_row_max(g, i))));
			continue;
		}
		if (behind(&st, written) == -1)
			continue;
		if (group_add(g, rec.json, &fault, &e) == 0) {
			st.acct.folded++;
			within(&st, group_bytes(g), limit, "groups", "group by what has fewer values, or let the store do it (wb-sql)");
		} else if (fault.code != NULL)
			stage_reject(&st, &rec, &fault);
		else
			(void)stage_fail(&st, &e);
	}
	group_free(g);
	return stage_close(&st);
}

int
main(int argc, char **argv)
{
	const char *mart = NULL, *days = NULL, *batch = NULL, *fields = NULL;
	const char **expr = mem_alloc((size_t)argc * sizeof *expr);
	size_t exprs = 0;
	uint64_t limit = MEMORY;
	int c, rc, columns = 0;

	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 't':
			mart = optarg;
			break;
		case 'g':
			fields = optarg;
			break;
		case 'a':
			expr[exprs++] = optarg;
			break;
		case 'S':
			limit = tool_size(&tool, "-S", optarg);
			break;
		case DAYS:
			days = optarg;
			break;
		case BATCH:
			batch = optarg;
			break;
		case COLUMNS:
			columns = 1;
			break;
		}
	if (mart != NULL && (fields != NULL || exprs > 0))
		tool_usage(&tool, "either a mart (-t) or a group-by (-g, -a)");
	if (columns && mart == NULL)
		tool_usage(&tool, "--columns: of which mart (-t)?");
	if (mart == NULL && (days != NULL || batch != NULL))
		tool_usage(&tool, "--days and --batch are for marts (-t)");
	if (mart == NULL && exprs == 0)
		tool_usage(&tool, "neither a mart (-t) nor expressions (-a)");
	rc = columns ? print_columns(mart)
	    : mart != NULL ? aggregate_mart(mart, days, batch, limit, argv + optind)
	    : aggregate_groups(fields, expr, exprs, limit, argv + optind);
	free(expr);
	return rc;
}
