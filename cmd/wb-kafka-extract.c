/* wb-kafka-extract: topics to NDJSON, bounded or endless; commits only what was acknowledged. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/mem.h"
#include "base/utc.h"
#include "io/sig.h"
#include "net/kafka.h"
#include "net/kafka_in.h"
#include "net/kafka_line.h"
#include "run/ack.h"
#include "run/stage.h"
#include "run/tool.h"

#define SEC 1000000000LL
#define HELD (96 * 1024)	/* bytes of output that are held before the reader is waited for */
#define WAIT_MS 100		/* for messages, for the reader */
#define PAUSE_NS SEC		/* nothing could be written for so long: stop fetching */
#define METRICS_NS (10 * SEC)
#define REVOKE_MS 30000		/* for the acknowledgement of partitions that are taken away */
#define COMMIT_MS 5000

enum { START = TOOL_OWN, KEY, HEADERS, CKPT, ACK_TIMEOUT, GRACE };

static struct tool tool = {
	.name = "wb-kafka-extract",
	.usage = "wb-kafka-extract [-ev] -b BROKERS -t TOPIC[:P,...] ... [-G GROUP] [-o START] [-O STOP] [-c N] "
	    "[-X PROPERTY=VALUE] [-F FILE] [--start earliest | latest | @TIME | fail] [--key] [--headers] "
	    "[--ckpt TIME[,RECORDS[,SIZE]]] [--ack-timeout D] [--grace D]",
	.letters = "b:t:G:o:O:ec:X:F:",
	.longs = (const struct option[]){
		{ "start", required_argument, NULL, START },
		{ "key", no_argument, NULL, KEY },
		{ "headers", no_argument, NULL, HEADERS },
		{ "ckpt", required_argument, NULL, CKPT },
		{ "ack-timeout", required_argument, NULL, ACK_TIMEOUT },
		{ "grace", required_argument, NULL, GRACE },
		{ 0 },
	},
};

struct extract {
	struct stage st;
	struct kafka_in *k;
	struct ack ack;
	int commits;		/* a group's, in a lane */
	int acks;		/* somebody acknowledges: a lane that commits, or an endless one */
	int full;		/* too many checkpoints are without an answer */
	struct kafka_line line;
	int64_t stuck_ns;	/* since when nothing can be written, or 0 */
	int64_t note_ns, metrics_ns;
	int64_t acked_ms;	/* when the last acknowledgement came, since 1970; 0: none yet */
	int fresh;		/* messages since the partitions were assigned */
};

static struct {
	struct kafka_in_options in;
	struct kafka_in_topic *topic;
	size_t topics, cap;
	struct kafka_line line;
	struct kafka_props props;
	const char *start;	/* -o */
	uint64_t count;
	struct ack ack;
	int64_t grace;		/* s */
} opt = {
	.count = UINT64_MAX,
	.ack = { .every_ns = SEC, .idle_ns = 10 * SEC, .lines = 50000, .bytes = 32 * 1024 * 1024, .timeout_ns = 600 * SEC },
	.grace = 30,
};

static struct kafka_pos
position(const char *what, const char *arg)
{
	struct kafka_pos p;

	if (kafka_pos_get(arg, tool.now, &p) == -1)
		tool_usage(&tool, "%s: \"%s\" is no position (beginning, end, stored, N, -N, @TIME)", what, arg);
	return p;
}

