# SPDX-License-Identifier: Apache-2.0
# Without Pale: what the containers of confined.bats are for works, and so does every attack that it sees refused.
# shellcheck shell=bash disable=SC2034,SC2154

bats_require_minimum_version 1.5.0

load served

setup() {
	. tests/runtime/engine.bash
	. tests/runtime/workloads.bash
	. tests/runtime/attacks.bash
	runtime=$(bare_runtime)
	profile=
	name=bare-$BATS_TEST_NUMBER
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || engine_output "$name" || true
	engine_remove "$name"
}

works() {
	engine_run "$name" "$1"
	"$1_works" "$name"
}

@test "busybox works" { works busybox; }
@test "nginx works" { works nginx; }
@test "redis works" { works redis; }

@test "every attack works when it is executed in a container" {
	engine_run "$name" nginx
	in_time answers 80 'Welcome to nginx'
	# shellcheck disable=SC2046
	results=$(engine_exec "$name" attack $(attack_arguments))
	[ "$results" = "$(attack_names | sed 's/$/ worked/')" ] || { echo "$results" && false; }
}

@test "every attack works as a container's own program" {
	# shellcheck disable=SC2046
	engine_run "$name" nginx attack wait $(attack_arguments)
	in_time attacks_printed "$name"
	results=$(attacks_printed "$name")
	[ "$results" = "$(attack_names | sed 's/$/ worked/')" ] || { echo "$results" && false; }
}
