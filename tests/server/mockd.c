/*
 * mockd BROKERS: librdkafka's mock cluster as a process of its own, for what a real broker
 * cannot be made to do.  Prints its bootstrap servers, then answers each command of standard
 * input with a line, "ok", a number, or what is wrong:
 *
 *	topic NAME PARTITIONS REPLICAS
 *	push API ERROR ...		the next requests of that kind are answered so, one each
 *	left BROKER API			how many of these are still to come; and what was pushed by pushb
 *	pushb BROKER API ERROR ...	the same, at one broker
 *	clear API
 *	topicerr NAME ERROR		in metadata
 *	leader NAME PARTITION BROKER
 *	coordinator GROUP BROKER
 *	down BROKER, up BROKER		0: all
 *	rtt BROKER MS
 *
 * API is a number of the protocol, ERROR a name of librdkafka (NOT_COORDINATOR, _TRANSPORT, NO_ERROR).
 * Of each partition about 5 MB are kept.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#define WORDS 64

static int
error_of(const char *name, rd_kafka_resp_err_t *code)
{
	const struct rd_kafka_err_desc *desc;
	size_t n, i;

	rd_kafka_get_err_descs(&desc, &n);
	for (i = 0; i < n; i++)
		if (desc[i].name != NULL && strcmp(desc[i].name, name) == 0) {
			*code = desc[i].code;
			return 0;
		}
	return -1;
}

static long
num(const char *s)
{
	return strtol(s, NULL, 10);
}

/* One command of n words; what is answered, or NULL when it is none. */
static const char *
command(rd_kafka_mock_cluster_t *m, long brokers, char **w, int n, char *text, size_t cap)
{
	rd_kafka_resp_err_t code[WORDS], rc = RD_KAFKA_RESP_ERR_NO_ERROR;
	size_t left = 0;
	long b;
	int i, codes = 0, first = n;

	if (strcmp(w[0], "push") == 0)
		first = 2;
	else if (strcmp(w[0], "pushb") == 0)
		first = 3;
	else if (strcmp(w[0], "topicerr") == 0)
		first = 2;
	for (i = first; i < n; i++)
		if (error_of(w[i], &code[codes++]) == -1)
			return NULL;
	if (strcmp(w[0], "topic") == 0 && n == 4)
		rc = rd_kafka_mock_topic_create(m, w[1], (int)num(w[2]), (int)num(w[3]));
	else if (strcmp(w[0], "push") == 0 && codes > 0)
		rd_kafka_mock_push_request_errors_array(m, (int16_t)num(w[1]), (size_t)codes, code);
	else if (strcmp(w[0], "pushb") == 0 && codes > 0)
		for (i = 0; i < codes && rc == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
			rc = rd_kafka_mock_broker_push_request_error_rtts(m, (int32_t)num(w[1]), (int16_t)num(w[2]), 1, code[i], 0);
	else if (strcmp(w[0], "left") == 0 && n == 3) {
		rc = rd_kafka_mock_broker_error_stack_cnt(m, (int32_t)num(w[1]), (int16_t)num(w[2]), &left);
		(void)snprintf(text, cap, "%zu", left);
		return rc == RD_KAFKA_RESP_ERR_NO_ERROR ? text : rd_kafka_err2name(rc);
	} else if (strcmp(w[0], "clear") == 0 && n == 2)
		rd_kafka_mock_clear_request_errors(m, (int16_t)num(w[1]));
	else if (strcmp(w[0], "topicerr") == 0 && codes == 1)
		rd_kafka_mock_topic_set_error(m, w[1], code[0]);
	else if (strcmp(w[0], "leader") == 0 && n == 4)
		rc = rd_kafka_mock_partition_set_leader(m, w[1], (int32_t)num(w[2]), (int32_t)num(w[3]));
	else if (strcmp(w[0], "coordinator") == 0 && n == 3)
		rc = rd_kafka_mock_coordinator_set(m, "group", w[1], (int32_t)num(w[2]));
	else if ((strcmp(w[0], "down") == 0 || strcmp(w[0], "up") == 0) && n == 2)
		for (b = 1; b <= brokers && rc == RD_KAFKA_RESP_ERR_NO_ERROR; b++) {
			if (num(w[1]) != 0 && num(w[1]) != b)
				continue;
			rc = w[0][0] == 'd' ? rd_kafka_mock_broker_set_down(m, (int32_t)b) : rd_kafka_mock_broker_set_up(m, (int32_t)b);
		}
	else if (strcmp(w[0], "rtt") == 0 && n == 3)
		rc = rd_kafka_mock_broker_set_rtt(m, (int32_t)num(w[1]), (int)num(w[2]));
	else
		return NULL;
	return rc == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : rd_kafka_err2name(rc);
}

int
main(int argc, char **argv)
{
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_mock_cluster_t *m;
	char line[4096], text[256], *w[WORDS], *p, *save;
	const char *answer;
	rd_kafka_t *rk;
	int n;

	if (argc != 2 || num(argv[1]) < 1)
		return 64;
	(void)rd_kafka_conf_set(c, "client.id", "mockd", text, sizeof text);
	(void)rd_kafka_conf_set(c, "log_level", "0", text, sizeof text);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, text, sizeof text);
	m = rk != NULL ? rd_kafka_mock_cluster_new(rk, (int)num(argv[1])) : NULL;
	if (m == NULL)
		return 75;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)printf("%s\n", rd_kafka_mock_cluster_bootstraps(m));
	while (fgets(line, sizeof line, stdin) != NULL) {
		for (n = 0, p = strtok_r(line, " \n", &save); p != NULL && n < WORDS; p = strtok_r(NULL, " \n", &save))
			w[n++] = p;
		answer = n > 0 ? command(m, num(argv[1]), w, n, text, sizeof text) : NULL;
		(void)printf("%s\n", answer != NULL ? answer : "what?");
	}
	rd_kafka_mock_cluster_destroy(m);
	rd_kafka_destroy(rk);
	return 0;
}
