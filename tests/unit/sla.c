/* The SLA engine: the worked vectors, each row of the state table by hand, and what must hold for any document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utc.h"
#include "io/file.h"
#include "parcel/sla.h"
#include "tap.h"

static struct taxonomy tax;
static struct json json;
static struct doc doc;
static struct sla_facts facts;
static struct verdict verdict;
static struct sla_text text;
static struct buf line;

static void
load_taxonomy(void)
{
	struct buf a = { 0 }, b = { 0 };
	struct err e = ERR_NONE;

	if (file_read("scripts/taxonomy/status.csv", 1 << 20, &a, &e) == -1 ||
	    file_read("scripts/taxonomy/reason.csv", 1 << 20, &b, &e) == -1 ||
	    taxonomy_load(&tax, buf_as_slice(&a), "status.csv", buf_as_slice(&b), "reason.csv", &e) == -1) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
	buf_fini(&a);
	buf_fini(&b);
}

/* Reads rules of text; NULL or the message. */
static const char *
read_rules(struct rules *r, const char *s)
{
	static struct err e;

	e = ERR_NONE;
	rules_init(r);
	return rules_read(r, &tax, "r", slice_of(s), &e) == 0 ? NULL : e.msg;
}

/* Judges the document of text at now (seconds); NULL, or the fault. */
static const char *
judge(const struct rules *r, const char *s, int64_t now)
{
	static struct fault f;
	static char shown[400];

	f = (struct fault){ 0 };
	buf_clear(&line);
	buf_puts(&line, s);
	memset(buf_room(&line, JSON_PAD), 0, JSON_PAD);
	if (json_scan(&json, buf_as_slice(&line)) == -1)
		return json.fault;
	doc_pick(&doc, &json);
	if (sla_facts_get(&facts, &doc, &tax, &f) == -1)
		goto bad;
	sla_judge(&facts, r, &tax, now, &verdict);
	if (sla_put(&verdict, now * 1000, &doc, &text, &f) == -1)
		goto bad;
	return NULL;
bad:
	(void)snprintf(shown, sizeof shown, "%s %s: %s", f.code, f.field, f.msg);
	return shown;
}

static int64_t
seconds(const char *s)
{
	struct utc_text u;

	if (utc_parse(slice_of(s), &u) == -1) {
		printf("Bail out! bad time %s\n", s);
		exit(1);
	}
	return utc_sec(u.ms) - u.offset;
}

/* The text that the verdict has for a member. */
static const char *
said(enum doc_member i)
{
	static char buf[64];

	(void)snprintf(buf, sizeof buf, "%.*s", (int)doc.own[i].n, doc.own[i].p ? doc.own[i].p : "?");
	return buf;
}

static const char *
get(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key)->valuestring;
}

static void
put_line(struct buf *b, const cJSON *o)
{
	char *s = cJSON_PrintUnformatted(o);

	buf_puts(b, s);
	buf_putc(b, '\n');
	free(s);
}

static void
put_instant(struct buf *b, const char *s)
{
	char t[UTC_LEN];

	buf_putc(b, '"');
	buf_put(b, t, (size_t)(utc_put(t, seconds(s) * 1000) - t));
	buf_putc(b, '"');
}

static void
due_vector(const cJSON *v, const struct buf *calendars)
{
	const cJSON *tz = cJSON_GetObjectItemCaseSensitive(v, "tz"), *p;
	cJSON *rule = cJSON_GetObjectItemCaseSensitive(v, "rule");
	const char *name = get(v, "name"), *start = get(v, "start"), *fault;
	struct buf b = { 0 }, d = { 0 };
	char want[64];
	struct rules r;
	int i = 0;

	buf_slice(&b, buf_as_slice(calendars));
	cJSON_ArrayForEach(p, cJSON_GetObjectItemCaseSensitive(v, "pauses"))
		buf_printf(&b, "{\"kind\":\"window\",\"id\":\"w%d\",\"party\":\"force\",\"from\":\"%s\",\"to\":\"%s\"}\n", i++,
		    p->child->valuestring, p->child->next->valuestring);
	cJSON_AddStringToObject(rule, "kind", "rule");
	cJSON_AddStringToObject(rule, "id", "x");
	cJSON_AddItemToObject(rule, "promise", cJSON_Parse("[\"rule\"]"));
	cJSON_AddItemToObject(rule, "pause", cJSON_Parse("[\"force\"]"));
	cJSON_AddStringToObject(rule, "clock_tz", cJSON_IsString(tz) ? tz->valuestring : "calendar");
	put_line(&b, rule);
	fault = read_rules(&r, buf_str(&b));
	buf_puts(&d, "{\"shipment_id\":\"S\",\"status\":\"accepted\",\"created_at\":");
	put_instant(&d, start);
	buf_puts(&d, ",\"accepted_at\":");
	put_instant(&d, start);
	buf_puts(&d, ",\"events\":[{\"event_id\":\"e\",\"status\":\"accepted\",\"event_time\":");
	put_instant(&d, start);
	buf_puts(&d, ",\"received_at\":");
	put_instant(&d, start);
	buf_puts(&d, "}]}");
	if (fault == NULL)
		fault = judge(&r, buf_str(&d), seconds(start) + 366 * 86400);
	(void)snprintf(want, sizeof want, "\"%s\"", get(v, "due"));
	is_str(fault ? fault : said(DOC_DUE_AT_), want, name);
	rules_fini(&r);
	buf_fini(&b);
	buf_fini(&d);
}

static void
case_vector(const cJSON *v, const struct buf *calendars)
{
	static const enum doc_member keys[] = {
		DOC_SLA_RULE_ID_, DOC_PROMISE_SOURCE_, DOC_PROMISED_PRECISION_, DOC_PROMISED_AT_, DOC_PROMISED_NOW_AT_,
		DOC_DUE_AT_, DOC_DUE_DAY_, DOC_SLA_STOP_, DOC_SLA_STOP_AT_, DOC_SLA_STATE_, DOC_SLA_PARTY_,
		DOC_SLA_LATE_SEC_, DOC_PAUSED_SEC_, DOC_IS_PAUSED_, DOC_PROMISE_ERR_SEC_,
	};
	const cJSON *p;
	struct buf b = { 0 }, got = { 0 };
	const char *fault;
	struct rules r;
	char *d = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(v, "doc"));
	char *want = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(v, "expect"));
	size_t i;

	buf_slice(&b, buf_as_slice(calendars));
	cJSON_ArrayForEach(p, cJSON_GetObjectItemCaseSensitive(v, "rules"))
		put_line(&b, p);
	fault = read_rules(&r, buf_str(&b));
	if (fault == NULL)
		fault = judge(&r, d, seconds(get(v, "now")));
	buf_putc(&got, '{');
	for (i = 0; fault == NULL && i < sizeof keys / sizeof *keys; i++)
		buf_printf(&got, "%s\"%s\":%s", i > 0 ? "," : "", doc_name[keys[i]], said(keys[i]));
	buf_putc(&got, '}');
	is_str(fault ? fault : buf_str(&got), want, get(v, "name"));
	rules_fini(&r);
	buf_fini(&b);
	buf_fini(&got);
	free(d);
	free(want);
}

/* The vectors, each named after its section. */
static void
golden(void)
{
	struct buf all = { 0 }, calendars = { 0 };
	struct err e = ERR_NONE;
	char *p, *end;
	int n = 0;
	cJSON *v;

	if (file_read("tests/data/sla_golden.ndjson", 1 << 24, &all, &e) == -1) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
	for (p = (char *)(uintptr_t)buf_str(&all); *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		*end = '\0';
		v = cJSON_Parse(p);
		if (strcmp(get(v, "kind"), "calendar") == 0)
			buf_printf(&calendars, "%s\n", p);
		else if (n++, strcmp(get(v, "kind"), "due") == 0)
			due_vector(v, &calendars);
		else
			case_vector(v, &calendars);
		cJSON_Delete(v);
	}
	is_int(n, 62, "all vectors were run");
	buf_fini(&all);
	buf_fini(&calendars);
}

/*
 * The table of states, row by row, at the second on which it turns.  The promise is
 * the time 2024-06-10T12:00:00Z.
 */
#define DUE "2024-06-10T12:00:00.000Z"
#define BASE "\"shipment_id\":\"S\",\"created_at\":\"2024-06-01T00:00:00.000Z\",\"promise_first\":\"" DUE "\""
#define EV(id, at, status, more) "{\"event_id\":\"" id "\",\"event_time\":\"" at "\",\"received_at\":\"" at \
	"\",\"status\":\"" status "\"" more "}"
#define OPEN_DOC "{" BASE ",\"status\":\"in_transit\",\"last_event_at\":\"2024-06-05T00:00:00.000Z\",\"events\":[" \
	EV("e", "2024-06-05T00:00:00.000Z", "in_transit", "") "]}"

static void
row(const char *rules, const char *document, const char *now, const char *want, const char *name)
{
	struct rules r;
	const char *fault = read_rules(&r, rules);
	char got[200], at[UTC_LEN + 1] = "null";

	if (fault == NULL)
		fault = judge(&r, document, seconds(now));
	if (verdict.judge_at != SLA_NONE)
		*utc_put(at, verdict.judge_at * 1000) = '\0';
	(void)snprintf(got, sizeof got, "%s %s %lld%s %.19s", sla_state_name[verdict.state], party_name[verdict.party],
	    (long long)verdict.late, verdict.is_paused ? " paused" : "", at);
	is_str(fault ? fault : got, want, name);
	rules_fini(&r);
}

