#!/bin/sh
# wb-dim against the engines: histories by steps, twice, late, in disorder, in lanes whose loader lags behind.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
cd "$tmp" || exit 1
WB_LOCKS=$tmp; export WB_LOCKS

# client ID NAME TIER TIME, carrier ID NAME CAPACITY TIME: rows as the database has them
client() {
	printf '{"_src":["clients",0,%s,0,0],"id":%s,"name":"%s","segment":"b2c","tier":"%s","home_region":"RU-MOW","is_active":true,"updated_at":"%s"}\n' "$1" "$1" "$2" "$3" "$4"
}
carrier() {
	printf '{"_src":["carriers",0,%s,0,0],"id":%s,"code":"c%s","name":"%s","kind":"own","tz":"UTC","daily_capacity":%s,"is_active":true,"updated_at":"%s"}\n' "$1" "$1" "$1" "$2" "$3" "$4"
}
q() { wb-sql -q "$1" | jq -r '[.[] | tostring] | join(" ")'; }
# history TABLE COLUMNS
history() { q "SELECT $2, toString(valid_from), toString(valid_to), is_current, toString(row_hash), toString(version) FROM $1 FINAL ORDER BY $2, valid_from" >"$3"; }
clients() { history dim_client 'client_id, name, tier' "$1"; }
empty() { wb-sql -q "TRUNCATE TABLE $1" >/dev/null; }
# sync TABLE FILE ...: one bounded lane, from rows to the store
sync() { sync_t=$1; shift; wb-run --once -- "wb-csv-extract --records $*" "wb-dim -t $sync_t" "wb-ch-load -t $sync_t"; }

client 1 'Маркет «Л»' standard 2024-01-01T10:00:00.700Z >s1
client 2 B gold 2024-01-01T11:00:00.000Z >>s1
client 1 'Маркет «Л»' gold 2024-02-01T10:00:00.000Z >s2
client 2 B gold 2024-02-01T11:00:00.000Z >>s2
client 3 C gold 2024-02-02T11:00:00.000Z >>s2
client 1 X gold 2024-03-01T10:00:00.100Z >s3
client 1 Y gold 2024-03-01T10:00:00.900Z >>s3
client 3 C none 2024-03-01T10:00:00.000Z >>s3
client 3 C gold 2024-04-01T10:00:00.000Z >s4
cat >want.clients <<'W'
1 Y gold 2024-03-01 10:00:00 2105-12-31 00:00:00 true
1 Маркет «Л» gold 2024-02-01 10:00:00 2024-03-01 10:00:00 false
1 Маркет «Л» standard 2024-01-01 10:00:00 2024-02-01 10:00:00 false
2 B gold 2024-01-01 11:00:00 2105-12-31 00:00:00 true
3 C gold 2024-02-02 11:00:00 2024-03-01 10:00:00 false
3 C gold 2024-04-01 10:00:00 2105-12-31 00:00:00 true
3 C none 2024-03-01 10:00:00 2024-04-01 10:00:00 false
W

