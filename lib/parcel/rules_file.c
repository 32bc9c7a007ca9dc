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
#include "parcel/rules.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utc.h"
#include "rec/json.h"

#define ID_MAX 128
#define DAYS_MAX 10000			/* n of bday and day */
#define HOURS_MAX 240000		/* n of hour and bhour */
#define SEASONS_MAX 100			/* of a rule */

static const char *const match_name[MATCH_TEXTS] = {
	"tier", "segment", "carrier", "service", "origin", "dest", "mode",
};

struct reader {
	struct rules *r;
	const struct taxonomy *t;
	const char *file;
	unsigned line;
	struct map ids[3];		/* of calendars, windows, rules */
	char **calendar;		/* name that rule i gave, or NULL */
	size_t calendars;
	struct err *e;
};

static int __attribute__((format(printf, 2, 3)))
bad(struct reader *rd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)err_vset(rd->e, EX_CONFIG, fmt, ap);
	va_end(ap);
	return err_at(rd->e, "%s:%u", rd->file, rd->line);
}

static void __attribute__((format(printf, 3, 4)))
warn(struct reader *rd, unsigned line, const char *fmt, ...)
{
	struct rules *r = rd->r;
	struct err e = ERR_NONE;
	va_list ap;

	va_start(ap, fmt);
	(void)err_vset(&e, EX_CONFIG, fmt, ap);
	va_end(ap);
	(void)err_at(&e, "%s:%u", rd->file, line);
	r->warning = mem_grow(r->warning, &r->cap[3], r->warnings + 1, sizeof *r->warning);
	r->warning[r->warnings++] = mem_dup(e.msg, strlen(e.msg));
}

/* The member, or NULL when it is not there. */
static const cJSON *
get(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

static int
keys(struct reader *rd, const cJSON *o, const char *in, const char *const *known)
{
	const cJSON *m;
	char shown[64];
	size_t i;

	cJSON_ArrayForEach(m, o) {
		for (i = 0; known[i] != NULL && strcmp(known[i], m->string) != 0; i++)
			;
		if (known[i] == NULL)
			return bad(rd, "unknown key \"%s\"%s", err_show(shown, sizeof shown, m->string, strlen(m->string)), in);
	}
	m = get(o, "note");
	if (m != NULL && !cJSON_IsString(m))
		return bad(rd, "note: not a string");
	return 0;
}

/* A member that must be a string; *s is NULL when it is not there. */
static int
text(struct reader *rd, const cJSON *o, const char *key, const char **s)
{
	const cJSON *m = get(o, key);

	*s = NULL;
	if (m == NULL)
		return 0;
	if (!cJSON_IsString(m))
		return bad(rd, "%s: not a string", key);
	*s = m->valuestring;
	return 0;
}

static int
must(struct reader *rd, const cJSON *o, const char *key, const char **s)
{
	if (text(rd, o, key, s) == -1)
		return -1;
	return *s != NULL ? 0 : bad(rd, "no \"%s\"", key);
}

static int
whole(struct reader *rd, const cJSON *m, const char *key, int64_t min, int64_t max, int64_t *v)
{
	if (!cJSON_IsNumber(m) || !(m->valuedouble >= -9e15 && m->valuedouble <= 9e15) ||
	    (double)(int64_t)m->valuedouble != m->valuedouble)
		return bad(rd, "%s: not a whole number", key);
	*v = (int64_t)m->valuedouble;
	if (*v < min || *v > max)
		return bad(rd, "%s: %lld is not within %lld and %lld", key, (long long)*v, (long long)min, (long long)max);
	return 0;
}

/* A member that must be an array, of n strings: *a is NULL when it is not there. */
static int
strings(struct reader *rd, const cJSON *o, const char *key, const cJSON **a)
{
	const cJSON *m;

	*a = get(o, key);
	if (*a == NULL)
		return 0;
	if (!cJSON_IsArray(*a))
		return bad(rd, "%s: not a list", key);
	cJSON_ArrayForEach(m, *a)
		if (!cJSON_IsString(m))
			return bad(rd, "%s: not a list of strings", key);
	return 0;
}

static int
choice(struct reader *rd, const char *key, const char *s, const char *const *name, int n)
{
	char shown[64];
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(name[i], s) == 0)
			return i;
	return bad(rd, "%s: unknown value \"%s\"", key, err_show(shown, sizeof shown, s, strlen(s)));
}

