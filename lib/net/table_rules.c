/* What the loaders know of tables beyond the store. */
#include "net/table_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct json_names *
table_rules_names(const struct table_rules *r, const char *const *column, size_t columns, size_t *n)
{
	const char **name = mem_alloc((columns + r->known_n + 1) * sizeof *name);
	struct json_names *names;
	size_t i, k;

	for (*n = 0; *n < columns; (*n)++)
		name[*n] = column[*n];
	name[(*n)++] = "_src";
	for (i = 0; i < r->known_n; i++) {
		for (k = 0; k < *n && strcmp(name[k], r->known[i]) != 0; k++)
			;
		if (k == *n)
			name[(*n)++] = r->known[i];
	}
	names = json_names_new(name, *n);
	free(name);
	return names;
}
