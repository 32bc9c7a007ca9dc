#ifndef REC_JSON_H_
#define REC_JSON_H_

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * The record scanner: one strict pass over one JSON object (RFC 8259), which
 * leaves the members as slices of the input.  Checked on the way: the grammar,
 * UTF-8 (RFC 3629), escapes (no lone surrogate, no U+0000), numbers (the
 * grammar; nothing is converted), depth <= JSON_DEPTH (the object itself is
 * depth 1), no name twice in an object at any depth (names are compared
 * unescaped).  White space between tokens is allowed and reported.
 *
 * No allocation per record: struct json keeps its arrays from one to the next.
 * Input must be readable JSON_PAD bytes past its end (their value does not
 * matter); line_reader and buffers made with json_pad() give that.
 */
#define JSON_DEPTH 32
#define JSON_PAD 64

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_value {
	struct slice raw;	/* as it stands in the input; a string with its quotes */
	uint8_t type;		/* enum json_type */
	uint8_t escaped;	/* string: holds a backslash, so that its text needs json_text() */
	uint8_t spaced;		/* array, object: white space between its tokens */
};

struct json_member {
	struct slice name;	/* without quotes, as it stands (escapes and all) */
	struct json_value v;
	uint8_t name_escaped;
	uint8_t id;		/* of the scanner, for json_pick(); 0: none */
};

/* All zero is the scanner that has seen nothing; json_fini() frees it. */
struct json {
	struct json_member *member;	/* in the order of the input; valid until the next scan */
	size_t n;		/* 0 after -1 */
	struct slice raw;	/* the object, without white space around it */
	uint8_t spaced;		/* white space between tokens anywhere inside raw */
	const char *fault;	/* after -1: what is wrong, a constant string */
	const char *code;	/* after -1: reject code, "json" or "utf8" */
	size_t at;		/* after -1: byte offset of the fault, see below */
	struct json_work *work;	/* of the scanner */
};

void json_fini(struct json *j);

/*
 * Scans the object in s (white space around it is allowed, nothing else).
 * Returns 0, or -1 with fault, code and at.  The members point into s.
 *
 * Of several faults the first one in the order of the bytes is told: at is the
 * first byte that cannot stand there, or where the thing begins that is wrong
 * as a whole: a name that is there twice (its quote), an escape (its
 * backslash), an ill-formed UTF-8 sequence (its first byte).  Input that is
 * right as far as it goes but ends too early, be it within a name or a
 * sequence, has code "json" and at the length of the input.
 */
int json_scan(struct json *j, struct slice s);

/* The same with the portable code only; both give the same answers to the bit. */
int json_scan_portable(struct json *j, struct slice s);

/*
 * Name lookup.  A json_names is a fixed set of names, numbered 0..n-1 as given;
 * made once (the names are copied).  json_pick() sets slot[i] to the member of
 * that name or NULL; it returns the number of members that are in no slot, and
 * puts the numbers of the first rest_cap of them into rest[] (may be NULL with
 * rest_cap 0).  It remembers which slot a name has that the scanner knows, so
 * that a member of a record like those before costs one look into a table.
 */
struct json_names;	/* of names of 256 bytes at most */
struct json_names *json_names_new(const char *const *name, size_t n);
void json_names_free(struct json_names *names);
size_t json_pick(struct json_names *names, const struct json *j,
    const struct json_member **slot, uint32_t *rest, size_t rest_cap);

/* One member by its unescaped name (linear; for what is looked up rarely), or NULL. */
const struct json_member *json_get(const struct json *j, struct slice name);

/*
 * Walking inside a value that json_scan() has accepted (no check is repeated).
 * json_enter() enters an array or object value; json_next() gives its elements or
 * members one by one: 1, and 0 at the end.
 */
struct json_walk {
	const char *p, *end;
	int object;
};
void json_enter(struct json_walk *w, const struct json_value *v);
int json_next(struct json_walk *w, struct json_member *m);	/* name is empty for elements; id is 0 */

/*
 * json_next() reads a nested array or object to its end, and walking in it reads it
 * again.  json_step_in() begins with the next element's own walk at once: 1 and inner;
 * 0 at the end; -1 when it is neither array nor object.  When json_next() of inner has
 * said that it is at its end, json_step_out() lets w go on behind it.  w is in an array.
 */
int json_step_in(struct json_walk *w, struct json_walk *inner);
void json_step_out(struct json_walk *w, const struct json_walk *inner);

/*
 * RFC 6901 pointer, compiled.  json_pointer_new() is NULL when text is none ("" is
 * the whole record and allowed).  json_find() looks it up in a scanned record,
 * json_find_in() in any scanned value: 1 and *v, or 0 when there is no such value.
 */
struct json_pointer;
struct json_pointer *json_pointer_new(struct slice text);
void json_pointer_free(struct json_pointer *p);
int json_find(const struct json_pointer *p, const struct json *j, struct json_value *v);
int json_find_in(const struct json_pointer *p, const struct json_value *root, struct json_value *v);

/*
 * The text of a string value: the bytes between its quotes, unescaped into
 * scratch when need be (scratch_cap >= raw.n).  Points into the input or scratch.
 */
struct slice json_text(const struct json_value *v, char *scratch);

/* The name of a member, unescaped in the same way (scratch_cap >= name.n). */
struct slice json_name(const struct json_member *m, char *scratch);

/* 1 when the unescaped name of m is name. */
int json_named(const struct json_member *m, struct slice name);

/* Appends a quoted JSON string of s (well-formed UTF-8) at dst; needs 6 * s.n + 2 bytes; returns its end. */
char *json_quote(char *dst, struct slice s);

/*
 * Copies the value without white space between tokens at dst (v->raw.n bytes at
 * most); returns its end.  The order and spelling of everything else stay.
 */
char *json_compact(char *dst, const struct json_value *v);

/* Whole number within 64 bits, as JSON writes it (no fraction, no exponent).  0 or -1. */
int json_i64(const struct json_value *v, int64_t *n);
int json_u64(const struct json_value *v, uint64_t *n);

#endif
