/*
 * Events to documents.  An event is kept as the text that stands in its document,
 *
 *	"event_id":"7","version":1,"event_time":"2024-06-03T07:00:00.000Z",...
 *
 * which is the same whether the event came from a stream or from a table: members in
 * their order, empty ones left out, no white space; before it lies what the reducer reads.
 */
#include "parcel/fold.h"

#include <inttypes.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "parcel/doc.h"
#include "rec/field.h"

#define ID_MAX 64
#define CARRIER_MAX 32
#define REASON_TEXT 64
#define SEEN 65536			/* shipments before the one held that would be known again, a power of two */
#define SRC_ROOM 64			/* of a shipment, at first */
#define SRC_STUB 1024			/* in a stub at most */
#define TIDY (8 * 1024 * 1024)		/* bytes of a shipment from which its copies are looked for early */
#define EXTRA_DEPTH (JSON_DEPTH - 3)	/* document, events, event */
#define EVENT_MORE 100			/* bytes of an event's state, mark and attempt in the document */
#define DOC_FIXED 4096			/* bytes of a document without its events and lineage */

struct node {
	struct reduce_event r;		/* first: the reducer's pointers are ours */
	struct node *older;
	int64_t version;
	struct slice text;		/* behind the node, as are the unescaped texts of r */
	size_t size;			/* of all that */
};

struct stored_days {
	struct stored_days *next;
	size_t n;
	int32_t day[];
};

struct fold_shipment {
	struct node *newest;
	struct slice id;
	char *src;
	uint32_t src_n, src_cap;
	uint8_t many;			/* too many distinct events: none is kept */
	uint8_t named;			/* by fold_name() */
	int64_t stored;			/* version of its stored row, -1: none */
	int64_t stored_events;
	struct stored_days *days;	/* of its stored rows */
	struct fault *spoilt;		/* by an event or a row */
	size_t bytes, tidy;		/* of the nodes; at which copies are looked for */
};

static const struct slice member[EVENT_N] = {
#define X(e, name) [EVENT_##e] = { "\"" name "\":", sizeof name + 2 },
	EVENT_MEMBERS(X)
#undef X
};

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

#define FLAG (1 << JSON_TRUE | 1 << JSON_FALSE | 1 << JSON_NUMBER)

/* The kinds of JSON value that a member may be, besides null. */
static unsigned
kinds(size_t i)
{
	switch (i) {
	case EVENT_VERSION: case EVENT_LAG_SEC: case EVENT_CARRIER_ID: case EVENT_ATTEMPT_NO:
	case EVENT_LAT: case EVENT_LON: case EVENT_PIECES: case EVENT_PIECES_DELIVERED:
		return 1 << JSON_NUMBER;
	case EVENT_IS_DATE_ONLY: case EVENT_TO_RECIPIENT: case EVENT_DAMAGED:
		return FLAG;
	case EVENT_EXTRA:
		return 1 << JSON_OBJECT | 1 << JSON_STRING;
	default:
		return 1 << JSON_STRING;
	}
}

/* Whether a value means "none" (wb-records.5 "Canonical event"). */
static int
empty(size_t i, const struct json_value *v)
{
	switch (i) {
	case EVENT_CARRIER_ID: case EVENT_ATTEMPT_NO: case EVENT_PIECES: case EVENT_PIECES_DELIVERED:
		return v->raw.n == 1 && v->raw.p[0] == '0';
	default:
		return v->type == JSON_STRING && v->raw.n == 2;
	}
}

/* Levels of objects and arrays in checked JSON. */
static int
depth(struct slice s)
{
	int now = 0, most = 0, quoted = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (quoted) {
			if (s.p[i] == '\\')
				i++;
			else if (s.p[i] == '"')
				quoted = 0;
		} else if (s.p[i] == '"') {
			quoted = 1;
		} else if (s.p[i] == '{' || s.p[i] == '[') {
			if (++now > most)
				most = now;
		} else if (s.p[i] == '}' || s.p[i] == ']') {
			now--;
		}
	}
	return most;
}

/*
 * extra: an object, or as tables have it, its text, which is unescaped into scratch.
 * Writes the object at dst, or nothing when it is empty.  NULL with the fault.
 */
