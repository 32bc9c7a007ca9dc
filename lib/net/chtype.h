#ifndef NET_CHTYPE_H_
#define NET_CHTYPE_H_

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * ClickHouse's types, read from their text as the server writes it
 * ("Array(LowCardinality(String))", "DateTime64(3, 'UTC')", "Enum8('a' = 1)").
 */
enum chtype_kind {
	CHTYPE_UINT,		/* of size 1, 2, 4, 8, 16 or 32 bytes */
	CHTYPE_INT,
	CHTYPE_FLOAT,		/* 4, 8 */
	CHTYPE_BOOL,
	CHTYPE_STRING,
	CHTYPE_FIXED,		/* FixedString(size) */
	CHTYPE_DATE,		/* days since 1970: unsigned 2 bytes, or signed 4 (Date32) */
	CHTYPE_DATETIME,	/* seconds, 4 bytes */
	CHTYPE_DATETIME64,	/* 10^-scale seconds, 8 bytes */
	CHTYPE_DECIMAL,		/* size 4, 8, 16, 32; precision, scale */
	CHTYPE_ENUM,		/* 1, 2; items */
	CHTYPE_UUID,		/* 16 */
	CHTYPE_IPV4,		/* 4 */
	CHTYPE_IPV6,		/* 16 */
	CHTYPE_NOTHING,		/* 1 */
	CHTYPE_NULLABLE,	/* of arg[0] */
	CHTYPE_LOWCARD,		/* of arg[0] */
	CHTYPE_ARRAY,		/* of arg[0] */
	CHTYPE_TUPLE,		/* of arg[0..n), with names or not */
	CHTYPE_MAP,		/* from arg[0] to arg[1] */
};

struct chtype_item {
	char *name;
	size_t len;
	int value;
};

struct chtype {
	enum chtype_kind kind;
	size_t size;			/* bytes of a value, 0 when it varies */
	unsigned precision, scale;
	struct chtype *arg;
	size_t n;
	char **name;			/* of a tuple's elements; NULL: none */
	struct chtype_item *item;	/* of an enum, in the order of the text */
	size_t items;
};

/* 0, or -1 with EX_CONFIG when the text is no type, or one that Waybill does not know. */
int chtype_parse(struct chtype *t, struct slice text, struct err *e);
void chtype_fini(struct chtype *t);

#endif
