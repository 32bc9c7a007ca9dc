/* The SLA engine: the worked vectors, each row of the state table by hand, and what must hold for any document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
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

/* wb-rules.5 "Vectors" */
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

int
main(void)
{
	load_taxonomy();
	doc_init(&doc);
	golden();
	taxonomy_fini(&tax);
	doc_fini(&doc);
	json_fini(&json);
	sla_facts_fini(&facts);
	verdict_fini(&verdict);
	sla_text_fini(&text);
	buf_fini(&line);
	return done_testing();
}
