/*
 * Reads field maps.  A map is lines of words separated by blanks; a word that begins with #
 * ends the line:
 *
 *	TARGET SOURCE [SOURCE ...]
 *	each POINTER
 *	date_only_times HH:MM[:SS] ...
 *
 *	SOURCE	[s: | ms: | lower: | json:] POINTER | ^POINTER | "text" | number | true | false
 *		POINTER?"text"
 *	POINTER	RFC 6901; a blank in it is written as backslash and blank
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utc.h"
#include "parcel/fieldmap_plan.h"

#define NAME_BYTES 256		/* of the name of a top-level member that a pointer begins with */

const char *const field_name[FIELD_N] = {
#define X(e, name) [FIELD_##e] = name,
	FIELDS(X)
#undef X
};

enum kind { TEXT, TIME, WHOLE, NUMBER, BOOL, TEXT_OR_BOOL };

static const uint8_t field_kind[FIELD_N] = {
	[FIELD_EVENT_TIME] = TIME, [FIELD_RECEIVED_AT] = TIME, [FIELD_PROMISED_AT] = TIME,
	[FIELD_ATTEMPT_NO] = WHOLE, [FIELD_PIECES] = WHOLE, [FIELD_PIECES_DELIVERED] = WHOLE,
	[FIELD_LAT] = NUMBER, [FIELD_LON] = NUMBER, [FIELD_TO_RECIPIENT] = BOOL, [FIELD_DAMAGED] = BOOL,
	[FIELD_SUPERSEDES] = TEXT_OR_BOOL,
};

static const struct {
	struct slice prefix;
	enum reading reading;
} readings[] = {
	{ { "s:", 2 }, SECONDS }, { { "ms:", 3 }, MILLIS }, { { "lower:", 6 }, LOWER }, { { "json:", 5 }, JSON },
};

struct reader {
	const char *file;
	size_t line;
	const char *p, *end;	/* of the line */
	struct err *e;
};

