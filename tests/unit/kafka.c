/* The Kafka client: properties, positions; and with librdkafka's mock cluster what a real broker cannot be made to do. */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/utc.h"
#include "net/kafka.h"
#include "net/kafka_form.h"
#include "net/kafka_in.h"
#include "tap.h"

#define OFFSET_COMMIT 8		/* number of the request in the protocol */

static void
test_positions(void)
{
	static const struct {
		const char *text;
		int rc;
		enum kafka_at at;
		int64_t v;
	} t[] = {
		{ "beginning", 0, KAFKA_BEGINNING, 0 }, { "end", 0, KAFKA_END_OF_LOG, 0 }, { "stored", 0, KAFKA_STORED, 0 },
		{ "0", 0, KAFKA_OFFSET, 0 }, { "12", 0, KAFKA_OFFSET, 12 }, { "-12", 0, KAFKA_TAIL, 12 },
		{ "@2024-06-03", 0, KAFKA_TIME, 1717372800000 }, { "@2024-06-03T10:00:00+03:00", 0, KAFKA_TIME, 1717398000000 },
		{ "@-2h", 0, KAFKA_TIME, 1717398000000 - 7200000 }, { "s@1717398000123", 0, KAFKA_TIME, 1717398000123 },
		{ "e@5", 0, KAFKA_TIME, 5 }, { "", -1, 0, 0 }, { "@", -1, 0, 0 }, { "s@", -1, 0, 0 }, { "x@5", -1, 0, 0 },
		{ "latest", -1, 0, 0 }, { "12x", -1, 0, 0 }, { "--1", -1, 0, 0 }, { "9223372036854775808", -1, 0, 0 },
		{ "-9223372036854775808", -1, 0, 0 },
	};
	struct kafka_pos p;
	size_t i;
	int rc;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		rc = kafka_pos_get(t[i].text, 1717398000000, &p);
		ok(rc == t[i].rc && (rc == -1 || (p.at == t[i].at && p.v == t[i].v)), "position \"%s\"", t[i].text);
	}
	ok(kafka_topic_name("tracking.events", 15) && kafka_topic_name("A_-9", 4), "names of topics");
	ok(!kafka_topic_name("", 0) && !kafka_topic_name(".", 1) && !kafka_topic_name("..", 2) && !kafka_topic_name("a b", 3) &&
	    !kafka_topic_name("a\"", 2), "and what is none");
}

static void
test_props(void)
{
	char path[] = "/tmp/wb-unit-kafka.XXXXXX";
	static const char text[] = "# access\n\n  sasl.username = me \r\nsasl.password=a=b\nclient.rack=";
	struct kafka_props p = { 0 };
	struct err e = ERR_NONE;
	int fd = mkstemp(path);

	is_int(kafka_props_arg(&p, "fetch.min.bytes=10", &e), 0, "-X");
	is_str(p.prop[0].value, "10", "its value");
	is_int(kafka_props_arg(&p, "nothing", &e), -1, "no value");
	is_int(e.status, EX_USAGE, "is a usage error");
	is_int(kafka_props_arg(&p, " sasl.password = x", &e), -1, "a secret is no argument");
	kafka_props_fini(&p);
	ok(fd != -1 && write(fd, text, sizeof text - 1) == sizeof text - 1, "a file");
	(void)fchmod(fd, 0640);
	is_int(kafka_props_file(&p, path, &e), -1, "that others may read");
	is_int(e.status, EX_CONFIG, "is a configuration error");
	ok(strstr(e.msg, ":4: sasl.password") != NULL, "with its line: %s", e.msg);
	kafka_props_fini(&p);
	(void)fchmod(fd, 0600);
	is_int(kafka_props_file(&p, path, &e), 0, "that others may not read");
	is_int(p.n, 3, "has three properties");
	is_str(p.n == 3 ? p.prop[0].name : "", "sasl.username", "blanks around a name are left out");
	is_str(p.n == 3 ? p.prop[0].value : "", "me", "and around a value");
	is_str(p.n == 3 ? p.prop[1].value : "", "a=b", "= within a value");
	is_str(p.n == 3 ? p.prop[2].value : "x", "", "an empty value, without LF");
	(void)ftruncate(fd, 20);
	kafka_props_fini(&p);
	is_int(kafka_props_file(&p, path, &e), -1, "a line without =");
	ok(strstr(e.msg, ":3: ") != NULL, "is told with its line");
	kafka_props_fini(&p);
	(void)setenv("KAFKA_SASL_USERNAME", "you", 1);
	(void)setenv("KAFKA_HEAP_OPTS", "-Xmx1g", 1);
	kafka_props_env(&p);
	is_int(p.n, 1, "of the environment only what is known");
	is_str(p.n == 1 ? p.prop[0].name : "", "sasl.username", "as its property");
	(void)unsetenv("KAFKA_SASL_USERNAME");
	kafka_props_fini(&p);
	(void)close(fd);
	(void)unlink(path);
}

