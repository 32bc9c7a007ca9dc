/* Events to shipments: the events of each shipment become one document. */
#include <stdio.h>

#include "base/env.h"
#include "base/utc.h"
#include "io/line.h"
#include "parcel/fold.h"
#include "run/history.h"
#include "run/share.h"
#include "run/stage.h"
#include "run/tool.h"

#define MEMORY (1024u << 20)
#define HISTORY_MEMORY (64u << 20)

enum { SORTED = TOOL_OWN, HISTORY };

static const struct option longs[] = {
	{ "sorted", no_argument, NULL, SORTED },
	{ "history", no_argument, NULL, HISTORY },
	{ 0 },
};

static struct tool tool = {
	.name = "wb-fold",
	.usage = "wb-fold [-v] [--sorted] [-S SIZE] [FILE ...]\n"
	    "       wb-fold [-v] --history [-d URL] [-S SIZE] [FILE ...]",
	.letters = "d:S:",
	.longs = longs,
};

/* A shipment that gives no document.  Its records have been counted as folded. */
static void
reject(struct stage *st, const struct fold *f, size_t i, const struct fault *fault)
{
	char stub[FOLD_STUB], shown[128];
	struct slice id = fold_id(f, i);
	struct fault told;

	fault_set(&told, fault->code, fault->field, "shipment %s: %s", err_show(shown, sizeof shown, id.p, id.n), fault->msg);
	st->acct.extra++;
	stage_reject_late(st, fold_src(f, i), (struct slice){ stub, (size_t)(fold_stub(f, i, stub) - stub) }, &told);
}

/* The documents of all shipments held, as of now. */
static void
documents(struct stage *st, struct fold *f, int64_t now)
{
	struct fault fault;
	char *p, *end;
	size_t i, n;

	for (i = 0; i < f->n && !st->out.failed; i++) {
		n = fold_shipment(f, i, &fault);
		if (n == 0) {
			reject(st, f, i, &fault);
			continue;
		}
		if (f->least <= LINE_MAX_BYTES) {	/* or no room is made for it */
			p = stage_room(st, n);
			end = fold_put(f, now, p);
			if ((size_t)(end - p) <= LINE_MAX_BYTES) {
				stage_made(st, end);
				continue;
			}
		}
		fault_set(&fault, "events", "", "a document of more than %d bytes", LINE_MAX_BYTES);
		reject(st, f, i, &fault);
	}
}

/* One record of the set. */
static int
take(struct stage *st, struct fold *f, const struct record *r, uint64_t limit)
{
	struct err e = ERR_NONE;
	struct fault fault;
	int rc = fold_event(f, r->json, r->src, &fault);

	if (rc == FOLD_NEXT) {
		documents(st, f, tool.now);
		fold_clear(f);
		rc = fold_event(f, r->json, r->src, &fault);
	}
	if (rc == FOLD_AGAIN) {
		err_set(&e, EX_DATAERR, "%s:%llu: a shipment comes again that had ended: its records are not adjacent "
		    "(sort by shipment_id, or do without --sorted)", st->name, (unsigned long long)st->number);
		return stage_fail(st, &e);
	}
	if (rc == -1) {
		stage_reject(st, r, &fault);
		return 0;
	}
	st->acct.folded++;
	if (fold_bytes(f) <= limit)
		return 0;
	if (f->adjacent)
		err_set(&e, EX_DATAERR, "%s:%llu: one shipment takes more than -S %llu bytes", st->name,
		    (unsigned long long)st->number, (unsigned long long)limit);
	else
		err_set(&e, EX_DATAERR, "%s:%llu: the events take more than -S %llu bytes; let the store sort: "
		    "wb-sql -q '... ORDER BY shipment_id' | wb-fold --sorted", st->name,
		    (unsigned long long)st->number, (unsigned long long)limit);
	return stage_fail(st, &e);
}

/* The whole set is on the input. */
static void
fold_input(struct stage *st, struct fold *f, uint64_t limit)
{
	struct err e = ERR_NONE;
	struct record r;
	int event, done = 0;

	while ((event = stage_next(st, &r)) > 0) {
		if (event == STAGE_BARRIER) {
			documents(st, f, tool.now);
			fold_clear(f);
			done = 1;
		} else if (done) {
			err_set(&e, EX_SOFTWARE, "records behind a checkpoint: a bounded lane has just one, at its end");
			(void)stage_fail(st, &e);
		} else {
			(void)take(st, f, &r, limit);
		}
	}
	if (f->duplicates > 0)
		stage_count(st, "duplicate", f->duplicates);
}

static int
tell_documents(void *arg, struct fold *f, int64_t now)
{
	struct stage *st = arg;

	documents(st, f, now);
	return st->out.failed ? -1 : 0;
}

static int64_t
now_of(void *arg)
{
	(void)arg;
	return tool.has_now ? tool.now : utc_now();
}

/* The input names shipments, whose events are in the store by then. */
static void
fold_history(struct stage *st, struct history *h)
{
	struct fault fault = { 0 };
	struct err e = ERR_NONE;
	struct record r;
	int event;

	st->wait_ms = st->lane ? 0 : HISTORY_WAIT_MS;
	while ((event = stage_next(st, &r)) > 0) {
		if (event == STAGE_RECORD)
			switch (history_name(h, &r, &fault)) {
			case 1:
				st->acct.folded++;
				break;
			case 0:
				stage_filter(st);
				break;
			default:
				stage_reject(st, &r, &fault);
			}
		if ((event != STAGE_RECORD || history_full(h) || (!st->lane && history_due(h))) && history_fold(h, &e) == -1 &&
		    e.status != 0)
			(void)stage_fail(st, &e);
	}
}

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool, .flags = STAGE_BARRIERS | STAGE_ONCE, .made_of = "documents" };
	struct history history = { .documents = tell_documents, .now = now_of, .arg = &st };
	struct taxonomy taxonomy = { 0 };
	struct fold fold = { 0 };
	struct err e = ERR_NONE;
	const char *url = NULL;
	uint64_t limit = 0;
	int c, sorted = 0, from_store = 0;

	tool.libs = store_libraries();
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case SORTED:
			sorted = 1;
			break;
		case HISTORY:
			from_store = 1;
			break;
		case 'd':
			url = optarg;
			break;
		case 'S':
			limit = tool_size(&tool, "-S", optarg);
			break;
		}
	if (url != NULL && !from_store)
		tool_usage(&tool, "-d is the store of --history");
	if (sorted && from_store)
		tool_usage(&tool, "--sorted and --history exclude each other");
	if (share_taxonomy(&taxonomy, &e) == -1)
		tool_die(&tool, &e);
	fold_init(&fold, &taxonomy, sorted);
	if (from_store) {
		st.flags &= ~(unsigned)STAGE_ONCE;
		history.fold = &fold;
		history.limit = limit > 0 ? limit : HISTORY_MEMORY;
		if ((history.store = store_open(url != NULL ? url : env_get("WB_STORE"), &tool, &e)) == NULL)
			tool_die(&tool, &e);
	}
	stage_open(&st, argv + optind);
	if (from_store)
		fold_history(&st, &history);
	else
		fold_input(&st, &fold, limit > 0 ? limit : MEMORY);
	if (fold.conflicts > 0)
		stage_count(&st, "id_conflict", fold.conflicts);
	store_close(history.store);
	history_fini(&history);
	fold_fini(&fold);
	taxonomy_fini(&taxonomy);
	return stage_close(&st);
}
