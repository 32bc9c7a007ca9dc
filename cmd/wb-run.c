/* wb-run: starts a lane, one pipeline as one unit: the first death ends all of it, and an endless lane starts again. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
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
#include "rec/control.h"
#include "run/db.h"
#include "run/lane.h"
#include "run/metrics.h"
#include "run/tool.h"

#define MS 1000000LL		/* ns */
#define GRACE_MS 2000		/* between SIGTERM and SIGKILL for the rest of a lane that broke */
#define DRAIN_MS 40000		/* for a lane that was asked to stop: more than its source's own grace */
#define BACKOFF_MIN_MS 200
#define BACKOFF_MAX_MS 30000

enum { ONCE = TOOL_OWN, LOCK, STATUS };

static struct tool tool = {
	.name = "wb-run",
	.usage = "wb-run [-v] [-n NAME] [--lock DIR] [--once] {LANE | -- STAGE ...}\n"
	    "       wb-run [--lock DIR] --status [NAME]",
	.letters = "n:",
	.longs = (const struct option[]){
		{ "once", no_argument, NULL, ONCE },
		{ "lock", required_argument, NULL, LOCK },
		{ "status", no_argument, NULL, STATUS },
		{ 0 },
	},
};

static sigset_t wanted;		/* signals that are waited for */
static int stops;		/* times that the user asked to stop */
static int breaking;		/* the lane is being taken down: deaths are our doing */

static void
tell_death(const struct lane_stage *s)
{
	if (breaking && WIFSIGNALED(s->status) && tool.verbose == 0)
		return;
	if (WIFSIGNALED(s->status))
		tool_warn(&tool, "killed by signal %d: %s", WTERMSIG(s->status), s->line);
	else if (WEXITSTATUS(s->status) != 0 || tool.verbose > 0)
		tool_warn(&tool, "exit %d: %s", WEXITSTATUS(s->status), s->line);
}

/* Waits for one of the signals, at most until the deadline (monotonic ns; 0: for ever). */
static int
wait_signal(int64_t deadline)
{
	int64_t left = deadline ? deadline - utc_mono() : 3600 * 1000 * MS;
	struct timespec ts = { 0 };

	if (left > 0)
		ts = (struct timespec){ left / (1000 * MS), left % (1000 * MS) };
	return sigtimedwait(&wanted, NULL, &ts);
}

/* Waits for the lane's end and returns its status.  The first stage that fails ends the others. */
static int
wait_lane(struct lane *l)
{
	int64_t deadline = 0;
	int result = 0, sig;

	while (lane_reap(l, tell_death, &result) > 0) {
		if (result != 0 && !breaking) {
			breaking = 1;
			lane_signal(l, SIGTERM);
			deadline = utc_mono() + GRACE_MS * MS;
		}
		sig = wait_signal(deadline);
		if (sig == SIGUSR1)
			lane_signal(l, SIGUSR1);
		if (sig == SIGTERM || sig == SIGINT) {
			/* the source drains: it ends with a checkpoint, and the lane with it */
			if (stops++ == 0)
				lane_signal_head(l, SIGTERM);
			else
				lane_signal(l, SIGKILL);
			if (deadline == 0)
				deadline = utc_mono() + DRAIN_MS * MS;
		}
		if (deadline != 0 && utc_mono() >= deadline) {
			breaking = 1;
			lane_signal(l, SIGKILL);
			deadline = utc_mono() + GRACE_MS * MS;
		}
	}
	breaking = 0;
	return result;
}

/* Time of the source's last acknowledged checkpoint, as its status file has it; 0: none. */
static int64_t
last_ckpt(const char *path)
{
	struct stat sb;

	return path != NULL && stat(path, &sb) == 0 && sb.st_size > 0 ?
	    (int64_t)sb.st_mtim.tv_sec * 1000000000 + sb.st_mtim.tv_nsec : 0;
}

