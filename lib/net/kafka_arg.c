/* Topics and positions as the command line names them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "net/kafka_in.h"

static int
at_time(struct slice s, int64_t now, struct kafka_pos *pos)
{
	pos->at = KAFKA_TIME;
	return utc_arg(s, now, &pos->v);
}

int
kafka_pos_get(const char *s, int64_t now, struct kafka_pos *pos)
{
	struct slice t = slice_of(s);

	*pos = (struct kafka_pos){ 0 };
	if (strcmp(s, "beginning") == 0)
		return 0;
	if (strcmp(s, "end") == 0) {
		pos->at = KAFKA_END_OF_LOG;
		return 0;
	}
	if (strcmp(s, "stored") == 0) {
		pos->at = KAFKA_STORED;
		return 0;
	}
	if (s[0] == '@')
		return at_time((struct slice){ s + 1, t.n - 1 }, now, pos);
	if ((s[0] == 's' || s[0] == 'e') && s[1] == '@') {
		pos->at = KAFKA_TIME;
		return num_i64((struct slice){ s + 2, t.n - 2 }, &pos->v);
	}
	if (num_i64(t, &pos->v) == -1 || pos->v == INT64_MIN)
		return -1;
	pos->at = s[0] == '-' ? KAFKA_TAIL : KAFKA_OFFSET;
	if (pos->v < 0)
		pos->v = -pos->v;
	return 0;
}

int
kafka_pos_start(const char *s, int64_t now, struct kafka_pos *pos)
{
	*pos = (struct kafka_pos){ 0 };
	if (strcmp(s, "earliest") == 0)
		return 0;
	if (s[0] == '@')
		return kafka_pos_get(s, now, pos);
	pos->at = strcmp(s, "latest") == 0 ? KAFKA_END_OF_LOG : KAFKA_FAIL;
	return pos->at == KAFKA_END_OF_LOG || strcmp(s, "fail") == 0 ? 0 : -1;
}

int
kafka_in_topic_get(const char *s, struct kafka_in_topic *t)
{
	const char *colon = strchr(s, ':'), *p;
	size_t n = colon ? (size_t)(colon - s) : strlen(s), cap = 0, end;
	uint64_t id;

	*t = (struct kafka_in_topic){ 0 };
	if (!kafka_topic_name(s, n))
		return -1;
	for (p = colon; p != NULL; p = p[end] == ',' ? p + end : NULL) {
		end = 1 + strcspn(p + 1, ",");
		if (num_u64((struct slice){ p + 1, end - 1 }, &id) == -1 || id > INT32_MAX) {
			free(t->part);
			return -1;
		}
		t->part = mem_grow(t->part, &cap, t->parts + 1, sizeof *t->part);
		t->part[t->parts++] = (int32_t)id;
	}
	t->name = mem_dup(s, n);
	return 0;
}
