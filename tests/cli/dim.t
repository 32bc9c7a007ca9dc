#!/bin/sh
# wb-dim: what has changed, as rows of the dimensions.
. "$(dirname "$0")/../lib.sh"
cd "$tmp" || exit 1

# client ID NAME TIER TIME: a row as the database has it
client() {
	printf '{"_src":["clients",0,%s,0,0],"id":%s,"name":"%s","segment":"b2c","tier":"%s","home_region":"RU-MOW","is_active":true,"created_at":"2020-01-01T00:00:00.000Z","updated_at":"%s"}\n' "$1" "$1" "$2" "$3" "$4"
}
# history: what rows of dim_client on standard input say, once the greatest version of a key stands
history() {
	jq -sr 'group_by([.client_id, .valid_from]) | map(max_by(.version)) | sort_by(.client_id, .valid_from) | .[] |
		"\(.client_id) \(.valid_from[0:19])..\(.valid_to[0:19]) \(.is_current) \(.name) \(.tier)"'
}

client 1 A standard 2024-01-01T10:00:00.700Z >day1
client 2 B gold 2024-01-01T11:00:00.000Z >>day1
client 1 A gold 2024-02-01T10:00:00.000Z >day2
client 2 B gold 2024-02-01T11:00:00.000Z >>day2
status 0 'the first rows' wb-dim -v -t dim_client day1
like "$(cat err)" '2 in, 2 folded into 2 rows, 0 rejected, 0 filtered' 'are all new'
like "$(cat err)" 'no -d URL and no --current FILE' 'since nothing is compared with'
is "$(head -n 1 out)" '{"_src":["clients",0,1,0,0],"client_id":1,"valid_from":"2024-01-01T10:00:00.000Z","valid_to":"2105-12-31T00:00:00.000Z","is_current":true,"name":"A","segment":"b2c","tier":"standard","home_region":"RU-MOW","is_active":true,"row_hash":1972503215778458770,"version":1704103200700}' 'with the columns of the table, in their order'
cp out stands
status 0 'the next ones' wb-dim -v -t dim_client --current stands day2
like "$(cat err)" '2 in, 1 folded into 2 rows, 0 rejected, 1 filtered, same 1,' 'no change, no row'
is "$(cat stands out | history)" '1 2024-01-01T10:00:00..2024-02-01T10:00:00 false A standard
1 2024-02-01T10:00:00..2105-12-31T00:00:00 true A gold
2 2024-01-01T11:00:00..2105-12-31T00:00:00 true B gold' 'a change closes a version and opens the next'
cat stands out >both
status 0 'the same once more' wb-dim -v -t dim_client --current both day1 day2
is "$(cat out)" '' 'gives nothing'
like "$(cat err)" '4 in, 0 out, 0 rejected, 4 filtered, same 3, older 1,' 'and is counted'
is "$(cat day2 day1 | wb-dim --quiet -t dim_client | history)" "$(history <both)" 'rows in disorder give the same history'
is "$(wb-dim --quiet -t dim_client --current /dev/null day1 day2 | jq -c .)" "$(wb-dim --quiet -t dim_client day1 day2 | jq -c .)" 'an empty file is no file'

# the versions in wb-enrich: tier and segment of the time when the shipment was made
printf '{"shipment_id":"S","created_at":"CREATED","client_id":1}\n' >shipment
tier() { sed "s/CREATED/$1/" shipment >s; printf '{"shipment_id":"S","events":[]}\n' | wb-enrich --shipments s --clients both | jq -r '.client_tier + " " + .client_segment'; }
is "$(tier 2024-01-31T23:59:59.999Z)" 'standard b2c' 'wb-enrich takes the version valid at created_at'
is "$(tier 2024-02-01T10:00:00.000Z)" 'gold b2c' 'from its first second on'
is "$(tier 2023-06-01T00:00:00.000Z)" 'standard b2c' 'before all the first one'

# CSV
printf 'id,name,segment,tier,home_region,is_active,updated_at\n1,A,b2c,gold,RU-MOW,t,2024-02-01 13:00+03\n9,N,b2b,gold,,0,2024-02-01T10:00:00Z\n' | wb-csv-extract -t clients - >csv
status 0 'rows of CSV' wb-dim -t dim_client --current both csv
is "$(jq -c '[.client_id, .name, .home_region, .is_active]' out)" '[9,"N","",false]' 'the values are read from strings'

