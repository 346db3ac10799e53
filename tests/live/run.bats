# SPDX-License-Identifier: Apache-2.0
# `pale run` on this host: seccomp and Landlock, as root and as nobody. Each refusal is first shown to succeed without the policy.
# shellcheck shell=bash disable=SC2016,SC2034

bats_require_minimum_version 1.5.0

setup() {
	build=$(realpath "${PALE_BUILD:-build}")
	pale=$build/pale
	try=$build/tests/live/try
	# Where nobody may look, too.
	dir=$(mktemp -d /tmp/pale-run-XXXXXX)
	chmod 755 "$dir"
	mkdir -m 777 "$dir/data" "$dir/other" "$dir/sub"
	echo secret >"$dir/other/secret"
	echo page >"$dir/data/page"
	chmod 666 "$dir/other/secret" "$dir/data/page"
	cp "$try" "$dir/data/tool"
	cat >"$dir/t.pale" <<END
use base/libc, base/null
profile t {
    include libc, null
    process { allow exec $build/tests/live/{try,try_priority}, /usr/bin/{dash,sleep,true,cat,env} }
    file {
        allow read /usr/bin/*, $dir/data/**
        allow read, write, create, delete $dir/data/**
        deny write $dir/data/page
    }
    network { allow connect tcp *:7001 }
    syscall {
        kill ptrace
        audit getpriority
        deny socket(family == 16) errno ENOTSUP
        quiet deny personality(personality == 8)
        allow kill
    }
    process { allow signal to self }
    limit { open-files 64; file-size 1M }
}
END
}

teardown() {
	rm -rf "$dir"
}

run_pale() {
	"$pale" run -I profiles -p "$dir/t.pale" --allow-partial --report "$dir/report" "$@"
}

# expect_refused LINE OPERATION OBJECT: exactly one report speaks of it, and has this line.
expect_refused() {
	jq -es --argjson line "$1" --arg operation "$2" --arg object "$3" \
		'map(select(.operation == $operation and .object == $object)) |
		length == 1 and .[0].line == $line and .[0].verdict == "deny" and .[0].outcome == "refused"' "$dir/report" || {
		cat "$dir/report"
		return 1
	}
}

# A thing that works, then does not under the policy: refuses LINE OPERATION OBJECT ERRNO ACT…
refuses() {
	local line=$1 operation=$2 object=$3 errno=$4
	shift 4
	[ "$("$try" "$@")" = ok ]
	run -1 --separate-stderr run_pale -- "$try" "$@"
	[ "$output" = "$errno" ]
	expect_refused "$line" "$operation" "$object"
	[[ $stderr == *"t.pale:$line:"*"denied: $operation $object"* ]]
}

@test "what the policy allows works, and nothing is reported" {
	for act in "read $dir/data/page" "create $dir/data/new" "append $dir/data/new" "unlink $dir/data/new"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr run_pale -- "$try" $act
		[ "$output" = ok ]
		[ ! -s "$dir/report" ]
	done
}

@test "reading what no rule allows is refused by the default, with a hint" {
	refuses 2 read "$dir/other/secret" EACCES read "$dir/other/secret"
	[[ $stderr == *"nearest: "*"allow read"*"hint: 'allow read $dir/other/secret' would allow it"* ]]
}

@test "writing, creating and deleting elsewhere are refused" {
	refuses 2 write "$dir/other/secret" EACCES write "$dir/other/secret"
	refuses 2 write "$dir/other/secret" EACCES truncate "$dir/other/secret"
	refuses 2 append "$dir/other/secret" EACCES append "$dir/other/secret"
	rm -f "$dir/other/a" && "$try" create "$dir/other/a" && rm "$dir/other/a"
	run -1 --separate-stderr run_pale -- "$try" create "$dir/other/a"
	expect_refused 2 create "$dir/other/a"
	[ ! -e "$dir/other/a" ]
	run -1 --separate-stderr run_pale -- "$try" mkdir "$dir/other/b"
	expect_refused 2 create "$dir/other/b/"
	run -1 --separate-stderr run_pale -- "$try" unlink "$dir/other/secret"
	expect_refused 2 delete "$dir/other/secret"
	[ -e "$dir/other/secret" ]
}

@test "renaming and linking to elsewhere are refused" {
	"$try" rename "$dir/other/secret" "$dir/other/b" && "$try" link "$dir/other/b" "$dir/other/secret"
	run -1 --separate-stderr run_pale -- "$try" rename "$dir/data/page" "$dir/other/page"
	[ -e "$dir/data/page" ]
	expect_refused 2 rename "$dir/data/page"
	# Once the call is among those allowed, Landlock is what refuses.
	sed -i 's/read, write, create, delete/&, rename/' "$dir/t.pale"
	run -1 --separate-stderr run_pale -- "$try" rename "$dir/data/page" "$dir/other/page"
	[ -e "$dir/data/page" ]
	expect_refused 2 rename "$dir/other/page"
	run -1 --separate-stderr run_pale -- "$try" link "$dir/other/secret" "$dir/data/l"
	expect_refused 2 link "$dir/other/secret"
	[ ! -e "$dir/data/l" ]
}

@test "a symbolic link grants nothing" {
	ln -s "$dir/other/secret" "$dir/data/link"
	refuses 2 read "$dir/other/secret" EACCES read "$dir/data/link"
}

@test "running what no rule allows is refused" {
	refuses 2 exec /usr/bin/id EACCES exec /usr/bin/id || {
		# exec of id prints no "ok"; shown by its status instead
		"$try" exec /usr/bin/id
		run -1 --separate-stderr run_pale -- "$try" exec /usr/bin/id
		[ "$output" = EACCES ]
		expect_refused 2 exec /usr/bin/id
	}
}

@test "a program that was just made is not run, and the report says why" {
	"$dir/data/tool" read "$dir/data/page"
	sed -i "s|/usr/bin/{dash|$dir/data/tool, &|" "$dir/t.pale"
	run_pale -- /usr/bin/dash -c "cat $try > $dir/data/tool; exec $dir/data/tool read $dir/data/page" 2>"$dir/err" && return 1
	jq -es 'map(select(.operation == "exec" and (.object | endswith("/data/tool")) and .outcome == "refused")) | length == 1' "$dir/report"
	grep -q 'made or changed since the start' "$dir/err"
}

@test "connecting elsewhere is refused" {
	run "$try" connect 127.0.0.1 7002
	[ "$output" = ECONNREFUSED ]
	run -1 --separate-stderr run_pale -- "$try" connect 127.0.0.1 7002
	[ "$output" = EACCES ]
	expect_refused 2 connect "tcp 127.0.0.1:7002"
	run -1 --separate-stderr run_pale -- "$try" connect 127.0.0.1 7001
	[ "$output" = ECONNREFUSED ]
	[ ! -s "$dir/report" ]
}

@test "and so is connecting by sending" {
	run "$try" fastopen 127.0.0.1 7002
	[ "$output" = ECONNREFUSED ]
	run -1 --separate-stderr run_pale -- "$try" fastopen 127.0.0.1 7002
	[ "$output" = EACCES ]
	expect_refused 2 connect "tcp 127.0.0.1:7002"
	run -1 --separate-stderr run_pale -- "$try" fastopen 127.0.0.1 7001
	[ "$output" = ECONNREFUSED ]
	[ ! -s "$dir/report" ]
}

@test "mounting and loading a module are refused as system calls" {
	run -1 --separate-stderr run_pale -- "$try" mount
	[ "$output" = EPERM ]
	expect_refused 2 syscall mount
	run -1 --separate-stderr run_pale -- "$try" module
	[ "$output" = EPERM ]
	expect_refused 2 syscall init_module
}

@test "a kill rule kills the process and names its line" {
	[ "$("$try" ptrace)" = ok ]
	run -137 --separate-stderr run_pale -- "$try" ptrace
	jq -es 'length == 1 and .[0].operation == "syscall" and .[0].object == "ptrace" and .[0].outcome == "killed" and .[0].line == 12' "$dir/report"
	[[ $stderr == *":12:9: killed: syscall ptrace(request="* ]]
	[[ $stderr == *"   12 |         kill ptrace"* ]]
}

@test "an errno of a rule is what the program sees" {
	[ "$("$try" socket 16)" = ok ]
	run -1 --separate-stderr run_pale -- "$try" socket 16
	[ "$output" = EOPNOTSUPP ] || [ "$output" = ENOTSUP ]
	expect_refused 14 syscall socket
	jq -e '.syscall.arguments[0] == "0x10" and .syscall.name == "socket" and .rule_id != null' "$dir/report"
}

@test "every report has who, where and what" {
	run -1 --separate-stderr run_pale --container web-7f -- "$try" read "$dir/other/secret"
	jq -e --arg file "$dir/t.pale" --arg tool "$try" '
		.profile == "t" and .file == $file and .line == 2 and .rule == "deny read by default" and .default == true and
		(.rule_id | length) == 16 and .operation == "read" and .mechanism == "landlock" and .verdict == "deny" and
		.process.executable == $tool and (.process.pid | type) == "number" and
		(.parent.executable | endswith("/pale")) and .container == "web-7f" and
		(.time | startswith("20")) and .syscall.name == "openat" and (.syscall.arguments | length) == 6' "$dir/report"
	[[ $stderr == *", container web-7f, landlock)"* ]]
}

@test "an audit rule reports and lets pass" {
	run -0 --separate-stderr run_pale -- "$build/tests/live/try_priority"
	jq -es 'length == 1 and .[0].outcome == "audited" and .[0].verdict == "allow" and .[0].line == 13' "$dir/report"
}

@test "a file that is not there is not a violation" {
	run -1 --separate-stderr run_pale -- "$try" read "$dir/other/missing"
	[ "$output" = ENOENT ] || [ "$output" = EACCES ]
	[ ! -s "$dir/report" ]
}

@test "what Landlock lets pass is said to pass" {
	chmod 600 "$dir/data/page"
	run -0 --separate-stderr run_pale -- "$try" write "$dir/data/page"
	jq -es 'length == 1 and .[0].outcome == "not-enforced" and .[0].line == 8 and .[0].operation == "write"' "$dir/report"
	[[ $stderr == *"not enforced: write $dir/data/page"*"landlock lets this pass here"* ]]
}

@test "it refuses to start when a rule is not exact, naming each, and runs nothing" {
	run -3 --separate-stderr "$pale" run -I profiles -p "$dir/t.pale" -- "$try" create "$dir/data/new"
	[ ! -e "$dir/data/new" ]
	[ -z "$output" ]
	[[ $stderr == *"t.pale:8:9: deny write $dir/data/page: "*"for write"* ]]
	[[ $stderr == *"t.pale:2:1: deny map by default: unenforced for map"* ]]
	[[ $stderr == *"cannot be enforced exactly here by seccomp, landlock, cgroup"*"nothing was started"*"hint: --allow-partial"* ]]
}

@test "rules are accepted one by one by their identifiers" {
	"$pale" run -I profiles -p "$dir/t.pale" -- "$try" read "$dir/data/page" 2>"$dir/err" || true
	ids=$(sed -n 's/.* (\([0-9a-f]\{16\}\))$/\1/p' "$dir/err" | paste -sd,)
	run -0 --separate-stderr "$pale" run -I profiles -p "$dir/t.pale" "--allow-partial=$ids" -- "$try" read "$dir/data/page"
	[[ $stderr == *"not enforced exactly here"* ]]
	run -3 --separate-stderr "$pale" run -I profiles -p "$dir/t.pale" "--allow-partial=${ids#*,}" -- "$try" read "$dir/data/page"
	[ "$(grep -c ' ([0-9a-f]\{16\})$' <<<"$stderr")" -eq 1 ]
	run -2 "$pale" run -I profiles -p "$dir/t.pale" --allow-partial=0123456789abcdef -- true
}

@test "--audit refuses nothing and reports what would have been" {
	run -0 --separate-stderr "$pale" run --audit -I profiles -p "$dir/t.pale" --report "$dir/report" -- /usr/bin/dash -c \
		"$try read $dir/other/secret; $try write $dir/other/secret; $try ptrace; $try mount; umount /mnt; /usr/bin/id >/dev/null"
	[ "$output" = $'ok\nok\nok\nok' ]
	for want in "read $dir/other/secret" "write $dir/other/secret" "syscall ptrace" "syscall mount" "exec /usr/bin/id"; do
		jq -es --arg want "$want" 'map(select((.operation + " " + .object) == $want and .outcome == "audited" and .verdict == "deny")) | length >= 1' "$dir/report"
	done
	[[ $stderr == *"would be denied: read $dir/other/secret"* ]]
	[[ $stderr == *"would be killed: syscall ptrace"* ]]
}

@test "the command's own status is passed on" {
	run -7 run_pale -- /usr/bin/dash -c 'exit 7'
	run -143 run_pale -- /usr/bin/dash -c 'kill -TERM $$'
	run -0 run_pale -- true
	# And when who started it ignores how its children end.
	run -7 timeout 20 env --ignore-signal=CHLD "$pale" run -I profiles -p "$dir/t.pale" --allow-partial -- /usr/bin/dash -c 'exit 7'
}

@test "a command that cannot be executed is 126 or 127" {
	run -127 --separate-stderr run_pale -- no-such-command
	[[ $stderr == *"no-such-command: command not found"* ]]
	run -127 run_pale -- "$dir/none"
	run -126 run_pale -- "$dir/data/page"
	run -126 --separate-stderr run_pale -- /usr/bin/id
	[[ $stderr == *"/usr/bin/id: Permission denied"* ]]
	expect_refused 2 exec /usr/bin/id
}

@test "what the command leaves behind stays confined and reported until it ends" {
	run -5 --separate-stderr run_pale -- /usr/bin/dash -c "(sleep 0.5; $try read $dir/other/secret; $try create $dir/data/done) </dev/null >/dev/null & exit 5"
	expect_refused 2 read "$dir/other/secret"
	[ -e "$dir/data/done" ]
}

@test "signals reach the command" {
	"$pale" run -I profiles -p "$dir/t.pale" --allow-partial -- /usr/bin/dash -c \
		"trap 'exit 9' TERM; : >$dir/data/ready; while :; do sleep 0.1; done" &
	pid=$!
	for _ in $(seq 100); do
		[ -e "$dir/data/ready" ] && break
		sleep 0.05
	done
	kill -TERM $pid
	run -9 wait $pid || { status=0; wait $pid || status=$?; [ $status -eq 9 ]; }
}

@test "rlimits and capabilities are those of the policy" {
	run -0 --separate-stderr run_pale -- "$try" limit
	[[ $output == *"files=64 size=1048576"* ]]
	[[ $output == *$'CapPrm:\t0000000000000000'*$'CapBnd:\t0000000000000000'* ]]
	[[ $output == *$'NoNewPrivs:\t1'* ]]
}

@test "root that may not change its bounding set drops capabilities all the same" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	run -0 --separate-stderr setpriv --bounding-set=-setpcap "$pale" run -I profiles -p "$dir/t.pale" --allow-partial -- "$try" limit
	[[ $output == *$'CapPrm:\t0000000000000000'*$'CapEff:\t0000000000000000'* ]]
	sed -i 's/limit {/allow capability chown; &/' "$dir/t.pale"
	run -0 --separate-stderr run_pale -- "$try" limit
	[[ $output == *$'CapPrm:\t0000000000000001'*$'CapBnd:\t0000000000000001'* ]]
	run -0 --separate-stderr setpriv --bounding-set=-setpcap "$pale" run -I profiles -p "$dir/t.pale" --allow-partial -- "$try" limit
	[[ $output == *$'CapPrm:\t0000000000000001'*$'CapEff:\t0000000000000001'* ]]
}

@test "a reader of the reports that goes away does not end the command" {
	run -0 bash -c "set -o pipefail; $pale run -I profiles -p $dir/t.pale --allow-partial -- /usr/bin/dash -c \
		'sleep 0.3; $try read $dir/other/secret; : >$dir/data/after; exit 0' 2>&1 >/dev/null | head -n 1"
	[ -e "$dir/data/after" ]
}

@test "nobody may use it, too" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	cp -r profiles "$dir/profiles"
	chmod -R a+rX "$dir"
	rm -f "$dir/report"
	touch "$dir/report" && chmod 666 "$dir/report"
	cp "$pale" "$try" "$dir/"
	sed -i "s|allow exec $build/tests/live/{try,try_priority}|allow exec $dir/try|" "$dir/t.pale"
	nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all)
	[ "$("${nobody[@]}" "$dir/try" read "$dir/other/secret")" = ok ]
	run -1 --separate-stderr "${nobody[@]}" "$dir/pale" run -I "$dir/profiles" -p "$dir/t.pale" --allow-partial --report "$dir/report" -- \
		"$dir/try" read "$dir/other/secret"
	[ "$output" = EACCES ]
	expect_refused 2 read "$dir/other/secret"
	[ "$("${nobody[@]}" "$dir/try" ptrace)" = ok ]
	run -137 --separate-stderr "${nobody[@]}" "$dir/pale" run -I "$dir/profiles" -p "$dir/t.pale" --allow-partial --report "$dir/report" -- "$dir/try" ptrace
	run -0 --separate-stderr "${nobody[@]}" "$dir/pale" run -I "$dir/profiles" -p "$dir/t.pale" --allow-partial --report "$dir/report" -- \
		"$dir/try" create "$dir/data/by-nobody"
}

@test "a wrong policy is 1, a wrong option 2, a mechanism that is not there 3" {
	echo 'profile x { file { allow raed /x } }' >"$dir/bad.pale"
	run -1 --separate-stderr "$pale" run -p "$dir/bad.pale" -- true
	[[ $stderr == *"bad.pale:1:26: error: "* ]]
	run -1 "$pale" run -p "$dir/none.pale" -- true
	run -1 "$pale" run -I profiles -p "$dir/t.pale:nosuch" -- true
	run -2 "$pale" run -- true
	run -2 "$pale" run -p "$dir/t.pale"
	run -2 --separate-stderr "$pale" run -p "$dir/t.pale" -I profiles --mechanisms landlok -- true
	[[ $stderr == *"unknown mechanism 'landlok', did you mean 'landlock'?"* ]]
	run -3 --separate-stderr "$pale" run -p "$dir/t.pale" -I profiles --mechanisms bpf-lsm -- true
	[[ $stderr == *"bpf-lsm is not available here: "* ]]
}

@test "a rule that would deny through a symbolic link does not start" {
	ln -s "$dir/other" "$dir/alias"
	sed -i "s|deny write $dir/data/page|deny write $dir/alias/secret|" "$dir/t.pale"
	run -3 --separate-stderr run_pale -- true
	[[ $stderr == *"t.pale:8:"*"$dir/other"* ]]
}

@test "nor one that names it among many others" {
	ln -s "$dir/other" "$dir/alias"
	many=$(seq -s, 100 | sed 's/,$//')
	sed -i "s|deny write $dir/data/page|deny write $dir/{$many,alias}/secret|" "$dir/t.pale"
	run -3 --separate-stderr run_pale -- true
	[[ $stderr == *"t.pale:8:"*"$dir/other"* ]]
}

@test "what the filter refuses is told by the rule that speaks of it" {
	sed -i "s|deny write $dir/data/page|quiet deny link $dir/data/**; deny setattr $dir/data/** errno EROFS; kill rename $dir/data/**|" "$dir/t.pale"
	run -1 --separate-stderr run_pale -- "$try" link "$dir/data/page" "$dir/data/b"
	[ "$output" = EACCES ]
	[ ! -s "$dir/report" ]
	run -1 --separate-stderr run_pale -- "$try" chmod "$dir/data/page"
	[ "$output" = EROFS ]
	expect_refused 8 setattr "$dir/data/page"
	run -137 --separate-stderr run_pale -- "$try" rename "$dir/data/page" "$dir/data/b"
	[ -e "$dir/data/page" ]
	jq -es 'length == 1 and .[0].line == 8 and .[0].outcome == "killed" and .[0].operation == "rename"' "$dir/report"
}

@test "a path longer than the kernel tells is refused, and counted" {
	# From within 30 directories with names of 200 bytes each.
	deep='
import os, sys
os.chdir(sys.argv[1])
for i in range(30):
    os.mkdir("d" * 200) if not os.path.exists("d" * 200) else None
    os.chdir("d" * 200)
open("f", "w").write("x")
os.execv(sys.argv[2], sys.argv[2:])'
	[ "$(python3 -c "$deep" "$dir/other" "$try" read f)" = ok ]
	run -1 --separate-stderr python3 -c "$deep" "$dir/other" "$pale" run -I "$PWD/profiles" -p "$dir/t.pale" --allow-partial -- "$try" read f
	[ "$output" = EACCES ]
	[[ $stderr == *"the objects of 1 call could not be told"* ]]
}

@test "children that a shell had before it became pale are left alone" {
	# shellcheck disable=SC2016
	run -0 --separate-stderr bash -c 'sleep 1000 >/dev/null 2>&1 3>&- & echo $!; exec "$@"' bash \
		"$pale" run -I profiles -p "$dir/t.pale" --allow-partial -- true
	kill "$output"
}

@test "--mechanisms takes only those" {
	run -0 --separate-stderr run_pale --mechanisms seccomp -- "$try" read "$dir/other/secret"
	[ "$output" = ok ]
	run -1 --separate-stderr run_pale --mechanisms landlock -- "$try" read "$dir/other/secret"
	[ "$output" = EACCES ]
}

@test "no cgroup stays behind" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	sed -i 's/limit {/limit { processes 50;/' "$dir/t.pale"
	"$pale" run -I profiles -p "$dir/t.pale" --allow-partial -- sleep 0.5 &
	pid=$!
	sleep 0.25
	if [ -e /sys/fs/cgroup/cgroup.procs ]; then group=/sys/fs/cgroup; else group=/sys/fs/cgroup/unified; fi
	[ -n "$(find $group -name "pale-run-$pid")" ]
	wait $pid
	[ -z "$(find $group -name "pale-run-$pid")" ]
}

@test "a cgroup of its name that a killed one left, or one of another pid namespace has, is in nobody's way" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	sed -i 's/limit {/limit { processes 50;/' "$dir/t.pale"
	if [ -e /sys/fs/cgroup/cgroup.procs ]; then group=/sys/fs/cgroup; else group=/sys/fs/cgroup/unified; fi
	run -0 --separate-stderr bash -c 'mkdir "$0/pale-run-$$" && echo $$ && exec "$@"' $group \
		"$pale" run -I profiles -p "$dir/t.pale" --allow-partial -- true
	rmdir "$group/pale-run-$output"
	[ -z "$(find $group -name "pale-run-$output*")" ]
}
