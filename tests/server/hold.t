#!/bin/sh
# What waits for the store: nothing is acknowledged that it has not confirmed, and nothing that it may still lack wins.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
cd "$tmp" || exit 1
WB_LOCKS=$tmp; export WB_LOCKS; unset XDG_RUNTIME_DIR
if ! start_chdb; then
	skip 'what waits for the store' 'no libchdb'
	done_testing
fi
WB_STORE=$chdb_url; export WB_STORE

q() { wb-sql --format tsv -q "$1"; }
again() { start_chdb 3>&-; }	# which is not to hold the input of a loader
hello='{"@hello":{"v":1,"run":"r1","lane":"t"}}'
ckpt() { printf '{"@ckpt":{"run":"r1","n":%s,"rows":%s}}\n' "$1" "$2"; }
acked() { grep -c '@ack' ack; }
# event N: the N-th of its shipment
event() {
	printf '{"_src":["t",0,%d,1717398005000,0],"shipment_id":"S1","event_id":"e%d","version":1,"event_time":"2024-06-03T0%d:00:00.000Z","received_at":"2024-06-03T07:00:05.000Z","lag_sec":5,"carrier":"cdek","carrier_id":1,"integration":"x","status":"in_transit","map_hit":"exact"}\n' "$1" "$1" "$1"
}
# loader TABLE [OPTION ...]: the last stage of a lane; its input is descriptor 3, its acknowledgements lie in ack, its words in err
loader() {
	rm -f in; mkfifo in; : >ack
	WB_LANE=t WB_ACK_OUT=5 wb-ch-load -t "$@" <in >out 2>err 5>ack & loader=$!
	exec 3>in
	echo "$hello" >&3
}
acks() { [ "$(acked)" -ge "$1" ]; }
# the store is away, and the loader has tried it; or it has gone on all the same
tried() { grep -q 'trying again' err || acks "$1"; }

ok 'schema' wb-schema

# ---- rows
loader fct_event
{ event 1; ckpt 1 1; } >&3
until_true 60 acks 1
is "$(acked) $(q 'SELECT count() FROM v_event')" '1 1' 'a checkpoint is acknowledged when its rows are stored'
kill_server "$chdb_pid"
{ event 2; ckpt 2 1; } >&3
until_true 60 tried 2
is "$(acked)" 1 'no acknowledgement before the insert is confirmed'
kill -9 $loader; wait $loader 2>/dev/null
exec 3>&-
again
was=$(acked)
loader fct_event
{ n=$was; while [ "$n" -lt 2 ]; do n=$((n + 1)); event $n; done; ckpt 1 $((2 - was)); } >&3
until_true 60 acks 1
is "$(q 'SELECT event_id FROM v_event ORDER BY event_id' | paste -sd' ')" 'e1 e2' 'no row is lost when server and loader die: what was not acknowledged comes again'

# ---- rejects
{ echo '{"_src":["t",0,7,0,0],"a":'; ckpt 2 1; } >&3
until_true 60 acks 2
is "$(q 'SELECT src_offset FROM wb_reject FINAL')" 7 'a reject is stored before it is acknowledged'
kill_server "$chdb_pid"
{ echo '{"_src":["t",0,8,0,0],"a":'; ckpt 3 1; } >&3
until_true 60 tried 3
is "$(acked)" 2 'no acknowledgement before a reject is durable'
again
ok 'the store is back: it is acknowledged' until_true 60 acks 3
is "$(q 'SELECT src_offset FROM wb_reject FINAL ORDER BY src_offset' | paste -sd' ')" '7 8' 'and stored'
exec 3>&-; wait $loader
is $? 75 'a stage before that died'

# ---- --tee: what follows sees only what is stored
rm -f in; mkfifo in
WB_LANE=t wb-ch-load --tee -t fct_event <in >out 2>err & loader=$!
exec 3>in
passed() { grep -q @ckpt out; }
{ echo "$hello"; event 3; } >&3
until_true 60 grep -q @hello out
kill_server "$chdb_pid"
ckpt 1 1 >&3
went_on() { grep -q 'trying again' err || passed; }
until_true 60 went_on
is "$(grep -c -e @ckpt -e '"e3"' out)" 0 '--tee: neither row nor checkpoint goes on before the insert is confirmed'
again
ok '--tee: the store is back: they do' until_true 60 passed
exec 3>&-; wait $loader