static char *
put_extra(struct fold *f, const struct json_value *v, char *dst, char *scratch, struct fault *fault)
{
	struct json_value object = *v;
	struct slice s;
	char *end;

	if (v->type == JSON_STRING) {
		s = json_text(v, scratch);
		if (s.p != scratch)
			memcpy(scratch, s.p, s.n);
		memset(scratch + s.n, 0, JSON_PAD);
		s.p = scratch;
		if (json_scan(&f->extra, s) == -1) {
			fault_set(fault, f->extra.code, "extra", "%s at byte %zu of its text", f->extra.fault, f->extra.at + 1);
			return NULL;
		}
		object = (struct json_value){ .raw = f->extra.raw, .type = JSON_OBJECT, .spaced = f->extra.spaced };
	}
	end = json_compact(dst, &object);
	if (depth((struct slice){ dst, (size_t)(end - dst) }) > EXTRA_DEPTH) {
		fault_set(fault, "json", "extra", "deeper than %d: its document would be deeper than %d", EXTRA_DEPTH, JSON_DEPTH);
		return NULL;
	}
	return end - dst > 2 ? end : dst;
}

/* The text of a node: all members behind shipment_id, at[i] where the value of member i stands.  NULL with the fault. */
static char *
put_text(struct fold *f, char *dst, char *scratch, char **at, struct fault *fault)
{
	const struct json_member *m;
	char *begin;
	int set = 0;
	size_t i;

	for (i = EVENT_EVENT_ID; i < EVENT_STATE; i++) {
		m = f->slot[i];
		if (m == NULL || m->v.type == JSON_NULL)
			continue;
		if (!(kinds(i) & 1u << m->v.type)) {
			fault_set(fault, "type", event_name[i], "a value of another type");
			return NULL;
		}
		if (empty(i, &m->v))
			continue;
		begin = dst;
		if (i != EVENT_EVENT_ID)
			*dst++ = ',';
		memcpy(dst, member[i].p, member[i].n);
		dst += member[i].n;
		at[i] = dst;
		if (i == EVENT_EXTRA) {
			char *end = put_extra(f, &m->v, dst, scratch, fault);

			if (end == NULL)
				return NULL;
			dst = end == dst ? begin : end;
		} else if (kinds(i) == FLAG) {
			if (field_bool(m, event_name[i], &set, fault) == -1)
				return NULL;
			memcpy(dst, set ? "true" : "false", 5);
			dst += set ? 4 : 5;
		} else {
			memcpy(dst, m->v.raw.p, m->v.raw.n);
			dst += m->v.raw.n;
		}
	}
	return dst;
}

/*
 * A text member for the reducer: within the node's text, or unescaped at *end.
 * As field_text().
 */
static int
text(const struct fold *f, enum event_member i, size_t max, char *const *at, char **end, struct slice *s, struct fault *fault)
{
	const struct json_member *m = f->slot[i];
	int rc = field_text(m, event_name[i], max, *end, s, fault);

	if (rc == 1 && s->p == *end)
		*end += s->n;
	else if (rc == 1)
		s->p = at[i] + (s->p - m->v.raw.p);
	return rc;
}

