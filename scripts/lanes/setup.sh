# What the scripts have in common; sourced with $here, the folder of the script, and $lanes, that of this file.
#   configure       reads the configuration and exports it; the programs beside the script are found
#   lane NAME       runs NAME.lane once; another run of it is waited for.  Its exit status.
#   marts SINCE     computes the marts again on the days of documents that were stored since then (seconds since 1970)
# shellcheck shell=sh disable=SC2154

configure() {
	PATH=$here:${PATH:-/usr/bin:/bin}
	set -a
	if [ -n "${WB_CONF:-}" ] && [ ! -r "$WB_CONF" ]; then
		echo "${0##*/}: $WB_CONF: no such file (WB_CONF)" >&2
		exit 78
	fi
	WB_CONF=${WB_CONF:-/etc/waybill/waybill.conf}
	# shellcheck disable=SC1090
	if [ -r "$WB_CONF" ]; then . "$WB_CONF"; fi
	set +a
	WB_QUIET=
	[ -n "${verbose:-}" ] || WB_QUIET=1
	export PATH WB_QUIET
	if [ -z "${WB_STORE:-}" ]; then
		echo "${0##*/}: no store: WB_STORE is in neither the environment nor $WB_CONF" >&2
		exit 78
	fi
}

# 75 is "start me again": a neighbour that died, a server that is away, another run that holds the lock
lane() {
	lane_left=${WB_TRIES:-5} lane_pause=1
	while :; do
		lane_rc=0
		# shellcheck disable=SC2086
		wb-run ${verbose:-} -n "${2:-$1}" --once ${WB_METRICS:+--metrics "$WB_METRICS/waybill-${2:-$1}.prom" --job "${2:-$1}"} \
			"$lanes/$1.lane" || lane_rc=$?
		lane_left=$((lane_left - 1))
		[ "$lane_rc" -eq 75 ] && [ "$lane_left" -gt 0 ] || return "$lane_rc"
		sleep "$lane_pause"
		lane_pause=$((lane_pause * 4))
	done
}

# month by month, as the marts are partitioned.  A minute earlier: the servers of a cluster have clocks of their own.
marts() {
	marts_days=$(wb-sql --format tsv --set "t=$(($1 - 60))" \
		-q 'SELECT DISTINCT toString(arrayJoin(days)) AS day FROM fct_shipment WHERE loaded_at >= toDateTime({t:UInt32}) ORDER BY day') || return
	export WB_DAYS WB_MART
	for marts_month in $(printf '%s\n' "$marts_days" | cut -c1-7 | uniq); do
		WB_DAYS=$(printf '%s\n' "$marts_days" | grep "^$marts_month" | paste -sd,)
		for WB_MART in ${WB_MARTS:-mart_delivery_day mart_sla_day}; do
			[ -z "${verbose:-}" ] || echo "${0##*/}: $WB_MART: $WB_DAYS" >&2
			lane mart "$WB_MART" || return
		done
	done
}
