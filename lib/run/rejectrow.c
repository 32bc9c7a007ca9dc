/* Rejects as rows of wb_reject. */
#include "run/rejectrow.h"

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

void
rejectrow(struct buf *b, const struct json *reject)
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
