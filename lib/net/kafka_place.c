/* Where a consumer begins and stops: topics, committed offsets, watermarks, times. */
#include "net/kafka_in_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utc.h"

void
kafka_place_add(struct kafka_in *k, const char *topic, int32_t id)
{
	const char *name = NULL;
	size_t i;

	for (i = 0; i < k->o->topics && name == NULL; i++)
		if (strcmp(k->o->topic[i].name, topic) == 0)
			name = k->o->topic[i].name;
	if (name == NULL)
		return;		/* not subscribed to */
	k->part = mem_grow(k->part, &k->parts_cap, k->parts + 1, sizeof *k->part);
	k->part[k->parts++] = (struct part){ .topic = name, .topic_n = strlen(name), .id = id,
	    .next = NONE, .stop = INT64_MAX, .acked = NONE, .committed = NONE };
}

/* A question got no answer: told, or once it has taken too long an error.  Returns KAFKA_IDLE or -1. */
static int
no_answer(struct kafka_in *k, const char *what, rd_kafka_resp_err_t code, struct err *e)
{
	char text[512];

	if (k->err.status != 0) {
		*e = k->err;
		return -1;
	}
	if (!k->o->patient && utc_mono() - k->asked_ns > START_NS)
		return err_set(e, EX_TEMPFAIL, "%s: no answer from %s: %s", what, k->o->brokers,
		    k->down[0] ? k->down : rd_kafka_err2str(code));
	if (k->o->patient && k->down[0] == '\0') {
		(void)snprintf(text, sizeof text, "%s: %s", what, rd_kafka_err2str(code));
		kafka_in_say(k, text);
	}
	return KAFKA_IDLE;
}

/* Are the topics there?  1 when all are, and without a group k->part has their partitions. */
int
kafka_place_topics(struct kafka_in *k, struct err *e)
{
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_resp_err_t code;
	rd_kafka_topic_t *rkt;
	char text[512];
	size_t i, j;
	int32_t n;

	kafka_in_drop(k);
	for (i = 0; i < k->o->topics; i++) {
		const struct kafka_in_topic *t = &k->o->topic[i];

		rkt = rd_kafka_topic_new(k->rk, t->name, NULL);
		code = rd_kafka_metadata(k->rk, 0, rkt, &md, PROBE_MS);
		rd_kafka_topic_destroy(rkt);
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
			rd_kafka_message_t *m = kafka_in_take(k, 0);	/* callbacks */

			if (m != NULL)
				rd_kafka_message_destroy(m);
			return no_answer(k, t->name, code, e);
		}
		k->down_ns = 0;
		code = md->topic_cnt == 1 ? md->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
		n = md->topic_cnt == 1 ? md->topics[0].partition_cnt : 0;
		rd_kafka_metadata_destroy(md);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR && n == 0)
			code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
		switch (code) {
		case RD_KAFKA_RESP_ERR_NO_ERROR:
			break;
		case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
			return no_answer(k, t->name, code, e);
		default:
			(void)snprintf(text, sizeof text, "%s: %s", t->name, code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
			    code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ? "no such topic" : rd_kafka_err2str(code));
			return kafka_in_trouble(k, EX_CONFIG, text, e);
		}
		if (k->o->group != NULL)
			continue;
		for (j = 0; j < t->parts; j++)
			if (t->part[j] >= n)
				return err_set(e, EX_CONFIG, "%s: no partition %" PRId32 ", it has %" PRId32, t->name, t->part[j], n);
		for (j = 0; j < (t->parts > 0 ? t->parts : (size_t)n); j++)
			kafka_place_add(k, t->name, t->parts > 0 ? t->part[j] : (int32_t)j);
	}
	return 1;
}

