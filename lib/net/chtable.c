/* Tables: DESCRIBE, and what stands in system.tables, made into a way to fill them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "net/chtable.h"
#include "net/chtext.h"
#include "rec/src.h"

#define DESCRIBE_MAX (1u << 20)

static const char *const src_column[] = { "src_topic", "src_partition", "src_offset", "src_i" };

static int
config(struct ch *c, struct ch_fault *f, const char *name, const char *text)
{
	*f = (struct ch_fault){ .class = CH_CONFIG };
	(void)snprintf(f->msg, sizeof f->msg, "%.256s: column %.128s: type %.256s cannot be loaded", ch_place(c), name, text);
	return -1;
}

/* The next field of a line of TabSeparated, unescaped, in memory of its own; *s moves behind it. */
static char *
field(struct slice *s)
{
	struct buf b = { 0 };
	char c;

	while (s->n > 0) {
		c = *s->p;
		*s = (struct slice){ s->p + 1, s->n - 1 };
		if (c == '\t')
			break;
		if (c == '\\' && s->n > 0) {
			c = *s->p;
			*s = (struct slice){ s->p + 1, s->n - 1 };
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
		}
		buf_putc(&b, c);
	}
	(void)buf_str(&b);
	return b.p;
}

static int
next_line(struct slice *text, struct slice *line)
{
	const char *lf = text->n > 0 ? memchr(text->p, '\n', text->n) : NULL;

	if (lf == NULL)
		return 0;
	*line = (struct slice){ text->p, (size_t)(lf - text->p) };
	*text = (struct slice){ lf + 1, text->n - line->n - 1 };
	return 1;
}

static void
set_json(struct chtable_column *k, const char *json, uint8_t type)
{
	size_t n = strlen(json);

	free(k->json);
	k->json = mem_alloc(n + JSON_PAD + 1);
	memcpy(k->json, json, n);
	k->absent = CHTABLE_LITERAL;
	k->value = (struct json_value){ .raw = { k->json, n }, .type = type, .escaped = type == JSON_STRING && strchr(json, '\\') != NULL };
}

/*
 * A default that is a constant: 7, 'text', true, NULL, CAST(7, 'UInt32').  1 when the
 * expression is one.
 */
static int
literal(struct chtable_column *k, const char *expression)
{
	struct slice s = slice_of(expression);
	struct buf text = { 0 }, json = { 0 };
	double number = 0;
	size_t i;
	char *end = NULL;
	int rc = 0;

	if (strncmp(s.p, "CAST(", 5) == 0)
		s = (struct slice){ s.p + 5, s.n - 5 };
	if (s.n > 0 && *s.p == '\'') {
		for (i = 1; i < s.n && s.p[i] != '\''; i++) {
			if (s.p[i] == '\\' && i + 1 < s.n)
				i++;
			buf_putc(&text, s.p[i]);
		}
		if (i < s.n && (i + 1 == s.n || s.p[i + 1] == ',' || s.p[i + 1] == ' ')) {
			(void)buf_str(&text);
			json.n = (size_t)(json_quote(buf_room(&json, 6 * text.n + 3), buf_as_slice(&text)) - json.p);
			set_json(k, buf_str(&json), JSON_STRING);
			rc = 1;
		}
	} else if (strcmp(s.p, "true") == 0 || strcmp(s.p, "false") == 0) {
		set_json(k, s.p, *s.p == 't' ? JSON_TRUE : JSON_FALSE);
		rc = 1;
	} else if (strcmp(s.p, "NULL") == 0) {
		set_json(k, "null", JSON_NULL);
		rc = 1;
	} else {
		number = strtod(s.p, &end);
		if (end != s.p && (*end == '\0' || *end == ',')) {
			buf_put(&json, s.p, (size_t)(end - s.p));
			if (k->bool8)
				set_json(k, number != 0 ? "true" : "false", number != 0 ? JSON_TRUE : JSON_FALSE);
			else
				set_json(k, buf_str(&json), JSON_NUMBER);
			rc = 1;
		}
	}
	buf_fini(&text);
	buf_fini(&json);
	return rc;
}

