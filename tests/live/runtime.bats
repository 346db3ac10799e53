# SPDX-License-Identifier: Apache-2.0
# pale-runtime before the real runc. paled is a MOCK here, which answers from files; what its answers do to containers is real. The acts
# are in tests/programs/runtime.sh.
# shellcheck shell=bash

setup() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	export PALE_BUILD
}

stage() {
	timeout --kill-after=5 120 tests/programs/stage.sh runtime "$@"
}

@test "create confines and registers before anybody can start, delete forgets" { stage creates; }
@test "what cannot be registered is deleted again" { stage unregistered; }
@test "what paled calls unconfined runs as it is" { stage unconfined; }
@test "a daemon that is away is waited for, and then refuses" { stage away; }
@test "a policy that is missing is waited for, and on-missing decides" { stage missing; }
@test "run registers by a hook, whose failure refuses the container" { stage runs; }
@test "exec is held to the policy, and so is an engine's --privileged" { stage execs; }
@test "update does not go beyond the policy's limits" { stage updates; }
@test "everything else goes on to the real runtime as it came" { stage passes_on; }
@test "hostile bundles and answers are refused" { stage hostile; }
