/*
 * mart_integration_hour: calls to and from the carriers, and their event feeds, by the hour.
 *
 * An attempt is a row of its own, so what a call counts, and in which hour, is known only
 * when all its rows have been seen: calls are gathered by their names,
 *
 *	carrier_id:4 integration NUL operation NUL request_id NUL
 *
 * and counted at the end.  The bytes before request_id are the key of the cell.
 */
#include <stdlib.h>

#include "parcel/mart_kind.h"

#define COLUMNS(X) \
	X(hour, KEY_HOUR) X(day, DAY_OF_HOUR) X(carrier_id, KEY_ID) X(integration, KEY_TEXT) X(operation, KEY_TEXT) \
	X(calls, COUNT) X(ok, COUNT) X(err_client, COUNT) X(err_server, COUNT) X(err_timeout, COUNT) X(err_auth, COUNT) \
	X(err_rate, COUNT) X(err_schema, COUNT) X(retries, COUNT) X(latency_ms_sum, SUM) X(latency_hist, M18) \
	X(events_in, COUNT) X(events_late, COUNT) X(events_unmapped, COUNT) X(events_rejected, COUNT) \
	X(lag_sec_sum, SUM) X(lag_n, COUNT) X(lag_negative, COUNT) X(lag_hist, S19) \
	X(last_event_at, LAST_AT) X(last_received_at, LAST_AT)
#define CALL_MEMBERS(X) \
	X(request_id, M_TEXT) X(id, M_I64) X(ts, M_TIME) X(carrier_id, M_ID) X(integration, M_TEXT) X(operation, M_TEXT) \
	X(outcome, M_TEXT) X(duration_ms, M_ID) X(attempt, M_U16)
#define EVENT_MEMBERS(X) \
	X(event_id, M_TEXT) X(received_at, M_TIME) X(event_time, M_TIME) X(lag_sec, M_I32) X(is_date_only, M_FLAG | M_OR_ABSENT) \
	X(carrier_id, M_ID | M_OR_ABSENT) X(integration, M_TEXT) X(map_hit, M_TEXT)
#define REJECT_MEMBERS(X) \
	X(stage, M_TEXT) X(ts, M_TIME) X(src_topic, M_TEXT) X(state, M_TEXT)

#define CALL(n, t) CALL_##n,
#define EVENT(n, t) EVENT_##n,
#define REJECT(n, t) REJECT_##n,
enum { COLUMNS(MART_COLUMN_ENUM) C_N };
enum { CALL_MEMBERS(CALL) CALL_N };
enum { EVENT_MEMBERS(EVENT) EVENT_N };
enum { REJECT_MEMBERS(REJECT) REJECT_N };
static const struct mart_column column[] = { COLUMNS(MART_COLUMN_ROW) };
static const struct mart_member call_member[] = { CALL_MEMBERS(MART_MEMBER_ROW) };
static const struct mart_member event_member[] = { EVENT_MEMBERS(MART_MEMBER_ROW) };
static const struct mart_member reject_member[] = { REJECT_MEMBERS(MART_MEMBER_ROW) };

/* In the order of the columns ok, err_client, ... */
static const char *const outcomes[] = {
	"ok", "client_error", "server_error", "timeout", "auth_error", "rate_limited", "schema_error",
};
#define OUTCOMES (sizeof outcomes / sizeof *outcomes)

struct call {
	int64_t ts;		/* the smallest */
	int64_t id;		/* with attempt: of the row whose outcome counts */
	uint64_t ms;
	uint32_t rows;
	uint32_t named;		/* bytes of its name before request_id */
	uint16_t attempt;
	uint8_t outcome;
};

struct calls {
	struct map names;
	struct call *call;	/* by number of the name */
	size_t cap;
};

static int
add_call(struct mart *m, const struct mart_value *v, struct fault *f)
{
	struct calls *own = m->own;
	struct call *c;
	uint8_t outcome = 0;
	uint32_t i, named;
	size_t had = own->names.n;

	while (outcome < OUTCOMES && !slice_eq(v[CALL_outcome].text, slice_of(outcomes[outcome])))
		outcome++;
	if (outcome == OUTCOMES)
		return fault_set(f, "enum", "outcome", "an unknown outcome");
	buf_clear(&m->key);
	mart_key_id(m, v[CALL_carrier_id].n);
	mart_key_text(m, v[CALL_integration].text);
	mart_key_text(m, v[CALL_operation].text);
	named = (uint32_t)m->key.n;
	mart_key_text(m, v[CALL_request_id].text);
	i = map_add(&own->names, buf_as_slice(&m->key));
	if (i == had) {
		own->call = mem_grow(own->call, &own->cap, had + 1, sizeof *own->call);
		own->call[i] = (struct call){ .ts = v[CALL_ts].n, .named = named };
	}
	c = &own->call[i];
	if (v[CALL_ts].n < c->ts)
		c->ts = v[CALL_ts].n;
	if (c->rows == 0 || v[CALL_attempt].n > c->attempt || (v[CALL_attempt].n == c->attempt && v[CALL_id].n > c->id)) {
		c->attempt = (uint16_t)v[CALL_attempt].n;
		c->id = v[CALL_id].n;
		c->outcome = outcome;
	}
	if (++c->rows == 0 || (uint64_t)v[CALL_duration_ms].n > m->sum_max - c->ms)
		return err_set(m->e, EX_DATAERR, "latency_ms_sum: a call of more than 32 bits of rows, or 63 of milliseconds");
	c->ms += (uint64_t)v[CALL_duration_ms].n;
	return MART_COUNTED;
}

