/* What kind of store an address names; a file of its own, so that who asks nothing more needs no client library. */
#include <string.h>

#include "run/db.h"

static int
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

enum db_kind
db_kind_of(const char *url)
{
	if (begins(url, "http:") || begins(url, "https:") || begins(url, "unix:"))
		return DB_CLICKHOUSE;
	return begins(url, "postgresql:") || begins(url, "postgres:") || strchr(url, '=') != NULL ? DB_POSTGRES : DB_CLICKHOUSE;
}
