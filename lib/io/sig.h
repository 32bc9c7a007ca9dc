#ifndef IO_SIG_H_
#define IO_SIG_H_

#include <poll.h>

/*
 * Signals of a stage.  SIGPIPE is ignored (a dead reader is an error of write).
 * SIGUSR1 and the ticks of a timer interrupt a waiting read; the *_taken()
 * functions tell and forget.  SIGTERM and SIGINT by mode.
 */
enum sig_mode {
	SIG_PLAIN,	/* default action */
	SIG_SOURCE,	/* the first asks to stop (sig_stop()), the second ends with EX_TEMPFAIL */
	SIG_STAGE,	/* the first is ignored, the second ends with EX_TEMPFAIL */
};
void sig_init(enum sig_mode mode);

/* A tick every so many seconds. */
void sig_tick(unsigned sec);

extern volatile int sig_pending;	/* set by every signal; looked at, and cleared, once a record */
int sig_usr1_taken(void);
int sig_tick_taken(void);
int sig_stop(void);

/*
 * poll(2) of one descriptor that no signal can slip past: -1 with EINTR too when one came
 * since sig_pending was cleared.
 */
int sig_poll(int fd, short events, int ms);

#endif
