/* Compressed bodies of requests, undone as they come. */
#include <stdlib.h>
#include <strings.h>

#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"
#include "net/chbody.h"
#include "net/chpool.h"

#define PIECE (256 * 1024)

enum kind { PLAIN, ZLIB, ZSTD };

struct chbody {
	enum kind kind;
	z_stream z;
	ZSTD_DStream *zstd;
	int ended;
	char out[PIECE];
};

struct chbody *
chbody_new(struct slice encoding)
{
	struct chbody *b = mem_alloc(sizeof(*b));
	int bits = 0;

	if (encoding.n == 0 || (encoding.n == 8 && strncasecmp(encoding.p, "identity", 8) == 0))
		return b;
	if (encoding.n == 4 && strncasecmp(encoding.p, "gzip", 4) == 0)
		bits = 15 + 16;
	else if (encoding.n == 7 && strncasecmp(encoding.p, "deflate", 7) == 0)
		bits = 15;
	if (bits != 0 && inflateInit2(&b->z, bits) == Z_OK) {
		b->kind = ZLIB;
		return b;
	}
	if (encoding.n == 4 && strncasecmp(encoding.p, "zstd", 4) == 0 && (b->zstd = ZSTD_createDStream()) != NULL) {
		b->kind = ZSTD;
		return b;
	}
	free(b);
	return NULL;
}

void
chbody_free(struct chbody *b)
{
	if (b == NULL)
		return;
	if (b->kind == ZLIB)
		(void)inflateEnd(&b->z);
	(void)ZSTD_freeDStream(b->zstd);
	free(b);
}

static int
broken(const struct chbody *b, struct buf *why, const char *fault)
{
	if (b->kind == ZLIB)
		chpool_error(why, 354, "ZLIB_INFLATE_FAILED", "inflate failed: %s", fault);
	else
		chpool_error(why, 561, "ZSTD_DECODER_FAILED", "zstd decoding failed: %s", fault);
	return -1;
}

static int
put_zlib(struct chbody *b, const char *p, size_t n, int (*sink)(void *, const char *, size_t), void *arg,
    struct buf *why)
{
	int rc = Z_OK;

	b->z.next_in = (z_const Bytef *)(uintptr_t)p;
	b->z.avail_in = (uInt)n;
	do {
		b->z.next_out = (Bytef *)b->out;
		b->z.avail_out = PIECE;
		rc = inflate(&b->z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return broken(b, why, b->z.msg ? b->z.msg : "damaged data");
		if (PIECE - b->z.avail_out > 0 && sink(arg, b->out, PIECE - b->z.avail_out) == -1)
			return -1;
	} while (rc == Z_OK && (b->z.avail_in > 0 || b->z.avail_out == 0));
	b->ended = rc == Z_STREAM_END;
	return b->ended && b->z.avail_in > 0 ? broken(b, why, "bytes behind the end mark") : 0;
}

static int
put_zstd(struct chbody *b, const char *p, size_t n, int (*sink)(void *, const char *, size_t), void *arg,
    struct buf *why)
{
	ZSTD_inBuffer in = { p, n, 0 };
	ZSTD_outBuffer out = { b->out, PIECE, 0 };
	size_t rc = 0;

	do {
		out.pos = 0;
		rc = ZSTD_decompressStream(b->zstd, &out, &in);
		if (ZSTD_isError(rc))
			return broken(b, why, ZSTD_getErrorName(rc));
		if (out.pos > 0 && sink(arg, b->out, out.pos) == -1)
			return -1;
	} while (rc != 0 && (in.pos < in.size || out.pos == out.size));
	b->ended = rc == 0;
	return b->ended && in.pos < in.size ? broken(b, why, "bytes behind the end mark") : 0;
}

int
chbody_put(struct chbody *b, const char *p, size_t n, int (*sink)(void *, const char *, size_t), void *arg,
    struct buf *why)
{
	if (n == 0)
		return 0;
	if (b->kind == PLAIN)
		return sink(arg, p, n);
	if (b->ended)
		return broken(b, why, "bytes behind the end mark");
	return b->kind == ZLIB ? put_zlib(b, p, n, sink, arg, why) : put_zstd(b, p, n, sink, arg, why);
}

int
chbody_end(struct chbody *b, struct buf *why)
{
	return b->kind == PLAIN || b->ended ? 0 : broken(b, why, "the end mark is missing: the body was cut");
}
