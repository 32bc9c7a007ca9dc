/* mart_courier_day: what a courier took out and handed over, on the local day of the steps. */
#include "parcel/mart_kind.h"

#define COLUMNS(X) \
	X(day, KEY_DAY) X(carrier_id, KEY_ID) X(region_code, KEY_TEXT) X(courier_id, KEY_TEXT) \
	X(assigned, COUNT) X(attempts, COUNT) X(delivered, COUNT) X(first_attempts, COUNT) X(first_attempt_ok, COUNT) \
	X(failed_recipient, COUNT) X(failed_carrier, COUNT) X(failed_other, COUNT) X(brought_back, COUNT) \
	X(first_scan_at, FIRST_AT) X(last_scan_at, LAST_AT) X(active_sec, GREATEST) \
	X(shipment_assigned, MARK) X(shipment_delivered, MARK)
#define MEMBERS(X) \
	X(carrier_id, M_ID) X(created_at, M_TIME | M_OR_NULL) X(first_attempt_at, M_TIME | M_OR_NULL) X(first_attempt_ok, M_FLAG) \
	X(step_day, M_LIST) X(step_status, M_LIST) X(step_state, M_LIST) X(step_reason, M_LIST) X(step_attempt, M_LIST) \
	X(step_at, M_LIST) X(step_courier, M_LIST) X(step_region, M_LIST)

enum { COLUMNS(MART_COLUMN_ENUM) C_N };
enum { MEMBERS(MART_MEMBER_ENUM) V_N };
static const struct mart_column column[] = { COLUMNS(MART_COLUMN_ROW) };
static const struct mart_member member[] = { MEMBERS(MART_MEMBER_ROW) };

static int
begins(struct slice s, struct slice with)
{
	return s.n >= with.n && memcmp(s.p, with.p, with.n) == 0;
}

static void
count_attempt(struct mart *m, uint64_t *c, const struct mart_value *v, const struct mart_step *s)
{
	int first = v[V_first_attempt_at].known && s->at == v[V_first_attempt_at].n;
	int failed = slice_eq(s->status, SLICE("attempt_failed"));
	int recipient = begins(s->reason, SLICE("recipient.")), carrier = begins(s->reason, SLICE("carrier."));

	mart_count(m, c, C_attempts, 1);
	mart_count(m, c, C_first_attempts, first);
	mart_count(m, c, C_first_attempt_ok, first && v[V_first_attempt_ok].n != 0);
	mart_count(m, c, C_failed_recipient, failed && recipient);
	mart_count(m, c, C_failed_carrier, failed && carrier);
	mart_count(m, c, C_failed_other, failed && !recipient && !carrier);
}

/* A shipment counts once in a cell, however often it was taken out or handed over there. */
static void
count_shipment(struct mart *m, uint64_t *c, const struct mart_step *s)
{
	uint64_t *taken = mart_at(m, c, C_shipment_assigned), *handed = mart_at(m, c, C_shipment_delivered);

	if (slice_eq(s->status, SLICE("out_for_delivery")) && *taken != m->record) {
		*taken = m->record;
		mart_count(m, c, C_assigned, 1);
		mart_count(m, c, C_brought_back, *handed != m->record);
	}
	if (slice_eq(s->status, SLICE("delivered")) && slice_eq(s->state, SLICE("delivered")) && *handed != m->record) {
		*handed = m->record;
		mart_count(m, c, C_delivered, 1);
		*mart_at(m, c, C_brought_back) -= *taken == m->record;
	}
}

/* The steps that name a courier: how many; with dry nothing is counted, but the fault of one is found. */
static int
count_steps(struct mart *m, const struct mart_value *v, int dry, struct fault *f)
{
	struct mart_steps steps;
	struct mart_step s;
	uint64_t *c;
	int rc, n = 0;

	mart_steps(&steps, m, &v[V_step_day], &member[V_step_day], STEP_N);
	while ((rc = mart_step_next(&steps, &s, f)) == 1) {
		if (s.courier.n == 0)
			continue;
		n++;
		if (dry)
			continue;
		mart_key(m);
		mart_key_id(m, v[V_carrier_id].n);
		mart_key_text(m, s.region);
		mart_key_text(m, s.courier);
		if ((c = mart_cell(m, s.day)) == NULL)
			continue;
		if (s.attempt > 0)
			count_attempt(m, c, v, &s);
		count_shipment(m, c, &s);
		mart_first_last(m, c, C_first_scan_at, C_last_scan_at, s.at);
		*mart_at(m, c, C_active_sec) = *mart_at(m, c, C_last_scan_at) - *mart_at(m, c, C_first_scan_at);
	}
	return rc == -1 ? -1 : n;
}

static int
add(struct mart *m, const struct mart_value *v, struct fault *f)
{
	int n;

	if (!v[V_created_at].known)
		return MART_ORPHAN;
	if ((n = count_steps(m, v, 1, f)) == -1)
		return -1;
	if (n == 0)
		return MART_NO_COURIER;
	(void)count_steps(m, v, 0, f);
	return mart_result(m);
}

static const struct mart_source source[] = {
	{ "v_shipment", NULL, member, V_N, add },
};
const struct mart_kind mart_courier = { .name = "mart_courier_day", .column = column, .columns = C_N, .source = source, .sources = 1 };
