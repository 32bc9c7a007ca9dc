#ifndef BASE_ERR_H_
#define BASE_ERR_H_

#include <stdarg.h>
#include <stddef.h>
#include <sysexits.h>

/*
 * What went wrong, as data.  lib/ fills it and returns -1 or NULL; lib/run and
 * cmd/ print it and choose the exit status.
 *
 * status is one of <sysexits.h>, by waybill.7 "Exit status":
 * EX_USAGE 64, EX_DATAERR 65, EX_UNAVAILABLE 69, EX_SOFTWARE 70, EX_IOERR 74,
 * EX_TEMPFAIL 75, EX_CONFIG 78.  Zero: no error.
 */
struct err {
	int status;
	char msg[1024];
};

#define ERR_NONE ((struct err){ 0 })

/* Set status and message ("place: fault").  Returns -1.  e may be NULL. */
int err_set(struct err *e, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int err_vset(struct err *e, int status, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* Put "place: " before the message.  Returns -1. */
int err_at(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Copy at most cap - 1 bytes of n bytes of data into dst for a message: control
 * characters and bytes that are not UTF-8 are shown as '?'.  Returns dst.
 */
char *err_show(char *dst, size_t cap, const char *p, size_t n);

#endif
