/* io: lines across read boundaries, compressed input cut at every byte, output, atomic files. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "io/file.h"
#include "io/line.h"
#include "io/out.h"
#include "tap.h"

static char dir[] = "/tmp/wb-io.XXXXXX";
static char path[64];

static void
save(const void *p, size_t n)
{
	struct err e = ERR_NONE;

	if (file_replace(path, p, n, &e) == -1)
		printf("# %s\n", e.msg);
}

/* Reads the file to its end: lines into b, joined by '|'; returns the last result. */
static int
slurp(struct buf *b, int *kinds)
{
	struct line_reader r;
	struct err e = ERR_NONE;
	struct slice s;
	int k;

	buf_clear(b);
	if (line_open(&r, path, &e) == -1)
		return -1;
	while ((k = line_next(&r, &s, &e)) > 0) {
		if (kinds != NULL)
			kinds[k]++;
		buf_slice(b, s);
		buf_putc(b, '|');
	}
	line_close(&r);
	return k;
}

/* Lines of many lengths come out as they went in, wherever the buffer ends. */
static void
test_lengths(void)
{
	struct buf text = { 0 }, want = { 0 }, got = { 0 };
	unsigned seed = 1;
	int i, n;

	for (i = 0; i < 3000; i++) {
		seed = seed * 1103515245 + 12345;
		n = i % 500 == 499 ? (int)(seed >> 8 & 0xfffff) : (int)(seed >> 16 & 0x3ff);
		memset(buf_room(&text, (size_t)n), 'a' + i % 26, (size_t)n);
		buf_put(&want, text.p + text.n, (size_t)n);
		text.n += (size_t)n;
		buf_putc(&text, '\n');
		buf_putc(&want, '|');
	}
	save(text.p, text.n);
	is_int(slurp(&got, NULL), LINE_END, "lines of 0 to 1 MiB");
	ok(slice_eq(buf_as_slice(&got), buf_as_slice(&want)), "are read as they were written");
	buf_fini(&text);
	buf_fini(&want);
	buf_fini(&got);
}

static void
test_long(void)
{
	struct buf text = { 0 }, got = { 0 };
	int kinds[8] = { 0 };
	size_t i;

	for (i = 0; i < 3; i++) {
		memset(buf_room(&text, LINE_MAX_BYTES + i), 'x', LINE_MAX_BYTES + i);
		text.n += LINE_MAX_BYTES + i;
		buf_puts(&text, "\nshort\n");
	}
	memset(buf_room(&text, 5 * LINE_MAX_BYTES), 'y', 5 * LINE_MAX_BYTES);
	text.n += 5 * LINE_MAX_BYTES;
	save(text.p, text.n);
	is_int(slurp(&got, kinds), LINE_END, "lines over the cap");
	is_int(kinds[LINE_OK], 4, "the one at the cap and the short ones are lines");
	is_int(kinds[LINE_LONG], 3, "each longer one is told once, the last without its LF too");
	is_int(kinds[LINE_CUT], 0, "and nothing is left of them");
	buf_fini(&text);
	buf_fini(&got);
}

/* A compressed file that is cut anywhere is an error, never a shorter file. */
static void
test_cut(const char *name, const unsigned char *p, size_t n)
{
	struct buf got = { 0 };
	size_t i;
	int bad = 0;

	for (i = 1; i < n; i++) {
		save(p, i);
		if (i >= 4 && slurp(&got, NULL) != -1)
			bad++;
	}
	is_int(bad, 0, name);
	save(p, n);
	is_int(slurp(&got, NULL), LINE_END, "whole, it is read");
	ok(slice_eq(buf_as_slice(&got), SLICE("one|two|")), "to the same lines");
	buf_fini(&got);
}

static void
test_compressed(void)
{
	static const char text[] = "one\ntwo\n";
	unsigned char dst[256];
	z_stream z = { 0 };
	size_t n;

	(void)deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	z.next_in = (unsigned char *)(size_t)text;
	z.avail_in = sizeof text - 1;
	z.next_out = dst;
	z.avail_out = sizeof dst;
	(void)deflate(&z, Z_FINISH);
	test_cut("gzip cut anywhere", dst, z.total_out);
	(void)deflateEnd(&z);
	n = ZSTD_compress(dst, sizeof dst, text, sizeof text - 1, 3);
	test_cut("zstd cut anywhere", dst, n);
}

