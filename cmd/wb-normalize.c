/* wb-normalize: carrier events of any shape to canonical events. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/env.h"
#include "io/file.h"
#include "parcel/normalize.h"
#include "parcel/unmapped.h"
#include "run/convert.h"
#include "run/lookup.h"
#include "run/maps.h"
#include "run/rows.h"
#include "run/share.h"
#include "run/stage.h"

#define FIELD_MAP_BYTES (1024 * 1024)

enum { CARRIERS = TOOL_OWN, SHIPMENTS, MAP_REV, STRICT, CHECK, REDO };

static struct tool tool = {
	.name = "wb-normalize",
	.usage = "wb-normalize [-v] [-d URL] [-f FIELDMAP] [-m PATH] [--carriers FILE] [--map-rev N] [--shipments FILE] [--strict]\n"
	    "       [--redo] [FILE ...]\n"
	    "       wb-normalize [-d URL] [-f FIELDMAP] [-m PATH] [--carriers FILE] --check",
	.letters = "d:f:m:",
	.longs = (const struct option[]){
		{ "carriers", required_argument, NULL, CARRIERS },
		{ "shipments", required_argument, NULL, SHIPMENTS },
		{ "map-rev", required_argument, NULL, MAP_REV },
		{ "strict", no_argument, NULL, STRICT },
		{ "check", no_argument, NULL, CHECK },
		{ "redo", no_argument, NULL, REDO },
		{ 0 },
	},
};

/* What the user said. */
struct options {
	const char *store, *maps, *fields, *carriers, *shipments;
	int64_t map_rev;
	int strict, check, redo;
};

/* The maps and references, read whole before the first record. */
struct rules {
	struct taxonomy taxonomy;
	struct carriermap maps;
	struct map vocabularies;	/* names of maps that belong to no carrier */
	struct carrierref carriers;
	struct shiptable shipments;
	struct shipref shipref;
	struct lookup lookup;		/* store: NULL when there is none, or files give all */
	struct fieldmap fields;
};

static void
parse_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'd':
			o->store = optarg;
			break;
		case 'f':
			o->fields = optarg;
			break;
		case 'm':
			o->maps = optarg;
			break;
		case CARRIERS:
			o->carriers = optarg;
			break;
		case SHIPMENTS:
			o->shipments = optarg;
			break;
		case MAP_REV:
			o->map_rev = (int64_t)tool_num(&tool, "--map-rev", optarg, 0, NORMALIZE_REV_MAX - 1);
			break;
		case STRICT:
			o->strict = 1;
			break;
		case CHECK:
			o->check = 1;
			break;
		case REDO:
			o->redo = 1;
			break;
		}
	if (o->store != NULL && *o->store == '\0')
		o->store = NULL;
	if (o->shipments != NULL && o->carriers == NULL && o->store == NULL)
		tool_usage(&tool, "--shipments needs --carriers (or -d): a shipment names its carrier by number");
	if (o->check && argv[optind] != NULL)
		tool_usage(&tool, "--check reads no records: %s", argv[optind]);
}

static int
carrier_row(void *arg, const struct json *j, struct err *e)
{
	struct rules *r = arg;

	return carrierref_row(&r->carriers, &r->maps, j, e);
}

static int
shipment_row(void *arg, const struct json *j, struct err *e)
{
	struct rules *r = arg;

	return shiptable_row(&r->shipments, j, e);
}

/* Constants of the field map that could never be right. */
static int
check_constants(const struct rules *r, const char *file, struct err *e)
{
	struct slice s;

	s = fieldmap_constant(&r->fields, FIELD_CARRIER_CODE);
	if (s.n > 0 && carrierref_code(&r->carriers, s) == NULL)
		return err_set(e, EX_CONFIG, "%s: carrier_code: unknown carrier \"%.*s\"", file, (int)s.n, s.p);
	s = fieldmap_constant(&r->fields, FIELD_VOCABULARY);
	if (s.n > 0 && carriermap_find(&r->maps, s) == MAP_NONE)
		return err_set(e, EX_CONFIG, "%s: vocabulary: no map \"%.*s\"", file, (int)s.n, s.p);
	s = fieldmap_constant(&r->fields, FIELD_STATUS);
	if (s.n > 0 && status_by_name(s) == -1)
		return err_set(e, EX_CONFIG, "%s: status: unknown status \"%.*s\"", file, (int)s.n, s.p);
	s = fieldmap_constant(&r->fields, FIELD_REASON);
	if (taxonomy_reason(&r->taxonomy, s) == -1)
		return err_set(e, EX_CONFIG, "%s: reason: unknown reason \"%.*s\"", file, (int)s.n, s.p);
	return 0;
}

