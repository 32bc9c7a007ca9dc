/* Statements that compare a table of the OLTP with its pair in a store. */
#include "run/pair.h"

#include <inttypes.h>
#include <string.h>

#include "net/chtext.h"

#define DAY 86400	/* s */

static const struct pair pairs[] = {
	{ "shipment_events", "fct_event", 2, 0, "received_at", "received_at", 1, NULL, 1, {
		{ "shipment_id", NULL, PAIR_TEXT, NULL }, { "event_id", NULL, PAIR_TEXT, NULL },
	} },
	{ "shipments", "stg_shipment", 1, 0, "created_at", "updated_at", 1, NULL, 0, {
		{ "shipment_id", NULL, PAIR_TEXT, NULL }, { "id", NULL, PAIR_NUMBER, NULL }, { "client_id", NULL, PAIR_NUMBER, NULL },
		{ "carrier_id", NULL, PAIR_NUMBER, "0" }, { "tracking_number", NULL, PAIR_TEXT, "''" }, { "service_code", NULL, PAIR_TEXT, NULL },
		{ "delivery_mode", NULL, PAIR_TEXT, NULL }, { "origin_region", NULL, PAIR_TEXT, NULL }, { "dest_region", NULL, PAIR_TEXT, NULL },
		{ "promised_at", NULL, PAIR_TIME, NULL }, { "promised_on", NULL, PAIR_DAY, NULL },
		{ "promised_first_at", NULL, PAIR_TIME, NULL }, { "promised_first_on", NULL, PAIR_DAY, NULL },
		{ "cancelled_at", NULL, PAIR_TIME, NULL }, { "price", NULL, PAIR_MONEY, NULL }, { "weight_g", NULL, PAIR_NUMBER, NULL },
		{ "pieces", NULL, PAIR_NUMBER, NULL }, { "created_at", NULL, PAIR_TIME, NULL }, { "updated_at", NULL, PAIR_TIME, NULL },
	} },
	{ "support_contacts", "stg_contact", 1, 1, "opened_at", "updated_at", 1, NULL, 0, {
		{ "id", NULL, PAIR_NUMBER, NULL }, { "client_id", NULL, PAIR_NUMBER, "0" }, { "shipment_id", NULL, PAIR_TEXT, "''" },
		{ "channel", NULL, PAIR_TEXT, NULL }, { "topic", NULL, PAIR_TEXT, NULL }, { "opened_at", NULL, PAIR_TIME, NULL },
		{ "first_reply_at", NULL, PAIR_TIME, NULL }, { "resolved_at", NULL, PAIR_TIME, NULL }, { "reopened", NULL, PAIR_NUMBER, NULL },
		{ "csat", NULL, PAIR_NUMBER, NULL }, { "created_at", NULL, PAIR_TIME, NULL }, { "updated_at", NULL, PAIR_TIME, NULL },
	} },
	{ "integrations_log", "stg_call", 1, 1, "ts", "ts", 1, NULL, 0, {
		{ "id", NULL, PAIR_NUMBER, NULL }, { "ts", NULL, PAIR_TIME, NULL }, { "carrier_id", NULL, PAIR_NUMBER, NULL },
		{ "integration", NULL, PAIR_TEXT, NULL }, { "operation", NULL, PAIR_TEXT, NULL }, { "direction", NULL, PAIR_TEXT, NULL },
		{ "http_status", NULL, PAIR_NUMBER, NULL }, { "outcome", NULL, PAIR_TEXT, NULL }, { "duration_ms", NULL, PAIR_NUMBER, NULL },
		{ "attempt", NULL, PAIR_NUMBER, NULL }, { "request_id", NULL, PAIR_TEXT, NULL }, { "shipment_id", NULL, PAIR_TEXT, "''" },
		{ "records", NULL, PAIR_NUMBER, NULL }, { "error", NULL, PAIR_TEXT, "''" },
	} },
	{ "clients", "dim_client", 1, 1, NULL, "updated_at", 0, "is_current", 0, {
		{ "id", "client_id", PAIR_NUMBER, NULL }, { "name", NULL, PAIR_TEXT, NULL }, { "segment", NULL, PAIR_TEXT, NULL },
		{ "tier", NULL, PAIR_TEXT, NULL }, { "home_region", NULL, PAIR_TEXT, "''" }, { "is_active", NULL, PAIR_BOOL, NULL },
	} },
	{ "carriers", "dim_carrier", 1, 1, NULL, "updated_at", 0, "is_current", 0, {
		{ "id", "carrier_id", PAIR_NUMBER, NULL }, { "code", NULL, PAIR_TEXT, NULL }, { "name", NULL, PAIR_TEXT, NULL },
		{ "kind", NULL, PAIR_TEXT, NULL }, { "tz", NULL, PAIR_TEXT, "''" }, { "daily_capacity", NULL, PAIR_NUMBER, "0" },
		{ "is_active", NULL, PAIR_BOOL, NULL },
	} },
};

