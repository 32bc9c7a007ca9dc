/* Shipments by tracking number, from rows in memory. */
#include "parcel/shipref.h"

#include <stdlib.h>

#include "base/mem.h"
#include "rec/field.h"

#define ID_MAX 64

struct shiprow {
	int64_t created;	/* ms */
	int32_t carrier_id;	/* 0: none yet; -1: the row was replaced */
	uint32_t id;		/* in ids */
	uint32_t number;	/* in numbers */
	uint32_t line;		/* the later of two that are equally new wins */
	uint32_t next;		/* older one of the same number: row + 1, or 0 */
};

void
shiptable_fini(struct shiptable *t)
{
	map_fini(&t->numbers);
	map_fini(&t->ids);
	free(t->newest);
	free(t->row_of);
	free(t->row);
	*t = (struct shiptable){ 0 };
}

/* The number of the key in m, its cell in *cell zero when it is new. */
static uint32_t
intern(struct map *m, struct slice key, uint32_t **cell, size_t *cap)
{
	size_t n = m->n;
	uint32_t i = map_add(m, key);

	*cell = mem_grow(*cell, cap, m->n, sizeof **cell);
	if (m->n > n)
		(*cell)[i] = 0;
	return i;
}

int
shiptable_row(struct shiptable *t, const struct json *row, struct err *e)
{
	const struct json_member *id_m = json_get(row, SLICE("shipment_id")), *number_m = json_get(row, SLICE("tracking_number"));
	char id_buf[6 * ID_MAX + 2], number_buf[6 * ID_MAX + 2];
	struct slice id, number;
	struct shiprow r = { 0 };
	struct fault f = { 0 };
	int64_t carrier = 0;
	uint32_t i, k;
	int rc;

	if ((id_m != NULL && id_m->v.raw.n > sizeof id_buf) || (number_m != NULL && number_m->v.raw.n > sizeof number_buf))
		return err_set(e, EX_CONFIG, "shipment_id or tracking_number too long");
	if ((rc = field_text(id_m, "shipment_id", ID_MAX, id_buf, &id, &f)) == 1 &&
	    (rc = field_time(json_get(row, SLICE("created_at")), "created_at", &r.created, &f)) == 1 &&
	    field_text(number_m, "tracking_number", ID_MAX, number_buf, &number, &f) != -1 &&
	    field_int(json_get(row, SLICE("carrier_id")), "carrier_id", 0, INT32_MAX, &carrier, &f) != -1)
		rc = 1;
	if (f.code != NULL)
		return err_set(e, EX_CONFIG, "%s: %s", f.field, f.msg);
	if (rc == 0)
		return err_set(e, EX_CONFIG, "a row of shipments needs shipment_id and created_at");
	if (t->rows == SHIPTABLE_MAX)
		return err_set(e, EX_CONFIG, "more than %d shipments", SHIPTABLE_MAX);
	k = intern(&t->ids, id, &t->row_of, &t->row_of_cap);
	if (t->row_of[k] != 0)
		t->row[t->row_of[k] - 1].carrier_id = -1;
	t->row_of[k] = 0;
	if (number.n == 0)
		return 0;
	i = intern(&t->numbers, number, &t->newest, &t->newest_cap);
	r.carrier_id = (int32_t)carrier;
	r.id = k;
	r.number = i;
	r.line = (uint32_t)t->rows;
	t->row = mem_grow(t->row, &t->row_cap, t->rows + 1, sizeof *t->row);
	t->row[t->rows++] = r;
	t->row_of[k] = (uint32_t)t->rows;
	return 0;
}

static int
find(void *arg, struct slice tracking, int64_t carrier_id, struct slice *shipment_id, struct err *e)
{
	const struct shiptable *t = arg;
	uint32_t i = map_find(&t->numbers, tracking), r;

	(void)e;
	if (i == MAP_NONE)
		return 0;
	for (r = t->newest[i]; r != 0; r = t->row[r - 1].next)
		if (t->row[r - 1].carrier_id == 0 || t->row[r - 1].carrier_id == carrier_id) {
			*shipment_id = map_key(&t->ids, t->row[r - 1].id);
			return 1;
		}
	return 0;
}

static int
older_first(const void *a, const void *b)
{
	const struct shiprow *x = a, *y = b;

	if (x->created != y->created)
		return x->created < y->created ? -1 : 1;
	return x->line < y->line ? -1 : 1;
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
