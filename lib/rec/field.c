/* Members as C values, checked once for all programs. */
#include <inttypes.h>

#include "base/utc.h"
#include "rec/field.h"

static int
absent(const struct json_member *m)
{
	return m == NULL || m->v.type == JSON_NULL;
}

int
field_missing(const char *name, struct fault *f)
{
	return fault_set(f, "missing", name, "no value");
}

int
field_text(const struct json_member *m, const char *name, size_t max, char *scratch,
    struct slice *s, struct fault *f)
{
	*s = (struct slice){ "", 0 };
	if (absent(m))
		return 0;
	if (m->v.type != JSON_STRING)
		return fault_set(f, "type", name, "not a string");
	*s = json_text(&m->v, scratch);
	if (s->n > max)
		return fault_set(f, "length", name, "%zu bytes, more than %zu", s->n, max);
	return s->n > 0;
}

int
field_int(const struct json_member *m, const char *name, int64_t min, int64_t max, int64_t *v, struct fault *f)
{
	if (absent(m))
		return 0;
	if (m->v.type != JSON_NUMBER || json_i64(&m->v, v) == -1)
		return fault_set(f, "type", name, "not a whole number of 64 bits");
	if (*v < min || *v > max)
		return fault_set(f, "range", name, "%" PRId64 " is not within %" PRId64 " and %" PRId64, *v, min, max);
	return 1;
}

int
field_bool(const struct json_member *m, const char *name, int *v, struct fault *f)
{
	if (absent(m))
		return 0;
	*v = m->v.type == JSON_TRUE;
	if (m->v.type == JSON_NUMBER && m->v.raw.n == 1 && (m->v.raw.p[0] == '0' || m->v.raw.p[0] == '1'))
		*v = m->v.raw.p[0] == '1';
	else if (m->v.type != JSON_TRUE && m->v.type != JSON_FALSE)
		return fault_set(f, "type", name, "neither true nor false");
	return 1;
}

/* The text of a canonical time or day: 1; 0 for no value, -1 with the fault. */
static int
canonical(const struct json_member *m, const char *name, struct slice *s, struct fault *f)
{
	if (absent(m))
		return 0;
	if (m->v.type != JSON_STRING)
		return fault_set(f, "type", name, "not a string");
	*s = (struct slice){ m->v.raw.p + 1, m->v.raw.n - 2 };
	return s->n > 0;
}

int
field_time(const struct json_member *m, const char *name, int64_t *ms, struct fault *f)
{
	struct slice s;
	int rc = canonical(m, name, &s, f);

	if (rc == 1 && utc_get(s, ms) == -1)
		return fault_set(f, "time", name, "not a time of the form 2024-06-03T07:00:00.000Z");
	return rc;
}

int
field_day(const struct json_member *m, const char *name, int32_t *day, struct fault *f)
{
	struct slice s;
	int rc = canonical(m, name, &s, f);

	if (rc == 1 && utc_get_day(s, day) == -1)
		return fault_set(f, "time", name, "not a date of the form 2024-06-03");
	return rc;
}
