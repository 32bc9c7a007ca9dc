/* Delimited text: rows, their lines, what is malformed; whole and in pieces. */
#include "rec/csv.h"

#include <sys/wait.h>

#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

static const struct csv_dialect comma = { ',', '"', 0 };

/* "LINE:field|field;" for each row, ~ for an empty one that is not quoted; other results by name. */
static void
rows(struct csv_reader *r, struct buf *out)
{
	struct err e = ERR_NONE;
	size_t i;
	int rc;

	while ((rc = csv_next(r, &e)) != CSV_END) {
		if (rc == -1) {
			buf_printf(out, "error %s", e.msg);
			break;
		}
		buf_printf(out, "%d:", (int)r->line);
		if (rc == CSV_ROW)
			for (i = 0; i < r->n; i++) {
				buf_puts(out, i > 0 ? "|" : "");
				if (r->field[i].p == NULL)
					buf_putc(out, '~');
				else
					buf_slice(out, r->field[i]);
			}
		else {
			buf_puts(out, rc == CSV_LONG ? "long " : rc == CSV_OPEN ? "open " : "? ");
			if (r->raw.n < 100)
				buf_slice(out, r->raw);
			else
				buf_printf(out, "%zu bytes", r->raw.n);
		}
		buf_putc(out, ';');
	}
}

/* What an input gives that comes in pieces of so many bytes. */
static void
rows_of_pipe(const char *p, size_t n, size_t piece, const struct csv_dialect *d, struct buf *out)
{
	struct csv_reader r;
	struct input in;
	struct err e = ERR_NONE;
	int fd[2], keep;
	pid_t pid;

	if (pipe(fd) == -1 || (pid = fork()) == -1)
		return;
	if (pid == 0) {
		for (; n > 0; p += piece, n -= piece) {
			piece = piece < n ? piece : n;
			if (write(fd[1], p, piece) != (ssize_t)piece)
				_exit(1);
			if (piece < 4)
				(void)usleep(20);
		}
		_exit(0);
	}
	(void)close(fd[1]);
	keep = dup(STDIN_FILENO);
	(void)dup2(fd[0], STDIN_FILENO);
	(void)close(fd[0]);
	if (input_open(&in, "-", &e) == 0) {
		csv_open_input(&r, &in, d);
		rows(&r, out);
		csv_close(&r);
		input_close(&in);
	}
	(void)dup2(keep, STDIN_FILENO);
	(void)close(keep);
	(void)waitpid(pid, NULL, 0);
}

