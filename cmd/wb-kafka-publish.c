/* wb-kafka-publish: records to a topic, each once and in order, acknowledged by the brokers. */
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "net/kafka.h"
#include "net/kafka_form.h"
#include "net/kafka_out.h"
#include "run/sink.h"

#define SERVE_MS 1000	/* the library is looked after so often while nothing comes */

enum { HEADERS = TOOL_OWN, TEE };

static struct tool tool = {
	.name = "wb-kafka-publish",
	.usage = "wb-kafka-publish [-v] -b BROKERS -t TOPIC [-k FIELD | /POINTER] [-H NAME=VALUE] ... [--headers] [--tee]\n"
	    "       [-X PROPERTY=VALUE] ... [-F FILE] [FILE ...]",
	.letters = "b:t:k:H:X:F:",
	.longs = (const struct option[]){
		{ "headers", no_argument, NULL, HEADERS },
		{ "tee", no_argument, NULL, TEE },
		{ 0 },
	},
};

struct publisher {
	struct sink sink;
	struct kafka_out *out;
	struct kafka_form form;
	uint64_t given;			/* to the brokers, and not in the account yet */
};

static void
say(void *arg, const char *line)
{
	(void)arg;
	tool_warn(&tool, "%s", line);
}

static int
add(void *arg, const struct record *r, struct fault *f, struct err *e)
{
	struct publisher *p = arg;
	int rc = kafka_form(&p->form, r->json, f) == -1 ? 0 : kafka_out_send(p->out, &p->form, f, e);

	p->given += rc == 1;
	return rc;
}

/* Everything that came is in the topic. */
static int
flush(void *arg, struct err *e)
{
	struct publisher *p = arg;

	if (kafka_out_flush(p->out, e) == -1)
		return -1;
	p->sink.st->acct.out += p->given;
	p->given = 0;
	return 0;
}

static int
idle(void *arg, struct err *e)
{
	struct publisher *p = arg;

	return kafka_out_serve(p->out, e);
}

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool, .flags = SINK_FLAGS, .wait_ms = SERVE_MS };
	struct kafka_out_options o = { .client = tool.name, .say = say, .brokers = env_get("WB_BROKERS") };
	struct kafka_props props = { 0 };
	struct publisher p = { .sink = { .st = &st, .add = add, .flush = flush, .idle = idle, .arg = &p } };
	struct err e = ERR_NONE;
	char libs[64];
	int c, rc;

	tool.libs = kafka_version(libs, sizeof libs);
	kafka_props_env(&props);
	while ((c = tool_opt(&tool, argc, argv)) != -1)
		switch (c) {
		case 'b': o.brokers = optarg; break;
		case 't': o.topic = optarg; break;
		case 'k':
			if (kafka_form_key(&p.form, optarg) == -1)
				tool_usage(&tool, "-k: \"%s\" is no name and no JSON Pointer", optarg);
			break;
		case 'H':
			if (kafka_form_header(&p.form, optarg) == -1)
				tool_usage(&tool, "-H: \"%s\" is not NAME=VALUE, or one too many", optarg);
			break;
		case 'X':
			if (kafka_props_arg(&props, optarg, &e) == -1)
				tool_die(&tool, &e);
			break;
		case 'F':
			if (kafka_props_file(&props, optarg, &e) == -1)
				tool_die(&tool, &e);
			break;
		case HEADERS: kafka_form_back(&p.form); break;
		case TEE: p.sink.tees = 1; break;
		}
	if (o.brokers == NULL)
		tool_usage(&tool, "-b BROKERS is missing (or WB_BROKERS)");
	if (o.topic == NULL)
		tool_usage(&tool, "-t TOPIC is missing");
	if (!kafka_topic_name(o.topic, strlen(o.topic)))
		tool_usage(&tool, "-t: \"%s\" is no topic", o.topic);
	sink_init(&p.sink);
	stage_open(&st, argv + optind);
	o.props = &props;
	o.patient = st.lane;
	o.loud = tool.verbose > 1;
	if ((p.out = kafka_out_open(&o, &e)) == NULL)
		tool_die(&tool, &e);
	sink_run(&p.sink);
	if (p.form.left_out > 0)
		stage_count(&st, "member_left_out", p.form.left_out);
	rc = stage_close(&st);
	if (rc != 0)
		_exit(rc);	/* messages may be on their way to brokers that do not answer */
	kafka_out_close(p.out);
	kafka_form_fini(&p.form);
	kafka_props_fini(&props);
	sink_fini(&p.sink);
	return 0;
}
