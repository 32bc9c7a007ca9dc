#ifndef PARCEL_TAXONOMY_H_
#define PARCEL_TAXONOMY_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"

/*
 * The words of the trade (wb-status.5): what a parcel is, and why.  The names of
 * the statuses are compiled in, because the reducer speaks of them; what is said of
 * them, and the reasons, come from status.csv and reason.csv.
 */
enum status {
	STATUS_CREATED,
	STATUS_ACCEPTED,
	STATUS_IN_TRANSIT,
	STATUS_CUSTOMS,
	STATUS_AT_DESTINATION,
	STATUS_OUT_FOR_DELIVERY,
	STATUS_ATTEMPT_FAILED,
	STATUS_READY_FOR_PICKUP,
	STATUS_ON_HOLD,
	STATUS_RETURNING,
	STATUS_DELIVERED,
	STATUS_RETURNED,
	STATUS_LOST,
	STATUS_CANCELLED,
	STATUS_INFO,
	STATUS_UNKNOWN,
	STATUS_N
};

enum terminal { TERMINAL_NO, TERMINAL_SOFT, TERMINAL_HARD };

/* The last two are parties of a miss, never of a reason. */
enum party {
	PARTY_NONE,
	PARTY_CARRIER,
	PARTY_SHIPPER,
	PARTY_RECIPIENT,
	PARTY_CUSTOMS,
	PARTY_FORCE,
	PARTY_PLATFORM,
	PARTY_UNKNOWN,
	PARTY_N
};

/* What a reason means for an SLA: counts against the carrier, is not its time, decides nothing. */
enum reason_clock { CLOCK_CARRIER, CLOCK_EXCLUDED, CLOCK_REVIEW };

extern const char *const status_name[STATUS_N];
extern const char *const party_name[PARTY_N];

int status_by_name(struct slice name);		/* enum status, or -1 */
int party_by_name(struct slice name);		/* enum party, or -1 */

#define REASON_NONE 0		/* the empty reason */
#define REASON_MAX 4096
#define REASON_NAME 64		/* bytes of a name: small letters, digits, _ and one or more dots */

struct taxonomy {
	struct {
		uint8_t rank;
		uint8_t pseudo;		/* no state: info, unknown */
		uint8_t terminal;	/* enum terminal */
	} status[STATUS_N];
	struct reason {
		uint8_t party;		/* enum party */
		uint8_t clock;		/* enum reason_clock */
		uint8_t fault;		/* neither empty nor detail.* */
	} *reason;			/* by number; 0 is the empty reason: no party, clock carrier, no fault */
	size_t reasons;			/* that one counted */
	struct map names;		/* of the reasons; key i is that of number i */
	size_t cap;
};

/*
 * Reads both tables from their bytes; the names are for messages.  Columns are
 * found by their header, those that are not known are passed over.  Every status
 * must be there once, and no other.  0, or -1 with EX_CONFIG, "NAME:LINE: fault",
 * t in the zero state.
 */
int taxonomy_load(struct taxonomy *t, struct slice status_csv, const char *status_file,
    struct slice reason_csv, const char *reason_file, struct err *e);
void taxonomy_fini(struct taxonomy *t);

/* Number of a reason ("" is REASON_NONE), or -1; and its name, which lives as long as t. */
int taxonomy_reason(const struct taxonomy *t, struct slice name);
struct slice taxonomy_reason_name(const struct taxonomy *t, unsigned reason);

#endif
