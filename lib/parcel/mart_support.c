/* mart_support_day: support contacts, on the local day on which they were opened, where the client is at home. */
#include "base/zone.h"
#include "parcel/mart_kind.h"

#define COLUMNS(X) \
	X(day, KEY_DAY) X(client_id, KEY_ID) X(carrier_id, KEY_ID) X(dest_region, KEY_TEXT) X(topic, KEY_TEXT) X(channel, KEY_TEXT) \
	X(contacts, COUNT) X(first_contacts, COUNT) X(on_late, COUNT) X(no_shipment, COUNT) X(reopened, COUNT) X(resolved, COUNT) \
	X(frt_sec_sum, SUM) X(frt_n, COUNT) X(frt_hist, S19) X(resolve_sec_sum, SUM) X(resolve_n, COUNT) \
	X(csat_sum, COUNT) X(csat_n, COUNT) X(csat_pos, COUNT)
#define MEMBERS(X) \
	X(id, M_I64) X(first_id, M_I64) X(found, M_FLAG) X(client_id, M_ID) X(carrier_id, M_ID) X(dest_region, M_TEXT) \
	X(topic, M_TEXT) X(channel, M_TEXT) X(tz, M_TEXT) X(opened_at, M_TIME) X(first_reply_at, M_TIME | M_OR_NULL) \
	X(resolved_at, M_TIME | M_OR_NULL) X(reopened, M_U16) X(csat, M_I32 | M_OR_NULL) X(sla_state, M_TEXT) \
	X(due_at, M_TIME | M_OR_NULL) X(sla_stop_at, M_TIME | M_OR_NULL)

enum { COLUMNS(MART_COLUMN_ENUM) C_N };
enum { MEMBERS(MART_MEMBER_ENUM) V_N };
static const struct mart_column column[] = { COLUMNS(MART_COLUMN_ROW) };
static const struct mart_member member[] = { MEMBERS(MART_MEMBER_ROW) };

static const char *const topics[] = {
	"wismo", "address_change", "reschedule", "damage", "lost", "not_received", "refund", "cod", "complaint", "other", NULL,
};
static const char *const channels[] = { "phone", "chat", "email", "form", "social", "other", NULL };

static int
check_word(const struct mart_value *v, int i, const char *const *word, struct fault *f)
{
	for (; *word != NULL; word++)
		if (slice_eq(v[i].text, slice_of(*word)))
			return 0;
	return fault_set(f, "enum", member[i].name, "an unknown %s", member[i].name);
}

/* The shipment was overdue when they called. */
static int
is_on_late(const struct mart_value *v)
{
	int64_t opened = utc_sec(v[V_opened_at].n);

	return v[V_found].n && !slice_eq(v[V_sla_state].text, SLICE("not_applicable")) &&
	    v[V_due_at].known && utc_sec(v[V_due_at].n) < opened &&
	    (!v[V_sla_stop_at].known || utc_sec(v[V_sla_stop_at].n) > opened);
}

static int
add(struct mart *m, const struct mart_value *v, struct fault *f)
{
	struct err e = ERR_NONE;
	const struct zone *zone;
	int64_t csat = v[V_csat].n;
	uint64_t *c;

	if (check_word(v, V_topic, topics, f) == -1 || check_word(v, V_channel, channels, f) == -1)
		return -1;
	if (v[V_csat].known && (csat < 1 || csat > 5))
		return fault_set(f, "range", "csat", "a score that is not within 1 and 5");
	if ((zone = zone_get(v[V_tz].text, &e)) == NULL)
		return fault_set(f, "enum", "tz", "%s", e.msg);
	mart_key(m);
	mart_key_id(m, v[V_client_id].n);
	mart_key_id(m, v[V_carrier_id].n);
	mart_key_text(m, v[V_dest_region].text);
	mart_key_text(m, v[V_topic].text);
	mart_key_text(m, v[V_channel].text);
	if ((c = mart_cell(m, zone_day(zone, v[V_opened_at].n))) == NULL)
		return MART_OUTSIDE;
	mart_count(m, c, C_contacts, 1);
	mart_count(m, c, C_first_contacts, v[V_found].n && v[V_id].n == v[V_first_id].n);
	mart_count(m, c, C_on_late, is_on_late(v));
	mart_count(m, c, C_no_shipment, !v[V_found].n);
	mart_count(m, c, C_reopened, v[V_reopened].n > 0);
	mart_count(m, c, C_resolved, v[V_resolved_at].known);
	mart_count(m, c, C_csat_n, v[V_csat].known);
	mart_count(m, c, C_csat_pos, csat >= 4);
	*mart_at(m, c, C_csat_sum) += (uint64_t)csat;
	if (mart_span(m, c, &v[V_opened_at], &v[V_first_reply_at], C_frt_sec_sum, C_frt_n, C_frt_hist) == -1 ||
	    mart_span(m, c, &v[V_opened_at], &v[V_resolved_at], C_resolve_sec_sum, C_resolve_n, 0) == -1)
		return -1;
	return MART_COUNTED;
}

static const struct mart_source source[] = {
	{ "v_support_contact", NULL, member, V_N, add },
};
const struct mart_kind mart_support = { .name = "mart_support_day", .column = column, .columns = C_N, .source = source, .sources = 1 };
