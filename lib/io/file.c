/* Whole files: read at once, replaced atomically. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/input.h"

int
file_read(const char *path, size_t max, struct buf *b, struct err *e)
{
	struct input in;
	size_t start = b->n;
	ssize_t n = 0;

	if (input_open(&in, path, e) == -1) {
		e->status = EX_CONFIG;
		return -1;
	}
	do {
		n = input_read(&in, buf_room(b, 64 * 1024), 64 * 1024, -1, e);
		if (n > 0)
			b->n += (size_t)n;
		if (b->n - start > max)
			n = err_set(e, EX_CONFIG, "%s: larger than %zu bytes", path, max);
	} while (n > 0 || n == INPUT_INTR);
	input_close(&in);
	if (n < 0)
		e->status = EX_CONFIG;
	return n < 0 ? -1 : 0;
}

int
file_sync_folder(const char *path, struct err *e)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd, rc;

	if (slash == NULL)
		(void)snprintf(dir, sizeof dir, ".");
	else
		(void)snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return err_set(e, EX_IOERR, "%s: %s", dir, strerror(errno));
	rc = fsync(fd);
	if (rc == -1 && errno == EINVAL)	/* a file system without it */
		rc = 0;
	if (rc == -1)
		err_set(e, EX_IOERR, "%s: %s", dir, strerror(errno));
	(void)close(fd);
	return rc;
}

int
file_replace(const char *path, const void *p, size_t n, struct err *e)
{
	char tmp[PATH_MAX];
	struct stat sb;
	size_t at = 0;
	int fd;

	if (stat(path, &sb) == 0 && !S_ISREG(sb.st_mode))	/* /dev/null is not to become a file */
		return err_set(e, EX_IOERR, "%s: not a regular file", path);
	if ((size_t)snprintf(tmp, sizeof tmp, "%s.%ld", path, (long)getpid()) >= sizeof tmp)
		return err_set(e, EX_IOERR, "%s: %s", path, strerror(ENAMETOOLONG));
	(void)unlink(tmp);	/* of a process that was killed */
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1)
		return err_set(e, EX_IOERR, "%s: %s", tmp, strerror(errno));
	while (at < n) {
		ssize_t w = write(fd, (const char *)p + at, n - at);

		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			goto fail;
		at += (size_t)w;
	}
	if (fsync(fd) == -1 && errno != EINVAL)
		goto fail;
	if (close(fd) == -1) {
		fd = -1;
		goto fail;
	}
	fd = -1;
	if (rename(tmp, path) == -1)
		goto fail;
	return file_sync_folder(path, e);
fail:
	err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
	if (fd != -1)
		(void)close(fd);
	(void)unlink(tmp);
	return -1;
}
