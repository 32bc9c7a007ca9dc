/* What is done with a record once it is scanned: look-up, walk, text. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "rec/json.h"
#include "rec/json_work.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Longest name that a json_names looks for; a longer one is in no slot. */
#define NAME_MAX_BYTES 256

struct json_names {
	struct slice *name;
	size_t n, longest;
	uint32_t *slot;		/* number + 1 by hash, or 0 */
	size_t slots;		/* a power of two */
	uint64_t serial;	/* of the scanner whose ids are in at[] */
	uint32_t at[JSON_NAMES];	/* by id: 0 not known yet, 1 no slot, else number + 2 */
};

static uint32_t
name_hash(struct slice s)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619u;
	return h ^ h >> 15;
}

struct json_names *
json_names_new(const char *const *name, size_t n)
{
	struct json_names *names = mem_alloc(sizeof *names);
	size_t i, k;

	names->n = n;
	names->name = mem_alloc(n * sizeof *names->name);
	for (names->slots = 16; names->slots < 4 * n; names->slots *= 2)
		;
	names->slot = mem_alloc(names->slots * sizeof *names->slot);
	for (i = 0; i < n; i++) {
		names->name[i].n = strlen(name[i]);
		names->name[i].p = mem_dup(name[i], names->name[i].n);
		if (names->name[i].n > names->longest)
			names->longest = names->name[i].n;
		for (k = name_hash(names->name[i]) & (names->slots - 1); names->slot[k] != 0; )
			k = (k + 1) & (names->slots - 1);
		names->slot[k] = (uint32_t)i + 1;
	}
	return names;
}

void
json_names_free(struct json_names *names)
{
	size_t i;

	if (names == NULL)
		return;
	for (i = 0; i < names->n; i++)
		free((char *)(uintptr_t)names->name[i].p);
	free(names->name);
	free(names->slot);
	free(names);
}

/* The number of a member's name + 2, or 1. */
static uint32_t
number_of(const struct json_names *names, const struct json_member *m)
{
	char text[NAME_MAX_BYTES + 4];
	const char *p = m->name.p, *end = m->name.p + m->name.n;
	struct slice name = m->name;
	size_t i, n = 0;

	if (m->name_escaped) {
		while (p < end && n <= NAME_MAX_BYTES)
			n += json_unescape(&p, text + n);
		name = (struct slice){ text, n };
	}
	if (name.n > names->longest)
		return 1;
	for (i = name_hash(name) & (names->slots - 1); names->slot[i] != 0;
	    i = (i + 1) & (names->slots - 1))
		if (slice_eq(names->name[names->slot[i] - 1], name))
			return names->slot[i] + 1;
	return 1;
}

size_t
json_pick(struct json_names *names, const struct json *j,
    const struct json_member **slot, uint32_t *rest, size_t rest_cap)
{
	const struct json_member *m = NULL;
	size_t i, n = 0;
	uint32_t at;

	if (j->work != NULL && names->serial != j->work->serial) {
		memset(names->at, 0, sizeof names->at);
		names->serial = j->work->serial;
	}
	for (i = 0; i < names->n; i++)
		slot[i] = NULL;
	for (i = 0; i < j->n; i++) {
		m = &j->member[i];
		at = names->at[m->id];
		if (m->id == 0 || at == 0) {
			at = number_of(names, m);
			if (m->id != 0)
				names->at[m->id] = at;
		}
		if (at != 1) {
			slot[at - 2] = m;
		} else {
			if (n < rest_cap)
				rest[n] = (uint32_t)i;
			n++;
		}
	}
	return n;
}

int
json_named(const struct json_member *m, struct slice name)
{
	if (!m->name_escaped)
		return slice_eq(m->name, name);
	return json_same_text(m->name, 1, name, 0);
}

const struct json_member *
json_get(const struct json *j, struct slice name)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (json_named(&j->member[i], name))
			return &j->member[i];
	return NULL;
}