const struct pair *
pair_find(const char *source)
{
	size_t i;

	for (i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (strcmp(pairs[i].source, source) == 0)
			return &pairs[i];
	return NULL;
}

const char *
pair_names(void)
{
	return "shipment_events, shipments, support_contacts, integrations_log, clients, carriers";
}

static const char *
name(const struct pair_sql *q, const struct pair_column *c)
{
	return q->end != PAIR_SOURCE && c->store != NULL ? c->store : c->source;
}

/* ---- the text of a row */

/* numeric from PostgreSQL 14 on, double precision before, whose product with 1000 may miss the whole number by a little */
static void
postgres_value(const struct pair_sql *q, const struct pair_column *c, struct buf *b)
{
	const char *n = name(q, c);

	switch (c->kind) {
	case PAIR_TEXT:
		if (c->fill != NULL && q->end == PAIR_SOURCE)
			buf_printf(b, "coalesce(octet_length(%s), 0), coalesce(%s, '')", n, n);
		else
			buf_printf(b, "coalesce(octet_length(%s)::text, 'N'), %s", n, n);
		return;
	case PAIR_MONEY:
		buf_printf(b, "coalesce(round(%s * 100)::text, 'N')", n);
		return;
	case PAIR_BOOL:
		buf_printf(b, "%s::int", n);
		return;
	case PAIR_TIME:
		buf_printf(b, q->seconds ? "coalesce(floor(extract(epoch FROM %s))::text, 'N')"
		    : "coalesce(round(extract(epoch FROM date_trunc('milliseconds', %s)) * 1000)::text, 'N')", n);
		return;
	case PAIR_NUMBER:
	case PAIR_DAY:
		if (c->fill != NULL)
			buf_printf(b, "coalesce(%s, %s)", n, c->fill);
		else
			buf_printf(b, "coalesce(%s::text, 'N')", n);
		return;
	}
}

static void
clickhouse_value(const struct pair_sql *q, const struct pair_column *c, struct buf *b)
{
	const char *n = name(q, c);

	switch (c->kind) {
	case PAIR_TEXT:
		buf_printf(b, "toString(length(toString(%s))), '|', toString(%s)", n, n);
		return;
	case PAIR_MONEY:
		buf_printf(b, "toString(toInt64(%s * 100))", n);
		return;
	case PAIR_BOOL:
		buf_printf(b, "toString(toUInt8(%s))", n);
		return;
	case PAIR_TIME:
		buf_printf(b, "ifNull(toString(%s(%s)), 'N')", q->seconds ? "toUnixTimestamp" : "toUnixTimestamp64Milli", n);
		return;
	case PAIR_NUMBER:
	case PAIR_DAY:
		buf_printf(b, "ifNull(toString(%s), 'N')", n);
		return;
	}
}

static void
hash(const struct pair_sql *q, struct buf *b)
{
	const struct pair_column *c = q->pair->column;
	unsigned i;

	buf_puts(b, q->end == PAIR_CLICKHOUSE ? "halfMD5(concat(" : "('x' || left(md5(concat_ws('|', ");
	for (i = 0; c[i].source != NULL; i++) {
		if (i > 0)
			buf_puts(b, q->end == PAIR_CLICKHOUSE ? ", '|', " : ", ");
		(q->end == PAIR_CLICKHOUSE ? clickhouse_value : postgres_value)(q, &c[i], b);
	}
	buf_puts(b, q->end == PAIR_CLICKHOUSE ? "))" : ")), 16))::bit(64)::bigint");
}

/* ---- which rows */

static void
bound(const struct pair_sql *q, const char *column, const char *op, int64_t sec, struct buf *b)
{
	if (q->end == PAIR_CLICKHOUSE)
		buf_printf(b, " AND %s %s toDateTime(%" PRId64 ")", column, op, sec < 0 ? 0 : sec > PAIR_DAYS * (int64_t)DAY ? PAIR_DAYS * (int64_t)DAY : sec);
	else
		buf_printf(b, " AND %s %s to_timestamp(%" PRId64 ")", column, op, sec);
}

/* From the condition "true" on. */
static void
bounds(const struct pair_sql *q, struct buf *b)
{
	const struct pair *p = q->pair;

	buf_puts(b, q->end == PAIR_CLICKHOUSE ? "1" : "true");
	if (q->end != PAIR_SOURCE && p->where != NULL)
		buf_printf(b, " AND %s", p->where);
	if (p->at != NULL && q->from != INT64_MIN)
		bound(q, p->at, ">=", q->from, b);
	if (p->at != NULL && q->to != INT64_MAX)
		bound(q, p->at, "<", q->to, b);
	if (q->cut != INT64_MAX && (q->end == PAIR_SOURCE || p->store_moves))
		bound(q, p->moved, "<", q->cut, b);
}

/* "SELECT COLUMNS, bucket, hash FROM ..." up to the condition; PostgreSQL would compute the hash twice if it could pull the columns up. */
static void
rows(const struct pair_sql *q, const char *columns, const char *of, struct buf *b)
{
	const struct pair *p = q->pair;

	buf_printf(b, "SELECT %s", columns);
	if (q->end == PAIR_CLICKHOUSE) {
		if (p->at != NULL)
			buf_printf(b, "toInt64(intDiv(toUnixTimestamp(%s), %d) * %d + bitAnd(h, %d)) AS b, ", p->at, DAY, PAIR_PARTS, PAIR_PARTS - 1);
		else
			buf_printf(b, "toInt64(bitAnd(h, %d)) AS b, ", PAIR_PARTS - 1);
		hash(q, b);
		buf_printf(b, " AS h FROM %s FINAL WHERE ", p->store);
		return;
	}
	if (p->at != NULL)
		buf_printf(b, "(floor(extract(epoch FROM least(greatest(%s, '1970-01-01Z'), '2105-12-31Z')))::bigint / %d) * %d AS d, ", p->at, DAY, PAIR_PARTS);
	else
		buf_puts(b, "0::bigint AS d, ");
	hash(q, b);
	buf_printf(b, " AS h, clock_timestamp() AS fence FROM %s WHERE ", of != NULL ? of : q->end == PAIR_SOURCE ? p->source : p->store);
}

void
pair_sums(const struct pair_sql *q, const char *of, struct slice where, struct buf *b)
{
	const int ch = q->end == PAIR_CLICKHOUSE;

	buf_puts(b, ch ? "SELECT b, count() AS n, sum(h) AS s FROM (" : "SELECT d + (h & 63) AS b, count(*), sum(h) FROM (");
	rows(q, "", of, b);
	bounds(q, b);
	if (where.n > 0) {
		buf_puts(b, " AND ");
		buf_slice(b, where);
	}
	buf_puts(b, ch ? ") GROUP BY b" : ") r GROUP BY b");
}

static void
key_columns(const struct pair_sql *q, struct buf *b)
{
	const struct pair *p = q->pair;
	unsigned i;

	for (i = 0; i < p->keys; i++)
		buf_printf(b, "%s, ", name(q, &p->column[i]));
}

void
pair_hashes(const struct pair_sql *q, const int64_t *bucket, size_t n, struct buf *b)
{
	const int ch = q->end == PAIR_CLICKHOUSE;
	struct pair_sql day = *q;
	struct buf columns = { 0 };
	size_t i;

	/* the first and the last day hold what lies beyond them */
	if (bucket[0] / PAIR_PARTS > 0 && bucket[0] / PAIR_PARTS * DAY > day.from)
		day.from = bucket[0] / PAIR_PARTS * DAY;
	if (bucket[n - 1] / PAIR_PARTS < PAIR_DAYS - 1 && (bucket[n - 1] / PAIR_PARTS + 1) * DAY < day.to)
		day.to = (bucket[n - 1] / PAIR_PARTS + 1) * DAY;
	key_columns(q, &columns);
	buf_puts(b, "SELECT ");
	buf_slice(b, buf_as_slice(&columns));
	buf_puts(b, "h FROM (");
	rows(q, buf_str(&columns), NULL, b);
	bounds(&day, b);
	buf_puts(b, ch ? ") WHERE b IN (" : ") r WHERE d + (h & 63) IN (");
	for (i = 0; i < n; i++)
		buf_printf(b, "%s%" PRId64, i > 0 ? "," : "", bucket[i]);
	buf_putc(b, ')');
	buf_fini(&columns);
}

/* ---- keys */

static struct slice
part(struct slice key, unsigned i)
{
	const char *nul;

	for (; i > 0 && (nul = memchr(key.p, '\0', key.n)) != NULL; i--)
		key = (struct slice){ nul + 1, key.n - (size_t)(nul + 1 - key.p) };
	nul = memchr(key.p, '\0', key.n);
	return (struct slice){ key.p, nul != NULL ? (size_t)(nul - key.p) : key.n };
}

/* standard_conforming_strings is on in the session: a backslash is one */
static void
postgres_string(struct slice s, struct buf *b)
{
	size_t i;

	buf_putc(b, '\'');
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_putc(b, '\'');
		buf_putc(b, s.p[i]);
	}
	buf_putc(b, '\'');
}

