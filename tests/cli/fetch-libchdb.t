#!/bin/sh
# fetch-libchdb, with an npm that is not one.
. "$(dirname "$0")/../lib.sh"

[ "$(uname -sm)" = "Linux x86_64" ] || { echo "1..0 # SKIP there is a library for Linux on x86_64 only"; exit 0; }
export XDG_CACHE_HOME="$tmp/cache"
so=$XDG_CACHE_HOME/waybill/libchdb-26.7.3/libchdb.so

mkdir "$tmp/bare" "$tmp/fake"
for c in uname mkdir flock sh mktemp rm; do ln -s "$(command -v $c)" "$tmp/bare/$c"; done
status 69 "without npm" env PATH="$tmp/bare" sh "$top/scripts/fetch-libchdb"
like "$(cat "$tmp/err")" 'npm is needed' "says so"

cat >"$tmp/fake/npm" <<'END'
#!/bin/sh
echo called >>"$FAKE_LOG"
echo junk >chdb-lib-linux-x64-gnu-26.7.3-stable.1.tgz
END
chmod +x "$tmp/fake/npm"
FAKE_LOG=$tmp/calls
export FAKE_LOG
status 69 "a download with another checksum" env PATH="$tmp/fake:$PATH" "$top/scripts/fetch-libchdb"
like "$(cat "$tmp/err")" 'wrong SHA-256, not used' "is named"
is "$(find "$XDG_CACHE_HOME" -type f ! -name fetch.lock)" '' "and leaves nothing behind"

mkdir -p "${so%/*}"
echo there >"$so"
status 0 "a library that is there" env PATH="$tmp/fake:$PATH" "$top/scripts/fetch-libchdb"
is "$(cat "$tmp/out") $(wc -l <"$FAKE_LOG")" "$so 1" "is not fetched again"

done_testing
