/* Properties of Kafka clients. */
#include "net/kafka.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/mem.h"
#include "io/file.h"

#define FILE_MAX (1024 * 1024)

/* Properties that are never arguments, and nobody else's to read. */
static const char *const secrets[] = {
	"sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem",
	"sasl.oauthbearer.client.secret", "sasl.oauthbearer.config",
};

/* What is taken from the environment: a closed list, since KAFKA_ begins other programs' variables too. */
static const char *const variables[][2] = {
	{ "KAFKA_SECURITY_PROTOCOL", "security.protocol" },
	{ "KAFKA_SASL_MECHANISM", "sasl.mechanisms" },
	{ "KAFKA_SASL_USERNAME", "sasl.username" },
	{ "KAFKA_SASL_PASSWORD", "sasl.password" },
	{ "KAFKA_SSL_CA_LOCATION", "ssl.ca.location" },
	{ "KAFKA_SSL_CERTIFICATE_LOCATION", "ssl.certificate.location" },
	{ "KAFKA_SSL_KEY_LOCATION", "ssl.key.location" },
	{ "KAFKA_SSL_KEY_PASSWORD", "ssl.key.password" },
	{ "KAFKA_SSL_KEYSTORE_LOCATION", "ssl.keystore.location" },
	{ "KAFKA_SSL_KEYSTORE_PASSWORD", "ssl.keystore.password" },
};

void
kafka_props_fini(struct kafka_props *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		free(p->prop[i].name);
		free(p->prop[i].value);
	}
	free(p->prop);
	*p = (struct kafka_props){ 0 };
}

void
kafka_props_add(struct kafka_props *p, const char *name, const char *value)
{
	p->prop = mem_grow(p->prop, &p->cap, p->n + 1, sizeof *p->prop);
	p->prop[p->n++] = (struct kafka_prop){ mem_dup(name, strlen(name)), mem_dup(value, strlen(value)) };
}

static int
is_secret(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (strcmp(name, secrets[i]) == 0)
			return 1;
	return 0;
}

/* NAME=VALUE of n bytes, blanks around both left out.  0, or -1 when it is none. */
static int
add_pair(struct kafka_props *p, const char *s, size_t n)
{
	const char *eq;
	size_t name, value;

	while (n > 0 && (*s == ' ' || *s == '\t'))
		s++, n--;
	eq = memchr(s, '=', n);
	if (eq == NULL)
		return -1;
	name = (size_t)(eq - s);
	while (name > 0 && (s[name - 1] == ' ' || s[name - 1] == '\t'))
		name--;
	eq++;
	value = n - (size_t)(eq - s);
	while (value > 0 && (*eq == ' ' || *eq == '\t'))
		eq++, value--;
	if (name == 0)
		return -1;
	p->prop = mem_grow(p->prop, &p->cap, p->n + 1, sizeof *p->prop);
	p->prop[p->n++] = (struct kafka_prop){ mem_dup(s, name), mem_dup(eq, value) };
	return 0;
}

int
kafka_props_arg(struct kafka_props *p, const char *arg, struct err *e)
{
	if (add_pair(p, arg, strlen(arg)) == -1)
		return err_set(e, EX_USAGE, "-X: \"%s\" is not PROPERTY=VALUE", arg);
	if (is_secret(p->prop[p->n - 1].name))
		return err_set(e, EX_USAGE, "-X: %s is a secret, and everybody sees arguments: -F FILE or the environment", p->prop[p->n - 1].name);
	return 0;
}

int
kafka_props_file(struct kafka_props *p, const char *path, struct err *e)
{
	struct buf b = { 0 };
	struct stat st;
	size_t at, end, n, line = 0;
	int rc = -1;

	if (file_read(path, FILE_MAX, &b, e) == -1)
		goto out;
	for (at = 0; at < b.n; at = end + 1) {
		const char *lf = memchr(b.p + at, '\n', b.n - at);

		end = lf ? (size_t)(lf - b.p) : b.n;
		line++;
		n = end - at;
		while (n > 0 && (b.p[at + n - 1] == ' ' || b.p[at + n - 1] == '\t' || b.p[at + n - 1] == '\r'))
			n--;
		if (n == 0 || b.p[at + strspn(b.p + at, " \t")] == '#')
			continue;
		if (add_pair(p, b.p + at, n) == -1) {
			err_set(e, EX_CONFIG, "%s:%zu: not PROPERTY=VALUE", path, line);
			goto out;
		}
		if (is_secret(p->prop[p->n - 1].name) && stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
			err_set(e, EX_CONFIG, "%s:%zu: %s in a file that others may read: chmod 600 it", path, line, p->prop[p->n - 1].name);
			goto out;
		}
	}
	rc = 0;
out:
	buf_fini(&b);
	return rc;
}

void
kafka_props_env(struct kafka_props *p)
{
	const char *value;
	size_t i;

	for (i = 0; i < sizeof variables / sizeof *variables; i++)
		if ((value = env_get(variables[i][0])) != NULL)
			kafka_props_add(p, variables[i][1], value);
}

const char *
kafka_version(char *dst, size_t cap)
{
	(void)snprintf(dst, cap, "librdkafka %s", rd_kafka_version_str());
	return dst;
}

int
kafka_topic_name(const char *s, size_t n)
{
	size_t i;

	if (n == 0 || n > 249 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
		return 0;
	for (i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9') ||
		    s[i] == '.' || s[i] == '_' || s[i] == '-'))
			return 0;
	return 1;
}