static int
date(struct reader *rd, const char *key, const char *s, int32_t *day)
{
	char shown[64];

	if (utc_get_day(slice_of(s), day) == -1)
		return bad(rd, "%s: \"%s\" is not a date (2024-06-03)", key, err_show(shown, sizeof shown, s, strlen(s)));
	return 0;
}

static int
dates(struct reader *rd, const cJSON *o, const char *key, int32_t **day, size_t *n)
{
	const cJSON *a, *m;
	size_t cap = 0;

	if (strings(rd, o, key, &a) == -1)
		return -1;
	if (a == NULL)
		return 0;
	cJSON_ArrayForEach(m, a) {
		*day = mem_grow(*day, &cap, *n + 1, sizeof **day);
		if (date(rd, key, m->valuestring, &(*day)[*n]) == -1)
			return -1;
		(*n)++;
	}
	return 0;
}

/* HH:MM, or with seconds HH:MM:SS, up to 24:00, as seconds of the day. */
static int
clock_time(struct reader *rd, const char *key, const char *s, int minutes, int seconds, int32_t *sec)
{
	size_t n = strlen(s), i;
	char shown[64];
	int v[3] = { 0 };

	if (!(n == 5 && minutes) && !(n == 8 && seconds))
		goto bad;
	for (i = 0; i < n; i++) {
		if (i % 3 == 2 ? s[i] != ':' : s[i] < '0' || s[i] > '9')
			goto bad;
		if (i % 3 != 2)
			v[i / 3] = v[i / 3] * 10 + s[i] - '0';
	}
	*sec = v[0] * 3600 + v[1] * 60 + v[2];
	if (v[1] < 60 && v[2] < 60 && *sec <= 86400)
		return 0;
bad:
	return bad(rd, "%s: \"%s\" is not a time of day (%s)", key, err_show(shown, sizeof shown, s, n),
	    !seconds ? "15:00" : !minutes ? "23:59:59" : "15:00 or 15:00:00");
}

static int
instant(struct reader *rd, const char *key, const char *s, int64_t *at)
{
	struct utc_text u;
	char shown[64];

	if (utc_parse(slice_of(s), &u) == -1 || !u.has_offset)
		return bad(rd, "%s: \"%s\" is not a time with its offset (2024-06-03T07:00:00Z)", key,
		    err_show(shown, sizeof shown, s, strlen(s)));
	*at = utc_sec(u.ms) - u.offset;
	return 0;
}

static int
duration(struct reader *rd, const cJSON *o, const char *key, int64_t *sec)
{
	const char *s;
	char shown[64];

	if (text(rd, o, key, &s) == -1)
		return -1;
	if (s != NULL && (*s != 'P' || utc_duration(slice_of(s), sec) == -1))
		return bad(rd, "%s: \"%s\" is not a duration (P1D, PT4H)", key, err_show(shown, sizeof shown, s, strlen(s)));
	return 0;
}

static int
zone(struct reader *rd, const char *key, const char *name, const struct zone **z)
{
	struct err e = ERR_NONE;

	if (*name == '\0')
		return bad(rd, "%s: no name", key);
	*z = zone_get(slice_of(name), &e);
	return *z != NULL ? 0 : bad(rd, "%s: %s", key, e.msg);
}

static int
ints(struct reader *rd, const cJSON *o, const char *key, struct int_list *l)
{
	const cJSON *a = get(o, key), *m;
	size_t cap = 0;

	if (a == NULL)
		return 0;
	if (!cJSON_IsArray(a) || cJSON_GetArraySize(a) == 0)
		return bad(rd, "%s: not a list of numbers", key);
	cJSON_ArrayForEach(m, a) {
		l->v = mem_grow(l->v, &cap, l->n + 1, sizeof *l->v);
		if (whole(rd, m, key, 0, UINT32_MAX, &l->v[l->n]) == -1)
			return -1;
		l->n++;
	}
	int_list_sort(l);
	return 0;
}

