# SPDX-License-Identifier: Apache-2.0
# What the images are for, seen from outside: sourced by the suites. Their ports are those of the network namespace that all of them share.
# shellcheck shell=bash

# http_get PORT PATH: the whole answer. Without curl, whose start takes an emulated guest seconds.
http_get() {
	timeout 20 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\n\r\n" "$2" >&3 && mapfile -t lines <&3 &&
		printf "%s\n" "${lines[@]}"' bash "$1" "$2" 2>/dev/null
}

answers() { # PORT TEXT
	[[ $(http_get "$1" /) = "HTTP/1."?" 200 "*"$2"* ]]
}

# served PORT TEXT COUNT: so many requests, each answered.
served() {
	local i
	for ((i = 0; i < $3; i++)); do
		answers "$1" "$2" || { echo "request $i of port $1 was not answered" && return 1; }
	done
}

busybox_works() {
	in_time answers 8000 'Welcome to busybox'
	served 8000 'Welcome to busybox' 20
	# A shell that starts programs, with files of its own.
	[ "$(engine_exec "$1" sh -c 'echo "a b" >/tmp/kept && cat /tmp/kept | cat && ls /srv/www')" = $'a b\nindex.html' ]
}

nginx_works() {
	in_time answers 80 'Welcome to nginx'
	served 80 'Welcome to nginx' 100
}

redis_answers() { # NAME
	[ "$(engine_exec "$1" redis-cli ping)" = PONG ]
}

redis_saved() {
	[[ $(engine_exec "$1" redis-cli info persistence) = *rdb_bgsave_in_progress:0*rdb_last_bgsave_status:ok* ]]
}

redis_works() {
	in_time redis_answers "$1"
	[ "$(engine_exec "$1" redis-cli set key value)" = OK ]
	[ "$(engine_exec "$1" redis-cli get key)" = value ]
	engine_exec "$1" redis-benchmark -n 300 -c 10 -q -t set,get,incr,lpush,rpop,sadd,hset,mset >"$BATS_TEST_TMPDIR/benchmark"
	[ "$(tr '\r' '\n' <"$BATS_TEST_TMPDIR/benchmark" | grep -c 'requests per second, p50')" = 8 ]
	engine_exec "$1" redis-cli bgsave
	in_time redis_saved "$1"
}
