/*
 * The SLA rule file.
 *
 * A line is empty, a comment (first byte #) or one JSON object, whose member
 * "kind" says which keys it may have:
 *
 *	calendar	id tz week [hours holidays workdays]
 *	window		id party from to [regions carriers]
 *	rule		id [valid_from valid_to match promise start stop target calendar
 *			clock_tz cutoff deadline_time roll extra pause exclude at_risk
 *			stale_after handover_by]
 *
 * and "note" on each.  Rules name calendars, which may stand behind them: the names
 * are looked up when all lines are read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "parcel/rules_work.h"
#include "rec/json.h"

static int
read_calendar(struct reader *rd, const cJSON *o)
{
	static const char *const known[] = { "kind", "id", "tz", "week", "hours", "holidays", "workdays", "note", NULL };
	struct rules *r = rd->r;
	struct calendar *c = mem_alloc(sizeof *c);
	const cJSON *a, *m;
	const char *s;
	int64_t v;
	int i = 0;

	r->calendar = mem_grow(r->calendar, &r->cap[0], r->calendars + 1, sizeof *r->calendar);
	r->calendar[r->calendars++] = c;
	c->close = 86400;
	if (rules_keys(rd, o, " of a calendar", known) == -1 || rules_id(rd, o, 0, &c->id) == -1 ||
	    rules_must(rd, o, "tz", &s) == -1 || rules_zone(rd, "tz", s, &c->zone) == -1)
		return -1;
	a = rules_get(o, "week");
	if (a == NULL)
		return rules_bad(rd, "no \"week\"");
	if (!cJSON_IsArray(a) || cJSON_GetArraySize(a) != 7)
		return rules_bad(rd, "week: not a list of 7 numbers");
	cJSON_ArrayForEach(m, a) {
		if (rules_whole(rd, m, "week", 0, 1, &v) == -1)
			return -1;
		c->week[i++] = (uint8_t)v;
	}
	if (rules_strings(rd, o, "hours", &a) == -1)
		return -1;
	if (a != NULL) {
		if (cJSON_GetArraySize(a) != 2)
			return rules_bad(rd, "hours: not a list of two times of day");
		if (rules_clock_time(rd, "hours", a->child->valuestring, 1, 0, &c->open) == -1 ||
		    rules_clock_time(rd, "hours", a->child->next->valuestring, 1, 0, &c->close) == -1)
			return -1;
		if (c->open >= c->close)
			return rules_bad(rd, "hours: the window ends before it begins");
	}
	if (rules_dates(rd, o, "holidays", &c->holiday, &c->holidays) == -1 ||
	    rules_dates(rd, o, "workdays", &c->workday, &c->workdays) == -1)
		return -1;
	i = calendar_make(c);
	return i == 0 ? 0 : rules_bad(rd, "calendar \"%s\" has no business day in %d", c->id, i);
}

static int
read_window(struct reader *rd, const cJSON *o)
{
	static const char *const known[] = { "kind", "id", "party", "from", "to", "regions", "carriers", "note", NULL };
	static const char *const party[] = { "force", "platform" };
	struct rules *r = rd->r;
	struct window *w;
	const char *s;
	int v;

	r->window = mem_grow(r->window, &r->cap[1], r->windows + 1, sizeof *r->window);
	w = &r->window[r->windows++];
	*w = (struct window){ .line = rd->line };
	if (rules_keys(rd, o, " of a window", known) == -1 || rules_id(rd, o, 1, &w->id) == -1 ||
	    rules_must(rd, o, "party", &s) == -1)
		return -1;
	if ((v = rules_choice(rd, "party", s, party, 2)) == -1)
		return -1;
	w->party = v == 0 ? PARTY_FORCE : PARTY_PLATFORM;
	if (rules_must(rd, o, "from", &s) == -1 || rules_instant(rd, "from", s, &w->from) == -1 ||
	    rules_must(rd, o, "to", &s) == -1 || rules_instant(rd, "to", s, &w->to) == -1)
		return -1;
	if (w->to <= w->from)
		return rules_bad(rd, "the window ends before it begins");
	return rules_patterns(rd, o, "regions", &w->region) == -1 ? -1 : rules_ints(rd, o, "carriers", &w->carrier);
}

static int
read_line(struct reader *rd, struct slice line, struct json *j, struct buf *b)
{
	static const char *const kind[] = { "calendar", "window", "rule" };
	static int (*const read[])(struct reader *, const cJSON *) = { read_calendar, read_window, rules_read_rule };
	cJSON *o = NULL;
	const char *s;
	int v, rc = -1;

	buf_clear(b);
	buf_slice(b, line);
	memset(buf_room(b, JSON_PAD), 0, JSON_PAD);
	/* our scanner is strict where cJSON is not: names twice, UTF-8, numbers, what follows the object */
	if (json_scan(j, buf_as_slice(b)) == -1)
		return rules_bad(rd, "%s at byte %zu", j->fault, j->at + 1);
	o = cJSON_ParseWithLength(b->p, b->n);
	if (o == NULL || !cJSON_IsObject(o)) {
		(void)rules_bad(rd, "not a JSON object");
		goto out;
	}
	if (rules_must(rd, o, "kind", &s) == -1 || (v = rules_choice(rd, "kind", s, kind, 3)) == -1)
		goto out;
	rc = read[v](rd, o);
