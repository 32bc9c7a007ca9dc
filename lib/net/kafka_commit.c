/*
 * Commits of a consumer.  librdkafka's synchronous commit has no limit in time and its own
 * positions move behind our back, so that what is committed are offsets counted here, and
 * the answers come on a queue of their own.
 */
#include "net/kafka_in_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utc.h"

#define RETRY_NS (200 * MS)	/* between two tries */

static void
start_commit(struct kafka_in *k)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;
	size_t i;

	for (i = 0; i < k->parts; i++)
		if (k->part[i].acked > k->part[i].committed)
			rd_kafka_topic_partition_list_add(list, k->part[i].topic, k->part[i].id)->offset = k->part[i].acked;
	k->owed = list->cnt > 0;
	if (k->owed) {
		code = rd_kafka_commit_queue(k->rk, list, k->commits, NULL, NULL);
		k->committing = code == RD_KAFKA_RESP_ERR_NO_ERROR;
		k->retry_ns = utc_mono() + RETRY_NS;
	}
	rd_kafka_topic_partition_list_destroy(list);
}

/* The answer to a commit. */
static void
end_commit(struct kafka_in *k, rd_kafka_event_t *ev)
{
	const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(ev);
	rd_kafka_resp_err_t code = rd_kafka_event_error(ev);
	struct part key, *p;
	char text[512];
	int i;

	k->committing = 0;
	k->retry_ns = 0;
	for (i = 0; list != NULL && i < list->cnt; i++) {
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			code = list->elems[i].err;
		key = (struct part){ .topic = list->elems[i].topic, .id = list->elems[i].partition };
		p = k->parts > 0 ? bsearch(&key, k->part, k->parts, sizeof key, kafka_in_cmp) : NULL;
		if (p != NULL && rd_kafka_event_error(ev) == RD_KAFKA_RESP_ERR_NO_ERROR &&
		    list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR && list->elems[i].offset > p->committed)
			p->committed = list->elems[i].offset;
	}
	switch (code) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
	case RD_KAFKA_RESP_ERR__NO_OFFSET:
		return;
	case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
	case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
		err_set(&k->err, EX_TEMPFAIL, "group %s: commit refused: %s", k->o->group, rd_kafka_err2str(code));
		return;
	default:
		(void)snprintf(text, sizeof text, "group %s: commit: %s", k->o->group, rd_kafka_err2str(code));
		kafka_in_say(k, text);
		k->retry_ns = utc_mono() + RETRY_NS;
	}
}

/* Answers to commits, and the next one. */
void
kafka_commit_serve(struct kafka_in *k, int wait_ms)
{
	rd_kafka_event_t *ev;

	if ((k->committing || wait_ms > 0) && (ev = rd_kafka_queue_poll(k->commits, wait_ms)) != NULL) {
		end_commit(k, ev);
		rd_kafka_event_destroy(ev);
	}
	if (k->owed && !k->committing && k->err.status == 0 && utc_mono() >= k->retry_ns)
		start_commit(k);
}

void
kafka_in_mark(struct kafka_in *k, uint64_t n)
{
	struct mark *m;
	size_t i;

	if (k->marks == KAFKA_MARKS) {
		/* the oldest is contained in those behind it */
		struct mark oldest = k->mark[0];

		memmove(k->mark, k->mark + 1, (KAFKA_MARKS - 1) * sizeof *k->mark);
		k->mark[--k->marks] = oldest;
	}
	m = &k->mark[k->marks++];
	m->n = n;
	m->epoch = k->epoch;
	m->next = mem_grow(m->next, &m->cap, k->parts + 1, sizeof *m->next);
	for (i = 0; i < k->parts; i++)
		m->next[i] = k->state == PLACE ? NONE : k->part[i].next;
}

void
kafka_in_acked(struct kafka_in *k, uint64_t n)
{
	struct mark m;
	size_t i;

	while (k->marks > 0 && k->mark[0].n <= n) {
		m = k->mark[0];
		/* positions of a former assignment are the new owner's now */
		for (i = 0; m.epoch == k->epoch && k->commits != NULL && i < k->parts; i++)
			if (m.next[i] > k->part[i].acked) {
				k->part[i].acked = m.next[i];
				k->owed = 1;
			}
		memmove(k->mark, k->mark + 1, (KAFKA_MARKS - 1) * sizeof *k->mark);
		k->mark[KAFKA_MARKS - 1] = m;
		k->marks--;
	}
	if (k->commits != NULL)
		kafka_commit_serve(k, 0);
}

int
kafka_in_commit(struct kafka_in *k, int ms, struct err *e)
{
	int64_t until = utc_mono() + ms * MS;

	while (k->commits != NULL && (k->committing || k->owed)) {
		kafka_commit_serve(k, k->committing ? 20 : 1);
		if (k->err.status != 0) {
			*e = k->err;
			return -1;
		}
		if (utc_mono() > until && (k->committing || k->owed))
			return err_set(e, EX_TEMPFAIL, "group %s: no answer to a commit in %d ms", k->o->group, ms);
	}
	return 0;
}
