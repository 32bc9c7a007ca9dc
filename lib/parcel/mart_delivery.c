/* mart_delivery_day: what happened to shipments, on the local day on which it did. */
#include "parcel/mart_kind.h"

#define REVENUE_MAX INT64_C(100000000000000)	/* cents: Decimal(14, 2) */

#define COLUMNS(X) \
	X(day, KEY_DAY) X(client_id, KEY_ID) X(carrier_id, KEY_ID) X(service_code, KEY_TEXT) X(dest_region, KEY_TEXT) \
	X(created, COUNT) X(accepted, COUNT) X(out_for_delivery, COUNT) X(attempts, COUNT) X(first_attempts, COUNT) \
	X(first_attempt_ok, COUNT) X(delivered, COUNT) X(delivered_late, COUNT) X(ready_for_pickup, COUNT) \
	X(return_started, COUNT) X(returned, COUNT) X(lost, COUNT) X(damaged, COUNT) X(cancelled, COUNT) \
	X(exceptions, COUNT) X(first_exceptions, COUNT) \
	X(lead_sec_sum, SUM) X(lead_n, COUNT) X(lead_hist, H31) X(transit_sec_sum, SUM) X(transit_n, COUNT) X(transit_hist, H31) \
	X(handover_sec_sum, SUM) X(handover_n, COUNT) X(last_mile_sec_sum, SUM) X(last_mile_n, COUNT) \
	X(pickup_wait_sec_sum, SUM) X(pickup_wait_n, COUNT) X(revenue, MONEY)
#define MEMBERS(X) \
	X(client_id, M_ID) X(carrier_id, M_ID) X(service_code, M_TEXT) X(dest_region, M_TEXT) X(price, M_MONEY) \
	X(created_at, M_TIME | M_OR_NULL) X(accepted_at, M_TIME | M_OR_NULL) X(first_ofd_at, M_TIME | M_OR_NULL) \
	X(ready_at, M_TIME | M_OR_NULL) X(delivered_at, M_TIME | M_OR_NULL) X(promised_at, M_TIME | M_OR_NULL) \
	X(created_day, M_DAY | M_OR_NULL) X(accepted_day, M_DAY | M_OR_NULL) X(first_attempt_day, M_DAY | M_OR_NULL) \
	X(ready_day, M_DAY | M_OR_NULL) X(delivered_day, M_DAY | M_OR_NULL) X(return_started_day, M_DAY | M_OR_NULL) \
	X(returned_day, M_DAY | M_OR_NULL) X(lost_day, M_DAY | M_OR_NULL) X(cancelled_day, M_DAY | M_OR_NULL) \
	X(damaged_day, M_DAY | M_OR_NULL) X(first_exception_day, M_DAY | M_OR_NULL) X(first_attempt_ok, M_FLAG) \
	X(step_day, M_LIST) X(step_status, M_LIST) X(step_state, M_LIST) X(step_reason, M_LIST) X(step_attempt, M_LIST)

enum { COLUMNS(MART_COLUMN_ENUM) C_N };
enum { MEMBERS(MART_MEMBER_ENUM) V_N };
static const struct mart_column column[] = { COLUMNS(MART_COLUMN_ROW) };
static const struct mart_member member[] = { MEMBERS(MART_MEMBER_ROW) };

/* What a shipment counts once, and nothing else, on the day of a milestone. */
static const struct { int day; int column; } milestone[] = {
	{ V_ready_day, C_ready_for_pickup },
	{ V_return_started_day, C_return_started },
	{ V_returned_day, C_returned },
	{ V_lost_day, C_lost },
	{ V_cancelled_day, C_cancelled },
	{ V_damaged_day, C_damaged },
	{ V_first_exception_day, C_first_exceptions },
};

static uint64_t *
on(struct mart *m, const struct mart_value *day)
{
	return day->known ? mart_cell(m, (int32_t)day->n) : NULL;
}

static int
count_created(struct mart *m, uint64_t *c, const struct mart_value *v)
{
	int64_t sum = (int64_t)*mart_at(m, c, C_revenue) + v[V_price].n;

	mart_count(m, c, C_created, 1);
	if (sum >= REVENUE_MAX || sum <= -REVENUE_MAX)
		return err_set(m->e, EX_DATAERR, "revenue: a sum of more than 12 digits before the point");
	*mart_at(m, c, C_revenue) = (uint64_t)sum;
	return 0;
}