out:
	cJSON_Delete(o);
	return rc;
}

static int
by_from(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->line > y->line) - (x->line < y->line);
}

/* What can be said only when all lines are there. */
static int
finish(struct reader *rd)
{
	struct rules *r = rd->r;
	char shown[ID_MAX];
	size_t i, k;
	uint32_t c;

	for (i = 0; i < r->rules_n; i++) {
		r->rule[i].calendar = &r->always;
		if (rd->calendar[i] == NULL)
			continue;
		c = map_find(&rd->ids[0], slice_of(rd->calendar[i]));
		rd->line = r->rule[i].line;
		if (c == MAP_NONE)
			return rules_bad(rd, "unknown calendar \"%s\"",
			    err_show(shown, sizeof shown, rd->calendar[i], strlen(rd->calendar[i])));
		r->rule[i].calendar = r->calendar[c];
	}
	for (i = 0; i < r->rules_n; i++)
		for (k = 0; k < i; k++)
			if (rule_covers(&r->rule[k], &r->rule[i])) {
				rules_warn(rd, r->rule[i].line, "no shipment reaches rule \"%s\": rule \"%s\" in line %u takes them all",
				    r->rule[i].id, r->rule[k].id, r->rule[k].line);
				break;
			}
	if (r->windows > 0)
		qsort(r->window, r->windows, sizeof *r->window, by_from);
	return 0;
}

int
rules_read(struct rules *r, const struct taxonomy *t, const char *file, struct slice all, struct err *e)
{
	struct reader rd = { .r = r, .t = t, .file = file, .e = e };
	struct json j = { 0 };
	struct buf b = { 0 };
	int rc = 0;
	size_t i;

	while (rc == 0 && all.n > 0) {
		const char *lf = memchr(all.p, '\n', all.n);
		struct slice line = { all.p, lf != NULL ? (size_t)(lf - all.p) : all.n };
		size_t used = line.n + (lf != NULL);

		rd.line++;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n > 0 && *line.p != '#')
			rc = read_line(&rd, line, &j, &b);
		all = (struct slice){ all.p + used, all.n - used };
	}
	if (rc == 0)
		rc = finish(&rd);
	if (rc == 0)
		rule_index_build(&r->index, r->rule, r->rules_n);
	for (i = 0; i < r->rules_n; i++)
		free(rd.calendar[i]);
	free(rd.calendar);
	for (i = 0; i < 3; i++)
		map_fini(&rd.ids[i]);
	buf_fini(&b);
	json_fini(&j);
	return rc;
}
