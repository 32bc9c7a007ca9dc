/* Messages to events, in their order, though some of them wait for the store. */
#include <string.h>

#include "io/line.h"
#include "run/convert.h"

/* Messages that are held until the store is asked for their tracking numbers, at most. */
#define HELD 20000
#define HELD_BYTES (16u << 20)
#define HELD_NUMBERS 10000
#define HELD_MS 1000

/* A reject; of --redo the fault that its row is open for stays there, and is none. */
static void
refuse(struct convert *c, const struct fault *f)
{
	const struct redo_row *d = &c->row;

	if (c->redo && c->fault.code == NULL && (d->only >= 0 || !fieldmap_has_each(c->n.fields) ||
	    (strcmp(f->code, d->code) == 0 && strcmp(f->field, d->field) == 0))) {
		c->fault = *f;
		return;
	}
	c->refused++;
	stage_reject_raw(c->st, c->n.src, c->line, f);
}

/* What has come of an event of the message, written from p to end. */
static void
result(struct convert *c, enum normalize_what what, const char *p, char *end, struct fault *f)
{
	struct stage *st = c->st;

	if (what == NORMALIZE_EVENT && end - p > LINE_MAX_BYTES) {
		(void)fault_set(f, "too_long", "", "the event is longer than %d bytes", LINE_MAX_BYTES);
		what = NORMALIZE_REJECT;
	}
	if (what == NORMALIZE_REJECT) {
		refuse(c, f);
		return;
	}
	if (c->n.unmapped) {
		stage_count(st, "unmapped", 1);
		unmapped_add(&c->unmapped, c->n.map, c->n.code, c->n.subcode);
	}
	if (c->n.has_extra)
		stage_count(st, "extra", 1);
	stage_put(st, end);
	c->passed++;
}

/*
 * The events of a message; those before number *from have been written already.  1, or 0:
 * it waits for the store, *from being the first event that is not written; -1: stop.
 */
static int
events(struct convert *c, const struct json *j, const struct json_value *src, int64_t *from)
{
	struct fault f = { 0 };
	struct err e = ERR_NONE;
	enum normalize_what what;
	int64_t i, again = 0;
	int waits = 0, rc;
	char *p, *end;

	c->passed = c->refused = 0;
	c->fault.code = NULL;
	normalize_open(&c->n, j, src);
	for (i = 0;; i++) {
		p = stage_room(c->st, normalize_room(&c->n));
		what = normalize_next(&c->n, p, &end, &f, &e);
		if (what == NORMALIZE_END)
			return !waits;
		if (i < again) {
			(void)lookup_waits(c->lookup);
			continue;
		}
		if (what == NORMALIZE_REJECT && c->lookup != NULL && c->mode != CONVERT_FINAL && strcmp(f.code, "carrier") == 0) {
			if ((rc = lookup_renew(c->lookup, 1, &e)) == 1) {
				again = i;		/* once more, up to this event */
				i = -1;
				normalize_open(&c->n, j, src);
				continue;
			}
			if (rc == -1)
				what = NORMALIZE_FAIL;
		}
		if (what == NORMALIZE_FAIL)
			return stage_fail(c->st, &e);
		if (c->lookup != NULL && lookup_waits(c->lookup) && c->mode != CONVERT_FINAL) {
			if (!waits && i > *from)
				*from = i;
			waits = 1;
		}
		if (waits || c->mode == CONVERT_PROBE || i < *from || (c->redo && c->row.only >= 0 && i != c->row.only))
			continue;
		result(c, what, p, end, &f);
	}
}

/* A message has been converted to so many events and rejects. */
static void
account(struct stage *st, uint64_t events)
{
	if (events == 0)
		stage_filter(st);
	else
		st->acct.extra += events - 1;
}

/* What is to become of a row of wb_reject whose message has been converted. */
static void
judge(struct convert *c)
{
	struct stage *st = c->st;
	struct redo_row *d = &c->row;

	if (c->fault.code != NULL) {
		stage_filter(st);
		st->acct.extra += c->passed + c->refused;
		stage_count(st, c->fault.code, 1);
		if (c->tells && (strcmp(d->code, c->fault.code) != 0 || strcmp(d->field, c->fault.field) != 0))
			stage_pass_reject(st, redo_still(d, &c->fault));
	} else if (d->only >= 0 && c->passed == 0 && fieldmap_has_each(c->n.fields)) {
		stage_filter(st);
		stage_count(st, "gone", 1);
	} else {
		account(st, c->passed + c->refused);
		if (c->tells)
			stage_pass_reject(st, redo_resolved(d));
	}
}

