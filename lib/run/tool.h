#ifndef RUN_TOOL_H_
#define RUN_TOOL_H_

#include <getopt.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A program as its user sees it: options, messages, exit.  Every program has
 *
 *   -v, --quiet, --progress, --metrics FILE, --job NAME, --now TIME,
 *   --rejects FILE, --max-rejects N[,P%[,MIN]], --help, --version
 *
 * and names its own options as getopt_long(3) wants them:
 *
 *	static struct tool tool = { .name = "wb-x", .usage = "wb-x [-k FIELD] [FILE ...]", .letters = "k:" };
 *	while ((c = tool_opt(&tool, argc, argv)) != -1)
 *		switch (c) { case 'k': key = optarg; break; }
 *
 * --help prints usage, which is the SYNOPSIS of the man page.
 */
struct tool {
	const char *name;
	const char *usage;		/* a line a form */
	const char *letters;		/* own short options, or NULL */
	const struct option *longs;	/* own long options, ended by zeros, or NULL; values < 256 or >= TOOL_OWN */
	const char *libs;		/* for --version: "libcurl 7.88.1", or NULL */

	/* what the common options said */
	int verbose;			/* number of -v */
	int quiet, progress;
	const char *metrics, *job;	/* job: name unless --job */
	const char *rejects;		/* "-" = into the stream; NULL = told on standard error */
	uint64_t reject_max, reject_percent, reject_min;
	int64_t now;			/* --now, else the clock at the start; ms */
	int has_now;			/* --now was given */

	/* inner */
	struct option *all;
	int read;			/* all options were */
};

#define TOOL_OWN 1024

/*
 * Next own option, or -1 behind the last.  Usage errors, --help and --version end the process.
 * The first call also sees to it that descriptors 0 to 2 are nobody else's, and ignores SIGUSR1.
 */
int tool_opt(struct tool *t, int argc, char **argv);

/*
 * One line on standard error: "NAME: message", control bytes shown as '?'.  Not for errors, nothing
 * when --quiet: tool_say(); always: tool_warn().
 */
void tool_say(const struct tool *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tool_warn(const struct tool *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Prints the error and ends the process with its status, which the metrics tell; a usage error with
 * a hint to --help.
 */
void tool_die(const struct tool *t, const struct err *e) __attribute__((noreturn));
void tool_usage(const struct tool *t, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* Argument of an option as a number, size (k, M, G), duration (s) or time; a usage error names the option. */
uint64_t tool_num(const struct tool *t, const char *opt, const char *arg, uint64_t min, uint64_t max);
uint64_t tool_size(const struct tool *t, const char *opt, const char *arg);
int64_t tool_duration(const struct tool *t, const char *opt, const char *arg);
int64_t tool_time(const struct tool *t, const char *opt, const char *arg);

#endif
