# Servers for tests in sh; sourced behind tests/lib.sh.  Each start_* function starts one
# in $tmp on a free port of the loopback, waits until it answers and returns 0, or 1 when
# it cannot be had (say so with skip).  All are stopped, by pid, at the end of the test.
#   start_chdb            chdb_url chdb_pid          wb-chdb, the embedded engine
#   start_clickhouse_18   ch18_url ch18_pid          Debian's clickhouse-server 18.16
#   start_postgres        PGHOST PGUSER pg_pid       Debian's PostgreSQL, on a socket; psql finds it
# Calling one again after kill_server PID starts it on the same folder and port.
# shellcheck shell=sh disable=SC2034
servers_pids=
tap_end=stop_servers

# free_port: a port nobody listens on now, below those that connections are given, so that none takes it while its server is away
free_port() {
	perl -MIO::Socket::INET -e 'for (1 .. 1000) {
		my $port = 12000 + int rand 20000;
		next if !IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 1);
		print $port;
		exit;
	}
	exit 1'
}

# kill_server PID [SIGNAL]: ends it and waits for that
kill_server() {
	kill "-${2:-KILL}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# ended PID: gone, or only to be waited for
ended() {
	case $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) in ''|Z) ;; *) return 1 ;; esac
}

stop_servers() {
	for servers_pid in $servers_pids; do kill -TERM "$servers_pid" 2>/dev/null; done
	for servers_pid in $servers_pids; do
		until_true 10 ended "$servers_pid" || kill -KILL "$servers_pid" 2>/dev/null
		wait "$servers_pid" 2>/dev/null
	done
	servers_pids=
}

# answers URL PID: the server at URL answers; 1 as well when its process is gone
server_up() {
	until_true 60 sh -c "curl -sf -o /dev/null '$1/ping' || ! kill -0 $2" && kill -0 "$2" 2>/dev/null
}

start_chdb() {
	"$top/scripts/fetch-libchdb" >"$tmp/.libchdb" 2>/dev/null || return 1
	[ -n "${chdb_port:-}" ] || chdb_port=$(free_port)
	WB_LIBCHDB=$(cat "$tmp/.libchdb") "$BIN/wb-chdb" --quiet --listen "127.0.0.1:$chdb_port" "$tmp/chdb" >"$tmp/chdb.log" 2>&1 &
	chdb_pid=$!
	servers_pids="$servers_pids $chdb_pid"
	chdb_url=http://127.0.0.1:$chdb_port/default
	server_up "http://127.0.0.1:$chdb_port" "$chdb_pid"
}

start_clickhouse_18() {
	command -v clickhouse-server >/dev/null || return 1
	[ -n "${ch18_port:-}" ] || ch18_port=$(free_port) ch18_tcp=$(free_port)
	mkdir -p "$tmp/ch18/data" "$tmp/ch18/tmp"
	cat >"$tmp/ch18/config.xml" <<-END
	<yandex>
	    <logger><level>warning</level><log>$tmp/ch18/log</log><errorlog>$tmp/ch18/err</errorlog></logger>
	    <listen_host>127.0.0.1</listen_host><http_port>$ch18_port</http_port><tcp_port>$ch18_tcp</tcp_port>
	    <path>$tmp/ch18/data/</path><tmp_path>$tmp/ch18/tmp/</tmp_path>
	    <users_config>$tmp/ch18/users.xml</users_config><default_profile>default</default_profile>
	    <default_database>default</default_database><timezone>UTC</timezone><mark_cache_size>100000000</mark_cache_size>
	    <builtin_dictionaries_reload_interval>3600</builtin_dictionaries_reload_interval>
	    ${ch18_extra:-}
	</yandex>
	END
	cat >"$tmp/ch18/users.xml" <<-END
	<yandex>
	    <profiles><default/></profiles>
	    <users>
	        <default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
	        <secret><password>marker-of-a-password</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></secret>
	    </users>
	    <quotas><default/></quotas>
	</yandex>
	END
	# reading all columns through FINAL opens every column file of every part there
	(ulimit -n "$(ulimit -Hn)"; exec clickhouse-server --config-file="$tmp/ch18/config.xml") >"$tmp/ch18/out" 2>&1 &
	ch18_pid=$!
	servers_pids="$servers_pids $ch18_pid"
	ch18_url=http://127.0.0.1:$ch18_port/default
	server_up "http://127.0.0.1:$ch18_port" "$ch18_pid"
}

start_postgres() {
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || return 1
	PGHOST=$tmp/pg PGUSER=wb PGDATABASE=postgres
	export PGHOST PGUSER PGDATABASE
	[ "$(id -u)" -ne 0 ] || chmod 711 "$tmp"	# the server's user comes to its folder, but sees no other
	# what a server that was killed has left behind keeps the next one from starting until it has noticed
	pg_tries=0
	until postgres_up; do
		pg_tries=$((pg_tries + 1)); [ $pg_tries -lt 100 ] || return 1
		sleep 0.1
	done
}
postgres_up() {
	"$top/scripts/postgres" "$tmp/pg" &
	pg_pid=$!
	servers_pids="$servers_pids $pg_pid"
	until_true 60 sh -c "psql -qXAt -c 'SELECT 1' || ! kill -0 $pg_pid" && kill -0 "$pg_pid" 2>/dev/null
}
