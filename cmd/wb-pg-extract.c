/* wb-pg-extract: tables of PostgreSQL to NDJSON, from one snapshot, whole or what is new. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/utc.h"
#include "io/file.h"
#include "io/sig.h"
#include "net/pg.h"
#include "net/pgmark.h"
#include "net/pgtable.h"
#include "run/ack.h"
#include "run/pgread.h"
#include "run/rows.h"
#include "run/stage.h"

#define SEC 1000000000LL
#define WORKERS_MAX 64
#define KEYS_CHUNK 1000		/* keys in one statement */
#define PAGES_MIN 1024		/* of a range of ctid */
#define OLD_SEC 600		/* a transaction that is told */

enum { NAME = TOOL_OWN, STATE, FULL, KEYS, SNAPSHOT, WHERE, LAG, CURSOR, MICROS, WAIT, ACK_TIMEOUT, GRACE };

static struct tool tool = {
	.name = "wb-pg-extract",
	.usage = "wb-pg-extract [-v] [-d CONN] [-h HOST] [-p PORT] [-U USER] {-t TABLE ... | -q SQL --name NAME} [-j N] [--where SQL] "
	    "[--keys FILE] [--state FILE [--full] [--lag D]] [--cursor COLUMN[,ID]] [--snapshot ID] [--micros] [--wait D]",
	.letters = "d:h:p:U:t:q:j:",
	.longs = (const struct option[]){
		{ "name", required_argument, NULL, NAME },
		{ "state", required_argument, NULL, STATE },
		{ "full", no_argument, NULL, FULL },
		{ "keys", required_argument, NULL, KEYS },
		{ "snapshot", required_argument, NULL, SNAPSHOT },
		{ "where", required_argument, NULL, WHERE },
		{ "lag", required_argument, NULL, LAG },
		{ "cursor", required_argument, NULL, CURSOR },
		{ "micros", no_argument, NULL, MICROS },
		{ "wait", required_argument, NULL, WAIT },
		{ "ack-timeout", required_argument, NULL, ACK_TIMEOUT },
		{ "grace", required_argument, NULL, GRACE },
		{ 0 },
	},
};

static struct {
	struct pg_options conn;
	const char **name;	/* of tables */
	size_t names, cap;
	const char *query, *query_name, *state, *keys, *snapshot, *where, *cursor;
	int full, micros;
	unsigned workers;
	int64_t lag, wait, grace, ack_timeout;	/* s */
} opt = { .conn = { .app = "wb-pg-extract" }, .workers = 1, .lag = 10, .wait = 60, .grace = 30, .ack_timeout = 600 };

struct extract {
	struct stage st;
	struct pg *pg;
	struct pgtable *table;
	size_t n;
	struct pgstate state;
	struct pghorizon horizon;
	struct pgread read;
	struct buf keys;	/* of --keys: literals of SQL, each followed by NUL */
};

static void
options(int argc, char **argv)
{
	int c;

	opt.conn.conninfo = env_get("WB_SOURCE");
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'd': opt.conn.conninfo = optarg; break;
		case 'h': opt.conn.host = optarg; break;
		case 'p': opt.conn.port = optarg; break;
		case 'U': opt.conn.user = optarg; break;
		case 't':
			opt.name = mem_grow(opt.name, &opt.cap, opt.names + 1, sizeof *opt.name);
			opt.name[opt.names++] = optarg;
			break;
		case 'q': opt.query = optarg; break;
		case NAME: opt.query_name = optarg; break;
		case 'j': opt.workers = (unsigned)tool_num(&tool, "-j", optarg, 1, WORKERS_MAX); break;
		case STATE: opt.state = optarg; break;
		case FULL: opt.full = 1; break;
		case KEYS: opt.keys = optarg; break;
		case SNAPSHOT: opt.snapshot = optarg; break;
		case WHERE: opt.where = optarg; break;
		case LAG: opt.lag = tool_duration(&tool, "--lag", optarg); break;
		case CURSOR: opt.cursor = optarg; break;
		case MICROS: opt.micros = 1; break;
		case WAIT: opt.wait = tool_duration(&tool, "--wait", optarg); break;
		case ACK_TIMEOUT: opt.ack_timeout = tool_duration(&tool, "--ack-timeout", optarg); break;
		case GRACE: opt.grace = tool_duration(&tool, "--grace", optarg); break;
		}
	if (optind < argc)
		tool_usage(&tool, "\"%s\": no operand is taken (-t TABLE)", argv[optind]);
	if ((opt.names > 0) == (opt.query != NULL))
		tool_usage(&tool, "-t TABLE or -q SQL is needed, one of them");
	if ((opt.query != NULL) != (opt.query_name != NULL))
		tool_usage(&tool, "-q SQL and --name NAME go together");
	if (opt.query != NULL && (opt.keys != NULL || opt.state != NULL))
		tool_usage(&tool, "%s is for tables (-t)", opt.keys != NULL ? "--keys" : "--state");
	if (opt.state != NULL && (opt.keys != NULL || opt.where != NULL || opt.snapshot != NULL))
		tool_usage(&tool, "--state tells what has been read: all that is new, not a part of it (%s)",
		    opt.keys != NULL ? "--keys" : opt.where != NULL ? "--where" : "--snapshot");
	if (opt.full && opt.state == NULL)
		tool_usage(&tool, "--full is for --state");
	if (opt.keys != NULL && opt.names != 1)
		tool_usage(&tool, "--keys are of one table");
}

