/*
 * Producer of Kafka.  librdkafka never gives a message up here (message.timeout.ms is 0):
 * with an idempotent producer a message that ran out of time may be in the topic or not.
 * That nothing moves is seen by what is acknowledged.
 */
#include "net/kafka_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "net/kafka_conf.h"
#include "net/kafka_tell.h"

#define MS 1000000LL		/* ns */
#define PROBE_MS 1000		/* the question whether the topic is there */
#define ASK_MS 5000		/* the question about its configuration */
#define START_NS (5000 * MS)	/* not patient: so long for brokers to be reached at first */
#define STILL_NS (5000 * MS)	/* nothing acknowledged for so long is told */
#define AWAY_NS (60000 * MS)	/* not patient: so long without an acknowledgement */
#define FULL_MS 5		/* a look at the queue that was full */
#define SERVE 256		/* messages between two looks at what else there is */
#define BATCH_HEAD 61		/* bytes of a batch before its records, which the broker counts in */
#define MESSAGE_MIN 1000	/* least message.max.bytes that librdkafka takes */

/* What this program decides, and may not be set. */
static const char *const ours[][2] = {
	{ "enable.idempotence", "true" },
	{ "acks", "all" },
	{ "delivery.report.only.error", "true" },
	{ NULL, NULL },
};

static const char *const defaults[][2] = {
	{ "message.timeout.ms", "0" },
	{ "queue.buffering.max.kbytes", "65536" },
	{ "queue.buffering.max.messages", "100000" },
	/* as the Java client: one key has one partition, whoever writes */
	{ "partitioner", "murmur2_random" },
	{ "reconnect.backoff.max.ms", "2000" },
	{ NULL, NULL },
};

struct kafka_out {
	const struct kafka_out_options *o;
	rd_kafka_t *rk;
	rd_kafka_topic_t *rkt;
	size_t max;		/* message.max.bytes of the topic, 0: not known */
	int compact;		/* the topic keeps one message a key: none may be without */
	uint64_t sent, acked;
	int64_t still_ns;	/* since when nothing was acknowledged, though something waits; 0: nothing waits */
	int begun;
	struct err err;		/* found in a callback */
	struct kafka_tell tell;
	char down[512];		/* why brokers cannot be reached */
};

static void
say(struct kafka_out *k, const char *text)
{
	char line[512];

	if (kafka_tell(&k->tell, text, line, sizeof line))
		k->o->say(k->o->arg, line);
}

/* A fault of topic or access: told when patient, an error otherwise.  0 or -1. */
static int
trouble(struct kafka_out *k, const char *text, struct err *e)
{
	char shown[512];

	if (!k->o->patient)
		return err_set(e, EX_CONFIG, "%s", err_show(shown, sizeof shown, text, strlen(text)));
	say(k, text);
	return 0;
}

/* A fault after which a message is gone from the library: only a new start can send it. */
static void
lost(struct kafka_out *k, rd_kafka_resp_err_t code, const char *text)
{
	char shown[512];
	int status = EX_TEMPFAIL;

	switch (code) {
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
	case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
		status = k->o->patient ? EX_TEMPFAIL : EX_CONFIG;
		break;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		/* the limit was lowered, which the next start will see; or it could not be asked for */
		if (k->max == 0) {
			err_set(&k->err, EX_CONFIG, "%s: a message was refused: %s (the limit of the topic cannot be read: -X message.max.bytes=N)",
			    k->o->topic, rd_kafka_err2str(code));
			return;
		}
		break;
	default:
		break;
	}
	err_set(&k->err, status, "%s: a message was refused: %s", k->o->topic, err_show(shown, sizeof shown, text, strlen(text)));
}

static void
on_error(rd_kafka_t *rk, int code, const char *reason, void *arg)
{
	struct kafka_out *k = arg;
	char text[512];

	switch (code) {
	case RD_KAFKA_RESP_ERR__FATAL:
		code = (int)rd_kafka_fatal_error(rk, text, sizeof text);
		if (k->err.status == 0)
			lost(k, (rd_kafka_resp_err_t)code, text);
		return;
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
		(void)snprintf(text, sizeof text, "the brokers refuse the access: %s", reason);
		(void)trouble(k, text, &k->err);
		return;
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		return;
	}
	(void)err_show(k->down, sizeof k->down, reason, kafka_tell_len(reason));
	if (k->o->patient || k->begun)
		say(k, reason);
}

