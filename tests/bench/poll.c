/* The floor of every consumer: poll BROKERS TOPIC [PROPERTY=VALUE ...] reads a topic to its end, and does nothing with it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

static void
die(const char *what)
{
	(void)fprintf(stderr, "poll: %s\n", what);
	_exit(1);
}

static void
set(rd_kafka_conf_t *c, const char *name, const char *value)
{
	char text[400];

	if (rd_kafka_conf_set(c, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
		die(text);
}

int
main(int argc, char **argv)
{
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *list = NULL;
	rd_kafka_topic_t *topic = NULL;
	rd_kafka_message_t *m = NULL;
	rd_kafka_t *rk = NULL;
	uint64_t n = 0, bytes = 0;
	char text[400], *value;
	int left, i;

	if (argc < 3)
		die("usage: poll BROKERS TOPIC [PROPERTY=VALUE ...]");
	set(c, "bootstrap.servers", argv[1]);
	set(c, "group.id", "poll");
	set(c, "enable.auto.commit", "false");
	set(c, "enable.partition.eof", "true");
	for (i = 3; i < argc; i++) {
		if ((value = strchr(argv[i], '=')) == NULL)
			die(argv[i]);
		*value++ = '\0';
		set(c, argv[i], value);
	}
	if ((rk = rd_kafka_new(RD_KAFKA_CONSUMER, c, text, sizeof text)) == NULL)
		die(text);
	(void)rd_kafka_poll_set_consumer(rk);
	topic = rd_kafka_topic_new(rk, argv[2], NULL);
	if (rd_kafka_metadata(rk, 0, topic, &md, 10000) != RD_KAFKA_RESP_ERR_NO_ERROR || md->topic_cnt != 1)
		die("no metadata");
	left = md->topics[0].partition_cnt;
	list = rd_kafka_topic_partition_list_new(left);
	for (i = 0; i < left; i++)
		rd_kafka_topic_partition_list_add(list, argv[2], i)->offset = RD_KAFKA_OFFSET_BEGINNING;
	if (rd_kafka_assign(rk, list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		die("assign");
	while (left > 0) {
		if ((m = rd_kafka_consumer_poll(rk, 1000)) == NULL)
			continue;
		if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			left--;
		else if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
			die(rd_kafka_message_errstr(m));
		else {
			n++;
			bytes += m->len;
		}
		rd_kafka_message_destroy(m);
	}
	(void)dprintf(STDOUT_FILENO, "%" PRIu64 " messages, %" PRIu64 " bytes\n", n, bytes);
	_exit(0);
}
