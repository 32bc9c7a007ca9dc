#ifndef RUN_ROWS_H_
#define RUN_ROWS_H_

#include "base/err.h"
#include "rec/json.h"

/*
 * Reads a file of rows, one JSON object a line (reference data, as wb-pg-extract writes
 * them), and calls row for each; blank lines and control lines are passed over.  row
 * returns 0, or -1 with e, which ends the reading.  0, or -1 with EX_CONFIG,
 * "FILE:LINE: fault".
 */
int rows_read(const char *path, int (*row)(void *arg, const struct json *j, struct err *e), void *arg, struct err *e);

#endif