static inline const char *
blanks(const char *p, const char *end)
{
	/* what is at end may be read, and is no blank in most records */
	if (*p > ' ')
		return p;
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

/* p is behind the opening quote of a checked string: its closing one. */
static inline const char *
string_end(const char *p, uint8_t *escaped)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	__m128i a, b;
	unsigned m;

	/* 32 at once: most names and values end there, so that the jump is foreseen */
	for (;;) {
		a = _mm_loadu_si128((const __m128i *)(const void *)p);
		b = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));
		a = _mm_or_si128(_mm_cmpeq_epi8(a, quote), _mm_cmpeq_epi8(a, slash));
		b = _mm_or_si128(_mm_cmpeq_epi8(b, quote), _mm_cmpeq_epi8(b, slash));
		m = (unsigned)_mm_movemask_epi8(a) | (unsigned)_mm_movemask_epi8(b) << 16;
		if (m == 0) {
			p += 32;
			continue;
		}
		p += __builtin_ctz(m);
		if (*p == '"')
			return p;
		*escaped = 1;
		p += 2;
	}
#else
	for (; *p != '"'; p++)
		if (*p == '\\') {
			*escaped = 1;
			p++;
		}
	return p;
#endif
}

/* Behind the checked number at p, an element or a member: a comma, bracket or blank follows. */
static inline const char *
number_end(const char *p)
{
#ifdef __SSE2__
	__m128i b, end;
	unsigned m;

	for (;; p += 16) {
		b = _mm_loadu_si128((const __m128i *)(const void *)p);
		end = _mm_or_si128(_mm_cmpeq_epi8(b, _mm_set1_epi8(',')), _mm_cmplt_epi8(b, _mm_set1_epi8('!')));
		end = _mm_or_si128(end, _mm_cmpgt_epi8(b, _mm_set1_epi8('Z')));
		/* of the letters a number has only e */
		end = _mm_andnot_si128(_mm_cmpeq_epi8(b, _mm_set1_epi8('e')), end);
		m = (unsigned)_mm_movemask_epi8(end);
		if (m != 0)
			return p + __builtin_ctz(m);
	}
#else
	while ((*p >= '0' && *p <= '9') || *p == '-' || *p == '+' || *p == '.' || (*p | 32) == 'e')
		p++;
	return p;
#endif
}

/* Behind the checked array or object at p. */
static const char *
nested_end(const char *p, uint8_t *spaced)
{
	unsigned depth = 0;
	uint8_t unused = 0;

	do {
		switch (*p) {
		case '{': case '[':
			depth++;
			break;
		case '}': case ']':
			depth--;
			break;
		case '"':
			p = string_end(p + 1, &unused);
			break;
		case ' ': case '\t': case '\n': case '\r':
			*spaced = 1;
			break;
		}
		p++;
	} while (depth > 0);
	return p;
}

/* The checked value at p: returns behind it. */
static inline const char *
value_end(const char *p, struct json_value *v)
{
	const char *begin = p;

	v->escaped = v->spaced = 0;
	switch (*p) {
	case '"':
		v->type = JSON_STRING;
		p = string_end(p + 1, &v->escaped) + 1;
		break;
	case 't':
		v->type = JSON_TRUE;
		p += 4;
		break;
	case 'f':
		v->type = JSON_FALSE;
		p += 5;
		break;
	case 'n':
		v->type = JSON_NULL;
		p += 4;
		break;
	case '{':
	case '[':
		v->type = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
		p = nested_end(p, &v->spaced);
		break;
	default:
		v->type = JSON_NUMBER;
		p = number_end(p);
		break;
	}
	v->raw = (struct slice){ begin, (size_t)(p - begin) };
	return p;
}

void
json_enter(struct json_walk *w, const struct json_value *v)
{
	/* between the brackets; of another value nothing */
	w->object = v->type == JSON_OBJECT;
	w->p = w->end = v->raw.p;
	if (v->type == JSON_OBJECT || v->type == JSON_ARRAY) {
		w->p = v->raw.p + 1;
		w->end = v->raw.p + v->raw.n - 1;
	}
}

/* Where an element would begin: a bracket there is the end of a walk that was entered by json_step_in(). */
static int
at_end(const struct json_walk *w)
{
	return w->p == w->end || *w->p == ']' || *w->p == '}';
}

