#!/bin/sh
# Faults of a consumer group, in small.
EVENTS=${EVENTS:-8} ROUNDS=${ROUNDS:-1} DRAINS=${DRAINS:-10} SHIPMENTS=${SHIPMENTS:-3000}
. "$(dirname "$0")/../fault/group"
