/* Events to shipments: the events of each shipment become one document. */
#include <stdio.h>

#include "io/line.h"
#include "parcel/fold.h"
#include "run/share.h"
#include "run/stage.h"
#include "run/tool.h"

enum { SORTED = TOOL_OWN };

static const struct option longs[] = {
	{ "sorted", no_argument, NULL, SORTED },
	{ 0 },
};

static struct tool tool = {
	.name = "wb-fold",
	.usage = "wb-fold [-v] [--sorted] [-S SIZE] [FILE ...]",
	.letters = "S:",
	.longs = longs,
};

/* A shipment that gives no document.  Its events have been counted as folded. */
static void
reject(struct stage *st, const struct fold *f, size_t i, const struct fault *fault)
{
	char stub[FOLD_STUB], shown[128];
	struct slice id = fold_id(f, i);
	struct fault told;

	fault_set(&told, fault->code, fault->field, "shipment %s: %s", err_show(shown, sizeof shown, id.p, id.n), fault->msg);
	st->acct.extra++;
	stage_reject_raw(st, fold_src(f, i), (struct slice){ stub, (size_t)(fold_stub(f, i, stub) - stub) }, &told);
}

/* The documents of all shipments held. */
static void
documents(struct stage *st, struct fold *f)
{
	struct fault fault;
	char *p, *end;
	size_t i, n;

	for (i = 0; i < f->n && !st->out.failed; i++) {
		n = fold_shipment(f, i, &fault);
		if (n > 0) {
			p = stage_room(st, n);
			end = fold_put(f, tool.now, p);
			if ((size_t)(end - p) <= LINE_MAX_BYTES) {
				stage_made(st, end);
				continue;
			}
			fault_set(&fault, "events", "", "a document of more than %d bytes", LINE_MAX_BYTES);
		}
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
		documents(st, f);
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

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool, .flags = STAGE_BARRIERS | STAGE_ONCE, .made_of = "documents" };
	struct taxonomy taxonomy = { 0 };
	uint64_t limit = 1024 * 1024 * 1024;
	struct fold fold = { 0 };
	struct err e = ERR_NONE;
	struct record r;
	int c, event, sorted = 0, done = 0;

	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case SORTED:
			sorted = 1;
			break;
		case 'S':
			limit = tool_size(&tool, "-S", optarg);
			break;
		}
	if (share_taxonomy(&taxonomy, &e) == -1)
		tool_die(&tool, &e);
	fold_init(&fold, &taxonomy, sorted);
	stage_open(&st, argv + optind);
	while ((event = stage_next(&st, &r)) > 0) {
		if (event == STAGE_BARRIER) {
			documents(&st, &fold);
			fold_clear(&fold);
			done = 1;
		} else if (done) {
			err_set(&e, EX_SOFTWARE, "records behind a checkpoint: a bounded lane has just one, at its end");
			(void)stage_fail(&st, &e);
		} else {
			(void)take(&st, &fold, &r, limit);
		}
	}
	if (fold.duplicates > 0)
		stage_count(&st, "duplicate", fold.duplicates);
	if (fold.conflicts > 0)
		stage_count(&st, "id_conflict", fold.conflicts);
	fold_fini(&fold);
	taxonomy_fini(&taxonomy);
	return stage_close(&st);
}
