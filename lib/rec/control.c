/* Control lines: what a lane says to itself between records. */
#include <sys/random.h>

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "rec/control.h"

static const struct {
	struct slice name;
	enum control_kind kind;
} names[] = {
	{ { "@hello", 6 }, CONTROL_HELLO },
	{ { "@ckpt", 5 }, CONTROL_CKPT },
	{ { "@reject", 7 }, CONTROL_REJECT },
	{ { "@end", 4 }, CONTROL_END },
	{ { "@ack", 4 }, CONTROL_ACK },
};

static int
get_text(const struct json_value *v, char *dst, size_t cap)
{
	if (v->type != JSON_STRING || v->escaped || v->raw.n - 2 >= cap)
		return -1;
	memcpy(dst, v->raw.p + 1, v->raw.n - 2);
	dst[v->raw.n - 2] = '\0';
	return 0;
}

int
control_get(struct slice line, struct json *j, struct control *c, struct err *e)
{
	struct json_walk w;
	struct json_member m;
	char show[128];
	size_t i;
	int rc = 0;

	*c = (struct control){ .kind = CONTROL_OTHER };
	if (json_scan(j, line) == -1 || j->n != 1 || j->member[0].v.type != JSON_OBJECT)
		goto bad;
	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_eq(j->member[0].name, names[i].name))
			c->kind = names[i].kind;
	if (c->kind == CONTROL_OTHER || c->kind == CONTROL_REJECT)
		return 0;
	json_enter(&w, &j->member[0].v);
	while (json_next(&w, &m)) {
		if (slice_eq(m.name, SLICE("v")))
			rc |= json_u64(&m.v, &c->v);
		else if (slice_eq(m.name, SLICE("n")))
			rc |= json_u64(&m.v, &c->n);
		else if (slice_eq(m.name, SLICE("rows")))
			rc |= json_u64(&m.v, &c->rows);
		else if (slice_eq(m.name, SLICE("run")))
			rc |= get_text(&m.v, c->run, sizeof c->run);
		else if (slice_eq(m.name, SLICE("lane")))
			rc |= get_text(&m.v, c->lane, sizeof c->lane);
	}
	if (rc != 0 || c->run[0] == '\0')
		goto bad;
	if (c->kind == CONTROL_HELLO && c->v != CONTROL_V)
		return err_set(e, EX_CONFIG, "the stream speaks version %llu of the lane protocol, not %d: programs of different releases in one lane",
		    (unsigned long long)c->v, CONTROL_V);
	return 0;
bad:
	return err_set(e, EX_SOFTWARE, "broken control line: %s", err_show(show, sizeof show, line.p, line.n));
}

void
control_put(struct buf *b, const struct control *c)
{
	switch (c->kind) {
	case CONTROL_HELLO:
		buf_printf(b, "{\"@hello\":{\"v\":%d,\"run\":\"%s\",\"lane\":\"%s\"}}\n", CONTROL_V, c->run, c->lane);
		break;
	case CONTROL_CKPT:
		buf_printf(b, "{\"@ckpt\":{\"run\":\"%s\",\"n\":%llu,\"rows\":%llu}}\n", c->run,
		    (unsigned long long)c->n, (unsigned long long)c->rows);
		break;
	case CONTROL_END:
		buf_printf(b, "{\"@end\":{\"run\":\"%s\",\"n\":%llu}}\n", c->run, (unsigned long long)c->n);
		break;
	case CONTROL_ACK:
		buf_printf(b, "{\"@ack\":{\"run\":\"%s\",\"n\":%llu}}\n", c->run, (unsigned long long)c->n);
		break;
	case CONTROL_OTHER:
	case CONTROL_REJECT:
		break;
	}
}

int
control_name(const char *s)
{
	struct control c;
	size_t n = strlen(s), i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f || s[i] == '/' || s[i] == '"' || s[i] == '\\')
			return 0;
	return n > 0 && n < sizeof c.lane && utf8_span(s, n) == n;
}

void
control_run(char run[CONTROL_RUN + 1])
{
	unsigned char r[CONTROL_RUN / 2] = { 0 };
	size_t i;

	while (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		;
	for (i = 0; i < sizeof r; i++)
		(void)snprintf(run + 2 * i, 3, "%02x", r[i]);
}
