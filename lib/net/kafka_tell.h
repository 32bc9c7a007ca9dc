#ifndef NET_KAFKA_TELL_H_
#define NET_KAFKA_TELL_H_

#include <stddef.h>
#include <stdint.h>

/* Faults that a client goes on after, told again only after a minute.  All zero at first. */
struct kafka_tell {
	struct {
		uint64_t hash;
		int64_t at_ns;
	} told[4];
	unsigned n;
};

/* How much of a reason of librdkafka says what the matter is: without "(after 3ms in state ...)". */
size_t kafka_tell_len(const char *reason);

/* 1 with the text, fit to be shown, in cap bytes at dst; 0 when it was told a short while ago. */
int kafka_tell(struct kafka_tell *t, const char *text, char *dst, size_t cap);

#endif
