/* wb-kafka-publish: records to a topic, each once and in order, acknowledged by the brokers. */
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "net/kafka.h"
#include "net/kafka_form.h"
#include "net/kafka_out.h"
#include "run/stage.h"
#include "run/tee.h"

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
	struct stage *st;
	struct kafka_out *out;
	struct kafka_form form;
	uint64_t given;			/* to the brokers, and not in the account yet */
	int tees;
	struct tee tee;
};

static void
say(void *arg, const char *line)
{
	(void)arg;
	tool_warn(&tool, "%s", line);
}

/* Everything that came is in the topic: it may go on. */
static int
barrier(struct publisher *p, struct err *e)
{
	if (kafka_out_flush(p->out, e) == -1)
		return -1;
	p->st->acct.out += p->given;
	p->given = 0;
	if (p->tees)
		tee_pass(&p->tee, p->st);
	return 0;
}

/* 1: sent, 0: refused, -1. */
static int
send_record(struct publisher *p, const struct record *r, struct err *e)
{
	struct fault f = { 0 };
	int rc = kafka_form(&p->form, r->json, &f) == -1 ? 0 : kafka_out_send(p->out, &p->form, &f, e);

	if (rc == 0)
		stage_reject(p->st, r, &f);
	if (rc != 1)
		return rc;
	p->given++;
	if (p->tees)
		tee_hold(&p->tee, r->line);
	return 1;
}

static int
is_due(const struct publisher *p)
{
	return p->tees && (tee_full(&p->tee) || (!p->st->lane && tee_due(&p->tee)));
}

static void
publish(struct publisher *p)
{
	struct err e = ERR_NONE;
	struct record r;
	int event, rc;

	while ((event = stage_next(p->st, &r)) > 0) {
		rc = 0;
		switch (event) {
		case STAGE_RECORD:
			rc = send_record(p, &r, &e);
			break;
		case STAGE_BARRIER:
			rc = barrier(p, &e);
			break;
		case STAGE_IDLE:
			rc = kafka_out_serve(p->out, &e);
			break;
		}
		if (rc != -1 && is_due(p))
			rc = barrier(p, &e);
		if (rc == -1)
			(void)stage_fail(p->st, &e);
	}
}

int
main(int argc, char **argv)
{
	struct stage st = { .tool = &tool, .flags = STAGE_BARRIERS | STAGE_SINK, .wait_ms = SERVE_MS };
	struct kafka_out_options o = { .client = tool.name, .say = say, .brokers = env_get("WB_BROKERS") };
	struct kafka_props props = { 0 };
	struct publisher p = { .st = &st };
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
		case TEE: p.tees = 1; break;
		}
	if (o.brokers == NULL)
		tool_usage(&tool, "-b BROKERS is missing (or WB_BROKERS)");
	if (o.topic == NULL)
		tool_usage(&tool, "-t TOPIC is missing");
	if (!kafka_topic_name(o.topic, strlen(o.topic)))
		tool_usage(&tool, "-t: \"%s\" is no topic", o.topic);
	if (p.tees)
		st.flags &= ~(unsigned)STAGE_SINK;
	stage_open(&st, argv + optind);
	o.props = &props;
	o.patient = st.lane;
	o.loud = tool.verbose > 1;
	if ((p.out = kafka_out_open(&o, &e)) == NULL)
		tool_die(&tool, &e);
	publish(&p);
	if (p.form.left_out > 0)
		stage_count(&st, "member_left_out", p.form.left_out);
	rc = stage_close(&st);
	if (rc != 0)
		_exit(rc);	/* messages may be on their way to brokers that do not answer */
	kafka_out_close(p.out);
	kafka_form_fini(&p.form);
	kafka_props_fini(&props);
	tee_fini(&p.tee);
	return 0;
}