static void
states(void)
{
	static const char hold[] = "{\"kind\":\"rule\",\"id\":\"h\",\"pause\":[\"hold\",\"reschedule\"]}\n";
	static const char force[] = "{\"kind\":\"rule\",\"id\":\"h\",\"pause\":[\"force\"]}\n"
	    "{\"kind\":\"window\",\"id\":\"w\",\"party\":\"force\",\"from\":\"2024-06-07T00:00:00Z\",\"to\":\"2024-06-08T00:00:00Z\"}\n";
	static const char bday[] = "{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"Europe/Moscow\",\"week\":[1,1,1,1,1,0,0]}\n"
	    "{\"kind\":\"rule\",\"id\":\"h\",\"pause\":[\"hold\"],\"target\":{\"n\":1,\"unit\":\"bday\"},\"calendar\":\"c\"}\n";
	static const char stale[] = "{\"kind\":\"rule\",\"id\":\"s\",\"stale_after\":\"PT24H\",\"at_risk\":\"PT1H\"}\n";

	section("wb-rules.5 State");
	/* row 1 */
	row("", "{\"shipment_id\":\"S\",\"status\":\"created\",\"created_at\":\"2024-06-01T00:00:00.000Z\"}", "2024-06-10",
	    "not_applicable none 0 null", "row 1: no due");
	row("", "{\"shipment_id\":\"S\",\"promise_first\":\"2024-06-10\"}", "2024-07-10", "not_applicable none 0 null",
	    "row 1: no created_at, so it is not judged");
	row("", "{" BASE ",\"status\":\"cancelled\",\"closed_at\":\"" DUE "\"}", "2024-07-01", "not_applicable none 0 null",
	    "row 1: cancelled at the second of due");
	row("", "{" BASE ",\"status\":\"cancelled\",\"closed_at\":\"2024-06-10T12:00:01.000Z\"}", "2024-07-01",
	    "missed unknown 1 null", "row 4: cancelled a second later is a miss");
	/* rows 2, 3 */
	row("", "{" BASE ",\"status\":\"delivered\",\"delivered_at\":\"2024-06-10T12:00:00.999Z\",\"closed_at\":\"" DUE "\"}",
	    "2024-07-01", "met none 0 null", "row 2: in the second of due");
	row("", "{" BASE ",\"status\":\"delivered\",\"delivered_at\":\"2024-06-10T12:00:01.000Z\",\"closed_at\":\"" DUE "\"}",
	    "2024-07-01", "missed unknown 1 null", "row 3: a second later");
	/* row 4 */
	row("", "{" BASE ",\"status\":\"lost\",\"closed_at\":\"2024-06-02T00:00:00.000Z\",\"accepted_at\":\"" DUE "\"}",
	    "2024-06-03", "missed carrier 1 null", "row 4: lost before due, accepted at the second of due");
	/* rows 5 to 10 */
	row("", OPEN_DOC, "2024-06-09T11:59:59Z", "pending none -86401 2024-06-09T12:00:00", "row 10: a second before it is near");
	row("", OPEN_DOC, "2024-06-05T00:00:00Z", "pending none -475200 2024-06-08T00:00:01", "row 10: first silence after 72 h");
	row("", OPEN_DOC, "2024-06-09T12:00:00Z", "at_risk none -86400 2024-06-10T12:00:01", "row 7: at due - at_risk");
	row("", OPEN_DOC, "2024-06-10T12:00:00Z", "at_risk none 0 2024-06-10T12:00:01", "row 7: at due");
	row("", OPEN_DOC, "2024-06-10T12:00:01Z", "missed unknown 1 2024-06-11T00:00:00", "row 6: a second later");
	row("", OPEN_DOC, "2024-06-11T00:00:00Z", "missed unknown 43200 2024-06-12T00:00:00", "row 6: again each midnight");
	row("", OPEN_DOC, "2024-12-01T23:59:59Z", "missed unknown 15076799 2024-12-02T00:00:00", "a second before it is abandoned");
	row("", OPEN_DOC, "2024-12-02T00:00:00Z", "missed unknown 15076800 null", "abandoned after 180 days");
	row(stale, OPEN_DOC, "2024-06-06T00:00:00Z", "pending none -388800 2024-06-06T00:00:01", "row 10: stale_after is not over");
	row(stale, OPEN_DOC, "2024-06-06T00:00:01Z", "at_risk none -388799 2024-06-10T11:00:00", "row 9: a second later");
	row("", "{" BASE ",\"events\":[" EV("a", "2024-06-02T00:00:00.000Z", "info", ",\"edd\":\"2024-06-11\"")
	    "]}", "2024-06-03", "at_risk none -648000 2024-06-09T12:00:00", "row 8: the date expected is later than that of due");
	row("", "{" BASE ",\"events\":[" EV("a", "2024-06-02T00:00:00.000Z", "info", ",\"edd\":\"2024-06-10\"")
	    "]}", "2024-06-03", "pending none -648000 2024-06-09T12:00:00", "row 10: the date of due is not later");
	row("", "{" BASE ",\"events\":[" EV("a", "2024-06-02T00:00:00.000Z", "info", ",\"edd\":\"2024-06-10T12:00:01.000Z\"")
	    "]}", "2024-06-03", "at_risk none -648000 2024-06-09T12:00:00", "row 8: a time one second later");
	row("", "{" BASE ",\"events\":[" EV("a", "2024-06-02T00:00:00.000Z", "info", ",\"edd\":\"2024-06-11\"") ","
	    EV("b", "2024-06-02T00:00:00.000Z", "info", ",\"edd\":\"2024-06-09\"")
	    "]}", "2024-06-03", "pending none -648000 2024-06-09T12:00:00", "row 8: of one second, the greater event_id was received last");
	section("wb-rules.5 Pauses");
	/* the promise is a time, which a pause moves by its length */
	row(hold, "{" BASE ",\"events\":[" EV("a", DUE, "on_hold", ",\"reason\":\"recipient.address\"") "]}",
	    "2024-06-10T12:00:00Z", "pending none 0 paused 2024-06-10T12:00:01", "row 5: a pause that opens at the second of due and of now");
	row(hold, "{" BASE ",\"events\":[" EV("a", DUE, "on_hold", ",\"reason\":\"recipient.address\"") "]}",
	    "2024-06-12T12:00:00Z", "pending none 0 paused 2024-06-12T12:00:01", "row 5: due moves with now");
	row(hold, "{" BASE ",\"events\":[" EV("a", "2024-06-10T12:00:01.000Z", "on_hold", ",\"reason\":\"recipient.address\"") "]}",
	    "2024-06-10T12:00:02Z", "missed unknown 2 2024-06-11T00:00:00", "row 6: one that opens a second later moves nothing");
	row(hold, "{" BASE ",\"events\":[" EV("a", "2024-06-09T00:00:00.000Z", "info", ",\"reason\":\"recipient.reschedule\",\"edd\":\"2024-06-12\"") "]}",
	    "2024-06-09T06:00:00Z", "pending none -129600 paused 2024-06-09T18:00:00", "a rescheduling, its clock stands for 6 h so far");
	row(hold, "{" BASE ",\"events\":[" EV("a", "2024-06-09T00:00:00.000Z", "info", ",\"reason\":\"recipient.reschedule\",\"edd\":\"2024-06-12\"") "]}",
	    "2024-06-12T00:00:00Z", "pending none -129600 2024-06-12T12:00:00", "it is over at midnight of the new date");
	row(hold, "{" BASE ",\"events\":[" EV("a", "2024-06-09T00:00:00.000Z", "info", ",\"reason\":\"recipient.reschedule\",\"edd\":\"2024-06-08\"") "]}",
	    "2024-06-09T00:00:00Z", "pending none -129600 2024-06-09T12:00:00", "one whose new date has passed is none");
	row(force, OPEN_DOC, "2024-06-06T23:59:59Z", "pending none -302401 2024-06-07T00:00:00", "a force window begins in a second");
	row(force, OPEN_DOC, "2024-06-07T00:00:00Z", "pending none -302400 paused 2024-06-08T00:00:00", "it has begun");
	row(force, OPEN_DOC, "2024-06-08T00:00:00Z", "pending none -302400 2024-06-08T00:00:01", "it is over, and moved due by a day");
	row(bday, "{\"shipment_id\":\"S\",\"dest_tz\":\"Europe/Moscow\",\"created_at\":\"2024-06-06T07:00:00.000Z\",\"accepted_at\":"
	    "\"2024-06-06T07:00:00.000Z\",\"events\":[" EV("a", "2024-06-07T20:00:00.000Z", "on_hold", ",\"reason\":\"recipient.address\"") "]}",
	    "2024-06-08T09:00:00Z", "pending none 43201 paused 2024-06-08T21:00:00", "due has passed while the clock stands: until local midnight");
	section("");
}

/* promise_err_sec of a promise that is a date */
static void
date_errors(void)
{
	static const struct {
		const char *tz, *promise, *delivered, *want, *name;
	} t[] = {
		{ "Europe/Moscow", "2024-06-10", "2024-06-10T20:59:59.000Z", "0", "the last second of the date" },
		{ "Europe/Moscow", "2024-06-10", "2024-06-10T21:00:00.000Z", "86400", "midnight is a day late, whatever the time" },
		{ "Europe/Moscow", "2024-06-10", "2024-06-07T21:00:00.000Z", "-172800", "two days early" },
		/* 2011-12-30 was left out there; what is due on it is due on the 31st, but it was promised for the 30th */
		{ "Pacific/Apia", "2011-12-30", "2011-12-31T12:00:00.000Z", "172800", "a date that local clocks left out" },
	};
	char d[400];
	struct rules r;
	size_t i;

	section("wb-rules.5 State");
	(void)read_rules(&r, "");
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		const char *fault;

		(void)snprintf(d, sizeof d, "{\"shipment_id\":\"S\",\"created_at\":\"2011-01-01T00:00:00.000Z\",\"dest_tz\":\"%s\","
		    "\"promise_first\":\"%s\",\"status\":\"delivered\",\"delivered_at\":\"%s\"}", t[i].tz, t[i].promise, t[i].delivered);
		fault = judge(&r, d, 1800000000);
		is_str(fault ? fault : said(DOC_PROMISE_ERR_SEC_), t[i].want, t[i].name);
	}
	section("");
	rules_fini(&r);
}

