/*
 * The state of an incremental extractor: {"v":1,"tables":{"shipments":{"cursor":"updated_at","from":"..."},
 * "shipment_events":{"cursor":"id","after":7,"samples":[["...",7],...]}}}.
 */
#include "net/pgmark.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "rec/json.h"

#define STATE_MAX (16u << 20)
#define TRIES 20		/* for transactions to end */
#define TRY_MS 50
#define UTC "to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

static void
time_cell(char dst[PGMARK_TIME], const struct pg_result *r, int col)
{
	struct slice s = pg_cell(r, 0, col);

	*dst = '\0';
	if (s.n == PGMARK_TIME - 1)
		memcpy(dst, s.p, PGMARK_TIME);	/* with the NUL that libpq puts behind it */
}

static void
cell(char *dst, size_t cap, const struct pg_result *r, int col)
{
	struct slice s = pg_cell(r, 0, col);

	(void)err_show(dst, cap, s.p != NULL ? s.p : "", s.n);
}

int
pgmark_sample(struct pgmark *m, struct pg *p, const char *sql, struct err *e)
{
	struct buf b = { 0 };
	struct pg_result *r = NULL;
	struct pgmark_sample s = { .id = INT64_MIN };
	long long id;
	size_t i, k;
	int anew;

	/* the clock is read when the greatest id is known */
	buf_printf(&b, "SELECT m, " UTC " FROM (SELECT max(", "clock_timestamp()");
	pg_name(p, &b, slice_of(m->cursor));
	buf_printf(&b, ") AS m FROM %s OFFSET 0) s", sql);
	r = pg_query(p, buf_str(&b), NULL, 0, e);
	buf_fini(&b);
	if (r == NULL)
		return -1;
	if (pg_int(r, 0, 0, &id) == 0)
		s.id = id;
	time_cell(s.at, r, 1);
	pg_free(r);
	anew = m->has_after && s.id < m->after;
	if (anew) {
		m->has_after = 0;
		m->samples = 0;
	}
	if (m->samples == PGMARK_SAMPLES) {	/* every second one: what is read again grows, nothing is missed */
		for (i = k = 0; i < m->samples; i += 2)
			m->sample[k++] = m->sample[i];
		m->samples = k;
	}
	m->sample[m->samples++] = s;
	return anew && s.id != INT64_MIN;	/* an empty table has nothing to be read again */
}

static int
may_look(struct pg *p, struct err *e)
{
	struct pg_result *r = pg_query(p, "SELECT pg_is_in_recovery(), pg_has_role('pg_read_all_stats', 'USAGE'), current_user", NULL, 0, e);
	char user[128];
	int rc = 0;

	if (r == NULL)
		return -1;
	cell(user, sizeof user, r, 2);
	if (pg_true(r, 0, 0))
		rc = err_set(e, EX_CONFIG, "%s is a standby, where the transactions of the primary are not to be seen: --state needs the primary", pg_place(p));
	else if (!pg_true(r, 0, 1))
		rc = err_set(e, EX_CONFIG, "%s: role %s does not see when others' transactions began, which --state rests on: GRANT pg_read_all_stats TO %s",
		    pg_place(p), user, user);
	pg_free(r);
	return rc;
}

