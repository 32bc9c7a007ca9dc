/* Folders of carrier maps. */
#include "run/maps.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "io/file.h"
#include "run/share.h"

#define MAP_BYTES (16 * 1024 * 1024)

static int
is_csv(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && d->d_name[0] != '.' && strcmp(d->d_name + n - 4, ".csv") == 0;
}

/* All maps of one folder, in the order of their names.  Returns how many, or -1. */
static int
read_folder(const char *dir, const struct taxonomy *t, struct carriermap *m, struct map *vocabularies, struct err *e)
{
	struct dirent **list = NULL;
	char path[PATH_MAX];
	struct buf b = { 0 };
	struct slice name;
	int i, n, rc = 0;

	if ((n = scandir(dir, &list, is_csv, alphasort)) == -1)
		return err_set(e, EX_CONFIG, "%s: %s", dir, strerror(errno));
	for (i = 0; i < n; i++) {
		if (rc == 0) {
			buf_clear(&b);
			name = (struct slice){ list[i]->d_name, strlen(list[i]->d_name) - 4 };
			if (snprintf(path, sizeof path, "%s/%s", dir, list[i]->d_name) >= (int)sizeof path)
				rc = err_set(e, EX_CONFIG, "%s: path too long", dir);
			else if (file_read(path, MAP_BYTES, &b, e) == -1 ||
			    carriermap_add(m, t, name, path, buf_as_slice(&b), e) == -1)
				rc = -1;
			else if (vocabularies != NULL)
				(void)map_add(vocabularies, name);
		}
		free(list[i]);
	}
	free(list);
	buf_fini(&b);
	return rc == 0 ? n : -1;
}

int
maps_read(const char *dir, const struct taxonomy *t, struct carriermap *m, struct map *vocabularies, struct err *e)
{
	char shipped[PATH_MAX], sub[PATH_MAX];
	DIR *d;
	int n;

	if (dir == NULL) {
		if (share_path(shipped, sizeof shipped, "maps") == -1)
			return err_set(e, EX_CONFIG, "WB_SHARE_DIR: path too long");
		dir = shipped;
	}
	if ((n = read_folder(dir, t, m, NULL, e)) == -1)
		return -1;
	if (n == 0)
		return err_set(e, EX_CONFIG, "%s: no map (CARRIER.csv) in this folder", dir);
	if (snprintf(sub, sizeof sub, "%s/aggregators", dir) >= (int)sizeof sub)
		return err_set(e, EX_CONFIG, "%s: path too long", dir);
	if ((d = opendir(sub)) == NULL)
		return errno == ENOENT ? 0 : err_set(e, EX_CONFIG, "%s: %s", sub, strerror(errno));
	(void)closedir(d);
	return read_folder(sub, t, m, vocabularies, e) == -1 ? -1 : 0;
}
