/* How far a consumer is behind. */
#include <inttypes.h>

#include "net/kafka_in_work.h"

static int64_t
lag(const struct kafka_in *k, const struct part *p)
{
	int64_t low = 0, high = 0, end;

	if (p->next == NONE)
		return 0;
	(void)rd_kafka_get_watermark_offsets(k->rk, p->topic, p->id, &low, &high);
	end = high > p->high ? high : p->high;
	if (end > p->stop)
		end = p->stop;
	return end > p->next ? end - p->next : 0;
}

int64_t
kafka_in_lag(struct kafka_in *k)
{
	int64_t sum = 0;
	size_t i;

	if (k->state != READ || k->parts == 0)
		return -1;
	for (i = 0; i < k->parts; i++)
		sum += lag(k, &k->part[i]);
	return sum;
}

/* One gauge for each partition that is held. */
static void
family(const struct kafka_in *k, struct buf *b, const char *name, const char *help, int64_t acked_ms)
{
	const struct part *p;

	buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
	for (p = k->part; p < k->part + k->parts; p++) {
		buf_printf(b, "%s{topic=\"%.*s\",partition=\"%" PRId32 "\"} ", name, (int)p->topic_n, p->topic, p->id);
		if (acked_ms == 0)
			buf_printf(b, "%" PRId64 "\n", lag(k, p));
		else
			buf_printf(b, "%.3f\n", (double)acked_ms / 1000);
	}
}

void
kafka_in_metrics(const struct kafka_in *k, int64_t acked_ms, struct buf *b)
{
	family(k, b, "waybill_kafka_lag_records", "Messages not read yet.", 0);
	/* while a lane stands nothing is fetched and the lag is an old one: this is how it shows */
	if (acked_ms != 0)
		family(k, b, "waybill_kafka_acknowledged_timestamp_seconds",
		    "When the lane was last known to have stored all before a checkpoint.", acked_ms);
}
