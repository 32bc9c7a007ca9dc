/* Reference data: files of rows. */
#include "run/rows.h"

#include <inttypes.h>

#include "io/line.h"
#include "rec/control.h"

int
rows_read(const char *path, int (*row)(void *arg, const struct json *j, struct err *e), void *arg, struct err *e)
{
	struct line_reader in;
	struct json j = { 0 };
	struct slice line;
	int rc, kind;

	if (line_open(&in, path, e) == -1) {
		e->status = EX_CONFIG;
		return -1;
	}
	rc = 0;
	while (rc == 0 && (kind = line_next(&in, &line, e)) != LINE_END) {
		if (kind == -1)
			rc = -1;
		else if (kind == LINE_LONG)
			rc = err_set(e, EX_CONFIG, "%s:%" PRIu64 ": line too long", path, in.number);
		else if ((kind == LINE_OK || kind == LINE_CUT) && line.n > 0 && !control_is(line)) {
			if (json_scan(&j, line) == -1)
				rc = err_set(e, EX_CONFIG, "%s:%" PRIu64 ": %s at byte %zu", path, in.number, j.fault, j.at + 1);
			else if ((rc = row(arg, &j, e)) == -1)
				(void)err_at(e, "%s:%" PRIu64, path, in.number);
		}
	}
	if (rc == -1)
		e->status = EX_CONFIG;
	json_fini(&j);
	line_close(&in);
	return rc;
}
