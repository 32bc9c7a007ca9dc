/* Rows of a mart as JSON. */
#include "base/num.h"
#include "parcel/mart_kind.h"

#define TIME_MAX (UTC_LEN + 2)

/* Bytes that the value of a column takes at most, its key apart. */
static size_t
value_max(enum mart_column_type type)
{
	switch (type) {
	case H31:
		return (NUM_MAX + 1) * (ladder_h31.n + 1) + 2;
	case S19:
		return (NUM_MAX + 1) * (ladder_s19.n + 1) + 2;
	case M18:
		return (NUM_MAX + 1) * (ladder_m18.n + 1) + 2;
	default:
		return TIME_MAX;
	}
}

size_t
mart_row_max(const struct mart *m, size_t i, struct slice batch)
{
	size_t n = 128 + batch.n + 6 * map_key(&m->keys, m->order[i]).n, k;

	for (k = 0; k < m->kind->columns; k++)
		n += strlen(m->kind->column[k].name) + 8 + value_max(m->kind->column[k].type);
	return n;
}

static uint32_t
key_id(const char **key)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 4; i++)
		v = v << 8 | (unsigned char)*(*key)++;
	return v;
}

static char *
put_time(char *p, int64_t sec)
{
	p = utc_quote(p, sec * 1000);
	return p;
}

/* Cents as a decimal with two digits. */
static char *
put_money(char *p, int64_t cents)
{
	uint64_t v = cents < 0 ? -(uint64_t)cents : (uint64_t)cents;

	if (cents < 0)
		*p++ = '-';
	p += num_put_u64(p, v / 100);
	*p++ = '.';
	*p++ = (char)('0' + v / 10 % 10);
	*p++ = (char)('0' + v % 10);
	return p;
}

static char *
put_hist(char *p, const uint64_t *slot, size_t n)
{
	size_t i;

	*p++ = '[';
	for (i = 0; i < n; i++) {
		if (i > 0)
			*p++ = ',';
		p += num_put_u64(p, slot[i]);
	}
	*p++ = ']';
	return p;
}

/* The value of a column that is no part of the key. */
static char *
put_value(const struct mart *m, const uint64_t *cell, size_t k, char *p)
{
	const uint64_t *v = &cell[m->off[k]];
	enum mart_column_type type = m->kind->column[k].type;

	switch (type) {
	case MONEY:
		return put_money(p, (int64_t)*v);
	case FIRST_AT:
	case LAST_AT:
		if (*v > 0)
			return put_time(p, (int64_t)*v);
		memcpy(p, "null", 4);
		return p + 4;
	case H31:
	case S19:
	case M18:
		if (m->kind->has != NULL && !m->kind->has(m, cell, k))
			return put_hist(p, v, 0);
		return put_hist(p, v, (type == H31 ? ladder_h31.n : type == S19 ? ladder_s19.n : ladder_m18.n) + 1);
	default:
		return p + num_put_u64(p, *v);
	}
}

char *
mart_put(const struct mart *m, size_t i, struct slice batch, char *p)
{
	const char *key = map_key(&m->keys, m->order[i]).p;
	const uint64_t *cell = m->cell + m->order[i] * m->width;
	int32_t at = (int32_t)(key_id(&key) ^ UINT32_C(0x80000000));
	size_t k, n;

	for (k = 0; k < m->kind->columns; k++) {
		const struct mart_column *col = &m->kind->column[k];

		if (col->type == MARK)
			continue;
		*p++ = k == 0 ? '{' : ',';
		*p++ = '"';
		n = strlen(col->name);
		memcpy(p, col->name, n);
		p += n;
		*p++ = '"';
		*p++ = ':';
		switch (col->type) {
		case KEY_DAY:
			p = utc_quote_day(p, at);
			break;
		case KEY_HOUR:
			p = put_time(p, (int64_t)at * 3600);
			break;
		case DAY_OF_HOUR:
			p = utc_quote_day(p, utc_day_of((int64_t)at * 3600000));
			break;
		case KEY_ID:
			p += num_put_u64(p, key_id(&key));
			break;
		case KEY_TEXT:
			n = strlen(key);
			p = json_quote(p, (struct slice){ key, n });
			key += n + 1;
			break;
		default:
			p = put_value(m, cell, k, p);
			break;
		}
	}
	memcpy(p, ",\"computed_at\":", 15);
	p = put_time(p + 15, utc_sec(m->now));
	memcpy(p, ",\"batch_id\":", 12);
	p += 12;
	memcpy(p, batch.p, batch.n);
	p += batch.n;
	*p++ = '}';
	return p;
}
