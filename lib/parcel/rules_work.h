#ifndef PARCEL_RULES_WORK_H_
#define PARCEL_RULES_WORK_H_

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/map.h"
#include "parcel/rules.h"

/*
 * The inside of the rule file's parser: rules_file.c reads the lines, rules_rule.c those of
 * rules, rules_key.c the keys that a line may have.
 */
#define ID_MAX 128

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

/* -1 with EX_CONFIG "FILE:LINE: fault" of the present line. */
int rules_bad(struct reader *rd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Keeps a warning at that line. */
void rules_warn(struct reader *rd, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The member, or NULL when it is not there. */
static inline const cJSON *
rules_get(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

/*
 * rules_key.c.  All return 0, or -1 with the fault; what is not there leaves the result as it
 * was, unless said otherwise.  Lists are appended to and belong to the rules.
 */

/* Refuses a member of o that is not known (names, NULL at the end); in says where (" of a rule"). */
int rules_keys(struct reader *rd, const cJSON *o, const char *in, const char *const *known);

/* A string, which lives as long as o; *s is NULL when it is not there, and rules_must() refuses that. */
int rules_text(struct reader *rd, const cJSON *o, const char *key, const char **s);
int rules_must(struct reader *rd, const cJSON *o, const char *key, const char **s);

/* An array of strings; *a is NULL when it is not there. */
int rules_strings(struct reader *rd, const cJSON *o, const char *key, const cJSON **a);

/* m as a whole number within min and max. */
int rules_whole(struct reader *rd, const cJSON *m, const char *key, int64_t min, int64_t max, int64_t *v);

/* The number of s among the n names, or -1 with the fault. */
int rules_choice(struct reader *rd, const char *key, const char *s, const char *const *name, int n);

/* A date, or a list of dates. */
int rules_date(struct reader *rd, const char *key, const char *s, int32_t *day);
int rules_dates(struct reader *rd, const cJSON *o, const char *key, int32_t **day, size_t *n);

/* HH:MM where minutes, HH:MM:SS where seconds is set, up to 24:00, as seconds of the day. */
int rules_clock_time(struct reader *rd, const char *key, const char *s, int minutes, int seconds, int32_t *sec);

/*
 * A time with its offset, in seconds since 1970; a duration in seconds; MM-DD, which must
 * be there, as month * 100 + day.
 */
int rules_instant(struct reader *rd, const char *key, const char *s, int64_t *at);
int rules_duration(struct reader *rd, const cJSON *o, const char *key, int64_t *sec);
int rules_month_day(struct reader *rd, const cJSON *o, const char *key, int *v);

int rules_zone(struct reader *rd, const char *key, const char *name, const struct zone **z);

/* Lists that must not be empty: numbers, which are sorted; texts, of which those that end in * are prefixes. */
int rules_ints(struct reader *rd, const cJSON *o, const char *key, struct int_list *l);
int rules_patterns(struct reader *rd, const cJSON *o, const char *key, struct pattern_list *l);

/* The line's id, which no other line of its kind (of ids[]) may have; *name belongs to the rules. */
int rules_id(struct reader *rd, const cJSON *o, int kind, char **name);

/* rules_rule.c: a line of kind "rule".  0 or -1. */
int rules_read_rule(struct reader *rd, const cJSON *o);

#endif