static int
load(struct rules *r, const struct options *o, struct err *e)
{
	struct buf text = { 0 };
	int rc = -1;

	if (share_taxonomy(&r->taxonomy, e) == -1 ||
	    maps_read(o->maps, &r->taxonomy, &r->maps, &r->vocabularies, e) == -1)
		goto out;
	if (o->store != NULL && (o->carriers == NULL || o->shipments == NULL) &&
	    (r->lookup.store = store_open(o->store, &tool, e)) == NULL)
		goto out;
	r->lookup.maps = &r->maps;
	if (o->carriers != NULL) {
		if (rows_read(o->carriers, carrier_row, r, e) == -1)
			goto out;
		carrierref_done(&r->carriers, &r->maps);
	} else if (r->lookup.store != NULL) {
		r->lookup.carriers = &r->carriers;
		if (lookup_carriers(&r->lookup, e) == -1)
			goto out;
	} else {
		carrierref_of_maps(&r->carriers, &r->maps, &r->vocabularies);
	}
	if (o->shipments != NULL && rows_read(o->shipments, shipment_row, r, e) == -1)
		goto out;
	r->shipref = o->shipments != NULL ? shiptable_ref(&r->shipments) : lookup_ref(&r->lookup);
	if (o->fields != NULL && file_read(o->fields, FIELD_MAP_BYTES, &text, e) == -1)
		goto out;
	if (fieldmap_load(&r->fields, buf_as_slice(&text), o->fields, e) == -1 ||
	    check_constants(r, o->fields, e) == -1)
		goto out;
	rc = 0;
out:
	buf_fini(&text);
	return rc;
}

static void
unload(struct rules *r)
{
	fieldmap_fini(&r->fields);
	store_close(r->lookup.store);
	lookup_fini(&r->lookup);
	shiptable_fini(&r->shipments);
	carrierref_fini(&r->carriers);
	map_fini(&r->vocabularies);
	carriermap_fini(&r->maps);
	taxonomy_fini(&r->taxonomy);
}

/* --check: everything is read and proved; what is mapped, by carrier. */
static int
print_coverage(const struct rules *r)
{
	const struct carriermap *m = &r->maps;
	uint64_t rows = 0;
	uint32_t i, s, states;

	printf("%-20s %6s %7s %8s  %s\n", "map", "rows", "states", "unknown", "states without a code");
	for (i = 0; i < m->names.n; i++) {
		const struct map_cover *c = &m->cover[i];
		struct slice name = map_key(&m->names, i);

		for (s = states = 0; s < STATUS_INFO; s++)
			states += c->status[s] > 0;
		printf("%-20.*s %6" PRIu32 " %4" PRIu32 "/%d %8" PRIu32, (int)name.n, name.p, c->rows,
		    states, STATUS_INFO, c->status[STATUS_UNKNOWN]);
		for (s = 0, states = 0; s < STATUS_INFO; s++)
			if (c->status[s] == 0)
				printf("%s%s", states++ ? " " : "  ", status_name[s]);
		printf("%s\n", map_find(&r->vocabularies, name) != MAP_NONE ? " (of no carrier)"
		    : carrierref_code(&r->carriers, name) == NULL ? " (no such carrier)" : "");
		rows += c->rows;
	}
	for (i = 0; i < r->carriers.codes.n; i++)
		if (r->carriers.carrier[i].map == MAP_NONE) {
			struct slice name = map_key(&r->carriers.codes, i);

			printf("%-20.*s %6s %7s %8s  no map\n", (int)name.n, name.p, "-", "-", "-");
		}
	printf("%zu maps, %zu of carriers, %" PRIu64 " rows\n", m->names.n, m->names.n - r->vocabularies.n, rows);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		tool_warn(&tool, "standard output: cannot be written");
		return EX_IOERR;
	}
	return 0;
}

static void
say_unmapped(const struct unmapped *u)
{
	struct buf b = { 0 };

	if (!tool.quiet) {
		unmapped_report(u, &b);
		(void)fwrite(b.p, 1, b.n, stderr);
		if (u->beyond > 0)
			tool_say(&tool, "%" PRIu64 " more unmapped events, of codes beyond the first %d", u->beyond, UNMAPPED_MAX);
	}
	buf_fini(&b);
}

int
main(int argc, char **argv)
{
	struct options o = { .store = env_get("WB_STORE") };
	struct rules rules = { 0 };
	struct stage st = { .tool = &tool };
	struct convert c = { .st = &st };
	struct err e = ERR_NONE;
	int status;

	tool.libs = store_libraries();
	parse_options(&o, argc, argv);
	if (load(&rules, &o, &e) == -1)
		tool_die(&tool, &e);
	if (o.check) {
		status = print_coverage(&rules);
		unload(&rules);
		return status;
	}
	c.redo = o.redo;
	c.n = (struct normalize){
		.taxonomy = &rules.taxonomy, .maps = &rules.maps, .carriers = &rules.carriers, .fields = &rules.fields,
		.shipments = o.shipments != NULL || rules.lookup.store != NULL ? &rules.shipref : NULL,
		.map_rev = o.map_rev, .strict = o.strict,
	};
	if (rules.lookup.store != NULL) {
		c.lookup = &rules.lookup;
		st.flags = STAGE_BARRIERS | STAGE_REJECTS;
		st.wait_ms = CONVERT_IDLE_MS;
	}
	stage_open(&st, argv + optind);
	convert_input(&c);
	say_unmapped(&c.unmapped);
	status = stage_close(&st);
	convert_fini(&c);
	unload(&rules);
	return status;
}
