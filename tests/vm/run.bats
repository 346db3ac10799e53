#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `pale run` as root in a kernel with BPF-LSM and AppArmor.

bats_require_minimum_version 1.5.0
load lib

setup() {
	root=$(realpath "$BATS_TEST_DIRNAME/../..")
	build=$root/build
	pale=$build/pale
	try=$build/tests/live/try
	dir=$(mktemp -d /tmp/pale-run-XXXXXX)
	mkdir "$dir/data" "$dir/other"
	echo secret >"$dir/other/secret"
	echo page >"$dir/data/page"
	cat >"$dir/t.pale" <<END
use base/libc, base/null
profile t {
    include libc, null
    process {
        allow exec $build/tests/live/*, /usr/bin/{dash,sleep,true,cat}
        allow exec $dir/data/tool
        allow signal to self
    }
    file {
        allow read, write, create, delete $dir/data/**
        deny write $dir/data/page
        allow read /usr/bin/*
        allow read $dir/data/**
    }
    network { allow connect tcp 127.0.0.1:7001 }
    syscall { allow kill }
    limit { processes 40; memory 256M; cpu 90%; open-files 64 }
}
END
}

teardown() {
	rm -rf "$dir"
}

run_pale() {
	"$pale" run -I "$root/profiles" -p "$dir/t.pale" --allow-partial --report "$dir/report" "$@"
}

@test "status shows them all" {
	run -0 "$pale" status
	echo "$output"
	[[ $output == *"seccomp    yes"* && $output == *"landlock   yes"* && $output == *"bpf-lsm    yes"* && $output == *"apparmor   yes"* ]]
	[[ $output == *"open-files, file-size, processes, memory, cpu"* ]]
}

# Loading the programs takes seconds in here, so each test makes the most of one run.
bpf="bpf-lsm,seccomp,cgroup"

# reported FILTER: exactly one report fits.
reported() {
	jq -es "map(select($1)) | length == 1" "$dir/report" || {
		cat "$dir/report"
		return 1
	}
}

@test "BPF-LSM refuses, and each refusal is reported with its line; limits are in the cgroup" {
	cp "$try" "$dir/data/tool"
	sleep 0.1 # or it would be drift
	# Without the policy all of it works.
	[ "$("$try" read "$dir/other/secret")" = ok ]
	[ "$("$try" write "$dir/data/page")" = ok ]
	[ "$("$try" connect 127.0.0.1 7002)" = ECONNREFUSED ]
	/usr/bin/id
	cat >"$dir/acts" <<END
$try read $dir/data/page
$dir/data/tool read $dir/data/page
$try read $dir/other/secret
$try write $dir/data/page
$try connect 127.0.0.1 7001
$try connect 127.0.0.1 7002
/usr/bin/id
cat $try >$dir/data/tool
$dir/data/tool read $dir/data/page
: >$dir/data/ready
while [ ! -e $dir/data/go ]; do sleep 0.1; done
exit 3
END
	cp "$dir/acts" "$dir/data/acts"
	"$pale" run -I "$root/profiles" -p "$dir/t.pale" --allow-partial --report "$dir/report" -m $bpf --container c1 -- \
		/usr/bin/dash "$dir/data/acts" >"$dir/out" 2>"$dir/err" 3>&- &
	pid=$!
	wait_until 60 test -e "$dir/data/ready"
	group=/sys/fs/cgroup/pale-run-$pid
	cat "$dir/out" "$dir/err"
	[ "$(cat "$group/pids.max")" = 40 ]
	[ "$(cat "$group/memory.max")" = 268435456 ]
	[ "$(cat "$group/cpu.max")" = "90000 100000" ]
	: >"$dir/data/go"
	status=0
	wait $pid || status=$?
	[ $status -eq 3 ]
	[ ! -e "$group" ]
	[ "$(head -n 6 "$dir/out")" = $'ok\nok\nEACCES\nEACCES\nECONNREFUSED\nEACCES' ]
	[ "$(wc -l <"$dir/out")" = 6 ]
	reported ".operation == \"read\" and .object == \"$dir/other/secret\" and .line == 2 and .outcome == \"refused\""
	reported ".operation == \"write\" and .object == \"$dir/data/page\" and .line == 11"
	reported ".operation == \"connect\" and .object == \"tcp 127.0.0.1:7002\" and .line == 2"
	reported ".operation == \"exec\" and .object == \"/usr/bin/id\" and .line == 2"
	reported ".operation == \"exec\" and .object == \"$dir/data/tool\" and .line == 2"
	[ "$(wc -l <"$dir/report")" = 5 ]
	jq -es 'all(.mechanism == "bpf-lsm" and .container == "c1" and .process.executable != "" and .parent.pid > 0)' "$dir/report"
	grep -q "t.pale:2:1: denied: read $dir/other/secret  (pid [0-9]* $try, container c1, bpf-lsm)" "$dir/err"
	grep -q 'note: the file was made or changed since the start' "$dir/err"
}

@test "both modules together: what is allowed passes without a report, the rest is refused, nothing stays loaded" {
	# Other suites leave profiles of their own behind.
	loaded=$(sort /sys/kernel/security/apparmor/profiles)
	# Without --allow-partial: nothing is inexact.
	run -0 --separate-stderr "$pale" run -I "$root/profiles" -p "$dir/t.pale" -- "$try" read "$dir/data/page"
	echo "$output / $stderr"
	[ "$output / $stderr" = "ok / " ]
	run -1 --separate-stderr run_pale -- /usr/bin/dash -c "$try read $dir/data/page; $try create $dir/data/new; $try read $dir/other/secret"
	echo "$output / $stderr"
	[ "$output" = $'ok\nok\nEACCES' ]
	[ "$(jq -s 'map(select(.object != "'"$dir/other/secret"'")) | length' "$dir/report")" = 0 ]
	[ "$(sort /sys/kernel/security/apparmor/profiles)" = "$loaded" ]
	[ -z "$(find /sys/fs/cgroup -name 'pale-run-*')" ]
}

@test "a sub-profile is entered under both modules" {
	cat >"$dir/s.pale" <<END
use base/libc
profile s {
    include libc
    process {
        allow exec /usr/bin/{dash,cat}
        allow exec $try as reader
    }
    file { allow read $dir/data/** }
    profile reader {
        include libc
        process { allow exec $try }
        file { allow read $dir/other/** }
    }
}
END
	run --separate-stderr "$pale" run -I "$root/profiles" -p "$dir/s.pale" --allow-partial --report "$dir/report" -- \
		/usr/bin/dash -c "$try read $dir/other/secret; $try read $dir/data/page; cat $dir/data/page; cat $dir/other/secret"
	echo "$output / $stderr"
	[ "$output" = $'ok\nEACCES\npage' ]
}

@test "--audit lets pass and reports" {
	run -0 --separate-stderr "$pale" run --audit -I "$root/profiles" -p "$dir/t.pale" --report "$dir/report" -- "$try" read "$dir/other/secret"
	echo "$output / $stderr"
	[ "$output" = ok ]
	jq -es 'length == 1 and .[0].outcome == "audited" and .[0].mechanism == "bpf-lsm"' "$dir/report"
}

@test "when pale is killed, what it confined is too" {
	"$pale" run -I "$root/profiles" -p "$dir/t.pale" --allow-partial -m $bpf -- \
		/usr/bin/dash -c "sleep 100 & : >$dir/data/ready; sleep 100" 3>&- &
	pid=$!
	wait_until 60 test -e "$dir/data/ready"
	group=/sys/fs/cgroup/pale-run-$pid
	grep -q 'populated 1' "$group/cgroup.events"
	kill -KILL $pid
	wait_until 10 grep -q 'populated 0' "$group/cgroup.events"
	rmdir "$group"
}
