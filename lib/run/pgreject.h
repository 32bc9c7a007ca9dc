#ifndef RUN_PGREJECT_H_
#define RUN_PGREJECT_H_

#include "net/pg.h"
#include "run/rejects.h"

/* Rejects into a PostgreSQL store: struct rejects' store is a struct pgreject_store. */
struct pgreject_store {
	const struct pg_options *options;
	int delete_insert;	/* as pgtarget_options has it */
};
extern const struct rejects_loader pgreject;

#endif
