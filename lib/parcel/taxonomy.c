/*
 * Statuses and reasons, from two tables:
 *
 *	status.csv	status, rank, kind (state, pseudo), terminal (no, soft, hard)
 *	reason.csv	reason, party, clock (carrier, excluded, review)
 */
#include "parcel/taxonomy.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "rec/csv.h"

const char *const status_name[STATUS_N] = {
	"created", "accepted", "in_transit", "customs", "at_destination", "out_for_delivery", "attempt_failed",
	"ready_for_pickup", "on_hold", "returning", "delivered", "returned", "lost", "cancelled", "info", "unknown",
};

const char *const party_name[PARTY_N] = {
	"none", "carrier", "shipper", "recipient", "customs", "force", "platform", "unknown",
};

/* The names by a hash that no two of them share: see slot(). */
static const uint8_t status_slot[32] = {
	[13] = STATUS_CREATED + 1, [31] = STATUS_ACCEPTED + 1, [2] = STATUS_IN_TRANSIT + 1,
	[0] = STATUS_CUSTOMS + 1, [10] = STATUS_AT_DESTINATION + 1, [21] = STATUS_OUT_FOR_DELIVERY + 1,
	[11] = STATUS_ATTEMPT_FAILED + 1, [24] = STATUS_READY_FOR_PICKUP + 1, [12] = STATUS_ON_HOLD + 1,
	[27] = STATUS_RETURNING + 1, [3] = STATUS_DELIVERED + 1, [25] = STATUS_RETURNED + 1,
	[20] = STATUS_LOST + 1, [19] = STATUS_CANCELLED + 1, [17] = STATUS_INFO + 1, [14] = STATUS_UNKNOWN + 1,
};

static unsigned
slot(struct slice s)
{
	return (unsigned)(2 * s.n + 10u * (unsigned char)s.p[0] + (unsigned char)s.p[3]) % 32;
}

int
status_by_name(struct slice name)
{
	int i;

	if (name.n < 4)
		return -1;
	i = status_slot[slot(name)] - 1;
	return i >= 0 && slice_eq(name, slice_of(status_name[i])) ? i : -1;
}

static int
find(const char *const *list, int n, struct slice name)
{
	while (n-- > 0 && !slice_eq(name, slice_of(list[n])))
		;
	return n;
}

int
party_by_name(struct slice name)
{
	return find(party_name, PARTY_N, name);
}

/* The numbers of the named columns; their header is the first row. */
static int
header(struct csv_reader *r, const char *const *name, int n, int *col, struct err *e)
{
	int i, rc = csv_next(r, e);

	if (rc == -1)
		return -1;
	for (i = 0; i < n; i++) {
		col[i] = rc == CSV_ROW ? csv_column(r, slice_of(name[i])) : -1;
		if (col[i] == -1)
			return err_set(e, EX_CONFIG, "%s:1: no column \"%s\"", r->name, name[i]);
	}
	return 0;
}

/* The next row, with as many fields as the header: 1, 0, or -1. */
static int
row(struct csv_reader *r, size_t fields, struct err *e)
{
	int rc = csv_next(r, e);

	if (rc == CSV_LONG)
		return err_set(e, EX_CONFIG, "%s:%" PRIu64 ": line too long", r->name, r->line);
	if (rc == CSV_ROW && r->n != fields)
		return err_set(e, EX_CONFIG, "%s:%" PRIu64 ": %zu fields, the header has %zu", r->name, r->line, r->n, fields);
	return rc;
}

static int
bad(const struct csv_reader *r, const char *what, struct slice value, struct err *e)
{
	char shown[128];

	return err_set(e, EX_CONFIG, "%s:%" PRIu64 ": %s \"%s\"", r->name, r->line, what,
	    err_show(shown, sizeof shown, value.p, value.n));
}

