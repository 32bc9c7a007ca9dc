/* The table of rejects in PostgreSQL. */
#include "run/pgreject.h"

#include "net/pgload.h"
#include "parcel/table.h"

static void *
open_table(void *store, void (*say)(void *arg, const char *line), struct err *e)
{
	static const struct table_rules rules = { .name = REJECTS_TABLE, .left = TABLE_LOADED_AT };
	const struct pgreject_store *s = store;
	struct pgload_config config = { .target = { .table = REJECTS_TABLE, .rules = &rules, .delete_insert = s->delete_insert }, .say = say };

	return pgload_open(s->options, &config, e);
}

static int
add(void *load, const struct json *row, struct slice line, struct fault *f, struct err *e)
{
	return pgload_add(load, row, line, NULL, f, e);
}

static int
flush(void *load, struct err *e)
{
	return pgload_flush(load, e);
}

static void
close_table(void *load)
{
	pgload_close(load);
}

const struct rejects_loader pgreject = { open_table, add, flush, close_table };
