/* Waiting for what may come back. */
#include "io/retry.h"

#include <stdint.h>
#include <time.h>

#include "base/utc.h"

#define MOST_MS 8000		/* what comes back is in use again within ten seconds */

void
retry_pause(unsigned n)
{
	int64_t ms = n < 7 ? 100LL << n : MOST_MS, jitter;
	struct timespec t;

	jitter = utc_mono() / 1000 % (ms / 2 + 1);
	ms = ms / 2 + jitter;
	t = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	while (nanosleep(&t, &t) == -1)
		;
}
