/* Records to messages of Kafka. */
#include "net/kafka_form.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rec/src.h"

#define CONTENT_TYPE "content-type"
#define CLOUDEVENT "application/cloudevents+json; charset=UTF-8"

void
kafka_form_fini(struct kafka_form *m)
{
	json_pointer_free(m->pointer);
	free(m->fixed);
	buf_fini(&m->text);
	buf_fini(&m->names);
	buf_fini(&m->scratch);
	*m = (struct kafka_form){ 0 };
}

int
kafka_form_key(struct kafka_form *m, const char *key)
{
	struct buf b = { 0 };
	const char *s;

	if (*key == '\0')
		return -1;
	if (*key == '/') {
		buf_puts(&b, key);
	} else {
		buf_putc(&b, '/');
		for (s = key; *s != '\0'; s++)
			if (*s == '~' || *s == '/')
				buf_puts(&b, *s == '~' ? "~0" : "~1");
			else
				buf_putc(&b, *s);
	}
	json_pointer_free(m->pointer);
	m->pointer = json_pointer_new(buf_as_slice(&b));
	m->is_key = slice_eq(buf_as_slice(&b), SLICE("/_key"));
	(void)err_show(m->field, sizeof m->field, key, strlen(key));
	buf_fini(&b);
	return m->pointer != NULL ? 0 : -1;
}

int
kafka_form_header(struct kafka_form *m, const char *arg)
{
	const char *eq = strchr(arg, '=');

	if (eq == NULL || eq == arg || m->fixeds == KAFKA_FORM_HEADERS - 1)
		return -1;
	m->fixed = mem_grow(m->fixed, &m->fixed_cap, m->fixeds + 1, sizeof *m->fixed);
	m->fixed[m->fixeds++] = (struct kafka_header){ { arg, (size_t)(eq - arg) }, slice_of(eq + 1) };
	return 0;
}

void
kafka_form_back(struct kafka_form *m)
{
	m->back = 1;
}

/* The text of a value that can be a key: a string unescaped, a number or a truth value as it stands. */
static int
get_key(struct kafka_form *m, const struct json_value *v, struct fault *f)
{
	const char *field = m->pointer != NULL ? m->field : "partitionkey";

	switch (v->type) {
	case JSON_NULL:
		if (m->pointer != NULL && !m->is_key)
			return fault_set(f, "missing", field, "no key in it");
		return 0;
	case JSON_STRING:
		m->key = json_text(v, v->escaped ? buf_room(&m->text, v->raw.n) : NULL);
		m->text.n += v->escaped ? v->raw.n : 0;
		if (m->key.n > 0 || m->is_key)
			return 0;
		m->key = (struct slice){ 0 };
		return m->pointer != NULL ? fault_set(f, "missing", field, "an empty key") : 0;
	case JSON_ARRAY:
	case JSON_OBJECT:
		return fault_set(f, "type", field, "an array or object cannot be a key");
	default:
		m->key = v->raw;
		return 0;
	}
}

static int
find_key(struct kafka_form *m, const struct json *j, struct fault *f)
{
	const struct json_member *k;
	struct json_value v;

	m->key = (struct slice){ 0 };
	if (m->pointer != NULL) {
		if (!json_find(m->pointer, j, &v))
			return fault_set(f, "missing", m->field, "no key in it");
		return get_key(m, &v, f);
	}
	k = json_get(j, SLICE("partitionkey"));
	return k != NULL ? get_key(m, &k->v, f) : 0;
}

static int
has_header(const struct kafka_form *m, struct slice name)
{
	size_t i;

	for (i = 0; i < m->headers; i++)
		if (slice_eq(m->header[i].name, name))
			return 1;
	return 0;
}

/* The members of _hdr. */
static int
put_back(struct kafka_form *m, const struct json_value *hdr, struct fault *f)
{
	struct json_walk w;
	struct json_member h;
	struct kafka_header *to;
	size_t need = 0;
	char *p;

	if (hdr->type == JSON_NULL)
		return 0;
	if (hdr->type != JSON_OBJECT)
		return fault_set(f, "type", "_hdr", "not an object");
	/* texts that are unescaped need a place that does not move */
	buf_clear(&m->names);
	p = buf_room(&m->names, hdr->raw.n);
	for (json_enter(&w, hdr); json_next(&w, &h); ) {
		if (m->headers == KAFKA_FORM_HEADERS)
			return fault_set(f, "length", "_hdr", "more than %d headers", KAFKA_FORM_HEADERS);
		if (h.v.type != JSON_STRING && h.v.type != JSON_NULL)
			return fault_set(f, "type", "_hdr", "a header that is neither a string nor null");
		to = &m->header[m->headers++];
		to->name = json_name(&h, p + need);
		need += h.name.n;
		to->value = (struct slice){ 0 };
		if (h.v.type == JSON_NULL)
			continue;
		to->value = json_text(&h.v, p + need);
		need += h.v.raw.n;
	}
	return 0;
}

static int
find_headers(struct kafka_form *m, const struct json *j, struct fault *f)
{
	const struct json_member *hdr = m->back ? json_get(j, SLICE("_hdr")) : NULL;

	for (m->headers = 0; m->headers < m->fixeds; m->headers++)
		m->header[m->headers] = m->fixed[m->headers];
	if (hdr != NULL)
		return put_back(m, &hdr->v, f);
	/* CloudEvents 1.0, Kafka binding, structured mode: consumers know them by this */
	if (!m->back && json_get(j, SLICE("specversion")) != NULL && !has_header(m, SLICE(CONTENT_TYPE)))
		m->header[m->headers++] = (struct kafka_header){ SLICE(CONTENT_TYPE), SLICE(CLOUDEVENT) };
	return 0;
}

static int
is_ours(struct kafka_form *m, const struct json_member *mem)
{
	struct slice name = mem->name;

	if (mem->name_escaped)
		name = json_name(mem, buf_room(&m->scratch, name.n));
	if (name.n == 0 || name.p[0] != '_')
		return 0;
	if (!src_reserved(name))
		m->left_out++;
	return 1;
}

/* The record without our members, those between them as they stand. */
static void
put_value(struct kafka_form *m, const struct json *j)
{
	size_t at = m->text.n, i, k;
	const char *from, *to;
	char *p, *first;

	p = first = buf_room(&m->text, j->raw.n + 1);
	*p++ = '{';
	for (i = 0; i < j->n; i = k + 1) {
		for (k = i; k < j->n && !is_ours(m, &j->member[k]); )
			k++;
		if (k == i)
			continue;
		if (p > first + 1)
			*p++ = ',';
		from = j->member[i].name.p - 1;
		to = j->member[k - 1].v.raw.p + j->member[k - 1].v.raw.n;
		memcpy(p, from, (size_t)(to - from));
		p += to - from;
	}
	*p++ = '}';
	m->text.n = at + (size_t)(p - first);
	m->value = (struct slice){ first, (size_t)(p - first) };
}

int
kafka_form(struct kafka_form *m, const struct json *j, struct fault *f)
{
	size_t i;

	buf_clear(&m->text);
	(void)buf_room(&m->text, 2 * j->raw.n + 1);	/* key and value: no move under a slice */
	if (find_key(m, j, f) == -1 || find_headers(m, j, f) == -1)
		return -1;
	m->value = j->raw;
	for (i = 0; i < j->n; i++)
		if (j->member[i].name_escaped || (j->member[i].name.n > 0 && j->member[i].name.p[0] == '_')) {
			put_value(m, j);
			break;
		}
	return 0;
}
