/* Rows of clients, carriers, regions and calendars to rows of the dimensions: what has changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/utc.h"
#include "io/file.h"
#include "parcel/dim.h"
#include "parcel/rules.h"
#include "run/rows.h"
#include "run/share.h"
#include "run/stage.h"
#include "run/store.h"

enum { CURRENT = TOOL_OWN, FROM, TO };

static const struct option longs[] = {
	{ "current", required_argument, NULL, CURRENT },
	{ "from", required_argument, NULL, FROM },
	{ "to", required_argument, NULL, TO },
	{ 0 },
};

static struct tool tool = {
	.name = "wb-dim",
	.usage = "wb-dim [-v] [-d URL | --current FILE] [-S SIZE] -t dim_client|dim_carrier|dim_region [FILE ...]\n"
	    "wb-dim [-v] [-d URL | --current FILE] -t dim_date -r FILE --from DAY --to DAY",
	.letters = "d:t:r:S:",
	.longs = longs,
};

/* What is compared with what. */
struct job {
	struct stage st;
	struct dim dim;
	struct store *store;		/* or NULL */
	const char *current;		/* file, or NULL */
	uint64_t limit;			/* bytes of rows */
	uint64_t changed, same, older;	/* what the account has of the dimension's counters */
};

/* ---- the rows that stand */

static int
file_row(void *dim, const struct json *j, struct err *e)
{
	struct fault f = { 0 };

	if (dim_current(dim, j, &f) == -1)
		return err_set(e, EX_CONFIG, "%s: %s", f.field, f.msg);
	return 0;
}

static int
store_row(void *dim, const struct json *j, struct err *e)
{
	struct fault f = { 0 };

	if (dim_current(dim, j, &f) == -1)
		return err_set(e, EX_DATAERR, "%s: %s", f.field, f.msg);
	return 0;
}

/* Rows of the store, which may come twice, and older ones with them: the newest counts. */
static int
ask(struct job *b, const char *column, const char *where, const struct slice *key, size_t n, struct err *e)
{
	struct store_query q = { .table = dim_table_name[b->dim.table], .key = column, .numeric = 1, .where = where,
	    .row = store_row, .arg = &b->dim };
	struct buf columns = { 0 };
	int rc;

	dim_columns(b->dim.table, &columns);
	q.columns = buf_str(&columns);
	rc = store_rows(b->store, &q, key, n, e);
	buf_fini(&columns);
	return rc;
}

/* Those of the keys that are concerned.  Keys that rows of the store bring are not asked for. */
static int
ask_keys(struct job *b, struct err *e)
{
	const size_t n = dim_keys(&b->dim);
	struct slice *key = mem_alloc((n + 1) * sizeof *key);
	size_t i, asked = 0;
	int rc;

	for (i = 0; i < n; i++)
		asked += (size_t)dim_asks(&b->dim, i, &key[asked]);
	rc = ask(b, b->dim.table == DIM_CLIENT ? "client_id" : "carrier_id", NULL, key, asked, e);
	free(key);
	return rc;
}

/* Regions and days are few: all of them, or those of a stretch of time. */
static int
ask_all(struct job *b, const char *where, struct err *e)
{
	return dim_keys(&b->dim) == 0 ? 0 : ask(b, NULL, where, NULL, 0, e);
}

/* ---- what has changed */

static void
print(struct job *b)
{
	struct dim *d = &b->dim;
	size_t i, n = dim_compare(d);

	for (i = 0; i < n && !b->st.out.failed; i++)
		stage_made(&b->st, dim_put(d, i, stage_room(&b->st, dim_size(d, i))));
	b->st.acct.folded += d->changed - b->changed;
	b->st.acct.filtered += d->same - b->same + d->older - b->older;
	if (d->same > b->same)
		stage_count(&b->st, "same", d->same - b->same);
	if (d->older > b->older)
		stage_count(&b->st, "older", d->older - b->older);
	b->changed = d->changed;
	b->same = d->same;
	b->older = d->older;
	dim_next(d);
}

static int
too_large(struct job *b, struct err *e)
{
	if (dim_bytes(&b->dim) <= b->limit)
		return 0;
	return err_set(e, EX_DATAERR, "the rows take more than -S %llu bytes", (unsigned long long)b->limit);
}

/* Rows of the source, compared at each checkpoint. */
static void
compare_rows(struct job *b)
{
	struct stage *st = &b->st;
	struct err e = ERR_NONE;
	struct record r;
	struct fault f;
	int event;

	while ((event = stage_next(st, &r)) > 0) {
		if (event == STAGE_BARRIER) {
			if (b->store == NULL || (b->dim.table == DIM_REGION ? ask_all(b, NULL, &e) : ask_keys(b, &e)) == 0)
				print(b);
			else
				(void)stage_fail(st, &e);
		} else if (dim_row(&b->dim, r.json, r.src, &f) == -1) {
			stage_reject(st, &r, &f);
		} else if (too_large(b, &e) == -1) {
			(void)stage_fail(st, &e);
		}
	}
}

/* ---- days */

