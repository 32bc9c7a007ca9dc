# TAP for tests in sh.  A test sources this, from any folder; it runs with:
#   $top   the checkout        $BIN   the programs' folder      $tmp   a folder of its own, removed at the end
# shellcheck shell=sh
top=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) BIN=$BUILD/bin ;; *) BIN=$top/$BUILD/bin ;; esac
PATH=$BIN:$top/scripts:$PATH
export BIN PATH top
unset WB_STORE WB_LANE WB_ACK_IN WB_ACK_OUT WB_ONCE WB_STATUS WB_BROKERS WB_CONF
unset CLICKHOUSE_USER CLICKHOUSE_PASSWORD CLICKHOUSE_PASSWORD_FILE
tmp=$(mktemp -d "${TMPDIR:-/tmp}/wb-test.XXXXXX")
tap_n=0 tap_failed=0
tap_end=:		# a test that starts servers sets it to the function that stops them
# shellcheck disable=SC2154
trap 'rc=$?; $tap_end; rm -rf "$tmp"; exit $rc' EXIT
trap 'exit 130' INT TERM

# pass NAME, fail NAME [DETAIL]
pass() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1"; }
fail() { tap_n=$((tap_n + 1)) tap_failed=$((tap_failed + 1)); echo "not ok $tap_n - $1"; [ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/# /'; }
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP $2"; }

# is GOT WANT NAME: equal texts
is() {
	if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "$(printf ' got: %s\nwant: %s' "$1" "$2" | head -c 4000)"; fi
}

# ok NAME COMMAND ...: exits 0
ok() {
	tap_name=$1; shift
	if "$@" >"$tmp/.ok" 2>&1; then pass "$tap_name"; else fail "$tap_name" "$(head -c 2000 "$tmp/.ok")"; fi
}

# status N NAME COMMAND ...: exits N; its output lies in $tmp/out and $tmp/err
status() {
	tap_want=$1 tap_name=$2; shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	tap_got=$?
	if [ $tap_got -eq "$tap_want" ]; then pass "$tap_name"; else fail "$tap_name" "$(echo "exit $tap_got, want $tap_want"; head -c 2000 "$tmp/err")"; fi
}

# like GOT PATTERN NAME: GOT matches the extended regular expression
like() {
	if printf '%s\n' "$1" | grep -Eq -e "$2"; then pass "$3"; else fail "$3" "$(printf ' got: %s\nlike: %s' "$1" "$2" | head -c 4000)"; fi
}

# golden FILE NAME: $tmp/out equals FILE; REGEN=1 writes it
golden() {
	[ -z "${REGEN:-}" ] || cp "$tmp/out" "$1"
	if cmp -s "$tmp/out" "$1"; then pass "$2"; else fail "$2" "$(diff "$tmp/out" "$1" | head -n 20)"; fi
}

# until_true SECONDS COMMAND ...: waits for a condition that is to come; SECONDS are of a quick machine, a busy one gets six times as many,
# and twenty times at most when the asking itself takes long
until_true() {
	tap_left=$(($1 * 300)) tap_until=$(($(date +%s) + $1 * 20)); shift
	until "$@" >/dev/null 2>&1; do
		tap_left=$((tap_left - 1)); [ $tap_left -gt 0 ] && [ "$(date +%s)" -lt $tap_until ] || return 1
		sleep 0.02
	done
}

# sigmask PID SigCgt|SigIgn|ShdPnd: the process catches, ignores SIGUSR1 (before that it would die of it), or has it to come
sigmask() { grep -Eq "^$2:.*[2367abef]..\$" "/proc/$1/status"; }

done_testing() { echo "1..$tap_n"; [ "$tap_failed" -eq 0 ]; exit $?; }
