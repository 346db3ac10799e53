# SPDX-License-Identifier: Apache-2.0
#
# For bats suites in the guest: load lib. Nothing here prints unless something is wrong.

# wait_until SECONDS COMMAND...: 0 as soon as the command succeeds.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		if ((SECONDS >= end)); then
			echo "waited in vain for: $*"
			return 1
		fi
		sleep 0.1
	done
}

# tcp_listens PORT: looks on from outside, so that no server sees a connection that is not a test's.
tcp_listens() {
	local hex address state
	printf -v hex '%04X' "$1"
	while read -r _ address _ state _; do
		# 0A is TCP_LISTEN, Linux include/net/tcp_states.h.
		[ "$state" = 0A ] && [ "${address##*:}" = "$hex" ] && return 0
	done < <(cat /proc/net/tcp /proc/net/tcp6)
	return 1
}

# wait_for_tcp PORT [SECONDS]
wait_for_tcp() {
	wait_until "${2:-10}" tcp_listens "$1"
}

# cgroup_new: sets cgroup to a new, empty cgroup with all controllers of the guest.
cgroup_new() {
	cgroup=$(mktemp -d /sys/fs/cgroup/test.XXXXXX)
}

# cgroup_run COMMAND...: runs it in $cgroup; no process is in there before.
cgroup_run() (
	echo "$BASHPID" >"$cgroup/cgroup.procs" || exit
	exec "$@"
)

# cgroup_remove: kills all in every cgroup that cgroup_new made and removes them with those below.
cgroup_remove() {
	local dir
	for dir in /sys/fs/cgroup/test.*; do
		[ -d "$dir" ] || continue
		echo 1 >"$dir/cgroup.kill"
		wait_until 10 grep -qx 'populated 0' "$dir/cgroup.events" || return
		find "$dir" -depth -type d -exec rmdir {} + || return
	done
}

# dump_report FILE...: in teardown, shows what a failed test left to read.
dump_report() {
	[ -z "${BATS_TEST_COMPLETED:-}" ] || return 0
	local file
	for file in "$@"; do
		if [ -s "$file" ]; then
			echo "$file:"
			cat "$file"
		else
			echo "$file: $([ -e "$file" ] && echo empty || echo absent)"
		fi
	done
}