/* When what starts at a time is due, on which day, its pauses being force windows */
static void
terms(void)
{
#define MOSCOW(days) "{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"Europe/Moscow\",\"week\":[1,1,1,1,1,0,0]" days "}\n"
#define TERM(n, unit, more) "{\"kind\":\"rule\",\"id\":\"t\",\"start\":\"created\",\"promise\":[\"rule\"],\"pause\":[\"force\"],\"calendar\":\"c\"," \
	"\"target\":{\"n\":" #n ",\"unit\":\"" unit "\"}" more "}\n"
#define SEASON(from, to) TERM(1, "day", ",\"extra\":[{\"from\":\"" from "\",\"to\":\"" to "\",\"add\":2}]")
#define FORCE(id, from, to) "{\"kind\":\"window\",\"id\":\"" id "\",\"party\":\"force\",\"from\":\"" from "\",\"to\":\"" to "\"}\n"
	static const struct {
		const char *rules, *tz, *start, *want, *name;
	} t[] = {
		{ MOSCOW("") SEASON("06-03", "06-05"), "", "2024-06-05T20:59:59.000Z", "2024-06-08T20:59:59 2024-06-08", "wb-rules.5 Term: the last second of a season" },
		{ MOSCOW("") SEASON("06-03", "06-05"), "", "2024-06-05T21:00:00.000Z", "2024-06-07T20:59:59 2024-06-07", "wb-rules.5 Term: the day behind it" },
		{ MOSCOW("") SEASON("06-03", "06-05"), "", "2024-06-02T21:00:00.000Z", "2024-06-06T20:59:59 2024-06-06", "wb-rules.5 Term: its first second" },
		{ MOSCOW("") SEASON("06-03", "06-05"), "", "2024-06-02T20:59:59.000Z", "2024-06-03T20:59:59 2024-06-03", "wb-rules.5 Term: the second before it" },
		{ MOSCOW("") SEASON("11-01", "03-01"), "", "2024-03-01T20:59:59.000Z", "2024-03-04T20:59:59 2024-03-04", "wb-rules.5 Term: the last second of a season over New Year" },
		{ MOSCOW("") SEASON("11-01", "03-01"), "", "2024-03-01T21:00:00.000Z", "2024-03-03T20:59:59 2024-03-03", "wb-rules.5 Term: the day behind it" },
		{ MOSCOW("") SEASON("11-01", "03-01"), "", "2024-10-31T21:00:00.000Z", "2024-11-04T20:59:59 2024-11-04", "wb-rules.5 Term: its first second" },
		{ MOSCOW("") SEASON("11-01", "03-01"), "", "2024-10-31T20:59:59.000Z", "2024-11-01T20:59:59 2024-11-01", "wb-rules.5 Term: the second before it" },
		{ MOSCOW(",\"holidays\":[\"2024-06-04\"]") TERM(1, "bday", ""), "", "2024-06-03T09:00:00.000Z", "2024-06-05T20:59:59 2024-06-05",
		    "wb-rules.5 calendar: a holiday beats the week" },
		{ MOSCOW(",\"holidays\":[\"2024-06-04\"],\"workdays\":[\"2024-06-04\"]") TERM(1, "bday", ""), "", "2024-06-03T09:00:00.000Z",
		    "2024-06-04T20:59:59 2024-06-04", "wb-rules.5 calendar: a workday beats a holiday" },
		{ MOSCOW(",\"workdays\":[\"2024-06-08\"]") TERM(1, "bday", ""), "", "2024-06-07T09:00:00.000Z", "2024-06-08T20:59:59 2024-06-08",
		    "wb-rules.5 calendar: and the week" },
		{ MOSCOW("") TERM(1, "day", ""), "Asia/Vladivostok", "2024-06-03T15:00:00.000Z", "2024-06-05T13:59:59 2024-06-05",
		    "wb-rules.5 Zones: the date of the start is that of the clock zone" },
		{ MOSCOW("") TERM(1, "day", ",\"clock_tz\":\"calendar\""), "Asia/Vladivostok", "2024-06-03T15:00:00.000Z", "2024-06-04T20:59:59 2024-06-05",
		    "wb-rules.5 Zones: due_day is that of the destination" },
		{ MOSCOW("") TERM(1, "hour", "") FORCE("a", "2024-06-03T09:30:00Z", "2024-06-03T12:00:00Z")
		    FORCE("b", "2024-06-03T11:00:00Z", "2024-06-03T12:30:00Z"), "", "2024-06-03T09:00:00.000Z", "2024-06-03T13:00:00 2024-06-03",
		    "wb-rules.5 Pauses: pauses that overlap count once" },
		{ MOSCOW("") TERM(0, "day", "") FORCE("a", "2024-06-03T09:00:00Z", "2024-06-03T20:59:59Z") FORCE("b", "2024-06-03T20:59:59Z", "2024-06-03T21:00:00Z"),
		    "", "2024-06-03T09:00:00.000Z", "2024-06-04T20:59:59 2024-06-04", "wb-rules.5 Pauses: a pause that opens at the second of due counts" },
		{ MOSCOW("") TERM(0, "day", "") FORCE("a", "2024-06-03T09:00:00Z", "2024-06-03T20:59:59Z") FORCE("b", "2024-06-03T21:00:00Z", "2024-06-05T09:00:00Z"),
		    "", "2024-06-03T09:00:00.000Z", "2024-06-03T20:59:59 2024-06-03", "wb-rules.5 Pauses: a pause that opens a second after due does not count" },
		/* the first ends on Saturday, behind due, and moves nothing */
		{ MOSCOW("") TERM(0, "bday", "") FORCE("a", "2024-06-07T09:00:00Z", "2024-06-08T09:00:00Z") FORCE("b", "2024-06-08T09:00:01Z", "2024-06-11T09:00:00Z"),
		    "", "2024-06-07T09:00:00.000Z", "2024-06-07T20:59:59 2024-06-07", "wb-rules.5 Pauses: nor one behind a pause that ended behind due" },
		{ MOSCOW("") TERM(0, "bday", "") FORCE("a", "2024-06-07T09:00:00Z", "2024-06-08T09:00:00Z") FORCE("b", "2024-06-08T09:00:00Z", "2024-06-11T09:00:00Z"),
		    "", "2024-06-07T09:00:00.000Z", "2024-06-11T20:59:59 2024-06-11", "wb-rules.5 Pauses: pauses that touch are one" },
		/* 2011-12-30 was left out on Samoa: what is read on it lies on the 31st */
		{ "{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"Pacific/Apia\",\"week\":[1,1,1,1,1,1,1],\"hours\":[\"09:00\",\"18:00\"]}\n" TERM(10, "bhour", ""), "",
		    "2011-12-29T19:00:00.000Z", "2011-12-30T20:00:00 2011-12-31", "wb-rules.5 Term: hours of a date that was left out are open once" },
		{ "{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"Pacific/Apia\",\"week\":[1,1,1,1,1,1,1],\"hours\":[\"09:00\",\"18:00\"]}\n" TERM(1, "bhour", "")
		    FORCE("a", "2011-12-29T19:00:00Z", "2012-01-02T00:00:00Z"), "", "2011-12-29T19:00:00.000Z", "2012-01-02T01:00:00 2012-01-02",
		    "wb-rules.5 Pauses: also in a pause" },
	};
	char d[300], got[64];
	struct rules r;
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		const char *fault = read_rules(&r, t[i].rules);

		(void)snprintf(d, sizeof d, "{\"shipment_id\":\"S\",\"created_at\":\"%s\",\"dest_tz\":\"%s\"}", t[i].start, t[i].tz);
		if (fault == NULL)
			fault = judge(&r, d, 1800000000);
		(void)snprintf(got, sizeof got, "%.19s %.10s", doc.own[DOC_DUE_AT_].p + 1, doc.own[DOC_DUE_DAY_].p + 1);
		is_str(fault ? fault : got, t[i].want, t[i].name);
		rules_fini(&r);
	}
}

/* What takes a shipment out. */
static void
exclusions(void)
{
#define RULE(more) "{\"kind\":\"rule\",\"id\":\"x\"," more "}\n"
#define ATTEMPT(at, reason) "{" BASE ",\"status\":\"delivered\",\"delivered_at\":\"2024-06-12T00:00:00.000Z\"," \
	"\"closed_at\":\"2024-06-12T00:00:00.000Z\",\"events\":[" EV("a", at, "attempt_failed", ",\"reason\":\"" reason "\"") "]}"
	const char *late = "missed recipient 129600 null", *none = "not_applicable none 0 null";

	section("wb-rules.5 Exclusion");
	row(RULE("\"exclude\":[\"recipient.refused\"]"), ATTEMPT(DUE, "recipient.refused"), "2024-07-01", none, "a reason at due");
	row(RULE("\"exclude\":[\"recipient.refused\"]"), ATTEMPT("2024-06-10T12:00:01.000Z", "recipient.refused"), "2024-07-01",
	    "missed unknown 129600 null", "a reason a second later");
	row(RULE("\"exclude\":[\"recipient.*\"]"), ATTEMPT(DUE, "recipient.absent"), "2024-07-01", none, "a party");
	row(RULE("\"exclude\":[\"shipper.*\"]"), ATTEMPT(DUE, "recipient.absent"), "2024-07-01", late, "another party");
	row(RULE("\"exclude\":[\"recipient.refused\"]"), ATTEMPT(DUE, "recipient.absent"), "2024-07-01", late, "another reason");
	row(RULE("\"exclude\":[\"lost\"]"), "{" BASE ",\"status\":\"lost\",\"closed_at\":\"" DUE "\"}", "2024-07-01", none, "lost at due");
	row(RULE("\"exclude\":[\"lost\"]"), "{" BASE ",\"status\":\"cancelled\",\"closed_at\":\"" DUE "\"}", "2024-07-01",
	    "missed unknown 1 null", "exclude takes the place of its default");
	row(RULE("\"exclude\":[\"returning\"]"), "{" BASE ",\"status\":\"returning\",\"return_started_at\":\"" DUE "\"}", "2024-07-01",
	    none, "a return that began at due");
	row(RULE("\"exclude\":[\"returning\"]"), "{" BASE ",\"status\":\"returning\",\"return_started_at\":\"2024-06-10T12:00:01.000Z\"}",
	    "2024-06-11", "missed unknown 43200 2024-06-12T00:00:00", "a return that began a second later");
	section("");
}

/* The party of a miss: in the order in which they are asked */
static void
parties(void)
{
#define WINDOW(party, from, to) "{\"kind\":\"window\",\"id\":\"" party "\",\"party\":\"" party "\",\"from\":\"" from "\",\"to\":\"" to "\"}\n"
#define OVERDUE(more) "{" BASE ",\"accepted_at\":\"2024-06-02T00:00:00.000Z\",\"status\":\"in_transit\"" more "}"
#define AT "2024-06-10T12:00:30Z"
#define MISSED(party) "missed " party " 30 2024-06-11T00:00:00"
	section("wb-rules.5 Party of a miss");
	row("", OVERDUE(""), AT, MISSED("carrier"), "the carrier, when nothing names another");
	row(WINDOW("force", "2024-06-10T12:00:00Z", "2024-06-11T00:00:00Z"), OVERDUE(""), AT, MISSED("force"), "a window from due on");
	row(WINDOW("force", "2024-06-10T12:00:01Z", "2024-06-11T00:00:00Z"), OVERDUE(""), AT, MISSED("carrier"), "one behind due");
	row(WINDOW("force", "2024-05-01T00:00:00Z", "2024-06-01T00:00:01Z"), OVERDUE(""), AT, MISSED("force"), "a window up to begin");
	row(WINDOW("force", "2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z"), OVERDUE(""), AT, MISSED("carrier"), "one before begin");
	row(WINDOW("platform", "2024-06-03T00:00:00Z", "2024-06-04T00:00:00Z"), OVERDUE(""), AT, MISSED("platform"), "platform");
	row(WINDOW("platform", "2024-06-03T00:00:00Z", "2024-06-04T00:00:00Z") WINDOW("force", "2024-06-03T00:00:00Z", "2024-06-04T00:00:00Z"),
	    OVERDUE(""), AT, MISSED("force"), "force is asked first");
	row(RULE("\"handover_by\":\"P1D\""), OVERDUE(""), AT, MISSED("carrier"), "handed over at the last second");
	row(RULE("\"handover_by\":\"PT23H59M59S\""), OVERDUE(""), AT, MISSED("shipper"), "handed over a second late");
	row(RULE("\"handover_by\":\"P1D\""), "{" BASE "}", AT, MISSED("shipper"), "not handed over");
	row(RULE("\"handover_by\":\"PT1H\"") WINDOW("platform", "2024-06-03T00:00:00Z", "2024-06-04T00:00:00Z"), OVERDUE(""), AT,
	    MISSED("platform"), "platform is asked before the shipper");
#define REASONS(a, b) OVERDUE(",\"events\":[" EV("a", "2024-06-04T00:00:00.000Z", "in_transit", ",\"reason\":\"" a "\"") "," \
	EV("b", DUE, "info", ",\"reason\":\"" b "\"") "," \
	EV("c", "2024-06-10T12:00:01.000Z", "info", ",\"reason\":\"recipient.absent\"") "]")
	row("", REASONS("carrier.delay", "customs.hold"), AT, MISSED("customs"), "the last reason up to due");
	row("", REASONS("shipper.data", "other.unspecified"), AT, MISSED("shipper"), "a reason under review decides nothing");
	row("", REASONS("shipper.data", "recipient.refused_late"), AT, MISSED("shipper"), "nor does a claim of the recipient");
	row("", REASONS("", "detail.eta"), AT, MISSED("carrier"), "a detail is no reason");
	row(RULE("\"pause\":[\"reschedule\"]"), OVERDUE(",\"events\":["
	    EV("a", "2024-06-04T00:00:00.000Z", "in_transit", ",\"reason\":\"force.weather\"") ","
	    EV("b", "2024-06-05T00:00:00.000Z", "info", ",\"reason\":\"recipient.reschedule\",\"edd\":\"2024-06-06\"") "]"), "2024-06-11T12:00:30Z",
	    "missed force 30 2024-06-12T00:00:00", "a reason inside a pause that counted is left out");
	row("", "{" BASE ",\"accepted_at\":\"2024-06-10T12:00:01.000Z\"}", AT, MISSED("unknown"), "accepted behind due: unknown");
	section("");
}

/* A rule file and what is said of it: the fault, or the first warning behind "warning: ", or "". */
static void
rule_file(const char *rules, const char *want, const char *name)
{
	struct rules r;
	const char *fault = read_rules(&r, rules);
	char got[1100];

	(void)snprintf(got, sizeof got, "%s%s", fault ? fault : r.warnings ? "warning: " : "", !fault && r.warnings ? r.warning[0] : "");
	is_str(got, want, name);
	rules_fini(&r);
}

