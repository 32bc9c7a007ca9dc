/*
 * Rejects, fed again.  A row, as wb-sql prints it:
 *
 *	{"src_topic":"t","src_partition":0,"src_offset":7,"src_i":0,"stage":"wb-normalize","ts":"2024-06-03T07:00:00.000Z",
 *	 "code":"carrier","field":"carrier_code","msg":"...","raw":"<base64>","state":"open","loaded_at":"..."}
 */
#include "run/redo.h"

#include <stdio.h>

#include "io/line.h"
#include "rec/control.h"
#include "rec/field.h"

enum { STAGE, CODE, FIELD, MSG, RAW, TOPIC };	/* of part[] */

void
redo_fini(struct redo_row *d)
{
	json_fini(&d->json);
	buf_fini(&d->raw);
	buf_fini(&d->message);
	buf_fini(&d->out);
	buf_fini(&d->text);
	*d = (struct redo_row){ 0 };
}

static enum redo
left(struct redo_row *d, const char *why)
{
	d->why = why;
	return REDO_LEFT;
}

static int
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* A text of the row that is compared, as a C string. */
static int
get_text(const struct json *row, const char *name, char *dst, size_t cap)
{
	const struct json_member *m = json_get(row, slice_of(name));
	char buf[6 * 128 + 2];
	struct slice s;

	if (m == NULL || m->v.type != JSON_STRING || m->v.raw.n > sizeof buf)
		return -1;
	s = json_text(&m->v, buf);
	if (s.n >= cap)
		return -1;
	(void)snprintf(dst, cap, "%.*s", (int)s.n, s.p);
	return 0;
}

/* Where the message came from, and the parts that the control line repeats: 0, or -1. */
static int
get_row(struct redo_row *d, const struct json *row)
{
	static const char *const name[] = { "stage", "code", "field", "msg", "raw", "src_topic" };
	const struct json_member *m;
	struct fault f;
	size_t i;

	for (i = 0; i < sizeof name / sizeof *name; i++) {
		m = json_get(row, slice_of(name[i]));
		if (m == NULL || m->v.type != JSON_STRING)
			return -1;
		d->part[i] = m->v.raw;
	}
	d->from = (struct src){ .topic = { d->part[TOPIC].p + 1, d->part[TOPIC].n - 2 } };
	return get_text(row, "stage", d->stage, sizeof d->stage) == -1 || get_text(row, "code", d->code, sizeof d->code) == -1 ||
	    get_text(row, "field", d->field, sizeof d->field) == -1 ||
	    field_int(json_get(row, SLICE("src_partition")), "", 0, UINT32_MAX, &d->from.partition, &f) != 1 ||
	    field_int(json_get(row, SLICE("src_offset")), "", INT64_MIN, INT64_MAX, &d->from.offset, &f) != 1 ||
	    field_int(json_get(row, SLICE("src_i")), "", 0, UINT32_MAX, &d->from.i, &f) != 1 ||
	    field_time(json_get(row, SLICE("ts")), "", &d->from.ts_ms, &f) != 1 ? -1 : 0;
}

/* Scans what is to be fed as line. */
static int
scan(struct redo_row *d, struct buf *b)
{
	const struct json_member *m;

	(void)buf_room(b, JSON_PAD);
	d->line = buf_as_slice(b);
	if (json_scan(&d->json, d->line) == -1)
		return -1;
	m = json_get(&d->json, SLICE("_src"));
	d->src = m != NULL ? &m->v : NULL;
	return 0;
}

/* The message of a source gets the "_src" that the source gives its like. */
static int
add_src(struct redo_row *d)
{
	char *p;

	if (d->from.topic.n == 0)
		return 0;
	if (src_foreign(&d->json) != NULL)
		return -1;
	buf_clear(&d->message);
	p = buf_room(&d->message, 16 + SRC_MAX(d->from.topic.n) + d->json.raw.n);
	memcpy(p, "{\"_src\":", 8);
	p = src_message(src_put(p + 8, &d->from), &d->json);
	d->message.n = (size_t)(p - d->message.p);
	return scan(d, &d->message);
}

enum redo
redo_row(struct redo_row *d, const struct json *row)
{
	const struct json_member *state = json_get(row, SLICE("state"));
	int loader;

	if (get_row(d, row) == -1 || reject_raw(&d->raw, (struct slice){ d->part[RAW].p + 1, d->part[RAW].n - 2 }) == -1)
		return left(d, "no_reject");
	if (state != NULL && !slice_eq(state->v.raw, SLICE("\"open\"")))
		return left(d, "not_open");
	loader = begins(d->stage, "wb-ch-load:") || begins(d->stage, "wb-pg-load:");
	if (!loader && strcmp(d->stage, "wb-normalize") != 0 && !begins(d->stage, "wb-kafka-extract") &&
	    !begins(d->stage, "wb-pg-extract") && !begins(d->stage, "wb-csv-extract") && !begins(d->stage, "wb-archive"))
		return left(d, "other_stage");
	if (scan(d, &d->raw) == -1)
		return left(d, d->raw.n >= REJECT_RAW ? "cut" : "no_json");
	if (loader)
		return control_is(d->line) ? left(d, "no_json") : REDO_RECORD;
	d->only = -1;
	if (strcmp(d->stage, "wb-normalize") == 0) {
		/* what is wrong with the whole message names no element */
		if (strcmp(d->code, "reserved") != 0 && (strcmp(d->field, "each") != 0 || d->from.i > 0))
			d->only = d->from.i;
	} else if (d->src == NULL && add_src(d) == -1) {
		return left(d, "reserved");
	}
	return REDO_MESSAGE;
}

/* Begins {"@reject":{"src":...,"stage":...; the row's own words. */
static void
put_src(struct redo_row *d)
{
	char *p;

	buf_clear(&d->out);
	buf_puts(&d->out, "{\"@reject\":{\"src\":");
	p = buf_room(&d->out, SRC_MAX(d->from.topic.n));
	d->out.n = (size_t)(src_put(p, &d->from) - d->out.p);
}

struct slice
redo_resolved(struct redo_row *d)
{
	static const char *const name[] = { "stage", "code", "field", "msg", "raw" };
	size_t i;

	put_src(d);
	for (i = 0; i < sizeof name / sizeof *name; i++) {
		buf_printf(&d->out, ",\"%s\":", name[i]);
		buf_slice(&d->out, d->part[i]);
	}
	buf_puts(&d->out, ",\"state\":\"resolved\"}}");
	return buf_as_slice(&d->out);
}

struct slice
redo_still(struct redo_row *d, const struct fault *f)
{
	char *p;

	buf_clear(&d->text);
	p = buf_room(&d->text, SRC_MAX(d->from.topic.n));
	d->text.n = (size_t)(src_put(p, &d->from) - p);
	buf_clear(&d->out);
	reject_put(&d->out, buf_as_slice(&d->text), d->stage, f, buf_as_slice(&d->raw));
	return (struct slice){ d->out.p, d->out.n - 1 };
}
