# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A cluster that initdb makes, which is not what is watched.

as_postgres=()
[ "$(id -u)" != 0 ] || as_postgres=(setpriv --reuid postgres --regid "$(id -g postgres)" --clear-groups)

"${as_postgres[@]}" /usr/lib/postgresql/15/bin/initdb -D "$WORK/data" -A trust -N >initdb.log

serve() { # OPTION…
	start -u postgres "$PROGRAM" -D "$WORK/data" -p "$PORT1" -k "$WORK" -h 127.0.0.1 "$@"
	until_ok 60 "${as_postgres[@]}" psql -h 127.0.0.1 -p "$PORT1" -c 'select 1' postgres
}

sql() { # DATABASE STATEMENT…
	local database=$1 s
	shift
	for s; do "${as_postgres[@]}" psql -qAt -v ON_ERROR_STOP=1 -h "${host-127.0.0.1}" -p "$PORT1" -c "$s" "$database"; done
}
