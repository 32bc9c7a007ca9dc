/* Documents get their attributes: client, carrier, zones, local days, delivery time, steps, contacts. */
#include "base/env.h"
#include "io/line.h"
#include "parcel/enrich.h"
#include "parcel/refs.h"
#include "rec/field.h"
#include "run/held.h"
#include "run/refstore.h"
#include "run/rows.h"
#include "run/stage.h"
#include "run/tool.h"

/* Documents that are held until the store is asked for all of them, at most. */
#define HELD 4000
#define HELD_BYTES (6u << 20)
#define HELD_MS 1000
#define IDLE_MS 100

enum { CLIENTS = TOOL_OWN, CARRIERS, REGIONS, SHIPMENTS, CONTACTS, BARE };

static const struct option longs[] = {
	{ "clients", required_argument, NULL, CLIENTS },
	{ "carriers", required_argument, NULL, CARRIERS },
	{ "regions", required_argument, NULL, REGIONS },
	{ "shipments", required_argument, NULL, SHIPMENTS },
	{ "contacts", required_argument, NULL, CONTACTS },
	{ "bare", no_argument, NULL, BARE },
	{ 0 },
};

static struct tool tool = {
	.name = "wb-enrich",
	.usage = "wb-enrich [-v] [-d URL] [--bare] [--shipments FILE] [--clients FILE] [--carriers FILE]\n"
	    "[--regions FILE] [--contacts FILE] [FILE ...]",
	.letters = "d:",
	.longs = longs,
};

static int
client_row(void *refs, const struct json *j, struct err *e)
{
	return refs_client(refs, j, e);
}

static int
carrier_row(void *refs, const struct json *j, struct err *e)
{
	return refs_carrier(refs, j, e);
}

static int
region_row(void *refs, const struct json *j, struct err *e)
{
	return refs_region(refs, j, e);
}

static int
shipment_row(void *refs, const struct json *j, struct err *e)
{
	return refs_shipment(refs, j, e);
}

static int
contact_row(void *refs, const struct json *j, struct err *e)
{
	return refs_contact(refs, j, e);
}

/* The files of reference rows, each by its option; what has none comes from the store. */
static struct {
	int (*row)(void *refs, const struct json *j, struct err *e);
	unsigned part;
	const char *file;
} reference[] = {
	[CLIENTS - TOOL_OWN] = { client_row, REFSTORE_CLIENTS, NULL },
	[CARRIERS - TOOL_OWN] = { carrier_row, REFSTORE_CARRIERS, NULL },
	[REGIONS - TOOL_OWN] = { region_row, REFSTORE_REGIONS, NULL },
	[SHIPMENTS - TOOL_OWN] = { shipment_row, REFSTORE_SHIPMENTS, NULL },
	[CONTACTS - TOOL_OWN] = { contact_row, REFSTORE_CONTACTS, NULL },
};

struct enricher {
	struct stage *st;
	struct refs refs;
	struct enrich x;
	struct refstore from;		/* store: NULL when files give all, or there is none */
	struct held held;
};

/* How often standard input is asked for, by options and operands. */
static int
stdin_asked(char *const *operand)
{
	int n = *operand == NULL;
	size_t i;

	for (i = 0; i < sizeof reference / sizeof *reference; i++)
		n += reference[i].file != NULL && strcmp(reference[i].file, "-") == 0;
	for (; *operand != NULL; operand++)
		n += strcmp(*operand, "-") == 0;
	return n;
}

static void
read_references(struct refs *refs)
{
	struct err e = ERR_NONE;
	size_t i;

	for (i = 0; i < sizeof reference / sizeof *reference; i++)
		if (reference[i].file != NULL && rows_read(reference[i].file, reference[i].row, refs, &e) == -1)
			tool_die(&tool, &e);
	refs_contacts(refs);
}

/* One document, for which all is there. */
static void
document(struct enricher *n, const struct record *r)
{
	struct stage *st = n->st;
	struct enrich *x = &n->x;
	struct fault f;
	char *p, *end;

	switch (enrich(x, r->json, &f)) {
	case ENRICH_ORPHAN:
		stage_count(st, "orphan", 1);
		stage_filter(st);
		return;
	case ENRICH_DONE:
		p = stage_room(st, doc_size(&x->doc, r->json, DOC_A | DOC_E));
		end = doc_put(&x->doc, r->json, DOC_A | DOC_E, p);
		if ((size_t)(end - p) <= LINE_MAX_BYTES) {
			stage_put(st, end);
			return;
		}
		fault_set(&f, "events", "", "a document of more than %d bytes", LINE_MAX_BYTES);
	}
	stage_reject(st, r, &f);
}