/* Fills in what the reducer reads; texts that had to be unescaped lie at *end. */
static int
read_node(const struct fold *f, struct node *e, char *const *at, char **end, struct fault *fault)
{
	const struct taxonomy *t = f->reducer.taxonomy;
	struct slice status, reason, ignored;
	int64_t n[4] = { 0 };
	int to_recipient = 0, damaged = 0, rc[6], i;
	char shown[80];

	e->r = (struct reduce_event){ 0 };
	if ((rc[0] = text(f, EVENT_EVENT_ID, ID_MAX, at, end, &e->r.id, fault)) == -1 ||
	    (rc[1] = field_int(f->slot[EVENT_VERSION], "version", 0, INT64_MAX, &e->version, fault)) == -1 ||
	    (rc[2] = field_time(f->slot[EVENT_EVENT_TIME], "event_time", &e->r.time, fault)) == -1 ||
	    (rc[3] = field_time(f->slot[EVENT_RECEIVED_AT], "received_at", &e->r.received, fault)) == -1 ||
	    (rc[4] = text(f, EVENT_CARRIER, CARRIER_MAX, at, end, &e->r.carrier, fault)) == -1 ||
	    (rc[5] = text(f, EVENT_STATUS, 32, at, end, &status, fault)) == -1)
		return -1;
	for (i = 0; i < 6; i++) {
		static const char *const needed[] = { "event_id", "version", "event_time", "received_at", "carrier", "status" };

		if (rc[i] == 0)
			return field_missing(needed[i], fault);
	}
	i = status_by_name(status);
	if (i == -1)
		return fault_set(fault, "enum", "status", "\"%s\" is no status", err_show(shown, sizeof shown, status.p, status.n));
	e->r.status = (uint8_t)i;
	if (text(f, EVENT_REASON, REASON_TEXT, at, end, &reason, fault) == -1 ||
	    text(f, EVENT_SUPERSEDES, ID_MAX, at, end, &e->r.supersedes, fault) == -1 ||
	    text(f, EVENT_COURIER_ID, ID_MAX, at, end, &e->r.courier, fault) == -1 ||
	    field_text(f->slot[EVENT_REGION_CODE], "region_code", 16, *end, &ignored, fault) == -1 ||
	    field_int(f->slot[EVENT_ATTEMPT_NO], "attempt_no", 0, 99, &n[0], fault) == -1 ||
	    field_int(f->slot[EVENT_PIECES], "pieces", 0, UINT16_MAX, &n[1], fault) == -1 ||
	    field_int(f->slot[EVENT_PIECES_DELIVERED], "pieces_delivered", 0, UINT16_MAX, &n[2], fault) == -1 ||
	    field_int(f->slot[EVENT_CARRIER_ID], "carrier_id", 0, UINT32_MAX, &n[3], fault) == -1 ||
	    field_bool(f->slot[EVENT_TO_RECIPIENT], "to_recipient", &to_recipient, fault) == -1 ||
	    field_bool(f->slot[EVENT_DAMAGED], "damaged", &damaged, fault) == -1)
		return -1;
	i = taxonomy_reason(t, reason);
	if (i == -1)
		return fault_set(fault, "enum", "reason", "\"%s\" is no reason", err_show(shown, sizeof shown, reason.p, reason.n));
	e->r.reason = (uint16_t)i;
	e->r.attempt_no = (uint8_t)n[0];
	e->r.pieces = (uint16_t)n[1];
	e->r.pieces_delivered = (uint16_t)n[2];
	e->r.to_recipient = (uint8_t)to_recipient;
	e->r.damaged = (uint8_t)damaged;
	return 0;
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

/*
 * Leaves one copy of each event of s, in event[]; returns their number.  The nodes
 * of the others are forgotten.
 */
static size_t
distinct(struct fold *f, struct fold_shipment *s)
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

/* Many records: most of them may be copies. */
static void
tidy(struct fold *f, struct fold_shipment *s)
{
	if (distinct(f, s) > EVENTS_MAX) {
		s->many = 1;
		s->newest = NULL;
		s->bytes = 0;
	}
	if (f->n == 1 && 2 * s->bytes < arena_bytes(&f->arena))
		compact(f, s);
	s->tidy = 2 * s->bytes > TIDY ? 2 * s->bytes : TIDY;
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
	char *at[EVENT_N] = { NULL }, *end;
	struct fold_shipment *s;

	if (id.p == p)
		p += id.n;
	end = put_text(f, p, p + half, at, fault);
	if (end == NULL)
		return -1;
	e->text = (struct slice){ p, (size_t)(end - p) };
	if (read_node(f, e, at, &end, fault) == -1)
		return -1;
	e->size = (size_t)(end - (char *)e);
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
		tidy(f, s);
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
	f->events = s->many ? 0 : distinct(f, s);
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

static char *
put(char *dst, struct slice s)
{
	memcpy(dst, s.p, s.n);
	return dst + s.n;
}
#define PUT(dst, lit) put(dst, SLICE(lit))

static char *
put_name(char *dst, enum doc_member i)
{
	if (dst[-1] != '{')
		*dst++ = ',';
	*dst++ = '"';
	dst = put(dst, slice_of(doc_name[i]));
	return PUT(dst, "\":");
}

static char *
put_text_of(char *dst, enum doc_member i, struct slice s)
{
	return json_quote(put_name(dst, i), s);
}

static char *
put_time(char *dst, enum doc_member i, int64_t ms)
{
	dst = put_name(dst, i);
	if (ms == REDUCE_NEVER)
		return PUT(dst, "null");
	*dst++ = '"';
	dst = utc_put(dst, ms);
	*dst++ = '"';
	return dst;
}

static char *
put_bool(char *dst, enum doc_member i, int v)
{
	return put(put_name(dst, i), v ? SLICE("true") : SLICE("false"));
}

static char *
put_int(char *dst, enum doc_member i, int64_t v)
{
	dst = put_name(dst, i);
	return dst + num_put_i64(dst, v);
}

static char *
put_event(char *dst, const struct node *e)
{
	*dst++ = '{';
	dst = put(dst, e->text);
	dst = PUT(dst, ",\"state\":\"");
	dst = put(dst, slice_of(status_name[e->r.state]));
	dst = PUT(dst, "\",\"mark\":\"");
	dst = put(dst, slice_of(mark_name[e->r.mark]));
	dst = PUT(dst, "\",\"attempt\":");
	dst += num_put_u64(dst, e->r.attempt);
	*dst++ = '}';
	return dst;
}

char *
fold_put(struct fold *f, int64_t now, char *dst)
{
	const struct reduced *r = &f->reduced;
	size_t i;

	*dst++ = '{';
	if (f->shipment[f->at].src_n > 0)
		dst = put(put_name(dst, DOC_SRC_), fold_src(f, f->at));
	dst = put_text_of(dst, DOC_SHIPMENT_ID_, fold_id(f, f->at));
	dst = put_int(dst, DOC_VERSION_, now);
	dst = put_text_of(dst, DOC_STATUS_, slice_of(status_name[r->status]));
	dst = put_time(dst, DOC_STATUS_SINCE_, r->status_since);
	dst = put_text_of(dst, DOC_REASON_, taxonomy_reason_name(f->reducer.taxonomy, r->reason));
	dst = put_bool(dst, DOC_IS_OPEN_, r->is_open);
	dst = put_time(dst, DOC_LABEL_AT_, r->label_at);
	dst = put_time(dst, DOC_ACCEPTED_AT_, r->accepted_at);
	dst = put_time(dst, DOC_FIRST_OFD_AT_, r->first_ofd_at);
	dst = put_time(dst, DOC_FIRST_ATTEMPT_AT_, r->first_attempt_at);
	dst = put_time(dst, DOC_READY_AT_, r->ready_at);
	dst = put_time(dst, DOC_DELIVERED_AT_, r->delivered_at);
	dst = put_time(dst, DOC_RETURN_STARTED_AT_, r->return_started_at);
	dst = put_time(dst, DOC_RETURNED_AT_, r->returned_at);
	dst = put_time(dst, DOC_LOST_AT_, r->lost_at);
	dst = put_time(dst, DOC_CANCELLED_AT_, r->cancelled_at);
	dst = put_time(dst, DOC_CLOSED_AT_, r->closed_at);
	dst = put_time(dst, DOC_FIRST_EXCEPTION_AT_, r->first_exception_at);
	dst = put_time(dst, DOC_DAMAGED_AT_, r->damaged_at);
	dst = put_time(dst, DOC_LAST_EVENT_AT_, r->last_event_at);
	dst = put_time(dst, DOC_LAST_RECEIVED_AT_, r->last_received_at);
	dst = put_int(dst, DOC_EVENTS_N_, (int64_t)f->events);
	dst = put_int(dst, DOC_ATTEMPTS_, r->attempts);
	dst = put_bool(dst, DOC_FIRST_ATTEMPT_OK_, r->first_attempt_ok);
	dst = put_int(dst, DOC_EXCEPTIONS_, r->exceptions);
	dst = put_int(dst, DOC_POST_TERMINAL_, r->post_terminal);
	dst = put_bool(dst, DOC_IS_REOPENED_, r->is_reopened);
	dst = put_bool(dst, DOC_IS_PARTIAL_, r->is_partial);
	dst = put_text_of(dst, DOC_COURIER_ID_, r->courier);
	dst = PUT(put_name(dst, DOC_DAYS_), "[");
	for (i = 0; i < f->days; i++) {
		if (i > 0)
			*dst++ = ',';
		*dst++ = '"';
		dst = utc_put_day(dst, f->day[i]);
		*dst++ = '"';
	}
	*dst++ = ']';
	dst = PUT(put_name(dst, DOC_EVENTS_), "[");
	for (i = 0; i < f->events; i++) {
		if (i > 0)
			*dst++ = ',';
		dst = put_event(dst, (const struct node *)(const void *)f->event[i]);
	}
	return PUT(dst, "]}");
}

char *
fold_stub(const struct fold *f, size_t i, char *dst)
{
	struct slice src = fold_src(f, i);

	*dst++ = '{';
	if (src.n > 0 && src.n <= SRC_STUB)
		dst = put(put_name(dst, DOC_SRC_), src);
	dst = put_text_of(dst, DOC_SHIPMENT_ID_, fold_id(f, i));
	*dst++ = '}';
	return dst;
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
