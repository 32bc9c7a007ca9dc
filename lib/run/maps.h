#ifndef RUN_MAPS_H_
#define RUN_MAPS_H_

#include "base/err.h"
#include "base/map.h"
#include "parcel/carriermap.h"
#include "parcel/taxonomy.h"

/*
 * Reads a folder of maps into m: CARRIER.csv, and aggregators/NAME.csv, vocabularies
 * that belong to no carrier, whose names are added to vocabularies.  dir NULL is the
 * folder that ships with Waybill.  0, or -1 with EX_CONFIG.
 */
int maps_read(const char *dir, const struct taxonomy *t, struct carriermap *m, struct map *vocabularies, struct err *e);

#endif
