/*
 * Shipments, their events and the rows stored of them, and what becomes of each.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mem.h"
#include "base/utc.h"
#include "parcel/fold_work.h"
#include "rec/field.h"

#define SEEN 65536			/* shipments before the one held that would be known again, a power of two */
#define SRC_ROOM 64			/* of a shipment, at first */
#define EVENT_MORE 100			/* bytes of an event's state, mark and attempt in the document */
#define DOC_FIXED 4096			/* bytes of a document without its events and lineage */

void
fold_init(struct fold *f, const struct taxonomy *t, int adjacent)
{
	*f = (struct fold){ .adjacent = adjacent };
	reducer_init(&f->reducer, t);
	f->names = json_names_new(event_name, EVENT_STATE);
	if (adjacent)
		f->seen = mem_alloc(SEEN * sizeof *f->seen);
}

void
fold_fini(struct fold *f)
{
	reducer_fini(&f->reducer);
	json_names_free(f->names);
	json_fini(&f->extra);
	arena_fini(&f->arena);
	map_fini(&f->ids);
	free(f->shipment);
	free(f->event);
	free(f->day);
	free(f->table);
	free(f->seen);
	*f = (struct fold){ 0 };
}

/* Where the hash of a shipment that has been cleared is kept until another takes its place; never 0. */
static uint64_t *
seen(const struct fold *f, struct slice id, uint64_t *hash)
{
	*hash = XXH3_64bits(id.p, id.n) | 1;
	return &f->seen[*hash >> 16 & (SEEN - 1)];
}

static int
known(const struct fold *f, struct slice id)
{
	uint64_t hash;
	const uint64_t *place = seen(f, id, &hash);

	return *place == hash;
}

void
fold_clear(struct fold *f)
{
	uint64_t hash, *place;

	if (!f->adjacent) {
		map_fini(&f->ids);
	} else if (f->n > 0) {
		place = seen(f, f->shipment[0].id, &hash);
		*place = hash;
	}
	f->n = 0;
	arena_clear(&f->arena);
}

size_t
fold_bytes(const struct fold *f)
{
	return arena_bytes(&f->arena) + f->cap * sizeof *f->shipment + map_bytes(&f->ids);
}

/* The shipment of that id, new or known. */
static struct fold_shipment *
shipment_of(struct fold *f, struct slice id)
{
	size_t i = f->adjacent ? 0 : map_add(&f->ids, id);

	if (i == f->n) {
		f->shipment = mem_grow(f->shipment, &f->cap, f->n + 1, sizeof *f->shipment);
		f->shipment[f->n++] = (struct fold_shipment){ .tidy = TIDY, .stored = -1 };
		if (f->adjacent) {
			memcpy(f->id, id.p, id.n);
			f->shipment[i].id = (struct slice){ f->id, id.n };
		} else {
			f->shipment[i].id = map_key(&f->ids, (uint32_t)i);
		}
	}
	return &f->shipment[i];
}

/* Lineage: the last record's, or none. */
static void
keep_src(struct fold *f, struct fold_shipment *s, struct slice src)
{
	s->src_n = (uint32_t)src.n;
	if (s->src_n > s->src_cap) {
		s->src_cap = s->src_n + 16 > SRC_ROOM ? s->src_n + 16 : SRC_ROOM;
		s->src = arena_get(&f->arena, s->src_cap);
	}
	if (s->src_n > 0)
		memcpy(s->src, src.p, s->src_n);
}

/* The shipment of that id when it was named, or NULL. */
static struct fold_shipment *
named(const struct fold *f, struct slice id)
{
	uint32_t i = f->adjacent ? MAP_NONE : map_find(&f->ids, id);

	return i != MAP_NONE && f->shipment[i].named ? &f->shipment[i] : NULL;
}

/* s has no document, for its first fault. */
static void
spoil(struct fold *f, struct fold_shipment *s, const struct fault *fault)
{
	if (s->spoilt != NULL)
		return;
	s->spoilt = arena_get(&f->arena, sizeof *s->spoilt);
	*s->spoilt = *fault;
}

void
fold_spoil(struct fold *f, size_t i, const struct fault *fault)
{
	if (!f->shipment[i].many)
		spoil(f, &f->shipment[i], fault);
}

void
fold_name(struct fold *f, struct slice id, struct slice src)
{
	struct fold_shipment *s = shipment_of(f, id);

	s->named = 1;
	keep_src(f, s, src);
}

/* The days of a stored row: 0, or -1 with the fault. */
static int
keep_days(struct fold *f, struct fold_shipment *s, const struct json_member *m, struct fault *fault)
{
	struct stored_days *d;
	struct json_member day = { .v = { .type = JSON_NULL } };
	struct json_walk w;
	size_t n = 0;

	if (m == NULL || m->v.type != JSON_ARRAY)
		return fault_set(fault, "type", "days", "not an array");
	/* a day and its quotes take more bytes than its number */
	d = arena_room(&f->arena, sizeof *d + m->v.raw.n);
	json_enter(&w, &m->v);
	while (json_next(&w, &day))
		if (field_day(&day, "days", &d->day[n++], fault) != 1)
			return fault_set(fault, "type", "days", "not an array of days");
	d->n = n;
	d->next = s->days;
	s->days = d;
	arena_used(&f->arena, sizeof *d + n * sizeof *d->day);
	return 0;
}

