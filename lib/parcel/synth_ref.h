#ifndef PARCEL_SYNTH_REF_H_
#define PARCEL_SYNTH_REF_H_

#include <stddef.h>
#include <stdint.h>

#include "parcel/synth_clock.h"

/*
 * The fixed part of the synthetic platform: regions, carriers and clients.
 * All text is UTF-8 and stands as it goes between the quotes of a JSON string.
 */
enum synth_union { SYNTH_EAEU, SYNTH_EU, SYNTH_US, SYNTH_GCC };	/* customs unions */

struct synth_region {
	const char *code, *name, *macro, *country, *calendar, *city;
	const char *facility;		/* prefix of its depots */
	const struct synth_zone *zone;
	int32_t lat, lon;		/* 1e-4 degrees */
	int32_t km;			/* along the trunk road, Moscow is 0 */
	uint16_t weight;		/* how many parcels go there */
	uint16_t slow;			/* length of a transit, per mille of the usual one */
	uint8_t customs;		/* enum synth_union */
	uint8_t is_remote, is_hub;
};

/* How a feed writes event_time. */
enum synth_form {
	SYNTH_FORM_LOCAL,	/* 2026-03-02T14:03:11, on the carrier's clock */
	SYNTH_FORM_BLANK,	/* 2026-03-02 14:03:11, the same */
	SYNTH_FORM_OFFSET,	/* 2026-03-02T14:03:11+0300, on the clock of the place */
	SYNTH_FORM_MILLI,	/* 2026-03-02T14:03:11.250+03:00 */
	SYNTH_FORM_MICRO,	/* 2026-03-02T14:03:11.250417+03 */
	SYNTH_FORM_UTC,		/* 2026-03-02T11:03:11.250Z */
	SYNTH_FORM_SECOND,	/* 2026-03-02T14:03:11+03:00 */
};

enum synth_carrier_id {
	SYNTH_CDEK,
	SYNTH_RUSSIAN_POST,
	SYNTH_DPD_RU,
	SYNTH_BOXBERRY,
	SYNTH_5POST,
	SYNTH_YANDEX,
	SYNTH_DHL,
	SYNTH_UPS,
	SYNTH_INPOST,
	SYNTH_CARRIERS
};

struct synth_carrier {
	const char *code, *name, *integration;
	const struct synth_zone *zone;
	int32_t capacity;
	uint16_t slow;			/* per mille */
	uint8_t form;			/* enum synth_form */
	uint8_t locker, point;		/* percent of its parcels that go there */
};

struct synth_client {
	const char *name, *segment, *tier;
	uint16_t weight;		/* share of the parcels */
	uint16_t basket;		/* usual price of carriage, in roubles */
	uint8_t home;			/* index of the region it sends from */
};

extern const struct synth_region synth_ref_region[];
extern const struct synth_carrier synth_ref_carrier[SYNTH_CARRIERS];
extern const struct synth_client synth_ref_client[];
extern const size_t synth_ref_regions, synth_ref_clients;

/* Ids of the tables are the index + 1. */

#endif