printf '{"id":7,"code":"cdek","name":"C","kind":"external","tz":"Europe/Moscow","daily_capacity":10,"is_active":true,"updated_at":"2024-01-01T00:00:00.000Z"}\n' >carriers
is "$(wb-dim --quiet -t dim_carrier carriers | jq -c 'del(.row_hash)')" '{"carrier_id":7,"valid_from":"2024-01-01T00:00:00.000Z","valid_to":"2105-12-31T00:00:00.000Z","is_current":true,"code":"cdek","name":"C","kind":"external","tz":"Europe/Moscow","daily_capacity":10,"is_active":true,"version":1704067200000}' 'a carrier'
wb-dim --quiet -t dim_carrier carriers >c1
is "$(sed 's/"daily_capacity":10/"daily_capacity":20/; s/2024-01-01/2024-01-02/' carriers | wb-dim -t dim_carrier --current c1 | jq -c '[.valid_from, .valid_to, .daily_capacity]' | tr '\n' ' ')" \
	'["2024-01-01T00:00:00.000Z","2024-01-02T00:00:00.000Z",10] ["2024-01-02T00:00:00.000Z","2105-12-31T00:00:00.000Z",20] ' 'and its history'

printf 'region_code;name;macro_region;country;tz;calendar_id;is_remote;lat;lon\nRU-MOW;Moscow;Center;RU;Europe/Moscow;ru5;false;55.7500;37.6\nRU-SPE;Petersburg;;RU;Europe/Moscow;ru5;f;;\n' | wb-csv-extract --delimiter ';' -t regions - >regions
status 0 'regions' wb-dim -t dim_region --now 2024-06-03T07:00:00Z regions
is "$(head -n 1 out)" '{"_src":["regions",0,2,0,0],"region_code":"RU-MOW","name":"Moscow","macro_region":"Center","country":"RU","tz":"Europe/Moscow","calendar_id":"ru5","is_remote":false,"lat":55.75,"lon":37.6,"version":1717398000000}' 'have the time of the run for a version'
cp out r1
is "$(wb-dim -v -t dim_region --current r1 --now 2024-06-04 regions 2>&1 | sed 's/, [0-9.]* s$//')" 'wb-dim: 2 in, 0 out, 0 rejected, 2 filtered, same 2' 'and none when nothing has changed'
is "$(sed 's/Petersburg/Piter/' regions | wb-dim -t dim_region --current r1 --now 2024-06-04 | jq -c '[.region_code, .name, .version]')" '["RU-SPE","Piter",1717459200000]' 'what has changed is written over'

# days
cat >rules <<'R'
{"kind":"calendar","id":"ru5","tz":"Europe/Moscow","week":[1,1,1,1,1,0,0],"holidays":["2024-05-01"],"workdays":["2024-04-27"]}
{"kind":"calendar","id":"all7","tz":"UTC","week":[1,1,1,1,1,1,1]}
R
status 0 'days' wb-dim -v -t dim_date -r rules --from 2024-01-01 --to 2024-12-31 --now 2024-01-01
like "$(cat err)" '732 in, 732 folded into 732 rows' 'of all calendars, the last day too'
is "$(cat err | wc -l)" 1 'nothing else is said'
is "$(grep '"day":"2024-05-01"' out | head -n 1)" '{"calendar_id":"ru5","day":"2024-05-01","date_key":20240501,"year":2024,"quarter":2,"month":5,"month_start":"2024-05-01","iso_year":2024,"iso_week":18,"week_start":"2024-04-29","dow":3,"is_weekend":false,"is_business":false,"version":1704067200000}' 'a holiday'
is "$(jq -r 'select(.calendar_id == "ru5" and (.is_weekend == .is_business)) | .day' out | tr '\n' ' ')" '2024-04-27 2024-05-01 ' 'a workday on a Saturday'
if [ "$(date -d 2024-01-01 +%G-%V-%u 2>/dev/null)" = 2024-01-1 ]; then
	wb-dim --quiet -t dim_date -r rules --from 2000-01-01 --to 2040-12-31 >out
	jq -r 'select(.calendar_id == "all7") | "\(.day) \(.date_key) \(.year) \(.month) \(.iso_year) \(.iso_week) \(.dow)"' out >got
	jq -r 'select(.calendar_id == "all7") | .day' out | date -f - '+%F %Y%m%d %Y %-m %G %-V %u' >want
	ok 'ISO weeks of 41 years are those of date(1)' cmp got want
