/*
 * Consumer of Kafka.
 *
 *	METADATA --topics are there--> JOINED (a group: subscribed)
 *	JOINED --assigned--> PLACE --committed, watermarks, times--> READ
 *	METADATA --without a group--> PLACE
 *	READ --revoked--> REVOKED (commits: the caller is told) --released--> JOINED
 *
 * librdkafka's batch calls can skip offsets (2.0.2), its positions move behind our back,
 * and its synchronous commit has no limit in time.  So messages are taken one by one,
 * offsets are counted here, every start is an explicit offset, and commits are answered
 * on a queue of their own.
 */
#include "net/kafka_in.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"

#define MS 1000000LL		/* ns */
#define ASK_MS 5000		/* a question to a broker */
#define PROBE_MS 1000		/* the question whether one is there */
#define START_NS (5000 * MS)	/* not patient: so long for brokers to be reached at first, */
#define AWAY_NS (60000 * MS)	/* and so long when they go away later */
#define NOTE_NS (60000 * MS)	/* a note is repeated so often */
#define AGAIN_NS (500 * MS)	/* a question that failed is asked again after */
#define CLOSE_NS (5000 * MS)
#define RETRY_NS (200 * MS)	/* between two tries to commit */
#define NONE INT64_MIN

struct part {
	const char *topic;
	size_t topic_n;
	int32_t id;
	const rd_kafka_topic_t *rkt;	/* of the last message */
	int64_t next;		/* offset that is read next */
	int64_t stop;		/* the first one that is not read any more */
	int64_t acked;		/* may be committed */
	int64_t committed;	/* is; NONE: nothing */
	int64_t high;		/* end of the log when last seen */
	int floating;		/* started at the beginning, nothing read yet */
	int done;
};

struct mark {
	uint64_t n, epoch;
	int64_t *next;
	size_t cap;
};

struct kafka_in {
	const struct kafka_in_options *o;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;	/* messages, without a group */
	rd_kafka_queue_t *commits;	/* answers to commits */
	enum { METADATA, JOINED, PLACE, READ, REVOKED } state;
	rd_kafka_topic_partition_list_t *assigned;	/* by the group, to be placed */
	int revoked, lost, closing;
	struct part *part;
	size_t parts, parts_cap;
	size_t left;			/* parts that are not done */
	struct part *last;		/* of the message before */
	rd_kafka_message_t *msg;
	uint64_t epoch;			/* number of the assignment */
	struct mark mark[KAFKA_MARKS];
	size_t marks;
	int owed, committing;		/* something acknowledged is to be committed; an answer is awaited */
	int paused;
	unsigned polls;
	int64_t retry_ns;		/* no commit before */
	int64_t asked_ns, again_ns;	/* questions before the first message: since when, not before */
	int64_t down_ns;		/* since when no broker is there, 0: one is */
	int begun;			/* something was placed once */
	struct err err;			/* found in a callback */
	struct {
		uint64_t hash;
		int64_t at_ns;
	} told[4];
	unsigned tells;
	char note[512], given[512], down[512];
	int has_note;
};

static int
at_time(struct slice s, int64_t now, struct kafka_pos *pos)
{
	pos->at = KAFKA_TIME;
	return utc_arg(s, now, &pos->v);
}

int
kafka_pos_get(const char *s, int64_t now, struct kafka_pos *pos)
{
	struct slice t = slice_of(s);

	*pos = (struct kafka_pos){ 0 };
	if (strcmp(s, "beginning") == 0)
		return 0;
	if (strcmp(s, "end") == 0) {
		pos->at = KAFKA_END_OF_LOG;
		return 0;
	}
	if (strcmp(s, "stored") == 0) {
		pos->at = KAFKA_STORED;
		return 0;
	}
	if (s[0] == '@')
		return at_time((struct slice){ s + 1, t.n - 1 }, now, pos);
	if ((s[0] == 's' || s[0] == 'e') && s[1] == '@') {
		pos->at = KAFKA_TIME;
		return num_i64((struct slice){ s + 2, t.n - 2 }, &pos->v);
	}
	if (num_i64(t, &pos->v) == -1)
		return -1;
	pos->at = s[0] == '-' ? KAFKA_TAIL : KAFKA_OFFSET;
	if (s[0] == '-')
		pos->v = -pos->v;
	return pos->v < 0 ? -1 : 0;
}

