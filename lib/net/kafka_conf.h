#ifndef NET_KAFKA_CONF_H_
#define NET_KAFKA_CONF_H_

#include <librdkafka/rdkafka.h>

#include "base/err.h"
#include "net/kafka.h"

/* Sets one property of a client to be.  0, or -1 EX_USAGE. */
int kafka_conf_set(rd_kafka_conf_t *c, const char *name, const char *value, struct err *e);

/* Sets pairs of name and value, up to a NULL. */
int kafka_conf_pairs(rd_kafka_conf_t *c, const char *const (*pair)[2], struct err *e);

/* Is the property the user's to set?  It is not when one of the pairs sets it, or -b.  0, or -1 EX_USAGE. */
int kafka_conf_allowed(const char *name, const char *const (*ours)[2], struct err *e);

#endif
