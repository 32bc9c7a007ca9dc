/* wb-ch-load: loads records into a table of a ClickHouse store, exactly as sent or not at all. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/env.h"
#include "base/num.h"
#include "base/utc.h"
#include "io/file.h"
#include "net/chload.h"
#include "net/chschema.h"
#include "net/chtext.h"
#include "net/http.h"
#include "parcel/table.h"
#include "rec/src.h"
#include "run/share.h"
#include "run/stage.h"

enum { CREATE = TOOL_OWN };
static const struct option longs[] = {
	{ "create", no_argument, NULL, CREATE },
	{ 0 }
};
static struct tool tool = {
	.name = "wb-ch-load",
	.usage = "wb-ch-load [-v] [-d URL] [--create] [-S SIZE] -t TABLE [FILE ...]",
	.letters = "d:t:S:",
	.longs = longs,
};

#define SCHEMA_MAX (1u << 20)
#define REJECTS "wb_reject"

/* Rejects are rows of a table of their own, stored after the rows of the same checkpoint. */
struct rejects {
	const char *url;
	struct ch *c;
	struct chload *load;
	struct json json;	/* of the row made of a reject */
	struct json seen;	/* of a reject of this stage */
	struct buf row;
	struct err err;
};

struct loader {
	struct stage *st;
	struct chload *load;
	struct chload_count done;	/* what the account has */
	struct rejects rejects;
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
		chload_pause(tries);
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

/* A reject that names no source: its bytes stand for it, so that it is one row however often it comes. */
static int64_t
stand_in(struct slice raw)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	int64_t v = 0;

	(void)EVP_Digest(raw.p, raw.n, sum, NULL, EVP_sha256(), NULL);
	memcpy(&v, sum, sizeof v);
	return v & INT64_MAX;
}

static void
put_member(struct buf *b, const struct json *j, const char *name)
{
	const struct json_member *m = json_get(j, slice_of(name));

	buf_printf(b, ",\"%s\":", name);
	buf_slice(b, m ? m->v.raw : SLICE("\"\""));
}

/* One reject, the object {src, stage, code, ...}, as a row of wb_reject. */
static void
keep_reject(struct rejects *k, const struct json *reject)
{
	const struct json_member *src = json_get(reject, SLICE("src")), *raw = json_get(reject, SLICE("raw")),
	    *state = json_get(reject, SLICE("state"));
	struct src s = { .topic = { "", 0 } };
	struct fault f;
	char ts[UTC_LEN];
	static const char *const member[] = { "stage", "code", "field", "msg", "raw" };
	static const struct chtable_rules rules = { .name = REJECTS, .left = TABLE_LOADED_AT };
	struct chload_config config = { .table = REJECTS, .rules = &rules, .memory = 32u << 20, .max_refused = 1, .say = say };
	size_t i;

	if (k->err.status != 0)
		return;
	if (k->load == NULL) {
		k->c = open_store(k->url);
		if ((k->load = chload_open(k->c, &config, &k->err)) == NULL)
			return;
	}
	if (src == NULL || src_get(&src->v, &s) == -1)
		s = (struct src){ .topic = { "", 0 }, .offset = stand_in(raw ? raw->v.raw : reject->member[0].v.raw) };
	if (s.ts_ms < 0 || s.ts_ms > 4102444799999)
		s.ts_ms = 0;
	(void)utc_put(ts, s.ts_ms);
	buf_clear(&k->row);
	buf_printf(&k->row, "{\"src_topic\":\"%.*s\",\"src_partition\":%lld,\"src_offset\":%lld,\"src_i\":%lld,\"ts\":\"%.*s\"",
	    (int)s.topic.n, s.topic.p, (long long)s.partition, (long long)s.offset, (long long)s.i, UTC_LEN, ts);
	for (i = 0; i < sizeof member / sizeof *member; i++)
		put_member(&k->row, reject, member[i]);
	if (state != NULL)
		put_member(&k->row, reject, "state");
	buf_putc(&k->row, '}');
	(void)buf_room(&k->row, JSON_PAD);
	if (json_scan(&k->json, buf_as_slice(&k->row)) == -1)
		err_set(&k->err, EX_SOFTWARE, "broken control line @reject: %s", k->json.fault);
	else if (chload_add(k->load, &k->json, buf_as_slice(&k->row), NULL, &f, &k->err) == 0)
		err_set(&k->err, EX_SOFTWARE, "broken control line @reject: %s: %s", f.field, f.msg);
}

