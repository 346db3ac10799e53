#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `pale learn` as root where the kernel has BPF-LSM: what the kernel's programs tell becomes the same policy as what is seen from outside,
# nothing is lost, and programs run under it without a report.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	build=$PWD/build
	. tests/live/learn.bash
	learn_setup
	tries=2400
	# Of /usr and /etc nothing is newer than the run.
	sleep 1.1
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || {
		cat "$dir/said" "$policy" "$dir/report" || true
		jq -c .lost "$policy.runs" || true
	} 2>/dev/null
	local pid
	for pid in $(jobs -p); do kill "$pid" || true; done
	if [ -d /sys/fs/cgroup/learned ]; then
		echo 1 >/sys/fs/cgroup/learned/cgroup.kill
		sleep 0.3
		rmdir /sys/fs/cgroup/learned
	fi
	rm -rf "$dir"
}

@test "the kernel tells what can be seen from outside, and no less" {
	local program=$dir/data/try
	cp "$try" "$program"
	cat >"$dir/data/job" <<END
#!/bin/dash
$program read $dir/data/page
$program create $dir/data/new
$program rename $dir/data/new $dir/data/newer
$program chmod $dir/data/newer
$program unlink $dir/data/newer
$program mkdir $dir/data/folder
$program read /etc/no-such-file
$program bind 127.0.0.1 7107
$program connect 127.0.0.1 7108
$program udp 127.0.0.1 7109
$program socket 16
/usr/bin/sleep 60 &
/usr/bin/sleep 0.3
kill -TERM \$!
END
	chmod +x "$dir/data/job"
	sleep 1.1
	run -0 --separate-stderr "$pale" learn --profile t --unprivileged -o "$dir/out/u.pale" -- "$dir/data/job"
	rm -rf "$dir/data/folder"
	run -0 --separate-stderr "$pale" learn --profile t -o "$policy" -- "$dir/data/job"
	jq -e '.recorder == "bpf-lsm" and .complete and .program == "/usr/bin/dash"' "$policy.runs"
	diff <(rules "$dir/out/u.pale") <(rules "$policy")
	rules "$policy" | grep -x " *allow write, create, rename $dir/data/new"
	# Each executable's own.
	jq -e --arg program "$program" --arg page "$dir/data/page" '[.observations[] | select(.object == $page) | .executable] == [$program]' "$policy.runs"
	[ ! -e "$policy.recording" ]
	run -1 compgen -G '/sys/fs/cgroup/pale-learn-*'
}

@test "calls are counted with their arguments, mounts are no loss, and nothing is stopped" {
	run -0 --separate-stderr "$pale" learn --profile t --weights "$dir/weights" -o "$policy" -- /usr/bin/python3 -c 'import os, socket
s = socket.socket()
for i in range(1000): s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE); os.getppid()
os.system("mkdir -p '"$dir"'/mnt && mount -t tmpfs none '"$dir"'/mnt && umount '"$dir"'/mnt")'
	jq -e '.recorder == "bpf-lsm" and .complete' "$policy.runs"
	grep -x 'getppid 100[0-9]' "$dir/weights"
	jq -e '[.observations[] | select(.object == "getsockopt") | .count // 1] | add == 1000' "$policy.runs"
	jq -e 'any(.observations[]; .object == "socket" and .arguments.family == 2)' "$policy.runs"
	rules "$policy" | grep -E "^ *allow mount tmpfs on $dir/mnt/"
	observed capability | grep -x sys_admin
	# Not the launcher's own.
	[[ $(observed syscall) != *setns* ]]
}

@test "nginx, learned in two runs, then enforced without a report" {
	nginx_is_learned
	jq -se 'all(.recorder == "bpf-lsm")' "$policy.runs"
	jq -se 'all([.observations[].phases[]] | contains(["init", "steady"]))' "$policy.runs"
}

@test "a group: what runs in it, what comes in later, and one in which nothing runs yet" {
	local group=/sys/fs/cgroup/learned learner
	mkdir $group
	enter() { # SCRIPT: in the group
		sh -c "echo 0 >$group/cgroup.procs; $1"
	}
	enter "while [ ! -e $dir/go ]; do sleep 0.1; done; exec $try read $dir/data/page" 3>&- &
	own=$!
	"$pale" learn --profile t --cgroup $group -o "$policy" 2>"$dir/said" 3>&- &
	learner=$!
	until_true grep -q 'is recorded' "$dir/said"
	touch "$dir/go"
	wait $own
	wait $learner
	jq -e '.recorder == "bpf-lsm" and [.lost[].why] == ["what was done before the recording began"]' "$policy.runs"
	observed read | grep -x "$dir/data/page"

	rm "$policy" "$policy.runs" "$dir/said"
	"$pale" learn --profile t --cgroup $group -o "$policy" 2>"$dir/said" 3>&- &
	learner=$!
	until_true grep -q 'is recorded' "$dir/said"
	enter "exec sh -c '$try read $dir/data/page; $try connect 127.0.0.1 7108'" || true
	wait $learner
	jq -e '.recorder == "bpf-lsm" and .complete and .program == "/usr/bin/dash"' "$policy.runs"
	observed read | grep -x "$dir/data/page"
	observed connect | grep -x 'tcp 127.0.0.1:7108'
	rules "$policy" | grep -x " *allow exec .*$try.*"
}
