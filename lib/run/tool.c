/* Options that all programs have, messages, and the way out. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "run/metrics.h"
#include "run/tool.h"

enum { QUIET = 512, PROGRESS, METRICS, JOB, NOW, REJECTS, MAX_REJECTS, HELP, VERSION };

static const struct option common[] = {
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, QUIET },
	{ "progress", no_argument, NULL, PROGRESS },
	{ "metrics", required_argument, NULL, METRICS },
	{ "job", required_argument, NULL, JOB },
	{ "now", required_argument, NULL, NOW },
	{ "rejects", required_argument, NULL, REJECTS },
	{ "max-rejects", required_argument, NULL, MAX_REJECTS },
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, VERSION },
};
#define COMMON (sizeof common / sizeof *common)

static void __attribute__((format(printf, 2, 0)))
say(const struct tool *t, const char *fmt, va_list ap)
{
	char line[2048], shown[sizeof line + 8], *p;

	(void)vsnprintf(line, sizeof line, fmt, ap);
	for (p = line; *p != '\0'; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	/* one write a line, so that lines of the stages of a pipeline do not mix */
	(void)fflush(stderr);
	(void)dprintf(STDERR_FILENO, "%s%s: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", t->name,
	    err_show(shown, sizeof shown, line, (size_t)(p - line)));
}

void
tool_say(const struct tool *t, const char *fmt, ...)
{
	va_list ap;

	if (t->quiet)
		return;
	va_start(ap, fmt);
	say(t, fmt, ap);
	va_end(ap);
}

void
tool_warn(const struct tool *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(t, fmt, ap);
	va_end(ap);
}

void
tool_die(const struct tool *t, const struct err *e)
{
	struct err failed = ERR_NONE;

	tool_warn(t, "%s%s", e->msg, e->status == EX_USAGE ? " (see --help)" : "");
	if (t->metrics != NULL && t->read && metrics_write(t, e->status, 0, NULL, 0, "", &failed) == -1)
		tool_warn(t, "%s", failed.msg);
	exit(e->status);
}

void
tool_usage(const struct tool *t, const char *fmt, ...)
{
	struct err e = ERR_NONE;
	va_list ap;

	va_start(ap, fmt);
	(void)err_vset(&e, EX_USAGE, fmt, ap);
	va_end(ap);
	tool_die(t, &e);
}

uint64_t
tool_num(const struct tool *t, const char *opt, const char *arg, uint64_t min, uint64_t max)
{
	uint64_t v = 0;

	if (num_u64(slice_of(arg), &v) == -1 || v < min || v > max)
		tool_usage(t, "%s: \"%.200s\" is not a number from %llu to %llu", opt, arg,
		    (unsigned long long)min, (unsigned long long)max);
	return v;
}

uint64_t
tool_size(const struct tool *t, const char *opt, const char *arg)
{
	uint64_t v = 0;

	if (num_size(slice_of(arg), &v) == -1)
		tool_usage(t, "%s: \"%.200s\" is not a size (a number, with k, M or G)", opt, arg);
	return v;
}

int64_t
tool_duration(const struct tool *t, const char *opt, const char *arg)
{
	int64_t v = 0;

	if (utc_duration(slice_of(arg), &v) == -1)
		tool_usage(t, "%s: \"%.200s\" is not a duration (90s, 15m, 2h, 30d, PT1H)", opt, arg);
	return v;
}

int64_t
tool_time(const struct tool *t, const char *opt, const char *arg)
{
	int64_t v = 0;

	if (utc_arg(slice_of(arg), t->now, &v) == -1)
		tool_usage(t, "%s: \"%.200s\" is not a time (2026-11-17T08:00:00Z, 2026-11-17, -2h)", opt, arg);
	return v;
}

static void
version(const struct tool *t)
{
	printf("%s %s (zlib %s, zstd %s, OpenSSL %s)\n", t->name, WB_VERSION, zlibVersion(), ZSTD_versionString(),
	    OpenSSL_version(OPENSSL_VERSION_STRING));
	if (t->libs != NULL)
		printf("%s\n", t->libs);
	exit(fflush(stdout) == 0 ? 0 : EX_IOERR);
}

/* N[,P%[,MIN]] */
static void
max_rejects(struct tool *t, const char *arg)
{
	uint64_t *v[] = { &t->reject_max, &t->reject_percent, &t->reject_min };
	struct slice s = slice_of(arg);
	int i;

	for (i = 0; i < 3; i++) {
		const char *comma = memchr(s.p, ',', s.n);
		struct slice part = { s.p, comma ? (size_t)(comma - s.p) : s.n };

		if (i == 1 && part.n > 0 && part.p[part.n - 1] == '%')
			part.n--;
		if (num_u64(part, v[i]) == -1 || (i == 1 && *v[i] > 100))
			break;
		if (comma == NULL)
			return;
		s = (struct slice){ comma + 1, s.n - part.n - 1 - (i == 1 && comma[-1] == '%') };
	}
	tool_usage(t, "--max-rejects: \"%.200s\" is not N[,P%%[,MIN]]", arg);
}

/*
 * A standard descriptor that is closed would become the next file that is opened, and
 * records or messages would go there.  Now each use of it fails.
 */
static void
hold_standard(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static void
start(struct tool *t)
{
	size_t n = 0;

	hold_standard();
	(void)signal(SIGUSR1, SIG_IGN);	/* until somebody can answer */
	if (t->longs != NULL)
		while (t->longs[n].name != NULL)
			n++;
	t->all = mem_alloc((n + COMMON + 1) * sizeof *t->all);
	if (n > 0)
		memcpy(t->all, t->longs, n * sizeof *t->all);
	memcpy(t->all + n, common, sizeof common);
	t->job = t->name;
	t->reject_max = 1000;
	t->reject_percent = 1;
	t->reject_min = 100;
	t->now = utc_now();
}

static void __attribute__((noreturn))
bad_option(const struct tool *t, const char *letters, const char *last)
{
	if (optopt == 0)
		tool_usage(t, "unknown option %.200s", last);
	if (optopt >= 256 || strchr(letters, optopt) != NULL)
		tool_usage(t, "option %.200s: no argument is taken", last);
	tool_usage(t, "unknown option -%c", optopt);
}

int
tool_opt(struct tool *t, int argc, char **argv)
{
	char letters[64];
	int c;

	if (t->all == NULL)
		start(t);
	(void)snprintf(letters, sizeof letters, ":v%s", t->letters ? t->letters : "");
	for (;;) {
		c = getopt_long(argc, argv, letters, t->all, NULL);
		switch (c) {
		case 'v':
			t->verbose++;
			break;
		case QUIET:
			t->quiet = 1;
			break;
		case PROGRESS:
			t->progress = 1;
			break;
		case METRICS:
			t->metrics = optarg;
			break;
		case JOB:
			t->job = optarg;
			break;
		case NOW:
			t->now = tool_time(t, "--now", optarg);
			t->has_now = 1;
			break;
		case REJECTS:
			t->rejects = optarg;
			break;
		case MAX_REJECTS:
			max_rejects(t, optarg);
			break;
		case HELP:
			printf("usage: %s\n", t->usage);
			exit(fflush(stdout) == 0 ? 0 : EX_IOERR);
		case VERSION:
			version(t);
			break;
		case '?':
			bad_option(t, letters, argv[optind - 1]);
		case ':':
			tool_usage(t, "option %.200s needs an argument", argv[optind - 1]);
		case -1:
			t->read = 1;
			return -1;
		default:
			return c;
		}
	}
}
