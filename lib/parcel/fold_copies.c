/*
 * Of several copies of an event one is left, and the memory of the others.
 */
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mem.h"
#include "parcel/fold_work.h"

/* Which of two copies of an event counts. */
static int
better(struct fold *f, const struct node *a, const struct node *b)
{
	int c;

	f->duplicates++;
	if (a->version != b->version)
		return a->version > b->version;
	c = slice_cmp(a->text, b->text);
	f->conflicts += c != 0;
	return c < 0;
}

size_t
fold_distinct(struct fold *f, struct fold_shipment *s)
{
	struct node *e, *next;
	size_t n = 0, records = 0, slots = 16, i;

	for (e = s->newest; e != NULL; e = e->older)
		records++;
	while (slots < 2 * records)
		slots *= 2;
	f->event = mem_grow(f->event, &f->event_cap, records, sizeof(struct reduce_event *));
	f->table = mem_grow(f->table, &f->table_cap, slots, sizeof *f->table);
	memset(f->table, 0, slots * sizeof *f->table);
	for (e = s->newest; e != NULL; e = e->older) {
		i = XXH3_64bits(e->r.id.p, e->r.id.n) & (slots - 1);
		while (f->table[i] != 0 && !slice_eq(f->event[f->table[i] - 1]->id, e->r.id))
			i = (i + 1) & (slots - 1);
		if (f->table[i] == 0) {
			f->event[n++] = &e->r;
			f->table[i] = (uint32_t)n;
		} else if (better(f, e, (struct node *)(void *)f->event[f->table[i] - 1])) {
			f->event[f->table[i] - 1] = &e->r;
		}
	}
	s->bytes = 0;
	for (next = NULL, i = n; i-- > 0; next = e) {
		e = (struct node *)(void *)f->event[i];
		e->older = next;
		s->bytes += e->size;
	}
	s->newest = next;
	return n;
}

static void
move(struct slice *s, const char *from, size_t n, char *to)
{
	if (s->p >= from && s->p < from + n)
		s->p = to + (s->p - from);
}

/* What the one shipment held still needs goes into another arena, all else is freed. */
static void
compact(struct fold *f, struct fold_shipment *s)
{
	struct arena full = f->arena;
	struct node *e, *to, **link = &s->newest;
	struct stored_days *d, *days, **day_link = &s->days;
	struct fault *spoilt;
	char *p;

	f->arena = (struct arena){ 0 };
	if (s->src_cap > 0) {
		p = arena_get(&f->arena, s->src_cap);
		memcpy(p, s->src, s->src_n);
		s->src = p;
	}
	if (s->spoilt != NULL) {
		spoilt = arena_get(&f->arena, sizeof *spoilt);
		*spoilt = *s->spoilt;
		s->spoilt = spoilt;
	}
	for (d = s->days; d != NULL; d = d->next) {
		days = arena_get(&f->arena, sizeof *d + d->n * sizeof *d->day);
		memcpy(days, d, sizeof *d + d->n * sizeof *d->day);
		*day_link = days;
		day_link = &days->next;
	}
	for (e = s->newest; e != NULL; e = e->older) {
		to = arena_get(&f->arena, e->size);
		memcpy(to, e, e->size);
		move(&to->text, (char *)e, e->size, (char *)to);
		move(&to->r.id, (char *)e, e->size, (char *)to);
		move(&to->r.supersedes, (char *)e, e->size, (char *)to);
		move(&to->r.carrier, (char *)e, e->size, (char *)to);
		move(&to->r.courier, (char *)e, e->size, (char *)to);
		*link = to;
		link = &to->older;
	}
	*link = NULL;
	arena_fini(&full);
}

void
fold_tidy(struct fold *f, struct fold_shipment *s)
{
	if (fold_distinct(f, s) > EVENTS_MAX) {
		s->many = 1;
		s->newest = NULL;
		s->bytes = 0;
	}
	if (f->n == 1 && 2 * s->bytes < arena_bytes(&f->arena))
		compact(f, s);
	s->tidy = 2 * s->bytes > TIDY ? 2 * s->bytes : TIDY;
}
