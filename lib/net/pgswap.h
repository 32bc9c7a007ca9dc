#ifndef NET_PGSWAP_H_
#define NET_PGSWAP_H_

#include "base/err.h"
#include "net/pg.h"
#include "net/pgtarget.h"

/*
 * The rows of wb_stage take the place of those of the days, and the transaction is committed (wb-pg-load.1 "Whole days").  days is a list by
 * commas or white space; hour the column that full hours of it are in, or NULL; scope: of wb_horizon or NULL.
 * 0, or -1: nothing was replaced.
 */
int pgswap(struct pg *p, const struct pgtarget *t, const char *days, const char *hour, const char *scope, struct err *e);

#endif