static void
test_out(void)
{
	struct err e = ERR_NONE;
	struct buf got = { 0 };
	struct out o;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), p[2], i;
	char *q;

	out_open(&o, fd, "file");
	for (i = 0; i < 100000; i++) {
		q = out_room(&o, 8);
		memcpy(q, "1234567\n", 8);
		out_used(&o, q + 8);
	}
	q = out_room(&o, 3000000);
	memset(q, 'z', 3000000);
	out_used(&o, q + 3000000);
	is_int(out_flush(&o, &e), 0, "output");
	is_int((long long)o.bytes, 3800000, "all of it");
	out_close(&o);
	(void)close(fd);
	is_int(file_read(path, 1 << 24, &got, &e), 0, "is there");
	is_int((long long)got.n, 3800000, "to the byte");
	is_int(file_read(path, 1000, &got, &e), -1, "a file larger than asked for is an error");
	buf_fini(&got);

	fd = open("/dev/full", O_WRONLY);
	out_open(&o, fd, "standard output");
	out_puts(&o, "x");
	is_int(out_flush(&o, &e), -1, "a full disk");
	is_int(e.status, EX_IOERR, "is EX_IOERR");
	out_close(&o);
	(void)close(fd);
	if (pipe(p) == 0)
		(void)close(p[0]);
	out_open(&o, p[1], "standard output");
	out_puts(&o, "x");
	is_int(out_flush(&o, &e), -1, "a dead reader");
	is_int(e.status, EX_TEMPFAIL, "is EX_TEMPFAIL");
	is_str(e.msg, "standard output: the reader is gone", "and is told");
	out_close(&o);
	(void)close(p[1]);
}

/* In a child, a moment later, so that the parent is waiting by then: n bytes into fd, or out of it. */
static void
later(int fd, int take, size_t n)
{
	static char some[4096];
	ssize_t r = 1;

	if (fork() != 0)
		return;
	(void)poll(NULL, 0, 50);
	while (n > 0 && r > 0) {
		r = take ? read(fd, some, sizeof some) : write(fd, "x", 1);
		n -= r > 0 ? (size_t)r : 0;
	}
	_exit(0);
}

/* Descriptors that somebody else made not to wait. */
static void
test_nonblocking(void)
{
	struct err e = ERR_NONE;
	struct input in = { .name = "pipe" };
	struct out o;
	char got[8];
	size_t full = 0;
	int p[2];

	if (pipe(p) == -1 || fcntl(p[0], F_SETFL, O_NONBLOCK) == -1 || fcntl(p[1], F_SETFL, O_NONBLOCK) == -1)
		return;
	in.fd = p[0];
	later(p[1], 0, 1);
	is_int(input_read(&in, got, sizeof got, -1, &e), 1, "input that would block is waited for");
	in.fd = -1;
	input_close(&in);
	out_open(&o, p[1], "pipe");
	while (write(p[1], "x", 1) == 1)
		full++;
	later(p[0], 1, full + 3);
	out_puts(&o, "abc");
	is_int(out_flush(&o, &e), 0, "output that would block too");
	is_int((long long)o.bytes, 3, "all of it");
	out_close(&o);
	(void)close(p[0]);
	(void)close(p[1]);
}

/* Output that does not wait: the pipe is full, the rest is kept, and nobody else's descriptor is touched. */
static void
test_unblocked(void)
{
	struct err e = ERR_NONE;
	struct out o;
	char *got = malloc(4000000), *q;
	size_t n = 0, i, wrong = 0;
	ssize_t r = 0;
	int p[2] = { -1, -1 }, shared;

	ok(pipe(p) == 0, "a pipe");
	shared = dup(p[1]);
	out_open(&o, p[1], "standard output");
	out_unblock(&o);
	is_int(fcntl(shared, F_GETFL) & O_NONBLOCK, 0, "who shares the pipe still waits");
	for (i = 0; i < 300000; i++) {
		q = out_room(&o, 10);
		(void)snprintf(q, 10, "%09zu", i);
		q[9] = '\n';
		out_used(&o, q + 10);
	}
	is_int(out_try(&o, &e), 0, "more than the pipe takes");
	ok(o.n > 0 && o.bytes > 0 && o.bytes + o.n == 3000000, "is kept");
	while (n < 3000000 && (r = read(p[0], got + n, 65536)) > 0) {
		n += (size_t)r;
		(void)out_try(&o, &e);
	}
	is_int(out_try(&o, &e), 1, "all has gone");
	for (i = 0; i < n; i += 10)
		wrong += strtoul(got + i, NULL, 10) != i / 10;
	ok(n == 3000000 && wrong == 0, "in order");
	(void)close(p[0]);
	out_puts(&o, "x");
	is_int(out_try(&o, &e), -1, "a dead reader");
	is_int(e.status, EX_TEMPFAIL, "is EX_TEMPFAIL");
	out_close(&o);
	(void)close(p[1]);
	(void)close(shared);
	free(got);
}

int
main(void)
{
	struct err e = ERR_NONE;
	struct input in;

	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(path, sizeof path, "%s/f", dir);
	test_lengths();
	test_long();
	test_compressed();
	test_out();
	test_nonblocking();
	test_unblocked();
	is_int(input_open(&in, "/nonexistent/x", &e), -1, "no such file");
	is_int(e.status, EX_USAGE, "is a usage error");
	is_int(input_open(&in, dir, &e), -1, "a folder is no input");
	(void)unlink(path);
	is_int(rmdir(dir), 0, "no temporary file is left");
	return done_testing();
}