/* A reject of this stage itself, as a line. */
static void
keep_own(void *arg, struct slice line)
{
	struct rejects *k = arg;

	if (json_scan(&k->seen, line) == 0 && json_scan(&k->seen, k->seen.member[0].v.raw) == 0)
		keep_reject(k, &k->seen);
}

/* A row that the server refused. */
static void
refuse(void *arg, struct slice line, const struct fault *f)
{
	struct loader *l = arg;
	struct slice src = src_peek(line);

	stage_reject_raw(l->st, src, line, f);
}

/* What has become of the rows since the last time goes into the account. */
static void
count(struct loader *l)
{
	struct chload_count now = chload_count(l->load);
	struct account *a = &l->st->acct;

	a->out += now.loaded - l->done.loaded;
	a->filtered += now.replaced - l->done.replaced;
	if (now.replaced > l->done.replaced)
		stage_count(l->st, "replaced", now.replaced - l->done.replaced);
	if (now.conflicts > l->done.conflicts)
		stage_count(l->st, "id_conflict", now.conflicts - l->done.conflicts);
	l->done = now;
}

/* Rows first, then rejects: when both are stored the checkpoint may go on. */
static int
barrier(struct loader *l, struct err *e)
{
	struct rejects *k = &l->rejects;
	int rc;

	rc = chload_flush(l->load, e);
	count(l);
	if (rc == -1)
		return -1;
	if (k->err.status == 0 && k->load != NULL)
		(void)chload_flush(k->load, &k->err);
	if (k->err.status == 0)
		return 0;
	*e = k->err;
	return err_at(e, REJECTS);
}

static int
load(struct loader *l)
{
	struct stage *st = l->st;
	struct err e = ERR_NONE;
	struct record r;
	struct fault f;
	int event;

	while ((event = stage_next(st, &r)) > 0) {
		switch (event) {
		case STAGE_RECORD:
			switch (chload_add(l->load, r.json, r.line, r.src, &f, &e)) {
			case 0:
				stage_reject(st, &r, &f);
				break;
			case -1:
				(void)stage_fail(st, &e);
				break;
			}
			break;
		case STAGE_REJECTED:
			keep_reject(&l->rejects, r.json);
			break;
		case STAGE_BARRIER:
			if (barrier(l, &e) == -1)
				(void)stage_fail(st, &e);
			break;
		}
		if (l->rejects.err.status != 0)
			(void)stage_fail(st, &l->rejects.err);
	}
	return event;
}

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool, .flags = STAGE_BARRIERS | STAGE_REJECTS | STAGE_SINK };
	struct loader l = { .st = &st };
	struct err e = ERR_NONE;
	struct chload_config config = { .say = say, .refuse = refuse, .arg = &l };
	struct chtable_rules rules = { .known = table_known, .known_n = table_known_n, .may_lack = table_may_lack,
	    .is_bool = table_is_bool, .is_object = table_is_object, .left = TABLE_LOADED_AT };
	const char *url = env_get("WB_STORE"), *table = NULL;
	struct buf as = { 0 };
	struct ch *c = NULL;
	int o, rc, make = 0;

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
		}
	if (table == NULL || !chtext_is_name(slice_of(table)))
		tool_usage(&tool, "-t TABLE is needed, a name of letters, digits and _");
	if (url == NULL)
		tool_usage(&tool, "-d URL (or WB_STORE) is needed");
	if (config.memory > 0 && config.memory < 1u << 20)
		tool_usage(&tool, "-S: at least 1M");
	c = open_store(url);
	buf_printf(&as, "%s:%s", tool.name, table);
	st.as = buf_str(&as);
	st.keep = keep_own;
	st.keep_arg = &l.rejects;
	l.rejects.url = url;
	stage_open(&st, argv + optind);
	if (make)
		create(c, table);
	rules.name = config.table = table;
	config.rules = &rules;
	config.tie_smaller = table_tie_smaller(table);
	config.max_refused = tool.reject_max;
	if ((l.load = chload_open(c, &config, &e)) == NULL)
		tool_die(&tool, &e);
	(void)load(&l);
	rc = stage_close(&st);
	if (rc != 0)
		_exit(rc);	/* a batch may be on its way to a server that does not answer */
	chload_close(l.load);
	chload_close(l.rejects.load);
	ch_close(l.rejects.c);
	ch_close(c);
	json_fini(&l.rejects.json);
	json_fini(&l.rejects.seen);
	buf_fini(&l.rejects.row);
	buf_fini(&as);
	return 0;
}