static rd_kafka_t *
client(rd_kafka_type_t type, const char *brokers, const char *group)
{
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	char text[256];

	(void)rd_kafka_conf_set(c, "client.id", "test", text, sizeof text);
	if (brokers != NULL)
		(void)rd_kafka_conf_set(c, "bootstrap.servers", brokers, text, sizeof text);
	if (group != NULL)
		(void)rd_kafka_conf_set(c, "group.id", group, text, sizeof text);
	(void)rd_kafka_conf_set(c, "log_level", "0", text, sizeof text);
	(void)rd_kafka_conf_set(c, "enable.auto.commit", "false", text, sizeof text);	/* nobody commits but who is tested */
	return rd_kafka_new(type, c, text, sizeof text);
}

static void
produce(rd_kafka_t *rk, int n)
{
	char text[] = "{}";
	int i;

	for (i = 0; i < n; i++)
		(void)rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(i % 2),
		    RD_KAFKA_V_VALUE(text, 2), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
	(void)rd_kafka_flush(rk, 10000);
}

/* Sum of what the group has committed. */
static int64_t
committed(rd_kafka_t *asker)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
	int64_t sum = 0;
	int i;

	for (i = 0; i < 2; i++)
		(void)rd_kafka_topic_partition_list_add(list, "t", i);
	if (rd_kafka_committed(asker, list, 60000) != RD_KAFKA_RESP_ERR_NO_ERROR)
		sum = -1000;
	for (i = 0; i < 2; i++)
		sum += list->elems[i].offset > 0 ? list->elems[i].offset : 0;
	rd_kafka_topic_partition_list_destroy(list);
	return sum;
}

/* Reads n messages; how many came within 300 s, or -1.  *event: what ended it. */
static int
read_some(struct kafka_in *k, int n, int *event, struct err *e)
{
	int64_t until = utc_mono() + 300000000000LL;
	struct kafka_message m;
	int got = 0, rc = 0;

	while (got < n && utc_mono() < until) {
		rc = kafka_in_poll(k, 50, &m, e);
		if (rc == KAFKA_MESSAGE)
			got++;
		else if (rc != KAFKA_IDLE)
			break;
	}
	*event = rc;
	return got;
}

