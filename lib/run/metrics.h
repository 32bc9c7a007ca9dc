#ifndef RUN_METRICS_H_
#define RUN_METRICS_H_

#include <stdint.h>

#include "base/err.h"
#include "run/tool.h"

/*
 * The textfile of a run for the node exporter of Prometheus (waybill.7 "Metrics"),
 * written atomically.  A run that failed keeps the time of the last success, which
 * is read back from the old file.  more holds further families as text, or is empty.
 */
struct metrics_count {
	const char *kind;	/* read, written, rejected, filtered, ... */
	uint64_t n;
};

int metrics_write(const struct tool *t, int status, double seconds,
    const struct metrics_count *count, unsigned n, const char *more, struct err *e);

#endif
