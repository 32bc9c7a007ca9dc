#!/bin/sh
# The rule files that ship: they prove, and their calendars have the days of the laws and decrees that they name.
. "$(dirname "$0")/../lib.sh"
cd "$tmp" || exit 1
for f in ru:3:1 de:17:18; do
	r=$top/scripts/rules/${f%%:*}.ndjson
	status 0 "${f%%:*}.ndjson proves" wb-sla-tag -r "$r" --check
	like "$(cat out err)" "^$r: $(echo "$f" | cut -d: -f2) rules, $(echo "$f" | cut -d: -f3) calendars, [01] windows, 0 warnings\$" 'without a warning'
	wb-dim -t dim_date -r "$r" --from 2024-01-01 --to 2027-12-31 >days.${f%%:*} 2>err || fail 'wb-dim makes its days' "$(cat err)"
	jq -r 'select(.is_business == (.is_weekend | not) | not) | "\(.calendar_id) \(.day) \(.is_business)"' days.${f%%:*} | sort >odd.${f%%:*}
	jq -r 'select(.is_business) | "\(.calendar_id) \(.year)"' days.${f%%:*} | sort | uniq -c | awk '{ print $2, $3, $1 }' >n.${f%%:*}
done
# working CALENDAR YEAR; odd CALENDAR YEAR true|false: week-ends that are worked, other days that are not
working() { awk -v c="$1" -v y="$2" '$1 == c && $2 == y { print $3 }' n.ru n.de; }
odd() { awk -v c="$1" -v y="$2" -v b="$3" '$1 == c && substr($2, 1, 4) == y && $3 == b { printf "%s ", substr($2, 6) }' odd.ru odd.de; }

# the Ministry of Labour's working calendars of the five-day week count 248, 247 and 247 days
is "$(working ru5 2024) $(working ru5 2025) $(working ru5 2026)" '248 247 247' 'Russia: working days of 2024, 2025, 2026'
is "$(odd ru5 2024 true)" '04-27 11-02 12-28 ' 'Russia 2024: Saturdays that are worked, decree 1314'
is "$(odd ru5 2024 false)" '01-01 01-02 01-03 01-04 01-05 01-08 02-23 03-08 04-29 04-30 05-01 05-09 05-10 06-12 11-04 12-30 12-31 ' 'Russia 2024: days off'
is "$(odd ru5 2025 true)" '11-01 ' 'Russia 2025: a Saturday that is worked, decree 1335'
is "$(odd ru5 2025 false)" '01-01 01-02 01-03 01-06 01-07 01-08 05-01 05-02 05-08 05-09 06-12 06-13 11-03 11-04 12-31 ' 'Russia 2025: days off'
is "$(odd ru5 2026 true)" '' 'Russia 2026: no Saturday is worked'
is "$(odd ru5 2026 false)" '01-01 01-02 01-05 01-06 01-07 01-08 01-09 02-23 03-09 05-01 05-11 06-12 11-04 12-31 ' 'Russia 2026: days off'
is "$(odd ru5 2027 false)" '01-01 01-04 01-05 01-06 01-07 01-08 02-23 03-08 05-03 05-10 06-14 11-04 ' 'Russia 2027: what the Labour Code says without a decree'
like "$(grep '^#   2027' "$top/scripts/rules/ru.ndjson")" 'NOT DECREED' 'the file says that it is not decreed'

# Easter from the tables: 31 March 2024, 20 April 2025, 5 April 2026, 28 March 2027
is "$(odd de 2024 false)" '01-01 03-29 04-01 05-01 05-09 05-20 10-03 12-25 12-26 ' 'Germany 2024: what all have'
is "$(odd de 2025 false)" '01-01 04-18 04-21 05-01 05-29 06-09 10-03 12-25 12-26 ' 'Germany 2025'
is "$(odd de 2026 false)" '01-01 04-03 04-06 05-01 05-14 05-25 12-25 ' 'Germany 2026: 3 October and 26 December are Saturdays'
is "$(odd de 2027 false)" '01-01 03-26 03-29 05-06 05-17 ' 'Germany 2027: the fixed ones are at week-ends'
is "$(grep -c ' true$' odd.de)" 0 'Germany: no week-end is worked'
# who CALENDARS: whose day off a day is beyond those of all
who() { awk -v d="$1" '$2 == d { sub("de-", "", $1); printf "%s ", $1 }' odd.de; }
is "$(who 2025-06-19)" 'bw by by-catholic he nw rp sl ' 'Corpus Christi 2025'
is "$(who 2024-11-20) $(who 2025-11-19) $(who 2026-11-18) $(who 2027-11-17)" 'sn  sn  sn  sn ' 'Repentance Day, the Wednesday before 23 November'
is "$(who 2025-05-08)" 'be ' '8 May 2025'
is "$(who 2024-05-08)" '' 'of that year only'
is "$(who 2024-03-08)" 'be mv ' "Women's Day"
is "$(who 2024-10-31)" 'bb hb hh mv ni sh sn st th ' 'Reformation Day'
is "$(who 2024-11-01)" 'bw by by-catholic nw rp sl ' "All Saints' Day"
is "$(who 2025-01-06)" 'bw by by-catholic st ' 'Epiphany'
is "$(who 2025-08-15)" 'by-catholic sl ' 'Assumption'
is "$(who 2024-09-20)" 'th ' "Children's Day"
is "$(working de-nw 2024) $(working de-by 2025) $(working de-be 2025)" '251 250 251' 'working days of three Länder'

# a rule on them: a term over a Saturday that is worked, and over Easter
due() { echo '{"shipment_id":"S","dest_tz":"'"$2"'","dest_region":"'"$3"'","service_code":"'"$4"'","origin_region":"'"$3"'","delivery_mode":"door","created_at":"'"$5"'","accepted_at":"'"$5"'"}' |
	wb-sla-tag -r "$top/scripts/rules/$1.ndjson" --now 2027-01-01 | jq -r '"\(.sla_rule_id) \(.due_at)"'; }
is "$(due ru Europe/Moscow RU-MOW EXPRESS 2024-04-26T09:00:00.000Z)" 'ru-express 2024-04-27T18:00:00.000Z' 'accepted on Friday, due on the Saturday that is worked'
is "$(due ru Europe/Moscow RU-MOW EXPRESS 2024-04-27T12:00:01.000Z)" 'ru-express 2024-05-03T18:00:00.000Z' 'behind the cut-off of it: due on the second working day, in May'
is "$(due de Europe/Berlin DE-BY STD 2025-04-17T10:00:00.000Z)" 'de-standard-by 2025-04-23T18:00:00.000Z' 'Maundy Thursday, two business days: Wednesday behind Easter'
is "$(due de Europe/Berlin DE-SN STD 2024-11-19T10:00:00.000Z) $(due de Europe/Berlin DE-TH STD 2024-11-19T10:00:00.000Z)" 'de-standard-sn 2024-11-22T19:00:00.000Z de-standard-th 2024-11-21T19:00:00.000Z' 'Saxony rests on Repentance Day, Thuringia does not'
done_testing
