/* Whole days of a mart, swapped in month by month. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/env.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utc.h"
#include "io/retry.h"
#include "net/chload.h"
#include "net/chswap.h"
#include "net/chtext.h"

#define TEXT_MAX (1u << 20)
#define TRIES 8			/* of a statement that fails for a while, half a minute in all */
#define DAYS_MAX 100000
#define HOUR_MS 3600000LL
#define DAY_MS 86400000LL

struct chswap {
	struct ch *c;
	struct chswap_config config;
	char *table, *stage;
	int64_t *at;		/* sorted: days and hours, ms */
	unsigned char *is_hour;
	size_t n;
	int lock;
	char lock_path[512];
	int made;		/* the stage is there */
	struct buf sql, text;
};

/* Runs what stands in s->sql, again while the store is away for a moment.  Its answer goes to s->text. */
static int
run(struct chswap *s, struct err *e)
{
	struct ch_fault f = { 0 };
	unsigned tries;
	int rc;

	for (tries = 0;; tries++) {
		buf_clear(&s->text);
		rc = ch_text(s->c, buf_as_slice(&s->sql), NULL, 0, TEXT_MAX, &s->text, &f);
		if (rc == 0 || f.class == CH_CONFIG || f.class == CH_DATA || tries == TRIES)
			break;
		retry_pause(tries);
	}
	buf_clear(&s->sql);
	return rc == 0 ? 0 : ch_err(&f, e);
}

/* As run(), for a statement that is not to be run twice: an answer that got lost is an error. */
static int
run_once(struct chswap *s, struct err *e)
{
	struct ch_fault f = { 0 };
	unsigned tries;
	int rc;

	for (tries = 0;; tries++) {
		rc = ch_run(s->c, buf_as_slice(&s->sql), &f);
		if (rc == 0 || f.class != CH_TRANSIENT || tries == TRIES)
			break;
		retry_pause(tries);
	}
	buf_clear(&s->sql);
	return rc == 0 ? 0 : ch_err(&f, e);
}

/* One writer a mart and store: a lock file in the user's folder for such. */
static int
take_lock(struct chswap *s, struct err *e)
{
	const char *dir = env_get("WB_LOCKS");
	unsigned char sum[EVP_MAX_MD_SIZE];
	struct buf id = { 0 };
	char folder[256];
	int i, n;

	if (dir == NULL)
		dir = env_get("XDG_RUNTIME_DIR");
	if (dir == NULL) {
		(void)snprintf(folder, sizeof folder, "/tmp/waybill-%lu", (unsigned long)getuid());
		dir = folder;
		(void)mkdir(dir, 0700);
	}
	buf_printf(&id, "%s %s", ch_place(s->c), ch_db(s->c));
	(void)EVP_Digest(id.p, id.n, sum, NULL, EVP_sha256(), NULL);
	buf_fini(&id);
	n = snprintf(s->lock_path, sizeof s->lock_path, "%s/swap-%s-", dir, s->table);
	for (i = 0; i < 8 && n > 0 && (size_t)n < sizeof s->lock_path; i++)
		n += snprintf(s->lock_path + n, sizeof s->lock_path - (size_t)n, "%02x", sum[i]);
	s->lock = open(s->lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->lock == -1)
		return err_set(e, EX_IOERR, "%s: %s", s->lock_path, strerror(errno));
	if (flock(s->lock, LOCK_EX | LOCK_NB) == -1)
		return err_set(e, EX_TEMPFAIL, "another run is replacing days of %s (%s)", s->table, s->lock_path);
	return 0;
}