/* A list that is longer than anybody's year. */
static void
many_seasons(void)
{
	struct buf b = { 0 };
	int i;

	buf_puts(&b, "{\"kind\":\"rule\",\"id\":\"x\",\"target\":{\"n\":1,\"unit\":\"day\"},\"extra\":[");
	for (i = 0; i < 101; i++)
		buf_printf(&b, "%s{\"from\":\"01-01\",\"to\":\"12-31\",\"add\":1}", i > 0 ? "," : "");
	buf_puts(&b, "]}");
	rule_file(buf_str(&b), "r:1: extra: more than 100 seasons", "too many seasons");
	buf_fini(&b);
}

static void
rule_files(void)
{
#define CAL(more) "{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"UTC\",\"week\":[1,1,1,1,1,0,0]" more "}\n"
	section("wb-rules.5 DESCRIPTION");
	rule_file("", "", "an empty file");
	rule_file("# a comment\n\n" CAL("") RULE("\"calendar\":\"c\",\"note\":\"all\""), "", "comments, empty lines, notes");
	rule_file(RULE("\"calendar\":\"c\"") CAL(""), "", "a calendar may stand behind its rule");
	rule_file("\n{\n", "r:2: ends too early at byte 2", "not JSON");
	rule_file("[1]\n", "r:1: no object at byte 1", "no object");
	rule_file("{\"kind\":\"rule\",\"id\":\"a\",\"id\":\"b\"}\n", "r:1: name twice in an object at byte 25", "a key twice");
	rule_file("{\"id\":\"x\"}\n", "r:1: no \"kind\"", "no kind");
	rule_file("{\"kind\":\"law\"}\n", "r:1: kind: unknown value \"law\"", "an unknown kind");
	rule_file("{\"kind\":\"rule\",\"id\":\"x\",\"color\":1}\n", "r:1: unknown key \"color\" of a rule", "an unknown key");
	section("wb-rules.5 rule");
	rule_file(RULE("\"match\":{\"planet\":[\"x\"]}"), "r:1: unknown key \"planet\" of match", "an unknown key of match");
	rule_file(RULE("\"target\":{\"n\":1,\"unit\":\"bday\",\"x\":1}"), "r:1: unknown key \"x\" of target", "an unknown key of target");
	section("wb-rules.5 DESCRIPTION");
	rule_file("{\"kind\":\"rule\"}\n", "r:1: no \"id\"", "no id");
	rule_file("{\"kind\":\"rule\",\"id\":\"\"}\n", "r:1: id: not a text of 1 to 128 bytes", "an empty id");
	rule_file(RULE("\"note\":1"), "r:1: note: not a string", "a wrong type: note");
	rule_file(RULE("\"match\":[]"), "r:1: match: not an object", "a wrong type: match");
	rule_file(RULE("\"match\":{\"tier\":\"gold\"}"), "r:1: tier: not a list", "a wrong type: tier");
	rule_file(RULE("\"match\":{\"tier\":[1]}"), "r:1: tier: not a list of strings", "a wrong type: a tier");
	rule_file(RULE("\"match\":{\"tier\":[]}"), "r:1: tier: an empty list matches nothing", "an empty list");
	rule_file(RULE("\"match\":{\"client_id\":[1.5]}"), "r:1: client_id: not a whole number", "a wrong type: client_id");
	rule_file(RULE("\"match\":{\"remote\":1}"), "r:1: remote: neither true nor false", "a wrong type: remote");
	rule_file(RULE("\"at_risk\":3600"), "r:1: at_risk: not a string", "a wrong type: at_risk");
	rule_file(RULE("\"at_risk\":\"1h\""), "r:1: at_risk: \"1h\" is not a duration (P1D, PT4H)", "no duration");
	rule_file(RULE("\"calendar\":\"d\"") CAL(""), "r:1: unknown calendar \"d\"", "an unknown calendar");
	rule_file(CAL("") CAL(""), "r:2: a second line with the id \"c\"", "two lines with one id");
	rule_file("{\"kind\":\"calendar\",\"id\":\"x\",\"tz\":\"UTC\",\"week\":[1,1,1,1,1,1,1]}\n" RULE("\"calendar\":\"x\""), "",
	    "ids are of a kind");
	section("wb-rules.5 calendar");
	rule_file("{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"Europe/Atlantis\",\"week\":[1,1,1,1,1,0,0]}\n",
	    "r:1: tz: no such time zone: /usr/share/zoneinfo/Europe/Atlantis: No such file or directory", "an unknown zone");
	rule_file(RULE("\"clock_tz\":\"../etc\""), "r:1: clock_tz: bad name of a time zone: \"../etc\"", "a name that is no zone");
	rule_file("{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"UTC\",\"week\":[1,1,1]}\n", "r:1: week: not a list of 7 numbers", "a short week");
	rule_file("{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"UTC\",\"week\":[1,1,1,1,1,0,2]}\n", "r:1: week: 2 is not within 0 and 1", "a 2 in the week");
	rule_file(CAL(",\"hours\":[\"18:00\",\"09:00\"]"), "r:1: hours: the window ends before it begins", "hours that do not ascend");
	rule_file(CAL(",\"hours\":[\"09:00\",\"09:00\"]"), "r:1: hours: the window ends before it begins", "hours of no length");
	rule_file(CAL(",\"hours\":[\"00:00\",\"24:00\"]"), "", "24:00");
	rule_file(CAL(",\"hours\":[\"00:00\",\"24:01\"]"), "r:1: hours: \"24:01\" is not a time of day (15:00)", "24:01");
	rule_file(CAL(",\"holidays\":[\"2024-02-30\"]"), "r:1: holidays: \"2024-02-30\" is not a date (2024-06-03)", "no such date");
	rule_file("{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"UTC\",\"week\":[0,0,0,0,0,0,0],\"workdays\":[\"2000-01-03\"]}\n",
	    "r:1: calendar \"c\" has no business day in 2001", "a year without a business day");
	section("wb-rules.5 window");
	rule_file("{\"kind\":\"window\",\"id\":\"w\",\"party\":\"carrier\",\"from\":\"2024-06-01T00:00:00Z\",\"to\":\"2024-06-02T00:00:00Z\"}\n",
	    "r:1: party: unknown value \"carrier\"", "a window of another party");
	rule_file(WINDOW("force", "2024-06-02T00:00:00Z", "2024-06-01T00:00:00Z"), "r:1: the window ends before it begins", "a window backwards");
	rule_file(WINDOW("force", "2024-06-02T00:00:00", "2024-06-03T00:00:00Z"),
	    "r:1: from: \"2024-06-02T00:00:00\" is not a time with its offset (2024-06-03T07:00:00Z)", "a window without an offset");
	section("wb-rules.5 rule");
	rule_file(RULE("\"valid_from\":\"2024-06-02\",\"valid_to\":\"2024-06-02\""), "r:1: valid_to: the rule ends before it begins", "a rule that is never valid");
	rule_file(RULE("\"target\":{\"n\":-1,\"unit\":\"day\"}"), "r:1: n: -1 is not within 0 and 10000", "n below 0");
	rule_file(RULE("\"target\":{\"n\":1}"), "r:1: no \"unit\"", "no unit");
	rule_file(RULE("\"target\":{\"n\":1,\"unit\":\"week\"}"), "r:1: unit: unknown value \"week\"", "an unknown unit");
	rule_file(RULE("\"promise\":[\"mine\"]"), "r:1: promise: unknown value \"mine\"", "an unknown promise");
	rule_file(RULE("\"start\":\"delivered\""), "r:1: start: unknown value \"delivered\"", "an unknown start");
	rule_file(RULE("\"stop\":[\"returned\"]"), "r:1: stop: unknown value \"returned\"", "an unknown stop");
	rule_file(RULE("\"pause\":[\"lunch\"]"), "r:1: pause: unknown value \"lunch\"", "an unknown pause");
	rule_file(RULE("\"exclude\":[\"delivered\"]"), "r:1: exclude: neither a status nor a reason: \"delivered\"", "a status that excludes nothing");
	rule_file(RULE("\"exclude\":[\"recipient.sleepy\"]"), "r:1: exclude: neither a status nor a reason: \"recipient.sleepy\"", "an unknown reason");
	rule_file(RULE("\"exclude\":[\"unknown.*\"]"), "r:1: exclude: neither a status nor a reason: \"unknown.*\"", "a party without reasons");
	rule_file(RULE("\"target\":{\"n\":1,\"unit\":\"day\"},\"extra\":[{\"from\":\"13-01\",\"to\":\"03-01\",\"add\":1}]"),
	    "r:1: from: \"13-01\" is not a day of the year (11-01)", "no such month");
	many_seasons();
	rule_file(RULE("\"target\":{\"n\":1,\"unit\":\"day\"},\"deadline_time\":\"21:00\""),
	    "r:1: deadline_time: \"21:00\" is not a time of day (23:59:59)", "a deadline without seconds");
	section("wb-rules.5 DESCRIPTION");
	rule_file(RULE("\"target\":{\"n\":1,\"unit\":\"hour\"},\"cutoff\":\"15:00\""), "warning: r:1: cutoff has no effect with the unit hour", "a key that has no effect");
#define TWO(a, b) "{\"kind\":\"rule\",\"id\":\"a\"" a "}\n{\"kind\":\"rule\",\"id\":\"b\"" b "}\n"
#define HIDDEN "warning: r:2: no shipment reaches rule \"b\": rule \"a\" in line 1 takes them all"
	rule_file(TWO("", ",\"match\":{\"tier\":[\"gold\"]}"), HIDDEN, "a rule behind one that takes all");
	rule_file(TWO(",\"match\":{\"tier\":[\"gold\"]}", ""), "", "a wider rule behind a narrower one");
	rule_file(TWO(",\"match\":{\"dest\":[\"RU-*\"],\"client_id\":[1,2]}", ",\"match\":{\"dest\":[\"RU-MO*\",\"RU-KDA\"],\"client_id\":[2]}"), HIDDEN, "patterns and numbers");
	rule_file(TWO(",\"match\":{\"dest\":[\"RU-MOW\"]}", ",\"match\":{\"dest\":[\"RU-MO*\"]}"), "", "a text does not cover a pattern");
	rule_file(TWO(",\"valid_to\":\"2024-06-01\"", ",\"valid_from\":\"2024-06-01\""), "", "one after the other");
	rule_file(TWO(",\"valid_to\":\"2024-06-01\"", ",\"valid_to\":\"2024-06-01\""), HIDDEN, "the same validity");
	rule_file(TWO(",\"valid_to\":\"2024-06-01\"", ",\"valid_to\":\"2024-06-01\",\"start\":\"created\""), "", "the same dates of another start");
	section("");
}

