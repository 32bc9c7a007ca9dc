/* Names of the members of a canonical event. */
#include "parcel/event.h"

const char *const event_name[EVENT_N] = {
#define X(e, name) [EVENT_##e] = name,
	EVENT_MEMBERS(X)
#undef X
};
