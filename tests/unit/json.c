/*
 * The record scanner against tables made by hand, against a plain recursive
 * checker written from RFC 8259 (below), and against cJSON.
 *
 * cJSON is laxer than RFC 8259; it cannot be asked about the following, which
 * the tables and the checker cover (and test_lax() shows):
 *	text behind the value, any byte up to 0x20 as white space, a byte order
 *	mark, numbers as strtod() takes them (01, 1., .5e), control bytes in
 *	strings, ill-formed UTF-8, U+0000, names that are there twice, depth up
 *	to 1000.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rec/json.h"
#include "tap.h"

static struct json wide, portable;

/* For the names of tests. */
static const char *
show(const char *s, size_t n)
{
	static char out[512];
	char *p = out;

	for (; n > 0 && p < out + sizeof out - 5; s++, n--)
		p += (unsigned char)*s >= 0x20 && (unsigned char)*s < 0x7f ? sprintf(p, "%c", *s) :
		    sprintf(p, "<%02x>", (unsigned char)*s);
	*p = '\0';
	return out;
}

static uint64_t state;

static uint32_t
rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % n;
}

/* ---- a checker of its own: recursive, byte by byte ---- */

struct check {
	const unsigned char *s;
	size_t n, at;
	const char *code;
};

static int check_value(struct check *c, int depth);

static int
no(struct check *c, size_t at, const char *code)
{
	c->code = at >= c->n ? "json" : code;
	c->at = at >= c->n ? c->n : at;
	return 0;
}

static int
peek(const struct check *c, size_t at)
{
	return at < c->n ? c->s[at] : -1;
}

static int
in(int b, int lo, int hi)
{
	return b >= lo && b <= hi;
}

static void
check_blanks(struct check *c)
{
	while (c->at < c->n && strchr(" \t\r\n", c->s[c->at]) && c->s[c->at])
		c->at++;
}

static int
check_hex(struct check *c, size_t esc, unsigned *v)
{
	size_t i;
	int b;

	for (*v = 0, i = esc + 2; i < esc + 6; i++) {
		b = peek(c, i);
		if (b == -1)
			return no(c, c->n, "json");
		if (in(b, '0', '9'))
			*v = *v * 16 + (unsigned)b - '0';
		else if (in(b, 'a', 'f'))
			*v = *v * 16 + (unsigned)b - 'a' + 10;
		else if (in(b, 'A', 'F'))
			*v = *v * 16 + (unsigned)b - 'A' + 10;
		else
			return no(c, esc, "json");
	}
	return 1;
}

/* Unescaped into out (as long as the input at most). */
static int
check_string(struct check *c, unsigned char *out, size_t *out_n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned u, v;
	size_t i = c->at + 1, k, w;
	int b, d;

	*out_n = 0;
	for (;;) {
		b = peek(c, i);
		if (b == -1)
			return no(c, c->n, "json");
		if (b == '"') {
			c->at = i + 1;
			return 1;
		}
		if (b < 0x20)
			return no(c, i, "json");
		if (b == '\\') {
			d = peek(c, i + 1);
			if (d == -1)
				return no(c, c->n, "json");
			if (d != 'u') {
				if (d == 0 || strchr(from, d) == NULL)
					return no(c, i, "json");
				out[(*out_n)++] = (unsigned char)to[strchr(from, d) - from];
				i += 2;
				continue;
			}
			if (!check_hex(c, i, &u))
				return 0;
			if (u == 0 || in((int)u, 0xdc00, 0xdfff))
				return no(c, i, "utf8");
			w = 6;
			if (in((int)u, 0xd800, 0xdbff)) {
				for (k = 6; k < 8; k++) {
					if (peek(c, i + k) == -1)
						return no(c, c->n, "json");
					if (peek(c, i + k) != "\\u"[k - 6])
						return no(c, i, "utf8");
				}
				if (!check_hex(c, i + 6, &v))
					return 0;
				if (!in((int)v, 0xdc00, 0xdfff))
					return no(c, i, "utf8");
				u = 0x10000 + (u - 0xd800) * 0x400 + (v - 0xdc00);
				w = 12;
			}
			i += w;
			if (u < 0x80) {
				out[(*out_n)++] = (unsigned char)u;
			} else if (u < 0x800) {
				out[(*out_n)++] = (unsigned char)(0xc0 + u / 64);
				out[(*out_n)++] = (unsigned char)(0x80 + u % 64);
			} else {
				if (u < 0x10000) {
					out[(*out_n)++] = (unsigned char)(0xe0 + u / 4096);
				} else {
					out[(*out_n)++] = (unsigned char)(0xf0 + u / 262144);
					out[(*out_n)++] = (unsigned char)(0x80 + u / 4096 % 64);
				}
				out[(*out_n)++] = (unsigned char)(0x80 + u / 64 % 64);
				out[(*out_n)++] = (unsigned char)(0x80 + u % 64);
			}
			continue;
		}
		w = b < 0x80 ? 1 : in(b, 0xc2, 0xdf) ? 2 : in(b, 0xe0, 0xef) ? 3 :
		    in(b, 0xf0, 0xf4) ? 4 : 0;
		if (w == 0)
			return no(c, i, "utf8");
		out[(*out_n)++] = (unsigned char)b;
		for (k = 1; k < w; k++) {
			d = peek(c, i + k);
			if (d == -1)
				return no(c, c->n, "json");
			if (!in(d, k == 1 && b == 0xe0 ? 0xa0 : k == 1 && b == 0xf0 ? 0x90 : 0x80,
			    k == 1 && b == 0xed ? 0x9f : k == 1 && b == 0xf4 ? 0x8f : 0xbf))
				return no(c, i, "utf8");
			out[(*out_n)++] = (unsigned char)d;
		}
		i += w;
	}
}

static int
check_digits(struct check *c)
{
	if (!in(peek(c, c->at), '0', '9'))
		return no(c, c->at, "json");
	while (in(peek(c, c->at), '0', '9'))
		c->at++;
	return 1;
}

static int
check_number(struct check *c)
{
	if (peek(c, c->at) == '-')
		c->at++;
	if (peek(c, c->at) == '0' && in(peek(c, c->at + 1), '0', '9'))
		return no(c, c->at + 1, "json");
	if (!check_digits(c))
		return 0;
	if (peek(c, c->at) == '.') {
		c->at++;
		if (!check_digits(c))
			return 0;
	}
	if (peek(c, c->at) == 'e' || peek(c, c->at) == 'E') {
		c->at++;
		if (peek(c, c->at) == '+' || peek(c, c->at) == '-')
			c->at++;
		return check_digits(c);
	}
	return 1;
}