/* Says text to the user unless it was said a short while ago; "(after 3ms in state ...)" is left out. */
static void
note(struct kafka_in *k, const char *text)
{
	const char *end = strstr(text, " (after ");
	size_t n = end ? (size_t)(end - text) : strlen(text), i;
	uint64_t h = 14695981039346656037u;
	int64_t now = utc_mono();

	for (i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 1099511628211u;
	for (i = 0; i < 4; i++)
		if (k->told[i].hash == h && now - k->told[i].at_ns < NOTE_NS)
			return;
	k->told[k->tells % 4].hash = h;
	k->told[k->tells++ % 4].at_ns = now;
	(void)err_show(k->note, sizeof k->note, text, n);
	k->has_note = 1;
}

const char *
kafka_in_note(struct kafka_in *k)
{
	if (!k->has_note)
		return NULL;
	k->has_note = 0;
	memcpy(k->given, k->note, sizeof k->given);
	return k->given;
}

/* A fault that a new start may mend: told when patient, an error otherwise.  Returns 0 or -1. */
static int
trouble(struct kafka_in *k, int status, const char *text, struct err *e)
{
	char shown[512];

	if (!k->o->patient)
		return err_set(e, status, "%s", err_show(shown, sizeof shown, text, strlen(text)));
	note(k, text);
	return 0;
}

static void
on_error(rd_kafka_t *rk, int code, const char *reason, void *arg)
{
	struct kafka_in *k = arg;
	char text[512];
	const char *end;

	switch (code) {
	case RD_KAFKA_RESP_ERR__FATAL:
		code = (int)rd_kafka_fatal_error(rk, text, sizeof text);
		if (code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
			err_set(&k->err, EX_TEMPFAIL, "group %s: another member has the group.instance.id %s",
			    k->o->group, k->o->instance ? k->o->instance : "of -X");
		else
			err_set(&k->err, EX_TEMPFAIL, "%s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)code), text);
		return;
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
		(void)snprintf(text, sizeof text, "the brokers refuse the access: %s", reason);
		(void)trouble(k, EX_CONFIG, text, &k->err);
		return;
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		if (k->down_ns == 0)
			k->down_ns = utc_mono();
		return;
	}
	end = strstr(reason, " (after ");
	(void)err_show(k->down, sizeof k->down, reason, end ? (size_t)(end - reason) : strlen(reason));
	if (k->o->patient || k->begun)
		note(k, reason);
}

static void
on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *arg)
{
	struct kafka_in *k = arg;

	if (k->closing || (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)) {
		(void)rd_kafka_assign(rk, NULL);
		return;
	}
	/* the library waits for rd_kafka_assign(), which kafka_in_poll() or the caller gets done */
	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		if (k->assigned != NULL)
			rd_kafka_topic_partition_list_destroy(k->assigned);
		k->assigned = rd_kafka_topic_partition_list_copy(list);
	} else {
		k->revoked = 1;
		k->lost = rd_kafka_assignment_lost(rk);
	}
	rd_kafka_yield(rk);
}

static void
no_log(const rd_kafka_t *rk, int level, const char *fac, const char *buf)
{
	(void)rk, (void)level, (void)fac, (void)buf;
}

/* What this program decides, and may not be set. */
static const char *const ours[][2] = {
	{ "enable.auto.commit", "false" },
	{ "enable.auto.offset.store", "false" },
	{ "auto.offset.reset", "error" },
	{ "enable.partition.eof", "true" },
};

static const char *const defaults[][2] = {
	{ "partition.assignment.strategy", "range,roundrobin" },
	/* a queue that is full is looked at again only after a second, unless metadata wake the fetcher */
	{ "queued.max.messages.kbytes", "16384" },
	{ "queued.min.messages", "1000000" },
	{ "topic.metadata.refresh.interval.ms", "20" },
	{ "fetch.message.max.bytes", "262144" },
	{ "check.crcs", "true" },
	{ "reconnect.backoff.max.ms", "2000" },
};

static int
set(rd_kafka_conf_t *c, const char *name, const char *value, struct err *e)
{
	char text[400];

	if (rd_kafka_conf_set(c, name, value, text, sizeof text) == RD_KAFKA_CONF_OK)
		return 0;
	return err_set(e, EX_USAGE, "%s", text);
}

static int
allowed(const char *name, const char *value, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof ours / sizeof *ours; i++)
		if (strcmp(name, ours[i][0]) == 0)
			return err_set(e, EX_USAGE, "%s is no property to be set here", name);
	if (strcmp(name, "group.id") == 0)
		return err_set(e, EX_USAGE, "group.id: -G names the group");
	if (strcmp(name, "bootstrap.servers") == 0 || strcmp(name, "metadata.broker.list") == 0)
		return err_set(e, EX_USAGE, "%s: -b names the brokers", name);
	if (strcmp(name, "partition.assignment.strategy") == 0 && strstr(value, "cooperative") != NULL &&
	    rd_kafka_version() < 0x020a00ff)
		return err_set(e, EX_USAGE, "%s: %s loses assignments in librdkafka before 2.10", name, value);
	return 0;
}

static int
configure(const struct kafka_in_options *o, rd_kafka_conf_t *c, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (set(c, defaults[i][0], defaults[i][1], e) == -1)
			return -1;
	if (set(c, "bootstrap.servers", o->brokers, e) == -1 || set(c, "client.id", o->client, e) == -1)
		return -1;
	if (o->instance != NULL && set(c, "group.instance.id", o->instance, e) == -1)
		return -1;
	for (i = 0; i < o->props->n; i++)
		if (allowed(o->props->prop[i].name, o->props->prop[i].value, e) == -1 ||
		    set(c, o->props->prop[i].name, o->props->prop[i].value, e) == -1)
			return -1;
	for (i = 0; i < sizeof ours / sizeof *ours; i++)
		if (set(c, ours[i][0], ours[i][1], e) == -1)
			return -1;
	return o->group != NULL ? set(c, "group.id", o->group, e) : 0;
}