static void
options(int argc, char **argv)
{
	struct err e = ERR_NONE;
	const char *start = NULL;
	size_t i;
	int c;

	kafka_props_env(&opt.props);
	opt.in.brokers = env_get("WB_BROKERS");
	opt.in.stop.at = KAFKA_NEVER;
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'b': opt.in.brokers = optarg; break;
		case 't':
			opt.topic = mem_grow(opt.topic, &opt.cap, opt.topics + 1, sizeof *opt.topic);
			if (kafka_in_topic_get(optarg, &opt.topic[opt.topics++]) == -1)
				tool_usage(&tool, "-t: \"%s\" is no topic (TOPIC or TOPIC:PARTITION,...)", optarg);
			break;
		case 'G': opt.in.group = optarg; break;
		case 'o': opt.start = optarg; break;
		case 'O': opt.in.stop = position("-O", optarg); break;
		case 'e': opt.in.end = 1; break;
		case 'c': opt.count = tool_num(&tool, "-c", optarg, 0, UINT64_MAX - 1); break;
		case 'X':
			if (kafka_props_arg(&opt.props, optarg, &e) == -1)
				tool_die(&tool, &e);
			break;
		case 'F':
			if (kafka_props_file(&opt.props, optarg, &e) == -1)
				tool_die(&tool, &e);
			break;
		case START: start = optarg; break;
		case KEY: opt.line.key = 1; break;
		case HEADERS: opt.line.headers = 1; break;
		case CKPT: ack_option(&opt.ack, &tool, optarg); break;
		case ACK_TIMEOUT: opt.ack.timeout_ns = tool_duration(&tool, "--ack-timeout", optarg) * SEC; break;
		case GRACE: opt.grace = tool_duration(&tool, "--grace", optarg); break;
		}
	if (optind < argc)
		tool_usage(&tool, "\"%s\": no operand is taken (-t TOPIC)", argv[optind]);
	if (opt.in.brokers == NULL)
		tool_usage(&tool, "-b BROKERS is missing (or WB_BROKERS)");
	if (opt.topics == 0)
		tool_usage(&tool, "-t TOPIC is missing");
	if (opt.in.stop.at == KAFKA_STORED)
		tool_usage(&tool, "-O: where the group stands is no stop");
	if (opt.in.group == NULL) {
		if (start != NULL)
			tool_usage(&tool, "--start is for groups (-G); -o says where to begin");
		opt.in.start = position("-o", opt.start ? opt.start : "beginning");
		if (opt.in.start.at == KAFKA_STORED)
			tool_usage(&tool, "-o stored: which group? (-G)");
	} else {
		if (*opt.in.group == '\0')
			tool_usage(&tool, "-G: no name");
		if (opt.start != NULL && strcmp(opt.start, "stored") != 0)
			tool_usage(&tool, "-o %s: a group begins where it stands; --start says where when it stands nowhere", opt.start);
		for (i = 0; i < opt.topics; i++)
			if (opt.topic[i].parts > 0)
				tool_usage(&tool, "-t %s: the group hands out the partitions", opt.topic[i].name);
		if (kafka_pos_start(start ? start : "earliest", tool.now, &opt.in.start) == -1)
			tool_usage(&tool, "--start: \"%s\" is not earliest, latest, @TIME or fail", start);
	}
	opt.in.topic = opt.topic;
	opt.in.topics = opt.topics;
	opt.in.props = &opt.props;
	opt.in.client = tool.name;
	opt.in.loud = tool.verbose > 1;
}

/* One message.  The position is behind it, so it is written even when a signal has come since. */
static void
take(struct extract *x, const struct kafka_message *m)
{
	char src[KAFKA_LINE_SRC], *p;
	struct fault f = { 0 };
	ssize_t n;

	x->st.acct.in++;
	x->fresh = 1;
	x->st.name = m->topic.p;
	x->st.number = (uint64_t)m->offset;
	if (m->value.p == NULL) {	/* a tombstone */
		stage_filter(&x->st);
		return;
	}
	n = kafka_line_need(&x->line, x->k, m, &f);
	p = n == -1 ? NULL : kafka_line_put(&x->line, m, stage_room(&x->st, (size_t)n), &f);
	if (p != NULL)
		stage_put(&x->st, p);
	else
		stage_reject_raw(&x->st, (struct slice){ src, (size_t)(kafka_line_src(src, m) - src) }, m->value, &f);
}

/* Lag, for the line of progress and the metrics. */
static void
measure(struct extract *x)
{
	int64_t lag = kafka_in_lag(x->k);

	if (lag == -1)
		(void)snprintf(x->st.note, sizeof x->st.note, "no partitions");
	else
		(void)snprintf(x->st.note, sizeof x->st.note, "lag %" PRId64, lag);
	if (tool.metrics == NULL)
		return;
	buf_clear(&x->st.more);
	kafka_in_metrics(x->k, x->acked_ms, &x->st.more);
}

