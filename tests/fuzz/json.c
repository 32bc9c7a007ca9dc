/*
 * Any bytes as a record: both scanners give the same answers, whatever lies
 * behind the input, and what was accepted can be walked, found, compacted and
 * scanned again.  Built with libFuzzer by "make fuzz"; without (FUZZ_REPLAY)
 * it is a test that replays the files of tests/fuzz/corpus/json.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(int good)
{
	if (!good)
		abort();
}

static int
same_slice(struct slice a, struct slice b)
{
	return a.p == b.p && a.n == b.n;
}

static int
same_value(const struct json_value *a, const struct json_value *b)
{
	return same_slice(a->raw, b->raw) && a->type == b->type && a->escaped == b->escaped &&
	    a->spaced == b->spaced;
}

/* Walks through v and looks whether the elements make up the whole of it. */
static void
walk(const struct json_value *v, unsigned depth, char *scratch)
{
	struct json_walk w, steps, inner;
	struct json_member m, k;
	const char *p = v->raw.p + 1;
	struct slice t;
	int rc;
	char *quoted = NULL;

	must(depth <= JSON_DEPTH + 1);
	if (v->type == JSON_STRING) {
		t = json_text(v, scratch);
		must(t.n <= v->raw.n - 2 && (v->escaped || same_slice(t, (struct slice){ p, v->raw.n - 2 })));
		quoted = malloc(6 * t.n + 2);
		must(quoted != NULL && (size_t)(json_quote(quoted, t) - quoted) <= 6 * t.n + 2);
		free(quoted);
	}
	json_enter(&w, v);
	json_enter(&steps, v);
	while (json_next(&w, &m)) {
		/* stepping in and out comes to the same place */
		rc = v->type == JSON_ARRAY ? json_step_in(&steps, &inner) : -1;
		must((rc == 1) == (v->type == JSON_ARRAY && (m.v.type == JSON_OBJECT || m.v.type == JSON_ARRAY)));
		if (rc == 1) {
			while (json_next(&inner, &k))
				must(k.v.raw.p + k.v.raw.n < m.v.raw.p + m.v.raw.n);
			json_step_out(&steps, &inner);
		} else {
			must(json_next(&steps, &k) && same_value(&k.v, &m.v));
		}
		must(steps.p == w.p);
		must(m.v.raw.p >= p && m.v.raw.p + m.v.raw.n < v->raw.p + v->raw.n && m.v.raw.n > 0);
		must(v->spaced || !m.v.spaced);
		if (v->type == JSON_OBJECT)
			must(json_named(&m, json_name(&m, scratch)));
		p = m.v.raw.p + m.v.raw.n;
		walk(&m.v, depth + 1, scratch);
	}
	must(!json_next(&w, &m));
	must(v->type != JSON_ARRAY || json_step_in(&steps, &inner) == 0);
}

static void
record(struct json *j, struct slice s)
{
	static const char *const names[] = { "a", "", "event_id", "\xd0\xb0" };
	struct json_value root = { .raw = j->raw, .type = JSON_OBJECT, .spaced = j->spaced }, v;
	struct json_names *pick = json_names_new(names, 4);
	struct json_pointer *all = json_pointer_new(SLICE("")), *some = json_pointer_new(SLICE("/a/0/a"));
	const struct json_member *slot[4];
	char *out = malloc(s.n + JSON_PAD), *end = NULL, *scratch = malloc(s.n);
	struct json again = { 0 };
	struct json_walk w;
	struct json_member m;
	size_t i, k, n;

	must(out != NULL && scratch != NULL);
	walk(&root, 1, scratch);
	json_enter(&w, &root);
	for (i = 0; i < j->n; i++)
		must(json_next(&w, &m) && same_slice(m.name, j->member[i].name) &&
		    m.name_escaped == j->member[i].name_escaped && same_value(&m.v, &j->member[i].v));
	must(!json_next(&w, &m));
	for (k = 0; k < 2; k++) {
		n = json_pick(pick, j, slot, NULL, 0);
		for (i = 0; i < 4; i++) {
			must(slot[i] == json_get(j, slice_of(names[i])));
			n += slot[i] != NULL;
		}
		must(n == j->n);
	}
	must(json_find(all, j, &v) && same_value(&v, &root));
	if (json_find(some, j, &v))
		must(json_find_in(some, &root, &v));
	end = json_compact(out, &root);
	must((size_t)(end - out) <= j->raw.n && ((size_t)(end - out) < j->raw.n) == j->spaced);
	memset(end, '"', JSON_PAD);
	must(json_scan(&again, (struct slice){ out, (size_t)(end - out) }) == 0 && again.n == j->n &&
	    !again.spaced);
	json_fini(&again);
	json_names_free(pick);
	json_pointer_free(all);
	json_pointer_free(some);
	free(out);
	free(scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const pads[] = { "\"", "}", ",\"a\":1", " ", "\x80", "0" };
	static struct json a, b;	/* what they learn of one input must not matter for the next */
	struct json fresh = { 0 };
	struct slice s;
	char *p = NULL;
	size_t i, k, at = 0;
	int r, first = 0;

	for (k = 0; k < sizeof pads / sizeof *pads; k++) {
		p = malloc(n + JSON_PAD);
		must(p != NULL);
		if (n > 0)
			memcpy(p, data, n);
		for (i = 0; i < JSON_PAD; i++)
			p[n + i] = pads[k][i % strlen(pads[k])];
		s = (struct slice){ p, n };
		r = json_scan(&a, s);
		must(r == json_scan_portable(&b, s) && a.n == b.n && a.at == b.at && a.fault == b.fault &&
		    a.spaced == b.spaced && same_slice(a.raw, b.raw) && (a.code == NULL) == (b.code == NULL));
		must(a.code == NULL || strcmp(a.code, b.code) == 0);
		for (i = 0; i < a.n; i++)
			must(same_slice(a.member[i].name, b.member[i].name) &&
			    same_value(&a.member[i].v, &b.member[i].v) &&
			    a.member[i].name_escaped == b.member[i].name_escaped);
		must(k == 0 || (r == first && a.at == at));
		must(r == json_scan(&fresh, s) && fresh.at == a.at && fresh.fault == a.fault && fresh.n == a.n);
		first = r;
		at = a.at;
		if (r == 0)
			record(k % 2 ? &a : &b, s);
		free(p);
	}
	json_fini(&fresh);
	return 0;
}
