#ifndef BASE_ZONE_H_
#define BASE_ZONE_H_

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Time zones, read from the system's compiled tz data (TZif, RFC 8536, version
 * 2 or newer, footer included) and never from TZ, localtime or the clock.
 * Zones live until the process ends; zone_get() of one name gives one pointer.
 */
struct zone;

/*
 * The zone of that IANA name; "" and "UTC" are UTC and need no file.  NULL with
 * EX_CONFIG when there is none, or when the name is not a plain relative path.
 * The folder is /usr/share/zoneinfo; $ZONEINFO names another.
 */
const struct zone *zone_get(struct slice name, struct err *e);
const struct zone *zone_utc(void);
const char *zone_name(const struct zone *z);

/* Seconds east of UTC at an instant (ms). */
int32_t zone_offset(const struct zone *z, int64_t ms);

/* Local day of an instant. */
int32_t zone_day(const struct zone *z, int64_t ms);

/*
 * Instant (ms) of a local time (ms as if it were UTC).  In a gap the local time
 * moves forward by the gap; in an overlap the later instant is taken.
 */
int64_t zone_instant(const struct zone *z, int64_t local_ms);

#endif
