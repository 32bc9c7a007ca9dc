/* Properties of a consumer: what is set for all, what is not to be set. */
#include "net/kafka_in_work.h"

#include <string.h>

#include "net/kafka_conf.h"

/* What this program decides, and may not be set. */
static const char *const ours[][2] = {
	{ "enable.auto.commit", "false" },
	{ "enable.auto.offset.store", "false" },
	{ "auto.offset.reset", "error" },
	{ "enable.partition.eof", "true" },
	{ NULL, NULL },
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
	{ NULL, NULL },
};

static int
allowed(const char *name, const char *value, struct err *e)
{
	if (kafka_conf_allowed(name, ours, e) == -1)
		return -1;
	if (strcmp(name, "group.id") == 0)
		return err_set(e, EX_USAGE, "group.id: -G names the group");
	if (strcmp(name, "partition.assignment.strategy") == 0 && strstr(value, "cooperative") != NULL &&
	    rd_kafka_version() < 0x020a00ff)
		return err_set(e, EX_USAGE, "%s: %s loses assignments in librdkafka before 2.10", name, value);
	return 0;
}

int
kafka_in_configure(const struct kafka_in_options *o, rd_kafka_conf_t *c, struct err *e)
{
	size_t i;

	if (kafka_conf_pairs(c, defaults, e) == -1)
		return -1;
	if (kafka_conf_set(c, "bootstrap.servers", o->brokers, e) == -1 || kafka_conf_set(c, "client.id", o->client, e) == -1)
		return -1;
	if (o->instance != NULL && kafka_conf_set(c, "group.instance.id", o->instance, e) == -1)
		return -1;
	for (i = 0; i < o->props->n; i++)
		if (allowed(o->props->prop[i].name, o->props->prop[i].value, e) == -1 ||
		    kafka_conf_set(c, o->props->prop[i].name, o->props->prop[i].value, e) == -1)
			return -1;
	if (kafka_conf_pairs(c, ours, e) == -1)
		return -1;
	return o->group != NULL ? kafka_conf_set(c, "group.id", o->group, e) : 0;
}