/* p is behind a value: on to the next one. */
static void
go_on(struct json_walk *w, const char *p)
{
	p = blanks(p, w->end);
	w->p = p < w->end && *p == ',' ? p + 1 : p;
}

int
json_next(struct json_walk *w, struct json_member *m)
{
	const char *p = blanks(w->p, w->end), *q = NULL;

	m->name = (struct slice){ p, 0 };
	m->name_escaped = m->id = 0;
	w->p = p;
	if (at_end(w)) {
		m->v = (struct json_value){ 0 };
		return 0;
	}
	if (w->object) {
		m->name.p = p + 1;
		q = string_end(p + 1, &m->name_escaped);
		m->name.n = (size_t)(q - m->name.p);
		p = blanks(q + 1, w->end);	/* the colon */
		p = blanks(p + 1, w->end);
	}
	go_on(w, value_end(p, &m->v));
	return 1;
}

int
json_step_in(struct json_walk *w, struct json_walk *inner)
{
	w->p = blanks(w->p, w->end);
	if (at_end(w))
		return 0;
	if (*w->p != '{' && *w->p != '[')
		return -1;
	*inner = (struct json_walk){ .p = w->p + 1, .end = w->end, .object = *w->p == '{' };
	return 1;
}

void
json_step_out(struct json_walk *w, const struct json_walk *inner)
{
	go_on(w, inner->p + 1);
}

/* A pointer is its tokens, unescaped. */
struct json_token {
	struct slice text;
	uint32_t index;		/* as the number of an array's element */
	uint8_t is_index;
};

struct json_pointer {
	size_t n;
	struct json_token *token;
	char *text;
};

void
json_pointer_free(struct json_pointer *p)
{
	if (p == NULL)
		return;
	free(p->token);
	free(p->text);
	free(p);
}

struct json_pointer *
json_pointer_new(struct slice text)
{
	struct json_pointer *p = NULL;
	struct json_token *t = NULL;
	uint64_t index = 0;
	size_t i, n = 0;
	char *d = NULL;

	if (text.n > 0 && text.p[0] != '/')
		return NULL;
	for (i = 0; i < text.n; i++) {
		n += text.p[i] == '/';
		if (text.p[i] == '~' &&
		    (i + 1 == text.n || (text.p[i + 1] != '0' && text.p[i + 1] != '1')))
			return NULL;
	}
	p = mem_alloc(sizeof *p);
	p->token = mem_alloc(n * sizeof *p->token);
	p->text = d = mem_alloc(text.n);
	for (i = 0; i < text.n; ) {
		t = &p->token[p->n++];
		t->text.p = d;
		for (i++; i < text.n && text.p[i] != '/'; i++) {
			if (text.p[i] == '~')
				*d++ = text.p[++i] == '0' ? '~' : '/';
			else
				*d++ = text.p[i];
		}
		t->text.n = (size_t)(d - t->text.p);
		if (num_u64(t->text, &index) == 0 && index <= UINT32_MAX &&
		    (t->text.n == 1 || t->text.p[0] != '0')) {
			t->is_index = 1;
			t->index = (uint32_t)index;
		}
	}
	return p;
}

static int
find_from(const struct json_pointer *p, size_t i, struct json_value *v)
{
	const struct json_token *t = NULL;
	struct json_walk w;
	struct json_member m;
	uint32_t k;
	int found;

	for (; i < p->n; i++) {
		t = &p->token[i];
		if (v->type != JSON_OBJECT && (v->type != JSON_ARRAY || !t->is_index))
			return 0;
		json_enter(&w, v);
		found = 0;
		for (k = 0; !found && json_next(&w, &m); k++)
			found = w.object ? json_named(&m, t->text) : k == t->index;
		if (!found)
			return 0;
		*v = m.v;
	}
	return 1;
}

int
json_find_in(const struct json_pointer *p, const struct json_value *root, struct json_value *v)
{
	struct json_value at = *root;

	if (!find_from(p, 0, &at))
		return 0;
	*v = at;
	return 1;
}