static int
patterns(struct reader *rd, const cJSON *o, const char *key, struct pattern_list *l)
{
	const cJSON *a, *m;
	size_t cap = 0, n;

	if (strings(rd, o, key, &a) == -1)
		return -1;
	if (a == NULL)
		return 0;
	if (cJSON_GetArraySize(a) == 0)
		return bad(rd, "%s: an empty list matches nothing", key);
	cJSON_ArrayForEach(m, a) {
		l->v = mem_grow(l->v, &cap, l->n + 1, sizeof *l->v);
		n = strlen(m->valuestring);
		l->v[l->n] = (struct pattern){ mem_dup(m->valuestring, n), n, 0 };
		if (n > 0 && m->valuestring[n - 1] == '*') {
			l->v[l->n].n--;
			l->v[l->n].prefix = 1;
		}
		l->n++;
	}
	return 0;
}

/* The line's id, which no other line of its kind may have. */
static int
id(struct reader *rd, const cJSON *o, int kind, char **name)
{
	const char *s;
	char shown[ID_MAX + 1];
	size_t n, before = rd->ids[kind].n;

	if (must(rd, o, "id", &s) == -1)
		return -1;
	n = strlen(s);
	if (n == 0 || n > ID_MAX)
		return bad(rd, "id: not a text of 1 to %d bytes", ID_MAX);
	if (map_add(&rd->ids[kind], (struct slice){ s, n }) < before)
		return bad(rd, "a second line with the id \"%s\"", err_show(shown, sizeof shown, s, n));
	*name = mem_dup(s, n);
	return 0;
}

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
	if (keys(rd, o, " of a calendar", known) == -1 || id(rd, o, 0, &c->id) == -1 ||
	    must(rd, o, "tz", &s) == -1 || zone(rd, "tz", s, &c->zone) == -1)
		return -1;
	a = get(o, "week");
	if (a == NULL)
		return bad(rd, "no \"week\"");
	if (!cJSON_IsArray(a) || cJSON_GetArraySize(a) != 7)
		return bad(rd, "week: not a list of 7 numbers");
	cJSON_ArrayForEach(m, a) {
		if (whole(rd, m, "week", 0, 1, &v) == -1)
			return -1;
		c->week[i++] = (uint8_t)v;
	}
	if (strings(rd, o, "hours", &a) == -1)
		return -1;
	if (a != NULL) {
		if (cJSON_GetArraySize(a) != 2)
			return bad(rd, "hours: not a list of two times of day");
		if (clock_time(rd, "hours", a->child->valuestring, 1, 0, &c->open) == -1 ||
		    clock_time(rd, "hours", a->child->next->valuestring, 1, 0, &c->close) == -1)
			return -1;
		if (c->open >= c->close)
			return bad(rd, "hours: the window ends before it begins");
	}
	if (dates(rd, o, "holidays", &c->holiday, &c->holidays) == -1 ||
	    dates(rd, o, "workdays", &c->workday, &c->workdays) == -1)
		return -1;
	i = calendar_make(c);
	return i == 0 ? 0 : bad(rd, "calendar \"%s\" has no business day in %d", c->id, i);
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
	if (keys(rd, o, " of a window", known) == -1 || id(rd, o, 1, &w->id) == -1 || must(rd, o, "party", &s) == -1)
		return -1;
	if ((v = choice(rd, "party", s, party, 2)) == -1)
		return -1;
	w->party = v == 0 ? PARTY_FORCE : PARTY_PLATFORM;
	if (must(rd, o, "from", &s) == -1 || instant(rd, "from", s, &w->from) == -1 ||
	    must(rd, o, "to", &s) == -1 || instant(rd, "to", s, &w->to) == -1)
		return -1;
	if (w->to <= w->from)
		return bad(rd, "the window ends before it begins");
	return patterns(rd, o, "regions", &w->region) == -1 ? -1 : ints(rd, o, "carriers", &w->carrier);
}

static int
read_match(struct reader *rd, const cJSON *o, struct match *m)
{
	static const char *const known[] = {
		"client_id", "carrier_id", "tier", "segment", "carrier", "service", "origin", "dest", "mode", "remote", NULL
	};
	const cJSON *v;
	int i;

	m->remote = -1;
	if (o == NULL)
		return 0;
	if (!cJSON_IsObject(o))
		return bad(rd, "match: not an object");
	if (get(o, "note") != NULL)
		return bad(rd, "unknown key \"note\" of match");
	if (keys(rd, o, " of match", known) == -1 || ints(rd, o, "client_id", &m->client) == -1 ||
	    ints(rd, o, "carrier_id", &m->carrier) == -1)
		return -1;
	for (i = 0; i < MATCH_TEXTS; i++)
		if (patterns(rd, o, match_name[i], &m->text[i]) == -1)
			return -1;
	v = get(o, "remote");
	if (v != NULL && !cJSON_IsBool(v))
		return bad(rd, "remote: neither true nor false");
	if (v != NULL)
		m->remote = cJSON_IsTrue(v);
	return 0;
}

