/*
 * Consumer of Kafka.  librdkafka's batch calls can skip offsets (2.0.2), so messages are
 * taken one by one, offsets are counted here, and every start is an explicit offset.
 * The states are in kafka_in_work.h.
 */
#include "net/kafka_in_work.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"

#define AWAY_NS (60000 * MS)	/* not patient: so long for brokers that go away */
#define AGAIN_NS (500 * MS)	/* a question that failed is asked again after */
#define LOOK_NS (1000 * MS)
#define STILL_NS (20000 * MS)	/* a partition that gives nothing for so long is asked about */
#define CLOSE_NS (5000 * MS)

void
kafka_in_say(struct kafka_in *k, const char *text)
{
	if (kafka_tell(&k->tell, text, k->note, sizeof k->note))
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
int
kafka_in_trouble(struct kafka_in *k, int status, const char *text, struct err *e)
{
	char shown[512];

	if (!k->o->patient)
		return err_set(e, status, "%s", err_show(shown, sizeof shown, text, strlen(text)));
	kafka_in_say(k, text);
	return 0;
}

static void
on_error(rd_kafka_t *rk, int code, const char *reason, void *arg)
{
	struct kafka_in *k = arg;
	char text[512];

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
		(void)kafka_in_trouble(k, EX_CONFIG, text, &k->err);
		return;
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		if (k->down_ns == 0)
			k->down_ns = utc_mono();
		return;
	}
	(void)err_show(k->down, sizeof k->down, reason, kafka_tell_len(reason));
	if (k->o->patient || k->begun)
		kafka_in_say(k, reason);
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

struct kafka_in *
kafka_in_open(const struct kafka_in_options *o, struct err *e)
{
	struct kafka_in *k = mem_alloc(sizeof *k);
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_queue_t *main_queue;
	char text[400];

	k->o = o;
	k->asked_ns = utc_mono();
	if (kafka_in_configure(o, c, e) == -1)
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

rd_kafka_message_t *
kafka_in_take(struct kafka_in *k, int wait_ms)
{
	return k->queue != NULL ? rd_kafka_consume_queue(k->queue, wait_ms) : rd_kafka_consumer_poll(k->rk, wait_ms);
}

int
kafka_in_cmp(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	int c = strcmp(a->topic, b->topic);

	return c ? c : (a->id > b->id) - (a->id < b->id);
}

/* No partition is held any more. */
void
kafka_in_drop(struct kafka_in *k)
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
	return bsearch(&key, k->part, k->parts, sizeof key, kafka_in_cmp);
}

rd_kafka_topic_partition_list_t *
kafka_in_list(const struct kafka_in *k)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->parts + 1);
	size_t i;

	for (i = 0; i < k->parts; i++)
		(void)rd_kafka_topic_partition_list_add(list, k->part[i].topic, k->part[i].id);
	return list;
}

void
kafka_in_hold(struct kafka_in *k, rd_kafka_topic_partition_list_t *list, int on)
{
	if (list->cnt > 0)
		(void)(on ? rd_kafka_pause_partitions(k->rk, list) : rd_kafka_resume_partitions(k->rk, list));
	rd_kafka_topic_partition_list_destroy(list);
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
	kafka_in_hold(k, list, 1);
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
		return kafka_place_gone(k, p, low, high, e);
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		return kafka_in_trouble(k, EX_CONFIG, text, e);
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
	case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
		kafka_in_say(k, text);
		return 0;
	case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
		return err_set(e, EX_TEMPFAIL, "group %s: max.poll.interval.ms went by without a poll", k->o->group);
	default:
		/* a broker refused a fetch, which the library repeats */
		if (m->rkt != NULL && (m->err > 0 || m->err == RD_KAFKA_RESP_ERR_UNKNOWN))
			return kafka_in_trouble(k, EX_TEMPFAIL, text, e);
		/* a batch that cannot be read is skipped by the library: never go on behind it */
		return err_set(e, EX_TEMPFAIL, "%s (%s)", text, rd_kafka_err2name(m->err));
	}
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

/*
 * librdkafka (2.0.2) can forget a partition whose leader has moved: it is fetched no more, and nothing
 * is told.  So the broker is asked about one that stands still.  0, or -1 when twice in a row it has what does not come.
 */
