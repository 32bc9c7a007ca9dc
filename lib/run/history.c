/* wb-fold --history: from ids to documents, by way of the store. */
#include "run/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utc.h"
#include "parcel/event.h"
#include "rec/field.h"
#include "rec/src.h"

#define ID_MAX 64
#define PART 2000			/* shipments that are read at once, at most */
#define SRC_BYTES (16u << 20)		/* of lineage that is held */
#define SRC_ROOM 64

struct history_src {
	char *p;
	uint32_t n, cap;
};

struct history_name {
	struct slice id;
	uint32_t at;			/* its number in ids */
};

void
history_fini(struct history *h)
{
	map_fini(&h->ids);
	arena_fini(&h->arena);
	free(h->src);
	free(h->named);
	free(h->key);
	*h = (struct history){ 0 };
}

static void
keep_src(struct history *h, struct history_src *s, struct slice src)
{
	if (src.n > s->cap) {
		s->cap = src.n + 16 > SRC_ROOM ? (uint32_t)src.n + 16 : SRC_ROOM;
		s->p = arena_get(&h->arena, s->cap);
	}
	s->n = (uint32_t)src.n;
	if (src.n > 0)
		memcpy(s->p, src.p, src.n);
}

int
history_name(struct history *h, const struct record *r, struct fault *f)
{
	const struct json_member *m = json_get(r->json, SLICE("shipment_id"));
	char buf[6 * ID_MAX + 2];
	struct src src;
	struct slice id;
	size_t n = h->ids.n;
	uint32_t i;
	int rc;

	if (m != NULL && m->v.type == JSON_STRING && m->v.raw.n > sizeof buf)
		return fault_set(f, "length", "shipment_id", "more than %d bytes", ID_MAX);
	if ((rc = field_text(m, "shipment_id", ID_MAX, buf, &id, f)) != 1)
		return rc;
	i = map_add(&h->ids, id);
	if (h->ids.n > n) {
		h->src = mem_grow(h->src, &h->src_cap, h->ids.n, sizeof *h->src);
		h->src[i] = (struct history_src){ 0 };
		if (n == 0)
			h->since = utc_mono();
	}
	keep_src(h, &h->src[i], r->src != NULL && src_get(r->src, &src) == 0 ? r->src->raw : (struct slice){ 0 });
	return 1;
}

int
history_full(const struct history *h)
{
	return h->ids.n >= HISTORY_IDS || arena_bytes(&h->arena) > SRC_BYTES;
}

int
history_due(const struct history *h)
{
	return h->ids.n > 0 && utc_mono() - h->since >= HISTORY_WAIT_MS * INT64_C(1000000);
}

static int
stored_row(void *arg, const struct json *row, struct err *e)
{
	struct history *h = arg;
	struct fault f = { 0 };

	if (fold_stored(h->fold, row, &f) == -1)
		return err_set(e, EX_DATAERR, "%s: %s", f.field, f.msg);
	return 0;
}

static int
event_row(void *arg, const struct json *row, struct err *e)
{
	struct history *h = arg;
	struct fault f = { 0 };

	if (fold_event(h->fold, row, NULL, &f) == -1)
		return err_set(e, EX_DATAERR, "%s: %s", f.field, f.msg);
	return fold_bytes(h->fold) - h->idle > h->limit;
}

/* The columns of an event, without its lineage. */
static void
event_columns(struct buf *b)
{
	size_t i;

	buf_puts(b, event_name[EVENT_SHIPMENT_ID]);
	for (i = EVENT_EVENT_ID; i < EVENT_STATE; i++)
		buf_printf(b, ", %s", event_name[i]);
}

static int
by_id(const void *x, const void *y)
{
	const struct history_name *a = x, *b = y;

	return slice_cmp(a->id, b->id);
}

/*
 * In the order of the tables' keys: the shipments of a part then lie beside each other there,
 * and the server reads a range of the table for each part rather than all of it.
 */
static void
sort(struct history *h)
{
	uint32_t i;

	h->named = mem_grow(h->named, &h->named_cap, h->ids.n, sizeof *h->named);
	for (i = 0; i < h->ids.n; i++)
		h->named[i] = (struct history_name){ map_key(&h->ids, i), i };
	if (h->ids.n > 1)
		qsort(h->named, h->ids.n, sizeof *h->named, by_id);
}

/* Reads what the store has of the shipments [from, from + n), as sorted.  As store_rows(). */
static int
read_part(struct history *h, uint32_t from, uint32_t n, const char *columns, struct err *e)
{
	const struct store_query stored = { .table = "fct_shipment", .columns = "shipment_id, version, events_n, days",
	    .key = "shipment_id", .row = stored_row, .arg = h };
	const struct store_query events = { .table = "fct_event", .columns = columns, .key = "shipment_id", .row = event_row, .arg = h };
	uint32_t i;
	int rc;

	fold_clear(h->fold);
	h->idle = fold_bytes(h->fold);
	for (i = 0; i < n; i++) {
		const struct history_src *s = &h->src[h->named[from + i].at];

		h->key[i] = h->named[from + i].id;
		fold_name(h->fold, h->key[i], (struct slice){ s->p, s->n });
	}
	rc = store_rows(h->store, &stored, h->key, n, e);
	return rc == 0 ? store_rows(h->store, &events, h->key, n, e) : rc;
}

int
history_fold(struct history *h, struct err *e)
{
	struct buf columns = { 0 };
	struct fault f = { 0 };
	uint32_t from = 0, n;
	int64_t now;
	int rc = 0;

	event_columns(&columns);
	sort(h);
	if (h->part == 0)
		h->part = PART;
	h->key = mem_grow(h->key, &h->key_cap, PART, sizeof *h->key);
	while (rc == 0 && from < h->ids.n) {
		n = h->ids.n - from < h->part ? (uint32_t)(h->ids.n - from) : (uint32_t)h->part;
		now = h->now(h->arg);
		rc = read_part(h, from, n, buf_str(&columns), e);
		if (rc == 1 && n > 1) {		/* too much: fewer at once */
			h->part = n / 2;
			rc = 0;
			continue;
		}
		if (rc == 1) {		/* one that would stop the lane each time it is named */
			(void)fault_set(&f, "events", "", "its events take more than -S %llu bytes", (unsigned long long)h->limit);
			fold_spoil(h->fold, 0, &f);
		}
		if (rc != -1) {
			rc = h->documents(h->arg, h->fold, now);
			from += n;
			if (h->part < PART && fold_bytes(h->fold) - h->idle < h->limit / 4)
				h->part = 2 * h->part < PART ? 2 * h->part : PART;
		}
	}
	fold_clear(h->fold);
	map_fini(&h->ids);
	arena_clear(&h->arena);
	buf_fini(&columns);
	return rc;
}
