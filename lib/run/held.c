/* Lines that wait for the store. */
#include "run/held.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utc.h"

void
held_fini(struct held *h)
{
	free(h->line);
	buf_fini(&h->text);
	json_fini(&h->json);
	*h = (struct held){ 0 };
}

void
held_add(struct held *h, const struct stage *st, struct slice line, int event)
{
	if (h->n == 0)
		h->since = utc_mono();
	h->line = mem_grow(h->line, &h->cap, h->n + 1, sizeof *h->line);
	h->line[h->n++] = (struct held_line){ .at = h->text.n, .n = line.n, .number = st->number, .name = st->name, .event = event };
	memcpy(buf_room(&h->text, line.n + JSON_PAD), line.p, line.n);
	h->text.n += line.n;
}

size_t
held_bytes(const struct held *h)
{
	return h->text.n;
}

int
held_due(const struct held *h, int ms)
{
	return h->n > 0 && utc_mono() - h->since >= ms * INT64_C(1000000);
}

int
held_get(struct held *h, struct stage *st, size_t i, struct record *r)
{
	const struct held_line *l = &h->line[i];
	const struct json_member *src;

	if (!h->moved) {
		h->number = st->number;
		h->name = st->name;
		h->moved = 1;
	}
	st->number = l->number;
	st->name = l->name;
	*r = (struct record){ .line = { h->text.p + l->at, l->n } };
	if (l->event != STAGE_RECORD)
		return l->event;
	(void)json_scan(&h->json, r->line);	/* it was scanned before */
	r->json = &h->json;
	src = json_get(&h->json, SLICE("_src"));
	r->src = src != NULL ? &src->v : NULL;
	return STAGE_RECORD;
}

void
held_clear(struct held *h, struct stage *st)
{
	if (h->moved) {
		st->number = h->number;
		st->name = h->name;
		h->moved = 0;
	}
	h->n = 0;
	buf_clear(&h->text);
}
