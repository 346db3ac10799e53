# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# A cluster of one: keys, a watch, a lease, the JSON API, a snapshot, compaction; a restart.
policy=profiles/apps/etcd.pale
program=/usr/bin/etcd
user=etcd
attacks=connected
refused='connect tcp 127.0.0.1:9'

set_up() {
	mount -t tmpfs tmpfs /var/lib/etcd
	chown etcd:etcd /var/lib/etcd
	export ETCDCTL_API=3
}

start() {
	daemon "$@" etcd --name default --data-dir /var/lib/etcd/default --snapshot-count 100
	in_time etcdctl endpoint health >/dev/null
}

exercise() {
	is OK etcdctl put key value
	is $'key\nvalue' etcdctl get key
	etcdctl watch watched >/run/watched &
	sleep 1
	etcdctl put watched 7 >/dev/null
	in_time grep -qx 7 /run/watched
	curl -sS --fail -o /dev/null -d '{"key": "bWFueQ==", "value": "MQ=="}' 'http://127.0.0.1:2379/v3/kv/put?[1-150]'
	is 1 etcdctl get --print-value-only many
	curl -sS --fail -d '{"key": "a2V5"}' http://127.0.0.1:2379/v3/kv/range -o /run/range
	grep -q dmFsdWU= /run/range
	prints granted etcdctl lease grant 60
	etcdctl snapshot save /run/snapshot >/dev/null 2>&1
	etcdctl compaction 2 >/dev/null
	etcdctl defrag >/dev/null
	curl -sS --fail -o /run/metrics http://127.0.0.1:2379/metrics
	grep -q 'etcd_server_has_leader 1' /run/metrics
	stop
	start "$run"
	is $'key\nvalue' etcdctl get key
}

# Where a new member is said to be, etcd asks. With two members and one of them missing it writes nothing any more.
attack() {
	etcdctl member add other --peer-urls=http://127.0.0.1:9 >/dev/null 2>&1
	sleep 3 # for it to have asked, or not
	! grep -q 'url:/raft' /srv/inner/log || echo connected
}

stop() {
	ends TERM
}
