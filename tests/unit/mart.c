/* Marts and group-by: rows computed by hand, and what must hold for any input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "parcel/days.h"
#include "parcel/group.h"
#include "parcel/ladder.h"
#include "parcel/mart.h"
#include "tap.h"

static struct json json;
static struct buf line;
static char out[2 * 1024 * 1024];

static const struct json *
scan(const char *s)
{
	buf_clear(&line);
	buf_puts(&line, s);
	memset(buf_room(&line, JSON_PAD), 0, JSON_PAD);
	if (json_scan(&json, buf_as_slice(&line)) == -1) {
		printf("Bail out! %s: %s\n", s, json.fault);
		exit(1);
	}
	return &json;
}

/* What a member is that a record of a test does not name. */
static const char *
usual(const char *name)
{
	static const char *const of[][2] = {
		{ "created_at", "\"2024-06-01T00:00:00.000Z\"" }, { "created_day", "\"2024-06-01\"" },
		{ "due_day", "\"2024-06-01\"" }, { "sla_party", "\"none\"" }, { "sla_state", "\"pending\"" },
		{ "status", "\"in_transit\"" }, { "opened_at", "\"2024-06-03T07:00:00.000Z\"" }, { "csat", "null" },
		{ "topic", "\"wismo\"" }, { "channel", "\"chat\"" }, { "ts", "\"2024-06-03T07:00:00.000Z\"" },
		{ "event_time", "\"2024-06-03T07:00:00.000Z\"" }, { "received_at", "\"2024-06-03T07:00:00.000Z\"" },
		{ "map_hit", "\"exact\"" }, { "outcome", "\"ok\"" }, { "state", "\"open\"" }, { "attempt", "1" },
		{ "promise_err_sec", "null" }, { "step_day", "[]" }, { "step_at", "[]" }, { "step_status", "[]" }, { "step_state", "[]" },
		{ "step_reason", "[]" }, { "step_attempt", "[]" }, { "step_courier", "[]" }, { "step_region", "[]" },
	};
	static const char *const text[] = {
		"service_code", "dest_region", "sla_rule_id", "promise_source", "tz", "integration", "operation", "request_id", "event_id",
		"stage", "src_topic",
	};
	size_t i, n = strlen(name);

	for (i = 0; i < sizeof of / sizeof *of; i++)
		if (strcmp(name, of[i][0]) == 0)
			return of[i][1];
	for (i = 0; i < sizeof text / sizeof *text; i++)
		if (strcmp(name, text[i]) == 0)
			return "\"\"";
	return (n > 3 && strcmp(name + n - 3, "_at") == 0) || (n > 4 && strcmp(name + n - 4, "_day") == 0) ? "null" : "0";
}

/* The record with what it lacks for a source of a mart; one that is left out, too, if lacks is not NULL. */
static const char *
whole(struct mart *m, const char *s, size_t source, const char *lacks)
{
	static struct buf b;
	size_t i, n = 0;

	(void)mart_reads(m, source, &n);
	buf_clear(&b);
	buf_put(&b, s, strlen(s) - 1);
	(void)scan(s);
	for (i = 0; i < n; i++) {
		const char *name = mart_member(m, source, i);

		if (json_get(&json, slice_of(name)) == NULL && (lacks == NULL || strcmp(name, lacks) != 0))
			buf_printf(&b, "%s\"%s\":%s", b.n > 1 ? "," : "", name, usual(name));
	}
	buf_puts(&b, "}");
	return buf_str(&b);
}

static const char *
add_bare(struct mart *m, const char *s, const struct days *days)
{
	static const char *const result[] = { "counted", "outside", "orphan", "not due", "no courier", "closed", "settled" };
	static char shown[400];
	struct fault f;
	struct err e = ERR_NONE;
	int rc = mart_add(m, scan(s), days, &f, &e);

	if (rc >= 0)
		return result[rc];
	(void)snprintf(shown, sizeof shown, "%s %s: %.250s", f.code ? f.code : "stop", f.field, f.code ? f.msg : e.msg);
	return shown;
}

/* Adds a record of the first source, whole; the name of the result, or the fault. */
static const char *
add(struct mart *m, const char *s, const struct days *days)
{
	return add_bare(m, whole(m, s, 0, NULL), days);
}

/* The rows, an LF behind each. */
static const char *
rows(struct mart *m)
{
	static struct err e;
	size_t n = mart_rows(m, &e), i;
	char *p = out;

	if (n == SIZE_MAX)
		return e.msg;
	for (i = 0; i < n; i++) {
		p = mart_put(m, i, SLICE("\"b\""), p);
		*p++ = '\n';
	}
	*p = '\0';
	return out;
}

#define Z31 "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"
#define NOW INT64_C(1717398000999)	/* 2024-06-03T07:00:00.999Z */
#define LINEAGE ",\"computed_at\":\"2024-06-03T07:00:00.000Z\",\"batch_id\":\"b\"}\n"
#define KEY "\"client_id\":17,\"carrier_id\":3,\"service_code\":\"STD\",\"dest_region\":\"RU-MOW\""

/* A shipment created on the 1st, tried on the 3rd, delivered late on the 4th. */
#define DELIVERED "{\"shipment_id\":\"S\"," KEY ",\"price\":310.5,\"created_at\":\"2024-06-01T21:00:00.000Z\"," \
	"\"created_day\":\"2024-06-01\",\"accepted_at\":\"2024-06-02T00:30:00.500Z\",\"accepted_day\":\"2024-06-02\"," \
	"\"first_ofd_at\":\"2024-06-03T07:00:00.000Z\",\"first_attempt_day\":\"2024-06-03\",\"first_attempt_ok\":0," \
	"\"ready_at\":null,\"ready_day\":null,\"delivered_at\":\"2024-06-04T09:00:00.999Z\",\"delivered_day\":\"2024-06-04\"," \
	"\"promised_at\":\"2024-06-04T08:59:59.000Z\",\"first_exception_day\":\"2024-06-03\"," \
	"\"step_day\":[\"2024-06-03\",\"2024-06-03\",\"2024-06-04\",\"2024-06-04\",\"2024-06-04\"]," \
	"\"step_status\":[\"out_for_delivery\",\"attempt_failed\",\"out_for_delivery\",\"out_for_delivery\",\"delivered\"]," \
	"\"step_state\":[\"out_for_delivery\",\"attempt_failed\",\"out_for_delivery\",\"returning\",\"delivered\"]," \
	"\"step_reason\":[\"\",\"recipient.absent\",\"detail.courier\",\"\",\"\"],\"step_attempt\":[0,1,0,0,2]}"

