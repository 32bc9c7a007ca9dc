/* mart_sla_day: verdicts, on the local day on which the shipment was due. */
#include "parcel/mart_kind.h"
#include "parcel/sla.h"
#include "parcel/taxonomy.h"

#define COLUMNS(X) \
	X(day, KEY_DAY) X(client_id, KEY_ID) X(carrier_id, KEY_ID) X(service_code, KEY_TEXT) X(dest_region, KEY_TEXT) \
	X(sla_rule_id, KEY_TEXT) X(promise_source, KEY_TEXT) \
	X(due, COUNT) X(met, COUNT) X(met_in_full, COUNT) X(missed, COUNT) X(missed_open, COUNT) X(pending, COUNT) \
	X(at_risk, COUNT) X(paused, COUNT) X(late_1d, COUNT) X(late_2d, COUNT) X(late_3d, COUNT) X(late_more, COUNT) \
	X(early_1d, COUNT) X(late_sec_sum, SUM) X(late_hist, H31) X(abs_err_sec_sum, SUM) X(abs_err_n, COUNT) \
	X(repromised, COUNT) X(miss_carrier, COUNT) X(miss_shipper, COUNT) X(miss_recipient, COUNT) \
	X(miss_customs, COUNT) X(miss_force, COUNT) X(miss_platform, COUNT) X(miss_unknown, COUNT)
#define MEMBERS(X) \
	X(client_id, M_ID) X(carrier_id, M_ID) X(service_code, M_TEXT) X(dest_region, M_TEXT) X(sla_rule_id, M_TEXT) \
	X(promise_source, M_TEXT) X(due_day, M_DAY | M_OR_NULL) X(sla_state, M_TEXT) X(sla_party, M_TEXT) \
	X(sla_late_sec, M_I32) X(promise_err_sec, M_I32 | M_OR_NULL) X(paused_sec, M_ID) X(is_open, M_FLAG) \
	X(is_partial, M_FLAG) X(delivered_at, M_TIME | M_OR_NULL) X(promised_at, M_TIME | M_OR_NULL) \
	X(promised_now_at, M_TIME | M_OR_NULL)

enum { COLUMNS(MART_COLUMN_ENUM) C_N };
enum { MEMBERS(MART_MEMBER_ENUM) V_N };
static const struct mart_column column[] = { COLUMNS(MART_COLUMN_ROW) };
static const struct mart_member member[] = { MEMBERS(MART_MEMBER_ROW) };

static int
get_state(const struct mart_value *v, int *state, int *party, struct fault *f)
{
	for (*state = 0; *state < SLA_STATES && !slice_eq(v[V_sla_state].text, slice_of(sla_state_name[*state])); ++*state)
		;
	if (*state == SLA_STATES)
		return fault_set(f, "enum", "sla_state", "unknown state");
	*party = party_by_name(v[V_sla_party].text);
	if (*state == SLA_MISSED && *party <= PARTY_NONE)
		return fault_set(f, "enum", "sla_party", "a miss that no party answers for");
	return 0;
}

static int
count_missed(struct mart *m, uint64_t *c, const struct mart_value *v, int party)
{
	int64_t late = v[V_sla_late_sec].n;

	mart_count(m, c, C_missed, 1);
	mart_count(m, c, C_missed_open, v[V_is_open].n != 0);
	mart_count(m, c, C_late_1d, late <= 86400);
	mart_count(m, c, C_late_2d, late > 86400 && late <= 172800);
	mart_count(m, c, C_late_3d, late > 172800 && late <= 259200);
	mart_count(m, c, C_late_more, late > 259200);
	mart_count(m, c, C_miss_carrier + (size_t)(party - PARTY_CARRIER), 1);	/* the columns have the parties' order */
	mart_hist(m, c, C_late_hist, late);
	return mart_sum(m, c, C_late_sec_sum, (uint64_t)late);
}

static int
add(struct mart *m, const struct mart_value *v, struct fault *f)
{
	int64_t late = v[V_sla_late_sec].n, err = v[V_promise_err_sec].n;
	int state, party = PARTY_NONE;
	uint64_t *c;

	if (get_state(v, &state, &party, f) == -1)
		return -1;
	if (state == SLA_NOT_APPLICABLE)
		return MART_NOT_DUE;
	if (!v[V_due_day].known)
		return fault_set(f, "missing", "due_day", "no value");
	if (state == SLA_MISSED && late < 0)
		return fault_set(f, "range", "sla_late_sec", "a miss that is not late");
	mart_key(m);
	mart_key_id(m, v[V_client_id].n);
	mart_key_id(m, v[V_carrier_id].n);
	mart_key_text(m, v[V_service_code].text);
	mart_key_text(m, v[V_dest_region].text);
	mart_key_text(m, v[V_sla_rule_id].text);
	mart_key_text(m, v[V_promise_source].text);
	if ((c = mart_cell(m, (int32_t)v[V_due_day].n)) == NULL)
		return MART_OUTSIDE;

	mart_count(m, c, C_due, 1);
	mart_count(m, c, C_paused, v[V_paused_sec].n > 0);
	mart_count(m, c, C_abs_err_n, v[V_promise_err_sec].known);
	mart_count(m, c, C_repromised, v[V_promised_at].known && v[V_promised_now_at].known && v[V_promised_at].n != v[V_promised_now_at].n);
	mart_count(m, c, C_pending, state == SLA_PENDING);
	mart_count(m, c, C_at_risk, state == SLA_AT_RISK);
	mart_count(m, c, C_met, state == SLA_MET);
	mart_count(m, c, C_met_in_full, state == SLA_MET && v[V_delivered_at].known && !v[V_is_partial].n);
	mart_count(m, c, C_early_1d, state == SLA_MET && late < -86400);
	if (state == SLA_MISSED && count_missed(m, c, v, party) == -1)
		return -1;
	return mart_sum(m, c, C_abs_err_sec_sum, (uint64_t)(err < 0 ? -err : err)) == -1 ? -1 : MART_COUNTED;
}

static const struct mart_source source[] = {
	{ "v_shipment", NULL, member, V_N, add },
};
const struct mart_kind mart_sla = { .name = "mart_sla_day", .column = column, .columns = C_N, .source = source, .sources = 1 };