/* Activity first, prepared ones then: who goes from the one to the other is seen. */
static int
look(struct pghorizon *h, struct pg *p, int64_t overlap, struct err *e)
{
	static const char running[] = "WITH a AS (SELECT * FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type NOT IN ('autovacuum worker', 'walsender') "
	    "AND datid = (SELECT oid FROM pg_database WHERE datname = current_database())), o AS (SELECT * FROM a WHERE xact_start IS NOT NULL ORDER BY xact_start LIMIT 1) "
	    "SELECT " UTC ", " UTC ", " UTC ", o.pid || ', ' || coalesce(o.usename, '') || ', ' || coalesce(nullif(o.application_name, ''), o.backend_type), "
	    "floor(extract(epoch FROM now() - o.xact_start))::bigint, (SELECT count(*) FROM a WHERE state = 'disabled'), "
	    "(SELECT count(*) FROM a WHERE xact_start > clock_timestamp()) FROM (SELECT 1) one LEFT JOIN o ON true";
	static const char prepared[] = "SELECT count(*), min(gid || ', ' || owner || ', ' || prepared) FROM pg_prepared_xacts WHERE database = current_database()";
	char sql[1800], begin[96];
	struct pg_result *r;
	long long n;

	(void)snprintf(begin, sizeof begin, "(least(now(), o.xact_start) - %" PRId64 " * interval '1 second')", overlap);
	(void)snprintf(sql, sizeof sql, running, "now()", begin, "o.xact_start");
	if ((r = pg_query(p, sql, NULL, 0, e)) == NULL)
		return -1;
	time_cell(h->now, r, 0);
	time_cell(h->begin, r, 1);
	time_cell(h->oldest, r, 2);
	cell(h->who, sizeof h->who, r, 3);
	h->age = pg_int(r, 0, 4, &n) == 0 ? n : 0;
	h->blind = pg_int(r, 0, 5, &n) == 0 ? n : 0;
	h->ahead = pg_int(r, 0, 6, &n) == 0 ? n : 0;
	pg_free(r);
	if ((r = pg_query(p, prepared, NULL, 0, e)) == NULL)
		return -1;
	h->prepared = pg_int(r, 0, 0, &n) == 0 ? n : 0;
	cell(h->gid, sizeof h->gid, r, 1);
	pg_free(r);
	return 0;
}

int
pghorizon_take(struct pghorizon *h, struct pg *p, int64_t overlap, struct err *e)
{
	char since[PGMARK_TIME];
	int i;

	if (may_look(p, e) == -1)
		return -1;
	for (i = 0; i < TRIES; i++) {
		if (look(h, p, overlap, e) == -1)
			return -1;
		if (i == 0)
			memcpy(since, h->now, sizeof since);	/* the samples are older */
		if (*h->oldest == '\0' || strcmp(h->oldest, since) > 0)
			break;
		if (poll(NULL, 0, TRY_MS) == -1 && errno != EINTR)
			break;
	}
	return 0;
}

int
pgmark_is_ahead(struct pgmark *m, const struct pghorizon *h)
{
	if (m->by_id || *m->from == '\0' || strcmp(h->now, m->from) >= 0)
		return 0;
	*m->from = '\0';
	return 1;
}

void
pgmark_advance(struct pgmark *m, const struct pghorizon *h)
{
	size_t i;

	if (h->ahead > 0 && m->samples > 0)
		m->samples--;	/* what began before it may look younger */
	if (h->prepared > 0 || h->blind > 0 || h->ahead > 0)
		return;
	if (!m->by_id) {
		/* what was safe stays so */
		if (strcmp(h->begin, m->from) > 0)
			memcpy(m->from, h->begin, sizeof m->from);
		return;
	}
	i = m->samples;
	while (i > 0 && *h->oldest != '\0' && strcmp(m->sample[i - 1].at, h->oldest) >= 0)
		i--;
	if (i == 0)
		return;
	m->after = m->sample[i - 1].id;
	m->has_after = 1;
	m->samples -= i - 1;
	memmove(m->sample, m->sample + i - 1, m->samples * sizeof *m->sample);
}

struct pgmark *
pgstate_mark(struct pgstate *s, const char *table, const char *cursor, int by_id)
{
	struct pgmark *m;
	size_t i;

	for (i = 0; i < s->n && strcmp(s->mark[i].table, table) != 0; i++)
		;
	if (i == s->n) {
		s->mark = mem_grow(s->mark, &s->cap, s->n + 1, sizeof *s->mark);
		s->n++;
	} else if (strcmp(s->mark[i].cursor, cursor) == 0 && s->mark[i].by_id == by_id)
		return &s->mark[i];
	else {
		free(s->mark[i].table);
		free(s->mark[i].cursor);
	}
	m = &s->mark[i];
	memset(m, 0, sizeof *m);
	m->table = mem_dup(table, strlen(table));
	m->cursor = mem_dup(cursor, strlen(cursor));
	m->by_id = by_id;
	return m;
}

static int
get_time(const cJSON *v, char dst[PGMARK_TIME])
{
	if (!cJSON_IsString(v) || strlen(v->valuestring) != PGMARK_TIME - 1 ||
	    strspn(v->valuestring, "0123456789-T:.Z") != PGMARK_TIME - 1)
		return -1;
	memcpy(dst, v->valuestring, PGMARK_TIME);
	return 0;
}

