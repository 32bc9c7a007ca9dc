#ifndef RUN_DAYS_H_
#define RUN_DAYS_H_

#include "base/buf.h"
#include "base/err.h"

/*
 * The list that an option of days gives: arg itself where it looks like one, else what stands in the file of that name, in b.
 * It is valid as long as both.  NULL with e: EX_USAGE for standard input, else as file_read() has it.
 */
const char *days_list(const char *arg, struct buf *b, struct err *e);

#endif
