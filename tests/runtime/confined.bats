# SPDX-License-Identifier: Apache-2.0
# Containers that pale-runtime starts: what they are for works, without a report; each attack is refused, and reported with the container and
# the policy's line. That all of it works without Pale is what bare.bats shows.
# shellcheck shell=bash disable=SC2034,SC2154

bats_require_minimum_version 1.5.0

load served

setup() {
	. tests/runtime/engine.bash
	. tests/runtime/workloads.bash
	. tests/runtime/attacks.bash
	. tests/runtime/pale.bash
	# shellcheck disable=SC2154
	runtime=$pale_runtime
	name=confined-$BATS_TEST_NUMBER
	profile=
}

teardown() {
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		engine_output "$name" || true
		tail -n 5 "$pale_events" /run/pale-test/log || true
	fi
	engine_remove "$name" || true
}

# start IMAGE [COMMAND…]: under the image's policy.
start() {
	profile=test-$1
	engine_run "$name" "$@"
}

works() {
	start "$1"
	"$1_works" "$name"
	nothing_reported "$name"
}

@test "busybox works, without a report" { works busybox; }
@test "nginx works, without a report" { works nginx; }
@test "redis works, without a report" { works redis; }

@test "pale ps counts what was refused" {
	start busybox
	counted() { # WHAT
		"$PALE_BUILD/pale" ps --json | jq -e --arg id "$(engine_id "$name")" "any(.[]; .id == \$id and $1)"
	}
	counted '.refused == 0'
	engine_exec "$name" attack chroot
	in_time counted '.refused == 1'
}

# each_refused RESULTS: none worked, for the reason that a policy's refusal has.
each_refused() {
	local attack
	echo "$1"
	[ "$(wc -l <<<"$1")" = "$(attack_table | wc -l)" ]
	for attack in $(attack_names); do
		grep -qxE "$attack [a-z0-9_]+ (EPERM|EACCES)" <<<"$1" || { echo "$attack was not refused" && return 1; }
	done
}

# unreported LINES: of the attacks of attack_lines those whose line is not told with this container.
unreported() {
	local attack line lines
	lines=$(reported_lines "$name")
	while read -r attack line; do
		[[ -n $line && $'\n'$lines$'\n' = *$'\n'$line$'\n'* ]] || echo "$attack: line ${line:-?} of the policy was not reported"
	done <<<"$1"
}

none_unreported() {
	[ -z "$(unreported "$1")" ]
}

each_reported() {
	local lines
	lines=$(attack_lines)
	in_time none_unreported "$lines" 2>/dev/null || { unreported "$lines" && return 1; }
}

@test "every attack that is executed in a container is refused, and reported with the container and its line" {
	start nginx
	in_time answers 80 'Welcome to nginx'
	# shellcheck disable=SC2046
	each_refused "$(engine_exec "$name" attack $(attack_arguments) | tr -d '\r')"
	each_reported
	nginx_works
}

@test "every attack by a container's own program is refused, and reported with the container and its line" {
	# shellcheck disable=SC2046
	start nginx attack wait $(attack_arguments)
	in_time attacks_printed "$name"
	each_refused "$(attacks_printed "$name")"
	each_reported
}

# What the kernel says of a process that is executed in the container.
status_of_exec() {
	"$@" sh -c 'while read -r key value; do case $key in Seccomp: | CapEff: | CapBnd:) echo "$key $value" ;; esac; done </proc/self/status' | tr -d '\r'
}

@test "what is executed in a container has the filter, and no capability that the policy lacks" {
	start busybox
	in_time answers 8000 'Welcome to busybox'
	[ "$(status_of_exec engine_exec "$name")" = $'CapEff: 0000000000000000\nCapBnd: 0000000000000000\nSeccomp: 2' ]
}

# Where the engine writes the process's capabilities they are cut down, and where they are an option it is refused.
@test "what is executed with more privileges than the policy has is not given them" {
	start busybox
	in_time answers 8000 'Welcome to busybox'
	results=$(engine_exec_privileged "$name" attack mount 2>&1 | tr -d '\r')
	[[ $results =~ ^'mount mount '(EPERM|EACCES)$ || $results = *"the policy does not allow CAP_"* ]] || { echo "$results" && false; }
	[[ $results != mount* ]] ||
		[ "$(status_of_exec engine_exec_privileged "$name")" = $'CapEff: 0000000000000000\nCapBnd: 0000000000000000\nSeccomp: 2' ]
}

@test "the image's label chooses the policy where nothing else does, and without an image nothing is confined" {
	local seccomp=2
	[ "$engine" != none ] || seccomp=0
	engine_run "$name" busybox
	in_time answers 8000 'Welcome to busybox'
	[[ $(status_of_exec engine_exec "$name") = *"Seccomp: $seccomp" ]]
}

@test "a container whose policy is not there does not start" {
	if [ "$engine" = docker ]; then
		run engine_run "$name" stranger
	else
		profile=test-stranger
		run engine_run "$name" busybox
	fi
	[ "$status" -ne 0 ]
	[[ $output = *test-stranger* ]]
	run engine_running "$name"
	[ "$status" -ne 0 ]
}
