/* Folders of carrier maps, one over the other. */
#include "run/maps.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/file.h"
#include "run/share.h"

#define MAP_BYTES (16 * 1024 * 1024)

static int
is_csv(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && d->d_name[0] != '.' && strcmp(d->d_name + n - 4, ".csv") == 0;
}

struct entry {
	char *name, *file;
	int vocabulary;		/* of no carrier */
};

struct list {
	struct entry *e;
	size_t n, cap;
};

/* Names a map, in place of the one of that name. */
static void
name_map(struct list *l, struct slice name, const char *file, int vocabulary)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (slice_eq(slice_of(l->e[i].name), name)) {
			free(l->e[i].file);
			l->e[i].file = mem_dup(file, strlen(file));
			l->e[i].vocabulary |= vocabulary;
			return;
		}
	l->e = mem_grow(l->e, &l->cap, l->n + 1, sizeof *l->e);
	l->e[l->n++] = (struct entry){ mem_dup(name.p, name.n), mem_dup(file, strlen(file)), vocabulary };
}

/* The maps of one folder.  Returns how many, or -1. */
static int
name_folder(struct list *l, const char *dir, int vocabularies, struct err *e)
{
	struct dirent **found = NULL;
	char path[PATH_MAX];
	int i, n, rc = 0;

	if ((n = scandir(dir, &found, is_csv, alphasort)) == -1)
		return err_set(e, EX_CONFIG, "%s: %s", dir, strerror(errno));
	for (i = 0; i < n; i++) {
		if (rc == 0 && snprintf(path, sizeof path, "%s/%s", dir, found[i]->d_name) >= (int)sizeof path)
			rc = err_set(e, EX_CONFIG, "%s: path too long", dir);
		if (rc == 0)
			name_map(l, (struct slice){ found[i]->d_name, strlen(found[i]->d_name) - 4 }, path, vocabularies);
		free(found[i]);
	}
	free(found);
	return rc == 0 ? n : -1;
}

/* An element of the list: a folder, or a map alone. */
static int
name_all(struct list *l, const char *path, struct err *e)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char sub[PATH_MAX];
	struct stat sb;
	size_t n = strlen(base);
	int found;

	if (stat(path, &sb) == -1)
		return err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(sb.st_mode)) {
		if (n <= 4 || strcmp(base + n - 4, ".csv") != 0)
			return err_set(e, EX_CONFIG, "%s: neither a folder of maps nor a map (CARRIER.csv)", path);
		name_map(l, (struct slice){ base, n - 4 }, path, 0);
		return 0;
	}
	if ((found = name_folder(l, path, 0, e)) == -1)
		return -1;
	if (snprintf(sub, sizeof sub, "%s/aggregators", path) >= (int)sizeof sub)
		return err_set(e, EX_CONFIG, "%s: path too long", path);
	if (stat(sub, &sb) == 0) {
		if (name_folder(l, sub, 1, e) == -1)
			return -1;
	} else if (errno != ENOENT) {
		return err_set(e, EX_CONFIG, "%s: %s", sub, strerror(errno));
	} else if (found == 0) {
		return err_set(e, EX_CONFIG, "%s: no map (CARRIER.csv) in this folder", path);
	}
	return 0;
}

/* Carriers first, each by their names: the order of --check. */
static int
by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->vocabulary != y->vocabulary ? x->vocabulary - y->vocabulary : strcmp(x->name, y->name);
}

int
maps_read(const char *path, const struct taxonomy *t, struct carriermap *m, struct map *vocabularies, struct err *e)
{
	char one[PATH_MAX];
	struct list l = { 0 };
	struct buf b = { 0 };
	size_t i, n;
	int rc = 0;

	for (path = path ? path : "";; path += n + 1) {
		n = strcspn(path, ":");
		if (n >= sizeof one)
			rc = err_set(e, EX_CONFIG, "%.32s...: path too long", path);
		else if (n > 0)
			(void)snprintf(one, sizeof one, "%.*s", (int)n, path);
		else if (share_path(one, sizeof one, "maps") == -1)
			rc = err_set(e, EX_CONFIG, "WB_SHARE_DIR: path too long");
		if (rc == -1 || (rc = name_all(&l, one, e)) == -1 || path[n] == '\0')
			break;
	}
	if (rc == 0 && l.n == 0)
		rc = err_set(e, EX_CONFIG, "%s: no map in this folder", one);
	if (rc == 0)
		qsort(l.e, l.n, sizeof *l.e, by_name);
	for (i = 0; rc == 0 && i < l.n; i++) {
		buf_clear(&b);
		if (file_read(l.e[i].file, MAP_BYTES, &b, e) == -1 ||
		    carriermap_add(m, t, slice_of(l.e[i].name), l.e[i].file, buf_as_slice(&b), e) == -1)
			rc = -1;
		else if (l.e[i].vocabulary)
			(void)map_add(vocabularies, slice_of(l.e[i].name));
	}
	for (i = 0; i < l.n; i++) {
		free(l.e[i].name);
		free(l.e[i].file);
	}
	free(l.e);
	buf_fini(&b);
	return rc;
}
