#!/bin/sh
# Who reads a rule in wb-rules.5 or wb-status.5 finds its tests by the name of the section, and the other way round.
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1

# what the tests are named after, once each: in C and vectors "PAGE SECTION: name", section("PAGE SECTION") or a line "section PAGE SECTION"
grep -rhoE "wb-(rules|status)\\.5 [A-Za-z][A-Za-z ]*(:|\"\\)|\$)" tests/unit tests/cli tests/data tests/server | sed -E 's/(:|"\))$//' | sort -u >"$tmp/named"
for page in wb-rules wb-status; do
	sed -n -E "s/^\\.S[hs] /$page.5 /p" man/$page.5
done | sort >"$tmp/all"
ok 'no two sections of one name' sh -c "[ -s $tmp/all ] && [ -z \"\$(uniq -d $tmp/all)\" ]"
# the examples of all pages are run by server/man
grep -vE ' (NAME|SEE ALSO|EXAMPLES)$|^wb-status.5 DESCRIPTION$' "$tmp/all" >"$tmp/rules"
is "$(comm -23 "$tmp/rules" "$tmp/named")" '' 'each section has a test that is named after it'
is "$(comm -13 "$tmp/all" "$tmp/named")" '' 'each section that a test is named after is there'
done_testing
