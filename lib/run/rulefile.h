#ifndef RUN_RULEFILE_H_
#define RUN_RULEFILE_H_

#include <sys/stat.h>

#include "base/err.h"
#include "parcel/rules.h"
#include "parcel/taxonomy.h"

/* A rule file that may change while it is in use. */
struct rulefile {
	struct rules *rules;		/* what judges now, until rulefile_again() */

	/* inner */
	const char *path;
	const struct taxonomy *taxonomy;
	struct stat seen, tried;	/* at the last call; when it was read last */
};

/*
 * Reads the file; path NULL: the implicit rule only.  path and t must outlive f.
 * 0, or -1 with EX_CONFIG; f is to be freed all the same.
 */
int rulefile_open(struct rulefile *f, const char *path, const struct taxonomy *t, struct err *e);

/*
 * To be called between two checkpoints: looks whether the file has changed, and not
 * since the last call, so that one that is being written is left alone.  1: it was read,
 * f->rules are the new ones; 0: as before; -1 with e: it is wrong, the rules are as
 * before.  A wrong file is told once, until it changes again.
 */
int rulefile_again(struct rulefile *f, struct err *e);

void rulefile_fini(struct rulefile *f);

#endif