static int
read_target(struct reader *rd, const cJSON *o, struct rule *u)
{
	static const char *const known[] = { "n", "unit", NULL };
	const cJSON *m;
	const char *s;
	int64_t n;
	int v;

	if (o == NULL)
		return 0;
	if (!cJSON_IsObject(o))
		return bad(rd, "target: not an object");
	if (keys(rd, o, " of target", known) == -1 || must(rd, o, "unit", &s) == -1)
		return -1;
	if ((v = choice(rd, "unit", s, unit_name + 1, UNIT_N - 1)) == -1)
		return -1;
	u->unit = (uint8_t)(v + 1);
	m = get(o, "n");
	if (m == NULL)
		return bad(rd, "no \"n\"");
	if (whole(rd, m, "n", 0, v + 1 >= UNIT_HOUR ? HOURS_MAX : DAYS_MAX, &n) == -1)
		return -1;
	u->n = (int32_t)n;
	return 0;
}

/* MM-DD as month * 100 + day. */
static int
month_day(struct reader *rd, const cJSON *o, const char *key, int *v)
{
	const char *s;
	char shown[32], full[11] = "2000-";	/* a leap year */
	int32_t day;
	int year, month, mday;

	if (must(rd, o, key, &s) == -1)
		return -1;
	if (strlen(s) == 5) {
		memcpy(full + 5, s, 6);
		if (utc_get_day(slice_of(full), &day) == 0) {
			utc_date(day, &year, &month, &mday);
			*v = month * 100 + mday;
			return 0;
		}
	}
	return bad(rd, "%s: \"%s\" is not a day of the year (11-01)", key, err_show(shown, sizeof shown, s, strlen(s)));
}

static int
read_extra(struct reader *rd, const cJSON *a, struct rule *u)
{
	static const char *const known[] = { "from", "to", "add", "note", NULL };
	const cJSON *o, *m;
	struct season *x;
	size_t cap = 0;
	int64_t v;

	if (a == NULL)
		return 0;
	if (!cJSON_IsArray(a))
		return bad(rd, "extra: not a list");
	if (cJSON_GetArraySize(a) > SEASONS_MAX)
		return bad(rd, "extra: more than %d seasons", SEASONS_MAX);
	cJSON_ArrayForEach(o, a) {
		if (!cJSON_IsObject(o))
			return bad(rd, "extra: not a list of objects");
		u->season = mem_grow(u->season, &cap, u->seasons + 1, sizeof *u->season);
		x = &u->season[u->seasons++];
		m = get(o, "add");
		if (keys(rd, o, " of extra", known) == -1 || month_day(rd, o, "from", &x->from) == -1 ||
		    month_day(rd, o, "to", &x->to) == -1)
			return -1;
		if (m == NULL)
			return bad(rd, "no \"add\"");
		if (whole(rd, m, "add", 0, 1000, &v) == -1)
			return -1;
		x->add = (int32_t)v;
	}
	return 0;
}

static int
read_exclude(struct reader *rd, const cJSON *o, struct rule *u)
{
	const cJSON *a, *m;
	char shown[64];
	size_t i, n;
	int v;

	u->exclude_cancelled = 1;
	if (strings(rd, o, "exclude", &a) == -1)
		return -1;
	if (a == NULL)
		return 0;
	u->exclude_cancelled = 0;
	cJSON_ArrayForEach(m, a) {
		const char *s = m->valuestring;

		n = strlen(s);
		if (strcmp(s, "cancelled") == 0) {
			u->exclude_cancelled = 1;
			continue;
		}
		if (strcmp(s, "lost") == 0) {
			u->exclude_lost = 1;
			continue;
		}
		if (strcmp(s, "returning") == 0) {
			u->exclude_returning = 1;
			continue;
		}
		if (u->exclude_reason == NULL)
			u->exclude_reason = mem_alloc(rd->t->reasons);
		u->excludes = 1;
		if (n > 2 && strcmp(s + n - 2, ".*") == 0) {
			v = party_by_name((struct slice){ s, n - 2 });
			if (v <= PARTY_NONE || v >= PARTY_PLATFORM)
				v = -1;
			for (i = 0; v != -1 && i < rd->t->reasons; i++)
				if (rd->t->reason[i].party == v)
					u->exclude_reason[i] = 1;
		} else {
			v = taxonomy_reason(rd->t, (struct slice){ s, n });
			if (v == REASON_NONE)
				v = -1;
			if (v != -1)
				u->exclude_reason[v] = 1;
		}
		if (v == -1)
			return bad(rd, "exclude: neither a status nor a reason: \"%s\"", err_show(shown, sizeof shown, s, n));
	}
	return 0;
}

