#ifndef RUN_LANE_H_
#define RUN_LANE_H_

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * A lane as wb-run sees it: its stages, their processes, their pipes.
 */
struct lane_stage {
	char *line;		/* run by sh as "exec LINE" */
	pid_t pid;		/* 0: not running */
	int status;		/* as of waitpid() */
};

struct lane {
	const char *name;	/* of the caller */
	const char *status;	/* file that the source tells its acknowledged checkpoints in (WB_STATUS), or NULL */
	int once;		/* bounded (WB_ONCE) */
	struct lane_stage *stage;
	size_t n, cap;
	pid_t group;		/* of the processes */
	int lock;		/* descriptor of the lock, or -1 */
};

void lane_init(struct lane *l);
void lane_fini(struct lane *l);

/* Adds one stage, whatever lines it has.  0, or -1 when there is nothing in it but blanks. */
int lane_add(struct lane *l, const char *p, size_t n);

/*
 * Adds the stages of a text: a stage a line; # begins a comment line; a backslash at
 * the end of another line goes on with the next.
 */
void lane_parse(struct lane *l, const char *p, size_t n);

/*
 * Takes the lock DIR/NAME.lock, which the stages inherit: 0; -1 with EX_TEMPFAIL and the
 * holder's pid when another has it, EX_IOERR when it cannot be opened.
 */
int lane_lock(struct lane *l, const char *dir, struct err *e);

/* 1 when somebody holds the lock DIR/NAME.lock, 0 when nobody does. */
int lane_is_locked(const char *dir, const char *name);

/* Starts all stages, joined by pipes, in a process group of their own; mask is their signal mask.  0, or -1 EX_TEMPFAIL. */
int lane_start(struct lane *l, const sigset_t *mask, struct err *e);

/* Sends a signal to the first stage; to all that run, and to what they have started. */
void lane_signal_head(const struct lane *l, int sig);
void lane_signal(const struct lane *l, int sig);

/*
 * Collects stages that have ended; each is given to told() once.  Returns how many still run.
 * *result is the exit status that says most: any but EX_TEMPFAIL names the cause, since a
 * neighbour's death makes the others exit EX_TEMPFAIL.
 */
size_t lane_reap(struct lane *l, void (*told)(const struct lane_stage *), int *result);

/* Exit status of a stage: its own; EX_TEMPFAIL when it was killed, EX_CONFIG when sh could not start it. */
int lane_exit(int status);

#endif
