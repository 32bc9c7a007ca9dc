/* Waiting for what may come back. */
#include "io/retry.h"

#include <stdint.h>
#include <time.h>

#include "base/utc.h"

void
retry_pause(unsigned n)
{
	int64_t ms = n < 9 ? 100LL << n : 30000, jitter;
	struct timespec t;

	if (ms > 30000)
		ms = 30000;
	jitter = utc_mono() / 1000 % (ms / 2 + 1);
	ms = ms / 2 + jitter;
	t = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	while (nanosleep(&t, &t) == -1)
		;
}
