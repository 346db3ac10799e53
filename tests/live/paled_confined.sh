#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# paled_confined.sh ACT, in a mount namespace of its own: paled under profiles/apps/paled.pale. "serves": a container is created, started,
# entered and deleted, and a policy loaded. "taken": a shell in paled's place does what paled never does. $PALE_BUILD is the build directory.
set -euo pipefail

[ "$1" = --inside ] || exec unshare --mount --propagation private "$0" --inside "$@"
shift
cd "$(dirname "$(realpath "$0")")/../.."
PALE_BUILD=$(realpath "$PALE_BUILD")
report=$2
for dir in /run /etc/pale /usr/local/sbin /usr/local/share /var/log/pale /var/lib/pale /srv; do
	mkdir -p $dir
	mount -t tmpfs -o mode=755 tmpfs $dir
done
mkdir -p /run/pale /etc/pale/profiles /usr/local/share/pale /srv/bundle/rootfs/bin
cp -r profiles /usr/local/share/pale/
export PALE_PATH=/usr/local/share/pale/profiles

under_policy() {
	"$PALE_BUILD/pale" run -p profiles/apps/paled.pale --allow-partial --report "$report" -- "$@"
}

serves() {
	cp "$PALE_BUILD/paled" /usr/local/sbin/
	echo 'allow-partial: true' >/etc/pale/paled.conf
	cp tests/programs/refused_calls.pale /etc/pale/profiles/
	under_policy /usr/local/sbin/paled &
	timeout 300 bash -c 'until [ -S /run/pale/events ]; do sleep 0.1; done'
	cp "$PALE_BUILD/tests/programs/refused_calls" /srv/bundle/rootfs/bin/calls
	(cd /srv/bundle && runc spec)
	jq '.process.terminal = false | .process.args = ["/bin/calls", "wait"] | .annotations["pale.dev/profile"] = "calls" |
		.linux.cgroupsPath = "/pale-confined" | del(.linux.seccomp)' /srv/bundle/config.json >/srv/config && mv /srv/config /srv/bundle/config.json
	"$PALE_BUILD/pale-runtime" create --bundle /srv/bundle confined </dev/null >/srv/output 2>&1
	"$PALE_BUILD/pale-runtime" start confined
	"$PALE_BUILD/pale" ps --json | jq -c '.[] | select(.id == "confined") | [.profile, .mode]'
	"$PALE_BUILD/pale-runtime" exec confined /bin/calls mkdir
	"$PALE_BUILD/pale" load profiles/apps/redis.pale
	"$PALE_BUILD/pale-runtime" delete --force confined
	# shellcheck disable=SC2016
	timeout 30 bash -c 'until "$0" events --json | jq -se "any(.object == \"mkdir\")" >/dev/null; do sleep 0.2; done' "$PALE_BUILD/pale"
	echo reported
	"$PALE_BUILD/pale" events --kind exec --json | jq -rs 'map(.process.arguments | join(" ")) | unique[]'
	kill "$(pgrep -f '^/usr/local/sbin/paled')"
	wait
}

# What the shell does goes by calls that it has itself.
attacks='
for f in /etc/shadow /srv/secret; do read -r line <$f && echo "read $f"; done
echo x >/etc/pale/profiles/own.pale && echo "wrote a policy"
/bin/true && echo "executed another program"
exec 3<>/dev/tcp/127.0.0.1/9 && echo "connected"
'

taken() {
	cp /bin/bash /usr/local/sbin/paled
	echo secret >/srv/secret
	nc -lk 127.0.0.1 9 >/dev/null 2>&1 &
	timeout 60 bash -c 'until { : <>/dev/tcp/127.0.0.1/9; } 2>/dev/null; do sleep 0.1; done'
	listener=$!
	echo bare
	/usr/local/sbin/paled -c "$attacks" 2>/dev/null || true
	rm -f /etc/pale/profiles/own.pale
	echo confined
	under_policy /usr/local/sbin/paled -c "$attacks" 2>/dev/null || true
	kill $listener
}

# Nothing outlives it.
trap 'pkill -P $$ || :; pkill -f ^/usr/local/sbin/paled || :; wait' EXIT
"$1"
