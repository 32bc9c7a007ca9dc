#ifndef PARCEL_SLA_H_
#define PARCEL_SLA_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/zone.h"
#include "parcel/doc.h"
#include "parcel/pause.h"
#include "parcel/rules.h"
#include "parcel/taxonomy.h"
#include "rec/reject.h"

/*
 * The verdict on a shipment (wb-rules.5 "Judging"): a pure function of its document,
 * the rules and now.  All times are whole seconds since 1970, SLA_NONE where there
 * is none; days are those of base/utc.h.
 */
#define SLA_NONE INT64_MIN
#define SLA_ABANDONED (INT64_C(180) * 86400)	/* without an event for so long */
#define SLA_STALE (INT64_C(72) * 3600)		/* when an open shipment is looked at again, if the rule does not say */

/* A promise: a date (in the destination zone), or a time. */
struct moment {
	enum { MOMENT_NONE, MOMENT_DATE, MOMENT_TIME } kind;
	int32_t day;
	int64_t at;
};

/* An event that is neither void nor absorbed. */
struct sla_event {
	int64_t at, received;
	struct slice id;
	struct moment edd;
	uint16_t reason;		/* number in the taxonomy */
	uint8_t status;			/* enum status */
	uint8_t attempt;
	uint8_t ignored;		/* the fold let it move nothing: neither does it open or close a pause */
};

/* What a document says, as far as the judge looks at it. */
struct sla_facts {
	struct slice shipment;
	int64_t client, carrier;
	struct slice text[MATCH_TEXTS];
	int remote;
	const struct zone *origin, *dest;	/* NULL: unknown */
	struct moment first, now;		/* the client's promise */
	int status;				/* enum status */
	int64_t created, label, accepted, ready, delivered, return_started, closed, last_event;
	int64_t version;			/* ms; 0: none */
	struct sla_event *event;		/* in the order of the document */
	size_t events;

	/* inner */
	size_t cap;
	char *scratch;
	size_t scratch_cap;
};

/*
 * Reads the members that the judge needs.  Texts live as long as the record.  0, or
 * -1 with the fault.  f is all zero at first and keeps its memory from one document
 * to the next; sla_facts_fini() frees it.
 */
int sla_facts_get(struct sla_facts *f, const struct doc *d, const struct taxonomy *t, struct fault *fault);
void sla_facts_fini(struct sla_facts *f);

/* The window matches the shipment: its destination region, its carrier. */
int window_match(const struct window *w, const struct sla_facts *f);

enum sla_state { SLA_NOT_APPLICABLE, SLA_PENDING, SLA_AT_RISK, SLA_MET, SLA_MISSED, SLA_STATES };
extern const char *const sla_state_name[SLA_STATES];

/* Which of the conditions decided. */
enum sla_why {
	WHY_NOT_JUDGED,		/* no created_at */
	WHY_NO_DUE,
	WHY_CANCELLED, WHY_LOST, WHY_RETURNING, WHY_REASON,	/* excluded */
	WHY_IN_TIME, WHY_LATE, WHY_CLOSED, WHY_PAUSED, WHY_OVERDUE,
	WHY_NEAR, WHY_EDD, WHY_STALE,	/* at risk */
	WHY_ON_WAY,
};

enum sla_blame { BLAME_NONE, BLAME_FORCE, BLAME_PLATFORM, BLAME_HANDOVER, BLAME_REASON, BLAME_CARRIER, BLAME_UNKNOWN };

struct verdict {
	const struct rule *rule;
	const struct zone *clock, *dest;
	int64_t begin;			/* of the clock */
	int64_t now;
	uint8_t source;			/* enum promise_source */
	uint8_t precision;		/* of the promise: MOMENT_NONE, _DATE, _TIME */
	int64_t promised, promised_now, due;
	int32_t due_day;		/* when due is not SLA_NONE */
	uint8_t stop;			/* enum sla_stop */
	int64_t stop_at;
	uint8_t state;			/* enum sla_state */
	uint8_t party;			/* enum party */
	int64_t late;
	int64_t promise_err;		/* SLA_NONE: none */
	int64_t paused;
	uint8_t is_paused;
	int64_t judge_at;
	unsigned unpaired;		/* runs of customs and on_hold that are no pause */

	/* why, for people */
	enum sla_why why;
	enum sla_blame blame;
	int32_t season_n;			/* days that seasons add to the rule's term */
	uint8_t after_cutoff;			/* the term is counted from the next date */
	const struct sla_event *event;		/* that excluded */
	const struct sla_event *blamed;		/* whose reason names the party */
	const struct window *window;		/* that names the party */
	struct pause_list pauses;		/* merged ones, those that count first */
	size_t counted;				/* how many of them do */
	struct pause_list found;		/* each as it was found */
};

/* Judges; v is all zero at first and keeps its memory; verdict_fini() frees it. */
void sla_judge(const struct sla_facts *f, const struct rules *r, const struct taxonomy *t, int64_t now, struct verdict *v);
void verdict_fini(struct verdict *v);

/*
 * The members of the document that the verdict sets (DOC_S), as text in w, into
 * d->own; now_ms is written as version.  0, or -1 with the fault: the days of the
 * document are no days.
 */
struct sla_text {
	char member[24 * 32];
	char *days;
	int32_t *day;
	size_t days_cap, cap;
};
int sla_put(const struct verdict *v, int64_t now_ms, struct doc *d, struct sla_text *w, struct fault *fault);
void sla_text_fini(struct sla_text *w);

#endif
