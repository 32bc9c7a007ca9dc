/* What the programs have in common that store what they read. */
#include "run/sink.h"

#include <inttypes.h>

#include "base/env.h"
#include "rec/src.h"

void
sink_init(struct sink *s)
{
	struct stage *st = s->st;

	if (s->rejects.loader != NULL) {
		st->flags |= STAGE_REJECTS;
		st->keep = rejects_keep;
		st->keep_arg = &s->rejects;
	}
	if (s->swap != NULL)
		st->flags |= STAGE_ONCE;
	if (s->tees) {
		st->flags &= ~(unsigned)STAGE_SINK;
		/* in a lane checkpoints come soon enough */
		if (s->idle == NULL && env_get("WB_LANE") == NULL)
			st->wait_ms = TEE_WAIT_MS;
	}
}

void
sink_fini(struct sink *s)
{
	rejects_fini(&s->rejects);
	tee_fini(&s->tee);
}

void
sink_refuse(struct sink *s, struct slice line, const struct fault *f)
{
	if (s->tees)
		tee_drop(&s->tee, line);
	stage_reject_late(s->st, src_peek(line), line, f);
}

/* Rows first, then rejects: when both are stored they, and the checkpoint, may go on. */
static int
barrier(struct sink *s, struct err *e)
{
	if (s->flush(s->arg, e) == -1 || rejects_flush(&s->rejects, e) == -1)
		return -1;
	if (s->tees)
		tee_pass(&s->tee, s->st);
	return 0;
}

/* Too much is held, or for too long. */
static int
is_due(const struct sink *s)
{
	return s->rejects.held > REJECTS_HELD || (s->tees && (tee_full(&s->tee) || (!s->st->lane && tee_due(&s->tee))));
}

static int
take(struct sink *s, const struct record *r, struct err *e)
{
	struct fault f = { 0 };
	int rc = s->add(s->arg, r, &f, e);

	if (rc == 0)
		stage_reject(s->st, r, &f);
	else if (rc == 1 && s->tees)
		tee_hold(&s->tee, r->line);
	return rc == -1 ? -1 : 0;
}

/* A row that was refused would be missing from the days. */
static int
swap(struct sink *s, struct err *e)
{
	uint64_t rejected = s->st->acct.rejected + s->earlier;

	if (rejected > 0)
		return err_set(e, EX_DATAERR, "%" PRIu64 " records of the lane were rejected: no day is replaced", rejected);
	return s->swap(s->arg, e);
}

void
sink_run(struct sink *s)
{
	struct err e = ERR_NONE;
	struct record r;
	int event, rc;

	while ((event = stage_next(s->st, &r)) > 0) {
		rc = 0;
		switch (event) {
		case STAGE_RECORD:
			rc = take(s, &r, &e);
			break;
		case STAGE_REJECTED:
			s->earlier++;
			rejects_add(&s->rejects, r.json);
			break;
		case STAGE_BARRIER:
			rc = barrier(s, &e);
			break;
		case STAGE_IDLE:
			rc = s->idle != NULL ? s->idle(s->arg, &e) : barrier(s, &e);
			break;
		}
		if (rc == 0 && is_due(s))
			rc = barrier(s, &e);
		if (rc == -1)
			(void)stage_fail(s->st, &e);
		if (s->rejects.err.status != 0)
			(void)stage_fail(s->st, &s->rejects.err);
	}
	if (event == STAGE_END && s->swap != NULL && swap(s, &e) == -1)
		(void)stage_fail(s->st, &e);
}
