/* Whole days of a table replaced by what a stage holds. */
#include "net/pgswap.h"

#include "base/buf.h"

int
pgswap(struct pg *p, const struct pgtarget *t, const char *days, const char *hour, const char *scope, struct err *e)
{
	static const char list[] = "(SELECT s FROM regexp_split_to_table(%s, '[,\\s]+') s WHERE s <> '')";
	struct buf b = { 0 }, in = { 0 }, text = { 0 };
	struct pg_result *r = NULL;
	long long n = 0;
	int rc = -1;

	pg_literal(p, &text, slice_of(days));
	buf_printf(&in, list, buf_str(&text));
	/* a day covers its hours */
	if (hour != NULL)
		buf_printf(&b, "CREATE TEMP TABLE wb_days ON COMMIT DROP AS SELECT CASE WHEN length(s) = 10 THEN s::date END AS day, CASE WHEN length(s) > 10 THEN s::timestamptz END AS hour FROM %s d;", buf_str(&in));
	else
		buf_printf(&b, "CREATE TEMP TABLE wb_days ON COMMIT DROP AS SELECT s::date AS day, NULL::timestamptz AS hour FROM %s d;", buf_str(&in));
	buf_printf(&b, "LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", t->table);
	if (pg_exec(p, buf_str(&b), e) == -1)
		goto out;
	if (scope != NULL) {
		buf_clear(&b);
		buf_printf(&b, "SELECT count(*), min(coalesce(day, hour::date)) FROM wb_days WHERE coalesce(day, hour::date) < horizon('%s')", scope);
		if ((r = pg_query(p, buf_str(&b), NULL, 0, e)) == NULL)
			goto out;
		if (pg_int(r, 0, 0, &n) == 0 && n > 0) {
			err_set(e, EX_DATAERR, "%lld days lie before the horizon, where sources have been archived (the first: %.*s)", n, (int)pg_cell(r, 0, 1).n, pg_cell(r, 0, 1).p);
			goto out;
		}
		pg_free(r);
		r = NULL;
	}
	buf_clear(&b);
	buf_printf(&b, "SELECT count(*) FROM wb_stage s WHERE NOT EXISTS (SELECT 1 FROM wb_days d WHERE s.day = d.day");
	if (hour != NULL)
		buf_printf(&b, " OR s.%s = d.hour", hour);
	buf_puts(&b, ")");
	if ((r = pg_query(p, buf_str(&b), NULL, 0, e)) == NULL)
		goto out;
	if (pg_int(r, 0, 0, &n) == 0 && n > 0) {
		err_set(e, EX_DATAERR, "%lld rows stand on days that are not to be replaced", n);
		goto out;
	}
	buf_clear(&b);
	/* one at a time: an OR would look at every row of the table */
	buf_printf(&b, "DELETE FROM %s WHERE day IN (SELECT day FROM wb_days)", t->table);
	if (hour != NULL)
		buf_printf(&b, ";DELETE FROM %s WHERE %s IN (SELECT hour FROM wb_days)", t->table, hour);
	buf_printf(&b, ";INSERT INTO %s (%s)%s SELECT %s FROM wb_stage;COMMIT", t->table, t->list, t->into, t->list);
	if (pg_exec(p, buf_str(&b), e) == -1)
		goto out;
	rc = 0;
out:
	pg_free(r);
	buf_fini(&b);
	buf_fini(&in);
	buf_fini(&text);
	return rc;
}
