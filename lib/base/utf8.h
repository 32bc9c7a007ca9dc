#ifndef BASE_UTF8_H_
#define BASE_UTF8_H_

#include <stddef.h>

/*
 * Length in bytes (1 to 4) of the well-formed UTF-8 sequence at p, of which n
 * bytes are there; 0 when it is ill-formed or cut (RFC 3629: no overlong form,
 * no surrogate, at most U+10FFFF).
 */
size_t utf8_len(const char *p, size_t n);

/* How many bytes of p, at most n, are well-formed UTF-8; n when all are. */
size_t utf8_span(const char *p, size_t n);

/* Greatest length <= max at which the n bytes of p may be cut between characters. */
size_t utf8_cut(const char *p, size_t n, size_t max);

#endif