/* Which rule a shipment gets. */
static void
choice(void)
{
#define V(from, to, more) "{\"kind\":\"rule\",\"id\":\"v\",\"valid_from\":\"" from "\",\"valid_to\":\"" to "\"" more "}\n"
#define CREATED(at) "{\"shipment_id\":\"S\",\"dest_tz\":\"Europe/Moscow\",\"origin_tz\":\"Asia/Vladivostok\",\"dest_region\":\"RU-MOW\"," \
	"\"dest_remote\":true,\"client_id\":4294967295,\"created_at\":\"" at "\"}"
	static const struct {
		const char *rules, *doc, *id, *name;
	} t[] = {
		{ V("2024-06-03", "2024-06-04", ""), CREATED("2024-06-02T20:59:59.000Z"), "", "the local day before valid_from" },
		{ V("2024-06-03", "2024-06-04", ""), CREATED("2024-06-02T21:00:00.000Z"), "v", "local midnight of valid_from" },
		{ V("2024-06-03", "2024-06-04", ""), CREATED("2024-06-03T20:59:59.000Z"), "v", "the last second before valid_to" },
		{ V("2024-06-03", "2024-06-04", ""), CREATED("2024-06-03T21:00:00.000Z"), "", "valid_to is exclusive" },
		{ V("2024-06-03", "2024-06-04", ",\"clock_tz\":\"origin\""), CREATED("2024-06-02T14:00:00.000Z"), "v", "the clock of the origin" },
		{ V("2024-06-03", "2024-06-04", ",\"clock_tz\":\"America/New_York\""), CREATED("2024-06-04T03:59:59.000Z"), "v", "a clock by name" },
		{ RULE("\"match\":{\"remote\":false}"), CREATED("2024-06-02T14:00:00.000Z"), "", "remote does not match" },
		{ RULE("\"match\":{\"remote\":true,\"dest\":[\"RU-K*\",\"RU-MOW\"],\"client_id\":[7,4294967295]}"), CREATED("2024-06-02T14:00:00.000Z"), "x", "all keys match" },
		{ RULE("\"match\":{\"remote\":true,\"dest\":[\"RU-K*\",\"RU-MO\"]}"), CREATED("2024-06-02T14:00:00.000Z"), "", "a text matches as a whole" },
		{ RULE("\"match\":{\"carrier\":[\"*\"]}"), CREATED("2024-06-02T14:00:00.000Z"), "x", "* matches the empty text" },
	};
	size_t i;

	section("wb-rules.5 rule");
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		struct rules r;
		const char *fault = read_rules(&r, t[i].rules);

		if (fault == NULL)
			fault = judge(&r, t[i].doc, 1800000000);
		is_str(fault ? fault : verdict.rule->id ? verdict.rule->id : "", t[i].id, t[i].name);
		rules_fini(&r);
	}
	section("");
}

static uint64_t seed = 88172645463325252u;

static unsigned
random_below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static int64_t
some_time(int64_t from, int64_t span)
{
	int64_t at = from + (int64_t)random_below((unsigned)span);

	/* midnights, hours and equal seconds are where things turn */
	switch (random_below(4)) {
	case 0:
		return at - at % 86400;
	case 1:
		return at - at % 3600;
	default:
		return at;
	}
}

static void
random_facts(struct sla_facts *f, int64_t t0)
{
	static const char *const zones[] = { "UTC", "Europe/Moscow", "America/New_York", "Asia/Vladivostok", "Asia/Kathmandu" };
	static const char *const reasons[] = { "", "", "customs.hold", "recipient.address", "carrier.delay", "recipient.reschedule",
	    "detail.cleared", "recipient.refused", "shipper.data", "other.unspecified" };
	struct sla_event *event = f->event;
	size_t cap = f->cap, i;

	*f = (struct sla_facts){ .event = event, .cap = cap, .status = STATUS_IN_TRANSIT, .label = SLA_NONE, .accepted = SLA_NONE,
	    .ready = SLA_NONE, .delivered = SLA_NONE, .return_started = SLA_NONE, .closed = SLA_NONE, .last_event = SLA_NONE };
	f->dest = random_below(4) ? zone_get(slice_of(zones[random_below(5)]), NULL) : NULL;
	f->created = t0;
	if (random_below(8))
		f->accepted = some_time(t0, 3 * 86400);
	if (random_below(6) == 0)
		f->return_started = some_time(t0, 10 * 86400);
	if (random_below(8) == 0) {
		f->closed = some_time(t0, 10 * 86400);
		f->status = STATUS_CANCELLED;
	}
	if (random_below(10) == 0)
		f->delivered = f->closed = some_time(t0, 10 * 86400);
	if (random_below(2))
		f->first = (struct moment){ MOMENT_DATE, (int32_t)(t0 / 86400) + 1 + (int32_t)random_below(6), 0 };
	else if (random_below(2))
		f->first = (struct moment){ MOMENT_TIME, 0, some_time(t0, 6 * 86400) };
	f->events = random_below(7);
	f->event = mem_grow(f->event, &f->cap, 8, sizeof *f->event);
	for (i = 0; i < f->events; i++) {
		struct sla_event *e = &f->event[i];

		*e = (struct sla_event){ .at = some_time(i ? f->event[i - 1].at : t0, 3 * 86400), .id = SLICE("e") };
		if (i > 0 && e->at < f->event[i - 1].at)
			e->at = f->event[i - 1].at;
		e->received = e->at;
		e->status = (uint8_t)random_below(STATUS_N);
		e->reason = (uint16_t)taxonomy_reason(&tax, slice_of(reasons[random_below(10)]));
		if (random_below(3) == 0)
			e->edd = (struct moment){ MOMENT_DATE, (int32_t)(e->at / 86400) + (int32_t)random_below(4), 0 };
		else if (random_below(4) == 0)
			e->edd = (struct moment){ MOMENT_TIME, 0, some_time(e->at, 3 * 86400) };
		f->last_event = e->at;
	}
}

static void
random_rule(struct buf *b)
{
	static const char *const units[] = { "bday", "day", "hour", "bhour" };
	static const char *const promises[] = { "[\"rule\"]", "[\"explicit\"]", "[\"carrier_edd\",\"rule\"]", "[\"explicit\",\"rule\"]" };
	unsigned unit = random_below(4);

	buf_clear(b);
	buf_puts(b, "{\"kind\":\"calendar\",\"id\":\"c\",\"tz\":\"Europe/Moscow\",\"week\":[1,1,1,1,1,0,0],\"hours\":[\"09:00\",\"18:00\"],\"holidays\":[\"2024-06-12\"]}\n"
	    "{\"kind\":\"window\",\"id\":\"f\",\"party\":\"force\",\"from\":\"2024-06-05T10:00:00Z\",\"to\":\"2024-06-06T00:00:00Z\"}\n"
	    "{\"kind\":\"window\",\"id\":\"g\",\"party\":\"force\",\"from\":\"2024-06-07T18:00:00Z\",\"to\":\"2024-06-10T09:30:00Z\"}\n"
	    "{\"kind\":\"window\",\"id\":\"p\",\"party\":\"platform\",\"from\":\"2024-06-04T00:00:00Z\",\"to\":\"2024-06-04T12:00:00Z\"}\n");
	buf_printf(b, "{\"kind\":\"rule\",\"id\":\"r\",\"promise\":%s,\"target\":{\"n\":%u,\"unit\":\"%s\"},\"calendar\":\"c\",\"pause\":[",
	    promises[random_below(4)], random_below(unit < 2 ? 4 : 40), units[unit]);
	buf_puts(b, random_below(2) ? "\"force\"," : "");
	buf_puts(b, random_below(2) ? "\"reschedule\"," : "");
	buf_puts(b, random_below(2) ? "\"hold\",\"pickup\"," : "");
	buf_printf(b, "\"customs\"],\"exclude\":[\"cancelled\"%s%s],\"at_risk\":\"PT%uH\"", random_below(3) ? "" : ",\"returning\"",
	    random_below(3) ? "" : ",\"recipient.refused\"", random_below(40));
	if (random_below(2))
		buf_printf(b, ",\"stale_after\":\"PT%uH\"", 1 + random_below(80));
	if (unit < 2 && random_below(2))
		buf_printf(b, ",\"deadline_time\":\"%02u:00:00\"", random_below(24));
	if (unit == 1 && random_below(2))
		buf_puts(b, ",\"roll\":\"next_bday\"");
	if (random_below(3) == 0)
		buf_puts(b, ",\"handover_by\":\"PT30H\"");
	buf_puts(b, "}\n");
}

static int
same(const struct verdict *a, const struct verdict *b)
{
	return a->state == b->state && a->party == b->party && a->is_paused == b->is_paused;
}

/* A few texts, so that rules and shipments meet. */
static const char *const few[] = { "a", "b", "ab", "abc", "b2", "" };

/* Of many rules that match the first one of the file judges. */
static void
first_rule(void)
{
	static const char *const key[] = { "tier", "service", "dest", "mode" };
	static const enum match_text field[] = { MATCH_TIER, MATCH_SERVICE, MATCH_DEST, MATCH_MODE };
	struct sla_facts f = { .created = 1717200000, .accepted = 1717200000, .label = SLA_NONE, .ready = SLA_NONE, .delivered = SLA_NONE,
		.return_started = SLA_NONE, .closed = SLA_NONE, .last_event = SLA_NONE };
	struct verdict v = { 0 };
	struct buf b = { 0 };
	struct rules r;
	size_t i, want;
	unsigned n, k, l;
	int round, wrong = 0, implicit = 0, later = 0;

	for (round = 0; round < 300; round++) {
		buf_clear(&b);
		n = random_below(60);
		for (i = 0; i < n; i++) {
			buf_printf(&b, "{\"kind\":\"rule\",\"id\":\"r%zu\",\"match\":{", i);
			if (random_below(3) == 0)
				buf_printf(&b, "\"client_id\":[%u,%u],", random_below(9), 9 + random_below(9));
			if (random_below(4) == 0)
				buf_printf(&b, "\"carrier_id\":[%u],", random_below(4));
			for (k = 0; k < 4; k++)
				if (random_below(3) == 0) {
					buf_printf(&b, "\"%s\":[\"%s%s\"", key[k], few[random_below(5)], random_below(6) ? "" : "*");
					for (l = random_below(3); l > 0; l--)
						buf_printf(&b, ",\"z%u%s\"", l, few[random_below(5)]);
					buf_puts(&b, "],");
				}
			buf_printf(&b, "\"remote\":%s}", random_below(2) ? "true" : "false");
			if (random_below(5) == 0)
				buf_puts(&b, random_below(2) ? ",\"valid_from\":\"2024-07-01\"" : ",\"valid_from\":\"2024-05-01\"");
			buf_puts(&b, ",\"target\":{\"n\":1,\"unit\":\"hour\"}}\n");
		}
		if (read_rules(&r, buf_str(&b)) != NULL) {
			ok(0, "%s: %s", buf_str(&b), read_rules(&r, buf_str(&b)));
			return;
		}
		for (l = 0; l < 200; l++) {
			f.client = random_below(20);
			f.carrier = random_below(5);
			f.remote = (int)random_below(2);
			for (k = 0; k < 4; k++)
				f.text[field[k]] = slice_of(few[random_below(6)]);
			for (want = 0; want < r.rules_n; want++) {
				const struct rule *u = &r.rule[want];

				if (u->match.remote != f.remote || !int_match(&u->match.client, f.client) ||
				    !int_match(&u->match.carrier, f.carrier) || u->valid_from > 19900)
					continue;
				for (k = 0; k < 4 && pattern_match(&u->match.text[field[k]], f.text[field[k]]); k++)
					;
				if (k == 4)
					break;
			}
			sla_judge(&f, &r, &tax, 1717300000, &v);
			wrong += v.rule != (want < r.rules_n ? &r.rule[want] : &r.implicit);
			implicit += want == r.rules_n;
			later += want < r.rules_n && want > 20;
		}
		rules_fini(&r);
	}
	section("wb-rules.5 rule");
	is_int(wrong, 0, "the rule is the first one that matches");
	ok(implicit > 1000 && later > 1000, "at all places: %d by none, %d by one behind 20 others", implicit, later);
	section("");
	verdict_fini(&v);
	buf_fini(&b);
}