/* " AND column IN (...)": one literal that ClickHouse cuts up, where it would take long to read thousands. */
static void
among(const struct pair_sql *q, unsigned column, const struct slice *key, size_t n, struct buf *b)
{
	const int one = q->end == PAIR_CLICKHOUSE && !q->pair->numeric;
	struct buf all = { 0 };
	struct slice s;
	size_t i;

	buf_printf(b, " AND %s IN (", name(q, &q->pair->column[column]));
	for (i = 0; i < n; i++) {
		s = part(key[i], column);
		if (one) {
			buf_put(&all, "", i > 0);
			buf_slice(&all, s);
			continue;
		}
		buf_puts(b, i > 0 ? "," : "");
		if (q->pair->numeric)
			buf_slice(b, s);
		else
			postgres_string(s, b);
	}
	if (one) {
		buf_puts(b, "SELECT arrayJoin(splitByChar('\\0', ");
		chtext_string(b, buf_as_slice(&all));
		buf_puts(b, "))");
	}
	buf_putc(b, ')');
	buf_fini(&all);
}

void
pair_look(const struct pair_sql *q, const struct slice *key, size_t n, struct buf *b)
{
	const struct pair *p = q->pair;
	struct buf columns = { 0 };

	key_columns(q, &columns);
	buf_puts(b, "SELECT ");
	buf_slice(b, buf_as_slice(&columns));
	buf_puts(b, "h, inside FROM (");
	if (q->end == PAIR_CLICKHOUSE)
		buf_puts(&columns, "1 AS inside, ");
	else {
		buf_putc(&columns, '(');
		bounds(q, &columns);
		buf_puts(&columns, ")::int AS inside, ");
	}
	rows(q, buf_str(&columns), NULL, b);
	buf_puts(b, q->end == PAIR_CLICKHOUSE ? "1" : "true");
	if (q->end != PAIR_SOURCE && p->where != NULL)
		buf_printf(b, " AND %s", p->where);
	/* the last column of the key is what the source has an index of */
	if (p->keys > 1 && q->end != PAIR_SOURCE)
		among(q, 0, key, n, b);
	among(q, p->keys - 1, key, n, b);
	buf_puts(b, q->end == PAIR_CLICKHOUSE ? ")" : ") r");
	buf_fini(&columns);
}