/* Connects; a server that is away is waited for. */
static void
connect_to(struct extract *x)
{
	int64_t until = utc_mono() + opt.wait * SEC;
	struct err e = ERR_NONE;
	int ms = 100, told = 0;

	while ((x->pg = pg_open(&opt.conn, &e)) == NULL) {
		if (e.status != EX_TEMPFAIL || utc_mono() > until || sig_stop())
			tool_die(&tool, &e);
		if (!told++)
			tool_warn(&tool, "%s: it is waited for", e.msg);
		(void)poll(NULL, 0, ms);
		ms = ms < 5000 ? 2 * ms : ms;
		e = ERR_NONE;
	}
}

/* A key: a value, or an array whose last one it is ([shipment_id, event_id]). */
static int
key(void *arg, const struct json *j, struct err *e)
{
	struct extract *x = arg;
	const struct json_member *m = json_get(j, SLICE("key"));
	struct json_value v = { .type = JSON_NULL };
	struct json_member in;
	struct json_walk w;
	char *scratch;

	if (m != NULL)
		v = m->v;
	if (v.type == JSON_ARRAY) {
		json_enter(&w, &v);
		for (v.type = JSON_NULL; json_next(&w, &in) == 1; )
			v = in.v;
	}
	if (v.type != JSON_NUMBER && v.type != JSON_STRING)
		return err_set(e, EX_CONFIG, "no \"key\" that is a number or a string");
	scratch = mem_alloc(v.raw.n + 1);
	pg_literal(x->pg, &x->keys, v.type == JSON_STRING ? json_text(&v, scratch) : v.raw);
	buf_putc(&x->keys, '\0');
	free(scratch);
	return 0;
}

static void
add_keys(struct extract *x, const struct pgtable *t)
{
	struct buf sql = { 0 }, where = { 0 };
	const char *p = x->keys.p, *end = x->keys.p + x->keys.n;
	int n;

	while (p < end) {
		buf_clear(&where);
		pg_name(x->pg, &where, slice_of(t->key));
		for (n = 0; p < end && n < KEYS_CHUNK; n++, p += strlen(p) + 1) {
			buf_puts(&where, n > 0 ? ", " : " IN (");
			buf_puts(&where, p);
		}
		buf_putc(&where, ')');
		if (opt.where != NULL)
			buf_printf(&where, " AND (%s\n)", opt.where);
		pgtable_copy(t, &sql, buf_as_slice(&where));
		pgread_add(&x->read, t, &sql);
	}
	buf_fini(&sql);
	buf_fini(&where);
}

/* What is new since the mark. */
static void
condition(struct extract *x, const struct pgtable *t, struct buf *where)
{
	const struct pgmark *m;

	if (opt.where != NULL)
		buf_printf(where, "%s", opt.where);
	if (opt.state == NULL)
		return;
	m = pgstate_mark(&x->state, t->sql, t->cursor != NULL ? t->cursor : t->id, t->cursor == NULL);
	if (opt.full || (m->by_id ? !m->has_after : *m->from == '\0'))
		return;
	pg_name(x->pg, where, slice_of(m->cursor));
	if (m->by_id)
		buf_printf(where, " > %" PRId64, m->after);
	else
		buf_printf(where, " >= '%s'", m->from);
}