static uint8_t
json_kind(const char *json)
{
	switch (*json) {
	case '"': return JSON_STRING;
	case 't': return JSON_TRUE;
	case 'f': return JSON_FALSE;
	case 'n': return JSON_NULL;
	default: return JSON_NUMBER;
	}
}

/* What happens when the column's member is absent. */
static void
set_absent(struct chtable_column *k, const struct table_rules *r, const char *kind, const char *expression)
{
	size_t i;

	for (i = 0; i < r->fills; i++)
		if (strcmp(r->fill[i].column, k->name) == 0) {
			set_json(k, r->fill[i].json, json_kind(r->fill[i].json));
			return;
		}
	if (strcmp(kind, "DEFAULT") == 0) {
		if (literal(k, expression))
			k->null_is_default = strncmp(r->name, "stg_", 4) == 0 && k->type.kind != CHTYPE_NULLABLE;
		else
			k->absent = CHTABLE_SERVER;
	} else if (k->type.kind == CHTYPE_NULLABLE || (r->may_lack != NULL && r->may_lack(r->name, k->name))) {
		k->absent = CHTABLE_EMPTY;
	}
	for (i = 0; i < 4; i++)
		if (strcmp(k->name, src_column[i]) == 0) {
			k->src = (int)i + 1;
			k->absent = CHTABLE_EMPTY;
		}
}

/* One line of DESCRIBE: name, type, kind of default, expression. */
static int
add_column(struct ch *c, struct chtable *t, const struct table_rules *r, unsigned version, struct slice line,
    unsigned *servers, struct ch_fault *f)
{
	struct err e = ERR_NONE;
	char *name = field(&line), *text = field(&line), *kind = field(&line), *expression = field(&line);
	struct chtable_column *k = NULL;
	struct native_col probe;
	int rc = 0;

	/* what the server computes itself, or always fills, is no column to load */
	if (strcmp(kind, "MATERIALIZED") == 0 || strcmp(kind, "ALIAS") == 0 || strcmp(kind, "EPHEMERAL") == 0 ||
	    (r->left != NULL && strcmp(name, r->left) == 0))
		goto out;
	k = &t->col[t->cols];
	*k = (struct chtable_column){ 0 };
	if (chtype_parse(&k->type, slice_of(text), &e) == -1 || native_col_init(&probe, &k->type, &e) == -1) {
		chtype_fini(&k->type);
		if (*kind == '\0')
			rc = config(c, f, name, text);
		goto out;
	}
	k->name = name;
	k->text = text;
	name = text = NULL;
	k->bool8 = version < CH_LEGACY && k->type.kind == CHTYPE_UINT && k->type.size == 1 && r->is_bool != NULL && r->is_bool(k->name);
	k->object = r->is_object != NULL && r->is_object(k->name);
	set_absent(k, r, kind, expression);
	/* beyond so many, a computed default is asked of the record */
	if (k->absent == CHTABLE_SERVER) {
		if (*servers < CHTABLE_SERVER_MAX)
			k->bit = ++*servers;
		else
			k->absent = CHTABLE_MISSING;
	}
	t->uses_src |= k->src > 0;
	t->cols++;
out:
	free(name);
	free(text);
	free(kind);
	free(expression);
	return rc;
}

static int
find(const struct chtable *t, struct slice name)
{
	size_t i;

	for (i = 0; i < t->cols; i++)
		if (slice_eq(slice_of(t->col[i].name), name))
			return (int)i;
	return -1;
}

static struct slice
trim(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '`'))
		p++;
	while (p < end && (end[-1] == ' ' || end[-1] == '`'))
		end--;
	return (struct slice){ p, (size_t)(end - p) };
}