# engine NAME URL
engine() {
	WB_STORE=$2; export WB_STORE
	ok "$1: schema" wb-schema

	# in one go, which the others are held against
	ok "$1: four days at once" sync dim_client s1 s2 s3 s4
	clients whole
	is "$(sed -E 's/ [0-9]+ [0-9]+$//; s/ 1$/ true/; s/ 0$/ false/' whole | sort)" "$(sort want.clients)" "$1: the history is right"
	empty dim_client

	for s in s1 s2 s3 s4; do sync dim_client $s || fail "$1: $s"; done
	clients steps
	is "$(cat steps)" "$(cat whole)" "$1: day by day the same"
	for s in s2 s1 s4 s3; do sync dim_client $s || fail "$1: $s"; done
	clients again
	is "$(cat again)" "$(cat whole)" "$1: rows that come again, in disorder, change nothing"
	is "$(cat s1 s2 s3 s4 | wb-dim -t dim_client)" '' "$1: against the store nothing is new"

	# the rows printed, loaded late, twice, in disorder
	empty dim_client
	: >all
	for s in s1 s2 s3 s4; do wb-dim -t dim_client $s >out.$s; wb-ch-load -t dim_client out.$s || fail "$1: load $s"; done
	for s in s4 s1 s3 s2 s1; do wb-ch-load -t dim_client out.$s || fail "$1: load $s"; done
	clients again
	is "$(cat again)" "$(cat whole)" "$1: rows of the dimension that are loaded late and twice lose"
	empty dim_client
	for s in s4 s3 s2 s1; do wb-ch-load -t dim_client out.$s || fail "$1: load $s"; done
	clients again
	is "$(cat again)" "$(cat whole)" "$1: backwards the same"

	# a lane of many checkpoints; nothing is loaded before its end, so the store shows nothing of it
	empty dim_client
	n=0
	{
		echo '{"@hello":{"v":1,"run":"000000000000000000000001","lane":"x"}}'
		for s in s1 s2 s3 s4; do
			n=$((n + 1))
			cat $s
			printf '{"@ckpt":{"run":"000000000000000000000001","n":%s,"rows":%s}}\n' $n "$(wc -l <$s)"
		done
		printf '{"@ckpt":{"run":"000000000000000000000001","n":5,"rows":0}}\n{"@end":{"run":"000000000000000000000001","n":5}}\n'
	} >lane
	status 0 "$1: a lane whose loader lags behind" env WB_LANE=x wb-dim -t dim_client lane
	is "$(grep -c '^{"@' out)" 7 "$1: its control lines pass"
	grep -v '^{"@' out | wb-ch-load -t dim_client
	clients again
	is "$(cat again)" "$(cat whole)" "$1: the same client in several checkpoints is right"

	# a client in two checkpoints of which the first one is stored in between
	empty dim_client
	mkfifo pipe
	WB_LANE=x wb-dim -t dim_client pipe >out 2>err &
	dim=$!
	exec 7>pipe
	sed '/"n":1,/q' lane >&7
	until_true 30 grep -q '"n":1,' out
	grep -v '^{"@' out | wb-ch-load -t dim_client
	sed '1,/"n":1,/d' lane >&7
	exec 7>&-
	wait $dim || fail "$1: the lane" "$(cat err)"
	rm pipe
	grep -v '^{"@' out | wb-ch-load -t dim_client
	clients again
	is "$(cat again)" "$(cat whole)" "$1: also when the loader keeps up"

	# many keys
	i=0
	while [ $i -lt 250 ]; do i=$((i + 1)); carrier $i n$i $i 2024-01-01T00:00:00.000Z; done >carriers
	ok "$1: carriers" sync dim_carrier carriers
	sed -E '/"id":(7|77|177),/!d; s/"daily_capacity":[0-9]+/"daily_capacity":5/; s/2024-01-01/2024-05-01/' carriers >changed
	sed 's/2024-01-01/2024-05-01/' carriers | cat - changed >all
	ok "$1: three of them change" sync dim_carrier all
	is "$(q "SELECT count(), sum(is_current), countIf(toString(valid_from) = '2024-05-01 00:00:00'), max(version) FROM dim_carrier FINAL")" '253 250 3 1714521600000' "$1: three new versions"

	# regions and days
	printf '{"_src":["regions",0,1,0,0],"region_code":"A","name":"a","macro_region":"","country":"RU","tz":"UTC","calendar_id":"","is_remote":false,"lat":55.7558,"lon":null}\n{"_src":["regions",0,2,0,0],"region_code":"B","name":"b","is_remote":true,"lat":0.1,"lon":-179.999999}\n' >regions
	ok "$1: regions" sync dim_region regions
	is "$(wb-dim -v -t dim_region regions 2>&1 | sed 's/, [0-9.]* s$//')" 'wb-dim: 2 in, 0 out, 0 rejected, 2 filtered, same 2' "$1: read back they are the same"
	sed 's/"name":"b"/"name":"bb"/' regions >regions2
	ok "$1: one changes" sync dim_region regions2
	is "$(q 'SELECT region_code, name, lat, lon FROM dim_region FINAL ORDER BY region_code' | tr '\n' ';')" 'A a 55.7558 null;B bb 0.1 -179.999999;' "$1: the newest attributes"
	echo '{"kind":"calendar","id":"x'\''s","tz":"UTC","week":[1,1,1,1,1,0,0]}' >rules
	for i in 1 2; do
		ok "$1: days, time $i" wb-run --once -- 'wb-dim -t dim_date -r rules --from 2000-01-01 --to 2099-12-31' 'wb-ch-load -t dim_date'
	done
	is "$(q 'SELECT count(), sum(is_business), sum(is_weekend), toString(min(week_start)), sum(iso_week), count(DISTINCT version) FROM dim_date FINAL')" '36525 26089 10436 1999-12-27 971223 1' "$1: a century of days"
	is "$(wb-dim -t dim_date -r rules --from 2000-01-01 --to 2099-12-31 | wc -l)" 0 "$1: read back they are the same"
	sed 's/1,1,1,1,1,0,0/1,1,1,1,1,1,0/' rules >rules2; touch -d '+1 minute' rules2
	is "$(wb-dim -t dim_date -r rules2 --from 2024-06-01 --to 2024-06-30 | jq -r .day | tr '\n' ' ')" '2024-06-01 2024-06-08 2024-06-15 2024-06-22 2024-06-29 ' "$1: Saturdays that have become workdays"
	is "$(q 'SELECT count() FROM wb_reject FINAL')" 0 "$1: no reject"
}

# an endless lane, and the store goes away under it
away() {
	empty dim_client
	sync dim_client s1 s2 s3
	kill_server "$chdb_pid"
	{ sed -n 1p lane; cat s4; printf '{"@ckpt":{"run":"000000000000000000000001","n":1,"rows":%s}}\n' "$(wc -l <s4)"; sed -n '$s/"n":5/"n":1/p' lane; } >one
	WB_LANE=x wb-dim -t dim_client one >out 2>err & dim=$!
	ok 'a store that is away is told' until_true 60 grep -q 'dim_client: .*; trying again' err
	start_chdb
	wait $dim
	is "$? $(tail -n 1 err)" '0 wb-dim: dim_client: the store answers again' 'and waited for'
	grep -v '^{"@' out | wb-ch-load -t dim_client
	clients again
	is "$(cat again)" "$(cat whole)" 'what was compared is right'
}

if start_chdb; then
	engine 'embedded engine' "$chdb_url"
	cp whole whole.chdb
	away
else
	skip 'dimensions on the embedded engine' 'no libchdb'
fi
if start_clickhouse_18; then
	engine 'ClickHouse 18.16' "$ch18_url"
	[ ! -f whole.chdb ] || is "$(sed -E 's/ (1|0) ([0-9]+ [0-9]+)$/ \1 \2/' whole)" "$(sed -E 's/ true ([0-9]+ [0-9]+)$/ 1 \1/; s/ false ([0-9]+ [0-9]+)$/ 0 \1/' whole.chdb)" 'both engines hold the same'
else
	skip 'dimensions on ClickHouse 18.16' 'no clickhouse-server'
fi
done_testing
