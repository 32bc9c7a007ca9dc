#ifndef BASE_ENV_H_
#define BASE_ENV_H_

/* Value of an environment variable; NULL when it is not set or empty.  The only reader of the environment. */
const char *env_get(const char *name);

#endif
