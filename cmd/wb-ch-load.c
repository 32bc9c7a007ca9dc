/* wb-ch-load: loads records into a table of a ClickHouse store, exactly as sent or not at all. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/utc.h"
#include "io/file.h"
#include "io/retry.h"
#include "net/chload.h"
#include "net/chschema.h"
#include "net/chswap.h"
#include "net/chtext.h"
#include "net/http.h"
#include "parcel/table.h"
#include "run/chreject.h"
#include "run/days.h"
#include "run/share.h"
#include "run/sink.h"

enum { CREATE = TOOL_OWN, SWAP, DAYS, BATCH, TEE };
static const struct option longs[] = {
	{ "create", no_argument, NULL, CREATE },
	{ "swap", no_argument, NULL, SWAP },
	{ "days", required_argument, NULL, DAYS },
	{ "batch", required_argument, NULL, BATCH },
	{ "tee", no_argument, NULL, TEE },
	{ 0 }
};
static struct tool tool = {
	.name = "wb-ch-load",
	.usage = "wb-ch-load [-v] [-d URL] [--create] [--tee | --swap --days LIST | FILE [--batch ID]] [-S SIZE]\n"
	    "       -t TABLE [FILE ...]",
	.letters = "d:t:S:",
	.longs = longs,
};

#define SCHEMA_MAX (1u << 20)

struct loader {
	struct sink sink;
	struct chload *load;
	struct chload_count done;	/* what the account has */
	struct chswap *swap;
};

static void
say(void *arg, const char *line)
{
	(void)arg;
	tool_warn(&tool, "%s", line);
}

static void
trace(void *arg, const char *line)
{
	(void)arg;
	tool_say(&tool, "%s", line);
}

static struct ch *
open_store(const char *url)
{
	struct err e = ERR_NONE;
	struct ch *c = ch_open(url, &e);

	if (c == NULL)
		tool_die(&tool, &e);
	if (tool.verbose > 1)
		ch_trace(c, trace, NULL);
	return c;
}

/* Makes the table from the shipped schema if it is missing. */
static void
create(struct ch *c, const char *table)
{
	struct err e = ERR_NONE;
	struct ch_fault f = { 0 };
	struct buf text = { 0 }, own = { 0 };
	struct slice one;
	unsigned version = 0, tries;
	char path[4096];

	if (share_path(path, sizeof path, "sql/clickhouse.sql") == -1 || file_read(path, SCHEMA_MAX, &text, &e) == -1)
		goto die;
	for (tries = 0; ch_version(c, &version, &f) == -1 && f.class != CH_CONFIG; tries++)
		retry_pause(tries);
	chschema_adapt(buf_as_slice(&text), version, &own);
	if (!chschema_table(buf_as_slice(&own), table, &one))
		err_set(&e, EX_CONFIG, "--create: the schema that ships with Waybill has no table %s", table);
	else if (f.class == CH_CONFIG || ch_run(c, one, &f) == -1)
		(void)ch_err(&f, &e);
die:
	if (e.status != 0)
		tool_die(&tool, &e);
	buf_fini(&text);
	buf_fini(&own);
}

/* A row that the server refused. */
static void
refuse(void *arg, struct slice line, const struct fault *f)
{
	struct loader *l = arg;

	sink_refuse(&l->sink, line, f);
}

/* What has become of the rows since the last time goes into the account. */
static void
count(struct loader *l)
{
	struct chload_count now = chload_count(l->load);
	struct stage *st = l->sink.st;
	struct account *a = &st->acct;

	a->out += now.loaded - l->done.loaded;
	a->filtered += now.replaced - l->done.replaced;
	if (now.replaced > l->done.replaced)
		stage_count(st, "replaced", now.replaced - l->done.replaced);
	if (now.conflicts > l->done.conflicts)
		stage_count(st, "id_conflict", now.conflicts - l->done.conflicts);
	l->done = now;
}

struct month {
	uint32_t month;
	uint64_t rows;
};

static void
add_month(void *arg, uint32_t month, uint64_t rows)
{
	struct month *m = arg;

	if (m->month == month)
		m->rows += rows;
}

static uint64_t
rows_of(void *arg, uint32_t month)
{
	struct month m = { .month = month };

	chload_months(arg, add_month, &m);
	return m.rows;
}

static int
swap(void *arg, struct err *e)
{
	struct loader *l = arg;

	return chswap_commit(l->swap, rows_of, l->load, e);
}

static int
flush(void *arg, struct err *e)
{
	struct loader *l = arg;
	int rc = chload_flush(l->load, e);

	count(l);
	return rc;
}

