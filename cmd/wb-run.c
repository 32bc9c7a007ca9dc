/* wb-run: starts a lane, one pipeline as one unit: the first death ends all of it. */
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/mem.h"
#include "base/utc.h"
#include "io/file.h"
#include "run/tool.h"

#define GRACE_MS 2000	/* between SIGTERM and SIGKILL for the rest of a lane that broke */

struct child {
	char *line;
	pid_t pid;		/* 0: not running */
	int status;		/* as of waitpid() */
};

struct lane {
	const char *name;
	struct child *stage;
	size_t n, cap;
	int lock;
};

enum { ONCE = TOOL_OWN, LOCK };

static struct tool tool = {
	.name = "wb-run",
	.usage = "wb-run [-v] [-n NAME] [--lock DIR] --once {LANE | -- STAGE ...}",
	.letters = "n:",
	.longs = (const struct option[]){
		{ "once", no_argument, NULL, ONCE },
		{ "lock", required_argument, NULL, LOCK },
		{ 0 },
	},
};

static void
add_stage(struct lane *l, const char *p, size_t n)
{
	while (n > 0 && (*p == ' ' || *p == '\t'))
		p++, n--;
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r'))
		n--;
	if (n == 0 || *p == '#')
		return;
	l->stage = mem_grow(l->stage, &l->cap, l->n + 1, sizeof *l->stage);
	l->stage[l->n++] = (struct child){ .line = mem_dup(p, n) };
}

/* A stage a line; # begins a comment line; a backslash at the end of a line goes on. */
static void
read_lane(struct lane *l, const char *path)
{
	struct buf text = { 0 }, line = { 0 };
	struct err e = ERR_NONE;
	size_t at, end;

	if (file_read(path, 1 << 20, &text, &e) == -1)
		tool_die(&tool, &e);
	for (at = 0; at < text.n; at = end + 1) {
		const char *lf = memchr(text.p + at, '\n', text.n - at);

		end = lf ? (size_t)(lf - text.p) : text.n;
		buf_put(&line, text.p + at, end - at);
		if (end > at && text.p[end - 1] == '\\' && lf != NULL) {
			line.p[line.n - 1] = ' ';
			continue;
		}
		add_stage(l, line.p ? line.p : "", line.n);
		buf_clear(&line);
	}
	buf_fini(&line);
	buf_fini(&text);
}

/* The lane's lock: held by wb-run and, through the inherited descriptor, by every stage. */
static void
lock_lane(struct lane *l, const char *dir)
{
	char path[PATH_MAX], own[64], pid[32] = "";
	ssize_t n;

	if (dir == NULL)
		dir = env_get("WB_LOCKS");
	if (dir == NULL)
		dir = env_get("XDG_RUNTIME_DIR");
	if (dir == NULL) {
		(void)snprintf(own, sizeof own, "/tmp/waybill-%ld", (long)getuid());
		(void)mkdir(own, 0700);
		dir = own;
	}
	if ((size_t)snprintf(path, sizeof path, "%s/%s.lock", dir, l->name) >= sizeof path)
		tool_usage(&tool, "-n: the name is too long");
	l->lock = open(path, O_RDWR | O_CREAT, 0644);
	if (l->lock == -1)
		tool_die(&tool, &(struct err){ .status = EX_IOERR, .msg = "the lane's lock cannot be opened (--lock DIR)" });
	if (flock(l->lock, LOCK_EX | LOCK_NB) == -1) {
		n = pread(l->lock, pid, sizeof pid - 1, 0);
		pid[n > 0 ? (size_t)n : 0] = '\0';
		tool_warn(&tool, "lane %s runs already (pid %s, %s)", l->name, pid[0] ? pid : "unknown", path);
		exit(EX_TEMPFAIL);
	}
	n = snprintf(pid, sizeof pid, "%ld", (long)getpid());
	if (ftruncate(l->lock, 0) == -1 || pwrite(l->lock, pid, (size_t)n, 0) != n)
		tool_warn(&tool, "%s: %s", path, strerror(errno));
}

static void
die(const char *what)
{
	struct err e = ERR_NONE;

	err_set(&e, EX_TEMPFAIL, "%s: %s", what, strerror(errno));
	tool_die(&tool, &e);
}

static void
make_pipe(int fd[2])
{
	if (pipe2(fd, O_CLOEXEC) == -1)
		die("pipe");
}

/* Lets a descriptor live through exec and names it in the environment. */
static void
hand_over(const char *name, int fd)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%d", fd);
	if (fcntl(fd, F_SETFD, 0) == -1 || setenv(name, text, 1) == -1)
		_exit(EX_TEMPFAIL);
}

static pid_t
start_stage(const struct child *c, int in, int out, int ack_in, int ack_out, const sigset_t *mask, pid_t group)
{
	char *sh = NULL;
	pid_t parent = getpid(), pid = fork();

	if (pid == -1)
		die("fork");
	if (pid > 0) {
		(void)setpgid(pid, group);
		return pid;
	}
	(void)setpgid(0, group);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EX_TEMPFAIL);
	if ((in != -1 && dup2(in, STDIN_FILENO) == -1) || (out != -1 && dup2(out, STDOUT_FILENO) == -1))
		_exit(EX_TEMPFAIL);
	if (ack_in != -1)
		hand_over("WB_ACK_IN", ack_in);
	if (ack_out != -1)
		hand_over("WB_ACK_OUT", ack_out);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	sh = mem_resize(NULL, strlen(c->line) + 6);
	(void)snprintf(sh, strlen(c->line) + 6, "exec %s", c->line);
	(void)execl("/bin/sh", "sh", "-c", sh, (char *)NULL);
	_exit(EX_TEMPFAIL);
}