/* Acknowledgements that have come.  0, or -1: stop. */
static int
hear(struct extract *x, int64_t now)
{
	struct err e = ERR_NONE;
	uint64_t n;
	int rc;

	if (!x->acks)
		return 0;
	rc = ack_read(&x->ack, now, &n, &e);
	if (rc == -1)
		return stage_fail(&x->st, &e);
	if (rc == 1) {
		x->acked_ms = utc_now();
		kafka_in_acked(x->k, n);
		ack_tell(&x->ack, now, kafka_in_lag(x->k));
	}
	return 0;
}

static int
checkpoint(struct extract *x, int64_t now)
{
	uint64_t n = ack_checkpoint(&x->ack, now);

	if (n == 0)
		return -1;
	kafka_in_mark(x->k, n);
	return 0;
}

/* Everything that is not a message.  0, or -1: stop. */
static int
attend(struct extract *x)
{
	int64_t now = utc_mono();
	const char *note;

	if (hear(x, now) == -1)
		return -1;
	if (x->acks && ack_due(&x->ack, now) && checkpoint(x, now) == -1)
		return -1;
	x->full = x->acks && ack_full(&x->ack, now);
	while ((note = kafka_in_note(x->k)) != NULL)
		tool_warn(&tool, "%s", note);
	if (now - x->note_ns > SEC) {
		measure(x);
		x->note_ns = now;
	}
	if (now - x->metrics_ns > METRICS_NS) {
		stage_metrics(&x->st);
		x->metrics_ns = now;
	}
	return 0;
}

/* Waits until the reader takes something or an acknowledgement comes, at most WAIT_MS. */
static void
wait_neighbours(struct extract *x)
{
	struct pollfd p[2] = {
		{ .fd = x->acks ? ack_fd(&x->ack) : -1, .events = POLLIN },
		{ .fd = x->st.out.n > 0 && x->st.out.unblocked ? x->st.out.fd : -1, .events = POLLOUT },
	};

	(void)poll(p, 2, WAIT_MS);
}

/* 1 when nothing more is to be read for now. */
static int
stuck(struct extract *x)
{
	if (x->st.out.unblocked && x->st.out.n > HELD && out_try(&x->st.out, NULL) == 0 && x->st.out.n > HELD)
		return 1;
	return x->full;
}

/*
 * The group takes the partitions away: what was read of them is to be acknowledged and
 * committed before they go.
 */
static int
revoked(struct extract *x)
{
	int ms = kafka_in_silence(x->k) / 2 < REVOKE_MS ? kafka_in_silence(x->k) / 2 : REVOKE_MS;
	int64_t until = utc_mono() + ms * (SEC / 1000);
	struct err e = ERR_NONE;

	if (x->st.once && x->fresh) {
		err_set(&e, EX_TEMPFAIL, "group %s takes partitions away from a bounded lane, whose only checkpoint is its last", opt.in.group);
		return stage_fail(&x->st, &e);
	}
	if (!x->st.once && checkpoint(x, utc_mono()) == -1)
		return -1;
	while (x->st.out.n > 0 || !ack_all(&x->ack)) {
		if (out_try(&x->st.out, &e) == -1)
			return stage_fail(&x->st, &e);
		wait_neighbours(x);
		if (hear(x, utc_mono()) == -1)
			return -1;
		if (utc_mono() > until) {
			err_set(&e, EX_TEMPFAIL, "group %s takes partitions away that were not acknowledged in %d s", opt.in.group, ms / 1000);
			return stage_fail(&x->st, &e);
		}
	}
	if (kafka_in_release(x->k, COMMIT_MS, &e) == -1)
		return stage_fail(&x->st, &e);
	x->fresh = 0;
	return 0;
}

