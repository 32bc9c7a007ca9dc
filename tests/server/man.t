#!/bin/sh
# The examples of the man pages run as they stand: each page's, in order, in a folder with a small platform and with a store.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
. "$top/tests/kafka.sh"
cd "$tmp" || exit 1

# examples PAGE: the literal displays of its section EXAMPLES, as text
examples() {
	awk '/^\.Sh /{on = /EXAMPLES/} on && /^\.Bd -literal/{inside = 1; next} /^\.Ed/{inside = 0} on && inside' "$1" |
	sed -e 's/\\-/-/g; s/\\(aq/'\''/g; s/\\(dq/"/g; s/\\&//g; s/\\e/\\/g'
}

if start_chdb; then
	WB_STORE=$chdb_url; export WB_STORE
	wb-schema >/dev/null 2>&1
	wb-sample --shipments 1 --out "$tmp/first" >/dev/null 2>&1
	for d in client carrier region; do
		wb-dim -t dim_$d "$tmp/first/${d}s.ndjson" | wb-ch-load -t dim_$d
	done
else
	store=no
fi
if start_kafka && kafka_topic tracking.events 2 && kafka_topic copy 2; then
	WB_BROKERS=$kafka_brokers; export WB_BROKERS
	wb-sample --shipments 20 --faults none -t tracking.events 2>/dev/null | sed 's/^{"_src":\[[^]]*\],/{/' | kcat -b "$WB_BROKERS" -t tracking.events -P -l
else
	broker=no
fi
if start_postgres; then
	psql -qX -v ON_ERROR_STOP=1 -f "$top/scripts/sql/postgres.sql" >/dev/null 2>&1
	PGOPTIONS='-c search_path=public' psql -qX -v ON_ERROR_STOP=1 -f "$top/scripts/sql/oltp.sql" >/dev/null 2>&1
else
	database=no
fi
for page in "$top"/man/*.[157]; do
	name=$(basename "$page")
	examples "$page" >"$tmp/$name.sh"
	[ -s "$tmp/$name.sh" ] || continue
	if [ "${store:-}" = no ] && grep -qE 'wb-ch-load|wb-sql|wb-schema|wb-chdb|wb-reconcile|wb-backfill|wb-hourly|wb-marts' "$tmp/$name.sh"; then
		skip "examples of $name" 'no libchdb'
		continue
	fi
	if [ "${broker:-}" = no ] && grep -qE 'wb-kafka-|wb-backfill' "$tmp/$name.sh"; then
		skip "examples of $name" 'no Kafka'
		continue
	fi
	if [ "${database:-}" = no ] && grep -qE 'wb-pg-|wb-reconcile|postgresql:' "$tmp/$name.sh"; then
		skip "examples of $name" 'no PostgreSQL'
		continue
	fi
	mkdir "$tmp/$name.d"
	wb-sample --shipments 50 --out "$tmp/$name.d" >/dev/null 2>&1
	ok "examples of $name" sh -c "cd '$tmp/$name.d' && sh -eu '$tmp/$name.sh'"
done

# every program's synopsis stands in --help as in its page
for c in "$top"/cmd/*.c "$top"/scripts/wb-*; do
	b=$(basename "$c" .c)
	want=$(mandoc -T ascii -O width=1000 "$top/man/$b.1" | sed "s/.$(printf '\b')//g" | awk '/^SYNOPSIS/{on = 1; next} /^[A-Z]/{on = 0} on' | tr -s ' \n' ' ' | sed 's/^ //; s/ $//')
	is "$("$b" --help | sed '1s/^usage: //' | tr -s ' \n' ' ' | sed 's/^ //; s/ $//')" "$want" "--help of $b is the page's synopsis"
done
done_testing
