# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Values by its text protocol over TCP and a socket, from several clients, until old ones are forgotten.
policy=profiles/apps/memcached.pale
program=/usr/bin/memcached
user=memcache
# Landlock has no rule for files that are not there yet when it starts.
inexact='overblocked write /proc/self/task/[0-9]+/comm'

set_up() {
	install -d -o memcache -g memcache /run/memcached
}

start() {
	daemon "$@" memcached -l 127.0.0.1 -m 64 -t 2 -P /run/memcached/memcached.pid
	in_time says PONG
}

# ask LINE…: the answer.
ask() {
	printf '%s\r\n' "$@" quit | socat -t 10 - TCP:127.0.0.1:11211 | tr -d '\r'
}

says() {
	prints ^VERSION ask version
}

exercise() {
	local i
	is STORED ask 'set key 0 0 5' value
	is $'VALUE key 0 5\nvalue\nEND' ask 'get key'
	is STORED ask 'set n 0 0 2' 41
	is 42 ask 'incr n 1'
	is DELETED ask 'delete key'
	for i in 1 2 3 4; do
		python3 -c 'for i in range(400): print(f"set big-'$i'-{i} 0 0 100000 noreply\r\n" + "x" * 100000, end="\r\n")' |
			socat -t 1 -u - TCP:127.0.0.1:11211 &
		clients[i]=$!
	done
	wait "${clients[@]}"
	prints 'STAT evictions [1-9]' ask stats
	is OK ask flush_all
	is END ask 'get n'
}

attack() {
	: # it has no words for files, programs or connections
}

stop() {
	ends TERM
}
