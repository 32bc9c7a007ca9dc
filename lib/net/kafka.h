#ifndef NET_KAFKA_H_
#define NET_KAFKA_H_

#include <stddef.h>

#include "base/err.h"

/*
 * Properties of a Kafka client (librdkafka's names), as kcat takes them: -X NAME=VALUE,
 * a file of such lines (-F), the environment.  All zero is the empty list; of two values
 * of one property the later one counts.
 */
struct kafka_props {
	struct kafka_prop {
		char *name, *value;
	} *prop;
	size_t n, cap;
};

void kafka_props_fini(struct kafka_props *p);

void kafka_props_add(struct kafka_props *p, const char *name, const char *value);

/* NAME=VALUE of the command line.  -1 EX_USAGE: no such form, or a secret, which is no argument. */
int kafka_props_arg(struct kafka_props *p, const char *arg, struct err *e);

/*
 * A file of lines NAME=VALUE; blank ones and those that begin with # are left out.
 * -1 EX_CONFIG, with the line; also when it holds a secret and others may read it.
 */
int kafka_props_file(struct kafka_props *p, const char *path, struct err *e);

/* KAFKA_SASL_PASSWORD and the like: waybill.7 "Environment". */
void kafka_props_env(struct kafka_props *p);

/* The library's version, "librdkafka 2.0.2", in cap bytes.  Returns dst. */
const char *kafka_version(char *dst, size_t cap);

/* 1 when s can be the name of a topic: [A-Za-z0-9._-]{1,249}, not . or .. */
int kafka_topic_name(const char *s, size_t n);

#endif
