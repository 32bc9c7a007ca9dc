#ifndef RUN_MAPS_H_
#define RUN_MAPS_H_

#include "base/err.h"
#include "base/map.h"
#include "parcel/carriermap.h"
#include "parcel/taxonomy.h"

/*
 * Reads carrier maps into m.  path is a list, separated by ':', of folders, which hold
 * CARRIER.csv, and aggregators/NAME.csv, vocabularies that belong to no carrier, and of
 * single files CARRIER.csv; an empty element, and NULL, is the folder that ships with
 * Waybill.  Of two maps of one name the one that stands later in the list is read,
 * whole, in place of the other; one that takes the place of a vocabulary is one.  Names
 * of vocabularies are added to vocabularies.  0, or -1 with EX_CONFIG.
 */
int maps_read(const char *path, const struct taxonomy *t, struct carriermap *m, struct map *vocabularies, struct err *e);

#endif