static void
on_refused(rd_kafka_t *rk, const rd_kafka_message_t *m, void *arg)
{
	struct kafka_out *k = arg;

	(void)rk;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && k->err.status == 0)
		lost(k, m->err, rd_kafka_err2str(m->err));
}

static void
no_log(const rd_kafka_t *rk, int level, const char *fac, const char *buf)
{
	(void)rk, (void)level, (void)fac, (void)buf;
}

/* The largest message that the topic is known to take, by the library's measure. */
static size_t
room(const struct kafka_out *k)
{
	return k->max > MESSAGE_MIN + BATCH_HEAD ? k->max - BATCH_HEAD : MESSAGE_MIN;
}

static int
configure(struct kafka_out *k, rd_kafka_conf_t *c, struct err *e)
{
	const struct kafka_props *p = k->o->props;
	char n[32];
	size_t i;

	if (kafka_conf_pairs(c, defaults, e) == -1 || kafka_conf_set(c, "bootstrap.servers", k->o->brokers, e) == -1 ||
	    kafka_conf_set(c, "client.id", k->o->client, e) == -1)
		return -1;
	if (k->max > 0) {
		(void)snprintf(n, sizeof n, "%zu", room(k));
		if (kafka_conf_set(c, "message.max.bytes", n, e) == -1)
			return -1;
		(void)snprintf(n, sizeof n, "%zu", room(k) < 1000000 ? room(k) : 1000000);
		if (kafka_conf_set(c, "batch.size", n, e) == -1)
			return -1;
	}
	for (i = 0; i < p->n; i++) {
		if (kafka_conf_allowed(p->prop[i].name, ours, e) == -1)
			return -1;
		if (strcmp(p->prop[i].name, "request.required.acks") == 0 || strcmp(p->prop[i].name, "transactional.id") == 0)
			return err_set(e, EX_USAGE, "%s is no property to be set here", p->prop[i].name);
		if (kafka_conf_set(c, p->prop[i].name, p->prop[i].value, e) == -1)
			return -1;
	}
	return 0;
}

static rd_kafka_t *
client(struct kafka_out *k, int produces, struct err *e)
{
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_t *rk;
	char text[400];

	if (configure(k, c, e) == -1 || (produces && kafka_conf_pairs(c, ours, e) == -1))
		goto bad;
	rd_kafka_conf_set_opaque(c, k);
	rd_kafka_conf_set_error_cb(c, on_error);
	rd_kafka_conf_set_dr_msg_cb(c, on_refused);
	if (!k->o->loud)
		rd_kafka_conf_set_log_cb(c, no_log);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, text, sizeof text);
	if (rk != NULL)
		return rk;
	err_set(e, EX_CONFIG, "%s", text);
bad:
	rd_kafka_conf_destroy(c);
	return NULL;
}

/* Is the topic there?  A code of librdkafka, and a broker that has answered. */
static rd_kafka_resp_err_t
ask_topic(struct kafka_out *k, int32_t *broker)
{
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(k->rk, k->o->topic, NULL);
	rd_kafka_resp_err_t code = rd_kafka_metadata(k->rk, 0, rkt, &md, PROBE_MS);

	rd_kafka_topic_destroy(rkt);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		code = md->topic_cnt == 1 ? md->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR && md->topics[0].partition_cnt == 0)
			code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
		*broker = md->orig_broker_id != -1 || md->broker_cnt == 0 ? md->orig_broker_id : md->brokers[0].id;
		rd_kafka_metadata_destroy(md);
	}
	return code;
}

static void
read_limits(struct kafka_out *k, const rd_kafka_ConfigResource_t *r)
{
	const rd_kafka_ConfigEntry_t **entry;
	const char *name, *value;
	size_t n = 0, i;
	uint64_t v;

	entry = rd_kafka_ConfigResource_configs(r, &n);
	for (i = 0; i < n; i++) {
		name = rd_kafka_ConfigEntry_name(entry[i]);
		value = rd_kafka_ConfigEntry_value(entry[i]);
		if (value == NULL)
			continue;
		if (strcmp(name, "max.message.bytes") == 0 && num_u64(slice_of(value), &v) == 0)
			k->max = v < 1000000000 ? (size_t)v : 1000000000;	/* librdkafka takes no more */
		else if (strcmp(name, "cleanup.policy") == 0)
			k->compact = strstr(value, "compact") != NULL;
	}
}