static int
write_metrics(int status, int64_t began)
{
	struct err e = ERR_NONE;

	if (tool.metrics == NULL || metrics_write(&tool, status, (double)(utc_mono() - began) / 1e9, NULL, 0, "", &e) == 0)
		return status;
	tool_warn(&tool, "%s", e.msg);
	return status != 0 ? status : e.status;
}

/* An endless lane is started again, later and later, until it has got on by a checkpoint. */
static int
run_lane(struct lane *l, const sigset_t *mask)
{
	struct err e = ERR_NONE;
	int64_t backoff = BACKOFF_MIN_MS, before, began, until;
	int status, sig;

	for (;;) {
		began = utc_mono();
		before = last_ckpt(l->status);
		if (lane_start(l, mask, &e) == -1)
			tool_warn(&tool, "%s", e.msg);
		status = wait_lane(l);
		if (e.status != 0 && status == 0)
			status = e.status;
		e = ERR_NONE;
		status = write_metrics(status, began);
		if (l->once || stops > 0)
			return status;
		switch (status) {
		case 0:
		case EX_USAGE:
		case EX_DATAERR:
		case EX_UNAVAILABLE:
		case EX_SOFTWARE:
		case EX_CONFIG:
			return status;
		}
		if (last_ckpt(l->status) != before)
			backoff = BACKOFF_MIN_MS;
		tool_say(&tool, "lane %s ended with %d, starts again in %.1f s", l->name, status, (double)backoff / 1000);
		until = utc_mono() + backoff * MS;
		while (utc_mono() < until) {
			sig = wait_signal(until);
			if (sig == SIGTERM || sig == SIGINT)
				return 0;	/* nothing runs: nothing to drain */
		}
		backoff = backoff * 2 < BACKOFF_MAX_MS ? backoff * 2 : BACKOFF_MAX_MS;
	}
}

/* One line a lane: its status file, with its age and whether it runs. */
static void
print_status(const char *dir, const char *name)
{
	char path[PATH_MAX], text[512];
	struct buf b = { 0 };
	struct err e = ERR_NONE;
	int64_t at;

	(void)snprintf(path, sizeof path, "%s/%s.status", dir, name);
	at = last_ckpt(path);
	if (at != 0 && file_read(path, 4096, &b, &e) == 0)
		(void)err_show(text, sizeof text, b.p, b.n > 0 && b.p[b.n - 1] == '\n' ? b.n - 1 : b.n);
	else
		(void)snprintf(text, sizeof text, "no checkpoint");
	printf("%s\t%s\t", name, lane_is_locked(dir, name) ? "runs" : "stopped");
	if (at != 0)
		printf("%.1f s ago\t", (double)(utc_now() - at / 1000000) / 1000);
	printf("%s\n", text);
	buf_fini(&b);
}

static int
status(const char *dir, const char *name)
{
	struct dirent **list = NULL;
	struct err e = ERR_NONE;
	int n, i, found = 0;
	char *dot;

	n = scandir(dir, &list, NULL, alphasort);
	if (n == -1) {
		err_set(&e, EX_IOERR, "%s: %s (--lock DIR)", dir, strerror(errno));
		tool_die(&tool, &e);
	}
	for (i = 0; i < n; i++) {
		dot = strrchr(list[i]->d_name, '.');
		if (dot != NULL && strcmp(dot, ".lock") == 0) {
			*dot = '\0';
			if (name == NULL || strcmp(name, list[i]->d_name) == 0) {
				print_status(dir, list[i]->d_name);
				found = 1;
			}
		}
		free(list[i]);
	}
	free(list);
	if (name != NULL && !found) {
		tool_warn(&tool, "no lane %s in %s", name, dir);
		return 1;
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : EX_IOERR;
}

/* Folder of locks and status files. */
static const char *
lock_dir(const char *dir)
{
	static char own[64];
	struct err e = ERR_NONE;
	struct stat sb;

	if (dir == NULL)
		dir = env_get("WB_LOCKS");
	if (dir == NULL)
		dir = env_get("XDG_RUNTIME_DIR");
	if (dir != NULL)
		return dir;
	(void)snprintf(own, sizeof own, "/tmp/waybill-%ld", (long)getuid());
	(void)mkdir(own, 0700);
	/* everybody may write to /tmp: a folder that another user has made there may hold links */
	if (lstat(own, &sb) == -1 || !S_ISDIR(sb.st_mode) || sb.st_uid != getuid() || (sb.st_mode & 022) != 0) {
		err_set(&e, EX_CONFIG, "%s: no folder of this user alone (--lock DIR names another)", own);
		tool_die(&tool, &e);
	}
	return own;
}

/* Base name of the lane's file, without its ending.  The caller frees. */
static char *
name_of(const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *dot = strrchr(base, '.');

	return mem_dup(base, dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base));
}

