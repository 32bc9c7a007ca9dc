#!/bin/sh
# The sync lanes under fire, in small.
KILLS=${KILLS:-7} WRITERS=${WRITERS:-4} ROWS=${ROWS:-500} PAUSE=${PAUSE:-700}
. "$(dirname "$0")/../fault/pgkill"