static int
by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The list of days and hours: kept sorted as 2 * ms, + 1 for an hour, then told apart. */
static int
read_days(struct chswap *s, struct err *e)
{
	const char *p = s->config.days;
	size_t cap = 0, i, n;
	int32_t day = 0;
	int64_t ms = 0;
	struct slice one;

	while (*p != '\0') {
		one = (struct slice){ p, strcspn(p, ", \t\r\n") };
		p += one.n + (p[one.n] != '\0');
		if (one.n == 0)
			continue;
		if (s->n == DAYS_MAX)
			return err_set(e, EX_USAGE, "more than %d days", DAYS_MAX);
		s->at = mem_grow(s->at, &cap, s->n + 1, sizeof *s->at);
		if (utc_get_day(one, &day) == 0)
			s->at[s->n++] = 2 * (day * DAY_MS);
		else if (s->config.hour != NULL && utc_get(one, &ms) == 0 && ms % HOUR_MS == 0)
			s->at[s->n++] = 2 * ms + 1;
		else
			return err_set(e, EX_USAGE, "\"%.*s\" is no day (2024-06-03)%s", (int)(one.n < 64 ? one.n : 64), one.p,
			    s->config.hour ? ", nor a full hour (2024-06-03T07:00:00.000Z)" : "");
	}
	if (s->n > 0)
		qsort(s->at, s->n, sizeof *s->at, by_time);
	for (i = n = 0; i < s->n; i++)
		if (n == 0 || s->at[i] != s->at[n - 1])
			s->at[n++] = s->at[i];
	s->n = n;
	s->is_hour = mem_alloc(n + 1);
	for (i = 0; i < n; i++) {
		s->is_hour[i] = s->at[i] & 1;
		s->at[i] = (s->at[i] - s->is_hour[i]) / 2;
	}
	return 0;
}

static uint32_t
month_of(int64_t ms)
{
	int year, month, mday;

	utc_date(utc_day_of(ms), &year, &month, &mday);
	return (uint32_t)(year * 100 + month);
}

/* No day before the horizon: what such a day was made from has been archived. */
static int
check_horizon(struct chswap *s, struct err *e)
{
	char day[UTC_DAY_LEN];
	int32_t first = 0;
	size_t i;

	if (s->config.scope == NULL)
		return 0;
	buf_puts(&s->sql, "SELECT toString(max(day)) FROM wb_horizon WHERE scope = ");
	chtext_string(&s->sql, slice_of(s->config.scope));
	if (run(s, e) == -1)
		return -1;
	if (s->text.n < UTC_DAY_LEN || utc_get_day((struct slice){ s->text.p, UTC_DAY_LEN }, &first) == -1)
		return 0;	/* none */
	for (i = 0; i < s->n; i++)
		if (utc_day_of(s->at[i]) < first) {
			(void)utc_put_day(day, utc_day_of(s->at[i]));
			return err_set(e, EX_DATAERR, "%.*s is before the horizon %.*s of %s: what it was made from has been archived",
			    UTC_DAY_LEN, day, UTC_DAY_LEN, s->text.p, s->table);
		}
	return 0;
}

/* Stages of runs that died: with the lock held, none of this table belongs to anybody. */
static int
drop_stages(struct chswap *s, struct err *e)
{
	struct buf names = { 0 };
	const char *p;
	size_t n;
	int rc;

	buf_puts(&s->sql, "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE ");
	buf_printf(&s->sql, "'%s\\\\_stage\\\\_%%'", s->table);
	rc = run(s, e);
	buf_put(&names, s->text.p, s->text.n);
	for (p = buf_str(&names); rc == 0 && (n = strcspn(p, "\n")) > 0; p += n + (p[n] == '\n')) {
		buf_puts(&s->sql, "DROP TABLE IF EXISTS ");
		chtext_name(&s->sql, (struct slice){ p, n });
		rc = run(s, e);
	}
	buf_fini(&names);
	return rc;
}

struct chswap *
chswap_open(struct ch *c, const struct chswap_config *config, struct err *e)
{
	struct chswap *s = mem_alloc(sizeof *s);
	struct buf name = { 0 };
	const char *p;

	s->c = c;
	s->config = *config;
	s->lock = -1;
	s->table = mem_dup(config->table, strlen(config->table));
	buf_printf(&name, "%s_stage_", config->table);
	for (p = config->batch; *p != '\0'; p++)
		buf_putc(&name, chtext_is_name((struct slice){ p, 1 }) || (*p >= '0' && *p <= '9') ? *p : '_');
	s->stage = mem_dup(name.p, name.n);
	buf_fini(&name);
	if (read_days(s, e) == -1 || take_lock(s, e) == -1 || check_horizon(s, e) == -1 || drop_stages(s, e) == -1)
		goto fail;
	buf_printf(&s->sql, "CREATE TABLE %s AS %s", s->stage, s->table);
	if (run_once(s, e) == -1)
		goto fail;
	s->made = 1;
	return s;
fail:
	chswap_close(s);
	return NULL;
}

