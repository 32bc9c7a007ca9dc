/* Shipments by tracking number, from rows in memory. */
#include "parcel/shipref.h"

#include <stdlib.h>

#include "base/mem.h"
#include "rec/field.h"

#define ID_MAX 64
#define TEXT_ROOM (6 * ID_MAX + 2)

struct shiprow {
	int64_t created;	/* ms */
	int32_t carrier_id;	/* 0: none yet; -1: the row was replaced */
	uint32_t id;		/* in ids */
	uint32_t number;	/* in numbers */
	uint32_t next;		/* older one of the same number: row + 1, or 0 */
};

struct shipnow {
	int64_t updated;	/* ms */
	uint32_t row;		/* + 1; 0: it has no tracking number */
};

void
shiptable_fini(struct shiptable *t)
{
	map_fini(&t->numbers);
	map_fini(&t->ids);
	free(t->newest);
	free(t->now);
	free(t->row);
	*t = (struct shiptable){ 0 };
}

/* The texts and numbers of a row: 0, or -1 with e. */
static int
read_row(const struct json *row, struct slice *id, char *id_buf, struct slice *number, char *number_buf, struct shiprow *r,
    int64_t *updated, struct err *e)
{
	const struct json_member *id_m = json_get(row, SLICE("shipment_id")), *number_m = json_get(row, SLICE("tracking_number"));
	struct fault f = { 0 };
	int64_t carrier = 0;
	int rc;

	if ((id_m != NULL && id_m->v.raw.n > TEXT_ROOM) || (number_m != NULL && number_m->v.raw.n > TEXT_ROOM))
		return err_set(e, EX_CONFIG, "shipment_id or tracking_number too long");
	if ((rc = field_text(id_m, "shipment_id", ID_MAX, id_buf, id, &f)) == 1 &&
	    (rc = field_time(json_get(row, SLICE("created_at")), "created_at", &r->created, &f)) == 1 &&
	    field_time(json_get(row, SLICE("updated_at")), "updated_at", updated, &f) != -1 &&
	    field_text(number_m, "tracking_number", ID_MAX, number_buf, number, &f) != -1 &&
	    field_int(json_get(row, SLICE("carrier_id")), "carrier_id", 0, INT32_MAX, &carrier, &f) != -1)
		rc = 1;
	if (f.code != NULL)
		return err_set(e, EX_CONFIG, "%s: %s", f.field, f.msg);
	if (rc == 0)
		return err_set(e, EX_CONFIG, "a row of shipments needs shipment_id and created_at");
	r->carrier_id = (int32_t)carrier;
	return 0;
}

int
shiptable_row(struct shiptable *t, const struct json *row, struct err *e)
{
	char id_buf[TEXT_ROOM], number_buf[TEXT_ROOM];
	struct slice id, number;
	struct shiprow r = { 0 };
	struct shipnow *now;
	int64_t updated = 0;
	size_t n;

	if (read_row(row, &id, id_buf, &number, number_buf, &r, &updated, e) == -1)
		return -1;
	if (t->rows == SHIPTABLE_MAX)
		return err_set(e, EX_CONFIG, "more than %d shipments", SHIPTABLE_MAX);
	n = t->ids.n;
	r.id = map_add(&t->ids, id);
	t->now = mem_grow(t->now, &t->now_cap, t->ids.n, sizeof *t->now);
	now = &t->now[r.id];
	if (t->ids.n > n)
		*now = (struct shipnow){ .updated = updated };
	else if (updated < now->updated)
		return 0;
	now->updated = updated;
	if (now->row != 0)
		t->row[now->row - 1].carrier_id = -1;
	now->row = 0;
	if (number.n == 0)
		return 0;
	n = t->numbers.n;
	r.number = map_add(&t->numbers, number);
	t->newest = mem_grow(t->newest, &t->newest_cap, t->numbers.n, sizeof *t->newest);
	if (t->numbers.n > n)
		t->newest[r.number] = 0;
	t->row = mem_grow(t->row, &t->row_cap, t->rows + 1, sizeof *t->row);
	t->row[t->rows++] = r;
	now->row = (uint32_t)t->rows;
	return 0;
}

static int
find(void *arg, struct slice tracking, int64_t carrier_id, struct slice *shipment_id, struct err *e)
{
	const struct shiptable *t = arg;
	const struct shiprow *row, *best = NULL;
	uint32_t i = map_find(&t->numbers, tracking), r;

	(void)e;
	if (i == MAP_NONE)
		return 0;
	for (r = t->newest[i]; r != 0; r = row->next) {
		row = &t->row[r - 1];
		if (best != NULL && row->created < best->created)
			break;
		if ((row->carrier_id == 0 || row->carrier_id == carrier_id) &&
		    (best == NULL || slice_cmp(map_key(&t->ids, row->id), map_key(&t->ids, best->id)) > 0))
			best = row;
	}
	if (best != NULL)
		*shipment_id = map_key(&t->ids, best->id);
	return best != NULL;
}

static int
older_first(const void *a, const void *b)
{
	const struct shiprow *x = a, *y = b;

	return x->created < y->created ? -1 : x->created > y->created;
}

struct shipref
shiptable_ref(struct shiptable *t)
{
	size_t i;

	if (t->rows > 0)
		qsort(t->row, t->rows, sizeof *t->row, older_first);
	for (i = 0; i < t->rows; i++) {
		t->row[i].next = t->newest[t->row[i].number];
		t->newest[t->row[i].number] = (uint32_t)i + 1;
	}
	return (struct shipref){ find, t };
}
