/* Signals: flags that the pump looks at between records. */
#include <sys/time.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sysexits.h>
#include <unistd.h>

#include "io/sig.h"

volatile int sig_pending;
static volatile sig_atomic_t usr1, tick, stop;

static void
handle(int s)
{
	if (s == SIGUSR1) {
		usr1 = 1;
	} else if (s == SIGALRM) {
		tick = 1;
	} else {
		if (stop)
			_exit(EX_TEMPFAIL);
		stop = 1;
	}
	sig_pending = 1;
}

static void
set(int s, void (*act)(int))
{
	struct sigaction sa = { .sa_handler = act };	/* no SA_RESTART: reads are to be interrupted */

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(s, &sa, NULL);
}

void
sig_init(enum sig_mode mode)
{
	set(SIGPIPE, SIG_IGN);
	set(SIGUSR1, handle);
	if (mode != SIG_PLAIN) {
		set(SIGTERM, handle);
		set(SIGINT, handle);
	}
}

void
sig_tick(unsigned sec)
{
	struct itimerval t = { { .tv_sec = sec }, { .tv_sec = sec } };

	set(SIGALRM, handle);
	(void)setitimer(ITIMER_REAL, &t, NULL);
}

static int
take(volatile sig_atomic_t *f)
{
	int was = *f;

	*f = 0;
	return was;
}

int
sig_usr1_taken(void)
{
	return take(&usr1);
}

int
sig_tick_taken(void)
{
	return take(&tick);
}

int
sig_stop(void)
{
	return stop;
}

int
sig_poll(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	sigset_t all, was;
	int rc = -1, error = EINTR;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &was);
	if (!sig_pending) {
		rc = ppoll(&p, 1, ms < 0 ? NULL : &ts, &was);
		error = errno;
	}
	(void)pthread_sigmask(SIG_SETMASK, &was, NULL);
	errno = error;
	return rc;
}