struct kafka_in *
kafka_in_open(const struct kafka_in_options *o, struct err *e)
{
	struct kafka_in *k = mem_alloc(sizeof *k);
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_queue_t *main_queue;
	char text[400];

	k->o = o;
	k->asked_ns = utc_mono();
	if (configure(o, c, e) == -1)
		goto bad;
	rd_kafka_conf_set_opaque(c, k);
	rd_kafka_conf_set_error_cb(c, on_error);
	if (o->group != NULL)
		rd_kafka_conf_set_rebalance_cb(c, on_rebalance);
	if (!o->loud)
		rd_kafka_conf_set_log_cb(c, no_log);
	k->rk = rd_kafka_new(RD_KAFKA_CONSUMER, c, text, sizeof text);
	if (k->rk == NULL) {
		err_set(e, EX_CONFIG, "%s", text);
		goto bad;
	}
	if (o->group != NULL) {
		(void)rd_kafka_poll_set_consumer(k->rk);
		k->commits = rd_kafka_queue_new(k->rk);
	} else {
		/* one queue for messages and callbacks */
		k->queue = rd_kafka_queue_new(k->rk);
		main_queue = rd_kafka_queue_get_main(k->rk);
		rd_kafka_queue_forward(main_queue, k->queue);
		rd_kafka_queue_destroy(main_queue);
	}
	return k;
bad:
	rd_kafka_conf_destroy(c);
	free(k);
	return NULL;
}

static rd_kafka_message_t *
take(struct kafka_in *k, int wait_ms)
{
	return k->queue != NULL ? rd_kafka_consume_queue(k->queue, wait_ms) : rd_kafka_consumer_poll(k->rk, wait_ms);
}

static int
part_cmp(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	int c = strcmp(a->topic, b->topic);

	return c ? c : (a->id > b->id) - (a->id < b->id);
}

static void
add_part(struct kafka_in *k, const char *topic, int32_t id)
{
	const char *name = NULL;
	size_t i;

	for (i = 0; i < k->o->topics && name == NULL; i++)
		if (strcmp(k->o->topic[i].name, topic) == 0)
			name = k->o->topic[i].name;
	if (name == NULL)
		return;		/* not subscribed to */
	k->part = mem_grow(k->part, &k->parts_cap, k->parts + 1, sizeof *k->part);
	k->part[k->parts++] = (struct part){ .topic = name, .topic_n = strlen(name), .id = id,
	    .next = NONE, .stop = INT64_MAX, .acked = NONE, .committed = NONE };
}

/* No partition is held any more. */
static void
drop_parts(struct kafka_in *k)
{
	k->parts = k->left = k->marks = 0;
	k->last = NULL;
	k->epoch++;
}

static struct part *
find_part(struct kafka_in *k, const rd_kafka_message_t *m)
{
	struct part key;

	if (m->rkt == NULL || k->parts == 0)
		return NULL;
	key = (struct part){ .topic = rd_kafka_topic_name(m->rkt), .id = m->partition };
	return bsearch(&key, k->part, k->parts, sizeof key, part_cmp);
}

static rd_kafka_topic_partition_list_t *
list_parts(const struct kafka_in *k)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->parts + 1);
	size_t i;

	for (i = 0; i < k->parts; i++)
		(void)rd_kafka_topic_partition_list_add(list, k->part[i].topic, k->part[i].id);
	return list;
}

/* A question got no answer: told, or once it has taken too long an error.  Returns KAFKA_IDLE or -1. */
static int
no_answer(struct kafka_in *k, const char *what, rd_kafka_resp_err_t code, struct err *e)
{
	char text[512];

	if (k->err.status != 0) {
		*e = k->err;
		return -1;
	}
	if (!k->o->patient && utc_mono() - k->asked_ns > START_NS)
		return err_set(e, EX_TEMPFAIL, "%s: no answer from %s: %s", what, k->o->brokers,
		    k->down[0] ? k->down : rd_kafka_err2str(code));
	if (k->o->patient && k->down[0] == '\0') {
		(void)snprintf(text, sizeof text, "%s: %s", what, rd_kafka_err2str(code));
		note(k, text);
	}
	return KAFKA_IDLE;
}