static int
load_status(struct taxonomy *t, struct csv_reader *r, struct err *e)
{
	static const char *const column[] = { "status", "rank", "kind", "terminal" };
	static const char *const kind[] = { "state", "pseudo" };
	static const char *const terminal[] = { "no", "soft", "hard" };
	unsigned seen = 0;
	size_t fields;
	uint64_t rank;
	int col[4], rc, s, v;

	if (header(r, column, 4, col, e) == -1)
		return -1;
	fields = r->n;
	while ((rc = row(r, fields, e)) > 0) {
		s = status_by_name(r->field[col[0]]);
		if (s == -1)
			return bad(r, "unknown status", r->field[col[0]], e);
		if (seen & 1u << s)
			return bad(r, "a second row of status", r->field[col[0]], e);
		seen |= 1u << s;
		if (num_u64(r->field[col[1]], &rank) == -1 || rank > UINT8_MAX)
			return bad(r, "bad rank", r->field[col[1]], e);
		t->status[s].rank = (uint8_t)rank;
		if ((v = find(kind, 2, r->field[col[2]])) == -1)
			return bad(r, "unknown kind", r->field[col[2]], e);
		t->status[s].pseudo = (uint8_t)v;
		if ((v = find(terminal, 3, r->field[col[3]])) == -1)
			return bad(r, "unknown value of terminal", r->field[col[3]], e);
		t->status[s].terminal = (uint8_t)v;
	}
	if (rc == -1)
		return -1;
	for (s = 0; s < STATUS_N; s++)
		if (!(seen & 1u << s))
			return err_set(e, EX_CONFIG, "%s: no row of status \"%s\"", r->name, status_name[s]);
	return 0;
}

static void
add(struct taxonomy *t, struct slice name, struct reason reason)
{
	size_t i = map_add(&t->names, name);

	t->reason = mem_grow(t->reason, &t->cap, i + 1, sizeof *t->reason);
	t->reason[i] = reason;
	t->reasons = i + 1;
}

/* A name that needs no escape wherever it is written. */
static int
plain(struct slice name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(name.p[i] >= '0' && name.p[i] <= '9') &&
		    name.p[i] != '_' && name.p[i] != '.')
			return 0;
	return name.n <= REASON_NAME;
}

static int
load_reason(struct taxonomy *t, struct csv_reader *r, struct err *e)
{
	static const char *const column[] = { "reason", "party", "clock" };
	static const char *const clock[] = { "carrier", "excluded", "review" };
	size_t fields;
	int col[3], rc;

	add(t, SLICE(""), (struct reason){ PARTY_NONE, CLOCK_CARRIER, 0 });
	if (header(r, column, 3, col, e) == -1)
		return -1;
	fields = r->n;
	while ((rc = row(r, fields, e)) > 0) {
		struct slice name = r->field[col[0]], first = name;
		const char *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
		int party, clk;

		if (dot == NULL || dot == name.p || dot + 1 == name.p + name.n || !plain(name))
			return bad(r, "not of the form party.detail: reason", name, e);
		first.n = (size_t)(dot - name.p);
		if (map_find(&t->names, name) != MAP_NONE)
			return bad(r, "a second row of reason", name, e);
		party = party_by_name(r->field[col[1]]);
		if (party == -1 || party >= PARTY_PLATFORM)
			return bad(r, "unknown party", r->field[col[1]], e);
		if (party != PARTY_NONE && !slice_eq(first, r->field[col[1]]))
			return bad(r, "another party than its name says: reason", name, e);
		if ((clk = find(clock, 3, r->field[col[2]])) == -1)
			return bad(r, "unknown clock", r->field[col[2]], e);
		if (t->reasons == REASON_MAX)
			return bad(r, "too many reasons at", name, e);
		add(t, name, (struct reason){ (uint8_t)party, (uint8_t)clk, !slice_eq(first, SLICE("detail")) });
	}
	return rc;
}

int
taxonomy_load(struct taxonomy *t, struct slice status_csv, const char *status_file,
    struct slice reason_csv, const char *reason_file, struct err *e)
{
	static const struct csv_dialect ours = { .delim = ',', .quote = '"', .strict = 1 };
	struct csv_reader r = { 0 };
	int rc;

	*t = (struct taxonomy){ 0 };
	csv_open_bytes(&r, status_csv, status_file, &ours);
	rc = load_status(t, &r, e);
	csv_close(&r);
	if (rc == 0) {
		csv_open_bytes(&r, reason_csv, reason_file, &ours);
		rc = load_reason(t, &r, e);
		csv_close(&r);
	}
	if (rc == -1) {
		taxonomy_fini(t);
		if (e != NULL)
			e->status = EX_CONFIG;	/* also what the reader calls bad data */
	}
	return rc;
}

void
taxonomy_fini(struct taxonomy *t)
{
	map_fini(&t->names);
	free(t->reason);
	*t = (struct taxonomy){ 0 };
}

int
taxonomy_reason(const struct taxonomy *t, struct slice name)
{
	uint32_t i;

	if (name.n == 0)
		return REASON_NONE;
	i = map_find(&t->names, name);
	return i == MAP_NONE ? -1 : (int)i;
}

struct slice
taxonomy_reason_name(const struct taxonomy *t, unsigned reason)
{
	return map_key(&t->names, reason);
}
