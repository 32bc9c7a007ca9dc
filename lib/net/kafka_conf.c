/* Properties of Kafka clients as librdkafka takes them. */
#include "net/kafka_conf.h"

#include <string.h>

int
kafka_conf_set(rd_kafka_conf_t *c, const char *name, const char *value, struct err *e)
{
	char text[400];

	if (rd_kafka_conf_set(c, name, value, text, sizeof text) == RD_KAFKA_CONF_OK)
		return 0;
	return err_set(e, EX_USAGE, "%s", text);
}

int
kafka_conf_pairs(rd_kafka_conf_t *c, const char *const (*pair)[2], struct err *e)
{
	for (; (*pair)[0] != NULL; pair++)
		if (kafka_conf_set(c, (*pair)[0], (*pair)[1], e) == -1)
			return -1;
	return 0;
}

int
kafka_conf_allowed(const char *name, const char *const (*ours)[2], struct err *e)
{
	for (; (*ours)[0] != NULL; ours++)
		if (strcmp(name, (*ours)[0]) == 0)
			return err_set(e, EX_USAGE, "%s is no property to be set here", name);
	if (strcmp(name, "bootstrap.servers") == 0 || strcmp(name, "metadata.broker.list") == 0)
		return err_set(e, EX_USAGE, "%s: -b names the brokers", name);
	return 0;
}
