/* The smallest stage: passes records on.  For tests of the pump, and to see what the pump costs. */
#include "run/stage.h"

static struct tool tool = {
	.name = "pass",
	.usage = "pass [-bfhls] [-r MEMBER] [FILE ...]",
	.letters = "br:fhls",
};

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool };
	struct fault fault = { .code = "enum", .field = "x", .msg = "as asked" };
	const char *member = NULL;
	struct record r;
	int c, filter = 0, lose = 0, event;

	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'b':
			st.flags |= STAGE_BARRIERS;
			break;
		case 's':
			st.flags |= STAGE_SINK | STAGE_BARRIERS;
			break;
		case 'r':
			member = optarg;	/* records with this member are rejected */
			break;
		case 'h':
			fault.code = "history";	/* so, and not as enum */
			break;
		case 'l':
			lose = 1;		/* records without members go nowhere, as they must not */
			break;
		case 'f':
			filter = 1;		/* records without members are filtered */
			break;
		}
	stage_open(&st, argv + optind);
	while ((event = stage_next(&st, &r)) > 0) {
		if (event == STAGE_BARRIER)
			tool_say(&tool, "barrier behind %llu records", (unsigned long long)st.acct.in);
		else if (member != NULL && json_get(r.json, slice_of(member)) != NULL)
			stage_reject(&st, &r, &fault);
		else if (filter && r.json->n == 0)
			stage_filter(&st);
		else if (lose && r.json->n == 0)
			continue;
		else if (st.flags & STAGE_SINK)
			st.acct.out++;
		else
			stage_pass(&st, &r);
	}
	return stage_close(&st);
}
