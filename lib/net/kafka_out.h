#ifndef NET_KAFKA_OUT_H_
#define NET_KAFKA_OUT_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "net/kafka.h"
#include "net/kafka_form.h"
#include "rec/reject.h"

/*
 * An idempotent producer for one topic: what it was given is in the topic once and, of a
 * partition, in the order given, or kafka_out_flush() says that it may not be.
 *
 *	k = kafka_out_open(&options, &e);
 *	kafka_out_send(k, &m, &f, &e) as often as wanted
 *	kafka_out_flush(k, &e): all of it is acknowledged by all replicas in sync
 *	kafka_out_close(k)
 *
 * Everything waits here and not in memory: at most 64 MiB and 100,000 messages are held.
 * Only one thread may use it.  After -1 nothing more is to be asked of it.
 */

/* Everything is the caller's and lives as long as the producer. */
struct kafka_out_options {
	const char *brokers;
	const struct kafka_props *props;
	const char *client;		/* client.id */
	const char *topic;		/* kafka_topic_name() */
	int patient;			/* faults of brokers, topic and access are told and waited for */
	int loud;			/* the library may log on standard error */
	void (*say)(void *arg, const char *line);	/* a fault that is waited for */
	void *arg;
};

struct kafka_out;

/*
 * Waits until the topic is there and asks what it takes.  NULL: EX_USAGE for a property
 * that is refused; EX_CONFIG (not when patient) for an unknown topic or refused access;
 * EX_TEMPFAIL (not when patient) when no broker answers for 5 s.
 */
struct kafka_out *kafka_out_open(const struct kafka_out_options *o, struct err *e);

/*
 * Gives a message to the library, which copies it; waits while it has enough.  1: given;
 * 0 with the fault: the topic does not take it (too_long, missing); -1: as kafka_out_serve().
 */
int kafka_out_send(struct kafka_out *k, const struct kafka_form *m, struct fault *f, struct err *e);

/* Waits until every message is acknowledged.  0, or -1. */
int kafka_out_flush(struct kafka_out *k, struct err *e);

/*
 * What is due beside: tells what the matter is when no message has been acknowledged for 5 s.
 * 0, or -1: a message was refused, or the access (EX_TEMPFAIL when patient, EX_CONFIG
 * otherwise), or (not when patient) nothing was acknowledged for 60 s (EX_TEMPFAIL).
 */
int kafka_out_serve(struct kafka_out *k, struct err *e);

/* After kafka_out_flush(); otherwise the process is to _exit(). */
void kafka_out_close(struct kafka_out *k);

#endif