/* wb-aggregate.1 "mart_delivery_day" */
static void
delivery(void)
{
	struct mart *m = mart_new("mart_delivery_day", NOW);

	is_str(add(m, DELIVERED, NULL), "counted", "a delivered shipment counts");
	is_str(rows(m),
	    "{\"day\":\"2024-06-01\"," KEY ",\"created\":1,\"accepted\":0,\"out_for_delivery\":0,\"attempts\":0,\"first_attempts\":0,"
	    "\"first_attempt_ok\":0,\"delivered\":0,\"delivered_late\":0,\"ready_for_pickup\":0,\"return_started\":0,\"returned\":0,"
	    "\"lost\":0,\"damaged\":0,\"cancelled\":0,\"exceptions\":0,\"first_exceptions\":0,\"lead_sec_sum\":0,\"lead_n\":0,\"lead_hist\":"
	    Z31 ",\"transit_sec_sum\":0,\"transit_n\":0,\"transit_hist\":" Z31 ",\"handover_sec_sum\":0,\"handover_n\":0,"
	    "\"last_mile_sec_sum\":0,\"last_mile_n\":0,\"pickup_wait_sec_sum\":0,\"pickup_wait_n\":0,\"revenue\":310.50" LINEAGE
	    /* accepted: 21:00:00 to 00:30:00 is 12600 s */
	    "{\"day\":\"2024-06-02\"," KEY ",\"created\":0,\"accepted\":1,\"out_for_delivery\":0,\"attempts\":0,\"first_attempts\":0,"
	    "\"first_attempt_ok\":0,\"delivered\":0,\"delivered_late\":0,\"ready_for_pickup\":0,\"return_started\":0,\"returned\":0,"
	    "\"lost\":0,\"damaged\":0,\"cancelled\":0,\"exceptions\":0,\"first_exceptions\":0,\"lead_sec_sum\":0,\"lead_n\":0,\"lead_hist\":"
	    Z31 ",\"transit_sec_sum\":0,\"transit_n\":0,\"transit_hist\":" Z31 ",\"handover_sec_sum\":12600,\"handover_n\":1,"
	    "\"last_mile_sec_sum\":0,\"last_mile_n\":0,\"pickup_wait_sec_sum\":0,\"pickup_wait_n\":0,\"revenue\":0.00" LINEAGE
	    "{\"day\":\"2024-06-03\"," KEY ",\"created\":0,\"accepted\":0,\"out_for_delivery\":1,\"attempts\":1,\"first_attempts\":1,"
	    "\"first_attempt_ok\":0,\"delivered\":0,\"delivered_late\":0,\"ready_for_pickup\":0,\"return_started\":0,\"returned\":0,"
	    "\"lost\":0,\"damaged\":0,\"cancelled\":0,\"exceptions\":1,\"first_exceptions\":1,\"lead_sec_sum\":0,\"lead_n\":0,\"lead_hist\":"
	    Z31 ",\"transit_sec_sum\":0,\"transit_n\":0,\"transit_hist\":" Z31 ",\"handover_sec_sum\":0,\"handover_n\":0,"
	    "\"last_mile_sec_sum\":0,\"last_mile_n\":0,\"pickup_wait_sec_sum\":0,\"pickup_wait_n\":0,\"revenue\":0.00" LINEAGE
	    /* lead 2 d 12 h = 216000 s is the bucket up to 60 h; transit 203400 s = 56.5 h the same; last mile 93600 s */
	    "{\"day\":\"2024-06-04\"," KEY ",\"created\":0,\"accepted\":0,\"out_for_delivery\":1,\"attempts\":1,\"first_attempts\":0,"
	    "\"first_attempt_ok\":0,\"delivered\":1,\"delivered_late\":1,\"ready_for_pickup\":0,\"return_started\":0,\"returned\":0,"
	    "\"lost\":0,\"damaged\":0,\"cancelled\":0,\"exceptions\":0,\"first_exceptions\":0,\"lead_sec_sum\":216000,\"lead_n\":1,\"lead_hist\":"
	    "[0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],\"transit_sec_sum\":203400,\"transit_n\":1,\"transit_hist\":"
	    "[0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],\"handover_sec_sum\":0,\"handover_n\":0,"
	    "\"last_mile_sec_sum\":93600,\"last_mile_n\":1,\"pickup_wait_sec_sum\":0,\"pickup_wait_n\":0,\"revenue\":0.00" LINEAGE,
	    "its four days");
	mart_free(m);
}

static void
delivery_edges(void)
{
	struct mart *m = mart_new("mart_delivery_day", NOW);
	struct days days = { 0 };

	(void)days_read(&days, SLICE("2024-06-04,2024-05-01"), NULL, NULL);
	is_str(add(m, DELIVERED, &days), "counted", "a day of it is wanted");
	is_int(mart_rows(m, NULL), 1, "just that day has a row");
	is_str(add(m, "{\"created_at\":\"2024-06-01T21:00:00.000Z\",\"created_day\":\"2024-06-01\",\"step_day\":[\"2024-06-04\"],"
	    "\"step_status\":[\"in_transit\"],\"step_state\":[\"in_transit\"],\"step_reason\":[\"\"],\"step_attempt\":[0]}", &days),
	    "outside", "a step with a courier alone counts nothing");
	is_int(mart_rows(m, NULL), 1, "and makes no row");
	is_str(add(m, "{\"created_at\":null,\"created_day\":null}", NULL), "orphan", "an orphan counts nowhere");
	is_str(add(m, "{\"created_day\":null}", NULL), "missing created_day: no value", "a day that is not known though the time is");
	is_str(add(m, "{\"created_day\":\"2024-06-01\",\"price\":1.005}", NULL),
	    "range price: more than 2 digits behind the point, or 12 before it", "a price of three digits");
	is_str(add(m, "{\"created_day\":\"2024-06-01\",\"price\":\"1\"}", NULL), "type price: not a decimal number", "a price as text");
	is_str(add(m, "{\"created_day\":\"2024-06-01\",\"first_attempt_ok\":2}", NULL), "type first_attempt_ok: neither true nor false", "a flag of 2");
	is_str(add(m, "{\"created_day\":\"2024-06-01\",\"step_day\":[\"2024-06-01\"]}", NULL),
	    "length step_day: the arrays of the steps have not one length", "steps of several lengths");
	is_str(add(m, "{\"created_day\":\"2024-06-01\",\"client_id\":4294967296}", NULL),
	    "range client_id: 4294967296 is not within 0 and 4294967295", "an id over 32 bits");
	is_int(mart_rows(m, NULL), 1, "what is refused is counted nowhere");
	is_str(add(m, "{\"created_day\":\"2024-06-01\",\"price\":999999999999.99}", NULL), "counted", "the greatest revenue");
	is_str(add(m, "{\"created_day\":\"2024-06-01\",\"price\":0.01}", NULL),
	    "stop : revenue: a sum of more than 12 digits before the point", "a cent more stops the run");
	mart_free(m);
	days_fini(&days);

	/* spans: equal times count, negative ones do not */
	m = mart_new("mart_delivery_day", NOW);
	(void)add(m, "{\"created_day\":\"2024-06-04\",\"created_at\":\"2024-06-04T09:00:00.900Z\",\"accepted_at\":\"2024-06-04T09:00:01.000Z\","
	    "\"delivered_at\":\"2024-06-04T09:00:00.100Z\",\"delivered_day\":\"2024-06-04\",\"promised_at\":\"2024-06-04T09:00:00.000Z\","
	    "\"ready_at\":\"2024-06-04T08:00:00.000Z\"}", NULL);
	(void)rows(m);
	ok(strstr(out, "\"lead_sec_sum\":0,\"lead_n\":1,\"lead_hist\":[1,0,") != NULL, "a span of no second counts");
	ok(strstr(out, "\"transit_sec_sum\":0,\"transit_n\":0,\"transit_hist\":" Z31) != NULL, "a negative span does not");
	ok(strstr(out, "\"delivered\":1,\"delivered_late\":0,") != NULL, "the second of the promise is not late");
	ok(strstr(out, "\"pickup_wait_sec_sum\":3600,\"pickup_wait_n\":1,") != NULL, "wait at the pickup point");
	mart_free(m);
}

#define SLA(more) "{" KEY ",\"due_day\":\"2024-06-06\",\"sla_rule_id\":\"r\",\"promise_source\":\"rule\"," more "}"

