#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs notes under its policy and is its client: each answer must be right, and nothing may be reported. In namespaces of its own: the network
# is a loopback interface, /opt, /srv and /mnt are in memory, and all processes and mounts end with it.
set -eu
cd "$(dirname "$0")"

if [ "${1-}" != --inside ]; then
	# Mounts take root, of a user namespace at least.
	user=--map-root-user
	[ "$(id -u)" != 0 ] || user=
	exec unshare $user --mount --net --pid --fork --kill-child --mount-proc ./smoke.sh --inside
fi

log=/mnt/log
report=/mnt/report

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
mkdir /opt/notes /srv/notes
cp notes.py notes.ini /opt/notes/
ip link set lo up

start() {
	# With a user and an environment like the image's. By seccomp and Landlock, which need no privilege: what Landlock knows no better than
	# to let pass is reported, too.
	unshare --map-user=1000 --map-group=1000 env -i PATH="$PATH" ${PALE_PATH:+"PALE_PATH=$PALE_PATH"} \
		pale run -p notes.pale --allow-partial --mechanisms seccomp,landlock,cgroup --report $report -- \
		/usr/bin/python3 /opt/notes/notes.py /opt/notes/notes.ini >>$log 2>&1 &
	service=$!
	tries=300
	until request -o /dev/null http://127.0.0.1:8000/ 2>/dev/null; do
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

start
is 1 --data-binary 'milk and bread' http://127.0.0.1:8000/notes
is 2 --data-binary 'call Ada' http://127.0.0.1:8000/notes
is 'milk and bread' http://127.0.0.1:8000/notes/1
is '' -X DELETE http://127.0.0.1:8000/notes/1
is 404 -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/notes/1
grep -q '"GET /notes/1 HTTP/1.1" 200' $log || fail 'it does not log'
stop
start
is 'call Ada' http://127.0.0.1:8000/notes/2
stop
echo 'smoke.sh: served, and nothing was reported'
