/* wb-sla-tag: judges shipments against the SLA rules. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/utc.h"
#include "parcel/doc.h"
#include "parcel/rules.h"
#include "parcel/sla.h"
#include "run/rulefile.h"
#include "run/share.h"
#include "run/stage.h"

enum { CHECK = TOOL_OWN, EXPLAIN };

static struct tool tool = {
	.name = "wb-sla-tag",
	.usage = "wb-sla-tag [-v] [-r RULES] [--explain] [FILE ...]\n       wb-sla-tag -r RULES --check",
	.letters = "r:",
	.longs = (const struct option[]){
		{ "check", no_argument, NULL, CHECK },
		{ "explain", no_argument, NULL, EXPLAIN },
		{ 0 },
	},
};

/* A time for people: on the clock of z, with its offset. */
static void
say_time(struct buf *b, const struct zone *z, int64_t at)
{
	char text[UTC_LEN];
	int32_t offset;
	unsigned minutes;

	if (at == SLA_NONE || at == PAUSE_OPEN) {
		buf_puts(b, at == SLA_NONE ? "none" : "open");
		return;
	}
	offset = zone_offset(z, at * 1000);
	minutes = (unsigned)(offset < 0 ? -offset : offset) / 60;
	(void)utc_put(text, (at + offset) * 1000);
	text[10] = ' ';
	buf_put(b, text, 19);
	buf_printf(b, " %c%02u:%02u", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static void
say_span(struct buf *b, int64_t sec)
{
	uint64_t s = sec < 0 ? -(uint64_t)sec : (uint64_t)sec;

	if (s >= 86400)
		buf_printf(b, "%" PRIu64 " d ", s / 86400);
	buf_printf(b, "%02u:%02u:%02u", (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

static void
say_event(struct buf *b, const struct verdict *v, const struct sla_event *e, const struct taxonomy *t)
{
	buf_printf(b, "%s, ", status_name[e->status]);
	buf_slice(b, taxonomy_reason_name(t, e->reason));
	buf_puts(b, ", ");
	say_time(b, v->clock, e->at);
}

/* On whose clock due is read: a term on that of the rule, what was promised on that of the destination. */
static const struct zone *
due_zone(const struct verdict *v)
{
	return v->source == PROMISE_RULE ? v->clock : v->dest;
}

static void
say_term(struct buf *b, const struct verdict *v)
{
	const struct rule *u = v->rule;

	buf_printf(b, ", %d %s", (int)u->n, unit_name[u->unit]);
	if (v->season_n > 0)
		buf_printf(b, " and %d of the season", (int)v->season_n);
	buf_printf(b, " on calendar %s", u->calendar->id != NULL ? u->calendar->id : "(always open)");
	if (v->after_cutoff)
		buf_puts(b, ", from the next date on as it starts after the cut-off");
}

static void
say_rule(struct buf *b, const struct verdict *v)
{
	const struct rule *u = v->rule;

	if (u->line == 0)
		buf_puts(b, "  rule        the implicit one: no rule matches\n");
	else
		buf_printf(b, "  rule        \"%s\", line %u\n", u->id, u->line);
	buf_printf(b, "  clock       %s", zone_name(v->clock));
	if (v->begin != SLA_NONE) {
		buf_puts(b, ", runs from ");
		say_time(b, v->clock, v->begin);
		buf_printf(b, " (%s)", v->source == PROMISE_RULE ? start_name[u->start] : "created");
	}
	buf_puts(b, "\n  promise     ");
	if (v->source == PROMISE_NONE) {
		buf_puts(b, "none\n");
		return;
	}
	buf_printf(b, "%s%s", promise_name[v->source], v->precision == MOMENT_DATE ? ", a date" : "");
	if (v->source == PROMISE_RULE)
		say_term(b, v);
	buf_puts(b, ": ");
	say_time(b, due_zone(v), v->promised);
	if (v->promised_now != v->promised) {
		buf_puts(b, "\n  promised    by now ");
		say_time(b, due_zone(v), v->promised_now);
	}
	buf_putc(b, '\n');
}

static void
say_pauses(struct buf *b, const struct verdict *v)
{
	size_t i;

	for (i = 0; i < v->found.n; i++) {
		buf_printf(b, "  found       %s: ", pause_name[v->found.p[i].kind]);
		say_time(b, v->clock, v->found.p[i].open);
		buf_puts(b, " to ");
		say_time(b, v->clock, v->found.p[i].close);
		buf_putc(b, '\n');
	}
	for (i = 0; i < v->pauses.n; i++) {
		const struct pause *p = &v->pauses.p[i];

		buf_puts(b, "  pause       ");
		say_time(b, v->clock, p->open);
		buf_puts(b, ", ");
		say_span(b, p->close - p->open);
		if (p->open_now)
			buf_puts(b, ", open");
		if (i < v->counted) {
			buf_puts(b, ": moves due to ");
			say_time(b, due_zone(v), p->due);
		} else
			buf_puts(b, ": opens behind due, moves nothing");
		buf_putc(b, '\n');
	}
	if (v->unpaired > 0)
		buf_printf(b, "  no pause    %u run%s of customs or on_hold without a reason that stops the clock\n",
		    v->unpaired, v->unpaired == 1 ? "" : "s");
}

static void
say_state(struct buf *b, const struct verdict *v, const struct taxonomy *t)
{
	static const char *const why[] = {
		[WHY_NOT_JUDGED] = "an orphan: no created_at", [WHY_NO_DUE] = "no due",
		[WHY_CANCELLED] = "cancelled before due", [WHY_LOST] = "lost before due",
		[WHY_RETURNING] = "its return began before due", [WHY_REASON] = "excluded by ",
		[WHY_IN_TIME] = "the clock stopped in time", [WHY_LATE] = "the clock stopped behind due",
		[WHY_CLOSED] = "closed without a stop", [WHY_PAUSED] = "the clock stands",
		[WHY_OVERDUE] = "due is over", [WHY_NEAR] = "due is near",
		[WHY_EDD] = "the carrier expects it behind due", [WHY_STALE] = "silent for too long",
		[WHY_ON_WAY] = "on its way",
	};

	buf_printf(b, "  state       %s: %s", sla_state_name[v->state], why[v->why]);
	if (v->why == WHY_REASON)
		say_event(b, v, v->event, t);
	if (v->state != SLA_NOT_APPLICABLE) {
		buf_puts(b, v->late < 0 ? ", " : v->late == 0 ? ", at the second of due" : ", late by ");
		if (v->late != 0)
			say_span(b, v->late);
		buf_puts(b, v->late < 0 ? " before due" : "");
	}
	buf_putc(b, '\n');
}

static void
say_party(struct buf *b, const struct verdict *v, const struct taxonomy *t)
{
	if (v->blame == BLAME_NONE)
		return;
	buf_printf(b, "  party       %s: ", party_name[v->party]);
	switch (v->blame) {
	case BLAME_FORCE:
	case BLAME_PLATFORM:
		buf_printf(b, "window \"%s\", line %u", v->window->id, v->window->line);
		break;
	case BLAME_HANDOVER:
		buf_puts(b, "handed over later than the rule's handover_by");
		break;
	case BLAME_REASON:
		buf_puts(b, "last reason before due, ");
		say_event(b, v, v->blamed, t);
		break;
	case BLAME_CARRIER:
		buf_puts(b, "it had the parcel before due, and no reason names another");
		break;
	case BLAME_UNKNOWN:
	case BLAME_NONE:
		buf_puts(b, "nothing names one");
		break;
	}
	buf_putc(b, '\n');
}

/* Why, for people. */
static void
explain(struct buf *b, const struct sla_facts *f, const struct verdict *v, const struct taxonomy *t)
{
	buf_slice(b, f->shipment.n > 0 ? f->shipment : SLICE("(no shipment_id)"));
	buf_puts(b, ", judged at ");
	say_time(b, v->clock, v->now);
	buf_putc(b, '\n');
	if (v->why != WHY_NOT_JUDGED) {
		say_rule(b, v);
		say_pauses(b, v);
		buf_puts(b, "  due         ");
		say_time(b, due_zone(v), v->due);
		buf_printf(b, "\n  stop        %s", stop_name[v->stop]);
		if (v->stop != STOP_NONE) {
			buf_puts(b, ", ");
			say_time(b, v->clock, v->stop_at);
		}
		buf_putc(b, '\n');
	}
	say_state(b, v, t);
	say_party(b, v, t);
	buf_puts(b, "  judge again ");
	if (v->judge_at == SLA_NONE)
		buf_puts(b, "only when something happens");
	else
		say_time(b, v->clock, v->judge_at);
}

static void
warn_rules(const struct rules *r)
{
	size_t i;

	for (i = 0; i < r->warnings; i++)
		tool_say(&tool, "%s", r->warning[i]);
}

/* Between two checkpoints of a lane.  A wrong new file judges nothing: the rules stay as they are. */
static void
read_again(struct rulefile *f)
{
	struct err e = ERR_NONE;

	switch (rulefile_again(f, &e)) {
	case 1:
		tool_say(&tool, "%s has changed: %zu rules judge from here on", f->path, f->rules->rules_n);
		warn_rules(f->rules);
		break;
	case -1:
		tool_warn(&tool, "%s; the rules stay as they were", e.msg);
		break;
	}
}

static int
judge_all(char **files, struct rulefile *rules, const struct taxonomy *t, int explained)
{
	struct stage st = { .tool = &tool, .flags = STAGE_BARRIERS };
	struct sla_facts facts = { 0 };
	struct verdict v = { 0 };
	struct sla_text text = { 0 };
	struct buf b = { 0 };
	struct record rec;
	struct fault fault;
	struct doc d;
	int64_t now;
	char *p, *end;
	int event;

	doc_init(&d);
	stage_open(&st, files);
	if (explained && st.lane)
		tool_usage(&tool, "--explain writes no records: not in a lane");
	while ((event = stage_next(&st, &rec)) > 0) {
		if (event == STAGE_BARRIER) {
			if (st.lane && !st.once)
				read_again(rules);
			continue;
		}
		doc_pick(&d, rec.json);
		if (sla_facts_get(&facts, &d, t, &fault) == -1) {
			stage_reject(&st, &rec, &fault);
			continue;
		}
		now = tool.has_now || facts.version == 0 ? tool.now : facts.version;
		sla_judge(&facts, rules->rules, t, utc_sec(now), &v);
		if (v.unpaired > 0)
			stage_count(&st, "pause_unpaired", v.unpaired);
		if (explained) {
			buf_clear(&b);
			explain(&b, &facts, &v, t);
			p = stage_room(&st, b.n);
			memcpy(p, b.p, b.n);
			stage_put(&st, p + b.n);
			continue;
		}
		if (sla_put(&v, now, &d, &text, &fault) == -1) {
			stage_reject(&st, &rec, &fault);
			continue;
		}
		if (d.rest_n > sizeof d.rest / sizeof *d.rest) {
			(void)fault_set(&fault, "unknown", "", "%zu members that no document has", d.rest_n);
			stage_reject(&st, &rec, &fault);
			continue;
		}
		p = stage_room(&st, doc_size(&d, rec.json, DOC_S));
		end = doc_put(&d, rec.json, DOC_S, p);
		if (end - p > LINE_MAX_BYTES) {
			(void)fault_set(&fault, "events", "", "the document would be longer than %d bytes", LINE_MAX_BYTES);
			stage_reject(&st, &rec, &fault);
			continue;
		}
		stage_put(&st, end);
	}
	doc_fini(&d);
	sla_facts_fini(&facts);
	verdict_fini(&v);
	sla_text_fini(&text);
	buf_fini(&b);
	return stage_close(&st);
}

int
main(int argc, char **argv)
{
	struct taxonomy t = { 0 };
	struct rulefile rules = { 0 };
	struct err e = ERR_NONE;
	const char *file = NULL;
	int check = 0, explained = 0, rc = 0, c;
	char libs[64];

	(void)snprintf(libs, sizeof libs, "cJSON %s", cJSON_Version());
	tool.libs = libs;
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'r':
			file = optarg;
			break;
		case CHECK:
			check = 1;
			break;
		case EXPLAIN:
			explained = 1;
			break;
		}
	if (check && (file == NULL || optind < argc))
		tool_usage(&tool, "--check proves the rule file of -r, and reads nothing else");
	if (share_taxonomy(&t, &e) == -1)
		tool_die(&tool, &e);
	if (rulefile_open(&rules, file, &t, &e) == -1)
		tool_die(&tool, &e);
	warn_rules(rules.rules);
	if (check) {
		printf("%s: %zu rules, %zu calendars, %zu windows, %zu warnings\n", file, rules.rules->rules_n,
		    rules.rules->calendars, rules.rules->windows, rules.rules->warnings);
		rc = fflush(stdout) == 0 ? 0 : EX_IOERR;
	} else
		rc = judge_all(argv + optind, &rules, &t, explained);
	rulefile_fini(&rules);
	taxonomy_fini(&t);
	return rc;
}
