/* Rejects, stored beside the rows. */
#include "run/rejects.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/utc.h"
#include "rec/src.h"

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

/* The row of a reject; JSON_PAD bytes behind it are readable. */
static void
put_row(struct buf *b, const struct json *reject)
{
	static const char *const member[] = { "stage", "code", "field", "msg", "raw" };
	const struct json_member *src = json_get(reject, SLICE("src")), *raw = json_get(reject, SLICE("raw"));
	struct src s = { .topic = { "", 0 } };
	char ts[UTC_LEN];
	size_t i;

	if (src == NULL || src_get(&src->v, &s) == -1)
		s = (struct src){ .topic = { "", 0 }, .offset = stand_in(raw ? raw->v.raw : SLICE("")) };
	if (s.ts_ms < 0 || s.ts_ms > TS_MAX)
		s.ts_ms = 0;
	(void)utc_put(ts, s.ts_ms);
	buf_clear(b);
	buf_puts(b, "{\"src_topic\":\"");
	buf_slice(b, s.topic);
	buf_puts(b, "\",\"src_partition\":");
	buf_int(b, s.partition);
	buf_puts(b, ",\"src_offset\":");
	buf_int(b, s.offset);
	buf_puts(b, ",\"src_i\":");
	buf_int(b, s.i);
	buf_printf(b, ",\"ts\":\"%.*s\"", UTC_LEN, ts);
	for (i = 0; i < sizeof member / sizeof *member; i++)
		put_member(b, reject, member[i]);
	if (json_get(reject, SLICE("state")) != NULL)
		put_member(b, reject, "state");
	buf_putc(b, '}');
	(void)buf_room(b, JSON_PAD);
}

static int
open_table(struct rejects *k)
{
	k->load = k->loader->open(k->store, k->say, &k->err);
	return k->load != NULL ? 0 : err_at(&k->err, REJECTS_TABLE);
}

void
rejects_add(struct rejects *k, const struct json *reject)
{
	struct fault f = { 0 };

	if (k->err.status != 0 || (k->load == NULL && open_table(k) == -1))
		return;
	put_row(&k->row, reject);
	k->held += k->row.n;
	if (json_scan(&k->row_json, buf_as_slice(&k->row)) == -1)
		err_set(&k->err, EX_SOFTWARE, "broken control line @reject: %s", k->row_json.fault);
	else if (k->loader->add(k->load, &k->row_json, buf_as_slice(&k->row), &f, &k->err) == 0)
		err_set(&k->err, EX_SOFTWARE, "broken control line @reject: %s: %s", f.field, f.msg);
}

void
rejects_keep(void *rejects, struct slice line)
{
	struct rejects *k = rejects;

	if (json_scan(&k->own, line) == 0 && json_scan(&k->own, k->own.member[0].v.raw) == 0)
		rejects_add(k, &k->own);
	else if (k->err.status == 0)
		err_set(&k->err, EX_SOFTWARE, "a reject of this program does not read: %s", k->own.fault);
}

int
rejects_flush(struct rejects *k, struct err *e)
{
	if (k->err.status == 0 && k->load != NULL && k->loader->flush(k->load, &k->err) == -1)
		err_at(&k->err, REJECTS_TABLE);
	k->held = 0;
	if (k->err.status == 0)
		return 0;
	*e = k->err;
	return -1;
}

void
rejects_fini(struct rejects *k)
{
	if (k->load != NULL)
		k->loader->close(k->load);
	json_fini(&k->row_json);
	json_fini(&k->own);
	buf_fini(&k->row);
	*k = (struct rejects){ 0 };
}
