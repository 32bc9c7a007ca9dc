/* Input files: plain, gzip or zstd, found by their first bytes. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"
#include "io/input.h"
#include "io/sig.h"

#define PIPE_SIZE (1024 * 1024)
#define RAW_SIZE (128 * 1024)

struct input_codec {
	enum { PLAIN, GZIP, ZSTD } kind;
	char raw[RAW_SIZE];
	size_t at, n;		/* raw bytes not yet decoded: raw[at..n) */
	int eof;		/* the descriptor is at its end */
	int inside;		/* within a member or frame */
	int ended;		/* one of them has ended, and the next one has given nothing yet */
	z_stream z;
	ZSTD_DStream *zstd;
};

int
input_open(struct input *in, const char *path, struct err *e)
{
	struct stat sb;

	*in = (struct input){ .fd = STDIN_FILENO, .name = "standard input" };
	if (strcmp(path, "-") != 0) {
		in->name = path;
		do
			in->fd = open(path, O_RDONLY | O_CLOEXEC);
		while (in->fd == -1 && errno == EINTR);	/* a FIFO waits for its writer */
		if (in->fd == -1)
			return err_set(e, errno == ENOENT ? EX_USAGE : EX_IOERR, "%s: %s", path, strerror(errno));
	}
	if (fstat(in->fd, &sb) == -1 || S_ISDIR(sb.st_mode)) {
		err_set(e, EX_IOERR, "%s: %s", in->name, S_ISDIR(sb.st_mode) ? strerror(EISDIR) : strerror(errno));
		input_close(in);
		return -1;
	}
	if (S_ISREG(sb.st_mode))
		in->size = (uint64_t)sb.st_size;
	if (S_ISFIFO(sb.st_mode))
		(void)fcntl(in->fd, F_SETPIPE_SZ, PIPE_SIZE);	/* fewer switches; a refusal costs nothing */
	return 0;
}

void
input_close(struct input *in)
{
	if (in->codec != NULL) {
		if (in->codec->kind == GZIP)
			(void)inflateEnd(&in->codec->z);
		(void)ZSTD_freeDStream(in->codec->zstd);
		free(in->codec);
	}
	if (in->fd > STDERR_FILENO)
		(void)close(in->fd);
	*in = (struct input){ .fd = -1 };
}

static ssize_t
read_fd(struct input *in, char *p, size_t n, int wait_ms, struct err *e)
{
	struct pollfd pfd = { .fd = in->fd, .events = POLLIN };
	ssize_t r;
	int ready;

	if (in->size == 0 && (in->before_block != NULL || wait_ms >= 0) && poll(&pfd, 1, 0) == 0) {
		if (in->before_block != NULL)
			in->before_block(in->block_arg);
		ready = sig_poll(in->fd, POLLIN, wait_ms);
		if (ready == -1 && errno == EINTR)
			return INPUT_INTR;
		if (ready == 0)
			return INPUT_IDLE;
	}
	while ((r = read(in->fd, p, n)) == -1 && errno == EAGAIN)	/* somebody else made it so */
		if (poll(&pfd, 1, -1) == -1 && errno == EINTR)
			return INPUT_INTR;
	if (r == -1 && errno == EINTR)
		return INPUT_INTR;
	if (r == -1)
		return err_set(e, EX_IOERR, "%s: %s", in->name, strerror(errno));
	in->bytes += (uint64_t)r;
	return r;
}

static int
begin(struct input *in, struct err *e)
{
	struct input_codec *c = in->codec;
	const unsigned char *m = (const unsigned char *)c->raw;

	if (c->n >= 2 && m[0] == 0x1f && m[1] == 0x8b) {
		c->kind = GZIP;
		if (inflateInit2(&c->z, 16 + MAX_WBITS) != Z_OK)
			return err_set(e, EX_SOFTWARE, "%s: zlib does not start", in->name);
	} else if (c->n >= 4 && m[0] == 0x28 && m[1] == 0xb5 && m[2] == 0x2f && m[3] == 0xfd) {
		c->kind = ZSTD;
		c->zstd = ZSTD_createDStream();
		if (c->zstd == NULL)
			return err_set(e, EX_SOFTWARE, "%s: zstd does not start", in->name);
	}
	return 0;
}