static int
read_lists(struct reader *rd, const cJSON *o, struct rule *u)
{
	const cJSON *a, *m;
	const char *s;
	size_t n = 0;
	int v;

	if (strings(rd, o, "promise", &a) == -1)
		return -1;
	if (a != NULL) {
		memset(u->promise, 0, sizeof u->promise);
		if (cJSON_GetArraySize(a) == 0 || cJSON_GetArraySize(a) >= PROMISE_N)
			return bad(rd, "promise: not a list of one to three");
		cJSON_ArrayForEach(m, a) {
			if ((v = choice(rd, "promise", m->valuestring, promise_name + 1, PROMISE_N - 1)) == -1)
				return -1;
			u->promise[n++] = (uint8_t)(v + 1);
		}
	}
	if (text(rd, o, "start", &s) == -1)
		return -1;
	if (s != NULL) {
		if ((v = choice(rd, "start", s, start_name, START_N)) == -1)
			return -1;
		u->start = (uint8_t)v;
	}
	if (strings(rd, o, "stop", &a) == -1)
		return -1;
	cJSON_ArrayForEach(m, a) {
		if ((v = choice(rd, "stop", m->valuestring, stop_name + 1, STOP_N - 1)) == -1)
			return -1;
		u->stops |= (uint8_t)(1 << (v + 1));
	}
	if (strings(rd, o, "pause", &a) == -1)
		return -1;
	cJSON_ArrayForEach(m, a) {
		if ((v = choice(rd, "pause", m->valuestring, pause_name, PAUSE_N)) == -1)
			return -1;
		u->pauses |= (uint8_t)(1 << v);
	}
	return 0;
}

static int
read_clock(struct reader *rd, const cJSON *o, struct rule *u)
{
	static const char *const known[] = { "dest", "origin", "calendar" };
	static const char *const roll[] = { "next_bday" };
	const char *s;
	int i;

	if (text(rd, o, "clock_tz", &s) == -1)
		return -1;
	if (s != NULL) {
		for (i = 0; i < 3 && strcmp(s, known[i]) != 0; i++)
			;
		u->clock_tz = (uint8_t)(i < 3 ? i : CLOCK_TZ_ZONE);
		if (i == 3 && zone(rd, "clock_tz", s, &u->zone) == -1)
			return -1;
	}
	if (text(rd, o, "cutoff", &s) == -1 || (s != NULL && clock_time(rd, "cutoff", s, 1, 1, &u->cutoff) == -1))
		return -1;
	if (text(rd, o, "deadline_time", &s) == -1 ||
	    (s != NULL && clock_time(rd, "deadline_time", s, 0, 1, &u->deadline) == -1))
		return -1;
	if (text(rd, o, "roll", &s) == -1)
		return -1;
	if (s != NULL) {
		if (choice(rd, "roll", s, roll, 1) == -1)
			return -1;
		u->roll = 1;
	}
	if (text(rd, o, "valid_from", &s) == -1 || (s != NULL && date(rd, "valid_from", s, &u->valid_from) == -1) ||
	    text(rd, o, "valid_to", &s) == -1 || (s != NULL && date(rd, "valid_to", s, &u->valid_to) == -1))
		return -1;
	if (u->valid_to <= u->valid_from)
		return bad(rd, "valid_to: the rule ends before it begins");
	return 0;
}