/* The month column of "toYYYYMM(column)". */
static void
set_month(struct chtable *t, const char *partition)
{
	static const char by[] = "toYYYYMM(";
	size_t n = strlen(partition);

	t->month = -1;
	if (n < sizeof by || strncmp(partition, by, sizeof by - 1) != 0 || partition[n - 1] != ')')
		return;
	t->month = find(t, trim(partition + sizeof by - 1, partition + n - 1));
	if (t->month != -1 && t->col[t->month].type.kind != CHTYPE_DATE && t->col[t->month].type.kind != CHTYPE_DATETIME &&
	    t->col[t->month].type.kind != CHTYPE_DATETIME64)
		t->month = -1;
}

/* Key and version of a table that replaces: all parts of the key must be columns. */
static void
set_key(struct chtable *t, const char *engine, const char *sorting)
{
	static const char replacing[] = "ReplacingMergeTree";
	const char *p, *end, *comma;
	int i;

	t->version = -1;
	p = strstr(engine, replacing);
	if (p == NULL)
		return;
	p += sizeof replacing - 1;
	if (*p == '(' && (end = strchr(p, ')')) != NULL) {
		/* the last argument; before it a replicated table has its path and name */
		for (comma = end; comma > p && *comma != ','; comma--)
			;
		t->version = find(t, trim(comma + 1, end));
	}
	for (p = sorting; *p != '\0' && t->keys < sizeof t->key / sizeof *t->key; p = *end == ',' ? end + 1 : end) {
		end = p + strcspn(p, ",");
		i = find(t, trim(p, end));
		if (i == -1 || t->col[i].type.kind == CHTYPE_ARRAY) {
			t->keys = 0;
			return;
		}
		t->key[t->keys++] = (size_t)i;
	}
	if (*p != '\0')
		t->keys = 0;
}

static void
set_names(struct chtable *t, const struct table_rules *r)
{
	const char **column = mem_alloc((t->cols + 1) * sizeof *column);
	size_t n = 0, i;

	for (i = 0; i < t->cols; i++)
		column[i] = t->col[i].name;
	t->names = table_rules_names(r, column, t->cols, &n);
	t->slot = mem_alloc(n * sizeof *t->slot);
	free(column);
}

struct chtable *
chtable_open(struct ch *c, const char *table, const struct table_rules *rules, struct ch_fault *f)
{
	struct chtable *t = mem_alloc(sizeof *t);
	struct buf sql = { 0 }, text = { 0 };
	struct slice rest, line;
	size_t lines = 0, i;
	char *engine = NULL, *partition = NULL, *sorting = NULL;
	unsigned version = 0, servers = 0;
	int rc = -1;

	t->name = mem_dup(table, strlen(table));
	if (ch_version(c, &version, f) == -1)
		goto out;
	buf_puts(&sql, "DESCRIBE TABLE ");
	chtext_name(&sql, slice_of(table));
	buf_puts(&sql, " FORMAT TabSeparated");
	if (ch_text(c, buf_as_slice(&sql), NULL, 0, DESCRIBE_MAX, &text, f) == -1)
		goto out;
	for (i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	t->col = mem_alloc((lines + 1) * sizeof *t->col);
	for (rest = buf_as_slice(&text); next_line(&rest, &line); )
		if (add_column(c, t, rules, version, line, &servers, f) == -1)
			goto out;
	buf_clear(&sql);
	buf_clear(&text);
	buf_puts(&sql, "SELECT engine_full, partition_key, sorting_key FROM system.tables WHERE database = currentDatabase() AND name = ");
	chtext_string(&sql, slice_of(table));
	buf_puts(&sql, " FORMAT TabSeparated");
	if (ch_text(c, buf_as_slice(&sql), NULL, 0, DESCRIBE_MAX, &text, f) == -1)
		goto out;
	rest = buf_as_slice(&text);
	if (!next_line(&rest, &line))
		line = (struct slice){ 0 };
	engine = field(&line);
	partition = field(&line);
	sorting = field(&line);
	set_month(t, partition);
	set_key(t, engine, sorting);
	set_names(t, rules);
	rc = 0;
out:
	free(engine);
	free(partition);
	free(sorting);
	buf_fini(&sql);
	buf_fini(&text);
	if (rc == -1) {
		chtable_close(t);
		return NULL;
	}
	return t;
}

void
chtable_close(struct chtable *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->cols; i++) {
		free(t->col[i].name);
		free(t->col[i].text);
		free(t->col[i].json);
		chtype_fini(&t->col[i].type);
	}
	json_names_free(t->names);
	free(t->col);
	free(t->slot);
	free(t->name);
	free(t);
}

