# SPDX-License-Identifier: Apache-2.0
# NAME.seccomp.json as a container runtime takes it: real containers, in which each call ends as decide() says, with no_new_privs and
# without, run, created and started, and entered by exec. The calls first work in a container without a filter. What they are is in
# tests/programs/container.sh.
# shellcheck shell=bash

setup() {
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	export PALE_BUILD
}

# It ends in any case, with all that it started.
stage() {
	timeout --kill-after=5 300 tests/programs/stage.sh "$@"
}

@test "runc runs containers under the filter that the policy was compiled to" { stage container act_runc; }
@test "crun does, too" { stage container act_crun; }