/* wb-aggregate.1 "mart_sla_day" */
static void
sla(void)
{
	struct mart *m = mart_new("mart_sla_day", NOW);

	(void)add(m, SLA("\"sla_state\":\"met\",\"sla_late_sec\":-86400,\"delivered_at\":\"2024-06-05T00:00:00.000Z\",\"is_partial\":false,"
	    "\"promise_err_sec\":-86400,\"promised_at\":\"2024-06-06T00:00:00.000Z\",\"promised_now_at\":\"2024-06-07T00:00:00.000Z\""), NULL);
	(void)add(m, SLA("\"sla_state\":\"met\",\"sla_late_sec\":-86401,\"delivered_at\":\"2024-06-05T00:00:00.000Z\",\"is_partial\":true,"
	    "\"promise_err_sec\":null,\"promised_at\":\"2024-06-06T00:00:00.000Z\",\"promised_now_at\":\"2024-06-06T00:00:00.000Z\""), NULL);
	(void)add(m, SLA("\"sla_state\":\"met\",\"sla_late_sec\":0,\"delivered_at\":null,\"is_partial\":0"), NULL);
	(void)add(m, SLA("\"sla_state\":\"missed\",\"sla_party\":\"carrier\",\"sla_late_sec\":86400,\"is_open\":1,\"paused_sec\":1"), NULL);
	(void)add(m, SLA("\"sla_state\":\"missed\",\"sla_party\":\"shipper\",\"sla_late_sec\":86401,\"is_open\":false,\"promise_err_sec\":172800"), NULL);
	(void)add(m, SLA("\"sla_state\":\"missed\",\"sla_party\":\"unknown\",\"sla_late_sec\":172801"), NULL);
	(void)add(m, SLA("\"sla_state\":\"missed\",\"sla_party\":\"force\",\"sla_late_sec\":259201"), NULL);
	(void)add(m, SLA("\"sla_state\":\"pending\",\"sla_party\":\"none\",\"sla_late_sec\":-5,\"promised_at\":null,\"promised_now_at\":\"2024-06-07T00:00:00.000Z\""), NULL);
	(void)add(m, SLA("\"sla_state\":\"at_risk\",\"sla_party\":\"none\",\"sla_late_sec\":-5"), NULL);
	is_str(add(m, "{\"sla_state\":\"not_applicable\",\"due_day\":\"2024-06-06\"}", NULL), "not due", "not_applicable is left out");
	is_str(rows(m), "{\"day\":\"2024-06-06\"," KEY ",\"sla_rule_id\":\"r\",\"promise_source\":\"rule\",\"due\":9,\"met\":3,\"met_in_full\":1,"
	    "\"missed\":4,\"missed_open\":1,\"pending\":1,\"at_risk\":1,\"paused\":1,\"late_1d\":1,\"late_2d\":1,\"late_3d\":1,\"late_more\":1,"
	    "\"early_1d\":1,\"late_sec_sum\":604803,\"late_hist\":[0,0,0,0,0,0,0,1,1,0,0,0,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"
	    "\"abs_err_sec_sum\":259200,\"abs_err_n\":2,\"repromised\":1,\"miss_carrier\":1,\"miss_shipper\":1,\"miss_recipient\":0,"
	    "\"miss_customs\":0,\"miss_force\":1,\"miss_platform\":0,\"miss_unknown\":1" LINEAGE, "a row of nine");
	is_str(add_bare(m, whole(m, SLA("\"is_open\":false"), 0, "sla_state"), NULL), "missing sla_state: no value", "a document that was not judged");
	is_str(add(m, SLA("\"sla_state\":\"late\""), NULL), "enum sla_state: unknown state", "an unknown state");
	is_str(add(m, SLA("\"sla_state\":\"missed\",\"sla_party\":\"none\",\"sla_late_sec\":1"), NULL),
	    "enum sla_party: a miss that no party answers for", "a miss without a party");
	is_str(add(m, SLA("\"sla_state\":\"met\",\"sla_late_sec\":null"), NULL), "missing sla_late_sec: no value", "no lateness");
	mart_free(m);
	ok(mart_new("mart_lunch_day", NOW) == NULL, "an unknown mart");
}

/* The row of a day that one record makes has a text in it. */
static void
has(const char *mart, const char *record, const char *day, const char *want, const char *name)
{
	struct mart *m = mart_new(mart, NOW);
	const char *row;
	char at[32], got[4096];

	is_str(add(m, record, NULL), "counted", name);
	(void)snprintf(at, sizeof at, "{\"day\":\"%s\"", day);
	row = strstr(rows(m), at);
	(void)snprintf(got, sizeof got, "%.*s", row != NULL ? (int)strcspn(row, "\n") : 0, row != NULL ? row : "");
	ok(strstr(got, want) != NULL, "%s: %s", name, want);
	mart_free(m);
}

/* Each bound, and the day on which a thing stands. */
static void
edges(void)
{
#define MISS(late, more) SLA("\"sla_state\":\"missed\",\"sla_party\":\"carrier\",\"sla_late_sec\":" late more)
#define LATE(late, want, name) has("mart_sla_day", MISS(late, ""), "2024-06-06", want, name)
	LATE("86400", "\"late_1d\":1,\"late_2d\":0,", "a miss by a day to the second is late_1d");
	LATE("86401", "\"late_1d\":0,\"late_2d\":1,", "a second more is late_2d");
	LATE("172800", "\"late_2d\":1,\"late_3d\":0,", "two days");
	LATE("172801", "\"late_2d\":0,\"late_3d\":1,", "a second more");
	LATE("259200", "\"late_3d\":1,\"late_more\":0,", "three days");
	LATE("259201", "\"late_3d\":0,\"late_more\":1,", "a second more");
	LATE("3600", "\"late_hist\":[1,0,", "a bound of a histogram belongs to its bucket");
	LATE("3601", "\"late_hist\":[0,1,", "a second more to the next");
	LATE("5184000", ",1,0],\"abs", "the last bound");
	LATE("5184001", ",0,1],\"abs", "the open bucket");
	has("mart_sla_day", MISS("30", ",\"is_open\":true"), "2024-06-06", "\"missed\":1,\"missed_open\":1,", "an overdue open shipment is missed, and open");
	has("mart_sla_day", MISS("30", ",\"is_open\":false"), "2024-06-06", "\"missed\":1,\"missed_open\":0,", "a closed one is not open");
	has("mart_sla_day", SLA("\"sla_state\":\"met\",\"sla_late_sec\":-86401"), "2024-06-06", "\"early_1d\":1,", "met more than a day early");
	has("mart_sla_day", SLA("\"sla_state\":\"met\",\"sla_late_sec\":-86400"), "2024-06-06", "\"early_1d\":0,", "a day early to the second is not");
	has("mart_delivery_day", DELIVERED, "2024-06-04", "\"lead_sec_sum\":216000,\"lead_n\":1,", "lead time stands on the day of the delivery");
	has("mart_delivery_day", DELIVERED, "2024-06-01", "\"lead_sec_sum\":0,\"lead_n\":0,", "not on that of creation");
	has("mart_delivery_day", DELIVERED, "2024-06-02", "\"handover_sec_sum\":12600,\"handover_n\":1,", "handover on that of acceptance");
	has("mart_delivery_day", DELIVERED, "2024-06-03", "\"attempts\":1,\"first_attempts\":1,", "an attempt on its own");
#define COURIER(last_status, last_reason) "{\"carrier_id\":3,\"created_at\":\"2024-06-01T21:00:00.000Z\",\"first_attempt_at\":\"2024-06-03T08:00:00.000Z\"," \
	"\"first_attempt_ok\":0,\"step_day\":[\"2024-06-03\",\"2024-06-03\",\"2024-06-03\",\"2024-06-03\"]," \
	"\"step_status\":[\"out_for_delivery\",\"attempt_failed\",\"out_for_delivery\",\"" last_status "\"]," \
	"\"step_state\":[\"out_for_delivery\",\"attempt_failed\",\"out_for_delivery\",\"" last_status "\"]," \
	"\"step_reason\":[\"\",\"recipient.absent\",\"\",\"" last_reason "\"],\"step_attempt\":[0,1,0,2]," \
	"\"step_at\":[\"2024-06-03T07:00:00.000Z\",\"2024-06-03T08:00:00.000Z\",\"2024-06-03T15:00:00.000Z\",\"2024-06-03T16:00:00.000Z\"]," \
	"\"step_courier\":[\"k\",\"k\",\"k\",\"k\"],\"step_region\":[\"R\",\"R\",\"R\",\"R\"]}"
	has("mart_courier_day", COURIER("attempt_failed", "carrier.error"), "2024-06-03", "\"brought_back\":1,", "a shipment that fails twice is brought back once");
	has("mart_courier_day", COURIER("attempt_failed", "carrier.error"), "2024-06-03", "\"assigned\":1,\"attempts\":2,", "taken out twice it is assigned once");
	has("mart_courier_day", COURIER("delivered", ""), "2024-06-03", "\"brought_back\":0,", "what is delivered in the end is not brought back");
#undef COURIER
}

