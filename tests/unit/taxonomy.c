/* The words of the trade: the tables that ship, and tables that are wrong. */
#include "parcel/taxonomy.h"

#include <stdlib.h>

#include "base/buf.h"
#include "run/share.h"
#include "tap.h"

/* The tables of the page, as they stand there. */
static void
tables(const struct taxonomy *t)
{
	static const struct {
		const char *name;
		int rank, terminal, pseudo;
	} s[] = {
		{ "created", 10, TERMINAL_NO, 0 }, { "accepted", 20, TERMINAL_NO, 0 }, { "in_transit", 30, TERMINAL_NO, 0 },
		{ "customs", 40, TERMINAL_NO, 0 }, { "at_destination", 50, TERMINAL_NO, 0 }, { "out_for_delivery", 60, TERMINAL_NO, 0 },
		{ "attempt_failed", 65, TERMINAL_NO, 0 }, { "ready_for_pickup", 70, TERMINAL_NO, 0 }, { "on_hold", 75, TERMINAL_NO, 0 },
		{ "returning", 80, TERMINAL_NO, 0 }, { "delivered", 90, TERMINAL_HARD, 0 }, { "returned", 92, TERMINAL_HARD, 0 },
		{ "lost", 94, TERMINAL_SOFT, 0 }, { "cancelled", 96, TERMINAL_SOFT, 0 }, { "info", 0, TERMINAL_NO, 1 },
		{ "unknown", 0, TERMINAL_NO, 1 },
	};
	static const struct {
		const char *party;
		enum party p;
		enum reason_clock clock;
		const char *details;
	} r[] = {
		{ "carrier", PARTY_CARRIER, CLOCK_CARRIER, "delay missort damage lost transport capacity facility not_found no_service pickup_missed error" },
		{ "shipper", PARTY_SHIPPER, CLOCK_EXCLUDED, "cancelled recall not_ready data size packaging prohibited goods payment" },
		{ "recipient", PARTY_RECIPIENT, CLOCK_EXCLUDED,
		    "absent closed refused address moved contact reschedule redirect unclaimed payment identity access deceased cancelled" },
		{ "recipient", PARTY_RECIPIENT, CLOCK_REVIEW, "refused_late" },
		{ "customs", PARTY_CUSTOMS, CLOCK_EXCLUDED, "hold docs duties prohibited rejected agency seized" },
		{ "force", PARTY_FORCE, CLOCK_EXCLUDED, "weather disaster strike holiday security" },
		{ "other", PARTY_NONE, CLOCK_REVIEW, "unspecified" },
	};
	char name[128];
	const char *d;
	size_t i, n;
	int at, good, faults = 0, details = 0;

	section("wb-status.5 STATES");
	is_int(sizeof s / sizeof *s, STATUS_N, "14 states and 2 pseudo values");
	for (i = 0; i < sizeof s / sizeof *s; i++) {
		at = status_by_name(slice_of(s[i].name));
		ok(at != -1 && t->status[at].rank == s[i].rank && (int)t->status[at].terminal == s[i].terminal &&
		    !t->status[at].pseudo == !s[i].pseudo, "%s: rank, terminal, pseudo", s[i].name);
	}
	section("wb-status.5 REASONS");
	for (i = 0; i < sizeof r / sizeof *r; i++) {
		good = 1;
		for (d = r[i].details; *d != '\0'; d += n + (d[n] == ' ')) {
			n = strcspn(d, " ");
			(void)snprintf(name, sizeof name, "%s.%.*s", r[i].party, (int)n, d);
			at = taxonomy_reason(t, slice_of(name));
			if (at == -1 || t->reason[at].party != r[i].p || t->reason[at].clock != r[i].clock || !t->reason[at].fault) {
				good = 0;
				printf("# %s\n", name);
			}
			faults++;
		}
		ok(good, "%s: party and clock of %s", r[i].party, r[i].details);
	}
	for (at = 1; at < (int)t->reasons; at++)
		details += !t->reason[at].fault && t->reason[at].party == PARTY_NONE && t->reason[at].clock == CLOCK_CARRIER;
	is_int(details, 43, "43 details, which are no fault");
	is_int(t->reasons, faults + details + 1, "and no others but the empty one");
	section("");
}

