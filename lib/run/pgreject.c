/* Rejects, stored beside the rows, in PostgreSQL. */
#include "run/pgreject.h"

#include "parcel/table.h"
#include "run/rejectrow.h"

#define TABLE "wb_reject"

static int
open_table(struct pgreject *k)
{
	static const struct table_rules rules = { .name = TABLE, .left = TABLE_LOADED_AT };
	struct pgload_config config = { .target = { .table = TABLE, .rules = &rules, .delete_insert = k->delete_insert }, .say = k->say };

	if ((k->load = pgload_open(k->options, &config, &k->err)) == NULL)
		return err_at(&k->err, TABLE);
	return 0;
}

void
pgreject_add(struct pgreject *k, const struct json *reject)
{
	struct fault f = { 0 };

	if (k->err.status != 0 || (k->load == NULL && open_table(k) == -1))
		return;
	rejectrow(&k->row, reject);
	k->held += k->row.n;
	if (json_scan(&k->row_json, buf_as_slice(&k->row)) == -1)
		err_set(&k->err, EX_SOFTWARE, "broken control line @reject: %s", k->row_json.fault);
	else if (pgload_add(k->load, &k->row_json, buf_as_slice(&k->row), NULL, &f, &k->err) == 0)
		err_set(&k->err, EX_SOFTWARE, "broken control line @reject: %s: %s", f.field, f.msg);
}

void
pgreject_keep(void *pgreject, struct slice line)
{
	struct pgreject *k = pgreject;

	if (json_scan(&k->own, line) == 0 && json_scan(&k->own, k->own.member[0].v.raw) == 0)
		pgreject_add(k, &k->own);
	else if (k->err.status == 0)
		err_set(&k->err, EX_SOFTWARE, "a reject of this program does not read: %s", k->own.fault);
}

int
pgreject_flush(struct pgreject *k, struct err *e)
{
	if (k->err.status == 0 && k->load != NULL && pgload_flush(k->load, &k->err) == -1)
		err_at(&k->err, TABLE);
	k->held = 0;
	if (k->err.status == 0)
		return 0;
	*e = k->err;
	return -1;
}

void
pgreject_fini(struct pgreject *k)
{
	pgload_close(k->load);
	json_fini(&k->row_json);
	json_fini(&k->own);
	buf_fini(&k->row);
	*k = (struct pgreject){ 0 };
}
