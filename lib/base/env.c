/* The environment. */
#include <stdlib.h>

#include "base/env.h"

const char *
env_get(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && *v != '\0' ? v : NULL;
}
