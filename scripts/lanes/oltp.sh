# What the scripts that read the OLTP have in common; sourced behind setup.sh.
#   states LOCK      WB_STATE, the folder of what has been read, and WB_SOURCE are there; one script that holds LOCK works on it at a time
#   sync NAME        what is new of one kind into the store, with the documents that it touches.  Its exit status.
#   references       regions and calendars, which the OLTP does not have, as WB_REGIONS and WB_RULES have them now
#   dimensions FILE  writes what documents take from the dimensions, a line a value: kind, key, since, value
#   marked           ends the script unless the states are of the store WB_STORE
# shellcheck shell=sh disable=SC2154

states() {
	WB_STATE=${WB_STATE:-/var/lib/waybill}
	export WB_STATE
	if [ -z "${WB_SOURCE:-}" ]; then
		echo "${0##*/}: no OLTP: WB_SOURCE is in neither the environment nor $conf" >&2
		exit 78
	fi
	if ! mkdir -p "$WB_STATE" || [ ! -w "$WB_STATE" ]; then
		echo "${0##*/}: $WB_STATE: no folder that this user may write to (WB_STATE)" >&2
		exit 78
	fi
	hold "$1"
}

# The states are of one store, the one that the first load has marked.
marked() {
	if [ ! -f "$WB_STATE/store" ]; then
		echo "${0##*/}: $WB_STATE: no first load has ended with its states here: wb-first" >&2
		exit 78
	fi
	mark=$(again wb-sql --format tsv --ask state --set name=first) || exit
	if [ "$mark" != "$(cat "$WB_STATE/store")" ]; then
		echo "${0##*/}: the states in $WB_STATE are of another store than WB_STORE, or it has been emptied: wb-first" >&2
		exit 78
	fi
}

sync() {
	case $1 in
	clients|carriers) WB_TABLE=$1 WB_INTO=dim_${1%s} lane dim "$1" ;;
	shipments) WB_TABLE=shipments WB_INTO=stg_shipment lane sync shipments ;;
	contacts) WB_TABLE=support_contacts WB_INTO=stg_contact lane sync contacts ;;
	calls) WB_TABLE=integrations_log WB_INTO=stg_call lane stage calls ;;
	*) lane "$1" ;;
	esac
}

references() {
	references_rc=0
	if [ -n "${WB_REGIONS:-}" ]; then
		# as an extractor wrote them, or plain
		WB_RECORDS=
		case $(head -c 8 "$WB_REGIONS" | tr -d '\0') in '{"_src":') WB_RECORDS=1 ;; esac
		export WB_RECORDS
		lane regions || references_rc=$?
	fi
	if [ -n "${WB_RULES:-}" ]; then
		year=$(date -u -d "${WB_NOW:-now}" +%Y)
		WB_FROM=$((year - 5))-01-01 WB_TO=$((year + 1))-12-31 lane dates || references_rc=$?
	fi
	return "$references_rc"
}

# A version of a client that changed nothing that documents take is none.
dimensions() {
	again wb-sql --format tsv --ask dimensions >"$1.new" || return
	LC_ALL=C sort "$1.new" | awk -F '\t' '$1 FS $2 FS $4 != last { print; last = $1 FS $2 FS $4 }' | LC_ALL=C sort >"$1.sorted" || return 74
	rm "$1.new" && mv "$1.sorted" "$1"
}
