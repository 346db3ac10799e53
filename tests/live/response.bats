# SPDX-License-Identifier: Apache-2.0
# What paled does about violations, where seccomp refuses, to containers with cgroups of both versions, and of version 1 alone.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup_file() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	work=$(mktemp -d)
	real=runc
	export PALE_BUILD work real
	. tests/live/response.bash
	# PROC_PID_INIT_INO
	[ "$(stat -L -c %i /proc/self/ns/pid)" = 4026531836 ] || skip 'this is not the initial process namespace'
	configure
	start_responder
}

teardown_file() {
	. tests/live/response.bash
	stop_paled
	rm -rf "$work"
}

setup() {
	. tests/live/response.bash
	id=c$BATS_TEST_NUMBER
}

teardown() {
	[ ! -e "$work/fifo/$id" ] || end_container "$id"
	configure
}

@test "without a response the attack goes on, and is reported" {
	container "$id" /data/progress
	goes_on "$id"
	until_true 20 [ "$(violations "$id" 'select(.rule == "deny sethostname")' | wc -l)" -gt 3 ]
	[ -z "$(responses "$id" .)" ]
}

@test "freeze: the attack stands still until pale thaw" {
	container "$id" /data/progress
	goes_on "$id"
	configure 'responses:\n  - rule: deny sethostname\n    action: freeze\n'
	until_true 20 responded "$id" '.done and .action == "freeze"'
	[ "$(state "$id")" = frozen ]
	stands_still "$id"
	[ "$(responses "$id" . | wc -l)" = 1 ]
	responses "$id" . | jq -e '.cause.rule == "deny sethostname" and .cause.file == "repeated_attack.pale" and .cause.line == 16 and
		.cause.violations == 1 and .cause.object == "sethostname" and .cause.operation == "syscall" and (.cause.time | length > 20)'
	# It would be frozen again.
	configure
	run -0 pale thaw "$id"
	[ "$output" = "$id: thawed" ]
	goes_on "$id"
	[ "$(state "$id")" = running ]
	[ "$(events "$id" 'select(.kind == "thawed") | .uid')" = 0 ]
	run -3 pale thaw "$id"
	[ "$output" = "pale thaw: container '$id' was not frozen by a response" ]
	run -3 pale thaw nobody
	[ "$output" = "pale thaw: there is no container 'nobody', or more than one" ]
}

@test "paled's sudden end leaves a container frozen, and the next one knows it" {
	container "$id" /data/progress
	configure 'responses:\n  - { rule: "repeated_attack.pale:16", profile: attacked, action: freeze }\n'
	until_true 20 responded "$id" .done
	configure
	kill -9 "$paled"
	until_true 20 has_ended "$paled"
	stands_still "$id"
	start_responder
	[ "$(state "$id")" = frozen ]
	stands_still "$id"
	run -0 pale thaw "$id"
	goes_on "$id"
}

@test "a container that others let go is frozen no more" {
	container "$id" /data/progress
	configure 'responses:\n  - { rule: deny sethostname, action: freeze }\n'
	until_true 20 responded "$id" .done
	configure
	echo 0 >"/sys/fs/cgroup/unified/pale-response-$id/cgroup.freeze"
	goes_on "$id"
	until_true 20 is_in_state "$id" running
	[ -n "$(events "$id" 'select(.kind == "thawed" and (has("uid") | not))')" ]
}