/* Decodes what is in raw into p: bytes made, or -1. */
static ssize_t
decode(struct input *in, char *p, size_t n, struct err *e)
{
	struct input_codec *c = in->codec;

	if (c->kind == GZIP) {
		int rc;

		if (!c->inside) {
			(void)inflateReset(&c->z);
			c->inside = 1;
		}
		c->z.next_in = (unsigned char *)c->raw + c->at;
		c->z.avail_in = (unsigned)(c->n - c->at);
		c->z.next_out = (unsigned char *)p;
		c->z.avail_out = n > 1u << 30 ? 1u << 30 : (unsigned)n;
		n = c->z.avail_out;
		rc = inflate(&c->z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return err_set(e, EX_DATAERR, "%s: gzip: %s%s", in->name, c->z.msg ? c->z.msg : "damaged",
			    c->ended ? ", behind data that ended" : "");
		c->at = c->n - c->z.avail_in;
		if (rc == Z_STREAM_END) {
			c->inside = 0;
			c->ended = 1;
		} else if (c->z.avail_out < n) {
			c->ended = 0;
		}
		return (ssize_t)(n - c->z.avail_out);
	} else {
		ZSTD_inBuffer ib = { c->raw, c->n, c->at };
		ZSTD_outBuffer ob = { p, n, 0 };
		size_t rc = ZSTD_decompressStream(c->zstd, &ob, &ib);

		if (ZSTD_isError(rc))
			return err_set(e, EX_DATAERR, "%s: zstd: %s%s", in->name, ZSTD_getErrorName(rc),
			    c->ended ? ", behind data that ended" : "");
		c->at = ib.pos;
		c->inside = rc != 0;
		if (rc == 0 || ob.pos > 0)
			c->ended = rc == 0;
		return (ssize_t)ob.pos;
	}
}

ssize_t
input_read(struct input *in, char *p, size_t n, int wait_ms, struct err *e)
{
	struct input_codec *c = in->codec;
	ssize_t r;

	if (in->began && c == NULL)
		return read_fd(in, p, n, wait_ms, e);
	if (c == NULL) {
		c = in->codec = mem_alloc(sizeof *c);
		c->kind = PLAIN;
	}
	while (!in->began) {	/* four bytes tell what it is */
		r = read_fd(in, c->raw + c->n, sizeof c->raw - c->n, wait_ms, e);
		if (r < 0)
			return r;
		c->n += (size_t)r;
		c->eof = r == 0;
		if (c->n < 4 && !c->eof && (c->n == 0 || c->raw[0] == 0x1f || c->raw[0] == 0x28))
			continue;
		in->began = 1;
		if (begin(in, e) == -1)
			return -1;
	}
	if (c->kind == PLAIN) {
		if (n > c->n - c->at)
			n = c->n - c->at;
		memcpy(p, c->raw + c->at, n);
		c->at += n;
		if (c->at == c->n) {
			free(c);
			in->codec = NULL;
		}
		return (ssize_t)n;
	}
	for (;;) {
		if (c->at < c->n || c->inside) {
			r = decode(in, p, n, e);
			if (r != 0)
				return r;
		}
		if (c->at < c->n)
			continue;
		if (c->eof) {
			if (c->inside)
				return err_set(e, EX_DATAERR, "%s: ends inside of the compressed data", in->name);
			return 0;
		}
		r = read_fd(in, c->raw, sizeof c->raw, wait_ms, e);
		if (r < 0)
			return r;
		c->at = 0;
		c->n = (size_t)r;
		c->eof = r == 0;
	}
}