/* What does not fit its column stops the run, and says which. */
static void
overflow(void)
{
	struct mart *m = mart_new("mart_sla_day", NOW);

	mart_limit(m, 2, 200);
	is_str(add(m, MISS("100", ""), NULL), "counted", "a sum");
	is_str(add(m, MISS("100", ""), NULL), "counted", "as great as it may be");
	ok(strncmp(rows(m), "{\"day\"", 6) == 0, "a counter as great as it may be");
	is_str(add(m, MISS("1", ""), NULL), "stop : late_sec_sum: a sum of more than 63 bits", "one more");
	is_str(rows(m), "due: a counter of more than 32 bits", "one more in a counter");
	mart_free(m);
	m = mart_new("mart_delivery_day", NOW);
	mart_limit(m, 1, 1000000);
	is_str(add(m, DELIVERED, NULL), "counted", "a delivery");
	is_str(add(m, DELIVERED, NULL), "counted", "and another");
	is_str(rows(m), "out_for_delivery: a counter of more than 32 bits", "the column is told");
	mart_free(m);
	m = mart_new("mart_sla_day", NOW);
	(void)add(m, MISS("2147483647", ""), NULL);
	(void)add(m, MISS("2147483647", ""), NULL);
	(void)add(m, MISS("2147483647", ",\"promise_err_sec\":-2147483648"), NULL);
	(void)rows(m);
	ok(strstr(out, "\"late_sec_sum\":6442450941,") != NULL && strstr(out, "\"abs_err_sec_sum\":2147483648,") != NULL, "sums have more than 32 bits");
	mart_free(m);
}

/* wb-aggregate.1 "mart_courier_day" */
static void
courier(void)
{
	/* K1 takes S out twice and hands it over on the second day; K2's step is a scan; the fifth names nobody */
	static const char first[] = "{\"carrier_id\":3,\"first_attempt_at\":\"2024-06-03T09:00:00.500Z\",\"first_attempt_ok\":false,"
	    "\"step_at\":[\"2024-06-03T07:00:00.900Z\",\"2024-06-03T09:00:00.500Z\",\"2024-06-03T08:00:00.000Z\",\"2024-06-04T08:00:00.000Z\",\"2024-06-04T08:30:00.000Z\",\"2024-06-04T09:00:00.000Z\"],"
	    "\"step_day\":[\"2024-06-03\",\"2024-06-03\",\"2024-06-03\",\"2024-06-04\",\"2024-06-04\",\"2024-06-04\"],"
	    "\"step_status\":[\"out_for_delivery\",\"attempt_failed\",\"in_transit\",\"out_for_delivery\",\"attempt_failed\",\"delivered\"],"
	    "\"step_state\":[\"out_for_delivery\",\"attempt_failed\",\"in_transit\",\"out_for_delivery\",\"attempt_failed\",\"delivered\"],"
	    "\"step_reason\":[\"\",\"recipient.absent\",\"\",\"\",\"carrier.capacity\",\"\"],\"step_attempt\":[0,1,0,0,2,3],"
	    "\"step_courier\":[\"K1\",\"K1\",\"K\\u0032\",\"K1\",\"\",\"K1\"],\"step_region\":[\"R\",\"R\",\"R\",\"R\",\"R\",\"R\"]}";
#define COURIER_DAY(day, who) "{\"day\":\"" day "\",\"carrier_id\":3,\"region_code\":\"R\",\"courier_id\":\"" who "\","
	struct mart *m = mart_new("mart_courier_day", NOW);

	is_str(add(m, first, NULL), "counted", "a shipment with couriers");
	is_str(rows(m),
	    COURIER_DAY("2024-06-03", "K1") "\"assigned\":1,\"attempts\":1,\"delivered\":0,\"first_attempts\":1,\"first_attempt_ok\":0,\"failed_recipient\":1,"
	    "\"failed_carrier\":0,\"failed_other\":0,\"brought_back\":1,\"first_scan_at\":\"2024-06-03T07:00:00.000Z\",\"last_scan_at\":\"2024-06-03T09:00:00.000Z\",\"active_sec\":7200" LINEAGE
	    COURIER_DAY("2024-06-03", "K2") "\"assigned\":0,\"attempts\":0,\"delivered\":0,\"first_attempts\":0,\"first_attempt_ok\":0,\"failed_recipient\":0,"
	    "\"failed_carrier\":0,\"failed_other\":0,\"brought_back\":0,\"first_scan_at\":\"2024-06-03T08:00:00.000Z\",\"last_scan_at\":\"2024-06-03T08:00:00.000Z\",\"active_sec\":0" LINEAGE
	    COURIER_DAY("2024-06-04", "K1") "\"assigned\":1,\"attempts\":1,\"delivered\":1,\"first_attempts\":0,\"first_attempt_ok\":0,\"failed_recipient\":0,"
	    "\"failed_carrier\":0,\"failed_other\":0,\"brought_back\":0,\"first_scan_at\":\"2024-06-04T08:00:00.000Z\",\"last_scan_at\":\"2024-06-04T09:00:00.000Z\",\"active_sec\":3600" LINEAGE,
	    "its couriers and days");
	is_str(add(m, first, NULL), "counted", "a second shipment like it");
	ok(strstr(rows(m), "\"assigned\":2,\"attempts\":2,\"delivered\":2,") != NULL, "is another one");
	is_str(add(m, "{}", NULL), "no courier", "a shipment without steps");
	is_str(add(m, "{\"created_at\":null}", NULL), "orphan", "an orphan counts nowhere");
	is_str(add(m, "{\"step_day\":[\"2024-06-04\"]}", NULL), "length step_day: the arrays of the steps have not one length", "steps of several lengths");
	mart_free(m);

#define STEP(status, reason, attempt) "{\"step_day\":[\"2024-06-04\"],\"step_at\":[\"2024-06-04T08:00:00.000Z\"],\"step_status\":[\"" status "\"],\"step_state\":[\"x\"]," \
	"\"step_reason\":[\"" reason "\"],\"step_attempt\":[" attempt "],\"step_courier\":[\"K\"],\"step_region\":[\"R\"]}"
	has("mart_courier_day", STEP("attempt_failed", "other.unspecified", "1"), "2024-06-04", "\"failed_recipient\":0,\"failed_carrier\":0,\"failed_other\":1", "any other reason");
	has("mart_courier_day", STEP("attempt_failed", "", "1"), "2024-06-04", "\"failed_other\":1", "no reason");
	has("mart_courier_day", STEP("attempt_failed", "carrier.damage", "2"), "2024-06-04", "\"failed_carrier\":1,\"failed_other\":0", "the carrier's");
	has("mart_courier_day", STEP("attempt_failed", "carrier.damage", "0"), "2024-06-04", "\"failed_carrier\":0,\"failed_other\":0", "not an attempt");
	has("mart_courier_day", STEP("delivered", "", "1"), "2024-06-04", "\"delivered\":0", "delivered by status, not by state");
	has("mart_courier_day", STEP("out_for_delivery", "", "0"), "2024-06-04", "\"brought_back\":1", "what was taken out and not handed over was brought back");
}

