#!/bin/sh
# The reducer, the enrichment, the SLA engine and the marts against a second implementation, on random shipments.
. "$(dirname "$0")/../lib.sh"
cd "$tmp" || exit 1
oracle=$top/tests/oracle/oracle.py
PYTHONTZPATH=/usr/share/zoneinfo
export PYTHONTZPATH

if ! python3 -c 'import zoneinfo; zoneinfo.ZoneInfo("Pacific/Apia")' 2>err; then
	skip 'a second implementation agrees' "needs python3 with zoneinfo: $(tail -n 1 err)"
	done_testing
fi
status 0 'the second implementation gives the worked vectors' python3 "$oracle" --golden "$top/tests/data/sla_golden.ndjson"
is "$(cat out)" '62 vectors, 0 differ' 'all of them'
status 0 'documents and mart rows are those of the second implementation' python3 "$oracle" --seed 1 --shipments 2000 --chunk 40
cat out err | sed 's/^/# /'
like "$(tail -n 1 out)" '^seed 1: [23][0-9]{4} documents and rows compared, 0 differ$' 'a great many'

# a program that is wrong is seen
mkdir bin
for p in wb-fold wb-enrich wb-sla-tag; do ln -s "$BIN/$p" bin; done
cat >bin/wb-aggregate <<END
#!/bin/sh
"$BIN/wb-aggregate" "\$@" | sed 's/"delivered":1,/"delivered":0,/'
END
chmod +x bin/wb-aggregate
status 1 'a program that counts wrong' python3 "$oracle" --bin "$tmp/bin" --shipments 200 --chunk 100
like "$(cat out)" '^# seed 1 chunk [01]: mart_delivery_day: row .* differs$' 'is told with its row'
for wrong in 's/"brought_back":1,/"brought_back":0,/ courier_day' 's/"stale_n":1,/"stale_n":0,/ backlog_hour' 's/"first_contacts":1,/"first_contacts":0,/ support_day' 's/"retries":1,/"retries":0,/ integration_hour'; do
	printf '#!/bin/sh\n"%s/wb-aggregate" "$@" | sed '\''%s'\''\n' "$BIN" "${wrong% *}" >bin/wb-aggregate
	status 1 "a program that counts wrong: mart_${wrong#* }" python3 "$oracle" --bin "$tmp/bin" --shipments 100 --chunk 100
	like "$(cat out)" "^# seed 1 chunk 0: mart_${wrong#* }: row .* differs\$" 'is told with its row'
done
done_testing
