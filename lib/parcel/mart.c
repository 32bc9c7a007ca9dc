/* Marts: the cells that records are counted in, by key, and their order. */
#include "parcel/mart.h"

#include <stdlib.h>

#include "parcel/mart_kind.h"

static const struct mart_kind *const kinds[] = {
	&mart_delivery, &mart_sla, &mart_courier, &mart_backlog, &mart_support, &mart_integration,
};
#define KINDS (sizeof kinds / sizeof *kinds)

const char *const mart_left_out[MART_RESULTS] = {
	[MART_OUTSIDE] = "outside of the days",
	[MART_ORPHAN] = "orphan",
	[MART_NOT_DUE] = "not_applicable",
	[MART_NO_COURIER] = "no courier",
	[MART_CLOSED] = "not open",
	[MART_SETTLED] = "settled",
};

const char *
mart_name(size_t i)
{
	return i < KINDS ? kinds[i]->name : NULL;
}

int
mart_is_hourly(const struct mart *m)
{
	return m->kind->column[0].type == KEY_HOUR;
}

const char *
mart_reads(const struct mart *m, size_t source, size_t *members)
{
	if (source >= m->kind->sources)
		return NULL;
	*members = m->kind->source[source].members;
	return m->kind->source[source].view;
}

const char *
mart_member(const struct mart *m, size_t source, size_t i)
{
	return m->kind->source[source].member[i].name;
}

/* Numbers of a cell that a column takes. */
static size_t
column_width(enum mart_column_type type)
{
	switch (type) {
	case KEY_DAY:
	case KEY_HOUR:
	case DAY_OF_HOUR:
	case KEY_ID:
	case KEY_TEXT:
		return 0;
	case H31:
		return ladder_h31.n + 1;
	case S19:
		return ladder_s19.n + 1;
	case M18:
		return ladder_m18.n + 1;
	default:
		return 1;
	}
}

struct mart *
mart_new(const char *name, int64_t now)
{
	const char *member[MART_MEMBERS_MAX], *told_by[MART_SOURCES_MAX];
	struct mart *m;
	size_t i, k, s;

	for (k = 0; strcmp(kinds[k]->name, name) != 0;)
		if (++k == KINDS)
			return NULL;
	m = mem_alloc(sizeof *m);
	m->kind = kinds[k];
	m->now = now;
	mart_limit(m, UINT32_MAX, INT64_MAX);
	for (s = 0; s < m->kind->sources; s++) {
		for (i = 0; i < m->kind->source[s].members; i++)
			member[i] = m->kind->source[s].member[i].name;
		m->names[s] = json_names_new(member, i);
		told_by[s] = m->kind->source[s].told_by;
	}
	if (told_by[0] != NULL)
		m->told_by = json_names_new(told_by, s);
	for (i = 0; i < m->kind->columns; i++) {
		m->off[i] = m->width;
		m->width += column_width(m->kind->column[i].type);
	}
	m->own = mem_alloc(m->kind->own + 1);
	return m;
}

void
mart_limit(struct mart *m, uint64_t counter, uint64_t sum)
{
	m->counter_max = counter;
	m->sum_max = sum;
}

void
mart_free(struct mart *m)
{
	size_t s;

	if (m == NULL)
		return;
	if (m->kind->own_fini != NULL)
		m->kind->own_fini(m);
	for (s = 0; s < m->kind->sources; s++)
		json_names_free(m->names[s]);
	json_names_free(m->told_by);
	map_fini(&m->keys);
	buf_fini(&m->key);
	free(m->own);
	free(m->cell);
	free(m->order);
	free(m->scratch);
	free(m);
}

void
mart_key(struct mart *m)
{
	buf_clear(&m->key);
	buf_put(&m->key, "\0\0\0\0", 4);
}

void
mart_key_id(struct mart *m, int64_t id)
{
	int k;

	for (k = 24; k >= 0; k -= 8)
		buf_putc(&m->key, (char)(id >> k));
}

void
mart_key_text(struct mart *m, struct slice text)
{
	buf_slice(&m->key, text);
	buf_putc(&m->key, '\0');
}

uint64_t *
mart_cell(struct mart *m, int32_t at)
{
	uint32_t d = (uint32_t)at ^ UINT32_C(0x80000000), i;
	size_t had = m->keys.n;
	int k;

	if (m->days != NULL && !(mart_is_hourly(m) ? days_have_hour(m->days, at) : days_have(m->days, at)))
		return NULL;
	for (k = 0; k < 4; k++)
		m->key.p[k] = (char)(d >> (24 - 8 * k));
	i = map_add(&m->keys, buf_as_slice(&m->key));
	m->counted = 1;
	if (i == had) {
		m->cell = mem_grow(m->cell, &m->cap, (had + 1) * m->width, sizeof *m->cell);
		memset(m->cell + i * m->width, 0, m->width * sizeof *m->cell);
	}
	return m->cell + i * m->width;
}

