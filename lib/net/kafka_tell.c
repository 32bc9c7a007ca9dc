/* What clients of Kafka tell their user, once each. */
#include "net/kafka_tell.h"

#include <string.h>

#include "base/err.h"
#include "base/utc.h"

#define AGAIN_NS 60000000000LL

size_t
kafka_tell_len(const char *reason)
{
	const char *end = strstr(reason, " (after ");

	return end ? (size_t)(end - reason) : strlen(reason);
}

int
kafka_tell(struct kafka_tell *t, const char *text, char *dst, size_t cap)
{
	size_t n = kafka_tell_len(text), i;
	uint64_t h = 14695981039346656037u;
	int64_t now = utc_mono();

	for (i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 1099511628211u;
	for (i = 0; i < sizeof t->told / sizeof *t->told; i++)
		if (t->told[i].hash == h && now - t->told[i].at_ns < AGAIN_NS)
			return 0;
	i = t->n++ % (sizeof t->told / sizeof *t->told);
	t->told[i].hash = h;
	t->told[i].at_ns = now;
	(void)err_show(dst, cap, text, n);
	return 1;
}
