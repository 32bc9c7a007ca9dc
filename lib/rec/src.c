/* The lineage member "_src". */
#include "base/num.h"
#include "base/utf8.h"
#include "rec/src.h"

/* The form in which src_put() writes it, and short numbers: 0, or -1, which says nothing. */
static int
get_plain(struct slice raw, struct src *s)
{
	int64_t *num[] = { &s->partition, &s->offset, &s->ts_ms, &s->i };
	const char *p = raw.p + 2, *end = raw.p + raw.n - 1, *q;
	int i, digits;

	if (raw.n < 12 || raw.p[1] != '"')
		return -1;
	for (q = p; q < end && *q != '"'; q++)
		if (*q == '\\')
			return -1;
	s->topic = (struct slice){ p, (size_t)(q - p) };
	p = q + 1;
	for (i = 0; i < 4; i++) {
		if (p >= end || *p != ',')
			return -1;
		*num[i] = 0;
		for (p++, digits = 0; (unsigned char)(*p - '0') <= 9 && digits < 18; p++, digits++)
			*num[i] = *num[i] * 10 + (*p - '0');
		if (digits == 0)
			return -1;
	}
	return p == end ? 0 : -1;
}

int
src_get(const struct json_value *v, struct src *s)
{
	int64_t *num[] = { &s->partition, &s->offset, &s->ts_ms, &s->i };
	struct json_walk w;
	struct json_member m;
	int n = 0;

	if (v->type != JSON_ARRAY)
		return -1;
	if (get_plain(v->raw, s) == 0)
		return 0;
	json_enter(&w, v);
	while (json_next(&w, &m)) {
		if (n == 0 ? m.v.type != JSON_STRING : n > 4 || json_i64(&m.v, num[n - 1]) == -1)
			return -1;
		if (n == 0)
			s->topic = (struct slice){ m.v.raw.p + 1, m.v.raw.n - 2 };
		n++;
	}
	return n == 5 ? 0 : -1;
}

struct slice
src_peek(struct slice line)
{
	static const struct slice head = { "{\"_src\":[\"", 10 };
	struct slice raw;
	struct src s;
	size_t i;

	if (line.n < head.n || memcmp(line.p, head.p, head.n) != 0)
		return (struct slice){ 0 };
	for (i = head.n; i < line.n && line.p[i] != '"'; i++)
		if (line.p[i] == '\\' || (unsigned char)line.p[i] < 0x20)
			return (struct slice){ 0 };
	for (; i < line.n && line.p[i] != ']'; i++)
		;
	if (i == line.n)
		return (struct slice){ 0 };
	raw = (struct slice){ line.p + head.n - 2, i + 1 - (head.n - 2) };
	/* nobody has checked it yet */
	if (get_plain(raw, &s) == -1 || utf8_span(s.topic.p, s.topic.n) != s.topic.n)
		return (struct slice){ 0 };
	return raw;
}

char *
src_put(char *dst, const struct src *s)
{
	*dst++ = '[';
	*dst++ = '"';
	memcpy(dst, s->topic.p, s->topic.n);
	dst += s->topic.n;
	*dst++ = '"';
	*dst++ = ',';
	dst += num_put_i64(dst, s->partition);
	*dst++ = ',';
	dst += num_put_i64(dst, s->offset);
	*dst++ = ',';
	dst += num_put_i64(dst, s->ts_ms);
	*dst++ = ',';
	dst += num_put_i64(dst, s->i);
	*dst++ = ']';
	return dst;
}

int
src_reserved(struct slice name)
{
	if (name.n > 0 && name.p[0] == '@')
		return 1;
	return slice_eq(name, SLICE("_src")) || slice_eq(name, SLICE("_key")) || slice_eq(name, SLICE("_hdr"));
}

int
src_own(const struct json_member *m)
{
	struct slice name = m->name;
	char scratch[32];

	if (m->name_escaped && name.n >= 6 && memcmp(name.p, "\\u0040", 6) == 0)
		return 1;
	/* each of four characters is at most six bytes long when it is escaped */
	if (m->name_escaped && name.n + 2 <= sizeof scratch)
		name = json_text(&(struct json_value){ .raw = { name.p - 1, name.n + 2 },
		    .type = JSON_STRING, .escaped = 1 }, scratch);
	return src_reserved(name);
}

const struct json_member *
src_foreign(const struct json *j)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (src_own(&j->member[i]))
			return &j->member[i];
	return NULL;
}

char *
src_message(char *dst, const struct json *j)
{
	struct json_value v = { .raw = j->raw, .type = JSON_OBJECT, .spaced = j->spaced };
	char *end = dst;

	if (j->n == 0) {
		*end++ = '}';
		return end;
	}
	if (dst == j->raw.p && !j->spaced) {
		*dst = ',';
		return dst + j->raw.n;
	}
	end = json_compact(dst, &v);
	*dst = ',';
	return end;
}