/* judge_at may be early, never late. */
static void
never_late(void)
{
	struct sla_facts f = { 0 };
	struct verdict was = { 0 }, is = { 0 };
	struct buf b = { 0 };
	struct rules r;
	int64_t t0 = 1717200000, now, until, t;
	int round, k, late = 0, fell = 0, early = 0, by_rule = 0, changed = 0, asked = 0, forever = 0;

	for (round = 0; round < 20000; round++) {
		if (round % 20 == 0) {
			if (round > 0)
				rules_fini(&r);
			random_rule(&b);
			if (read_rules(&r, buf_str(&b)) != NULL) {
				ok(0, "%s: %s", buf_str(&b), read_rules(&r, buf_str(&b)));
				return;
			}
		}
		random_facts(&f, some_time(t0, 5 * 86400));
		now = some_time(f.created, 12 * 86400);
		sla_judge(&f, &r, &tax, now, &was);
		fell += was.due != SLA_NONE && was.due < was.promised;
		/* a deadline of the rule's own may lie earlier in the day than the start */
		if (was.source == PROMISE_RULE && was.rule->deadline == 86399) {
			by_rule++;
			early += was.due < was.begin;
		}
		until = was.judge_at != SLA_NONE ? was.judge_at : now + 30 * 86400;
		forever += was.judge_at == SLA_NONE;
		if (was.judge_at != SLA_NONE && was.judge_at <= now)
			late++;
		for (k = 0; k < 40 && late == 0; k++) {
			t = k == 0 ? until - 1 : now + (int64_t)((uint64_t)(until - now) * random_below(1000) / 1000);
			if (k % 4 == 1)
				t -= t % 1800;
			if (k % 4 == 2 && f.events > 0)
				t = f.event[random_below((unsigned)f.events)].at;
			if (t < now || t >= until)
				continue;
			sla_judge(&f, &r, &tax, t, &is);
			asked++;
			if (!same(&was, &is)) {
				late++;
				printf("# round %d: at %lld %s %s%s, judge_at %lld; at %lld %s %s%s, due %lld\n# %s", round, (long long)now,
				    sla_state_name[was.state], party_name[was.party], was.is_paused ? " paused" : "", (long long)was.judge_at,
				    (long long)t, sla_state_name[is.state], party_name[is.party], is.is_paused ? " paused" : "",
				    (long long)is.due, buf_str(&b));
			}
		}
		if (was.judge_at != SLA_NONE) {
			sla_judge(&f, &r, &tax, was.judge_at, &is);
			changed += !same(&was, &is);
		}
	}
	rules_fini(&r);
	section("wb-rules.5 When to judge again");
	is_int(late, 0, "judge_at is never late");
	section("wb-rules.5 Pauses");
	is_int(fell, 0, "pauses never bring due forward");
	section("wb-rules.5 Term");
	is_int(early, 0, "nothing that a rule promises is due before it begins");
	section("");
	ok(by_rule > 2000, "of %d promises of a rule", by_rule);
	ok(asked > 100000 && changed > 2000 && forever > 2000, "the documents were of all kinds: %d judged, %d changed at judge_at, %d never change",
	    asked, changed, forever);
	sla_facts_fini(&f);
	verdict_fini(&was);
	verdict_fini(&is);
	buf_fini(&b);
}

/* The members of the verdict, "due_at is_paused": what they say, times without what is behind the second. */
static void
says(const char *rules, const char *document, const char *now, const char *members, const char *want, const char *name)
{
	struct rules r;
	const char *fault = read_rules(&r, rules), *m = members;
	struct buf got = { 0 };
	struct slice v;
	size_t n, i;

	if (fault == NULL)
		fault = judge(&r, document, seconds(now));
	for (; fault == NULL && *m != '\0'; m += n + (m[n] == ' ')) {
		n = strcspn(m, " ");
		for (i = 0; i < DOC_N && !(strlen(doc_name[i]) == n && memcmp(doc_name[i], m, n) == 0); i++)
			;
		v = i < DOC_N && doc.own[i].p != NULL ? doc.own[i] : SLICE("?");
		if (v.n > 2 && v.p[0] == '"')
			v = (struct slice){ v.p + 1, v.n == 26 ? 19 : v.n - 2 };
		buf_puts(&got, m > members ? " " : "");
		buf_slice(&got, v);
	}
	is_str(fault ? fault : buf_str(&got), want, name);
	rules_fini(&r);
	buf_fini(&got);
}

/* A shipment that is promised for a time, 2024-06-10 12:00 UTC, and goes to Krasnodar with carrier 4. */
#define WAY(events, more) "{\"shipment_id\":\"S\",\"dest_tz\":\"Europe/Moscow\",\"dest_region\":\"RU-KDA\",\"carrier_id\":4," \
	"\"created_at\":\"2024-06-03T06:00:00.000Z\",\"accepted_at\":\"2024-06-03T07:00:00.000Z\",\"events\":[" events "]" more "}"
#define FIRST ",\"promise_first\":\"" DUE "\""
#define REASON(r) ",\"reason\":\"" r "\""
#define T4(time) "2024-06-04T" time ".000Z"

/* A window moves due by a day for those that it matches. */
static void
windows(void)
{
#define STORM(more) RULE("\"pause\":[\"force\"]") "{\"kind\":\"window\",\"id\":\"w\",\"party\":\"force\"," \
	"\"from\":\"2024-06-05T03:00:00+03:00\",\"to\":\"2024-06-06T00:00:00Z\"" more "}\n"
	const char *d = WAY("", FIRST), *now = "2024-06-09", *moved = "2024-06-11T12:00:00", *same_ = "2024-06-10T12:00:00";

	section("wb-rules.5 window");
	says(STORM(""), d, now, "due_at paused_sec", "2024-06-11T12:00:00 86400", "of all regions and carriers, its times with their offsets");
	says(STORM(",\"regions\":[\"RU-MOW\",\"RU-KDA\"]"), d, now, "due_at", moved, "a region of its list");
	says(STORM(",\"regions\":[\"RU-K*\"]"), d, now, "due_at", moved, "a region by its beginning");
	says(STORM(",\"regions\":[\"RU-K\"]"), d, now, "due_at", same_, "a text is a whole one");
	says(STORM(",\"carriers\":[3,4]"), d, now, "due_at", moved, "a carrier of its list");
	says(STORM(",\"carriers\":[3]"), d, now, "due_at", same_, "another carrier");
	says(STORM(",\"carriers\":[3],\"regions\":[\"RU-KDA\"]"), d, now, "due_at", same_, "the region of another carrier");
	says(RULE("\"pause\":[\"force\"]") WINDOW("platform", "2024-06-05T00:00:00Z", "2024-06-06T00:00:00Z"), d, now, "due_at", same_,
	    "one of the platform is no pause");
	says(STORM(""), d, "2024-06-05T23:59:59Z", "is_paused", "true", "the last second before to");
	says(STORM(""), d, "2024-06-06T00:00:00Z", "is_paused", "false", "to is exclusive");
	section("");
}

static void
zones(void)
{
#define HOUR(n, more) RULE("\"calendar\":\"c\",\"promise\":[\"rule\"],\"target\":{\"n\":" n ",\"unit\":\"bhour\"}" more)
	static const char nowhere[] = "{\"shipment_id\":\"S\",\"created_at\":\"2024-06-03T06:00:00.000Z\",\"promise_first\":\"2024-06-05\"}";

	section("wb-rules.5 Zones");
	says(MOSCOW("") RULE("\"calendar\":\"c\""), nowhere, "2024-06-03", "due_at due_day", "2024-06-05T20:59:59 2024-06-05",
	    "where the destination has none, a date is due on the clock of the calendar");
	says(RULE("\"pause\":[]"), nowhere, "2024-06-03", "due_at", "2024-06-05T23:59:59", "without a calendar on that of UTC");
	says(MOSCOW("") TERM(0, "day", ",\"clock_tz\":\"origin\""), WAY("", ""), "2024-06-03", "due_at", "2024-06-03T20:59:59",
	    "where the origin has none, that of the calendar is the clock zone");
	/* Monday from 20:00 to 24:00 is four hours, the fifth is the first of Tuesday */
	says(MOSCOW(",\"hours\":[\"20:00\",\"24:00\"]") HOUR("5", ""), WAY("", ""), "2024-06-03", "due_at", "2024-06-04T18:00:00", "24:00 is the end of the date");
	says(MOSCOW(",\"hours\":[\"20:00\",\"24:00\"]") HOUR("4", ""), WAY("", ""), "2024-06-03", "due_at due_day", "2024-06-03T21:00:00 2024-06-04",
	    "and 00:00 of the next one");
	section("");
}

static void
promises(void)
{
#define EDD(id, received, edd) "{\"event_id\":\"" id "\",\"event_time\":\"" T4("05:00:00") "\",\"received_at\":\"" received \
	"\",\"status\":\"info\",\"edd\":\"" edd "\"}"
	const char *now = "2024-06-04", *shown = "promise_source promised_precision promised_at promised_now_at due_at";
	const char *held = EV("a", "2024-06-03T06:30:00.000Z", "on_hold", REASON("recipient.address")) ","
	    EV("b", "2024-06-03T08:00:00.000Z", "in_transit", "");
	char d[1000];

	section("wb-rules.5 Promise");
	says(RULE("\"promise\":[\"carrier_edd\",\"explicit\"]"), WAY(EDD("a", T4("05:00:00"), "2024-06-07"), FIRST), now, "promise_source due_at",
	    "carrier_edd 2024-06-07T20:59:59", "the chain in its order");
	says(RULE("\"promise\":[\"carrier_edd\",\"explicit\"]"), WAY(EV("a", T4("05:00:00"), "info", ""), FIRST), now, "promise_source due_at",
	    "explicit 2024-06-10T12:00:00", "the first that yields a time");
	says(RULE("\"target\":{\"n\":48,\"unit\":\"hour\"}"), WAY("", FIRST), now, "promise_source", "explicit", "by default explicit");
	says(RULE("\"target\":{\"n\":48,\"unit\":\"hour\"}"), WAY(EDD("a", T4("05:00:00"), "2024-06-07"), ""), now, "promise_source due_at",
	    "rule 2024-06-05T07:00:00", "and then rule");
	says("", WAY("", FIRST ",\"promise_now\":\"2024-06-12\""), now, shown,
	    "explicit time 2024-06-10T12:00:00 2024-06-12T20:59:59 2024-06-10T12:00:00", "the newest promise is shown and does not judge");
	says("", WAY("", FIRST), now, shown, "explicit time 2024-06-10T12:00:00 2024-06-10T12:00:00 2024-06-10T12:00:00", "without it the first");
	/* received in one second, so the id decides: a first, b last */
	says(RULE("\"promise\":[\"carrier_edd\"]"), WAY(EDD("b", T4("05:00:00"), "2024-06-08") "," EDD("a", "2024-06-04T05:00:00.900Z", "2024-06-07"), ""),
	    now, shown, "carrier_edd date 2024-06-07T20:59:59 2024-06-08T20:59:59 2024-06-07T20:59:59", "received first by second, then by event_id");
	says(RULE("\"promise\":[\"carrier_edd\"]"), WAY(EDD("a", T4("05:00:01"), "2024-06-07T09:00:00.000Z") "," EDD("b", T4("05:00:00"), "2024-06-08"), ""),
	    now, shown, "carrier_edd date 2024-06-08T20:59:59 2024-06-07T09:00:00 2024-06-08T20:59:59", "and not by the order of the events");
	/* a hold from 06:30 to 08:00: created at 06:00, accepted at 07:00 */
	(void)snprintf(d, sizeof d, WAY("%s", FIRST), held);
	says(RULE("\"pause\":[\"hold\"]"), d, now, "promised_at due_at paused_sec", "2024-06-10T12:00:00 2024-06-10T13:30:00 5400",
	    "a promise that was given counts from created_at; promised_at is without pauses");
	says(RULE("\"pause\":[\"hold\"],\"promise\":[\"rule\"],\"target\":{\"n\":2,\"unit\":\"hour\"}"), d, now, "promised_at due_at paused_sec",
	    "2024-06-03T09:00:00 2024-06-03T10:00:00 3600", "that of the rule from the start");
	section("");
}