int
fold_stored(struct fold *f, const struct json *row, struct fault *fault)
{
	const struct json_member *m = json_get(row, SLICE("shipment_id"));
	char buf[6 * ID_MAX + 2];
	struct fold_shipment *s;
	struct slice id = { 0 };
	int64_t version = 0, events = 0;

	if (m == NULL || m->v.raw.n > sizeof buf || field_text(m, "shipment_id", ID_MAX, buf, &id, fault) != 1)
		return fault_set(fault, "missing", "shipment_id", "a stored row without one");
	if ((s = named(f, id)) == NULL)
		return fault_set(fault, "shipment", "shipment_id", "a stored row that was not asked for");
	if (field_int(json_get(row, SLICE("version")), "version", 0, INT64_MAX, &version, fault) == -1 ||
	    field_int(json_get(row, SLICE("events_n")), "events_n", 0, UINT16_MAX, &events, fault) == -1 ||
	    keep_days(f, s, json_get(row, SLICE("days")), fault) == -1)
		spoil(f, s, fault);
	if (version >= s->stored) {
		s->stored = version;
		s->stored_events = events;
	}
	return 0;
}

/* The rest of fold_event() for a record of the shipment id, which lies in the record or at p; e has room behind it. */
static int
take(struct fold *f, struct node *e, struct slice id, char *p, size_t half, const struct json_value *src, struct fault *fault)
{
	struct fold_shipment *s;

	if (id.p == p)
		p += id.n;
	if (fold_node(f, e, p, half, fault) == -1)
		return -1;
	s = shipment_of(f, id);
	if (!s->many) {
		arena_used(&f->arena, e->size);
		e->older = s->newest;
		s->newest = e;
		s->bytes += e->size;
	}
	if (!s->named)
		keep_src(f, s, src ? src->raw : (struct slice){ 0 });
	if (s->bytes > s->tidy)
		fold_tidy(f, s);
	return FOLD_TAKEN;
}

int
fold_event(struct fold *f, const struct json *j, const struct json_value *src, struct fault *fault)
{
	const size_t half = j->raw.n + JSON_PAD;
	struct fold_shipment *s;
	struct node *e;
	struct slice id;
	char *p;
	int rc;

	(void)json_pick(f->names, j, f->slot, NULL, 0);
	e = arena_room(&f->arena, sizeof *e + 2 * half);
	p = (char *)(e + 1);
	rc = field_text(f->slot[EVENT_SHIPMENT_ID], "shipment_id", ID_MAX, p, &id, fault);
	if (rc == -1)
		return -1;
	if (rc == 0)
		return field_missing("shipment_id", fault);
	if (f->adjacent && f->n > 0 && !slice_eq(id, f->shipment[0].id))
		return FOLD_NEXT;
	if (f->adjacent && f->n == 0 && known(f, id))
		return FOLD_AGAIN;
	rc = take(f, e, id, p, half, src, fault);
	if (rc == -1 && (s = named(f, id)) != NULL) {
		spoil(f, s, fault);
		rc = FOLD_TAKEN;
	}
	return rc;
}

static int
by_day(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* The days of all stored rows of s, each once, in day[]. */
static void
join_days(struct fold *f, const struct fold_shipment *s)
{
	const struct stored_days *d;
	size_t i, n = 0;

	for (d = s->days; d != NULL; d = d->next) {
		f->day = mem_grow(f->day, &f->day_cap, n + d->n, sizeof *f->day);
		for (i = 0; i < d->n; i++)
			f->day[n++] = d->day[i];
	}
	if (n > 0)
		qsort(f->day, n, sizeof *f->day, by_day);
	for (f->days = i = 0; i < n; i++)
		if (f->days == 0 || f->day[i] != f->day[f->days - 1])
			f->day[f->days++] = f->day[i];
}

size_t
fold_shipment(struct fold *f, size_t i, struct fault *fault)
{
	struct fold_shipment *s = &f->shipment[i];
	size_t k;

	f->at = i;
	f->least = 0;
	if (s->spoilt != NULL) {
		*fault = *s->spoilt;
		return 0;
	}
	f->events = s->many ? 0 : fold_distinct(f, s);
	if (s->many || f->events > EVENTS_MAX) {
		fault_set(fault, "events", "", "more than %d events", EVENTS_MAX);
		return 0;
	}
	if ((int64_t)f->events < s->stored_events) {
		fault_set(fault, "history", "events_n", "%zu events are left of %" PRId64 ": the others have been archived",
		    f->events, s->stored_events);
		return 0;
	}
	join_days(f, s);
	reduce(&f->reducer, f->event, f->events, &f->reduced);
	for (k = 0; k < f->events; k++)
		f->least += ((const struct node *)(const void *)f->event[k])->text.n;
	return DOC_FIXED + s->src_n + f->least + f->events * EVENT_MORE + f->days * (UTC_DAY_LEN + 3);
}

struct slice
fold_id(const struct fold *f, size_t i)
{
	return f->shipment[i].id;
}

struct slice
fold_src(const struct fold *f, size_t i)
{
	return f->shipment[i].src_n > 0 ? (struct slice){ f->shipment[i].src, f->shipment[i].src_n } : (struct slice){ 0 };
}