/* Arrays and objects, from the bracket on. */
static int
check_list(struct check *c, int depth)
{
	struct { unsigned char *p; size_t n; } *name = NULL;
	int object = c->s[c->at] == '{', close = object ? '}' : ']', good = 0;
	size_t n = 0, i, begin;

	if (depth > JSON_DEPTH)
		return no(c, c->at, "json");
	c->at++;
	check_blanks(c);
	if (peek(c, c->at) == close) {
		c->at++;
		return 1;
	}
	for (;;) {
		if (object) {
			if (peek(c, c->at) != '"') {
				no(c, c->at, "json");
				break;
			}
			name = realloc(name, (n + 1) * sizeof *name);
			name[n].p = malloc(c->n + 1);
			n++;
			begin = c->at;
			if (!check_string(c, name[n - 1].p, &name[n - 1].n))
				break;
			for (i = 0; i < n - 1; i++)
				if (name[i].n == name[n - 1].n &&
				    memcmp(name[i].p, name[n - 1].p, name[i].n) == 0)
					break;
			if (i < n - 1) {
				no(c, begin, "json");
				break;
			}
			check_blanks(c);
			if (peek(c, c->at) != ':') {
				no(c, c->at, "json");
				break;
			}
			c->at++;
			check_blanks(c);
		}
		if (!check_value(c, depth + 1))
			break;
		check_blanks(c);
		if (peek(c, c->at) == close) {
			c->at++;
			good = 1;
			break;
		}
		if (peek(c, c->at) != ',') {
			no(c, c->at, "json");
			break;
		}
		c->at++;
		check_blanks(c);
	}
	for (i = 0; i < n; i++)
		free(name[i].p);
	free(name);
	return good;
}

static int
check_value(struct check *c, int depth)
{
	static const char *const words[] = { "true", "false", "null" };
	unsigned char *text = NULL;
	size_t i, k, n;
	int good, b = peek(c, c->at);

	if (b == '{' || b == '[')
		return check_list(c, depth);
	if (b == '-' || in(b, '0', '9'))
		return check_number(c);
	if (b == '"') {
		text = malloc(c->n + 1);
		good = check_string(c, text, &n);
		free(text);
		return good;
	}
	for (i = 0; i < 3; i++)
		if (b == words[i][0]) {
			for (k = 0; words[i][k] != '\0'; k++, c->at++)
				if (peek(c, c->at) != words[i][k])
					return no(c, c->at, "json");
			return 1;
		}
	return no(c, c->at, "json");
}

static int
check_record(struct check *c, const char *s, size_t n)
{
	*c = (struct check){ .s = (const unsigned char *)s, .n = n };
	check_blanks(c);
	if (peek(c, c->at) != '{')
		return no(c, c->at, "json");
	if (!check_list(c, 1))
		return 0;
	check_blanks(c);
	return c->at == n ? 1 : no(c, c->at, "json");
}

/* ---- both scanners on a block of exactly n + JSON_PAD bytes ---- */

/* What lies behind the input must not matter. */
static const char *const pads[] = { "\"", "}", " ", "9", ",\"a\":1", "\\u0041", "\xd0\xb0", "\xbf",
    "\":0}", "x", "]", "e9", "{\"a\":[", "", "rue,", "\xff" };

static struct slice
place(const char *s, size_t n, const char *pad)
{
	char *p = malloc(n + JSON_PAD);
	size_t i, k = strlen(pad);

	if (n > 0)
		memcpy(p, s, n);
	for (i = 0; i < JSON_PAD; i++)
		p[n + i] = k ? pad[i % k] : '\0';
	return (struct slice){ p, n };
}

static int
same_slice(struct slice a, struct slice b)
{
	return a.p == b.p && a.n == b.n;
}

static int
same_answer(const struct json *a, int ra, const struct json *b, int rb)
{
	const struct json_member *x = NULL, *y = NULL;
	size_t i;

	if (ra != rb || a->n != b->n || a->at != b->at || a->spaced != b->spaced ||
	    a->fault != b->fault || !same_slice(a->raw, b->raw) ||
	    (a->code != b->code && strcmp(a->code, b->code) != 0))
		return 0;
	for (i = 0; i < a->n; i++) {
		x = &a->member[i];
		y = &b->member[i];
		if (!same_slice(x->name, y->name) || !same_slice(x->v.raw, y->v.raw) ||
		    x->v.type != y->v.type || x->v.escaped != y->v.escaped ||
		    x->v.spaced != y->v.spaced || x->name_escaped != y->name_escaped)
			return 0;
	}
	return 1;
}

/* Both scanners and the checker say the same of s, whatever lies behind it. */
static int
agree(const char *s, size_t n, size_t pad_n)
{
	struct check c;
	struct slice t;
	size_t i;
	int want = check_record(&c, s, n) ? 0 : -1, r, rp, good = 1;
	static int told;

	for (i = 0; i < pad_n && good; i++) {
		t = place(s, n, pads[i]);
		r = json_scan(&wide, t);
		rp = json_scan_portable(&portable, t);
		good = same_answer(&wide, r, &portable, rp) && r == want &&
		    (r == 0 || (wide.at == c.at && strcmp(wide.code, c.code) == 0 && wide.n == 0));
		if (!good && told++ < 20)
			printf("# pad %zu, wide %d %s %s %zu, portable %d %s %s %zu, want %d %s %zu: %s\n",
			    i, r, wide.code ? wide.code : "", wide.fault ? wide.fault : "", wide.at, rp,
			    portable.code ? portable.code : "", portable.fault ? portable.fault : "",
			    portable.at, want, c.code ? c.code : "", c.at, show(s, n));
		free((char *)(uintptr_t)t.p);
	}
	return good;
}

/* As place(); what the one before gave is freed. */
static struct slice
place_again(const char *s, size_t n, const char *pad)
{
	static char *last;

	free(last);
	last = (char *)(uintptr_t)place(s, n, pad).p;
	return (struct slice){ last, n };
}

#define ALL_PADS (sizeof pads / sizeof *pads)

/* ---- cJSON as the oracle of what was read ---- */

static int
same_value(const struct json_value *v, const cJSON *c)
{
	char *scratch = malloc(v->raw.n + 1), *end = NULL;
	struct json_walk w;
	struct json_member m;
	struct slice t;
	const cJSON *k = NULL;
	int good = 0;

	switch (v->type) {
	case JSON_NULL: good = cJSON_IsNull(c); break;
	case JSON_TRUE: good = cJSON_IsTrue(c); break;
	case JSON_FALSE: good = cJSON_IsFalse(c); break;
	case JSON_NUMBER:
		memcpy(scratch, v->raw.p, v->raw.n);
		scratch[v->raw.n] = '\0';
		good = cJSON_IsNumber(c) && strtod(scratch, &end) == c->valuedouble && *end == '\0';
		break;
	case JSON_STRING:
		t = json_text(v, scratch);
		good = cJSON_IsString(c) && slice_eq(t, slice_of(c->valuestring)) &&
		    v->escaped == (memchr(v->raw.p, '\\', v->raw.n) != NULL);
		break;
	default:
		good = v->type == JSON_ARRAY ? cJSON_IsArray(c) : cJSON_IsObject(c);
		json_enter(&w, v);
		for (k = c->child; good && k != NULL; k = k->next) {
			good = json_next(&w, &m) == 1 && same_value(&m.v, k);
			if (good && v->type == JSON_OBJECT)
				good = slice_eq(json_name(&m, scratch), slice_of(k->string)) &&
				    json_named(&m, slice_of(k->string));
			if (good && v->type == JSON_ARRAY)
				good = m.name.n == 0;
		}
		good = good && json_next(&w, &m) == 0 && json_next(&w, &m) == 0;
	}
	free(scratch);
	return good;
}

/* j, scanned from a record, holds what cJSON reads in it. */
static int
same_as_cjson(const struct json *j, struct slice s)
{
	cJSON *c = cJSON_ParseWithLength(s.p, s.n), *k = NULL;
	struct json_value v = { .raw = j->raw, .type = JSON_OBJECT };
	char *scratch = malloc(s.n + 1);
	size_t i = 0;
	int good = c != NULL && same_value(&v, c);

	for (k = c ? c->child : NULL; good && k != NULL; k = k->next, i++)
		good = i < j->n && same_value(&j->member[i].v, k) &&
		    slice_eq(json_name(&j->member[i], scratch), slice_of(k->string));
	good = good && i == j->n;
	free(scratch);
	cJSON_Delete(c);
	return good;
}