/* wb-aggregate.1 "mart_backlog_hour": now is 07:00:00.999, as_of 07:00 of the third */
static void
backlog(void)
{
#define OPEN(more) "{\"carrier_id\":3,\"dest_region\":\"R\",\"status\":\"in_transit\",\"is_open\":true," more "}"
	struct mart *m = mart_new("mart_backlog_hour", NOW);
	struct days days = { 0 };

	(void)add(m, OPEN("\"sla_state\":\"missed\",\"created_at\":\"2024-05-30T06:59:59.000Z\",\"last_event_at\":\"2024-05-31T06:59:59.999Z\""), NULL);
	(void)add(m, OPEN("\"sla_state\":\"at_risk\",\"created_at\":\"2024-05-01T00:00:00.000Z\",\"accepted_at\":\"2024-06-03T06:00:00.000Z\",\"last_event_at\":\"2024-05-31T07:00:00.000Z\",\"is_paused\":1"), NULL);
	(void)add(m, OPEN("\"created_at\":\"2024-05-31T06:59:59.000Z\""), NULL);
	(void)add(m, OPEN("\"created_at\":\"2024-06-03T07:00:00.999Z\",\"accepted_at\":\"2024-06-03T07:00:01.000Z\""), NULL);
	is_str(add(m, OPEN("\"created_at\":\"2024-06-03T07:00:01.000Z\""), NULL), "closed", "created later than as_of");
	is_str(add(m, "{\"is_open\":false}", NULL), "closed", "a closed shipment");
	/* ages 345601, 3600 (a bound), 259201; the fourth was accepted behind the hour */
	is_str(rows(m), "{\"as_of\":\"2024-06-03T07:00:00.000Z\",\"day\":\"2024-06-03\",\"carrier_id\":3,\"dest_region\":\"R\",\"stage\":\"in_transit\","
	    "\"open_n\":4,\"at_risk_n\":1,\"overdue_n\":1,\"paused_n\":1,\"stale_n\":2,\"age_sec_sum\":608402,\"oldest_sec\":345601,\"age_hist\":"
	    "[1,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0]" LINEAGE, "a row of four");
	(void)days_read(&days, SLICE("2024-06-03T07:00:00.000Z"), NULL, NULL);
	is_str(add(m, OPEN("\"is_paused\":false"), &days), "counted", "the hour is wanted");
	days_fini(&days);
	(void)days_read(&days, SLICE("2024-06-03T06:00:00.000Z,2024-06-04"), NULL, NULL);
	is_str(add(m, OPEN("\"is_paused\":false"), &days), "outside", "another hour and day are");
	days_fini(&days);
	mart_free(m);
}

#define CONTACT(more) "{\"id\":7,\"found\":true,\"client_id\":17,\"carrier_id\":3,\"dest_region\":\"R\",\"opened_at\":\"2024-06-03T22:00:00.500Z\"" more "}"

/* wb-aggregate.1 "mart_support_day" */
static void
support(void)
{
	struct mart *m = mart_new("mart_support_day", NOW);

	is_str(add(m, CONTACT(",\"first_id\":7,\"tz\":\"Europe/Moscow\",\"due_at\":\"2024-06-03T21:59:59.999Z\",\"sla_state\":\"missed\",\"first_reply_at\":\"2024-06-03T22:00:05.000Z\","
	    "\"resolved_at\":\"2024-06-03T21:59:59.000Z\",\"reopened\":2,\"csat\":4"), NULL), "counted", "a contact");
	is_str(add(m, CONTACT(",\"tz\":\"Europe/Moscow\",\"csat\":3,\"first_id\":6"), NULL), "counted", "a second one");
	is_str(rows(m), "{\"day\":\"2024-06-04\",\"client_id\":17,\"carrier_id\":3,\"dest_region\":\"R\",\"topic\":\"wismo\",\"channel\":\"chat\",\"contacts\":2,"
	    "\"first_contacts\":1,\"on_late\":1,\"no_shipment\":0,\"reopened\":1,\"resolved\":1,\"frt_sec_sum\":5,\"frt_n\":1,"
	    "\"frt_hist\":[0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],\"resolve_sec_sum\":0,\"resolve_n\":0,\"csat_sum\":7,\"csat_n\":2,\"csat_pos\":1" LINEAGE,
	    "a row of two, on the day it is in Moscow");
	is_str(add(m, CONTACT(",\"topic\":\"weather\""), NULL), "enum topic: an unknown topic", "an unknown topic");
	is_str(add(m, CONTACT(",\"channel\":\"fax\""), NULL), "enum channel: an unknown channel", "an unknown channel");
	is_str(add(m, CONTACT(",\"csat\":6"), NULL), "range csat: a score that is not within 1 and 5", "a score of 6");
	ok(strncmp(add(m, CONTACT(",\"tz\":\"Mars/Base\""), NULL), "enum tz: ", 9) == 0, "a zone that there is not");
	mart_free(m);
#define ON(more, want, name) has("mart_support_day", CONTACT(",\"sla_state\":\"met\"," more), "2024-06-03", want, name)
	ON("\"due_at\":\"2024-06-03T22:00:00.000Z\"", "\"on_late\":0,", "opened in the second of the due time");
	ON("\"due_at\":\"2024-06-03T21:59:59.000Z\"", "\"on_late\":1,", "a second later");
	ON("\"due_at\":\"2024-06-03T21:59:59.000Z\",\"sla_stop_at\":\"2024-06-03T22:00:00.900Z\"", "\"on_late\":0,", "stopped in that second");
	ON("\"due_at\":\"2024-06-03T21:59:59.000Z\",\"sla_stop_at\":\"2024-06-03T22:00:01.000Z\"", "\"on_late\":1,", "stopped later");
	ON("\"due_at\":null", "\"on_late\":0,", "no due time");
	has("mart_support_day", "{\"id\":7,\"first_id\":7,\"found\":false,\"due_at\":\"2024-06-01T00:00:00.000Z\",\"sla_state\":\"\"}", "2024-06-03",
	    "\"contacts\":1,\"first_contacts\":0,\"on_late\":0,\"no_shipment\":1,", "without a shipment");
	has("mart_support_day", "{\"found\":true,\"due_at\":\"2024-06-01T00:00:00.000Z\",\"sla_state\":\"not_applicable\"}", "2024-06-03", "\"on_late\":0,", "not_applicable is never late");
}