/* The shipment of a document, when it reads; buf has room for any. */
static struct slice
id_of(const struct json *j, char buf[6 * 64 + 2])
{
	const struct json_member *m = json_get(j, SLICE("shipment_id"));
	struct slice id = { 0 };
	struct fault f;

	if (m == NULL || m->v.raw.n > 6 * 64 + 2 || field_text(m, "shipment_id", 64, buf, &id, &f) != 1)
		id.n = 0;
	return id;
}

/* Contacts that do not read hold nothing up: the first ones are told, all are counted. */
static void
tell_unread(struct enricher *n, uint64_t before)
{
	if (n->from.unread == before)
		return;
	if (before == 0)
		tool_warn(&tool, "stg_contact: a row does not read, and its contact counts for nothing: %s", n->from.unread_why.msg);
	stage_count(n->st, "unread_contact", n->from.unread - before);
}

/* Reads what the documents held need, and lets them go. */
static void
release(struct enricher *n)
{
	const uint64_t before = n->from.unread;
	struct err e = ERR_NONE;
	char buf[6 * 64 + 2];
	struct record r;
	struct fault f;
	size_t i;

	if (n->held.n > 0 && refstore_read(&n->from, &e) == -1) {
		(void)stage_fail(n->st, &e);
		return;
	}
	tell_unread(n, before);
	for (i = 0; i < n->held.n && !n->st->out.failed; i++) {
		if (held_get(&n->held, n->st, i, &r) == STAGE_REJECTED)
			stage_pass_reject(n->st, r.line);
		else if (refstore_bad(&n->from, id_of(r.json, buf), &f))
			stage_reject(n->st, &r, &f);
		else
			document(n, &r);
	}
	held_clear(&n->held, n->st);
}

/* What comes from the store is read for many documents at a time. */
static void
hold(struct enricher *n, int event, const struct record *r)
{
	char buf[6 * 64 + 2];
	struct slice id;

	if (event == STAGE_RECORD || event == STAGE_REJECTED) {
		held_add(&n->held, n->st, r->line, event);
		if (event == STAGE_RECORD && (id = id_of(r->json, buf)).n > 0)
			refstore_want(&n->from, id);
		if (n->held.n < HELD && held_bytes(&n->held) < HELD_BYTES && (n->st->lane || !held_due(&n->held, HELD_MS)))
			return;
	}
	release(n);
}

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool };
	struct enricher n = { .st = &st };
	struct err e = ERR_NONE;
	const char *url = env_get("WB_STORE");
	struct record r;
	unsigned parts = 0;
	int c, event, bare = 0;
	size_t i;

	tool.libs = store_libraries();
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		if (c == BARE)
			bare = 1;
		else if (c == 'd')
			url = optarg;
		else
			reference[c - TOOL_OWN].file = optarg;
	if (stdin_asked(argv + optind) > 1)
		tool_usage(&tool, "standard input can be read once");
	for (i = 0; i < sizeof reference / sizeof *reference; i++)
		if (reference[i].file == NULL)
			parts |= reference[i].part;
	if (parts != 0 && url != NULL && *url != '\0') {
		n.from = (struct refstore){ .refs = &n.refs, .parts = parts };
		if ((n.from.store = store_open(url, &tool, &e)) == NULL)
			tool_die(&tool, &e);
		st.flags = STAGE_BARRIERS | STAGE_REJECTS;
		st.wait_ms = IDLE_MS;
	} else if (parts & REFSTORE_SHIPMENTS && !bare) {
		tool_usage(&tool, "without -d (or WB_STORE) and --shipments every document is an orphan; --bare lets them pass");
	}
	refs_init(&n.refs);
	read_references(&n.refs);
	enrich_init(&n.x, &n.refs, bare);
	stage_open(&st, argv + optind);
	while ((event = stage_next(&st, &r)) > 0)
		if (n.from.store != NULL)
			hold(&n, event, &r);
		else
			document(&n, &r);
	if (n.x.unknown_client > 0)
		stage_count(&st, "unknown_client", n.x.unknown_client);
	if (n.x.unknown_carrier > 0)
		stage_count(&st, "unknown_carrier", n.x.unknown_carrier);
	if (n.x.unknown_region > 0)
		stage_count(&st, "unknown_region", n.x.unknown_region);
	store_close(n.from.store);
	refstore_fini(&n.from);
	held_fini(&n.held);
	enrich_fini(&n.x);
	refs_fini(&n.refs);
	return stage_close(&st);
}