static void
tables(void)
{
	static const struct {
		const char *text, *want, *name;
		struct csv_dialect d;
	} c[] = {
		{ "", "", "nothing", { ',', '"', 0 } },
		{ "\n\r\n\r", "", "blank lines", { ',', '"', 0 } },
		{ "a,b\n1,2\n", "1:a|b;2:1|2;", "LF", { ',', '"', 0 } },
		{ "a,b\r\n1,2\r\n", "1:a|b;2:1|2;", "CRLF", { ',', '"', 0 } },
		{ "a,b\r1,2\r", "1:a|b;2:1|2;", "CR", { ',', '"', 0 } },
		{ "a\rb\nc\r\nd", "1:a;2:b;3:c;4:d;", "mixed, the last one missing", { ',', '"', 0 } },
		{ "a\n\nb\r\n\r\nc\r\rd", "1:a;3:b;5:c;7:d;", "blank lines count as lines", { ',', '"', 0 } },
		{ "\xef\xbb\xbf\"a\",b\n", "1:a|b;", "byte order mark", { ',', '"', 0 } },
		{ "\xef\xbb\xbf", "", "a byte order mark alone", { ',', '"', 0 } },
		{ "a,\xef\xbb\xbf\n", "1:a|\xef\xbb\xbf;", "no mark further on", { ',', '"', 0 } },
		{ ",\n,\"\",\n", "1:~|~;2:~||~;", "empty and quoted empty", { ',', '"', 0 } },
		{ "a,", "1:a|~;", "a last field that is empty", { ',', '"', 0 } },
		{ "\"a\"", "1:a;", "a quoted last one", { ',', '"', 0 } },
		{ "\"\"", "1:;", "a quoted empty one alone", { ',', '"', 0 } },
		{ "\"a,b\",\"c\"\"d\",\"\"\"\"\n", "1:a,b|c\"d|\";", "delimiters and quotes in quotes", { ',', '"', 0 } },
		{ "\"a\nb\",c\n\"d\r\ne\r\",f\ng\n", "1:a\nb|c;3:d\r\ne\r|f;6:g;", "line ends in quotes", { ',', '"', 0 } },
		{ "\"a\n\n\nb\"\nc\n", "1:a\n\n\nb;5:c;", "blank lines in quotes", { ',', '"', 0 } },
		{ " a , b\t,\t\n", "1: a | b\t|\t;", "blanks belong to the field", { ',', '"', 0 } },
		{ "a b\"c,d\n", "1:a b\"c|d;", "a quote within a field is text", { ',', '"', 0 } },
		{ "\"5\" pipe\",x\n", "1:5\" pipe|x;", "a quote within a quoted one too", { ',', '"', 0 } },
		{ "a\tb,c\t\"d\te\"\n", "1:a|b,c|d\te;", "tabs", { '\t', '"', 0 } },
		{ "\t\t\n", "1:~|~|~;", "nothing but tabs", { '\t', '"', 0 } },
		{ "a;'b;c'\n", "1:a|b;c;", "semicolons and single quotes", { ';', '\'', 0 } },
		{ "a,\"b\n\"c,d\n", "1:a|\"b;2:\"c|d;", "no quoting", { ',', 0, 0 } },
		{ "a,\"b\nc,d\ne\n", "1:open a,\"b;2:c|d;3:e;", "a quote that does not close", { ',', '"', 0 } },
		{ "a\n\"", "1:a;2:open \";", "a quote as the last byte", { ',', '"', 0 } },
		{ "a\n\"b\"\n", "1:a;2:b;", "strict: good", { ',', '"', 1 } },
		{ "a\nb\"c\n", "1:a;error x:2: a quote in the middle of a field", "strict: quote within", { ',', '"', 1 } },
		{ "a\n\"b\nc\n", "1:a;error x:2: a quote that does not close", "strict: open quote", { ',', '"', 1 } },
		{ "a\n\"b\"c\n", "1:a;error x:2: a quote in the middle of a field", "strict: text behind a quote", { ',', '"', 1 } },
	};
	struct csv_reader r;
	struct buf out = { 0 };
	size_t i, piece;

	for (i = 0; i < sizeof c / sizeof *c; i++) {
		size_t n = strlen(c[i].text);
		char *exact = malloc(n ? n : 1);	/* its end is watched by ASan */

		memcpy(exact, c[i].text, n);
		out.n = 0;
		csv_open_bytes(&r, (struct slice){ exact, n }, "x", &c[i].d);
		rows(&r, &out);
		csv_close(&r);
		is_str(buf_str(&out), c[i].want, c[i].name);
		free(exact);
		for (piece = 1; piece < 3 && !c[i].d.strict; piece++) {
			out.n = 0;
			rows_of_pipe(c[i].text, n, piece, &c[i].d, &out);
			ok(strcmp(buf_str(&out), c[i].want) == 0, "%s, in pieces of %zu: %s", c[i].name, piece, buf_str(&out));
		}
	}
	out.n = 0;
	csv_open_bytes(&r, SLICE("a\0b,\xff\n"), "x", &comma);
	ok(csv_next(&r, NULL) == CSV_ROW && r.n == 2 && slice_eq(r.field[0], SLICE("a\0b"))
	    && slice_eq(r.field[1], SLICE("\xff")), "any bytes");
	ok(slice_eq(r.raw, SLICE("a\0b,\xff")), "the row as it stands");
	is_int(csv_column(&r, SLICE("\xff")), 1, "column by name");
	is_int(csv_column(&r, SLICE("a")), -1, "no such column");
	csv_close(&r);
	buf_fini(&out);
}

