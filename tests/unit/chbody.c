/* Compressed bodies of requests: whole ones come out to the byte however they are cut into pieces, others are refused. */
#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "net/chbody.h"
#include "tap.h"

static int
keep(void *arg, const char *p, size_t n)
{
	buf_put(arg, p, n);
	return 0;
}

/* "whole", "same" when also the text came out, or "error". */
static const char *
decode(const char *encoding, const char *p, size_t n, size_t piece, const struct buf *want)
{
	struct chbody *b = chbody_new(slice_of(encoding));
	struct buf out = { 0 }, why = { 0 };
	const char *verdict = "error";
	size_t i = 0;

	for (i = 0; i < n; i += piece)
		if (chbody_put(b, p + i, n - i < piece ? n - i : piece, keep, &out, &why) == -1)
			goto out;
	if (chbody_end(b, &why) == 0)
		verdict = slice_eq(buf_as_slice(&out), buf_as_slice(want)) ? "same" : "whole";
out:
	ok((why.n > 0) == (verdict[0] == 'e'), "an error has a text");
	chbody_free(b);
	buf_fini(&out);
	buf_fini(&why);
	return verdict;
}

int
main(void)
{
	struct buf text = { 0 };
	char *gz = NULL, *zst = NULL;
	size_t gz_n = 0, zst_n = 0, i = 0, cap = 0;
	z_stream z = { 0 };

	for (i = 0; i < 100000; i++)
		buf_printf(&text, "row %zu\n", i * i);
	cap = text.n + 1024;
	gz = calloc(2, cap);
	zst = calloc(2, cap);
	if (gz == NULL || zst == NULL || deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return 1;
	z.next_in = (Bytef *)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = (Bytef *)gz;
	z.avail_out = (uInt)cap;
	(void)deflate(&z, Z_FINISH);
	gz_n = z.total_out;
	(void)deflateEnd(&z);
	zst_n = ZSTD_compress(zst, cap, text.p, text.n, 3);

	ok(chbody_new(SLICE("br")) == NULL, "an unknown encoding");
	is_str(decode("", text.p, text.n, 7777, &text), "same", "plain");
	for (i = 1; i <= cap; i = i * 13 + 1) {
		is_str(decode("gzip", gz, gz_n, i, &text), "same", "gzip");
		is_str(decode("zstd", zst, zst_n, i, &text), "same", "zstd");
	}
	for (i = 1; i < 12; i++) {
		is_str(decode("gzip", gz, gz_n - i, 4096, &text), "error", "gzip, cut");
		is_str(decode("zstd", zst, zst_n - i, 4096, &text), "error", "zstd, cut");
	}
	is_str(decode("gzip", gz, 0, 1, &text), "error", "gzip, empty");
	is_str(decode("gzip", gz, gz_n + 1, gz_n, &text), "error", "gzip, a byte more, in a piece of its own");
	is_str(decode("gzip", gz, gz_n + 1, cap, &text), "error", "gzip, a byte more");
	memcpy(gz + gz_n, gz, gz_n);
	is_str(decode("gzip", gz, 2 * gz_n, 4096, &text), "error", "gzip, two members");
	memcpy(zst + zst_n, zst, zst_n);
	is_str(decode("zstd", zst, 2 * zst_n, 4096, &text), "error", "zstd, two frames");
	gz[gz_n / 2] ^= 1;
	is_str(decode("gzip", gz, gz_n, 4096, &text), "error", "gzip, damaged");
	free(gz);
	free(zst);
	buf_fini(&text);
	return done_testing();
}