static void
add_table(struct extract *x, const struct pgtable *t)
{
	struct buf sql = { 0 }, where = { 0 };
	long long page, pages, step;
	size_t i;

	condition(x, t, &where);
	if (opt.workers == 1 || t->leaves == 0 || (opt.state != NULL && where.n > 0)) {
		pgtable_copy(t, &sql, buf_as_slice(&where));
		pgread_add(&x->read, t, &sql);
	} else
		for (i = 0; i < t->leaves; i++) {
			pages = t->leaf[i].pages;
			step = pages / (opt.workers * 4LL) > PAGES_MIN ? pages / (opt.workers * 4LL) : PAGES_MIN;
			for (page = 0; page == 0 || page < pages; page += step) {
				pgtable_copy_pages(t, &sql, buf_as_slice(&where), i, page, page + step < pages ? page + step : -1);
				pgread_add(&x->read, t, &sql);
			}
		}
	buf_fini(&sql);
	buf_fini(&where);
}

/* What tells a table's news: a time of the server, or a number. */
static int
check_cursor(const struct pgtable *t, struct err *e)
{
	const struct pgtext *text = &t->text;

	if (t->id == NULL)
		return err_set(e, EX_USAGE, "%s: what is new in it is told by no column that is known: --cursor COLUMN,ID, or --cursor ID for an append-only table", t->name);
	if (t->cursor != NULL && (text->column[text->cursor].kind != PGTEXT_TIME || text->column[text->cursor].delim != 0))
		return err_set(e, EX_CONFIG, "%s: column \"%s\" is no timestamp with time zone: what is new is not to be told by it", t->name, t->cursor);
	if (t->cursor == NULL && !text->id_is_whole)
		return err_set(e, EX_CONFIG, "%s: column \"%s\" is no integer: what is new is not to be told by it", t->name, t->id);
	return 0;
}

/* How far the next run can begin: looked up before the snapshot is taken. */
static int
look_ahead(struct extract *x, struct err *e)
{
	const struct pgtable *t;
	struct pgmark *m;
	int rc;

	for (t = x->table; t < x->table + x->n; t++) {
		if (check_cursor(t, e) == -1)
			return -1;
		m = pgstate_mark(&x->state, t->sql, t->cursor != NULL ? t->cursor : t->id, t->cursor == NULL);
		m->fresh = 1;
		if (m->by_id && (rc = pgmark_sample(m, x->pg, t->sql, e)) != 0) {
			if (rc == -1)
				return -1;
			tool_warn(&tool, "%s: its greatest id is less than what was read, its ids have begun anew: all of it is read", t->name);
		}
	}
	if (pghorizon_take(&x->horizon, x->pg, opt.lag, e) == -1)
		return -1;
	for (m = x->state.mark; m < x->state.mark + x->state.n; m++)
		if (m->fresh && pgmark_is_ahead(m, &x->horizon))
			tool_warn(&tool, "%s: the server's clock (%s) was set back: all of it is read", m->table, x->horizon.now);
	if (x->horizon.prepared > 0)
		tool_warn(&tool, "%" PRId64 " prepared transactions, of which nobody can tell when they began (the oldest: %s): what is read now is read again until they are gone",
		    x->horizon.prepared, x->horizon.gid);
	if (x->horizon.blind > 0)
		tool_warn(&tool, "%" PRId64 " sessions do not tell when their transactions began (track_activities is off): what is read now is read again until they are gone",
		    x->horizon.blind);
	if (x->horizon.ahead > 0)
		tool_warn(&tool, "transactions that begin later than now: the server's clock was set back, and what is read now is read again until they are gone");
	if (*x->horizon.oldest != '\0' && (x->horizon.age >= OLD_SEC || tool.verbose > 0))
		tool_warn(&tool, "the oldest transaction began %" PRId64 " s ago (pid %s): the next run reads from there again", x->horizon.age, x->horizon.who);
	return 0;
}

static int
open_tables(struct extract *x, struct err *e)
{
	size_t i;

	for (i = 0; i < x->n; i++) {
		pgtable_fini(&x->table[i]);
		if (opt.query != NULL ? pgtable_query(&x->table[i], x->pg, opt.query_name, opt.query, opt.cursor, e)
		    : pgtable_open(&x->table[i], x->pg, opt.name[i], opt.cursor, e))
			return -1;
		x->table[i].text.micros = opt.micros;
	}
	return 0;
}