void
chtable_columns(const struct chtable *t, struct native_col *col)
{
	struct err e = ERR_NONE;
	size_t i;

	for (i = 0; i < t->cols; i++) {
		(void)native_col_init(&col[i], &t->col[i].type, &e);
		col[i].name = slice_of(t->col[i].name);
		col[i].text = slice_of(t->col[i].text);
		col[i].bool8 = t->col[i].bool8 != 0;
		col[i].object = t->col[i].object != 0;
	}
}

/* The parts of "_src" as JSON values, for the columns that take them. */
static int
pick_src(struct chtable *t, const struct json_value *v, struct fault *f)
{
	struct src s;
	int64_t n[3];
	int i;

	t->has_src = v != NULL && t->uses_src;
	if (!t->has_src)
		return 0;
	if (src_get(v, &s) == -1)
		return fault_set(f, "type", "_src", "not [topic, partition, offset, ts_ms, i]");
	t->src[0] = (struct json_value){ .raw = { s.topic.p - 1, s.topic.n + 2 }, .type = JSON_STRING,
	    .escaped = memchr(s.topic.p, '\\', s.topic.n) != NULL };
	n[0] = s.partition;
	n[1] = s.offset;
	n[2] = s.i;
	for (i = 0; i < 3; i++)
		t->src[i + 1] = (struct json_value){ .raw = { t->src_text[i], num_put_i64(t->src_text[i], n[i]) }, .type = JSON_NUMBER };
	return 0;
}

int
chtable_pick(struct chtable *t, const struct json *j, const struct json_value *src, struct fault *f)
{
	uint32_t rest = 0;
	char name[64];

	if (json_pick(t->names, j, t->slot, &rest, 1) > 0)
		return fault_set(f, "unknown", err_show(name, sizeof name, j->member[rest].name.p, j->member[rest].name.n),
		    "no column of %s has this name", t->name);
	return pick_src(t, src, f);
}

void
chtable_place(const struct chtable *t, uint32_t *month, uint32_t *left)
{
	int year = 0, m = 0, mday = 0;
	int64_t ms = 0;
	size_t i;

	*month = *left = 0;
	if (t->month >= 0 && t->slot[t->month] != NULL && native_time(&t->slot[t->month]->v, &ms) == 0) {
		utc_date(utc_day_of(ms), &year, &m, &mday);
		*month = (uint32_t)(year * 100 + m);
	}
	for (i = 0; i < t->cols; i++)
		if (t->col[i].bit > 0 && t->slot[i] == NULL)
			*left |= 1u << (t->col[i].bit - 1);
}

static int
put(const struct chtable *t, size_t i, struct native_col *col, struct fault *f)
{
	const struct chtable_column *k = &t->col[i];
	const struct json_member *m = t->slot[i];

	if (m != NULL) {
		if (m->v.type == JSON_NULL && k->null_is_default)
			return native_add(col, &k->value, f);
		return native_add(col, &m->v, f);
	}
	if (k->src > 0 && t->has_src)
		return native_add(col, &t->src[k->src - 1], f);
	switch (k->absent) {
	case CHTABLE_LITERAL:
		return native_add(col, &k->value, f);
	case CHTABLE_MISSING:
		return fault_set(f, "missing", k->name, "no value");
	case CHTABLE_EMPTY:
	case CHTABLE_SERVER:
		break;
	}
	native_add_empty(col);
	return 0;
}

int
chtable_put(const struct chtable *t, struct native_col *col, struct fault *f)
{
	size_t i;

	for (i = 0; i < t->cols; i++)
		if (put(t, i, &col[i], f) == -1) {
			while (i-- > 0)
				native_undo(&col[i]);
			return -1;
		}
	return 0;
}
