#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# down.sh DIR: ends the cluster that up.sh made in DIR, with each process, mount and control group of it. Its logs stay.
set -euo pipefail
dir=$(realpath "$1")
[ -e "$dir/group" ] || exit 0
stage=$(<"$dir/group")
case $stage in pale-kube-*) ;; *) echo "down.sh: $dir/group names no group of up.sh's" >&2 && exit 1 ;; esac

# Not those of another cluster, whose name may begin with this one.
groups() {
	find /sys/fs/cgroup -depth -type d -regex ".*/$stage\(-all\)?\(/.*\)?" "$@"
}

# Those of the second version end with their processes; of the first each has to be told.
kill_all() {
	local group pids
	for group in /sys/fs/cgroup/{,unified/}"$stage"{,-all}; do
		[ ! -e "$group/cgroup.kill" ] || echo 1 >"$group/cgroup.kill"
	done
	pids=$(groups -printf '%p/cgroup.procs\0' | xargs -0r cat 2>/dev/null | sort -u)
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || :
}

remove_groups() {
	groups -exec rmdir {} + 2>/dev/null
	[ -z "$(groups -print -quit)" ]
}

# Groups go before the last of their processes was waited for.
no_process() {
	! grep -qsE "/$stage(-all)?(/|\$)" /proc/[0-9]*/cgroup
}

for ((i = 0; ; i++)); do
	kill_all
	if remove_groups && no_process; then
		break
	fi
	if [ $i -ge 300 ]; then
		echo "down.sh: of $stage these stay:" >&2
		{ groups && grep -sE "/$stage(-all)?(/|\$)" /proc/[0-9]*/cgroup; } >&2 || :
		exit 1
	fi
	sleep 0.1
done
rm -rf "$dir"/{ready,failed,kubelet,kubeconfig,pki,bin,processes,group} "$dir"/*.pid "$dir"/*.stop