static int
count_call(struct mart *m, struct slice name, const struct call *call)
{
	uint64_t *c;

	mart_key(m);
	buf_put(&m->key, name.p, call->named);
	if ((c = mart_cell(m, mart_hour(call->ts))) == NULL)
		return 0;
	mart_count(m, c, C_calls, 1);
	mart_count(m, c, C_ok + call->outcome, 1);
	*mart_at(m, c, C_retries) += call->rows - 1;
	mart_hist(m, c, C_latency_hist, (int64_t)call->ms);
	return mart_sum(m, c, C_latency_ms_sum, call->ms);
}

static void
fini(struct mart *m)
{
	struct calls *own = m->own;

	map_fini(&own->names);
	free(own->call);
	*own = (struct calls){ 0 };
}

static int
finish(struct mart *m)
{
	struct calls *own = m->own;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < own->names.n; i++)
		rc = count_call(m, map_key(&own->names, (uint32_t)i), &own->call[i]);
	fini(m);
	return rc;
}

static size_t
bytes(const struct mart *m)
{
	const struct calls *own = m->own;

	return map_bytes(&own->names) + own->cap * sizeof *own->call;
}

/* The cell of a feed: events, and what was refused of them. */
static uint64_t *
feed(struct mart *m, int64_t carrier, struct slice integration, int64_t ms)
{
	mart_key(m);
	mart_key_id(m, carrier);
	mart_key_text(m, integration);
	mart_key_text(m, SLICE("events"));
	return mart_cell(m, mart_hour(ms));
}

static int
add_event(struct mart *m, const struct mart_value *v, struct fault *f)
{
	static const char *const hit[] = { "given", "exact", "code", "none" };
	int64_t lag = v[EVENT_lag_sec].n;
	int timed = !v[EVENT_is_date_only].n;
	uint64_t *c;
	size_t i = 0;

	while (i < 4 && !slice_eq(v[EVENT_map_hit].text, slice_of(hit[i])))
		i++;
	if (i == 4)
		return fault_set(f, "enum", "map_hit", "none of given, exact, code, none");
	if ((c = feed(m, v[EVENT_carrier_id].n, v[EVENT_integration].text, v[EVENT_received_at].n)) == NULL)
		return MART_OUTSIDE;
	mart_count(m, c, C_events_in, 1);
	mart_count(m, c, C_events_unmapped, i == 3);
	mart_count(m, c, C_events_late, timed && lag > 86400);
	mart_count(m, c, C_lag_negative, timed && lag < 0);
	mart_first_last(m, c, 0, C_last_event_at, v[EVENT_event_time].n);
	mart_first_last(m, c, 0, C_last_received_at, v[EVENT_received_at].n);
	if (!timed || lag < 0)
		return MART_COUNTED;
	mart_count(m, c, C_lag_n, 1);
	mart_hist(m, c, C_lag_hist, lag);
	return mart_sum(m, c, C_lag_sec_sum, (uint64_t)lag) == -1 ? -1 : MART_COUNTED;
}

static int
add_reject(struct mart *m, const struct mart_value *v, struct fault *f)
{
	uint64_t *c;
	int open = slice_eq(v[REJECT_state].text, SLICE("open"));

	if (!open && !slice_eq(v[REJECT_state].text, SLICE("resolved")))
		return fault_set(f, "enum", "state", "neither open nor resolved");
	if (!open || utc_sec(v[REJECT_ts].n) <= 0)
		return MART_SETTLED;
	if ((c = feed(m, 0, v[REJECT_src_topic].text, v[REJECT_ts].n)) == NULL)
		return MART_OUTSIDE;
	mart_count(m, c, C_events_rejected, 1);
	return MART_COUNTED;
}

/* A feed has no latency, an interface without events no lag: their histograms are []. */
static int
has(const struct mart *m, const uint64_t *cell, size_t k)
{
	return cell[m->off[k == C_latency_hist ? C_calls : C_events_in]] > 0;
}

static const struct mart_source source[] = {
	{ "v_call", "request_id", call_member, CALL_N, add_call },
	{ "v_event", "event_id", event_member, EVENT_N, add_event },
	{ "wb_reject", "stage", reject_member, REJECT_N, add_reject },
};
const struct mart_kind mart_integration = {
	.name = "mart_integration_hour", .column = column, .columns = C_N, .source = source, .sources = 3, .has = has,
	.own = sizeof(struct calls), .finish = finish, .own_bytes = bytes, .own_fini = fini,
};
