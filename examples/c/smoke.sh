#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the service of service.sh under its policy, and is its client: each answer must be right, and nothing may be reported. In namespaces of its own:
# the network is a loopback interface, /opt, /srv and /mnt are in memory, and all processes and mounts end with it.
set -eu
cd "$(dirname "$0")"
. ./service.sh

if [ "${1-}" != --inside ]; then
	# Mounts take root, of a user namespace at least.
	user=--map-root-user
	[ "$(id -u)" != 0 ] || user=
	exec unshare $user --mount --net --pid --fork --kill-child --mount-proc ./smoke.sh --inside
fi

log=/mnt/log
report=/mnt/report
url=http://127.0.0.1:$port

fail() {
	echo "smoke.sh: $*" >&2
	cat $log >&2
	exit 1
}

request() {
	curl -sS --noproxy '*' --max-time 60 "$@"
}

is() { # EXPECTED CURL-ARGUMENT…
	expected=$1
	shift
	answer=$(request "$@") || fail "no answer: $*"
	[ "$answer" = "$expected" ] || fail "'$answer' instead of '$expected': $*"
}

# As the Dockerfile lays the image out.
for dir in /opt /srv /mnt; do mount -t tmpfs -o mode=755 tmpfs $dir; done
mkdir "/opt/$name" "/srv/$name"
lay_out
ip link set lo up

start() {
	# With a user and an environment like the image's. By seccomp and Landlock, which need no privilege: what Landlock knows no better than
	# to let pass is reported, too.
	# shellcheck disable=SC2086 # The command is words.
	unshare --map-user=1000 --map-group=1000 env -i PATH="$PATH" ${PALE_PATH:+"PALE_PATH=$PALE_PATH"} \
		pale run -p "$name.pale" --allow-partial --mechanisms seccomp,landlock,cgroup --report $report -- \
		$command >>$log 2>&1 &
	service=$!
	tries=300
	until request -o /dev/null "$url/" 2>/dev/null; do
		tries=$((tries - 1))
		{ [ $tries -gt 0 ] && kill -0 $service 2>/dev/null; } || fail 'it does not serve'
		sleep 0.1
	done
}

stop() {
	kill -TERM $service
	wait $service || fail "it ended with $?"
	[ -e $report ] || fail 'nothing says what it did'
	[ ! -s $report ] || fail 'the policy does not allow what it did:'
}

logs() { # TEXT
	grep -q "$1" $log || fail 'it does not log'
}

start
use
stop
start
use_again
stop
echo 'smoke.sh: served, and nothing was reported'
