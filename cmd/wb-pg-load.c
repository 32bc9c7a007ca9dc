/* wb-pg-load: loads records into a table of PostgreSQL or Greenplum, by key and version, exactly as sent or not at all. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/utc.h"
#include "io/file.h"
#include "io/retry.h"
#include "net/pgload.h"
#include "net/pgschema.h"
#include "parcel/table.h"
#include "run/days.h"
#include "run/pgreject.h"
#include "run/share.h"
#include "run/sink.h"

#define SCHEMA_MAX (1u << 20)

enum { SWAP = TOOL_OWN, DAYS, BATCH, TEE, GREENPLUM, CREATE };
static struct tool tool = {
	.name = "wb-pg-load",
	.usage = "wb-pg-load [-v] [-d CONN] [-h HOST] [-p PORT] [-U USER] [--create] [--tee | --swap --days LIST | FILE [--batch ID]]\n"
	    "       [-S SIZE] [-k COLUMN,...] [--greenplum] -t TABLE [FILE ...]",
	.letters = "d:h:p:U:t:S:k:",
	.longs = (const struct option[]){
		{ "swap", no_argument, NULL, SWAP },
		{ "days", required_argument, NULL, DAYS },
		{ "batch", required_argument, NULL, BATCH },
		{ "tee", no_argument, NULL, TEE },
		{ "greenplum", no_argument, NULL, GREENPLUM },
		{ "create", no_argument, NULL, CREATE },
		{ 0 },
	},
};

static struct {
	struct pg_options conn;
	const char *table, *days, *batch, *key;
	uint64_t memory;
	int swap, tee, greenplum, create;
} opt = { .conn = { .app = "wb-pg-load" } };

struct loader {
	struct sink sink;
	struct pgload *load;
	uint64_t done;		/* rows that the account has */
	struct buf days;
};

/* The name of a table without its schema, by which Waybill's own are known. */
static const char *
table_name(const char *table)
{
	const char *dot = strrchr(table, '.');

	return dot != NULL ? dot + 1 : table;
}

static void
say(void *arg, const char *line)
{
	(void)arg;
	tool_warn(&tool, "%s: it is tried again", line);
}

/* A row that the server refused. */
static void
refuse(void *arg, struct slice line, const struct fault *f)
{
	struct loader *l = arg;

	sink_refuse(&l->sink, line, f);
}

static void
count(struct loader *l)
{
	l->sink.st->acct.out += pgload_loaded(l->load) - l->done;
	l->done = pgload_loaded(l->load);
}

static int
add(void *arg, const struct record *r, struct fault *f, struct err *e)
{
	struct loader *l = arg;

	return pgload_add(l->load, r->json, r->line, r->src, f, e);
}

static int
flush(void *arg, struct err *e)
{
	struct loader *l = arg;
	int rc = pgload_flush(l->load, e);

	count(l);
	return rc;
}

static int
swap(void *arg, struct err *e)
{
	struct loader *l = arg;
	const char *name = table_name(opt.table);
	int rc = pgload_swap(l->load, opt.days, table_hour(name), table_scope(name), e);

	count(l);
	return rc;
}

static void
made(void *arg, struct slice statement)
{
	(void)arg;
	if (tool.verbose > 1)
		tool_say(&tool, "%.*s", (int)statement.n, statement.p);
}

/* Makes the table from the shipped schema if it is missing. */
static void
create(void)
{
	struct err e = ERR_NONE;
	struct buf text = { 0 };
	struct pgschema_options o = { .only = table_name(opt.table), .greenplum = opt.greenplum, .say = made };
	struct pg *p = NULL;
	unsigned tries;
	char path[4096];

	if (share_path(path, sizeof path, "sql/postgres.sql") == -1)
		err_set(&e, EX_CONFIG, "the folder of sql/postgres.sql has too long a name");
	else
		(void)file_read(path, SCHEMA_MAX, &text, &e);
	for (tries = 0; e.status == 0; tries++) {
		if ((p = pg_open(&opt.conn, &e)) != NULL && pgschema_apply(p, buf_as_slice(&text), (struct slice){ 0 }, &o, &e) == 0)
			break;
		pg_close(p);
		if (e.status != EX_TEMPFAIL)
			break;
		say(NULL, e.msg);
		e = ERR_NONE;
		retry_pause(tries);
	}
	if (e.status != 0)
		tool_die(&tool, &e);
	pg_close(p);
	buf_fini(&text);
}

