/* A process that gives up the file system and the network, but for what it names. */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "io/confine.h"

/* By number, so that the headers of an older kernel do. */
#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446
#define VERSION_FLAG 1u

#define EXECUTE (1u << 0)
#define WRITE_FILE (1u << 1)
#define READ_FILE (1u << 2)
#define READ_DIR (1u << 3)
#define REMOVE_FILE (1u << 5)
#define ALL_OF_1 ((1u << 13) - 1)
#define REFER (1u << 13)		/* version 2: rename and link between folders */
#define TRUNCATE (1u << 14)		/* version 3 */
#define TCP_BOTH 3u			/* version 4: bind, connect */

struct ruleset {
	uint64_t fs, net;
};

static int
allow(int set, const struct confine_place *p, uint64_t handled, struct err *e)
{
	struct landlock_path_beneath_attr a = { 0 };
	struct stat st;
	int rc = 0;

	if ((a.parent_fd = open(p->path, O_PATH | O_CLOEXEC)) == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_set(e, EX_OSERR, "%s: %s", p->path, strerror(errno));
	a.allowed_access = p->use == CONFINE_READ ? READ_FILE | READ_DIR | EXECUTE :
	    p->use == CONFINE_WRITE ? handled & ~(uint64_t)EXECUTE : REMOVE_FILE;
	if (fstat(a.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		a.allowed_access &= READ_FILE | WRITE_FILE | EXECUTE | (handled & TRUNCATE);
	rc = (int)syscall(ADD_RULE, set, LANDLOCK_RULE_PATH_BENEATH, &a, 0);
	if (rc == -1)
		err_set(e, EX_OSERR, "%s: Landlock: %s", p->path, strerror(errno));
	close(a.parent_fd);
	return rc;
}

int
confine(const struct confine_place *place, size_t n, struct err *e)
{
	long version = syscall(CREATE_RULESET, NULL, 0, VERSION_FLAG);
	struct ruleset r = { .fs = ALL_OF_1 };
	size_t i = 0;
	int set = -1, rc = -1;

	if (version < 1)
		return 0;
	if (version >= 2)
		r.fs |= REFER;
	if (version >= 3)
		r.fs |= TRUNCATE;
	if (version >= 4)
		r.net = TCP_BOTH;
	if ((set = (int)syscall(CREATE_RULESET, &r, version >= 4 ? sizeof(r) : sizeof(r.fs), 0)) == -1)
		return err_set(e, EX_OSERR, "Landlock: %s", strerror(errno));
	for (i = 0; i < n; i++)
		if (allow(set, &place[i], r.fs, e) == -1)
			goto out;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || syscall(RESTRICT_SELF, set, 0) == -1) {
		err_set(e, EX_OSERR, "Landlock: %s", strerror(errno));
		goto out;
	}
	rc = 1;
out:
	close(set);
	return rc;
}