int
json_find(const struct json_pointer *p, const struct json *j, struct json_value *v)
{
	const struct json_member *m = NULL;
	struct json_value at = { .raw = j->raw, .type = JSON_OBJECT, .spaced = j->spaced };

	if (p->n > 0) {
		m = json_get(j, p->token[0].text);
		if (m == NULL)
			return 0;
		at = m->v;
		if (!find_from(p, 1, &at))
			return 0;
	}
	*v = at;
	return 1;
}

static struct slice
text_of(struct slice s, int escaped, char *scratch)
{
	const char *p = s.p, *end = s.p + s.n, *q = NULL;
	char *d = scratch;

	if (!escaped)
		return s;
	while (p < end) {
		q = memchr(p, '\\', (size_t)(end - p));
		if (q == NULL)
			q = end;
		memcpy(d, p, (size_t)(q - p));
		d += q - p;
		p = q;
		if (p < end)
			d += json_unescape(&p, d);
	}
	return (struct slice){ scratch, (size_t)(d - scratch) };
}

struct slice
json_text(const struct json_value *v, char *scratch)
{
	return text_of((struct slice){ v->raw.p + 1, v->raw.n - 2 }, v->escaped, scratch);
}

struct slice
json_name(const struct json_member *m, char *scratch)
{
	return text_of(m->name, m->name_escaped, scratch);
}

char *
json_quote(char *dst, struct slice s)
{
	static const char hex[] = "0123456789abcdef";
	const char *p = s.p, *end = s.p + s.n;
	unsigned char c;
	char letter;

	*dst++ = '"';
	while (p < end) {
#ifdef __SSE2__
		if (end - p >= 16) {
			__m128i b = _mm_loadu_si128((const __m128i *)(const void *)p);
			__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(b, _mm_set1_epi8(0x1f)), b);
			unsigned m = (unsigned)_mm_movemask_epi8(_mm_or_si128(low,
			    _mm_or_si128(_mm_cmpeq_epi8(b, _mm_set1_epi8('"')),
			    _mm_cmpeq_epi8(b, _mm_set1_epi8('\\')))));
			unsigned n = m ? (unsigned)__builtin_ctz(m) : 16;

			_mm_storeu_si128((__m128i *)(void *)dst, b);
			dst += n;
			p += n;
			if (n == 16)
				continue;
		}
#endif
		c = (unsigned char)*p++;
		if (c >= 0x20 && c != '"' && c != '\\') {
			*dst++ = (char)c;
			continue;
		}
		letter = c == '\b' ? 'b' : c == '\f' ? 'f' : c == '\n' ? 'n' : c == '\r' ? 'r' :
		    c == '\t' ? 't' : c >= 0x20 ? (char)c : '\0';
		*dst++ = '\\';
		if (letter != '\0') {
			*dst++ = letter;
			continue;
		}
		memcpy(dst, "u00", 3);
		dst[3] = hex[c >> 4];
		dst[4] = hex[c & 15];
		dst += 5;
	}
	*dst++ = '"';
	return dst;
}

char *
json_compact(char *dst, const struct json_value *v)
{
	const char *p = v->raw.p, *end = v->raw.p + v->raw.n, *q = NULL;
	uint8_t unused = 0;

	if (!v->spaced) {
		memcpy(dst, p, v->raw.n);
		return dst + v->raw.n;
	}
	while (p < end) {
		if (*p == '"') {
			q = string_end(p + 1, &unused) + 1;
			memcpy(dst, p, (size_t)(q - p));
			dst += q - p;
			p = q;
		} else if (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') {
			p++;
		} else {
			*dst++ = *p++;
		}
	}
	return dst;
}

static struct slice
whole(const struct json_value *v)
{
	return v->type == JSON_NUMBER ? v->raw : (struct slice){ "", 0 };
}

int
json_i64(const struct json_value *v, int64_t *n)
{
	return num_i64(whole(v), n);
}

int
json_u64(const struct json_value *v, uint64_t *n)
{
	return num_u64(whole(v), n);
}
