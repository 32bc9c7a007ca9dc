/* Lanes: processes joined by pipes that are watched as one. */
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "run/lane.h"

#define LOCK_TRIES 5

void
lane_init(struct lane *l)
{
	*l = (struct lane){ .lock = -1 };
}

void
lane_fini(struct lane *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->stage[i].line);
	free(l->stage);
	if (l->lock != -1)
		(void)close(l->lock);
	lane_init(l);
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int
lane_add(struct lane *l, const char *p, size_t n)
{
	while (n > 0 && is_blank(*p))
		p++, n--;
	while (n > 0 && is_blank(p[n - 1]))
		n--;
	if (n == 0)
		return -1;
	l->stage = mem_grow(l->stage, &l->cap, l->n + 1, sizeof *l->stage);
	l->stage[l->n++] = (struct lane_stage){ .line = mem_dup(p, n) };
	return 0;
}

static int
is_comment(const char *p, size_t n)
{
	while (n > 0 && is_blank(*p))
		p++, n--;
	return n > 0 && *p == '#';
}

void
lane_parse(struct lane *l, const char *p, size_t n)
{
	struct buf line = { 0 };
	size_t at, end;

	for (at = 0; at < n; at = end + 1) {
		const char *lf = memchr(p + at, '\n', n - at);

		end = lf ? (size_t)(lf - p) : n;
		if (line.n == 0 && is_comment(p + at, end - at))
			continue;
		buf_put(&line, p + at, end - at);
		if (lf != NULL && end > at && p[end - 1] == '\\') {
			line.p[line.n - 1] = ' ';
			continue;
		}
		if (line.n > 0)
			(void)lane_add(l, line.p, line.n);
		buf_clear(&line);
	}
	if (line.n > 0)
		(void)lane_add(l, line.p, line.n);
	buf_fini(&line);
}

static int
lock_path(char path[PATH_MAX], const char *dir, const char *name)
{
	return (size_t)snprintf(path, PATH_MAX, "%s/%s.lock", dir, name) < PATH_MAX ? 0 : -1;
}

int
lane_lock(struct lane *l, const char *dir, struct err *e)
{
	static const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
	char path[PATH_MAX], pid[32] = "";
	int tries = LOCK_TRIES, held;
	ssize_t n;

	if (lock_path(path, dir, l->name) == -1)
		return err_set(e, EX_USAGE, "%s: the name is too long", l->name);
	l->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
	if (l->lock == -1)
		return err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
	/* who asks for the state of the lane holds the lock for a moment */
	while ((held = flock(l->lock, LOCK_EX | LOCK_NB)) == -1 && --tries > 0)
		(void)nanosleep(&moment, NULL);
	if (held == -1) {
		n = pread(l->lock, pid, sizeof pid - 1, 0);
		pid[n > 0 ? (size_t)n : 0] = '\0';
		return err_set(e, EX_TEMPFAIL, "lane %s runs already (pid %s, %s)", l->name, pid[0] ? pid : "unknown", path);
	}
	n = snprintf(pid, sizeof pid, "%ld", (long)getpid());
	if (ftruncate(l->lock, 0) == -1 || pwrite(l->lock, pid, (size_t)n, 0) != n)
		return err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
	return 0;
}

int
lane_is_locked(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd, held;

	if (lock_path(path, dir, name) == -1 || (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	held = flock(fd, LOCK_SH | LOCK_NB) == -1;
	(void)close(fd);
	return held;
}

/* Lets a descriptor live through exec and names it in the environment. */
static int
hand_over(const char *name, int fd)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%d", fd);
	return fcntl(fd, F_SETFD, 0) == -1 || setenv(name, text, 1) == -1 ? -1 : 0;
}

/* In the child: becomes the stage, or exits. */
static void
become(const char *line, pid_t parent, pid_t group, int in, int out, int ack_in, int ack_out, const sigset_t *mask)
{
	size_t n = strlen(line) + sizeof "exec ";
	char *sh = mem_alloc(n);

	(void)setpgid(0, group);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EX_TEMPFAIL);
	if ((in != -1 && dup2(in, STDIN_FILENO) == -1) || (out != -1 && dup2(out, STDOUT_FILENO) == -1) ||
	    (ack_in != -1 && hand_over("WB_ACK_IN", ack_in) == -1) ||
	    (ack_out != -1 && hand_over("WB_ACK_OUT", ack_out) == -1))
		_exit(EX_TEMPFAIL);
	/* a stage that is none of ours survives what wb-run passes on; one that reads a terminal fails, and does not hang */
	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGTTIN, SIG_IGN);
	(void)signal(SIGTTOU, SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	(void)snprintf(sh, n, "exec %s", line);
	(void)execl("/bin/sh", "sh", "-c", sh, (char *)NULL);
	_exit(EX_TEMPFAIL);
}