static int
add(void *arg, const struct record *r, struct fault *f, struct err *e)
{
	struct loader *l = arg;

	if (l->swap != NULL && chswap_check(l->swap, r->json, f) == -1)
		return 0;
	return chload_add(l->load, r->json, r->line, r->src, f, e);
}

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool, .flags = SINK_FLAGS };
	struct loader l = { .sink = { .st = &st, .add = add, .flush = flush, .arg = &l } };
	struct err e = ERR_NONE;
	struct chload_config config = { .say = say, .refuse = refuse, .arg = &l };
	struct table_rules rules = { .known = table_known, .known_n = table_known_n, .may_lack = table_may_lack,
	    .is_bool = table_is_bool, .is_object = table_is_object, .left = TABLE_LOADED_AT };
	const char *url = env_get("WB_STORE"), *table = NULL;
	struct table_fill fill[2] = { { .column = "batch_id" }, { .column = "computed_at" } };
	struct chswap_config swapping = { .lineage = table_is_lineage };
	struct buf as = { 0 }, days = { 0 }, id = { 0 };
	char now[UTC_LEN + 3] = "\"", batch[40];
	struct ch *c = NULL, *c2 = NULL;
	int o, rc, make = 0, swapped = 0;

	tool.libs = http_library();
	while ((o = tool_opt(&tool, argc, argv)) != -1)
		switch (o) {
		case 'd':
			url = optarg;
			break;
		case 't':
			table = optarg;
			break;
		case 'S':
			config.memory = tool_size(&tool, "-S", optarg);
			break;
		case CREATE:
			make = 1;
			break;
		case SWAP:
			swapped = 1;
			break;
		case DAYS:
			swapping.days = optarg;
			break;
		case BATCH:
			swapping.batch = optarg;
			break;
		case TEE:
			l.sink.tees = 1;
			break;
		}
	if (table == NULL || !chtext_is_name(slice_of(table)))
		tool_usage(&tool, "-t TABLE is needed, a name of letters, digits and _");
	if (url == NULL)
		tool_usage(&tool, "-d URL (or WB_STORE) is needed");
	if (config.memory > 0 && config.memory < 1u << 20)
		tool_usage(&tool, "-S: at least 1M");
	if (swapped != (swapping.days != NULL) || (!swapped && swapping.batch != NULL))
		tool_usage(&tool, "--swap and --days LIST|FILE go together; --batch ID with them");
	if (swapped && l.sink.tees)
		tool_usage(&tool, "--tee and --swap exclude each other");
	(void)snprintf(batch, sizeof batch, "b%llx%lx", (unsigned long long)tool.now, (unsigned long)getpid());
	if (swapping.batch == NULL)
		swapping.batch = batch;
	if (strpbrk(swapping.batch, "\"\\\n\t") != NULL || *swapping.batch == '\0' || strlen(swapping.batch) > 64)
		tool_usage(&tool, "--batch: not a plain text of 1 to 64 bytes");
	buf_printf(&id, "\"%s\"", swapping.batch);
	*utc_put(now + 1, tool.now) = '"';
	fill[0].json = buf_str(&id);
	fill[1].json = now;
	c = open_store(url);
	buf_printf(&as, "%s:%s", tool.name, table);
	st.as = buf_str(&as);
	l.sink.rejects = (struct rejects){ .loader = &chreject, .store = c, .say = say };
	l.sink.swap = swapped ? swap : NULL;
	sink_init(&l.sink);
	stage_open(&st, argv + optind);
	if (swapped && !st.lane)
		tool_usage(&tool, "--swap needs a lane (wb-run --once): in a plain pipeline a reader that died looks like the end");
	if (make)
		create(c, table);
	rules.name = config.table = table;
	rules.fill = fill;
	rules.fills = 2;
	if (swapped) {
		swapping.table = table;
		swapping.hour = table_hour(table);
		swapping.scope = table_scope(table);
		if ((swapping.days = days_list(swapping.days, &days, &e)) == NULL)
			tool_die(&tool, &e);
		if ((c2 = ch_again(c, &e)) == NULL || (l.swap = chswap_open(c2, &swapping, &e)) == NULL)
			tool_die(&tool, &e);
		config.table = chswap_stage(l.swap);
	}
	config.rules = &rules;
	config.tie_smaller = table_tie_smaller(table);
	config.max_refused = tool.reject_max;
	if ((l.load = chload_open(c, &config, &e)) == NULL)
		tool_die(&tool, &e);
	sink_run(&l.sink);
	rc = stage_close(&st);
	chswap_close(l.swap);
	if (rc != 0)
		_exit(rc);	/* a batch may be on its way to a server that does not answer */
	chload_close(l.load);
	sink_fini(&l.sink);
	ch_close(c);
	ch_close(c2);
	buf_fini(&as);
	buf_fini(&days);
	buf_fini(&id);
	return 0;
}
