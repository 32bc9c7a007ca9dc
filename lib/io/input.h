#ifndef IO_INPUT_H_
#define IO_INPUT_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Bytes of a file or of standard input, decompressed on the way when they begin
 * as gzip (RFC 1952, any number of members) or zstd (RFC 8878, any number of
 * frames).  A compressed input that ends before its end mark is an error.
 */
struct input {
	int fd;
	const char *name;	/* for messages; of the caller */
	uint64_t bytes;		/* read from the descriptor so far */
	uint64_t size;		/* of a regular file, else 0 */
	void (*before_block)(void *);	/* called before a read that may wait; may be NULL */
	void *block_arg;
	struct input_codec *codec;
	int began;
};

/* path "-" is standard input.  0, or -1 with EX_IOERR (EX_USAGE: no such file). */
int input_open(struct input *in, const char *path, struct err *e);
void input_close(struct input *in);

/*
 * Up to n bytes at p: their number, 0 at the end, -1 with e.  A signal that
 * interrupts a waiting read gives INPUT_INTR; with wait_ms >= 0, INPUT_IDLE when
 * nothing came for so long.
 */
#define INPUT_INTR (-2)
#define INPUT_IDLE (-3)
ssize_t input_read(struct input *in, char *p, size_t n, int wait_ms, struct err *e);

#endif