/* The loader that fits the store, unless the user has said which. */
static void
set_load(void)
{
	const char *store = env_get("WB_STORE");

	if (store != NULL && env_get("WB_LOAD") == NULL)
		(void)setenv("WB_LOAD", db_kind_of(store) == DB_POSTGRES ? "wb-pg-load" : "wb-ch-load", 1);
}

int
main(int argc, char **argv)
{
	struct lane l;
	struct err e = ERR_NONE;
	struct buf text = { 0 };
	const char *dir = NULL;
	char *name = NULL, path[PATH_MAX];
	sigset_t mask;
	int ask = 0, c, i;

	lane_init(&l);
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'n':
			l.name = optarg;
			break;
		case ONCE:
			l.once = 1;
			break;
		case LOCK:
			dir = optarg;
			break;
		case STATUS:
			ask = 1;
			break;
		}
	if (tool.rejects != NULL || tool.has_now)
		tool_usage(&tool, "--rejects and --now belong to the stages");
	if (ask)
		return status(lock_dir(dir), argv[optind]);
	if (optind == argc)
		tool_usage(&tool, "no lane");
	if (strcmp(argv[optind - 1], "--") == 0) {
		for (i = optind; i < argc; i++)
			if (lane_add(&l, argv[i], strlen(argv[i])) == -1)
				tool_usage(&tool, "stage %d is empty", i - optind + 1);
	} else {
		if (argc - optind > 1)
			tool_usage(&tool, "one lane at a time; stages follow --");
		if (file_read(argv[optind], 1 << 20, &text, &e) == -1)
			tool_die(&tool, &e);
		if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL) {
			err_set(&e, EX_CONFIG, "%s: no text", argv[optind]);
			tool_die(&tool, &e);
		}
		lane_parse(&l, text.p ? text.p : "", text.n);
		if (l.name == NULL)
			l.name = name = name_of(argv[optind]);
	}
	if (l.n == 0)
		tool_usage(&tool, "the lane has no stage");
	if (l.name == NULL && !l.once)
		tool_usage(&tool, "an endless lane needs a name (-n)");
	if (l.name == NULL) {
		l.name = "once";
	} else {
		if (!control_name(l.name))
			tool_usage(&tool, "-n: \"%.200s\" is no name for a lane", l.name);
		dir = lock_dir(dir);
		if ((size_t)snprintf(path, sizeof path, "%s/%s.status", dir, l.name) >= sizeof path)
			tool_usage(&tool, "--lock: the name is too long");
		if (lane_lock(&l, dir, &e) == -1)
			tool_die(&tool, &e);
		l.status = path;
	}
	(void)sigemptyset(&wanted);
	(void)sigaddset(&wanted, SIGCHLD);
	(void)sigaddset(&wanted, SIGTERM);
	(void)sigaddset(&wanted, SIGINT);
	(void)sigaddset(&wanted, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &wanted, &mask);
	(void)signal(SIGUSR1, SIG_DFL);		/* what is ignored does not come */
	(void)signal(SIGCHLD, SIG_DFL);
	set_load();
	c = run_lane(&l, &mask);
	lane_fini(&l);
	buf_fini(&text);
	free(name);
	return c;
}