static void
shipped(void)
{
	struct taxonomy t;
	struct err e = ERR_NONE;
	struct slice name;
	int i, bad = 0, r;
	size_t n = 0;

	if (!ok(share_taxonomy(&t, &e) == 0, "the shipped tables load: %s", e.msg))
		return;
	for (i = 0; i < STATUS_N; i++)
		bad += status_by_name(slice_of(status_name[i])) != i;
	is_int(bad, 0, "16 statuses by name");
	ok(status_by_name(SLICE("")) == -1 && status_by_name(SLICE("los")) == -1 && status_by_name(SLICE("lost ")) == -1
	    && status_by_name(SLICE("LOST")) == -1 && status_by_name(SLICE("in_transiT")) == -1, "no others");
	section("wb-status.5 STATES");
	is_int(t.status[STATUS_CREATED].rank, 10, "rank of created");
	is_int(t.status[STATUS_CANCELLED].rank, 96, "rank of cancelled");
	is_int(t.status[STATUS_DELIVERED].terminal, TERMINAL_HARD, "delivered is hard");
	is_int(t.status[STATUS_LOST].terminal, TERMINAL_SOFT, "lost is soft");
	is_int(t.status[STATUS_RETURNING].terminal, TERMINAL_NO, "returning is not terminal");
	ok(t.status[STATUS_INFO].pseudo && t.status[STATUS_UNKNOWN].pseudo && !t.status[STATUS_LOST].pseudo, "pseudo values");

	section("wb-status.5 REASONS");
	is_int(t.reasons, 92, "91 reasons and the empty one");
	is_int(taxonomy_reason(&t, SLICE("")), REASON_NONE, "the empty reason");
	is_int(taxonomy_reason(&t, SLICE("carrier.bogus")), -1, "no such reason");
	r = taxonomy_reason(&t, SLICE("recipient.refused_late"));
	ok(r > 0 && t.reason[r].party == PARTY_RECIPIENT && t.reason[r].clock == CLOCK_REVIEW && t.reason[r].fault,
	    "recipient.refused_late");
	r = taxonomy_reason(&t, SLICE("other.unspecified"));
	ok(r > 0 && t.reason[r].party == PARTY_NONE && t.reason[r].clock == CLOCK_REVIEW && t.reason[r].fault,
	    "other.unspecified is a fault of nobody");
	r = taxonomy_reason(&t, SLICE("detail.arrived"));
	ok(r > 0 && t.reason[r].party == PARTY_NONE && t.reason[r].clock == CLOCK_CARRIER && !t.reason[r].fault,
	    "detail.arrived is no fault");
	r = taxonomy_reason(&t, SLICE("force.strike"));
	ok(r > 0 && t.reason[r].party == PARTY_FORCE && t.reason[r].clock == CLOCK_EXCLUDED, "force.strike");
	for (i = 0; i < (int)t.reasons; i++) {
		name = taxonomy_reason_name(&t, (unsigned)i);
		bad += taxonomy_reason(&t, name) != i;
		n += name.n >= 7 && memcmp(name.p, "detail.", 7) == 0;
	}
	is_int(bad, 0, "each reason by its name");
	is_int(n, 43, "43 details");
	tables(&t);
	section("wb-status.5 REASONS");
	is_int(party_by_name(SLICE("platform")), PARTY_PLATFORM, "party by name");
	is_int(party_by_name(SLICE("nobody")), -1, "no such party");
	section("");
	taxonomy_fini(&t);
}

/* All statuses as a table, with one line replaced. */
static void
status_table(struct buf *b, int line, const char *text)
{
	int i;

	b->n = 0;
	buf_puts(b, line == 1 ? text : "meaning,status,rank,kind,terminal\r\n");
	for (i = 0; i < STATUS_N; i++) {
		if (line == i + 2)
			buf_puts(b, text);
		else
			buf_printf(b, "\"one, two\",%s,%d,state,no\r\n", status_name[i], i);
	}
}

