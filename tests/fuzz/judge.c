/*
 * Any bytes as a rule file, a line that begins with "=", and documents, a line each: what
 * the judge and the marts accept keeps what is said of verdicts, and what they write can
 * be read again.  Built with libFuzzer by "make fuzz"; without it is a test that replays
 * the files of tests/fuzz/corpus/judge.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utc.h"
#include "io/file.h"
#include "parcel/doc.h"
#include "parcel/mart.h"
#include "parcel/sla.h"
#include "rec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct taxonomy tax;

static void
must(int good)
{
	if (!good)
		abort();
}

static void
begin(void)
{
	struct buf a = { 0 }, b = { 0 };
	struct err e = ERR_NONE;

	must(file_read("scripts/taxonomy/status.csv", 1 << 20, &a, &e) == 0);
	must(file_read("scripts/taxonomy/reason.csv", 1 << 20, &b, &e) == 0);
	must(taxonomy_load(&tax, buf_as_slice(&a), "status.csv", buf_as_slice(&b), "reason.csv", &e) == 0);
	buf_fini(&a);
	buf_fini(&b);
}

/* What holds of every verdict. */
static void
check(const struct sla_facts *f, const struct verdict *v)
{
	size_t i;

	must(v->rule != NULL && v->clock != NULL && v->dest != NULL);
	must((v->state == SLA_MISSED) == (v->party != PARTY_NONE));
	must((v->source == PROMISE_NONE) == (v->due == SLA_NONE) && (v->due == SLA_NONE) == (v->promised == SLA_NONE));
	must((v->stop == STOP_NONE) == (v->stop_at == SLA_NONE));
	must(v->judge_at == SLA_NONE || v->judge_at > v->now);
	must(v->state != SLA_MET || v->stop_at <= v->due);
	must(v->state == SLA_NOT_APPLICABLE || v->due != SLA_NONE);
	must(v->counted <= v->pauses.n && v->paused >= 0);
	must(!v->is_paused || (v->stop == STOP_NONE && f->closed == SLA_NONE));
	for (i = 0; i < v->pauses.n; i++)
		must(v->pauses.p[i].open <= v->pauses.p[i].close && (i == 0 || v->pauses.p[i].open > v->pauses.p[i - 1].close));
}

static void
add(const char *name, const struct json *j)
{
	struct mart *m = mart_new(name, 0);
	struct fault fault;
	struct err e = ERR_NONE;
	struct json again = { 0 };
	struct buf b = { 0 };
	size_t n, i;
	char *p;

	if (mart_add(m, j, NULL, &fault, &e) >= 0) {
		n = mart_rows(m, &e);
		must(n != SIZE_MAX);
		for (i = 0; i < n; i++) {
			buf_clear(&b);
			p = buf_room(&b, mart_row_max(m, i, SLICE("\"b\"")) + JSON_PAD);
			b.n = (size_t)(mart_put(m, i, SLICE("\"b\""), p) - p);
			memset(buf_room(&b, JSON_PAD), 0, JSON_PAD);
			must(json_scan(&again, buf_as_slice(&b)) == 0);
		}
	}
	mart_free(m);
	json_fini(&again);
	buf_fini(&b);
}

static void
document(const struct rules *r, struct slice line)
{
	struct json j = { 0 }, again = { 0 };
	struct sla_facts facts = { 0 };
	struct verdict v = { 0 };
	struct sla_text text = { 0 };
	struct fault fault = { 0 };
	struct buf b = { 0 }, out = { 0 };
	struct doc d;
	int64_t now;
	char *p;

	doc_init(&d);
	buf_slice(&b, line);
	memset(buf_room(&b, JSON_PAD), 0, JSON_PAD);
	if (json_scan(&j, buf_as_slice(&b)) == -1)
		goto out;
	doc_pick(&d, &j);
	if (sla_facts_get(&facts, &d, &tax, &fault) == -1) {
		must(fault.code != NULL);
		goto out;
	}
	now = facts.version != 0 ? facts.version : INT64_C(1717977600000);
	sla_judge(&facts, r, &tax, utc_sec(now), &v);
	check(&facts, &v);
	if (sla_put(&v, now, &d, &text, &fault) == -1 || d.rest_n > sizeof d.rest / sizeof *d.rest)
		goto out;
	p = buf_room(&out, doc_size(&d, &j, DOC_S) + JSON_PAD);
	out.n = (size_t)(doc_put(&d, &j, DOC_S, p) - p);
	memset(buf_room(&out, JSON_PAD), 0, JSON_PAD);
	must(json_scan(&again, buf_as_slice(&out)) == 0);
	add("mart_sla_day", &again);
	add("mart_delivery_day", &again);
out:
	doc_fini(&d);
	json_fini(&j);
	json_fini(&again);
	sla_facts_fini(&facts);
	verdict_fini(&v);
	sla_text_fini(&text);
	buf_fini(&b);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice all = { (const char *)data, n }, file = { (const char *)data, 0 };
	struct err e = ERR_NONE;
	struct rules r;
	const char *lf;

	if (tax.reasons == 0)
		begin();
	while (all.n > 0 && *all.p != '=') {
		lf = memchr(all.p, '\n', all.n);
		file.n += lf != NULL ? (size_t)(lf - all.p) + 1 : all.n;
		all = (struct slice){ (const char *)data + file.n, n - file.n };
	}
	rules_init(&r);
	if (rules_read(&r, &tax, "r", file, &e) == -1) {
		must(e.status == EX_CONFIG && strncmp(e.msg, "r:", 2) == 0);
		goto out;
	}
	while (all.n > 0 && (lf = memchr(all.p, '\n', all.n)) != NULL) {
		all = (struct slice){ lf + 1, all.n - (size_t)(lf + 1 - all.p) };
		lf = all.n > 0 ? memchr(all.p, '\n', all.n) : NULL;
		document(&r, (struct slice){ all.p, lf != NULL ? (size_t)(lf - all.p) : all.n });
	}
out:
	rules_fini(&r);
	return 0;
}
