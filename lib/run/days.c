/* Lists of days, in an argument or a file. */
#include "run/days.h"

#include <string.h>

#include "io/file.h"

#define DAYS_MAX (4u << 20)

const char *
days_list(const char *arg, struct buf *b, struct err *e)
{
	if (*arg == '\0' || strspn(arg, "0123456789-:.TZ, \n") == strlen(arg))
		return arg;
	if (strcmp(arg, "-") == 0) {
		err_set(e, EX_USAGE, "--days: a list or a file, never standard input");
		return NULL;
	}
	return file_read(arg, DAYS_MAX, b, e) == 0 ? buf_str(b) : NULL;
}
