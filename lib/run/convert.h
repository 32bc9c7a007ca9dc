#ifndef RUN_CONVERT_H_
#define RUN_CONVERT_H_

#include <stdint.h>

#include "parcel/normalize.h"
#include "parcel/unmapped.h"
#include "run/held.h"
#include "run/lookup.h"
#include "run/redo.h"
#include "run/stage.h"

/*
 * The work of wb-normalize: each message that the stage reads becomes its events and
 * rejects.  A message that names its shipment by a number which the store has to be asked
 * for is held, and so is all behind it, until a number of such is asked for at once.
 * With redo the records are rows of wb_reject: what passes now is followed by the line
 * that says so; what does not stays as it is.  All zero but what is set by the program.
 */
struct convert {
	/* set by the program */
	struct stage *st;		/* with lookup: BARRIERS, REJECTS, and CONVERT_IDLE_MS to wait */
	struct normalize n;		/* its part; normalize_init() is called here */
	struct lookup *lookup;		/* NULL: everything is in memory */
	int redo;

	/* for the program to read */
	struct unmapped unmapped;

	/* inner */
	struct held held;		/* a message that waits, and those behind it */
	int64_t written;		/* events of the first one that were written before it had to wait */
	int tells;			/* reject lines go into the stream */
	struct redo_row row;
	/* of the message at hand */
	enum { CONVERT_LIVE, CONVERT_PROBE, CONVERT_FINAL } mode;	/* PROBE: only to learn what must be asked for */
	struct slice line;
	uint64_t passed, refused;
	struct fault fault;		/* of redo: what is still wrong, code NULL: nothing */
};

#define CONVERT_IDLE_MS 100

/* Converts all that the stage reads; what goes wrong is the stage's. */
void convert_input(struct convert *c);
void convert_fini(struct convert *c);

#endif
