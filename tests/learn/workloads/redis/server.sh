# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

serve() { # OPTION…
	start -u redis "$PROGRAM" --bind 127.0.0.1 --port "$PORT1" --dir "$WORK/data" --pidfile "$WORK/data/redis.pid" --logfile "$WORK/data/redis.log" \
		--save '' "$@"
	until_ok 60 ping_it
}

cli() {
	redis-cli -p "$PORT1" "$@"
}

ping_it() {
	[ "$(cli ping)" = PONG ]
}

saved() {
	cli info persistence | tr -d '\r' | grep -q 'rdb_bgsave_in_progress:0' && cli info persistence | tr -d '\r' | grep -q 'aof_rewrite_in_progress:0'
}

end() {
	cli shutdown "${1-nosave}" >/dev/null || true
	wait "$server"
}

mkdir -m 777 data