static void
start_lane(struct lane *l, const sigset_t *mask)
{
	int ack[2], p[2] = { -1, -1 }, in = -1;
	pid_t group = 0;
	size_t i;

	(void)setenv("WB_LANE", l->name, 1);
	(void)setenv("WB_ONCE", "1", 1);
	(void)unsetenv("WB_ACK_IN");
	(void)unsetenv("WB_ACK_OUT");
	make_pipe(ack);
	for (i = 0; i < l->n; i++) {
		int last = i == l->n - 1;

		if (!last)
			make_pipe(p);
		l->stage[i].pid = start_stage(&l->stage[i], in, last ? -1 : p[1],
		    i == 0 ? ack[0] : -1, last ? ack[1] : -1, mask, group);
		if (group == 0)
			group = l->stage[i].pid;
		if (in != -1)
			(void)close(in);
		if (!last)
			(void)close(p[1]);
		in = p[0];
		p[0] = -1;
	}
	(void)close(ack[0]);
	(void)close(ack[1]);
}

static void
signal_all(const struct lane *l, int sig)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->stage[i].pid > 0)
			(void)kill(l->stage[i].pid, sig);
}

/* Exit status of a stage: that of exit(), EX_TEMPFAIL for one that was killed, EX_CONFIG for one that sh could not start. */
static int
stage_status(int status)
{
	if (!WIFEXITED(status))
		return EX_TEMPFAIL;
	return WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127 ? EX_CONFIG : WEXITSTATUS(status);
}

static void
tell_death(const struct child *c, int ended_by_us)
{
	if (ended_by_us && WIFSIGNALED(c->status) && tool.verbose == 0)
		return;
	if (WIFSIGNALED(c->status))
		tool_warn(&tool, "killed by signal %d: %s", WTERMSIG(c->status), c->line);
	else if (WEXITSTATUS(c->status) != 0 || tool.verbose > 0)
		tool_warn(&tool, "exit %d: %s", WEXITSTATUS(c->status), c->line);
}

/*
 * Waits for all stages.  The first that fails ends the others.  The lane's status is
 * that of the stage that says most: a neighbour's death makes the others exit
 * EX_TEMPFAIL, so any other status is the cause.
 */
static int
wait_lane(struct lane *l, const sigset_t *wanted)
{
	int64_t deadline = 0, left;
	int result = 0, stops = 0, status = 0, sig;
	size_t running = l->n, i;
	struct timespec ts;
	pid_t pid;

	while (running > 0) {
		while (running > 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0)
			for (i = 0; i < l->n; i++) {
				if (l->stage[i].pid != pid)
					continue;
				l->stage[i].pid = 0;
				l->stage[i].status = status;
				running--;
				tell_death(&l->stage[i], deadline != 0);
				if (result == 0 || (result == EX_TEMPFAIL && stage_status(status) != 0))
					result = stage_status(status);
				if (result != 0 && deadline == 0) {
					signal_all(l, SIGTERM);
					deadline = utc_mono() + GRACE_MS * 1000000LL;
				}
			}
		if (running == 0)
			break;
		left = deadline ? deadline - utc_mono() : 3600 * 1000000000LL;
		if (left <= 0) {
			signal_all(l, SIGKILL);
			left = 100 * 1000000LL;
		}
		ts = (struct timespec){ left / 1000000000LL, left % 1000000000LL };
		sig = sigtimedwait(wanted, NULL, &ts);
		if (sig == SIGTERM || sig == SIGINT)
			signal_all(l, stops++ == 0 ? SIGTERM : SIGKILL);
	}
	return result;
}

int
main(int argc, char **argv)
{
	struct lane l = { .lock = -1 };
	const char *dir = NULL;
	char *base = NULL, *dot;
	sigset_t wanted, mask;
	int once = 0, c, i;

	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'n':
			l.name = optarg;
			break;
		case ONCE:
			once = 1;
			break;
		case LOCK:
			dir = optarg;
			break;
		}
	if (!once)
		tool_usage(&tool, "--once is missing: this version runs bounded lanes only");
	if (optind == argc)
		tool_usage(&tool, "no lane");
	if (strcmp(argv[optind - 1], "--") == 0) {
		for (i = optind; i < argc; i++)
			add_stage(&l, argv[i], strlen(argv[i]));
	} else {
		if (argc - optind > 1)
			tool_usage(&tool, "one lane at a time; stages follow --");
		read_lane(&l, argv[optind]);
		base = mem_dup(argv[optind], strlen(argv[optind]));
		if (l.name == NULL) {
			l.name = strrchr(base, '/') ? strrchr(base, '/') + 1 : base;
			if ((dot = strrchr(l.name, '.')) != NULL && dot != l.name)
				*dot = '\0';
		}
	}
	if (l.n == 0)
		tool_usage(&tool, "the lane has no stage");
	if (l.name == NULL)
		l.name = "once";
	else if (strchr(l.name, '/') != NULL || strpbrk(l.name, "\"\\\n") != NULL || *l.name == '\0')
		tool_usage(&tool, "-n: \"%s\" is no name for a lane", l.name);
	else
		lock_lane(&l, dir);

	(void)sigemptyset(&wanted);
	(void)sigaddset(&wanted, SIGCHLD);
	(void)sigaddset(&wanted, SIGTERM);
	(void)sigaddset(&wanted, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &wanted, &mask);
	start_lane(&l, &mask);
	c = wait_lane(&l, &wanted);
	for (i = 0; (size_t)i < l.n; i++)
		free(l.stage[i].line);
	free(l.stage);
	free(base);
	return c;
}
