#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stage.sh RUNTIME ENGINE SUITE…: runs these bats suites, or one script that prints TAP, as root, in namespaces of their own, with the engine's daemon, if it
# has one, and all that it writes in memory. What they start ends with them. RUNTIME is runc or crun, ENGINE none, podman, containerd or
# docker; $PALE_BUILD is the build directory, $PALE_VM is set in the guest.
#
# On the host the engine has its own network namespace, and a control group whose processes end with it. It has no process namespace: audit
# records have pids of the initial one, in which paled has to know the containers. They come to the initial network namespace alone, where
# paled is started: descriptor 9 leads there. The guest is there for nothing else, and its first namespaces serve.
set -euo pipefail
here=$(dirname "$(realpath "$0")")

if [ "$1" != --inside ]; then
	# Also the name of the parent of all control groups that are made.
	export stage=pale-test-$$
	group=/sys/fs/cgroup/unified/$stage
	[ -d "${group%/*}" ] || group=/sys/fs/cgroup/$stage-all
	end() {
		trap '' INT TERM HUP
		echo 1 >"$group/cgroup.kill"
		until find /sys/fs/cgroup -depth -type d -path "*/$stage*" -exec rmdir {} + 2>/dev/null; do sleep 0.1; done
	}
	mkdir "$group"
	trap end EXIT
	trap 'exit 143' INT TERM HUP
	# Should this process be killed, what it started shall not outlive it.
	setsid bash -c 'tail -f --pid "$1" /dev/null; [ ! -e "$2" ] || echo 1 >"$2/cgroup.kill"' bash $$ "$group" >/dev/null 2>&1 &
	namespaces=(--mount --ipc)
	[ -n "${PALE_VM:-}" ] || namespaces+=(--net)
	status=0
	(
		echo $BASHPID >"$group/cgroup.procs"
		exec unshare "${namespaces[@]}" --fork --kill-child "$0" --inside "$@" 9</proc/self/ns/net
	) &
	wait $! || status=$?
	exit $status
fi
shift

export runtime_name=$1 engine=$2
shift 2
mount --make-rprivate /
ip link set lo up
# Of these the engines keep their state, sockets, configuration and logs in; some of them are made by no package.
for dir in /run /etc/pale /etc/containers /etc/cni /var/lib/containers /var/lib/containerd /var/lib/docker /var/log/pale /var/lib/pale; do
	mkdir -p $dir
	mount -t tmpfs -o mode=755 tmpfs $dir
done
mkdir /run/lock
cd "$here/../.."
PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
images=$(tests/runtime/images.sh "$PALE_BUILD/tests/runtime/attack")
export PALE_BUILD images

. tests/runtime/engine.bash
. tests/runtime/pale.bash
trap 'pale_end || :; engine_end || :' EXIT
engine_begin
[ "$*" = tests/runtime/bare.bats ] || pale_begin
case $1 in
*.bats) bats --tap "$@" 9<&- ;;
*) bash "$1" 9<&- ;;
esac