/* ---- tables ---- */

static void
test_accepted(void)
{
	static const struct {
		const char *text;
		int n, spaced;
	} t[] = {
		{ "{}", 0, 0 }, { " {} ", 0, 0 }, { "{ }", 0, 1 }, { "\t\r\n{\t\r\n}\t\r\n", 0, 1 },
		{ "{\"a\":1}", 1, 0 }, { "{\"a\":1}\r", 1, 0 }, { "{\"a\" :1}", 1, 1 },
		{ "{\"a\": 1}", 1, 1 }, { "{\"a\":1 }", 1, 1 }, { "{ \"a\":1}", 1, 1 },
		{ "{\"a\":1, \"b\":2}", 2, 1 }, { "{\"a\":1 ,\"b\":2}", 2, 1 },
		{ "{\"a\":[ ]}", 1, 1 }, { "{\"a\":{ }}", 1, 1 }, { "{\"a\":[1, 2]}", 1, 1 },
		{ "{\"a\":[1 ]}", 1, 1 }, { "{\"a\":{\"b\": 1}}", 1, 1 }, { "{\"a\":{\"b\" :1}}", 1, 1 },
		{ "{\"a\":\" b \"}", 1, 0 }, { "{\" a \":[\" \"]}", 1, 0 },
		{ "{\"\":0}", 1, 0 }, { "{\"a\":-0}", 1, 0 }, { "{\"a\":0.0}", 1, 0 },
		{ "{\"a\":-1.5e+10,\"b\":1E5,\"c\":1e-5,\"d\":0e0}", 4, 0 },
		{ "{\"a\":123456789012345678901234567890123456789012345678901234567890}", 1, 0 },
		{ "{\"a\":0.123456789012345678901234567890}", 1, 0 },
		{ "{\"a\":123456789012345}", 1, 0 }, { "{\"a\":1234567890123456}", 1, 0 },
		{ "{\"a\":12345678901234567}", 1, 0 }, { "{\"a\":12345678901234.5}", 1, 0 },
		{ "{\"a\":123456789012345.5}", 1, 0 }, { "{\"a\":-12345678901234567890e5}", 1, 0 },
		{ "{\"a\":true,\"b\":false,\"c\":null}", 3, 0 },
		{ "{\"a\":[true,false,null,[],{},\"\",0]}", 1, 0 },
		{ "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"}", 1, 0 },
		{ "{\"a\":\"\x7f\"}", 1, 0 }, { "{\"a\":\"\xf4\x8f\xbf\xbf\xf0\x90\x80\x80\"}", 1, 0 },
		{ "{\"a\":\"\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xe0\xa0\x80\xc2\x80\"}", 1, 0 },
		{ "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}", 2, 0 },
		{ "{\"a\":1,\"A\":2,\"\\u0061a\":3}", 3, 0 },
	};
	size_t i;
	int good;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		good = agree(t[i].text, strlen(t[i].text), ALL_PADS) && wide.fault == NULL &&
		    wide.n == (size_t)t[i].n && wide.spaced == t[i].spaced;
		ok(good, "accepted: %s", show(t[i].text, strlen(t[i].text)));
	}
}