/* What does the topic take?  That nobody may ask is no fault.  A code of librdkafka. */
static rd_kafka_resp_err_t
ask_limits(struct kafka_out *k, int32_t broker)
{
	rd_kafka_ConfigResource_t *r = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, k->o->topic);
	rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(k->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_queue_t *q = rd_kafka_queue_new(k->rk);
	rd_kafka_resp_err_t code;
	const rd_kafka_ConfigResource_t **got;
	rd_kafka_event_t *ev;
	size_t n = 0;

	(void)rd_kafka_AdminOptions_set_request_timeout(o, ASK_MS, NULL, 0);
	(void)rd_kafka_AdminOptions_set_broker(o, broker, NULL, 0);
	rd_kafka_DescribeConfigs(k->rk, &r, 1, o, q);
	ev = rd_kafka_queue_poll(q, 2 * ASK_MS);
	code = ev != NULL ? rd_kafka_event_error(ev) : RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		got = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(ev), &n);
		if (n == 1 && rd_kafka_ConfigResource_error(got[0]) == RD_KAFKA_RESP_ERR_NO_ERROR)
			read_limits(k, got[0]);
	}
	if (ev != NULL)
		rd_kafka_event_destroy(ev);
	rd_kafka_queue_destroy(q);
	rd_kafka_AdminOptions_destroy(o);
	rd_kafka_ConfigResource_destroy(r);
	switch (code) {
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
		return code;
	default:
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	}
}

/* Waits for the topic. */
static int
prepare(struct kafka_out *k, struct err *e)
{
	int64_t until = utc_mono() + START_NS;
	rd_kafka_resp_err_t code;
	int32_t broker = -1;
	char text[512];

	for (;;) {
		code = ask_topic(k, &broker);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			code = ask_limits(k, broker);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			return 0;
		(void)rd_kafka_poll(k->rk, 0);
		if (k->err.status != 0) {
			*e = k->err;
			return -1;
		}
		(void)snprintf(text, sizeof text, "%s: %s", k->o->topic, rd_kafka_err2str(code));
		switch (code) {
		case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
			(void)snprintf(text, sizeof text, "%s: no such topic", k->o->topic);
			/* FALLTHROUGH */
		case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
		case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
			if (trouble(k, text, e) == -1)
				return -1;
			break;
		default:
			if (!k->o->patient && utc_mono() > until)
				return err_set(e, EX_TEMPFAIL, "%s: no answer from %s: %s", k->o->topic, k->o->brokers,
				    k->down[0] ? k->down : rd_kafka_err2str(code));
			if (k->o->patient && k->down[0] == '\0')
				say(k, text);
		}
		(void)rd_kafka_poll(k->rk, 200);
	}
}

struct kafka_out *
kafka_out_open(const struct kafka_out_options *o, struct err *e)
{
	struct kafka_out *k = mem_alloc(sizeof *k);

	k->o = o;
	/* how large a message may be is to be known before there is a producer: one client asks, another one sends */
	if ((k->rk = client(k, 0, e)) == NULL)
		goto bad;
	if (prepare(k, e) == -1)
		goto bad;
	rd_kafka_destroy(k->rk);
	if ((k->rk = client(k, 1, e)) == NULL)
		goto bad;
	k->rkt = rd_kafka_topic_new(k->rk, o->topic, NULL);
	k->begun = 1;
	return k;
bad:
	if (k->rk != NULL)
		rd_kafka_destroy(k->rk);
	free(k);
	return NULL;
}