# ---- a table that is gone
q 'CREATE TABLE gone (k UInt32) ENGINE = MergeTree ORDER BY k' >/dev/null
q 'TRUNCATE TABLE wb_reject' >/dev/null
loader gone --max-rejects 1000,100%
{ echo '{"k":1}'; ckpt 1 1; } >&3
until_true 60 acks 1
q 'DROP TABLE gone' >/dev/null
{ echo '{"k":2}'; ckpt 2 1; } >&3
exec 3>&-; wait $loader
is "$? $(acked) $(q 'SELECT count() FROM wb_reject FINAL')" '78 1 0' 'a table that is gone is a fault of configuration: exit 78, no row is rejected, nothing acknowledged'

# ---- --swap
row() { printf '{"day":"2024-06-02","carrier_id":%d,"region_code":"R","courier_id":"c","assigned":5,"attempts":1,"delivered":1,"first_attempts":1,"first_attempt_ok":1,"failed_recipient":0,"failed_carrier":0,"failed_other":0,"brought_back":4,"first_scan_at":null,"last_scan_at":null,"active_sec":1}\n' "$1"; }
swap() { WB_LANE=t WB_ONCE=1 wb-ch-load -t mart_courier_day --swap --days 2024-06-02; }
day() { q 'SELECT carrier_id FROM mart_courier_day ORDER BY carrier_id' | paste -sd' '; }
{ echo "$hello"; row 1; row 2; ckpt 1 2; echo '{"@end":{"run":"r1","n":1}}'; } | swap
is "$? $(day)" '0 1 2' '--swap'
{ echo "$hello"; row 1; ckpt 1 1; } | swap 2>err
is "$? $(day)" '75 1 2' '--swap: a reader that died before its @end replaces no day'

# ---- two lanes fold one shipment at a time
# relay PORT: passes connections on to the store; an answer about events waits, while the file hold is there
cat >relay <<'END'
use strict; use IO::Socket::INET; use IO::Select;
my ($to, $port) = @ARGV;
my $l = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 8) or die;
open my $f, '>', 'relay.tmp' or die; print $f $l->sockport; close $f; rename 'relay.tmp', 'relay.port';
my $s = IO::Select->new($l);
my (%peer, %server, %asked, %sent);
sub gone { for (@_) { $s->remove($_); delete $peer{$_}; close $_; } }
for (;;) {
	for my $c ($s->can_read(0.02)) {
		if ($c == $l) {
			my $a = $l->accept or next;
			my $b = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $to) or do { close $a; next };
			$peer{$a} = $b; $peer{$b} = $a; $server{$b} = 1; $asked{$a} = '';
			$s->add($a, $b);
			next;
		}
		my $p = $peer{$c} or next;
		if ($server{$c} && $asked{$p} =~ /fct_event/ && -e 'hold') {
			if (!-e 'held') { open my $h, '>', 'held'; close $h; }
			select undef, undef, undef, 0.02;
			next;
		}
		my $n = sysread $c, my $data, 65536;
		if (!$n) { gone($c, $p); next; }
		if ($server{$c}) { $asked{$p} = ''; } else { $asked{$c} .= $data; }
		syswrite $p, $data;
	}
}
END
perl relay "$chdb_port" & relay=$!
servers_pids="$servers_pids $relay"
until_true 60 test -s relay.port
fold() { wb-fold --history -d "$1"; }
echo '{"shipment_id":"S1","client_id":1,"delivery_mode":"door","created_at":"2024-06-03T00:00:00.000Z"}' >shipments
store() { wb-enrich --shipments shipments "$1" | wb-sla-tag | wb-ch-load -t fct_shipment; }
q 'TRUNCATE TABLE fct_event' >/dev/null
{ event 1; event 2; } | wb-ch-load -t fct_event
: >hold
event 2 | fold "http://127.0.0.1:$(cat relay.port)/default" >first & first=$!
ok 'a lane reads the events of a shipment' until_true 60 test -e held
event 3 | wb-ch-load -t fct_event
event 3 | fold "$WB_STORE" >second
is "$(jq .events_n second)" 3 'another one stores one more meanwhile, and folds all three'
store second
rm hold; wait $first
is "$(jq .events_n first)" 2 'the first one has two of them'
store first
is "$(q 'SELECT events_n FROM fct_shipment FINAL')" 3 'a document of events that were read earlier never stands over a newer one'
done_testing
