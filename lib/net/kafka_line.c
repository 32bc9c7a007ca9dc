/* Messages of Kafka to records. */
#include "net/kafka_line.h"

#include <string.h>

#include "base/utf8.h"
#include "io/line.h"

#define HEADERS_MAX 256

void
kafka_line_fini(struct kafka_line *l)
{
	json_fini(&l->json);
	buf_fini(&l->meta);
	buf_fini(&l->copy);
}

char *
kafka_line_src(char *dst, const struct kafka_message *m)
{
	struct src s = { .topic = m->topic, .partition = m->partition, .offset = m->offset, .ts_ms = m->ts_ms };

	return src_put(dst, &s);
}

/* Appends s as a string, or null.  -1 with the fault. */
static int
put_text(struct buf *b, struct slice s, const char *field, struct fault *f)
{
	if (s.p == NULL)
		buf_puts(b, "null");
	else if (utf8_span(s.p, s.n) != s.n || memchr(s.p, '\0', s.n) != NULL)
		return fault_set(f, "utf8", field, "not UTF-8, or U+0000");
	else
		b->n = (size_t)(json_quote(buf_room(b, 6 * s.n + 2), s) - b->p);
	return 0;
}

/* Of headers of one name the last one counts, as everywhere in Kafka. */
static int
put_headers(struct kafka_line *l, const struct kafka_in *k, struct fault *f)
{
	struct slice name, value, later, unused;
	size_t i, j, from;
	int again;

	buf_puts(&l->meta, ",\"_hdr\":{");
	from = l->meta.n;
	for (i = 0; kafka_in_header(k, i, &name, &value); i++) {
		if (i == HEADERS_MAX)
			return fault_set(f, "length", "_hdr", "more than %d headers", HEADERS_MAX);
		for (again = 0, j = i + 1; !again && kafka_in_header(k, j, &later, &unused); j++)
			again = slice_eq(name, later);
		if (again) {
			l->repeated++;
			continue;
		}
		if (l->meta.n > from)
			buf_putc(&l->meta, ',');
		if (put_text(&l->meta, name, "_hdr", f) == -1)
			return -1;
		buf_putc(&l->meta, ':');
		if (put_text(&l->meta, value, "_hdr", f) == -1)
			return -1;
	}
	buf_putc(&l->meta, '}');
	return 0;
}

ssize_t
kafka_line_need(struct kafka_line *l, const struct kafka_in *k, const struct kafka_message *m, struct fault *f)
{
	if (m->value.n > LINE_MAX_BYTES)
		return fault_set(f, "too_long", "", "message of more than %d bytes", LINE_MAX_BYTES);
	buf_clear(&l->meta);
	if (l->key) {
		buf_puts(&l->meta, ",\"_key\":");
		if (put_text(&l->meta, m->key, "_key", f) == -1)
			return -1;
	}
	if (l->headers && put_headers(l, k, f) == -1)
		return -1;
	return (ssize_t)(8 + SRC_MAX(m->topic.n) + l->meta.n + m->value.n + JSON_PAD);
}

char *
kafka_line_put(struct kafka_line *l, const struct kafka_message *m, char *dst, struct fault *f)
{
	const struct json_member *foreign;
	char *p = dst, name[64];

	memcpy(p, "{\"_src\":", 8);
	p = kafka_line_src(p + 8, m);
	if (l->meta.n > 0) {
		memcpy(p, l->meta.p, l->meta.n);
		p += l->meta.n;
	}
	/* scanned where it will stand, so that it is copied once */
	memcpy(p, m->value.p, m->value.n);
	if (json_scan(&l->json, (struct slice){ p, m->value.n }) == -1) {
		(void)fault_set(f, l->json.code, "", "%s at byte %zu", l->json.fault, l->json.at + 1);
		return NULL;
	}
	foreign = src_foreign(&l->json);
	if (foreign != NULL) {
		(void)fault_set(f, "reserved", err_show(name, sizeof name, foreign->name.p, foreign->name.n), "a name that belongs to Waybill");
		return NULL;
	}
	if (l->json.spaced || l->json.raw.p != p) {
		buf_clear(&l->copy);
		memcpy(buf_room(&l->copy, m->value.n + JSON_PAD), m->value.p, m->value.n);
		(void)json_scan(&l->json, (struct slice){ l->copy.p, m->value.n });
	}
	p = src_message(p, &l->json);
	if (p - dst <= LINE_MAX_BYTES)
		return p;
	(void)fault_set(f, "too_long", "", "record of more than %d bytes", LINE_MAX_BYTES);
	return NULL;
}
