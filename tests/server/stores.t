#!/bin/sh
# Three stores, one platform, in small: see tests/fault/stores.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/servers.sh"
. "$top/tests/kafka.sh"
seed=${SEED:-5} shipments=${SHIPMENTS:-150} rounds=${ROUNDS:-1} stores=${STORES:-18.16 chdb postgres} rules='' exact=${EXACT:-} drop=${DROP:-} stores_steps='stream sync kafka source'
. "$top/tests/stores.sh"
unset XDG_RUNTIME_DIR WB_CONF WB_SOURCE WB_MARTS WB_LOAD
cd "$tmp" || exit 1
stores_run
done_testing