int
kafka_place_subscribe(struct kafka_in *k, struct err *e)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->o->topics);
	rd_kafka_resp_err_t code;
	size_t i;

	for (i = 0; i < k->o->topics; i++)
		(void)rd_kafka_topic_partition_list_add(list, k->o->topic[i].name, RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(k->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(e, EX_TEMPFAIL, "group %s: %s", k->o->group, rd_kafka_err2str(code));
	return 0;
}

/* What the group has committed, into next and committed.  0, or a code. */
static rd_kafka_resp_err_t
ask_committed(struct kafka_in *k)
{
	rd_kafka_topic_partition_list_t *list = kafka_in_list(k);
	rd_kafka_resp_err_t code = rd_kafka_committed(k->rk, list, ASK_MS);
	size_t i;

	for (i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < k->parts; i++) {
		code = list->elems[i].err;
		if (list->elems[i].offset >= 0)
			k->part[i].next = k->part[i].acked = k->part[i].committed = list->elems[i].offset;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

/* Offsets at a time, in the order of the parts; -1: all are older. */
static rd_kafka_resp_err_t
ask_times(struct kafka_in *k, int64_t ms, int64_t *offset)
{
	rd_kafka_topic_partition_list_t *list = kafka_in_list(k);
	rd_kafka_resp_err_t code;
	size_t i;

	for (i = 0; i < k->parts; i++)
		list->elems[i].offset = ms;
	code = rd_kafka_offsets_for_times(k->rk, list, ASK_MS);
	for (i = 0; i < k->parts; i++) {
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			code = list->elems[i].err;
		offset[i] = list->elems[i].offset;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

static int64_t
place(struct kafka_pos pos, int64_t low, int64_t high, int64_t timed)
{
	switch (pos.at) {
	case KAFKA_BEGINNING:
		return low;
	case KAFKA_OFFSET:
		return pos.v;
	case KAFKA_TAIL:
		return high - low > pos.v ? high - pos.v : low;
	case KAFKA_TIME:
		return timed >= 0 ? timed : high;
	case KAFKA_NEVER:
		return INT64_MAX;
	default:
		return high;
	}
}

/* The error of a position that the log does not have.  Returns -1. */
int
kafka_place_gone(const struct kafka_in *k, const struct part *p, int64_t low, int64_t high, struct err *e)
{
	if (p->floating)
		return err_set(e, EX_TEMPFAIL, "%s:%" PRId32 ": the oldest messages were deleted while the read began; start again", p->topic, p->id);
	if (p->next >= low && p->next <= high)
		return err_set(e, EX_TEMPFAIL, "%s:%" PRId32 ": the broker does not give offset %" PRId64 " of %" PRId64 " to %" PRId64 "; start again",
		    p->topic, p->id, p->next, low, high);
	if (k->o->group == NULL)
		return err_set(e, EX_UNAVAILABLE, "%s:%" PRId32 ": offset %" PRId64 " is not there, the broker has %" PRId64 " to %" PRId64
		    " (-o beginning reads these)", p->topic, p->id, p->next, low, high);
	if (p->next < low)
		return err_set(e, EX_UNAVAILABLE, "%s:%" PRId32 ": offset %" PRId64 " of group %s is gone, the broker has %" PRId64 " to %" PRId64
		    ": %" PRId64 " messages were deleted unread; set the group on (kafka-consumer-groups --reset-offsets) and load what "
		    "is missing from the archive or the database", p->topic, p->id, p->next, k->o->group, low, high, low - p->next);
	return err_set(e, EX_UNAVAILABLE, "%s:%" PRId32 ": offset %" PRId64 " of group %s is beyond the end, the broker has %" PRId64 " to %" PRId64
	    ": another cluster, or the topic was made anew; set the group (kafka-consumer-groups --reset-offsets)",
	    p->topic, p->id, p->next, k->o->group, low, high);
}

/* Sets next and stop of each part.  1, KAFKA_IDLE (asked again), or -1. */
int
kafka_place_parts(struct kafka_in *k, struct err *e)
{
	const struct kafka_in_options *o = k->o;
	int64_t *from = mem_alloc((2 * k->parts + 1) * sizeof *from), *to = from + k->parts;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	const char *what = "offsets";
	int64_t low, high;
	size_t i;
	int rc = -1;

	if (k->parts > 0 && o->group != NULL) {
		what = "committed offsets";
		code = ask_committed(k);
	}
	if (k->parts > 0 && code == RD_KAFKA_RESP_ERR_NO_ERROR && o->start.at == KAFKA_TIME)
		code = ask_times(k, o->start.v, from);
	if (k->parts > 0 && code == RD_KAFKA_RESP_ERR_NO_ERROR && o->stop.at == KAFKA_TIME)
		code = ask_times(k, o->stop.v, to);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		rc = no_answer(k, what, code, e);
		goto out;
	}
	k->left = 0;
	for (i = 0; i < k->parts; i++) {
		struct part *p = &k->part[i];

		code = rd_kafka_query_watermark_offsets(k->rk, p->topic, p->id, &low, &high, ASK_MS);
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
			rc = no_answer(k, p->topic, code, e);
			goto out;
		}
		p->high = high;
		p->done = 0;
		if (p->committed == NONE) {
			if (o->start.at == KAFKA_FAIL) {
				err_set(e, EX_UNAVAILABLE, "%s:%" PRId32 ": group %s has committed nothing (--start earliest, latest or @TIME)",
				    p->topic, p->id, o->group);
				goto out;
			}
			p->next = place(o->start, low, high, from[i]);
			p->floating = o->start.at == KAFKA_BEGINNING;
		}
		p->stop = place(o->stop, low, high, to[i]);
		if (o->end && p->stop > high)
			p->stop = high;
		if (p->next >= p->stop) {
			p->done = 1;
			continue;
		}
		if (p->next < low || p->next > high) {
			rc = kafka_place_gone(k, p, low, high, e);
			goto out;
		}
		k->left++;
	}
	rc = 1;
out:
	free(from);
	return rc;
}

/* Starts the fetch of all placed parts. */
int
kafka_place_start(struct kafka_in *k, struct err *e)
{
	rd_kafka_topic_partition_list_t *list = kafka_in_list(k);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	size_t i;

	if (k->o->group != NULL) {
		for (i = 0; i < k->parts; i++)
			list->elems[i].offset = k->part[i].next;
		code = rd_kafka_assign(k->rk, list);
	} else {
		for (i = 0; i < k->parts && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
			rd_kafka_topic_t *rkt;

			if (k->part[i].done)
				continue;
			rkt = rd_kafka_topic_new(k->rk, k->part[i].topic, NULL);
			if (rd_kafka_consume_start_queue(rkt, k->part[i].id, k->part[i].next, k->queue) == -1)
				code = rd_kafka_last_error();
		}
	}
	rd_kafka_topic_partition_list_destroy(list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(e, EX_TEMPFAIL, "the partitions cannot be read: %s", rd_kafka_err2str(code));
	list = rd_kafka_topic_partition_list_new(1);
	for (i = 0; i < k->parts; i++)
		if (k->paused || (k->part[i].done && k->o->group != NULL))
			(void)rd_kafka_topic_partition_list_add(list, k->part[i].topic, k->part[i].id);
	kafka_in_hold(k, list, 1);
	k->begun = 1;
	return 0;
}