static void
stops(void)
{
#define TRY(id, at, status, more) EV(id, at, status, ",\"attempt\":1" more)
#define HAS(delivered, ready) FIRST ",\"delivered_at\":\"" T4(delivered) "\",\"ready_at\":\"" T4(ready) "\""
	static const char all[] = RULE("\"stop\":[\"first_attempt\",\"ready_for_pickup\"]"), tried[] = RULE("\"stop\":[\"first_attempt\"]"),
	    only[] = RULE("\"stop\":[\"delivered\"]");
	const char *now = "2024-06-05", *shown = "sla_stop sla_stop_at";

	section("wb-rules.5 Stop");
	says(all, WAY(TRY("a", T4("09:00:00"), "attempt_failed", ""), HAS("10:00:00", "08:00:00")), now, shown, "ready_for_pickup 2024-06-04T08:00:00", "the earliest: ready");
	says(all, WAY(TRY("a", T4("09:00:00"), "attempt_failed", ""), HAS("10:00:00", "09:00:01")), now, shown, "first_attempt 2024-06-04T09:00:00", "the earliest: an attempt");
	says(all, WAY(TRY("a", T4("09:00:00"), "attempt_failed", ""), HAS("08:59:59", "09:00:00")), now, shown, "delivered 2024-06-04T08:59:59", "delivered, which need not be listed");
	says(only, WAY(TRY("a", T4("09:00:00"), "attempt_failed", ""), HAS("10:00:00", "08:00:00")), now, shown, "delivered 2024-06-04T10:00:00", "what is not listed does not stop it");
	says(all, WAY(TRY("a", T4("09:00:00"), "delivered", ""), HAS("09:00:00", "09:00:00")), now, shown, "delivered 2024-06-04T09:00:00", "at equal times delivered");
	says(all, WAY(TRY("a", T4("09:00:00"), "attempt_failed", ""), HAS("10:00:00", "09:00:00")), now, shown, "first_attempt 2024-06-04T09:00:00", "before ready the attempt");
	says(tried, WAY(TRY("a", T4("08:00:00"), "attempt_failed", REASON("carrier.capacity")) "," TRY("b", T4("09:00:00"), "attempt_failed", REASON("recipient.absent")), HAS("10:00:00", "10:00:00")),
	    now, shown, "first_attempt 2024-06-04T09:00:00", "of two attempts the first that did not fail by the carrier");
	says(tried, WAY(TRY("a", T4("08:00:00"), "attempt_failed", REASON("detail.arrived")), HAS("10:00:00", "10:00:00")), now, shown, "first_attempt 2024-06-04T08:00:00", "a detail is no fault of the carrier");
	says(tried, WAY(TRY("a", T4("08:00:00"), "attempt_failed", REASON("other.unspecified")), HAS("10:00:00", "10:00:00")), now, shown, "first_attempt 2024-06-04T08:00:00", "nor is a claim");
	says(tried, WAY(TRY("a", T4("08:00:00"), "delivered", REASON("carrier.damage")), HAS("10:00:00", "10:00:00")), now, shown, "first_attempt 2024-06-04T08:00:00", "an attempt that did not fail counts with any reason");
	says(tried, WAY(EV("a", T4("08:00:00"), "attempt_failed", ""), HAS("10:00:00", "10:00:00")), now, shown, "delivered 2024-06-04T10:00:00", "an event without an attempt is none");
	/* the clock ends: a hold from 08:00 on */
#define HELD EV("h", T4("08:00:00"), "on_hold", REASON("recipient.address"))
	says(RULE("\"pause\":[\"hold\"]"), WAY(HELD, FIRST ",\"delivered_at\":\"" T4("10:00:00") "\",\"closed_at\":\"" T4("11:00:00") "\""), now, "paused_sec", "7200", "the clock ends at the stop");
	says(RULE("\"pause\":[\"hold\"]"), WAY(HELD, FIRST ",\"closed_at\":\"" T4("11:00:00") "\""), now, "paused_sec is_paused", "10800 false", "else where it was closed");
	says(RULE("\"pause\":[\"hold\"]"), WAY(HELD, FIRST), "2024-06-04T12:00:00Z", "paused_sec is_paused", "14400 true", "else now");
	section("");
}

/* What opens and closes each kind, at 08:00 and 10:00 of the 4th; asked at 12:00. */
static void
pauses(void)
{
#define TWOP(kind, s1, more1, s2, more2, want, name) says(RULE("\"pause\":[\"" kind "\"]"), \
	WAY(EV("a", T4("08:00:00"), s1, more1) "," EV("b", T4("10:00:00"), s2, more2), FIRST), "2024-06-04T12:00:00Z", "is_paused paused_sec", want, name)
#define RUNS "true 14400"
#define OVER "false 7200"
#define NONE "false 0"
	section("wb-rules.5 Pauses");
	TWOP("customs", "customs", REASON("customs.docs"), "customs", REASON("customs.hold"), RUNS, "customs: goes on in customs");
	TWOP("customs", "customs", REASON("customs.docs"), "info", REASON("detail.cleared"), RUNS, "customs: a notice does not close it, even of clearing");
	TWOP("customs", "customs", REASON("customs.docs"), "unknown", "", RUNS, "customs: nor does what is unknown");
	TWOP("customs", "customs", REASON("customs.docs"), "in_transit", "", OVER, "customs: another state closes it");
	TWOP("customs", "customs", REASON("customs.docs"), "customs", REASON("detail.cleared"), OVER, "customs: cleared closes it");
	TWOP("customs", "customs", REASON("recipient.payment"), "customs", "", NONE, "customs: not by the reason of another party");
	TWOP("customs", "on_hold", REASON("customs.hold"), "on_hold", "", NONE, "customs: not at another status");
	TWOP("hold", "on_hold", REASON("recipient.address"), "on_hold", "", RUNS, "hold: goes on without a reason");
	TWOP("hold", "on_hold", REASON("recipient.address"), "on_hold", REASON("shipper.data"), RUNS, "hold: goes on with another that is excluded");
	TWOP("hold", "on_hold", REASON("recipient.address"), "on_hold", REASON("detail.arrived"), RUNS, "hold: a detail is no fault reason");
	TWOP("hold", "on_hold", REASON("recipient.address"), "info", REASON("carrier.delay"), RUNS, "hold: a notice does not close it");
	TWOP("hold", "on_hold", REASON("recipient.address"), "on_hold", REASON("carrier.delay"), OVER, "hold: the carrier's fault closes it");
	TWOP("hold", "on_hold", REASON("recipient.address"), "on_hold", REASON("other.unspecified"), OVER, "hold: a claim closes it");
	TWOP("hold", "on_hold", REASON("recipient.address"), "at_destination", "", OVER, "hold: another state closes it");
	TWOP("hold", "on_hold", REASON("other.unspecified"), "on_hold", "", NONE, "hold: a claim opens none");
	TWOP("hold", "at_destination", REASON("recipient.address"), "info", "", NONE, "hold: not at another status");
	TWOP("pickup", "ready_for_pickup", "", "ready_for_pickup", "", RUNS, "pickup: goes on when it is told again");
	TWOP("pickup", "ready_for_pickup", "", "info", "", RUNS, "pickup: a notice does not close it");
	TWOP("pickup", "ready_for_pickup", "", "returning", "", OVER, "pickup: another state closes it");
	TWOP("reschedule", "attempt_failed", REASON("recipient.reschedule"), "in_transit", "", RUNS, "reschedule: a scan does not close it");
	TWOP("reschedule", "info", REASON("recipient.reschedule"), "out_for_delivery", "", OVER, "reschedule: out for delivery closes it");
	TWOP("reschedule", "info", REASON("recipient.reschedule"), "ready_for_pickup", "", OVER, "reschedule: ready closes it");
	TWOP("reschedule", "info", REASON("recipient.reschedule"), "returning", "", OVER, "reschedule: a return closes it");
	TWOP("reschedule", "info", REASON("recipient.reschedule") ",\"edd\":\"2024-06-04T09:00:00.000Z\"", "out_for_delivery", "", "false 3600", "reschedule: the new time comes first");
	TWOP("reschedule", "info", REASON("recipient.reschedule") ",\"edd\":\"2024-06-04T11:00:00.000Z\"", "out_for_delivery", "", OVER, "reschedule: the courier comes first");
	TWOP("reschedule", "info", REASON("recipient.reschedule") ",\"edd\":\"2024-06-05\"", "info", "", RUNS, "reschedule: the new date has not begun");
	TWOP("pickup", "customs", REASON("customs.docs"), "on_hold", REASON("recipient.address"), NONE, "only the kinds that the rule lists count");
	/* 21:00 UTC is midnight in Moscow, where the new date begins */
	says(RULE("\"pause\":[\"reschedule\"]"), WAY(EV("a", T4("08:00:00"), "info", REASON("recipient.reschedule") ",\"edd\":\"2024-06-05\""), FIRST),
	    "2024-06-05", "is_paused paused_sec", "false 46800", "reschedule: until 00:00 of the date in the destination zone");
	says(RULE("\"pause\":[\"hold\",\"customs\"]"), WAY(EV("a", T4("08:00:00"), "on_hold", REASON("recipient.address")) ","
	    EV("b", T4("10:00:00"), "customs", REASON("customs.docs")) "," EV("c", T4("11:00:00"), "in_transit", ""), FIRST), "2024-06-04T12:00:00Z",
	    "due_at paused_sec", "2024-06-10T15:00:00 10800", "two kinds that touch are merged");
	/* a promise that is a date: 23:00 in Moscow to 01:00 is from one date to the next, 01:00 to 23:00 is none */
#define NIGHT(from, to) WAY(EV("a", from, "on_hold", REASON("recipient.address")) "," EV("b", to, "in_transit", ""), ",\"promise_first\":\"2024-06-10\"")
	says(RULE("\"pause\":[\"hold\"]"), NIGHT("2024-06-04T20:00:00.000Z", "2024-06-04T22:00:00.000Z"), "2024-06-08", "due_at paused_sec", "2024-06-11T20:59:59 7200",
	    "a date moves by the dates in the destination zone");
	says(RULE("\"pause\":[\"hold\"]"), NIGHT("2024-06-03T22:00:00.000Z", "2024-06-04T20:00:00.000Z"), "2024-06-08", "due_at paused_sec", "2024-06-10T20:59:59 79200",
	    "within one date it does not");
	/* Monday and 4 days is Friday; Tuesday to Wednesday makes it Saturday, which rolls to Monday */
	says(MOSCOW("") RULE("\"calendar\":\"c\",\"promise\":[\"rule\"],\"pause\":[\"hold\"],\"target\":{\"n\":4,\"unit\":\"day\"},\"roll\":\"next_bday\""),
	    NIGHT("2024-06-04T08:00:00.000Z", "2024-06-05T08:00:00.000Z"), "2024-06-06", "promised_at due_at", "2024-06-07T20:59:59 2024-06-10T20:59:59",
	    "days move by dates, before roll");
	section("");
}