/* Are the topics there?  1 when all are, and without a group k->part has their partitions. */
static int
ask_metadata(struct kafka_in *k, struct err *e)
{
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_resp_err_t code;
	rd_kafka_topic_t *rkt;
	char text[512];
	size_t i, j;
	int32_t n;

	drop_parts(k);
	for (i = 0; i < k->o->topics; i++) {
		const struct kafka_in_topic *t = &k->o->topic[i];

		rkt = rd_kafka_topic_new(k->rk, t->name, NULL);
		code = rd_kafka_metadata(k->rk, 0, rkt, &md, PROBE_MS);
		rd_kafka_topic_destroy(rkt);
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
			rd_kafka_message_t *m = take(k, 0);	/* callbacks */

			if (m != NULL)
				rd_kafka_message_destroy(m);
			return no_answer(k, t->name, code, e);
		}
		k->down_ns = 0;
		code = md->topic_cnt == 1 ? md->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
		n = md->topic_cnt == 1 ? md->topics[0].partition_cnt : 0;
		rd_kafka_metadata_destroy(md);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR && n == 0)
			code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
		switch (code) {
		case RD_KAFKA_RESP_ERR_NO_ERROR:
			break;
		case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
			return no_answer(k, t->name, code, e);
		default:
			(void)snprintf(text, sizeof text, "%s: %s", t->name, code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
			    code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ? "no such topic" : rd_kafka_err2str(code));
			return trouble(k, EX_CONFIG, text, e);
		}
		if (k->o->group != NULL)
			continue;
		for (j = 0; j < t->parts; j++)
			if (t->part[j] >= n)
				return err_set(e, EX_CONFIG, "%s: no partition %" PRId32 ", it has %" PRId32, t->name, t->part[j], n);
		for (j = 0; j < (t->parts > 0 ? t->parts : (size_t)n); j++)
			add_part(k, t->name, t->parts > 0 ? t->part[j] : (int32_t)j);
	}
	return 1;
}