static void
test_refused(void)
{
	static const struct {
		const char *text;
		size_t n;
		const char *code;
		size_t at;
	} t[] = {
#define R(text, code, at) { text, sizeof text - 1, code, at }
		R("", "json", 0), R("  ", "json", 2), R("[]", "json", 0), R("1", "json", 0),
		R("\"a\"", "json", 0), R("null", "json", 0), R("\xef\xbb\xbf{}", "json", 0),
		R("{}{}", "json", 2), R("{} {}", "json", 3), R("{}x", "json", 2), R("{},", "json", 2),
		R("{}\0", "json", 2), R("{", "json", 1), R("}", "json", 0), R("{\"a\"}", "json", 4),
		R("{\"a\":}", "json", 5), R("{\"a\":1,}", "json", 7), R("{,}", "json", 1),
		R("{\"a\":1 \"b\":2}", "json", 7), R("{\"a\":1:2}", "json", 6), R("{a:1}", "json", 1),
		R("{'a':1}", "json", 1), R("{1:1}", "json", 1), R("{\"a\",1}", "json", 4),
		R("{\"a\":[1,]}", "json", 8), R("{\"a\":[,1]}", "json", 6), R("{\"a\":[1 2]}", "json", 8),
		R("{\"a\":[1}}", "json", 7), R("{\"a\":{\"b\":1]}", "json", 11), R("{\"a\":]}", "json", 5),
		R("{\"a\":{\"b\"}}", "json", 9), R("{\"a\":{1}}", "json", 6), R("{\"a\":{,}}", "json", 6),
		/* numbers */
		R("{\"a\":01}", "json", 6), R("{\"a\":-01}", "json", 7), R("{\"a\":00}", "json", 6),
		R("{\"a\":+1}", "json", 5), R("{\"a\":.5}", "json", 5), R("{\"a\":1.}", "json", 7),
		R("{\"a\":1.e1}", "json", 7), R("{\"a\":1e}", "json", 7), R("{\"a\":1e+}", "json", 8),
		R("{\"a\":-}", "json", 6), R("{\"a\":--1}", "json", 6), R("{\"a\":1.2.3}", "json", 8),
		R("{\"a\":0x10}", "json", 6), R("{\"a\":1f}", "json", 6), R("{\"a\":NaN}", "json", 5),
		R("{\"a\":Infinity}", "json", 5), R("{\"a\":-Infinity}", "json", 6),
		R("{\"a\":1_000}", "json", 6), R("{\"a\":1e1.5}", "json", 8), R("{\"a\":12345678901234567.}", "json", 23),
		R("{\"a\":012345678901234567}", "json", 6),
		/* words */
		R("{\"a\":tru}", "json", 8), R("{\"a\":True}", "json", 5), R("{\"a\":truee}", "json", 9),
		R("{\"a\":nul\0}", "json", 8), R("{\"a\":fals }", "json", 9), R("{\"a\":nil}", "json", 6),
		R("{\"a\":undefined}", "json", 5),
		/* white space that is none */
		R("{\"a\":\v1}", "json", 5), R("{\"a\":1\f}", "json", 6), R("{\xc2\xa0}", "json", 1),
		R("{\"a\":1\0}", "json", 6), R("{\"a\":[\x01]}", "json", 6),
		/* strings */
		R("{\"a\":\"\t\"}", "json", 6), R("{\"a\":\"x\ny\"}", "json", 7), R("{\"a\":\"\0\"}", "json", 6),
		R("{\"a\":\"\x1f\"}", "json", 6), R("{\"a\tb\":1}", "json", 3),
		R("{\"a\":\"0123456789abcdef0123456789abcdef0123456789\x01\"}", "json", 48),
		R("{\"a\":\"\xd0\xb0\x01\"}", "json", 8), R("{\"a\":\"\\x\"}", "json", 6),
		R("{\"a\":\"\\U0041\"}", "json", 6), R("{\"a\":\"\\u004\"}", "json", 6),
		R("{\"a\":\"\\u00g0\"}", "json", 6), R("{\"a\":\"\\u-001\"}", "json", 6),
		R("{\"a\":\"\\\0\"}", "json", 6), R("{\"a\":\"xx\\ud800\\u00zz\"}", "json", 14),
		R("{\"a\":'b'}", "json", 5),
		/* utf8 */
		R("{\"a\":\"\\u0000\"}", "utf8", 6), R("{\"a\":\"xy\\ud800\"}", "utf8", 8),
		R("{\"a\":\"\\udc00\"}", "utf8", 6), R("{\"a\":\"\\ud800\\n\"}", "utf8", 6),
		R("{\"a\":\"\\ud800\\ud800\"}", "utf8", 6), R("{\"a\":\"\\ud800\\u0041\"}", "utf8", 6),
		R("{\"a\":\"\\uDBFFx\"}", "utf8", 6), R("{\"\\u0000\":1}", "utf8", 2),
		R("{\"a\":\"\x80\"}", "utf8", 6), R("{\"a\":\"\xbf\"}", "utf8", 6),
		R("{\"a\":\"\xc0\x80\"}", "utf8", 6), R("{\"a\":\"\xc1\xbf\"}", "utf8", 6),
		R("{\"a\":\"\xc2\"}", "utf8", 6), R("{\"a\":\"\xe0\x9f\xbf\"}", "utf8", 6),
		R("{\"a\":\"\xed\xa0\x80\"}", "utf8", 6), R("{\"a\":\"\xe2\x82\"}", "utf8", 6),
		R("{\"a\":\"\xf0\x8f\xbf\xbf\"}", "utf8", 6), R("{\"a\":\"\xf4\x90\x80\x80\"}", "utf8", 6),
		R("{\"a\":\"\xf5\x80\x80\x80\"}", "utf8", 6), R("{\"a\":\"\xff\"}", "utf8", 6),
		R("{\"a\":\"\xfe\"}", "utf8", 6), R("{\"a\":\"\xf8\x88\x80\x80\x80\"}", "utf8", 6),
		R("{\"a\":\"\xd0\xb0\xb0\"}", "utf8", 8), R("{\"a\":\"\xd0\xd0\xb0\"}", "utf8", 6),
		R("{\"\xd0\":1}", "utf8", 2), R("{\"a\":\"caf\xe9\"}", "utf8", 9),
		R("{\"a\":\"0123456789abcde\xed\xa0\x80\"}", "utf8", 21),
		R("{\"a\":\"0123456789abcde\xe0\x80\x80\"}", "utf8", 21),
		R("{\"a\":\"\xd0 \t", "utf8", 6), R("{\"a\":\"}\xd0 \r\n", "utf8", 7),
		R("{\"a\":\"\xe2\x82} ", "utf8", 6),
		/* names that are there twice */
		R("{\"a\":1,\"a\":2}", "json", 7), R("{\"a\":1,\"b\":2,\"a\":3}", "json", 13),
		R("{\"a\":1,\"\\u0061\":2}", "json", 7), R("{\"\\u0061\":1,\"a\":2}", "json", 12),
		R("{\"\":1,\"\":2}", "json", 6), R("{\"\xd0\xb0\":1,\"\\u0430\":2}", "json", 8),
		R("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\uDE00\":2}", "json", 10),
		R("{\"a\\\"b\":1,\"a\\u0022b\":2}", "json", 10), R("{\"a\\/b\":1,\"a/b\":2}", "json", 10),
		R("{\"\\n\":1,\"\\u000a\":2}", "json", 8), R("{\"\\\\\":1,\"\\u005C\":2}", "json", 8),
		R("{\"x\":{\"a\":1,\"a\":2}}", "json", 12), R("{\"x\":[{\"a\":1,\"a\":2}]}", "json", 13),
		R("{\"x\":[{\"a\":1},{\"a\":{\"a\":3},\"a\":2}]}", "json", 27),
		R("{\"a\":{\"a\":{\"a\":1}},\"a\":2}", "json", 19), R("{\"a\":1,\"b\":{\"a\":1},\"a\":2}", "json", 19),
		R("{\"a\":1,\"a\"x2}", "json", 7),
		R("{\"0123456789012345678901234567890123456789\":1,\"0123456789012345678901234567890123456789\":2}", "json", 46),
		R("{\"012345678901234567890123456789012345678\\u0039\":1,\"0123456789012345678901234567890123456789\":2}", "json", 51),
		/* the first fault counts */
		R("{\"a\":\"\x01\xff\"}", "json", 6), R("{\"a\":\"\xff\x01\"}", "utf8", 6),
		R("{\"a\":01,\"a\":1}", "json", 6),
#undef R
	};
	size_t i;
	int good;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		good = agree(t[i].text, t[i].n, ALL_PADS) && wide.fault != NULL && wide.at == t[i].at;
		good = good && strcmp(wide.code, t[i].code) == 0;
		ok(good, "refused, %s at %zu: %s", t[i].code, t[i].at, show(t[i].text, t[i].n));
		/* the same behind a longer member, so that blocks lie otherwise */
		if (i >= 11 && t[i].text[0] == '{' && t[i].n > 4 && t[i].text[1] == '"') {
			char more[256];
			int k = snprintf(more, sizeof more, "{\"%s\":\"%.*s\",", "zz",
			    (int)(i % 40), "the quick brown fox jumps over the lazy dog");

			memcpy(more + k, t[i].text + 1, t[i].n - 1);
			ok(agree(more, (size_t)k + t[i].n - 1, ALL_PADS) &&
			    wide.at == t[i].at + (size_t)k - 1, "refused behind another member: %zu", i);
		}
	}
}

static void
test_lax(void)
{
	static const char *const t[] = { "{}x", "{\"a\":\v1}", "\xef\xbb\xbf{}", "{\"a\":01}", "{\"a\":1.}",
	    "{\"a\":\"\t\"}", "{\"a\":\"\xff\"}", "{\"a\":1,\"a\":2}" };
	cJSON *c = NULL;
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		c = cJSON_Parse(t[i]);
		ok(c != NULL && agree(t[i], strlen(t[i]), 1) && wide.fault != NULL,
		    "cJSON takes it, we do not: %s", show(t[i], strlen(t[i])));
		cJSON_Delete(c);
	}
}

static void
test_depth(void)
{
	char s[400], *p = NULL;
	int kind, depth, i;

	for (kind = 0; kind < 3; kind++)
		for (depth = 30; depth <= 40; depth++) {
			p = s;
			p += sprintf(p, "{\"x\":");
			for (i = 1; i < depth; i++)
				p += sprintf(p, "%s", kind == 0 || (kind == 2 && i % 2) ? "[" : "{\"x\":");
			*p++ = '1';
			for (i = depth - 1; i > 0; i--)
				*p++ = kind == 0 || (kind == 2 && i % 2) ? ']' : '}';
			*p++ = '}';
			ok(agree(s, (size_t)(p - s), ALL_PADS) && (wide.fault == NULL) == (depth <= 32),
			    "depth %d %s", depth, depth <= 32 ? "accepted" : "refused");
		}
}

/* ---- records ---- */

