#!/bin/sh
# The crontab and the units of systemd that ship: every command is there, and the tools that read them find nothing wrong.
. "$(dirname "$0")/../lib.sh"
cd "$top/scripts" || exit 1

# ---- the crontab: five fields of time, the user, the command
is "$(grep -Ev '^(#|$)' cron/waybill | grep -Evc '^([0-9*/-]+ +){5}waybill +/usr/local/bin/wb-[a-z]+$')" 0 'crontab: lines of cron.d'
for c in $(sed -n 's,^[^#].* /usr/local/bin/,,p' cron/waybill); do ok "crontab: $c is there" test -x "$c"; done

# ---- the units
is "$(sed -n 's,^[^#].* /usr/local/bin/wb-,,p' cron/waybill | sort)" "$(cd systemd && ls ./*.timer | sed 's,./waybill-,,; s,.timer,,' | sort)" 'a timer for each line'
for t in systemd/*.timer; do
	ok "$t has its service" test -f "${t%.timer}.service"
done
for s in systemd/*.service; do
	c=$(sed -n 's,^ExecStart=/usr/local/bin/\([^ ]*\).*,\1,p' "$s")
	ok "$s: $c is there" sh -c "test -x '$c' || test -x '$BIN/$c'"
	ok "$s: so is its page" sh -c "sed -n 's/^Documentation=//p' '$s' | tr ' ' '\n' | sed 's/man:\(.*\)(\(.\))/\1.\2/' | while read -r page; do test -f '$top/man/'\$page || exit 1; done"
done
if command -v systemd-analyze >/dev/null; then
	mkdir "$tmp/units"
	for u in systemd/*; do
		sed -e "s,=/usr/local/bin/wb-run,=$BIN/wb-run,; s,/usr/local/bin,$top/scripts,; s,/usr/local/share/waybill,$top/scripts," "$u" >"$tmp/units/${u#*/}"
	done
	status 0 'systemd-analyze verify' systemd-analyze verify --man=no "$tmp"/units/*
	is "$(grep waybill "$tmp/out" "$tmp/err")" '' 'says nothing of them'
	for t in systemd/*.timer; do ok "$t: a time" systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$t")"; done
else
	skip 'systemd-analyze' 'no systemd'
fi
done_testing
