#!/usr/bin/env bash
# A throwaway PostgreSQL cluster on loopback, for tests.
#   eng/postgres.sh start DIR   creates and starts it in DIR, prints the connection string for NINES_TEST_POSTGRES
#   eng/postgres.sh stop DIR    stops it and deletes DIR
set -euo pipefail
usage() { echo "usage: $0 start|stop DIR" >&2; exit 2; }
[ $# -eq 2 ] || usage
dir=$(realpath -m "$2")
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb || true)")
[ -x "$bin/initdb" ] || { echo "postgresql is not installed (apt-get install postgresql)" >&2; exit 3; }
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
case "$1" in
  start)
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown postgres "$dir"
    cd "$dir"
    as "$bin/initdb" -A trust -U nines --no-sync -E UTF8 --locale=C -D "$dir/data" >"$dir.log" 2>&1
    for _ in 1 2 3 4 5; do
      port=$((20000 + RANDOM % 20000))
      if as "$bin/pg_ctl" -w -D "$dir/data" -l "$dir/server.log" -o "-p $port -k $dir -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off" start >>"$dir.log" 2>&1; then
        as "$bin/createdb" -h 127.0.0.1 -p "$port" -U nines nines
        echo "Host=127.0.0.1;Port=$port;Username=nines;Database=nines"
        exit 0
      fi
    done
    cat "$dir.log" >&2
    exit 1 ;;
  stop)
    cd /
    as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null
    rm -rf "$dir" "$dir.log" ;;
  *) usage ;;
esac
