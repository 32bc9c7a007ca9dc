# What the scripts have in common; sourced with $here, the folder of the script, and $lanes, that of this file.
#   configure       reads the configuration and exports it; the programs beside the script are found
#   lane NAME [AS]  runs NAME.lane once, under the name AS; another run of it is waited for.  Its exit status.
#   hold NAME       one run of NAME at a time, for as long as this script and the lanes that it has started live; 75 when it does not come
#   again COMMAND   runs it again while it ends with 75, "start me again", up to WB_TRIES times in all
# shellcheck shell=sh disable=SC2154

configure() {
	PATH=$here:${PATH:-/usr/bin:/bin}
	if [ -n "${WB_CONF:-}" ] && [ ! -r "$WB_CONF" ]; then
		echo "${0##*/}: $WB_CONF: no such file (WB_CONF)" >&2
		exit 78
	fi
	conf=${WB_CONF:-/etc/waybill/waybill.conf}	# a script that this one runs need not find it: not exported
	set -a
	# shellcheck disable=SC1090
	if [ -r "$conf" ]; then . "$conf"; fi
	set +a
	WB_QUIET=
	[ -n "${verbose:-}" ] || WB_QUIET=1
	export PATH WB_QUIET
	if [ -z "${WB_STORE:-}" ]; then
		echo "${0##*/}: no store: WB_STORE is in neither the environment nor $conf" >&2
		exit 78
	fi
}

again() {
	again_left=${WB_TRIES:-5} again_pause=1
	while :; do
		again_rc=0
		"$@" || again_rc=$?
		again_left=$((again_left - 1))
		[ "$again_rc" -eq 75 ] && [ "$again_left" -gt 0 ] || return "$again_rc"
		sleep "$again_pause"
		again_pause=$((again_pause * 4))
	done
}

# 75: a neighbour that died, a server that is away, another run that holds the lock
lane() {
	# shellcheck disable=SC2086
	again wb-run ${verbose:-} -n "${2:-$1}" --once ${WB_METRICS:+--metrics "$WB_METRICS/waybill-${2:-$1}.prom" --job "${2:-$1}"} "$lanes/$1.lane"
}

hold() {
	locks=${WB_LOCKS:-${XDG_RUNTIME_DIR:-}}
	if [ -z "$locks" ]; then
		locks=/tmp/waybill-$(id -u)
		mkdir -m 700 "$locks" 2>/dev/null || :
		# everybody may write to /tmp: a folder that another user has made there may hold links
		case $(ls -ldn "$locks" | awk '{ print $1, $3 }') in
		d????-??-?*" $(id -u)") ;;
		*) echo "${0##*/}: $locks: no folder of this user alone (WB_LOCKS names another)" >&2; exit 78 ;;
		esac
	fi
	exec 9>>"$locks/$1.lock"
	again held || { echo "${0##*/}: another run is at work ($locks/$1.lock)" >&2; exit 75; }
}
held() { flock -n 9 || return 75; }