void
chswap_close(struct chswap *s)
{
	struct ch_fault f;

	if (s == NULL)
		return;
	if (s->made) {
		buf_clear(&s->sql);
		buf_printf(&s->sql, "DROP TABLE IF EXISTS %s", s->stage);
		(void)ch_run(s->c, buf_as_slice(&s->sql), &f);
	}
	if (s->lock != -1)
		(void)close(s->lock);
	free(s->table);
	free(s->stage);
	free(s->at);
	free(s->is_hour);
	buf_fini(&s->sql);
	buf_fini(&s->text);
	free(s);
}

const char *
chswap_stage(const struct chswap *s)
{
	return s->stage;
}

static int
listed(const struct chswap *s, int64_t ms, int hour)
{
	size_t lo = 0, hi = s->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (s->at[mid] < ms || (s->at[mid] == ms && s->is_hour[mid] < hour))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && s->at[lo] == ms && s->is_hour[lo] == hour;
}

/* The time in a member: 0, or -1. */
static int
time_in(const struct json *j, const char *name, size_t len, int64_t *ms)
{
	const struct json_member *m = json_get(j, slice_of(name));
	int32_t day = 0;
	struct slice text;

	if (m == NULL || m->v.type != JSON_STRING)
		return -1;
	text = (struct slice){ m->v.raw.p + 1, m->v.raw.n - 2 };
	if (len == UTC_LEN)
		return utc_get(text, ms);
	if (utc_get_day(text, &day) == -1)
		return -1;
	*ms = day * DAY_MS;
	return 0;
}

int
chswap_check(const struct chswap *s, const struct json *j, struct fault *f)
{
	int64_t day = 0, hour = 0;

	if (time_in(j, "day", UTC_DAY_LEN, &day) == -1)
		return fault_set(f, "missing", "day", "no day of the form 2024-06-03");
	if (listed(s, day, 0))
		return 0;
	if (s->config.hour != NULL && time_in(j, s->config.hour, UTC_LEN, &hour) == 0 && utc_day_of(hour) * DAY_MS == day && listed(s, hour, 1))
		return 0;
	return fault_set(f, "range", "day", "not on the list of days");
}

/* Appends a condition: the row is of the month, and (not) of the list. */
static void
where(struct chswap *s, uint32_t month, int dirty)
{
	char text[UTC_LEN];
	size_t i, n;
	int hour;

	buf_printf(&s->sql, " WHERE toYYYYMM(day) = %" PRIu32 " AND %s(0", month, dirty ? "" : "NOT ");
	for (hour = 0; hour < 2; hour++) {
		for (i = n = 0; i < s->n; i++) {
			if (s->is_hour[i] != hour || month_of(s->at[i]) != month)
				continue;
			if (n++ == 0 && hour == 0)
				buf_puts(&s->sql, " OR day IN (");
			else if (n == 1)
				buf_printf(&s->sql, " OR toUnixTimestamp(%s) IN (", s->config.hour);
			else
				buf_puts(&s->sql, ", ");
			if (hour == 0) {
				(void)utc_put_day(text, utc_day_of(s->at[i]));
				buf_printf(&s->sql, "'%.*s'", UTC_DAY_LEN, text);
			} else {
				buf_printf(&s->sql, "%" PRId64, utc_sec(s->at[i]));
			}
		}
		if (n > 0)
			buf_puts(&s->sql, ")");
	}
	buf_puts(&s->sql, ")");
}