int
mart_result(const struct mart *m)
{
	return m->counted ? MART_COUNTED : MART_OUTSIDE;
}

int
mart_sum(struct mart *m, uint64_t *cell, size_t column, uint64_t v)
{
	uint64_t *sum = mart_at(m, cell, column);

	if (v > m->sum_max - *sum)
		return err_set(m->e, EX_DATAERR, "%s: a sum of more than 63 bits", m->kind->column[column].name);
	*sum += v;
	return 0;
}

void
mart_hist(const struct mart *m, uint64_t *cell, size_t column, int64_t v)
{
	enum mart_column_type type = m->kind->column[column].type;

	mart_at(m, cell, column)[ladder_slot(type == H31 ? &ladder_h31 : type == S19 ? &ladder_s19 : &ladder_m18, v)]++;
}

void
mart_first_last(const struct mart *m, uint64_t *cell, size_t first, size_t last, int64_t ms)
{
	uint64_t sec = utc_sec(ms) > 0 ? (uint64_t)utc_sec(ms) : 0, *p;

	if (first != 0) {
		p = mart_at(m, cell, first);
		if (*p == 0 || sec < *p)
			*p = sec;
	}
	p = mart_at(m, cell, last);
	if (sec > *p)
		*p = sec;
}

int
mart_span(struct mart *m, uint64_t *cell, const struct mart_value *from, const struct mart_value *to,
    size_t sum, size_t n, size_t hist)
{
	int64_t span;

	if (!from->known || !to->known)
		return 0;
	span = utc_sec(to->n) - utc_sec(from->n);
	if (span < 0)
		return 0;
	mart_count(m, cell, n, 1);
	if (hist != 0)
		mart_hist(m, cell, hist, span);
	return mart_sum(m, cell, sum, (uint64_t)span);
}

/* Which kind of record this is; NULL with the fault when it is none. */
static const struct mart_source *
source_of(struct mart *m, const struct json *j, struct fault *f)
{
	size_t s;

	if (m->told_by == NULL)
		return m->kind->source;
	(void)json_pick(m->told_by, j, m->slot, NULL, 0);
	for (s = 0; s < m->kind->sources; s++)
		if (m->slot[s] != NULL)
			return &m->kind->source[s];
	(void)fault_set(f, "missing", m->kind->source[0].told_by, "none of the records that %s is made of", m->kind->name);
	return NULL;
}

int
mart_add(struct mart *m, const struct json *j, const struct days *days, struct fault *fault, struct err *e)
{
	const struct mart_source *source;

	*fault = (struct fault){ 0 };
	m->days = days;
	m->counted = 0;
	m->record++;
	m->e = e;
	source = source_of(m, j, fault);
	if (source == NULL || mart_read(m, source, j, fault) == -1)
		return -1;
	return source->add(m, m->value, fault);
}

static int
by_key(const void *a, const void *b, void *arg)
{
	const struct map *keys = arg;

	return slice_cmp(map_key(keys, *(const uint32_t *)a), map_key(keys, *(const uint32_t *)b));
}

size_t
mart_bytes(const struct mart *m)
{
	return map_bytes(&m->keys) + m->cap * sizeof *m->cell + (m->kind->own_bytes != NULL ? m->kind->own_bytes(m) : 0);
}

/* All counters of a row fit their columns. */
static int
fits(const struct mart *m, const uint64_t *cell, struct err *e)
{
	const struct mart_column *col = m->kind->column;
	size_t k, h;

	for (k = 0; k < m->kind->columns; k++) {
		if (col[k].type == SUM || col[k].type == MONEY || col[k].type == MARK)
			continue;
		for (h = 0; h < column_width(col[k].type); h++)
			if (cell[m->off[k] + h] > m->counter_max && col[k].type != FIRST_AT && col[k].type != LAST_AT)
				return err_set(e, EX_DATAERR, "%s: a counter of more than 32 bits", col[k].name);
	}
	return 0;
}

size_t
mart_rows(struct mart *m, struct err *e)
{
	size_t i;

	m->e = e;
	if (m->kind->finish != NULL && m->kind->finish(m) == -1)
		return SIZE_MAX;
	for (i = 0; i < m->keys.n; i++)
		if (fits(m, m->cell + i * m->width, e) == -1)
			return SIZE_MAX;
	m->order = mem_resize(m->order, (m->keys.n + 1) * sizeof *m->order);
	for (i = 0; i < m->keys.n; i++)
		m->order[i] = (uint32_t)i;
	if (m->keys.n > 0)
		qsort_r(m->order, m->keys.n, sizeof *m->order, by_key, &m->keys);
	return m->keys.n;
}
