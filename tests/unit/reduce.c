/* The reducer, by reduce.txt, each case in many orders. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/utc.h"
#include "io/file.h"
#include "parcel/reduce.h"
#include "run/share.h"
#include "tap.h"

#define EVENTS 16
#define ORDERS 25

static struct taxonomy taxonomy;
static struct reducer reducer;

struct test {
	char name[128], is[512];
	struct reduce_event event[EVENTS];
	struct {
		int state, mark, attempt;
	} want[EVENTS];
	char id[EVENTS][8];
	size_t n;
};

static void
die(const char *what, const char *line)
{
	printf("Bail out! reduce.txt: %s: %s\n", what, line);
	exit(1);
}

/* "03 14:43" or "03.14:43" of June 2024 */
static int64_t
moment(const char *s)
{
	int d = 0, h = 0, m = 0;

	if (sscanf(s, "%2d%*[ .]%2d:%2d", &d, &h, &m) != 3)
		die("no time", s);
	return ((int64_t)utc_day(2024, 6, d) * 1440 + h * 60 + m) * 60000;
}

static char *
after(char *word, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(word, prefix, n) == 0 ? word + n : NULL;
}

static void
option(struct reduce_event *e, char *word)
{
	char *v;
	int reason, a, b;

	if ((v = after(word, "reason=")) != NULL) {
		if ((reason = taxonomy_reason(&taxonomy, slice_of(v))) == -1)
			die("no reason", v);
		e->reason = (uint16_t)reason;
	} else if ((v = after(word, "supersedes=")) != NULL) {
		e->supersedes = slice_of(v);
	} else if ((v = after(word, "carrier=")) != NULL) {
		e->carrier = slice_of(v);
	} else if ((v = after(word, "courier=")) != NULL) {
		e->courier = slice_of(v);
	} else if ((v = after(word, "no=")) != NULL) {
		e->attempt_no = (uint8_t)strtol(v, NULL, 10);
	} else if ((v = after(word, "received=")) != NULL) {
		e->received = moment(v);
	} else if ((v = after(word, "id=")) != NULL) {
		e->id = slice_of(v);
	} else if ((v = after(word, "pieces=")) != NULL && sscanf(v, "%d/%d", &a, &b) == 2) {
		e->pieces_delivered = (uint16_t)a;
		e->pieces = (uint16_t)b;
	} else if (strcmp(word, "to_recipient") == 0) {
		e->to_recipient = 1;
	} else if (strcmp(word, "damaged") == 0) {
		e->damaged = 1;
	} else {
		die("unknown option", word);
	}
}