static void
options(int argc, char **argv)
{
	int c;

	opt.conn.conninfo = env_get("WB_STORE");
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'd': opt.conn.conninfo = optarg; break;
		case 'h': opt.conn.host = optarg; break;
		case 'p': opt.conn.port = optarg; break;
		case 'U': opt.conn.user = optarg; break;
		case 't': opt.table = optarg; break;
		case 'S': opt.memory = tool_size(&tool, "-S", optarg); break;
		case 'k': opt.key = optarg; break;
		case SWAP: opt.swap = 1; break;
		case DAYS: opt.days = optarg; break;
		case BATCH: opt.batch = optarg; break;
		case TEE: opt.tee = 1; break;
		case GREENPLUM: opt.greenplum = 1; break;
		case CREATE: opt.create = 1; break;
		}
	if (opt.table == NULL)
		tool_usage(&tool, "-t TABLE is needed");
	if (opt.memory > 0 && opt.memory < 1u << 20)
		tool_usage(&tool, "-S: at least 1M");
	if (opt.swap != (opt.days != NULL) || (!opt.swap && opt.batch != NULL))
		tool_usage(&tool, "--swap and --days LIST|FILE go together; --batch ID with them");
	if (opt.swap && (opt.tee || opt.key != NULL))
		tool_usage(&tool, "%s and --swap exclude each other", opt.tee ? "--tee" : "-k");
	if (opt.batch != NULL && (strpbrk(opt.batch, "\"\\\n\t") != NULL || *opt.batch == '\0' || strlen(opt.batch) > 64))
		tool_usage(&tool, "--batch: not a plain text of 1 to 64 bytes");
}

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool, .flags = SINK_FLAGS };
	struct pgreject_store rejects = { .options = &opt.conn };
	struct loader l = { .sink = { .st = &st, .add = add, .flush = flush, .arg = &l,
	    .rejects = { .loader = &pgreject, .store = &rejects, .say = say } } };
	struct err e = ERR_NONE;
	struct table_fill fill[2] = { { .column = "batch_id" }, { .column = "computed_at" } };
	struct table_rules rules = { .known = table_known, .known_n = table_known_n, .is_object = table_is_object, .left = TABLE_LOADED_AT,
	    .fill = fill, .fills = 2 };
	struct pgload_config config = { .target.rules = &rules, .say = say, .refuse = refuse, .arg = &l };
	struct buf as = { 0 }, id = { 0 };
	char now[UTC_LEN + 3] = "\"";
	const char *name;
	int rc;

	options(argc, argv);
	name = table_name(opt.table);
	buf_printf(&id, "\"%s\"", opt.batch ? opt.batch : "");
	if (opt.batch == NULL) {
		buf_clear(&id);
		buf_printf(&id, "\"b%llx%lx\"", (unsigned long long)tool.now, (unsigned long)getpid());
	}
	*utc_put(now + 1, tool.now) = '"';
	fill[0].json = buf_str(&id);
	fill[1].json = now;
	buf_printf(&as, "%s:%s", tool.name, opt.table);
	st.as = buf_str(&as);
	rejects.delete_insert = opt.greenplum;
	l.sink.tees = opt.tee;
	l.sink.swap = opt.swap ? swap : NULL;
	sink_init(&l.sink);
	stage_open(&st, argv + optind);
	if (opt.swap && !st.lane)
		tool_usage(&tool, "--swap needs a lane (wb-run --once): in a plain pipeline a reader that died looks like the end");
	if (opt.swap && (opt.days = days_list(opt.days, &l.days, &e)) == NULL)
		tool_die(&tool, &e);
	if (opt.create)
		create();
	rules.name = name;
	config.target.table = opt.table;
	config.target.key = opt.key;
	config.memory = opt.memory;
	config.target.swap = opt.swap;
	config.target.delete_insert = opt.greenplum;
	config.max_refused = tool.reject_max;
	if (strcmp(name, "fct_event") == 0) {
		/* its partitions need the time in the primary key, where two versions of an event may differ */
		config.target.key = "shipment_id,event_id";
		config.target.delete_insert = 1;
		config.target.month = "ensure_event_month";
		config.target.month_column = "event_time";
	}
	if ((l.load = pgload_open(&opt.conn, &config, &e)) == NULL)
		tool_die(&tool, &e);
	sink_run(&l.sink);
	rc = stage_close(&st);
	pgload_close(l.load);
	sink_fini(&l.sink);
	buf_fini(&l.days);
	buf_fini(&as);
	buf_fini(&id);
	return rc;
}