/* wb-aggregate.1 "mart_integration_hour" */
static void
integration(void)
{
#define CALL(id, ts, attempt, outcome, ms) "{\"request_id\":\"q\",\"id\":" id ",\"ts\":\"2024-06-03T" ts "Z\",\"carrier_id\":3,\"integration\":\"api\"," \
	"\"operation\":\"track\",\"outcome\":\"" outcome "\",\"duration_ms\":" ms ",\"attempt\":" attempt "}"
#define EVENT(at, lag, more) "{\"event_id\":\"1\",\"carrier_id\":3,\"integration\":\"api\",\"received_at\":\"2024-06-03T" at "Z\",\"event_time\":\"2024-06-02T00:00:00.000Z\",\"lag_sec\":" lag more "}"
#define HOUR(hour, carrier, what, operation) "{\"hour\":\"2024-06-03T" hour ":00:00.000Z\",\"day\":\"2024-06-03\",\"carrier_id\":" carrier ",\"integration\":\"" what "\",\"operation\":\"" operation "\","
	struct mart *m = mart_new("mart_integration_hour", NOW);
	struct days days = { 0 };

	(void)add(m, CALL("2", "10:00:00.000", "2", "timeout", "300"), NULL);
	(void)add(m, CALL("3", "10:00:01.000", "2", "rate_limited", "4"), NULL);
	(void)add(m, CALL("9", "09:59:59.999", "1", "ok", "1"), NULL);
	is_str(add_bare(m, whole(m, EVENT("07:59:59.900", "86401", ",\"map_hit\":\"none\""), 1, NULL), NULL), "counted", "an event");
	is_str(add_bare(m, EVENT("07:10:00.000", "5", ",\"map_hit\":\"exact\""), NULL), "counted", "one whose empty members are left out");
	(void)add_bare(m, whole(m, EVENT("07:10:00.000", "-1", ""), 1, NULL), NULL);
	(void)add_bare(m, whole(m, EVENT("07:10:00.000", "99999", ",\"is_date_only\":true"), 1, NULL), NULL);
	is_str(add_bare(m, whole(m, "{\"stage\":\"s\",\"src_topic\":\"t\",\"ts\":\"2024-06-03T07:00:00.000Z\"}", 2, NULL), NULL), "counted", "a reject");
	is_str(add_bare(m, whole(m, "{\"stage\":\"s\",\"state\":\"resolved\"}", 2, NULL), NULL), "settled", "one that is resolved");
	is_str(add_bare(m, whole(m, "{\"stage\":\"s\",\"ts\":\"1970-01-01T00:00:00.999Z\"}", 2, NULL), NULL), "settled", "one without a time");
	is_str(rows(m),
	    HOUR("07", "0", "t", "events") "\"calls\":0,\"ok\":0,\"err_client\":0,\"err_server\":0,\"err_timeout\":0,\"err_auth\":0,\"err_rate\":0,\"err_schema\":0,\"retries\":0,"
	    "\"latency_ms_sum\":0,\"latency_hist\":[],\"events_in\":0,\"events_late\":0,\"events_unmapped\":0,\"events_rejected\":1,\"lag_sec_sum\":0,\"lag_n\":0,\"lag_negative\":0,"
	    "\"lag_hist\":[],\"last_event_at\":null,\"last_received_at\":null" LINEAGE
	    HOUR("07", "3", "api", "events") "\"calls\":0,\"ok\":0,\"err_client\":0,\"err_server\":0,\"err_timeout\":0,\"err_auth\":0,\"err_rate\":0,\"err_schema\":0,\"retries\":0,"
	    "\"latency_ms_sum\":0,\"latency_hist\":[],\"events_in\":4,\"events_late\":1,\"events_unmapped\":1,\"events_rejected\":0,\"lag_sec_sum\":86406,\"lag_n\":2,\"lag_negative\":1,"
	    "\"lag_hist\":[0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0],\"last_event_at\":\"2024-06-02T00:00:00.000Z\",\"last_received_at\":\"2024-06-03T07:59:59.000Z\"" LINEAGE
	    HOUR("09", "3", "api", "track") "\"calls\":1,\"ok\":0,\"err_client\":0,\"err_server\":0,\"err_timeout\":0,\"err_auth\":0,\"err_rate\":1,\"err_schema\":0,\"retries\":2,"
	    "\"latency_ms_sum\":305,\"latency_hist\":[0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0],\"events_in\":0,\"events_late\":0,\"events_unmapped\":0,\"events_rejected\":0,\"lag_sec_sum\":0,"
	    "\"lag_n\":0,\"lag_negative\":0,\"lag_hist\":[],\"last_event_at\":null,\"last_received_at\":null" LINEAGE,
	    "a feed, its rejects, a call of three attempts");
	is_str(add_bare(m, "{\"shipment_id\":\"S\"}", NULL), "missing request_id: none of the records that mart_integration_hour is made of", "a record of no kind");
	is_str(add(m, CALL("2", "10:00:00.000", "2", "lost", "300"), NULL), "enum outcome: an unknown outcome", "an unknown outcome");
	is_str(add_bare(m, whole(m, EVENT("07:10:00.000", "5", ",\"map_hit\":\"maybe\""), 1, NULL), NULL), "enum map_hit: none of given, exact, code, none", "an unknown map_hit");
	mart_free(m);

	/* a call whose first attempt lies in an hour that is not wanted is not counted, whatever the others do */
	m = mart_new("mart_integration_hour", NOW);
	(void)days_read(&days, SLICE("2024-06-03T10:00:00.000Z"), NULL, NULL);
	(void)add(m, CALL("2", "10:00:00.000", "2", "ok", "1"), &days);
	(void)add(m, CALL("1", "09:59:59.999", "1", "ok", "1"), &days);
	is_int(mart_rows(m, NULL), 0, "a call stands in the hour of its first row alone");
	mart_free(m);
	days_fini(&days);

	m = mart_new("mart_integration_hour", NOW);
	mart_limit(m, 100, 300);
	(void)add(m, CALL("1", "10:00:00.000", "1", "ok", "300"), NULL);
	is_str(add(m, CALL("2", "10:00:00.000", "2", "ok", "1"), NULL), "stop : latency_ms_sum: a call of more than 32 bits of rows, or 63 of milliseconds", "a call too long stops the run");
	mart_free(m);
}

/* wb-aggregate.1 "MARTS": a record that lacks a member is a reject that names it. */
static void
lacking(void)
{
	size_t k, s, i, n, good = 0, all = 0, empty = 0;
	char want[96];

	for (k = 0; mart_name(k) != NULL; k++) {
		struct mart *m = mart_new(mart_name(k), NOW);

		for (s = 0; mart_reads(m, s, &n) != NULL; s++)
			for (i = 0; i < n; i++) {
				const char *got = add_bare(m, whole(m, "{}", s, mart_member(m, s, i)), NULL), *name = mart_member(m, s, i);

				(void)snprintf(want, sizeof want, "missing %s: no value", name);
				all++;
				if (strcmp(got, want) == 0)
					good++;
				else if (strcmp(got, "counted") == 0 && s == 1 && (strcmp(name, "carrier_id") == 0 || strcmp(name, "is_date_only") == 0))
					empty++;	/* an event may leave them out */
				else if (i == 0 && n > 0 && strncmp(got, "missing request_id: none", 24) == 0)
					good++;		/* what tells a call, an event, a reject */
				else
					printf("# %s without %s: %s\n", mart_name(k), name, got);
			}
		mart_free(m);
	}
	is_int((int)empty, 2, "two members of an event may be left out");
	is_int((int)(good + empty), (int)all, "every other member must be there");
	ok(all > 100, "of %zu", all);
}