/* Keys that say nothing with the target that the rule has. */
static void
idle_keys(struct reader *rd, const cJSON *o, const struct rule *u)
{
	static const struct {
		const char *key;
		unsigned units;
	} only[] = {
		{ "cutoff", 1 << UNIT_BDAY | 1 << UNIT_DAY },
		{ "deadline_time", 1 << UNIT_BDAY | 1 << UNIT_DAY },
		{ "extra", 1 << UNIT_BDAY | 1 << UNIT_DAY },
		{ "roll", 1 << UNIT_DAY },
	};
	size_t i;

	for (i = 0; i < sizeof only / sizeof *only; i++)
		if (get(o, only[i].key) != NULL && !(only[i].units >> u->unit & 1))
			warn(rd, rd->line, "%s has no effect with %s%s", only[i].key,
			    u->unit == UNIT_NONE ? "no target" : "the unit ", u->unit == UNIT_NONE ? "" : unit_name[u->unit]);
}

static int
read_rule(struct reader *rd, const cJSON *o)
{
	static const char *const known[] = {
		"kind", "id", "valid_from", "valid_to", "match", "promise", "start", "stop", "target", "calendar", "clock_tz",
		"cutoff", "deadline_time", "roll", "extra", "pause", "exclude", "at_risk", "stale_after", "handover_by", "note",
		NULL
	};
	struct rules *r = rd->r;
	struct rule *u;
	const char *s;
	char *q;

	r->rule = mem_grow(r->rule, &r->cap[2], r->rules_n + 1, sizeof *r->rule);
	rd->calendar = mem_grow(rd->calendar, &rd->calendars, r->rules_n + 1, sizeof *rd->calendar);
	rd->calendar[r->rules_n] = NULL;
	u = &r->rule[r->rules_n++];
	rule_defaults(u);
	u->line = rd->line;
	if (keys(rd, o, " of a rule", known) == -1 || id(rd, o, 2, &u->id) == -1)
		return -1;
	q = mem_alloc(6 * strlen(u->id) + 2);
	u->quoted = (struct slice){ q, (size_t)(json_quote(q, slice_of(u->id)) - q) };
	if (read_match(rd, get(o, "match"), &u->match) == -1 || read_lists(rd, o, u) == -1 ||
	    read_target(rd, get(o, "target"), u) == -1 || text(rd, o, "calendar", &s) == -1)
		return -1;
	if (s != NULL)
		rd->calendar[r->rules_n - 1] = mem_dup(s, strlen(s));
	if (read_clock(rd, o, u) == -1 || read_extra(rd, get(o, "extra"), u) == -1 || read_exclude(rd, o, u) == -1 ||
	    duration(rd, o, "at_risk", &u->at_risk) == -1 || duration(rd, o, "stale_after", &u->stale_after) == -1 ||
	    duration(rd, o, "handover_by", &u->handover_by) == -1)
		return -1;
	idle_keys(rd, o, u);
	return 0;
}

static int
read_line(struct reader *rd, struct slice line, struct json *j, struct buf *b)
{
	static const char *const kind[] = { "calendar", "window", "rule" };
	static int (*const read[])(struct reader *, const cJSON *) = { read_calendar, read_window, read_rule };
	cJSON *o = NULL;
	const char *s;
	int v, rc = -1;

	buf_clear(b);
	buf_slice(b, line);
	memset(buf_room(b, JSON_PAD), 0, JSON_PAD);
	/* our scanner is strict where cJSON is not: names twice, UTF-8, numbers, what follows the object */
	if (json_scan(j, buf_as_slice(b)) == -1)
		return bad(rd, "%s at byte %zu", j->fault, j->at + 1);
	o = cJSON_ParseWithLength(b->p, b->n);
	if (o == NULL || !cJSON_IsObject(o)) {
		(void)bad(rd, "not a JSON object");
		goto out;
	}
	if (must(rd, o, "kind", &s) == -1 || (v = choice(rd, "kind", s, kind, 3)) == -1)
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
			return bad(rd, "unknown calendar \"%s\"",
			    err_show(shown, sizeof shown, rd->calendar[i], strlen(rd->calendar[i])));
		r->rule[i].calendar = r->calendar[c];
	}
	for (i = 0; i < r->rules_n; i++)
		for (k = 0; k < i; k++)
			if (rule_covers(&r->rule[k], &r->rule[i])) {
				warn(rd, r->rule[i].line, "no shipment reaches rule \"%s\": rule \"%s\" in line %u takes them all",
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
