/* wb-reconcile: compares a table of the OLTP with the store and prints the keys that differ. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "run/db.h"
#include "run/reconcile.h"
#include "run/stage.h"

enum { SOURCE = TOOL_OWN, STORE, FROM, TO, SETTLE, EXTRA, WAIT };

static struct tool tool = {
	.name = "wb-reconcile",
	.usage = "wb-reconcile [-v] [--source CONN] [--store URL] -t TABLE [--from T] [--to T] [--settle D] [--extra] [-j N] [--wait D]",
	.letters = "t:j:d:",
	.longs = (const struct option[]){
		{ "source", required_argument, NULL, SOURCE },
		{ "store", required_argument, NULL, STORE },
		{ "from", required_argument, NULL, FROM },
		{ "to", required_argument, NULL, TO },
		{ "settle", required_argument, NULL, SETTLE },
		{ "extra", no_argument, NULL, EXTRA },
		{ "wait", required_argument, NULL, WAIT },
		{ 0 },
	},
};

static void
options(struct reconcile *r, int argc, char **argv)
{
	const char *table = NULL;
	int c;

	r->source = env_get("WB_SOURCE");
	r->store = env_get("WB_STORE");
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case SOURCE: r->source = optarg; break;
		case 'd':
		case STORE: r->store = optarg; break;
		case 't': table = optarg; break;
		case 'j': r->workers = (unsigned)tool_num(&tool, "-j", optarg, 1, RECONCILE_WORKERS); break;
		/* all stores have whole seconds */
		case FROM: r->from = utc_sec(tool_time(&tool, "--from", optarg)); break;
		case TO: r->to = utc_sec(tool_time(&tool, "--to", optarg)); break;
		case SETTLE: r->settle = tool_duration(&tool, "--settle", optarg); break;
		case WAIT: r->wait = tool_duration(&tool, "--wait", optarg); break;
		case EXTRA: r->extra = 1; break;
		}
	if (optind < argc)
		tool_usage(&tool, "\"%s\": no operand is taken (-t TABLE)", argv[optind]);
	if (table == NULL)
		tool_usage(&tool, "-t TABLE is needed");
	if ((r->pair = pair_find(table)) == NULL)
		tool_usage(&tool, "-t: \"%s\" is none of %s", table, pair_names());
	if (r->store == NULL || *r->store == '\0')
		tool_usage(&tool, "--store URL (or WB_STORE) is needed");
	if (r->source == NULL || *r->source == '\0')
		r->source = "application_name=wb-reconcile";	/* libpq's environment has the rest */
	if (r->pair->at == NULL && (r->from != INT64_MIN || r->to != INT64_MAX))
		tool_usage(&tool, "%s are compared as a whole: no --from, no --to", table);
	if (r->from >= r->to)
		tool_usage(&tool, "--to lies not behind --from");
}

/* A text of the store need not be UTF-8. */
static char *
put_text(char *p, struct slice s)
{
	struct buf b = { 0 };
	size_t n;

	while ((n = utf8_span(s.p, s.n)) < s.n) {
		buf_put(&b, s.p, n);
		buf_putc(&b, '?');
		s = (struct slice){ s.p + n + 1, s.n - n - 1 };
	}
	buf_slice(&b, s);
	p = json_quote(p, buf_as_slice(&b));
	buf_fini(&b);
	return p;
}

static char *
put(char *p, const char *s)
{
	const size_t n = strlen(s);

	memcpy(p, s, n);
	return p + n;
}

static void
print(struct stage *st, struct reconcile *r)
{
	static const char *const name[] = { "", "missing", "differs", "extra" };
	enum reconcile_why why;
	struct slice key;
	const char *nul;
	size_t i = 0;
	char *p;

	while (reconcile_next(r, &i, &key, &why) && stage_offer(st) == 0) {
		p = stage_room(st, 6 * key.n + strlen(r->pair->source) + 64);
		p = put(p, "{\"table\":\"");
		p = put(p, r->pair->source);
		p = put(p, "\",\"key\":");
		nul = memchr(key.p, '\0', key.n);
		if (r->pair->numeric) {
			memcpy(p, key.p, key.n);
			p += key.n;
		} else if (nul == NULL) {
			p = put_text(p, key);
		} else {
			*p++ = '[';
			p = put_text(p, (struct slice){ key.p, (size_t)(nul - key.p) });
			*p++ = ',';
			p = put_text(p, (struct slice){ nul + 1, key.n - (size_t)(nul + 1 - key.p) });
			*p++ = ']';
		}
		p = put(p, ",\"why\":\"");
		p = put(p, name[why]);
		stage_put(st, put(p, "\"}"));
	}
	stage_count(st, "missing", r->missing);
	stage_count(st, "differs", r->differs);
	stage_count(st, "extra", r->extras);
}

int
main(int argc, char **argv)
{
	char *no_files[] = { NULL };
	struct stage st = { .tool = &tool, .flags = STAGE_SOURCE };
	struct reconcile r = { .tool = &tool, .from = INT64_MIN, .to = INT64_MAX, .settle = 300, .wait = 60, .workers = 1 };
	struct err e = ERR_NONE;
	int rc;

	tool.libs = db_libraries();
	options(&r, argc, argv);
	stage_open(&st, no_files);
	if (reconcile_run(&r, &e) == -1)
		(void)stage_fail(&st, &e);
	else
		print(&st, &r);
	if (e.status == 0 && tool.verbose > 0)
		tool_say(&tool, "%s: %" PRIu64 " rows in the source, %" PRIu64 " in the store; %" PRIu64 " of %" PRIu64 " buckets differ, %" PRIu64 " keys looked up; %"
		    PRIu64 " missing, %" PRIu64 " differ, %" PRIu64 " extra", r.pair->source, r.source_rows, r.store_rows, r.differing, r.buckets,
		    r.suspects, r.missing, r.differs, r.extras);
	rc = stage_close(&st);
	if (rc == 0 && r.missing + r.differs > 0)
		rc = 1;
	reconcile_fini(&r);
	return rc;
}