static int
bad(const struct reader *r, const char *what, struct slice word)
{
	char shown[160];

	return err_set(r->e, EX_CONFIG, "%s:%zu: %s \"%s\"", r->file, r->line, what,
	    err_show(shown, sizeof shown, word.p, word.n));
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word as it stands: 1, 0 at the end of the line, -1 when a quote does not close. */
static int
word(struct reader *r, struct slice *w)
{
	const char *p;
	int quoted = 0;

	while (r->p < r->end && is_blank(*r->p))
		r->p++;
	if (r->p == r->end || *r->p == '#')
		return 0;
	for (p = r->p; p < r->end && (quoted || !is_blank(*p)); p++) {
		if (*p == '"' && (quoted || p == r->p || p[-1] == ':' || p[-1] == '?'))
			quoted = !quoted;
		else if (*p == '\\' && p + 1 < r->end && (quoted || is_blank(p[1])))
			p++;
	}
	*w = (struct slice){ r->p, (size_t)(p - r->p) };
	r->p = p;
	return quoted ? bad(r, "a quote that does not close in", *w) : 1;
}

static struct take *
take_name(struct take *t, struct slice name)
{
	size_t i;

	for (i = 0; i < t->children; i++)
		if (slice_eq((struct slice){ t->child[i].name, t->child[i].n }, name))
			return &t->child[i];
	t->child = mem_grow(t->child, &t->cap, t->children + 1, sizeof *t->child);
	t->child[t->children] = (struct take){ .name = mem_dup(name.p, name.n), .n = name.n };
	return &t->child[t->children++];
}

/* Notes all that the pointer takes; returns the slot of its first name. */
static uint32_t
take_pointer(struct take *t, struct slice pointer)
{
	struct take *top = t;
	char name[NAME_BYTES];
	size_t i, n, first = SIZE_MAX;

	for (i = 0; i < pointer.n; ) {
		for (n = 0, i++; i < pointer.n && pointer.p[i] != '/' && n < sizeof name; i++) {
			name[n++] = pointer.p[i];
			if (pointer.p[i] == '~')
				name[n - 1] = pointer.p[++i] == '0' ? '~' : '/';
		}
		t = take_name(t, (struct slice){ name, n });
		if (first == SIZE_MAX)
			first = (size_t)(t - top->child);
	}
	t->whole = 1;
	return (uint32_t)first;
}

/* The pointer's text without the backslashes before blanks, into dst; -1 when it is none. */
static int
pointer_text(const struct reader *r, struct slice w, char *dst, size_t cap, struct slice *pointer)
{
	struct json_pointer *check;
	size_t i, n = 0, name = 0;

	if (w.n == 0 || w.p[0] != '/' || w.n > cap)
		return bad(r, "no JSON Pointer:", w);
	for (i = 0; i < w.n; i++) {
		if (w.p[i] == '\\' && i + 1 < w.n && is_blank(w.p[i + 1]))
			i++;
		name = w.p[i] == '/' ? 0 : name + 1;
		if (name > NAME_BYTES)
			return bad(r, "a name of more than 256 bytes in", w);
		dst[n++] = w.p[i];
	}
	*pointer = (struct slice){ dst, n };
	if ((check = json_pointer_new(*pointer)) == NULL)
		return bad(r, "no JSON Pointer:", w);
	json_pointer_free(check);
	if (n > 1 && dst[1] == '@')
		return bad(r, "a reserved name in", w);
	return 0;
}

/* Points src into the scope. */
static void
aim(struct source *src, struct scope *s, struct slice pointer)
{
	const char *second = memchr(pointer.p + 1, '/', pointer.n - 1);

	src->slot = take_pointer(&s->take, pointer);
	if (second != NULL)
		src->rest = json_pointer_new((struct slice){ second, (size_t)(pointer.p + pointer.n - second) });
}

static int
constant(const struct reader *r, enum field field, struct slice w, struct source *src)
{
	struct json j = { 0 };
	struct buf b = { 0 };
	const struct json_value *v;
	uint8_t kind = field_kind[field];
	int rc = -1;

	buf_puts(&b, "{\"v\":");
	buf_slice(&b, w);
	buf_puts(&b, "}");
	memset(buf_room(&b, JSON_PAD), 0, JSON_PAD);
	if (json_scan(&j, buf_as_slice(&b)) == -1 || j.n != 1 || j.member[0].v.type == JSON_NULL ||
	    j.member[0].v.type >= JSON_ARRAY) {
		(void)bad(r, "neither a pointer nor a constant:", w);
		goto out;
	}
	v = &j.member[0].v;
	if (!(v->type == JSON_STRING ? kind == TEXT || kind == TIME || kind == TEXT_OR_BOOL
	    : v->type == JSON_NUMBER ? kind == WHOLE || kind == NUMBER || (kind == TIME && src->reading != AS_IS)
	    : kind == BOOL || kind == TEXT_OR_BOOL)) {
		(void)bad(r, "a constant of the wrong type:", w);
		goto out;
	}
	src->value = *v;
	src->text = b.p;	/* the value's bytes lie in it */
	b = (struct buf){ 0 };
	rc = 0;
out:
	json_fini(&j);
	buf_fini(&b);
	return rc;
}

/* One source.  What it points to is only noted: which scope that is, is known at the end. */
static int
source(const struct reader *r, enum field field, struct slice w, struct source *src, char **pointer)
{
	struct slice rest = w, text;
	uint8_t kind = field_kind[field];
	char dst[4096];
	size_t i;

	for (i = 0; i < sizeof readings / sizeof *readings; i++) {
		struct slice p = readings[i].prefix;

		if (rest.n < p.n || memcmp(rest.p, p.p, p.n) != 0)
			continue;
		src->reading = (uint8_t)readings[i].reading;
		rest.p += p.n;
		rest.n -= p.n;
		break;
	}
	if (src->reading == SECONDS || src->reading == MILLIS ? kind != TIME
	    : src->reading == LOWER ? kind != TEXT && kind != TEXT_OR_BOOL
	    : src->reading == JSON && (kind == TEXT || kind == TIME))
		return bad(r, "this field cannot be read by", w);
	if (rest.n > 0 && rest.p[0] == '^') {
		src->whole = 1;
		rest.p++;
		rest.n--;
	}
	if (!src->whole && (rest.n == 0 || rest.p[0] != '/')) {
		src->constant = 1;
		return constant(r, field, rest, src);
	}
	for (i = 0; i + 1 < rest.n && memcmp(rest.p + i, "?\"", 2) != 0; i++)
		;
	if (i + 1 < rest.n) {
		src->when = 1;
		if (src->reading != AS_IS)
			return bad(r, "a condition cannot be converted:", w);
		if (constant(r, field, (struct slice){ rest.p + i + 1, rest.n - i - 1 }, src) == -1)
			return -1;
		rest.n = i;
	}
	if (pointer_text(r, rest, dst, sizeof dst, &text) == -1)
		return -1;
	*pointer = mem_dup(text.p, text.n);
	return 0;
}

static int
date_only_times(struct fieldplan *p, struct reader *r)
{
	struct utc_text t;
	struct slice w;
	char text[32];
	int rc, n;

	while ((rc = word(r, &w)) > 0) {
		n = snprintf(text, sizeof text, "1970-01-01T%.*s", w.n > 12 ? 0 : (int)w.n, w.p);
		if (utc_parse((struct slice){ text, (size_t)n }, &t) == -1 || t.has_offset || t.date_only)
			return bad(r, "no time of day:", w);
		if (p->date_onlys == FIELDMAP_TIMES)
			return bad(r, "too many times at", w);
		p->date_only[p->date_onlys++] = t.ms;
	}
	return rc;
}

static int
field_by_name(struct slice name)
{
	int i = FIELD_N;

	while (--i >= 0 && !slice_eq(name, slice_of(field_name[i])))
		;
	return i;
}

/* The text of pointers by field and source, and of "each", until the scopes are known. */
struct pointers {
	char *of[FIELD_N][FIELDMAP_SOURCES];
	char *each;
};

static int
line(struct fieldplan *p, struct pointers *ptr, struct reader *r)
{
	struct slice w, text;
	char dst[4096];
	int rc, field;
	uint8_t *n;

	if ((rc = word(r, &w)) <= 0)
		return rc;
	if (slice_eq(w, SLICE("date_only_times")))
		return date_only_times(p, r);
	if (slice_eq(w, SLICE("each"))) {
		if (ptr->each != NULL)
			return bad(r, "a second", w);
		if ((rc = word(r, &w)) <= 0)
			return rc == 0 ? bad(r, "no pointer behind", w) : -1;
		if (pointer_text(r, w, dst, sizeof dst, &text) == -1)
			return -1;
		ptr->each = mem_dup(text.p, text.n);
		return word(r, &w) == 0 ? 0 : bad(r, "something behind the pointer:", w);
	}
	if ((field = field_by_name(w)) == -1)
		return bad(r, "unknown target", w);
	n = &p->sources[field];
	if (*n > 0)
		return bad(r, "a second line of target", w);
	text = w;
	while ((rc = word(r, &w)) > 0) {
		if (*n == FIELDMAP_SOURCES)
			return bad(r, "too many sources at", w);
		if (source(r, (enum field)field, w, &p->source[field][*n], &ptr->of[field][*n]) == -1)
			return -1;
		++*n;
	}
	if (rc == 0 && *n == 0)
		return bad(r, "no source of target", text);
	return rc;
}

/* The default lines of what the map does not list. */
static void
defaults(struct fieldplan *p, struct pointers *ptr)
{
	static const char key[] = "/_key", ts[] = "/_src/3";
	char text[64];
	int i, n;

	for (i = 0; i < FIELD_N; i++) {
		if (p->sources[i] > 0 || i == FIELD_VOCABULARY)
			continue;
		n = snprintf(text, sizeof text, "/%s", field_name[i]);
		ptr->of[i][p->sources[i]++] = mem_dup(text, (size_t)n);
		if (i == FIELD_SHIPMENT_ID) {
			p->source[i][1].whole = 1;
			ptr->of[i][p->sources[i]++] = mem_dup(key, sizeof key - 1);
		} else if (i == FIELD_RECEIVED_AT) {
			p->source[i][1].whole = 1;
			p->source[i][1].reading = MILLIS;
			ptr->of[i][p->sources[i]++] = mem_dup(ts, sizeof ts - 1);
		}
	}
}

static void
number_slots(struct scope *s)
{
	const char **name = mem_alloc((s->take.children + 1) * sizeof *name);
	size_t i;

	for (i = 0; i < s->take.children; i++) {
		name[i] = s->take.child[i].name;
		s->parts |= !s->take.child[i].whole;
	}
	s->names = json_names_new(name, s->take.children);
	s->slot = mem_alloc((s->take.children + 1) * sizeof *s->slot);
	free(name);
}

static void
compile(struct fieldplan *p, struct pointers *ptr)
{
	static const char *const ours[] = { "/_src", "/_key", "/_hdr" };
	size_t i, k;

	p->inner = ptr->each ? &p->element : &p->record;
	for (i = 0; i < sizeof ours / sizeof *ours; i++)
		(void)take_pointer(&p->record.take, slice_of(ours[i]));
	if (ptr->each != NULL) {
		(void)take_pointer(&p->record.take, slice_of(ptr->each));
		p->each = json_pointer_new(slice_of(ptr->each));
	}
	for (i = 0; i < FIELD_N; i++)
		for (k = 0; k < p->sources[i]; k++)
			if (ptr->of[i][k] != NULL)
				aim(&p->source[i][k], p->source[i][k].whole ? &p->record : p->inner,
				    slice_of(ptr->of[i][k]));
	for (i = 0; i < FIELD_N; i++) {
		const struct source *src = &p->source[i][0];

		p->plain[i] = p->sources[i] > 0 && src->reading == AS_IS && !src->constant && !src->when &&
		    src->rest == NULL && (!src->whole || ptr->each == NULL);
		p->slot[i] = src->slot;
	}
	number_slots(&p->record);
	number_slots(&p->element);
}

int
fieldmap_load(struct fieldmap *fm, struct slice text, const char *file, struct err *e)
{
	struct reader r = { .file = file, .e = e };
	struct pointers *ptr = mem_alloc(sizeof *ptr);
	const char *end, *lf;
	size_t i, k;
	int rc = 0;

	*fm = (struct fieldmap){ .plan = mem_alloc(sizeof *fm->plan) };
	if (text.n == 0)
		text = SLICE("");
	end = text.p + text.n;
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		text.p += 3;	/* a byte order mark */
	for (r.p = text.p; rc == 0 && r.p < end; r.p = lf + 1) {
		lf = memchr(r.p, '\n', (size_t)(end - r.p));
		if (lf == NULL)
			lf = end;
		r.end = lf;
		r.line++;
		rc = memchr(r.p, '\0', (size_t)(lf - r.p)) ? bad(&r, "a NUL byte in", SLICE("line"))
		    : line(fm->plan, ptr, &r);
	}
	if (rc == 0) {
		defaults(fm->plan, ptr);
		compile(fm->plan, ptr);
	}
	for (i = 0; i < FIELD_N; i++)
		for (k = 0; k < FIELDMAP_SOURCES; k++)
			free(ptr->of[i][k]);
	free(ptr->each);
	free(ptr);
	if (rc != 0)
		fieldmap_fini(fm);
	return rc;
}

static void
take_fini(struct take *t)
{
	size_t i;

	for (i = 0; i < t->children; i++)
		take_fini(&t->child[i]);
	free(t->child);
	free(t->name);
}

static void
scope_fini(struct scope *s)
{
	take_fini(&s->take);
	json_names_free(s->names);
	free(s->slot);
	free(s->rest);
}

void
fieldmap_fini(struct fieldmap *fm)
{
	struct fieldplan *p = fm->plan;
	size_t i, k;

	if (p != NULL) {
		for (i = 0; i < FIELD_N; i++) {
			for (k = 0; k < p->sources[i]; k++) {
				json_pointer_free(p->source[i][k].rest);
				free(p->source[i][k].text);
			}
			buf_fini(&p->scratch[i]);
		}
		buf_fini(&p->text);
		json_pointer_free(p->each);
		scope_fini(&p->record);
		scope_fini(&p->element);
		json_fini(&p->json);
		free(p);
	}
	*fm = (struct fieldmap){ 0 };
}
