/* The words of rules and verdicts. */
#include "parcel/rules.h"
#include "parcel/sla.h"

const char *const promise_name[PROMISE_N] = { "none", "explicit", "rule", "carrier_edd" };
const char *const start_name[START_N] = { "accepted", "created", "label" };
const char *const stop_name[STOP_N] = { "none", "delivered", "first_attempt", "ready_for_pickup" };
const char *const unit_name[UNIT_N] = { "none", "bday", "day", "hour", "bhour" };
const char *const pause_name[PAUSE_N] = { "customs", "hold", "reschedule", "pickup", "force" };
const char *const sla_state_name[SLA_STATES] = { "not_applicable", "pending", "at_risk", "met", "missed" };
