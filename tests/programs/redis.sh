# SPDX-License-Identifier: Apache-2.0
# Debian's redis-server with Debian's configuration, as the user that Debian runs it as.
policy=profiles/apps/redis.pale
user=redis

for dir in /var/lib/redis /var/log/redis; do
	mount -t tmpfs tmpfs $dir
	chown redis:redis $dir
done
install -d -o redis -g redis /run/redis

server=(redis-server /etc/redis/redis.conf --supervised no --unixsocket /run/redis/redis.sock --daemonize no)

answers() {
	[ "$(redis-cli ping)" = PONG ]
}

saved() {
	[[ $(redis-cli info persistence) = *rdb_bgsave_in_progress:0*rdb_last_bgsave_status:ok* ]] && [ -s /var/lib/redis/dump.rdb ]
}

rewritten() {
	[[ $(redis-cli info persistence) = *aof_rewrite_in_progress:0*aof_last_bgrewrite_status:ok* ]]
}

start() {
	"$@" "${server[@]}" &
	in_time answers
}

stop() {
	redis-cli shutdown
	wait $! || fail "redis-server ended with $?"
}

works() {
	start confined
	is OK redis-cli set key value
	is value redis-cli get key
	is PONG redis-cli -s /run/redis/redis.sock ping
	is 1000 redis-cli eval 'for i = 1, 1000 do redis.call("rpush", "list", i) end return redis.call("llen", "list")' 0
	redis-cli bgsave
	in_time saved
	redis-cli config set appendonly yes
	in_time rewritten
	redis-cli bgrewriteaof
	in_time rewritten
	redis-cli flushall async
	stop
	# What was saved is there again, for a daemon that leaves its terminal.
	start confined
	stop
	server+=(--daemonize yes)
	start confined
	stop
	nothing_reported
}

# The classic way from a Redis that anyone may reach to its machine: to save a file somewhere else.
saves_to() {
	redis-cli config set protected-mode no
	redis-cli config set dir "$1"
	redis-cli save
}

refused() {
	chmod 777 /srv
	server+=(--enable-protected-configs yes)
	start as_user
	is $'OK\nOK\nOK' saves_to /srv
	[ -s /srv/dump.rdb ]
	stop
	rm /srv/dump.rdb
	start confined
	saves_to /srv
	[ ! -e /srv/dump.rdb ]
	redis-cli shutdown nosave
	wait
	reported create '/srv/temp-.*'
}