static int
start_all(struct lane *l, const int ack[2], const sigset_t *mask, struct err *e)
{
	pid_t parent = getpid(), pid;
	int p[2] = { -1, -1 }, in = -1, last;
	size_t i;

	l->group = 0;
	for (i = 0; i < l->n; i++) {
		last = i == l->n - 1;
		p[0] = p[1] = -1;
		if (!last && pipe2(p, O_CLOEXEC) == -1)
			break;
		pid = fork();
		if (pid == -1)
			break;
		if (pid == 0)
			become(l->stage[i].line, parent, l->group, in, p[1], i == 0 ? ack[0] : -1, last ? ack[1] : -1, mask);
		(void)setpgid(pid, l->group);
		l->stage[i].pid = pid;
		if (l->group == 0)
			l->group = pid;
		if (in != -1)
			(void)close(in);
		if (p[1] != -1)
			(void)close(p[1]);
		in = p[0];
	}
	if (i == l->n)
		return 0;
	err_set(e, EX_TEMPFAIL, "stage %zu cannot be started: %s", i + 1, strerror(errno));
	if (in != -1)
		(void)close(in);
	if (p[0] != -1) {
		(void)close(p[0]);
		(void)close(p[1]);
	}
	lane_signal(l, SIGKILL);
	return -1;
}

int
lane_start(struct lane *l, const sigset_t *mask, struct err *e)
{
	int ack[2] = { -1, -1 }, rc;
	size_t i;

	for (i = 0; i < l->n; i++)
		l->stage[i].pid = 0;
	(void)setenv("WB_LANE", l->name, 1);
	(void)(l->once ? setenv("WB_ONCE", "1", 1) : unsetenv("WB_ONCE"));
	(void)(l->status ? setenv("WB_STATUS", l->status, 1) : unsetenv("WB_STATUS"));
	(void)unsetenv("WB_ACK_IN");
	(void)unsetenv("WB_ACK_OUT");
	if (pipe2(ack, O_CLOEXEC) == -1)
		return err_set(e, EX_TEMPFAIL, "pipe: %s", strerror(errno));
	rc = start_all(l, ack, mask, e);
	(void)close(ack[0]);
	(void)close(ack[1]);
	return rc;
}

void
lane_signal_head(const struct lane *l, int sig)
{
	if (l->n > 0 && l->stage[0].pid > 0)
		(void)kill(l->stage[0].pid, sig);
}

void
lane_signal(const struct lane *l, int sig)
{
	size_t i;

	/* while one of them has not been waited for the number of the group is nobody else's */
	for (i = 0; i < l->n; i++)
		if (l->stage[i].pid > 0) {
			(void)kill(-l->group, sig);
			return;
		}
}

int
lane_exit(int status)
{
	if (!WIFEXITED(status))
		return EX_TEMPFAIL;
	return WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127 ? EX_CONFIG : WEXITSTATUS(status);
}

size_t
lane_reap(struct lane *l, void (*told)(const struct lane_stage *), int *result)
{
	size_t running = 0, i;
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < l->n; i++) {
			if (l->stage[i].pid != pid)
				continue;
			l->stage[i].pid = 0;
			l->stage[i].status = status;
			told(&l->stage[i]);
			if (*result == 0 || (*result == EX_TEMPFAIL && lane_exit(status) != 0))
				*result = lane_exit(status);
		}
	for (i = 0; i < l->n; i++)
		running += l->stage[i].pid > 0;
	return running;
}