/* The days of all calendars of a rule file, and its age. */
static void
read_days(struct job *b, const char *file, int32_t from, int32_t to)
{
	struct taxonomy t = { 0 };
	struct rules rules = { 0 };
	struct buf text = { 0 };
	struct err e = ERR_NONE;
	struct stat s;
	int64_t version = tool.now;
	int32_t day;
	size_t i;

	if (share_taxonomy(&t, &e) == -1)
		tool_die(&tool, &e);
	rules_init(&rules);
	if (file_read(file, RULES_MAX, &text, &e) == -1 || rules_read(&rules, &t, file, buf_as_slice(&text), &e) == -1)
		tool_die(&tool, &e);
	if (!tool.has_now && strcmp(file, "-") != 0 && stat(file, &s) == 0)
		version = (int64_t)s.st_mtim.tv_sec * 1000 + s.st_mtim.tv_nsec / 1000000;
	if (rules.calendars == 0)
		tool_say(&tool, "%s: no calendar", file);
	for (i = 0; i < rules.calendars; i++)
		for (day = from; day <= to && stage_offer(&b->st) == 0; day++)
			dim_day(&b->dim, rules.calendar[i], day, version);
	rules_fini(&rules);
	taxonomy_fini(&t);
	buf_fini(&text);
}

static void
compare_days(struct job *b, const char *file, int32_t from, int32_t to)
{
	struct err e = ERR_NONE;
	char where[64], first[UTC_DAY_LEN], last[UTC_DAY_LEN];

	read_days(b, file, from, to);
	(void)utc_put_day(first, from);
	(void)utc_put_day(last, to);
	(void)snprintf(where, sizeof where, "day BETWEEN '%.10s' AND '%.10s'", first, last);
	if (b->store != NULL && ask_all(b, where, &e) == -1)
		(void)stage_fail(&b->st, &e);
	else
		print(b);
	if (b->dim.older > 0)
		tool_say(&tool, "%llu days of the store come from a newer rule file: they stand (--now TIME gives this one another age)",
		    (unsigned long long)b->dim.older);
}

/* ---- options */

static int32_t
day_arg(const char *option, const char *arg)
{
	int32_t day = 0;

	if (arg == NULL)
		tool_usage(&tool, "dim_date needs -r FILE, --from DAY and --to DAY");
	if (utc_get_day(slice_of(arg), &day) == -1 || day < CALENDAR_FIRST || day >= CALENDAR_FIRST + CALENDAR_DAYS)
		tool_usage(&tool, "%s: \"%s\" is no day of 2000-01-01 to 2099-12-31", option, arg);
	return day;
}

static enum dim_table
table_arg(const char *name)
{
	int i;

	for (i = 0; i < DIM_TABLES; i++)
		if (strcmp(name, dim_table_name[i]) == 0)
			return (enum dim_table)i;
	tool_usage(&tool, "-t: \"%s\" is none of dim_client, dim_carrier, dim_region, dim_date", name);
}

/* Where the rows that stand come from. */
static void
open_current(struct job *b, const char *url)
{
	struct err e = ERR_NONE;

	if (b->current == NULL && url == NULL && b->dim.table != DIM_DATE)
		tool_say(&tool, "no -d URL and no --current FILE: every row counts as new");
	if (b->current != NULL && rows_read(b->current, file_row, &b->dim, &e) == -1)
		tool_die(&tool, &e);
	if (b->current != NULL || url == NULL)
		return;
	if ((b->store = store_open(url, &tool, &e)) == NULL)
		tool_die(&tool, &e);
}

int
main(int argc, char **argv)
{
	struct job b = { .st = { .tool = &tool, .made_of = "rows" }, .limit = 1u << 30 };
	const char *url = NULL, *t = NULL, *rules = NULL, *from_arg = NULL, *to_arg = NULL;
	enum dim_table table;
	int32_t from = 0, to = 0;
	int c, rc;

	tool.libs = store_libraries();
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'd':
			url = optarg;
			break;
		case 't':
			t = optarg;
			break;
		case 'r':
			rules = optarg;
			break;
		case 'S':
			b.limit = tool_size(&tool, "-S", optarg);
			break;
		case CURRENT:
			b.current = optarg;
			break;
		case FROM:
			from_arg = optarg;
			break;
		case TO:
			to_arg = optarg;
			break;
		}
	if (t == NULL)
		tool_usage(&tool, "-t TABLE is needed");
	table = table_arg(t);
	if (url != NULL && b.current != NULL)
		tool_usage(&tool, "-d URL or --current FILE, not both");
	if (table != DIM_DATE && (rules != NULL || from_arg != NULL || to_arg != NULL))
		tool_usage(&tool, "-r, --from and --to are for -t dim_date");
	if (table == DIM_DATE) {
		from = day_arg("--from", from_arg);
		to = day_arg("--to", to_arg);
		if (rules == NULL || to < from)
			tool_usage(&tool, rules == NULL ? "dim_date needs -r FILE, --from DAY and --to DAY" : "--to lies before --from");
		if (optind != argc)
			tool_usage(&tool, "dim_date reads the rule file alone: \"%s\"", argv[optind]);
	}
	if (url == NULL)
		url = env_get("WB_STORE");
	dim_init(&b.dim, table, tool.now);
	open_current(&b, url);
	/* without a store nobody knows after a restart what has been loaded since */
	b.st.flags = table == DIM_DATE ? STAGE_SOURCE : b.store != NULL ? STAGE_BARRIERS : STAGE_BARRIERS | STAGE_ONCE;
	stage_open(&b.st, argv + optind);
	if (table == DIM_DATE)
		compare_days(&b, rules, from, to);
	else
		compare_rows(&b);
	rc = stage_close(&b.st);
	dim_fini(&b.dim);
	store_close(b.store);
	return rc;
}
