#ifndef IO_CONFINE_H_
#define IO_CONFINE_H_

#include <stddef.h>

#include "base/err.h"

/*
 * Takes from this thread, and from those it will start, the file system outside
 * of the given places and all new TCP connections and listeners, for good
 * (Landlock, Linux 5.13; TCP from 6.7).  Open descriptors stay as they are.
 */
enum confine_use { CONFINE_READ, CONFINE_WRITE, CONFINE_REMOVE };	/* REMOVE: names of files, nothing else */

struct confine_place {
	const char *path;	/* folder with all below it, or file; left out when it is missing */
	enum confine_use use;
};

/* 1: confined.  0: this kernel cannot.  -1: EX_OSERR or EX_SOFTWARE. */
int confine(const struct confine_place *place, size_t n, struct err *e);

#endif
