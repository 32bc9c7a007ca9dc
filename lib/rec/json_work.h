#ifndef REC_JSON_WORK_H_
#define REC_JSON_WORK_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "rec/json.h"

/*
 * What the scanner knows beyond the record; private to lib/rec/json*.c.
 *
 * Names that come again and again get an id, 1 to JSON_NAMES - 1, and with it a
 * spelling to compare as a whole ("name": with quotes and colon), the names
 * that followed last, and a stamp per depth: the number of the object that
 * had the name last.  One object is open at each depth, so an equal stamp is
 * a name that is there twice.
 *
 * Other names (long ones, or ones with bytes that are always escaped, or all
 * that come when the ids are used up) go to a hash set by object and name.
 * Whether a name has an id does not change within a record.
 */
#define JSON_NAMES 256
#define JSON_NAME_MAX 29	/* bytes of a name that can have an id */

struct json_known {
	char text[32];		/* "name": and zeros */
	struct json_known *next[2];	/* what followed it in its object, the last one first */
	uint32_t mask;		/* bit i: text[i] counts */
	uint8_t len;		/* bytes of text that count */
	uint8_t id;
	uint32_t hash;
	struct json_known *first[2];	/* what stood first in an object under it */
};

struct json_seen {
	uint32_t object;	/* number of the object; below json_work.since: empty slot */
	uint32_t hash;
	uint32_t at, n;		/* the name as it stands in the record */
};

struct json_work {
	const char *begin, *end;	/* of the record */
	unsigned char *map;		/* of the record, from json_map() */
	size_t map_cap;
	size_t cap;			/* of json.member */
	uint64_t seed;			/* of the hash: not to be guessed by who sends records */
	uint64_t serial;		/* another one whenever ids get a new meaning */
	uint32_t object;		/* number of the last object opened */
	uint32_t since;			/* number of the first object of this record */
	uint32_t known_n;		/* ids in use, 0 included */
	uint32_t missed;		/* names that found no id left */
	struct json_seen *seen;
	size_t seen_cap, seen_n;	/* a power of two or 0 */
	char *scratch;			/* unescaped name */
	size_t scratch_cap;
	uint16_t slot[2 * JSON_NAMES];	/* id by hash */
	uint32_t stamp[JSON_DEPTH + 1][JSON_NAMES];
	/*
	 * [0] stands for no name: it has no text, so that all begins with it, and
	 * the stamp of every object, so that it is in there already.  Its first
	 * are those of the record.
	 */
	struct json_known known[JSON_NAMES];
};

struct json_work *json_work_new(void);
void json_work_free(struct json_work *w);

/* Begins a record of n bytes. */
void json_work_begin(struct json_work *w, struct slice s);

/*
 * Maps the record s, with vectors: 1 when it has no control byte and is
 * well-formed UTF-8, or 0 when it must be looked at byte by byte.
 */
int json_map(struct json_work *w, struct slice s);

/*
 * Notes name (as it stands; escaped: with escapes) as one of the object at
 * depth.  Returns its id (0: none), or -1 when the object has it already.
 */
int json_work_name(struct json_work *w, struct slice name, int escaped, unsigned depth,
    uint32_t object);

/*
 * One character of escaped text at *p, which is moved behind it: at most 4
 * bytes at dst, returns how many.  The escapes must have been checked.
 */
size_t json_unescape(const char **p, char *dst);

/* 1 when two texts, between their quotes as they stand, mean the same bytes. */
int json_same_text(struct slice a, int a_escaped, struct slice b, int b_escaped);

#endif