static void
test_commits(void)
{
	rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, NULL, NULL), *asker, *other;
	rd_kafka_mock_cluster_t *mock = rd_kafka_mock_cluster_new(rk, 1);
	const char *brokers = rd_kafka_mock_cluster_bootstraps(mock);
	rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, brokers, NULL);
	struct kafka_props props = { 0 };
	char name[] = "t";
	struct kafka_in_topic topic = { .name = name };
	struct kafka_in_options o = { .brokers = brokers, .props = &props, .client = "unit", .topic = &topic, .topics = 1,
	    .group = "g", .start = { .at = KAFKA_BEGINNING }, .stop = { .at = KAFKA_NEVER }, .commits = 1, .patient = 1 };
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_message_t *msg;
	struct kafka_in *k;
	struct err e = ERR_NONE;
	int64_t began;
	int event, late;

	(void)rd_kafka_mock_topic_create(mock, "t", 2, 1);
	kafka_props_add(&props, "session.timeout.ms", "6000");
	kafka_props_add(&props, "heartbeat.interval.ms", "100");
	produce(producer, 100);
	k = kafka_in_open(&o, &e);
	ok(k != NULL, "open: %s", e.msg);
	if (k == NULL)
		return;
	asker = client(RD_KAFKA_CONSUMER, brokers, "g");

	is_int(read_some(k, 60, &event, &e), 60, "messages come");
	kafka_in_mark(k, 1);
	is_int(read_some(k, 40, &event, &e), 40, "and more");
	kafka_in_mark(k, 2);
	is_int(kafka_in_commit(k, 60000, &e), 0, "nothing is acknowledged, nothing to commit");
	is_int(committed(asker), 0, "nothing is committed");
	kafka_in_acked(k, 1);
	is_int(kafka_in_commit(k, 60000, &e), 0, "checkpoint 1 is acknowledged");
	is_int(committed(asker), 60, "the offsets behind its last messages are committed, no more");

	rd_kafka_mock_push_request_errors(mock, OFFSET_COMMIT, 2, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
	    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
	kafka_in_acked(k, 2);
	is_int(kafka_in_commit(k, 60000, &e), 0, "a commit that fails for a while is tried again");
	is_int(committed(asker), 100, "and done");
	is_int(kafka_in_lag(k), 0, "no lag");

	/* a commit without an answer */
	produce(producer, 10);
	is_int(read_some(k, 10, &event, &e), 10, "more messages");
	kafka_in_mark(k, 3);
	rd_kafka_mock_broker_set_rtt(mock, 1, 3000);
	kafka_in_acked(k, 3);
	is_int(kafka_in_commit(k, 500, &e), -1, "a commit without an answer is given up");
	is_int(e.status, EX_TEMPFAIL, "another start may mend it");
	rd_kafka_mock_broker_set_rtt(mock, 1, 0);
	is_int(kafka_in_commit(k, 60000, &e), 0, "the answer comes late");
	is_int(committed(asker), 110, "and counts");

	/* another member: the partitions go, and marks of before mean nothing any more */
	produce(producer, 10);
	is_int(read_some(k, 10, &event, &e), 10, "more messages");
	kafka_in_mark(k, 4);
	other = client(RD_KAFKA_CONSUMER, brokers, "g");
	(void)rd_kafka_poll_set_consumer(other);
	list = rd_kafka_topic_partition_list_new(1);
	(void)rd_kafka_topic_partition_list_add(list, "t", RD_KAFKA_PARTITION_UA);
	(void)rd_kafka_subscribe(other, list);
	rd_kafka_topic_partition_list_destroy(list);
	(void)read_some(k, 1, &event, &e);
	is_int(event, KAFKA_REVOKE, "a second member: the revoke is told");
	is_int(kafka_in_poll(k, 0, &(struct kafka_message){ 0 }, &e), KAFKA_REVOKE, "until it is released");
	is_int(kafka_in_release(k, 60000, &e), 0, "the partitions are given up");
	began = utc_mono();
	while (utc_mono() - began < 60000000000LL) {
		struct kafka_message m;

		msg = rd_kafka_consumer_poll(other, 20);
		if (msg != NULL)
			rd_kafka_message_destroy(msg);
		if (kafka_in_poll(k, 20, &m, &e) == KAFKA_MESSAGE)
			break;
	}
	ok(utc_mono() - began < 60000000000LL, "what was not committed comes again, to its new owner");
	kafka_in_acked(k, 4);
	late = kafka_in_commit(k, 60000, &e);
	is_int(late, 0, "an acknowledgement that comes too late");
	/* nor is it tried: a group that is about to change would refuse it */
	is_int(late == 0 ? committed(asker) : -1, 110, "an acknowledgement of an assignment that is over commits nothing");

	rd_kafka_mock_push_request_errors(mock, OFFSET_COMMIT, 1, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
	kafka_in_mark(k, 5);
	kafka_in_acked(k, 5);
	is_int(kafka_in_commit(k, 60000, &e), -1, "a commit that the group refuses");
	is_int(e.status, EX_TEMPFAIL, "ends the run");
	ok(strstr(e.msg, "commit refused") != NULL, "and is told: %s", e.msg);
	is_int(kafka_in_poll(k, 0, &(struct kafka_message){ 0 }, &e), -1, "for good");
	kafka_props_fini(&props);
}

static const char *
text_of(struct buf *b, struct slice s)
{
	buf_clear(b);
	if (s.p == NULL)
		buf_puts(b, "null");
	else
		buf_slice(b, s);
	return buf_str(b);
}

static void
test_form(void)
{
	static const struct {
		const char *key, *record, *want_key, *want_value, *code;
	} t[] = {
		{ NULL, "{\"_src\":[1],\"a\":1}", "null", "{\"a\":1}", NULL },
		{ NULL, "{\"a\":1,\"_src\":[1]}", "null", "{\"a\":1}", NULL },
		{ NULL, "{\"_a\":1,\"_b\":2}", "null", "{}", NULL },
		{ NULL, "{\"a\":1,\"_b\":2,\"c\":3,\"_d\":4,\"_e\":5,\"f\" : 6 ,\"g\":7}", "null", "{\"a\":1,\"c\":3,\"f\" : 6 ,\"g\":7}", NULL },
		{ NULL, " {\"a\":1} ", "null", "{\"a\":1}", NULL },
		{ NULL, "{\"\\u005fx\":1,\"\\u0061\":2,\"\":3}", "null", "{\"\\u0061\":2,\"\":3}", NULL },
		{ NULL, "{\"partitionkey\":\"p\"}", "p", "{\"partitionkey\":\"p\"}", NULL },
		{ NULL, "{\"partitionkey\":\"\"}", "null", "{\"partitionkey\":\"\"}", NULL },
		{ NULL, "{\"partitionkey\":[]}", NULL, NULL, "type" },
		{ "k", "{\"k\":\"a\\n\\u00e9\",\"_x\":0}", "a\n\xc3\xa9", "{\"k\":\"a\\n\\u00e9\"}", NULL },
		{ "k", "{\"k\":1.50}", "1.50", "{\"k\":1.50}", NULL },
		{ "k", "{\"k\":null}", NULL, NULL, "missing" },
		{ "k", "{\"k\":\"\"}", NULL, NULL, "missing" },
		{ "k", "{}", NULL, NULL, "missing" },
		{ "_key", "{\"_key\":null,\"a\":1}", "null", "{\"a\":1}", NULL },
		{ "/_key", "{\"_key\":\"\",\"a\":1}", "", "{\"a\":1}", NULL },
		{ "_key", "{\"a\":1}", NULL, NULL, "missing" },
		{ "a/b~c", "{\"a/b~c\":\"x\"}", "x", "{\"a/b~c\":\"x\"}", NULL },
		{ "/_src/0", "{\"_src\":[\"t\",1]}", "t", "{}", NULL },
	};
	struct json j = { 0 };
	struct buf b = { 0 }, line = { 0 };
	struct fault f;
	size_t i;
	int rc;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		struct kafka_form m = { 0 };

		f = (struct fault){ 0 };
		buf_clear(&line);
		buf_puts(&line, t[i].record);
		(void)buf_room(&line, JSON_PAD);
		ok(t[i].key == NULL || kafka_form_key(&m, t[i].key) == 0, "key %s", t[i].key ? t[i].key : "of an event");
		is_int(json_scan(&j, buf_as_slice(&line)), 0, t[i].record);
		rc = kafka_form(&m, &j, &f);
		if (t[i].code != NULL) {
			is_str(rc == -1 ? f.code : "made", t[i].code, "is refused");
		} else {
			is_str(text_of(&b, m.key), t[i].want_key, "its key");
			is_str(text_of(&b, m.value), t[i].want_value, "its value");
		}
		kafka_form_fini(&m);
	}
	json_fini(&j);
	buf_fini(&b);
	buf_fini(&line);
}

int
main(void)
{
	int rc;

	test_positions();
	test_props();
	test_form();
	test_commits();
	rc = done_testing();
	(void)fflush(stdout);
	_exit(rc);	/* as the program does: the library may never end its threads */
}