@test "kill-process: those that violated, and no other" {
	container "$id" /data/progress 3
	goes_on "$id"
	configure 'responses:\n  - { rule: deny sethostname, action: kill-process }\n'
	until_true 20 has_processes 1
	stands_still "$id"
	[ "$(state "$id")" = running ]
	[ "$(responses "$id" 'select(.done) | .process.host_pid' | sort -u | wc -l)" = 3 ]
	responses "$id" 'select(.done)' | jq -se 'all(.[]; .action == "kill-process" and (.process.executable | endswith("/attack")))'
	# What it had done before its end was read later.
	[ -z "$(responses "$id" 'select(.done | not) | .error' | grep -v 'has ended"$')" ]
}
has_processes() {
	[ "$(wc -l <"/sys/fs/cgroup/pids/pale-response-$id/cgroup.procs")" = "$1" ]
}

@test "so many within a time, and not before" {
	container "$id" /data/progress
	configure 'responses:\n  - { violations: 20, within: 1h, action: kill-container, profile: other }\n  - { violations: 20, within: 1h, action: kill-container }\n'
	until_true 20 responded "$id" .done
	until_true 20 is_in_state "$id" stopped
	[ "$(violations "$id" . | wc -l)" -ge 20 ]
	responses "$id" . | jq -e '.action == "kill-container" and .cause.violations == 20 and .cause.within_ms == 3600000'
}

@test "kill-container: all of its processes" {
	container "$id" /data/progress 12
	goes_on "$id"
	[ "$(wc -l <"/sys/fs/cgroup/pids/pale-response-$id/cgroup.procs")" = 13 ]
	configure 'responses:\n  - { rule: deny sethostname, action: kill-container }\n'
	until_true 20 responded "$id" '.done and .action == "kill-container"'
	[ ! -s "/sys/fs/cgroup/pids/pale-response-$id/cgroup.procs" ]
	[ "$(state "$id")" = stopped ]
	stands_still "$id"
}

@test "a protected profile is left alone, and that is told, but not for each violation" {
	container "$id" /data/progress 20
	configure 'responses:\n  - { rule: deny sethostname, action: kill-container }\nprotected: [attacked]\n'
	until_true 20 responded "$id" '.done == false'
	goes_on "$id"
	[ "$(responses "$id" .error | sort -u)" = "\"profile 'attacked' is protected\"" ]
	until_true 20 responded "$id" '.skipped > 0'
}

@test "without the unified hierarchy: freeze and thaw" {
	hidden=/sys/fs/cgroup/unified container "$id" /data/progress 3
	goes_on "$id"
	configure 'responses:\n  - { rule: deny sethostname, action: freeze }\n'
	until_true 20 responded "$id" .done
	configure
	[ "$(cat "/sys/fs/cgroup/freezer/pale-response-$id/freezer.state")" = FROZEN ]
	stands_still "$id"
	run -0 pale thaw "$id"
	[ "$(cat "/sys/fs/cgroup/freezer/pale-response-$id/freezer.state")" = THAWED ]
	goes_on "$id"
}

@test "without the unified hierarchy: all of a container's processes are killed" {
	hidden=/sys/fs/cgroup/unified container "$id" /data/progress 30
	goes_on "$id"
	has_processes 31
	configure 'responses:\n  - { rule: deny sethostname, action: kill-container }\n'
	until_true 20 responded "$id" '.done and .action == "kill-container"'
	[ ! -s "/sys/fs/cgroup/pids/pale-response-$id/cgroup.procs" ]
	[ "$(state "$id")" = stopped ]
}

@test "paled is not killed with a container that it was moved into" {
	container "$id" /data/progress
	goes_on "$id"
	home=$(sed -n 's/^0::/\/sys\/fs\/cgroup\/unified/p' "/proc/$paled/cgroup")
	echo "$paled" >"/sys/fs/cgroup/unified/pale-response-$id/cgroup.procs"
	for action in kill-container freeze; do
		configure "responses:\n  - { rule: deny sethostname, action: $action }\n"
		until_true 20 responded "$id" ".action == \"$action\" and .done == false"
		responses "$id" "select(.action == \"$action\").error" | grep -q "^\"process [0-9]* is in its cgroup, which is paled, or above it\"$"
	done
	configure
	echo "$paled" >"$home/cgroup.procs"
	goes_on "$id"
	[ "$(state "$id")" = running ]
}

@test "a container that nothing names a policy for is watched by observe" {
	cp profiles/apps/observe.pale "$work/profiles/"
	configure 'default: observe\n'
	mkdir -p "$work/plain"/rootfs/{bin,dev,proc,sys,etc,root}
	cp /usr/bin/busybox "$work/plain/rootfs/bin/"
	echo root:x:0:0::/: >"$work/plain/rootfs/etc/passwd"
	(cd "$work/plain" && runc spec)
	jq '.process.terminal = false | .root.readonly = false | .process.args = ["/bin/busybox", "sh", "-c",
		"cd /bin && ./busybox chmod 700 /root && ./busybox chmod 4700 /root && ./busybox unshare -m ./busybox true; ./busybox cat /etc/passwd"] |
		del(.process.rlimits, .linux.resources, .linux.seccomp)' "$work/plain/config.json" >"$work/plain/new"
	mv "$work/plain/new" "$work/plain/config.json"
	run -0 unshare --mount --pid --fork --kill-child --mount-proc bash -c '"$PALE_BUILD/pale-runtime" --pale-runtime "$(command -v runc)" \
		--pale-socket "$work/run" --root "$work/runc" run --bundle "$work/plain" plain </dev/null 3>&-'
	# Nothing was hindered that would not have been so without it.
	[[ $output == *root:x:0:0::/:* ]]
	until_true 20 [ "$(violations plain . | wc -l)" -ge 2 ]
	[ "$(violations plain '[.object, .outcome, .rule[0:12], .file]')" = '["chmod","audited","audit chmod(","base/detect-kernel.pale"]
["unshare","audited","audit unshar","base/detect-kernel.pale"]' ]
	rm "$work/profiles/observe.pale"
}

@test "a rule that nobody has is told" {
	configure 'responses:\n  - { rule: deny sethostnam, action: freeze }\n'
	until_true 20 grep -q "paled.conf: no profile of this node has the rule 'deny sethostnam' of a response$" "$work/log"
}

@test "each was done within a second" {
	took=$(slowest)
	echo "# the slowest response took $took ms" >&3
	[ "$took" -le 1000 ]
}
