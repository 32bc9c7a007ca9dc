#ifndef BASE_NUM_H_
#define BASE_NUM_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define NUM_MAX 20	/* bytes that an integer of 64 bits needs at most */

/*
 * Whole decimal number ("-12", no blank, no plus sign, no fraction); leading
 * zeros are taken.  Returns 0, or -1 when s is none or does not fit.
 */
int num_i64(struct slice s, int64_t *v);
int num_u64(struct slice s, uint64_t *v);

/* Number with an optional suffix k, M or G (powers of 1024).  0 or -1. */
int num_size(struct slice s, uint64_t *bytes);

/* Decimal digits of v at dst (NUM_MAX bytes); returns how many. */
size_t num_put_i64(char *dst, int64_t v);
size_t num_put_u64(char *dst, uint64_t v);

#endif
