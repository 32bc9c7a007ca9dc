#ifndef PARCEL_FIELDMAP_PLAN_H_
#define PARCEL_FIELDMAP_PLAN_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "parcel/fieldmap.h"

/*
 * The inside of a field map: fieldmap_read.c compiles a map's text into it, fieldmap.c takes
 * the fields of a record by it, fieldmap_rest.c tells what they leave.
 *
 * Compiled, a source is the slot of a top-level member and, where the pointer goes on,
 * the rest of the pointer.
 */

enum reading { AS_IS, SECONDS, MILLIS, LOWER, JSON };

struct source {
	uint8_t reading;
	uint8_t whole;			/* ^: of the whole record */
	uint8_t constant;
	uint8_t when;			/* the constant, when what is pointed to is true */
	uint32_t slot;
	struct json_pointer *rest;	/* NULL: the member itself */
	struct json_value value;	/* a constant */
	char *text;			/* a constant's bytes */
};

/* Members that are taken, as a tree of names: the member itself, or members of it. */
struct take {
	char *name;
	size_t n;
	int whole;
	struct take *child;
	size_t children, cap;
};

/* The members of the record, or of an element. */
struct scope {
	struct take take;	/* child i belongs to slot i */
	int parts;		/* there is a child that is not taken as a whole */
	struct json_names *names;
	const struct json *json;
	const struct json_member **slot;
	uint32_t *rest;		/* members in no slot */
	size_t rest_n, rest_cap;
};

struct fieldplan {
	struct source source[FIELD_N][FIELDMAP_SOURCES];
	uint8_t sources[FIELD_N];
	uint8_t plain[FIELD_N];		/* the first source is a member of inner as it stands: */
	uint32_t slot[FIELD_N];		/* this one */
	struct json_pointer *each;	/* NULL: the record is the element */
	int64_t date_only[FIELDMAP_TIMES];
	size_t date_onlys;
	struct scope record, element;
	struct scope *inner;		/* the scope of pointers without ^ */
	struct json_walk walk;		/* over the elements */
	struct json json;		/* the element */
	int64_t i;			/* of the next element */
	struct json_value found[FIELD_N];	/* inside of members, or converted */
	struct buf scratch[FIELD_N];
	struct buf text;
};

#endif
