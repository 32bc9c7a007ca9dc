/* Rows of a store by key. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/retry.h"
#include "run/store.h"

#define KEYS 10000		/* in a statement at most */
#define ODD_TRIES 10		/* of an error that is in no class */

struct store {
	const struct tool *tool;
	struct db *db;
	struct buf row;
	struct json json;
};

struct store *
store_open(const char *url, const struct tool *t, struct err *e)
{
	struct store *s;
	struct db *db;

	if (url == NULL || *url == '\0') {
		err_set(e, EX_USAGE, "-d URL (or WB_STORE) is needed");
		return NULL;
	}
	if ((db = db_open(url, t, e)) == NULL)
		return NULL;
	s = mem_alloc(sizeof *s);
	s->tool = t;
	s->db = db;
	return s;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	db_close(s->db);
	buf_fini(&s->row);
	json_fini(&s->json);
	free(s);
}

static int
one_row(struct store *s, const struct store_query *q, struct err *e)
{
	char *p;
	int rc;

	buf_clear(&s->row);
	p = buf_room(&s->row, db_size(s->db) + JSON_PAD);
	if (json_scan(&s->json, (struct slice){ p, (size_t)(db_json(s->db, p) - p) }) == -1)
		return err_set(e, EX_DATAERR, "a row of %s: %s", q->table, s->json.fault);
	rc = q->row(q->arg, &s->json, e);
	return rc == -1 ? err_at(e, "%s", q->table) : rc;
}

/* Asks for the rows: 0, 1 and -1 as row() said, or -1 with f set. */
static int
ask(struct store *s, const struct store_query *q, const struct slice *key, size_t keys, struct db_fault *f, struct err *e)
{
	const struct db_select select = { .table = q->table, .columns = q->columns, .key = q->key, .numeric = q->numeric, .where = q->where };
	int rc = db_ask_rows(s->db, &select, key, keys, f), more = 0;

	while (rc == 0 && (more = db_next(s->db, f)) > 0)
		rc = one_row(s, q, e);
	db_done(s->db);
	return more == -1 ? -1 : rc;
}

int
store_again(const struct tool *t, const char *table, const struct db_fault *f, unsigned tries)
{
	if (f->class == DB_OK || f->class == DB_NO || (f->class == DB_ODD && tries >= ODD_TRIES))
		return 0;
	/* the first time, and then every minute or so */
	if (tries % 8 == 0)
		tool_warn(t, "%s: %s; trying again", table, f->e.msg);
	retry_pause(tries);
	return 1;
}

int
store_rows(struct store *s, const struct store_query *q, const struct slice *key, size_t keys, struct err *e)
{
	struct db_fault f;
	size_t from = 0, n;
	unsigned tries = 0;
	int rc;

	if (q->key != NULL && keys == 0)
		return 0;
	for (;;) {
		n = keys - from < KEYS ? keys - from : KEYS;
		f = (struct db_fault){ 0 };
		rc = ask(s, q, keys > 0 ? key + from : key, n, &f, e);
		if (f.class != DB_OK && store_again(s->tool, q->table, &f, tries)) {
			tries++;
			continue;
		}
		if (f.class != DB_OK) {
			*e = f.e;
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
