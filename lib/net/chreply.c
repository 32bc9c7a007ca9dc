/* What an answer of ClickHouse's HTTP interface says of errors and formats. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/chreply.h"

int
chreply_code(const char *text)
{
	return strncmp(text, "Code: ", 6) == 0 ? (int)strtol(text + 6, NULL, 10) : 1001;
}

unsigned
chreply_status(int code)
{
	static const struct {
		int code;
		unsigned status;
	} map[] = {
		{ 6, 400 }, { 7, 400 }, { 8, 400 }, { 15, 400 }, { 25, 400 }, { 26, 400 }, { 27, 400 }, { 36, 400 },
		{ 38, 400 }, { 41, 400 }, { 43, 500 }, { 44, 400 }, { 53, 400 }, { 56, 400 }, { 62, 400 }, { 69, 400 },
		{ 72, 400 }, { 117, 400 }, { 167, 400 }, { 168, 400 }, { 376, 400 }, { 377, 400 }, { 427, 400 },
		{ 441, 400 }, { 675, 400 }, { 676, 400 },
		{ 46, 404 }, { 47, 404 }, { 50, 404 }, { 60, 404 }, { 63, 404 }, { 73, 404 }, { 78, 404 }, { 81, 404 },
		{ 100, 500 }, { 115, 404 }, { 336, 404 }, { 511, 404 },
		{ 192, 403 }, { 193, 403 }, { 194, 401 }, { 497, 403 }, { 512, 403 }, { 516, 403 },
		{ 48, 501 }, { 76, 503 }, { 159, 408 }, { 209, 503 }, { 223, 413 }, { 381, 411 }, { 439, 503 },
	};
	size_t i = 0;

	for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].code == code)
			return map[i].status;
	return 500;
}

void
chreply_text(const char *text, const char *engine, struct buf *out)
{
	static const char again[] = ". DB::Exception: Code: ";
	const char *inner = NULL, *version = NULL, *stop = NULL;

	while ((inner = strstr(text, again)) != NULL && strncmp(text, "Code: ", 6) == 0 &&
	    inner == text + 6 + strspn(text + 6, "0123456789"))
		text = inner + strlen(". DB::Exception: ");
	if ((version = strstr(text, " (version ")) != NULL && (stop = strchr(version + 2, ')')) != NULL)
		buf_put(out, text, (size_t)(stop + 1 - text));
	else
		buf_printf(out, "%s (version %s)", text, engine);
	buf_putc(out, '\n');
}

static int
format_is(struct slice f, const char *name)
{
	return f.n == strlen(name) && strncasecmp(f.p, name, f.n) == 0;
}

static int
format_begins(struct slice f, const char *name)
{
	return f.n >= strlen(name) && strncasecmp(f.p, name, strlen(name)) == 0;
}

const char *
chreply_content_type(struct slice f)
{
	if (format_is(f, "JSONEachRow") || format_begins(f, "JSONCompactEachRow") || format_is(f, "JSONStringsEachRow") ||
	    format_is(f, "JSONLines") || format_is(f, "NDJSON"))
		return "application/x-ndjson; charset=UTF-8";
	if (format_begins(f, "JSON"))
		return "application/json; charset=UTF-8";
	if (format_begins(f, "CSV"))
		return "text/csv; charset=UTF-8";
	if (format_begins(f, "TabSeparated") || format_begins(f, "TSV"))
		return "text/tab-separated-values; charset=UTF-8";
	if (format_is(f, "XML"))
		return "application/xml; charset=UTF-8";
	if (format_is(f, "Native") || format_begins(f, "RowBinary") || format_begins(f, "Arrow") ||
	    format_is(f, "Parquet") || format_is(f, "ORC") || format_is(f, "Avro") || format_is(f, "RawBLOB"))
		return "application/octet-stream";
	return "text/plain; charset=UTF-8";
}

int
chreply_streams(struct slice f)
{
	static const char *const name[] = { "Native", "RowBinary", "JSONEachRow", "JSONLines", "NDJSON",
	    "JSONCompactEachRow", "JSONStringsEachRow", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV" };
	size_t i = 0;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		if (format_is(f, name[i]))
			return 1;
	return 0;
}

