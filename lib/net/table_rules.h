#ifndef NET_TABLE_RULES_H_
#define NET_TABLE_RULES_H_

#include <stddef.h>

#include "rec/json.h"

/* What is known of a table that is loaded, beyond what the store tells of it; for every store.  Functions may be NULL. */
struct table_rules {
	const char *name;			/* of the table, for may_lack */
	const char *const *known;		/* members that are passed over when the table lacks them */
	size_t known_n;
	int (*may_lack)(const char *table, const char *column);
	int (*is_bool)(const char *column);	/* a UInt8 that is a boolean, on servers without Bool */
	int (*is_object)(const char *column);
	const char *left;			/* column that is never sent: the server's own clock fills it */
	const struct table_fill {		/* values of absent members, JSON */
		const char *column, *json;
	} *fill;
	size_t fills;
};

/*
 * The members that a record may have: column[i], which is number i, "_src", and those that are known.  *n is their
 * number.  To be freed by json_names_free().
 */
struct json_names *table_rules_names(const struct table_rules *r, const char *const *column, size_t columns, size_t *n);

#endif
