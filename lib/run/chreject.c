/* Rejects, stored beside the rows. */
#include <string.h>

#include <openssl/evp.h>

#include "base/utc.h"
#include "parcel/table.h"
#include "rec/src.h"
#include "run/chreject.h"

#define TABLE "wb_reject"
#define MEMORY (64u << 20)		/* half of it, and columns beside lines: more than CHREJECT_HELD */
#define TS_MAX 4102444799999	/* the end of 2099 */

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

static int
open_table(struct chreject *k)
{
	static const struct chtable_rules rules = { .name = TABLE, .left = TABLE_LOADED_AT };
	struct chload_config config = { .table = TABLE, .rules = &rules, .memory = MEMORY, .say = k->say };

	if ((k->c = ch_again(k->store, &k->err)) == NULL || (k->load = chload_open(k->c, &config, &k->err)) == NULL)
		return err_at(&k->err, TABLE);
	return 0;
}

void
chreject_add(struct chreject *k, const struct json *reject)
{
	static const char *const member[] = { "stage", "code", "field", "msg", "raw" };
	const struct json_member *src = json_get(reject, SLICE("src")), *raw = json_get(reject, SLICE("raw")),
	    *state = json_get(reject, SLICE("state"));
	struct src s = { .topic = { "", 0 } };
	struct fault f = { 0 };
	char ts[UTC_LEN];
	size_t i;

	if (k->err.status != 0 || (k->load == NULL && open_table(k) == -1))
		return;
	if (src == NULL || src_get(&src->v, &s) == -1)
		s = (struct src){ .topic = { "", 0 }, .offset = stand_in(raw ? raw->v.raw : SLICE("")) };
	if (s.ts_ms < 0 || s.ts_ms > TS_MAX)
		s.ts_ms = 0;
	(void)utc_put(ts, s.ts_ms);
	buf_clear(&k->row);
	buf_puts(&k->row, "{\"src_topic\":\"");
	buf_slice(&k->row, s.topic);
	buf_puts(&k->row, "\",\"src_partition\":");
	buf_int(&k->row, s.partition);
	buf_puts(&k->row, ",\"src_offset\":");
	buf_int(&k->row, s.offset);
	buf_puts(&k->row, ",\"src_i\":");
	buf_int(&k->row, s.i);
	buf_printf(&k->row, ",\"ts\":\"%.*s\"", UTC_LEN, ts);
	for (i = 0; i < sizeof member / sizeof *member; i++)
		put_member(&k->row, reject, member[i]);
	if (state != NULL)
		put_member(&k->row, reject, "state");
	buf_putc(&k->row, '}');
	(void)buf_room(&k->row, JSON_PAD);
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