static void
read_event(struct test *t, char *line)
{
	struct reduce_event *e = &t->event[t->n];
	char *word, *rest = NULL;
	int i, want = 0;

	(void)snprintf(t->id[t->n], sizeof t->id[t->n], "e%zu", t->n + 1);
	*e = (struct reduce_event){ .id = slice_of(t->id[t->n]), .carrier = SLICE("cdek"), .supersedes = { "", 0 }, .courier = { "", 0 } };
	e->time = t->n > 0 ? t->event[t->n - 1].time + 3600000 : moment("03 08:00");
	e->received = INT64_MIN;
	word = strtok_r(line, " ", &rest);
	if ((i = status_by_name(slice_of(word))) == -1)
		die("no status", word);
	e->status = (uint8_t)i;
	for (word = strtok_r(NULL, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		if (strcmp(word, "->") == 0) {
			want = 1;
		} else if (want == 1) {
			t->want[t->n].state = status_by_name(slice_of(word));
			want = 2;
		} else if (want == 2 && word[0] == '#') {
			t->want[t->n].attempt = (int)strtol(word + 1, NULL, 10);
		} else if (want == 2) {
			for (i = MARK_VOID; i <= MARK_IGNORED && strcmp(word, mark_name[i]) != 0; i++)
				;
			if (i > MARK_IGNORED)
				die("no mark", word);
			t->want[t->n].mark = i;
		} else if (word[0] >= '0' && word[0] <= '9') {
			word[2] = ' ';		/* the clock follows behind the blank */
			(void)strtok_r(NULL, " ", &rest);
			e->time = moment(word);
		} else {
			option(e, word);
		}
	}
	if (want != 2)
		die("what holds after the event?", t->name);
	if (e->received == INT64_MIN)
		e->received = e->time;
	t->n++;
}

/* A time as "is" has it: the event's that has it, or the text wanted when that is a moment. */
static int
same_time(const struct test *t, int64_t got, const char *want)
{
	size_t i;

	if (strcmp(want, "-") == 0)
		return got == REDUCE_NEVER;
	for (i = 0; i < t->n; i++)
		if (strcmp(t->id[i], want) == 0)
			return got == t->event[i].time;
	return got == moment(want);
}

static int
holds(const struct test *t, const struct reduced *s, const char *key, const char *want)
{
	static const struct {
		const char *key;
		size_t at;
	} time[] = {
#define T(k) { #k, offsetof(struct reduced, k) }
		T(status_since), T(label_at), T(accepted_at), T(first_ofd_at), T(first_attempt_at), T(ready_at),
		T(delivered_at), T(return_started_at), T(returned_at), T(lost_at), T(cancelled_at), T(closed_at),
		T(first_exception_at), T(damaged_at), T(last_event_at), T(last_received_at),
	};
	const struct { const char *key; long v; } number[] = {
		{ "is_open", s->is_open }, { "first_attempt_ok", s->first_attempt_ok }, { "is_reopened", s->is_reopened },
		{ "is_partial", s->is_partial }, { "attempts", (long)s->attempts }, { "exceptions", (long)s->exceptions },
		{ "post_terminal", (long)s->post_terminal }, { "events_n", (long)t->n },
	};
	size_t i;

	for (i = 0; i < sizeof time / sizeof *time; i++)
		if (strcmp(key, time[i].key) == 0)
			return same_time(t, *(const int64_t *)(const void *)((const char *)s + time[i].at), want);
	for (i = 0; i < sizeof number / sizeof *number; i++)
		if (strcmp(key, number[i].key) == 0)
			return number[i].v == strtol(want, NULL, 10);
	if (strcmp(key, "status") == 0)
		return strcmp(status_name[s->status], want) == 0;
	if (strcmp(key, "reason") == 0)
		return slice_eq(taxonomy_reason_name(&taxonomy, s->reason), slice_of(want));
	if (strcmp(key, "courier") == 0)
		return slice_eq(s->courier, slice_of(want));
	die("unknown key", key);
	return 0;
}

/* The first thing that is wrong, in why. */
static int
right(const struct test *t, const struct reduce_event *e, const struct reduced *s, char *why, size_t cap)
{
	char is[512], *word, *rest = NULL, *eq;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (e[i].state != t->want[i].state || e[i].mark != t->want[i].mark || e[i].attempt != t->want[i].attempt) {
			(void)snprintf(why, cap, "event %zu: %s %s #%d", i + 1, status_name[e[i].state],
			    mark_name[e[i].mark], e[i].attempt);
			return 0;
		}
	(void)snprintf(is, sizeof is, "%s", t->is);
	for (word = strtok_r(is, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		(void)snprintf(why, cap, "not %s", word);
		if ((eq = strchr(word, '=')) == NULL)
			die("no =", word);
		*eq = '\0';
		if (!holds(t, s, word, eq + 1))
			return 0;
	}
	return 1;
}

static void
run(const struct test *t)
{
	struct reduce_event e[EVENTS], *order[EVENTS], *x;
	struct reduced s;
	char why[256] = "";
	size_t i, k;
	int round, good = 1;

	for (round = 0; round < ORDERS && good; round++) {
		memcpy(e, t->event, sizeof e);
		for (i = 0; i < t->n; i++)
			order[i] = &e[i];
		for (i = t->n; round > 0 && i > 1; i--) {
			k = (size_t)rand() % i;
			x = order[k];
			order[k] = order[i - 1];
			order[i - 1] = x;
		}
		reduce(&reducer, order, t->n, &s);
		good = right(t, e, &s, why, sizeof why);
	}
	ok(good, "%s%s%s", t->name, good ? "" : ": ", good ? "" : why);
}

/* A carrier's whole day under one shipment: the order holds for many events, and names are found. */
static void
many(void)
{
	enum { N = 4096 };
	static struct reduce_event e[N], *order[N];
	static char id[N][8];
	struct reduced s;
	size_t i, k, bad = 0, voids = 0;

	for (i = 0; i < N; i++) {
		(void)snprintf(id[i], sizeof id[i], "%zu", i);
		e[i] = (struct reduce_event){ .id = slice_of(id[i]), .carrier = SLICE("ups"), .supersedes = { "", 0 },
		    .courier = { "", 0 }, .time = rand() % 1000, .received = rand() % 3, .status = (uint8_t)(i % 3) };
		if (i % 2 == 1)
			e[i].supersedes = slice_of(id[i - 1]);
		k = (size_t)rand() % (i + 1);
		order[i] = order[k];
		order[k] = &e[i];
	}
	reduce(&reducer, order, N, &s);
	for (i = 1; i < N; i++)
		bad += order[i - 1]->time > order[i]->time || (order[i - 1]->time == order[i]->time &&
		    order[i - 1]->status > order[i]->status);
	for (i = 0; i < N; i++)
		voids += e[i].mark == MARK_VOID && i % 2 == 0;
	is_int(bad, 0, "4096 events are in order");
	is_int(voids, N / 2, "and those that are named are void");
}

int
main(void)
{
	struct err err = ERR_NONE;
	struct buf b = { 0 };
	struct test t = { 0 };
	char part[64] = "";
	char *line, *next;

	if (share_taxonomy(&taxonomy, &err) == -1 || file_read(WB_TREE "/../tests/unit/reduce.txt", 1 << 20, &b, &err) == -1)
		die("cannot read", err.msg);
	reducer_init(&reducer, &taxonomy);
	buf_putc(&b, '\0');
	for (line = b.p; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (*line == '#' || *line == '\0')
			continue;
		if (after(line, "section ") != NULL) {
			(void)snprintf(part, sizeof part, "%s", after(line, "section "));
			section(part);
		} else if (after(line, "case ") != NULL) {
			t = (struct test){ 0 };
			(void)snprintf(t.name, sizeof t.name, "%s", after(line, "case "));
		} else if (after(line, "is ") != NULL) {
			(void)snprintf(t.is, sizeof t.is, "%s", after(line, "is "));
			run(&t);
		} else if (t.n < EVENTS) {
			read_event(&t, line);
		} else {
			die("too many events", t.name);
		}
	}
	section("wb-status.5 ORDER");
	many();
	reducer_fini(&reducer);
	taxonomy_fini(&taxonomy);
	buf_fini(&b);
	return done_testing();
}