/* Rows over the cap, quotes that stay open beyond it, and rows that lie across reads. */
static void
caps(void)
{
	struct buf in = { 0 }, out = { 0 }, want = { 0 };
	struct csv_reader r;
	int i, pass;

	buf_puts(&in, "a,b\n");
	memset(buf_room(&in, CSV_ROW_MAX), 'x', CSV_ROW_MAX);
	in.n += CSV_ROW_MAX;
	buf_puts(&in, "\r\nc,d\r\n");
	memset(buf_room(&in, 3 * CSV_ROW_MAX), 'y', 3 * CSV_ROW_MAX);
	in.n += 3 * CSV_ROW_MAX;
	buf_puts(&in, "\r\ne,f\n\"open,1\n");
	for (i = 0; i < 300000; i++)
		buf_puts(&in, "g,h\n");
	buf_puts(&want, "1:a|b;2:");
	memset(buf_room(&want, CSV_ROW_MAX), 'x', CSV_ROW_MAX);
	want.n += CSV_ROW_MAX;
	buf_puts(&want, ";3:c|d;4:long 65536 bytes;5:e|f;6:open \"open,1;");
	for (i = 0; i < 300000; i++)
		buf_printf(&want, "%d:g|h;", 7 + i);
	for (pass = 0; pass < 4; pass++) {
		static const size_t piece[] = { 0, 65521, 262144, 999983 };

		out.n = 0;
		if (pass == 0) {
			csv_open_bytes(&r, buf_as_slice(&in), "x", &comma);
			rows(&r, &out);
			csv_close(&r);
		} else
			rows_of_pipe(in.p, in.n, piece[pass], &comma, &out);
		ok(slice_eq(buf_as_slice(&out), buf_as_slice(&want)), "long rows and an open quote, in pieces of %zu: %zu bytes, want %zu",
		    piece[pass], out.n, want.n);
	}
	buf_fini(&in);
	buf_fini(&out);
	buf_fini(&want);
}

static void
plain_lines(void)
{
	struct csv_reader r;
	struct err e = ERR_NONE;

	csv_open_bytes(&r, SLICE("\xef\xbb\xbf {\"a\":\"\r\"}\r\n\n{}"), "x", &comma);
	is_int(csv_peek(&r, &e), '{', "the first byte, mark and blanks left out");
	ok(csv_line(&r, 0, &e) == CSV_ROW && slice_eq(r.raw, SLICE(" {\"a\":\"\r\"}")) && r.line == 1, "a line ends by LF alone");
	ok(csv_line(&r, 0, &e) == CSV_ROW && r.raw.n == 0 && r.line == 2, "an empty one is one");
	ok(csv_line(&r, 0, &e) == CSV_ROW && slice_eq(r.raw, SLICE("{}")) && r.line == 3, "the last one without an end");
	is_int(csv_line(&r, 0, &e), CSV_END, "the end");
	csv_close(&r);
	csv_open_bytes(&r, SLICE("a\r\nb\r\"c\nd"), "x", &comma);
	ok(csv_line(&r, 1, &e) == CSV_ROW && slice_eq(r.raw, SLICE("a")), "or by CRLF");
	ok(csv_line(&r, 1, &e) == CSV_ROW && slice_eq(r.raw, SLICE("b")), "or by CR");
	ok(csv_line(&r, 1, &e) == CSV_ROW && slice_eq(r.raw, SLICE("\"c")), "quotes mean nothing");
	ok(csv_next(&r, &e) == CSV_ROW && slice_eq(r.field[0], SLICE("d")) && r.line == 4, "and rows may follow");
	csv_close(&r);
	csv_open_bytes(&r, SLICE(" \n"), "x", &comma);
	is_int(csv_peek(&r, &e), -1, "no first byte");
	csv_close(&r);
	csv_close(&r);
	ok(1, "closing twice is harmless");
}

int
main(void)
{
	tables();
	caps();
	plain_lines();
	return done_testing();
}
