/* The table of rejects in ClickHouse. */
#include "run/chreject.h"

#include <stdlib.h>

#include "base/mem.h"
#include "net/chload.h"
#include "parcel/table.h"

#define MEMORY (64u << 20)		/* half of it, and columns beside lines: more than REJECTS_HELD */

struct load {
	struct ch *c;
	struct chload *load;
};

static void
close_table(void *load)
{
	struct load *l = load;

	chload_close(l->load);
	ch_close(l->c);
	free(l);
}

static void *
open_table(void *store, void (*say)(void *arg, const char *line), struct err *e)
{
	static const struct table_rules rules = { .name = REJECTS_TABLE, .left = TABLE_LOADED_AT };
	struct chload_config config = { .table = REJECTS_TABLE, .rules = &rules, .memory = MEMORY, .say = say };
	struct load *l = mem_alloc(sizeof *l);

	if ((l->c = ch_again(store, e)) != NULL && (l->load = chload_open(l->c, &config, e)) != NULL)
		return l;
	close_table(l);
	return NULL;
}

static int
add(void *load, const struct json *row, struct slice line, struct fault *f, struct err *e)
{
	return chload_add(((struct load *)load)->load, row, line, NULL, f, e);
}

static int
flush(void *load, struct err *e)
{
	return chload_flush(((struct load *)load)->load, e);
}

const struct rejects_loader chreject = { open_table, add, flush, close_table };
