/* wb-schema: makes the tables and views of a store, or brings them up to date. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/utc.h"
#include "io/file.h"
#include "io/out.h"
#include "net/chschema.h"
#include "net/chtext.h"
#include "net/http.h"
#include "net/pgschema.h"
#include "run/db.h"
#include "run/share.h"
#include "run/tool.h"

#define SCHEMA "5"	/* kept in wb_state; to be raised with every change of scripts/sql */
#define SQL_MAX (1u << 20)

enum { GRANT = TOOL_OWN, GREENPLUM };
static struct tool tool = {
	.name = "wb-schema",
	.usage = "wb-schema [-nv] [-d URL] [--grant ROLE] [--greenplum]",
	.letters = "d:n",
	.longs = (const struct option[]){
		{ "grant", required_argument, NULL, GRANT },
		{ "greenplum", no_argument, NULL, GREENPLUM },
		{ 0 },
	},
};

struct printer {
	struct out out;
	int print;
	unsigned n;
};

static void
say(void *arg, struct slice one)
{
	struct printer *p = arg;

	p->n++;
	if (!p->print)
		return;
	out_slice(&p->out, one);
	out_puts(&p->out, ";\n");
}

static void
die(const struct ch_fault *f)
{
	struct err e = ERR_NONE;

	(void)ch_err(f, &e);
	tool_die(&tool, &e);
}

/* The database of the address; 0 when it would have to be made first and nothing may be done. */
static int
database(struct ch *c, struct printer *p)
{
	struct ch_fault f = { 0 };
	struct buf sql = { 0 };
	unsigned version = 0;

	if (ch_version(c, &version, &f) == 0)
		return 1;
	if (f.code != 81)
		die(&f);
	buf_puts(&sql, "CREATE DATABASE IF NOT EXISTS ");
	chtext_name(&sql, slice_of(ch_db(c)));
	say(p, buf_as_slice(&sql));
	if (!p->print && ch_run_outside(c, buf_as_slice(&sql), &f) == -1)
		die(&f);
	buf_fini(&sql);
	return !p->print;
}

/* One file of scripts/sql. */
static void
read_file(const char *name, struct buf *text)
{
	struct err e = ERR_NONE;
	char path[4096];

	if (share_path(path, sizeof path, name) == -1)
		err_set(&e, EX_CONFIG, "the folder of %s has too long a name", name);
	else
		(void)file_read(path, SQL_MAX, text, &e);
	if (e.status != 0)
		tool_die(&tool, &e);
}

/* The same, adapted and applied. */
static void
apply(struct ch *c, unsigned version, const char *name, struct printer *p)
{
	struct ch_fault f = { 0 };
	struct buf text = { 0 }, own = { 0 };

	read_file(name, &text);
	chschema_adapt(buf_as_slice(&text), version, &own);
	if (chschema_apply(c, buf_as_slice(&own), p->print, say, p, &f) == -1)
		die(&f);
	buf_fini(&text);
	buf_fini(&own);
}

static void
remember(struct ch *c, int64_t now, struct printer *p)
{
	struct ch_fault f = { 0 };
	struct buf sql = { 0 }, text = { 0 };

	if (ch_text(c, SLICE("SELECT argMax(value, version) FROM wb_state WHERE name = 'schema'"), NULL, 0, 256, &text, &f) == -1 && !p->print)
		die(&f);
	if (strcmp(buf_str(&text), SCHEMA "\n") != 0) {
		buf_printf(&sql, "INSERT INTO wb_state (name, value, version) VALUES ('schema', '" SCHEMA "', %" PRId64 ")", now);
		say(p, buf_as_slice(&sql));
		if (!p->print && ch_run(c, buf_as_slice(&sql), &f) == -1)
			die(&f);
	}
	buf_fini(&sql);
	buf_fini(&text);
}

/* Everything, since there a view is read with the rights of who asks. */
static void
grant(struct ch *c, unsigned version, const char *role, struct printer *p)
{
	struct err e = ERR_NONE;
	struct ch_fault f = { 0 };
	struct buf sql = { 0 };

	if (version < CH_LEGACY) {
		err_set(&e, EX_CONFIG, "--grant: a server of this version knows no GRANT; its users.xml says who may read");
		tool_die(&tool, &e);
	}
	buf_puts(&sql, "GRANT SELECT ON ");
	chtext_name(&sql, slice_of(ch_db(c)));
	buf_puts(&sql, ".* TO ");
	chtext_name(&sql, slice_of(role));
	say(p, buf_as_slice(&sql));
	if (!p->print && ch_run(c, buf_as_slice(&sql), &f) == -1)
		die(&f);
	buf_fini(&sql);
}

static void
clickhouse(const char *url, const char *role, struct printer *p)
{
	struct err e = ERR_NONE;
	struct ch_fault f = { 0 };
	struct ch *c = ch_open(url, &e);
	unsigned version = 0;

	if (c == NULL)
		tool_die(&tool, &e);
	if (database(c, p) && ch_version(c, &version, &f) == -1)
		die(&f);
	if (version == 0)
		version = 2600;	/* of a database that is not there yet: as for current servers */
	apply(c, version, "sql/clickhouse.sql", p);
	apply(c, version, "sql/clickhouse_views.sql", p);
	remember(c, tool.now, p);
	if (role != NULL)
		grant(c, version, role, p);
	ch_close(c);
}

static void
postgres(const char *url, const char *role, int greenplum, struct printer *p)
{
	struct err e = ERR_NONE;
	struct pg_options options = { .conninfo = url, .app = tool.name };
	struct pgschema_options o = { .dry = p->print, .greenplum = greenplum, .grant = role, .version = SCHEMA, .now = tool.now, .say = say, .arg = p };
	struct buf tables = { 0 }, views = { 0 };
	struct pg *pg;

	read_file("sql/postgres.sql", &tables);
	read_file("sql/postgres_views.sql", &views);
	if ((pg = pg_open(&options, &e)) == NULL || pgschema_apply(pg, buf_as_slice(&tables), buf_as_slice(&views), &o, &e) == -1)
		tool_die(&tool, &e);
	pg_close(pg);
	buf_fini(&tables);
	buf_fini(&views);
}

int
main(int argc, char **argv)
{
	struct err e = ERR_NONE;
	struct printer p = { 0 };
	const char *url = env_get("WB_STORE"), *role = NULL;
	int o, greenplum = 0;

	tool.libs = http_library();
	while ((o = tool_opt(&tool, argc, argv)) != -1)
		switch (o) {
		case 'n': p.print = 1; break;
		case 'd': url = optarg; break;
		case GRANT: role = optarg; break;
		case GREENPLUM: greenplum = 1; break;
		}
	if (optind != argc)
		tool_usage(&tool, "no operands are taken");
	if (url == NULL)
		tool_usage(&tool, "-d URL (or WB_STORE) is needed");
	out_open(&p.out, STDOUT_FILENO, "standard output");
	if (db_kind_of(url) == DB_POSTGRES)
		postgres(url, role, greenplum, &p);
	else
		clickhouse(url, role, &p);
	if (out_flush(&p.out, &e) == -1)
		tool_die(&tool, &e);
	if (tool.verbose > 0)
		tool_say(&tool, "%u statements %s", p.n, p.print ? "to run" : "run");
	out_close(&p.out);
	return 0;
}
