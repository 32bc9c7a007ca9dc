/* Documents get their attributes: client, carrier, zones, local days, delivery time, steps, contacts. */
#include "io/line.h"
#include "parcel/enrich.h"
#include "parcel/refs.h"
#include "run/rows.h"
#include "run/stage.h"
#include "run/tool.h"

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
	.usage = "wb-enrich [-v] [--bare] [--shipments FILE] [--clients FILE] [--carriers FILE]\n"
	    "[--regions FILE] [--contacts FILE] [FILE ...]",
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

/* The files of reference rows, each by its option. */
static struct {
	int (*row)(void *refs, const struct json *j, struct err *e);
	const char *file;
} reference[] = {
	[CLIENTS - TOOL_OWN] = { client_row, NULL },
	[CARRIERS - TOOL_OWN] = { carrier_row, NULL },
	[REGIONS - TOOL_OWN] = { region_row, NULL },
	[SHIPMENTS - TOOL_OWN] = { shipment_row, NULL },
	[CONTACTS - TOOL_OWN] = { contact_row, NULL },
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

/* One document. */
static void
document(struct stage *st, struct enrich *x, const struct record *r)
{
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

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool };
	struct refs refs;
	struct enrich x;
	struct record r;
	int c, bare = 0;

	while ((c = tool_opt(&tool, argc, argv)) != -1)
		if (c == BARE)
			bare = 1;
		else
			reference[c - TOOL_OWN].file = optarg;
	if (reference[SHIPMENTS - TOOL_OWN].file == NULL && !bare)
		tool_usage(&tool, "without --shipments every document is an orphan; --bare lets them pass");
	if (stdin_asked(argv + optind) > 1)
		tool_usage(&tool, "standard input can be read once");
	refs_init(&refs);
	read_references(&refs);
	enrich_init(&x, &refs, bare);
	stage_open(&st, argv + optind);
	while (stage_next(&st, &r) > 0)
		document(&st, &x, &r);
	if (x.unknown_client > 0)
		stage_count(&st, "unknown_client", x.unknown_client);
	if (x.unknown_carrier > 0)
		stage_count(&st, "unknown_carrier", x.unknown_carrier);
	if (x.unknown_region > 0)
		stage_count(&st, "unknown_region", x.unknown_region);
	enrich_fini(&x);
	refs_fini(&refs);
	return stage_close(&st);
}