static int
subscribe(struct kafka_in *k, struct err *e)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->o->topics);
	rd_kafka_resp_err_t code;
	size_t i;

	for (i = 0; i < k->o->topics; i++)
		(void)rd_kafka_topic_partition_list_add(list, k->o->topic[i].name, RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(k->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(e, EX_TEMPFAIL, "group %s: %s", k->o->group, rd_kafka_err2str(code));
	return 0;
}

/* What the group has committed, into next and committed.  0, or a code. */
static rd_kafka_resp_err_t
ask_committed(struct kafka_in *k)
{
	rd_kafka_topic_partition_list_t *list = list_parts(k);
	rd_kafka_resp_err_t code = rd_kafka_committed(k->rk, list, ASK_MS);
	size_t i;

	for (i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < k->parts; i++) {
		code = list->elems[i].err;
		if (list->elems[i].offset >= 0)
			k->part[i].next = k->part[i].acked = k->part[i].committed = list->elems[i].offset;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

/* Offsets at a time, in the order of the parts; -1: all are older. */
static rd_kafka_resp_err_t
ask_times(struct kafka_in *k, int64_t ms, int64_t *offset)
{
	rd_kafka_topic_partition_list_t *list = list_parts(k);
	rd_kafka_resp_err_t code;
	size_t i;

	for (i = 0; i < k->parts; i++)
		list->elems[i].offset = ms;
	code = rd_kafka_offsets_for_times(k->rk, list, ASK_MS);
	for (i = 0; i < k->parts; i++) {
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			code = list->elems[i].err;
		offset[i] = list->elems[i].offset;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

static int64_t
place(struct kafka_pos pos, int64_t low, int64_t high, int64_t timed)
{
	switch (pos.at) {
	case KAFKA_BEGINNING:
		return low;
	case KAFKA_OFFSET:
		return pos.v;
	case KAFKA_TAIL:
		return high - low > pos.v ? high - pos.v : low;
	case KAFKA_TIME:
		return timed >= 0 ? timed : high;
	case KAFKA_NEVER:
		return INT64_MAX;
	default:
		return high;
	}
}

/* The error of a position that the log does not have.  Returns -1. */
static int
gone(const struct kafka_in *k, const struct part *p, int64_t low, int64_t high, struct err *e)
{
	if (p->floating)
		return err_set(e, EX_TEMPFAIL, "%s:%" PRId32 ": the oldest messages were deleted while the read began; start again", p->topic, p->id);
	if (p->next >= low && p->next <= high)
		return err_set(e, EX_TEMPFAIL, "%s:%" PRId32 ": the broker does not give offset %" PRId64 " of %" PRId64 " to %" PRId64 "; start again",
		    p->topic, p->id, p->next, low, high);
	if (k->o->group == NULL)
		return err_set(e, EX_UNAVAILABLE, "%s:%" PRId32 ": offset %" PRId64 " is not there, the broker has %" PRId64 " to %" PRId64
		    " (-o beginning reads these)", p->topic, p->id, p->next, low, high);
	if (p->next < low)
		return err_set(e, EX_UNAVAILABLE, "%s:%" PRId32 ": offset %" PRId64 " of group %s is gone, the broker has %" PRId64 " to %" PRId64
		    ": %" PRId64 " messages were deleted unread; set the group on (kafka-consumer-groups --reset-offsets) and load what "
		    "is missing from the archive or the database", p->topic, p->id, p->next, k->o->group, low, high, low - p->next);
	return err_set(e, EX_UNAVAILABLE, "%s:%" PRId32 ": offset %" PRId64 " of group %s is beyond the end, the broker has %" PRId64 " to %" PRId64
	    ": another cluster, or the topic was made anew; set the group (kafka-consumer-groups --reset-offsets)",
	    p->topic, p->id, p->next, k->o->group, low, high);
}

/* Sets next and stop of each part.  1, KAFKA_IDLE (asked again), or -1. */
static int
place_parts(struct kafka_in *k, struct err *e)
{
	const struct kafka_in_options *o = k->o;
	int64_t *from = mem_alloc((2 * k->parts + 1) * sizeof *from), *to = from + k->parts;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	const char *what = "offsets";
	int64_t low, high;
	size_t i;
	int rc = -1;

	if (k->parts > 0 && o->group != NULL) {
		what = "committed offsets";
		code = ask_committed(k);
	}
	if (k->parts > 0 && code == RD_KAFKA_RESP_ERR_NO_ERROR && o->start.at == KAFKA_TIME)
		code = ask_times(k, o->start.v, from);
	if (k->parts > 0 && code == RD_KAFKA_RESP_ERR_NO_ERROR && o->stop.at == KAFKA_TIME)
		code = ask_times(k, o->stop.v, to);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		rc = no_answer(k, what, code, e);
		goto out;
	}
	k->left = 0;
	for (i = 0; i < k->parts; i++) {
		struct part *p = &k->part[i];

		code = rd_kafka_query_watermark_offsets(k->rk, p->topic, p->id, &low, &high, ASK_MS);
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
			rc = no_answer(k, p->topic, code, e);
			goto out;
		}
		p->high = high;
		p->done = 0;
		if (p->committed == NONE) {
			if (o->start.at == KAFKA_FAIL) {
				err_set(e, EX_UNAVAILABLE, "%s:%" PRId32 ": group %s has committed nothing (--start earliest, latest or @TIME)",
				    p->topic, p->id, o->group);
				goto out;
			}
			p->next = place(o->start, low, high, from[i]);
			p->floating = o->start.at == KAFKA_BEGINNING;
		}
		p->stop = place(o->stop, low, high, to[i]);
		if (p->next >= p->stop) {
			p->done = 1;
			continue;
		}
		if (p->next < low || p->next > high) {
			rc = gone(k, p, low, high, e);
			goto out;
		}
		k->left++;
	}
	rc = 1;
out:
	free(from);
	return rc;
}

static void
pause_list(struct kafka_in *k, rd_kafka_topic_partition_list_t *list, int on)
{
	if (list->cnt > 0)
		(void)(on ? rd_kafka_pause_partitions(k->rk, list) : rd_kafka_resume_partitions(k->rk, list));
	rd_kafka_topic_partition_list_destroy(list);
}

/* Starts the fetch of all placed parts. */
static int
start(struct kafka_in *k, struct err *e)
{
	rd_kafka_topic_partition_list_t *list = list_parts(k);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	size_t i;

	if (k->o->group != NULL) {
		for (i = 0; i < k->parts; i++)
			list->elems[i].offset = k->part[i].next;
		code = rd_kafka_assign(k->rk, list);
	} else {
		for (i = 0; i < k->parts && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
			rd_kafka_topic_t *rkt;

			if (k->part[i].done)
				continue;
			rkt = rd_kafka_topic_new(k->rk, k->part[i].topic, NULL);
			if (rd_kafka_consume_start_queue(rkt, k->part[i].id, k->part[i].next, k->queue) == -1)
				code = rd_kafka_last_error();
		}
	}
	rd_kafka_topic_partition_list_destroy(list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(e, EX_TEMPFAIL, "the partitions cannot be read: %s", rd_kafka_err2str(code));
	list = rd_kafka_topic_partition_list_new(1);
	for (i = 0; i < k->parts; i++)
		if (k->paused || (k->part[i].done && k->o->group != NULL))
			(void)rd_kafka_topic_partition_list_add(list, k->part[i].topic, k->part[i].id);
	pause_list(k, list, 1);
	k->begun = 1;
	return 0;
}

/* The partition is read up to its stop: what still comes of it is nothing. */
static void
finish(struct kafka_in *k, struct part *p)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	if (p->done) {
		rd_kafka_topic_partition_list_destroy(list);
		return;
	}
	p->done = 1;
	k->left--;
	(void)rd_kafka_topic_partition_list_add(list, p->topic, p->id);
	pause_list(k, list, 1);
}

/* A message that is none: 0 to go on, or -1. */
static int
not_a_message(struct kafka_in *k, const rd_kafka_message_t *m, struct err *e)
{
	struct part *p = find_part(k, m);
	const char *topic = m->rkt ? rd_kafka_topic_name(m->rkt) : NULL;
	int64_t low = 0, high = 0;
	char text[512];

	(void)snprintf(text, sizeof text, "%s%s%s", topic ? topic : "", topic ? ": " : "", rd_kafka_message_errstr(m));
	switch (m->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		if (p != NULL && m->offset > p->next)
			p->next = m->offset;	/* behind what a transaction or compaction left out */
		if (p != NULL && p->next >= p->stop)
			finish(k, p);
		return 0;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		if (p == NULL)
			return 0;
		if (rd_kafka_query_watermark_offsets(k->rk, p->topic, p->id, &low, &high, ASK_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
			return err_set(e, EX_TEMPFAIL, "%s", text);
		return gone(k, p, low, high, e);
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		return trouble(k, EX_CONFIG, text, e);
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
	case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
		note(k, text);
		return 0;
	case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
		return err_set(e, EX_TEMPFAIL, "group %s: max.poll.interval.ms went by without a poll", k->o->group);
	default:
		/* a batch that cannot be read is skipped by the library: never go on behind it */
		return err_set(e, EX_TEMPFAIL, "%s (%s)", text, rd_kafka_err2name(m->err));
	}
}

static void
start_commit(struct kafka_in *k)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;
	size_t i;

	for (i = 0; i < k->parts; i++)
		if (k->part[i].acked > k->part[i].committed)
			rd_kafka_topic_partition_list_add(list, k->part[i].topic, k->part[i].id)->offset = k->part[i].acked;
	k->owed = list->cnt > 0;
	if (k->owed) {
		code = rd_kafka_commit_queue(k->rk, list, k->commits, NULL, NULL);
		k->committing = code == RD_KAFKA_RESP_ERR_NO_ERROR;
		k->retry_ns = utc_mono() + RETRY_NS;
	}
	rd_kafka_topic_partition_list_destroy(list);
}

/* The answer to a commit. */
static void
end_commit(struct kafka_in *k, rd_kafka_event_t *ev)
{
	const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(ev);
	rd_kafka_resp_err_t code = rd_kafka_event_error(ev);
	struct part key, *p;
	char text[512];
	int i;

	k->committing = 0;
	k->retry_ns = 0;
	for (i = 0; list != NULL && i < list->cnt; i++) {
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			code = list->elems[i].err;
		key = (struct part){ .topic = list->elems[i].topic, .id = list->elems[i].partition };
		p = k->parts > 0 ? bsearch(&key, k->part, k->parts, sizeof key, part_cmp) : NULL;
		if (p != NULL && rd_kafka_event_error(ev) == RD_KAFKA_RESP_ERR_NO_ERROR &&
		    list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR && list->elems[i].offset > p->committed)
			p->committed = list->elems[i].offset;
	}
	switch (code) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
	case RD_KAFKA_RESP_ERR__NO_OFFSET:
		return;
	case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
	case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
		err_set(&k->err, EX_TEMPFAIL, "group %s: commit refused: %s", k->o->group, rd_kafka_err2str(code));
		return;
	default:
		(void)snprintf(text, sizeof text, "group %s: commit: %s", k->o->group, rd_kafka_err2str(code));
		note(k, text);
		k->retry_ns = utc_mono() + RETRY_NS;
	}
}

/* Answers to commits, and the next one. */
static void
serve_commits(struct kafka_in *k, int wait_ms)
{
	rd_kafka_event_t *ev;

	if ((k->committing || wait_ms > 0) && (ev = rd_kafka_queue_poll(k->commits, wait_ms)) != NULL) {
		end_commit(k, ev);
		rd_kafka_event_destroy(ev);
	}
	if (k->owed && !k->committing && k->err.status == 0 && utc_mono() >= k->retry_ns)
		start_commit(k);
}

/* Not patient: brokers that are away for too long. */
static int
check_away(struct kafka_in *k, struct err *e)
{
	const struct rd_kafka_metadata *md = NULL;

	if (k->down_ns == 0 || k->o->patient || utc_mono() - k->down_ns < (k->begun ? AWAY_NS : START_NS))
		return 0;
	if (rd_kafka_metadata(k->rk, 0, NULL, &md, PROBE_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_metadata_destroy(md);
		k->down_ns = 0;
		return 0;
	}
	return err_set(e, EX_TEMPFAIL, "no answer from %s: %s", k->o->brokers, k->down[0] ? k->down : "all brokers are down");
}

/* Whatever stands before the first message.  1 when reading can begin, 0 to come again, -1. */
static int
prepare(struct kafka_in *k, struct err *e)
{
	size_t i;
	int rc;

	if (k->state == METADATA) {
		if ((rc = ask_metadata(k, e)) != 1)
			return rc;
		if (k->o->group != NULL && subscribe(k, e) == -1)
			return -1;
		k->state = k->o->group != NULL ? JOINED : PLACE;
		k->asked_ns = utc_mono();
	}
	if (k->state == JOINED && k->assigned != NULL) {
		drop_parts(k);
		for (i = 0; i < (size_t)k->assigned->cnt; i++)
			add_part(k, k->assigned->elems[i].topic, k->assigned->elems[i].partition);
		rd_kafka_topic_partition_list_destroy(k->assigned);
		k->assigned = NULL;
		k->state = PLACE;
		k->asked_ns = utc_mono();
	}
	if (k->state == PLACE) {
		if (k->parts > 1)
			qsort(k->part, k->parts, sizeof *k->part, part_cmp);
		for (i = 1; i < k->parts; i++)
			if (part_cmp(&k->part[i - 1], &k->part[i]) == 0)
				return err_set(e, EX_USAGE, "-t: %s:%" PRId32 " is given twice", k->part[i].topic, k->part[i].id);
		if ((rc = place_parts(k, e)) != 1)
			return rc;
		if (start(k, e) == -1)
			return -1;
		k->state = READ;
	}
	return 1;
}

/* Gives the partitions up.  Those that are paused are not to be so for their next owner, who may be us. */
static void
give_up(struct kafka_in *k)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	size_t i;

	for (i = 0; k->begun && i < k->parts; i++)
		if (k->paused || k->part[i].done)
			(void)rd_kafka_topic_partition_list_add(list, k->part[i].topic, k->part[i].id);
	pause_list(k, list, 0);
	drop_parts(k);
	k->state = JOINED;
	(void)rd_kafka_assign(k->rk, NULL);
}

static int
revoke(struct kafka_in *k, struct err *e)
{
	k->revoked = 0;
	if (k->lost && k->o->commits)
		return err_set(e, EX_TEMPFAIL, "group %s: the partitions are lost, the session ran out", k->o->group);
	if (k->o->commits) {
		k->state = REVOKED;
		return KAFKA_REVOKE;
	}
	give_up(k);
	return KAFKA_IDLE;
}

int
kafka_in_poll(struct kafka_in *k, int wait_ms, struct kafka_message *m, struct err *e)
{
	rd_kafka_timestamp_type_t type;
	rd_kafka_message_t *msg;
	struct part *p;
	int rc;

	if (k->msg != NULL) {
		rd_kafka_message_destroy(k->msg);
		k->msg = NULL;
	}
	if (k->state == REVOKED)
		return KAFKA_REVOKE;
	if (k->commits != NULL && ++k->polls % 64 == 0)
		serve_commits(k, 0);
	if (k->state != READ && utc_mono() >= k->again_ns) {
		if ((rc = prepare(k, e)) == -1)
			return -1;
		if (rc == 0)
			k->again_ns = utc_mono() + AGAIN_NS;
	}
	for (;;) {
		if (k->err.status != 0) {
			*e = k->err;
			return -1;
		}
		if (k->revoked)
			return revoke(k, e);
		if (k->state == READ && k->left == 0 && k->o->stop.at != KAFKA_NEVER)
			return KAFKA_END;
		msg = take(k, wait_ms);
		if (msg == NULL) {
			if (k->revoked || k->err.status != 0)
				continue;
			if (k->commits != NULL)
				serve_commits(k, 0);
			return check_away(k, e) == -1 ? -1 : KAFKA_IDLE;
		}
		if (msg->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			rc = not_a_message(k, msg, e);
			rd_kafka_message_destroy(msg);
			if (rc == -1)
				return -1;
			continue;
		}
		p = k->last;
		if (p == NULL || p->rkt != msg->rkt || p->id != msg->partition) {
			p = k->last = find_part(k, msg);
			if (p != NULL)
				p->rkt = msg->rkt;
		}
		/* what is behind us, or beyond the stop, or of a former assignment */
		if (p == NULL || p->done || msg->offset < p->next) {
			rd_kafka_message_destroy(msg);
			continue;
		}
		if (msg->offset >= p->stop) {
			finish(k, p);
			rd_kafka_message_destroy(msg);
			continue;
		}
		break;
	}
	p->next = msg->offset + 1;
	p->floating = 0;
	if (p->next >= p->stop)
		finish(k, p);
	m->topic = (struct slice){ p->topic, p->topic_n };
	m->partition = p->id;
	m->offset = msg->offset;
	m->ts_ms = rd_kafka_message_timestamp(msg, &type);
	if (m->ts_ms < 0 || type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
		m->ts_ms = 0;
	m->key = (struct slice){ msg->key, msg->key_len };
	m->value = (struct slice){ msg->payload, msg->len };
	k->msg = msg;
	k->down_ns = 0;
	return KAFKA_MESSAGE;
}

int
kafka_in_header(const struct kafka_in *k, size_t i, struct slice *name, struct slice *value)
{
	rd_kafka_headers_t *headers = NULL;
	const char *n = NULL;
	const void *v = NULL;
	size_t size = 0;

	if (rd_kafka_message_headers(k->msg, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    rd_kafka_header_get_all(headers, i, &n, &v, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	*name = slice_of(n);
	*value = (struct slice){ v, size };
	return 1;
}

void
kafka_in_pause(struct kafka_in *k, int on)
{
	rd_kafka_topic_partition_list_t *list;
	size_t i;

	if (k->paused == on)
		return;
	k->paused = on;
	list = rd_kafka_topic_partition_list_new(1);
	/* only what is paused may be resumed: librdkafka rewinds the rest */
	for (i = 0; k->state == READ && i < k->parts; i++)
		if (!k->part[i].done)
			(void)rd_kafka_topic_partition_list_add(list, k->part[i].topic, k->part[i].id);
	pause_list(k, list, on);
}

void
kafka_in_mark(struct kafka_in *k, uint64_t n)
{
	struct mark *m;
	size_t i;

	if (k->marks == KAFKA_MARKS) {
		/* the oldest is contained in those behind it */
		struct mark oldest = k->mark[0];

		memmove(k->mark, k->mark + 1, (KAFKA_MARKS - 1) * sizeof *k->mark);
		k->mark[--k->marks] = oldest;
	}
	m = &k->mark[k->marks++];
	m->n = n;
	m->epoch = k->epoch;
	m->next = mem_grow(m->next, &m->cap, k->parts + 1, sizeof *m->next);
	for (i = 0; i < k->parts; i++)
		m->next[i] = k->state == PLACE ? NONE : k->part[i].next;
}

void
kafka_in_acked(struct kafka_in *k, uint64_t n)
{
	struct mark m;
	size_t i;

	while (k->marks > 0 && k->mark[0].n <= n) {
		m = k->mark[0];
		/* positions of a former assignment are the new owner's now */
		for (i = 0; m.epoch == k->epoch && k->commits != NULL && i < k->parts; i++)
			if (m.next[i] > k->part[i].acked) {
				k->part[i].acked = m.next[i];
				k->owed = 1;
			}
		memmove(k->mark, k->mark + 1, (KAFKA_MARKS - 1) * sizeof *k->mark);
		k->mark[KAFKA_MARKS - 1] = m;
		k->marks--;
	}
	if (k->commits != NULL)
		serve_commits(k, 0);
}

int
kafka_in_commit(struct kafka_in *k, int ms, struct err *e)
{
	int64_t until = utc_mono() + ms * MS;

	while (k->commits != NULL && (k->committing || k->owed)) {
		serve_commits(k, k->committing ? 20 : 1);
		if (k->err.status != 0) {
			*e = k->err;
			return -1;
		}
		if (utc_mono() > until && (k->committing || k->owed))
			return err_set(e, EX_TEMPFAIL, "group %s: no answer to a commit in %d ms", k->o->group, ms);
	}
	return 0;
}

int
kafka_in_release(struct kafka_in *k, int ms, struct err *e)
{
	if (kafka_in_commit(k, ms, e) == -1)
		return -1;
	give_up(k);
	return 0;
}

int
kafka_in_silence(const struct kafka_in *k)
{
	char text[32] = "";
	size_t n = sizeof text;
	uint64_t ms = 0;

	if (rd_kafka_conf_get(rd_kafka_conf(k->rk), "max.poll.interval.ms", text, &n) != RD_KAFKA_CONF_OK ||
	    num_u64(slice_of(text), &ms) == -1 || ms > INT_MAX)
		return 300000;
	return (int)ms;
}

static int64_t
lag(const struct kafka_in *k, const struct part *p)
{
	int64_t low = 0, high = 0, end;

	if (p->next == NONE)
		return 0;
	(void)rd_kafka_get_watermark_offsets(k->rk, p->topic, p->id, &low, &high);
	end = high > p->high ? high : p->high;
	if (end > p->stop)
		end = p->stop;
	return end > p->next ? end - p->next : 0;
}

int64_t
kafka_in_lag(struct kafka_in *k)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < k->parts; i++)
		sum += lag(k, &k->part[i]);
	return sum;
}

int
kafka_in_partition(const struct kafka_in *k, size_t i, struct slice *topic, int32_t *partition, int64_t *behind)
{
	if (i >= k->parts)
		return 0;
	*topic = (struct slice){ k->part[i].topic, k->part[i].topic_n };
	*partition = k->part[i].id;
	*behind = lag(k, &k->part[i]);
	return 1;
}

void
kafka_in_close(struct kafka_in *k)
{
	int64_t until = utc_mono() + CLOSE_NS;
	rd_kafka_message_t *m;
	rd_kafka_queue_t *q;
	rd_kafka_error_t *error;

	if (k->o->group == NULL)
		return;
	k->closing = 1;
	if (k->msg != NULL)
		rd_kafka_message_destroy(k->msg);
	k->msg = NULL;
	if (k->revoked || k->assigned != NULL || k->state == REVOKED || k->state == PLACE)
		(void)rd_kafka_assign(k->rk, NULL);
	q = rd_kafka_queue_get_consumer(k->rk);
	error = rd_kafka_consumer_close_queue(k->rk, q);
	if (error != NULL)
		rd_kafka_error_destroy(error);
	while (error == NULL && !rd_kafka_consumer_closed(k->rk) && utc_mono() < until) {
		m = rd_kafka_consumer_poll(k->rk, 50);
		if (m != NULL)
			rd_kafka_message_destroy(m);
	}
	rd_kafka_queue_destroy(q);
}
