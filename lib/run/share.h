#ifndef RUN_SHARE_H_
#define RUN_SHARE_H_

#include <stddef.h>

#include "base/err.h"
#include "parcel/taxonomy.h"

/*
 * Path of a file or folder that ships with Waybill, rel being "taxonomy",
 * "maps/cdek.csv" and the like: $WB_SHARE_DIR/rel when that is set, else rel in
 * the scripts/ of the checkout that the program was built in while it is there,
 * else in the installed data.  0, or -1 when it does not fit into cap bytes.
 */
int share_path(char *dst, size_t cap, const char *rel);

/* The taxonomy that ships with Waybill.  0, or -1 with EX_CONFIG. */
int share_taxonomy(struct taxonomy *t, struct err *e);

#endif