static void
wrong(void)
{
	static const struct {
		int line;
		const char *text, *fault;
	} status[] = {
		{ 1, "status,rank,kind\n", "status.csv:1: no column \"terminal\"" },
		{ 3, "x,acepted,1,state,no\n", "status.csv:3: unknown status \"acepted\"" },
		{ 3, "x,created,1,state,no\n", "status.csv:3: a second row of status \"created\"" },
		{ 3, "x,accepted,300,state,no\n", "status.csv:3: bad rank \"300\"" },
		{ 3, "x,accepted,,state,no\n", "status.csv:3: bad rank \"\"" },
		{ 3, "x,accepted,1,sate,no\n", "status.csv:3: unknown kind \"sate\"" },
		{ 3, "x,accepted,1,state,maybe\n", "status.csv:3: unknown value of terminal \"maybe\"" },
		{ 3, "x,accepted,1,state\n", "status.csv:3: 4 fields, the header has 5" },
		{ 3, "x\"y,accepted,1,state,no\n", "status.csv:3: a quote in the middle of a field" },
		{ 3, "\"x,accepted,1,state,no\n", "status.csv:4: a quote in the middle of a field" },
		{ 17, "", "status.csv: no row of status \"unknown\"" },
	};
	static const struct {
		const char *text, *fault;
	} reason[] = {
		{ "", "reason.csv:1: no column \"reason\"" },
		{ "reason,party,clock\ncarrier.A,carrier,carrier\n", "reason.csv:2: not of the form party.detail: reason \"carrier.A\"" },
		{ "reason,party,clock\ncarrier,carrier,carrier\n", "reason.csv:2: not of the form party.detail: reason \"carrier\"" },
		{ "reason,party,clock\n,carrier,carrier\n", "reason.csv:2: not of the form party.detail: reason \"\"" },
		{ "reason,party,clock\ncarrier.x,carrier,carrier\n\ncarrier.x,carrier,carrier\n",
		    "reason.csv:4: a second row of reason \"carrier.x\"" },
		{ "reason,party,clock\ncarrier.x,shipper,carrier\n", "reason.csv:2: another party than its name says: reason \"carrier.x\"" },
		{ "reason,party,clock\nplatform.x,platform,carrier\n", "reason.csv:2: unknown party \"platform\"" },
		{ "reason,party,clock\ncarrier.x,carrier,maybe\n", "reason.csv:2: unknown clock \"maybe\"" },
		{ "reason,party,clock\ncarrier.x,carrier\n", "reason.csv:2: 2 fields, the header has 3" },
	};
	struct taxonomy t;
	struct buf b = { 0 };
	struct err e = ERR_NONE;
	size_t i;

	status_table(&b, 0, "");
	ok(taxonomy_load(&t, buf_as_slice(&b), "status.csv", SLICE("\xef\xbb\xbfreason,party,clock\ncarrier.x,carrier,review"),
	    "reason.csv", &e) == 0, "small tables load: %s", e.msg);
	ok(t.reasons == 2 && t.status[STATUS_UNKNOWN].rank == 15, "and say what they say");
	taxonomy_fini(&t);
	for (i = 0; i < sizeof reason / sizeof *reason; i++) {
		int rc = taxonomy_load(&t, buf_as_slice(&b), "status.csv", slice_of(reason[i].text), "reason.csv", &e);

		is_str(rc == -1 && e.status == EX_CONFIG ? e.msg : "taken", reason[i].fault, reason[i].fault);
		ok(t.reason == NULL && t.names.n == 0, "and nothing is left");
	}
	for (i = 0; i < sizeof status / sizeof *status; i++) {
		int rc;

		status_table(&b, status[i].line, status[i].text);
		rc = taxonomy_load(&t, buf_as_slice(&b), "status.csv", SLICE("reason,party,clock\n"), "reason.csv", &e);
		is_str(rc == -1 && e.status == EX_CONFIG ? e.msg : "taken", status[i].fault, status[i].fault);
	}
	buf_fini(&b);
}

static void
places(void)
{
	char path[4096], small[8];

	(void)unsetenv("WB_SHARE_DIR");
	ok(share_path(path, sizeof path, "taxonomy") == 0, "in the checkout");
	is_str(path, WB_TREE "/taxonomy", "path");
	ok(share_path(path, sizeof path, "no/such") == 0, "else where it is installed");
	is_str(path, WB_SHARE "/no/such", "path");
	(void)setenv("WB_SHARE_DIR", "/some/where", 1);
	ok(share_path(path, sizeof path, "taxonomy") == 0, "where it is said to be");
	is_str(path, "/some/where/taxonomy", "path");
	is_int(share_path(small, sizeof small, "taxonomy"), -1, "too long");
	(void)unsetenv("WB_SHARE_DIR");
}

int
main(void)
{
	(void)unsetenv("WB_SHARE_DIR");
	shipped();
	wrong();
	places();
	return done_testing();
}