static const char *const records[] = {
	"{\"event_id\":\"01HZ8Q3T6C9M4\",\"shipment_id\":\"S-00012345\",\"tracking_number\":\"10248457\","
	"\"carrier_code\":\"cdek\",\"integration\":\"cdek-webhook\",\"event_time\":\"2024-06-03T10:00:00+03:00\","
	"\"received_at\":\"2024-06-03T07:00:12.345Z\",\"raw_code\":\"RECEIVED_AT_SHIPMENT_WAREHOUSE\","
	"\"raw_text\":\"Принят на склад\",\"facility_id\":\"MSK12\",\"region_code\":\"RU-MOW\","
	"\"city\":\"Москва\",\"lat\":55.75,\"lon\":-37.61,\"damaged\":false,\"pieces\":1}",
	"{\"_src\":[\"tracking.events\",3,1234567890,1717398012345,0],\"version\":15579186333312,"
	"\"extra\":{\"a\":[],\"b\":{},\"c\":[1,-2.5e3,[null]],\"d\":{\"a\":true}},\"edd\":null}",
	"{ \"name\" : \"\\u041f\\u0440 \\ud83d\\ude00 \\\"x\\\"\\\\\", \"b\\u0062\" : [ 1 , 2 ] , "
	"\"text\": \"日本語テキスト — naïve “q” 😀😀 zażółć gęślą jaźń\\n\" }",
	"{\"n\":{},\"a0\":1,\"a1\":1,\"a2\":1,\"a3\":1,\"a4\":1,\"a5\":1,\"a6\":1,\"a7\":1,\"a8\":1,\"a9\":1,\"b0\":1,\"b1\":1,"
	"\"b2\":1,\"b3\":1,\"b4\":1,\"b5\":1,\"b6\":1,\"b7\":1,\"b8\":1,\"b9\":1,\"c0\":1,\"c1\":1,\"c2\":1,\"c3\":1}",
};
#define RECORDS (sizeof records / sizeof *records)

static void
test_truncated(void)
{
	size_t i, n, bad;

	for (i = 0; i < RECORDS; i++) {
		for (bad = 0, n = 0; n < strlen(records[i]); n++)
			bad += !agree(records[i], n, ALL_PADS) || wide.at != n ||
			    strcmp(wide.code, "json") != 0;
		is_int(bad, 0, "every truncation of a record ends too early");
		/* the rest of it, all names of which are known, does not lead the scanner on */
		bad = json_scan(&wide, place_again(records[i], strlen(records[i]), "")) != 0;
		for (n = 0; n < strlen(records[i]); n++)
			bad += json_scan(&wide, place_again(records[i], n, records[i] + n)) != -1 ||
			    wide.at != n;
		is_int(bad, 0, "and that before its rest too");
	}
}

/* Sequences, good and ill-formed, at every place in a block, and before the end of the input. */
static void
test_utf8(void)
{
	static const char *const t[] = { "\xd0\xb0", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe2\x80\x94",
	    "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xf1\x80\x80\x80",
	    "\xc0\x80", "\xc1\xbf", "\x80", "\xbf", "\xd0", "\xd0\xd0\xb0", "\xd0\xb0\xb0", "\xe0\x9f\xbf",
	    "\xe0\x80\x80", "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x80", "\xe2", "\xe2\x80\xe2\x80\x94",
	    "\xf0\x8f\xbf\xbf", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x90\x80",
	    "\xf8\x88\x80\x80\x80", "\xff", "\xe2\x80\x94\x80", "\x01", "\x1f", "\\n", "\\\"", "\\\\", "\x7f" };
	static const char *const ends[] = { "\"}", "\xd0\xb0\"}", "z\"}", "", " \t", "}", "} \r\n", "\"} \r" };
	char s[512], *p = NULL;
	size_t i, k, n, m, bad, all = 0;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		for (bad = 0, n = 0; n < 140; n++)
			for (m = 0; m < 2; m++)
				for (k = 0; k < sizeof ends / sizeof *ends; k++) {
					p = stpcpy(s, "{\"a\":\"");
					memset(p, 'x', n);
					p += n;
					if (m == 1 && n % 2 == 0)	/* behind letters of two bytes */
						for (; p > s + 8; p -= 2)
							memcpy(p - 2, "\xd0\xb0", 2);
					p = stpcpy(stpcpy(s + 6 + n, t[i]), ends[k]);
					bad += !agree(s, (size_t)(p - s), 3);
					all++;
				}
		ok(bad == 0, "at every place: %s", show(t[i], strlen(t[i])));
	}
	ok(all > 50000, "%zu records", all);

	/* good text with a byte or two changed */
	state = 4242;
	for (bad = all = 0, i = 0; i < 40000; i++) {
		static const char odd[] = "x\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xd0\xdf\xe0\xe2\xed\xef\xf0\xf1\xf4\xf5";

		p = stpcpy(s, "{\"a\":\"");
		for (n = 20 + rnd(60); n > 0; n--)
			p = stpcpy(p, rnd(3) ? t[rnd(3)] : t[rnd(10)]);
		n = (size_t)(p - s);
		for (k = rnd(3); k > 0; k--)
			s[6 + rnd((uint32_t)n - 6)] = odd[rnd(sizeof odd - 1)];
		p = stpcpy(p, ends[rnd(3)]);
		bad += !agree(s, (size_t)(p - s), 1);
		all += wide.fault == NULL;
	}
	is_int(bad, 0, "text with some bytes changed");
	ok(all > 10000 && all < 30000, "%zu of it accepted", all);
}

static void
test_flipped(void)
{
	char s[1024];
	size_t i, k, n, bad, taken, unlike;
	int b;

	for (i = 0; i < RECORDS; i++) {
		n = strlen(records[i]);
		bad = taken = unlike = 0;
		for (k = 0; k < n; k++)
			for (b = 0; b < 256; b++) {
				struct slice t;

				memcpy(s, records[i], n);
				s[k] = (char)b;
				bad += !agree(s, n, 1);
				if (wide.fault != NULL)
					continue;
				taken++;
				t = place(s, n, "");
				unlike += json_scan(&wide, t) != 0 || !same_as_cjson(&wide, t);
				free((char *)(uintptr_t)t.p);
			}
		is_int(bad, 0, "every byte of a record as every byte: all agree");
		ok(taken > n && unlike == 0, "and %zu are accepted, by cJSON too (%zu unlike)", taken, unlike);
	}
}

/* ---- random documents ---- */

static int blank_share;

static char *
some_blanks(char *p)
{
	while (blank_share && rnd(4) == 0)
		*p++ = " \t\r\n"[rnd(4)];
	return p;
}

static char *
some_text(char *p)
{
	static const char *const part[] = { "a", "Z", "9", " ", "/", "\\\"", "\\\\", "\\n", "\\u0431",
	    "\\u20ac", "\\ud83d\\ude00", "\\/", "ж", "Я", "é", "€", "—", "日", "😀", "\xed\x9f\xbf",
	    "\xf4\x8f\xbf\xbf", "\xef\xbf\xbf", "warehouse", "склад", "0123456789abcdef" };
	uint32_t kind = rnd(4), n = rnd(rnd(8) == 0 ? 60 : 12);

	for (; n > 0; n--)
		p = stpcpy(p, part[kind == 0 ? rnd(4) : kind == 1 ? 12 + rnd(2) : rnd(25)]);
	return p;
}

