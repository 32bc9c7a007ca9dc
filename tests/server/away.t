#!/bin/sh
# The store is away, in small.
AWAY=${AWAY:-0} STOPPED=${STOPPED:-0} SHIPMENTS=${SHIPMENTS:-3000} ENGINE=${ENGINE:-chdb}
. "$(dirname "$0")/../fault/away"
