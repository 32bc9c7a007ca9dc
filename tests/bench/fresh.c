/*
 * How old news is: fresh BROKERS TOPIC URL FILE RATE SECONDS
 *
 * Publishes the lines of FILE, messages of tracking.events, at RATE a second, keyed by shipment, and among them PROBES a
 * second that are the first event of a shipment of their own, "P000000001" and on, which the store has in stg_shipment.
 * fct_shipment is asked every POLL_MS for those that are still awaited; the age of a probe is the time from its
 * publishing to the answer that has it.  Prints how old they were, in all and by quarters of the time; exit status 1
 * when one never came.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "base/mem.h"
#include "base/utc.h"
#include "net/clickhouse.h"

#define SEC 1000000000LL
#define PROBES 20		/* a second */
#define POLL_MS 100
#define AWAITED 1000		/* asked for at once, the oldest */
#define PATIENCE (120 * SEC)	/* behind the last one */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct probe {
	int64_t at_ns, seen_ns;
} *probe;
static size_t probes, all_probes;
static int over;

static void
die(const char *what)
{
	(void)fprintf(stderr, "fresh: %s\n", what);
	_exit(1);
}

static void
set(rd_kafka_conf_t *c, const char *name, const char *value)
{
	char text[400];

	if (rd_kafka_conf_set(c, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
		die(text);
}

static void
nap(int64_t ns)
{
	struct timespec t = { .tv_sec = ns / SEC, .tv_nsec = ns % SEC };

	(void)nanosleep(&t, NULL);
}

/* The text of a member of one of the sample's messages, which have neither blanks nor escapes there. */
static struct slice
member(struct slice line, const char *name)
{
	char *p = memmem(line.p, line.n, name, strlen(name)), *q;

	if (p == NULL)
		die("a message without an id");
	p += strlen(name);
	q = memchr(p, '"', line.n - (size_t)(p - line.p));
	return (struct slice){ p, (size_t)(q - p) };
}

static void
publish(rd_kafka_topic_t *t, struct slice key, struct slice value, rd_kafka_t *rk)
{
	while (rd_kafka_produce(t, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)value.p, value.n, key.p, key.n, NULL) == -1) {
		if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			die(rd_kafka_err2str(rd_kafka_last_error()));
		(void)rd_kafka_poll(rk, 10);
	}
}

static void
failed(rd_kafka_t *rk, const rd_kafka_message_t *m, void *arg)
{
	(void)rk, (void)arg;
	if (m->err)
		die(rd_kafka_err2str(m->err));
}

struct load {
	const char *brokers, *topic;
	struct slice text;
	double rate;
	int64_t ns;
	uint64_t sent;
};

static void
publish_probe(rd_kafka_t *rk, rd_kafka_topic_t *t, struct slice like)
{
	struct slice id = member(like, "\"shipment_id\":\""), event = member(like, "\"event_id\":\"");
	char text[8192], name[32];
	int n;

	(void)snprintf(name, sizeof name, "P%09zu", probes + 1);
	n = snprintf(text, sizeof text, "%.*sprobe-%s%.*s%s%.*s", (int)(event.p - like.p), like.p, name,
	    (int)(id.p - event.p - (ptrdiff_t)event.n), event.p + event.n, name,
	    (int)(like.p + like.n - id.p - id.n), id.p + id.n);
	if (n < 0 || (size_t)n >= sizeof text || event.p > id.p)
		die("the first message cannot be a probe");
	(void)pthread_mutex_lock(&lock);
	probe[probes].at_ns = utc_mono();
	probes++;
	(void)pthread_mutex_unlock(&lock);
	publish(t, slice_of(name), (struct slice){ text, (size_t)n }, rk);
}

static void *
producer(void *arg)
{
	struct load *l = arg;
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	const char *p = l->text.p, *end = l->text.p + l->text.n, *lf;
	struct slice first = { 0 };
	rd_kafka_topic_t *t;
	rd_kafka_t *rk;
	char text[400];
	int64_t from, now;

	set(c, "bootstrap.servers", l->brokers);
	set(c, "linger.ms", "5");
	set(c, "acks", "all");
	rd_kafka_conf_set_dr_msg_cb(c, failed);
	if ((rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, text, sizeof text)) == NULL)
		die(text);
	t = rd_kafka_topic_new(rk, l->topic, NULL);
	first = (struct slice){ p, (size_t)((const char *)memchr(p, '\n', l->text.n) - p) };
	from = utc_mono();
	while ((now = utc_mono() - from) < l->ns) {
		while (probes < all_probes && (double)probes < (double)now / 1e9 * PROBES)
			publish_probe(rk, t, first);
		while ((double)l->sent < (double)now / 1e9 * l->rate) {
			if (p == end)
				die("the file is too short for the time");
			lf = memchr(p, '\n', (size_t)(end - p));
			publish(t, member((struct slice){ p, (size_t)(lf - p) }, "\"shipment_id\":\""), (struct slice){ p, (size_t)(lf - p) }, rk);
			l->sent++;
			p = lf + 1;
		}
		(void)rd_kafka_poll(rk, 0);
		nap(1000000);
	}
	(void)rd_kafka_flush(rk, 60000);
	(void)pthread_mutex_lock(&lock);
	over = 1;
	(void)pthread_mutex_unlock(&lock);
	return NULL;
}