static int
check_still(struct kafka_in *k, struct err *e)
{
	int64_t now = utc_mono(), low = 0, high = 0;
	struct part *p;
	size_t i;

	if (now < k->look_ns)
		return 0;
	k->look_ns = now + LOOK_NS;
	for (i = 0; i < k->parts; i++) {
		p = &k->part[i];
		if (k->state != READ || k->paused || p->done || p->next != p->seen) {
			p->seen = p->next;
			p->seen_ns = now;
			p->behind = 0;
		} else if (now - p->seen_ns > STILL_NS) {
			p->seen_ns = now;
			if (rd_kafka_query_watermark_offsets(k->rk, p->topic, p->id, &low, &high, PROBE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR ||
			    high <= p->next)
				p->behind = 0;
			else if (p->behind++)
				return err_set(e, EX_TEMPFAIL, "%s:%" PRId32 ": offset %" PRId64 " does not come though the broker has it; start again",
				    p->topic, p->id, p->next);
			break;	/* one question a look: a broker that is away takes its time */
		}
	}
	return 0;
}

/* Whatever stands before the first message.  1 when reading can begin, 0 to come again, -1. */
static int
prepare(struct kafka_in *k, struct err *e)
{
	size_t i;
	int rc;

	if (k->state == METADATA) {
		if ((rc = kafka_place_topics(k, e)) != 1)
			return rc;
		if (k->o->group != NULL && kafka_place_subscribe(k, e) == -1)
			return -1;
		k->state = k->o->group != NULL ? JOINED : PLACE;
		k->asked_ns = utc_mono();
	}
	if (k->state == JOINED && k->assigned != NULL) {
		kafka_in_drop(k);
		for (i = 0; i < (size_t)k->assigned->cnt; i++)
			kafka_place_add(k, k->assigned->elems[i].topic, k->assigned->elems[i].partition);
		rd_kafka_topic_partition_list_destroy(k->assigned);
		k->assigned = NULL;
		k->state = PLACE;
		k->asked_ns = utc_mono();
	}
	if (k->state == PLACE) {
		if (k->parts > 1)
			qsort(k->part, k->parts, sizeof *k->part, kafka_in_cmp);
		for (i = 1; i < k->parts; i++)
			if (kafka_in_cmp(&k->part[i - 1], &k->part[i]) == 0)
				return err_set(e, EX_USAGE, "-t: %s:%" PRId32 " is given twice", k->part[i].topic, k->part[i].id);
		if ((rc = kafka_place_parts(k, e)) != 1)
			return rc;
		if (kafka_place_start(k, e) == -1)
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
	kafka_in_hold(k, list, 0);
	kafka_in_drop(k);
	k->state = JOINED;
	(void)rd_kafka_assign(k->rk, NULL);
}

static int
revoke(struct kafka_in *k, struct err *e)
{
	k->revoked = 0;
	if (k->assigned != NULL)	/* taken away before it was taken up */
		rd_kafka_topic_partition_list_destroy(k->assigned);
	k->assigned = NULL;
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
	if (++k->polls % 64 == 0) {
		if (k->commits != NULL)
			kafka_commit_serve(k, 0);
		if (check_still(k, e) == -1)
			return -1;
	}
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
		if (k->state == READ && k->left == 0 && (k->o->end || k->o->stop.at != KAFKA_NEVER))
			return KAFKA_END;
		msg = kafka_in_take(k, wait_ms);
		if (msg == NULL) {
			if (k->revoked || k->err.status != 0)
				continue;
			if (k->commits != NULL)
				kafka_commit_serve(k, 0);
			return check_away(k, e) == -1 || check_still(k, e) == -1 ? -1 : KAFKA_IDLE;
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
	kafka_in_hold(k, list, on);
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

/* Serves the library once; a message is nothing any more. */
static void
let_go(struct kafka_in *k)
{
	rd_kafka_message_t *m = rd_kafka_consumer_poll(k->rk, 20);

	if (m != NULL)
		rd_kafka_message_destroy(m);
}

/*
 * The library sends no LeaveGroup for a static member that closes, but does for one that
 * unsubscribes (KIP-345 asks for the former only); with the request it forgets its member id.
 */
static void
leave_group(struct kafka_in *k, int64_t until)
{
	char *id = NULL;
	int member = rd_kafka_unsubscribe(k->rk) == RD_KAFKA_RESP_ERR_NO_ERROR;

	while (member && utc_mono() < until) {
		id = rd_kafka_memberid(k->rk);
		member = id != NULL && *id != '\0';
		if (id != NULL)
			rd_kafka_mem_free(k->rk, id);
		if (member)
			let_go(k);
	}
}

void
kafka_in_close(struct kafka_in *k, int leave)
{
	int64_t until = utc_mono() + CLOSE_NS;
	rd_kafka_queue_t *q;
	rd_kafka_error_t *error;
	size_t i;

	if (k->o->group == NULL)
		return;
	k->closing = 1;
	if (k->msg != NULL)
		rd_kafka_message_destroy(k->msg);
	k->msg = NULL;
	if (k->revoked || k->assigned != NULL || k->state == REVOKED || k->state == PLACE)
		(void)rd_kafka_assign(k->rk, NULL);
	for (i = 0; i < k->o->props->n; i++)
		leave = leave && strcmp(k->o->props->prop[i].name, "group.instance.id") != 0;
	if (leave && k->o->instance != NULL)
		leave_group(k, until);
	q = rd_kafka_queue_get_consumer(k->rk);
	error = rd_kafka_consumer_close_queue(k->rk, q);
	if (error != NULL)
		rd_kafka_error_destroy(error);
	while (error == NULL && !rd_kafka_consumer_closed(k->rk) && utc_mono() < until)
		let_go(k);
	rd_kafka_queue_destroy(q);
}
