/* Where the data that ships with Waybill lies, and the part of it that many programs read. */
#include "run/share.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "io/file.h"

#define TABLE_MAX (4 * 1024 * 1024)

static int
join(char *dst, size_t cap, const char *dir, const char *rel)
{
	int n = snprintf(dst, cap, "%s/%s", dir, rel);

	return n >= 0 && (size_t)n < cap ? 0 : -1;
}

int
share_path(char *dst, size_t cap, const char *rel)
{
	const char *dir = env_get("WB_SHARE_DIR");

	if (dir != NULL)
		return join(dst, cap, dir, rel);
	if (join(dst, cap, WB_TREE, rel) == 0 && access(dst, R_OK) == 0)
		return 0;
	return join(dst, cap, WB_SHARE, rel);
}

int
share_taxonomy(struct taxonomy *t, struct err *e)
{
	char status[PATH_MAX], reason[PATH_MAX];
	struct buf a = { 0 }, b = { 0 };
	int rc = -1;

	*t = (struct taxonomy){ 0 };
	if (share_path(status, sizeof status, "taxonomy/status.csv") == -1
	    || share_path(reason, sizeof reason, "taxonomy/reason.csv") == -1)
		return err_set(e, EX_CONFIG, "WB_SHARE_DIR: path too long");
	if (file_read(status, TABLE_MAX, &a, e) == 0 && file_read(reason, TABLE_MAX, &b, e) == 0)
		rc = taxonomy_load(t, buf_as_slice(&a), status, buf_as_slice(&b), reason, e);
	buf_fini(&a);
	buf_fini(&b);
	return rc;
}
