/* Tables and their members, as far as loading needs to know them. */
#include <string.h>

#include "parcel/doc.h"
#include "parcel/event.h"
#include "parcel/table.h"

const char *const table_known[] = {
	/* Waybill's own, and lineage */
	"_key", "_hdr", "src_topic", "src_partition", "src_offset", "src_i", "loaded_at", "computed_at", "batch_id",
	/* documents and events */
#define X(e, name, by) name,
	DOC_MEMBERS(X)
#undef X
#define X(e, name) name,
	EVENT_MEMBERS(X)
#undef X
	/* messages of tracking.events */
	"schema", "carrier_code",
	/* rows of the OLTP tables */
	"id", "name", "segment", "tier", "home_region", "is_active", "updated_at", "code", "kind", "tz", "daily_capacity",
	"order_ref", "promised_on", "promised_first_at", "promised_first_on", "cod_amount", "ts", "operation", "direction",
	"http_status", "outcome", "duration_ms", "request_id", "records", "error", "channel", "topic", "opened_at",
	"first_reply_at", "resolved_at", "reopened", "csat",
};
const size_t table_known_n = sizeof table_known / sizeof *table_known;

static int
listed(const char *const *list, const char *name)
{
	while (*list != NULL && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

int
table_may_lack(const char *table, const char *column)
{
	static const char *const event[] = {
		"is_date_only", "carrier_id", "tracking_number", "reason", "raw_code", "raw_subcode", "raw_text", "attempt_no",
		"courier_id", "facility_id", "region_code", "city", "lat", "lon", "edd", "supersedes", "to_recipient", "pieces",
		"pieces_delivered", "damaged", "extra", NULL
	};

	return strcmp(table, "fct_event") == 0 && listed(event, column);
}

int
table_is_bool(const char *column)
{
	static const char *const bools[] = {
		"is_weekend", "is_business", "is_remote", "is_current", "is_active", "is_date_only", "to_recipient", "damaged",
		"is_open", "first_attempt_ok", "is_reopened", "is_partial", "is_paused", NULL
	};

	return listed(bools, column);
}

int
table_is_object(const char *column)
{
	return strcmp(column, "extra") == 0;
}

int
table_is_lineage(const char *column)
{
	static const char *const lineage[] = { "loaded_at", "computed_at", "batch_id", NULL };

	return listed(lineage, column);
}

int
table_tie_smaller(const char *table)
{
	return strcmp(table, "fct_event") == 0;
}

const char *
table_scope(const char *mart)
{
	static const char *const shipment[] = { "mart_delivery_day", "mart_sla_day", "mart_courier_day", NULL };

	return listed(shipment, mart) ? "shipment" : strcmp(mart, "mart_support_day") == 0 ? "support"
	    : strcmp(mart, "mart_integration_hour") == 0 ? "integration" : NULL;
}

const char *
table_hour(const char *mart)
{
	return strcmp(mart, "mart_integration_hour") == 0 ? "hour" : strcmp(mart, "mart_backlog_hour") == 0 ? "as_of" : NULL;
}
