/* The schema of PostgreSQL: how its text is cut and made to fit Greenplum. */
#include <string.h>

#include "net/pgschema.h"
#include "tap.h"

static struct buf text;

static const char *
adapted(const char *s, int greenplum, int version)
{
	buf_clear(&text);
	pgschema_adapt(slice_of(s), greenplum, version, &text);
	return buf_str(&text);
}

static const char *
cut(const char *s)
{
	struct slice rest = slice_of(s), one;

	buf_clear(&text);
	while (pgschema_next(&rest, &one)) {
		buf_slice(&text, one);
		buf_putc(&text, '|');
	}
	return buf_str(&text);
}

int
main(void)
{
	is_str(cut(""), "", "no text has no statement");
	is_str(cut("-- a; b\n\n  SELECT 1 ; ;\n-- c\nSELECT 2"), "SELECT 1|SELECT 2|", "comments and blanks stand between statements");
	is_str(cut("SELECT 'a;''b;' ; SELECT ';'"), "SELECT 'a;''b;'|SELECT ';'|", "a semicolon in a text ends nothing");
	is_str(cut("DO $$ a; ' $$; SELECT 1 -- it's; so\n, 2;"), "DO $$ a; ' $$|SELECT 1 -- it's; so\n, 2|", "nor in a body or a comment");
	is_str(cut("SELECT 'open;"), "SELECT 'open;|", "a text that does not end is one statement");
	is_str(cut("DO $$ a;"), "DO $$ a;|", "a body that does not end too");

	is_str(adapted("a\nb;  -- GP: X BY (c)\nd;  -- GP: leave out\ne;  -- GP 6: leave out\n", 0, 150000), "a\nb;  \nd;  \ne;  \n", "PostgreSQL: the marks are nothing");
	is_str(adapted("a\nb;  -- GP: X BY (c)\nd;  -- GP: leave out\ne;  -- GP 6: leave out\n", 1, 120000), "a\nb X BY (c);\ne;  \n", "Greenplum 7");
	is_str(adapted("a\nb;  -- GP: X BY (c)\nd;  -- GP: leave out\ne;  -- GP 6: leave out\n", 1, 90426), "a\nb X BY (c);\n", "Greenplum 6");
	is_str(adapted(")\nPARTITION BY x  -- GP 6: leave out\n;  -- GP: Y\n", 1, 90426), ")\n Y;\n", "a clause of several lines");
	is_str(adapted("-- GPS is none\n", 1, 120000), "-- GPS is none\n", "a comment that is no mark");
	buf_fini(&text);
	return done_testing();
}
