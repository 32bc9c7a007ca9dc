/* A synthetic platform from a seed: the topic, the tables, and what their totals must be. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utc.h"
#include "io/file.h"
#include "io/out.h"
#include "io/sig.h"
#include "parcel/synth_line.h"
#include "parcel/synth_topic.h"
#include "parcel/synth_truth.h"
#include "run/tool.h"

enum { SEED = TOOL_OWN, SHIPMENTS, FROM, DAYS, FAULTS, OUT, TRUTH };

static const struct option longs[] = {
	{ "seed", required_argument, NULL, SEED },
	{ "shipments", required_argument, NULL, SHIPMENTS },
	{ "from", required_argument, NULL, FROM },
	{ "days", required_argument, NULL, DAYS },
	{ "faults", required_argument, NULL, FAULTS },
	{ "out", required_argument, NULL, OUT },
	{ "truth", required_argument, NULL, TRUTH },
	{ 0 },
};

static struct tool tool = {
	.name = "wb-sample",
	.usage = "wb-sample [--seed N] [--shipments N] [--from DAY] [--days N] [--now TIME]\n"
	    "[--faults LIST] {-t WHAT | --out DIR | --truth FILE} [--truth FILE]",
	.letters = "t:",
	.longs = longs,
};

/* Where lines go: of one kind, counted. */
struct sink {
	struct out out;
	uint64_t lines;
};

static void
line(struct sink *s, const char *end)
{
	out_used(&s->out, end);
	s->lines++;
}

static char *
room(struct sink *s)
{
	return out_room(&s->out, SYNTH_LINE);
}

static void
write_events(const struct synth_world *w, struct sink *s)
{
	struct synth_topic *t = synth_topic_new(w);
	char *end = NULL;

	while (!s->out.failed && (end = synth_topic_next(t, room(s))) != NULL)
		line(s, end);
	synth_topic_free(t);
}

static void
write_regions(const struct synth_world *w, struct sink *s)
{
	size_t i = 0;

	for (i = 0; i < synth_ref_regions; i++)
		line(s, synth_line_region(room(s), w, i));
}

static void
write_carriers(const struct synth_world *w, struct sink *s)
{
	size_t i = 0;

	for (i = 0; i < SYNTH_CARRIERS; i++)
		line(s, synth_line_carrier(room(s), w, i));
}

static void
write_clients(const struct synth_world *w, struct sink *s)
{
	size_t i = 0;

	for (i = 0; i < synth_ref_clients; i++)
		line(s, synth_line_client(room(s), w, i));
}

static void
rows_shipment(const struct synth_world *w, const struct synth_plan *p, struct sink *s)
{
	struct synth_fate f;

	synth_plan_fate(w, p, &f);
	line(s, synth_line_shipment(room(s), p, &f));
}

static void
rows_event(const struct synth_world *w, const struct synth_plan *p, struct sink *s)
{
	unsigned i = 0;

	for (i = 0; i < p->visible; i++)
		line(s, synth_line_event(room(s), w, p, i));
}

static void
rows_call(const struct synth_world *w, const struct synth_plan *p, struct sink *s)
{
	struct synth_call c[SYNTH_CALLS];
	size_t n = synth_call_make(w, p, c), i = 0;

	for (i = 0; i < n; i++)
		line(s, synth_line_call(room(s), p, &c[i], (unsigned)i));
}

static void
rows_contact(const struct synth_world *w, const struct synth_plan *p, struct sink *s)
{
	struct synth_contact c[SYNTH_CONTACTS];
	struct synth_fate f;
	size_t n = 0, i = 0;

	synth_plan_fate(w, p, &f);
	n = synth_contact_make(w, p, &f, c);
	for (i = 0; i < n; i++)
		line(s, synth_line_contact(room(s), p, &c[i], (unsigned)i));
}

/* What can be written: the whole at once, or the rows of one shipment after the other. */
static const struct what {
	const char *name;
	void (*all)(const struct synth_world *, struct sink *);
	void (*rows)(const struct synth_world *, const struct synth_plan *, struct sink *);
} whats[] = {
	{ "tracking.events", write_events, NULL },
	{ "clients", write_clients, NULL },
	{ "carriers", write_carriers, NULL },
	{ "regions", write_regions, NULL },
	{ "shipments", NULL, rows_shipment },
	{ "shipment_events", NULL, rows_event },
	{ "integrations_log", NULL, rows_call },
	{ "support_contacts", NULL, rows_contact },
};
#define WHATS (sizeof whats / sizeof whats[0])

static int
write_what(const struct synth_world *w, const struct what *what, int fd, const char *name, struct err *e)
{
	struct sink s = { 0 };
	struct synth_plan p;
	uint64_t i = 0;
	int rc = 0;

	out_open(&s.out, fd, name);
	if (what->all != NULL) {
		what->all(w, &s);
	} else {
		for (i = 0; i < w->shipments && !s.out.failed; i++) {
			synth_plan_make(w, i, &p);
			what->rows(w, &p, &s);
		}
	}
	rc = out_flush(&s.out, e);
	if (rc == 0 && tool.verbose)
		tool_say(&tool, "%s: %llu lines, %llu bytes", what->name, (unsigned long long)s.lines,
		    (unsigned long long)s.out.bytes);
	out_close(&s.out);
	return rc;
}

