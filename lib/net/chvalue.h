#ifndef NET_CHVALUE_H_
#define NET_CHVALUE_H_

#include <stddef.h>

#include "base/slice.h"
#include "net/chtype.h"

/*
 * One value of a type of fixed width, as it lies in a block of Native format, as JSON:
 * integers and decimals bare, a float in the fewest digits that read back as the same
 * number and null when it is none, times 24 characters in UTC and cut to milliseconds,
 * dates 10, enums their names, addresses and UUIDs as texts.
 */

/*
 * Writes the value of type t whose t->size bytes lie at p to dst, which has
 * chvalue_width(t) bytes; returns its end.  Types made of others, and String and
 * FixedString, are the caller's: null.
 */
char *chvalue_put(char *dst, const struct chtype *t, const char *p);

/*
 * A JSON string of any bytes at dst (6 * s.n + 2 bytes): what is no UTF-8 becomes
 * U+FFFD, U+0000 is left out.  Returns its end.
 */
char *chvalue_quote(char *dst, struct slice s);

/* Bytes of the longest JSON text of a value of the type, the texts and elements that vary in number left out. */
size_t chvalue_width(const struct chtype *t);

#endif