static int
count_delivered(struct mart *m, uint64_t *c, const struct mart_value *v)
{
	const struct mart_value *done = &v[V_delivered_at];

	mart_count(m, c, C_delivered, 1);
	mart_count(m, c, C_delivered_late, done->known && v[V_promised_at].known && utc_sec(done->n) > utc_sec(v[V_promised_at].n));
	if (mart_span(m, c, &v[V_created_at], done, C_lead_sec_sum, C_lead_n, C_lead_hist) == -1 ||
	    mart_span(m, c, &v[V_accepted_at], done, C_transit_sec_sum, C_transit_n, C_transit_hist) == -1 ||
	    mart_span(m, c, &v[V_first_ofd_at], done, C_last_mile_sec_sum, C_last_mile_n, 0) == -1)
		return -1;
	return mart_span(m, c, &v[V_ready_at], done, C_pickup_wait_sec_sum, C_pickup_wait_n, 0);
}

static int
is_fault(struct slice reason)
{
	return reason.n > 0 && !(reason.n >= 7 && memcmp(reason.p, "detail.", 7) == 0);
}

/* The steps; with dry nothing is counted, but the fault of one is found. */
static int
count_steps(struct mart *m, const struct mart_value *v, int dry, struct fault *f)
{
	struct mart_steps steps;
	struct mart_step s;
	uint64_t *c;
	int rc, ofd, fault;

	mart_steps(&steps, m, &v[V_step_day], &member[V_step_day], STEP_AT);
	while ((rc = mart_step_next(&steps, &s, f)) == 1) {
		ofd = slice_eq(s.status, SLICE("out_for_delivery")) && slice_eq(s.state, SLICE("out_for_delivery"));
		fault = is_fault(s.reason);
		if (dry || !(ofd || fault || s.attempt > 0) || (c = mart_cell(m, s.day)) == NULL)
			continue;
		mart_count(m, c, C_out_for_delivery, ofd);
		mart_count(m, c, C_attempts, s.attempt > 0);
		mart_count(m, c, C_exceptions, fault);
	}
	return rc;
}

static int
add(struct mart *m, const struct mart_value *v, struct fault *f)
{
	uint64_t *c;
	size_t i;

	if (!v[V_created_day].known && !v[V_created_at].known)
		return MART_ORPHAN;
	if (!v[V_created_day].known)
		return fault_set(f, "missing", "created_day", "no value");
	if (count_steps(m, v, 1, f) == -1)
		return -1;
	mart_key(m);
	mart_key_id(m, v[V_client_id].n);
	mart_key_id(m, v[V_carrier_id].n);
	mart_key_text(m, v[V_service_code].text);
	mart_key_text(m, v[V_dest_region].text);
	for (i = 0; i < sizeof milestone / sizeof *milestone; i++)
		if ((c = on(m, &v[milestone[i].day])) != NULL)
			mart_count(m, c, (size_t)milestone[i].column, 1);
	if ((c = on(m, &v[V_created_day])) != NULL && count_created(m, c, v) == -1)
		return -1;
	if ((c = on(m, &v[V_accepted_day])) != NULL) {
		mart_count(m, c, C_accepted, 1);
		if (mart_span(m, c, &v[V_created_at], &v[V_accepted_at], C_handover_sec_sum, C_handover_n, 0) == -1)
			return -1;
	}
	if ((c = on(m, &v[V_first_attempt_day])) != NULL) {
		mart_count(m, c, C_first_attempts, 1);
		mart_count(m, c, C_first_attempt_ok, v[V_first_attempt_ok].n != 0);
	}
	if ((c = on(m, &v[V_delivered_day])) != NULL && count_delivered(m, c, v) == -1)
		return -1;
	(void)count_steps(m, v, 0, f);
	return mart_result(m);
}

static const struct mart_source source[] = {
	{ "v_shipment", NULL, member, V_N, add },
};
const struct mart_kind mart_delivery = { .name = "mart_delivery_day", .column = column, .columns = C_N, .source = source, .sources = 1 };