/* DIR/WHAT.ndjson for everything. */
static int
write_folder(const struct synth_world *w, const char *dir, struct err *e)
{
	struct buf path = { 0 };
	size_t i = 0;
	int rc = 0;

	if (mkdir(dir, 0777) == -1 && errno != EEXIST)
		return err_set(e, EX_IOERR, "%s: %s", dir, strerror(errno));
	for (i = 0; i < WHATS && rc == 0; i++) {
		int fd = -1;

		buf_clear(&path);
		buf_printf(&path, "%s/%s.ndjson", dir, whats[i].name);
		fd = open(buf_str(&path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (fd == -1) {
			rc = err_set(e, EX_IOERR, "%s: %s", buf_str(&path), strerror(errno));
			break;
		}
		rc = write_what(w, &whats[i], fd, buf_str(&path), e);
		if (close(fd) == -1 && rc == 0)
			rc = err_set(e, EX_IOERR, "%s: %s", buf_str(&path), strerror(errno));
	}
	buf_fini(&path);
	return rc;
}

static int
write_truth(const struct synth_world *w, const char *path, struct err *e)
{
	struct buf b = { 0 };
	struct out o;
	int rc = 0;

	synth_truth_write(w, &b);
	if (strcmp(path, "-") == 0) {
		out_open(&o, STDOUT_FILENO, "standard output");
		out_slice(&o, buf_as_slice(&b));
		rc = out_flush(&o, e);
		out_close(&o);
	} else {
		rc = file_replace(path, b.p, b.n, e);
	}
	buf_fini(&b);
	return rc;
}

static int32_t
day_arg(const char *opt, const char *arg)
{
	int32_t day = 0;

	if (utc_get_day(slice_of(arg), &day) == -1 || day < utc_day(2021, 1, 1) || day > utc_day(2089, 12, 31))
		tool_usage(&tool, "%s: \"%s\" is not a day from 2021-01-01 to 2089-12-31", opt, arg);
	return day;
}

int
main(int argc, char **argv)
{
	struct synth_world w = { .seed = 1, .shipments = 10000, .days = 30 };
	struct err e = ERR_NONE;
	const char *out = NULL, *truth = NULL, *faults = "all";
	const struct what *what = NULL;
	int64_t end = 0;
	size_t i = 0;
	int c = 0;

	w.from = utc_day(2026, 3, 2);
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case SEED:
			w.seed = tool_num(&tool, "--seed", optarg, 0, UINT64_MAX);
			break;
		case SHIPMENTS:
			w.shipments = tool_num(&tool, "--shipments", optarg, 1, 999999999);
			break;
		case FROM:
			w.from = day_arg("--from", optarg);
			break;
		case DAYS:
			w.days = (int32_t)tool_num(&tool, "--days", optarg, 1, 3660);
			break;
		case FAULTS:
			faults = optarg;
			break;
		case OUT:
			out = optarg;
			break;
		case TRUTH:
			truth = optarg;
			break;
		case 't':
			for (i = 0; i < WHATS && strcmp(whats[i].name, optarg) != 0; i++)
				;
			if (i == WHATS)
				tool_usage(&tool, "-t: nothing is called \"%s\"", optarg);
			what = &whats[i];
			break;
		}
	if (optind < argc)
		tool_usage(&tool, "no operand is expected: \"%s\"", argv[optind]);
	if (what != NULL && out != NULL)
		tool_usage(&tool, "-t and --out exclude each other");
	if (what == NULL && out == NULL && truth == NULL)
		tool_usage(&tool, "nothing to write: -t, --out or --truth is missing");
	if (what != NULL && truth != NULL && strcmp(truth, "-") == 0)
		tool_usage(&tool, "-t and --truth - would mix on standard output");
	if (synth_send_faults(slice_of(faults), w.ppm, &e) == -1)
		tool_die(&tool, &e);
	end = (w.from + (int64_t)w.days) * 86400000;
	w.now = tool.has_now ? tool.now : end;
	if (w.now < end || w.now > end + INT64_C(3660) * 86400000)
		tool_usage(&tool, "--now: must lie within ten years from the end of the period");

	sig_init(SIG_PLAIN);
	synth_plan_begin(&w);
	if ((what != NULL && write_what(&w, what, STDOUT_FILENO, "standard output", &e) == -1) ||
	    (out != NULL && write_folder(&w, out, &e) == -1) ||
	    (truth != NULL && write_truth(&w, truth, &e) == -1))
		tool_die(&tool, &e);
	synth_plan_end(&w);
	return 0;
}
