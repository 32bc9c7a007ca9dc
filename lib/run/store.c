/* Rows of a store by key. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/retry.h"
#include "net/chload.h"
#include "net/chrows.h"
#include "net/chtext.h"
#include "net/clickhouse.h"
#include "net/http.h"
#include "run/store.h"

#define KEYS 10000		/* in a statement at most */
#define OTHER_TRIES 10		/* of an error that is in no class */

struct store {
	const struct tool *tool;
	struct ch *ch;
	struct buf sql, keys, row;
	struct json json;
};

static void
trace(void *arg, const char *line)
{
	tool_say(arg, "%s", line);
}

struct store *
store_open(const char *url, const struct tool *t, struct err *e)
{
	struct store *s;
	struct ch *ch;

	if (url == NULL || *url == '\0') {
		err_set(e, EX_USAGE, "-d URL (or WB_STORE) is needed");
		return NULL;
	}
	if ((ch = ch_open(url, e)) == NULL)
		return NULL;
	s = mem_alloc(sizeof *s);
	s->tool = t;
	s->ch = ch;
	if (t->verbose > 1)
		ch_trace(ch, trace, (void *)(uintptr_t)t);
	return s;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	ch_close(s->ch);
	buf_fini(&s->sql);
	buf_fini(&s->keys);
	buf_fini(&s->row);
	json_fini(&s->json);
	free(s);
}

const char *
store_libraries(void)
{
	return http_library();
}

/*
 * FINAL would cost ten times as much: the reader knows which row counts.  Texts go as one
 * literal that the server cuts up, since thousands of literals take it longer to parse than
 * the rows to read (ClickHouse 18.16, 4,000 keys: 14 ms more a statement).
 */
static void
make_sql(struct store *s, const struct store_query *q, const struct slice *key, size_t keys)
{
	size_t i;

	buf_clear(&s->sql);
	buf_printf(&s->sql, "SELECT %s FROM ", q->columns);
	chtext_name(&s->sql, slice_of(q->table));
	if (q->key == NULL)
		return;
	buf_puts(&s->sql, " PREWHERE ");
	chtext_name(&s->sql, slice_of(q->key));
	buf_puts(&s->sql, " IN (");
	if (q->numeric) {
		for (i = 0; i < keys; i++) {
			buf_puts(&s->sql, i > 0 ? "," : "");
			buf_slice(&s->sql, key[i]);
		}
	} else {
		buf_clear(&s->keys);
		for (i = 0; i < keys; i++) {
			if (i > 0)
				buf_putc(&s->keys, '\0');
			buf_slice(&s->keys, key[i]);
		}
		buf_puts(&s->sql, "SELECT arrayJoin(splitByChar('\\0', ");
		chtext_string(&s->sql, buf_as_slice(&s->keys));
		buf_puts(&s->sql, "))");
	}
	buf_putc(&s->sql, ')');
}

static int
one_row(struct store *s, const struct store_query *q, const struct chrows *r, struct err *e)
{
	char *p;
	int rc;

	buf_clear(&s->row);
	p = buf_room(&s->row, chrows_size(r) + JSON_PAD);
	if (json_scan(&s->json, (struct slice){ p, (size_t)(chrows_json(r, p) - p) }) == -1)
		return err_set(e, EX_DATAERR, "a row of %s: %s", q->table, s->json.fault);
	rc = q->row(q->arg, &s->json, e);
	return rc == -1 ? err_at(e, "%s", q->table) : rc;
}

/* Runs the statement: 0, 1 and -1 as row() said, or -1 with f set. */
static int
run(struct store *s, const struct store_query *q, struct ch_fault *f, struct err *e)
{
	struct chrows *r = chrows_open(s->ch, buf_as_slice(&s->sql), NULL, 0, f);
	int rc = r == NULL ? -1 : 0, more = 0;

	while (rc == 0 && (more = chrows_next(r, f)) > 0)
		rc = one_row(s, q, r, e);
	chrows_close(r);
	return more == -1 ? -1 : rc;
}

int
store_again(const struct tool *t, const char *table, const struct ch_fault *f, unsigned tries)
{
	if (f->class == CH_CONFIG || f->class == CH_DATA || (f->class == CH_OTHER && tries >= OTHER_TRIES))
		return 0;
	/* the first time, and then every minute or so */
	if (tries % 8 == 0)
		tool_warn(t, "%s: %s; trying again", table, f->msg);
	retry_pause(tries);
	return 1;
}

int
store_rows(struct store *s, const struct store_query *q, const struct slice *key, size_t keys, struct err *e)
{
	struct ch_fault f;
	size_t from = 0, n;
	unsigned tries = 0;
	int rc;

	if (q->key != NULL && keys == 0)
		return 0;
	for (;;) {
		n = keys - from < KEYS ? keys - from : KEYS;
		make_sql(s, q, keys > 0 ? key + from : key, n);
		f = (struct ch_fault){ 0 };
		rc = run(s, q, &f, e);
		if (f.class != CH_OK && store_again(s->tool, q->table, &f, tries)) {
			tries++;
			continue;
		}
		if (f.class != CH_OK) {
			(void)ch_err(&f, e);
			return err_at(e, "%s", q->table);
		}
		if (tries > 0)
			tool_warn(s->tool, "%s: the store answers again", q->table);
		tries = 0;
		from += n;
		if (rc != 0 || from >= keys)
			return rc;
	}
}