static unsigned
random_below(unsigned n)
{
	static uint64_t seed = 88172645463325252u;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

/* Steps on some days, all with a courier. */
static void
random_steps(struct buf *b, unsigned day)
{
	static const char *const status[] = { "out_for_delivery", "attempt_failed", "delivered" };
	unsigned what[6], days[6], who[6], n = random_below(7), i;

	for (i = 0; i < n; i++) {
		what[i] = random_below(3);
		days[i] = day + random_below(3);
		who[i] = random_below(3);
	}
#define LIST(name, fmt, value) \
	buf_puts(b, "\"" name "\":["); \
	for (i = 0; i < n; i++) \
		buf_printf(b, "%s" fmt, i > 0 ? "," : "", value); \
	buf_puts(b, "],")
	LIST("step_day", "\"2024-06-%02u\"", days[i]);
	LIST("step_at", "\"2024-06-%02uT10:00:00.000Z\"", days[i]);
	LIST("step_status", "\"%s\"", status[what[i]]);
	LIST("step_state", "\"%s\"", status[what[i]]);
	LIST("step_reason", "\"%s\"", what[i] == 1 ? "recipient.absent" : "");
	LIST("step_attempt", "%u", what[i] > 0 ? i + 1 : 0);
	LIST("step_courier", "\"K%u\"", who[i]);
	LIST("step_region", "\"R%u\"", who[i] % 2);
#undef LIST
	b->p[b->n - 1] = '}';
}

static void
random_row(struct buf *b)
{
	static const char *const state[] = { "met", "missed", "pending", "at_risk", "not_applicable" };
	unsigned s = random_below(5), day = 1 + random_below(5);

	buf_clear(b);
	buf_printf(b, "{\"client_id\":%u,\"carrier_id\":%u,\"service_code\":\"%s\",\"dest_region\":\"R%u\",\"due_day\":\"2024-06-%02u\",",
	    random_below(3), random_below(3), random_below(2) ? "A" : "AB", random_below(2), day);
	buf_printf(b, "\"sla_rule_id\":\"\",\"promise_source\":\"rule\",\"sla_state\":\"%s\",\"sla_party\":\"%s\",\"sla_late_sec\":%d,", state[s],
	    s == 1 ? "carrier" : "none", s == 1 ? (int)random_below(6000000) : -(int)random_below(400000));
	buf_printf(b, "\"price\":%u.%02u,\"created_at\":\"2024-06-%02uT10:00:00.000Z\",\"created_day\":\"2024-06-%02u\",", random_below(1000),
	    random_below(100), day, day);
	buf_printf(b, "\"delivered_at\":\"2024-06-%02uT%02u:00:00.000Z\",\"delivered_day\":\"2024-06-%02u\",", day + 3, random_below(24), day + 3);
	buf_printf(b, "\"status\":\"in_transit\",\"is_open\":%s,\"is_paused\":%u,", random_below(2) ? "true" : "false", random_below(2));
	random_steps(b, day + 2);
}

/* Support contacts, and calls of which each has its rows together. */
static void
random_contact(struct buf *b)
{
	static const char *const zone[] = { "UTC", "Asia/Vladivostok", "America/New_York" };

	buf_clear(b);
	buf_printf(b, "{\"id\":%u,\"first_id\":%u,\"found\":%u,\"client_id\":%u,\"tz\":\"%s\",\"csat\":%u,", random_below(3), random_below(3), random_below(2),
	    random_below(3), zone[random_below(3)], 1 + random_below(5));
	buf_printf(b, "\"opened_at\":\"2024-06-0%uT%02u:00:00.000Z\",\"first_reply_at\":\"2024-06-06T%02u:00:00.000Z\"}", 1 + random_below(6), random_below(24), random_below(24));
}

static void
random_call(struct buf *b)
{
	static const char *const outcome[] = { "ok", "timeout", "schema_error" };
	static unsigned n;

	buf_clear(b);
	buf_printf(b, "{\"request_id\":\"%u\",\"id\":%u,\"ts\":\"2024-06-0%uT%02u:%02u:00.000Z\",\"integration\":\"x%u\",\"outcome\":\"%s\",\"duration_ms\":%u}", n, n,
	    1 + random_below(3), random_below(24), random_below(60), random_below(2), outcome[random_below(3)], random_below(70000));
	n++;
}

/* Sums of numbers of two sets of rows, by what the group-by makes of them. */
static const char *
total(struct group *g)
{
	static char row[2][4096];
	static int at;

	at = !at;
	(void)group_rows(g);
	*group_put(g, 0, row[at]) = '\0';
	return row[at];
}

static void
add_rows(struct group *g, struct mart *m)
{
	struct err e = ERR_NONE;
	struct fault f;
	size_t n = mart_rows(m, &e), i;

	for (i = 0; i < n; i++) {
		*mart_put(m, i, SLICE("\"b\""), out) = '\0';
		(void)group_add(g, scan(out), &f, &e);
	}
}

/* Rows are a function of the set of records: of their order nothing is seen, and parts add up. */
static void
additive(const char *name, const char *exprs, void (*record_of)(struct buf *))
{
	static struct buf record[600];
	struct mart *all = mart_new(name, NOW), *back = mart_new(name, NOW), *part[3];
	struct group *whole, *sum;
	char *first;
	struct err e = ERR_NONE;
	int i;

	whole = group_new(NULL, &exprs, 1, &e);
	sum = group_new(NULL, &exprs, 1, &e);
	for (i = 0; i < 3; i++)
		part[i] = mart_new(name, NOW);
	for (i = 0; i < 600; i++) {
		record_of(&record[i]);
		(void)add(all, buf_str(&record[i]), NULL);
		(void)add(part[random_below(3)], buf_str(&record[i]), NULL);
	}
	for (i = 600; i-- > 0;)
		(void)add(back, buf_str(&record[i]), NULL);
	first = malloc(sizeof out);
	memcpy(first, rows(all), sizeof out);
	ok(strlen(first) > 2000 && strcmp(first, rows(back)) == 0, "%s: the same bytes in any order", name);
	free(first);
	add_rows(whole, all);
	for (i = 0; i < 3; i++)
		add_rows(sum, part[i]);
	is_str(total(sum), total(whole), name);
	mart_free(all);
	mart_free(back);
	for (i = 0; i < 3; i++)
		mart_free(part[i]);
	for (i = 0; i < 600; i++)
		buf_fini(&record[i]);
	group_free(whole);
	group_free(sum);
}

/* A number of the one row that a group-by makes of all rows of a mart. */
static long
sum_of(struct mart *m, const char *expr)
{
	struct err e = ERR_NONE;
	struct group *g = group_new(NULL, &expr, 1, &e);
	const char *p;
	long v;

	add_rows(g, m);
	p = strchr(total(g), ':');
	v = strtol(p + 1, NULL, 10);
	group_free(g);
	return v;
}

/* What the marts have of the same shipments is the same, and nothing is lost between them. */
static void
conserved(void)
{
	struct mart *delivery = mart_new("mart_delivery_day", NOW), *judged = mart_new("mart_sla_day", NOW), *who = mart_new("mart_courier_day", NOW),
	    *open = mart_new("mart_backlog_hour", NOW);
	struct buf b = { 0 };
	int i, n = 700, not_due = 0, closed = 0;

	for (i = 0; i < n; i++) {
		random_row(&b);
		(void)add(delivery, buf_str(&b), NULL);
		not_due += strcmp(add(judged, buf_str(&b), NULL), "not due") == 0;
		(void)add(who, buf_str(&b), NULL);
		closed += strcmp(add(open, buf_str(&b), NULL), "closed") == 0;
	}
	is_int(sum_of(delivery, "sum:created"), n, "created, over all rows, are the shipments");
	is_int(sum_of(judged, "sum:due"), n - not_due, "due and not_applicable are the shipments");
	is_int(sum_of(judged, "sum:met") + sum_of(judged, "sum:missed") + sum_of(judged, "sum:pending") + sum_of(judged, "sum:at_risk"), n - not_due, "verdicts are those due");
	is_int(sum_of(open, "sum:open_n"), n - closed, "open and not open are the shipments");
	is_int(sum_of(who, "sum:attempts"), sum_of(delivery, "sum:attempts"), "attempts of couriers are the attempts");
	is_int(sum_of(who, "sum:failed_recipient"), sum_of(delivery, "sum:exceptions"), "and what failed is what was told");
	ok(not_due > 50 && closed > 50 && sum_of(who, "sum:attempts") > 500, "there were all kinds");
	mart_free(delivery);
	mart_free(judged);
	mart_free(who);
	mart_free(open);
	buf_fini(&b);
}

/* wb-aggregate.1 "HISTOGRAMS" */
static void
ladders(void)
{
	is_int(ladder_h31.n + 1, 31, "h31 has 31 buckets");
	is_int(ladder_s19.n + 1, 19, "s19 has 19");
	is_int(ladder_m18.n + 1, 18, "m18 has 18");
	is_int(ladder_slot(&ladder_h31, 0), 0, "0 s");
	is_int(ladder_slot(&ladder_h31, 3600), 0, "a bound belongs to its bucket");
	is_int(ladder_slot(&ladder_h31, 3601), 1, "a second more does not");
	is_int(ladder_slot(&ladder_h31, 1440 * 3600), 29, "the last bound");
	is_int(ladder_slot(&ladder_h31, 1440 * 3600 + 1), 30, "the open bucket");
	is_int(ladder_slot(&ladder_m18, 60000), 16, "a minute");
	ok(ladder_get(SLICE("s19")) == &ladder_s19 && ladder_get(SLICE("x")) == NULL, "by name");
}

/* Groups the records of text, an LF behind each; the rows, or the fault. */
static const char *
grouped(const char *fields, const char *expr, const char *text)
{
	static char got[8192];
	struct err e = ERR_NONE;
	struct fault f = { 0 };
	struct group *g = group_new(fields, &expr, 1, &e);
	char *p = got, record[512];
	const char *end;
	size_t i, n;

	if (g == NULL) {
		(void)snprintf(got, sizeof got, "%s", e.msg);
		return got;
	}
	for (; *text != '\0'; text = end + 1) {
		end = strchr(text, '\n');
		(void)snprintf(record, sizeof record, "%.*s", (int)(end - text), text);
		if (group_add(g, scan(record), &f, &e) == -1) {
			(void)snprintf(got, sizeof got, "%s %s: %.250s", f.code ? f.code : "stop", f.field, f.code ? f.msg : e.msg);
			group_free(g);
			return got;
		}
	}
	n = group_rows(g);
	for (i = 0; i < n; i++) {
		p = group_put(g, i, p);
		*p++ = '\n';
	}
	*p = '\0';
	group_free(g);
	return got;
}

/* wb-aggregate.1 "EXPRESSIONS" */
static void
groups(void)
{
	is_str(grouped("k", "count,sum:v", "{\"k\":\"b\",\"v\":0.1}\n{\"k\":\"a\",\"v\":1}\n{\"k\":\"b\",\"v\":0.20}\n"),
	    "{\"k\":\"a\",\"count\":1,\"sum_v\":1}\n{\"k\":\"b\",\"count\":2,\"sum_v\":0.30}\n", "sums are exact decimals");
	is_str(grouped("k", "count", "{\"k\":10}\n{\"k\":9}\n{\"k\":\"x\"}\n{}\n{\"k\":null}\n{\"k\":true}\n{\"k\":-1}\n{\"k\":\"\"}\n{\"k\":[ 1 ]}\n"),
	    "{\"k\":null,\"count\":2}\n{\"k\":true,\"count\":1}\n{\"k\":-1,\"count\":1}\n{\"k\":9,\"count\":1}\n{\"k\":10,\"count\":1}\n"
	    "{\"k\":\"\",\"count\":1}\n{\"k\":\"x\",\"count\":1}\n{\"k\":[1],\"count\":1}\n", "groups are sorted by type and value");
	is_str(grouped("k", "count", "{\"k\":\"\\u0041\"}\n{\"k\":\"A\"}\n"), "{\"k\":\"A\",\"count\":2}\n", "a text is what it means");
	is_str(grouped("/a/b,c", "count,max:/a/n", "{\"a\":{\"b\":1,\"n\":7},\"c\":2}\n{\"c\":2,\"a\":{\"b\":1,\"n\":12}}\n"),
	    "{\"/a/b\":1,\"c\":2,\"count\":2,\"max_/a/n\":12}\n", "pointers are fields");
	is_str(grouped(NULL, "count,sum:v,mean:v,min:v", ""), "{\"count\":0,\"sum_v\":null,\"mean_v\":null,\"min_v\":null}\n", "nothing at all");
	is_str(grouped("k", "count", ""), "", "no groups");
	is_str(grouped(NULL, "mean:v", "{\"v\":1}\n{\"v\":1}\n{\"v\":0}\n"), "{\"mean_v\":0.666667}\n", "a mean is rounded to 6 digits");
	is_str(grouped(NULL, "mean:v", "{\"v\":-0.0000005}\n"), "{\"mean_v\":-0.000001}\n", "halves away from zero");
	is_str(grouped(NULL, "mean:v", "{\"v\":2.50}\n{\"v\":null}\n{}\n{\"v\":\"\"}\n{\"v\":\"2.5\"}\n"), "{\"mean_v\":2.5}\n",
	    "no values are left out, and numbers in strings are numbers");
	is_str(grouped(NULL, "min:v,max:v", "{\"v\":\"b\"}\n{\"v\":10}\n{\"v\":\"a\\\"\"}\n{\"v\":9.5}\n"), "{\"min_v\":9.5,\"max_v\":\"b\"}\n", "a number is less than a string");
	is_str(grouped(NULL, "max:v", "{\"v\":1e1}\n{\"v\":10.0}\n{\"v\":10}\n"), "{\"max_v\":1e1}\n", "of equal numbers the spelling decides");
	is_str(grouped(NULL, "max:v", "{\"v\":10}\n{\"v\":10.0}\n{\"v\":1e1}\n"), "{\"max_v\":1e1}\n", "in any order");
	is_str(grouped(NULL, "hist:v:1,2.5,10,count", "{\"v\":1}\n{\"v\":2.5}\n{\"v\":2.51}\n{\"v\":11}\n{\"v\":-4}\n"),
	    "{\"hist_v\":[2,1,1,1],\"count\":5}\n", "a histogram of bounds, which a comma does not end");
	is_str(grouped(NULL, "hist:v:s19", "{\"v\":1}\n{\"v\":432001}\n"), "{\"hist_v\":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]}\n", "a ladder by name");
	is_str(grouped(NULL, "n=count,total=sum:v", "{\"v\":1}\n"), "{\"n\":1,\"total\":1}\n", "names");
	is_str(grouped(NULL, "sum:v", "{\"v\":999999999999999999}\n{\"v\":999999999999999999}\n"), "{\"sum_v\":1999999999999999998}\n", "beyond 18 digits");
	is_str(grouped(NULL, "sum:v", "{\"v\":\"x\"}\n"), "type sum_v: a string that is no number", "a string that is no number");
	is_str(grouped(NULL, "max:v", "{\"v\":true}\n"), "type max_v: neither a number nor a string", "true has no order");
	is_str(grouped(NULL, "sum:v", "{\"v\":1e40}\n"), "range sum_v: a number of more than 18 digits before or behind the point", "too large");
	is_str(grouped("k,k", "count", ""), "the field k,k twice", "a field twice");
	is_str(grouped("k,", "count", ""), "a field without a name", "no field");
	is_str(grouped("/a~2", "count", ""), "\"/a~2\" is no JSON Pointer", "a bad pointer");
	is_str(grouped("k", "k=count", ""), "two members of the output would be named \"k\" (NAME=EXPR gives a name)", "a name twice");
	is_str(grouped("k", "sum", ""), "\"sum\" is none of count, sum:F, min:F, max:F, mean:F, hist:F:LADDER", "sum of what");
	is_str(grouped("k", "count:v", ""), "\"count:v\" is none of count, sum:F, min:F, max:F, mean:F, hist:F:LADDER", "count of what");
	is_str(grouped("k", "hist:v", ""), "hist: no ladder (hist:F:h31)", "no ladder");
	is_str(grouped("k", "hist:v:2,1", ""), "hist: bounds that do not ascend", "bounds that fall");
}

static void
day_lists(void)
{
	struct days d = { 0 };
	struct err e = ERR_NONE;

	is_int(days_read(&d, SLICE("2024-06-03,2024-06-01\n2024-06-03\n"), "f", &e), 0, "a list of days");
	is_int(d.n, 2, "distinct");
	ok(days_have(&d, 19875) && days_have(&d, 19877) && !days_have(&d, 19876), "and known");
	days_fini(&d);
	is_int(days_read(&d, SLICE("2024-06-03\nx\n"), "f", &e), -1, "a word that is no day");
	is_str(e.msg, "f:2: \"x\" is not a day (2024-06-03) or a full hour (2024-06-03T07:00:00.000Z)", "is told with its line");
	days_fini(&d);
	is_int(days_read(&d, SLICE(""), "f", &e), 0, "an empty file is an empty set");
	ok(!days_have(&d, 19875), "that has no day");
}

int
main(void)
{
	delivery();
	delivery_edges();
	sla();
	edges();
	overflow();
	courier();
	backlog();
	support();
	integration();
	lacking();
	additive("mart_delivery_day", "sum:created,sum:delivered,sum:lead_sec_sum,sum:lead_n,sum:revenue,sum:/lead_hist/12,sum:/lead_hist/11,sum:attempts,sum:exceptions", random_row);
	additive("mart_sla_day", "sum:due,sum:met,sum:missed,sum:late_1d,sum:late_more,sum:late_sec_sum,sum:early_1d,sum:/late_hist/30", random_row);
	additive("mart_courier_day", "sum:assigned,sum:attempts,sum:delivered,sum:brought_back,sum:failed_recipient", random_row);
	additive("mart_backlog_hour", "sum:open_n,sum:at_risk_n,sum:overdue_n,sum:paused_n,sum:stale_n,sum:age_sec_sum,max:oldest_sec,sum:/age_hist/5", random_row);
	additive("mart_support_day", "sum:contacts,sum:first_contacts,sum:no_shipment,sum:frt_sec_sum,sum:frt_n,sum:csat_sum,sum:/frt_hist/14", random_contact);
	additive("mart_integration_hour", "sum:calls,sum:ok,sum:err_timeout,sum:latency_ms_sum,sum:/latency_hist/16", random_call);
	conserved();
	ladders();
	groups();
	day_lists();
	json_fini(&json);
	buf_fini(&line);
	return done_testing();
}
