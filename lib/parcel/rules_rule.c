/*
 * Reads a rule of the SLA rule file.
 */
#include <string.h>

#include "base/mem.h"
#include "parcel/rules_work.h"
#include "rec/json.h"

#define DAYS_MAX 10000			/* n of bday and day */
#define HOURS_MAX 240000		/* n of hour and bhour */
#define SEASONS_MAX 100			/* of a rule */

static const char *const match_name[MATCH_TEXTS] = {
	"tier", "segment", "carrier", "service", "origin", "dest", "mode",
};

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
		return rules_bad(rd, "match: not an object");
	if (rules_get(o, "note") != NULL)
		return rules_bad(rd, "unknown key \"note\" of match");
	if (rules_keys(rd, o, " of match", known) == -1 || rules_ints(rd, o, "client_id", &m->client) == -1 ||
	    rules_ints(rd, o, "carrier_id", &m->carrier) == -1)
		return -1;
	for (i = 0; i < MATCH_TEXTS; i++)
		if (rules_patterns(rd, o, match_name[i], &m->text[i]) == -1)
			return -1;
	v = rules_get(o, "remote");
	if (v != NULL && !cJSON_IsBool(v))
		return rules_bad(rd, "remote: neither true nor false");
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
		return rules_bad(rd, "target: not an object");
	if (rules_keys(rd, o, " of target", known) == -1 || rules_must(rd, o, "unit", &s) == -1)
		return -1;
	if ((v = rules_choice(rd, "unit", s, unit_name + 1, UNIT_N - 1)) == -1)
		return -1;
	u->unit = (uint8_t)(v + 1);
	m = rules_get(o, "n");
	if (m == NULL)
		return rules_bad(rd, "no \"n\"");
	if (rules_whole(rd, m, "n", 0, v + 1 >= UNIT_HOUR ? HOURS_MAX : DAYS_MAX, &n) == -1)
		return -1;
	u->n = (int32_t)n;
	return 0;
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
		return rules_bad(rd, "extra: not a list");
	if (cJSON_GetArraySize(a) > SEASONS_MAX)
		return rules_bad(rd, "extra: more than %d seasons", SEASONS_MAX);
	cJSON_ArrayForEach(o, a) {
		if (!cJSON_IsObject(o))
			return rules_bad(rd, "extra: not a list of objects");
		u->season = mem_grow(u->season, &cap, u->seasons + 1, sizeof *u->season);
		x = &u->season[u->seasons++];
		m = rules_get(o, "add");
		if (rules_keys(rd, o, " of extra", known) == -1 || rules_month_day(rd, o, "from", &x->from) == -1 ||
		    rules_month_day(rd, o, "to", &x->to) == -1)
			return -1;
		if (m == NULL)
			return rules_bad(rd, "no \"add\"");
		if (rules_whole(rd, m, "add", 0, 1000, &v) == -1)
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
	if (rules_strings(rd, o, "exclude", &a) == -1)
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
			return rules_bad(rd, "exclude: neither a status nor a reason: \"%s\"", err_show(shown, sizeof shown, s, n));
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

	if (rules_strings(rd, o, "promise", &a) == -1)
		return -1;
	if (a != NULL) {
		memset(u->promise, 0, sizeof u->promise);
		if (cJSON_GetArraySize(a) == 0 || cJSON_GetArraySize(a) >= PROMISE_N)
			return rules_bad(rd, "promise: not a list of one to three");
		cJSON_ArrayForEach(m, a) {
			if ((v = rules_choice(rd, "promise", m->valuestring, promise_name + 1, PROMISE_N - 1)) == -1)
				return -1;
			u->promise[n++] = (uint8_t)(v + 1);
		}
	}
	if (rules_text(rd, o, "start", &s) == -1)
		return -1;
	if (s != NULL) {
		if ((v = rules_choice(rd, "start", s, start_name, START_N)) == -1)
			return -1;
		u->start = (uint8_t)v;
	}
	if (rules_strings(rd, o, "stop", &a) == -1)
		return -1;
	cJSON_ArrayForEach(m, a) {
		if ((v = rules_choice(rd, "stop", m->valuestring, stop_name + 1, STOP_N - 1)) == -1)
			return -1;
		u->stops |= (uint8_t)(1 << (v + 1));
	}
	if (rules_strings(rd, o, "pause", &a) == -1)
		return -1;
	cJSON_ArrayForEach(m, a) {
		if ((v = rules_choice(rd, "pause", m->valuestring, pause_name, PAUSE_N)) == -1)
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

	if (rules_text(rd, o, "clock_tz", &s) == -1)
		return -1;
	if (s != NULL) {
		for (i = 0; i < 3 && strcmp(s, known[i]) != 0; i++)
			;
		u->clock_tz = (uint8_t)(i < 3 ? i : CLOCK_TZ_ZONE);
		if (i == 3 && rules_zone(rd, "clock_tz", s, &u->zone) == -1)
			return -1;
	}
	if (rules_text(rd, o, "cutoff", &s) == -1 ||
	    (s != NULL && rules_clock_time(rd, "cutoff", s, 1, 1, &u->cutoff) == -1))
		return -1;
	if (rules_text(rd, o, "deadline_time", &s) == -1 ||
	    (s != NULL && rules_clock_time(rd, "deadline_time", s, 0, 1, &u->deadline) == -1))
		return -1;
	if (rules_text(rd, o, "roll", &s) == -1)
		return -1;
	if (s != NULL) {
		if (rules_choice(rd, "roll", s, roll, 1) == -1)
			return -1;
		u->roll = 1;
	}
	if (rules_text(rd, o, "valid_from", &s) == -1 ||
	    (s != NULL && rules_date(rd, "valid_from", s, &u->valid_from) == -1) ||
	    rules_text(rd, o, "valid_to", &s) == -1 ||
	    (s != NULL && rules_date(rd, "valid_to", s, &u->valid_to) == -1))
		return -1;
	if (u->valid_to <= u->valid_from)
		return rules_bad(rd, "valid_to: the rule ends before it begins");
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
		if (rules_get(o, only[i].key) != NULL && !(only[i].units >> u->unit & 1))
			rules_warn(rd, rd->line, "%s has no effect with %s%s", only[i].key,
			    u->unit == UNIT_NONE ? "no target" : "the unit ", u->unit == UNIT_NONE ? "" : unit_name[u->unit]);
}

/* A deadline of the day on which the clock starts: nothing but a cut-off keeps it ahead of the start. */
static void
early_deadline(struct reader *rd, const struct rule *u)
{
	if ((u->unit == UNIT_BDAY || u->unit == UNIT_DAY) && u->n == 0 && u->deadline < 86399 &&
	    (u->cutoff < 0 || u->cutoff > u->deadline))
		rules_warn(rd, rd->line, "deadline_time: with n 0 and no cutoff up to it, what starts later in the day is due before it starts");
}

int
rules_read_rule(struct reader *rd, const cJSON *o)
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
	if (rules_keys(rd, o, " of a rule", known) == -1 || rules_id(rd, o, 2, &u->id) == -1)
		return -1;
	q = mem_alloc(6 * strlen(u->id) + 2);
	u->quoted = (struct slice){ q, (size_t)(json_quote(q, slice_of(u->id)) - q) };
	if (read_match(rd, rules_get(o, "match"), &u->match) == -1 || read_lists(rd, o, u) == -1 ||
	    read_target(rd, rules_get(o, "target"), u) == -1 || rules_text(rd, o, "calendar", &s) == -1)
		return -1;
	if (s != NULL)
		rd->calendar[r->rules_n - 1] = mem_dup(s, strlen(s));
	if (read_clock(rd, o, u) == -1 || read_extra(rd, rules_get(o, "extra"), u) == -1 ||
	    read_exclude(rd, o, u) == -1 ||
	    rules_duration(rd, o, "at_risk", &u->at_risk) == -1 ||
	    rules_duration(rd, o, "stale_after", &u->stale_after) == -1 ||
	    rules_duration(rd, o, "handover_by", &u->handover_by) == -1)
		return -1;
	idle_keys(rd, o, u);
	early_deadline(rd, u);
	return 0;
}
