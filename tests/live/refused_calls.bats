# SPDX-License-Identifier: Apache-2.0
# What the filters of containers refuse is told, and nothing else, where the runtime cannot have the kernel tell it: runc 1.1 sets no
# SECCOMP_FILTER_FLAG_LOG. The containers and paled are real.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup_file() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	work=$(mktemp -d)
	real=runc
	export PALE_BUILD work real
	. tests/live/refused_calls.bash
	# PROC_PID_INIT_INO
	[ "$(stat -L -c %i /proc/self/ns/pid)" = 4026531836 ] || skip 'this is not the initial process namespace'
	start_paled
	links before
	make_bundle '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], syscalls: [{ names: ["sysinfo"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }] }'
	act web mkdir mkdir-32 mkdir-in-passing sethostname personality personality-new uname swapoff unknown sysinfo sigreturn >"$work/results"
	until_true 20 is_marked web
	make_bundle .
	act own-free sysinfo flood >"$work/flood"
	until_true 20 is_marked own-free
	until_true 60 is_detached
	links after
}

teardown_file() {
	. tests/live/refused_calls.bash
	stop_paled
	rm -rf "$work"
}

setup() {
	. tests/live/refused_calls.bash
}

# one NAME FILTER: there is one violation by that call of the container, and FILTER holds for it.
one() {
	local found
	found=$(violations web "select(.syscall.name == \"$1\" and .syscall.arguments[1] != \"0x29c\")")
	[ "$(wc -l <<<"$found")" = 1 ] && jq -e "$2" <<<"$found" || {
		echo "$1: $found"
		return 1
	}
}

@test "the calls ended as the policy has it, or the kernel" {
	run -0 grep -v '^mark' "$work/results"
	[ "$output" = 'mkdir	1
mkdir-32	1
mkdir-in-passing	0
sethostname	1
personality	0
personality-new	1
uname	14
swapoff	1
unknown	38
sysinfo	1
sigreturn	0' ] || { echo "$output"; return 1; }
}

@test "a refused call is told with its container, rule, process and arguments" {
	local line
	line=$(grep -n '^profile calls' tests/programs/refused_calls.pale | cut -d: -f1)
	violations web 'select(.syscall.name == "mkdir" and .syscall.abi == "x86_64" and .syscall.arguments[1] == "0x1c0")' >"$work/one"
	[ "$(wc -l <"$work/one")" = 1 ]
	jq -e --argjson line "$line" '.file == "refused_calls.pale" and .line == $line and .rule == "deny syscall by default" and
		.outcome == "refused" and .mechanism == "seccomp" and .operation == "syscall" and .object == "mkdir" and
		.profile == "calls" and .syscall.number == 83 and .process.uid == 0 and .process.host_pid > 1 and
		(.process.executable | endswith("calls")) and (.candidate | not) and (.lost | not)' "$work/one"
}

@test "a 32-bit call is told by its own number and registers" {
	violations web 'select(.syscall.abi == "x86")' >"$work/one"
	[ "$(wc -l <"$work/one")" = 1 ]
	jq -e '.syscall.name == "mkdir" and .syscall.number == 39 and .syscall.arguments[0:2] == ["0x1111", "0x1c0"]' "$work/one"
}

@test "a process that has ended at once is attributed" {
	one mkdirat '.syscall.arguments[2] == "0x1c1" and .container.id == "web"'
}

@test "where arguments decide, they are asked" {
	one personality '.syscall.arguments[0] == "0x40000" and .outcome == "refused" and (.candidate | not)'
}

@test "a rule's own errno is looked for" {
	local line
	line=$(grep -n 'uname errno EFAULT' tests/programs/refused_calls.pale | cut -d: -f1)
	one uname ".line == $line and .outcome == \"refused\""
}

@test "nothing else is told: the kernel's own errors, quiet denies, calls of no table, what sigreturn leaves" {
	# Nothing but what the other tests look at.
	[ "$(violations web .object | sort | tr '\n' ' ')" = '"mkdir" "mkdir" "mkdir" "mkdirat" "personality" "sysinfo" "uname" ' ] ||
		{ violations web .object; return 1; }
}

@test "the container's own configuration is told apart, and that it is likely, not certain" {
	one sysinfo '.outcome == "overblocked" and .own and .candidate'
	[ -z "$(violations own-free 'select(.object == "sysinfo")')" ]
}

# Of the calls of the flood.
told() {
	violations "$1" 'select(.syscall.arguments[1] == "0x1c2") | 1' | wc -l
}
counted() {
	jq -s --arg id "$1" 'map(if .kind == "lost" then .calls // 0 elif .container.id? != $id then 0
		elif .kind == "throttled" then .events else .lost // 0 end) | add' "$work/events"
}
all() {
	[ "$(($(told "$1") + $(counted "$1")))" = 100000 ]
}

@test "of a flood each call is told or counted" {
	until_true 20 all own-free || { echo "told $(told own-free), counted $(counted own-free)"; return 1; }
	[ "$(told own-free)" -ge 100 ]
	[ "$(told own-free)" -le 10000 ]
}

@test "the program is attached as long as a container needs it" {
	[ "$(cat "$work/links.web")" = "$(($(cat "$work/links.before") + 1))" ]
	[ "$(cat "$work/links.after")" = "$(cat "$work/links.before")" ]
}

@test "what a paled that ends has not told, it counts" {
	work=$(mktemp -d)
	start_paled
	make_bundle .
	act brief flood >"$work/flood"
	stop_paled
	all brief || { echo "told $(told brief), counted $(counted brief)"; tail -3 "$work/events"; return 1; }
	rm -rf "$work"
}