int
kafka_out_serve(struct kafka_out *k, struct err *e)
{
	int64_t now = utc_mono();
	uint64_t waiting, acked;
	char text[700];

	(void)rd_kafka_poll(k->rk, 0);
	if (k->err.status != 0) {
		*e = k->err;
		return -1;
	}
	/* events for us are counted among what waits, so that it may be too much, never too little */
	waiting = (uint64_t)rd_kafka_outq_len(k->rk);
	acked = waiting < k->sent ? k->sent - waiting : 0;
	if (acked > k->acked) {
		k->acked = acked;
		k->still_ns = 0;
		k->down[0] = '\0';
	}
	if (k->acked == k->sent)
		k->still_ns = 0;
	else if (k->still_ns == 0)
		k->still_ns = now;
	if (k->still_ns == 0 || now - k->still_ns < STILL_NS)
		return 0;
	(void)snprintf(text, sizeof text, "%s: no message is acknowledged%s%s", k->o->topic, k->down[0] ? ": " : "", k->down);
	if (!k->o->patient && now - k->still_ns > AWAY_NS)
		return err_set(e, EX_TEMPFAIL, "%s; %" PRIu64 " wait since %d s", text, k->sent - k->acked, (int)((now - k->still_ns) / (1000 * MS)));
	say(k, text);
	return 0;
}

/* Headers of a message; NULL: none. */
static rd_kafka_headers_t *
headers(const struct kafka_form *m)
{
	rd_kafka_headers_t *h = m->headers > 0 ? rd_kafka_headers_new(m->headers) : NULL;
	size_t i;

	for (i = 0; i < m->headers; i++)
		(void)rd_kafka_header_add(h, m->header[i].name.p, (ssize_t)m->header[i].name.n,
		    m->header[i].value.p, (ssize_t)m->header[i].value.n);
	return h;
}

/* The library takes (and copies) the message.  A code of librdkafka. */
static rd_kafka_resp_err_t
give(struct kafka_out *k, const struct kafka_form *m)
{
	rd_kafka_headers_t *h;
	rd_kafka_resp_err_t code;

	if (m->headers == 0)
		return rd_kafka_produce(k->rkt, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)m->value.p, m->value.n,
		    m->key.p, m->key.n, NULL) == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
	h = headers(m);
	code = rd_kafka_producev(k->rk, RD_KAFKA_V_RKT(k->rkt), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
	    RD_KAFKA_V_VALUE((void *)(uintptr_t)m->value.p, m->value.n), RD_KAFKA_V_KEY(m->key.p, m->key.n),
	    RD_KAFKA_V_HEADERS(h), RD_KAFKA_V_END);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_headers_destroy(h);
	return code;
}

int
kafka_out_send(struct kafka_out *k, const struct kafka_form *m, struct fault *f, struct err *e)
{
	rd_kafka_resp_err_t code;

	if (k->compact && m->key.p == NULL)
		return fault_set(f, "missing", "", "no key, and the topic is compacted"), 0;
	for (;;) {
		switch (code = give(k, m)) {
		case RD_KAFKA_RESP_ERR_NO_ERROR:
			k->sent++;
			return k->sent % SERVE == 0 && kafka_out_serve(k, e) == -1 ? -1 : 1;
		case RD_KAFKA_RESP_ERR__QUEUE_FULL:
			(void)rd_kafka_poll(k->rk, FULL_MS);
			if (kafka_out_serve(k, e) == -1)
				return -1;
			break;
		case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
			return fault_set(f, "too_long", "", "a message of %zu bytes, more than the topic takes%s",
			    m->key.n + m->value.n, k->max > 0 ? "" : " by default (-X message.max.bytes=N)"), 0;
		default:
			(void)rd_kafka_poll(k->rk, 0);
			if (k->err.status != 0)
				*e = k->err;
			else
				err_set(e, EX_TEMPFAIL, "%s: a message cannot be sent: %s", k->o->topic, rd_kafka_err2str(code));
			return -1;
		}
	}
}

int
kafka_out_flush(struct kafka_out *k, struct err *e)
{
	do
		(void)rd_kafka_flush(k->rk, 100);
	while (kafka_out_serve(k, e) == 0 && k->acked < k->sent);
	return k->err.status != 0 || k->acked < k->sent ? -1 : 0;
}

void
kafka_out_close(struct kafka_out *k)
{
	if (k == NULL)
		return;
	rd_kafka_topic_destroy(k->rkt);
	rd_kafka_destroy(k->rk);
	free(k);
}
