#ifndef NET_KAFKA_FORM_H_
#define NET_KAFKA_FORM_H_

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "rec/json.h"
#include "rec/reject.h"

/*
 * A record as a message, which is kafka_line.h the other way: its value is the record
 * without the members that begin with "_", byte by byte.
 */
#define KAFKA_FORM_HEADERS 256

struct kafka_header {
	struct slice name, value;	/* value.p NULL: null */
};

struct kafka_form {
	/* of the message made last; in the record, in the options or in here until the next one */
	struct slice key;		/* p NULL: none */
	struct slice value;
	struct kafka_header header[KAFKA_FORM_HEADERS];
	size_t headers;
	uint64_t left_out;		/* members beginning with "_" other than _src, _key and _hdr, of all records */

	/* inner */
	struct json_pointer *pointer;	/* of the key; NULL: partitionkey, where there is one */
	char field[64];			/* its name in a reject */
	int is_key;			/* it is "_key", and may be null */
	int back;			/* _hdr is written back */
	struct kafka_header *fixed;
	size_t fixeds, fixed_cap;
	struct buf text, names, scratch;
};

/* Key: the name of a member, or a JSON Pointer.  0, or -1 when it is none. */
int kafka_form_key(struct kafka_form *m, const char *key);

/* A header, NAME=VALUE, of every message; it lives as long as the form.  0, or -1 when it is none or one too many. */
int kafka_form_header(struct kafka_form *m, const char *arg);

/* The headers are also those of the record's member _hdr. */
void kafka_form_back(struct kafka_form *m);

/* Makes the message of a record.  0, or -1 with the fault: missing, type, length. */
int kafka_form(struct kafka_form *m, const struct json *j, struct fault *f);

void kafka_form_fini(struct kafka_form *m);

#endif