else
	skip 'ISO weeks of 41 years' 'no date -f'
fi
touch -d 2024-03-01T00:00:00Z rules
is "$(wb-dim -t dim_date -r rules --from 2024-05-01 --to 2024-05-01 | jq -r .version | sort -u)" 1709251200000 'the version is the age of the file'
wb-dim --quiet -t dim_date -r rules --from 2024-01-01 --to 2024-12-31 >d1
sed 's/,"workdays":.*/}/' rules >r2; touch -d 2024-03-02T00:00:00Z r2
is "$(wb-dim -t dim_date -r r2 --current d1 --from 2024-01-01 --to 2024-12-31 | jq -c '[.calendar_id, .day, .is_business]')" '["ru5","2024-04-27",false]' 'a changed calendar gives the days that differ'
touch -d 2024-02-01T00:00:00Z r2
is "$(wb-dim -t dim_date -r r2 --current d1 --from 2024-01-01 --to 2024-12-31 2>&1)" 'wb-dim: 1 days of the store come from a newer rule file: they stand (--now TIME gives this one another age)' 'an older file does not win, and it is said'
printf '{"kind":"calendar","id":"x"}\n' >broken
status 78 'a rule file that is none' wb-dim -t dim_date -r broken --from 2024-01-01 --to 2024-01-02
like "$(cat err)" '^wb-dim: broken:1: ' 'is told with its line'

# rejects
{ client 0 A gold 2024-01-01T00:00:00.000Z; client 1 A gold never; echo '{"id":1}'; echo '{"id":'; client 3 C gold 2024-01-01T00:00:00.000Z; } >mixed
status 0 'rows that are none' wb-dim -v --rejects rejects -t dim_client mixed
is "$(jq -r '."@reject" | "\(.code) \(.field)"' rejects | tr '\n' ',')" 'range id,time updated_at,missing updated_at,json ,' 'are rejected'
is "$(jq -r .client_id out)" 3 'the others are taken'
like "$(cat err)" '5 in, 1 folded into 1 rows, 4 rejected' 'the account adds up'

# usage, files, ends
status 64 'no table' wb-dim day1
status 64 'an unknown table' wb-dim -t dim_courier day1
status 64 '-d and --current' wb-dim -t dim_client -d http://127.0.0.1:1/x --current stands day1
status 64 '-r is for dim_date' wb-dim -t dim_client -r rules day1
status 64 'dim_date needs its days' wb-dim -t dim_date -r rules
status 64 'and its rules' wb-dim -t dim_date --from 2024-01-01 --to 2024-01-02
status 64 'days that are none' wb-dim -t dim_date -r rules --from 2024-02-30 --to 2024-03-01
status 64 'days out of order' wb-dim -t dim_date -r rules --from 2024-03-02 --to 2024-03-01
status 64 'an operand too many' wb-dim -t dim_date -r rules --from 2024-01-01 --to 2024-01-02 day1
status 64 'an unknown option' wb-dim --nonsense
status 78 'a file that is not there' wb-dim -t dim_client --current none day1
printf '{"client_id":1,"name":"x"}\n' >half
status 78 'a row of the dimension that is none' wb-dim -t dim_client --current half day1
is "$(cat err)" 'wb-dim: half:1: valid_from: no value' 'is told with its place'
wb-dim -t dim_client -d http://127.0.0.1:1/x day1 >out 2>err & pid=$!
ok 'a store that is away is told, and waited for' until_true 60 grep -q 'dim_client: .*; trying again' err
kill -TERM $pid; wait $pid 2>/dev/null
is "$(wc -c <out)" 0 'nothing is new until it has answered'
status 65 'more than -S' wb-dim -t dim_client -S 100 day1
status 0 'no input' wb-dim --quiet -t dim_client /dev/null
is "$(wc -c <out)" 0 'gives nothing'
is "$(printf '%s' "$(head -n 1 day1)" | wb-dim --quiet -t dim_client | wc -l)" 1 'the last line may lack its LF'
status 74 'a full disk' sh -c 'wb-dim --quiet -t dim_client day1 >/dev/full'
head -c 1100000 /dev/zero | tr '\0' x >long
status 0 'a line over the cap' wb-dim --rejects rejects -t dim_client long day1
is "$(jq -r '."@reject".code' rejects)" too_long 'is a reject'
status 64 'an endless lane needs a store' env WB_LANE=x wb-dim -t dim_client --current stands day1

done_testing