static char *
some_value(char *p, int depth)
{
	static const char *const plain[] = { "true", "false", "null", "0", "-0", "1", "-12", "3.25",
	    "1e5", "-2.5E-3", "1234567890123456789", "123456789012345678901234567890", "55.75",
	    "0.000001", "17173980123456.5", "{}", "[]" };
	uint32_t kind = depth >= 6 ? rnd(4) : rnd(6), n = rnd(5), i;

	if (kind < 2)
		return stpcpy(p, plain[rnd(sizeof plain / sizeof *plain)]);
	if (kind < 4) {
		*p++ = '"';
		p = some_text(p);
		*p++ = '"';
		return p;
	}
	if (depth == 1)
		kind = 5;
	if (depth == 1)
		n = rnd(12);
	*p++ = kind == 4 ? '[' : '{';
	p = some_blanks(p);
	for (i = 0; i < n; i++) {
		if (i > 0)
			p = some_blanks(stpcpy(some_blanks(p), ","));
		if (kind == 5) {
			if (rnd(3) == 0)
				p += sprintf(p, "\"%c", 'a' + (char)i);	/* unlike by the first letter */
			else
				p += sprintf(p, "\"%c%s", 'a' + (char)i, "name");
			if (rnd(6) == 0)
				p = some_text(p);
			p = stpcpy(some_blanks(stpcpy(p, "\"")), ":");
			p = some_blanks(p);
		}
		p = some_value(p, depth + 1);
	}
	p = some_blanks(p);
	*p++ = kind == 4 ? ']' : '}';
	return p;
}

static size_t
some_record(char *s)
{
	char *p = s;

	blank_share = rnd(3) == 0;
	do
		p = some_value(s, 1);
	while (*s != '{');
	return (size_t)(p - s);
}

#define SPACE ((size_t)1 << 20)

static void
test_random(void)
{
	char *s = malloc(SPACE), *d = malloc(SPACE), *e = NULL;
	size_t n, i, bad = 0, unlike = 0, mutants = 0, uncompact = 0, k;
	struct json_value v;
	struct slice t;
	cJSON *a = NULL, *b = NULL;

	state = 88172645463325252;
	for (i = 0; i < 4000; i++) {
		n = some_record(s);
		t = place(s, n, pads[i % ALL_PADS]);
		bad += !agree(s, n, 1) || json_scan(&wide, t) != 0;
		unlike += !same_as_cjson(&wide, t);
		/* compact: no blank outside strings, the same content */
		v = (struct json_value){ .raw = wide.raw, .type = JSON_OBJECT, .spaced = wide.spaced };
		e = json_compact(d, &v);
		a = cJSON_ParseWithLength(s, n);
		b = cJSON_ParseWithLength(d, (size_t)(e - d));
		uncompact += !cJSON_Compare(a, b, 1) || (size_t)(e - d) > n ||
		    (!wide.spaced && (size_t)(e - d) != n) || (wide.spaced && (size_t)(e - d) >= n);
		cJSON_Delete(a);
		cJSON_Delete(b);
		free((char *)(uintptr_t)t.p);
		t = place(d, (size_t)(e - d), "");
		uncompact += json_scan(&wide, t) != 0 || wide.spaced;
		free((char *)(uintptr_t)t.p);
		/* a few bytes changed */
		for (k = rnd(3) + 1; k > 0; k--)
			s[rnd((uint32_t)n)] = (char)(rnd(2) ? "\"\\{}[],:0e.-\xd0\xb0\xe2 u"[rnd(18)] : (int)rnd(256));
		mutants += !agree(s, n, 2);
	}
	is_int(bad, 0, "random records are accepted");
	is_int(unlike, 0, "and hold what cJSON reads in them");
	is_int(uncompact, 0, "json_compact leaves no blank and all else");
	is_int(mutants, 0, "changed random records: all agree");
	free(s);
	free(d);
}

