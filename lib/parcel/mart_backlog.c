/* mart_backlog_hour: the shipments that are open at a full hour, by their state. */
#include "parcel/mart_kind.h"

#define HOUR INT64_C(3600)
#define STALE (72 * HOUR)	/* without an event for longer than this */

#define COLUMNS(X) \
	X(as_of, KEY_HOUR) X(day, DAY_OF_HOUR) X(carrier_id, KEY_ID) X(dest_region, KEY_TEXT) X(stage, KEY_TEXT) \
	X(open_n, COUNT) X(at_risk_n, COUNT) X(overdue_n, COUNT) X(paused_n, COUNT) X(stale_n, COUNT) \
	X(age_sec_sum, SUM) X(oldest_sec, GREATEST) X(age_hist, H31)
#define MEMBERS(X) \
	X(carrier_id, M_ID) X(dest_region, M_TEXT) X(status, M_TEXT) X(is_open, M_FLAG) X(sla_state, M_TEXT) X(is_paused, M_FLAG) \
	X(created_at, M_TIME | M_OR_NULL) X(accepted_at, M_TIME | M_OR_NULL) X(last_event_at, M_TIME | M_OR_NULL)

enum { COLUMNS(MART_COLUMN_ENUM) C_N };
enum { MEMBERS(MART_MEMBER_ENUM) V_N };
static const struct mart_column column[] = { COLUMNS(MART_COLUMN_ROW) };
static const struct mart_member member[] = { MEMBERS(MART_MEMBER_ROW) };

static int
add(struct mart *m, const struct mart_value *v, struct fault *f)
{
	int32_t hour = mart_hour(m->now);
	int64_t as_of = hour * HOUR, age, quiet;
	uint64_t *c, *oldest;

	(void)f;
	if (!v[V_created_at].known)
		return MART_ORPHAN;
	if (!v[V_is_open].n || utc_sec(v[V_created_at].n) > as_of)
		return MART_CLOSED;
	mart_key(m);
	mart_key_id(m, v[V_carrier_id].n);
	mart_key_text(m, v[V_dest_region].text);
	mart_key_text(m, v[V_status].text);
	if ((c = mart_cell(m, hour)) == NULL)
		return MART_OUTSIDE;
	age = as_of - utc_sec(v[v[V_accepted_at].known ? V_accepted_at : V_created_at].n);
	quiet = as_of - utc_sec(v[v[V_last_event_at].known ? V_last_event_at : V_created_at].n);
	mart_count(m, c, C_open_n, 1);
	mart_count(m, c, C_at_risk_n, slice_eq(v[V_sla_state].text, SLICE("at_risk")));
	mart_count(m, c, C_overdue_n, slice_eq(v[V_sla_state].text, SLICE("missed")));
	mart_count(m, c, C_paused_n, v[V_is_paused].n != 0);
	mart_count(m, c, C_stale_n, quiet > STALE);
	if (age < 0)
		return MART_COUNTED;	/* accepted after the hour: a span below zero counts nowhere */
	oldest = mart_at(m, c, C_oldest_sec);
	if ((uint64_t)age > *oldest)
		*oldest = (uint64_t)age;
	mart_hist(m, c, C_age_hist, age);
	return mart_sum(m, c, C_age_sec_sum, (uint64_t)age) == -1 ? -1 : MART_COUNTED;
}

static const struct mart_source source[] = {
	{ "v_shipment", NULL, member, V_N, add },
};
const struct mart_kind mart_backlog = { .name = "mart_backlog_hour", .column = column, .columns = C_N, .source = source, .sources = 1 };
