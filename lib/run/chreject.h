#ifndef RUN_CHREJECT_H_
#define RUN_CHREJECT_H_

#include "run/rejects.h"

/* Rejects into a ClickHouse store: struct rejects' store is a struct ch, for its address. */
extern const struct rejects_loader chreject;

#endif