static int
prepare(struct extract *x, struct err *e)
{
	struct pg_result *r = NULL;
	char *snapshot = NULL;
	size_t i;

	x->table = mem_alloc((opt.names + 1) * sizeof *x->table);
	x->n = opt.query != NULL ? 1 : opt.names;
	if (open_tables(x, e) == -1)
		return -1;
	if (opt.keys != NULL && x->table[0].key == NULL)
		return err_set(e, EX_USAGE, "%s: its key is not known: --cursor ID", x->table[0].name);
	if (opt.keys != NULL && rows_read(opt.keys, key, x, e) == -1)
		return -1;
	if (opt.state != NULL && ((!opt.full && pgstate_read(&x->state, opt.state, e) == -1) || look_ahead(x, e) == -1))
		return -1;
	/* what they are now they stay */
	if (pgread_begin(x->pg, opt.snapshot, e) == -1 || pgtable_lock(x->table, x->n, 0, x->pg, e) == -1 || open_tables(x, e) == -1)
		return -1;
	if (opt.workers > 1) {
		if ((r = pg_query(x->pg, "SELECT pg_export_snapshot()", NULL, 0, e)) == NULL)
			return -1;
		snapshot = mem_dup(pg_cell(r, 0, 0).p, pg_cell(r, 0, 0).n);
		pg_free(r);
	}
	for (i = 0; i < x->n && opt.workers > 1; i++)
		if (pgtable_leaves(&x->table[i], x->pg, e) == -1) {
			free(snapshot);
			return -1;
		}
	x->read = (struct pgread){ .st = &x->st, .options = &opt.conn, .snapshot = snapshot, .workers = opt.workers };
	for (i = 0; i < x->n; i++)
		if (opt.keys != NULL)
			add_keys(x, &x->table[i]);
		else
			add_table(x, &x->table[i]);
	return 0;
}

/* The state moves on when all that was read is stored. */
static void
finish(struct extract *x, struct ack *ack)
{
	int64_t now = utc_mono(), until = 0;
	struct pollfd p = { .fd = ack_fd(ack), .events = POLLIN };
	struct buf text = { 0 };
	struct err e = ERR_NONE;
	uint64_t n;
	size_t i;

	if (stage_stopped(&x->st) || ack_end(ack, now) == 0)
		return;
	if (out_flush(&x->st.out, &e) == -1)
		goto fail;
	while (!ack_all(ack)) {
		if (sig_stop() && until == 0)
			until = utc_mono() + opt.grace * SEC;
		if (until != 0 && utc_mono() > until) {
			err_set(&e, EX_TEMPFAIL, "stopped before what was read was acknowledged: the state stays as it was");
			goto fail;
		}
		(void)poll(&p, 1, 200);
		if (ack_read(ack, utc_mono(), &n, &e) == -1)
			goto fail;
	}
	for (i = 0; i < x->state.n; i++)
		if (x->state.mark[i].fresh)
			pgmark_advance(&x->state.mark[i], &x->horizon);
	pgstate_text(&x->state, &text);
	if (file_replace(opt.state, text.p, text.n, &e) == 0)
		goto out;
fail:
	(void)stage_fail(&x->st, &e);
out:
	buf_fini(&text);
}

int
main(int argc, char **argv)
{
	char *no_files[] = { NULL };
	struct extract x = { .st = { .tool = &tool, .flags = STAGE_SOURCE } };
	struct ack ack = { 0 };
	struct err e = ERR_NONE;
	size_t i;
	int rc;

	options(argc, argv);
	stage_open(&x.st, no_files);
	if (opt.state != NULL && !(x.st.lane && x.st.once))
		tool_usage(&tool, "--state needs a lane whose last stage acknowledges: wb-run --once");
	ack.timeout_ns = opt.ack_timeout * SEC;
	if (opt.state != NULL && ack_open(&ack, &x.st, &e) == -1)
		tool_die(&tool, &e);
	connect_to(&x);
	if (prepare(&x, &e) == -1)
		(void)stage_fail(&x.st, &e);
	else
		pgread_run(&x.read, x.pg);
	if (opt.state != NULL)
		finish(&x, &ack);
	rc = stage_close(&x.st);
	pg_close(x.pg);
	for (i = 0; i < x.n; i++)
		pgtable_fini(&x.table[i]);
	free(x.table);
	pgread_fini(&x.read);
	pgstate_fini(&x.state);
	ack_close(&ack);
	buf_fini(&x.keys);
	free(opt.name);
	return rc;
}
