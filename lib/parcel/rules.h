#ifndef PARCEL_RULES_H_
#define PARCEL_RULES_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/zone.h"
#include "parcel/calendar.h"
#include "parcel/taxonomy.h"

/*
 * The SLA rule file (wb-rules.5): calendars, windows and rules, checked whole.
 * Times are whole seconds since 1970, durations seconds, days as in base/utc.h.
 */
enum promise_source { PROMISE_NONE, PROMISE_EXPLICIT, PROMISE_RULE, PROMISE_CARRIER_EDD, PROMISE_N };
enum sla_start { START_ACCEPTED, START_CREATED, START_LABEL, START_N };
enum sla_stop { STOP_NONE, STOP_DELIVERED, STOP_FIRST_ATTEMPT, STOP_READY, STOP_N };
enum target_unit { UNIT_NONE, UNIT_BDAY, UNIT_DAY, UNIT_HOUR, UNIT_BHOUR, UNIT_N };
enum pause_kind { PAUSE_CUSTOMS, PAUSE_HOLD, PAUSE_RESCHEDULE, PAUSE_PICKUP, PAUSE_FORCE, PAUSE_N };
enum clock_tz { CLOCK_TZ_DEST, CLOCK_TZ_ORIGIN, CLOCK_TZ_CALENDAR, CLOCK_TZ_ZONE };

extern const char *const promise_name[PROMISE_N], *const start_name[START_N], *const stop_name[STOP_N];
extern const char *const unit_name[UNIT_N], *const pause_name[PAUSE_N];

/* Texts that a rule can match, in the order of the file format. */
enum match_text {
	MATCH_TIER, MATCH_SEGMENT, MATCH_CARRIER, MATCH_SERVICE, MATCH_ORIGIN, MATCH_DEST, MATCH_MODE, MATCH_TEXTS
};

/* A list of texts; one that ended in * matches every text that it begins. */
struct pattern_list {
	struct pattern {
		char *p;
		size_t n;
		int prefix;
	} *v;
	size_t n;			/* 0: everything matches */
};

struct int_list {
	int64_t *v;			/* ascending */
	size_t n;			/* 0: everything matches */
};

struct match {
	struct int_list client, carrier;
	struct pattern_list text[MATCH_TEXTS];
	int remote;			/* 0, 1; -1: both */
};

struct season {
	int from, to;			/* month * 100 + day, inclusive */
	int32_t add;
};

struct rule {
	char *id;
	struct slice quoted;		/* the id as a JSON string */
	unsigned line;			/* of the file; 0: the implicit rule */
	struct match match;
	int32_t valid_from, valid_to;	/* days, valid_to exclusive */
	uint8_t promise[PROMISE_N];	/* the chain, ended by PROMISE_NONE */
	uint8_t start;			/* enum sla_start */
	uint8_t stops;			/* bits 1 << enum sla_stop */
	uint8_t pauses;			/* bits 1 << enum pause_kind */
	uint8_t unit;			/* enum target_unit */
	uint8_t clock_tz;		/* enum clock_tz */
	uint8_t roll;			/* next_bday */
	int32_t n;
	const struct calendar *calendar;
	const struct zone *zone;	/* of CLOCK_TZ_ZONE */
	int32_t cutoff;			/* second of the day, -1: none */
	int32_t deadline;		/* second of the day */
	struct season *season;
	size_t seasons;
	uint8_t exclude_cancelled, exclude_lost, exclude_returning;
	uint8_t excludes;		/* any reason is excluded */
	uint8_t *exclude_reason;	/* by number of the reason; NULL when excludes is 0 */
	int64_t at_risk;
	int64_t stale_after, handover_by;	/* -1: none */
};

struct window {
	char *id;
	unsigned line;
	uint8_t party;			/* PARTY_FORCE or PARTY_PLATFORM */
	int64_t from, to;		/* to exclusive */
	struct pattern_list region;
	struct int_list carrier;
};

/* Fields whose values a rule can list: the clients, the carriers, and the texts of enum match_text. */
enum rule_field { RULE_CLIENT, RULE_CARRIER, RULE_TEXT, RULE_FIELDS = RULE_TEXT + MATCH_TEXTS };

/* The rules by value, see rule_index_build(). */
struct rule_index {
	uint32_t *head;			/* by hash: number of the first link of a chain, 0: none */
	uint32_t mask;
	uint32_t any;			/* chain of the rules that list no values */
	struct rule_link {
		uint32_t rule;		/* ascending in a chain */
		uint32_t next;		/* number of the next link, 0: the last one */
	} *link;			/* number 1 is link[0] */
	size_t links;
	uint8_t by[RULE_FIELDS];	/* there are rules that are found by this field */
};

struct rules {
	struct calendar always;
	struct calendar **calendar;
	size_t calendars;
	struct window *window;		/* by from */
	size_t windows;
	struct rule *rule;		/* in the order of the file */
	size_t rules_n;
	struct rule_index index;	/* of rule[] */
	struct rule implicit;		/* for what no rule matches */
	char **warning;			/* "FILE:LINE: ..." */
	size_t warnings;
	size_t cap[4];
};

#define RULES_MAX (64 * 1024 * 1024)	/* bytes of a rule file */

/* All that the file format knows, no line of a file read: the implicit rule only. */
void rules_init(struct rules *r);

/*
 * Reads the text of a rule file; file is its name for messages.  0, or -1 with
 * EX_CONFIG "FILE:LINE: fault"; r is then to be freed only.  Works on what
 * rules_init() left.
 */
int rules_read(struct rules *r, const struct taxonomy *t, const char *file, struct slice text, struct err *e);
void rules_fini(struct rules *r);

/* What an absent key of a rule means; calendar is left to the caller. */
void rule_defaults(struct rule *u);

/*
 * The index of n rules.  Every rule that matches a shipment is in one of these chains:
 * any, and those that rule_index_int() and rule_index_text() give for its client, its
 * carrier and its texts.  Other rules are in them too.  rule_index_fini() frees it.
 */
void rule_index_build(struct rule_index *x, const struct rule *rule, size_t n);
uint32_t rule_index_int(const struct rule_index *x, enum rule_field field, int64_t v);
uint32_t rule_index_text(const struct rule_index *x, enum rule_field field, struct slice v);
void rule_index_fini(struct rule_index *x);

int pattern_match(const struct pattern_list *l, struct slice s);
int int_match(const struct int_list *l, int64_t v);
void int_list_sort(struct int_list *l);

/* Every shipment that b takes, a takes as well. */
int rule_covers(const struct rule *a, const struct rule *b);

#endif