/* The steps of a term that the table does not have. */
static void
steps(void)
{
#define NINE ",\"hours\":[\"09:00\",\"18:00\"]"
#define BEGUN(at) "{\"shipment_id\":\"S\",\"dest_tz\":\"Europe/Moscow\",\"created_at\":\"2024-06-01T06:00:00.000Z\",\"accepted_at\":\"" at "\",\"events\":[]}"
#define ZERO(unit, more) RULE("\"calendar\":\"c\",\"promise\":[\"rule\"],\"target\":{\"n\":0,\"unit\":\"" unit "\"}" more)
#define EARLY "warning: r:2: deadline_time: with n 0 and no cutoff up to it, what starts later in the day is due before it starts"
	static const char noon[] = MOSCOW("") ZERO("bday", ",\"deadline_time\":\"12:00:00\"");
	const char *now = "2024-06-20", *due = "due_at";

	section("wb-rules.5 Term");
	says(MOSCOW("") RULE("\"calendar\":\"c\",\"promise\":[\"rule\"],\"target\":{\"n\":1,\"unit\":\"day\"},\"cutoff\":\"15:00\",\"extra\":[{\"from\":\"06-04\",\"to\":\"06-30\",\"add\":5}]"),
	    BEGUN("2024-06-03T13:00:00.000Z"), now, due, "2024-06-05T20:59:59", "the season is that of the start, not of the date behind the cut-off");
	says(MOSCOW("") RULE("\"calendar\":\"c\",\"promise\":[\"rule\"],\"target\":{\"n\":1,\"unit\":\"day\"},\"extra\":[{\"from\":\"06-01\",\"to\":\"06-30\",\"add\":1},{\"from\":\"06-03\",\"to\":\"06-03\",\"add\":2}]"),
	    BEGUN("2024-06-03T13:00:00.000Z"), now, due, "2024-06-07T20:59:59", "seasons add up");
	says(MOSCOW(NINE) HOUR("9", ""), BEGUN("2024-06-03T06:00:00.000Z"), now, due, "2024-06-03T15:00:00", "hours that are used up at closing are due at closing");
	says(MOSCOW(NINE) HOUR("1", ""), BEGUN("2024-06-03T15:00:00.000Z"), now, due, "2024-06-04T07:00:00", "at closing it is closed");
	says(MOSCOW(NINE) HOUR("1", ""), BEGUN("2024-06-03T04:00:00.000Z"), now, due, "2024-06-03T07:00:00", "hours begin at the first open second");
	/* 18:00 in Vladivostok is 11:00 in Moscow: closed there, open here */
	says(MOSCOW(NINE) HOUR("1", ",\"clock_tz\":\"Asia/Vladivostok\""), BEGUN("2024-06-03T08:00:00.000Z"), now, due, "2024-06-04T00:00:00", "opening hours are read on the clock zone");
	/* n 0 and a deadline in the day */
	says(noon, BEGUN("2024-06-03T08:00:00.000Z"), now, due, "2024-06-03T09:00:00", "n 0, before the deadline: the same day");
	says(noon, BEGUN("2024-06-03T12:00:00.000Z"), now, "due_at sla_state sla_party", "2024-06-03T09:00:00 missed unknown", "n 0, behind the deadline: due before it starts");
	says(noon, BEGUN("2024-06-01T12:00:00.000Z"), now, due, "2024-06-03T09:00:00", "n 0, on a Saturday: by Monday's deadline");
	says(MOSCOW("") ZERO("bday", ",\"deadline_time\":\"12:00:00\",\"cutoff\":\"12:00\""), BEGUN("2024-06-03T09:00:00.000Z"), now, due, "2024-06-03T09:00:00",
	    "n 0 and a cut-off: at the deadline the same day");
	says(MOSCOW("") ZERO("bday", ",\"deadline_time\":\"12:00:00\",\"cutoff\":\"12:00\""), BEGUN("2024-06-03T09:00:01.000Z"), now, due, "2024-06-04T09:00:00",
	    "n 0 and a cut-off: a second later the next one");
	rule_file(noon, EARLY, "n 0 and a deadline in the day is a warning");
	rule_file(MOSCOW("") ZERO("day", ",\"deadline_time\":\"12:00:00\",\"cutoff\":\"12:00:01\""), EARLY, "so it is with a cut-off behind it");
	rule_file(MOSCOW("") ZERO("day", ",\"deadline_time\":\"12:00:00\",\"cutoff\":\"12:00\""), "", "not with one up to it");
	rule_file(MOSCOW("") TERM(0, "day", ""), "", "nor at the end of the day");
	rule_file(MOSCOW("") TERM(1, "day", ",\"deadline_time\":\"12:00:00\""), "", "nor for the next day");
	section("");
}

/* What holds for all of the verdict. */
static void
judging(void)
{
	section("wb-rules.5 JUDGING");
	says(RULE("\"exclude\":[\"recipient.refused\"]"), WAY(EV("a", T4("08:00:00"), "attempt_failed", REASON("recipient.refused")), FIRST), "2024-06-05", "sla_state", "not_applicable",
	    "an event is seen");
	says(RULE("\"exclude\":[\"recipient.refused\"]"), WAY(EV("a", T4("08:00:00"), "attempt_failed", REASON("recipient.refused") ",\"mark\":\"void\""), FIRST), "2024-06-05", "sla_state", "pending",
	    "not one that is void");
	says(RULE("\"exclude\":[\"recipient.refused\"]"), WAY(EV("a", T4("08:00:00"), "attempt_failed", REASON("recipient.refused") ",\"mark\":\"absorbed\""), FIRST), "2024-06-05", "sla_state", "pending",
	    "nor one that is absorbed");
	says("", WAY("", ",\"promise_first\":\"2024-06-10T12:00:00.999Z\",\"delivered_at\":\"2024-06-10T12:00:01.000Z\""), "2024-06-11", "due_at sla_state sla_late_sec",
	    "2024-06-10T12:00:00 missed 1", "times are cut to the second first");
	section("wb-rules.5 Exclusion");
	says(RULE("\"stop\":[\"first_attempt\"],\"exclude\":[\"recipient.refused\"]"), WAY(TRY("a", T4("08:00:00"), "attempt_failed", "") ","
	    EV("b", T4("08:00:00"), "info", REASON("recipient.refused")), FIRST), "2024-06-05", "sla_state", "not_applicable", "a hit too, by a reason at the end");
	says(RULE("\"stop\":[\"first_attempt\"],\"exclude\":[\"recipient.refused\"]"), WAY(TRY("a", T4("08:00:00"), "attempt_failed", "") ","
	    EV("b", T4("08:00:01"), "info", REASON("recipient.refused")), FIRST), "2024-06-05", "sla_state", "met", "not by one behind it");
	section("wb-rules.5 Party of a miss");
	says(RULE("\"pause\":[\"force\"]") WINDOW("force", "2024-06-05T00:00:00Z", "2024-06-06T00:00:00Z"), WAY("", FIRST), "2024-06-12", "due_at sla_state sla_party",
	    "2024-06-11T12:00:00 missed carrier", "not force, where it has moved due");
	section("");
}

/* What is wrong in a document is told by its member. */
static void
faults(void)
{
	struct rules r;

	(void)read_rules(&r, "");
#define D(more) "{\"shipment_id\":\"S\"," more "}"
#define E1(more) D("\"events\":[{\"event_id\":\"a\",\"event_time\":\"2024-06-02T00:00:00.000Z\",\"received_at\":\"2024-06-02T00:00:00.000Z\",\"status\":\"info\"},{" more "}]")
	is_str(judge(&r, D("\"created_at\":\"2024-06-01\""), 0), "time created_at: not a time of the form 2024-06-03T07:00:00.000Z", "a date for a time");
	is_str(judge(&r, D("\"promise_first\":\"soon\""), 0), "time promise_first: neither a date nor a time of the form 2024-06-03T07:00:00.000Z", "no promise");
	is_str(judge(&r, D("\"dest_tz\":\"Moon/Base\""), 0), "enum dest_tz: no such time zone: /usr/share/zoneinfo/Moon/Base: No such file or directory", "an unknown zone");
	is_str(judge(&r, D("\"status\":\"gone\""), 0), "enum status: unknown status", "an unknown status");
	is_str(judge(&r, D("\"version\":4102444800000"), 0), "range version: 4102444800000 is not within 0 and 4102444799999", "a now behind 2099");
	ok(judge(&r, D("\"version\":4102444799999,\"created_at\":\"2024-06-01T00:00:00.000Z\",\"dest_tz\":\"America/New_York\",\"promise_first\":\"9999-12-31\""), 0) == NULL,
	    "the last second of 2099");
	is_str(said(DOC_DUE_AT_), "\"9999-12-31T23:59:59.000Z\"", "a due that cannot be written is the last that can");
	is_str(said(DOC_DUE_DAY_), "\"9999-12-31\"", "so is its day");
	ok(judge(&r, D("\"created_at\":\"2024-06-01T00:00:00.000Z\",\"dest_tz\":\"Asia/Kathmandu\",\"promise_first\":\"9999-12-31T23:59:59.000Z\""), 0) == NULL,
	    "a day behind the last one");
	is_str(said(DOC_DUE_DAY_), "\"9999-12-31\"", "likewise");
	is_str(judge(&r, D("\"events_n\":2"), 0), "missing events: a document without its events cannot be judged", "a row without its events");
	ok(judge(&r, D("\"events_n\":0"), 0) == NULL, "no events");
	is_str(judge(&r, D("\"events\":{}"), 0), "type events: not an array", "events that are no array");
	is_str(judge(&r, E1("\"event_id\":\"b\""), 0), "missing events/1/event_time: no value", "an event without its time");
	is_str(judge(&r, E1("\"event_time\":\"2024-06-02T00:00:00.000Z\",\"received_at\":\"2024-06-02T00:00:00.000Z\",\"status\":\"info\",\"reason\":\"why.not\""), 0),
	    "enum events/1/reason: unknown reason", "an unknown reason");
	ok(judge(&r, E1("\"mark\":\"void\",\"reason\":\"why.not\""), 0) == NULL, "a void event is not looked at");
	is_str(judge(&r, D("\"step_day\":[\"2024-06-01\",\"x\"]"), 0), "time step_day: not a date of the form 2024-06-03", "a day that is none");
	ok(judge(&r, D("\"created_day\":\"2024-06-03\",\"step_day\":[\"2024-06-05\",\"2024-06-01\",\"2024-06-05\"],\"days\":[\"2024-05-01\"],\"lost_day\":null"), 0) == NULL, "days");
	is_str(said(DOC_DAYS_), "[\"2024-05-01\",\"2024-06-01\",\"2024-06-03\",\"2024-06-05\"]", "days are sorted and distinct, those that it had included");
	rules_fini(&r);
}

int
main(void)
{
	load_taxonomy();
	doc_init(&doc);
	golden();
	states();
	date_errors();
	terms();
	exclusions();
	parties();
	choice();
	rule_files();
	windows();
	zones();
	promises();
	stops();
	pauses();
	steps();
	judging();
	faults();
	first_rule();
	never_late();
	taxonomy_fini(&tax);
	doc_fini(&doc);
	json_fini(&json);
	sla_facts_fini(&facts);
	verdict_fini(&verdict);
	sla_text_fini(&text);
	buf_fini(&line);
	return done_testing();
}