/* The columns, for SELECT and for the checksum; what says nothing but how the row came to be is left out of the latter. */
static int
columns(struct chswap *s, struct buf *all, struct buf *sum, struct err *e)
{
	const char *p;
	size_t n;
	char name[130];

	buf_printf(&s->sql, "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '%s'", s->table);
	if (run(s, e) == -1)
		return -1;
	for (p = buf_str(&s->text); (n = strcspn(p, "\n")) > 0; p += n + (p[n] == '\n')) {
		(void)snprintf(name, sizeof name, "%.*s", (int)n, p);
		buf_printf(all, "%s%s", all->n ? ", " : "", name);
		if (!s->config.lineage(name))
			buf_printf(sum, "%sifNull(toString(%s), '\\\\N')", sum->n ? ", " : "", name);
	}
	return all->n > 0 && sum->n > 0 ? 0 : err_set(e, EX_CONFIG, "table %s has no columns", s->table);
}

/* Rows, and their checksum, of a table under a condition of where(). */
static int
count(struct chswap *s, const char *table, uint32_t month, int dirty, const struct buf *sum, uint64_t *rows, uint64_t *check, struct err *e)
{
	struct slice a, b;
	const char *tab;

	buf_printf(&s->sql, "SELECT count(), sum(cityHash64(%s)) FROM %s", sum->p, table);
	where(s, month, dirty);
	if (run(s, e) == -1)
		return -1;
	tab = memchr(buf_str(&s->text), '\t', s->text.n);
	if (tab != NULL) {
		a = (struct slice){ s->text.p, (size_t)(tab - s->text.p) };
		b = (struct slice){ tab + 1, strcspn(tab + 1, "\n") };
		if (num_u64(a, rows) == 0 && num_u64(b, check) == 0)
			return 0;
	}
	return err_set(e, EX_SOFTWARE, "%s cannot be counted", table);
}

static int
swap_month(struct chswap *s, uint32_t month, uint64_t loaded, const struct buf *all, const struct buf *sum, struct err *e)
{
	uint64_t rows = 0, check = 0, kept = 0, kept_check = 0, there = 0, there_check = 0;

	if (count(s, s->stage, month, 1, sum, &rows, &check, e) == -1)
		return -1;
	if (rows != loaded)
		return err_set(e, EX_TEMPFAIL, "%s, month %" PRIu32 ": %" PRIu64 " rows were loaded, %" PRIu64 " are there; nothing is replaced",
		    s->stage, month, loaded, rows);
	buf_printf(&s->sql, "INSERT INTO %s (%s) SELECT %s FROM %s", s->stage, all->p, all->p, s->table);
	where(s, month, 0);
	if (run_once(s, e) == -1 || count(s, s->table, month, 0, sum, &kept, &kept_check, e) == -1 ||
	    count(s, s->stage, month, 0, sum, &there, &there_check, e) == -1)
		return -1;
	if (kept != there || kept_check != there_check)
		return err_set(e, EX_TEMPFAIL, "%s, month %" PRIu32 ": the copy of the days that stay is not what was copied; nothing is replaced",
		    s->stage, month);
	/* current servers refuse to replace from an empty stage */
	if (rows + kept > 0)
		buf_printf(&s->sql, "ALTER TABLE %s REPLACE PARTITION %" PRIu32 " FROM %s", s->table, month, s->stage);
	else
		buf_printf(&s->sql, "ALTER TABLE %s DROP PARTITION %" PRIu32, s->table, month);
	return run(s, e);	/* the same twice is the same as once */
}

int
chswap_commit(struct chswap *s, uint64_t (*rows_of)(void *arg, uint32_t month), void *arg, struct err *e)
{
	struct buf all = { 0 }, sum = { 0 };
	uint32_t month, last = 0;
	size_t i;
	int rc;

	rc = check_horizon(s, e);
	if (rc == 0)
		rc = columns(s, &all, &sum, e);
	(void)buf_str(&all);
	(void)buf_str(&sum);
	for (i = 0; rc == 0 && i < s->n; i++) {
		month = month_of(s->at[i]);
		if (month == last)
			continue;
		last = month;
		rc = swap_month(s, month, rows_of(arg, month), &all, &sum, e);
	}
	buf_fini(&all);
	buf_fini(&sum);
	return rc;
}
