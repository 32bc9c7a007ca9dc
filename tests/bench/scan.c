/*
 * How fast records are scanned: scan FILE [ROUNDS] reads FILE into memory and
 * scans its lines ROUNDS times (5) with vectors, without, and with
 * json_pick(); then parses and prints them once with cJSON.  The best round
 * counts.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rec/json.h"

static const char *const names[] = { "_src", "event_id", "shipment_id", "tracking_number", "carrier_code",
    "integration", "event_time", "received_at", "status", "reason", "raw_code", "raw_subcode", "raw_text",
    "attempt_no", "courier_id", "facility_id", "region_code", "city", "lat", "lon" };
#define NAMES (sizeof names / sizeof *names)

enum how { WITH_VECTORS, PORTABLE, PICK, CJSON };

static struct json json;
static struct json_names *picked;

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
one(enum how how, struct slice line)
{
	const struct json_member *slot[NAMES];
	cJSON *c = NULL;
	char *s = NULL;

	switch (how) {
	case WITH_VECTORS:
		return json_scan(&json, line);
	case PORTABLE:
		return json_scan_portable(&json, line);
	case PICK:
		if (json_scan(&json, line) == -1)
			return -1;
		(void)json_pick(picked, &json, slot, NULL, 0);
		return 0;
	case CJSON:
		c = cJSON_ParseWithLength(line.p, line.n);
		s = c ? cJSON_PrintUnformatted(c) : NULL;
		cJSON_Delete(c);
		free(s);
		return s ? 0 : -1;
	}
	return -1;
}

static void
measure(enum how how, const char *text, const char *p, size_t n, int rounds)
{
	double begin, t, best = 1e9;
	const char *end = p + n, *q = NULL, *nl = NULL;
	size_t lines = 0, refused = 0;

	for (; rounds > 0; rounds--) {
		lines = refused = 0;
		begin = seconds();
		for (q = p; q < end; q = nl + 1, lines++) {
			nl = memchr(q, '\n', (size_t)(end - q));
			if (nl == NULL)
				nl = end;
			refused += one(how, (struct slice){ q, (size_t)(nl - q) }) == -1;
		}
		t = seconds() - begin;
		if (t < best)
			best = t;
	}
	printf("%-16s %6.3f GB/s %10.0f lines/s, %zu lines, %zu refused\n", text, (double)n / best / 1e9,
	    (double)lines / best, lines, refused);
}

int
main(int argc, char **argv)
{
	FILE *f = argc > 1 ? fopen(argv[1], "r") : NULL;
	int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 5;
	char *p = NULL;
	size_t n = 0;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		fprintf(stderr, "usage: scan FILE [ROUNDS]\n");
		return 64;
	}
	rewind(f);
	p = malloc((size_t)size + JSON_PAD);
	if (p == NULL || (n = fread(p, 1, (size_t)size, f)) != (size_t)size) {
		fprintf(stderr, "scan: %s: cannot be read\n", argv[1]);
		return 74;
	}
	memset(p + n, 0, JSON_PAD);
	picked = json_names_new(names, NAMES);
	measure(WITH_VECTORS, "json_scan", p, n, rounds);
	measure(PICK, "and json_pick", p, n, rounds);
	measure(PORTABLE, "portable", p, n, rounds);
	measure(CJSON, "cJSON", p, n, 1);
	json_names_free(picked);
	json_fini(&json);
	free(p);
	fclose(f);
	return 0;
}