/* Ids are strings, which hold 64 bits. */
static int
get_id(const cJSON *v, int64_t *id)
{
	return cJSON_IsString(v) ? num_i64(slice_of(v->valuestring), id) : -1;
}

static int
get_mark(struct pgstate *s, const cJSON *o)
{
	const cJSON *cursor = cJSON_GetObjectItemCaseSensitive(o, "cursor"), *from = cJSON_GetObjectItemCaseSensitive(o, "from");
	const cJSON *samples = cJSON_GetObjectItemCaseSensitive(o, "samples"), *after = cJSON_GetObjectItemCaseSensitive(o, "after"), *v;
	struct pgmark *m;

	if (!cJSON_IsString(cursor) || (samples != NULL && !cJSON_IsArray(samples)))
		return -1;
	m = pgstate_mark(s, o->string, cursor->valuestring, samples != NULL);
	if (from != NULL && get_time(from, m->from) == -1)
		return -1;
	if (after != NULL) {
		m->has_after = 1;
		if (get_id(after, &m->after) == -1)
			return -1;
	}
	cJSON_ArrayForEach(v, samples) {
		struct pgmark_sample *at = &m->sample[m->samples];

		if (m->samples == PGMARK_SAMPLES || !cJSON_IsArray(v) || get_time(cJSON_GetArrayItem(v, 0), at->at) == -1 ||
		    get_id(cJSON_GetArrayItem(v, 1), &at->id) == -1)
			return -1;
		m->samples++;
	}
	return 0;
}

int
pgstate_read(struct pgstate *s, const char *path, struct err *e)
{
	struct buf b = { 0 };
	cJSON *o = NULL;
	const cJSON *version, *tables, *t;
	int rc = -1;

	if (access(path, F_OK) == -1 && errno == ENOENT)
		return 0;
	if (file_read(path, STATE_MAX, &b, e) == -1)
		goto out;
	o = cJSON_Parse(buf_str(&b));
	version = cJSON_GetObjectItemCaseSensitive(o, "v");
	tables = cJSON_GetObjectItemCaseSensitive(o, "tables");
	if (!cJSON_IsNumber(version) || version->valuedouble != 1 || !cJSON_IsObject(tables)) {
		err_set(e, EX_CONFIG, "%s: no state of wb-pg-extract (--full begins a new one)", path);
		goto out;
	}
	cJSON_ArrayForEach(t, tables)
		if (get_mark(s, t) == -1) {
			err_set(e, EX_CONFIG, "%s: table \"%s\": not understood (--full begins a new state)", path, t->string);
			goto out;
		}
	rc = 0;
out:
	cJSON_Delete(o);
	buf_fini(&b);
	return rc;
}

static void
put_string(struct buf *b, const char *s)
{
	struct slice text = slice_of(s);

	b->n = (size_t)(json_quote(buf_room(b, 6 * text.n + 2), text) - b->p);
}

void
pgstate_text(const struct pgstate *s, struct buf *b)
{
	const struct pgmark *m;
	size_t i;

	buf_puts(b, "{\"v\":1,\"tables\":{");
	for (m = s->mark; m < s->mark + s->n; m++) {
		buf_puts(b, m > s->mark ? ",\n" : "\n");
		put_string(b, m->table);
		buf_puts(b, ":{\"cursor\":");
		put_string(b, m->cursor);
		if (*m->from != '\0')
			buf_printf(b, ",\"from\":\"%s\"", m->from);
		if (m->has_after)
			buf_printf(b, ",\"after\":\"%" PRId64 "\"", m->after);
		if (m->by_id) {
			buf_puts(b, ",\"samples\":[");
			for (i = 0; i < m->samples; i++)
				buf_printf(b, "%s[\"%s\",\"%" PRId64 "\"]", i > 0 ? "," : "", m->sample[i].at, m->sample[i].id);
			buf_putc(b, ']');
		}
		buf_putc(b, '}');
	}
	buf_puts(b, "\n}}\n");
}

void
pgstate_fini(struct pgstate *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->mark[i].table);
		free(s->mark[i].cursor);
	}
	free(s->mark);
}
