/* Lines that a loader holds until they are stored. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utc.h"
#include "run/tee.h"

struct tee_line {
	size_t at;
	uint32_t len;		/* with LF */
	uint32_t dropped;
};

void
tee_hold(struct tee *t, struct slice line)
{
	char *p = buf_room(&t->text, line.n + 1);

	if (t->n == 0)
		t->since = utc_mono();
	t->line = mem_grow(t->line, &t->cap, t->n + 1, sizeof *t->line);
	t->line[t->n++] = (struct tee_line){ .at = t->text.n, .len = (uint32_t)line.n + 1 };
	memcpy(p, line.p, line.n);
	p[line.n] = '\n';
	t->text.n += line.n + 1;
}

void
tee_drop(struct tee *t, struct slice line)
{
	struct tee_line *l;
	size_t i;

	for (i = t->n; i-- > 0; ) {
		l = &t->line[i];
		if (!l->dropped && l->len == line.n + 1 && memcmp(t->text.p + l->at, line.p, line.n) == 0) {
			l->dropped = 1;
			t->dropped++;
			return;
		}
	}
}

int
tee_due(const struct tee *t)
{
	return t->n > 0 && utc_mono() - t->since >= TEE_WAIT_MS * 1000000LL;
}

/* The lines [from, to), none of which was dropped. */
static void
pass(const struct tee *t, struct stage *st, size_t from, size_t to)
{
	size_t at = from < t->n ? t->line[from].at : 0, end = to < t->n ? t->line[to].at : t->text.n;

	if (from < to)
		stage_tee(st, (struct slice){ t->text.p + at, end - at }, to - from);
}

void
tee_pass(struct tee *t, struct stage *st)
{
	size_t i, from = 0;

	for (i = 0; i < t->n && t->dropped > 0; i++)
		if (t->line[i].dropped) {
			pass(t, st, from, i);
			from = i + 1;
			t->dropped--;
		}
	pass(t, st, from, t->n);
	buf_clear(&t->text);
	t->n = t->dropped = 0;
}

void
tee_fini(struct tee *t)
{
	buf_fini(&t->text);
	free(t->line);
	*t = (struct tee){ 0 };
}
