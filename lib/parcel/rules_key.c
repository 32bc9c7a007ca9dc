/*
 * Reads the keys of a line of the SLA rule file.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utc.h"
#include "parcel/rules_work.h"

int
rules_bad(struct reader *rd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)err_vset(rd->e, EX_CONFIG, fmt, ap);
	va_end(ap);
	return err_at(rd->e, "%s:%u", rd->file, rd->line);
}

void
rules_warn(struct reader *rd, unsigned line, const char *fmt, ...)
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

int
rules_keys(struct reader *rd, const cJSON *o, const char *in, const char *const *known)
{
	const cJSON *m;
	char shown[64];
	size_t i;

	cJSON_ArrayForEach(m, o) {
		for (i = 0; known[i] != NULL && strcmp(known[i], m->string) != 0; i++)
			;
		if (known[i] == NULL)
			return rules_bad(rd, "unknown key \"%s\"%s",
			    err_show(shown, sizeof shown, m->string, strlen(m->string)), in);
	}
	m = rules_get(o, "note");
	if (m != NULL && !cJSON_IsString(m))
		return rules_bad(rd, "note: not a string");
	return 0;
}

int
rules_text(struct reader *rd, const cJSON *o, const char *key, const char **s)
{
	const cJSON *m = rules_get(o, key);

	*s = NULL;
	if (m == NULL)
		return 0;
	if (!cJSON_IsString(m))
		return rules_bad(rd, "%s: not a string", key);
	*s = m->valuestring;
	return 0;
}

int
rules_must(struct reader *rd, const cJSON *o, const char *key, const char **s)
{
	if (rules_text(rd, o, key, s) == -1)
		return -1;
	return *s != NULL ? 0 : rules_bad(rd, "no \"%s\"", key);
}

int
rules_whole(struct reader *rd, const cJSON *m, const char *key, int64_t min, int64_t max, int64_t *v)
{
	if (!cJSON_IsNumber(m) || !(m->valuedouble >= -9e15 && m->valuedouble <= 9e15) ||
	    (double)(int64_t)m->valuedouble != m->valuedouble)
		return rules_bad(rd, "%s: not a whole number", key);
	*v = (int64_t)m->valuedouble;
	if (*v < min || *v > max)
		return rules_bad(rd, "%s: %lld is not within %lld and %lld", key, (long long)*v,
		    (long long)min, (long long)max);
	return 0;
}

int
rules_strings(struct reader *rd, const cJSON *o, const char *key, const cJSON **a)
{
	const cJSON *m;

	*a = rules_get(o, key);
	if (*a == NULL)
		return 0;
	if (!cJSON_IsArray(*a))
		return rules_bad(rd, "%s: not a list", key);
	cJSON_ArrayForEach(m, *a)
		if (!cJSON_IsString(m))
			return rules_bad(rd, "%s: not a list of strings", key);
	return 0;
}

int
rules_choice(struct reader *rd, const char *key, const char *s, const char *const *name, int n)
{
	char shown[64];
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(name[i], s) == 0)
			return i;
	return rules_bad(rd, "%s: unknown value \"%s\"", key, err_show(shown, sizeof shown, s, strlen(s)));
}

int
rules_date(struct reader *rd, const char *key, const char *s, int32_t *day)
{
	char shown[64];

	if (utc_get_day(slice_of(s), day) == -1)
		return rules_bad(rd, "%s: \"%s\" is not a date (2024-06-03)", key,
		    err_show(shown, sizeof shown, s, strlen(s)));
	return 0;
}

int
rules_dates(struct reader *rd, const cJSON *o, const char *key, int32_t **day, size_t *n)
{
	const cJSON *a, *m;
	size_t cap = 0;

	if (rules_strings(rd, o, key, &a) == -1)
		return -1;
	if (a == NULL)
		return 0;
	cJSON_ArrayForEach(m, a) {
		*day = mem_grow(*day, &cap, *n + 1, sizeof **day);
		if (rules_date(rd, key, m->valuestring, &(*day)[*n]) == -1)
			return -1;
		(*n)++;
	}
	return 0;
}

int
rules_clock_time(struct reader *rd, const char *key, const char *s, int minutes, int seconds, int32_t *sec)
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
	return rules_bad(rd, "%s: \"%s\" is not a time of day (%s)", key, err_show(shown, sizeof shown, s, n),
	    !seconds ? "15:00" : !minutes ? "23:59:59" : "15:00 or 15:00:00");
}

int
rules_instant(struct reader *rd, const char *key, const char *s, int64_t *at)
{
	struct utc_text u;
	char shown[64];

	if (utc_parse(slice_of(s), &u) == -1 || !u.has_offset)
		return rules_bad(rd, "%s: \"%s\" is not a time with its offset (2024-06-03T07:00:00Z)", key,
		    err_show(shown, sizeof shown, s, strlen(s)));
	*at = utc_sec(u.ms) - u.offset;
	return 0;
}

int
rules_duration(struct reader *rd, const cJSON *o, const char *key, int64_t *sec)
{
	const char *s;
	char shown[64];

	if (rules_text(rd, o, key, &s) == -1)
		return -1;
	if (s != NULL && (*s != 'P' || utc_duration(slice_of(s), sec) == -1))
		return rules_bad(rd, "%s: \"%s\" is not a duration (P1D, PT4H)", key,
		    err_show(shown, sizeof shown, s, strlen(s)));
	return 0;
}

int
rules_zone(struct reader *rd, const char *key, const char *name, const struct zone **z)
{
	struct err e = ERR_NONE;

	if (*name == '\0')
		return rules_bad(rd, "%s: no name", key);
	*z = zone_get(slice_of(name), &e);
	return *z != NULL ? 0 : rules_bad(rd, "%s: %s", key, e.msg);
}

int
rules_ints(struct reader *rd, const cJSON *o, const char *key, struct int_list *l)
{
	const cJSON *a = rules_get(o, key), *m;
	size_t cap = 0;

	if (a == NULL)
		return 0;
	if (!cJSON_IsArray(a) || cJSON_GetArraySize(a) == 0)
		return rules_bad(rd, "%s: not a list of numbers", key);
	cJSON_ArrayForEach(m, a) {
		l->v = mem_grow(l->v, &cap, l->n + 1, sizeof *l->v);
		if (rules_whole(rd, m, key, 0, UINT32_MAX, &l->v[l->n]) == -1)
			return -1;
		l->n++;
	}
	int_list_sort(l);
	return 0;
}

int
rules_patterns(struct reader *rd, const cJSON *o, const char *key, struct pattern_list *l)
{
	const cJSON *a, *m;
	size_t cap = 0, n;

	if (rules_strings(rd, o, key, &a) == -1)
		return -1;
	if (a == NULL)
		return 0;
	if (cJSON_GetArraySize(a) == 0)
		return rules_bad(rd, "%s: an empty list matches nothing", key);
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

int
rules_month_day(struct reader *rd, const cJSON *o, const char *key, int *v)
{
	const char *s;
	char shown[32], full[11] = "2000-";	/* a leap year */
	int32_t day;
	int year, month, mday;

	if (rules_must(rd, o, key, &s) == -1)
		return -1;
	if (strlen(s) == 5) {
		memcpy(full + 5, s, 6);
		if (utc_get_day(slice_of(full), &day) == 0) {
			utc_date(day, &year, &month, &mday);
			*v = month * 100 + mday;
			return 0;
		}
	}
	return rules_bad(rd, "%s: \"%s\" is not a day of the year (11-01)", key,
	    err_show(shown, sizeof shown, s, strlen(s)));
}

int
rules_id(struct reader *rd, const cJSON *o, int kind, char **name)
{
	const char *s;
	char shown[ID_MAX + 1];
	size_t n, before = rd->ids[kind].n;

	if (rules_must(rd, o, "id", &s) == -1)
		return -1;
	n = strlen(s);
	if (n == 0 || n > ID_MAX)
		return rules_bad(rd, "id: not a text of 1 to %d bytes", ID_MAX);
	if (map_add(&rd->ids[kind], (struct slice){ s, n }) < before)
		return rules_bad(rd, "a second line with the id \"%s\"", err_show(shown, sizeof shown, s, n));
	*name = mem_dup(s, n);
	return 0;
}