/* Names from a small set in any order: each record decides anew what is there twice. */
static void
test_names(void)
{
	char s[8192], *p = NULL;
	size_t i, k, n, bad = 0, dups = 0;

	state = 1234567;
	for (i = 0; i < 20000; i++) {
		p = stpcpy(s, "{");
		n = rnd(9);
		for (k = 0; k < n; k++) {
			if (k > 0)
				*p++ = ',';
			if (rnd(30) == 0)
				p += sprintf(p, "\"\\u006e%u\":", rnd(24));
			else if (rnd(20) == 0)
				p += sprintf(p, "\"a name that is too long to be known %u\":", rnd(9));
			else
				p += sprintf(p, "\"n%u\":", rnd(10) ? (unsigned)k * 3 + rnd(3) : rnd(2000));
			p = rnd(4) ? stpcpy(p, "1") : p + sprintf(p, "{\"n%u\":[{\"n%u\":1}],\"n%u\":2}",
			    rnd(3), rnd(2), rnd(30));
		}
		p = stpcpy(p, "}");
		bad += !agree(s, (size_t)(p - s), 1);
		dups += wide.fault != NULL;
	}
	is_int(bad, 0, "names in any order");
	ok(dups > 100 && dups < 10000, "%zu of them with a name twice", dups);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
test_large(void)
{
	char *s = malloc(2 * SPACE), *p = NULL;
	struct slice t;
	size_t i, n = 90000, at;
	double begin;
	int r, rp;

	p = stpcpy(s, "{\"a\":\"");
	for (i = 0; i < SPACE - 10; i++)
		*p++ = (char)('a' + i % 26);
	p = stpcpy(p, "\"}");
	t = place(s, (size_t)(p - s), "\"");
	r = json_scan(&wide, t);
	rp = json_scan_portable(&portable, t);
	ok(r == 0 && same_answer(&wide, r, &portable, rp) && wide.member[0].v.raw.n == SPACE - 8,
	    "a string of 1 MiB");
	free((char *)(uintptr_t)t.p);

	begin = seconds();
	for (p = s, i = 0; i < n; i++)
		p += sprintf(p, "%c\"%zx\":1", i ? ',' : '{', i);
	t = place(s, (size_t)(stpcpy(p, "}") - s), "}");
	r = json_scan(&wide, t);
	rp = json_scan_portable(&portable, t);
	ok(r == 0 && same_answer(&wide, r, &portable, rp) && wide.n == n, "%zu members", n);
	free((char *)(uintptr_t)t.p);

	at = (size_t)(p - s) + 1;
	p = stpcpy(p, ",\"\\u0030\":1}");
	t = place(s, (size_t)(p - s), "}");
	r = json_scan(&wide, t);
	rp = json_scan_portable(&portable, t);
	ok(r == -1 && same_answer(&wide, r, &portable, rp) && wide.at == at, "the first of them again");
	free((char *)(uintptr_t)t.p);
	ok(seconds() - begin < 5, "in no quadratic time");

	for (p = stpcpy(s, "{\"a\":["), i = 0; i < n; i++)
		p += sprintf(p, "%s{\"%zx\":1}", i ? "," : "", i);
	t = place(s, (size_t)(stpcpy(p, "]}") - s), "}");
	r = json_scan(&wide, t);
	rp = json_scan_portable(&portable, t);
	ok(r == 0 && same_answer(&wide, r, &portable, rp), "%zu objects with names of their own", n);
	free((char *)(uintptr_t)t.p);
	begin = seconds();
	for (p = stpcpy(s, "{\"a\":["), i = 0; i < n; i++)
		p = stpcpy(p, i ? ",{\"\\n\":1}" : "{\"\\n\":1}");
	t = place_again(s, (size_t)(stpcpy(p, "]}") - s), "}");
	ok(json_scan(&wide, t) == 0 && seconds() - begin < 2, "%zu objects with a name that never is known", n);
	for (i = 0; i < RECORDS; i++)
		ok(agree(records[i], strlen(records[i]), 1), "a usual record after that");
	free(s);
}

/* ---- what is done with a record ---- */

static void
test_pick(void)
{
	static const char *const want[] = { "a", "city", "ключ", "q\"q", "absent",
	    "a name that is too long to be known to the scanner" };
	static const char *const text[] = {
		"{\"a\":1,\"x\":2,\"city\":3,\"y\":4}", "{\"city\":3,\"a\":1}", "{\"\\u0061\":1,\"c\\u0069ty\":3}",
		"{\"ключ\":1,\"q\\\"q\":2,\"z\":0}", "{\"\\u043aлюч\":1,\"q\\u0022q\":2}", "{}",
		"{\"a name that is too long to be known to the scanner\":1,\"a\":2}",
		"{\"a n\\u0061me that is too long to be known to the scanner\":1,\"aa\":2,\"y\":1,\"x\":0}",
	};
	static const struct {
		int slot[6];
		int rest_n, rest[2];
	} answer[] = {
		{ { 0, 2, -1, -1, -1, -1 }, 2, { 1, 3 } }, { { 1, 0, -1, -1, -1, -1 }, 0, { 0 } },
		{ { 0, 1, -1, -1, -1, -1 }, 0, { 0 } }, { { -1, -1, 0, 1, -1, -1 }, 1, { 2 } },
		{ { -1, -1, 0, 1, -1, -1 }, 0, { 0 } }, { { -1, -1, -1, -1, -1, -1 }, 0, { 0 } },
		{ { 1, -1, -1, -1, -1, 0 }, 0, { 0 } }, { { -1, -1, -1, -1, -1, 0 }, 3, { 1, 2 } },
	};
	struct json_names *names = json_names_new(want, 6);
	const struct json_member *slot[6];
	uint32_t rest[2];
	struct json a = { 0 }, b = { 0 };
	struct slice t;
	size_t i, k, n, good;
	int round;

	for (round = 0; round < 4; round++)
		for (i = 0; i < sizeof text / sizeof *text; i++) {
			struct json *j = round < 2 ? &a : i % 2 ? &a : &b;

			t = place(text[i], strlen(text[i]), "");
			good = json_scan(j, t) == 0;
			n = json_pick(names, j, slot, rest, round == 1 ? 0 : 2);
			good = good && n == (size_t)answer[i].rest_n;
			for (k = 0; k < 6; k++)
				good = good && slot[k] == (answer[i].slot[k] < 0 ? NULL :
				    &j->member[answer[i].slot[k]]);
			for (k = 0; k < n && k < 2 && round != 1; k++)
				good = good && rest[k] == (uint32_t)answer[i].rest[k];
			ok(good, "pick, round %d: %s", round, text[i]);
			if (good && answer[i].slot[0] >= 0)
				ok(json_get(j, SLICE("a")) == slot[0] && json_get(j, SLICE("absent")) == NULL,
				    "get");
			free((char *)(uintptr_t)t.p);
		}
	/* ids that get a new meaning in between */
	for (i = 0; i < 6000; i++) {
		char s[64];
		int len = snprintf(s, sizeof s, "{\"k%zu\":1,\"a\":2,\"l%zu\":3,\"city\":4}", i, i);

		t = place(s, (size_t)len, "");
		if (json_scan(&a, t) != 0 || json_pick(names, &a, slot, rest, 2) != 2 ||
		    slot[0] != &a.member[1] || slot[1] != &a.member[3] || slot[2] != NULL)
			break;
		free((char *)(uintptr_t)t.p);
	}
	is_int(i, 6000, "pick among names that never come again");
	json_names_free(names);
	json_names_free(NULL);
	json_fini(&a);
	json_fini(&b);
	json_fini(&b);
}

static void
test_find(void)
{
	static const char text[] = " {\"a\":{\"b\":[10,{\"c\":\"x\"},[] ]},\"\":1,\"m~n\":2,\"x/y\":3,\"0\":{\"0\":4},"
	    "\"e\\u0066\":{\"\\n\":5},\"s\":\"t\"} ";
	static const struct {
		const char *p, *want;
	} t[] = {
		{ "/a/b/0", "10" }, { "/a/b/1", "{\"c\":\"x\"}" }, { "/a/b/1/c", "\"x\"" }, { "/a/b/2", "[]" },
		{ "/a/b/3", NULL }, { "/a/b/-", NULL }, { "/a/b/01", NULL }, { "/a/b/+1", NULL },
		{ "/a/b/", NULL }, { "/a/b/4294967296", NULL }, { "/", "1" }, { "/m~0n", "2" },
		{ "/x~1y", "3" }, { "/0/0", "4" }, { "/0/1", NULL }, { "/ef", "{\"\\n\":5}" },
		{ "/ef/\n", "5" }, { "/e\\u0066", NULL }, { "/s", "\"t\"" }, { "/s/0", NULL }, { "/a/b/0/0", NULL },
		{ "/absent", NULL }, { "/a/absent", NULL }, { "/a/b", "[10,{\"c\":\"x\"},[] ]" },
	};
	static const char *const none[] = { "a", "a/b", "/~", "/a~", "/~2", "/a~~0", " /a" };
	struct json_pointer *p = NULL;
	struct json_value v, root;
	struct slice s = place(text, sizeof text - 1, "\"");
	size_t i;
	int r;

	ok(json_scan(&wide, s) == 0, "record to look into");
	root = (struct json_value){ .raw = wide.raw, .type = JSON_OBJECT };
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		p = json_pointer_new(slice_of(t[i].p));
		r = p != NULL && json_find(p, &wide, &v);
		ok(t[i].want ? r && slice_eq(v.raw, slice_of(t[i].want)) : p && !r, "find %s", show(t[i].p, strlen(t[i].p)));
		r = p != NULL && json_find_in(p, &root, &v);
		ok(t[i].want ? r && slice_eq(v.raw, slice_of(t[i].want)) : p && !r, "find in %s", show(t[i].p, strlen(t[i].p)));
		json_pointer_free(p);
	}
	p = json_pointer_new(SLICE(""));
	ok(p && json_find(p, &wide, &v) && v.type == JSON_OBJECT && same_slice(v.raw, wide.raw) && v.spaced,
	    "the whole record");
	json_pointer_free(p);
	for (i = 0; i < sizeof none / sizeof *none; i++)
		ok(json_pointer_new(slice_of(none[i])) == NULL, "no pointer: %s", none[i]);
	p = json_pointer_new(SLICE("/a/b"));
	ok(json_find(p, &wide, &v) && v.spaced && v.type == JSON_ARRAY, "spaced array");
	json_pointer_free(p);
	json_pointer_free(NULL);
	free((char *)(uintptr_t)s.p);
}