/* A row of wb_reject for which all is there.  -1: stop. */
static int
redo(struct convert *c, const struct json *row)
{
	struct stage *st = c->st;
	int64_t none = 0;
	char *p;

	switch (redo_row(&c->row, row)) {
	case REDO_MESSAGE:
		c->mode = CONVERT_FINAL;
		c->line = c->row.line;
		if (events(c, &c->row.json, c->row.src, &none) == -1)
			return -1;
		judge(c);
		break;
	case REDO_RECORD:
		/* the loader takes the last word on a row: it may refuse the record again */
		if (c->tells)
			stage_pass_reject(st, redo_resolved(&c->row));
		p = stage_room(st, c->row.line.n);
		memcpy(p, c->row.line.p, c->row.line.n);
		stage_put(st, p + c->row.line.n);
		break;
	case REDO_LEFT:
		stage_count(st, c->row.why, 1);
		stage_filter(st);
	}
	return 0;
}

/* The store is asked, and the messages that were held go on. */
static int
release(struct convert *c)
{
	struct err e = ERR_NONE;
	struct record r;
	int rc = 0;
	size_t i;

	if (c->held.n > 0 && lookup_ask(c->lookup, &e) == -1)
		return stage_fail(c->st, &e);
	for (i = 0; i < c->held.n && rc != -1 && !c->st->out.failed; i++) {
		if (held_get(&c->held, c->st, i, &r) == STAGE_REJECTED) {
			stage_pass_reject(c->st, r.line);
			continue;
		}
		if (c->redo) {
			rc = redo(c, r.json);
			continue;
		}
		c->mode = CONVERT_FINAL;
		c->line = r.line;
		rc = events(c, r.json, r.src, &c->written);
		account(c->st, (uint64_t)c->written + c->passed + c->refused);
		c->written = 0;
	}
	held_clear(&c->held, c->st);
	lookup_clear(c->lookup);
	return rc;
}

/* One message, or row of wb_reject.  -1: stop. */
static int
take(struct convert *c, const struct record *r)
{
	const struct json *j = r->json;
	const struct json_value *src = r->src;
	int64_t written = 0;
	int rc;

	c->mode = c->redo || c->held.n > 0 ? CONVERT_PROBE : CONVERT_LIVE;
	c->line = r->line;
	if (c->redo) {
		if (c->lookup == NULL || redo_row(&c->row, r->json) != REDO_MESSAGE)
			return c->held.n > 0 ? (held_add(&c->held, c->st, r->line, STAGE_RECORD), 0) : redo(c, r->json);
		j = &c->row.json;
		src = c->row.src;
	}
	rc = events(c, j, src, &written);
	if (rc == -1)
		return -1;
	if (rc == 0 || c->held.n > 0) {
		if (c->held.n == 0)
			c->written = written;
		held_add(&c->held, c->st, r->line, STAGE_RECORD);
		return 0;
	}
	if (c->redo)
		return redo(c, r->json);
	account(c->st, c->passed + c->refused);
	return 0;
}

/* Whether the store is to be asked for what has been held. */
static int
full(const struct convert *c)
{
	return c->held.n >= HELD || held_bytes(&c->held) >= HELD_BYTES || lookup_numbers(c->lookup) >= HELD_NUMBERS ||
	    (!c->st->lane && held_due(&c->held, HELD_MS));
}

void
convert_input(struct convert *c)
{
	struct stage *st = c->st;
	struct err e = ERR_NONE;
	struct record r;
	int event;

	c->tells = st->lane || (st->tool->rejects != NULL && strcmp(st->tool->rejects, "-") == 0);
	normalize_init(&c->n);
	while ((event = stage_next(st, &r)) > 0) {
		if (event == STAGE_RECORD && take(c, &r) == -1)
			continue;
		if (c->lookup == NULL)
			continue;
		if (event == STAGE_REJECTED && c->held.n > 0)
			held_add(&c->held, st, r.line, event);
		else if (event == STAGE_REJECTED)
			stage_pass_reject(st, r.line);
		if ((event == STAGE_BARRIER || event == STAGE_IDLE || full(c)) && c->held.n > 0 && release(c) == -1)
			continue;
		if (c->held.n == 0 && (event != STAGE_RECORD || st->acct.in % 1024 == 0) && lookup_renew(c->lookup, 0, &e) == -1)
			(void)stage_fail(st, &e);
	}
}

void
convert_fini(struct convert *c)
{
	normalize_fini(&c->n);
	unmapped_fini(&c->unmapped);
	redo_fini(&c->row);
	held_fini(&c->held);
	*c = (struct convert){ 0 };
}
