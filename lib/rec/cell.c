/* Columns of rows as C values, whoever made the rows. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/utc.h"
#include "rec/cell.h"

#define REAL_MAX 63	/* bytes of a number */
#define TIME_MAX 40

/* The text of a number or boolean, bare or in a string.  1, 0 or -1. */
static int
bare(const struct json_member *m, const char *name, struct slice *s, struct fault *f)
{
	*s = (struct slice){ "", 0 };
	if (m == NULL || m->v.type == JSON_NULL)
		return 0;
	*s = m->v.raw;
	if (m->v.type == JSON_STRING)
		*s = (struct slice){ s->p + 1, s->n - 2 };
	else if (m->v.type == JSON_ARRAY || m->v.type == JSON_OBJECT)
		return fault_set(f, "type", name, "not a single value");
	return s->n > 0;
}

int
cell_text(const struct json_member *m, const char *name, size_t max, char *scratch, struct slice *s, struct fault *f)
{
	*s = (struct slice){ "", 0 };
	if (m == NULL || m->v.type == JSON_NULL)
		return 0;
	if (m->v.type != JSON_STRING)
		return fault_set(f, "type", name, "not a string");
	if (m->v.raw.n - 2 > CELL_TEXT(max))
		return fault_set(f, "length", name, "more than %zu bytes", max);
	*s = json_text(&m->v, scratch);
	if (s->n > max)
		return fault_set(f, "length", name, "%zu bytes, more than %zu", s->n, max);
	return 1;
}

int
cell_int(const struct json_member *m, const char *name, int64_t min, int64_t max, int64_t *v, struct fault *f)
{
	struct slice s;
	int rc = bare(m, name, &s, f);

	if (rc < 1)
		return rc;
	if (num_i64(s, v) == -1)
		return fault_set(f, "type", name, "not a whole number of 64 bits");
	if (*v < min || *v > max)
		return fault_set(f, "range", name, "%" PRId64 " is not within %" PRId64 " and %" PRId64, *v, min, max);
	return 1;
}

int
cell_real(const struct json_member *m, const char *name, double min, double max, double *v, struct fault *f)
{
	char text[REAL_MAX + 1], *end;
	struct slice s;
	size_t i;
	int rc = bare(m, name, &s, f);

	if (rc < 1)
		return rc;
	for (i = 0; i < s.n && memchr("0123456789.+-eE", s.p[i], 15) != NULL; i++)
		;
	if (i < s.n || s.n > REAL_MAX)
		return fault_set(f, "type", name, "not a number");
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*v = strtod(text, &end);
	if (*end != '\0' || !isfinite(*v))
		return fault_set(f, "type", name, "not a number");
	if (*v < min || *v > max)
		return fault_set(f, "range", name, "%s is not within %g and %g", text, min, max);
	return 1;
}

int
cell_bool(const struct json_member *m, const char *name, int *v, struct fault *f)
{
	static const struct { struct slice text; int v; } word[] = {
		{ { "true", 4 }, 1 }, { { "false", 5 }, 0 }, { { "t", 1 }, 1 }, { { "f", 1 }, 0 }, { { "1", 1 }, 1 }, { { "0", 1 }, 0 },
	};
	struct slice s;
	size_t i;
	int rc = bare(m, name, &s, f);

	if (rc < 1)
		return rc;
	for (i = 0; i < sizeof word / sizeof *word; i++)
		if (slice_eq(s, word[i].text)) {
			*v = word[i].v;
			return 1;
		}
	return fault_set(f, "type", name, "neither true nor false");
}

int
cell_time(const struct json_member *m, const char *name, int64_t *ms, struct fault *f)
{
	char scratch[CELL_TEXT(TIME_MAX)];
	struct utc_text t = { 0 };
	struct slice s;
	int rc = cell_text(m, name, TIME_MAX, scratch, &s, f);

	if (rc < 1 || s.n == 0)
		return rc == -1 ? -1 : 0;
	if (utc_get(s, ms) == 0)
		return 1;
	if (utc_parse(s, &t) == -1 || t.date_only)
		return fault_set(f, "time", name, "not a time");
	*ms = t.ms - (int64_t)t.offset * 1000;
	return 1;
}

int
cell_day(const struct json_member *m, const char *name, int32_t *day, struct fault *f)
{
	char scratch[CELL_TEXT(UTC_DAY_LEN)];
	struct slice s;
	int rc = cell_text(m, name, UTC_DAY_LEN, scratch, &s, f);

	if (rc < 1 || s.n == 0)
		return rc == -1 ? -1 : 0;
	return utc_get_day(s, day) == 0 ? 1 : fault_set(f, "time", name, "not a date of the form 2024-06-03");
}
