#ifndef NET_KAFKA_IN_H_
#define NET_KAFKA_IN_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/kafka.h"

/*
 * A consumer that knows where it is: it reads one message at a time, keeps the next offset
 * of each partition itself, and commits only what it is told.
 *
 *	k = kafka_in_open(&options, &e);
 *	while ((r = kafka_in_poll(k, wait, &m, &e)) != -1)
 *		KAFKA_MESSAGE: write it
 *		from time to time: kafka_in_mark(k, n); when n is durable: kafka_in_acked(k, n)
 *		KAFKA_REVOKE: mark, wait until it is durable, kafka_in_acked(), kafka_in_release()
 *		KAFKA_END: enough
 *	kafka_in_commit(k, ms, &e); kafka_in_close(k);
 *
 * Without a group it reads the partitions it is told, talks to no coordinator and commits
 * nothing.  Only one thread may use it.
 */
struct kafka_pos {
	enum kafka_at {
		KAFKA_BEGINNING,
		KAFKA_END_OF_LOG,	/* as it is when the partition is taken up */
		KAFKA_STORED,		/* what the group has committed */
		KAFKA_OFFSET,		/* v */
		KAFKA_TAIL,		/* v messages before the end */
		KAFKA_TIME,		/* v: ms since 1970 */
		KAFKA_FAIL,		/* no position: an error */
		KAFKA_NEVER,		/* as a stop: endless */
	} at;
	int64_t v;
};

/*
 * Reads beginning, end, stored, N, -N, @TIME, @-2h, s@MS, e@MS as kcat and waybill have
 * them; now is ms.  0, or -1.
 */
int kafka_pos_get(const char *s, int64_t now, struct kafka_pos *pos);

/* Where a group begins that has committed nothing: earliest, latest, @TIME, fail.  0, or -1. */
int kafka_pos_start(const char *s, int64_t now, struct kafka_pos *pos);

struct kafka_in_topic {
	char *name;		/* kafka_topic_name() */
	int32_t *part;		/* partitions, in any order */
	size_t parts;		/* 0: all */
};

/* TOPIC or TOPIC:P,...  0 with name and part for the caller to free, or -1. */
int kafka_in_topic_get(const char *s, struct kafka_in_topic *t);

/* Everything is the caller's and lives as long as the consumer. */
struct kafka_in_options {
	const char *brokers;
	const struct kafka_props *props;
	const char *client;		/* client.id */
	const struct kafka_in_topic *topic;
	size_t topics;
	const char *group;		/* or NULL */
	const char *instance;		/* static member of the group unless the properties name one, or NULL */
	struct kafka_pos start;		/* of a group: where nothing is committed */
	struct kafka_pos stop;		/* pinned when the partition is taken up */
	int end;			/* stop at the end as it is then, at the latest */
	int commits;			/* a group's: revokes are told and commits made */
	int patient;			/* faults of brokers, topics and access are told by kafka_in_note() and tried again */
	int loud;			/* the library may log on standard error */
};

struct kafka_message {
	struct slice topic;
	int32_t partition;
	int64_t offset, ts_ms;		/* ts_ms 0: none */
	struct slice key, value;	/* p NULL: null */
};

enum kafka_event {
	KAFKA_IDLE,		/* nothing came for wait_ms */
	KAFKA_MESSAGE,		/* lives until the next call of kafka_in_poll() */
	KAFKA_END,		/* all partitions are read up to their stop */
	KAFKA_REVOKE,		/* the group takes the partitions away; kafka_in_release() gives them up */
};

struct kafka_in;

/* NULL with EX_USAGE or EX_CONFIG: a property that librdkafka refuses, or one that belongs to us. */
struct kafka_in *kafka_in_open(const struct kafka_in_options *o, struct err *e);

/*
 * Ends the membership, a few seconds at most.  A static member stays one until its session runs out, for itself
 * to come back, unless it is to leave: then the others have its partitions at once.  One whose group.instance.id
 * is among the properties never leaves.  The process is to _exit() then: librdkafka may never finish its own clean-up.
 */
void kafka_in_close(struct kafka_in *k, int leave);

/*
 * enum kafka_event, or -1: EX_UNAVAILABLE when the messages at a position are gone,
 * EX_CONFIG (not when patient) for an unknown topic or refused access, EX_TEMPFAIL for
 * partitions that were lost, fences, brokers away too long (not when patient).
 */
int kafka_in_poll(struct kafka_in *k, int wait_ms, struct kafka_message *m, struct err *e);

/* Header i of the message: 1, or 0 when there are no more.  A null value has p NULL. */
int kafka_in_header(const struct kafka_in *k, size_t i, struct slice *name, struct slice *value);

/* What is to be told to the user (a fault that is tried again), once; NULL: nothing. */
const char *kafka_in_note(struct kafka_in *k);

/* Stops fetching and goes on with it; callbacks are served by kafka_in_poll() all the while. */
void kafka_in_pause(struct kafka_in *k, int on);

/* The positions of now are checkpoint n; they are acknowledged up to n, and a commit is under way. */
#define KAFKA_MARKS 8	/* that can be open */
void kafka_in_mark(struct kafka_in *k, uint64_t n);
void kafka_in_acked(struct kafka_in *k, uint64_t n);

/* Waits up to ms until everything acknowledged is committed: 0, or -1 EX_TEMPFAIL. */
int kafka_in_commit(struct kafka_in *k, int ms, struct err *e);

/* After KAFKA_REVOKE: kafka_in_commit(), then the partitions are given up. */
int kafka_in_release(struct kafka_in *k, int ms, struct err *e);

/* How long the group lets a member be silent, ms (max.poll.interval.ms). */
int kafka_in_silence(const struct kafka_in *k);

/* Messages not read yet, of all partitions that are held, as of the last answers of the brokers; -1 when none is held. */
int64_t kafka_in_lag(struct kafka_in *k);

/* Appends the lag of each partition that is held as metrics, and when the last acknowledgement came (ms, 0: none yet). */
void kafka_in_metrics(const struct kafka_in *k, int64_t acked_ms, struct buf *b);

#endif