static void
run(struct extract *x)
{
	struct kafka_message m;
	struct err e = ERR_NONE;
	unsigned ticks = 0;
	int wait = 0;

	while (!stage_stopped(&x->st) && x->st.acct.in < opt.count) {
		if ((wait > 0 || ++ticks % 64 == 0 || stage_owed(&x->st) >= opt.ack.lines) && attend(x) == -1)
			return;
		if (stuck(x)) {
			if (x->stuck_ns == 0)
				x->stuck_ns = utc_mono();
			wait_neighbours(x);
			wait = 1;
			if (utc_mono() - x->stuck_ns < PAUSE_NS)
				continue;
			kafka_in_pause(x->k, 1);	/* and the group is served */
		} else if (x->stuck_ns != 0) {
			x->stuck_ns = 0;
			kafka_in_pause(x->k, 0);
		}
		switch (kafka_in_poll(x->k, x->stuck_ns ? 0 : wait, &m, &e)) {
		case KAFKA_MESSAGE:
			take(x, &m);
			wait = x->stuck_ns ? WAIT_MS : 0;
			break;
		case KAFKA_IDLE:
			/* what is there goes out before a wait */
			if (out_try(&x->st.out, &e) == -1) {
				(void)stage_fail(&x->st, &e);
				return;
			}
			wait = WAIT_MS;
			break;
		case KAFKA_REVOKE:
			if (revoked(x) == -1)
				return;
			break;
		case KAFKA_END:
			return;
		default:
			(void)stage_fail(&x->st, &e);
			return;
		}
	}
}

/* A lane that commits: the last checkpoint, its acknowledgement, the commit. */
static void
finish(struct extract *x)
{
	int64_t now = utc_mono(), until = now + (sig_stop() ? opt.grace * SEC : opt.ack.timeout_ns);
	int stopped = sig_stop();
	struct kafka_message m;
	struct err e = ERR_NONE;
	uint64_t n;

	if (!x->commits || (n = ack_end(&x->ack, now)) == 0)
		return;
	kafka_in_mark(x->k, n);
	kafka_in_pause(x->k, 1);
	while (x->st.out.n > 0 || !ack_all(&x->ack)) {
		if (out_try(&x->st.out, &e) == -1 || kafka_in_poll(x->k, 0, &m, &e) == -1)
			goto fail;
		wait_neighbours(x);
		now = utc_mono();
		if (hear(x, now) == -1)
			return;
		if (!stopped && sig_stop()) {
			stopped = 1;
			until = now + opt.grace * SEC;
		}
		if (now > until) {
			err_set(&e, EX_TEMPFAIL, "the last checkpoint was not acknowledged in time: nothing is committed of it");
			goto fail;
		}
	}
	if (kafka_in_commit(x->k, COMMIT_MS, &e) == 0)
		return;
fail:
	(void)stage_fail(&x->st, &e);
}

int
main(int argc, char **argv)
{
	char *no_files[] = { NULL }, libs[64], host[128] = "", instance[300];
	struct extract x = { .st = { .tool = &tool, .flags = STAGE_SOURCE } };
	struct err e = ERR_NONE;
	int status;

	tool.libs = kafka_version(libs, sizeof libs);
	options(argc, argv);
	stage_open(&x.st, no_files);
	sig_init(SIG_SOURCE);
	x.line = opt.line;
	x.commits = x.st.lane && opt.in.group != NULL;
	x.acks = x.commits || (x.st.lane && !x.st.once);
	x.ack = opt.ack;
	if (x.acks && ack_open(&x.ack, &x.st, &e) == -1)
		tool_die(&tool, &e);
	opt.in.commits = x.commits;
	opt.in.patient = x.st.lane;
	/* a lane that dies takes its partitions back without a rebalance; a bounded one leaves the group */
	if (x.commits && !x.st.once && gethostname(host, sizeof host - 1) == 0) {
		(void)snprintf(instance, sizeof instance, "%s-%s", host, env_get("WB_LANE"));
		opt.in.instance = instance;
	}
	if (opt.in.group != NULL) {
		out_unblock(&x.st.out);
		if (!x.st.lane)
			tool_say(&tool, "not in a lane: nothing is committed for group %s", opt.in.group);
	}
	x.k = kafka_in_open(&opt.in, &e);
	if (x.k == NULL)
		tool_die(&tool, &e);
	x.metrics_ns = utc_mono();
	run(&x);
	finish(&x);
	measure(&x);
	if (x.line.repeated > 0)
		stage_count(&x.st, "header_repeated", x.line.repeated);
	status = stage_close(&x.st);
	/* what wb-run starts again keeps its partitions; what ends for good hands them over */
	kafka_in_close(x.k, status != EX_TEMPFAIL && status != EX_IOERR);
	_exit(status);	/* librdkafka never ends its threads once a topic was deleted */
}