/* Those of the awaited probes that are there; "P000000001\n" a line. */
static void
ask(struct ch *c, struct buf *sql, struct buf *text)
{
	struct ch_fault f = { 0 };
	size_t i, n = 0;

	buf_clear(sql);
	buf_clear(text);
	buf_puts(sql, "SELECT DISTINCT shipment_id FROM fct_shipment PREWHERE shipment_id IN (''");
	(void)pthread_mutex_lock(&lock);
	for (i = 0; i < probes && n < AWAITED; i++)
		if (probe[i].seen_ns == 0) {
			buf_printf(sql, ",'P%09zu'", i + 1);
			n++;
		}
	(void)pthread_mutex_unlock(&lock);
	buf_puts(sql, ")");
	if (n > 0 && ch_text(c, buf_as_slice(sql), NULL, 0, 1 << 20, text, &f) == -1)
		die(f.msg);
}

static int
by_age(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* Prints how old the probes [from, to) were; those that never came are the oldest. */
static void
tell(const char *what, size_t from, size_t to)
{
	int64_t *age = mem_alloc((to - from + 1) * sizeof *age);
	size_t i, n = to - from;

	for (i = 0; i < n; i++)
		age[i] = probe[from + i].seen_ns == 0 ? INT64_MAX : probe[from + i].seen_ns - probe[from + i].at_ns;
	qsort(age, n, sizeof *age, by_age);
	if (n > 0)
		(void)printf("%s: %zu probes, age p50 %.2f s, p90 %.2f s, p99 %.2f s, max %.2f s\n", what, n, (double)age[n / 2] / 1e9,
		    (double)age[n * 90 / 100] / 1e9, (double)age[n * 99 / 100] / 1e9, (double)age[n - 1] / 1e9);
	free(age);
}

int
main(int argc, char **argv)
{
	static const char *const quarter[] = { "  first quarter", "  second", "  third", "  last" };
	struct buf sql = { 0 }, text = { 0 };
	struct err e = ERR_NONE;
	struct load l = { 0 };
	struct stat s;
	struct ch *c;
	pthread_t t;
	int64_t asked, last = 0;
	size_t i, seen = 0;
	const char *p;
	int fd, done;

	if (argc != 7)
		die("usage: fresh BROKERS TOPIC URL FILE RATE SECONDS");
	l = (struct load){ .brokers = argv[1], .topic = argv[2], .rate = strtod(argv[5], NULL), .ns = strtoll(argv[6], NULL, 10) * SEC };
	if ((fd = open(argv[4], O_RDONLY)) == -1 || fstat(fd, &s) == -1)
		die(argv[4]);
	l.text = (struct slice){ mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0), (size_t)s.st_size };
	all_probes = (size_t)(l.ns / SEC * PROBES);
	probe = mem_alloc((all_probes + 1) * sizeof *probe);
	if ((c = ch_open(argv[3], &e)) == NULL)
		die(e.msg);
	if (pthread_create(&t, NULL, producer, &l) != 0)
		die("no thread");
	for (;;) {
		asked = utc_mono();
		(void)pthread_mutex_lock(&lock);
		done = over;
		if (!over)
			last = asked;
		(void)pthread_mutex_unlock(&lock);
		ask(c, &sql, &text);
		for (p = text.p; p != NULL && p < text.p + text.n && (p = memchr(p, 'P', text.n - (size_t)(p - text.p))) != NULL; p++) {
			i = strtoul(p + 1, NULL, 10) - 1;
			probe[i].seen_ns = utc_mono();
			seen++;
		}
		if (done && (seen == probes || utc_mono() - last > PATIENCE))
			break;
		if (utc_mono() - asked < POLL_MS * (SEC / 1000))
			nap(POLL_MS * (SEC / 1000) - (utc_mono() - asked));
	}
	(void)pthread_join(t, NULL);
	(void)printf("%" PRIu64 " messages in %s s, %.0f a second, the last of them stored after %.2f s more\n", l.sent, argv[6],
	    (double)l.sent / (double)l.ns * 1e9, (double)(utc_mono() - last) / 1e9);
	tell("all", 0, probes);
	for (i = 0; i < 4; i++)
		tell(quarter[i], probes * i / 4, probes * (i + 1) / 4);
	if (seen < probes)
		(void)printf("%zu probes never came\n", probes - seen);
	(void)fflush(stdout);
	_exit(seen < probes);
}
