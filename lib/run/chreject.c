/* Rejects, stored beside the rows. */
#include "parcel/table.h"
#include "run/chreject.h"
#include "run/rejectrow.h"

#define TABLE "wb_reject"
#define MEMORY (64u << 20)		/* half of it, and columns beside lines: more than CHREJECT_HELD */

static int
open_table(struct chreject *k)
{
	static const struct table_rules rules = { .name = TABLE, .left = TABLE_LOADED_AT };
	struct chload_config config = { .table = TABLE, .rules = &rules, .memory = MEMORY, .say = k->say };

	if ((k->c = ch_again(k->store, &k->err)) == NULL || (k->load = chload_open(k->c, &config, &k->err)) == NULL)
		return err_at(&k->err, TABLE);
	return 0;
}

void
chreject_add(struct chreject *k, const struct json *reject)
{
	struct fault f = { 0 };

	if (k->err.status != 0 || (k->load == NULL && open_table(k) == -1))
		return;
	rejectrow(&k->row, reject);
	k->held += k->row.n;
	if (json_scan(&k->row_json, buf_as_slice(&k->row)) == -1)
		err_set(&k->err, EX_SOFTWARE, "broken control line @reject: %s", k->row_json.fault);
	else if (chload_add(k->load, &k->row_json, buf_as_slice(&k->row), NULL, &f, &k->err) == 0)
		err_set(&k->err, EX_SOFTWARE, "broken control line @reject: %s: %s", f.field, f.msg);
}

void
chreject_keep(void *chreject, struct slice line)
{
	struct chreject *k = chreject;

	if (json_scan(&k->own, line) == 0 && json_scan(&k->own, k->own.member[0].v.raw) == 0)
		chreject_add(k, &k->own);
	else if (k->err.status == 0)
		err_set(&k->err, EX_SOFTWARE, "a reject of this program does not read: %s", k->own.fault);
}

int
chreject_flush(struct chreject *k, struct err *e)
{
	if (k->err.status == 0 && k->load != NULL && chload_flush(k->load, &k->err) == -1)
		err_at(&k->err, TABLE);
	k->held = 0;
	if (k->err.status == 0)
		return 0;
	*e = k->err;
	return -1;
}

void
chreject_fini(struct chreject *k)
{
	chload_close(k->load);
	ch_close(k->c);
	json_fini(&k->row_json);
	json_fini(&k->own);
	buf_fini(&k->row);
	*k = (struct chreject){ 0 };
}
