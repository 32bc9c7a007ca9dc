#ifndef NET_KAFKA_IN_WORK_H_
#define NET_KAFKA_IN_WORK_H_

#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "net/kafka_in.h"
#include "net/kafka_tell.h"

/*
 * The inside of the consumer, for kafka_in.c and the files beside it: kafka_in_conf.c sets
 * it up, kafka_place.c finds where to begin and to stop, kafka_commit.c commits.
 *
 *	METADATA --topics are there--> JOINED (a group: subscribed)
 *	JOINED --assigned--> PLACE --committed, watermarks, times--> READ
 *	METADATA --without a group--> PLACE
 *	READ --revoked--> REVOKED (commits: the caller is told) --released--> JOINED
 */
#define MS 1000000LL		/* ns */
#define ASK_MS 5000		/* a question to a broker */
#define PROBE_MS 1000		/* the question whether one is there */
#define START_NS (5000 * MS)	/* not patient: so long for brokers to be reached at first */
#define NONE INT64_MIN		/* no offset */

struct part {
	const char *topic;
	size_t topic_n;
	int32_t id;
	const rd_kafka_topic_t *rkt;	/* of the last message */
	int64_t next;		/* offset that is read next */
	int64_t stop;		/* the first one that is not read any more */
	int64_t acked;		/* may be committed */
	int64_t committed;	/* is; NONE: nothing */
	int64_t high;		/* end of the log when last seen */
	int floating;		/* started at the beginning, nothing read yet */
	int done;
	int64_t seen, seen_ns;	/* next when it was looked at, and since when it has stood there */
	int behind;		/* the broker had more at the last look */
};

struct mark {
	uint64_t n, epoch;
	int64_t *next;
	size_t cap;
};

struct kafka_in {
	const struct kafka_in_options *o;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;	/* messages, without a group */
	rd_kafka_queue_t *commits;	/* answers to commits */
	enum { METADATA, JOINED, PLACE, READ, REVOKED } state;
	rd_kafka_topic_partition_list_t *assigned;	/* by the group, to be placed */
	int revoked, lost, closing;
	struct part *part;
	size_t parts, parts_cap;
	size_t left;			/* parts that are not done */
	struct part *last;		/* of the message before */
	rd_kafka_message_t *msg;
	uint64_t epoch;			/* number of the assignment */
	struct mark mark[KAFKA_MARKS];
	size_t marks;
	int owed, committing;		/* something acknowledged is to be committed; an answer is awaited */
	int paused;
	unsigned polls;
	int64_t retry_ns;		/* no commit before */
	int64_t asked_ns, again_ns;	/* questions before the first message: since when, not before */
	int64_t look_ns;		/* no look for partitions that stand still before */
	int64_t down_ns;		/* since when no broker is there, 0: one is */
	int begun;			/* something was placed once */
	struct err err;			/* found in a callback */
	struct kafka_tell tell;
	char note[512], given[512], down[512];
	int has_note;
};

/* kafka_in.c */
int kafka_in_cmp(const void *x, const void *y);		/* of two parts, by topic and number */
rd_kafka_topic_partition_list_t *kafka_in_list(const struct kafka_in *k);	/* of the parts, in their order */
void kafka_in_drop(struct kafka_in *k);			/* no partition is held any more */
void kafka_in_hold(struct kafka_in *k, rd_kafka_topic_partition_list_t *list, int on);	/* pauses or resumes, and frees the list */
rd_kafka_message_t *kafka_in_take(struct kafka_in *k, int wait_ms);	/* what the library has next; callbacks run */

/* Says text to the user unless it was said a short while ago. */
void kafka_in_say(struct kafka_in *k, const char *text);

/* A fault that a new start may mend: told when patient, an error otherwise.  0 or -1. */
int kafka_in_trouble(struct kafka_in *k, int status, const char *text, struct err *e);

/* kafka_in_conf.c: 0, or -1 EX_USAGE for a property that is refused. */
int kafka_in_configure(const struct kafka_in_options *o, rd_kafka_conf_t *c, struct err *e);

/*
 * kafka_place.c: each 1 when done, KAFKA_IDLE when it is to be asked again, -1.
 * kafka_place_topics() looks whether the topics are there, and without a group adds
 * their partitions; kafka_place_parts() sets next and stop of each part.
 */
int kafka_place_topics(struct kafka_in *k, struct err *e);
int kafka_place_parts(struct kafka_in *k, struct err *e);
void kafka_place_add(struct kafka_in *k, const char *topic, int32_t id);

/* Subscribes; starts the fetch of all parts.  0 or -1. */
int kafka_place_subscribe(struct kafka_in *k, struct err *e);
int kafka_place_start(struct kafka_in *k, struct err *e);

/* The error of a position that the log, from low to high, does not have.  -1. */
int kafka_place_gone(const struct kafka_in *k, const struct part *p, int64_t low, int64_t high, struct err *e);

/* kafka_commit.c: takes answers to commits, waiting up to wait_ms, and starts the next one. */
void kafka_commit_serve(struct kafka_in *k, int wait_ms);

#endif
