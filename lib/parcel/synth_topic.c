/* The messages of many shipments merged into one topic. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "parcel/synth_topic.h"

#define SLOT_BITS 16
_Static_assert(SYNTH_TOPIC_OPEN <= 1 << SLOT_BITS, "slots fit the key");

/* A shipment under way: its plan as far as it is visible, and what is to be sent. */
struct slot {
	char *block;		/* struct synth_plan, cut after its visible events; then the sends */
	size_t cap;
	uint16_t next, sends;
	uint16_t at;		/* offset of the sends */
};

struct synth_topic {
	const struct synth_world *w;
	struct slot *slot;
	uint64_t *heap;		/* (time of the next send) << SLOT_BITS | slot; the least on top */
	size_t n, slots;
	uint16_t *spare;	/* slots that are free again */
	size_t spares;
	uint64_t admitted;
	int64_t base;
	uint64_t offset[SYNTH_PARTITIONS];
	struct synth_plan plan;		/* the next one to be admitted */
	int has_plan;
	struct synth_send send[SYNTH_SENDS];
};

struct synth_topic *
synth_topic_new(const struct synth_world *w)
{
	struct synth_topic *t = mem_alloc(sizeof *t);

	t->w = w;
	t->base = w->from * INT64_C(86400000);
	t->slot = mem_alloc(SYNTH_TOPIC_OPEN * sizeof t->slot[0]);
	t->heap = mem_alloc(SYNTH_TOPIC_OPEN * sizeof t->heap[0]);
	t->spare = mem_alloc(SYNTH_TOPIC_OPEN * sizeof t->spare[0]);
	return t;
}

void
synth_topic_free(struct synth_topic *t)
{
	size_t i = 0;

	if (t == NULL)
		return;
	for (i = 0; i < t->slots; i++)
		free(t->slot[i].block);
	free(t->slot);
	free(t->heap);
	free(t->spare);
	free(t);
}

static const struct synth_send *
next_send(const struct slot *s)
{
	return (const struct synth_send *)(const void *)(s->block + s->at) + s->next;
}

static uint64_t
key(const struct synth_topic *t, size_t slot)
{
	return (uint64_t)(next_send(&t->slot[slot])->at - t->base) << SLOT_BITS | slot;
}

static void
sift_down(struct synth_topic *t, uint64_t k)
{
	size_t i = 0, c = 1;

	for (; c < t->n; i = c, c = 2 * i + 1) {
		if (c + 1 < t->n && t->heap[c + 1] < t->heap[c])
			c++;
		if (k <= t->heap[c])
			break;
		t->heap[i] = t->heap[c];
	}
	t->heap[i] = k;
}

static void
push(struct synth_topic *t, uint64_t k)
{
	size_t i = t->n++;

	for (; i > 0 && k < t->heap[(i - 1) / 2]; i = (i - 1) / 2)
		t->heap[i] = t->heap[(i - 1) / 2];
	t->heap[i] = k;
}

static void
admit(struct synth_topic *t)
{
	size_t i = t->spares > 0 ? t->spare[--t->spares] : t->slots++;
	size_t n = synth_send_make(t->w, &t->plan, t->send);
	size_t head = offsetof(struct synth_plan, event) + t->plan.visible * sizeof t->plan.event[0];
	size_t need = head + n * sizeof t->send[0];
	struct slot *s = &t->slot[i];

	_Static_assert(offsetof(struct synth_plan, event) % _Alignof(struct synth_send) == 0, "alignment");
	if (s->cap < need) {
		s->cap = (need + 255) / 256 * 256;
		s->block = mem_resize(s->block, s->cap);
	}
	memcpy(s->block, &t->plan, head);
	memcpy(s->block + head, t->send, n * sizeof t->send[0]);
	s->at = (uint16_t)head;
	s->next = 0;
	s->sends = (uint16_t)n;
	push(t, key(t, i));
	t->has_plan = 0;
}

char *
synth_topic_next(struct synth_topic *t, char *d)
{
	struct slot *s = NULL;
	const struct synth_plan *p = NULL;
	size_t i = 0;
	unsigned part = 0;

	for (;;) {
		if (!t->has_plan && t->admitted < t->w->shipments) {
			synth_plan_make(t->w, t->admitted++, &t->plan);
			t->has_plan = 1;
		}
		if (!t->has_plan || t->n == SYNTH_TOPIC_OPEN)
			break;
		if (t->n > 0 && (int64_t)(t->heap[0] >> SLOT_BITS) + t->base < t->plan.created_at)
			break;
		admit(t);
	}
	if (t->n == 0)
		return NULL;
	i = t->heap[0] & ((1 << SLOT_BITS) - 1);
	s = &t->slot[i];
	p = (const struct synth_plan *)(const void *)s->block;
	part = synth_line_partition(p);
	d = synth_line_message(d, t->w, p, next_send(s), part, t->offset[part]++);
	if (++s->next < s->sends) {
		sift_down(t, key(t, i));
	} else {
		t->spare[t->spares++] = (uint16_t)i;
		t->n--;
		if (t->n > 0)
			sift_down(t, t->heap[t->n]);
	}
	return d;
}
