/* A rule file, read again when it has changed. */
#include "run/rulefile.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/file.h"

static int
same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* One that is gone is a state like any other. */
static void
look(const char *path, struct stat *sb)
{
	if (stat(path, sb) == -1)
		memset(sb, 0, sizeof *sb);
}

static void
drop(struct rules *r)
{
	if (r != NULL)
		rules_fini(r);
	free(r);
}

/* Rules point at themselves, so that they are never moved.  NULL with e. */
static struct rules *
read_rules(const char *path, const struct taxonomy *t, struct err *e)
{
	struct rules *r = mem_alloc(sizeof *r);
	struct buf text = { 0 };

	rules_init(r);
	if (path != NULL && (file_read(path, RULES_MAX, &text, e) == -1 || rules_read(r, t, path, buf_as_slice(&text), e) == -1)) {
		drop(r);
		r = NULL;
	}
	buf_fini(&text);
	return r;
}

int
rulefile_open(struct rulefile *f, const char *path, const struct taxonomy *t, struct err *e)
{
	*f = (struct rulefile){ .path = path, .taxonomy = t };
	if (path != NULL)
		look(path, &f->seen);
	f->tried = f->seen;
	f->rules = read_rules(path, t, e);
	return f->rules != NULL ? 0 : -1;
}

int
rulefile_again(struct rulefile *f, struct err *e)
{
	struct stat now, then;
	struct rules *r;

	if (f->path == NULL || strcmp(f->path, "-") == 0)
		return 0;
	look(f->path, &now);
	if (!same(&now, &f->seen)) {
		f->seen = now;
		return 0;
	}
	if (same(&now, &f->tried))
		return 0;
	r = read_rules(f->path, f->taxonomy, e);
	look(f->path, &then);
	if (!same(&now, &then)) {
		drop(r);
		return 0;
	}
	f->tried = now;
	if (r == NULL)
		return -1;
	drop(f->rules);
	f->rules = r;
	return 1;
}

void
rulefile_fini(struct rulefile *f)
{
	drop(f->rules);
	f->rules = NULL;
}