static void
test_text(void)
{
	static const char all[] = "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00E9\\u20ac\\uD83D\\uDE00 z\"}";
	char in_[600], out[8 * 600], want[64], *e = NULL;
	struct slice s = place(all, sizeof all - 1, ""), t;
	size_t i, n, bad = 0;
	cJSON *c = NULL;

	ok(json_scan(&wide, s) == 0 && wide.member[0].v.escaped, "escaped text");
	t = json_text(&wide.member[0].v, out);
	out[t.n] = '\0';
	is_str(out, "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 z", "unescaped");
	free((char *)(uintptr_t)s.p);
	for (i = 1; i < 0x80; i++) {
		in_[0] = (char)i;
		e = json_quote(out, (struct slice){ in_, 1 });
		*e = '\0';
		if (i >= 0x20 && i != '"' && i != '\\')
			snprintf(want, sizeof want, "\"%c\"", (int)i);
		else if (strchr("\"\\\b\f\n\r\t", (int)i))
			snprintf(want, sizeof want, "\"\\%c\"",
			    i == 8 ? 'b' : i == 9 ? 't' : i == 10 ? 'n' : i == 12 ? 'f' : i == 13 ? 'r' : (int)i);
		else
			snprintf(want, sizeof want, "\"\\u%04x\"", (unsigned)i);
		bad += strcmp(out, want) != 0;
	}
	is_int(bad, 0, "quote every ASCII byte");
	state = 99;
	for (i = 0, bad = 0; i < 3000; i++) {
		char *block = NULL;

		for (n = rnd(80), e = in_; n > 0; n--) {
			if (rnd(3) == 0)
				e = stpcpy(e, rnd(2) ? "ж" : "😀");
			else
				*e++ = (char)(1 + rnd(rnd(3) ? 0x7f : 0x30));
		}
		*e = '\0';
		n = (size_t)(e - in_);
		/* not a byte is read or written outside */
		block = malloc(n ? n : 1);
		memcpy(block, in_, n);
		e = malloc(6 * n + 2);
		{
			size_t len = (size_t)(json_quote(e, (struct slice){ block, n }) - e);

			c = cJSON_ParseWithLength(e, len);
			bad += c == NULL || !cJSON_IsString(c) || strcmp(c->valuestring, in_) != 0;
		}
		cJSON_Delete(c);
		free(e);
		free(block);
	}
	is_int(bad, 0, "quoted text is read by cJSON as it was");
	memset(in_, 1, 100);
	ok(json_quote(out, (struct slice){ in_, 100 }) == out + 602, "six bytes a byte at most");
}

static void
test_numbers(void)
{
	static const char text[] = "{\"a\":9223372036854775807,\"b\":-9223372036854775808,\"c\":9223372036854775808,"
	    "\"d\":18446744073709551615,\"e\":18446744073709551616,\"f\":1.0,\"g\":1e2,\"h\":\"1\",\"i\":-0,\"j\":true}";
	static const struct {
		int i, u;
		int64_t iv;
		uint64_t uv;
	} t[] = {
		{ 0, 0, INT64_MAX, INT64_MAX }, { 0, -1, INT64_MIN, 0 }, { -1, 0, 0, (uint64_t)INT64_MAX + 1 },
		{ -1, 0, 0, UINT64_MAX }, { -1, -1, 0, 0 }, { -1, -1, 0, 0 }, { -1, -1, 0, 0 }, { -1, -1, 0, 0 },
		{ 0, -1, 0, 0 }, { -1, -1, 0, 0 },
	};
	struct slice s = place(text, sizeof text - 1, "9");
	int64_t i;
	uint64_t u;
	size_t k;
	int ri, ru;

	ok(json_scan(&wide, s) == 0, "numbers");
	for (k = 0; k < sizeof t / sizeof *t; k++) {
		i = 0;
		u = 0;
		ri = json_i64(&wide.member[k].v, &i);
		ru = json_u64(&wide.member[k].v, &u);
		ok(ri == t[k].i && ru == t[k].u && (ri || i == t[k].iv) && (ru || u == t[k].uv),
		    "integer %c", "abcdefghij"[k]);
	}
	free((char *)(uintptr_t)s.p);
}

static void
test_walk(void)
{
	static const char text[] = "{\"a\": [ 1 , \"]\\\"\" ,{ \"x\\ny\" : [ ] } , -2.5E+3] ,\"b\":{},\"c\":7,\"d\":[[[],1 ] , {}]}";
	struct json_pointer *nested = json_pointer_new(SLICE("/d"));
	struct json_value v;
	struct slice s = place(text, sizeof text - 1, "]");
	struct json_walk w;
	struct json_member m;
	char out[64], *e = NULL;

	ok(json_scan(&wide, s) == 0 && wide.spaced && wide.member[0].v.spaced && !wide.member[1].v.spaced,
	    "record to walk in");
	json_enter(&w, &wide.member[0].v);
	ok(json_next(&w, &m) && slice_eq(m.v.raw, SLICE("1")) && m.v.type == JSON_NUMBER, "number");
	ok(json_next(&w, &m) && slice_eq(m.v.raw, SLICE("\"]\\\"\"")) && m.v.escaped, "string");
	ok(json_next(&w, &m) && slice_eq(m.v.raw, SLICE("{ \"x\\ny\" : [ ] }")) && m.v.spaced, "object");
	e = json_compact(out, &m.v);
	ok(slice_eq((struct slice){ out, (size_t)(e - out) }, SLICE("{\"x\\ny\":[]}")), "compact");
	{
		struct json_walk in_;
		struct json_member k;

		json_enter(&in_, &m.v);
		ok(json_next(&in_, &k) && slice_eq(k.name, SLICE("x\\ny")) && k.name_escaped &&
		    json_named(&k, SLICE("x\ny")) && !json_named(&k, SLICE("x\\ny")) &&
		    !json_named(&k, SLICE("x\n")) && !json_named(&k, SLICE("x\nyz")) &&
		    k.v.type == JSON_ARRAY && !json_next(&in_, &k), "member");
	}
	{
		struct json_walk a, in_, deep;
		struct json_member k;

		json_enter(&a, &wide.member[0].v);
		ok(json_step_in(&a, &in_) == -1 && json_next(&a, &k) && json_step_in(&a, &in_) == -1 && json_next(&a, &k) &&
		    slice_eq(k.v.raw, SLICE("\"]\\\"\"")), "no step into what is no object or array");
		ok(json_step_in(&a, &in_) == 1 && in_.object && json_next(&in_, &k) && slice_eq(k.name, SLICE("x\\ny")) &&
		    !json_next(&in_, &k) && !json_next(&in_, &k), "a step into an object");
		json_step_out(&a, &in_);
		ok(json_next(&a, &k) && slice_eq(k.v.raw, SLICE("-2.5E+3")) && json_step_in(&a, &in_) == 0, "and out");
		ok(json_find(nested, &wide, &v) == 1, "lists in a list");
		json_enter(&a, &v);
		ok(json_step_in(&a, &in_) == 1 && !in_.object && json_step_in(&in_, &deep) == 1 && !json_next(&deep, &k), "two steps");
		json_step_out(&in_, &deep);
		ok(json_next(&in_, &k) && slice_eq(k.v.raw, SLICE("1")) && !json_next(&in_, &k), "one back");
		json_step_out(&a, &in_);
		ok(json_step_in(&a, &in_) == 1 && in_.object && !json_next(&in_, &k), "and into the next");
		json_step_out(&a, &in_);
		ok(json_step_in(&a, &in_) == 0 && !json_next(&a, &k), "to the end");
	}
	ok(json_next(&w, &m) && slice_eq(m.v.raw, SLICE("-2.5E+3")), "last number");
	ok(!json_next(&w, &m) && !json_next(&w, &m), "end");
	json_enter(&w, &wide.member[1].v);
	ok(!json_next(&w, &m), "empty object");
	json_enter(&w, &wide.member[2].v);
	ok(!json_next(&w, &m), "nothing in a number");
	json_pointer_free(nested);
	free((char *)(uintptr_t)s.p);
}

int
main(void)
{
	test_accepted();
	test_refused();
	test_lax();
	test_depth();
	test_truncated();
	test_utf8();
	test_flipped();
	test_random();
	test_names();
	test_large();
	test_pick();
	test_find();
	test_text();
	test_numbers();
	test_walk();
	json_fini(&wide);
	json_fini(&portable);
	return done_testing();
}
