#ifndef IO_FILE_H_
#define IO_FILE_H_

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Whole file into b (appended; "-" is standard input).  More than max bytes is
 * an error.  0, or -1: EX_CONFIG when it cannot be read (it is a file of ours).
 */
int file_read(const char *path, size_t max, struct buf *b, struct err *e);

/*
 * Writes n bytes as the file path: a temporary name beside it, fsync, rename,
 * fsync of the folder.  A reader sees the old or the new file.  What is there and no
 * regular file stays as it is.  0, or -1 EX_IOERR.
 */
int file_replace(const char *path, const void *p, size_t n, struct err *e);

/* fsync of the folder that holds path.  0, or -1 EX_IOERR. */
int file_sync_folder(const char *path, struct err *e);

#endif
